//! A stream cut into blocks at the starts of entries, so that blocks can be mapped in parallel.

use std::io::Read;

use crate::format::log::Reader;
use crate::model::{Diagnostic, Severity};
use crate::source::Stream;

/// How long an entry of a stream may get before it is cut: a block grows up to this.
const LONGEST: usize = 64 << 20;

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
}

impl Blocks {
    /// Blocks of about `size` bytes. `head` are bytes of the stream that were already read from it.
    pub(super) fn new(stream: Stream, head: Vec<u8>, size: usize) -> Self {
        let size = size.min(LONGEST);
        Blocks { stream, carry: head, offset: 0, ended: false, begin: Begin::File, cuts: 0, size }
    }

    /// What there is to say about the stream once it has ended.
    pub(super) fn trouble(&self, shown: &str) -> Vec<Diagnostic> {
        let cuts = (self.cuts > 0).then(|| {
            Diagnostic::warning(
                shown,
                format!("has an entry longer than {} MiB; its parts are read one by one", LONGEST >> 20),
            )
        });
        self.stream.trouble().into_iter().chain(cuts).collect()
    }

    /// The next block, `None` at the end. After damage the blocks before it are given, then `None`; a last
    /// line that is not whole is left out then.
    pub(super) fn next(&mut self, reader: &Reader) -> Option<Block> {
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
            if let Some(start) = last_start(&bytes, reader) {
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
        let block = Block { offset: self.offset, begin: self.begin, bytes };
        self.offset += block.bytes.len() as u64;
        self.begin = after;
        Some(block)
    }

    fn fill(&mut self, bytes: &mut Vec<u8>, target: usize) {
        let mut have = bytes.len();
        bytes.resize(target.max(have), 0);
        while have < bytes.len() && !self.ended {
            match self.stream.read(&mut bytes[have..]) {
                Ok(0) | Err(_) => self.ended = true,
                Ok(n) => have += n,
            }
        }
        bytes.truncate(have);
    }
}

/// The last whole line that starts an entry and is not the first.
fn last_start(bytes: &[u8], reader: &Reader) -> Option<usize> {
    let mut end = memchr::memrchr(b'\n', bytes)?;
    loop {
        let start = memchr::memrchr(b'\n', &bytes[..end])? + 1;
        if reader.starts(bytes, start) {
            return Some(start);
        }
        end = start - 1;
    }
}
