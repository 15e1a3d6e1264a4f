//! Gin, Go's web framework: `[GIN] 2022/02/07 - 10:49:33 | 401 |     505.317µs |       10.1.2.3 | POST     "/client"`.

use super::Sample;
use super::positional::positional;
use super::words::{bare, first_line};
use crate::format::time;
use crate::model::{Role, Value};

/// Gin's request log.
#[derive(Debug)]
pub struct Gin;

positional!(
    Gin,
    "gin",
    "Gin's request log",
    starts,
    split,
    &[Sample {
        header: "",
        text: "[GIN] 2022/02/07 - 10:49:33 | 401 |     505.317µs |       10.1.2.3 | POST     \"/client\"",
        ts: Some("2022-02-07T10:49:33Z"),
        level: None,
        roles: &[
            (Role::Status, "401"),
            (Role::Duration, "505.317µs"),
            (Role::Message, "POST     \"/client\"")
        ],
    }]
);

fn starts(rest: &[u8]) -> bool {
    rest.starts_with(b"[GIN] ") && time::read(&rest[6..rest.len().min(60)]).is_some()
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let line = first_line(entry);
    let Some(rest) = line.strip_prefix(b"[GIN] ") else { return false };
    let names = ["timestamp", "status", "duration", "client", "message"];
    for (name, part) in names.into_iter().zip(rest.splitn(5, |b| *b == b'|')) {
        put(name, bare(part.trim_ascii()));
    }
    time::read(rest).is_some()
}
