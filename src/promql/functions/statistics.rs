//! Statistics over a range: `avg_over_time` and its family.

#![expect(clippy::unnecessary_wraps, reason = "the table wants one type of function")]

use std::sync::Arc;

use super::rates::mixed;
use crate::model::{HistogramSample, Sample};
use crate::promql::ast::{Node, Span};
use crate::promql::display::Float;
use crate::promql::eval::{Evaluated, Evaluator, Found, Mean, Outcome, Steps, Window, meant};
use crate::promql::native::{Adding, Incompatible, mixed_buckets};

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

fn mean(window: &Window<'_>) -> f64 {
    let mut mean = Mean::default();
    window.samples.iter().for_each(|sample| mean.add(sample.value));
    mean.value().unwrap_or(f64::NAN)
}

fn total(window: &Window<'_>) -> f64 {
    let (mut sum, mut rest) = (0.0, 0.0);
    for sample in window.samples {
        (sum, rest) = kahan(sample.value, sum, rest);
    }
    if sum.is_infinite() { sum } else { sum + rest }
}

/// A sum or a mean, of numbers or of histograms.
fn added<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    argument: &'a Node,
    steps: Steps,
    is_mean: bool,
) -> Outcome<Evaluated> {
    let columns = evaluator.over_any(node, argument, steps, &mut |_, window, notes| {
        if window.histograms.is_empty() {
            return Some(Found::Float(if is_mean { mean(window) } else { total(window) }));
        }
        if !window.samples.is_empty() {
            notes.warn(mixed);
            return None;
        }
        let (first, rest) = window.histograms.split_first()?;
        let mut adding = Adding::new(is_mean, &first.histogram);
        for sample in rest {
            match adding.add(&sample.histogram) {
                Ok(combined) if combined.reconciled => {
                    notes.inform(|_| {
                        "mismatched custom buckets were reconciled during aggregation".to_owned()
                    });
                }
                Ok(_) => {}
                Err(Incompatible) => {
                    notes.warn(mixed_buckets);
                    return None;
                }
            }
        }
        if adding.contradicts() {
            notes.warn(|_| "conflicting counter resets during histogram aggregation".to_owned());
        }
        Some(Found::Histogram(Arc::new(adding.value())))
    })?;
    evaluator.unnamed(columns, node.span).map(Evaluated::Vector)
}

pub(super) fn avg<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    added(evaluator, node, &arguments[0], steps, true)
}

pub(super) fn sum<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    added(evaluator, node, &arguments[0], steps, false)
}

pub(super) fn count(window: &Window<'_>) -> Option<f64> {
    Some((window.samples.len() + window.histograms.len()) as f64)
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

/// The time of the first or the last of a window, whatever it is.
fn edge_time(first: [Option<i64>; 2], choose: fn(i64, i64) -> i64) -> Option<f64> {
    first.into_iter().flatten().reduce(choose).map(|at| at as f64 / 1000.0)
}

pub(super) fn ts_of_first(window: &Window<'_>) -> Option<f64> {
    edge_time([window.samples.first().map(|s| s.at), window.histograms.first().map(|s| s.at)], i64::min)
}

pub(super) fn ts_of_last(window: &Window<'_>) -> Option<f64> {
    edge_time([window.samples.last().map(|s| s.at), window.histograms.last().map(|s| s.at)], i64::max)
}

/// The number or the histogram, whichever `wins` by its time.
fn either(
    float: Option<&Sample>,
    histogram: Option<&HistogramSample>,
    wins: fn(i64, i64) -> bool,
) -> Option<Found> {
    match (float, histogram) {
        (Some(float), Some(histogram)) if wins(float.at, histogram.at) => Some(Found::Float(float.value)),
        (_, Some(histogram)) => Some(Found::Histogram(histogram.histogram.clone())),
        (float, None) => float.map(|sample| Found::Float(sample.value)),
    }
}

pub(super) fn first<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    let columns = evaluator.over_any(node, &arguments[0], steps, &mut |_, window, _| {
        either(window.samples.first(), window.histograms.first(), |float, histogram| float < histogram)
    })?;
    Ok(Evaluated::Vector(columns))
}

pub(super) fn last<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    let columns = evaluator.over_any(node, &arguments[0], steps, &mut |_, window, _| {
        either(window.samples.last(), window.histograms.last(), |float, histogram| float > histogram)
    })?;
    Ok(Evaluated::Vector(columns))
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
    // Nothing is known of the distance from NaN.
    if values.iter().any(|value| value.is_nan()) {
        return Some(f64::NAN);
    }
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
