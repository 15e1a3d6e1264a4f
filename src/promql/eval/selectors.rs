//! Selectors and subqueries: which samples a node sees at each time.

use std::borrow::Cow;

use super::{ABSENT, Column, Evaluator, Outcome, Steps, fail, present};
use crate::model::{Labels, Sample};
use crate::promql::EvalError;
use crate::promql::ast::{At, Edges, Form, Matcher, Node, Selector, Shift, Span, Subquery};
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
}

/// The samples of a series that a range vector holds at one time.
pub(in crate::promql) struct Window<'w> {
    /// The samples after `from` up to `to`; with anchored or smoothed edges also those that define the edges.
    pub(in crate::promql) samples: &'w [Sample],
    /// The start timestamps of the samples; empty if there are none.
    pub(in crate::promql) starts: &'w [i64],
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
        let (before, after) = match self.edges {
            Edges::Plain => (0, 0),
            Edges::Anchored => (self.lookback, 0),
            Edges::Smoothed => (self.lookback, self.lookback),
        };
        let (mut low, mut high) = (0, 0);
        for (i, at) in steps.iter().enumerate() {
            let to = self.shift.at(at);
            let from = to.saturating_sub(self.range);
            low = advance(samples, low, from.saturating_sub(before));
            high = advance(samples, high.max(low), to.saturating_add(after));
            let starts = if series.starts.is_empty() { &[][..] } else { &series.starts[low..high] };
            let window =
                Window { samples: &samples[low..high], starts, first: low, from, to, at, edges: self.edges };
            f(i, &window);
        }
    }
}

/// The first place after `at`, from `place` on: a step or two if the windows overlap, a binary search if far.
fn advance(samples: &[Sample], place: usize, at: i64) -> usize {
    let near = samples.len().min(place + 8);
    for (i, sample) in samples[place..near].iter().enumerate() {
        if sample.at > at {
            return place + i;
        }
    }
    near + samples[near..].partition_point(|sample| sample.at <= at)
}

impl Window<'_> {
    /// The samples, with one at each edge if the edges are anchored or smoothed.
    pub(in crate::promql) fn extended(&self) -> Cow<'_, [Sample]> {
        if self.edges == Edges::Plain {
            return Cow::Borrowed(self.samples);
        }
        let Some((first, last)) = self.outermost() else { return Cow::Owned(Vec::new()) };
        let edge = |at, value| Sample { at, value };
        let mut samples = vec![edge(self.from, self.left(first, false))];
        samples.extend(self.samples.iter().filter(|sample| sample.at > self.from && sample.at < self.to));
        samples.push(edge(self.to, self.right(last, false)));
        Cow::Owned(samples)
    }

    /// The places of the samples that define the edges; `None` if there is nothing after the left edge.
    pub(in crate::promql) fn outermost(&self) -> Option<(usize, usize)> {
        let last = self.samples.len().checked_sub(1)?;
        let first = self.samples[..last].partition_point(|sample| sample.at <= self.from).saturating_sub(1);
        let last = match self.edges {
            Edges::Smoothed => self.samples[..last].partition_point(|sample| sample.at < self.to),
            Edges::Plain | Edges::Anchored => last,
        };
        (self.samples[last].at > self.from).then_some((first, last))
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

fn interpolate(a: (i64, f64), b: (i64, f64), at: i64) -> f64 {
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

    /// The series for which all conditions hold, with a sample after `from` up to `to`.
    fn stored(&self, span: Span, matchers: &[Matcher], from: i64, to: i64) -> Outcome<Vec<&'a Stored>> {
        let found = self.store.select(matchers);
        for stored in &found {
            let times = &stored.histograms;
            let next = times.partition_point(|&time| time <= from);
            if times.get(next).is_some_and(|&time| time <= to) {
                return Err(EvalError {
                    message: format!(
                        "{} is a native histogram, which obs cannot evaluate",
                        stored.series.labels
                    ),
                    span: Some(span.range()),
                    hint: Some("classic histograms (_bucket, _sum, _count) work".to_owned()),
                });
            }
        }
        Ok(found)
    }

    /// The value of each series at each time: its last sample, if that is recent and does not mark its end.
    pub(super) fn select(&mut self, span: Span, selector: &Selector, steps: Steps) -> Outcome<Vec<Column>> {
        if selector.edges == Edges::Smoothed {
            return self.select_smoothed(span, selector, steps);
        }
        self.select_by(span, selector, steps, &|stored, place| stored.series.samples[place].value)
    }

    /// Something about the sample of each series at each time.
    pub(in crate::promql) fn select_by(
        &mut self,
        span: Span,
        selector: &Selector,
        steps: Steps,
        pick: &dyn Fn(&Stored, usize) -> f64,
    ) -> Outcome<Vec<Column>> {
        let shift = self.shifted(&selector.shift)?;
        let lookback = self.options.lookback_ms;
        let (first, last) = (shift.at(steps.start), shift.at(steps.at(steps.count - 1)));
        let found = self.stored(span, &selector.matchers, first.saturating_sub(lookback), last)?;
        self.check_cells(found.len(), steps, span)?;
        let mut columns = Vec::with_capacity(found.len());
        let mut total = 0;
        for stored in found {
            let samples = &stored.series.samples;
            let mut cells = vec![ABSENT; steps.count];
            let (mut place, mut count) = (samples.partition_point(|sample| sample.at <= first), 0);
            for (cell, at) in cells.iter_mut().zip(steps.iter()) {
                let at = shift.at(at);
                place = advance(samples, place, at);
                let Some(sample) = place.checked_sub(1).map(|last| &samples[last]) else { continue };
                if sample.at > at.saturating_sub(lookback) && !sample.is_stale() {
                    *cell = pick(stored, place - 1);
                    count += 1;
                }
            }
            if count > 0 {
                total += count;
                columns.push(Column { labels: stored.series.labels.clone(), drop_name: false, cells });
            }
        }
        self.check_samples(total, span)?;
        Ok(columns)
    }

    /// The value of each series at each time, interpolated between the samples around.
    fn select_smoothed(&mut self, span: Span, selector: &Selector, steps: Steps) -> Outcome<Vec<Column>> {
        let lookback = self.options.lookback_ms;
        let ranges = self.selector_ranges(span, selector, lookback, Edges::Smoothed, steps)?;
        self.check_cells(ranges.series.len(), steps, span)?;
        let mut columns = Vec::new();
        for series in &ranges.series {
            let mut cells = vec![ABSENT; steps.count];
            ranges.windows(series, steps, |i, window| {
                // The left edge of the window does not matter here, only what is near the right one.
                let samples = window.samples;
                let next = samples.partition_point(|sample| sample.at < window.to);
                let before = next.checked_sub(1).map(|i| samples[i]).filter(|sample| sample.at > window.from);
                cells[i] = match (before, samples.get(next)) {
                    (_, Some(b)) if b.at == window.to => b.value,
                    (Some(a), Some(b)) => interpolate((a.at, a.value), (b.at, b.value), window.to),
                    (Some(one), None) => one.value,
                    (None, Some(one)) => one.value,
                    (None, None) => ABSENT,
                };
            });
            if cells.iter().any(|cell| present(*cell)) {
                columns.push(Column { labels: series.labels.clone(), drop_name: false, cells });
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
                self.selector_ranges(node.span, selector, range, selector.edges, steps)
            }
            _ => fail(node.span, "a range vector is needed here"),
        }
    }

    fn selector_ranges(
        &mut self,
        span: Span,
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
        let found = self.stored(span, &selector.matchers, from, to)?;
        let mut series = Vec::with_capacity(found.len());
        for stored in found {
            let samples = &stored.series.samples;
            let low = samples.partition_point(|sample| sample.at <= from);
            let high = low + samples[low..].partition_point(|sample| sample.at <= to);
            if low == high {
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
            });
        }
        Ok(Ranges { series, range, edges, shift, lookback })
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
                let samples = super::samples(&column.cells, inner);
                if !samples.is_empty() {
                    series.push(Ranged {
                        labels: column.labels,
                        drop_name: column.drop_name,
                        samples: Cow::Owned(samples),
                        starts: Cow::Borrowed(&[]),
                    });
                }
            }
        }
        self.charge(cost.saturating_mul(series.len().saturating_sub(1)), span)?;
        let lookback = self.options.lookback_ms;
        Ok(Ranges { series, range, edges: Edges::Plain, shift, lookback })
    }
}
