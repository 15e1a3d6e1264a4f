//! Keys of texts that were seen before: most logs say few things over and over.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;

/// Texts with the keys that a pure function makes of them.
#[derive(Clone, Debug)]
pub struct RecentTexts {
    make: fn(&[u8], &mut Vec<u8>),
    known: Vec<(Vec<u8>, Vec<u8>)>,
    hasher: FixedState,
}

/// Places for texts; a text has one only.
const PLACES: usize = 512;
/// Bytes of a text at most; longer ones are seldom the same.
const LONGEST: usize = 120;

impl RecentTexts {
    /// Keys that `make` appends to what it is given.
    pub fn new(make: fn(&[u8], &mut Vec<u8>)) -> RecentTexts {
        RecentTexts { make, known: vec![(Vec::new(), Vec::new()); PLACES], hasher: FixedState::default() }
    }

    /// Appends the key of a text to `key`.
    pub fn append(&mut self, text: &[u8], key: &mut Vec<u8>) {
        if text.len() > LONGEST {
            return (self.make)(text, key);
        }
        let hash = self.hasher.hash_one(text);
        let (known, made) = &mut self.known[hash as usize % PLACES];
        if known != text {
            known.clear();
            known.extend_from_slice(text);
            made.clear();
            (self.make)(text, made);
        }
        key.extend_from_slice(made);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::{mask, phrase};

    proptest::proptest! {
        #[test]
        fn what_was_seen_before_makes_no_difference(texts in proptest::collection::vec("[ab1 ]{0,3}", 1..60)) {
            for make in [mask::mask, phrase::phrase] {
                let mut recent = RecentTexts::new(make);
                for text in &texts {
                    let (mut key, mut wanted) = (Vec::new(), Vec::new());
                    recent.append(text.as_bytes(), &mut key);
                    make(text.as_bytes(), &mut wanted);
                    proptest::prop_assert_eq!(key, wanted);
                }
            }
        }
    }
}
