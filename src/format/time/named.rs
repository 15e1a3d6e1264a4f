//! Notations whose month is a name or a sign: `Dec 24 03:14:23`, `24/Dec/2023:03:14:23`, `2023年12月24日 …`.

use super::hour::{four, halved_time, number, time_of_day};
use super::month::{month, weekday};
use super::notation::{civil, iso, numbers};
use super::zone::zone;
use super::{Stamp, TimeOfDay, Zone};

/// `2023年12月24日 03:14:23`, `2023년 12월 24일 3:14:23`, `2023年 12月 24日 日曜日 03:14:23`.
pub(super) fn far_east(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let year = four(bytes, 0).filter(|year| (1970..2200).contains(year))?;
    let at = after_sign(bytes, 4, ["年", "년"])?;
    month_and_day_signs(bytes, at, Some(year))
}

/// `12月24日 03:14:23`, and `12月 24 03:14:23` as the locales of the far east abbreviate it.
pub(super) fn far_east_yearless(bytes: &[u8]) -> Option<(Stamp, usize)> {
    month_and_day_signs(bytes, 0, None)
}

fn month_and_day_signs(bytes: &[u8], at: usize, year: Option<i32>) -> Option<(Stamp, usize)> {
    let (month, at) = number(bytes, at, 2)?;
    let at = after_sign(bytes, at, ["月", "월"])?;
    let (day, at) = number(bytes, at, 2)?;
    let at = match after_sign(bytes, at, ["日", "일"]) {
        Some(at) => at,
        None if year.is_none() && bytes.get(at) == Some(&b' ') => at + 1,
        None => return None,
    };
    let (time, at) = weekday_and_time(bytes, at)?;
    civil(year, month, day, time).map(|stamp| (stamp, at))
}

/// Behind one of the signs at `at` and the blanks after it.
fn after_sign(bytes: &[u8], at: usize, signs: [&str; 2]) -> Option<usize> {
    let rest = bytes.get(at..)?;
    let sign = signs.iter().find(|sign| rest.starts_with(sign.as_bytes()))?;
    Some(at + sign.len() + blanks(&rest[sign.len()..]))
}

fn blanks(rest: &[u8]) -> usize {
    rest.iter().take(2).take_while(|b| **b == b' ').count()
}

/// A time of day that a weekday may stand before.
fn weekday_and_time(bytes: &[u8], at: usize) -> Option<(TimeOfDay, usize)> {
    halved_time(bytes, at).or_else(|| halved_time(bytes, after_weekday_sign(bytes, at)))
}

/// Behind `日曜日 `, `星期三 `, `(수) `, if one of them is at `at`.
fn after_weekday_sign(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let open = usize::from(rest.first() == Some(&b'('));
    let length = rest[open..].iter().take(12).take_while(|b| **b >= 0x80).count();
    let end = open + length + usize::from(open == 1 && rest.get(open + length) == Some(&b')'));
    if length > 0 && rest.get(end) == Some(&b' ') { at + end + blanks(&rest[end..]) } else { at }
}

/// `2023. 12. 24. (일) 오후 3:14:23` of Korea, `2023.12.24. 03:14:23` of Hungary.
pub(super) fn dotted_parts(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let year = four(bytes, 0).filter(|year| (1970..2200).contains(year))?;
    let dot = |at: usize| {
        (bytes.get(at) == Some(&b'.')).then(|| at + 1 + blanks(bytes.get(at + 1..).unwrap_or_default()))
    };
    let (month, at) = number(bytes, dot(4)?, 2)?;
    let (day, at) = number(bytes, dot(at)?, 2)?;
    let (time, at) = weekday_and_time(bytes, dot(at)?)?;
    civil(Some(year), month, day, time).map(|stamp| (stamp, at))
}

/// `2023 Dec 24 03:14:23`, `2023-Dec-24 03:14:23`: the year, then the month's name.
pub(super) fn year_and_month_name(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let year = four(bytes, 0).filter(|year| (1970..2200).contains(year))?;
    let separator = *bytes.get(4).filter(|b| matches!(b, b' ' | b'-' | b'/'))?;
    let (month, length) = month(bytes.get(5..)?)?;
    let mut at = 5 + length;
    if bytes.get(at) != Some(&separator) {
        return None;
    }
    at += 1 + usize::from(separator == b' ' && bytes.get(at + 1) == Some(&b' '));
    let (day, at) = number(bytes, at, 2)?;
    if !matches!(bytes.get(at)?, b' ' | b'T' | b'_' | b'-' | b':' | b',') {
        return None;
    }
    let at = at + 1 + usize::from(bytes[at] == b',' && bytes.get(at + 1) == Some(&b' '));
    let (time, at) = time_of_day(bytes, at, b':')?;
    civil(Some(year), month, day, time).map(|stamp| (stamp, at))
}

/// `24/Dec/2023:12:29:28 +0900` of access logs, `24-Dec-2023 03:14:23`, `24 Dec 2023 03:14:23 GMT`,
/// `24. Dezember 2023`, `24-DEC-23 03.14.23` and, without a year, `24 Dec 03:14:23`.
pub(super) fn day_and_month_name(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let (day, mut at) = number(bytes, 0, 2)?;
    if at == 2 && bytes.get(2).is_some_and(u8::is_ascii_alphabetic) {
        return day_month_year_glued(bytes, day);
    }
    let separator = *bytes.get(at).filter(|b| matches!(b, b'/' | b'-' | b' ' | b'.'))?;
    at += 1;
    at += usize::from(separator == b'.' && bytes.get(at) == Some(&b' '));
    at += joining(bytes, at, separator);
    let (month, length) = month(bytes.get(at..)?)?;
    at += length;
    if !matches!(bytes.get(at)?, b'/' | b'-' | b' ' | b'.') {
        return None;
    }
    at += 1;
    at += joining(bytes, at, separator);
    let year = match number(bytes, at, 4) {
        Some((year, end)) if end == at + 4 => (Some(year as i32), end),
        // Two digits are a year if no time starts with them.
        Some((year, end))
            if end == at + 2
                && separator != b' '
                && (matches!(bytes.get(end), Some(b' ' | b'T'))
                    || (bytes.get(end) == Some(&b':') && bytes.get(end + 6) == Some(&b':'))) =>
        {
            (Some(super::century(year)), end)
        }
        _ => (None, at),
    };
    if let (Some(_), end) = year {
        let end = end + if bytes[end..].starts_with(" г.".as_bytes()) { " г.".len() } else { 0 };
        if !matches!(bytes.get(end)?, b':' | b' ' | b'T' | b'-' | b',') {
            return None;
        }
        at = end + 1;
        at += usize::from(bytes[end] == b',' && bytes.get(at) == Some(&b' '));
        // Erlang parts date and time with two colons.
        at += usize::from(bytes[end] == b':' && bytes.get(at) == Some(&b':'));
        at += clock_word(bytes, at);
    }
    let mark = if bytes.get(at + 2) == Some(&b'.') { b'.' } else { b':' };
    let (time, at) = time_of_day(bytes, at, mark)?;
    let (year, at, time) = match year.0 {
        Some(_) => (year.0, at, time),
        None => year_behind_zone(bytes, at, time),
    };
    civil(year, month, day, time).map(|stamp| (stamp, at))
}

/// The length of the word that joins the parts of a date: `24 de diciembre de 2023`.
fn joining(bytes: &[u8], at: usize, separator: u8) -> usize {
    let joined = separator == b' ' && bytes.get(at..).is_some_and(|rest| rest.starts_with(b"de "));
    if joined { 3 } else { 0 }
}

/// The length of the word between a date and a time, the blank behind it included.
fn clock_word(bytes: &[u8], at: usize) -> usize {
    const WORDS: [&str; 10] = ["at", "@", "um", "à", "kl.", "klo", "a las", "às", "alle", "в"];
    let rest = bytes.get(at..).unwrap_or_default();
    if rest.first().is_none_or(u8::is_ascii_digit) {
        return 0;
    }
    let joins = |word: &&&str| rest.starts_with(word.as_bytes()) && rest.get(word.len()) == Some(&b' ');
    WORDS.iter().find(joins).map_or(0, |word| word.len() + 1)
}

/// `05Mar2024 10:10:11.123`, `05MAR24:10:10:11`: no sign between the parts.
fn day_month_year_glued(bytes: &[u8], day: u32) -> Option<(Stamp, usize)> {
    let name = bytes.get(2..5).filter(|name| name.is_ascii())?;
    let (month, _) = month(name)?;
    let (year, at) = match number(bytes, 5, 4)? {
        (year, 9) => (year as i32, 9),
        (year, 7) => (super::century(year), 7),
        _ => return None,
    };
    if !(1970..2200).contains(&year) || !matches!(bytes.get(at)?, b' ' | b':' | b'T') {
        return None;
    }
    let (time, at) = time_of_day(bytes, at + 1, b':')?;
    civil(Some(year), month, day, time).map(|stamp| (stamp, at))
}

/// The year that ctime and its like put behind the time, and where it ends.
fn year_behind(bytes: &[u8], at: usize) -> (Option<i32>, usize) {
    let year = || {
        let late = four(bytes, at + 1).filter(|late| bytes[at] == b' ' && (1970..2200).contains(late))?;
        let goes_on = match bytes.get(at + 5) {
            // What comes next may be a sign that closes the date, as long as nothing is glued to it.
            Some(b':' | b'.' | b'-' | b'/') => {
                !matches!(bytes.get(at + 6), None | Some(b' ' | b'\t' | b'\r'))
            }
            Some(b) => b.is_ascii_alphanumeric(),
            None => false,
        };
        (!goes_on).then_some(late)
    };
    year().map_or((None, at), |year| (Some(year), at + 5))
}

/// The year behind a time, or behind the abbreviation of a zone that nobody knows: then that is unclear.
fn year_behind_zone(bytes: &[u8], at: usize, time: TimeOfDay) -> (Option<i32>, usize, TimeOfDay) {
    if let (Some(year), end) = year_behind(bytes, at) {
        // Git and osquery put the zone last: `Sun Dec 24 03:14:23 2023 +0900`.
        return match zone(bytes, end) {
            (late, end) if time.zone == Zone::Local && late != Zone::Local => {
                (Some(year), end, TimeOfDay { zone: late, ..time })
            }
            _ => (Some(year), end, time),
        };
    }
    if time.zone == Zone::Local && bytes.get(at) == Some(&b' ') {
        let name = bytes[at + 1..].iter().take(6).take_while(|b| b.is_ascii_uppercase()).count();
        if let (3..=5, (Some(year), end)) = (name, year_behind(bytes, at + 1 + name)) {
            return (Some(year), end, TimeOfDay { zone: Zone::Unclear, ..time });
        }
    }
    (None, at, time)
}

/// Bytes within which a notation that starts with a name has its first digit: a weekday and a month before it.
const NAMED: usize = 48;

/// Notations that start with a name: `Dec 24 03:14:23`, `Sun Dec 24 03:14:23 2023`,
/// `Sun, 24 Dec 2023 03:14:23 GMT`, `Dec 24, 2023 3:14:23 AM`.
pub(super) fn named(bytes: &[u8]) -> Option<(Stamp, usize)> {
    // Most lines that begin with a word have no date there: the number of a day tells first.
    if !bytes.iter().take(NAMED).any(u8::is_ascii_digit) {
        return None;
    }
    if let Some(found) = month_first(bytes) {
        return Some(found);
    }
    let Some(skip) = weekday(bytes) else { return zone_first(bytes) };
    let rest = bytes.get(skip..)?;
    let (stamp, used) = match rest.first()? {
        b'0'..=b'9' => iso(rest).or_else(|| day_and_month_name(rest)).or_else(|| numbers(rest))?,
        _ => month_first(rest)?,
    };
    Some((stamp, skip + used))
}

/// `CET Dec 24 03:14:23` of Monit.
fn zone_first(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let (before, end) = zone(bytes, 0);
    let rest = bytes.get(end..)?.strip_prefix(b" ").filter(|_| before != Zone::Local)?;
    match month_first(rest)? {
        (Stamp::Civil { year, month, day, time }, used) if time.zone == Zone::Local => {
            let time = TimeOfDay { zone: before, ..time };
            Some((Stamp::Civil { year, month, day, time }, end + 1 + used))
        }
        _ => None,
    }
}

/// `Dec 24 03:14:23`, `Dec  4 2023 03:14:23`, `Dec 24 03:14:23 KST 2023`, `December 24, 2023 at 3:14:23 AM`.
fn month_first(bytes: &[u8]) -> Option<(Stamp, usize)> {
    // Most words that are asked for are no months: look for the day first.
    let (month, mut at) = month(bytes)?;
    let separator = *bytes.get(at).filter(|b| matches!(b, b' ' | b'-' | b'/'))?;
    at += 1;
    while bytes.get(at) == Some(&b' ') && at < 16 {
        at += 1;
    }
    let (day, end) = number(bytes, at, 2)?;
    at = end;
    at += usize::from(bytes.get(at) == Some(&b','));
    if !matches!(bytes.get(at), Some(b' ' | b'-' | b'/' | b'T'))
        || (bytes[at] != b' ' && bytes[at] != separator)
    {
        return None;
    }
    at += 1;
    let mut year = None;
    if let Some((early, end)) = number(bytes, at, 4).filter(|(_, end)| *end == at + 4) {
        year = Some(early as i32);
        at = end;
        at += usize::from(bytes.get(at) == Some(&b','));
        at += usize::from(matches!(bytes.get(at), Some(b' ' | b'T' | b':')));
        at += clock_word(bytes, at);
    }
    let (time, end) = time_of_day(bytes, at, b':')?;
    let (year, end, time) = match year {
        Some(_) => (year, end, time),
        None => year_behind_zone(bytes, end, time),
    };
    civil(year, month, day, time).map(|stamp| (stamp, end))
}
