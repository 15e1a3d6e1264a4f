//! What if `for` or the threshold of alerts were another: the same replay once more for each.

use serde::Serialize;

use super::alert::Alert;
use super::duration;
use super::evaluation::Setting;
use super::file::{Rule, RuleFile, RuleGroup, RuleKind};
use super::replay::{self, Interval, Replay};
use super::yaml::Place;
use crate::model::{Error, Timestamp};
use crate::promql::ast::{Binary, Form, Node, Span};
use crate::promql::{self, Store};

/// How often an alert would have fired with another `for` or threshold.
#[derive(Clone, Debug, Serialize)]
pub struct WhatIf {
    /// The rule's name.
    pub rule: String,
    /// The group's name.
    pub group: String,
    /// `for`, as `5m`.
    #[serde(rename = "for")]
    pub hold: String,
    /// The number that the expression compares with; `None` if there is none.
    pub threshold: Option<f64>,
    /// Is this the rule as it is written?
    pub as_written: bool,
    /// How many alerts fired.
    pub fired: usize,
    /// How many were only pending.
    pub pending: usize,
    /// For how long they fired, added up.
    pub firing_seconds: f64,
    /// When the first of them fired.
    #[serde(serialize_with = "super::alert::as_optional_text")]
    pub first_firing_at: Option<Timestamp>,
    /// All of them.
    pub alerts: Vec<Alert>,
    /// The rule's file and place.
    #[serde(skip)]
    place: (String, Place),
}

/// What is tried instead of what is written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trials {
    /// Values of `for`, in milliseconds.
    pub holds: Vec<i64>,
    /// Values of thresholds.
    pub thresholds: Vec<f64>,
}

impl Trials {
    /// Is nothing tried?
    pub fn is_empty(&self) -> bool {
        self.holds.is_empty() && self.thresholds.is_empty()
    }

    /// Each `for` with each threshold.
    fn pairs(&self) -> Vec<(Option<i64>, Option<f64>)> {
        let mut pairs = Vec::new();
        for threshold in each(&self.thresholds) {
            pairs.extend(each(&self.holds).into_iter().map(|hold| (hold, threshold)));
        }
        pairs
    }
}

/// The values; if there are none, that nothing is tried.
fn each<T: Copy>(values: &[T]) -> Vec<Option<T>> {
    if values.is_empty() { vec![None] } else { values.iter().copied().map(Some).collect() }
}

/// Replays the rules with each `for` and each threshold. `written` is the replay of the rules as they are written,
/// `store` what there was before it.
///
/// # Errors
/// No alert compares with a number, though there are thresholds to try; or a replay failed.
pub fn what_if(
    files: &[RuleFile],
    store: &Store,
    interval: Interval,
    setting: &Setting,
    trials: &Trials,
    written: &Replay,
) -> Result<Vec<WhatIf>, Error> {
    if !trials.thresholds.is_empty() && !alerting(files).any(|(_, rule)| threshold(rule).is_some()) {
        return Err(Error::usage("no alert compares with a number that another threshold could stand for")
            .hinted("--threshold is for expressions such as errors > 5"));
    }
    let mut rows: Vec<WhatIf> =
        alerting(files).map(|(group, rule)| outcome(group, rule, written, true)).collect();
    for (hold, instead) in trials.pairs() {
        let changed: Vec<RuleFile> = files.iter().map(|file| varied(file, hold, instead, setting)).collect();
        let replay = replay::replay(&changed, &mut store.clone(), interval, setting)?;
        // A rule that compares with no number is the same whatever the threshold.
        let concerned = alerting(&changed).filter(|(_, rule)| instead.is_none() || threshold(rule).is_some());
        rows.extend(concerned.map(|(group, rule)| outcome(group, rule, &replay, false)));
    }
    let order: Vec<_> = alerting(files).map(|(group, rule)| (group.file.as_str(), rule.place)).collect();
    // A stable sort: the trials of a rule stay in their order.
    rows.sort_by_key(|row| order.iter().position(|known| *known == (row.place.0.as_str(), row.place.1)));
    Ok(rows)
}

fn alerting(files: &[RuleFile]) -> impl Iterator<Item = (&RuleGroup, &Rule)> {
    let groups = files.iter().flat_map(|file| &file.groups);
    let rules = groups.flat_map(|group| group.rules.iter().map(move |rule| (group, rule)));
    rules.filter(|(_, rule)| rule.alerting().is_some())
}

/// The file with another `for` and another threshold in its alerts.
fn varied(file: &RuleFile, hold: Option<i64>, instead: Option<f64>, setting: &Setting) -> RuleFile {
    let mut file = file.clone();
    for rule in file.groups.iter_mut().flat_map(|group| &mut group.rules) {
        let place = threshold(rule).map(|(_, span)| span);
        let RuleKind::Alerting(alerting) = &mut rule.kind else { continue };
        alerting.hold = hold.unwrap_or(alerting.hold);
        let (Some(instead), Some(span)) = (instead, place) else { continue };
        let mut source = rule.expr.source().to_owned();
        source.replace_range(span.range(), &format!("({instead})"));
        // A number in brackets can stand wherever a number can.
        if let Ok(expr) = promql::parse(&source, &setting.promql) {
            (rule.source, rule.expr) = (source, expr);
        }
    }
    file
}

fn outcome(group: &RuleGroup, rule: &Rule, replay: &Replay, as_written: bool) -> WhatIf {
    let alerts: Vec<Alert> = replay.alerts.iter().filter(|alert| alert.is_of(group, rule)).cloned().collect();
    let end = replay.span.map_or(0, |(_, to)| to);
    let fired = alerts.iter().filter(|alert| alert.fired()).count();
    WhatIf {
        rule: rule.name.clone(),
        group: group.name.clone(),
        hold: duration::text(rule.alerting().map_or(0, |alerting| alerting.hold)),
        threshold: threshold(rule).map(|(number, _)| number),
        as_written,
        fired,
        pending: alerts.len() - fired,
        firing_seconds: alerts.iter().map(|alert| alert.firing_millis(end)).sum::<i64>() as f64 / 1000.0,
        first_firing_at: alerts.iter().filter_map(|alert| alert.firing_at).min(),
        alerts,
        place: (group.file.clone(), rule.place),
    }
}

/// The number that a rule's expression compares with, and where it stands: that of the outermost comparison, of
/// several joined by `and`, `or`, `unless` the first.
fn threshold(rule: &Rule) -> Option<(f64, Span)> {
    compared(rule.expr.root())
}

fn compared(node: &Node) -> Option<(f64, Span)> {
    match &node.form {
        Form::Paren(inner) => compared(inner),
        Form::Binary(binary) if binary.op.is_comparison() => {
            let Binary { lhs, rhs, .. } = &**binary;
            number(rhs).or_else(|| number(lhs)).or_else(|| compared(lhs)).or_else(|| compared(rhs))
        }
        Form::Binary(binary) => compared(&binary.lhs).or_else(|| compared(&binary.rhs)),
        Form::Aggregate(aggregate) => compared(&aggregate.inner),
        Form::Call(_, arguments) => arguments.iter().find_map(compared),
        _ => None,
    }
}

/// A number as it is written, sign and brackets included.
fn number(node: &Node) -> Option<(f64, Span)> {
    let value = match &node.form {
        Form::Number(number, _) => *number,
        Form::Paren(inner) => number(inner)?.0,
        Form::Unary(minus, inner) => {
            let (number, _) = number(inner)?;
            if *minus { -number } else { number }
        }
        _ => return None,
    };
    Some((value, node.span))
}

#[cfg(test)]
mod tests {
    use super::super::file::{FileOptions, parse};
    use super::*;
    use crate::model::{Labels, Sample, Series};

    fn ramp() -> Store {
        let samples = (0..40).map(|i| Sample { at: i * 15_000, value: i as f64 });
        let mut store = Store::new();
        store.push(Series { labels: Labels::new([("__name__", "up")]), samples: samples.collect() });
        store
    }

    fn rows(rule: &str, trials: &Trials) -> Result<Vec<String>, Error> {
        let text = format!("groups: [{{name: g, rules: [{rule}]}}]");
        let checked = parse("r.yml", &text, &FileOptions::strict());
        assert_eq!(checked.problems, vec![], "{rule}");
        let (files, store) = ([checked.file], ramp());
        let interval = Interval { forced: None, default: 15_000 };
        let setting = Setting::plain();
        let written = replay::replay(&files, &mut store.clone(), interval, &setting)?;
        let rows = what_if(&files, &store, interval, &setting, trials, &written)?;
        Ok(rows
            .iter()
            .map(|row| {
                let threshold = row.threshold.map_or("-".to_owned(), |number| number.to_string());
                format!(
                    "{} {} {threshold} {}+{} {}",
                    row.rule, row.hold, row.fired, row.pending, row.firing_seconds
                )
            })
            .collect())
    }

    #[test]
    fn each_for_is_tried_with_each_threshold() {
        let trials = |holds: &[i64], thresholds: &[f64]| Trials {
            holds: holds.to_vec(),
            thresholds: thresholds.to_vec(),
        };
        let rule = "{alert: A, expr: up > 10, for: 30s}, {alert: B, expr: absent(up)}";
        assert_eq!(
            rows(rule, &trials(&[60_000, 900_000], &[])).unwrap(),
            [
                "A 30s 10 1+0 390",
                "A 1m 10 1+0 360",
                "A 15m 10 0+1 0",
                "B 0s - 0+0 0",
                "B 1m - 0+0 0",
                "B 15m - 0+0 0"
            ]
        );
        assert_eq!(
            rows(rule, &trials(&[0], &[30.0, -1.0])).unwrap(),
            ["A 30s 10 1+0 390", "A 0s 30 1+0 120", "A 0s -1 1+0 585", "B 0s - 0+0 0"]
        );
        assert!(rows("{alert: B, expr: absent(up)}", &trials(&[], &[1.0])).is_err());
    }

    #[test]
    fn the_threshold_is_the_number_of_the_outermost_comparison() {
        for (expr, number, text) in [
            ("a > 5", 5.0, "5"),
            ("5 < a", 5.0, "5"),
            ("(a / b) * 100 >= bool -0.5", -0.5, "-0.5"),
            ("sum(a > 1) > (2)", 2.0, "(2)"),
            ("a > 3 and b < 4", 3.0, "3"),
            ("count(a > 7) by (x)", 7.0, "7"),
            ("a > b > 2", 2.0, "2"),
        ] {
            let parsed = promql::parse(expr, &promql::Options::promtool()).expect(expr);
            let (found, span) = compared(parsed.root()).expect(expr);
            assert_eq!((found, &expr[span.range()]), (number, text), "{expr}");
        }
    }
}
