//! A stream read by a thread of its own, so that whoever waits for its bytes can wait for as long as it likes.

use std::io::Read;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use crate::source::Stream;

/// Bytes that are asked of the stream at once: what a pipe holds.
const PIECE: usize = 64 << 10;

/// Pieces that may wait to be taken; whoever writes faster waits.
const READ_AHEAD: usize = 8;

/// How long nothing comes until a stream counts as silent: what has come of an entry is all of it then.
pub(super) const SILENCE: Duration = Duration::from_millis(50);

/// The end at which the bytes arrive.
#[derive(Debug)]
pub(super) struct Feed(Receiver<Came>);

/// What came of a stream.
#[derive(Debug)]
pub(super) enum Came {
    /// Its next bytes.
    Bytes(Vec<u8>),
    /// Nothing, for as long as was waited.
    Nothing,
    /// Its end, with what went wrong.
    End(Option<Box<Stream>>),
}

impl Feed {
    /// Begins to read. The thread ends with the stream, and when nobody wants the bytes any more.
    #[expect(clippy::disallowed_methods, reason = "scan/ is where threads are made")]
    pub(super) fn start(stream: Stream) -> Self {
        let (sender, receiver) = sync_channel(READ_AHEAD);
        std::thread::spawn(move || read(stream, &sender));
        Feed(receiver)
    }

    /// Waits for what comes next, so long at most.
    pub(super) fn next(&self, patience: Duration) -> Came {
        match self.0.recv_timeout(patience) {
            Ok(came) => came,
            Err(RecvTimeoutError::Timeout) => Came::Nothing,
            Err(RecvTimeoutError::Disconnected) => Came::End(None),
        }
    }
}

fn read(mut stream: Stream, sender: &SyncSender<Came>) {
    loop {
        let mut piece = vec![0; PIECE];
        // The error is kept by the stream.
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(n) => piece.truncate(n),
        }
        if sender.send(Came::Bytes(piece)).is_err() {
            return;
        }
    }
    drop(sender.send(Came::End(Some(Box::new(stream)))));
}
