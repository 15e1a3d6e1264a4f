//! `obs dashboard`: a Grafana dashboard drawn from files, and which of its panels have no data.

mod behind;
mod json;
mod said;

pub(super) use behind::{Story, behind};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::{Args, ValueEnum};

use self::json::AnswerJson;
use super::args::{Form, InputArgs, OutputArgs, PathArgs, SelectArgs, forms};
use super::check_rules;
use super::config;
use super::empty::Known;
use super::measured::{self, Measured, MetricArgs, Wanted};
use super::near;
use super::out;
use super::query::{self, promql_options};
use super::session::{Chosen, Session};
use super::stats;
use super::verdict::Verdict;
use crate::dashboard::answer::{self, Answered, Status, Typed};
use crate::dashboard::bounds::LeftOut;
use crate::dashboard::read::Library;
use crate::dashboard::timing::Timing;
use crate::dashboard::variables::Data;
use crate::dashboard::{Dashboard, draw, read};
use crate::filter::When;
use crate::metrics;
use crate::model::{Diagnostic, Error, ErrorKind, Needs, Timestamp};
use crate::promql::{self, Expr};
use crate::report::table::{Cell, Column, Table};
use crate::report::{Report, Untrusted, github, junit, sarif};
use crate::rules::Setting;
use crate::rules::file::RuleFile;
use crate::rules::replay::{self, Interval, Replay};
use crate::source::{self, Purpose, WalkOptions};

/// The forms of an answer.
const FORMS: &[Form] =
    &[Form::Table, Form::Json, Form::Markdown, Form::Html, Form::Junit, Form::Sarif, Form::Github];

/// Draw a Grafana dashboard from files, and tell which of its panels have no data
#[derive(Args, Debug)]
#[command(
    mut_arg("output", |output| output.value_parser(forms(FORMS))),
    long_about = "Draw a Grafana dashboard from files, and tell which of its panels have no data\n\n\
        Reads dashboards as Grafana exports them, of any schema, as its API gives them, and in objects of Kubernetes; \
        a folder is all dashboards in it. Variables get their values from the data; --var chooses others. Metrics \
        come from recorded files and from logs, as for obs query.",
    after_help = "Examples:
  obs dashboard node-exporter-full.json metrics/
  obs dashboard node-exporter-full.json metrics/ --var instance=web-1:9100 --start 03:00 --end 03:30
  obs dashboard node-exporter-full.json metrics/ --html page.html --onset 03:06 -r alerts.yml
  obs dashboard dashboards/ metrics/ --fail-on empty --output github
  obs dashboard dashboards/ metrics/ --unused -r alerts.yml"
)]
pub(super) struct DashboardArgs {
    /// The dashboard, or a folder of dashboards; - is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    paths: PathArgs,
    /// The value of a variable (repeatable; several values parted by commas; All)
    #[arg(long, value_name = "NAME=VALUE")]
    var: Vec<String>,
    /// From this time on (default: the start of the data)
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    start: Option<String>,
    /// Up to this time (default: the end of the data)
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    end: Option<String>,
    /// From one time to the next (default: as each panel says, for its width)
    #[arg(long, value_name = "DURATION")]
    step: Option<String>,
    /// Panels that make exit code 1: those without data and those in error, or only those in error
    #[arg(long, value_name = "STATUS", default_value = "never")]
    fail_on: FailOn,
    /// Write the page to this file, too; - is standard output
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write it as Markdown to this file, too; - is standard output
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Mark this time in every chart: when the trouble began
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    onset: Option<String>,
    /// Replay the rules of this file: when alerts fired is marked in every chart, and lists of alerts show them
    /// (repeatable)
    #[arg(short, long = "rules", value_name = "FILE")]
    rules: Vec<PathBuf>,
    /// Also the metrics of the data that no panel, no variable and no rule given asks for
    #[arg(long)]
    unused: bool,
    #[command(flatten)]
    metrics: MetricArgs,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    select: SelectArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Which panels make exit code 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// without data, or in error
    Empty,
    /// in error
    Error,
    /// none
    Never,
}

impl FailOn {
    /// Does a panel that went so count? What is in error is worse than what is empty.
    fn counts(self, status: Status) -> bool {
        match self {
            FailOn::Empty => status >= Status::Empty,
            FailOn::Error => status >= Status::Error,
            FailOn::Never => false,
        }
    }
}

/// What is known when the answer is written.
struct Judged<'j> {
    answered: &'j [Answered],
    marks: &'j draw::Marks,
    /// Alerts of the rules that were given.
    alerts: Option<Table>,
    /// Metrics that nothing asks for, with how many series each has.
    unused: Option<Vec<(String, usize)>>,
    fail_on: FailOn,
}

/// Runs the command.
pub(super) fn run(args: &DashboardArgs, cancel: &Arc<AtomicBool>) -> Result<Verdict, Error> {
    let typed = Typed {
        variables: args.var.iter().map(|pair| variable(pair)).collect::<Result<_, _>>()?,
        step: args.step.as_deref().map(stats::step).transpose()?.map(|nanos| nanos / 1_000_000),
    };
    let parse = |source: &Option<String>| source.as_deref().map(When::parse).transpose();
    let (start, end, onset) = (parse(&args.start)?, parse(&args.end)?, parse(&args.onset)?);
    let mut needs = Needs::none();
    let chosen = Chosen::parse(&args.select, &mut needs)?;
    let success = config::success(&args.metrics.success, &args.input, &mut needs)?;
    let declared = measured::declared(&args.input)?;
    let Named { dashboards, diagnostics } = named(&args.file)?;
    check_variables(&typed, &dashboards)?;
    let rules = query::rule_files(&args.rules, true)?;
    let mut session = Session::open_with_tables(&args.paths, &args.input, &args.output, cancel)?;
    session.diagnostics.extend(diagnostics);
    session.require_data();
    let options = promql_options(true);
    let mut exprs = wanted(&dashboards, &options);
    if args.unused && !session.inputs.databases.is_empty() {
        // Of a data folder only what is asked for is read.
        exprs.extend(promql::parse("{__name__!=\"\"}", &options));
    }
    let of_rules =
        rules.iter().flat_map(|file| &file.groups).flat_map(|group| &group.rules).map(|rule| &rule.expr);
    let exprs: Vec<&Expr> = exprs.iter().chain(of_rules).collect();
    let wanted = Wanted {
        exprs: &exprs,
        input: &args.input,
        declared: &declared,
        success: &success,
        every_ms: typed.step,
        chosen: &chosen,
        asked: None,
        needs,
    };
    let mut measured = measured::load(&mut session, wanted)?;
    let timing = timing(&session, &measured, start.as_ref(), end.as_ref())?;
    // What rules write is no metric of the data.
    let recorded: BTreeMap<String, usize> =
        if args.unused { series_by_name(&measured) } else { BTreeMap::new() };
    let fired = replayed(&rules, &mut measured, &mut session, &options)?;
    let mut marks: Vec<(Timestamp, Untrusted)> = Vec::new();
    if let Some(onset) = &onset {
        marks.push((session.instant(onset, times(&measured))?, "onset".into()));
    }
    marks.extend(fired.iter().flat_map(firings));
    let names = metrics::names(&declared, &session.inputs);
    let known = Known::new(&measured.store, &names);
    let data = Data { store: &measured.store, options: &options, timing };
    let reasons = |expr: &Expr| known.why_empty(expr);
    let answered: Vec<Answered> = dashboards
        .iter()
        .map(|dashboard| answer::answer(dashboard, &typed, &data, &reasons))
        .collect::<Result<_, _>>()?;
    let unused = args.unused.then(|| unused(recorded, &answered, &exprs, &options));
    let alerts = fired.as_ref().map(alert_table);
    let judged = Judged { answered: &answered, marks: &marks, alerts, unused, fail_on: args.fail_on };
    session.diagnostics.extend(answered.iter().filter_map(partial));
    write(args, &mut session, &judged, &measured)?;
    let failed =
        answered.iter().flat_map(|answered| &answered.panels).any(|panel| args.fail_on.counts(panel.status));
    Ok(session.finish(Verdict::of(!failed)))
}

/// What of a dashboard is not in the answer: then it is partial.
fn partial(answered: &Answered) -> Option<Diagnostic> {
    let left_out = answered.panels.iter().fold(LeftOut::default(), |sum, panel| sum + panel.left_out);
    let first = answered.panels.iter().find(|panel| !panel.left_out.is_nothing())?;
    let message = format!("\"{}\" is not answered in full: {}", answered.title, left_out.sentence());
    let mut diagnostic = Diagnostic::error(answered.file.clone(), message).hinted(format!(
        "the first panel is \"{}\"; ask for less: --var, --step, --start",
        first.panel.title
    ));
    diagnostic.line = first.panel.line;
    Some(diagnostic)
}

/// Writes the answer in every form that was asked for.
fn write(
    args: &DashboardArgs,
    session: &mut Session,
    judged: &Judged<'_>,
    measured: &Measured,
) -> Result<(), Error> {
    let page = session.config.page;
    let files = [(&args.html, "html", Form::Html), (&args.markdown, "markdown", Form::Markdown)];
    for (path, name, form) in files {
        if let Some(path) = path {
            out::write_report_file(path, name, page, &said::report(judged, measured, form))?;
        }
    }
    let on_stdout = files.iter().any(|(path, ..)| path.as_deref() == Some(Path::new("-")));
    let form = args.output.output;
    match form {
        Form::Junit => out::write_text(junit::render(&said::verdicts(judged)).as_bytes()),
        Form::Github => out::write_text(github::render(&said::verdicts(judged)).as_bytes()),
        Form::Sarif => {
            let text = sarif::render(&said::verdicts(judged), env!("CARGO_PKG_VERSION"))
                .map_err(|error| Error::new(ErrorKind::Output, format!("the answer is no JSON: {error}")))?;
            out::write_text(&text)
        }
        // A page on standard output is the answer.
        Form::Table if on_stdout => Ok(()),
        form => {
            let value = AnswerJson::new(judged.answered, judged.unused.as_deref(), measured);
            let report =
                if form == Form::Json { Report::new() } else { said::report(judged, measured, form) };
            session.write(form, &report, ("obs.dashboard/1", &value))
        }
    }
}

/// How many series each metric has.
fn series_by_name(measured: &Measured) -> BTreeMap<String, usize> {
    let mut names = BTreeMap::new();
    for series in measured.store.series() {
        *names.entry(series.labels.metric().to_owned()).or_default() += 1;
    }
    names
}

/// The metrics that no expression names: those of panels and variables as they were evaluated, and those of rules.
fn unused(
    mut names: BTreeMap<String, usize>,
    answered: &[Answered],
    exprs: &[&Expr],
    options: &promql::Options,
) -> Vec<(String, usize)> {
    let asked = answered.iter().flat_map(|answered| &answered.panels).flat_map(|panel| &panel.asked);
    let evaluated: Vec<Expr> = asked.filter_map(|asked| promql::parse(&asked.expr, options).ok()).collect();
    for matchers in exprs.iter().copied().chain(&evaluated).flat_map(promql::selectors) {
        match metrics::name_of(matchers) {
            Some(name) => {
                names.remove(name);
            }
            // Only what asks by a pattern of names asks for several; what asks for everything asks for none.
            None => {
                let of_name: Vec<_> =
                    matchers.iter().filter(|matcher| &*matcher.name == "__name__").collect();
                if of_name.iter().any(|matcher| !matcher.value.is_empty()) {
                    names.retain(|name, _| !of_name.iter().all(|matcher| matcher.matches(name)));
                }
            }
        }
    }
    names.into_iter().collect()
}

/// Replays the rules, if there are some; what they write can then be asked for.
fn replayed(
    rules: &[RuleFile],
    measured: &mut Measured,
    session: &mut Session,
    options: &promql::Options,
) -> Result<Option<Replay>, Error> {
    if rules.is_empty() {
        return Ok(None);
    }
    let default = metrics::interval(&measured.store).unwrap_or(60_000);
    let setting = Setting {
        promql: options.clone(),
        cancel: Arc::clone(&session.config.scan.cancel),
        ..Setting::plain()
    };
    let replay = replay::replay(rules, &mut measured.store, Interval { forced: None, default }, &setting)?;
    session.diagnostics.extend(check_rules::judged(&replay, true));
    Ok(Some(replay))
}

/// When alerts fired, each rule at most so often.
fn firings(replay: &Replay) -> Vec<(Timestamp, Untrusted)> {
    const OFTEN: usize = 20;
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    let mut marks = Vec::new();
    for alert in &replay.alerts {
        let Some(at) = alert.firing_at else { continue };
        let known = count.entry(&alert.rule).or_default();
        *known += 1;
        if *known <= OFTEN {
            marks.push((at, Untrusted::from(format!("{} fires", alert.rule))));
        }
    }
    marks
}

/// The alerts that fired.
fn alert_table(replay: &Replay) -> Table {
    let mut table = Table::new(vec![
        Column::text("alert").importance(9),
        Column::text("labels").wrapped(),
        Column::text("firing"),
        Column::text("until"),
    ]);
    for alert in replay.alerts.iter().filter(|alert| alert.fired()) {
        let time = |at: Option<Timestamp>| at.map_or_else(Cell::none, Cell::time);
        let labels = Cell::text(alert.labels.to_string());
        table.row(vec![
            Cell::text(alert.rule.as_str()),
            labels,
            time(alert.firing_at),
            time(alert.resolved_at),
        ]);
    }
    table
}

/// `NAME=VALUE` as it was typed.
fn variable(pair: &str) -> Result<(String, String), Error> {
    let parts = pair.split_once('=').map(|(name, value)| (name.trim_start_matches("var-"), value));
    match parts.filter(|(name, _)| !name.is_empty()) {
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => Err(Error::usage(format!("`--var {pair}` gives no variable a value"))
            .hinted("write --var NAME=VALUE")),
    }
}

/// Every name must be that of a variable: a slip of the pen would choose nothing.
fn check_variables(typed: &Typed, dashboards: &[Dashboard]) -> Result<(), Error> {
    let names = || {
        dashboards.iter().flat_map(|dashboard| &dashboard.variables).map(|variable| variable.name.as_str())
    };
    for (name, _) in &typed.variables {
        if !names().any(|known| known == name) {
            let error = Error::usage(format!("--var {name}: the dashboard has no such variable"));
            return Err(match names().next() {
                Some(_) => error.hinted(near::instead(name, names()).trim_start_matches("; ").to_owned()),
                None => error.hinted("it has none at all"),
            });
        }
    }
    Ok(())
}

/// The dashboards that a path names.
struct Named {
    dashboards: Vec<Dashboard>,
    /// What in a folder is none.
    diagnostics: Vec<Diagnostic>,
}

impl Named {
    /// Reads a file; how many dashboards are in it?
    fn add(&mut self, path: &Path, library: &Library) -> Result<usize, Error> {
        let (name, text) = text_of(path)?;
        let found = read::read(&name, &text, library)?;
        let count = found.len();
        self.dashboards.extend(found);
        Ok(count)
    }
}

/// Reads a file that should be a dashboard.
fn text_of(path: &Path) -> Result<(String, String), Error> {
    let purpose = Purpose {
        what: "a dashboard",
        most: read::LARGEST,
        hint: "the dashboard stands before the data: obs dashboard FILE.json PATH...",
    };
    source::read_text_as(path, &purpose).map_err(|trouble| {
        let error = Error::input(trouble.to_string());
        trouble.hint.map_or(error.clone(), |hint| error.hinted(hint))
    })
}

/// The dashboards of a file, or of the files of a folder.
fn named(path: &Path) -> Result<Named, Error> {
    let mut named = Named { dashboards: Vec::new(), diagnostics: Vec::new() };
    if !path.is_dir() {
        return match named.add(path, &Library::default())? {
            0 => Err(Error::input(format!("{} is no Grafana dashboard", path.display()))
                .hinted("export one: Dashboard, Export, Save to file; or name a folder of them")),
            _ => Ok(named),
        };
    }
    let walked = source::walk(&[path.to_owned()], &WalkOptions::default());
    named.diagnostics = walked.diagnostics;
    let is_text = |path: &Path| {
        let ending = path.extension().unwrap_or_default();
        ["json", "yaml", "yml"].iter().any(|known| ending.eq_ignore_ascii_case(known))
    };
    let files = || walked.found.iter().filter(|found| found.member.is_none() && is_text(&found.path));
    // Panels that dashboards share may stand in files of their own. What cannot be read says so when it is read again.
    let mut library = Library::default();
    let mut of_library: Vec<&Path> = Vec::new();
    for found in files() {
        if let Ok((name, text)) = text_of(&found.path)
            && read::library(&name, &text, &mut library).unwrap_or(false)
        {
            of_library.push(&found.path);
        }
    }
    for found in files() {
        match named.add(&found.path, &library) {
            Ok(0) if of_library.contains(&found.path.as_path()) => {}
            Ok(0) => named.diagnostics.push(Diagnostic::note(found.shown.clone(), "is no dashboard")),
            Ok(_) => {}
            Err(error) => named.diagnostics.push(Diagnostic::error("", error.message)),
        }
    }
    if named.dashboards.is_empty() {
        return Err(Error::input(format!(
            "{}: there is no Grafana dashboard in this folder",
            path.display()
        )));
    }
    Ok(named)
}

/// What may be asked of the data; where that may be anything, everything.
fn wanted(dashboards: &[Dashboard], options: &promql::Options) -> Vec<Expr> {
    let mut exprs = Vec::new();
    for dashboard in dashboards {
        match answer::wanted(dashboard, options) {
            Some(found) => exprs.extend(found),
            None => exprs.extend(promql::parse("{__name__!=\"\"}", options)),
        }
    }
    exprs
}

/// The times that the dashboard shows: as typed, else all of the data.
fn timing(
    session: &Session,
    measured: &Measured,
    start: Option<&When>,
    end: Option<&When>,
) -> Result<Timing, Error> {
    let span = times(measured);
    let at = |millis| Timestamp::from_millis(millis).map_or_else(String::new, |at| at.to_string());
    let (from, to) = span.unwrap_or((session.config.now, session.config.now));
    let resolve = |when: Option<&When>, usual: Timestamp| match when {
        Some(when) => session.instant(when, span).map(Timestamp::millis),
        None => Ok(usual.millis()),
    };
    // Whole seconds: exactly at a sample one version of Prometheus counts one more into a range than another.
    let to = Timestamp::from_millis(whole_second(to.millis())).unwrap_or(to);
    let (from, to) = (resolve(start, from)?, resolve(end, to)?);
    if from > to {
        let data = if start.is_none() { ", where the data starts" } else { "" };
        return Err(Error::usage(format!(
            "the dashboard would end at {}, before it starts at {}{data}",
            at(to),
            at(from)
        ))
        .hinted("give --start before --end"));
    }
    let sampled = metrics::interval(&measured.store).unwrap_or(15_000);
    Ok(Timing { from, to, step: sampled, interval: sampled, sampled })
}

/// The next whole second.
fn whole_second(millis: i64) -> i64 {
    millis.saturating_add(999).div_euclid(1_000).saturating_mul(1_000)
}

/// The first and last time of the data.
fn times(measured: &Measured) -> Option<(Timestamp, Timestamp)> {
    let (from, to) = measured.store.span()?;
    Timestamp::from_millis(from).zip(Timestamp::from_millis(to))
}
