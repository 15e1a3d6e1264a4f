//! Metrics from files and from logs, in one store and on one clock: what queries and rules look at.
//!
//! Recorded metrics are read as they are ([`load_files`]). Metrics derived from logs ([`derive`]) are sampled as if a
//! server had scraped them every 15 s (see [`sampling`]), at multiples of that since the epoch, from before the
//! first entry to after the last. Counters start at 0 there, so that every event is an increase; a gauge holds its
//! value until the next one. Only what an expression may mention is derived, all of it in one scan.

mod clock;
mod database;
mod declared;
mod derive;
mod files;
mod names;
mod plan;
mod scrape;
mod spans;
mod tables;
mod targets;
mod witness;

use std::collections::BTreeMap;

pub use clock::{Clock, SAMPLED_EVERY_MS, sampling};
pub use declared::{Declared, MetricKind, parse};
pub use derive::counted;
pub use files::FilesRead;
pub use plan::{DURATIONS, ENTRIES, FINDINGS, REQUESTS, asks_for, name_of, names};
pub use witness::{Wanted, Witness, witnesses};

use crate::filter::Filter;
use crate::model::unit::HumanMillis;
use crate::model::{Diagnostic, Error, Needs, Series, TimeRange, Timestamp};
use crate::outcome::SuccessRule;
use crate::promql::{self, Expr, Reading, Store, Times};
use crate::scan::{self, Database, Inputs, ScanOptions, Scanned, Selection};
use clock::Hold;
use derive::Derived;
use plan::Plan;

/// What is to be derived from logs.
#[derive(Clone, Debug)]
pub struct Question<'q> {
    /// The expressions that may mention it.
    pub exprs: &'q [&'q Expr],
    /// Metrics beyond the built-in ones.
    pub declared: &'q [Declared],
    /// What a successful request is.
    pub success: &'q SuccessRule,
    /// How often expressions are evaluated, in milliseconds, if that is known.
    pub every_ms: Option<i64>,
    /// Entries that count …
    pub filter: &'q Filter,
    /// … and when.
    pub range: TimeRange,
    /// What the filter and the rule want.
    pub needs: Needs,
}

/// What deriving left beside the series.
#[derive(Debug, Default)]
pub struct Derivation {
    /// The scan; `None` if nothing in the logs was asked for.
    pub scanned: Option<Scanned>,
    /// The times at which series were sampled; `None` if there are none.
    pub clock: Option<Clock>,
}

/// When expressions are evaluated, as far as that is known before all of the data is.
pub struct Asked<'a> {
    /// The times; it is told how to find the first and the last time of the series that the expressions mention, which
    /// may not be possible.
    pub times: &'a TimesOf<'a>,
    /// The language that the expressions are in.
    pub language: &'a promql::Options,
}

/// Times of an evaluation, from how the first and last time of the data are found.
pub type TimesOf<'a> = dyn Fn(&dyn Fn() -> Option<(i64, i64)>) -> Option<Times> + 'a;

/// What was read of files of metrics.
#[derive(Default)]
pub struct Loaded {
    /// The series.
    pub store: Store,
    /// How much was read.
    pub read: FilesRead,
    /// The times of the evaluation, where they were known before: only what these need has been read of data folders.
    pub times: Option<Times>,
    /// What could not be read.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads all files of metrics. Samples without a time get that of their file: the one in its name, else when it was
/// last written, else `now`. So many snapshots become a history.
///
/// What tells of the scrapes themselves (`up`) is there if one of `exprs` may mention it. Of Prometheus' data folders
/// only what the expressions read is read: their series, and the chunks of their times if `asked` tells when they are
/// evaluated.
pub fn load_files(
    inputs: &Inputs,
    now: Timestamp,
    exprs: &[&Expr],
    asked: Option<&Asked<'_>>,
    options: &ScanOptions,
) -> Loaded {
    let mut store = Store::new();
    let is_asked = |name: &str| asks_for(exprs.iter().copied(), name);
    let (mut read, mut diagnostics) = files::load(&inputs.metrics, now, &is_asked, options, &mut store);
    let usual = promql::Options::promtool();
    let language = asked.map_or(&usual, |asked| asked.language);
    let readings = |times| -> Vec<Reading<'_>> {
        exprs.iter().flat_map(|expr| promql::readings(expr, times, language)).collect()
    };
    let any = readings(None);
    let opened: Vec<database::Opened<'_>> =
        inputs.databases.iter().map(|database| database::open(database, &any, options)).collect();
    // Times that count from the data's end are known where all of it is in data folders.
    let span = || {
        if !inputs.metrics.is_empty() || !inputs.logs.is_empty() {
            return None;
        }
        let named: Vec<Reading<'_>> =
            exprs.iter().flat_map(|expr| promql::selectors(expr)).map(Reading::of_any_time).collect();
        let spans: Option<Vec<_>> = opened.iter().map(|opened| opened.spans(&named, options)).collect();
        database::joined(spans?.into_iter().flatten())
    };
    let times = asked.and_then(|asked| (asked.times)(&span));
    let wanted = if times.is_some() { readings(times) } else { any };
    for opened in opened {
        let (more, troubles) = opened.load(&wanted, options, &mut store);
        read.add(more);
        diagnostics.extend(troubles);
    }
    Loaded { store, read, times, diagnostics }
}

/// Reads a data folder of Prometheus.
pub fn load_database(database: &Database, options: &ScanOptions) -> Loaded {
    let mut loaded = Loaded::default();
    let opened = database::open(database, &[], options);
    (loaded.read, loaded.diagnostics) = opened.load(&[], options, &mut loaded.store);
    loaded
}

/// Adds the metrics that are derived from logs, if the expressions may mention some.
///
/// # Errors
/// There would be too many series, or a declared condition cannot be read.
pub fn derive(
    inputs: &Inputs,
    question: Question<'_>,
    options: &ScanOptions,
    store: &mut Store,
) -> Result<Derivation, Error> {
    let Question { exprs, declared, success, every_ms, filter, range, needs } = question;
    let step_ms = sampling(exprs.iter().copied(), every_ms);
    let Some(plan) = Plan::new(exprs, declared, inputs, success, needs)? else {
        return Ok(Derivation::default());
    };
    let selection = Selection::new(plan.needs.clone(), filter, range);
    let (derived, mut scanned) =
        scan::fold(&inputs.logs, &selection, options, || Derived::new(&plan, inputs, step_ms));
    if derived.undated > 0 {
        let message = match derived.undated {
            1 => "1 entry has no time and is part of no metric".to_owned(),
            n => format!("{n} entries have no time and are part of no metric"),
        };
        scanned.diagnostics.push(Diagnostic::warning("", message));
    }
    let account = scanned.account();
    // The clock is that of all logs, whatever the filter leaves: nothing happening is an answer, too.
    let from = account.from.map(|from| range.from.map_or(from, |since| from.max(since)));
    let to =
        account.to.map(|to| range.until.map_or(to, |until| to.min(Timestamp(until.0.saturating_sub(1)))));
    let clock = from.zip(to).filter(|(from, to)| from <= to).map(|(from, to)| Clock::new(step_ms, from, to));
    if let Some(clock) = clock
        && let Hold::Around(steps) = derived.into_store(clock, store)?
    {
        let around = HumanMillis((steps * clock.step_ms) as f64);
        let message = format!(
            "the entries lie so far apart that their metrics have samples only up to {around} before and after them"
        );
        scanned.diagnostics.push(
            Diagnostic::warning("", message).hinted("--since and --until leave out times that are wrong"),
        );
    }
    Ok(Derivation { scanned: Some(scanned), clock })
}

/// The samples of a range of time.
pub fn clip(store: Store, range: TimeRange) -> Store {
    if range.is_everything() {
        return store;
    }
    let inside = |at: i64| Timestamp::from_millis(at).is_some_and(|at| range.contains(at));
    let mut clipped = Store::new();
    for series in store.series() {
        let samples: Vec<_> = series.samples.iter().filter(|sample| inside(sample.at)).copied().collect();
        let histograms: Vec<_> =
            series.histograms.iter().filter(|sample| inside(sample.at)).cloned().collect();
        if !samples.is_empty() || !histograms.is_empty() {
            clipped.push(Series { labels: series.labels.clone(), samples, histograms });
        }
    }
    clipped
}

/// How many series, and samples of each, tell how often the data was sampled.
const SERIES_LOOKED_AT: usize = 500;
const SAMPLES_LOOKED_AT: usize = 100;

/// How often the series of a store were sampled, in milliseconds: the most frequent distance of two samples, of
/// equally frequent ones the shorter. `None` if no series has two samples.
pub fn interval(store: &Store) -> Option<i64> {
    let mut distances: BTreeMap<i64, usize> = BTreeMap::new();
    for series in store.series().take(SERIES_LOOKED_AT) {
        let samples = &series.samples[..series.samples.len().min(SAMPLES_LOOKED_AT)];
        for pair in samples.windows(2) {
            // Scrapes are late by some milliseconds; whole seconds are meant where there are any.
            let distance = pair[1].at - pair[0].at;
            let whole = (distance + 500) / 1_000 * 1_000;
            *distances.entry(if whole > 0 { whole } else { distance }).or_default() += 1;
        }
    }
    distances.into_iter().max_by_key(|(distance, count)| (*count, -*distance)).map(|(distance, _)| distance)
}

#[cfg(test)]
mod tests;
