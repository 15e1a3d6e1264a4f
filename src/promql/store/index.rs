//! Series by the values of their labels: made when it is worth it, and grown when there are more series.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::Stored;
use crate::promql::ast::{MatchOp, Matcher};

/// So often all series are looked at one by one before an index of them is made: it costs as much as some looks.
const LOOKS: usize = 2;

/// Series by the values of their labels.
#[derive(Debug, Default)]
pub(super) struct Index {
    looks: AtomicUsize,
    values: RwLock<Values>,
}

/// A copy of a store makes its own, if it is asked for.
impl Clone for Index {
    fn clone(&self) -> Self {
        Index::default()
    }
}

/// Label name → value → series, in the order they came.
#[derive(Debug, Default)]
struct Values {
    series: usize,
    of: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Vec<u32>>>,
}

impl Index {
    /// The shortest list of series that one condition leaves; `None` if no condition leaves out any, or if all may as
    /// well be looked at.
    pub(super) fn candidates(&self, stored: &[Stored], matchers: &[Matcher]) -> Option<Vec<u32>> {
        let values = self.values.read().unwrap_or_else(PoisonError::into_inner);
        if values.series == stored.len() {
            return values.candidates(matchers);
        }
        if values.series == 0 && self.looks.fetch_add(1, Ordering::Relaxed) < LOOKS {
            return None;
        }
        drop(values);
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        values.grow(stored);
        values.candidates(matchers)
    }
}

impl Values {
    fn grow(&mut self, stored: &[Stored]) {
        for (id, stored) in stored.iter().enumerate().skip(self.series) {
            for (name, value) in stored.series.labels.iter_shared() {
                let values = self.of.entry(name.clone()).or_default();
                values.entry(value.clone()).or_default().push(id as u32);
            }
        }
        self.series = stored.len();
    }

    fn candidates(&self, matchers: &[Matcher]) -> Option<Vec<u32>> {
        let mut best: Option<Vec<u32>> = None;
        // Equality first: it costs a look-up, a pattern costs one test for each value.
        for op in [MatchOp::Equal, MatchOp::Matches] {
            for matcher in matchers.iter().filter(|matcher| matcher.op == op && !matcher.matches("")) {
                if op == MatchOp::Matches && best.is_some() {
                    continue;
                }
                let ids = self.with_value(matcher);
                if best.as_ref().is_none_or(|known| ids.len() < known.len()) {
                    best = Some(ids);
                }
            }
        }
        best
    }

    fn with_value(&self, matcher: &Matcher) -> Vec<u32> {
        let Some(values) = self.of.get(&matcher.name) else { return Vec::new() };
        if matcher.op == MatchOp::Equal {
            return values.get(&matcher.value).cloned().unwrap_or_default();
        }
        values.iter().filter(|(value, _)| matcher.matches(value)).flat_map(|(_, ids)| ids).copied().collect()
    }
}
