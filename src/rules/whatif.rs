//! What if `for` or the threshold of alerts were another: the same replay once more for each.

use serde::Serialize;

use super::alert::Alert;
use super::duration;
use super::evaluation::Setting;
use super::file::{Rule, RuleFile, RuleGroup, RuleKind};
use super::replay::{self, Interval, Replay};
use super::yaml::Place;
use crate::model::{Error, Timestamp};
use crate::promql::ast::{BinaryOp, Form, Node, Span};
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
    /// The comparison that it stands in, as it is written; the outermost one of the value that the alert shows,
    /// unless another is chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparison: Option<String>,
    /// All comparisons with a number, in the order in which they are written, if there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub comparisons: Vec<String>,
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
    /// Which comparison they are for: its number in the order in which they are written, from 1, or a part of its
    /// text. By default the outermost one of the value that the alert shows.
    pub comparison: Option<String>,
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
    let of = trials.comparison.as_deref();
    if !trials.thresholds.is_empty() && !alerting(files).any(|(_, rule)| chosen(rule, of).is_some()) {
        return Err(no_threshold(files, of));
    }
    let mut rows: Vec<WhatIf> =
        alerting(files).map(|(group, rule)| outcome(group, rule, written, of, true)).collect();
    for (hold, instead) in trials.pairs() {
        let changed: Vec<RuleFile> =
            files.iter().map(|file| varied(file, hold, instead, of, setting)).collect();
        let replay = replay::replay(&changed, &mut store.clone(), interval, setting)?;
        // A rule that compares with no number is the same whatever the threshold.
        let concerned = alerting(files).zip(alerting(&changed));
        let concerned =
            concerned.filter(|((_, written), _)| instead.is_none() || chosen(written, of).is_some());
        rows.extend(concerned.map(|((_, written), (group, rule))| {
            let row = outcome(group, rule, &replay, of, false);
            // The comparison is told as it is written, with the number that was tried beside it.
            let (threshold, comparison) = match (chosen(written, of), instead) {
                (Some(found), instead) => (Some(instead.unwrap_or(found.value)), Some(found.text(written))),
                (None, _) => (None, None),
            };
            WhatIf { threshold, comparison, comparisons: texts(written), ..row }
        }));
    }
    let order: Vec<_> = alerting(files).map(|(group, rule)| (group.file.as_str(), rule.place)).collect();
    // A stable sort: the trials of a rule stay in their order.
    rows.sort_by_key(|row| order.iter().position(|known| *known == (row.place.0.as_str(), row.place.1)));
    Ok(rows)
}

/// Nothing can be varied: no alert compares with a number, or not in the comparison that was asked for.
fn no_threshold(files: &[RuleFile], of: Option<&str>) -> Error {
    let known: Vec<String> = alerting(files)
        .flat_map(|(_, rule)| comparisons(rule).into_iter().map(|c| c.text(rule)))
        .take(10)
        .collect();
    match of {
        Some(of) if !known.is_empty() => {
            Error::usage(format!("no alert has a comparison `{of}` with a number"))
                .hinted(format!("there are {}", known.join(", ")))
        }
        _ => Error::usage("no alert compares with a number that another threshold could stand for")
            .hinted("--threshold is for expressions such as errors > 5"),
    }
}

fn alerting(files: &[RuleFile]) -> impl Iterator<Item = (&RuleGroup, &Rule)> {
    let groups = files.iter().flat_map(|file| &file.groups);
    let rules = groups.flat_map(|group| group.rules.iter().map(move |rule| (group, rule)));
    rules.filter(|(_, rule)| rule.alerting().is_some())
}

/// The file with another `for` and another threshold in its alerts.
fn varied(
    file: &RuleFile,
    hold: Option<i64>,
    instead: Option<f64>,
    of: Option<&str>,
    setting: &Setting,
) -> RuleFile {
    let mut file = file.clone();
    for rule in file.groups.iter_mut().flat_map(|group| &mut group.rules) {
        let place = chosen(rule, of).map(|found| found.number);
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

fn outcome(group: &RuleGroup, rule: &Rule, replay: &Replay, of: Option<&str>, as_written: bool) -> WhatIf {
    let alerts: Vec<Alert> = replay.alerts.iter().filter(|alert| alert.is_of(group, rule)).cloned().collect();
    let end = replay.span.map_or(0, |(_, to)| to);
    let fired = alerts.iter().filter(|alert| alert.fired()).count();
    let found = chosen(rule, of);
    WhatIf {
        rule: rule.name.clone(),
        group: group.name.clone(),
        hold: duration::text(rule.alerting().map_or(0, |alerting| alerting.hold)),
        threshold: found.as_ref().map(|found| found.value),
        comparison: found.map(|found| found.text(rule)),
        comparisons: texts(rule),
        as_written,
        fired,
        pending: alerts.len() - fired,
        firing_seconds: alerts.iter().map(|alert| alert.firing_millis(end)).sum::<i64>() as f64 / 1000.0,
        first_firing_at: alerts.iter().filter_map(|alert| alert.firing_at).min(),
        alerts,
        place: (group.file.clone(), rule.place),
    }
}

/// How near a comparison is to the value that an alert shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    /// What it compares is that value.
    Shown,
    /// It decides whether there is an alert, beside the value: at the right of `and`, `or`, `unless`.
    Beside,
    /// It is inside of something: of an aggregation, of arithmetic.
    Inside,
}

/// A comparison with a number.
#[derive(Clone, Debug)]
struct Comparison {
    value: f64,
    /// Where the number stands, sign and brackets included.
    number: Span,
    /// Where the comparison stands.
    whole: Span,
    nearness: Nearness,
}

impl Comparison {
    fn text(&self, rule: &Rule) -> String {
        let text = rule.expr.source().get(self.whole.range()).unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// All comparisons with a number in a rule, in the order in which they are written.
fn comparisons(rule: &Rule) -> Vec<Comparison> {
    let mut found = Vec::new();
    gather(rule.expr.root(), Nearness::Shown, &mut found);
    found.sort_by_key(|comparison| comparison.number.range().start);
    found
}

/// Their texts, if there are several.
fn texts(rule: &Rule) -> Vec<String> {
    let all = comparisons(rule);
    if all.len() < 2 { Vec::new() } else { all.iter().map(|comparison| comparison.text(rule)).collect() }
}

/// The comparison whose number is varied.
fn chosen(rule: &Rule, of: Option<&str>) -> Option<Comparison> {
    let mut all = comparisons(rule);
    match of.map(str::trim) {
        None => {
            // A stable sort: of several at the same distance the first one.
            all.sort_by_key(|comparison| comparison.nearness);
            all.into_iter().next()
        }
        Some(of) => match of.parse::<usize>() {
            Ok(number) => all.into_iter().nth(number.checked_sub(1)?),
            // A comparison may stand in another one; the inner one is meant.
            Err(_) => all
                .into_iter()
                .filter(|comparison| comparison.text(rule).contains(of))
                .min_by_key(|comparison| comparison.text(rule).len()),
        },
    }
}

fn gather(node: &Node, nearness: Nearness, found: &mut Vec<Comparison>) {
    match &node.form {
        Form::Paren(inner) => gather(inner, nearness, found),
        Form::Binary(binary) if binary.op.is_comparison() => {
            if let Some((value, number)) = number(&binary.rhs).or_else(|| number(&binary.lhs)) {
                found.push(Comparison { value, number, whole: node.span, nearness });
            }
            gather(&binary.lhs, Nearness::Inside, found);
            gather(&binary.rhs, Nearness::Inside, found);
        }
        Form::Binary(binary) if binary.op.is_set() => {
            gather(&binary.lhs, nearness, found);
            gather(&binary.rhs, nearness.max(Nearness::Beside), found);
        }
        _ => node.children().into_iter().for_each(|child| gather(child, Nearness::Inside, found)),
    }
}

/// A number as it is written, sign and brackets included, or the result of arithmetic with numbers alone.
fn number(node: &Node) -> Option<(f64, Span)> {
    let value = match &node.form {
        Form::Number(number, _) => *number,
        Form::Paren(inner) => number(inner)?.0,
        Form::Unary(minus, inner) => {
            let (number, _) = number(inner)?;
            if *minus { -number } else { number }
        }
        Form::Binary(binary) => {
            let (a, b) = (number(&binary.lhs)?.0, number(&binary.rhs)?.0);
            match binary.op {
                BinaryOp::Add => a + b,
                BinaryOp::Sub => a - b,
                BinaryOp::Mul => a * b,
                BinaryOp::Div => a / b,
                BinaryOp::Mod => a % b,
                BinaryOp::Pow => a.powf(b),
                _ => return None,
            }
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
        store.push(Series::of(Labels::new([("__name__", "up")]), samples.collect()));
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
            comparison: None,
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
    fn the_threshold_is_that_of_the_value_which_the_alert_shows() {
        for (expr, of, number, text) in [
            ("a > 5", None, 5.0, "5"),
            ("5 < a", None, 5.0, "5"),
            ("(a / b) * 100 >= bool -0.5", None, -0.5, "-0.5"),
            ("sum(a > 1) > (2)", None, 2.0, "(2)"),
            ("sum(a > 1) > 2", Some("1"), 1.0, "1"),
            ("sum(a > 1) > 2", Some("a > 1"), 1.0, "1"),
            ("a > 3 and b < 4", None, 3.0, "3"),
            ("a > 3 and b < 4", Some("2"), 4.0, "4"),
            ("a > 3 and b < 4", Some("b <"), 4.0, "4"),
            ("(c and b < 4) unless a > 3", None, 4.0, "4"),
            ("count(d > 9) and on() a > 3", None, 3.0, "3"),
            ("sum(rate(a[5m] offset 1m)) / sum(rate(b[5m])) > 0.05", None, 0.05, "0.05"),
            ("count(a > 7) by (x)", None, 7.0, "7"),
            ("a > b > 2", None, 2.0, "2"),
            ("a > 0.01 * 100", None, 1.0, "0.01 * 100"),
            ("a > 1h", None, 3600.0, "1h"),
        ] {
            let text_of = format!("groups: [{{name: g, rules: [{{alert: A, expr: '{expr}'}}]}}]");
            let checked = parse("r.yml", &text_of, &FileOptions::strict());
            assert_eq!(checked.problems, vec![], "{expr}");
            let rule = &checked.file.groups[0].rules[0];
            let found = chosen(rule, of).expect(expr);
            assert_eq!((found.value, &rule.source[found.number.range()]), (number, text), "{expr} {of:?}");
        }
    }

    #[test]
    fn another_comparison_can_be_chosen() {
        let rule = "{alert: A, expr: up > 10 and up < 39}";
        let trials =
            |of: &str| Trials { holds: vec![], thresholds: vec![20.0], comparison: Some(of.to_owned()) };
        assert_eq!(rows(rule, &trials("2")).unwrap(), ["A 0s 39 1+0 420", "A 0s 20 1+0 135"]);
        assert_eq!(rows(rule, &trials("up >")).unwrap(), ["A 0s 10 1+0 420", "A 0s 20 1+0 270"]);
        let error = rows(rule, &trials("down")).unwrap_err();
        assert!(format!("{error:?}").contains("up > 10, up < 39"), "{error:?}");
    }
}
