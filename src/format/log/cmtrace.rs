//! Microsoft's Configuration Manager, as CMTrace shows it:
//! `<![LOG[message]LOG]!><time="10:10:11.123-60" date="03-05-2024" component="x" type="1" …>`.

use memchr::memmem::find;

use super::positional;
use super::words::quoted;
use super::{LogFormat, Plan, Sample};
use crate::format::time::Clock;
use crate::model::{Level, Role, Slots, Timestamp, Value};

/// Configuration Manager's logs.
#[derive(Debug)]
pub struct CmTrace;

const OPENING: &[u8] = b"<![LOG[";
const CLOSING: &[u8] = b"]LOG]!><";

impl LogFormat for CmTrace {
    fn name(&self) -> &'static str {
        "cmtrace"
    }

    fn about(&self) -> &'static str {
        "logs of Microsoft's Configuration Manager (CMTrace)"
    }

    fn starts(&self, rest: &[u8], _plan: &Plan) -> bool {
        rest.starts_with(OPENING)
    }

    fn extract<'a>(&self, entry: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) -> bool {
        let understood = positional::extract(split, entry, plan, slots);
        if plan.needs().has(Role::Ts) {
            slots.ts = instant(entry, plan.clock());
        }
        understood
    }

    fn fields(&self, entry: &[u8], plan: &Plan, visit: &mut dyn FnMut(&str, Value<'_>)) -> Option<usize> {
        positional::fields(split, entry, plan, visit);
        None
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            header: "",
            text: "<![LOG[Job failed\nwith 0x87d00215]LOG]!><time=\"10:10:11.123-60\" date=\"03-05-2024\" component=\"CAS\" context=\"\" type=\"3\" thread=\"4711\" file=\"cas.cpp:12\">",
            ts: Some("2024-03-05T09:10:11.123Z"),
            level: Some(Level::Error),
            roles: &[
                (Role::Logger, "CAS"),
                (Role::Thread, "4711"),
                (Role::Message, "Job failed\nwith 0x87d00215"),
            ],
        }]
    }
}

/// The value of `name="…"` behind the message.
fn attribute<'a>(entry: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let from = find(entry, CLOSING)? + CLOSING.len() - 1;
    let key = [name, b"=\""].concat();
    let at = from + find(&entry[from..], &key)? + key.len() - 1;
    Some(quoted(entry, at).0)
}

/// The instant: behind the time of day stand the minutes that have to be added for UTC.
fn instant(entry: &[u8], clock: &Clock) -> Option<Timestamp> {
    let (date, time) = (attribute(entry, b"date")?, attribute(entry, b"time")?);
    let (month, day, year) = (date.get(..2)?, date.get(3..5)?, date.get(6..10)?);
    let sign = time.iter().position(|b| matches!(b, b'+' | b'-'));
    let text = [year, b"-", month, b"-", day, b"T", &time[..sign.unwrap_or(time.len())]].concat();
    let Some(sign) = sign else { return clock.value(Value::plain(&text)) };
    let bias: i64 =
        std::str::from_utf8(&time[sign..]).ok()?.parse().ok().filter(|bias| (-900..=900).contains(bias))?;
    let utc = Clock { zone: chrono_tz::UTC, ahead: 0, ..*clock }.value(Value::plain(&text))?;
    Some(Timestamp(utc.0.checked_add(bias * 60_000_000_000)?))
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let Some(close) = find(entry, CLOSING) else { return false };
    let Some(message) = entry.get(OPENING.len()..close) else { return false };
    let level: &'static [u8] = match attribute(entry, b"type") {
        Some(b"2") => b"warning",
        Some(b"3") => b"error",
        Some(b"0") => b"trace",
        _ => b"info",
    };
    put("level", Value::plain(level));
    for (name, attr) in [("logger", &b"component"[..]), ("thread", b"thread"), ("file", b"file")] {
        if let Some(value) = attribute(entry, attr).filter(|value| !value.is_empty()) {
            put(name, Value::plain(value));
        }
    }
    put("message", Value::plain(message));
    attribute(entry, b"time").is_some()
}
