//! `obs query`: PromQL over metric snapshots and over metrics derived from logs.

pub(super) mod api;
mod native;

pub(super) use api::float;

use std::cell::LazyCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;

use super::args::{Form, InputArgs, OutputArgs, PathArgs, SelectArgs, forms};
use super::check_rules;
use super::config;
use super::empty::Known;
use super::measured::{self, Measured, MetricArgs, Wanted};
use super::out;
use super::session::{Chosen, Reckoner, Session};
use super::stats;
use super::verdict::{self, Verdict};
use crate::filter::When;
use crate::investigate::recorded;
use crate::metrics::{self, Asked};
use crate::model::{Error, Labels, Needs, Series, Timestamp};
use crate::promql::{self, Expr, Kind, Value, VectorSample};
use crate::report::chart::Curve;
use crate::report::table::{Cell, Column, Table};
use crate::report::{Chart, Report, Section};
use crate::rules::file::{FileOptions, RuleFile};
use crate::rules::replay::{self, Interval};
use crate::rules::{self, Setting};

/// The forms of an answer.
const FORMS: &[Form] = &[Form::Table, Form::Json, Form::Csv, Form::Markdown, Form::Html];

/// Ask with PromQL: over recorded metrics, and over metrics derived from logs
#[derive(Args, Debug)]
#[command(
    mut_arg("output", |output| output.value_parser(forms(FORMS))),
    long_about = "Ask with PromQL: over recorded metrics, and over metrics derived from logs\n\n\
        Derived from logs: log_entries_total{file,service,logger,level}, log_requests_total{service,outcome}, \
        log_request_duration_seconds_{bucket,sum,count}{service}, log_findings_total{detector}, and what the \
        configuration declares. They are sampled every 15 s, more often where the step or a range is shorter.\n\n\
        Derived from spans, under the names of OpenTelemetry's and Tempo's collectors: \
        traces_span_metrics_calls_total{service_name,span_name,span_kind,status_code}, \
        traces_span_metrics_duration_seconds, traces_spanmetrics_calls_total and traces_spanmetrics_latency{service,…}, \
        traces_service_graph_request_{total,failed_total,server_seconds,client_seconds}{client,server}.\n\n\
        Without times the answer is a range over the data, in steps of a round length of which there are 200 at \
        most.",
    after_help = "Examples:
  obs query 'sum by (status) (rate(payment_requests_total[5m]))' metrics/
  obs query 'rate(log_requests_total{outcome=\"failed\"}[5m])' logs/ --start 03:00 --end 03:30 --step 1m
  obs query 'ALERTS{alertstate=\"firing\"}' -r alerts.yml metrics/
  obs query 'database_connections_active > 18' . --at 2023-12-24T03:06:00Z --output json"
)]
pub(super) struct QueryArgs {
    /// The expression
    #[arg(value_name = "PROMQL")]
    expr: String,
    #[command(flatten)]
    paths: PathArgs,
    /// At one time: 2023-12-24T03:06:00Z, 03:06, end-5m
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, conflicts_with_all = ["start", "end", "step"])]
    at: Option<String>,
    /// From this time on (default: the start of the data)
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    start: Option<String>,
    /// Up to this time (default: the end of the data)
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    end: Option<String>,
    /// From one time to the next (default: a round length that makes 200 steps at most)
    #[arg(long, value_name = "DURATION")]
    step: Option<String>,
    /// Allow experimental functions and modifiers of PromQL
    #[arg(long)]
    enable_experimental: bool,
    /// Evaluate the rules of this file first (repeatable): what they record, ALERTS and ALERTS_FOR_STATE can then be
    /// asked for
    #[arg(short, long = "rules", value_name = "FILE")]
    rules: Vec<PathBuf>,
    #[command(flatten)]
    metrics: MetricArgs,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    select: SelectArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Steps of a range when nobody says how many.
const STEPS: i64 = 200;

/// Curves of a chart; more than its marks can tell apart are too many.
const CURVES: usize = 6;

/// Series of a table.
const SHOWN: usize = 50;

/// Runs the command.
pub(super) fn run(args: &QueryArgs, cancel: &Arc<AtomicBool>) -> Result<Verdict, Error> {
    let options = promql_options(args.enable_experimental);
    let expr = promql::parse(&args.expr, &options).map_err(|error| error.into_error(&args.expr))?;
    let mut needs = Needs::none();
    let chosen = Chosen::parse(&args.select, &mut needs)?;
    let success = config::success(&args.metrics.success, &args.input, &mut needs)?;
    let times = Times::parse(args)?;
    let declared = measured::declared(&args.input)?;
    let mut session = Session::open_with_tables(&args.paths, &args.input, &args.output, cancel)?;
    session.require_data();
    let rules = rule_files(&args.rules, args.enable_experimental)?;
    let groups = || rules.iter().flat_map(|file| &file.groups);
    let exprs: Vec<&Expr> =
        groups().flat_map(|group| group.rules.iter().map(|rule| &rule.expr)).chain([&expr]).collect();
    let reckoner = session.reckoner();
    // Rules look at all of the data.
    let known = |span: &dyn Fn() -> _| rules.is_empty().then(|| times.known(reckoner, span)).flatten();
    let asked = Asked { times: &known, language: &options };
    let wanted = Wanted {
        exprs: &exprs,
        input: &args.input,
        declared: &declared,
        success: &success,
        asked: Some(&asked),
        every_ms: groups().filter_map(|group| group.interval).chain(times.step).min(),
        chosen: &chosen,
        needs,
    };
    let mut measured = measured::load(&mut session, wanted)?;
    if !rules.is_empty() {
        let default = metrics::interval(&measured.store).unwrap_or(60_000);
        let setting = Setting {
            promql: options.clone(),
            cancel: Arc::clone(&session.config.scan.cancel),
            ..Setting::plain()
        };
        let replay =
            replay::replay(&rules, &mut measured.store, Interval { forced: None, default }, &setting)?;
        session.diagnostics.extend(check_rules::judged(&replay, true));
    }
    let moments = times.resolve(&session, &measured, &expr)?;
    let answer = match moments {
        Moments::One(at) => promql::instant(&expr, &measured.store, at, &options),
        Moments::Many { start, end, step } => {
            promql::range(&expr, &measured.store, start, end, step, &options)
        }
    };
    let answer = answer.map_err(|error| error.into_error(&args.expr))?;
    let is_empty = match &answer.value {
        Value::Vector(samples) => samples.is_empty(),
        Value::Matrix(series) => series.is_empty(),
        Value::Scalar(_) | Value::Text(_) => false,
    };
    match args.output.output {
        Form::Json => {
            let at = if let Moments::One(at) = moments { at } else { 0 };
            out::write_lines(api::answer(&answer.value, at, &answer.annotations, &args.expr).as_bytes())?;
        }
        form => {
            let mut report = report(&answer.value, moments, form);
            for annotation in &answer.annotations {
                report.paragraph(annotation.render(&args.expr));
            }
            measured.tell(&mut report);
            session.write(form, &report, ("obs.query/1", &()))?;
        }
    }
    if is_empty && !args.output.quiet {
        let names = metrics::names(&declared, &session.inputs);
        let reasons = match measured.passed() {
            0 => Known::new(&measured.store, &names).why_empty(&expr),
            // What series these have was not looked at.
            1 => vec!["1 block has nothing of these times and was not read".to_owned()],
            n => vec![format!("{n} blocks have nothing of these times and were not read")],
        };
        for text in reasons {
            verdict::note(&text);
        }
    }
    Ok(session.finish(Verdict::of(!is_empty)))
}

/// The rules that are evaluated before the question.
pub(super) fn rule_files(paths: &[PathBuf], experimental: bool) -> Result<Vec<RuleFile>, Error> {
    let options = FileOptions { promql: promql_options(experimental), ..FileOptions::strict() };
    let mut files = Vec::new();
    for path in paths {
        let (name, text) = check_rules::text_of(path)?;
        let checked = rules::file::parse(&name, &text, &options);
        if let Some(problem) = checked.problems.first() {
            let more = match checked.problems.len() {
                1 => String::new(),
                n => format!(" (the first of {n} errors; obs check-rules tells all)"),
            };
            return Err(Error::usage(format!("{name}:{problem}{more}")));
        }
        files.push(checked.file);
    }
    Ok(files)
}

/// How PromQL is evaluated: as a server does, and what is experimental if that is asked for.
pub(super) fn promql_options(experimental: bool) -> promql::Options {
    promql::Options {
        experimental,
        anchored_smoothed: experimental,
        fill: experimental,
        ..promql::Options::promtool()
    }
}

/// The times that were typed.
struct Times {
    at: Option<When>,
    start: Option<When>,
    end: Option<When>,
    /// Milliseconds.
    step: Option<i64>,
}

/// The times of an evaluation, in milliseconds.
#[derive(Clone, Copy)]
enum Moments {
    One(i64),
    Many { start: i64, end: i64, step: i64 },
}

impl Moments {
    fn many(start: i64, end: i64, step: i64) -> Result<Self, Error> {
        if start <= end {
            return Ok(Moments::Many { start, end, step });
        }
        let at = |millis| Timestamp::from_millis(millis).map_or_else(String::new, |at| at.to_string());
        Err(Error::usage(format!("the range starts at {} and ends before that, at {}", at(start), at(end)))
            .hinted("give --start before --end"))
    }
}

impl Times {
    fn parse(args: &QueryArgs) -> Result<Self, Error> {
        let parse = |source: &Option<String>| source.as_deref().map(When::parse).transpose();
        // As to Prometheus' API, a number is one of seconds.
        let seconds = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| format!("{text}s"));
        let step = args.step.as_deref().map(|text| stats::step(seconds(text).as_deref().unwrap_or(text)));
        let step = step.transpose()?;
        Ok(Times {
            at: parse(&args.at)?,
            start: parse(&args.start)?,
            end: parse(&args.end)?,
            step: step.map(|nanos| nanos / 1_000_000),
        })
    }

    /// The times of the evaluation, if they can be told before all of the data is read; `span` finds its first and its
    /// last time.
    fn known(&self, reckoner: Reckoner, span: &dyn Fn() -> Option<(i64, i64)>) -> Option<promql::Times> {
        let span = LazyCell::new(|| recorded::times(span()));
        let resolve = |when: &When| {
            let data = if when.needs_span() { Some((*span)?) } else { None };
            reckoner.instant(when, data).ok().map(Timestamp::millis)
        };
        if let Some(at) = &self.at {
            let at = resolve(at)?;
            return Some(promql::Times { start: at, end: at, step: 0 });
        }
        // All of the data.
        if self.start.is_none() && self.end.is_none() {
            return None;
        }
        let start = self.start.as_ref().map_or_else(|| Some(span.as_ref()?.0.millis()), resolve)?;
        let end = self.end.as_ref().map_or_else(|| Some(span.as_ref()?.1.millis()), resolve)?;
        let step = self.step.unwrap_or_else(|| round_step(end.saturating_sub(start)));
        Some(promql::Times { start, end, step })
    }

    fn resolve(&self, session: &Session, measured: &Measured, expr: &Expr) -> Result<Moments, Error> {
        if let Some(promql::Times { start, end, step }) = measured.asked {
            return if step == 0 { Ok(Moments::One(start)) } else { Moments::many(start, end, step) };
        }
        let span = measured.span_of(expr);
        let resolve = |when: &When| session.instant(when, span).map(Timestamp::millis);
        if let Some(at) = &self.at {
            return resolve(at).map(Moments::One);
        }
        // What has no time at all is asked about now.
        let (from, to) = span.unwrap_or((session.config.now, session.config.now));
        let (from, to) = (from.millis(), to.millis());
        let typed = self.start.is_some() || self.end.is_some() || self.step.is_some();
        if !typed && (span.is_none() || matches!(expr.kind(), Kind::Matrix | Kind::Text)) {
            return Ok(Moments::One(to));
        }
        let start = self.start.as_ref().map(resolve).transpose()?;
        let end = self.end.as_ref().map(resolve).transpose()?;
        let length = end.unwrap_or(to).saturating_sub(start.unwrap_or(from));
        let step = self.step.unwrap_or_else(|| round_step(length));
        let (start, end) = match (start, end) {
            // Round times that hold all of the data between them.
            (None, None) => (from.div_euclid(step) * step, (to + step - 1).div_euclid(step) * step),
            (start, end) => (start.unwrap_or(from), end.unwrap_or(to)),
        };
        Moments::many(start, end, step)
    }
}

/// A round step in milliseconds that makes a length of time at most so many steps.
fn round_step(length: i64) -> i64 {
    const SECONDS: [i64; 24] = [
        1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400,
        172_800, 604_800, 1_209_600, 2_592_000, 7_776_000, 31_536_000,
    ];
    let fits = |step: &i64| length / (step * 1_000) <= STEPS;
    // Data of seconds is looked at in milliseconds.
    if let Some(step) = [10, 50, 100, 250].into_iter().find(|step| length < 10_000 && length / step <= STEPS)
    {
        return step;
    }
    SECONDS.into_iter().find(fits).map_or_else(|| length / STEPS + 1, |step| step * 1_000)
}

/// A number for people: six digits that matter.
pub(super) fn cell(number: f64) -> Cell {
    if !number.is_finite() {
        return Cell::exact(float(number), float(number));
    }
    let digits = if number == 0.0 { 0 } else { (5 - number.abs().log10().floor() as i32).clamp(0, 12) };
    let text = format!("{number:.*}", digits as usize);
    let short = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    let shown =
        if number != 0.0 && matches!(short, "0" | "-0") { format!("{number:.3e}") } else { short.to_owned() };
    Cell::exact(shown, float(number))
}

fn report(value: &Value, moments: Moments, form: Form) -> Report {
    let mut report = Report::new();
    match value {
        Value::Scalar(number) => {
            let mut table = Table::new(vec![Column::number("value")]);
            table.row(vec![cell(*number)]);
            report.push(Section::Table(table));
        }
        Value::Text(text) => {
            let mut table = Table::new(vec![Column::text("value")]);
            table.row(vec![Cell::text(text.as_str())]);
            report.push(Section::Table(table));
        }
        Value::Vector(samples) => {
            let points = samples.iter().map(|found| {
                let value =
                    found.histogram.as_ref().map_or_else(|| number(found.sample.value), |h| native::cell(h));
                (&found.labels, found.sample.at, value)
            });
            if form == Form::Csv {
                report.push(Section::Table(points_table(points)));
            } else {
                vector(&mut report, samples);
            }
        }
        Value::Matrix(all) if form == Form::Csv => {
            let points = all.iter().flat_map(|series| {
                let floats = series.samples.iter().map(|sample| (sample.at, number(sample.value)));
                let histograms =
                    series.histograms.iter().map(|sample| (sample.at, native::cell(&sample.histogram)));
                floats.chain(histograms).map(|(at, value)| (&series.labels, at, value))
            });
            report.push(Section::Table(points_table(points)));
        }
        Value::Matrix(all) => matrix(&mut report, all, moments),
    }
    report
}

/// A number in full.
fn number(value: f64) -> Cell {
    Cell::exact(float(value), float(value))
}

/// Every sample as a row: its time, a column for each label, its value.
fn points_table<'p>(points: impl Iterator<Item = (&'p Labels, i64, Cell)> + Clone) -> Table {
    let names: BTreeSet<&str> =
        points.clone().flat_map(|(labels, ..)| labels.iter().map(|(name, _)| name)).collect();
    let mut columns = vec![Column::text("timestamp")];
    columns.extend(names.iter().map(|name| Column::text(*name)));
    columns.push(Column::number("value"));
    let mut table = Table::new(columns);
    for (labels, at, value) in points {
        let mut row = vec![Timestamp::from_millis(at).map_or_else(Cell::none, Cell::time)];
        row.extend(names.iter().map(|name| Cell::text(labels.get(name))));
        row.push(value);
        table.row(row);
    }
    table
}

/// The names of series without what all of them have in common, and what that is.
fn short_names<'l>(all: impl Iterator<Item = &'l Labels> + Clone) -> (Vec<String>, Option<String>) {
    let Some(first) = all.clone().next() else { return (Vec::new(), None) };
    let mut common = first.clone();
    let several = all.clone().nth(1).is_some();
    for labels in all.clone() {
        let shared: Vec<String> = common
            .iter()
            .filter(|(name, value)| labels.get(name) == *value)
            .map(|(name, _)| name.to_owned())
            .collect();
        common.retain(|name| shared.iter().any(|known| known == name));
    }
    if !several || common.is_empty() {
        return (all.map(ToString::to_string).collect(), None);
    }
    let without = |labels: &Labels| {
        let mut labels = labels.clone();
        labels.retain(|name| common.get(name).is_empty());
        labels.to_string()
    };
    (all.map(without).collect(), Some(common.to_string()))
}

fn vector(report: &mut Report, samples: &[VectorSample]) {
    if samples.is_empty() {
        return report.paragraph("no series has a value then");
    }
    let (names, common) = short_names(samples.iter().map(|sample| &sample.labels));
    let mut table = Table::new(vec![Column::text("series").wrapped_to(8), Column::number("value")]);
    for (name, sample) in names.into_iter().zip(samples) {
        let value = sample.histogram.as_ref().map_or_else(|| cell(sample.sample.value), |h| native::cell(h));
        table.row(vec![Cell::text(name), value]);
    }
    if let Some(common) = common {
        report.paragraph(format!("all: {common}"));
    }
    report.push(Section::Table(table));
}

fn matrix(report: &mut Report, all: &[Series], moments: Moments) {
    if all.is_empty() {
        return report.paragraph("no series has a value in this time");
    }
    let (names, common) = short_names(all.iter().map(|series| &series.labels));
    if let Some(common) = &common {
        report.paragraph(format!("all: {common}"));
    }
    let greatest = |series: &Series| {
        let finite = series.samples.iter().map(|sample| sample.value).filter(|value| value.is_finite());
        finite.fold(f64::NEG_INFINITY, f64::max)
    };
    // The series that reach highest are drawn, in the order of the table.
    let mut drawn: Vec<usize> = (0..all.len()).collect();
    drawn.sort_by(|&a, &b| greatest(&all[b]).total_cmp(&greatest(&all[a])));
    drawn.truncate(CURVES);
    drawn.sort_unstable();
    let curves = drawn.iter().map(|&index| {
        let points = all[index].samples.iter();
        Curve {
            name: names[index].as_str().into(),
            points: points.filter_map(|s| Some((Timestamp::from_millis(s.at)?, s.value))).collect(),
        }
    });
    if all.iter().any(|series| series.samples.len() > 1) {
        report.push(Section::Chart(Chart { curves: curves.collect(), ..Chart::default() }));
        if all.len() > CURVES {
            report.paragraph(format!("The {CURVES} of {} series that reach highest are drawn.", all.len()));
        }
    }
    let columns = vec![
        Column::text("series").wrapped_to(8),
        Column::number("min"),
        Column::number("max"),
        Column::text("max at"),
        Column::number("last"),
    ];
    let mut table = Table::new(columns);
    let ends = all.iter().filter_map(Series::span).flat_map(|(first, last)| [first, last]);
    let time = short_times(ends.filter_map(Timestamp::from_millis));
    for (name, series) in names.iter().zip(all).take(SHOWN) {
        table.row(summary(name, series, time));
    }
    report.push(Section::Table(table));
    if all.len() > SHOWN {
        report.paragraph(format!(
            "… and {} more series; --output csv or json gives all of them",
            all.len() - SHOWN
        ));
    }
    if let Moments::Many { step, .. } = moments {
        report.paragraph(format!("Every {}.", rules::duration::text(step)));
    }
}

/// A series in a row: its extremes and its last value.
fn summary(name: &str, series: &Series, time: fn(Timestamp) -> Cell) -> Vec<Cell> {
    let mut row = vec![Cell::text(name)];
    let numbers = || series.samples.iter().filter(|sample| !sample.value.is_nan());
    let least = numbers().map(|sample| sample.value).reduce(f64::min);
    let greatest = numbers().reduce(|best, sample| if sample.value > best.value { sample } else { best });
    row.push(least.map_or_else(Cell::none, cell));
    row.push(greatest.map_or_else(Cell::none, |sample| cell(sample.value)));
    let at = greatest.and_then(|sample| Timestamp::from_millis(sample.at));
    row.push(at.map_or_else(Cell::none, time));
    row.push(match (series.samples.last(), series.histograms.last()) {
        (Some(float), Some(histogram)) if float.at > histogram.at => cell(float.value),
        (_, Some(histogram)) => native::cell(&histogram.histogram),
        (float, None) => float.map_or_else(Cell::none, |sample| cell(sample.value)),
    });
    row
}

/// How times are written that are all on one day: without it.
pub(super) fn short_times(times: impl Iterator<Item = Timestamp>) -> fn(Timestamp) -> Cell {
    let days: BTreeSet<i64> = times.map(|at| at.0.div_euclid(86_400_000_000_000)).collect();
    if days.len() < 2 { Cell::clock } else { Cell::time }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sample;

    #[test]
    fn the_api_writes_numbers_and_times_as_prometheus_does() {
        for (number, text) in [
            (1.0, "1"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e21, "1e+21"),
            (-3e300, "-3e+300"),
            (-123_456_789_012_345_680_000.0, "-123456789012345680000"),
            (-0.0, "-0"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (1.5e-6, "0.0000015"),
            (5e-7, "5e-07"),
            (1.25e-128, "1.25e-128"),
        ] {
            assert_eq!(float(number), text);
        }
        let labels = Labels::new([("__name__", "up"), ("a", "say \"hi\"\n")]);
        let samples =
            vec![Sample { at: 1_703_387_160_000, value: 1.0 }, Sample { at: 1_703_387_160_050, value: 2.5 }];
        let matrix = Value::Matrix(vec![Series::of(labels.clone(), samples)]);
        assert_eq!(
            api::answer(&matrix, 0, &[], "up"),
            "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":\
             {\"__name__\":\"up\",\"a\":\"say \\\"hi\\\"\\n\"},\"values\":[[1703387160,\"1\"],\
             [1703387160.050,\"2.5\"]]}]},\"schema\":\"obs.query/1\"}\n"
        );
        let vector = Value::Vector(vec![VectorSample {
            labels,
            sample: Sample { at: -1_500, value: 0.0 },
            histogram: None,
        }]);
        assert!(api::answer(&vector, 0, &[], "up").contains("\"value\":[-1.500,\"0\"]"));
        assert!(
            api::answer(&Value::Scalar(1.5), 2_000, &[], "").contains("\"scalar\",\"result\":[2,\"1.5\"]")
        );
        assert!(
            api::answer(&Value::Text("x".to_owned()), 2_000, &[], "")
                .contains("\"string\",\"result\":[2,\"x\"]")
        );
    }

    #[test]
    fn steps_are_round_and_few() {
        for (length, step) in [
            (0, 10),
            (2_000, 10),
            (5_000, 50),
            (60_000, 1_000),
            (3_600_000, 30_000),
            (86_400_000, 600_000),
            (30 * 86_400_000, 21_600_000),
        ] {
            assert_eq!(round_step(length), step, "{length}");
            assert!(length / step <= STEPS, "{length}");
        }
    }

    #[test]
    fn numbers_for_people_have_six_digits() {
        for (number, text) in [
            (0.0, "0"),
            (12.0, "12"),
            (1_234_567.0, "1234567"),
            (0.123_456_789, "0.123457"),
            (98.765_432_1, "98.7654"),
            (1e-20, "1.000e-20"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(cell(number), Cell::exact(text, float(number)), "{number}");
        }
    }
}
