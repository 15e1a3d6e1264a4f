//! The fuzz targets without a fuzzer: over all that was ever found, over their seeds, and over seeds damaged at random.

#[expect(unreachable_pub, reason = "the fuzzer's binaries share it")]
#[path = "../fuzz/targets.rs"]
mod targets;

use std::fs;
use std::path::Path;

use targets::TARGETS;

/// How many damaged seeds are tried of each target; `OBS_FUZZ` asks for more.
fn rounds() -> u32 {
    std::env::var("OBS_FUZZ").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(60)
}

/// Numbers without an order that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most.max(1)
    }
}

/// A seed with some bytes gone, doubled, changed, or from another one.
fn damaged(seeds: &[&[u8]], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = seeds[dice.below(seeds.len())].to_vec();
    for _ in 0..=dice.below(6) {
        let (at, other) = (dice.below(bytes.len() + 1), seeds[dice.below(seeds.len())]);
        let until = (at + dice.below(12)).min(bytes.len());
        match dice.below(5) {
            0 => drop(bytes.drain(at..until)),
            1 => bytes.extend_from_within(at..until),
            2 => bytes[at..until].fill(b"\0\n\"{}[]():=-9\xff"[dice.below(14)]),
            3 => drop(bytes.splice(at..until, other[dice.below(other.len())..].iter().copied())),
            _ => bytes.truncate(until),
        }
    }
    bytes.truncate(4096);
    bytes
}

#[test]
fn what_was_found_stays_mended() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/findings");
    for target in TARGETS {
        let Ok(found) = fs::read_dir(folder.join(target.name)) else { continue };
        for file in found.flatten() {
            (target.run)(&fs::read(file.path()).expect("a finding"));
        }
    }
}

#[test]
fn damaged_seeds_break_nothing() {
    for target in TARGETS {
        target.seeds.iter().for_each(|seed| (target.run)(seed));
        for round in 0..rounds() {
            let bytes = damaged(target.seeds, &mut Dice(u64::from(round) * 7_919 + 1));
            let ran = std::panic::catch_unwind(|| (target.run)(&bytes));
            assert!(ran.is_ok(), "{} on {}", target.name, bytes.escape_ascii());
        }
    }
}
