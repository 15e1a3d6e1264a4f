//! uWSGI's request log: `[pid: 7|app: 0|req: 1/1] 1.2.3.4 () {40 vars in 500 bytes} [Sun Dec 24 03:14:23 2023] GET / => …`.

use memchr::memmem::find;

use super::Sample;
use super::positional::positional;
use super::words::{bare, first_line};
use crate::format::time;
use crate::model::{Role, Value};

/// uWSGI.
#[derive(Debug)]
pub struct Uwsgi;

positional!(
    Uwsgi,
    "uwsgi",
    "uWSGI's request log",
    starts,
    split,
    &[Sample {
        header: "",
        text: "[pid: 12|app: 0|req: 3/7] 10.0.0.9 () {44 vars in 812 bytes} [Sun Dec 24 03:14:23 2023] GET /orders => generated 21 bytes in 43 msecs (HTTP/1.1 200) 2 headers in 73 bytes (1 switches on core 0)",
        ts: Some("2023-12-24T03:14:23Z"),
        level: None,
        roles: &[(Role::Status, "200"), (Role::Duration, "43")],
    }]
);

fn starts(rest: &[u8]) -> bool {
    rest.starts_with(b"[pid: ") && find(&rest[..rest.len().min(40)], b"|app: ").is_some()
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let line = first_line(entry);
    let between = |from: &[u8], to: &[u8]| {
        let at = find(line, from)? + from.len();
        Some(&line[at..at + find(&line[at..], to)?])
    };
    let Some(stamp) = between(b"} [", b"] ") else { return false };
    put("timestamp", Value::plain(stamp));
    for (name, from, to) in [
        ("pid", &b"[pid: "[..], &b"|"[..]),
        ("client", b"] ", b" "),
        ("method", b"] ", b" "),
        ("path", b"] ", b" "),
        ("bytes", b"generated ", b" "),
        ("duration_ms", b" bytes in ", b" "),
        ("status", b" (HTTP/1.1 ", b")"),
        ("status", b" (HTTP/1.0 ", b")"),
    ] {
        match name {
            "method" | "path" => {
                let Some(at) =
                    find(line, b"} [").and_then(|at| find(&line[at..], b"] ").map(|end| at + end + 2))
                else {
                    continue;
                };
                let word = line[at..].split(|b| *b == b' ').nth(usize::from(name == "path"));
                put(name, word.map_or(Value::Absent, Value::plain));
            }
            "duration_ms" => {
                let at = find(line, b"generated ").unwrap_or(0);
                if let Some(found) = find(&line[at..], from) {
                    let rest = &line[at + found + from.len()..];
                    put(name, bare(rest.split(|b| *b == b' ').next().unwrap_or_default()));
                }
            }
            _ => {
                if let Some(value) = between(from, to) {
                    put(name, bare(value));
                }
            }
        }
    }
    put("message", Value::plain(line.trim_ascii_end()));
    time::read(stamp).is_some()
}
