//! Times of day: hours, minutes, seconds, fractions and halves of the day, with the zone behind them.

use super::TimeOfDay;
use super::zone::zone;

/// Two decimal digits at `at`.
#[inline]
pub(super) fn two(bytes: &[u8], at: usize) -> Option<u32> {
    match bytes.get(at..at + 2)? {
        &[a @ b'0'..=b'9', b @ b'0'..=b'9'] => Some(u32::from(a - b'0') * 10 + u32::from(b - b'0')),
        _ => None,
    }
}

/// Four decimal digits at `at`.
#[inline]
pub(super) fn four(bytes: &[u8], at: usize) -> Option<i32> {
    Some((two(bytes, at)? * 100 + two(bytes, at + 2)?) as i32)
}

/// A number of at most `most` digits at `at`, and where it ends.
pub(super) fn number(bytes: &[u8], at: usize, most: usize) -> Option<(u32, usize)> {
    let length = bytes.get(at..)?.iter().take(most + 1).take_while(|b| b.is_ascii_digit()).count();
    if length == 0 || length > most {
        return None;
    }
    let digits = &bytes[at..at + length];
    Some((digits.iter().fold(0, |n, b| n * 10 + u32::from(b - b'0')), at + length))
}

/// `03:14:23.123456`: a time of day in full at the start of `bytes`, and how many bytes it took.
pub fn time_alone(bytes: &[u8]) -> Option<(TimeOfDay, usize)> {
    if bytes.get(2) != Some(&b':') || bytes.get(5) != Some(&b':') {
        return None;
    }
    two(bytes, 0)?;
    let (time, end) = time_of_day(bytes, 0, b':')?;
    let ends = !bytes.get(end).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'/' | b'-'));
    ends.then_some((time, end))
}

/// `HH:MM:SS`, fraction, `AM` or `PM`, and zone at `at`; `mark` parts hours, minutes and seconds.
#[inline]
pub(super) fn time_of_day(bytes: &[u8], at: usize, mark: u8) -> Option<(TimeOfDay, usize)> {
    let (hour, at) = match two(bytes, at) {
        Some(hour) => (hour, at + 2),
        None => number(bytes, at, 1)?,
    };
    if *bytes.get(at)? != mark {
        return None;
    }
    let minute = two(bytes, at + 1)?;
    let (second, at, whole) = match bytes.get(at + 3) {
        Some(next) if *next == mark => (two(bytes, at + 4)?, at + 6, true),
        _ => (0, at + 3, false),
    };
    let (nanos, end) = if whole { fraction(bytes, at) } else { (0, at) };
    let (nanos, end) = if end == at && whole { unmarked(bytes, at).unwrap_or((0, at)) } else { (nanos, end) };
    let (hour, end) = half_of_day(bytes, end, hour)?;
    let second = second_of_day(hour, minute, second)?;
    let (zone, end) = zone(bytes, end);
    // Without seconds something has to say that this is a time.
    if !whole && bytes.get(end).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'.')) {
        return None;
    }
    Some((TimeOfDay { second, nanos, zone }, end))
}

/// `0:0:1:23`, with numbers as short as they are, and milliseconds after a third colon.
pub(super) fn loose_time(bytes: &[u8], at: usize) -> Option<(TimeOfDay, usize)> {
    let (hour, at) = number(bytes, at, 2)?;
    let (minute, at) = number(bytes, at + 1, 2).filter(|_| bytes.get(at) == Some(&b':'))?;
    let (second, at) = number(bytes, at + 1, 2).filter(|_| bytes.get(at) == Some(&b':'))?;
    let (nanos, at) = match (bytes.get(at), number(bytes, at + 1, 3)) {
        (Some(b':'), Some((millis, end))) => (millis * 1_000_000, end),
        _ => fraction(bytes, at),
    };
    let (zone, at) = zone(bytes, at);
    Some((TimeOfDay { second: second_of_day(hour, minute, second)?, nanos, zone }, at))
}

/// What comes behind seconds without a point: after a third colon, or glued to them.
fn unmarked(bytes: &[u8], at: usize) -> Option<(u32, usize)> {
    third_mark(bytes, at).or_else(|| glued(bytes, at))
}

/// Milliseconds right behind the seconds, `10:08:21601`: `ss` and `SSS` with nothing between.
fn glued(bytes: &[u8], at: usize) -> Option<(u32, usize)> {
    let (number, end) = number(bytes, at, 4)?;
    let apart = !bytes.get(end).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b':'));
    (end - at == 3 && apart).then_some((number * 1_000_000, end))
}

/// Milli- or microseconds after a third colon, `03:14:23:123`.
fn third_mark(bytes: &[u8], at: usize) -> Option<(u32, usize)> {
    let (number, end) = number(bytes, at + 1, 6).filter(|_| bytes.get(at) == Some(&b':'))?;
    match end - at {
        4 => Some((number * 1_000_000, end)),
        7 => Some((number * 1_000, end)),
        _ => None,
    }
}

/// `AM` or `PM` at `at`, with or without a blank before it: the hour, and where it ends.
#[inline]
fn half_of_day(bytes: &[u8], at: usize, hour: u32) -> Option<(u32, usize)> {
    let start = at + gap(bytes, at);
    let half = match bytes.get(start) {
        Some(b'A' | b'a' | b'P' | b'p') => latin_half(bytes, start),
        Some(0x80..) => half_in_words(bytes, start),
        _ => None,
    };
    match half {
        Some((afternoon, end)) => Some((hour_of_half(hour, afternoon)?, end)),
        None => Some((hour, at)),
    }
}

/// The hour of the day that an hour of its half is.
fn hour_of_half(hour: u32, afternoon: bool) -> Option<u32> {
    match (hour, afternoon) {
        (0 | 12, false) => Some(0),
        (1..=11, true) => Some(hour + 12),
        // Some write 15:14:23 PM all the same.
        (1..=12, _) | (13..=23, true) => Some(hour),
        _ => None,
    }
}

/// The length of a blank at `at`; CLDR's locales write no-break spaces, narrow ones since Java 20.
fn gap(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(b' ') => 1,
        Some(0xC2) if bytes[at..].starts_with("\u{a0}".as_bytes()) => 2,
        Some(0xE2) if bytes[at..].starts_with("\u{202f}".as_bytes()) => 3,
        _ => 0,
    }
}

/// `AM`, `pm`, `a.m.`, `p. m.`: is it the afternoon, and where it ends.
#[inline]
fn latin_half(bytes: &[u8], start: usize) -> Option<(bool, usize)> {
    let afternoon = matches!(bytes[start], b'P' | b'p');
    let dotted = bytes.get(start + 1) == Some(&b'.');
    let at = if dotted { start + 2 + gap(bytes, start + 2) } else { start + 1 };
    let m = matches!(bytes.get(at), Some(b'M' | b'm'));
    let end = at + 1 + usize::from(dotted && bytes.get(at + 1) == Some(&b'.'));
    let ends = !bytes.get(end).is_some_and(u8::is_ascii_alphanumeric);
    (m && ends).then_some((afternoon, end))
}

/// Forenoon and afternoon in other scripts, behind the time or, in the far east, before it.
const HALVES: [(&str, bool); 14] = [
    ("πμ", false),
    ("μμ", true),
    ("π.μ.", false),
    ("μ.μ.", true),
    ("ص", false),
    ("م", true),
    ("ÖÖ", false),
    ("ÖS", true),
    ("上午", false),
    ("下午", true),
    ("午前", false),
    ("午後", true),
    ("오전", false),
    ("오후", true),
];

/// One of [`HALVES`] at `start`, and where it ends; no letter may follow, but a digit of the time.
fn half_in_words(bytes: &[u8], start: usize) -> Option<(bool, usize)> {
    let rest = &bytes[start..];
    let (word, afternoon) = HALVES.iter().find(|(word, _)| rest.starts_with(word.as_bytes()))?;
    let ends = !rest.get(word.len()).is_some_and(|b| b.is_ascii_alphabetic() || *b >= 0x80);
    ends.then_some((*afternoon, start + word.len()))
}

/// A time of day that a word for its half may stand before: `오후 3:14:23`, `下午3:14:23`.
pub(super) fn halved_time(bytes: &[u8], at: usize) -> Option<(TimeOfDay, usize)> {
    let half = bytes.get(at).filter(|b| **b >= 0x80).and_then(|_| half_in_words(bytes, at));
    let Some((afternoon, end)) = half else { return time_of_day(bytes, at, b':') };
    let (time, end) = time_of_day(bytes, end + gap(bytes, end), b':')?;
    let hour = hour_of_half(time.second / 3600, afternoon)?;
    Some((TimeOfDay { second: hour * 3600 + time.second % 3600, ..time }, end))
}

/// Second of the day; 60 is a leap second and only one.
pub(super) fn second_of_day(hour: u32, minute: u32, second: u32) -> Option<u32> {
    (hour < 24 && minute < 60 && second <= 60).then_some(hour * 3600 + minute * 60 + second)
}

/// `.123456` or `,123` at `at`: nanoseconds, and where it ends. More than nine digits are cut, not rounded.
#[inline]
pub(super) fn fraction(bytes: &[u8], at: usize) -> (u32, usize) {
    if !matches!(bytes.get(at), Some(b'.' | b',')) || !bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
        return (0, at);
    }
    let mut nanos = 0_u32;
    let mut scale = 100_000_000;
    let mut end = at + 1;
    while let Some(digit @ b'0'..=b'9') = bytes.get(end) {
        nanos += u32::from(digit - b'0') * scale;
        scale /= 10;
        end += 1;
    }
    // In a list a comma parts columns: what comes next is a number of its own, unless it is as long as fractions are.
    let digits = end - at - 1;
    let listed =
        bytes[at] == b',' && (digits > 9 || (bytes.get(end) == Some(&b',') && !matches!(digits, 3 | 6 | 9)));
    if listed { (0, at) } else { (nanos, end) }
}

/// `03h14.23 UTC` of OpenVAS.
pub(super) fn hours_and_dot(bytes: &[u8], at: usize) -> Option<(TimeOfDay, usize)> {
    if bytes.get(at + 2) != Some(&b'h') || bytes.get(at + 5) != Some(&b'.') {
        return None;
    }
    let second = second_of_day(two(bytes, at)?, two(bytes, at + 3)?, two(bytes, at + 6)?)?;
    let (zone, end) = zone(bytes, at + 8);
    Some((TimeOfDay { second, nanos: 0, zone }, end))
}
