//! Why: what changed is put in order, and what explains the rest comes first.
//!
//! Changes of one service are one candidate. A candidate is the better, the earlier it changed, the more its kind
//! explains others (what ran out or broke explains who waited for it), the clearer its change is, and the more of
//! the other candidates name its service in their own words. What happened as often before does not count,
//! however loud it is.

use super::context::{attribute, contexts};
use super::contrast::{Contrast, Share, by_failure};
use super::doubt;
use super::factor::Factor;
use super::factors;
use super::gather::{candidates, signs};
use super::health::Health;
use super::hypothesis::{Candidate, LAST_WORDS, LOOK_BACK, Sign};
use super::owner::{Writers, whose};
use super::path::path;
use super::quote::quoted;
use super::standing::{last_words, says_too_little, since_the_beginning, standing};
use super::story::{Cause, Explained, Story};
use super::tell::{effects, headline, sentence, shown, timeline};
use super::view::View;
use super::weights::NONE_OF_THESE;
use crate::detect::finding::Finding;
use crate::detect::recorded::Counted;
use crate::detect::success::{Rates, Success};
use crate::entities::calls::Calls;
use crate::entities::reach::Reach;
use crate::model::Timestamp;
use crate::signatures::Nature;
use crate::timeline::scene::{GAIN, Scene};
use crate::timeline::usual::Basis;

/// Puts the findings and changes in order. `recorded` tells how requests went where no log does; `reach`, who calls whom
/// as far as requests tell, `calls` as far as spans do.
pub fn story(
    scene: &Scene<'_>,
    findings: &[Finding],
    recorded: Option<&Counted>,
    requests: Option<(&Reach, &Contrast)>,
    calls: &Calls,
) -> Story {
    let success = Success::of(scene)
        .or_else(|| recorded.map(|counted| Success::recorded(scene, counted)))
        .or_else(|| Success::by_levels(scene));
    let worst = success.as_ref().and_then(|success| success.worst);
    let health = Health::of(scene, success.as_ref());
    let mut signs = signs(scene, findings, health);
    let core = core(&signs, worst.map(|worst| (worst.from, worst.to)));
    if let Some((from, to)) = core {
        // What was over before the trouble began, or began when it was over, is something else.
        let lasts = |sign: &Sign| if sign.lasts() { LOOK_BACK } else { sign.slack() };
        signs.retain(|sign| sign.to + lasts(sign) >= from && sign.from <= to + sign.slack());
    }
    let contrast = requests.map(|(_, contrast)| contrast);
    signs.extend(standing(scene, findings, (success.as_ref(), health), contrast, &signs));
    if signs.is_empty() && says_too_little(scene, findings, health) {
        signs.extend(last_words(scene));
    }
    if let Some(contrast) = contrast {
        for sign in &mut signs {
            sign.share = contrast.best(&sign.kinds);
        }
    }
    // How requests went where they enter is told apart.
    if let Some(success) = &success {
        let place = scene.wants.file(success.group);
        let edge = recorded.filter(|counted| success.counts_as(counted));
        let ends = success.only_end(scene);
        let of_place = |sign: &Sign| {
            let same = edge.is_some_and(|edge| sign.is_recorded() && sign.subject.service == edge.service);
            // The entries of an access log are those of requests, whatever they say beside how these ended.
            let is_entry = |kind: &usize| {
                let kind = &scene.kinds[*kind].0;
                kind.group == success.group && ends.contains(kind.service.as_str())
            };
            let of_entries =
                ["novelty", "change"].contains(&sign.detector) && sign.kinds.first().is_some_and(is_entry);
            of_entries || (sign.detector == "error-share" && (sign.subject.file == place || same))
        };
        // If nobody else says anything, it is all that is known.
        let elsewhere = |sign: &Sign| !sign.standing || sign.subject.file != place;
        if signs.iter().any(|sign| !of_place(sign) && elsewhere(sign) && sign.tells_why(scene)) {
            signs.retain(|sign| !of_place(sign));
        }
    }
    let mut candidates = clearest(candidates(signs, contrast));
    rank(scene, &mut candidates, success.as_ref(), requests, calls);
    let contexts = contexts(scene, findings, candidates.first().map(Candidate::from));
    attribute(scene, &mut candidates, &contexts);
    let sure = candidates.iter().any(|candidate| candidate.signs.iter().any(Sign::is_sure));
    // Chance makes some stretch of every day the worst of it.
    let worst = worst.filter(|worst| sure || worst.gain >= 1.25 * GAIN);
    if !sure && worst.is_none() {
        candidates.clear();
    }
    let whole = (health == Health::Failing).then_some((scene.axis.start, scene.last));
    let impact = worst.map(|worst| (worst.from, worst.to));
    let impact = impact.or(whole).or(core.filter(|_| !candidates.is_empty()));
    let causes = causes(scene, &candidates, (success.as_ref(), health), (requests, calls), impact);
    let onset = causes.first().and_then(|cause| cause.from).or(worst.map(|worst| worst.from));
    let rates = success.as_ref().map_or_else(Rates::default, |success| success.rates(scene, impact));
    let timeline = timeline(&candidates, success.as_ref(), scene);
    Story { onset, success, health, rates, impact, causes, timeline }
}

/// When the trouble was: where requests failed, or else where the clearest change was.
fn core(signs: &[Sign], worst: Option<(Timestamp, Timestamp)>) -> Option<(Timestamp, Timestamp)> {
    worst.or_else(|| {
        let clearest =
            signs.iter().filter(|sign| sign.weight >= 0.4).max_by(|a, b| a.gain.total_cmp(&b.gain))?;
        Some((clearest.from, clearest.to))
    })
}

/// The clearest of very many candidates: each is looked at beside all others.
fn clearest(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    const MOST: usize = 1_000;
    if candidates.len() > MOST {
        let clear = |candidate: &Candidate| {
            candidate.signs.iter().map(|sign| sign.weight * sign.gain.max(1.0).ln_1p()).fold(0.0, f64::max)
        };
        candidates.sort_by(|a, b| clear(b).total_cmp(&clear(a)).then_with(|| a.name().cmp(b.name())));
        candidates.truncate(MOST);
    }
    candidates
}

/// Gives every candidate the factors that speak for and against it, and puts the best first.
fn rank(
    scene: &Scene<'_>,
    candidates: &mut [Candidate],
    success: Option<&Success>,
    requests: Option<(&Reach, &Contrast)>,
    calls: &Calls,
) {
    let Some(view) = View::of(scene, candidates, success, requests, calls) else { return };
    let factors: Vec<Vec<Factor>> = (0..candidates.len()).map(|at| factors::of(&view, at)).collect();
    for (candidate, factors) in candidates.iter_mut().zip(factors) {
        candidate.score = factors.iter().map(|factor| factor.weight).sum();
        candidate.factors = factors;
    }
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.name().cmp(b.name())));
}

/// The candidates as causes, each with what followed it.
fn causes(
    scene: &Scene<'_>,
    candidates: &[Candidate],
    (success, health): (Option<&Success>, Health),
    (requests, calls): (Option<(&Reach, &Contrast)>, &Calls),
    impact: Option<(Timestamp, Timestamp)>,
) -> Vec<Cause> {
    const MOST: usize = 5;
    let mut view = View::of(scene, candidates, success, requests, calls);
    if let Some(view) = &mut view {
        view.impact = impact;
    }
    let confidences = confidences(candidates, requests.map(|(_, contrast)| contrast));
    let stands_out = success.is_some_and(|success| success.worst.is_some());
    let writers = Writers::of(scene);
    candidates
        .iter()
        .take(MOST)
        .enumerate()
        .map(|(at, candidate)| {
            let lead = candidate.lead();
            let (first, confidence) = confidences[at];
            let coincides = view.as_ref().is_some_and(|view| view.coincides(at));
            let most = most(lead, coincides, (health, stands_out));
            let whose = whose(scene, candidate, &writers);
            let confidence = confidence.min(most).min(seen_to_begin(scene, lead));
            Cause {
                rank: at + 1,
                headline: headline(lead) + &whose,
                summary: sentence(candidate, &whose, quoted(scene, lead).as_deref()),
                detector: lead.detector,
                subject: lead.subject.clone(),
                from: Some(candidate.from()).filter(|_| lead.timed),
                since_beginning: lead.standing && since_the_beginning(scene, lead.from),
                to: Some(candidate.to()).filter(|_| lead.timed),
                another_failure: at > 0 && first,
                failed_requests: lead.share.filter(Share::tells).map(|share| Explained {
                    known: share.failed,
                    of: requests.map_or(0, |(_, contrast)| contrast.failed()),
                }),
                confidence: (confidence * 100.0).round() / 100.0,
                evidence: shown(candidate),
                effects: effects(scene, candidates, at, success),
                against: doubt::of_order(scene, candidates, at, success),
                path: view.as_ref().map_or_else(Vec::new, |view| path(view, at)),
                why: candidate.factors.clone(),
                kinds: felt_kinds(candidate),
            }
        })
        .collect()
}

/// Of each whether it is the best for its failures, and how sure: those that explain the same failures are
/// alternatives, and one that explains others is none.
fn confidences(candidates: &[Candidate], contrast: Option<&Contrast>) -> Vec<(bool, f64)> {
    const RIVALS: usize = 3;
    let lead = |at: usize| candidates[at].lead();
    let apart = |one: &usize, other: &usize| {
        contrast.is_some_and(|contrast| lead(*one).is_apart(lead(*other), contrast))
    };
    let mut confidences = vec![(false, 0.0); candidates.len()];
    for failure in by_failure(0..candidates.len(), apart) {
        let odds = |at: usize| candidates[at].score.exp();
        let none = NONE_OF_THESE + factors::by_chance(&candidates[failure[0]].factors);
        let total = failure.iter().take(RIVALS).map(|at| odds(*at)).sum::<f64>() + none.exp();
        let share = |at: usize| odds(at) / total * factors::trust(lead(at));
        let first = share(failure[0]);
        // The others have what the first one leaves.
        let left = (1.0 - calibrated(first)) / (1.0 - first).max(0.01);
        for at in &failure[1..] {
            confidences[*at].1 = share(*at) * left;
        }
        confidences[failure[0]] = (true, calibrated(first));
    }
    confidences
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

/// How sure anybody can be of what was never otherwise: only requests that failed tell it from noise, those that know of it or
/// those that fail when it happens, or words that are decisive.
fn most(lead: &Sign, coincides: bool, (health, stands_out): (Health, bool)) -> f64 {
    /// From this weight on something is known to have broken or run out, rather than to be an error.
    const BROKE: f64 = 0.7;
    let tells = lead.share.is_some_and(|share| share.tells());
    match (health, lead.weight >= 0.9) {
        _ if lead.detector == LAST_WORDS => 0.05,
        _ if !lead.standing => 1.0,
        (Health::Some, _) => 0.45,
        (Health::Usual, _) if !stands_out => 0.45,
        _ if tells && lead.weight >= BROKE => 0.9,
        _ if tells => 0.75,
        (Health::Failing | Health::Unknown, true) => 0.7,
        (Health::Failing, _) if coincides => 0.7,
        _ => 0.45,
    }
}

/// How sure anybody can be of what nobody saw begin: it was so when the recording began, and in the time between that and
/// the recording it is compared with much else may have changed.
fn seen_to_begin(scene: &Scene<'_>, lead: &Sign) -> f64 {
    const UNSEEN: f64 = 0.7;
    let begins = scene.given.and_then(|given| match given.basis {
        Basis::Recording(begins) => scene.axis.bin(begins),
        Basis::Typed | Basis::Before => None,
    });
    let from = scene.axis.bin(lead.from).filter(|_| lead.timed);
    match (begins, from) {
        (Some(begins), Some(from)) if from <= begins + 1 => UNSEEN,
        _ => 1.0,
    }
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
