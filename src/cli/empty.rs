//! Why an expression gives nothing: which of its selectors find no series, and what is there instead.

use std::collections::BTreeSet;

use super::near;
use crate::metrics;
use crate::model::Series;
use crate::promql::ast::MatchOp;
use crate::promql::{self, Expr, Matcher, Store};

/// The series that there are, by their names.
pub(super) struct Known<'s> {
    store: &'s Store,
    /// Names of metrics in the data …
    names: BTreeSet<&'s str>,
    /// … and of those that are derived from logs when they are asked for.
    derived: &'s [String],
}

impl<'s> Known<'s> {
    /// What a store knows.
    pub(super) fn new(store: &'s Store, derived: &'s [String]) -> Self {
        let names = store.series().map(|series| series.labels.metric()).filter(|name| !name.is_empty());
        Known { store, names: names.collect(), derived }
    }

    /// What can be said when nothing came out.
    pub(super) fn why_empty(&self, expr: &Expr) -> Vec<String> {
        let mut said = Vec::new();
        for matchers in promql::selectors(expr).filter(|matchers| self.store.matching(matchers).is_empty()) {
            let text = match metrics::name_of(matchers) {
                Some(name) if !self.names.contains(name) => {
                    let names = self.names.iter().copied().chain(self.derived.iter().map(String::as_str));
                    format!("there is no series {name}{}", instead(name, names))
                }
                Some(name) => match self.culprit(matchers, name) {
                    Some(text) => text,
                    None => format!("no series {name} has all of these labels at once"),
                },
                None => "no series has these labels".to_owned(),
            };
            if !said.contains(&text) {
                said.push(text);
            }
        }
        said
    }

    /// The condition that no series of this name fulfils, and the values there are.
    fn culprit(&self, matchers: &[Matcher], name: &str) -> Option<String> {
        let of_name = |matcher: &&Matcher| &*matcher.name == "__name__" && matcher.op == MatchOp::Equal;
        let of_name: Vec<Matcher> = matchers.iter().filter(of_name).cloned().collect();
        let named: Vec<&Series> = self.store.matching(&of_name);
        let matcher = matchers
            .iter()
            .find(|matcher| named.iter().all(|series| !matcher.matches(series.labels.get(&matcher.name))))?;
        let values: BTreeSet<&str> = named
            .iter()
            .map(|series| series.labels.get(&matcher.name))
            .filter(|value| !value.is_empty())
            .collect();
        let listed: Vec<&str> = values.iter().copied().take(5).collect();
        let meant = near::did_you_mean(&matcher.value, values.iter().copied());
        let there = match (values.len(), meant) {
            (0, _) => "none has this label".to_owned(),
            (_, Some(meant)) => meant,
            (1..=5, None) => format!("there is {}", listed.join(", ")),
            (n, None) => format!("there are {} and {} more", listed.join(", "), n - 5),
        };
        Some(format!(
            "no series {name} has {}{}{:?}; {there}",
            matcher.name,
            matcher.op.sign(),
            &*matcher.value
        ))
    }
}

/// Names that are listed where none is near; of more the nearest is told.
const LISTED: usize = 20;

/// What there is instead of a name.
fn instead<'n>(name: &str, names: impl Iterator<Item = &'n str> + Clone) -> String {
    let nearest = || near::nearest(name, names.clone());
    match near::did_you_mean(name, names.clone()) {
        None if names.clone().count() > LISTED => match nearest() {
            Some(nearest) => format!("; the nearest name is {nearest}"),
            None => format!(", nor one with a similar name among {}", names.count()),
        },
        _ => near::instead(name, names),
    }
}

#[cfg(test)]
mod tests {
    use super::super::query::promql_options;
    use super::*;
    use crate::model::{Labels, Sample};

    #[test]
    fn what_is_missing_is_named_with_what_is_there() {
        let mut store = Store::new();
        for status in ["failed", "success"] {
            let labels = Labels::new([("__name__", "payment_requests_total"), ("status", status)]);
            store.append(&labels, Sample { at: 0, value: 1.0 });
        }
        for (source, expected) in [
            (
                "payment_request_total",
                "there is no series payment_request_total; did you mean payment_requests_total?",
            ),
            (
                "payment_requests_total{status='ok'}",
                "no series payment_requests_total has status=\"ok\"; there is failed, success",
            ),
            (
                "payment_requests_total{job=~'a.+'}",
                "no series payment_requests_total has job=~\"a.+\"; none has this label",
            ),
            ("zzz", "there is no series zzz; there are log_entries_total, payment_requests_total"),
            (
                "payment_requests_total{status='sucess'}",
                "no series payment_requests_total has status=\"sucess\"; did you mean success?",
            ),
        ] {
            let expr = promql::parse(source, &promql_options(false)).expect(source);
            let derived = ["log_entries_total".to_owned()];
            assert_eq!(Known::new(&store, &derived).why_empty(&expr), [expected]);
        }
    }
}
