//! xz: streams one after the other.

use lzma_rust2::{Action, Status, XzStream};

use super::frames::{Codec, Step, Trouble};
use super::input::Input;

/// How a stream begins.
pub(super) const SIGN: [u8; 6] = [0xfd, b'7', b'z', b'X', b'Z', 0];

/// The most memory a block may ask for, in KiB: what `xz -9` needs is 65 MiB.
const MEMORY_KIB: u32 = 132 * 1024;

/// Bytes put in, and room given, at once. A call that fails says nothing of what it decoded, so that this is
/// what damage can take with it.
const IN: usize = 512;
const OUT: usize = 16 * 1024;

/// Does a stream start here?
pub(super) fn starts(head: &[u8]) -> bool {
    head.starts_with(&SIGN)
}

/// The state of one stream.
pub(super) struct Xz {
    decoder: XzStream,
}

impl Xz {
    pub(super) fn new() -> Self {
        Xz { decoder: XzStream::new_mem_limit(false, MEMORY_KIB) }
    }
}

impl Codec for Xz {
    fn name(&self) -> &'static str {
        "xz"
    }

    fn starts(&self, head: &[u8]) -> bool {
        starts(head) || (!head.is_empty() && SIGN.starts_with(head))
    }

    fn begin(&mut self, _input: &mut Input) -> Result<(), Trouble> {
        *self = Xz::new();
        Ok(())
    }

    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        let input = &input[..input.len().min(IN)];
        let room = output.len().min(OUT);
        match self.decoder.process(input, &mut output[..room], Action::Run) {
            Ok(result) => Step {
                consumed: result.bytes_consumed,
                produced: result.bytes_produced,
                done: result.status == Status::StreamEnd,
                trouble: None,
            },
            Err(error) => {
                let trouble = Some(Trouble::Damaged(error.to_string().to_lowercase()));
                Step { consumed: 0, produced: 0, done: false, trouble }
            }
        }
    }

    fn finish(&mut self, _input: &mut Input) -> Result<(), Trouble> {
        Ok(())
    }
}
