//! What `sadf` makes of sysstat's recordings: a table a kind of values (`-d`), a value a line (`-p`), JSON (`-j`).

use serde_json::Value;

use super::{NUMBERED, Row, label, metric, number, reading, refused, subject};
use crate::format::metric::exposition::{head_lines, lines};
use crate::format::metric::{Each, Known, MetricError, MetricFormat, Read, ReadOptions, Sink};
use crate::format::time::{self, Clock};

/// The output of sadf.
pub(in crate::format::metric) struct Sadf;

impl MetricFormat for Sadf {
    fn name(&self) -> &'static str {
        "sadf"
    }

    fn doc(&self) -> &'static str {
        "What sadf makes of sysstat's recordings: -d, -p and -j (which iostat and mpstat print, too)."
    }

    fn recognises(&self, head: &[u8]) -> bool {
        let first = head_lines(head).find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
        let flat = || head.iter().filter(|b| !b.is_ascii_whitespace()).take(24).copied().collect::<Vec<u8>>();
        first.starts_with(b"# hostname;interval;timestamp;")
            || (head.trim_ascii_start().starts_with(b"{") && flat().starts_with(b"{\"sysstat\":{\"hosts\":["))
            || Line::of(&String::from_utf8_lossy(first)).is_some()
    }

    fn read(
        &self,
        bytes: &[u8],
        options: ReadOptions,
        _: &mut Known,
        sink: &mut Sink<'_>,
    ) -> Result<Read, MetricError> {
        reading(options, sink, |each, refuse| walk(bytes, options, each, refuse))
    }

    fn rows(&self, bytes: &[u8], options: ReadOptions, each: &mut Each<'_>) -> bool {
        // What cannot be read was said when the file was loaded.
        let _ = walk(bytes, options, each, &mut |_| Ok(()));
        true
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            "# hostname;interval;timestamp;CPU;%user;%idle\nquay1;1;2026-11-29 08:07:55 UTC;-1;38.00;0.00\n",
            "quay1\t1\t2026-11-29 08:07:55 UTC\tall\t%user\t38.00\n",
            "{\"sysstat\": {\n\"hosts\": [{\"nodename\": \"quay1\", \"number-of-cpus\": 2, \"statistics\": [{\"timestamp\": {\"date\": \"2026-11-29\", \"time\": \"08:07:55\", \"utc\": 1, \"interval\": 1}, \"cpu-load\": [{\"cpu\": \"all\", \"user\": 38.00, \"idle\": 0.00}]}]}]\n}}\n",
        ]
    }
}

/// The instant of `2026-11-29 08:07:55 UTC`, or without a zone.
fn instant(text: &str, zone: chrono_tz::Tz) -> Option<i64> {
    let (stamp, used) = time::read(text.as_bytes())?;
    let rest = text.get(used..)?.trim();
    let zone = if rest == "UTC" { chrono_tz::UTC } else { zone };
    Clock { zone, ..Clock::default() }.resolve(stamp).map(crate::model::Timestamp::millis)
}

/// A line of `sadf -p`: host, interval, time, whose, of what, value.
struct Line<'t> {
    host: &'t str,
    time: &'t str,
    whose: &'t str,
    name: &'t str,
    value: f64,
}

impl<'t> Line<'t> {
    fn of(line: &'t str) -> Option<Line<'t>> {
        let cells: Vec<&str> = line.trim_end().split('\t').collect();
        let [host, interval, time, whose, name, value] = cells[..] else { return None };
        interval.parse::<u64>().ok()?;
        instant(time, chrono_tz::UTC)?;
        Some(Line { host, time, whose, name, value: value.parse().ok()? })
    }
}

fn walk(
    bytes: &[u8],
    options: ReadOptions,
    each: &mut Each<'_>,
    refuse: &mut dyn FnMut(MetricError) -> Result<(), MetricError>,
) -> Result<(), MetricError> {
    if bytes.trim_ascii_start().starts_with(b"{") {
        return json(bytes, options, each, refuse);
    }
    let mut columns: Vec<String> = Vec::new();
    for (line_number, line) in lines(bytes) {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end();
        if text.is_empty() || text.contains("LINUX-RESTART") {
            continue;
        }
        if let Some(head) = text.strip_prefix("# ") {
            columns = head.trim_end_matches("[...]").split(';').map(str::to_owned).collect();
        } else if let Some(line) = Line::of(text) {
            let of = if line.name.starts_with('%') && (line.whose == "all" || line.whose.starts_with("cpu")) {
                "cpu"
            } else {
                ""
            };
            let whose = if line.whose == "-" {
                Vec::new()
            } else {
                vec![(
                    String::from(if of.is_empty() { "of" } else { "cpu" }),
                    line.whose.trim_start_matches("cpu").to_owned(),
                )]
            };
            let labels = [vec![(String::from("instance"), line.host.to_owned())], whose].concat();
            let at = instant(line.time, options.zone).unwrap_or(options.at_ms);
            Row { labels, at, line: line_number }.put(&metric(of, line.name), line.value, each);
        } else if !table_row(text, line_number, &columns, options, each) {
            refuse(refused(line_number, "does not fit the columns above"))?;
        }
    }
    Ok(())
}

/// A row below the columns of `sadf -d`. With `-h` several of the same columns stand in a row.
fn table_row(text: &str, line: u64, columns: &[String], options: ReadOptions, each: &mut Each<'_>) -> bool {
    const BEFORE: usize = 3;
    let cells: Vec<&str> = text.split(';').collect();
    let width = columns.len().saturating_sub(BEFORE);
    let Some(at) = cells.get(2).and_then(|time| instant(time, options.zone)) else { return false };
    if width == 0 || cells.len() < columns.len() || !(cells.len() - BEFORE).is_multiple_of(width) {
        return false;
    }
    let columns = &columns[BEFORE..];
    let of = subject(columns.iter().map(String::as_str));
    for group in cells[BEFORE..].chunks(width) {
        let mut row = Row { labels: vec![(String::from("instance"), cells[0].to_owned())], at, line };
        let mut values = Vec::new();
        for (column, cell) in columns.iter().zip(group) {
            match number(cell).filter(|_| !NUMBERED.contains(&column.to_ascii_lowercase().as_str())) {
                Some(value) => values.push((metric(of, column), value)),
                None => {
                    // All processors together have the number -1.
                    let whose = if column == "CPU" && *cell == "-1" { "all" } else { *cell };
                    row.labels.push((label(column), whose.to_owned()));
                }
            }
        }
        for (name, value) in values {
            row.put(&name, value, each);
        }
    }
    true
}

fn json(
    bytes: &[u8],
    options: ReadOptions,
    each: &mut Each<'_>,
    refuse: &mut dyn FnMut(MetricError) -> Result<(), MetricError>,
) -> Result<(), MetricError> {
    let document: Value = match serde_json::from_slice(bytes) {
        Ok(document) => document,
        Err(error) => {
            let text = error.to_string();
            let message = text.split(" at line").next().unwrap_or_default().to_owned();
            let error =
                MetricError { line: error.line() as u64, column: error.column().max(1), message, hint: None };
            return refuse(error);
        }
    };
    for host in document.pointer("/sysstat/hosts").and_then(Value::as_array).into_iter().flatten() {
        let name = host.get("nodename").and_then(Value::as_str).unwrap_or_default();
        for statistics in host.get("statistics").and_then(Value::as_array).into_iter().flatten() {
            let at = timestamp(statistics.get("timestamp"), options).unwrap_or(options.at_ms);
            let Some(sections) = statistics.as_object() else { continue };
            for (section, value) in sections.iter().filter(|(section, _)| *section != "timestamp") {
                let row = Row { labels: vec![(String::from("instance"), name.to_owned())], at, line: 1 };
                self::section(section, value, &row, each);
            }
        }
    }
    Ok(())
}

/// `{"date": "2026-11-29", "time": "08:07:55", "utc": 1}`, or one text of iostat's.
fn timestamp(value: Option<&Value>, options: ReadOptions) -> Option<i64> {
    let value = value?;
    if let Some(text) = value.as_str() {
        return instant(text, options.zone);
    }
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let zone =
        if value.get("utc").and_then(Value::as_i64) == Some(1) { chrono_tz::UTC } else { options.zone };
    instant(&format!("{} {}", text("date")?, text("time")?), zone)
}

/// The numbers of a section, under the names that the same numbers have in tables.
fn section(name: &str, value: &Value, row: &Row, each: &mut Each<'_>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| section(name, item, row, each)),
        Value::Object(fields) => {
            let keys = fields.iter().filter_map(|(key, value)| Some((key, value.as_str()?)));
            let mut labels = row.labels.clone();
            let keys: Vec<(String, String)> =
                keys.map(|(key, value)| (whose(key), value.to_owned())).collect();
            if name == "avg-cpu" {
                labels.push((String::from("cpu"), String::from("all")));
            }
            let of = match keys.first().map(|(key, _)| key.as_str()) {
                _ if name.starts_with("cpu-load") || name == "avg-cpu" => "cpu",
                Some(key) => subject([key].into_iter()),
                None => "",
            };
            labels.extend(keys);
            let row = Row { labels, at: row.at, line: row.line };
            for (key, value) in fields {
                match value.as_f64() {
                    Some(number) => row.put(&named(name, of, key), number, each),
                    None => section(key, value, &row, each),
                }
            }
        }
        _ => {}
    }
}

/// The label that a key of JSON is in tables.
fn whose(key: &str) -> String {
    label(if matches!(key, "disk-device" | "disk_device") { "device" } else { key })
}

/// JSON leaves units out where they are the same in all of a section.
fn named(section: &str, of: &str, key: &str) -> String {
    let percent = key.ends_with("-percent") || key.starts_with('%');
    match section {
        _ if of == "cpu" => metric(of, &format!("%{key}")),
        "memory" if !percent => metric(of, &format!("kb{key}")),
        _ => metric(of, key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn samples(text: &str) -> BTreeMap<String, f64> {
        let mut found = BTreeMap::new();
        let options = ReadOptions::of_file(7_000, chrono_tz::UTC);
        Sadf.rows(text.as_bytes(), options, &mut |_, labels, sample| {
            found.insert(format!("{labels} @{}", sample.at / 1_000), sample.value);
        });
        found
    }

    #[test]
    fn the_three_notations_say_the_same() {
        for example in Sadf.examples() {
            let found = samples(example);
            let idle = found.get("host_cpu_user_percent{cpu=\"all\", instance=\"quay1\"} @1795939675");
            assert_eq!(idle, Some(&38.0), "{found:#?}");
        }
    }
}
