//! journald's verbose output: a line with the time and the cursor, below it fields in indented lines of `NAME=value`.

use super::Sample;
use super::journal::message;
use super::positional::positional;
use super::words::first_line;
use crate::format::time;
use crate::model::{Level, Role, Value};

/// `journalctl -o verbose`.
#[derive(Debug)]
pub struct JournalVerbose;

positional!(
    JournalVerbose,
    "journal-verbose",
    "journald's verbose output",
    starts,
    split,
    &[Sample {
        header: "",
        text: "Tue 2024-03-05 10:10:10.123456 UTC [s=6c7c6013a8de;i=10;b=2b6f0a6e;m=1b2c3d;t=6130c1f0a1b2c;x=1a2b]\n    _TRANSPORT=journal\n    PRIORITY=4\n    SYSLOG_IDENTIFIER=payd\n    _HOSTNAME=web1\n    MESSAGE=pool is full\n            since 10:10\n    _PID=77",
        ts: Some("2024-03-05T10:10:10.123456Z"),
        level: Some(Level::Warn),
        roles: &[
            (Role::Host, "web1"),
            (Role::Service, "payd"),
            (Role::Message, "pool is full\n            since 10:10"),
        ],
    }]
);

/// Where the time begins and ends: `Tue 2024-03-05 10:10:10.123456 UTC [s=…;i=…`, the weekday being a word of any language.
fn frame(line: &[u8]) -> Option<(usize, usize)> {
    let cursor = memchr::memmem::find(&line[..line.len().min(80)], b" [s=")?;
    let from = memchr::memchr(b' ', &line[..cursor])? + 1;
    memchr::memmem::find(&line[cursor..], b";i=")?;
    line.ends_with(b"]").then_some((from, cursor))
}

fn starts(rest: &[u8]) -> bool {
    let is_date = |at: usize| rest.get(at..at + 8).is_some_and(|date| date[4] == b'-' && date[7] == b'-');
    rest.first().is_some_and(|b| !b.is_ascii_whitespace())
        && rest.iter().take(12).position(|b| *b == b' ').is_some_and(|blank| is_date(blank + 1))
        && frame(first_line(rest)).is_some()
}

/// The name of the field that a line begins, and how long it is with the blanks before it.
fn name(line: &[u8]) -> Option<(&str, usize)> {
    let rest = line.strip_prefix(b"    ")?;
    let length =
        rest.iter().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || **b == b'_').count();
    let named = length > 0 && rest.get(length) == Some(&b'=');
    let name = named.then(|| std::str::from_utf8(&rest[..length]).ok())??;
    Some((name, 4 + length + 1))
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let line = first_line(entry);
    let Some((from, to)) = frame(line) else { return false };
    put("timestamp", Value::plain(&line[from..to]));
    let mut starts: Vec<usize> = memchr::memchr_iter(b'\n', entry)
        .map(|end| end + 1)
        .filter(|at| name(&entry[*at..]).is_some())
        .collect();
    starts.push(entry.len() + 1);
    for pair in starts.windows(2) {
        let field = entry.get(pair[0]..pair[1] - 1).unwrap_or_default();
        let Some((name, length)) = name(field) else { continue };
        let value = field[length..].trim_ascii_end();
        match name {
            "MESSAGE" => message(value, put),
            _ => put(name, Value::plain(value)),
        }
    }
    time::read(&line[from..to]).is_some()
}
