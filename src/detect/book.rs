//! Recorded series in the shapes in which they are judged, and what is said of one that changed.

use std::collections::BTreeMap;

use super::finding::Finding;
use crate::entities::measured::owner;
use crate::model::unit::{HumanBytes, HumanMillis, Unit};
use crate::model::{Labels, Location, Series, Timestamp};
use crate::promql::Store;
use crate::series::bins::Run;
use crate::series::change::Against;
use crate::series::track::{self, Point, Shift};
use crate::signatures::meter::{self, OUTCOMES};
use crate::signatures::{Nature, Severity};
use crate::timeline::scene::Given;
use crate::timeline::{Evidence, Subject};

/// The file of places that are in no log.
pub const NOWHERE: u32 = u32::MAX;

/// More series than these are not looked at one by one.
pub(super) const MOST_SERIES: usize = 50_000;

/// What one metric of one service did over time.
#[derive(Clone, Debug, Default)]
pub(super) struct Track {
    pub labels: Labels,
    pub points: Vec<Point>,
}

/// The metrics that were recorded, in the shapes in which they are judged.
#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    pub gauges: BTreeMap<String, Vec<Track>>,
    pub counters: BTreeMap<String, Vec<Track>>,
    /// The time that is usual, where one is given.
    pub given: Option<Given>,
}

impl Book {
    pub(super) fn of(store: &Store, given: Option<Given>) -> Book {
        let mut book = Book { given, ..Book::default() };
        for series in store.series().take(MOST_SERIES) {
            let points: Vec<Point> = series
                .samples
                .iter()
                .filter(|sample| sample.value.is_finite())
                .map(|sample| (sample.at, sample.value))
                .collect();
            let name = series.labels.metric();
            if points.len() < 4 || name.ends_with("_bucket") || !series.labels.get("quantile").is_empty() {
                continue;
            }
            let counter = is_counter(name, series);
            let map = if counter { &mut book.counters } else { &mut book.gauges };
            map.entry(name.to_owned()).or_default().push(Track { labels: series.labels.clone(), points });
        }
        for tracks in book.gauges.values_mut().chain(book.counters.values_mut()) {
            tracks.sort_by_cached_key(|track| track.labels.to_string());
        }
        book
    }

    /// Is this the time, in milliseconds, of something that is judged?
    pub(super) fn is_judged(&self, at: i64) -> bool {
        self.given.is_none_or(|given| Timestamp::from_millis(at).is_some_and(|at| given.is_judged(at)))
    }

    /// Is this a time, in milliseconds, that is given as usual?
    pub(super) fn is_usual(&self, at: i64) -> bool {
        let (Some(given), Some(at)) = (self.given, Timestamp::from_millis(at)) else { return false };
        (given.usual.0..=given.usual.1).contains(&at)
    }

    /// The stretch in which values are not what they used to be.
    pub(super) fn shift(&self, points: &[Point]) -> Option<Shift> {
        let range = |(from, to): (Timestamp, Timestamp)| {
            let before = |time: i64| points.partition_point(|(at, _)| *at < time);
            before(from.millis())..before(to.millis() + 1)
        };
        let against = Against {
            usual: self.given.map(|given| range(given.usual)),
            within: self.given.and_then(|given| given.within).map(range),
        };
        track::shift(points, &against)
    }
}

/// Does a metric only grow, but for restarts? Its name says so, or its type would have.
pub fn is_counter(name: &str, series: &Series) -> bool {
    let named = ["_total", "_sum", "_count", "_created"].iter().any(|end| name.ends_with(end));
    named
        && series.samples.windows(2).filter(|pair| pair[1].value < pair[0].value).count() * 10
            <= series.samples.len()
}

/// Increases between samples; after a reset the counter began at 0.
pub fn increases(points: &[Point]) -> impl Iterator<Item = (i64, i64, f64)> + '_ {
    points.windows(2).map(|pair| {
        let grown = pair[1].1 - pair[0].1;
        (pair[0].0, pair[1].0, if grown < 0.0 { pair[1].1 } else { grown })
    })
}

/// What tells a series from the others of its metric and owner, for people.
pub(super) fn apart(labels: &Labels) -> String {
    let rest: Vec<String> = labels
        .iter()
        .filter(|(name, _)| {
            *name != Labels::NAME && meter::owner_rank(name).is_none() && !OUTCOMES.contains(name)
        })
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    rest.join(", ")
}

/// What is said of one change.
pub(super) struct Said<'s> {
    pub detector: &'static str,
    pub severity: Severity,
    pub nature: Nature,
    pub labels: &'s Labels,
    pub metric: &'s str,
    pub what: String,
    pub range: (i64, i64),
    pub count: usize,
    pub gain: f64,
    pub numbers: String,
}

pub(super) fn finding(said: &Said<'_>) -> Finding {
    let time = |at: i64| Timestamp::from_millis(at);
    let (from, to) = (time(said.range.0), time(said.range.1));
    let service = owner(said.labels);
    let apart = apart(said.labels);
    let place = [service.clone().unwrap_or_default(), apart].into_iter().filter(|part| !part.is_empty());
    let place = place.collect::<Vec<String>>().join(", ");
    let place = if place.is_empty() { String::new() } else { format!(" of {place}") };
    let what = format!("{} ({}{place}: {})", said.what, said.metric, said.numbers);
    let evidence = |at: Option<Timestamp>| Evidence {
        file: String::new(),
        line: 0,
        timestamp: at,
        text: said.labels.to_string(),
        span: None,
        location: Location { file: NOWHERE, chunk: 0, line: 0 },
    };
    let mut shown = vec![evidence(from)];
    if to != from {
        shown.push(evidence(to));
    }
    let named = said.labels.iter().filter(|(name, _)| *name != Labels::NAME);
    let series = Labels::new(named.chain([(Labels::NAME, said.metric)]));
    let runs = from.zip(to).map(|(from, to)| Run { from, to, count: said.count as u64 });
    let clock = |at: Option<Timestamp>| at.map_or(String::new(), Timestamp::clock);
    Finding {
        from,
        to,
        count: said.count as u64,
        windows: runs.into_iter().collect(),
        summary: format!("{what}, {}–{}", clock(from), clock(to)),
        evidence: shown,
        gain: said.gain,
        series: Some(series),
        what: Some(what),
        ..Finding::new(said.detector, said.severity, said.nature, Subject { file: String::new(), service })
    }
}

/// A value of a metric as people write it, in the unit that its name tells, each second if `per` says so.
pub(super) fn amount(metric: &str, value: f64, per: &str) -> String {
    let stem = metric.strip_suffix("_total").unwrap_or(metric);
    let is_bytes = stem.rsplit(['_', '.']).next() == Some("bytes");
    match Unit::of_name(stem) {
        _ if is_bytes && value >= 0.0 => format!("{}{per}", HumanBytes(value as u64)),
        Some((unit, _)) if per.is_empty() => HumanMillis(unit.to_millis(value)).to_string(),
        _ => format!("{}{per}", number(value)),
    }
}

/// A number as people write it.
pub(super) fn number(value: f64) -> String {
    let (scaled, unit) = match value.abs() {
        v if v >= 1e12 => (value / 1e12, " trillion"),
        v if v >= 1e9 => (value / 1e9, " billion"),
        v if v >= 1e6 => (value / 1e6, " million"),
        v if v >= 1e4 => (value / 1e3, " thousand"),
        _ => (value, ""),
    };
    let text = match scaled.abs() {
        v if v >= 100.0 => format!("{scaled:.0}"),
        v if v >= 0.1 || v == 0.0 => format!("{scaled:.2}"),
        // Two digits that say something.
        v => format!("{scaled:.0$}", (1.0 - v.log10().floor()).min(12.0) as usize),
    };
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{unit}")
}
