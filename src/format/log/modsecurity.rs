//! ModSecurity's audit log, several lines in parts an event: `--0c1d2e3f-A--` … `--0c1d2e3f-Z--`.

use memchr::memmem::find;

use super::Sample;
use super::positional::positional;
use super::words::Words;
use crate::format::time;
use crate::model::{Role, Value};

/// The serial audit log of ModSecurity.
#[derive(Debug)]
pub struct ModSecurity;

positional!(
    ModSecurity,
    "modsecurity",
    "ModSecurity's audit log in parts (serial)",
    opens,
    split,
    &[Sample {
        header: "",
        text: "--0c1d2e3f-A--\n[05/Mar/2024:11:10:11.123456 +0100] ZeZw1aB2c3 192.0.2.1 51000 10.0.0.1 443\n--0c1d2e3f-B--\nGET /?x=1 HTTP/1.1\nDate: Tue, 05 Mar 2024 09:00:00 GMT\n\n--0c1d2e3f-H--\nMessage: Access denied with code 403 (phase 2). x\n--0c1d2e3f-Z--",
        ts: Some("2024-03-05T10:10:11.123456Z"),
        level: None,
        roles: &[
            (Role::RequestId, "ZeZw1aB2c3"),
            (Role::Message, "Access denied with code 403 (phase 2). x"),
        ],
    }]
);

/// Does the first part of an event open here?
pub(super) fn opens(rest: &[u8]) -> bool {
    is_boundary(rest, b'A')
}

/// `--0c1d2e3f-A--`: the name of the event, and of the part.
fn is_boundary(rest: &[u8], part: u8) -> bool {
    let Some(head) = rest.get(..14) else { return false };
    head.starts_with(b"--")
        && head[2..10].iter().all(u8::is_ascii_alphanumeric)
        && head[10] == b'-'
        && head[11] == part
        && head[12..] == *b"--"
}

/// Where the event that opens here ends: behind its last part.
pub(super) fn end(rest: &[u8]) -> Option<usize> {
    let closing = [b"\n", rest.get(..11).filter(|_| opens(rest))?, b"Z--"].concat();
    find(rest, &closing).map(|at| at + closing.len())
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let Some(line) = memchr::memchr(b'\n', entry).filter(|_| opens(entry)) else { return false };
    let mut words = Words::at(entry, line + 1);
    let Some(stamp) = words.bracket(b'[', 48) else { return false };
    put("timestamp", Value::plain(stamp));
    for name in ["request_id", "client"] {
        put(name, words.word().map_or(Value::Absent, Value::plain));
    }
    let line_of = |opening: &[u8]| {
        let at = find(entry, opening)? + opening.len();
        let end = memchr::memchr(b'\n', &entry[at..]).map_or(entry.len(), |end| at + end);
        Some(entry[at..end].trim_ascii_end())
    };
    let request = line_of(&[b"\n", &entry[..11], b"B--\n"].concat());
    if let Some(request) = request {
        put("request", Value::plain(request));
    }
    let message = line_of(b"\nMessage: ").or(request).unwrap_or(entry);
    put("message", Value::plain(message));
    time::read(stamp).is_some()
}
