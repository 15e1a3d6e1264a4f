//! What a file is: decided from samples of its head, middle and tail before it is scanned.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::behaviour::{Candidates, RequestIds};
use super::columns::Columns;
use super::contents::Contents;
use super::durations::{Durations, Told};
use super::layout::{BARE_SLACK, Found, Layout, locate, locate_bare, stamp};
use super::noted::{Keys, MOST_DATES, Noted, Spoken};
use super::places::Places;
use super::reader::without_mark;
use super::records::Records;
use super::span::SpanFields;
use super::wrapping::Wrapping;
use super::{
    LOG_FORMATS, LogFormat, Plan, body, colour, csv, json, modsecurity, names, text, trace, w3c, zeek,
};
use crate::format::time::{Clock, Numbers, Order, Stamp, time_alone, zone_of_summer};
use crate::model::time::{self, NANOS, days_from_civil, days_in_month};
use crate::model::{Level, Needs, Role, Slots, Timestamp, Value};

pub use super::dates::Reading;
use super::dates::{order_of, readings};
pub use super::layout::bare_span;

/// What the samples of a file say about it.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Profile {
    /// Where its records are, if they are not one a line.
    pub records: Option<Records>,
    /// The formats of its entries and of the lines that they carry, but text; the outermost and most specific
    /// first. They travel by their names, and whoever takes them up knows those that a person described.
    #[serde(skip)]
    pub formats: Vec<&'static dyn LogFormat>,
    /// What its lines are wrapped in.
    pub wrapping: Wrapping,
    /// Are all times in the samples whole seconds? None where only its reader tells: lines that others carry have times of
    /// their own.
    pub coarse: Option<bool>,
    /// Where its text has its times.
    pub layout: Layout,
    /// Has the text that its entries carry times of its own?
    pub inner_timed: bool,
    /// Are there colours in it?
    pub coloured: bool,
    /// The columns that its head names.
    pub columns: Option<Columns>,
    /// The zone of its times without an offset, where a person said so for this file.
    #[serde(with = "super::named::zone")]
    pub zone: Option<chrono_tz::Tz>,
    /// The order of the numbers in its dates, if they leave only one.
    pub order: Option<Order>,
    /// Are there dates in numbers of which nothing tells the order?
    pub unclear: bool,
    /// Are there times with the name of a zone that stands for several?
    pub unclear_zone: bool,
    /// The orders in which all of its dates in numbers are dates, the most likely first.
    pub orders: Vec<Reading>,
    /// The earliest and the latest time of the samples among those with a year.
    pub dated: Option<(Timestamp, Timestamp)>,
    /// The last time of a file that writes times of day without dates, as nanoseconds of the day, if all of it is
    /// of less than a day.
    pub bare: Option<i64>,
    /// The machine or pod that its place tells, for entries that name none.
    pub host: Option<String>,
    /// The last date without a year in the samples: month, day, second of the day.
    pub yearless: Option<(u32, u32, u32)>,
    /// The fields' names (paths with dots), the most frequent first.
    pub keys: Vec<String>,
    /// The fields of its spans, if its entries are spans of traces.
    pub spans: Option<SpanFields>,
    /// Fields that play roles which no name plays, by what is in them.
    pub behaving: Vec<(Role, Vec<String>)>,
    /// Do messages carry objects of JSON?
    pub carries: bool,
    /// Do messages speak of requests, as web frameworks do?
    pub speaks: bool,
    /// What may name requests in it, until that is settled.
    #[serde(skip)]
    pub candidates: Candidates,
    /// What names requests in it, where no field's name says so.
    pub request_ids: RequestIds,
    /// Fields with names of ids whose values count: 1, 2, 3 …
    pub counters: Vec<String>,
    /// Do they count anew, while other files have the same numbers for other requests?
    pub counts_anew: bool,
    /// The units of durations that no name tells, where they are not the usual ones.
    pub units: Vec<Told>,
    /// What the values of the status role look like, if any were seen.
    pub status: StatusKind,
    /// How the samples were understood.
    pub survey: Survey,
}

/// What the values of a file's status fields look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum StatusKind {
    /// There are none.
    #[default]
    None,
    /// Words: `success`, `failed`.
    Word,
    /// Numbers, as HTTP's.
    Code,
}

/// How the sampled lines were understood.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Survey {
    /// Lines looked at, blank ones aside.
    pub lines: usize,
    /// For each format tried, how many of them it understood as the start of an entry.
    #[serde(with = "super::named::words")]
    pub understood: Vec<(&'static str, usize)>,
    /// Entries of text that start with a time.
    pub timed: usize,
    /// Lines that start no entry.
    pub continuing: usize,
}

/// How many lines of the samples are looked at closely.
const MAX_LINES: usize = 2_000;

/// A year after all others: dates without a year are told by it.
const FAR: i64 = 7_258_118_400;

/// The first instant that only dates without a year can have.
const FAR_FROM: i64 = FAR - 10 * 366 * 86_400;

const DAY: i64 = 86_400_000_000_000;

/// Looks at samples of a file: pieces that start at a line's start.
pub fn survey(samples: &[&[u8]]) -> Profile {
    survey_with(samples, &[])
}

/// The same, where a person described formats of their own, which come before all others.
pub fn survey_with(samples: &[&[u8]], own: &[&'static dyn LogFormat]) -> Profile {
    let mut seen = Seen::new(samples, own);
    let mut lines = 0;
    for sample in samples {
        let mut rest: &[u8] = sample;
        while !rest.is_empty() && lines < MAX_LINES {
            let used = seen.several_lines(rest).unwrap_or_else(|| {
                let line = memchr::memchr(b'\n', rest).map_or(rest, |end| &rest[..end]);
                seen.line(line);
                line.len()
            });
            lines += 1;
            rest = rest.get(used + 1..).unwrap_or_default();
        }
    }
    seen.profile()
}

/// What has been seen of the samples.
struct Seen {
    known: Vec<&'static dyn LogFormat>,
    plan: Plan,
    needs: Needs,
    survey: Survey,
    counts: Vec<usize>,
    keys: Keys,
    candidates: Candidates,
    statuses: [usize; 2],
    contents: Contents,
    durations: Durations,
    spoken: Spoken,
    /// How many entries with fields have a time by its name.
    timed_by_name: usize,
    coloured: bool,
    columns: Option<Columns>,
    /// Lines of text, and how many of them have a time after so many words; then the same for carried lines.
    text: [Places; 2],
    dates: Vec<Numbers>,
    unclear_zone: bool,
    /// The place whose summer time is named.
    place: Option<chrono_tz::Tz>,
    /// Are all times whole seconds, as far as there are any?
    coarse: Option<bool>,
    dated: Vec<Timestamp>,
    yearless: Option<(u32, u32, u32)>,
    first_is_timed: Option<bool>,
}

impl Seen {
    fn new(samples: &[&[u8]], own: &[&'static dyn LogFormat]) -> Self {
        let head = samples.first().copied().unwrap_or_default();
        let columns = w3c::header(head).or_else(|| zeek::header(head)).or_else(|| csv::header(head));
        let mut needs = Needs::none();
        needs.role(Role::Ts);
        let clock = Clock { latest: Timestamp::new(FAR, 0), ..Clock::default() };
        let known: Vec<&'static dyn LogFormat> = own.iter().chain(LOG_FORMATS).copied().collect();
        let plan = Plan::new(&needs, clock, &[]).with_columns(columns.clone()).with_own(own, &[], &[]);
        let wrapping = Wrapping::learn(samples, &known, &plan);
        Seen {
            plan: plan.with_wrapping(wrapping),
            needs,
            survey: Survey::default(),
            counts: vec![0; known.len()],
            known,
            keys: BTreeMap::new(),
            candidates: Candidates::default(),
            statuses: [0; 2],
            contents: Contents::default(),
            durations: Durations::default(),
            spoken: Spoken::default(),
            timed_by_name: 0,
            coloured: false,
            columns,
            text: [Places::default(), Places::default()],
            dates: Vec::new(),
            unclear_zone: false,
            place: None,
            coarse: None,
            dated: Vec::new(),
            yearless: None,
            first_is_timed: None,
        }
    }

    /// Looks at an entry that only several lines tell: how long it is, if there is one.
    fn several_lines(&mut self, rest: &[u8]) -> Option<usize> {
        let first = memchr::memchr(b'\n', rest)?;
        let opens = matches!(rest[..first].trim_ascii(), b"{")
            || rest.starts_with(b"__CURSOR=")
            || rest.starts_with(b"# Time: ")
            || rest.starts_with(b"** Alert ")
            || modsecurity::opens(rest);
        let length = self.known.iter().find_map(|format| format.length(rest));
        let opens = opens || length.is_some();
        let next = &rest[first + 1..rest.len().min(first + 16)];
        let level =
            memchr::memchr(b':', next).is_some_and(|colon| Level::from_word(&next[..colon]).is_some());
        if !opens && !level {
            return None;
        }
        let rest = &rest[..rest.len().min(64 << 10)];
        let second = memchr::memchr(b'\n', &rest[first + 1..]).map_or(rest.len(), |end| first + 1 + end);
        let brace = memchr::memmem::find(rest, b"\n}").map(|end| end + 2);
        let blank = memchr::memmem::find(rest, b"\n\n");
        let audit = modsecurity::end(rest);
        for end in
            [length.map(|end| end.min(rest.len())), audit, Some(second), brace, blank].into_iter().flatten()
        {
            let entry = &rest[..end];
            let taker = self.taker(entry, u8::MAX);
            // What its first line tells alone is looked at line by line.
            if let Some((taker, ts)) =
                taker.filter(|(taker, _)| opens || !self.known[*taker].starts(&rest[..first], &self.plan))
            {
                let lines = memchr::memchr_iter(b'\n', entry).count() + 1;
                self.survey.lines += lines;
                self.survey.continuing += lines - 1;
                self.counts[taker] += 1;
                self.first_is_timed.get_or_insert(true);
                self.time(self.known[taker], entry, ts);
                self.fields(self.known[taker], entry, ts);
                return Some(end);
            }
        }
        None
    }

    fn line(&mut self, line: &[u8]) {
        let line = without_mark(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.trim_ascii().is_empty() {
            return;
        }
        self.survey.lines += 1;
        let plain = colour::strip(line);
        self.coloured |= matches!(plain, Cow::Owned(_));
        let mut line: Cow<'_, [u8]> = plain;
        let mut layer = u8::MAX;
        while let Some((taker, ts)) = self.taker(&line, layer) {
            self.counts[taker] += 1;
            let format = self.known[taker];
            self.first_is_timed.get_or_insert(true);
            self.time(format, &line, ts);
            let Some(inner) = format.inner(&line, &self.plan) else {
                self.fields(format, &line, ts);
                return;
            };
            // What carries the line has names of its own.
            let outer: Option<&dyn LogFormat> = match line.first() {
                Some(b'{') => Some(&json::Json),
                _ if layer == u8::MAX && csv::Csv.starts(&line, &self.plan) => Some(&csv::Csv),
                _ => None,
            };
            if let Some(outer) = outer {
                let mut slots = Slots::new(&self.needs);
                outer.extract(&line, &self.plan, &mut slots);
                let ts = slots.ts;
                self.time(outer, &line, ts);
                self.fields(outer, &line, ts);
            }
            layer = format.layer();
            line = Cow::Owned(inner.into_owned());
        }
        self.text_line(&line, layer != u8::MAX);
    }

    /// The first format inside of `layer` that understands the line as an entry's first, and the time that it finds.
    fn taker(&self, line: &[u8], layer: u8) -> Option<(usize, Option<Timestamp>)> {
        self.known.iter().enumerate().find_map(|(at, format)| {
            let may = format.layer() < layer
                && !(format.is_table() && layer != u8::MAX)
                && format.name() != text::Text.name()
                && format.starts(line, &self.plan);
            let mut slots = may.then(|| Slots::new(&self.needs))?;
            format.extract(line, &self.plan, &mut slots).then_some((at, slots.ts))
        })
    }

    fn text_line(&mut self, line: &[u8], inner: bool) {
        // A number behind a word may be anything; a time of day at the start is more likely one.
        let far = |words: u8| words > 2;
        let doubtful = |((stamp, from, to), words): &(Found, u8)| {
            (far(*words) || line[..*from].iter().any(u8::is_ascii_alphanumeric))
                && matches!(stamp, Stamp::Instant(_))
                && !line[*from..*to].contains(&b'.')
        };
        let mut found = locate(line);
        let bare = match &found {
            // A date far behind a time of day is spoken of.
            Some(found) if !doubtful(found) && (!far(found.1) || locate_bare(line).is_none()) => None,
            _ => locate_bare(line),
        };
        if bare.is_some() {
            found = None;
        }
        if let Some((_, words)) = bare {
            let places = &mut self.text[usize::from(inner)];
            places.bare[usize::from(words)] += 1;
            if !inner {
                places.lines += 1;
                self.fields(&text::Text, line, None);
                return;
            }
        }
        if !inner {
            self.first_is_timed.get_or_insert(found.is_some());
        }
        let spoken_of = found.as_ref().is_some_and(|(_, words)| *words > 0) && trace::names_exception(line);
        if spoken_of || (found.is_none() && trace::continues_untimed(line)) {
            if found.is_none() {
                self.spoken.message(line);
            }
            self.survey.continuing += usize::from(!inner);
            return;
        }
        let places = &mut self.text[usize::from(inner)];
        places.lines += 1;
        let mut ts = None;
        if let Some(found) = found {
            let ((stamp, ..), words) = found;
            places.after_words[usize::from(words)] += 1;
            places.late += usize::from(words == 0 && time_alone(&line[found.0.1..]).is_some());
            places.doubtful[usize::from(words)] += usize::from(doubtful(&found));
            if let Stamp::Numeric { date, .. } = stamp
                && self.dates.len() < MOST_DATES
            {
                self.dates.push(date);
            }
            self.unclear_zone |= stamp.is_of_unclear_zone();
            self.place = self.place.or_else(|| zone_of_summer(&line[found.0.1..found.0.2]));
            ts = self.plan.clock().resolve(stamp);
            if let Some(ts) = ts {
                self.saw(ts);
            }
        }
        self.fields(&text::Text, line, ts);
    }

    /// Notes the time of an entry.
    fn time(&mut self, format: &dyn LogFormat, line: &[u8], ts: Option<Timestamp>) {
        if let Some(ts) = ts {
            self.saw(ts);
            self.timed_by_name += usize::from(format.names_in_text());
        }
        self.date(format, line);
    }

    /// Keeps the date of an entry, if it is of numbers: all of them together tell their order.
    fn date(&mut self, format: &dyn LogFormat, line: &[u8]) {
        if self.dates.len() >= MOST_DATES || format.names_in_text() {
            return;
        }
        let columns = self.columns.as_ref().filter(|columns| columns.format == format.name());
        let found = match columns {
            Some(columns) => columns.date_and_time(line).and_then(stamp).map(|(stamp, _)| stamp),
            None => match format.time(line) {
                Some(text) => stamp(text).map(|(stamp, _)| stamp),
                None => locate(line).filter(|(_, words)| *words <= 2).map(|((stamp, ..), _)| stamp),
            },
        };
        self.unclear_zone |= found.is_some_and(Stamp::is_of_unclear_zone);
        if let Some(Stamp::Numeric { date, .. }) = found {
            self.dates.push(date);
        }
    }

    fn saw(&mut self, ts: Timestamp) {
        self.coarse = Some(self.coarse.unwrap_or(true) && ts.0 % NANOS == 0);
        if ts.0 / 1_000_000_000 >= FAR_FROM {
            let (_, month, day, hour, minute, second, _) = ts.civil();
            self.yearless = Some((month, day, hour * 3600 + minute * 60 + second));
        } else {
            self.dated.push(ts);
        }
    }

    fn fields(&mut self, format: &dyn LogFormat, line: &[u8], ts: Option<Timestamp>) {
        if !format.names_in_text() {
            self.candidates.line(line, body::id(line));
            if format.gathers() {
                self.spoken.message(line);
            }
        }
        let mut noted = Noted {
            keys: &mut self.keys,
            candidates: &mut self.candidates,
            statuses: &mut self.statuses,
            durations: &mut self.durations,
            dates: &mut self.dates,
            spoken: format.names_in_text().then_some(&mut self.spoken),
            contents: (format.names_in_text() && !self.contents.is_known()).then_some(&mut self.contents),
        };
        if let Some(contents) = &mut noted.contents {
            contents.entry();
        }
        format.fields(line, &self.plan, &mut |name, value| noted.field(name, value, 0));
        self.durations.entry(ts);
        self.candidates.entry(ts);
    }

    fn profile(mut self) -> Profile {
        // A stray line that looks like another format is no reason to look for that format in every line.
        let least = self.survey.lines / 100;
        let found = || self.counts.iter().copied().zip(self.known.iter().copied());
        let formats: Vec<&'static dyn LogFormat> = found()
            .filter(|(count, format)| *count > least && format.name() != text::Text.name())
            .map(|(_, format)| format)
            .collect();
        let mut understood: Vec<(&'static str, usize)> =
            found().filter(|(count, _)| *count > 0).map(|(count, format)| (format.name(), count)).collect();
        let [outer, inner] = &self.text;
        let layout = outer.layout(self.first_is_timed == Some(true), self.survey.lines);
        let mut inner_layout = inner.layout(false, inner.lines);
        if inner_layout.is_bare() && (!self.dated.is_empty() || self.yearless.is_some()) {
            // What carries the lines says when they were written, and on which day.
            inner_layout = Layout::learn(&[], 0);
        }
        let timed = match layout.is_timed() {
            true if layout.is_bare() => outer.bare.iter().sum(),
            true => outer.after_words.iter().sum(),
            false => 0,
        };
        if timed > 0 {
            understood.push((text::Text.name(), timed));
        }
        understood.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        self.survey.timed = timed;
        self.survey.continuing += outer.lines.saturating_sub(timed);
        self.survey.understood = understood;
        let mut keys: Vec<(usize, String)> =
            std::mem::take(&mut self.keys).into_iter().map(|(name, key)| (key.count, name)).collect();
        keys.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        // `level` may be an object in which `name` is meant.
        let is_object = |key: &str| {
            keys.iter().any(|(_, other)| other.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')))
        };
        let levelled = keys.iter().any(|(_, key)| {
            names::roles_of(key).iter().any(|(role, ..)| *role == Role::Level) && !is_object(key)
        });
        let says = |(count, key): &(usize, String)| {
            let message = names::roles_of(key).iter().any(|(role, ..)| *role == Role::Message);
            message && count * 10 >= self.survey.lines && !is_object(key)
        };
        let told = keys.iter().any(says);
        let behaving = self.contents.roles(self.timed_by_name > 0, levelled, told);
        let orders = readings(&self.dates);
        // Fields that say how requests ended speak for themselves.
        let speaks = self.spoken.answers * 100 > self.survey.lines && self.statuses[0] == 0;
        if speaks {
            self.statuses[0] += self.spoken.answers;
            for name in ["method", "path"] {
                if self.spoken.requests > 0 && keys.iter().all(|(_, key)| key != name) {
                    keys.push((self.spoken.requests, name.to_owned()));
                }
            }
        }
        // What makes an entry a span stands in most of them, not among the words of some.
        let most = self.survey.lines.min(keys.first().map_or(0, |(count, _)| *count));
        let usual = keys.iter().filter(|(count, _)| count * 2 >= most).map(|(_, key)| key.clone());
        let are_spans = SpanFields::of(&usual.collect::<Vec<_>>()).is_some();
        let keys: Vec<String> = keys.into_iter().map(|(_, key)| key).collect();
        let spans = are_spans.then(|| SpanFields::of(&keys)).flatten();
        // Spans count in the unit of their starts.
        let known = names::unit_of_file(&keys).is_some() || spans.is_some();
        let units = self.durations.settle(known);
        let carries = formats.iter().any(|format| format.layer() > 0);
        Profile {
            coarse: self.coarse.filter(|_| !carries && spans.is_none() && !layout.is_bare()),
            spans,
            records: None,
            wrapping: self.plan.wrapping().clone(),
            formats,
            inner_timed: inner_layout.is_timed(),
            // Text in the file and text that its entries carry are read alike: the more frequent decides.
            layout: match (layout.is_timed(), inner_layout.is_timed()) {
                (true, true) if inner.lines > outer.lines => inner_layout,
                (true, _) => layout,
                (false, _) => inner_layout,
            },
            coloured: self.coloured,
            columns: self.columns,
            zone: self.place.filter(|_| self.unclear_zone),
            order: order_of(&orders),
            unclear: order_of(&orders).is_none() && self.dates.iter().any(|date| !date.is_clear()),
            unclear_zone: self.unclear_zone,
            orders,
            dated: time::joined(self.dated.iter().map(|ts| (*ts, *ts))),
            bare: None,
            host: None,
            yearless: self.yearless,
            keys,
            behaving,
            units,
            speaks,
            carries: self.contents.carries(),
            request_ids: RequestIds::default(),
            counters: self.candidates.counters(),
            counts_anew: false,
            candidates: self.candidates,
            status: match self.statuses {
                [0, 0] => StatusKind::None,
                [codes, words] if codes >= words => StatusKind::Code,
                _ => StatusKind::Word,
            },
            survey: self.survey,
        }
    }
}

impl Profile {
    /// Have its entries statuses, but no field for a level?
    pub(super) fn level_is_told_by_status(&self) -> bool {
        let levelled = |key: &String| names::roles_of(key).iter().any(|(role, ..)| *role == Role::Level);
        let behaves = self.behaving.iter().any(|(role, _)| *role == Role::Level);
        self.status == StatusKind::Code && !behaves && !self.keys.iter().any(levelled)
    }

    /// Do entries tell when they were written? `latest` is about when the last one was, where that had to be found out;
    /// `zoned` says that a person named the zone.
    pub fn tells_time(&self, latest: Option<Timestamp>, zoned: bool) -> bool {
        let found = self.behaving.iter().any(|(role, _)| *role == Role::Ts);
        let of_day = self.layout.is_bare() && self.bare.is_some() && latest.is_some();
        let proved = self.wrapping.ahead.is_some() || (self.unclear_zone && (zoned || self.zone.is_some()));
        self.dated.is_some() || self.yearless.is_some() || found || of_day || proved
    }

    /// Settles the order of the numbers in its dates by when the file was last written: no entry is later than that,
    /// and the last one is most often of that day.
    pub fn settle_order(&mut self, modified: Option<Timestamp>) {
        let Some(day) = modified.map(|ts| ts.0.div_euclid(DAY)) else { return };
        let mut left = self.orders.clone();
        left.retain(|reading| reading.latest.is_none_or(|latest| latest <= day + 1));
        if left.len() == self.orders.len() && self.order.is_some() {
            return;
        }
        let same_day = |reading: &&Reading| reading.latest.is_some_and(|latest| (latest - day).abs() <= 1);
        let order = order_of(&left).or_else(|| match left.iter().filter(same_day).collect::<Vec<_>>()[..] {
            [only] if !only.clear => Some(only.order),
            _ => None,
        });
        if order.is_some() {
            self.order = order;
            self.unclear = false;
        }
    }

    /// About when the file's last entry was written: no entry without a year is much later. `modified` is when
    /// the file was last written, `near` the span of the files beside it, and `whole` says that the samples
    /// reach to the file's end.
    pub fn latest(
        &self,
        modified: Option<Timestamp>,
        near: Option<(Timestamp, Timestamp)>,
        whole: bool,
    ) -> Option<Timestamp> {
        if let Some(last) = self.bare {
            return last_of_day(last, modified, near);
        }
        let (month, day, second) = self.yearless?;
        let in_year = |year: i32| {
            let exists = day <= days_in_month(year, month);
            exists
                .then(|| Timestamp::new(days_from_civil(year, month, day) * 86_400 + i64::from(second), 0))
                .flatten()
        };
        // Neighbours that span years say nothing about one of them.
        let near = near.filter(|(from, to)| to - from < 400 * DAY);
        let last = if let Some((from, to)) = self.dated.or(near) {
            // Files beside each other are of one time; when one was last written may say when it was copied.
            let middle = from.0 / 2 + to.0 / 2;
            let (year, ..) = Timestamp(middle).civil();
            (year - 4..=year + 4).filter_map(in_year).min_by_key(|ts| (ts.0 - middle).abs())?
        } else {
            let modified = modified?;
            let (year, ..) = modified.civil();
            (year - 8..=year + 1)
                .rev()
                .filter_map(in_year)
                .find(|ts| ts.0 <= modified.0.saturating_add(DAY))?
        };
        // What comes after the samples may be half a year later, but not after the file was written.
        let later = if whole { 0 } else { 182 * DAY };
        let bound = last.0.saturating_add(later);
        Some(Timestamp(match modified {
            Some(modified) if modified.0 >= last.0 => bound.min(modified.0),
            _ => bound,
        }))
    }
}

/// The latest instant of a file whose last line has this time of day: nearest to what the files beside it say, if
/// they are of one day, else to when it was last written.
fn last_of_day(
    last: i64,
    modified: Option<Timestamp>,
    near: Option<(Timestamp, Timestamp)>,
) -> Option<Timestamp> {
    let near = near.filter(|(from, to)| to - from < DAY).map(|(_, to)| to);
    let about = near.or(modified)?.0;
    let midnight = about - about.rem_euclid(DAY);
    let days = [-1, 0, 1].map(|day| midnight + day * DAY + last);
    let nearest = days.into_iter().min_by_key(|at| (at - about).abs())?;
    Some(Timestamp(nearest + BARE_SLACK))
}

/// Whether a word says that something went well.
pub fn outcome(value: Value<'_>) -> Option<bool> {
    match value {
        Value::Bool(success) => Some(success),
        Value::Text(text) => {
            let word = text.bytes().to_ascii_lowercase();
            match &word[..] {
                b"success" | b"succeeded" | b"successful" | b"ok" | b"completed" | b"complete" | b"done"
                | b"passed" | b"accepted" | b"approved" | b"paid" => Some(true),
                // Codes of gRPC by which the caller, not the server, is at fault.
                b"invalidargument"
                | b"notfound"
                | b"alreadyexists"
                | b"permissiondenied"
                | b"unauthenticated"
                | b"failedprecondition"
                | b"outofrange" => Some(true),
                b"unavailable" | b"deadlineexceeded" | b"internal" | b"dataloss" | b"unimplemented"
                | b"resourceexhausted" => Some(false),
                b"failure" | b"failed" | b"fail" | b"error" | b"rejected" | b"denied" | b"declined"
                | b"timeout" | b"aborted" | b"cancelled" | b"canceled" => Some(false),
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_numbers_are_told_by_each_other_or_not_at_all() {
        for (text, order, unclear) in [
            ("07/11/2022 10:29:01 x\n07/11/2022 10:29:02 y\n", None, true),
            ("07/11/2022 10:29:01 x\n13/11/2022 10:29:02 y\n", Some(Order::DayFirst), false),
            ("07/11/2022 10:29:01 x\n08/11/2022 10:29:02 y\n", Some(Order::DayFirst), false),
            ("07.11.2022 10:29:01 x\n", None, false),
            ("03/05 10:10:11 x\n03/15 10:10:11 x\n", Some(Order::MonthFirst), false),
        ] {
            let profile = survey(&[text.as_bytes()]);
            assert_eq!((profile.order, profile.unclear), (order, unclear), "{text}");
        }
    }

    #[test]
    fn no_date_in_numbers_is_later_than_the_file() {
        let modified = Timestamp::new(days_from_civil(2015, 5, 4) * 86_400 + 100, 0);
        for (text, order) in [
            ("29/04/15 10:29:01 x\n", Some(Order::DayFirst)),
            ("15-04-29 10:29:01 x\n", Some(Order::YearFirst)),
            ("04/05/2015 10:29:01 x\n", Some(Order::DayFirst)),
            ("05/04/2015 10:29:01 x\n", Some(Order::MonthFirst)),
            ("05/04/2014 10:29:01 x\n", None),
            ("05/07/2015 10:29:01 x\n", None),
            ("03-17 16:13:38.811 x\n", Some(Order::MonthFirst)),
        ] {
            let mut profile = survey(&[text.as_bytes()]);
            profile.settle_order(modified);
            assert_eq!(profile.order, order, "{text}");
        }
    }

    #[test]
    fn formats_are_recognised_among_each_other() {
        let json = br#"starting
{"time":1703388568311,"level":30,"msg":"x","err":{"code":"E"},"statusCode":200}
{"time":1703388568312,"level":30,"msg":"y"}
2023-12-24 03:14:23 INFO plain
"#;
        let profile = survey(&[json]);
        assert_eq!(profile.formats.iter().map(|format| format.name()).collect::<Vec<_>>(), ["json"]);
        assert!(profile.layout.is_timed() && profile.keys.contains(&"err.code".to_owned()));
        assert_eq!(profile.status, StatusKind::Code);
        assert_eq!((profile.survey.lines, profile.survey.continuing), (4, 1));
    }

    #[test]
    fn times_without_dates_are_of_one_day_or_of_none() {
        for (text, expected) in [
            ("09:00:00.5 a\n09:00:01 b\n", Some((9 * 3600 + 1) * 1_000_000_000)),
            ("12 23:59:58 a\n13 00:00:01 b\n", Some(1_000_000_000)),
            ("[09:00:00] [main/INFO]: x\n[09:00:00] [main/INFO]: y\n", Some(9 * 3600 * 1_000_000_000)),
            ("00:00:00 a\n03:00:00 b\n00:00:01 c\n", None),
            // One message in ten begins with a date.
            (
                "09:00:00 2024-01-02 is gone\n09:00:01 b\n09:00:01 b\n09:00:01 b\n09:00:01 b\n09:00:01 b\n\
                 09:00:01 b\n09:00:01 b\n09:00:01 b\n09:00:01 b\n09:00:01 b\n",
                Some((9 * 3600 + 1) * 1_000_000_000),
            ),
            ("22:00:00 a\n03:00:00 b\n01:00:01 c\n", None),
        ] {
            let profile = survey(&[text.as_bytes()]);
            assert!(profile.layout.is_bare(), "{text}");
            assert_eq!(bare_span(text.as_bytes(), profile.layout), expected, "{text}");
        }
        let scattered = survey(&[b"at 09:00:00 a\nb\nc\n"]);
        assert!(!scattered.layout.is_bare());
        let sequences = survey(&[b"11:29:42.5 IP x > y: seq 1252624761, z\n11:29:43.5 IP x > y: seq 4, z\n"]);
        assert!(sequences.layout.is_bare());
    }

    #[test]
    fn text_without_times_is_entry_by_entry() {
        let profile = survey(&[b"one\n  two\nthree\n"]);
        assert!(profile.formats.is_empty() && !profile.layout.is_timed());
        assert!(survey(&[b"2023-12-24 03:14:23 x\n\tat y\n\tat z\n"]).layout.is_timed());
        assert!(!survey(&[]).layout.is_timed());
    }
}
