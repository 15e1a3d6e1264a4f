//! What all compressions share: frames one after the other, padding, garbage behind them, and damage.

use std::io::{self, Read};

use super::input::Input;
use crate::source::stream::{Damage, Remarks, damage};

/// One compression, frame by frame (gzip says member, xz and bzip2 say stream).
pub(super) trait Codec {
    /// The name in messages.
    fn name(&self) -> &'static str;

    /// Does a frame start with these bytes? Fewer than 16 are given only at the end of the file; what could be
    /// the start of one that was cut off counts as one.
    fn starts(&self, head: &[u8]) -> bool;

    /// Makes ready for a frame and reads what precedes its data.
    fn begin(&mut self, input: &mut Input) -> Result<(), Trouble>;

    /// Decodes some bytes; none of `input` are left only when `ended`.
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step;

    /// Reads what follows the data of a frame, and checks it.
    fn finish(&mut self, input: &mut Input) -> Result<(), Trouble>;
}

/// What a step did. What was produced counts even if there is trouble.
pub(super) struct Step {
    pub(super) consumed: usize,
    pub(super) produced: usize,
    /// Did the frame's data end?
    pub(super) done: bool,
    pub(super) trouble: Option<Trouble>,
}

/// Why a frame cannot be decoded further.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The file ends within the frame.
    Cut,
    /// The bytes make no sense; how so.
    Damaged(String),
    /// The data are there, but do not match their checksum; the next frame may be fine.
    Checksum,
    /// The file could not be read.
    Reading(io::Error),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Trouble::Reading(error)
    }
}

/// The decoded bytes of all frames of a file.
pub(super) struct Frames<C> {
    codec: C,
    input: Input,
    remarks: Remarks,
    state: State,
    /// A frame whose checksum was wrong, said at the end.
    mismatch: Option<u64>,
}

enum State {
    Between { first: bool },
    Inside,
    Failed(Option<io::Error>),
    Ended,
}

impl<C: Codec> Frames<C> {
    pub(super) fn new(codec: C, input: Input, remarks: &Remarks) -> Self {
        let state = State::Between { first: true };
        Frames { codec, input, remarks: remarks.clone(), state, mismatch: None }
    }

    /// Looks for the next frame: the state after it.
    fn next_frame(&mut self, first: bool) -> Result<State, Trouble> {
        if !first {
            self.input.skip_zeros()?;
        }
        // An error behind the first bytes is met again once they are used.
        if let Err(error) = self.input.peek(16)
            && self.input.buffered().is_empty()
        {
            return Err(Trouble::Reading(error));
        }
        let head = self.input.buffered();
        if !first && head.is_empty() {
            return Ok(self.end());
        }
        if !self.codec.starts(head) {
            let at = self.input.offset();
            self.remarks.leave_unread(format!(
                "what follows the {} data at compressed byte {at} is something else and was not read",
                self.codec.name()
            ));
            return Ok(self.end());
        }
        self.codec.begin(&mut self.input)?;
        Ok(State::Inside)
    }

    /// The state behind the last frame.
    fn end(&mut self) -> State {
        let Some(at) = self.mismatch.take() else { return State::Ended };
        let message = format!(
            "{} data before compressed byte {at} does not match its checksum; it was read as it is",
            self.codec.name()
        );
        State::Failed(Some(io::Error::new(io::ErrorKind::InvalidData, Damage(message))))
    }

    /// Decodes within a frame: bytes produced, and whether the frame ended.
    fn decode(&mut self, buf: &mut [u8]) -> (usize, Result<bool, Trouble>) {
        loop {
            let bytes = match self.input.fill() {
                Ok(bytes) => bytes,
                Err(error) => return (0, Err(Trouble::Reading(error))),
            };
            let ended = bytes.is_empty();
            let step = self.codec.step(bytes, buf);
            self.input.consume(step.consumed);
            let result = match step.trouble {
                Some(trouble) => Err(trouble),
                None if step.done => self.codec.finish(&mut self.input).map(|()| true),
                // Nothing goes in, nothing comes out: the rest is missing.
                None if step.produced == 0 && ended => Err(Trouble::Cut),
                // No codec does this; if one did, it would do it for ever.
                None if step.produced == 0 && step.consumed == 0 => {
                    Err(Trouble::Damaged("no progress".into()))
                }
                None if step.produced == 0 => continue,
                None => Ok(false),
            };
            return (step.produced, result);
        }
    }

    /// The state after trouble.
    fn fail(&mut self, trouble: Trouble) -> State {
        if matches!(trouble, Trouble::Cut) {
            // What is there of a header or a trailer tells nothing; the file ends behind it.
            self.input.consume(self.input.buffered().len());
        }
        let at = self.input.offset();
        let error = match trouble {
            Trouble::Cut => damage(&format!("{} data ends early", self.codec.name()), at),
            Trouble::Damaged(how) if how.is_empty() => {
                damage(&format!("{} data is damaged", self.codec.name()), at)
            }
            Trouble::Damaged(how) => damage(&format!("{} data is damaged ({how})", self.codec.name()), at),
            Trouble::Checksum => {
                self.mismatch.get_or_insert(at);
                return State::Between { first: false };
            }
            Trouble::Reading(error) => error,
        };
        State::Failed(Some(error))
    }
}

impl<C: Codec> Read for Frames<C> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        loop {
            match &mut self.state {
                State::Ended => return Ok(0),
                State::Failed(error) => {
                    let error = error.take();
                    return Err(error.unwrap_or_else(|| damage(self.codec.name(), self.input.offset())));
                }
                State::Between { first } => {
                    let first = *first;
                    self.state = match self.next_frame(first) {
                        Ok(state) => state,
                        Err(trouble) => self.fail(trouble),
                    };
                }
                State::Inside => {
                    let (produced, result) = self.decode(buf);
                    match result {
                        Ok(false) => {}
                        Ok(true) => self.state = State::Between { first: false },
                        Err(trouble) => self.state = self.fail(trouble),
                    }
                    if produced > 0 {
                        return Ok(produced);
                    }
                }
            }
        }
    }
}
