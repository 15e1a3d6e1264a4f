//! What something is about, and the entries that show it.

use serde::{Serialize, Serializer};

use crate::model::{Location, Timestamp};

/// What a finding is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Subject {
    /// The log in which it shows most clearly.
    pub file: String,
    /// The service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
}

/// An entry that shows what was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evidence {
    /// The file.
    pub file: String,
    /// The 1-based number of the entry's first line.
    pub line: u64,
    /// Its time.
    #[serde(serialize_with = "time")]
    pub timestamp: Option<Timestamp>,
    /// Its first lines.
    pub text: String,
    /// What it is of a trace, if it is a span.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub span: Option<SpanOf>,
    /// Where it is in the scan.
    #[serde(skip)]
    pub location: Location,
}

/// A span by its names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SpanOf {
    /// The trace's.
    pub trace: String,
    /// Its own.
    pub span: String,
    /// The service.
    pub service: Option<String>,
    /// What is done.
    pub operation: Option<String>,
}

/// RFC 3339, or null.
pub fn time<S: Serializer>(ts: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
    match ts {
        Some(ts) => to.collect_str(ts),
        None => to.serialize_none(),
    }
}
