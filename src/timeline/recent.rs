//! Texts that were seen before, with their keys: most logs say few things over and over.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;

/// Texts with the keys that a pure function makes of them, and with what else is known about each.
#[derive(Clone, Debug)]
pub struct RecentTexts<T = ()> {
    make: fn(&[u8], &mut Vec<u8>),
    known: Vec<Seen<T>>,
    hasher: FixedState,
}

#[derive(Clone, Debug, Default)]
struct Seen<T> {
    text: Vec<u8>,
    key: Vec<u8>,
    beside: T,
}

/// Places for texts; a text has one only.
const PLACES: usize = 512;
/// Bytes of a text at most; longer ones are seldom the same.
const LONGEST: usize = 120;

impl<T: Clone + Default> RecentTexts<T> {
    /// Keys that `make` appends to what it is given.
    pub fn new(make: fn(&[u8], &mut Vec<u8>)) -> RecentTexts<T> {
        RecentTexts { make, known: vec![Seen::default(); PLACES], hasher: FixedState::default() }
    }

    /// Appends the key of a text to `key`. What else is known about the text is handed out to be kept with it, unless
    /// the text is too long to be kept.
    pub fn append(&mut self, text: &[u8], key: &mut Vec<u8>) -> Option<&mut T> {
        if text.len() > LONGEST {
            (self.make)(text, key);
            return None;
        }
        let hash = self.hasher.hash_one(text);
        let seen = &mut self.known[hash as usize % PLACES];
        if seen.text != text {
            seen.text.clear();
            seen.text.extend_from_slice(text);
            seen.key.clear();
            seen.beside = T::default();
            (self.make)(text, &mut seen.key);
        }
        key.extend_from_slice(&seen.key);
        Some(&mut seen.beside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::log::mask;
    use crate::timeline::phrase;

    proptest::proptest! {
        #[test]
        fn what_was_seen_before_makes_no_difference(texts in proptest::collection::vec("[ab1 ]{0,3}", 1..60)) {
            for make in [mask::mask, phrase::phrase] {
                let mut recent: RecentTexts<Option<String>> = RecentTexts::new(make);
                for text in &texts {
                    let (mut key, mut wanted) = (Vec::new(), Vec::new());
                    let beside = recent.append(text.as_bytes(), &mut key).unwrap();
                    proptest::prop_assert_eq!(&*beside.get_or_insert_with(|| text.clone()), text);
                    make(text.as_bytes(), &mut wanted);
                    proptest::prop_assert_eq!(key, wanted);
                }
            }
        }
    }
}
