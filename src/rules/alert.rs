//! Alerts as they are reported: what fired, when, for whom, and who would have been told.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde::{Serialize, Serializer};

use super::file::{Rule, RuleGroup};
use super::yaml::Place;
use crate::model::{Labels, Timestamp};

/// What became of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The condition held, but never long enough to fire.
    Pending,
    /// It fires at the end of the data.
    Triggered,
    /// It fires, and somebody has taken note of it.
    Acknowledged,
    /// It fired, and is over.
    Resolved,
    /// It fired, but nobody would have been told.
    Suppressed,
}

/// One alert, from the moment its condition held to its end.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alert {
    /// The rule's name.
    pub rule: String,
    /// The rule's `id` in the short form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The group's name.
    pub group: String,
    /// The rule's file.
    #[serde(skip)]
    pub file: String,
    /// Where the rule is in its file.
    #[serde(skip)]
    pub place: Place,
    /// The label `severity`.
    pub severity: Option<String>,
    /// All labels, `alertname` included.
    #[serde(serialize_with = "labels_as_map")]
    pub labels: Labels,
    /// Annotations as they read when it fired; if it never did, when its condition last held.
    #[serde(serialize_with = "pairs_as_map")]
    pub annotations: Vec<(String, String)>,
    /// Since when its condition held.
    #[serde(serialize_with = "as_text")]
    pub pending_at: Timestamp,
    /// Since when it fired; `None` if it never did.
    #[serde(serialize_with = "as_optional_text")]
    pub firing_at: Option<Timestamp>,
    /// When its condition no longer held; `None` if it still does at the end of the data.
    #[serde(serialize_with = "as_optional_text")]
    pub resolved_at: Option<Timestamp>,
    /// The expression's value when it fired; if it never did, the last one. `null` in JSON if it is no number.
    pub value: f64,
    /// What became of it.
    pub status: Status,
    /// Samples and entries of logs that made it fire; if it never did, that made its condition hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// Who would have been told.
    pub receivers: Vec<String>,
    /// Why nobody was.
    pub suppressed_by: Option<String>,
    /// When somebody took note of it.
    #[serde(serialize_with = "as_optional_text", skip_serializing_if = "Option::is_none")]
    pub acknowledged_at: Option<Timestamp>,
    /// Who did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged_by: Option<String>,
}

impl Alert {
    /// Is it an alert of this rule?
    pub(super) fn is_of(&self, group: &RuleGroup, rule: &Rule) -> bool {
        self.file == group.file && self.group == group.name && self.place == rule.place
    }

    /// Did it ever fire?
    pub fn fired(&self) -> bool {
        self.firing_at.is_some()
    }

    /// For how long it fired, in milliseconds; if it still does, until `end`, the last time of the data.
    pub fn firing_millis(&self, end: i64) -> i64 {
        let until = self.resolved_at.map_or(end, Timestamp::millis);
        self.firing_at.map_or(0, |from| (until - from.millis()).max(0))
    }

    /// Does it fire at this time (milliseconds)?
    pub fn fires_at(&self, at: i64) -> bool {
        self.firing_at.is_some_and(|from| from.millis() <= at)
            && self.resolved_at.is_none_or(|until| at < until.millis())
    }
}

/// A line of a file that shows something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// The file.
    pub file: String,
    /// The 1-based line; `None` in files that are not read line by line.
    pub line: Option<u64>,
    /// When.
    #[serde(serialize_with = "as_text")]
    pub timestamp: Timestamp,
    /// What stands there.
    pub text: String,
}

/// A rule that could not be judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unjudged {
    /// The rule's name.
    pub rule: String,
    /// The group's name.
    pub group: String,
    /// The rule's file.
    pub file: String,
    /// The line of the rule in its file.
    pub line: u32,
    /// Why it could not be judged.
    pub reason: Reason,
    /// Selectors that match no series.
    pub selectors: Vec<String>,
    /// What failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Why a rule could not be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The series it needs do not exist.
    NoData,
    /// Its evaluation failed.
    Failed,
}

/// Numbers about a replay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Rules, alerting and recording ones, that were to be evaluated.
    pub rules: usize,
    /// Of these, those that could be judged.
    pub evaluated: usize,
    /// Of these, those whose series are absent.
    pub no_data: usize,
    /// Of these, those whose evaluation failed.
    pub failed: usize,
    /// Alerts that fired, by severity; `none` for those without.
    pub by_severity: BTreeMap<String, usize>,
    /// Alerts that fired.
    pub fired: usize,
    /// Of these, those that still fire at the end of the data.
    pub active: usize,
    /// Of these, those of which nobody would have been told.
    pub suppressed: usize,
    /// Of these, those that somebody took note of and that still fire.
    pub acknowledged: usize,
    /// Of these, those that are over.
    pub resolved: usize,
    /// Alerts that were pending and never fired.
    pub pending: usize,
    /// Alerts that fired, by rule.
    pub by_rule: BTreeMap<String, usize>,
    /// Messages that would have been sent, by receiver.
    pub notifications: BTreeMap<String, usize>,
}

/// A value in the text that `Display` gives it.
pub(super) fn as_text<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

#[expect(clippy::ref_option, reason = "the shape that serde asks for")]
pub(super) fn as_optional_text<S: Serializer>(
    value: &Option<impl Display>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}

pub(super) fn labels_as_map<S: Serializer>(labels: &Labels, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(labels.iter())
}

fn pairs_as_map<S: Serializer>(pairs: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(name, value)| (name, value)))
}
