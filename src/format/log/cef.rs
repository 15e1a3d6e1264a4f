//! Events of security devices in ArcSight's Common Event Format and in IBM's LEEF:
//! `CEF:0|vendor|product|version|class|name|severity|key=value …`.

use super::words::first_line;
use super::{LogFormat, Plan, Sample, positional};
use crate::format::time::{Clock, epoch};
use crate::model::{Level, Role, Slots, Timestamp, Value};

/// CEF and LEEF.
#[derive(Debug)]
pub struct Cef;

impl LogFormat for Cef {
    fn name(&self) -> &'static str {
        "cef"
    }

    fn about(&self) -> &'static str {
        "events of security devices (CEF, LEEF)"
    }

    fn starts(&self, rest: &[u8], _plan: &Plan) -> bool {
        rest.starts_with(b"CEF:") || rest.starts_with(b"LEEF:")
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

    fn gathers(&self) -> bool {
        false
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                header: "",
                text: "CEF:0|Acme|IDS|1.0|100|Worm stopped|10|src=192.0.2.1 rt=1709633411123 suser=anna msg=it is gone",
                ts: Some("2024-03-05T10:10:11.123Z"),
                level: Some(Level::Fatal),
                roles: &[(Role::Message, "Worm stopped"), (Role::User, "anna")],
            },
            Sample {
                header: "",
                text: "CEF:0|Acme|IDS|1.0|101|Scan|Low|rt=Mar 05 2024 10:10:12.5 CET src=192.0.2.1",
                ts: Some("2024-03-05T09:10:12.500Z"),
                level: Some(Level::Info),
                roles: &[(Role::Message, "Scan")],
            },
            Sample {
                header: "",
                text: "LEEF:1.0|Acme|IDS|1.0|101|src=192.0.2.1\tdevTime=Mar 05 2024 10:10:11\tsev=5\tusrName=anna",
                ts: Some("2024-03-05T10:10:11Z"),
                level: None,
                roles: &[(Role::User, "anna"), (Role::Message, "101")],
            },
        ]
    }
}

/// The parts between bars, and where the extension starts. A backslash keeps a bar in its part.
fn parts(line: &[u8]) -> Option<(Vec<&[u8]>, &[u8])> {
    let count = if line.starts_with(b"CEF:") { 7 } else { 5 };
    let (mut parts, mut from, mut at) = (Vec::new(), 0, 0);
    while parts.len() < count {
        match line.get(at)? {
            b'\\' => at += 1,
            b'|' => {
                parts.push(&line[from..at]);
                from = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    Some((parts, &line[from.min(line.len())..]))
}

/// Hands every `key=value` of the extension to `visit`; a value goes on to the blank before the next key.
fn extension<'a>(text: &'a [u8], visit: &mut dyn FnMut(&'a [u8], &'a [u8])) {
    let tabs = memchr::memchr(b'\t', text).is_some();
    let key_at = |end: usize| {
        let key = text[..end]
            .iter()
            .rev()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'))
            .count();
        let before = (end > key).then(|| text[end - key - 1]);
        let starts = matches!(before, None | Some(b'\t' | b'^')) || (!tabs && before == Some(b' '));
        (key > 0 && starts).then_some(end - key)
    };
    let mut open: Option<(usize, usize)> = None;
    for sign in memchr::memchr_iter(b'=', text) {
        let Some(from) = key_at(sign).filter(|_| sign == 0 || text[sign - 1] != b'\\') else { continue };
        if let Some((key, value)) = open {
            visit(&text[key..value - 1], text[value..from].trim_ascii_end());
        }
        open = Some((from, sign + 1));
    }
    if let Some((key, value)) = open {
        visit(&text[key..value - 1], text[value..].trim_ascii_end());
    }
}

/// When the device received it, else when it began or ended.
fn instant(entry: &[u8], clock: &Clock) -> Option<Timestamp> {
    const KEYS: [&[u8]; 5] = [b"rt", b"devTime", b"deviceReceiptTime", b"end", b"start"];
    let (_, text) = parts(first_line(entry))?;
    let mut found: Option<(usize, Timestamp)> = None;
    extension(text, &mut |key, value| {
        let Some(rank) = KEYS.iter().position(|known| *known == key) else { return };
        let whole = |(_, used): &(_, usize)| *used == value.len();
        let ts = match epoch(value).filter(whole) {
            Some((stamp, _)) => clock.resolve(stamp),
            None => clock.value(Value::plain(value)),
        };
        if let Some(ts) = ts
            && found.is_none_or(|(best, _)| rank < best)
        {
            found = Some((rank, ts));
        }
    });
    found.map(|(_, ts)| ts)
}

/// What CEF's severities mean: 0 to 10, or a word.
fn severity(text: &[u8]) -> Option<&'static [u8]> {
    Some(match text {
        b"0" | b"1" | b"2" | b"3" | b"Low" => b"info",
        b"4" | b"5" | b"6" | b"Medium" => b"warning",
        b"7" | b"8" | b"High" => b"error",
        b"9" | b"10" | b"Very-High" => b"critical",
        _ => return None,
    })
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let Some((parts, text)) = parts(first_line(entry)) else { return false };
    let names = ["", "vendor", "product", "version", "event_id", "message", "severity"];
    for (name, part) in names.iter().zip(&parts).skip(1) {
        match *name {
            "severity" => {
                if let Some(level) = severity(part.trim_ascii()) {
                    put("level", Value::plain(level));
                }
            }
            name => put(name, Value::plain(part)),
        }
    }
    if let (5, Some(event)) = (parts.len(), parts.last()) {
        put("message", Value::plain(event));
    }
    extension(text, &mut |key, value| {
        let name = match key {
            b"suser" | b"usrName" | b"duser" => "user",
            b"dvchost" => "hostname",
            // What the device says beside the event's name, and its own severity, which counts as it likes.
            b"msg" => "details",
            b"rt" | b"devTime" | b"sev" => return,
            key => match std::str::from_utf8(key) {
                Ok(key) => key,
                Err(_) => return,
            },
        };
        put(name, super::words::bare(value));
    });
    true
}
