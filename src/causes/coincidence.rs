//! What happens when requests fail, and does not when they do not: the contrast of entries that know no requests.
//!
//! Requests fail now more, now less, by chance alone. What makes them fail, and what failed requests make others say,
//! does so with them, bin by bin; what is beside that does not. How both go with the traffic and with the time of the day
//! is taken out first: only what differs from the bins around counts.

use crate::detect::success::Success;
use crate::timeline::scene::Scene;

/// Fewer bins than these tell nothing.
const FEWEST: usize = 20;

/// Fewer entries, or failures, than these tell nothing.
const FEWEST_ENTRIES: u64 = 12;

/// So many bins to each side are around one.
const AROUND: usize = 2;

/// How some kinds of entries go with the requests that failed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Coincidence {
    /// The correlation of the two, from -1 to 1, of what differs from the bins around.
    pub correlation: f64,
    /// About the standard deviation of the correlation of two that have nothing to do with each other.
    pub by_chance: f64,
    /// Entries for each failure, 1 at the most.
    pub part: f64,
}

impl Coincidence {
    /// Compares kinds of entries with the failures, within the time that is to be explained; `None` where there is too
    /// little of one of them, too little time, or no difference between one bin and the next.
    pub(super) fn of(scene: &Scene<'_>, success: &Success, kinds: &[usize]) -> Option<Coincidence> {
        let range = match success.worst {
            Some(worst) => scene.axis.range((worst.from, worst.to)),
            None => scene.axis.range((scene.first, scene.last)),
        };
        let mut counts = vec![0; scene.axis.bins];
        for kind in kinds {
            scene.axis.add(&scene.kinds[*kind].1.bins, &mut counts);
        }
        between(&counts[range.clone()], &success.failures[range])
    }

    /// How surely the two go together, from 0 to 1: nothing, where chance may have made it.
    pub(super) fn strength(&self) -> f64 {
        let least = 2.0 * self.by_chance;
        ((self.correlation - least) / (1.0 - least)).clamp(0.0, 1.0)
    }

    /// Is it so that one has nothing to do with the other, as far as anybody can tell?
    pub(super) fn is_none(&self) -> bool {
        self.correlation < self.by_chance
    }
}

/// Compares two counts over the same bins.
fn between(entries: &[u64], failures: &[u64]) -> Option<Coincidence> {
    let (all, failed) = (entries.iter().sum::<u64>(), failures.iter().sum::<u64>());
    if entries.len() < FEWEST || all.min(failed) < FEWEST_ENTRIES {
        return None;
    }
    let (one, other) = (differences(entries), differences(failures));
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let spread = (product(&one, &one) * product(&other, &other)).sqrt();
    // What never differs goes with nothing, and with everything.
    (spread > 0.0).then(|| Coincidence {
        correlation: product(&one, &other) / spread,
        by_chance: 1.0 / (entries.len() as f64).sqrt(),
        part: (all as f64 / failed as f64).min(1.0),
    })
}

/// By how much each bin differs from the mean of those around it and itself.
fn differences(counts: &[u64]) -> Vec<f64> {
    let around = |at: usize| &counts[at.saturating_sub(AROUND)..(at + AROUND + 1).min(counts.len())];
    let mean = |part: &[u64]| part.iter().sum::<u64>() as f64 / part.len() as f64;
    counts.iter().enumerate().map(|(at, count)| *count as f64 - mean(around(at))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts that look like chance, and are the same each time.
    fn chance(seed: u64, bins: usize) -> Vec<u64> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % 8
        };
        (0..bins).map(|_| next()).collect()
    }

    #[test]
    fn what_happens_with_failures_goes_with_them_and_what_is_beside_them_does_not() {
        let failures = chance(1, 60);
        let same = between(&failures, &failures).unwrap();
        assert!(same.strength() > 0.99 && same.part == 1.0, "{same:?}");
        // Half of them is said somewhere else, and something else is said there, too.
        let half: Vec<u64> =
            failures.iter().zip(chance(2, 60)).map(|(failed, other)| failed / 2 + other / 4).collect();
        assert!(between(&half, &failures).unwrap().strength() > 0.1);
        for seed in 3..40 {
            let other = between(&chance(seed, 60), &failures).unwrap();
            assert!(other.strength() < 0.15, "{seed}: {other:?}");
        }
    }

    #[test]
    fn that_both_grow_with_the_traffic_is_no_coincidence() {
        let grow = |seed: u64| -> Vec<u64> {
            chance(seed, 60).iter().enumerate().map(|(at, count)| count + at as u64).collect()
        };
        let both = between(&grow(5), &grow(6)).unwrap();
        assert!(both.strength() < 0.1, "{both:?}");
    }

    #[test]
    fn little_tells_nothing() {
        assert_eq!(between(&[1; 10], &[1; 10]), None);
        assert_eq!(between(&[0; 60], &[3; 60]), None);
        assert_eq!(between(&[3; 60], &[3; 60]), None);
    }
}
