//! All requests, each in a few bytes.

use serde::Serialize;

use crate::filter::Filter;
use crate::fold::{Fold, Table};
use crate::model::time::NANOS;
use crate::model::{Entry, Location, Needs, Role, Slot, TimeRange, Timestamp, Value};
use crate::scan::{self, Inputs, ScanOptions, Scanned, Selection};
use crate::stats::SuccessRule;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It failed.
    Failed,
    /// Nothing says how it ended.
    Unknown,
    /// It succeeded.
    Success,
}

/// One request.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// Entries with its id.
    pub entries: u32,
    /// The earliest and the latest of their times.
    exact: Span,
    /// The same of entries whose times are whole seconds: they may be up to a second later.
    coarse: Span,
    /// What the last entry that says so says about success.
    said: Option<(Option<Timestamp>, Location, bool)>,
    /// Has it an entry of level error or worse; has it any level at all?
    error: bool,
    levelled: bool,
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
    const NONE: Request = Request {
        entries: 0,
        exact: Span::EMPTY,
        coarse: Span::EMPTY,
        said: None,
        error: false,
        levelled: false,
    };

    /// A request of these entries: of each its time, and whether that is a whole second.
    pub fn of(times: impl Iterator<Item = (Option<Timestamp>, bool)>) -> Self {
        let mut request = Request::NONE;
        times.for_each(|(ts, coarse)| request.saw(ts, coarse));
        request
    }

    /// Takes in an entry: its time, and whether that is a whole second of a file that writes no others.
    pub fn saw(&mut self, ts: Option<Timestamp>, coarse: bool) {
        self.entries += 1;
        if let Some(ts) = ts {
            let span = if coarse { &mut self.coarse } else { &mut self.exact };
            span.add(Span(ts.0, ts.0));
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

    /// How it ended: by the last entry that says so, else by its levels. Where requests as a rule say how they ended,
    /// one that does not has not ended: that nothing went wrong before is no success.
    fn outcome(&self, rule: &SuccessRule, is_told: bool) -> Outcome {
        let by_levels = match rule {
            SuccessRule::Condition(..) => None,
            SuccessRule::Status if is_told && !self.error => None,
            _ => self.levelled.then_some(!self.error),
        };
        match self.said.map(|(_, _, success)| success).or(by_levels) {
            Some(true) => Outcome::Success,
            Some(false) => Outcome::Failed,
            None => Outcome::Unknown,
        }
    }

    /// From its first to its last entry, in milliseconds.
    pub fn duration_ms(&self) -> f64 {
        self.start().zip(self.end()).map_or(0.0, |(start, end)| (end.0 - start.0) as f64 / 1e6)
    }
}

/// All requests, and what has no id.
#[derive(Debug)]
pub struct Requests {
    table: Table<Request>,
    entries_with_id: u64,
    entries_without_id: u64,
    /// For each file, whether its times are whole seconds.
    coarse: Vec<bool>,
    id: Slot,
    rule: SuccessRule,
}

/// Sums over all requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Ids.
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
}

/// Collects the requests of the entries of a range of time that pass a filter. `by` is the name whose value
/// is the id. `needs` already hold what the filter and the rule want.
pub fn requests(
    inputs: &Inputs,
    by: &str,
    rule: &SuccessRule,
    mut needs: Needs,
    (filter, range): (&Filter, TimeRange),
    options: &ScanOptions,
) -> (Requests, Scanned) {
    let id = needs.name(by);
    rule.ask(&mut needs);
    needs.role(Role::Level);
    let selection = Selection::new(needs, filter, range);
    scan::fold(&inputs.logs, &selection, options, || Requests {
        table: Table::default(),
        entries_with_id: 0,
        entries_without_id: 0,
        coarse: inputs.logs.iter().map(|input| input.coarse).collect(),
        id,
        rule: rule.clone(),
    })
}

impl Fold for Requests {
    fn add(&mut self, entry: &Entry<'_, '_>) {
        let slots = entry.slots;
        let id = match slots.get(self.id) {
            Value::Text(text) if !text.escaped => text.raw,
            other => match other.key() {
                Some(key) if !key.is_empty() => return self.add_id(&key, entry),
                _ => b"",
            },
        };
        if id.is_empty() {
            self.entries_without_id += 1;
        } else {
            self.add_id(id, entry);
        }
    }

    fn merge(&mut self, other: Self) {
        self.entries_with_id += other.entries_with_id;
        self.entries_without_id += other.entries_without_id;
        self.table.merge(other.table, |mine, theirs| {
            mine.entries += theirs.entries;
            mine.exact.add(theirs.exact);
            mine.coarse.add(theirs.coarse);
            mine.said = mine.said.max(theirs.said);
            mine.error |= theirs.error;
            mine.levelled |= theirs.levelled;
        });
    }
}

impl Requests {
    fn add_id(&mut self, id: &[u8], entry: &Entry<'_, '_>) {
        self.entries_with_id += 1;
        let request = self.table.entry(id, || Request::NONE);
        let slots = entry.slots;
        request.saw(slots.ts, self.coarse[entry.location.file as usize]);
        if let Some(success) = self.rule.of_entry(slots) {
            request.said = request.said.max(Some((slots.ts, entry.location, success)));
        }
        if let Some(level) = slots.level {
            request.levelled = true;
            request.error |= level >= crate::model::Level::Error;
        }
    }

    /// Sums over all of them.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals {
            requests: self.table.len() as u64,
            entries_with_id: self.entries_with_id,
            entries_without_id: self.entries_without_id,
            ..Totals::default()
        };
        let is_told = self.is_told();
        for (_, request) in self.table.rows() {
            match request.outcome(&self.rule, is_told) {
                Outcome::Success => totals.success += 1,
                Outcome::Failed => totals.failed += 1,
                Outcome::Unknown => totals.unknown += 1,
            }
        }
        totals
    }

    /// The request of this id; one without entries if the id is no field's value.
    pub fn one(&self, id: &[u8]) -> (Request, Outcome) {
        let request = self.table.get(id).copied().unwrap_or(Request::NONE);
        (request, request.outcome(&self.rule, self.is_told()))
    }

    /// Do requests as a rule, nine of ten, say how they ended?
    fn is_told(&self) -> bool {
        let told = self.table.rows().filter(|(_, request)| request.said.is_some()).count();
        told * 10 >= self.table.len() * 9
    }

    /// How a request ended that goes by these ids: in vain if one of them did.
    pub fn outcome_of<'i>(&self, ids: impl Iterator<Item = &'i [u8]>) -> Outcome {
        let is_told = self.is_told();
        let outcome = |id| self.table.get(id).map(|request| request.outcome(&self.rule, is_told));
        let mut said = ids.filter_map(outcome).filter(|outcome| *outcome != Outcome::Unknown);
        let first = said.next().unwrap_or(Outcome::Unknown);
        said.fold(first, Outcome::min)
    }

    /// The requests that `keep` keeps, the first `limit` in the order of `compare`; equal ones by their ids.
    pub fn chosen(
        &self,
        limit: usize,
        keep: impl Fn(&Request, Outcome) -> bool,
        compare: impl Fn(&Request, &Request) -> std::cmp::Ordering,
    ) -> Vec<(Vec<u8>, Request, Outcome)> {
        let is_told = self.is_told();
        let outcome = |request: &Request| request.outcome(&self.rule, is_told);
        let mut rows: Vec<(&[u8], &Request)> =
            self.table.rows().filter(|(_, request)| keep(request, outcome(request))).collect();
        let order =
            |a: &(&[u8], &Request), b: &(&[u8], &Request)| compare(a.1, b.1).then_with(|| a.0.cmp(b.0));
        if limit < rows.len() {
            rows.select_nth_unstable_by(limit, order);
            rows.truncate(limit);
        }
        rows.sort_unstable_by(order);
        rows.into_iter().map(|(id, request)| (id.to_vec(), *request, outcome(request))).collect()
    }
}
