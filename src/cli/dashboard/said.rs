//! What is said of dashboards: a block for each panel.

use super::json::{AnswerJson, Summary};
use crate::cli::args::Form;
use crate::cli::measured::Measured;
use crate::cli::query;
use crate::cli::session::Session;
use crate::dashboard::answer::{self, Answered, Asked, AskedPanel, Status};
use crate::dashboard::legend;
use crate::model::{Error, Series, Timestamp};
use crate::promql::Value;
use crate::report::account::span;
use crate::report::{Phrase, Report, Section, Spark, Style};

/// Writes the answer.
pub(super) fn write(
    session: &mut Session,
    form: Form,
    answered: &[Answered],
    measured: &Measured,
) -> Result<(), Error> {
    session.write(
        form,
        &report(answered, measured),
        ("obs.dashboard/1", &AnswerJson::new(answered, measured)),
    )
}

fn report(answered: &[Answered], measured: &Measured) -> Report {
    let mut report = Report::new();
    for answered in answered {
        dashboard(&mut report, answered);
    }
    if answered.len() > 1 {
        report.paragraph(Summary::of(answered.iter().flat_map(|answered| &answered.panels)).sentence());
    }
    measured.tell(&mut report);
    report
}

fn dashboard(report: &mut Report, answered: &Answered) {
    report.push(Section::Title(answered.title.as_str().into()));
    let times = Timestamp::from_millis(answered.timing.from).zip(Timestamp::from_millis(answered.timing.to));
    if let Some((from, to)) = times {
        report.paragraph(span(from, to));
    }
    let variables = answered.variables.iter().map(|(name, choice)| {
        let shown = choice.trouble.clone().unwrap_or_else(|| choice.shown());
        (name.as_str().into(), shown.as_str().into())
    });
    let variables: Vec<_> = variables.collect();
    if !variables.is_empty() {
        report.push(Section::KeyValues(variables));
    }
    let mut row = None;
    for panel in &answered.panels {
        if panel.row != row {
            row.clone_from(&panel.row);
            report.heading(row.as_deref().unwrap_or_default());
        }
        block(report, panel);
    }
    report.paragraph(Summary::of(answered.panels.iter()).sentence());
}

fn block(report: &mut Report, asked: &AskedPanel) {
    let style = match asked.status {
        Status::Ok => Style::Good,
        Status::Unsupported => Style::Dim,
        Status::Empty => Style::Warn,
        Status::Error => Style::Bad,
    };
    let line = Phrase::new().and(Style::Strong, asked.panel.title.as_str()).and(Style::Plain, "  ");
    let line = line.and(style, asked.status.name());
    report.paragraph(if asked.reason.is_empty() {
        line
    } else {
        line.and(Style::Plain, format!(": {}", asked.reason))
    });
    let shown: Vec<Spark> = asked.asked.iter().filter(|query| !query.query.hidden).flat_map(sparks).collect();
    let more = shown.len().saturating_sub(CURVES);
    if !shown.is_empty() {
        report.push(Section::Sparks(shown.into_iter().take(CURVES).collect()));
    }
    if more > 0 {
        report.paragraph(
            Phrase::new().and(Style::Dim, format!("… and {more} more; --output json gives all of them")),
        );
    }
    for failed in
        asked.asked.iter().filter(|query| asked.status == Status::Ok && query.status == Status::Error)
    {
        report.paragraph(format!("{}: {}", failed.query.reference, failed.message));
    }
}

/// Curves of a panel in a terminal.
const CURVES: usize = 8;

/// The answer to a query, a line for each series.
fn sparks(asked: &Asked) -> Vec<Spark> {
    let Some(value) = &asked.value else { return Vec::new() };
    let names = legend::names(&asked.query.legend, &asked.expr, &answer::labels(value));
    let spark = |name: String, values: Vec<Option<f64>>| {
        let last = values.iter().rev().flatten().next();
        let note = last.map_or_else(String::new, |last| query::cell(*last).shown.json().to_owned());
        Spark { label: name.into(), values, note: note.into(), ..Spark::default() }
    };
    match value {
        Value::Scalar(number) => vec![spark(asked.expr.clone(), vec![Some(*number)])],
        Value::Text(_) => Vec::new(),
        Value::Vector(samples) => names
            .into_iter()
            .zip(samples)
            .map(|(name, found)| spark(name, vec![Some(found.sample.value)]))
            .collect(),
        Value::Matrix(series) => {
            let timing = &asked.timing;
            let count = ((timing.end() - timing.start()) / timing.step).max(0) as usize + 1;
            let values = |series: &Series| {
                let mut values = vec![None; count];
                for sample in &series.samples {
                    let place = ((sample.at - timing.start()) / timing.step) as usize;
                    if let Some(value) = values.get_mut(place) {
                        *value = Some(sample.value).filter(|value| value.is_finite());
                    }
                }
                values
            };
            names.into_iter().zip(series).map(|(name, series)| spark(name, values(series))).collect()
        }
    }
}
