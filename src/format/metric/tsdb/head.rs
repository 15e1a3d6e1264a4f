//! Chunks of the head, which a server maps before it writes a block of them.

use super::chunk::Encoding;
use super::cursor::{Cursor, has_sum};

/// A chunk of the head.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeadChunk<'h> {
    /// The number of its series in the write-ahead log.
    pub series: u64,
    /// How it is written.
    pub encoding: Encoding,
    /// Did its samples come late, after others of later times?
    pub is_late: bool,
    /// Its bytes.
    pub bytes: &'h [u8],
}

const MAGIC: u32 = 0x0130_bc91;
/// The magic number, the version and three bytes of nothing.
const HEAD: usize = 8;
/// In the number of the encoding: samples came late.
const LATE: u8 = 0x80;

/// Hands on the chunks of a file of the head.
///
/// # Errors
/// The file is no such file, or damaged; the chunks before have been handed on.
pub fn head_chunks<'h>(bytes: &'h [u8], mut each: impl FnMut(HeadChunk<'h>)) -> Result<(), String> {
    let mut cursor = Cursor::new(bytes);
    // A file that was made in advance is empty.
    if bytes.iter().take(HEAD).all(|byte| *byte == 0) {
        return Ok(());
    }
    if cursor.u32() != Some(MAGIC) || cursor.byte() != Some(1) {
        return Err("these are no chunks of the head of version 1".to_owned());
    }
    cursor.take(HEAD - 5);
    while !cursor.rest.is_empty() {
        let whole = cursor.rest;
        let at = bytes.len() - whole.len();
        let read = |cursor: &mut Cursor<'h>| {
            let (series, _, _) = (cursor.u64()?, cursor.u64()?, cursor.u64()?);
            let encoding = cursor.byte()?;
            let bytes = cursor.text()?;
            Some((series, encoding, bytes, &whole[..whole.len() - cursor.rest.len()], cursor.u32()?))
        };
        let Some((series, encoding, bytes, covered, sum)) = read(&mut cursor) else {
            // The rest of the file was made in advance.
            return if whole.iter().all(|byte| *byte == 0) {
                Ok(())
            } else {
                Err(format!("the chunk at byte {at} is cut"))
            };
        };
        if series == 0 && encoding == 0 && bytes.is_empty() {
            return Ok(());
        }
        if !has_sum(covered, sum) {
            return Err(format!("the sum of the chunk at byte {at} is wrong"));
        }
        let is_late = encoding & LATE != 0;
        each(HeadChunk { series, encoding: Encoding::of(encoding & !LATE), is_late, bytes });
    }
    Ok(())
}
