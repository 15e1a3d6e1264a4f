//! Entries that a cloud hands out as one JSON document: `{"Records":[{…},{…}]}` of CloudTrail, or a list alone. Each
//! becomes a line, as if it had been written as one.

use std::io::{self, Read};

use super::input::Input;

/// Names under which documents hold their entries.
const NAMES: [&[u8]; 5] = [b"Records", b"records", b"events", b"logEvents", b"Events"];

/// Bytes that are looked at for a document's opening.
const OPENING: usize = 256;

/// Does a document of entries open here? How many bytes stand before its first entry.
pub(super) fn opening(head: &[u8]) -> Option<usize> {
    let head = &head[..head.len().min(OPENING)];
    let mut at = blanks(head, 0);
    match head.get(at)? {
        b'[' => {}
        b'{' => {
            at = blanks(head, at + 1);
            let name = head.get(at..)?.strip_prefix(b"\"")?;
            let name = NAMES
                .into_iter()
                .find(|known| name.starts_with(known) && name.get(known.len()) == Some(&b'"'))?;
            at = blanks(head, at + name.len() + 2);
            if head.get(at) != Some(&b':') {
                return None;
            }
            at = blanks(head, at + 1);
            if head.get(at) != Some(&b'[') {
                return None;
            }
        }
        _ => return None,
    }
    let first = blanks(head, at + 1);
    (head.get(first) == Some(&b'{') && head.get(blanks(head, first + 1)) == Some(&b'"')).then_some(first)
}

fn blanks(bytes: &[u8], at: usize) -> usize {
    at + bytes.get(at..).unwrap_or_default().iter().take_while(|b| b.is_ascii_whitespace()).count()
}

/// Where reading has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Where a document may open.
    Between,
    /// In a document, between two entries.
    Apart,
    /// In an entry, so deep in brackets.
    Entry(u64),
    /// Behind the last entry.
    Behind,
    /// In what is no document: it stays as it is.
    Other,
}

/// The entries of documents, a line each.
pub(super) struct Records {
    input: Input,
    state: State,
    in_string: bool,
    escaped: bool,
    /// Lines that did not fit into the caller's buffer.
    ready: Vec<u8>,
    given: usize,
}

impl Records {
    pub(super) fn new(input: Input) -> Self {
        Records {
            input,
            state: State::Between,
            in_string: false,
            escaped: false,
            ready: Vec::new(),
            given: 0,
        }
    }

    /// Puts more into `ready`, which stays empty only at the end.
    fn read_more(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.given = 0;
        while self.ready.is_empty() {
            if self.state == State::Between {
                let head = self.input.peek(OPENING)?;
                if head.is_empty() {
                    return Ok(());
                }
                let opening = opening(head);
                self.state = if opening.is_some() { State::Apart } else { State::Other };
                self.input.consume(opening.unwrap_or(0));
            }
            let bytes = self.input.fill()?;
            if bytes.is_empty() {
                return Ok(());
            }
            let mut used = 0;
            for b in bytes {
                if self.state == State::Between {
                    break;
                }
                used += 1;
                (self.state, self.in_string, self.escaped) =
                    step((self.state, self.in_string, self.escaped), *b, &mut self.ready);
            }
            self.input.consume(used);
        }
        Ok(())
    }
}

/// Reads one byte: where reading has come to, whether that is in a string, and behind a backslash.
fn step((state, in_string, escaped): (State, bool, bool), b: u8, out: &mut Vec<u8>) -> (State, bool, bool) {
    match state {
        State::Entry(depth) if in_string => {
            out.push(b);
            (State::Entry(depth), escaped || b != b'"', !escaped && b == b'\\')
        }
        State::Entry(0) if matches!(b, b',' | b']') => {
            out.push(b'\n');
            (if b == b',' { State::Apart } else { State::Behind }, false, false)
        }
        State::Entry(0) if b.is_ascii_whitespace() => (state, false, false),
        State::Entry(depth) => {
            match b {
                // An entry that is printed over several lines becomes one.
                _ if b.is_ascii_whitespace() => {
                    if out.last().is_some_and(|last| *last != b' ') {
                        out.push(b' ');
                    }
                }
                _ => out.push(b),
            }
            let depth = match b {
                b'{' | b'[' => depth + 1,
                b'}' | b']' => depth.saturating_sub(1),
                _ => depth,
            };
            (State::Entry(depth), b == b'"', false)
        }
        State::Apart if b.is_ascii_whitespace() || b == b',' => (State::Apart, false, false),
        State::Apart if b == b']' => (State::Behind, false, false),
        State::Apart => {
            out.push(b);
            (State::Entry(u64::from(matches!(b, b'{' | b'['))), b == b'"', false)
        }
        State::Behind if b == b'\n' => (State::Between, false, false),
        State::Behind if b.is_ascii_whitespace() || b == b'}' => (State::Behind, false, false),
        State::Behind | State::Between | State::Other => {
            out.push(b);
            (State::Other, false, false)
        }
    }
}

impl Read for Records {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.given == self.ready.len() {
            self.read_more()?;
        }
        let rest = &self.ready[self.given..];
        let n = rest.len().min(buf.len());
        buf[..n].copy_from_slice(&rest[..n]);
        self.given += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> String {
        let mut out = String::new();
        let bytes: Vec<u8> = text.into();
        let mut records = Records::new(Input::new(Box::new(io::Cursor::new(bytes))));
        records.read_to_string(&mut out).expect("text");
        out
    }

    #[test]
    fn entries_of_a_document_become_lines() {
        for (text, expected) in [
            (
                r#"{"Records":[{"a":1},{"b":"]},{\"","c":[2]}]}"#,
                "{\"a\":1}\n{\"b\":\"]},{\\\"\",\"c\":[2]}\n",
            ),
            ("[\n  {\n    \"a\": 1\n  },\n  {\"b\": \"x\\\\\"}\n]\n", "{ \"a\": 1 }\n{\"b\": \"x\\\\\"}\n"),
            ("{\"events\": [{\"a\":1}]}\n{\"events\": [{\"b\":2}]}\n", "{\"a\":1}\n{\"b\":2}\n"),
            ("[{\"a\":1}]\nplain\n", "{\"a\":1}\nplain\n"),
            ("[{\"a\":1}, 7, \"x\"]", "{\"a\":1}\n7\n\"x\"\n"),
            ("{\"Records\":[{\"a\":1},{\"b", "{\"a\":1}\n{\"b"),
        ] {
            assert_eq!(lines(text), expected, "{text}");
        }
    }

    #[test]
    fn other_text_opens_no_document() {
        for text in [
            "{\"level\":\"info\"}",
            "[INFO] x",
            "[2024-03-05] x",
            "{\"events\":3}",
            "{\"events\":[]}",
            "[{x",
            "",
            "{\"recordsX\":[{\"a\":1}]}",
        ] {
            assert!(opening(text.as_bytes()).is_none(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(tail in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let bytes = [b"[{\"a\":".to_vec(), tail].concat();
            let mut out = Vec::new();
            let mut records = Records::new(Input::new(Box::new(io::Cursor::new(bytes))));
            records.read_to_end(&mut out).expect("bytes");
        }
    }
}
