//! Entries of logs that hold what a runtime wrote of its threads: kept whole, to be read after the pass.

use crate::model::{Entry, Location};

/// So many are kept, the first of all.
const MOST: usize = 32;

/// So much of each.
const LONGEST: usize = 4 << 20;

/// How far into an entry its first words may be, behind what a log writes before them.
const HEAD: usize = 400;

/// The dumps in the entries of logs.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Dumps(Vec<(Location, String)>);

impl Dumps {
    /// Keeps an entry if it holds a dump: those of the JVM go to its standard output, among all else.
    pub(super) fn add(&mut self, entry: &Entry<'_, '_>) {
        let head = &entry.raw[..entry.raw.len().min(HEAD)];
        if entry.raw.len() > HEAD && memchr::memmem::find(head, b"Full thread dump ").is_some() {
            let text = &entry.raw[..entry.raw.len().min(LONGEST)];
            self.0.push((entry.location, String::from_utf8_lossy(text).into_owned()));
            self.trim(2 * MOST);
        }
    }

    /// Takes in those of other files and chunks.
    pub(super) fn merge(&mut self, other: Dumps) {
        self.0.extend(other.0);
        self.trim(2 * MOST);
    }

    fn trim(&mut self, room: usize) {
        if self.0.len() > room {
            self.0.sort_by_key(|(location, _)| *location);
            self.0.truncate(MOST);
        }
    }

    /// The places and texts of the first ones, in the order of the files.
    pub fn into_sorted(mut self) -> Vec<(Location, String)> {
        self.0.sort_by_key(|(location, _)| *location);
        self.0.truncate(MOST);
        self.0
    }
}
