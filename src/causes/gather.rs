//! Everything that became more frequent, as signs of causes; the signs of one service are one candidate.

use std::collections::BTreeMap;

use super::contrast::{Contrast, by_failure};
use super::health::Health;
use super::hypothesis::{CLEAR, Candidate, Sign};
use super::owner::names_word;
use super::quote::gist;
use crate::detect::Detector;
use crate::detect::book::NOWHERE;
use crate::detect::failure::FAILURE;
use crate::detect::family::{evidence, subject};
use crate::detect::finding::Finding;
use crate::detect::platform::is_state;
use crate::model::time::NANOS;
use crate::model::{Level, Timestamp};
use crate::signatures::{Nature, Severity};
use crate::timeline::Subject;
use crate::timeline::observe::{Kind, What};
use crate::timeline::scene::Scene;

/// How much an error explains of which no more is known.
pub(super) const ERROR: f64 = 0.5;

/// Is there no past in which it was otherwise? Such a finding is judged by other contrasts (see `standing`), unless
/// requests are known to go well as a rule: then one that is decisive is news.
fn is_unchanged(scene: &Scene<'_>, finding: &Finding, health: Health) -> bool {
    let changes = || finding.kinds.iter().any(|kind| scene.change(*kind).is_some());
    let told = finding.level || finding.part || finding.kinds.is_empty();
    matches!(health, Health::Failing | Health::Unknown) && !told && !changes()
}

/// Does each of its entries tell of one input, and are there no more of them than usual? That is nothing new where requests
/// go well.
fn is_as_usual(scene: &Scene<'_>, finding: &Finding) -> bool {
    let changes = finding.kinds.iter().any(|kind| scene.change(*kind).is_some());
    finding.detector == FAILURE.name() && !finding.kinds.is_empty() && !changes
}

/// Everything that became more frequent: what the detectors know, and what they have no words for.
pub(super) fn signs(scene: &Scene<'_>, findings: &[Finding], health: Health) -> Vec<Sign> {
    let mut signs: Vec<Sign> = Vec::new();
    let mut known = vec![false; scene.kinds.len()];
    for finding in findings {
        let (Some(from), Some(to)) = (finding.from, finding.to) else { continue };
        let is_effect = matches!(finding.detector, "error-burst" | "volume");
        if finding.constant || finding.nature == Nature::Context || is_effect {
            continue;
        }
        for kind in &finding.kinds {
            known[*kind] = true;
        }
        if is_unchanged(scene, finding, health) || is_as_usual(scene, finding) {
            continue;
        }
        let changes = || finding.kinds.iter().filter_map(|kind| scene.change(*kind));
        let gains = changes().map(|change| change.stretch.gain);
        // Weaker signs of the same may have come first.
        let earliest =
            changes().map(|change| change.from).min().filter(|_| finding.nature != Nature::Resource);
        // What is said of one input at a time is clear by its change alone.
        let once = finding.severity >= Severity::High && finding.detector != FAILURE.name();
        let rare = if once { CLEAR } else { 1.0 };
        signs.push(Sign {
            detector: finding.detector,
            what: what_is_said(scene, finding),
            nature: finding.nature,
            weight: worth(scene, finding, finding.severity),
            gain: if finding.what.is_some() { finding.gain } else { gains.fold(rare, f64::max) },
            from: earliest.map_or(from, |earliest| earliest.min(from)),
            to,
            // Samples of a quantity are no events.
            count: if finding.level || finding.evidence.first().is_some_and(|e| e.location.file == NOWHERE) {
                1
            } else {
                finding.count
            },
            level: finding.level,
            part: finding.part,
            standing: false,
            timed: true,
            share: None,
            subject: finding.subject.clone(),
            kinds: finding.kinds.clone(),
            evidence: finding.evidence.iter().chain(&finding.corroboration).cloned().collect(),
            around: finding.around.clone(),
        });
    }
    for (at, (kind, _)) in scene.kinds.iter().enumerate() {
        if !known[at] && kind.what == What::Template {
            let mut sign = unknown(scene, at, kind);
            if let Some(sign) = &mut sign {
                join_burst(scene, sign, at, findings);
            }
            signs.extend(sign);
        }
    }
    beside(scene, &mut signs, &known);
    name_owners(scene, &mut signs);
    signs
}

/// Errors that were never said before the trouble of their service began are a part of it, however few.
fn beside(scene: &Scene<'_>, signs: &mut Vec<Sign>, known: &[bool]) {
    const FEWEST: u64 = 3;
    const SLACK: i64 = 60 * NANOS;
    let mut found = Vec::new();
    for (at, (kind, signal)) in scene.kinds.iter().enumerate() {
        let is_error = kind.what == What::Template && kind.is_error() && signal.count >= FEWEST;
        if !is_error || known[at] || signs.iter().any(|sign| sign.kinds.contains(&at)) {
            continue;
        }
        let (Some(first), Some(last)) = (signal.bins.first(), signal.bins.last()) else { continue };
        let of = subject(scene, kind);
        let with = signs.iter().find(|sign| {
            sign.weight >= 0.5
                && sign.subject.service == of.service
                && (of.service.is_some() || sign.subject.file == of.file)
                && sign.from - SLACK <= first.ts
                && first.ts <= sign.to
                && last <= Timestamp(sign.to.0.saturating_add(SLACK))
        });
        let bin = scene.axis.bin(first.ts).unwrap_or(0);
        if with.is_none() || scene.is_beginning(&scene.presence(kind.group), bin) {
            continue;
        }
        found.push(Sign {
            detector: "novelty",
            what: format!("“{}” is new", gist(scene, at)),
            nature: Nature::Symptom,
            weight: 0.42,
            gain: 8.0,
            from: first.ts,
            to: last,
            count: signal.bins.count(),
            level: false,
            part: false,
            standing: false,
            timed: true,
            share: None,
            subject: of,
            kinds: vec![at],
            evidence: evidence(scene, &signal.bins, &[at]),
            around: None,
        });
    }
    signs.append(&mut found);
}

/// Whose a recorded metric is, in the names of the logs: by the name of its file where it has no label for that, and
/// where its label is a part of just one name.
pub(super) fn name_owners(scene: &Scene<'_>, signs: &mut [Sign]) {
    let mut names: Vec<&str> = scene.kinds.iter().map(|(kind, _)| kind.service.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| !name.is_empty());
    let nameless = scene.kinds.iter().filter(|(kind, _)| kind.service.is_empty());
    let mut logs: Vec<&str> = nameless.map(|(kind, _)| scene.wants.file(kind.group)).collect();
    logs.sort_unstable();
    logs.dedup();
    let unnamed =
        |sign: &&mut Sign| sign.kinds.is_empty() && sign.detector != "silence" && !is_state(&sign.evidence);
    for sign in signs.iter_mut().filter(unnamed) {
        let file = sign.subject.file.rsplit('/').next().unwrap_or_default();
        let owner =
            sign.subject.service.as_deref().unwrap_or_else(|| file.split('.').next().unwrap_or_default());
        if owner.is_empty() {
            continue;
        }
        let part = |name: &&&str| names_word(&name.replace(['-', '_'], " "), owner);
        let mut like = names.iter().filter(part);
        match (names.contains(&owner), like.next(), like.next()) {
            (true, ..) => sign.subject.service = Some(owner.to_owned()),
            (false, Some(name), None) if owner.len() >= 3 => sign.subject.service = Some((*name).to_owned()),
            _ => {
                // A log whose lines name no service has its name from its folder or its file.
                let mut of_owner = logs
                    .iter()
                    .filter(|log| log.split(['/', '.']).any(|part| part.eq_ignore_ascii_case(owner)));
                if let (Some(log), None) = (of_owner.next(), of_owner.next()) {
                    sign.subject = Subject { file: (*log).to_owned(), service: None };
                }
            }
        }
    }
}

/// One or two entries long before the errors of their service became more frequent are no beginning of that.
fn join_burst(scene: &Scene<'_>, sign: &mut Sign, kind: usize, findings: &[Finding]) {
    let burst = findings.iter().find(|f| f.detector == "error-burst" && f.kinds.contains(&kind));
    let Some(from) = burst.and_then(|burst| burst.from) else { return };
    let before = Timestamp(from.0.saturating_sub(1));
    let strays: u64 = scene.kinds[kind].1.bins.within(sign.from, before).map(|bin| bin.count).sum();
    if from - sign.from > 60 * NANOS && strays <= 2 {
        sign.from = from;
    }
}

/// What is said of a finding: its own words, or its detector's.
pub(super) fn what_is_said(scene: &Scene<'_>, finding: &Finding) -> String {
    let what = crate::detect::named(scene, finding.detector);
    let what = what.map_or(finding.detector, |detector| detector.what());
    finding.what.clone().unwrap_or_else(|| what.to_owned())
}

/// How much a finding explains, as severe as that. What is said at the level of an error is worth no less for being
/// understood.
pub(super) fn worth(scene: &Scene<'_>, finding: &Finding, severity: Severity) -> f64 {
    let told = weight(finding.nature, severity, finding.detector);
    let is_error = finding.kinds.iter().any(|kind| scene.kinds[*kind].0.is_error());
    if is_error { told.max(ERROR) } else { told }
}

/// How much something of a nature explains.
pub(super) fn weight(nature: Nature, severity: Severity, detector: &str) -> f64 {
    match (nature, severity) {
        (Nature::Resource | Nature::Fault, Severity::Critical) => 1.0,
        (Nature::Resource | Nature::Fault, Severity::High) => 0.9,
        (Nature::Resource | Nature::Fault, _) => 0.7,
        // What is slow says less of why than what says so in words.
        (Nature::Symptom, Severity::High | Severity::Critical) if detector == "latency" => 0.5,
        (Nature::Symptom, Severity::High | Severity::Critical) => 0.55,
        (Nature::Symptom, _) if detector == "slow-query" => 0.47,
        (Nature::Symptom, _) => 0.4,
        (Nature::Context, _) => 0.3,
    }
}

/// A change that no detector has words for.
fn unknown(scene: &Scene<'_>, at: usize, kind: &Kind) -> Option<Sign> {
    let change = scene.change(at)?;
    let stretch = change.stretch;
    let level = kind.level.unwrap_or(Level::Info);
    // What is no warning must be new, or it is more of the same.
    if stretch.gain < CLEAR || (level < Level::Warn && stretch.outside > 0.02 * stretch.inside) {
        return None;
    }
    let signal = &scene.kinds[at].1;
    let bins = signal.bins.clipped(change.from, change.to);
    let new = stretch.outside <= 0.02 * stretch.inside;
    Some(Sign {
        detector: if new { "novelty" } else { "change" },
        what: format!("“{}” {}", gist(scene, at), if new { "is new" } else { "is more frequent" }),
        nature: Nature::Symptom,
        weight: match level {
            Level::Error | Level::Fatal => ERROR,
            Level::Warn => 0.45,
            _ => 0.3,
        },
        gain: stretch.gain,
        from: change.from,
        to: change.to,
        count: stretch.count,
        level: false,
        part: false,
        standing: false,
        timed: true,
        share: None,
        subject: subject(scene, kind),
        kinds: vec![at],
        evidence: evidence(scene, &bins, &[at]),
        around: None,
    })
}

/// Programs of which there may be several, each with its log: their names alone say not which one.
const PROGRAMS: &[&str] = &["haproxy", "nginx", "envoy", "apache2", "httpd", "traefik", "caddy", "kernel"];

/// Signs by service and failure; within one, in the order of time.
pub(super) fn candidates(signs: Vec<Sign>, contrast: Option<&Contrast>) -> Vec<Candidate> {
    // What is so all the time and what changed are two things.
    let mut services: BTreeMap<(String, String, bool), Vec<Sign>> = BTreeMap::new();
    for sign in signs {
        let file = || sign.subject.file.clone();
        let key = match &sign.subject.service {
            Some(service) if PROGRAMS.contains(&service.as_str()) && !sign.kinds.is_empty() => {
                (service.clone(), file(), sign.standing)
            }
            Some(service) => (service.clone(), String::new(), sign.standing),
            None => (file(), String::new(), sign.standing),
        };
        services.entry(key).or_default().push(sign);
    }
    // What is merely new and no trouble by itself explains nothing alone.
    services
        .into_values()
        .flat_map(|signs| apart(signs, contrast))
        .filter(|signs| signs.iter().any(|sign| sign.weight >= 0.4))
        .map(|mut signs| {
            signs.sort_by_key(|sign| (sign.from, sign.detector));
            Candidate { signs, score: 0.0, factors: Vec::new() }
        })
        .collect()
}

/// What is so all the time in one service, each failure apart: they differ in the requests that know of them. What no
/// request knows, or every one, belongs to the failure of its nature, or to the most frequent.
fn apart(signs: Vec<Sign>, contrast: Option<&Contrast>) -> Vec<Vec<Sign>> {
    const NEARLY_ALL: f64 = 0.95;
    let tells = |sign: &Sign| {
        sign.standing && sign.share.is_some_and(|share| share.tells() && share.of_failed < NEARLY_ALL)
    };
    let (mut telling, others): (Vec<Sign>, Vec<Sign>) = signs.into_iter().partition(tells);
    telling.sort_by_key(|sign| std::cmp::Reverse(sign.share.map(|share| share.failed)));
    let apart = |one: &Sign, other: &Sign| contrast.is_some_and(|contrast| one.is_apart(other, contrast));
    let mut failures = by_failure(telling, apart);
    if failures.is_empty() {
        return vec![others];
    }
    for sign in others {
        let alike = |failure: &Vec<Sign>| failure.iter().any(|other| other.nature == sign.nature);
        let at = failures.iter().position(alike).unwrap_or(0);
        failures[at].push(sign);
    }
    failures
}
