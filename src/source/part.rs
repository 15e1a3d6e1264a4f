//! Which log a file is a part of, by its path: what rotation, collection, export and compression add to a name.
//!
//! Some marks say so by themselves (`app.log.1`, `app-2024-03-05.log`, `previous.log`). Others only may: the number in
//! `app.1.log` counts parts, that in `node-1.log` nodes. What such a path may be a part of is listed, and whoever
//! knows the times of the entries decides: parts follow one another, instances write at the same time.

use std::cmp::Reverse;

/// What a path says of the log that its file is a part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The path of the log: without what surely is no part of its name.
    pub log: Vec<u8>,
    /// Which part of it this is.
    pub age: Age,
    /// The logs that it may be a part of beside, the most likely first.
    pub perhaps: Vec<Perhaps>,
}

/// A log that a file may be a part of: only if no two of its parts write at the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Perhaps {
    /// The path of the log.
    pub log: Vec<u8>,
    /// The number that would tell which part this is.
    pub number: Option<u32>,
    /// Does a word of its name say that it is one of several parts?
    pub said: bool,
}

/// Which part of a log a file is, in the order in which the parts were written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum Age {
    /// Named after when it was begun or closed: the digits of that, and its number among those of that time.
    Dated(Vec<u8>, u32),
    /// The higher the number, the older.
    Numbered(Reverse<u32>),
    /// The part before the current one (`app.log.old`, `app.log.gz`).
    Previous,
    /// The file that is written to.
    Current,
}

const COMPRESSED: [&[u8]; 8] = [b".gz", b".zst", b".bz2", b".xz", b".lz4", b".Z", b".zip", b".br"];
const PREVIOUS: [&[u8]; 6] = [b".old", b".prev", b".previous", b".bak", b".rotated", b".archived"];

/// Words that name a part where they stand for themselves or end a name: `previous.log`, `app-old.log`.
const EARLIER: [&[u8]; 7] = [b"previous", b"prev", b"old", b"bak", b"rotated", b"archived", b"last"];
const PRESENT: [&[u8]; 3] = [b"current", b"latest", b"active"];

/// Folders into which parts are put aside, or those of one time are put.
const ASIDE: [&[u8]; 10] = [
    b"archive",
    b"archived",
    b"archives",
    b"old",
    b"oldlogs",
    b"rotated",
    b"backup",
    b"previous",
    b"current",
    b"history",
];

/// What dates are called in the folders of exports: `year=2024/month=03`, `dt=2024-03-05`.
const PARTITIONS: [&[u8]; 14] = [
    b"year", b"month", b"day", b"hour", b"minute", b"date", b"dt", b"ds", b"y", b"m", b"d", b"h", b"time",
    b"ymd",
];

const WEEKDAYS: [&[u8]; 7] = [b"mon", b"tue", b"wed", b"thu", b"fri", b"sat", b"sun"];

const MONTHS: [&[u8]; 12] =
    [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];

/// What the path of a file says of the log that it is a part of. An archive's member stands behind a `!`.
pub fn part_of(path: &[u8]) -> Part {
    let name_at = memchr::memrchr2(b'/', b'!', path).map_or(0, |end| end + 1);
    let (directory, name) = path.split_at(name_at);
    let named = Named::of(name);
    let within = |directory: &[u8], name: &[u8]| [directory, name].concat();
    let mut perhaps: Vec<Perhaps> = Vec::new();
    let outer = without_folders(directory);
    let mut names = vec![(named.base.clone(), None, true)];
    names.extend(doubtful(&named));
    for (at, (name, number, said)) in names.iter().enumerate() {
        if at > 0 {
            perhaps.push(Perhaps { log: within(directory, name), number: *number, said: *said });
        }
    }
    if let Some(outer) = outer {
        for (name, number, _) in names {
            perhaps.push(Perhaps { log: within(&outer, &name), number, said: false });
        }
    }
    Part { log: within(directory, &named.base), age: named.age, perhaps }
}

/// A name taken apart.
#[derive(Debug)]
struct Named {
    /// Without what surely marks a part.
    base: Vec<u8>,
    age: Age,
    /// Where in `base` that is what stood behind a date: ids of a part may be in it.
    behind: Option<usize>,
}

impl Named {
    fn of(name: &[u8]) -> Named {
        let stored = without(name, &COMPRESSED);
        let mut rest = stored.unwrap_or(name).to_owned();
        let mut age = if stored.is_some() { Age::Previous } else { Age::Current };
        let mut behind = None;
        // A part of a day may have a number, and have been compressed.
        for _ in 0..3 {
            let found = if behind.is_none() { dated(&rest) } else { None };
            if let Some((base, digits, index, at)) = found {
                (rest, age, behind) = (base, Age::Dated(digits, index), Some(at));
            } else if let Some((base, number)) = numbered(&rest) {
                // A number behind a name alone may be that of an instance: `worker.1`.
                if !base.contains(&b'.') && stored.is_none() {
                    break;
                }
                age = match age {
                    Age::Dated(digits, _) => Age::Dated(digits, number),
                    _ => Age::Numbered(Reverse(number)),
                };
                rest.truncate(base.len());
            } else if let Some(base) = without(&rest, &PREVIOUS) {
                age = if behind.is_some() { age } else { Age::Previous };
                rest.truncate(base.len());
            } else if let Some(base) = stamped(&rest) {
                (rest, age) = (base, Age::Previous);
                break;
            } else {
                break;
            }
        }
        let (stem, ending) = split_ending(&rest);
        if let Some(earlier) = role(stem) {
            let ending = ending.to_owned();
            (rest, age, behind) = (ending, if earlier { Age::Previous } else { age }, None);
        }
        Named { base: rest, age, behind }
    }
}

/// Names that a name may be a part of, the most likely first, with the number of the part and whether a word says so.
fn doubtful(named: &Named) -> Vec<(Vec<u8>, Option<u32>, bool)> {
    let mut found: Vec<(Vec<u8>, Option<u32>, bool)> = Vec::new();
    let mut name = named.base.clone();
    if let Some(at) = named.behind
        && let Some(shorter) = without_ids(&name, at)
    {
        found.push((shorter.clone(), None, false));
        name = shorter;
    }
    for _ in 0..2 {
        let Some(next) = doubtful_mark(&name) else { break };
        name.clone_from(&next.0);
        found.push(next);
    }
    found
}

/// Takes one mark away that may be that of a part.
fn doubtful_mark(name: &[u8]) -> Option<(Vec<u8>, Option<u32>, bool)> {
    if let Some((base, number)) = numbered(name) {
        return Some((base.to_owned(), Some(number), false));
    }
    let (stem, ending) = split_ending(name);
    let at = stem.iter().rposition(|b| is_separator(*b)).map_or(0, |at| at + 1);
    let (before, last) = (stem[..at.saturating_sub(1)].to_owned(), &stem[at..]);
    let whole = |before: Vec<u8>| [&before[..], ending].concat();
    let lower = last.to_ascii_lowercase();
    if at > 0 && role(&lower).is_some() {
        return Some((whole(before), None, true));
    }
    if at > 0 && WEEKDAYS.contains(&&lower[..]) {
        return Some((whole(before), None, false));
    }
    let digits = (1..=5).contains(&last.len()) && last.iter().all(u8::is_ascii_digit);
    // The last number of an address is none of a part.
    let address = before.last().is_some_and(u8::is_ascii_digit);
    if !digits || address || ending.is_empty() {
        return None;
    }
    let number = last.iter().fold(0, |n, digit| n * 10 + u32::from(digit - b'0'));
    Some((whole(before), Some(number), false))
}

/// Does a word name a part of a log, and is it an earlier one?
fn role(word: &[u8]) -> Option<bool> {
    let lower = word.to_ascii_lowercase();
    let is = |words: &[&[u8]]| words.contains(&&lower[..]);
    if is(&EARLIER) { Some(true) } else { is(&PRESENT).then_some(false) }
}

/// The name without one of these endings; never empty.
fn without<'a>(name: &'a [u8], endings: &[&[u8]]) -> Option<&'a [u8]> {
    endings.iter().find_map(|ending| name.strip_suffix(*ending)).filter(|rest| !rest.is_empty())
}

/// A name and its ending of letters: `app` and `.log`.
fn split_ending(name: &[u8]) -> (&[u8], &[u8]) {
    let dot = memchr::memrchr(b'.', name);
    let ending = dot.filter(|dot| {
        let letters = &name[dot + 1..];
        (1..=7).contains(&letters.len()) && letters.iter().all(u8::is_ascii_alphabetic)
    });
    name.split_at(ending.unwrap_or(name.len()))
}

/// `app.log.2`: the name before the number, and the number (at most three digits); `access.log00012` as WebLogic
/// writes it.
pub(super) fn numbered(name: &[u8]) -> Option<(&[u8], u32)> {
    let digits = name.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let (base, digits) = name.split_at(name.len() - digits);
    if digits.len() == 5 && base.ends_with(b".log") {
        return Some((base, digits.iter().fold(0, |n, digit| n * 10 + u32::from(digit - b'0'))));
    }
    let base = base.strip_suffix(b".").filter(|base| !base.is_empty())?;
    Some((base, number(digits)?))
}

fn number(digits: &[u8]) -> Option<u32> {
    let short = (1..=3).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    short.then(|| digits.iter().fold(0, |n, digit| n * 10 + u32::from(digit - b'0')))
}

/// `@4000000065e6f2a012345678.s` of multilog, which is a part of `current`; `system@0006….journal`.
fn stamped(name: &[u8]) -> Option<Vec<u8>> {
    let at = memchr::memchr(b'@', name)?;
    let stamp = name[at + 1..].iter().take_while(|b| b.is_ascii_hexdigit() || **b == b'-').count();
    if stamp < 16 {
        return None;
    }
    let ending = &name[at + 1 + stamp..];
    Some(if at == 0 { Vec::new() } else { [&name[..at], ending].concat() })
}

/// A name without the date in it, the digits of the date, the number behind it, and where in the name that is what
/// stood behind the date: `app.log-20231224`, `app.log.2023-12-24_03.2`, `2023-12-24-app.1.log`, `u_ex231224.log`.
fn dated(name: &[u8]) -> Option<(Vec<u8>, Vec<u8>, u32, usize)> {
    let starts = (0..name.len())
        .filter(|&at| name[at].is_ascii_alphanumeric() && (at == 0 || !name[at - 1].is_ascii_digit()));
    starts.into_iter().find_map(|at| {
        let before = &name[..at];
        let clear = before.last().is_none_or(|b| is_separator(*b));
        let (digits, used) = match date(&name[at..]) {
            // What follows a name at once is a date if it is written in full: `log20231224.txt`.
            Some((digits, used)) if clear || digits.len() >= 8 => (digits, used),
            _ if is_of_web_server(before) => short_date(&name[at..])?,
            _ if clear => other_date(&name[at..])?,
            _ => return None,
        };
        let rest = &name[at + used..];
        let rest = rest.strip_prefix(b"Z").unwrap_or(rest);
        let (index, rest) = indexed(rest);
        if rest.first().is_some_and(|first| !is_separator(*first)) {
            return None;
        }
        let end = before.iter().rposition(|b| !is_separator(*b)).map_or(0, |end| end + 1);
        let before = &before[..end];
        // A name that the date began starts with a word.
        let rest = match rest {
            [b'-' | b'_', after @ ..] if before.is_empty() => after,
            _ => rest,
        };
        Some(([before, rest].concat(), digits, index, before.len()))
    })
}

/// The number behind a date, and the rest.
fn indexed(rest: &[u8]) -> (u32, &[u8]) {
    let Some((_, after)) = rest.split_first().filter(|(first, _)| is_separator(**first)) else {
        return (0, rest);
    };
    let end = after.iter().take_while(|b| b.is_ascii_digit()).count();
    // The numbers of an address belong together.
    let more = matches!(after.get(end..end + 2), Some([separator, digit])
        if is_separator(*separator) && digit.is_ascii_digit());
    match number(&after[..end]) {
        Some(index) if !more && after.get(end).is_none_or(|b| is_separator(*b)) => (index, &after[end..]),
        _ => (0, rest),
    }
}

/// IIS and its relatives write the date behind two letters: `u_ex240305.log`.
fn is_of_web_server(before: &[u8]) -> bool {
    let before = before.strip_prefix(b"u_").unwrap_or(before);
    matches!(before, b"ex" | b"nc" | b"in" | b"ex_" | b"extend")
}

/// `240305`, and perhaps the hour.
fn short_date(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let run = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let two = |at: usize| (text[at] - b'0') * 10 + (text[at + 1] - b'0');
    let fits = matches!(run, 6 | 8) && (1..=12).contains(&two(2)) && (1..=31).contains(&two(4));
    fits.then(|| ([&b"20"[..], &text[..run]].concat(), run))
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'-' | b'.' | b'_')
}

/// A date, and perhaps a time, at the start of `text`: its digits and its length. Seconds since 1970 count.
fn date(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let run = text.iter().take_while(|b| b.is_ascii_digit()).count();
    if matches!(run, 10 | 13) && text[0] == b'1' {
        return Some((text[..run].to_vec(), run));
    }
    let two = |at: usize| -> Option<u8> {
        let &[high, low] = text.get(at..at + 2)? else { return None };
        (high.is_ascii_digit() && low.is_ascii_digit()).then(|| (high - b'0') * 10 + (low - b'0'))
    };
    let (century, year) = (two(0)?, two(2)?);
    let separated = text.get(4).is_some_and(|&b| is_separator(b));
    let gap = usize::from(separated);
    if separated && text.get(4) != text.get(7) {
        return None;
    }
    let (month, day) = (two(4 + gap)?, two(6 + 2 * gap)?);
    let sensible = (century == 19 && year >= 70 || century == 20)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day);
    if !sensible {
        return None;
    }
    let mut used = 8 + 2 * gap;
    // The time of day: pairs of digits, with or without something between them.
    for _ in 0..3 {
        let gap = usize::from(text.get(used).is_some_and(|&b| is_separator(b) || b == b'T' || b == b':'));
        // A number of one digit or of three is that of a part.
        let alone = gap == 0 || !text.get(used + gap + 2).is_some_and(u8::is_ascii_digit);
        let pair = two(used + gap).filter(|_| alone || run_length(text, used + gap).is_multiple_of(2));
        if pair.is_none() {
            break;
        }
        used += gap + 2;
    }
    let digits: Vec<u8> = text[..used].iter().copied().filter(u8::is_ascii_digit).collect();
    // More digits: a number, not a date.
    (!text.get(used).is_some_and(u8::is_ascii_digit)).then_some((digits, used))
}

fn run_length(text: &[u8], at: usize) -> usize {
    text.get(at..).map_or(0, |rest| rest.iter().take_while(|b| b.is_ascii_digit()).count())
}

/// A date in another notation: `05-03-2024`, `05Mar2024`, `2024-03`, `12:00:00`. Its digits, the year first, and its
/// length.
fn other_date(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let at = |at: usize| text.get(at).copied().unwrap_or_default();
    let digits = |from: usize, n: usize| {
        let run = text.get(from..from + n)?;
        run.iter().all(u8::is_ascii_digit).then_some(run)
    };
    let value = |run: &[u8]| run.iter().fold(0_u32, |n, digit| n * 10 + u32::from(digit - b'0'));
    let year = |from: usize| digits(from, 4).filter(|run| (1970..2100).contains(&value(run)));
    let ends = |end: usize| !at(end).is_ascii_digit();
    if let (Some(first), Some(second), Some(third)) = (digits(0, 2), digits(3, 2), year(6))
        && is_separator(at(2))
        && at(2) == at(5)
        && ends(10)
    {
        let (month, day) = if value(first) > 12 { (second, first) } else { (first, second) };
        let fits = (1..=12).contains(&value(month)) && (1..=31).contains(&value(day));
        return fits.then(|| ([third, month, day].concat(), 10));
    }
    let month = |from: usize| {
        let word = text.get(from..from + 3)?.to_ascii_lowercase();
        MONTHS.iter().position(|month| *month == &word[..]).map(|month| month as u32 + 1)
    };
    let two = |n: u32| [b'0' + (n / 10) as u8, b'0' + (n % 10) as u8];
    for gap in [0, 1] {
        let separated = |from: usize| gap == 0 || is_separator(at(from));
        // `05Mar2024`, `Mar-05-2024`.
        for (day_at, month_at) in [(0, 2 + gap), (3 + gap, 0)] {
            let year_at = 5 + 2 * gap;
            let first_end = if day_at == 0 { 2 } else { 3 };
            if let (Some(day), Some(month), Some(year)) = (digits(day_at, 2), month(month_at), year(year_at))
                && separated(first_end)
                && separated(5 + gap)
                && ends(year_at + 4)
            {
                return Some(([year, &two(month), day].concat(), year_at + 4));
            }
        }
    }
    if let (Some(year), Some(month)) = (year(0), digits(5, 2))
        && matches!(at(4), b'-' | b'_')
        && (1..=12).contains(&value(month))
        && (text.len() == 7 || at(7) == b'.')
    {
        return Some(([year, month].concat(), 7));
    }
    // `conn.12:00:00-13:00:00.log`: the folder has the day.
    let clock =
        |from: usize| digits(from, 2).is_some() && digits(from + 3, 2).is_some() && at(from + 2) == b':';
    if clock(0) {
        let mut used = if at(5) == b':' && digits(6, 2).is_some() { 8 } else { 5 };
        let written: Vec<u8> = text[..used].iter().copied().filter(u8::is_ascii_digit).collect();
        if is_separator(at(used)) && clock(used + 1) {
            used *= 2;
            used += 1;
        }
        return Some((written, used));
    }
    None
}

/// A name without what is an id among the words behind its date, from `at` on.
fn without_ids(name: &[u8], at: usize) -> Option<Vec<u8>> {
    let (before, rest) = name.split_at_checked(at)?;
    let (words, ending) = split_ending(rest);
    let mut kept: Vec<u8> = before.to_vec();
    let mut left = words;
    while !left.is_empty() {
        let lead = usize::from(is_separator(left[0]));
        let word = left[lead..].iter().take_while(|b| !is_separator(**b)).count();
        let used = if is_uuid(&left[lead..]) { lead + 36 } else { (lead + word).max(1) };
        if !is_uuid(&left[lead..]) && !is_id(&left[lead..lead + word]) {
            kept.extend_from_slice(&left[..used]);
        }
        left = &left[used..];
    }
    kept.extend_from_slice(ending);
    (kept.len() < name.len()).then_some(kept)
}

/// Is this word no name, but an id, or the number of a process?
fn is_id(word: &[u8]) -> bool {
    let digits = word.iter().filter(|b| b.is_ascii_digit()).count();
    let switches = word.windows(2).filter(|two| two[0].is_ascii_digit() != two[1].is_ascii_digit()).count();
    let hex = word.iter().all(u8::is_ascii_hexdigit);
    word.len() >= 4
        && word.iter().all(u8::is_ascii_alphanumeric)
        && digits > 0
        && (word[0].is_ascii_digit() || switches >= 2 || (hex && word.len() >= 8))
}

fn is_uuid(text: &[u8]) -> bool {
    text.get(..36).is_some_and(|text| {
        text.iter().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
    }) && !text.get(36).is_some_and(u8::is_ascii_alphanumeric)
}

/// Is this folder only one of a time, or of parts that were put aside? `within_date` tells whether the folder before
/// it was a year or another part of a date.
pub fn is_folder_of_parts(folder: &[u8], within_date: bool) -> bool {
    let lower = folder.to_ascii_lowercase();
    if ASIDE.contains(&&lower[..]) || is_date_alone(folder) {
        return true;
    }
    if let Some(equals) = memchr::memchr(b'=', &lower) {
        return PARTITIONS.contains(&&lower[..equals]) && lower[equals + 1..].iter().any(u8::is_ascii_digit);
    }
    let digits = folder.iter().all(u8::is_ascii_digit);
    digits && (is_year(folder) || (within_date && folder.len() == 2))
}

fn is_year(folder: &[u8]) -> bool {
    folder.len() == 4 && (folder.starts_with(b"19") || folder.starts_with(b"20"))
}

fn is_date_alone(folder: &[u8]) -> bool {
    let whole = |found: Option<(Vec<u8>, usize)>| found.is_some_and(|(_, used)| used == folder.len());
    whole(date(folder)) || whole(other_date(folder))
}

/// A directory without the folders in it that are only of a time or of parts, if there are any.
fn without_folders(directory: &[u8]) -> Option<Vec<u8>> {
    let mut kept: Vec<u8> = Vec::with_capacity(directory.len());
    let mut within_date = false;
    for folder in directory.split_inclusive(|b| matches!(b, b'/' | b'!')) {
        let name = folder.strip_suffix(b"/").or_else(|| folder.strip_suffix(b"!")).unwrap_or(folder);
        within_date = is_folder_of_parts(name, within_date);
        if !within_date {
            kept.extend_from_slice(folder);
        }
    }
    (kept.len() < directory.len()).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> &str {
        std::str::from_utf8(bytes).unwrap()
    }

    /// What each path surely is a part of.
    #[test]
    fn marks_of_parts_are_taken_off() {
        for (path, log) in [
            ("a/db.log", "a/db.log"),
            ("a/db.log.1.gz", "a/db.log"),
            ("a/db.log-20240504.gz", "a/db.log"),
            ("a/db.log.2024-05-04", "a/db.log"),
            ("a/87b9-json.log.1.gz", "a/87b9-json.log"),
            ("host7", "host7"),
            ("app-2024-03-05.log", "app.log"),
            ("app-2024-03-05.1.log", "app.log"),
            ("app-2024-03-05-2.log.gz", "app.log"),
            ("app.log.old", "app.log"),
            ("app_20240305-1200.log", "app.log"),
            ("app.log.2024-03-05-13", "app.log"),
            ("app-2024-03-05.log.1", "app.log"),
            ("app-2024-03-05T12-00-00.000.log", "app.log"),
            ("app-20240305T120000Z.log", "app.log"),
            ("app.202403051200.log", "app.log"),
            ("app-out__2024-03-05_00-00-00.log", "app-out.log"),
            ("app-05-03-2024.log", "app.log"),
            ("app-03-05-2024-2.log.gz", "app.log"),
            ("app.05Mar2024.log", "app.log"),
            ("app-Mar-05-2024.log", "app.log"),
            ("app-2024-03.log", "app.log"),
            ("app-1709596800123.log", "app.log"),
            ("log20240305.txt", "log.txt"),
            ("log20240305_001.txt", "log.txt"),
            ("app.log20240305", "app.log"),
            ("2024-03-05.log", ".log"),
            ("2024-03-05-1.log.gz", ".log"),
            ("2024-03-05-app.log", "app.log"),
            ("20240305_app.log", "app.log"),
            ("app-2024-03-05-errors.log", "app-errors.log"),
            ("catalina.2024-03-05.log", "catalina.log"),
            ("localhost_access_log.2024-03-05.txt", "localhost_access_log.txt"),
            ("catalina.out.1", "catalina.out"),
            ("server.log_2024-03-05T12-00-00", "server.log"),
            ("SystemOut_24.03.05_12.00.00.log", "SystemOut_24.03.05_12.00.00.log"),
            ("AdminServer.log00012", "AdminServer.log"),
            ("W3SVC1/u_ex240305.log", "W3SVC1/u_ex.log"),
            ("W3SVC1/u_ex24030512.log", "W3SVC1/u_ex.log"),
            ("postgresql-2024-03-05_000000.log", "postgresql.log"),
            ("p.host.u.log.INFO.20240305-120000.12345", "p.host.u.log.INFO.12345"),
            ("pods/x/previous.log", "pods/x/.log"),
            ("pods/x/current.log", "pods/x/.log"),
            ("logs/latest.log", "logs/.log"),
            ("till/current-2024-05-28.0.log", "till/.log"),
            ("till/current.log-2024-05-28.0.1", "till/.log"),
            ("sv/current", "sv/"),
            ("sv/@4000000065e6f2a012345678.s", "sv/"),
            ("j/system@0006128ab0c1-00000001-00061.journal", "j/system.journal"),
            ("conn.12:00:00-13:00:00.log.gz", "conn.log"),
            ("s.tar.gz!var/log/app.log.2.gz", "s.tar.gz!var/log/app.log"),
            // Not of parts.
            ("node-1.log", "node-1.log"),
            ("web1.log", "web1.log"),
            ("worker.1", "worker.1"),
            ("shard-3.log", "shard-3.log"),
            ("order-12345678.log", "order-12345678.log"),
            ("app.1.log", "app.1.log"),
            ("ip-10-0-3-220.log", "ip-10-0-3-220.log"),
            ("oauth2.log", "oauth2.log"),
        ] {
            assert_eq!(text(&part_of(path.as_bytes()).log), log, "{path}");
        }
    }

    /// What each path may be a part of, where times say so.
    #[test]
    fn doubtful_marks_are_told() {
        for (path, perhaps) in [
            ("app.log", &[][..]),
            ("app.1.log", &["app.log"][..]),
            ("app-1.log", &["app.log"]),
            ("node-1.log", &["node.log"]),
            ("web1.log", &[]),
            ("worker.1", &["worker"]),
            ("pods/x/0.log", &["pods/x/.log"]),
            ("pod-a.previous.log", &["pod-a.log"]),
            ("app-old.log", &["app.log"]),
            ("postgresql-Tue.log", &["postgresql.log"]),
            ("ip-10-0-3-220.log", &[]),
            ("E2K2.2024-03-05-12.a103fd5a.gz", &["E2K2"]),
            ("s-2024-03-05-12-00-00-3f2504e0-4f89-41d3-9a0c-0305e82c3301", &["s"]),
            ("1_elb_my-lb.5_20240305T1200Z_10.0.0.1_5g2x9.log.gz", &["1_elb_my-lb.5_10.0.0.1.log"]),
            ("app-2024-03-05-web1.log", &[]),
            ("p.h.u.log.INFO.20240305-120000.12345", &["p.h.u.log.INFO"]),
            ("a/2024/03/05/12/x.json", &["a/x.json"]),
            ("a/year=2024/month=03/day=05/x.json", &["a/x.json"]),
            ("a/dt=2024-03-05/x.json", &["a/x.json"]),
            ("a/2024-03-05/x.log", &["a/x.log"]),
            ("a/archive/x.log.1.gz", &["a/x.log"]),
            ("a/archive/x.1.log.gz", &["a/archive/x.log", "a/x.1.log", "a/x.log"]),
            ("a/2024/x.log", &["a/x.log"]),
            ("a/12/x.log", &[]),
        ] {
            let part = part_of(path.as_bytes());
            let told: Vec<&str> = part.perhaps.iter().map(|perhaps| text(&perhaps.log)).collect();
            assert_eq!(told, perhaps, "{path}");
        }
    }

    proptest::proptest! {
        /// Any name is a part of something, and of nothing longer than itself.
        #[test]
        fn names_get_shorter(name in "[-a-z0-9._@/!Z:=]{0,40}|[^/]{0,30}") {
            let part = part_of(name.as_bytes());
            assert!(part.log.len() <= name.len());
            assert!(part.perhaps.iter().all(|perhaps| perhaps.log.len() < part.log.len()));
        }
    }

    #[test]
    fn names_are_taken_apart() {
        for (name, base, age) in [
            ("app.log", "app.log", Age::Current),
            ("app.log.3.zst", "app.log", Age::Numbered(Reverse(3))),
            ("app.log-20231224-0315.gz", "app.log", Age::Dated(b"202312240315".to_vec(), 0)),
            ("app.2023-12-24T03:15:00.log", "app.log", Age::Dated(b"20231224031500".to_vec(), 0)),
            ("app.log.20231224.7", "app.log", Age::Dated(b"20231224".to_vec(), 7)),
            ("app.log-20231324", "app.log-20231324", Age::Current),
            ("app.log-202312241234567", "app.log-202312241234567", Age::Current),
            ("order-12345678.log", "order-12345678.log", Age::Current),
            ("app.log.1234", "app.log.1234", Age::Current),
            ("previous.log", ".log", Age::Previous),
            ("current.log", ".log", Age::Current),
            (".gz", ".gz", Age::Current),
            ("", "", Age::Current),
            ("-", "-", Age::Current),
            (".1", ".1", Age::Current),
        ] {
            let part = part_of(name.as_bytes());
            assert_eq!((text(&part.log), part.age), (base, age), "{name}");
        }
    }
}
