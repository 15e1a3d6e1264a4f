//! Calls that are made again and again: what is done for each request, done more often than before, in any words.
//!
//! A client that asks again, a loop, a fan-out that grew: none of them has to say so. What it leads to is that entries
//! which used to go with the requests come several times for each of them. Only what rises by itself, too, is meant:
//! when requests stay away, everything else comes more often for each of them.

use std::collections::BTreeMap;

use super::Detector;
use super::family::{identity, subject, unusual};
use super::finding::Finding;
use super::success::Success;
use crate::model::{Level, Timestamp};
use crate::series::change::{self, Way};
use crate::signatures::Severity;
use crate::timeline::Subject;
use crate::timeline::observe::What;
use crate::timeline::scene::{GAIN, Scene};

/// Entries that are made more often for each request.
#[derive(Debug)]
pub struct Storm;

/// The detector of storms.
pub static STORM: Storm = Storm;

const WHAT: &str = "the same work several times for each request";

/// How many times as often it must be.
const TIMES: f64 = 1.8;

/// How often an entry usually goes with a request, at least: what is rarer is not made for requests.
const LEAST: f64 = 0.1;

/// Requests that tell something, in a storm and before it.
const FEWEST: u64 = 20;

/// Bins on either side of which usual shares are compared.
const PARTS: usize = 6;

impl Detector for Storm {
    fn name(&self) -> &'static str {
        "retry-storm"
    }

    fn what(&self) -> &'static str {
        WHAT
    }

    fn about(&self) -> &'static str {
        "calls repeated for each request more often than usual, known by their number and not by words"
    }

    fn find(&self, scene: &Scene<'_>) -> Vec<Finding> {
        let Some(success) = Success::of(scene) else { return Vec::new() };
        let asked: u64 = success.requests.iter().sum();
        let mut services: BTreeMap<Subject, Vec<(usize, Repeated)>> = BTreeMap::new();
        for (at, (kind, signal)) in scene.kinds.iter().enumerate() {
            let talk = kind.level.is_none_or(|level| level <= Level::Info);
            if kind.what == What::Template
                && talk
                && signal.count as f64 >= LEAST * asked as f64
                && kind.group != success.group
                && let Some(found) = repeated(scene, at, &success.requests)
            {
                services.entry(identity(scene, kind)).or_default().push((at, found));
            }
        }
        services.into_values().filter_map(|kinds| finding(scene, kinds)).collect()
    }
}

/// How often something was done for each request, usually and in a stretch.
#[derive(Clone, Copy, Debug)]
struct Repeated {
    stretch: change::Stretch,
    usual: f64,
    then: f64,
}

fn repeated(scene: &Scene<'_>, at: usize, requests: &[u64]) -> Option<Repeated> {
    let (kind, signal) = &scene.kinds[at];
    if signal.count < 60 {
        return None;
    }
    let counts = scene.axis.counts(&signal.bins);
    let presence = scene.presence(kind.group);
    let exposure: Vec<f64> = requests.iter().map(|requests| *requests as f64).collect();
    let found = change::strongest(&counts, &exposure, Way::Up, &scene.against)?;
    let rises = found.gain >= 2.0 * GAIN && found.inside >= TIMES * found.outside && found.outside >= LEAST;
    if !rises || scene.is_beginning(&presence, found.from) || !goes_along(&counts, requests, &found) {
        return None;
    }
    // When calls cease, those before were not many; a batch between two requests is no storm.
    let before = (sum(&counts, 0..found.from), sum(requests, 0..found.from));
    let asked = sum(requests, found.from..found.until);
    if asked < FEWEST || before.1 < FEWEST || before.0 as f64 >= before.1 as f64 * found.inside / TIMES {
        return None;
    }
    let (long, stretch) = (scene.axis.bins as f64, (found.until - found.from) as f64);
    let inside: u64 = counts[found.from..found.until].iter().sum();
    let rest = signal.count.saturating_sub(inside) as f64 / (long - stretch).max(1.0);
    // More of it by the clock, too.
    (inside as f64 / stretch >= TIMES * rest).then_some(Repeated {
        stretch: found,
        usual: found.outside,
        then: found.inside,
    })
}

fn sum(counts: &[u64], range: std::ops::Range<usize>) -> u64 {
    counts.get(range).unwrap_or_default().iter().sum()
}

/// Does something go with the requests elsewhere? In every part of the rest its share is about the same.
fn goes_along(counts: &[u64], requests: &[u64], found: &change::Stretch) -> bool {
    let rest: Vec<usize> = (0..counts.len()).filter(|at| !(found.from..found.until).contains(at)).collect();
    let part = rest.len().div_ceil(PARTS).max(1);
    let shares: Vec<f64> = rest
        .chunks(part)
        .filter_map(|bins| {
            let sum = |of: &[u64]| bins.iter().filter_map(|at| of.get(*at)).sum::<u64>();
            let (done, asked) = (sum(counts), sum(requests));
            (asked >= 20).then(|| done as f64 / asked as f64)
        })
        .collect();
    shares.len() >= 2 && shares.iter().all(|share| (0.6..=1.6).contains(&(share / found.outside)))
}

fn finding(scene: &Scene<'_>, mut kinds: Vec<(usize, Repeated)>) -> Option<Finding> {
    kinds.sort_by(|a, b| b.1.stretch.gain.total_cmp(&a.1.stretch.gain).then(a.0.cmp(&b.0)));
    let (at, found) = *kinds.first()?;
    let (kind, signal) = &scene.kinds[at];
    let (from, until) = (scene.axis.at(found.stretch.from), scene.axis.at(found.stretch.until));
    let inside = signal.bins.clipped(from, Timestamp(until.0.saturating_sub(1)));
    let gist = kind.gist();
    let what =
        format!("{WHAT} (“{gist}” more often: usually {:.1} for each, then {:.1})", found.usual, found.then);
    let named = ("retry-storm", Severity::High);
    let finding = unusual(scene, named, subject(scene, kind), &inside, (found.stretch.gain, what));
    Some(Finding { kinds: kinds.iter().map(|(at, _)| *at).collect(), ..finding })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(from: usize, until: usize, outside: f64) -> change::Stretch {
        change::Stretch { from, until, gain: 99.0, inside: 9.0, outside, count: 1 }
    }

    #[test]
    fn what_goes_with_requests_is_told_from_what_does_not() {
        let requests: Vec<u64> = (0..60).map(|at| 20 + at % 7).collect();
        let along: Vec<u64> = requests.iter().map(|n| n * 2).collect();
        assert!(goes_along(&along, &requests, &stretch(20, 30, 2.0)));
        // A job that runs now and then does not.
        let job: Vec<u64> = (0..60).map(|at| if at < 12 { 90 } else { 0 }).collect();
        assert!(!goes_along(&job, &requests, &stretch(20, 30, 1.0)));
    }
}
