//! WebSphere and Liberty: `[3/5/24 10:10:11:123 CET] 0000004a ServletWrappe E message`.

use super::Sample;
use super::layout::stamp;
use super::positional::positional;
use super::words::{Words, first_line};
use crate::model::{Level, Role, Value};

/// The basic format of WebSphere's `SystemOut.log` and of Liberty's `messages.log`.
#[derive(Debug)]
pub struct WebSphere;

positional!(
    WebSphere,
    "websphere",
    "WebSphere's SystemOut.log and Liberty's messages.log",
    starts,
    split,
    &[Sample {
        header: "",
        text: "[15.03.24, 10:10:11:123 MEZ] 0000002a com.ibm.ws.Pay                                W CWWKX0001W: slow",
        ts: Some("2024-03-15T09:10:11.123Z"),
        level: Some(Level::Warn),
        roles: &[
            (Role::Thread, "0000002a"),
            (Role::Logger, "com.ibm.ws.Pay"),
            (Role::Message, "CWWKX0001W: slow"),
        ],
    }]
);

/// What a letter says of the event (IBM, "Interpreting the trace output"): audit, service, entry and exit among them.
fn level(letter: u8) -> Option<&'static [u8]> {
    Some(match letter {
        b'F' => b"fatal",
        b'E' => b"error",
        b'W' => b"warning",
        b'A' | b'I' | b'O' => b"info",
        b'R' => b"error",
        b'C' | b'D' | b'1' => b"debug",
        b'2' | b'3' | b'<' | b'>' => b"trace",
        _ => return None,
    })
}

/// Where the time ends, and the words behind its bracket up to the message.
fn frame(rest: &[u8]) -> Option<(usize, Words<'_>, &'static [u8])> {
    let line = first_line(&rest[..rest.len().min(240)]);
    let close = memchr::memchr(b']', line).filter(|close| line[0] == b'[' && (18..48).contains(close))?;
    let mut words = Words::at(line, close + 1);
    words.word().filter(|thread| thread.len() == 8 && thread.iter().all(u8::is_ascii_hexdigit))?;
    words.word()?;
    let letter = words.word().filter(|letter| letter.len() == 1)?;
    let level = level(letter[0])?;
    stamp(&line[1..]).is_some().then_some((close, words, level))
}

fn starts(rest: &[u8]) -> bool {
    rest.first() == Some(&b'[') && frame(rest).is_some()
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let Some((close, words, level)) = frame(entry) else { return false };
    put("timestamp", Value::plain(&entry[1..close]));
    put("level", Value::plain(level));
    let mut names = Words::at(entry, close + 1);
    for name in ["thread", "logger"] {
        put(name, names.word().map_or(Value::Absent, Value::plain));
    }
    put("message", Value::plain(entry[words.place()..].trim_ascii()));
    true
}
