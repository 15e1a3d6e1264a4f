//! How native histograms grow over a range.

use std::borrow::Cow;

use super::rates::{extrapolation, is_restart};
use crate::model::histogram::{Histogram, HistogramSample, ResetHint};
use crate::promql::ast::Edges;
use crate::promql::eval::{Notes, Window, histogram_between};
use crate::promql::native::{Incompatible, add, divide, is_reset, mixed_buckets, scale, subtract, to_schema};

/// The change over a window that holds histograms alone, extrapolated to its edges, `per` so many seconds.
pub(super) fn change(window: &Window<'_>, counter: bool, per: f64, notes: &mut Notes) -> Option<Histogram> {
    if window.edges != Edges::Plain {
        let mut change = extended_change(window, counter, notes)?;
        divide(&mut change, per);
        return Some(change);
    }
    let samples = window.histograms;
    let (first, last) = (samples.first()?, samples.last()?);
    // A counter that started inside the window was empty then.
    let started = counter
        && window.with_starts
        && first.start > window.from
        && first.start != 0
        && first.start < first.at;
    if samples.len() < 2 && !started {
        return None;
    }
    warn_of_gauges(samples, counter, notes);
    let fell = |i: usize| counter && restarted(&samples[i - 1], &samples[i], window.with_starts);
    // Before a reset the first one does not matter, whatever it is.
    let skipped = usize::from(!started && samples.len() > 1 && fell(1));
    let base = (!started && skipped == 0).then(|| &*first.histogram);
    let lost = (1 + skipped..samples.len()).filter(|&i| fell(i)).map(|i| &*samples[i - 1].histogram);
    let between = if counter { &samples[skipped..] } else { &samples[..1] };
    let mut change = sum_up(&last.histogram, base, lost, between, notes)?;
    if !counter {
        warn_of_counters(&first.histogram, &last.histogram, notes);
    }
    let (from, count) = if started { (first.start, 0.0) } else { (first.at, first.histogram.count) };
    let intervals = samples.len() - 1 + usize::from(started);
    let counted = counter.then_some((count, change.count));
    let factor = extrapolation(window, (from, last.at), intervals, counted);
    scale(&mut change, factor / per);
    Some(change)
}

/// The last one, less the first, and what was lost by resets; `None` if they cannot be put together.
fn sum_up<'h>(
    last: &Histogram,
    base: Option<&Histogram>,
    lost: impl Iterator<Item = &'h Histogram>,
    between: &[HistogramSample],
    notes: &mut Notes,
) -> Option<Histogram> {
    let mut all = between.iter().map(|sample| &*sample.histogram);
    if all.any(|histogram| histogram.is_custom() != last.is_custom()) {
        notes.warn(mixed_buckets);
        return None;
    }
    let mut sum = last.clone();
    let coarsest = between.iter().map(|sample| sample.histogram.schema).min().unwrap_or(sum.schema);
    if coarsest < sum.schema {
        to_schema(&mut sum, coarsest);
    }
    let steps = base.map(|base| (base, false)).into_iter().chain(lost.map(|lost| (lost, true)));
    for (histogram, adds) in steps {
        let (combined, what) = if adds {
            (add(&mut sum, histogram), "addition")
        } else {
            (subtract(&mut sum, histogram), "subtraction")
        };
        match combined {
            // Contradicting hints are resets, which are treated here.
            Ok(combined) => {
                if combined.reconciled {
                    notes.inform(|_| format!("mismatched custom buckets were reconciled during {what}"));
                }
            }
            Err(Incompatible) => {
                notes.warn(mixed_buckets);
                return None;
            }
        }
    }
    sum.hint = ResetHint::Gauge;
    sum.compact();
    Some(sum)
}

/// Was the counter reset between two samples?
fn restarted(before: &HistogramSample, sample: &HistogramSample, with_starts: bool) -> bool {
    let restart = with_starts && is_restart((before.at, before.start), (sample.at, sample.start));
    restart || is_reset(&sample.histogram, &before.histogram)
}

fn warn_of_gauges(samples: &[HistogramSample], counter: bool, notes: &mut Notes) {
    if counter && samples.iter().any(|sample| sample.histogram.hint == ResetHint::Gauge) {
        notes.warn(|metric| format!("this native histogram metric is not a counter: {metric:?}"));
    }
}

fn warn_of_counters(first: &Histogram, last: &Histogram, notes: &mut Notes) {
    if [first, last].iter().any(|histogram| histogram.hint != ResetHint::Gauge) {
        notes.warn(|metric| format!("this native histogram metric is not a gauge: {metric:?}"));
    }
}

/// The change between two histograms that follow each other.
pub(super) fn between(
    (before, last): (&Histogram, &Histogram),
    counter: bool,
    restart: bool,
    notes: &mut Notes,
) -> Option<Histogram> {
    if counter && [before, last].iter().any(|histogram| histogram.hint == ResetHint::Gauge) {
        notes.warn(|metric| format!("this native histogram metric is not a counter: {metric:?}"));
    }
    if !counter {
        warn_of_counters(before, last, notes);
    }
    let reset = counter && (restart || is_reset(last, before));
    sum_up(last, (!reset).then_some(before), std::iter::empty(), &[], notes)
}

/// The change between the histograms at the edges of a window with anchored or smoothed edges.
fn extended_change(window: &Window<'_>, counter: bool, notes: &mut Notes) -> Option<Histogram> {
    let (first, last) = window.outermost(window.histograms)?;
    let samples = &window.histograms[first..=last];
    warn_of_gauges(samples, counter, notes);
    let smoothed = window.edges == Edges::Smoothed;
    let left_between = smoothed && samples.len() > 1 && samples[0].at < window.from;
    let right_between = smoothed && samples.len() > 1 && samples[samples.len() - 1].at > window.to;
    let fell = |i: usize| counter && restarted(&samples[i - 1], &samples[i], false);
    let edge = |i: usize, at: i64| {
        let (a, b) = (&samples[i - 1], &samples[i]);
        Cow::Owned(if fell(i) {
            // It began again from nothing.
            let mut part = (*b.histogram).clone();
            scale(&mut part, (at - a.at) as f64 / (b.at - a.at) as f64);
            part
        } else {
            (*histogram_between(a, b, at)).clone()
        })
    };
    let left = if left_between { edge(1, window.from) } else { Cow::Borrowed(&*samples[0].histogram) };
    let end = samples.len() - 1;
    let right = if right_between { edge(end, window.to) } else { Cow::Borrowed(&*samples[end].histogram) };
    let lost = (1..samples.len())
        .filter(|&i| fell(i) && !(i == 1 && left_between))
        .map(|i| &*samples[i - 1].histogram);
    let change = sum_up(&right, Some(&left), lost, samples, notes)?;
    if !counter {
        warn_of_counters(&samples[0].histogram, &samples[end].histogram, notes);
    }
    Some(change)
}
