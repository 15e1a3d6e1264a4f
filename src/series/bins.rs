//! How often something happened over time: counts in bins that are as narrow as memory allows.

use crate::model::time::NANOS;
use crate::model::{Location, Timestamp};

/// The width of the narrowest bins where there is time for several of them, in nanoseconds.
pub const NARROWEST: i64 = 10 * NANOS;

/// How many times the finest bins are made twice as wide until they are as wide.
const FINE: u32 = 10;

/// The width of the finest bins, in nanoseconds: about 10 ms. Only what is over in seconds is looked at so closely.
const FINEST: i64 = NARROWEST >> FINE;

/// How many occupied bins a series may have before they are made twice as wide.
const MOST: usize = 4_096;

/// The same, of bins that are narrower than [`NARROWEST`].
const MOST_FINE: usize = 128;

/// Where and when one entry was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Moment {
    /// Its time.
    pub ts: Timestamp,
    /// Its place.
    pub location: Location,
}

/// What happened within one bin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Bin {
    /// The bin's number: its start divided by the width.
    pub index: i64,
    /// How many entries.
    pub count: u64,
    /// The earliest of them.
    pub first: Moment,
    /// The time of the latest.
    pub last: Timestamp,
}

/// A run of entries that follow each other closely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The time of the first.
    pub from: Timestamp,
    /// The time of the last.
    pub to: Timestamp,
    /// How many.
    pub count: u64,
}

/// Counts over time. The width is the least of 10 s, 20 s, 40 s … with which no more than 4,096 bins are
/// occupied, and of [`Bins::fine`] ones narrower still: it depends on what was added and not on the order.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Bins {
    doublings: u32,
    rows: Vec<Bin>,
}

impl Default for Bins {
    fn default() -> Self {
        Bins { doublings: FINE, rows: Vec::new() }
    }
}

impl Bins {
    /// Bins that are narrower than 10 s as long as few are occupied.
    pub const fn fine() -> Bins {
        Bins { doublings: 0, rows: Vec::new() }
    }

    /// Makes bins that are narrower than this as wide.
    pub fn widen_to(&mut self, width: i64) {
        while self.width() < width {
            self.widen();
        }
    }

    /// Adds one entry.
    #[inline]
    pub fn add(&mut self, moment: Moment) {
        let width = self.width();
        match self.rows.last_mut() {
            // Without a division: most entries are of the bin that the last one was of.
            Some(last) if last.spans(moment.ts, width) => {
                last.merge(&Bin { index: last.index, count: 1, first: moment, last: moment.ts });
            }
            _ => self.add_many(moment, 1),
        }
    }

    /// Adds so many of one moment.
    pub fn add_many(&mut self, moment: Moment, count: u64) {
        if count == 0 {
            return;
        }
        let index = moment.ts.0.div_euclid(self.width());
        let bin = Bin { index, count, first: moment, last: moment.ts };
        // Entries come almost in the order of time.
        match self.rows.last_mut() {
            Some(last) if last.index == index => last.merge(&bin),
            Some(last) if last.index > index => match self.rows.binary_search_by_key(&index, |bin| bin.index)
            {
                Ok(at) => self.rows[at].merge(&bin),
                Err(at) => self.rows.insert(at, bin),
            },
            _ => self.rows.push(bin),
        }
        self.fit();
    }

    /// Adds another series; what is empty becomes it, with its bins.
    pub fn merge(&mut self, mut other: Bins) {
        if self.rows.is_empty() {
            *self = other;
            return;
        }
        if other.rows.is_empty() {
            return;
        }
        while self.doublings < other.doublings {
            self.widen();
        }
        while other.doublings < self.doublings {
            other.widen();
        }
        let mine = std::mem::take(&mut self.rows);
        self.rows = Vec::with_capacity(mine.len().max(other.rows.len()));
        let (mut a, mut b) = (mine.into_iter().peekable(), other.rows.into_iter().peekable());
        while let Some(next) = match (a.peek(), b.peek()) {
            (Some(x), Some(y)) if x.index <= y.index => a.next(),
            (_, Some(_)) => b.next(),
            _ => a.next(),
        } {
            match self.rows.last_mut() {
                Some(last) if last.index == next.index => last.merge(&next),
                _ => self.rows.push(next),
            }
        }
        self.fit();
    }

    /// The occupied bins, in the order of time.
    pub fn rows(&self) -> &[Bin] {
        &self.rows
    }

    /// The width of a bin, in nanoseconds.
    pub fn width(&self) -> i64 {
        FINEST << self.doublings
    }

    /// How many entries there are.
    pub fn count(&self) -> u64 {
        self.rows.iter().map(|bin| bin.count).sum()
    }

    /// The earliest entry.
    pub fn first(&self) -> Option<Moment> {
        self.rows.first().map(|bin| bin.first)
    }

    /// The time of the latest entry.
    pub fn last(&self) -> Option<Timestamp> {
        self.rows.last().map(|bin| bin.last)
    }

    /// The bins whose first entry lies in a closed range.
    pub fn within(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = &Bin> {
        let start = self.rows.partition_point(|bin| bin.last < from);
        self.rows[start..].iter().take_while(move |bin| bin.first.ts <= to)
    }

    /// The first entry of the last bin that begins before, or at, a time.
    pub fn last_before(&self, ts: Timestamp) -> Option<Moment> {
        let end = self.rows.partition_point(|bin| bin.first.ts <= ts);
        self.rows[..end].last().map(|bin| bin.first)
    }

    /// Without the entries at its beginning that stand apart from the others, where such strays are usual: what
    /// happened now and then before is no beginning.
    pub fn without_strays(&self) -> Bins {
        self.without_strays_beyond(2)
    }

    /// The same; what stands apart is so many times farther away than they are from each other.
    pub fn without_strays_beyond(&self, times: i64) -> Bins {
        let mut rows = &self.rows[..];
        while let [first, rest @ ..] = rows
            && let [next, .., last] = rest
        {
            let count: u64 = rest.iter().map(|bin| bin.count).sum();
            let usual = (last.last - next.first.ts) / count.max(1) as i64;
            if first.count > 2
                || count < 6
                || next.first.ts - first.last <= times.saturating_mul(usual).max(2 * self.width())
            {
                break;
            }
            rows = rest;
        }
        Bins { doublings: self.doublings, rows: rows.to_vec() }
    }

    /// The bins of [`Bins::within`] as a series.
    pub fn clipped(&self, from: Timestamp, to: Timestamp) -> Bins {
        Bins { doublings: self.doublings, rows: self.within(from, to).copied().collect() }
    }

    /// The bins for which something holds, as a series.
    pub fn filtered(&self, holds: impl Fn(&Bin) -> bool) -> Bins {
        Bins { doublings: self.doublings, rows: self.rows.iter().filter(|bin| holds(bin)).copied().collect() }
    }

    /// Runs of entries with no more than `gap` nanoseconds (at least two widths) between one and the next.
    pub fn runs(&self, gap: i64) -> Vec<Run> {
        let gap = gap.max(2 * self.width());
        let mut runs: Vec<Run> = Vec::new();
        for bin in &self.rows {
            match runs.last_mut() {
                Some(run) if bin.first.ts.0.saturating_sub(run.to.0) <= gap => {
                    run.to = bin.last;
                    run.count += bin.count;
                }
                _ => runs.push(Run { from: bin.first.ts, to: bin.last, count: bin.count }),
            }
        }
        runs
    }

    /// Up to three entries that show what happened between `from` and `to`: the first, the first of the
    /// fullest bin, and the first of the last bin.
    pub fn telling(&self, from: Timestamp, to: Timestamp) -> Vec<Moment> {
        let bins: Vec<&Bin> = self.within(from, to).collect();
        let fullest = bins.iter().rev().max_by_key(|bin| bin.count);
        let mut moments: Vec<Moment> =
            bins.first().into_iter().chain(fullest).chain(bins.last()).map(|bin| bin.first).collect();
        moments.sort_unstable();
        moments.dedup();
        moments
    }

    fn fit(&mut self) {
        while self.rows.len() > if self.doublings < FINE { MOST_FINE } else { MOST } {
            self.widen();
        }
    }

    /// Makes the bins twice as wide.
    fn widen(&mut self) {
        self.doublings += 1;
        let rows = std::mem::take(&mut self.rows);
        for mut bin in rows {
            bin.index = bin.index.div_euclid(2);
            match self.rows.last_mut() {
                Some(last) if last.index == bin.index => last.merge(&bin),
                _ => self.rows.push(bin),
            }
        }
    }
}

impl Bin {
    /// Does a time lie in it, where bins are so wide?
    fn spans(&self, ts: Timestamp, width: i64) -> bool {
        ts.0.checked_sub(self.index.saturating_mul(width)).is_some_and(|past| (0..width).contains(&past))
    }

    fn merge(&mut self, other: &Bin) {
        self.count += other.count;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(seconds: i64) -> Moment {
        Moment {
            ts: Timestamp(seconds * NANOS),
            location: Location { file: 0, chunk: 0, line: seconds as u32 },
        }
    }

    fn of(seconds: &[i64]) -> Bins {
        let mut bins = Bins::default();
        for at in seconds {
            bins.add(moment(*at));
        }
        bins
    }

    #[test]
    fn runs_are_split_at_gaps() {
        let bins = of(&[100, 101, 155, 400, 401]);
        let runs = bins.runs(60 * NANOS);
        assert_eq!(runs.iter().map(|run| run.count).collect::<Vec<_>>(), [3, 2]);
        assert_eq!((runs[0].from, runs[0].to), (moment(100).ts, moment(155).ts));
        assert_eq!(runs[1].from, moment(400).ts);
        assert!(Bins::default().runs(NANOS).is_empty());
    }

    #[test]
    fn many_bins_become_wide_ones() {
        let mut bins = Bins::default();
        for at in 0..20_000 {
            bins.add(moment(at * 10));
        }
        assert_eq!((bins.count(), bins.width()), (20_000, 80 * NANOS));
        assert_eq!(bins.first(), Some(moment(0)));
    }

    proptest::proptest! {
        #[test]
        fn order_and_split_do_not_matter(mut at in proptest::collection::vec(0..2_000_000_i64, 0..200), split in 0..200_usize) {
            let all = of(&at);
            let (left, right) = at.split_at(split.min(at.len()));
            let mut merged = of(right);
            merged.merge(of(left));
            proptest::prop_assert_eq!(&all, &merged);
            at.sort_unstable();
            at.reverse();
            proptest::prop_assert_eq!(&all, &of(&at));
        }
    }
}
