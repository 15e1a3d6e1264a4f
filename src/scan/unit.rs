//! What one process does of a pass: chunks of files.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// What one process does of a pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// By file, each once.
    pub spans: Vec<Span>,
}

/// Chunks of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The file's index.
    pub file: u32,
    /// The first chunk.
    pub from: u32,
    /// The first chunk that is not part of it; the greatest number for the end of the file.
    pub until: u32,
    /// About how many bytes these are, as they are stored.
    pub bytes: u64,
}

impl Unit {
    /// Is some of this file in it?
    pub fn has(&self, file: usize) -> bool {
        self.spans.binary_search_by_key(&(file as u32), |span| span.file).is_ok()
    }

    /// The chunks of a file.
    pub(super) fn chunks(&self, file: usize) -> Range<u32> {
        let at = self.spans.binary_search_by_key(&(file as u32), |span| span.file);
        at.ok().and_then(|at| self.spans.get(at)).map_or(0..0, |span| span.from..span.until)
    }

    /// Several at once, if each has its files for itself or what is next to another's.
    pub fn together<'u>(units: impl Iterator<Item = &'u Unit>) -> Option<Unit> {
        let mut spans: Vec<Span> = units.flat_map(|unit| unit.spans.iter().copied()).collect();
        spans.sort_unstable_by_key(|span| (span.file, span.from));
        spans.dedup_by(|next, kept| {
            let goes_on = kept.file == next.file && kept.until == next.from;
            if goes_on {
                kept.until = next.until;
                kept.bytes += next.bytes;
            }
            goes_on
        });
        spans.windows(2).all(|two| two[0].file < two[1].file).then_some(Unit { spans })
    }

    /// About how many bytes it has to read.
    pub fn bytes(&self) -> u64 {
        self.spans.iter().map(|span| span.bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_go_together_that_touch_or_are_of_other_files() {
        let of = |file, from, until| Unit { spans: vec![Span { file, from, until, bytes: 1 }] };
        let (a, b, c, other) = (of(0, 0, 2), of(0, 2, 4), of(0, 4, u32::MAX), of(3, 0, u32::MAX));
        let all = Unit::together([&other, &b, &c, &a].into_iter()).unwrap();
        let whole = Span { file: 0, from: 0, until: u32::MAX, bytes: 3 };
        assert_eq!(all.spans, [vec![whole], other.spans.clone()].concat());
        assert_eq!(Unit::together([&a, &c].into_iter()), None);
        assert_eq!(Unit::together([&a, &a].into_iter()), None);
        assert_eq!(Unit::together([&a].into_iter()), Some(a.clone()));
    }
}
