//! Requests that failed beside those that did not: what is said in the ones and not in the others.
//!
//! It needs no past: within the same minutes some requests fail and some do not. What nearly all that fail say, and
//! hardly any other does, tells why, even if it has been so since the first line.

use std::collections::BTreeMap;

use crate::model::Timestamp;

/// Fewer requests than these tell nothing.
pub const FEWEST: u64 = 3;

/// How many times as frequent among the failed something must be to belong to the failure.
const LIFT: f64 = 3.0;

/// Which kinds of entries which requests have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contrast {
    /// Requests that failed, and those that did not.
    requests: [u64; 2],
    /// Of each kind of entry the requests that have it.
    kinds: BTreeMap<usize, Having>,
    /// Do the failed have a value in common that the others seldom have: one partner, one host, one version?
    pub sibling: bool,
}

/// The requests that have a kind of entry.
#[derive(Clone, Debug, Default, PartialEq)]
struct Having {
    /// Those that failed, by their numbers, in order, and when they first said it.
    failed: Vec<(u32, Option<Timestamp>)>,
    /// How many of those that did not.
    others: u64,
}

/// How a kind of entry belongs to requests that failed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// Requests that failed and have it.
    pub failed: u64,
    /// The share of the requests that failed.
    pub of_failed: f64,
    /// The share of the requests that did not.
    pub of_others: f64,
}

impl Contrast {
    /// Adds a request with the kinds of its entries, and when it first had each.
    pub fn add(&mut self, failed: bool, kinds: &[(u32, Option<Timestamp>)]) {
        let number = self.requests[0] as u32;
        self.requests[usize::from(!failed)] += 1;
        for (kind, at) in kinds {
            let having = self.kinds.entry(*kind as usize).or_default();
            if failed {
                having.failed.push((number, *at));
            } else {
                having.others += 1;
            }
        }
    }

    /// Requests that failed.
    pub fn failed(&self) -> u64 {
        self.requests[0]
    }

    /// Are there requests of both kinds, so that one can be told from the other?
    pub fn compares(&self) -> bool {
        self.requests.iter().all(|n| *n >= FEWEST)
    }

    /// How a kind of entry belongs to the failed; `None` if no request has it.
    pub fn of(&self, kind: usize) -> Option<Share> {
        let having = self.kinds.get(&kind)?;
        let failed = having.failed.len() as u64;
        let share = |part: u64, all: u64| if all == 0 { 0.0 } else { part as f64 / all as f64 };
        Some(Share {
            failed,
            of_failed: share(failed, self.requests[0]),
            of_others: share(having.others, self.requests[1]),
        })
    }

    /// How the kinds of a sign belong to the failed: any of those that do, or else that which belongs most.
    pub fn best(&self, kinds: &[usize]) -> Option<Share> {
        let telling: Vec<usize> =
            kinds.iter().copied().filter(|kind| self.of(*kind).is_some_and(|share| share.tells())).collect();
        if telling.len() < 2 {
            return self.of(self.most_telling(kinds)?);
        }
        let failed = self.failed_with(&telling).len() as u64;
        // Of the others only numbers are known: at most so many have one of them.
        let others: f64 = telling.iter().filter_map(|kind| self.of(*kind)).map(|share| share.of_others).sum();
        let of_failed = failed as f64 / self.requests[0].max(1) as f64;
        Some(Share { failed, of_failed, of_others: others.min(1.0) })
    }

    /// The requests that failed and have any of these kinds, by their numbers, and when they first said it.
    fn failed_with(&self, kinds: &[usize]) -> BTreeMap<u32, Option<Timestamp>> {
        let mut failed: BTreeMap<u32, Option<Timestamp>> = BTreeMap::new();
        for (number, at) in kinds.iter().filter_map(|kind| self.kinds.get(kind)).flat_map(|of| &of.failed) {
            let first = failed.entry(*number).or_insert(*at);
            *first = [*first, *at].into_iter().flatten().min();
        }
        failed
    }

    /// Do the requests that failed say the one before the other? Asked of those that say both, which have to be a good part
    /// of those that say the other; times that are the same tell nothing.
    pub fn precedes(&self, one: &[usize], other: &[usize]) -> bool {
        /// The least part of those that say the other.
        const PART: f64 = 0.3;
        /// The least part of those that say both.
        const NEARLY_ALL: f64 = 0.8;
        let (one, other) = (self.failed_with(one), self.failed_with(other));
        let both = other.iter().filter_map(|(number, at)| Some((*one.get(number)?, *at)));
        let (mut common, mut before) = (0_u64, 0_u64);
        for (one, other) in both {
            common += 1;
            before += u64::from(one.zip(other).is_some_and(|(one, other)| one < other));
        }
        common >= FEWEST
            && common as f64 >= PART * other.len() as f64
            && before as f64 >= NEARLY_ALL * common as f64
    }

    /// Which of some kinds belongs most to the failed; of two alike the first.
    fn most_telling(&self, kinds: &[usize]) -> Option<usize> {
        let weight = |kind: usize| self.of(kind).map_or(0.0, |share| share.weight());
        let known = kinds.iter().rev().copied().filter(|kind| self.kinds.contains_key(kind));
        known.max_by(|a, b| weight(*a).total_cmp(&weight(*b)))
    }

    /// Are these two failures: do the requests that failed know of the one or of the other, and hardly any of both?
    pub fn are_apart(&self, one: &[usize], other: &[usize]) -> bool {
        const FEW: usize = 10;
        let failed = |kinds| self.most_telling(kinds).map(|kind| self.failed_with(&[kind]));
        let Some((one, other)) = failed(one).zip(failed(other)) else { return false };
        let both = one.keys().filter(|number| other.contains_key(number)).count();
        both * FEW <= one.len().min(other.len())
    }
}

impl Share {
    /// How many times as frequent it is among the failed, at most 50: more is no more certain.
    pub fn lift(&self) -> f64 {
        const MOST: f64 = 50.0;
        (self.of_failed / self.of_others.max(self.of_failed / MOST).max(f64::MIN_POSITIVE)).min(MOST)
    }

    /// Does it belong to the failed?
    pub fn tells(&self) -> bool {
        self.failed >= FEWEST && self.lift() >= LIFT
    }

    /// In log odds: the share of the failures that it covers, as much as it tells them from the others.
    pub fn weight(&self) -> f64 {
        if self.tells() { self.of_failed * self.lift().ln() } else { 0.0 }
    }
}

/// Puts together what is about the same failure: each with the first one before it that it is not apart from.
pub(super) fn by_failure<T>(all: impl IntoIterator<Item = T>, apart: impl Fn(&T, &T) -> bool) -> Vec<Vec<T>> {
    let mut failures: Vec<Vec<T>> = Vec::new();
    for one in all {
        match failures.iter().position(|failure| !apart(&failure[0], &one)) {
            Some(at) => failures[at].push(one),
            None => failures.push(vec![one]),
        }
    }
    failures
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kinds, each a nanosecond after the one before.
    fn said(kinds: &[u32]) -> Vec<(u32, Option<Timestamp>)> {
        kinds.iter().enumerate().map(|(at, kind)| (*kind, Some(Timestamp(at as i64)))).collect()
    }

    #[test]
    fn what_failed_requests_say_first_precedes_what_they_say_then() {
        let mut contrast = Contrast::default();
        for at in 0..20 {
            contrast.add(true, &said(if at % 2 == 0 { &[1, 2] } else { &[3, 2] }));
            contrast.add(false, &said(&[4]));
        }
        assert!(contrast.precedes(&[1], &[2]) && contrast.precedes(&[1, 3], &[2]));
        assert!(!contrast.precedes(&[2], &[1]) && !contrast.precedes(&[1], &[3]));
        // The kinds of a sign are one thing: any of them.
        assert_eq!(contrast.best(&[1, 3]).map(|share| share.of_failed), Some(1.0));
        // Times that are the same tell nothing.
        let mut same = Contrast::default();
        (0..9).for_each(|_| same.add(true, &[(1, Some(Timestamp(0))), (2, Some(Timestamp(0)))]));
        assert!(!same.precedes(&[1], &[2]));
    }

    #[test]
    fn what_only_the_failed_say_tells_and_what_all_say_does_not() {
        let mut contrast = Contrast::default();
        for at in 0..100 {
            contrast.add(true, &said(if at < 90 { &[1, 2] } else { &[2] }));
            contrast.add(false, &said(&[2]));
        }
        let told = contrast.of(1).unwrap();
        assert!(told.tells() && told.of_failed == 0.9 && told.of_others == 0.0 && told.weight() > 3.0);
        let noise = contrast.of(2).unwrap();
        assert!(!noise.tells() && noise.weight() == 0.0);
        assert_eq!(contrast.of(3), None);
        assert!(contrast.compares() && contrast.failed() == 100);
        assert_eq!(contrast.best(&[2, 1]), Some(told));
        assert!(!contrast.are_apart(&[1], &[2]) && !contrast.are_apart(&[1], &[3]));
    }

    #[test]
    fn two_failures_are_apart_where_no_request_has_both() {
        let mut contrast = Contrast::default();
        (0..300_u32).for_each(|at| contrast.add(true, &said(if at < 190 { &[0, 1] } else { &[0, 2] })));
        assert!(contrast.are_apart(&[1], &[2]) && !contrast.are_apart(&[0], &[2]));
    }

    #[test]
    fn where_all_fail_nothing_is_told_apart() {
        let mut contrast = Contrast::default();
        (0..9).for_each(|_| contrast.add(true, &said(&[1])));
        assert!(!contrast.compares());
    }
}
