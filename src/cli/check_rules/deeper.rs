//! What goes deeper than a replay: a rule explained at a time, and what another `for` or threshold would have done.

use std::fmt::Write as _;

use crate::cli::query;
use crate::model::{Error, Timestamp};
use crate::report::account::counted;
use crate::report::{Cell, Column, Phrase, Report, Section, Style, Table};
use crate::rules::duration;
use crate::rules::explain::{Element, Explanation, Part};
use crate::rules::file::RuleFile;
use crate::rules::whatif::{Trials, WhatIf};

/// The values of `--for`, `--threshold` and `--threshold-of`.
pub(super) fn trials(holds: &[String], thresholds: &[f64], of: Option<&str>) -> Result<Trials, Error> {
    let millis = |text: &String| {
        duration::parse(text.trim()).map_err(|_| {
            Error::usage(format!("--for: `{text}` is no length of time")).hinted("write --for 1m,5m,1h30m")
        })
    };
    let holds = holds.iter().map(millis).collect::<Result<_, _>>()?;
    Ok(Trials { holds, thresholds: thresholds.to_vec(), comparison: of.map(str::to_owned) })
}

/// Leaves only the alerts of these names, or of these ids of the short form; recording rules stay.
pub(super) fn keep_only(files: &mut [RuleFile], names: &[String]) -> Result<(), Error> {
    if names.is_empty() {
        return Ok(());
    }
    let mut alerts: Vec<String> = Vec::new();
    let mut found = vec![false; names.len()];
    for group in files.iter_mut().flat_map(|file| &mut file.groups) {
        group.rules.retain(|rule| {
            if rule.alerting().is_none() {
                return true;
            }
            alerts.push(rule.name.clone());
            let place = names.iter().position(|name| *name == rule.name || rule.id.as_ref() == Some(name));
            place.is_some_and(|place| std::mem::replace(&mut found[place], true) || found[place])
        });
    }
    match found.iter().position(|found| !found) {
        None => Ok(()),
        Some(place) => {
            alerts.truncate(10);
            Err(Error::usage(format!("there is no alert `{}`", names[place]))
                .hinted(format!("there are {}", alerts.join(", "))))
        }
    }
}

/// Adds what another `for` or threshold would have done.
pub(super) fn what_if_report(report: &mut Report, rows: &[WhatIf]) {
    let mut table = Table::new(vec![
        Column::text("rule").importance(9).wrapped_to(8),
        Column::text("for").importance(8),
        Column::number("threshold").importance(8),
        Column::number("fired").importance(7),
        Column::number("only pending"),
        Column::text("firing for").importance(6),
        Column::text("first fired").importance(5),
        Column::text("").importance(8),
    ])
    .named("what-if");
    let time = query::short_times(rows.iter().filter_map(|row| row.first_firing_at));
    for row in rows {
        let style = if row.fired > 0 { Style::Bad } else { Style::Good };
        let seconds = (row.firing_seconds * 1000.0) as i64;
        table.row(vec![
            Cell::text(row.rule.as_str()),
            Cell::text(row.hold.as_str()),
            row.threshold.map_or_else(Cell::none, query::cell),
            Cell::count(row.fired as u64).styled(style),
            Cell::count(row.pending as u64),
            if row.fired > 0 { Cell::text(duration::text(seconds)) } else { Cell::none() },
            row.first_firing_at.map_or_else(Cell::none, &time),
            Cell::text(if row.as_written { "as is" } else { "" }).styled(Style::Dim),
        ]);
    }
    report.heading("What if");
    report.push(Section::Table(table));
    // Which number was varied, once for each rule.
    for row in rows.iter().filter(|row| row.as_written) {
        let varies = |other: &&WhatIf| {
            (&other.rule, &other.group) == (&row.rule, &row.group) && other.threshold != row.threshold
        };
        let (Some(comparison), true) = (&row.comparison, rows.iter().any(|other| varies(&other))) else {
            continue;
        };
        let mut text = format!("{}: the threshold is the number in {comparison}.", row.rule);
        let others = row.comparisons.iter().enumerate().filter(|(_, other)| *other != comparison);
        for (index, other) in others {
            let _ = write!(text, " --threshold-of {} would vary {other}.", index + 1);
        }
        report.paragraph(text);
    }
}

/// Adds the explanation of a rule.
pub(super) fn explained(report: &mut Report, explanation: &Explanation) {
    let place = format!(" at {} ({}:{})", explanation.at, explanation.file, explanation.line);
    report.heading(Phrase::new().and(Style::Strong, explanation.rule.as_str()).and(Style::Plain, place));
    let mut table = Table::new(vec![
        Column::text("part").importance(7).wrapped_to(6).whole_words(),
        Column::text("series").importance(9).wrapped_to(6),
        Column::text("value").importance(8),
    ])
    .named("parts");
    for part in &explanation.parts {
        rows(&mut table, part);
    }
    report.push(Section::Table(table));
    for part in explanation.parts.iter().filter(|part| !part.recorded_by.is_empty()) {
        report.paragraph(format!("{} is recorded by {}.", part.expression, part.recorded_by.join(", ")));
    }
    let since = Timestamp::clock;
    for alert in &explanation.alerts {
        let text = format!("{} since {}: {}", alert.state, since(alert.since), alert.labels);
        report.paragraph(Phrase::new().and(Style::Bad, text));
    }
    if explanation.alerts.is_empty() {
        report.paragraph("No alert is active then.");
    }
}

/// A part with its first element, and one row for each of the others.
fn rows(table: &mut Table, part: &Part) {
    // Not blanks: a table takes away those at the edges of a cell.
    let expression = format!("{}{}", "· ".repeat(part.depth), part.expression);
    let value = |element: &Element| match (element.first, element.samples) {
        (Some(first), Some(samples)) => {
            let (first, last) = (query::cell(first), query::cell(element.value));
            let samples = counted(samples as u64, "sample", "samples");
            Cell::text(format!("{} … {}, {samples}", first.shown().line(), last.shown().line()))
        }
        _ => query::cell(element.value),
    };
    let first = match (part.values.first(), &part.error) {
        (_, Some(error)) => vec![Cell::text(""), Cell::text(error.as_str()).styled(Style::Bad)],
        (Some(element), None) if part.kind == "scalar" => vec![Cell::text(""), value(element)],
        (Some(element), None) => vec![Cell::text(element.labels.to_string()), value(element)],
        (None, None) => vec![Cell::text(""), Cell::text("nothing").styled(Style::Warn)],
    };
    table.row([vec![Cell::text(expression)], first].concat());
    for element in part.values.iter().skip(1) {
        table.row(vec![Cell::text(""), Cell::text(element.labels.to_string()), value(element)]);
    }
    let more = part.elements - part.values.len();
    if more > 0 {
        table.row(vec![Cell::text(""), Cell::text(format!("… and {more} more")), Cell::text("")]);
    }
}

/// Adds the lines of both texts: those that are only expected with `-`, those that are only there with `+`.
pub(super) fn difference(mut phrase: Phrase, expected: &str, got: &str) -> Phrase {
    let expected: Vec<&str> = expected.lines().take(LINES).collect();
    let got: Vec<&str> = got.lines().take(LINES).collect();
    // For each pair of places, how many lines the rests have in common.
    let mut common = vec![vec![0_u32; got.len() + 1]; expected.len() + 1];
    for i in (0..expected.len()).rev() {
        for j in (0..got.len()).rev() {
            common[i][j] = if expected[i] == got[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < expected.len() || j < got.len() {
        let (style, sign, line) = match (expected.get(i), got.get(j)) {
            (Some(a), Some(b)) if a == b => {
                (i, j) = (i + 1, j + 1);
                (Style::Plain, ' ', *a)
            }
            (Some(a), None) => {
                i += 1;
                (Style::Bad, '-', *a)
            }
            (Some(a), Some(_)) if common[i + 1][j] >= common[i][j + 1] => {
                i += 1;
                (Style::Bad, '-', *a)
            }
            (_, Some(b)) => {
                j += 1;
                (Style::Good, '+', *b)
            }
            (None, None) => break,
        };
        phrase = phrase.and(style, format!("{sign} {line}\n"));
    }
    phrase
}

/// Lines of each text that are compared.
const LINES: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_told_line_by_line() {
        for (expected, got, said) in [
            ("a\nb\nc", "a\nc", "  a\n- b\n  c\n"),
            ("a", "b", "- a\n+ b\n"),
            ("", "b", "+ b\n"),
            ("a\nb", "b\na", "- a\n  b\n+ a\n"),
        ] {
            let phrase = difference(Phrase::new(), expected, got);
            let shown: String = phrase.0.iter().map(|(_, text)| text.json()).collect();
            assert_eq!(shown, said, "{expected:?} {got:?}");
        }
    }

    #[test]
    fn values_of_for_are_durations() {
        assert_eq!(
            trials(&["5m".into(), "1h30m".into(), "0".into()], &[], None).unwrap().holds,
            [300_000, 5_400_000, 0]
        );
        assert!(trials(&["5".into()], &[], None).is_err());
    }
}
