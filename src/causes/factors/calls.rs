//! Along the calls, where metrics of many services tell of the same time: blame goes to the callee that changed, its
//! callers are symptoms, and what nobody feels explains nothing.

use super::super::hypothesis::{CLEAR, Candidate, Sign};
use super::super::view::View;
use super::super::weights::{CALLER, CHANCE, DOWNSTREAM, LARGEST, PATIENT, UNFELT};
use super::precedence::PRECEDENCE;
use crate::causes::factor::Factor;
use crate::detect::{flow, traced};
use crate::model::unit::HumanMillis;
use crate::signatures::Nature;

/// The names of what is the clearest of its kind, and of what may be chance.
const MAGNITUDE: &str = "magnitude";
const CHANCES: &str = "chance";

/// More callers than so many tell no more.
const MOST: usize = 3;

/// The signs of a candidate that requests feel, as metrics of all services tell.
fn felt(candidate: &Candidate) -> impl Iterator<Item = &Sign> {
    candidate.signs.iter().filter(|sign| sign.around.as_ref().is_some_and(|around| around.felt))
}

/// Names, each once.
fn names<'c>(of: impl Iterator<Item = &'c Vec<String>>) -> Vec<&'c str> {
    let mut names: Vec<&str> = of.flatten().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Those who call it feel the same.
pub(super) fn felt_by_callers(view: &View<'_>, at: usize) -> Option<Factor> {
    let around = felt(&view.candidates[at]).filter_map(|sign| sign.around.as_ref());
    let callers = names(around.map(|around| &around.callers));
    (!callers.is_empty()).then(|| Factor {
        factor: "felt-by-callers",
        weight: CALLER * callers.len().min(MOST) as f64,
        why: format!("{} call it, and have the same trouble", callers.join(", ")),
    })
}

/// Those whom it calls have the same trouble: it has it from them.
pub(super) fn felt_below(view: &View<'_>, at: usize) -> Option<Factor> {
    let around = felt(&view.candidates[at]).filter_map(|sign| sign.around.as_ref());
    let callees = names(around.map(|around| &around.callees));
    (!callees.is_empty()).then(|| Factor {
        factor: "has-it-from-below",
        weight: DOWNSTREAM,
        why: format!("it calls {}, which has the same trouble", callees.join(", ")),
    })
}

/// It is used more, and no request feels it, while requests feel something else.
pub(super) fn unfelt(view: &View<'_>, at: usize) -> Option<Factor> {
    let candidate = &view.candidates[at];
    let only_used =
        candidate.signs.iter().all(|sign| sign.around.as_ref().is_some_and(|around| !around.felt));
    let others = view.candidates.iter().any(|other| felt(other).next().is_some());
    (only_used && others).then(|| Factor {
        factor: "not-felt",
        weight: UNFELT,
        why: "no request is slower or fails for it, while others are".to_owned(),
    })
}

/// One waits for it a little longer, and nobody gives up for that, while operations elsewhere fail.
pub(super) fn patient(view: &View<'_>, at: usize) -> Option<Factor> {
    /// The shortest timeout that clients come with, in milliseconds (Hystrix; most wait for many seconds).
    const PATIENCE: f64 = 1_000.0;
    let fails = |sign: &Sign| matches!(sign.detector, flow::CHANGED | traced::FAILED);
    let waits = |candidate: &Candidate| {
        let wait = |sign: &Sign| sign.around.as_ref().and_then(|around| around.wait);
        candidate.signs.iter().filter_map(wait).max_by(f64::total_cmp)
    };
    let candidate = &view.candidates[at];
    let wait = waits(candidate).filter(|wait| *wait < PATIENCE)?;
    let others = || view.candidates.iter().flat_map(|other| &other.signs);
    (!candidate.signs.iter().any(fails) && others().any(fails)).then(|| Factor {
        factor: "only-slower",
        weight: PATIENT,
        why: format!("one waits {} longer for it, while operations elsewhere fail", HumanMillis(wait)),
    })
}

/// Of those who feel the same, who feels it most is nearest to its reason: on the way up it is diluted.
pub(super) fn largest(view: &View<'_>, at: usize) -> Option<Factor> {
    let share = |sign: &Sign| {
        let alike = view.candidates.iter().flat_map(felt).filter(|other| other.detector == sign.detector);
        sign.gain / alike.map(|other| other.gain).fold(sign.gain, f64::max)
    };
    let share = felt(&view.candidates[at]).map(share).fold(0.0, f64::max);
    (share > 0.0).then(|| Factor {
        factor: MAGNITUDE,
        weight: LARGEST * share,
        why: format!("its evidence is {:.0} % of the clearest of its kind", share * 100.0),
    })
}

/// Of hundreds of series one or the other stands out by chance: where nobody who calls it feels the same, and nothing that
/// it uses ran short, it has to be the clearer.
pub(super) fn chance(view: &View<'_>, at: usize) -> Option<Factor> {
    /// Gains that are this much above the least are no chance.
    const SURE: f64 = 20.0;
    let candidate = &view.candidates[at];
    let is_told_elsewhere = |sign: &Sign| {
        let around = sign.around.as_ref();
        around.is_none_or(|around| !around.callers.is_empty()) || sign.nature == Nature::Resource
    };
    let most = candidate.signs.iter().map(|sign| sign.gain).fold(0.0, f64::max);
    let doubt = (1.0 - (most - CLEAR) / SURE).clamp(0.0, 1.0);
    (doubt > 0.0 && !candidate.signs.iter().any(is_told_elsewhere)).then(|| Factor {
        factor: CHANCES,
        weight: CHANCE * doubt,
        why: "nobody else tells of it, and of many series one stands out by chance".to_owned(),
    })
}

/// What is worth, beside that nothing is, that chance made the best of these: of many series one is always the first and
/// the clearest, so where chance may have made it, being so speaks for chance as well.
pub(in crate::causes) fn by_chance(factors: &[Factor]) -> f64 {
    let of = |names: &[&str]| -> f64 {
        factors.iter().filter(|of| names.contains(&of.factor)).map(|of| of.weight).sum()
    };
    of(&[PRECEDENCE, MAGNITUDE]) * of(&[CHANCES]) / CHANCE
}
