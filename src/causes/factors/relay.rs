//! Of several that say the same, the first has it from nobody.

use super::super::owner::owns;
use super::super::view::View;
use super::super::weights::RELAYED;
use crate::causes::factor::Factor;
use crate::causes::hypothesis::{Candidate, Sign};
use crate::model::time::NANOS;
use crate::signatures::Nature;

/// Clocks may be off by so much.
const SKEW: i64 = 5 * NANOS;

/// Who says the same later than this has it from somebody else.
const LATER: i64 = 120 * NANOS;

/// Do two say the same? What only the words tell is as many things as there are words.
fn says_the_same(one: &Sign, other: &Sign) -> bool {
    one.detector == other.detector && (!one.is_by_words() || one.what == other.what)
}

/// By how much later, by its clock, one that others work with may have said it first.
fn skew(rival: &Candidate) -> i64 {
    if owns(rival) { SKEW } else { 0 }
}

/// Another one said the same before.
pub(super) fn relayed(view: &View<'_>, at: usize) -> Option<Factor> {
    let candidate = &view.candidates[at];
    let lead = candidate.lead();
    let said = view.candidates.iter().enumerate().find(|(other, rival)| {
        let theirs = rival.lead();
        *other != at
            // Quantities are measured, and repeat nothing.
            && lead.around.is_none()
            && says_the_same(theirs, lead)
            && (owns(rival) || !owns(candidate))
            && theirs.from < lead.from + if owns(candidate) { 0 } else { skew(rival) }
            && theirs.from + LATER > lead.from
            && lead.nature != Nature::Symptom
    });
    said.map(|(_, rival)| Factor {
        factor: "relayed",
        weight: RELAYED,
        why: format!("{} says the same, and said it first", rival.name()),
    })
}
