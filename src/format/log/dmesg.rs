//! The kernel's ring buffer as `dmesg` prints it: `[12345.678901] message`, seconds since the machine started.

use super::Sample;
use super::positional::positional;
use crate::model::{Level, Role, Value};

/// dmesg, with times since the start (no date can be told from them) and with `-T` times read by text.
#[derive(Debug)]
pub struct Dmesg;

positional!(
    Dmesg,
    "dmesg",
    "the kernel's messages with seconds since the start, which name no date",
    starts,
    split,
    &[
        Sample {
            header: "",
            text: "[500004.512345] EXT4-fs (sda1): mounted filesystem with ordered data mode",
            ts: None,
            level: None,
            roles: &[(Role::Message, "EXT4-fs (sda1): mounted filesystem with ordered data mode")],
        },
        Sample {
            header: "",
            text: "<3>[    1.512345] ata1: SATA link down",
            ts: None,
            level: Some(Level::Error),
            roles: &[(Role::Message, "ata1: SATA link down")],
        },
    ]
);

/// The bracket of the uptime: where it opens, and where the message starts.
fn frame(rest: &[u8]) -> Option<(usize, usize)> {
    let open = match rest.get(..4)? {
        [b'<', b'0'..=b'7', b'>', b'['] => 3,
        [b'[', ..] => 0,
        _ => return None,
    };
    let close = open + memchr::memchr(b']', &rest[open..rest.len().min(open + 20)])?;
    let uptime = rest[open + 1..close].trim_ascii_start();
    let dot = memchr::memchr(b'.', uptime)?;
    let digits = uptime.iter().filter(|b| b.is_ascii_digit()).count();
    (uptime.len() == dot + 7 && digits + 1 == uptime.len() && dot > 0 && rest.get(close + 1) == Some(&b' '))
        .then_some((open, close + 2))
}

fn starts(rest: &[u8]) -> bool {
    frame(rest).is_some()
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let Some((open, message)) = frame(entry) else { return false };
    put("uptime_s", Value::Number(entry[open + 1..message - 2].trim_ascii()));
    if open > 0 {
        let level: &'static [u8] = match entry[1] {
            b'0'..=b'2' => b"critical",
            b'3' => b"error",
            b'4' => b"warning",
            b'5' => b"notice",
            b'6' => b"info",
            _ => b"debug",
        };
        put("level", Value::plain(level));
    }
    put("message", Value::plain(entry[message..].trim_ascii_end()));
    true
}
