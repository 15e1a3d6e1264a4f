//! What one process does of a pass: chunks of files.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// What one process does of a pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// By file, each once.
    pub spans: Vec<Span>,
}

/// Chunks of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The file's index.
    pub file: u32,
    /// The first chunk.
    pub from: u32,
    /// The first chunk that is not part of it; the greatest number for the end of the file.
    pub until: u32,
    /// About how many bytes these are, as they are stored.
    pub bytes: u64,
}

impl Unit {
    /// The chunks of a file.
    pub(super) fn chunks(&self, file: usize) -> Range<u32> {
        let at = self.spans.binary_search_by_key(&(file as u32), |span| span.file);
        at.ok().and_then(|at| self.spans.get(at)).map_or(0..0, |span| span.from..span.until)
    }

    /// About how many bytes it has to read.
    pub fn bytes(&self) -> u64 {
        self.spans.iter().map(|span| span.bytes).sum()
    }
}
