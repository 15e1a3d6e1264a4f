//! Answers that take longer than usual, by the durations that entries tell.

use std::collections::BTreeMap;

use super::Detector;
use super::bins::Bins;
use super::change::{self, Way};
use super::family::{evidence, identity, subject, summary};
use super::finding::{Finding, Nature, Severity, Subject};
use super::observe::What;
use super::scene::{GAIN, Scene};
use crate::model::Timestamp;
use crate::model::time::NANOS;
use crate::model::unit::HumanMillis;

/// Durations of a service longer than usual.
#[derive(Debug)]
pub struct Latency;

/// The detector of slowness.
pub static LATENCY: Latency = Latency;

const WHAT: &str = "answers take longer";

/// Durations that tell something.
const FEWEST: u64 = 60;

impl Detector for Latency {
    fn name(&self) -> &'static str {
        "latency"
    }

    fn what(&self) -> &'static str {
        WHAT
    }

    fn about(&self) -> &'static str {
        "durations longer than usual in their service, in entries or in recorded metrics"
    }

    fn find(&self, scene: &Scene<'_>) -> Vec<Finding> {
        let mut services: BTreeMap<(u32, Subject), Vec<usize>> = BTreeMap::new();
        for (at, (kind, _)) in scene.kinds.iter().enumerate() {
            if kind.what == What::Duration {
                services.entry((kind.group, identity(scene, kind))).or_default().push(at);
            }
        }
        services.into_values().filter_map(|kinds| slower(scene, &kinds)).collect()
    }
}

/// The half octave of a kind of duration.
fn octave(scene: &Scene<'_>, kind: usize) -> u32 {
    scene.kinds[kind].0.text.parse().unwrap_or(0)
}

fn slower(scene: &Scene<'_>, kinds: &[usize]) -> Option<Finding> {
    let mut all = Bins::default();
    for kind in kinds {
        all.merge(scene.kinds[*kind].1.bins.clone());
    }
    if all.count() < FEWEST {
        return None;
    }
    let exposure: Vec<f64> = scene.axis.counts(&all).iter().map(|n| *n as f64).collect();
    let mut octaves: Vec<u32> = kinds.iter().map(|kind| octave(scene, *kind)).collect();
    octaves.sort_unstable();
    octaves.dedup();
    // From which duration on entries are slow is not known: that with the clearest change is taken.
    let found = octaves
        .iter()
        .skip(1)
        .filter_map(|least| {
            let mut slow = Bins::default();
            for kind in kinds.iter().filter(|kind| octave(scene, **kind) >= *least) {
                slow.merge(scene.kinds[*kind].1.bins.clone());
            }
            let found = change::strongest(&scene.axis.counts(&slow), &exposure, Way::Up, &scene.against)?;
            let clear = found.gain >= 1.5 * GAIN && found.count >= 8 && found.inside >= 4.0 * found.outside;
            (clear && found.inside >= 0.1 && found.outside <= 0.1).then_some((found, *least, slow))
        })
        .max_by(|a, b| a.0.gain.total_cmp(&b.0.gain));
    let (found, least, slow) = found?;
    let present: Vec<f64> = exposure.iter().map(|n| f64::from(u8::from(*n > 0.0))).collect();
    if scene.is_beginning(&present, found.from) {
        return None;
    }
    let (from, until) = (scene.axis.at(found.from), scene.axis.at(found.until));
    // One that was slow long before the others is chance, also where it is the only one.
    let inside = slow.clipped(from, Timestamp(until.0 - 1)).without_strays();
    let kind = *kinds.iter().max_by_key(|kind| (scene.kinds[**kind].1.count, std::cmp::Reverse(**kind)))?;
    // Half octaves are of sixteenths of a millisecond.
    let edge = HumanMillis(2_f64.powf(f64::from(least) / 2.0) / 16.0);
    let mut finding = Finding {
        detector: "latency",
        severity: Severity::Medium,
        nature: Nature::Symptom,
        subject: subject(scene, &scene.kinds[kind].0),
        from: inside.first().map(|first| first.ts),
        to: inside.last(),
        count: inside.count(),
        windows: inside.runs(60 * NANOS),
        summary: String::new(),
        evidence: Vec::new(),
        corroboration: Vec::new(),
        constant: false,
        kinds: Vec::new(),
        gain: found.gain,
        series: None,
        what: Some(format!(
            "{WHAT} (over {edge}: usually {:.1} %, then {:.0} %)",
            found.outside * 100.0,
            found.inside * 100.0
        )),
    };
    finding.summary = summary(finding.what.as_deref().unwrap_or(WHAT), &finding);
    finding.evidence = evidence(scene, &inside, &[]);
    Some(finding)
}

#[cfg(test)]
mod tests {
    use crate::fold::Fold;
    use crate::model::{Entry, Level, Location, Needs, Role, Slots, Timestamp, Value};

    use super::super::{Finding, Observed, Scene, Wants, findings, vocabulary};

    /// An hour of requests, each of so many milliseconds.
    fn found(duration: impl Fn(i64) -> f64) -> Vec<Finding> {
        let mut needs = Needs::none();
        let wants = Wants::new(&[], &mut needs);
        let mut observed = Observed::new(&wants);
        for at in 0..1_800 {
            let mut slots = Slots::new(&needs);
            slots.ts = Timestamp::new(1_700_000_000 + at * 2, 0);
            slots.level = Some(Level::Info);
            slots.duration = Some(duration(at * 2));
            slots.set(Role::Message.slot(), Value::plain(b"request finished"));
            let location = Location { file: 0, chunk: 0, line: at as u32 };
            observed.add(&Entry {
                location,
                offset: 0,
                raw: b"request finished",
                understood: true,
                slots: &slots,
            });
        }
        findings(&Scene::new(&wants, observed, &vocabulary()), &["latency".to_owned()])
    }

    #[test]
    fn slowness_is_found_where_it_begins_and_noise_is_none() {
        let noisy = |at: i64| 20.0 + (at * 7_919 % 97) as f64 + if at % 50 == 0 { 900.0 } else { 0.0 };
        assert_eq!(found(noisy), []);
        let slow = found(|at| if (2_000..2_600).contains(&at) && at % 3 == 0 { 2_500.0 } else { noisy(at) });
        assert_eq!(slow.len(), 1);
        assert!(slow[0].from.is_some_and(|from| from.0 / 1_000_000_000 - 1_700_002_000 < 30), "{slow:?}");
    }
}
