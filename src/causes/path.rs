//! The way of a failure: what broke where, who waited for it, and what users felt, each with its evidence.

use serde::Serialize;

use super::hypothesis::Candidate;
use super::view::View;
use crate::detect::success::Success;
use crate::model::Timestamp;
use crate::model::unit::HumanCount;
use crate::signatures::Nature;
use crate::timeline::Evidence;
use crate::timeline::evidence::time;
use crate::timeline::scene::Scene;

/// A place that a failure went through.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hop {
    /// The service, or the log where no service is known.
    pub entity: String,
    /// What happened there.
    pub what: String,
    /// Since when.
    #[serde(serialize_with = "time")]
    pub at: Option<Timestamp>,
    /// An entry that shows it.
    pub evidence: Option<Evidence>,
}

/// More are not shown between what broke and what users felt.
const BETWEEN: usize = 3;

/// From what broke in a candidate to what users felt. Between them is who names the one before, or calls it as requests
/// or metrics tell, and had trouble no sooner.
pub(super) fn path(view: &View<'_>, at: usize) -> Vec<Hop> {
    let (scene, candidates) = (view.scene, view.candidates);
    let mut hops = vec![hop(&candidates[at])];
    let mut seen = vec![at];
    while seen.len() <= BETWEEN {
        let last = seen[seen.len() - 1];
        let next = (0..candidates.len()).find(|other| {
            !seen.contains(other)
                && candidates[*other].name() != candidates[last].name()
                && candidates[*other].lead().nature != Nature::Context
                && !view.is_outermost(*other)
                && waits(view, *other, last)
        });
        let Some(next) = next else { break };
        hops.push(hop(&candidates[next]));
        seen.push(next);
    }
    hops.extend(view.success.and_then(|success| felt(scene, success, view.impact)));
    hops
}

/// Does one wait for another?
fn waits(view: &View<'_>, one: usize, other: usize) -> bool {
    let candidates = view.candidates;
    let known = candidates[one].group(view.scene).zip(candidates[other].group(view.scene));
    let calls = view.reach.zip(known).is_some_and(|(reach, (one, other))| reach.calls(one, other));
    let feels = candidates[other].signs.iter().filter_map(|sign| sign.around.as_ref());
    let mut callers = feels.flat_map(|around| &around.callers);
    calls || callers.any(|caller| caller == candidates[one].name()) || view.mentions[one].contains(&other)
}

fn hop(candidate: &Candidate) -> Hop {
    let lead = candidate.lead();
    Hop {
        entity: candidate.name().to_owned(),
        what: lead.what.clone(),
        at: Some(candidate.from()).filter(|_| lead.timed),
        evidence: lead.evidence.first().cloned(),
    }
}

/// What users felt.
fn felt(scene: &Scene<'_>, success: &Success, impact: Option<(Timestamp, Timestamp)>) -> Option<Hop> {
    let (status, count) = success.by_status.first()?;
    let failed: u64 = success.by_status.iter().map(|(_, count)| count).sum();
    let mostly =
        if *count == failed { String::new() } else { format!(", {} × {status}", HumanCount(*count)) };
    let what = match success.by_status.len() {
        1 => format!("{} requests fail with {status}", HumanCount(failed)),
        _ => format!("{} requests fail{mostly}", HumanCount(failed)),
    };
    Some(Hop {
        entity: success.place(scene).to_owned(),
        what,
        at: impact.map(|(from, _)| from),
        evidence: None,
    })
}

/// The path in one line.
pub fn told(path: &[Hop]) -> String {
    let hops: Vec<String> = path.iter().map(|hop| format!("{} in {}", hop.what, hop.entity)).collect();
    hops.join(" → ")
}
