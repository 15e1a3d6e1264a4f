//! lz4: frames one after the other, skippable ones among them.

use std::io::{self, Read};

use lz4_flex::frame::FrameDecoder;

use super::input::Input;
use crate::source::stream::{Remarks, damage, is_cancelled};

const FRAME: [u8; 4] = 0x184D_2204_u32.to_le_bytes();
/// The format before there were frames (`lz4 -l`); it has no end mark.
const LEGACY: [u8; 4] = 0x184C_2102_u32.to_le_bytes();
/// How lz4 data begins.
pub(super) const SIGNS: [[u8; 4]; 2] = [FRAME, LEGACY];

/// Does a frame start here?
pub(super) fn starts(head: &[u8]) -> bool {
    head.starts_with(&FRAME) || head.starts_with(&LEGACY)
}

/// The decoded bytes of all frames of a file.
pub(super) struct Lz4 {
    decoder: FrameDecoder<Watched>,
    remarks: Remarks,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    Between { first: bool },
    Inside { legacy: bool },
    Ended,
}

/// The input, and whether more was wanted of it than it had: the decoder takes a missing end mark for an end.
struct Watched {
    input: Input,
    wanted: bool,
}

impl Read for Watched {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(buf)?;
        self.wanted |= n == 0 && !buf.is_empty();
        Ok(n)
    }
}

impl Lz4 {
    pub(super) fn new(input: Input, remarks: &Remarks) -> Self {
        let decoder = FrameDecoder::new(Watched { input, wanted: false });
        Lz4 { decoder, remarks: remarks.clone(), state: State::Between { first: true } }
    }

    /// Looks for the next frame: the state after it.
    fn next_frame(&mut self, first: bool) -> io::Result<State> {
        let input = &mut self.decoder.get_mut().input;
        if !first {
            input.skip_zeros()?;
        }
        if let Err(error) = input.peek(8)
            && input.buffered().is_empty()
        {
            return Err(error);
        }
        let head = input.buffered();
        if head.is_empty() {
            return Ok(State::Ended);
        }
        if starts(head) {
            return Ok(State::Inside { legacy: head.starts_with(&LEGACY) });
        }
        if let &[kind, 0x2a, 0x4d, 0x18, a, b, c, d, ..] = head
            && kind & 0xf0 == 0x50
        {
            input.skip(8 + u64::from(u32::from_le_bytes([a, b, c, d])))?;
            return Ok(State::Between { first: false });
        }
        if head.len() < 4 && FRAME.starts_with(head) {
            input.skip(4)?;
            return Err(damage("lz4 data ends early", input.offset()));
        }
        let at = input.offset();
        self.remarks.leave(format!(
            "what follows the lz4 data at compressed byte {at} is something else and was not read"
        ));
        Ok(State::Ended)
    }

    /// What an error of the decoder means.
    fn failure(&self, error: io::Error) -> io::Error {
        let at = self.decoder.get_ref().input.offset();
        match error.kind() {
            _ if is_cancelled(&error) || error.raw_os_error().is_some() => error,
            io::ErrorKind::UnexpectedEof => damage("lz4 data ends early", at),
            io::ErrorKind::InvalidData | io::ErrorKind::Other | io::ErrorKind::InvalidInput => {
                damage("lz4 data is damaged", at)
            }
            _ => error,
        }
    }
}

impl Read for Lz4 {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        loop {
            match self.state {
                State::Ended => return Ok(0),
                State::Between { first } => {
                    self.state = State::Ended;
                    self.state = self.next_frame(first)?;
                }
                State::Inside { legacy } => match self.decoder.read(buf) {
                    Ok(0) => {
                        let watched = self.decoder.get_mut();
                        if std::mem::take(&mut watched.wanted) && !legacy {
                            self.state = State::Ended;
                            return Err(damage("lz4 data ends early", watched.input.offset()));
                        }
                        self.state = State::Between { first: false };
                    }
                    Ok(n) => return Ok(n),
                    Err(error) => {
                        self.state = State::Ended;
                        return Err(self.failure(error));
                    }
                },
            }
        }
    }
}
