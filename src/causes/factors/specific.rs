//! Sure of the order is not sure of the cause: signs that explain little leave room for doubt.

use super::super::hypothesis::Sign;
use super::super::view::View;
use super::super::weights::SPECIFIC;
use crate::causes::factor::Factor;

/// How much of the evidence counts, given what the leading sign is.
pub(in crate::causes) fn trust(lead: &Sign) -> f64 {
    SPECIFIC.0 + SPECIFIC.1 * lead.weight.min(1.0)
}

/// The doubt that a vague sign leaves.
#[expect(clippy::unnecessary_wraps, reason = "one signature for all factors")]
pub(super) fn specific(view: &View<'_>, at: usize) -> Option<Factor> {
    let lead = view.candidates[at].lead();
    Some(Factor {
        factor: "specificity",
        weight: trust(lead).ln(),
        why: format!("how much “{}” says", lead.what),
    })
}
