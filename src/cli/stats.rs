//! `obs stats`: how many, how often, how well, how fast.

mod critical;
mod difference;
mod heat;
mod slo;
mod why;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;
use serde::Serialize;

use super::args::{Form, InputArgs, OutputArgs, PathArgs, RankArgs, SelectArgs, SuccessArgs};
use super::config;
use super::nothing;
use super::rank::{self, Key};
use super::session::{Chosen, Session};
use super::verdict::Verdict;
use crate::model::unit::{HumanCount, HumanMillis, parse_duration};
use crate::model::{Error, Needs, TimeRange, limits};
use crate::report::{AccountJson, Cell, Column, Report, Section, Table};
use crate::stats::{self, Answer, GroupAnswer, Measure, Question, Values};
use difference::DiffJson;
use heat::HeatJson;
use slo::SloJson;
use why::WhyJson;

/// Count entries and requests, their success and their durations, in groups and over time
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  obs stats logs/ --by service
  obs stats logs/ --every 1m --success 'status < 400'
  obs stats logs/gateway --slo 99.9 --apdex 300ms
  obs stats logs/ --by service --diff 03:06..03:21
  obs stats api.log --heat-map --why p99
  obs stats logs/ --by user --top 10
  obs stats traces/ --critical-path
  obs stats logs/gateway --by endpoint --sort p99 --limit 20
  obs stats api.log --by endpoint --value durationMs --percentiles 50,99")]
pub(super) struct StatsArgs {
    #[command(flatten)]
    paths: PathArgs,
    /// Group by the values of these fields; endpoint is what was asked for, with numbers and ids in paths alike
    #[arg(long, value_name = "FIELD[,FIELD]", value_delimiter = ',')]
    by: Vec<String>,
    /// Group by time: buckets of this length, such as 1m, aligned to UTC
    #[arg(long, value_name = "DURATION")]
    every: Option<String>,
    /// Measure the values of this field (default: the role duration)
    #[arg(long, value_name = "FIELD")]
    value: Option<String>,
    /// Percentiles of the values (default: 50,90,95,99,99.9; of those 50,95,99 in tables of groups, so that they fit)
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    percentiles: Vec<f64>,
    #[command(flatten)]
    success: SuccessArgs,
    /// The percentage of requests that is promised to succeed, such as 99.9: error budget, how sure the rate is, and
    /// how fast the budget burnt
    #[arg(hide_short_help = true, long, value_name = "PERCENT")]
    slo: Option<f64>,
    /// How content users are who expect an answer within this time, such as 500ms: from 0, nobody, to 1, all
    #[arg(hide_short_help = true, long, value_name = "DURATION")]
    apdex: Option<String>,
    /// Compare the time from A until B with what was before A, or with a second window
    #[arg(long, value_name = "A..B[,C..D]", allow_hyphen_values = true, conflicts_with_all = ["every", "slo", "heat_map", "why"])]
    diff: Option<String>,
    /// Draw how the values spread over time
    #[arg(hide_short_help = true, long)]
    heat_map: bool,
    /// Show the entries behind these numbers: p99, max, min, failed
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    why: Vec<String>,
    /// What slow requests wait for, by service and operation, against the calm ones that begin alike, from spans; and what
    /// slow and failed requests have in common. Slow is the slowest tenth, or as said: p99, 500ms
    #[arg(long, value_name = "SLOW", num_args = 0..=1, default_missing_value = "p90", require_equals = true,
          conflicts_with_all = ["by", "every", "value", "percentiles", "slo", "apdex", "diff", "heat_map", "why"])]
    critical_path: Option<String>,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    select: SelectArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    rank: RankArgs,
}

#[derive(Serialize)]
struct StatsJson<'a> {
    groups: &'a [GroupAnswer],
    /// How many groups there are, where not all of them are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    groups_total: Option<usize>,
    success_rule: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    slo: Option<&'a [SloJson]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    diff: Option<DiffJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    heat_map: Option<HeatJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a [WhyJson]>,
    input: AccountJson,
}

/// Runs the command.
pub(super) fn run(args: &StatsArgs, cancel: &Arc<AtomicBool>) -> Result<Verdict, Error> {
    if let Some(typed) = &args.critical_path {
        return critical::run(typed, args, cancel);
    }
    let mut needs = Needs::none();
    let chosen = Chosen::parse(&args.select, &mut needs)?;
    let question = question(args)?;
    let target = args.slo.map(slo::target).transpose()?;
    let wanted = why::wanted(&args.why)?;
    let rule = config::success(&args.success, &args.input, &mut needs)?;
    let mut session = Session::open(&args.paths, &args.input, &args.output, cancel)?;
    session.require_logs();
    if target.is_some() || args.diff.is_some() || args.heat_map || !wanted.is_empty() || chosen.needs_span() {
        session.hold_pipes();
    }
    let range = session.time_range(&chosen)?;
    let ask = |question: &Question, range: TimeRange| {
        let (rule, needs) = (rule.clone(), needs.clone());
        stats::answer(&session.inputs, question, rule, needs, (&chosen.filter, range), &session.config.scan)
    };
    let windows = args.diff.as_deref().map(|typed| session.windows(typed)).transpose()?;
    let budgets = target.map(|target| {
        let by_the_minute = Question { every: Some(slo::STEP), percentiles: Vec::new(), ..question.clone() };
        slo::budgets(&ask(&by_the_minute, range).groups, target)
    });
    let mut answer = ask(&question, windows.map_or(range, |[_, inside]| inside));
    let whole = answer.scanned.account();
    let difference = windows.map(|[before, inside]| {
        let was = ask(&question, before).groups;
        difference::difference([before, inside], [was, answer.groups.clone()], &whole)
    });
    let selected = (&chosen.filter, range);
    let heat = args.heat_map.then(|| heat::map(&session, &question, &needs, selected, &whole));
    let behind = (!wanted.is_empty())
        .then(|| why::behind(&session, &question, (rule.clone(), needs.clone()), &wanted, selected));
    let total = answer.groups.len();
    let columns = columns_to_sort_by(&question);
    rank::rank(&mut answer.groups, &args.rank, ("entries", None), &columns, key)?;
    let mut report = match &difference {
        Some(difference) => difference::report(difference, &question, &answer.success_rule),
        None => report(&question, &answer, total),
    };
    slo::tell(&mut report, budgets.as_deref().unwrap_or_default(), &question.by);
    if let Some(heat) = &heat {
        heat::tell(&mut report, heat.as_ref(), &question.value);
    }
    let read = (&args.paths.paths[..], &args.input);
    why::tell(&mut report, behind.as_deref().unwrap_or_default(), read);
    let account = session.account(&mut answer.scanned);
    if let Some(entries) = answer.rest {
        session.diagnostics.push(limits::folded("groups", question.most, (entries, "entries")));
    }
    if answer.groups.is_empty() && difference.is_none() {
        report = Report::new();
        report.paragraph(format!(
            "Nothing was counted: {}",
            nothing::sentence(&mut session, &chosen.asked, &account)
        ));
    }
    tell_absent(&mut session, &question, &answer.groups);
    report.push(Section::Account(account));
    let json = StatsJson {
        groups: &answer.groups,
        groups_total: (answer.groups.len() < total).then_some(total),
        success_rule: &answer.success_rule,
        slo: budgets.as_deref(),
        diff: difference.map(DiffJson::from),
        heat_map: heat.flatten().map(HeatJson::from),
        why: behind.as_deref(),
        input: AccountJson::from(&account),
    };
    session.write(args.output.output, &report, ("obs.stats/1", &json))?;
    let found = answer.groups.iter().any(|group| group.entries > 0) || json.diff.is_some();
    Ok(session.finish(Verdict::of(account.lines > 0 && found)))
}

/// The columns by which groups can be sorted.
fn columns_to_sort_by(question: &Question) -> Vec<String> {
    let plain =
        ["entries", "count", "requests", "success", "failed", "unknown", "from", "min", "mean", "max"];
    let percentiles = question.percentiles.iter().map(|percentile| format!("p{percentile}"));
    let apdex = question.apdex.map(|_| "apdex".to_owned());
    question.by.iter().cloned().chain(plain.map(str::to_owned)).chain(percentiles).chain(apdex).collect()
}

/// What a group has in a column.
fn key(group: &GroupAnswer, column: &str) -> Key {
    if let Some(value) = group.by.get(column) {
        return Key::json(value);
    }
    let values = group.values.as_ref();
    match column {
        "entries" | "count" => Key::count(group.entries),
        "requests" => Key::count(group.requests),
        "success" => Key::number(group.success_rate),
        "failed" => Key::count(group.requests - group.success - group.unknown),
        "unknown" => Key::count(group.unknown),
        "from" => group.from.map_or(Key::None, |from| Key::Word(from.rfc3339_nanos())),
        "min" => Key::number(values.and_then(|values| values.min)),
        "mean" => Key::number(values.and_then(|values| values.mean)),
        "max" => Key::number(values.and_then(|values| values.max)),
        "apdex" => Key::number(group.apdex.and_then(|apdex| apdex.score())),
        percentile => {
            let is_it = |(p, _): &&(f64, Option<f64>)| format!("p{p}") == percentile;
            let found = values.and_then(|values| values.percentiles.iter().find(is_it));
            Key::number(found.and_then(|(_, value)| *value))
        }
    }
}

/// Says which of the names that were asked for have no value in any entry.
fn tell_absent(session: &mut Session, question: &Question, groups: &[GroupAnswer]) {
    if groups.is_empty() {
        return;
    }
    for name in &question.by {
        if groups.iter().all(|group| group.by.get(name).is_none_or(serde_json::Value::is_null)) {
            nothing::absent(session, "--by", name);
        }
    }
    if question.value_asked && groups.iter().all(|group| group.values.is_none()) {
        nothing::absent(session, "--value", &question.value);
    }
}

fn question(args: &StatsArgs) -> Result<Question, Error> {
    if let Some(bad) = args.percentiles.iter().find(|p| !(0.0..=100.0).contains(*p)) {
        return Err(
            Error::usage(format!("there is no percentile {bad}")).hinted("percentiles go from 0 to 100")
        );
    }
    let is_wide = args.output.output == Form::Table && !(args.by.is_empty() && args.every.is_none());
    let percentiles = match (args.percentiles.is_empty(), is_wide) {
        (false, _) => args.percentiles.clone(),
        (true, true) => vec![50.0, 95.0, 99.0],
        (true, false) => vec![50.0, 90.0, 95.0, 99.0, 99.9],
    };
    Ok(Question {
        by: args.by.clone(),
        every: args.every.as_deref().map(step).transpose()?,
        value: args.value.clone().unwrap_or_else(|| "duration".to_owned()),
        value_asked: args.value.is_some() || args.apdex.is_some(),
        percentiles,
        apdex: args.apdex.as_deref().map(|source| apdex(args, source)).transpose()?,
        most: args.input.most.unwrap_or(limits::GROUPS),
    })
}

/// The threshold of the Apdex in milliseconds, for values that are durations.
fn apdex(args: &StatsArgs, source: &str) -> Result<f64, Error> {
    let nanos = parse_duration(source).filter(|nanos| *nanos > 0.0).ok_or_else(|| {
        Error::usage(format!("`{source}` is no length of time")).hinted("write 300ms, 1.5s")
    })?;
    let value = args.value.as_deref().unwrap_or("duration");
    if Measure::of(value, &mut Needs::none()).unit().is_none() {
        return Err(Error::usage(format!("--apdex needs durations, and the name `{value}` says no unit"))
            .hinted("leave out --value, or map the field: --map duration=FIELD"));
    }
    Ok(nanos / 1e6)
}

/// A length of time of at least a millisecond, in nanoseconds.
pub(super) fn step(source: &str) -> Result<i64, Error> {
    match parse_duration(source) {
        Some(nanos) if (1e6..9e18).contains(&nanos) => Ok(nanos as i64),
        Some(_) => Err(Error::usage(format!("`{source}` is too short or too long for a step"))
            .hinted("a millisecond at least")),
        None => Err(Error::usage(format!("`{source}` is no length of time")).hinted("write 30s, 1m, 1h30m")),
    }
}

/// A day in nanoseconds.
const DAY: i64 = 86_400 * crate::model::time::NANOS;

fn report(question: &Question, answer: &Answer, total: usize) -> Report {
    let mut report = Report::new();
    let mut columns: Vec<Column> = Vec::new();
    if question.every.is_some() {
        columns.push(Column::text("from").importance(9));
    }
    let days = answer.groups.iter().filter_map(|group| group.from).map(|from| from.floor(DAY));
    let is_one_day = days.clone().min() == days.max();
    columns.extend(question.by.iter().map(|name| Column::text(name.as_str()).importance(6)));
    columns.push(Column::number("entries"));
    let rated = answer.groups.iter().any(|group| group.requests > 0);
    if rated {
        columns.extend(["requests", "success"].map(Column::number));
    }
    let measured = answer.groups.iter().find_map(|group| group.values.as_ref());
    if let Some(values) = measured {
        let unit = csv_unit(values.unit);
        let titles = values.percentiles.iter().map(|(p, _)| format!("p{p}")).chain(["max".to_owned()]);
        columns.extend(titles.map(|title| Column::number(title).unit(unit)));
    }
    if question.apdex.is_some() {
        columns.push(Column::number("apdex"));
    }
    let rows = answer
        .groups
        .iter()
        .map(|group| row((question, is_one_day), group, rated, measured.is_some()))
        .collect();
    report.push(Section::Table(Table { name: "groups", columns, rows }));
    if answer.groups.len() < total {
        let (shown, total) = (HumanCount(answer.groups.len() as u64), HumanCount(total as u64));
        report.paragraph(format!("{shown} of {total} groups are shown."));
    }
    if rated {
        report.paragraph(format!("A request succeeds when: {}.", answer.success_rule));
        if answer.overlaps {
            report.paragraph("A request counts in every group in which it has an entry.");
        }
    }
    if let Some(values) = measured {
        let unit = values.unit.map_or(String::new(), |unit| format!(" in {unit}"));
        report.paragraph(format!("Percentiles are of {}{unit}.", question.value));
    }
    if let Some(threshold) = question.apdex {
        let (satisfied, tolerating) = (HumanMillis(threshold), HumanMillis(4.0 * threshold));
        report.paragraph(format!(
            "The Apdex counts whole what took up to {satisfied}, half what took up to {tolerating}, and not what took \
             longer or failed."
        ));
    }
    report
}

fn row(
    (question, is_one_day): (&Question, bool),
    group: &GroupAnswer,
    rated: bool,
    measured: bool,
) -> Vec<Cell> {
    let mut row = Vec::new();
    if question.every.is_some() {
        // The account below tells the day.
        let cell = if is_one_day { Cell::clock } else { Cell::time };
        row.push(group.from.map_or_else(Cell::none, cell));
    }
    row.extend(group.by.values().map(value_cell));
    row.push(Cell::count(group.entries));
    if rated {
        row.push(Cell::count(group.requests));
        row.push(group.success_rate.map_or_else(Cell::none, Cell::percent));
    }
    if measured {
        let percentiles = group.values.as_ref().map(|values| {
            let mut cells: Vec<Cell> =
                values.percentiles.iter().map(|(_, value)| measured_cell(*value, values)).collect();
            cells.push(values.max.map_or_else(Cell::none, |max| in_unit(max, values.unit)));
            cells
        });
        row.extend(percentiles.unwrap_or_else(|| vec![Cell::none(); question.percentiles.len() + 1]));
    }
    if let Some(apdex) = group.apdex {
        row.push(apdex.score().map_or_else(Cell::none, |score| Cell::number(score, 2)));
    }
    row
}

/// A value that makes a group.
fn value_cell(value: &serde_json::Value) -> Cell {
    match value {
        serde_json::Value::Null => Cell::none(),
        serde_json::Value::String(text) => Cell::text(text.as_str()),
        other => Cell::text(other.to_string()),
    }
}

/// A percentile of values.
fn measured_cell(value: Option<f64>, values: &Values) -> Cell {
    let cell = value.map_or_else(Cell::none, |value| in_unit(value, values.unit));
    if values.approximate { cell.approximate() } else { cell }
}

/// The unit of `in_unit` in machine notation.
fn csv_unit(unit: Option<&str>) -> &str {
    match unit {
        Some("ms" | "s" | "us" | "ns") => "ms",
        other => other.unwrap_or_default(),
    }
}

/// A number in a unit that a field's name said.
fn in_unit(value: f64, unit: Option<&str>) -> Cell {
    match unit {
        Some("ms") => Cell::millis(value),
        Some("s") => Cell::millis(value * 1e3),
        Some("us") => Cell::millis(value / 1e3),
        Some("ns") => Cell::millis(value / 1e6),
        _ => Cell::number(value, 2),
    }
}
