//! Sums and means of many histograms, in which small numbers are not lost beside large ones.

use super::add::{Combined, Incompatible, align, combine_hints, divide, scale};
use crate::model::histogram::{Histogram, ResetHint};
use crate::promql::functions::kahan;

/// A sum of histograms and its rest: Neumaier's variant of Kahan's summation for each number.
#[derive(Clone, Debug)]
pub(in crate::promql) struct Total {
    sum: Histogram,
    rest: Histogram,
    hints: Hints,
}

/// Which hints were seen.
#[derive(Clone, Copy, Debug, Default)]
struct Hints {
    reset: bool,
    not_reset: bool,
}

impl Hints {
    fn see(&mut self, histogram: &Histogram) {
        self.reset |= histogram.hint == ResetHint::Reset;
        self.not_reset |= histogram.hint == ResetHint::NotReset;
    }
}

impl Total {
    /// The sum of one.
    pub(in crate::promql) fn of(first: &Histogram) -> Self {
        let mut hints = Hints::default();
        hints.see(first);
        Total { rest: nothing_like(first), sum: first.clone(), hints }
    }

    /// Adds one more.
    pub(in crate::promql) fn add(&mut self, other: &Histogram) -> Result<Combined, Incompatible> {
        self.hints.see(other);
        let collision = combine_hints(&mut self.sum, other);
        let (other, reconciled) = align(&mut self.sum, other)?;
        // The rest has the layout that the sum had, and gets the new one.
        align(&mut self.rest, &nothing_like(&self.sum))?;
        let (sum, rest) = (&mut self.sum, &mut self.rest);
        for (sum, rest, value) in [
            (&mut sum.zero_count, &mut rest.zero_count, other.zero_count),
            (&mut sum.count, &mut rest.count, other.count),
            (&mut sum.sum, &mut rest.sum, other.sum),
        ] {
            (*sum, *rest) = kahan(value, *sum, *rest);
        }
        add_side(&mut sum.positive, &mut rest.positive, &other.positive);
        add_side(&mut sum.negative, &mut rest.negative, &other.negative);
        Ok(Combined { collision, reconciled })
    }

    /// The sum.
    pub(in crate::promql) fn value(mut self) -> Histogram {
        let (sum, rest) = (&mut self.sum, &self.rest);
        for (sum, rest) in
            [(&mut sum.zero_count, rest.zero_count), (&mut sum.count, rest.count), (&mut sum.sum, rest.sum)]
        {
            *sum += rest;
        }
        sum.positive = super::add::merged(&sum.positive, &rest.positive, |a, b| a + b);
        sum.negative = super::add::merged(&sum.negative, &rest.negative, |a, b| a + b);
        self.sum
    }

    fn scale(&mut self, factor: f64) {
        scale(&mut self.sum, factor);
        scale(&mut self.rest, factor);
    }

    fn divide(&mut self, divisor: f64) {
        divide(&mut self.sum, divisor);
        divide(&mut self.rest, divisor);
    }

    fn overflows(&self) -> bool {
        let sum = &self.sum;
        let sides = sum.positive.iter().chain(&sum.negative).map(|(_, count)| *count);
        [sum.zero_count, sum.count, sum.sum].into_iter().chain(sides).any(f64::is_infinite)
    }
}

/// A mean that stays finite where the sum does not.
#[derive(Clone, Debug)]
pub(in crate::promql) struct Average {
    count: f64,
    /// The sum, or the mean once the sum overflowed.
    total: Total,
    incremental: bool,
}

impl Average {
    /// The mean of one.
    pub(in crate::promql) fn of(first: &Histogram) -> Self {
        Average { count: 1.0, total: Total::of(first), incremental: false }
    }

    /// Takes in one more.
    pub(in crate::promql) fn add(&mut self, other: &Histogram) -> Result<Combined, Incompatible> {
        self.count += 1.0;
        if !self.incremental {
            let mut total = self.total.clone();
            let combined = total.add(other)?;
            if !total.overflows() {
                self.total = total;
                return Ok(combined);
            }
            self.incremental = true;
            self.total.divide(self.count - 1.0);
        }
        let mut share = other.clone();
        divide(&mut share, self.count);
        self.total.scale((self.count - 1.0) / self.count);
        self.total.add(&share)
    }

    /// The mean.
    pub(in crate::promql) fn value(mut self) -> Histogram {
        if !self.incremental {
            self.total.divide(self.count);
        }
        self.total.value()
    }
}

/// Histograms that are added up, for their sum or for their mean.
#[derive(Clone, Debug)]
pub(in crate::promql) enum Adding {
    /// For the sum.
    Sum(Total),
    /// For the mean.
    Mean(Average),
}

impl Adding {
    /// One so far.
    pub(in crate::promql) fn new(mean: bool, first: &Histogram) -> Self {
        if mean { Adding::Mean(Average::of(first)) } else { Adding::Sum(Total::of(first)) }
    }

    /// One more.
    pub(in crate::promql) fn add(&mut self, other: &Histogram) -> Result<Combined, Incompatible> {
        match self {
            Adding::Sum(total) => total.add(other),
            Adding::Mean(average) => average.add(other),
        }
    }

    /// Did one say that its counter was reset, and another that it was not?
    pub(in crate::promql) fn contradicts(&self) -> bool {
        match self {
            Adding::Sum(total) | Adding::Mean(Average { total, .. }) => {
                total.hints.reset && total.hints.not_reset
            }
        }
    }

    /// The sum, or the mean.
    pub(in crate::promql) fn value(self) -> Histogram {
        match self {
            Adding::Sum(total) => total.value(),
            Adding::Mean(average) => average.value(),
        }
    }
}

/// An empty histogram of the same layout.
fn nothing_like(histogram: &Histogram) -> Histogram {
    Histogram {
        schema: histogram.schema,
        bounds: histogram.bounds.clone(),
        zero_threshold: histogram.zero_threshold,
        ..Histogram::default()
    }
}

/// Adds to the buckets of a sum and their rests.
fn add_side(sums: &mut Vec<(i32, f64)>, rests: &mut Vec<(i32, f64)>, other: &[(i32, f64)]) {
    let mut added = Vec::with_capacity(sums.len().max(other.len()));
    let mut left = Vec::with_capacity(added.capacity());
    let (mut a, mut r, mut b) = (sums.iter().peekable(), rests.iter().peekable(), other.iter().peekable());
    loop {
        let next = [a.peek(), r.peek(), b.peek()].into_iter().flatten().map(|bucket| bucket.0).min();
        let Some(place) = next else { break };
        let count = |side: &mut std::iter::Peekable<std::slice::Iter<'_, (i32, f64)>>| {
            side.next_if(|bucket| bucket.0 == place).map_or(0.0, |bucket| bucket.1)
        };
        let (sum, rest) = kahan(count(&mut b), count(&mut a), count(&mut r));
        added.push((place, sum));
        if rest != 0.0 {
            left.push((place, rest));
        }
    }
    (*sums, *rests) = (added, left);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::notation::histogram;

    #[test]
    fn small_numbers_are_not_lost() {
        let large = histogram("{{count:1e100 sum:1e100 buckets:[1e100]}}").expect("a histogram");
        let small = histogram("{{count:1 sum:1 buckets:[1 1]}}").expect("a histogram");
        let minus = histogram("{{count:-1e100 sum:-1e100 buckets:[-1e100]}}").expect("a histogram");
        let mut total = Total::of(&large);
        let mut mean = Average::of(&large);
        for other in [&small, &minus] {
            total.add(other).expect("of one kind");
            mean.add(other).expect("of one kind");
        }
        assert_eq!(total.value(), small);
        let mut third = small.clone();
        divide(&mut third, 3.0);
        assert_eq!(mean.value(), third);
    }

    #[test]
    fn the_mean_of_large_numbers_is_finite() {
        let large = histogram("{{count:1e308 sum:-1e308 z_bucket:1e308}}").expect("a histogram");
        let mut mean = Average::of(&large);
        for _ in 0..9 {
            mean.add(&large).expect("of one kind");
        }
        let value = mean.value();
        assert!((value.count / 1e308 - 1.0).abs() < 1e-12 && (value.sum / -1e308 - 1.0).abs() < 1e-12);
    }
}
