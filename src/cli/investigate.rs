//! `obs investigate`: the whole story, unasked, on one page.

mod behind;
mod examples;
mod glance;
mod most;
mod page;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;
use serde::Serialize;

use super::args::{BaselineArgs, Form, InputArgs, OutputArgs, PathArgs, SelectArgs, SuccessArgs, Suggested};
use super::check_rules;
use super::config;
use super::detect::lines;
use super::measured::{self, Wanted};
use super::session::{Chosen, Session};
use super::signatures;
use super::verdict::Verdict;
use super::{nothing, out, redaction};
use crate::causes::affected::Affected;
use crate::causes::health::Health;
use crate::causes::story::{Cause, Event, Story};
use crate::detect::signature;
use crate::detect::success::{Rates, Success};
use crate::detect::{Scene, Wants};
use crate::investigate::recorded::Recorded;
use crate::investigate::verdict::Verdict as Judged;
use crate::investigate::{Corpus, Investigation, Looked, Question, investigate};
use crate::metrics;
use crate::model::time::NANOS;
use crate::model::unit::{HumanCount, HumanMillis};
use crate::model::{Account, Error, Location, Needs, Timestamp};
use crate::promql::Expr;
use crate::report::account::{counted, span};
use crate::report::table::percent;
use crate::report::{AccountJson, Cell, Column, Phrase, Report, Section, Spark, Style, Table};
use crate::rules::Setting;
use crate::rules::alert::Alert;
use crate::rules::file::{self, FileOptions};
use crate::rules::replay::{self, Interval};
use crate::scan::Selection;
use crate::source;
use crate::timeline::scene::Basis;
use examples::ExampleJson;

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
    /// Put this Grafana dashboard behind the story on the page, over the same files (repeatable)
    ///
    /// What had to be left out of it makes exit code 2, as what could not be read does.
    #[arg(long, value_name = "FILE")]
    dashboard: Vec<PathBuf>,
    /// Show for each cause the reasons for and against it, with their weights in log odds
    #[arg(long)]
    why: bool,
    /// Exit code 1 if this is the verdict, or a worse one: failing, trouble
    #[arg(long, value_name = "VERDICT", hide_possible_values = true,
          value_parser = Suggested::new(|| vec!["failing", "trouble"]))]
    fail_on: Option<String>,
    /// Look for what the rules of this file or folder say, too (CRE rules; may be given more than once)
    #[arg(long, value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    signatures: Vec<PathBuf>,
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

#[derive(Serialize)]
struct InvestigateJson<'a> {
    verdict: Judged,
    span: SpanJson,
    baseline: Option<BaselineJson>,
    onset: Option<String>,
    success_rate: Rates,
    causes: &'a [Cause],
    affected: &'a Affected,
    examples: Vec<ExampleJson>,
    alerts: &'a [Alert],
    /// Rules whose series are not in these files.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    unjudged: &'a [String],
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

/// How many blocks a curve has.
const BLOCKS: usize = 48;

/// How many files of one format are named.
const SHOWN: usize = 6;

/// Runs the command.
pub(super) fn run(args: &InvestigateArgs, cancel: &Arc<AtomicBool>) -> Result<Verdict, Error> {
    let fail_on = args.fail_on.as_deref().map(judged_by_name).transpose()?;
    let written = || [&args.html, &args.markdown].into_iter().flatten().map(PathBuf::as_path);
    written().try_for_each(out::try_file)?;
    let mut needs = Needs::none();
    let chosen = Chosen::parse(&args.select, &mut needs)?;
    let asked = needs.clone();
    let own = config::detectors(&args.input, &mut needs)?;
    let rule = config::success(&args.success, &args.input, &mut needs)?;
    let (signatures, said) = signatures::read(&args.signatures)?;
    let alike = signature::ask(&signatures, &mut needs);
    let written: Vec<PathBuf> = written().map(Path::to_owned).collect();
    let mut session = Session::open_writing(&args.paths, &args.input, &args.output, cancel, &written)?;
    session.diagnostics.extend(said);
    session.order_by_lines();
    session.require_data();
    // Evidence is read again where it stands.
    session.hold_pipes();
    let range = session.time_range(&chosen)?;
    let selected = range;
    let (range, given) = session.baseline(args.usual.baseline.as_deref(), range)?;
    let options = session.config.scan.clone();
    let logs = &session.inputs.logs;
    let wants = Wants::judging(logs, rule, &mut needs).knowing(config::declared(&args.input)?);
    let selection = Selection::new(needs.clone(), &chosen.filter, range);
    let corpus = Corpus { inputs: &session.inputs, options: &options, now: session.config.now };
    // Of what was selected the requests are compared, not with those of the past.
    let compared = if args.usual.baseline.is_some() { range } else { selected };
    let question = Question {
        filter: &chosen.filter,
        range,
        compared,
        given,
        own: &own,
        signatures: Some((&signatures, &alike)),
        only: &[],
    };
    let investigation = investigate(&corpus, &question, (&wants, needs, asked))?;
    let Investigation { looked, story, affected, examples: cases } = investigation;
    let Looked { scene, findings, mut scanned, recorded, platform, .. } = looked;
    let place = |at: Location| {
        let log = &logs[at.file as usize];
        (format!("{}:{}", log.shown, scanned.line_of(at)), log.opened())
    };
    let read = (&args.paths.paths[..], &args.input);
    let examples: Vec<ExampleJson> =
        cases.iter().map(|example| examples::command(example, example.entry.map(place), read)).collect();
    for case in cases.iter().filter(|case| case.entry.is_none()) {
        redaction::learn(&case.id);
    }
    let events = story.timeline.iter().filter_map(|event| event.evidence.as_ref());
    let shown: Vec<_> = story.causes.iter().flat_map(|cause| &cause.evidence).chain(events).collect();
    let shown: Vec<_> = shown.iter().map(|evidence| evidence.location).collect();
    redaction::learn_of(&shown, (logs, &scanned), &options);
    let mut account = session.account(&mut scanned);
    recorded.tell(&mut account, &mut session.diagnostics);
    platform.tell(&mut account, &mut session.diagnostics);
    account.window = account.from.zip(account.to).and_then(|span| scene.window(span));
    let replayed = alerts(args, &mut session)?;
    let unseen = if platform.has_data() {
        None
    } else {
        unseen(&mut session, &chosen.asked, (&scene, &recorded), &account, &story)
    };
    if unseen.is_none() && scene.is_empty() {
        nothing::explain(&mut session, &chosen.asked, &account);
    }
    let judged = Judged::of(&scene, &story, &findings, unseen.is_some());
    let json = InvestigateJson {
        verdict: judged,
        span: SpanJson { from: account.from.map(text), to: account.to.map(text) },
        baseline: baseline(&story, &scene, &account),
        onset: story.onset.map(text),
        success_rate: story.rates,
        causes: &story.causes,
        affected: &affected,
        examples: examples.clone(),
        alerts: &replayed.alerts,
        unjudged: &replayed.unjudged,
        timeline: &story.timeline,
        input: AccountJson::from(&account),
    };
    let form = args.output.output;
    let is_page = matches!(form, Form::Html | Form::Markdown);
    if !args.dashboard.is_empty() && !is_page && args.html.is_none() && args.markdown.is_none() {
        return Err(Error::usage("--dashboard is for the page, and none is asked for")
            .hinted("add --html FILE, or --output html"));
    }
    let mut page = (is_page || args.html.is_some() || args.markdown.is_some()).then(|| {
        let told = page::Told {
            judged,
            args,
            session: &session,
            scene: &scene,
            findings: &findings,
            story: &story,
            affected: &affected,
            cases: &cases,
            examples: &examples,
            replayed: &replayed,
            account: &account,
            recorded: &recorded,
            unseen: unseen.as_deref(),
        };
        page::page(&told, &selection)
    });
    if let Some(page) = page.as_mut().filter(|_| !args.dashboard.is_empty()) {
        behind::put(page, (args, &mut session), range, (&story, &replayed))?;
    }
    let files = [(&args.html, "html"), (&args.markdown, "markdown")];
    let unwritten = files.into_iter().find_map(|(path, renderer)| {
        let (path, page) = (path.as_ref()?, page.as_ref()?);
        out::write_report_file(path, renderer, session.config.page, page).err()
    });
    let report = match page {
        Some(page) if is_page => page,
        _ => {
            let first = verdict(&story, judged, &account, unseen.as_deref());
            report((&session, first, args.why), &scene, &story, &affected, &examples, &replayed, &account)
        }
    };
    session.write(args.output.output, &report, ("obs.investigate/1", &json))?;
    if let Some(error) = unwritten {
        // The answer is not lost with the file.
        session.finish(Verdict::Trouble);
        return Err(error);
    }
    let fails = fail_on.is_some_and(|least| judged != Judged::Unknown && judged >= least);
    Ok(session.finish(match judged {
        Judged::Unknown => Verdict::Trouble,
        _ => Verdict::of(!fails),
    }))
}

/// The verdict of that name, of those that a pipeline may fail on.
fn judged_by_name(name: &str) -> Result<Judged, Error> {
    let known = [Judged::Failing, Judged::Trouble].into_iter().find(|judged| judged.name() == name);
    known.ok_or_else(|| Error::usage(format!("--fail-on: {name} is neither failing nor trouble")))
}

/// Why nothing can be said, if there was nothing to judge.
fn unseen(
    session: &mut Session,
    asked: &[String],
    (scene, recorded): (&Scene<'_>, &Recorded),
    account: &Account,
    story: &Story,
) -> Option<String> {
    if recorded.span().is_some_and(|span| scene.is_selected(span)) {
        return None;
    }
    if story.causes.first().is_some_and(|cause| !cause.is_known()) {
        let entries = match account.entries {
            1 => "one entry, which has no level and tells".to_owned(),
            n => format!("{n} entries, which have no level and tell"),
        };
        return Some(format!("there is only {entries} of no request."));
    }
    if !story.causes.is_empty() {
        return None;
    }
    if scene.is_empty() {
        return Some(nothing::sentence(session, asked, account));
    }
    nothing_said(account)
}

/// What the rules say.
#[derive(Debug, Default)]
struct Replayed {
    /// The alerts that they would have raised, in the order of time.
    alerts: Vec<Alert>,
    /// The rules that could not be judged, since their series are not in these files.
    unjudged: Vec<String>,
}

impl Replayed {
    /// Which rules could not be judged.
    fn unjudged(&self) -> Option<String> {
        let shown: Vec<&str> = self.unjudged.iter().take(SHOWN).map(String::as_str).collect();
        let more = self.unjudged.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let could =
            format!("{}{more} could not be judged: their series are not in these files.", shown.join(", "));
        (!shown.is_empty()).then_some(could)
    }
}

/// The alerts that the rules would have raised, and the rules that tell nothing.
fn alerts(args: &InvestigateArgs, session: &mut Session) -> Result<Replayed, Error> {
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
        return Ok(Replayed::default());
    }
    let groups = || files.iter().flat_map(|file| &file.groups);
    let exprs: Vec<&Expr> = groups().flat_map(|group| group.rules.iter().map(|rule| &rule.expr)).collect();
    let mut needs = Needs::none();
    let chosen = Chosen::parse(&args.select, &mut needs)?;
    let every_ms = groups().filter_map(|group| group.interval).min();
    let success = config::success(&args.success, &args.input, &mut needs)?;
    let declared = measured::declared(&args.input)?;
    let wanted = Wanted {
        exprs: &exprs,
        input: &args.input,
        declared: &declared,
        success: &success,
        asked: None,
        every_ms,
        chosen: &chosen,
        needs,
    };
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
    let mut unjudged: Vec<String> = replay.unjudged.iter().map(|unjudged| unjudged.rule.clone()).collect();
    unjudged.dedup();
    let mut alerts: Vec<Alert> = replay.alerts.into_iter().filter(Alert::fired).collect();
    alerts.sort_by(|a, b| (a.firing_at, &a.rule).cmp(&(b.firing_at, &b.rule)));
    Ok(Replayed { alerts, unjudged })
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
        given: scene.given.is_some_and(|given| given.basis == Basis::Typed),
    })
}

fn text(ts: Timestamp) -> String {
    ts.to_string()
}

/// Effects of a cause told in its paragraph.
const EFFECTS: usize = 3;

fn report(
    (session, first, why): (&Session, Phrase, bool),
    scene: &Scene<'_>,
    story: &Story,
    affected: &Affected,
    examples: &[ExampleJson],
    replayed: &Replayed,
    account: &Account,
) -> Report {
    let mut report = Report::new();
    report.paragraph(first);
    glance::tell(&mut report, story, affected, examples);
    if let Some(cause) = story.causes.first() {
        let is_known = cause.is_known();
        report.heading(if is_known { "Likely cause" } else { "What was said last" });
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
        if is_known {
            report.paragraph(against(cause));
        }
        if why {
            report.push(reasons(cause));
        }
        for cause in story.causes.iter().skip(1).take(2) {
            report.paragraph(Phrase::new().and(Style::Dim, considered(cause)));
            if why {
                report.push(reasons(cause));
            }
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
    fired(&mut report, replayed, story);
    coverage(&mut report, session);
    report.push(Section::Account(*account));
    report
}

/// The reasons for and against a cause, the weightiest first.
fn reasons(cause: &Cause) -> Section {
    let mut table = Table::new(vec![
        Column::number("log odds"),
        Column::text("reason").importance(9),
        Column::text("why").wrapped(),
    ])
    .named("reasons");
    let mut factors: Vec<_> = cause.why.iter().collect();
    factors.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
    for factor in factors {
        let weight = format!("{:+.1}", factor.weight);
        table.row(vec![Cell::text(weight), Cell::text(factor.factor), Cell::text(factor.why.as_str())]);
    }
    Section::Table(table)
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
    let word = if cause.another_failure { "Another failure" } else { "Also considered" };
    let but = cause.against.first().map_or(String::new(), |first| format!("; but {first}"));
    let sure = match cause.confidence {
        confidence if confidence < 0.01 => "under 1 %".to_owned(),
        confidence => format!("{:.0} %", confidence * 100.0),
    };
    format!("{word}: {} ({sure}){but}.", cause.summary)
}

/// The first sentence: what fails, since when, how badly, why.
fn verdict(story: &Story, judged: Judged, account: &Account, unseen: Option<&str>) -> Phrase {
    if let Some(why) = unseen {
        return Phrase::new().and(Style::Warn, "Nothing can be said").and(Style::Plain, format!(": {why}"));
    }
    let cause = story.causes.first();
    match story.onset {
        _ if judged == Judged::Calm => calm(story, account),
        None => untold(story, judged, account),
        Some(_) if cause.is_some_and(|cause| cause.since_beginning || cause.from.is_none()) => {
            untold(story, judged, account)
        }
        Some(onset) => fallen(headlined(broke(onset, account), cause), story).and(Style::Plain, "."),
    }
}

/// When it broke, within which time.
fn broke(onset: Timestamp, account: &Account) -> Phrase {
    // What fails when a window begins has begun then or earlier.
    let open = account.window.is_some_and(|(from, _)| onset - from < NANOS);
    let word = if open { "at or before" } else { "at" };
    let phrase = Phrase::new().and(Style::Bad, "Something broke");
    let phrase = phrase.and(Style::Plain, format!(" {word} {}", onset.date_clock_utc()));
    match account.window {
        Some((from, to)) => phrase.and(Style::Plain, format!(" within {}–{}", from.clock(), to.clock())),
        None => phrase,
    }
}

/// What happened where, after a colon.
fn headlined(phrase: Phrase, cause: Option<&Cause>) -> Phrase {
    let Some(cause) = cause else { return phrase };
    phrase.and(Style::Plain, ": ").and(Style::Strong, cause.headline.as_str())
}

/// How the success of requests fell.
fn fallen(phrase: Phrase, story: &Story) -> Phrase {
    if let (Some(before), Some(during)) = (story.rates.before, story.rates.during)
        && before - during > 0.001
        && story.success.as_ref().is_some_and(Success::is_telling)
    {
        let after = story.rates.after.map_or(String::new(), |after| format!(", then {}", percent(after)));
        return phrase.and(
            Style::Plain,
            format!(". Success of requests fell from {} to {}{after}", percent(before), percent(during)),
        );
    }
    phrase
}

/// Nothing is wrong, and what was looked at to say so.
fn calm(story: &Story, account: &Account) -> Phrase {
    let span = account.window.or(account.from.zip(account.to)).map_or(String::new(), |(from, to)| {
        let word = if from.date_clock() == to.date_clock() { "at" } else { "between" };
        format!(" {word} {}", span(from, to))
    });
    let rate = story.rates.before.or(story.rates.during);
    let rate = rate.map_or(String::new(), |rate| format!(" {} of requests succeeded.", percent(rate)));
    Phrase::new()
        .and(Style::Good, "Nothing is wrong")
        .and(Style::Plain, format!("{span}: no failure stands out from what is usual.{rate}"))
}

/// What is wrong, and was so all the time, or when is not known.
fn untold(story: &Story, judged: Judged, account: &Account) -> Phrase {
    let cause = story.causes.first();
    let since = match account.window.map(|(from, _)| from).or(account.from) {
        Some(from) if account.window.is_some() => format!(" at or before {}", from.date_clock_utc()),
        Some(from) => format!(" since the beginning of the data, {}", from.date_clock_utc()),
        None => String::new(),
    };
    let what = if judged != Judged::Failing {
        "There is trouble"
    } else if story.health == Health::Failing {
        "Requests fail"
    } else {
        "Something broke"
    };
    let phrase = Phrase::new().and(Style::Bad, what).and(Style::Plain, since);
    let phrase = headlined(phrase, cause);
    let rate = story.success.as_ref().filter(|success| success.is_telling()).and_then(|success| success.rate);
    phrase.and(
        Style::Plain,
        match rate {
            Some(rate) => format!(". {} of requests succeeded.", percent(rate)),
            None if judged == Judged::Trouble && cause.is_none() => {
                ". Nothing tells whether users felt it; obs detect lists what was found.".to_owned()
            }
            None if judged == Judged::Trouble => ". Nothing tells whether users felt it.".to_owned(),
            None => ".".to_owned(),
        },
    )
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
        Table::new(vec![Column::number("before"), Column::number("during"), Column::number("after")])
            .named("success");
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
    report.paragraph(Phrase::new().and(
        Style::Dim,
        format!("Counted in {}: a request succeeds when {}.", success.source(scene), success.rule),
    ));
}

fn timeline(report: &mut Report, story: &Story) {
    if story.timeline.is_empty() {
        return;
    }
    report.heading("What changed, in order");
    let mut table =
        Table::new(vec![Column::text("at").importance(9), Column::text("what").wrapped()]).named("timeline");
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
    ])
    .named("affected");
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
fn fired(report: &mut Report, replayed: &Replayed, story: &Story) {
    let alerts = &replayed.alerts;
    if let Some(sentence) = replayed.unjudged() {
        report.heading("Rules that tell nothing");
        report.paragraph(sentence);
    }
    if alerts.is_empty() {
        return;
    }
    report.heading("Alerts that would have fired");
    let mut table = Table::new(vec![
        Column::text("at").importance(9),
        Column::text("alert").wrapped_to(6).whole_words(),
        Column::text("severity"),
        Column::number("after the onset").unit("ms"),
        Column::text("until"),
    ])
    .named("alerts");
    for (alert, name) in alerts.iter().zip(check_rules::told_apart(alerts)).take(12) {
        let after = alert.firing_at.zip(story.onset).filter(|(at, onset)| at >= onset);
        let after = after.map(|(at, onset)| (at - onset) as f64 / 1e6);
        table.row(vec![
            alert.firing_at.map_or_else(Cell::none, Cell::clock),
            Cell::text(name),
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
    if session.inputs.has_metrics() {
        let files = session.inputs.metrics.iter().map(|input| input.shown.as_str());
        let databases = session.inputs.databases.iter().map(|database| database.shown.as_str());
        let files = files.chain(databases).collect();
        formats.insert("metrics".to_owned(), files);
    }
    for (format, files) in formats {
        report.paragraph(format!("{format}: {}", listed(&files)));
    }
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (file, reason) in &session.inputs.skipped {
        match reasons.iter_mut().find(|(known, _)| known == reason) {
            Some((_, files)) => files.push(file),
            None => reasons.push((reason, vec![file])),
        }
    }
    for (reason, files) in reasons.into_iter().take(SHOWN) {
        let said = format!("not read: {} ({reason})", listed(&files));
        report.paragraph(Phrase::new().and(Style::Dim, said));
    }
}

/// The first of some files, and how many more there are.
fn listed(files: &[&str]) -> String {
    let more = files.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", files[..files.len().min(SHOWN)].join(", "))
}
