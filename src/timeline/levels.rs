//! Numbers that entries tell over time, in rows that fit into memory.

use crate::model::time::NANOS;
use crate::model::{Location, Timestamp};
use crate::series::track::Point;
use crate::signatures::meter::Worse;

/// How many fields are looked at.
pub const MOST_FIELDS: usize = 100;

/// The width of the narrowest rows, in nanoseconds.
const NARROWEST: i64 = 10 * NANOS;

/// How many rows there are, at most, before they are made twice as wide.
const MOST: usize = 1_440;

/// The key of a number: its field and what its entries say.
pub const BETWEEN: char = '\u{1}';

/// What a number was in one stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Row {
    /// The row's number: its start divided by the width.
    index: i64,
    /// The smallest value.
    pub least: f64,
    /// The largest value.
    pub most: f64,
    /// Entries.
    pub count: u64,
    /// The first entry.
    pub first: (Timestamp, Location),
}

impl Row {
    fn merge(&mut self, other: &Row) {
        self.least = self.least.min(other.least);
        self.most = self.most.max(other.most);
        self.count += other.count;
        self.first = self.first.min(other.first);
    }
}

/// A number over time, in rows as narrow as memory allows: they depend on what was added and not on the order.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Levels {
    doublings: u32,
    /// In the order of time.
    pub rows: Vec<Row>,
}

impl Levels {
    /// Adds the value of one entry.
    pub fn add(&mut self, value: f64, ts: Timestamp, location: Location) {
        if !value.is_finite() {
            return;
        }
        let index = ts.0.div_euclid(NARROWEST << self.doublings);
        let row = Row { index, least: value, most: value, count: 1, first: (ts, location) };
        match self.rows.last_mut() {
            Some(last) if last.index == index => last.merge(&row),
            Some(last) if last.index > index => match self.rows.binary_search_by_key(&index, |row| row.index)
            {
                Ok(at) => self.rows[at].merge(&row),
                Err(at) => self.rows.insert(at, row),
            },
            _ => self.rows.push(row),
        }
        self.fit();
    }

    /// Adds what another thread saw.
    pub fn merge(&mut self, mut other: Levels) {
        while self.doublings < other.doublings {
            self.widen();
        }
        while other.doublings < self.doublings {
            other.widen();
        }
        self.rows.append(&mut other.rows);
        self.rows.sort_by_key(|row| row.index);
        self.join();
        self.fit();
    }

    fn fit(&mut self) {
        while self.rows.len() > MOST {
            self.widen();
        }
    }

    fn widen(&mut self) {
        self.doublings += 1;
        for row in &mut self.rows {
            row.index = row.index.div_euclid(2);
        }
        self.join();
    }

    /// Makes one row of those with one index.
    fn join(&mut self) {
        self.rows.dedup_by(|next, kept| {
            let same = next.index == kept.index;
            if same {
                kept.merge(next);
            }
            same
        });
    }

    /// The values that tell whether it is worse, with the times of their rows' first entries in milliseconds.
    pub fn points(&self, worse: Worse) -> Vec<Point> {
        let value = |row: &Row| if worse == Worse::Down { row.least } else { row.most };
        self.rows.iter().map(|row| (row.first.0.millis(), value(row))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn order_and_split_do_not_matter(at in proptest::collection::vec((0..60_000_i64, 0..9_i32), 0..200), split in 0..200_usize) {
            let of = |parts: &[(i64, i32)]| {
                let mut levels = Levels::default();
                for (second, value) in parts {
                    let location = Location { file: 0, chunk: 0, line: *second as u32 };
                    levels.add(f64::from(*value), Timestamp(*second * NANOS), location);
                }
                levels
            };
            let (left, right) = at.split_at(split.min(at.len()));
            let mut merged = of(right);
            merged.merge(of(left));
            proptest::prop_assert_eq!(of(&at), merged);
        }
    }
}
