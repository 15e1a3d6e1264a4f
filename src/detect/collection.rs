//! Until when a log was collected: that a file ends is no silence of who wrote it, unless its neighbours go on.

use std::collections::BTreeSet;

use crate::model::Timestamp;
use crate::model::time::NANOS;
use crate::source::Age;
use crate::timeline::scene::Scene;

/// Does the end of these logs, of `from`, mean that their writer went silent until `to`? Only if the last part of them
/// was not ended by rotation, and if of the logs that were collected with them more go on than end.
pub(super) fn is_silence(scene: &Scene<'_>, logs: &BTreeSet<u32>, from: Timestamp, to: Timestamp) -> bool {
    !logs.iter().any(|log| is_rotated(scene.wants.last_part(*log), from)) && goes_on(scene, logs, from, to)
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

/// Do logs that were collected with these go on writing all the time, and more of them than also end?
pub(super) fn goes_on(scene: &Scene<'_>, logs: &BTreeSet<u32>, from: Timestamp, to: Timestamp) -> bool {
    let range = scene.axis.range((Timestamp(from.0.saturating_add(1)), to));
    let quarter = range.len().div_ceil(4).max(1);
    let (mut going, mut ended) = (0, 0);
    for other in neighbours(scene, logs) {
        let volume = scene.volume(other);
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

/// Were entries to be expected in so many more bins?
fn is_missed(before: &[u64], bins: usize) -> bool {
    const ENOUGH: f64 = 20.0;
    let count: u64 = before.iter().sum();
    count as f64 / before.len().max(1) as f64 * bins as f64 >= ENOUGH
}

/// The logs in the nearest folder that has others.
fn neighbours(scene: &Scene<'_>, logs: &BTreeSet<u32>) -> Vec<u32> {
    let folders = |log: u32| {
        let path = scene.wants.log(log);
        path.rsplit_once('/').map_or("", |(folders, _)| folders).split('/').collect::<Vec<&str>>()
    };
    let near = |other: u32| {
        let theirs = folders(other);
        let common = |log: &u32| folders(*log).iter().zip(&theirs).take_while(|(a, b)| a == b).count();
        logs.iter().map(common).max().unwrap_or(0)
    };
    let written =
        (0..scene.groups()).filter(|log| !logs.contains(log) && scene.volume(*log).iter().any(|n| *n > 0));
    let others: Vec<(usize, u32)> = written.map(|log| (near(log), log)).collect();
    let nearest = others.iter().map(|(near, _)| *near).max().unwrap_or(0);
    others.into_iter().filter(|(near, _)| *near == nearest).map(|(_, log)| log).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
