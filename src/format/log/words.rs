//! Cuts of a line: its words, quoted strings, brackets and pairs, as positional formats need them.

use super::logfmt::is_number;
use crate::model::{Text, Value};

/// Without what comes after the first line.
#[inline]
pub(super) fn first_line(entry: &[u8]) -> &[u8] {
    let line = memchr::memchr(b'\n', entry).map_or(entry, |end| &entry[..end]);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// A word with its type: `-` is no value.
pub(super) fn bare(word: &[u8]) -> Value<'_> {
    match word {
        b"" | b"-" => Value::Null,
        _ if is_number(word) => Value::Number(word),
        _ => Value::plain(word),
    }
}

/// A reader of one line from left to right.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words<'a> {
    line: &'a [u8],
    at: usize,
}

impl<'a> Words<'a> {
    /// From the start of `line`.
    pub(super) fn of(line: &'a [u8]) -> Self {
        Words { line, at: 0 }
    }

    /// From the byte `at` of `line`.
    pub(super) fn at(line: &'a [u8], at: usize) -> Self {
        Words { line, at: at.min(line.len()) }
    }

    /// Where reading has come to.
    pub(super) fn place(&self) -> usize {
        self.at
    }

    /// What has not been read, without the blanks before it.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.line[self.at..].trim_ascii_start()
    }

    /// What has not been read, as it is.
    pub(super) fn remaining(&self) -> &'a [u8] {
        &self.line[self.at..]
    }

    /// Goes on by so many bytes.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.at = (self.at + bytes).min(self.line.len());
    }

    /// Passes over blanks.
    pub(super) fn blanks(&mut self) {
        while matches!(self.line.get(self.at), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    /// Passes over `text` if it comes next.
    pub(super) fn eat(&mut self, text: &[u8]) -> Option<()> {
        let found = self.line[self.at..].starts_with(text);
        found.then(|| self.at += text.len())
    }

    /// The next word, up to a blank.
    pub(super) fn word(&mut self) -> Option<&'a [u8]> {
        self.blanks();
        let rest = &self.line[self.at..];
        let length = memchr::memchr2(b' ', b'\t', rest).unwrap_or(rest.len());
        self.at += length;
        (length > 0).then_some(&rest[..length])
    }

    /// Up to `byte`, which is passed over; `None` if it does not come within `most` bytes.
    pub(super) fn until(&mut self, byte: u8, most: usize) -> Option<&'a [u8]> {
        let rest = &self.line[self.at..];
        let found = memchr::memchr(byte, &rest[..rest.len().min(most)])?;
        self.at += found + 1;
        Some(&rest[..found])
    }

    /// What stands in the brackets that open next: `[…]`, `(…)`, `<…>` or `{…}`.
    pub(super) fn bracket(&mut self, open: u8, most: usize) -> Option<&'a [u8]> {
        self.blanks();
        let close = match open {
            b'[' => b']',
            b'(' => b')',
            b'<' => b'>',
            _ => b'}',
        };
        let before = self.at;
        self.eat(&[open])?;
        self.until(close, most).or_else(|| {
            self.at = before;
            None
        })
    }

    /// A word, or what stands in double quotes if they open next. `\"` does not close them.
    pub(super) fn token(&mut self) -> Option<(&'a [u8], bool)> {
        self.blanks();
        if self.line.get(self.at) != Some(&b'"') {
            return self.word().map(|word| (word, false));
        }
        let (text, _, end) = quoted(self.line, self.at);
        self.at = end;
        Some((text, true))
    }
}

/// The quoted string whose opening quote is at `at`: what is between the quotes, whether it has escapes, and
/// where it ends. Without a closing quote it is the rest.
pub(super) fn quoted(line: &[u8], at: usize) -> (&[u8], bool, usize) {
    let mut from = at + 1;
    let mut escaped = false;
    let quote = line[at];
    while let Some(found) = line.get(from..).and_then(|rest| memchr::memchr2(quote, b'\\', rest)) {
        let end = from + found;
        if line[end] == quote {
            return (&line[at + 1..end], escaped, end + 1);
        }
        escaped = true;
        from = end + 2;
    }
    (line.get(at + 1..).unwrap_or_default(), escaped, line.len())
}

/// The value at the start of `rest`: quoted, or up to a blank or one of the signs that close or part values.
/// Where it ends, too.
pub(super) fn pair_value(rest: &[u8]) -> (Value<'_>, usize) {
    if matches!(rest.first(), Some(b'"' | b'\'')) {
        let (raw, escaped, end) = quoted(rest, 0);
        return (Value::Text(Text { raw, escaped }), end);
    }
    let length = rest
        .iter()
        .position(|b| {
            matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b',' | b';' | b')' | b']' | b'}' | b'|' | b'"')
        })
        .unwrap_or(rest.len());
    let value = &rest[..length];
    let value = value.strip_suffix(b".").unwrap_or(value);
    if is_number(value) {
        if let Some(unit) = unit_after(&rest[value.len()..]) {
            return (Value::plain(&rest[..value.len() + unit]), value.len() + unit);
        }
        if let Some(end) = grouped(rest) {
            return (Value::plain(&rest[..end]), end);
        }
    }
    let typed = match value {
        b"" | b"null" | b"nil" | b"(null)" | b"<nil>" => Value::Null,
        b"true" => Value::Bool(true),
        b"false" => Value::Bool(false),
        _ => bare(value),
    };
    (typed, length)
}

/// The length of `1,500 ms`: a number whose thousands are parted, with its unit.
fn grouped(rest: &[u8]) -> Option<usize> {
    let digits = rest.iter().take_while(|b| b.is_ascii_digit() || matches!(b, b'.' | b',')).count();
    let groups = rest[..digits].split(|b| *b == b',').skip(1);
    let whole = groups
        .into_iter()
        .all(|group| group.split(|b| *b == b'.').next().is_some_and(|whole| whole.len() == 3));
    (whole && rest[..digits].contains(&b',')).then_some(())?;
    unit_after(&rest[digits..]).map(|unit| digits + unit)
}

/// The length of ` ms` or another unit of time right after a number.
pub(super) fn unit_after(rest: &[u8]) -> Option<usize> {
    const UNITS: [&str; 17] = [
        "milliseconds",
        "microseconds",
        "nanoseconds",
        "seconds",
        "millis",
        "msecs",
        "secs",
        "msec",
        "sec",
        "ms",
        "us",
        "µs",
        "μs",
        "micros",
        "nanos",
        "ns",
        "s",
    ];
    let blank = usize::from(rest.first() == Some(&b' '));
    let unit = UNITS.iter().find(|unit| rest[blank..].starts_with(unit.as_bytes()))?;
    let end = blank + unit.len();
    (!rest.get(end).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'/')).then_some(end)
}

/// Does this look like the id of a request: a UUID, a ULID, 16 or 32 hexadecimal digits, or `req-…`?
pub(super) fn is_id(word: &[u8]) -> bool {
    let hex = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_hexdigit);
    let mixed =
        |bytes: &[u8]| bytes.iter().any(u8::is_ascii_digit) && bytes.iter().any(u8::is_ascii_alphabetic);
    match word.len() {
        36 => is_uuid(word),
        26 => word.iter().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()) && mixed(word),
        16 | 24 | 32 => hex(word) && mixed(word),
        8..=64 => {
            (word.starts_with(b"req-") || word.starts_with(b"req_"))
                && word[4..].iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
        }
        _ => false,
    }
}

/// `d93bcb42-42af-494a-bdd1-f07d2e68ed97`.
pub(super) fn is_uuid(word: &[u8]) -> bool {
    word.len() == 36
        && word.iter().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_end_where_lists_go_on() {
        for (text, expected, end) in [
            ("6.3 ms", "6.3 ms", 6),
            ("12.3 ms)", "12.3 ms", 7),
            ("200, x", "200", 3),
            ("\"a b\" c", "a b", 5),
            ("x.", "x", 2),
            ("5 kg", "5", 1),
            ("1,500 ms, x", "1,500 ms", 8),
            ("1,500, x", "1", 1),
            ("201.2ms)", "201.2ms", 7),
        ] {
            let (value, used) = pair_value(text.as_bytes());
            assert_eq!((value.text().as_deref(), used), (Some(expected), end), "{text}");
        }
    }

    #[test]
    fn ids_look_like_ids() {
        for (word, expected) in [
            ("d93bcb42-42af-494a-bdd1-f07d2e68ed97", true),
            ("01J2VEW8X8643XNXKT62PRM36S", true),
            ("7f9c0a12deadbeef", true),
            ("req-38101a0b", true),
            ("1234567890123456", false),
            ("nio-8080-exec-1", false),
            ("main", false),
        ] {
            assert_eq!(is_id(word.as_bytes()), expected, "{word}");
        }
    }
}
