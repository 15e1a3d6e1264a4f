//! What is felt has its reason elsewhere: where requests enter, and above somebody who has trouble at the same time.

use super::super::view::View;
use super::super::weights::{DOWNSTREAM, ENTRY};
use crate::causes::factor::Factor;
use crate::signatures::Nature;

/// Is a candidate's trouble only felt, and somebody below has trouble, too?
fn is_felt(view: &View<'_>, at: usize) -> bool {
    view.candidates[at].lead().nature == Nature::Symptom && (view.enters(at) || view.has_it_from_below(at))
}

/// A downstream symptom.
pub(super) fn felt(view: &View<'_>, at: usize) -> Option<Factor> {
    is_felt(view, at).then(|| Factor {
        factor: "downstream-symptom",
        weight: DOWNSTREAM,
        why: "it is felt here, and has its reason elsewhere".to_owned(),
    })
}

/// Of those who feel it, where requests enter is the farthest from it.
pub(super) fn entry(view: &View<'_>, at: usize) -> Option<Factor> {
    (view.is_outermost(at) && is_felt(view, at)).then(|| Factor {
        factor: "entry-point",
        weight: ENTRY,
        why: "requests enter here: everything is felt here".to_owned(),
    })
}
