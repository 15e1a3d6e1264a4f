//! Docker's json-file: `{"log":"…\n","stream":"stdout","time":"…"}`, one line of the container in each.

use std::borrow::Cow;

use super::layer::CONTAINER;
use super::words::first_line;
use super::{LogFormat, Plan, Sample, json};
use crate::model::value::unescape;
use crate::model::{Level, Role, Slots, Text, Value};

/// Docker's json-file driver.
#[derive(Debug)]
pub struct Docker;

/// What follows the opening of the object and of the line that it carries: Docker writes no blanks, what copies it may.
fn opened(line: &[u8]) -> Option<&[u8]> {
    let blank = |rest: &mut &[u8]| *rest = rest.trim_ascii_start();
    let mut rest = line.strip_prefix(b"{")?;
    blank(&mut rest);
    rest = rest.strip_prefix(b"\"log\"")?;
    blank(&mut rest);
    rest = rest.strip_prefix(b":")?;
    blank(&mut rest);
    rest.strip_prefix(b"\"")
}

impl LogFormat for Docker {
    fn name(&self) -> &'static str {
        "docker"
    }

    fn about(&self) -> &'static str {
        "Docker's json-file, the line in it read by its own format"
    }

    fn starts(&self, rest: &[u8], _plan: &Plan) -> bool {
        opened(rest).is_some()
    }

    fn layer(&self) -> u8 {
        CONTAINER
    }

    fn inner<'a>(&self, entry: &'a [u8], _plan: &Plan) -> Option<Cow<'a, [u8]>> {
        let line = first_line(entry);
        let text = carried(line)?;
        if line.len() + 2 >= entry.len() {
            return Some(if text.escaped {
                Cow::Owned(unescape(without_newline(text.raw)))
            } else {
                Cow::Borrowed(without_newline(text.raw))
            });
        }
        let mut whole = Vec::with_capacity(entry.len());
        for line in entry.split(|b| *b == b'\n') {
            if let Some(text) = carried(line) {
                whole.extend(unescape(text.raw));
            }
        }
        while whole.last() == Some(&b'\n') {
            whole.pop();
        }
        Some(Cow::Owned(whole))
    }

    fn goes_on(&self, line: &[u8], _next: &[u8]) -> bool {
        // Docker cuts lines at 16 KiB; a whole one ends in a line end.
        carried(line).is_some_and(|text| text.raw.len() > 16_000 && !text.raw.ends_with(b"\\n"))
    }

    fn extract<'a>(&self, entry: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) -> bool {
        let Some(inner) = self.inner(entry, plan) else { return false };
        let inner = match inner {
            Cow::Borrowed(inner) => Some(inner),
            Cow::Owned(made) => slots.keep(made),
        };
        if let Some(inner) = inner {
            plan.format_within(CONTAINER, inner).extract(inner, plan, slots);
        } else if plan.needs().has(Role::Ts) {
            // Without a desk to keep it on the line is read and let go.
            self.extract_briefly(entry, plan, slots);
        }
        let line = first_line(entry);
        // What Docker knows counts where the line says nothing.
        let end = json::each_field(line, |key: Text<'a>, value| match key.raw {
            b"log" | b"stream" => {}
            name => plan.offer_missing(slots, name, value),
        });
        end.is_ok()
    }

    fn fields(&self, entry: &[u8], plan: &Plan, visit: &mut dyn FnMut(&str, Value<'_>)) -> Option<usize> {
        let inner = self.inner(entry, plan)?;
        let within = plan.format_within(CONTAINER, &inner).fields(&inner, plan, visit);
        // What stands in the line has been visited; the rest of the object follows.
        let _ = json::each_field(first_line(entry), |key: Text<'_>, value| {
            if !matches!(key.raw, b"log" | b"time") {
                visit(&key.text(), value);
            }
        });
        within
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                header: "",
                text: r#"{"log":"{\"app\":\"hub\",\"opid\":\"01J2VEW8X8643XNXKT62PRM36S\",\"status\":200,\"latency_ms\":88.94,\"level\":\"info\",\"msg\":\"partner \\\"x\\\" answered\",\"time\":\"2024-05-14T08:52:03.856700897Z\"}\n","stream":"stdout","time":"2024-05-14T08:52:03.856900930Z"}"#,
                ts: Some("2024-05-14T08:52:03.856700897Z"),
                level: Some(Level::Info),
                roles: &[
                    (Role::Message, "partner \"x\" answered"),
                    (Role::Service, "hub"),
                    (Role::Status, "200"),
                    (Role::Duration, "88.94"),
                ],
            },
            Sample {
                header: "",
                text: r#"{"log":"plain words without a time\n","stream":"stderr","time":"2024-05-14T08:52:03.8569Z"}"#,
                ts: Some("2024-05-14T08:52:03.856900Z"),
                level: None,
                roles: &[(Role::Message, "plain words without a time")],
            },
            Sample {
                header: "",
                text: "{\"log\":\"ERROR java.lang.IllegalStateException: no\\n\",\"stream\":\"stderr\",\"time\":\"2024-05-14T08:52:03Z\"}\n{\"log\":\"\\u0009at x.Y(Z.java:1)\\n\",\"stream\":\"stderr\",\"time\":\"2024-05-14T08:52:03Z\"}",
                ts: Some("2024-05-14T08:52:03Z"),
                level: Some(Level::Error),
                roles: &[(Role::Message, "java.lang.IllegalStateException: no\n\tat x.Y(Z.java:1)")],
            },
        ]
    }
}

impl Docker {
    /// The time and the level of the line, which need no bytes to be kept.
    fn extract_briefly(&self, entry: &[u8], plan: &Plan, slots: &mut Slots<'_>) {
        let Some(inner) = self.inner(entry, plan) else { return };
        let mut brief = Slots::new(plan.needs());
        plan.format_within(CONTAINER, &inner).extract(&inner, plan, &mut brief);
        slots.ts = brief.ts;
        slots.level = brief.level;
        slots.duration = brief.duration;
    }
}

/// The line that a line of the file carries.
fn carried(line: &[u8]) -> Option<Text<'_>> {
    let rest = opened(line)?;
    let mut from = 0;
    let mut escaped = false;
    loop {
        let at = from + memchr::memchr2(b'"', b'\\', rest.get(from..)?)?;
        if rest[at] == b'"' {
            return Some(Text { raw: &rest[..at], escaped });
        }
        // The line end that closes nearly every line is taken off without being made.
        escaped |= rest.get(at..at + 3) != Some(b"\\n\"");
        from = at + 2;
    }
}

fn without_newline(raw: &[u8]) -> &[u8] {
    let raw = raw.strip_suffix(b"\\n").unwrap_or(raw);
    raw.strip_suffix(b"\\r").unwrap_or(raw)
}
