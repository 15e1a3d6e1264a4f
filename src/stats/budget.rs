//! What a promise leaves: error budgets, how fast they burn, and how sure a rate is.

use crate::model::Timestamp;
use crate::model::time::NANOS;

/// Long and short windows in nanoseconds, and the burn rate from which both together are worth waking somebody.
///
/// Beyer et al., "The Site Reliability Workbook" (2018), chapter 5: multiwindow, multi-burn-rate alerts.
pub const WINDOWS: [(i64, i64, f64); 4] = [
    (3_600 * NANOS, 300 * NANOS, 14.4),
    (6 * 3_600 * NANOS, 1_800 * NANOS, 6.0),
    (24 * 3_600 * NANOS, 2 * 3_600 * NANOS, 3.0),
    (72 * 3_600 * NANOS, 6 * 3_600 * NANOS, 1.0),
];

/// What a promise left of some requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// Requests that may fail.
    pub allowed: f64,
    /// Requests that did.
    pub failed: u64,
    /// The part of the budget that is spent; above 1 the promise is broken. None if nothing may fail.
    pub spent: Option<f64>,
    /// How many times faster than allowed: 1 spends exactly the budget.
    pub burn: Option<f64>,
}

/// The budget of so many requests under a promise such as 0.999.
pub fn budget(requests: u64, success: u64, target: f64) -> Budget {
    let failed = requests.saturating_sub(success);
    // 0.999 is not quite that in binary: 40 of 40,000 are allowed, not 39.999999999995595.
    let allowed = (requests as f64 * (1.0 - target) * 1e9).round() / 1e9;
    let ratio = (allowed > 0.0).then(|| failed as f64 / allowed);
    Budget { allowed, failed, spent: ratio, burn: ratio }
}

/// The 95 % interval of a rate, between 0 and 1; none of nothing.
///
/// Wilson, "Probable inference, the law of succession, and statistical inference" (1927).
pub fn wilson(success: u64, requests: u64) -> Option<(f64, f64)> {
    /// The 97.5th percentile of the normal distribution.
    const Z: f64 = 1.959_963_984_540_054;
    if requests == 0 {
        return None;
    }
    let (n, p) = (requests as f64, success as f64 / requests as f64);
    let z2 = Z * Z / n;
    let middle = (p + z2 / 2.0) / (1.0 + z2);
    let half = Z * (p * (1.0 - p) / n + z2 / (4.0 * n)).sqrt() / (1.0 + z2);
    Some(((middle - half).max(0.0), (middle + half).min(1.0)))
}

/// Requests that ended in one step of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The end of the step.
    pub end: Timestamp,
    /// Requests in it.
    pub requests: u64,
    /// Requests that succeeded.
    pub success: u64,
}

/// How fast the budget burnt in windows of one length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burn {
    /// The long and the short window in nanoseconds.
    pub windows: (i64, i64),
    /// The burn rate that both must reach.
    pub threshold: f64,
    /// The highest burn rate in the long window.
    pub highest: f64,
    /// When both windows reached the threshold first …
    pub from: Option<Timestamp>,
    /// … and last.
    pub to: Option<Timestamp>,
    /// Is the data shorter than the long window? Then the rates are of what there is.
    pub is_short: bool,
}

/// The burn rates at the end of every step; steps in the order of time.
pub fn burns(steps: &[Step], target: f64) -> Vec<Burn> {
    let mut sums = vec![(0_u64, 0_u64)];
    for step in steps {
        let (requests, failed) = sums[sums.len() - 1];
        sums.push((requests + step.requests, failed + step.requests.saturating_sub(step.success)));
    }
    let rate = |at: usize, window: i64| {
        let after = steps[at].end.0.saturating_sub(window);
        let first = steps.partition_point(|step| step.end.0 <= after);
        let ((all, bad), (before, bad_before)) = (sums[at + 1], sums[first]);
        budget(all - before, all - before - (bad - bad_before), target).burn.unwrap_or(0.0)
    };
    let span = steps.first().zip(steps.last()).map_or(0, |(first, last)| last.end - first.end);
    let of = |(long, short, threshold): (i64, i64, f64)| {
        let mut burn = Burn {
            windows: (long, short),
            threshold,
            highest: 0.0,
            from: None,
            to: None,
            is_short: span < long,
        };
        for (at, step) in steps.iter().enumerate() {
            let rate_of_long = rate(at, long);
            burn.highest = burn.highest.max(rate_of_long);
            if rate_of_long >= threshold && rate(at, short) >= threshold {
                burn.from = burn.from.or(Some(step.end));
                burn.to = Some(step.end);
            }
        }
        burn
    };
    WINDOWS.into_iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn intervals_are_those_of_the_tables() {
        // R: binom::binom.wilson(8, 10), (0, 20), (95, 100).
        for (success, requests, low, high) in
            [(8, 10, 0.490_162, 0.943_318), (0, 20, 0.0, 0.161_125), (95, 100, 0.888_249, 0.978_454)]
        {
            let (a, b) = wilson(success, requests).unwrap();
            assert!((a - low).abs() < 1e-5 && (b - high).abs() < 1e-5, "{success}/{requests}: {a} {b}");
        }
        assert_eq!(wilson(0, 0), None);
    }

    #[test]
    fn a_budget_is_spent_by_failures() {
        let spent = budget(1_000, 980, 0.99);
        assert!((spent.allowed - 10.0).abs() < 1e-9 && (spent.burn.unwrap() - 2.0).abs() < 1e-9);
        assert_eq!(budget(1_000, 999, 1.0).burn, None);
        assert_eq!(
            (budget(40_000, 39_960, 0.999).allowed, budget(40_000, 39_960, 0.999).spent),
            (40.0, Some(1.0))
        );
    }

    #[test]
    fn both_windows_must_burn() {
        // Two hours of a request a second in steps of a minute; ten minutes of them fail.
        let step = |minute: i64| Step {
            end: Timestamp((minute + 1) * 60 * NANOS),
            requests: 60,
            success: if (60..70).contains(&minute) { 0 } else { 60 },
        };
        let steps: Vec<Step> = (0..120).map(step).collect();
        let burns = burns(&steps, 0.999);
        let minutes = |at: Option<Timestamp>| at.map(|at| at.0 / NANOS / 60);
        // The hour's rate reaches 14.4 within the first minute; the five minutes forget ten minutes later.
        assert_eq!((minutes(burns[0].from), minutes(burns[0].to)), (Some(61), Some(74)));
        assert!((burns[0].highest - 1_000.0 / 6.0).abs() < 1e-6, "{}", burns[0].highest);
        assert!(!burns[0].is_short && burns[1].is_short);
        assert!(super::burns(&[], 0.999).iter().all(|burn| burn.from.is_none() && burn.highest == 0.0));
    }

    proptest! {
        #[test]
        fn a_rate_lies_in_its_interval(requests in 1..1_000_000_u64, share in 0.0..=1.0) {
            let success = (requests as f64 * share) as u64;
            let (low, high) = wilson(success, requests).unwrap();
            let rate = success as f64 / requests as f64;
            prop_assert!(0.0 <= low && low <= rate + 1e-12 && rate <= high + 1e-12 && high <= 1.0);
        }
    }
}
