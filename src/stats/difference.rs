//! What differs between two windows of time, and whether that may be chance.

use std::collections::BTreeMap;

use super::budget::wilson;
use super::{By, GroupAnswer};

/// A group in two windows.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The values that make the group.
    pub by: By,
    /// In the window that is compared with.
    pub before: Option<GroupAnswer>,
    /// In the window that is looked at.
    pub inside: Option<GroupAnswer>,
}

impl Pair {
    /// How much the success rate rose, and the 95 % interval of that; none where one of the windows has no requests.
    pub fn success(&self) -> Option<(f64, (f64, f64))> {
        let rate = |group: &Option<GroupAnswer>| {
            group.as_ref().map(|group| (group.success, group.requests - group.unknown))
        };
        rise(rate(&self.before)?, rate(&self.inside)?)
    }

    /// How many times its size before a percentile is inside.
    pub fn ratio(&self, at: usize) -> Option<f64> {
        let value = |group: &Option<GroupAnswer>| group.as_ref()?.values.as_ref()?.percentiles.get(at)?.1;
        let (before, inside) = (value(&self.before)?, value(&self.inside)?);
        (before > 0.0).then(|| inside / before)
    }

    /// How much there is to say about it: the fall of the success rate that is not chance, then the rise of the
    /// highest percentile.
    fn weight(&self) -> (f64, f64) {
        let sure = self.success().map_or(0.0, |(_, (low, high))| match () {
            () if high < 0.0 => -high,
            () if low > 0.0 => low,
            () => 0.0,
        });
        let last = |group: &Option<GroupAnswer>| {
            group.as_ref()?.values.as_ref().map(|values| values.percentiles.len())
        };
        let ratio = last(&self.inside).and_then(|count| self.ratio(count.saturating_sub(1)));
        (sure, ratio.map_or(0.0, |ratio| ratio.max(1e-9).ln().abs()))
    }
}

/// The groups of two windows side by side; those that differ most come first.
pub fn pairs(before: Vec<GroupAnswer>, inside: Vec<GroupAnswer>) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = inside
        .into_iter()
        .map(|group| Pair { by: group.by.clone(), before: None, inside: Some(group) })
        .collect();
    let key = |by: &By| by.values().map(ToString::to_string).collect::<Vec<_>>();
    let known: BTreeMap<Vec<String>, usize> =
        pairs.iter().enumerate().map(|(at, pair)| (key(&pair.by), at)).collect();
    for group in before {
        match known.get(&key(&group.by)) {
            Some(at) => pairs[*at].before = Some(group),
            None => pairs.push(Pair { by: group.by.clone(), before: Some(group), inside: None }),
        }
    }
    pairs.sort_by(|a, b| {
        let ((a, a_ratio), (b, b_ratio)) = (a.weight(), b.weight());
        b.total_cmp(&a).then(b_ratio.total_cmp(&a_ratio))
    });
    pairs
}

/// The difference of two rates, each given as successes of requests, with its 95 % interval.
///
/// Newcombe, "Interval estimation for the difference between independent proportions" (1998), method 10: from the
/// Wilson intervals of both.
fn rise((a, of_a): (u64, u64), (b, of_b): (u64, u64)) -> Option<(f64, (f64, f64))> {
    let ((a_low, a_high), (b_low, b_high)) = (wilson(a, of_a)?, wilson(b, of_b)?);
    let (a, b) = (a as f64 / of_a as f64, b as f64 / of_b as f64);
    let low = b - a - ((b - b_low).powi(2) + (a_high - a).powi(2)).sqrt();
    let high = b - a + ((b_high - b).powi(2) + (a - a_low).powi(2)).sqrt();
    Some((b - a, (low, high)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_newcombe() {
        // Table II of the paper, method 10: 56/70 - 48/80 is 0.0524 … 0.3339; 9/10 - 3/10 is 0.1705 … 0.8090.
        for (a, b, low, high) in [((48, 80), (56, 70), 0.0524, 0.3339), ((3, 10), (9, 10), 0.1705, 0.8090)] {
            let (_, (found_low, found_high)) = rise(a, b).unwrap();
            assert!(
                (found_low - low).abs() < 1e-4 && (found_high - high).abs() < 1e-4,
                "{found_low} {found_high}"
            );
        }
        assert_eq!(rise((0, 0), (1, 2)), None);
    }
}
