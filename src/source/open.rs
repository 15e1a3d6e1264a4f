//! Opens what a walk found: mapped where that is possible, else as a stream of decoded bytes.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::map::Map;
use super::stream::{Fixed, Pipe, Remarks, Stream, cause};
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
    /// The character encoding that was undone: `""` (bytes as they are) or `"UTF-16LE"`, `"UTF-16BE"`.
    pub encoding: &'static str,
    /// When it was last written, as the file system, the archive or the compressed file's header says.
    pub modified: Option<Timestamp>,
}

/// Opens a file that [`walk`](super::walk) found. Reading ends early when `cancel` is set.
pub fn open(found: &Found, options: &OpenOptions, cancel: &Arc<AtomicBool>) -> Result<Opened, Diagnostic> {
    open_io(found, options, cancel)
        .map_err(|error| Diagnostic::error(&found.shown, format!("cannot be opened: {}", cause(&error))))
}

fn open_io(found: &Found, options: &OpenOptions, cancel: &Arc<AtomicBool>) -> io::Result<Opened> {
    let file = open_file(found)?;
    let metadata = file.metadata()?;
    let opened = |content| Opened { content, compression: "", encoding: "", modified: modified(&metadata) };
    let stream =
        |reader: Box<dyn Read + Send>| Content::Stream(Stream::new(&found.shown, reader, Remarks::default()));
    if !metadata.is_file() {
        return Ok(opened(stream(Box::new(Pipe::new(file, cancel)))));
    }
    let size = metadata.len();
    if (1..SMALL).contains(&size) {
        let mut bytes = Vec::with_capacity(size as usize);
        file.take(size).read_to_end(&mut bytes)?;
        return Ok(opened(Content::Mapped(Map::held(bytes))));
    }
    if options.map
        && size > 0
        && let Ok(map) = Map::of_file(&file, &found.path, &metadata)
    {
        return Ok(opened(Content::Mapped(map)));
    }
    if size == 0 {
        return Ok(opened(stream(Box::new(file))));
    }
    Ok(opened(stream(Box::new(Fixed::new(file, size, cancel)))))
}

/// The file itself; standard input for `-`.
#[expect(clippy::disallowed_methods, reason = "source/ is where inputs are opened")]
fn open_file(found: &Found) -> io::Result<File> {
    if found.path.as_os_str() == "-" {
        let stdin = rustix::io::dup(rustix::stdio::stdin())?;
        return Ok(File::from(stdin));
    }
    File::open(&found.path)
}
