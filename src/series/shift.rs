//! The stretch of time in which many quantities are higher together: a change of means that begins and may end.
//!
//! For one quantity the gain is the logarithm of the likelihood ratio of two means against one, with normal deviations of an
//! unknown width: `n/2 · ln(SS₀/SS₁)`. Of the quantities for which that is clear it adds up how much more there is of them.

use super::step::deviation;

/// Counts, sums and sums of squares up to each bin.
#[derive(Clone, Debug)]
pub struct Sums {
    up_to: Vec<(f64, f64, f64)>,
}

/// Deviations narrower than this are noise of the clock, in the quantity's own unit.
const NARROWEST: f64 = 0.1;

/// The share of what the best stretch has with which a shorter one is as good.
const NEARLY: f64 = 0.9;

/// The share of the values that a stretch may hold.
const MOST: f64 = 0.85;

impl Sums {
    /// The values with their bins, of so many.
    pub fn new(bins: usize, values: impl Iterator<Item = (usize, f64)>) -> Sums {
        let mut in_bin = vec![(0.0, 0.0, 0.0); bins];
        for (bin, value) in values {
            if let Some((n, sum, squares)) = in_bin.get_mut(bin) {
                *n += 1.0;
                *sum += value;
                *squares += value * value;
            }
        }
        let mut up_to = vec![(0.0, 0.0, 0.0)];
        for (n, sum, squares) in in_bin {
            let (m, all, all_squares) = up_to.last().copied().unwrap_or_default();
            up_to.push((m + n, all + sum, all_squares + squares));
        }
        Sums { up_to }
    }

    fn between(&self, from: usize, until: usize) -> (f64, f64, f64) {
        let ((a, b, c), (d, e, f)) = (self.up_to[from], self.up_to[until]);
        (d - a, e - b, f - c)
    }

    /// How much likelier it is that the mean is higher in these bins than that it is the same everywhere; `None` if it is not
    /// higher, or if there is nothing to compare.
    pub fn gain(&self, from: usize, until: usize) -> Option<f64> {
        const FEWEST: f64 = 3.0;
        let (n, sum, squares) = self.between(0, self.up_to.len() - 1);
        let (inside, sum_inside, _) = self.between(from, until);
        let outside = n - inside;
        if inside < FEWEST || outside < FEWEST || sum_inside / inside <= (sum - sum_inside) / outside {
            return None;
        }
        let sum_outside = sum - sum_inside;
        let floor = n * NARROWEST * NARROWEST;
        let one = squares - sum * sum / n + floor;
        let two = squares - sum_inside * sum_inside / inside - sum_outside * sum_outside / outside + floor;
        Some(n / 2.0 * (one / two.max(floor)).ln())
    }

    /// How much more the means of the other bins differ than chance alone gives, with the values in them: the variance
    /// between bins over that within them, as in an analysis of variance; at least 1, and 1 where too few bins tell. The
    /// first is that of the median deviation: an edge of the stretch among the others does not count.
    pub fn wander(&self, from: usize, until: usize) -> f64 {
        const FEWEST: usize = 4;
        let others = (0..self.up_to.len() - 1).filter(|bin| !(from..until).contains(bin));
        let bins: Vec<(f64, f64, f64)> =
            others.map(|bin| self.between(bin, bin + 1)).filter(|(n, ..)| *n > 0.0).collect();
        let n: f64 = bins.iter().map(|(n, ..)| n).sum();
        let (count, floor) = (bins.len() as f64, n * NARROWEST * NARROWEST);
        if bins.len() < FEWEST || n <= count {
            return 1.0;
        }
        let within: f64 = bins.iter().map(|(n, sum, squares)| squares - sum * sum / n).sum::<f64>() + floor;
        let means: Vec<f64> = bins.iter().map(|(n, sum, _)| sum / n).collect();
        let deviation = deviation(&means);
        (deviation * deviation * (n / count) / (within / (n - count))).max(1.0)
    }

    /// How much more there is in these bins than there would be with the mean of the others.
    pub fn excess(&self, from: usize, until: usize) -> f64 {
        let (n, sum, _) = self.between(0, self.up_to.len() - 1);
        let (inside, sum_inside, _) = self.between(from, until);
        sum_inside - inside * (sum - sum_inside) / (n - inside).max(1.0)
    }

    fn count(&self, from: usize, until: usize) -> f64 {
        self.between(from, until).0
    }
}

/// A quantity: its values as they are compared, by their orders of magnitude maybe, and as they add up.
#[derive(Clone, Debug)]
pub struct Quantity {
    /// As they are compared.
    pub compared: Sums,
    /// As they add up.
    pub added: Sums,
}

/// The stretch of bins in which there is most more of the quantities that gain at least `least` in it, without what adds
/// next to nothing at its ends; `allows` says where it may lie.
pub fn strongest(
    all: &[Quantity],
    bins: usize,
    least: f64,
    allows: impl Fn(usize, usize) -> bool,
) -> Option<(usize, usize)> {
    let count = |from: usize, until: usize| all.iter().map(|of| of.added.count(from, until)).sum::<f64>();
    let total = count(0, bins);
    let mut found: Vec<(f64, (usize, usize))> = Vec::new();
    for from in 0..bins {
        // One that begins with nothing begins later.
        if count(from, from + 1) == 0.0 {
            continue;
        }
        for until in from + 1..=bins {
            if count(until - 1, until) == 0.0 || !allows(from, until) {
                continue;
            }
            if count(from, until) > MOST * total {
                break;
            }
            let clear =
                all.iter().filter(|of| of.compared.gain(from, until).is_some_and(|gain| gain >= least));
            let excess: f64 = clear.map(|of| of.added.excess(from, until)).sum();
            if excess > 0.0 {
                found.push((excess, (from, until)));
            }
        }
    }
    let most = found.iter().map(|(excess, _)| *excess).fold(0.0, f64::max);
    let nearly = found.iter().filter(|(excess, _)| *excess >= NEARLY * most);
    let shortest = nearly.min_by(|(a, one), (b, other)| {
        (one.1 - one.0).cmp(&(other.1 - other.0)).then(b.total_cmp(a)).then(one.cmp(other))
    });
    shortest.map(|(_, stretch)| *stretch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_wanders_from_bin_to_bin_is_less_sure_to_have_changed() {
        let noise = |at: usize| ((at * 7_919 + 13) % 101) as f64 / 101.0;
        let still = Sums::new(20, (0..400).map(|at| (at / 20, noise(at))));
        let wanders = Sums::new(20, (0..400).map(|at| (at / 20, noise(at) + noise(at / 20 * 37) * 4.0)));
        assert!(still.wander(5, 8) < 2.0, "{}", still.wander(5, 8));
        assert!(wanders.wander(5, 8) > 20.0, "{}", wanders.wander(5, 8));
        let edge =
            Sums::new(20, (0..400).map(|at| (at / 20, noise(at) + if at / 20 >= 10 { 9.0 } else { 0.0 })));
        assert!(edge.wander(10, 18) < 2.0, "{}", edge.wander(10, 18));
        let few = Sums::new(4, (0..80).map(|at| (at / 20, noise(at / 20))));
        assert_eq!(few.wander(1, 2), 1.0, "three bins tell nothing");
    }

    /// Values around a level, higher by `more` in the bins of a stretch.
    fn values(bins: usize, stretch: std::ops::Range<usize>, more: f64) -> Quantity {
        let noise = |at: usize| ((at * 7_919 + 13) % 101) as f64 / 101.0 - 0.5;
        let of = |at: usize| {
            let bin = at / 4;
            (bin, 3.0 + noise(at) + if stretch.contains(&bin) { more } else { 0.0 })
        };
        let sums = Sums::new(bins, (0..bins * 4).map(of));
        Quantity { compared: sums.clone(), added: sums }
    }

    #[test]
    fn a_stretch_is_found_where_it_is() {
        let all = [values(40, 10..25, 2.0), values(40, 10..25, 1.0), values(40, 0..0, 0.0)];
        let check = |all: &[Quantity], from: usize, until: usize| {
            let found = strongest(all, 40, 12.0, |_, _| true).expect("a stretch");
            assert!(
                found.0.abs_diff(from) <= 3 && found.1.abs_diff(until) <= 3,
                "{found:?}: {from}..{until}"
            );
        };
        check(&all, 10, 25);
        // One that lasts to the end, and one that was there from the first bin.
        check(&[values(40, 30..40, 2.0)], 30, 40);
        check(&[values(40, 0..30, 2.0)], 0, 30);
    }

    #[test]
    fn noise_is_no_stretch() {
        assert_eq!(strongest(&[values(40, 0..0, 0.0)], 40, 12.0, |_, _| true), None);
        assert_eq!(strongest(&[], 40, 12.0, |_, _| true), None);
        assert_eq!(Sums::new(4, std::iter::empty()).gain(1, 2), None);
    }

    #[test]
    fn few_values_that_differ_much_are_clear() {
        let few = Sums::new(
            2,
            [0.0, 0.1, 0.2, 0.1, 0.0].map(|v| (0, v)).into_iter().chain([7.6, 7.5, 7.7].map(|v| (1, v))),
        );
        assert!(few.gain(1, 2).is_some_and(|gain| gain > 12.0));
        let alike = Sums::new(
            2,
            [0.0, 0.1, 0.2, 0.1, 0.0].map(|v| (0, v)).into_iter().chain([0.2, 0.1, 0.3].map(|v| (1, v))),
        );
        assert!(alike.gain(1, 2).is_none_or(|gain| gain < 4.0));
    }
}
