//! How things went over time, for pictures: latency, the use of pools, errors and requests, in bins that a command
//! can ask for again.

use std::collections::BTreeMap;

use super::gauge::{self, Gauge};
use super::observe::{Wants, What};
use super::scene::{Axis, Scene};
use crate::fold::{Damaged, Fold, Loaded, Quantiles, Saved, Travel};
use crate::format::log::mask;
use crate::model::time::NANOS;
use crate::model::{Entry, Role, Timestamp};
use crate::series::bins::Bins;

/// Bins of the pictures, at most.
const MOST_BINS: i64 = 120;

/// The bins of the pictures: multiples of their width since the epoch, as `obs stats --every` has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// The start of the first bin.
    pub from: Timestamp,
    /// The width of a bin in nanoseconds; a multiple of the scene's.
    pub every: i64,
    /// How many there are.
    pub bins: usize,
}

impl Grid {
    /// The bins over a scene's axis; their width goes well into an hour or a day where one does.
    pub fn over(axis: Axis) -> Grid {
        let least = axis.width * (axis.bins as i64 + MOST_BINS - 1).div_euclid(MOST_BINS).max(1);
        let round = |every: &i64| 3_600 * NANOS % every == 0 || every % (3_600 * NANOS) == 0;
        let multiples = (1..).map(|n| n * axis.width).skip_while(|every| *every < least);
        let every = multiples.take_while(|every| *every < least * 3).find(round).unwrap_or(least);
        let from = axis.start.floor(every);
        let bins = (axis.end().0.saturating_sub(1).saturating_sub(from.0) / every + 1).max(1);
        Grid { from, every, bins: bins as usize }
    }

    /// The bin of an instant, if it lies in one.
    pub fn bin(&self, ts: Timestamp) -> Option<usize> {
        let at = ts.0.checked_sub(self.from.0)?.div_euclid(self.every);
        usize::try_from(at).ok().filter(|bin| *bin < self.bins)
    }

    /// Counts on a scene's axis as counts in these bins.
    pub fn sums(&self, axis: Axis, counts: &[u64]) -> Vec<u64> {
        let mut sums = vec![0; self.bins];
        for (bin, count) in counts.iter().enumerate() {
            if let Some(at) = self.bin(axis.at(bin)) {
                sums[at] += count;
            }
        }
        sums
    }

    /// A series as counts in these bins.
    fn counts(&self, bins: &Bins) -> Vec<u64> {
        let mut counts = vec![0; self.bins];
        for bin in bins.rows() {
            if let Some(at) = self.bin(bin.first.ts) {
                counts[at] += bin.count;
            }
        }
        counts
    }
}

/// A pool in one bin: the most members in use, and the most there could be.
pub type Use = (f64, f64);

/// What a scan for pictures finds, by group of files.
#[derive(Clone, Debug)]
pub struct Course<'w> {
    wants: &'w Wants,
    grid: Grid,
    latency: BTreeMap<u32, Vec<Quantiles>>,
    pools: BTreeMap<u32, Vec<Option<Use>>>,
    key: Vec<u8>,
    /// Words that are looked for in a group of files, and how many entries have them in each bin.
    sought: Option<(u32, memchr::memmem::Finder<'w>)>,
    told: Vec<u64>,
}

impl<'w> Course<'w> {
    /// Nothing yet. Entries of a group of files with these words are counted, too.
    pub fn new(wants: &'w Wants, grid: Grid, sought: Option<(u32, &'w str)>) -> Self {
        let (latency, pools) = (BTreeMap::new(), BTreeMap::new());
        let sought = sought.map(|(group, words)| (group, memchr::memmem::Finder::new(words.as_bytes())));
        Course { wants, grid, latency, pools, key: Vec::new(), sought, told: vec![0; grid.bins] }
    }

    /// How many entries have the words that are looked for, in each bin.
    pub fn told(&self) -> &[u64] {
        &self.told
    }

    /// Quantiles of the durations in milliseconds of each bin; of the log of the group `first`, else of the log with
    /// most durations, which is named.
    pub fn latency(&mut self, first: Option<u32>, shares: &[f64]) -> Option<(u32, Vec<Vec<Option<f64>>>)> {
        let count = |bins: &[Quantiles]| bins.iter().map(Quantiles::count).sum::<u64>();
        let group = first.filter(|group| self.latency.contains_key(group)).or_else(|| {
            let most =
                self.latency.iter().max_by_key(|(group, bins)| (count(bins), std::cmp::Reverse(**group)));
            most.map(|(group, _)| *group)
        })?;
        let bins = self.latency.get_mut(&group)?;
        let found: Vec<Vec<Option<f64>>> = bins.iter_mut().map(|bin| bin.quantiles(shares)).collect();
        let of = |i: usize| found.iter().map(|bin| bin.get(i).copied().flatten()).collect();
        Some((group, (0..shares.len()).map(of).collect()))
    }

    /// The use of the pool that a group of files tells of.
    pub fn pool(&self, group: u32) -> Option<&[Option<Use>]> {
        self.pools.get(&group).map(Vec::as_slice)
    }
}

impl Fold for Course<'_> {
    fn add(&mut self, entry: &Entry<'_, '_>) {
        let slots = entry.slots;
        let Some(bin) = slots.ts.and_then(|ts| self.grid.bin(ts)) else { return };
        let (group, bins) = (self.wants.group(entry.location.file), self.grid.bins);
        if let Some((sought, words)) = &self.sought
            && *sought == group
            && words.find(entry.raw).is_some()
        {
            self.told[bin] += 1;
        }
        if let Some(ms) = slots.duration {
            self.latency.entry(group).or_insert_with(|| vec![Quantiles::default(); bins])[bin].add(ms);
        }
        let message = slots.role(Role::Message).key().unwrap_or_default();
        let fullest = |a: Gauge, b: Gauge| if b.active / b.total > a.active / a.total { b } else { a };
        let mut found = self.wants.gauges(slots, &message).reduce(fullest);
        if found.is_none() && super::observe::mentions_pool(&message) {
            self.key.clear();
            mask::mask(&message, &mut self.key);
            found = Some(&self.key)
                .filter(|key| gauge::speaks_of_pool(key))
                .and_then(|_| Gauge::of_text(&message));
        }
        if let Some(Gauge { active, total, .. }) = found
            && (0.0..1e9).contains(&active)
            && (1.0..1e9).contains(&total)
        {
            let known = &mut self.pools.entry(group).or_insert_with(|| vec![None; bins])[bin];
            *known = Some(known.map_or((active, total), |(a, t)| (a.max(active), t.max(total))));
        }
    }

    fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.told.iter_mut().zip(other.told) {
            *mine += theirs;
        }
        for (group, bins) in other.latency {
            match self.latency.entry(group) {
                std::collections::btree_map::Entry::Vacant(place) => {
                    place.insert(bins);
                }
                std::collections::btree_map::Entry::Occupied(mut known) => {
                    for (mine, theirs) in known.get_mut().iter_mut().zip(bins) {
                        mine.merge(theirs);
                    }
                }
            }
        }
        for (group, bins) in other.pools {
            let known = self.pools.entry(group).or_insert_with(|| vec![None; bins.len()]);
            for (mine, theirs) in known.iter_mut().zip(bins) {
                *mine = match (*mine, theirs) {
                    (Some((a, t)), Some((b, u))) => Some((a.max(b), t.max(u))),
                    (mine, theirs) => mine.or(theirs),
                };
            }
        }
    }
}

impl Travel for Course<'_> {
    fn save(self, to: &mut Saved) {
        to.put(&(&self.latency, &self.pools, &self.told));
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        (self.latency, self.pools, self.told) = from.take()?;
        let bins = self.grid.bins;
        let fits = self.latency.values().all(|of| of.len() == bins)
            && self.pools.values().all(|of| of.len() == bins);
        if fits && self.told.len() == bins { Ok(()) } else { Err(Damaged) }
    }
}

/// Entries of level error or worse by service (by file where none is named), the most first.
pub fn errors(scene: &Scene<'_>, grid: Grid) -> Vec<(String, Vec<u64>)> {
    let mut services: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for (kind, signal) in &scene.kinds {
        if kind.what != What::Template || !kind.is_error() {
            continue;
        }
        let name = if kind.service.is_empty() { scene.wants.file(kind.group) } else { &kind.service };
        let counts = services.entry(name.to_owned()).or_insert_with(|| vec![0; grid.bins]);
        for (sum, count) in counts.iter_mut().zip(grid.counts(&signal.bins)) {
            *sum += count;
        }
    }
    let mut services: Vec<(String, Vec<u64>)> = services.into_iter().collect();
    services.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.iter().sum::<u64>()));
    services
}

/// How often kinds of entries were seen in each bin.
pub fn seen(scene: &Scene<'_>, grid: Grid, kinds: &[usize]) -> Vec<u64> {
    let mut sums = vec![0; grid.bins];
    for (_, signal) in kinds.iter().filter_map(|kind| scene.kinds.get(*kind)) {
        for (sum, count) in sums.iter_mut().zip(grid.counts(&signal.bins)) {
            *sum += count;
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_round_and_hold_all() {
        for (width, bins, every) in
            [(10, 355, 30), (10, 60, 10), (20, 700, 120), (40, 500, 200), (640, 2_000, 28_800), (10, 1, 10)]
        {
            let axis = Axis {
                start: Timestamp(1_703_385_000 * NANOS).floor(width * NANOS),
                width: width * NANOS,
                bins,
            };
            let grid = Grid::over(axis);
            assert_eq!(grid.every / NANOS, every, "{width} × {bins}");
            assert_eq!(grid.every % axis.width, 0);
            let sums = grid.sums(axis, &vec![1; bins]);
            assert_eq!(sums.iter().sum::<u64>(), bins as u64);
            assert!(sums.len() < 200 && *sums.last().unwrap() > 0);
        }
    }
}
