//! The write-ahead log: what came since the last block was written, record by record.

use std::sync::Arc;

use super::cursor::{Cursor, has_sum};
use super::histogram::{Counts, logged};
use super::tombstones::Interval;
use crate::model::{HistogramSample, Sample};

/// A record of the log.
#[derive(Debug, PartialEq)]
pub enum Record<'r> {
    /// New series: their numbers and labels.
    Series(Vec<(u64, Vec<(&'r str, &'r str)>)>),
    /// Samples, by the numbers of their series.
    Samples(Samples),
    /// Deleted times, by the numbers of the series.
    Tombstones(Vec<(u64, Interval)>),
    /// Native histograms, by the numbers of their series.
    Histograms(Histograms),
    /// Exemplars, metadata and marks, which are nobody's samples.
    Other,
    /// A record of a later version.
    Unknown(u8),
}

/// Samples by the numbers of their series.
pub type Samples = Vec<(u64, Sample)>;
/// Native histograms by the numbers of their series.
pub type Histograms = Vec<(u64, HistogramSample)>;

/// Bytes of a page.
const PAGE: usize = 32 << 10;
/// Bytes before a fragment: its kind, its length, its sum.
const FRAGMENT: usize = 7;
/// In the kind: how the record is compressed.
const SNAPPY: u8 = 0x08;
const ZSTD: u8 = 0x10;
/// No record is larger than this when unpacked.
const LARGEST: usize = 256 << 20;

/// Hands on the records of a segment.
///
/// # Errors
/// A record is damaged; those before it have been handed on.
pub fn records(segment: &[u8], mut each: impl FnMut(Record<'_>)) -> Result<(), String> {
    let mut joined: Vec<u8> = Vec::new();
    let mut is_open = false;
    let mut at = 0;
    while at < segment.len() {
        let left = PAGE - at % PAGE;
        let kind = segment[at] & 0x07;
        if kind == 0 || left < FRAGMENT {
            // The rest of the page is empty.
            let page = &segment[at..(at + left).min(segment.len())];
            if page.iter().any(|byte| *byte != 0) {
                return Err(format!("the page at byte {at} does not end in zeros"));
            }
            at += left;
            continue;
        }
        let flags = segment[at] & (SNAPPY | ZSTD);
        let mut cursor = Cursor::new(&segment[at + 1..]);
        let read = |cursor: &mut Cursor<'_>| Some((usize::from(cursor.u16()?), cursor.u32()?));
        let frame = read(&mut cursor).and_then(|(length, sum)| Some((cursor.take(length)?, sum)));
        let Some((part, sum)) = frame.filter(|(part, _)| FRAGMENT + part.len() <= left) else {
            return Err(format!("the record at byte {at} is cut"));
        };
        if !has_sum(part, sum) {
            return Err(format!("the sum of the record at byte {at} is wrong"));
        }
        let (is_first, is_last) = (matches!(kind, 1 | 2), matches!(kind, 1 | 4));
        if is_first == is_open || kind > 4 {
            return Err(format!("the record at byte {at} does not begin or end as it should"));
        }
        if is_first {
            joined.clear();
        }
        joined.extend_from_slice(part);
        is_open = !is_last;
        if is_last {
            let unpacked = unpack(&joined, flags)
                .ok_or_else(|| format!("the record that ends at byte {at} cannot be unpacked"))?;
            let record = record(&unpacked)
                .ok_or_else(|| format!("the record that ends at byte {at} cannot be read"))?;
            each(record);
        }
        at += FRAGMENT + part.len();
    }
    if is_open { Err("the last record is cut".to_owned()) } else { Ok(()) }
}

fn unpack(bytes: &[u8], flags: u8) -> Option<std::borrow::Cow<'_, [u8]>> {
    if flags & SNAPPY != 0 {
        if snap::raw::decompress_len(bytes).ok()? > LARGEST {
            return None;
        }
        return snap::raw::Decoder::new().decompress_vec(bytes).ok().map(Into::into);
    }
    if flags & ZSTD != 0 {
        return zstd::bulk::decompress(bytes, LARGEST).ok().map(Into::into);
    }
    Some(bytes.into())
}

fn record(bytes: &[u8]) -> Option<Record<'_>> {
    let mut cursor = Cursor::new(bytes);
    Some(match cursor.byte()? {
        1 => Record::Series(series(cursor)?),
        2 => Record::Samples(samples(cursor)?),
        3 => Record::Tombstones(deleted(cursor)?),
        4..=6 => Record::Other,
        7 | 9 => Record::Histograms(histograms(cursor, Counts::Whole)?),
        8 | 10 => Record::Histograms(histograms(cursor, Counts::Float)?),
        other => Record::Unknown(other),
    })
}

#[expect(clippy::type_complexity, reason = "series by their numbers")]
fn series(mut cursor: Cursor<'_>) -> Option<Vec<(u64, Vec<(&str, &str)>)>> {
    let mut found = Vec::new();
    while !cursor.rest.is_empty() {
        let number = cursor.u64()?;
        let count = cursor.uvarint()?;
        let mut labels = Vec::new();
        for _ in 0..count {
            let (name, value) = (cursor.text()?, cursor.text()?);
            labels.push((std::str::from_utf8(name).ok()?, std::str::from_utf8(value).ok()?));
        }
        found.push((number, labels));
    }
    Some(found)
}

fn samples(cursor: Cursor<'_>) -> Option<Samples> {
    of_series(cursor, |cursor, at| Some(Sample { at, value: f64::from_bits(cursor.u64()?) }))
}

fn histograms(cursor: Cursor<'_>, counts: Counts) -> Option<Histograms> {
    of_series(cursor, |cursor, at| {
        Some(HistogramSample { at, start: 0, histogram: Arc::new(logged(cursor, counts)?) })
    })
}

/// Values of series, each with the distances of its series and its time from those of the record.
fn of_series<T>(
    mut cursor: Cursor<'_>,
    read: impl Fn(&mut Cursor<'_>, i64) -> Option<T>,
) -> Option<Vec<(u64, T)>> {
    let mut found = Vec::new();
    if cursor.rest.is_empty() {
        return Some(found);
    }
    let (series, time) = (cursor.u64()? as i64, cursor.u64()? as i64);
    while !cursor.rest.is_empty() {
        let series = series.wrapping_add(cursor.varint()?) as u64;
        let at = time.wrapping_add(cursor.varint()?);
        found.push((series, read(&mut cursor, at)?));
    }
    Some(found)
}

fn deleted(mut cursor: Cursor<'_>) -> Option<Vec<(u64, Interval)>> {
    let mut found = Vec::new();
    while !cursor.rest.is_empty() {
        let (series, from, to) = (cursor.u64()?, cursor.varint()?, cursor.varint()?);
        found.push((series, Interval { from, to }));
    }
    Some(found)
}
