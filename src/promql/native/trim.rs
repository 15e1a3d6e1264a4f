//! What of a histogram is below or above a value: the operators `</` and `>/`.

use super::shares::{exponential_part, one_sided};
use crate::model::histogram::{Bucket, Histogram};

/// Which observations are kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Below,
    Above,
}

/// The observations that are at most `value`.
pub(in crate::promql) fn trim_upper(histogram: &Histogram, value: f64) -> Histogram {
    trim(histogram, value, Keep::Below)
}

/// The observations that are at least `value`.
pub(in crate::promql) fn trim_lower(histogram: &Histogram, value: f64) -> Histogram {
    trim(histogram, value, Keep::Above)
}

fn trim(histogram: &Histogram, value: f64, keep: Keep) -> Histogram {
    let mut trimmed = histogram.clone();
    let (mut count, mut sum, mut changed) = (0.0, 0.0, false);
    let mut take = |bucket: Bucket, scale: Scale| {
        let (kept, middle) = part(bucket, value, keep, scale);
        count += kept;
        sum += if kept == 0.0 { 0.0 } else { kept * middle };
        changed |= kept != bucket.count;
        kept
    };
    let scale = if histogram.is_custom() { Scale::Linear } else { Scale::Exponential };
    for (bucket, kept) in histogram.positive.iter().zip(&mut trimmed.positive) {
        kept.1 = take(histogram.positive_bucket(*bucket), scale);
    }
    for (bucket, kept) in histogram.negative.iter().zip(&mut trimmed.negative) {
        kept.1 = take(histogram.negative_bucket(*bucket), scale);
    }
    if histogram.zero_count > 0.0 {
        let zero = one_sided(histogram, histogram.zero_bucket());
        trimmed.zero_count = take(zero, Scale::Linear);
    }
    // What loses nothing keeps its exact count and sum.
    if changed {
        (trimmed.count, trimmed.sum) = (count, sum);
        trimmed.compact();
    }
    trimmed
}

/// How observations are spread within a bucket.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scale {
    Linear,
    Exponential,
}

/// How many observations of a bucket are kept, and the middle of where they are.
fn part(bucket: Bucket, value: f64, keep: Keep, scale: Scale) -> (f64, f64) {
    let Bucket { lower, upper, count } = bucket;
    let (whole, inside) = match keep {
        Keep::Below => (upper <= value, lower < value),
        Keep::Above => (lower >= value, upper > value),
    };
    if count == 0.0 || !whole && !inside {
        return (0.0, 0.0);
    }
    if whole {
        return (count, middle(lower, upper, scale));
    }
    // Within a bucket of infinite width nobody knows where: it is kept whole where it goes on forever, or not at all.
    match (lower == f64::NEG_INFINITY, upper == f64::INFINITY) {
        (true, true) => return (0.0, 0.0),
        (true, false) if upper <= 0.0 => {
            return if keep == Keep::Below { (count, value) } else { (0.0, 0.0) };
        }
        // A first bucket that ends above zero is taken to start there.
        (true, false) if value < 0.0 => return (0.0, 0.0),
        (true, false) => return part(Bucket { lower: 0.0, ..bucket }, value, keep, scale),
        (false, true) => return if keep == Keep::Above { (count, value) } else { (0.0, 0.0) },
        (false, false) => {}
    }
    let below = match scale {
        Scale::Linear => (value - lower) / (upper - lower),
        Scale::Exponential => exponential_part(value, bucket),
    };
    match keep {
        Keep::Below => (count * below, middle(lower, value, scale)),
        Keep::Above => (count * (1.0 - below), middle(value, upper, scale)),
    }
}

fn middle(lower: f64, upper: f64, scale: Scale) -> f64 {
    match (lower.is_infinite(), upper.is_infinite()) {
        (true, true) => 0.0,
        (true, false) => {
            if upper > 0.0 {
                upper / 2.0
            } else {
                upper
            }
        }
        (false, true) => lower,
        (false, false) if scale == Scale::Linear => f64::midpoint(lower, upper),
        (false, false) => (lower * upper).abs().sqrt().copysign(if upper <= 0.0 { -1.0 } else { 1.0 }),
    }
}
