//! Files of metrics into a store: recorded series, and snapshots that become history by their time.

use std::ops::Range;

use super::scrape::{Gathered, Part};
use super::targets::{self, File, Target};
use crate::format::metric::{Known, Read};
use crate::model::{Diagnostic, Labels, Timestamp};
use crate::promql::Store;
use crate::scan::{self, Input, ScanOptions};

/// What was read of files of metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FilesRead {
    /// Files.
    pub files: u64,
    /// Bytes of them, after decompression.
    pub bytes: u64,
    /// Samples.
    pub samples: u64,
    /// Lines that could not be read.
    pub refused: u64,
    /// Blocks of a data folder that have nothing of the times that are asked for.
    pub passed: u64,
}

impl FilesRead {
    /// Adds what was read of others.
    pub(super) fn add(&mut self, other: FilesRead) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.samples += other.samples;
        self.refused += other.refused;
        self.passed += other.passed;
    }
}

/// What was read of one file.
pub(super) struct FileRead {
    pub input: usize,
    pub at: Timestamp,
    pub bytes: u64,
    pub read: Result<Read, Diagnostic>,
    pub troubles: Vec<Diagnostic>,
    /// Is this a scrape, whose samples have its time?
    pub is_scrape: bool,
    /// Series that were not in the scrape before.
    pub added: u64,
}

/// Reads all files into the store. Samples without a time get that of their file: the one in its name, else when
/// it was last written, else `now`. `asks_for` says whether somebody asks for a metric that tells of the scrapes.
pub(super) fn load(
    inputs: &[Input],
    now: Timestamp,
    asks_for: &dyn Fn(&str) -> bool,
    options: &ScanOptions,
    store: &mut Store,
) -> (FilesRead, Vec<Diagnostic>) {
    let all = targets_of(inputs, now, options);
    let units = units(inputs, &all);
    let read = |unit: &Unit, threads| {
        read_unit(inputs, &all[unit.target].snapshots[unit.snapshots.clone()], threads, options)
    };
    let mut parts = scan::parallel(options.threads, units.len(), |index| {
        // A large file is read by all threads at once, when its turn comes.
        (!units[index].is_large).then(|| read(&units[index], 1))
    });
    let mut gathered = Gathered::new(inputs, &all, &options.read.labels);
    for (unit, part) in units.iter().zip(&mut parts) {
        let part = part.take().unwrap_or_else(|| read(unit, options.threads));
        gathered.add(unit.target, part);
    }
    let files = gathered.into_store(asks_for, store);
    account(inputs, files)
}

/// Adds up what was read, and says what could not be.
fn account(
    inputs: &[Input],
    (files, told): (Vec<FileRead>, Vec<Diagnostic>),
) -> (FilesRead, Vec<Diagnostic>) {
    let mut total = FilesRead::default();
    let mut diagnostics = Vec::new();
    for file in files {
        let shown = &inputs[file.input].shown;
        diagnostics.extend(file.troubles);
        total.files += 1;
        total.bytes += file.bytes;
        match file.read {
            Ok(read) => {
                total.samples += read.samples;
                total.refused += read.refused;
                diagnostics.extend(refused(shown, &read));
                diagnostics.extend(read.notes.iter().map(|note| Diagnostic::warning(shown, *note)));
            }
            Err(diagnostic) => diagnostics.push(Diagnostic { path: shown.clone(), ..diagnostic }),
        }
    }
    diagnostics.extend(told);
    (total, diagnostics)
}

/// The targets of files of metrics.
fn targets_of(inputs: &[Input], now: Timestamp, options: &ScanOptions) -> Vec<Target> {
    let file = |input: &'_ Input| (zone(input, options), input.modified);
    let known: Vec<_> = inputs.iter().map(file).collect();
    let files: Vec<File<'_>> = inputs
        .iter()
        .zip(known)
        .map(|(input, (zone, modified))| File { shown: &input.shown, modified, zone })
        .collect();
    targets::targets(&files, now)
}

/// The zone of times without an offset in a file and its name.
pub(super) fn zone(input: &Input, options: &ScanOptions) -> chrono_tz::Tz {
    options.read.zone_for(&input.shown).or(options.read.zone).unwrap_or(chrono_tz::UTC)
}

/// For each file the time of samples that have none, and the labels that tell its target apart.
pub(super) fn snapshots(inputs: &[Input], now: Timestamp, options: &ScanOptions) -> Vec<(Timestamp, Labels)> {
    let all = targets_of(inputs, now, options);
    let labels = targets::labels(&all.iter().collect::<Vec<_>>());
    let mut found = vec![(now, Labels::default()); inputs.len()];
    for (target, labels) in all.iter().zip(labels) {
        for &(index, at) in &target.snapshots {
            found[index] = (at, labels.clone());
        }
    }
    found
}

/// Files of a target that are read one after the other.
struct Unit {
    target: usize,
    /// The snapshots of the target.
    snapshots: Range<usize>,
    /// Is it one file that is worth being read in pieces?
    is_large: bool,
}

/// Bytes of a piece of a file whose lines stand for themselves; what comes out does not depend on it.
pub(super) const PIECE: usize = 8 << 20;

/// So many bytes are read before it is worth to begin with a new memory of known series.
const UNIT: u64 = 4 << 20;

fn units(inputs: &[Input], all: &[Target]) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    for (target, files) in all.iter().enumerate() {
        let mut room = 0;
        for (place, (index, _)) in files.snapshots.iter().enumerate() {
            let size = inputs[*index].size.unwrap_or(UNIT);
            let is_large = size > PIECE as u64;
            match units.last_mut() {
                Some(last) if last.target == target && !is_large && size <= room => {
                    last.snapshots.end = place + 1;
                    room -= size;
                }
                _ => {
                    units.push(Unit { target, snapshots: place..place + 1, is_large });
                    room = if is_large { 0 } else { UNIT.saturating_sub(size) };
                }
            }
        }
    }
    units
}

fn read_unit(
    inputs: &[Input],
    snapshots: &[(usize, Timestamp)],
    threads: usize,
    options: &ScanOptions,
) -> Part {
    let mut part = Part::default();
    let mut known = Known::new();
    for &(input, at) in snapshots {
        let Some(format) = inputs[input].metric_format() else { continue };
        let zone = zone(&inputs[input], options);
        let (read, troubles) = inputs[input].with_bytes(options, |bytes| {
            (bytes.len() as u64, part.read(format, bytes, (at, zone), threads, &mut known))
        });
        let (bytes, read) = read.unwrap_or((0, Ok(Read::default())));
        let is_scrape = format.is_exposition() && troubles.is_empty();
        part.finish(FileRead { input, at, bytes, read, troubles, is_scrape, added: 0 });
    }
    part
}

/// The bytes in pieces of whole lines.
pub(super) fn pieces(bytes: &[u8], size: usize) -> Vec<&[u8]> {
    let mut pieces = Vec::with_capacity(bytes.len() / size + 1);
    let mut rest = bytes;
    while rest.len() > size {
        let end = memchr::memchr(b'\n', &rest[size..]).map_or(rest.len(), |end| size + end + 1);
        let (piece, after) = rest.split_at(end);
        pieces.push(piece);
        rest = after;
    }
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(rest);
    }
    pieces
}

/// What could not be read, line by line as far as the causes were kept.
fn refused(path: &str, read: &Read) -> Vec<Diagnostic> {
    let mut told: Vec<Diagnostic> = Vec::new();
    for error in &read.errors {
        let message = format!("column {}: {}", error.column, error.message);
        let diagnostic = Diagnostic::warning(path, message).at_line(error.line);
        told.push(match &error.hint {
            Some(hint) => diagnostic.hinted(hint.as_str()),
            None => diagnostic,
        });
    }
    let untold = read.refused.saturating_sub(told.len() as u64);
    if untold > 0 {
        told.push(Diagnostic::warning(path, format!("{untold} more lines could not be read")));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_whole_lines_and_nothing_is_lost() {
        let text = b"a 1\nbb 22\n\nccc 333\nd";
        for size in 1..text.len() + 2 {
            let found = pieces(text, size);
            assert_eq!(found.concat(), text, "{size}");
            assert!(found[..found.len() - 1].iter().all(|piece| piece.ends_with(b"\n")), "{size}");
        }
    }
}
