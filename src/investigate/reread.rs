//! The second look: entries that are shown as evidence are read again where they stand.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::detect::book::NOWHERE;
use crate::detect::finding::Finding;
use crate::format::metric::ReadOptions;
use crate::model::{Entry, Labels, Location, Needs, Role, Sample, Slots, Timestamp, Value};
use crate::scan::{self, Input, ScanOptions, Scanned};
use crate::timeline::observe::shown;
use crate::timeline::{Evidence, SpanOf};

/// Fills in the files, lines and texts of evidence. Files that cannot be read twice keep the texts of the first
/// look.
pub fn fill(findings: &mut [Finding], logs: &[Input], scanned: &Scanned, options: &ScanOptions) {
    let all =
        findings.iter_mut().flat_map(|finding| finding.evidence.iter_mut().chain(&mut finding.corroboration));
    fill_all(all.collect(), logs, scanned, options);
}

/// Fills in the files, lines and texts of evidence.
pub fn fill_all(mut evidence: Vec<&mut Evidence>, logs: &[Input], scanned: &Scanned, options: &ScanOptions) {
    let wanted: BTreeSet<Location> =
        evidence.iter().map(|evidence| evidence.location).filter(|at| at.file != NOWHERE).collect();
    let text = |entry: &Entry<'_, '_>| {
        (entry.location, (String::from_utf8_lossy(&shown(entry.raw)).into_owned(), span_of(entry.slots)))
    };
    let mut needs = Needs::none();
    for role in [Role::TraceId, Role::Service, Role::Message] {
        needs.role(role);
    }
    let texts: BTreeMap<Location, (String, Option<SpanOf>)> =
        scan::entries_at((logs, scanned), &wanted, &needs, options, text).into_iter().collect();
    for evidence in evidence.iter_mut().filter(|evidence| evidence.location.file != NOWHERE) {
        evidence.file =
            logs.get(evidence.location.file as usize).map_or(String::new(), |log| log.shown.clone());
        evidence.line = scanned.line_of(evidence.location);
        if let Some((text, span)) = texts.get(&evidence.location) {
            evidence.text.clone_from(text);
            evidence.span.clone_from(span);
        }
    }
}

/// What an entry is of a trace.
fn span_of(slots: &Slots<'_>) -> Option<SpanOf> {
    let text = |value: Value<'_>| value.text().map(Cow::into_owned).filter(|text| !text.is_empty());
    Some(SpanOf {
        trace: text(slots.role(Role::TraceId))?,
        span: text(slots.span?.id)?,
        service: text(slots.role(Role::Service)),
        operation: text(slots.role(Role::Message)),
    })
}

/// Fills in the files and lines of samples: the line of a series with the time of the sample, or at least the
/// first line of the series.
pub fn fill_recorded(evidence: Vec<&mut Evidence>, metrics: &[Input], options: &ScanOptions) {
    let mut wanted: Vec<(&mut Evidence, Sought)> = evidence
        .into_iter()
        .filter(|evidence| evidence.location.file == NOWHERE && evidence.line == 0)
        .map(|evidence| {
            let sought = Sought::of(&evidence.text, evidence.timestamp);
            (evidence, sought)
        })
        .collect();
    if wanted.is_empty() {
        return;
    }
    for (file, input) in metrics.iter().enumerate() {
        let format = input.metric_format();
        input.with_bytes(options, |bytes| {
            let mut sought: Vec<&mut Sought> =
                wanted.iter_mut().map(|(_, sought)| sought).filter(|sought| !sought.is_found()).collect();
            // The lines of a table name no series.
            let options = ReadOptions::of_file(
                input.modified.map_or(0, Timestamp::millis),
                options.read.zone.unwrap_or(chrono_tz::UTC),
            );
            let name = &input.shown;
            let told = format.is_some_and(|format| {
                format.rows(bytes, options, &mut |line, labels, sample| {
                    for sought in &mut sought {
                        sought.look_at_sample((file, name), line, labels, sample);
                    }
                })
            });
            if !told {
                for (number, line) in (1_u64..).zip(bytes.split(|b| *b == b'\n')) {
                    for sought in &mut sought {
                        sought.look_at_line(file, number, line);
                    }
                }
            }
        });
    }
    for (evidence, sought) in wanted {
        let (file, line, _) = sought.found.unwrap_or((0, 1, false));
        evidence.file = metrics.get(file).map_or(String::new(), |input| input.shown.clone());
        evidence.line = line;
        if sought.found.is_some() {
            evidence.text = sought.text;
        }
    }
}

/// A sample as it is looked for.
struct Sought {
    name: String,
    /// The labels as they are written everywhere: `name="value"`.
    labels: Vec<String>,
    at: Option<Timestamp>,
    seconds: String,
    /// The file and the line, and whether it is that of the time.
    found: Option<(usize, u64, bool)>,
    text: String,
}

impl Sought {
    /// Of a series as it is shown: `name{label="value", other="value"}`.
    fn of(series: &str, at: Option<Timestamp>) -> Sought {
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let labels = labels.trim_end_matches('}').split(", ").filter(|label| !label.is_empty());
        Sought {
            name: name.to_owned(),
            labels: labels.map(str::to_owned).collect(),
            at,
            seconds: at.map_or(String::new(), |at| (at.0 / crate::model::time::NANOS).to_string()),
            found: None,
            text: String::new(),
        }
    }

    fn is_found(&self) -> bool {
        self.found.is_some_and(|(.., exact)| exact)
    }

    /// Takes a place, if it is the first or that of the time.
    fn take(&mut self, (file, line, exact): (usize, u64, bool), text: impl FnOnce() -> String) {
        if exact || self.found.is_none() {
            self.found = Some((file, line, exact));
            self.text = text();
        }
    }

    fn look_at_line(&mut self, file: usize, number: u64, line: &[u8]) {
        let is_in = !self.is_found()
            && line.starts_with(self.name.as_bytes())
            && self.labels.iter().all(|label| memchr::memmem::find(line, label.as_bytes()).is_some());
        if is_in {
            let exact = memchr::memmem::find(line, self.seconds.as_bytes()).is_some();
            self.take((file, number, exact), || String::from_utf8_lossy(&shown(line)).into_owned());
        }
    }

    /// A row of the file of that number and path. What its columns leave open, the file's name tells.
    fn look_at_sample(&mut self, (file, path): (usize, &str), number: u64, labels: &Labels, sample: Sample) {
        let metric = labels.metric();
        if self.is_found() || metric != self.name && !metric.is_empty() {
            return;
        }
        let series = labels.to_string();
        let named = |label: &String| label.split('"').nth(1).is_some_and(|value| path.contains(value));
        let of_file = metric.is_empty() && !path.contains(&self.name);
        if !of_file && self.labels.iter().all(|label| series.contains(label) || named(label)) {
            let exact = Timestamp::from_millis(sample.at) >= self.at;
            self.take((file, number, exact), || format!("{series} {}", sample.value));
        }
    }
}
