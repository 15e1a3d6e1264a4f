//! Metric formats: one file each, one line in `METRIC_FORMATS`.

mod api_json;
pub mod collectd;
pub mod csv;
mod dump;
mod exposition;
mod family;
mod gc;
mod graphite;
mod host;
mod influx;
mod native;
mod openmetrics;
mod otlp;
pub mod pairs;
mod prometheus;
mod promtool;
mod statsd;
mod strict;
pub mod tsdb;
mod victoria;

use exposition::{Pool, SeriesTexts};
pub use family::Family;
use openmetrics::{Dialect, KnownSeries};

use crate::model::{HistogramSample, Labels, Sample};

/// How a file of metrics is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadOptions {
    /// The time of samples that have none, in milliseconds since the epoch: the scrape's.
    pub at_ms: i64,
    /// Is everything the format forbids an error? Otherwise lines that cannot be read are counted.
    pub strict: bool,
    /// The zone of times without an offset.
    pub zone: chrono_tz::Tz,
    /// What the lines before said of the family that the first line belongs to.
    pub family: Family,
}

impl ReadOptions {
    /// Of a whole file; lines that cannot be read are counted.
    pub fn of_file(at_ms: i64, zone: chrono_tz::Tz) -> Self {
        ReadOptions { at_ms, strict: false, zone, family: Family::Other }
    }
}

/// The time of samples that have none, for who asks which those are: no sample is of that time.
pub const UNTIMED: i64 = i64::MIN;

/// The series that were read so far by their text: that of a scrape stand in the next one, too.
pub struct Known {
    series: SeriesTexts<KnownSeries>,
    texts: Pool,
}

impl Known {
    /// Nothing was read so far.
    pub fn new() -> Self {
        Known { series: SeriesTexts::new(), texts: Pool::default() }
    }
}

impl Default for Known {
    fn default() -> Self {
        Known::new()
    }
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Read {
    /// Samples handed on, and histograms.
    pub samples: u64,
    /// Native histograms, which are few, with their series.
    pub histograms: Vec<(Labels, HistogramSample)>,
    /// Lines (of JSON: values) that could not be read.
    pub refused: u64,
    /// Why, for the first of them.
    pub errors: Vec<MetricError>,
    /// What was taken for something else than is written, each once.
    pub notes: Vec<&'static str>,
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

    /// Takes a line whose value is no number, if that is a native histogram; gives back what else is wrong with it.
    fn histogram(
        &mut self,
        line: &[u8],
        per_second: f64,
        options: ReadOptions,
        fault: exposition::Fault,
    ) -> exposition::Parsed<()> {
        if options.strict {
            return Err(fault);
        }
        let found = native::line(line, per_second, options.at_ms).unwrap_or(Err(fault))?;
        self.samples += 1;
        self.histograms.push(found);
        Ok(())
    }

    /// Says something about the whole file, once.
    fn note(&mut self, note: &'static str) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
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

/// Takes in a sample and the line that it stands in.
pub type Each<'e> = dyn FnMut(u64, &Labels, Sample) + 'e;

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

    /// Is it what a target answers when it is scraped?
    fn is_exposition(&self) -> bool {
        false
    }

    /// Is it a text that people read as such, too? Only who asks for metrics takes it for metrics.
    fn is_text(&self) -> bool {
        false
    }

    /// Hands every sample with its line to `each`, where the lines name no series; else says no.
    fn rows(&self, _bytes: &[u8], _options: ReadOptions, _each: &mut Each<'_>) -> bool {
        false
    }

    /// May a NaN be the marker of its series' end, which no text has a word for?
    fn may_hold_markers(&self) -> bool {
        false
    }

    /// Hands all samples to `sink`.
    fn read(
        &self,
        bytes: &[u8],
        options: ReadOptions,
        known: &mut Known,
        sink: &mut Sink<'_>,
    ) -> Result<Read, MetricError>;

    /// Files in this format, for tests and documentation.
    fn examples(&self) -> &'static [&'static str];
}

impl std::fmt::Debug for dyn MetricFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// All metric formats; where two recognise a file, the first one is meant.
pub static METRIC_FORMATS: &[&dyn MetricFormat] = &[
    &api_json::ApiJson,
    &victoria::Export,
    &promtool::Query,
    &otlp::Otlp,
    &host::sadf::Sadf,
    &host::sysstat::Sysstat,
    &host::procps::Procps,
    &host::proc::Proc,
    &gc::GcLog,
    &graphite::Render,
    &graphite::Plain,
    &influx::Influx,
    &statsd::Statsd,
    &dump::TsdbDump,
    &openmetrics::OpenMetrics,
    &prometheus::Prometheus,
    &collectd::Collectd,
    &csv::Csv,
];

/// The format of that name.
pub fn by_name(name: &str) -> Option<&'static dyn MetricFormat> {
    METRIC_FORMATS.iter().copied().find(|format| format.name() == name)
}

/// The format of a file that starts like this, if that is certain: a log is never taken for metrics.
pub fn detect(head: &[u8]) -> Option<&'static dyn MetricFormat> {
    let (_, head) = body(head);
    // Scrapes are many, and most of them say at once what they are.
    let says_so = head.starts_with(b"# HELP ") || head.starts_with(b"# TYPE ");
    match says_so.then(|| openmetrics::evidence(head)).flatten() {
        Some(Dialect::OpenMetrics) => Some(&openmetrics::OpenMetrics),
        Some(Dialect::Prometheus) => Some(&prometheus::Prometheus),
        None => METRIC_FORMATS.iter().copied().find(|format| format.recognises(head)),
    }
}

/// The format of a file whose name ends as those of metrics do: samples alone, such as `up 1`, could be text as well.
pub fn detect_named(ending: &str, head: &[u8]) -> Option<&'static dyn MetricFormat> {
    if !matches!(ending, "prom" | "om" | "metrics") {
        return None;
    }
    let (_, head) = body(head);
    let whole = head.iter().rposition(|b| *b == b'\n').map_or(head, |end| &head[..=end]);
    let options = ReadOptions::of_file(0, chrono_tz::UTC);
    let read = prometheus::Prometheus.read(whole, options, &mut Known::new(), &mut |_, _| {}).ok()?;
    // What was to be written here and was not is told by the name: nothing, or why there is nothing.
    let failed = read.samples == 0 && head.len() < ERROR_PAGE;
    (failed || read.samples > 0 && read.refused <= read.samples / 2).then_some(&prometheus::Prometheus)
}

/// Where a scrape failed, there is a line of the program that scraped, or a page of an error, in its file.
const ERROR_PAGE: usize = 4096;

/// What a file holds after the mark of its byte order and the heads of HTTP answers (`curl -i`); and how many lines
/// they are.
pub fn body(bytes: &[u8]) -> (u64, &[u8]) {
    let whole = bytes;
    let mut rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    while rest.starts_with(b"HTTP/") && rest.get(6..).is_some_and(|rest| rest.contains(&b' ')) {
        let end = [&b"\r\n\r\n"[..], b"\n\n"].into_iter().filter_map(|blank| {
            let at = memchr::memmem::find(&rest[..rest.len().min(HTTP_HEAD)], blank)?;
            Some(at + blank.len())
        });
        let Some(end) = end.min() else { break };
        rest = &rest[end..];
    }
    let lines = memchr::memchr_iter(b'\n', &whole[..whole.len() - rest.len()]).count();
    (lines as u64, rest)
}

/// The head of an answer is not longer.
const HTTP_HEAD: usize = 16 << 10;

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
            // One bad line costs that line.
            ("prom", "up{a=\"b\"} 1\ncurl: (7) failed\nup{a=\"c\"} 2\n", true),
            ("prom", "", true),
            ("prom", "curl: (7) Failed to connect to node1 port 9100: refused\n", true),
        ] {
            assert_eq!(detect_named(ending, head.as_bytes()).is_some(), expected, "{ending}: {head}");
        }
    }

    pub(super) fn read(name: &str, text: &str, strict: bool) -> Result<(Vec<String>, Read), MetricError> {
        let mut lines = Vec::new();
        let options = ReadOptions { strict, ..ReadOptions::of_file(7_000, chrono_tz::UTC) };
        let format = by_name(name).expect("a known format");
        let read = format.read(text.as_bytes(), options, &mut Known::new(), &mut |labels, sample| {
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
                let slowly = METRIC_FORMATS.iter().find(|format| format.recognises(example.as_bytes()));
                assert_eq!(found, slowly.map(|format| format.name()), "{example}");
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
                            let options = ReadOptions { strict, ..ReadOptions::of_file(0, chrono_tz::UTC) };
                            let _ = format.read(bytes, options, &mut Known::new(), &mut |_, _| {});
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
                    let options = ReadOptions { strict, ..ReadOptions::of_file(0, chrono_tz::UTC) };
                    let _ = format.read(text.as_bytes(), options, &mut Known::new(), &mut |_, _| {});
                }
            }
        }
    }
}
