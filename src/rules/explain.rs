//! Explains a rule at a time: the value of every part of its expression, and the state of its alerts.

use serde::Serialize;

use super::alert::Alert;
use super::evaluation::Setting;
use super::file::{Rule, RuleFile, RuleGroup};
use super::replay::Replay;
use crate::model::{Error, Labels, Timestamp};
use crate::promql::ast::{Form, Node};
use crate::promql::{self, Store, Value};

/// A rule at a time.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The rule's name.
    pub rule: String,
    /// The group's name.
    pub group: String,
    /// The rule's file.
    pub file: String,
    /// The line of the rule in its file.
    pub line: u32,
    /// The time.
    #[serde(serialize_with = "super::alert::as_text")]
    pub at: Timestamp,
    /// The alerts of the rule that are active then.
    pub alerts: Vec<ActiveThen>,
    /// The expression and all parts of it, each before the parts it is made of.
    pub parts: Vec<Part>,
}

/// An alert that is pending or firing at the time.
#[derive(Clone, Debug, Serialize)]
pub struct ActiveThen {
    /// Its labels.
    #[serde(serialize_with = "super::alert::labels_as_map")]
    pub labels: Labels,
    /// `pending` or `firing`.
    pub state: &'static str,
    /// Since when.
    #[serde(serialize_with = "super::alert::as_text")]
    pub since: Timestamp,
}

/// A part of the expression and its value.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    /// How deep it is inside of others.
    pub depth: usize,
    /// The part, as PromQL.
    pub expression: String,
    /// What it evaluates to, in Prometheus' words.
    pub kind: &'static str,
    /// How many elements its value has.
    pub elements: usize,
    /// The first of them.
    pub values: Vec<Element>,
    /// The rules that record the series it selects: `name at file:line`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recorded_by: Vec<String>,
    /// Why it has no value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// An element of a value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Element {
    /// What identifies it.
    #[serde(serialize_with = "super::alert::labels_as_map")]
    pub labels: Labels,
    /// Its value; of a range the last one. `null` in JSON if it is no number.
    pub value: f64,
    /// The first value of a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<f64>,
    /// How many samples a range has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples: Option<usize>,
}

/// Rules that record each other are followed down to here.
const DEEPEST: usize = 12;

/// So many parts of a rule are told.
const MOST: usize = 500;

/// So many elements of each part are told; the others are counted.
const SHOWN: usize = 20;

/// Explains the rules of that name (or that `id` of the short form) at a time in milliseconds; without one when it
/// first fired, else when it was first pending, else at the end of the data.
///
/// `store` is as the replay has left it.
///
/// # Errors
/// There is no such rule.
pub fn explain(
    files: &[RuleFile],
    name: &str,
    at: Option<i64>,
    store: &Store,
    replay: &Replay,
    setting: &Setting,
) -> Result<Vec<Explanation>, Error> {
    let groups = || files.iter().flat_map(|file| &file.groups);
    let rules = || groups().flat_map(|group| group.rules.iter().map(move |rule| (group, rule)));
    let named = |rule: &Rule| rule.name == name || rule.id.as_deref() == Some(name);
    let found: Vec<_> = rules().filter(|(_, rule)| named(rule)).collect();
    if found.is_empty() {
        let names: Vec<&str> = rules().map(|(_, rule)| rule.name.as_str()).take(10).collect();
        return Err(Error::usage(format!("there is no rule `{name}`"))
            .hinted(format!("there are {}", names.join(", "))));
    }
    let recorded: Vec<(&RuleGroup, &Rule)> = rules().filter(|(_, rule)| rule.alerting().is_none()).collect();
    let explained = found.into_iter().filter_map(|(group, rule)| {
        let alerts: Vec<&Alert> = replay.alerts.iter().filter(|alert| alert.is_of(group, rule)).collect();
        let at = at.or_else(|| moment(&alerts, replay))?;
        let mut parts = Vec::new();
        let scene = Scene { store, setting, recorded: &recorded, at: at.saturating_sub(group.query_offset) };
        scene.part(rule.expr.root(), 0, &mut parts);
        Some(Explanation {
            rule: rule.name.clone(),
            group: group.name.clone(),
            file: group.file.clone(),
            line: rule.place.line,
            at: Timestamp::from_millis(at)?,
            alerts: alerts.into_iter().filter_map(|alert| active(alert, at)).collect(),
            parts,
        })
    });
    Ok(explained.collect())
}

fn moment(alerts: &[&Alert], replay: &Replay) -> Option<i64> {
    let fired = alerts.iter().filter_map(|alert| alert.firing_at).min();
    let held = alerts.iter().map(|alert| alert.pending_at).min();
    fired.or(held).map(Timestamp::millis).or(replay.span.map(|(_, to)| to))
}

fn active(alert: &Alert, at: i64) -> Option<ActiveThen> {
    let is_over = alert.resolved_at.is_some_and(|until| until.millis() <= at);
    if alert.pending_at.millis() > at || is_over {
        return None;
    }
    let (state, since) = match alert.firing_at {
        Some(since) if since.millis() <= at => ("firing", since),
        _ => ("pending", alert.pending_at),
    };
    Some(ActiveThen { labels: alert.labels.clone(), state, since })
}

struct Scene<'s> {
    store: &'s Store,
    setting: &'s Setting,
    recorded: &'s [(&'s RuleGroup, &'s Rule)],
    at: i64,
}

impl Scene<'_> {
    fn part(&self, node: &Node, depth: usize, parts: &mut Vec<Part>) {
        match &node.form {
            // What they are worth can be read.
            Form::Number(..) | Form::Text(_) => return,
            Form::Paren(inner) => return self.part(inner, depth, parts),
            _ if parts.len() >= MOST => return,
            _ => {}
        }
        let expression = node.to_string();
        let mut part = Part {
            depth,
            kind: node.kind().name(),
            elements: 0,
            values: Vec::new(),
            recorded_by: self.recorded_by(node),
            error: None,
            expression,
        };
        match self.value(&part.expression) {
            Ok(elements) => {
                part.elements = elements.len();
                part.values = elements.into_iter().take(SHOWN).collect();
            }
            Err(message) => part.error = Some(message),
        }
        parts.push(part);
        for child in node.children() {
            self.part(child, depth + 1, parts);
        }
        // What is recorded is explained by the rule that records it, unless rules record each other.
        if depth < DEEPEST {
            for (_, rule) in self.recording(node) {
                self.part(rule.expr.root(), depth + 1, parts);
            }
        }
    }

    /// The value of a part: what is printed of it is the same expression.
    fn value(&self, source: &str) -> Result<Vec<Element>, String> {
        let expr = promql::parse(source, &self.setting.promql).map_err(|error| error.message)?;
        let answer = promql::instant(&expr, self.store, self.at, &self.setting.promql)
            .map_err(|error| error.message)?;
        let single = |labels, value| Element { labels, value, first: None, samples: None };
        Ok(match answer.value {
            Value::Scalar(value) => vec![single(Labels::default(), value)],
            Value::Text(_) => Vec::new(),
            Value::Vector(vector) => {
                vector.into_iter().map(|element| single(element.labels, element.sample.value)).collect()
            }
            Value::Matrix(matrix) => {
                let ranges = matrix.into_iter().filter_map(|series| {
                    let (first, last) = (series.samples.first()?.value, series.samples.last()?.value);
                    let samples = Some(series.samples.len());
                    Some(Element { labels: series.labels, value: last, first: Some(first), samples })
                });
                ranges.collect()
            }
        })
    }

    fn recorded_by(&self, node: &Node) -> Vec<String> {
        let place = |(group, rule): &(&RuleGroup, &Rule)| {
            format!("{} at {}:{}", rule.name, group.file, rule.place.line)
        };
        self.recording(node).map(place).collect()
    }

    /// The rules that record what a selector selects.
    fn recording(&self, node: &Node) -> impl Iterator<Item = &(&RuleGroup, &Rule)> {
        let name = match &node.form {
            Form::Selector(selector) => selector.name.as_deref(),
            _ => None,
        };
        self.recorded.iter().filter(move |(_, rule)| Some(rule.name.as_str()) == name)
    }
}

#[cfg(test)]
mod tests {
    use super::super::file::{FileOptions, parse};
    use super::super::replay::{Interval, replay};
    use super::*;
    use crate::model::{Sample, Series};

    const RULES: &str = "
groups:
  - name: g
    rules:
      - {record: total, expr: sum(up)}
      - {alert: Few, expr: '(total) < 2 and on () max_over_time(up[1m]) >= 0', for: 30s}
";

    fn explained(at: Option<i64>) -> Explanation {
        let checked = parse("r.yml", RULES, &FileOptions::strict());
        assert_eq!(checked.problems, vec![]);
        let mut store = Store::new();
        for (i, values) in [[1.0, 1.0, 1.0, 1.0, 1.0], [1.0, 0.0, 0.0, 0.0, 1.0]].iter().enumerate() {
            let samples = values.iter().zip(0..).map(|(&value, at)| Sample { at: at * 15_000, value });
            let labels = Labels::new([("__name__", "up".to_owned()), ("i", i.to_string())]);
            store.push(Series::of(labels, samples.collect()));
        }
        let (files, setting) = ([checked.file], Setting::plain());
        let interval = Interval { forced: None, default: 15_000 };
        let replay = replay(&files, &mut store, interval, &setting).unwrap();
        assert!(explain(&files, "Fwe", at, &store, &replay, &setting).is_err());
        explain(&files, "Few", at, &store, &replay, &setting).unwrap().remove(0)
    }

    #[test]
    fn every_part_has_its_value() {
        let found = explained(None);
        assert_eq!(found.at.millis(), 45_000, "when it first fired");
        let shown: Vec<_> = found
            .parts
            .iter()
            .map(|part| {
                let values: Vec<_> = part.values.iter().map(|element| element.value.to_string()).collect();
                format!("{} {} = {}", part.depth, part.expression, values.join(" "))
            })
            .collect();
        assert_eq!(
            shown,
            [
                "0 (total) < 2 and on () max_over_time(up[1m]) >= 0 = 1",
                "1 (total) < 2 = 1",
                "2 total = 1",
                "3 sum(up) = 1",
                "4 up = 1 0",
                "1 max_over_time(up[1m]) >= 0 = 1 1",
                "2 max_over_time(up[1m]) = 1 1",
                "3 up[1m] = 1 0",
            ]
        );
        assert_eq!(found.parts[2].recorded_by, ["total at r.yml:5"]);
        let range = &found.parts[7].values[1];
        assert_eq!((range.first, range.value, range.samples), (Some(1.0), 0.0, Some(4)));
    }

    #[test]
    fn the_state_of_the_alerts_is_that_of_the_time() {
        for (at, state) in
            [(14_999, None), (15_000, Some("pending")), (45_000, Some("firing")), (60_000, None)]
        {
            let found = explained(Some(at));
            assert_eq!(found.alerts.first().map(|alert| alert.state), state, "{at}");
        }
    }
}
