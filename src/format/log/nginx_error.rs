//! nginx' error log: `2023/09/23 09:58:51 [error] 298#298: *1093 message, client: 1.2.3.4, server: _`.

use super::Sample;
use super::positional::positional;
use super::words::{Words, first_line};
use crate::format::time;
use crate::model::{Level, Role, Value};

/// nginx' error log.
#[derive(Debug)]
pub struct NginxError;

positional!(
    NginxError,
    "nginx-error",
    "nginx' error log, with client, server and request after the message",
    starts,
    split,
    &[Sample {
        header: "",
        text: r#"2023/09/23 09:58:51 [error] 298#298: *1093 open() "/srv/x" failed (2: No such file or directory), client: 1.2.3.4, server: _, request: "POST /login HTTP/1.1", host: "example.com""#,
        ts: Some("2023-09-23T09:58:51Z"),
        level: Some(Level::Error),
        roles: &[
            (
                Role::Message,
                r#"open() "/srv/x" failed (2: No such file or directory), client: 1.2.3.4, server: _, request: "POST /login HTTP/1.1", host: "example.com""#
            ),
            (Role::Thread, "298"),
        ],
    }]
);

fn starts(rest: &[u8]) -> bool {
    frame(rest).is_some()
}

/// Where the level's bracket opens, and where the message starts.
fn frame(rest: &[u8]) -> Option<(usize, Words<'_>)> {
    if rest.get(4) != Some(&b'/') || rest.get(19..21) != Some(b" [") {
        return None;
    }
    let mut words = Words::at(rest, 20);
    words.bracket(b'[', 12)?;
    words.eat(b" ")?;
    let pid = words.until(b'#', 12)?;
    words.until(b':', 12)?;
    pid.iter().all(u8::is_ascii_digit).then_some((20, words))
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let Some((bracket, mut words)) = frame(entry) else { return false };
    put("timestamp", Value::plain(&entry[..19]));
    let mut head = Words::at(entry, bracket);
    if let Some(level) = head.bracket(b'[', 12) {
        put("level", Value::plain(level));
    }
    if let Some(pid) = entry[head.place()..].split(|b| *b == b'#').next() {
        put("pid", Value::Number(pid.trim_ascii()));
    }
    if let Some(thread) = entry[head.place()..words.place() - 1].rsplit(|b| *b == b'#').next() {
        put("thread", Value::Number(thread));
    }
    words.blanks();
    if words.eat(b"*").is_some()
        && let Some(connection) = words.word()
    {
        put("connection", Value::Number(connection));
        words.blanks();
    }
    let message = entry[words.place()..].trim_ascii_end();
    put("message", Value::plain(message));
    // What nginx adds comes last: `, client: …, server: …, request: "…", host: "…"`.
    let line = first_line(message);
    for name in ["client", "server", "request", "upstream", "host", "referrer"] {
        let key = format!(", {name}: ");
        if let Some(at) = memchr::memmem::rfind(line, key.as_bytes()) {
            let value = &line[at + key.len()..];
            let value = match value.first() {
                Some(b'"') => super::words::quoted(value, 0).0,
                _ => value.split(|b| *b == b',').next().unwrap_or(value),
            };
            put(if name == "host" { "http_host" } else { name }, Value::plain(value));
        }
    }
    time::read(entry).is_some()
}
