//! What is wrong without a past to compare with: since the first line requests fail, or nobody tells how they went.
//!
//! The contrast is another one: requests that failed beside those that did not, and what is known of failures as such.
//! Noise that is as old as the log stays noise where requests succeed, and where those that fail do not know of it.

use super::contrast::{Contrast, Share};
use super::sign::{Sign, weight};
use crate::detect::finding::Finding;
use crate::detect::success::{Success, Worst, code, is_failure, statuses};
use crate::detect::{DETECTORS, family};
use crate::model::unit::HumanCount;
use crate::model::{Level, Timestamp};
use crate::series::bins::Bins;
use crate::signatures::Nature;
use crate::timeline::Subject;
use crate::timeline::observe::{Kind, What};
use crate::timeline::scene::Scene;

/// Less success than this is no calm, whatever is usual (judgement.md, "What is promised").
pub const WELL: f64 = 0.95;

/// A share of the failures from which on something beside the change of the day is told.
const WORTH: f64 = 0.1;

/// Most of the failures.
const MOST: f64 = 0.5;

/// Where more than this succeed, a few that fail are nothing to ask about.
const NEARLY_ALL: f64 = 0.985;

/// A past that is shorter than this part of the trouble does not tell what is usual.
const SHORT_PAST: f64 = 0.3;

/// How requests went, as far as it takes to tell noise from failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nobody tells how requests went.
    Unknown,
    /// Nearly all succeed, or fail in a stretch of time that stands out.
    Usual,
    /// Some fail all the time: no more than may be usual, but more than nobody would ask about.
    Some,
    /// Too many fail, all the time.
    Failing,
}

impl Outcome {
    /// How requests went.
    pub fn of(scene: &Scene<'_>, success: Option<&Success>) -> Outcome {
        let has_past = |worst: &Worst| {
            let before = (worst.from.0 - scene.axis.start.0) as f64;
            scene.given.is_some() || before >= SHORT_PAST * (worst.to.0 - worst.from.0) as f64
        };
        match success {
            Some(success) if success.is_telling() => {
                let rate =
                    success.rate.filter(|_| !success.worst.as_ref().is_some_and(has_past)).unwrap_or(1.0);
                match rate {
                    rate if rate < WELL => Outcome::Failing,
                    rate if rate < NEARLY_ALL => Outcome::Some,
                    _ => Outcome::Usual,
                }
            }
            // A few requests, all of which fail, are no accident.
            Some(success) if success.rate.is_some_and(|rate| rate < 0.5) => Outcome::Failing,
            Some(_) | None => Outcome::Unknown,
        }
    }
}

/// What is wrong all the time, apart from what has become a sign by its change.
pub(super) fn standing(
    scene: &Scene<'_>,
    findings: &[Finding],
    (success, outcome): (Option<&Success>, Outcome),
    contrast: Option<&Contrast>,
    changed: &[Sign],
) -> Vec<Sign> {
    let taken = |kinds: &[usize]| {
        let of_all = |kind: &usize| changed.iter().any(|sign| sign.kinds.contains(kind));
        !kinds.is_empty() && kinds.iter().all(of_all)
    };
    let mut signs: Vec<Sign> = Vec::new();
    for finding in findings {
        let is_effect = matches!(finding.detector, "error-burst" | "error-share" | "volume" | "silence");
        if finding.nature == Nature::Context || finding.kinds.is_empty() || is_effect || taken(&finding.kinds)
        {
            continue;
        }
        let share = contrast.and_then(|contrast| contrast.best(&finding.kinds));
        if !may_tell(outcome, contrast, share) {
            continue;
        }
        let what = DETECTORS.iter().find(|detector| detector.name() == finding.detector);
        let what = what.map_or(finding.detector, |detector| detector.what());
        signs.push(Sign {
            detector: finding.detector,
            what: finding.what.clone().unwrap_or_else(|| what.to_owned()),
            nature: finding.nature,
            weight: weight(finding.nature, finding.base, finding.detector),
            subject: finding.subject.clone(),
            evidence: finding.evidence.iter().chain(&finding.corroboration).cloned().collect(),
            ..sign(scene, &finding.kinds, share)
        });
    }
    let known: Vec<usize> = signs.iter().flat_map(|sign| sign.kinds.iter().copied()).collect();
    for (at, (kind, _)) in scene.kinds.iter().enumerate() {
        // What tells how requests ended does not tell why.
        let ended = success.is_some_and(|success| success.group == kind.group);
        if kind.what != What::Template || !kind.is_error() || ended || known.contains(&at) || taken(&[at]) {
            continue;
        }
        let share = contrast.and_then(|contrast| contrast.of(at));
        if !may_tell(outcome, contrast, share) {
            continue;
        }
        signs.push(Sign { subject: family::subject(scene, kind), ..sign(scene, &[at], share) });
    }
    // What lies beside the time that is judged is no sign of it.
    signs.retain(|sign| !sign.timed || sign.kinds.iter().any(|kind| is_judged(scene, *kind)));
    drop_bystanders(&mut signs);
    if outcome == Outcome::Failing {
        signs.extend(success.and_then(|success| requests_fail(scene, success)));
    }
    signs
}

/// Where somebody tells why most requests fail, errors that may as well be about something else say nothing.
fn drop_bystanders(signs: &mut Vec<Sign>) {
    let tells = |sign: &Sign| sign.share.is_some_and(|share| share.tells());
    if signs.iter().any(|sign| sign.share.is_some_and(|share| share.tells() && share.of_failed >= MOST)) {
        signs.retain(|sign| tells(sign) || sign.nature != Nature::Symptom);
    }
}

/// May kinds of entries tell why requests fail, given how they belong to the failed where that is known?
fn may_tell(outcome: Outcome, contrast: Option<&Contrast>, share: Option<Share>) -> bool {
    let compares = contrast.is_some_and(Contrast::compares);
    let sibling = contrast.is_some_and(|contrast| contrast.sibling);
    match (outcome, share) {
        // Those that failed know nothing of it.
        (_, Some(share)) if compares && !share.tells() => false,
        (Outcome::Usual, Some(share)) => compares && share.of_failed >= WORTH,
        // A sibling that differs is no chance.
        (Outcome::Some, Some(share)) => compares && sibling && share.of_failed >= MOST,
        (Outcome::Usual | Outcome::Some, None) => false,
        (Outcome::Failing | Outcome::Unknown, _) => true,
    }
}

/// Was a kind of entry seen in the time that is judged?
fn is_judged(scene: &Scene<'_>, kind: usize) -> bool {
    scene.judged(&scene.kinds[kind].1.bins).first().is_some()
}

/// A sign of kinds of entries that tell of it all the time.
fn sign(scene: &Scene<'_>, kinds: &[usize], share: Option<Share>) -> Sign {
    let mut bins = Bins::default();
    let mut count = 0;
    for kind in kinds {
        bins.merge(scene.judged(&scene.kinds[*kind].1.bins));
        count += scene.kinds[*kind].1.count;
    }
    let kind: &Kind = &scene.kinds[kinds[0]].0;
    let from = bins.first().map(|first| first.ts);
    let timed = kinds.iter().any(|kind| scene.kinds[*kind].1.bins.first().is_some());
    Sign {
        detector: "error",
        what: format!("“{}”", kind.gist()),
        nature: Nature::Symptom,
        weight: if kind.level >= Some(Level::Fatal) { 0.7 } else { 0.5 },
        gain: share.map_or((count as f64).max(1.0), |share| share.failed as f64 * share.lift().ln()).max(1.0),
        from: from.unwrap_or(scene.axis.start),
        to: bins.last().unwrap_or(scene.last),
        timed,
        count,
        level: false,
        part: false,
        standing: true,
        share,
        subject: Subject::default(),
        kinds: kinds.to_vec(),
        evidence: family::evidence(scene, &bins, kinds),
    }
}

/// The requests themselves: all that is known where nobody says why.
fn requests_fail(scene: &Scene<'_>, success: &Success) -> Option<Sign> {
    let kinds: Vec<usize> = scene
        .kinds
        .iter()
        .enumerate()
        .filter(|(_, (kind, _))| statuses_failed(kind, success.group))
        .map(|(at, _)| at)
        .collect();
    let first = *kinds.first()?;
    let by_status = success.by_status.iter().take(3);
    let by_status: Vec<String> =
        by_status.map(|(status, count)| format!("{} × {status}", HumanCount(*count))).collect();
    let requests: u64 = statuses(scene, success.group).map(|(_, signal)| signal.count).sum();
    Some(Sign {
        detector: "error-share",
        what: format!("requests fail ({} of {})", by_status.join(", "), HumanCount(requests)),
        weight: 0.42,
        subject: family::subject(scene, &scene.kinds[first].0),
        ..sign(scene, &kinds, None)
    })
}

fn statuses_failed(kind: &Kind, group: u32) -> bool {
    kind.what == What::Status && kind.group == group && code(kind).is_some_and(is_failure)
}

/// Is it so since the data begins: within its first twentieth?
pub(super) fn since_the_beginning(scene: &Scene<'_>, from: Timestamp) -> bool {
    let span = scene.last.0.saturating_sub(scene.axis.start.0);
    from.0.saturating_sub(scene.axis.start.0) <= span / 20 + scene.axis.width
}
