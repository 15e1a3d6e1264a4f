//! Requests that fail more often than usual: of a whole log, or only of what was asked for in some of them.

use std::collections::BTreeMap;

use super::Detector;
use super::family::{subject, unusual};
use super::finding::Finding;
use super::success::{code, is_failure, is_probe};
use crate::model::Timestamp;
use crate::series::bins::Bins;
use crate::series::change::{self, Stretch, Way};
use crate::signatures::Severity;
use crate::timeline::observe::What;
use crate::timeline::scene::{GAIN, Scene};

/// Endpoints and logs whose requests fail more often.
#[derive(Debug)]
pub struct ErrorShare;

/// The detector of shares of errors.
pub static ERROR_SHARE: ErrorShare = ErrorShare;

const WHAT: &str = "the share of errors rises";

/// Requests that tell something.
const FEWEST: u64 = 40;

impl Detector for ErrorShare {
    fn name(&self) -> &'static str {
        "error-share"
    }

    fn what(&self) -> &'static str {
        WHAT
    }

    fn about(&self) -> &'static str {
        "a greater part of requests fails, of a log, of an endpoint, or in a recorded counter"
    }

    fn find(&self, scene: &Scene<'_>) -> Vec<Finding> {
        let mut logs: BTreeMap<u32, BTreeMap<&str, Vec<usize>>> = BTreeMap::new();
        for (at, (kind, _)) in scene.kinds.iter().enumerate() {
            if kind.what == What::Status && code(kind).is_some() && !is_probe(kind) {
                let asked = kind.text.get(4..).unwrap_or_default();
                logs.entry(kind.group).or_default().entry(asked).or_default().push(at);
            }
        }
        logs.into_values().flat_map(|endpoints| of_log(scene, &endpoints)).collect()
    }
}

/// Requests of one kind, over time.
struct Share {
    failed: Bins,
    found: Option<Stretch>,
}

impl Share {
    fn of<'k>(scene: &Scene<'_>, kinds: impl Iterator<Item = &'k usize>) -> Share {
        let (mut all, mut failed) = (Bins::default(), Bins::default());
        for (kind, signal) in kinds.map(|at| &scene.kinds[*at]) {
            all.merge(signal.bins.clone());
            if code(kind).is_some_and(is_failure) {
                failed.merge(signal.bins.clone());
            }
        }
        let exposure: Vec<f64> = scene.axis.counts(&all).iter().map(|n| *n as f64).collect();
        let found = if all.count() < FEWEST || failed.count() < 5 {
            None
        } else {
            change::strongest(&scene.axis.counts(&failed), &exposure, Way::Up, &scene.against)
        };
        let present: Vec<f64> = exposure.iter().map(|n| f64::from(u8::from(*n > 0.0))).collect();
        let found = found.filter(|found| {
            let rises = found.gain >= 1.25 * GAIN && found.count >= 5 && found.inside >= 2.0 * found.outside;
            rises && !scene.is_beginning(&present, found.from)
        });
        Share { failed, found }
    }
}

/// Of a log and its endpoints those are told of that say more: few endpoints, or all of it.
fn of_log(scene: &Scene<'_>, endpoints: &BTreeMap<&str, Vec<usize>>) -> Vec<Finding> {
    let whole = Share::of(scene, endpoints.values().flatten());
    if whole.failed.count() < 5 {
        return Vec::new();
    }
    let kinds: Vec<usize> = endpoints.values().flatten().copied().collect();
    let parts: Vec<(&str, &Vec<usize>, Share)> = endpoints
        .iter()
        .map(|(asked, kinds)| (*asked, kinds, Share::of(scene, kinds.iter())))
        .filter(|(.., share)| share.found.is_some())
        .collect();
    if endpoints.len() > 1
        && !parts.is_empty()
        && (parts.len() * 2 <= endpoints.len() || whole.found.is_none())
    {
        return parts
            .iter()
            .filter_map(|(asked, kinds, share)| finding(scene, kinds, share, Some(asked)))
            .collect();
    }
    finding(scene, &kinds, &whole, None).into_iter().collect()
}

fn finding(scene: &Scene<'_>, kinds: &[usize], share: &Share, asked: Option<&str>) -> Option<Finding> {
    let found = share.found?;
    let (from, until) = (scene.axis.at(found.from), scene.axis.at(found.until));
    let mut inside = share.failed.clipped(from, Timestamp(until.0.saturating_sub(1)));
    // One that failed long before the others is chance, also where it is the only one.
    inside = inside.without_strays_beyond(if found.outside > 0.0 { 2 } else { 5 });
    let of = asked.map_or(String::new(), |asked| format!("{}: ", super::latency::brief(asked)));
    let what =
        format!("{WHAT} ({of}usually {:.1} %, then {:.1} %)", found.outside * 100.0, found.inside * 100.0);
    let subject = subject(scene, &scene.kinds[*kinds.first()?].0);
    Some(unusual(scene, ("error-share", Severity::High), subject, &inside, (found.gain, what)))
}

#[cfg(test)]
mod tests {
    use crate::fold::Fold;
    use crate::model::{Entry, Location, Needs, Role, Slots, Timestamp, Value};

    use super::super::{Finding, Observed, Scene, Wants, findings, vocabulary};

    /// An hour of requests to two endpoints; says of each whether it fails.
    fn found(fails: impl Fn(i64, bool) -> bool) -> Vec<Finding> {
        let mut needs = Needs::none();
        let wants = Wants::new(&[], &mut needs);
        let mut observed = Observed::new(&wants);
        for at in 0..1_800 {
            let mut slots = Slots::new(&needs);
            slots.ts = Timestamp::new(1_700_000_000 + at * 2, 0);
            let first = at % 3 != 0;
            slots.set(Role::Message.slot(), Value::plain(if first { b"list" } else { b"order" }));
            slots.set(Role::Status.slot(), Value::plain(if fails(at * 2, first) { b"500" } else { b"200" }));
            let location = Location { file: 0, chunk: 0, line: at as u32 };
            observed.add(&Entry { location, offset: 0, raw: b"x", understood: true, slots: &slots });
        }
        findings(&Scene::new(&wants, observed, &vocabulary(&wants)), &["error-share".to_owned()])
    }

    #[test]
    fn the_endpoint_that_fails_is_named_and_noise_is_none() {
        assert_eq!(found(|_, _| false), []);
        assert_eq!(found(|at, _| at % 34 == 0), []);
        let whats = |found: Vec<Finding>| found.into_iter().filter_map(|f| f.what).collect::<Vec<_>>();
        let bad = |at: i64| (2_000..2_600).contains(&at);
        let [whole] = &whats(found(|at, _| bad(at) && at % 4 == 0))[..] else { panic!("one log") };
        assert!(whole.starts_with("the share of errors rises (usually 0.0 %"), "{whole}");
        let [one] = &whats(found(|at, first| !first && bad(at)))[..] else { panic!("one endpoint") };
        assert!(one.starts_with("the share of errors rises (order: usually"), "{one}");
    }
}
