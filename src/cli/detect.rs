//! `obs detect`: which known failures, changes and context are in here, with windows and evidence.

mod judged;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::args::{
    BaselineArgs, Form, InputArgs, OutputArgs, PathArgs, SelectArgs, SuccessArgs, Suggested, forms,
};
use super::brief::brief;
use super::config;
use super::nothing;
use super::out;
use super::redaction;
use super::session::{Chosen, Session};
use super::signatures;
use super::standing::{self, Episode, Judged};
use super::verdict::Verdict;
use crate::detect::own::Own;
use crate::detect::signature;
use crate::detect::{self, Finding, Severity, Wants};
use crate::investigate::{self, Corpus, Question, reread};
use crate::model::time::NANOS;
use crate::model::{Account, Error, Needs, Timestamp};
use crate::report::{self, AccountJson, Cell, Column, Phrase, Report, Section, Style, Table};
use crate::scan::Selection;
use crate::signatures::cre::Signatures;
use crate::signatures::meter;

/// Find known failures, bursts and changes, with windows and evidence
#[derive(Args, Debug)]
#[command(mut_arg("output", |output| output.value_parser(forms(Form::value_variants()))))]
#[command(after_help = "Examples:
  obs detect logs/
  obs detect logs/ --only pool-exhaustion,timeout --output json
  obs detect logs/ --fail-on high
  obs detect logs/ --output sarif > obs.sarif
  obs detect logs/ --config obs.yaml
  obs detect logs/ --baseline 02:30..03:00
  obs detect logs/ --signatures rules/
  obs detect -f logs/")]
pub(super) struct DetectArgs {
    #[command(flatten)]
    paths: PathArgs,
    /// Look only for these (see --list)
    #[arg(long, value_name = "NAME[,NAME]", value_delimiter = ',', hide_possible_values = true,
          value_parser = Suggested::new(|| listed().into_iter().map(|(name, _)| name).collect()))]
    only: Vec<String>,
    /// Look for what the rules of this file or folder say, too (CRE rules; may be given more than once)
    #[arg(long, value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    signatures: Vec<PathBuf>,
    /// Exit code 1 if there is a finding of this severity or worse: low, medium, high, critical
    #[arg(long, value_name = "SEVERITY", hide_possible_values = true,
          value_parser = Suggested::new(|| vec!["low", "medium", "high", "critical"]))]
    fail_on: Option<String>,
    /// Go on when the files end: say when a finding begins and when it ends, as they grow. Ctrl-C ends it
    #[arg(short = 'f', long, conflicts_with_all = ["fail_on", "list"])]
    follow: bool,
    /// List what can be found, and stop
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    success: SuccessArgs,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    select: SelectArgs,
    #[command(flatten)]
    usual: BaselineArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Stretches of a finding are further apart than this, in nanoseconds.
const APART: i64 = 60 * NANOS;

#[derive(Serialize)]
struct DetectJson<'a> {
    findings: &'a [Finding],
    input: AccountJson,
}

/// Runs the command.
pub(super) fn run(args: &DetectArgs, cancel: &Arc<AtomicBool>) -> Result<Verdict, Error> {
    if args.list {
        let page = config::Config::resolve(&args.input, &args.output, cancel)?.page;
        let listed = listed();
        let mut list = Report::new();
        let pair = |(name, about): &(&str, String)| ((*name).into(), about.as_str().into());
        list.push(if args.output.output == Form::Csv {
            let mut table = Table::new(vec![Column::text("name"), Column::text("about")]);
            for (name, about) in &listed {
                table.row(vec![Cell::text(*name), Cell::text(about.as_str())]);
            }
            Section::Table(table)
        } else {
            Section::KeyValues(listed.iter().map(pair).collect())
        });
        let json: Vec<_> =
            listed.iter().map(|(name, about)| serde_json::json!({"name": name, "about": about})).collect();
        out::write_list(args.output.output, page, &list, &json)?;
        return Ok(Verdict::Yes);
    }
    if args.follow {
        let of = (&args.paths.paths[..], &args.input, &args.output);
        return standing::follow(of, cancel, |output| now(args, output, cancel));
    }
    let fail_on = args.fail_on.as_deref().map(severity).transpose()?;
    let Detected { mut session, chosen, findings, account, is_empty, nothing_read } =
        detect(args, &args.output, cancel)?;
    let json = DetectJson { findings: &findings, input: AccountJson::from(&account) };
    let mut report = report(&findings);
    if is_empty {
        report = Report::new();
        let why = nothing::sentence(&mut session, &chosen.asked, &account);
        report.paragraph(format!("Nothing was looked at: {why}"));
    }
    report.push(Section::Account(account));
    let form = args.output.output;
    if form.is_of_verdicts() {
        out::write_verdicts(form, &judged::verdicts(&findings, fail_on, &listed(), &args.only))?;
    } else if form == Form::Csv {
        let mut table = Report::new();
        table.push(Section::Table(judged::table(&findings)));
        session.write(form, &table, ("obs.detect/1", &json))?;
    } else {
        session.write(form, &report, ("obs.detect/1", &json))?;
    }
    let failed = fail_on.is_some_and(|least| findings.iter().any(|finding| finding.severity >= least));
    Ok(session.finish(Verdict::of(!failed && !nothing_read)))
}

/// What was detected, and in what.
struct Detected {
    session: Session,
    chosen: Chosen,
    findings: Vec<Finding>,
    account: Account,
    /// Is there nothing that was looked at?
    is_empty: bool,
    nothing_read: bool,
}

/// What is found in the files as they are now.
fn now(args: &DetectArgs, output: &OutputArgs, cancel: &Arc<AtomicBool>) -> Result<Judged, Error> {
    let Detected { session, findings, account, .. } = detect(args, output, cancel)?;
    let episodes = findings.iter().flat_map(|finding| episodes(finding, account.to)).collect();
    Ok(Judged { episodes, account, troubles: session.diagnostics })
}

/// The stretches of a finding. One has ended when nothing of it was seen for longer than two stretches are apart, though
/// something else was.
fn episodes(finding: &Finding, latest: Option<Timestamp>) -> Vec<Episode> {
    let whole = [(finding.from, finding.to)];
    let windows: Vec<_> = finding.windows.iter().map(|run| (Some(run.from), Some(run.to))).collect();
    let windows = if windows.is_empty() { &whole[..] } else { &windows };
    let subject = serde_json::to_value(&finding.subject).unwrap_or_default();
    let episode = |(from, to): &(Option<Timestamp>, Option<Timestamp>)| Episode {
        what: format!("{} {subject}", finding.detector),
        begins: *from,
        ended: to.filter(|to| latest.is_some_and(|latest| latest.0.saturating_sub(to.0) > APART)),
        style: style(finding.severity),
        label: format!("{} {}", finding.severity.name(), finding.detector),
        line: finding.summary.clone(),
        json: serde_json::to_value(finding).unwrap_or_default(),
    };
    windows.iter().map(episode).collect()
}

/// Looks for everything that the arguments ask for.
fn detect(args: &DetectArgs, output: &OutputArgs, cancel: &Arc<AtomicBool>) -> Result<Detected, Error> {
    let mut needs = Needs::none();
    let chosen = Chosen::parse(&args.select, &mut needs)?;
    let own = config::detectors(&args.input, &mut needs)?;
    let rule = config::success(&args.success, &args.input, &mut needs)?;
    let declared = config::declared(&args.input)?;
    let (signatures, said) = signatures::read(&args.signatures)?;
    let alike = signature::ask(&signatures, &mut needs);
    if let Some(name) = args.only.iter().find(|name| {
        !(is_known(name, &own, &signatures) || declared.iter().any(|family| family.name == **name))
    }) {
        return Err(
            Error::usage(format!("there is no detector `{name}`")).hinted("obs detect --list names them")
        );
    }
    let mut session = Session::open_with_platform(&args.paths, &args.input, output, cancel)?;
    session.order_by_lines();
    session.diagnostics.extend(said);
    if !args.follow {
        session.require_data();
    }
    // Evidence is read again where it stands.
    session.hold_pipes();
    let range = session.time_range(&chosen)?;
    let (range, given) = session.baseline(args.usual.baseline.as_deref(), range)?;
    let wants = Wants::judging(&session.inputs.logs, rule, &mut needs).knowing(declared);
    let selection = Selection::new(needs, &chosen.filter, range);
    let options = session.config.scan.clone();
    let corpus = Corpus { inputs: &session.inputs, options: &options, now: session.config.now };
    let question = Question {
        filter: &chosen.filter,
        range,
        compared: range,
        given,
        own: &own,
        signatures: Some((&signatures, &alike)),
        only: &args.only,
    };
    let investigate::Looked { scene, mut findings, mut scanned, recorded, platform, .. } =
        investigate::look(&corpus, &question, (&wants, &selection))?;
    let shown = findings.iter_mut().flat_map(|finding| finding.evidence.iter_mut());
    reread::fill_recorded(shown.collect(), &session.inputs.metrics, &options);
    reread::fill(&mut findings, &session.inputs.logs, &scanned, &options);
    let shown: Vec<_> = findings.iter().flat_map(|f| &f.evidence).map(|evidence| evidence.location).collect();
    redaction::learn_of(&shown, (&session.inputs.logs, &scanned), &options);
    let mut account = session.account(&mut scanned);
    recorded.tell(&mut account, &mut session.diagnostics);
    platform.tell(&mut account, &mut session.diagnostics);
    account.window = account.from.zip(account.to).and_then(|span| scene.window(span));
    let measured = recorded.span().is_some_and(|span| scene.is_selected(span));
    let is_silent = scene.is_empty();
    let is_empty = is_silent && !measured && !platform.has_data();
    if is_silent && !is_empty {
        nothing::explain(&mut session, &chosen.asked, &account);
    }
    let nothing_read = account.lines == 0 && !recorded.has_data() && !platform.has_data();
    Ok(Detected { session, chosen, findings, account, is_empty, nothing_read })
}

/// The detectors; what is found in entries and in recorded metrics under one name is one.
fn listed() -> Vec<(&'static str, String)> {
    let recorded = meter::recorded_only();
    let also = |name: &str| recorded.iter().find(|(known, _)| *known == name).map(|(_, about)| *about);
    let of_entries = detect::detectors().map(|detector| {
        let name = detector.name();
        let about =
            also(name).map_or(detector.about().to_owned(), |also| format!("{}; {also}", detector.about()));
        (name, about)
    });
    let alone = recorded.iter().filter(|(name, _)| detect::by_name(name).is_none());
    let alone = alone.map(|(name, about)| (*name, (*about).to_owned()));
    let of_platform = detect::platform::families().map(|(name, about)| (name, about.to_owned()));
    let of_spans = detect::of_spans().into_iter().map(|(name, about)| (name, about.to_owned()));
    of_entries.chain(of_spans).chain(alone).chain(of_platform).collect()
}

/// Is this the name of a detector, of entries or of recorded metrics?
fn is_known(name: &str, own: &[Own], signatures: &Signatures) -> bool {
    signatures.rules.iter().any(|rule| rule.id == name)
        || own.iter().any(|own| own.name == name)
        || detect::by_name(name).is_some()
        || meter::recorded_only().iter().any(|(known, _)| *known == name)
        || detect::of_spans().iter().any(|(known, _)| *known == name)
        || detect::platform::families().any(|(known, _)| known == name)
}

fn severity(name: &str) -> Result<Severity, Error> {
    Severity::from_name(name).ok_or_else(|| {
        Error::usage(format!("there is no severity `{name}`")).hinted("severities: low medium high critical")
    })
}

fn report(findings: &[Finding]) -> Report {
    let mut report = Report::new();
    if findings.is_empty() {
        report.paragraph("Nothing was found: no known failure, and no errors more frequent than usual.");
    }
    for finding in findings {
        report.heading(
            Phrase::new()
                .and(style(finding.severity), finding.severity.name())
                .and(Style::Plain, " ")
                .and(Style::Strong, finding.detector),
        );
        report.paragraph(finding.summary.as_str());
        if finding.windows.len() > 1 {
            let windows: Vec<String> = finding
                .windows
                .iter()
                .take(5)
                .map(|window| format!("{}–{} ({})", window.from.clock(), window.to.clock(), window.count))
                .collect();
            let more = finding.windows.len().saturating_sub(5);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            report.paragraph(format!("windows: {}{more}", windows.join(", ")));
        }
        report.push(lines(&finding.evidence));
        if let Some(mitigation) = finding.advice.as_ref().and_then(|advice| advice.mitigation.as_deref()) {
            report.paragraph(format!("What to do:\n{mitigation}"));
        }
    }
    report
}

/// Evidence as lines of files.
pub(super) fn lines(evidence: &[detect::Evidence]) -> Section {
    let line = |evidence: &detect::Evidence| report::Evidence {
        place: format!("{}:{}", evidence.file, evidence.line).into(),
        text: brief(&evidence.text).into(),
        context: false,
        whole: false,
    };
    Section::Lines(evidence.iter().map(line).collect())
}

/// How a severity looks.
pub(super) fn style(severity: Severity) -> Style {
    match severity {
        Severity::Critical | Severity::High => Style::Bad,
        Severity::Medium => Style::Warn,
        Severity::Low => Style::Dim,
    }
}
