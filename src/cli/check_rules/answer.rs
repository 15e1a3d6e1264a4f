//! What a check of rules found, in every form: for people, as JSON, and as verdicts for CI.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::{Value as Json, json};

use super::expected::{self, Expectation};
use super::{FailOn, Form, deeper, diagnostic, linted};
use crate::cli::measured::{InputJson, Measured};
use crate::cli::out;
use crate::model::{Diagnostic, Error, Labels, Timestamp};
use crate::report::account::counted;
use crate::report::{Cell, Column, Outcome, Page, Phrase, Report, Section, Style, Table, Verdict, junit};
use crate::rules::alert::{Alert, Evidence, Reason, Status};
use crate::rules::explain::Explanation;
use crate::rules::file::{Rule, RuleFile, RuleGroup, RuleKind};
use crate::rules::lint::Lint;
use crate::rules::replay::{self, Replay};
use crate::rules::unit::{self, UnitReport};
use crate::rules::whatif::WhatIf;
use crate::rules::yaml::Problem;

/// A file that was checked.
#[derive(Debug)]
pub(super) struct CheckedFile {
    pub name: String,
    /// What is in it, in words.
    pub about: String,
    /// How many rules, if it is a file of rules.
    pub rules: Option<usize>,
    pub problems: Vec<Problem>,
    pub warnings: Vec<Problem>,
}

impl CheckedFile {
    /// What is wrong and what is odd.
    pub(super) fn diagnostics(&self) -> Vec<Diagnostic> {
        let problems = self.problems.iter().map(|problem| diagnostic(&self.name, problem, true));
        problems.chain(self.warnings.iter().map(|problem| diagnostic(&self.name, problem, false))).collect()
    }

    fn json(&self) -> Json {
        let problem = |problem: &Problem| {
            json!({
                "line": problem.place.line,
                "column": problem.place.column,
                "context": problem.context,
                "message": problem.message,
                "hint": problem.hint,
            })
        };
        json!({
            "file": self.name,
            "rules": self.rules,
            "problems": self.problems.iter().map(problem).collect::<Vec<_>>(),
            "warnings": self.warnings.iter().map(problem).collect::<Vec<_>>(),
        })
    }
}

/// Everything that was found.
#[derive(Debug)]
pub(super) struct Answer {
    pub checked: Vec<CheckedFile>,
    pub lints: Option<Vec<Lint>>,
    pub tests: Option<Vec<UnitReport>>,
    pub replay: Option<Replay>,
    pub what_if: Option<Vec<WhatIf>>,
    pub explained: Option<Vec<Explanation>>,
    pub measured: Option<Measured>,
    pub input: Option<InputJson>,
    pub fail_on: FailOn,
    /// A file for the verdicts as JUnit XML.
    pub junit: Option<PathBuf>,
    /// Are failures of tests shown as differences?
    pub diff: bool,
    /// Was a file of tests written instead?
    pub seeded: bool,
    /// Are messages shown?
    pub notifications: bool,
    /// What was expected of alerts, held against what happened.
    pub expected: Vec<Expectation>,
}

impl Default for Answer {
    fn default() -> Self {
        Answer {
            checked: Vec::new(),
            lints: None,
            tests: None,
            replay: None,
            what_if: None,
            explained: None,
            measured: None,
            input: None,
            fail_on: FailOn::Any,
            junit: None,
            diff: false,
            notifications: false,
            expected: Vec::new(),
            seeded: false,
        }
    }
}

#[derive(Serialize)]
struct AnswerJson<'a> {
    #[serde(flatten)]
    replay: Option<&'a Replay>,
    #[serde(skip_serializing_if = "Option::is_none")]
    what_if: Option<&'a [WhatIf]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explain: Option<&'a [Explanation]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<Vec<Json>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lint: Option<Vec<Json>>,
    #[serde(skip_serializing_if = "<[Expectation]>::is_empty")]
    expectations: &'a [Expectation],
    #[serde(skip_serializing_if = "Option::is_none")]
    tests: Option<Vec<Json>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<&'a InputJson>,
}

/// What could not be judged: trouble, unless it may be.
pub(in crate::cli) fn judged(replay: &Replay, allow_no_data: bool) -> Vec<Diagnostic> {
    let mut told = Vec::new();
    for unjudged in &replay.unjudged {
        let told_as = match (unjudged.reason, allow_no_data) {
            (Reason::NoData, true) => Diagnostic::note,
            _ => Diagnostic::error,
        };
        let message = match unjudged.reason {
            Reason::NoData => {
                format!("{} has no data: no series {}", unjudged.rule, unjudged.selectors.join(", "))
            }
            Reason::Failed => {
                format!("{}: {}", unjudged.rule, unjudged.message.as_deref().unwrap_or("evaluation failed"))
            }
        };
        let diagnostic = told_as(unjudged.file.as_str(), message.as_str()).at_line(u64::from(unjudged.line));
        told.push(match unjudged.reason {
            Reason::NoData => diagnostic.hinted("--allow-no-data lets this pass"),
            Reason::Failed => diagnostic,
        });
    }
    for missing in &replay.missing {
        let message = format!("{} was judged without {}", missing.rule, missing.selectors.join(", "));
        told.push(Diagnostic::note(missing.file.as_str(), message).at_line(u64::from(missing.line)));
    }
    told
}

impl Answer {
    /// Did an alert fire that counts, did a test fail, or did a check find a fault?
    pub(super) fn is_failure(&self) -> bool {
        let fired = self.replay.iter().flat_map(|replay| &replay.alerts).any(|alert| self.counts(alert));
        let failed = self.tests.iter().flatten().any(|report| !report.passed());
        let unmet = self.expected.iter().any(|met| !met.met);
        fired || failed || unmet || self.lints.iter().flatten().any(Lint::is_fault)
    }

    /// Does an alert count for the exit code?
    fn counts(&self, alert: &Alert) -> bool {
        alert.fired() && alert.status != Status::Suppressed && self.fail_on.counts(alert.severity.as_deref())
    }

    /// Writes the answer.
    pub(super) fn write(&self, form: Form, page: Page, files: &[RuleFile]) -> Result<(), Error> {
        if let Some(path) = &self.junit {
            out::write_file(path, junit::render(&self.verdicts(files)).as_bytes())?;
        }
        if form.is_of_verdicts() {
            return self.write_verdicts(form, files);
        }
        // Where nothing was replayed or tested, the check of the files is the answer.
        let files_alone = self.replay.is_none() && self.tests.is_none();
        let json = AnswerJson {
            replay: self.replay.as_ref(),
            what_if: self.what_if.as_deref(),
            explain: self.explained.as_deref(),
            files: files_alone.then(|| self.checked.iter().map(CheckedFile::json).collect()),
            lint: self.lints.as_ref().map(|lints| lints.iter().map(linted::json).collect()),
            expectations: &self.expected,
            tests: self.tests.as_ref().map(|tests| tests.iter().map(test_json).collect()),
            input: self.input.as_ref(),
        };
        out::write_report(form, page, &self.report(files_alone), ("obs.check-rules/1", &json))
    }

    fn write_verdicts(&self, form: Form, files: &[RuleFile]) -> Result<(), Error> {
        out::write_verdicts(form, &self.verdicts(files))
    }

    /// One verdict for each problem of a file, for each rule, and for each test.
    fn verdicts(&self, files: &[RuleFile]) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        for file in &self.checked {
            for problem in &file.problems {
                verdicts.push(Verdict {
                    name: "rule-file".to_owned(),
                    group: file.name.clone(),
                    outcome: Outcome::Failed,
                    message: problem.to_string(),
                    file: Some(file.name.clone()),
                    line: Some(u64::from(problem.place.line)),
                    ..Verdict::default()
                });
            }
        }
        verdicts.extend(expected::verdicts(&self.expected));
        verdicts.extend(self.lints.iter().flatten().map(linted::verdict));
        for report in self.tests.iter().flatten() {
            verdicts.extend(test_verdicts(report));
        }
        for file in files.iter().filter(|_| self.replay.is_some() || self.tests.is_none()) {
            for (group, rule) in file.groups.iter().flat_map(|g| g.rules.iter().map(move |rule| (g, rule))) {
                verdicts.push(self.rule_verdict(file, group, rule));
            }
        }
        verdicts
    }

    fn rule_verdict(&self, file: &RuleFile, group: &RuleGroup, rule: &Rule) -> Verdict {
        let replay = self.replay.as_ref();
        let unjudged = replay.into_iter().flat_map(|replay| &replay.unjudged).find(|unjudged| {
            unjudged.file == file.name && unjudged.group == group.name && unjudged.line == rule.place.line
        });
        let fired: Vec<String> = replay
            .into_iter()
            .flat_map(|replay| &replay.alerts)
            .filter(|alert| alert.file == file.name && alert.group == group.name && alert.rule == rule.name)
            .filter(|alert| self.counts(alert))
            .map(episode)
            .collect();
        let (outcome, message) = match unjudged {
            Some(unjudged) if unjudged.reason == Reason::NoData => {
                (Outcome::Skipped, format!("no data: no series {}", unjudged.selectors.join(", ")))
            }
            Some(unjudged) => (Outcome::Failed, unjudged.message.clone().unwrap_or_default()),
            None if fired.is_empty() => (Outcome::Ok, String::new()),
            None => (Outcome::Failed, fired.join("\n")),
        };
        Verdict {
            name: rule.name.clone(),
            group: group.name.clone(),
            outcome,
            message,
            file: Some(file.name.clone()),
            line: Some(u64::from(rule.place.line)),
            severity: pair(&rule.labels, "severity"),
            ..about(rule)
        }
    }

    fn report(&self, files_alone: bool) -> Report {
        let mut report = Report::new();
        if files_alone {
            report.push(Section::Table(checked_table(&self.checked)));
        }
        if let Some(lints) = &self.lints {
            linted::report(&mut report, lints);
        }
        if let Some(tests) = &self.tests {
            tests_report(&mut report, tests, self.diff);
        }
        for explanation in self.explained.iter().flatten() {
            deeper::explained(&mut report, explanation);
        }
        if let Some(rows) = &self.what_if {
            deeper::what_if_report(&mut report, rows);
        }
        // Who asks for more about some rules has seen the alerts of all.
        if let Some(replay) =
            self.replay.as_ref().filter(|_| self.explained.is_none() && self.what_if.is_none())
        {
            replay_report(&mut report, replay);
        }
        if !self.expected.is_empty() {
            expected_report(&mut report, &self.expected);
        }
        if let Some(replay) = self.replay.as_ref().filter(|_| self.notifications) {
            messages_report(&mut report, replay);
        }
        if let Some(measured) = &self.measured {
            measured.tell(&mut report);
        }
        report
    }
}

/// A pair's value by its name.
fn pair(pairs: &[(String, String)], name: &str) -> Option<String> {
    pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
}

/// What its author says of a rule; texts with templates in them are for alerts, not for the rule.
fn about(rule: &Rule) -> Verdict {
    let RuleKind::Alerting(alerting) = &rule.kind else { return Verdict::default() };
    let of = |name: &str| pair(&alerting.annotations, name).filter(|text| !text.contains("{{"));
    let texts: Vec<String> = ["summary", "description"].into_iter().filter_map(of).collect();
    let expr = format!("Fires when: {}", rule.source.trim());
    Verdict {
        help: texts.into_iter().chain([expr]).collect::<Vec<_>>().join("\n\n"),
        link: of("runbook_url").or_else(|| of("runbook")),
        ..Verdict::default()
    }
}

/// What was expected, and what happened instead.
fn expected_report(report: &mut Report, expected: &[Expectation]) {
    let mut table = Table::new(vec![
        Column::text("expected").importance(9).wrapped_to(4),
        Column::text("met").importance(9),
        Column::text("what happened instead").wrapped_to(6),
    ])
    .named("expectations");
    for met in expected {
        let (word, style) = if met.met { ("yes", Style::Good) } else { ("no", Style::Bad) };
        let instead = met.instead.as_deref().unwrap_or_default();
        table.row(vec![
            Cell::text(met.expect.as_str()),
            Cell::text(word).styled(style),
            Cell::text(instead).styled(style),
        ]);
    }
    report.push(Section::Table(table));
}

fn test_json(report: &UnitReport) -> Json {
    let failure = |failure: &unit::Failure| {
        let (expected, got, message) = match &failure.outcome {
            unit::Outcome::Differs { expected, got } => (Some(expected), Some(got), None),
            unit::Outcome::Failed(message) => (None, None, Some(message)),
        };
        json!({"line": failure.line, "about": failure.about, "expected": expected, "got": got, "message": message})
    };
    let case = |case: &unit::Case| {
        json!({
            "name": case.name,
            "line": case.line,
            "passed": case.failures.is_empty(),
            "failures": case.failures.iter().map(failure).collect::<Vec<_>>(),
        })
    };
    json!({
        "file": report.name,
        "passed": report.passed(),
        "problems": report.problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "warnings": report.warnings,
        "cases": report.cases.iter().map(case).collect::<Vec<_>>(),
    })
}

fn test_verdicts(report: &UnitReport) -> Vec<Verdict> {
    let verdict = |name: &str, line: u32, message: String| Verdict {
        name: name.to_owned(),
        group: report.name.clone(),
        outcome: if message.is_empty() { Outcome::Ok } else { Outcome::Failed },
        message,
        file: Some(report.name.clone()),
        line: Some(u64::from(line)),
        ..Verdict::default()
    };
    let problems =
        report.problems.iter().map(|problem| verdict("test file", problem.place.line, problem.to_string()));
    let cases = report.cases.iter().map(|case| {
        let failures: Vec<String> = case.failures.iter().map(ToString::to_string).collect();
        verdict(&case.name, case.line, failures.join("\n"))
    });
    problems.chain(cases).collect()
}

fn checked_table(checked: &[CheckedFile]) -> Table {
    let mut table =
        Table::new(vec![Column::path("file").importance(9), Column::text("holds"), Column::text("state")])
            .named("files");
    for file in checked {
        let state = match file.problems.len() {
            0 => Cell::text("ok").styled(Style::Good),
            n => Cell::text(counted(n as u64, "error", "errors")).styled(Style::Bad),
        };
        table.row(vec![Cell::text(file.name.as_str()), Cell::text(file.about.as_str()), state]);
    }
    table
}

fn tests_report(report: &mut Report, tests: &[UnitReport], diff: bool) {
    for test in tests {
        let failed = test.cases.iter().filter(|case| !case.failures.is_empty()).count();
        let (style, state) = match (test.problems.len(), failed) {
            (0, 0) => (Style::Good, format!("ok, {}", counted(test.cases.len() as u64, "test", "tests"))),
            (0, n) => {
                (Style::Bad, format!("{n} of {} failed", counted(test.cases.len() as u64, "test", "tests")))
            }
            (n, _) => (Style::Bad, format!("not run, {}", counted(n as u64, "error", "errors"))),
        };
        report.paragraph(
            Phrase::new().and(Style::Strong, test.name.as_str()).and(Style::Plain, ": ").and(style, state),
        );
        for warning in &test.warnings {
            report.paragraph(warning.as_str());
        }
        let plain = |text: String| Phrase::new().and(Style::Plain, text);
        let problems = test.problems.iter().map(|problem| plain(format!("{}:{problem}", test.name)));
        let failures = test.cases.iter().flat_map(|case| {
            let place = move |line: u32| if line > 0 { line } else { case.line };
            case.failures.iter().map(move |failure| {
                let place = format!("{}:{}: {}", test.name, place(failure.line), case.name);
                match &failure.outcome {
                    unit::Outcome::Differs { expected, got } if diff => {
                        deeper::difference(plain(format!("{place}\n{}\n", failure.about)), expected, got)
                    }
                    _ => plain(format!("{place}\n{failure}")),
                }
            })
        });
        for text in problems.chain(failures) {
            let whole = crate::report::Evidence { text, whole: true, ..Default::default() };
            report.push(Section::Lines(vec![whole]));
        }
    }
}

/// Rows of the table of alerts; the others are counted.
const SHOWN: usize = 200;

fn replay_report(report: &mut Report, replay: &Replay) {
    if !replay.alerts.is_empty() {
        report.push(Section::Table(alerts_table(&replay.alerts)));
        if replay.alerts.len() > SHOWN {
            let more = replay.alerts.len() - SHOWN;
            report.paragraph(format!("… and {more} more; --output json gives all of them"));
        }
    }
    evidence_report(report, &replay.alerts);
    if !replay.unjudged.is_empty() {
        let mut table =
            Table::new(vec![Column::text("not judged").importance(9), Column::text("because").wrapped_to(8)])
                .named("unjudged");
        for unjudged in &replay.unjudged {
            let because = match unjudged.reason {
                Reason::NoData => format!("no series {}", unjudged.selectors.join(", ")),
                Reason::Failed => unjudged.message.clone().unwrap_or_default(),
            };
            table.row(vec![Cell::text(unjudged.rule.as_str()).styled(Style::Bad), Cell::text(because)]);
        }
        report.push(Section::Table(table));
    }
    report.paragraph(summary(replay));
    let told = &replay.summary.notifications;
    if !told.is_empty() {
        let told: Vec<String> = told
            .iter()
            .map(|(receiver, count)| format!("{receiver} {}", counted(*count as u64, "time", "times")))
            .collect();
        report.paragraph(format!("Would have been told: {}.", told.join(", ")));
    }
}

/// Alerts whose evidence is shown, and lines of it.
const PROVEN: usize = 8;
const LINES: usize = 1;

/// Lines of files that made alerts fire: of the first alert of each rule.
fn evidence_report(report: &mut Report, alerts: &[Alert]) {
    let mut rules: Vec<&str> = Vec::new();
    let mut lines = Vec::new();
    for alert in alerts.iter().filter(|alert| alert.fired() && !alert.evidence.is_empty()) {
        if rules.contains(&alert.rule.as_str()) || rules.len() == PROVEN {
            continue;
        }
        rules.push(&alert.rule);
        for (index, evidence) in alert.evidence.iter().take(LINES).enumerate() {
            let name = if index == 0 { format!("{}: ", alert.rule) } else { String::new() };
            lines.push(crate::report::Evidence {
                place: place(evidence).into(),
                text: Phrase::new().and(Style::Strong, name).and(Style::Plain, evidence.text.as_str()),
                context: false,
                whole: false,
            });
        }
    }
    if !lines.is_empty() {
        report.push(Section::Lines(lines));
    }
}

/// Messages that are shown; the others are counted.
const MESSAGES: usize = 50;

/// What receivers would have read.
fn messages_report(report: &mut Report, replay: &Replay) {
    if replay.notifications.is_empty() {
        return report.paragraph(format!("Nobody would have been told anything: {}.", why_nobody(replay)));
    }
    for notification in replay.notifications.iter().take(MESSAGES) {
        for preview in &notification.previews {
            let to = if preview.channel == notification.receiver {
                preview.channel.clone()
            } else {
                format!("{} ({})", notification.receiver, preview.channel)
            };
            report.heading(format!("{} to {to}: {}", notification.at.date_clock(), preview.title));
            let style = if preview.failed.is_some() { Style::Bad } else { Style::Plain };
            let text = preview.text.trim_end().lines().map(|line| Phrase::new().and(style, line));
            // What an incident consists of stands in its text already.
            let details = preview.details.iter().filter(|_| preview.channel != "pagerduty");
            let details = details
                .map(|(name, value)| Phrase::new().and(Style::Dim, format!("{name}: {}", value.trim_end())));
            let lines = text.chain(details);
            let lines = lines.map(|text| crate::report::Evidence { text, ..Default::default() });
            report.push(Section::Lines(lines.collect()));
        }
    }
    if replay.notifications.len() > MESSAGES {
        let more = replay.notifications.len() - MESSAGES;
        report.paragraph(format!("… and {more} more messages; --output json gives all of them"));
    }
}

/// Why nobody would have been told.
fn why_nobody(replay: &Replay) -> String {
    let fired = || replay.alerts.iter().filter(|alert| alert.fired());
    if fired().next().is_none() {
        return "no alert fired".to_owned();
    }
    if let Some(by) = fired().find_map(|alert| alert.suppressed_by.as_ref())
        && fired().all(|alert| alert.suppressed_by.is_some())
    {
        return format!("all alerts that fired were suppressed, such as by {by}");
    }
    let receivers: BTreeSet<&str> = fired().flat_map(|alert| &alert.receivers).map(String::as_str).collect();
    match receivers.len() {
        0 => "no route leads to a receiver".to_owned(),
        n => {
            let names = receivers.into_iter().collect::<Vec<_>>().join(", ");
            let (are, have) = if n == 1 { ("the receiver", "has") } else { ("the receivers", "have") };
            format!("{are} {names} {have} no integrations, such as email_configs or slack_configs")
        }
    }
}

/// Messages that would not have been sent, each reason once.
pub(super) fn unsent(replay: &Replay) -> Vec<Diagnostic> {
    let previews =
        replay.notifications.iter().flat_map(|sent| sent.previews.iter().map(move |one| (sent, one)));
    let mut told = Vec::new();
    if replay.notifications.len() > replay::MAX_PREVIEWS {
        let message = format!("only the first {} messages are written out", replay::MAX_PREVIEWS);
        told.push(Diagnostic::warning("", message));
    }
    for (notification, preview) in previews {
        let Some(failed) = &preview.failed else { continue };
        let message = format!(
            "nothing would have been sent to {} ({}): {failed}",
            notification.receiver, preview.channel
        );
        let diagnostic = Diagnostic::error("", message);
        if !told.contains(&diagnostic) {
            told.push(diagnostic);
        }
    }
    told
}

/// `db.log:12`.
fn place(evidence: &Evidence) -> String {
    let line = evidence.line.map_or_else(String::new, |line| format!(":{line}"));
    format!("{}{line}", evidence.file)
}

/// `8 rules: 8 judged. 3 alerts fired: 1 critical, 2 high; 1 of them suppressed. 2 were only pending.`
fn summary(replay: &Replay) -> String {
    let summary = &replay.summary;
    let mut text =
        format!("{}: {} judged", counted(summary.rules as u64, "rule", "rules"), summary.evaluated);
    // Writing to a string does not fail.
    if summary.no_data > 0 {
        let _ = write!(text, ", {} without data", summary.no_data);
    }
    if summary.failed > 0 {
        let _ = write!(text, ", {} failed", summary.failed);
    }
    let (fired, pending) = (summary.fired, summary.pending);
    if fired == 0 {
        text.push_str(". No alert fired");
    } else {
        const ORDER: [&str; 4] = ["critical", "high", "medium", "low"];
        let place = |severity: &str| ORDER.iter().position(|known| *known == severity).unwrap_or(ORDER.len());
        let mut severities: Vec<(&String, &usize)> = summary.by_severity.iter().collect();
        severities.sort_by_key(|(severity, _)| place(severity));
        let parts: Vec<String> = severities
            .iter()
            .map(|(severity, count)| match severity.as_str() {
                "none" => format!("{count} without severity"),
                severity => format!("{count} {severity}"),
            })
            .collect();
        let _ = write!(text, ". {} fired: {}", counted(fired as u64, "alert", "alerts"), parts.join(", "));
        for (count, word) in [
            (summary.active, "active at the end"),
            (summary.suppressed, "suppressed"),
            (summary.acknowledged, "acknowledged"),
        ] {
            if count > 0 {
                let _ = write!(text, "; {count} {word}");
            }
        }
    }
    if pending > 0 {
        let _ = write!(text, "; {pending} only pending");
    }
    text.push('.');
    text
}

/// `fired 02:52:15–03:30:00, value 19, {labels}`.
fn episode(alert: &Alert) -> String {
    let from = alert.firing_at.map_or_else(String::new, Timestamp::date_clock);
    let to = alert.resolved_at.map_or_else(|| "the end of the data".to_owned(), Timestamp::date_clock);
    let seen = alert.evidence.first().map_or_else(String::new, |line| format!(", see {}", place(line)));
    format!("fired from {from} to {to}, value {}, {}{seen}", alert.value, alert.labels)
}

fn state(alert: &Alert) -> Cell {
    let (word, style) = match alert.status {
        Status::Pending => ("pending", Style::Dim),
        Status::Triggered => ("triggered", Style::Bad),
        Status::Acknowledged => ("acknowledged", Style::Warn),
        Status::Resolved => ("resolved", Style::Warn),
        Status::Suppressed => ("suppressed", Style::Dim),
    };
    Cell::text(word).styled(style)
}

/// The rule of each alert, with the labels that tell it from others of the same rule: one that does so alone, the
/// shortest, or else all that differ.
pub(in crate::cli) fn told_apart(alerts: &[Alert]) -> Vec<String> {
    let mut of_rule: BTreeMap<&str, BTreeSet<&Labels>> = BTreeMap::new();
    for alert in alerts {
        of_rule.entry(&alert.rule).or_default().insert(&alert.labels);
    }
    let telling: BTreeMap<&str, BTreeSet<&str>> =
        of_rule.iter().map(|(rule, all)| (*rule, telling_labels(all))).collect();
    let name = |alert: &Alert| {
        let mut labels = alert.labels.clone();
        labels.retain(|name| telling.get(&*alert.rule).is_some_and(|telling| telling.contains(name)));
        if labels.is_empty() { alert.rule.clone() } else { format!("{} {labels}", alert.rule) }
    };
    alerts.iter().map(name).collect()
}

/// The names of the labels by which sets of labels are told apart.
fn telling_labels<'l>(all: &BTreeSet<&'l Labels>) -> BTreeSet<&'l str> {
    let names: BTreeSet<&str> = all.iter().flat_map(|labels| labels.iter().map(|(name, _)| name)).collect();
    let values = |name: &str| all.iter().map(|labels| labels.get(name)).collect::<BTreeSet<_>>();
    let length = |name: &str| all.iter().map(|labels| labels.get(name).len()).max().unwrap_or_default();
    let alone = names.iter().copied().filter(|name| values(name).len() == all.len());
    match alone.min_by_key(|name| name.len() + length(name)) {
        _ if all.len() < 2 => BTreeSet::new(),
        Some(name) => BTreeSet::from([name]),
        None => names.into_iter().filter(|name| values(name).len() > 1).collect(),
    }
}

fn alerts_table(alerts: &[Alert]) -> Table {
    let told = alerts.iter().any(|alert| !alert.receivers.is_empty() || alert.suppressed_by.is_some());
    let times = alerts.iter().flat_map(|alert| [Some(alert.pending_at), alert.firing_at, alert.resolved_at]);
    let time = super::short_times(times.flatten());
    let time = |at: Option<Timestamp>| at.map_or_else(Cell::none, time);
    let mut columns = vec![
        Column::text("rule").importance(8).wrapped_to(8).whole_words(),
        Column::text("severity").importance(9),
        Column::text("state").importance(9),
        Column::text("pending"),
        Column::text("firing"),
        Column::text("resolved"),
        Column::number("value"),
    ];
    columns.extend(told.then(|| Column::text("told").importance(7)));
    let mut table = Table::new(columns).named("alerts");
    let names = told_apart(alerts);
    for (alert, name) in alerts.iter().zip(names).take(SHOWN) {
        let severity = alert.severity.as_deref().unwrap_or_default();
        let mut row = vec![
            Cell::text(name),
            Cell::text(severity),
            state(alert),
            time(Some(alert.pending_at)),
            time(alert.firing_at),
            time(alert.resolved_at),
            crate::cli::query::cell(alert.value),
        ];
        if told {
            row.push(match &alert.suppressed_by {
                Some(by) => Cell::text(format!("nobody: {by}")).styled(Style::Dim),
                None if alert.fired() => Cell::text(alert.receivers.join(", ")),
                None => Cell::text(""),
            });
        }
        table.row(row);
    }
    table
}
