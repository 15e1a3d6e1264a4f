//! The head of a data folder: the write-ahead log, its checkpoint, and the chunks that a server has mapped.

use std::collections::HashMap;

use super::{Held, Wanted, is_deleted, wanted_times};
use crate::format::metric::tsdb::{Contents, HeadChunk, Interval, Part, Record, head_chunks, records};
use crate::model::{Diagnostic, HistogramSample, Labels, Sample};
use crate::scan::{Database, DatabaseFile, ScanOptions};

/// The series of the head while it is read.
#[derive(Default)]
struct Head {
    /// For each number the place of its series; `None` if nobody asks for it.
    numbers: HashMap<u64, Option<usize>>,
    series: Vec<HeadSeries>,
    /// Samples of series that the log does not name.
    unnamed: u64,
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
        let Some(place) = self.numbers.get(&number) else {
            self.unnamed += 1;
            return None;
        };
        place.map(|place| &mut self.series[place])
    }
}

/// Reads the write-ahead log and the chunks of the head. What blocks have, up to `written`, is left out.
pub(super) fn read(database: &Database, written: i64, wanted: &Wanted<'_>, options: &ScanOptions) -> Held {
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
            let mut contents = Contents::default();
            part.decode(chunk.encoding, chunk.bytes, &mut contents);
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
    if let (1.., Some(file)) = (head.unnamed, log.first()) {
        let message = format!(
            "{} samples, chunks or deletions are of series that the write-ahead log does not name",
            head.unnamed
        );
        part.diagnostics.push(Diagnostic::warning(&file.shown, message));
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
