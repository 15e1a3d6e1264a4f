//! What is said of dashboards: a block for each panel, on a page as wide as the panel; the same as verdicts for CI.

use rayon::prelude::*;

use super::Judged;
use super::json::Summary;
use crate::cli::args::Form;
use crate::cli::measured::Measured;
use crate::dashboard::answer::{Answered, AskedPanel, Status};
use crate::dashboard::draw;
use crate::model::Timestamp;
use crate::report::account::{counted, span};
use crate::report::table::{Cell, Column, Table};
use crate::report::verdict::{Outcome, Verdict};
use crate::report::{Pane, Phrase, Report, Section, Style};

/// Metrics that nobody asks for, on a page.
const UNUSED: usize = 200;

/// All dashboards, and what was read.
pub(super) fn report(judged: &Judged<'_>, measured: &Measured, form: Form) -> Report {
    let mut report = Report::new();
    dashboards(&mut report, judged, form);
    if let Some(unused) = &judged.unused {
        report.heading("Metrics that nothing asks for");
        if unused.is_empty() {
            report.paragraph("None.");
        } else {
            let mut table = Table::new(vec![Column::text("metric").importance(9), Column::number("series")]);
            for (name, series) in unused.iter().take(UNUSED) {
                table.row(vec![Cell::text(name.as_str()), Cell::count(*series as u64)]);
            }
            report.push(Section::Table(table));
            if unused.len() > UNUSED {
                report.paragraph(format!(
                    "… and {} more; --output json gives all of them",
                    unused.len() - UNUSED
                ));
            }
        }
    }
    measured.tell(&mut report);
    report
}

/// All dashboards, one after the other.
pub(super) fn dashboards(report: &mut Report, judged: &Judged<'_>, form: Form) {
    for answered in judged.answered {
        dashboard(report, answered, judged, form);
    }
    if judged.answered.len() > 1 {
        report
            .paragraph(Summary::of(judged.answered.iter().flat_map(|answered| &answered.panels)).sentence());
    }
}

fn dashboard(report: &mut Report, answered: &Answered, judged: &Judged<'_>, form: Form) {
    report.push(Section::Title(answered.title.as_str().into()));
    let times = Timestamp::from_millis(answered.timing.from).zip(Timestamp::from_millis(answered.timing.to));
    if let Some((from, to)) = times {
        report.paragraph(span(from, to));
    }
    if !judged.marks.is_empty() {
        report.paragraph(Phrase::new().and(Style::Warn, marked(judged.marks)));
    }
    let variables = answered.variables.iter().map(|(name, choice)| {
        let shown = choice.trouble.clone().unwrap_or_else(|| choice.shown());
        (name.as_str().into(), shown.as_str().into())
    });
    let variables: Vec<_> = variables.collect();
    if !variables.is_empty() {
        report.push(Section::KeyValues(variables));
    }
    let failed: Vec<&AskedPanel> =
        answered.panels.iter().filter(|panel| panel.status != Status::Ok).collect();
    // In a terminal each says it at its place.
    if !failed.is_empty() && matches!(form, Form::Html | Form::Markdown) {
        let line =
            format!("{} without data: which, and why", counted(failed.len() as u64, "panel", "panels"));
        report.push(Section::Details(
            line.into(),
            Report { sections: vec![Section::Table(troubles(&failed))] },
        ));
    }
    let mut rest = answered.panels.as_slice();
    while let Some(first) = rest.first() {
        let of_row =
            rest.iter().take_while(|panel| panel.row == first.row && row_of(panel) == row_of(first)).count();
        let (row, after) = rest.split_at(of_row);
        rest = after;
        if let Some(title) = &first.row {
            report.heading(title.as_str());
        }
        report.push(Section::Board(row.par_iter().map(|panel| pane(panel, judged)).collect()));
    }
    report.paragraph(Summary::of(answered.panels.iter()).sentence());
}

/// When what is marked in the charts happened, for where a mark cannot be seen.
fn marked(marks: &draw::Marks) -> String {
    /// More are marked, and not told.
    const MOST: usize = 6;
    let mut told: Vec<String> =
        marks.iter().take(MOST).map(|(at, what)| format!("{} {}", what.json(), at.clock())).collect();
    if marks.len() > MOST {
        told.push(format!("… and {} more", marks.len() - MOST));
    }
    format!("marked: {}", told.join(", "))
}

/// What a panel's row is repeated for, which parts rows of one title.
fn row_of(panel: &AskedPanel) -> Option<&(String, String)> {
    panel.repeated.iter().find(|(name, _)| panel.panel.repeat.as_ref() != Some(name))
}

/// The panels that have something to say, with the reason.
fn troubles(failed: &[&AskedPanel]) -> Table {
    let mut table = Table::new(vec![
        Column::text("panel").importance(9),
        Column::text("row"),
        Column::text("status").importance(8),
        Column::text("why").wrapped(),
    ]);
    for panel in failed {
        table.row(vec![
            Cell::text(panel.panel.title.as_str()),
            Cell::text(panel.row.clone().unwrap_or_default()),
            Cell::text(panel.status.name()).styled(style(panel.status)),
            Cell::text(panel.reason.as_str()),
        ]);
    }
    table
}

fn style(status: Status) -> Style {
    match status {
        Status::Ok => Style::Good,
        Status::Unsupported => Style::Dim,
        Status::Empty => Style::Warn,
        Status::Error => Style::Bad,
    }
}

fn pane(asked: &AskedPanel, judged: &Judged<'_>) -> Pane {
    let panel = &asked.panel;
    let named = if panel.title.is_empty() { format!("({})", panel.kind) } else { panel.title.clone() };
    let mut title = Phrase::new().and(Style::Strong, named);
    if asked.status != Status::Ok {
        title = title.and(Style::Plain, "  ").and(style(asked.status), asked.status.name());
        title = title.and(Style::Plain, format!(": {}", asked.reason));
    }
    let mut inner = draw::panel(asked, judged.marks);
    if panel.kind == "alertlist" {
        match &judged.alerts {
            Some(alerts) => inner.push(Section::Table(alerts.clone())),
            None => {
                inner.paragraph(Phrase::new().and(Style::Dim, "no rules were given: -r FILE lists alerts"));
            }
        }
    }
    // Others of its queries have something to show; this one has not.
    for failed in
        asked.asked.iter().filter(|query| asked.status == Status::Ok && query.status == Status::Error)
    {
        inner.paragraph(format!("{}: {}", failed.query.reference, failed.message));
    }
    if !asked.left_out.is_nothing() {
        inner.paragraph(Phrase::new().and(Style::Warn, format!("left out: {}", asked.left_out.sentence())));
    }
    Pane { columns: panel.grid.width, title, note: panel.description.as_str().into(), inner }
}

/// A verdict for each panel: what is unsupported is not judged, what `--fail-on` counts has failed.
pub(super) fn verdicts(judged: &Judged<'_>) -> Vec<Verdict> {
    let of_panel = |answered: &Answered, panel: &AskedPanel| {
        let repeated: Vec<String> =
            panel.repeated.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let repeated =
            if repeated.is_empty() { String::new() } else { format!(" ({})", repeated.join(", ")) };
        let title =
            if panel.panel.title.is_empty() { panel.panel.kind.as_str() } else { panel.panel.title.as_str() };
        let outcome = match panel.status {
            Status::Unsupported => Outcome::Skipped,
            status if judged.fail_on.counts(status) => Outcome::Failed,
            Status::Ok => Outcome::Ok,
            Status::Empty | Status::Error => Outcome::Skipped,
        };
        let reason = if panel.reason.is_empty() {
            String::new()
        } else {
            format!("{}: {}", panel.status.name(), panel.reason)
        };
        Verdict {
            name: format!("{title}{repeated} #{}", panel.panel.id),
            group: answered.title.clone(),
            outcome,
            message: reason,
            file: Some(answered.file.clone()),
            line: panel.panel.line,
            help: "A panel of a dashboard has data for each of its queries that are shown.".to_owned(),
            ..Verdict::default()
        }
    };
    judged
        .answered
        .iter()
        .flat_map(|answered| answered.panels.iter().map(move |panel| of_panel(answered, panel)))
        .collect()
}
