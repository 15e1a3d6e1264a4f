//! Histograms added, subtracted and scaled, whatever the layouts of their buckets.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use crate::model::histogram::{Histogram, ResetHint, exponential_bound};

/// Custom and exponential buckets cannot be put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::promql) struct Incompatible;

/// What had to be done to put two histograms together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::promql) struct Combined {
    /// One says that its counter was reset, the other that it was not.
    pub(in crate::promql) collision: bool,
    /// The limits of custom buckets differed, and only common ones stayed.
    pub(in crate::promql) reconciled: bool,
}

/// Adds `other` to `histogram`.
pub(in crate::promql) fn add(histogram: &mut Histogram, other: &Histogram) -> Result<Combined, Incompatible> {
    combine(histogram, other, |a, b| a + b)
}

/// Subtracts `other` from `histogram`.
pub(in crate::promql) fn subtract(
    histogram: &mut Histogram,
    other: &Histogram,
) -> Result<Combined, Incompatible> {
    combine(histogram, other, |a, b| a - b)
}

fn combine(
    histogram: &mut Histogram,
    other: &Histogram,
    op: fn(f64, f64) -> f64,
) -> Result<Combined, Incompatible> {
    let collision = combine_hints(histogram, other);
    let (other, reconciled) = align(histogram, other)?;
    histogram.zero_count = op(histogram.zero_count, other.zero_count);
    histogram.count = op(histogram.count, other.count);
    histogram.sum = op(histogram.sum, other.sum);
    histogram.positive = merged(&histogram.positive, &other.positive, op);
    histogram.negative = merged(&histogram.negative, &other.negative, op);
    Ok(Combined { collision, reconciled })
}

/// The hint of a sum or a difference; true if the hints contradict each other.
pub(super) fn combine_hints(histogram: &mut Histogram, other: &Histogram) -> bool {
    use ResetHint::{Gauge, Unknown};
    match (histogram.hint, other.hint) {
        (a, b) if a == b => {}
        (Gauge, _) | (_, Gauge) => histogram.hint = Gauge,
        (Unknown, _) | (_, Unknown) => histogram.hint = Unknown,
        _ => {
            histogram.hint = Unknown;
            return true;
        }
    }
    false
}

/// Gives both the same layout: the zero bucket of the wider one, the buckets of the coarser one. True if limits of
/// custom buckets had to be given up.
pub(super) fn align<'o>(
    histogram: &mut Histogram,
    other: &'o Histogram,
) -> Result<(Cow<'o, Histogram>, bool), Incompatible> {
    let mut other = Cow::Borrowed(other);
    match (histogram.is_custom(), other.is_custom()) {
        (true, true) => {
            if same_bounds(&histogram.bounds, &other.bounds) {
                return Ok((other, false));
            }
            let common = common_bounds(&histogram.bounds, &other.bounds);
            to_bounds(histogram, &common);
            to_bounds(other.to_mut(), &common);
            return Ok((other, true));
        }
        (false, false) => {}
        _ => return Err(Incompatible),
    }
    while histogram.zero_threshold != other.zero_threshold {
        if histogram.zero_threshold > other.zero_threshold {
            widen_zero(other.to_mut(), histogram.zero_threshold);
        } else if other.zero_threshold > histogram.zero_threshold {
            widen_zero(histogram, other.zero_threshold);
        } else {
            // One is NaN, which no reader lets in.
            break;
        }
    }
    match histogram.schema.cmp(&other.schema) {
        Ordering::Less => to_schema(other.to_mut(), histogram.schema),
        Ordering::Greater => to_schema(histogram, other.schema),
        Ordering::Equal => {}
    }
    Ok((other, false))
}

/// Both lists of buckets in one; what one does not list is 0 there.
pub(super) fn merged(a: &[(i32, f64)], b: &[(i32, f64)], op: fn(f64, f64) -> f64) -> Vec<(i32, f64)> {
    let mut out = Vec::with_capacity(a.len().max(b.len()));
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    loop {
        let order = match (a.peek(), b.peek()) {
            (Some(x), Some(y)) => x.0.cmp(&y.0),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return out,
        };
        let x = if order == Ordering::Greater { None } else { a.next() };
        let y = if order == Ordering::Less { None } else { b.next() };
        let place = x.or(y).map_or(0, |bucket| bucket.0);
        let count = |bucket: Option<&(i32, f64)>| bucket.map_or(0.0, |bucket| bucket.1);
        out.push((place, op(count(x), count(y))));
    }
}

/// Multiplies all counts and the sum; what is multiplied by a negative number is no counter any more.
pub(in crate::promql) fn scale(histogram: &mut Histogram, factor: f64) {
    each_number(histogram, |number| number * factor);
    if factor < 0.0 {
        histogram.hint = ResetHint::Gauge;
    }
}

/// Divides all counts and the sum; divided by zero, no bucket but that of zero is left.
pub(in crate::promql) fn divide(histogram: &mut Histogram, divisor: f64) {
    each_number(histogram, |number| number / divisor);
    if divisor < 0.0 {
        histogram.hint = ResetHint::Gauge;
    }
    if divisor == 0.0 {
        histogram.positive.clear();
        histogram.negative.clear();
    }
}

fn each_number(histogram: &mut Histogram, f: impl Fn(f64) -> f64) {
    for number in [&mut histogram.zero_count, &mut histogram.count, &mut histogram.sum] {
        *number = f(*number);
    }
    for (_, count) in histogram.positive.iter_mut().chain(&mut histogram.negative) {
        *count = f(*count);
    }
}

/// Are two histograms the same, whatever their hints?
pub(in crate::promql) fn same(a: &Histogram, b: &Histogram) -> bool {
    let numbers =
        |histogram: &Histogram| [histogram.count, histogram.sum, histogram.zero_count].map(f64::to_bits);
    let filled = |side: &[(i32, f64)]| -> Vec<(i32, u64)> {
        let filled = side.iter().filter(|(_, count)| *count != 0.0);
        filled.map(|(place, count)| (*place, count.to_bits())).collect()
    };
    a.schema == b.schema
        && a.zero_threshold == b.zero_threshold
        && numbers(a) == numbers(b)
        && same_bounds(&a.bounds, &b.bounds)
        && filled(&a.positive) == filled(&b.positive)
        && filled(&a.negative) == filled(&b.negative)
}

pub(super) fn same_bounds(a: &Arc<[f64]>, b: &Arc<[f64]>) -> bool {
    Arc::ptr_eq(a, b) || a == b
}

/// The limits that both lists have.
pub(super) fn common_bounds(a: &[f64], b: &[f64]) -> Arc<[f64]> {
    a.iter().copied().filter(|bound| b.binary_search_by(|other| other.total_cmp(bound)).is_ok()).collect()
}

/// Puts custom buckets together until only these limits are left, of which all are limits already.
pub(super) fn to_bounds(histogram: &mut Histogram, bounds: &Arc<[f64]>) {
    let known = histogram.bounds.clone();
    let place = |place: i32| match usize::try_from(place).ok().and_then(|place| known.get(place)) {
        Some(upper) => bounds.partition_point(|bound| bound < upper) as i32,
        None => bounds.len() as i32,
    };
    regroup(&mut histogram.positive, place);
    histogram.bounds = bounds.clone();
}

/// Puts buckets together until they are those of a coarser schema.
pub(in crate::promql) fn to_schema(histogram: &mut Histogram, schema: i32) {
    let shift = (histogram.schema - schema).clamp(0, 31) as u32;
    let place = |place: i32| ((i64::from(place) - 1) >> shift) as i32 + 1;
    regroup(&mut histogram.positive, place);
    regroup(&mut histogram.negative, place);
    histogram.schema = schema;
}

fn regroup(side: &mut Vec<(i32, f64)>, place: impl Fn(i32) -> i32) {
    let mut grouped: Vec<(i32, f64)> = Vec::with_capacity(side.len());
    for &(old, count) in side.iter() {
        let new = place(old);
        match grouped.last_mut() {
            Some(last) if last.0 == new => last.1 += count,
            _ => grouped.push((new, count)),
        }
    }
    *side = grouped;
}

/// The zero bucket as it would be if it reached to `threshold` at least: its count, and how far it reaches. It never
/// ends within a bucket that holds something.
pub(super) fn zero_reaching(histogram: &Histogram, mut threshold: f64) -> (f64, f64) {
    if threshold == histogram.zero_threshold {
        return (histogram.zero_count, threshold);
    }
    'again: loop {
        let mut count = histogram.zero_count;
        for side in [&histogram.positive, &histogram.negative] {
            for &(place, inside) in side {
                if histogram.bound(place.saturating_sub(1)) >= threshold {
                    break;
                }
                count += inside;
                let upper = histogram.bound(place);
                if upper > threshold && inside != 0.0 {
                    threshold = upper;
                    continue 'again;
                }
            }
        }
        return (count, threshold);
    }
}

/// Makes the zero bucket reach to `threshold` at least, and takes in the buckets on the way.
pub(super) fn widen_zero(histogram: &mut Histogram, threshold: f64) {
    let (count, threshold) = zero_reaching(histogram, threshold);
    histogram.zero_count = count;
    histogram.zero_threshold = threshold;
    let schema = histogram.schema;
    for side in [&mut histogram.positive, &mut histogram.negative] {
        side.retain(|&(place, _)| exponential_bound(place.saturating_sub(1), schema) >= threshold);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::notation::histogram;

    #[test]
    fn layouts_are_made_the_same() {
        for (a, b, sum) in [
            // A finer schema is made coarser.
            (
                "{{schema:1 count:3 buckets:[1 1 1]}}",
                "{{count:2 buckets:[1 1]}}",
                "{{count:5 buckets:[2 3]}}",
            ),
            // A zero bucket takes in what is below its limit, and the whole bucket in which it would end.
            (
                "{{count:3 z_bucket:1 z_bucket_w:0.75 buckets:[0 2]}}",
                "{{count:6 offset:-1 buckets:[1 2 3] n_offset:-1 n_buckets:[1]}}",
                "{{count:9 z_bucket:5 z_bucket_w:1 buckets:[0 5]}}",
            ),
            // Custom buckets keep the limits that both have.
            (
                "{{schema:-53 count:6 custom_values:[1 2 4] buckets:[1 2 0 3]}}",
                "{{schema:-53 count:4 custom_values:[2 3] buckets:[1 1 2]}}",
                "{{schema:-53 count:10 custom_values:[2] buckets:[4 6]}}",
            ),
        ] {
            let (mut a, b) = (histogram(a).expect(a), histogram(b).expect(b));
            let mut other = b.clone();
            add(&mut other, &a).expect("of one kind");
            add(&mut a, &b).expect("of one kind");
            a.compact();
            other.compact();
            let mut sum = histogram(sum).expect(sum);
            sum.compact();
            assert_eq!(a, sum);
            assert_eq!(other, a);
            subtract(&mut a, &b).expect("of one kind");
        }
        let mut custom = histogram("{{schema:-53}}").expect("a histogram");
        assert_eq!(add(&mut custom, &Histogram::default()), Err(Incompatible));
    }

    #[test]
    fn hints_are_combined() {
        use ResetHint::{Gauge, NotReset, Reset, Unknown};
        for (a, b, hint, collision) in [
            (Unknown, Unknown, Unknown, false),
            (Reset, Reset, Reset, false),
            (Reset, NotReset, Unknown, true),
            (NotReset, Unknown, Unknown, false),
            (Gauge, Reset, Gauge, false),
            (NotReset, Gauge, Gauge, false),
        ] {
            let with = |hint| Histogram { hint, ..Histogram::default() };
            let mut sum = with(a);
            assert_eq!(add(&mut sum, &with(b)).expect("of one kind").collision, collision);
            assert_eq!(sum.hint, hint, "{a:?} {b:?}");
        }
    }
}
