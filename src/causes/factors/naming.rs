//! Who speaks of whom: blame goes to the one that is named, not to the one that speaks.

use super::super::view::View;
use super::super::weights::{ELSEWHERE, NAMED};
use crate::causes::factor::Factor;

/// More than so many that name one tell no more.
const MOST: usize = 2;

/// Others name it.
pub(super) fn named(view: &View<'_>, at: usize) -> Option<Factor> {
    let by: Vec<&str> = view.named_by(at).map(|by| view.candidates[by].name()).collect();
    let weight = NAMED * by.len().min(MOST) as f64;
    (!by.is_empty()).then(|| Factor {
        factor: "named-by-others",
        weight,
        why: format!("named by {}", by.join(", ")),
    })
}

/// It names others, which do not name it. Machines, supervisors and stores tell of those that are in their charge.
pub(super) fn names(view: &View<'_>, at: usize) -> Option<Factor> {
    let others: Vec<&str> = view.mentions[at]
        .iter()
        .filter(|other| !view.mentions[**other].contains(&at))
        .map(|other| view.candidates[*other].name())
        .collect();
    let weight = -NAMED * others.len().min(MOST) as f64;
    (!others.is_empty() && !view.owns(at)).then(|| Factor {
        factor: "names-others",
        weight,
        why: format!("it names {}", others.join(", ")),
    })
}

/// It says that another one failed, or only counts what failed, and somebody who does not has trouble, too.
pub(super) fn blames(view: &View<'_>, at: usize) -> Option<Factor> {
    let why = match (view.elsewhere[at], view.feels(at)) {
        (true, _) => "it says that another one failed",
        (false, true) => "it counts what failed, and another one has trouble of its own",
        (false, false) => return None,
    };
    let lead = view.candidates[at].lead();
    let rival = |other: usize| {
        let often = || view.candidates[other].lead().count * 3 >= lead.count;
        view.is_beside(other, at)
            && !view.elsewhere[other]
            && !view.enters(other)
            && (often() || view.coincides(other) || view.owns(other))
    };
    (0..view.candidates.len()).any(rival).then(|| Factor {
        factor: "blames-another",
        weight: ELSEWHERE,
        why: why.to_owned(),
    })
}
