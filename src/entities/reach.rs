//! Which logs know of the same requests: who works within whom, and who speaks of trouble together.
//!
//! Nothing says who calls whom. But within a request the one that calls begins before and ends after the one that is
//! called, and what goes wrong below is felt above.

use std::collections::BTreeMap;

use crate::model::Timestamp;

/// A group of files that knows of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The group.
    pub group: u32,
    /// Its first and last entry, where they have times.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Does it warn, or worse?
    pub bad: bool,
}

impl Known {
    /// Adds another entry, or what another thread knows.
    pub fn merge(&mut self, other: &Known) {
        self.bad |= other.bad;
        self.span = match (self.span, other.span) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (mine, theirs) => mine.or(theirs),
        };
    }
}

/// The requests of the time of trouble, by the logs that know of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reach {
    /// Requests by whether they failed and which groups of files know of them.
    patterns: BTreeMap<(bool, Vec<u32>), u64>,
    /// Of two groups: requests that both know of, and those in which the first one encloses the second.
    within: BTreeMap<(u32, u32), (u64, u64)>,
    /// Failed requests of which a group speaks badly, and those in which another one does, too.
    bad: BTreeMap<u32, u64>,
    both: BTreeMap<(u32, u32), u64>,
}

/// Fewer requests than these tell nothing.
pub const FEWEST: u64 = 10;

impl Reach {
    /// Adds a request.
    pub fn add(&mut self, failed: bool, known: &[Known]) {
        *self.patterns.entry((failed, known.iter().map(|known| known.group).collect())).or_default() += 1;
        for a in known {
            if failed && a.bad {
                *self.bad.entry(a.group).or_default() += 1;
            }
            for b in known.iter().filter(|b| b.group != a.group) {
                if failed && a.bad && b.bad {
                    *self.both.entry((a.group, b.group)).or_default() += 1;
                }
                if let (Some((a_from, a_to)), Some((b_from, b_to))) = (a.span, b.span) {
                    let (both, within) = self.within.entry((a.group, b.group)).or_default();
                    *both += 1;
                    *within +=
                        u64::from(a_from <= b_from && b_to <= a_to && (a_from, a_to) != (b_from, b_to));
                }
            }
        }
    }

    /// Is nothing known?
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Does a group name the requests that it works on?
    pub fn knows(&self, group: u32) -> bool {
        let count = |failed| self.of(failed, group).0;
        count(true) + count(false) >= FEWEST
    }

    /// Does the second one work within the first one, in nearly all requests that both know of?
    pub fn calls(&self, caller: u32, called: u32) -> bool {
        let (both, within) = self.within.get(&(caller, called)).copied().unwrap_or_default();
        both >= FEWEST && within * 10 >= both * 7
    }

    /// Does the first one speak badly of failed requests mostly when the second one does?
    pub fn feels(&self, one: u32, other: u32) -> bool {
        let bad = self.bad.get(&one).copied().unwrap_or(0);
        let both = self.both.get(&(one, other)).copied().unwrap_or(0);
        bad >= 5 && both * 2 >= bad
    }

    /// Of the requests that failed, or did not: those that a group knows of, and all.
    pub fn of(&self, failed: bool, group: u32) -> (u64, u64) {
        self.patterns
            .iter()
            .filter(|((bad, _), _)| *bad == failed)
            .fold((0, 0), |(with, all), ((_, g), n)| {
                (with + if g.contains(&group) { *n } else { 0 }, all + n)
            })
    }

    /// Requests that failed of which the second group knows: those of which the first does not, and all.
    pub fn without(&self, group: u32, other: u32) -> (u64, u64) {
        let known = self.patterns.iter().filter(|((bad, groups), _)| *bad && groups.contains(&other));
        known.fold((0, 0), |(without, all), ((_, groups), n)| {
            (without + if groups.contains(&group) { 0 } else { *n }, all + n)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(group: u32, from: i64, to: i64, bad: bool) -> Known {
        Known { group, span: Some((Timestamp(from), Timestamp(to))), bad }
    }

    #[test]
    fn requests_are_counted_by_the_logs_that_know_of_them() {
        let mut reach = Reach::default();
        for _ in 0..30 {
            reach.add(true, &[known(0, 0, 9, true), known(1, 3, 4, true)]);
        }
        for _ in 0..10 {
            reach.add(true, &[known(0, 0, 9, true), known(2, 5, 6, true)]);
        }
        for _ in 0..20 {
            reach.add(false, &[known(0, 0, 9, false), known(1, 3, 4, false)]);
        }
        assert_eq!(reach.of(true, 1), (30, 40));
        assert_eq!(reach.of(false, 1), (20, 20));
        assert_eq!(reach.without(1, 2), (10, 10));
        assert_eq!(reach.without(1, 0), (10, 40));
        assert!(reach.calls(0, 1) && !reach.calls(1, 0) && !reach.calls(1, 2));
        assert!(reach.feels(0, 1) && reach.feels(1, 0) && !reach.feels(0, 2) && !reach.feels(1, 2));
    }
}
