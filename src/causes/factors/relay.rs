//! Of several that say the same, the first has it from nobody.

use super::super::view::View;
use super::super::weights::RELAYED;
use crate::causes::factor::Factor;
use crate::causes::hypothesis::Sign;
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

/// Another one said the same before.
pub(super) fn relayed(view: &View<'_>, at: usize) -> Option<Factor> {
    let lead = view.candidates[at].lead();
    let said = view.candidates.iter().enumerate().find(|(other, rival)| {
        let theirs = rival.lead();
        *other != at
            // Quantities are measured, and repeat nothing.
            && lead.around.is_none()
            && says_the_same(theirs, lead)
            && (view.owns(*other) || !view.owns(at))
            // By its clock one that others work with may have said it a little later.
            && theirs.from < lead.from + if view.owns(*other) && !view.owns(at) { SKEW } else { 0 }
            && theirs.from + LATER > lead.from
            && lead.nature != Nature::Symptom
    });
    said.map(|(_, rival)| Factor {
        factor: "relayed",
        weight: RELAYED,
        why: format!("{} says the same, and said it first", rival.name()),
    })
}
