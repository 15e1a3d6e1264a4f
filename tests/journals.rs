//! systemd's journal files, read in place: the same entries as `journalctl -o json` gives, in each compression, and what
//! is whole of a file that is damaged.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program::obs;

/// Made by systemd-journal-remote 252 (`zstd`, and `regular` without offsets of four bytes, `jenkins` without keyed
/// hashes); in the others the fields were packed anew, and journalctl reads the same in them.
const FILES: &[&str] = &["zstd", "regular", "jenkins", "xz", "lz4", "lz4-compact", "none"];

/// A journal file as it lies on a disk.
fn unpacked(name: &str) -> Vec<u8> {
    let packed = std::fs::File::open(format!("fixtures/journal/{name}.journal.zst")).unwrap();
    let mut bytes = Vec::new();
    zstd::Decoder::new(packed).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

fn written(folder: &Path, bytes: &[u8]) -> PathBuf {
    let path = folder.join("system.journal");
    std::fs::write(&path, bytes).unwrap();
    path
}

fn entries(path: &Path) -> (Vec<Value>, String, i32) {
    let found = obs(&["grep", "", path.to_str().unwrap(), "--output", "jsonl"]);
    let lines = found.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (lines, found.stderr.clone(), found.code)
}

fn expected() -> Vec<Value> {
    let text = std::fs::read_to_string("fixtures/journal/expected.jsonl").unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn entries_are_those_of_journalctl() {
    let folder = tempfile::tempdir().unwrap();
    let expected = expected();
    for name in FILES {
        let (found, stderr, _) = entries(&written(folder.path(), &unpacked(name)));
        assert_eq!(found.len(), expected.len(), "{name}: {stderr}");
        for (entry, expected) in found.iter().zip(&expected) {
            assert_eq!(entry["message"], expected["MESSAGE"], "{name}");
            for (field, value) in expected.as_object().unwrap() {
                assert_eq!(&entry["fields"][field], value, "{name} {field}");
            }
            assert!(entry["timestamp"].as_str().unwrap().starts_with("2026-11-29T10:00:"), "{name} {entry}");
        }
    }
    // Packed as a whole, too.
    let (found, _, _) = entries(Path::new("fixtures/journal/zstd.journal.zst"));
    assert_eq!(found.len(), expected.len());
}

#[test]
fn a_file_that_was_cut_keeps_its_entries() {
    let folder = tempfile::tempdir().unwrap();
    let whole = unpacked("zstd");
    let last = u64::from_le_bytes(whole[136..144].try_into().unwrap()) as usize;
    let mut before = 0;
    for end in [last - 14_000, last - 8_000, last - 4_000, last] {
        let (found, stderr, code) = entries(&written(folder.path(), &whole[..end]));
        assert!(found.len() >= before && found.len() < 61, "{end}: {} {before}", found.len());
        assert!(stderr.contains("cut short or damaged"), "{end}: {stderr}");
        assert_eq!(code, 2, "{end}");
        before = found.len();
    }
    assert!(before > 30, "{before}");
}

#[test]
fn entries_after_damage_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = unpacked("zstd");
    let last = u64::from_le_bytes(bytes[136..144].try_into().unwrap()) as usize;
    bytes[last - 9_000..last - 8_700].fill(0xA5);
    let (found, stderr, _) = entries(&written(folder.path(), &bytes));
    let messages: Vec<&str> = found.iter().filter_map(|entry| entry["message"].as_str()).collect();
    assert!(found.len() > 45 && found.len() <= 61, "{}: {stderr}", found.len());
    assert!(messages.iter().any(|message| message.starts_with("two")), "{messages:?}");
}
