//! The index of a block: its series, and where their chunks are.

use super::cursor::{Cursor, has_sum};

/// Where a chunk is, and the times of its first and last sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkPlace {
    /// The time of its first sample.
    pub from: i64,
    /// The time of its last sample.
    pub to: i64,
    /// The segment of chunks, from 0.
    pub segment: usize,
    /// Where it starts in the segment.
    pub offset: usize,
}

/// A series of a block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry<'i> {
    /// What tombstones call it.
    pub reference: u64,
    /// Its labels, by name.
    pub labels: Vec<(&'i str, &'i str)>,
    /// Its chunks, rising in time.
    pub chunks: Vec<ChunkPlace>,
}

/// The index of a block, as far as it is there.
#[derive(Debug)]
pub struct Index<'i> {
    bytes: &'i [u8],
    version: u8,
    /// Symbols by their number; in version 1 their places are the offsets of the file.
    symbols: Vec<(usize, &'i str)>,
    /// Where the series start and end.
    series: std::ops::Range<usize>,
    /// Is the table of contents at the end missing, so that the file was cut?
    pub is_cut: bool,
}

const MAGIC: u32 = 0xbaaa_d700;
/// Six offsets and their sum.
const CONTENTS: usize = 6 * 8 + 4;
/// The magic number and the version.
const HEAD: usize = 5;
/// Series start at multiples of this.
const ALIGNED: usize = 16;

impl<'i> Index<'i> {
    /// Reads what comes before the series.
    ///
    /// # Errors
    /// It is no index, or one of an unknown version, or its symbols are missing.
    pub fn read(bytes: &'i [u8]) -> Result<Self, String> {
        let mut head = Cursor::new(bytes);
        if head.u32() != Some(MAGIC) {
            return Err("this is no index: its first bytes are wrong".to_owned());
        }
        let version = head.byte().unwrap_or(0);
        if !(1..=3).contains(&version) {
            return Err(format!("an index of version {version} is not known; 1 to 3 are"));
        }
        let contents = contents(bytes);
        let start = contents.map_or(HEAD, |contents| contents.symbols);
        let (symbols, end) =
            symbols(bytes, start).ok_or("the symbols of the index are not there as a whole")?;
        let (from, to) = match contents {
            Some(contents) => (contents.series.next_multiple_of(ALIGNED), contents.series_end),
            None => (end.next_multiple_of(ALIGNED), bytes.len()),
        };
        let series = from.min(bytes.len())..to.clamp(from.min(bytes.len()), bytes.len());
        Ok(Index { bytes, version, symbols, series, is_cut: contents.is_none() })
    }

    fn symbol(&self, number: u64) -> Option<&'i str> {
        let number = usize::try_from(number).ok()?;
        if self.version == 1 {
            let place = self.symbols.binary_search_by_key(&number, |(offset, _)| *offset).ok()?;
            return Some(self.symbols[place].1);
        }
        self.symbols.get(number).map(|(_, text)| *text)
    }

    /// Hands on each series of whose labels something is wanted, and that. Says what ended it early.
    ///
    /// # Errors
    /// A series is damaged; those before it have been handed on.
    pub fn each<W>(
        &self,
        mut wanted: impl FnMut(&[(&str, &str)]) -> Option<W>,
        mut each: impl FnMut(&Entry<'i>, W),
    ) -> Result<(), String> {
        let mut at = self.series.start;
        let mut entry = Entry::default();
        while at < self.series.end {
            let mut cursor = Cursor::new(&self.bytes[at..self.series.end]);
            let before = cursor.rest.len();
            let frame = || {
                let body = cursor.text()?;
                let sum = cursor.u32()?;
                Some((body, sum, before - cursor.rest.len()))
            };
            let mut frame = frame;
            let Some((body, sum, used)) = frame() else {
                return Err(format!("the series at byte {at} is cut"));
            };
            // Between the last series and the table of contents of a file that was cut there are other tables.
            if body.is_empty() {
                return if self.is_cut {
                    Err("the index is cut after its series".to_owned())
                } else {
                    Ok(())
                };
            }
            if !has_sum(body, sum) {
                return Err(format!("the sum of the series at byte {at} is wrong"));
            }
            entry.reference = if self.version == 1 { at as u64 } else { (at / ALIGNED) as u64 };
            let damaged = || format!("the series at byte {at} cannot be read");
            let chunks = self.labels(body, &mut entry).ok_or_else(damaged)?;
            if let Some(wanted) = wanted(&entry.labels) {
                read_chunks(chunks, &mut entry).ok_or_else(damaged)?;
                each(&entry, wanted);
            }
            at = (at + used).next_multiple_of(ALIGNED);
        }
        if self.is_cut { Err("the index is cut after its series".to_owned()) } else { Ok(()) }
    }

    /// Reads the labels of a series; behind them stand its chunks.
    fn labels<'b>(&self, body: &'b [u8], entry: &mut Entry<'i>) -> Option<Cursor<'b>> {
        let mut cursor = Cursor::new(body);
        entry.labels.clear();
        for _ in 0..cursor.uvarint()? {
            let (name, value) = (cursor.uvarint()?, cursor.uvarint()?);
            entry.labels.push((self.symbol(name)?, self.symbol(value)?));
        }
        Some(cursor)
    }
}

/// Reads where the chunks of a series stand.
fn read_chunks(mut cursor: Cursor<'_>, entry: &mut Entry<'_>) -> Option<()> {
    entry.chunks.clear();
    let count = cursor.uvarint()?;
    let (mut to, mut reference) = (0_i64, 0_i64);
    for number in 0..count {
        let from = if number == 0 { cursor.varint()? } else { to.checked_add_unsigned(cursor.uvarint()?)? };
        to = from.checked_add_unsigned(cursor.uvarint()?)?;
        reference =
            if number == 0 { cursor.uvarint()? as i64 } else { reference.checked_add(cursor.varint()?)? };
        let reference = reference as u64;
        let (segment, offset) = ((reference >> 32) as usize, (reference & 0xffff_ffff) as usize);
        entry.chunks.push(ChunkPlace { from, to, segment, offset });
    }
    Some(())
}

/// Offsets of the table at the end.
#[derive(Clone, Copy)]
struct Contents {
    symbols: usize,
    series: usize,
    series_end: usize,
}

fn contents(bytes: &[u8]) -> Option<Contents> {
    let table = &bytes[bytes.len().checked_sub(CONTENTS)?..];
    let (offsets, sum) = table.split_at(CONTENTS - 4);
    if !has_sum(offsets, Cursor::new(sum).u32()?) {
        return None;
    }
    let mut cursor = Cursor::new(offsets);
    let mut found = [0_usize; 6];
    for offset in &mut found {
        *offset = usize::try_from(cursor.u64()?).ok()?;
    }
    let [symbols, series, ..] = found;
    // What comes next in the file ends the series.
    let after = found[2..].iter().copied().filter(|offset| *offset > series).min();
    Some(Contents { symbols, series, series_end: after.unwrap_or(bytes.len() - CONTENTS) })
}

/// The symbols, and where they end.
fn symbols(bytes: &[u8], start: usize) -> Option<(Vec<(usize, &str)>, usize)> {
    let mut cursor = Cursor::new(bytes.get(start..)?);
    let length = cursor.u32()? as usize;
    let body = cursor.take(length)?;
    if !has_sum(body, cursor.u32()?) {
        return None;
    }
    let mut cursor = Cursor::new(body);
    let count = cursor.u32()? as usize;
    let mut symbols = Vec::with_capacity(count.min(body.len()));
    for _ in 0..count {
        let offset = start + 4 + (body.len() - cursor.rest.len());
        symbols.push((offset, std::str::from_utf8(cursor.text()?).ok()?));
    }
    Some((symbols, start + 4 + length + 4))
}
