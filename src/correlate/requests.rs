//! All requests, each in a few bytes.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::filter::Filter;
use crate::fold::{Damaged, Fields, Fold, Loaded, Packed, Saved, Table, Travel, put_small};
use crate::model::time::NANOS;
use crate::model::{Entry, Needs, Role, TimeRange, Timestamp};
use crate::outcome::{Alone, Ending, Judge, Outcome, SuccessRule, Told};
use crate::scan::{self, Inputs, ScanOptions, Scanned, Selection};

/// One request.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// Entries with its id.
    pub entries: u32,
    /// The earliest and the latest of their times.
    exact: Span,
    /// The same of entries whose times are whole seconds: they may be up to a second later.
    coarse: Span,
    /// How it ended.
    ending: Ending,
    /// How long its only entry says that it took, in milliseconds.
    took: Option<f64>,
}

/// The earliest and the latest of some times; empty if the first is after the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span(i64, i64);

impl Span {
    const EMPTY: Span = Span(i64::MAX, i64::MIN);

    fn add(&mut self, other: Span) {
        self.0 = self.0.min(other.0);
        self.1 = self.1.max(other.1);
    }

    fn is_empty(self) -> bool {
        self.0 > self.1
    }
}

impl Request {
    const NONE: Request =
        Request { entries: 0, exact: Span::EMPTY, coarse: Span::EMPTY, ending: Ending::NONE, took: None };

    /// A request of these entries: of each its time, until when what it tells of went on, and whether its time is a whole
    /// second.
    pub fn of(times: impl Iterator<Item = (Option<Timestamp>, Option<Timestamp>, bool)>) -> Self {
        let mut request = Request::NONE;
        times.for_each(|(ts, until, coarse)| request.saw(ts, until, coarse));
        request
    }

    /// Takes in an entry: its time, until when what it tells of went on (a span's end), and whether its time is a whole
    /// second of a file that writes no others.
    pub fn saw(&mut self, ts: Option<Timestamp>, until: Option<Timestamp>, coarse: bool) {
        self.entries += 1;
        if let Some(ts) = ts {
            let span = if coarse { &mut self.coarse } else { &mut self.exact };
            span.add(Span(ts.0, until.map_or(ts.0, |until| until.0.max(ts.0))));
        }
    }

    /// The earliest time. A whole second counts only if it was over before the earliest exact time.
    pub fn start(&self) -> Option<Timestamp> {
        match (self.exact.is_empty(), self.coarse.is_empty()) {
            (true, true) => None,
            (true, false) => Some(Timestamp(self.coarse.0)),
            (false, _) if self.coarse.0.saturating_add(NANOS) <= self.exact.0 => {
                Some(Timestamp(self.coarse.0))
            }
            (false, _) => Some(Timestamp(self.exact.0)),
        }
    }

    /// The latest time.
    pub fn end(&self) -> Option<Timestamp> {
        let mut span = self.exact;
        span.add(self.coarse);
        (!span.is_empty()).then_some(Timestamp(span.1))
    }

    /// From its first to its last entry, in milliseconds; one of a single entry takes as long as that says.
    pub fn duration_ms(&self) -> f64 {
        if let Some(took) = self.took.filter(|_| self.entries == 1) {
            return took;
        }
        self.start().zip(self.end()).map_or(0.0, |(start, end)| (end - start) as f64 / 1e6)
    }

    fn merge(&mut self, other: &Request) {
        self.entries += other.entries;
        self.exact.add(other.exact);
        self.coarse.add(other.coarse);
        self.ending.merge(&other.ending);
        self.took = self.took.or(other.took);
    }
}

impl Packed for Span {
    fn put(&self, to: &mut Vec<u8>) {
        self.0.put(to);
        put_small(self.1.wrapping_sub(self.0).cast_unsigned(), to);
    }

    fn get(from: &mut Fields<'_>) -> Option<Span> {
        let start = i64::get(from)?;
        Some(Span(start, start.wrapping_add_unsigned(from.small()?)))
    }
}

impl Packed for Request {
    fn put(&self, to: &mut Vec<u8>) {
        let spans = [self.exact, self.coarse];
        let there = spans.map(|span| !span.is_empty());
        to.push(u8::from(there[0]) | u8::from(there[1]) << 1 | u8::from(self.took.is_some()) << 2);
        put_small(u64::from(self.entries), to);
        spans.iter().filter(|span| !span.is_empty()).for_each(|span| span.put(to));
        self.took.iter().for_each(|took| took.put(to));
        self.ending.put(to);
    }

    fn get(from: &mut Fields<'_>) -> Option<Request> {
        let head = u8::get(from)?;
        let entries = u32::try_from(from.small()?).ok()?;
        let exact = if head & 1 > 0 { Span::get(from)? } else { Span::EMPTY };
        let coarse = if head & 2 > 0 { Span::get(from)? } else { Span::EMPTY };
        let took = if head & 4 > 0 { Some(f64::get(from)?) } else { None };
        Some(Request { entries, exact, coarse, took, ending: Ending::get(from)? })
    }
}

/// Which requests are shown, and in which order.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Only those that failed.
    pub failed: bool,
    /// Only those of which nothing says how they ended.
    pub incomplete: bool,
    /// Only those that took longer, in milliseconds.
    pub slower_than: f64,
    /// The slowest first, rather than the earliest.
    pub slowest_first: bool,
    /// At most so many.
    pub limit: usize,
}

impl Asked {
    /// None: what they come to is enough.
    pub const SUMS: Asked =
        Asked { failed: false, incomplete: false, slower_than: 0.0, slowest_first: false, limit: 0 };

    /// All, the earliest first.
    pub const EVERY: Asked = Asked { limit: usize::MAX, slower_than: f64::NEG_INFINITY, ..Asked::SUMS };

    fn keeps(&self, request: &Request, outcome: Outcome) -> bool {
        (!self.failed || outcome == Outcome::Failed)
            && (!self.incomplete || outcome == Outcome::Unknown)
            && request.duration_ms() > self.slower_than
    }

    fn compare(&self, a: &Request, b: &Request) -> Ordering {
        if self.slowest_first {
            return b.duration_ms().total_cmp(&a.duration_ms());
        }
        (a.start().is_none(), a.start()).cmp(&(b.start().is_none(), b.start()))
    }
}

/// All requests, and what has no id.
#[derive(Debug)]
pub struct Requests {
    /// By id: all of them, or where they are settled those that may be shown.
    table: Table<Request>,
    settled: Option<Settled>,
    asked: Option<Asked>,
    entries_with_id: u64,
    entries_without_id: u64,
    /// For each file, whether its times are whole seconds.
    coarse: Vec<bool>,
    judge: Judge,
    /// Requests of one entry each that have no id.
    alone: Alone,
}

/// What requests with ids come to whose entries are all known.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Settled {
    told: Told,
    /// Where requests do not say as a rule how they ended, and where they do: only all of them tell which it is.
    outcomes: [Outcomes; 2],
}

/// How many requests ended how, and how many are none.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Outcomes {
    success: u64,
    failed: u64,
    unknown: u64,
    probes: u64,
}

impl Outcomes {
    fn add(&mut self, outcome: Outcome, count: u64) {
        match outcome {
            Outcome::Success => self.success += count,
            Outcome::Failed => self.failed += count,
            Outcome::Unknown => self.unknown += count,
        }
    }
}

impl Settled {
    fn add(&mut self, other: &Settled) {
        self.told = self.told.plus(other.told);
        for (mine, theirs) in self.outcomes.iter_mut().zip(&other.outcomes) {
            mine.success += theirs.success;
            mine.failed += theirs.failed;
            mine.unknown += theirs.unknown;
            mine.probes += theirs.probes;
        }
    }
}

/// Sums over all requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Ids, and entries without one that tell how something ended.
    pub requests: u64,
    /// Requests that succeeded.
    pub success: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Requests of which nothing says how they ended.
    pub unknown: u64,
    /// Entries with an id.
    pub entries_with_id: u64,
    /// Entries without.
    pub entries_without_id: u64,
    /// Of the requests so many are one entry without an id.
    #[serde(skip_serializing_if = "is_zero")]
    pub without_id: u64,
    /// Probes of load balancers and monitors, which are no requests.
    #[serde(skip_serializing_if = "is_zero")]
    pub probes: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Collects the requests of the entries of a range of time that pass a filter. `by` is the name whose value
/// is the id. `needs` already hold what the filter and the rule want. Where it is known which are `asked` for, the others
/// need not be kept once all of their entries are known.
pub fn requests(
    inputs: &Inputs,
    (by, rule, asked): (&str, &SuccessRule, Option<Asked>),
    mut needs: Needs,
    (filter, range): (&Filter, TimeRange),
    options: &ScanOptions,
) -> (Requests, Scanned) {
    let judge = Judge::new(rule.clone(), &inputs.logs, &mut needs).by(by, &mut needs);
    needs.role(Role::Level);
    needs.role(Role::Duration);
    let selection = Selection::new(needs, filter, range);
    scan::fold(&inputs.logs, &selection, options, || Requests {
        table: Table::default(),
        settled: None,
        asked,
        entries_with_id: 0,
        entries_without_id: 0,
        coarse: inputs.logs.iter().map(|input| input.coarse).collect(),
        judge: judge.clone(),
        alone: Alone::default(),
    })
}

impl Fold for Requests {
    fn add(&mut self, entry: &Entry<'_, '_>) {
        match self.judge.id(entry.slots) {
            Some(id) => self.add_id(&id, entry),
            None => {
                self.entries_without_id += 1;
                if self.judge.tells(entry.slots) {
                    self.alone.add(&self.judge.ending(entry), self.judge.rule());
                }
            }
        }
    }

    fn merge(&mut self, other: Self) {
        self.entries_with_id += other.entries_with_id;
        self.entries_without_id += other.entries_without_id;
        self.alone.merge(other.alone);
        self.table.merge(other.table, |mine, theirs| mine.merge(&theirs));
        if let Some(theirs) = other.settled {
            self.settled.get_or_insert_default().add(&theirs);
            self.keep_asked();
        }
    }
}

impl Travel for Requests {
    fn save(mut self, to: &mut Saved) {
        // Which of several entries was the last one read tells nothing.
        for request in self.table.states_mut().filter(|request| request.entries != 1) {
            request.took = None;
        }
        let entries = (self.entries_with_id, self.entries_without_id);
        to.put(&(&self.settled, entries, self.alone));
        self.table.save(to);
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        (self.settled, (self.entries_with_id, self.entries_without_id), self.alone) = from.take()?;
        self.table = Table::load(from)?;
        Ok(())
    }

    fn split(mut self, buckets: NonZeroU32) -> Vec<Self> {
        let mut tables = std::mem::take(&mut self.table).split(buckets).into_iter();
        self.table = tables.next().unwrap_or_default();
        let judge = self.judge.clone();
        let other = |table| Requests {
            table,
            settled: None,
            asked: None,
            entries_with_id: 0,
            entries_without_id: 0,
            coarse: Vec::new(),
            judge: judge.clone(),
            alone: Alone::default(),
        };
        std::iter::once(self).chain(tables.map(other)).collect()
    }

    fn settle(&mut self) {
        if self.asked.is_none() {
            return;
        }
        if self.settled.is_none() {
            self.settled = Some(Settled {
                told: Told::of(self.table.rows().map(|(_, request)| &request.ending)),
                outcomes: [false, true].map(|is_told| self.outcomes(is_told)),
            });
        }
        self.keep_asked();
    }
}

impl Requests {
    fn add_id(&mut self, id: &[u8], entry: &Entry<'_, '_>) {
        self.entries_with_id += 1;
        let request = self.table.entry(id, || Request::NONE);
        let slots = entry.slots;
        request.saw(slots.ts, slots.span_end(), self.coarse[entry.location.file as usize]);
        request.ending.merge(&self.judge.ending(entry));
        request.took = slots.duration.filter(|ms| *ms >= 0.0);
    }

    /// Sums over all of them.
    pub fn totals(&self) -> Totals {
        let totals = Totals {
            without_id: self.alone.len(),
            entries_with_id: self.entries_with_id,
            entries_without_id: self.entries_without_id,
            ..Totals::default()
        };
        let is_told = self.is_told();
        let settled = self.settled.map(|settled| settled.outcomes[usize::from(is_told)]);
        let mut outcomes = settled.unwrap_or_else(|| self.outcomes(is_told));
        let with_id = outcomes.success + outcomes.failed + outcomes.unknown;
        self.alone.outcomes(is_told).for_each(|(outcome, count)| outcomes.add(outcome, count));
        let Outcomes { success, failed, unknown, probes } = outcomes;
        Totals { requests: with_id + self.alone.len(), success, failed, unknown, probes, ..totals }
    }

    /// How the requests of the table ended.
    fn outcomes(&self, is_told: bool) -> Outcomes {
        let mut outcomes = Outcomes::default();
        for (_, request) in self.table.rows() {
            if request.ending.is_probe() {
                outcomes.probes += 1;
            } else {
                outcomes.add(request.ending.outcome(self.judge.rule(), is_told), 1);
            }
        }
        outcomes
    }

    /// Of the requests, keeps those that may be shown, whichever it is.
    fn keep_asked(&mut self) {
        let Some(asked) = self.asked else { return };
        let ids = [false, true].map(|is_told| self.first(&asked, is_told));
        let ids: HashSet<Vec<u8>> = ids.into_iter().flatten().map(|(id, ..)| id).collect();
        self.table.retain(|id| ids.contains(id));
    }

    /// The request of this id; one without entries if the id is no field's value.
    pub fn one(&self, id: &[u8]) -> (Request, Outcome) {
        let request = self.table.get(id).copied().unwrap_or(Request::NONE);
        (request, request.ending.outcome(self.judge.rule(), self.is_told()))
    }

    /// The ids that begin with these letters: at most `most` of them, in their order.
    pub fn beginning_with(&self, start: &[u8], most: usize) -> Vec<Vec<u8>> {
        let mut ids: Vec<&[u8]> =
            self.table.rows().map(|(id, _)| id).filter(|id| id.starts_with(start)).collect();
        ids.sort_unstable();
        ids.into_iter().take(most).map(<[u8]>::to_vec).collect()
    }

    /// Do requests as a rule, nine of ten, say how they ended?
    fn is_told(&self) -> bool {
        let of_table = || Told::of(self.table.rows().map(|(_, request)| &request.ending));
        let told = self.settled.map_or_else(of_table, |settled| settled.told);
        told.and(self.alone.said(), self.alone.len()).is_usual()
    }

    /// How a request ended that goes by these ids: in vain if one of them did.
    pub fn outcome_of<'i>(&self, ids: impl Iterator<Item = &'i [u8]>) -> Outcome {
        let is_told = self.is_told();
        let outcome =
            |id| self.table.get(id).map(|request| request.ending.outcome(self.judge.rule(), is_told));
        let mut said = ids.filter_map(outcome).filter(|outcome| *outcome != Outcome::Unknown);
        let first = said.next().unwrap_or(Outcome::Unknown);
        said.fold(first, Outcome::min)
    }

    /// The requests that are asked for, in the order that is asked for; equal ones by their ids.
    pub fn chosen(&self, asked: &Asked) -> Vec<(Vec<u8>, Request, Outcome)> {
        self.first(asked, self.is_told())
    }

    fn first(&self, asked: &Asked, is_told: bool) -> Vec<(Vec<u8>, Request, Outcome)> {
        let outcome = |request: &Request| request.ending.outcome(self.judge.rule(), is_told);
        let is_wanted = |request: &Request| {
            asked.limit > 0 && !request.ending.is_probe() && asked.keeps(request, outcome(request))
        };
        let mut rows: Vec<(&[u8], &Request)> =
            self.table.rows().filter(|(_, request)| is_wanted(request)).collect();
        let order =
            |a: &(&[u8], &Request), b: &(&[u8], &Request)| asked.compare(a.1, b.1).then_with(|| a.0.cmp(b.0));
        if asked.limit < rows.len() {
            rows.select_nth_unstable_by(asked.limit, order);
            rows.truncate(asked.limit);
        }
        rows.sort_unstable_by(order);
        rows.into_iter().map(|(id, request)| (id.to_vec(), *request, outcome(request))).collect()
    }
}
