//! The time that is usual: typed, before the time that was selected, or a recording that lies apart from the one that is to
//! be explained.
//!
//! Who hands over what an incident left, with a piece of a time in which all was well, hands over metrics of the incident:
//! they are cut around it. Without them nothing tells which of the two is usual, and none is taken for it.

use super::observe::ChunkTimes;
use crate::model::Timestamp;
use crate::model::time::NANOS;
use crate::series::bins::{Bins, NARROWEST, Run};

/// Why a time is the usual one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// It was typed.
    Typed,
    /// It lies before the time that was selected.
    Before,
    /// It was recorded beside the time that is to be explained, of which the recording begins then.
    Recording(Timestamp),
}

/// A time that is usual, to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given {
    /// Why it is that time.
    pub basis: Basis,
    /// Its first and last instant.
    pub usual: (Timestamp, Timestamp),
    /// The first and last instant between which changes are looked for; `None` anywhere else.
    pub within: Option<(Timestamp, Timestamp)>,
}

impl Given {
    /// The time before a window, in which there is enough to compare with; `None` if there is not.
    pub(super) fn is_known(&self, chunks: &[ChunkTimes]) -> bool {
        const LEAST: i64 = 60 * NANOS;
        let begins = chunks.iter().map(|(_, (first, _))| *first).min();
        let within = self.within.map(|(from, to)| (from.0, to.0.saturating_sub(from.0)));
        self.basis != Basis::Before
            || begins.zip(within).is_some_and(|(begins, (from, length))| {
                from.saturating_sub(begins.0) >= LEAST.min(length / 4).max(NARROWEST)
            })
    }

    /// Does a time lie where changes are looked for?
    pub fn is_judged(&self, ts: Timestamp) -> bool {
        !(self.usual.0..=self.usual.1).contains(&ts)
            && self.within.is_none_or(|(from, to)| (from..=to).contains(&ts))
    }
}

/// A pause that divides recordings, at least.
const PAUSE: i64 = 60 * NANOS;

/// The recording outside of the time in which metrics were `measured`, where there are two that lie farther apart than the
/// shorter one is long, and only one of them lies within that time.
pub fn beside(all: &Bins, measured: (Timestamp, Timestamp)) -> Option<Given> {
    let runs = all.runs(PAUSE);
    let [one, other] = runs[..] else { return None };
    let length = |run: &Run| run.to.0.saturating_sub(run.from.0);
    if other.from.0.saturating_sub(one.to.0) <= length(&one).min(length(&other)) {
        return None;
    }
    let (explained, usual) = match (touches(&one, measured), touches(&other, measured)) {
        (true, false) => (one, other),
        (false, true) => (other, one),
        _ => return None,
    };
    // A sample or two are no recording of their own.
    let is_covered = measured.0 <= explained.from && measured.1.0 - measured.0.0 >= length(&explained) / 2;
    is_covered.then_some(Given {
        basis: Basis::Recording(explained.from),
        usual: (usual.from, usual.to),
        within: Some((explained.from.min(measured.0), explained.to.max(measured.1))),
    })
}

fn touches(run: &Run, (from, to): (Timestamp, Timestamp)) -> bool {
    run.from <= to && from <= run.to
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Location;
    use crate::series::bins::Moment;

    fn bins(seconds: impl IntoIterator<Item = i64>) -> Bins {
        let mut bins = Bins::default();
        for at in seconds {
            bins.add(Moment { ts: Timestamp(at * NANOS), location: Location { file: 0, chunk: 0, line: 0 } });
        }
        bins
    }

    fn at(from: i64, to: i64) -> (Timestamp, Timestamp) {
        (Timestamp(from * NANOS), Timestamp(to * NANOS))
    }

    #[test]
    fn the_recording_without_metrics_is_the_usual_one() {
        let apart = bins((1_000..1_060).chain(9_000..9_180));
        let given = beside(&apart, at(8_900, 9_200)).expect("two recordings");
        let begins = Basis::Recording(Timestamp(9_000 * NANOS));
        assert_eq!((given.usual, given.basis), (at(1_000, 1_059), begins));
        // Also where it came later.
        let given = beside(&apart, at(900, 1_100)).expect("two recordings");
        assert_eq!(given.usual, at(9_000, 9_179));
    }

    #[test]
    fn one_recording_is_not_compared_with_another() {
        let apart = bins((1_000..1_060).chain(9_000..9_180));
        // Metrics of both, of none, and of an instant.
        assert_eq!(beside(&apart, at(0, 10_000)), None);
        assert_eq!(beside(&apart, at(2_000, 3_000)), None);
        assert_eq!(beside(&apart, at(9_100, 9_100)), None);
        // One recording, two with a short pause between them, and three.
        assert_eq!(beside(&bins(1_000..1_400), at(900, 1_100)), None);
        assert_eq!(beside(&bins((1_000..1_400).chain(1_500..2_000)), at(900, 1_100)), None);
        let three = bins((1_000..1_060).chain(4_000..4_060).chain(9_000..9_180));
        assert_eq!(beside(&three, at(8_900, 9_200)), None);
    }
}
