//! How a pass is cut into units, one for each process.
//!
//! What belongs together was written at about the same time, in several files. So a unit is a slice of time, as far as that
//! is known: requests then have most of their entries in one unit, and fewer of them are handed on.

use std::collections::BTreeMap;

use super::inputs::Input;
use super::parts;
use super::unit::{Span, Unit};
use super::{ScanOptions, chunk_of, parallel};
use crate::model::{Error, Timestamp};
use crate::source::Content;

/// How units are cut.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    /// About how much each reads.
    pub bytes: u64,
    /// Is each file one of its own, whatever its size?
    pub by_file: bool,
}

/// So many pieces of files make a unit, unless chunks are too large for that.
const PIECES: u64 = 16;

impl Cut {
    /// The units of a pass: files of which any part can be read alone are cut, others are whole.
    pub(super) fn units(self, inputs: &[Input], options: &ScanOptions) -> Result<Vec<Unit>, Error> {
        let files: Vec<u32> = (0..inputs.len() as u32).collect();
        let whole = |file: &u32| {
            let bytes = inputs[*file as usize].size.unwrap_or(0);
            Span { file: *file, from: 0, until: u32::MAX, bytes }
        };
        if self.by_file {
            return Ok(files.iter().map(|file| Unit { spans: vec![whole(file)] }).collect());
        }
        let pieces = files.iter().map(|file| self.pieces(whole(file), &inputs[*file as usize], options));
        let pieces = pieces.collect::<Result<Vec<_>, _>>()?;
        let all: u64 = pieces.iter().flatten().map(|piece| piece.bytes).sum();
        // Where all is one unit, no time is asked for.
        let asked = if all > self.bytes { inputs.len() } else { 0 };
        let times = parallel(options.threads, asked, |file| parts::span(&inputs[file], options));
        let mut timed: Vec<(Option<i64>, Span)> = Vec::new();
        for (file, pieces) in pieces.into_iter().enumerate() {
            let times = times.get(file).copied().flatten();
            let length: u64 = pieces.iter().map(|piece| piece.bytes).sum();
            let mut before = 0;
            for piece in pieces {
                timed.push((times.map(|times| between(times, before, length)), piece));
                before += piece.bytes;
            }
        }
        timed.sort_by_key(|(time, piece)| (time.is_none(), *time, piece.file, piece.from));
        Ok(self.filled(timed.into_iter().map(|(_, piece)| piece)))
    }

    /// The pieces of a file.
    fn pieces(self, whole: Span, input: &Input, options: &ScanOptions) -> Result<Vec<Span>, Error> {
        let wanted = (self.bytes / PIECES).max(1);
        // Whether parts can be read alone, its bytes tell.
        let opened = (whole.bytes > wanted).then(|| input.open(options)).transpose();
        let length = match opened.map_err(|trouble| Error::input(trouble.to_string()))? {
            Some((Content::Mapped(map), _)) => map.len(),
            _ => 0,
        };
        let chunk = chunk_of(length, options.chunk);
        let chunks = length.div_ceil(chunk) as u32;
        let each = u32::try_from(wanted.div_ceil(chunk as u64)).unwrap_or(u32::MAX);
        if chunks <= each {
            return Ok(vec![whole]);
        }
        let piece = |from: u32| {
            let end = from.saturating_add(each).min(chunks);
            let bytes = (length.min(end as usize * chunk) - from as usize * chunk) as u64;
            Span { from, until: if end == chunks { u32::MAX } else { end }, bytes, ..whole }
        };
        Ok((0..chunks).step_by(each as usize).map(piece).collect())
    }

    /// Units of these pieces, in their order.
    fn filled(self, pieces: impl Iterator<Item = Span>) -> Vec<Unit> {
        let mut units: Vec<Unit> = Vec::new();
        let mut open: BTreeMap<u32, Span> = BTreeMap::new();
        let mut bytes = 0;
        let unit =
            |open: &mut BTreeMap<u32, Span>| Unit { spans: std::mem::take(open).into_values().collect() };
        for piece in pieces {
            if bytes + piece.bytes > self.bytes && !open.is_empty() {
                units.push(unit(&mut open));
                bytes = 0;
            }
            bytes += piece.bytes;
            // The pieces of a file come one after the other.
            let known = open.entry(piece.file).or_insert(Span { until: piece.from, bytes: 0, ..piece });
            (known.until, known.bytes) = (piece.until, known.bytes + piece.bytes);
        }
        if !open.is_empty() {
            units.push(unit(&mut open));
        }
        units
    }
}

/// About when what stands at this place of a file was written.
fn between((from, until): (Timestamp, Timestamp), place: u64, length: u64) -> i64 {
    let share = (i128::from(until.0) - i128::from(from.0)) * i128::from(place) / i128::from(length.max(1));
    from.0.saturating_add(i64::try_from(share).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_fill_units_and_join_where_they_touch() {
        let piece = |file, from, until, bytes| Span { file, from, until, bytes };
        let cut = Cut { bytes: 10, by_file: false };
        let pieces = [
            piece(1, 0, 2, 4),
            piece(0, 0, 1, 4),
            piece(1, 2, 3, 2),
            piece(1, 3, u32::MAX, 5),
            piece(0, 1, 2, 30),
            piece(0, 2, u32::MAX, 1),
        ];
        let units = cut.filled(pieces.into_iter());
        let spans: Vec<Vec<Span>> = units.into_iter().map(|unit| unit.spans).collect();
        let wanted = [
            vec![piece(0, 0, 1, 4), piece(1, 0, 3, 6)],
            vec![piece(1, 3, u32::MAX, 5)],
            vec![piece(0, 1, 2, 30)],
            vec![piece(0, 2, u32::MAX, 1)],
        ];
        assert_eq!(spans, wanted);
        assert!(cut.filled(std::iter::empty()).is_empty());
    }

    #[test]
    fn times_lie_between_the_first_and_the_last() {
        let of = |place| between((Timestamp(100), Timestamp(200)), place, 50);
        assert_eq!([of(0), of(25), of(50)], [100, 150, 200]);
        let wide = (Timestamp(i64::MIN / 2), Timestamp(i64::MAX / 2));
        assert!(between(wide, 1 << 60, 1 << 61).abs() < 2);
        assert_eq!(between((Timestamp(7), Timestamp(7)), 3, 0), 7);
    }
}
