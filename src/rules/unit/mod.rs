//! Unit tests of rules in promtool's format: series go in, alerts and samples are compared.
//!
//! Beside promtool's fields a test may name recorded `logs` and `metrics`, and an expected alert its
//! `exp_receivers` and what it is suppressed by (`exp_suppressed_by`).

mod read;
mod run;
mod seed;

use regex::Regex;

use super::alertmanager::config::Config;
use super::yaml::Problem;
use crate::model::Series;
use crate::promql;

pub use read::{AlertTest, ExpectedAlert, ExpectedSample, ExprTest, Input, UnitFile, UnitTest, parse};
pub use seed::{SeedOptions, seed};

/// How unit tests are run.
#[derive(Clone, Debug)]
pub struct UnitOptions {
    /// Only tests whose name one of these matches; all, if there are none.
    pub only: Vec<Regex>,
    /// Unknown fields are no error, neither here nor in rule files.
    pub ignore_unknown_fields: bool,
    /// How PromQL is evaluated; the default step of subqueries is the evaluation interval.
    pub promql: promql::Options,
    /// Who is told of alerts, for `exp_receivers` and `exp_suppressed_by`.
    pub alertmanager: Option<Config>,
}

impl UnitOptions {
    /// As `promtool test rules` without flags.
    pub fn strict() -> Self {
        UnitOptions {
            only: Vec::new(),
            ignore_unknown_fields: false,
            promql: promql::Options::promtool(),
            alertmanager: None,
        }
    }
}

/// What a test file refers to, read by who may read files. Paths are relative to the test file.
pub trait Files {
    /// The rule files that a pattern names, as name and content or what went wrong.
    fn rules(&mut self, pattern: &str) -> Vec<(String, Result<String, String>)>;

    /// The series of recorded inputs.
    ///
    /// # Errors
    /// The input cannot be read.
    fn series(&mut self, input: &Input) -> Result<Vec<Series>, String>;
}

/// What became of a test file.
#[derive(Clone, Debug, Default)]
pub struct UnitReport {
    /// The file's name.
    pub name: String,
    /// What is wrong with the test file itself.
    pub problems: Vec<Problem>,
    /// What is odd: `no file match pattern x.yml`.
    pub warnings: Vec<String>,
    /// The tests that were run.
    pub cases: Vec<Case>,
}

impl UnitReport {
    /// Did everything go as expected?
    pub fn passed(&self) -> bool {
        self.problems.is_empty() && self.cases.iter().all(|case| case.failures.is_empty())
    }
}

/// What became of a test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Case {
    /// The test's name; its number if it has none.
    pub name: String,
    /// The line of the test in its file.
    pub line: u32,
    /// What was not as expected.
    pub failures: Vec<Failure>,
}

/// Something that was not as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The line of what was expected, in the test file; 0 if it is about the whole.
    pub line: u32,
    /// What was looked at: `alertname: A, time: 5m`, `expr: "up", time: 5m`.
    pub about: String,
    /// What was expected, and what was found; or what went wrong.
    pub outcome: Outcome,
}

/// How it was not as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Something else was found.
    Differs {
        /// What was expected.
        expected: String,
        /// What was found.
        got: String,
    },
    /// Nothing could be found out.
    Failed(String),
}

/// As promtool writes it, without indentation of the whole.
impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.outcome {
            Outcome::Differs { expected, got } => {
                write!(f, "{},\n    exp: {expected}\n    got: {got}", self.about)
            }
            Outcome::Failed(message) if self.about.is_empty() => f.write_str(message),
            Outcome::Failed(message) => write!(f, "{}, err: {message}", self.about),
        }
    }
}

/// Runs the tests of a file.
pub fn run(name: &str, text: &str, files: &mut dyn Files, options: &UnitOptions) -> UnitReport {
    let (file, problems) = parse(text, options.ignore_unknown_fields);
    let mut report = UnitReport { name: name.to_owned(), problems, ..UnitReport::default() };
    if report.problems.is_empty() {
        run::run(&file, files, options, &mut report);
    }
    report
}

#[cfg(test)]
mod tests;
