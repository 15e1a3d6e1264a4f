//! Formats that a person describes in `obs.yaml`: the names of a log's fields, or patterns for lines of text.

pub mod describe;
pub mod lnav;
mod path;
mod time;

use std::borrow::Cow;
use std::collections::HashMap;

use memchr::memmem::Finder;
use regex::bytes::Regex;

pub use path::PathPattern;

use super::words::first_line;
use super::{LogFormat, Plan, Sample, body, json, logfmt, names, text};
use crate::model::{Level, Role, Slots, Unit, Value};

/// A format that a person described.
#[derive(Debug)]
pub struct Own {
    name: &'static str,
    kind: Kind,
    /// The files that it is looked for in; all, if there is none.
    files: Option<PathPattern>,
    zone: Option<chrono_tz::Tz>,
    /// How its times are written, where not in a notation that is known anyway.
    times: Vec<String>,
    /// The unit of its durations.
    unit: Option<Unit>,
    levels: Levels,
    roles: Vec<(Role, Vec<String>)>,
    /// Entries, and what they have to be understood as.
    pub samples: Vec<OwnSample>,
}

/// What an entry of a described format looks like.
#[derive(Debug)]
enum Kind {
    /// An object of JSON, or pairs. Without `files`, one that has these keys.
    Fields(Vec<Vec<Finder<'static>>>),
    /// A line that one of the patterns matches; then more patterns for what its message says.
    Text { patterns: Vec<Regex>, extract: Vec<Regex> },
}

/// What the words of a format mean as levels.
#[derive(Debug, Default)]
struct Levels {
    words: HashMap<Vec<u8>, Level>,
    patterns: Vec<(Regex, Level)>,
}

/// An entry of a described format, and what is expected of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnSample {
    /// The entry.
    pub line: String,
    /// Roles and fields, and their values.
    pub expect: Vec<(String, String)>,
    /// Where the sample stands in the file that describes the format.
    pub place: (u64, u64),
}

/// How much of a line is looked at to tell whether an entry starts.
const LINE: usize = 16 << 10;

impl Own {
    /// Is it looked for in the file at this path?
    pub fn is_for(&self, path: &str) -> bool {
        self.files.as_ref().is_none_or(|files| files.matches(path))
    }

    fn level_of(&self, word: &[u8]) -> Option<Level> {
        let word = word.trim_ascii();
        let by_word = self.levels.words.get(word).copied();
        by_word.or_else(|| {
            let found = self.levels.patterns.iter().find(|(pattern, _)| pattern.is_match(word));
            found.map(|(_, level)| *level)
        })
    }

    /// Reads what has been found as this format means it.
    fn settle(&self, plan: &Plan, slots: &mut Slots<'_>) {
        let needs = plan.needs();
        if needs.has(Role::Ts)
            && !self.times.is_empty()
            && let Some(written) = slots.role(Role::Ts).text()
        {
            let stamp = self.times.iter().find_map(|format| time::read(written.trim(), format));
            slots.ts = stamp.and_then(|stamp| plan.clock().resolve(stamp));
        }
        if needs.has(Role::Level)
            && let Some(word) = slots.role(Role::Level).text()
            && let Some(level) = self.level_of(word.as_bytes())
        {
            slots.level = Some(level);
        }
        if needs.has(Role::Duration)
            && let Some(unit) = self.unit
        {
            slots.duration = slots.role(Role::Duration).millis(unit);
        }
    }

    /// Does a group of this name hold the message?
    fn is_message(&self, group: &str) -> bool {
        match self.roles.iter().find(|(role, _)| *role == Role::Message) {
            Some((_, fields)) => fields.iter().any(|field| field == group),
            None => plays(group, Role::Message),
        }
    }

    /// The named parts of an entry of text, in the order of the pattern.
    fn groups<'a>(
        &self,
        patterns: &[Regex],
        entry: &'a [u8],
        visit: &mut dyn FnMut(&str, &'a [u8]),
    ) -> Option<()> {
        let line = line_of(entry);
        let (pattern, found) =
            patterns.iter().find_map(|pattern| Some((pattern, pattern.captures(line)?)))?;
        for name in pattern.capture_names().flatten() {
            if let Some(group) = found.name(name) {
                // The message goes on with the lines that continue the entry.
                let goes_on = group.end() == line.len() && self.is_message(name);
                let to = if goes_on { entry.len() } else { group.end() };
                visit(name, entry[group.start()..to].trim_ascii_end());
            }
        }
        Some(())
    }

    fn extract_text<'a>(
        &self,
        patterns: &[Regex],
        more: &[Regex],
        entry: &'a [u8],
        plan: &Plan,
        slots: &mut Slots<'a>,
    ) -> bool {
        let mut message: &'a [u8] = b"";
        let matched = self.groups(patterns, entry, &mut |name, value| {
            if self.is_message(name) {
                message = value;
            }
            plan.offer_named(slots, name.as_bytes(), Value::plain(value));
        });
        if matched.is_none() {
            return text::Text.extract(entry, plan, slots);
        }
        for pattern in more {
            let Some(found) = pattern.captures(entry) else { continue };
            for name in pattern.capture_names().flatten() {
                if let Some(group) = found.name(name) {
                    let value = &entry[group.start()..group.end()];
                    plan.offer_named(slots, name.as_bytes(), Value::plain(value));
                }
            }
        }
        self.settle(plan, slots);
        let message = if message.is_empty() { entry } else { message };
        if plan.needs().has(Role::Message) && !slots.role(Role::Message).is_some() {
            slots.set(Role::Message.slot(), Value::plain(message));
        }
        if plan.needs().has(Role::Level) && slots.level.is_none() {
            slots.level = body::level(message);
        }
        if plan.wants_body() {
            text::offer_body(message, message, plan, slots);
        }
        true
    }
}

impl LogFormat for Own {
    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static str {
        match self.kind {
            Kind::Fields(_) => "described in obs.yaml by the names of its fields",
            Kind::Text { .. } => "described in obs.yaml by a pattern",
        }
    }

    fn starts(&self, rest: &[u8], plan: &Plan) -> bool {
        match &self.kind {
            Kind::Fields(marks) => {
                let line = first_line(&rest[..rest.len().min(LINE)]);
                carrier(rest, plan).is_some()
                    && marks.iter().all(|names| names.iter().any(|name| name.find(line).is_some()))
            }
            Kind::Text { patterns, .. } => {
                let line = line_of(&rest[..rest.len().min(LINE)]);
                patterns.iter().any(|pattern| pattern.is_match(line))
            }
        }
    }

    fn extract<'a>(&self, entry: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) -> bool {
        let plan = plan.own(self.name);
        match &self.kind {
            Kind::Fields(_) => {
                let carrier = carrier(entry, plan).unwrap_or(&text::Text);
                let understood = carrier.extract(entry, plan, slots);
                self.settle(plan, slots);
                understood
            }
            Kind::Text { patterns, extract } => self.extract_text(patterns, extract, entry, plan, slots),
        }
    }

    fn fields(&self, entry: &[u8], plan: &Plan, visit: &mut dyn FnMut(&str, Value<'_>)) -> Option<usize> {
        match &self.kind {
            Kind::Fields(_) => carrier(entry, plan).unwrap_or(&text::Text).fields(entry, plan, visit),
            Kind::Text { patterns, .. } => {
                let mut message: &[u8] = b"";
                let matched = self.groups(patterns, entry, &mut |name, value| {
                    if self.is_message(name) {
                        message = value;
                    } else if !plays(name, Role::Ts) && !plays(name, Role::Level) {
                        visit(name, Value::plain(value));
                    }
                });
                body::pairs(message, &mut |key, value| visit(&String::from_utf8_lossy(key), value));
                if matched.is_none() { Some(0) } else { None }
            }
        }
    }

    fn names_in_text(&self) -> bool {
        matches!(self.kind, Kind::Fields(_))
    }

    fn gathers(&self) -> bool {
        matches!(self.kind, Kind::Text { .. })
    }

    fn zone(&self) -> Option<chrono_tz::Tz> {
        self.zone
    }

    fn roles(&self) -> &[(Role, Vec<String>)] {
        &self.roles
    }

    fn samples(&self) -> &'static [Sample] {
        &[]
    }
}

/// The format that writes names and values, if the entry is in one.
fn carrier(entry: &[u8], plan: &Plan) -> Option<&'static dyn LogFormat> {
    let carriers: [&'static dyn LogFormat; 2] = [&json::Json, &logfmt::Logfmt];
    carriers.into_iter().find(|format| format.starts(entry, plan))
}

/// The entry's first line, without its end.
fn line_of(entry: &[u8]) -> &[u8] {
    let line = first_line(entry);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Does a field of this name usually play the role?
fn plays(name: &str, role: Role) -> bool {
    names::roles_of(name).iter().any(|(of, ..)| *of == role)
}

/// The bytes of a name as they stand in an entry: the last part of a path.
fn mark_of(path: &str) -> Finder<'static> {
    let last = path.rsplit('.').next().unwrap_or(path);
    Finder::new(&Cow::Borrowed(last.as_bytes())).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::log::reader::ReadOptions;
    use crate::format::log::{Reader, survey};
    use crate::model::Needs;

    const YAML: &str = r#"
formats:
  - name: acme-json
    fields: {ts: [time, meta.t], level: sev, message: text, request_id: [rid, ctx.req], duration: took, service: app}
    units: {duration: us}
    levels: {SEVERE: error, "50": error, "~^D": debug}
  - name: acme-text
    regex: '^(?P<ts>\S+ [\d:,]+) +(?P<level>\w+) \[(?P<thread>[^\]]*)\] (?P<logger>\S+) - (?P<message>.*)$'
    ts_format: '%d.%m.%y %H:%M:%S,%3f'
    tz: Europe/Berlin
    extract: ['rid=(?P<request_id>[0-9a-f-]{4})', 'took (?P<duration>\d+ ?ms)']
    levels: {BAD: error}
"#;

    fn read(text: &str) -> Vec<String> {
        let described = describe::read("obs.yaml", YAML).unwrap();
        let own: Vec<&'static dyn LogFormat> =
            described.formats.iter().map(|own| *own as &'static dyn LogFormat).collect();
        let profile = survey::survey_with(&[text.as_bytes()], &own);
        let mut needs = Needs::none();
        for role in Role::ALL {
            needs.role(role);
        }
        let reader = Reader::new(&profile, &needs, &ReadOptions::default(), None, None);
        let mut slots = Slots::new(&needs);
        let mut out = vec![reader.format_of(text.as_bytes()).name().to_owned()];
        reader.extract(text.as_bytes(), &mut slots);
        out.push(slots.ts.map(|ts| ts.to_string()).unwrap_or_default());
        out.push(slots.level.map_or("", Level::name).to_owned());
        out.push(slots.duration.map(|ms| ms.to_string()).unwrap_or_default());
        for role in [Role::Message, Role::RequestId, Role::Service, Role::Logger] {
            out.push(slots.role(role).text().unwrap_or_default().into_owned());
        }
        out
    }

    #[test]
    fn described_formats_are_read() {
        for (text, expected) in [
            (
                r#"{"meta":{"t":"2024-02-05T09:00:00Z"},"sev":"SEVERE","text":"no","ctx":{"req":"a"},"took":1500,"app":"pay"}"#,
                ["acme-json", "2024-02-05T09:00:00Z", "error", "1.5", "no", "a", "pay", ""],
            ),
            (
                r#"{"time":1707123600000,"sev":"DD","text":"x","rid":"b","took":2,"app":"pay"}"#,
                ["acme-json", "2024-02-05T09:00:00Z", "debug", "0.002", "x", "b", "pay", ""],
            ),
            (
                "05.02.24 10:00:00,500 BAD [main] a.B - rid=0af3 took 12 ms\n  and on",
                [
                    "acme-text",
                    "2024-02-05T09:00:00.500Z",
                    "error",
                    "12",
                    "rid=0af3 took 12 ms\n  and on",
                    "0af3",
                    "",
                    "a.B",
                ],
            ),
            (
                r#"{"time":"2024-02-05T09:00:00Z","level":"warn","msg":"other"}"#,
                ["json", "2024-02-05T09:00:00Z", "warn", "", "other", "", "", ""],
            ),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }
}
