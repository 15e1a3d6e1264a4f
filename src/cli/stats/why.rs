//! `obs stats --why`: the entries behind a number.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::super::args::InputArgs;
use super::super::redaction;
use super::super::session::Session;
use super::super::shell::correlate_command;
use super::in_unit;
use crate::filter::Filter;
use crate::model::{Error, Needs, TimeRange, Unit};
use crate::outcome::SuccessRule;
use crate::report::{Evidence, Report, Section};
use crate::stats::exemplar::{self, Behind, Wanted};
use crate::stats::{Measure, Question};

/// The entries behind a number of a group.
#[derive(Debug, Serialize)]
pub(super) struct WhyJson {
    by: Map<String, Json>,
    from: Option<String>,
    number: String,
    value: Option<f64>,
    unit: Option<&'static str>,
    entries: Vec<EntryJson>,
}

#[derive(Debug, Serialize)]
struct EntryJson {
    value: Option<f64>,
    ts: Option<String>,
    file: String,
    line: u64,
    id: Option<String>,
    text: String,
    #[serde(skip)]
    told: String,
}

/// What was typed: `p99`, `max`, `min`, `failed`.
pub(super) fn wanted(typed: &[String]) -> Result<Vec<Wanted>, Error> {
    let one = |typed: &String| {
        let percent = |digits: &str| digits.parse().ok().filter(|percent| (0.0..=100.0).contains(percent));
        let wanted = match typed.trim() {
            "max" => Some(Wanted::Percentile(100.0)),
            "min" => Some(Wanted::Percentile(0.0)),
            "failed" => Some(Wanted::Failed),
            other => other.strip_prefix('p').and_then(percent).map(Wanted::Percentile),
        };
        wanted.ok_or_else(|| {
            Error::usage(format!("`{typed}` is no number of obs stats"))
                .hinted("write p99, p99.9, max, min or failed")
        })
    };
    typed.iter().map(one).collect()
}

fn name(wanted: Wanted) -> String {
    match wanted {
        Wanted::Percentile(0.0) => "min".to_owned(),
        Wanted::Percentile(100.0) => "max".to_owned(),
        Wanted::Percentile(percent) => format!("p{percent}"),
        Wanted::Failed => "failed".to_owned(),
    }
}

/// Looks for the entries behind the numbers.
pub(super) fn behind(
    session: &Session,
    question: &Question,
    (rule, needs): (SuccessRule, Needs),
    wanted: &[Wanted],
    selected: (&Filter, TimeRange),
) -> Vec<WhyJson> {
    let options = &session.config.scan;
    let (found, scanned) =
        exemplar::behind(&session.inputs, question, rule, needs, wanted, selected, options);
    let unit = Measure::of(&question.value, &mut Needs::none()).unit().map(Unit::symbol);
    let logs = &session.inputs.logs;
    let told: Vec<_> = found.iter().flat_map(|behind| &behind.entries).map(|e| e.location).collect();
    redaction::learn_of(&told, (logs, &scanned), options);
    let of = |behind: Behind| WhyJson {
        by: question.by.iter().cloned().zip(behind.values).collect(),
        from: behind.bucket.map(|bucket| bucket.to_string()),
        number: name(behind.wanted),
        value: behind.number,
        unit,
        entries: behind
            .entries
            .into_iter()
            .map(|entry| {
                let text = String::from_utf8_lossy(&entry.text).into_owned();
                let at = entry.ts.map_or(String::new(), |ts| format!("{}  ", ts.date_clock()));
                EntryJson {
                    value: entry.value,
                    ts: entry.ts.map(|ts| ts.to_string()),
                    file: logs
                        .get(entry.location.file as usize)
                        .map_or(String::new(), |log| log.shown.clone()),
                    line: scanned.line_of(entry.location),
                    id: entry.id,
                    told: format!("{at}{}", entry.message.as_deref().unwrap_or(&text)),
                    text,
                }
            })
            .collect(),
    };
    let found: Vec<WhyJson> = found.into_iter().map(of).filter(|why| !why.entries.is_empty()).collect();
    for id in found.iter().flat_map(|why| &why.entries).filter_map(|entry| entry.id.as_deref()) {
        redaction::learn(id);
    }
    found
}

/// The entries, and the command that shows the request of the first.
pub(super) fn tell(report: &mut Report, found: &[WhyJson], read: (&[PathBuf], &InputArgs)) {
    for why in found {
        let shown =
            |value: Option<f64>| value.map(|value| in_unit(value, why.unit).shown().json().to_owned());
        let group: Vec<String> = why
            .by
            .iter()
            .map(|(name, value)| match value {
                Json::String(text) => format!("{name} {text}"),
                other => format!("{name} {other}"),
            })
            .chain(why.from.clone())
            .collect();
        let of = if group.is_empty() { String::new() } else { format!(" of {}", group.join(", ")) };
        let is = shown(why.value).map_or(String::new(), |value| format!(", {value}"));
        report.heading(format!("Behind {}{of}{is}", why.number));
        let line = |entry: &EntryJson| {
            let value = shown(entry.value).map_or(String::new(), |value| format!("{value}  "));
            Evidence {
                place: format!("{}:{}", entry.file, entry.line).into(),
                text: format!("{value}{}", entry.told).into(),
                context: false,
                whole: false,
            }
        };
        report.push(Section::Lines(why.entries.iter().map(line).collect()));
        if let Some(id) = why.entries.iter().find_map(|entry| entry.id.as_deref()) {
            report.push(Section::Code(correlate_command(read, id).into()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_names() {
        let typed = ["p99", "p99.9", "max", "min", "failed", " p0 "].map(str::to_owned);
        let names: Vec<String> = wanted(&typed).unwrap().into_iter().map(name).collect();
        assert_eq!(names, ["p99", "p99.9", "max", "min", "failed", "min"]);
        for wrong in ["99", "p101", "p-1", "pNaN", "mean", ""] {
            assert!(wanted(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }
}
