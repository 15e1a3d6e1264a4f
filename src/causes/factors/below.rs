//! Backing resources: the others work with them.

use super::super::hypothesis::{CLEAR, Candidate};
use super::super::view::View;
use super::super::weights::BELOW;
use crate::causes::factor::Factor;
use crate::model::time::NANOS;

/// How long before the others it may have begun.
const AFTER: i64 = 300 * NANOS;

/// A database, a broker or a machine had trouble before everybody who does not merely feel it.
pub(super) fn first_below(view: &View<'_>, at: usize) -> Option<Factor> {
    let plain = |candidate: &Candidate| {
        let lead = candidate.lead();
        lead.weight >= 0.45 && lead.gain >= CLEAR && !lead.level
    };
    let those = || (0..view.candidates.len()).filter(|at| !view.feels(*at));
    let began = |at: usize| view.candidates[at].from();
    let first = those().filter(|at| plain(&view.candidates[*at])).min_by_key(|at| began(*at))?;
    let next = those().filter(|other| *other != first).map(began).min();
    let gap = next.map_or(NANOS, |next| next - began(first));
    let is_first = first == at && view.owns(at) && (NANOS..=AFTER).contains(&gap);
    is_first.then(|| Factor {
        factor: "backing-resource",
        weight: BELOW,
        why: "others work with it, and it had trouble before them".to_owned(),
    })
}
