//! What the names of files tell: when a snapshot was taken, and of which target.

use std::ops::Range;

use crate::format::time::{Clock, Stamp, TimeOfDay, Zone};
use crate::model::Timestamp;
use crate::model::time::days_in_month;

/// Endings of names that say how a file is written and not what it is of.
const ENDINGS: [&str; 16] = [
    "gz", "zst", "bz2", "xz", "lz4", "prom", "om", "metrics", "txt", "text", "json", "jsonl", "csv", "tsv",
    "out", "log",
];

/// A time that stands in a name, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub place: Range<usize>,
    pub at: Timestamp,
}

/// The last part of a path and what is before it.
pub(super) fn split(shown: &str) -> (&str, &str) {
    match shown.rsplit_once('/') {
        Some((folder, name)) => (folder, name),
        None => ("", shown),
    }
}

/// A file's name without the endings that say how it is written.
pub(super) fn stem(name: &str) -> &str {
    let mut name = name;
    while let Some((stem, ending)) = name.rsplit_once('.') {
        if !ENDINGS.contains(&ending) || stem.is_empty() {
            break;
        }
        name = stem;
    }
    name
}

/// The times that a name tells: epoch seconds or milliseconds, or a date with a time, as in
/// `metrics-1703385000.prom`, `2023-12-24T03-06-00Z.prom`, `metrics_20231224_030600.txt`. `zone` is that of dates
/// without a `Z` behind them.
pub(super) fn times(name: &str, zone: chrono_tz::Tz) -> Vec<Written> {
    let groups = groups(name);
    let mut found = Vec::new();
    let mut index = 0;
    while index < groups.len() {
        if let Some(at) = epoch(&name[groups[index].clone()]) {
            found.push(Written { place: groups[index].clone(), at });
        } else if let Some((used, written)) = civil(name, &groups[index..], zone) {
            found.push(written);
            index += used;
            continue;
        }
        index += 1;
    }
    found
}

/// Where the groups of digits are.
fn groups(name: &str) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    for (at, _) in name.bytes().enumerate().filter(|(_, b)| b.is_ascii_digit()) {
        match groups.last_mut() {
            Some(last) if last.end == at => last.end += 1,
            _ => groups.push(at..at + 1),
        }
    }
    groups
}

fn epoch(digits: &str) -> Option<Timestamp> {
    let number: i64 = digits.parse().ok()?;
    match digits.len() {
        10 => Timestamp::new(number, 0),
        13 => Timestamp::from_millis(number),
        _ => None,
    }
}

/// The date and time of day at the start of these groups of digits, and how many of them it is.
fn civil(name: &str, groups: &[Range<usize>], zone: chrono_tz::Tz) -> Option<(usize, Written)> {
    // Year, month, day, hour, minute, second by their digits, however they are grouped.
    let mut digits = String::with_capacity(14);
    let mut used = 0;
    for group in groups {
        let length = group.len();
        let fits = match digits.len() {
            0 => matches!(length, 4 | 8 | 12 | 14),
            8 => matches!(length, 2 | 4 | 6),
            12 | 4 | 6 | 10 => length == 2,
            _ => false,
        };
        if !fits {
            break;
        }
        digits.push_str(&name[group.clone()]);
        used += 1;
    }
    let part = |range: Range<usize>| digits.get(range)?.parse::<u32>().ok();
    let year = part(0..4).filter(|year| (1970..2262).contains(year))? as i32;
    let (month, day) = (part(4..6)?, part(6..8)?);
    // A date alone is no time of a snapshot; minutes are enough.
    let (hour, minute, second) = (part(8..10)?, part(10..12)?, part(12..14).unwrap_or(0));
    if !(1..=12).contains(&month)
        || !(1..=days_in_month(year, month)).contains(&day)
        || hour > 23
        || minute > 59
        || second > 59
    {
        return None;
    }
    let end = groups[used - 1].end;
    let is_utc = name[end..].starts_with('Z');
    let clock = Clock { zone: if is_utc { chrono_tz::UTC } else { zone }, ..Clock::default() };
    let time = TimeOfDay { second: (hour * 60 + minute) * 60 + second, nanos: 0, zone: Zone::Local };
    let at = clock.resolve(Stamp::Civil { year: Some(year), month, day, time })?;
    Some((used, Written { place: groups[0].start..end + usize::from(is_utc), at }))
}

/// A name without the part at that place, and without what joined it to the rest.
pub(super) fn without(name: &str, place: &Range<usize>) -> String {
    let joint = ['-', '_', '.', '@', ' ', '+', '='];
    let before = name[..place.start].trim_end_matches(joint);
    let after = name[place.end..].trim_start_matches(joint);
    match (before.is_empty(), after.is_empty()) {
        (false, false) => format!("{before}-{after}"),
        _ => format!("{before}{after}"),
    }
}

/// A name with a sign in place of each of these times.
pub(super) fn masked(name: &str, times: &[Written]) -> String {
    let mut masked = String::with_capacity(name.len());
    let mut at = 0;
    for time in times {
        masked.push_str(&name[at..time.place.start]);
        masked.push('\0');
        at = time.place.end;
    }
    masked.push_str(&name[at..]);
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_times_of_snapshots() {
        for (name, expected) in [
            ("metrics-1703385000.prom", vec!["2023-12-24T02:30:00Z"]),
            ("metrics-1703385000123.prom", vec!["2023-12-24T02:30:00.123Z"]),
            ("metrics_20231224_033000.txt", vec!["2023-12-24T02:30:00Z"]),
            ("2023-12-24T02-30-15Z.prom", vec!["2023-12-24T02:30:15Z"]),
            ("node1-20231224T0330.prom.gz", vec!["2023-12-24T02:30:00Z"]),
            ("20231224033000.prom", vec!["2023-12-24T02:30:00Z"]),
            ("build-1234567890-1703385000.prom", vec!["2009-02-13T23:31:30Z", "2023-12-24T02:30:00Z"]),
            ("metrics-2023-12-24.prom", vec![]),
            ("metrics-20231299_990000.prom", vec![]),
            ("node-12.prom", vec![]),
            ("metrics.prom", vec![]),
        ] {
            let found: Vec<String> =
                times(name, chrono_tz::Europe::Berlin).iter().map(|time| time.at.to_string()).collect();
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn names_without_their_times() {
        for (name, expected) in [
            ("api-1-1703385000.prom", "api-1"),
            ("1703385000_api.example.com.prom.gz", "api.example.com"),
            ("api-2023-12-24T02-30-15Z-full.txt", "api-full"),
            ("1703385000.prom", ""),
        ] {
            let stem = stem(name);
            let times = times(stem, chrono_tz::UTC);
            assert_eq!(without(stem, &times[0].place), expected, "{name}");
        }
    }
}
