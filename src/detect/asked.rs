//! A counter of requests as a query names it, so that a command asks for the same numbers again.

use crate::model::Labels;
use crate::series::track::Point;
use crate::signatures::meter::{self, OUTCOMES};

/// A counter of requests, as a query names it.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Its selector without braces: labels and their values.
    matchers: String,
    metric: String,
    /// The label that says how requests ended, and its values that are failures.
    label: &'static str,
    bad: Vec<String>,
    /// The least time between two samples, in milliseconds.
    every: i64,
}

impl Asked {
    pub(super) fn of(labels: &Labels) -> Asked {
        let matchers: Vec<String> = labels
            .iter()
            .filter(|(name, _)| *name != Labels::NAME)
            .map(|(name, value)| format!("{name}={value:?}"))
            .collect();
        let metric = labels.metric().to_owned();
        Asked { matchers: matchers.join(", "), metric, every: i64::MAX, ..Asked::default() }
    }

    pub(super) fn saw(&mut self, labels: &Labels, points: &[Point]) {
        if let Some(label) = OUTCOMES.iter().find(|name| !labels.get(name).is_empty()) {
            self.label = label;
            let value = labels.get(label).to_owned();
            if meter::is_failure(&value) && !self.bad.contains(&value) {
                self.bad.push(value);
                self.bad.sort_unstable();
            }
        }
        let steps = points.windows(2).map(|pair| pair[1].0 - pair[0].0).filter(|step| *step > 0);
        self.every = self.every.min(steps.min().unwrap_or(i64::MAX));
    }

    fn grown(&self, more: &str, seconds: i64) -> String {
        let both = [self.matchers.as_str(), more].into_iter().filter(|part| !part.is_empty());
        let matchers = both.collect::<Vec<_>>().join(", ");
        let every = if self.every == i64::MAX { 0 } else { self.every / 1_000 };
        format!("increase({}{{{matchers}}}[{}s])", self.metric, seconds + every)
    }

    /// A query for the share of requests that succeeded within so many seconds before the time of asking.
    pub fn rate(&self, seconds: i64) -> String {
        let bad: Vec<String> = self.bad.iter().map(|value| regex::escape(value)).collect();
        let good = format!("{}!~{:?}", self.label, bad.join("|"));
        format!("sum({}) / sum({})", self.grown(&good, seconds), self.grown("", seconds))
    }

    /// A query for how many requests ended how within so many seconds before the time of asking.
    pub fn counts(&self, seconds: i64) -> String {
        format!("sum by ({}) ({})", self.label, self.grown("", seconds))
    }
}
