//! Series of several files in one store: of several samples at one time the first is kept, as Prometheus keeps it.

use std::hash::BuildHasher;
use std::sync::Arc;

use super::{Store, Stored, insert};
use crate::model::histogram::ResetHint;
use crate::model::series::STALE;
use crate::model::{HistogramSample, Labels, Sample, Series};

/// What became of a sample that was offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offered {
    /// The number of its series, in the order in which they came.
    pub series: usize,
    /// Was there another value at its time already?
    pub in_conflict: bool,
}

/// What differed when one store was gathered into another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conflicts {
    /// Samples that are left out because there was another value at their time.
    pub count: u64,
    /// The first of them: the number of its series, and its time.
    pub first: Option<(usize, i64)>,
}

impl Conflicts {
    /// Takes in one more.
    pub fn add(&mut self, series: usize, at: i64) {
        self.count += 1;
        self.first.get_or_insert((series, at));
    }
}

impl Store {
    /// Adds a sample, unless there is one at its time.
    pub fn offer(&mut self, labels: &Labels, sample: Sample) -> Offered {
        let series = self.id(labels);
        let in_conflict = offer(&mut self.stored[series], sample, 0);
        Offered { series, in_conflict }
    }

    /// Adds samples of a series, rising in time, unless there are others at their times.
    pub fn offer_all(&mut self, labels: &Labels, mut samples: Vec<Sample>) {
        let series = self.id(labels);
        let stored = &mut self.stored[series];
        let follows = match (stored.series.samples.last(), samples.first()) {
            (Some(last), Some(first)) => last.at < first.at,
            _ => true,
        };
        let rises = samples.windows(2).all(|pair| pair[0].at < pair[1].at);
        if follows && rises && stored.starts.is_empty() {
            for sample in &mut samples {
                stored.has_stale |= sample.is_stale();
                sample.value = super::plain(sample.value);
            }
            if stored.series.samples.is_empty() {
                stored.series.samples = samples;
            } else {
                stored.series.samples.extend_from_slice(&samples);
            }
            return;
        }
        for sample in samples {
            offer(stored, sample, 0);
        }
    }

    /// Adds native histograms of a series, rising in time, unless there are others at their times.
    pub fn offer_histograms(&mut self, labels: &Labels, histograms: Vec<HistogramSample>) {
        if histograms.is_empty() {
            return;
        }
        let series = self.id(labels);
        for histogram in histograms {
            offer_histogram(&mut self.stored[series].series.histograms, histogram);
        }
    }

    /// Says that a series ended: it is stale from `at` on.
    pub fn end(&mut self, series: usize, at: i64) {
        if let Some(stored) = self.stored.get_mut(series) {
            offer(stored, Sample { at, value: f64::from_bits(STALE) }, 0);
        }
    }

    /// The series of that number.
    pub fn nth(&self, series: usize) -> Option<&Series> {
        self.stored.get(series).map(|stored| &stored.series)
    }

    /// The number of the series with these labels, if there is one.
    pub fn find(&self, labels: &Labels) -> Option<usize> {
        let hashed = self.hasher.hash_one(labels);
        let is_meant = |id: &u32| self.stored[*id as usize].series.labels == *labels;
        self.known.find(hashed, is_meant).map(|id| *id as usize)
    }

    /// The number of the series with these labels, which is made if it is not there.
    pub fn number_of(&mut self, labels: &Labels) -> usize {
        self.id(labels)
    }

    /// Adds what another store holds, as if its samples came after those that are there.
    pub fn take_in(&mut self, other: Store) -> Conflicts {
        if self.is_empty() {
            *self = other;
            return Conflicts::default();
        }
        self.gather(other, |labels| labels, |_, _, _| ())
    }

    /// Adds what another store holds, its labels changed by `relabel`, as if its samples came after those that are
    /// there; `seen` is told each of its series that there was already, and where.
    pub fn gather(
        &mut self,
        other: Store,
        relabel: impl Fn(Labels) -> Labels,
        mut seen: impl FnMut(&Series, usize, &Series),
    ) -> Conflicts {
        let mut conflicts = Conflicts::default();
        for mut stored in other.stored {
            stored.series.labels = relabel(stored.series.labels);
            let before = self.stored.len();
            let at = self.id(&stored.series.labels);
            let known = &mut self.stored[at];
            if at < before {
                seen(&known.series, at, &stored.series);
            }
            for sample in std::mem::take(&mut stored.series.histograms) {
                offer_histogram(&mut known.series.histograms, sample);
            }
            let (last, first) = (known.series.samples.last(), stored.series.samples.first());
            let follows = match (last, first) {
                (Some(last), Some(first)) => last.at < first.at,
                _ => true,
            };
            if follows && known.starts.is_empty() && stored.starts.is_empty() {
                known.has_stale |= stored.has_stale;
                if known.series.samples.is_empty() {
                    known.series.samples = stored.series.samples;
                } else {
                    known.series.samples.extend_from_slice(&stored.series.samples);
                }
                continue;
            }
            for (index, sample) in stored.series.samples.into_iter().enumerate() {
                if offer(known, sample, stored.starts.get(index).copied().unwrap_or(0)) {
                    conflicts.add(at, sample.at);
                }
            }
        }
        conflicts
    }

    /// Makes markers of those NaN after which a series has no sample for longer than it usually takes, or none at
    /// all: a dump writes the marker of a series' end like that. NaN among other samples stays what it is.
    pub fn mark_ends(&mut self, usual_ms: Option<i64>) {
        for stored in &mut self.stored {
            let samples = &mut stored.series.samples;
            if !samples.iter().any(|sample| sample.value.is_nan()) {
                continue;
            }
            let distances = samples.windows(2).map(|pair| pair[1].at - pair[0].at);
            let Some(usual) = distances.min().or(usual_ms) else { continue };
            let usual = usual_ms.map_or(usual, |all| usual.max(all));
            for index in 1..samples.len() {
                let is_end = samples[index].value.is_nan()
                    && !samples[index - 1].value.is_nan()
                    && samples
                        .get(index + 1)
                        .is_none_or(|next| next.at - samples[index].at > usual + usual / 2);
                if is_end {
                    samples[index].value = f64::from_bits(STALE);
                    stored.has_stale = true;
                }
            }
        }
    }
}

/// Adds a sample unless there is one at its time; says whether that has another value.
fn offer(stored: &mut Stored, sample: Sample, start: i64) -> bool {
    let samples = &stored.series.samples;
    if samples.last().is_some_and(|last| last.at >= sample.at)
        && let Ok(place) = samples.binary_search_by_key(&sample.at, |known| known.at)
    {
        let known = samples[place].value;
        return known != sample.value && !(known.is_nan() && sample.value.is_nan());
    }
    insert(stored, sample, start);
    false
}

/// Puts a histogram in its place, unless there is one at its time. Whether the counter was reset between two that did
/// not come one after the other, only their buckets tell.
fn offer_histogram(histograms: &mut Vec<HistogramSample>, sample: HistogramSample) {
    if histograms.last().is_none_or(|last| last.at < sample.at) {
        return histograms.push(sample);
    }
    let Err(place) = histograms.binary_search_by_key(&sample.at, |known| known.at) else { return };
    histograms.insert(place, sample);
    for sample in histograms.iter_mut().skip(place).take(2) {
        if sample.histogram.hint != ResetHint::Gauge {
            Arc::make_mut(&mut sample.histogram).hint = ResetHint::Unknown;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(samples: &[(&str, i64, f64)]) -> Store {
        let mut store = Store::new();
        for (name, at, value) in samples {
            store.offer(&Labels::new([("__name__", *name)]), Sample { at: *at, value: *value });
        }
        store
    }

    #[test]
    fn the_first_sample_of_a_time_stays_and_others_are_counted() {
        let labels = Labels::new([("__name__", "a")]);
        let mut one = store(&[("a", 10, 1.0)]);
        for (at, value, in_conflict) in [(10, 2.0, true), (10, 1.0, false), (5, 7.0, false)] {
            let offered = one.offer(&labels, Sample { at, value });
            assert_eq!(offered, Offered { series: 0, in_conflict }, "{at} {value}");
        }
        let samples: Vec<_> = one.nth(0).expect("a series").samples.iter().map(|s| (s.at, s.value)).collect();
        assert_eq!(samples, [(5, 7.0), (10, 1.0)]);
    }

    #[test]
    fn gathering_is_the_same_as_offering_one_after_the_other() {
        let stale = f64::from_bits(STALE);
        for (first, second, conflicts) in [
            (vec![("a", 1, 1.0), ("b", 1, 2.0)], vec![("b", 2, 3.0), ("c", 1, 4.0)], 0),
            (vec![("a", 5, 1.0)], vec![("a", 3, 2.0), ("a", 5, 9.0), ("a", 6, stale)], 1),
            (vec![], vec![("a", 1, f64::NAN)], 0),
        ] {
            let mut gathered = store(&first);
            let mut seen = 0;
            let found = gathered.gather(store(&second), |labels| labels, |_, _, _| seen += 1);
            let mut taken = store(&first);
            assert_eq!(taken.take_in(store(&second)), found);
            let all = store(&[first, second].concat());
            assert_eq!(format!("{:?}", gathered.stored), format!("{:?}", all.stored));
            assert_eq!(format!("{:?}", taken.stored), format!("{:?}", all.stored));
            assert_eq!(found.count, conflicts);
        }
        let mut started = Store::new();
        started.append_started(&Labels::new([("__name__", "a")]), Sample { at: 10, value: 1.0 }, 5);
        let mut gathered = store(&[("a", 3, 1.0)]);
        gathered.gather(started, |labels| labels, |_, _, _| ());
        assert_eq!(gathered.stored[0].starts, [0, 5]);
    }

    #[test]
    fn a_nan_at_the_end_of_a_series_is_its_marker() {
        let nan = f64::NAN;
        for (values, ends) in [
            (vec![(0, 1.0), (15, 1.0), (30, nan)], vec![30]),
            (vec![(0, 1.0), (15, nan), (30, 1.0)], vec![]),
            (vec![(0, 1.0), (15, 1.0), (30, nan), (90, 2.0), (105, 2.0)], vec![30]),
            (vec![(0, nan), (15, nan), (30, nan)], vec![]),
        ] {
            let samples: Vec<_> = values.iter().map(|(at, value)| ("a", *at, *value)).collect();
            let mut store = store(&samples);
            store.mark_ends(Some(15));
            let found: Vec<i64> = store
                .nth(0)
                .expect("a series")
                .samples
                .iter()
                .filter(|s| s.is_stale())
                .map(|s| s.at)
                .collect();
            assert_eq!(found, ends, "{values:?}");
            assert_eq!(store.stored[0].has_stale, !ends.is_empty());
        }
    }
}
