//! Until when a log was collected: that a file ends is no silence of who wrote it, unless its neighbours go on.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Timestamp;
use crate::model::time::NANOS;
use crate::source::Age;
use crate::timeline::scene::Scene;

/// More neighbours than so many tell no more.
const MOST: usize = 256;

/// Logs that were collected together, by the folders that hold them.
#[derive(Debug)]
pub(super) struct Collection<'s, 'w> {
    scene: &'s Scene<'w>,
    /// The logs in which anything is written, by each folder that they lie in, however deep.
    under: BTreeMap<&'s str, Vec<u32>>,
}

/// The folders of a file, the nearest first; the last one is where all begins.
fn folders(path: &str) -> impl Iterator<Item = &str> {
    let parent = |path: &str| path.rfind('/').map_or(0, |at| at);
    let nearest = &path[..parent(path)];
    std::iter::successors(Some(nearest), move |folder| {
        (!folder.is_empty()).then(|| &folder[..parent(folder)])
    })
}

impl<'s, 'w> Collection<'s, 'w> {
    /// All logs of a scene.
    pub(super) fn of(scene: &'s Scene<'w>) -> Collection<'s, 'w> {
        let mut under: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        let is_written = |log: &u32| scene.volume(*log).iter().any(|count| *count > 0);
        for log in (0..scene.groups()).filter(is_written) {
            for folder in folders(scene.wants.log(log)) {
                under.entry(folder).or_default().push(log);
            }
        }
        Collection { scene, under }
    }

    /// Does the end of these logs, of `from`, mean that their writer went silent until `to`? Only if the last part of them
    /// was not ended by rotation, and if of the logs that were collected with them more go on than end.
    pub(super) fn is_silence(&self, logs: &BTreeSet<u32>, from: Timestamp, to: Timestamp) -> bool {
        let is_rotated = |log: &u32| is_rotated(self.scene.wants.last_part(*log), from);
        !logs.iter().any(is_rotated) && self.goes_on(logs, from, to)
    }

    /// Do logs that were collected with these go on writing all the time, and more of them than also end?
    pub(super) fn goes_on(&self, logs: &BTreeSet<u32>, from: Timestamp, to: Timestamp) -> bool {
        let range = self.scene.axis.range((Timestamp(from.0.saturating_add(1)), to));
        let quarter = range.len().div_ceil(4).max(1);
        let (mut going, mut ended) = (0, 0);
        for other in self.neighbours(logs) {
            let volume = self.scene.volume(other);
            let inside = volume.get(range.clone()).unwrap_or_default();
            if !inside.is_empty() && inside.chunks(quarter).all(|part| part.iter().any(|count| *count > 0)) {
                going += 1;
            } else if inside.iter().sum::<u64>() == 0
                && is_missed(&volume[..range.start.min(volume.len())], inside.len())
            {
                ended += 1;
            }
        }
        going > 0 && going >= ended
    }

    /// The logs in the nearest folder that has others.
    fn neighbours(&self, logs: &BTreeSet<u32>) -> BTreeSet<u32> {
        let others = |folder: &str| {
            self.under.get(folder).into_iter().flatten().copied().filter(|log| !logs.contains(log))
        };
        let nearest = |log: &u32| {
            let path = self.scene.wants.log(*log);
            folders(path).find(|folder| others(folder).next().is_some())
        };
        let depth = |folder: &str| if folder.is_empty() { 0 } else { 1 + folder.matches('/').count() };
        let found: BTreeSet<&str> = logs.iter().filter_map(nearest).collect();
        let deepest = found.iter().map(|folder| depth(folder)).max();
        let those = found.into_iter().filter(|folder| Some(depth(folder)) == deepest);
        those.flat_map(others).take(MOST).collect()
    }
}

/// Was a part of a log ended by rotation, if its last entry is of this time?
fn is_rotated(age: &Age, last: Timestamp) -> bool {
    const NEAR: i64 = 120 * NANOS;
    const HALF_HOUR: i64 = 1_800 * NANOS;
    match age {
        Age::Current => false,
        Age::Previous | Age::Numbered(_) => true,
        // One that is named after a day or an hour may still be written to when that is not over in any zone.
        Age::Dated(digits, _) => digits.len() > 10 || HALF_HOUR - last.0.rem_euclid(HALF_HOUR) <= NEAR,
    }
}

/// Were entries to be expected in so many more bins?
fn is_missed(before: &[u64], bins: usize) -> bool {
    const ENOUGH: f64 = 20.0;
    let count: u64 = before.iter().sum();
    count as f64 / before.len().max(1) as f64 * bins as f64 >= ENOUGH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_lies_in_its_folders() {
        let all = |path| folders(path).collect::<Vec<&str>>();
        assert_eq!(all("var/log/a.log"), ["var/log", "var", ""]);
        assert_eq!(all("a.log"), [""]);
        assert_eq!(all("/var/a.log"), ["/var", ""]);
    }

    #[test]
    fn rotation_ends_a_part() {
        let at = |minute: i64, second: i64| Timestamp((minute * 60 + second) * NANOS);
        let dated = |digits: &str| Age::Dated(digits.as_bytes().to_vec(), 0);
        for (age, last, rotated) in [
            (Age::Current, at(59, 59), false),
            (Age::Previous, at(12, 0), true),
            (dated("20240305"), at(12, 0), false),
            (dated("20240305"), at(59, 40), true),
            (dated("20240305"), at(29, 40), true),
            (dated("202403051200"), at(12, 0), true),
        ] {
            assert_eq!(is_rotated(&age, last), rotated, "{age:?} {last}");
        }
    }
}
