//! The text format of Prometheus: as OpenMetrics, with times in milliseconds and fewer rules.

use super::exposition::{Parsed, fault, fault_hinted, lines, number, series, series_end, skip_blanks};
use super::openmetrics::{Dialect, KnownSeries, evidence};
use super::{Family, Known, MetricError, MetricFormat, Read, ReadOptions, Sink};
use crate::model::Sample;

/// The text format of Prometheus.
pub(super) struct Prometheus;

impl MetricFormat for Prometheus {
    fn name(&self) -> &'static str {
        "prometheus"
    }

    fn doc(&self) -> &'static str {
        "Prometheus text, as /metrics answers it; times in milliseconds."
    }

    fn recognises(&self, head: &[u8]) -> bool {
        evidence(head) == Some(Dialect::Prometheus)
    }

    fn has_free_lines(&self) -> bool {
        true
    }

    fn is_exposition(&self) -> bool {
        true
    }

    fn may_hold_markers(&self) -> bool {
        true
    }

    fn read(
        &self,
        bytes: &[u8],
        options: ReadOptions,
        known: &mut Known,
        sink: &mut Sink<'_>,
    ) -> Result<Read, MetricError> {
        read_millis(bytes, options, known, sink)
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            "# HELP http_requests_total The total.\n# TYPE http_requests_total counter\n\
             http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000\n\
             http_requests_total{method=\"post\",code=\"400\"}    3 1395066363000\n\n\
             # A free comment.\nsomething_weird{problem=\"division by zero\",} +Inf -3982045\n",
            "# HELP up Is it up?\n# TYPE up gauge\nup{job=\"x\"} 1\n",
        ]
    }
}

/// Samples one a line, with times in milliseconds.
pub(super) fn read_millis(
    bytes: &[u8],
    mut options: ReadOptions,
    known: &mut Known,
    sink: &mut Sink<'_>,
) -> Result<Read, MetricError> {
    let mut read = Read::default();
    for (number, line) in lines(bytes) {
        let line = line.trim_ascii();
        if line.is_empty() || line[0] == b'#' {
            options.family = Family::of_line(line).unwrap_or(options.family);
            continue;
        }
        let outcome = match sample(line, options, known, sink) {
            Ok(()) => {
                read.samples += 1;
                Ok(())
            }
            Err(fault) => read.histogram(line, 1_000.0, options, fault),
        };
        if let Err(fault) = outcome {
            read.refuse(fault.in_line(number), options)?;
        }
    }
    Ok(read)
}

fn sample(
    line: &[u8],
    options: ReadOptions,
    Known { series: known, texts }: &mut Known,
    sink: &mut Sink<'_>,
) -> Parsed<()> {
    let family = options.family;
    if let Some((place, end)) = known.expected(line)
        && known.get(place).is_of(family)
    {
        sink(&known.get(place).labels, value_and_time(line, end, options)?);
        return Ok(());
    }
    let quick = series_end(line);
    let place = known.place(&line[..quick], || {
        let (mut labels, used) = series(line, false)?;
        // A blank before the brace makes the quick look stop early; then the text is no key.
        if used == quick {
            texts.share(&mut labels);
            Ok(KnownSeries::new(labels, family))
        } else {
            fault(used, "the series is written with blanks")
        }
    });
    if let Ok(place) = place
        && known.get(place).is_of(family)
    {
        let sample = value_and_time(line, quick, options)?;
        sink(&known.get(place).labels, sample);
    } else {
        let (mut labels, end) = series(line, false)?;
        family.normalise(&mut labels);
        sink(&labels, value_and_time(line, end, options)?);
    }
    Ok(())
}

fn value_and_time(line: &[u8], end: usize, options: ReadOptions) -> Parsed<Sample> {
    let start = skip_blanks(line, end);
    if start == end && end < line.len() {
        return fault(end, "a blank is missing after the series");
    }
    let word = |at: usize| {
        let rest = &line[at..];
        &rest[..rest.iter().position(|b| *b == b' ' || *b == b'\t').unwrap_or(rest.len())]
    };
    let text = word(start);
    let Some(value) = number(text) else {
        return fault_hinted(start, "the value is no number", "numbers are decimal, +Inf, -Inf or NaN");
    };
    let start = skip_blanks(line, start + text.len());
    let text = word(start);
    // An exemplar may follow where a program mixes the formats.
    if text.is_empty() || text == b"#" {
        return Ok(Sample { at: options.at_ms, value });
    }
    let Some(at) = std::str::from_utf8(text).ok().and_then(|text| text.parse::<i64>().ok()) else {
        return fault_hinted(
            start,
            "the time is no whole number of milliseconds",
            "times in seconds belong to OpenMetrics",
        );
    };
    let after = skip_blanks(line, start + text.len());
    if after < line.len() && line[after] != b'#' {
        return fault(after, "there is something after the time");
    }
    Ok(Sample { at, value })
}
