//! A file that others write to: what they append, and whether it is still the same file.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use super::open::open_file;

/// What tells a file from all others, whatever its name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileId(u64, u64);

impl FileId {
    /// The file at this path, if it is a regular one.
    pub fn of(path: &Path) -> Option<FileId> {
        let metadata = std::fs::metadata(path).ok()?;
        metadata.is_file().then(|| FileId::from(&metadata))
    }
}

impl From<&Metadata> for FileId {
    fn from(metadata: &Metadata) -> Self {
        FileId(metadata.dev(), metadata.ino())
    }
}

/// A file and how far it has been read.
#[derive(Debug)]
pub struct Tail {
    file: File,
    id: FileId,
    reach: Reach,
}

/// How far a file has been read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Bytes of a byte-order mark before the text.
    mark: u64,
    /// How many bytes have been read, the mark included.
    at: u64,
    /// The last of them: if they are others later, the file was written anew.
    last: Vec<u8>,
}

impl Reach {
    /// How many bytes of text have been read.
    pub fn read(&self) -> u64 {
        self.at - self.mark
    }
}

/// What became of a file since it was read last.
#[derive(Debug, PartialEq, Eq)]
pub enum Grown {
    /// Nothing.
    Not,
    /// These bytes follow.
    By(Vec<u8>),
    /// It was cut, or written anew, when it had been read so far: what it holds now has not been read.
    Anew(Reach),
}

/// How many of the last bytes are looked at again.
const LAST: usize = 64;

/// Bytes that are read at once.
const MOST: u64 = 1 << 20;

const MARK: &[u8] = b"\xef\xbb\xbf";

impl Tail {
    /// Opens a file, at its start.
    pub fn open(path: &Path) -> io::Result<Tail> {
        let file = open_file(path)?;
        let id = FileId::from(&file.metadata()?);
        let mut tail = Tail { file, id, reach: Reach::default() };
        tail.begin()?;
        Ok(tail)
    }

    /// Goes to the start of the text.
    fn begin(&mut self) -> io::Result<()> {
        let mut head = [0; MARK.len()];
        let has_mark = self.file.read_at(&mut head, 0)? == MARK.len() && head == MARK;
        let mark = if has_mark { MARK.len() as u64 } else { 0 };
        self.reach = Reach { mark, at: mark, last: Vec::new() };
        Ok(())
    }

    /// Which file it is.
    pub fn id(&self) -> FileId {
        self.id
    }

    /// How far it has been read.
    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    /// Has it no name any more?
    pub fn is_gone(&self) -> bool {
        self.file.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
    }

    /// Looks for what was written since.
    pub fn grown(&mut self) -> io::Result<Grown> {
        let size = self.file.metadata()?.len();
        if size == self.reach.at {
            return Ok(Grown::Not);
        }
        if size < self.reach.at || !self.holds(&self.reach)? {
            let before = std::mem::take(&mut self.reach);
            self.begin()?;
            return Ok(Grown::Anew(before));
        }
        let mut bytes = vec![0; (size - self.reach.at).min(MOST) as usize];
        let read = self.file.read_at(&mut bytes, self.reach.at)?;
        bytes.truncate(read);
        self.reach.at += read as u64;
        let last = &mut self.reach.last;
        last.extend_from_slice(&bytes[bytes.len().saturating_sub(LAST)..]);
        last.drain(..last.len().saturating_sub(LAST));
        Ok(if bytes.is_empty() { Grown::Not } else { Grown::By(bytes) })
    }

    /// Goes to where another file has been read to whose text began with `face`, if this one is a copy of it; gives how
    /// many lines lie before.
    pub fn skip_copied(&mut self, face: &[u8], other: &Reach) -> io::Result<Option<u64>> {
        let mut mine = vec![0; face.len()];
        let begins = self.file.read_at(&mut mine, self.reach.mark)? == face.len() && mine == face;
        if other.read() == 0 || !begins || self.file.metadata()?.len() < other.at || !self.holds(other)? {
            return Ok(None);
        }
        let mut at = self.reach.mark;
        let mut lines = 0;
        let mut piece = vec![0; MOST as usize];
        while at < other.at {
            let most = (other.at - at).min(MOST) as usize;
            let read = self.file.read_at(&mut piece[..most], at)?;
            if read == 0 {
                break;
            }
            lines += memchr::memchr_iter(b'\n', &piece[..read]).count() as u64;
            at += read as u64;
        }
        self.reach = other.clone();
        Ok(Some(lines))
    }

    /// Are the bytes that were read last where they were?
    fn holds(&self, reach: &Reach) -> io::Result<bool> {
        let mut now = vec![0; reach.last.len()];
        let from = reach.at - reach.last.len() as u64;
        Ok(self.file.read_at(&mut now, from)? == now.len() && now == reach.last)
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the tests make files")]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn growth_truncation_and_copies_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        std::fs::write(&path, b"\xef\xbb\xbfone\n").unwrap();
        let mut tail = Tail::open(&path).unwrap();
        assert_eq!(tail.grown().unwrap(), Grown::By(b"one\n".to_vec()));
        assert_eq!(tail.grown().unwrap(), Grown::Not);
        File::options().append(true).open(&path).unwrap().write_all(b"two\n").unwrap();
        assert_eq!(tail.grown().unwrap(), Grown::By(b"two\n".to_vec()));
        assert_eq!(tail.reach().read(), 8);
        // A copy that has more.
        let copy = dir.path().join("a.log.1");
        std::fs::write(&copy, b"\xef\xbb\xbfone\ntwo\nthree\n").unwrap();
        let mut copied = Tail::open(&copy).unwrap();
        assert_eq!(copied.skip_copied(b"one\ntwo\n", tail.reach()).unwrap(), Some(2));
        assert_eq!(copied.grown().unwrap(), Grown::By(b"three\n".to_vec()));
        let mut other = Tail::open(&copy).unwrap();
        assert_eq!(other.skip_copied(b"one\nten\n", tail.reach()).unwrap(), None);
        // Cut, and grown to more than it was before anybody looked.
        std::fs::write(&path, b"another beginning, longer than before\n").unwrap();
        assert!(matches!(tail.grown().unwrap(), Grown::Anew(before) if before.read() == 8));
        assert_eq!(tail.grown().unwrap(), Grown::By(b"another beginning, longer than before\n".to_vec()));
        assert!(!tail.is_gone());
        std::fs::remove_file(&path).unwrap();
        assert!(tail.is_gone());
    }
}
