//! Errors that became more frequent, whatever they say.

use std::collections::BTreeMap;

use super::Detector;
use super::family::{evidence, identity, subject, summary};
use super::finding::Finding;
use crate::model::time::NANOS;
use crate::series::bins::Bins;
use crate::series::change::{self, Way};
use crate::signatures::{Nature, Severity};
use crate::timeline::Subject;
use crate::timeline::observe::What;
use crate::timeline::scene::{GAIN, Scene};

/// Errors of a service more frequent than usual.
#[derive(Debug)]
pub struct Burst;

const WHAT: &str = "errors more frequent than usual";

/// The detector of error bursts.
pub static BURST: Burst = Burst;

impl Detector for Burst {
    fn name(&self) -> &'static str {
        "error-burst"
    }

    fn what(&self) -> &'static str {
        WHAT
    }

    fn about(&self) -> &'static str {
        "entries of level error or worse, more frequent than usual in their service; constant noise is no burst"
    }

    fn find(&self, scene: &Scene<'_>) -> Vec<Finding> {
        let mut services: BTreeMap<Subject, Vec<usize>> = BTreeMap::new();
        for (at, (kind, _)) in scene.kinds.iter().enumerate() {
            if kind.what == What::Template && kind.is_error() {
                services.entry(identity(scene, kind)).or_default().push(at);
            }
        }
        services.into_values().filter_map(|kinds| burst(scene, kinds)).collect()
    }
}

fn burst(scene: &Scene<'_>, mut kinds: Vec<usize>) -> Option<Finding> {
    let mut all = Bins::default();
    let mut presence = vec![0.0_f64; scene.axis.bins];
    let mut volume = vec![0.0_f64; scene.axis.bins];
    let mut groups: Vec<u32> = kinds.iter().map(|kind| scene.kinds[*kind].0.group).collect();
    groups.sort_unstable();
    groups.dedup();
    for kind in &kinds {
        all.merge(scene.kinds[*kind].1.bins.clone());
    }
    for group in groups {
        for (at, seconds) in scene.presence(group).iter().enumerate() {
            presence[at] = presence[at].max(*seconds);
            volume[at] += scene.volume(group).get(at).copied().unwrap_or(0) as f64;
        }
    }
    let counts = scene.axis.counts(&all);
    let found = change::strongest(&counts, &presence, Way::Up, &scene.against)?;
    let rises = found.gain >= GAIN && found.inside >= 2.0 * found.outside && found.count >= 5;
    if !rises || scene.is_beginning(&presence, found.from) {
        return None;
    }
    // A surge of traffic brings more errors, too: of what is not new, the share of the log counts.
    if found.outside > 0.05 * found.inside {
        let others: Vec<f64> =
            volume.iter().zip(&counts).map(|(all, own)| (all - *own as f64).max(0.0)).collect();
        let alone = others.iter().sum::<f64>() < all.count() as f64 / 4.0;
        let share = change::gain_of(&counts, &others, (found.from, found.until), &scene.against);
        if !alone && share.is_none_or(|share| share < GAIN) {
            return None;
        }
    }
    let (from, until) = (scene.axis.at(found.from), scene.axis.at(found.until));
    let mut inside = all.clipped(from, crate::model::Timestamp(until.0.saturating_sub(1)));
    if found.outside > 0.0 {
        inside = inside.without_strays();
    }
    // What makes the burst comes first.
    kinds.sort_by_key(|kind| {
        let gain = scene.change(*kind).map_or(0.0, |change| change.stretch.gain);
        (std::cmp::Reverse(gain.to_bits()), *kind)
    });
    let (kind, _) = &scene.kinds[*kinds.first()?];
    let subject = subject(scene, kind);
    let mut finding = Finding {
        from: inside.first().map(|first| first.ts),
        to: inside.last(),
        count: inside.count(),
        windows: inside.runs(60 * NANOS),
        kinds,
        ..Finding::new("error-burst", Severity::High, Nature::Symptom, subject)
    };
    finding.summary = summary(WHAT, &finding);
    let risen: Vec<usize> =
        finding.kinds.iter().copied().filter(|kind| scene.change(*kind).is_some()).collect();
    finding.evidence = evidence(scene, &inside, &risen);
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, noise};
    use crate::model::Level;

    #[test]
    fn errors_burst_and_noise_does_not() {
        check(
            "error-burst",
            &["something nobody has a word for"],
            &["info: something nobody has a word for", "warn: something"],
        );
        assert!(noise(Some(Level::Error), "something nobody has a word for").is_empty());
    }
}
