//! Findings as services read them: a verdict for each, and a row of a table.

use crate::detect::{Finding, Severity};
use crate::report::{Cell, Column, Outcome, Table, Verdict};

/// A verdict for each finding, and one for each detector that was asked and found nothing. What is less severe than
/// what fails is told without failing.
pub(super) fn verdicts(
    findings: &[Finding],
    fail_on: Option<Severity>,
    detectors: &[(&str, String)],
    only: &[String],
) -> Vec<Verdict> {
    let about = |name: &str| detectors.iter().find(|(known, _)| *known == name).map(|(_, about)| about);
    let found = findings.iter().map(|finding| {
        let place = finding.evidence.first();
        let fails = fail_on.is_none_or(|least| finding.severity >= least);
        Verdict {
            name: finding.detector.to_owned(),
            group: finding.subject.service.clone().unwrap_or_else(|| finding.subject.file.clone()),
            outcome: if fails { Outcome::Failed } else { Outcome::Skipped },
            message: finding.summary.clone(),
            file: Some(place.map_or(&finding.subject.file, |place| &place.file))
                .filter(|file| !file.is_empty())
                .cloned(),
            line: place.map(|place| place.line),
            severity: Some(finding.severity.name().to_owned()),
            help: about(finding.detector).cloned().unwrap_or_default(),
            link: None,
        }
    });
    let asked = |name: &str| only.is_empty() || only.iter().any(|only| only == name);
    let silent = detectors
        .iter()
        .filter(|(name, _)| asked(name) && !findings.iter().any(|finding| finding.detector == *name));
    let silent = silent.map(|(name, about)| Verdict {
        name: (*name).to_owned(),
        group: "found nothing".to_owned(),
        help: about.clone(),
        ..Verdict::default()
    });
    found.chain(silent).collect()
}

/// The findings, one a row.
pub(super) fn table(findings: &[Finding]) -> Table {
    let mut table = Table::new(vec![
        Column::text("severity"),
        Column::text("detector"),
        Column::text("service"),
        Column::path("file"),
        Column::text("from"),
        Column::text("to"),
        Column::number("count"),
        Column::text("summary"),
    ])
    .named("findings");
    for finding in findings {
        let time = |at: Option<crate::model::Timestamp>| at.map_or_else(Cell::none, Cell::time);
        table.row(vec![
            Cell::text(finding.severity.name()),
            Cell::text(finding.detector),
            Cell::text(finding.subject.service.as_deref().unwrap_or_default()),
            Cell::text(finding.subject.file.as_str()),
            time(finding.from),
            time(finding.to),
            Cell::count(finding.count),
            Cell::text(finding.summary.as_str()),
        ]);
    }
    table
}
