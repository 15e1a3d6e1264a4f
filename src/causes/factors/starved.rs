//! What nobody reaches any more has nothing to say.

use super::super::view::View;
use super::super::weights::STARVED;
use crate::causes::factor::Factor;
use crate::model::time::NANOS;
use crate::signatures::Nature;

/// Reasons for a silence lie so near to it.
const NEAR: u64 = 180 * NANOS as u64;

/// Only some of what it says is missing, and somebody who names it has a reason.
pub(super) fn starved(view: &View<'_>, at: usize) -> Option<Factor> {
    let lead = view.candidates[at].lead();
    if !lead.part {
        return None;
    }
    let by = view.named_by(at).find(|by| {
        let other = view.candidates[*by].lead();
        let reason = matches!(other.nature, Nature::Resource | Nature::Fault);
        other.from.0.abs_diff(lead.from.0) <= NEAR && (reason || other.detector == "connection-failure")
    })?;
    let why = format!("{} does not reach it: it has nothing to say", view.candidates[by].name());
    Some(Factor { factor: "starved", weight: STARVED, why })
}
