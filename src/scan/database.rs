//! Data folders of Prometheus among the files: which files belong together, and their bytes.

use std::io::Read;

use super::ScanOptions;
use crate::format::metric::tsdb::{Part, part_of};
use crate::model::Diagnostic;
use crate::source::{self, Content, Found, Map};

/// A data folder of Prometheus: blocks, and the head that is not a block yet.
#[derive(Debug)]
pub struct Database {
    /// The folder as it is shown.
    pub shown: String,
    /// Blocks, in the order in which they were found.
    pub blocks: Vec<Block>,
    /// The files of the head, in the order in which they are read.
    pub head: Vec<DatabaseFile>,
}

/// A block of samples.
#[derive(Debug)]
pub struct Block {
    /// Its folder as it is shown.
    pub shown: String,
    /// Its files, by what they are.
    pub files: Vec<DatabaseFile>,
}

/// A file of a data folder.
#[derive(Debug)]
pub struct DatabaseFile {
    /// What it is for.
    pub part: Part,
    /// Its path as it is shown.
    pub shown: String,
    found: Found,
}

impl DatabaseFile {
    /// Its bytes as they are; what went wrong comes with what could be read.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn bytes(&self, options: &ScanOptions) -> Result<(Map, Option<Diagnostic>), Diagnostic> {
        match source::open_raw(&self.found, options.map, &options.cancel)? {
            Content::Mapped(map) => Ok((map, None)),
            Content::Stream(mut stream) => {
                let mut bytes = Vec::new();
                // The error is kept by the stream.
                let _ = stream.read_to_end(&mut bytes);
                Ok((Map::held(bytes), stream.trouble()))
            }
        }
    }
}

impl Database {
    /// Its files as they were found.
    pub(super) fn found(&self) -> impl Iterator<Item = &Found> {
        let blocks = self.blocks.iter().flat_map(|block| &block.files);
        blocks.chain(&self.head).map(|file| &file.found)
    }
}

impl Block {
    /// The files that are this part.
    pub fn file(&self, part: Part) -> Option<&DatabaseFile> {
        self.files.iter().find(|file| file.part == part)
    }
}

/// Takes the files of data folders out of all files.
pub(super) fn take(found: Vec<Found>) -> (Vec<Database>, Vec<Found>) {
    let parts: Vec<Option<(String, Part)>> = found
        .iter()
        .map(|found| part_of(&found.shown).map(|(folder, part)| (folder.to_owned(), part)))
        .collect();
    let has = |folder: &str, is: fn(Part) -> bool| {
        parts.iter().flatten().any(|(known, part)| known == folder && is(*part))
    };
    let mut blocks: Vec<&str> = Vec::new();
    let mut heads: Vec<&str> = Vec::new();
    for (folder, part) in parts.iter().flatten() {
        match part {
            Part::Index if has(folder, |part| matches!(part, Part::Meta | Part::Chunks(_))) => {
                blocks.push(folder);
            }
            Part::Wal(_) | Part::Checkpoint(..) | Part::Head(_) if !heads.contains(&folder.as_str()) => {
                heads.push(folder);
            }
            _ => {}
        }
    }
    let mut databases: Vec<Database> = Vec::new();
    let mut others = Vec::new();
    for (found, known) in found.into_iter().zip(&parts) {
        let Some((folder, part)) = known else {
            others.push(found);
            continue;
        };
        let in_block = blocks.contains(&folder.as_str());
        // A lock lies beside the blocks and the log.
        let in_head = heads.contains(&folder.as_str())
            || *part == Part::Other && blocks.iter().any(|block| above(block) == folder);
        if !in_block && !in_head {
            others.push(found);
            continue;
        }
        let root = if in_block { above(folder) } else { folder };
        let place = databases.iter().position(|database| database.shown == root).unwrap_or_else(|| {
            databases.push(Database { shown: root.to_owned(), blocks: Vec::new(), head: Vec::new() });
            databases.len() - 1
        });
        let file = DatabaseFile { part: *part, shown: found.shown.clone(), found };
        if !in_block {
            databases[place].head.push(file);
            continue;
        }
        let blocks = &mut databases[place].blocks;
        match blocks.iter_mut().find(|block| block.shown == *folder) {
            Some(block) => block.files.push(file),
            None => blocks.push(Block { shown: folder.clone(), files: vec![file] }),
        }
    }
    for database in &mut databases {
        database.head.sort_by_key(|file| file.part);
    }
    (databases, others)
}

/// Takes snapshots that lie within the data folder that they are of out of all data folders: they are copies, which may
/// have what was deleted since. Whoever names a snapshot means it. Gives their folders, and why they are left alone.
pub(super) fn take_snapshots(databases: &mut Vec<Database>) -> Vec<(String, String)> {
    let roots: Vec<String> = databases.iter().map(|database| database.shown.clone()).collect();
    let is_copy = |database: &mut Database| {
        let folder = above(&database.shown);
        let is_of_snapshots = folder == "snapshots" || folder.ends_with("/snapshots");
        is_of_snapshots && roots.iter().any(|root| root == above(folder))
    };
    let copies = databases.extract_if(.., is_copy);
    copies.map(|copy| (copy.shown, "a snapshot of the data folder around it".to_owned())).collect()
}

/// The folder that a folder lies in.
fn above(folder: &str) -> &str {
    folder.rsplit_once('/').map_or(".", |(above, _)| above)
}
