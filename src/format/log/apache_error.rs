//! Apache's error log: `[Wed Jul 05 09:19:24.428126 2023] [core:error] [pid 7:tid 8] [client 1.2.3.4:5] AH00126: …`.

use super::Sample;
use super::positional::positional;
use super::words::Words;
use crate::format::time;
use crate::model::{Level, Role, Value};

/// Apache's error log.
#[derive(Debug)]
pub struct ApacheError;

positional!(
    ApacheError,
    "apache-error",
    "Apache's error log, with module, process and client in brackets",
    starts,
    split,
    &[
        Sample {
            header: "",
            text: "[Fri Oct 08 17:08:41.203277 2021] [core:error] [pid 7005:tid 140667133085440] [client 88.168.206.87:14532] AH00126: Invalid URI in request GET / HTTP/1",
            ts: Some("2021-10-08T17:08:41.203277Z"),
            level: Some(Level::Error),
            roles: &[
                (Role::Logger, "core"),
                (Role::Thread, "140667133085440"),
                (Role::Message, "AH00126: Invalid URI in request GET / HTTP/1"),
            ],
        },
        Sample {
            header: "",
            text: "[Sun Dec 04 04:47:44 2005] [notice] workerEnv.init() ok /etc/httpd/conf/workers2.properties",
            ts: Some("2005-12-04T04:47:44Z"),
            level: Some(Level::Info),
            roles: &[(Role::Message, "workerEnv.init() ok /etc/httpd/conf/workers2.properties")],
        },
    ]
);

/// `[Fri Oct 08 …] [`: the time's bracket, its end, and the next one.
fn time_end(rest: &[u8]) -> Option<usize> {
    let weekday = matches!(rest.get(..5)?, [b'[', b'A'..=b'Z', _, _, b' ']);
    let close = memchr::memchr(b']', &rest[..rest.len().min(48)]).filter(|close| weekday && *close > 20)?;
    (rest.get(close + 1..close + 3) == Some(b" [")).then_some(close)
}

fn starts(rest: &[u8]) -> bool {
    time_end(rest)
        .is_some_and(|close| rest[close + 3..].first().is_some_and(|b| *b == b':' || b.is_ascii_lowercase()))
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let Some(close) = time_end(entry) else { return false };
    put("timestamp", Value::plain(&entry[1..close]));
    let mut words = Words::at(entry, close + 1);
    if let Some(level) = words.bracket(b'[', 64) {
        // `module:level`, or the level alone.
        let colon = memchr::memchr(b':', level);
        put("level", Value::plain(colon.map_or(level, |at| &level[at + 1..])));
        if let Some(module) = colon.map(|at| &level[..at]).filter(|module| !module.is_empty()) {
            put("module", Value::plain(module));
        }
    }
    while let Some(bracket) = words.bracket(b'[', 200) {
        if let Some(pid) = bracket.strip_prefix(b"pid ") {
            let (pid, tid) =
                memchr::memchr(b':', pid).map_or((pid, None), |at| (&pid[..at], Some(&pid[at + 1..])));
            put("pid", Value::Number(pid));
            if let Some(tid) = tid.and_then(|tid| tid.strip_prefix(b"tid ")) {
                put("thread", Value::Number(tid));
            }
        } else if let Some(client) = bracket.strip_prefix(b"client ") {
            put("client", Value::plain(client));
        } else if let Some(id) = bracket.strip_prefix(b"unique_id ") {
            put("request_id", Value::plain(id));
        }
    }
    words.blanks();
    put("message", Value::plain(entry[words.place()..].trim_ascii_end()));
    time::read(&entry[1..]).is_some()
}
