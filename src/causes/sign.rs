//! Everything that became more frequent, as signs of causes; the signs of one service are one candidate.

use std::collections::BTreeMap;

use super::contrast::Share;
use super::factors::Factor;
use crate::detect::family::{evidence, subject};
use crate::detect::finding::Finding;
use crate::detect::recorded::NOWHERE;
use crate::model::time::NANOS;
use crate::model::{Level, Timestamp};
use crate::signatures::{Nature, Severity};
use crate::timeline::observe::{Kind, What};
use crate::timeline::scene::Scene;
use crate::timeline::{Evidence, Subject};

/// Gains from which a change without known words is a candidate.
pub(super) const CLEAR: f64 = 16.0;

/// One thing that changed in a service.
#[derive(Clone, Debug)]
pub(super) struct Sign {
    pub detector: &'static str,
    pub what: String,
    pub nature: Nature,
    /// How much a sign of this kind explains, 0 to 1.
    pub weight: f64,
    pub gain: f64,
    pub from: Timestamp,
    pub to: Timestamp,
    pub count: u64,
    /// Is it a quantity that entries tell, rather than events?
    pub level: bool,
    /// Is it only some of what the subject does that is missing?
    pub part: bool,
    /// Is it so all the time, so that no change tells of it?
    pub standing: bool,
    /// Do its entries have times?
    pub timed: bool,
    /// How it belongs to the requests that failed, where that is known.
    pub share: Option<Share>,
    pub subject: Subject,
    pub kinds: Vec<usize>,
    pub evidence: Vec<Evidence>,
}

impl Sign {
    /// Is it trouble by itself, whatever becomes of requests? A quantity that grew is not: it may be used well.
    pub(super) fn is_sure(&self) -> bool {
        self.standing || (self.weight >= 0.5 && self.gain >= CLEAR && !self.level)
    }

    /// Was it found in a recorded metric?
    pub(super) fn is_recorded(&self) -> bool {
        self.evidence.first().is_some_and(|evidence| evidence.location.file == NOWHERE)
    }

    /// Is it a state that lasts until somebody ends it, told once where it begins?
    pub(super) fn lasts(&self) -> bool {
        const LAST: &[&str] = &["disk", "mount", "data-loss", "certificate", "link", "network-tables"];
        self.weight >= 0.9 && LAST.contains(&self.detector)
    }

    /// When it had surely begun: the first of few entries may as well be a stray.
    pub(super) fn surely(&self) -> Timestamp {
        const MOST: i64 = 120 * NANOS;
        // What one entry is enough for, the first entry tells.
        if self.count < 3 || self.weight >= 1.0 || self.lasts() {
            return self.from;
        }
        let gap = self.to.0.saturating_sub(self.from.0) / self.count as i64;
        Timestamp(self.from.0 + gap.clamp(0, MOST))
    }
}

/// What changed in one service.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub signs: Vec<Sign>,
    /// The sum of its factors, in log odds.
    pub score: f64,
    pub factors: Vec<Factor>,
}

/// Everything that became more frequent: what the detectors know, and what they have no words for.
pub(super) fn signs(scene: &Scene<'_>, findings: &[Finding]) -> Vec<Sign> {
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
        let changes = || finding.kinds.iter().filter_map(|kind| scene.change(*kind));
        let gains = changes().map(|change| change.stretch.gain);
        // Weaker signs of the same may have come first.
        let earliest =
            changes().map(|change| change.from).min().filter(|_| finding.nature != Nature::Resource);
        let rare = if finding.severity >= Severity::High { CLEAR } else { 1.0 };
        let what = crate::detect::DETECTORS.iter().find(|detector| detector.name() == finding.detector);
        signs.push(Sign {
            detector: finding.detector,
            what: finding
                .what
                .clone()
                .unwrap_or_else(|| what.map_or(finding.detector, |detector| detector.what()).to_owned()),
            nature: finding.nature,
            weight: weight(finding.nature, finding.severity, finding.detector),
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
                && sign.from.0 - SLACK <= first.ts.0
                && first.ts <= sign.to
                && last <= Timestamp(sign.to.0.saturating_add(SLACK))
        });
        let bin = scene.axis.bin(first.ts).unwrap_or(0);
        if with.is_none() || scene.is_beginning(&scene.presence(kind.group), bin) {
            continue;
        }
        found.push(Sign {
            detector: "novelty",
            what: format!("“{}” is new", kind.gist()),
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
        });
    }
    signs.append(&mut found);
}

/// Whose a recorded metric is, in the names of the logs: by the name of its file where it has no label for that, and
/// where its label is a part of just one name.
fn name_owners(scene: &Scene<'_>, signs: &mut [Sign]) {
    let mut names: Vec<&str> = scene.kinds.iter().map(|(kind, _)| kind.service.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| !name.is_empty());
    let nameless = scene.kinds.iter().filter(|(kind, _)| kind.service.is_empty());
    let mut logs: Vec<&str> = nameless.map(|(kind, _)| scene.wants.file(kind.group)).collect();
    logs.sort_unstable();
    logs.dedup();
    for sign in signs.iter_mut().filter(|sign| sign.kinds.is_empty() && sign.detector != "silence") {
        let file = sign.subject.file.rsplit('/').next().unwrap_or_default();
        let owner =
            sign.subject.service.as_deref().unwrap_or_else(|| file.split('.').next().unwrap_or_default());
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
    if from.0 - sign.from.0 > 60 * NANOS && strays <= 2 {
        sign.from = from;
    }
}

/// How much a finding explains.
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
        what: format!("“{}” {}", kind.gist(), if new { "is new" } else { "is more frequent" }),
        nature: Nature::Symptom,
        weight: match level {
            Level::Error | Level::Fatal => 0.5,
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
    })
}

/// Programs of which there may be several, each with its log: their names alone say not which one.
const PROGRAMS: &[&str] = &["haproxy", "nginx", "envoy", "apache2", "httpd", "traefik", "caddy", "kernel"];

/// Signs by service; within one, in the order of time.
pub(super) fn candidates(signs: Vec<Sign>) -> Vec<Candidate> {
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
        .filter(|signs| signs.iter().any(|sign| sign.weight >= 0.4))
        .map(|mut signs| {
            signs.sort_by_key(|sign| (sign.from, sign.detector));
            Candidate { signs, score: 0.0, factors: Vec::new() }
        })
        .collect()
}

impl Candidate {
    /// The sign that says best what it is: what explains most, of those that came early. What is merely new leads
    /// nothing.
    pub(super) fn lead(&self) -> &Sign {
        let of_substance = || self.signs.iter().filter(|sign| sign.weight >= 0.4);
        let first = of_substance().next().map_or(self.signs[0].from, |sign| sign.from);
        let worth = |sign: &Sign| {
            let late = (sign.from.0 - first.0) as f64 / 1e9;
            sign.weight * 3.0 + sign.gain.max(1.0).log10() * 0.5 - (late / 300.0).min(2.0)
        };
        let best = of_substance().rev().max_by(|a, b| worth(a).total_cmp(&worth(b)));
        best.unwrap_or(&self.signs[0])
    }

    /// The group of files in which it shows, if it shows in any log.
    pub(super) fn group(&self, scene: &Scene<'_>) -> Option<u32> {
        let kinds = || self.lead().kinds.iter().chain(self.signs.iter().flat_map(|sign| &sign.kinds));
        let of_kind = kinds().next().map(|kind| scene.kinds[*kind].0.group);
        of_kind.or_else(|| super::doubt::group_of(scene, &self.lead().subject.file))
    }

    pub(super) fn name(&self) -> &str {
        let subject = &self.signs[0].subject;
        subject.service.as_deref().unwrap_or(&subject.file)
    }

    /// When it began: its first clear sign of the kind that leads it, or an earlier one of substance.
    pub(super) fn from(&self) -> Timestamp {
        let lead = self.lead();
        // What ran out was used before: how much of it is no sign by itself.
        let substance = |sign: &&Sign| {
            sign.weight >= 0.4
                && (sign.gain >= CLEAR || sign.nature == lead.nature)
                && (sign.weight > 0.4 || lead.weight <= 0.55 || sign.nature == lead.nature)
        };
        self.signs.iter().filter(substance).map(|sign| sign.from).min().unwrap_or(lead.from)
    }

    pub(super) fn to(&self) -> Timestamp {
        self.signs.iter().map(|sign| sign.to).max().unwrap_or(self.lead().to)
    }
}

/// Does a name occur in a text as a word of its own, and not within a longer name or a path?
pub(super) fn names_word(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    text.match_indices(name).any(|(at, _)| {
        let before = &text[..at];
        !before.chars().next_back().is_some_and(part)
            && !text[at + name.len()..].chars().next().is_some_and(part)
            && !is_path(before)
    })
}

/// Does a text end within a path: `GET /shop/`, and not `http://` or `prod/`?
fn is_path(text: &str) -> bool {
    let word = text.rsplit([' ', '"', '\'', '=', '(', ',']).next().unwrap_or_default();
    word.starts_with('/') && !word.starts_with("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_as_words() {
        for (text, name, found) in [
            ("stock: insert failed", "stock", true),
            ("pg-stock gone", "stock", false),
            ("call to catalog failed", "catalog", true),
            ("catalogue", "catalog", false),
            ("", "x", false),
        ] {
            assert_eq!(names_word(text, name), found, "{text}");
        }
    }
}
