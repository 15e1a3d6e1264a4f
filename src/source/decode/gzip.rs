//! gzip (RFC 1952): members one after the other, each checked; and the bare deflated data of a zip's member.

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::frames::{Codec, Step, Trouble};
use super::input::Input;
use super::spare::Spare;
use crate::model::Timestamp;

const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
const EXTRA: u8 = 1 << 2;
const HEADER_CHECKSUM: u8 = 1 << 1;
const RESERVED: u8 = 0b1110_0000;

/// Does a member start here? The only method there ever was is 8.
pub(super) fn starts(head: &[u8]) -> bool {
    head.starts_with(&[0x1f, 0x8b, 8]) || head == [0x1f, 0x8b]
}

/// When the file was last written before it was compressed; 0 means nobody knows.
pub(super) fn modified(head: &[u8]) -> Option<Timestamp> {
    let seconds = u32::from_le_bytes(head.get(4..8)?.try_into().ok()?);
    (seconds > 0).then(|| Timestamp::new(i64::from(seconds), 0)).flatten()
}

/// The state of one member.
pub(super) struct Gzip {
    /// There until it is dropped.
    inflate: Option<Decompress>,
    checksum: Crc,
}

static INFLATERS: Spare<Decompress> = Spare::new();

impl Gzip {
    pub(super) fn new() -> Self {
        let used = INFLATERS.take().map(|mut inflate| {
            inflate.reset(false);
            inflate
        });
        Gzip { inflate: Some(used.unwrap_or_else(|| Decompress::new(false))), checksum: Crc::new() }
    }
}

impl Drop for Gzip {
    fn drop(&mut self) {
        self.inflate.take().into_iter().for_each(|inflate| INFLATERS.give(inflate));
    }
}

impl Codec for Gzip {
    fn name(&self) -> &'static str {
        "gzip"
    }

    fn starts(&self, head: &[u8]) -> bool {
        // Behind a member, even one byte of a next one is no garbage but a next one that was cut off.
        starts(head) || head == [0x1f]
    }

    fn begin(&mut self, input: &mut Input) -> Result<(), Trouble> {
        self.inflate.iter_mut().for_each(|inflate| inflate.reset(false));
        self.checksum.reset();
        let &[_, _, _, flags, _, _, _, _, _, _, ..] = input.peek(10)? else { return Err(Trouble::Cut) };
        if flags & RESERVED != 0 {
            return Err(Trouble::Damaged("unknown flags".into()));
        }
        input.consume(10);
        if flags & EXTRA != 0 {
            let &[low, high, ..] = input.peek(2)? else { return Err(Trouble::Cut) };
            skip(input, 2 + u64::from(u16::from_le_bytes([low, high])))?;
        }
        for flag in [NAME, COMMENT] {
            if flags & flag != 0 {
                skip_text(input)?;
            }
        }
        if flags & HEADER_CHECKSUM != 0 {
            skip(input, 2)?;
        }
        Ok(())
    }

    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        self.inflate(input, output)
    }

    fn finish(&mut self, input: &mut Input) -> Result<(), Trouble> {
        let &[a, b, c, d, e, f, g, h, ..] = input.peek(8)? else { return Err(Trouble::Cut) };
        input.consume(8);
        let checksum = u32::from_le_bytes([a, b, c, d]);
        let length = u32::from_le_bytes([e, f, g, h]);
        self.matches(checksum, length)
    }
}

impl Gzip {
    fn inflate(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        let inflate = self.inflate.get_or_insert_with(|| Decompress::new(false));
        let (before_in, before_out) = (inflate.total_in(), inflate.total_out());
        let result = inflate.decompress(input, output, FlushDecompress::None);
        let consumed = (inflate.total_in() - before_in) as usize;
        let produced = (inflate.total_out() - before_out) as usize;
        self.checksum.update(&output[..produced]);
        let done = matches!(result, Ok(Status::StreamEnd));
        let trouble = result.is_err().then(|| Trouble::Damaged(String::new()));
        Step { consumed, produced, done, trouble }
    }

    /// Do the data of the member have this checksum, and this length modulo 2^32?
    fn matches(&self, checksum: u32, length: u32) -> Result<(), Trouble> {
        if checksum == self.checksum.sum() && length == self.checksum.amount() {
            Ok(())
        } else {
            Err(Trouble::Checksum)
        }
    }
}

/// Deflated data without a frame, whose checksum and length are known from elsewhere.
pub(super) struct Deflated {
    pub(super) gzip: Gzip,
    pub(super) checksum: u32,
    pub(super) length: u64,
    pub(super) begun: bool,
}

impl Codec for Deflated {
    fn name(&self) -> &'static str {
        "zip"
    }

    fn starts(&self, _head: &[u8]) -> bool {
        !self.begun
    }

    fn begin(&mut self, _input: &mut Input) -> Result<(), Trouble> {
        self.begun = true;
        Ok(())
    }

    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        self.gzip.inflate(input, output)
    }

    fn finish(&mut self, _input: &mut Input) -> Result<(), Trouble> {
        self.gzip.matches(self.checksum, self.length as u32)
    }
}

fn skip(input: &mut Input, n: u64) -> Result<(), Trouble> {
    if input.skip(n)? == n { Ok(()) } else { Err(Trouble::Cut) }
}

/// Uses bytes up to and with a zero.
fn skip_text(input: &mut Input) -> Result<(), Trouble> {
    loop {
        let bytes = input.fill()?;
        let zero = memchr::memchr(0, bytes);
        let n = zero.map_or(bytes.len(), |at| at + 1);
        if n == 0 {
            return Err(Trouble::Cut);
        }
        input.consume(n);
        if zero.is_some() {
            return Ok(());
        }
    }
}
