//! The order in which files are read: by path, but the parts of a rotated log together, the oldest first.

use std::cmp::Reverse;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// What files are sorted by: the path of the log a file is a part of, the part's age, and the file's own path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Order {
    log: Vec<u8>,
    age: Age,
    path: Vec<u8>,
}

impl Order {
    /// The place of the file with this path.
    pub(super) fn of(path: &Path) -> Self {
        Order::of_bytes(path.as_os_str().as_bytes())
    }

    /// The place of the archive's member with this name.
    pub(super) fn of_bytes(path: &[u8]) -> Self {
        let name_at = memchr::memrchr(b'/', path).map_or(0, |slash| slash + 1);
        let (directory, name) = path.split_at(name_at);
        let (base, age) = part_of(name);
        Order { log: [directory, &base].concat(), age, path: path.to_owned() }
    }
}

/// The name of the log that the file with this path is a part of: `app.log` for `x/app.log.2.gz`.
pub(super) fn log_name(path: &Path) -> Vec<u8> {
    path.file_name().map_or_else(Vec::new, |name| part_of(name.as_bytes()).0)
}

/// Which part of a log a file is, in the order in which the parts were written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Age {
    /// Named after when it was closed: the digits of that, and its number among those of that day.
    Dated(Vec<u8>, u32),
    /// The higher the number, the older.
    Numbered(Reverse<u32>),
    /// The part before the current one (`app.log.old`, `app.log.gz`).
    Previous,
    /// The file that is written to.
    Current,
}

const COMPRESSED: [&[u8]; 6] = [b".gz", b".zst", b".bz2", b".xz", b".lz4", b".Z"];
const PREVIOUS: [&[u8]; 4] = [b".old", b".prev", b".previous", b".bak"];

/// The name of the log, and which part of it the file with this name is.
fn part_of(name: &[u8]) -> (Vec<u8>, Age) {
    let stored = without(name, &COMPRESSED);
    let plain = stored.unwrap_or(name);
    if let Some((base, age)) = dated(plain) {
        return (base, age);
    }
    if let Some((base, number)) = numbered(plain) {
        return (base.to_owned(), Age::Numbered(Reverse(number)));
    }
    if let Some(base) = without(plain, &PREVIOUS) {
        return (base.to_owned(), Age::Previous);
    }
    (plain.to_owned(), if stored.is_some() { Age::Previous } else { Age::Current })
}

/// The name without one of these endings; never empty.
fn without<'a>(name: &'a [u8], endings: &[&[u8]]) -> Option<&'a [u8]> {
    endings.iter().find_map(|ending| name.strip_suffix(*ending)).filter(|rest| !rest.is_empty())
}

/// `app.log.2`: the name before the number, and the number (at most three digits).
fn numbered(name: &[u8]) -> Option<(&[u8], u32)> {
    let dot = memchr::memrchr(b'.', name).filter(|&dot| dot > 0)?;
    Some((&name[..dot], number(&name[dot + 1..])?))
}

fn number(digits: &[u8]) -> Option<u32> {
    let short = (1..=3).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    short.then(|| digits.iter().fold(0, |n, digit| n * 10 + u32::from(digit - b'0')))
}

/// `app.log-20231224`, `app.log.2023-12-24_03.2`, `app-2023-12-24.log`, `app-2023-12-24.1.log`.
fn dated(name: &[u8]) -> Option<(Vec<u8>, Age)> {
    let separators = (1..name.len()).filter(|&at| is_separator(name[at]));
    separators.into_iter().find_map(|at| {
        let (digits, used) = date(&name[at + 1..])?;
        let rest = &name[at + 1 + used..];
        let (index, ending) = match rest.split_first() {
            Some((&first, after)) if is_separator(first) => {
                let end = after.iter().position(|b| !b.is_ascii_digit()).unwrap_or(after.len());
                match number(&after[..end]) {
                    Some(index) => (index, &after[end..]),
                    None => (0, rest),
                }
            }
            _ => (0, rest),
        };
        let is_ending = matches!(ending, [b'.', letters @ ..]
            if (1..=5).contains(&letters.len()) && letters.iter().all(u8::is_ascii_alphabetic));
        (ending.is_empty() || is_ending).then(|| ([&name[..at], ending].concat(), Age::Dated(digits, index)))
    })
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'-' | b'.' | b'_')
}

/// A date, and perhaps a time, at the start of `text`: its digits and its length. Seconds since 1970 count.
fn date(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let run = text.iter().take_while(|b| b.is_ascii_digit()).count();
    if run == 10 && text[0] == b'1' {
        return Some((text[..10].to_vec(), 10));
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
        if two(used + gap).is_none() {
            break;
        }
        used += gap + 2;
    }
    let digits: Vec<u8> = text[..used].iter().copied().filter(u8::is_ascii_digit).collect();
    // More digits: a number, not a date.
    (!text.get(used).is_some_and(u8::is_ascii_digit)).then_some((digits, used))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_log_stand_together_with_the_oldest_first() {
        for sorted in [
            &["app.log.10.gz", "app.log.2.gz", "app.log.1", "app.log", "app.log2"][..],
            &["app.log-20231223.gz", "app.log-20231224", "app.log"],
            &["app.log.2023-12-23", "app.log.2023-12-24", "app.log"],
            &["app.log.2023-12-24_03", "app.log.2023-12-24_04", "app.log"],
            &["app-2023-12-23.log", "app-2023-12-24.1.log", "app-2023-12-24.2.log.gz", "app.log"],
            &["app-2023-12-23-2.log", "app-2023-12-23-10.log", "app.log"],
            &["app.log-1703300000", "app.log-1703390400.gz", "app.log"],
            &["app.log.old", "app.log", "app.log.d/x.log"],
            &["app.log.1", "app.log.gz", "app.log"],
            &["a/syslog.1", "a/syslog", "b/syslog.1", "b/syslog"],
            &["access.log.1", "access.log", "error.log.1", "error.log"],
            &["localhost_access_log.2023-12-23.txt", "localhost_access_log.2023-12-24.txt"],
            &["server-1.log", "server-10.log", "server-2.log"],
            &[".1", ".gz", "-20231224"][1..2],
        ] {
            let mut shuffled: Vec<&str> = sorted.iter().rev().copied().collect();
            shuffled.sort_by_key(|name| Order::of(Path::new(name)));
            assert_eq!(shuffled, sorted);
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
            (".gz", ".gz", Age::Current),
            ("", "", Age::Current),
            ("-", "-", Age::Current),
            (".1", ".1", Age::Current),
        ] {
            assert_eq!(part_of(name.as_bytes()), (base.as_bytes().to_vec(), age), "{name}");
        }
    }
}
