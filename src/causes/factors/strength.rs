//! How clear it is that something changed.

use super::super::view::View;
use super::super::weights::CLEAREST;
use crate::causes::factor::Factor;

/// The loudest is not the first: what one entry is enough for is clear.
#[expect(clippy::unnecessary_wraps, reason = "one signature for all factors")]
pub(super) fn clear(view: &View<'_>, at: usize) -> Option<Factor> {
    let lead = view.candidates[at].lead();
    let plain = lead.weight >= 0.9 && !lead.level && !lead.tells_of_each();
    let clear = (lead.gain.max(1.0).log10() / 2.5).clamp(if plain { 0.8 } else { 0.0 }, 1.0);
    let why = if plain { "its words leave no doubt" } else { "how far it is from what is usual" };
    Some(Factor { factor: "strength", weight: CLEAREST * clear, why: why.to_owned() })
}
