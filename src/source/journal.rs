//! systemd's journal files, read in place: each entry becomes a line of JSON, as `journalctl -o json` writes it.
//!
//! The notation is systemd's (`JOURNAL_FILE_FORMAT`). Objects are looked for from the first to the last byte and not
//! through the tables that lead to them, so that a file that was cut, or never closed, gives all entries that are whole.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};

use super::decode::{Compression, Input};
use super::map::Map;
use super::stream::{Damage, Remarks};

/// How a journal file begins.
const MAGIC: &[u8] = b"LPKSHHRH";

/// Data objects, and entries.
const DATA: u8 = 1;
const ENTRY: u8 = 3;

/// The last kind of object.
const LAST: u8 = 7;

/// Flags of a file: offsets of four bytes instead of eight.
const COMPACT: u32 = 1 << 4;

/// Flags of an object: what its payload is packed with.
const LZ4: u8 = 1 << 1;
const PACKED: u8 = 0b111;

/// What is longer when it is unpacked is no field of a log.
const LONGEST: usize = 64 << 20;

/// Does a journal file begin like this?
pub(super) fn is_journal(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}

/// A journal file as lines.
pub(super) struct Journal {
    bytes: Map,
    compact: bool,
    /// The places of the entries, the last one first.
    entries: Vec<usize>,
    line: Vec<u8>,
    at: usize,
    /// What is said at the end, if something is missing.
    missing: Option<String>,
}

impl Journal {
    /// Finds the entries of a file.
    pub(super) fn new(bytes: Map) -> Self {
        let compact = u32_at(&bytes, 12).is_some_and(|flags| flags & COMPACT != 0);
        let mut journal =
            Journal { bytes, compact, entries: Vec::new(), line: Vec::new(), at: 0, missing: None };
        let (mut found, damaged) = journal.find();
        let told = u64_at(&journal.bytes, 152).unwrap_or(0);
        if (found.len() as u64) < told || damaged {
            let missing = told.saturating_sub(found.len() as u64);
            let read = found.len();
            journal.missing = Some(format!(
                "is cut short or damaged: {read} of its entries were read, {missing} are missing"
            ));
        }
        found.sort_unstable();
        journal.entries = found.into_iter().rev().map(|(_, at)| at).collect();
        journal
    }

    /// The entries with their numbers, and whether something between them is no object.
    fn find(&self) -> (Vec<(u64, usize)>, bool) {
        let bytes = &self.bytes[..];
        let header = u64_at(bytes, 88).map_or(0, |size| size as usize).clamp(208, 4_096);
        let (mut at, mut found, mut damaged) = (header, Vec::new(), false);
        while at + 16 <= bytes.len() {
            match object(bytes, at) {
                Some((kind, size)) => {
                    if kind == ENTRY && self.is_entry(at, size) {
                        found.push((u64_at(bytes, at + 16).unwrap_or(0), at));
                    }
                    at += size.next_multiple_of(8);
                }
                // Room that nothing was written to yet is the end, unless something comes behind it.
                None => {
                    let next = next_object(bytes, at + 8);
                    damaged |= next.is_some() && !self.is_blank(at, next);
                    match next {
                        Some(next) => at = next,
                        None => break,
                    }
                }
            }
        }
        (found, damaged)
    }

    /// Is nothing but zeros between two objects?
    fn is_blank(&self, from: usize, to: Option<usize>) -> bool {
        to.is_some_and(|to| self.bytes[from..to].iter().all(|b| *b == 0))
    }

    /// Does what looks like an entry have a number, a time, and data?
    fn is_entry(&self, at: usize, size: usize) -> bool {
        let first = self.items(at, size).next();
        let timed =
            u64_at(&self.bytes, at + 24).is_some_and(|micros| (1..4_102_444_800_000_000).contains(&micros));
        timed && first.is_some_and(|data| object(&self.bytes, data).is_some_and(|(kind, _)| kind == DATA))
    }

    /// The places of an entry's data.
    fn items(&self, at: usize, size: usize) -> impl Iterator<Item = usize> + '_ {
        let width = if self.compact { 4 } else { 16 };
        (at + 64..(at + size).min(self.bytes.len())).step_by(width).filter_map(move |item| {
            let place =
                if self.compact { u64::from(u32_at(&self.bytes, item)?) } else { u64_at(&self.bytes, item)? };
            usize::try_from(place).ok().filter(|place| *place > 0)
        })
    }

    /// The field and the value of a data object, unpacked.
    fn data(&self, at: usize) -> Option<(String, Vec<u8>)> {
        let (kind, size) = object(&self.bytes, at)?;
        (kind == DATA).then_some(())?;
        let start = at + if self.compact { 72 } else { 64 };
        let stored = self.bytes.get(start..at + size)?;
        let flags = self.bytes[at + 1] & PACKED;
        let payload = match flags {
            0 => stored.to_vec(),
            LZ4 => {
                let size = u64_at(stored, 0)
                    .and_then(|size| usize::try_from(size).ok())
                    .filter(|size| *size <= LONGEST)?;
                lz4_flex::block::decompress(&stored[8..], size).ok()?
            }
            // Those of the other two say themselves what they are.
            _ => {
                let packed = Input::new(Box::new(Cursor::new(stored.to_vec())));
                let decoder = Compression::of(stored)?.decoder(packed, &Remarks::default()).ok()?;
                let mut unpacked = decoder.take(LONGEST as u64);
                let mut payload = Vec::new();
                unpacked.read_to_end(&mut payload).ok()?;
                payload
            }
        };
        let equals = memchr::memchr(b'=', &payload)?;
        let field = std::str::from_utf8(&payload[..equals]).ok()?.to_owned();
        Some((field, payload[equals + 1..].to_vec()))
    }

    /// Writes an entry as a line.
    fn write(&mut self, at: usize) {
        let mut fields: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
        let size = object(&self.bytes, at).map_or(0, |(_, size)| size);
        let mut lost = 0;
        for item in self.items(at, size).collect::<Vec<_>>() {
            match self.data(item) {
                Some((field, value)) => fields.entry(field).or_default().push(value),
                None => lost += 1,
            }
        }
        self.line.clear();
        let number = |at: usize| u64_at(&self.bytes, at).unwrap_or(0);
        let (realtime, monotonic) = (number(at + 24), number(at + 32));
        let boot = self.bytes[at + 40..at + 56].iter().fold(0_u128, |id, byte| id << 8 | u128::from(*byte));
        let mut line = format!(
            "{{\"__REALTIME_TIMESTAMP\":\"{realtime}\",\"__MONOTONIC_TIMESTAMP\":\"{monotonic}\",\"_BOOT_ID\":\"{boot:032x}\""
        );
        fields.remove("_BOOT_ID");
        for (field, values) in &fields {
            line.push(',');
            line.push_str(&quoted(field.as_bytes()));
            line.push(':');
            match &values[..] {
                [one] => line.push_str(&quoted(one)),
                several => {
                    let all: Vec<String> = several.iter().map(|value| quoted(value)).collect();
                    line.push_str(&format!("[{}]", all.join(",")));
                }
            }
        }
        if lost > 0 {
            line.push_str(&format!(",\"_OBS_LOST_FIELDS\":{lost}"));
        }
        line.push_str("}\n");
        self.line = line.into_bytes();
        self.at = 0;
    }
}

impl Read for Journal {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.at == self.line.len() {
            match self.entries.pop() {
                Some(entry) => self.write(entry),
                None => {
                    let missing = self.missing.take();
                    let error = |missing| io::Error::new(io::ErrorKind::InvalidData, Damage(missing));
                    return missing.map_or(Ok(0), |missing| Err(error(missing)));
                }
            }
        }
        let n = buf.len().min(self.line.len() - self.at);
        buf[..n].copy_from_slice(&self.line[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

/// A value as JSON: text, or bytes as a list where it is none.
fn quoted(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) if !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t' | '\r' | '\u{1b}')) => {
            serde_json::Value::from(text).to_string()
        }
        _ => serde_json::Value::from(value.to_vec()).to_string(),
    }
}

/// The kind and the size of the object at a place, if one can be there.
fn object(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    let head = bytes.get(at..at + 16)?;
    let size = usize::try_from(u64_at(head, 8)?).ok()?;
    let known = (1..=LAST).contains(&head[0]) && head[2..8].iter().all(|b| *b == 0) && head[1] & !PACKED == 0;
    let least = if head[0] == ENTRY { 64 } else { 24 };
    (known && size >= least && at.checked_add(size)? <= bytes.len()).then_some((head[0], size))
}

/// The next place at which an object can be.
fn next_object(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while at + 16 <= bytes.len() {
        // Most of what is between objects is zeros.
        let zeros = bytes[at..].iter().take_while(|b| **b == 0).count();
        if zeros >= 8 {
            at += zeros / 8 * 8;
            continue;
        }
        if object(bytes, at).is_some() {
            return Some(at);
        }
        at += 8;
    }
    None
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_are_survived() {
        let mut state = 7_u32;
        for length in [0, 8, 16, 207, 208, 500, 5_000] {
            let noise = std::iter::repeat_with(|| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                // Small numbers are what kinds and sizes are.
                if state >> 31 == 0 { 0 } else { (state >> 24) as u8 % 9 }
            });
            let bytes: Vec<u8> = MAGIC.iter().copied().chain(noise.take(length)).collect();
            let mut text = Vec::new();
            // Whatever is missing is told at the end.
            let _ = Journal::new(Map::held(bytes)).read_to_end(&mut text);
        }
    }

    #[test]
    fn values_that_are_no_text_are_lists() {
        assert_eq!(quoted(b"two\nlines"), "\"two\\nlines\"");
        assert_eq!(quoted(b"\x00\x01\xff"), "[0,1,255]");
    }
}
