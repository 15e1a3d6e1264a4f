//! A table that does not grow beyond a limit: which keys it keeps depends on the keys alone, not on when they came.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;

use super::{Damaged, Loaded, Saved, Table};

/// States by key, of at most so many keys. Beyond that those stay that come first in the order of a hash; what is kept of
/// them is exact, since one that has to go never comes back, and the others are added up.
#[derive(Clone, Debug)]
pub struct Bounded<S> {
    table: Table<S>,
    most: usize,
    /// The last hash that is kept, once there were more keys.
    bound: Option<u64>,
    rest: Option<S>,
    merge: fn(&mut S, S),
}

impl<S: Default> Bounded<S> {
    /// A table of at most `most` keys, one at least; `merge` adds a state to another.
    pub fn new(most: usize, merge: fn(&mut S, S)) -> Self {
        Bounded { table: Table::default(), most: most.max(1), bound: None, rest: None, merge }
    }

    /// The state of `key`, or the one of all keys beyond the limit.
    #[inline]
    pub fn entry(&mut self, key: &[u8]) -> &mut S {
        // A quarter more is held before those are looked for that have to go.
        if self.table.len() > self.most + self.most / 4 {
            self.keep_most();
        }
        match self.bound {
            Some(bound) if rank(key) > bound => self.rest.get_or_insert_default(),
            _ => self.table.entry(key, S::default),
        }
    }

    /// Takes in another table.
    pub fn merge(&mut self, other: Self) {
        self.table.merge(other.table, self.merge);
        other.rest.into_iter().for_each(|rest| self.add_rest(rest));
        self.bound = [self.bound, other.bound].into_iter().flatten().min();
        if self.table.len() > self.most {
            self.keep_most();
        }
    }

    /// Appends what is held.
    pub fn save(mut self, to: &mut Saved)
    where
        S: serde::Serialize,
    {
        // What is held beyond the limit is so by the order in which keys came.
        if self.table.len() > self.most {
            self.keep_most();
        }
        to.put(&(&self.table, self.bound, &self.rest));
    }

    /// Takes what was held, in place of nothing.
    pub fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged>
    where
        S: serde::de::DeserializeOwned,
    {
        (self.table, self.bound, self.rest) = from.take()?;
        Ok(())
    }

    /// Every state so far.
    pub fn states(&self) -> impl Iterator<Item = &S> {
        self.table.rows().map(|(_, state)| state).chain(&self.rest)
    }

    /// The table of the keys that stay, and what the others come to, if there are others.
    pub fn settle(mut self) -> (Table<S>, Option<S>) {
        if self.table.len() > self.most {
            self.keep_most();
        }
        (self.table, self.rest)
    }

    fn add_rest(&mut self, state: S) {
        (self.merge)(self.rest.get_or_insert_default(), state);
    }

    fn keep_most(&mut self) {
        let mut ranks: Vec<u64> = self.table.rows().map(|(key, _)| rank(key)).collect();
        let (_, bound, _) = ranks.select_nth_unstable(self.most - 1);
        let bound = *bound;
        let (rest, merge) = (self.rest.get_or_insert_default(), self.merge);
        self.table.retain_or(|key| rank(key) <= bound, |state| merge(rest, state));
        self.bound = Some(bound);
    }
}

/// Where a key stands among those of which only some are kept: the same in every run.
fn rank(key: &[u8]) -> u64 {
    FixedState::with_seed(0x6b65_6570).hash_one(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn what_is_kept_is_exact_and_does_not_depend_on_order(
            keys in proptest::collection::vec(0..200_u32, 0..400),
            most in 1..60_usize,
            at in 0..400_usize,
        ) {
            let of = |keys: &[u32]| {
                let mut table: Bounded<u64> = Bounded::new(most, |mine, theirs| *mine += theirs);
                for key in keys {
                    *table.entry(&key.to_be_bytes()) += 1;
                }
                table
            };
            let (left, right) = keys.split_at(at.min(keys.len()));
            let mut merged = of(right);
            merged.merge(of(left));
            let (whole, rest) = of(&keys).settle();
            let (table, other) = merged.settle();
            let distinct: std::collections::BTreeSet<u32> = keys.iter().copied().collect();
            proptest::prop_assert_eq!(table.len(), distinct.len().min(most));
            proptest::prop_assert_eq!(rest.is_some(), distinct.len() > most);
            proptest::prop_assert_eq!(rest, other);
            let counted: u64 = table.rows().map(|(_, count)| *count).sum();
            proptest::prop_assert_eq!(counted + other.unwrap_or(0), keys.len() as u64);
            for (key, count) in table.rows() {
                let exact = keys.iter().filter(|of| of.to_be_bytes() == *key).count() as u64;
                proptest::prop_assert_eq!(*count, exact);
            }
            proptest::prop_assert_eq!(table.into_sorted(), whole.into_sorted());
        }
    }
}
