//! An entry as people read it: time, level, service, message, and its fields behind.

use std::fmt::Write;
use std::ops::Range;

use chrono::format::{Item, StrftimeItems};
use serde_json::{Map, Value as Json};

use super::ShownArgs;
use crate::format::log::{names, normal};
use crate::model::{Error, Level, Needs, Role, Timestamp};
use crate::report::{Page, Phrase, Style, Untrusted};

/// What an entry that is laid out needs extracted.
pub(super) fn needs() -> Needs {
    let mut needs = normal::needs();
    needs.role(Role::Service);
    needs
}

/// Which fields of entries are shown.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Pick {
    only: Vec<String>,
    hidden: Vec<String>,
    none: bool,
}

impl Pick {
    pub(super) fn new(args: &ShownArgs) -> Pick {
        Pick { only: args.fields.clone(), hidden: args.hide.clone(), none: args.no_fields }
    }

    /// Leaves the fields that are shown.
    pub(super) fn apply(&self, fields: &mut Json) {
        let Json::Object(all) = fields else { return };
        if self.none {
            all.clear();
        } else if !self.only.is_empty() {
            let found = self.only.iter().filter_map(|name| Some((name.clone(), at(all, name)?.clone())));
            *all = found.collect();
        } else {
            self.hidden.iter().for_each(|name| remove(all, name));
        }
    }

    /// The head of a table of entries.
    pub(in crate::cli) fn csv_head(&self, context: bool) -> String {
        let own = if self.none { &[][..] } else { &self.only[..] };
        let rest = (!self.none && self.only.is_empty()).then_some("fields");
        let context = context.then_some("context");
        let names = CSV.into_iter().chain(context).chain(rest).map(|name| Untrusted::from(name).csv());
        let own = own.iter().map(|name| Untrusted::from(name.as_str()).csv());
        names.chain(own).collect::<Vec<_>>().join(",") + "\n"
    }

    /// An entry as a row of it.
    pub(in crate::cli) fn csv_row(&self, object: &Json) -> String {
        let cell = |value: &Json| match value {
            Json::Null => String::new(),
            Json::String(text) => Untrusted::from(text.as_str()).csv(),
            Json::Number(_) | Json::Bool(_) => value.to_string(),
            other => Untrusted::from(other.to_string()).csv(),
        };
        let context = object.get("context");
        let own = if self.none || self.only.is_empty() { &[][..] } else { &self.only[..] };
        let own = own.iter().map(|name| object["fields"].get(name).unwrap_or(&Json::Null));
        let rest = (!self.none && self.only.is_empty()).then(|| &object["fields"]);
        let cells = CSV.into_iter().map(|name| &object[name]).chain(context).chain(rest).chain(own);
        cells.map(cell).collect::<Vec<_>>().join(",") + "\n"
    }
}

/// The columns of a table of entries.
const CSV: [&str; 8] = ["file", "line", "offset", "format", "timestamp", "level", "message", "request_id"];

/// The value of a name, nested by dots.
fn at<'f>(fields: &'f Map<String, Json>, name: &str) -> Option<&'f Json> {
    fields.get(name).or_else(|| {
        let (outer, inner) = name.split_once('.')?;
        at(fields.get(outer)?.as_object()?, inner)
    })
}

fn remove(fields: &mut Map<String, Json>, name: &str) {
    if fields.shift_remove(name).is_none()
        && let Some((outer, inner)) = name.split_once('.')
        && let Some(Json::Object(nested)) = fields.get_mut(outer)
    {
        remove(nested, inner);
    }
}

/// How times are written, in the notation of strftime.
#[derive(Clone, Debug, Default)]
pub(super) struct TimeFormat(Option<String>);

impl TimeFormat {
    pub(super) fn new(format: &str) -> Result<TimeFormat, Error> {
        if StrftimeItems::new(format).any(|item| matches!(item, Item::Error)) {
            return Err(Error::usage(format!("--time-format: `{format}` cannot be read"))
                .hinted("write it as for strftime, such as '%H:%M:%S%.3f' or '%d.%m. %H:%M'"));
        }
        Ok(TimeFormat(Some(format.to_owned())))
    }

    fn text(&self, at: Timestamp) -> String {
        match &self.0 {
            None => at.date_clock_millis(),
            Some(format) => {
                let offset = chrono::FixedOffset::east_opt(at.shown_ahead());
                let utc = chrono::DateTime::from_timestamp_nanos(at.0);
                let zone =
                    offset.unwrap_or_else(|| chrono::FixedOffset::east_opt(0).expect("no offset is one"));
                utc.with_timezone(&zone).format(format).to_string()
            }
        }
    }
}

/// How entries are laid out.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub page: Page,
    pub format: TimeFormat,
}

/// Columns that a level takes.
const LEVEL: usize = 5;

/// Blanks before the lines of a trace.
const INDENT: &str = "    ";

impl Layout {
    /// The lines of an entry: the object of it and its bytes, when it was and who says it. `marks` finds what was
    /// searched for in a text.
    pub(super) fn entry(
        &self,
        (object, raw): (&Json, &[u8]),
        (ts, service): (Option<Timestamp>, Option<String>),
        pick: &Pick,
        context: bool,
        marks: &dyn Fn(&[u8]) -> Vec<Range<usize>>,
    ) -> String {
        let level = object["level"].as_str().and_then(|name| Level::from_word(name.as_bytes()));
        let mut head = Phrase::new();
        if let Some(ts) = ts {
            head = head.and(Style::Dim, self.format.text(ts)).and(Style::Plain, " ");
        }
        if let Some(level) = level {
            let word = format!("{:LEVEL$}", level.name().to_uppercase());
            head = head.and(style_of(level), word).and(Style::Plain, " ");
        }
        if let Some(service) = service.filter(|service| !service.is_empty()) {
            head = head.and(Style::Series(0), service).and(Style::Plain, " ");
        }
        let mut fields = object["fields"].clone();
        if pick.only.is_empty() {
            leave_out_told(&mut fields);
        }
        pick.apply(&mut fields);
        let whole = String::from_utf8_lossy(raw);
        let message = object["message"].as_str().filter(|message| !message.is_empty());
        let is_told = ts.is_some() || level.is_some();
        let bare = |fields: &Json| fields.as_object().is_none_or(Map::is_empty);
        let text = match message {
            Some(message) if is_told => message,
            _ if is_told && !bare(&fields) => "",
            _ => &whole,
        };
        let plain = if context { Style::Dim } else { Style::Plain };
        let mut lines = text.lines();
        let first = marked(head, lines.next().unwrap_or_default(), plain, marks);
        let mut flat = Vec::new();
        flatten("", &fields, &mut flat);
        // A message of `name=value` pairs tells them already.
        if pick.only.is_empty() {
            flat.retain(|(name, value)| !text.contains(&format!("{name}={value}")));
        }
        // What was searched for is marked in the message if it is there, else in the fields.
        let line = flat.into_iter().fold(first, |line, (name, value)| {
            let line = line.and(Style::Plain, " ").and(Style::Dim, format!("{name}="));
            marked(line, &value, Style::Dim, marks)
        });
        let mut out = line.line(self.page);
        out.push('\n');
        for line in lines {
            let line = marked(Phrase::new(), line, plain, marks).line(self.page);
            let _ = writeln!(out, "{INDENT}{}", line.trim_start());
        }
        out
    }
}

/// Leaves out the fields whose values stand before the message, or are it.
fn leave_out_told(fields: &mut Json) {
    let Json::Object(all) = fields else { return };
    all.retain(|name, _| {
        let roles = names::roles_of(name);
        !roles.iter().any(|(role, ..)| matches!(role, Role::Ts | Role::Level | Role::Message | Role::Service))
    });
}

/// Names and values, nested ones by dots.
fn flatten(path: &str, value: &Json, out: &mut Vec<(String, String)>) {
    match value {
        Json::Object(fields) => {
            for (name, value) in fields {
                let name = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&name, value, out);
            }
        }
        Json::Null => {}
        Json::String(text) if text.is_empty() || text.contains([' ', '"', '=', '\n', '\t']) => {
            out.push((path.to_owned(), Json::String(text.clone()).to_string()));
        }
        Json::String(text) => out.push((path.to_owned(), text.clone())),
        other => out.push((path.to_owned(), other.to_string())),
    }
}

/// The phrase with a text behind it in which what was searched for is marked.
fn marked(
    mut phrase: Phrase,
    text: &str,
    style: Style,
    marks: &dyn Fn(&[u8]) -> Vec<Range<usize>>,
) -> Phrase {
    let mut at = 0;
    for span in marks(text.as_bytes()) {
        let (Some(before), Some(found)) = (text.get(at..span.start), text.get(span.clone())) else {
            continue;
        };
        phrase = phrase.and(style, before).and(Style::Match, found);
        at = span.end;
    }
    phrase.and(style, text.get(at..).unwrap_or_default())
}

fn style_of(level: Level) -> Style {
    match level {
        Level::Fatal | Level::Error => Style::Bad,
        Level::Warn => Style::Warn,
        Level::Info => Style::Good,
        _ => Style::Dim,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_entry_reads_as_time_level_service_message_and_fields() {
        let layout = Layout { page: Page::PLAIN, format: TimeFormat::default() };
        let object = json!({
            "level": "error",
            "message": "pool exhausted\n  at a.b\n  at c.d",
            "fields": {"time": "x", "level": "ERROR", "pool": {"active": 20, "name": "main one"}, "gateway": "toss"},
        });
        let ts = Timestamp::from_millis(1_703_387_169_125);
        let text =
            layout.entry((&object, b""), (ts, Some("payment".into())), &Pick::default(), false, &|_| vec![]);
        assert_eq!(
            text,
            "2023-12-24 03:06:09.125 ERROR payment pool exhausted pool.active=20 pool.name=\"main one\" gateway=toss\n    \
             at a.b\n    at c.d\n"
        );
        let only = Pick { only: vec!["gateway".into(), "pool.active".into()], ..Pick::default() };
        let format = TimeFormat::new("%H:%M").unwrap();
        let text = Layout { format, ..layout }.entry((&object, b""), (ts, None), &only, false, &|_| vec![]);
        assert!(text.starts_with("03:06 ERROR pool exhausted gateway=toss pool.active=20\n"), "{text}");
        assert!(TimeFormat::new("%Q").is_err());
    }

    #[test]
    fn rows_have_the_columns_of_the_head() {
        let mut object = json!({"file": "a,b", "line": 3, "offset": 0, "format": "json", "timestamp": null,
            "level": "warn", "message": "=1+1", "request_id": null, "fields": {"a": {"b": 1}, "c": "x"}});
        let all = Pick::default();
        assert_eq!(
            all.csv_head(false),
            "file,line,offset,format,timestamp,level,message,request_id,fields\n"
        );
        assert!(all.csv_row(&object).starts_with("\"a,b\",3,0,json,,warn,"), "{}", all.csv_row(&object));
        let only = Pick { only: vec!["a.b".into(), "d".into()], ..Pick::default() };
        only.apply(&mut object["fields"]);
        assert!(only.csv_head(true).ends_with(",request_id,context,a.b,d\n"));
        assert!(only.csv_row(&object).ends_with(",1,\n"), "{}", only.csv_row(&object));
        let hide = Pick { hidden: vec!["a.b".into()], ..Pick::default() };
        let mut fields = json!({"a": {"b": 1, "e": 2}, "c": 1});
        hide.apply(&mut fields);
        assert_eq!(fields, json!({"a": {"e": 2}, "c": 1}));
    }
}
