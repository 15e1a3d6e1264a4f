//! A stream cut into blocks at the starts of entries, so that blocks can be mapped in parallel.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::format::log::Reader;
use crate::format::log::records::{Cut, Cutter, Place, Records};
use crate::model::{Diagnostic, Severity};
use crate::source::Stream;

/// How long an entry of a stream may get before it is cut: a block grows up to this.
pub(super) const LONGEST: usize = 64 << 20;

/// Cuts a stream into blocks.
#[derive(Debug)]
pub(super) struct Blocks {
    stream: Stream,
    /// Bytes that were read and belong to the next block.
    carry: Vec<u8>,
    /// Where `carry` starts in the decoded stream.
    offset: u64,
    ended: bool,
    begin: Begin,
    cuts: u64,
    size: usize,
    /// How records are cut out that are not one a line.
    cutting: Option<Cutting>,
    /// Lines in the blocks before, where they are counted.
    lines: Option<u64>,
    /// Counts the bytes as they come.
    progress: Arc<AtomicU64>,
}

/// Records on their way to blocks.
#[derive(Debug)]
struct Cutting {
    cutter: Cutter,
    /// Their lines that are in no block yet.
    cut: Cut,
    /// The bytes of the stream from `from` on; those that are not cut yet are at the end.
    source: Vec<u8>,
    from: u64,
    /// Lines of the stream before the next block.
    lines: u64,
}

/// Where a chunk or block begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begin {
    /// At the start of the file: its first line starts an entry, whatever it looks like.
    File,
    /// At the start of a line that may continue an entry.
    Line,
    /// Within a line that was cut for its length.
    InLine,
}

/// Whole entries, unless one was cut for its length.
#[derive(Debug)]
pub(super) struct Block {
    pub bytes: Vec<u8>,
    /// Where it starts in the decoded stream.
    pub offset: u64,
    pub begin: Begin,
    /// How many bytes at its start are of an entry that was in the block before, and goes on in this one.
    pub again: usize,
    /// Lines of the stream before it, where they are counted.
    pub lines_before: Option<u64>,
    /// Where its lines are from, if they were written of records.
    pub origin: Option<Origin>,
    /// How its entries are read, where more has told the formats than was there when the stream was opened.
    pub reader: Option<Arc<Reader>>,
}

/// Where the lines of a block are from that were written of records.
#[derive(Debug)]
pub(super) struct Origin {
    /// The bytes of the stream that the records stand in.
    source: Vec<u8>,
    /// Where these start in the stream.
    from: u64,
    places: Vec<Place>,
    /// Lines of the stream before the block.
    lines_before: u64,
    /// Lines of the stream that belong to the block.
    pub lines: u64,
}

impl Origin {
    /// How many bytes of the stream the block took.
    pub(super) fn len(&self) -> usize {
        self.source.len()
    }

    /// The record whose line is around `at`.
    fn place(&self, at: usize) -> Option<&Place> {
        self.places[..self.places.partition_point(|place| place.at <= at)].last()
    }

    /// Where the record starts whose line is around `at`: its offset, and its line counted from the block's first.
    pub(super) fn start(&self, at: usize) -> (u64, u64) {
        self.place(at).map_or((self.from, 0), |place| (place.from, place.line - self.lines_before))
    }

    /// The records of these lines as they are written.
    pub(super) fn written(&self, lines: std::ops::Range<usize>) -> &[u8] {
        let (Some(first), Some(last)) = (self.place(lines.start), self.place(lines.end.saturating_sub(1)))
        else {
            return &[];
        };
        let within = |at: u64| usize::try_from(at - self.from).unwrap_or(usize::MAX).min(self.source.len());
        &self.source[within(first.from)..within(last.to).max(within(first.from))]
    }
}

impl Blocks {
    /// Blocks of about `size` bytes. `head` are bytes of the stream that were already read from it.
    pub(super) fn new(stream: Stream, head: Vec<u8>, size: usize) -> Self {
        let size = size.min(LONGEST);
        let begin = Begin::File;
        let (carry, cutting, lines) = (head, None, None);
        let progress = Arc::default();
        Blocks { stream, carry, offset: 0, ended: false, begin, cuts: 0, size, cutting, lines, progress }
    }

    /// The same, saying how much has come before a block is whole.
    pub(super) fn telling(mut self, progress: &Arc<AtomicU64>) -> Self {
        let read = self.cutting.as_ref().map_or(self.carry.len(), |cutting| cutting.source.len());
        progress.fetch_add(read as u64, Ordering::Relaxed);
        self.progress = Arc::clone(progress);
        self
    }

    /// The same with the number of lines before each, if that is asked for.
    pub(super) fn counting(mut self, lines: bool) -> Self {
        self.lines = lines.then_some(0);
        self
    }

    /// The same for a stream with such records, each of which becomes a line.
    pub(super) fn of_records(mut self, records: Option<&Records>) -> Self {
        self.cutting = records.map(|records| Cutting {
            cutter: Cutter::new(records.clone()),
            cut: Cut::default(),
            source: std::mem::take(&mut self.carry),
            from: 0,
            lines: 0,
        });
        self
    }

    /// What there is to say about the stream once it has ended.
    pub(super) fn trouble(&self, shown: &str) -> Vec<Diagnostic> {
        let cuts = (self.cuts > 0).then(|| too_long(shown));
        self.stream.trouble().into_iter().chain(cuts).collect()
    }

    /// The next block, `None` at the end. After damage the blocks before it are given, then `None`; a last
    /// line that is not whole is left out then.
    pub(super) fn next(&mut self, reader: &Reader) -> Option<Block> {
        if let Some(mut cutting) = self.cutting.take() {
            let block = self.next_of_records(&mut cutting, reader);
            self.cutting = Some(cutting);
            return block;
        }
        let mut bytes = std::mem::take(&mut self.carry);
        let mut target = self.size.max(bytes.len() + 1);
        let mut after = Begin::Line;
        loop {
            self.fill(&mut bytes, target);
            if self.ended {
                if self.stream.trouble().is_some_and(|trouble| trouble.severity == Severity::Error) {
                    bytes.truncate(memchr::memrchr(b'\n', &bytes).map_or(0, |end| end + 1));
                }
                break;
            }
            if let Some(start) = last_start(&bytes, 0, reader) {
                self.carry = bytes.split_off(start);
                break;
            }
            if bytes.len() >= LONGEST {
                self.cuts += 1;
                match memchr::memrchr(b'\n', &bytes) {
                    Some(end) => self.carry = bytes.split_off(end + 1),
                    None => after = Begin::InLine,
                }
                break;
            }
            target = bytes.len() * 2;
        }
        if bytes.is_empty() {
            return None;
        }
        let lines_before = self.lines;
        let (offset, begin) = (self.offset, self.begin);
        let block = Block { bytes, offset, begin, again: 0, lines_before, origin: None, reader: None };
        if let Some(lines) = &mut self.lines {
            *lines += memchr::memchr_iter(b'\n', &block.bytes).count() as u64;
        }
        self.offset += block.bytes.len() as u64;
        self.begin = after;
        Some(block)
    }

    /// The next lines of records; `None` at the end.
    fn next_of_records(&mut self, cutting: &mut Cutting, reader: &Reader) -> Option<Block> {
        let mut wanted = self.size;
        let split = loop {
            let text = &cutting.cut.text;
            if text.len() >= wanted || self.ended {
                let done = self.ended && cutting.left() == 0;
                if let Some(start) = last_start(text, 0, reader).filter(|_| !done) {
                    break start;
                }
                if done || text.len() >= LONGEST {
                    break text.len();
                }
                wanted = text.len() * 2;
            }
            self.cut_more(cutting);
        };
        (split > 0).then(|| {
            let (bytes, origin) = cutting.split(split);
            let lines_before = self.lines.map(|_| origin.lines_before);
            let (begin, origin) = (self.begin, Some(origin));
            let block = Block { bytes, offset: 0, begin, again: 0, lines_before, origin, reader: None };
            self.begin = Begin::Line;
            block
        })
    }

    /// Reads on and cuts what has been read.
    fn cut_more(&mut self, cutting: &mut Cutting) {
        let left = cutting.left();
        // What cannot be cut yet is more than half of it: then more is needed at once.
        let target = cutting.source.len() + self.size.max(left);
        let mut source = std::mem::take(&mut cutting.source);
        self.fill(&mut source, target);
        cutting.source = source;
        if self.ended && self.stream.trouble().is_some_and(|trouble| trouble.severity == Severity::Error) {
            let kept = memchr::memrchr(b'\n', &cutting.source).map_or(0, |end| end + 1);
            cutting.source.truncate(kept.max(cutting.source.len() - cutting.left()));
        }
        let bytes = &cutting.source[cutting.source.len() - cutting.left()..];
        let ended = self.ended || bytes.len() >= LONGEST;
        self.cuts += u64::from(ended && !self.ended);
        cutting.cutter.cut(bytes, ended, &mut cutting.cut);
    }

    fn fill(&mut self, bytes: &mut Vec<u8>, target: usize) {
        let mut have = bytes.len();
        bytes.resize(target.max(have), 0);
        while have < bytes.len() && !self.ended {
            match self.stream.read(&mut bytes[have..]) {
                Ok(0) | Err(_) => self.ended = true,
                Ok(n) => {
                    have += n;
                    self.progress.fetch_add(n as u64, Ordering::Relaxed);
                }
            }
        }
        bytes.truncate(have);
    }
}

impl Cutting {
    /// How many bytes have been read and not been cut.
    fn left(&self) -> usize {
        let cut = self.cutter.offset() - self.from;
        self.source.len() - usize::try_from(cut).unwrap_or(usize::MAX).min(self.source.len())
    }

    /// Takes the lines before `at`, and the part of the stream that they are from.
    fn split(&mut self, at: usize) -> (Vec<u8>, Origin) {
        let rest = self.cut.text.split_off(at);
        let bytes = std::mem::replace(&mut self.cut.text, rest);
        let mut later = self.cut.places.split_off(self.cut.places.partition_point(|place| place.at < at));
        for place in &mut later {
            place.at -= at;
        }
        let places = std::mem::replace(&mut self.cut.places, later);
        let (end, line) = self
            .cut
            .places
            .first()
            .map_or((self.cutter.offset(), self.cutter.lines()), |next| (next.from, next.line));
        let keep = self
            .source
            .split_off(usize::try_from(end - self.from).unwrap_or(usize::MAX).min(self.source.len()));
        let source = std::mem::replace(&mut self.source, keep);
        let origin =
            Origin { source, from: self.from, places, lines_before: self.lines, lines: line - self.lines };
        self.from = end;
        self.lines = line;
        (bytes, origin)
    }
}

/// What there is to say about an entry that was cut for its length.
pub(super) fn too_long(shown: &str) -> Diagnostic {
    let what = format!("has an entry longer than {} MiB; its parts are read one by one", LONGEST >> 20);
    Diagnostic::warning(shown, what)
}

/// The last whole line that starts an entry at or after `from`, and is not the first.
pub(super) fn last_start(bytes: &[u8], from: usize, reader: &Reader) -> Option<usize> {
    let mut end = memchr::memrchr(b'\n', bytes)?;
    loop {
        let start = memchr::memrchr(b'\n', &bytes[..end])? + 1;
        if start < from {
            return None;
        }
        if reader.starts(bytes, start) {
            return Some(start);
        }
        end = start - 1;
    }
}
