//! `obs formats`: which formats there are, and how a file was understood.

mod described;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::args::{Form, InputArgs, OutputArgs, PathArgs, forms};
use super::fields::{SINGLE, SkippedJson, folder, skipped};
use super::out;
use super::session::Session;
use super::verdict::Verdict;
use crate::format::log::{LOG_FORMATS, LogFormat as _, names};
use crate::format::metric::{self, Known, METRIC_FORMATS, ReadOptions};
use crate::format::time::Order;
use crate::metrics;
use crate::model::unit::HumanCount;
use crate::model::{Error, Needs, Role};
use crate::report::account::counted;
use crate::report::{AccountJson, Cell, Column, Evidence, Report, Section, Table};
use crate::scan::{self, Database, Input, ScanOptions, Selection};

/// List formats of logs and metrics, explain how files were understood, test and import formats of one's own
#[derive(Args, Debug)]
pub(super) struct FormatsArgs {
    #[command(subcommand)]
    command: FormatsCommand,
}

#[derive(Subcommand, Debug)]
enum FormatsCommand {
    List(ListArgs),
    Explain(Box<ExplainArgs>),
    Test(described::TestArgs),
    Import(described::ImportArgs),
}

/// Every format of logs and metrics that is recognised
#[derive(Args, Debug)]
struct ListArgs {
    /// Configuration that describes formats (default: as for every command)
    #[arg(long, value_name = "FILE")]
    config: Option<std::path::PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

/// Forms of an explanation, which is no rows.
const EXPLAINED: &[Form] = &[Form::Table, Form::Json, Form::Jsonl, Form::Markdown, Form::Html];

/// For each file: the formats tried, how many of the sampled lines each understood, and where it stopped
#[derive(Args, Debug)]
#[command(mut_arg("output", |output| output.value_parser(forms(EXPLAINED))))]
struct ExplainArgs {
    #[command(flatten)]
    paths: PathArgs,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Serialize)]
struct FormatJson {
    name: &'static str,
    about: &'static str,
    samples: Vec<&'static str>,
}

#[derive(Serialize)]
struct ExplainJson {
    files: Vec<ExplainedJson>,
    metrics: Vec<MeasuredJson>,
    skipped: Vec<SkippedJson>,
    input: AccountJson,
}

#[derive(Serialize)]
struct ExplainedJson {
    file: String,
    compression: Option<&'static str>,
    service: Option<String>,
    sampled_lines: usize,
    continuing: usize,
    formats: Vec<TriedJson>,
    zone: String,
    whole_seconds: bool,
    /// What is taken for granted about dates that leave something out.
    clock: String,
    /// What is read as the id of a request.
    request_ids: String,
    /// Units of durations that no name says.
    #[serde(skip_serializing_if = "Option::is_none")]
    durations: Option<String>,
    #[serde(flatten)]
    account: AccountJson,
    stopped: Option<StoppedJson>,
}

/// A file of metrics, and how it was understood.
#[derive(Serialize)]
struct MeasuredJson {
    file: String,
    format: &'static str,
    about: &'static str,
    samples: u64,
    series: usize,
    refused: u64,
    stopped: Option<String>,
}

#[derive(Serialize)]
struct TriedJson {
    format: &'static str,
    understood: usize,
    share: f64,
}

#[derive(Clone, Serialize)]
struct StoppedJson {
    line: u64,
    column: usize,
    format: &'static str,
    text: String,
}

/// Runs the command.
pub(super) fn run(args: &FormatsArgs, cancel: &Arc<AtomicBool>) -> Result<Verdict, Error> {
    match &args.command {
        FormatsCommand::List(args) => list(args),
        FormatsCommand::Explain(args) => explain(args, cancel),
        FormatsCommand::Test(args) => described::test(args),
        FormatsCommand::Import(args) => described::import(args),
    }
}

fn list(args: &ListArgs) -> Result<Verdict, Error> {
    let input = InputArgs { config: args.config.clone(), ..InputArgs::default_values() };
    let config = super::config::Config::resolve(&input, &args.output, &Arc::default())?;
    let own = config.scan.read.own.iter().map(|own| FormatJson {
        name: own.name(),
        about: own.about(),
        samples: own.samples.iter().map(|sample| sample.line.as_str()).collect(),
    });
    let built_in = LOG_FORMATS.iter().map(|format| FormatJson {
        name: format.name(),
        about: format.about(),
        samples: format.samples().iter().map(|sample| sample.text).collect(),
    });
    let metrics = METRIC_FORMATS.iter().map(|format| FormatJson {
        name: format.name(),
        about: format.doc(),
        samples: format.examples().to_vec(),
    });
    let formats: Vec<FormatJson> = own.chain(built_in).chain(metrics).collect();
    let rows = formats.iter().map(|format| vec![Cell::text(format.name), Cell::text(format.about)]);
    let columns = vec![Column::text("format").importance(9), Column::text("what it is").wrapped_to(8)];
    let mut report = Report::new();
    report.push(Section::Table(Table { name: "formats", rows: rows.collect(), columns }));
    report.paragraph(
        "Data folders of Prometheus, Thanos and Mimir are read as they lie, also within an archive: blocks, the \
         write-ahead log, the head.",
    );
    out::write_list(args.output.output, config.page, &report, &formats)?;
    Ok(Verdict::Yes)
}

fn explain(args: &ExplainArgs, cancel: &Arc<AtomicBool>) -> Result<Verdict, Error> {
    let mut session = Session::open_with_tables(&args.paths, &args.input, &args.output, cancel)?;
    session.require_data();
    let selection = Selection::everything(Needs::none());
    let mut stops: Vec<Option<StoppedJson>> = vec![None; session.inputs.logs.len()];
    let (_, mut scanned) = scan::run(
        &session.inputs.logs,
        &selection.needs,
        &session.config.scan,
        || (),
        |(), chunk| {
            let mut first = None;
            let _ = chunk.entries(&selection, |entry| {
                if first.is_none() {
                    let format = chunk.reader.format_of(entry.raw);
                    let stopped = chunk.reader.fields(entry.raw, &mut |_, _| {});
                    let column = match (stopped, entry.understood) {
                        (Some(at), _) => Some(at + 1),
                        (None, false) => Some(1),
                        (None, true) => None,
                    };
                    first = column.map(|column| StoppedJson {
                        line: u64::from(entry.location.line),
                        column,
                        format: format.name(),
                        text: String::from_utf8_lossy(&entry.raw[..entry.raw.len().min(200)]).into_owned(),
                    });
                }
                ControlFlow::Continue(())
            });
            first
        },
        |delivered| {
            let stop = &mut stops[delivered.file as usize];
            if let (None, Some(mut first)) = (&stop, delivered.output) {
                first.line += delivered.lines_before + 1;
                *stop = Some(first);
            }
            ControlFlow::Continue(())
        },
    );
    let account = session.account(&mut scanned);
    let files = session.inputs.logs.iter().zip(&scanned.accounts).zip(stops);
    let files = files
        .map(|((input, account), stopped)| {
            explained(input, AccountJson::from(account), stopped, &args.input.tz)
        })
        .collect();
    let options = &session.config.scan;
    let files_of_metrics = session.inputs.metrics.iter().filter_map(|input| measured(input, options));
    let folders = session.inputs.databases.iter().map(|database| held(database, options));
    let metrics: Vec<MeasuredJson> = files_of_metrics.chain(folders).collect();
    let has_metrics = !metrics.is_empty();
    let json = ExplainJson { files, metrics, skipped: skipped(&session), input: AccountJson::from(&account) };
    let report = report(&json, account);
    session.write(args.output.output, &report, ("obs.formats-explain/1", &json))?;
    Ok(session.finish(Verdict::of(account.lines > 0 || has_metrics)))
}

/// Reads a file of metrics and counts what is in it.
fn measured(input: &Input, options: &ScanOptions) -> Option<MeasuredJson> {
    let format = input.metric_format()?;
    let mut series = BTreeSet::new();
    let (read, _) = input.with_bytes(options, |bytes| {
        let zone = options.read.zone.unwrap_or(chrono_tz::UTC);
        let (before, body) = metric::body(bytes);
        let read = format.read(body, ReadOptions::of_file(0, zone), &mut Known::new(), &mut |labels, _| {
            if !series.contains(labels) {
                series.insert(labels.clone());
            }
        });
        read.map_err(|error| metric::MetricError { line: error.line + before, ..error }).map(|mut read| {
            read.errors.iter_mut().for_each(|error| error.line += before);
            read
        })
    });
    let (samples, refused, stopped) = match read? {
        Ok(read) => (read.samples, read.refused, read.errors.first().map(ToString::to_string)),
        Err(error) => (0, 0, Some(error.to_string())),
    };
    let (name, about) = (format.name(), format.doc());
    let file = input.shown.clone();
    Some(MeasuredJson { file, format: name, about, samples, series: series.len(), refused, stopped })
}

/// Reads a data folder of Prometheus and counts what is in it.
fn held(database: &Database, options: &ScanOptions) -> MeasuredJson {
    let metrics::Loaded { store, read, diagnostics, .. } = metrics::load_database(database, options);
    MeasuredJson {
        file: database.shown.clone(),
        format: "prometheus-tsdb",
        about: DATA_FOLDER,
        samples: read.samples,
        series: store.len(),
        refused: 0,
        stopped: diagnostics.first().map(ToString::to_string),
    }
}

/// What a data folder is.
const DATA_FOLDER: &str =
    "A data folder of Prometheus, or blocks of Thanos or Mimir: index, chunks, write-ahead log.";

fn explained(input: &Input, account: AccountJson, stopped: Option<StoppedJson>, zone: &str) -> ExplainedJson {
    let survey = input.profile().map(|profile| profile.survey.clone()).unwrap_or_default();
    let said = input.profile().and_then(|profile| {
        let own = profile.formats.iter().find_map(|format| format.zone());
        own.or(profile.zone)
    });
    let zone = said.map_or_else(|| zone.to_owned(), |zone| zone.name().to_owned());
    let formats = survey.understood.iter().map(|(format, understood)| TriedJson {
        format,
        understood: *understood,
        share: *understood as f64 / survey.lines.max(1) as f64,
    });
    ExplainedJson {
        file: input.shown.clone(),
        compression: (!input.compression.is_empty()).then_some(input.compression),
        service: input.service.clone(),
        sampled_lines: survey.lines,
        continuing: survey.continuing,
        formats: formats.collect(),
        zone,
        whole_seconds: input.coarse,
        clock: clock(input),
        request_ids: request_ids(input),
        durations: durations(input),
        account,
        stopped,
    }
}

fn report(json: &ExplainJson, account: crate::model::Account) -> Report {
    let mut report = Report::new();
    for (file, more) in alike(&json.files) {
        let like = if more > 0 {
            format!(" and {} like it", counted(more, "other", "others"))
        } else {
            String::new()
        };
        report.heading(format!("{}{like}", file.file));
        let tried: Vec<String> = file
            .formats
            .iter()
            .map(|tried| format!("{} {:.0} %", tried.format, tried.share * 100.0))
            .collect();
        let others = LOG_FORMATS.len().saturating_sub(tried.len());
        let tried = if tried.is_empty() { "nothing".to_owned() } else { tried.join(", ") };
        let mut pairs = vec![
            ("understood as", format!("{tried}; {others} others were tried and understood no line")),
            (
                "sampled",
                format!(
                    "{}, {} of them continue an entry",
                    counted(file.sampled_lines as u64, "line", "lines"),
                    file.continuing
                ),
            ),
            ("times", times(file)),
            ("clock", file.clock.clone()),
            ("request ids", file.request_ids.clone()),
            ("service", file.service.clone().unwrap_or_else(|| "none in the path".to_owned())),
        ];
        if let Some(durations) = &file.durations {
            pairs.push(("durations", durations.clone()));
        }
        if let Some(compression) = file.compression {
            pairs.push(("compressed by", compression.to_owned()));
        }
        report.push(Section::KeyValues(
            pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect(),
        ));
        if let Some(stopped) = &file.stopped {
            report.paragraph(format!(
                "The {} format first stopped at line {}, column {}:",
                stopped.format, stopped.line, stopped.column
            ));
            let place = format!("{}:{}", stopped.line, stopped.column);
            report.push(Section::Lines(vec![Evidence {
                place: place.into(),
                text: stopped.text.as_str().into(),
                context: false,
                whole: false,
            }]));
        }
    }
    for file in &json.metrics {
        report.heading(file.file.as_str());
        let held = format!(
            "{} of {} series",
            counted(file.samples, "sample", "samples"),
            HumanCount(file.series as u64)
        );
        let mut pairs = vec![("read as", format!("{}: {}", file.format, file.about)), ("held", held)];
        if file.refused > 0 {
            pairs.push(("not understood", counted(file.refused, "line", "lines")));
        }
        if let Some(stopped) = &file.stopped {
            pairs.push(("first stopped at", stopped.clone()));
        }
        report.push(Section::KeyValues(
            pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect(),
        ));
    }
    if !json.skipped.is_empty() {
        report.heading("not read");
        let rows = json
            .skipped
            .iter()
            .map(|skipped| vec![Cell::text(skipped.file.as_str()), Cell::text(skipped.reason.as_str())]);
        let columns = vec![Column::path("file").importance(9), Column::text("because it is").wrapped()];
        report.push(Section::Table(Table { name: "skipped", rows: rows.collect(), columns }));
    }
    report.push(Section::Account(account));
    report
}

/// The files, and how many others are like each. Where there are few, none are put together.
fn alike(files: &[ExplainedJson]) -> Vec<(&ExplainedJson, u64)> {
    let deepest = files.iter().map(|file| file.file.matches('/').count()).max().unwrap_or(0);
    let mut told = of_folders(files, 0);
    for cut in 1..=deepest {
        if told.len() <= SINGLE {
            break;
        }
        told = of_folders(files, cut);
    }
    told
}

fn of_folders(files: &[ExplainedJson], cut: usize) -> Vec<(&ExplainedJson, u64)> {
    let mut told: Vec<(&ExplainedJson, u64)> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for file in files {
        let formats: Vec<&str> = file.formats.iter().map(|tried| tried.format).collect();
        let likeness = [
            folder(&file.file, cut),
            &formats.join("+"),
            &times(file),
            &file.clock,
            &file.request_ids,
            file.durations.as_deref().unwrap_or_default(),
            file.compression.unwrap_or_default(),
            if file.stopped.is_some() { "stopped" } else { "" },
        ]
        .join("\0");
        let place = *places.entry(likeness).or_insert(told.len());
        match told.get_mut(place).filter(|_| files.len() > SINGLE) {
            Some((_, more)) => *more += 1,
            None => told.push((file, 0)),
        }
    }
    told
}

/// What its dates leave out, and how that is made up for.
fn clock(input: &Input) -> String {
    let Some(profile) = input.profile() else { return "nothing is assumed".to_owned() };
    let mut said = Vec::new();
    match (profile.layout.is_bare(), profile.bare) {
        (true, None) => said.push("times of day without a date, which nothing tells: they are left out"),
        (true, Some(_)) => said.push("times of day get the day on which the file was written"),
        _ if profile.yearless.is_some() => {
            said.push("dates get the year of the files beside it, or that in which it was written");
        }
        _ => {}
    }
    match profile.order {
        Some(Order::DayFirst) => said.push("in dates of numbers the day comes first"),
        Some(Order::MonthFirst) => said.push("in dates of numbers the month comes first"),
        Some(Order::YearFirst) => said.push("in dates of numbers the year comes first"),
        None if profile.unclear => {
            said.push("dates of numbers, of which nothing tells whether day or month comes first: they are left out");
        }
        None => {}
    }
    if profile.unclear_zone {
        said.push("a zone whose name several places share is that of the place that --tz names, else none");
    }
    if said.is_empty() { "nothing is assumed".to_owned() } else { said.join("; ") }
}

/// The units of durations that no name says, and how they are known.
fn durations(input: &Input) -> Option<String> {
    let units = &input.profile()?.units;
    (!units.is_empty()).then(|| units.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

/// What is read as the id of a request, and how that is known.
fn request_ids(input: &Input) -> String {
    let Some(profile) = input.profile() else { return "none".to_owned() };
    if !profile.request_ids.is_empty() {
        return format!("{}, told by their values", profile.request_ids);
    }
    let rank = |name: &String| {
        let roles = names::roles_of(name);
        roles.iter().find(|(role, ..)| *role == Role::RequestId).map(|(_, rank, _)| *rank)
    };
    let named = profile.keys.iter().filter_map(|name| rank(name).map(|rank| (rank, name))).min();
    match named {
        Some((_, name)) => format!("{name}, told by its name"),
        None if profile.spans.is_some() => "the traces of its spans".to_owned(),
        None => "none found; --map request_id=FIELD names one".to_owned(),
    }
}

fn times(file: &ExplainedJson) -> String {
    match (&file.account.from, file.whole_seconds) {
        (None, _) => "none found".to_owned(),
        (Some(_), true) => format!("whole seconds; those without an offset are {}", file.zone),
        (Some(_), false) => format!("with fractions of a second; those without an offset are {}", file.zone),
    }
}
