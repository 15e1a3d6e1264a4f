//! Results of tests and of load: what a run tried, what failed, in whose words, and how long it took.
//!
//! JUnit's XML, JMeter's XML, Gatling's `simulation.log`, the summaries of wrk, hey, ab and k6, and what runners of tests
//! print.

mod console;
mod gatling;
mod summary;
mod xml;

use super::object::Place;
use crate::model::Timestamp;

/// A run of tests, or of requests under load.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// Where it was read.
    pub place: Place,
    /// What was run, where it says so.
    pub name: String,
    /// Are these tests, and not requests?
    pub tests: bool,
    /// When it began.
    pub at: Option<Timestamp>,
    /// How many tests or requests there were.
    pub all: u64,
    /// How many of them failed.
    pub failed: u64,
    /// What failed, each once: its name, what was said, and how often.
    pub failures: Vec<Failure>,
    /// Limits that were set for the run and not kept.
    pub missed: Vec<(String, Place)>,
    /// Was it cut short?
    pub cut: bool,
}

/// Something that failed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Failure {
    /// Where it was read.
    pub place: Place,
    /// The name of the test or the request.
    pub name: String,
    /// What was said.
    pub said: String,
    /// How often.
    pub count: u64,
}

/// So many failures are kept with their words.
const KEPT: usize = 1_000;

impl Run {
    fn fail(&mut self, place: Place, name: &str, said: &str) {
        self.failed += 1;
        let same = self.failures.iter().position(|known| known.name == name && known.said == said);
        if let Some(known) = same {
            self.failures[known].count += 1;
        } else if self.failures.len() < KEPT {
            let (name, said) = (name.to_owned(), said.to_owned());
            self.failures.push(Failure { place, name, said, count: 1 });
        }
    }
}

/// Does a file that begins like this hold the results of a run?
pub(super) fn begins(text: &str) -> bool {
    xml::begins(text) || gatling::begins(text) || summary::begins(text) || console::begins(text)
}

/// Reads all runs of a text.
pub(super) fn read(file: u32, text: &str) -> Vec<Run> {
    if xml::begins(text) {
        xml::read(file, text)
    } else if gatling::begins(text) {
        gatling::read(file, text).into_iter().collect()
    } else if summary::begins(text) {
        summary::read(file, text).into_iter().collect()
    } else {
        console::read(file, text)
    }
}

/// The first line of what was said, in one line.
fn first(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    line.chars().take(300).collect()
}
