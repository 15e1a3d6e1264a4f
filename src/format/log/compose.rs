//! docker-compose's prefix: `web-1  | line`, the line in it read by its own format.

use std::borrow::Cow;

use super::words::first_line;
use super::{LogFormat, Plan, Sample};
use crate::model::{Level, Role, Slots, Value};

/// Lines of several containers behind their names.
#[derive(Debug)]
pub struct Compose;

/// Outside of syslog, inside of a container's log.
const LAYER: u8 = 2;

/// How long a container's name with the blanks behind it may be.
const NAME: usize = 100;

impl LogFormat for Compose {
    fn name(&self) -> &'static str {
        "compose"
    }

    fn about(&self) -> &'static str {
        "docker-compose's prefix (`web-1  | …`), the line behind it read by its own format"
    }

    fn starts(&self, rest: &[u8], _plan: &Plan) -> bool {
        cut(rest).is_some()
    }

    fn layer(&self) -> u8 {
        LAYER
    }

    fn inner<'a>(&self, entry: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        let line = first_line(entry);
        let (_, text) = cut(line)?;
        if line.len() + 2 >= entry.len() {
            return Some(Cow::Borrowed(text));
        }
        let lines: Vec<&[u8]> =
            entry.split(|b| *b == b'\n').map(|line| cut(line).map_or(line, |(_, text)| text)).collect();
        Some(Cow::Owned(lines.join(&b'\n')))
    }

    fn is_of_another(&self, line: &[u8], before: &[u8]) -> bool {
        match (cut(line), cut(before)) {
            (Some((name, _)), Some((other, _))) => name != other,
            _ => false,
        }
    }

    fn extract<'a>(&self, entry: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) -> bool {
        let Some((name, text)) = cut(first_line(entry)) else { return false };
        let inner = match self.inner(entry) {
            Some(Cow::Owned(made)) => slots.keep(made).unwrap_or(text),
            _ => text,
        };
        let understood = plan.format_within(LAYER, inner).extract(inner, plan, slots);
        plan.offer_missing(slots, b"service", Value::plain(name));
        understood
    }

    fn fields(&self, entry: &[u8], plan: &Plan, visit: &mut dyn FnMut(&str, Value<'_>)) -> Option<usize> {
        let inner = self.inner(entry)?;
        plan.format_within(LAYER, &inner).fields(&inner, plan, visit)
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                header: "",
                text: "web-1  | 2024-02-05T09:00:00Z WARN pool is nearly full",
                ts: Some("2024-02-05T09:00:00Z"),
                level: Some(Level::Warn),
                roles: &[(Role::Service, "web-1"), (Role::Message, "pool is nearly full")],
            },
            Sample {
                header: "",
                text: "miniflux  | time=2024-01-12T22:54:56.307Z level=WARN msg=\"Incorrect\" request_id=a1",
                ts: Some("2024-01-12T22:54:56.307Z"),
                level: Some(Level::Warn),
                roles: &[(Role::Service, "miniflux"), (Role::RequestId, "a1")],
            },
        ]
    }
}

/// The container's name and the line behind it.
fn cut(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let head = &line[..line.len().min(NAME)];
    let bar = memchr::memchr2(b'|', b'\n', head).filter(|at| head[*at] == b'|')?;
    let name = head[..bar].trim_ascii_end();
    let named = name.first().is_some_and(u8::is_ascii_alphabetic)
        && name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    // The bar stands between blanks: `a|b|c` is something else.
    let blanks =
        head[..bar].ends_with(b" ") && matches!(line.get(bar + 1), None | Some(b' ' | b'\n' | b'\r'));
    (named && blanks).then(|| (name, line[bar + 1..].strip_prefix(b" ").unwrap_or(&line[bar + 1..])))
}
