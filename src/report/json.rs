//! JSON out: compact or for people, safe to show in a terminal, with file names that are no UTF-8.

use std::io;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

use super::escape::is_hidden;

/// One line without blanks, as in `--output jsonl`. No line end behind it.
pub fn compact<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Vec<u8>> {
    write(value, CompactFormatter)
}

/// Indented by two. No line end behind it.
pub fn pretty<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Vec<u8>> {
    write(value, PrettyFormatter::new())
}

/// The same written as it is made: an answer may be larger than memory should be.
pub fn pretty_to<T: Serialize + ?Sized>(value: &T, out: &mut dyn io::Write) -> serde_json::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(out, Visible(PrettyFormatter::new())))
}

fn write<T: Serialize + ?Sized, F: Formatter>(value: &T, layout: F) -> serde_json::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(256);
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, Visible(layout)))?;
    Ok(out)
}

/// Escapes what JSON permits to stand as it is but a terminal acts on: DEL, C1, marks of direction and the
/// like. The value that a reader gets is the same.
struct Visible<F>(F);

macro_rules! forward {
    ($($name:ident ( $($argument:ident : $kind:ty),* ));* $(;)?) => {
        $(fn $name<W: ?Sized + io::Write>(&mut self, writer: &mut W $(, $argument: $kind)*) -> io::Result<()> {
            self.0.$name(writer $(, $argument)*)
        })*
    };
}

impl<F: Formatter> Formatter for Visible<F> {
    forward! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        end_object_key();
        begin_object_value();
        end_object_value();
    }

    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, text: &str) -> io::Result<()> {
        let mut rest = text;
        // C0 never comes here: JSON itself escapes it.
        while let Some((at, hidden)) = rest.char_indices().find(|&(_, c)| is_hidden(c)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            for unit in hidden.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + hidden.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

/// A file name, or other bytes that are text nearly always: a JSON string if they are UTF-8, else
/// `{"bytes": "<base64>"}` (RFC 4648, with padding).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NameJson<'a>(pub &'a [u8]);

impl Serialize for NameJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Ok(text) = std::str::from_utf8(self.0) {
            return serializer.serialize_str(text);
        }
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("bytes", &base64(self.0))?;
        map.end()
    }
}

/// RFC 4648, section 4.
pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits =
            (0..3).fold(0_usize, |bits, i| bits << 8 | usize::from(group.get(i).copied().unwrap_or(0)));
        for i in 0..4 {
            out.push(if i <= group.len() { char::from(DIGITS[bits >> (18 - 6 * i) & 63]) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn text(bytes: serde_json::Result<Vec<u8>>) -> String {
        String::from_utf8(bytes.unwrap()).unwrap()
    }

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (bytes, encoded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), encoded);
        }
        assert_eq!(base64(b"\xff\xfe\xfd"), "//79");
    }

    #[test]
    fn names_that_are_no_text_are_bytes() {
        assert_eq!(text(compact(&NameJson(b"db.log"))), "\"db.log\"");
        assert_eq!(text(compact(&NameJson(b"n\xff\xfe.log"))), "{\"bytes\":\"bv/+LmxvZw==\"}");
    }

    #[test]
    fn layouts() {
        let value = json!({"a": [1, "x\u{9b}y\u{202e}\u{e0041}"], "b": {}});
        assert_eq!(text(compact(&value)), r#"{"a":[1,"x\u009by\u202e\udb40\udc41"],"b":{}}"#);
        assert_eq!(text(pretty(&json!({"a": [1]}))), "{\n  \"a\": [\n    1\n  ]\n}");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_and_hides_nothing(key in any::<String>(), value in any::<String>()) {
            let value = json!({ key: [value] });
            for written in [text(compact(&value)), text(pretty(&value))] {
                prop_assert!(!written.contains(|c| is_hidden(c) && c != '\n'), "{written:?}");
                prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&written).unwrap(), value.clone());
            }
        }
    }
}
