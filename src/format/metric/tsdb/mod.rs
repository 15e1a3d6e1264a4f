//! Prometheus' disk, byte by byte: blocks (index, chunks, tombstones), the write-ahead log, and the chunks of the head.
//!
//! The formats are those of Prometheus' `tsdb/docs/format`. Everything here takes bytes and gives what is in them; what
//! is damaged is told, and what stands before it is given.

mod bits;
mod chunk;
mod cursor;
mod head;
mod histogram;
mod index;
mod tombstones;
mod wal;

pub use chunk::{Contents, Encoding, decode, framed};
pub use head::{HeadChunk, head_chunks};
pub use index::{ChunkPlace, Entry, Index};
pub use tombstones::{Interval, Tombstones, tombstones};
pub use wal::{Histograms, Record, Samples, records};

/// What a file is for in a data folder, by its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// What a block says of itself.
    Meta,
    /// The series of a block.
    Index,
    /// A segment of a block's chunks.
    Chunks(u32),
    /// What was deleted of a block.
    Tombstones,
    /// A segment of the write-ahead log.
    Wal(u32),
    /// A segment of a checkpoint of the log, which stands for the segments up to its number.
    Checkpoint(u32, u32),
    /// A segment of the log of samples that came late.
    LateWal(u32),
    /// A file of the chunks of the head.
    Head(u32),
    /// What a running server leaves beside them.
    Other,
}

/// The part that the file at this path is, and the folder of the block or of the data; `None` if its name is none of a
/// data folder's.
pub fn part_of(path: &str) -> Option<(&str, Part)> {
    let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
    let (above, inside) = folder.rsplit_once('/').unwrap_or((".", folder));
    let number = |digits: usize| {
        let is_number = name.len() == digits && name.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| name.parse::<u32>().ok()).flatten()
    };
    if let Some(checkpoint) = inside.strip_prefix("checkpoint.").and_then(|number| number.parse().ok()) {
        let root = above.strip_suffix("/wal").or((above == "wal").then_some("."))?;
        return Some((root, Part::Checkpoint(checkpoint, number(8)?)));
    }
    match (inside, name) {
        ("chunks", _) => Some((above, Part::Chunks(number(6)?))),
        ("wal", _) => Some((above, Part::Wal(number(8)?))),
        ("wbl", _) => Some((above, Part::LateWal(number(8)?))),
        ("chunks_head", _) => Some((above, Part::Head(number(6)?))),
        (_, "index") => Some((folder, Part::Index)),
        (_, "meta.json") => Some((folder, Part::Meta)),
        (_, "tombstones") => Some((folder, Part::Tombstones)),
        (_, "lock" | "queries.active") => Some((folder, Part::Other)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_their_paths() {
        for (path, expected) in [
            ("data/01ABC/index", Some(("data/01ABC", Part::Index))),
            ("data/01ABC/chunks/000002", Some(("data/01ABC", Part::Chunks(2)))),
            ("data/wal/00000007", Some(("data", Part::Wal(7)))),
            ("wal/00000007", Some((".", Part::Wal(7)))),
            ("data/wal/checkpoint.00000003/00000001", Some(("data", Part::Checkpoint(3, 1)))),
            ("data/chunks_head/000001", Some(("data", Part::Head(1)))),
            ("data/wbl/00000000", Some(("data", Part::LateWal(0)))),
            ("data/chunks/readme", None),
            ("data/wal/1", None),
            ("app.log", None),
        ] {
            assert_eq!(part_of(path), expected, "{path}");
        }
    }
}
