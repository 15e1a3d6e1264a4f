//! A reason for or against a hypothesis, in log odds and in words.

use serde::{Serialize, Serializer};

/// A reason for or against a cause.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Factor {
    /// Its name.
    pub factor: &'static str,
    /// In log odds: above zero it speaks for the cause.
    #[serde(rename = "log_odds", serialize_with = "rounded")]
    pub weight: f64,
    /// In words.
    #[serde(rename = "because", serialize_with = "listed")]
    pub why: String,
}

/// To the hundredth: more is not known.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn rounded<S: Serializer>(weight: &f64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64((weight * 100.0).round() / 100.0)
}

/// A list of one: a factor may come to rest on more.
fn listed<S: Serializer>(why: &str, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq([why])
}
