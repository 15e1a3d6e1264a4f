//! Chromium and Electron: `[4711:4722:0305/101011.123456:ERROR:gpu_init.cc(523)] message`.

use super::positional;
use super::words::first_line;
use super::{LogFormat, Plan, Sample};
use crate::model::{Level, Role, Slots, Timestamp, Value};

/// Chromium's console log.
#[derive(Debug)]
pub struct Chromium;

impl LogFormat for Chromium {
    fn name(&self) -> &'static str {
        "chromium"
    }

    fn about(&self) -> &'static str {
        "Chromium's and Electron's console log"
    }

    fn starts(&self, rest: &[u8], _plan: &Plan) -> bool {
        frame(rest).is_some()
    }

    fn extract<'a>(&self, entry: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) -> bool {
        let understood = positional::extract(split, entry, plan, slots);
        if plan.needs().has(Role::Ts) {
            slots.ts = frame(entry).and_then(|frame| instant(&entry[frame.stamp.0..frame.stamp.1], plan));
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
            text: "[4711:4722:0305/101011.123456:ERROR:gpu_init.cc(523)] Passthrough is not supported",
            ts: Some("2023-03-05T10:10:11.123456Z"),
            level: Some(Level::Error),
            roles: &[
                (Role::Logger, "gpu_init.cc(523)"),
                (Role::Thread, "4722"),
                (Role::Message, "Passthrough is not supported"),
            ],
        }]
    }
}

/// The parts of the bracket.
struct Frame {
    thread: (usize, usize),
    stamp: (usize, usize),
    level: (usize, usize),
    close: usize,
}

fn frame(rest: &[u8]) -> Option<Frame> {
    let head = first_line(&rest[..rest.len().min(200)]);
    let inside = head.strip_prefix(b"[")?;
    let mut at = 1;
    let mut frame = Frame { thread: (1, 1), stamp: (0, 0), level: (0, 0), close: 0 };
    for part in inside.split(|b| *b == b':').take(5) {
        let (from, to) = (at, at + part.len());
        at = to + 1;
        if frame.stamp.1 > 0 {
            frame.level = (from, to);
            break;
        }
        match part {
            [digits @ .., _, _, _, _, _, _, b'.', _, _, _, _, _, _] if digits.len() == 5 => {
                let number = part
                    .iter()
                    .enumerate()
                    .all(|(at, b)| b.is_ascii_digit() || matches!((at, b), (4, b'/') | (11, b'.')));
                frame.stamp = number.then_some((from, to))?;
            }
            _ if !part.is_empty() && part.iter().all(u8::is_ascii_digit) => frame.thread = (from, to),
            _ => return None,
        }
    }
    let level = head.get(frame.level.0..frame.level.1)?;
    let known = Level::from_word(level).is_some() || level.starts_with(b"VERBOSE");
    frame.close = at + memchr::memmem::find(head.get(at..)?, b"] ")?;
    (frame.stamp.1 > 0 && known).then_some(frame)
}

/// `0305/101011.123456`, a month and a day, as another notation of time.
fn instant(stamp: &[u8], plan: &Plan) -> Option<Timestamp> {
    let text = [&stamp[..4], b" ", &stamp[5..7], b":", &stamp[7..9], b":", &stamp[9..]].concat();
    plan.clock().value(Value::plain(&text))
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let Some(frame) = frame(entry) else { return false };
    let text = |(from, to): (usize, usize)| &entry[from..to];
    put("thread", Value::plain(text(frame.thread)));
    let level = text(frame.level);
    put("level", Value::plain(if level.starts_with(b"VERBOSE") { b"VERBOSE" } else { level }));
    put("logger", Value::plain(&entry[frame.level.1 + 1..frame.close]));
    put("message", Value::plain(entry[frame.close + 2..].trim_ascii_end()));
    true
}
