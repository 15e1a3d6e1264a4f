//! What was deleted of a block: times of its series.

use std::collections::BTreeMap;

use super::cursor::{Cursor, has_sum};

/// A time from its first to its last millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// The first.
    pub from: i64,
    /// The last.
    pub to: i64,
}

impl Interval {
    /// Is it inside?
    pub fn contains(&self, at: i64) -> bool {
        (self.from..=self.to).contains(&at)
    }
}

/// For series, by their references, the times that were deleted.
pub type Tombstones = BTreeMap<u64, Vec<Interval>>;

const MAGIC: u32 = 0x0130_ba30;

/// Reads a file of tombstones.
///
/// # Errors
/// It is none, or it is damaged.
pub fn tombstones(bytes: &[u8]) -> Result<Tombstones, &'static str> {
    let mut cursor = Cursor::new(bytes);
    if cursor.u32() != Some(MAGIC) || cursor.byte() != Some(1) {
        return Err("these are no tombstones of version 1");
    }
    let Some((body, sum)) = cursor.rest.split_last_chunk::<4>() else { return Err("the tombstones are cut") };
    if !has_sum(body, u32::from_be_bytes(*sum)) {
        return Err("the sum of the tombstones is wrong");
    }
    let mut found = Tombstones::new();
    let mut cursor = Cursor::new(body);
    while !cursor.rest.is_empty() {
        let read = |cursor: &mut Cursor<'_>| Some((cursor.uvarint()?, cursor.varint()?, cursor.varint()?));
        let (reference, from, to) = read(&mut cursor).ok_or("a tombstone is cut")?;
        found.entry(reference).or_default().push(Interval { from, to });
    }
    Ok(found)
}
