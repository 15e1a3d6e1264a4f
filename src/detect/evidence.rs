//! The second look: entries that are shown as evidence are read again where they stand.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Evidence, Finding};
use super::observe::shown;
use super::recorded::NOWHERE;
use crate::model::{Entry, Location, Needs, Timestamp};
use crate::scan::{self, Input, ScanOptions, Scanned};

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
    let text =
        |entry: &Entry<'_, '_>| (entry.location, String::from_utf8_lossy(&shown(entry.raw)).into_owned());
    let texts: BTreeMap<Location, String> =
        scan::entries_at((logs, scanned), &wanted, &Needs::none(), options, text).into_iter().collect();
    for evidence in evidence.iter_mut().filter(|evidence| evidence.location.file != NOWHERE) {
        evidence.file =
            logs.get(evidence.location.file as usize).map_or(String::new(), |log| log.shown.clone());
        evidence.line = scanned.line_of(evidence.location);
        if let Some(text) = texts.get(&evidence.location) {
            evidence.text.clone_from(text);
        }
    }
}

/// Fills in the files and lines of samples: the line of a series with the time of the sample, or at least the
/// first line of the series.
pub fn fill_recorded(evidence: Vec<&mut Evidence>, metrics: &[Input], options: &ScanOptions) {
    let mut wanted: Vec<_> = evidence
        .into_iter()
        .filter(|evidence| evidence.location.file == NOWHERE)
        .map(|evidence| {
            let sought = Sought::of(&evidence.text, evidence.timestamp);
            (evidence, sought, None::<(usize, u64, bool)>)
        })
        .collect();
    if wanted.is_empty() {
        return;
    }
    for (file, input) in metrics.iter().enumerate() {
        input.with_bytes(options, |bytes| {
            for (number, line) in (1_u64..).zip(bytes.split(|b| *b == b'\n')) {
                for (_, sought, found) in &mut wanted {
                    if found.is_none_or(|(.., exact)| !exact) && sought.is_in(line) {
                        let exact = sought.is_at(line);
                        if exact || found.is_none() {
                            *found = Some((file, number, exact));
                            sought.text = String::from_utf8_lossy(&shown(line)).into_owned();
                        }
                    }
                }
            }
        });
    }
    for (evidence, sought, found) in wanted {
        let (file, line, _) = found.unwrap_or((0, 1, false));
        evidence.file = metrics.get(file).map_or(String::new(), |input| input.shown.clone());
        evidence.line = line;
        if found.is_some() {
            evidence.text = sought.text;
        }
    }
}

/// A sample as it is looked for.
struct Sought {
    name: String,
    /// The labels as they are written everywhere: `name="value"`.
    labels: Vec<String>,
    seconds: String,
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
            seconds: at.map_or(String::new(), |at| (at.0 / crate::model::time::NANOS).to_string()),
            text: String::new(),
        }
    }

    fn is_in(&self, line: &[u8]) -> bool {
        line.starts_with(self.name.as_bytes())
            && self.labels.iter().all(|label| memchr::memmem::find(line, label.as_bytes()).is_some())
    }

    fn is_at(&self, line: &[u8]) -> bool {
        memchr::memmem::find(line, self.seconds.as_bytes()).is_some()
    }
}
