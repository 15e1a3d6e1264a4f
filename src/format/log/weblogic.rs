//! WebLogic Server's log file: `####<time> <Severity> <Subsystem> <Machine> <Server> <Thread> … <BEA-000001> <message>`.

use super::Sample;
use super::positional::positional;
use super::words::first_line;
use crate::model::{Level, Role, Value};

/// WebLogic's server and domain log.
#[derive(Debug)]
pub struct WebLogic;

positional!(
    WebLogic,
    "weblogic",
    "WebLogic's server and domain logs (####<…>)",
    starts,
    split,
    &[
        Sample {
            header: "",
            text: "####<May 18, 2018 11:57:01 AM CST> <Error> <HTTP> <web1> <Admin> <[ACTIVE] ExecuteThread: '0'> <<WLS Kernel>> <> <> <1526615821000> <BEA-101017> <no <x> 0>",
            ts: Some("2018-05-18T03:57:01Z"),
            level: Some(Level::Error),
            roles: &[
                (Role::Logger, "HTTP"),
                (Role::Host, "web1"),
                (Role::Service, "Admin"),
                (Role::Thread, "[ACTIVE] ExecuteThread: '0'"),
                (Role::Message, "no <x> 0"),
            ],
        },
        // Since 12.2.1 attributes stand before the message's id.
        Sample {
            header: "",
            text: "####<Mar 5, 2024, 10:10:11,123 AM Central European Time> <Notice> <Server> <h1> <ms1> <main> <anna> <> <a1b2c3d4-0001> <1709629811123> <[severity-value: 32] [rid: 0] > <BEA-002613> <Channel is up>",
            ts: Some("2024-03-05T09:10:11.123Z"),
            level: Some(Level::Info),
            roles: &[
                (Role::User, "anna"),
                (Role::RequestId, "a1b2c3d4-0001"),
                (Role::Message, "Channel is up"),
            ],
        },
        // Before 9.0 there were neither a diagnostic context nor the time in milliseconds.
        Sample {
            header: "",
            text: "####<May 18, 2004 11:57:01 AM PDT> <Warning> <JDBC> <h1> <ms1> <main> <> <> <BEA-001129> <Received exception: no>",
            ts: Some("2004-05-18T18:57:01Z"),
            level: Some(Level::Warn),
            roles: &[(Role::Message, "Received exception: no")],
        },
    ],
    time = time
);

/// The number that is the instant, where there is one.
fn time(entry: &[u8]) -> Option<&[u8]> {
    let mut found = None;
    split(entry, &mut |name, value| {
        if let ("timestamp", Value::Number(number)) = (name, value) {
            found = Some(number);
        }
    });
    found
}

fn starts(rest: &[u8]) -> bool {
    rest.starts_with(b"####<") && memchr::memmem::find(first_line(rest), b"> <").is_some()
}

/// The text in the brackets that open at `at`, which may hold others, and where they end.
fn bracket(entry: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let mut depth = 0_usize;
    for found in memchr::memchr2_iter(b'<', b'>', entry.get(at..)?) {
        let place = at + found;
        match (entry[place], depth) {
            (b'<', 0) if found > 0 => return None,
            (b'<', _) => depth += 1,
            (_, 0) => return None,
            (_, 1) => return Some((&entry[at + 1..place], place + 1)),
            _ => depth -= 1,
        }
    }
    None
}

/// `BEA-101017`: the catalogue and the number of a message.
fn is_id(text: &[u8]) -> bool {
    let Some(dash) = memchr::memchr(b'-', text) else { return false };
    let (catalogue, number) = (&text[..dash], &text[dash + 1..]);
    !catalogue.is_empty()
        && catalogue.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && number.len() >= 4
        && number.iter().all(u8::is_ascii_digit)
}

/// What WebLogic calls levels that nobody else does (Oracle, "Message Severity").
fn level(severity: &[u8]) -> &[u8] {
    match severity {
        b"Emergency" => b"fatal",
        b"Alert" | b"Critical" => b"critical",
        b"Notice" => b"info",
        other => other,
    }
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    const NAMES: [&str; 8] =
        ["timestamp", "level", "logger", "host", "service", "thread", "user", "transaction"];
    let mut at = 4;
    let mut written: Option<&[u8]> = None;
    for name in NAMES {
        let Some((text, end)) = bracket(entry, at) else { return written.is_some() };
        at = end + usize::from(entry.get(end) == Some(&b' '));
        match name {
            "timestamp" => written = Some(text),
            "level" => put(name, Value::plain(level(text))),
            // `<WLS Kernel>` and the like are WebLogic itself, for nobody.
            "user" if text.starts_with(b"<") => {}
            _ if text.is_empty() => {}
            _ => put(name, Value::plain(text)),
        }
    }
    let mut instant = None;
    while let Some((text, end)) = bracket(entry, at) {
        let next = end + usize::from(entry.get(end) == Some(&b' '));
        if is_id(text) {
            put("message_id", Value::plain(text));
            at = next;
            break;
        }
        // Without an id the last one is the message.
        if entry.get(next) != Some(&b'<') {
            break;
        }
        if text.len() == 13 && text.iter().all(u8::is_ascii_digit) {
            instant = Some(Value::Number(text));
        } else if !text.is_empty() && !text.starts_with(b"[") {
            put("correlation_id", Value::plain(text));
        }
        at = next;
    }
    // The number is the instant; what is written may name a zone that several places share.
    let stamp = instant.or(written.map(Value::plain)).unwrap_or_default();
    put("timestamp", stamp);
    let message = entry.get(at..).unwrap_or_default().trim_ascii();
    let message = message.strip_prefix(b"<").unwrap_or(message);
    put("message", Value::plain(message.strip_suffix(b">").map_or(message, <[u8]>::trim_ascii_end)));
    true
}
