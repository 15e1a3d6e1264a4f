//! What the lines of a file are wrapped in, learned from samples: records that carry them, names and times before them; and
//! how far the program's own times are from those of what carries them.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeMap;

use super::envelope::{self, Carrier, Learner, Reads};
use super::header::Header;
use super::prefix::{SHAPES, Shape};
use super::records::is_record;
use super::words::first_line;
use super::{LogFormat, Plan, csv, json, layout, logfmt, names, stamp, text, trace};
use crate::format::time::{self, Clock, Stamp};
use crate::model::{Needs, Role, Slots, Text, Timestamp, Value};

/// What the lines of a file are wrapped in.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Wrapping {
    /// The value of a record that is the line: of the file's records, and of those in what another format carries.
    pub carriers: [Option<Carrier>; 2],
    /// How names stand before the lines.
    #[serde(deserialize_with = "super::named::shape::deserialize")]
    pub prefix: Option<&'static Shape>,
    /// Has something else than the program put a time before every line?
    pub stamped: bool,
    /// By how many seconds times without a zone are ahead of UTC, as the times of what carries them prove.
    pub ahead: Option<i32>,
}

/// How many lines of each sample are looked at.
const LINES: usize = 40;

/// How many of them are asked what most of them have behind their times.
const ENOUGH_LINES: usize = 12;

/// A few of many, one as far from the next as all others.
fn few<T>(all: &[T]) -> impl Iterator<Item = &T> {
    all.iter().step_by(all.len().div_ceil(ENOUGH_LINES).max(1))
}

/// How much of a line.
const LONGEST: usize = 16 << 10;

impl Wrapping {
    /// May the lines be of several programs? What carries them tells those apart by names.
    pub fn is_shared(&self) -> bool {
        self.prefix.is_some() || self.carriers[0].is_some()
    }

    /// Learns from samples; `known` are the formats that lines may have.
    pub(super) fn learn(samples: &[&[u8]], known: &[&'static dyn LogFormat], plan: &Plan) -> Wrapping {
        let lines: Vec<Line<'_>> = samples
            .iter()
            .flat_map(|sample| {
                sample.split(|b| *b == b'\n').filter(|line| !line.trim_ascii().is_empty()).take(LINES)
            })
            .map(|line| super::colour::strip(super::reader::without_mark(&line[..line.len().min(LONGEST)])))
            .map(|bytes| Line { bytes, taker: Cell::new(None) })
            .collect();
        let mut learning = Learning { known, plan: plan.clone(), wrapping: Wrapping::default(), settled: 0 };
        learning.prefix(&lines);
        learning.stamp(&lines);
        for within in [false, true] {
            learning.carrier(&lines, within);
        }
        learning.column(&lines);
        learning.clocks(&lines);
        learning.wrapping
    }
}

struct Learning<'k> {
    known: &'k [&'static dyn LogFormat],
    plan: Plan,
    wrapping: Wrapping,
    /// How often something was settled: what takes a line may be another format since.
    settled: usize,
}

/// A line that is looked at.
struct Line<'l> {
    bytes: Cow<'l, [u8]>,
    /// The outermost format that understands it, and when that was found.
    taker: Cell<Option<(usize, Option<&'static dyn LogFormat>)>>,
}

impl std::ops::Deref for Line<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Learning<'_> {
    /// Settles what has been learned, so that lines can be unwrapped by it.
    fn settle(&mut self) {
        self.plan = self.plan.clone().with_wrapping(self.wrapping.clone());
        self.settled += 1;
    }

    /// The shape that most lines have, behind which most of them read as lines.
    fn prefix(&mut self, lines: &[Line<'_>]) {
        let fits = |shape: &&Shape| {
            let cut: Vec<&[u8]> =
                lines.iter().filter_map(|line| shape.cut(line).map(|cut| &line[cut.at..])).collect();
            let told = |rest: &&&[u8]| {
                let reads = self.reads(rest);
                if shape.name == "words" {
                    json::is_object(rest) && is_record(rest)
                } else {
                    reads != Reads::Plain
                }
            };
            let framed = |rest: &&&[u8]| self.reads(rest) == Reads::Framed;
            cut.len() * 2 >= lines.len().max(1)
                && (shape.sure
                    || (cut.iter().any(|rest| framed(&rest))
                        && cut.iter().filter(told).count() * 2 >= cut.len()))
        };
        // Whole lines that are understood as they are have nothing before them.
        let whole = |line: &&Line<'_>| self.outermost(line).is_some();
        self.wrapping.prefix = SHAPES
            .iter()
            .find(|shape| fits(shape))
            .filter(|shape| shape.sure || lines.iter().filter(whole).count() * 2 < lines.len());
        if self.wrapping.prefix.is_some() {
            self.settle();
        }
    }

    /// Every line has a time, and behind it lines go on with others or have times of their own.
    fn stamp(&mut self, lines: &[Line<'_>]) {
        let rests: Vec<&[u8]> = lines
            .iter()
            .filter_map(|line| {
                let line = self.without_prefix(line);
                stamp::cut(line).map(|(_, at)| &line[at..])
            })
            .collect();
        if rests.is_empty() || rests.len() * 20 < lines.len() * 19 {
            return;
        }
        let goes_on = |rest: &&&[u8]| trace::continues(rest) && !rest.is_empty() || rest.starts_with(b"\t");
        // Objects and pairs may stand behind a program's own time.
        let bare = [json::Json.name(), logfmt::Logfmt.name()];
        let own = |rest: &&&[u8]| {
            json::is_object(rest) && is_record(rest)
                || layout::locate(&rest[..rest.len().min(80)]).is_some_and(|(_, words)| words <= 1)
                || self.taker(rest, super::layer::STAMP).is_some_and(|format| !bare.contains(&format.name()))
        };
        let owning = || few(&rests).filter(|rest| own(rest)).count() * 2 >= few(&rests).count();
        self.wrapping.stamped = rests.iter().any(|rest| goes_on(&rest)) || owning();
        if self.wrapping.stamped {
            self.settle();
        }
    }

    fn without_prefix<'l>(&self, line: &'l [u8]) -> &'l [u8] {
        let cut = self.wrapping.prefix.and_then(|shape| shape.cut(line));
        cut.map_or(line, |cut| &line[cut.at..])
    }

    /// The value of records that is the line.
    fn carrier(&mut self, lines: &[Line<'_>], within: bool) {
        let mut learner = Learner::default();
        // A record is an object.
        for line in lines.iter().filter(|line| memchr::memchr(b'{', line).is_some()) {
            self.each_layer(line, |format, layer, line| {
                if format.name() == json::Json.name() && (layer != u8::MAX) == within {
                    learner.record(line, &|text| self.reads(text));
                }
            });
        }
        if let Some(keys) = learner.line() {
            self.wrapping.carriers[usize::from(within)] = Some(Carrier::keys(keys));
            self.settle();
        }
    }

    /// The column of a table that is the line.
    fn column(&mut self, lines: &[Line<'_>]) {
        let Some(columns) = self.plan.columns().filter(|columns| columns.format == csv::Csv.name()).cloned()
        else {
            return;
        };
        let framed = |at: usize| {
            let cells = lines.iter().skip(1).filter_map(|line| columns.get(line, at));
            let framed =
                cells.clone().filter(|cell| self.reads(&csv::undoubled(cell)) == Reads::Framed).count();
            framed * 2 > cells.count()
        };
        let told = envelope::line_column(&columns.names).into_iter().find(|(_, at)| framed(*at));
        if let Some((_, at)) = told {
            self.wrapping.carriers[0] = Some(Carrier::column(at));
            self.settle();
        }
    }

    /// The outermost format that understands a line.
    fn outermost(&self, line: &Line<'_>) -> Option<&'static dyn LogFormat> {
        if let Some((settled, taker)) = line.taker.get()
            && settled == self.settled
        {
            return taker;
        }
        let taker = self.taker(line, u8::MAX);
        line.taker.set(Some((self.settled, taker)));
        taker
    }

    /// Visits a line and what it carries, each with its format and the layer outside of it. Gives what stands innermost, and
    /// the layer outside of that.
    fn each_layer<'l>(
        &self,
        line: &'l Line<'_>,
        mut visit: impl FnMut(&'static dyn LogFormat, u8, &[u8]),
    ) -> (u8, Cow<'l, [u8]>) {
        let mut bytes = Cow::Borrowed(&*line.bytes);
        let mut layer = u8::MAX;
        let mut taker = self.outermost(line);
        while let Some(format) = taker {
            visit(format, layer, &bytes);
            let Some(inner) = format.inner(&bytes, &self.plan) else { break };
            layer = format.layer();
            bytes = Cow::Owned(inner.into_owned());
            taker = self.taker(&bytes, layer);
        }
        (layer, bytes)
    }

    /// The first format inside of `layer` that understands the line.
    fn taker(&self, line: &[u8], layer: u8) -> Option<&'static dyn LogFormat> {
        self.known.iter().copied().find(|format| {
            format.layer() < layer
                && !(format.is_table() && layer != u8::MAX)
                && format.name() != text::Text.name()
                && format.starts(line, &self.plan)
                && format.extract(line, &self.plan, &mut Slots::new(&Needs::none()))
        })
    }

    /// How a text reads that something carries.
    fn reads(&self, text: &[u8]) -> Reads {
        let json = json::Json.name();
        let known = |line: &[u8]| {
            self.taker(line, super::layer::CONTAINER + 1).is_some_and(|format| format.name() != json)
        };
        if json::is_object(text) {
            return if is_record(text) || known(text) { Reads::Framed } else { Reads::Plain };
        }
        let line = first_line(text);
        if trace::continues_untimed(line) {
            return Reads::Continues;
        }
        if line.len() < 4 || time::read(line).is_some_and(|(_, used)| used + 3 >= line.len()) {
            return Reads::Plain;
        }
        let timed = || {
            layout::locate(line).is_some_and(|((stamp, ..), words)| {
                words <= 2 && (words == 0 || !matches!(stamp, Stamp::Instant(_)))
            }) || layout::locate_bare(line).is_some_and(|(_, words)| words == 0)
        };
        // A level alone is a word: `fine`, `error`.
        let levelled = || {
            let level = Header::any(line, None).level.filter(|(_, from, _)| *from <= 1);
            level.is_some_and(|(.., to)| line[to..].iter().any(u8::is_ascii_alphanumeric))
        };
        // Some formats only several lines tell.
        let by_its_lines = || line.len() < text.len() && known(text);
        if timed() || levelled() || known(line) || by_its_lines() { Reads::Framed } else { Reads::Plain }
    }

    /// By how much the program's times without a zone are ahead of those of what carries them.
    fn clocks(&mut self, lines: &[Line<'_>]) {
        // Nothing that may carry a line tells nothing; these are a few of all formats.
        let carriers = || self.known.iter().filter(|format| format.layer() > 0);
        let carries = |line: &Line<'_>| {
            json::is_object(line) || carriers().any(|format| format.starts(line, &self.plan))
        };
        if !lines.iter().any(carries) {
            return;
        }
        let mut proofs = Proofs::default();
        for line in lines {
            let mut times = Times::default();
            let (layer, inner) = self.each_layer(line, |format, _, line| times.of_layer(format, line));
            if layer != u8::MAX && !json::is_object(&inner) {
                times.of_text(&inner);
            }
            proofs.add(&times);
        }
        self.wrapping.ahead = proofs.ahead();
    }
}

/// How many digits an instant has in milliseconds.
const EPOCH_MILLIS: usize = 13;

/// The times that one line tells.
#[derive(Debug, Default)]
struct Times {
    /// Instants, by where they stand.
    zoned: BTreeMap<String, Timestamp>,
    /// The innermost time without a zone, read as UTC.
    local: Option<Timestamp>,
}

impl Times {
    /// Takes the times of a format that carries a line, or of the object that is the line.
    fn of_layer(&mut self, format: &'static dyn LogFormat, line: &[u8]) {
        if json::is_object(line) {
            self.of_object(line, "", 0);
        } else if let Some((stamp, ..)) = layout::locate(&line[..line.len().min(120)]).map(|(found, _)| found)
            && format.layer() > 0
        {
            self.stamp(format.name(), stamp);
        }
    }

    fn of_object(&mut self, object: &[u8], path: &str, depth: usize) {
        // Damage: what was read before it counts.
        let _ = json::each_field(object, |key: Text<'_>, value| {
            let name =
                if path.is_empty() { key.text().into_owned() } else { format!("{path}.{}", key.text()) };
            let plain = key.text().trim_start_matches('_').to_owned();
            let is_time = || {
                [&name, &plain]
                    .iter()
                    .any(|name| names::roles_of(name).iter().any(|(role, ..)| *role == Role::Ts))
            };
            match value {
                Value::Nested(raw @ [b'{', ..]) if depth < 3 => self.of_object(raw, &name, depth + 1),
                // What is so long and so near to the other times is one, whatever it is called.
                Value::Number(raw) if raw.len() >= EPOCH_MILLIS || is_time() => {
                    if let Some((stamp, _)) = time::epoch(raw) {
                        self.stamp(&name, stamp);
                    }
                }
                Value::Text(text) if is_time() => {
                    let text = text.bytes();
                    if let Some((stamp, _)) = time::read(&text).or_else(|| time::epoch(&text)) {
                        self.stamp(&name, stamp);
                    }
                }
                _ => {}
            }
        });
    }

    fn of_text(&mut self, line: &[u8]) {
        if let Some(((stamp, ..), words)) = layout::locate(&line[..line.len().min(120)])
            && words <= 2
        {
            self.stamp("line", stamp);
        }
    }

    fn stamp(&mut self, name: &str, stamp: Stamp) {
        let stamp = stamp.as_local();
        let Some(ts) = Clock::default().resolve(stamp) else { return };
        if stamp.is_local() {
            self.local = Some(ts);
        } else {
            self.zoned.insert(name.to_owned(), ts);
        }
    }
}

/// What the times of all lines prove.
#[derive(Debug, Default)]
struct Proofs {
    /// For each time with a zone, how many quarters of an hour the one without is ahead of it, as long as that is the same.
    ahead: BTreeMap<String, (usize, Option<i64>)>,
}

const QUARTER: i64 = 900_000_000_000;

/// How much later a line may be taken over than it was written.
const DELAY: i64 = 60_000_000_000;

/// No zone is further from UTC.
const FURTHEST: i64 = 14 * 4;

/// How many lines prove something.
const ENOUGH: usize = 2;

impl Proofs {
    fn add(&mut self, times: &Times) {
        let Some(local) = times.local else { return };
        for (name, ts) in &times.zoned {
            let ahead = local - *ts;
            let quarters = (ahead + QUARTER / 2).div_euclid(QUARTER);
            let exact = (ahead - quarters * QUARTER).abs() <= DELAY && quarters.abs() <= FURTHEST;
            let (count, known) = self.ahead.entry(name.clone()).or_insert((0, Some(quarters)));
            *count += 1;
            *known = known.filter(|known| exact && *known == quarters);
        }
    }

    /// The seconds that all lines prove.
    fn ahead(&self) -> Option<i32> {
        let proved =
            || self.ahead.values().filter(|(count, _)| *count >= ENOUGH).filter_map(|(_, known)| *known);
        if proved().any(|quarters| quarters == 0) {
            return None;
        }
        i32::try_from(proved().next()? * 900).ok()
    }
}
