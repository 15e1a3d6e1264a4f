//! `obs fields`: what is in here: files, formats, and the fields of their entries.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;
use serde::Serialize;

use super::args::{Form, InputArgs, OutputArgs, PathArgs, RankArgs, SelectArgs};
use super::nothing;
use super::rank::{self, Key};
use super::redaction;
use super::session::{Chosen, Session};
use super::verdict::Verdict;
use crate::fold::Bounded;
use crate::format::log::names;
use crate::model::{Account, Error, Needs, Role, Value, limits};
use crate::report::account::counted;
use crate::report::{AccountJson, Cell, Column, Report, Section, Table};
use crate::scan::{self, Input, Selection};

/// List the fields of the entries: their types, roles and values, and in how many entries they are
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  obs fields logs/
  obs fields logs/ --top 10
  obs fields api.log --where 'status >= 500'")]
pub(super) struct FieldsArgs {
    #[command(flatten)]
    paths: PathArgs,
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
struct FieldsJson {
    files: Vec<FileJson>,
    fields: Vec<FieldJson>,
    skipped: Vec<SkippedJson>,
    input: AccountJson,
}

/// A log, as it was understood.
#[derive(Serialize)]
pub(super) struct FileJson {
    pub file: String,
    pub formats: Vec<&'static str>,
    pub compression: Option<&'static str>,
    pub service: Option<String>,
    #[serde(flatten)]
    pub account: AccountJson,
}

/// A file that was not read, and why.
#[derive(Serialize)]
pub(super) struct SkippedJson {
    pub file: String,
    pub reason: String,
}

#[derive(Serialize)]
struct FieldJson {
    name: String,
    role: Option<&'static str>,
    entries: u64,
    types: Vec<&'static str>,
    distinct: usize,
    distinct_is_least: bool,
    examples: Vec<String>,
    files: usize,
}

/// Different values of a field that are told apart; more are many.
const DISTINCT: usize = 1000;

/// Values that are shown.
const EXAMPLES: usize = 3;

/// What was seen of a field.
#[derive(Clone, Debug, Default)]
struct Seen {
    entries: u64,
    types: u8,
    /// Values with their counts; emptied and left so when there are too many.
    values: BTreeMap<String, u64>,
    many: bool,
    files: std::collections::BTreeSet<u32>,
}

const TYPES: [&str; 5] = ["null", "boolean", "number", "text", "object"];

impl Seen {
    fn add(&mut self, value: Value<'_>, file: u32) {
        self.entries += 1;
        self.files.insert(file);
        self.types |= match value {
            Value::Absent | Value::Null => 1,
            Value::Bool(_) => 2,
            Value::Number(_) => 4,
            Value::Text(_) => 8,
            Value::Nested(_) => 16,
        };
        if !self.many
            && let Some(text) = value.text()
        {
            let short: String = text.chars().take(60).collect();
            *self.values.entry(short).or_default() += 1;
            self.cap();
        }
    }

    /// Whether there are too many values depends on the values, not on the order in which they came.
    fn cap(&mut self) {
        if self.many || self.values.len() > DISTINCT {
            self.many = true;
            self.values.clear();
        }
    }

    fn merge(&mut self, other: Seen) {
        self.entries += other.entries;
        self.types |= other.types;
        self.files.extend(other.files);
        self.many |= other.many;
        for (value, count) in other.values {
            *self.values.entry(value).or_default() += count;
        }
        self.cap();
    }

    fn examples(&self) -> Vec<String> {
        let mut values: Vec<(&String, &u64)> = self.values.iter().collect();
        values.sort_by_key(|(value, count)| (std::cmp::Reverse(**count), (*value).clone()));
        values.into_iter().take(EXAMPLES).map(|(value, _)| value.clone()).collect()
    }
}

/// Runs the command.
pub(super) fn run(args: &FieldsArgs, cancel: &Arc<AtomicBool>) -> Result<Verdict, Error> {
    let mut needs = Needs::none();
    let chosen = Chosen::parse(&args.select, &mut needs)?;
    let mut session = Session::open(&args.paths, &args.input, &args.output, cancel)?;
    session.require_logs();
    let range = session.time_range(&chosen)?;
    let most = args.input.most.unwrap_or(limits::FIELDS);
    let selection = Selection::new(needs, &chosen.filter, range);
    let (parts, mut scanned) = scan::run(
        &session.inputs.logs,
        &selection.needs,
        &session.config.scan,
        || (0_u64, Bounded::new(most, Seen::merge)),
        |(selected, seen), chunk| {
            let _ = chunk.entries(&selection, |entry| {
                *selected += 1;
                chunk.reader.fields(entry.raw, &mut |name, value| {
                    seen.entry(name.as_bytes()).add(value, entry.location.file);
                });
                ControlFlow::Continue(())
            });
        },
        |_| ControlFlow::Continue(()),
    );
    let mut fields = Bounded::new(most, Seen::merge);
    let mut selected = 0;
    for (count, seen) in parts {
        selected += count;
        fields.merge(seen);
    }
    let (fields, rest) = fields.settle();
    let account = session.account(&mut scanned);
    if let Some(rest) = &rest {
        session.diagnostics.push(limits::folded("fields", most, (rest.entries, "values")));
    }
    let fields = fields
        .into_sorted()
        .into_iter()
        .map(|(name, seen)| (String::from_utf8_lossy(&name).into_owned(), seen));
    let fields = fields.chain(rest.map(|rest| ("other".to_owned(), rest)));
    let mut json = FieldsJson {
        files: session
            .inputs
            .logs
            .iter()
            .zip(&scanned.accounts)
            .map(|(input, account)| file(input, account))
            .collect(),
        fields: fields.map(|(name, seen)| field(&name, &seen)).collect(),
        skipped: skipped(&session),
        input: AccountJson::from(&account),
    };
    let by_values = session.inputs.request_ids().fields;
    for field in json.fields.iter_mut().filter(|field| field.role.is_none()) {
        field.role = by_values.contains(&field.name).then_some(Role::RequestId.name());
    }
    let total = json.fields.len();
    let columns = ["entries", "count", "field", "role", "type", "distinct", "files"].map(str::to_owned);
    rank::rank(&mut json.fields, &args.rank, ("entries", None), &columns, key)?;
    let mut report = Report::new();
    if selected == 0 {
        let why = nothing::sentence(&mut session, &chosen.asked, &account);
        report.paragraph(format!("There is no field: {why}"));
    }
    report.push(Section::Table(files_table(&json.files, args.output.output == Form::Csv)));
    report.push(Section::Table(fields_table(&json.fields)));
    if json.fields.len() < total {
        report.paragraph(format!("{} of {total} fields are shown.", json.fields.len()));
    }
    report.push(Section::Account(account));
    session.write(args.output.output, &report, ("obs.fields/1", &json))?;
    Ok(session.finish(Verdict::of(selected > 0)))
}

/// What a field has in a column.
fn key(field: &FieldJson, column: &str) -> Key {
    match column {
        "field" => Key::word(Some(&field.name)),
        "role" => Key::word(field.role),
        "type" => Key::Word(field.types.join("|")),
        "distinct" => Key::count(field.distinct as u64 + u64::from(field.distinct_is_least)),
        "files" => Key::count(field.files as u64),
        _ => Key::count(field.entries),
    }
}

/// How a log was understood.
pub(super) fn file(input: &Input, account: &Account) -> FileJson {
    let formats = input
        .profile()
        .map_or(Vec::new(), |profile| profile.formats.iter().map(|format| format.name()).collect());
    FileJson {
        file: input.shown.clone(),
        formats: if formats.is_empty() { vec!["text"] } else { formats },
        compression: (!input.compression.is_empty()).then_some(input.compression),
        service: input.service.clone(),
        account: AccountJson::from(account),
    }
}

/// The files that were not read.
pub(super) fn skipped(session: &Session) -> Vec<SkippedJson> {
    let skipped = session.inputs.skipped.iter();
    skipped.map(|(file, reason)| SkippedJson { file: file.clone(), reason: reason.clone() }).collect()
}

fn field(name: &str, seen: &Seen) -> FieldJson {
    let types = TYPES.iter().enumerate().filter(|(bit, _)| seen.types & (1 << bit) != 0);
    let examples = seen.examples().iter().map(|value| redaction::field(name, value).into_owned()).collect();
    FieldJson {
        name: name.to_owned(),
        role: names::roles_of(name).first().map(|(role, ..)| *role).map(Role::name),
        entries: seen.entries,
        types: types.map(|(_, name)| *name).collect(),
        distinct: if seen.many { DISTINCT } else { seen.values.len() },
        distinct_is_least: seen.many,
        examples,
        files: seen.files.len(),
    }
}

/// More files than these are told by their folders and formats.
pub(super) const SINGLE: usize = 30;

/// The files, one a row: what they are and what was read of them. Where there are many, alike ones of a folder are one.
fn files_table(files: &[FileJson], all: bool) -> Table {
    let columns = vec![
        Column::path("file").importance(8),
        Column::text("format").importance(9),
        Column::number("entries"),
        Column::number("unparsed"),
        Column::text("from").importance(7),
        Column::text("to").importance(6),
    ];
    let clock = |time: &Option<String>| match time {
        Some(time) => Cell::exact(time.get(..19).unwrap_or(time).replace('T', " "), time.clone()),
        None => Cell::none(),
    };
    // Of an end on the same day the time is enough.
    let end = |row: &Row| match (&row.from, &row.to) {
        (Some(from), Some(to)) if from.get(..11).is_some_and(|day| to.starts_with(day)) => {
            Cell::exact(to.get(11..19).unwrap_or(to), to.clone())
        }
        _ => clock(&row.to),
    };
    let rows = alike(files, all || files.len() <= SINGLE).into_iter().map(|row| {
        let end = end(&row);
        vec![
            Cell::text(row.name),
            Cell::text(row.format),
            Cell::count(row.entries),
            Cell::count(row.unparsed),
            clock(&row.from),
            end,
        ]
    });
    Table { name: "files", rows: rows.collect(), columns }
}

/// A file, or alike ones.
struct Row {
    name: String,
    format: String,
    folder: String,
    files: u64,
    entries: u64,
    unparsed: u64,
    from: Option<String>,
    to: Option<String>,
}

/// Alike files of a folder as one; where there are many folders, of the folder that several of them are in, and so on.
fn alike(files: &[FileJson], single: bool) -> Vec<Row> {
    let deepest = files.iter().map(|file| file.file.matches('/').count()).max().unwrap_or(0);
    let mut rows = of_folders(files, single, 0);
    for cut in 1..=deepest {
        if single || rows.len() <= SINGLE {
            break;
        }
        rows = of_folders(files, single, cut);
    }
    rows
}

/// The folder that a file is in, or one that is so many above it.
pub(super) fn folder(file: &str, cut: usize) -> &str {
    (0..=cut).fold(file, |at, _| at.rsplit_once('/').map_or("", |(folder, _)| folder))
}

fn of_folders(files: &[FileJson], single: bool, cut: usize) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut places: BTreeMap<(String, String), usize> = BTreeMap::new();
    for file in files {
        let format =
            file.compression.map_or(file.formats.join("+"), |c| format!("{} ({c})", file.formats.join("+")));
        let folder = folder(&file.file, cut).to_owned();
        let account = &file.account;
        let place = *places.entry((folder.clone(), format.clone())).or_insert(rows.len());
        if let Some(row) = rows.get_mut(place).filter(|_| !single) {
            row.files += 1;
            row.entries += account.entries;
            row.unparsed += account.unparsed;
            row.from = [row.from.take(), account.from.clone()].into_iter().flatten().min();
            row.to = [row.to.take(), account.to.clone()].into_iter().flatten().max();
            continue;
        }
        rows.push(Row {
            name: file.file.clone(),
            format,
            folder,
            files: 1,
            entries: account.entries,
            unparsed: account.unparsed,
            from: account.from.clone(),
            to: account.to.clone(),
        });
    }
    for row in rows.iter_mut().filter(|row| row.files > 1) {
        let within = if cut > 0 { "**/" } else { "" };
        row.name = format!("{}/{within} ({})", row.folder, counted(row.files, "file", "files"));
    }
    rows
}

fn fields_table(fields: &[FieldJson]) -> Table {
    let columns = vec![
        Column::text("field").importance(9),
        Column::text("role").importance(8),
        Column::text("type").importance(7),
        Column::number("entries"),
        Column::number("distinct"),
        Column::text("most frequent").importance(1),
    ];
    let rows = fields.iter().map(|field| {
        let distinct = if field.distinct_is_least {
            Cell::exact(format!(">{DISTINCT}"), "")
        } else {
            Cell::count(field.distinct as u64)
        };
        vec![
            Cell::text(field.name.as_str()),
            Cell::text(field.role.unwrap_or_default()),
            Cell::text(field.types.join("|")),
            Cell::count(field.entries),
            distinct,
            Cell::text(field.examples.join(", ")),
        ]
    });
    Table { name: "fields", rows: rows.collect(), columns }
}
