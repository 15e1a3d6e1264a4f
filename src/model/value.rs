//! A field's value as the file wrote it: borrowed, and interpreted only when somebody asks.

use std::borrow::Cow;

use super::unit::{Unit, parse_span};

/// A field's value, borrowed from the entry's bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Value<'a> {
    /// The entry has no such field.
    #[default]
    Absent,
    /// JSON `null`, or the format's sign for "no value" (`-` in an access log).
    Null,
    /// A truth value.
    Bool(bool),
    /// A number in the notation of the file.
    Number(&'a [u8]),
    /// Text.
    Text(Text<'a>),
    /// A JSON object or array as it was written.
    Nested(&'a [u8]),
}

/// Text as the file wrote it, with escapes still in it if `escaped`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Text<'a> {
    /// The bytes between the quotes, or the bare word.
    pub raw: &'a [u8],
    /// Do backslash escapes (JSON's) remain in `raw`?
    pub escaped: bool,
}

impl<'a> Text<'a> {
    /// Text that stands for itself.
    pub const fn plain(raw: &'a [u8]) -> Self {
        Text { raw, escaped: false }
    }

    /// The bytes that are meant: borrowed unless there are escapes.
    pub fn bytes(self) -> Cow<'a, [u8]> {
        if self.escaped { Cow::Owned(unescape(self.raw)) } else { Cow::Borrowed(self.raw) }
    }

    /// The text; invalid UTF-8 becomes U+FFFD.
    pub fn text(self) -> Cow<'a, str> {
        match self.bytes() {
            Cow::Borrowed(bytes) => readable(bytes),
            Cow::Owned(bytes) => Cow::Owned(
                String::from_utf8(bytes)
                    .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
            ),
        }
    }
}

impl<'a> Value<'a> {
    /// Text that stands for itself.
    pub const fn plain(raw: &'a [u8]) -> Self {
        Value::Text(Text::plain(raw))
    }

    /// Is there a value? `Absent` and `Null` are none.
    pub const fn is_some(&self) -> bool {
        !matches!(self, Value::Absent | Value::Null)
    }

    /// The value as a number: JSON numbers, and text that is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Number(raw) => parse_number(raw),
            Value::Text(text) if !text.escaped => parse_number(text.raw),
            _ => None,
        }
    }

    /// The value in milliseconds: text with a unit (`7.08ms`), or a number in `unit`.
    pub fn millis(&self, unit: Unit) -> Option<f64> {
        if let Some(number) = self.number() {
            return Some(unit.to_millis(number));
        }
        let Value::Text(text) = self else { return None };
        let text = text.text();
        // A single number with a unit keeps its exact value; 7.08ms is 7.08, not 7.0800000000000001.
        if let Some(end) = text.find(|c: char| !c.is_ascii_digit() && c != '.')
            && let Ok(number) = text[..end].parse::<f64>()
        {
            match &text[end..] {
                "ns" => return Some(Unit::Nanos.to_millis(number)),
                "us" | "µs" | "μs" => return Some(Unit::Micros.to_millis(number)),
                "ms" => return Some(number),
                "s" => return Some(Unit::Seconds.to_millis(number)),
                _ => {}
            }
        }
        parse_span(&text).map(|nanos| nanos / 1e6)
    }

    /// The bytes to group, compare and show by: text without quotes and escapes, everything else as written.
    /// `None` if there is no value.
    pub fn key(&self) -> Option<Cow<'a, [u8]>> {
        Some(match *self {
            Value::Absent | Value::Null => return None,
            Value::Bool(true) => Cow::Borrowed(b"true"),
            Value::Bool(false) => Cow::Borrowed(b"false"),
            Value::Number(raw) | Value::Nested(raw) => Cow::Borrowed(raw),
            Value::Text(text) => text.bytes(),
        })
    }

    /// [`Value::key`] as text; invalid UTF-8 becomes U+FFFD.
    pub fn text(&self) -> Option<Cow<'a, str>> {
        match *self {
            Value::Text(text) => Some(text.text()),
            other => other.key().map(|key| match key {
                Cow::Borrowed(bytes) => readable(bytes),
                Cow::Owned(bytes) => Cow::Owned(readable(&bytes).into_owned()),
            }),
        }
    }
}

/// Bytes as text; what is no UTF-8 becomes U+FFFD. Nearly all are, and are checked several at a time.
fn readable(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// A decimal number; words that Rust's parser would take (`inf`, `nan`) are no numbers in a log.
pub fn parse_number(raw: &[u8]) -> Option<f64> {
    if !raw.iter().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E'))
        || !raw.iter().any(u8::is_ascii_digit)
    {
        return None;
    }
    std::str::from_utf8(raw).ok()?.parse().ok()
}

/// Replaces JSON's escapes by what they mean. Lenient: an unknown or cut escape stays as it is, a lone
/// surrogate becomes U+FFFD.
pub fn unescape(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        let (meant, used) = match rest.get(at + 1) {
            Some(b'n') => (Some('\n'), 2),
            Some(b't') => (Some('\t'), 2),
            Some(b'r') => (Some('\r'), 2),
            Some(b'b') => (Some('\u{8}'), 2),
            Some(b'f') => (Some('\u{c}'), 2),
            Some(&c @ (b'"' | b'\\' | b'/' | b'\'')) => (Some(char::from(c)), 2),
            Some(b'u') => unescape_unicode(&rest[at..]),
            _ => (None, 1),
        };
        match meant {
            Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            None => out.extend_from_slice(&rest[at..at + used]),
        }
        rest = &rest[at + used..];
    }
    out.extend_from_slice(rest);
    out
}

/// `\uXXXX`, or a pair of surrogates, at the start of `raw`: the character and the bytes used.
fn unescape_unicode(raw: &[u8]) -> (Option<char>, usize) {
    let unit = |at: usize| -> Option<u32> {
        let digits = raw.get(at..at + 6)?;
        if !digits.starts_with(b"\\u") || !digits[2..].iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        u32::from_str_radix(std::str::from_utf8(&digits[2..]).ok()?, 16).ok()
    };
    match (unit(0), unit(6)) {
        (Some(high @ 0xD800..=0xDBFF), Some(low @ 0xDC00..=0xDFFF)) => {
            (char::from_u32(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)), 12)
        }
        (Some(one), _) => (Some(char::from_u32(one).unwrap_or(char::REPLACEMENT_CHARACTER)), 6),
        (None, _) => (None, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_replaced_and_damage_is_kept() {
        for (raw, meant) in [
            (r#"a\"b\\c\n"#, "a\"b\\c\n"),
            (r"\ud83d\ude00!", "😀!"),
            (r"\ud83d!", "\u{fffd}!"),
            (r"다시 \u00e9", "다시 é"),
            (r"cut \u00", r"cut \u00"),
            (r"\x", r"\x"),
            ("end\\", "end\\"),
        ] {
            assert_eq!(String::from_utf8_lossy(&unescape(raw.as_bytes())), meant, "{raw}");
        }
    }

    #[test]
    fn values_are_read_when_asked() {
        assert_eq!(Value::plain(b"7.08ms").millis(Unit::Seconds), Some(7.08));
        assert_eq!(Value::Number(b"0.25").millis(Unit::Seconds), Some(250.0));
        assert_eq!(Value::plain(b"2m3s").millis(Unit::Millis), Some(123_000.0));
        assert_eq!(Value::plain(b"200").number(), Some(200.0));
        assert_eq!(Value::plain(b"inf").number(), None);
        assert_eq!(Value::plain(b"-").number(), None);
        assert_eq!(Value::Null.key(), None);
    }
}
