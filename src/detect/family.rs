//! Detectors that know failures by their words: what finding a row of their tables (`signatures::known`) means.

use std::collections::BTreeMap;

use super::Detector;
use super::finding::Finding;
use crate::model::Timestamp;
use crate::model::time::NANOS;
use crate::model::unit::HumanCount;
use crate::series::bins::Bins;
pub use crate::signatures::known::Family;
use crate::signatures::known::{FAMILIES, Gauge};
use crate::signatures::{Decisive, Nature, Severity};
use crate::timeline::observe::{Example, Kind, Signal, What};
use crate::timeline::scene::Scene;
use crate::timeline::{Evidence, Subject};

/// Events further apart than this belong to different windows.
const GAP: i64 = 60 * NANOS;

/// The row of a family by which a kind of entry is a sign, and how telling it is; `None` if it is no sign.
fn judge(family: &Family, scene: &Scene<'_>, at: usize) -> Option<(u8, Decisive)> {
    let (kind, signal) = &scene.kinds[at];
    if family.most.is_some_and(|most| signal.count > most) {
        return None;
    }
    let gauge = match family.gauge {
        Some(Gauge::Full) => Some(What::Full),
        Some(Gauge::Near) => Some(What::Near),
        None => None,
    };
    if gauge == Some(kind.what) {
        return Some((1, Decisive::Once));
    }
    if kind.what != What::Template || kind.level.is_some_and(|level| level < family.least) {
        return None;
    }
    let row = family.row(|word| scene.has_word(at, word))?;
    Some((row.telling, family.decisive(row)))
}

/// The family whose words a kind of entry says, whether it is more frequent than usual or not; no context.
pub fn told_by(scene: &Scene<'_>, kind: usize) -> Option<&'static Family> {
    let of_failure = FAMILIES
        .iter()
        .chain(&scene.wants.declared)
        .copied()
        .filter(|family| family.nature != Nature::Context);
    of_failure.filter(|family| judge(family, scene, kind).is_some()).max_by_key(|family| family.severity)
}

impl Detector for Family {
    fn name(&self) -> &'static str {
        self.name
    }

    fn what(&self) -> &'static str {
        self.what
    }

    fn about(&self) -> &'static str {
        self.about
    }

    fn words(&self) -> Vec<&'static str> {
        let rows = self.rows.iter().flat_map(|row| row.all.iter().chain(row.none));
        rows.chain(self.unless).copied().collect()
    }

    fn find(&self, scene: &Scene<'_>) -> Vec<Finding> {
        let mut signs: BTreeMap<Subject, Vec<Sign>> = BTreeMap::new();
        for (at, (kind, _)) in scene.kinds.iter().enumerate() {
            let Some((telling, decisive)) = judge(self, scene, at) else { continue };
            if self.rises && scene.change(at).is_none() && decisive < Decisive::Once {
                continue;
            }
            signs.entry(identity(scene, kind)).or_default().push(Sign { telling, kind: at });
        }
        // Where some show what others only tell of, the others have no trouble of their own.
        let shows = |signs: &[Sign]| signs.iter().any(|sign| sign.telling != 2);
        let shown = self.gauge.is_some() && signs.values().any(|signs| shows(signs));
        signs
            .into_values()
            .filter(|signs| !shown || shows(signs))
            .filter_map(|signs| conclude(self, scene, &signs))
            .collect()
    }
}

/// A kind of entry that is a sign.
#[derive(Clone, Copy, Debug)]
struct Sign {
    telling: u8,
    kind: usize,
}

/// Signs of one identity are about one thing: a service, or a log where no service is known.
pub fn identity(scene: &Scene<'_>, kind: &Kind) -> Subject {
    if kind.service.is_empty() {
        Subject { file: scene.wants.file(kind.group).to_owned(), service: None }
    } else {
        Subject { file: String::new(), service: Some(kind.service.clone()) }
    }
}

/// The subject of a kind: its log and its service.
pub fn subject(scene: &Scene<'_>, kind: &Kind) -> Subject {
    Subject { file: scene.wants.file(kind.group).to_owned(), ..identity(scene, kind) }
}

/// One finding from the signs of one subject: the most telling of them in one log are counted, the others
/// are evidence.
fn conclude(family: &Family, scene: &Scene<'_>, signs: &[Sign]) -> Option<Finding> {
    let signal = |sign: &Sign| &scene.kinds[sign.kind];
    let mut logs: BTreeMap<u32, (u8, u64)> = BTreeMap::new();
    for sign in signs {
        let (kind, signal) = signal(sign);
        let log = logs.entry(kind.group).or_default();
        if sign.telling > log.0 {
            *log = (sign.telling, 0);
        }
        if sign.telling == log.0 {
            log.1 += signal.count;
        }
    }
    let (group, (telling, _)) =
        logs.into_iter().max_by_key(|(group, log)| (*log, std::cmp::Reverse(*group)))?;
    let (counted, others): (Vec<&Sign>, Vec<&Sign>) =
        signs.iter().partition(|sign| sign.telling == telling && signal(sign).0.group == group);
    let mut bins = Bins::default();
    let mut untimed = 0;
    for sign in &counted {
        let signal = &signal(sign).1;
        match scene.change(sign.kind).filter(|_| family.rises) {
            Some(change) => bins.merge(signal.bins.clipped(change.from, change.to)),
            None => bins.merge(scene.judged(&signal.bins)),
        }
        if !family.rises || scene.change(sign.kind).is_none() {
            untimed += signal.count - signal.bins.count();
        }
    }
    let count = bins.count() + untimed;
    if scene.given.is_some() && bins.count() == 0 {
        return None;
    }
    let constant = (is_constant(scene, group, &bins)
        || counted.iter().any(|sign| scene.was_usual(sign.kind)))
        && counted.iter().all(|sign| scene.change(sign.kind).is_none());
    let (kind, _) = signal(counted.first()?);
    // A pool that is always empty is a failure; other things that always happen are noise.
    let severity = match (constant, family.nature) {
        (false, _) => family.severity,
        (true, Nature::Resource) => family.severity.min(Severity::High),
        (true, _) => Severity::Low,
    };
    let mut finding = Finding {
        from: bins.first().map(|first| first.ts),
        to: bins.last(),
        count,
        windows: bins.runs(GAP),
        constant,
        base: family.severity,
        kinds: counted.iter().chain(&others).map(|sign| sign.kind).collect(),
        ..Finding::new(family.name, severity, family.nature, subject(scene, kind))
    };
    finding.summary = summary(family.what, &finding);
    finding.evidence = evidence(scene, &bins, &finding.kinds);
    (finding.evidence, finding.corroboration) =
        finding.evidence.into_iter().partition(|evidence| scene.wants.group(evidence.location.file) == group);
    Some(finding)
}

/// A symptom: entries of a time, `inside`, are not what they usually are; `what` says how.
pub fn unusual(
    scene: &Scene<'_>,
    (detector, severity): (&'static str, Severity),
    subject: Subject,
    inside: &Bins,
    (gain, what): (f64, String),
) -> Finding {
    let mut finding = Finding {
        from: inside.first().map(|first| first.ts),
        to: inside.last(),
        count: inside.count(),
        windows: inside.runs(GAP),
        gain,
        ..Finding::new(detector, severity, Nature::Symptom, subject)
    };
    finding.summary = summary(&what, &finding);
    finding.what = Some(what);
    finding.evidence = evidence(scene, inside, &[]);
    finding
}

/// Does something happen from the beginning to the end, and often?
pub fn is_constant(scene: &Scene<'_>, group: u32, bins: &Bins) -> bool {
    let presence = scene.presence(group);
    let present = presence.iter().filter(|seconds| **seconds > 0.0).count();
    let counts = scene.axis.counts(bins);
    let first = counts.iter().position(|count| *count > 0).unwrap_or(0);
    let last = counts.iter().rposition(|count| *count > 0).unwrap_or(0);
    bins.count() >= 8 && (last - first) * 10 >= present * 7
}

/// Where something is: a service with its log, or a log.
pub fn place(subject: &Subject) -> String {
    match &subject.service {
        Some(service) => format!("{service} ({})", subject.file),
        None => subject.file.clone(),
    }
}

/// `connection pool exhausted in payment-service (payment-service/db.log): 4,409 times, 03:06:00–03:21:00`.
pub fn summary(what: &str, finding: &Finding) -> String {
    let place = place(&finding.subject);
    let times = match finding.count {
        1 => "once".to_owned(),
        n => format!("{} times", HumanCount(n)),
    };
    let when = match (finding.from, finding.to) {
        (Some(from), Some(to)) if to - from >= NANOS => format!(", {}–{}", from.clock(), to.clock()),
        (Some(from), _) => format!(", {}", from.clock()),
        _ => String::new(),
    };
    let constant = if finding.constant { ", all the time" } else { "" };
    format!("{what} in {place}: {times}{when}{constant}")
}

/// Entries that show what was found: the first, one of the densest moment, the last; and the first of each other
/// sign.
pub fn evidence(scene: &Scene<'_>, bins: &Bins, kinds: &[usize]) -> Vec<Evidence> {
    const MOST: usize = 6;
    let place = |location: crate::model::Location, ts: Option<Timestamp>, text: &[u8]| Evidence {
        file: String::new(),
        line: 0,
        timestamp: ts,
        text: String::from_utf8_lossy(text).into_owned(),
        span: None,
        location,
    };
    let mut evidence: Vec<Evidence> = Vec::new();
    if let (Some(first), Some(last)) = (bins.first(), bins.last()) {
        for moment in bins.telling(first.ts, last) {
            evidence.push(place(moment.location, Some(moment.ts), b""));
        }
    }
    for kind in kinds {
        let (_, Signal { bins, example: Example { ts, location, text }, .. }) = &scene.kinds[*kind];
        let change = scene.change(*kind).and_then(|change| bins.within(change.from, change.to).next());
        let first = change.map_or((*location, *ts), |bin| (bin.first.location, Some(bin.first.ts)));
        let text: &[u8] = if first.0 == *location { text } else { b"" };
        match evidence.iter().position(|known| known.location == first.0) {
            Some(known) if !text.is_empty() => evidence[known] = place(first.0, first.1, text),
            None if evidence.len() < MOST => evidence.push(place(first.0, first.1, text)),
            _ => {}
        }
    }
    evidence
}
