//! A buffer in front of a reader: bytes can be looked at before they are used, and are counted.

use std::io::{self, Read};

use super::spare::Spare;
use crate::source::stream::read_retrying;

/// Bytes of a reader, looked at and then used. An error is met once every byte before it was used.
pub(in crate::source) struct Input {
    reader: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    offset: u64,
    ended: bool,
    error: Option<io::Error>,
}

impl Drop for Input {
    fn drop(&mut self) {
        if !self.buffer.is_empty() {
            BUFFERS.give(std::mem::take(&mut self.buffer));
        }
    }
}

static BUFFERS: Spare<Vec<u8>> = Spare::new();

/// Bytes asked of the reader at once.
const SIZE: usize = 64 * 1024;

impl Input {
    pub(in crate::source) fn new(reader: Box<dyn Read + Send>) -> Self {
        Input { reader, buffer: Vec::new(), start: 0, end: 0, offset: 0, ended: false, error: None }
    }

    /// How many bytes have been used.
    pub(in crate::source) fn offset(&self) -> u64 {
        self.offset
    }

    /// What is in the buffer now.
    pub(in crate::source) fn buffered(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// At least `least` bytes (which must be below the buffer's 64 KiB), fewer only at the end. The error that
    /// ended the reading, if it did before.
    pub(in crate::source) fn peek(&mut self, least: usize) -> io::Result<&[u8]> {
        while self.end - self.start < least && !self.ended {
            if let Some(error) = self.error.take() {
                // Kept for the next call in the same words.
                self.error = Some(copy(&error));
                return Err(error);
            }
            self.read_more();
        }
        Ok(self.buffered())
    }

    /// The next bytes, none only at the end.
    pub(in crate::source) fn fill(&mut self) -> io::Result<&[u8]> {
        self.peek(1)
    }

    fn read_more(&mut self) {
        if self.buffer.is_empty() {
            self.buffer = BUFFERS.take().unwrap_or_else(|| vec![0; SIZE]);
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        match read_retrying(&mut self.reader, &mut self.buffer[self.end..]) {
            Ok(0) => self.ended = true,
            Ok(n) => self.end += n,
            Err(error) => self.error = Some(error),
        }
    }

    /// Uses the next `n` bytes of the buffer.
    pub(in crate::source) fn consume(&mut self, n: usize) {
        let n = n.min(self.end - self.start);
        self.start += n;
        self.offset += n as u64;
    }

    /// Uses up to `n` bytes without looking at them; how many there were.
    pub(in crate::source) fn skip(&mut self, n: u64) -> io::Result<u64> {
        let mut left = n;
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(usize::MAX);
            let here = self.fill()?.len().min(most);
            if here == 0 {
                break;
            }
            self.consume(here);
            left -= here as u64;
        }
        Ok(n - left)
    }

    /// Uses all zeros that come next.
    pub(in crate::source) fn skip_zeros(&mut self) -> io::Result<()> {
        loop {
            let bytes = self.fill()?;
            let zeros = bytes.iter().take_while(|&&b| b == 0).count();
            let all = zeros == bytes.len();
            if zeros == 0 {
                return Ok(());
            }
            self.consume(zeros);
            if !all {
                return Ok(());
            }
        }
    }
}

/// An error in the same words; what it wraps is kept if it is one of ours.
fn copy(error: &io::Error) -> io::Error {
    use crate::source::stream::{Cancelled, Damage};
    if let Some(code) = error.raw_os_error() {
        return io::Error::from_raw_os_error(code);
    }
    if let Some(inner) = error.get_ref() {
        if let Some(damage) = inner.downcast_ref::<Damage>() {
            return io::Error::new(error.kind(), damage.clone());
        }
        if let Some(cancelled) = inner.downcast_ref::<Cancelled>() {
            return io::Error::new(error.kind(), *cancelled);
        }
    }
    io::Error::new(error.kind(), error.to_string())
}

impl Read for Input {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.start == self.end && buf.len() >= SIZE && !self.ended && self.error.is_none() {
            // As large as the buffer: no detour through it.
            let n = read_retrying(&mut self.reader, buf)?;
            self.ended = n == 0;
            self.offset += n as u64;
            return Ok(n);
        }
        let bytes = self.fill()?;
        let n = bytes.len().min(buf.len());
        buf[..n].copy_from_slice(&bytes[..n]);
        self.consume(n);
        Ok(n)
    }
}
