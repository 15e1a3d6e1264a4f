//! What `promtool query instant` and `promtool query range` print: series and values after an arrow.

use super::exposition::{Parsed, fault, head_lines, lines, nanos_to_millis, number, seconds, series};
use super::{Known, MetricError, MetricFormat, Read, ReadOptions, Sink};
use crate::model::{Labels, Sample};

/// The output of promtool's queries.
pub(super) struct Query;

/// Stands between a series and its values.
const ARROW: &[u8] = b" =>";

/// A line of the output.
enum Line {
    /// A series, and its value if it has one only.
    Series(Labels, Option<Sample>),
    /// A value of the series above.
    Value(Sample),
}

impl MetricFormat for Query {
    fn name(&self) -> &'static str {
        "promtool-query"
    }

    fn doc(&self) -> &'static str {
        "The output of promtool query instant and range; with -o json it is prometheus-api."
    }

    fn recognises(&self, head: &[u8]) -> bool {
        let mut values = 0;
        let mut seen = head_lines(head).filter(|line| !line.is_empty()).map(|line| match read_line(line) {
            Ok(Line::Series(_, Some(_)) | Line::Value(_)) => {
                values += 1;
                true
            }
            Ok(Line::Series(_, None)) => true,
            Err(_) => false,
        });
        seen.all(|readable| readable) && values > 0
    }

    fn read(
        &self,
        bytes: &[u8],
        options: ReadOptions,
        _: &mut Known,
        sink: &mut Sink<'_>,
    ) -> Result<Read, MetricError> {
        let mut read = Read::default();
        let mut known: Option<Labels> = None;
        for (number, line) in lines(bytes) {
            let line = line.trim_ascii();
            if line.is_empty() {
                continue;
            }
            let sample = match read_line(line) {
                Ok(Line::Series(labels, sample)) => {
                    known = Some(labels);
                    sample
                }
                Ok(Line::Value(sample)) => Some(sample),
                Err(fault) => {
                    read.refuse(fault.in_line(number), options)?;
                    continue;
                }
            };
            match (sample, &known) {
                (None, _) => {}
                (Some(sample), Some(labels)) => {
                    read.samples += 1;
                    sink(labels, sample);
                }
                (Some(_), None) => {
                    let message = "a value stands before all series".to_owned();
                    read.refuse(MetricError { line: number, column: 1, message, hint: None }, options)?;
                }
            }
        }
        Ok(read)
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            "up{instance=\"localhost:9090\", job=\"x\"} => 1 @[1703385000.781]\n",
            "up{job=\"x\"} =>\n1 @[1703385000]\n0 @[1703385015.5]\n{job=\"y\"} =>\nNaN @[1703385000]\n",
        ]
    }
}

fn read_line(line: &[u8]) -> Parsed<Line> {
    if let Some(sample) = value(line) {
        return Ok(Line::Value(sample));
    }
    // The result of a function has no name.
    let (labels, end) = match series(line, false) {
        Ok(found) => found,
        Err(_) if line.starts_with(b"{") => {
            let mut labels = Labels::default();
            let end = super::exposition::braces(line, 0, false, &mut labels)?;
            (labels, end)
        }
        Err(fault) => return Err(fault),
    };
    let Some(rest) = line[end..].strip_prefix(ARROW) else { return fault(end, "\"=>\" is missing") };
    let rest = rest.trim_ascii();
    if rest.is_empty() {
        return Ok(Line::Series(labels, None));
    }
    match value(rest) {
        Some(sample) => Ok(Line::Series(labels, Some(sample))),
        None => fault(end + ARROW.len(), "there is no value and time, such as 1 @[1703385000]"),
    }
}

/// `1 @[1703385000.781]`.
fn value(text: &[u8]) -> Option<Sample> {
    let at = memchr::memmem::find(text, b" @[")?;
    let time = text[at + 3..].strip_suffix(b"]")?;
    Some(Sample { at: nanos_to_millis(seconds(time)?)?, value: number(text[..at].trim_ascii())? })
}
