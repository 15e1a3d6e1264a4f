//! CSV with a column of times: one column for each series, or one line for each sample; columns of words are labels.

use std::collections::BTreeSet;

use super::exposition::{head_lines, lines, nanos_to_millis, seconds, series, text};
use super::pairs::pairs;
use super::{Each, Known, MetricError, MetricFormat, Read, ReadOptions, Sink};
use crate::format::log::names;
use crate::format::time::{self, Clock};
use crate::model::{Labels, Role, Sample};

mod head;
mod number;

use head::{Head, label_name};

/// The format's name.
pub const NAME: &str = "csv";

/// CSV with a column of times.
pub(super) struct Csv;

/// Names of the column that holds the time; in other languages its values tell.
const TIMES: [&str; 7] = ["time", "timestamp", "ts", "date", "datetime", "@timestamp", "_time"];
/// Names of the column that holds the metric's name, where a line is a sample.
const NAMES: [&str; 9] =
    ["__name__", "metric", "metric_name", "kpi_name", "kpi", "name", "series", "_field", "metricname"];
/// Names of the column that holds its value then.
const VALUES: [&str; 2] = ["value", "_value"];
/// Words in the names of columns of words that tell of an event and not of what was measured.
const EVENTS: [&str; 16] = [
    "message",
    "msg",
    "text",
    "event",
    "error",
    "exception",
    "path",
    "url",
    "uri",
    "method",
    "query",
    "logger",
    "thread",
    "action",
    "request",
    "user",
];

/// Rows at the start of a file that tell what its columns are.
const ROWS_LOOKED_AT: usize = 200;
/// And bytes.
const BYTES_LOOKED_AT: usize = 64 << 10;

/// What the columns mean.
struct Header {
    delimiter: u8,
    /// The lines before the rows.
    lines: usize,
    /// Whether a comma in a number is its decimal point, where there is no point.
    decimal_comma: bool,
    time: usize,
    layout: Layout,
}

enum Layout {
    /// Columns of numbers are series each; those of words are labels of all of them.
    Wide(Vec<Column>),
    /// A column of names, one of values, the others are labels.
    Long { name: usize, value: usize, labels: Vec<Option<String>> },
}

enum Column {
    /// Its labels, and what its values are multiplied by.
    Series(Labels, f64),
    Label(String),
    /// The time, the same in another notation, or the numbers of lines that pandas writes.
    Neither,
}

impl MetricFormat for Csv {
    fn name(&self) -> &'static str {
        NAME
    }

    fn doc(&self) -> &'static str {
        "CSV with a column of times; columns of numbers are series, columns of words are labels."
    }

    fn recognises(&self, head: &[u8]) -> bool {
        // A first line that begins with a time, or an object, is an entry of a log, and no head.
        let mut first = head_lines(head).filter(|line| !line.is_empty() && !is_hint(line));
        let is_entry = |line: &[u8]| line.first().is_some_and(|b| b.is_ascii_digit() || *b == b'{');
        if first.next().is_some_and(is_entry) {
            return false;
        }
        let Some(header) = Header::read(head) else { return false };
        let mut rows = 0;
        let mut lines = head_lines(head).filter(|line| !line.is_empty() && !is_hint(line)).skip(header.lines);
        let zone = chrono_tz::UTC;
        let is_read = lines.all(|line| {
            rows += 1;
            header.row(line, zone, &mut |_, _| {}).is_ok()
        });
        // A table of which only the head was written, or nothing was measured, is one.
        is_read && (rows > 0 || header.names_only_numbers())
    }

    fn read(
        &self,
        bytes: &[u8],
        options: ReadOptions,
        _: &mut Known,
        sink: &mut Sink<'_>,
    ) -> Result<Read, MetricError> {
        let mut read = Read::default();
        let mut samples = 0;
        each_row(
            bytes,
            options.zone,
            &mut |_, labels, sample| {
                samples += 1;
                sink(labels, sample);
            },
            &mut |error| read.refuse(error, options),
        )?;
        read.samples = samples;
        Ok(read)
    }

    fn rows(&self, bytes: &[u8], options: ReadOptions, each: &mut Each<'_>) -> bool {
        rows(bytes, options.zone, each);
        true
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            "time,cpu_usage_percent,\"up{job=\"\"x\"\"}\"\n2023-12-24T03:00:00Z,12.5,1\n2023-12-24 03:00:15.5,,0\n",
            ",time,cpu\n0,1703385000,0.5\n1,1703385015,0.6\n",
            "timestamp,metric,gateway,value\n1703385000,payments,stripe,5\n1703385015000,payments,paypal,7\n",
            "time,host,cpu,memory\n1703385000,a,12.5 %,1.5 GiB\n1703385000,b,7 %,900 MiB\n",
            "service,shop,bank\nmetric,latency,latency\nstat,p50,p50\nunix_timestamp,,\n1703385000.0,0.5,\n1703385300.0,0.5,2\n",
            "Time,TimeStamp,Pod,Cpu(m),Latency(ms)\n2023-12-24 03:00:00.5 +0000 UTC m=+20.419,1703386800,a-1,20,5\n",
            "time,shop_bank,shop_stock,stock_db1\n1703385000,1,2,NaN\n",
            "sep=;\nZeit;Last\n24.12.2023 02:30:00;0,5\n24.12.2023 02:31:00;1,25\n",
        ]
    }
}

/// Every sample with the 1-based number of its line, of the lines that can be read.
pub fn rows(bytes: &[u8], zone: chrono_tz::Tz, each: &mut dyn FnMut(u64, &Labels, Sample)) {
    // What cannot be read was said when the file was loaded.
    let _ = each_row(bytes, zone, each, &mut |_| Ok(()));
}

/// `sep=;`, as spreadsheets want it, and comments.
fn is_hint(line: &[u8]) -> bool {
    line.starts_with(b"sep=") && line.len() < 6 || line.starts_with(b"#")
}

fn each_row(
    bytes: &[u8],
    zone: chrono_tz::Tz,
    each: &mut dyn FnMut(u64, &Labels, Sample),
    refuse: &mut dyn FnMut(MetricError) -> Result<(), MetricError>,
) -> Result<(), MetricError> {
    let mut header = None;
    let mut heads = 0;
    for (number, line) in lines(bytes) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() || is_hint(line) {
            continue;
        }
        let error = |message: String| MetricError { line: number, column: 1, message, hint: None };
        let Some(header) = &header else {
            let read = Header::read(bytes).ok_or_else(|| MetricError {
                hint: Some("the first line names the columns, one of them time or timestamp".to_owned()),
                ..error("the columns do not say where times and values are".to_owned())
            })?;
            heads = read.lines - 1;
            header = Some(read);
            continue;
        };
        if heads > 0 {
            heads -= 1;
            continue;
        }
        if let Err(message) = header.row(line, zone, &mut |labels, sample| each(number, labels, sample)) {
            refuse(error(message))?;
        }
    }
    Ok(())
}

/// The fields of a line, quotes resolved.
pub(in crate::format) fn fields(line: &[u8], delimiter: u8) -> Option<Vec<String>> {
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
            let end = memchr::memchr(delimiter, rest).unwrap_or(rest.len());
            (text(rest[..end].trim_ascii()), end)
        };
        fields.push(field);
        match rest.get(after) {
            None => return Some(fields),
            Some(b) if *b == delimiter => rest = &rest[after + 1..],
            Some(_) => return None,
        }
    }
}

/// What separates the fields: the first of `;`, tab and `,` that makes several of them.
pub(in crate::format) fn delimiter(line: &[u8]) -> Option<u8> {
    b";\t,".iter().copied().find(|b| fields(line, *b).is_some_and(|fields| fields.len() > 1))
}

/// The first rows, column by column.
struct Table {
    columns: Vec<Vec<String>>,
}

impl Table {
    fn all(&self, column: usize, mut holds: impl FnMut(&str) -> bool) -> bool {
        let mut values = self.columns[column].iter().filter(|field| !is_missing(field)).peekable();
        values.peek().is_some() && values.all(|field| holds(field))
    }
}

impl Header {
    /// What the first line and the rows after it tell.
    fn read(bytes: &[u8]) -> Option<Self> {
        let head = &bytes[..bytes.len().min(BYTES_LOOKED_AT)];
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        let lines = || {
            let lines = lines(head).map(|(_, line)| line.strip_suffix(b"\r").unwrap_or(line));
            lines.filter(|line| !line.is_empty() && !is_hint(line))
        };
        let delimiter = delimiter(lines().next()?)?;
        let heads = Head::read(lines(), delimiter)?;
        let columns = &heads.names;
        let rows = lines().skip(heads.lines).take(ROWS_LOOKED_AT).filter_map(|line| fields(line, delimiter));
        let mut table = Table { columns: vec![Vec::new(); columns.len()] };
        for row in rows.filter(|row| row.len() == columns.len()) {
            for (column, field) in table.columns.iter_mut().zip(row) {
                column.push(field);
            }
        }
        let find = |names: &[&str]| {
            columns.iter().position(|column| names.iter().any(|name| column.eq_ignore_ascii_case(name)))
        };
        let dated = |column: &usize| table.all(*column, is_dated);
        let time = find(&TIMES).or_else(|| (0..columns.len()).find(dated))?;
        let decimal_comma = delimiter != b',';
        if let (Some(name), Some(value)) = (find(&NAMES), find(&VALUES)) {
            let labels = columns.iter().enumerate();
            let labels = labels.map(|(i, column)| {
                (![time, name, value].contains(&i) && !column.is_empty()).then(|| column.clone())
            });
            let layout = Layout::Long { name, value, labels: labels.collect() };
            return Some(Header { delimiter, lines: heads.lines, decimal_comma, time, layout });
        }
        let mut known = Vec::new();
        for (i, column) in columns.iter().enumerate() {
            // pandas writes the numbers of lines into a column without a name.
            let is_index = i == 0 && column.is_empty();
            let is_empty = table.columns[i].iter().all(|field| is_missing(field));
            let is_number = |field: &str| number::read(field, decimal_comma).is_some();
            let is_time_again = TIMES.iter().any(|name| column.eq_ignore_ascii_case(name)) && dated(&i);
            let series = || heads.series(i).map(|(series, factor)| Column::Series(series, factor));
            known.push(if i == time || is_index || is_time_again {
                Column::Neither
            } else if is_empty || table.all(i, is_number) {
                series()?
            } else if table.columns[i].iter().any(|field| is_number(field))
                && mostly(&table.columns[i], is_number)
            {
                // A word among numbers is a mistake of its row.
                series()?
            } else {
                Column::Label(label_name(column))
            });
        }
        if heads.lines == 1 {
            name_pairs(columns, &mut known);
        }
        let layout = Layout::Wide(known);
        let header = Header { delimiter, lines: heads.lines, decimal_comma, time, layout };
        header.is_measured(columns, &table).then_some(header)
    }

    /// Do the columns of a table without rows say that it would hold numbers?
    fn names_only_numbers(&self) -> bool {
        const FEWEST: usize = 2;
        let Layout::Wide(columns) = &self.layout else { return true };
        let series = columns.iter().filter_map(|column| match column {
            Column::Series(series, _) => Some(series.metric().to_ascii_lowercase()),
            _ => None,
        });
        let tells_event = |name: &String| {
            EVENTS.iter().any(|word| name.contains(word))
                || ["level", "severity", "status"].contains(&&**name)
        };
        let (mut count, mut events) = (0, 0);
        for name in series {
            count += 1;
            events += usize::from(tells_event(&name));
        }
        count >= FEWEST && events == 0
    }

    /// Is this what was measured at times, and not what happened, one row an event?
    fn is_measured(&self, names: &[String], table: &Table) -> bool {
        let Layout::Wide(columns) = &self.layout else { return true };
        let labels: Vec<usize> =
            (0..columns.len()).filter(|&i| matches!(columns[i], Column::Label(_))).collect();
        let has_series = columns.iter().any(|column| matches!(column, Column::Series(..)));
        if labels.is_empty() || !has_series {
            return has_series;
        }
        let tells_event = |&i: &usize| {
            let name = names[i].to_ascii_lowercase();
            let roles = names::roles_of(&names[i]);
            labels.contains(&i) && EVENTS.iter().any(|word| name.contains(word))
                || roles.iter().any(|(role, ..)| {
                    matches!(role, Role::Message | Role::Level | Role::RequestId | Role::TraceId | Role::User)
                })
        };
        if names.iter().enumerate().any(|(i, _)| tells_event(&i) && i != self.time) {
            return false;
        }
        // What is measured is measured of everything at once, again and again.
        let (mut times, mut of, mut rows) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for row in 0..table.columns[self.time].len() {
            let time = &table.columns[self.time][row];
            let labels: Vec<&str> = labels.iter().map(|&i| table.columns[i][row].as_str()).collect();
            times.insert(time);
            of.insert(labels.clone());
            if !rows.insert((time, labels)) {
                return false;
            }
        }
        2 * rows.len() > times.len() * of.len()
    }

    /// The samples of a line; nothing is handed on if one of its fields is wrong.
    fn row(
        &self,
        line: &[u8],
        zone: chrono_tz::Tz,
        sink: &mut dyn FnMut(&Labels, Sample),
    ) -> Result<(), String> {
        let fields = fields(line, self.delimiter).ok_or("a quote is not closed")?;
        let wanted = match &self.layout {
            Layout::Wide(columns) => columns.len(),
            Layout::Long { labels, .. } => labels.len(),
        };
        if fields.len() != wanted {
            return Err(format!("there are {} fields, not {wanted}", fields.len()));
        }
        let time = &fields[self.time];
        let at = parse_time(time, zone).ok_or_else(|| format!("{time:?} is no time"))?;
        let value = |text: &str| {
            number::read(text, self.decimal_comma).ok_or_else(|| format!("{text:?} is no number"))
        };
        match &self.layout {
            Layout::Wide(columns) => {
                let mut samples = Vec::with_capacity(columns.len());
                let mut labels = Vec::new();
                for (column, field) in columns.iter().zip(&fields) {
                    match column {
                        Column::Series(series, factor) if !is_missing(field) => {
                            samples.push((series, value(field)? * factor));
                        }
                        Column::Label(name) => labels.push((name, field)),
                        Column::Series(..) | Column::Neither => {}
                    }
                }
                for (series, value) in samples {
                    if labels.is_empty() {
                        sink(series, Sample { at, value });
                        continue;
                    }
                    let mut series = series.clone();
                    for (name, field) in &labels {
                        series.set(name.as_str(), field.as_str());
                    }
                    sink(&series, Sample { at, value });
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

/// Columns that are all called by two names are what one of them calls the other for.
fn name_pairs(names: &[String], columns: &mut [Column]) {
    let is_series = |at: &usize| matches!(columns[*at], Column::Series(..));
    let series: Vec<usize> = (0..columns.len()).filter(is_series).collect();
    let called: Vec<&str> = series.iter().map(|at| names[*at].as_str()).collect();
    let Some(pairs) = pairs(&called) else { return };
    for (at, (client, server)) in series.into_iter().zip(pairs) {
        columns[at] = Column::Series(Labels::new([("client", client), ("server", server)]), 1.0);
    }
}

/// At least nine of ten values that are there.
fn mostly(values: &[String], holds: impl Fn(&str) -> bool) -> bool {
    let there = || values.iter().filter(|field| !is_missing(field));
    10 * there().filter(|field| holds(field)).count() >= 9 * there().count()
}

/// No value: what spreadsheets, Grafana and pandas write.
fn is_missing(field: &str) -> bool {
    const WORDS: [&str; 7] = ["null", "-", "nan", "none", "na", "n/a", "<na>"];
    field.is_empty() || field.len() <= 4 && WORDS.iter().any(|word| field.eq_ignore_ascii_case(word))
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

/// A time that could be nothing else: a date, or as many digits as epochs have.
fn is_dated(text: &str) -> bool {
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    let digits = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    (!digits || matches!(whole.len(), 10 | 13 | 16 | 19))
        && parse_time(text, chrono_tz::UTC).is_some()
        && (digits || text.contains([':', '-', '/']))
}

/// A date and a time, in `zone` if they have no offset; or seconds, milli-, micro- or nanoseconds since the epoch. In
/// milliseconds.
fn parse_time(text: &str, zone: chrono_tz::Tz) -> Option<i64> {
    let text = text.trim();
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') && text.matches('.').count() < 2 {
        let whole = text.split('.').next().unwrap_or(text);
        // From 1973 on, milliseconds have twelve digits or more, seconds fewer.
        let nanos = match whole.len() {
            0..12 => seconds(text.as_bytes())?,
            12..15 => whole.parse::<i128>().ok()? * 1_000_000,
            15..18 => whole.parse::<i128>().ok()? * 1_000,
            _ => whole.parse::<i128>().ok()?,
        };
        return nanos_to_millis(nanos);
    }
    let clock = Clock { zone, ..Clock::default() };
    let read = |text: &str| {
        let (stamp, used) = time::read(text.as_bytes())?;
        let rest = text.get(used..)?.trim();
        // Go's `time.Time` says which zone its offset is of, and how long the process has been running.
        let rest = rest.split_once("m=").map_or(rest, |(zone, _)| zone.trim_end());
        let is_zone = text[..used].ends_with(|c: char| c.is_ascii_digit())
            && (2..=5).contains(&rest.len())
            && rest.bytes().all(|b| b.is_ascii_uppercase());
        if !matches!(rest, "" | "UTC" | "Z") && !(is_zone && has_offset(&text[..used])) {
            return None;
        }
        clock.resolve(stamp).map(crate::model::Timestamp::millis)
    };
    // A date alone is the start of its day.
    read(text).or_else(|| read(&format!("{text} 00:00:00")))
}

/// Does a time end with an offset: `+0200`, `-07:00`?
fn has_offset(time: &str) -> bool {
    let digits = time.trim_end_matches(|c: char| c.is_ascii_digit() || c == ':');
    digits.ends_with(['+', '-']) && (4..=5).contains(&(time.len() - digits.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_know_their_lines() {
        let mut seen = Vec::new();
        let text = b"time,a,b\n1703385000,1,\n\nno time,2,3\n1703385015,4,5\n";
        rows(text, chrono_tz::UTC, &mut |line, labels, sample| {
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
            ("1703385000250000", Some(1_703_385_000_250)),
            ("1703385000250000000", Some(1_703_385_000_250)),
            ("24.12.2023 02:30", Some(1_703_385_000_000)),
            ("2023-12-24", Some(1_703_376_000_000)),
            ("2023-12-24T02:30:00Z", Some(1_703_385_000_000)),
            ("2023-12-24 02:30:00.250", Some(1_703_385_000_250)),
            ("2023-12-24T11:30:00+09:00", Some(1_703_385_000_000)),
            ("2023-12-24 02:30", Some(1_703_385_000_000)),
            ("2023-12-24 02:30:00.250333 +0000 UTC m=+3420.417333200", Some(1_703_385_000_250)),
            ("2023-12-24 03:30:00 +0100 CET", Some(1_703_385_000_000)),
            ("1703385000.0", Some(1_703_385_000_000)),
            ("2023-12-24 02:30:00 GET", None),
            ("2023-13-24 02:30", None),
            ("yesterday", None),
            ("", None),
            ("2023-12-24T02:30:00é", None),
        ] {
            assert_eq!(parse_time(text, chrono_tz::UTC), expected, "{text}");
        }
    }

    /// The samples of a file, one a line.
    fn read(text: &str, zone: chrono_tz::Tz) -> String {
        let mut seen = Vec::new();
        rows(text.as_bytes(), zone, &mut |_, labels, sample| {
            seen.push(format!("{labels} {} @{}", sample.value, sample.at / 1000));
        });
        seen.join("; ")
    }

    #[test]
    fn columns_of_words_are_labels_of_the_numbers_beside_them() {
        for (text, expected) in [
            (
                "when,rack,power\n1703385000,r1,5\n1703385000,r2,6\n1703385060,r1,7\n1703385060,r2,8\n",
                "power{rack=\"r1\"} 5 @1703385000; power{rack=\"r2\"} 6 @1703385000; \
                 power{rack=\"r1\"} 7 @1703385060; power{rack=\"r2\"} 8 @1703385060",
            ),
            ("Zeit;Last\n2023-12-24 02:30:00;0,5\n", "Last 0.5 @1703385000"),
            ("sep=;\nZeit;Last\n2023-12-24 02:30:00;1.234,5 ms\n", "Last 1.2345 @1703385000"),
            (
                "service,shop,bank\nmetric,latency,requests (1/s)\nunix_timestamp,,\n1703385000.0,0.5,\n1703385300.0,NaN,2\n",
                "latency{service=\"shop\"} 0.5 @1703385000; requests__1_s_{service=\"bank\"} 2 @1703385300",
            ),
            (
                "Time,TimeStamp,PodName,Cpu(m),Mem (Mi),ErrorRate\n\
                 2023-12-24 02:30:00.911 +0000 UTC m=+20.417,1703385000,shop-1,20,2,0\n",
                "Cpu_cores{PodName=\"shop-1\"} 0.02 @1703385000; \
                 Mem_bytes{PodName=\"shop-1\"} 2097152 @1703385000; ErrorRate{PodName=\"shop-1\"} 0 @1703385000",
            ),
            (
                "time,shop_bank,shop_stock,stock_db1\n1703385000,1,,3\n",
                "{client=\"shop\", server=\"bank\"} 1 @1703385000; {client=\"stock\", server=\"db1\"} 3 @1703385000",
            ),
            ("Time\tup\n2023-12-24 02:30:00\t1\n", "up 1 @1703385000"),
        ] {
            assert_eq!(read(text, chrono_tz::UTC), expected, "{text}");
        }
        assert_eq!(
            read("time,a\n2023-12-24 02:30:00,1\n2023-12-24T02:30:00Z,2\n", chrono_tz::Europe::Berlin),
            "a 1 @1703381400; a 2 @1703385000"
        );
    }

    #[test]
    fn a_head_alone_is_a_table_without_rows() {
        assert!(Csv.recognises(b"Time,TimeStamp,PodName,Cpu(m),Mem(Mi)\n"));
        for text in ["timestamp,level,message\n", "time,a\n", "name,cpu,memory\n"] {
            assert!(!Csv.recognises(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_happened_is_no_metric() {
        for text in [
            "timestamp,level,duration\n1703385000,info,5\n",
            "timestamp,method,path,status,duration\n1703385000,GET,/a,200,5\n1703385001,POST,/b,200,6\n",
            "time,service,took\n1703385000,a,5\n1703385001,b,6\n1703385003,c,6\n1703385007,a,6\n",
            "time,what\n2023-12-24 02:30:00,started\n",
            "1,2,3\n4,5,6\n",
            "[info,2024-03-05T10:10:11.123+01:00,ns_1]x\n[error,2024-03-05T10:10:12.123+01:00,ns_1]z\n",
            "{\"a\":\"x\",\"b\":\"y\"}\n{\"a\":\"z\",\"b\":\"w\"}\n",
        ] {
            assert!(!Csv.recognises(text.as_bytes()), "{text}");
        }
    }
}
