//! How a request ended, from what its entries say.

use serde::Serialize;

use super::SuccessRule;
use crate::model::{Location, Timestamp};

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It failed.
    Failed,
    /// Nothing says how it ended.
    Unknown,
    /// It succeeded.
    Success,
}

impl Outcome {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Failed => "failed",
            Outcome::Unknown => "unknown",
            Outcome::Success => "success",
        }
    }
}

/// What an entry says of the end of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub(super) enum Said {
    /// It failed.
    Failed,
    /// It was refused, as a client's error: whether that is a failure, the levels of its entries say.
    Refused,
    /// It succeeded.
    Success,
}

/// What entries of one request say of its end.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Ending {
    /// The last entry that says how it ended: when, where, the status if it is a code.
    pub(super) said: Option<(Option<Timestamp>, Location, Said, u16)>,
    /// Its last entry.
    pub(super) last: Option<(Option<Timestamp>, Location)>,
    /// Has it an entry of level error or worse; has it any level at all?
    pub(super) error: bool,
    pub(super) levelled: bool,
    /// Is it a probe?
    pub(super) probe: bool,
}

impl Ending {
    /// Of no entries.
    pub const NONE: Ending = Ending { said: None, last: None, error: false, levelled: false, probe: false };

    /// Adds what other entries say.
    pub fn merge(&mut self, other: &Ending) {
        self.said = self.said.max(other.said);
        self.last = self.last.max(other.last);
        self.error |= other.error;
        self.levelled |= other.levelled;
        self.probe |= other.probe;
    }

    /// How it ended: by the last entry that says so, else by its levels. Where requests as a rule say how they ended
    /// (`is_told`), one that does not has not ended: that nothing went wrong before is no success.
    pub fn outcome(&self, rule: &SuccessRule, is_told: bool) -> Outcome {
        let by_levels = match rule {
            SuccessRule::Condition(..) => None,
            SuccessRule::Usual if is_told && !self.error => None,
            SuccessRule::Usual => self.levelled.then_some(!self.error),
        };
        let said = self.said.map(|(_, _, said, _)| match said {
            Said::Failed => false,
            Said::Refused => !self.error,
            Said::Success => true,
        });
        match said.or(by_levels) {
            Some(true) => Outcome::Success,
            Some(false) => Outcome::Failed,
            None => Outcome::Unknown,
        }
    }

    /// Does an entry say how it ended?
    pub fn is_said(&self) -> bool {
        self.said.is_some()
    }

    /// Is it a request that counts? With a condition only what the condition can judge does; probes never do.
    pub fn counts(&self, rule: &SuccessRule) -> bool {
        !self.probe && (self.is_said() || matches!(rule, SuccessRule::Usual))
    }

    /// Is it a probe?
    pub fn is_probe(&self) -> bool {
        self.probe
    }

    /// The status that it ended with, if that is a code.
    pub fn status(&self) -> Option<u16> {
        self.said.map(|(.., code)| code).filter(|code| *code > 0)
    }

    /// When and where its last entry is.
    pub fn last(&self) -> Option<(Timestamp, Location)> {
        let (ts, location) = self.last?;
        Some((ts?, location))
    }
}

/// How many requests say how they ended, of how many.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Told {
    said: u64,
    all: u64,
}

impl Told {
    /// Of these requests; probes are none.
    pub fn of<'e>(endings: impl Iterator<Item = &'e Ending>) -> Told {
        let requests = endings.filter(|ending| !ending.probe);
        requests.fold(Told::default(), |sum, ending| sum.and(u64::from(ending.is_said()), 1))
    }

    /// Adds others.
    #[must_use]
    pub fn and(self, said: u64, all: u64) -> Told {
        Told { said: self.said + said, all: self.all + all }
    }

    /// Adds others.
    #[must_use]
    pub fn plus(self, others: Told) -> Told {
        self.and(others.said, others.all)
    }

    /// Do requests as a rule, nine of ten, say how they ended?
    pub fn is_usual(self) -> bool {
        self.said * 10 >= self.all * 9
    }
}

/// Requests of one entry each: how many failed and succeeded, by what they say and by their level, and how many say
/// nothing.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Alone {
    counts: [u64; 4],
}

impl Alone {
    /// Adds one.
    pub fn add(&mut self, ending: &Ending, rule: &SuccessRule) {
        if !ending.counts(rule) {
            return;
        }
        let at = match (ending.outcome(rule, false), ending.is_said()) {
            (Outcome::Failed, _) => 0,
            (Outcome::Success, true) => 1,
            (Outcome::Success, false) => 2,
            (Outcome::Unknown, _) => 3,
        };
        self.counts[at] += 1;
    }

    /// Adds others.
    pub fn merge(&mut self, other: Alone) {
        self.counts.iter_mut().zip(other.counts).for_each(|(mine, theirs)| *mine += theirs);
    }

    /// How many say how they ended.
    pub fn said(self) -> u64 {
        self.counts[0] + self.counts[1]
    }

    /// How many there are.
    pub fn len(self) -> u64 {
        self.counts.iter().sum()
    }

    /// Are there none?
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// How many ended how, where requests as a rule say so or do not.
    pub fn outcomes(self, told: bool) -> impl Iterator<Item = (Outcome, u64)> {
        let [failed, success, fine, silent] = self.counts;
        let (success, unknown) = if told { (success, silent + fine) } else { (success + fine, silent) };
        [(Outcome::Failed, failed), (Outcome::Success, success), (Outcome::Unknown, unknown)]
            .into_iter()
            .filter(|(_, count)| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(second: i64, said: Said, code: u16) -> Ending {
        let ts = Timestamp::new(second, 0);
        let place = Location { file: 0, chunk: 0, line: second as u32 };
        Ending { said: Some((ts, place, said, code)), last: Some((ts, place)), ..Ending::default() }
    }

    #[test]
    fn the_last_word_counts_and_a_refusal_fails_where_an_entry_calls_it_an_error() {
        let rule = SuccessRule::Usual;
        let error = Ending { error: true, levelled: true, ..Ending::default() };
        let fine = Ending { levelled: true, ..Ending::default() };
        for (endings, told, wanted) in [
            (vec![said(1, Said::Success, 200), said(2, Said::Failed, 504)], true, Outcome::Failed),
            (vec![said(3, Said::Success, 200), said(2, Said::Failed, 502)], true, Outcome::Success),
            (vec![said(3, Said::Success, 200), error], true, Outcome::Success),
            (vec![said(1, Said::Refused, 401)], true, Outcome::Success),
            (vec![said(1, Said::Refused, 401), error], true, Outcome::Failed),
            (vec![fine], false, Outcome::Success),
            (vec![fine], true, Outcome::Unknown),
            (vec![fine, error], true, Outcome::Failed),
            (vec![Ending::default()], false, Outcome::Unknown),
        ] {
            let mut sum = Ending::default();
            endings.iter().rev().for_each(|ending| sum.merge(ending));
            assert_eq!(sum.outcome(&rule, told), wanted, "{endings:?}");
        }
    }
}
