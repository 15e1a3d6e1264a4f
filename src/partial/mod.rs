//! The form of what goes between processes: a plan, and the states that its units give.
//!
//! A record is a mark, a version, a bucket of how many, a length, so many bytes, and the SHA-256 of all that. Records stand
//! one behind the other in a stream, so that files of them can be joined by `cat`. What is in one is written by `postcard`,
//! and of a state the state's own bytes stand behind that: each value has one spelling, and equal records are equal bytes.

use std::collections::BTreeMap;
use std::io::{self, Read};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::model::{Error, ErrorKind};

/// The version of the form.
pub const VERSION: u16 = 3;

/// What a plan begins with, and what a state does.
pub const PLAN: [u8; 4] = *b"OBSL";
/// See [`PLAN`].
pub const STATE: [u8; 4] = *b"OBSP";

/// Mark, version, bucket, buckets and length.
const HEAD: usize = 4 + 2 + 4 + 4 + 8;
const SUM: usize = 32;

/// Some of the keys of a state: those that fall into one of so many buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bucket {
    /// Which, from 0.
    pub number: u32,
    /// How many there are.
    pub of: u32,
}

impl Bucket {
    /// All keys.
    pub const ALL: Bucket = Bucket { number: 0, of: 1 };
}

/// The digest of some bytes.
pub type Sum = [u8; SUM];

/// The digest of some bytes.
pub fn sum(bytes: &[u8]) -> Sum {
    Sha256::digest(bytes).into()
}

/// Which chunks of which files a state is of: by file, ranges of chunks that do not touch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage(BTreeMap<u32, Vec<(u32, u32)>>);

/// Where two coverages cannot be joined: file and chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// The file's index.
    pub file: u32,
    /// The first chunk that both have.
    pub chunk: u32,
}

impl Coverage {
    /// Adds chunks of a file; ranges that touch become one.
    ///
    /// # Errors
    /// Some are there already.
    pub fn add(&mut self, file: u32, (from, until): (u32, u32)) -> Result<(), Overlap> {
        let ranges = self.0.entry(file).or_default();
        let at = ranges.partition_point(|(start, _)| *start < from);
        let before = at.checked_sub(1).map(|at| ranges[at]);
        if before.is_some_and(|(_, end)| end > from) {
            return Err(Overlap { file, chunk: from });
        }
        if let Some((start, _)) = ranges.get(at).filter(|(start, _)| *start < until) {
            return Err(Overlap { file, chunk: *start });
        }
        ranges.insert(at, (from, until));
        ranges.dedup_by(|next, kept| {
            let touches = kept.1 == next.0;
            if touches {
                kept.1 = next.1;
            }
            touches
        });
        Ok(())
    }

    /// Adds another.
    ///
    /// # Errors
    /// They have a chunk in common.
    pub fn join(&mut self, other: &Coverage) -> Result<(), Overlap> {
        for (file, ranges) in &other.0 {
            for range in ranges {
                self.add(*file, *range)?;
            }
        }
        Ok(())
    }

    /// The first file of so many of which not all is there.
    pub fn gap(&self, files: usize) -> Option<u32> {
        let whole = |file: &u32| self.0.get(file).is_some_and(|ranges| ranges[..] == [(0, u32::MAX)]);
        (0..files as u32).find(|file| !whole(file))
    }
}

/// A state of one pass over some of the input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partial {
    /// The program that made it.
    pub obs: String,
    /// The digest of the question: the command and all that the survey found.
    pub question: Sum,
    /// Which of the passes of the command it is of, from 0.
    pub pass: u32,
    /// What it is of.
    pub coverage: Coverage,
    /// The state: what stands behind all that.
    #[serde(skip)]
    pub state: Vec<u8>,
}

impl Partial {
    /// Its record.
    pub fn write(mut self, bucket: Bucket) -> Record {
        let state = std::mem::take(&mut self.state);
        Record::of(STATE, bucket, &self, state)
    }

    /// The state that a record holds.
    ///
    /// # Errors
    /// It is damaged.
    pub fn read(head: Head, from: &mut impl Read, shown: &str) -> Result<Partial, Error> {
        let (partial, state) = head.value::<Partial>(from, shown)?;
        Ok(Partial { state, ..partial })
    }
}

/// For `serde(with)`: bytes that are written and read at once.
pub mod bytes {
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes them.
    ///
    /// # Errors
    /// Nothing can be written.
    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    /// Reads them.
    ///
    /// # Errors
    /// There are none.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        <&'de [u8]>::deserialize(deserializer).map(<[u8]>::to_vec)
    }
}

/// A record that is to be written: its pieces, which are megabytes, are never put together.
#[derive(Debug)]
pub struct Record([Vec<u8>; 3]);

impl Record {
    /// Of a value, and of bytes behind it.
    pub fn of(mark: [u8; 4], bucket: Bucket, value: &impl Serialize, tail: Vec<u8>) -> Record {
        let mut bytes = Vec::from(mark);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&bucket.number.to_le_bytes());
        bytes.extend_from_slice(&bucket.of.to_le_bytes());
        bytes.extend_from_slice(&[0; 8]);
        // Memory is all that is written to.
        let mut bytes = postcard::to_extend(value, bytes).unwrap_or_default();
        let length = (bytes.len().saturating_sub(HEAD) + tail.len()) as u64;
        if let Some(place) = bytes.get_mut(HEAD - 8..HEAD) {
            place.copy_from_slice(&length.to_le_bytes());
        }
        let sum = Sha256::new().chain_update(&bytes).chain_update(&tail).finalize().to_vec();
        Record([bytes, tail, sum])
    }

    /// What is written, one behind the other.
    pub fn into_pieces(self) -> [Vec<u8>; 3] {
        self.0
    }
}

/// How a record begins.
#[derive(Clone, Debug)]
pub struct Head {
    /// Which keys it is of.
    pub bucket: Bucket,
    bytes: [u8; HEAD],
    /// What follows.
    length: u64,
}

impl Head {
    /// The head of the next record of a stream; `None` at its end.
    ///
    /// # Errors
    /// It is none, it is damaged, or another version wrote it.
    pub fn read(mark: [u8; 4], from: &mut impl Read, shown: &str) -> Result<Option<Head>, Error> {
        let read = up_to(HEAD as u64, from, shown)?;
        if read.is_empty() {
            return Ok(None);
        }
        let bytes: [u8; HEAD] = read.try_into().map_err(|_| cut(shown))?;
        if bytes[..4] != mark {
            let name = if mark == PLAN { "no plan of `obs plan`" } else { "no state of `obs partial`" };
            return Err(damaged(shown, &format!("is {name}")));
        }
        let version = u16::from_le_bytes([bytes[4], bytes[5]]);
        if version != VERSION {
            return Err(damaged(shown, &format!("is of version {version}, and this obs reads {VERSION}")));
        }
        let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap_or_default());
        let bucket = Bucket { number: number(6), of: number(10) };
        let length = u64::from_le_bytes(bytes[HEAD - 8..].try_into().unwrap_or_default());
        let length = length.checked_add(SUM as u64).ok_or_else(|| cut(shown))?;
        if bucket.number >= bucket.of {
            return Err(damaged(shown, "is damaged: it is of no bucket"));
        }
        Ok(Some(Head { bucket, bytes, length }))
    }

    /// How many bytes stand between it and the next.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// What follows it: a value, and the bytes behind that.
    ///
    /// # Errors
    /// It is damaged.
    pub fn value<T: DeserializeOwned>(
        self,
        from: &mut impl Read,
        shown: &str,
    ) -> Result<(T, Vec<u8>), Error> {
        let mut read = up_to(self.length, from, shown)?;
        if read.len() as u64 != self.length {
            return Err(cut(shown));
        }
        let (body, sum) = read.split_at(read.len() - SUM);
        let digest: Sum = Sha256::new().chain_update(self.bytes).chain_update(body).finalize().into();
        if digest != *sum {
            return Err(damaged(shown, "is damaged: its check sum does not match"));
        }
        let Ok((value, tail)) = postcard::take_from_bytes(body) else {
            return Err(damaged(shown, "is not understood"));
        };
        let (from, until) = (body.len() - tail.len(), body.len());
        read.truncate(until);
        read.drain(..from);
        Ok((value, read))
    }
}

/// So many bytes, or what there is.
fn up_to(count: u64, from: &mut impl Read, shown: &str) -> Result<Vec<u8>, Error> {
    // Room is made for what is plausible; no head can ask for more.
    const ROOM: u64 = 1 << 26;
    let mut bytes = Vec::with_capacity(count.min(ROOM) as usize);
    let failed = |error: io::Error| Error::input(format!("{shown}: cannot be read: {error}"));
    from.take(count).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

fn damaged(shown: &str, what: &str) -> Error {
    Error::new(ErrorKind::Damaged, format!("{shown}: {what}"))
}

fn cut(shown: &str) -> Error {
    damaged(shown, "its end is missing")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partial() -> Partial {
        let mut coverage = Coverage::default();
        coverage.add(3, (0, 7)).unwrap();
        Partial { obs: "1".into(), question: sum(b"q"), pass: 0, coverage, state: vec![1, 2, 3] }
    }

    #[test]
    fn coverage_is_the_same_in_any_order_and_knows_overlaps_and_gaps() {
        let parts = [(0, (0, 3)), (0, (3, 9)), (0, (9, u32::MAX)), (1, (0, u32::MAX))];
        let mut forth = Coverage::default();
        let mut back = Coverage::default();
        for (file, range) in parts {
            assert_ne!(forth.gap(2), None);
            forth.add(file, range).unwrap();
        }
        for (file, range) in parts.into_iter().rev() {
            back.add(file, range).unwrap();
        }
        assert_eq!(forth, back);
        assert_eq!((forth.gap(2), forth.gap(3)), (None, Some(2)));
        for range in [(0, 1), (2, 4), (8, 10), (u32::MAX - 1, u32::MAX)] {
            assert!(forth.clone().add(0, range).is_err(), "{range:?}");
        }
        assert_eq!(forth.clone().join(&back), Err(Overlap { file: 0, chunk: 0 }));
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_seen() {
        let bucket = Bucket { number: 1, of: 3 };
        let bytes = partial().write(bucket).into_pieces().concat();
        let from = |mut bytes: &[u8]| {
            let Some(head) = Head::read(STATE, &mut bytes, "x")? else { return Ok(None) };
            let bucket = head.bucket;
            Partial::read(head, &mut bytes, "x").map(|partial| Some((bucket, partial)))
        };
        let read = |bytes: &[u8]| from(bytes);
        assert_eq!(read(&bytes).unwrap(), Some((bucket, partial())));
        assert_eq!(read(b"").unwrap(), None);
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut bad = bytes.clone();
                bad[at] ^= 1 << bit;
                assert_eq!(read(&bad).unwrap_err().kind, ErrorKind::Damaged, "byte {at}");
            }
            if at > 0 {
                assert_eq!(read(&bytes[..at]).unwrap_err().kind, ErrorKind::Damaged, "cut at {at}");
            }
        }
        let mut two = &[bytes.clone(), bytes.clone()].concat()[..];
        for _ in 0..2 {
            let head = Head::read(STATE, &mut two, "x").unwrap().unwrap();
            assert_eq!(Partial::read(head, &mut two, "x").unwrap(), partial());
        }
        assert!(Head::read(STATE, &mut two, "x").unwrap().is_none());
    }
}
