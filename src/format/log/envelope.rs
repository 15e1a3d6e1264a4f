//! Records that carry a line: an export of a log store, a shipper's JSON. One of their values is the line, which is read by
//! its own format; the others say where it is from, and when it was taken over.
//!
//! No product is known by its name. The value is told by what it is called and by what is in it: see [`Learner`].

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::layer::{ENVELOPE, INNER_ENVELOPE};
use super::words::first_line;
use super::{LogFormat, Plan, Sample, colour, csv, json, names};
use crate::model::value::unescape;
use crate::model::{Level, Role, Slots, Text, Value};

/// Records that carry a line.
#[derive(Debug)]
pub struct Envelope {
    /// Do these records stand in what another format carries?
    pub(super) within: bool,
}

/// Which value of a record is the line.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Carrier {
    /// The keys that lead to it, or the number of its column.
    way: Way,
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
enum Way {
    Keys(Vec<String>),
    Column(usize),
}

impl Carrier {
    /// The value below these keys.
    pub(super) fn keys(keys: Vec<String>) -> Self {
        Carrier { way: Way::Keys(keys) }
    }

    /// The column of a table.
    pub(super) fn column(index: usize) -> Self {
        Carrier { way: Way::Column(index) }
    }

    /// The way as it is shown: `_source.message`.
    pub fn path(&self) -> String {
        match &self.way {
            Way::Keys(keys) => keys.join("."),
            Way::Column(index) => format!("column {}", index + 1),
        }
    }

    fn is_column(&self) -> bool {
        matches!(self.way, Way::Column(_))
    }

    /// May a record that carries a line start here?
    fn starts(&self, rest: &[u8], plan: &Plan) -> bool {
        match &self.way {
            Way::Column(_) => csv::Csv.starts(rest, plan) && !csv::is_head(rest, plan),
            Way::Keys(keys) => {
                let line = first_line(rest);
                let blanks = line.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
                line[blanks..].starts_with(b"{")
                    && keys.last().is_some_and(|key| memchr::memmem::find(line, key.as_bytes()).is_some())
            }
        }
    }

    /// The line in an entry of one or more records: those after the first go on with it.
    fn line<'a>(&self, entry: &'a [u8], plan: &Plan) -> Option<Cow<'a, [u8]>> {
        let keys = match &self.way {
            Way::Keys(keys) => keys,
            Way::Column(index) => return column(entry, *index, plan),
        };
        let first = first_line(entry);
        let line = meant(below(first, keys)?)?;
        if first.len() + 2 >= entry.len() {
            return Some(line);
        }
        let mut whole = line.into_owned();
        for record in
            entry[first.len()..].split(|b| *b == b'\n').filter(|record| !record.trim_ascii().is_empty())
        {
            whole.push(b'\n');
            match below(record, keys).and_then(meant) {
                Some(line) => whole.extend_from_slice(&line),
                None => whole.extend_from_slice(record),
            }
        }
        Some(Cow::Owned(whole))
    }
}

/// The text of a column, its doubled quotes undone.
fn column<'a>(entry: &'a [u8], index: usize, plan: &Plan) -> Option<Cow<'a, [u8]>> {
    let text = plan.columns()?.get(entry.trim_ascii_end(), index)?;
    Some(clean(csv::undoubled(text)))
}

/// The value below these keys of the object in `line`.
fn below<'a>(line: &'a [u8], keys: &[String]) -> Option<Value<'a>> {
    let (key, rest) = keys.split_first()?;
    let mut found = None;
    // Damage: what was read before it counts.
    let _ = json::each_field(line, |name: Text<'a>, value| {
        if found.is_none() && name.raw == key.as_bytes() {
            found = Some(value);
        }
    });
    match found? {
        value if rest.is_empty() => Some(value),
        Value::Nested(raw) => below(raw, rest),
        _ => None,
    }
}

/// The text that a value means: of a list its only item; of a list of numbers, as journald writes a message with a
/// colour, its bytes.
pub(super) fn meant(value: Value<'_>) -> Option<Cow<'_, [u8]>> {
    match value {
        Value::Text(text) if text.escaped => Some(clean(Cow::Owned(unescape(text.raw)))),
        Value::Text(text) => Some(clean(Cow::Borrowed(text.raw))),
        Value::Nested(raw @ [b'[', ..]) => {
            let mut bytes = Vec::new();
            let mut only = None;
            let mut count = 0;
            json::each_item(raw, |item| {
                count += 1;
                match item {
                    Value::Number(number) => {
                        bytes.extend(std::str::from_utf8(number).ok().and_then(|n| n.parse::<u8>().ok()));
                    }
                    item => only = Some(item),
                }
                true
            });
            match only {
                None if count > 0 && bytes.len() == count => Some(clean(Cow::Owned(bytes))),
                Some(Value::Text(text)) if count == 1 => Some(clean(text.bytes())),
                _ => None,
            }
        }
        // An object in the line's place is a line of JSON.
        Value::Nested(raw) => Some(Cow::Borrowed(raw)),
        _ => None,
    }
}

/// Without the line's end and without colours.
fn clean(line: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    let trim =
        |line: &[u8]| line.len() - line.iter().rev().take_while(|b| matches!(b, b'\n' | b'\r')).count();
    let line = match line {
        Cow::Borrowed(line) => Cow::Borrowed(&line[..trim(line)]),
        Cow::Owned(mut line) => {
            line.truncate(trim(&line));
            Cow::Owned(line)
        }
    };
    match line {
        Cow::Borrowed(line) => colour::strip(line),
        Cow::Owned(line) => match colour::strip(&line) {
            Cow::Owned(plain) => Cow::Owned(plain),
            Cow::Borrowed(_) => Cow::Owned(line),
        },
    }
}

impl Envelope {
    fn carrier<'p>(&self, plan: &'p Plan) -> Option<&'p Carrier> {
        plan.wrapping().carriers[usize::from(self.within)].as_ref()
    }
}

/// Roles that what carries a line speaks for where the line itself says nothing. Not its durations and statuses: those
/// are the transport's own.
const FROM_OUTSIDE: [Role; 5] = [Role::Service, Role::Host, Role::RequestId, Role::TraceId, Role::SpanId];

impl LogFormat for Envelope {
    fn name(&self) -> &'static str {
        if self.within { "inner-envelope" } else { "envelope" }
    }

    fn about(&self) -> &'static str {
        if self.within {
            "records that carry a line, carried by another format"
        } else {
            "exports of log stores and shippers' records, the line in them read by its own format"
        }
    }

    fn starts(&self, rest: &[u8], plan: &Plan) -> bool {
        self.carrier(plan).is_some_and(|carrier| carrier.starts(rest, plan))
    }

    fn layer(&self) -> u8 {
        if self.within { INNER_ENVELOPE } else { ENVELOPE }
    }

    fn inner<'a>(&self, entry: &'a [u8], plan: &Plan) -> Option<Cow<'a, [u8]>> {
        self.carrier(plan)?.line(entry, plan)
    }

    fn is_of_another(&self, line: &[u8], before: &[u8]) -> bool {
        // Records of streams that are told apart by what they say of a container, a pod, a file.
        let stream = |line| {
            let mut stream = [None; SOURCES.len()];
            each_source(line, 0, &mut |at, value| stream[at] = Some(value));
            stream
        };
        let (one, other) = (stream(line), stream(before));
        one.iter().zip(other).any(|(one, other)| one.is_some() && other.is_some() && *one != other)
    }

    fn extract<'a>(&self, entry: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) -> bool {
        let Some(carrier) = self.carrier(plan) else { return false };
        let Some(inner) = carrier.line(entry, plan) else {
            return if carrier.is_column() {
                csv::Csv.extract(entry, plan, slots)
            } else {
                json::Json.extract(entry, plan, slots)
            };
        };
        let inner = match inner {
            Cow::Borrowed(inner) => Some(inner),
            Cow::Owned(made) => match slots.keep(made) {
                Some(kept) => Some(kept),
                None => {
                    self.extract_briefly(entry, plan, slots);
                    None
                }
            },
        };
        if let Some(inner) = inner {
            slots.one_line = memchr::memchr(b'\n', inner).is_none();
            plan.format_within(self.layer(), inner).extract(inner, plan, slots);
        }
        let mut outer = slots.take_spare(plan.needs());
        let understood = if carrier.is_column() {
            csv::Csv.extract(entry, plan, &mut outer)
        } else {
            json::Json.extract(first_line(entry), plan, &mut outer)
        };
        slots.ts = slots.ts.or(outer.ts);
        slots.level = slots.level.or(outer.level);
        for role in FROM_OUTSIDE {
            let unsaid = !slots.role(role).is_some() || slots.is_loose(role);
            if unsaid && outer.role(role).is_some() {
                slots.set(role.slot(), outer.role(role));
            }
        }
        for slot in plan.needs().wanted().filter(|slot| slot.role().is_none()) {
            if !slots.get(slot).is_some() && outer.get(slot).is_some() {
                slots.set(slot, outer.get(slot));
            }
        }
        slots.put_spare(outer);
        understood
    }

    fn fields(&self, entry: &[u8], plan: &Plan, visit: &mut dyn FnMut(&str, Value<'_>)) -> Option<usize> {
        let carrier = self.carrier(plan)?;
        let line = match &carrier.way {
            Way::Keys(keys) => keys.join("."),
            Way::Column(at) => {
                plan.columns().and_then(|columns| columns.names.get(*at)).cloned().unwrap_or_default()
            }
        };
        let outer = &mut |name: &str, value: Value<'_>| {
            if name != line {
                visit(name, value);
            }
        };
        let stopped = if carrier.is_column() {
            csv::Csv.fields(entry, plan, outer)
        } else {
            json::Json.fields(first_line(entry), plan, outer)
        };
        match carrier.line(entry, plan) {
            Some(inner) => plan.format_within(self.layer(), &inner).fields(&inner, plan, visit),
            None => stopped,
        }
    }

    fn samples(&self) -> &'static [Sample] {
        if self.within { INNER_SAMPLES } else { SAMPLES }
    }
}

impl Envelope {
    /// What a line says whose bytes cannot be kept: time and level.
    fn extract_briefly(&self, entry: &[u8], plan: &Plan, slots: &mut Slots<'_>) {
        let Some(inner) = self.inner(entry, plan) else { return };
        let mut brief = Slots::new(plan.needs());
        plan.format_within(self.layer(), &inner).extract(&inner, plan, &mut brief);
        slots.ts = brief.ts;
        slots.level = brief.level;
        slots.duration = brief.duration;
    }
}

/// Names, in normal form, of what tells streams apart.
const SOURCES: [&str; 10] = [
    "stream",
    "pod",
    "podname",
    "container",
    "containername",
    "filename",
    "path",
    "logstreamname",
    "logstream",
    "host",
];

/// Visits what a record says of the stream that its line is from.
fn each_source<'a>(line: &'a [u8], depth: usize, visit: &mut dyn FnMut(usize, &'a [u8])) {
    // Damage: what was read before it counts.
    let _ = json::each_field(line, |name: Text<'a>, value| match value {
        Value::Nested(raw @ [b'{', ..]) if depth < 4 => each_source(raw, depth + 1, visit),
        Value::Text(text) => {
            let name = names::normal(&name.text());
            if let Some(at) = SOURCES.iter().position(|source| *source == name) {
                visit(at, text.raw);
            }
        }
        _ => {}
    });
}

const SAMPLES: &[Sample] = &[
    Sample {
        header: r#"{"labels":{"app":"cart","pod":"cart-1"},"line":"2024-03-05 10:10:10,123 INFO  [main] a.Cart - up","timestamp":"2024-03-05T10:10:10.2Z"}"#,
        text: r#"{"labels":{"app":"cart","pod":"cart-1"},"line":"2024-03-05 10:10:11,123 ERROR [main] a.Cart - said \"no\"","timestamp":"2024-03-05T10:10:11.2Z"}"#,
        ts: Some("2024-03-05T10:10:11.123Z"),
        level: Some(Level::Error),
        roles: &[(Role::Message, "said \"no\""), (Role::Logger, "a.Cart"), (Role::Service, "cart")],
    },
    Sample {
        header: r#"{"_index":"a","_source":{"@timestamp":"2024-03-05T10:10:10.2Z","message":"INFO up","service":{"name":"cart"}}}"#,
        text: r#"{"_index":"a","_source":{"@timestamp":"2024-03-05T10:10:11.200Z","message":"{\"level\":\"error\",\"msg\":\"no\",\"request_id\":\"ab12\",\"took_ms\":7}","service":{"name":"cart"}}}"#,
        ts: Some("2024-03-05T10:10:11.200Z"),
        level: Some(Level::Error),
        roles: &[
            (Role::Message, "no"),
            (Role::RequestId, "ab12"),
            (Role::Duration, "7"),
            (Role::Service, "cart"),
        ],
    },
];

const INNER_SAMPLES: &[Sample] = &[Sample {
    header: r#"cart-1  | {"@timestamp":"2024-03-05T10:10:10.2Z","kubernetes":{"pod_name":"cart-1"},"message":"INFO up"}"#,
    text: r#"{"@timestamp":"2024-03-05T10:10:11.200Z","kubernetes":{"pod_name":"cart-1"},"message":"ERROR said no"}"#,
    ts: Some("2024-03-05T10:10:11.200Z"),
    level: Some(Level::Error),
    roles: &[(Role::Message, "said no"), (Role::Host, "cart-1")],
}];

/// Values that may be the line, by what they are called: the last part of the way to them, in normal form; the most
/// telling first.
const LINES: [&str; 27] = [
    "raw",
    "line",
    "logline",
    "textpayload",
    "log",
    "message",
    "@message",
    "msg",
    "logmessage",
    "rawlog",
    "rawmessage",
    "original",
    "resultdescription",
    "body",
    "fullmessage",
    "shortmessage",
    "event",
    "text",
    "content",
    "m",
    "logentry",
    "entry",
    "payload",
    "data",
    "what",
    "value",
    "description",
];

/// How many of these carry a line whatever is in it: nothing but a transport calls a value so.
const SURE: usize = 4;

/// How deep in a record the line may be.
const DEEP: usize = 4;

/// How many values are looked at.
const MOST: usize = 200;

/// How a text reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    /// As the start of an entry of its own: with a time or a level before the message, or as an object.
    Framed,
    /// As what goes on with an entry.
    Continues,
    /// As words.
    Plain,
}

/// What was seen of a value that may be the line.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    count: usize,
    framed: usize,
    continues: usize,
}

/// Learns from records which of their values is the line.
#[derive(Debug, Default)]
pub(super) struct Learner {
    records: usize,
    /// Records that tell a level in a word, as loggers write them.
    levelled: usize,
    values: BTreeMap<Vec<String>, Seen>,
}

impl Learner {
    /// Looks at a record; `reads` says how a text reads.
    pub(super) fn record(&mut self, record: &[u8], reads: &dyn Fn(&[u8]) -> Reads) {
        self.records += 1;
        self.levelled += usize::from(tells_level(record));
        self.object(record, &mut Vec::new(), reads);
    }

    fn object(&mut self, object: &[u8], way: &mut Vec<String>, reads: &dyn Fn(&[u8]) -> Reads) {
        // Damage: what was read before it counts.
        let _ = json::each_field(object, |key: Text<'_>, value| {
            way.push(key.text().into_owned());
            match value {
                Value::Nested(raw @ [b'{', ..]) if way.len() < DEEP => self.object(raw, way, reads),
                value => self.value(way, value, reads),
            }
            way.pop();
        });
    }

    fn value(&mut self, way: &[String], value: Value<'_>, reads: &dyn Fn(&[u8]) -> Reads) {
        if !matches!(value, Value::Text(_) | Value::Nested([b'[', ..])) || rank(way).is_none() {
            return;
        }
        if self.values.len() >= MOST && !self.values.contains_key(way) {
            return;
        }
        let Some(text) = meant(value) else { return };
        let seen = self.values.entry(way.to_vec()).or_default();
        seen.count += 1;
        match reads(&text) {
            Reads::Framed => seen.framed += 1,
            Reads::Continues => seen.continues += 1,
            Reads::Plain => {}
        }
    }

    /// The way to the line: to the value that reads as one most often, else to one that nothing but a transport calls so.
    pub(super) fn line(&self) -> Option<Vec<String>> {
        let usual = |seen: &Seen| seen.count * 2 >= self.records;
        // A logger's own record carries a line only if most of its messages read as one: some may by chance.
        let least = if self.levelled * 2 > self.records { 2 } else { 10 };
        let told = self.values.iter().filter(|(_, seen)| {
            usual(seen)
                && seen.framed * least >= seen.count
                && (seen.framed + seen.continues) * 2 >= seen.count
        });
        let best = told.min_by_key(|(way, seen)| (std::cmp::Reverse(seen.framed), rank(way), way.len()));
        // Where a value with a more telling name says it in plain words, the record is the program's own.
        let best = best.filter(|(way, _)| {
            rank(way).is_some_and(|rank| rank < SURE)
                || self
                    .values
                    .iter()
                    .all(|(other, seen)| rank(other) >= rank(way) || seen.count * 2 < self.records)
        });
        let sure = || {
            let sure = self
                .values
                .iter()
                .filter(|(way, seen)| usual(seen) && rank(way).is_some_and(|rank| rank < SURE));
            sure.min_by_key(|(way, _)| (rank(way), way.len()))
        };
        best.or_else(sure).map(|(way, _)| way.clone())
    }
}

/// Does a record tell a level of its own, in a word and under a logger's name for it?
fn tells_level(record: &[u8]) -> bool {
    const NAMES: [&str; 7] = ["level", "lvl", "severity", "loglevel", "log.level", "levelname", "@l"];
    let mut tells = false;
    // Damage: what was read before it counts.
    let _ = json::each_field(record, |key: Text<'_>, value| {
        if let Value::Text(text) = value {
            tells |=
                Level::from_word(text.raw).is_some() && NAMES.contains(&names::normal(&key.text()).as_str());
        }
    });
    tells
}

/// How much its name says that a value is the line.
fn rank(way: &[String]) -> Option<usize> {
    // The longest of them with its dashes, and whatever stands before its last dot.
    const LONGEST: usize = 32;
    let last = way.last()?;
    let tail = last.rsplit('.').next().unwrap_or(last);
    if tail.len() > LONGEST {
        return None;
    }
    let name = names::normal(last);
    let name = name.rsplit('.').next().unwrap_or(&name);
    LINES.iter().position(|line| *line == name)
}

/// Which of these columns is the line, by what they are called.
pub(super) fn line_column(names: &[String]) -> Vec<(usize, usize)> {
    let ranked =
        names.iter().enumerate().filter_map(|(at, name)| Some((rank(std::slice::from_ref(name))?, at)));
    let mut ranked: Vec<(usize, usize)> = ranked.collect();
    ranked.sort_unstable();
    ranked
}
