//! What decoding works with, used again for the next file.
//!
//! An archive may have a million members. Room that is taken from the heap for each, and given back, is filled by the
//! small things that stay of it, so that the next one needs room of its own.

use std::sync::{Mutex, PoisonError};

/// Things that are at rest.
pub(super) struct Spare<T>(Mutex<Vec<T>>);

/// How many rest at most: as many as threads have use for.
const MOST: usize = 64;

impl<T> Spare<T> {
    pub(super) const fn new() -> Self {
        Spare(Mutex::new(Vec::new()))
    }

    /// One that is at rest, if any is.
    pub(super) fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Lays one to rest.
    pub(super) fn give(&self, used: T) {
        let mut resting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if resting.len() < MOST {
            resting.push(used);
        }
    }
}
