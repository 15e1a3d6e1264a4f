//! How text is stored: UTF-16 becomes UTF-8, a byte-order mark goes; everything else stays bytes.

use std::io::{self, Read};

use super::input::Input;
use crate::source::stream::Remarks;

/// How characters are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::source) enum Encoding {
    /// As they are: ASCII, UTF-8, Latin-1, anything.
    Bytes,
    /// UTF-8 behind a byte-order mark.
    Utf8,
    /// Two bytes a unit; with or without a mark in front.
    Utf16(Utf16Order),
}

/// Which byte of a UTF-16 unit comes first, and whether a mark says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::source) struct Utf16Order {
    big_endian: bool,
    marked: bool,
}

impl Encoding {
    /// The encoding of a file that starts with these bytes.
    pub(in crate::source) fn of(head: &[u8]) -> Self {
        let utf16 = |big_endian, marked| Encoding::Utf16(Utf16Order { big_endian, marked });
        match head {
            [0xef, 0xbb, 0xbf, ..] => Encoding::Utf8,
            // Four bytes that could also be UTF-32; what is stored that way is no log anybody has seen.
            [0xff, 0xfe, ..] => utf16(false, true),
            [0xfe, 0xff, ..] => utf16(true, true),
            // Text without zeros, which is nearly all there is, is decided by one look.
            _ if memchr::memchr(0, head).is_none() => Encoding::Bytes,
            _ if is_ascii_in_pairs(head, 0) => utf16(false, false),
            _ if is_ascii_in_pairs(head, 1) => utf16(true, false),
            _ => Encoding::Bytes,
        }
    }

    /// Bytes of the byte-order mark.
    pub(in crate::source) fn mark(self) -> usize {
        match self {
            Encoding::Utf8 => 3,
            Encoding::Utf16(Utf16Order { marked: true, .. }) => 2,
            Encoding::Utf16(_) | Encoding::Bytes => 0,
        }
    }

    /// The name of an encoding that has to be undone.
    pub(in crate::source) fn name(self) -> &'static str {
        match self {
            Encoding::Bytes | Encoding::Utf8 => "",
            Encoding::Utf16(Utf16Order { big_endian: false, .. }) => "UTF-16LE",
            Encoding::Utf16(Utf16Order { big_endian: true, .. }) => "UTF-16BE",
        }
    }
}

/// UTF-16 without a mark: nearly all pairs are a printable ASCII character (at `place` in the pair) and a zero.
/// Runs of zeros, which crashes leave, are not.
fn is_ascii_in_pairs(head: &[u8], place: usize) -> bool {
    let pairs = head.chunks_exact(2);
    let count = pairs.len();
    let ascii = pairs
        .filter(|pair| pair[1 - place] == 0 && matches!(pair[place], b' '..=b'~' | b'\t' | b'\r' | b'\n'))
        .count();
    count >= 8 && ascii * 10 >= count * 7
}

/// UTF-16 as UTF-8. Units that make no character become U+FFFD.
pub(super) struct Utf16 {
    input: Input,
    order: Utf16Order,
    remarks: Remarks,
    /// The first half of a pair of surrogates whose second half has not come yet.
    high: Option<u16>,
    /// Text that did not fit into the caller's buffer.
    ready: Vec<u8>,
    given: usize,
}

/// Bytes of UTF-16 that are transcoded at once; at most half as many again come out.
const STEP: usize = 16 * 1024;

impl Utf16 {
    pub(super) fn new(input: Input, order: Utf16Order, remarks: &Remarks) -> Self {
        Utf16 { input, order, remarks: remarks.clone(), high: None, ready: Vec::new(), given: 0 }
    }

    /// Transcodes the next units into `ready`, which stays empty only at the end.
    fn transcode(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.given = 0;
        while self.ready.is_empty() {
            let bytes = self.input.peek(2)?;
            let used = bytes.len().min(STEP) & !1;
            if used == 0 {
                let odd = bytes.len();
                if odd > 0 {
                    self.remarks.leave("ends in the middle of a UTF-16 character".to_owned());
                }
                if odd > 0 || self.high.take().is_some() {
                    push(&mut self.ready, char::REPLACEMENT_CHARACTER);
                }
                self.input.consume(odd);
                return Ok(());
            }
            let big_endian = self.order.big_endian;
            let units = bytes[..used].chunks_exact(2).map(|pair| {
                let pair = [pair[0], pair[1]];
                if big_endian { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }
            });
            let mut units: Vec<u16> = self.high.take().into_iter().chain(units).collect();
            self.high = units.pop_if(|last| (0xd800..0xdc00).contains(last));
            for unit in char::decode_utf16(units) {
                push(&mut self.ready, unit.unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.input.consume(used);
        }
        Ok(())
    }
}

fn push(text: &mut Vec<u8>, c: char) {
    text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

impl Read for Utf16 {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.given == self.ready.len() {
            self.transcode()?;
        }
        let rest = &self.ready[self.given..];
        let n = rest.len().min(buf.len());
        buf[..n].copy_from_slice(&rest[..n]);
        self.given += n;
        Ok(n)
    }
}
