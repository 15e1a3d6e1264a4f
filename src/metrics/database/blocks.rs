//! Blocks of a data folder: first all indexes tell which chunks are read, then these are, on all cores.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::{Held, Wanted, is_deleted, joined, wanted_times};
use crate::format::metric::tsdb::{
    ChunkPlace, Contents, Index, Interval, Part, Tombstones, framed, tombstones,
};
use crate::model::{Diagnostic, Labels};
use crate::promql::Store;
use crate::scan::{self, Block, ScanOptions};
use crate::source::Map;

/// A series of which something is read.
struct Chosen {
    labels: Labels,
    chunks: Vec<ChunkPlace>,
    deleted: Vec<Interval>,
}

/// What the index of a block tells.
#[derive(Default)]
struct Listed {
    series: Vec<Chosen>,
    segments: Vec<Option<Map>>,
    held: Held,
}

/// A block, and the labels that all of its series have beside their own.
type Place<'b> = (&'b Block, Vec<(&'b str, &'b str)>);

/// A server closes a chunk at so many samples.
const USUAL: usize = 120;

/// So many chunks are worth a turn of a thread.
const TURN: usize = 256;

/// Adds the series of these blocks, in their order, and says what was read.
pub(super) fn load(
    blocks: &[Place<'_>],
    wanted: &Wanted<'_>,
    options: &ScanOptions,
    store: &mut Store,
) -> Held {
    let mut listed = scan::parallel(options.threads, blocks.len(), |place| {
        let (block, outer) = &blocks[place];
        list(block, outer, wanted, options)
    });
    let turns = turns(&listed);
    let threads = if turns.len() < 2 { 1 } else { options.threads };
    let read = scan::parallel(threads, turns.len(), |turn| {
        let (block, series) = &turns[turn];
        let listed = &listed[*block];
        let mut read = Turn::default();
        for chosen in &listed.series[series.clone()] {
            let contents = read.series(chosen, &listed.segments);
            read.found.push(contents);
        }
        read
    });
    let mut missing = vec![(0, None); blocks.len()];
    for ((block, series), mut turn) in turns.into_iter().zip(read) {
        let Listed { series: all, held, .. } = &mut listed[block];
        for (chosen, contents) in all[series].iter().zip(turn.found) {
            held.read.samples += (contents.samples.len() + contents.histograms.len()) as u64;
            store.offer_all(&chosen.labels, contents.samples);
            store.offer_histograms(&chosen.labels, contents.histograms);
        }
        held.add(&mut turn.held);
        let (count, reason) = &mut missing[block];
        *count += turn.missing;
        *reason = reason.or(turn.trouble);
    }
    let mut total = Held::default();
    for ((mut listed, (count, reason)), (block, _)) in listed.into_iter().zip(missing).zip(blocks) {
        total.add(&mut listed.held);
        if count > 0 {
            let reason = reason.unwrap_or("a chunk is cut");
            let message = format!("{count} chunks are not there as a whole: {reason}");
            total.diagnostics.push(Diagnostic::error(&block.shown, message));
        }
    }
    total
}

/// The series of blocks, as many at a time as are worth a turn.
fn turns(listed: &[Listed]) -> Vec<(usize, Range<usize>)> {
    let mut turns = Vec::new();
    for (block, listed) in listed.iter().enumerate() {
        let (mut start, mut chunks) = (0, 0);
        for (place, chosen) in listed.series.iter().enumerate() {
            chunks += chosen.chunks.len();
            if chunks >= TURN || place + 1 == listed.series.len() {
                turns.push((block, start..place + 1));
                (start, chunks) = (place + 1, 0);
            }
        }
    }
    turns
}

/// What was read of some series of a block.
#[derive(Default)]
struct Turn {
    found: Vec<Contents>,
    held: Held,
    /// Chunks that are not there as a whole, and why the first of them is not there at all.
    missing: u64,
    trouble: Option<&'static str>,
}

impl Turn {
    fn series(&mut self, chosen: &Chosen, segments: &[Option<Map>]) -> Contents {
        let mut contents = Contents::default();
        if let 2.. = chosen.chunks.len() {
            contents.samples.reserve(chosen.chunks.len() * USUAL);
        }
        for place in &chosen.chunks {
            let segment = segments.get(place.segment).and_then(Option::as_ref);
            match segment.map(|segment| framed(segment, place.offset)) {
                Some(Ok((encoding, bytes))) => {
                    self.held.decode(encoding, bytes, &mut contents);
                    self.missing += u64::from(std::mem::take(&mut contents.is_cut));
                }
                other => {
                    self.missing += 1;
                    let reason = other.and_then(Result::err).unwrap_or("a segment of chunks is missing");
                    self.trouble.get_or_insert(reason);
                }
            }
        }
        if !chosen.deleted.is_empty() {
            contents.samples.retain(|sample| !is_deleted(&chosen.deleted, sample.at));
            contents.histograms.retain(|sample| !is_deleted(&chosen.deleted, sample.at));
        }
        contents
    }
}

/// What is to be read of a block.
fn list(block: &Block, outer: &[(&str, &str)], wanted: &Wanted<'_>, options: &ScanOptions) -> Listed {
    let mut listed = Listed::default();
    let Some(file) = block.file(Part::Index) else { return listed };
    let Some(bytes) = listed.held.open(file, options) else { return listed };
    let index = match Index::read(&bytes) {
        Ok(index) => index,
        Err(message) => {
            listed.held.diagnostics.push(Diagnostic::error(&file.shown, message));
            return listed;
        }
    };
    let deleted = deleted(block, &mut listed.held, options);
    let mut texts = Texts::default();
    let done = index.each(
        |labels| match outer {
            [] => wanted_times(wanted, labels),
            outer => wanted_times(wanted, &with_outer(labels, outer)),
        },
        |entry, (from, to)| {
            let is_read = |place: &&ChunkPlace| place.from <= to && place.to >= from;
            listed.series.push(Chosen {
                labels: texts.labels(&with_outer(&entry.labels, outer)),
                chunks: entry.chunks.iter().filter(is_read).copied().collect(),
                deleted: deleted.get(&entry.reference).cloned().unwrap_or_default(),
            });
        },
    );
    if let Err(message) = done {
        listed.held.fail(file, &message);
    }
    for number in 1.. {
        let Some(file) = block.file(Part::Chunks(number)) else { break };
        let segment = listed.held.open(file, options);
        listed.segments.push(segment);
    }
    listed
}

/// The first and the last time of each of these series; `None` if the index does not tell, because samples were deleted
/// or it is damaged.
pub(super) fn spans(
    block: &Block,
    outer: &[(&str, &str)],
    wanted: &Wanted<'_>,
    options: &ScanOptions,
) -> Option<Vec<(i64, i64)>> {
    let mut held = Held::default();
    let bytes = held.open(block.file(Part::Index)?, options)?;
    let index = Index::read(&bytes).ok()?;
    let deleted = deleted(block, &mut held, options);
    let mut spans = Vec::new();
    let done = index.each(
        |labels| wanted_times(wanted, &with_outer(labels, outer)),
        |entry, _| spans.extend(joined(entry.chunks.iter().map(|place| (place.from, place.to)))),
    );
    (done.is_ok() && deleted.is_empty() && held.diagnostics.is_empty()).then_some(spans)
}

/// The labels of a series and those around it, which count where both have a name, as in Thanos.
fn with_outer<'l>(labels: &[(&'l str, &'l str)], outer: &[(&'l str, &'l str)]) -> Vec<(&'l str, &'l str)> {
    let is_own = |(name, _): &&(&str, &str)| !outer.iter().any(|(other, _)| other == name);
    labels.iter().filter(is_own).chain(outer).copied().collect()
}

fn deleted(block: &Block, held: &mut Held, options: &ScanOptions) -> Tombstones {
    let Some(file) = block.file(Part::Tombstones) else { return Tombstones::new() };
    let Some(bytes) = held.open(file, options) else { return Tombstones::new() };
    tombstones(&bytes).unwrap_or_else(|message| {
        let message = format!("{message}; what was deleted is shown");
        held.diagnostics.push(Diagnostic::error(&file.shown, message));
        Tombstones::new()
    })
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
