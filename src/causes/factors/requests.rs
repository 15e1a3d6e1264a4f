//! Requests that failed know of it, and those that did not do not: a contrast that needs no past.

use super::super::hypothesis::{Candidate, Sign};
use super::super::view::View;
use super::super::weights::{BELOW, DOWNSTREAM, NO_BASELINE, REQUESTS};
use crate::causes::factor::Factor;
use crate::signatures::Nature;

/// How much of the failed it covers, and how well it tells them from the others.
pub(super) fn covered(view: &View<'_>, at: usize) -> Option<Factor> {
    let lead = view.candidates[at].lead();
    let share = lead.share.filter(|_| lead.standing)?;
    let weight = REQUESTS * share.weight();
    (weight > 0.0).then(|| Factor {
        factor: "failed-requests",
        weight,
        why: format!(
            "{:.0} % of the failed requests know of it, {:.1} % of the others",
            share.of_failed * 100.0,
            share.of_others * 100.0
        ),
    })
}

/// It knows no requests, broke as often as requests failed, and those who work on them have trouble: what they have
/// beside the others is its due.
pub(super) fn beneath(view: &View<'_>, at: usize) -> Option<Factor> {
    let lead = view.candidates[at].lead();
    let explains = view.explains(lead);
    if !is_beneath(view, lead) {
        return None;
    }
    let others = view.candidates.iter().map(Candidate::lead).filter(|other| !std::ptr::eq(*other, lead));
    let best = others.filter_map(|other| other.share).map(|share| share.weight()).fold(0.0, f64::max);
    (best > 0.0).then(|| Factor {
        factor: "beneath-requests",
        weight: REQUESTS * best * explains + BELOW,
        why: "it knows no requests, and happened as often as they failed: they work with it".to_owned(),
    })
}

/// Did something break as often as requests failed, in something that knows no requests?
fn is_beneath(view: &View<'_>, lead: &Sign) -> bool {
    const WORTH: f64 = 0.3;
    let broke = matches!(lead.nature, Nature::Fault | Nature::Resource) && lead.weight >= 0.7;
    lead.standing && lead.share.is_none() && broke && view.explains(lead) >= WORTH
}

/// What ran out where requests are worked on is held by those who wait for what broke beneath.
pub(super) fn drained(view: &View<'_>, at: usize) -> Option<Factor> {
    let lead = view.candidates[at].lead();
    if lead.nature != Nature::Resource || !lead.share.is_some_and(|share| share.tells()) {
        return None;
    }
    let beneath = view.candidates.iter().find(|other| {
        let other = other.lead();
        other.nature == Nature::Fault && is_beneath(view, other)
    })?;
    let why = format!("what breaks in {} holds what ran out here", beneath.name());
    Some(Factor { factor: "explained-beneath", weight: DOWNSTREAM, why })
}

/// It was never otherwise: there is nothing to compare it with.
pub(super) fn no_baseline(view: &View<'_>, at: usize) -> Option<Factor> {
    let lead = view.candidates[at].lead();
    lead.standing.then(|| Factor {
        factor: "no-baseline",
        weight: NO_BASELINE,
        why: "it is so all the time: there is no past to compare with".to_owned(),
    })
}
