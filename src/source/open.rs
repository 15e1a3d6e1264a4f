//! Opens what a walk found: mapped where that is possible, else as a stream of decoded bytes.

use std::fs::{File, Metadata};
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::archive::{BLOCK, Joined, Member, Source, is_tar};
use super::decode::{Compression, Encoding, Input, transcode, unpack};
use super::faults;
use super::journal::{Journal, is_journal};
use super::map::Map;
use super::stream::{Fixed, Pipe, Remarks, Stream, cause, read_full};
use super::walk::{Found, modified};
use crate::model::{Diagnostic, Timestamp};

/// Files below this size are read, not mapped: a map costs more than the copy.
const SMALL: u64 = 64 * 1024;

/// How files are opened.
#[derive(Clone, Copy, Debug)]
pub struct OpenOptions {
    /// May files be mapped? Off with `--no-mmap`.
    pub map: bool,
}

/// The bytes of an opened file.
#[derive(Debug)]
pub enum Content {
    /// All bytes are in memory: a regular file that needs no decoding.
    Mapped(Map),
    /// Bytes come one after the other: decoded, or from a pipe.
    Stream(Stream),
}

/// An opened file.
#[derive(Debug)]
pub struct Opened {
    /// Its bytes, decoded.
    pub content: Content,
    /// The compression that was undone: `""`, `"gzip"`, `"zstd"`, …
    pub compression: &'static str,
    /// The character encoding that was undone: `""` (bytes as they are) `"UTF-16LE"`, `"UTF-16BE"`.
    pub encoding: &'static str,
    /// When it was last written, as the file system, the archive or the compressed file's header says.
    pub modified: Option<Timestamp>,
}

/// Are these two names of one file?
pub fn is_same_file(one: &Path, other: &Path) -> bool {
    let known = |path: &Path| std::fs::metadata(path).map(|file| (file.dev(), file.ino()));
    matches!((known(one), known(other)), (Ok(one), Ok(other)) if one == other)
}

/// Opens a file that [`walk`](super::walk) found. Reading ends early when `cancel` is set.
pub fn open(found: &Found, options: &OpenOptions, cancel: &Arc<AtomicBool>) -> Result<Opened, Diagnostic> {
    opened(found, *options, false, cancel)
}

/// Opens a file whose bytes are meant as they are, whatever they look like.
pub fn open_raw(found: &Found, map: bool, cancel: &Arc<AtomicBool>) -> Result<Content, Diagnostic> {
    let options = OpenOptions { map };
    opened(found, options, true, cancel).map(|opened| opened.content)
}

fn opened(
    found: &Found,
    options: OpenOptions,
    raw: bool,
    cancel: &Arc<AtomicBool>,
) -> Result<Opened, Diagnostic> {
    open_io(found, options, raw, cancel)
        .map_err(|error| Diagnostic::error(&found.shown, format!("cannot be opened: {}", cause(&error))))
}

fn open_io(found: &Found, options: OpenOptions, raw: bool, cancel: &Arc<AtomicBool>) -> io::Result<Opened> {
    if let Some(member) = &found.member {
        return open_member(found, member, options, raw, cancel);
    }
    let file = open_file(&found.path)?;
    let metadata = file.metadata()?;
    let label = Label { shown: &found.shown, modified: modified(&metadata), quiet: false, raw };
    if !metadata.is_file() {
        return label.decoded(Box::new(Pipe::new(file, cancel)));
    }
    match metadata.len() {
        0 => label.of_unknown_size(file),
        size => label.part(
            &Regular { file: &file, path: &found.path, metadata: &metadata },
            0..size,
            options,
            cancel,
        ),
    }
}

fn open_member(
    found: &Found,
    member: &Member,
    options: OpenOptions,
    raw: bool,
    cancel: &Arc<AtomicBool>,
) -> io::Result<Opened> {
    let label = Label { shown: &found.shown, modified: found.modified, quiet: member.cut, raw };
    match member.stored() {
        Some(Source::Held(map)) => label.held(map),
        Some(Source::File(path, range)) => {
            let file = open_file(&path)?;
            let metadata = file.metadata()?;
            label.part(&Regular { file: &file, path: &path, metadata: &metadata }, range, options, cancel)
        }
        None => label.decoded(member.stream(cancel)?),
    }
}

/// What is known of a file beside its bytes.
struct Label<'a> {
    shown: &'a str,
    modified: Option<Timestamp>,
    /// Was it told already that the end is missing?
    quiet: bool,
    /// Are the bytes meant as they are?
    raw: bool,
}

/// A regular file that is open.
struct Regular<'a> {
    file: &'a File,
    path: &'a Path,
    metadata: &'a Metadata,
}

impl Label<'_> {
    /// A part of a regular file, or all of it: read if it is small, else mapped if that is possible.
    fn part(
        &self,
        regular: &Regular<'_>,
        range: Range<u64>,
        options: OpenOptions,
        cancel: &Arc<AtomicBool>,
    ) -> io::Result<Opened> {
        let size = range.end - range.start;
        if size < SMALL {
            return self.small(regular.file, range);
        }
        let mut head = [0; 1024];
        let head =
            faults::pass().and_then(|()| regular.file.read_at(&mut head, range.start)).map(|n| &head[..n]);
        if let Ok(head) = head
            && self.is_journal(head)
            && let Ok(map) = Map::of_file(regular.file, regular.path, regular.metadata)
        {
            return Ok(self.journal(map.part(range)));
        }
        if options.map
            && let Ok(head) = head
            && let Some(mark) = self.untouched(head)
            && let Ok(map) = Map::of_file(regular.file, regular.path, regular.metadata)
        {
            return Ok(self.opened(Content::Mapped(map.part(range.start + mark..range.end))));
        }
        let mut file = regular.file.try_clone()?;
        file.seek(SeekFrom::Start(range.start))?;
        let fixed = Fixed::new(file, size, cancel);
        let stored = fixed.passed();
        let opened = self.decoded(Box::new(fixed))?;
        Ok(match opened.content {
            Content::Stream(stream) => {
                Opened { content: Content::Stream(stream.counted_by(stored)), ..opened }
            }
            content @ Content::Mapped(_) => Opened { content, ..opened },
        })
    }

    /// A few bytes of a file, read at once.
    fn small(&self, file: &File, range: Range<u64>) -> io::Result<Opened> {
        let mut bytes = vec![0; (range.end - range.start) as usize];
        let mut filled = 0;
        while filled < bytes.len() {
            match faults::pass()
                .and_then(|()| file.read_at(&mut bytes[filled..], range.start + filled as u64))
            {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    bytes.truncate(filled);
                    return self.decoded(Box::new(Cursor::new(bytes).chain(Failing(Some(error)))));
                }
            }
        }
        bytes.truncate(filled);
        self.held(Map::held(bytes))
    }

    /// A file whose size is said to be 0 may have any (/proc).
    fn of_unknown_size(&self, mut file: File) -> io::Result<Opened> {
        let mut bytes = vec![0; SMALL as usize];
        let (n, error) = match faults::pass() {
            Ok(()) => read_full(&mut file, &mut bytes),
            Err(error) => (0, Some(error)),
        };
        let full = n == bytes.len();
        bytes.truncate(n);
        match error {
            Some(error) => self.decoded(Box::new(Cursor::new(bytes).chain(Failing(Some(error))))),
            None if full => self.decoded(Box::new(Cursor::new(bytes).chain(file))),
            None => self.held(Map::held(bytes)),
        }
    }

    /// Bytes in memory.
    fn held(&self, map: Map) -> io::Result<Opened> {
        if self.is_journal(&map) {
            return Ok(self.journal(map));
        }
        match self.untouched(&map[..map.len().min(1024)]) {
            Some(mark) => Ok(self.opened(Content::Mapped(map.part(mark..map.len() as u64)))),
            None => self.decoded(Box::new(Cursor::new(map))),
        }
    }

    /// A stream of decoded bytes.
    fn decoded(&self, reader: Box<dyn Read + Send>) -> io::Result<Opened> {
        let remarks = Remarks::default();
        if self.raw {
            let stream = Stream::new(self.shown, Box::new(reader), remarks);
            return Ok(self.opened(Content::Stream(if self.quiet { stream.quiet() } else { stream })));
        }
        let mut unpacked = unpack(Input::new(reader), &remarks)?;
        if self.is_journal(unpacked.input.buffered()) {
            let mut bytes = Vec::new();
            unpacked.input.read_to_end(&mut bytes)?;
            return Ok(self.journal(Map::held(bytes)));
        }
        let (reader, encoding): (Box<dyn Read + Send>, _) = if starts_tar(&mut unpacked.input) {
            (Box::new(Joined::new(unpacked.input, &remarks)), "")
        } else {
            let (input, encoding) = transcode(unpacked.input, &remarks);
            (Box::new(input), encoding)
        };
        let stream = Stream::new(self.shown, reader, remarks);
        Ok(Opened {
            content: Content::Stream(if self.quiet { stream.quiet() } else { stream }),
            compression: unpacked.compression.map_or("", Compression::name),
            encoding,
            // A header says when what is packed was written; no later than the file that it is in.
            modified: match (unpacked.modified, self.modified) {
                (Some(inside), Some(outside)) => Some(inside.min(outside)),
                (inside, outside) => inside.or(outside),
            },
        })
    }

    /// Does one of systemd's journal files begin like this?
    fn is_journal(&self, head: &[u8]) -> bool {
        !self.raw && is_journal(head)
    }

    /// The entries of a journal file.
    fn journal(&self, bytes: Map) -> Opened {
        let stream = Stream::new(self.shown, Box::new(Journal::new(bytes)), Remarks::default());
        let content = Content::Stream(if self.quiet { stream.quiet() } else { stream });
        Opened { content, compression: "journal", encoding: "", modified: self.modified }
    }

    /// If the bytes of a file need no decoding: how many of them are a byte-order mark.
    fn untouched(&self, head: &[u8]) -> Option<u64> {
        if self.raw {
            return Some(0);
        }
        let encoding = Encoding::of(head);
        (Compression::of(head).is_none() && encoding.name().is_empty()).then_some(encoding.mark() as u64)
    }

    /// Bytes that are what they are.
    fn opened(&self, content: Content) -> Opened {
        Opened { content, compression: "", encoding: "", modified: self.modified }
    }
}

/// Does a tar start here? A silent pipe is not waited for, unless what came is as full of zeros as a tar's header.
fn starts_tar(input: &mut Input) -> bool {
    if input.buffered().len() < BLOCK && memchr::memchr(0, input.buffered()).is_some() {
        drop(input.peek(BLOCK));
    }
    is_tar(input.buffered())
}

/// A reader that fails, once; then it has ended.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// The file itself; standard input for `-`. Does not wait for the other side of a FIFO: [`Pipe`] does.
pub(super) fn open_file(path: &Path) -> io::Result<File> {
    faults::pass()?;
    if path.as_os_str() == "-" {
        return Ok(File::from(rustix::io::dup(rustix::stdio::stdin())?));
    }
    File::options().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the tests make files")]
mod tests {
    use std::sync::atomic::Ordering;
    use std::time::Duration;

    use super::*;
    use crate::source::walk::{WalkOptions, Walked, walk};

    fn not_cancelled() -> Arc<AtomicBool> {
        Arc::new(AtomicBool::new(false))
    }

    fn open_path(path: &Path, map: bool) -> Opened {
        let Walked { found, diagnostics, .. } = walk(&[path.to_owned()], &WalkOptions::default());
        assert_eq!(diagnostics, []);
        open(&found[0], &OpenOptions { map }, &not_cancelled()).unwrap()
    }

    fn bytes(content: Content) -> Vec<u8> {
        match content {
            Content::Mapped(map) => map.to_vec(),
            Content::Stream(mut stream) => {
                let mut bytes = Vec::new();
                stream.read_to_end(&mut bytes).unwrap();
                assert_eq!(stream.trouble(), None);
                bytes
            }
        }
    }

    #[test]
    fn every_size_is_read_mapped_or_not() {
        let dir = tempfile::tempdir().unwrap();
        for size in [0, 1, 1023, 1024, SMALL - 1, SMALL, SMALL + 1, 1_000_000] {
            for mark in [&b""[..], b"\xef\xbb\xbf"] {
                let text = b"0123456789abcde\n".repeat(size as usize / 16 + 1);
                let text = &text[..size as usize];
                let path = dir.path().join("a.log");
                std::fs::write(&path, [mark, text].concat()).unwrap();
                for map in [true, false] {
                    let opened = open_path(&path, map);
                    assert_eq!((opened.compression, opened.encoding), ("", ""));
                    assert!(opened.modified.is_some());
                    let is_map = matches!(opened.content, Content::Mapped(_));
                    let stored = size + mark.len() as u64;
                    assert_eq!(is_map, map || stored < SMALL, "{size} {map}");
                    assert!(bytes(opened.content) == text, "{size} {map}");
                }
            }
        }
    }

    #[test]
    fn compressed_and_encoded_files_are_streams() {
        use std::io::Write;
        let dir = tempfile::tempdir().unwrap();
        for size in [10, 200_000] {
            let text = "ok\n".repeat(size);
            let path = dir.path().join("a.log");
            let mut gzip = flate2::GzBuilder::new()
                .mtime(1_703_387_661)
                .write(File::create(&path).unwrap(), flate2::Compression::none());
            gzip.write_all(text.as_bytes()).unwrap();
            gzip.finish().unwrap();
            let opened = open_path(&path, true);
            assert_eq!(opened.compression, "gzip");
            assert_eq!(opened.modified, Timestamp::new(1_703_387_661, 0));
            assert!(bytes(opened.content) == text.as_bytes());

            let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            std::fs::write(&path, utf16).unwrap();
            let opened = open_path(&path, true);
            assert_eq!((opened.compression, opened.encoding), ("", "UTF-16BE"));
            assert!(bytes(opened.content) == text.as_bytes());
        }
    }

    #[test]
    fn files_of_unknown_size_are_read() {
        // Where there are such.
        if !Path::new("/proc/kallsyms").exists() {
            return;
        }
        let opened = open_path(Path::new("/proc/self/status"), true);
        assert!(bytes(opened.content).starts_with(b"Name:"));
        // More than is read at once.
        let opened = open_path(Path::new("/proc/kallsyms"), true);
        assert!(bytes(opened.content).len() as u64 > SMALL);
    }

    #[test]
    fn what_cannot_be_opened_is_a_diagnostic() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("gone.log");
        std::fs::write(&path, "x").unwrap();
        let found = walk(std::slice::from_ref(&path), &WalkOptions::default()).found;
        std::fs::remove_file(&path).unwrap();
        let error = open(&found[0], &OpenOptions { map: true }, &not_cancelled()).unwrap_err();
        assert_eq!(error.path, path.to_str().unwrap());
        assert_eq!(error.message, "cannot be opened: no such file or directory");
    }

    #[test]
    fn a_file_read_as_a_stream_ends_where_it_ended_when_it_was_opened() {
        use std::io::Write;
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&vec![b'x'; 100_000]).unwrap();
        let opened = open_path(file.path(), false);
        file.write_all(&vec![b'y'; 100_000]).unwrap();
        assert!(bytes(opened.content) == vec![b'x'; 100_000]);

        let Content::Stream(mut stream) = open_path(file.path(), false).content else { panic!("a map") };
        file.as_file().set_len(150_000).unwrap();
        let mut read = Vec::new();
        let error = stream.read_to_end(&mut read).unwrap_err();
        assert_eq!(read.len(), 150_000);
        assert_eq!(error.to_string(), "shrank while it was read; its last 50000 bytes are missing");
        assert!(stream.read(&mut [0]).is_err());
        assert_eq!(stream.trouble().unwrap().message, error.to_string());
    }

    /// A FIFO in `dir`, and the file that `walk` finds when it is named. macOS makes none by this call.
    #[cfg(not(target_vendor = "apple"))]
    fn fifo(dir: &Path) -> Found {
        let path = dir.join("fifo");
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0)
            .unwrap();
        let Walked { mut found, diagnostics, .. } = walk(&[path], &WalkOptions::default());
        assert_eq!(diagnostics, []);
        assert!(found[0].named && found[0].size.is_none());
        found.remove(0)
    }

    #[cfg(not(target_vendor = "apple"))]
    #[test]
    fn a_fifo_that_was_named_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let found = fifo(dir.path());
        let path = found.path.clone();
        let writer = std::thread::spawn(move || std::fs::write(path, "one\ntwo\n").unwrap());
        let opened = open(&found, &OpenOptions { map: true }, &not_cancelled()).unwrap();
        assert_eq!(bytes(opened.content), b"one\ntwo\n");
        writer.join().unwrap();
    }

    #[cfg(not(target_vendor = "apple"))]
    #[test]
    fn a_fifo_that_nobody_writes_to_ends_when_reading_is_cancelled() {
        let dir = tempfile::tempdir().unwrap();
        let found = fifo(dir.path());
        let cancel = not_cancelled();
        let canceller = std::thread::spawn({
            let cancel = Arc::clone(&cancel);
            move || {
                std::thread::sleep(Duration::from_millis(150));
                cancel.store(true, Ordering::Relaxed);
            }
        });
        let opened = open(&found, &OpenOptions { map: true }, &cancel).unwrap();
        assert_eq!(bytes(opened.content), b"");
        canceller.join().unwrap();
    }

    #[cfg(not(target_vendor = "apple"))]
    #[test]
    fn a_silent_pipe_ends_when_reading_is_cancelled() {
        use std::io::Write;
        let dir = tempfile::tempdir().unwrap();
        let found = fifo(dir.path());
        // Open at both ends: neither blocks, and it never ends by itself.
        let mut writer = File::options().read(true).write(true).open(&found.path).unwrap();
        writer.write_all(b"a first line that is long enough\n").unwrap();
        let cancel = not_cancelled();
        let opened = open(&found, &OpenOptions { map: true }, &cancel).unwrap();
        let Content::Stream(mut stream) = opened.content else { panic!("a map") };
        let canceller = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(150));
            cancel.store(true, Ordering::Relaxed);
        });
        let mut read = Vec::new();
        stream.read_to_end(&mut read).unwrap();
        assert_eq!(read, b"a first line that is long enough\n");
        assert!(stream.was_cancelled());
        assert_eq!(stream.trouble(), None);
        canceller.join().unwrap();
    }
}
