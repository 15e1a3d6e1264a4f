//! The Linux audit log: `type=SYSCALL msg=audit(1684331127.039:3210): arch=c000003e …`.

use super::Sample;
use super::body;
use super::positional::positional;
use super::words::first_line;
use crate::format::time;
use crate::model::{Role, Value};

/// auditd.
#[derive(Debug)]
pub struct Auditd;

positional!(
    Auditd,
    "auditd",
    "the Linux audit log",
    starts,
    split,
    &[Sample {
        header: "",
        text: "type=SYSCALL msg=audit(1684331127.039:3210): arch=c000003e syscall=59 success=yes exit=0 pid=27280 comm=\"sh\"",
        ts: Some("2023-05-17T13:45:27.039Z"),
        level: None,
        roles: &[
            (Role::Logger, "SYSCALL"),
            (Role::Message, "arch=c000003e syscall=59 success=yes exit=0 pid=27280 comm=\"sh\"")
        ],
    }]
);

/// Where the type ends, and the bracket of the time.
fn frame(rest: &[u8]) -> Option<(usize, usize, usize)> {
    let head = &rest[..rest.len().min(160)];
    // `node=host` may come first.
    let at = if head.starts_with(b"node=") { memchr::memchr(b' ', head)? + 1 } else { 0 };
    let kind = head[at..].strip_prefix(b"type=")?;
    let end = at + 5 + memchr::memchr(b' ', kind)?;
    let open = head[end..].strip_prefix(b" msg=audit(").map(|_| end + 11)?;
    let close = open + memchr::memchr(b')', &head[open..])?;
    Some((end, open, close))
}

fn starts(rest: &[u8]) -> bool {
    matches!(rest.first(), Some(b't' | b'n')) && frame(rest).is_some()
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let line = first_line(entry);
    let Some((end, open, close)) = frame(line) else { return false };
    let Some((_, used)) = time::epoch(&line[open..close]) else { return false };
    put("timestamp", Value::Number(&line[open..open + used]));
    let kind = memchr::memmem::find(line, b"type=").map_or(0, |at| at + 5);
    put("logger", Value::plain(&line[kind..end]));
    if let Some(serial) = line[open + used..close].strip_prefix(b":") {
        put("serial", Value::Number(serial));
    }
    let message = line[close + 1..].strip_prefix(b":").unwrap_or(&line[close + 1..]).trim_ascii();
    put("message", Value::plain(message));
    body::pairs(message, &mut |key, value| {
        if let Ok(key) = std::str::from_utf8(key)
            && !matches!(key, "type" | "msg" | "uid")
        {
            put(key, value);
        }
    });
    true
}
