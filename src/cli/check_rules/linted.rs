//! What the checks found in rules, in every form, and the page that tells what each of them is for.

use serde_json::{Value as Json, json};

use super::Form;
use crate::cli::out;
use crate::model::Error;
use crate::report::account::counted;
use crate::report::{Cell, Column, Outcome, Page, Phrase, Report, Section, Style, Table, Verdict};
use crate::rules::lint::{About, CHECKS, Lint, Weight};

const fn word(weight: Weight) -> &'static str {
    match weight {
        Weight::Fault => "fault",
        Weight::Note => "note",
    }
}

/// A finding in JSON.
pub(super) fn json(lint: &Lint) -> Json {
    json!({
        "check": lint.check.name(),
        "weight": word(lint.weight),
        "file": lint.file,
        "line": lint.place.line,
        "column": lint.place.column,
        "group": lint.group,
        "rule": lint.rule,
        "message": lint.message,
        "hint": lint.hint,
    })
}

/// A finding as a verdict for CI: a note fails nothing.
pub(super) fn verdict(lint: &Lint) -> Verdict {
    let has_place = !lint.file.is_empty();
    Verdict {
        name: lint.check.name().to_owned(),
        group: lint.group.clone(),
        outcome: if lint.is_fault() { Outcome::Failed } else { Outcome::Skipped },
        message: format!("{}: {}", lint.rule, lint.message),
        file: has_place.then(|| lint.file.clone()),
        line: has_place.then(|| u64::from(lint.place.line)),
        ..Verdict::default()
    }
}

/// The findings for people.
pub(super) fn report(report: &mut Report, lints: &[Lint]) {
    if lints.is_empty() {
        return report.paragraph("Nothing to lint.");
    }
    let mut files: Vec<&str> = Vec::new();
    for lint in lints {
        if !files.contains(&lint.file.as_str()) {
            files.push(&lint.file);
        }
    }
    for file in &files {
        if files.len() > 1 && !file.is_empty() {
            report.heading(*file);
        }
        report.push(Section::Table(table(lints.iter().filter(|lint| lint.file == *file))));
    }
    let faults = lints.iter().filter(|lint| lint.is_fault());
    let notes = lints.iter().filter(|lint| !lint.is_fault());
    let (faults, notes) = (faults.count() as u64, notes.count() as u64);
    if notes > 0 {
        let sentence = format!(
            "{} and {}. Notes leave the exit code alone.",
            counted(faults, "fault", "faults"),
            counted(notes, "note", "notes")
        );
        report.paragraph(sentence);
    }
}

/// The findings in a file, faults first.
fn table<'l>(lints: impl Iterator<Item = &'l Lint>) -> Table {
    let mut table = Table::new(vec![
        Column::text("place").importance(9),
        Column::text("rule").importance(7).wrapped_to(3),
        Column::text("check").importance(8),
        Column::text("what").wrapped_to(8),
    ])
    .named("lint");
    let (faults, notes): (Vec<_>, Vec<_>) = lints.partition(|lint| lint.is_fault());
    for lint in faults.into_iter().chain(notes) {
        let place = if lint.file.is_empty() { String::new() } else { lint.place.to_string() };
        let check = Cell::text(lint.check.name());
        let check = if lint.is_fault() { check } else { check.styled(Style::Dim) };
        let what = match &lint.hint {
            Some(hint) => format!("{} ({hint})", lint.message),
            None => lint.message.clone(),
        };
        table.row(vec![Cell::text(place), Cell::text(lint.rule.as_str()), check, Cell::text(what)]);
    }
    table
}

/// Writes what each check is for, with a rule that it finds and the rule as it is better.
pub(super) fn write_page(form: Form, page: Page) -> Result<(), Error> {
    let mut report = Report::new();
    report.paragraph(
        "obs check-rules --lint runs these checks on the rules; those that need data run when PATHs are given. \
         Faults make exit code 1, notes do not. A comment in or above a rule leaves it out: # obs ignore CHECK; \
         # obs ignore-file CHECK is for the whole file; comments of pint are obeyed.",
    );
    for about in CHECKS {
        section(&mut report, about);
    }
    out::write_list(form, page, &report, &CHECKS.iter().map(about_json).collect::<Vec<_>>())
}

fn section(report: &mut Report, about: &About) {
    let data = if about.needs_data { ", needs data" } else { "" };
    report.heading(Phrase::from(format!("{} ({}{data})", about.name, word(about.weight))));
    report.paragraph(about.doc);
    for (title, rule) in [("Found", about.wrong), ("Better", about.better)] {
        if !rule.is_empty() {
            report.paragraph(format!("{title}: {rule}"));
        }
    }
    if !about.pint.is_empty() {
        report.paragraph(format!("pint: {}", about.pint.join(", ")));
    }
}

fn about_json(about: &About) -> Json {
    json!({
        "check": about.name,
        "weight": word(about.weight),
        "needs_data": about.needs_data,
        "about": about.doc,
        "found": about.wrong,
        "better": about.better,
        "pint": about.pint,
    })
}
