//! The one pass over the entries: how often each kind of entry occurred, when, and where it can be looked at.
//!
//! Entries are counted by what they say apart from their values (see [`super::mask`]). What the detectors look
//! for is in those words, so they judge each kind once, after the pass, instead of every entry during it.

use std::collections::BTreeMap;

use super::dumps::Dumps;
use super::fault;
use super::gauge::{self, Fill, Gauge, Part};
use super::levels::{self, Levels};
use super::recent::RecentTexts;
use super::requests::{Requests, Tally};
use crate::fold::{Damaged, Fold, Loaded, Saved, Table, Travel};
use crate::format::log::mask;
use crate::format::log::survey::outcome;
use crate::model::{Entry, Level, Location, Needs, Role, Slot, Slots, Timestamp};
use crate::outcome::asked::Asked;
use crate::outcome::{Judge, SuccessRule};
use crate::scan::{self, Input};
use crate::series::bins::{Bins, Moment};
use crate::signatures::known::Family;
use crate::signatures::quantity;
use crate::source::Age;

/// How much of an entry is kept to show it.
pub const SHOWN: usize = 800;

/// What is wanted of every entry, and how the files belong together.
#[derive(Clone, Debug)]
pub struct Wants {
    errors: fault::Fields,
    asked: Asked,
    /// Fields of every file that hold quantities, with their names.
    numbers: Vec<Vec<(Slot, String)>>,
    pools: Vec<PoolFields>,
    /// The group of every file: the parts of a log are one group.
    groups: Vec<u32>,
    /// What is known of each group.
    written: Vec<Written>,
    /// What stands for requests.
    judge: Judge,
    /// Signatures that were declared beside those that are known.
    pub declared: Vec<&'static Family>,
}

/// A log: the files that are its parts.
#[derive(Clone, Debug)]
struct Written {
    /// Its path, without what marks parts.
    log: String,
    /// The file that stands for it: the part that is written to, or else the last one.
    file: String,
    /// The last of its parts.
    age: Age,
}

impl Written {
    fn of(input: &Input) -> Written {
        Written { log: input.log.clone(), file: input.shown.clone(), age: input.age.clone() }
    }

    /// Another part; they come with the oldest first, as far as their names tell.
    fn add(&mut self, input: &Input) {
        if input.age >= self.age {
            (self.file, self.age) = (input.shown.clone(), input.age.clone());
        }
    }
}

/// Fields that hold a pool's numbers.
#[derive(Clone, Debug)]
struct PoolFields {
    /// The name of the field of what is in use.
    name: String,
    active: Slot,
    total: Slot,
    waiting: Option<Slot>,
    growing: bool,
    /// Do the names themselves say that this is a pool?
    named: bool,
}

/// What is counted about a kind of entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// Entries that say the same.
    Template = 0,
    /// Moments at which a pool was full.
    Full = 1,
    /// Moments at which a pool was nearly full.
    Near = 2,
    /// Requests with a status, by status and by what was asked for.
    Status = 3,
    /// Entries with a duration, by its half octave and by what was asked for or else what they say.
    Duration = 4,
    /// Quantities, by their fields.
    Number = 5,
}

impl What {
    const ALL: [What; 6] =
        [What::Template, What::Full, What::Near, What::Status, What::Duration, What::Number];
}

/// A kind of entry: what its key says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    /// What is counted.
    pub what: What,
    /// The group of files.
    pub group: u32,
    /// The level, where the entries have one.
    pub level: Option<Level>,
    /// The service.
    pub service: String,
    /// The masked text.
    pub text: String,
}

/// What is known about a kind of entry.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Signal {
    /// Entries with and without a time.
    pub count: u64,
    /// When they were.
    pub bins: Bins,
    /// The earliest, as it stands in the file.
    pub example: Example,
    /// Are numbers to be taken from the text?
    pooled: bool,
}

/// An entry as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Example {
    /// Its time.
    pub ts: Option<Timestamp>,
    /// Its place.
    pub location: Location,
    /// Its first lines.
    pub text: Box<[u8]>,
}

/// What is known about a message that was seen before.
#[derive(Clone, Debug, Default)]
struct Told {
    /// The beginning of the key that its last entry had, and the number of the signal with that key.
    head: Vec<u8>,
    signal: u32,
    /// What it says of a pool; it says nothing before it was asked.
    gauge: Option<Gauge>,
    asked: bool,
}

/// The state of the pass.
#[derive(Clone, Debug)]
pub struct Observed<'w> {
    wants: &'w Wants,
    signals: Table<Signal>,
    numbers: Table<Levels>,
    key: Vec<u8>,
    asked: Vec<u8>,
    masks: RecentTexts<Told>,
    /// Chunks with the times of their first and last entries.
    chunks: Vec<ChunkTimes>,
    requests: Tally<'w>,
    /// When spans began.
    spans: Bins,
    /// What runtimes wrote of their threads.
    dumps: Dumps,
}

/// A chunk of a file, and the earliest and latest time in it.
pub type ChunkTimes = ((u32, u32), (Timestamp, Timestamp));

impl Wants {
    /// Asks for what the detectors need of these logs.
    pub fn new(logs: &[Input], needs: &mut Needs) -> Wants {
        Wants::judging(logs, SuccessRule::Usual, needs)
    }

    /// The same, with a rule that says which requests succeed.
    pub fn judging(logs: &[Input], rule: SuccessRule, needs: &mut Needs) -> Wants {
        for role in [Role::Ts, Role::Level, Role::Message, Role::Service, Role::Status, Role::Duration] {
            needs.role(role);
        }
        let keys = scan::field_names(logs);
        let errors = fault::Fields::of(keys.iter().copied(), needs);
        let asked = Asked::new(&keys, needs);
        let pools = pool_fields(&keys, needs);
        let quantities = keys.iter().copied().filter(|key| quantity::is_quantity(key));
        let quantities: Vec<&str> = quantities.take(levels::MOST_FIELDS).collect();
        let mut numbers_of = |input: &Input| {
            let keys = input.profile().into_iter().flat_map(|profile| &profile.keys);
            let own = keys.filter(|key| quantities.binary_search(&key.as_str()).is_ok());
            own.map(|key| (needs.field(key), key.clone())).collect()
        };
        let numbers = logs.iter().map(&mut numbers_of).collect();
        let mut written: Vec<Written> = Vec::new();
        let mut known: BTreeMap<&str, usize> = BTreeMap::new();
        let groups = logs.iter().map(|input| {
            let at = *known.entry(&input.log).or_insert_with(|| {
                written.push(Written::of(input));
                written.len() - 1
            });
            written[at].add(input);
            at as u32
        });
        let groups = groups.collect();
        let judge = Judge::new(rule, logs, needs);
        let declared = Vec::new();
        Wants { errors, asked, numbers, pools, groups, written, judge, declared }
    }

    /// The same, with these signatures as well.
    #[must_use]
    pub fn knowing(mut self, declared: Vec<&'static Family>) -> Wants {
        self.declared = declared;
        self
    }

    /// What tells how requests ended.
    pub fn judge(&self) -> &Judge {
        &self.judge
    }

    /// Appends what was asked for, masked, to `key`; says whether the entry tells.
    pub fn push_path(&self, slots: &Slots<'_>, key: &mut Vec<u8>) -> bool {
        self.asked.push_path(slots, key)
    }

    /// The key of what an entry says, as it is counted: [`Kind::key`] of its kind.
    pub fn template_key(&self, entry: &Entry<'_, '_>, masks: &mut RecentTexts, key: &mut Vec<u8>) {
        let slots = entry.slots;
        let service = slots.role(Role::Service).key().unwrap_or_default();
        let message = slots.role(Role::Message).key().unwrap_or_default();
        let level = level_of(slots, &message);
        key.clear();
        push_head(self.group(entry.location.file), level, shortened(&service), key);
        masks.append(&message, key);
        self.errors.mask(slots, key);
    }

    /// Asks for one more quantity.
    #[cfg(test)]
    pub(crate) fn want_number(&mut self, name: &str, needs: &mut Needs) {
        self.numbers.push(vec![(needs.field(name), name.to_owned())]);
    }

    /// The numbers of pools in an entry's fields.
    pub(super) fn gauges(&self, slots: &Slots<'_>, message: &[u8]) -> impl Iterator<Item = Gauge> {
        self.pools.iter().filter_map(move |pool| {
            let gauge = Gauge {
                active: slots.get(pool.active).number()?,
                total: slots.get(pool.total).number()?,
                waiting: pool.waiting.and_then(|waiting| slots.get(waiting).number()),
                growing: pool.growing,
            };
            (pool.named || mentions_pool(message)).then_some(gauge)
        })
    }

    /// The fields of a group of logs that tell how many members of a pool are in use.
    pub fn pool_names(&self, group: u32, logs: &[Input]) -> Vec<String> {
        let of_group = logs.iter().enumerate().filter(|(file, _)| self.group(*file as u32) == group);
        let keys = of_group.filter_map(|(_, log)| log.profile()).flat_map(|profile| &profile.keys);
        let mut names: Vec<String> =
            keys.filter(|key| self.pools.iter().any(|pool| pool.name == **key)).cloned().collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The file that stands for a group.
    pub fn file(&self, group: u32) -> &str {
        self.written.get(group as usize).map_or("", |written| &written.file)
    }

    /// The path of a group's log, without what marks parts.
    pub fn log(&self, group: u32) -> &str {
        self.written.get(group as usize).map_or("", |written| &written.log)
    }

    /// Which part of its log the last one of a group is.
    pub fn last_part(&self, group: u32) -> &Age {
        self.written.get(group as usize).map_or(&Age::Current, |written| &written.age)
    }

    /// The group of a file.
    pub fn group(&self, file: u32) -> u32 {
        self.groups.get(file as usize).copied().unwrap_or_default()
    }
}

/// Fields of one object that are a pool's numbers.
fn pool_fields(keys: &[&str], needs: &mut Needs) -> Vec<PoolFields> {
    let split = |key: &str| {
        key.rsplit_once('.').map_or(("", 0), |(parent, _)| (&key[..parent.len()], parent.len() + 1)).1
    };
    let parent_of = |key: &str| key[..split(key)].to_owned();
    let find = |parent: &str, wanted: Part| {
        keys.iter()
            .copied()
            .find(|key| parent_of(key) == parent && gauge::part(&key[split(key)..]) == Some(wanted))
    };
    let mut pools = Vec::new();
    for active in keys.iter().copied().filter(|key| gauge::part(&key[split(key)..]) == Some(Part::Active)) {
        let parent = parent_of(active);
        let Some(total) = find(&parent, Part::Total) else { continue };
        let names = active.to_ascii_lowercase();
        pools.push(PoolFields {
            name: active.to_owned(),
            active: needs.field(active),
            total: needs.field(total),
            waiting: find(&parent, Part::Waiting).map(|key| needs.field(key)),
            growing: find(&parent, Part::Idle).is_some()
                && total[split(total)..].eq_ignore_ascii_case("total"),
            named: names.contains("pool") || names.contains("conn"),
        });
    }
    pools
}

/// The beginning of a service's name: whole letters.
fn shortened(name: &[u8]) -> &[u8] {
    const LONGEST: usize = 60;
    if name.len() <= LONGEST {
        return name;
    }
    // The bytes of a letter but its first begin with the bits 10.
    let end = (0..=LONGEST).rev().find(|at| name[*at] & 0xC0 != 0x80);
    &name[..end.unwrap_or(LONGEST)]
}

impl<'w> Observed<'w> {
    /// Nothing yet.
    pub fn new(wants: &'w Wants) -> Self {
        Observed {
            wants,
            signals: Table::default(),
            numbers: Table::default(),
            key: Vec::with_capacity(512),
            asked: Vec::with_capacity(512),
            masks: RecentTexts::new(mask::mask),
            chunks: Vec::new(),
            requests: Tally::new(&wants.judge),
            spans: Bins::fine(),
            dumps: Dumps::default(),
        }
    }

    /// When spans began.
    pub fn take_spans(&mut self) -> Bins {
        std::mem::take(&mut self.spans)
    }

    /// The entries in which runtimes wrote of their threads.
    pub fn take_dumps(&mut self) -> Dumps {
        std::mem::take(&mut self.dumps)
    }

    /// The chunks in which there are entries with times, in order.
    pub fn take_chunks(&mut self) -> Vec<ChunkTimes> {
        let mut chunks = std::mem::take(&mut self.chunks);
        chunks.sort_unstable();
        chunks
    }

    /// How requests went over time.
    pub fn take_requests(&mut self) -> Requests {
        std::mem::replace(&mut self.requests, Tally::new(&self.wants.judge)).conclude()
    }

    /// The numbers that entries tell, in the order of their keys.
    pub fn take_numbers(&mut self) -> Vec<(Kind, Levels)> {
        let numbers = std::mem::take(&mut self.numbers).into_sorted();
        numbers.into_iter().filter_map(|(key, levels)| Some((Kind::of(&key)?, levels))).collect()
    }

    fn note_chunk(&mut self, location: Location, ts: Timestamp) {
        let chunk = (location.file, location.chunk);
        match self.chunks.last_mut() {
            Some((last, (from, to))) if *last == chunk => (*from, *to) = ((*from).min(ts), (*to).max(ts)),
            _ => self.chunks.push((chunk, (ts, ts))),
        }
    }

    /// Every kind of entry in the order of their keys.
    pub fn into_sorted(self) -> Vec<(Kind, Signal)> {
        self.signals
            .into_sorted()
            .into_iter()
            .filter_map(|(key, signal)| Some((Kind::of(&key)?, signal)))
            .collect()
    }

    /// Counts an entry under `self.key`.
    fn count(&mut self, entry: &Entry<'_, '_>) {
        let number = number(&mut self.signals, &self.key, entry);
        self.signals.state(number).add(entry);
    }
}

/// The beginning of a template's key: what is counted, whose it is, how bad. What says nothing but a status is counted
/// by that, and has no level.
fn push_head(group: u32, level: Option<Level>, service: &[u8], key: &mut Vec<u8>) {
    key.push(What::Template as u8);
    key.extend_from_slice(&group.to_be_bytes());
    key.push(level.map_or(NO_LEVEL, |level| level as u8));
    key.push(service.len() as u8);
    key.extend_from_slice(service);
}

/// The number of the signal with this key, which is made if it is new.
fn number(signals: &mut Table<Signal>, key: &[u8], entry: &Entry<'_, '_>) -> u32 {
    let template = key.first() == Some(&(What::Template as u8));
    signals.number(key, || Signal {
        count: 0,
        bins: Bins::fine(),
        example: Example { ts: entry.slots.ts, location: entry.location, text: shown(entry.raw) },
        pooled: template && gauge::speaks_of_pool(key),
    })
}

impl Signal {
    fn add(&mut self, entry: &Entry<'_, '_>) {
        let (ts, location) = (entry.slots.ts, entry.location);
        self.count += 1;
        if let Some(ts) = ts {
            self.bins.add(Moment { ts, location });
        }
        if order(ts, location) < order(self.example.ts, self.example.location) {
            self.example = Example { ts, location, text: shown(entry.raw) };
        }
    }
}

impl Fold for Observed<'_> {
    fn add(&mut self, entry: &Entry<'_, '_>) {
        let slots = entry.slots;
        if let Some(ts) = slots.ts {
            self.note_chunk(entry.location, ts);
        }
        self.dumps.add(entry);
        let group = self.wants.group(entry.location.file);
        self.requests.add(entry, group);
        // Spans are put together and judged by their own times.
        if slots.span.is_some() {
            if let Some(ts) = slots.ts {
                self.spans.add(Moment { ts, location: entry.location });
            }
            return;
        }
        let service = slots.role(Role::Service).key().unwrap_or_default();
        let service = shortened(&service);
        let message = slots.role(Role::Message).key().unwrap_or_default();
        self.key.clear();
        push_head(group, level_of(slots, &message), service, &mut self.key);
        let head = self.key.len();
        let mut told = self.masks.append(&message, &mut self.key);
        let plain = self.key.len();
        self.wants.errors.mask(slots, &mut self.key);
        let known = told.as_deref_mut().filter(|_| self.key.len() == plain);
        let signal = match known {
            Some(told) if !told.head.is_empty() && told.head == self.key[..head] => told.signal,
            known => {
                let signal = number(&mut self.signals, &self.key, entry);
                if let Some(told) = known {
                    told.head.clear();
                    told.head.extend_from_slice(&self.key[..head]);
                    told.signal = signal;
                }
                signal
            }
        };
        let signal = self.signals.state(signal);
        signal.add(entry);
        let gauge = match told {
            _ if !signal.pooled => None,
            Some(told) => {
                if !std::mem::replace(&mut told.asked, true) {
                    told.gauge = Gauge::of_text(&message);
                }
                told.gauge
            }
            None => Gauge::of_text(&message),
        };
        let fill = self.fill(slots, &message, gauge);
        self.note_numbers(entry, head);
        let timed = slots.duration.filter(|ms| *ms >= 0.0);
        let status = Self::status(entry);
        if timed.is_some() || status.is_some() {
            self.asked.clear();
            if !self.wants.asked.push(slots, &mut self.asked) {
                self.asked.clear();
                self.asked.extend_from_slice(&self.key[head..]);
            }
        }
        if let Some(word) = status {
            self.key.truncate(head);
            self.key[0] = What::Status as u8;
            self.key[LEVEL_AT] = NO_LEVEL;
            self.key.extend_from_slice(&word);
            self.key.extend_from_slice(&self.asked);
            self.count(entry);
        }
        self.key.truncate(head);
        if let Some(what) = fill {
            self.key[0] = what as u8;
            self.key[LEVEL_AT] = NO_LEVEL;
            self.count(entry);
        }
        if let Some(ms) = timed {
            self.key[0] = What::Duration as u8;
            self.key[LEVEL_AT] = NO_LEVEL;
            let octave = half_octave(ms);
            self.key.extend([0, (octave / 10) as u8, (octave % 10) as u8].map(|digit| b'0' + digit));
            self.key.push(b' ');
            self.key.extend_from_slice(&self.asked);
            self.count(entry);
        }
    }

    fn merge(&mut self, other: Self) {
        self.chunks.extend(other.chunks);
        self.requests.merge(other.requests);
        self.spans.merge(other.spans);
        self.dumps.merge(other.dumps);
        self.numbers.merge(other.numbers, Levels::merge);
        self.signals.merge(other.signals, |mine, theirs| {
            mine.count += theirs.count;
            mine.bins.merge(theirs.bins);
            let (a, b) = (&mine.example, &theirs.example);
            if order(b.ts, b.location) < order(a.ts, a.location) {
                mine.example = theirs.example;
            }
        });
    }
}

impl Travel for Observed<'_> {
    fn save(mut self, to: &mut Saved) {
        self.chunks.sort_unstable();
        to.put(&(&self.signals, &self.numbers, &self.chunks, &self.spans, &self.dumps.into_sorted()));
        self.requests.save(to);
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        (self.signals, self.numbers, self.chunks, self.spans, self.dumps) = from.take()?;
        self.requests.load(from)
    }
}

impl Observed<'_> {
    /// What a pool's numbers in an entry say: those in its fields, and those in its text.
    fn fill(&self, slots: &Slots<'_>, message: &[u8], text: Option<Gauge>) -> Option<What> {
        let fields = self.wants.gauges(slots, message);
        let fullest = fields.chain(text).map(|gauge| gauge.fill()).max_by_key(|fill| *fill as u8)?;
        match fullest {
            Fill::Room => None,
            Fill::Near => Some(What::Near),
            Fill::Full => Some(What::Full),
        }
    }

    /// Notes the quantities of an entry by their fields. The key holds the template after `head`.
    fn note_numbers(&mut self, entry: &Entry<'_, '_>, head: usize) {
        let Some(ts) = entry.slots.ts else { return };
        for (slot, name) in self.wants.numbers.get(entry.location.file as usize).into_iter().flatten() {
            let Some(value) = entry.slots.get(*slot).number() else { continue };
            self.asked.clear();
            self.asked.extend_from_slice(&self.key[..head]);
            self.asked[0] = What::Number as u8;
            self.asked[LEVEL_AT] = NO_LEVEL;
            self.asked.extend_from_slice(name.as_bytes());
            self.asked.push(levels::BETWEEN as u8);
            self.asked.extend_from_slice(&self.key[head..]);
            self.numbers.entry(&self.asked, Levels::default).add(value, ts, entry.location);
        }
    }

    /// What an entry's status says of a request, in four letters.
    fn status(entry: &Entry<'_, '_>) -> Option<[u8; 4]> {
        let status = entry.slots.role(Role::Status);
        match status.number() {
            Some(code) if (100.0..600.0).contains(&code) => {
                let code = code as u32;
                let digit = |n: u32| b'0' + (n % 10) as u8;
                Some([digit(code / 100), digit(code / 10), digit(code), b' '])
            }
            Some(_) => None,
            None => Some(if outcome(status)? { *b"ok  " } else { *b"bad " }),
        }
    }
}

pub(super) fn mentions_pool(message: &[u8]) -> bool {
    ["pool", "Pool", "onnection"].iter().any(|word| memchr::memmem::find(message, word.as_bytes()).is_some())
}

/// The place of the level in a key, and what stands there if there is none.
const LEVEL_AT: usize = 5;
const NO_LEVEL: u8 = 9;

impl Kind {
    fn of(key: &[u8]) -> Option<Kind> {
        let group = u32::from_be_bytes(key.get(1..5)?.try_into().ok()?);
        let length = usize::from(*key.get(6)?);
        Some(Kind {
            what: What::ALL.into_iter().find(|what| *what as u8 == key[0])?,
            group,
            level: Level::ALL.into_iter().find(|level| *level as u8 == key[LEVEL_AT]),
            service: String::from_utf8_lossy(key.get(7..7 + length)?).into_owned(),
            text: String::from_utf8_lossy(key.get(7 + length..)?).into_owned(),
        })
    }

    /// The key under which its entries are counted.
    pub fn key(&self) -> Vec<u8> {
        let mut key = Vec::with_capacity(self.text.len() + self.service.len() + 8);
        push_head(self.group, self.level, self.service.as_bytes(), &mut key);
        key[0] = self.what as u8;
        key.extend_from_slice(self.text.as_bytes());
        key
    }

    /// The first words of what it says: without the fields behind it, and without what it ends with in brackets.
    pub fn gist(&self) -> String {
        const LONGEST: usize = 70;
        let text = self.text.split(" | ").next().unwrap_or_default();
        clip(without_appendix(text.trim()), LONGEST)
    }

    /// Is this as bad as an error?
    pub fn is_error(&self) -> bool {
        self.level >= Some(Level::Error)
    }
}

/// A sentence without what stands in brackets at its end. One word is no sentence.
fn without_appendix(text: &str) -> &str {
    let mut said = text;
    while let Some(open) = appendix(said) {
        let before = said[..open].trim_end();
        if !before.contains(' ') {
            break;
        }
        said = before;
    }
    said
}

/// Where the brackets open that a text ends with, or that are not closed before its end.
fn appendix(text: &str) -> Option<usize> {
    let mut open: Vec<usize> = Vec::new();
    let mut last = None;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => open.push(at),
            ')' | ']' | '}' => last = open.pop().filter(|_| open.is_empty() && at + 1 == text.len()),
            _ => {}
        }
    }
    open.first().copied().or(last)
}

/// The first letters of a text.
pub fn clip(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// Entries in the order of their times, those without one last.
fn order(ts: Option<Timestamp>, location: Location) -> (bool, Option<Timestamp>, Location) {
    (ts.is_none(), ts, location)
}

/// Twice the binary logarithm of milliseconds, from 0 (below about a tenth of one) up.
pub fn half_octave(ms: f64) -> u32 {
    let bits = (ms * 16.0).max(1.0).to_bits();
    ((bits >> 51) as u32 - (1023 << 1)).min(99)
}

/// The level that an entry is counted with: without words only the worst says something.
fn level_of(slots: &Slots<'_>, message: &[u8]) -> Option<Level> {
    slots.level.filter(|level| !message.is_empty() || *level >= Level::Fatal)
}

/// The beginning of an entry, whole lines of it where there are several; of many lines the first two, and the one that
/// says what it comes to: the innermost cause of a trace, or what stands below it.
pub fn shown(raw: &[u8]) -> Box<[u8]> {
    let raw = raw.trim_ascii_end();
    let mut ends = memchr::memchr_iter(b'\n', raw);
    let (Some(_), Some(second), Some(third)) = (ends.next(), ends.next(), ends.next()) else {
        return raw[..raw.len().min(SHOWN)].trim_ascii_end().into();
    };
    let rest = raw[second + 1..].split(|byte| *byte == b'\n');
    let tells = |line: &&[u8]| line.starts_with(b"Caused by:");
    let below = |line: &&[u8]| line.first().is_some_and(|byte| !byte.is_ascii_whitespace());
    let is_trace = !rest.clone().all(|line| below(&line));
    let below = |line: &&[u8]| is_trace && below(line);
    let Some(told) = rest.clone().rfind(tells).or_else(|| rest.clone().rfind(below)) else {
        return raw[..third.min(SHOWN)].trim_ascii_end().into();
    };
    let told = &told[..told.len().min(SHOWN / 2)];
    [raw[..second.min(SHOWN)].trim_ascii_end(), b"\n", told].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_ends_where_it_ends() {
        for (text, gist) in [
            ("cannot move [*] to its shelf: rack is full", "cannot move [*] to its shelf: rack is full"),
            ("[worker] cannot move it", "[worker] cannot move it"),
            ("query executed (rows=*, time=*)", "query executed"),
            ("upload (part *) stopped (code=*) [*]", "upload (part *) stopped"),
            ("call failed: {code: *, why: {a: *}", "call failed:"),
            ("started {}", "started {}"),
            ("a|b is gone | java.io.IOException", "a|b is gone"),
            ("(nothing)", "(nothing)"),
        ] {
            let text = text.to_owned();
            let kind = Kind { what: What::Template, group: 0, level: None, service: String::new(), text };
            assert_eq!(kind.gist(), gist);
        }
    }

    #[test]
    fn durations_fall_into_half_octaves() {
        assert_eq!(half_octave(0.0), 0);
        assert_eq!(half_octave(16.0) + 2, half_octave(32.0));
        assert_eq!(half_octave(16.0) + 1, half_octave(25.0));
        assert_eq!(half_octave(1e300), 99);
    }

    #[test]
    fn three_lines_of_an_entry_are_shown() {
        assert_eq!(&shown(b"a\nb\nc\nd\n")[..], b"a\nb\nc");
        assert_eq!(&shown(b"a")[..], b"a");
        assert_eq!(shown(&[b'x'; 1000]).len(), SHOWN);
        for (entry, text) in [
            ("a\n  b\n  c\n", "a\n  b\n  c"),
            ("a\n  b\n  c\n  d", "a\n  b\n  c"),
            ("E boom\nTraceback\n  f()\n  g()\nKeyError: 'x'", "E boom\nTraceback\nKeyError: 'x'"),
            ("E\nx.Y: z\n\tat b\nCaused by: q\n\tat c\n\t... 3 more", "E\nx.Y: z\nCaused by: q"),
        ] {
            assert_eq!(String::from_utf8_lossy(&shown(entry.as_bytes())), text);
        }
    }
}
