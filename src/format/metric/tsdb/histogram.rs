//! Chunks and records of native histograms.

use std::sync::Arc;

use super::bits::{Bits, Xor};
use super::cursor::Cursor;
use crate::model::histogram::{CUSTOM_SCHEMA, ResetHint};
use crate::model::series::STALE;
use crate::model::{Histogram, HistogramSample};

/// How the counts of buckets are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counts {
    /// As whole numbers: each bucket by what it differs in from the one before.
    Whole,
    /// As floats.
    Float,
}

/// The bytes before the bits of a chunk: how many samples, and what is known of resets.
const HEAD: usize = 3;
/// In the byte about resets: these are gauges.
const GAUGE: u8 = 0b1100_0000;
/// The zero threshold stands in eight bytes of its own.
const WHOLE_THRESHOLD: u64 = 255;
/// What is added to the exponent of a threshold that is a power of two.
const THRESHOLD_BIAS: i32 = 243;
/// Limits of custom buckets are written as multiples of this part of 1.
const BOUND_PARTS: f64 = 1_000.0;

/// Buckets that lie side by side: how far the first is from the last one before, and how many.
#[derive(Clone, Copy, Debug)]
struct Run {
    offset: i32,
    length: u32,
}

/// What all histograms of a chunk have in common.
#[derive(Debug, Default)]
struct Layout {
    schema: i32,
    zero_threshold: f64,
    positive: Vec<i32>,
    negative: Vec<i32>,
    bounds: Arc<[f64]>,
}

/// Adds the histograms of a chunk; `None` if it ends before all of them.
pub(super) fn decode(bytes: &[u8], counts: Counts, found: &mut Vec<HistogramSample>) -> Option<()> {
    let (head, body) = bytes.split_at_checked(HEAD)?;
    let count = u16::from_be_bytes([head[0], head[1]]);
    if count == 0 {
        return Some(());
    }
    let is_gauge = head[2] & GAUGE == GAUGE;
    let mut bits = Bits::new(body);
    let layout = Layout::read(&mut bits)?;
    let buckets = layout.positive.len() + layout.negative.len();
    let mut state = State { counts, ..State::default() };
    for number in 0..count {
        state.next(&mut bits, number == 0, buckets)?;
        // Within a chunk a counter is never reset; whether it was before, only the chunk before tells.
        let hint = match number {
            _ if is_gauge => ResetHint::Gauge,
            0 => ResetHint::Unknown,
            _ => ResetHint::NotReset,
        };
        let histogram = Arc::new(state.histogram(&layout, hint));
        found.push(HistogramSample { at: state.at, start: 0, histogram });
    }
    Some(())
}

impl Layout {
    fn read(bits: &mut Bits<'_>) -> Option<Layout> {
        let zero_threshold = match bits.take(8)? {
            0 => 0.0,
            WHOLE_THRESHOLD => f64::from_bits(bits.take(64)?),
            exponent => 2_f64.powi(exponent as i32 - THRESHOLD_BIAS - 1),
        };
        let schema = i32::try_from(bits.signed_varbit()?).ok()?;
        let positive = side(bits)?;
        let negative = side(bits)?;
        let mut bounds = Vec::new();
        if schema == CUSTOM_SCHEMA {
            for _ in 0..bits.varbit()? {
                bounds.push(match bits.varbit()? {
                    0 => f64::from_bits(bits.take(64)?),
                    part => (part - 1) as f64 / BOUND_PARTS,
                });
            }
        }
        Some(Layout { schema, zero_threshold, positive, negative, bounds: bounds.into() })
    }
}

/// The places of the buckets of one side.
fn side(bits: &mut Bits<'_>) -> Option<Vec<i32>> {
    let mut runs = Vec::new();
    for _ in 0..bits.varbit()? {
        let length = u32::try_from(bits.varbit()?).ok()?;
        runs.push(Run { offset: i32::try_from(bits.signed_varbit()?).ok()?, length });
    }
    // Each bucket takes at least one bit.
    places(&runs, bits.left())
}

/// The places of these buckets; `None` if there are more than `most`.
fn places(runs: &[Run], most: usize) -> Option<Vec<i32>> {
    let mut places = Vec::new();
    let mut next = 0_i32;
    for run in runs {
        next = next.checked_add(run.offset)?;
        if places.len() + run.length as usize > most {
            return None;
        }
        for _ in 0..run.length {
            places.push(next);
            next = next.checked_add(1)?;
        }
    }
    Some(places)
}

/// A number told by how much its change changed.
#[derive(Clone, Copy, Debug, Default)]
struct Step {
    value: i64,
    change: i64,
}

impl Step {
    fn next(&mut self, bits: &mut Bits<'_>) -> Option<()> {
        self.change = self.change.wrapping_add(bits.signed_varbit()?);
        self.value = self.value.wrapping_add(self.change);
        Some(())
    }
}

/// A count, written in one of two ways.
#[derive(Clone, Copy, Debug)]
enum Count {
    Whole(Step),
    Float(Xor),
}

impl Count {
    /// The first one. Counts of whole numbers are written without a sign where they cannot be negative.
    fn first(bits: &mut Bits<'_>, counts: Counts, has_sign: bool) -> Option<Count> {
        Some(match (counts, has_sign) {
            (Counts::Float, _) => Count::Float(Xor::of(bits.take(64)?)),
            (Counts::Whole, true) => Count::Whole(Step { value: bits.signed_varbit()?, change: 0 }),
            (Counts::Whole, false) => Count::Whole(Step { value: bits.varbit()? as i64, change: 0 }),
        })
    }

    fn next(&mut self, bits: &mut Bits<'_>) -> Option<()> {
        match self {
            Count::Whole(step) => step.next(bits),
            Count::Float(xor) => xor.next(bits),
        }
    }

    fn value(self) -> f64 {
        match self {
            Count::Whole(step) => step.value as u64 as f64,
            Count::Float(xor) => f64::from_bits(xor.value),
        }
    }
}

/// The histogram before.
#[derive(Debug)]
struct State {
    counts: Counts,
    at: i64,
    step: i64,
    count: Count,
    zero_count: Count,
    sum: Xor,
    /// Of both sides, the positive one first.
    buckets: Vec<Count>,
}

impl Default for State {
    fn default() -> Self {
        let nothing = Count::Whole(Step::default());
        State {
            counts: Counts::Whole,
            at: 0,
            step: 0,
            count: nothing,
            zero_count: nothing,
            sum: Xor::default(),
            buckets: Vec::new(),
        }
    }
}

impl State {
    fn next(&mut self, bits: &mut Bits<'_>, is_first: bool, buckets: usize) -> Option<()> {
        if is_first {
            self.at = bits.signed_varbit()?;
            self.count = Count::first(bits, self.counts, false)?;
            self.zero_count = Count::first(bits, self.counts, false)?;
            self.sum = Xor::of(bits.take(64)?);
            for _ in 0..buckets {
                self.buckets.push(Count::first(bits, self.counts, true)?);
            }
            return Some(());
        }
        self.step = self.step.wrapping_add(bits.signed_varbit()?);
        self.at = self.at.wrapping_add(self.step);
        self.count.next(bits)?;
        self.zero_count.next(bits)?;
        self.sum.next(bits)?;
        // The marker of an end has no buckets.
        if self.sum.value == STALE {
            return Some(());
        }
        self.buckets.iter_mut().try_for_each(|bucket| bucket.next(bits))
    }

    fn histogram(&self, layout: &Layout, hint: ResetHint) -> Histogram {
        if self.sum.value == STALE {
            return Histogram::stale();
        }
        let (positive, negative) = self.buckets.split_at(layout.positive.len());
        Histogram {
            schema: layout.schema,
            bounds: layout.bounds.clone(),
            zero_threshold: layout.zero_threshold,
            zero_count: self.zero_count.value(),
            count: self.count.value(),
            sum: f64::from_bits(self.sum.value),
            positive: filled(&layout.positive, positive.iter().copied()),
            negative: filled(&layout.negative, negative.iter().copied()),
            hint,
        }
    }
}

/// Places and counts of buckets; whole numbers are added up.
fn filled(places: &[i32], counts: impl Iterator<Item = Count>) -> Vec<(i32, f64)> {
    let mut sum = 0_i64;
    let count = |count: Count| match count {
        Count::Whole(step) => {
            sum = sum.wrapping_add(step.value);
            sum as f64
        }
        Count::Float(xor) => f64::from_bits(xor.value),
    };
    places.iter().copied().zip(counts.map(count)).collect()
}

/// A histogram in a record of the write-ahead log.
pub(super) fn logged(cursor: &mut Cursor<'_>, counts: Counts) -> Option<Histogram> {
    let hint = match cursor.byte()? {
        1 => ResetHint::Reset,
        2 => ResetHint::NotReset,
        3 => ResetHint::Gauge,
        _ => ResetHint::Unknown,
    };
    let schema = i32::try_from(cursor.varint()?).ok()?;
    let zero_threshold = f64::from_bits(cursor.u64()?);
    let number = |cursor: &mut Cursor<'_>| {
        Some(match counts {
            Counts::Whole => cursor.uvarint()? as f64,
            Counts::Float => f64::from_bits(cursor.u64()?),
        })
    };
    let (zero_count, count) = (number(cursor)?, number(cursor)?);
    let sum = cursor.u64()?;
    let (positive, negative) = (runs(cursor)?, runs(cursor)?);
    let (positive, negative) = (buckets(cursor, &positive, counts)?, buckets(cursor, &negative, counts)?);
    let mut bounds = Vec::new();
    if schema == CUSTOM_SCHEMA {
        for _ in 0..cursor.uvarint()? {
            bounds.push(f64::from_bits(cursor.u64()?));
        }
    }
    if sum == STALE {
        return Some(Histogram::stale());
    }
    let (sum, bounds) = (f64::from_bits(sum), bounds.into());
    Some(Histogram { schema, bounds, zero_threshold, zero_count, count, sum, positive, negative, hint })
}

fn runs(cursor: &mut Cursor<'_>) -> Option<Vec<Run>> {
    let mut runs = Vec::new();
    for _ in 0..cursor.uvarint()? {
        let offset = i32::try_from(cursor.varint()?).ok()?;
        runs.push(Run { offset, length: u32::try_from(cursor.uvarint()?).ok()? });
    }
    Some(runs)
}

fn buckets(cursor: &mut Cursor<'_>, runs: &[Run], counts: Counts) -> Option<Vec<(i32, f64)>> {
    let places = places(runs, cursor.rest.len())?;
    let mut written = Vec::new();
    for _ in 0..cursor.uvarint()? {
        written.push(match counts {
            Counts::Whole => Count::Whole(Step { value: cursor.varint()?, change: 0 }),
            Counts::Float => Count::Float(Xor::of(cursor.u64()?)),
        });
    }
    (written.len() == places.len()).then(|| filled(&places, written.into_iter()))
}
