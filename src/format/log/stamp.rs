//! Lines that something else than the program has put a time before: `kubectl logs --timestamps`, `docker logs -t`, runners
//! of CI. The time is the transport's; what stands behind it is the line.

use std::borrow::Cow;

use super::layer::STAMP;
use super::words::first_line;
use super::{LogFormat, Plan, Sample};
use crate::format::time;
use crate::model::{Level, Role, Slots, Value};

/// A time, and a line.
#[derive(Debug)]
pub struct Stamped;

/// The time before a line and where the line begins: RFC 3339 as transports write it, alone or in brackets; GitLab's
/// runner writes the number and the kind of the stream behind it.
pub(super) fn cut(line: &[u8]) -> Option<(&[u8], usize)> {
    let bracket = usize::from(line.first() == Some(&b'['));
    let text = &line[bracket..];
    if !matches!(text.get(..11)?, [b'1' | b'2', _, _, _, b'-', _, _, b'-', _, _, b'T']) {
        return None;
    }
    let length = text[..text.len().min(40)]
        .iter()
        .position(|b| matches!(b, b' ' | b']' | b'\t'))
        .unwrap_or(text.len());
    let time = text.get(..length)?;
    let zoned = time.ends_with(b"Z") || time[11..].iter().any(|b| matches!(b, b'+' | b'-'));
    let (_, used) = time::read(time)?;
    if !zoned || used != length {
        return None;
    }
    let mut at = bracket + length;
    if bracket == 1 {
        if line.get(at) != Some(&b']') {
            return None;
        }
        at += 1;
    }
    at += usize::from(line.get(at).is_some_and(|b| matches!(b, b' ' | b'\t')));
    if let Some([b'0'..=b'9', b'0'..=b'9', b'O' | b'E', b' ' | b'+']) = line.get(at..at + 4) {
        at += 4;
    }
    Some((time, at.min(line.len())))
}

/// The lines without their times.
fn lines(entry: &[u8]) -> Option<Cow<'_, [u8]>> {
    let line = first_line(entry);
    let (_, at) = cut(line)?;
    if line.len() + 2 >= entry.len() {
        return Some(Cow::Borrowed(&line[at..]));
    }
    let lines: Vec<&[u8]> =
        entry.split(|b| *b == b'\n').map(|line| cut(line).map_or(line, |(_, at)| &line[at..])).collect();
    Some(Cow::Owned(lines.join(&b'\n')))
}

impl LogFormat for Stamped {
    fn name(&self) -> &'static str {
        "stamped"
    }

    fn about(&self) -> &'static str {
        "a transport's time before every line, the line read by its own format"
    }

    fn starts(&self, rest: &[u8], plan: &Plan) -> bool {
        plan.wrapping().stamped && cut(&rest[..rest.len().min(64)]).is_some()
    }

    fn layer(&self) -> u8 {
        STAMP
    }

    fn inner<'a>(&self, entry: &'a [u8], _plan: &Plan) -> Option<Cow<'a, [u8]>> {
        lines(entry)
    }

    fn extract<'a>(&self, entry: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) -> bool {
        let line = first_line(entry);
        let Some((time, at)) = cut(line) else { return false };
        let inner = match lines(entry) {
            Some(Cow::Owned(made)) => slots.keep(made).unwrap_or(&line[at..]),
            _ => &line[at..],
        };
        plan.format_within(STAMP, inner).extract(inner, plan, slots);
        plan.offer_missing(slots, b"time", Value::plain(time));
        true
    }

    fn fields(&self, entry: &[u8], plan: &Plan, visit: &mut dyn FnMut(&str, Value<'_>)) -> Option<usize> {
        let inner = lines(entry)?;
        plan.format_within(STAMP, &inner).fields(&inner, plan, visit)
    }

    fn samples(&self) -> &'static [Sample] {
        const HEADER: &str = "2024-03-05T10:10:10.123456700Z java.lang.IllegalStateException: no\n2024-03-05T10:10:10.123456701Z \tat a.B.c(B.java:1)";
        &[
            Sample {
                header: HEADER,
                text: "2024-03-05T10:10:11.123456700Z ERROR db down",
                ts: Some("2024-03-05T10:10:11.123456700Z"),
                level: Some(Level::Error),
                roles: &[(Role::Message, "db down")],
            },
            Sample {
                header: HEADER,
                text: "2024-03-05T10:10:11.123456700Z {\"time\":\"2024-03-05T10:10:11.100Z\",\"level\":\"warn\",\"msg\":\"slow\"}",
                ts: Some("2024-03-05T10:10:11.100Z"),
                level: Some(Level::Warn),
                roles: &[(Role::Message, "slow")],
            },
        ]
    }
}
