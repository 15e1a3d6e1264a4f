//! How a request ended, from what its entries say.

use serde::Serialize;

use super::SuccessRule;
use crate::fold::{Fields, Packed, put_small};
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
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub struct Ending {
    /// The last entry that says how it ended.
    said: Option<Spoken>,
    /// When its last entry was, and where.
    last: i64,
    last_at: Location,
    /// Has it an entry of level error or worse; has it any level at all?
    pub(super) error: bool,
    pub(super) levelled: bool,
    /// Is it a probe?
    pub(super) probe: bool,
}

/// An entry that says how its request ended: the later one counts. Millions of them are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
struct Spoken {
    ts: i64,
    location: Location,
    said: Said,
    /// The status, if it is a code.
    code: u16,
}

/// The time of what has none: before all others.
const UNDATED: i64 = i64::MIN;

impl Default for Ending {
    fn default() -> Self {
        Ending::NONE
    }
}

impl Ending {
    /// Of no entries.
    pub const NONE: Ending = Ending {
        said: None,
        last: UNDATED,
        last_at: Location { file: 0, chunk: 0, line: 0 },
        error: false,
        levelled: false,
        probe: false,
    };

    /// Of an entry at this time and place, which says this of the end at that time, and a code if it has one.
    pub(super) fn of(
        (ts, location): (Option<Timestamp>, Location),
        said: Option<(Option<Timestamp>, Said, u16)>,
    ) -> Ending {
        let nanos = |ts: Option<Timestamp>| ts.map_or(UNDATED, |ts| ts.0);
        let said = said.map(|(ts, said, code)| Spoken { ts: nanos(ts), location, said, code });
        Ending { said, last: nanos(ts), last_at: location, ..Ending::NONE }
    }

    /// Adds what other entries say.
    pub fn merge(&mut self, other: &Ending) {
        self.said = self.said.max(other.said);
        (self.last, self.last_at) = (self.last, self.last_at).max((other.last, other.last_at));
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
        let said = self.said.map(|spoken| match spoken.said {
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
        self.said.map(|spoken| spoken.code).filter(|code| *code > 0)
    }

    /// When and where its last entry is.
    pub fn last(&self) -> Option<(Timestamp, Location)> {
        (self.last != UNDATED).then_some((Timestamp(self.last), self.last_at))
    }
}

impl Packed for Ending {
    fn put(&self, to: &mut Vec<u8>) {
        let said = self.said.map_or(0, |spoken| 1 + spoken.said as u8);
        // As a rule it is the last entry that says so.
        let at_last =
            self.said.is_some_and(|spoken| (spoken.ts, spoken.location) == (self.last, self.last_at));
        let flags = [self.error, self.levelled, self.probe, at_last];
        to.push((0..).zip(flags).fold(said, |byte, (at, flag)| byte | u8::from(flag) << (2 + at)));
        if let Some(spoken) = self.said {
            spoken.code.put(to);
            if !at_last {
                spoken.ts.put(to);
                put_place(spoken.location, to);
            }
        }
        self.last.put(to);
        put_place(self.last_at, to);
    }

    fn get(from: &mut Fields<'_>) -> Option<Ending> {
        let head = u8::get(from)?;
        let flag = |at: u8| head & (4 << at) > 0;
        let is_said =
            [None, Some(Said::Failed), Some(Said::Refused), Some(Said::Success)][usize::from(head & 3)];
        let code = if is_said.is_some() { u16::get(from)? } else { 0 };
        let own = is_said.is_some() && !flag(3);
        let own = if own { Some((i64::get(from)?, get_place(from)?)) } else { None };
        let (last, last_at) = (i64::get(from)?, get_place(from)?);
        let (ts, location) = own.unwrap_or((last, last_at));
        let said = is_said.map(|said| Spoken { ts, location, said, code });
        Some(Ending { said, last, last_at, error: flag(0), levelled: flag(1), probe: flag(2) })
    }
}

fn put_place(place: Location, to: &mut Vec<u8>) {
    for number in [place.file, place.chunk, place.line] {
        put_small(u64::from(number), to);
    }
}

fn get_place(from: &mut Fields<'_>) -> Option<Location> {
    let mut number = || u32::try_from(from.small()?).ok();
    Some(Location { file: number()?, chunk: number()?, line: number()? })
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
        Ending::of((ts, place), Some((ts, said, code)))
    }

    #[test]
    fn endings_come_back_from_their_bytes() {
        let place = Location { file: 1, chunk: 300, line: 70_000 };
        let at = |second| Timestamp::new(second, 5);
        for said in [None, Some((at(9), Said::Failed, 504)), Some((None, Said::Refused, 0))] {
            for (error, levelled, probe) in [(true, true, false), (false, true, true), (false, false, false)]
            {
                for ts in [None, at(9), at(-7)] {
                    let ending = Ending { error, levelled, probe, ..Ending::of((ts, place), said) };
                    let mut bytes = Vec::new();
                    ending.put(&mut bytes);
                    let mut fields = Fields::new(&bytes);
                    let back = Ending::get(&mut fields).unwrap();
                    assert_eq!(format!("{back:?}"), format!("{ending:?}"));
                    assert!(fields.is_empty());
                    let cut = |length: usize| Ending::get(&mut Fields::new(&bytes[..length]));
                    assert!((0..bytes.len()).all(|length| cut(length).is_none()));
                }
            }
        }
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
