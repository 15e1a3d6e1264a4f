//! `obs grep --sort time`: what is found in many files, merged by time while they are read.
//!
//! A file whose entries stand in the order of time is read a chunk at a time, and only while it is its turn; of
//! one that is out of order as much is held as it is out of order. What has the same time stays in the order of
//! the files, and what has none stays behind the entry before it.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::atomic;

use super::Search;
use crate::cli::found::Item;
use crate::cli::out::Out;
use crate::cli::session::Session;
use crate::cli::skew::Skew;
use crate::model::{Error, Timestamp};
use crate::scan::{self, Cursor, Sequence};

/// A find that waits for its turn.
struct Pending {
    at: i64,
    /// Its place among the finds of its file.
    place: u64,
    lines_before: u64,
    item: Item,
}

impl Pending {
    fn key(&self) -> (i64, u64) {
        (self.at, self.place)
    }
}

impl PartialEq for Pending {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Pending {}

impl PartialOrd for Pending {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The earliest comes first from a heap, which gives the greatest.
impl Ord for Pending {
    fn cmp(&self, other: &Self) -> Ordering {
        other.key().cmp(&self.key())
    }
}

/// One file on its way.
struct Lane<'i> {
    cursor: Option<Cursor<'i>>,
    opened: bool,
    sequence: Sequence,
    /// Nanoseconds that its clock is ahead.
    ahead: i64,
    waiting: BinaryHeap<Pending>,
    /// The latest time so far, and the one that an entry without a time comes after.
    high: i64,
    last: i64,
    found: u64,
    /// Finds and what stands around them, so far.
    place: u64,
}

/// Where entries of files without any time are put.
const NEVER: i64 = i64::MAX;

impl Search {
    /// Reads the files twice: for the order of their entries, and for what is looked for.
    pub(super) fn run_by_time(
        &self,
        session: &mut Session,
        most: Option<u64>,
        skew: &Skew,
    ) -> Result<bool, Error> {
        session.hold_pipes();
        let (sequences, scanned) = scan::sequences(&session.inputs.logs, &session.config.scan);
        session.diagnostics.extend(scanned.diagnostics);
        let mut out = Out::new();
        let context = self.before + self.after > 0;
        let mut stitch = self.stitch(&session.inputs, None);
        let mut lanes: Vec<Lane<'_>> = sequences
            .into_iter()
            .enumerate()
            .map(|(file, sequence)| Lane {
                cursor: None,
                opened: false,
                sequence,
                ahead: skew.of(file),
                waiting: BinaryHeap::new(),
                high: i64::MIN,
                last: sequence.first.map_or(NEVER, |first| first.0),
                found: 0,
                place: 0,
            })
            .collect();
        // Every file waits under a time that none of its entries is before.
        let mut next: BinaryHeap<Reverse<(i64, usize)>> = lanes
            .iter()
            .enumerate()
            .map(|(file, lane)| {
                let earliest = lane.sequence.earliest.map_or(NEVER, |earliest| earliest.0);
                Reverse((shifted(earliest, lane.ahead), file))
            })
            .collect();
        let cancel = &session.config.scan.cancel;
        while let Some(Reverse((at, file))) = next.pop() {
            // What was read from a pipe is there, and is told; what would have to be read is not.
            if cancel.load(atomic::Ordering::Relaxed) && !session.inputs.logs[file].has_been_read() {
                continue;
            }
            let lane = &mut lanes[file];
            lane.fill(self, session, file, most.unwrap_or(u64::MAX));
            let Some(first) = lane.waiting.peek() else { continue };
            let first = shifted(first.at, lane.ahead);
            // It may have been earlier than the first find; then others come before.
            if first > at && next.peek().is_some_and(|Reverse(other)| *other < (first, file)) {
                next.push(Reverse((first, file)));
                continue;
            }
            if let Some(pending) = lane.waiting.pop() {
                if context {
                    stitch.merged(&mut out, file as u32, pending.lines_before, pending.item)?;
                } else {
                    stitch.one(&mut out, file as u32, pending.lines_before, pending.item)?;
                }
            }
            next.push(Reverse((first, file)));
        }
        stitch.finish(&mut out)?;
        out.finish()?;
        Ok(stitch.found())
    }
}

/// A time on the clock that all files are put on.
fn shifted(at: i64, ahead: i64) -> i64 {
    if at == NEVER { NEVER } else { at.saturating_sub(ahead) }
}

impl<'i> Lane<'i> {
    /// Reads on until it is known which find is the file's next.
    fn fill(&mut self, search: &Search, session: &'i Session, file: usize, most: u64) {
        if !self.opened {
            self.opened = true;
            let (logs, needs) = (&session.inputs.logs, &search.selection.needs);
            // What cannot be opened has been said when the order was looked for.
            self.cursor = Cursor::open(logs, file, needs, &session.config.scan).ok();
        }
        while let Some(cursor) = &mut self.cursor {
            let settled = self.high.saturating_sub(self.sequence.late);
            if self.waiting.peek().is_some_and(|first| first.at <= settled) {
                return;
            }
            if self.sequence.first.is_none() {
                // Nothing in it has a time: it is read as it stands.
                self.high = NEVER;
            }
            let untimed = self.sequence.untimed;
            let ahead = self.ahead;
            let Some(delivered) = cursor.next(|chunk| search.chunk(chunk, untimed)) else {
                self.cursor = None;
                return;
            };
            let carried = self.last;
            let context = search.before + search.after > 0;
            for mut item in delivered.output.items.into_iter().filter(|item| item.matched || context) {
                if self.found == most {
                    if !context {
                        self.cursor = None;
                        return;
                    }
                    // What is beyond may still stand around what others found.
                    item.matched = false;
                }
                let matched = u64::from(item.matched);
                let at = item.ts.map_or(carried, |ts| ts.0);
                self.high = self.high.max(if item.ts.is_some() { at } else { i64::MIN });
                if ahead != 0 {
                    item.put_back(ahead);
                }
                self.waiting.push(Pending {
                    at,
                    place: self.place,
                    lines_before: delivered.lines_before,
                    item,
                });
                self.place += 1;
                self.found += matched;
            }
            self.last = delivered.output.last_time.map_or(self.last, |Timestamp(last)| last);
        }
    }
}
