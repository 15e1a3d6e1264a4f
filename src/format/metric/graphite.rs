//! Graphite: its plain text (`servers.web1.load 0.42 1703385000`), and what its render API answers as JSON.

use serde_json::Value;

use super::exposition::{head_lines, lines};
use super::influx::{label_name, metric_name};
use super::{Each, Known, MetricError, MetricFormat, Read, ReadOptions, Sink};
use crate::model::{Labels, Sample};

/// Paths, values and times.
pub(super) struct Plain;

/// Series of the render API.
pub(super) struct Render;

/// A line: its labels, and a value at a time.
fn line_of(line: &[u8]) -> Option<(Labels, Sample)> {
    let text = std::str::from_utf8(line).ok()?;
    let mut words = text.split_ascii_whitespace();
    let (path, value, time) = (words.next()?, words.next()?, words.next()?);
    let dotted = path.contains('.') || path.contains(';');
    let is_path = |c: char| c.is_alphanumeric() || "._-;=:/+~@%".contains(c);
    if words.next().is_some() || !dotted || path.starts_with('.') || !path.chars().all(is_path) {
        return None;
    }
    // A path of digits and dots alone is an address or a number.
    path.chars().any(char::is_alphabetic).then_some(())?;
    let value: f64 = value.parse().ok()?;
    let whole = time.split('.').next()?;
    (whole.len() == 10 && time.bytes().all(|b| b.is_ascii_digit() || b == b'.')).then_some(())?;
    let at = (time.parse::<f64>().ok()? * 1e3) as i64;
    Some((labels(path), Sample { at, value }))
}

/// The labels of a path: its name, and what stands behind semicolons.
fn labels(path: &str) -> Labels {
    let mut parts = path.split(';');
    let name = metric_name(parts.next().unwrap_or_default());
    let tags = parts.filter_map(|tag| tag.split_once('='));
    let tags = tags.map(|(name, value)| (label_name(name), value.to_owned()));
    Labels::new(tags.chain([(Labels::NAME.to_owned(), name)]))
}

impl MetricFormat for Plain {
    fn name(&self) -> &'static str {
        "graphite"
    }

    fn doc(&self) -> &'static str {
        "Graphite's plain text: a path, a value, a time; dots become underscores, tags are labels."
    }

    fn recognises(&self, head: &[u8]) -> bool {
        let mut count = 0;
        let mut seen = head_lines(head).filter(|line| !line.is_empty()).map(|line| {
            count += 1;
            line_of(line).is_some()
        });
        seen.all(|readable| readable) && count > 0
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
        for (number, line) in lines(bytes).filter(|(_, line)| !line.trim_ascii().is_empty()) {
            match line_of(line) {
                Some((labels, sample)) => {
                    read.samples += 1;
                    sink(&labels, sample);
                }
                None => {
                    let message = "is no path, value and time".to_owned();
                    read.refuse(MetricError { line: number, column: 1, message, hint: None }, options)?;
                }
            }
        }
        Ok(read)
    }

    fn rows(&self, bytes: &[u8], _: ReadOptions, each: &mut Each<'_>) -> bool {
        for (number, line) in lines(bytes) {
            if let Some((labels, sample)) = line_of(line) {
                each(number, &labels, sample);
            }
        }
        true
    }

    fn examples(&self) -> &'static [&'static str] {
        &["servers.web1.load 0.42 1703385000\ndisk.used;host=web1 7 1703385000.5\n"]
    }
}

impl MetricFormat for Render {
    fn name(&self) -> &'static str {
        "graphite-render"
    }

    fn doc(&self) -> &'static str {
        "What Graphite's render API answers as JSON: targets with datapoints."
    }

    fn recognises(&self, head: &[u8]) -> bool {
        let flat: Vec<u8> = head.iter().copied().filter(|b| !b.is_ascii_whitespace()).take(4_096).collect();
        let has = |word: &[u8]| memchr::memmem::find(&flat, word).is_some();
        flat.starts_with(b"[{\"") && has(b"\"target\":\"") && has(b"\"datapoints\":[")
    }

    fn read(
        &self,
        bytes: &[u8],
        options: ReadOptions,
        _: &mut Known,
        sink: &mut Sink<'_>,
    ) -> Result<Read, MetricError> {
        let mut read = Read::default();
        let document: Value = match serde_json::from_slice(bytes) {
            Ok(document) => document,
            Err(error) => {
                let text = error.to_string();
                let message = text.split(" at line").next().unwrap_or_default().to_owned();
                let (line, column) = (error.line() as u64, error.column().max(1));
                read.refuse(MetricError { line, column, message, hint: None }, options)?;
                return Ok(read);
            }
        };
        for series in document.as_array().into_iter().flatten() {
            let Some(target) = series.get("target").and_then(Value::as_str) else { continue };
            let labels = target_labels(target, series.get("tags"));
            for point in series.get("datapoints").and_then(Value::as_array).into_iter().flatten() {
                let (value, at) =
                    (point.get(0).and_then(Value::as_f64), point.get(1).and_then(Value::as_i64));
                if let (Some(value), Some(at)) = (value, at) {
                    read.samples += 1;
                    sink(&labels, Sample { at: at.saturating_mul(1_000), value });
                }
            }
        }
        Ok(read)
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            "[{\"target\": \"servers.web1.load\", \"tags\": {\"name\": \"servers.web1.load\"}, \"datapoints\": [[0.42, 1703385000], [null, 1703385060], [0.5, 1703385120]]}]\n",
        ]
    }
}

/// The labels of a target; what functions made of a path is kept as it is written.
fn target_labels(target: &str, tags: Option<&Value>) -> Labels {
    if target.contains(['(', ' ']) {
        let inner = target.rsplit('(').next().unwrap_or(target);
        let path = inner.split([',', ')']).next().unwrap_or(inner);
        return Labels::new([(Labels::NAME, metric_name(path).as_str()), ("target", target)]);
    }
    let tags = tags.and_then(Value::as_object).into_iter().flatten();
    let tags = tags.filter(|(name, _)| *name != "name");
    let tags = tags.filter_map(|(name, value)| Some((label_name(name), value.as_str()?.to_owned())));
    let name = metric_name(target.split(';').next().unwrap_or(target));
    Labels::new(tags.chain([(Labels::NAME.to_owned(), name)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_from_words_and_addresses() {
        for (text, expected) in [
            ("servers.web1.load 0.42 1703385000", Some("servers_web1_load 0.42")),
            ("a.b;host=x 1 1703385000", Some("a_b{host=\"x\"} 1")),
            ("main 1703385000 123", None),
            ("10.0.0.1 7 1703385000", None),
            ("a.b 1 17", None),
            ("a.b one 1703385000", None),
            ("GET /a.b 1703385000", None),
        ] {
            let found = line_of(text.as_bytes()).map(|(labels, sample)| format!("{labels} {}", sample.value));
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
