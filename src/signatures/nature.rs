//! How bad a kind of failure is, and what part it plays in an outage.

use serde::Serialize;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Context, or constant noise.
    Low,
    /// Something is off.
    Medium,
    /// Something fails.
    High,
    /// Something that others depend on is gone.
    Critical,
}

impl Severity {
    /// The severity of that name.
    pub fn from_name(name: &str) -> Option<Severity> {
        [Severity::Low, Severity::Medium, Severity::High, Severity::Critical]
            .into_iter()
            .find(|severity| severity.name() == name)
    }

    /// The name in options and output.
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

/// How much one occurrence of a sign says. Rising: what is further down is more decisive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Decisive {
    /// Nothing alone: it says more about what others say.
    Context,
    /// Something, but it happens now and then where all is well: more of it, a level or an outcome must say the same.
    Repeated,
    /// All: nobody writes it unless it is so.
    Once,
}

/// What part a finding plays in an outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Nature {
    /// Something was changed by somebody: a deploy, a configuration, a flag.
    Context,
    /// Something ran out: connections, memory, disk, descriptors, a quota.
    Resource,
    /// Something broke by itself: a crash, a deadlock, a certificate that ended.
    Fault,
    /// Something is felt that has its reason elsewhere: a timeout, an error.
    Symptom,
}
