//! From stored bytes to text: compression and character encoding, told by the bytes and never by the name.

mod bzip2;
mod encoding;
mod frames;
mod gzip;
mod input;
mod lz4;
mod xz;
mod zstd;

use std::io::{self, Read};

use self::frames::Frames;
pub(super) use self::input::Input;
use super::stream::Remarks;
use crate::model::Timestamp;

/// How many bytes of a file tell what it is. More are looked at if they are there, but not waited for.
pub(super) const HEAD: usize = 16;

/// How often a file may be compressed again; more than twice is only met in bombs.
const LAYERS: usize = 4;

/// A compression that can be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    Gzip,
    Zstd,
    Bzip2,
    Xz,
    Lz4,
}

impl Compression {
    /// The compression of a file that starts with these bytes; `head` is shorter than 16 bytes only if the
    /// file is.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        if gzip::starts(head) {
            Some(Compression::Gzip)
        } else if lz4::starts(head) {
            Some(Compression::Lz4)
        } else if zstd::starts(head) {
            Some(Compression::Zstd)
        } else if bzip2::starts(head) {
            Some(Compression::Bzip2)
        } else if xz::starts(head) {
            Some(Compression::Xz)
        } else {
            None
        }
    }

    /// The name as it is shown.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
            Compression::Bzip2 => "bzip2",
            Compression::Xz => "xz",
            Compression::Lz4 => "lz4",
        }
    }

    /// The decoded bytes of `input`.
    pub(super) fn decoder(self, input: Input, remarks: &Remarks) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Compression::Gzip => Box::new(Frames::new(gzip::Gzip::new(), input, remarks)),
            Compression::Zstd => Box::new(Frames::new(zstd::Zstd::new()?, input, remarks)),
            Compression::Bzip2 => Box::new(Frames::new(bzip2::Bzip2::new(), input, remarks)),
            Compression::Xz => Box::new(Frames::new(xz::Xz::new(), input, remarks)),
            Compression::Lz4 => Box::new(lz4::Lz4::new(input, remarks)),
        })
    }
}

/// The decoded bytes of deflated data that has no frame around it (a zip's member), checked at the end.
pub(super) fn deflated(input: Input, checksum: u32, length: u64) -> Box<dyn Read + Send> {
    let codec = gzip::Deflated { gzip: gzip::Gzip::new(), checksum, length, begun: false };
    Box::new(Frames::new(codec, input, &Remarks::default()))
}

/// Bytes with compression undone, and what was learnt on the way.
pub(super) struct Unpacked {
    /// The bytes, not yet read.
    pub(super) input: Input,
    /// The outermost compression.
    pub(super) compression: Option<Compression>,
    /// When the file was last written before it was compressed, if the compressed file remembers.
    pub(super) modified: Option<Timestamp>,
}

/// Undoes compression, layer by layer.
pub(super) fn unpack(mut input: Input, remarks: &Remarks) -> io::Result<Unpacked> {
    let mut first = None;
    let mut modified = None;
    for _ in 0..LAYERS {
        let head = head_of(&mut input);
        let Some(compression) = Compression::of(head) else { break };
        if first.is_none() {
            first = Some(compression);
            modified = (compression == Compression::Gzip).then(|| gzip::modified(head)).flatten();
        }
        input = Input::new(compression.decoder(input, remarks)?);
    }
    Ok(Unpacked { input, compression: first, modified })
}

/// Undoes the character encoding: UTF-16 becomes UTF-8, a byte-order mark goes. Gives the name of the encoding,
/// empty if the bytes stay what they are.
pub(super) fn transcode(mut input: Input, remarks: &Remarks) -> (Input, &'static str) {
    let encoding = Encoding::of(head_of(&mut input));
    input.consume(encoding.mark());
    match encoding {
        Encoding::Bytes | Encoding::Utf8 => (input, ""),
        Encoding::Utf16(order) => {
            (Input::new(Box::new(encoding::Utf16::new(input, order, remarks))), encoding.name())
        }
    }
}

pub(super) use self::encoding::Encoding;

/// The first bytes: as many as it takes to tell what they are, so that a pipe whose first line is short is not waited
/// for. An error behind them is met again by whoever reads on.
fn head_of(input: &mut Input) -> &[u8] {
    let mut least = 1;
    while input.peek(least).is_ok_and(|head| head.len() >= least && is_undecided(head)) {
        least = input.buffered().len() + 1;
    }
    input.buffered()
}

/// Could more bytes show that this is something else than text as it is?
fn is_undecided(head: &[u8]) -> bool {
    const SIGNS: [&[u8]; 7] =
        [&[0x1f, 0x8b], b"BZh", &[0xef, 0xbb, 0xbf], &[0xff, 0xfe], &[0xfe, 0xff], &zstd::SIGN, &xz::SIGN];
    let begins = |sign: &[u8]| sign.starts_with(head) || head.starts_with(sign);
    let frame = || lz4::SIGNS.iter().any(|sign| begins(sign)) || zstd::may_be_skipped(head);
    head.len() < HEAD && (head.contains(&0) || SIGNS.into_iter().any(begins) || frame())
}

#[cfg(test)]
mod tests;
