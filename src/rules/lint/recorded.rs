//! What recorded data tells about rules: names that do not occur, sides that never meet, ranges that are too short.

use std::collections::{BTreeMap, BTreeSet};

use super::alone::{OF_COUNTERS, near, text};
use super::labels::{Recorded, is_vector, metric};
use super::{Check, Findings, Lint, Weight};
use crate::model::{Labels, Sample, Series};
use crate::promql::ast::{Binary, BinaryOp, Form, Matching, Node, Selector};
use crate::promql::{self, Matcher, Options, Store, Value, selectors};
use crate::rules::duration;
use crate::rules::file::{Rule, RuleFile};
use crate::rules::yaml::Place;

/// Functions that need two samples in their range.
const OF_TWO: [&str; 7] = ["rate", "irate", "increase", "delta", "idelta", "deriv", "predict_linear"];
/// Series of a selector that are looked at.
const LOOKED_AT: usize = 200;
/// Samples that tell what a series is like.
const ENOUGH: usize = 5;
/// More series and samples than this in one evaluation are told.
const MANY_SERIES: usize = 10_000;
const MANY_SAMPLES: u64 = 1_000_000;
/// Times at which both sides of an operator are looked at.
const TIMES: i64 = 4;
/// Names that rules write themselves.
const WRITTEN: [&str; 2] = ["ALERTS", "ALERTS_FOR_STATE"];

/// What was recorded.
pub(super) struct Data<'d> {
    store: &'d Store,
    options: &'d Options,
    names: BTreeSet<&'d str>,
    times: Vec<i64>,
}

impl<'d> Data<'d> {
    pub(super) fn new(store: &'d Store, options: &'d Options) -> Self {
        let names = store.series().map(|series| series.labels.metric()).collect();
        let times = store.span().map_or_else(Vec::new, |(from, to)| {
            (1..=TIMES).map(|part| from + (to - from) / TIMES * part).collect()
        });
        Data { store, options, names, times }
    }
}

/// All checks of one rule.
pub(super) fn check(rule: &Rule, recorded: &Recorded<'_>, data: &mut Data<'_>, findings: &mut Findings<'_>) {
    present(rule.expr.root(), recorded, data, findings);
    rule.expr.root().walk(&mut |node| match &node.form {
        Form::Binary(binary) => {
            meets(binary, rule, data, findings);
            if rule.alerting().is_some() {
                counter_compared(binary, data, findings);
            }
        }
        Form::Call(function, arguments) => {
            for selector in arguments.iter().filter_map(ranged) {
                window(function.name, selector, data, findings);
                if OF_COUNTERS.contains(&function.name) {
                    gauge(function.name, selector, data, findings);
                }
            }
        }
        _ => {}
    });
    cost(rule, data, findings);
}

/// Metrics of the data that no rule looks at, in order of their names; those that `is_known` elsewhere are left out.
pub fn unused(files: &[RuleFile], store: &Store, is_known: &dyn Fn(&str) -> bool) -> Vec<Lint> {
    let rules = || files.iter().flat_map(|file| &file.groups).flat_map(|group| &group.rules);
    let mut series: BTreeMap<&str, Vec<&Series>> = BTreeMap::new();
    for known in store.series() {
        series.entry(known.labels.metric()).or_default().push(known);
    }
    let written: BTreeSet<&str> = rules().map(|rule| rule.name.as_str()).chain(WRITTEN).collect();
    series.retain(|name, _| !written.contains(name) && !is_known(name));
    for matchers in rules().flat_map(|rule| selectors(&rule.expr)) {
        for found in store.matching(matchers) {
            series.remove(found.labels.metric());
        }
    }
    let lint = |(name, series): (&str, Vec<&Series>)| Lint {
        check: Check::Unused,
        weight: Weight::Note,
        file: String::new(),
        place: Place::default(),
        group: String::new(),
        rule: name.to_owned(),
        message: match series.len() {
            1 => "no rule looks at its only series".to_owned(),
            count => format!("no rule looks at its {count} series"),
        },
        hint: None,
    };
    series.into_iter().map(lint).collect()
}

fn ranged(node: &Node) -> Option<&Selector> {
    match &node.unwrapped().form {
        Form::Selector(selector) if selector.range.is_some() => Some(selector),
        _ => None,
    }
}

/// Is what the expression looks at in the data? Where something is expected to be absent, it need not be.
fn present(node: &Node, recorded: &Recorded<'_>, data: &Data<'_>, findings: &mut Findings<'_>) {
    match &node.form {
        Form::Selector(selector) => selected(&selector.matchers, recorded, data, findings),
        Form::Call(function, _) if matches!(function.name, "absent" | "absent_over_time") => {}
        Form::Binary(binary) if binary.op == BinaryOp::Unless => {
            present(&binary.lhs, recorded, data, findings);
        }
        Form::Binary(binary) if binary.op == BinaryOp::Or => {
            // One of several metrics is enough: versions and platforms differ.
            let has = |side: &Node| {
                let mut found = false;
                side.walk(&mut |node| {
                    if let Form::Selector(selector) = &node.form {
                        found |= !data.store.matching(&selector.matchers).is_empty();
                    }
                });
                found
            };
            for side in [&binary.lhs, &binary.rhs] {
                let other = if std::ptr::eq(side, &raw const binary.lhs) { &binary.rhs } else { &binary.lhs };
                if has(side) || !has(other) {
                    present(side, recorded, data, findings);
                }
            }
        }
        _ => node.children().into_iter().for_each(|child| present(child, recorded, data, findings)),
    }
}

fn selected(matchers: &[Matcher], recorded: &Recorded<'_>, data: &Data<'_>, findings: &mut Findings<'_>) {
    let Some(name) = metric(matchers).filter(|name| !WRITTEN.contains(name) && !recorded.has(name)) else {
        return;
    };
    if !data.store.matching(matchers).is_empty() {
        return;
    }
    if !data.names.contains(name) {
        let meant = near(name, data.names.iter().copied());
        let message = match meant {
            Some(meant) => format!("the data has no {name}; it has {meant}"),
            None => format!("the data has no {name}"),
        };
        return findings.add(Check::UnknownMetric, message, None);
    }
    let of_name: Vec<Matcher> =
        matchers.iter().filter(|matcher| &*matcher.name == Labels::NAME).cloned().collect();
    let series = data.store.matching(&of_name);
    for matcher in matchers.iter().filter(|matcher| &*matcher.name != Labels::NAME) {
        if series.iter().any(|series| matcher.matches(series.labels.get(&matcher.name))) {
            continue;
        }
        let values: BTreeSet<&str> = series.iter().map(|series| series.labels.get(&matcher.name)).collect();
        let condition = format!("{}{}{:?}", matcher.name, matcher.op.sign(), &*matcher.value);
        if values.iter().all(|value| value.is_empty()) {
            let labels: BTreeSet<&str> =
                series.iter().flat_map(|series| series.labels.iter()).map(|(name, _)| name).collect();
            let labels: Vec<&str> = labels.into_iter().filter(|name| *name != Labels::NAME).collect();
            let message =
                format!("no series of {name} has the label {}; they have {}", matcher.name, listed(&labels));
            return findings.add(Check::UnknownLabelValue, message, None);
        }
        // A code that did not occur is a calm day; a name that is a letter away is a slip.
        let is_word = !matcher.value.bytes().any(|byte| byte.is_ascii_digit());
        let meant = near(&matcher.value, values.iter().copied().filter(|value| !value.is_empty()));
        let weight = if is_word && meant.is_some() { Weight::Fault } else { Weight::Note };
        let values: Vec<&str> = values.into_iter().filter(|value| !value.is_empty()).collect();
        let there = meant.map_or_else(|| listed(&values), |meant| format!("{meant:?}"));
        let message = format!("no series of {name} has {condition}; there is {there}");
        return findings.weighted(Check::UnknownLabelValue, weight, message, None);
    }
}

/// The first of them.
fn listed(names: &[&str]) -> String {
    let shown = names.iter().take(5).copied().collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => "none".to_owned(),
        1..=5 => shown,
        count => format!("{shown} and {} more", count - 5),
    }
}

/// The part of a side that holds its series whatever their values; `None` if values choose them further inside.
fn unfiltered(node: &Node) -> Option<&Node> {
    let node = node.unwrapped();
    if let Form::Binary(binary) = &node.form {
        match binary.op {
            BinaryOp::And | BinaryOp::Unless => return unfiltered(&binary.lhs),
            op if op.is_comparison() && !binary.as_bool => {
                return match (is_vector(&binary.lhs), is_vector(&binary.rhs)) {
                    (true, false) => unfiltered(&binary.lhs),
                    (false, true) => unfiltered(&binary.rhs),
                    _ => None,
                };
            }
            _ => {}
        }
    }
    let mut chooses = false;
    node.walk(&mut |node| {
        chooses |= match &node.form {
            Form::Binary(binary) => {
                binary.op.is_comparison() && !binary.as_bool
                    || matches!(binary.op, BinaryOp::And | BinaryOp::Unless)
            }
            Form::Call(function, _) => matches!(function.name, "absent" | "absent_over_time"),
            Form::Aggregate(aggregate) => aggregate.op.parameter().is_some(),
            _ => false,
        };
    });
    (!chooses).then_some(node)
}

/// Do series of both sides ever find each other?
fn meets(binary: &Binary, rule: &Rule, data: &Data<'_>, findings: &mut Findings<'_>) {
    let fills = binary.matching.fill_lhs.is_some() || binary.matching.fill_rhs.is_some();
    // What is not there most of the time is left out by `unless`, and that is meant.
    if matches!(binary.op, BinaryOp::Or | BinaryOp::Unless)
        || fills
        || !is_vector(&binary.lhs)
        || !is_vector(&binary.rhs)
    {
        return;
    }
    let Some((lhs, rhs)) = unfiltered(&binary.lhs).zip(unfiltered(&binary.rhs)) else { return };
    let at = |node: &Node, at: i64| -> Vec<Labels> {
        let source = rule.expr.source().get(node.span.range()).unwrap_or_default();
        let value = promql::parse(source, data.options)
            .ok()
            .and_then(|expr| promql::instant(&expr, data.store, at, data.options).ok());
        match value.map(|answer| answer.value) {
            Some(Value::Vector(samples)) => samples.into_iter().map(|sample| sample.labels).collect(),
            _ => Vec::new(),
        }
    };
    let mut example = None;
    for &time in &data.times {
        let (left, right) = (at(lhs, time), at(rhs, time));
        let keys: BTreeSet<Labels> = left.iter().map(|labels| key(labels, &binary.matching)).collect();
        if right.iter().any(|labels| keys.contains(&key(labels, &binary.matching))) {
            return;
        }
        if let (Some(left), Some(right)) = (left.into_iter().next(), right.into_iter().next()) {
            example = Some((left, right));
        }
    }
    let Some((left, right)) = example else { return };
    let (left, right) = (key(&left, &binary.matching), key(&right, &binary.matching));
    let message = format!(
        "{} and {} both have series, which never match: {left} and {right}",
        text(rule, lhs),
        text(rule, rhs)
    );
    let both: Vec<&str> =
        left.iter().filter(|(name, value)| right.get(name) == *value).map(|(name, _)| name).collect();
    let hint = (!both.is_empty()).then(|| format!("on ({})", both.join(", ")));
    findings.add(Check::NoMatch, message, hint.as_deref());
}

/// The labels by which a series is found from the other side.
fn key(labels: &Labels, matching: &Matching) -> Labels {
    let mut key = labels.clone();
    key.retain(|name| {
        name != Labels::NAME && matching.labels.iter().any(|label| **label == *name) == matching.on
    });
    key
}

/// How far the samples of a selector's series are apart, in milliseconds: the middle of them.
fn distance(series: &[&Series]) -> Option<i64> {
    let mut distances: Vec<i64> = series
        .iter()
        .take(LOOKED_AT)
        .flat_map(|series| series.samples.windows(2).take(100).map(|pair| pair[1].at - pair[0].at))
        .collect();
    distances.sort_unstable();
    distances.get(distances.len() / 2).copied()
}

fn window(function: &str, selector: &Selector, data: &Data<'_>, findings: &mut Findings<'_>) {
    if !OF_TWO.contains(&function) {
        return;
    }
    let Some(range) = selector.range.as_ref().and_then(promql::ast::Duration::at_one_time) else { return };
    let Some(every) = distance(&data.store.matching(&selector.matchers)) else { return };
    // Scrapes are late by some milliseconds.
    if range >= every.saturating_mul(4) - every / 10 {
        return;
    }
    let name = metric(&selector.matchers).unwrap_or("the series");
    let (range_text, every_text) = (duration::text(range), duration::text((every + 500) / 1_000 * 1_000));
    let (weight, what) = if range < every.saturating_mul(2) - every / 10 {
        (Weight::Fault, "there are rarely two samples in it")
    } else {
        (Weight::Note, "one missed scrape is a gap")
    };
    let message = format!("{function} over {range_text} of {name}, sampled every {every_text}: {what}");
    let hint = format!("at least [{}]", duration::text((every.saturating_mul(4) + 500) / 1_000 * 1_000));
    findings.weighted(Check::RateWindow, weight, message, Some(&hint));
}

/// Times that a value fell to something other than about 0, and times that it changed.
fn falls(samples: &[Sample]) -> (usize, usize) {
    let changes = samples.windows(2).filter(|pair| pair[0].value != pair[1].value);
    changes.fold((0, 0), |(falls, changes), pair| {
        let fell = pair[1].value < pair[0].value && pair[1].value > pair[0].value / 4.0;
        (falls + usize::from(fell), changes + 1)
    })
}

fn gauge(function: &str, selector: &Selector, data: &Data<'_>, findings: &mut Findings<'_>) {
    let series = data.store.matching(&selector.matchers);
    let like_gauges = series.iter().take(LOOKED_AT).filter(|series| {
        let (falls, changes) = falls(&series.samples);
        falls >= 3 && falls * 5 >= changes
    });
    let count = like_gauges.count();
    if count > 0 && count * 2 >= series.len().min(LOOKED_AT) {
        let name = metric(&selector.matchers).unwrap_or("the metric");
        let message = format!("{function} takes each fall for a reset, and {name} falls as a gauge does");
        findings.add(Check::RateOfGauge, message, Some("deriv and delta are for gauges"));
    }
}

fn counter_compared(binary: &Binary, data: &Data<'_>, findings: &mut Findings<'_>) {
    let plain = |node: &Node| match &node.unwrapped().form {
        Form::Selector(selector) if selector.range.is_none() && selector.shift.offset.is_none() => {
            Some(selector.matchers.clone())
        }
        _ => None,
    };
    let is_number = |node: &Node| node.kind() == promql::Kind::Scalar;
    let matchers = match (plain(&binary.lhs), plain(&binary.rhs)) {
        (Some(matchers), None) if is_number(&binary.rhs) => matchers,
        (None, Some(matchers)) if is_number(&binary.lhs) => matchers,
        _ => return,
    };
    let Some(name) = metric(&matchers).filter(|name| {
        binary.op.is_comparison() && ["_total", "_count", "_bucket"].iter().any(|end| name.ends_with(end))
    }) else {
        return;
    };
    let series = data.store.matching(&matchers);
    let grows = series.iter().take(LOOKED_AT).any(|series| {
        let (falls, changes) = falls(&series.samples);
        falls == 0 && changes >= ENOUGH
    });
    if grows {
        let message = format!("{name} only grows, and is compared with a number");
        findings.add(Check::CounterCompared, message, Some("compare its rate or its increase"));
    }
}

fn cost(rule: &Rule, data: &Data<'_>, findings: &mut Findings<'_>) {
    let (mut count, mut samples) = (0, 0_u64);
    rule.expr.root().walk(&mut |node| {
        let Form::Selector(selector) = &node.form else { return };
        let series = data.store.matching(&selector.matchers);
        count += series.len();
        let range = selector.range.as_ref().and_then(promql::ast::Duration::at_one_time);
        let each = range.zip(distance(&series)).map_or(1, |(range, every)| range / every.max(1));
        samples = samples.saturating_add(series.len() as u64 * each.max(1) as u64);
    });
    if count > MANY_SERIES || samples > MANY_SAMPLES {
        let message = format!("one evaluation looks at {count} series and about {samples} samples");
        findings.add(Check::Cost, message, Some("record a part of it first"));
    }
}
