//! A tar that can only be read once (`ssh host tar cz /var/log | obs investigate -`): its members as one text.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::tape::Tape;
use super::{tar, told};
use crate::source::decode::{Input, transcode, unpack};
use crate::source::kind::{Kind, kind};
use crate::source::stream::{Damage, Remarks};
use crate::source::walk::escape;

/// The decoded bytes of all members that are logs, one after the other, each ending in a line end.
pub(in crate::source) struct Joined {
    tape: Shared,
    member: Option<Input>,
    /// Does the text so far end in a line end?
    ends_line: bool,
    /// What was wrong with the first member that was damaged, told at the end.
    damage: Option<String>,
    ended: bool,
}

/// The tar, and how much of the present member is still on it.
#[derive(Clone)]
struct Shared(Arc<Mutex<(Input, u64)>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, (Input, u64)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The present member's bytes, for a decoder to own.
struct Part(Shared);

impl Read for Part {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let (tape, left) = &mut *self.0.lock();
        let most = usize::try_from(*left).unwrap_or(usize::MAX).min(buf.len());
        let n = Read::read(tape, &mut buf[..most])?;
        *left -= n as u64;
        Ok(n)
    }
}

impl Joined {
    /// The members of the tar that `input` starts with.
    pub(in crate::source) fn new(input: Input, remarks: &Remarks) -> Self {
        remarks.leave(
            "is a tar archive that can be read only once: its members were read as one file".to_owned(),
        );
        let tape = Shared(Arc::new(Mutex::new((input, 0))));
        Joined { tape, member: None, ends_line: true, damage: None, ended: false }
    }

    /// Goes on to the next member that is a log; none is left when `ended`.
    fn next_member(&mut self) -> io::Result<()> {
        let entry = {
            let (tape, left) = &mut *self.tape.lock();
            // What a decoder left, and the padding behind it.
            tape.pass(std::mem::take(left))?;
            tape.pass(tar::padding(tape.at()))?;
            let at = tape.at();
            match tar::next(tape) {
                Ok(Some(entry)) => {
                    *left = entry.size;
                    entry
                }
                Ok(None) => {
                    self.ended = true;
                    return Ok(());
                }
                Err(trouble) => {
                    self.ended = true;
                    return Err(error_of(trouble, at));
                }
            }
        };
        if entry.kind != tar::Kind::File {
            return Ok(());
        }
        // Remarks on members would need their names; damage is told in `read`.
        let remarks = Remarks::default();
        let part = Input::new(Box::new(Part(self.tape.clone())));
        let (mut member, _) = transcode(unpack(part, &remarks)?.input, &remarks);
        drop(member.peek(tar::BLOCK));
        if kind(member.buffered(), &escape(&entry.name)) == Kind::Text {
            self.member = Some(member);
        }
        Ok(())
    }

    /// What is left to say at the end.
    fn end(&mut self) -> io::Result<usize> {
        match self.damage.take() {
            Some(message) => Err(io::Error::new(io::ErrorKind::InvalidData, Damage(message))),
            None => Ok(0),
        }
    }
}

fn error_of(trouble: tar::Trouble, at: u64) -> io::Error {
    let what = match trouble {
        tar::Trouble::Reading(error) => return error,
        tar::Trouble::Cut => "ends early",
        tar::Trouble::Damaged => "is damaged",
    };
    let message = format!("tar archive {what} at byte {at}; the members before that were read");
    io::Error::new(io::ErrorKind::InvalidData, Damage(message))
}

impl Read for Joined {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some(member) = &mut self.member {
                match Read::read(member, buf) {
                    Ok(0) => self.member = None,
                    Ok(n) => {
                        self.ends_line = buf[n - 1] == b'\n';
                        return Ok(n);
                    }
                    // What is wrong with the tar itself is met again when it is read on.
                    Err(error) => {
                        self.damage.get_or_insert_with(|| told(&error));
                        self.member = None;
                    }
                }
                if !std::mem::replace(&mut self.ends_line, true) {
                    buf[0] = b'\n';
                    return Ok(1);
                }
            } else if self.ended {
                return self.end();
            } else {
                self.next_member()?;
            }
        }
    }
}
