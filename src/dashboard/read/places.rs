//! In which line of a file each panel stands.

use std::collections::BTreeMap;

/// Keys of which every panel has one.
const OF_PANELS: [&[u8]; 6] =
    [b"gridPos", b"targets", b"span", b"fieldConfig", b"vizConfig", b"libraryPanel"];

/// An object while it is read.
#[derive(Default)]
struct Open {
    line: u64,
    id: Option<i64>,
    is_panel: bool,
}

/// The line in which the object of each panel begins, by the panel's id. Of a text that is no JSON, as far as it goes.
pub(super) fn lines(text: &str) -> BTreeMap<i64, u64> {
    let bytes = text.as_bytes();
    let mut found = BTreeMap::new();
    let mut open: Vec<Open> = Vec::new();
    let (mut at, mut line) = (0, 1);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\n' => line += 1,
            b'{' => open.push(Open { line, ..Open::default() }),
            b'}' => {
                if let Some(Open { line, id: Some(id), is_panel: true }) = open.pop() {
                    found.entry(id).or_insert(line);
                }
            }
            b'"' => {
                let end = end_of_string(bytes, at + 1);
                let key = &bytes[at + 1..end.min(bytes.len())];
                at = end;
                if let (Some(object), Some(value)) = (open.last_mut(), value_after(bytes, end + 1)) {
                    object.is_panel |= OF_PANELS.contains(&key);
                    if key == b"id" {
                        object.id = number_at(bytes, value).or(object.id);
                    }
                }
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// The place of the quote that ends a string.
fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'"' => break,
            _ => {}
        }
        at += 1;
    }
    at
}

/// The place of the value, if a colon follows: then the string was a key.
fn value_after(bytes: &[u8], mut at: usize) -> Option<usize> {
    while bytes.get(at)?.is_ascii_whitespace() {
        at += 1;
    }
    (bytes[at] == b':').then_some(at + 1)
}

fn number_at(bytes: &[u8], at: usize) -> Option<i64> {
    let rest = std::str::from_utf8(bytes.get(at..(at + 24).min(bytes.len()))?).ok()?.trim_start();
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(rest.len());
    rest[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_are_found_by_their_ids() {
        let text = "{\"id\": 7, \"panels\": [\n{\"id\": 1,\n \"gridPos\": {\"x\": 0}},\n{\"title\": \"\\\"id\\\": 9\",\n\"targets\": [{\"id\": 3}], \"id\":2},\n{\"id\": 4}]}";
        assert_eq!(lines(text), BTreeMap::from([(1, 2), (2, 4)]));
        assert_eq!(lines("{\"id\": 1, \"span\": 4"), BTreeMap::new());
        assert_eq!(lines("\"\\"), BTreeMap::new());
    }
}
