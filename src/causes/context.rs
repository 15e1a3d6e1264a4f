//! What somebody changed or began shortly before: a deploy, a setting, a job. It is the reason of what it precedes.

use super::hypothesis::{CLEAR, Candidate, LOOK_BACK, Sign};
use super::owner::names_word;
use super::quote::told_by;
use crate::detect::family::evidence;
use crate::detect::finding::Finding;
use crate::model::Timestamp;
use crate::model::time::NANOS;
use crate::series::bins::Bins;
use crate::signatures::Nature;
use crate::timeline::Evidence;
use crate::timeline::scene::Scene;

/// Something that somebody or a clock began shortly before the first change.
pub(super) struct Context<'f> {
    finding: &'f Finding,
    from: Timestamp,
    evidence: Vec<Evidence>,
    what: String,
    /// What its entries say, in lower case.
    said: Vec<String>,
}

/// How long before what is felt elsewhere a change is made.
const SHORTLY: i64 = 30 * NANOS;

/// How long before its effect a job begins.
const JOB: i64 = 90 * NANOS;

/// What somebody changed or began shortly before the first change, the most telling first.
pub(super) fn contexts<'f>(
    scene: &Scene<'_>,
    findings: &'f [Finding],
    first: Option<Timestamp>,
) -> Vec<Context<'f>> {
    let Some(first) = first else { return Vec::new() };
    let mut contexts: Vec<Context<'f>> = Vec::new();
    for finding in findings.iter().filter(|finding| finding.nature == Nature::Context && !finding.constant) {
        let window = finding.windows.iter().rev().find(|window| {
            window.from <= first + 5 * NANOS && first - window.from <= LOOK_BACK && window.count <= 20
        });
        let Some(window) = window else { continue };
        let mut bins = Bins::default();
        let mut kinds = Vec::new();
        for kind in &finding.kinds {
            let inside = scene.kinds[*kind].1.bins.clipped(window.from, window.to);
            kinds.extend(inside.first().map(|first| (first.ts, *kind)));
            bins.merge(inside);
        }
        kinds.sort_unstable();
        let detector = crate::detect::named(scene, finding.detector);
        let what = detector.map_or(finding.detector, |detector| detector.what());
        let gist = kinds.first().map(|(_, kind)| told_by(scene, *kind, finding.detector));
        let said = kinds
            .iter()
            .map(|(_, kind)| String::from_utf8_lossy(&scene.kinds[*kind].1.example.text).to_lowercase());
        contexts.push(Context {
            finding,
            from: window.from,
            evidence: evidence(scene, &bins, &[]),
            what: gist.map_or(what.to_owned(), |gist| format!("{what} (“{gist}”)")),
            said: said.collect(),
        });
    }
    // What says most about what was changed comes first: a deploy rather than a restart.
    let order = ["deploy", "configuration", "job", "restart"];
    contexts.sort_by_key(|context| {
        (order.iter().position(|name| *name == context.finding.detector), context.from)
    });
    contexts
}

/// What somebody changed in the leading candidate's service, or elsewhere by its name, shortly before, is its reason.
/// So is a job that began right before it, where nothing is known but that it is slow.
/// What was never otherwise has no beginning that a change could be the reason of, and of a service that wrote nothing
/// before nobody knows whether it was well.
pub(super) fn attribute(scene: &Scene<'_>, candidates: &mut [Candidate], contexts: &[Context<'_>]) {
    let Some(best) = candidates.first().filter(|best| !best.lead().standing) else { return };
    let began = best.group(scene).and_then(|group| scene.begins(group));
    let subject = &best.signs[0].subject;
    let same = |context: &Context<'_>| {
        context.finding.subject.service == subject.service
            && (subject.service.is_some() || context.finding.subject.file == subject.file)
    };
    let name = best.name().to_lowercase();
    let by_name =
        |context: &Context<'_>| name.len() >= 3 && context.said.iter().any(|said| names_word(said, &name));
    let lead = best.lead();
    let is_slow = matches!(
        lead.detector,
        "latency" | "slow-query" | "timeout" | "lock-wait" | "cpu" | "disk" | "stall" | "gc-pause"
    ) && lead.nature != Nature::Fault
        || lead.nature == Nature::Symptom;
    let fits = |context: &&Context<'_>| match context.finding.detector {
        _ if context.from > best.from() || began.is_some_and(|began| began >= context.from) => false,
        "restart" => false,
        "job" => is_slow && best.from() - context.from <= JOB,
        _ => same(context) || by_name(context),
    };
    let found = contexts.iter().filter(fits).min_by_key(|context| !same(context)).map(|context| (0, context));
    // What is merely felt has its reason where somebody changed something right before, and that is felt as well.
    let felt = lead.nature == Nature::Symptom;
    let elsewhere = || {
        let near = |context: &&Context<'_>| {
            let lead = best.from() - context.from;
            matches!(context.finding.detector, "deploy" | "configuration") && (0..=SHORTLY).contains(&lead)
        };
        let whose = |context: &Context<'_>| {
            candidates.iter().position(|candidate| {
                let theirs = &candidate.signs[0].subject.service;
                theirs.is_some() && *theirs == context.finding.subject.service
            })
        };
        contexts.iter().filter(near).find_map(|context| Some((whose(context)?, context)))
    };
    let Some((at, context)) = found.or_else(|| elsewhere().filter(|_| felt)) else { return };
    let sign = Sign {
        detector: context.finding.detector,
        what: context.what.clone(),
        nature: Nature::Context,
        // It explains whatever follows it.
        weight: 2.0,
        gain: CLEAR,
        from: context.from,
        to: best.to(),
        count: 1,
        level: false,
        part: false,
        standing: false,
        timed: true,
        share: None,
        subject: context.finding.subject.clone(),
        kinds: Vec::new(),
        evidence: context.evidence.clone(),
        around: None,
    };
    let score = best.score;
    candidates[..=at].rotate_right(1);
    candidates[0].score = score;
    candidates[0].signs.insert(0, sign);
}
