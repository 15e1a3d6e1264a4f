//! How states go to another process and come back.
//!
//! Equal states are equal bytes, however they came about: tables and multisets are sorted, nothing hashed is written,
//! and what only saves work (texts seen last) stays behind.

use std::fmt;
use std::num::NonZeroU32;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::packed::Fields;

/// A state that can be saved and taken up again where its surroundings, which do not travel, are the same.
pub trait Travel {
    /// Appends the state.
    fn save(self, to: &mut Saved);

    /// Takes up a saved state in place of a new one.
    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged>;

    /// The state in so many parts by its keys, of which the first has what is of no key. Without keys it stays whole.
    fn split(self, _: NonZeroU32) -> Vec<Self>
    where
        Self: Sized,
    {
        vec![self]
    }

    /// All that there is of its keys has come together: what the answer does not take is given up.
    fn settle(&mut self) {}
}

/// Which of so many buckets a key falls into, in every process: FNV-1a, and a finish that spreads it.
pub fn bucket(key: &[u8], buckets: NonZeroU32) -> u32 {
    let add = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3);
    let mut hash = key.iter().fold(0xCBF2_9CE4_8422_2325, add);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    (((hash >> 32) * u64::from(buckets.get())) >> 32) as u32
}

/// Saved states, one after the other.
#[derive(Debug, Default)]
pub struct Saved {
    bytes: Vec<u8>,
}

impl Saved {
    /// Appends a value. What cannot be written (a map of unknown length) is a mistake in its type: nothing is written
    /// then, and loading says so.
    pub fn put(&mut self, value: &impl Serialize) {
        let length = self.bytes.len();
        if postcard::serialize_with_flavor(value, Appended(&mut self.bytes)).is_err() {
            self.bytes.truncate(length);
        }
    }

    /// What is saved so far, for states that append themselves.
    pub(super) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// All of it.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Bytes behind others, copied at once.
struct Appended<'b>(&'b mut Vec<u8>);

impl postcard::ser_flavors::Flavor for Appended<'_> {
    type Output = ();

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// Saved states on their way back.
#[derive(Debug)]
pub struct Loaded<'b> {
    rest: &'b [u8],
}

impl<'b> Loaded<'b> {
    /// What these bytes hold.
    pub fn new(bytes: &'b [u8]) -> Self {
        Loaded { rest: bytes }
    }

    /// The next value.
    pub fn take<T: DeserializeOwned>(&mut self) -> Result<T, Damaged> {
        let (value, rest) = postcard::take_from_bytes(self.rest).map_err(|_| Damaged)?;
        self.rest = rest;
        Ok(value)
    }

    /// What a state appended by itself.
    pub(super) fn packed<T>(
        &mut self,
        read: impl FnOnce(&mut Fields<'b>) -> Option<T>,
    ) -> Result<T, Damaged> {
        let mut fields = Fields::new(self.rest);
        let value = read(&mut fields).ok_or(Damaged)?;
        self.rest = fields.rest();
        Ok(value)
    }

    /// Is there nothing more?
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}

/// These bytes are no saved state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged;

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is damaged")
    }
}

impl std::error::Error for Damaged {}

/// Bytes that are written at once.
pub(super) struct Bytes<'b>(pub(super) &'b [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl<'de: 'b, 'b> Deserialize<'de> for Bytes<'b> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&'de [u8]>::deserialize(deserializer).map(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::Table;

    #[test]
    fn keys_fall_into_the_same_buckets_for_ever() {
        let of = |key: &[u8], buckets| bucket(key, NonZeroU32::new(buckets).unwrap());
        assert_eq!([of(b"", 1), of(b"ord-1", 1)], [0, 0]);
        let eight: Vec<u32> = ["", "a", "ord-1", "ord-2"].map(|key| of(key.as_bytes(), 8)).to_vec();
        assert_eq!(eight, [7, 7, 2, 3]);
        let mut counts = [0_u32; 16];
        (0..16_000).for_each(|i| counts[of(format!("ord-{i}").as_bytes(), 16) as usize] += 1);
        assert!(counts.iter().all(|count| (800..1200).contains(count)), "{counts:?}");
    }

    #[test]
    fn equal_tables_are_equal_bytes() {
        let of = |keys: [&str; 3]| {
            let mut table: Table<u64> = Table::default();
            for key in keys {
                *table.entry(key.as_bytes(), || 0) += key.len() as u64;
            }
            let mut saved = Saved::default();
            saved.put(&table);
            saved.into_bytes()
        };
        let bytes = of(["b", "aa", "c"]);
        assert_eq!(bytes, of(["c", "b", "aa"]));
        let mut loaded = Loaded::new(&bytes);
        let table: Table<u64> = loaded.take().unwrap();
        assert!(loaded.is_empty() && table.get(b"aa") == Some(&2) && table.len() == 3);
        assert!(Loaded::new(&bytes[..bytes.len() - 1]).take::<Table<u64>>().is_err());
        let twice = [2, 1, b'a', 1, 1, b'a', 1];
        assert!(Loaded::new(&twice).take::<Table<u64>>().is_err(), "a key that stands twice");
    }
}
