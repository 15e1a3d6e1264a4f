//! Statistics over a range: `avg_over_time` and its family.

#![expect(clippy::unnecessary_wraps, reason = "the table wants one type of function")]

use crate::model::Sample;
use crate::promql::ast::{Node, Span};
use crate::promql::display::Float;
use crate::promql::eval::{Evaluated, Evaluator, Mean, Outcome, Steps, Window, meant};

/// Adds to a sum and its rest: Neumaier's variant of Kahan's summation, as Prometheus has it.
pub(in crate::promql) fn kahan(value: f64, sum: f64, rest: f64) -> (f64, f64) {
    let total = sum + value;
    let rest = if total.is_infinite() {
        0.0
    } else if sum.abs() >= value.abs() {
        rest + ((sum - total) + value)
    } else {
        rest + ((value - total) + sum)
    };
    (total, rest)
}

/// The quantile of values, interpolated linearly between closest ranks; NaN counts as the smallest value.
pub(in crate::promql) fn quantile(level: f64, values: &mut [f64]) -> f64 {
    if values.is_empty() || level.is_nan() {
        return f64::NAN;
    }
    if level < 0.0 {
        return f64::NEG_INFINITY;
    }
    if level > 1.0 {
        return f64::INFINITY;
    }
    values.sort_unstable_by(|a, b| b.is_nan().cmp(&a.is_nan()).then(a.total_cmp(b)));
    let last = values.len() - 1;
    let rank = level * last as f64;
    let lower = rank.floor().max(0.0);
    let weight = rank - rank.floor();
    let (low, high) = (lower as usize, (lower as usize + 1).min(last));
    values[low.min(last)] * (1.0 - weight) + values[high] * weight
}

impl Evaluator<'_> {
    /// Warns of levels that are no share.
    pub(in crate::promql) fn check_quantiles(&mut self, levels: &[f64], span: Span) {
        for &level in levels.iter().filter(|level| !(0.0..=1.0).contains(*level)) {
            self.warn(span, format!("quantile value should be between 0 and 1, got {}", Float(level)));
        }
    }
}

pub(super) fn avg(window: &Window<'_>) -> Option<f64> {
    let mut mean = Mean::default();
    window.samples.iter().for_each(|sample| mean.add(sample.value));
    mean.value()
}

pub(super) fn sum(window: &Window<'_>) -> Option<f64> {
    let (mut sum, mut rest) = (0.0, 0.0);
    for sample in window.samples {
        (sum, rest) = kahan(sample.value, sum, rest);
    }
    Some(if sum.is_infinite() { sum } else { sum + rest })
}

pub(super) fn count(window: &Window<'_>) -> Option<f64> {
    Some(window.samples.len() as f64)
}

pub(super) fn present(_: &Window<'_>) -> Option<f64> {
    Some(1.0)
}

/// The sample that `better` prefers to all before; a number is preferred to NaN.
fn best(window: &Window<'_>, better: fn(f64, f64) -> bool) -> Option<Sample> {
    let mut samples = window.samples.iter();
    let first = *samples.next()?;
    Some(samples.fold(first, |best, &sample| {
        if better(sample.value, best.value) || best.value.is_nan() { sample } else { best }
    }))
}

pub(super) fn min(window: &Window<'_>) -> Option<f64> {
    best(window, |a, b| a < b).map(|sample| sample.value)
}

pub(super) fn max(window: &Window<'_>) -> Option<f64> {
    best(window, |a, b| a > b).map(|sample| sample.value)
}

fn seconds(sample: Sample) -> f64 {
    sample.at as f64 / 1000.0
}

pub(super) fn ts_of_min(window: &Window<'_>) -> Option<f64> {
    best(window, |a, b| a <= b).map(seconds)
}

pub(super) fn ts_of_max(window: &Window<'_>) -> Option<f64> {
    best(window, |a, b| a >= b).map(seconds)
}

pub(super) fn ts_of_first(window: &Window<'_>) -> Option<f64> {
    window.samples.first().copied().map(seconds)
}

pub(super) fn ts_of_last(window: &Window<'_>) -> Option<f64> {
    window.samples.last().copied().map(seconds)
}

pub(super) fn first<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    let mut first = |_: usize, window: &Window<'_>| window.samples.first().map(|sample| sample.value);
    evaluator.over_named(node, &arguments[0], steps, &mut first).map(Evaluated::Vector)
}

pub(super) fn last<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    let mut last = |_: usize, window: &Window<'_>| window.samples.last().map(|sample| sample.value);
    evaluator.over_named(node, &arguments[0], steps, &mut last).map(Evaluated::Vector)
}

pub(super) fn stdvar(window: &Window<'_>) -> Option<f64> {
    let (mut count, mut mean, mut mean_rest, mut squares, mut squares_rest) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for sample in window.samples {
        count += 1.0;
        let delta = sample.value - (mean + mean_rest);
        (mean, mean_rest) = kahan(delta / count, mean, mean_rest);
        (squares, squares_rest) = kahan(delta * (sample.value - (mean + mean_rest)), squares, squares_rest);
    }
    Some((squares + squares_rest) / count)
}

pub(super) fn stddev(window: &Window<'_>) -> Option<f64> {
    stdvar(window).map(f64::sqrt)
}

/// The median of the distances from the median.
pub(super) fn mad(window: &Window<'_>) -> Option<f64> {
    let mut values: Vec<f64> = window.samples.iter().map(|sample| sample.value).collect();
    let median = quantile(0.5, &mut values);
    for value in &mut values {
        *value = (*value - median).abs();
    }
    Some(quantile(0.5, &mut values))
}

pub(super) fn quantile_over_time<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    let levels = evaluator.scalar(&arguments[0], steps)?;
    let mut used = vec![false; steps.count];
    let mut values = Vec::new();
    let answer = evaluator.over(node, &arguments[1], steps, |i, window| {
        used[i] = true;
        values.clear();
        values.extend(window.samples.iter().map(|sample| sample.value));
        Some(quantile(levels[i], &mut values))
    })?;
    let used: Vec<f64> = levels.iter().zip(used).filter(|(_, used)| *used).map(|(level, _)| *level).collect();
    evaluator.check_quantiles(&used, meant(&arguments[0]));
    Ok(answer)
}
