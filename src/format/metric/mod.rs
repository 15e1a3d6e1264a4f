//! Metric formats: one file each, one line in `METRIC_FORMATS`.

mod api_json;
pub mod csv;
mod dump;
mod exposition;
mod openmetrics;
mod prometheus;
mod strict;

use crate::model::{Labels, Sample};

/// How a file of metrics is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadOptions {
    /// The time of samples that have none, in milliseconds since the epoch: the scrape's.
    pub at_ms: i64,
    /// Is everything the format forbids an error? Otherwise lines that cannot be read are counted.
    pub strict: bool,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Samples handed on.
    pub samples: u64,
    /// Lines (of JSON: values) that could not be read.
    pub refused: u64,
    /// Why, for the first of them.
    pub errors: Vec<MetricError>,
}

/// So many errors are kept with their cause; the others are counted.
const ERRORS_KEPT: usize = 10;

impl Read {
    /// Counts a line that cannot be read; with the option `strict` it is an error.
    fn refuse(&mut self, error: MetricError, options: ReadOptions) -> Result<(), MetricError> {
        if options.strict {
            return Err(error);
        }
        self.refused += 1;
        if self.errors.len() < ERRORS_KEPT {
            self.errors.push(error);
        }
        Ok(())
    }
}

/// Why a file, or a line of it, cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricError {
    /// The 1-based line.
    pub line: u64,
    /// The 1-based column, in bytes.
    pub column: usize,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl std::fmt::Display for MetricError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

/// Takes in one sample after the other.
pub type Sink<'s> = dyn FnMut(&Labels, Sample) + 's;

/// A format of files that hold samples.
pub trait MetricFormat: Sync {
    /// The name in options.
    fn name(&self) -> &'static str;

    /// What it is, in one sentence.
    fn doc(&self) -> &'static str;

    /// Is a file that starts like this certainly in this format?
    fn recognises(&self, head: &[u8]) -> bool;

    /// Can every line be read for itself, so that a file can be read in pieces?
    fn has_free_lines(&self) -> bool {
        false
    }

    /// Hands all samples to `sink`.
    fn read(&self, bytes: &[u8], options: ReadOptions, sink: &mut Sink<'_>) -> Result<Read, MetricError>;

    /// Files in this format, for tests and documentation.
    fn examples(&self) -> &'static [&'static str];
}

impl std::fmt::Debug for dyn MetricFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// All metric formats; where two recognise a file, the first one is meant.
pub static METRIC_FORMATS: &[&dyn MetricFormat] =
    &[&api_json::ApiJson, &dump::TsdbDump, &openmetrics::OpenMetrics, &prometheus::Prometheus, &csv::Csv];

/// The format of that name.
pub fn by_name(name: &str) -> Option<&'static dyn MetricFormat> {
    METRIC_FORMATS.iter().copied().find(|format| format.name() == name)
}

/// The format of a file that starts like this, if that is certain: a log is never taken for metrics.
pub fn detect(head: &[u8]) -> Option<&'static dyn MetricFormat> {
    METRIC_FORMATS.iter().copied().find(|format| format.recognises(head))
}

/// The format of a file whose name ends as those of metrics do: samples alone, such as `up 1`, could be text as well.
pub fn detect_named(ending: &str, head: &[u8]) -> Option<&'static dyn MetricFormat> {
    let whole = head.iter().rposition(|b| *b == b'\n').map_or(head, |end| &head[..=end]);
    let options = ReadOptions { at_ms: 0, strict: true };
    let read = || prometheus::Prometheus.read(whole, options, &mut |_, _| {});
    let named = matches!(ending, "prom" | "om" | "metrics");
    (named && read().is_ok_and(|read| read.samples > 0)).then_some(&prometheus::Prometheus)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_alone_are_metrics_where_the_name_says_so() {
        for (ending, head, expected) in [
            ("prom", "up 1\nqueue_depth 7\nup 0", true),
            ("om", "up 1", true),
            ("log", "up 1\nqueue_depth 7\n", false),
            ("prom", "up 1\nserver started in 3 s\n", false),
            ("prom", "", false),
        ] {
            assert_eq!(detect_named(ending, head.as_bytes()).is_some(), expected, "{ending}: {head}");
        }
    }

    pub(super) fn read(name: &str, text: &str, strict: bool) -> Result<(Vec<String>, Read), MetricError> {
        let mut lines = Vec::new();
        let options = ReadOptions { at_ms: 7_000, strict };
        let format = by_name(name).expect("a known format");
        let read = format.read(text.as_bytes(), options, &mut |labels, sample| {
            lines.push(format!("{labels} {} @{}", sample.value, sample.at));
        })?;
        Ok((lines, read))
    }

    #[test]
    fn every_format_recognises_and_reads_its_own_examples() {
        for format in METRIC_FORMATS {
            assert!(!format.examples().is_empty() && format.doc().ends_with('.'), "{}", format.name());
            for example in format.examples() {
                let found = detect(example.as_bytes()).map(MetricFormat::name);
                assert_eq!(found, Some(format.name()), "{example}");
                let (lines, read) = read(format.name(), example, true).expect(example);
                assert_eq!(read.refused, 0, "{example}");
                assert!(!lines.is_empty(), "{example}");
            }
        }
    }

    #[test]
    fn logs_are_no_metrics() {
        for log in [
            "2023-12-24 03:14:25 DEBUG Connection pool: 20/20 active connections\n",
            "level=info ts=2023-12-24T03:14:25Z msg=\"started\" took=3\nlevel=info msg=\"done\" took=4\n",
            "{\"level\":\"info\",\"status\":200,\"msg\":\"ok\"}\n{\"level\":\"info\",\"status\":200}\n",
            "requests 12\nerrors 3\n",
            "# a comment\nserver_name example.org\nport 80\n",
            "timestamp,level,message\n2023-12-24T03:00:00Z,info,hello\n2023-12-24T03:00:01Z,warn,again\n",
            "127.0.0.1 - - [24/Dec/2023:03:14:25 +0000] \"GET / HTTP/1.1\" 200 12\n",
            "{\"status\":\"success\",\"data\":{\"user\":1}}\n",
            "",
            "\n\n",
            "main 1703385000 123\nmain 1703385001 124\n",
            "kernel{cpu} 1\n",
        ] {
            assert_eq!(detect(log.as_bytes()).map(MetricFormat::name), None, "{log}");
        }
    }

    #[test]
    fn no_bytes_make_a_reader_panic() {
        for format in METRIC_FORMATS {
            for example in format.examples() {
                for end in 0..example.len() {
                    let mut damaged = example.as_bytes()[..end].to_vec();
                    damaged.push(0xff);
                    damaged.extend_from_slice(&example.as_bytes()[end..]);
                    for bytes in [&example.as_bytes()[..end], &damaged] {
                        for strict in [false, true] {
                            let options = ReadOptions { at_ms: 0, strict };
                            let _ = format.read(bytes, options, &mut |_, _| {});
                        }
                        let _ = format.recognises(bytes);
                    }
                }
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_a_reader_panic(text in "[a-z{}\"=,# 0-9.\\\\\n\t:\\[\\]-]{0,200}") {
            for format in METRIC_FORMATS {
                let _ = format.recognises(text.as_bytes());
                for strict in [false, true] {
                    let _ = format.read(text.as_bytes(), ReadOptions { at_ms: 0, strict }, &mut |_, _| {});
                }
            }
        }
    }
}
