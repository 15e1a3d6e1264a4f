//! Requests over time: those that entries of one id make up, and those that single entries stand for.

use std::collections::BTreeMap;

use crate::fold::{Damaged, Keyed, Loaded, Saved, Travel};
use crate::model::Entry;
use crate::outcome::{self, Ending, Judge, Outcome, Told};
use crate::series::bins::{Bins, Moment};

/// Requests that ended in the same bins, and how.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Ended {
    /// All of them.
    pub all: Bins,
    /// Those that failed.
    pub failed: Bins,
    /// Those that did not, but were refused in a way that a sound client is not: 401 and 429.
    pub refused: Bins,
    /// Those that failed or were refused, by status; `error` where there is none.
    pub by_status: BTreeMap<String, Bins>,
}

impl Default for Ended {
    fn default() -> Self {
        let [all, failed, refused] = [const { Bins::fine() }; 3];
        Ended { all, failed, refused, by_status: BTreeMap::new() }
    }
}

impl Ended {
    /// Makes bins that are narrower than this as wide.
    fn widen_to(&mut self, width: i64) {
        let bins = [&mut self.all, &mut self.failed, &mut self.refused];
        bins.into_iter().chain(self.by_status.values_mut()).for_each(|bins| bins.widen_to(width));
    }

    fn add(&mut self, ending: &Ending, outcome: Outcome) {
        let Some((ts, location)) = ending.last() else { return };
        let moment = Moment { ts, location };
        self.all.add(moment);
        let refused = is_refusal(ending.status().map_or(0, u32::from));
        match outcome {
            Outcome::Failed => self.failed.add(moment),
            _ if refused => self.refused.add(moment),
            _ => return,
        }
        let status = ending.status().map_or_else(|| "error".to_owned(), |code| code.to_string());
        self.by_status.entry(status).or_insert_with(Bins::fine).add(moment);
    }

    fn merge(&mut self, other: Ended) {
        self.all.merge(other.all);
        self.failed.merge(other.failed);
        self.refused.merge(other.refused);
        for (status, bins) in other.by_status {
            self.by_status.entry(status).or_default().merge(bins);
        }
    }
}

/// Of the client's errors, those that a sound client gets when we refuse it.
pub const fn is_refusal(code: u32) -> bool {
    matches!(code, 401 | 429)
}

/// The state of the pass.
#[derive(Clone, Debug)]
pub struct Tally<'j> {
    judge: &'j Judge,
    /// Requests of several entries, by the keys of their ids.
    joined: Keyed<Ending>,
    /// Requests of one entry each, by the group of their files.
    alone: BTreeMap<u32, Ended>,
    /// Entries with an id in each group of files.
    known: BTreeMap<u32, u64>,
}

/// Requests, and where they were counted.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    /// Those of several entries.
    pub joined: Ended,
    /// Those of one entry each, by the group of their files.
    pub alone: BTreeMap<u32, Ended>,
    /// Entries with an id in each group of files; none where nothing was joined by it.
    known: BTreeMap<u32, u64>,
    /// Was it given what a success is?
    pub condition: Option<String>,
}

impl Requests {
    /// Makes bins that are narrower than this as wide.
    pub fn widen_to(&mut self, width: i64) {
        self.joined.widen_to(width);
        self.alone.values_mut().for_each(|ended| ended.widen_to(width));
    }
}

impl<'j> Tally<'j> {
    /// Nothing yet.
    pub fn new(judge: &'j Judge) -> Self {
        Tally { judge, joined: Keyed::default(), alone: BTreeMap::new(), known: BTreeMap::new() }
    }

    /// Takes in an entry of a group of files.
    pub fn add(&mut self, entry: &Entry<'_, '_>, group: u32) {
        let judge = self.judge;
        if let Some(id) = judge.joins().then(|| judge.id(entry.slots)).flatten() {
            self.joined.entry(outcome::key(&id), || Ending::NONE).merge(&judge.ending(entry));
            *self.known.entry(group).or_default() += 1;
        } else if judge.tells(entry.slots) {
            let ending = judge.ending(entry);
            if ending.counts(judge.rule()) {
                let outcome = ending.outcome(judge.rule(), false);
                self.alone.entry(group).or_default().add(&ending, outcome);
            }
        }
    }

    /// Takes in what another thread saw.
    pub fn merge(&mut self, other: Self) {
        self.joined.merge(other.joined, |mine, theirs| mine.merge(&theirs));
        for (group, ended) in other.alone {
            self.alone.entry(group).or_default().merge(ended);
        }
        for (group, count) in other.known {
            *self.known.entry(group).or_default() += count;
        }
    }

    /// The requests over time.
    pub fn conclude(self) -> Requests {
        let rule = self.judge.rule();
        let told = Told::of(self.joined.rows().map(|(_, ending)| ending)).is_usual();
        let mut endings: Vec<&Ending> =
            self.joined.rows().map(|(_, ending)| ending).filter(|ending| ending.counts(rule)).collect();
        // In the order of time bins are filled at once.
        endings.sort_unstable_by_key(|ending| ending.last());
        let mut joined = Ended::default();
        for ending in endings {
            joined.add(ending, ending.outcome(rule, told));
        }
        Requests {
            joined,
            alone: self.alone,
            known: self.known,
            condition: rule.condition().map(str::to_owned),
        }
    }
}

impl Travel for Tally<'_> {
    fn save(self, to: &mut Saved) {
        to.put(&(&self.alone, &self.known));
        self.joined.save(to);
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        (self.alone, self.known) = from.take()?;
        self.joined = Keyed::load(from)?;
        Ok(())
    }
}

impl Requests {
    /// The requests that enter at a group of files: all that were joined, if it names them, else its own.
    pub fn at(&self, group: u32) -> Option<&Ended> {
        if self.known.contains_key(&group) { Some(&self.joined) } else { self.alone.get(&group) }
    }

    /// Does a group of files tell without their ids of requests that others tell of with theirs? About as many ended in the
    /// same time.
    pub fn are_told_twice(&self, group: u32) -> bool {
        let Some(own) = self.alone.get(&group).filter(|_| !self.are_joined(group)) else { return false };
        let (all, joined) = (own.all.count(), self.joined.all.count());
        let span = |ended: &Ended| ended.all.first().zip(ended.all.last());
        let both = span(own).zip(span(&self.joined));
        both.is_some_and(|((from, to), (first, last))| {
            all.abs_diff(joined) * 10 <= all && first.ts <= to && from.ts <= last
        })
    }

    /// The requests that a group of files tells of without their ids as others know them, if more of them failed than their
    /// statuses say.
    pub fn known_elsewhere(&self, group: u32) -> Option<&Ended> {
        let failed = self.alone.get(&group).filter(|_| self.are_told_twice(group))?.failed.count();
        (self.joined.failed.count() > failed).then_some(&self.joined)
    }

    /// Does a group of files name the requests that were joined?
    pub fn are_joined(&self, group: u32) -> bool {
        self.known.contains_key(&group)
    }

    /// The group in which most is said of requests that were joined.
    pub fn teller(&self) -> Option<u32> {
        let most = self.known.iter().max_by_key(|(group, count)| (**count, std::cmp::Reverse(**group)));
        most.map(|(group, _)| *group)
    }

    /// What counts as a success, in words.
    pub fn rule(&self) -> &str {
        self.condition.as_deref().unwrap_or(USUAL)
    }
}

/// The usual rule, in words.
const USUAL: &str = "its status is below 500, or without one no entry of it is of level error or worse; a status \
                     from 400 on fails with such an entry, too; probes are left out";
