//! Why: what changed is put in order, and what explains the rest comes first.
//!
//! Changes of one service are one candidate. A candidate is the better, the earlier it changed, the more its kind
//! explains others (what ran out or broke explains who waited for it), the clearer its change is, and the more of
//! the other candidates name its service in their own words. What happened as often before does not count,
//! however loud it is.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde::Serialize;

use super::doubt;
use super::owner::{mentioned, owns, whose};
use super::quote::{quoted, told_by};
use super::sign::{CLEAR, Candidate, Sign, candidates, names_word, signs};
use crate::detect::family::evidence;
use crate::detect::finding::Finding;
use crate::detect::recorded::Counted;
use crate::detect::success::{Rates, Success};
use crate::entities::reach::Reach;
use crate::model::Timestamp;
use crate::model::time::NANOS;
use crate::model::unit::HumanCount;
use crate::signatures::Nature;
use crate::timeline::evidence::time;
use crate::timeline::scene::{GAIN, Scene};
use crate::timeline::{Evidence, Subject};

/// A likely cause.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cause {
    /// 1 is the most likely.
    pub rank: usize,
    /// What happened where, in a few words.
    #[serde(skip)]
    pub headline: String,
    /// One sentence.
    pub summary: String,
    /// The detector that found it; `change` if no words are known for it.
    pub detector: &'static str,
    /// What it is about.
    pub subject: Subject,
    /// When it began.
    #[serde(serialize_with = "time")]
    pub from: Option<Timestamp>,
    /// When it was last seen.
    #[serde(serialize_with = "time")]
    pub to: Option<Timestamp>,
    /// Between 0 and 1: how much of the evidence speaks for it rather than for the others.
    pub confidence: f64,
    /// Entries that show it.
    pub evidence: Vec<Evidence>,
    /// What followed, in the order of time.
    pub effects: Vec<String>,
    /// What speaks against it.
    pub against: Vec<String>,
    /// The kinds of entries that it was found in.
    #[serde(skip)]
    pub kinds: Vec<usize>,
}

impl Cause {
    /// Whose it is: a service, or a log where no service is known.
    pub fn name(&self) -> &str {
        self.subject.service.as_deref().unwrap_or(&self.subject.file)
    }
}

/// Something that changed, and when.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// When.
    #[serde(serialize_with = "time")]
    pub at: Option<Timestamp>,
    /// What.
    pub what: String,
    /// An entry that shows it.
    pub evidence: Option<Evidence>,
}

/// The whole story.
#[derive(Clone, Debug)]
pub struct Story {
    /// When it began.
    pub onset: Option<Timestamp>,
    /// How requests went.
    pub success: Option<Success>,
    /// How requests went before, during and after.
    pub rates: Rates,
    /// When requests failed, or else when the changes lasted.
    pub impact: Option<(Timestamp, Timestamp)>,
    /// The causes, the most likely first.
    pub causes: Vec<Cause>,
    /// What changed, in the order of time.
    pub timeline: Vec<Event>,
}

/// How long before the first change a deploy may be its reason.
const LOOK_BACK: i64 = 6 * 60 * NANOS;

/// In how much time a lead over the first change loses most of its worth, in seconds.
const LEAD: f64 = 100.0;

/// How much likelier a cause is whose score is greater by one, as a logarithm; measured with `tests/oracle`, so that
/// of the causes told with 80 % about eight in ten are right.
const SHARP: f64 = 1.3;

/// How many changes the timeline shows.
const SHOWN: usize = 14;

/// Puts the findings and changes in order. `recorded` tells how requests went where no log does; `reach`, who calls whom
/// as far as requests tell.
pub fn story(
    scene: &Scene<'_>,
    findings: &[Finding],
    recorded: Option<&Counted>,
    reach: Option<&Reach>,
) -> Story {
    let success = Success::of(scene)
        .or_else(|| recorded.map(|counted| Success::recorded(scene, counted)))
        .or_else(|| Success::by_levels(scene));
    let worst = success.as_ref().and_then(|success| success.worst);
    let mut signs = signs(scene, findings);
    // How requests went where they enter is told apart.
    if let Some(success) = &success {
        let place = scene.wants.file(success.group);
        let edge = recorded.filter(|counted| success.counts_as(counted));
        let of_place = |sign: &Sign| {
            let same = edge.is_some_and(|edge| sign.is_recorded() && sign.subject.service == edge.service);
            sign.detector == "error-share" && (sign.subject.file == place || same)
        };
        let others = |sign: &Sign| !of_place(sign) && sign.weight >= 0.45 && sign.gain >= CLEAR;
        // If nobody else says anything, it is all that is known.
        if signs.iter().any(others) {
            signs.retain(|sign| !of_place(sign));
        }
    }
    let core = core(&signs, worst.map(|worst| (worst.from, worst.to)));
    if let Some((from, to)) = core {
        // What was over before the trouble began, or began when it was over, is something else.
        let slack = 60 * NANOS;
        let lasts = |sign: &Sign| if sign.lasts() { LOOK_BACK } else { slack };
        signs.retain(|sign| sign.to.0 + lasts(sign) >= from.0 && sign.from.0 <= to.0 + slack);
    }
    let mut candidates = candidates(signs);
    let entries = success.as_ref().map_or_else(Default::default, |success| success.places(scene));
    rate(scene, &mut candidates, (&entries, success.as_ref()), reach);
    let contexts = contexts(scene, findings, candidates.first().map(Candidate::from));
    attribute(&mut candidates, &contexts);
    let sure = candidates.iter().any(|candidate| candidate.signs.iter().any(Sign::is_sure));
    // Chance makes some stretch of every day the worst of it.
    let worst = worst.filter(|worst| sure || worst.gain >= 1.25 * GAIN);
    if !sure && worst.is_none() {
        candidates.clear();
    }
    let causes = causes(scene, &candidates, success.as_ref());
    let onset = causes.first().and_then(|cause| cause.from).or(worst.map(|worst| worst.from));
    let impact = worst.map(|worst| (worst.from, worst.to)).or(core.filter(|_| !candidates.is_empty()));
    let rates = success.as_ref().map_or_else(Rates::default, |success| success.rates(scene, impact));
    let timeline = timeline(&candidates, success.as_ref(), scene);
    Story { onset, success, rates, impact, causes, timeline }
}

/// When the trouble was: where requests failed, or else where the clearest change was.
fn core(signs: &[Sign], worst: Option<(Timestamp, Timestamp)>) -> Option<(Timestamp, Timestamp)> {
    worst.or_else(|| {
        let clearest =
            signs.iter().filter(|sign| sign.weight >= 0.4).max_by(|a, b| a.gain.total_cmp(&b.gain))?;
        Some((clearest.from, clearest.to))
    })
}

/// Gives every candidate its score, and sorts them: the best first.
fn rate(
    scene: &Scene<'_>,
    candidates: &mut [Candidate],
    ((entries, groups), success): (&(BTreeSet<String>, BTreeSet<u32>), Option<&Success>),
    reach: Option<&Reach>,
) {
    let first =
        candidates.iter().filter_map(|c| c.signs.iter().filter(|s| s.weight >= 0.4).map(Sign::surely).min());
    let Some(first) = first.min() else { return };
    let mentions: Vec<Vec<usize>> =
        (0..candidates.len()).map(|by| mentioned(scene, candidates, by)).collect();
    let enters = |candidate: &Candidate| {
        entries.contains(candidate.name())
            && candidate.group(scene).is_none_or(|group| groups.contains(&group))
    };
    let feels = |at: &usize| enters(&candidates[*at]) && candidates[*at].lead().nature == Nature::Symptom;
    let others: Vec<usize> = (0..candidates.len()).filter(|at| !feels(at)).collect();
    let below = first_below(candidates, &others);
    for at in 0..candidates.len() {
        let candidate = &candidates[at];
        let lead = candidate.lead();
        // An early sign that explains little does not make a late one that explains much an early one.
        let worth = |sign: &Sign| {
            let late = ((sign.surely().0 - first.0) as f64 / 1e9).max(0.0);
            let sure = if sign.gain >= CLEAR || sign.nature == lead.nature { 1.0 } else { 0.5 };
            3.0 * sign.weight + 3.0 * sure * (-late / LEAD).exp()
        };
        let most = candidate.signs.iter().filter(|sign| sign.weight >= 0.4).map(worth).fold(0.0, f64::max);
        let blamed = mentions
            .iter()
            .enumerate()
            .filter(|(by, mentioned)| *by != at && mentioned.contains(&at))
            .count();
        let blames = mentions[at].iter().filter(|blamed| !mentions[**blamed].contains(&at)).count();
        // Of several that say the same, the first has it from nobody; a clock may be off by some seconds.
        let relays = candidates.iter().enumerate().any(|(other, rival)| {
            let theirs = rival.lead();
            other != at
                && theirs.detector == lead.detector
                && (owns(rival) || !owns(candidate))
                && (theirs.from.0 < lead.from.0 || (owns(rival) && theirs.from.0 < lead.from.0 + 5 * NANOS))
                && theirs.from.0 + 120 * NANOS > lead.from.0
                && lead.nature != Nature::Symptom
        });
        // The loudest is not the first: what one entry is enough for is clear.
        let plain = lead.weight >= 0.9 && !lead.level;
        let clear = (lead.gain.max(1.0).log10() / 2.5).clamp(if plain { 0.8 } else { 0.0 }, 1.0);
        // What nobody reaches any more has nothing to say.
        let starved = is_part_silence(lead)
            && mentions.iter().zip(candidates.iter()).any(|(named, other)| {
                let reason = matches!(other.lead().nature, Nature::Resource | Nature::Fault);
                let near = other.lead().from.0.abs_diff(lead.from.0) <= 180 * NANOS as u64;
                named.contains(&at) && near && (reason || other.lead().detector == "connection-failure")
            });
        // Where requests enter, and where their ends are told, everything is felt.
        let felt = lead.nature == Nature::Symptom
            && (enters(candidate) || has_it_from_below(scene, (candidates, &mentions), at, reach));
        // Of those who feel it, where requests enter is the farthest from it.
        let outermost = felt && success.is_some_and(|success| success.place(scene) == candidate.name());
        candidates[at].score = most + 0.5 * lead.weight + clear + 0.75 * blamed.min(2) as f64
            - 0.75 * blames.min(2) as f64
            + if below == Some(at) { 0.75 } else { 0.0 }
            - if relays { 1.5 } else { 0.0 }
            - if felt { 1.5 } else { 0.0 }
            - if outermost { 0.5 } else { 0.0 }
            - if starved { 2.0 } else { 0.0 };
    }
    // Of two that are as early the one is more likely that explains more: as in the confidence that is told.
    for candidate in candidates.iter_mut() {
        candidate.score += trust(candidate.lead()).ln() / SHARP;
    }
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.name().cmp(b.name())));
}

/// Of databases, brokers and machines the one that had trouble before everybody else among `those`: the others work
/// with it.
fn first_below(candidates: &[Candidate], those: &[usize]) -> Option<usize> {
    const AFTER: i64 = 300 * NANOS;
    let plain = |candidate: &Candidate| {
        let lead = candidate.lead();
        lead.weight >= 0.45 && lead.gain >= CLEAR && !lead.level
    };
    let began = |at: usize| candidates[at].from();
    let at = those.iter().copied().filter(|at| plain(&candidates[*at])).min_by_key(|at| began(*at))?;
    let next = those.iter().copied().filter(|other| *other != at).map(began).min();
    let gap = next.map_or(NANOS, |next| next.0 - began(at).0);
    (owns(&candidates[at]) && (NANOS..=AFTER).contains(&gap)).then_some(at)
}

/// Is it only some of what a service says that is heard no more?
fn is_part_silence(lead: &Sign) -> bool {
    lead.detector == "silence" && lead.what.contains("no more")
}

/// Has somebody trouble at the same time whose work is a part of a candidate's?
fn has_it_from_below(
    scene: &Scene<'_>,
    (candidates, mentions): (&[Candidate], &[Vec<usize>]),
    at: usize,
    reach: Option<&Reach>,
) -> bool {
    // What is below may have told of it a little later, by its clock or because it seldom speaks.
    const LATER: i64 = 30 * NANOS;
    let one = &candidates[at];
    candidates.iter().enumerate().filter(|(other, _)| *other != at).any(|(index, other)| {
        let near =
            other.lead().from.0 <= one.lead().from.0.saturating_add(LATER) && other.lead().weight > 0.4;
        let known = one.group(scene).zip(other.group(scene));
        let told = reach.zip(known).filter(|(reach, (a, b))| reach.knows(*a) && reach.knows(*b));
        near && match told {
            Some((reach, (one, other))) => {
                reach.calls(one, other) && !reach.calls(other, one) && reach.feels(one, other)
            }
            // Who names another is above it, whatever their clocks say.
            None => {
                let above = mentions[index].contains(&at) && !mentions[at].contains(&index);
                !above && follows(scene, one, other)
            }
        }
    })
}

/// Does the trouble of one come right after that of another, again and again?
fn follows(scene: &Scene<'_>, one: &Candidate, other: &Candidate) -> bool {
    const NEAR: i64 = 5 * NANOS;
    const FEWEST: usize = 8;
    let firsts = |candidate: &Candidate| {
        let mut bins = crate::series::bins::Bins::default();
        for at in candidate.lead().kinds.iter().filter(|_| candidate.lead().nature != Nature::Context) {
            bins.merge(scene.kinds[*at].1.bins.clone());
        }
        bins
    };
    let (ours, theirs) = (firsts(one), firsts(other));
    if ours.width() != theirs.width() {
        return false;
    }
    let mut after = (0, 0);
    let mut rest = theirs.rows().iter().peekable();
    for bin in ours.rows() {
        while rest.next_if(|other| other.index < bin.index).is_some() {}
        if let Some(other) = rest.peek().filter(|other| other.index == bin.index) {
            let gap = bin.first.ts.0 - other.first.ts.0;
            if gap != 0 && gap.abs() <= NEAR {
                after = (after.0 + usize::from(gap > 0), after.1 + 1);
            }
        }
    }
    after.1 >= FEWEST && after.0 * 10 >= after.1 * 8
}

/// Something that somebody or a clock began shortly before the first change.
struct Context<'f> {
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

fn contexts<'f>(scene: &Scene<'_>, findings: &'f [Finding], first: Option<Timestamp>) -> Vec<Context<'f>> {
    let Some(first) = first else { return Vec::new() };
    let mut contexts: Vec<Context<'f>> = Vec::new();
    for finding in findings.iter().filter(|finding| finding.nature == Nature::Context && !finding.constant) {
        let window = finding.windows.iter().rev().find(|window| {
            window.from.0 <= first.0 + 5 * NANOS && first.0 - window.from.0 <= LOOK_BACK && window.count <= 20
        });
        let Some(window) = window else { continue };
        let mut bins = crate::series::bins::Bins::default();
        let mut kinds = Vec::new();
        for kind in &finding.kinds {
            let inside = scene.kinds[*kind].1.bins.clipped(window.from, window.to);
            kinds.extend(inside.first().map(|first| (first.ts, *kind)));
            bins.merge(inside);
        }
        kinds.sort_unstable();
        let detector = crate::detect::by_name(finding.detector);
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
fn attribute(candidates: &mut [Candidate], contexts: &[Context<'_>]) {
    let Some(best) = candidates.first() else { return };
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
        _ if context.from > best.from() => false,
        "restart" => false,
        "job" => is_slow && best.from().0 - context.from.0 <= JOB,
        _ => same(context) || by_name(context),
    };
    let found = contexts.iter().filter(fits).min_by_key(|context| !same(context)).map(|context| (0, context));
    // What is merely felt has its reason where somebody changed something right before, and that is felt as well.
    let felt = lead.nature == Nature::Symptom;
    let elsewhere = || {
        let near = |context: &&Context<'_>| {
            let lead = best.from().0 - context.from.0;
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
        subject: context.finding.subject.clone(),
        kinds: Vec::new(),
        evidence: context.evidence.clone(),
    };
    let score = best.score;
    candidates[..=at].rotate_right(1);
    candidates[0].score = score;
    candidates[0].signs.insert(0, sign);
}

/// The candidates as causes, each with what followed it.
fn causes(scene: &Scene<'_>, candidates: &[Candidate], success: Option<&Success>) -> Vec<Cause> {
    const MOST: usize = 5;
    let total: f64 = candidates.iter().take(3).map(|candidate| (candidate.score * SHARP).exp()).sum();
    let share = |candidate: &Candidate| {
        if total > 0.0 { (candidate.score * SHARP).exp() / total * trust(candidate.lead()) } else { 0.0 }
    };
    let first = candidates.first().map_or(0.0, share);
    // The others have what the first one leaves.
    let left = (1.0 - calibrated(first)) / (1.0 - first).max(0.01);
    candidates
        .iter()
        .take(MOST)
        .enumerate()
        .map(|(at, candidate)| {
            let lead = candidate.lead();
            let confidence = if at == 0 { calibrated(first) } else { share(candidate) * left };
            Cause {
                rank: at + 1,
                headline: headline(lead) + &whose(scene, candidate),
                summary: sentence(candidate, &whose(scene, candidate), quoted(scene, lead).as_deref()),
                detector: lead.detector,
                subject: lead.subject.clone(),
                from: Some(candidate.from()),
                to: Some(candidate.to()),
                confidence: (confidence * 100.0).round() / 100.0,
                evidence: shown(candidate),
                effects: effects(scene, candidates, at, success),
                against: doubt::of_order(scene, candidates, at, success),
                kinds: felt_kinds(candidate),
            }
        })
        .collect()
}

/// The kinds of entries of what leads, or of what is felt where that has none: what was changed is told once.
fn felt_kinds(candidate: &Candidate) -> Vec<usize> {
    let lead = candidate.lead();
    if !lead.kinds.is_empty() && lead.nature != Nature::Context {
        return lead.kinds.clone();
    }
    let signs = candidate.signs.iter().filter(|sign| sign.nature != Nature::Context && sign.weight > 0.4);
    signs.flat_map(|sign| sign.kinds.iter().copied()).collect()
}

/// How often causes that had such a share of the evidence were right: a logistic curve through what was counted with
/// `tests/oracle`. Even of two that are almost as good the first is mostly the right one.
fn calibrated(share: f64) -> f64 {
    const AT_HALF: f64 = 1.6;
    const STEEP: f64 = 0.85;
    let share = share.clamp(0.001, 0.999);
    let odds = AT_HALF + STEEP * (share / (1.0 - share)).ln();
    1.0 / (1.0 + (-odds).exp())
}

/// Sure of the order is not sure of the cause: signs that explain little leave room for doubt.
fn trust(lead: &Sign) -> f64 {
    0.6 + 0.36 * lead.weight.min(1.0)
}

/// What happened where.
fn headline(lead: &Sign) -> String {
    format!("{} in {}", lead.what, lead.subject.service.as_ref().unwrap_or(&lead.subject.file))
}

/// What happened where, since when and how often, and what was seen with it or before it.
fn sentence(candidate: &Candidate, whose: &str, said: Option<&str>) -> String {
    let lead = candidate.lead();
    let file = lead.subject.file.rsplit('/').next().unwrap_or_default();
    let place = match &lead.subject.service {
        Some(service) => format!("{service} ({file})"),
        None => lead.subject.file.clone(),
    };
    let times = match lead.count {
        1 => String::new(),
        n => format!(", {} times", HumanCount(n)),
    };
    let said = said.map_or(String::new(), |said| format!(": “{said}”"));
    let mut text = format!("{} in {place}{whose}, since {}{times}{said}", lead.what, lead.from.clock());
    let mut others: Vec<String> = Vec::new();
    // The numbers of a metric stand in what followed.
    let brief = |sign: &'_ Sign| sign.what.find(" (").map_or(sign.what.len(), |at| at);
    let own = lead.subject.service.as_ref();
    for sign in &candidate.signs {
        let elsewhere = sign.subject.service.as_ref().filter(|service| own.is_none_or(|own| own != *service));
        let said = match elsewhere {
            Some(service) => format!("{} in {service}", &sign.what[..brief(sign)]),
            None => sign.what[..brief(sign)].to_owned(),
        };
        let close = sign.from.0.abs_diff(lead.from.0) <= 300 * NANOS as u64;
        if !std::ptr::eq(sign, lead)
            && close
            && sign.weight >= 0.4
            && said != lead.what[..brief(lead)]
            && !others.contains(&said)
        {
            others.push(said);
        }
    }
    others.truncate(3);
    let first = candidate.signs.iter().min_by_key(|sign| (sign.from, &sign.what));
    if let Some(first) = first.filter(|first| lead.from.0 - first.from.0 >= NANOS) {
        let said = &first.what[..brief(first)];
        others.retain(|other| other != said);
        let _ = write!(text, "; first sign at {}: {said}", first.from.clock());
    }
    if !others.is_empty() {
        text.push_str("; also ");
        text.push_str(&others.join(", "));
    }
    text
}

/// The leading sign's entries, then the first of the others.
fn shown(candidate: &Candidate) -> Vec<Evidence> {
    const MOST: usize = 8;
    let lead = candidate.lead();
    let mut evidence: Vec<Evidence> = lead.evidence.clone();
    for sign in &candidate.signs {
        for more in sign.evidence.iter().take(2) {
            if evidence.len() < MOST && evidence.iter().all(|known| known.location != more.location) {
                evidence.push(more.clone());
            }
        }
    }
    evidence
}

/// What followed a candidate in other services, and what became of the requests.
fn effects(scene: &Scene<'_>, candidates: &[Candidate], at: usize, success: Option<&Success>) -> Vec<String> {
    const MOST: usize = 6;
    let cause = &candidates[at];
    let from = cause.lead().from;
    let mut later: Vec<(Timestamp, String)> = Vec::new();
    for (other, candidate) in candidates.iter().enumerate() {
        for sign in &candidate.signs {
            let own = other == at && (std::ptr::eq(sign, cause.lead()) || sign.nature != Nature::Symptom);
            if sign.from >= from && !own && sign.weight >= 0.4 && sign.nature != Nature::Context {
                let text = format!("{} {}", sign.from.clock(), told(sign, candidate.name()));
                later.push((sign.from, text));
            }
        }
    }
    if let Some(success) = success
        && let Some(worst) = success.worst
        && worst.to >= from
    {
        later.push((worst.from, requests_failed(scene, success, worst.from)));
    }
    later.sort();
    later.truncate(MOST);
    later.into_iter().map(|(_, text)| text).collect()
}

/// What happened where, and how often if more than once.
fn told(sign: &Sign, name: &str) -> String {
    match sign.count {
        1 => format!("{} in {name}", sign.what),
        n => format!("{} in {name} ({} times)", sign.what, HumanCount(n)),
    }
}

fn requests_failed(scene: &Scene<'_>, success: &Success, from: Timestamp) -> String {
    let statuses: Vec<String> = success
        .by_status
        .iter()
        .take(3)
        .map(|(status, count)| format!("{} × {status}", HumanCount(*count)))
        .collect();
    let place = success.place(scene);
    format!("{} requests fail at {place}: {}", from.clock(), statuses.join(", "))
}

/// What changed, in the order of time: the first of each kind of sign of each service.
fn timeline(candidates: &[Candidate], success: Option<&Success>, scene: &Scene<'_>) -> Vec<Event> {
    let mut events: Vec<(f64, Event)> = Vec::new();
    for candidate in candidates {
        for sign in &candidate.signs {
            let what = told(sign, candidate.name());
            let event = Event { at: Some(sign.from), what, evidence: sign.evidence.first().cloned() };
            events.push((sign.weight * 10.0 + sign.gain.log10(), event));
        }
    }
    if let Some(success) = success
        && let Some(worst) = success.worst
    {
        let text = requests_failed(scene, success, worst.from);
        let what = text.split_once(' ').map_or(text.clone(), |(_, what)| what.to_owned());
        events.push((f64::MAX, Event { at: Some(worst.from), what, evidence: None }));
    }
    events.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.at.cmp(&b.1.at)));
    events.truncate(SHOWN);
    let mut events: Vec<Event> = events.into_iter().map(|(_, event)| event).collect();
    events.sort_by(|a, b| (a.at, &a.what).cmp(&(b.at, &b.what)));
    events
}
