//! How requests went, as far as it takes to tell noise from failure.

use crate::detect::success::{Success, Worst};
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

/// Is there so much of a past before the worst time that it tells what is usual?
pub(super) fn has_past(scene: &Scene<'_>, worst: &Worst) -> bool {
    let before = (worst.from - scene.first) as f64;
    scene.given.is_some() || before >= SHORT_PAST * (worst.to - worst.from) as f64
}

impl Health {
    /// How requests went.
    pub fn of(scene: &Scene<'_>, success: Option<&Success>) -> Health {
        match success {
            Some(success) if success.is_telling() => {
                let rate = success
                    .rate
                    .filter(|_| !success.worst.as_ref().is_some_and(|worst| has_past(scene, worst)))
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
