//! Requests that failed beside those that did not: what is said in the ones and not in the others.
//!
//! It needs no past: within the same minutes some requests fail and some do not. What nearly all that fail say, and
//! hardly any other does, tells why, even if it has been so since the first line.

use std::collections::BTreeMap;

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
    /// Those that failed, by their numbers, in order.
    failed: Vec<u32>,
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
    /// Adds a request with the kinds of its entries.
    pub fn add(&mut self, failed: bool, kinds: &[u32]) {
        let number = self.requests[0] as u32;
        self.requests[usize::from(!failed)] += 1;
        for kind in kinds {
            let having = self.kinds.entry(*kind as usize).or_default();
            if failed {
                having.failed.push(number);
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

    /// How the kinds of a sign belong to the failed: that which belongs most.
    pub fn best(&self, kinds: &[usize]) -> Option<Share> {
        self.of(self.most_telling(kinds)?)
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
        let failed = |kinds| self.most_telling(kinds).map(|kind| &self.kinds[&kind].failed[..]);
        let Some((one, other)) = failed(one).zip(failed(other)) else { return false };
        let both = one.iter().filter(|number| other.binary_search(number).is_ok()).count();
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

    #[test]
    fn what_only_the_failed_say_tells_and_what_all_say_does_not() {
        let mut contrast = Contrast::default();
        for at in 0..100 {
            contrast.add(true, if at < 90 { &[1, 2] } else { &[2] });
            contrast.add(false, &[2]);
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
        (0..300_u32).for_each(|at| contrast.add(true, if at < 190 { &[0, 1] } else { &[0, 2] }));
        assert!(contrast.are_apart(&[1], &[2]) && !contrast.are_apart(&[0], &[2]));
    }

    #[test]
    fn where_all_fail_nothing_is_told_apart() {
        let mut contrast = Contrast::default();
        (0..9).for_each(|_| contrast.add(true, &[1]));
        assert!(!contrast.compares());
    }
}
