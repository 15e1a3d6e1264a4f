//! What a walk found, kept to be found again by another process; and whether a file is still what it was.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::walk::{Found, WalkOptions, walk};
use crate::model::Timestamp;

/// A file that was found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kept {
    path: Vec<u8>,
    shown: String,
    named: bool,
    modified: Option<Timestamp>,
    size: Option<u64>,
    /// What the archive at `path` calls it, if it is a member of one.
    member: Option<String>,
}

/// What a file was when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stamp {
    path: Vec<u8>,
    size: u64,
    /// Seconds and nanoseconds since 1970 of its last change.
    changed: (i64, i64),
}

impl Kept {
    /// A file, by what tells it.
    pub fn of(found: &Found) -> Self {
        Kept {
            path: found.path.as_os_str().as_bytes().to_vec(),
            shown: found.shown.clone(),
            named: found.named,
            modified: found.modified,
            size: found.size,
            member: found.member.as_ref().map(|member| member.name().to_owned()),
        }
    }

    /// The file. A member of an archive is looked for there if it is to be `opened`; `None` if there is none any more.
    pub fn find(self, opened: bool) -> Option<Found> {
        let path = PathBuf::from(OsString::from_vec(self.path));
        let member = match &self.member {
            Some(name) if opened => {
                let archive = walk(std::slice::from_ref(&path), &WalkOptions::default());
                let mut members = archive.found.into_iter().filter_map(|found| found.member);
                Some(members.find(|member| member.name() == name)?)
            }
            _ => None,
        };
        let Kept { shown, named, modified, size, .. } = self;
        Some(Found { path, shown, named, modified, size, member })
    }
}

impl Stamp {
    /// What the file at this path is now; `None` if there is none, or if it is no regular file.
    pub fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
        let changed = (metadata.mtime(), metadata.mtime_nsec());
        Some(Stamp { path: path.as_os_str().as_bytes().to_vec(), size: metadata.len(), changed })
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        Path::new(std::ffi::OsStr::from_bytes(&self.path))
    }

    /// What is no longer as it was, in words; nothing if all is.
    pub fn differs(&self) -> Option<&'static str> {
        match Stamp::of(self.path()) {
            None => Some("is not there any more, or is no file"),
            Some(now) if now.size > self.size => Some("has grown"),
            Some(now) if now.size < self.size => Some("has shrunk"),
            Some(now) if now.changed != self.changed => Some("was written"),
            Some(_) => None,
        }
    }
}
