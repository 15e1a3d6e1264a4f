//! Tells whether a counter was reset between two histograms.

use std::borrow::Cow;

use super::add::{common_bounds, same_bounds, to_bounds, to_schema, widen_zero, zero_reaching};
use crate::model::histogram::{Histogram, ResetHint};

/// Was the counter reset after `before`? The hint knows, else any count that fell tells.
pub(in crate::promql) fn is_reset(histogram: &Histogram, before: &Histogram) -> bool {
    match histogram.hint {
        ResetHint::Reset => return true,
        ResetHint::NotReset => return false,
        // Whoever takes a gauge for a counter is warned, and gets what a counter would give.
        ResetHint::Unknown | ResetHint::Gauge => {}
    }
    if histogram.count < before.count || histogram.is_custom() != before.is_custom() {
        return true;
    }
    if histogram.is_custom() {
        return custom_fell(histogram, before);
    }
    if histogram.schema > before.schema || histogram.zero_threshold < before.zero_threshold {
        return true;
    }
    let (zero_count, threshold) = zero_reaching(before, histogram.zero_threshold);
    // The zero bucket ends within a bucket that held something.
    if threshold != histogram.zero_threshold || histogram.zero_count < zero_count {
        return true;
    }
    let mut before = Cow::Borrowed(before);
    if before.zero_threshold != threshold {
        widen_zero(before.to_mut(), threshold);
    }
    if before.schema != histogram.schema {
        to_schema(before.to_mut(), histogram.schema);
    }
    fell(&histogram.positive, &before.positive) || fell(&histogram.negative, &before.negative)
}

fn custom_fell(histogram: &Histogram, before: &Histogram) -> bool {
    if same_bounds(&histogram.bounds, &before.bounds) {
        return fell(&histogram.positive, &before.positive);
    }
    let common = common_bounds(&histogram.bounds, &before.bounds);
    let (mut histogram, mut before) = (histogram.clone(), before.clone());
    to_bounds(&mut histogram, &common);
    to_bounds(&mut before, &common);
    fell(&histogram.positive, &before.positive)
}

/// Is there a bucket that holds less than before?
fn fell(now: &[(i32, f64)], before: &[(i32, f64)]) -> bool {
    let mut now = now.iter().peekable();
    before.iter().any(|&(place, count)| {
        while now.next_if(|bucket| bucket.0 < place).is_some() {}
        match now.peek() {
            Some(bucket) if bucket.0 == place => bucket.1 < count,
            _ => count != 0.0,
        }
    })
}

/// The hint that Prometheus' storage gives a histogram when it is read again, if it was written after `before`.
///
/// Chunks hold counters that were not reset within; only a chunk that was begun because of a reset says so.
pub(in crate::promql) fn settled_hint(histogram: &Histogram, before: Option<&Histogram>) -> ResetHint {
    if matches!(histogram.hint, ResetHint::Gauge | ResetHint::Reset) {
        return histogram.hint;
    }
    let Some(before) = before.filter(|before| before.hint != ResetHint::Gauge) else {
        return ResetHint::Unknown;
    };
    if histogram.is_stale() || before.is_stale() {
        return ResetHint::Unknown;
    }
    if histogram.count < before.count {
        return ResetHint::Reset;
    }
    if histogram.schema != before.schema
        || histogram.zero_threshold != before.zero_threshold
        || !same_bounds(&histogram.bounds, &before.bounds)
    {
        return ResetHint::Unknown;
    }
    let reset = histogram.zero_count < before.zero_count
        || fell(&histogram.positive, &before.positive)
        || fell(&histogram.negative, &before.negative);
    if reset { ResetHint::Reset } else { ResetHint::NotReset }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::notation::histogram;

    #[test]
    fn what_falls_was_reset() {
        for (before, now, reset) in [
            ("{{count:2 buckets:[1 1]}}", "{{count:3 buckets:[1 2]}}", false),
            ("{{count:2 buckets:[1 1]}}", "{{count:3 buckets:[0 3]}}", true),
            ("{{count:2 buckets:[1 1]}}", "{{count:1 buckets:[1]}}", true),
            ("{{count:2 n_buckets:[1 1]}}", "{{count:3 n_buckets:[3]}}", true),
            // The hint knows better.
            ("{{count:2}}", "{{count:1 counter_reset_hint:not_reset}}", false),
            ("{{count:2}}", "{{count:3 counter_reset_hint:reset}}", true),
            // A coarser schema and a wider zero bucket go on counting.
            ("{{schema:1 count:2 offset:1 buckets:[1 1]}}", "{{count:3 offset:1 buckets:[2]}}", false),
            ("{{count:2 buckets:[1 1]}}", "{{schema:1 count:9 buckets:[2 2 2 2]}}", true),
            (
                "{{count:2 z_bucket_w:0.25 offset:-1 buckets:[2]}}",
                "{{count:3 z_bucket:3 z_bucket_w:0.5}}",
                false,
            ),
            ("{{count:2 z_bucket_w:0.25 buckets:[2]}}", "{{count:3 z_bucket:3 z_bucket_w:0.75}}", true),
            // Custom buckets are compared at the limits that both have.
            (
                "{{schema:-53 count:4 custom_values:[1 2 3] buckets:[1 1 1 1]}}",
                "{{schema:-53 count:4 custom_values:[2 3] buckets:[2 1 1]}}",
                false,
            ),
            (
                "{{schema:-53 count:4 custom_values:[1 2 3] buckets:[1 1 1 1]}}",
                "{{schema:-53 count:4 custom_values:[2 3] buckets:[1 2 1]}}",
                true,
            ),
            ("{{schema:-53 count:1 buckets:[1]}}", "{{count:1 buckets:[1]}}", true),
        ] {
            let (a, b) = (histogram(before).expect(before), histogram(now).expect(now));
            assert_eq!(is_reset(&b, &a), reset, "{before} {now}");
        }
    }
}
