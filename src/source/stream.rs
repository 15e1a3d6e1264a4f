//! Bytes that come one after the other: decoded files, pipes, and what went wrong with them.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::faults;
use super::map::Map;
use crate::model::Diagnostic;

/// Bytes that can be read once, in order: of a pipe, of a compressed file, of an archive's member.
///
/// On damage every byte before it is given first, then an error, and the same error on every later read.
/// The error's text says what happened and where; [`Stream::trouble`] makes it a diagnostic.
pub struct Stream {
    inner: Box<dyn Read + Send>,
    shown: String,
    remarks: Remarks,
    failure: Option<(io::ErrorKind, String)>,
    cancelled: bool,
    /// Was damage told before?
    quiet: bool,
    /// How many bytes of what is stored have been read, where that is counted.
    stored: Option<Arc<AtomicU64>>,
}

impl Stream {
    /// A stream over `inner`, whose layers may leave remarks.
    pub(super) fn new(shown: &str, inner: Box<dyn Read + Send>, remarks: Remarks) -> Self {
        let shown = shown.to_owned();
        Stream { inner, shown, remarks, failure: None, cancelled: false, quiet: false, stored: None }
    }

    /// The same, with the count of what is read of the file beneath.
    pub(super) fn counted_by(self, stored: Arc<AtomicU64>) -> Self {
        Stream { stored: Some(stored), ..self }
    }

    /// How many bytes of the file have been read, as they are stored in it; none where nobody counts.
    pub fn stored(&self) -> Option<u64> {
        self.stored.as_ref().map(|stored| stored.load(Ordering::Relaxed))
    }

    /// A stream over bytes in memory.
    pub fn of_map(shown: &str, map: Map) -> Self {
        Stream::new(shown, Box::new(io::Cursor::new(map)), Remarks::default())
    }

    /// The same for bytes that are known to be damaged: they end where the damage starts.
    pub(super) fn quiet(self) -> Self {
        Stream { quiet: true, ..self }
    }

    /// What there is to say once the stream has ended: an error if it ended in damage or something was left
    /// unread, a warning if something was odd and nothing is missing. Nothing when the reading was cancelled: whoever cancels says so.
    pub fn trouble(&self) -> Option<Diagnostic> {
        if let Some((_, message)) = &self.failure {
            return Some(Diagnostic::error(&self.shown, message));
        }
        self.remarks.get().filter(|_| !self.quiet).map(|remark| remark.told(&self.shown))
    }

    /// The error that ended the stream, if that is none of its data: what can be read of it may be more the next time.
    pub fn reading_trouble(&self) -> Option<Diagnostic> {
        let (_, message) = self.failure.as_ref().filter(|(kind, _)| *kind != io::ErrorKind::InvalidData)?;
        Some(Diagnostic::error(&self.shown, message))
    }

    /// Did the stream end because the reading was cancelled?
    pub fn was_cancelled(&self) -> bool {
        self.cancelled
    }
}

impl Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() || self.cancelled {
            return Ok(0);
        }
        if let Some((kind, message)) = &self.failure {
            return Err(io::Error::new(*kind, message.clone()));
        }
        match read_retrying(&mut self.inner, buf) {
            Ok(n) => Ok(n),
            Err(error) if is_cancelled(&error) => {
                self.cancelled = true;
                Ok(0)
            }
            Err(error) => {
                let message = match error.get_ref().and_then(|inner| inner.downcast_ref::<Damage>()) {
                    Some(_) if self.quiet => return Ok(0),
                    Some(damage) => damage.0.clone(),
                    None => format!("could not be read to its end: {}", cause(&error)),
                };
                self.failure = Some((error.kind(), message.clone()));
                Err(io::Error::new(error.kind(), message))
            }
        }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("shown", &self.shown)
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}

/// Something that a layer of a stream noticed, and went on. The first one is kept, what lost bytes before what did not.
#[derive(Clone, Debug, Default)]
pub(super) struct Remarks(Arc<Mutex<Option<Remark>>>);

/// What was noticed.
#[derive(Clone, Debug)]
pub(super) enum Remark {
    /// Something odd; every byte was read.
    Odd(String),
    /// There are bytes that could not be read.
    Unread(String),
}

impl Remark {
    /// The remark about a file.
    pub(super) fn told(self, shown: &str) -> Diagnostic {
        match self {
            Remark::Odd(what) => Diagnostic::warning(shown, what),
            Remark::Unread(what) => Diagnostic::error(shown, what),
        }
    }
}

impl Remarks {
    /// Leaves a remark: something odd.
    pub(super) fn leave(&self, remark: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(Remark::Odd(remark));
    }

    /// Leaves the remark that bytes are left unread.
    pub(super) fn leave_unread(&self, remark: String) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*known, Some(Remark::Unread(_))) {
            *known = Some(Remark::Unread(remark));
        }
    }

    /// The first remark.
    pub(super) fn get(&self) -> Option<Remark> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Damage in the data itself (not in reading it), in words that stand alone.
#[derive(Clone, Debug)]
pub(super) struct Damage(pub(super) String);

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Damage {}

/// An error for damaged data: `what` names it, `at` is the offset in the stored bytes.
pub(super) fn damage(what: &str, at: u64) -> io::Error {
    let message = format!("{what} at compressed byte {at}; everything before it was read");
    io::Error::new(io::ErrorKind::InvalidData, Damage(message))
}

/// The end of reading because somebody asked for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cancelled;

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("reading was cancelled")
    }
}

impl std::error::Error for Cancelled {}

/// Is this error the sign that reading was cancelled?
pub(super) fn is_cancelled(error: &io::Error) -> bool {
    error.get_ref().and_then(|inner| inner.downcast_ref::<Cancelled>()).is_some()
}

/// What an I/O error says, as a clause: `permission denied`, without the number.
pub fn cause(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// Reads once, again when a signal came in between.
pub(super) fn read_retrying(reader: &mut dyn Read, buf: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(buf) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Reads until `buf` is full or the end: the number of bytes read, and the error that stopped it.
pub(super) fn read_full(reader: &mut dyn Read, buf: &mut [u8]) -> (usize, Option<io::Error>) {
    let mut filled = 0;
    while filled < buf.len() {
        match read_retrying(reader, &mut buf[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) => return (filled, Some(error)),
        }
    }
    (filled, None)
}

/// A pipe, terminal or device: waits for bytes and looks at the cancel flag meanwhile, so that Ctrl-C works
/// while the other side is silent.
pub(super) struct Pipe {
    file: File,
    cancel: Arc<AtomicBool>,
}

impl Pipe {
    /// How long a silent pipe is waited for before the cancel flag is looked at again.
    const PATIENCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

    /// A pipe that ends when `cancel` is set.
    pub(super) fn new(file: File, cancel: &Arc<AtomicBool>) -> Self {
        Pipe { file, cancel: Arc::clone(cancel) }
    }
}

impl Read for Pipe {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.cancel.load(Ordering::Relaxed) {
                return Err(io::Error::other(Cancelled));
            }
            let mut fds = [PollFd::new(&self.file, PollFlags::IN)];
            match poll(&mut fds, Some(&Self::PATIENCE)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                // What cannot be polled can be read without waiting.
                Ok(_) | Err(_) => match faults::pass().and_then(|()| self.file.read(buf)) {
                    // Somebody made the pipe non-blocking and another reader was faster.
                    Err(error)
                        if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                    }
                    result => return result,
                },
            }
        }
    }
}

/// A regular file: ends where it ended when it was opened, and when `cancel` is set.
pub(super) struct Fixed {
    file: File,
    left: u64,
    cancel: Arc<AtomicBool>,
    /// Bytes that have been read.
    passed: Arc<AtomicU64>,
}

impl Fixed {
    /// The next `left` bytes of the file.
    pub(super) fn new(file: File, left: u64, cancel: &Arc<AtomicBool>) -> Self {
        Fixed { file, left, cancel: Arc::clone(cancel), passed: Arc::default() }
    }

    /// Where the bytes are counted that have been read.
    pub(super) fn passed(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.passed)
    }
}

impl Read for Fixed {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.cancel.load(Ordering::Relaxed) {
            return Err(io::Error::other(Cancelled));
        }
        let most = usize::try_from(self.left).map_or(buf.len(), |left| left.min(buf.len()));
        if most == 0 {
            return Ok(0);
        }
        faults::pass()?;
        let n = self.file.read(&mut buf[..most])?;
        if n == 0 {
            let message = format!("shrank while it was read; its last {} bytes are missing", self.left);
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, Damage(message)));
        }
        self.left -= n as u64;
        self.passed.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}
