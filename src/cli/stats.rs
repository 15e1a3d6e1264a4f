//! `obs stats`: how many, how often, how well, how fast.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;
use serde::Serialize;

use super::args::{Form, InputArgs, OutputArgs, PathArgs, SelectArgs};
use super::session::{Chosen, Session};
use super::slo::{self, SloJson};
use super::verdict::Verdict;
use crate::model::unit::parse_duration;
use crate::model::{Error, Needs};
use crate::report::{AccountJson, Cell, Column, Report, Section, Table};
use crate::stats::{self, Answer, GroupAnswer, Question, SuccessRule};

/// Count entries and requests, their success and their durations, in groups and over time
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  obs stats logs/ --by service
  obs stats logs/ --every 1m --success 'status < 400'
  obs stats logs/gateway --slo 99.9
  obs stats api.log --by endpoint --value durationMs --percentiles 50,99")]
pub(super) struct StatsArgs {
    #[command(flatten)]
    paths: PathArgs,
    /// Group by the values of these fields
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
    /// What a successful request is, such as 'status < 400' (default: a status below 500, else no entry of
    /// level error or worse in the request)
    #[arg(long, value_name = "EXPR")]
    success: Option<String>,
    /// The percentage of requests that is promised to succeed, such as 99.9: error budget, how sure the rate is, and
    /// how fast the budget burnt
    #[arg(long, value_name = "PERCENT")]
    slo: Option<f64>,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    select: SelectArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Serialize)]
struct StatsJson<'a> {
    groups: &'a [GroupAnswer],
    success_rule: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    slo: Option<&'a [SloJson]>,
    input: AccountJson,
}

/// Runs the command.
pub(super) fn run(args: &StatsArgs, cancel: &Arc<AtomicBool>) -> Result<Verdict, Error> {
    let mut needs = Needs::none();
    let chosen = Chosen::parse(&args.select, &mut needs)?;
    let question = question(args)?;
    let target = args.slo.map(slo::target).transpose()?;
    let rule = args.success.as_deref().map(|source| SuccessRule::parse(source, &mut needs)).transpose()?;
    let mut session = Session::open(&args.paths, &args.input, &args.output, cancel)?;
    session.require_logs();
    if target.is_some() {
        session.hold_pipes();
    }
    let range = session.time_range(&chosen)?;
    let rule = rule.unwrap_or_else(|| SuccessRule::fitting(&session.inputs));
    let selected = (&chosen.filter, range);
    let budgets = target.map(|target| {
        let by_the_minute = Question { every: Some(slo::STEP), percentiles: Vec::new(), ..question.clone() };
        let (rule, needs) = (rule.clone(), needs.clone());
        let options = &session.config.scan;
        let buckets = stats::answer(&session.inputs, &by_the_minute, rule, needs, selected, options);
        slo::budgets(&buckets.groups, target)
    });
    let mut answer = stats::answer(&session.inputs, &question, rule, needs, selected, &session.config.scan);
    let account = session.account(&mut answer.scanned);
    let json = StatsJson {
        groups: &answer.groups,
        success_rule: &answer.success_rule,
        slo: budgets.as_deref(),
        input: AccountJson::from(&account),
    };
    let mut report = report(&question, &answer);
    slo::tell(&mut report, budgets.as_deref().unwrap_or_default(), &question.by);
    report.push(Section::Account(account));
    session.write(args.output.output, &report, &json)?;
    Ok(session.finish(Verdict::of(account.lines > 0)))
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
        value_asked: args.value.is_some(),
        percentiles,
    })
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

fn report(question: &Question, answer: &Answer) -> Report {
    let mut report = Report::new();
    let mut columns: Vec<Column> = Vec::new();
    if question.every.is_some() {
        columns.push(Column::text("from").importance(9));
    }
    columns.extend(question.by.iter().map(|name| Column::text(name.as_str()).importance(6)));
    columns.push(Column::number("entries"));
    let rated = answer.groups.iter().any(|group| group.requests > 0);
    if rated {
        columns.extend(["requests", "success"].map(Column::number));
    }
    let measured = answer.groups.iter().find_map(|group| group.values.as_ref());
    if let Some(values) = measured {
        columns.extend(values.percentiles.iter().map(|(p, _)| Column::number(format!("p{p}"))));
        columns.push(Column::number("max"));
    }
    let rows = answer.groups.iter().map(|group| row(question, group, rated, measured.is_some())).collect();
    report.push(Section::Table(Table { columns, rows }));
    if rated {
        report.paragraph(format!("A request succeeds when: {}.", answer.success_rule));
    }
    if let Some(values) = measured {
        let unit = values.unit.map_or(String::new(), |unit| format!(" in {unit}"));
        report.paragraph(format!("Percentiles are of {}{unit}.", question.value));
    }
    report
}

fn row(question: &Question, group: &GroupAnswer, rated: bool, measured: bool) -> Vec<Cell> {
    let mut row = Vec::new();
    if question.every.is_some() {
        row.push(group.from.map_or_else(Cell::none, Cell::time));
    }
    for value in group.by.values() {
        row.push(match value {
            serde_json::Value::Null => Cell::none(),
            serde_json::Value::String(text) => Cell::text(text.as_str()),
            other => Cell::text(other.to_string()),
        });
    }
    row.push(Cell::count(group.entries));
    if rated {
        row.push(Cell::count(group.requests));
        row.push(group.success_rate.map_or_else(Cell::none, Cell::percent));
    }
    if measured {
        let in_millis = |value: f64, unit: Option<&str>| match unit {
            Some("ms") => Cell::millis(value),
            Some("s") => Cell::millis(value * 1e3),
            Some("us") => Cell::millis(value / 1e3),
            Some("ns") => Cell::millis(value / 1e6),
            _ => Cell::number(value, 2),
        };
        let percentiles = group.values.as_ref().map(|values| {
            let cell = |value: Option<f64>| {
                let cell = value.map_or_else(Cell::none, |value| in_millis(value, values.unit));
                if values.approximate { cell.approximate() } else { cell }
            };
            let mut cells: Vec<Cell> = values.percentiles.iter().map(|(_, value)| cell(*value)).collect();
            cells.push(values.max.map_or_else(Cell::none, |max| in_millis(max, values.unit)));
            cells
        });
        row.extend(percentiles.unwrap_or_else(|| vec![Cell::none(); question.percentiles.len() + 1]));
    }
    row
}
