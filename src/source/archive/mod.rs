//! Archives: tar (plain or compressed) and zip. Members are listed once and read in place; nothing is ever
//! written to a disk, and a member's name is only text.
//!
//! What a member costs depends on the archive. In a plain tar, and in a zip, it is read where it is. A compressed
//! tar can only be read from the front: a small one is kept in memory, decoded ([`HELD`]); of a larger one the
//! place where reading stopped is remembered, so that members read in their order cost one pass together, and
//! such an archive's members are therefore listed as they are stored, not by name.

mod joined;
mod sections;
mod tape;
mod tar;
mod zip;

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Cursor, Read};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

pub(super) use self::joined::Joined;
use self::tape::{Bytes, Reel, Tape};
pub(super) use self::tar::{BLOCK, is_header as is_tar};
pub(super) use self::zip::starts as is_zip;
use super::decode::{Compression, Input, deflated, unpack};
use super::map::Map;
use super::open::open_file;
use super::order::Order;
use super::stream::{Damage, Fixed, Remarks, cause};
use super::walk::{Found, escape};
use crate::model::Diagnostic;

/// The largest compressed archive that is kept in memory, by its decoded size.
const HELD: u64 = 16 << 20;

/// What all archives of one walk may keep in memory together.
pub(super) const BUDGET: u64 = 32 << 20;

/// The most members that are listed.
const MEMBERS: usize = 1_000_000;

/// How deep archives may be in archives.
const DEPTH: usize = 4;

/// The most places of one archive that are remembered.
const CURSORS: usize = 8;

/// A member of an archive, and how to get at it.
#[derive(Clone, Debug)]
pub struct Member {
    /// What the archive calls it; within nested archives, all names.
    name: String,
    pub(super) archive: Arc<Archive>,
    pub(super) place: Place,
    /// Is its end missing? Then that was told when the archive was listed.
    pub(super) cut: bool,
}

/// Where a member's bytes are.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// As they are in the archive.
    Stored(Range<u64>),
    /// As zip has them.
    Zipped(Box<zip::Entry>),
    /// In what a compressed archive decodes to.
    Decoded(Range<u64>),
}

/// An archive whose members were listed.
pub(super) struct Archive {
    source: Source,
    cursors: Mutex<Vec<Input>>,
}

/// Where an archive's bytes are.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// In a part of a file.
    File(PathBuf, Range<u64>),
    /// In memory.
    Held(Map),
}

impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Archive({:?})", self.source)
    }
}

/// What an archive holds.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) members: Vec<Found>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Source {
    /// The bytes, to be read anywhere.
    fn bytes(&self) -> io::Result<Bytes> {
        Ok(match self {
            Source::File(path, range) => Bytes::File(open_file(path)?, range.clone()),
            Source::Held(map) => Bytes::Held(map.clone()),
        })
    }

    /// A part of the bytes.
    pub(super) fn part(&self, range: Range<u64>) -> Source {
        match self {
            Source::File(path, all) => {
                let place = |offset: u64| all.start.saturating_add(offset).min(all.end);
                Source::File(path.clone(), place(range.start)..place(range.end))
            }
            Source::Held(map) => Source::Held(map.part(range)),
        }
    }

    /// The bytes, from the first to the last.
    pub(super) fn stream(&self, cancel: &Arc<AtomicBool>) -> io::Result<Box<dyn Read + Send>> {
        use std::io::Seek;
        Ok(match self {
            Source::File(path, range) => {
                let mut file = open_file(path)?;
                file.seek(io::SeekFrom::Start(range.start))?;
                Box::new(Fixed::new(file, range.end - range.start, cancel))
            }
            Source::Held(map) => Box::new(Cursor::new(map.clone())),
        })
    }
}

/// Lists the members of `found`, whose bytes are `source`; `None` if it is no archive. `budget` is what may still
/// be kept in memory.
pub(super) fn list(found: &Found, source: Source, budget: &mut u64) -> Option<Listing> {
    Lister { budget, depth: 0 }.list(found, source)
}

struct Lister<'a> {
    budget: &'a mut u64,
    depth: usize,
}

impl Lister<'_> {
    fn list(&mut self, found: &Found, source: Source) -> Option<Listing> {
        let mut head = [0; BLOCK];
        let opened = source.bytes().and_then(|bytes| {
            let n = bytes.read_at(&mut head, 0)?;
            Ok((bytes, n))
        });
        let (bytes, n) = match opened {
            Ok(opened) => opened,
            // What may not be opened now may not be opened later either, and is told then.
            Err(error)
                if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) =>
            {
                return None;
            }
            Err(error) => return Some(failed(found, &format!("cannot be read: {}", cause(&error)))),
        };
        let head = &head[..n];
        let mut listing = if is_zip(head) {
            list_zip(found, source, &bytes)?
        } else if is_tar(head) {
            list_tar(found, source, &bytes)
        } else if Compression::of(head).is_some() {
            self.compressed(found, source)?
        } else {
            list_sections(found, source, &bytes, head)?
        };
        number_the_same(&mut listing.members);
        Some(self.inside(listing))
    }

    /// What is compressed, if it is a tar.
    fn compressed(&mut self, found: &Found, source: Source) -> Option<Listing> {
        let remarks = Remarks::default();
        let never = Arc::new(AtomicBool::new(false));
        let mut input = unpack(Input::new(source.stream(&never).ok()?), &remarks).ok()?.input;
        drop(input.peek(BLOCK));
        if !is_tar(input.buffered()) {
            return None;
        }
        let most = HELD.min(*self.budget);
        let (held, error) = read_up_to(&mut input, most);
        let mut listing = if error.is_none() && held.len() as u64 == most {
            let rest = Read::chain(Cursor::new(held), input);
            let mut tape = Input::new(Box::new(rest));
            read_tar(&mut tape, found, &archive(source), Place::Decoded)
        } else {
            *self.budget -= held.len() as u64;
            let held = Source::Held(Map::held(held));
            let bytes = held.bytes().ok()?;
            let mut listing = list_tar(found, held, &bytes);
            if let Some(error) = error {
                // Says more about the cut than the tar inside can.
                listing.diagnostics.retain(|diagnostic| diagnostic.severity < crate::model::Severity::Error);
                listing.diagnostics.push(Diagnostic::error(&found.shown, told(&error)));
            }
            listing
        };
        if let Some(remark) = remarks.get() {
            listing.diagnostics.push(remark.told(&found.shown));
        }
        Some(listing)
    }

    /// Opens the archives among the members. Here the name has to say so first: looking into every member would
    /// cost as much as reading them.
    fn inside(&mut self, listing: Listing) -> Listing {
        let mut all = Listing { members: Vec::new(), diagnostics: listing.diagnostics };
        let folders = folders_of_sections(&listing.members);
        for found in listing.members {
            if has_sections(&found.shown, |folder| folders.contains(folder)) {
                match self.sections(&found) {
                    Some(members) => all.members.extend(members),
                    None => all.members.push(found),
                }
                continue;
            }
            if !has_name_of_archive(&found.shown) {
                all.members.push(found);
                continue;
            }
            match self.nested(&found) {
                Ok(Some(nested)) => {
                    all.members.extend(nested.members);
                    all.diagnostics.extend(nested.diagnostics);
                }
                Ok(None) => all.members.push(found),
                Err(message) => all.diagnostics.push(Diagnostic::error(&found.shown, message)),
            }
        }
        all
    }

    /// Keeps a member in memory, decoded.
    fn hold(&mut self, member: &Member) -> Result<Source, String> {
        let never = Arc::new(AtomicBool::new(false));
        let reader = member.stream(&never).map_err(|error| cause(&error))?;
        let most = HELD.min(*self.budget);
        let (held, _) = read_up_to(&mut Input::new(reader), most);
        if held.len() as u64 == most {
            return Err("is an archive in an archive, too large to be read there".to_owned());
        }
        *self.budget -= held.len() as u64;
        Ok(Source::Held(Map::held(held)))
    }

    /// The files in a text that is a member; they are read where that is.
    fn sections(&mut self, found: &Found) -> Option<Vec<Found>> {
        let member = found.member.as_ref()?;
        let never = Arc::new(AtomicBool::new(false));
        let (text, error) = read_up_to(&mut Input::new(member.stream(&never).ok()?), LONGEST_TEXT);
        if error.is_some() || text.len() as u64 == LONGEST_TEXT {
            return None;
        }
        let sections = sections_of(&text, &text[..text.len().min(BLOCK)], &found.shown)?;
        let within = |of: &Range<u64>, range: Range<u64>| of.start + range.start..of.start + range.end;
        let held = match &member.place {
            Place::Zipped(_) if text.len() as u64 > *self.budget => return None,
            Place::Zipped(_) => {
                *self.budget -= text.len() as u64;
                Some(archive(Source::Held(Map::held(text))))
            }
            Place::Stored(_) | Place::Decoded(_) => None,
        };
        let place = |range: Range<u64>| match &member.place {
            Place::Stored(of) => Place::Stored(within(of, range)),
            Place::Decoded(of) => Place::Decoded(within(of, range)),
            Place::Zipped(_) => Place::Stored(range),
        };
        Some(members_of(found, held.as_ref().unwrap_or(&member.archive), sections, place))
    }

    fn nested(&mut self, found: &Found) -> Result<Option<Listing>, String> {
        if self.depth == DEPTH {
            return Err(format!("is an archive {DEPTH} archives deep, and was not read"));
        }
        let Some(member) = &found.member else { return Ok(None) };
        let source = if let Some(source) = member.stored() { source } else { self.hold(member)? };
        self.depth += 1;
        let listing = self.list(found, source);
        self.depth -= 1;
        Ok(listing)
    }
}

/// Lists a zip; `None` if it is a document or a program rather than a bundle of files.
fn list_zip(found: &Found, source: Source, bytes: &Bytes) -> Option<Listing> {
    let zip = match zip::list(bytes, MEMBERS) {
        Ok(zip) => zip,
        Err(error) => return Some(failed(found, &format!("cannot be read: {}", cause(&error)))),
    };
    if zip.entries.iter().take(64).any(|entry| is_of_document(&entry.name)) {
        return None;
    }
    let mut listing = Listing::default();
    if let Some(damage) = zip.damage {
        let message = format!("{damage}; the members before that are read");
        listing.diagnostics.push(Diagnostic::error(&found.shown, message));
    }
    let archive = archive(source);
    let (mut encrypted, mut unknown) = (0, 0);
    let mut members = Vec::new();
    for entry in zip.entries {
        match entry.kind {
            zip::Kind::Other => {}
            zip::Kind::Encrypted => encrypted += 1,
            zip::Kind::File if !zip::is_known(entry.method) => unknown += 1,
            zip::Kind::File => {
                let (modified, size) = (entry.modified, Some(entry.size));
                let place = Place::Zipped(Box::new(entry.clone()));
                let member = member(found, &entry.name, &archive, place, entry.cut);
                members.push(Found { modified, size, ..member });
            }
        }
    }
    listing.members = sorted(members);
    for (count, why) in [
        (encrypted, "encrypted and were not read"),
        (unknown, "compressed in a way that is not known, and were not read"),
    ] {
        if count > 0 {
            let message = format!("{count} of its members are {why}");
            listing.diagnostics.push(Diagnostic::error(&found.shown, message));
        }
    }
    Some(listing)
}

/// Longer texts are not looked through for the files in them: each is read as one.
const LONGEST_TEXT: u64 = 256 << 20;

/// A file that every bundle of `supportconfig` has.
const SUPPORTCONFIG: &str = "basic-environment.txt";

/// May there be files in a file of this name? `is_bundle` tells of its folder whether it is one of `supportconfig`.
pub(super) fn has_sections(shown: &str, is_bundle: impl Fn(&str) -> bool) -> bool {
    let (folder, name) = shown.rsplit_once(['/', '!']).unwrap_or(("", shown));
    let is_text = name.strip_suffix(".txt").is_some();
    name == "logs.txt" || name.contains("cluster-info") || (is_text && is_bundle(folder))
}

/// Is this the folder of a bundle of `supportconfig`?
pub(super) fn is_bundle(folder: &std::path::Path) -> bool {
    folder.join(SUPPORTCONFIG).is_file()
}

fn folders_of_sections(members: &[Found]) -> std::collections::HashSet<String> {
    let folder = |found: &Found| {
        let (folder, name) = found.shown.rsplit_once(['/', '!'])?;
        (name == SUPPORTCONFIG).then(|| folder.to_owned())
    };
    members.iter().filter_map(folder).collect()
}

/// The files in a text that begins like this.
fn sections_of(text: &[u8], head: &[u8], shown: &str) -> Option<Vec<sections::Section>> {
    let found = if sections::is_supportconfig(head) {
        sections::of_supportconfig(text)
    } else if sections::is_logs(head) {
        sections::of_logs(text, shown.ends_with("logs.txt"))
    } else {
        sections::of_logs(text, false)
    };
    let told = found.iter().any(|section| !section.name.starts_with("objects-"));
    told.then_some(found)
}

/// The files in a text that can be read anywhere.
fn list_sections(found: &Found, source: Source, bytes: &Bytes, head: &[u8]) -> Option<Listing> {
    if !sections::is_supportconfig(head) && !sections::is_logs(head) && !sections::is_dump(head) {
        return None;
    }
    let size = found.size.filter(|size| *size < LONGEST_TEXT)?;
    let mut text = vec![0; usize::try_from(size).ok()?];
    let mut filled = 0;
    while filled < text.len() {
        match bytes.read_at(&mut text[filled..], filled as u64).ok()? {
            0 => break,
            n => filled += n,
        }
    }
    text.truncate(filled);
    let sections = sections_of(&text, head, &found.shown)?;
    let members = members_of(found, &archive(source), sections, Place::Stored);
    Some(Listing { members, diagnostics: Vec::new() })
}

fn members_of(
    found: &Found,
    archive: &Arc<Archive>,
    sections: Vec<sections::Section>,
    place: impl Fn(Range<u64>) -> Place,
) -> Vec<Found> {
    let member = |section: sections::Section| {
        let size = Some(section.place.end - section.place.start);
        let member = member(found, section.name.as_bytes(), archive, place(section.place), false);
        Found { modified: found.modified, size, ..member }
    };
    sections.into_iter().map(member).collect()
}

/// A tar that can be read anywhere.
fn list_tar(found: &Found, source: Source, bytes: &Bytes) -> Listing {
    let archive = archive(source);
    let mut listing = read_tar(&mut Reel { bytes, at: 0 }, found, &archive, Place::Stored);
    listing.members = sorted(listing.members);
    listing
}

fn archive(source: Source) -> Arc<Archive> {
    Arc::new(Archive { source, cursors: Mutex::default() })
}

fn failed(found: &Found, message: &str) -> Listing {
    Listing { members: Vec::new(), diagnostics: vec![Diagnostic::error(&found.shown, message)] }
}

/// What an error says about an archive.
fn told(error: &io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Damage>()) {
        Some(damage) => damage.0.clone(),
        None => format!("could not be read to its end: {}", cause(error)),
    }
}

/// A member of the archive `found`.
fn member(found: &Found, name: &[u8], archive: &Arc<Archive>, place: Place, cut: bool) -> Found {
    let name = escape(name.strip_prefix(b"./").unwrap_or(name));
    let shown = format!("{}!{name}", found.shown);
    let name = match &found.member {
        Some(outer) => format!("{}/{name}", outer.name),
        None => name,
    };
    let member = Some(Member { name, archive: Arc::clone(archive), place, cut });
    Found { path: found.path.clone(), shown, named: false, modified: None, size: None, member }
}

/// Reads until the end, an error, or `most` bytes.
fn read_up_to(input: &mut Input, most: u64) -> (Vec<u8>, Option<io::Error>) {
    let mut bytes = Vec::new();
    let error = input.take(most).read_to_end(&mut bytes).err();
    (bytes, error)
}

/// Lists a tar from its front.
fn read_tar(
    tape: &mut dyn Tape,
    found: &Found,
    archive: &Arc<Archive>,
    place: fn(Range<u64>) -> Place,
) -> Listing {
    let mut listing = Listing::default();
    let mut sparse = 0;
    let error = loop {
        let at = tape.at();
        let entry = match tar::next(tape) {
            Ok(Some(entry)) if listing.members.len() < MEMBERS => entry,
            Ok(Some(_)) => break Some(format!("has more than {MEMBERS} members; the rest was not read")),
            Ok(None) => break None,
            Err(tar::Trouble::Cut) => {
                break Some(format!(
                    "tar archive ends early at byte {}; the members before that are read",
                    tape.at()
                ));
            }
            Err(tar::Trouble::Damaged) => {
                break Some(format!("tar archive is damaged at byte {at}; the members before that are read"));
            }
            Err(tar::Trouble::Reading(error)) => break Some(told(&error)),
        };
        let start = tape.at();
        let (end, error) = match tape.pass(entry.size) {
            Ok(n) if n < entry.size => (start + n, Some(cut_message(start + n))),
            Ok(n) => (start + n, None),
            Err(error) => (tape.at(), Some(told(&error))),
        };
        sparse += usize::from(entry.kind == tar::Kind::Sparse);
        if entry.kind == tar::Kind::File {
            let member = member(found, &entry.name, archive, place(start..end), error.is_some());
            listing.members.push(Found { modified: entry.modified, size: Some(end - start), ..member });
        }
        if error.is_some() {
            break error;
        }
        if let Err(error) = tape.pass(tar::padding(entry.size)) {
            break Some(told(&error));
        }
    };
    listing.diagnostics.extend(error.map(|message| Diagnostic::error(&found.shown, message)));
    if sparse > 0 {
        let message = format!("{sparse} of its members are stored with holes (tar -S) and were not read");
        listing.diagnostics.push(Diagnostic::error(&found.shown, message));
    }
    listing
}

fn cut_message(at: u64) -> String {
    format!("tar archive ends early at byte {at}; everything before that is read")
}

fn sorted(mut members: Vec<Found>) -> Vec<Found> {
    members.sort_by_cached_key(|found| Order::of_bytes(found.shown.as_bytes()));
    members
}

/// Members of the same name (a tar that was appended to) are told apart by number.
fn number_the_same(members: &mut [Found]) {
    let mut count: HashMap<String, u32> = HashMap::with_capacity(members.len());
    for found in members {
        let n = count.entry(found.shown.clone()).or_insert(0);
        *n += 1;
        if *n > 1 {
            found.shown = format!("{}#{n}", found.shown);
        }
    }
}

/// Do these names make a zip a document or a program, rather than a bundle of files?
fn is_of_document(name: &[u8]) -> bool {
    matches!(name, b"[Content_Types].xml" | b"META-INF/MANIFEST.MF" | b"mimetype" | b"AndroidManifest.xml")
}

fn has_name_of_archive(name: &str) -> bool {
    const ENDINGS: [&str; 14] = [
        ".tar", ".tar.gz", ".tar.zst", ".tar.bz2", ".tar.xz", ".tar.lz4", ".tgz", ".tbz", ".tbz2", ".txz",
        ".tzst", ".tlz4", ".taz", ".zip",
    ];
    let name = name.to_ascii_lowercase();
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

impl Member {
    /// What the archive calls the member: text, and nothing to be trusted as a path. In a nested archive the
    /// names of the archives on the way come first, as `inner.tgz/app.log`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the bytes are, if they are there as they are.
    pub(super) fn stored(&self) -> Option<Source> {
        match &self.place {
            Place::Stored(range) => Some(self.archive.source.part(range.clone())),
            Place::Zipped(entry) if entry.method == zip::STORED => {
                let offset = zip::data_offset(&self.archive.source.bytes().ok()?, entry).ok()??;
                Some(self.archive.source.part(offset..offset.saturating_add(entry.stored)))
            }
            Place::Zipped(_) | Place::Decoded(_) => None,
        }
    }

    /// The bytes, one after the other.
    pub(super) fn stream(&self, cancel: &Arc<AtomicBool>) -> io::Result<Box<dyn Read + Send>> {
        match &self.place {
            Place::Stored(range) => self.archive.source.part(range.clone()).stream(cancel),
            Place::Zipped(entry) => {
                let Some(offset) = zip::data_offset(&self.archive.source.bytes()?, entry)? else {
                    return Err(changed());
                };
                let end = offset.saturating_add(entry.stored);
                let stored = self.archive.source.part(offset..end).stream(cancel)?;
                Ok(match entry.method {
                    zip::DEFLATED => deflated(Input::new(stored), entry.checksum, entry.size),
                    _ => stored,
                })
            }
            Place::Decoded(range) => Archive::decoded(&self.archive, range.clone(), cancel),
        }
    }
}

fn changed() -> io::Error {
    let message =
        "is not where its archive says; the archive is damaged, or changed since it was listed".to_owned();
    io::Error::new(io::ErrorKind::InvalidData, Damage(message))
}

impl Archive {
    /// A part of what the archive decodes to, from the nearest place before it that is remembered.
    fn decoded(
        archive: &Arc<Archive>,
        range: Range<u64>,
        cancel: &Arc<AtomicBool>,
    ) -> io::Result<Box<dyn Read + Send>> {
        let remembered = {
            let mut cursors = archive.cursors.lock().unwrap_or_else(PoisonError::into_inner);
            let nearest = (0..cursors.len())
                .filter(|&i| cursors[i].offset() <= range.start)
                .max_by_key(|&i| cursors[i].offset());
            nearest.map(|i| cursors.swap_remove(i))
        };
        let cursor = match remembered {
            Some(cursor) => cursor,
            None => unpack(Input::new(archive.source.stream(cancel)?), &Remarks::default())?.input,
        };
        Ok(Box::new(Part { archive: Arc::clone(archive), cursor: Some(cursor), range }))
    }
}

/// A part of what an archive decodes to. Hands its place back when it is dropped.
struct Part {
    archive: Arc<Archive>,
    cursor: Option<Input>,
    range: Range<u64>,
}

impl Read for Part {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Some(cursor) = &mut self.cursor else { return Ok(0) };
        let result = read_part(cursor, &self.range, buf);
        if result.is_err() {
            self.cursor = None;
        }
        result
    }
}

fn read_part(cursor: &mut Input, range: &Range<u64>, buf: &mut [u8]) -> io::Result<usize> {
    cursor.skip(range.start.saturating_sub(cursor.offset()))?;
    let left = usize::try_from(range.end.saturating_sub(cursor.offset())).unwrap_or(usize::MAX);
    let most = left.min(buf.len());
    if most == 0 {
        return Ok(0);
    }
    match cursor.read(&mut buf[..most])? {
        0 => Err(changed()),
        n => Ok(n),
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let Some(cursor) = self.cursor.take() else { return };
        let mut cursors = self.archive.cursors.lock().unwrap_or_else(PoisonError::into_inner);
        if cursors.len() < CURSORS {
            cursors.push(cursor);
        }
    }
}

#[cfg(test)]
mod tests;
