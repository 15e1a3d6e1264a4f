//! Series in memory, found by their labels.

use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::HashTable;

use super::ast::Matcher;
use super::native::settled_hint;
use crate::model::{HistogramSample, Labels, Sample, Series};

mod gather;
mod index;

pub use gather::{Conflicts, Offered};
use index::Index;

/// A series and what belongs to it.
#[derive(Clone, Debug, Default)]
pub(super) struct Stored {
    /// Labels and samples.
    pub(super) series: Series,
    /// The start timestamp of each sample, 0 where there is none; empty if no sample has one.
    pub(super) starts: Vec<i64>,
    /// Is there a marker of the series' end among the samples?
    pub(super) has_stale: bool,
}

/// Series in memory, found by their labels; samples sorted by time.
#[derive(Clone, Debug, Default)]
pub struct Store {
    stored: Vec<Stored>,
    hasher: foldhash::fast::RandomState,
    /// Series by the hash of their labels.
    known: HashTable<u32>,
    index: Index,
    /// The series of the last sample, which the next one often belongs to.
    last: u32,
}

/// Every NaN but the marker of a series' end becomes the same one, so that bit patterns can carry meaning.
fn plain(value: f64) -> f64 {
    if value.is_nan() && value.to_bits() != crate::model::series::STALE { f64::NAN } else { value }
}

impl Store {
    /// No series.
    pub fn new() -> Self {
        Store::default()
    }

    /// Adds a whole series; its samples are merged with those already there.
    pub fn push(&mut self, series: Series) {
        let at = self.id(&series.labels);
        let stored = &mut self.stored[at];
        for sample in series.histograms {
            insert_histogram(&mut stored.series.histograms, sample);
        }
        let last = stored.series.samples.last().map(|sample| sample.at);
        if stored.starts.is_empty()
            && series.samples.windows(2).all(|pair| pair[0].at < pair[1].at)
            && last.is_none_or(|last| series.samples.first().is_none_or(|first| last < first.at))
        {
            let known = stored.series.samples.len();
            if known == 0 {
                stored.series.samples = series.samples;
            } else {
                stored.series.samples.extend_from_slice(&series.samples);
            }
            for sample in &mut stored.series.samples[known..] {
                sample.value = plain(sample.value);
                stored.has_stale |= sample.is_stale();
            }
            return;
        }
        for sample in series.samples {
            insert(&mut self.stored[at], sample, 0);
        }
    }

    /// Adds a sample; of two samples at the same time the last one stays.
    pub fn append(&mut self, labels: &Labels, sample: Sample) {
        self.append_started(labels, sample, 0);
    }

    /// Adds a sample of a counter that started at `start` (milliseconds since the epoch, 0 for unknown).
    pub fn append_started(&mut self, labels: &Labels, sample: Sample, start: i64) {
        let at = self.id(labels);
        insert(&mut self.stored[at], sample, start);
    }

    /// Adds a native histogram, with the hint that Prometheus' storage would give it after those that are there.
    pub fn append_histogram(&mut self, labels: &Labels, mut sample: HistogramSample) {
        let at = self.id(labels);
        let histograms = &mut self.stored[at].series.histograms;
        let place = histograms.partition_point(|known| known.at < sample.at);
        let before = place.checked_sub(1).map(|before| &*histograms[before].histogram);
        let hint = settled_hint(&sample.histogram, before);
        if hint != sample.histogram.hint {
            Arc::make_mut(&mut sample.histogram).hint = hint;
        }
        insert_histogram(histograms, sample);
    }

    /// The series, in the order they came.
    pub fn series(&self) -> impl Iterator<Item = &Series> {
        self.stored.iter().map(|stored| &stored.series)
    }

    /// The series themselves, in the order they came.
    pub fn into_series(self) -> impl Iterator<Item = Series> {
        self.stored.into_iter().map(|stored| stored.series)
    }

    /// How many series there are.
    pub fn len(&self) -> usize {
        self.stored.len()
    }

    /// Are there no series?
    pub fn is_empty(&self) -> bool {
        self.stored.is_empty()
    }

    /// How many values a query may look at because there are so many samples.
    pub fn fair_work(&self) -> u64 {
        let samples = self.stored.iter().map(|stored| {
            // A histogram is as much work as some numbers.
            20 + stored.series.samples.len() + 20 * stored.series.histograms.len()
        });
        (samples.sum::<usize>() as u64).saturating_mul(super::eval::PER_SAMPLE)
    }

    /// The times of the first and the last sample, in milliseconds.
    pub fn span(&self) -> Option<(i64, i64)> {
        let spans = || self.stored.iter().filter_map(|stored| stored.series.span());
        Some((spans().map(|span| span.0).min()?, spans().map(|span| span.1).max()?))
    }

    /// The series for which all conditions hold, sorted by labels.
    pub fn matching<'a>(&'a self, matchers: &[Matcher]) -> Vec<&'a Series> {
        self.select(matchers).into_iter().map(|stored| &stored.series).collect()
    }

    /// The series for which all conditions hold, sorted by labels.
    pub(super) fn select(&self, matchers: &[Matcher]) -> Vec<&Stored> {
        let mut found: Vec<&Stored> = match self.index.candidates(&self.stored, matchers) {
            Some(ids) => ids
                .into_iter()
                .map(|id| &self.stored[id as usize])
                .filter(|stored| holds(stored, matchers))
                .collect(),
            None => self.stored.iter().filter(|stored| holds(stored, matchers)).collect(),
        };
        found.sort_unstable_by(|a, b| a.series.labels.cmp(&b.series.labels));
        found
    }

    /// The place of a series, which is made if it is not there.
    fn id(&mut self, labels: &Labels) -> usize {
        // History comes series by series, scrapes in the order of the scrape before.
        let likely = [self.last, self.last.wrapping_add(1), 0];
        let known = |id: u32| self.stored.get(id as usize).map(|stored| &stored.series.labels);
        // The very same labels are told at once.
        let found = likely.into_iter().find(|&id| known(id).is_some_and(|known| known.is_same(labels)));
        let found = found.or_else(|| likely.into_iter().find(|&id| known(id) == Some(labels)));
        if let Some(id) = found {
            self.last = id;
            return id as usize;
        }
        let hashed = self.hasher.hash_one(labels);
        let stored = &self.stored;
        if let Some(&id) = self.known.find(hashed, |&id| stored[id as usize].series.labels == *labels) {
            self.last = id;
            return id as usize;
        }
        let id = self.stored.len() as u32;
        // History that comes series by series is of the same length for most of them.
        let expected = self.stored.last().map_or(0, |stored| stored.series.samples.len()).min(4_096);
        self.stored.push(Stored {
            series: Series::of(labels.clone(), Vec::with_capacity(expected)),
            ..Stored::default()
        });
        let (stored, hasher) = (&self.stored, &self.hasher);
        self.known.insert_unique(hashed, id, |&id| hasher.hash_one(&stored[id as usize].series.labels));
        self.last = id;
        id as usize
    }
}

fn holds(stored: &Stored, matchers: &[Matcher]) -> bool {
    matchers.iter().all(|matcher| matcher.matches(stored.series.labels.get(&matcher.name)))
}

/// Puts a histogram in its place; of two at the same time the last one stays.
fn insert_histogram(histograms: &mut Vec<HistogramSample>, sample: HistogramSample) {
    if histograms.last().is_none_or(|last| last.at < sample.at) {
        return histograms.push(sample);
    }
    match histograms.binary_search_by_key(&sample.at, |known| known.at) {
        Ok(place) => histograms[place] = sample,
        Err(place) => histograms.insert(place, sample),
    }
}

fn insert(stored: &mut Stored, sample: Sample, start: i64) {
    let sample = Sample { at: sample.at, value: plain(sample.value) };
    stored.has_stale |= sample.is_stale();
    let samples = &mut stored.series.samples;
    if start != 0 && stored.starts.is_empty() {
        stored.starts = vec![0; samples.len()];
    }
    let started = start != 0 || !stored.starts.is_empty();
    match samples.last() {
        Some(last) if last.at >= sample.at => {
            match samples.binary_search_by_key(&sample.at, |known| known.at) {
                Ok(place) => {
                    samples[place] = sample;
                    if started {
                        stored.starts[place] = start;
                    }
                }
                Err(place) => {
                    samples.insert(place, sample);
                    if started {
                        stored.starts.insert(place, start);
                    }
                }
            }
        }
        _ => {
            samples.push(sample);
            if started {
                stored.starts.push(start);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::MatchOp;

    fn sample(at: i64, value: f64) -> Sample {
        Sample { at, value }
    }

    #[test]
    fn samples_are_sorted_and_the_last_one_of_a_time_stays() {
        let mut store = Store::new();
        let labels = Labels::new([("__name__", "up")]);
        for (at, value) in [(10, 1.0), (30, 3.0), (20, 2.0), (30, 4.0)] {
            store.append(&labels, sample(at, value));
        }
        store.push(Series::of(labels, vec![sample(5, 0.0)]));
        let series: Vec<&Series> = store.series().collect();
        assert_eq!(series.len(), 1);
        assert_eq!(series[0].samples, [sample(5, 0.0), sample(10, 1.0), sample(20, 2.0), sample(30, 4.0)]);
        assert_eq!(store.span(), Some((5, 30)));
    }

    #[test]
    fn series_are_found_by_conditions() {
        let mut store = Store::new();
        for (name, job) in [("up", "b"), ("up", "a"), ("down", "a"), ("up", "")] {
            store.append(&Labels::new([("__name__", name), ("job", job)]), sample(0, 1.0));
        }
        for (conditions, expected) in [
            (vec![("__name__", MatchOp::Equal, "up")], vec!["up", "up{job=\"a\"}", "up{job=\"b\"}"]),
            (vec![("job", MatchOp::Equal, "")], vec!["up"]),
            (vec![("job", MatchOp::Matches, "a|c")], vec!["down{job=\"a\"}", "up{job=\"a\"}"]),
            (
                vec![("__name__", MatchOp::Equal, "up"), ("job", MatchOp::NotMatches, "a?")],
                vec!["up{job=\"b\"}"],
            ),
            (vec![("job", MatchOp::NotEqual, "a")], vec!["up", "up{job=\"b\"}"]),
            (vec![("nothing", MatchOp::Matches, ".+")], vec![]),
        ] {
            let matchers: Vec<Matcher> = conditions
                .iter()
                .map(|&(name, op, value)| Matcher::new(name, op, value).expect("a valid condition"))
                .collect();
            // The first looks are at all series, later ones at an index.
            for _ in 0..4 {
                let found: Vec<String> =
                    store.matching(&matchers).iter().map(|series| series.labels.to_string()).collect();
                assert_eq!(found, expected, "{conditions:?}");
            }
        }
        // The index grows with the store, and a copy has its own.
        store.append(&Labels::new([("__name__", "late"), ("job", "a")]), sample(0, 1.0));
        let late = [Matcher::new("__name__", MatchOp::Equal, "late").expect("a valid condition")];
        assert_eq!((store.matching(&late).len(), store.clone().matching(&late).len()), (1, 1));
    }
}
