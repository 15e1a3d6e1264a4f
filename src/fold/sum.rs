//! A sum of floats that does not depend on their order.

/// The sum and count of numbers, exact to 10⁻⁹ of the unit: fixed-point integers are added, not floats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Sum {
    count: u64,
    nanos: i128,
    /// How many were too large for the fixed point, or no numbers.
    unsummed: u64,
}

impl Sum {
    /// Adds a number.
    pub fn add(&mut self, value: f64) {
        self.count += 1;
        if value.is_finite() && value.abs() < 1e18 {
            // Towards zero; fits, being below 1e18.
            let whole = value as i64;
            // The fraction is taken on its own, so that large numbers keep theirs.
            let fraction = (value - whole as f64) * 1e9;
            let nanos = (fraction + 0.5_f64.copysign(fraction)) as i64;
            self.nanos += i128::from(whole) * 1_000_000_000 + i128::from(nanos);
        } else {
            self.unsummed += 1;
        }
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: Sum) {
        self.count += other.count;
        self.nanos += other.nanos;
        self.unsummed += other.unsummed;
    }

    /// How many numbers were added.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their sum, `None` if some could not be summed.
    pub fn total(&self) -> Option<f64> {
        (self.unsummed == 0).then(|| self.nanos as f64 / 1e9)
    }

    /// Their mean, `None` if there are none or some could not be summed.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0 && self.unsummed == 0).then(|| self.nanos as f64 / (self.count as f64 * 1e9))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn order_does_not_matter(mut values in proptest::collection::vec(-1e12..1e12_f64, 0..50), split in 0..50_usize) {
            let sum = |values: &[f64]| { let mut sum = Sum::default(); for v in values { sum.add(*v); } sum };
            let all = sum(&values);
            let (left, right) = values.split_at(split.min(values.len()));
            let mut merged = sum(right);
            merged.merge(sum(left));
            proptest::prop_assert_eq!(all, merged);
            values.reverse();
            proptest::prop_assert_eq!(all, sum(&values));
        }
    }

    #[test]
    fn means_are_exact_to_the_nano() {
        let mut sum = Sum::default();
        for value in [0.1, 0.2, 0.3] {
            sum.add(value);
        }
        assert_eq!(sum.mean(), Some(0.2));
        sum.add(f64::INFINITY);
        assert_eq!(sum.mean(), None);
    }
}
