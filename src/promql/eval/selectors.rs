//! Selectors and subqueries: which samples a node sees at each time.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Column, Evaluator, Outcome, Steps, fail};
use crate::model::{Histogram, HistogramSample, Labels, Sample};
use crate::promql::ast::{At, Edges, Form, Node, Selector, Shift, Span, Subquery};
use crate::promql::native::{add, scale, subtract};
use crate::promql::store::Stored;

/// Where a time of evaluation is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shifted {
    fixed: Option<i64>,
    offset: i64,
}

impl Shifted {
    /// The time that is looked at.
    pub(super) fn at(&self, time: i64) -> i64 {
        self.fixed.unwrap_or(time).saturating_sub(self.offset)
    }
}

/// A series in a range vector.
pub(in crate::promql) struct Ranged<'a> {
    /// What identifies it.
    pub(in crate::promql) labels: Labels,
    /// Is its name to be removed at the end?
    pub(in crate::promql) drop_name: bool,
    /// All samples that any window holds, without markers of the series' end.
    pub(in crate::promql) samples: Cow<'a, [Sample]>,
    /// The start timestamps of the samples; empty if there are none.
    pub(in crate::promql) starts: Cow<'a, [i64]>,
    /// All native histograms that any window holds, without markers of the series' end.
    pub(in crate::promql) histograms: Cow<'a, [HistogramSample]>,
}

/// A range vector at all times.
pub(in crate::promql) struct Ranges<'a> {
    /// Its series, sorted by labels.
    pub(in crate::promql) series: Vec<Ranged<'a>>,
    /// The length of a window in milliseconds.
    pub(in crate::promql) range: i64,
    /// How the edges of windows are treated.
    pub(in crate::promql) edges: Edges,
    shift: Shifted,
    lookback: i64,
    /// Do the start timestamps of histograms count?
    with_starts: bool,
}

/// The samples of a series that a range vector holds at one time.
pub(in crate::promql) struct Window<'w> {
    /// The samples after `from` up to `to`; with anchored or smoothed edges also those that define the edges.
    pub(in crate::promql) samples: &'w [Sample],
    /// The start timestamps of the samples; empty if there are none.
    pub(in crate::promql) starts: &'w [i64],
    /// The native histograms, like the samples.
    pub(in crate::promql) histograms: &'w [HistogramSample],
    /// Do the start timestamps of histograms count?
    pub(in crate::promql) with_starts: bool,
    /// The place of the first sample in the series.
    pub(in crate::promql) first: usize,
    /// The left edge, which is outside.
    pub(in crate::promql) from: i64,
    /// The right edge, which is inside.
    pub(in crate::promql) to: i64,
    /// The time of evaluation.
    pub(in crate::promql) at: i64,
    /// How the edges are treated.
    pub(in crate::promql) edges: Edges,
}

impl Ranges<'_> {
    /// Calls `f` with the window of each time. Both edges only move forward.
    pub(in crate::promql) fn windows(
        &self,
        series: &Ranged<'_>,
        steps: Steps,
        mut f: impl FnMut(usize, &Window<'_>),
    ) {
        let samples = &*series.samples;
        let histograms = &*series.histograms;
        let (before, after) = match self.edges {
            Edges::Plain => (0, 0),
            Edges::Anchored => (self.lookback, 0),
            Edges::Smoothed => (self.lookback, self.lookback),
        };
        let (mut low, mut high) = (0, 0);
        let (mut lowest, mut highest) = (0, 0);
        for (i, at) in steps.iter().enumerate() {
            let to = self.shift.at(at);
            let from = to.saturating_sub(self.range);
            low = advance(samples, low, from.saturating_sub(before));
            high = advance(samples, high.max(low), to.saturating_add(after));
            if !histograms.is_empty() {
                lowest = advance(histograms, lowest, from.saturating_sub(before));
                highest = advance(histograms, highest.max(lowest), to.saturating_add(after));
            }
            let starts = if series.starts.is_empty() { &[][..] } else { &series.starts[low..high] };
            let window = Window {
                samples: &samples[low..high],
                starts,
                histograms: &histograms[lowest..highest],
                with_starts: self.with_starts,
                first: low,
                from,
                to,
                at,
                edges: self.edges,
            };
            f(i, &window);
        }
    }
}

/// The first place after `at`, from `place` on: a step or two if the windows overlap, a binary search if far.
fn advance<S: Timed>(samples: &[S], place: usize, at: i64) -> usize {
    let near = samples.len().min(place + 8);
    for (i, sample) in samples[place..near].iter().enumerate() {
        if sample.at() > at {
            return place + i;
        }
    }
    near + samples[near..].partition_point(|sample| sample.at() <= at)
}

/// The histograms after `from` up to `to`, without markers of the series' end.
fn inside(histograms: &[HistogramSample], from: i64, to: i64) -> Cow<'_, [HistogramSample]> {
    let low = histograms.partition_point(|sample| sample.at <= from);
    let high = low + histograms[low..].partition_point(|sample| sample.at <= to);
    let histograms = &histograms[low..high];
    if histograms.iter().any(|sample| sample.histogram.is_stale()) {
        return histograms.iter().filter(|sample| !sample.histogram.is_stale()).cloned().collect();
    }
    Cow::Borrowed(histograms)
}

/// What has a time.
pub(in crate::promql) trait Timed {
    /// The time, in milliseconds.
    fn at(&self) -> i64;
}

impl Timed for Sample {
    fn at(&self) -> i64 {
        self.at
    }
}

impl Timed for HistogramSample {
    fn at(&self) -> i64 {
        self.at
    }
}

/// What is wanted of the samples of a series.
#[derive(Clone, Copy)]
pub(in crate::promql) enum Pick {
    /// Their values.
    Value,
    /// Their times, divided by this.
    Time(f64),
    /// When their counters started, in seconds.
    Start,
}

impl Pick {
    fn float(self, stored: &Stored, place: usize) -> f64 {
        let sample = &stored.series.samples[place];
        match self {
            Pick::Value => sample.value,
            Pick::Time(unit) => sample.at as f64 / unit,
            Pick::Start => stored.starts.get(place).map_or(0.0, |&start| start as f64 / 1000.0),
        }
    }

    fn histogram(self, sample: &HistogramSample, column: &mut Column, i: usize) {
        match self {
            Pick::Value => column.set_histogram(i, sample.histogram.clone()),
            Pick::Time(unit) => column.cells[i] = sample.at as f64 / unit,
            Pick::Start => column.cells[i] = sample.start as f64 / 1000.0,
        }
    }
}

impl Window<'_> {
    /// The samples, with one at each edge if the edges are anchored or smoothed.
    pub(in crate::promql) fn extended(&self) -> Cow<'_, [Sample]> {
        if self.edges == Edges::Plain {
            return Cow::Borrowed(self.samples);
        }
        let Some((first, last)) = self.outermost(self.samples) else { return Cow::Owned(Vec::new()) };
        let edge = |at, value| Sample { at, value };
        let mut samples = vec![edge(self.from, self.left(first, false))];
        samples.extend(self.samples.iter().filter(|sample| sample.at > self.from && sample.at < self.to));
        samples.push(edge(self.to, self.right(last, false)));
        Cow::Owned(samples)
    }

    /// The places of the samples that define the edges; `None` if there is nothing after the left edge.
    pub(in crate::promql) fn outermost<S: Timed>(&self, samples: &[S]) -> Option<(usize, usize)> {
        let last = samples.len().checked_sub(1)?;
        let first = samples[..last].partition_point(|sample| sample.at() <= self.from).saturating_sub(1);
        let last = match self.edges {
            Edges::Smoothed => samples[..last].partition_point(|sample| sample.at() < self.to),
            Edges::Plain | Edges::Anchored => last,
        };
        (samples[last].at() > self.from).then_some((first, last))
    }

    /// The value at the left edge.
    pub(in crate::promql) fn left(&self, first: usize, counter: bool) -> f64 {
        let (a, next) = (self.samples[first], self.samples.get(first + 1));
        match next {
            Some(&b) if self.edges == Edges::Smoothed && a.at < self.from => {
                let start = if counter && b.value < a.value { 0.0 } else { a.value };
                interpolate((a.at, start), (b.at, b.value), self.from)
            }
            _ => a.value,
        }
    }

    /// The value at the right edge.
    pub(in crate::promql) fn right(&self, last: usize, counter: bool) -> f64 {
        let b = self.samples[last];
        if self.edges != Edges::Smoothed || last == 0 || b.at <= self.to {
            return b.value;
        }
        let a = self.samples[last - 1];
        let end = if counter && b.value < a.value { b.value + a.value } else { b.value };
        interpolate((a.at, a.value), (b.at, end), self.to)
    }
}

/// The samples next to a time: the last one after `from` and the first one from `to` on; the same twice if one is at
/// that very time, or if nothing follows. Before the first one there is nothing.
fn around<S: Timed>(samples: &[S], from: i64, to: i64) -> Option<(&S, &S)> {
    let next = samples.partition_point(|sample| sample.at() < to);
    let before = next.checked_sub(1).map(|i| &samples[i]).filter(|sample| sample.at() > from);
    match (before, samples.get(next)) {
        (_, Some(b)) if b.at() == to => Some((b, b)),
        (Some(a), Some(b)) => Some((a, b)),
        (Some(one), None) => Some((one, one)),
        (None, _) => None,
    }
}

/// The histogram at a time between two others; the first one if they cannot be compared.
pub(in crate::promql) fn histogram_between(
    a: &HistogramSample,
    b: &HistogramSample,
    at: i64,
) -> Arc<Histogram> {
    if a.at == b.at {
        return a.histogram.clone();
    }
    let mut between = (*b.histogram).clone();
    if subtract(&mut between, &a.histogram).is_err() {
        return a.histogram.clone();
    }
    scale(&mut between, (at - a.at) as f64 / (b.at - a.at) as f64);
    let known = add(&mut between, &a.histogram);
    between.compact();
    if known.is_ok() { Arc::new(between) } else { a.histogram.clone() }
}

fn interpolate(a: (i64, f64), b: (i64, f64), at: i64) -> f64 {
    if a.0 == b.0 {
        return a.1;
    }
    a.1 + (b.1 - a.1) * (at - a.0) as f64 / (b.0 - a.0) as f64
}

impl<'a> Evaluator<'a> {
    pub(super) fn shifted(&self, shift: &Shift) -> Outcome<Shifted> {
        let (start, end) = self.query_span();
        let fixed = shift.at.map(|at| match at {
            At::Millis(ms) => ms,
            At::Start => start,
            At::End => end,
        });
        let offset = shift.offset.as_ref().map_or(Ok(0), |offset| self.millis(offset))?;
        Ok(Shifted { fixed, offset })
    }

    /// The value of each series at each time: its last sample, if that is recent and does not mark its end.
    pub(super) fn select(&mut self, span: Span, selector: &Selector, steps: Steps) -> Outcome<Vec<Column>> {
        if selector.edges == Edges::Smoothed {
            return self.select_smoothed(span, selector, steps);
        }
        self.select_by(span, selector, steps, Pick::Value)
    }

    /// Something about the sample of each series at each time.
    pub(in crate::promql) fn select_by(
        &mut self,
        span: Span,
        selector: &Selector,
        steps: Steps,
        pick: Pick,
    ) -> Outcome<Vec<Column>> {
        let shift = self.shifted(&selector.shift)?;
        let lookback = self.options.lookback_ms;
        let first = shift.at(steps.start);
        let found = self.store.select(&selector.matchers);
        self.check_cells(found.len(), steps, span)?;
        let mut columns = Vec::with_capacity(found.len());
        let mut total = 0;
        for stored in found {
            let samples = &stored.series.samples;
            let histograms = &stored.series.histograms;
            let mut column = Column::absent(stored.series.labels.clone(), false, steps);
            let (mut place, mut count) = (samples.partition_point(|sample| sample.at <= first), 0);
            let mut next = histograms.partition_point(|sample| sample.at <= first);
            for i in 0..steps.count {
                let at = shift.at(steps.at(i));
                let oldest = at.saturating_sub(lookback);
                place = advance(samples, place, at);
                let sample = place.checked_sub(1).map(|last| &samples[last]).filter(|s| s.at > oldest);
                if !histograms.is_empty() {
                    next = advance(histograms, next, at);
                    let newer = |known: &&HistogramSample| {
                        known.at > oldest && sample.is_none_or(|sample| sample.at <= known.at)
                    };
                    if let Some(known) = next.checked_sub(1).map(|last| &histograms[last]).filter(newer) {
                        if !known.histogram.is_stale() {
                            pick.histogram(known, &mut column, i);
                            count += 1;
                        }
                        continue;
                    }
                }
                if sample.is_some_and(|sample| !sample.is_stale()) {
                    column.cells[i] = pick.float(stored, place - 1);
                    count += 1;
                }
            }
            if count > 0 {
                total += count;
                columns.push(column);
            }
        }
        self.check_samples(total, span)?;
        Ok(columns)
    }

    /// The value of each series at each time, interpolated between the samples around.
    fn select_smoothed(&mut self, span: Span, selector: &Selector, steps: Steps) -> Outcome<Vec<Column>> {
        let lookback = self.options.lookback_ms;
        let ranges = self.selector_ranges(selector, lookback, Edges::Smoothed, steps)?;
        self.check_cells(ranges.series.len(), steps, span)?;
        let mut columns = Vec::new();
        for series in &ranges.series {
            let mut column = Column::absent(series.labels.clone(), false, steps);
            // The left edge of the window does not matter here, only what is near the right one.
            ranges.windows(series, steps, |i, window| {
                if let Some((a, b)) = around(window.samples, window.from, window.to) {
                    column.cells[i] = interpolate((a.at, a.value), (b.at, b.value), window.to);
                } else if let Some((a, b)) = around(window.histograms, window.from, window.to) {
                    column.set_histogram(i, histogram_between(a, b, window.to));
                }
            });
            if !column.is_empty() {
                columns.push(column);
            }
        }
        Ok(columns)
    }

    /// Refuses to hold more samples than the limit.
    fn check_samples(&self, count: usize, span: Span) -> Outcome<()> {
        if count <= self.options.max_samples {
            return Ok(());
        }
        fail(span, "query processing would load too many samples into memory in query execution")
    }

    /// The value of a node that is a range vector.
    pub(in crate::promql) fn ranges(&mut self, node: &'a Node, steps: Steps) -> Outcome<Ranges<'a>> {
        match &node.form {
            Form::Paren(inner) => self.ranges(inner, steps),
            Form::Subquery(subquery) => self.subquery(node.span, subquery, steps),
            Form::Selector(selector) => {
                let Some(range) = &selector.range else { return fail(node.span, "a range is missing here") };
                let range = self.millis(range)?;
                if range <= 0 {
                    return fail(node.span, "the duration of a range must be greater than 0");
                }
                self.selector_ranges(selector, range, selector.edges, steps)
            }
            _ => fail(node.span, "a range vector is needed here"),
        }
    }

    fn selector_ranges(
        &mut self,
        selector: &Selector,
        range: i64,
        edges: Edges,
        steps: Steps,
    ) -> Outcome<Ranges<'a>> {
        let shift = self.shifted(&selector.shift)?;
        let lookback = self.options.lookback_ms;
        let (before, after) = match edges {
            Edges::Plain => (0, 0),
            Edges::Anchored => (lookback, 0),
            Edges::Smoothed => (lookback, lookback),
        };
        let from = shift.at(steps.start).saturating_sub(range).saturating_sub(before);
        let to = shift.at(steps.at(steps.count - 1)).saturating_add(after);
        let found = self.store.select(&selector.matchers);
        let mut series = Vec::with_capacity(found.len());
        for stored in found {
            let samples = &stored.series.samples;
            let low = samples.partition_point(|sample| sample.at <= from);
            let high = low + samples[low..].partition_point(|sample| sample.at <= to);
            let histograms = inside(&stored.series.histograms, from, to);
            if low == high && histograms.is_empty() {
                continue;
            }
            let samples = &samples[low..high];
            let with_starts = self.options.start_timestamps && !stored.starts.is_empty();
            let starts = if with_starts { &stored.starts[low..high] } else { &[][..] };
            let stale = stored.has_stale && samples.iter().any(Sample::is_stale);
            series.push(Ranged {
                labels: stored.series.labels.clone(),
                drop_name: false,
                starts: if stale {
                    starts
                        .iter()
                        .zip(samples)
                        .filter_map(|(start, sample)| (!sample.is_stale()).then_some(*start))
                        .collect()
                } else {
                    Cow::Borrowed(starts)
                },
                samples: if stale {
                    samples.iter().filter(|sample| !sample.is_stale()).copied().collect()
                } else {
                    Cow::Borrowed(samples)
                },
                histograms,
            });
        }
        let with_starts = self.options.start_timestamps;
        Ok(Ranges { series, range, edges, shift, lookback, with_starts })
    }

    fn subquery(&mut self, span: Span, subquery: &'a Subquery, steps: Steps) -> Outcome<Ranges<'a>> {
        let shift = self.shifted(&subquery.shift)?;
        let range = self.millis(&subquery.range)?;
        let step = match &subquery.step {
            Some(step) => self.millis(step)?,
            None => self.options.default_subquery_step_ms,
        };
        if range <= 0 || step <= 0 {
            return fail(span, "the range and the step of a subquery must be greater than 0");
        }
        let from = shift.at(steps.start).saturating_sub(range);
        let to = shift.at(steps.at(steps.count - 1));
        // The times are multiples of the step, whatever the time of evaluation; the left edge is outside.
        let start = from.div_euclid(step).saturating_add(1).saturating_mul(step);
        let count = if to < start { 0 } else { to.saturating_sub(start) / step + 1 };
        let inner = Steps { start, step, count: count as usize };
        self.check_cells(1, inner, span)?;
        // What each series costs: its points are made, and each window is looked at.
        let window = (range / step).saturating_add(1).min(count) as usize;
        let cost = inner.count.saturating_mul(4).saturating_add(window.saturating_mul(steps.count));
        self.charge(cost, span)?;
        let mut series = Vec::new();
        if count > 0 {
            for column in self.vector(&subquery.inner, inner)? {
                let (samples, histograms) = column.samples(inner);
                if !samples.is_empty() || !histograms.is_empty() {
                    series.push(Ranged {
                        labels: column.labels,
                        drop_name: column.drop_name,
                        samples: Cow::Owned(samples),
                        starts: Cow::Borrowed(&[]),
                        histograms: Cow::Owned(histograms),
                    });
                }
            }
        }
        self.charge(cost.saturating_mul(series.len().saturating_sub(1)), span)?;
        let lookback = self.options.lookback_ms;
        Ok(Ranges { series, range, edges: Edges::Plain, shift, lookback, with_starts: false })
    }
}
