//! What speaks against a cause: what began before it, what it does not explain, and what went well in spite of it.
//!
//! Every cause is asked the same questions, the best one too: an explanation that nothing speaks against is worth
//! more than a number.

use super::hypothesis::Candidate;
use super::story::Cause;
use crate::detect::platform::is_state;
use crate::detect::success::Success;
use crate::entities::reach::{FEWEST, Reach};
use crate::model::Timestamp;
use crate::model::time::NANOS;
use crate::model::unit::{HumanCount, HumanMillis};
use crate::signatures::Nature;
use crate::timeline::scene::Scene;

/// Clocks may be off by so much, and the first failures are rarely the first to be seen.
const SLACK: i64 = 10 * NANOS;

/// From which share on something is worth a sentence.
const WORTH: f64 = 0.1;

/// What is said of one cause, at most.
const MOST: usize = 5;

/// What speaks against a candidate in the order of time, and in what it is.
pub(super) fn of_order(
    scene: &Scene<'_>,
    candidates: &[Candidate],
    at: usize,
    success: Option<&Success>,
) -> Vec<String> {
    let cause = &candidates[at];
    let (from, to, lead) = (cause.from(), cause.to(), cause.lead());
    let mut against = Vec::new();
    if let Some(success) = success
        && let Some(worst) = success.worst
    {
        failures(scene, success, (worst.from, worst.to), (from, to), &mut against);
    }
    let mut earlier: Vec<(Timestamp, &str, &str)> = candidates
        .iter()
        .enumerate()
        .filter(|(other, candidate)| *other != at && candidate.from() + SLACK < from)
        .map(|(_, candidate)| (candidate.from(), candidate.lead().what.as_str(), candidate.name()))
        .collect();
    earlier.sort();
    if let [(began, what, name), rest @ ..] = &earlier[..] {
        let more = match rest.len() {
            0 => String::new(),
            n => format!(" (and {n} more)"),
        };
        let lead = HumanMillis((from - *began) as f64 / 1e6);
        against.push(format!("{what} in {name} began {lead} before it{more}"));
    }
    if lead.nature == Nature::Symptom {
        against.push("it is a symptom: its reason may lie elsewhere".to_owned());
    }
    let before: u64 = lead
        .kinds
        .iter()
        .filter_map(|kind| scene.kinds.get(*kind))
        .flat_map(|(_, signal)| signal.bins.rows())
        .filter(|bin| bin.last + SLACK < from)
        .map(|bin| bin.count)
        .sum();
    if before > 0 {
        let times = if before == 1 { "once".to_owned() } else { format!("{} times", HumanCount(before)) };
        against.push(format!("the same was seen {times} before, without failures"));
    }
    let alone = lead.count == 1 && lead.kinds.len() <= 1 && cause.signs.len() == 1;
    if alone && lead.nature != Nature::Context && !is_state(&lead.evidence) {
        against.push("only one entry or series tells of it".to_owned());
    }
    against.truncate(MOST);
    against
}

/// Failures before and after the time in which a cause was seen.
fn failures(
    scene: &Scene<'_>,
    success: &Success,
    (began, ended): (Timestamp, Timestamp),
    (from, to): (Timestamp, Timestamp),
    against: &mut Vec<String>,
) {
    let count = |from: Timestamp, to: Timestamp| -> u64 {
        success.failed.within(from, to).map(|bin| bin.count).sum()
    };
    let all = count(began, ended).max(1);
    let share = |part: u64| part as f64 / all as f64;
    let width = scene.axis.width;
    if began + SLACK < from {
        let early = count(began, Timestamp(from.0.saturating_sub(1)));
        if early >= 2 {
            against.push(format!(
                "{} of {} requests that failed did so before it began, the first at {}",
                HumanCount(early),
                HumanCount(all),
                began.clock()
            ));
        }
    }
    let late = count(Timestamp(to.0.saturating_add(60 * NANOS + width)), ended);
    if share(late) >= WORTH {
        against.push(format!(
            "{} of {} requests failed more than a minute after it was last seen, at {}",
            HumanCount(late),
            HumanCount(all),
            to.clock()
        ));
    }
    if ended + 180 * NANOS + width < to {
        against.push(format!(
            "requests went well again from {} on, while it lasted until {}",
            ended.clock(),
            to.clock()
        ));
    }
}

/// What the requests say against the causes: those that failed without them, and those that went well with them.
pub fn of_requests(causes: &mut [Cause], reach: &Reach, scene: &Scene<'_>) {
    let groups: Vec<Option<u32>> = causes.iter().map(|cause| scene.group_of(&cause.subject.file)).collect();
    let names: Vec<String> = causes.iter().map(|cause| cause.name().to_owned()).collect();
    for (at, cause) in causes.iter_mut().enumerate() {
        let Some(group) = groups[at] else { continue };
        let (failed, all_failed) = reach.of(true, group);
        let (went_well, all_well) = reach.of(false, group);
        // A log that knows of no request says nothing of them.
        if failed + went_well == 0 {
            continue;
        }
        let mut against = Vec::new();
        let unknown = all_failed - failed;
        if all_failed >= FEWEST && unknown as f64 >= WORTH * all_failed as f64 {
            against.push(format!(
                "{} of {} failed requests looked at left no trace in {}: they did not get there, or it was not the reason",
                HumanCount(unknown),
                HumanCount(all_failed),
                names[at]
            ));
        }
        let with = failed + went_well;
        if with >= FEWEST && went_well as f64 >= 0.25 * with as f64 && all_well > 0 {
            against.push(format!(
                "{} of {} requests that {} worked on in that time went well",
                HumanCount(went_well),
                HumanCount(with),
                names[at]
            ));
        }
        for (other, name) in names.iter().enumerate().filter(|(other, _)| *other != at) {
            let Some(theirs) = groups[other].filter(|theirs| *theirs != group) else { continue };
            let (without, all) = reach.without(group, theirs);
            if all >= FEWEST && without * 2 > all {
                against.push(format!(
                    "{name} had {} of its {} failed requests without {}",
                    HumanCount(without),
                    HumanCount(all),
                    names[at]
                ));
            }
        }
        cause.against.extend(against);
        cause.against.truncate(MOST);
    }
}
