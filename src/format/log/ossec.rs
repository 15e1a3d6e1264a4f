//! Alerts of OSSEC and Wazuh, several lines each: `** Alert 1709633411.4711: - syslog,sshd,`.

use super::Sample;
use super::positional::positional;
use super::words::first_line;
use crate::model::{Level, Role, Value};

/// OSSEC's `alerts.log`.
#[derive(Debug)]
pub struct Ossec;

positional!(
    Ossec,
    "ossec",
    "alerts of OSSEC and Wazuh",
    starts,
    split,
    &[Sample {
        header: "",
        text: "** Alert 1709633411.4711: mail  - syslog,sshd,\n2024 Mar 05 11:10:11 web1->/var/log/auth.log\nRule: 5716 (level 12) -> 'sshd: authentication failed.'\nUser: anna",
        ts: Some("2024-03-05T10:10:11Z"),
        level: Some(Level::Error),
        roles: &[(Role::Message, "sshd: authentication failed."), (Role::Host, "web1"), (Role::User, "anna")],
    }]
);

fn starts(rest: &[u8]) -> bool {
    let Some(rest) = rest.strip_prefix(b"** Alert ") else { return false };
    rest.get(..11).is_some_and(|stamp| stamp[..10].iter().all(u8::is_ascii_digit) && stamp[10] == b'.')
}

/// What Wazuh's sixteen levels of rules mean: from 12 on high importance, from 7 on a person should look.
fn level(number: &[u8]) -> Option<&'static [u8]> {
    Some(match std::str::from_utf8(number).ok()?.parse::<u8>().ok()? {
        0..=6 => b"info",
        7..=11 => b"warning",
        12..=14 => b"error",
        _ => b"critical",
    })
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    if !starts(entry) {
        return false;
    }
    // Behind the dot stands a place in a file, no fraction.
    put("timestamp", Value::Number(&entry[9..19]));
    let mut said = false;
    for line in entry.split(|b| *b == b'\n').skip(1) {
        let line = line.trim_ascii_end();
        if let Some(rule) = line.strip_prefix(b"Rule: ") {
            if let Some(at) = memchr::memmem::find(rule, b"(level ") {
                let digits = rule[at + 7..].iter().take_while(|b| b.is_ascii_digit()).count();
                if let Some(level) = level(&rule[at + 7..at + 7 + digits]) {
                    put("level", Value::plain(level));
                }
            }
            if let Some(at) = memchr::memmem::find(rule, b"-> '") {
                let text = &rule[at + 4..];
                put("message", Value::plain(text.strip_suffix(b"'").unwrap_or(text)));
                said = true;
            }
        } else if let Some(user) = line.strip_prefix(b"User: ") {
            put("user", Value::plain(user));
        } else if let Some(arrow) = memchr::memmem::find(line, b"->")
            && !said
            && let Some(host) = line[..arrow].rsplit(|b| *b == b' ').next().filter(|host| !host.is_empty())
        {
            put("hostname", Value::plain(host));
        }
    }
    if !said {
        put("message", Value::plain(first_line(entry)));
    }
    true
}
