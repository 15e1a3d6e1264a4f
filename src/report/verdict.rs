//! What a check found, in the neutral form that JUnit, SARIF and GitHub annotations are written from.

/// How a check went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// As it should be.
    #[default]
    Ok,
    /// Not as it should be.
    Failed,
    /// Not judged.
    Skipped,
}

/// One check. Its texts may come from an input; every writer escapes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What was checked: a rule, a test, a detector.
    pub name: String,
    /// The group it belongs to.
    pub group: String,
    /// How it went.
    pub outcome: Outcome,
    /// Why; empty if there is nothing to say.
    pub message: String,
    /// The file that is to be looked at.
    pub file: Option<String>,
    /// The 1-based line in it.
    pub line: Option<u64>,
    /// How bad it is if it fails, in the words of whoever wrote the check: `critical`, `warning`, `page` …
    pub severity: Option<String>,
    /// What the check is for.
    pub help: String,
    /// Where there is more about it.
    pub link: Option<String>,
}
