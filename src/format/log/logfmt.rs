//! logfmt: `key=value key="quoted value"` pairs, as Go's loggers and Heroku write them.

use super::{LogFormat, Plan, Sample};
use crate::model::{Level, Role, Slots, Text, Value};

/// Pairs of `key=value`.
#[derive(Debug)]
pub struct Logfmt;

impl LogFormat for Logfmt {
    fn name(&self) -> &'static str {
        "logfmt"
    }

    fn about(&self) -> &'static str {
        "key=value pairs, values with blanks in double quotes"
    }

    fn starts(&self, rest: &[u8], _plan: &Plan) -> bool {
        // Two pairs in a row from the start of the line: text rarely does that.
        let line = memchr::memchr(b'\n', rest).map_or(rest, |end| &rest[..end]);
        let mut pairs = Pairs { bytes: line, at: 0 };
        matches!((pairs.next(), pairs.next()), (Some((_, Some(_))), Some((_, Some(_)))))
    }

    fn extract<'a>(&self, entry: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) -> bool {
        let mut left = plan.wanted();
        let mut understood = false;
        for (key, value) in Pairs::of(entry) {
            let Some(value) = value else { continue };
            understood = true;
            left -= plan.offer_named(slots, key, value).min(left);
            if left == 0 {
                return true;
            }
        }
        let needs = plan.needs();
        if needs.has(Role::Level) && slots.level.is_none() {
            slots.level = plan.unwritten_level(slots);
        }
        if needs.has(Role::Ts) && slots.ts.is_none() {
            slots.ts = date_and_time(entry).and_then(|text| plan.clock().value(Value::plain(&text)));
        }
        understood
    }

    fn fields(&self, entry: &[u8], _plan: &Plan, visit: &mut dyn FnMut(&str, Value<'_>)) -> Option<usize> {
        for (key, value) in Pairs::of(entry) {
            visit(&String::from_utf8_lossy(key), value.unwrap_or(Value::Bool(true)));
        }
        None
    }

    fn names_in_text(&self) -> bool {
        true
    }

    fn gathers(&self) -> bool {
        false
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                header: "",
                text: r#"ts=2023-12-24T03:29:28.156962479Z level=info component=authn msg="token \"v\" verified" request_id=d93b user=user_2617 duration=17.2ms"#,
                ts: Some("2023-12-24T03:29:28.156962479Z"),
                level: Some(Level::Info),
                roles: &[
                    (Role::Message, "token \"v\" verified"),
                    (Role::RequestId, "d93b"),
                    (Role::Duration, "17.2ms"),
                    (Role::Logger, "authn"),
                ],
            },
            Sample {
                header: "",
                text: r#"at=error code=H12 desc="Request timeout" method=GET path=/ service=30000ms status=503"#,
                ts: None,
                level: Some(Level::Error),
                roles: &[(Role::Status, "503")],
            },
        ]
    }
}

/// `date=2024-03-05 time=10:10:11 tz="+0100"` of firewalls, as one.
fn date_and_time(entry: &[u8]) -> Option<Vec<u8>> {
    let (mut date, mut time, mut zone) = (None, None, None);
    for (key, value) in Pairs::of(entry) {
        let Some(Value::Text(text)) = value else { continue };
        match key {
            b"date" => date = Some(text.raw),
            b"time" => time = Some(text.raw),
            b"tz" | b"timezone" => zone = Some(text.raw),
            _ => {}
        }
    }
    let date = date.filter(|date| date.len() == 10)?;
    Some([date, b" ", time?, b" ", zone.unwrap_or_default()].concat())
}

/// The pairs of an entry's first line; a key without `=` has no value.
struct Pairs<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Pairs<'a> {
    fn of(entry: &'a [u8]) -> Self {
        Pairs { bytes: memchr::memchr(b'\n', entry).map_or(entry, |end| &entry[..end]), at: 0 }
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a [u8], Option<Value<'a>>);

    fn next(&mut self) -> Option<Self::Item> {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\r')) {
            self.at += 1;
        }
        let start = self.at;
        while let Some(b) = self.bytes.get(self.at) {
            match b {
                b'=' | b' ' | b'\t' | b'\r' => break,
                b'"' => return None,
                _ => self.at += 1,
            }
        }
        let key = &self.bytes[start..self.at];
        if key.is_empty() || !(key[0].is_ascii_alphabetic() || matches!(key[0], b'_' | b'@')) {
            return None;
        }
        if self.bytes.get(self.at) != Some(&b'=') {
            return Some((key, None));
        }
        self.at += 1;
        Some((key, Some(self.value())))
    }
}

impl<'a> Pairs<'a> {
    fn value(&mut self) -> Value<'a> {
        let start = self.at;
        if self.bytes.get(start) == Some(&b'"') {
            let mut from = start + 1;
            let mut escaped = false;
            while let Some(found) = self.bytes.get(from..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest))
            {
                let end = from + found;
                if self.bytes[end] == b'"' {
                    self.at = end + 1;
                    return Value::Text(Text { raw: &self.bytes[start + 1..end], escaped });
                }
                escaped = true;
                from = end + 2;
            }
            // The quote never closes: the rest of the line is the value.
            self.at = self.bytes.len();
            return Value::Text(Text { raw: &self.bytes[start + 1..], escaped });
        }
        while !matches!(self.bytes.get(self.at), None | Some(b' ' | b'\t' | b'\r')) {
            self.at += 1;
        }
        match &self.bytes[start..self.at] {
            b"" | b"null" | b"nil" => Value::Null,
            b"true" => Value::Bool(true),
            b"false" => Value::Bool(false),
            raw if is_number(raw) => Value::Number(raw),
            raw => Value::plain(raw),
        }
    }
}

/// Is this a decimal number as JSON would write it? `007` is a code, not a number.
pub(super) fn is_number(raw: &[u8]) -> bool {
    let digits = raw.strip_prefix(b"-").unwrap_or(raw);
    let whole = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    let fraction = match digits.get(whole) {
        Some(b'.') => digits[whole + 1..].iter().take_while(|b| b.is_ascii_digit()).count() + 1,
        _ => 0,
    };
    let canonical = whole == 1 || (whole > 1 && digits[0] != b'0');
    canonical && fraction != 1 && whole + fraction == digits.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::time::Clock;
    use crate::model::Needs;

    fn plan() -> Plan {
        Plan::new(&Needs::none(), Clock::default(), &[])
    }

    #[test]
    fn pairs_of_all_kinds() {
        let mut seen = Vec::new();
        let line = br#"a=1 b="x y" flag c= d="open \" e=2"#;
        Logfmt.fields(line, &plan(), &mut |key, value| seen.push(format!("{key}:{:?}", value.text())));
        assert_eq!(
            seen,
            [
                r#"a:Some("1")"#,
                r#"b:Some("x y")"#,
                r#"flag:Some("true")"#,
                "c:None",
                r#"d:Some("open \" e=2")"#
            ]
        );
    }

    #[test]
    fn text_is_no_logfmt() {
        for text in ["hello x=1 y=2", "x=1", "Connection pool: a=1 b=2", "=1 =2", "", "\"a=1 b=2\""] {
            assert!(!Logfmt.starts(text.as_bytes(), &plan()), "{text}");
        }
        assert!(is_number(b"-0.5") && !is_number(b"007") && !is_number(b"1.") && !is_number(b"1e5"));
    }
}
