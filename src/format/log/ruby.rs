//! Ruby's Logger: `W, [2023-03-13T09:25:23.245316 #1]  WARN -- progname: message`.

use super::Sample;
use super::positional::positional;
use super::words::Words;
use crate::format::time;
use crate::model::{Level, Role, Value};

/// Ruby's Logger, as Rails and Sidekiq use it.
#[derive(Debug)]
pub struct Ruby;

positional!(
    Ruby,
    "ruby",
    "Ruby's Logger",
    starts,
    split,
    &[Sample {
        header: "",
        text: "W, [2023-03-13T09:25:23.245316 #7]  WARN -- jobs: [d93bcb42-42af-494a-bdd1-f07d2e68ed97] Failed login for 'user'",
        ts: Some("2023-03-13T09:25:23.245316Z"),
        level: Some(Level::Warn),
        roles: &[
            (Role::Logger, "jobs"),
            (Role::RequestId, "d93bcb42-42af-494a-bdd1-f07d2e68ed97"),
            (Role::Message, "[d93bcb42-42af-494a-bdd1-f07d2e68ed97] Failed login for 'user'"),
        ],
    }]
);

fn starts(rest: &[u8]) -> bool {
    matches!(rest.get(..5), Some([b'D' | b'I' | b'W' | b'E' | b'F' | b'A', b',', b' ', b'[', b'0'..=b'9']))
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    if !starts(entry) {
        return false;
    }
    let mut words = Words::at(entry, 3);
    let Some(bracket) = words.bracket(b'[', 64) else { return false };
    let end = memchr::memchr(b'#', bracket).unwrap_or(bracket.len());
    put("timestamp", Value::plain(bracket[..end].trim_ascii()));
    if let Some(pid) = bracket.get(end + 1..) {
        put("pid", Value::Number(pid));
    }
    let Some(level) = words.word() else { return false };
    put("level", Value::plain(if level == b"ANY" { b"INFO" } else { level }));
    words.blanks();
    if words.eat(b"--").is_some() {
        words.blanks();
        if let Some(program) = words.until(b':', 100).map(<[u8]>::trim_ascii).filter(|name| !name.is_empty())
        {
            put("logger", Value::plain(program));
        }
    }
    words.blanks();
    put("message", Value::plain(entry[words.place()..].trim_ascii_end()));
    time::read(bracket).is_some()
}
