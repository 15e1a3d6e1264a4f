//! journald's export format: fields in lines of `NAME=value`, entries parted by an empty line; a value of several
//! lines comes with its length in bytes.

use super::json::{MESSAGES, is_object};
use super::positional::positional;
use super::{Sample, json};
use crate::model::{Level, Role, Text, Value};

/// `journalctl -o export`.
#[derive(Debug)]
pub struct Journal;

positional!(
    Journal,
    "journal-export",
    "journald's export format (its JSON is read as JSON)",
    starts,
    split,
    &[
        Sample {
            header: "",
            text: "__CURSOR=s=1;i=4\n__REALTIME_TIMESTAMP=1703387663123456\nPRIORITY=6\n_HOSTNAME=web1\nMESSAGE={\"level\":\"error\",\"msg\":\"pool exhausted\",\"rid\":\"ab12\"}\n",
            ts: Some("2023-12-24T03:14:23.123456Z"),
            level: Some(Level::Error),
            roles: &[(Role::RequestId, "ab12"), (Role::Message, "pool exhausted")],
        },
        Sample {
            header: "",
            text: "__CURSOR=s=739ad463348b4ceca5a9e69c95a3c93f;i=4ece7\n__REALTIME_TIMESTAMP=1703387663123456\n__MONOTONIC_TIMESTAMP=3721\nPRIORITY=3\n_HOSTNAME=web1\nSYSLOG_IDENTIFIER=payd\n_PID=77\nMESSAGE=pool exhausted rid=ab12\n",
            ts: Some("2023-12-24T03:14:23.123456Z"),
            level: Some(Level::Error),
            roles: &[
                (Role::Host, "web1"),
                (Role::Service, "payd"),
                (Role::RequestId, "ab12"),
                (Role::Message, "pool exhausted rid=ab12"),
            ],
        },
        // A value with line ends, or with colours, comes with its length.
        Sample {
            header: "",
            text: "__CURSOR=s=1;i=5\n__REALTIME_TIMESTAMP=1703387663123456\nPRIORITY=3\nMESSAGE\n\x14\0\0\0\0\0\0\0no such table\n  at x\n_PID=77\n",
            ts: Some("2023-12-24T03:14:23.123456Z"),
            level: Some(Level::Error),
            roles: &[(Role::Message, "no such table\n  at x")],
        },
    ],
    length = length
);

fn starts(rest: &[u8]) -> bool {
    rest.starts_with(b"__CURSOR=")
}

/// An entry ends with an empty line that is no value's.
fn length(rest: &[u8]) -> Option<usize> {
    if !starts(rest) {
        return None;
    }
    let mut at = 0;
    while let Some((_, _, length)) = rest.get(at..).and_then(field) {
        at += length + 1;
    }
    (at > 0).then(|| (at - 1).min(rest.len()))
}

/// What was said; of an object of JSON its fields, of which one may be the message.
pub(super) fn message<'a>(said: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) {
    let mut named = false;
    if is_object(said) {
        // Damage inside: what was read of it counts.
        let _ = json::each_field(said, |key: Text<'a>, value| {
            named |= MESSAGES.contains(&key.raw);
            put(&key.text(), value);
        });
    }
    if !named {
        put("message", Value::plain(said));
    }
}

/// A field at the start of `rest`: `NAME=value`; or, where the value has line ends in it, `NAME`, its length in eight
/// bytes, the value (systemd, "Journal Export Formats"). Its name, its value, and where it ends.
fn field(rest: &[u8]) -> Option<(&[u8], &[u8], usize)> {
    let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    let line = &rest[..end];
    if let Some(equals) = memchr::memchr(b'=', line) {
        return Some((&line[..equals], &line[equals + 1..], end));
    }
    let is_name =
        !line.is_empty() && line.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_');
    let size = rest.get(end + 1..)?.first_chunk::<8>().filter(|_| is_name)?;
    let from = end + 9;
    let to = usize::try_from(u64::from_le_bytes(*size)).ok()?.checked_add(from)?.min(rest.len());
    Some((line, &rest[from..to], to))
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let mut timed = false;
    let mut at = 0;
    while at < entry.len() {
        let rest = &entry[at..];
        let Some((name, value, length)) = field(rest) else {
            at += memchr::memchr(b'\n', rest).unwrap_or(rest.len()) + 1;
            continue;
        };
        at += length + 1;
        match name {
            b"__REALTIME_TIMESTAMP" => {
                timed = true;
                put("timestamp", Value::Number(value));
            }
            b"MESSAGE" => message(value.trim_ascii_end(), put),
            b"__CURSOR" => {}
            _ => {
                if let Ok(name) = std::str::from_utf8(name) {
                    put(name, Value::plain(value));
                }
            }
        }
    }
    timed
}
