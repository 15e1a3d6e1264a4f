//! Notations of time: read by position where they start, turned into UTC by the file's clock.

use chrono::{Offset, TimeZone};

use crate::model::time::{days_from_civil, days_in_month};
use crate::model::{Timestamp, Value};

/// A date and time as a log wrote it, before zone and year are settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// Year (if written), month, day, second of the day and nanosecond, and the offset from UTC in seconds
    /// if written.
    Civil {
        /// The year, if written.
        year: Option<i32>,
        /// 1 to 12.
        month: u32,
        /// 1 to 31, checked against the month.
        day: u32,
        /// Second of the day, 0 to 86,400: a leap second is the next minute's first.
        second: u32,
        /// Nanosecond of the second.
        nanos: u32,
        /// Seconds east of UTC, if written.
        offset: Option<i32>,
    },
    /// An instant: epoch notations carry no zone.
    Instant(Timestamp),
}

/// What a file's bare times mean: the zone of times without an offset, the year of dates without one.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// The zone of local times.
    pub zone: chrono_tz::Tz,
    /// When the file was last written: a date without a year is the latest such date before then.
    pub modified: Option<Timestamp>,
}

impl Default for Clock {
    fn default() -> Self {
        Clock { zone: chrono_tz::UTC, modified: None }
    }
}

impl Clock {
    /// The instant that `stamp` means, `None` where that cannot be known.
    pub fn resolve(&self, stamp: Stamp) -> Option<Timestamp> {
        let Stamp::Civil { year, month, day, second, nanos, offset } = stamp else {
            let Stamp::Instant(ts) = stamp else { return None };
            return Some(ts);
        };
        let Some(year) = year else { return self.resolve_yearless(stamp) };
        let local = days_from_civil(year, month, day) * 86_400 + i64::from(second);
        let offset = match offset {
            Some(offset) => i64::from(offset),
            None if self.zone == chrono_tz::UTC => 0,
            None => self.offset_at_local(local)?,
        };
        Timestamp::new(local - offset, nanos)
    }

    /// The latest year in which the date lies not more than a day after the file was last written.
    fn resolve_yearless(&self, stamp: Stamp) -> Option<Timestamp> {
        let latest = self.modified?;
        let Stamp::Civil { month, day, second, nanos, offset, .. } = stamp else { return None };
        let (this_year, ..) = latest.civil();
        // A 29 February may lie up to eight years back.
        (0..=8).map(|back| this_year + 1 - back).find_map(|year| {
            if day > days_in_month(year, month) {
                return None;
            }
            let dated = Stamp::Civil { year: Some(year), month, day, second, nanos, offset };
            self.resolve(dated).filter(|ts| ts.0 <= latest.0.saturating_add(86_400_000_000_000))
        })
    }

    /// Seconds east of UTC at a local time. Where clocks are put back the earlier instant is meant; a time
    /// that clocks skip does not exist and has no offset.
    fn offset_at_local(&self, local: i64) -> Option<i64> {
        let naive = chrono::DateTime::from_timestamp(local, 0)?.naive_utc();
        let offset = self.zone.offset_from_local_datetime(&naive).earliest()?;
        Some(i64::from(offset.fix().local_minus_utc()))
    }

    /// The instant that a field's value means: text in any notation, or an epoch number.
    pub fn value(&self, value: Value<'_>) -> Option<Timestamp> {
        match value {
            Value::Number(raw) => epoch(raw)
                .and_then(|(stamp, used)| (used == raw.len()).then(|| self.resolve(stamp)).flatten()),
            Value::Text(text) => {
                let bytes = text.bytes();
                let (stamp, _) = read(&bytes).or_else(|| epoch(&bytes))?;
                self.resolve(stamp)
            }
            _ => None,
        }
    }
}

/// Reads a date with a time at the start of `bytes`, in any notation but epoch numbers, and how many bytes
/// it took.
pub fn read(bytes: &[u8]) -> Option<(Stamp, usize)> {
    match bytes.first()? {
        b'0'..=b'9' => {
            iso(bytes).or_else(|| common_log(bytes)).or_else(|| compact(bytes)).or_else(|| rfc2822(bytes))
        }
        b'A'..=b'Z' | b'a'..=b'z' => named(bytes),
        _ => None,
    }
}

/// Two decimal digits at `at`.
fn two(bytes: &[u8], at: usize) -> Option<u32> {
    match bytes.get(at..at + 2)? {
        &[a @ b'0'..=b'9', b @ b'0'..=b'9'] => Some(u32::from(a - b'0') * 10 + u32::from(b - b'0')),
        _ => None,
    }
}

/// Four decimal digits at `at`.
fn four(bytes: &[u8], at: usize) -> Option<i32> {
    Some((two(bytes, at)? * 100 + two(bytes, at + 2)?) as i32)
}

/// `2023-12-24T03:14:23.123456+09:00` and its relatives: `/` or `.` between the parts of the date; `T`, a
/// space, `_` or `:` before the time; `.` or `,` before the fraction; no offset, `Z`, a numeric one or UTC.
fn iso(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let year = four(bytes, 0)?;
    let separator = *bytes.get(4)?;
    if !matches!(separator, b'-' | b'/' | b'.') || bytes.get(7) != Some(&separator) {
        return None;
    }
    let (month, day) = (two(bytes, 5)?, two(bytes, 8)?);
    if !matches!(bytes.get(10)?, b'T' | b't' | b' ' | b'_' | b':' | b'-') {
        return None;
    }
    // Some write two spaces before the time.
    let at = if bytes[10] == b' ' && bytes.get(11) == Some(&b' ') { 12 } else { 11 };
    time_of_day(bytes, at, Some(year), month, day)
}

/// `24/Dec/2023:12:29:28 +0900`, Apache's and nginx' common log notation.
fn common_log(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let day = two(bytes, 0)?;
    let separator = *bytes.get(2)?;
    if !matches!(separator, b'/' | b'-' | b' ') || bytes.get(6) != Some(&separator) {
        return None;
    }
    let month = month_name(bytes.get(3..6)?)?;
    let year = four(bytes, 7)?;
    if !matches!(bytes.get(11)?, b':' | b' ') {
        return None;
    }
    time_of_day(bytes, 12, Some(year), month, day)
}

/// `20231224T031423Z`, `20231224 03:14:23`, `20231224031423`.
fn compact(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let (year, month, day) = (four(bytes, 0)?, two(bytes, 4)?, two(bytes, 6)?);
    if !(1970..2200).contains(&year) {
        return None;
    }
    let at = match bytes.get(8)? {
        b'T' | b' ' | b'-' | b'_' => 9,
        b'0'..=b'9' => 8,
        _ => return None,
    };
    if bytes.get(at + 2) == Some(&b':') {
        return time_of_day(bytes, at, Some(year), month, day);
    }
    let second = second_of_day(two(bytes, at)?, two(bytes, at + 2)?, two(bytes, at + 4)?)?;
    let (nanos, at) = fraction(bytes, at + 6);
    let (offset, end) = zone(bytes, at);
    if bytes.get(end).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    civil(Some(year), month, day, second, nanos, offset).map(|stamp| (stamp, end))
}

/// `24 Dec 2023 03:14:23 GMT`, with a day of one or two digits.
fn rfc2822(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let digits = bytes.iter().take(3).take_while(|b| b.is_ascii_digit()).count();
    let day = decimal(bytes.get(..digits).filter(|d| (1..=2).contains(&d.len()))?)?;
    let rest = bytes.get(digits + 1..)?;
    let month = month_name(rest.get(..3)?)?;
    let year = four(rest, 4)?;
    if rest.get(3) != Some(&b' ') || rest.get(8) != Some(&b' ') {
        return None;
    }
    time_of_day(bytes, digits + 10, Some(year), month, day)
}

/// Notations that start with a name: `Dec 24 03:14:23`, `Sun Dec 24 03:14:23 2023`,
/// `Sun, 24 Dec 2023 03:14:23 GMT`.
fn named(bytes: &[u8]) -> Option<(Stamp, usize)> {
    if is_weekday(bytes.get(..3)?) {
        let skip = match (bytes.get(3), bytes.get(4)) {
            (Some(b','), Some(b' ')) => 5,
            (Some(b' '), _) => 4,
            _ => return None,
        };
        let rest = &bytes[skip..];
        let (stamp, used) = rfc2822(rest).or_else(|| month_first(rest))?;
        return Some((stamp, skip + used));
    }
    month_first(bytes)
}

/// `Dec 24 03:14:23`, `Dec  4 2023 03:14:23`, `Dec 24 03:14:23 2023`.
fn month_first(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let month = month_name(bytes.get(..3)?)?;
    if bytes.get(3) != Some(&b' ') {
        return None;
    }
    let mut at = 4;
    while bytes.get(at) == Some(&b' ') && at < 6 {
        at += 1;
    }
    let digits = bytes[at..].iter().take(3).take_while(|b| b.is_ascii_digit()).count();
    let day = decimal(bytes.get(at..at + digits).filter(|d| (1..=2).contains(&d.len()))?)?;
    at += digits;
    if bytes.get(at) == Some(&b',') {
        at += 1;
    }
    if bytes.get(at) != Some(&b' ') {
        return None;
    }
    at += 1;
    let mut year = None;
    if bytes.get(at + 4) == Some(&b' ') && bytes.get(at + 2) != Some(&b':') {
        year = Some(four(bytes, at)?);
        at += 5;
    }
    let (stamp, end) = time_of_day(bytes, at, year, month, day)?;
    // ctime puts the year last.
    if year.is_none()
        && bytes.get(end) == Some(&b' ')
        && let Some(late) = four(bytes, end + 1)
        && (1970..2200).contains(&late)
        && !bytes.get(end + 5).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b':' || *b == b'.')
        && let Stamp::Civil { second, nanos, offset, .. } = stamp
    {
        return civil(Some(late), month, day, second, nanos, offset).map(|stamp| (stamp, end + 5));
    }
    Some((stamp, end))
}

/// `HH:MM:SS`, fraction and offset at `at`, put together with a date.
fn time_of_day(bytes: &[u8], at: usize, year: Option<i32>, month: u32, day: u32) -> Option<(Stamp, usize)> {
    let (hour, minute, second) = (two(bytes, at)?, two(bytes, at + 3)?, two(bytes, at + 6)?);
    if bytes[at + 2] != b':' || bytes[at + 5] != b':' {
        return None;
    }
    let second = second_of_day(hour, minute, second)?;
    let (nanos, at) = fraction(bytes, at + 8);
    let (offset, at) = zone(bytes, at);
    civil(year, month, day, second, nanos, offset).map(|stamp| (stamp, at))
}

/// Second of the day; 60 is a leap second and only one.
fn second_of_day(hour: u32, minute: u32, second: u32) -> Option<u32> {
    (hour < 24 && minute < 60 && second <= 60).then_some(hour * 3600 + minute * 60 + second)
}

/// A date that exists, with its time.
fn civil(
    year: Option<i32>,
    month: u32,
    day: u32,
    second: u32,
    nanos: u32,
    offset: Option<i32>,
) -> Option<Stamp> {
    // Without a year 29 February is possible.
    let days = days_in_month(year.unwrap_or(2000), month);
    (day >= 1 && day <= days).then_some(Stamp::Civil { year, month, day, second, nanos, offset })
}

/// `.123456` or `,123` at `at`: nanoseconds, and where it ends. More than nine digits are cut, not rounded.
fn fraction(bytes: &[u8], at: usize) -> (u32, usize) {
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
    (nanos, end)
}

/// An offset from UTC at `at`, with or without a space before it, and where it ends.
fn zone(bytes: &[u8], at: usize) -> (Option<i32>, usize) {
    let spaced = usize::from(bytes.get(at) == Some(&b' '));
    let start = at + spaced;
    match bytes.get(start) {
        Some(b'Z' | b'z') if !bytes.get(start + 1).is_some_and(u8::is_ascii_alphanumeric) => {
            (Some(0), start + 1)
        }
        Some(b'U' | b'G')
            if matches!(bytes.get(start..start + 3), Some(b"UTC" | b"GMT"))
                && !bytes
                    .get(start + 3)
                    .is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-')) =>
        {
            (Some(0), start + 3)
        }
        Some(sign @ (b'+' | b'-')) => match numeric_offset(bytes, start + 1, spaced == 1) {
            Some((seconds, end)) => (Some(if *sign == b'-' { -seconds } else { seconds }), end),
            None => (None, at),
        },
        _ => (None, at),
    }
}

/// `0900`, `09:00` or (not after a space) `09`: seconds, and where it ends.
fn numeric_offset(bytes: &[u8], at: usize, spaced: bool) -> Option<(i32, usize)> {
    let hours = two(bytes, at)?;
    let (minutes, end) = match bytes.get(at + 2) {
        Some(b':') => (two(bytes, at + 3)?, at + 5),
        Some(b'0'..=b'9') => (two(bytes, at + 2)?, at + 4),
        _ if spaced => return None,
        _ => (0, at + 2),
    };
    let ends = !bytes.get(end).is_some_and(u8::is_ascii_digit);
    (ends && hours <= 15 && minutes < 60).then_some(((hours * 3600 + minutes * 60) as i32, end))
}

/// An epoch number at the start of `bytes`: 10 digits are seconds (a fraction may follow), 13 milli-,
/// 16 micro- and 19 nanoseconds. With these widths every instant from 2001 to 2286 has one reading.
pub fn epoch(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let digits = bytes.iter().take(20).take_while(|b| b.is_ascii_digit()).count();
    let number = i64::from(decimal(bytes.get(..digits.min(9))?)?);
    let number = bytes[digits.min(9)..digits]
        .iter()
        .try_fold(number, |n, b| n.checked_mul(10)?.checked_add(i64::from(b - b'0')))?;
    let ts = match digits {
        10 => {
            let (nanos, end) = fraction(bytes, digits);
            return Some((Stamp::Instant(Timestamp::new(number, nanos)?), end));
        }
        13 => {
            let (nanos, end) = fraction(bytes, digits);
            let within = i64::from(nanos / 1_000);
            return Some((Stamp::Instant(Timestamp(number.checked_mul(1_000_000)? + within)), end));
        }
        16 => Timestamp(number.checked_mul(1_000)?),
        19 => Timestamp(number),
        _ => return None,
    };
    Some((Stamp::Instant(ts), digits))
}

/// At most nine decimal digits; `None` for none.
fn decimal(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    Some(digits.iter().fold(0, |n, b| n * 10 + u32::from(b - b'0')))
}

/// The number of a month by its English name's first three letters.
fn month_name(name: &[u8]) -> Option<u32> {
    const NAMES: [&[u8; 3]; 12] =
        [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
    NAMES.iter().position(|known| known.eq_ignore_ascii_case(name)).map(|at| at as u32 + 1)
}

/// Is this the start of an English weekday's name?
fn is_weekday(name: &[u8]) -> bool {
    matches!(name, b"Mon" | b"Tue" | b"Wed" | b"Thu" | b"Fri" | b"Sat" | b"Sun")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> Option<String> {
        let clock = Clock { modified: Timestamp::new(1_703_500_000, 0), ..Clock::default() };
        clock.value(Value::plain(text.as_bytes())).map(|ts| ts.to_string())
    }

    #[test]
    fn notations_of_the_same_instant() {
        for text in [
            "2023-12-24T03:14:23Z",
            "2023-12-24 03:14:23",
            "2023/12/24 03:14:23",
            "2023-12-24 12:14:23 +0900",
            "2023-12-24T12:14:23+09:00",
            "2023-12-24T12:14:23+09",
            "24/Dec/2023:12:14:23 +0900",
            "24-Dec-2023 03:14:23",
            "Dec 24 03:14:23",
            "Dec 24 2023 03:14:23",
            "Sun Dec 24 03:14:23 2023",
            "Sun, 24 Dec 2023 03:14:23 GMT",
            "20231224T031423Z",
            "20231224031423",
            "20231224 03:14:23",
            "1703387663",
            "1703387663000",
            "1703387663000000",
            "1703387663000000000",
        ] {
            assert_eq!(utc(text).as_deref(), Some("2023-12-24T03:14:23Z"), "{text}");
        }
    }

    #[test]
    fn fractions_are_kept() {
        assert_eq!(utc("2023-12-24T03:14:23.348098").as_deref(), Some("2023-12-24T03:14:23.348098Z"));
        assert_eq!(utc("2023-12-24 03:14:23,5").as_deref(), Some("2023-12-24T03:14:23.500Z"));
        assert_eq!(utc("1703387663.25").as_deref(), Some("2023-12-24T03:14:23.250Z"));
        assert_eq!(utc("2023-12-24T03:14:23.1234567899Z").as_deref(), Some("2023-12-24T03:14:23.123456789Z"));
    }

    #[test]
    fn what_is_no_time_has_none() {
        for text in [
            "",
            "2023",
            "2023-02-30 00:00:00",
            "2023-13-01 00:00:00",
            "2023-12-24 24:00:00",
            "2023-12-24",
            "9999999999999999999999",
            "12345",
            "hello",
            "2023-12-24 03:61:00",
            "99999999999",
            "Foo 24 03:14:23",
            "0000-00-00 00:00:00",
        ] {
            assert_eq!(utc(text), None, "{text}");
        }
        assert_eq!(utc("2016-12-31T23:59:60Z").as_deref(), Some("2017-01-01T00:00:00Z"));
    }

    #[test]
    fn a_date_without_a_year_is_the_latest_before_the_file_was_written() {
        let clock = Clock { modified: Timestamp::new(1_704_070_800, 0), ..Clock::default() };
        let at = |text: &str| clock.value(Value::plain(text.as_bytes())).map(|ts| ts.to_string());
        assert_eq!(at("Jan  1 00:10:00").as_deref(), Some("2024-01-01T00:10:00Z"));
        assert_eq!(at("Dec 31 23:50:00").as_deref(), Some("2023-12-31T23:50:00Z"));
        assert_eq!(at("Feb 29 12:00:00").as_deref(), Some("2020-02-29T12:00:00Z"));
        assert_eq!(Clock::default().value(Value::plain(b"Dec 24 03:14:23")), None);
    }

    #[test]
    fn a_zone_is_applied_to_bare_times_only() {
        let clock = Clock { zone: chrono_tz::Europe::Berlin, modified: None };
        let at = |text: &str| clock.value(Value::plain(text.as_bytes())).map(|ts| ts.to_string());
        assert_eq!(at("2023-12-24 03:14:23").as_deref(), Some("2023-12-24T02:14:23Z"));
        assert_eq!(at("2023-12-24 03:14:23Z").as_deref(), Some("2023-12-24T03:14:23Z"));
        // Put forward: 02:30 does not exist. Put back: 02:30 is the earlier of two.
        assert_eq!(at("2023-03-26 02:30:00"), None);
        assert_eq!(at("2023-10-29 02:30:00").as_deref(), Some("2023-10-29T00:30:00Z"));
    }

    proptest::proptest! {
        #[test]
        fn display_and_read_are_inverse(nanos in -6_000_000_000_000_000_000_i64..9_000_000_000_000_000_000) {
            let ts = Timestamp(nanos);
            proptest::prop_assert_eq!(Clock::default().value(Value::plain(ts.to_string().as_bytes())), Some(ts));
        }

        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..40)) {
            let _ = Clock::default().value(Value::plain(&bytes));
            let _ = epoch(&bytes);
        }
    }
}
