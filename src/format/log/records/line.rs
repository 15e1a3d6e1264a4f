//! A record as one line: blanks between its parts gone, values without the names of their types, lists of pairs as fields.

use super::Shape;
use super::found::{is_pairs, members, whole_members};
use crate::format::log::json::{self, blanks, string, value};
use crate::model::Value;

/// Longer context of a batch is not repeated at each of its records.
const LONGEST_CONTEXT: usize = 16 << 10;

/// A line that is being written: an object's fields.
pub(super) struct Fields<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
    shape: Shape,
    /// The segment in which a span is numbered.
    segment: Option<&'o [u8]>,
}

impl<'o> Fields<'o> {
    pub(super) fn new(out: &'o mut Vec<u8>, shape: Shape) -> Self {
        let start = out.len();
        Fields { out, start, shape, segment: None }
    }

    /// In this segment.
    pub(super) fn of_segment(self, segment: Option<&'o [u8]>) -> Self {
        Fields { segment, ..self }
    }

    /// Adds a field as it is.
    pub(super) fn plain(&mut self, bytes: &[u8], key: &[u8], at: usize) {
        self.key(key);
        self.value(bytes, at);
    }

    /// Adds a text that is escaped as JSON's are.
    pub(super) fn text(&mut self, key: &[u8], raw: &[u8]) {
        self.key(key);
        self.out.push(b'"');
        self.out.extend_from_slice(raw);
        self.out.push(b'"');
    }

    /// Goes on with the fields in `out`.
    pub(super) fn resume(out: &'o mut Vec<u8>, shape: Shape) -> Self {
        Fields { out, start: 0, shape, segment: None }
    }

    /// Writes `"key":`, with a comma before it if it is not the first.
    fn key(&mut self, key: &[u8]) {
        if self.out.len() > self.start {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(key);
        self.out.extend_from_slice(b"\":");
    }

    /// Adds the fields of the record at `at`: an object, a row of columns with these names, or pairs.
    pub(super) fn record(&mut self, bytes: &[u8], at: usize, columns: &[Vec<u8>]) {
        match bytes.get(at) {
            Some(b'{') if self.shape.span => self.span(bytes, at),
            Some(b'{') => members(bytes, at, |key, at| {
                self.field(bytes, key, at);
                true
            }),
            Some(b'[') if is_pairs(bytes, at) => self.pairs(bytes, at),
            Some(b'[') => self.row(bytes, at, columns),
            _ => {}
        }
    }

    /// Adds the fields of a span: what every span has first, so that no attribute of the same name is taken for it, then
    /// its attributes, wherever they are lists of pairs.
    fn span(&mut self, bytes: &[u8], at: usize) {
        if self.shape.numbered {
            self.numbers(bytes, at);
        }
        let mut lists = Vec::new();
        whole_members(bytes, at, |key, at, end| {
            if key == b"references" {
                self.parent(bytes, at);
            } else if self.shape.numbered && NUMBERS.contains(&key) {
                // They have been written.
            } else if bytes[at] == b'[' && is_list_of_pairs(bytes, at) {
                lists.push(at);
            } else if let Some(id) = id_in_base64(bytes, key, at) {
                self.key(key);
                self.out.push(b'"');
                self.out.extend(id);
                self.out.push(b'"');
            } else if bytes[at] == b'{' && self.shape.typed && matches!(key, b"attributes" | b"body") {
                self.field(bytes, key, at);
            } else {
                self.key(key);
                copy(&bytes[at..end], self.out);
            }
        });
        for at in lists {
            self.attributes(bytes, at);
        }
    }

    /// The ids of a span that is numbered within its segment, as SkyWalking's are: its own and that of what it is part of, in
    /// its segment or in that which it refers to.
    fn numbers(&mut self, bytes: &[u8], at: usize) {
        let mut segment = self.segment.unwrap_or_default();
        let (mut own, mut parent, mut referred) = (&b"0"[..], &b"-1"[..], None);
        members(bytes, at, |key, at| {
            let text = || string(bytes, at).map_or(&b""[..], |(text, ..)| text);
            match key {
                b"segmentId" => segment = text(),
                b"spanId" => own = word(bytes, at),
                b"parentSpanId" => parent = word(bytes, at),
                b"refs" if bytes.get(at) == Some(&b'[') => referred = Some(blanks(bytes, at + 1)),
                _ => {}
            }
            true
        });
        self.text(b"spanId", &[segment, b".", own].concat());
        let (mut of, mut number) = (segment, parent);
        if parent.starts_with(b"-") {
            (of, number) = (b"", b"0");
            members(bytes, referred.unwrap_or(bytes.len()), |key, at| {
                match key {
                    b"parentSegmentId" | b"parentTraceSegmentId" => {
                        of = string(bytes, at).map_or(&b""[..], |(text, ..)| text);
                    }
                    b"parentSpanId" => number = word(bytes, at),
                    _ => {}
                }
                true
            });
        }
        if !of.is_empty() {
            self.text(b"parentSpanId", &[of, b".", number].concat());
        }
    }

    /// The span that a span of Jaeger's refers to: as whose child, else as what it follows from.
    fn parent(&mut self, bytes: &[u8], at: usize) {
        let mut parent = None;
        items(bytes, at, |at| {
            let (mut is_child, mut span) = (false, None);
            members(bytes, at, |key, at| {
                match key {
                    b"refType" => is_child = string(bytes, at).is_some_and(|(of, ..)| of == b"CHILD_OF"),
                    b"spanID" => span = string(bytes, at).map(|(span, ..)| span),
                    _ => {}
                }
                true
            });
            if is_child || parent.is_none() {
                parent = span.or(parent);
            }
        });
        if let Some(parent) = parent {
            self.key(b"parentSpanID");
            self.out.push(b'"');
            self.out.extend_from_slice(parent);
            self.out.push(b'"');
        }
    }

    /// Adds what a process of Jaeger's says of all its spans.
    pub(super) fn process(&mut self, bytes: &[u8], at: usize) {
        members(bytes, at, |key, at| {
            if is_list_of_pairs(bytes, at) {
                self.attributes(bytes, at);
            } else {
                self.key(key);
                self.value(bytes, at);
            }
            true
        });
    }

    /// Adds a field of a record.
    fn field(&mut self, bytes: &[u8], key: &[u8], at: usize) {
        if self.shape.typed && key == b"attributes" {
            self.attributes(bytes, at);
        } else if self.shape.typed && key == b"body" {
            self.body(bytes, at);
        } else {
            self.key(key);
            self.value(bytes, at);
        }
    }

    /// Adds what an element of a batch says of its records.
    pub(super) fn context(&mut self, bytes: &[u8], key: &[u8], at: usize) {
        let Some(end) = json::skip(bytes, at) else { return };
        if end - at > LONGEST_CONTEXT || (self.shape.typed && key == b"schemaUrl") {
            return;
        }
        if self.shape.typed && key == b"resource" {
            members(bytes, at, |key, at| {
                if key == b"attributes" {
                    self.attributes(bytes, at);
                }
                true
            });
        } else {
            self.key(key);
            copy(&bytes[at..end], self.out);
        }
    }

    /// `[{"key":"a","value":{"stringValue":"b"}},…]` as fields; `"value":"b"` and Go's `"Key"` and `"Value"`, too.
    fn attributes(&mut self, bytes: &[u8], at: usize) {
        if bytes.get(at) != Some(&b'[') {
            return;
        }
        let mut at = blanks(bytes, at + 1);
        loop {
            let end = match usual(bytes, at) {
                Some((name, (from, to), end)) => {
                    self.key(name);
                    copy(&bytes[from..to], self.out);
                    end
                }
                None => {
                    let Some(end) = json::skip(bytes, at) else { return };
                    self.attribute(bytes, at);
                    end
                }
            };
            at = blanks(bytes, end);
            if bytes.get(at) != Some(&b',') {
                return;
            }
            at = blanks(bytes, at + 1);
        }
    }

    fn attribute(&mut self, bytes: &[u8], at: usize) {
        let (mut name, mut said) = (None, None);
        members(bytes, at, |key, at| {
            match key {
                b"key" | b"Key" => name = string(bytes, at).map(|(name, ..)| name),
                b"value" | b"Value" => said = Some(at),
                _ => {}
            }
            true
        });
        if let (Some(name), Some(said)) = (name, said) {
            self.key(name);
            typed(bytes, said, self.out);
        }
    }

    /// What was said: text, or the fields of an object.
    fn body(&mut self, bytes: &[u8], at: usize) {
        let mut list = None;
        members(bytes, at, |key, at| {
            if key == b"kvlistValue" {
                members(bytes, at, |key, at| {
                    list = (key == b"values").then_some(at).or(list);
                    true
                });
            }
            true
        });
        if let Some(list) = list {
            return self.attributes(bytes, list);
        }
        self.key(b"body");
        typed(bytes, at, self.out);
    }

    fn value(&mut self, bytes: &[u8], at: usize) {
        match json::skip(bytes, at) {
            Some(end) => copy(&bytes[at..end], self.out),
            None => self.out.extend_from_slice(b"null"),
        }
    }

    /// `[{"field":"a","value":"b"},…]`.
    fn pairs(&mut self, bytes: &[u8], at: usize) {
        items(bytes, at, |at| {
            let (mut name, mut said) = (None, None);
            members(bytes, at, |key, at| {
                match key {
                    b"field" => name = string(bytes, at).map(|(name, ..)| name),
                    b"value" => said = Some(at),
                    _ => {}
                }
                true
            });
            if let (Some(name), Some(said)) = (name, said) {
                self.key(name);
                self.value(bytes, said);
            }
        });
    }

    /// `["1709633411000000000","a line",{…}]`: under the names of the columns, if there are any; else as Loki means it.
    fn row(&mut self, bytes: &[u8], at: usize, columns: &[Vec<u8>]) {
        const LOKI: [&[u8]; 3] = [b"timestamp", b"line", b"metadata"];
        let mut index = 0;
        items(bytes, at, |at| {
            let name = columns.get(index).map(Vec::as_slice).or_else(|| {
                let loki = columns.is_empty().then_some(&LOKI);
                loki.and_then(|names| names.get(index).copied())
            });
            if let Some(name) = name {
                self.key(name);
                self.value(bytes, at);
            }
            index += 1;
        });
    }
}

/// An attribute as most are written, in one look: its name, where its text stands or its number without quotes, and where
/// the attribute ends.
fn usual(bytes: &[u8], at: usize) -> Option<(&[u8], (usize, usize), usize)> {
    let after = |at: usize, text: &[u8]| bytes.get(at..)?.starts_with(text).then(|| at + text.len());
    // The quote that opens a string is where it is looked for.
    let (name, _, at) = string(bytes, after(at, b"{\"key\":\"")? - 1)?;
    let (kind, _, at) = string(bytes, after(at, b",\"value\":{\"")? - 1)?;
    let from = after(at, b":")?;
    let to = json::skip(bytes, from)?;
    let end = after(to, b"}}")?;
    let is_text = bytes[from] == b'"';
    match kind {
        b"stringValue" | b"bytesValue" if is_text => Some((name, (from, to), end)),
        b"intValue" if is_text => Some((name, (from + 1, to - 1), end)),
        b"boolValue" | b"doubleValue" | b"intValue" if !matches!(bytes[from], b'{' | b'[') => {
            Some((name, (from, to), end))
        }
        _ => None,
    }
}

/// Fields of a span that is numbered within its segment.
const NUMBERS: [&[u8]; 3] = [b"spanId", b"parentSpanId", b"refs"];

/// A number, or a text, as it is written.
fn word(bytes: &[u8], at: usize) -> &[u8] {
    let end = json::skip(bytes, at).unwrap_or(at);
    let word = &bytes[at..end];
    word.strip_prefix(b"\"").and_then(|word| word.strip_suffix(b"\"")).unwrap_or(word)
}

/// Visits the places of a list's items.
pub(super) fn items(bytes: &[u8], at: usize, mut visit: impl FnMut(usize)) {
    if bytes.get(at) != Some(&b'[') {
        return;
    }
    let mut at = blanks(bytes, at + 1);
    while let Some(end) = json::skip(bytes, at) {
        visit(at);
        at = blanks(bytes, end);
        if bytes.get(at) != Some(&b',') {
            return;
        }
        at = blanks(bytes, at + 1);
    }
}

/// The id of a trace or a span that is in base64, as Protocol Buffers' JSON has bytes, in hexadecimal digits.
fn id_in_base64(bytes: &[u8], key: &[u8], at: usize) -> Option<Vec<u8>> {
    let is_id = key.last_chunk::<2>().is_some_and(|end| end.eq_ignore_ascii_case(b"id"));
    if !is_id || bytes.get(at) != Some(&b'"') {
        return None;
    }
    let (text, ..) = string(bytes, at)?;
    (matches!(text.len(), 12 | 24) && text.ends_with(b"=")).then(|| of_base64(text))?
}

/// Eight or sixteen bytes in base64, as hexadecimal digits.
fn of_base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut hex = Vec::with_capacity(32);
    let (mut bits, mut have) = (0_u32, 0);
    for b in text.iter().take_while(|b| **b != b'=') {
        let six = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(six);
        have += 6;
        if have >= 8 {
            have -= 8;
            let byte = (bits >> have) as u8;
            hex.extend([byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]));
        }
    }
    matches!(hex.len(), 16 | 32).then_some(hex)
}

/// `[{"key":"a","value":"b"},…]`, an empty list among them.
fn is_list_of_pairs(bytes: &[u8], at: usize) -> bool {
    if bytes.get(at) != Some(&b'[') {
        return false;
    }
    let first = blanks(bytes, at + 1);
    let (mut key, mut value) = (false, false);
    members(bytes, first, |name, _| {
        key |= name.eq_ignore_ascii_case(b"key");
        value |= name.eq_ignore_ascii_case(b"value");
        true
    });
    (key && value) || bytes.get(first) == Some(&b']')
}

/// Writes the value in `{"stringValue":"…"}`; lists and objects as such, numbers in quotes as numbers.
fn typed(bytes: &[u8], at: usize, out: &mut Vec<u8>) {
    let mut written = false;
    members(bytes, at, |key, at| {
        if written {
            return false;
        }
        written = true;
        match (key, value(bytes, at)) {
            (b"intValue", Some((Value::Text(text), _))) => out.extend_from_slice(text.raw),
            (b"kvlistValue", _) => {
                out.push(b'{');
                let mut fields = Fields::new(out, Shape { typed: true, ..Shape::default() });
                members(bytes, at, |key, at| {
                    if key == b"values" {
                        fields.attributes(bytes, at);
                    }
                    true
                });
                out.push(b'}');
            }
            (b"arrayValue", _) => {
                out.push(b'[');
                let start = out.len();
                members(bytes, at, |key, at| {
                    if key == b"values" {
                        items(bytes, at, |at| {
                            if out.len() > start {
                                out.push(b',');
                            }
                            typed(bytes, at, out);
                        });
                    }
                    true
                });
                out.push(b']');
            }
            // Go's exporter names the type beside the value.
            (b"Type", _) => written = false,
            (
                b"stringValue" | b"intValue" | b"doubleValue" | b"boolValue" | b"bytesValue" | b"Value",
                Some((_, end)),
            ) => {
                copy(&bytes[at..end], out);
            }
            _ => written = false,
        }
        true
    });
    if !written {
        match json::skip(bytes, at) {
            Some(end) => copy(&bytes[at..end], out),
            None => out.extend_from_slice(b"null"),
        }
    }
}

/// Copies a value, one blank for all that stand together outside of strings, so that it is one line.
pub(super) fn copy(value: &[u8], out: &mut Vec<u8>) {
    if memchr::memchr2(b'\n', b'\r', value).is_none() {
        out.extend_from_slice(value);
        return;
    }
    let mut at = 0;
    while let Some(b) = value.get(at) {
        if *b == b'"' {
            let end = string(value, at).map_or(value.len(), |(.., end)| end);
            // A line end has no place in a string; one that is there must not end the line.
            out.extend(value[at..end].iter().map(|b| if matches!(b, b'\n' | b'\r') { b' ' } else { *b }));
            at = end;
            continue;
        }
        if !b.is_ascii_whitespace() {
            out.push(*b);
        } else if out.last() != Some(&b' ') {
            out.push(b' ');
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_in_base64_become_hexadecimal() {
        assert_eq!(
            of_base64(b"W47/95gDgQPSabYzgT/GAA==").as_deref(),
            Some(&b"5b8efff798038103d269b633813fc600"[..])
        );
        assert_eq!(of_base64(b"7uGbfsPBsQA=").as_deref(), Some(&b"eee19b7ec3c1b100"[..]));
        assert_eq!(of_base64(b"not base 64="), None);
    }
}
