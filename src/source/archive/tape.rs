//! Archive headers are read from a tape: forwards, with long skips between them.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use crate::source::Map;
use crate::source::decode::Input;
use crate::source::faults;
use crate::source::stream::read_full;

/// Bytes that are read and skipped in one direction.
pub(super) trait Tape {
    /// Where the next byte is.
    fn at(&self) -> u64;

    /// Fills `buf`; less only at the end.
    fn pull(&mut self, buf: &mut [u8]) -> io::Result<usize>;

    /// Skips `n` bytes; less only at the end.
    fn pass(&mut self, n: u64) -> io::Result<u64>;
}

impl Tape for Input {
    fn at(&self) -> u64 {
        Input::offset(self)
    }

    fn pull(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match read_full(self, buf) {
            (n, None) => Ok(n),
            (_, Some(error)) => Err(error),
        }
    }

    fn pass(&mut self, n: u64) -> io::Result<u64> {
        Input::skip(self, n)
    }
}

/// Bytes that can be read anywhere: part of an open file, or of what is held in memory.
pub(super) enum Bytes {
    File(File, Range<u64>),
    Held(Map),
}

impl Bytes {
    pub(super) fn len(&self) -> u64 {
        match self {
            Bytes::File(_, range) => range.end - range.start,
            Bytes::Held(map) => map.len() as u64,
        }
    }

    /// Fills `buf` from `offset`; less only at the end.
    pub(super) fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let left = usize::try_from(self.len().saturating_sub(offset)).unwrap_or(usize::MAX);
        let most = buf.len().min(left);
        let buf = &mut buf[..most];
        match self {
            Bytes::Held(map) => {
                let bytes = map.part(offset..offset.saturating_add(most as u64));
                buf.copy_from_slice(&bytes);
                Ok(most)
            }
            Bytes::File(file, range) => {
                let mut filled = 0;
                while filled < most {
                    let at = range.start + offset + filled as u64;
                    match faults::pass().and_then(|()| file.read_at(&mut buf[filled..], at)) {
                        Ok(0) => break,
                        Ok(n) => filled += n,
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(filled)
            }
        }
    }
}

/// A tape over bytes that can be read anywhere: skipping costs nothing.
pub(super) struct Reel<'a> {
    pub(super) bytes: &'a Bytes,
    pub(super) at: u64,
}

impl Tape for Reel<'_> {
    fn at(&self) -> u64 {
        self.at
    }

    fn pull(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.bytes.read_at(buf, self.at)?;
        self.at += n as u64;
        Ok(n)
    }

    fn pass(&mut self, n: u64) -> io::Result<u64> {
        let n = n.min(self.bytes.len().saturating_sub(self.at));
        self.at += n;
        Ok(n)
    }
}
