//! How values change over a range: `rate` and its family.

use std::sync::Arc;

use rayon::prelude::*;

use super::growth;
use super::statistics::kahan;
use crate::model::{HistogramSample, Sample};
use crate::promql::ast::{Edges, Node};
use crate::promql::display::Float;
use crate::promql::eval::{
    Column, Evaluated, Evaluator, Found, Held, MANY_CELLS, Notes, Outcome, Ranged, Steps, Window, cell, fail,
    meant,
};
use crate::promql::native::{divide, is_reset, same};

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
        let mut column = Column::absent(series.labels.clone(), series.drop_name, steps);
        let mut notes = Notes::about(&series.labels);
        // Resets are looked for once for each series, not once for each window they are in.
        let resets = if change.counter { resets_of(&series.samples, &series.starts) } else { Vec::new() };
        let mut passed = 0;
        ranges.windows(series, steps, |i, window| {
            if !window.histograms.is_empty() {
                let mut found = None;
                if window.samples.is_empty() {
                    found = growth::change(window, change.counter, per, &mut notes);
                } else {
                    notes.warn(mixed);
                }
                if let Some(histogram) = found {
                    column.set_histogram(i, Arc::new(histogram));
                }
                return;
            }
            if window.edges != Edges::Plain {
                column.cells[i] = cell(extended_change(window, change.counter).map(|change| change / per));
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
            column.cells[i] = cell(
                extrapolated(window, change.counter, lost)
                    .map(|(change, factor)| change * if per == 1.0 { factor } else { factor / per }),
            );
        });
        (column, notes)
    };
    // Each series is on its own; few of them are done before threads have started.
    let found: Vec<(Column, Notes)> = if ranges.series.len().saturating_mul(steps.count) < MANY_CELLS {
        ranges.series.iter().map(column).collect()
    } else {
        ranges.series.par_iter().map(column).collect()
    };
    let mut columns = Vec::with_capacity(found.len());
    for (column, notes) in found {
        evaluator.tell(notes, meant(argument));
        if !column.is_empty() {
            if change.counter {
                hint_at_gauges(evaluator, &column, argument);
            }
            columns.push(column);
        }
    }
    evaluator.unnamed(columns, node.span).map(Evaluated::Vector)
}

/// What is said where a range holds numbers and histograms.
pub(super) fn mixed(metric: &str) -> String {
    format!("encountered a mix of histograms and floats for metric name {metric:?}")
}

/// Says that a metric does not look like a counter.
fn hint_at_gauges<'a>(evaluator: &mut Evaluator<'a>, column: &Column, argument: &'a Node) {
    const ENDINGS: [&str; 4] = ["_total", "_sum", "_count", "_bucket"];
    let name = column.labels.metric();
    if !column.is_plain() && (0..column.cells.len()).all(|i| !matches!(column.held(i), Held::Float(_))) {
        return;
    }
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
    !starts.is_empty() && is_restart((samples[i - 1].at, starts[i - 1]), (samples[i].at, starts[i]))
}

/// The same of time and start of two samples.
pub(super) fn is_restart(before: (i64, i64), (at, start): (i64, i64)) -> bool {
    if start == 0 || start >= at {
        return false;
    }
    // A start at the very time of the sample before says something only if that sample has a start of its own.
    start > before.0 || start == before.0 && before.1 != 0 && before.1 < before.0
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
    let counted = counter.then_some((first.value, change));
    Some((change, extrapolation(window, (first.at, last.at), intervals, counted)))
}

/// The factor by which a change between two samples is extrapolated to the edges of a window. Of counters, their first
/// value and by how much they grew is told.
pub(super) fn extrapolation(
    window: &Window<'_>,
    (first, last): (i64, i64),
    intervals: usize,
    counted: Option<(f64, f64)>,
) -> f64 {
    let mut to_start = (first - window.from) as f64 / 1000.0;
    let mut to_end = (window.to - last) as f64 / 1000.0;
    let sampled = (last - first) as f64 / 1000.0;
    let average = sampled / intervals as f64;
    let threshold = average * 1.1;
    if to_start >= threshold {
        to_start = average / 2.0;
    }
    if let Some((first, change)) = counted {
        let to_zero = if change > 0.0 && first >= 0.0 { sampled * (first / change) } else { to_start };
        if to_zero < to_start {
            to_start = to_zero;
        }
    }
    if to_end >= threshold {
        to_end = average / 2.0;
    }
    (sampled + to_start + to_end) / sampled
}

/// The change between the values at the edges of a window with anchored or smoothed edges.
fn extended_change(window: &Window<'_>, counter: bool) -> Option<f64> {
    let (first, last) = window.outermost(window.samples)?;
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

/// A number or a histogram at a time.
#[derive(Clone, Copy)]
pub(super) enum Point<'w> {
    Float { at: i64, start: i64, value: f64 },
    Histogram(&'w HistogramSample),
}

impl Point<'_> {
    fn at(&self) -> i64 {
        match self {
            Point::Float { at, .. } => *at,
            Point::Histogram(sample) => sample.at,
        }
    }

    /// Its time and when its counter started.
    fn times(&self, with_starts: bool) -> (i64, i64) {
        match self {
            Point::Float { at, start, .. } => (*at, *start),
            Point::Histogram(sample) => (sample.at, if with_starts { sample.start } else { 0 }),
        }
    }
}

/// All that is in a window, in order of time, from the sample that defines the left edge on.
fn points<'w>(
    samples: &'w [Sample],
    starts: &'w [i64],
    histograms: &'w [HistogramSample],
) -> impl Iterator<Item = Point<'w>> {
    let mut floats = samples
        .iter()
        .enumerate()
        .map(|(i, sample)| Point::Float {
            at: sample.at,
            start: starts.get(i).copied().unwrap_or(0),
            value: sample.value,
        })
        .peekable();
    let mut histograms = histograms.iter().map(Point::Histogram).peekable();
    std::iter::from_fn(move || match (floats.peek(), histograms.peek()) {
        (Some(float), Some(histogram)) if histogram.at() < float.at() => histograms.next(),
        (Some(_), _) => floats.next(),
        (None, _) => histograms.next(),
    })
}

/// The change per second, or the change, between the last two of a window.
fn last_two<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    argument: &'a Node,
    steps: Steps,
    change: Change,
) -> Outcome<Evaluated> {
    let columns = evaluator.over_any(node, argument, steps, &mut |_, window, notes| {
        // Of each kind, the last two may be among the last two.
        let tail = |length: usize| length.saturating_sub(2);
        let (from, low) = (tail(window.samples.len()), tail(window.histograms.len()));
        let starts = window.starts.get(from..).unwrap_or_default();
        let all = points(&window.samples[from..], starts, &window.histograms[low..]);
        let (before, last) = all.fold((None, None), |(_, last), point| (last, Some(point)));
        let (before, last) = (before?, last?);
        let (known, times) = (before.times(window.with_starts), last.times(window.with_starts));
        let per = if change.per_second { (times.0 - known.0) as f64 / 1000.0 } else { 1.0 };
        if times.0 == known.0 {
            return None;
        }
        let restart = change.counter && is_restart(known, times);
        match (before, last) {
            (Point::Float { value: before, .. }, Point::Float { value: last, .. }) => {
                let reset = change.counter && (last < before || restart);
                Some(Found::Float(if reset { last } else { last - before } / per))
            }
            (Point::Histogram(before), Point::Histogram(last)) => {
                let pair = (&*before.histogram, &*last.histogram);
                let mut found = growth::between(pair, change.counter, restart, notes)?;
                divide(&mut found, per);
                Some(Found::Histogram(Arc::new(found)))
            }
            _ => {
                notes.warn(mixed);
                None
            }
        }
    })?;
    evaluator.unnamed(columns, node.span).map(Evaluated::Vector)
}

pub(super) fn irate<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    last_two(evaluator, node, &arguments[0], steps, RATE)
}

pub(super) fn idelta<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    last_two(evaluator, node, &arguments[0], steps, DELTA)
}

/// Counts pairs of neighbours in each window.
fn count_pairs<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    argument: &'a Node,
    steps: Steps,
    counts: fn(Point<'_>, Point<'_>, bool) -> bool,
) -> Outcome<Evaluated> {
    let columns = evaluator.over_any(node, argument, steps, &mut |_, window, _| {
        let samples = window.extended();
        let starts = if window.edges == Edges::Plain { window.starts } else { &[] };
        let histograms = match window.edges {
            Edges::Plain => window.histograms,
            _ => window
                .outermost(window.histograms)
                .map_or(&[][..], |(first, last)| &window.histograms[first..=last]),
        };
        if samples.is_empty() && histograms.is_empty() {
            return None;
        }
        let with_starts = window.with_starts && window.edges == Edges::Plain;
        let mut before = None;
        let pairs = points(&samples, starts, histograms)
            .filter(|&point| before.replace(point).is_some_and(|before| counts(before, point, with_starts)));
        Some(Found::Float(pairs.count() as f64))
    })?;
    evaluator.unnamed(columns, node.span).map(Evaluated::Vector)
}

pub(super) fn changes<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    count_pairs(evaluator, node, &arguments[0], steps, |before, point, _| match (before, point) {
        (Point::Float { value: before, .. }, Point::Float { value, .. }) => {
            value != before && !(value.is_nan() && before.is_nan())
        }
        (Point::Histogram(before), Point::Histogram(sample)) => !same(&before.histogram, &sample.histogram),
        _ => true,
    })
}

pub(super) fn resets<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    count_pairs(evaluator, node, &arguments[0], steps, |before, point, with_starts| {
        let restart = is_restart(before.times(with_starts), point.times(with_starts));
        restart
            || match (before, point) {
                (Point::Float { value: before, .. }, Point::Float { value, .. }) => value < before,
                (Point::Histogram(before), Point::Histogram(sample)) => {
                    is_reset(&sample.histogram, &before.histogram)
                }
                _ => true,
            }
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
