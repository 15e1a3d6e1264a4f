//! A cause in words: what happened where, since when, what was seen with it and what followed.

use std::fmt::Write;

use super::hypothesis::{Candidate, Sign};
use super::story::Event;
use crate::detect::success::Success;
use crate::model::Timestamp;
use crate::model::time::NANOS;
use crate::model::unit::HumanCount;
use crate::signatures::Nature;
use crate::timeline::Evidence;
use crate::timeline::scene::Scene;

/// How many changes the timeline shows.
const SHOWN: usize = 14;

/// What happened where.
pub(super) fn headline(lead: &Sign) -> String {
    format!("{} in {}", lead.what, lead.subject.service.as_ref().unwrap_or(&lead.subject.file))
}

/// What happened where, since when and how often, and what was seen with it or before it.
pub(super) fn sentence(candidate: &Candidate, whose: &str, said: Option<&str>) -> String {
    let lead = candidate.lead();
    let file = lead.subject.file.rsplit('/').next().unwrap_or_default();
    let place = match &lead.subject.service {
        // Of several files of metrics none is named.
        Some(service) if file.is_empty() => service.clone(),
        Some(service) => format!("{service} ({file})"),
        None => lead.subject.file.clone(),
    };
    let times = match lead.count {
        1 => String::new(),
        n => format!(", {} times", HumanCount(n)),
    };
    let times = match lead.share.filter(|share| lead.standing && share.tells()) {
        Some(share) => format!("{times} ({:.0} % of the failed requests)", share.of_failed * 100.0),
        None => times,
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
    if let Some(first) = first.filter(|first| lead.from - first.from >= NANOS) {
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
pub(super) fn shown(candidate: &Candidate) -> Vec<Evidence> {
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
pub(super) fn effects(
    scene: &Scene<'_>,
    candidates: &[Candidate],
    at: usize,
    success: Option<&Success>,
) -> Vec<String> {
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
pub(super) fn timeline(candidates: &[Candidate], success: Option<&Success>, scene: &Scene<'_>) -> Vec<Event> {
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
