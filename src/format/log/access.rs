//! Access logs of nginx, Apache and their like: common and combined, with whatever is added at the end.

use super::Sample;
use super::logfmt::is_number;
use super::positional::positional;
use super::words::bare;
use crate::format::time;
use crate::model::{Level, Role, Value};

/// `host ident user [time] "request" status bytes "referer" "agent" …`.
#[derive(Debug)]
pub struct Access;

/// How far into a line the time's bracket may be.
const TIME_WITHIN: usize = 512;

positional!(
    Access,
    "access",
    "common or combined access log (nginx, Apache), with request time, ids and more at the end",
    starts,
    split,
    &[
        Sample {
            header: "",
            text: r#"10.1.124.202 - user_2617 [24/Dec/2023:12:29:28 +0900] "POST /orders/32344/pay HTTP/1.1" 504 414 "-" "shop-app/3.1 \"x\"" 20.172 d93bcb42-42af-494a-bdd1-f07d2e68ed97"#,
            ts: Some("2023-12-24T03:29:28Z"),
            level: Some(Level::Error),
            roles: &[
                (Role::User, "user_2617"),
                (Role::Status, "504"),
                (Role::Duration, "20.172"),
                (Role::RequestId, "d93bcb42-42af-494a-bdd1-f07d2e68ed97"),
            ],
        },
        Sample {
            header: "",
            text: r#"::1 - - [24/Dec/2023:03:29:28 +0000] "GET / HTTP/1.0" 200 -"#,
            ts: Some("2023-12-24T03:29:28Z"),
            level: None,
            roles: &[(Role::Status, "200")],
        },
        Sample {
            header: "",
            text: r#"shop.example:443 10.0.0.1 - bob [24/Dec/2023:03:29:28 +0000] "GET /a b HTTP/1.1" 404 9 "-" "-" rt=0.004 rid=ab12 "0.003""#,
            ts: Some("2023-12-24T03:29:28Z"),
            level: None,
            roles: &[(Role::User, "bob"), (Role::Duration, "0.004"), (Role::RequestId, "ab12")],
        },
    ]
);

fn starts(rest: &[u8]) -> bool {
    time_bracket(rest).is_some()
}

/// Where the bracket of `[24/Dec/2023:12:29:28 +0900] "` opens and what follows it.
fn time_bracket(rest: &[u8]) -> Option<(usize, usize)> {
    let head = &rest[..rest.len().min(TIME_WITHIN)];
    let mut from = 0;
    while let Some(found) = memchr::memchr2(b'[', b'\n', &head[from..]) {
        let at = from + found;
        if head[at] == b'\n' {
            return None;
        }
        // 24/Dec/2023: and the closing bracket, then the quote of the request.
        let inside = &rest[at + 1..];
        if matches!(inside.get(..4), Some([b'0'..=b'9', b'0'..=b'9', b'/', b'A'..=b'Z'])) && at > 0 {
            let close = memchr::memchr(b']', &inside[..inside.len().min(40)])?;
            let after = at + close + 2;
            return matches!(rest.get(after..after + 2), Some(b" \"")).then_some((at, after));
        }
        from = at + 1;
    }
    None
}

/// Hands every field to `put`; whether the line was understood.
fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let line = memchr::memchr(b'\n', entry).map_or(entry, |end| &entry[..end]);
    let Some((open, after)) = time_bracket(line) else { return false };
    // Before the time: [vhost] host ident user; a user may hold blanks.
    let mut before = line[..open].trim_ascii_end();
    let mut words = before.splitn(5, |b| *b == b' ');
    if let (Some(vhost), Some(_), Some(b"-"), Some(_)) =
        (words.next(), words.next(), words.next(), words.next())
    {
        put("vhost", Value::plain(vhost));
        before = &before[vhost.len() + 1..];
    }
    let mut parts = before.splitn(3, |b| *b == b' ');
    for name in ["remote_addr", "ident", "user"] {
        put(name, parts.next().map_or(Value::Null, bare));
    }
    put("time_local", Value::plain(line[open + 1..after].trim_ascii_end().trim_suffix_byte(b']')));
    let mut tokens = Tokens { bytes: line, at: after };
    if let Some(Token::Quoted(request)) = tokens.next() {
        put("request", Value::plain(request));
        put_request(request, put);
    }
    put_response(&mut tokens, put);
    is_usual_time(&line[open + 1..]) || time::read(&line[open + 1..]).is_some()
}

/// `24/Dec/2023:12:29:28 +0900`: a time that needs no second reading to be believed.
fn is_usual_time(text: &[u8]) -> bool {
    const MONTHS: [&[u8; 3]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    let Some([d, e, b'/', month @ .., b'/', y0, y1, y2, y3, b':', h, i, b':', m, n, b':', s, t, b' ']) =
        text.first_chunk::<21>()
    else {
        return false;
    };
    [e, y1, y2, y3, i, n, t].into_iter().all(u8::is_ascii_digit)
        && *y0 == b'2'
        && matches!((d, e), (b'0', b'1'..) | (b'1', _) | (b'2', ..=b'8'))
        && matches!((h, i), (b'0' | b'1', _) | (b'2', ..=b'3'))
        && matches!((m, s), (b'0'..=b'5', b'0'..=b'5'))
        && MONTHS.contains(&month)
}

/// `POST /path HTTP/1.1` in its parts; a path may hold blanks.
fn put_request<'a>(request: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) {
    let Some(space) = memchr::memchr(b' ', request) else { return };
    let (method, rest) = (&request[..space], &request[space + 1..]);
    let (path, protocol) = match memchr::memrchr(b' ', rest) {
        Some(last) if rest[last + 1..].starts_with(b"HTTP/") => (&rest[..last], Some(&rest[last + 1..])),
        _ => (rest, None),
    };
    put("method", Value::plain(method));
    put("path", Value::plain(path));
    if let Some(protocol) = protocol {
        put("protocol", Value::plain(protocol));
    }
}

/// Status, bytes, referer, agent, and what was added after them.
fn put_response<'a>(tokens: &mut Tokens<'a>, put: &mut dyn FnMut(&str, Value<'a>)) {
    let mut usual = ["status", "bytes", "referer", "user_agent"].into_iter().peekable();
    let (mut durations, mut extra) = (0, 0);
    for token in tokens {
        let quoted = matches!(token, Token::Quoted(_));
        // The common format has no referer and agent: what is added comes right after the bytes.
        if let Some(name) = usual.next_if(|name| quoted == matches!(*name, "referer" | "user_agent")) {
            put(name, bare(token.bytes()));
            continue;
        }
        let bytes = token.bytes();
        if let Some(equals) = memchr::memchr(b'=', bytes).filter(|at| !quoted && is_name(&bytes[..*at])) {
            let value = bytes[equals + 1..].trim_byte(b'"');
            let name = match &bytes[..equals] {
                b"rt" => "request_time".into(),
                other => String::from_utf8_lossy(other),
            };
            put(&name, bare(value));
        } else if is_number(bytes) && durations < 2 {
            // nginx writes seconds with a fraction, Apache's %D is a whole number of microseconds.
            let whole = !bytes.contains(&b'.');
            put(
                match (durations, whole) {
                    (0, false) => "request_time",
                    (0, true) => "request_time_us",
                    _ => "upstream_response_time",
                },
                bare(bytes),
            );
            durations += 1;
        } else if is_id(bytes) {
            put("request_id", Value::plain(bytes));
        } else {
            extra += 1;
            put(&format!("extra_{extra}"), bare(bytes));
        }
    }
}

/// Could this be the name of a `name=value` pair?
fn is_name(word: &[u8]) -> bool {
    word.first().is_some_and(u8::is_ascii_alphabetic)
        && word.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

/// Does this look like an id: long, of letters and digits, with at least one digit?
fn is_id(word: &[u8]) -> bool {
    word.len() >= 8
        && word
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':' | b'.' | b'+' | b'/' | b'='))
        && word.iter().any(u8::is_ascii_digit)
        && word.iter().any(u8::is_ascii_alphabetic)
        && !word.contains(&b'/')
}

/// A word of the line, in quotes or not.
#[derive(Clone, Copy)]
enum Token<'a> {
    Bare(&'a [u8]),
    Quoted(&'a [u8]),
}

impl<'a> Token<'a> {
    fn bytes(self) -> &'a [u8] {
        match self {
            Token::Bare(bytes) | Token::Quoted(bytes) => bytes,
        }
    }
}

/// The words of a line from `at` on; `\"` does not close a quote.
struct Tokens<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\r')) {
            self.at += 1;
        }
        let start = self.at;
        if *self.bytes.get(start)? != b'"' {
            let end =
                memchr::memchr2(b' ', b'\r', &self.bytes[start..]).map_or(self.bytes.len(), |n| start + n);
            self.at = end;
            return Some(Token::Bare(&self.bytes[start..end]));
        }
        let mut end = start + 1;
        let end = loop {
            let rest = self.bytes.get(end..).unwrap_or_default();
            match memchr::memchr2(b'"', b'\\', rest) {
                None => break self.bytes.len(),
                Some(found) if rest[found] == b'"' => break end + found,
                // What comes next is taken as it is.
                Some(found) => end += found + 2,
            }
        };
        self.at = end + 1;
        Some(Token::Quoted(&self.bytes[start + 1..end]))
    }
}

/// Trimming of single bytes.
trait TrimByte {
    fn trim_byte(&self, byte: u8) -> &[u8];
    fn trim_suffix_byte(&self, byte: u8) -> &[u8];
}

impl TrimByte for [u8] {
    fn trim_byte(&self, byte: u8) -> &[u8] {
        let inner = self.strip_prefix(&[byte]).unwrap_or(self);
        inner.trim_suffix_byte(byte)
    }

    fn trim_suffix_byte(&self, byte: u8) -> &[u8] {
        self.strip_suffix(&[byte]).unwrap_or(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_by_position_and_by_look() {
        let mut seen = Vec::new();
        let line = br#"1.2.3.4 - a b [24/Dec/2023:03:29:28 +0000] "GET /x?q=1 HTTP/2.0" 200 12 "http://r/" "UA \"q\" 1" 0.004 0.003 - req-77af21"#;
        assert!(
            split(line, &mut |name, value| seen.push(format!("{name}={}", value.text().unwrap_or_default())))
        );
        assert_eq!(
            seen[2..],
            [
                "user=a b",
                "time_local=24/Dec/2023:03:29:28 +0000",
                "request=GET /x?q=1 HTTP/2.0",
                "method=GET",
                "path=/x?q=1",
                "protocol=HTTP/2.0",
                "status=200",
                "bytes=12",
                "referer=http://r/",
                "user_agent=UA \\\"q\\\" 1",
                "request_time=0.004",
                "upstream_response_time=0.003",
                "extra_1=",
                "request_id=req-77af21"
            ]
        );
    }

    proptest::proptest! {
        #[test]
        fn the_usual_time_is_a_time(
            text in "[0-3][0-9]/(Jan|Feb|Mai|Dec|Dez)/[12][09][0-9]{2}:[0-2][0-9]:[0-6][0-9]:[0-6][0-9][ .]([+-][0-9]{4}|Z|UTC)?"
        ) {
            if is_usual_time(text.as_bytes()) {
                proptest::prop_assert!(time::read(text.as_bytes()).is_some(), "{}", text);
            }
        }
    }

    #[test]
    fn quotes_end_where_they_are_not_escaped() {
        for (text, quoted) in [
            (r#""a b" c"#, "a b"),
            (r#""a \\" \" c"#, r"a \\"),
            (r#""a \" c"#, r#"a \" c"#),
            (r#""a \"#, r"a \"),
            ("\"a", "a"),
        ] {
            let token = Tokens { bytes: text.as_bytes(), at: 0 }.next();
            assert_eq!(
                token.map(|token| String::from_utf8_lossy(token.bytes()).into_owned()),
                Some(quoted.into())
            );
        }
    }

    #[test]
    fn other_brackets_are_no_access_log() {
        for text in ["[24/Dec/2023:03:29:28 +0000] x", "a [info] b", "x [24/Dec/2023:03:29:28", ""] {
            assert!(!starts(text.as_bytes()), "{text}");
        }
    }
}
