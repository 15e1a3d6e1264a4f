//! tar (ustar, GNU, pax, and the old one without a sign): what the members are called and where they are.

use std::io;

use super::tape::Tape;
use crate::model::Timestamp;

/// Everything is counted in blocks of this size.
pub(in crate::source) const BLOCK: usize = 512;

/// The longest name, and the longest set of extended attributes, that is looked at.
const LONGEST: usize = 256 * 1024;

/// A member.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: Vec<u8>,
    pub(super) kind: Kind,
    pub(super) size: u64,
    pub(super) modified: Option<Timestamp>,
}

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    /// A file of which only some parts are stored.
    Sparse,
    /// A directory, a link, a device: nothing to read.
    Other,
}

/// Why there is no next member.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The archive ends within a header.
    Cut,
    /// What should be a header is none.
    Damaged,
    /// The bytes could not be read.
    Reading(io::Error),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Trouble::Reading(error)
    }
}

/// Is this a header? Its checksum says so; the sign `ustar` is not in all of them.
pub(in crate::source) fn is_header(block: &[u8]) -> bool {
    let Some(block) = block.first_chunk::<BLOCK>() else { return false };
    let Some(stored) = octal(&block[148..156]) else { return false };
    let byte = |at: usize| if (148..156).contains(&at) { b' ' } else { block[at] };
    let sum: u64 = (0..BLOCK).map(|at| u64::from(byte(at))).sum();
    // Some old programs added up signed bytes.
    let signed: i64 = (0..BLOCK).map(|at| i64::from(byte(at).cast_signed())).sum();
    block[0] != 0 && (stored == sum || i64::try_from(stored) == Ok(signed))
}

/// The next member, whose bytes come next on the tape, padded to whole blocks. `None` at the end.
pub(super) fn next(tape: &mut dyn Tape) -> Result<Option<Entry>, Trouble> {
    let mut name = None;
    let mut extended = Extended::default();
    let mut zeros = 0;
    loop {
        let mut block = [0; BLOCK];
        let n = tape.pull(&mut block)?;
        if block[..n].iter().all(|&b| b == 0) {
            if n < BLOCK {
                return Ok(None);
            }
            zeros += 1;
            continue;
        }
        if !is_header(&block) {
            return match (n < BLOCK, zeros) {
                // Behind the two blocks that mark the end there may be anything.
                (_, 2..) => Ok(None),
                (true, _) => Err(Trouble::Cut),
                (false, _) => Err(Trouble::Damaged),
            };
        }
        let size = number(&block[124..136]).unwrap_or_default();
        match block[156] {
            b'L' => name = Some(until_zero(&read_data(tape, size)?).to_owned()),
            b'x' => extended = Extended::parse(&read_data(tape, size)?),
            b'K' | b'g' => skip_data(tape, size)?,
            kind => {
                let plain = header_name(&block);
                let size = extended.size.unwrap_or(size);
                let modified = number(&block[136..148])
                    .and_then(|seconds| Timestamp::new(i64::try_from(seconds).ok()?, 0))
                    .filter(|modified| modified.0 != 0);
                if kind == b'S' {
                    skip_sparse_map(tape, &block)?;
                }
                let name = extended.path.take().or(name.take()).unwrap_or(plain);
                let kind = kind_of(kind, &name, extended.sparse);
                let size = if holds_data(block[156]) { size } else { 0 };
                return Ok(Some(Entry { name, kind, size, modified: extended.modified.or(modified) }));
            }
        }
    }
}

/// What follows a member's bytes, up to the next block.
pub(super) fn padding(size: u64) -> u64 {
    let block = BLOCK as u64;
    (block - size % block) % block
}

fn kind_of(flag: u8, name: &[u8], sparse: bool) -> Kind {
    match flag {
        b'S' => Kind::Sparse,
        _ if sparse => Kind::Sparse,
        // Before there was a flag for directories, a slash said it.
        b'0' | 0 | b'7' if !name.ends_with(b"/") => Kind::File,
        _ => Kind::Other,
    }
}

/// Links and devices may have a size, but have no bytes.
fn holds_data(flag: u8) -> bool {
    !(b'1'..=b'6').contains(&flag)
}

fn header_name(block: &[u8; BLOCK]) -> Vec<u8> {
    let name = until_zero(&block[..100]);
    let prefix = until_zero(&block[345..500]);
    // GNU's own headers have other things where the prefix is.
    if &block[257..263] == b"ustar\0" && !prefix.is_empty() {
        [prefix, b"/", name].concat()
    } else {
        name.to_owned()
    }
}

fn until_zero(bytes: &[u8]) -> &[u8] {
    &bytes[..memchr::memchr(0, bytes).unwrap_or(bytes.len())]
}

/// Octal digits between spaces and zeros.
fn octal(field: &[u8]) -> Option<u64> {
    let text = until_zero(field).trim_ascii();
    if text.is_empty() || !text.iter().all(|b| (b'0'..=b'7').contains(b)) {
        return None;
    }
    text.iter().try_fold(0_u64, |n, b| n.checked_mul(8)?.checked_add(u64::from(b - b'0')))
}

/// Octal digits, or (GNU, for what is too large) a number in base 256 behind a set high bit.
fn number(field: &[u8]) -> Option<u64> {
    match field.split_first()? {
        // 0x80 is positive, 0xff negative.
        (0x80, rest) => {
            let start = rest.len().checked_sub(8)?;
            rest[..start].iter().all(|&b| b == 0).then_some(())?;
            let number = u64::from_be_bytes(rest[start..].try_into().ok()?);
            i64::try_from(number).is_ok().then_some(number)
        }
        _ => octal(field),
    }
}

/// The bytes of a header that describes the next one. What is longer than anybody's name is cut.
fn read_data(tape: &mut dyn Tape, size: u64) -> Result<Vec<u8>, Trouble> {
    let most = usize::try_from(size).unwrap_or(usize::MAX).min(LONGEST);
    let mut data = vec![0; most];
    if tape.pull(&mut data)? < most {
        return Err(Trouble::Cut);
    }
    let rest = (size - most as u64).saturating_add(padding(size));
    if tape.pass(rest)? < rest {
        return Err(Trouble::Cut);
    }
    Ok(data)
}

fn skip_data(tape: &mut dyn Tape, size: u64) -> Result<(), Trouble> {
    let all = size.saturating_add(padding(size));
    if tape.pass(all)? < all { Err(Trouble::Cut) } else { Ok(()) }
}

/// GNU's sparse headers go on in further blocks as long as the last one says so.
fn skip_sparse_map(tape: &mut dyn Tape, header: &[u8; BLOCK]) -> Result<(), Trouble> {
    let mut more = header[482] != 0;
    while more {
        let mut block = [0; BLOCK];
        if tape.pull(&mut block)? < BLOCK {
            return Err(Trouble::Cut);
        }
        more = block[504] != 0;
    }
    Ok(())
}

/// What a pax header says about the next member.
#[derive(Debug, Default, PartialEq, Eq)]
struct Extended {
    path: Option<Vec<u8>>,
    size: Option<u64>,
    modified: Option<Timestamp>,
    sparse: bool,
}

impl Extended {
    /// Records `LENGTH KEY=VALUE\n`; what is none ends the reading.
    fn parse(mut data: &[u8]) -> Self {
        let mut extended = Extended::default();
        while let Some((key, value, rest)) = record(data) {
            let text = std::str::from_utf8(value).unwrap_or_default();
            match key {
                b"path" => extended.path = Some(value.to_owned()),
                b"size" => extended.size = text.parse().ok(),
                b"mtime" => extended.modified = seconds(text),
                _ => extended.sparse |= key.starts_with(b"GNU.sparse."),
            }
            data = rest;
        }
        extended
    }
}

fn record(data: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = memchr::memchr(b' ', data)?;
    let length: usize = std::str::from_utf8(&data[..space]).ok()?.parse().ok()?;
    let body = data.get(space + 1..length)?.strip_suffix(b"\n")?;
    let equals = memchr::memchr(b'=', body)?;
    Some((&body[..equals], &body[equals + 1..], &data[length..]))
}

/// `1703387661.25`
fn seconds(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{fraction:0<9}");
    Timestamp::new(whole.parse().ok()?, digits.get(..9)?.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_large() {
        for (field, expected) in [
            (&b"0000644\0"[..], Some(0o644)),
            (b"   644 \0", Some(0o644)),
            (b"77777777777\0", Some(0o777_7777_7777)),
            (b"\x80\0\0\0\0\0\0\x02\0\0\0\0", Some(0x2_0000_0000)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", None),
            (b"\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", None),
            (b"99999999\0", None),
            (b"\0\0\0\0", None),
            (b"", None),
        ] {
            assert_eq!(number(field), expected, "{}", field.escape_ascii());
        }
    }

    #[test]
    fn pax_records_are_read_as_far_as_they_make_sense() {
        let extended =
            Extended::parse(b"21 path=var/log/a.log\n30 mtime=1703387661.250000000\n20 size=1234567890\n");
        assert_eq!(extended, Extended::default());
        let mut data = Vec::new();
        for record in ["path=var/log/a=b.log", "mtime=1703387661.25", "size=12", "GNU.sparse.major=1"] {
            let length = record.len() + 4;
            data.extend(format!("{length} {record}\n").bytes());
        }
        let extended = Extended::parse(&data);
        assert_eq!(extended.path.unwrap(), b"var/log/a=b.log");
        assert_eq!(extended.modified, Timestamp::new(1_703_387_661, 250_000_000));
        assert_eq!((extended.size, extended.sparse), (Some(12), true));
        for data in
            [&b"9999999999999999999999 path=x\n"[..], b"5 a\n", b"0 path=x\n", b"-1 path=x\n", b"3 \n"]
        {
            assert_eq!(Extended::parse(data), Extended::default(), "{}", data.escape_ascii());
        }
    }
}
