//! The states of a rule's alerts: inactive, pending, firing, and inactive again, as Prometheus moves through them.

use std::collections::BTreeMap;

use crate::model::Labels;

/// An element of an alerting rule's result.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Element {
    /// The labels of the series, the metric's name included: `$labels` in templates.
    pub series: Labels,
    /// Its value.
    pub value: f64,
}

/// An alert that is pending or firing.
#[expect(clippy::struct_field_names, reason = "active_at is Prometheus' word")]
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Active {
    /// What made it so when the condition last held.
    pub element: Element,
    /// When the condition last held.
    pub held_at: i64,
    /// Since when the condition holds.
    pub active_at: i64,
    /// Since when it fires.
    pub fired_at: Option<i64>,
    /// Since when it fires only because of `keep_firing_for`.
    pub kept_since: Option<i64>,
}

/// What happened to an alert in a step.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Change {
    /// It began to fire.
    Fired(Labels),
    /// It is over: resolved if it had fired, else merely no longer pending.
    Ended(Labels, Active),
}

/// The active alerts of a rule, by their labels.
#[derive(Clone, Debug, Default)]
pub(super) struct States {
    /// Pending and firing alerts.
    pub active: BTreeMap<Labels, Active>,
}

impl States {
    /// Moves on to the time `at` (milliseconds), where the condition holds for these elements.
    ///
    /// `hold` is the rule's `for`, `keep` its `keep_firing_for`; a `limit` of 0 is none.
    ///
    /// # Errors
    /// Two elements have the same labels (the states stay), or there are too many alerts (all are gone).
    pub(super) fn step(
        &mut self,
        at: i64,
        (hold, keep): (i64, i64),
        limit: usize,
        elements: Vec<(Labels, Element)>,
    ) -> Result<Vec<Change>, (String, Vec<Change>)> {
        let mut present: BTreeMap<Labels, Element> = BTreeMap::new();
        for (labels, element) in elements {
            if present.insert(labels, element).is_some() {
                let message = "vector contains metrics with the same labelset after applying alert labels";
                return Err((message.to_owned(), Vec::new()));
            }
        }
        let mut changes = Vec::new();
        let known = std::mem::take(&mut self.active);
        for (labels, mut alert) in known {
            if let Some(element) = present.remove(&labels) {
                alert.element = element;
                alert.held_at = at;
                alert.kept_since = None;
            } else {
                let kept =
                    alert.fired_at.is_some() && keep > 0 && at - *alert.kept_since.get_or_insert(at) < keep;
                if !kept {
                    changes.push(Change::Ended(labels, alert));
                    continue;
                }
            }
            self.active.insert(labels, alert);
        }
        for (labels, element) in present {
            let new = Active { element, held_at: at, active_at: at, fired_at: None, kept_since: None };
            self.active.insert(labels, new);
        }
        for (labels, alert) in &mut self.active {
            if alert.fired_at.is_none() && at - alert.active_at >= hold {
                alert.fired_at = Some(at);
                changes.push(Change::Fired(labels.clone()));
            }
        }
        if limit > 0 && self.active.len() > limit {
            let message = format!("exceeded limit of {limit} with {} alerts", self.active.len());
            // What only began now has never been seen by anyone.
            changes.retain(|change| matches!(change, Change::Ended(..)));
            let cleared = std::mem::take(&mut self.active).into_iter();
            let seen = cleared
                .filter(|(_, alert)| alert.active_at < at)
                .map(|(labels, alert)| Change::Ended(labels, alert));
            changes.extend(seen);
            return Err((message, changes));
        }
        Ok(changes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a rule over one series; `1` where the condition holds, one step a minute. Gives a letter for each
    /// step: `-` inactive, `p` pending, `F` firing, and the steps at which it ended.
    fn run(hold: i64, keep: i64, holds: &str) -> (String, Vec<usize>) {
        let labels = Labels::new([("alertname", "A")]);
        let mut states = States::default();
        let (mut letters, mut ended) = (String::new(), Vec::new());
        for (step, holds) in holds.chars().enumerate() {
            let element = Element { series: labels.clone(), value: step as f64 };
            let elements = if holds == '1' { vec![(labels.clone(), element)] } else { vec![] };
            let at = step as i64 * 60_000;
            let changes = states.step(at, (hold * 60_000, keep * 60_000), 0, elements).unwrap();
            if changes.iter().any(|change| matches!(change, Change::Ended(..))) {
                ended.push(step);
            }
            letters.push(match states.active.get(&labels) {
                None => '-',
                Some(alert) if alert.fired_at.is_some() => 'F',
                Some(_) => 'p',
            });
        }
        (letters, ended)
    }

    #[test]
    fn alerts_move_through_their_states() {
        for (hold, keep, holds, states, ended) in [
            // No `for`: firing at once, resolved at the first step without.
            (0, 0, "0110", "-FF-", vec![3]),
            // `for: 2m` fires at the third step that holds.
            (2, 0, "011110", "-ppFF-", vec![5]),
            // A gap starts the waiting anew.
            (2, 0, "110111100", "pp-ppFF--", vec![2, 7]),
            // Never long enough.
            (3, 0, "11101110", "ppp-ppp-", vec![3, 7]),
            // `for` shorter than a step.
            (1, 0, "11", "pF", vec![]),
            // keep_firing_for bridges gaps shorter than itself, and ends that long after the first missing step.
            (0, 3, "1011000001", "FFFFFFF--F", vec![7]),
            // It does not keep what is only pending.
            (2, 3, "1101110000", "pp-ppFFFF-", vec![2, 9]),
            // Each return resets the keeping.
            (0, 2, "10101000", "FFFFFFF-", vec![7]),
            // Flapping without keeping: each time a new alert.
            (0, 0, "10101", "F-F-F", vec![1, 3]),
        ] {
            let (got, got_ended) = run(hold, keep, holds);
            assert_eq!((got.as_str(), got_ended), (states, ended), "for {hold} keep {keep}: {holds}");
        }
    }

    #[test]
    fn duplicates_leave_the_states_and_a_limit_clears_them() {
        let element = |value| Element { series: Labels::default(), value };
        let labels = |name: &str| Labels::new([("l", name.to_owned())]);
        let mut states = States::default();
        states.step(0, (0, 0), 2, vec![(labels("a"), element(1.0))]).unwrap();
        let twice = vec![(labels("a"), element(1.0)), (labels("a"), element(2.0))];
        let (message, _) = states.step(1, (0, 0), 2, twice).unwrap_err();
        assert!(message.contains("same labelset"));
        assert_eq!(states.active.len(), 1);
        let three = ["a", "b", "c"].map(|name| (labels(name), element(1.0))).to_vec();
        let (message, changes) = states.step(2, (0, 0), 2, three).unwrap_err();
        assert_eq!(message, "exceeded limit of 2 with 3 alerts");
        assert_eq!(changes.len(), 1);
        assert!(states.active.is_empty());
    }
}
