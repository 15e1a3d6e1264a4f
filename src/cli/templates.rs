//! `obs templates`: the few things that many entries say, how often, since when, and what is new in a window.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;
use serde::Serialize;

use super::args::{InputArgs, OutputArgs, PathArgs, RankArgs, SelectArgs};
use super::nothing;
use super::rank::{self, Key};
use super::session::{Chosen, Session, seconds};
use super::verdict::Verdict;
use crate::model::{Error, Location, Needs, Role, TimeRange, Timestamp, limits};
use crate::report::{AccountJson, Cell, Column, Phrase, Report, Section, Style, Table};
use crate::scan::{self, Input, Scanned, Selection};
use crate::timeline::fault::Fields;
use crate::timeline::template::{self, Phrases, Template, Turn};

/// Group entries by what they say apart from their values: counts, first and last seen, examples
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  obs templates logs/
  obs templates logs/ --level warn --limit 20
  obs templates logs/ --new-since 03:06
  obs templates logs/ --diff 03:06..03:21
  obs templates logs/ --diff 03:06..03:21,02:30..03:00")]
pub(super) struct TemplatesArgs {
    #[command(flatten)]
    paths: PathArgs,
    /// Compare what is said from A until B with what was said before A, or in a second window
    #[arg(long, value_name = "A..B[,C..D]", allow_hyphen_values = true)]
    diff: Option<String>,
    /// Only what is said from this time on and was not said before
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, conflicts_with = "diff")]
    new_since: Option<String>,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    select: SelectArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    rank: RankArgs,
}

/// Templates that are shown when nothing is said.
const SHOWN: usize = 40;

#[derive(Serialize)]
struct TemplatesJson {
    templates: Vec<TemplateJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    windows: Option<WindowsJson>,
    total: usize,
    input: AccountJson,
}

#[derive(Serialize)]
struct WindowsJson {
    before: [Option<String>; 2],
    inside: [Option<String>; 2],
}

#[derive(Serialize)]
struct TemplateJson {
    template: String,
    count: u64,
    share: f64,
    level: Option<&'static str>,
    first: Option<String>,
    last: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<ChangeJson>,
    examples: Vec<ExampleJson>,
}

#[derive(Clone, Serialize)]
struct ChangeJson {
    turn: Turn,
    before: u64,
    inside: u64,
    /// Per hour.
    before_rate: f64,
    inside_rate: f64,
}

#[derive(Serialize)]
struct ExampleJson {
    file: String,
    line: u64,
    text: String,
}

/// The two windows that are compared: what was before, and what is looked at.
struct Windows {
    ranges: [TimeRange; 2],
    seconds: [f64; 2],
}

/// Runs the command.
pub(super) fn run(args: &TemplatesArgs, cancel: &Arc<AtomicBool>) -> Result<Verdict, Error> {
    let mut needs = Needs::none();
    let chosen = Chosen::parse(&args.select, &mut needs)?;
    for role in [Role::Ts, Role::Level, Role::Message] {
        needs.role(role);
    }
    let mut session = Session::open(&args.paths, &args.input, &args.output, cancel)?;
    session.require_logs();
    // What is new is what a window has that all before it has not.
    let compared = args.new_since.as_ref().map(|since| format!("{since}..")).or_else(|| args.diff.clone());
    if compared.is_some() || chosen.needs_span() {
        session.hold_pipes();
    }
    let range = session.time_range(&chosen)?;
    let ranges = compared.as_deref().map(|typed| session.windows(typed)).transpose()?;
    let options = session.config.scan.clone();
    let logs = &session.inputs.logs;
    let errors = Fields::of(scan::field_names(logs), &mut needs);
    let selection = Selection::new(needs, &chosen.filter, range);
    let most = args.input.most.unwrap_or(limits::TEMPLATES);
    let new = || Phrases::new(ranges, errors.clone(), most);
    let (phrases, mut scanned) = scan::fold(logs, &selection, &options, new);
    let whole = scanned.account();
    let windows =
        ranges.map(|ranges| Windows { ranges, seconds: ranges.map(|range| seconds(range, &whole)) });
    let mut templates = template::templates(phrases);
    let entries: u64 = templates.iter().map(|template| template.count).sum();
    let rest = templates.last().filter(|template| template.rest).map(|rest| rest.count);
    let is_within = windows.as_ref().is_none_or(|windows| windows.seconds[1] > 1e-6);
    if let Some(windows) = &windows {
        templates.retain(|template| match turn(template, windows).0 {
            Turn::New => true,
            Turn::Same => false,
            _ => args.new_since.is_none(),
        });
        templates.sort_by(|a, b| {
            let key = |template: &Template| {
                let (turn, sure) = turn(template, windows);
                (turn, -sure)
            };
            let (a_key, b_key) = (key(a), key(b));
            a_key.0.cmp(&b_key.0).then(a_key.1.total_cmp(&b_key.1)).then_with(|| a.text.cmp(&b.text))
        });
    }
    let total = templates.len();
    let columns =
        ["count", "share", "level", "template", "first", "last", "inside", "before"].map(str::to_owned);
    rank::rank(&mut templates, &args.rank, ("count", Some(SHOWN)), &columns, key)?;
    let shown: Vec<TemplateJson> = templates
        .into_iter()
        .map(|template| json(template, entries, windows.as_ref(), logs, &scanned))
        .collect();
    let account = session.account(&mut scanned);
    if let Some(rest) = rest {
        session.diagnostics.push(limits::folded("templates", most, (rest, "entries")));
    }
    let mut report = report(&shown, total, windows.as_ref());
    if entries == 0 || !is_within {
        report = Report::new();
        let why = nothing::sentence(&mut session, &chosen.asked, &account);
        report.paragraph(format!("There is no template: {why}"));
    }
    report.push(Section::Account(account));
    let text = |range: TimeRange| [range.from, range.until].map(|at| at.map(|at| at.to_string()));
    let json = TemplatesJson {
        templates: shown,
        windows: windows.map(|w| WindowsJson { before: text(w.ranges[0]), inside: text(w.ranges[1]) }),
        total,
        input: AccountJson::from(&account),
    };
    session.write(args.output.output, &report, ("obs.templates/1", &json))?;
    Ok(session.finish(Verdict::of(total > 0)))
}

/// What a template has in a column.
fn key(template: &Template, column: &str) -> Key {
    let time = |at: Option<Timestamp>| at.map_or(Key::None, |at| Key::Word(at.rfc3339_nanos()));
    match column {
        "level" => template.level.map_or(Key::None, |level| Key::Number(f64::from(level as u8))),
        "template" => Key::word(Some(&template.text)),
        "first" => time(template.first),
        "last" => time(template.last),
        "before" => Key::count(template.inside[0]),
        "inside" => Key::count(template.inside[1]),
        _ => Key::count(template.count),
    }
}

fn turn(template: &Template, windows: &Windows) -> (Turn, f64) {
    template::turn(template.inside, windows.seconds)
}

fn json(
    template: Template,
    entries: u64,
    windows: Option<&Windows>,
    logs: &[Input],
    scanned: &Scanned,
) -> TemplateJson {
    let change = windows.map(|windows| {
        let [before, inside] = template.inside;
        let rate =
            |count: u64, seconds: f64| (count as f64 * 3_600.0 / seconds.max(1e-9) * 100.0).round() / 100.0;
        ChangeJson {
            turn: turn(&template, windows).0,
            before,
            inside,
            before_rate: rate(before, windows.seconds[0]),
            inside_rate: rate(inside, windows.seconds[1]),
        }
    });
    let example = |(location, text): (Location, Box<[u8]>)| ExampleJson {
        file: logs.get(location.file as usize).map_or(String::new(), |log| log.shown.clone()),
        line: scanned.line_of(location),
        text: String::from_utf8_lossy(&text).into_owned(),
    };
    let time = |at: Option<Timestamp>| at.map(|at| at.to_string());
    TemplateJson {
        template: template.text,
        count: template.count,
        share: template.count as f64 / entries.max(1) as f64,
        level: template.level.map(crate::model::Level::name),
        first: time(template.first),
        last: time(template.last),
        change,
        examples: template.examples.into_iter().map(example).collect(),
    }
}

fn report(shown: &[TemplateJson], total: usize, windows: Option<&Windows>) -> Report {
    let mut report = Report::new();
    if shown.is_empty() {
        report.paragraph(match windows {
            Some(_) => "Nothing changed between the two windows.",
            None => "There is no entry.",
        });
        return report;
    }
    let mut table = Table::new(match windows {
        None => vec![
            Column::number("count").importance(9),
            Column::number("share"),
            Column::text("level"),
            Column::text("template").importance(8).wrapped(),
            Column::path("example").importance(3),
        ],
        Some(_) => vec![
            Column::text("change").importance(9),
            Column::number("per hour before"),
            Column::number("per hour inside").importance(8),
            Column::text("template").importance(8).wrapped(),
            Column::path("example").importance(3),
        ],
    })
    .named("templates");
    for template in shown {
        let example = template.examples.first();
        let place = example.map_or_else(Cell::none, |e| Cell::text(format!("{}:{}", e.file, e.line)));
        let text = Cell::text(template.template.as_str());
        table.row(match &template.change {
            None => vec![
                Cell::count(template.count),
                Cell::percent(template.share),
                template.level.map_or_else(Cell::none, Cell::text),
                text,
                place,
            ],
            Some(change) => vec![
                Cell::text(word(change.turn)),
                Cell::number(change.before_rate, 1),
                Cell::number(change.inside_rate, 1),
                text,
                place,
            ],
        });
    }
    report.push(Section::Table(table));
    if total > shown.len() {
        let more = format!("{} more; --limit 0 shows all.", total - shown.len());
        report.paragraph(Phrase::new().and(Style::Dim, more));
    }
    report
}

const fn word(turn: Turn) -> &'static str {
    match turn {
        Turn::New => "new",
        Turn::Gone => "gone",
        Turn::More => "more",
        Turn::Less => "less",
        Turn::Same => "same",
    }
}
