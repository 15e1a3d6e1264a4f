//! Quantiles, shares and the variance of a histogram, interpolated within its buckets.

use crate::model::histogram::{Bucket, Histogram};
use crate::promql::functions::kahan;

/// What NaN among the observations did to a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::promql) enum Seen {
    /// There are none, or they do not matter.
    Nothing,
    /// The result is NaN for it.
    Nan,
    /// The result is as if they were the largest observations, or as if they were none.
    Skewed,
}

/// The value below which this share of the observations is.
pub(in crate::promql) fn quantile(level: f64, histogram: &Histogram) -> (f64, Seen) {
    let plain = |value: f64| (value, Seen::Nothing);
    if level < 0.0 {
        return plain(f64::NEG_INFINITY);
    }
    if level > 1.0 {
        return plain(f64::INFINITY);
    }
    if histogram.count == 0.0 || level.is_nan() {
        return plain(f64::NAN);
    }
    let has_nan = histogram.sum.is_nan();
    // From the nearer end, so that little is added up; NaN counts as larger than all.
    let forward = has_nan || level < 0.5;
    let rank = if forward { level * histogram.count } else { (1.0 - level) * histogram.count };
    let mut count = 0.0;
    let mut bucket = Bucket { lower: 0.0, upper: 0.0, count: 0.0 };
    let mut buckets = histogram.buckets();
    while let Some(next) = if forward { buckets.next() } else { buckets.next_back() } {
        bucket = next;
        count += bucket.count;
        if count >= rank {
            break;
        }
    }
    // What is below zero does not count as reached by the zero bucket of a histogram without such.
    if histogram.is_custom() {
        if bucket.upper <= 0.0 && bucket.lower == f64::NEG_INFINITY {
            return plain(bucket.upper);
        }
        if bucket.lower == f64::NEG_INFINITY {
            bucket.lower = 0.0;
        } else if bucket.upper == f64::INFINITY {
            return if has_nan && count < rank { (f64::NAN, Seen::Nan) } else { plain(bucket.lower) };
        }
    } else if bucket.lower < 0.0 && bucket.upper > 0.0 {
        bucket = one_sided(histogram, bucket);
    }
    // Rounding could make it more than there are.
    let count = count.min(histogram.count);
    if count < rank {
        if has_nan {
            return (f64::NAN, Seen::Nan);
        }
        return plain(bucket.upper);
    }
    let rank = if forward { rank - (count - bucket.count) } else { count - rank };
    let seen = if has_nan { Seen::Skewed } else { Seen::Nothing };
    let fraction = rank / bucket.count;
    if histogram.is_custom() || bucket.lower <= 0.0 && bucket.upper >= 0.0 {
        return (bucket.lower + (bucket.upper - bucket.lower) * fraction, seen);
    }
    // On a logarithmic scale all buckets are equally wide.
    let (low, high) = (bucket.lower.abs().log2(), bucket.upper.abs().log2());
    let value = if bucket.lower > 0.0 {
        (low + (high - low) * fraction).exp2()
    } else {
        -(high + (low - high) * (1.0 - fraction)).exp2()
    };
    (value, seen)
}

/// A histogram without buckets below zero has nothing below zero in its zero bucket, and likewise above.
pub(super) fn one_sided(histogram: &Histogram, zero: Bucket) -> Bucket {
    match (histogram.negative.is_empty(), histogram.positive.is_empty()) {
        (true, false) => Bucket { lower: 0.0, ..zero },
        (false, true) => Bucket { upper: 0.0, ..zero },
        _ => zero,
    }
}

/// The share of the observations between two limits.
pub(in crate::promql) fn fraction(lower: f64, upper: f64, histogram: &Histogram) -> (f64, Seen) {
    if histogram.count == 0.0 || lower.is_nan() || upper.is_nan() {
        return (f64::NAN, Seen::Nothing);
    }
    if lower >= upper {
        return (0.0, Seen::Nothing);
    }
    let seen = if histogram.sum.is_nan() { Seen::Skewed } else { Seen::Nothing };
    let below = |value: f64, is_lower: bool| rank_of(value, is_lower, histogram).min(histogram.count);
    ((below(upper, false) - below(lower, true)) / histogram.count, seen)
}

/// How many observations are below a value.
fn rank_of(value: f64, is_lower: bool, histogram: &Histogram) -> f64 {
    let mut rank = 0.0;
    for mut bucket in histogram.buckets() {
        // Custom buckets are taken for a histogram of positive observations where they reach across zero, too.
        let across_zero = bucket.lower <= 0.0 && bucket.upper >= 0.0;
        if across_zero {
            bucket = one_sided(histogram, bucket);
        }
        let linear = histogram.is_custom() || across_zero;
        if bucket.lower >= value {
            return rank;
        }
        if bucket.upper > value {
            return rank + within(value, bucket, linear, is_lower);
        }
        rank += bucket.count;
    }
    rank
}

/// How many observations of a bucket are below a value that is inside of it.
fn within(value: f64, bucket: Bucket, linear: bool, is_lower: bool) -> f64 {
    if bucket.lower == f64::NEG_INFINITY {
        // Where in it the observations are is not known: none of them is counted.
        return if is_lower { bucket.count } else { 0.0 };
    }
    if linear {
        return bucket.count * (value - bucket.lower) / (bucket.upper - bucket.lower);
    }
    bucket.count * exponential_part(value, bucket)
}

/// The part of an exponential bucket that is below a value.
pub(super) fn exponential_part(value: f64, bucket: Bucket) -> f64 {
    let (low, high) = (bucket.lower.abs().log2(), bucket.upper.abs().log2());
    let place = value.abs().log2();
    if value > 0.0 { (place - low) / (high - low) } else { 1.0 - (place - high) / (low - high) }
}

/// The variance of the observations, each taken for the middle of its bucket.
pub(in crate::promql) fn variance(histogram: &Histogram) -> f64 {
    let mean = histogram.sum / histogram.count;
    let (mut sum, mut rest) = (0.0, 0.0);
    for bucket in histogram.buckets() {
        let middle = if histogram.is_custom() {
            f64::midpoint(bucket.lower, bucket.upper)
        } else if bucket.lower <= 0.0 && bucket.upper >= 0.0 {
            0.0
        } else {
            (bucket.lower * bucket.upper).sqrt().copysign(bucket.upper)
        };
        let distance = middle - mean;
        (sum, rest) = kahan(bucket.count * distance * distance, sum, rest);
    }
    (sum + rest) / histogram.count
}
