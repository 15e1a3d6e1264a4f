//! Of several that say the same, the first has it from nobody.

use super::super::owner::owns;
use super::super::view::View;
use super::super::weights::RELAYED;
use crate::causes::factor::Factor;
use crate::model::time::NANOS;
use crate::signatures::Nature;

/// Clocks may be off by so much.
const SKEW: i64 = 5 * NANOS;

/// Who says the same later than this has it from somebody else.
const LATER: i64 = 120 * NANOS;

/// Another one said the same before.
pub(super) fn relayed(view: &View<'_>, at: usize) -> Option<Factor> {
    let candidate = &view.candidates[at];
    let lead = candidate.lead();
    let said = view.candidates.iter().enumerate().find(|(other, rival)| {
        let theirs = rival.lead();
        *other != at
            // Quantities are measured, and repeat nothing.
            && lead.around.is_none()
            && theirs.detector == lead.detector
            && (owns(rival) || !owns(candidate))
            && (theirs.from.0 < lead.from.0 || (owns(rival) && theirs.from < lead.from + SKEW))
            && theirs.from + LATER > lead.from
            && lead.nature != Nature::Symptom
    });
    said.map(|(_, rival)| Factor {
        factor: "relayed",
        weight: RELAYED,
        why: format!("{} says the same, and said it first", rival.name()),
    })
}
