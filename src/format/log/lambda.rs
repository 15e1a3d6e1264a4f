//! AWS Lambda's logs: what the platform says when an invocation starts and ends, and what the runtimes log between.

use super::Sample;
use super::positional::positional;
use super::words::{Words, first_line, is_uuid};
use crate::format::time;
use crate::model::{Level, Role, Value};

/// AWS Lambda.
#[derive(Debug)]
pub struct Lambda;

positional!(
    Lambda,
    "lambda",
    "AWS Lambda's START, END and REPORT lines, and what its runtimes log",
    starts,
    split,
    &[
        Sample {
            header: "",
            text: "REPORT RequestId: 8f5c7e0a-1b2c-4d3e-9f00-a1b2c3d4e5f0\tDuration: 102.25 ms\tBilled Duration: 103 ms\tMemory Size: 128 MB\tMax Memory Used: 50 MB\tInit Duration: 201.4 ms\t",
            ts: None,
            level: None,
            roles: &[
                (Role::RequestId, "8f5c7e0a-1b2c-4d3e-9f00-a1b2c3d4e5f0"),
                (Role::Duration, "102.25 ms"),
            ],
        },
        Sample {
            header: "",
            text: "REPORT RequestId: 8f5c7e0a-1b2c-4d3e-9f00-a1b2c3d4e5f0\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 128 MB\tStatus: timeout",
            ts: None,
            level: Some(Level::Error),
            roles: &[(Role::Duration, "3000.00 ms")],
        },
        Sample {
            header: "",
            text: "2024-03-05T10:10:12.923Z 8f5c7e0a-1b2c-4d3e-9f00-a1b2c3d4e5f0 Task timed out after 3.00 seconds",
            ts: Some("2024-03-05T10:10:12.923Z"),
            level: Some(Level::Error),
            roles: &[
                (Role::RequestId, "8f5c7e0a-1b2c-4d3e-9f00-a1b2c3d4e5f0"),
                (Role::Message, "Task timed out after 3.00 seconds"),
            ],
        },
        Sample {
            header: "",
            text: "2024-03-05T10:10:12.923Z\t8f5c7e0a-1b2c-4d3e-9f00-a1b2c3d4e5f0\tWARN\tslow: 12 items",
            ts: Some("2024-03-05T10:10:12.923Z"),
            level: Some(Level::Warn),
            roles: &[
                (Role::RequestId, "8f5c7e0a-1b2c-4d3e-9f00-a1b2c3d4e5f0"),
                (Role::Message, "slow: 12 items"),
            ],
        },
        Sample {
            header: "",
            text: "[ERROR]\t2024-03-05T10:10:12.923Z\t8f5c7e0a-1b2c-4d3e-9f00-a1b2c3d4e5f0\tno stock",
            ts: Some("2024-03-05T10:10:12.923Z"),
            level: Some(Level::Error),
            roles: &[(Role::RequestId, "8f5c7e0a-1b2c-4d3e-9f00-a1b2c3d4e5f0"), (Role::Message, "no stock")],
        },
        Sample {
            header: "",
            text: "RequestId: 8f5c7e0a-1b2c-4d3e-9f00-a1b2c3d4e5f0 Error: Runtime exited with error: signal: killed\nRuntime.ExitError",
            ts: None,
            level: Some(Level::Error),
            roles: &[(Role::RequestId, "8f5c7e0a-1b2c-4d3e-9f00-a1b2c3d4e5f0")],
        },
        Sample {
            header: "",
            text: "INIT_START Runtime Version: nodejs:18.v20\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:0c1d",
            ts: None,
            level: None,
            roles: &[],
        },
    ]
);

/// How the platform's own lines begin.
const PLATFORM: [&[u8]; 6] = [
    b"START RequestId: ",
    b"END RequestId: ",
    b"REPORT RequestId: ",
    b"RequestId: ",
    b"INIT_START ",
    b"INIT_REPORT ",
];

fn starts(rest: &[u8]) -> bool {
    match rest.first() {
        Some(b'S' | b'E' | b'R' | b'I') => PLATFORM.iter().any(|words| {
            rest.strip_prefix(*words)
                .is_some_and(|rest| !words.ends_with(b"RequestId: ") || rest.get(..36).is_some_and(is_uuid))
        }),
        Some(b'[' | b'2') => Runtime::of(first_line(&rest[..rest.len().min(128)])).is_some(),
        _ => false,
    }
}

/// What a runtime writes before what is said.
struct Runtime<'a> {
    time: &'a [u8],
    id: &'a [u8],
    level: Option<&'a [u8]>,
    message: usize,
}

impl<'a> Runtime<'a> {
    /// Of Node `TIME\tID\tLEVEL\tmessage`, of Python `[LEVEL]\tTIME\tID\tmessage`, of the platform `TIME ID Task timed out`.
    fn of(line: &'a [u8]) -> Option<Self> {
        let mut at = 0;
        let mut part = |end: &[u8]| {
            let rest = &line[at..];
            let length = rest.iter().take(40).position(|b| end.contains(b))?;
            at += length + 1;
            Some((&rest[..length], at))
        };
        let mut level = None;
        if line.first() == Some(&b'[') {
            let (bracket, _) = part(b"\t")?;
            level = Some(bracket.strip_prefix(b"[")?.strip_suffix(b"]")?);
        }
        // 2024-03-05T10:10:12.923Z: milliseconds and UTC, always.
        let (time, _) = part(b"\t ").filter(|(time, _)| time.len() == 24 && time.ends_with(b"Z"))?;
        let (id, mut message) = part(b"\t ").filter(|(id, _)| is_uuid(id) || *id == b"undefined")?;
        let tabbed = line[message - 1] == b'\t';
        if !tabbed && !line[message..].starts_with(b"Task timed out after ") {
            return None;
        }
        if tabbed && level.is_none() {
            let (word, end) = part(b"\t")?;
            Level::from_word(word)?;
            (level, message) = (Some(word), end);
        }
        Some(Runtime { time, id, level, message })
    }
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let line = first_line(entry);
    if let Some(runtime) = Runtime::of(line) {
        put("timestamp", Value::plain(runtime.time));
        if is_uuid(runtime.id) {
            put("request_id", Value::plain(runtime.id));
        }
        let message = &entry[runtime.message..];
        let level = runtime.level.or(message.starts_with(b"Task timed out after ").then_some(b"error"));
        if let Some(level) = level {
            put("level", Value::plain(level));
        }
        put("message", Value::plain(message.trim_ascii_end()));
        return time::read(runtime.time).is_some();
    }
    if !starts(entry) {
        return false;
    }
    let mut words = Words::of(line);
    let kind = words.word().unwrap_or_default();
    put("platform_event", Value::plain(kind.strip_suffix(b":").unwrap_or(kind)));
    if let Some(at) = memchr::memmem::find(line, b"RequestId: ") {
        put("request_id", Value::plain(&line[at + 11..line.len().min(at + 47)]));
    }
    if kind.ends_with(b":") {
        // What is said of an invocation outside of these lines is that its runtime died.
        put("level", Value::plain(b"error"));
    }
    for part in line.split(|b| *b == b'\t') {
        put_measure(part, put);
    }
    put("message", Value::plain(entry.trim_ascii_end()));
    true
}

/// `Duration: 102.25 ms`, `Max Memory Used: 50 MB`, `Status: timeout`, each between tabs.
fn put_measure<'a>(part: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) {
    let part = part.strip_prefix(b"INIT_REPORT ").unwrap_or(part);
    let Some(colon) = memchr::memmem::find(part, b": ") else { return };
    let value = part[colon + 2..].trim_ascii_end();
    let megabytes = || value.strip_suffix(b" MB").map_or(Value::plain(value), Value::Number);
    match &part[..colon] {
        b"Duration" => put("duration", Value::plain(value)),
        b"Billed Duration" => put("billed", Value::plain(value)),
        b"Init Duration" => {
            put("init", Value::plain(value));
            put("cold_start", Value::Bool(true));
        }
        b"Memory Size" => put("memory_size_mb", megabytes()),
        b"Max Memory Used" => put("max_memory_used_mb", megabytes()),
        b"Error Type" => put("error_type", Value::plain(value)),
        b"Status" if value != b"success" => {
            put("level", Value::plain(b"error"));
            put("ended_by", Value::plain(value));
        }
        _ => {}
    }
}
