//! What is to be seen at first sight: the way of the failure, its times by their names, for whom, and the next command.

use super::examples::ExampleJson;
use crate::causes::affected::Affected;
use crate::causes::path;
use crate::causes::story::{Cause, Story};
use crate::model::Timestamp;
use crate::report::account::counted;
use crate::report::table::percent;
use crate::report::{Phrase, Report, Section, Untrusted};

/// Values that stand out, of which so many are named.
const NAMED: usize = 3;

/// Adds it below the verdict, where there is a cause.
pub(super) fn tell(report: &mut Report, story: &Story, affected: &Affected, examples: &[ExampleJson]) {
    let Some(cause) = story.causes.first().filter(|cause| cause.is_known()) else { return };
    let way = if cause.path.len() > 1 { path::told(&cause.path) } else { String::new() };
    let rows: Vec<(Untrusted, Phrase)> =
        [("way", way), ("times", times(story, cause)), ("for", whom(affected))]
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(name, text)| (name.into(), text.into()))
            .collect();
    if !rows.is_empty() {
        report.push(Section::KeyValues(rows));
    }
    if let Some(example) = examples.first() {
        report.push(Section::Code(example.command.as_str().into()));
    }
}

/// The beginnings that an outage has, in their order.
fn times(story: &Story, cause: &Cause) -> String {
    let sign = story.timeline.iter().filter_map(|event| event.at).min();
    let sign = sign.filter(|sign| story.onset.is_some_and(|onset| *sign < onset));
    let felt = if cause.path.len() > 1 { cause.path.last().and_then(|hop| hop.at) } else { None };
    let broke = if cause.since_beginning { None } else { story.onset };
    let mut named: Vec<(Timestamp, &str)> =
        [(sign, "first sign"), (broke, "it broke"), (felt, "users felt it")]
            .into_iter()
            .filter_map(|(at, name)| Some((at?, name)))
            .collect();
    named.sort_by_key(|(at, _)| *at);
    let named: Vec<String> = named.iter().map(|(at, name)| format!("{name} {}", at.clock())).collect();
    if cause.since_beginning { "since the beginning of the data".to_owned() } else { named.join(", ") }
}

/// How many failed, and what they have more often than others.
fn whom(affected: &Affected) -> String {
    if affected.failed == 0 {
        return String::new();
    }
    let count = match affected.of {
        "entries" => counted(affected.failed, "entry tells of it", "entries tell of it"),
        _ => counted(affected.failed, "request that failed", "requests that failed"),
    };
    let values: Vec<String> = affected
        .over_represented
        .iter()
        .take(NAMED)
        .map(|common| {
            format!(
                "{} {} ({} of them, {} of the others)",
                common.field,
                common.value,
                percent(common.failed_share),
                percent(common.succeeded_share)
            )
        })
        .collect();
    if values.is_empty() { format!("{count}, all alike") } else { format!("{count}: {}", values.join(", ")) }
}
