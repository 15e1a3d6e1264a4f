//! `obs investigate`: the whole story, unasked, on one page.

mod page;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;
use serde::Serialize;

use super::args::{BaselineArgs, Form, InputArgs, OutputArgs, PathArgs, SelectArgs};
use super::config;
use super::detect::{lines, usual_is_known};
use super::measured::{self, Wanted};
use super::recorded::Recorded;
use super::session::{Chosen, Session};
use super::verdict::Verdict;
use super::{nothing, out, redaction};
use crate::causes::affected::{Affected, Cases, Example};
use crate::causes::cause::{self, Cause, Event, Story};
use crate::causes::doubt;
use crate::detect::own::{self, Watch};
use crate::detect::success::{RULE, Rates, Success};
use crate::detect::{self, Finding, Observed, Scene, Severity, Wants};
use crate::entities::reach::Reach;
use crate::investigate::{narrow, reread};
use crate::metrics;
use crate::model::time::NANOS;
use crate::model::unit::{HumanCount, HumanMillis};
use crate::model::{Account, Diagnostic, Error, Needs, Timestamp};
use crate::promql::Expr;
use crate::report::account::{counted, span};
use crate::report::table::percent;
use crate::report::{AccountJson, Cell, Column, Phrase, Report, Section, Spark, Style, Table};
use crate::rules::Setting;
use crate::rules::alert::Alert;
use crate::rules::file::{self, FileOptions};
use crate::rules::replay::{self, Interval};
use crate::scan::{self, Selection};
use crate::source;

/// Say what failed, since when, how badly, for whom and why, without being asked
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  obs investigate logs/
  obs investigate logs/ --html incident.html
  obs investigate logs/ -r alerts.yml --markdown incident.md --redact
  obs investigate logs/ --since 03:00 --until 04:00
  obs investigate logs/ --baseline 02:30..03:00")]
pub(super) struct InvestigateArgs {
    #[command(flatten)]
    paths: PathArgs,
    /// Rules whose alerts are replayed over the same files: which would have fired, and when (repeatable)
    #[arg(short, long = "rules", value_name = "FILE")]
    rules: Vec<PathBuf>,
    /// Write the page to hand over into this file, too: pictures, requests, evidence; it opens offline
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the same for tickets and post-mortems into this file, too
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    select: SelectArgs,
    #[command(flatten)]
    usual: BaselineArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Serialize)]
struct InvestigateJson<'a> {
    span: SpanJson,
    baseline: Option<BaselineJson>,
    onset: Option<String>,
    success_rate: Rates,
    causes: &'a [Cause],
    affected: &'a Affected,
    examples: Vec<ExampleJson>,
    alerts: &'a [Alert],
    timeline: &'a [Event],
    input: AccountJson,
}

#[derive(Serialize)]
struct SpanJson {
    from: Option<String>,
    to: Option<String>,
}

/// What was compared with: the time that was given, or what lies before the onset.
#[derive(Serialize)]
struct BaselineJson {
    from: Option<String>,
    to: Option<String>,
    given: bool,
}

#[derive(Clone, Serialize)]
struct ExampleJson {
    id: String,
    why: String,
    command: String,
}

/// How many blocks a curve has.
const BLOCKS: usize = 48;

/// How many files of one format are named.
const SHOWN: usize = 6;

/// Runs the command.
pub(super) fn run(args: &InvestigateArgs, cancel: &Arc<AtomicBool>) -> Result<Verdict, Error> {
    let mut needs = Needs::none();
    let chosen = Chosen::parse(&args.select, &mut needs)?;
    let asked = needs.clone();
    let conditioned = asked.fields().to_vec();
    let own = config::detectors(&args.input, &mut needs)?;
    let mut session = Session::open(&args.paths, &args.input, &args.output, cancel)?;
    session.require_data();
    // Evidence is read again where it stands.
    session.hold_pipes();
    let range = session.time_range(&chosen)?;
    let selected = range;
    let (range, given) = session.baseline(args.usual.baseline.as_deref(), range)?;
    let options = session.config.scan.clone();
    let logs = &session.inputs.logs;
    let wants = Wants::new(logs, &mut needs);
    let selection = Selection::new(needs.clone(), &chosen.filter, range);
    let new = || (Observed::new(&wants), Watch::new(&own));
    let ((observed, watch), mut scanned) = scan::fold(logs, &selection, &options, new);
    let recorded = Recorded::load(&session.inputs, (session.config.now, range), &options);
    let scene = Scene::beside(&wants, observed, &detect::vocabulary(), given).spanning(recorded.span());
    usual_is_known(&scene, &recorded)?;
    let mut findings = detect::findings(&scene, &[]);
    findings.extend(recorded.findings(scene.given));
    findings.extend(own::findings(watch, &scene));
    let counted = recorded.requests();
    let mut story = cause::story(&scene, &findings, counted.as_ref(), None);
    let (affected, cases, reach) = if story.causes.is_empty() {
        (Affected { of: "requests", ..Affected::default() }, Vec::new(), Reach::default())
    } else {
        let cases = Cases::new(logs, &scene, &story, &mut needs);
        // Of what was selected the requests are compared, not with those of the past.
        let range = if args.usual.baseline.is_some() { range } else { selected };
        let selection = Selection::new(needs, &chosen.filter, range);
        cases.join(&scene, (logs, &scanned), &selection, &options).conclude(story.impact)
    };
    if !reach.is_empty() {
        // Who calls whom is known now.
        story = cause::story(&scene, &findings, counted.as_ref(), Some(&reach));
    }
    let shown = story.causes.iter_mut().flat_map(|cause| cause.evidence.iter_mut());
    let shown = shown.chain(story.timeline.iter_mut().filter_map(|event| event.evidence.as_mut()));
    let mut shown: Vec<_> = shown.collect();
    reread::fill_recorded(
        shown.iter_mut().map(|evidence| &mut **evidence).collect(),
        &session.inputs.metrics,
        &options,
    );
    reread::fill_all(shown, logs, &scanned, &options);
    doubt::of_requests(&mut story.causes, &reach, &scene);
    if let Some(common) = affected.over_represented.first() {
        narrow::narrow(
            &mut story,
            common,
            &scene,
            (logs, &scanned),
            (&chosen.filter, range, asked),
            &options,
        );
        if let Some(cause) = story.causes.first_mut() {
            let unknown = cause.evidence.iter_mut().filter(|evidence| evidence.line == 0);
            reread::fill_all(unknown.collect(), logs, &scanned, &options);
        }
    }
    let examples: Vec<ExampleJson> =
        cases.iter().map(|example| command(example, (&args.paths.paths, &args.input))).collect();
    for case in &cases {
        redaction::learn(&case.id);
    }
    let events = story.timeline.iter().filter_map(|event| event.evidence.as_ref());
    let shown: Vec<_> = story.causes.iter().flat_map(|cause| &cause.evidence).chain(events).collect();
    let shown: Vec<_> = shown.iter().map(|evidence| evidence.location).collect();
    redaction::learn_of(&shown, (logs, &scanned), &options);
    let mut account = session.account(&mut scanned);
    recorded.tell(&mut account, &mut session.diagnostics);
    account.window = account.from.zip(account.to).and_then(|span| scene.window(span));
    let alerts = alerts(args, &mut session)?;
    let unseen = unseen(&session, &conditioned, (&scene, &recorded), &account, (&story, &findings));
    let json = InvestigateJson {
        span: SpanJson { from: account.from.map(text), to: account.to.map(text) },
        baseline: baseline(&story, &scene, &account),
        onset: story.onset.map(text),
        success_rate: story.rates,
        causes: &story.causes,
        affected: &affected,
        examples: examples.clone(),
        alerts: &alerts,
        timeline: &story.timeline,
        input: AccountJson::from(&account),
    };
    let form = args.output.output;
    let is_page = matches!(form, Form::Html | Form::Markdown);
    let page = (is_page || args.html.is_some() || args.markdown.is_some()).then(|| {
        let told = page::Told {
            args,
            session: &session,
            scene: &scene,
            findings: &findings,
            story: &story,
            affected: &affected,
            examples: &cases,
            alerts: &alerts,
            account: &account,
            recorded: &recorded,
            unseen: unseen.as_deref(),
        };
        page::page(&told, &selection)
    });
    for (path, renderer) in [(&args.html, "html"), (&args.markdown, "markdown")] {
        if let (Some(path), Some(page)) = (path, &page) {
            out::write_report_file(path, renderer, session.config.page, page)?;
        }
    }
    let report = match page {
        Some(page) if is_page => page,
        _ => {
            let first = verdict(&story, &account, unseen.as_deref());
            report((&session, first), &scene, &story, &affected, &examples, &alerts, &account)
        }
    };
    session.write(args.output.output, &report, &json)?;
    Ok(session.finish(Verdict::of(unseen.is_none() || !findings.is_empty())))
}

/// Why nothing can be said, if there was nothing to judge.
fn unseen(
    session: &Session,
    asked: &[String],
    (scene, recorded): (&Scene<'_>, &Recorded),
    account: &Account,
    (story, findings): (&Story, &[Finding]),
) -> Option<String> {
    if !story.causes.is_empty() || recorded.span().is_some_and(|span| scene.is_selected(span)) {
        return None;
    }
    if scene.is_empty() {
        return Some(nothing::sentence(session, asked, account));
    }
    if let Some(finding) =
        findings.iter().find(|finding| account.from.is_none() && finding.severity >= Severity::High)
    {
        return Some(format!(
            "no entry has a time, so nothing can be compared; but there is: {}.",
            finding.summary
        ));
    }
    nothing_said(account)
}

/// The alerts that the rules would have raised, in the order of time.
fn alerts(args: &InvestigateArgs, session: &mut Session) -> Result<Vec<Alert>, Error> {
    let mut files = Vec::new();
    for path in &args.rules {
        let (name, text) = source::read_text(path).map_err(|trouble| Error::input(trouble.to_string()))?;
        let checked = file::parse(&name, &text, &FileOptions::strict());
        if let Some(problem) = checked.problems.first() {
            return Err(Error::usage(format!("{name}:{problem}")).hinted("obs check-rules -r says more"));
        }
        files.push(checked.file);
    }
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let groups = || files.iter().flat_map(|file| &file.groups);
    let exprs: Vec<&Expr> = groups().flat_map(|group| group.rules.iter().map(|rule| &rule.expr)).collect();
    let mut needs = Needs::none();
    let chosen = Chosen::parse(&args.select, &mut needs)?;
    let every_ms = groups().filter_map(|group| group.interval).min();
    let wanted = Wanted { exprs: &exprs, declared: &[], success: None, every_ms, chosen: &chosen, needs };
    let told = session.diagnostics.len();
    let mut measured = measured::load(session, wanted)?;
    // The logs were scanned before, and what is wrong with them has been said.
    let again: Vec<_> = session.diagnostics.drain(told..).collect();
    for diagnostic in again {
        if !session.diagnostics.contains(&diagnostic) {
            session.diagnostics.push(diagnostic);
        }
    }
    let default = metrics::interval(&measured.store).unwrap_or(60_000);
    let interval = Interval { forced: None, default };
    let setting = Setting { cancel: Arc::clone(&session.config.scan.cancel), ..Setting::plain() };
    let mut replay = replay::replay(&files, &mut measured.store, interval, &setting)?;
    replay::route(&mut replay, &files, None, &[]);
    for unjudged in &replay.unjudged {
        let message =
            format!("rule {} could not be judged: its series are not in these files", unjudged.rule);
        session.diagnostics.push(Diagnostic::note("", message));
    }
    let mut alerts: Vec<Alert> = replay.alerts.into_iter().filter(Alert::fired).collect();
    alerts.sort_by(|a, b| (a.firing_at, &a.rule).cmp(&(b.firing_at, &b.rule)));
    Ok(alerts)
}

fn baseline(story: &Story, scene: &Scene<'_>, account: &Account) -> Option<BaselineJson> {
    let whole = account.from.zip(account.to);
    let clip = |(from, to): (Timestamp, Timestamp)| {
        whole.map_or((from, to), |(first, last)| (from.max(first), to.min(last)))
    };
    let usual = scene.given.map(|given| clip(given.usual));
    let (from, to) = usual.or_else(|| account.from.zip(story.onset))?;
    Some(BaselineJson {
        from: Some(text(from)),
        to: Some(text(to)),
        given: scene.given.is_some_and(|given| given.typed),
    })
}

fn text(ts: Timestamp) -> String {
    ts.to_string()
}

/// The command that shows a request.
fn command(example: &Example, read: (&[PathBuf], &InputArgs)) -> ExampleJson {
    let at = example.at.map_or(String::new(), |at| format!(", {}", at.clock()));
    ExampleJson {
        id: example.id.clone(),
        why: format!("{}{at}", example.why),
        command: correlate_command(read, &example.id),
    }
}

/// The options that say how files are read, for commands that read the same.
fn reading(input: &InputArgs) -> String {
    let mut options = String::new();
    let mut push = |name: &str, value: &str| options.push_str(&format!(" {name} {}", quoted(value)));
    if let Some(format) = &input.format {
        push("--format", format);
    }
    if input.tz != "UTC" {
        push("--tz", &input.tz);
    }
    input.map.iter().for_each(|map| push("--map", map));
    if let Some(config) = &input.config {
        push("--config", &config.to_string_lossy());
    }
    if input.follow_links {
        options.push_str(" --follow-links");
    }
    options
}

/// The command that shows a request.
pub(super) fn correlate_command((paths, input): (&[PathBuf], &InputArgs), id: &str) -> String {
    let paths: Vec<String> = paths.iter().map(|path| quoted(&path.to_string_lossy())).collect();
    let paths = if paths.is_empty() { ".".to_owned() } else { paths.join(" ") };
    format!("obs correlate {paths} --id {}{}", quoted(id), reading(input))
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':' | '@' | '+' | ',');
    if !word.is_empty() && !word.starts_with('-') && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Effects of a cause told in its paragraph.
const EFFECTS: usize = 3;

fn report(
    (session, first): (&Session, Phrase),
    scene: &Scene<'_>,
    story: &Story,
    affected: &Affected,
    examples: &[ExampleJson],
    alerts: &[Alert],
    account: &Account,
) -> Report {
    let mut report = Report::new();
    report.paragraph(first);
    if let Some(cause) = story.causes.first() {
        report.heading("Likely cause");
        report.paragraph(
            Phrase::new()
                .and(Style::Strong, cause.summary.as_str())
                .and(Style::Dim, format!(" (confidence {:.0} %)", cause.confidence * 100.0)),
        );
        report.push(lines(&cause.evidence[..cause.evidence.len().min(5)]));
        if !cause.effects.is_empty() {
            // The whole order of events comes further down.
            let first = &cause.effects[..cause.effects.len().min(EFFECTS)];
            let more = if first.len() < cause.effects.len() { "; and more below" } else { "" };
            report.paragraph(format!("What followed: {}{more}.", first.join("; ")));
        }
        report.paragraph(against(cause));
        for cause in story.causes.iter().skip(1).take(2) {
            report.paragraph(Phrase::new().and(Style::Dim, considered(cause)));
        }
    }
    success(&mut report, scene, story);
    timeline(&mut report, story);
    who(&mut report, affected);
    if !examples.is_empty() {
        report.heading("Requests to look at");
        for example in examples {
            report.paragraph(format!("{}:", example.why));
            report.push(Section::Code(example.command.as_str().into()));
        }
    }
    fired(&mut report, alerts, story);
    coverage(&mut report, session);
    report.push(Section::Account(*account));
    report
}

/// What speaks against a cause.
fn against(cause: &Cause) -> String {
    if cause.against.is_empty() {
        return "What speaks against it: nothing that was found.".to_owned();
    }
    format!("What speaks against it: {}.", cause.against.join("; "))
}

/// Another cause, and why it is not the first.
fn considered(cause: &Cause) -> String {
    let but = cause.against.first().map_or(String::new(), |first| format!("; but {first}"));
    let sure = match cause.confidence {
        confidence if confidence < 0.01 => "under 1 %".to_owned(),
        confidence => format!("{:.0} %", confidence * 100.0),
    };
    format!("Also considered: {} ({sure}){but}.", cause.summary)
}

/// The first sentence: what fails, since when, how badly, why.
fn verdict(story: &Story, account: &Account, unseen: Option<&str>) -> Phrase {
    if let Some(why) = unseen {
        return Phrase::new().and(Style::Warn, "Nothing can be said").and(Style::Plain, format!(": {why}"));
    }
    let Some(onset) = story.onset else {
        let span = account.window.or(account.from.zip(account.to)).map_or(String::new(), |(from, to)| {
            let word = if from.date_clock() == to.date_clock() { "at" } else { "between" };
            format!(" {word} {}", span(from, to))
        });
        let rate = story
            .rates
            .before
            .map_or(String::new(), |rate| format!(" {} of requests succeeded.", percent(rate)));
        return Phrase::new()
            .and(Style::Good, "Nothing is wrong")
            .and(Style::Plain, format!("{span}: no failure stands out from what is usual.{rate}"));
    };
    let mut phrase = Phrase::new().and(Style::Bad, "Something broke");
    // What fails when a window begins has begun then or earlier.
    let open = account.window.is_some_and(|(from, _)| onset.0 - from.0 < NANOS);
    let word = if open { "at or before" } else { "at" };
    phrase = phrase.and(Style::Plain, format!(" {word} {} UTC", onset.date_clock()));
    if let Some((from, to)) = account.window {
        phrase = phrase.and(Style::Plain, format!(" within {}–{}", from.clock(), to.clock()));
    }
    if let Some(cause) = story.causes.first() {
        phrase = phrase.and(Style::Plain, ": ").and(Style::Strong, cause.headline.as_str());
    }
    if let (Some(before), Some(during)) = (story.rates.before, story.rates.during)
        && before - during > 0.001
        && story.success.as_ref().is_some_and(Success::is_telling)
    {
        let after = story.rates.after.map_or(String::new(), |after| format!(", then {}", percent(after)));
        phrase = phrase.and(
            Style::Plain,
            format!(". Success of requests fell from {} to {}{after}", percent(before), percent(during)),
        );
    }
    phrase.and(Style::Plain, ".")
}

/// Why nothing can be said, where nothing was understood or nothing tells when it was.
fn nothing_said(account: &Account) -> Option<String> {
    if account.from.is_some() {
        return None;
    }
    if account.lines == 0 {
        return Some("there is nothing in these files.".to_owned());
    }
    let hint = "; obs formats explain says how each file was read.";
    Some(match (account.entries, account.unparsed) {
        (0, unparsed) => format!("none of {} was understood{hint}", counted(unparsed, "line", "lines")),
        (entries, _) => format!("none of {} tells when it was{hint}", counted(entries, "entry", "entries")),
    })
}

fn success(report: &mut Report, scene: &Scene<'_>, story: &Story) {
    let Some(success) = &story.success else { return };
    report.heading("Success of requests");
    let cell = |rate: Option<f64>| rate.map_or_else(Cell::none, Cell::percent);
    let mut table =
        Table::new(vec![Column::number("before"), Column::number("during"), Column::number("after")]);
    table.row(vec![cell(story.rates.before), cell(story.rates.during), cell(story.rates.after)]);
    report.push(Section::Table(table));
    // Bins are put together until a row of blocks fits in a line.
    let step = scene.axis.bins.div_ceil(BLOCKS).max(1);
    let sums =
        |counts: &[u64]| counts.chunks(step).map(|chunk| chunk.iter().sum::<u64>()).collect::<Vec<u64>>();
    let (requests, failures) = (sums(&success.requests), sums(&success.failures));
    let rates =
        requests.iter().zip(&failures).map(|(n, f)| (*n > 0).then(|| (n - f) as f64 / *n as f64)).collect();
    let minutes = HumanMillis((scene.axis.width * step as i64) as f64 / 1e6);
    report.push(Section::Sparks(vec![
        Spark {
            label: "success".into(),
            values: rates,
            max: Some(1.0),
            note: format!("a block is {minutes}").into(),
            style: Style::Plain,
        },
        Spark {
            label: "failures".into(),
            values: failures.iter().map(|count| Some(*count as f64)).collect(),
            max: None,
            note: format!("{} in all", HumanCount(failures.iter().sum())).into(),
            style: Style::Bad,
        },
    ]));
    report.paragraph(
        Phrase::new().and(
            Style::Dim,
            format!("Counted in {}: a request succeeds with a {RULE}.", success.source(scene)),
        ),
    );
}

fn timeline(report: &mut Report, story: &Story) {
    if story.timeline.is_empty() {
        return;
    }
    report.heading("What changed, in order");
    let mut table = Table::new(vec![Column::text("at").importance(9), Column::text("what").wrapped()]);
    for event in &story.timeline {
        table.row(vec![event.at.map_or_else(Cell::none, Cell::clock), Cell::text(event.what.as_str())]);
    }
    report.push(Section::Table(table));
}

fn who(report: &mut Report, affected: &Affected) {
    if affected.failed == 0 {
        return;
    }
    report.heading("Who is affected");
    if affected.over_represented.is_empty() {
        report.paragraph(format!(
            "All alike: of {}, no value of {} stands out.",
            match affected.of {
                "entries" => counted(affected.failed, "entry that tells of it", "entries that tell of it"),
                _ => counted(affected.failed, "request that failed", "requests that failed"),
            },
            if affected.alike.is_empty() { "any field".to_owned() } else { affected.alike.join(", ") },
        ));
        return;
    }
    let mut table = Table::new(vec![
        Column::text("field"),
        Column::text("value"),
        Column::number(if affected.of == "entries" { "of the bad entries" } else { "of the failed" }),
        Column::number("of the others"),
        Column::number("lift"),
    ]);
    for common in &affected.over_represented {
        table.row(vec![
            Cell::text(common.field.as_str()),
            Cell::text(common.value.as_str()),
            Cell::percent(common.failed_share),
            Cell::percent(common.succeeded_share),
            Cell::number(common.lift, 1),
        ]);
    }
    report.push(Section::Table(table));
    if !affected.alike.is_empty() {
        report.paragraph(format!("Hit alike: every value of {}.", affected.alike.join(", ")));
    }
}

/// Which alerts would have said so, and how long after it began.
fn fired(report: &mut Report, alerts: &[Alert], story: &Story) {
    if alerts.is_empty() {
        return;
    }
    report.heading("Alerts that would have fired");
    let mut table = Table::new(vec![
        Column::text("at").importance(9),
        Column::text("alert"),
        Column::text("severity"),
        Column::number("after the onset"),
        Column::text("until"),
    ]);
    for alert in alerts.iter().take(12) {
        let after = alert.firing_at.zip(story.onset).filter(|(at, onset)| at >= onset);
        let after = after.map(|(at, onset)| (at.0 - onset.0) as f64 / 1e6);
        table.row(vec![
            alert.firing_at.map_or_else(Cell::none, Cell::clock),
            Cell::text(alert.rule.as_str()),
            alert.severity.as_deref().map_or_else(Cell::none, Cell::text),
            after.map_or_else(Cell::none, Cell::millis),
            alert.resolved_at.map_or_else(Cell::none, Cell::clock),
        ]);
    }
    report.push(Section::Table(table));
}

/// Which files there were, and what could not be read.
fn coverage(report: &mut Report, session: &Session) {
    report.heading("Read");
    let mut formats: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for input in &session.inputs.logs {
        let names: Vec<&str> =
            input.profile().map_or(Vec::new(), |profile| profile.formats.iter().map(|f| f.name()).collect());
        let name = if names.is_empty() { "text".to_owned() } else { names.join("+") };
        formats.entry(name).or_default().push(&input.shown);
    }
    if !session.inputs.metrics.is_empty() {
        let files = session.inputs.metrics.iter().map(|input| input.shown.as_str()).collect();
        formats.insert("metrics".to_owned(), files);
    }
    for (format, files) in formats {
        let more = files.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let files: Vec<&str> = files.into_iter().take(SHOWN).collect();
        report.paragraph(format!("{format}: {}{more}", files.join(", ")));
    }
    for (file, reason) in session.inputs.skipped.iter().take(SHOWN) {
        report.paragraph(Phrase::new().and(Style::Dim, format!("not read: {file} ({reason})")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_one_word_for_the_shell() {
        assert_eq!(quoted("58852803-8da4"), "58852803-8da4");
        assert_eq!(quoted("a'; rm -rf /"), r"'a'\''; rm -rf /'");
        assert_eq!(quoted("-x"), "'-x'");
        assert_eq!(quoted(""), "''");
    }
}
