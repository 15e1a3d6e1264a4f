//! `obs dashboard`: a Grafana dashboard drawn from files, and which of its panels have no data.

mod json;
mod said;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::{Args, ValueEnum};

use super::args::{Form, InputArgs, OutputArgs, PathArgs, SelectArgs, forms};
use super::check_rules::text_of;
use super::config;
use super::empty::Known;
use super::measured::{self, Measured, MetricArgs, Wanted};
use super::near;
use super::query::promql_options;
use super::session::{Chosen, Session};
use super::stats;
use super::verdict::Verdict;
use crate::dashboard::answer::{self, Answered, Status, Typed};
use crate::dashboard::timing::Timing;
use crate::dashboard::variables::Data;
use crate::dashboard::{Dashboard, read};
use crate::filter::When;
use crate::metrics;
use crate::model::{Diagnostic, Error, Needs, Timestamp};
use crate::promql::{self, Expr};
use crate::source::{self, WalkOptions};

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
  obs dashboard dashboards/ metrics/ --fail-on empty --output github"
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

/// Runs the command.
pub(super) fn run(args: &DashboardArgs, cancel: &Arc<AtomicBool>) -> Result<Verdict, Error> {
    let form = args.output.output;
    let typed = Typed {
        variables: args.var.iter().map(|pair| variable(pair)).collect::<Result<_, _>>()?,
        step: args.step.as_deref().map(stats::step).transpose()?.map(|nanos| nanos / 1_000_000),
    };
    let parse = |source: &Option<String>| source.as_deref().map(When::parse).transpose();
    let (start, end) = (parse(&args.start)?, parse(&args.end)?);
    let mut needs = Needs::none();
    let chosen = Chosen::parse(&args.select, &mut needs)?;
    let success = config::success(&args.metrics.success, &args.input, &mut needs)?;
    let declared = measured::declared(&args.input)?;
    let (dashboards, passed) = dashboards(&args.file)?;
    check_variables(&typed, &dashboards)?;
    let mut session = Session::open(&args.paths, &args.input, &args.output, cancel)?;
    session.diagnostics.extend(passed);
    session.require_data();
    let options = promql_options(true);
    let exprs = wanted(&dashboards, &options);
    let exprs: Vec<&Expr> = exprs.iter().collect();
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
    let measured = measured::load(&mut session, wanted)?;
    let timing = timing(&session, &measured, start.as_ref(), end.as_ref())?;
    let names = metrics::names(&declared);
    let known = Known::new(&measured.store, &names);
    let data = Data { store: &measured.store, options: &options, timing };
    let reasons = |expr: &Expr| known.why_empty(expr);
    let answered: Vec<Answered> = dashboards
        .iter()
        .map(|dashboard| answer::answer(dashboard, &typed, &data, &reasons))
        .collect::<Result<_, _>>()?;
    said::write(&mut session, form, &answered, &measured)?;
    let failed =
        answered.iter().flat_map(|answered| &answered.panels).any(|panel| args.fail_on.counts(panel.status));
    Ok(session.finish(Verdict::of(!failed)))
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

/// The dashboards of a file, or of the files of a folder; and what in the folder is none.
fn dashboards(path: &Path) -> Result<(Vec<Dashboard>, Vec<Diagnostic>), Error> {
    if !path.is_dir() {
        let (name, text) = text_of(path)?;
        let found = read::read(&name, &text)?;
        return if found.is_empty() {
            Err(Error::input(format!("{name} is no Grafana dashboard"))
                .hinted("export one: Dashboard, Export, Save to file; or name a folder of them"))
        } else {
            Ok((found, Vec::new()))
        };
    }
    let walked = source::walk(&[path.to_owned()], &WalkOptions::default());
    let mut diagnostics = walked.diagnostics;
    let mut dashboards = Vec::new();
    let is_text = |path: &Path| {
        path.extension().is_some_and(|ending| {
            ["json", "yaml", "yml"].iter().any(|known| ending.eq_ignore_ascii_case(known))
        })
    };
    for found in walked.found.iter().filter(|found| found.member.is_none() && is_text(&found.path)) {
        match text_of(&found.path).and_then(|(name, text)| read::read(&name, &text)) {
            Ok(read) if read.is_empty() => {
                diagnostics.push(Diagnostic::note(found.shown.clone(), "is no dashboard"));
            }
            Ok(read) => dashboards.extend(read),
            Err(error) => diagnostics.push(Diagnostic::error("", error.message)),
        }
    }
    if dashboards.is_empty() {
        return Err(Error::input(format!(
            "{}: there is no Grafana dashboard in this folder",
            path.display()
        )));
    }
    Ok((dashboards, diagnostics))
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
    let span = measured
        .store
        .span()
        .and_then(|(from, to)| Timestamp::from_millis(from).zip(Timestamp::from_millis(to)));
    let (from, to) = span.unwrap_or((session.config.now, session.config.now));
    let resolve = |when: Option<&When>, usual: Timestamp| match when {
        Some(when) => session.instant(when, span).map(Timestamp::millis),
        None => Ok(usual.millis()),
    };
    let (from, to) = (resolve(start, from)?, resolve(end, to)?);
    if from > to {
        return Err(Error::usage("the dashboard's time would end before it starts")
            .hinted("give --start before --end"));
    }
    let sampled = metrics::interval(&measured.store).unwrap_or(15_000);
    Ok(Timing { from, to, step: sampled, interval: sampled, sampled })
}
