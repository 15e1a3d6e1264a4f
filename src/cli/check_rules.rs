//! `obs check-rules`: which alerts would have been pending, firing, suppressed and routed, and when; unit tests.

mod answer;
mod deeper;
mod expected;
mod follow;
mod linted;
mod routes;
mod units;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::{Args, ValueEnum};

use super::args::{Form, InputArgs, OutputArgs, PathArgs, SelectArgs, forms};
use super::config::{self, Config};
use super::measured::{self, MetricArgs, Wanted};
use super::near;
use super::out;
use super::query::{promql_options, short_times};
use super::session::{Chosen, Session};
use super::standing;
use super::stats;
use super::verdict::{self, Verdict};
use crate::filter::When;
use crate::metrics;
use crate::model::{Diagnostic, Error, Labels, Needs, Timestamp};
use crate::outcome::SuccessRule;
use crate::promql;
use crate::report::account::counted;
use crate::rules::acknowledgement::{self, Acknowledgement};
use crate::rules::alert::Evidence;
use crate::rules::alertmanager::{config as alertmanager, notify, silence};
use crate::rules::dialect::House;
use crate::rules::file::{self, FileOptions, RuleFile};
use crate::rules::replay::{self, Interval};
use crate::rules::template::message::Library;
use crate::rules::unit::UnitReport;
use crate::rules::yaml::{Place, Problem};
use crate::rules::{Setting, explain, lint, trail, whatif};
use crate::source;
use answer::{Answer, CheckedFile};
use expected::Expected;

pub(super) use answer::{judged, told_apart};

/// Replay alerting rules over recorded metrics and logs; check and test rule files
#[derive(Args, Clone, Debug)]
#[command(
    mut_arg("output", |output| output.value_parser(forms(Form::value_variants()))),
    long_about = "Replay alerting rules over recorded metrics and logs; check and test rule files\n\n\
        Reads Prometheus' rule files, PrometheusRule objects, and a short form with routing and suppression. \
        Without PATH and without --tests the files are only checked.\n\n\
        A rule without data is never green: it makes exit code 2, unless --allow-no-data is given. Exit code 1 \
        says that an alert fired (see --fail-on) that somebody would have been told of, or that a test failed.",
    after_help = "Examples:
  obs check-rules -r alerts.yml
  obs check-rules -r alerts.yml --alertmanager alertmanager.yml metrics/ logs/
  obs check-rules -r alerts.yml --explain HighErrorRate --at 03:10 metrics/
  obs check-rules -r alerts.yml --only HighErrorRate --for 1m,5m,15m --threshold 0.01,0.05 metrics/
  obs check-rules -r alerts.yml metrics/ --expect 'HighErrorRate@03:00..03:10' --expect DiskFull=never
  obs check-rules -r alerts.yml metrics/ --seed-tests alerts_test.yml
  obs check-rules --tests alerts_test.yml --output junit
  obs check-rules --alertmanager alertmanager.yml --routes-for severity=critical --routes-for team=shop
  obs check-rules -f -r alerts.yml logs/"
)]
pub(super) struct CheckRulesArgs {
    /// Rule file, a folder of them, or a prometheus.yml that names them (repeatable); - is standard input
    #[arg(short, long = "rules", value_name = "FILE")]
    rules: Vec<PathBuf>,
    /// Metrics and logs, files or directories; - is standard input
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Alertmanager's configuration: routes, inhibition, mute times
    #[arg(long, value_name = "FILE")]
    alertmanager: Option<PathBuf>,
    /// Silences, as the JSON of Alertmanager's API
    #[arg(long, value_name = "FILE")]
    silences: Option<PathBuf>,
    /// Who took note of which alerts: a list such as [{alert: Errors, at: 2023-12-24T03:08:00Z, by: kim}]
    #[arg(long, value_name = "FILE")]
    acknowledgements: Option<PathBuf>,
    /// Go on when the files end: say when an alert fires and when it is resolved, as they grow. Ctrl-C ends it
    #[arg(short = 'f', long, requires = "paths", conflicts_with_all = ["tests", "fail_on", "expect", "expect_file", "lint",
          "explain", "holds", "threshold", "seed_tests", "junit", "notifications"])]
    follow: bool,
    /// What the receivers would have read, message by message; nothing is ever sent
    #[arg(long)]
    notifications: bool,
    /// Evaluate all groups this often (default: as each group says, else as the data was sampled, else 1m)
    #[arg(long, value_name = "DURATION")]
    interval: Option<String>,
    /// Unit tests in the format of promtool (repeatable)
    #[arg(long, value_name = "FILE")]
    tests: Vec<PathBuf>,
    /// Only tests whose name matches (repeatable)
    #[arg(long, value_name = "REGEX", requires = "tests")]
    run: Vec<String>,
    /// Show what failed tests expected and got as a difference, line by line
    #[arg(long, requires = "tests")]
    diff: bool,
    /// Write the outcome of tests and rules to this file, too, as JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Alerts that make exit code 1: of this severity or worse (default: any; with --expect never). Suppressed ones
    /// never do; those without a known severity count as low
    #[arg(long, value_name = "SEVERITY")]
    fail_on: Option<FailOn>,
    /// What an alert has to do, else exit code 1: NAME[{labels}][=firing|pending|never][@FROM..UNTIL], such as
    /// 'HighErrorRate{gateway="toss"}=firing@03:00..03:10' (repeatable)
    #[arg(long, value_name = "ALERT")]
    expect: Vec<String>,
    /// A file of such expectations, one a line (repeatable)
    #[arg(long, value_name = "FILE")]
    expect_file: Vec<PathBuf>,
    /// Rules whose series are absent are no trouble
    #[arg(long)]
    allow_no_data: bool,
    /// Look for rules that are valid and still not what was meant; exit code 1 if there are some. With PATHs they are
    /// held against the data, too
    #[arg(long)]
    lint: bool,
    /// Only tell what each check of --lint is for, with examples
    #[arg(long)]
    checks: bool,
    /// With --lint: metrics of the data that no rule uses
    #[arg(long, requires = "lint")]
    unused: bool,
    /// With --unused: a file of a dashboard, such as Grafana's JSON, whose metrics are used, too (repeatable)
    #[arg(long, value_name = "FILE", requires = "unused")]
    dashboard: Vec<PathBuf>,
    /// Unknown fields in rule files and tests are no error
    #[arg(long)]
    ignore_unknown_fields: bool,
    /// Whose rule files they are: what that house knows beside Prometheus' fields is no error
    #[arg(long, value_name = "HOUSE", value_parser = ["prometheus", "thanos", "mimir", "vmalert", "loki"])]
    dialect: Option<String>,
    /// Allow experimental functions and modifiers of PromQL
    #[arg(long)]
    enable_experimental: bool,
    /// Write unit tests for the rules from the data, to this file (default: standard output)
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    seed_tests: Option<PathBuf>,
    /// Only say who would be told of an alert with these labels (repeatable)
    #[arg(long, value_name = "LABEL=VALUE")]
    routes_for: Vec<String>,
    /// Only show Alertmanager's routes as a tree; with --routes-for those that alerts with these labels go to
    #[arg(long, requires = "alertmanager")]
    show_routes: bool,
    /// The value of every part of this rule's expression (see --at)
    #[arg(long, value_name = "RULE")]
    explain: Vec<String>,
    /// For --explain and --routes-for: at this time (default for --explain: when the rule first fired)
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    at: Option<String>,
    /// How often and when alerts would have fired with these values of `for`
    #[arg(long = "for", value_name = "DURATION,…", value_delimiter = ',')]
    holds: Vec<String>,
    /// How often and when alerts would have fired if compared with these numbers, instead of the one that the
    /// value shown by the alert is compared with
    #[arg(long, value_name = "NUMBER,…", value_delimiter = ',', allow_negative_numbers = true)]
    threshold: Vec<f64>,
    /// For --threshold: vary the number of another comparison, given by its position (1 is the first one written) or
    /// by a part of its text
    #[arg(long, value_name = "COMPARISON", requires = "threshold")]
    threshold_of: Option<String>,
    /// Replay only these alerts (repeatable); recording rules are evaluated in any case
    #[arg(long, value_name = "RULE")]
    only: Vec<String>,
    #[command(flatten)]
    metrics: MetricArgs,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    select: SelectArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Which alerts make exit code 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// low or worse
    Low,
    /// medium or worse
    Medium,
    /// high or worse
    High,
    /// critical
    Critical,
    /// all
    Any,
    /// none
    Never,
}

impl FailOn {
    /// Does an alert of this severity count?
    fn counts(self, severity: Option<&str>) -> bool {
        let rank = match severity.unwrap_or_default().to_ascii_lowercase().as_str() {
            "critical" | "page" | "emergency" | "fatal" | "p1" => 3,
            "high" | "error" | "major" | "p2" => 2,
            "medium" | "warning" | "warn" | "minor" | "p3" => 1,
            _ => 0,
        };
        match self {
            FailOn::Any | FailOn::Low => true,
            FailOn::Medium => rank >= 1,
            FailOn::High => rank >= 2,
            FailOn::Critical => rank >= 3,
            FailOn::Never => false,
        }
    }
}

/// What the options name, read.
#[derive(Default)]
struct Loaded {
    files: Vec<RuleFile>,
    /// The labels that the server sets on what it sends, if its configuration named the rules.
    external_labels: Option<Labels>,
    checked: Vec<CheckedFile>,
    alertmanager: Option<alertmanager::Config>,
    /// The templates of messages, the default ones included.
    library: Library,
    silences: Vec<silence::Silence>,
    acknowledgements: Vec<Acknowledgement>,
}

/// Runs the command.
pub(super) fn run(args: &CheckRulesArgs, cancel: &Arc<AtomicBool>) -> Result<Verdict, Error> {
    // `--seed-tests metrics/` names the data, not a file to write.
    let taken = args.seed_tests.as_ref().filter(|path| args.paths.is_empty() && *path != Path::new("-"));
    if let Some(data) = taken.cloned() {
        let seed_tests = Some(PathBuf::from("-"));
        return run(&CheckRulesArgs { paths: vec![data], seed_tests, ..args.clone() }, cancel);
    }
    if args.checks {
        let config = Config::resolve(&args.input, &args.output, cancel)?;
        linted::write_page(args.output.output, config.page)?;
        return Ok(Verdict::Yes);
    }
    if args.rules.is_empty() && args.tests.is_empty() && args.alertmanager.is_none() {
        return Err(
            Error::usage("there are no rules to check").hinted("name them: -r alerts.yml, or --tests FILE")
        );
    }
    let looks_at_data = !args.explain.is_empty()
        || !args.holds.is_empty()
        || !args.threshold.is_empty()
        || args.unused
        || !args.expect.is_empty()
        || !args.expect_file.is_empty()
        || args.seed_tests.is_some();
    if looks_at_data && args.paths.is_empty() {
        return Err(Error::usage(
            "--expect, --explain, --for, --threshold, --unused and --seed-tests look at data, and no PATH is given",
        )
        .hinted("name it: obs check-rules -r alerts.yml --explain RULE metrics/"));
    }
    for path in written(args) {
        out::try_file(path)?;
        if args.rules.iter().chain(&args.tests).any(|rules| source::is_same_file(rules, path)) {
            return Err(Error::usage(format!("{} is read by this run", path.display()))
                .hinted("name another file to write"));
        }
    }
    if args.at.is_some() && args.explain.is_empty() && args.routes_for.is_empty() {
        return Err(Error::usage("--at belongs to --explain or --routes-for"));
    }
    let mut needs = Needs::none();
    let chosen = Chosen::parse(&args.select, &mut needs)?;
    let success = config::success(&args.metrics.success, &args.input, &mut needs)?;
    let forced = args.interval.as_deref().map(stats::step).transpose()?.map(|nanos| nanos / 1_000_000);
    let only = units::patterns(&args.run)?;
    let routes_for = args.routes_for.iter().map(|pair| label(pair)).collect::<Result<Vec<_>, _>>()?;
    let declared = measured::declared(&args.input)?;
    let expected = expectations(args)?;
    let mut loaded = load(args)?;
    let config = Config::resolve(&args.input, &args.output, cancel)?;
    let now = config.now;
    let wrong: Vec<Diagnostic> = loaded.checked.iter().flat_map(CheckedFile::diagnostics).collect();
    // All of them: a file is mended once, not twenty errors at a time.
    wrong.chunks(20).for_each(|some| verdict::warn(some, args.output.quiet));
    let mut answer = Answer {
        checked: std::mem::take(&mut loaded.checked),
        fail_on: args.fail_on.unwrap_or(if expected.is_empty() { FailOn::Any } else { FailOn::Never }),
        junit: args.junit.clone(),
        diff: args.diff,
        ..Answer::default()
    };
    if answer.checked.iter().any(|file| !file.problems.is_empty()) {
        answer.write(args.output.output, config.page, &loaded.files)?;
        return Ok(Verdict::Trouble);
    }
    if let Some(config_of) = loaded.alertmanager.as_ref().filter(|_| args.show_routes) {
        let labels = (!routes_for.is_empty()).then(|| Labels::new(routes_for.clone()));
        routes::write_tree(args.output.output, config.page, config_of, labels.as_ref())?;
        if routes_for.is_empty() || args.output.output != Form::Table {
            return Ok(Verdict::Yes);
        }
    }
    if !routes_for.is_empty() {
        let session_now = config.now;
        let at = args.at.as_deref().map(When::parse).transpose()?;
        let at = at.map(|when| units::instant(&when, session_now)).transpose()?;
        let routes = routes::told(&Labels::new(routes_for), at, loaded.alertmanager.as_ref(), &loaded.files);
        routes.write(args.output.output, config.page)?;
        return Ok(Verdict::of(!routes.receivers.is_empty()));
    }
    deeper::keep_only(&mut loaded.files, &args.only)?;
    expected.iter().try_for_each(|expected| expected.check(&loaded.files))?;
    if args.lint {
        let mut lints = lint::lint(&loaded.files, Some(now));
        if let Some(external) = &loaded.external_labels {
            lints.extend(lint::lint_server(&loaded.files, external, Some(now)));
        }
        answer.lints = Some(lints);
    }
    if !args.tests.is_empty() {
        let bench = units::Bench {
            scan: &config.scan,
            now: config.now,
            declared: &declared,
            success: &success,
            needs: &needs,
            only,
            ignore_unknown_fields: args.ignore_unknown_fields,
            promql: promql_options(args.enable_experimental),
            alertmanager: loaded.alertmanager.clone(),
        };
        let tests = units::run(&args.tests, &bench)?;
        require_tests(args, bench, &tests)?;
        answer.tests = Some(tests);
    }
    if args.paths.is_empty() {
        answer.write(args.output.output, config.page, &loaded.files)?;
        return Ok(Verdict::of(!answer.is_failure()));
    }
    let recorded = Recorded {
        declared: &declared,
        success: &success,
        chosen: &chosen,
        expected: &expected,
        needs,
        forced,
    };
    // The session draws progress of its own.
    drop(config);
    if args.follow {
        let of = (&args.paths[..], &args.input, &args.output);
        return standing::follow(of, cancel, |output| {
            let args = CheckRulesArgs { output: output.clone(), ..args.clone() };
            let session = replay_over(&args, &loaded, recorded.clone(), &mut answer, cancel)?;
            Ok(follow::judged(answer.replay.as_ref(), session))
        });
    }
    let session = replay_over(args, &loaded, recorded, &mut answer, cancel)?;
    if answer.seeded {
        return Ok(session.finish(Verdict::Yes));
    }
    answer.write(args.output.output, session.config.page, &loaded.files)?;
    Ok(session.finish(Verdict::of(!answer.is_failure())))
}

/// What has to happen, as typed and from files.
fn expectations(args: &CheckRulesArgs) -> Result<Vec<Expected>, Error> {
    let mut expected =
        args.expect.iter().map(|typed| Expected::parse(typed)).collect::<Result<Vec<_>, _>>()?;
    for path in &args.expect_file {
        expected.extend(Expected::file(&text_of(path)?.1)?);
    }
    Ok(expected)
}

/// `--run` that matches nothing would make a pipeline green by a slip of the pen.
fn require_tests(args: &CheckRulesArgs, bench: units::Bench<'_>, tests: &[UnitReport]) -> Result<(), Error> {
    let broken = tests.iter().any(|report| !report.problems.is_empty());
    if args.run.is_empty() || broken || tests.iter().any(|report| !report.cases.is_empty()) {
        return Ok(());
    }
    let all = units::run(&args.tests, &units::Bench { only: Vec::new(), ..bench })?;
    let names = all.iter().flat_map(|report| &report.cases).map(|case| case.name.as_str());
    let run = args.run.join(", ");
    Err(Error::usage(format!("--run {run}: no test has such a name{}", near::instead(&run, names))))
}

/// What is looked at in logs and metrics, and how often.
#[derive(Clone)]
struct Recorded<'r> {
    declared: &'r [metrics::Declared],
    success: &'r SuccessRule,
    chosen: &'r Chosen,
    expected: &'r [Expected],
    needs: Needs,
    /// The interval that was typed, in milliseconds.
    forced: Option<i64>,
}

/// The files that are written.
fn written(args: &CheckRulesArgs) -> impl Iterator<Item = &Path> {
    [&args.junit, &args.seed_tests].into_iter().flatten().map(PathBuf::as_path)
}

/// Replays the rules over the paths.
fn replay_over(
    args: &CheckRulesArgs,
    loaded: &Loaded,
    recorded: Recorded<'_>,
    answer: &mut Answer,
    cancel: &Arc<AtomicBool>,
) -> Result<Session, Error> {
    let paths = PathArgs { paths: args.paths.clone() };
    let mut session = Session::open_with_tables(&paths, &args.input, &args.output, cancel)?;
    session.keep_inputs(written(args))?;
    if !args.follow {
        session.require_data();
    }
    let groups = || loaded.files.iter().flat_map(|file| &file.groups);
    let mut exprs: Vec<&promql::Expr> =
        groups().flat_map(|group| group.rules.iter().map(|rule| &rule.expr)).collect();
    // Of a data folder only what is asked for is read.
    let everything = promql::parse("{__name__!=\"\"}", &promql_options(false)).ok();
    exprs.extend(everything.as_ref().filter(|_| args.unused && !session.inputs.databases.is_empty()));
    let forced = recorded.forced;
    let wanted = Wanted {
        exprs: &exprs,
        input: &args.input,
        declared: recorded.declared,
        success: recorded.success,
        asked: None,
        every_ms: forced.or_else(|| groups().filter_map(|group| group.interval).min()),
        chosen: recorded.chosen,
        needs: recorded.needs,
    };
    let mut measured = measured::load(&mut session, wanted.clone())?;
    let default = metrics::interval(&measured.store).unwrap_or(60_000);
    if let Some(path) = &args.seed_tests {
        answer.seeded = true;
        let every = forced.or_else(|| groups().filter_map(|group| group.interval).min()).unwrap_or(default);
        units::seed(args, &loaded.files, &measured.store, (default, every), path)?;
        return Ok(session);
    }
    let setting = Setting {
        promql: promql_options(args.enable_experimental),
        cancel: Arc::clone(cancel),
        external_labels: loaded.external_labels.clone().unwrap_or_default(),
        ..Setting::plain()
    };
    let interval = Interval { forced, default };
    let trials = deeper::trials(&args.holds, &args.threshold, args.threshold_of.as_deref())?;
    let before = (!trials.is_empty()).then(|| measured.store.clone());
    let mut replay = replay::replay(&loaded.files, &mut measured.store, interval, &setting)?;
    if let Some(before) = before {
        answer.what_if = Some(whatif::what_if(&loaded.files, &before, interval, &setting, &trials, &replay)?);
    }
    if !args.explain.is_empty() {
        let data = crate::investigate::recorded::times(replay.span);
        let at = args.at.as_deref().map(When::parse).transpose()?;
        let at = at.map(|when| session.instant(&when, data)).transpose()?.map(Timestamp::millis);
        let mut explained = Vec::new();
        for name in &args.explain {
            explained.extend(explain::explain(&loaded.files, name, at, &measured.store, &replay, &setting)?);
        }
        answer.explained = Some(explained);
    }
    replay::sent_with(&mut replay, &setting.external_labels, |replay| {
        replay::route(replay, &loaded.files, loaded.alertmanager.as_ref(), &loaded.silences);
    });
    if replay.notifications.len() >= notify::MAX_SENT {
        let message =
            format!("more than {} messages would have been sent, and no more are told", notify::MAX_SENT);
        let hint = "group_interval and repeat_interval are as short as that";
        session.diagnostics.push(Diagnostic::error("", message).hinted(hint));
    }
    replay.acknowledge(&loaded.acknowledgements);
    if let Some(lints) = &mut answer.lints {
        let now = Some(session.config.now);
        lints.extend(lint::lint_over(&loaded.files, &measured.store, &setting.promql, now));
        lints.extend(lint::lint_replay(&loaded.files, &replay, loaded.alertmanager.as_ref(), now));
        if args.unused {
            let derived = metrics::names(recorded.declared, &session.inputs);
            let dashboards = dashboards(&args.dashboard)?;
            let is_known = |name: &str| {
                derived.iter().any(|known| known == name)
                    || dashboards.iter().any(|text| mentions(text, name))
            };
            lints.extend(lint::unused(&loaded.files, &measured.store, &is_known));
        }
    }
    if args.notifications {
        replay.preview(&loaded.files, loaded.alertmanager.as_ref(), &loaded.library);
        session.diagnostics.extend(answer::unsent(&replay));
        answer.notifications = true;
    }
    let trails = trail::trails(&loaded.files, &replay, &measured.store, setting.promql.lookback_ms);
    let series: Vec<metrics::Wanted> = trails
        .iter()
        .map(|trail| metrics::Wanted { labels: trail.labels.clone(), at: trail.at, after: trail.after })
        .collect();
    let witnesses = measured::witnesses(&session, wanted, &measured, &series);
    for (trail, witnesses) in trails.iter().zip(witnesses) {
        replay.prove(trail.alert, witnesses.into_iter().map(evidence));
    }
    // What has no data yet may have some later.
    session.diagnostics.extend(judged(&replay, args.allow_no_data || args.follow));
    for expected in recorded.expected {
        answer.expected.push(expected.judge(&replay, &session)?);
    }
    answer.input = Some(measured.input());
    answer.measured = Some(measured);
    answer.replay = Some(replay);
    Ok(session)
}

fn evidence(witness: metrics::Witness) -> Evidence {
    Evidence { file: witness.file, line: witness.line, timestamp: witness.at, text: witness.text }
}

/// The texts of dashboards.
fn dashboards(paths: &[PathBuf]) -> Result<Vec<String>, Error> {
    paths.iter().map(|path| text_of(path).map(|(_, text)| text)).collect()
}

/// Does the name stand in the text as a whole word?
fn mentions(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + name.len()..].starts_with(is_part))
}

/// `label=value`.
fn label(pair: &str) -> Result<(String, String), Error> {
    match pair.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.trim_matches('"').to_owned())),
        _ => {
            Err(Error::usage(format!("`{pair}` is no label with a value")).hinted("write severity=critical"))
        }
    }
}

/// Reads a text file that an option names.
pub(super) fn text_of(path: &Path) -> Result<(String, String), Error> {
    source::read_text(path).map_err(|trouble| {
        let error = Error::input(trouble.to_string());
        trouble.hint.map_or(error.clone(), |hint| error.hinted(hint))
    })
}

/// Reads rule files, Alertmanager's configuration and silences, with everything that is wrong with them.
fn load(args: &CheckRulesArgs) -> Result<Loaded, Error> {
    let options = FileOptions {
        ignore_unknown_fields: args.ignore_unknown_fields,
        house: args.dialect.as_deref().and_then(House::by_name),
        promql: promql_options(args.enable_experimental),
    };
    let mut loaded = Loaded::default();
    let (files, external_labels) = rule_files(&args.rules, &options)?;
    loaded.external_labels = external_labels;
    for Named { path, name, mut checked } in files {
        // Who names a file says that there are rules in it.
        if checked.found == 0 && checked.problems.is_empty() {
            let mut problem = Problem::new(Place { line: 1, column: 1 }, "there is no rule in this file");
            problem.hint = checked.warnings.first().map(|warning| warning.message.clone());
            if path.is_some() {
                checked.problems.push(problem);
                checked.warnings.clear();
            }
        }
        let groups = checked.file.groups.len();
        let about = format!(
            "{} in {}",
            counted(checked.found as u64, "rule", "rules"),
            counted(groups as u64, "group", "groups")
        );
        loaded.checked.push(CheckedFile {
            name,
            about,
            rules: Some(checked.found),
            problems: checked.problems,
            warnings: checked.warnings,
        });
        loaded.files.push(checked.file);
    }
    if let Some(path) = &args.alertmanager {
        let (name, text) = text_of(path)?;
        let checked = alertmanager::parse(&text);
        let about = format!(
            "{} and {}",
            counted(checked.config.routes.len() as u64, "route", "routes"),
            counted(checked.config.receivers.len() as u64, "receiver", "receivers"),
        );
        let (problems, warnings) = (checked.problems, checked.warnings);
        loaded.checked.push(CheckedFile { name, about, rules: None, problems, warnings });
        for (name, text) in templates(path, &checked.config)? {
            let wrong = loaded.library.add(&name, &text).err();
            let problems =
                wrong.map(|error| Problem::new(error.place(), error.message)).into_iter().collect();
            let about = "templates of messages".to_owned();
            loaded.checked.push(CheckedFile { name, about, rules: None, problems, warnings: Vec::new() });
        }
        loaded.alertmanager = Some(checked.config);
    }
    if let Some(path) = &args.silences {
        let (name, text) = text_of(path)?;
        let (silences, problems) = match silence::parse(&text) {
            Ok(silences) => (silences, Vec::new()),
            Err(problems) => (Vec::new(), problems),
        };
        let about = counted(silences.len() as u64, "silence", "silences");
        loaded.checked.push(CheckedFile { name, about, rules: None, problems, warnings: Vec::new() });
        loaded.silences = silences;
    }
    if let Some(path) = &args.acknowledgements {
        let (name, text) = text_of(path)?;
        let (noted, problems) = match acknowledgement::parse(&text) {
            Ok(noted) => (noted, Vec::new()),
            Err(problems) => (Vec::new(), problems),
        };
        let about = counted(noted.len() as u64, "acknowledgement", "acknowledgements");
        loaded.checked.push(CheckedFile { name, about, rules: None, problems, warnings: Vec::new() });
        loaded.acknowledgements = noted;
    }
    Ok(loaded)
}

/// A rule file that was read.
struct Named {
    /// Its path, if it was named, and not found in a folder.
    path: Option<PathBuf>,
    name: String,
    checked: file::Checked,
}

/// Endings of rule files in folders.
const RULE_FILES: [&str; 8] =
    ["*.yml", "*.yaml", "*.rules", "*.json", "*/*.yml", "*/*.yaml", "*/*.rules", "*/*.json"];

/// The names of the rules in these files, as far as they can be read.
pub(super) fn names(paths: &[PathBuf]) -> BTreeSet<String> {
    let (files, _) = rule_files(paths, &FileOptions::strict()).unwrap_or_default();
    let groups = files.iter().flat_map(|named| &named.checked.file.groups);
    groups.flat_map(|group| &group.rules).map(|rule| rule.name.clone()).collect()
}

/// Reads the rule files of these paths: files, those in folders, and those that a prometheus.yml names, whose external
/// labels come with them.
fn rule_files(paths: &[PathBuf], options: &FileOptions) -> Result<(Vec<Named>, Option<Labels>), Error> {
    let mut found = Vec::new();
    let mut external: Option<Labels> = None;
    for path in paths {
        if path.is_dir() {
            let inside = RULE_FILES.iter().flat_map(|pattern| source::glob(path, pattern));
            let before = found.len();
            for file in inside {
                let (name, text) = text_of(&file)?;
                let checked = file::parse(&name, &text, options);
                // A folder holds other files, too.
                if checked.found > 0 || text.contains("groups:") {
                    found.push(Named { path: None, name, checked });
                }
            }
            if found.len() == before {
                return Err(Error::input(format!(
                    "{}: there is no rule file in this folder",
                    path.display()
                ))
                .hinted("rule files end in .yml, .yaml, .rules or .json"));
            }
            continue;
        }
        let (name, text) = text_of(path)?;
        let checked = file::parse(&name, &text, options);
        if checked.rule_files.is_empty() {
            found.push(Named { path: Some(path.clone()), name, checked });
            continue;
        }
        let known = external.get_or_insert_default();
        for (name, value) in checked.external_labels.iter_shared() {
            known.set(name.clone(), value.clone());
        }
        let base = path.parent().unwrap_or(Path::new(""));
        for pattern in &checked.rule_files {
            let files = source::glob(base, pattern);
            if files.is_empty() && !pattern.contains(['*', '?', '[']) {
                return Err(Error::input(format!(
                    "{name} names the rule file {pattern}, which is not there"
                )));
            }
            for file in files {
                let (name, text) = text_of(&file)?;
                let checked = file::parse(&name, &text, options);
                found.push(Named { path: None, name, checked });
            }
        }
    }
    Ok((found, external))
}

/// The files of templates that a configuration names, with their text; names are relative to it.
fn templates(path: &Path, config: &alertmanager::Config) -> Result<Vec<(String, String)>, Error> {
    let base = path.parent().unwrap_or(Path::new(""));
    let files = config.templates.iter().flat_map(|pattern| source::glob(base, pattern));
    files.map(|file| text_of(&file)).collect()
}

/// A problem of a file as a diagnostic: `file:line:column: context: message`.
fn diagnostic(file: &str, problem: &Problem, is_error: bool) -> Diagnostic {
    let text = format!("{file}:{problem}");
    let diagnostic = if is_error { Diagnostic::error("", text) } else { Diagnostic::warning("", text) };
    match &problem.hint {
        Some(hint) => diagnostic.hinted(hint.as_str()),
        None => diagnostic,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_are_ranked() {
        for (fail_on, severity, counts) in [
            (FailOn::Any, None, true),
            (FailOn::Low, Some("odd"), true),
            (FailOn::Medium, None, false),
            (FailOn::Medium, Some("warning"), true),
            (FailOn::High, Some("medium"), false),
            (FailOn::High, Some("Critical"), true),
            (FailOn::Critical, Some("high"), false),
            (FailOn::Critical, Some("page"), true),
            (FailOn::Never, Some("critical"), false),
        ] {
            assert_eq!(fail_on.counts(severity), counts, "{fail_on:?} {severity:?}");
        }
    }

    #[test]
    fn names_are_found_as_words() {
        let text = r#"{"expr": "sum(rate(requests_total{job=\"$job\"}[5m])) / job:up"}"#;
        assert!(mentions(text, "requests_total") && mentions(text, "job:up"));
        assert!(!mentions(text, "requests") && !mentions(text, "up"));
    }

    #[test]
    fn labels_are_pairs() {
        assert_eq!(label("a=b=c").expect("a pair"), ("a".to_owned(), "b=c".to_owned()));
        assert_eq!(label("a=\"b\"").expect("a pair"), ("a".to_owned(), "b".to_owned()));
        assert!(label("a").is_err() && label("=b").is_err());
    }
}
