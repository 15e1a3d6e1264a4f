//! Native histograms: observations counted in buckets whose limits a schema or a list of limits gives.

use std::sync::{Arc, LazyLock};

/// The schema of histograms that bring the limits of their buckets along.
pub const CUSTOM_SCHEMA: i32 = -53;
/// The coarsest and the finest exponential schema.
pub const EXPONENTIAL_SCHEMAS: std::ops::RangeInclusive<i32> = -4..=8;

/// No bucket of any schema that ends at a number has a place further from 0.
const FARTHEST: u32 = 1 << 20;

/// What is known about whether a counter was reset between a histogram and the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResetHint {
    /// Nothing: the buckets have to be compared.
    #[default]
    Unknown,
    /// It was reset.
    Reset,
    /// It was not reset.
    NotReset,
    /// It is no counter: it may fall.
    Gauge,
}

/// Observations of both signs, counted in buckets.
///
/// With an exponential schema `s`, bucket `i` of the positive side holds what is above `2^((i-1)/2^s)` and at most
/// `2^(i/2^s)`; the negative side mirrors it, and between them is the zero bucket. With [`CUSTOM_SCHEMA`], bucket `i`
/// of the positive side ends at `bounds[i]`, the last one at infinity. Buckets that are not listed are empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// How wide the buckets are.
    pub schema: i32,
    /// The upper limits of custom buckets, rising and finite; empty with any other schema.
    pub bounds: Arc<[f64]>,
    /// The zero bucket reaches from the negative to the positive of it.
    pub zero_threshold: f64,
    /// How many observations the zero bucket holds.
    pub zero_count: f64,
    /// How many observations there are, NaN among them.
    pub count: f64,
    /// The sum of all observations.
    pub sum: f64,
    /// Place and count of the buckets above zero, or of all custom buckets; places rise.
    pub positive: Vec<(i32, f64)>,
    /// Place and count of the buckets below zero, in order of their distance from it.
    pub negative: Vec<(i32, f64)>,
    /// Was the counter reset before it?
    pub hint: ResetHint,
}

/// A bucket with its limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// What is at or below it is not inside (of negative buckets: what is below it).
    pub lower: f64,
    /// What is above it is not inside (of negative buckets: what is at or above it).
    pub upper: f64,
    /// How many observations are inside.
    pub count: f64,
}

impl Histogram {
    /// Does it bring the limits of its buckets along?
    pub fn is_custom(&self) -> bool {
        self.schema == CUSTOM_SCHEMA
    }

    /// The upper limit of a bucket of the positive side.
    pub fn bound(&self, place: i32) -> f64 {
        if !self.is_custom() {
            return exponential_bound(place, self.schema);
        }
        match usize::try_from(place) {
            Ok(at) => self.bounds.get(at).copied().unwrap_or(f64::INFINITY),
            Err(_) => f64::NEG_INFINITY,
        }
    }

    /// The zero bucket.
    pub fn zero_bucket(&self) -> Bucket {
        Bucket { lower: -self.zero_threshold, upper: self.zero_threshold, count: self.zero_count }
    }

    /// A bucket of the positive side with its limits.
    pub fn positive_bucket(&self, (place, count): (i32, f64)) -> Bucket {
        Bucket { lower: self.bound(place.saturating_sub(1)), upper: self.bound(place), count }
    }

    /// A bucket of the negative side with its limits.
    pub fn negative_bucket(&self, (place, count): (i32, f64)) -> Bucket {
        Bucket { lower: -self.bound(place), upper: -self.bound(place.saturating_sub(1)), count }
    }

    /// All buckets that hold something, from the lowest to the highest. None reaches into the zero bucket, and that
    /// is no longer one when it holds less than nothing, as differences can.
    pub fn buckets(&self) -> impl DoubleEndedIterator<Item = Bucket> {
        let edge = self.zero_threshold;
        let negative = self.negative.iter().rev().map(move |&bucket| {
            let bucket = self.negative_bucket(bucket);
            if bucket.upper < 0.0 && bucket.upper > -edge {
                Bucket { upper: -edge, ..bucket }
            } else {
                bucket
            }
        });
        let zero = (self.zero_count > 0.0).then(|| self.zero_bucket());
        let positive = self.positive.iter().map(move |&bucket| {
            let bucket = self.positive_bucket(bucket);
            if bucket.lower > 0.0 && bucket.lower < edge { Bucket { lower: edge, ..bucket } } else { bucket }
        });
        negative.chain(zero).chain(positive).filter(|bucket| bucket.count != 0.0)
    }

    /// Is it the marker of a series' end?
    pub fn is_stale(&self) -> bool {
        self.sum.to_bits() == super::series::STALE
    }

    /// The marker of a series' end.
    pub fn stale() -> Self {
        Histogram { sum: f64::from_bits(super::series::STALE), ..Histogram::default() }
    }

    /// Leaves out buckets that hold nothing.
    pub fn compact(&mut self) {
        for side in [&mut self.positive, &mut self.negative] {
            if side.iter().any(|(_, count)| *count == 0.0) {
                side.retain(|(_, count)| *count != 0.0);
            }
        }
    }

    /// What is wrong with it, if anything is: a schema that is unknown, limits or places out of order.
    pub fn flaw(&self) -> Option<String> {
        if !self.is_custom() && !EXPONENTIAL_SCHEMAS.contains(&self.schema) {
            return Some(format!("schema {} is unknown", self.schema));
        }
        if self.zero_threshold.is_nan() || self.zero_threshold < 0.0 {
            return Some("the width of the zero bucket is negative".to_owned());
        }
        let far = |side: &[(i32, f64)]| side.iter().any(|(place, _)| place.unsigned_abs() > FARTHEST);
        if far(&self.positive) || far(&self.negative) {
            return Some("a bucket is beyond all numbers".to_owned());
        }
        let rising = |side: &[(i32, f64)]| side.windows(2).all(|pair| pair[0].0 < pair[1].0);
        if !rising(&self.positive) || !rising(&self.negative) {
            return Some("the buckets are not in order".to_owned());
        }
        if !self.is_custom() {
            return (!self.bounds.is_empty())
                .then(|| "only histograms of custom buckets bring limits along".to_owned());
        }
        if !self.negative.is_empty() || self.zero_count != 0.0 || self.zero_threshold != 0.0 {
            return Some("custom buckets have no negative side and no zero bucket".to_owned());
        }
        if self.bounds.iter().any(|bound| !bound.is_finite())
            || self.bounds.windows(2).any(|pair| pair[0] >= pair[1])
        {
            return Some("the limits of custom buckets have to be finite and to rise".to_owned());
        }
        let inside = |place: i32| usize::try_from(place).is_ok_and(|place| place <= self.bounds.len());
        let all_inside = self.positive.iter().all(|&(place, _)| inside(place));
        (!all_inside).then(|| "there are more buckets than limits of custom buckets".to_owned())
    }
}

/// The upper limit of a bucket of an exponential schema.
///
/// The last bucket of ordinary numbers ends at the largest of them; only the next one ends at infinity.
pub fn exponential_bound(place: i32, schema: i32) -> f64 {
    let place = i64::from(place);
    let (whole, part) = if schema < 0 {
        (place.saturating_mul(1 << -schema.max(-16)), 0.5)
    } else {
        let schema = schema.min(*EXPONENTIAL_SCHEMAS.end());
        let halves = &HALVES[schema as usize];
        (place >> schema, halves[place as usize & (halves.len() - 1)])
    };
    match whole {
        1024 if part == 0.5 => f64::MAX,
        1024.. => f64::INFINITY,
        // Below the smallest of all numbers.
        ..-1100 => 0.0,
        _ => {
            // In two steps, for a power below the normal numbers would be rounded early.
            let half = whole / 2;
            2.0 * part * 2_f64.powi(half as i32) * 2_f64.powi((whole - half) as i32)
        }
    }
}

/// For each schema from 0 on its limits from a half up to one, made as the clients of Prometheus make theirs: every
/// other one is that of the schema before, those between are a step above it. So they agree to the last bit.
static HALVES: LazyLock<Vec<Vec<f64>>> = LazyLock::new(|| {
    let mut schemas = vec![vec![0.5]];
    for schema in 1..=*EXPONENTIAL_SCHEMAS.end() {
        let step = match schema {
            // The root of two as Go's `Exp2` has it, a bit below the nearest number.
            1 => std::f64::consts::SQRT_2.next_down(),
            _ => (-f64::from(schema)).exp2().exp2(),
        };
        let coarse = schemas.last().into_iter().flatten();
        let fine = coarse.flat_map(|limit| [*limit, limit * step]).collect();
        schemas.push(fine);
    }
    schemas
});

/// A histogram at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct HistogramSample {
    /// Milliseconds since the Unix epoch.
    pub at: i64,
    /// When the counter started, in milliseconds since the epoch; 0 if that is unknown.
    pub start: i64,
    /// The value.
    pub histogram: Arc<Histogram>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_exponential_buckets() {
        for (place, schema, expected) in [
            (0, 0, 1.0),
            (1, 0, 2.0),
            (-1, 0, 0.5),
            (1, 1, std::f64::consts::SQRT_2),
            (-1, 2, 0.840_896_415_253_714_6),
            (3, -1, 64.0),
            (1024, 0, f64::MAX),
            (1025, 0, f64::INFINITY),
            (2048, 1, f64::MAX),
            (2047, 1, 2_f64.powi(1023) * std::f64::consts::SQRT_2),
            (64, -4, f64::MAX),
            (i32::MAX, 8, f64::INFINITY),
            (i32::MIN, 8, 0.0),
            (-1074, 0, f64::from_bits(1)),
        ] {
            let bound = exponential_bound(place, schema);
            let near = bound == expected || (bound / expected - 1.0).abs() < 1e-15;
            assert!(near, "bucket {place} of schema {schema}: {bound:e}");
        }
    }

    /// What a server answers for buckets of these places.
    #[test]
    fn limits_are_those_of_prometheus_to_the_last_bit() {
        for (place, schema, expected) in [
            (-1, 1, 0.707_106_781_186_547_5),
            (1, 1, "1.414213562373095".parse().unwrap()),
            (-2, 3, 0.840_896_415_253_714_4),
            (-4, 3, 0.707_106_781_186_547_5),
            (1, 3, 1.090_507_732_665_257_7),
            (-7, 3, 0.545_253_866_332_628_8),
        ] {
            assert_eq!(exponential_bound(place, schema), expected, "bucket {place} of schema {schema}");
        }
    }

    #[test]
    fn buckets_come_in_order_of_their_limits() {
        let histogram = Histogram {
            zero_threshold: 0.1,
            zero_count: 1.0,
            positive: vec![(0, 2.0), (2, 0.0), (3, 3.0)],
            negative: vec![(1, 4.0), (2, 5.0)],
            ..Histogram::default()
        };
        let limits: Vec<(f64, f64)> =
            histogram.buckets().map(|bucket| (bucket.lower, bucket.upper)).collect();
        assert_eq!(limits, [(-4.0, -2.0), (-2.0, -1.0), (-0.1, 0.1), (0.5, 1.0), (4.0, 8.0)]);
        let custom = Histogram {
            schema: CUSTOM_SCHEMA,
            bounds: [1.0, 5.0].into(),
            positive: vec![(0, 1.0), (1, 1.0), (2, 1.0)],
            ..Histogram::default()
        };
        let uppers: Vec<f64> = custom.buckets().map(|bucket| bucket.upper).collect();
        assert_eq!(uppers, [1.0, 5.0, f64::INFINITY]);
        assert_eq!(custom.flaw(), None);
    }

    #[test]
    fn flaws_are_told() {
        let custom = |bounds: &[f64], place| Histogram {
            schema: CUSTOM_SCHEMA,
            bounds: bounds.into(),
            positive: vec![(place, 1.0)],
            ..Histogram::default()
        };
        let flawed = [
            custom(&[1.0, 1.0], 0),
            custom(&[f64::INFINITY], 0),
            custom(&[1.0], 2),
            custom(&[1.0], -1),
            Histogram { zero_count: 1.0, ..custom(&[1.0], 0) },
            Histogram { schema: 9, ..Histogram::default() },
            Histogram { bounds: [1.0].into(), ..Histogram::default() },
            Histogram { zero_threshold: -1.0, ..Histogram::default() },
            Histogram { positive: vec![(2, 1.0), (1, 1.0)], ..Histogram::default() },
            Histogram { negative: vec![(i32::MIN, 1.0)], ..Histogram::default() },
        ];
        for histogram in flawed {
            assert!(histogram.flaw().is_some(), "{histogram:?}");
        }
        assert_eq!(Histogram::default().flaw(), None);
    }
}
