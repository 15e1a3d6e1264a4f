//! From the paths that were given to the files to read, in an order that does not depend on the file system.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fmt::Write;
use std::fs::{FileType, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::stream::cause;
use crate::model::{Diagnostic, Timestamp};

/// How directories are walked.
#[derive(Clone, Copy, Debug, Default)]
pub struct WalkOptions {
    /// Are symbolic links inside directories followed? Those named by the user always are.
    pub follow_links: bool,
}

/// A file to read.
#[derive(Clone, Debug)]
pub struct Found {
    /// The path as it is opened; `-` for standard input. Of an archive's member: the archive's path.
    pub path: PathBuf,
    /// The path as it is shown: as given, joined with what the walk added. Bytes that are not UTF-8 are
    /// written `\xFF` (and a backslash in such a name `\\`), so that no two names look the same.
    pub shown: String,
    /// Was it named by the user, rather than found in a directory or an archive?
    pub named: bool,
    /// When it was last written.
    pub modified: Option<Timestamp>,
    /// Its size as stored, where that is known before reading.
    pub size: Option<u64>,
}

/// Folders in which version control keeps its own files; never walked into.
const VERSION_CONTROL: [&str; 3] = [".git", ".hg", ".svn"];

/// The files of the paths, directories walked. The order of the paths is kept; within each, files are ordered
/// by path, rotated sets together with the oldest part first. A file that is reached twice is given once.
///
/// What is missing or unreadable is a diagnostic; the others go on.
pub fn walk(paths: &[PathBuf], options: &WalkOptions) -> (Vec<Found>, Vec<Diagnostic>) {
    let mut walk = Walk { options: *options, ..Walk::default() };
    for path in paths {
        walk.given(path);
    }
    (walk.found, walk.diagnostics)
}

/// The state of a walk.
#[derive(Default)]
struct Walk {
    options: WalkOptions,
    found: Vec<Found>,
    diagnostics: Vec<Diagnostic>,
    /// Device and inode of every file given so far, and of every directory walked.
    seen: HashSet<(u64, u64)>,
    stdin: bool,
}

impl Walk {
    /// One path as the user gave it.
    fn given(&mut self, path: &Path) {
        if path.as_os_str() == "-" {
            if !std::mem::replace(&mut self.stdin, true) {
                let path = path.to_owned();
                self.found.push(Found { path, shown: "-".into(), named: true, modified: None, size: None });
            }
            return;
        }
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => self.directory(path, &metadata),
            Ok(metadata) => {
                if self.seen.insert(identity(&metadata)) {
                    self.found.push(Found {
                        path: path.to_owned(),
                        shown: shown(path),
                        named: true,
                        modified: modified(&metadata),
                        size: metadata.is_file().then_some(metadata.len()),
                    });
                }
            }
            Err(error) => self.fail(path, &error),
        }
    }

    /// All files below a directory.
    fn directory(&mut self, root: &Path, metadata: &Metadata) {
        let mut files = Vec::new();
        let mut waiting = Vec::new();
        if self.seen.insert(identity(metadata)) {
            waiting.push(root.to_owned());
        }
        while let Some(directory) = waiting.pop() {
            self.entries(&directory, &mut files, &mut waiting);
        }
        files.sort_by(|(a, _), (b, _)| a.as_os_str().cmp(b.as_os_str()));
        for (path, metadata) in files {
            if self.seen.insert(identity(&metadata)) {
                let shown = shown(&path);
                let (modified, size) = (modified(&metadata), Some(metadata.len()));
                self.found.push(Found { path, shown, named: false, modified, size });
            }
        }
    }

    /// What is directly in a directory: files go to `files`, directories to `waiting`.
    fn entries(
        &mut self,
        directory: &Path,
        files: &mut Vec<(PathBuf, Metadata)>,
        waiting: &mut Vec<PathBuf>,
    ) {
        #[expect(clippy::disallowed_methods, reason = "source/ is where directories are walked")]
        let entries = match std::fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) => return self.fail(directory, &error),
        };
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.fail(directory, &error);
                    return;
                }
            };
            let path = entry.path();
            let metadata = match entry.metadata() {
                Ok(metadata) if metadata.is_symlink() && self.options.follow_links => {
                    std::fs::metadata(&path)
                }
                other => other,
            };
            match metadata {
                Ok(metadata) if metadata.is_file() => files.push((path, metadata)),
                Ok(metadata) if metadata.is_dir() => {
                    if !is_version_control(&entry.file_name()) && self.seen.insert(identity(&metadata)) {
                        waiting.push(path);
                    }
                }
                Ok(metadata) => debug_assert!(is_skipped(metadata.file_type())),
                Err(error) => self.fail(&path, &error),
            }
        }
    }

    fn fail(&mut self, path: &Path, error: &io::Error) {
        self.diagnostics.push(Diagnostic::error(shown(path), format!("cannot be read: {}", cause(error))));
    }
}

fn is_version_control(name: &OsStr) -> bool {
    VERSION_CONTROL.iter().any(|known| name == *known)
}

fn is_skipped(kind: FileType) -> bool {
    kind.is_symlink() || kind.is_fifo() || kind.is_socket() || kind.is_char_device() || kind.is_block_device()
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// When a file was last written.
pub(super) fn modified(metadata: &Metadata) -> Option<Timestamp> {
    Timestamp::new(metadata.mtime(), u32::try_from(metadata.mtime_nsec()).ok()?)
}

/// A path as it is shown; see [`Found::shown`].
pub(super) fn shown(path: &Path) -> String {
    escape(path.as_os_str().as_bytes())
}

/// Bytes as text: as they are if they are UTF-8, else with `\xFF` for what is not, and `\\` for a backslash.
pub(super) fn escape(bytes: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        out.push_str(&chunk.valid().replace('\\', "\\\\"));
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02X}");
        }
    }
    out
}
