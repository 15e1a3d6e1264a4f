//! How requests went, as far as it takes to tell noise from failure.

use crate::detect::success::{Rates, Success, Worst};
use crate::timeline::scene::Scene;

/// Less success than this is no calm, whatever is usual (judgement.md, "What is promised").
pub const WELL: f64 = 0.95;

/// Where more than this succeed, a few that fail are nothing to ask about.
const NEARLY_ALL: f64 = 0.985;

/// A past that is shorter than this part of the trouble does not tell what is usual.
const SHORT_PAST: f64 = 0.3;

/// How requests went, as far as it takes to tell noise from failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Nobody tells how requests went.
    Unknown,
    /// Nearly all succeed, or fail in a stretch of time that stands out.
    Usual,
    /// Some fail all the time: no more than may be usual, but more than nobody would ask about.
    Some,
    /// Too many fail, all the time.
    Failing,
}

/// A past in which more than this part of as many requests failed is a part of the trouble.
const CALMER: f64 = 0.25;

/// Is there so much of a past before the worst time that it tells what is usual, and did requests go well in it?
pub(super) fn has_past(scene: &Scene<'_>, success: &Success, worst: &Worst) -> bool {
    let before = (worst.from - scene.first) as f64;
    let is_long = before >= SHORT_PAST * (worst.to - worst.from) as f64;
    scene.given.is_some() || (is_long && went_well(success.rates(scene, Some((worst.from, worst.to)))))
}

/// Did so few requests fail before the worst time, beside those that failed in it, that the trouble began with it?
fn went_well(rates: Rates) -> bool {
    let Some((before, during)) = rates.before.zip(rates.during) else { return true };
    before >= WELL || 1.0 - before <= CALMER * (1.0 - during)
}

impl Health {
    /// How requests went.
    pub fn of(scene: &Scene<'_>, success: Option<&Success>) -> Health {
        match success {
            Some(success) if success.is_telling() => {
                let rate = success
                    .rate
                    .filter(|_| !success.worst.as_ref().is_some_and(|worst| has_past(scene, success, worst)))
                    .unwrap_or(1.0);
                match rate {
                    rate if rate < WELL => Health::Failing,
                    rate if rate < NEARLY_ALL => Health::Some,
                    _ => Health::Usual,
                }
            }
            // A few requests, all of which fail, are no accident.
            Some(success) if success.rate.is_some_and(|rate| rate < 0.5) => Health::Failing,
            Some(_) | None => Health::Unknown,
        }
    }
}
