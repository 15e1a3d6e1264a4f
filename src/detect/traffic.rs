//! Requests that suddenly are many more or many fewer where they enter: what no error tells of.
//!
//! More or fewer by the hour is a day like any other. What counts is a step: from one moment to the next.

use super::Detector;
use super::family::{subject, unusual};
use super::finding::Finding;
use super::success::{Success, statuses};
use crate::model::Timestamp;
use crate::series::change::{self, Stretch, Way};
use crate::signatures::Severity;
use crate::timeline::scene::{GAIN, Scene};

/// Requests in a step.
#[derive(Debug)]
pub struct Traffic;

/// The detector of surges and slumps.
pub static TRAFFIC: Traffic = Traffic;

const MORE: &str = "many more requests than usual";
const FEWER: &str = "many fewer requests than usual";

/// How many times as many or as few they are, at least.
const TIMES: f64 = 2.5;

/// Requests that tell something.
const FEWEST: u64 = 100;

impl Detector for Traffic {
    fn name(&self) -> &'static str {
        "traffic"
    }

    fn what(&self) -> &'static str {
        "many more or fewer requests"
    }

    fn about(&self) -> &'static str {
        "a sudden surge or slump of the requests where they enter; a slow rise or fall is none"
    }

    fn find(&self, scene: &Scene<'_>) -> Vec<Finding> {
        let Some(success) = Success::of(scene) else { return Vec::new() };
        let presence = scene.presence(success.group);
        if success.requests.iter().sum::<u64>() < FEWEST {
            return Vec::new();
        }
        let step = |way| {
            let found = change::strongest(&success.requests, &presence, way, &scene.against)?;
            let times = match way {
                Way::Up => found.inside / found.outside.max(f64::MIN_POSITIVE),
                Way::Down => found.outside / found.inside.max(f64::MIN_POSITIVE),
            };
            let clear = found.gain >= 3.0 * GAIN && times >= TIMES && found.outside > 0.0;
            (clear && !scene.is_beginning(&presence, found.from) && is_abrupt(&success.requests, &found, way))
                .then(|| finding(scene, &success, &found, way))?
        };
        [step(Way::Up), step(Way::Down)].into_iter().flatten().collect()
    }
}

/// Does the rate change from one moment to the next?
fn is_abrupt(requests: &[u64], found: &Stretch, way: Way) -> bool {
    let near = (requests.len() / 40).max(3);
    let mean = |bins: &[u64]| bins.iter().sum::<u64>() as f64 / bins.len().max(1) as f64;
    let before = mean(&requests[found.from.saturating_sub(near)..found.from]);
    let after = mean(&requests[found.from..(found.from + near).min(found.until)]);
    match way {
        Way::Up => after >= 0.8 * TIMES * before,
        Way::Down => before >= 0.8 * TIMES * after,
    }
}

fn finding(scene: &Scene<'_>, success: &Success, found: &Stretch, way: Way) -> Option<Finding> {
    let (from, until) = (scene.axis.at(found.from), scene.axis.at(found.until));
    let mut all = crate::series::bins::Bins::default();
    for (_, signal) in statuses(scene, success.group) {
        all.merge(signal.bins.clone());
    }
    let (kind, _) = statuses(scene, success.group).next()?;
    let inside = all.clipped(from, Timestamp(until.0.saturating_sub(1)));
    let what = if way == Way::Up { MORE } else { FEWER };
    let what =
        format!("{what} (usually {:.1} a minute, then {:.1})", found.outside * 60.0, found.inside * 60.0);
    let named = ("traffic", Severity::Medium);
    Some(unusual(scene, named, subject(scene, kind), &inside, (found.gain, what)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rate: impl Fn(usize) -> u64) -> Option<bool> {
        let requests: Vec<u64> = (0..360).map(|at| rate(at) + (at as u64 * 7_919) % 3).collect();
        let way = Way::Up;
        let found = change::strongest(&requests, &[10.0; 360], way, &change::Against::default())?;
        Some(found.inside >= TIMES * found.outside && is_abrupt(&requests, &found, way))
    }

    #[test]
    fn a_step_is_told_from_a_ramp() {
        assert_eq!(found(|at| if (200..260).contains(&at) { 40 } else { 6 }), Some(true));
        assert_ne!(found(|at| at as u64 / 8), Some(true));
        assert_ne!(found(|at| (180 - at.abs_diff(180)) as u64 / 4), Some(true));
    }
}
