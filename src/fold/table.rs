//! A table of states by key: keys are bytes borrowed from entries, copied only when they are new.

use std::hash::BuildHasher;
use std::hint::black_box;
use std::num::NonZeroU32;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::packed::{AHEAD, Packed, put_small};
use super::travel::{self, Damaged, Loaded, Saved};

/// States by key. Hashed with a seed of this process, so that crafted keys cannot flood it; never iterated
/// in the order of its hashes.
#[derive(Clone, Debug)]
pub struct Table<S> {
    hasher: RandomState,
    /// Are the rows in the order of their keys, and has no index been needed yet? So they come from another process.
    sorted: bool,
    /// Indices into `rows`, each with its hash, so that growing looks at no key.
    index: HashTable<(u32, u32)>,
    rows: Vec<Row<S>>,
    /// The keys' bytes, one after the other.
    keys: Vec<u8>,
}

#[derive(Clone, Debug)]
struct Row<S> {
    key_end: usize,
    key_length: u32,
    state: S,
}

impl<S> Default for Table<S> {
    fn default() -> Self {
        Table {
            hasher: RandomState::default(),
            sorted: false,
            index: HashTable::new(),
            rows: Vec::new(),
            keys: Vec::new(),
        }
    }
}

impl<S> Table<S> {
    /// The state of `key`, made by `new` if there is none yet.
    #[inline]
    pub fn entry(&mut self, key: &[u8], new: impl FnOnce() -> S) -> &mut S {
        self.indexed();
        let hash = self.hash(key);
        let at = self.find(hash, key).unwrap_or_else(|| self.insert(hash, key, new()));
        &mut self.rows[at as usize].state
    }

    /// The number of `key`, from 0 in the order in which keys came; its state is made by `new` if there is none yet.
    #[inline]
    pub fn number(&mut self, key: &[u8], new: impl FnOnce() -> S) -> u32 {
        self.indexed();
        let hash = self.hash(key);
        self.find(hash, key).unwrap_or_else(|| self.insert(hash, key, new()))
    }

    /// The key of a number that [`Table::number`] gave.
    ///
    /// # Panics
    /// If it gave no such number.
    pub fn key_of(&self, number: u32) -> &[u8] {
        self.rows[number as usize].key(&self.keys)
    }

    /// The state of a number that [`Table::number`] gave.
    ///
    /// # Panics
    /// If it gave no such number.
    #[inline]
    pub fn state(&mut self, number: u32) -> &mut S {
        &mut self.rows[number as usize].state
    }

    /// Where the key of each number stands in the order of the keys: its number when the table has travelled.
    pub fn ranks(&self) -> Vec<u32> {
        let order = self.order();
        let mut ranks = vec![0; order.len()];
        (0..).zip(order).for_each(|(rank, number)| ranks[number as usize] = rank);
        ranks
    }

    /// The numbers in the order of their keys.
    fn order(&self) -> Vec<u32> {
        let rows = 0..self.rows.len() as u32;
        if self.sorted {
            return rows.collect();
        }
        // Behind what all keys have in common, eight bytes tell most of them apart.
        let first = self.rows.first().map_or(&[][..], |row| row.key(&self.keys));
        let common = |length: usize, row: &Row<S>| {
            let same = |(a, b): &(&u8, &u8)| a == b;
            first[..length].iter().zip(row.key(&self.keys)).take_while(same).count()
        };
        let common = self.rows.iter().fold(first.len(), common);
        let told = |row: u32| {
            let rest = &self.key_of(row)[common..];
            let mut bytes = [0; 8];
            let length = rest.len().min(8);
            bytes[..length].copy_from_slice(&rest[..length]);
            (u64::from_be_bytes(bytes), row)
        };
        let mut order: Vec<(u64, u32)> = rows.map(told).collect();
        order.sort_unstable_by(|a, b| {
            a.0.cmp(&b.0).then_with(|| self.key_of(a.1)[common..].cmp(&self.key_of(b.1)[common..]))
        });
        order.into_iter().map(|(_, row)| row).collect()
    }

    /// Keeps only these keys.
    pub fn retain(&mut self, keep: impl FnMut(&[u8]) -> bool) {
        self.retain_or(keep, drop);
    }

    /// Keeps only these keys; the states of the others are handed to `rest`.
    pub fn retain_or(&mut self, mut keep: impl FnMut(&[u8]) -> bool, mut rest: impl FnMut(S)) {
        let (hasher, sorted) = (self.hasher.clone(), self.sorted);
        let old = std::mem::replace(self, Table { hasher, sorted, ..Table::default() });
        for row in old.rows {
            let key = &old.keys[row.key_end - row.key_length as usize..row.key_end];
            if keep(key) {
                self.push(key, row.state);
            } else {
                rest(row.state);
            }
        }
    }

    /// The tables of those of its keys that fall into each of so many buckets.
    pub fn split(self, buckets: NonZeroU32) -> Vec<Table<S>> {
        let mut tables: Vec<Table<S>> =
            (0..buckets.get()).map(|_| Table { sorted: self.sorted, ..Table::default() }).collect();
        for row in self.rows {
            let key = &self.keys[row.key_end - row.key_length as usize..row.key_end];
            let table = &mut tables[travel::bucket(key, buckets) as usize];
            table.push(key, row.state);
        }
        tables
    }

    /// The state of `key`, if there is one.
    pub fn get(&self, key: &[u8]) -> Option<&S> {
        let row = if self.sorted {
            self.rows.binary_search_by(|row| row.key(&self.keys).cmp(key)).ok()?
        } else {
            self.find(self.hash(key), key)? as usize
        };
        Some(&self.rows[row].state)
    }

    /// Makes the index, if there is none yet.
    #[inline]
    fn indexed(&mut self) {
        if self.sorted {
            self.make_index();
        }
    }

    #[cold]
    fn make_index(&mut self) {
        self.sorted = false;
        self.index.reserve(self.rows.len(), |(hash, _)| spread(*hash));
        for at in 0..self.rows.len() {
            let hash = self.hash(self.rows[at].key(&self.keys));
            self.index.insert_unique(spread(hash), (hash, at as u32), |(hash, _)| spread(*hash));
        }
    }

    /// Adds a key that is not there; to sorted rows one behind all others.
    fn push(&mut self, key: &[u8], state: S) {
        if self.sorted {
            self.push_row(key, state);
        } else {
            self.insert(self.hash(key), key, state);
        }
    }

    fn push_row(&mut self, key: &[u8], state: S) {
        self.keys.extend_from_slice(key);
        self.rows.push(Row { key_end: self.keys.len(), key_length: key.len() as u32, state });
    }

    fn hash(&self, key: &[u8]) -> u32 {
        self.hasher.hash_one(key) as u32
    }

    #[inline]
    fn find(&self, hash: u32, key: &[u8]) -> Option<u32> {
        // Bytes of length 0 may lie anywhere, and comparing them costs some processors a fault that they hide.
        let is = |mine: &[u8]| mine.len() == key.len() && (key.is_empty() || mine == key);
        let same = |(of, row): &(u32, u32)| *of == hash && is(self.rows[*row as usize].key(&self.keys));
        self.index.find(spread(hash), same).map(|(_, row)| *row)
    }

    fn insert(&mut self, hash: u32, key: &[u8], state: S) -> u32 {
        self.push_row(key, state);
        let row = (self.rows.len() - 1) as u32;
        self.index.insert_unique(spread(hash), (hash, row), |(hash, _)| spread(*hash));
        row
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Are there no keys?
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Takes in another table: `merge` adds a state to the one of the same key.
    pub fn merge(&mut self, mut other: Table<S>, mut merge: impl FnMut(&mut S, S)) {
        if other.is_empty() {
            return;
        }
        // Fewer rows are moved when the smaller goes into the larger; the result is the same.
        if other.len() > self.len() {
            std::mem::swap(self, &mut other);
        }
        // To walk through all rows for a few is dearer than to look those up.
        if self.sorted && other.sorted && other.len() * FEW >= self.len() {
            return self.zip(other, merge);
        }
        self.indexed();
        self.index.reserve(other.len(), |(hash, _)| spread(*hash));
        let keys = other.keys;
        for row in other.rows {
            let key = &keys[row.key_end - row.key_length as usize..row.key_end];
            let hash = self.hash(key);
            match self.find(hash, key) {
                Some(mine) => merge(&mut self.rows[mine as usize].state, row.state),
                None => {
                    self.insert(hash, key, row.state);
                }
            }
        }
    }

    /// Merges sorted rows with sorted rows.
    fn zip(&mut self, other: Table<S>, mut merge: impl FnMut(&mut S, S)) {
        let (length, mut at) = (self.rows.len(), 0);
        for row in other.rows {
            let key = &other.keys[row.key_end - row.key_length as usize..row.key_end];
            let mine = &self.rows[at..length];
            at += mine.iter().take_while(|mine| mine.key(&self.keys) < key).count();
            if self.rows[at..length].first().is_some_and(|mine| mine.key(&self.keys) == key) {
                merge(&mut self.rows[at].state, row.state);
            } else {
                self.push_row(key, row.state);
            }
        }
        if self.rows.len() > length {
            // Two runs, which are merged.
            let keys = &self.keys;
            self.rows.sort_by(|a, b| a.key(keys).cmp(b.key(keys)));
        }
    }

    /// Every key and state, in no order that may be shown: sort them.
    pub fn rows(&self) -> impl Iterator<Item = (&[u8], &S)> {
        self.rows.iter().map(|row| (row.key(&self.keys), &row.state))
    }

    /// Every key and state, in the order of [`Table::number`].
    pub fn rows_mut(&mut self) -> impl Iterator<Item = (&[u8], &mut S)> {
        let keys = &self.keys;
        self.rows.iter_mut().map(|row| {
            let key = &keys[row.key_end - row.key_length as usize..row.key_end];
            (key, &mut row.state)
        })
    }

    /// Every state, in no order that may be shown.
    pub fn states_mut(&mut self) -> impl Iterator<Item = &mut S> {
        self.rows.iter_mut().map(|row| &mut row.state)
    }

    /// Every key and state, in the order of the keys' bytes.
    pub fn into_sorted(self) -> Vec<(Vec<u8>, S)> {
        let keys = self.keys;
        let mut rows: Vec<(Vec<u8>, S)> = self
            .rows
            .into_iter()
            .map(|row| (keys[row.key_end - row.key_length as usize..row.key_end].to_vec(), row.state))
            .collect();
        rows.sort_by(|(a, _), (b, _)| a.cmp(b));
        rows
    }
}

/// How large tables travel.
impl<S: Packed> Table<S> {
    /// Appends the rows in the order of their keys: equal tables are equal bytes, whatever came first.
    pub fn save(&self, to: &mut Saved) {
        let bytes = to.bytes();
        bytes.reserve(self.keys.len() + self.rows.len() * (1 + size_of::<S>()));
        put_small(self.rows.len() as u64, bytes);
        let order = self.order();
        for (at, row) in order.iter().enumerate() {
            if let Some(soon) = order.get(at + 2 * AHEAD) {
                black_box(self.rows[*soon as usize].key_length);
            }
            if let Some(soon) = order.get(at + AHEAD) {
                black_box(self.key_of(*soon).first().copied());
            }
            let row = &self.rows[*row as usize];
            put_small(u64::from(row.key_length), bytes);
            bytes.extend_from_slice(row.key(&self.keys));
            row.state.put(bytes);
        }
    }

    /// Takes up what was saved.
    ///
    /// # Errors
    /// These are no such rows.
    pub fn load(from: &mut Loaded<'_>) -> Result<Table<S>, Damaged> {
        from.packed(|from| {
            let mut table = Table { sorted: true, ..Table::default() };
            let count = usize::try_from(from.small()?).ok()?;
            table.rows.reserve(count.min(from.len()));
            for _ in 0..count {
                let length = u32::try_from(from.small()?).ok()?;
                let key = from.slice(length as usize)?;
                if table.rows.last().is_some_and(|last| last.key(&table.keys) >= key) {
                    return None;
                }
                table.push_row(key, S::get(from)?);
            }
            Some(table)
        })
    }
}

/// The rows in the order of their keys: equal tables are equal bytes, whatever came first.
impl<S: serde::Serialize> serde::Serialize for Table<S> {
    fn serialize<T: serde::Serializer>(&self, serializer: T) -> Result<T::Ok, T::Error> {
        if self.sorted {
            return serializer.collect_seq(self.rows().map(|(key, state)| (travel::Bytes(key), state)));
        }
        let rows = self.order().into_iter();
        let rows = rows.map(|row| (travel::Bytes(self.key_of(row)), &self.rows[row as usize].state));
        serializer.collect_seq(rows)
    }
}

impl<'de, S: serde::Deserialize<'de>> serde::Deserialize<'de> for Table<S> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Rows<S>(std::marker::PhantomData<S>);
        impl<'de, S: serde::Deserialize<'de>> serde::de::Visitor<'de> for Rows<S> {
            type Value = Table<S>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("rows of a table")
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut rows: A) -> Result<Table<S>, A::Error> {
                let mut table = Table { sorted: true, ..Table::default() };
                while let Some((travel::Bytes(key), state)) =
                    rows.next_element::<(travel::Bytes<'de>, S)>()?
                {
                    if table.rows.last().is_some_and(|last| last.key(&table.keys) >= key) {
                        return Err(serde::de::Error::custom("keys are out of order"));
                    }
                    table.push_row(key, state);
                }
                Ok(table)
            }
        }
        deserializer.deserialize_seq(Rows(std::marker::PhantomData))
    }
}

/// So few rows are looked through one after the other, and so many times as many are not walked through for them.
pub(super) const FEW: usize = 8;

/// A hash whose high and low bits both tell keys apart, as the index wants it.
pub(super) fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl<S> Row<S> {
    fn key<'k>(&self, keys: &'k [u8]) -> &'k [u8] {
        &keys[self.key_end - self.key_length as usize..self.key_end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_found_again_and_merge() {
        let mut a: Table<u32> = Table::default();
        for key in ["x", "y", "x", "", "x"] {
            *a.entry(key.as_bytes(), || 0) += 1;
        }
        let mut b: Table<u32> = Table::default();
        for i in 0..1000 {
            *b.entry(format!("k{}", i % 10).as_bytes(), || 0) += 1;
        }
        *b.entry(b"x", || 0) += 10;
        a.merge(b, |mine, theirs| *mine += theirs);
        assert_eq!(a.get(b"x"), Some(&13));
        assert_eq!(a.get(b"k3"), Some(&100));
        assert_eq!(a.get(b"none"), None);
        let number = a.number(b"k3", || 0);
        assert_eq!(a.key_of(number), b"k3");
        let sorted = a.clone().into_sorted();
        assert_eq!(sorted.len(), 13);
        a.retain(|key| key.len() < 2);
        assert_eq!((a.len(), a.get(b"x"), a.get(b"k3")), (3, Some(&13), None));
        assert_eq!(sorted[0], (Vec::new(), 1));
    }

    #[test]
    fn tables_that_have_travelled_are_the_same() {
        let of = |keys: &[u32]| {
            let mut table: Table<u64> = Table::default();
            for key in keys {
                *table.entry(format!("k{key}").as_bytes(), || 0) += u64::from(*key);
            }
            table
        };
        let bytes = |table: &Table<u64>| postcard::to_allocvec(table).unwrap();
        let travelled = |table: &Table<u64>| postcard::from_bytes::<Table<u64>>(&bytes(table)).unwrap();
        let (a, b) = (of(&[9, 1, 5, 7, 30]), of(&[5, 2, 30, 4]));
        let mut plain = a.clone();
        plain.merge(b.clone(), |mine, theirs| *mine += theirs);
        for (mine, theirs) in [(true, true), (true, false), (false, true)] {
            let mut sum = if mine { travelled(&a) } else { a.clone() };
            sum.merge(if theirs { travelled(&b) } else { b.clone() }, |mine, theirs| *mine += theirs);
            assert_eq!(bytes(&sum), bytes(&plain), "{mine} {theirs}");
            assert_eq!((sum.get(b"k30"), sum.get(b"k3"), sum.len()), (Some(&60), None, 7));
            sum.retain(|key| key != b"k4");
            *sum.entry(b"k3", || 0) += 3;
            assert_eq!((sum.get(b"k3"), sum.get(b"k4"), sum.get(b"k9")), (Some(&3), None, Some(&9)));
        }
        let mut none = Table::default();
        none.merge(travelled(&a), |_, _| {});
        assert_eq!(bytes(&none), bytes(&a));
        let parts = travelled(&a).split(NonZeroU32::new(3).unwrap());
        assert_eq!(parts.iter().map(Table::len).sum::<usize>(), 5);
    }
}
