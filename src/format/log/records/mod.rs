//! Where the records of a file are when they are not one a line: in a list below some key of a JSON document, several to
//! a line (as JSON or as elements of XML), in batches (OTLP, Loki, CloudWatch). Each is written anew as a line that says what its batch says of it.
//!
//! [`Records::of`] tells from a file's head where they are; a [`Cutter`] goes through the file and gives the lines, with
//! the place of each record in the file. What is no record of such a file, text between them, stays as it is.

mod console;
mod cutter;
mod elements;
mod found;
mod line;
mod segment;

pub use cutter::{Cut, Cutter, Place};
pub(super) use found::is_record;

/// Where the records of a file are: the way to them from each of its JSON values. An empty way: the values themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Records {
    steps: Vec<Step>,
    /// Are they spans of traces, whose attributes are lists of pairs?
    spans: bool,
    /// In what they stand, where that is more than lists.
    within: Within,
}

/// What records stand in beside lists and batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
enum Within {
    /// Nothing else.
    #[default]
    Lists,
    /// An object that says of what they are: the segment of a trace, whose spans are numbered.
    Segment,
    /// Each other: a segment of X-Ray's and its subsegments.
    Each,
    /// The same, in a text.
    Document,
    /// They are printed as JavaScript does.
    Console,
    /// A line, as elements of XML.
    Elements,
}

/// How the parts of a record are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Shape {
    /// Are values objects that name their types, as in OTLP?
    typed: bool,
    /// Is it a span, whose attributes are lists of pairs?
    span: bool,
    /// Is its number one within a segment?
    numbered: bool,
}

/// A step on the way to a record.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
enum Step {
    /// Into the value of this key.
    Key(Box<[u8]>),
    /// Into each item of a list.
    Each,
}

impl Records {
    /// Where the records are of a file that begins like this; `None` if they are one a line, or if there are none.
    pub fn of(head: &[u8]) -> Option<Records> {
        found::find(head)
    }

    /// What begins a line with which a document of its own begins, whatever stands before it; none where documents have no
    /// key that leads to their records.
    fn begins(&self) -> Option<Vec<u8>> {
        let Some(Step::Key(key)) = self.steps.first() else { return None };
        Some([b"\n{\"", &**key, b"\":"].concat())
    }

    fn finder(&self) -> Option<memchr::memmem::Finder<'static>> {
        self.begins().map(|begin| memchr::memmem::Finder::new(&begin).into_owned())
    }

    /// Where a document begins at or after `at`, at the start of a line; the end, if none does before `most` bytes.
    pub fn next_document(&self, bytes: &[u8], at: usize, most: usize) -> Option<usize> {
        let begin = self.begins()?;
        if at == 0 {
            return Some(0);
        }
        let end = bytes.len().min(at.saturating_add(most));
        let found = memchr::memmem::find(&bytes[at - 1..end], &begin);
        Some(found.map_or(end, |found| at + found))
    }

    /// Do several documents stand in these bytes, a line each, the second of them before `most` bytes?
    pub fn are_apart(&self, bytes: &[u8], most: usize) -> bool {
        let Some(begin) = self.begins() else { return false };
        bytes.starts_with(&begin[1..])
            && memchr::memmem::find(&bytes[..bytes.len().min(most)], &begin).is_some()
    }

    /// The records of a sample, a line each.
    pub fn lines(&self, sample: &[u8]) -> Vec<u8> {
        let mut cutter = Cutter::new(self.clone());
        let mut cut = Cut::default();
        cutter.cut(sample, false, &mut cut);
        if cut.text.is_empty() {
            Cutter::new(self.clone()).cut(sample, true, &mut cut);
        }
        cut.text
    }

    /// The way as it is shown: `resourceLogs[].scopeLogs[].logRecords[]`.
    pub fn path(&self) -> String {
        let mut path = String::new();
        for step in &self.steps {
            match step {
                Step::Key(key) if path.is_empty() => path.push_str(&String::from_utf8_lossy(key)),
                Step::Key(key) => {
                    path.push('.');
                    path.push_str(&String::from_utf8_lossy(key));
                }
                Step::Each => path.push_str("[]"),
            }
        }
        path
    }

    /// Are these OpenTelemetry's, whose values name their types?
    fn are_typed(&self) -> bool {
        const SCOPES: [&[u8]; 4] =
            [b"scopeLogs", b"scopeSpans", b"instrumentationLibraryLogs", b"instrumentationLibrarySpans"];
        self.steps.iter().any(|step| matches!(step, Step::Key(key) if SCOPES.contains(&&**key)))
    }

    fn shape(&self) -> Shape {
        Shape { typed: self.are_typed(), span: self.spans, numbered: self.within == Within::Segment }
    }
}
