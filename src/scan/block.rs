//! A stream cut into blocks at the starts of entries, so that blocks can be mapped in parallel.

use std::io::Read;
use std::sync::Arc;

use super::going::Going;
use crate::format::log::Reader;
use crate::format::log::records::{Cut, Cutter, Place, Records};
use crate::model::{Diagnostic, Severity};
use crate::source::Stream;

/// The first bytes of a stream that room is made for.
const FIRST: usize = 16 << 10;

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
    /// How many bytes of `carry`, or of the records' lines, are lines of the block before.
    context: usize,
    cuts: u64,
    size: usize,
    /// How records are cut out that are not one a line.
    cutting: Option<Cutting>,
    /// Lines in the blocks before, where they are counted.
    lines: Option<u64>,
    /// Counts the bytes as they come.
    progress: Arc<Going>,
    /// Bytes of the stream as it is stored that have been told.
    stored: u64,
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
    /// At the start of an entry, as what stands before it tells.
    Entry,
    /// Somewhere in a mapped file: at a line that may continue an entry of the chunk before.
    Line,
    /// At the start of a line that may continue an entry that was cut for its length.
    Rest,
    /// Within a line that was cut for its length.
    InLine,
}

/// Whole entries, unless one was cut for its length.
#[derive(Debug)]
pub(super) struct Block {
    pub bytes: Vec<u8>,
    /// Those of them that are the block's; lines of the blocks before and after tell what its first and last lines are.
    pub owned: std::ops::Range<usize>,
    /// Where `bytes` starts in the decoded stream.
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

impl Block {
    /// The records of whole documents that stand at `range` of a file.
    pub(super) fn of_documents(records: &Records, bytes: &[u8], range: std::ops::Range<usize>) -> Block {
        let begin = if range.start == 0 { Begin::File } else { Begin::Entry };
        let source = bytes[range.clone()].to_vec();
        let mut cutter = Cutter::within(records.clone(), range.start as u64);
        let mut cut = Cut::default();
        cutter.cut(&source, true, &mut cut);
        let (from, lines) = (range.start as u64, cutter.lines());
        let origin = Origin { source, from, places: cut.places, lines_before: 0, lines };
        Block {
            owned: 0..cut.text.len(),
            bytes: cut.text,
            offset: 0,
            begin,
            again: 0,
            lines_before: None,
            origin: Some(origin),
            reader: None,
        }
    }
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
        let context = 0;
        Blocks {
            stream,
            carry,
            offset: 0,
            ended: false,
            begin,
            context,
            cuts: 0,
            size,
            cutting,
            lines,
            progress,
            stored: 0,
        }
    }

    /// The same, saying how much has come before a block is whole.
    pub(super) fn telling(mut self, progress: &Arc<Going>) -> Self {
        let read = self.cutting.as_ref().map_or(self.carry.len(), |cutting| cutting.source.len());
        self.stored = self.stream.stored().unwrap_or(read as u64);
        progress.tell(read as u64, self.stored);
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
        let context = std::mem::take(&mut self.context);
        let mut target = (self.size + context).max(bytes.len() + 1);
        let mut after = Begin::Entry;
        let mut end = None;
        loop {
            self.fill(&mut bytes, target);
            if self.ended {
                if self.stream.trouble().is_some_and(|trouble| trouble.severity == Severity::Error) {
                    bytes.truncate(memchr::memrchr(b'\n', &bytes).map_or(0, |end| end + 1));
                }
                break;
            }
            if let Some(start) = last_settled_start(&bytes, context, reader) {
                self.carry_on(&mut bytes, start);
                end = Some(start);
                break;
            }
            if bytes.len() >= LONGEST {
                self.cuts += 1;
                after = match memchr::memrchr(b'\n', &bytes[context..]) {
                    Some(newline) => {
                        self.carry_on(&mut bytes, context + newline + 1);
                        end = Some(context + newline + 1);
                        Begin::Rest
                    }
                    None => Begin::InLine,
                };
                break;
            }
            target = bytes.len() * 2;
        }
        let owned = context..end.unwrap_or(bytes.len());
        let length = owned.len() as u64;
        if length == 0 {
            return None;
        }
        let (lines_before, offset) = (self.lines, self.offset - context as u64);
        let begin = self.begin;
        let block = Block { bytes, owned, offset, begin, again: 0, lines_before, origin: None, reader: None };
        if let Some(lines) = &mut self.lines {
            *lines += memchr::memchr_iter(b'\n', &block.bytes[block.owned.clone()]).count() as u64;
        }
        self.offset += length;
        self.begin = after;
        Some(block)
    }

    /// Ends a block at `start`; what comes behind it is the next one's, with some lines before it.
    fn carry_on(&mut self, bytes: &mut Vec<u8>, start: usize) {
        let from = context_of(bytes, start);
        self.context = start - from;
        self.carry = bytes[from..].to_vec();
        bytes.truncate(start.saturating_add(AHEAD));
    }

    /// The next lines of records; `None` at the end.
    fn next_of_records(&mut self, cutting: &mut Cutting, reader: &Reader) -> Option<Block> {
        let context = self.context;
        let mut wanted = self.size + context;
        let mut after = Begin::Entry;
        let split = loop {
            let text = &cutting.cut.text;
            if text.len() >= wanted || self.ended {
                let done = self.ended && cutting.left() == 0;
                if let Some(start) = last_settled_start(text, context, reader).filter(|_| !done) {
                    break start;
                }
                if done || text.len() >= LONGEST {
                    after = Begin::Rest;
                    break text.len();
                }
                wanted = text.len() * 2;
            }
            self.cut_more(cutting);
        };
        (split > context).then(|| {
            let from = context_of(&cutting.cut.text, split);
            self.context = split - from;
            let (bytes, origin) = cutting.split(split, from);
            let lines_before = self.lines.map(|_| origin.lines_before);
            let (begin, origin) = (self.begin, Some(origin));
            self.begin = after;
            let owned = context..split;
            Block { bytes, owned, offset: 0, begin, again: 0, lines_before, origin, reader: None }
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

    /// Reads until there are so many bytes. A short stream, as most members of archives are, is not given more room
    /// than it needs.
    fn fill(&mut self, bytes: &mut Vec<u8>, target: usize) {
        let mut have = bytes.len();
        while have < target && !self.ended {
            if have == bytes.len() {
                let room = if self.begin == Begin::File { have.max(FIRST / 2) * 2 } else { target };
                bytes.resize(room.min(target), 0);
            }
            match self.stream.read(&mut bytes[have..]) {
                Ok(0) | Err(_) => self.ended = true,
                Ok(n) => {
                    have += n;
                    let stored = self.stream.stored().unwrap_or(self.stored + n as u64);
                    self.progress.tell(n as u64, stored.saturating_sub(self.stored));
                    self.stored = stored;
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

    /// Takes the lines before `at`, and the part of the stream that they are from; those from `keep` on stay, too.
    fn split(&mut self, at: usize, keep: usize) -> (Vec<u8>, Origin) {
        let rest = self.cut.text[keep..].to_vec();
        self.cut.text.truncate(at.saturating_add(AHEAD));
        let bytes = std::mem::replace(&mut self.cut.text, rest);
        let mut later = self.cut.places.split_off(self.cut.places.partition_point(|place| place.at < at));
        for place in &mut later {
            place.at -= keep;
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

/// How far back lines may tell what a line is: `Reader` looks at no more lines, and at more bytes only where lines are
/// very long.
const CONTEXT: (usize, usize) = (Reader::LOOKS_BACK, 256 << 10);

/// How far behind a block lines may tell what its last lines are: some formats write the beginning of an entry over two.
const AHEAD: usize = 4 << 10;

/// Where the lines begin that tell what the line at `start` is.
fn context_of(bytes: &[u8], start: usize) -> usize {
    let (lines, most) = CONTEXT;
    let least = start.saturating_sub(most);
    let mut at = start;
    for _ in 0..lines {
        let Some(end) = at.checked_sub(1).filter(|end| *end > least) else { break };
        match memchr::memrchr(b'\n', &bytes[least..end]) {
            Some(newline) => at = least + newline + 1,
            None if least == 0 => return 0,
            None => break,
        }
    }
    at
}

/// The last whole line behind the context that starts an entry, is not the first, and has a whole line below it, which may
/// tell what it is.
fn last_settled_start(bytes: &[u8], context: usize, reader: &Reader) -> Option<usize> {
    let below = memchr::memrchr(b'\n', bytes)?;
    let mut end = memchr::memrchr(b'\n', &bytes[..below])?;
    loop {
        let start = memchr::memrchr(b'\n', bytes.get(context..end)?)? + context + 1;
        if reader.starts(bytes, start) {
            return Some(start);
        }
        end = start - 1;
    }
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
