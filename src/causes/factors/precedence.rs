//! When: what comes first cannot be the effect of what comes later.

use super::super::view::View;
use super::super::weights::{FIRST, LEAD_SECONDS};
use super::{best, is_clear};
use crate::causes::factor::Factor;
use crate::causes::hypothesis::Sign;

/// The name of being first.
pub(super) const PRECEDENCE: &str = "precedence";

/// Seconds by which a sign surely began later than the first of all.
fn late(view: &View<'_>, sign: &Sign) -> f64 {
    ((sign.surely() - view.first - sign.every()) as f64 / 1e9).max(0.0)
}

/// What a sign is worth by its time.
pub(super) fn worth(view: &View<'_>, at: usize, sign: &Sign) -> f64 {
    // What was there before everything that changed, and a state that nobody saw begin, is early by as much of the failures
    // as it explains.
    if sign.standing && (view.changed || sign.is_state()) && !sign.begins(view.scene) {
        return FIRST * view.explains(at, sign);
    }
    let sure = if sign.standing || is_clear(sign, view.candidates[at].lead()) { 1.0 } else { 0.5 };
    FIRST * sure * (-late(view, sign) / LEAD_SECONDS).exp()
}

/// How early a candidate is.
#[expect(clippy::unnecessary_wraps, reason = "one signature for all factors")]
pub(super) fn first(view: &View<'_>, at: usize) -> Option<Factor> {
    let sign = best(view, at);
    let why = match late(view, sign) {
        _ if sign.standing && !sign.begins(view.scene) => "so since the beginning".to_owned(),
        late if late < 1.0 => "first of all".to_owned(),
        late => format!("{late:.0} s after the first sign of all"),
    };
    Some(Factor { factor: PRECEDENCE, weight: worth(view, at, sign), why })
}
