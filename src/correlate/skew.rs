//! How far clocks run apart: requests that are in the logs of two hosts say it.
//!
//! The host that asks is busy with a request before, while and after the host that answers is. Where the answer
//! lies outside of the question, and by the same time in one request after the other, the clocks differ by that.

use std::collections::{BTreeMap, HashMap};

use crate::fold::{Damaged, Fold, Loaded, Saved, Travel};
use crate::model::{Entry, Needs, Role, Timestamp};
use crate::scan::{self, Input, ScanOptions, Selection};

/// Two logs whose clocks run apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skew {
    /// The log whose clock is off, as an index into the inputs.
    pub file: usize,
    /// The log that it was compared with.
    pub against: usize,
    /// Nanoseconds that its clock is ahead.
    pub ahead: i64,
    /// Requests that say so.
    pub requests: usize,
}

/// Fewer requests than these say nothing.
const LEAST: usize = 8;

/// Clocks that differ by less are taken for right: what requests take on their way is as long.
const SMALLEST: i64 = 50_000_000;

/// Bytes of logs whose requests are all looked at; of more only a share of the requests is.
const ALL: u64 = 256 << 20;

/// The first and the last entry of a request in one log.
type Stay = (i64, i64);

/// Requests by log.
struct Stays {
    /// The share of ids that is looked at, of 2^64.
    share: u64,
    found: HashMap<(u32, u64), Stay>,
}

impl Fold for Stays {
    fn add(&mut self, entry: &Entry<'_, '_>) {
        let (Some(Timestamp(ts)), Some(id)) = (entry.slots.ts, entry.slots.role(Role::RequestId).text())
        else {
            return;
        };
        // The same ids are looked at whatever machine and run it is.
        let hash = std::hash::BuildHasher::hash_one(&foldhash::fast::FixedState::with_seed(7), id.as_bytes());
        if hash <= self.share {
            self.stay((entry.location.file, hash), (ts, ts));
        }
    }

    fn merge(&mut self, other: Self) {
        let mut others: Vec<_> = other.found.into_iter().collect();
        others.sort_unstable();
        for (key, stay) in others {
            self.stay(key, stay);
        }
    }
}

impl Travel for Stays {
    fn save(self, to: &mut Saved) {
        let mut found: Vec<_> = self.found.into_iter().collect();
        found.sort_unstable();
        to.put(&found);
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        self.found = from.take::<Vec<_>>()?.into_iter().collect();
        Ok(())
    }
}

impl Stays {
    fn stay(&mut self, key: (u32, u64), (from, to): Stay) {
        let known = self.found.entry(key).or_insert((from, to));
        *known = (known.0.min(from), known.1.max(to));
    }
}

/// The logs whose clocks are off, compared with that log which most others agree with.
pub fn skews(logs: &[Input], options: &ScanOptions) -> Vec<Skew> {
    if logs.len() < 2 {
        return Vec::new();
    }
    let mut needs = Needs::none();
    needs.role(Role::RequestId);
    let bytes: u64 = logs.iter().filter_map(|log| log.size).sum();
    let share = if bytes <= ALL {
        u64::MAX
    } else {
        (u128::from(u64::MAX) * u128::from(ALL) / u128::from(bytes)) as u64
    };
    let new = || Stays { share, found: HashMap::new() };
    let (stays, _) = scan::fold(logs, &Selection::everything(needs), options, new);
    let mut by_id: BTreeMap<u64, Vec<(usize, Stay)>> = BTreeMap::new();
    let mut found: Vec<_> = stays.found.into_iter().collect();
    found.sort_unstable();
    for ((file, id), stay) in found {
        by_id.entry(id).or_default().push((file as usize, stay));
    }
    let mut shared: BTreeMap<(usize, usize), Vec<(Stay, Stay)>> = BTreeMap::new();
    for stays in by_id.values().filter(|stays| (2..=MOST_LOGS).contains(&stays.len())) {
        for (at, (one, stay)) in stays.iter().enumerate() {
            for (other, other_stay) in &stays[at + 1..] {
                shared.entry((*one, *other)).or_default().push((*stay, *other_stay));
            }
        }
    }
    let slack = |file: usize| if logs[file].coarse { 1_000_000_000 } else { 0 };
    let edges: Vec<(usize, usize, i64, usize)> = shared
        .into_iter()
        .filter_map(|((one, other), pairs)| {
            let ahead = ahead(&pairs, slack(one).max(slack(other)))?;
            Some((one, other, ahead, pairs.len()))
        })
        .collect();
    agree(&edges)
}

/// Ids that are in more logs than this are no requests.
const MOST_LOGS: usize = 64;

/// How far the second log's clock is ahead of the first's, 0 if that is not more than `slack`. `None` if the
/// requests do not say it.
fn ahead(pairs: &[(Stay, Stay)], slack: i64) -> Option<i64> {
    if pairs.len() < LEAST {
        return None;
    }
    let middle = |pair: &(Stay, Stay)| {
        let ((from, to), (other_from, other_to)) = *pair;
        (other_from - from) / 2 + (other_to - to) / 2
    };
    let mut middles: Vec<i64> = pairs.iter().map(middle).collect();
    middles.sort_unstable();
    let at = |share: usize| middles[(middles.len() - 1) * share / 100];
    let (low, median, high) = (at(10), at(50), at(90));
    let apart = |(one, other): &&(Stay, Stay)| {
        let (outer, inner) = if one.1 - one.0 >= other.1 - other.0 { (one, other) } else { (other, one) };
        inner.0 < outer.0 - slack || inner.1 > outer.1 + slack
    };
    let outside = pairs.iter().filter(apart).count();
    if median.abs() < SMALLEST.max(slack) || outside * 10 < pairs.len() * 9 {
        return Some(0);
    }
    // What waits in a queue waits now longer and now shorter; a clock is wrong by as much every time.
    let steady = high - low <= (median.abs() / 5).max(2 * slack).max(SMALLEST);
    steady.then_some(median)
}

/// Puts the comparisons together, from the log on that most others agree with.
fn agree(edges: &[(usize, usize, i64, usize)]) -> Vec<Skew> {
    let mut agreeing: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    for (one, other, ahead, requests) in edges {
        for file in [one, other] {
            let (equal, all) = agreeing.entry(*file).or_default();
            *equal += usize::from(*ahead == 0);
            *all += requests;
        }
    }
    let mut known: BTreeMap<usize, i64> = BTreeMap::new();
    let mut skews = Vec::new();
    while known.len() < agreeing.len() {
        let left = agreeing.iter().filter(|(file, _)| !known.contains_key(file));
        let Some((first, _)) = left.max_by_key(|(file, weight)| (**weight, std::cmp::Reverse(**file))) else {
            break;
        };
        known.insert(*first, 0);
        let mut queue = vec![*first];
        while let Some(file) = queue.pop() {
            let here = known.get(&file).copied().unwrap_or(0);
            for (one, other, ahead, requests) in edges {
                let (next, offset) = match (*one == file, *other == file) {
                    (true, _) => (*other, here + ahead),
                    (_, true) => (*one, here - ahead),
                    _ => continue,
                };
                if known.contains_key(&next) {
                    continue;
                }
                known.insert(next, offset);
                queue.push(next);
                if offset != 0 {
                    skews.push(Skew { file: next, against: file, ahead: offset, requests: *requests });
                }
            }
        }
    }
    skews.sort_by_key(|skew| skew.file);
    skews
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn pairs(shift: impl Fn(i64) -> i64) -> Vec<(Stay, Stay)> {
        (0..40)
            .map(|n| {
                let from = n * 10 * SECOND;
                let by = shift(n);
                ((from, from + SECOND), (from + SECOND / 10 + by, from + SECOND * 8 / 10 + by))
            })
            .collect()
    }

    #[test]
    fn a_constant_shift_is_a_clock_and_a_varying_one_is_a_queue() {
        assert_eq!(ahead(&pairs(|_| 0), 0), Some(0));
        assert_eq!(ahead(&pairs(|_| 42 * SECOND), 0), Some(42 * SECOND - SECOND / 20));
        assert_eq!(ahead(&pairs(|_| -7 * SECOND), 0), Some(-7 * SECOND - SECOND / 20));
        assert_eq!(ahead(&pairs(|n| (2 + n % 17) * SECOND), 0), None);
        assert_eq!(ahead(&pairs(|_| 0)[..5], 0), None);
    }

    #[test]
    fn the_log_that_most_agree_with_is_right() {
        let edges = [(0, 1, 5, 10), (0, 2, 5, 10), (1, 2, 0, 10), (1, 3, 0, 10)];
        assert_eq!(agree(&edges), [Skew { file: 0, against: 1, ahead: -5, requests: 10 }]);
    }
}
