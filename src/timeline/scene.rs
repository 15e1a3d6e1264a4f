//! What was observed, laid out on one axis of time, with the words of every kind of entry looked up once.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

use super::observe::{ChunkTimes, Kind, Observed, Signal, Wants, What};
use super::requests::Requests;
use super::usual;
pub use super::usual::{Basis, Given};
use crate::model::Timestamp;
use crate::model::time::NANOS;
use crate::series::bins::{Bins, NARROWEST};
use crate::series::change::{self, Against, Stretch, Way};
use crate::signatures::is_undone;
use crate::timeline::levels::Levels;

/// Bins of the axis.
const MOST_BINS: i64 = 720;

/// A gap without any entry that splits the data: what lies beyond it and is little is a clock gone wrong.
const GAP: i64 = 6 * 3_600 * NANOS;

/// Names of files and folders that are nobody's.
const PLACES: &[&str] = &[
    "log", "logs", "var", "tmp", "app", "apps", "current", "stdout", "stderr", "error", "errors", "access",
    "kernel", "syslog", "messages", "server", "service", "services", "system", "data", "out",
];

/// How much likelier than a constant rate a change must be to be one.
pub const GAIN: f64 = 12.0;

/// The observations of one scan.
#[derive(Debug)]
pub struct Scene<'w> {
    /// What the files are.
    pub wants: &'w Wants,
    /// Every kind of entry, in the order of their keys.
    pub kinds: Vec<(Kind, Signal)>,
    /// Numbers that entries tell, in the order of their keys.
    pub numbers: Vec<(Kind, Levels)>,
    /// The chunks of the files with their times, in order.
    pub chunks: Vec<ChunkTimes>,
    /// The axis.
    pub axis: Axis,
    /// The time of the first entry on the axis.
    pub first: Timestamp,
    /// The time of the last entry on the axis.
    pub last: Timestamp,
    /// The time that is usual, where one is given.
    pub given: Option<Given>,
    /// The first and last instant of what is to be explained, where a part of the time was selected.
    selected: Option<(Timestamp, Timestamp)>,
    /// The time that is usual on the axis.
    pub against: Against,
    /// For every kind the words of the detectors that occur in it, sorted.
    words: Vec<Vec<&'static str>>,
    /// For every kind, when it was more frequent than usual.
    changes: Vec<Option<Change>>,
    /// Entries of each group, with and without a time.
    said: Vec<u64>,
    /// Entries of each group on the axis.
    volumes: Vec<Vec<u64>>,
    /// How requests went over time.
    pub requests: Requests,
}

/// The axis of time: bins of equal width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// The start of the first bin.
    pub start: Timestamp,
    /// The width of a bin, in nanoseconds.
    pub width: i64,
    /// How many there are.
    pub bins: usize,
}

/// When a kind of entry was more frequent than usual.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The time of the first entry in the stretch.
    pub from: Timestamp,
    /// The time of the last.
    pub to: Timestamp,
    /// Does it last until the data ends?
    pub open: bool,
    /// The stretch on the axis.
    pub stretch: Stretch,
}

impl Axis {
    /// An axis over the entries, without those that are far away from the rest and few.
    pub fn of(all: &Bins) -> Axis {
        let runs = all.runs(GAP);
        let count = all.count();
        let kept = || runs.iter().filter(|run| run.count * 100 >= count);
        let from = kept().map(|run| run.from).min().unwrap_or(Timestamp(0));
        let to = kept().map(|run| run.to).max().unwrap_or(from);
        Axis::covering(from, to, all.width())
    }

    /// An axis from one time to another, with bins of this width or wider.
    fn covering(from: Timestamp, to: Timestamp, mut width: i64) -> Axis {
        let span = to.0.saturating_sub(from.0);
        while span / width >= MOST_BINS {
            width *= 2;
        }
        let start = from.floor(width);
        Axis { start, width, bins: (to.0.saturating_sub(start.0) / width + 1) as usize }
    }

    /// The bin of an instant, if it lies on the axis.
    pub fn bin(&self, ts: Timestamp) -> Option<usize> {
        let at = ts.0.checked_sub(self.start.0)?;
        usize::try_from(at.div_euclid(self.width)).ok().filter(|bin| *bin < self.bins)
    }

    /// The bins that a closed range of time touches.
    pub fn range(&self, (from, to): (Timestamp, Timestamp)) -> Range<usize> {
        let at = |ts: Timestamp| {
            let at = ts.0.saturating_sub(self.start.0).div_euclid(self.width);
            usize::try_from(at).unwrap_or(0).min(self.bins)
        };
        let end = if to < self.start { 0 } else { (at(to) + 1).min(self.bins) };
        at(from).min(end)..end
    }

    /// What changes on this axis are compared with.
    pub fn against(&self, given: Option<&Given>) -> Against {
        Against {
            usual: given.map(|given| self.range(given.usual)),
            within: given.and_then(|given| given.within).map(|within| self.range(within)),
        }
    }

    /// The start of a bin.
    pub fn at(&self, bin: usize) -> Timestamp {
        Timestamp(self.start.0.saturating_add(self.width.saturating_mul(bin as i64)))
    }

    /// The end of the axis.
    pub fn end(&self) -> Timestamp {
        self.at(self.bins)
    }

    /// Adds a series to counts on the axis.
    pub fn add(&self, bins: &Bins, counts: &mut [u64]) {
        for bin in bins.rows() {
            if let Some(at) = self.bin(bin.first.ts) {
                counts[at] += bin.count;
            }
        }
    }

    /// A series as counts on the axis.
    pub fn counts(&self, bins: &Bins) -> Vec<u64> {
        let mut counts = vec![0; self.bins];
        self.add(bins, &mut counts);
        counts
    }
}

impl<'w> Scene<'w> {
    /// Lays out what was observed. `vocabulary` are the words of the detectors, in lower case.
    pub fn new(wants: &'w Wants, observed: Observed<'_>, vocabulary: &[&'static str]) -> Scene<'w> {
        Scene::beside(wants, observed, vocabulary, None, None)
    }

    /// The same, with a time to compare with, and the time in which metrics were recorded beside.
    pub fn beside(
        wants: &'w Wants,
        mut observed: Observed<'_>,
        vocabulary: &[&'static str],
        given: Option<Given>,
        measured: Option<(Timestamp, Timestamp)>,
    ) -> Scene<'w> {
        let chunks = observed.take_chunks();
        let mut requests = observed.take_requests();
        let selected = given.filter(|given| given.basis == Basis::Before).and_then(|given| given.within);
        let numbers = observed.take_numbers();
        let mut all = observed.take_spans();
        let mut kinds = observed.into_sorted();
        for (kind, signal) in &kinds {
            if kind.what == What::Template {
                all.merge(signal.bins.clone());
            }
        }
        // What is over within one bin is looked at in finer ones.
        let span = all.last().zip(all.first()).map_or(0, |(last, first)| last.0.saturating_sub(first.ts.0));
        if span == 0 || span >= NARROWEST {
            all.widen_to(NARROWEST);
            for (_, signal) in &mut kinds {
                signal.bins.widen_to(NARROWEST);
            }
            requests.widen_to(NARROWEST);
        }
        let given = given.filter(|given| given.is_known(&chunks));
        let given = given.or_else(|| usual::beside(&all, measured?));
        let axis = Axis::of(&all);
        let last = all.rows().iter().rev().map(|bin| bin.last).find(|ts| axis.bin(*ts).is_some());
        let last = last.unwrap_or_else(|| axis.end());
        let first = all.rows().iter().map(|bin| bin.first.ts).find(|ts| axis.bin(*ts).is_some());
        let first = first.unwrap_or(axis.start);
        let groups = kinds.iter().map(|(kind, _)| kind.group as usize + 1).max().unwrap_or(0);
        let mut volumes = vec![vec![0; axis.bins]; groups];
        let mut said = vec![0; groups];
        for (kind, signal) in &kinds {
            if kind.what == What::Template {
                axis.add(&signal.bins, &mut volumes[kind.group as usize]);
                said[kind.group as usize] += signal.count;
            }
        }
        let words = words(&kinds, vocabulary);
        let against = axis.against(given.as_ref());
        let mut scene = Scene {
            wants,
            kinds,
            numbers,
            chunks,
            axis,
            first,
            last,
            given,
            selected,
            against,
            words,
            changes: Vec::new(),
            said,
            volumes,
            requests,
        };
        scene.changes = (0..scene.kinds.len()).map(|at| scene.find_change(at)).collect();
        scene
    }

    /// Is there nothing to be explained?
    pub fn is_empty(&self) -> bool {
        let inside = |(from, to): (Timestamp, Timestamp)| {
            self.kinds.iter().any(|(_, signal)| signal.bins.within(from, to).next().is_some())
        };
        self.kinds.is_empty() || self.selected.is_some_and(|selected| !inside(selected))
    }

    /// What is to be explained, of the time from the first entry to the last, where a part of it was selected.
    pub fn window(&self, (first, last): (Timestamp, Timestamp)) -> Option<(Timestamp, Timestamp)> {
        let (from, to) = self.selected?;
        Some((from.max(first), to.min(last))).filter(|(from, to)| from <= to)
    }

    /// Does some of this time belong to what is to be explained?
    pub fn is_selected(&self, (first, last): (Timestamp, Timestamp)) -> bool {
        self.selected.is_none_or(|(from, to)| first <= to && from <= last)
    }

    /// May a chunk of a file hold entries of a range of time? What has no time may be anywhere.
    pub fn may_hold(&self, file: u32, chunk: u32, range: Option<(Timestamp, Timestamp)>) -> bool {
        let found = self.chunks.binary_search_by_key(&(file, chunk), |(at, _)| *at);
        match (found, range) {
            (Ok(at), Some((from, to))) => self.chunks[at].1.0 <= to && from <= self.chunks[at].1.1,
            _ => true,
        }
    }

    /// Takes these times for those of the data, where there are no entries.
    pub fn spanning(mut self, span: Option<(Timestamp, Timestamp)>) -> Scene<'w> {
        if self.kinds.is_empty()
            && let Some((from, to)) = span
        {
            self.axis = Axis::covering(from, to, NARROWEST);
            self.against = self.axis.against(self.given.as_ref());
        }
        self
    }

    /// The names of those who write: services, and where a log names none, the folder or file that only it has.
    pub fn names(&self) -> Vec<String> {
        let mut names: BTreeSet<String> = BTreeSet::new();
        let mut nameless: BTreeSet<u32> = BTreeSet::new();
        for (kind, _) in self.kinds.iter().filter(|(kind, _)| kind.what == What::Template) {
            if kind.service.is_empty() {
                nameless.insert(kind.group);
            } else {
                names.insert(kind.service.clone());
            }
        }
        let parts = |group: u32| {
            let mut path = self.wants.log(group).rsplit('/');
            let last = path.next().unwrap_or_default().split('.').next().unwrap_or_default();
            [Some(last), path.next()].into_iter().flatten().map(str::to_owned).collect::<BTreeSet<String>>()
        };
        let mut shared: BTreeMap<String, u32> = BTreeMap::new();
        for part in nameless.iter().flat_map(|group| parts(*group)) {
            *shared.entry(part).or_default() += 1;
        }
        names.extend(shared.into_iter().filter(|(_, logs)| *logs == 1).map(|(part, _)| part));
        names
            .into_iter()
            .filter(|name| name.len() >= 3 && !PLACES.contains(&name.to_lowercase().as_str()))
            .collect()
    }

    /// Does this word occur in a kind's text?
    pub fn has_word(&self, kind: usize, word: &str) -> bool {
        self.words[kind].binary_search(&word).is_ok()
    }

    /// Does any word of the detectors occur in a kind's text?
    pub fn has_words(&self, kind: usize) -> bool {
        !self.words[kind].is_empty()
    }

    /// When a kind of entry was more frequent than usual, measured by time and by the volume of its log.
    pub fn change(&self, kind: usize) -> Option<&Change> {
        self.changes[kind].as_ref()
    }

    /// How many groups there are.
    pub fn groups(&self) -> u32 {
        self.volumes.len() as u32
    }

    /// The group of files that a file stands for.
    pub fn group_of(&self, file: &str) -> Option<u32> {
        self.kinds.iter().map(|(kind, _)| kind.group).find(|group| self.wants.file(*group) == file)
    }

    /// The first entry of a group, if any has a time.
    pub fn begins(&self, group: u32) -> Option<Timestamp> {
        let of_group =
            self.kinds.iter().filter(|(kind, _)| kind.what == What::Template && kind.group == group);
        of_group.filter_map(|(_, signal)| Some(signal.bins.first()?.ts)).min()
    }

    /// Entries of a group, with and without a time.
    pub fn said(&self, group: u32) -> u64 {
        self.said.get(group as usize).copied().unwrap_or_default()
    }

    /// Entries of a group on the axis.
    pub fn volume(&self, group: u32) -> &[u64] {
        self.volumes.get(group as usize).map_or(&[], Vec::as_slice)
    }

    /// Seconds in which a group's log was written, on the axis: from its first entry to its last.
    pub fn presence(&self, group: u32) -> Vec<f64> {
        let volume = self.volume(group);
        let first = volume.iter().position(|count| *count > 0).unwrap_or(0);
        let last = volume.iter().rposition(|count| *count > 0).unwrap_or(0);
        let seconds = self.axis.width as f64 / NANOS as f64;
        (0..self.axis.bins).map(|at| if (first..=last).contains(&at) { seconds } else { 0.0 }).collect()
    }

    fn find_change(&self, at: usize) -> Option<Change> {
        let (kind, signal) = &self.kinds[at];
        if !matches!(kind.what, What::Template | What::Full | What::Near) || signal.count < 3 {
            return None;
        }
        let counts = self.axis.counts(&signal.bins);
        let presence = self.presence(kind.group);
        let stretch = change::strongest(&counts, &presence, Way::Up, &self.against)?;
        if stretch.gain < GAIN || stretch.inside < 2.0 * stretch.outside {
            return None;
        }
        if self.is_beginning(&presence, stretch.from) {
            return None;
        }
        // A surge of traffic makes everything more frequent: of what is not new, the share of the log counts.
        if stretch.outside > 0.05 * stretch.inside {
            let volume = self.volume(kind.group).iter().zip(&counts);
            let others: Vec<f64> = volume.map(|(all, own)| all.saturating_sub(*own) as f64).collect();
            // A template that is nearly the whole of its log has no others to compare with.
            let alone = others.iter().sum::<f64>() < signal.count as f64 / 4.0;
            let share = change::gain_of(&counts, &others, (stretch.from, stretch.until), &self.against);
            if !alone && share.is_none_or(|share| share < GAIN) {
                return None;
            }
        }
        self.change_of(signal, stretch)
    }

    /// What lies where changes are looked for.
    pub fn judged(&self, bins: &Bins) -> Bins {
        match &self.given {
            None => bins.clone(),
            Some(given) => bins.filtered(|bin| given.is_judged(bin.first.ts)),
        }
    }

    /// Did a kind of entry occur in the time that is given as usual?
    pub fn was_usual(&self, kind: usize) -> bool {
        let bins = &self.kinds[kind].1.bins;
        self.given.is_some_and(|given| bins.within(given.usual.0, given.usual.1).next().is_some())
    }

    /// Does a stretch start with the data? Then nobody can say that it was different before: rather, it ended.
    pub fn is_beginning(&self, presence: &[f64], from: usize) -> bool {
        if self.against.seen(presence).usual.is_some() {
            return false;
        }
        let first = presence.iter().position(|seconds| *seconds > 0.0).unwrap_or(0);
        let present = presence.iter().filter(|seconds| **seconds > 0.0).count();
        from < first + (present / 25).max(2)
    }

    /// The times of the entries in a stretch.
    pub fn change_of(&self, signal: &Signal, stretch: Stretch) -> Option<Change> {
        let (from, until) = (self.axis.at(stretch.from), self.axis.at(stretch.until));
        let mut inside = signal.bins.clipped(from, Timestamp(until.0.saturating_sub(1)));
        if stretch.outside > 0.0 {
            inside = inside.without_strays();
        }
        let (first, last) = (inside.rows().first()?, inside.rows().last()?);
        let open = stretch.until + 2 >= self.axis.bins;
        Some(Change { from: first.first.ts, to: last.last, open, stretch })
    }
}

/// For every kind the words that occur in its text.
fn words(kinds: &[(Kind, Signal)], vocabulary: &[&'static str]) -> Vec<Vec<&'static str>> {
    let automaton = AhoCorasick::builder().match_kind(MatchKind::Standard).build(vocabulary);
    let Ok(automaton) = automaton else { return vec![Vec::new(); kinds.len()] };
    let of = |kind: &Kind| {
        let mut found: Vec<&'static str> = automaton
            .find_overlapping_iter(&kind.text)
            .filter(|found| !is_undone(vocabulary[found.pattern().as_usize()], &kind.text[found.end()..]))
            .map(|found| vocabulary[found.pattern().as_usize()])
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    };
    kinds.iter().map(|(kind, _)| if kind.what == What::Template { of(kind) } else { Vec::new() }).collect()
}
