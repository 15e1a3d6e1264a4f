//! Zeek's (Bro's) logs, whose columns a `#fields` line names.

use super::columns::Columns;
use super::words::first_line;
use super::{LogFormat, Plan, Sample};
use crate::format::time;
use crate::model::{Role, Slots, Value};

/// Zeek.
#[derive(Debug)]
pub struct Zeek;

const NAME: &str = "zeek";

/// Finds the columns that the head of a file names.
pub(super) fn header(head: &[u8]) -> Option<Columns> {
    if !head.starts_with(b"#separator ") {
        return None;
    }
    let mut lines = head.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)).take(40);
    let separator = match lines.next()?.strip_prefix(b"#separator ")?.trim_ascii() {
        [b'\\', b'x', hex @ ..] => u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()?,
        [one] => *one,
        _ => return None,
    };
    let mut unset = b"-".to_vec();
    for line in lines {
        let mut words = line.split(|b| *b == separator);
        match words.next() {
            Some(b"#unset_field") => unset = words.next()?.to_vec(),
            Some(b"#fields") => {
                let names: Vec<String> =
                    words.map(|name| String::from_utf8_lossy(name).into_owned()).collect();
                let time = names.iter().position(|name| name == "ts")?;
                return Some(Columns { format: NAME, names, separator, unset, time: (time, time) });
            }
            _ => {}
        }
    }
    None
}

impl LogFormat for Zeek {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "Zeek's (Bro's) logs with their columns named at the head"
    }

    fn starts(&self, rest: &[u8], plan: &Plan) -> bool {
        let Some(columns) = plan.columns().filter(|columns| columns.format == NAME) else { return false };
        match rest.first() {
            Some(b'0'..=b'9') => {
                let line = first_line(&rest[..rest.len().min(2048)]);
                columns.get(line, columns.time.0).is_some_and(is_time)
            }
            Some(b'#') => rest.starts_with(b"#separator ") || rest.starts_with(b"#close"),
            _ => false,
        }
    }

    fn extract<'a>(&self, entry: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) -> bool {
        let Some(columns) = plan.columns() else { return false };
        let line = first_line(entry);
        plan.offer_named(slots, b"message", Value::plain(line));
        if line.starts_with(b"#") {
            return true;
        }
        let mut understood = false;
        for (index, (name, text)) in columns.cut(line).enumerate() {
            let value = columns.typed(text);
            if index == columns.time.0 {
                understood = is_time(text);
                plan.offer_named(slots, b"timestamp", value);
            } else if name == "duration" {
                plan.offer_named(slots, b"duration_s", value);
            } else if name == "status_code" {
                plan.offer_named(slots, b"status", value);
            }
            if index != columns.time.0 && name != "duration" {
                plan.offer_named(slots, name.as_bytes(), value);
            }
        }
        understood
    }

    fn fields(&self, entry: &[u8], plan: &Plan, visit: &mut dyn FnMut(&str, Value<'_>)) -> Option<usize> {
        let columns = plan.columns()?;
        let line = first_line(entry);
        if !line.starts_with(b"#") {
            for (name, text) in columns.cut(line) {
                visit(name, columns.typed(text));
            }
        }
        None
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            header: "#separator \\x09\n#set_separator\t,\n#unset_field\t-\n#path\thttp\n#fields\tts\tuid\tid.orig_h\tmethod\tstatus_code\tduration\n",
            text: "1320279566.452687\tCwFs1P2UcUdlSxD2La\t192.168.2.76\tGET\t404\t0.25",
            ts: Some("2011-11-03T00:19:26.452687Z"),
            level: None,
            roles: &[(Role::Status, "404"), (Role::Duration, "0.25")],
        }]
    }
}

fn is_time(text: &[u8]) -> bool {
    time::epoch(text).or_else(|| time::read(text)).is_some()
}
