//! CSV and its like (tabs, semicolons, bars) with a line of names at the head of the file.

use std::borrow::Cow;

use super::columns::Columns;
use super::layout::stamp;
use super::span::SpanFields;
use super::words::first_line;
use super::{LogFormat, Plan, Sample, body, envelope, names};
use crate::model::{Level, Role, Slots, Value};

/// Tables with a header, one of whose columns is a time.
#[derive(Debug)]
pub struct Csv;

const NAME: &str = "csv";

/// What a first column without a name is called.
const INDEX: &str = "index";

/// Finds the columns that the first line names: names they have to be, one of a time, and the second line has to
/// have a time there.
pub(super) fn header(head: &[u8]) -> Option<Columns> {
    let head = super::reader::without_mark(head);
    let first = first_line(head);
    let data = first_line(head.get(first.len()..)?.trim_ascii_start());
    // pandas writes the numbers of lines into a column without a name.
    let named = first.strip_prefix(b",").unwrap_or(first);
    if !named.first().is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'"' | b'@' | b'_'))
        || first.len() > 4096
    {
        return None;
    }
    let separator =
        *[b'\t', b',', b';', b'|'].iter().max_by_key(|b| memchr::memchr_iter(**b, first).count())?;
    // Amazon's flow logs part their many columns by blanks.
    let blanks = memchr::memchr_iter(b' ', first).count();
    let spaced = blanks >= 7 && memchr::memchr(separator, first).is_none();
    let separator = if spaced { b' ' } else { separator };
    let mut names: Vec<String> = first
        .split(|b| *b == separator)
        .map(|name| String::from_utf8_lossy(name.trim_ascii()).trim_matches('"').to_owned())
        .collect();
    if names[0].is_empty() {
        INDEX.clone_into(&mut names[0]);
    }
    let is_name = |name: &String| {
        (1..=64).contains(&name.len())
            && name.chars().all(|c| {
                c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ' | '@' | '(' | ')' | '/' | '[' | ']')
            })
            && name.starts_with(|c: char| c.is_alphabetic() || matches!(c, '@' | '_'))
    };
    // Two columns are a table if one of them is the line.
    let enough = names.len() > 2 || (names.len() == 2 && !envelope::line_column(&names).is_empty());
    if !enough || !names.iter().all(is_name) {
        return None;
    }
    let named = |wanted: &str| names.iter().position(|name| name.eq_ignore_ascii_case(wanted));
    let mut columns =
        Columns { format: NAME, names: names.clone(), separator, unset: Vec::new(), time: (0, 0) };
    let mut times: Vec<(usize, usize)> = Vec::new();
    if let (Some(date), Some(time)) = (named("date"), named("time"))
        && time == date + 1
    {
        times.push((date, time));
    }
    let mut single: Vec<(u8, usize)> = Vec::new();
    for (at, name) in names.iter().enumerate() {
        single.extend(
            names::roles_of(name)
                .iter()
                .filter(|(role, ..)| *role == Role::Ts)
                .map(|(_, rank, _)| (*rank, at)),
        );
    }
    single.sort_unstable();
    if let Some(spans) = SpanFields::of(&names)
        && let Some(start) = names.iter().position(|name| Some(name.as_str()) == spans.start())
    {
        single.insert(0, (0, start));
    }
    times.extend(single.into_iter().map(|(_, at)| (at, at)));
    times.into_iter().find_map(|time| {
        columns.time = time;
        columns.date_and_time(data).is_some_and(|text| stamp(text).is_some()).then(|| columns.clone())
    })
}

impl LogFormat for Csv {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "CSV, TSV and their like with a line of names at the head, one of them a time"
    }

    fn is_table(&self) -> bool {
        true
    }

    fn starts(&self, rest: &[u8], plan: &Plan) -> bool {
        let Some(columns) = plan.columns().filter(|columns| columns.format == NAME) else { return false };
        let line = first_line(&rest[..rest.len().min(4096)]);
        columns.date_and_time(line).is_some_and(|text| stamp(text).is_some()) || is_header(columns, line)
    }

    fn extract<'a>(&self, entry: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) -> bool {
        let Some(columns) = plan.columns() else { return false };
        if is_header(columns, first_line(entry)) {
            plan.offer_named(slots, b"message", Value::plain(first_line(entry)));
            return true;
        }
        let Some(text) = columns.date_and_time(entry) else { return false };
        let understood = stamp(text).is_some();
        plan.offer_named(slots, b"ts", Value::plain(text));
        let (date, time) = columns.time;
        if slots.ts.is_none()
            && date == time
            && let Some(name) = columns.names.get(date)
        {
            plan.offer_named(slots, name.as_bytes(), columns.typed(text));
        }
        for (index, (name, text)) in columns.cut(entry.trim_ascii_end()).enumerate() {
            if index != columns.time.0 && index != columns.time.1 {
                let value = match undoubled(text) {
                    Cow::Borrowed(text) => columns.typed(text),
                    Cow::Owned(made) => Value::plain(slots.keep(made).unwrap_or(text)),
                };
                plan.offer_named(slots, name.as_bytes(), value);
            }
        }
        plan.offer_missing(slots, b"message", Value::plain(entry.trim_ascii_end()));
        if slots.level.is_none()
            && plan.needs().has(Role::Level)
            && body::is_server_fault(slots.role(Role::Status))
        {
            slots.level = Some(Level::Error);
        }
        understood
    }

    fn fields(&self, entry: &[u8], plan: &Plan, visit: &mut dyn FnMut(&str, Value<'_>)) -> Option<usize> {
        let columns = plan.columns()?;
        if !is_header(columns, first_line(entry)) {
            for (name, text) in columns.cut(entry.trim_ascii_end()) {
                match undoubled(text) {
                    Cow::Borrowed(text) => visit(name, columns.typed(text)),
                    Cow::Owned(text) => visit(name, Value::plain(&text)),
                }
            }
        }
        None
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                header: "timestamp,level,request_id,duration_ms,message\n2023-12-24T03:14:22Z,INFO,-,1,x\n",
                text: "2023-12-24T03:14:23Z,ERROR,ab12,20172,\"timed out, gave up\"",
                ts: Some("2023-12-24T03:14:23Z"),
                level: Some(Level::Error),
                roles: &[
                    (Role::RequestId, "ab12"),
                    (Role::Duration, "20172"),
                    (Role::Message, "timed out, gave up"),
                ],
            },
            Sample {
                header: ",timestamp,container_name,message,level\n0,1703387662000000000,cart,x,info\n",
                text: "1,1703387663000000000,cart,\"gone, all of it\",error",
                ts: Some("2023-12-24T03:14:23Z"),
                level: Some(Level::Error),
                roles: &[(Role::Service, "cart"), (Role::Message, "gone, all of it")],
            },
            Sample {
                header: "TimeGenerated [UTC],SeverityLevel,Message\n\"12/24/2023, 3:14:22.123 AM\",1,x\n",
                text: "\"12/24/2023, 3:14:23.123 AM\",3,\"said \"\"no\"\"\"",
                ts: Some("2023-12-24T03:14:23.123Z"),
                level: Some(Level::Error),
                roles: &[(Role::Message, "said \"no\"")],
            },
            Sample {
                header: "Date\tTime\tHost\tStatus\n2023-12-24\t03:14:22\tweb1\t200\n",
                text: "2023-12-24\t03:14:23\tweb1\t503",
                ts: Some("2023-12-24T03:14:23Z"),
                level: Some(Level::Error),
                roles: &[(Role::Host, "web1"), (Role::Status, "503")],
            },
        ]
    }
}

/// Is the line at the start of `rest` the one of names?
pub(super) fn is_head(rest: &[u8], plan: &Plan) -> bool {
    plan.columns().is_some_and(|columns| is_header(columns, first_line(rest)))
}

/// The text of a cell in which quotes are doubled.
pub(super) fn undoubled(cell: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memmem::find(cell, b"\"\"").is_none() {
        return Cow::Borrowed(cell);
    }
    let mut out = Vec::with_capacity(cell.len());
    let mut at = 0;
    while let Some(b) = cell.get(at) {
        out.push(*b);
        at += if *b == b'"' && cell.get(at + 1) == Some(&b'"') { 2 } else { 1 };
    }
    Cow::Owned(out)
}

/// Is this the line of names itself?
fn is_header(columns: &Columns, line: &[u8]) -> bool {
    let is_name = |(at, (name, text)): (usize, (&str, &[u8]))| {
        let text = text.trim_ascii();
        text == name.as_bytes() || (at == 0 && text.is_empty() && name == INDEX)
    };
    columns.cut(line).count() == columns.names.len() && columns.cut(line).enumerate().all(is_name)
}
