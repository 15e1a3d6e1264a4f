//! Redis and Valkey: `1:M 24 Dec 2023 03:14:23.123 * message`.

use super::Sample;
use super::positional::positional;
use super::words::Words;
use crate::format::time;
use crate::model::{Level, Role, Value};

/// Redis.
#[derive(Debug)]
pub struct Redis;

positional!(
    Redis,
    "redis",
    "Redis and Valkey, of all versions",
    starts,
    split,
    &[
        Sample {
            header: "",
            text: "1:M 24 Dec 2023 03:14:23.123 # WARNING overcommit_memory is set to 0!",
            ts: Some("2023-12-24T03:14:23.123Z"),
            level: Some(Level::Warn),
            roles: &[(Role::Message, "WARNING overcommit_memory is set to 0!")],
        },
        Sample {
            header: "",
            text: "[4018] 14 Nov 07:01:22.119 * Background saving terminated with success",
            ts: Some("2023-11-14T07:01:22.119Z"),
            level: Some(Level::Info),
            roles: &[(Role::Message, "Background saving terminated with success")],
        },
    ]
);

/// Where the time starts: after `pid:role ` or `[pid] `.
fn time_at(rest: &[u8]) -> Option<usize> {
    let digits = |from: usize| rest.iter().skip(from).take(8).take_while(|b| b.is_ascii_digit()).count();
    if rest.first() == Some(&b'[') {
        let pid = digits(1);
        return (pid > 0 && rest.get(1 + pid..3 + pid) == Some(b"] ")).then_some(pid + 3);
    }
    let pid = digits(0);
    let role = rest.get(pid..pid + 3)?;
    (pid > 0 && role[0] == b':' && matches!(role[1], b'M' | b'S' | b'C' | b'X') && role[2] == b' ')
        .then_some(pid + 3)
}

/// The level's sign: `.` debug, `-` verbose, `*` notice, `#` warning.
fn sign(rest: &[u8]) -> Option<(usize, usize)> {
    let at = time_at(rest)?;
    let (_, used) = time::read(&rest[at..])?;
    let sign = rest.get(at + used..at + used + 3)?;
    (sign[0] == b' ' && matches!(sign[1], b'.' | b'-' | b'*' | b'#') && sign[2] == b' ')
        .then_some((at, at + used + 1))
}

fn starts(rest: &[u8]) -> bool {
    sign(&rest[..rest.len().min(64)]).is_some()
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let Some((time, sign)) = sign(entry) else { return false };
    put("timestamp", Value::plain(&entry[time..sign - 1]));
    let level: &'static [u8] = match entry[sign] {
        b'.' => b"debug",
        b'-' => b"verbose",
        b'*' => b"notice",
        _ => b"warning",
    };
    put("level", Value::plain(level));
    let mut words = Words::of(entry);
    let pid = words.word().unwrap_or_default();
    let pid = pid.strip_prefix(b"[").unwrap_or(pid);
    put("pid", Value::Number(&pid[..pid.iter().take_while(|b| b.is_ascii_digit()).count()]));
    put("message", Value::plain(entry[sign + 2..].trim_ascii_end()));
    true
}
