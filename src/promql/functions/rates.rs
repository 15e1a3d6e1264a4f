//! How values change over a range: `rate` and its family.

use rayon::prelude::*;

use super::statistics::kahan;
use crate::model::Sample;
use crate::promql::ast::{Edges, Node};
use crate::promql::display::Float;
use crate::promql::eval::{
    ABSENT, Column, Evaluated, Evaluator, MANY_CELLS, Outcome, Ranged, Steps, Window, cell, fail, meant,
    present,
};

/// What distinguishes `rate`, `increase` and `delta`.
#[derive(Clone, Copy)]
struct Change {
    counter: bool,
    per_second: bool,
}

const RATE: Change = Change { counter: true, per_second: true };
const INCREASE: Change = Change { counter: true, per_second: false };
const DELTA: Change = Change { counter: false, per_second: false };

pub(super) fn rate<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    change(evaluator, node, &arguments[0], steps, RATE)
}

pub(super) fn increase<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    change(evaluator, node, &arguments[0], steps, INCREASE)
}

pub(super) fn delta<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    change(evaluator, node, &arguments[0], steps, DELTA)
}

fn change<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    argument: &'a Node,
    steps: Steps,
    change: Change,
) -> Outcome<Evaluated> {
    let ranges = evaluator.ranges(argument, steps)?;
    evaluator.check_cells(ranges.series.len(), steps, node.span)?;
    let per = if change.per_second { ranges.range as f64 / 1000.0 } else { 1.0 };
    let column = |series: &Ranged<'_>| {
        let mut cells = vec![ABSENT; steps.count];
        // Resets are looked for once for each series, not once for each window they are in.
        let resets = if change.counter { resets_of(&series.samples, &series.starts) } else { Vec::new() };
        let mut passed = 0;
        ranges.windows(series, steps, |i, window| {
            if window.edges != Edges::Plain {
                cells[i] = cell(extended_change(window, change.counter).map(|change| change / per));
                return;
            }
            if window.samples.is_empty() {
                return;
            }
            while resets.get(passed).is_some_and(|&reset| reset <= window.first) {
                passed += 1;
            }
            let end = window.first + window.samples.len();
            let resets = resets[passed..].iter().take_while(|&&reset| reset < end);
            let lost = resets.map(|&reset| window.samples[reset - 1 - window.first].value);
            cells[i] = cell(
                extrapolated(window, change.counter, lost)
                    .map(|(change, factor)| change * if per == 1.0 { factor } else { factor / per }),
            );
        });
        cells.iter().any(|cell| present(*cell)).then(|| Column {
            labels: series.labels.clone(),
            drop_name: series.drop_name,
            cells,
        })
    };
    // Each series is on its own; few of them are done before threads have started.
    let columns: Vec<Column> = if ranges.series.len().saturating_mul(steps.count) < MANY_CELLS {
        ranges.series.iter().filter_map(column).collect()
    } else {
        ranges.series.par_iter().filter_map(column).collect()
    };
    if change.counter {
        for column in &columns {
            hint_at_gauges(evaluator, column, argument);
        }
    }
    evaluator.unnamed(columns, node.span).map(Evaluated::Vector)
}

/// Says that a metric does not look like a counter.
fn hint_at_gauges<'a>(evaluator: &mut Evaluator<'a>, column: &Column, argument: &'a Node) {
    const ENDINGS: [&str; 4] = ["_total", "_sum", "_count", "_bucket"];
    let name = column.labels.metric();
    if name.is_empty() || ENDINGS.iter().any(|ending| name.ends_with(ending)) {
        return;
    }
    let message =
        format!("metric might not be a counter, name does not end in _total/_sum/_count/_bucket: {name:?}");
    evaluator.inform(meant(argument), message);
}

/// The places of samples before which a counter was reset: it fell, or its start timestamp says so.
fn resets_of(samples: &[Sample], starts: &[i64]) -> Vec<usize> {
    (1..samples.len())
        .filter(|&i| samples[i].value < samples[i - 1].value || restarted(samples, starts, i))
        .collect()
}

/// Did the counter start anew after the sample before?
fn restarted(samples: &[Sample], starts: &[i64], i: usize) -> bool {
    if starts.is_empty() || starts[i] == 0 || starts[i] >= samples[i].at {
        return false;
    }
    let before = samples[i - 1].at;
    // A start at the very time of the sample before says something only if that sample has a start of its own.
    starts[i] > before || starts[i] == before && starts[i - 1] != 0 && starts[i - 1] < before
}

/// The change over a window and the factor that extrapolates it to the window's edges.
///
/// `lost` are the values before resets. A series is taken to go on for half the distance of its samples where it
/// seems to start or end inside, and a counter is not taken to have been below zero.
fn extrapolated(window: &Window<'_>, counter: bool, lost: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let samples = window.samples;
    let (mut first, last) = (*samples.first()?, *samples.last()?);
    let mut intervals = samples.len() - 1;
    // A counter that started inside the window was zero then.
    if counter
        && let Some(&start) = window.starts.first()
        && start != 0
        && start > window.from
        && start < first.at
    {
        first = Sample { at: start, value: 0.0 };
        intervals += 1;
    }
    if intervals == 0 {
        return None;
    }
    let mut change = last.value - first.value;
    for value in lost {
        change += value;
    }
    let mut to_start = (first.at - window.from) as f64 / 1000.0;
    let mut to_end = (window.to - last.at) as f64 / 1000.0;
    let sampled = (last.at - first.at) as f64 / 1000.0;
    let average = sampled / intervals as f64;
    let threshold = average * 1.1;
    if to_start >= threshold {
        to_start = average / 2.0;
    }
    if counter {
        let to_zero =
            if change > 0.0 && first.value >= 0.0 { sampled * (first.value / change) } else { to_start };
        if to_zero < to_start {
            to_start = to_zero;
        }
    }
    if to_end >= threshold {
        to_end = average / 2.0;
    }
    Some((change, (sampled + to_start + to_end) / sampled))
}

/// The change between the values at the edges of a window with anchored or smoothed edges.
fn extended_change(window: &Window<'_>, counter: bool) -> Option<f64> {
    let (first, last) = window.outermost()?;
    let (left, right) = (window.left(first, counter), window.right(last, counter));
    let mut change = right - left;
    if counter {
        let inside = &window.samples[first..=last];
        let mut before = left;
        for sample in inside.iter().filter(|sample| sample.at > window.from && sample.at < window.to) {
            if sample.value < before {
                change += before;
            }
            before = sample.value;
        }
        if right < before {
            change += before;
        }
    }
    Some(change)
}

/// Two samples are needed; the change and the seconds between the last two.
fn last_two(window: &Window<'_>) -> Option<(f64, f64, f64)> {
    let [.., before, last] = window.samples else { return None };
    Some((before.value, last.value, (last.at - before.at) as f64 / 1000.0))
}

pub(super) fn irate(window: &Window<'_>) -> Option<f64> {
    let (before, last, seconds) = last_two(window)?;
    let reset = last < before || restarted(window.samples, window.starts, window.samples.len() - 1);
    Some(if reset { last } else { last - before } / seconds)
}

pub(super) fn idelta(window: &Window<'_>) -> Option<f64> {
    let (before, last, _) = last_two(window)?;
    Some(last - before)
}

/// Counts pairs of neighbours in each window.
fn count_pairs<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    argument: &'a Node,
    steps: Steps,
    counts: fn(&[Sample], &[i64], usize) -> bool,
) -> Outcome<Evaluated> {
    evaluator.over(node, argument, steps, |_, window| {
        let samples = window.extended();
        let starts = if window.edges == Edges::Plain { window.starts } else { &[] };
        (!samples.is_empty())
            .then(|| (1..samples.len()).filter(|&i| counts(&samples, starts, i)).count() as f64)
    })
}

pub(super) fn changes<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    count_pairs(evaluator, node, &arguments[0], steps, |samples, _, i| {
        let (before, value) = (samples[i - 1].value, samples[i].value);
        value != before && !(value.is_nan() && before.is_nan())
    })
}

pub(super) fn resets<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    count_pairs(evaluator, node, &arguments[0], steps, |samples, starts, i| {
        samples[i].value < samples[i - 1].value || restarted(samples, starts, i)
    })
}

/// Slope per second and value at `at` of the line that fits best.
fn regression(samples: &[Sample], at: i64) -> (f64, f64) {
    let first = samples[0].value;
    if samples.iter().all(|sample| sample.value == first) {
        return if first.is_infinite() { (f64::NAN, f64::NAN) } else { (0.0, first) };
    }
    let count = samples.len() as f64;
    let mut sums = [(0.0, 0.0); 4];
    for sample in samples {
        let (x, y) = ((sample.at - at) as f64 / 1e3, sample.value);
        for (sum, term) in sums.iter_mut().zip([x, y, x * y, x * x]) {
            *sum = kahan(term, sum.0, sum.1);
        }
    }
    let [x, y, xy, xx] = sums.map(|(sum, rest)| sum + rest);
    let covariance = xy - x * y / count;
    let variance = xx - x * x / count;
    let slope = covariance / variance;
    (slope, y / count - slope * x / count)
}

pub(super) fn deriv(window: &Window<'_>) -> Option<f64> {
    let first = window.samples.first()?;
    (window.samples.len() > 1).then(|| regression(window.samples, first.at).0)
}

pub(super) fn predict_linear<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    let ahead = evaluator.scalar(&arguments[1], steps)?;
    evaluator.over(node, &arguments[0], steps, |i, window| {
        if window.samples.len() < 2 {
            return None;
        }
        let (slope, value) = regression(window.samples, window.at);
        Some(slope * ahead[i] + value)
    })
}

pub(super) fn double_exponential_smoothing<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    let smoothing = evaluator.scalar(&arguments[1], steps)?;
    let trend = evaluator.scalar(&arguments[2], steps)?;
    let mut wrong = None;
    let answer = evaluator.over(node, &arguments[0], steps, |i, window| {
        let (smoothing, trend_factor) = (smoothing[i], trend[i]);
        // Nobody asks for the factors where there is nothing to be smoothed.
        wrong = wrong.take().or_else(|| wrong_factor("smoothing", "sf", smoothing).map(|text| (1, text)));
        wrong = wrong.take().or_else(|| wrong_factor("trend", "tf", trend_factor).map(|text| (2, text)));
        let [first, second, ..] = window.samples else { return None };
        let (mut before, mut level, mut trend) = (0.0, first.value, second.value - first.value);
        for (i, sample) in window.samples.iter().enumerate().skip(1) {
            if i > 1 {
                trend = trend_factor * (level - before) + (1.0 - trend_factor) * trend;
            }
            before = level;
            level = smoothing * sample.value + (1.0 - smoothing) * (level + trend);
        }
        Some(level)
    })?;
    match wrong {
        Some((argument, message)) => fail(arguments[argument].span, message),
        None => Ok(answer),
    }
}

/// What is wrong with a factor of the smoothing; NaN makes everything NaN.
fn wrong_factor(what: &str, short: &str, factor: f64) -> Option<String> {
    let shown = if factor.is_infinite() { Float(factor).to_string() } else { format!("{factor:.6}") };
    (factor <= 0.0 || factor >= 1.0)
        .then(|| format!("invalid {what} factor. Expected: 0 < {short} < 1, got: {shown}"))
}
