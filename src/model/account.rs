//! The account: every line read is an entry's first line, a continuation, or unparsed.

use super::Timestamp;

/// What was read. Adding two accounts is commutative and associative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Account {
    /// Files read as logs.
    pub files: u64,
    /// Bytes of them, after decompression.
    pub bytes: u64,
    /// Physical lines.
    pub lines: u64,
    /// Logical entries that a format understood.
    pub entries: u64,
    /// Lines that continue an entry.
    pub continuation: u64,
    /// Entries that no format but plain text understood, with neither time nor level: one line each.
    pub unparsed: u64,
    /// Files that are no logs, or could not be read.
    pub skipped: u64,
    /// The earliest time of an entry.
    pub from: Option<Timestamp>,
    /// The latest time of an entry.
    pub to: Option<Timestamp>,
    /// The first and last instant of what was to be explained, where that is not all.
    pub window: Option<(Timestamp, Timestamp)>,
}

impl Account {
    /// Takes in the time of an entry.
    pub fn saw(&mut self, ts: Timestamp) {
        self.from = Some(self.from.map_or(ts, |from| from.min(ts)));
        self.to = Some(self.to.map_or(ts, |to| to.max(ts)));
    }

    /// Adds another account to this one.
    pub fn merge(&mut self, other: &Account) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.lines += other.lines;
        self.entries += other.entries;
        self.continuation += other.continuation;
        self.unparsed += other.unparsed;
        self.skipped += other.skipped;
        for ts in [other.from, other.to].into_iter().flatten() {
            self.saw(ts);
        }
        self.window = match (self.window, other.window) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (mine, theirs) => mine.or(theirs),
        };
    }

    /// Does every line read have its place?
    pub fn balances(&self) -> bool {
        self.lines == self.entries + self.continuation + self.unparsed
    }
}
