//! What is left of a pipe, which can be opened only once.

use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};

use super::feed::{Came, Feed, SILENCE};
use crate::model::Diagnostic;
use crate::source::{Map, Stream};

/// What is left of a pipe.
#[derive(Debug)]
pub(super) enum Pipe {
    /// This is no pipe, or it has been read.
    None,
    /// It is none, but a file that was connected in its place.
    File(Map),
    /// Its beginning, and the rest.
    Fresh(Vec<u8>, Stream),
    /// What has come so far, and where the rest arrives.
    Live(Vec<u8>, Feed),
    /// All of it, and what went wrong.
    Held(Map, Vec<Diagnostic>),
}

/// Bytes that are read at once to be held.
const PIECE: usize = 64 << 10;

impl Pipe {
    /// Reads it to its end and keeps it. Gives what went wrong. `progress` counts what has come meanwhile.
    pub(super) fn hold(&mut self, progress: &AtomicU64) -> Vec<Diagnostic> {
        let (bytes, troubles) = match std::mem::replace(self, Pipe::None) {
            Pipe::Fresh(head, stream) => read_all(head, stream, progress),
            Pipe::Live(head, feed) => gather(head, &feed),
            other => {
                *self = other;
                return Vec::new();
            }
        };
        *self = Pipe::Held(Map::held(bytes), troubles.clone());
        troubles
    }
}

fn read_all(mut bytes: Vec<u8>, mut stream: Stream, progress: &AtomicU64) -> (Vec<u8>, Vec<Diagnostic>) {
    let tell = |more: usize| progress.fetch_add(more as u64, Ordering::Relaxed);
    tell(bytes.len());
    let mut read = bytes.len();
    loop {
        bytes.resize(read + PIECE, 0);
        // The error is kept by the stream.
        let Ok(more @ 1..) = stream.read(&mut bytes[read..]) else { break };
        read += more;
        tell(more);
    }
    bytes.truncate(read);
    (bytes, stream.trouble().into_iter().collect())
}

fn gather(mut bytes: Vec<u8>, feed: &Feed) -> (Vec<u8>, Vec<Diagnostic>) {
    let stream = loop {
        match feed.next(SILENCE) {
            Came::Bytes(more) => bytes.extend_from_slice(&more),
            Came::Nothing => {}
            Came::End(stream) => break stream,
        }
    };
    (bytes, stream.and_then(|stream| stream.trouble()).into_iter().collect())
}
