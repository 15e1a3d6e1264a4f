//! What is told in the end: the causes, what changed, and how requests went.

use serde::Serialize;

use super::factor::Factor;
use super::health::Health;
use super::hypothesis::LAST_WORDS;
use super::path::Hop;
use crate::detect::success::{Rates, Success};
use crate::model::Timestamp;
use crate::timeline::evidence::time;
use crate::timeline::{Evidence, Subject};

/// A likely cause.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cause {
    /// 1 is the most likely.
    pub rank: usize,
    /// What happened where, in a few words.
    #[serde(skip)]
    pub headline: String,
    /// One sentence.
    pub summary: String,
    /// The detector that found it; `change` if no words are known for it.
    pub detector: &'static str,
    /// What it is about.
    pub subject: Subject,
    /// When it began.
    #[serde(serialize_with = "time")]
    pub from: Option<Timestamp>,
    /// Was it so since the data begins? Then it may be older.
    pub since_beginning: bool,
    /// When it was last seen.
    #[serde(serialize_with = "time")]
    pub to: Option<Timestamp>,
    /// The requests that failed and know of it, of those that were looked at.
    pub failed_requests: Option<Explained>,
    /// Does it explain other failed requests than the causes before it, so that both are true?
    pub another_failure: bool,
    /// Between 0 and 1: how much of the evidence speaks for it rather than for the others.
    pub confidence: f64,
    /// Entries that show it.
    pub evidence: Vec<Evidence>,
    /// What followed, in the order of time.
    pub effects: Vec<String>,
    /// What speaks against it.
    pub against: Vec<String>,
    /// From what broke to what users felt.
    pub path: Vec<Hop>,
    /// The reasons for and against it, in log odds.
    pub why: Vec<Factor>,
    /// The kinds of entries that it was found in.
    #[serde(skip)]
    pub kinds: Vec<usize>,
}

/// The requests that failed, as far as a cause tells why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// Those that know of it.
    pub known: u64,
    /// All that failed.
    pub of: u64,
}

impl Cause {
    /// Is it more than the last that was said, where nothing is known?
    pub fn is_known(&self) -> bool {
        self.detector != LAST_WORDS
    }

    /// Whose it is: a service, or a log where no service is known.
    pub fn name(&self) -> &str {
        self.subject.service.as_deref().unwrap_or(&self.subject.file)
    }
}

/// Something that changed, and when.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// When.
    #[serde(serialize_with = "time")]
    pub at: Option<Timestamp>,
    /// What.
    pub what: String,
    /// An entry that shows it.
    pub evidence: Option<Evidence>,
}

/// The whole story.
#[derive(Clone, Debug)]
pub struct Story {
    /// When it began.
    pub onset: Option<Timestamp>,
    /// How requests went.
    pub success: Option<Success>,
    /// Whether they went well enough to tell noise from failure.
    pub health: Health,
    /// How requests went before, during and after.
    pub rates: Rates,
    /// When requests failed, or else when the changes lasted.
    pub impact: Option<(Timestamp, Timestamp)>,
    /// The causes, the most likely first.
    pub causes: Vec<Cause>,
    /// What changed, in the order of time.
    pub timeline: Vec<Event>,
}
