//! zstd (RFC 8878): frames one after the other, skippable ones among them.

use std::io;

use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

use super::frames::{Codec, Step, Trouble};
use super::input::Input;

/// The largest window a frame may ask memory for: 128 MiB, the limit of the zstd program too.
const WINDOW_LOG_MAX: u32 = 27;

/// Bytes the decoder wants first: the shortest frame header.
const FIRST: usize = 5;

/// How a frame begins.
pub(super) const SIGN: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// How a skippable frame goes on behind its first byte.
const SKIPPABLE: [u8; 3] = [0x2a, 0x4d, 0x18];

/// Does a frame start here? A skippable frame counts (pzstd writes one first).
pub(super) fn starts(head: &[u8]) -> bool {
    head.starts_with(&SIGN) || (head.len() >= 4 && may_be_skipped(head))
}

/// May a skippable frame start here, as far as these bytes go?
pub(super) fn may_be_skipped(head: &[u8]) -> bool {
    head.split_first().is_some_and(|(first, rest)| {
        first & 0xf0 == 0x50 && SKIPPABLE.starts_with(&rest[..rest.len().min(SKIPPABLE.len())])
    })
}

/// The state of one frame.
pub(super) struct Zstd {
    decoder: Decoder<'static>,
    /// How many bytes of input the decoder wants next.
    wanted: usize,
}

impl Zstd {
    pub(super) fn new() -> io::Result<Self> {
        let mut decoder = Decoder::new()?;
        decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG_MAX))?;
        Ok(Zstd { decoder, wanted: FIRST })
    }
}

impl Codec for Zstd {
    fn name(&self) -> &'static str {
        "zstd"
    }

    fn starts(&self, head: &[u8]) -> bool {
        starts(head) || (!head.is_empty() && head.len() < 4 && SIGN.starts_with(head))
    }

    fn begin(&mut self, _input: &mut Input) -> Result<(), Trouble> {
        self.decoder.reinit()?;
        self.wanted = FIRST;
        Ok(())
    }

    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        // Never more than is wanted: then a block is decoded and flushed by a call of its own, and an error in
        // the next one takes nothing with it.
        let most = input.len().min(self.wanted);
        let mut from = InBuffer::around(&input[..most]);
        let mut to = OutBuffer::around(output);
        let result = self.decoder.run(&mut from, &mut to);
        let (consumed, produced) = (from.pos(), to.pos());
        if let Ok(hint) = result {
            self.wanted = hint.max(1);
        }
        let done = matches!(result, Ok(0));
        let trouble = result.err().map(|error| Trouble::Damaged(error.to_string().to_lowercase()));
        Step { consumed, produced, done, trouble }
    }

    fn finish(&mut self, _input: &mut Input) -> Result<(), Trouble> {
        Ok(())
    }
}
