//! How values spread over time: counts by moment and by size.

use std::collections::BTreeMap;

use super::Measure;
use crate::filter::Filter;
use crate::fold::{Damaged, Fold, Loaded, Saved, Travel};
use crate::model::{Entry, Needs, TimeRange, Timestamp};
use crate::scan::{self, Inputs, ScanOptions, Selection};

/// Counts by moment and by size.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// The start of the first column.
    pub from: Timestamp,
    /// The width of a column in nanoseconds.
    pub every: i64,
    /// The upper bounds of the rows, rising: a value is in the first row whose bound is not below it.
    pub bounds: Vec<f64>,
    /// By column, then by row.
    pub counts: Vec<Vec<u64>>,
}

/// Columns at most where their width is chosen here.
pub const MOST_COLUMNS: i64 = 64;

/// Columns at most where their width was asked for.
const MOST_STEPS: i64 = 10_000;

/// Decades in which values are told apart.
const DECADES: std::ops::RangeInclusive<i32> = -9..=15;

/// Bounds of the rows: 1, 2 and 5 in every decade.
fn bounds() -> Vec<f64> {
    let decade =
        |power: i32| ["1", "2", "5"].map(|digit| format!("{digit}e{power}").parse().unwrap_or(f64::MAX));
    DECADES.flat_map(decade).collect()
}

#[derive(Clone, Debug)]
struct Cells<'m> {
    measure: &'m Measure,
    every: i64,
    bounds: &'m [f64],
    counts: BTreeMap<(i64, u16), u64>,
}

impl Fold for Cells<'_> {
    fn add(&mut self, entry: &Entry<'_, '_>) {
        let (Some(ts), Some(value)) = (entry.slots.ts, self.measure.value(entry.slots)) else { return };
        let row = self.bounds.partition_point(|bound| *bound < value).min(self.bounds.len() - 1);
        *self.counts.entry((ts.floor(self.every).0, row as u16)).or_default() += 1;
    }

    fn merge(&mut self, other: Self) {
        for (cell, count) in other.counts {
            *self.counts.entry(cell).or_default() += count;
        }
    }
}

impl Travel for Cells<'_> {
    fn save(self, to: &mut Saved) {
        to.put(&self.counts);
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        self.counts = from.take()?;
        Ok(())
    }
}

/// The spread of the values over steps of `every` nanoseconds; none without values that have a time.
pub fn spread(
    inputs: &Inputs,
    value: &str,
    every: i64,
    mut needs: Needs,
    (filter, range): (&Filter, TimeRange),
    options: &ScanOptions,
) -> Option<Spread> {
    let measure = Measure::of(value, &mut needs);
    let selection = Selection::new(needs, filter, range);
    let bounds = bounds();
    let new = || Cells { measure: &measure, every, bounds: &bounds, counts: BTreeMap::new() };
    let (cells, _) = scan::fold(&inputs.logs, &selection, options, new);
    let rows = || cells.counts.keys().map(|(_, row)| *row);
    let (low, high) = (rows().min()?, rows().max()?);
    let (first, last) = (cells.counts.keys().next()?.0, cells.counts.keys().next_back()?.0);
    // A clock that jumped makes wider columns, not millions of them.
    let every = every.saturating_mul((last.saturating_sub(first) / every / MOST_STEPS).max(0) + 1);
    let from = Timestamp(first).floor(every).0;
    let column = |at: i64| (at.saturating_sub(from) / every) as usize;
    let mut counts = vec![vec![0; usize::from(high - low) + 1]; column(last) + 1];
    for ((at, row), count) in &cells.counts {
        counts[column(*at)][usize::from(row - low)] += count;
    }
    let bounds = bounds[usize::from(low)..=usize::from(high)].to_vec();
    Some(Spread { from: Timestamp(from), every, bounds, counts })
}

/// A round step of time, in nanoseconds, of which at most [`MOST_COLUMNS`] fill `span` nanoseconds.
pub fn round_step(span: i64) -> i64 {
    const SECOND: i64 = 1_000_000_000;
    const ROUND: [i64; 21] = [
        1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400,
        172_800, 604_800, 2_419_200,
    ];
    let fits = |step: &i64| span / step < MOST_COLUMNS;
    let round = ROUND.iter().map(|seconds| seconds * SECOND).find(fits);
    round.unwrap_or_else(|| (span / MOST_COLUMNS + 1).max(SECOND))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_rise_and_steps_fit() {
        let bounds = bounds();
        assert!(bounds.is_sorted() && bounds.contains(&200.0) && bounds.contains(&0.005));
        for (span, step) in [(0, 1), (59, 1), (64, 2), (3_600, 60), (7_200, 120), (86_400, 1_800)] {
            assert_eq!(round_step(span * 1_000_000_000), step * 1_000_000_000, "{span}");
        }
        assert!(i64::MAX / round_step(i64::MAX) < MOST_COLUMNS + 1);
    }
}
