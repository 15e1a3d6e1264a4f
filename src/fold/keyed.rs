//! A table of states by keys that are hashes already: requests, by the millions.

use std::hash::BuildHasher;
use std::hint::black_box;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::packed::{AHEAD, Fields, Packed, put_small};
use super::table::{FEW, spread};
use super::travel::{Bytes, Damaged, Loaded, Saved};

/// States by keys of eight bytes. Never iterated in an order that may be shown.
#[derive(Clone, Debug)]
pub struct Keyed<S> {
    hasher: RandomState,
    rows: Vec<(u64, S)>,
    /// Do the rows stand in the order of their keys, as those from another process do?
    sorted: bool,
    /// Indices into `rows`, each with its hash; empty where rows are few, or sorted and not needed by key yet.
    index: HashTable<(u32, u32)>,
}

impl<S> Default for Keyed<S> {
    fn default() -> Self {
        Keyed { hasher: RandomState::default(), rows: Vec::new(), sorted: true, index: HashTable::new() }
    }
}

impl<S> Keyed<S> {
    /// The state of `key`, made by `new` if there is none yet.
    #[inline]
    pub fn entry(&mut self, key: u64, new: impl FnOnce() -> S) -> &mut S {
        let at = self.find_or_index(key).unwrap_or_else(|| self.push(key, new()));
        &mut self.rows[at].1
    }

    /// The state of `key`, if there is one.
    pub fn get(&self, key: u64) -> Option<&S> {
        self.find(key).map(|at| &self.rows[at].1)
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Are there no keys?
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Every key and state, in no order that may be shown: sort them.
    pub fn rows(&self) -> impl Iterator<Item = (u64, &S)> {
        self.rows.iter().map(|(key, state)| (*key, state))
    }

    /// Keeps only these keys.
    pub fn retain(&mut self, mut keep: impl FnMut(u64) -> bool) {
        self.rows.retain(|(key, _)| keep(*key));
        self.index.clear();
    }

    /// Where a key is that may be added next.
    #[inline]
    fn find_or_index(&mut self, key: u64) -> Option<usize> {
        self.expect_many();
        self.find(key)
    }

    /// Before many keys are looked for.
    #[inline]
    pub fn expect_many(&mut self) {
        if self.index.is_empty() && self.rows.len() > FEW {
            self.make_index();
        }
    }

    #[inline]
    fn find(&self, key: u64) -> Option<usize> {
        if !self.index.is_empty() {
            let hash = self.hash(key);
            let same = |(of, row): &(u32, u32)| *of == hash && self.rows[*row as usize].0 == key;
            return self.index.find(spread(hash), same).map(|(_, row)| *row as usize);
        }
        if self.rows.len() > FEW && self.sorted {
            return self.rows.binary_search_by_key(&key, |row| row.0).ok();
        }
        self.rows.iter().position(|row| row.0 == key)
    }

    fn push(&mut self, key: u64, state: S) -> usize {
        let at = self.rows.len();
        self.sorted &= self.rows.last().is_none_or(|last| last.0 < key);
        self.rows.push((key, state));
        if !self.index.is_empty() {
            let hash = self.hash(key);
            self.index.insert_unique(spread(hash), (hash, at as u32), |(hash, _)| spread(*hash));
        }
        at
    }

    #[cold]
    fn make_index(&mut self) {
        self.index.reserve(self.rows.len() + 1, |(hash, _)| spread(*hash));
        for (at, (key, _)) in (0..).zip(&self.rows) {
            let hash = self.hash(*key);
            self.index.insert_unique(spread(hash), (hash, at), |(hash, _)| spread(*hash));
        }
    }

    fn hash(&self, key: u64) -> u32 {
        self.hasher.hash_one(key) as u32
    }

    /// Takes in another table: `merge` adds a state to the one of the same key.
    pub fn merge(&mut self, mut other: Keyed<S>, mut merge: impl FnMut(&mut S, S)) {
        if other.len() > self.len() {
            std::mem::swap(self, &mut other);
        }
        // To walk through all rows for a few is dearer than to look those up.
        if self.sorted && other.sorted && other.len() * FEW >= self.len() {
            return self.zip(other.rows, merge);
        }
        for (key, state) in other.rows {
            match self.find_or_index(key) {
                Some(at) => merge(&mut self.rows[at].1, state),
                None => {
                    self.push(key, state);
                }
            }
        }
    }

    /// Merges sorted rows with sorted rows.
    fn zip(&mut self, other: Vec<(u64, S)>, mut merge: impl FnMut(&mut S, S)) {
        self.index.clear();
        let (length, mut at) = (self.rows.len(), 0);
        for (key, state) in other {
            at += self.rows[at..length].iter().take_while(|row| row.0 < key).count();
            match self.rows[at..length].first_mut().filter(|row| row.0 == key) {
                Some(mine) => merge(&mut mine.1, state),
                None => self.rows.push((key, state)),
            }
        }
        if self.rows.len() > length {
            // Two runs, which are merged.
            self.rows.sort_by_key(|row| row.0);
        }
    }
}

impl<S: Packed> Keyed<S> {
    /// Appends the rows in the order of their keys: equal tables are equal bytes, whatever came first.
    pub fn save(&self, to: &mut Saved) {
        self.pack(to.bytes());
    }

    /// Takes up what was saved.
    ///
    /// # Errors
    /// These are no such rows.
    pub fn load(from: &mut Loaded<'_>) -> Result<Keyed<S>, Damaged> {
        from.packed(Keyed::unpack)
    }

    fn pack(&self, bytes: &mut Vec<u8>) {
        bytes.reserve(self.rows.len() * (8 + size_of::<S>()));
        put_small(self.rows.len() as u64, bytes);
        let mut put = |(key, state): &(u64, S)| {
            key.put(bytes);
            state.put(bytes);
        };
        if self.sorted {
            return self.rows.iter().for_each(put);
        }
        let mut order: Vec<(u64, u32)> = (0..).zip(&self.rows).map(|(at, row)| (row.0, at)).collect();
        order.sort_unstable();
        for (at, (_, row)) in order.iter().enumerate() {
            if let Some((_, soon)) = order.get(at + AHEAD) {
                black_box(self.rows[*soon as usize].0);
            }
            put(&self.rows[*row as usize]);
        }
    }

    fn unpack(from: &mut Fields<'_>) -> Option<Keyed<S>> {
        let count = usize::try_from(from.small()?).ok()?;
        let mut rows: Vec<(u64, S)> = Vec::with_capacity(count.min(from.len() / 8));
        for _ in 0..count {
            let key = u64::get(from)?;
            if rows.last().is_some_and(|last| last.0 >= key) {
                return None;
            }
            rows.push((key, S::get(from)?));
        }
        Some(Keyed { rows, ..Keyed::default() })
    }
}

/// As a part of a larger state.
impl<S: Packed> Serialize for Keyed<S> {
    fn serialize<T: Serializer>(&self, serializer: T) -> Result<T::Ok, T::Error> {
        let mut bytes = Vec::new();
        self.pack(&mut bytes);
        serializer.serialize_bytes(&bytes)
    }
}

impl<'de, S: Packed> Deserialize<'de> for Keyed<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Bytes(bytes) = Bytes::deserialize(deserializer)?;
        let mut from = Fields::new(bytes);
        let table = Keyed::unpack(&mut from).filter(|_| from.is_empty());
        table.ok_or_else(|| serde::de::Error::custom("these are no sorted rows"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn of(keys: &[u64]) -> Keyed<u32> {
        let mut table = Keyed::default();
        for key in keys {
            *table.entry(*key, || 0) += 1;
        }
        table
    }

    fn travelled(table: &Keyed<u32>) -> Keyed<u32> {
        postcard::from_bytes(&postcard::to_allocvec(table).unwrap()).unwrap()
    }

    proptest::proptest! {
        #[test]
        fn keys_are_found_merged_and_travel_as_in_a_map(
            a in proptest::collection::vec(0..60_u64, 0..80),
            b in proptest::collection::vec(0..60_u64, 0..80),
            travels in 0..4_u8,
        ) {
            let mut map: BTreeMap<u64, u32> = BTreeMap::new();
            a.iter().chain(&b).for_each(|key| *map.entry(*key).or_default() += 1);
            let (mut sum, mut other) = (of(&a), of(&b));
            if travels & 1 > 0 {
                sum = travelled(&sum);
            }
            if travels & 2 > 0 {
                other = travelled(&other);
            }
            sum.merge(other, |mine, theirs| *mine += theirs);
            for key in 0..61 {
                proptest::prop_assert_eq!(sum.get(key), map.get(&key));
            }
            let mut rows: Vec<(u64, u32)> = sum.rows().map(|(key, state)| (key, *state)).collect();
            rows.sort_unstable();
            proptest::prop_assert_eq!(rows, map.iter().map(|(key, state)| (*key, *state)).collect::<Vec<_>>());
            let whole = of(&[&a[..], &b[..]].concat());
            proptest::prop_assert_eq!(postcard::to_allocvec(&sum), postcard::to_allocvec(&whole));
            sum.retain(|key| key % 2 == 0);
            *sum.entry(1, || 0) += 7;
            proptest::prop_assert_eq!((sum.get(1), sum.get(3)), (Some(&7), None));
            proptest::prop_assert_eq!(sum.get(2), map.get(&2));
        }
    }

    #[test]
    fn rows_out_of_order_and_bytes_that_are_cut_are_refused() {
        let mut bytes = Vec::new();
        of(&[5, 3, 9]).pack(&mut bytes);
        assert_eq!(bytes.len(), 1 + 3 * 12);
        let get = |bytes: &[u8]| Keyed::<u32>::unpack(&mut Fields::new(bytes));
        assert!(get(&bytes).is_some_and(|table| table.get(9) == Some(&1)));
        assert!((0..bytes.len()).all(|length| get(&bytes[..length]).is_none()));
        assert!(get(&[&[2], &bytes[13..25], &bytes[1..13]].concat()).is_none(), "out of order");
        assert!(get(&[&[2], &bytes[1..13], &bytes[1..13]].concat()).is_none(), "a key that stands twice");
    }
}
