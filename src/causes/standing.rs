//! What is wrong without a past to compare with: since the first line requests fail, or nobody tells how they went.
//!
//! The contrast is another one: requests that failed beside those that did not, and what is known of failures as such.
//! Noise that is as old as the log stays noise where requests succeed, and where those that fail do not know of it.

use std::collections::BTreeSet;

use super::contrast::{Contrast, Share};
use super::gather::{ERROR, name_owners, weight, what_is_said, worth};
use super::health::Health;
use super::hypothesis::{LAST_WORDS, Sign};
use super::owner::is_owner;
use super::quote::gist;
use crate::detect::failure::FAILURE;
use crate::detect::finding::Finding;
use crate::detect::success::{Success, code, is_failure, statuses};
use crate::detect::{Detector, failure, family};
use crate::model::unit::HumanCount;
use crate::model::{Level, Timestamp};
use crate::series::bins::Bins;
use crate::signatures::{Nature, Severity};
use crate::timeline::Subject;
use crate::timeline::observe::{Kind, What};
use crate::timeline::scene::Scene;

/// A share of the failures from which on something beside the change of the day is told.
const WORTH: f64 = 0.1;

/// What is said as often, at a level of talk or without one, is no chance meeting of words.
const OFTEN: u64 = 10;

/// Most of the failures.
const MOST: f64 = 0.5;

/// What is wrong all the time, apart from what has become a sign by its change.
pub(super) fn standing(
    scene: &Scene<'_>,
    findings: &[Finding],
    (success, health): (Option<&Success>, Health),
    contrast: Option<&Contrast>,
    changed: &[Sign],
) -> Vec<Sign> {
    let quiet = changed.is_empty();
    let unsure = !changed.iter().any(Sign::is_sure);
    let changed: BTreeSet<usize> = changed.iter().flat_map(|sign| sign.kinds.iter().copied()).collect();
    let mut signs: Vec<Sign> = Vec::new();
    for finding in findings {
        if finding.series.is_some() && finding.constant {
            signs.extend(recorded(scene, finding).filter(|_| may_tell((health, quiet), contrast, None)));
            continue;
        }
        let is_effect = matches!(finding.detector, "error-burst" | "error-share" | "volume" | "silence");
        // Of what changed in part each kind is asked for itself.
        let has_changed = finding.kinds.iter().any(|kind| changed.contains(kind));
        if finding.nature == Nature::Context || finding.kinds.is_empty() || is_effect || has_changed {
            continue;
        }
        // What only words tell is as many things as there are words.
        let (first, others) = if finding.detector == FAILURE.name() {
            finding.kinds.split_at(1)
        } else {
            (&finding.kinds[..], &[][..])
        };
        let share = contrast.and_then(|contrast| contrast.best(first));
        let is_clear = unsure && finding.base == Severity::Critical && is_plain(scene, first);
        if may_tell((health, quiet), contrast, share) || is_clear {
            signs.push(found(scene, finding, first, share));
        }
        for kind in others {
            let share = contrast.and_then(|contrast| contrast.of(*kind));
            if may_tell((health, quiet), contrast, share) {
                let subject = finding.subject.clone();
                signs.push(Sign { subject, ..told(scene, *kind, share) });
            }
        }
    }
    let known: BTreeSet<usize> = signs.iter().flat_map(|sign| sign.kinds.iter().copied()).collect();
    // What tells how requests ended, and nothing else, does not tell why.
    let ends = success.map(|success| (success.group, success.only_end(scene)));
    let only_ends = |kind: &Kind| {
        ends.as_ref()
            .is_some_and(|(group, names)| kind.group == *group && names.contains(kind.service.as_str()))
    };
    for (at, (kind, signal)) in scene.kinds.iter().enumerate() {
        let is_told = only_ends(kind) || known.contains(&at) || changed.contains(&at);
        // Failures that are known by their words count at any level, if they are told again and again.
        let is_known = kind.what == What::Template
            && !is_told
            && signal.count >= if kind.level >= Some(Level::Warn) { 3 } else { OFTEN }
            && family::told_by(scene, at).is_some();
        if kind.what != What::Template || is_told || !(kind.is_error() || is_known) {
            continue;
        }
        let share = contrast.and_then(|contrast| contrast.of(at));
        let is_clear = is_known && unsure && is_plain(scene, &[at]);
        if !may_tell((health, quiet), contrast, share) && !is_clear {
            continue;
        }
        signs.push(Sign { subject: family::subject(scene, kind), ..told(scene, at, share) });
    }
    // What lies beside the time that is judged is no sign of it.
    let is_judged = |sign: &Sign| sign.kinds.iter().any(|kind| is_judged(scene, *kind));
    signs.retain(|sign| sign.is_recorded() || !sign.timed || is_judged(sign));
    name_owners(scene, &mut signs);
    let failed = success.map_or(0, |success| success.failed.count());
    drop_bystanders(&mut signs, failed);
    for sign in &mut signs {
        fade(sign, failed);
    }
    if health == Health::Failing {
        signs.extend(success.and_then(|success| requests_fail(scene, success)));
    }
    signs
}

/// Is it plain without a contrast: did something end, again and again?
fn is_plain(scene: &Scene<'_>, kinds: &[usize]) -> bool {
    kinds.iter().filter_map(|kind| family::told_by(scene, *kind)).any(|family| {
        let broke = matches!(family.nature, Nature::Resource | Nature::Fault);
        broke && family.severity == Severity::Critical && !family.rises
    })
}

/// What tells of one call or one input each time, and of far fewer than requests fail, explains none of them.
fn fade(sign: &mut Sign, failed: u64) {
    const TIMES: u64 = 3;
    if sign.share.is_none() && sign.tells_of_each() && sign.count * TIMES < failed {
        sign.nature = Nature::Symptom;
        sign.weight = sign.weight.min(0.4);
    }
}

/// Where somebody tells why most requests fail, errors that may as well be about something else say nothing: not those of
/// stores, which know no requests and fail as often.
fn drop_bystanders(signs: &mut Vec<Sign>, failed: u64) {
    const TIMES: u64 = 3;
    let of_store = |sign: &Sign| is_owner(&sign.subject) && sign.count * TIMES >= failed;
    let tells = |sign: &Sign| sign.share.is_some_and(|share| share.tells());
    if signs.iter().any(|sign| sign.share.is_some_and(|share| share.tells() && share.of_failed >= MOST)) {
        signs.retain(|sign| {
            tells(sign) || sign.nature != Nature::Symptom || sign.holds_up() || of_store(sign)
        });
    }
}

/// May kinds of entries tell why requests fail, given how they belong to the failed where that is known? `quiet`: nothing
/// changed.
fn may_tell((health, quiet): (Health, bool), contrast: Option<&Contrast>, share: Option<Share>) -> bool {
    let compares = contrast.is_some_and(Contrast::compares);
    let sibling = contrast.is_some_and(|contrast| contrast.sibling);
    match (health, share) {
        // Those that failed know nothing of it.
        (_, Some(share)) if compares && !share.tells() => false,
        (Health::Usual, Some(share)) if !quiet => compares && share.of_failed >= WORTH,
        // A sibling that differs is no chance, however few fail.
        (Health::Usual | Health::Some, Some(share)) => compares && sibling && share.of_failed >= MOST,
        (Health::Usual | Health::Some, None) => false,
        (Health::Failing | Health::Unknown, _) => true,
    }
}

/// Was a kind of entry seen in the time that is judged?
fn is_judged(scene: &Scene<'_>, kind: usize) -> bool {
    scene.judged(&scene.kinds[kind].1.bins).first().is_some()
}

/// A state of something recorded that it was in all the time.
fn recorded(scene: &Scene<'_>, finding: &Finding) -> Option<Sign> {
    let (from, to) = finding.from.zip(finding.to)?;
    Some(Sign {
        detector: finding.detector,
        what: what_is_said(scene, finding),
        nature: finding.nature,
        weight: weight(finding.nature, finding.base, finding.detector),
        gain: finding.gain,
        from,
        to,
        // Samples of a state are no events.
        count: 1,
        level: true,
        part: false,
        standing: true,
        timed: true,
        share: None,
        subject: finding.subject.clone(),
        kinds: Vec::new(),
        evidence: finding.evidence.clone(),
        around: None,
    })
}

/// A sign of what was found in some kinds of entries.
fn found(scene: &Scene<'_>, finding: &Finding, kinds: &[usize], share: Option<Share>) -> Sign {
    let more = || finding.evidence.iter().chain(&finding.corroboration).cloned();
    let of_all = kinds.len() == finding.kinds.len();
    let sign = sign(scene, kinds, share);
    Sign {
        detector: finding.detector,
        what: what_is_said(scene, finding),
        nature: finding.nature,
        weight: worth(scene, finding, finding.base),
        subject: finding.subject.clone(),
        count: if of_all { finding.count } else { sign.count },
        evidence: if of_all { more().collect() } else { sign.evidence },
        ..sign
    }
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
        what: format!("“{}”", gist(scene, kinds[0])),
        nature: Nature::Symptom,
        weight: if kind.level >= Some(Level::Fatal) { 0.7 } else { ERROR },
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
        around: None,
    }
}

/// A sign of a kind of error that is so all the time: what its words mean, whether they are more frequent or not.
fn told(scene: &Scene<'_>, kind: usize, share: Option<Share>) -> Sign {
    let sign = sign(scene, &[kind], share);
    if let Some(family) = family::told_by(scene, kind) {
        let weight = weight(family.nature, family.severity, family.name);
        return Sign { detector: family.name, nature: family.nature, weight, ..sign };
    }
    let nature = failure::nature(scene, kind).unwrap_or(sign.nature);
    Sign { nature, weight: sign.weight.max(weight(nature, Severity::Medium, sign.detector)), ..sign }
}

/// Fewer entries than these tell nothing by what is usual among them.
const FEWEST: u64 = 30;

/// Was so little said, and in no words that are known, that nobody can tell whether something is wrong? No entry has a
/// level, none tells of a request, and there are too few to see what is usual.
pub(super) fn says_too_little(scene: &Scene<'_>, findings: &[Finding], health: Health) -> bool {
    let said: u64 = (0..scene.groups()).map(|group| scene.said(group)).sum();
    let is_told = |(kind, _): &(Kind, _)| kind.level.is_some() || kind.what == What::Status;
    health == Health::Unknown
        && findings.is_empty()
        && (1..FEWEST).contains(&said)
        && !scene.kinds.iter().any(is_told)
}

/// The last that is said, where nothing else is known.
pub(super) fn last_words(scene: &Scene<'_>) -> Option<Sign> {
    let said = scene.kinds.iter().enumerate().filter(|(_, (kind, _))| kind.what == What::Template);
    let (last, _) = said.max_by_key(|(_, (_, signal))| signal.bins.last())?;
    let subject = family::subject(scene, &scene.kinds[last].0);
    Some(Sign { detector: LAST_WORDS, weight: 0.4, subject, ..sign(scene, &[last], None) })
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

/// Is it so since the data begins: within its first twentieth, by time and by what was written? One log whose clock is
/// years off makes a twentieth of the time long.
pub(super) fn since_the_beginning(scene: &Scene<'_>, from: Timestamp) -> bool {
    let part = scene.last.0.saturating_sub(scene.first.0) / 20;
    let bin = scene.axis.bin(from).unwrap_or(0);
    let written = |bins: std::ops::Range<usize>| -> u64 {
        (0..scene.groups()).map(|group| scene.volume(group)[bins.clone()].iter().sum::<u64>()).sum()
    };
    from.0.saturating_sub(scene.first.0) <= part + scene.axis.width.min(part)
        && written(0..bin) * 20 <= written(0..scene.axis.bins)
}
