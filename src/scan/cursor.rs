//! One log read from its start to its end, a chunk whenever one is asked for: what merging files by time needs.

use std::cell::RefCell;
use std::ops::ControlFlow;

use super::block::{Begin, Blocks};
use super::inputs::Input;
use super::{Chunk, Delivered, ScanOptions, Scanned, Selection, run};
use crate::format::log::Reader;
use crate::format::log::survey::survey;
use crate::model::{Account, Desk, Diagnostic, Needs, Timestamp};
use crate::source::{Content, Map};

/// A log that is open, and how far it has been read.
#[derive(Debug)]
pub struct Cursor<'i> {
    input: &'i Input,
    file: u32,
    reader: Reader,
    content: Held,
    /// Bytes of a chunk.
    size: usize,
    index: u32,
    lines_before: u64,
}

#[derive(Debug)]
enum Held {
    Mapped(Map),
    Stream(Box<Blocks>),
}

impl<'i> Cursor<'i> {
    /// Opens the log at this place of the inputs.
    pub fn open(
        inputs: &'i [Input],
        file: usize,
        needs: &Needs,
        options: &ScanOptions,
    ) -> Result<Self, Diagnostic> {
        let input = &inputs[file];
        let (content, head) = input.open(options)?;
        let unknown = survey(&[]);
        let profile = input.profile().unwrap_or(&unknown);
        let latest = input.latest.or(input.modified);
        Ok(Cursor {
            input,
            file: file as u32,
            reader: Reader::new(profile, needs, &options.read, latest, input.service.clone()),
            content: match content {
                Content::Mapped(map) => Held::Mapped(map),
                Content::Stream(stream) => {
                    let blocks = Blocks::new(stream, head, options.chunk);
                    Held::Stream(Box::new(blocks.of_records(profile.records.as_ref())))
                }
            },
            size: options.chunk,
            index: 0,
            lines_before: 0,
        })
    }

    /// What there is to say about the file when it has been read.
    pub fn trouble(&self) -> Vec<Diagnostic> {
        match &self.content {
            Held::Mapped(map) => map.trouble(&self.input.shown).into_iter().collect(),
            Held::Stream(blocks) => blocks.trouble(&self.input.shown),
        }
    }

    /// What `map` makes of the next chunk; `None` at the end.
    pub fn next<O>(&mut self, map: impl FnOnce(&Chunk<'_>) -> O) -> Option<Delivered<O>> {
        let block = match &mut self.content {
            Held::Mapped(_) => None,
            Held::Stream(blocks) => Some(blocks.next(&self.reader)?),
        };
        let (bytes, owned, offset, begin) = match (&self.content, &block) {
            (_, Some(block)) => (&block.bytes[..], 0..block.bytes.len(), block.offset, block.begin),
            (Held::Mapped(map), None) => {
                let start = self.index as usize * self.size;
                if start >= map.len() {
                    return None;
                }
                let begin = if self.index == 0 { Begin::File } else { Begin::Line };
                (&map[..], start..(start + self.size).min(map.len()), 0, begin)
            }
            (Held::Stream(_), None) => return None,
        };
        let account = RefCell::new(Account::default());
        let chunk = Chunk {
            input: self.input,
            reader: &self.reader,
            file: self.file,
            index: self.index,
            bytes,
            owned,
            offset,
            begin,
            again: 0,
            lines_before: None,
            origin: block.as_ref().and_then(|block| block.origin.as_ref()),
            account: &account,
            desk: Desk::default(),
        };
        let output = map(&chunk);
        let delivered = Delivered { file: self.file, lines_before: self.lines_before, output };
        self.lines_before += chunk.lines(account.borrow().lines);
        self.index += 1;
        Some(delivered)
    }
}

/// In what order a file's entries stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sequence {
    /// The earliest time.
    pub earliest: Option<Timestamp>,
    /// The time that stands first.
    pub first: Option<Timestamp>,
    latest: Option<Timestamp>,
    /// By how many nanoseconds an entry is earlier than one that stands before it, at most; 0 if the file is
    /// sorted.
    pub late: i64,
    /// Are there entries without a time?
    pub untimed: bool,
}

impl Sequence {
    /// Takes in the time of the next entry.
    fn add(&mut self, ts: Option<Timestamp>) {
        let Some(ts) = ts else {
            self.untimed = true;
            return;
        };
        self.first.get_or_insert(ts);
        self.late = self.late.max(self.latest.map_or(0, |latest| latest.0.saturating_sub(ts.0)));
        self.earliest = Some(self.earliest.map_or(ts, |earliest| earliest.min(ts)));
        self.latest = Some(self.latest.map_or(ts, |latest| latest.max(ts)));
    }

    /// Takes in the entries that follow.
    fn then(&mut self, next: Sequence) {
        if let (Some(before), Some(after)) = (self.latest, next.earliest) {
            self.late = self.late.max(before.0.saturating_sub(after.0));
        }
        self.late = self.late.max(next.late);
        self.first = self.first.or(next.first);
        self.earliest = [self.earliest, next.earliest].into_iter().flatten().min();
        self.latest = self.latest.max(next.latest);
        self.untimed |= next.untimed;
    }
}

/// In what order the entries of every file stand: reads all of them once.
pub fn sequences(inputs: &[Input], options: &ScanOptions) -> (Vec<Sequence>, Scanned) {
    let selection = Selection::everything(Needs::none());
    let mut sequences = vec![Sequence::default(); inputs.len()];
    let (_, scanned) = run(
        inputs,
        &selection.needs,
        options,
        || (),
        |(), chunk| {
            let mut sequence = Sequence::default();
            let _ = chunk.entries(&selection, |entry| {
                sequence.add(entry.slots.ts);
                ControlFlow::Continue(())
            });
            sequence
        },
        |delivered| {
            sequences[delivered.file as usize].then(delivered.output);
            ControlFlow::Continue(())
        },
    );
    (sequences, scanned)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_sequence_does_not_depend_on_where_it_is_cut(
            times in proptest::collection::vec(proptest::option::of(0..100_i64), 0..40),
            at in 0..40_usize,
        ) {
            let of = |times: &[Option<i64>]| {
                let mut sequence = Sequence::default();
                for ts in times {
                    sequence.add(ts.map(Timestamp));
                }
                sequence
            };
            let (before, after) = times.split_at(at.min(times.len()));
            let mut joined = of(before);
            joined.then(of(after));
            proptest::prop_assert_eq!(joined, of(&times));
        }
    }
}
