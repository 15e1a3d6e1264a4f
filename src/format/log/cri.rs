//! Kubernetes' CRI: `TIME stdout F line`, with lines cut in parts (`P`) joined again.

use std::borrow::Cow;

use super::layer::CONTAINER;
use super::words::first_line;
use super::{LogFormat, Plan, Sample};
use crate::format::time;
use crate::model::{Level, Role, Slots, Value};

/// The log of a container as containerd and CRI-O write it.
#[derive(Debug)]
pub struct Cri;

/// A line of the file, cut.
struct Line<'a> {
    time: &'a [u8],
    stream: &'a [u8],
    partial: bool,
    text: &'a [u8],
}

impl<'a> Line<'a> {
    #[inline]
    fn of(line: &'a [u8]) -> Option<Self> {
        // 2025-04-14T04:32:00.104003190Z stdout F …
        if line.get(4) != Some(&b'-') || line.get(10) != Some(&b'T') {
            return None;
        }
        let end = memchr::memchr(b' ', &line[..line.len().min(48)])?;
        let rest = &line[end + 1..];
        let stream = rest.get(..6).filter(|stream| matches!(*stream, b"stdout" | b"stderr"))?;
        let (tags, text) = match &rest[6..] {
            [b' ', tag @ (b'F' | b'P'), rest @ ..] => (*tag, rest),
            _ => return None,
        };
        let text = match text {
            [] | [b'\n', ..] => &text[..0],
            [b' ', text @ ..] => text,
            // More tags may follow after a colon.
            [b':', text @ ..] => &text[memchr::memchr(b' ', text)? + 1..],
            _ => return None,
        };
        Some(Line { time: &line[..end], stream, partial: tags == b'P', text })
    }
}

impl LogFormat for Cri {
    fn name(&self) -> &'static str {
        "cri"
    }

    fn about(&self) -> &'static str {
        "Kubernetes' container log (CRI), parts joined, the line in it read by its own format"
    }

    fn starts(&self, rest: &[u8], _plan: &Plan) -> bool {
        Line::of(rest).is_some()
    }

    fn layer(&self) -> u8 {
        CONTAINER
    }

    fn inner<'a>(&self, entry: &'a [u8], _plan: &Plan) -> Option<Cow<'a, [u8]>> {
        let line = first_line(entry);
        let first = Line::of(line)?;
        if line.len() + 2 >= entry.len() {
            return Some(Cow::Borrowed(first.text));
        }
        let mut whole = Vec::with_capacity(entry.len());
        let mut partial = true;
        for line in entry.split(|b| *b == b'\n') {
            let Some(line) = Line::of(line) else { continue };
            if !partial {
                whole.push(b'\n');
            }
            whole.extend_from_slice(line.text);
            partial = line.partial;
        }
        Some(Cow::Owned(whole))
    }

    fn goes_on(&self, line: &[u8], next: &[u8]) -> bool {
        match (Line::of(line), Line::of(next)) {
            (Some(line), Some(next)) => line.partial && line.stream == next.stream,
            _ => false,
        }
    }

    fn extract<'a>(&self, entry: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) -> bool {
        let Some(line) = Line::of(first_line(entry)) else { return false };
        let inner = match self.inner(entry, plan) {
            Some(Cow::Owned(made)) => slots.keep(made).unwrap_or(line.text),
            _ => line.text,
        };
        plan.format_within(CONTAINER, inner).extract(inner, plan, slots);
        plan.offer_missing(slots, b"time", Value::plain(line.time));
        time::read(line.time).is_some()
    }

    fn fields(&self, entry: &[u8], plan: &Plan, visit: &mut dyn FnMut(&str, Value<'_>)) -> Option<usize> {
        let inner = self.inner(entry, plan)?;
        let within = plan.format_within(CONTAINER, &inner).fields(&inner, plan, visit);
        if let Some(line) = Line::of(first_line(entry)) {
            visit("stream", Value::plain(line.stream));
        }
        within
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                header: "",
                text: r#"2025-04-14T04:32:00.497295379Z stdout F {"level":"info","message":"partner answered","service":"broker","status":200,"durationMs":139.4,"timestamp":"2025-04-14T04:32:00.497Z"}"#,
                ts: Some("2025-04-14T04:32:00.497Z"),
                level: Some(Level::Info),
                roles: &[
                    (Role::Message, "partner answered"),
                    (Role::Service, "broker"),
                    (Role::Duration, "139.4"),
                ],
            },
            Sample {
                header: "",
                text: "2024-05-28T01:43:00.111437559Z stderr P part one, \n2024-05-28T01:43:00.111437559Z stderr F part two",
                ts: Some("2024-05-28T01:43:00.111437559Z"),
                level: None,
                roles: &[(Role::Message, "part one, part two")],
            },
            Sample {
                header: "",
                text: "2024-05-28T01:43:00.1Z stdout F 2024-05-28T02:43:00.111+01:00  WARN 1 --- [hub] [exec-4] [] i.a.House  : unknown field",
                ts: Some("2024-05-28T01:43:00.111Z"),
                level: Some(Level::Warn),
                roles: &[(Role::Message, "unknown field"), (Role::Logger, "i.a.House")],
            },
        ]
    }
}
