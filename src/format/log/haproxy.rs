//! HAProxy's HTTP and TCP logs: `client [time] frontend backend/server timers status bytes …`.

use super::Sample;
use super::positional::positional;
use super::words::{Words, bare, first_line};
use crate::format::time;
use crate::model::{Role, Value};

/// HAProxy.
#[derive(Debug)]
pub struct Haproxy;

positional!(
    Haproxy,
    "haproxy",
    "HAProxy's HTTP and TCP log lines, with timers in milliseconds",
    starts,
    split,
    &[
        Sample {
            header: "",
            text: r#"117.136.40.129:14853 [14/Jan/2015:12:48:57.127] https-in~ app/app_node_8002 170/0/0/3/173 200 739 - - --NN 0/0/0/0/0 0/0 "GET /xxx/xxx HTTP/1.1""#,
            ts: Some("2015-01-14T12:48:57.127Z"),
            level: None,
            roles: &[(Role::Status, "200"), (Role::Duration, "173")],
        },
        Sample {
            header: "",
            text: "10.0.1.2:33313 [06/Feb/2009:12:12:51.443] fnt bck/srv1 0/0/5007 212 -- 0/0/0/0/3 0/0",
            ts: Some("2009-02-06T12:12:51.443Z"),
            level: None,
            roles: &[(Role::Duration, "5007")],
        },
    ]
);

/// The client and the accept date: `1.2.3.4:5 [14/Jan/2015:12:48:57.127] `.
fn frame(rest: &[u8]) -> Option<(usize, usize)> {
    let open = memchr::memchr2(b'[', b'\n', &rest[..rest.len().min(64)])
        .filter(|at| rest[*at] == b'[' && *at > 3)?;
    let client = rest[..open].strip_suffix(b" ")?;
    let port = client.rsplit(|b| *b == b':').next()?;
    let date = matches!(rest.get(open + 1..open + 4), Some([b'0'..=b'9', b'0'..=b'9', b'/']));
    let close = open + memchr::memchr(b']', &rest[open..rest.len().min(open + 40)])?;
    let fits =
        date && !client.contains(&b' ') && port.len() < client.len() && port.iter().all(u8::is_ascii_digit);
    // An access log goes on with the request's quote.
    (fits && rest.get(close + 1) == Some(&b' ') && rest.get(close + 2) != Some(&b'"'))
        .then_some((open, close))
}

fn starts(rest: &[u8]) -> bool {
    frame(rest).is_some()
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let line = first_line(entry);
    let Some((open, close)) = frame(line) else { return false };
    put("client", Value::plain(&line[..open - 1]));
    put("timestamp", Value::plain(&line[open + 1..close]));
    put("message", Value::plain(line[close + 2..].trim_ascii_end()));
    let mut words = Words::at(line, close + 1);
    for name in ["frontend", "backend"] {
        if let Some(word) = words.word() {
            put(name, Value::plain(word));
        }
    }
    let Some(timers) = words.word() else { return true };
    let count = timers.split(|b| *b == b'/').count();
    if count < 2 {
        return true;
    }
    let http = ["time_request", "time_queue", "time_connect", "time_response"];
    let names: &[&str] = if count >= 5 { &http } else { &["time_queue", "time_connect"] };
    for (name, timer) in names.iter().zip(timers.split(|b| *b == b'/')) {
        put(name, bare(timer));
    }
    if let Some(total) = timers.rsplit(|b| *b == b'/').next() {
        put("duration_ms", bare(total.strip_prefix(b"+").unwrap_or(total)));
    }
    if count >= 5
        && let Some(status) = words.word()
    {
        put("status", if status == b"-1" { Value::Null } else { bare(status) });
    }
    if let Some(bytes) = words.word() {
        put("bytes", bare(bytes));
    }
    if let Some(at) = memchr::memchr(b'"', words.rest()) {
        put("request", Value::plain(words.rest()[at..].trim_ascii_end()));
    }
    time::read(&line[open + 1..]).is_some()
}
