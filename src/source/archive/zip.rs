//! zip: what the members are called and where they are, by the directory at the end or, if that is cut off,
//! by the headers in front of the members.

use std::io;

use flate2::{Decompress, FlushDecompress, Status};

use super::tape::{Bytes, Reel, Tape};
use crate::model::Timestamp;
use crate::model::time::days_from_civil;

/// A member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::source) struct Entry {
    pub(super) name: Vec<u8>,
    pub(super) kind: Kind,
    pub(super) method: u16,
    /// Where its header is.
    pub(super) header: u64,
    /// Bytes as stored.
    pub(super) stored: u64,
    /// Bytes as decoded, as the archive says.
    pub(super) size: u64,
    pub(super) checksum: u32,
    pub(super) modified: Option<Timestamp>,
    /// Is its end missing?
    pub(super) cut: bool,
}

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::source) enum Kind {
    File,
    /// A file that only a password opens.
    Encrypted,
    /// A directory or a link: nothing to read.
    Other,
}

/// The members that could be found.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) entries: Vec<Entry>,
    /// What is wrong with the archive.
    pub(super) damage: Option<String>,
}

pub(super) const STORED: u16 = 0;
pub(super) const DEFLATED: u16 = 8;

/// Can a member that was stored this way be read? What is neither stored nor deflated carries a sign of its own:
/// bzip2, zstd (under both numbers) and xz.
pub(super) fn is_known(method: u16) -> bool {
    matches!(method, STORED | DEFLATED | 12 | 20 | 93 | 95)
}

const LOCAL: [u8; 4] = *b"PK\x03\x04";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const END: [u8; 4] = *b"PK\x05\x06";
const END_64: [u8; 4] = *b"PK\x06\x06";
const LOCATOR_64: [u8; 4] = *b"PK\x06\x07";
const DESCRIPTOR: [u8; 4] = *b"PK\x07\x08";

/// Does a zip archive start with these bytes?
pub(in crate::source) fn starts(head: &[u8]) -> bool {
    head.starts_with(&LOCAL) || head.starts_with(&END)
}

/// Lists the members, at most `most`.
pub(super) fn list(bytes: &Bytes, most: usize) -> io::Result<Listing> {
    let Some(directory) = find_directory(bytes)? else { return walk_headers(bytes, most) };
    let mut listing = Listing::default();
    let mut reel = Reel { bytes, at: directory.offset };
    let end = directory.offset.saturating_add(directory.size);
    while reel.at() < end && listing.entries.len() < most {
        let at = reel.at();
        let Some(entry) = central_entry(&mut reel, directory.shift)? else {
            listing.damage = Some(format!("zip directory is damaged at byte {at}"));
            break;
        };
        listing.entries.push(entry);
    }
    Ok(listing)
}

/// Where a member's bytes start: behind its own header.
pub(super) fn data_offset(bytes: &Bytes, entry: &Entry) -> io::Result<Option<u64>> {
    let mut header = [0; 30];
    let n = bytes.read_at(&mut header, entry.header)?;
    if n < header.len() || !header.starts_with(&LOCAL) {
        return Ok(None);
    }
    let names = u64::from(u16_at(&header, 26)) + u64::from(u16_at(&header, 28));
    Ok(Some(entry.header + 30 + names).filter(|&offset| offset <= bytes.len()))
}

/// Where the directory is.
struct Directory {
    offset: u64,
    size: u64,
    /// How much further back everything is than the archive says, because something was put in front of it.
    shift: u64,
}

/// Looks for the end record, which is at the end but for a comment of at most 64 KiB.
fn find_directory(bytes: &Bytes) -> io::Result<Option<Directory>> {
    let mut tail = vec![0; usize::try_from(bytes.len()).unwrap_or(usize::MAX).min(22 + 0xffff)];
    let tail_at = bytes.len() - tail.len() as u64;
    let n = bytes.read_at(&mut tail, tail_at)?;
    tail.truncate(n);
    for at in memchr::memmem::rfind_iter(&tail, &END) {
        let record = &tail[at..];
        if record.len() < 22 || record.len() < 22 + usize::from(u16_at(record, 20)) {
            continue;
        }
        let mut size = u64::from(u32_at(record, 12));
        let mut offset = u64::from(u32_at(record, 16));
        let mut end = tail_at + at as u64;
        if let Some((size_64, offset_64, end_64)) = end_64(bytes, end)? {
            (size, offset, end) = (size_64, offset_64, end_64);
        }
        let Some(start) = end.checked_sub(size) else { continue };
        let Some(shift) = start.checked_sub(offset) else { continue };
        return Ok(Some(Directory { offset: start, size, shift }));
    }
    Ok(None)
}

/// The end record of archives beyond 4 GiB: the directory's size, its offset, and where the record is.
fn end_64(bytes: &Bytes, end: u64) -> io::Result<Option<(u64, u64, u64)>> {
    let mut locator = [0; 20];
    let Some(at) = end.checked_sub(20) else { return Ok(None) };
    if bytes.read_at(&mut locator, at)? < 20 || !locator.starts_with(&LOCATOR_64) {
        return Ok(None);
    }
    let at = u64_at(&locator, 8);
    let mut record = [0; 56];
    if bytes.read_at(&mut record, at)? < 56 || !record.starts_with(&END_64) {
        return Ok(None);
    }
    Ok(Some((u64_at(&record, 40), u64_at(&record, 48), at)))
}

/// The next entry of the directory; `None` if there is none where one should be.
fn central_entry(tape: &mut dyn Tape, shift: u64) -> io::Result<Option<Entry>> {
    let mut header = [0; 46];
    if tape.pull(&mut header)? < header.len() || !header.starts_with(&CENTRAL) {
        return Ok(None);
    }
    let mut name = vec![0; usize::from(u16_at(&header, 28))];
    let mut extra = vec![0; usize::from(u16_at(&header, 30))];
    let comment = u64::from(u16_at(&header, 32));
    if tape.pull(&mut name)? < name.len()
        || tape.pull(&mut extra)? < extra.len()
        || tape.pass(comment)? < comment
    {
        return Ok(None);
    }
    let made_on_unix = header[5] == 3;
    let mode = u32_at(&header, 38) >> 16;
    let is_link = made_on_unix && mode & 0o170_000 == 0o120_000;
    let mut entry = Entry {
        kind: if is_link { Kind::Other } else { kind(&name, u16_at(&header, 8)) },
        name,
        method: u16_at(&header, 10),
        checksum: u32_at(&header, 16),
        stored: u64::from(u32_at(&header, 20)),
        size: u64::from(u32_at(&header, 24)),
        header: u64::from(u32_at(&header, 42)),
        modified: dos_time(u16_at(&header, 12), u16_at(&header, 14)),
        cut: false,
    };
    apply_extra(&mut entry, &extra);
    entry.header = entry.header.saturating_add(shift);
    Ok(Some(entry))
}

fn kind(name: &[u8], flags: u16) -> Kind {
    match name.last() {
        Some(b'/') => Kind::Other,
        _ if flags & 1 != 0 => Kind::Encrypted,
        _ => Kind::File,
    }
}

/// Large numbers (1) and the time in UTC ("UT").
fn apply_extra(entry: &mut Entry, mut extra: &[u8]) {
    while extra.len() >= 4 {
        let (id, length) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
        let Some(field) = extra.get(4..4 + length) else { return };
        match id {
            1 => {
                let mut numbers = field.chunks_exact(8).map(|bytes| u64_at(bytes, 0));
                for value in [&mut entry.size, &mut entry.stored, &mut entry.header] {
                    if *value == u64::from(u32::MAX) {
                        *value = numbers.next().unwrap_or(*value);
                    }
                }
            }
            0x5455 if length >= 5 && field[0] & 1 != 0 => {
                entry.modified = Timestamp::new(i64::from(u32_at(field, 1).cast_signed()), 0);
            }
            _ => {}
        }
        extra = &extra[4 + length..];
    }
}

/// DOS has no zones; this one is taken for UTC.
fn dos_time(time: u16, date: u16) -> Option<Timestamp> {
    let (year, month, day) = (1980 + i32::from(date >> 9), u32::from(date >> 5 & 15), u32::from(date & 31));
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let of_day = i64::from(time >> 11) * 3600 + i64::from(time >> 5 & 63) * 60 + i64::from(time & 31) * 2;
    Timestamp::new(days_from_civil(year, month, day) * 86_400 + of_day, 0)
}

/// Lists an archive whose directory is missing, from the front.
fn walk_headers(bytes: &Bytes, most: usize) -> io::Result<Listing> {
    let mut listing = Listing::default();
    let mut at = 0;
    while listing.entries.len() < most {
        let mut header = [0; 30];
        let n = bytes.read_at(&mut header, at)?;
        if n < header.len() || !header.starts_with(&LOCAL) {
            break;
        }
        let Some((entry, end)) = local_entry(bytes, at, &header)? else { break };
        at = end;
        listing.entries.push(entry);
    }
    listing.damage = Some(format!("zip archive ends early or is damaged, at byte {at}"));
    Ok(listing)
}

/// The member whose header is at `at`, and where the next one's is. `None` if the header is cut.
fn local_entry(bytes: &Bytes, at: u64, header: &[u8; 30]) -> io::Result<Option<(Entry, u64)>> {
    let mut name = vec![0; usize::from(u16_at(header, 26))];
    let mut extra = vec![0; usize::from(u16_at(header, 28))];
    let mut reel = Reel { bytes, at: at + 30 };
    if reel.pull(&mut name)? < name.len() || reel.pull(&mut extra)? < extra.len() {
        return Ok(None);
    }
    let flags = u16_at(header, 6);
    let mut entry = Entry {
        kind: kind(&name, flags),
        name,
        method: u16_at(header, 8),
        checksum: u32_at(header, 14),
        stored: u64::from(u32_at(header, 18)),
        size: u64::from(u32_at(header, 22)),
        header: at,
        modified: dos_time(u16_at(header, 10), u16_at(header, 12)),
        cut: false,
    };
    apply_extra(&mut entry, &extra);
    let data = reel.at();
    let mut end = data.saturating_add(entry.stored);
    // Sizes that were not known when the header was written follow the data.
    if flags & 8 != 0 && entry.stored == 0 && entry.method == DEFLATED {
        (entry.stored, entry.checksum, entry.size) = measure(bytes, data)?;
        end = behind_descriptor(bytes, data + entry.stored)?;
    }
    if end >= bytes.len() {
        entry.stored = bytes.len() - data.min(bytes.len());
        entry.cut = true;
        end = bytes.len();
    }
    Ok(Some((entry, end)))
}

/// How long deflated data is: bytes stored, their checksum, bytes decoded.
fn measure(bytes: &Bytes, data: u64) -> io::Result<(u64, u32, u64)> {
    let mut inflate = Decompress::new(false);
    let mut checksum = flate2::Crc::new();
    let mut input = vec![0; 64 * 1024];
    let mut output = vec![0; 64 * 1024];
    loop {
        let n = bytes.read_at(&mut input, data + inflate.total_in())?;
        let before = (inflate.total_in(), inflate.total_out());
        let result = inflate.decompress(&input[..n], &mut output, FlushDecompress::None);
        checksum.update(&output[..(inflate.total_out() - before.1) as usize]);
        let stuck = before == (inflate.total_in(), inflate.total_out());
        if stuck || !matches!(result, Ok(Status::Ok | Status::BufError)) {
            return Ok((inflate.total_in(), checksum.sum(), inflate.total_out()));
        }
    }
}

/// Where the next header is, behind checksum and sizes (of four or eight bytes, with or without a sign).
fn behind_descriptor(bytes: &Bytes, at: u64) -> io::Result<u64> {
    for length in [16, 24, 12, 20] {
        let mut around = [0; 4];
        let n = bytes.read_at(&mut around, at + length)?;
        let signed = length == 16 || length == 24;
        let mut sign = [0; 4];
        bytes.read_at(&mut sign, at)?;
        if n == 4 && (around == LOCAL || around == CENTRAL) && signed == (sign == DESCRIPTOR) {
            return Ok(at + length);
        }
    }
    Ok(at + 16)
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).map_or(0, |bytes| u16::from_le_bytes([bytes[0], bytes[1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
