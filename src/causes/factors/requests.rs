//! Requests that failed know of it, and those that did not do not: a contrast that needs no past.

use super::super::health::has_past;
use super::super::hypothesis::{CLEAR, Candidate, Sign};
use super::super::view::View;
use super::super::weights::{
    AS_BEFORE, BELOW, BESIDE, COINCIDES, DOWNSTREAM, NO_BASELINE, RARE, RAREST, REQUESTS, SAID_BEFORE,
};
use crate::causes::factor::Factor;
use crate::model::Timestamp;
use crate::signatures::Nature;

/// The family of those who gave up waiting.
const TIMEOUT: &str = "timeout";

/// How much of the failed it covers, and how well it tells them from the others.
pub(super) fn covered(view: &View<'_>, at: usize) -> Option<Factor> {
    let lead = view.candidates[at].lead();
    let share = lead.share.filter(|_| lead.standing)?;
    let weight = REQUESTS * share.weight();
    (weight > 0.0).then(|| Factor {
        factor: "failed-requests",
        weight,
        why: format!(
            "{:.0} % of the failed requests know of it, {:.1} % of the others",
            share.of_failed * 100.0,
            share.of_others * 100.0
        ),
    })
}

/// It knows no requests, and happens when they fail: now more, now less, as they do.
pub(super) fn goes_with(view: &View<'_>, at: usize) -> Option<Factor> {
    let lead = view.candidates[at].lead();
    let found = view.coincidence(at)?;
    let weight = COINCIDES * found.strength() * found.part;
    if weight > 0.0 {
        let why = format!("it happens when requests fail (correlation {:.2})", found.correlation);
        return Some(Factor { factor: "coincidence", weight, why });
    }
    // What broke holds up others, and need not be told each time.
    (found.is_none() && lead.nature == Nature::Symptom && lead.tells_of_each()).then(|| Factor {
        factor: "no-coincidence",
        weight: BESIDE,
        why: format!("it happens whether requests fail or not (correlation {:.2})", found.correlation),
    })
}

/// It knows no requests, broke as often as requests failed, and those who work on them have trouble: what they have
/// beside the others is its due.
pub(super) fn beneath(view: &View<'_>, at: usize) -> Option<Factor> {
    let lead = view.candidates[at].lead();
    let explains = view.explains(at, lead);
    if !is_beneath(view, at) {
        return None;
    }
    let others = view.candidates.iter().map(Candidate::lead).filter(|other| !std::ptr::eq(*other, lead));
    let best = others.filter_map(|other| other.share).map(|share| share.weight()).fold(0.0, f64::max);
    let together =
        (0..view.candidates.len()).filter(|other| *other != at).filter_map(|other| view.coincidence(other));
    let best = together.map(|found| COINCIDES * found.strength() * found.part).fold(best, f64::max);
    (best > 0.0).then(|| Factor {
        factor: "beneath-requests",
        weight: REQUESTS * best * explains + BELOW,
        why: "it knows no requests, and happened as often as they failed: they work with it".to_owned(),
    })
}

/// Did something break as often as requests failed, in something that knows no requests: whatever it says of that, if it is a
/// store of which those speak who know them?
fn is_beneath(view: &View<'_>, at: usize) -> bool {
    const WORTH: f64 = 0.3;
    let lead = view.candidates[at].lead();
    let broke = lead.holds_up() || (view.owns(at) && view.is_spoken_of(at, lead));
    lead.standing && lead.share.is_none() && broke && view.explains(at, lead) >= WORTH
}

/// What ran out where requests are worked on is held by those who wait for what broke beneath.
pub(super) fn drained(view: &View<'_>, at: usize) -> Option<Factor> {
    let lead = view.candidates[at].lead();
    if lead.nature != Nature::Resource || !lead.share.is_some_and(|share| share.tells()) {
        return None;
    }
    let breaks =
        |other: &usize| view.candidates[*other].lead().nature == Nature::Fault && is_beneath(view, *other);
    let beneath = (0..view.candidates.len()).find(breaks)?;
    let why = format!("what breaks in {} holds what ran out here", view.candidates[beneath].name());
    Some(Factor { factor: "explained-beneath", weight: DOWNSTREAM, why })
}

/// What the same requests say before it is nearer to the reason: who is called says first what its caller says then. Who
/// gave up waiting says so before the one who was waited for is done, and explains nothing by that.
pub(super) fn said_before(view: &View<'_>, at: usize) -> Option<Factor> {
    let candidate = &view.candidates[at];
    let lead = candidate.lead();
    let contrast = view.contrast?;
    let tells = |sign: &Sign| sign.share.is_some_and(|share| share.tells());
    if !tells(lead) || lead.nature == Nature::Resource {
        return None;
    }
    let (_, first) = view.candidates.iter().enumerate().find(|(index, other)| {
        let theirs = other.lead();
        // Who calls it only seems to be earlier where clocks differ.
        let calls = (view.enters(*index) && !view.enters(at)) || view.mentions[*index].contains(&at);
        other.name() != candidate.name()
            && !calls
            && tells(theirs)
            && theirs.detector != TIMEOUT
            && contrast.precedes(&theirs.kinds, &lead.kinds)
    })?;
    Some(Factor {
        factor: "said-before",
        weight: SAID_BEFORE,
        why: format!("the same requests have trouble in {} before", first.name()),
    })
}

/// So few times, and requests fail so often: it may be beside that.
pub(super) fn rare(view: &View<'_>, at: usize) -> Option<Factor> {
    let lead = view.candidates[at].lead();
    let failed = view.success?.failed.count();
    let of_each = lead.tells_of_each() || (lead.nature == Nature::Symptom && !lead.holds_up());
    let is_known = lead.share.is_some() || !of_each || !lead.timed;
    let part = lead.count as f64 / failed.max(1) as f64;
    (!is_known && (lead.standing || lead.gain <= CLEAR) && part < 1.0).then(|| Factor {
        factor: "rare",
        weight: (RARE * part.ln()).max(RAREST),
        why: format!("it is said {} times, and {failed} requests fail", lead.count),
    })
}

/// It was never otherwise: there is nothing to compare it with, or it was the same before requests failed.
pub(super) fn no_baseline(view: &View<'_>, at: usize) -> Option<Factor> {
    let lead = view.candidates[at].lead();
    let unclear = lead.standing || (lead.tells_of_each() && lead.gain <= CLEAR);
    if unclear && was_so_before(view, lead) {
        let why = "it was so before requests failed, too".to_owned();
        return Some(Factor { factor: "as-before", weight: AS_BEFORE, why });
    }
    // A limit that is reached is known without a past.
    let at_limit = lead.level && lead.nature == Nature::Resource;
    let begins = lead.share.is_none() && lead.begins(view.scene);
    (lead.standing && !at_limit && !begins).then(|| Factor {
        factor: "no-baseline",
        weight: NO_BASELINE,
        why: "it is so all the time: there is no past to compare with".to_owned(),
    })
}

/// Was it said from the start, and at least half as often before requests failed as it is while they do?
fn was_so_before(view: &View<'_>, lead: &Sign) -> bool {
    let Some(success) = view.success else { return false };
    let Some(worst) = success.worst.as_ref() else { return false };
    if !has_past(view.scene, success, worst) {
        return false;
    }
    let often = |(from, to): (Timestamp, Timestamp)| {
        let kinds = lead.kinds.iter().map(|kind| &view.scene.kinds[*kind].1.bins);
        let count: u64 = kinds.flat_map(|bins| bins.within(from, to)).map(|bin| bin.count).sum();
        count as f64 / (to - from).max(view.scene.axis.width) as f64
    };
    let past = worst.from - view.scene.first;
    let from_the_start = lead.from <= view.scene.first + past / 4;
    let usually = often((view.scene.first, Timestamp(worst.from.0.saturating_sub(1))));
    from_the_start && 2.0 * usually >= often((worst.from, worst.to))
}
