//! The second look: entries that are shown as evidence are read again where they stand.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use super::finding::{Evidence, Finding};
use super::observe::shown;
use crate::model::{Location, Needs};
use crate::scan::{self, Input, ScanOptions, Scanned, Selection};

/// Fills in the files, lines and texts of evidence. Files that cannot be read twice keep the texts of the first
/// look.
pub fn fill(findings: &mut [Finding], logs: &[Input], scanned: &Scanned, options: &ScanOptions) {
    let all =
        findings.iter_mut().flat_map(|finding| finding.evidence.iter_mut().chain(&mut finding.corroboration));
    fill_all(all.collect(), logs, scanned, options);
}

/// Fills in the files, lines and texts of evidence.
pub fn fill_all(mut evidence: Vec<&mut Evidence>, logs: &[Input], scanned: &Scanned, options: &ScanOptions) {
    let wanted: BTreeSet<Location> = evidence.iter().map(|evidence| evidence.location).collect();
    let texts = texts(&wanted, logs, options);
    for evidence in &mut evidence {
        evidence.file =
            logs.get(evidence.location.file as usize).map_or(String::new(), |log| log.shown.clone());
        evidence.line = scanned.line_of(evidence.location);
        if let Some(text) = texts.get(&evidence.location) {
            evidence.text.clone_from(text);
        }
    }
}

/// The beginnings of the entries at these places.
fn texts(wanted: &BTreeSet<Location>, logs: &[Input], options: &ScanOptions) -> BTreeMap<Location, String> {
    let chunks: BTreeSet<(u32, u32)> = wanted.iter().map(|at| (at.file, at.chunk)).collect();
    let needs = Needs::none();
    let selection = Selection::everything(needs.clone());
    // The rest of the logs is not opened: their places in the list stay, so that locations mean the same.
    let last = wanted.iter().map(|at| at.file as usize + 1).max().unwrap_or(0).min(logs.len());
    let (found, _) = scan::run(
        &logs[..last],
        &needs,
        options,
        Vec::new,
        |found: &mut Vec<(Location, String)>, chunk| {
            if chunks.contains(&(chunk.file, chunk.index)) {
                let _ = chunk.entries(&selection, |entry| {
                    if wanted.contains(&entry.location) {
                        let text = String::from_utf8_lossy(&shown(entry.raw)).into_owned();
                        found.push((entry.location, text));
                    }
                    ControlFlow::Continue(())
                });
            }
        },
        |_| ControlFlow::Continue(()),
    );
    found.into_iter().flatten().collect()
}
