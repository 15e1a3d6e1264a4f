//! bzip2: streams one after the other.

use bzip2::{Decompress, Status};

use super::frames::{Codec, Step, Trouble};
use super::input::Input;

/// The sign of a block, and of a stream without blocks.
const BLOCK: [u8; 6] = [0x31, 0x41, 0x59, 0x26, 0x53, 0x59];
const EMPTY: [u8; 6] = [0x17, 0x72, 0x45, 0x38, 0x50, 0x90];

/// Does a stream start here?
pub(super) fn starts(head: &[u8]) -> bool {
    let block = head.get(4..head.len().min(10)).unwrap_or_default();
    head.starts_with(b"BZh")
        && head.get(3).is_some_and(|level| (b'1'..=b'9').contains(level))
        && (BLOCK.starts_with(block) || EMPTY.starts_with(block))
}

/// The state of one stream.
pub(super) struct Bzip2 {
    decoder: Decompress,
}

impl Bzip2 {
    pub(super) fn new() -> Self {
        Bzip2 { decoder: Decompress::new(false) }
    }
}

impl Codec for Bzip2 {
    fn name(&self) -> &'static str {
        "bzip2"
    }

    fn starts(&self, head: &[u8]) -> bool {
        starts(head) || (!head.is_empty() && b"BZh".starts_with(head))
    }

    fn begin(&mut self, _input: &mut Input) -> Result<(), Trouble> {
        self.decoder = Decompress::new(false);
        Ok(())
    }

    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        let (before_in, before_out) = (self.decoder.total_in(), self.decoder.total_out());
        let result = self.decoder.decompress(input, output);
        let consumed = (self.decoder.total_in() - before_in) as usize;
        let produced = (self.decoder.total_out() - before_out) as usize;
        let done = matches!(result, Ok(Status::StreamEnd));
        let trouble = result.is_err().then(|| Trouble::Damaged(String::new()));
        Step { consumed, produced, done, trouble }
    }

    fn finish(&mut self, _input: &mut Input) -> Result<(), Trouble> {
        Ok(())
    }
}
