//! Squid's access log: `1066036250.603 310 10.0.0.8 TCP_MISS/200 1234 GET http://example.com/ - DIRECT/1.2.3.4 text/html`.

use super::Sample;
use super::positional::positional;
use super::words::{Words, bare, first_line};
use crate::model::{Level, Role, Value};

/// Squid's native log.
#[derive(Debug)]
pub struct Squid;

positional!(
    Squid,
    "squid",
    "Squid's native access log",
    starts,
    split,
    &[Sample {
        header: "",
        text: "1066036250.603    310 10.0.0.8 TCP_MISS/503 1234 GET http://example.com/ - DIRECT/1.2.3.4 text/html",
        ts: Some("2003-10-13T09:10:50.603Z"),
        level: Some(Level::Error),
        roles: &[(Role::Status, "503"), (Role::Duration, "310")],
    }]
);

fn starts(rest: &[u8]) -> bool {
    // Ten digits, a dot and three more: seconds and milliseconds.
    let Some(stamp) = rest.get(..15) else { return false };
    let digits = stamp[..10].iter().chain(&stamp[11..14]).all(u8::is_ascii_digit);
    digits && stamp[10] == b'.' && stamp[14] == b' ' && {
        let mut words = Words::at(&rest[..rest.len().min(160)], 14);
        words.word().is_some_and(|elapsed| elapsed.iter().all(u8::is_ascii_digit))
            && words.word().is_some()
            && words.word().is_some_and(|result| result.contains(&b'/') && result[0].is_ascii_uppercase())
    }
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let line = first_line(entry);
    let mut words = Words::of(line);
    for name in ["timestamp", "elapsed_ms", "client"] {
        put(name, words.word().map_or(Value::Absent, bare));
    }
    let Some(result) = words.word() else { return false };
    let slash = memchr::memchr(b'/', result).unwrap_or(result.len());
    put("result", Value::plain(&result[..slash]));
    put("status", bare(result.get(slash + 1..).unwrap_or_default()));
    for name in ["bytes", "method"] {
        put(name, words.word().map_or(Value::Absent, bare));
    }
    put("message", Value::plain(words.rest()));
    for name in ["url", "user", "hierarchy", "content_type"] {
        put(name, words.word().map_or(Value::Absent, bare));
    }
    starts(line)
}
