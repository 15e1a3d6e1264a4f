//! Quantiles: exact up to a million values, beyond that within 0.5 %.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Up to how many values quantiles are exact.
pub const EXACT: usize = 1_000_000;

/// Buckets per power of two beyond that: a value is off by at most half a bucket, 1 / 256 of itself.
const BUCKETS_PER_OCTAVE: i64 = 128;

/// The values of a group. Which of the two forms it has depends on how many values there are, not on the
/// order in which they came.
#[derive(Clone, Debug)]
pub struct Quantiles {
    form: Form,
    min: f64,
    max: f64,
}

#[derive(Clone, Debug)]
enum Form {
    /// Every value.
    Exact(Vec<f64>),
    /// How many values fell into each bucket of [`bucket`].
    Buckets(BTreeMap<i64, u64>, u64),
}

impl Default for Quantiles {
    fn default() -> Self {
        Quantiles { form: Form::Exact(Vec::new()), min: f64::INFINITY, max: f64::NEG_INFINITY }
    }
}

impl Quantiles {
    /// Adds a number; what is no number is left out.
    pub fn add(&mut self, value: f64) {
        if value.is_nan() {
            return;
        }
        // Of the two zeros one is left, so that it does not matter which came first.
        let value = value + 0.0;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        match &mut self.form {
            Form::Exact(values) if values.len() < EXACT => values.push(value),
            Form::Exact(_) => {
                self.become_buckets();
                self.add(value);
            }
            Form::Buckets(buckets, count) => {
                *buckets.entry(bucket(value)).or_default() += 1;
                *count += 1;
            }
        }
    }

    /// Adds the values of another state.
    pub fn merge(&mut self, mut other: Quantiles) {
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        if let (Form::Exact(mine), Form::Exact(theirs)) = (&mut self.form, &mut other.form)
            && mine.len() + theirs.len() <= EXACT
        {
            mine.append(theirs);
            return;
        }
        self.become_buckets();
        other.become_buckets();
        if let (Form::Buckets(mine, count), Form::Buckets(theirs, more)) = (&mut self.form, other.form) {
            for (bucket, n) in theirs {
                *mine.entry(bucket).or_default() += n;
            }
            *count += more;
        }
    }

    /// How many values there are.
    pub fn count(&self) -> u64 {
        match &self.form {
            Form::Exact(values) => values.len() as u64,
            Form::Buckets(_, count) => *count,
        }
    }

    /// Are there too many values for exact quantiles?
    pub fn approximate(&self) -> bool {
        matches!(self.form, Form::Buckets(..))
    }

    /// The smallest value.
    pub fn min(&self) -> Option<f64> {
        (self.count() > 0).then_some(self.min)
    }

    /// The largest value.
    pub fn max(&self) -> Option<f64> {
        (self.count() > 0).then_some(self.max)
    }

    /// The quantiles of these shares (0 to 1), by linear interpolation between closest ranks: Hyndman and
    /// Fan's type 7, NumPy's default. `None` for each if there are no values.
    pub fn quantiles(&mut self, shares: &[f64]) -> Vec<Option<f64>> {
        match &mut self.form {
            Form::Exact(values) => {
                place(values, shares);
                shares
                    .iter()
                    .map(|share| interpolate(values.len() as u64, *share, |rank| values[rank as usize]))
                    .collect()
            }
            Form::Buckets(buckets, count) => {
                let mut cumulative = Vec::with_capacity(buckets.len());
                let mut below = 0;
                for (bucket, n) in buckets.iter() {
                    below += n;
                    cumulative.push((below, *bucket));
                }
                let (min, max, last) = (self.min, self.max, count.saturating_sub(1));
                let at = |rank: u64| {
                    if rank == 0 || rank == last {
                        return if rank == 0 { min } else { max };
                    }
                    let found = cumulative.partition_point(|(below, _)| *below <= rank);
                    cumulative.get(found).map_or(max, |(_, bucket)| middle(*bucket).clamp(min, max))
                };
                shares.iter().map(|share| interpolate(*count, *share, at)).collect()
            }
        }
    }

    fn become_buckets(&mut self) {
        if let Form::Exact(values) = &self.form {
            let mut buckets = BTreeMap::new();
            for value in values {
                *buckets.entry(bucket(*value)).or_default() += 1;
            }
            self.form = Form::Buckets(buckets, values.len() as u64);
        }
    }
}

/// Values are written sorted, and as they are to the last bit.
impl Serialize for Quantiles {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.form {
            Form::Exact(values) => {
                let mut values = values.clone();
                values.sort_unstable_by(f64::total_cmp);
                (self.min, self.max, Some(values), None::<(&BTreeMap<i64, u64>, u64)>).serialize(serializer)
            }
            Form::Buckets(buckets, count) => {
                (self.min, self.max, None::<Vec<f64>>, Some((buckets, count))).serialize(serializer)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Quantiles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        type Buckets = (BTreeMap<i64, u64>, u64);
        type Parts = (f64, f64, Option<Vec<f64>>, Option<Buckets>);
        let (min, max, values, buckets) = Parts::deserialize(deserializer)?;
        let form = match (values, buckets) {
            (Some(values), None) => Form::Exact(values),
            (None, Some((buckets, count))) => Form::Buckets(buckets, count),
            _ => return Err(serde::de::Error::custom("of no form")),
        };
        Ok(Quantiles { form, min, max })
    }
}

/// Puts the values that the quantiles of these shares are made of where sorting would put them.
fn place(values: &mut [f64], shares: &[f64]) {
    let Some(last) = values.len().checked_sub(1) else { return };
    let mut ranks: Vec<usize> = shares
        .iter()
        .map(|share| last as f64 * share)
        .flat_map(|rank| [rank.floor(), rank.ceil()])
        .map(|rank| rank as usize)
        .collect();
    ranks.sort_unstable();
    ranks.dedup();
    let mut placed = 0;
    for rank in ranks {
        values[placed..].select_nth_unstable_by(rank - placed, f64::total_cmp);
        placed = rank + 1;
    }
}

/// The value at `share` of `count` values, the one of a rank given by `at`.
fn interpolate(count: u64, share: f64, at: impl Fn(u64) -> f64) -> Option<f64> {
    if count == 0 {
        return None;
    }
    let rank = (count - 1) as f64 * share;
    let (low, high) = (rank.floor(), rank.ceil());
    let (below, above) = (at(low as u64), at(high as u64));
    Some(if below == above { below } else { below + (above - below) * (rank - low) })
}

/// The bucket of a value: its sign, its exponent, and the first seven bits of its mantissa. Rising with the
/// value; found with integers alone, so that it is the same on every machine.
fn bucket(value: f64) -> i64 {
    let key = (value.abs().to_bits() >> (52 - BUCKETS_PER_OCTAVE.ilog2())) as i64;
    if value.is_sign_negative() { -key } else { key }
}

/// The value in the middle of a bucket.
fn middle(bucket: i64) -> f64 {
    let shift = 52 - BUCKETS_PER_OCTAVE.ilog2();
    let low = f64::from_bits(bucket.unsigned_abs() << shift);
    let high = f64::from_bits((bucket.unsigned_abs() + 1) << shift);
    let middle = if bucket == 0 { 0.0 } else { low + (high - low) / 2.0 };
    if bucket < 0 { -middle } else { middle }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_numpys() {
        let mut q = Quantiles::default();
        for value in [4.0, 1.0, 3.0, 2.0] {
            q.add(value);
        }
        // numpy.quantile([1, 2, 3, 4], [0, .25, .5, .9, 1])
        assert_eq!(
            q.quantiles(&[0.0, 0.25, 0.5, 0.9, 1.0]),
            [Some(1.0), Some(1.75), Some(2.5), Some(3.7), Some(4.0)]
        );
        assert_eq!(Quantiles::default().quantiles(&[0.5]), [None]);
    }

    #[test]
    fn many_values_are_approximated_within_the_stated_error() {
        let mut many = Quantiles::default();
        let mut other = Quantiles::default();
        let value = |i: usize| ((i * 7919) % 1_200_003) as f64 / 100.0;
        for i in 0..600_000 {
            many.add(value(i));
            other.add(value(i + 600_000));
        }
        assert!(!many.approximate());
        many.merge(other);
        assert!(many.approximate());
        for share in [0.01, 0.5, 0.9, 0.999] {
            let exact = share * 12_000.03;
            let found = many.quantiles(&[share])[0].unwrap_or_default();
            assert!((found - exact).abs() / exact < 0.005, "{share}: {found} for {exact}");
        }
        assert_eq!(many.quantiles(&[1.0]), [many.max()]);
    }

    proptest::proptest! {
        #[test]
        fn buckets_are_close_and_rise(a in -1e300..1e300_f64, b in -1e300..1e300_f64) {
            proptest::prop_assert!((middle(bucket(a)) - a).abs() <= a.abs() / 250.0 || a.abs() < f64::MIN_POSITIVE);
            proptest::prop_assert!(a > b || bucket(a) <= bucket(b));
        }

        #[test]
        fn merging_is_adding(values in proptest::collection::vec(-1e6..1e6_f64, 1..60), split in 0..60_usize) {
            let of = |values: &[f64]| { let mut q = Quantiles::default(); for v in values { q.add(*v); } q };
            let (left, right) = values.split_at(split.min(values.len()));
            let mut merged = of(right);
            merged.merge(of(left));
            proptest::prop_assert_eq!(merged.quantiles(&[0.1, 0.5, 0.99]), of(&values).quantiles(&[0.1, 0.5, 0.99]));
        }
    }
}
