//! Services and endpoints that work on a much smaller part of the requests than usual: what neither an error nor the
//! number of requests tells.
//!
//! Measured by the requests where they enter, so that a quiet night is none. An effect, and never a cause by itself.

use std::collections::BTreeMap;

use super::Detector;
use super::family::{subject, summary, unusual};
use super::finding::Finding;
use super::latency::brief;
use super::success::{Success, is_probe};
use crate::model::Timestamp;
use crate::series::bins::Bins;
use crate::series::change::{self, Way};
use crate::signatures::Severity;
use crate::timeline::observe::{Kind, What};
use crate::timeline::scene::{GAIN, Scene};

/// A smaller part of the requests.
#[derive(Debug)]
pub struct Volume;

/// The detector of services and endpoints that work on fewer of the requests.
pub static VOLUME: Volume = Volume;

const WHAT: &str = "a smaller part of the requests comes here";

/// How many times as small the part is, at least.
const TIMES: f64 = 2.5;

/// Requests that tell something, of all and of one endpoint.
const FEWEST: u64 = 150;

/// Endpoints of all services that are looked at: the busiest.
const MOST: usize = 200;

impl Detector for Volume {
    fn name(&self) -> &'static str {
        "volume"
    }

    fn what(&self) -> &'static str {
        WHAT
    }

    fn about(&self) -> &'static str {
        "a service or an endpoint that works on a much smaller part of the requests than usual"
    }

    fn find(&self, scene: &Scene<'_>) -> Vec<Finding> {
        let Some(success) = Success::of(scene) else { return Vec::new() };
        if success.requests.iter().sum::<u64>() < FEWEST {
            return Vec::new();
        }
        let mut services: BTreeMap<u32, Work<'_>> = BTreeMap::new();
        let mut endpoints: BTreeMap<(u32, &str), Work<'_>> = BTreeMap::new();
        for (kind, signal) in &scene.kinds {
            if kind.what != What::Status || is_probe(kind) {
                continue;
            }
            let asked = kind.text.get(4..).unwrap_or_default();
            services.entry(kind.group).or_insert_with(|| Work::of(kind, "")).add(&signal.bins);
            endpoints.entry((kind.group, asked)).or_insert_with(|| Work::of(kind, asked)).add(&signal.bins);
        }
        services.remove(&success.group);
        let services: BTreeMap<u32, Finding> = services
            .iter()
            .filter_map(|(group, work)| Some((*group, work.smaller(scene, &success)?)))
            .collect();
        // Where all of a service has less to do, its endpoints have as well.
        let mut busiest: Vec<_> =
            endpoints.iter().filter(|((group, _), _)| !services.contains_key(group)).collect();
        busiest.sort_by(|(one, a), (other, b)| b.count.cmp(&a.count).then_with(|| one.cmp(other)));
        let parts = busiest.into_iter().take(MOST).filter_map(|(_, work)| work.smaller(scene, &success));
        parts.chain(services.into_values()).collect()
    }
}

/// The requests that a service, or one of its endpoints, worked on.
struct Work<'s> {
    kind: &'s Kind,
    /// The endpoint; empty for all of a service.
    asked: &'s str,
    count: u64,
    bins: Bins,
}

impl<'s> Work<'s> {
    fn of(kind: &'s Kind, asked: &'s str) -> Self {
        Work { kind, asked, count: 0, bins: Bins::default() }
    }

    fn add(&mut self, bins: &Bins) {
        self.count += bins.count();
        self.bins.merge(bins.clone());
    }

    /// The stretch in which it was a much smaller part of all requests, if there is one and it was more before.
    fn smaller(&self, scene: &Scene<'_>, success: &Success) -> Option<Finding> {
        if self.count < FEWEST {
            return None;
        }
        let counts = scene.axis.counts(&self.bins);
        let exposure: Vec<f64> = success.requests.iter().map(|n| *n as f64).collect();
        let found = change::strongest(&counts, &exposure, Way::Down, &scene.against)?;
        let fewer = found.outside >= TIMES * found.inside;
        if found.gain < 3.0 * GAIN || !fewer || scene.is_beginning(&exposure, found.from) {
            return None;
        }
        // What comes in batches is now much and now little.
        let before: u64 = counts[..found.from].iter().sum();
        if before < FEWEST / 3 || !is_steady(&counts[..found.from], &exposure[..found.from]) {
            return None;
        }
        let (from, until) = (scene.axis.at(found.from), scene.axis.at(found.until));
        let inside = self.bins.clipped(from, Timestamp(until.0.saturating_sub(1)));
        let of = if self.asked.is_empty() { String::new() } else { format!("{}: ", brief(self.asked)) };
        let what = format!(
            "{WHAT} ({of}usually {:.2} for each that enters, then {:.2})",
            found.outside, found.inside
        );
        let subject = subject(scene, self.kind);
        let mut finding =
            unusual(scene, ("volume", Severity::Low), subject, &inside, (found.gain, what.clone()));
        // What comes no more has no time: the stretch has.
        (finding.from, finding.to) = (Some(from), Some(Timestamp(until.0.saturating_sub(1))));
        finding.summary = summary(&what, &finding);
        Some(finding)
    }
}

/// Does every quarter of the time have about its part?
fn is_steady(counts: &[u64], exposure: &[f64]) -> bool {
    let quarter = (counts.len() / 4).max(1);
    let rates = counts.chunks(quarter).zip(exposure.chunks(quarter)).filter_map(|(counts, exposure)| {
        let seen: f64 = exposure.iter().sum();
        (seen >= 5.0).then(|| counts.iter().sum::<u64>() as f64 / seen)
    });
    let (least, most) =
        rates.fold((f64::INFINITY, 0.0_f64), |(least, most), rate| (least.min(rate), most.max(rate)));
    most > 0.0 && most <= 2.0 * least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_not_steady() {
        assert!(is_steady(&[9, 10, 11, 10, 9, 12, 10, 9], &[20.0; 8]));
        assert!(!is_steady(&[40, 40, 0, 0, 40, 40, 0, 0], &[20.0; 8]));
    }
}
