//! Series out of Prometheus' own data folders: only those that are asked for, of all blocks and of the head.

mod blocks;
mod head;

use std::collections::BTreeMap;

use serde::Deserialize;

use super::files::FilesRead;
use crate::format::metric::tsdb::{Contents, Encoding, Interval, Part, decode};
use crate::model::{Diagnostic, Series};
use crate::promql::{Reading, Store};
use crate::scan::{self, Block, Database, DatabaseFile, ScanOptions};
use crate::source::Map;

/// What is read: series, and their times. If nothing is said, that is everything.
pub(super) type Wanted<'w> = [Reading<'w>];

/// The times at which a series with these labels is read, from the first to the last; `None` if it is not.
fn wanted_times(wanted: &Wanted<'_>, labels: &[(&str, &str)]) -> Option<(i64, i64)> {
    if wanted.is_empty() {
        return Some((i64::MIN, i64::MAX));
    }
    let value = |name: &str| labels.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| *value);
    let is_read =
        |reading: &&Reading<'_>| reading.matchers.iter().all(|matcher| matcher.matches(value(&matcher.name)));
    let times = wanted.iter().filter(is_read).map(|reading| (reading.from, reading.to));
    times.reduce(|(from, to), (start, end)| (from.min(start), to.max(end)))
}

/// From the first to the last of these times.
pub(super) fn joined(spans: impl IntoIterator<Item = (i64, i64)>) -> Option<(i64, i64)> {
    spans.into_iter().reduce(|(from, to), (start, end)| (from.min(start), to.max(end)))
}

/// What was read of a block, or of the head.
#[derive(Default)]
struct Held {
    store: Store,
    read: FilesRead,
    diagnostics: Vec<Diagnostic>,
    /// Chunks and records of later versions.
    unknown: u64,
    /// Chunks of sums, counts and extremes, as Thanos makes them of old samples.
    downsampled: u64,
}

/// What a block says of itself.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Meta {
    version: u32,
    min_time: i64,
    max_time: i64,
    compaction: Compaction,
    thanos: Thanos,
}

/// What Thanos and Mimir add.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Thanos {
    /// Labels of all series of the block: those of the server that it comes from.
    labels: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Compaction {
    hints: Vec<String>,
}

impl Meta {
    /// Has it samples of a time that is read? One that does not say its times may.
    fn is_read(&self, wanted: &Wanted<'_>) -> bool {
        let overlaps = |reading: &Reading<'_>| self.min_time <= reading.to && self.max_time > reading.from;
        self.version == 0 || wanted.is_empty() || wanted.iter().any(overlaps)
    }

    /// The labels that all series of the block have beside their own. Those of the store itself (`__org_id__`) are none.
    fn outer_labels(&self) -> Vec<(&str, &str)> {
        let labels = self.thanos.labels.iter().filter(|(name, _)| !name.starts_with("__"));
        labels.map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    /// Was it made of samples that came late? Then it does not say up to when the head was written.
    fn is_late(&self) -> bool {
        self.compaction.hints.iter().any(|hint| hint == "from-out-of-order")
    }
}

/// A data folder of which so much is known as is needed to tell what has to be read: its head has been.
pub(super) struct Opened<'d> {
    database: &'d Database,
    metas: Vec<Meta>,
    head: Held,
    diagnostics: Vec<Diagnostic>,
}

/// Reads what blocks say of themselves, and the series of the head.
pub(super) fn open<'d>(database: &'d Database, wanted: &Wanted<'_>, options: &ScanOptions) -> Opened<'d> {
    let mut diagnostics = Vec::new();
    let metas: Vec<Meta> =
        database.blocks.iter().map(|block| meta(block, options, &mut diagnostics)).collect();
    // Up to then the head is in blocks.
    let written = metas.iter().filter(|meta| !meta.is_late()).map(|meta| meta.max_time).max();
    let head = head::read(database, written.unwrap_or(i64::MIN), wanted, options);
    Opened { database, metas, head, diagnostics }
}

impl Opened<'_> {
    /// The first and the last time of these series, block by block, as the indexes tell them; `None` if only their
    /// samples tell.
    pub(super) fn spans(&self, named: &Wanted<'_>, options: &ScanOptions) -> Option<Vec<(i64, i64)>> {
        let blocks = scan::parallel(options.threads, self.database.blocks.len(), |place| {
            blocks::spans(&self.database.blocks[place], &self.metas[place].outer_labels(), named, options)
        });
        let blocks = blocks.into_iter().collect::<Option<Vec<_>>>()?;
        let of_head = |reading: &Reading<'_>| self.head.store.matching(&reading.matchers);
        let head = named.iter().flat_map(of_head).filter_map(Series::span);
        Some(blocks.into_iter().flatten().chain(head).collect())
    }

    /// Adds the series of the data folder.
    pub(super) fn load(
        self,
        wanted: &Wanted<'_>,
        options: &ScanOptions,
        store: &mut Store,
    ) -> (FilesRead, Vec<Diagnostic>) {
        let Opened { database, metas, mut head, mut diagnostics } = self;
        // Of samples at one time the first is kept: that of the block that begins first.
        let mut order: Vec<usize> = (0..metas.len()).filter(|&place| metas[place].is_read(wanted)).collect();
        let passed = (metas.len() - order.len()) as u64;
        order.sort_by_key(|&place| (metas[place].min_time, &database.blocks[place].shown));
        let chosen: Vec<_> =
            order.iter().map(|&place| (&database.blocks[place], metas[place].outer_labels())).collect();
        let mut total = blocks::load(&chosen, wanted, options, store);
        total.add(&mut head);
        store.take_in(head.store);
        diagnostics.extend(total.diagnostics);
        if total.downsampled > 0 {
            let message = format!(
                "{} chunks that Thanos downsampled are not read; those of raw blocks are",
                total.downsampled
            );
            diagnostics.push(Diagnostic::warning(&database.shown, message));
        }
        if total.unknown > 0 {
            let message = format!("{} chunks or records of a later version are not read", total.unknown);
            diagnostics.push(Diagnostic::warning(&database.shown, message));
        }
        (FilesRead { passed, ..total.read }, diagnostics)
    }
}

fn meta(block: &Block, options: &ScanOptions, diagnostics: &mut Vec<Diagnostic>) -> Meta {
    let Some(file) = block.file(Part::Meta) else { return Meta::default() };
    match file.bytes(options) {
        Ok((bytes, trouble)) => {
            diagnostics.extend(trouble);
            serde_json::from_slice(&bytes).unwrap_or_else(|error| {
                diagnostics.push(Diagnostic::warning(&file.shown, format!("is not read: {error}")));
                Meta::default()
            })
        }
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            Meta::default()
        }
    }
}

impl Held {
    /// The bytes of a file; what is wrong with it is noted.
    fn open(&mut self, file: &DatabaseFile, options: &ScanOptions) -> Option<Map> {
        match file.bytes(options) {
            Ok((bytes, trouble)) => {
                self.diagnostics.extend(trouble);
                self.read.files += 1;
                self.read.bytes += bytes.len() as u64;
                Some(bytes)
            }
            Err(diagnostic) => {
                self.diagnostics.push(diagnostic);
                None
            }
        }
    }

    fn fail(&mut self, file: &DatabaseFile, message: &str) {
        self.diagnostics
            .push(Diagnostic::error(&file.shown, format!("{message}; what stands before that is read")));
    }

    /// Adds what a chunk holds; one of a later version is noted.
    fn decode(&mut self, encoding: Encoding, bytes: &[u8], found: &mut Contents) {
        match encoding {
            _ if decode(encoding, bytes, found) => {}
            Encoding::Downsampled => self.downsampled += 1,
            _ => self.unknown += 1,
        }
    }

    /// Takes over what was counted and noted of another one.
    fn add(&mut self, other: &mut Held) {
        self.read.add(other.read);
        self.unknown += other.unknown;
        self.downsampled += other.downsampled;
        self.diagnostics.append(&mut other.diagnostics);
    }
}

fn is_deleted(intervals: &[Interval], at: i64) -> bool {
    intervals.iter().any(|interval| interval.contains(at))
}
