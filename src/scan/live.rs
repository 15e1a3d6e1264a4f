//! Entries out of bytes that trickle in: each is handed on as soon as it is whole, and what turns out to continue it later
//! follows it.
//!
//! An entry is whole when the next one starts, or when nothing has come for [`SILENCE`]. In the second case its bytes are
//! kept: if the next line continues it, it is handed on once more with that line, and [`Block::again`] says how much of it
//! is known already. Formats are told from what is there, and told again from more.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::block::{Begin, Block, LONGEST, last_start};
use super::feed::SILENCE;
use super::inputs::{HEAD, whole_lines};
use crate::format::log::Reader;
use crate::model::Diagnostic;

/// How long entries that are whole wait for more to be handed on together.
const GATHERING: Duration = Duration::from_millis(20);

/// How much of an entry is kept in case that it goes on.
const KEPT: usize = 1 << 20;

/// Bytes on their way to blocks.
#[derive(Debug)]
pub(super) struct Live {
    /// What is in no block yet, behind what is kept of the last entry.
    bytes: Vec<u8>,
    /// How much of `bytes` was handed on as an entry that may go on.
    known: usize,
    /// Before this place of `bytes` no line starts an entry but the first.
    searched: usize,
    /// Where `bytes` start in the stream.
    offset: u64,
    begin: Begin,
    /// When the oldest of the bytes came that are in no block, and when the newest did.
    since: Option<Instant>,
    newest: Option<Instant>,
    ended: bool,
    cuts: u64,
    size: usize,
    /// The stream's beginning, from which its formats are told, and how much of it told them last.
    head: Vec<u8>,
    told: usize,
    reader: Option<Arc<Reader>>,
}

/// What there is to do about a stream.
#[derive(Debug)]
pub(super) enum Next {
    /// These entries are whole.
    Block(Block),
    /// To wait for more, so long at most.
    Wait(Duration),
    /// Nothing: it has ended.
    End,
}

/// How long to wait when nothing there becomes whole by waiting: so long that a request to stop is soon seen.
const IDLE: Duration = Duration::from_millis(100);

impl Live {
    /// Blocks of at most about `size` bytes. `head` has come already, and told the formats.
    pub(super) fn new(head: Vec<u8>, size: usize, now: Instant) -> Self {
        let since = (!head.is_empty()).then_some(now);
        Live {
            known: 0,
            searched: 0,
            offset: 0,
            begin: Begin::File,
            since,
            newest: since,
            ended: false,
            cuts: 0,
            size: size.min(LONGEST),
            told: head.len(),
            head: head.clone(),
            bytes: head,
            reader: None,
        }
    }

    /// For a file that is read on from `offset`, of whose beginning so much has told the formats.
    pub(super) fn at(offset: u64, told: usize, size: usize, now: Instant) -> Self {
        let begin = if offset == 0 { Begin::File } else { Begin::Line };
        Live { offset, begin, told, ..Live::new(Vec::new(), size, now) }
    }

    /// Is there something that has not been handed on?
    pub(super) fn has_rest(&self) -> bool {
        self.bytes.len() > self.known
    }

    /// Takes in what came.
    pub(super) fn push(&mut self, bytes: &[u8], now: Instant) {
        self.head.extend_from_slice(&bytes[..bytes.len().min(HEAD.saturating_sub(self.head.len()))]);
        self.bytes.extend_from_slice(bytes);
        self.since.get_or_insert(now);
        self.newest = Some(now);
    }

    /// Nothing more comes. Where it ended in damage a last line that is not whole is left out.
    pub(super) fn end(&mut self, damaged: bool) {
        self.ended = true;
        if damaged {
            self.bytes.truncate(memchr::memrchr(b'\n', &self.bytes).map_or(0, |end| end + 1).max(self.known));
        }
    }

    /// What there is to say about entries that were too long.
    pub(super) fn trouble(&self, shown: &str) -> Option<Diagnostic> {
        (self.cuts > 0).then(|| super::block::too_long(shown))
    }

    /// What there is to do now. `first` reads the entries until formats are told anew, which `tell` does from the
    /// stream's beginning.
    pub(super) fn next(
        &mut self,
        now: Instant,
        first: &Reader,
        tell: &dyn Fn(&[u8]) -> Option<Reader>,
    ) -> Next {
        self.tell_anew(tell);
        let revised = self.reader.clone();
        let reader = revised.as_deref().unwrap_or(first);
        self.forget_known(reader);
        if self.ended {
            let rest = self.bytes.len();
            return if rest > self.known { Next::Block(self.hand_on(rest, None)) } else { Next::End };
        }
        let (Some(since), Some(newest)) = (self.since, self.newest) else { return Next::Wait(IDLE) };
        let is_full = self.bytes.len() - self.known >= self.size;
        if is_full || now >= since + GATHERING {
            if let Some(start) = last_start(&self.bytes, self.searched.max(self.known), reader) {
                return Next::Block(self.hand_on(start, None));
            }
            // What has been looked through need not be again, but for the last line, which may not be whole.
            self.searched = memchr::memrchr(b'\n', &self.bytes).unwrap_or(0);
            self.since = Some(now);
            if self.bytes.len() >= LONGEST {
                return Next::Block(self.cut());
            }
        }
        let whole = memchr::memrchr(b'\n', &self.bytes).map_or(0, |end| end + 1);
        if whole <= self.known {
            return Next::Wait(IDLE);
        }
        if now >= newest + SILENCE {
            let last = last_start(&self.bytes[..whole], self.searched.max(self.known), reader).unwrap_or(0);
            return Next::Block(self.hand_on(whole, Some(last)));
        }
        let due = (newest + SILENCE).min(self.since.unwrap_or(newest) + GATHERING);
        Next::Wait(due.saturating_duration_since(now).max(Duration::from_millis(1)))
    }

    /// Tells the formats again when twice as much of the stream's beginning is there as told them last.
    fn tell_anew(&mut self, tell: &dyn Fn(&[u8]) -> Option<Reader>) {
        let have = self.head.len();
        if have <= self.told || have < (2 * self.told).min(HEAD) {
            return;
        }
        self.told = have;
        if let Some(reader) = tell(whole_lines(&self.head)) {
            self.reader = Some(Arc::new(reader));
            self.searched = 0;
        }
    }

    /// Lets go of an entry that was handed on, if what follows does not continue it.
    fn forget_known(&mut self, reader: &Reader) {
        let rest = &self.bytes[self.known..];
        if self.known == 0 || (memchr::memchr(b'\n', rest).is_none() && !(self.ended && !rest.is_empty())) {
            return;
        }
        if reader.starts(&self.bytes, self.known) {
            self.bytes.drain(..self.known);
            self.offset += self.known as u64;
            self.begin = Begin::Line;
            (self.known, self.searched) = (0, 0);
        }
    }

    /// The block of all before `end`. `last` is where its last entry starts if that may go on.
    fn hand_on(&mut self, end: usize, last: Option<usize>) -> Block {
        let again = std::mem::take(&mut self.known);
        let rest = self.bytes.split_off(end);
        let bytes = std::mem::take(&mut self.bytes);
        let (offset, begin) = (self.offset, self.begin);
        let kept = last.filter(|last| bytes.len() - last <= KEPT);
        let at = kept.unwrap_or(bytes.len());
        self.bytes.extend_from_slice(&bytes[at..]);
        self.known = self.bytes.len();
        self.bytes.extend_from_slice(&rest);
        self.searched = 0;
        self.offset += at as u64;
        self.begin = if at == 0 { begin } else { Begin::Line };
        self.since = if rest.is_empty() { None } else { self.newest };
        Block { bytes, offset, begin, again, lines_before: None, origin: None, reader: self.reader.clone() }
    }

    /// A part of an entry that is too long to be waited for.
    fn cut(&mut self) -> Block {
        self.cuts += 1;
        let end = memchr::memrchr(b'\n', &self.bytes).map_or(0, |end| end + 1);
        let in_line = end <= self.known;
        let block = self.hand_on(if in_line { self.bytes.len() } else { end }, None);
        self.begin = if in_line { Begin::InLine } else { Begin::Line };
        block
    }
}
