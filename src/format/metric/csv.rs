//! CSV with a column of times: one column for each series, or one line for each sample.

use super::exposition::{head_lines, lines, nanos_to_millis, number, seconds, series, text};
use super::{MetricError, MetricFormat, Read, ReadOptions, Sink};
use crate::model::time::days_from_civil;
use crate::model::{Labels, Sample};

/// The format's name.
pub const NAME: &str = "csv";

/// CSV with a column of times.
pub(super) struct Csv;

/// Names of the column that holds the time.
const TIMES: [&str; 6] = ["time", "timestamp", "ts", "date", "datetime", "@timestamp"];
/// Names of the column that holds the metric's name, where a line is a sample.
const NAMES: [&str; 7] = ["__name__", "metric", "metric_name", "kpi_name", "kpi", "name", "series"];

/// What the columns mean.
struct Header {
    time: usize,
    layout: Layout,
}

enum Layout {
    /// Each column but the time is a series.
    Wide(Vec<Option<Labels>>),
    /// A column of names, one of values, the others are labels.
    Long { name: usize, value: usize, labels: Vec<Option<String>> },
}

impl MetricFormat for Csv {
    fn name(&self) -> &'static str {
        NAME
    }

    fn doc(&self) -> &'static str {
        "CSV with a column of times; one column for each series, or columns metric and value."
    }

    fn recognises(&self, head: &[u8]) -> bool {
        let mut lines = head_lines(head);
        let Some(header) = lines.next().and_then(Header::read) else { return false };
        let mut rows = 0;
        lines.filter(|line| !line.is_empty()).all(|line| {
            rows += 1;
            header.row(line, &mut |_, _| {}).is_ok()
        }) && rows > 0
    }

    fn read(&self, bytes: &[u8], options: ReadOptions, sink: &mut Sink<'_>) -> Result<Read, MetricError> {
        let mut read = Read::default();
        let mut samples = 0;
        each_row(
            bytes,
            &mut |_, labels, sample| {
                samples += 1;
                sink(labels, sample);
            },
            &mut |error| read.refuse(error, options),
        )?;
        read.samples = samples;
        Ok(read)
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            "time,cpu_usage_percent,\"up{job=\"\"x\"\"}\"\n2023-12-24T03:00:00Z,12.5,1\n2023-12-24 03:00:15.5,,0\n",
            ",time,cpu\n0,1703385000,0.5\n1,1703385015,0.6\n",
            "timestamp,metric,gateway,value\n1703385000,payments,stripe,5\n1703385015000,payments,paypal,7\n",
        ]
    }
}

/// Every sample with the 1-based number of its line, of the lines that can be read.
pub fn rows(bytes: &[u8], each: &mut dyn FnMut(u64, &Labels, Sample)) {
    // What cannot be read was said when the file was loaded.
    let _ = each_row(bytes, each, &mut |_| Ok(()));
}

fn each_row(
    bytes: &[u8],
    each: &mut dyn FnMut(u64, &Labels, Sample),
    refuse: &mut dyn FnMut(MetricError) -> Result<(), MetricError>,
) -> Result<(), MetricError> {
    let mut header = None;
    for (number, line) in lines(bytes) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        let error = |message: String| MetricError { line: number, column: 1, message, hint: None };
        let Some(header) = &header else {
            header = Some(Header::read(line).ok_or_else(|| MetricError {
                hint: Some("the first line names the columns, one of them time or timestamp".to_owned()),
                ..error("the columns do not say where times and values are".to_owned())
            })?);
            continue;
        };
        if let Err(message) = header.row(line, &mut |labels, sample| each(number, labels, sample)) {
            refuse(error(message))?;
        }
    }
    Ok(())
}

/// The fields of a line, quotes resolved.
fn fields(line: &[u8]) -> Option<Vec<String>> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let (field, after) = if rest.first() == Some(&b'"') {
            let mut value = Vec::new();
            let mut at = 1;
            loop {
                let end = at + memchr::memchr(b'"', &rest[at..])?;
                value.extend_from_slice(&rest[at..end]);
                at = end + 1;
                if rest.get(at) != Some(&b'"') {
                    break;
                }
                value.push(b'"');
                at += 1;
            }
            (text(&value), at)
        } else {
            let end = memchr::memchr2(b',', b';', rest).unwrap_or(rest.len());
            (text(rest[..end].trim_ascii()), end)
        };
        fields.push(field);
        match rest.get(after) {
            None => return Some(fields),
            Some(b',' | b';') => rest = &rest[after + 1..],
            Some(_) => return None,
        }
    }
}

impl Header {
    fn read(line: &[u8]) -> Option<Self> {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        let columns = fields(line)?;
        let find = |names: &[&str]| {
            columns.iter().position(|column| names.iter().any(|name| column.eq_ignore_ascii_case(name)))
        };
        let time = find(&TIMES)?;
        if columns.len() < 2 {
            return None;
        }
        if let (Some(name), Some(value)) = (find(&NAMES), find(&["value"])) {
            let labels = columns.iter().enumerate();
            let labels =
                labels.map(|(i, column)| (![time, name, value].contains(&i)).then(|| column.clone()));
            return Some(Header { time, layout: Layout::Long { name, value, labels: labels.collect() } });
        }
        let mut known = Vec::new();
        for (i, column) in columns.iter().enumerate() {
            // pandas writes the numbers of lines into a column without a name.
            let is_index = i == 0 && column.is_empty();
            known.push(if i == time || is_index { None } else { Some(column_labels(column)?) });
        }
        Some(Header { time, layout: Layout::Wide(known) })
    }

    /// The samples of a line; nothing is handed on if one of its fields is wrong.
    fn row(&self, line: &[u8], sink: &mut dyn FnMut(&Labels, Sample)) -> Result<(), String> {
        let fields = fields(line).ok_or("a quote is not closed")?;
        let wanted = match &self.layout {
            Layout::Wide(labels) => labels.len(),
            Layout::Long { labels, .. } => labels.len(),
        };
        if fields.len() != wanted {
            return Err(format!("there are {} fields, not {wanted}", fields.len()));
        }
        let time = &fields[self.time];
        let at = parse_time(time).ok_or_else(|| format!("{time:?} is no time"))?;
        let value = |text: &str| number(text.as_bytes()).ok_or_else(|| format!("{text:?} is no number"));
        match &self.layout {
            Layout::Wide(series) => {
                let mut samples = Vec::with_capacity(series.len());
                for (labels, field) in series.iter().zip(&fields) {
                    if let (Some(labels), false) = (labels, is_missing(field)) {
                        samples.push((labels, value(field)?));
                    }
                }
                for (labels, value) in samples {
                    sink(labels, Sample { at, value });
                }
            }
            Layout::Long { name, value: column, labels } => {
                let value = value(&fields[*column])?;
                let mut found = column_labels(&fields[*name]).ok_or("a metric name is missing")?;
                for (label, field) in labels.iter().zip(&fields) {
                    if let Some(label) = label {
                        found.set(label.as_str(), field.as_str());
                    }
                }
                sink(&found, Sample { at, value });
            }
        }
        Ok(())
    }
}

/// No value: what spreadsheets and Grafana write.
fn is_missing(field: &str) -> bool {
    field.is_empty() || field.eq_ignore_ascii_case("null") || field == "-"
}

/// A column's name as a series: `up{job="x"}`, or any text as a metric's name.
fn column_labels(column: &str) -> Option<Labels> {
    if column.is_empty() {
        return None;
    }
    match series(column.as_bytes(), false) {
        Ok((labels, end)) if end == column.len() => Some(labels),
        _ => {
            let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == ':' { c } else { '_' };
            let name: String = column.chars().map(plain).collect();
            let name = if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name };
            Some(Labels::new([(Labels::NAME, name)]))
        }
    }
}

/// Seconds or milliseconds since the epoch, or a date and a time (UTC without an offset), in milliseconds.
fn parse_time(text: &str) -> Option<i64> {
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        // From 1973 on, milliseconds have twelve digits or more, seconds fewer.
        if text.len() >= 12 && !text.contains('.') {
            return text.parse().ok();
        }
        return nanos_to_millis(seconds(text.as_bytes())?);
    }
    let part = |range: std::ops::Range<usize>| -> Option<i64> {
        let digits = text.get(range)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
    };
    let (year, month, day) = (part(0..4)?, part(5..7)?, part(8..10)?);
    let (hour, minute) = (part(11..13)?, part(14..16)?);
    let bytes = text.as_bytes();
    let separators =
        bytes[4] == b'-' && bytes[7] == b'-' && matches!(bytes[10], b'T' | b' ') && bytes[13] == b':';
    if !separators || !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 24 || minute > 59 {
        return None;
    }
    let mut rest = &text[16..];
    let mut millis = 0;
    if let Some(after) = rest.strip_prefix(':') {
        let digits = after.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(after.len());
        millis = nanos_to_millis(seconds(&after.as_bytes()[..digits])?)?;
        rest = &after[digits..];
    }
    let offset = match rest.trim_start() {
        "" | "Z" | "z" | "UTC" => 0,
        zone => {
            let sign = if zone.starts_with('-') { -1 } else { 1 };
            let zone = zone.strip_prefix(['+', '-'])?.replace(':', "");
            if zone.len() != 4 || !zone.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            sign * (zone[..2].parse::<i64>().ok()? * 60 + zone[2..].parse::<i64>().ok()?)
        }
    };
    let days = days_from_civil(year as i32, month as u32, day as u32);
    Some(((days * 24 + hour) * 60 + minute - offset) * 60_000 + millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_know_their_lines() {
        let mut seen = Vec::new();
        rows(b"time,a,b\n1703385000,1,\n\nno time,2,3\n1703385015,4,5\n", &mut |line, labels, sample| {
            seen.push((line, labels.metric().to_owned(), sample.value));
        });
        assert_eq!(seen, [(2, "a".to_owned(), 1.0), (5, "a".to_owned(), 4.0), (5, "b".to_owned(), 5.0)]);
    }

    #[test]
    fn times_of_spreadsheets_are_read() {
        for (text, expected) in [
            ("1703385000", Some(1_703_385_000_000)),
            ("1703385000.25", Some(1_703_385_000_250)),
            ("1703385000250", Some(1_703_385_000_250)),
            ("2023-12-24T02:30:00Z", Some(1_703_385_000_000)),
            ("2023-12-24 02:30:00.250", Some(1_703_385_000_250)),
            ("2023-12-24T11:30:00+09:00", Some(1_703_385_000_000)),
            ("2023-12-24 02:30", Some(1_703_385_000_000)),
            ("2023-13-24 02:30", None),
            ("yesterday", None),
            ("", None),
            ("2023-12-24T02:30:00é", None),
        ] {
            assert_eq!(parse_time(text), expected, "{text}");
        }
    }
}
