//! Laws of native histograms, tried on random ones.

use proptest::prelude::*;

use super::*;
use crate::model::histogram::{CUSTOM_SCHEMA, Histogram};

/// Whole numbers, so that sums are exact in any order.
fn side() -> impl Strategy<Value = Vec<(i32, f64)>> {
    proptest::collection::btree_map(-20..20_i32, (1..50_u8).prop_map(f64::from), 0..6)
        .prop_map(|side| side.into_iter().collect())
}

fn exponential() -> impl Strategy<Value = Histogram> {
    let zero = (0..20_u8, prop_oneof![Just(0.0), Just(0.001), Just(0.3), Just(2.0)]);
    (-2..4_i32, zero, side(), side()).prop_map(
        |(schema, (zero_count, zero_threshold), positive, negative)| {
            let mut histogram = Histogram { schema, positive, negative, sum: 7.0, ..Histogram::default() };
            histogram.zero_threshold = zero_threshold;
            // No bucket is within the zero bucket.
            let narrow = histogram.clone();
            for side in [&mut histogram.positive, &mut histogram.negative] {
                side.retain(|&(place, _)| narrow.bound(place - 1) >= zero_threshold);
            }
            histogram.zero_count = f64::from(zero_count);
            histogram.count = inside(&histogram);
            histogram
        },
    )
}

fn custom() -> impl Strategy<Value = Histogram> {
    let bounds = proptest::collection::btree_set(-5..10_i32, 0..5);
    (bounds, proptest::collection::vec(0..30_u8, 6)).prop_map(|(bounds, counts)| {
        let bounds: Vec<f64> = bounds.into_iter().map(f64::from).collect();
        let counts = (0..).zip(counts).take(bounds.len() + 1);
        let mut histogram = Histogram {
            schema: CUSTOM_SCHEMA,
            positive: counts.map(|(place, count)| (place, f64::from(count))).collect(),
            bounds: bounds.into(),
            ..Histogram::default()
        };
        histogram.compact();
        histogram.count = inside(&histogram);
        histogram
    })
}

fn pair() -> impl Strategy<Value = (Histogram, Histogram)> {
    prop_oneof![(exponential(), exponential()), (custom(), custom())]
}

fn inside(histogram: &Histogram) -> f64 {
    // The sum of no floats is minus zero.
    histogram.buckets().map(|bucket| bucket.count).sum::<f64>() + 0.0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn sums_do_not_depend_on_the_order((a, b) in pair()) {
        prop_assert_eq!((a.flaw(), b.flaw()), (None, None));
        let (mut ab, mut ba) = (a.clone(), b.clone());
        prop_assert!(add(&mut ab, &b).is_ok() && add(&mut ba, &a).is_ok());
        prop_assert!(same(&ab, &ba), "{ab:?} {ba:?}");
        // Nothing is lost and nothing is counted twice.
        prop_assert_eq!(inside(&ab), a.count + b.count);
        prop_assert_eq!(ab.flaw(), None);
        let mut total = Adding::new(false, &a);
        prop_assert!(total.add(&b).is_ok());
        prop_assert!(same(&total.value(), &ab));
    }

    #[test]
    fn what_is_added_can_be_taken_away((a, b) in pair()) {
        let mut sum = a.clone();
        prop_assert!(add(&mut sum, &b).is_ok());
        // A counter that grew by it was not reset.
        prop_assert!(!is_reset(&sum, &a), "{a:?} {sum:?}");
        prop_assert!(subtract(&mut sum, &b).is_ok());
        prop_assert_eq!(inside(&sum), a.count);
    }

    #[test]
    fn a_cut_makes_two_parts_of_the_whole(histogram in exponential(), at in -40.0..40.0) {
        let (low, high) = (trim_upper(&histogram, at), trim_lower(&histogram, at));
        prop_assert!((low.count + high.count - histogram.count).abs() < 1e-9, "{low:?} {high:?}");
        if histogram.count > 0.0 {
            let share = fraction(f64::NEG_INFINITY, at, &histogram).0;
            prop_assert!((share * histogram.count - low.count).abs() < 1e-9, "{share} {low:?}");
        }
    }

    #[test]
    fn a_quantile_has_its_share_below(histogram in exponential(), level in 0.0..=1.0) {
        let value = quantile(level, &histogram).0;
        if histogram.count == 0.0 {
            prop_assert!(value.is_nan());
            return Ok(());
        }
        // Between two buckets and at a zero bucket without width, a whole step of shares has the same quantile.
        let (below, up_to) = (value - value.abs() * 1e-9 - 1e-12, value + value.abs() * 1e-9 + 1e-12);
        let least = fraction(f64::NEG_INFINITY, below, &histogram).0;
        let most = fraction(f64::NEG_INFINITY, up_to, &histogram).0;
        prop_assert!(least <= level + 1e-6 && level <= most + 1e-6, "{value}: {least} {most}");
    }
}
