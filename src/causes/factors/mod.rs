//! The reasons for and against a hypothesis, each in log odds and with its words: one file and one line in [`FACTORS`].

mod below;
mod calls;
mod downstream;
mod naming;
mod nature;
mod precedence;
mod relay;
mod requests;
mod specific;
mod starved;
mod strength;

use super::factor::Factor;
use super::hypothesis::{CLEAR, Sign};
use super::view::View;
pub(super) use calls::by_chance;
pub(super) use specific::trust;

/// What judges a candidate: nothing, if it says nothing of it.
type Judge = fn(&View<'_>, usize) -> Option<Factor>;

/// Every factor.
const FACTORS: &[Judge] = &[
    nature::of_the_best,
    nature::of_the_lead,
    precedence::first,
    strength::clear,
    naming::named,
    naming::names,
    naming::blames,
    below::first_below,
    relay::relayed,
    downstream::felt,
    downstream::entry,
    calls::felt_by_callers,
    calls::felt_below,
    calls::unfelt,
    calls::patient,
    calls::largest,
    calls::chance,
    starved::starved,
    requests::covered,
    requests::goes_with,
    requests::beneath,
    requests::drained,
    requests::said_before,
    requests::rare,
    requests::no_baseline,
    specific::specific,
];

/// What speaks for and against a candidate.
pub(super) fn of(view: &View<'_>, at: usize) -> Vec<Factor> {
    FACTORS.iter().filter_map(|judge| judge(view, at)).collect()
}

/// The sign by which a candidate is early or explains much: an early one that explains little does not make a late one
/// that explains much an early one.
fn best<'v>(view: &View<'v>, at: usize) -> &'v Sign {
    let candidate = &view.candidates[at];
    let worth = |sign: &Sign| nature::worth(sign) + precedence::worth(view, at, sign);
    let of_substance = candidate.signs.iter().filter(|sign| sign.weight >= 0.4);
    of_substance.max_by(|a, b| worth(a).total_cmp(&worth(b))).unwrap_or_else(|| candidate.lead())
}

/// Is it as clear as the leading sign has to be?
fn is_clear(sign: &Sign, lead: &Sign) -> bool {
    sign.gain >= CLEAR || sign.nature == lead.nature
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::contrast::{Contrast, Share};
    use crate::causes::hypothesis::Candidate;
    use crate::detect::finding::Around;
    use crate::detect::{flow, traced};
    use crate::model::Timestamp;
    use crate::model::time::NANOS;
    use crate::signatures::Nature;
    use crate::timeline::Subject;
    use crate::timeline::observe::{Observed, Wants};
    use crate::timeline::scene::Scene;

    /// A sign of a service, so many seconds after noon.
    fn sign(service: &str, detector: &'static str, nature: Nature, second: i64) -> Sign {
        Sign {
            detector,
            what: detector.to_owned(),
            nature,
            weight: if nature == Nature::Symptom { 0.5 } else { 0.9 },
            gain: 100.0,
            from: Timestamp(second * NANOS),
            to: Timestamp((second + 60) * NANOS),
            count: 10,
            level: false,
            part: false,
            standing: false,
            timed: true,
            share: None,
            subject: Subject { file: format!("{service}.log"), service: Some(service.to_owned()) },
            kinds: Vec::new(),
            evidence: Vec::new(),
            around: None,
        }
    }

    fn candidate(sign: Sign) -> Candidate {
        Candidate { signs: vec![sign], score: 0.0, factors: Vec::new() }
    }

    /// The factors of each candidate by name; `mentions` are pairs of who names whom.
    fn factors(
        candidates: &[Candidate],
        mentions: &[(usize, usize)],
        contrast: Option<&Contrast>,
    ) -> Vec<Vec<(&'static str, f64)>> {
        of_view(candidates, mentions, contrast, |_| {})
    }

    fn of_view(
        candidates: &[Candidate],
        mentions: &[(usize, usize)],
        contrast: Option<&Contrast>,
        change: impl Fn(&mut View<'_>),
    ) -> Vec<Vec<(&'static str, f64)>> {
        let mut needs = crate::model::Needs::none();
        let wants = Wants::new(&[], &mut needs);
        let scene = Scene::new(&wants, Observed::new(&wants), &[]);
        let calls = crate::entities::calls::Calls::default();
        let mut view = View::of(&scene, candidates, None, None, &calls).unwrap();
        view.contrast = contrast;
        for (by, named) in mentions {
            view.mentions[*by].push(*named);
        }
        change(&mut view);
        let all = (0..candidates.len()).map(|at| of(&view, at));
        all.map(|of| of.into_iter().map(|factor| (factor.factor, factor.weight)).collect()).collect()
    }

    fn weight(factors: &[(&'static str, f64)], name: &str) -> f64 {
        factors.iter().filter(|(factor, _)| *factor == name).map(|(_, weight)| weight).sum()
    }

    #[test]
    fn what_broke_first_explains_more_than_what_is_felt_later() {
        let fault = candidate(sign("store", "deadlock", Nature::Fault, 0));
        let faint = Sign { gain: 10.0, ..sign("shop", "timeout", Nature::Symptom, 300) };
        let symptom = candidate(faint);
        let found = factors(&[fault, symptom], &[], None);
        for name in ["nature", "leading-sign", "precedence", "strength", "specificity"] {
            assert!(weight(&found[0], name) > weight(&found[1], name), "{name}: {found:?}");
        }
        let sum = |of: &[(&str, f64)]| of.iter().map(|(_, weight)| weight).sum::<f64>();
        assert!(sum(&found[0]) > sum(&found[1]) + 2.0);
    }

    #[test]
    fn blame_goes_to_the_one_that_is_named() {
        let both = [sign("shop", "timeout", Nature::Symptom, 0), sign("bank", "timeout", Nature::Symptom, 9)];
        let found = factors(&both.map(candidate), &[(0, 1)], None);
        assert!(weight(&found[1], "named-by-others") > 0.0 && weight(&found[0], "names-others") < 0.0);
        assert_eq!(weight(&found[0], "named-by-others"), 0.0);
    }

    #[test]
    fn who_says_that_another_one_failed_is_not_the_one() {
        let calls = candidate(sign("shop", "failure", Nature::Symptom, 0));
        let called = candidate(sign("stock", "error", Nature::Symptom, 9));
        let weights = |candidates: &[Candidate], elsewhere: [bool; 2]| {
            of_view(candidates, &[], None, |view| view.elsewhere = elsewhere.to_vec())
                .iter()
                .map(|found| weight(found, "blames-another"))
                .collect::<Vec<_>>()
        };
        let both = [calls, called];
        let found = weights(&both, [true, false]);
        assert!(found[0] < 0.0 && found[1] == 0.0);
        assert_eq!(weights(&both, [true, true]), [0.0, 0.0], "nobody else is there");
        assert_eq!(weights(&both, [false, false]), [0.0, 0.0]);
        let rarely = candidate(Sign { count: 2, ..sign("stock", "error", Nature::Symptom, 9) });
        assert_eq!(
            weights(&[both[0].clone(), rarely], [true, false]),
            [0.0, 0.0],
            "too seldom to be the one"
        );
    }

    #[test]
    fn who_says_the_same_later_has_it_from_the_first() {
        let both = [sign("a", "dns", Nature::Fault, 0), sign("b", "dns", Nature::Fault, 30)];
        let found = factors(&both.map(candidate), &[], None);
        assert_eq!(weight(&found[0], "relayed"), 0.0);
        assert!(weight(&found[1], "relayed") < 0.0);
    }

    #[test]
    fn what_nobody_reaches_is_silent_for_that() {
        let mut silent = sign("worker", "silence", Nature::Symptom, 60);
        silent.part = true;
        let gone = sign("shop", "connection-failure", Nature::Fault, 30);
        let found = factors(&[candidate(silent.clone()), candidate(gone.clone())], &[(1, 0)], None);
        assert!(weight(&found[0], "starved") < 0.0);
        let unnamed = factors(&[candidate(silent), candidate(gone)], &[], None);
        assert_eq!(weight(&unnamed[0], "starved"), 0.0);
    }

    #[test]
    fn a_little_slower_explains_no_failures() {
        let slower = |wait: f64| {
            let around = Around { felt: true, wait: Some(wait), ..Around::default() };
            candidate(Sign { around: Some(around), ..sign("store", traced::SLOW, Nature::Fault, 0) })
        };
        let fails = candidate(sign("price", flow::CHANGED, Nature::Fault, 60));
        let weight_of = |candidates: &[Candidate]| weight(&factors(candidates, &[], None)[0], "only-slower");
        assert!(weight_of(&[slower(14.0), fails.clone()]) < 0.0);
        // A second is enough for somebody to give up; and where nobody fails, there is nothing to explain.
        assert_eq!(weight_of(&[slower(1_200.0), fails]), 0.0);
        assert_eq!(weight_of(&[slower(14.0)]), 0.0);
    }

    #[test]
    fn requests_that_failed_speak_where_there_is_no_past() {
        let mut contrast = Contrast::default();
        (0..20).for_each(|_| contrast.add(true, &[(0, None)]));
        (0..80).for_each(|_| contrast.add(false, &[]));
        let standing = |service: &str, nature: Nature, count: u64, share: Option<Share>| {
            let sign = Sign { standing: true, count, share, ..sign(service, "x", nature, 0) };
            candidate(sign)
        };
        let share = contrast.of(0);
        let pool = standing("shop", Nature::Resource, 20, share);
        let locks = standing("store", Nature::Fault, 20, None);
        let rare = standing("disk", Nature::Fault, 2, None);
        let found = factors(&[pool, locks, rare], &[], Some(&contrast));
        assert!(weight(&found[0], "failed-requests") > 3.0);
        assert!(found.iter().all(|of| weight(of, "no-baseline") < 0.0));
        // What broke as often as requests failed is beneath those who work on them.
        assert!(weight(&found[1], "beneath-requests") > weight(&found[0], "failed-requests"));
        assert!(weight(&found[0], "explained-beneath") < 0.0);
        assert_eq!(weight(&found[2], "beneath-requests"), 0.0);
    }
}
