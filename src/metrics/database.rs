//! Series out of Prometheus' own data folders: only those that are asked for, of all blocks and of the head.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Deserialize;

use super::files::FilesRead;
use crate::format::metric::tsdb::{
    Contents, Encoding, HeadChunk, Index, Interval, Part, Record, Tombstones, decode, framed, head_chunks,
    records, tombstones,
};
use crate::model::{Diagnostic, HistogramSample, Labels, Sample};
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

/// Adds the series of a data folder.
pub(super) fn load(
    database: &Database,
    wanted: &Wanted<'_>,
    options: &ScanOptions,
    store: &mut Store,
) -> (FilesRead, Vec<Diagnostic>) {
    let mut total = FilesRead::default();
    let mut diagnostics = Vec::new();
    let metas: Vec<Meta> =
        database.blocks.iter().map(|block| meta(block, options, &mut diagnostics)).collect();
    // Of samples at one time the first is kept: that of the block that begins first.
    let mut order: Vec<usize> = (0..metas.len()).filter(|&place| metas[place].is_read(wanted)).collect();
    total.passed = (metas.len() - order.len()) as u64;
    order.sort_by_key(|&place| (metas[place].min_time, &database.blocks[place].shown));
    let mut parts = scan::parallel(options.threads, order.len(), |index| {
        let place = order[index];
        block(&database.blocks[place], &metas[place].outer_labels(), wanted, options)
    });
    let written = metas.iter().filter(|meta| !meta.is_late()).map(|meta| meta.max_time).max();
    parts.push(head(database, written.unwrap_or(i64::MIN), wanted, options));
    let (mut unknown, mut downsampled) = (0, 0);
    for part in parts {
        total.files += part.read.files;
        total.bytes += part.read.bytes;
        total.samples += part.read.samples;
        unknown += part.unknown;
        downsampled += part.downsampled;
        diagnostics.extend(part.diagnostics);
        store.gather(part.store, |labels| labels, |_, _, _| ());
    }
    if downsampled > 0 {
        let message =
            format!("{downsampled} chunks that Thanos downsampled are not read; those of raw blocks are");
        diagnostics.push(Diagnostic::warning(&database.shown, message));
    }
    if unknown > 0 {
        let message = format!("{unknown} chunks or records of a later version are not read");
        diagnostics.push(Diagnostic::warning(&database.shown, message));
    }
    (total, diagnostics)
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

    /// What a chunk holds; one of a later version is noted.
    fn decoded(&mut self, encoding: Encoding, bytes: &[u8]) -> Contents {
        decode(encoding, bytes).unwrap_or_else(|| {
            match encoding {
                Encoding::Downsampled => self.downsampled += 1,
                _ => self.unknown += 1,
            }
            Contents::default()
        })
    }
}

/// The labels of a series and those around it, which count where both have a name, as in Thanos.
fn with_outer<'l>(labels: &[(&'l str, &'l str)], outer: &[(&'l str, &'l str)]) -> Vec<(&'l str, &'l str)> {
    let is_own = |(name, _): &&(&str, &str)| !outer.iter().any(|(other, _)| other == name);
    labels.iter().filter(is_own).chain(outer).copied().collect()
}

fn block(block: &Block, outer: &[(&str, &str)], wanted: &Wanted<'_>, options: &ScanOptions) -> Held {
    let mut part = Held::default();
    let Some(file) = block.file(Part::Index) else { return part };
    let Some(bytes) = part.open(file, options) else { return part };
    let index = match Index::read(&bytes) {
        Ok(index) => index,
        Err(message) => {
            part.diagnostics.push(Diagnostic::error(&file.shown, message));
            return part;
        }
    };
    let deleted = deleted(block, &mut part, options);
    let mut segments = Vec::new();
    let mut missing = 0_u64;
    for number in 1.. {
        let Some(file) = block.file(Part::Chunks(number)) else { break };
        segments.push(part.open(file, options));
    }
    let mut texts = Texts::default();
    let mut trouble: Option<&'static str> = None;
    let done = index.each(
        |labels| match outer {
            [] => wanted_times(wanted, labels),
            outer => wanted_times(wanted, &with_outer(labels, outer)),
        },
        |entry, (from, to)| {
            let (mut samples, mut histograms) = (Vec::new(), Vec::new());
            for place in entry.chunks.iter().filter(|place| place.from <= to && place.to >= from) {
                let segment = segments.get(place.segment).and_then(Option::as_ref);
                let chunk = match segment.map(|segment| framed(segment, place.offset)) {
                    Some(Ok(chunk)) => chunk,
                    other => {
                        missing += 1;
                        let reason = other.and_then(Result::err).unwrap_or("a segment of chunks is missing");
                        trouble.get_or_insert(reason);
                        continue;
                    }
                };
                let contents = part.decoded(chunk.0, chunk.1);
                missing += u64::from(contents.is_cut);
                samples.extend(contents.samples);
                histograms.extend(contents.histograms);
            }
            if let Some(intervals) = deleted.get(&entry.reference) {
                samples.retain(|sample| !is_deleted(intervals, sample.at));
                histograms.retain(|sample| !is_deleted(intervals, sample.at));
            }
            part.read.samples += (samples.len() + histograms.len()) as u64;
            let labels = texts.labels(&with_outer(&entry.labels, outer));
            part.store.offer_all(&labels, samples);
            part.store.offer_histograms(&labels, histograms);
        },
    );
    if let Err(message) = done {
        part.fail(file, &message);
    }
    if missing > 0 {
        let reason = trouble.unwrap_or("a chunk is cut");
        let message = format!("{missing} chunks are not there as a whole: {reason}");
        part.diagnostics.push(Diagnostic::error(&block.shown, message));
    }
    part
}

fn deleted(block: &Block, part: &mut Held, options: &ScanOptions) -> Tombstones {
    let Some(file) = block.file(Part::Tombstones) else { return Tombstones::new() };
    let Some(bytes) = part.open(file, options) else { return Tombstones::new() };
    tombstones(&bytes).unwrap_or_else(|message| {
        let message = format!("{message}; what was deleted is shown");
        part.diagnostics.push(Diagnostic::error(&file.shown, message));
        Tombstones::new()
    })
}

fn is_deleted(intervals: &[Interval], at: i64) -> bool {
    intervals.iter().any(|interval| interval.contains(at))
}

/// Texts of an index, each kept once.
#[derive(Default)]
struct Texts(HashMap<(usize, usize), Arc<str>>);

impl Texts {
    /// Labels of texts that lie in the same bytes as long as these are asked for.
    fn labels(&mut self, labels: &[(&str, &str)]) -> Labels {
        let mut shared = |text: &str| {
            let place = (text.as_ptr() as usize, text.len());
            Arc::clone(self.0.entry(place).or_insert_with(|| Arc::from(text)))
        };
        Labels::new(labels.iter().map(|(name, value)| (shared(name), shared(value))).collect::<Vec<_>>())
    }
}

/// The series of the head while it is read.
#[derive(Default)]
struct Head {
    /// For each number the place of its series; `None` if nobody asks for it.
    numbers: HashMap<u64, Option<usize>>,
    series: Vec<HeadSeries>,
}

#[derive(Default)]
struct HeadSeries {
    labels: Labels,
    samples: Vec<Sample>,
    late: Vec<Sample>,
    histograms: Vec<HistogramSample>,
    late_histograms: Vec<HistogramSample>,
    deleted: Vec<Interval>,
}

impl Head {
    fn series(&mut self, number: u64) -> Option<&mut HeadSeries> {
        self.numbers.get(&number).copied().flatten().map(|place| &mut self.series[place])
    }
}

/// Reads the write-ahead log and the chunks of the head. What blocks have, up to `written`, is left out.
fn head(database: &Database, written: i64, wanted: &Wanted<'_>, options: &ScanOptions) -> Held {
    let mut part = Held::default();
    let mut head = Head::default();
    let checkpoint = database.head.iter().filter_map(|file| match file.part {
        Part::Checkpoint(number, _) => Some(number),
        _ => None,
    });
    let checkpoint = checkpoint.max();
    let log: Vec<&DatabaseFile> = database
        .head
        .iter()
        .filter(|file| matches!(file.part, Part::Checkpoint(number, _) if Some(number) == checkpoint))
        .chain(database.head.iter().filter(
            |file| matches!(file.part, Part::Wal(number) if checkpoint.is_none_or(|last| number > last)),
        ))
        .collect();
    for (place, file) in log.iter().enumerate() {
        let Some(bytes) = part.open(file, options) else { break };
        if let Err(message) = records(&bytes, |record| take(record, false, wanted, &mut head, &mut part)) {
            // A server that was stopped hard leaves half a record, and nobody else has it.
            if place + 1 == log.len() {
                let message = format!("{message}; what stands before that is read");
                part.diagnostics.push(Diagnostic::warning(&file.shown, message));
            } else {
                part.fail(file, &message);
            }
            break;
        }
    }
    for file in database.head.iter().filter(|file| matches!(file.part, Part::Head(_))) {
        let Some(bytes) = part.open(file, options) else { continue };
        let done = head_chunks(&bytes, |chunk: HeadChunk<'_>| {
            let Some(series) = head.series(chunk.series) else { return };
            let contents = part.decoded(chunk.encoding, chunk.bytes);
            if chunk.is_late {
                series.late.extend(contents.samples);
                series.late_histograms.extend(contents.histograms);
            } else {
                series.samples.extend(contents.samples);
                series.histograms.extend(contents.histograms);
            }
        });
        if let Err(message) = done {
            part.fail(file, &message);
        }
    }
    for file in database.head.iter().filter(|file| matches!(file.part, Part::LateWal(_))) {
        let Some(bytes) = part.open(file, options) else { continue };
        if let Err(message) = records(&bytes, |record| take(record, true, wanted, &mut head, &mut part)) {
            let message = format!("{message}; what stands before that is read");
            part.diagnostics.push(Diagnostic::warning(&file.shown, message));
        }
    }
    for series in head.series {
        let HeadSeries { labels, samples, late, histograms, late_histograms, deleted } = series;
        let is_there = |at: i64| !is_deleted(&deleted, at);
        let samples = merged(samples, late, |sample| sample.at, written, is_there);
        let histograms = merged(histograms, late_histograms, |sample| sample.at, written, is_there);
        part.read.samples += (samples.len() + histograms.len()) as u64;
        if !samples.is_empty() {
            part.store.offer_all(&labels, samples);
        }
        for histogram in histograms {
            part.store.append_histogram(&labels, histogram);
        }
    }
    part
}

/// What came in time and is in no block, and what came late, rising in time.
fn merged<T>(
    mut samples: Vec<T>,
    late: Vec<T>,
    at: impl Fn(&T) -> i64,
    written: i64,
    is_there: impl Fn(i64) -> bool,
) -> Vec<T> {
    samples.retain(|sample| at(sample) >= written);
    samples.extend(late);
    samples.retain(|sample| is_there(at(sample)));
    samples.sort_by_key(&at);
    samples.dedup_by_key(|sample| at(sample));
    samples
}

fn take(record: Record<'_>, is_late: bool, wanted: &Wanted<'_>, head: &mut Head, part: &mut Held) {
    match record {
        Record::Series(series) => {
            for (number, labels) in series {
                if head.numbers.contains_key(&number) {
                    continue;
                }
                let place = wanted_times(wanted, &labels).map(|_| {
                    let labels = Labels::new(labels.iter().copied());
                    head.series.push(HeadSeries { labels, ..HeadSeries::default() });
                    head.series.len() - 1
                });
                head.numbers.insert(number, place);
            }
        }
        Record::Samples(samples) => {
            for (number, sample) in samples {
                if let Some(series) = head.series(number) {
                    if is_late { series.late.push(sample) } else { series.samples.push(sample) }
                }
            }
        }
        Record::Tombstones(deleted) => {
            for (number, interval) in deleted {
                if let Some(series) = head.series(number) {
                    series.deleted.push(interval);
                }
            }
        }
        Record::Histograms(histograms) => {
            for (number, sample) in histograms {
                if let Some(series) = head.series(number) {
                    let list = if is_late { &mut series.late_histograms } else { &mut series.histograms };
                    list.push(sample);
                }
            }
        }
        Record::Unknown(_) => part.unknown += 1,
        Record::Other => {}
    }
}
