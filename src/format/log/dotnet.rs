//! .NET's console logger: `info: Namespace.Class[0]` with the message indented on the next lines.

use super::Sample;
use super::positional::positional;
use super::words::{Words, bare};
use crate::format::time;
use crate::model::{Level, Role, Value};

/// Microsoft.Extensions.Logging's console formatter.
#[derive(Debug)]
pub struct Dotnet;

positional!(
    Dotnet,
    "dotnet",
    ".NET's console logger, with or without a time before the level",
    starts,
    split,
    &[
        Sample {
            header: "",
            text: "fail: Acme.Pay.Controllers.OrderController[17]\n      Payment failed\n      System.TimeoutException: x",
            ts: None,
            level: Some(Level::Error),
            roles: &[
                (Role::Logger, "Acme.Pay.Controllers.OrderController"),
                (Role::Message, "Payment failed\n      System.TimeoutException: x"),
            ],
        },
        Sample {
            header: "",
            text: "2023-12-24T03:14:23.1234567Z warn: Microsoft.AspNetCore.Server.Kestrel[22] Heartbeat took longer than 00:00:01",
            ts: Some("2023-12-24T03:14:23.123456700Z"),
            level: Some(Level::Warn),
            roles: &[(Role::Message, "Heartbeat took longer than 00:00:01")],
        },
        Sample {
            header: "",
            text: "info: Microsoft.AspNetCore.HttpLogging.HttpLoggingMiddleware[9]\n      Request and Response:\n      Method: GET\n      Path: /till/2\n      StatusCode: 503\n      Date: Tue, 05 Mar 2024 10:10:11 GMT\n      Duration: 12.5",
            ts: None,
            level: Some(Level::Info),
            roles: &[(Role::Status, "503"), (Role::Duration, "12.5")],
        },
    ]
);

/// Where the level starts; behind it a colon and `Name[number]`.
fn frame(rest: &[u8]) -> Option<(usize, usize)> {
    let level_at = |at: usize| {
        let word = rest.get(at..at + 6)?;
        let level = matches!(&word[..4], b"trce" | b"dbug" | b"info" | b"warn" | b"fail" | b"crit");
        (level && &word[4..] == b": ").then_some(())?;
        let name = &rest[at + 6..rest.len().min(at + 240)];
        let open = name
            .iter()
            .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'`' | b'+')))?;
        let digits = name[open + 1..].iter().take_while(|b| b.is_ascii_digit() || **b == b'-').count();
        (name[open] == b'[' && digits > 0 && name.get(open + 1 + digits) == Some(&b']')).then_some(())
    };
    match rest.first()? {
        b't' | b'd' | b'i' | b'w' | b'f' | b'c' => level_at(0).map(|()| (0, 0)),
        b'0'..=b'9' | b'[' => {
            let from = usize::from(rest[0] == b'[');
            let (_, used) = time::read(&rest[from..])?;
            let mut at = from + used;
            at += rest[at..].iter().take(3).take_while(|b| matches!(b, b']' | b' ')).count();
            level_at(at).map(|()| (at, used))
        }
        _ => None,
    }
}

fn starts(rest: &[u8]) -> bool {
    frame(rest).is_some()
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let Some((at, used)) = frame(entry) else { return false };
    if used > 0 {
        let from = usize::from(entry[0] == b'[');
        put("timestamp", Value::plain(&entry[from..from + used]));
    }
    let level: &'static [u8] = match &entry[at..at + 4] {
        b"trce" => b"trace",
        b"dbug" => b"debug",
        b"info" => b"info",
        b"warn" => b"warn",
        b"fail" => b"error",
        _ => b"critical",
    };
    put("level", Value::plain(level));
    let mut words = Words::at(entry, at + 6);
    if let Some(name) = words.until(b'[', 240) {
        put("logger", Value::plain(name));
    }
    if let Some(number) = words.until(b']', 16) {
        put("event_id", Value::Number(number));
    }
    let message = entry[words.place()..].trim_ascii();
    put("message", Value::plain(message));
    if memchr::memmem::find(&entry[..words.place()], b".HttpLogging.").is_some() {
        http(message, put);
    }
    true
}

/// What the middleware for HTTP logging says of a request, a line each; its duration is in milliseconds (ASP.NET Core,
/// "HTTP logging").
fn http<'a>(message: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) {
    for line in message.split(|b| *b == b'\n').map(<[u8]>::trim_ascii) {
        let Some(colon) = memchr::memmem::find(line, b": ") else { continue };
        let name = match &line[..colon] {
            b"Method" => "method",
            b"Path" => "path",
            b"StatusCode" => "status",
            b"Duration" => "duration_ms",
            _ => continue,
        };
        put(name, bare(&line[colon + 2..]));
    }
}
