//! Objects as `console.dir` of JavaScript prints them, which is how OpenTelemetry's exporter writes spans to a console:
//! names without quotes, texts in single quotes. They are read as JSON.

/// How deep objects may stand in each other.
const DEEP: usize = 32;

/// Why there is no object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Not {
    /// It goes on behind what is known.
    Whole,
    /// It is none.
    One,
}

/// Does an object open here whose names have no quotes?
pub(super) fn opens(bytes: &[u8], at: usize) -> bool {
    let Some(rest) = bytes.get(at..).and_then(|rest| rest.strip_prefix(b"{")) else { return false };
    let rest = rest.trim_ascii_start();
    let name = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    name > 0 && rest.get(name) == Some(&b':') && rest.get(name + 1) == Some(&b' ')
}

/// The object at `at` as JSON in a line, and where it ends.
pub(super) fn object(bytes: &[u8], at: usize) -> Result<(Vec<u8>, usize), Not> {
    let mut reader = Reader { bytes, at, out: Vec::with_capacity(512) };
    reader.object(0)?;
    Ok((reader.out, reader.at))
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
    out: Vec<u8>,
}

/// Kinds of spans by their numbers there, which are not those of OTLP.
const KINDS: [&[u8]; 5] = [b"internal", b"server", b"client", b"producer", b"consumer"];

impl Reader<'_> {
    fn peek(&mut self) -> Result<u8, Not> {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.bytes.get(self.at).copied().ok_or(Not::Whole)
    }

    fn object(&mut self, depth: usize) -> Result<(), Not> {
        if self.peek()? != b'{' || depth > DEEP {
            return Err(Not::One);
        }
        self.at += 1;
        self.out.push(b'{');
        let start = self.out.len();
        loop {
            match self.peek()? {
                b'}' => {
                    self.at += 1;
                    self.out.push(b'}');
                    return Ok(());
                }
                b',' => self.at += 1,
                _ => {
                    if self.out.len() > start {
                        self.out.push(b',');
                    }
                    let before = self.out.len();
                    self.name()?;
                    let is_kind = depth == 0 && &self.out[before..] == b"\"kind\"";
                    if self.peek()? != b':' {
                        return Err(Not::One);
                    }
                    self.at += 1;
                    self.out.push(b':');
                    let before = self.out.len();
                    self.value(depth + 1)?;
                    if is_kind && let [digit @ b'0'..=b'4'] = self.out[before..] {
                        self.out.truncate(before);
                        self.text(KINDS[usize::from(digit - b'0')]);
                    }
                }
            }
        }
    }

    fn name(&mut self) -> Result<(), Not> {
        if matches!(self.peek()?, b'\'' | b'"' | b'`') {
            return self.quoted();
        }
        let rest = &self.bytes[self.at..];
        let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$') || !b.is_ascii();
        let length = rest.iter().take_while(|b| is_name(b)).count();
        if length == 0 {
            return Err(Not::One);
        }
        self.at += length;
        self.text(&rest[..length]);
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<(), Not> {
        match self.peek()? {
            b'{' => self.object(depth),
            b'[' => self.list(depth),
            b'\'' | b'"' | b'`' => self.quoted(),
            _ => self.word(),
        }
    }

    fn list(&mut self, depth: usize) -> Result<(), Not> {
        if depth > DEEP {
            return Err(Not::One);
        }
        let rest = &self.bytes[self.at..];
        // `[Object]`, `[Array]`: what is deeper than it was to be printed.
        if rest.get(1).is_some_and(u8::is_ascii_uppercase) {
            let end = memchr::memchr(b']', rest).ok_or(Not::Whole)?;
            self.at += end + 1;
            if rest[1..end].contains(&b':') && self.peek()? == b'{' {
                return self.object(depth);
            }
            self.text(&rest[1..end]);
            return Ok(());
        }
        self.at += 1;
        self.out.push(b'[');
        let start = self.out.len();
        loop {
            match self.peek()? {
                b']' => {
                    self.at += 1;
                    self.out.push(b']');
                    return Ok(());
                }
                b',' => self.at += 1,
                _ => {
                    if self.out.len() > start {
                        self.out.push(b',');
                    }
                    self.value(depth + 1)?;
                }
            }
        }
    }

    /// A text, and those that are joined to it by `+`.
    fn quoted(&mut self) -> Result<(), Not> {
        self.out.push(b'"');
        loop {
            let quote = self.bytes[self.at];
            self.at += 1;
            loop {
                let byte = *self.bytes.get(self.at).ok_or(Not::Whole)?;
                self.at += 1;
                match byte {
                    b if b == quote => break,
                    b'\\' => {
                        let next = *self.bytes.get(self.at).ok_or(Not::Whole)?;
                        self.at += 1;
                        match next {
                            b'\'' | b'`' => self.out.push(next),
                            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' | b'u' => {
                                self.out.extend_from_slice(&[b'\\', next]);
                            }
                            _ => self.out.extend_from_slice(&[b'\\', b'\\', next]),
                        }
                    }
                    b => self.byte(b),
                }
            }
            let end = self.at;
            if self.peek() != Ok(b'+') {
                self.at = end;
                break;
            }
            self.at += 1;
            if !matches!(self.peek()?, b'\'' | b'"' | b'`') {
                return Err(Not::One);
            }
        }
        self.out.push(b'"');
        Ok(())
    }

    /// A number, `undefined`, and everything else that is no text.
    fn word(&mut self) -> Result<(), Not> {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|b| matches!(b, b',' | b'}' | b']' | b'\n')).ok_or(Not::Whole)?;
        let word = rest[..end].trim_ascii();
        if word.is_empty() {
            return Err(Not::One);
        }
        self.at += end;
        let number = word.strip_suffix(b"n").unwrap_or(word);
        let is_number =
            number.iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E'))
                && number.last().is_some_and(u8::is_ascii_digit)
                && !number.starts_with(b"+");
        match word {
            b"undefined" | b"null" => self.out.extend_from_slice(b"null"),
            b"true" | b"false" => self.out.extend_from_slice(word),
            _ if is_number => self.out.extend_from_slice(number),
            _ => self.text(word),
        }
        Ok(())
    }

    fn text(&mut self, text: &[u8]) {
        self.out.push(b'"');
        for b in text {
            self.byte(*b);
        }
        self.out.push(b'"');
    }

    /// A byte of a text.
    fn byte(&mut self, byte: u8) {
        match byte {
            b'"' => self.out.extend_from_slice(b"\\\""),
            b'\n' => self.out.extend_from_slice(b"\\n"),
            b if b < b' ' => self.out.push(b' '),
            b => self.out.push(b),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_become_json() {
        let text = "{\n  resource: {\n    attributes: {\n      'service.name': 'shop',\n      'telemetry.sdk.version': \"1'0\"\n    }\n  },\n  \
                    traceId: '5b8efff798038103d269b633813fc60c',\n  parentSpanContext: undefined,\n  name: 'a ' +\n    'b\\'\\\\',\n  kind: 1,\n  \
                    timestamp: 1709633410000000,\n  attributes: [Object: null prototype] { n: 12n, list: [ 'x', 2, [Array] ] },\n  \
                    status: { code: 0 },\n  events: [],\n  at: 2024-03-05T10:10:10.000Z\n} rest";
        let (json, end) = object(text.as_bytes(), 0).expect("an object");
        assert_eq!(&text[end..], " rest");
        assert_eq!(
            String::from_utf8_lossy(&json),
            r#"{"resource":{"attributes":{"service.name":"shop","telemetry.sdk.version":"1'0"}},"traceId":"5b8efff798038103d269b633813fc60c","parentSpanContext":null,"name":"a b'\\","kind":"server","timestamp":1709633410000000,"attributes":{"n":12,"list":["x",2,"Array"]},"status":{"code":0},"events":[],"at":"2024-03-05T10:10:10.000Z"}"#
        );
        for end in 0..text.len() - 6 {
            assert_eq!(object(&text.as_bytes()[..end], 0), Err(Not::Whole), "{end}");
        }
        assert!(opens(text.as_bytes(), 0) && !opens(b"{\"a\": 1}", 0) && !opens(b"{}", 0));
        assert_eq!(object(b"{ a b }", 0), Err(Not::One));
        let deep = "{ a: ".repeat(100);
        assert_eq!(object(deep.as_bytes(), 0), Err(Not::One));
    }
}
