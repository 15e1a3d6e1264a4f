//! From the paths that were given to the files to read, in an order that does not depend on the file system.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::fmt::Write;
use std::fs::Metadata;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use super::archive::{self, BUDGET, Member, Source};
use super::order::{Order, log_name};
use super::pick::{LeftOut, Picks, Rules};
use super::stream::cause;
use crate::model::{Diagnostic, Timestamp};

/// How directories are walked.
#[derive(Clone, Debug, Default)]
pub struct WalkOptions {
    /// Are symbolic links inside directories followed? Those named by the user always are.
    pub follow_links: bool,
    /// Which files are read.
    pub picks: Picks,
}

/// What a walk found.
#[derive(Debug, Default)]
pub struct Walked {
    /// The files to read.
    pub found: Vec<Found>,
    /// Hidden and ignored files and directories, and why they are not read.
    pub left_out: Vec<(String, String)>,
    /// What went wrong.
    pub diagnostics: Vec<Diagnostic>,
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
    /// Which member of the archive at `path` this is, if it is one.
    pub member: Option<Member>,
}

impl Found {
    /// The path as it would be had the archive been unpacked where it lies; of a file that is in no archive, its
    /// own. For looking at names only: there need not be such a file.
    pub fn logical_path(&self) -> Cow<'_, Path> {
        let Some(member) = &self.member else { return Cow::Borrowed(&self.path) };
        let name = Path::new(member.name());
        let inside = name.components().filter(|part| matches!(part, Component::Normal(_)));
        Cow::Owned(self.path.parent().into_iter().flat_map(Path::components).chain(inside).collect())
    }
}

/// Folders in which version control keeps its own files; never walked into.
const VERSION_CONTROL: [&str; 3] = [".git", ".hg", ".svn"];

/// The files of the paths, directories walked. The order of the paths is kept; within each, files are ordered
/// by path, rotated sets together with the oldest part first. A file that is reached twice is given once.
///
/// What is missing or unreadable is a diagnostic; the others go on.
pub fn walk(paths: &[PathBuf], options: &WalkOptions) -> Walked {
    let mut walk = Walk { options: options.clone(), budget: BUDGET, ..Walk::default() };
    for path in paths {
        walk.given(path);
    }
    walk.left_out.sort();
    Walked { found: walk.found, left_out: walk.left_out, diagnostics: walk.diagnostics }
}

/// The state of a walk.
#[derive(Default)]
struct Walk {
    options: WalkOptions,
    found: Vec<Found>,
    left_out: Vec<(String, String)>,
    diagnostics: Vec<Diagnostic>,
    /// What `.ignore` files say.
    rules: Rules,
    /// Device and inode of every file given so far, and of every directory walked.
    seen: HashSet<(u64, u64)>,
    stdin: bool,
    /// Bytes of archives that may still be kept in memory.
    budget: u64,
}

/// What a directory tree holds, while it is walked.
#[derive(Default)]
struct Tree {
    files: Vec<(PathBuf, Metadata)>,
    /// Directories still to be walked.
    waiting: Vec<PathBuf>,
    /// Links to directories: walked last, so that what is there goes by its own name.
    linked: Vec<PathBuf>,
    links_not_followed: usize,
    special: usize,
}

impl Walk {
    /// One path as the user gave it.
    fn given(&mut self, path: &Path) {
        if path.as_os_str() == "-" {
            if !std::mem::replace(&mut self.stdin, true) {
                let path = path.to_owned();
                let (modified, size, member) = (None, None, None);
                self.found.push(Found { path, shown: "-".into(), named: true, modified, size, member });
            }
            return;
        }
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => self.directory(path, &metadata),
            Ok(metadata) => self.file(path, &metadata, true),
            Err(error) => self.fail(path, &error),
        }
    }

    /// A file, unless it was reached before.
    fn file(&mut self, path: &Path, metadata: &Metadata, named: bool) {
        if !self.seen.insert(identity(metadata)) {
            return;
        }
        let found = Found {
            path: path.to_owned(),
            shown: shown(path),
            named,
            modified: modified(metadata),
            size: metadata.is_file().then_some(metadata.len()),
            member: None,
        };
        if metadata.is_file() && (named || may_be_archive(path)) {
            let source = Source::File(found.path.clone(), 0..metadata.len());
            if let Some(listing) = archive::list(&found, source, &mut self.budget) {
                let picks = &self.options.picks;
                let members = listing.members.into_iter();
                self.found.extend(members.filter(|found| {
                    let name = found.member.as_ref().map(Member::name);
                    picks.is_everything() || !name.is_some_and(|name| picks.leaves_out_member(name))
                }));
                self.diagnostics.extend(listing.diagnostics);
                return;
            }
        }
        self.found.push(found);
    }

    /// All files below a directory.
    fn directory(&mut self, root: &Path, metadata: &Metadata) {
        let mut tree = Tree::default();
        if self.seen.insert(identity(metadata)) {
            tree.waiting.push(root.to_owned());
        }
        loop {
            while let Some(directory) = tree.waiting.pop() {
                self.entries(&directory, &mut tree);
            }
            if tree.linked.is_empty() {
                break;
            }
            tree.linked.sort();
            for link in std::mem::take(&mut tree.linked) {
                self.linked_directory(link, &mut tree);
            }
        }
        tree.files.sort_by_cached_key(|(path, _)| Order::of(path));
        for (path, metadata) in &tree.files {
            self.file(path, metadata, false);
        }
        self.mention(root, &tree);
    }

    /// Says what was left out of a tree.
    fn mention(&mut self, root: &Path, tree: &Tree) {
        let of = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
        if tree.links_not_followed > 0 {
            let links = of(tree.links_not_followed, "symbolic link was", "symbolic links were");
            let note = Diagnostic::note(shown(root), format!("{links} not followed"));
            self.diagnostics.push(note.hinted("-L follows them"));
        }
        if tree.special > 0 {
            let special = of(tree.special, "pipe, socket or device was", "pipes, sockets and devices were");
            let note = Diagnostic::note(shown(root), format!("{special} not read"));
            self.diagnostics.push(note.hinted("name a pipe to read it"));
        }
    }

    /// What is directly in a directory.
    fn entries(&mut self, directory: &Path, tree: &mut Tree) {
        #[expect(clippy::disallowed_methods, reason = "source/ is where directories are walked")]
        let entries = match std::fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) => return self.fail(directory, &error),
        };
        let (mut inside, mut names) = (Vec::new(), Vec::new());
        for entry in entries {
            match entry {
                Ok(entry) => {
                    names.push(entry.file_name());
                    inside.push(entry);
                }
                Err(error) => return self.fail(directory, &error),
            }
        }
        self.rules.read(directory, &names);
        for (entry, name) in inside.iter().zip(&names) {
            if is_version_control(name) {
                continue;
            }
            let path = entry.path();
            match entry.metadata() {
                Ok(metadata) if self.leaves_out(&path, metadata.is_dir()) => {}
                Ok(metadata) if metadata.is_symlink() => self.link(path, tree),
                Ok(metadata) => self.entry(path, metadata, tree),
                Err(error) => self.fail(&path, &error),
            }
        }
    }

    /// Is this not to be read? What was not even asked for is nothing to speak of.
    fn leaves_out(&mut self, path: &Path, is_directory: bool) -> bool {
        let why = match self.options.picks.leave_out(path, is_directory, &self.rules) {
            None => return false,
            Some(LeftOut::NotPicked) => return true,
            Some(LeftOut::Hidden) => "hidden (--hidden reads it)",
            Some(LeftOut::Ignored) => "named in an .ignore file (--no-ignore reads it)",
        };
        self.left_out.push((shown(path), why.to_owned()));
        true
    }

    /// An entry that is no link.
    fn entry(&mut self, path: PathBuf, metadata: Metadata, tree: &mut Tree) {
        if metadata.is_file() {
            tree.files.push((path, metadata));
        } else if !metadata.is_dir() {
            tree.special += 1;
        } else if self.seen.insert(identity(&metadata)) {
            tree.waiting.push(path);
        }
    }

    /// A symbolic link in a directory.
    fn link(&mut self, path: PathBuf, tree: &mut Tree) {
        if !self.options.follow_links {
            tree.links_not_followed += 1;
            return;
        }
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => tree.linked.push(path),
            Ok(metadata) => self.entry(path, metadata, tree),
            Err(error) => self.fail(&path, &error),
        }
    }

    /// A directory behind a link: walked unless it was walked already.
    fn linked_directory(&mut self, link: PathBuf, tree: &mut Tree) {
        match std::fs::metadata(&link) {
            Ok(metadata) if self.seen.insert(identity(&metadata)) => tree.waiting.push(link),
            Ok(_) if leads_up(&link) => {
                let message = "is a link to a directory above it, and was not followed again";
                self.diagnostics.push(Diagnostic::warning(shown(&link), message));
            }
            Ok(_) => {}
            Err(error) => self.fail(&link, &error),
        }
    }

    fn fail(&mut self, path: &Path, error: &io::Error) {
        let is_missing = error.kind() == io::ErrorKind::NotFound;
        let message = if is_missing && path.is_symlink() {
            "is a link to nothing".to_owned()
        } else {
            format!("cannot be read: {}", cause(error))
        };
        self.diagnostics.push(Diagnostic::error(shown(path), message));
    }
}

/// Looking into a file costs as much as opening it (and more if it is compressed), so one that was not named and
/// is called like a log is taken for one; [`kind`](super::kind) still tells what it is when it is read.
fn may_be_archive(path: &Path) -> bool {
    const TEXT: [&str; 9] = ["log", "txt", "json", "jsonl", "ndjson", "out", "err", "csv", "prom"];
    let name = log_name(path);
    let folder = path.parent().unwrap_or(Path::new(""));
    if archive::has_sections(&path.to_string_lossy(), |_| archive::is_bundle(folder)) {
        return true;
    }
    let extension = Path::new(OsStr::from_bytes(&name)).extension();
    !extension.is_some_and(|extension| TEXT.iter().any(|text| extension == *text))
}

fn is_version_control(name: &OsStr) -> bool {
    VERSION_CONTROL.iter().any(|known| name == *known)
}

/// Does a link point to a directory that it is in?
fn leads_up(link: &Path) -> bool {
    let Some(parent) = link.parent() else { return false };
    match (std::fs::canonicalize(link), std::fs::canonicalize(parent)) {
        (Ok(target), Ok(parent)) => parent.starts_with(target),
        _ => false,
    }
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

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the tests make files")]
mod tests {
    use std::fs::{create_dir_all, write};
    use std::os::unix::fs::symlink;

    use super::*;

    const STAY: bool = false;
    const FOLLOW: bool = true;

    /// A directory with these files; names that end in a slash are directories.
    fn tree(names: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for name in names {
            let path = dir.path().join(name);
            create_dir_all(if name.ends_with('/') { &path } else { path.parent().unwrap() }).unwrap();
            if !name.ends_with('/') {
                write(&path, name).unwrap();
            }
        }
        dir
    }

    /// What a walk shows, relative to `dir`.
    fn names(dir: &Path, paths: &[&str], follow_links: bool) -> (Vec<String>, Vec<String>) {
        let paths: Vec<PathBuf> = paths.iter().map(|path| dir.join(path)).collect();
        let Walked { found, diagnostics, .. } =
            walk(&paths, &WalkOptions { follow_links, ..WalkOptions::default() });
        let prefix = format!("{}/", dir.display());
        let short = |text: String| text.replace(&prefix, "").replace(prefix.trim_end_matches('/'), ".");
        (
            found.into_iter().map(|found| short(found.shown)).collect(),
            diagnostics.iter().map(|diagnostic| short(diagnostic.to_string())).collect(),
        )
    }

    #[test]
    fn files_come_in_the_order_of_the_paths_and_then_by_name() {
        let dir = tree(&[
            "b/2.log",
            "b/1.log",
            "b/app.log",
            "b/app.log.1",
            "b/app.log.2.gz",
            "a.log",
            "b.log",
            "c/",
        ]);
        let expected = ["b/1.log", "b/2.log", "b/app.log.2.gz", "b/app.log.1", "b/app.log"];
        assert_eq!(names(dir.path(), &["b"], STAY).0, expected);
        assert_eq!(names(dir.path(), &["b.log", "a.log", "c"], STAY).0, ["b.log", "a.log"]);
        let (all, none) = names(dir.path(), &["b/2.log", "", "b"], STAY);
        assert_eq!(
            all,
            ["b/2.log", "a.log", "b.log", "b/1.log", "b/app.log.2.gz", "b/app.log.1", "b/app.log"]
        );
        assert_eq!(none, [""; 0]);
    }

    #[test]
    fn what_was_named_is_told_from_what_was_found() {
        let dir = tree(&["a.log", "d/b.log"]);
        let paths = ["-".into(), dir.path().join("a.log"), dir.path().join("d"), "-".into()];
        let found = walk(&paths, &WalkOptions::default()).found;
        let named: Vec<_> = found.iter().map(|found| (found.named, found.size)).collect();
        assert_eq!(named, [(true, None), (true, Some(5)), (false, Some(7))]);
        assert!(found[1].modified.is_some());
    }

    /// What a walk of `dir` reads with these picks, and what it leaves out.
    fn picked(dir: &Path, picks: Picks) -> (Vec<String>, Vec<String>) {
        let walked = walk(&[dir.to_owned()], &WalkOptions { follow_links: false, picks });
        let short = |shown: &str| shown.trim_start_matches(&format!("{}/", dir.display())).to_owned();
        (
            walked.found.iter().map(|found| short(&found.shown)).collect(),
            walked.left_out.iter().map(|(path, _)| short(path)).collect(),
        )
    }

    #[test]
    fn hidden_files_are_left_out_and_said_and_version_control_is_not_spoken_of() {
        let dir = tree(&[
            ".hidden.log",
            ".app/x.log",
            ".git/HEAD",
            "a/.svn/entries",
            "a/.hg/store",
            "a/y.log",
            "a/y.log~",
        ]);
        let (read, left) = picked(dir.path(), Picks::default());
        assert_eq!(
            (read, left),
            (
                vec!["a/y.log".to_owned(), "a/y.log~".to_owned()],
                vec![".app".to_owned(), ".hidden.log".to_owned()]
            )
        );
        let mut all = Picks::default();
        all.hidden = true;
        let expected = [".app/x.log", ".hidden.log", "a/y.log", "a/y.log~"];
        assert_eq!(picked(dir.path(), all).0, expected);
        // Unless it is what was asked for.
        assert_eq!(names(dir.path(), &[".git"], STAY).0, [".git/HEAD"]);
        assert_eq!(names(dir.path(), &[".hidden.log"], STAY).0, [".hidden.log"]);
    }

    #[test]
    fn globs_types_and_ignore_files_mean_what_they_mean_to_ripgrep() {
        let dir = tree(&["a/app.log", "a/app.json", "a/old/app.log", "b/.x.log", "b/notes.txt"]);
        write(dir.path().join("a/.ignore"), "old/\n*.json\n").unwrap();
        write(dir.path().join(".gitignore"), "*.log\n").unwrap();
        let new = |globs: &[&str], types: &[&str], not: &[&str]| {
            let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
            Picks::new(&owned(globs), &owned(types), &owned(not)).unwrap()
        };
        let read = |picks: Picks| picked(dir.path(), picks).0;
        assert_eq!(read(Picks::default()), ["a/app.log", "b/notes.txt"]);
        let mut unrestricted = Picks::default();
        unrestricted.ignored = true;
        assert_eq!(read(unrestricted), ["a/app.json", "a/app.log", "a/old/app.log", "b/notes.txt"]);
        assert_eq!(read(new(&["*.log"], &[], &[])), ["a/app.log", "b/.x.log"]);
        assert_eq!(read(new(&["!*.log"], &[], &[])), ["b/notes.txt"]);
        assert_eq!(read(new(&["*.json"], &[], &[])), ["a/app.json"]);
        assert_eq!(read(new(&[], &["log"], &[])), ["a/app.log"]);
        assert_eq!(read(new(&[], &[], &["log"])), ["b/notes.txt"]);
        assert!(Picks::new(&[], &["nonsense".to_owned()], &[]).is_err());
        assert!(Picks::new(&["a[".to_owned()], &[], &[]).is_err());
    }

    #[test]
    fn what_is_missing_is_told_and_the_rest_goes_on() {
        let dir = tree(&["a.log"]);
        symlink("nowhere", dir.path().join("dangling")).unwrap();
        let (found, diagnostics) = names(dir.path(), &["gone.log", "a.log", "dangling"], STAY);
        assert_eq!(found, ["a.log"]);
        assert_eq!(
            diagnostics,
            ["gone.log: cannot be read: no such file or directory", "dangling: is a link to nothing"]
        );
    }

    #[test]
    fn links_are_followed_when_asked_and_never_in_circles() {
        let dir = tree(&["a/x.log", "a/deep/y.log", "z/real.log"]);
        symlink("..", dir.path().join("a/deep/loop")).unwrap();
        symlink("../z", dir.path().join("a/to-z")).unwrap();
        symlink("x.log", dir.path().join("a/again.log")).unwrap();
        symlink("nowhere", dir.path().join("a/dangling")).unwrap();
        symlink("self", dir.path().join("a/self")).unwrap();
        let (found, diagnostics) = names(dir.path(), &["a"], STAY);
        assert_eq!(found, ["a/deep/y.log", "a/x.log"]);
        assert_eq!(diagnostics, ["a: 5 symbolic links were not followed"]);
        let (found, mut diagnostics) = names(dir.path(), &["a"], FOLLOW);
        diagnostics.sort();
        // One of two names of the same file is enough.
        assert_eq!(found, ["a/again.log", "a/deep/y.log", "a/to-z/real.log"]);
        assert_eq!(diagnostics.len(), 3);
        assert_eq!(diagnostics[0], "a/dangling: is a link to nothing");
        assert!(diagnostics[1].starts_with("a/deep/loop: is a link to a directory above it"));
        assert!(diagnostics[2].starts_with("a/self: cannot be read: too many levels of symbolic links"));
        // A directory that is in the tree anyway goes by its own name.
        assert_eq!(names(dir.path(), &[""], FOLLOW).0.last().unwrap(), "z/real.log");
        // A link that was named is followed.
        assert_eq!(names(dir.path(), &["a/to-z"], STAY).0, ["a/to-z/real.log"]);
    }

    #[test]
    fn a_file_with_two_names_is_given_once() {
        let dir = tree(&["a.log", "b/"]);
        std::fs::hard_link(dir.path().join("a.log"), dir.path().join("b/a.log")).unwrap();
        assert_eq!(names(dir.path(), &["", "a.log"], STAY).0, ["a.log"]);
        assert_eq!(names(dir.path(), &["b", "", "."], STAY).0, ["b/a.log"]);
    }

    // macOS makes no such files by this call.
    #[cfg(not(target_vendor = "apple"))]
    #[test]
    fn pipes_and_sockets_are_left_alone_in_a_walk() {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        let dir = tree(&["a.log"]);
        for (name, kind) in [("fifo", FileType::Fifo), ("socket", FileType::Socket)] {
            mknodat(CWD, dir.path().join(name), kind, Mode::RWXU, 0).unwrap();
        }
        let (found, diagnostics) = names(dir.path(), &[""], STAY);
        assert_eq!(found, ["a.log"]);
        assert_eq!(diagnostics, [": 2 pipes, sockets and devices were not read"]);
        assert_eq!(names(dir.path(), &["fifo"], STAY).0, ["fifo"]);
    }

    #[test]
    fn names_that_are_no_text_are_shown_without_loss() {
        let dir = tempfile::tempdir().unwrap();
        for name in [
            &b"n\xff\xfe.log"[..],
            b"n\\xFF\xfe.log",
            b"new\nline.log",
            b"esc\x1b[2J.log",
            "größe.log".as_bytes(),
        ] {
            write(dir.path().join(OsStr::from_bytes(name)), "x").unwrap();
        }
        let (found, diagnostics) = names(dir.path(), &[""], STAY);
        assert_eq!(diagnostics, [""; 0]);
        assert_eq!(
            found,
            ["esc\x1b[2J.log", "größe.log", "n\\\\xFF\\xFE.log", "new\nline.log", "n\\xFF\\xFE.log"]
        );
        let found = walk(&[dir.path().to_owned()], &WalkOptions::default()).found;
        assert!(found.iter().all(|found| found.path.exists()));
    }

    #[test]
    fn a_directory_that_may_not_be_read_is_told() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tree(&["a.log", "closed/b.log"]);
        let closed = dir.path().join("closed");
        std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).unwrap();
        let (found, diagnostics) = names(dir.path(), &[""], STAY);
        if std::fs::read_dir(&closed).is_ok() {
            // Root may read everything; the end-to-end test gives that up first.
            assert_eq!(diagnostics, [""; 0]);
        } else {
            assert_eq!(found, ["a.log"]);
            assert_eq!(diagnostics, ["closed: cannot be read: permission denied"]);
        }
        std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).unwrap();
    }
}
