//! InfluxDB's line protocol: `cpu,host=web1 usage_idle=98.1,n=4i 1703385000000000000`.

use super::exposition::{head_lines, lines};
use super::{Each, Known, MetricError, MetricFormat, Read, ReadOptions, Sink};
use crate::model::{Labels, Sample};

/// Line protocol, as exports and Telegraf write it.
pub(super) struct Influx;

impl MetricFormat for Influx {
    fn name(&self) -> &'static str {
        "influx"
    }

    fn doc(&self) -> &'static str {
        "InfluxDB's line protocol; a field is the metric MEASUREMENT_FIELD, tags are labels."
    }

    fn recognises(&self, head: &[u8]) -> bool {
        let mut points = 0;
        let mut seen = head_lines(head).filter(|line| !is_comment(line)).map(|line| {
            points += 1;
            // A time is what tells a point from words with an equals sign.
            Point::of(&String::from_utf8_lossy(line)).is_some_and(|point| point.at.is_some())
        });
        seen.all(|readable| readable) && points > 0
    }

    fn has_free_lines(&self) -> bool {
        true
    }

    fn read(
        &self,
        bytes: &[u8],
        options: ReadOptions,
        _: &mut Known,
        sink: &mut Sink<'_>,
    ) -> Result<Read, MetricError> {
        let mut read = Read::default();
        for (number, line) in lines(bytes).filter(|(_, line)| !is_comment(line)) {
            let text = String::from_utf8_lossy(line);
            match Point::of(&text) {
                Some(point) => point.put(options.at_ms, &mut |labels, sample| {
                    read.samples += 1;
                    sink(labels, sample);
                }),
                None => {
                    let message = "is no point of the line protocol".to_owned();
                    read.refuse(MetricError { line: number, column: 1, message, hint: None }, options)?;
                }
            }
        }
        Ok(read)
    }

    fn rows(&self, bytes: &[u8], options: ReadOptions, each: &mut Each<'_>) -> bool {
        for (number, line) in lines(bytes).filter(|(_, line)| !is_comment(line)) {
            if let Some(point) = Point::of(&String::from_utf8_lossy(line)) {
                point.put(options.at_ms, &mut |labels, sample| each(number, labels, sample));
            }
        }
        true
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            "cpu,cpu=cpu-total,host=web1 usage_idle=98.1,usage_user=1.2 1703385000000000000\nmem,host=web1 used=4i,active=true,os=\"linux 6\" 1703385000000000000\n",
            "# DDL\nCREATE DATABASE harbour\n# DML\n# CONTEXT-DATABASE: harbour\nberth\\ load,quay=a\\,1 value=3 1703385000\n",
        ]
    }
}

/// Comments, blank lines, and what an export says of its database.
fn is_comment(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    line.is_empty() || line.starts_with(b"#") || line.starts_with(b"CREATE ")
}

/// A point: a measurement at a time.
struct Point {
    name: String,
    tags: Vec<(String, String)>,
    fields: Vec<(String, f64)>,
    at: Option<i64>,
}

impl Point {
    fn of(line: &str) -> Option<Point> {
        let mut parts = cut(line.trim_end(), ' ').into_iter();
        let key = cut(parts.next()?, ',');
        let fields = cut(parts.next()?, ',');
        let at = match parts.next() {
            Some(text) => Some(instant(text)?),
            None => None,
        };
        if parts.next().is_some() || key[0].is_empty() || key[0].contains('=') {
            return None;
        }
        let pair = |text: &&str| {
            let mut pair = cut(text, '=').into_iter();
            Some((plain(pair.next()?), pair.next()?.to_owned(), pair.next().is_none()))
        };
        let tags: Option<Vec<(String, String)>> = key[1..]
            .iter()
            .map(|tag| pair(tag).filter(|pair| pair.2).map(|(name, value, _)| (name, plain(&value))))
            .collect();
        let mut numbers = Vec::new();
        for field in &fields {
            let (name, _) = field.split_once('=').filter(|(name, _)| !name.is_empty())?;
            let value = &field[name.len() + 1..];
            match number(value) {
                Some(number) => numbers.push((plain(name), number)),
                // Text is no number, and nothing else is.
                None => {
                    value.starts_with('"').then_some(())?;
                }
            }
        }
        Some(Point { name: plain(key[0]), tags: tags?, fields: numbers, at })
    }

    fn put(&self, at_ms: i64, each: &mut dyn FnMut(&Labels, Sample)) {
        let at = self.at.unwrap_or(at_ms);
        for (field, value) in &self.fields {
            let name = if field == "value" { self.name.clone() } else { format!("{}_{field}", self.name) };
            let name = metric_name(&name);
            let tags = self.tags.iter().map(|(name, value)| (label_name(name), value.clone()));
            let labels = Labels::new(tags.chain([(Labels::NAME.to_owned(), name)]));
            each(&labels, Sample { at, value: *value });
        }
    }
}

/// Cuts a text where `mark` stands outside of quotes without a backslash before it.
fn cut(text: &str, mark: char) -> Vec<&str> {
    let (mut parts, mut from, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            c if c == mark && !quoted => {
                parts.push(&text[from..at]);
                from = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

/// A name without its backslashes.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.peek() {
            Some(',' | '=' | ' ' | '\\') if c == '\\' => {}
            _ => plain.push(c),
        }
    }
    plain
}

/// `98.1`, `4i`, `4u`, `true`.
fn number(text: &str) -> Option<f64> {
    match text {
        "t" | "T" | "true" | "True" | "TRUE" => return Some(1.0),
        "f" | "F" | "false" | "False" | "FALSE" => return Some(0.0),
        _ => {}
    }
    text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')).then_some(())?;
    text.strip_suffix(['i', 'u']).unwrap_or(text).parse().ok()
}

/// Nanoseconds since the epoch; other precisions are told by how many digits there are.
fn instant(text: &str) -> Option<i64> {
    text.bytes().all(|b| b.is_ascii_digit()).then_some(())?;
    let number: i128 = text.parse().ok()?;
    let millis = match text.len() {
        10 => number * 1_000,
        13 => number,
        16 => number / 1_000,
        19 => number / 1_000_000,
        _ => return None,
    };
    i64::try_from(millis).ok()
}

/// A metric's name of any text.
pub(super) fn metric_name(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == ':' { c } else { '_' };
    let name: String = text.chars().map(plain).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// A label's name of any text.
pub(super) fn label_name(text: &str) -> String {
    metric_name(text).replace(':', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_told_from_words() {
        for (text, expected) in [
            ("cpu,host=a idle=1,user=2i 1703385000000000000", Some(2)),
            ("a\\ b,t=x\\,y v=\"s t\",n=3 1703385000", Some(1)),
            ("cpu idle=1", Some(1)),
            ("level=info msg=x 1703385000", None),
            ("worker done 1703385000", None),
            ("cpu idle=one 1703385000", None),
            ("cpu idle=1 17", None),
            ("cpu,host idle=1 1703385000", None),
        ] {
            assert_eq!(Point::of(text).map(|point| point.fields.len()), expected, "{text}");
        }
    }
}
