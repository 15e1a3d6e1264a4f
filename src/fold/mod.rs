//! What entries add up to: states whose merge is associative and commutative, so that they could travel.
//!
//! A state holds integers, sorted tables and exact multisets; no float whose sum depends on order, and no
//! cap that depends on it ([`Bounded`]).

pub mod bounded;
pub mod keyed;
pub mod packed;
pub mod quantile;
pub mod sum;
pub mod table;
pub mod travel;

pub use bounded::Bounded;
pub use keyed::Keyed;
pub use packed::{Fields, Packed, put_small};
pub use quantile::Quantiles;
pub use sum::Sum;
pub use table::Table;
pub use travel::{Damaged, Loaded, Saved, Travel, bucket};

use crate::model::Entry;

/// A state that entries are added to and that merges with its like.
///
/// Laws, for any states a, b, c: `merge(a, b) = merge(b, a)`, `merge(merge(a, b), c) = merge(a, merge(b, c))`,
/// and a new state changes nothing.
pub trait Fold: Send {
    /// Takes in an entry that was selected.
    fn add(&mut self, entry: &Entry<'_, '_>);

    /// Takes in the state of another part of the input.
    fn merge(&mut self, other: Self);
}

/// Two states that see the same entries.
impl<A: Travel, B: Travel> Travel for (A, B) {
    fn save(self, to: &mut Saved) {
        self.0.save(to);
        self.1.save(to);
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        self.0.load(from)?;
        self.1.load(from)
    }

    fn settle(&mut self) {
        self.0.settle();
        self.1.settle();
    }
}

/// Two states that see the same entries.
impl<A: Fold, B: Fold> Fold for (A, B) {
    fn add(&mut self, entry: &Entry<'_, '_>) {
        self.0.add(entry);
        self.1.add(entry);
    }

    fn merge(&mut self, other: Self) {
        self.0.merge(other.0);
        self.1.merge(other.1);
    }
}
