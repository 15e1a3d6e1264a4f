//! What it is: what ran out or broke explains others, what is felt is explained by others.

use super::super::view::View;
use super::super::weights::{LEADING, NATURE};
use super::best;
use crate::causes::factor::Factor;
use crate::causes::hypothesis::Sign;
use crate::signatures::Nature;

/// What a sign explains by its nature.
pub(super) fn worth(sign: &Sign) -> f64 {
    NATURE * sign.weight
}

/// Of the sign that is worth most.
#[expect(clippy::unnecessary_wraps, reason = "one signature for all factors")]
pub(super) fn of_the_best(view: &View<'_>, at: usize) -> Option<Factor> {
    let sign = best(view, at);
    let why = match sign.nature {
        Nature::Context => "somebody changed something",
        Nature::Resource => "something ran out",
        Nature::Fault => "something broke",
        Nature::Symptom => "something is felt",
    };
    Some(Factor { factor: "nature", weight: worth(sign), why: format!("{why}: {}", sign.what) })
}

/// Of the sign that leads.
#[expect(clippy::unnecessary_wraps, reason = "one signature for all factors")]
pub(super) fn of_the_lead(view: &View<'_>, at: usize) -> Option<Factor> {
    let lead = view.candidates[at].lead();
    Some(Factor { factor: "leading-sign", weight: LEADING * lead.weight, why: lead.what.clone() })
}
