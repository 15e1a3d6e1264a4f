//! The notations of date and time, each read by position from where it starts.

use super::month::{month, weekday};
use super::zone::zone;
use super::{Numbers, Order, Stamp, TimeOfDay, Zone};
use crate::model::Timestamp;
use crate::model::time::{civil_from_days, days_from_civil, days_in_month};

/// Reads a date with a time at the start of `bytes`, in any notation but epoch numbers, and how many bytes
/// it took.
pub fn read(bytes: &[u8]) -> Option<(Stamp, usize)> {
    match bytes.first()? {
        b'0'..=b'9' => iso(bytes).or_else(|| digits(bytes)).or_else(|| hexadecimal(bytes)),
        b'A'..=b'Z' | b'a'..=b'z' | 0xC0.. => named(bytes),
        b'@' => tai64n(bytes),
        _ => None,
    }
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
fn four(bytes: &[u8], at: usize) -> Option<i32> {
    Some((two(bytes, at)? * 100 + two(bytes, at + 2)?) as i32)
}

/// A number of at most `most` digits at `at`, and where it ends.
fn number(bytes: &[u8], at: usize, most: usize) -> Option<(u32, usize)> {
    let length = bytes.get(at..)?.iter().take(most + 1).take_while(|b| b.is_ascii_digit()).count();
    if length == 0 || length > most {
        return None;
    }
    let digits = &bytes[at..at + length];
    Some((digits.iter().fold(0, |n, b| n * 10 + u32::from(b - b'0')), at + length))
}

/// `2023-12-24T03:14:23.123456+09:00` and its relatives: `/` or `.` between the parts of the date; `T`, a
/// space, `_`, `:`, a tab or a comma before the time; `.` or `,` before the fraction; any zone or none.
#[inline]
fn iso(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let year = four(bytes, 0)?;
    let separator = *bytes.get(4)?;
    if !matches!(separator, b'-' | b'/' | b'.') || bytes.get(7) != Some(&separator) {
        return None;
    }
    let (month, day) = (two(bytes, 5)?, two(bytes, 8)?);
    let (at, mark) = match bytes.get(10)? {
        b'-' if bytes.get(13) == Some(&b'.') => (11, b'.'),
        // GIN writes a dash between blanks, others two blanks.
        b' ' if bytes.get(11..13) == Some(b"- ") => (13, b':'),
        b' ' if bytes.get(11..14) == Some(b"at ") => (14, b':'),
        b' ' | b'Z' if bytes.get(11) == Some(&b' ') => (12, b':'),
        b'T' | b't' | b' ' | b'_' | b':' | b'\t' | b',' | b'-' => (11, b':'),
        b'"' if bytes.get(11..13) == Some(b",\"") => (13, b':'),
        b']' if bytes.get(11) == Some(&b'[') => (12, b':'),
        b'.' if bytes.get(13) == Some(&b':') => (11, b':'),
        _ => return None,
    };
    let (time, at) = time_of_day(bytes, at, mark)?;
    civil(Some(year), month, day, time).map(|stamp| (stamp, at))
}

/// What else starts with digits, by how many there are.
fn digits(bytes: &[u8]) -> Option<(Stamp, usize)> {
    match bytes.iter().take(20).take_while(|b| b.is_ascii_digit()).count() {
        1 | 2 => day_and_month_name(bytes).or_else(|| numbers(bytes)),
        4 => month_and_day(bytes)
            .or_else(|| ordinal(bytes))
            .or_else(|| week(bytes))
            .or_else(|| short_parts(bytes))
            .or_else(|| spaced_parts(bytes))
            .or_else(|| far_east(bytes)),
        6 => two_digit_compact(bytes),
        8 | 14 | 17 => compact(bytes),
        _ => None,
    }
}

/// `0528 01:43:01.609556` of klog and glog: month and day.
fn month_and_day(bytes: &[u8]) -> Option<(Stamp, usize)> {
    if bytes.get(4) != Some(&b' ') || bytes.get(10) != Some(&b':') || bytes.get(13) != Some(&b'.') {
        return None;
    }
    let (time, at) = time_of_day(bytes, 5, b':')?;
    civil(None, two(bytes, 0)?, two(bytes, 2)?, time).map(|stamp| (stamp, at))
}

/// `2012-025T10:22:40`: the day of the year.
fn ordinal(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let year = four(bytes, 0).filter(|year| (1970..2200).contains(year))?;
    let (day, end) = number(bytes, 5, 3)?;
    if bytes[4] != b'-' || end != 8 || !matches!(bytes.get(8)?, b'T' | b' ' | b'_') || day == 0 {
        return None;
    }
    let (found, month, day) = civil_from_days(days_from_civil(year, 1, 1) + i64::from(day) - 1);
    let (time, at) = time_of_day(bytes, 9, b':').filter(|_| found == year)?;
    civil(Some(year), month, day, time).map(|stamp| (stamp, at))
}

/// `2023-W51-7T03:14:23`: week and day of the ISO year, whose first week has the year's first Thursday.
fn week(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let year = four(bytes, 0).filter(|year| (1970..2200).contains(year))?;
    let at = if bytes.get(4) == Some(&b'-') { 5 } else { 4 };
    let week = two(bytes, at + 1).filter(|week| bytes[at] == b'W' && (1..=53).contains(week))?;
    let at = if bytes.get(at + 3) == Some(&b'-') { at + 4 } else { at + 3 };
    let day = bytes.get(at).filter(|day| (b'1'..=b'7').contains(day)).map(|day| i64::from(day - b'1'))?;
    if !matches!(bytes.get(at + 1)?, b'T' | b' ') {
        return None;
    }
    // 4 January is always in the first week; 1970-01-01 was a Thursday.
    let fourth = days_from_civil(year, 1, 4);
    let monday = fourth - (fourth + 3).rem_euclid(7);
    let (found, month, day) = civil_from_days(monday + i64::from(week - 1) * 7 + day);
    let (time, at) = time_of_day(bytes, at + 2, b':')?;
    civil(Some(found), month, day, time).map(|stamp| (stamp, at))
}

/// `2023-1-5 3:04:05`: month or day of one digit.
fn short_parts(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let year = four(bytes, 0).filter(|year| (1970..2200).contains(year))?;
    let separator = *bytes.get(4).filter(|b| matches!(b, b'-' | b'/' | b'.'))?;
    let (month, at) = number(bytes, 5, 2)?;
    let (day, at) = number(bytes, at + 1, 2).filter(|_| bytes.get(at) == Some(&separator))?;
    if !matches!(bytes.get(at)?, b' ' | b'T' | b'_' | b',' | b'\t') {
        return None;
    }
    let (time, at) = time_of_day(bytes, at + 1, b':')?;
    civil(Some(year), month, day, time).map(|stamp| (stamp, at))
}

/// `2024 03 05 10:10:11:123#+0000` of SAP's lists: blanks in the date, and a sign of the list before the zone.
fn spaced_parts(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let year = four(bytes, 0).filter(|year| (1970..2200).contains(year))?;
    if bytes.get(4) != Some(&b' ') || bytes.get(7) != Some(&b' ') || bytes.get(10) != Some(&b' ') {
        return None;
    }
    let (mut time, mut at) = time_of_day(bytes, 11, b':')?;
    if bytes.get(at) == Some(&b'#')
        && let (written, end) = zone(bytes, at + 1)
        && time.zone == Zone::Local
    {
        time.zone = written;
        at = if written == Zone::Local { at } else { end };
    }
    civil(Some(year), two(bytes, 5)?, two(bytes, 8)?, time).map(|stamp| (stamp, at))
}

/// `2023年12月24日 03:14:23`, `2023년 12월 24일 3:14:23`.
fn far_east(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let year = four(bytes, 0).filter(|year| (1970..2200).contains(year))?;
    let mut at = 4;
    let mut parts = [0; 2];
    for (index, signs) in [["年", "년"], ["月", "월"]].into_iter().enumerate() {
        at += signs.iter().find(|sign| bytes[at..].starts_with(sign.as_bytes()))?.len();
        at += usize::from(bytes.get(at) == Some(&b' '));
        (parts[index], at) = number(bytes, at, 2)?;
    }
    at += ["日", "일"].iter().find(|sign| bytes[at..].starts_with(sign.as_bytes()))?.len();
    at += usize::from(bytes.get(at) == Some(&b' '));
    let (time, at) = time_of_day(bytes, at, b':')?;
    civil(Some(year), parts[0], parts[1], time).map(|stamp| (stamp, at))
}

/// `24/Dec/2023:12:29:28 +0900` of access logs, `24-Dec-2023 03:14:23`, `24 Dec 2023 03:14:23 GMT`,
/// `24. Dezember 2023`, `24-DEC-23 03.14.23` and, without a year, `24 Dec 03:14:23`.
fn day_and_month_name(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let (day, mut at) = number(bytes, 0, 2)?;
    if at == 2 && bytes.get(2).is_some_and(u8::is_ascii_alphabetic) {
        return day_month_year_glued(bytes, day);
    }
    let separator = *bytes.get(at).filter(|b| matches!(b, b'/' | b'-' | b' ' | b'.'))?;
    at += 1;
    at += usize::from(separator == b'.' && bytes.get(at) == Some(&b' '));
    let (month, length) = month(bytes.get(at..)?)?;
    at += length;
    if !matches!(bytes.get(at)?, b'/' | b'-' | b' ' | b'.') {
        return None;
    }
    at += 1;
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
        if !matches!(bytes.get(end)?, b':' | b' ' | b'T' | b'-' | b',') {
            return None;
        }
        at = end + 1;
        at += usize::from(bytes[end] == b',' && bytes.get(at) == Some(&b' '));
        // Erlang parts date and time with two colons.
        at += usize::from(bytes[end] == b':' && bytes.get(at) == Some(&b':'));
    }
    let mark = if bytes.get(at + 2) == Some(&b'.') { b'.' } else { b':' };
    let (time, at) = time_of_day(bytes, at, mark)?;
    let (year, at) = match year.0 {
        Some(_) => (year.0, at),
        None => year_behind(bytes, at),
    };
    civil(year, month, day, time).map(|stamp| (stamp, at))
}

/// `05Mar2024 10:10:11.123`: no sign between the parts.
fn day_month_year_glued(bytes: &[u8], day: u32) -> Option<(Stamp, usize)> {
    let name = bytes.get(2..5)?;
    let (month, _) = month(name)?;
    let year = four(bytes, 5).filter(|year| (1970..2200).contains(year) && name.is_ascii())?;
    if !matches!(bytes.get(9)?, b' ' | b':' | b'T') {
        return None;
    }
    let (time, at) = time_of_day(bytes, 10, b':')?;
    civil(Some(year), month, day, time).map(|stamp| (stamp, at))
}

/// The year that ctime and its like put behind the time, and where it ends.
fn year_behind(bytes: &[u8], at: usize) -> (Option<i32>, usize) {
    let year = || {
        let late = four(bytes, at + 1).filter(|late| bytes[at] == b' ' && (1970..2200).contains(late))?;
        let goes_on = bytes
            .get(at + 5)
            .is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'.' | b'-' | b'/'));
        (!goes_on).then_some(late)
    };
    year().map_or((None, at), |year| (Some(year), at + 5))
}

/// Dates of numbers: `12/24/2023 3:14:23 AM`, `24.12.2023 03:14:23`, `01/25/22 16:08:02`, `17/06/09 20:10:40`,
/// and without a year `03-17 16:13:38.811`, `10.30 16:49:06`.
fn numbers(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let (first, at) = number(bytes, 0, 2)?;
    let separator = *bytes.get(at).filter(|b| matches!(b, b'/' | b'-' | b'.'))?;
    let (second, mut at) = number(bytes, at + 1, 2)?;
    let mut date = Numbers { parts: [first as u16, second as u16, 0], long_year: false, usual: None };
    if bytes.get(at) == Some(&separator) {
        let (third, end) = number(bytes, at + 1, 4)?;
        date.parts[2] = third as u16;
        date.long_year = end == at + 5;
        if (!date.long_year && end != at + 3) || (date.long_year && !(1970..2200).contains(&third)) {
            return None;
        }
        at = end;
    } else if separator == b'/' && at != 5 {
        // 3/4 03:14:23 is more often a part of something.
        return None;
    }
    let sign = *bytes.get(at)?;
    if !matches!(sign, b' ' | b'-' | b',' | b'T' | b':' | b'\t' | b'|' | b'@') {
        return None;
    }
    at += 1;
    // Games and Suricata write dashes between blanks.
    let dashes = [&b"- "[..], b"-- "].into_iter().find(|dashes| bytes[at..].starts_with(dashes));
    at += dashes.filter(|_| sign == b' ').map_or(0, <[u8]>::len);
    while bytes.get(at) == Some(&b' ') {
        at += 1;
    }
    let (time, end) = time_of_day(bytes, at, b':')?;
    date.usual = match (sign, dashes) {
        // OpenEdge: yy/mm/dd@time. Valve's games: mm/dd/yyyy - time. Suricata: d/m/yyyy -- time.
        (b'@', _) => Some(Order::YearFirst),
        (_, Some(b"- ")) => Some(Order::MonthFirst),
        (_, Some(_)) => Some(Order::DayFirst),
        _ => usual_order(date, separator, sign == b'-', &bytes[at..end]),
    };
    Order::ALL
        .iter()
        .any(|order| date.read_as(*order).is_some())
        .then_some((Stamp::Numeric { date, time }, end))
}

/// What such a date usually means where the file's dates allow several readings.
fn usual_order(date: Numbers, separator: u8, dashed: bool, time: &[u8]) -> Option<Order> {
    let half = time.iter().any(|b| matches!(b, b'M' | b'm'));
    let yearless = date.parts[2] == 0 && !date.long_year;
    match separator {
        // Android and Proxifier count months first when they leave the year out.
        b'-' | b'.' if yearless => Some(Order::MonthFirst),
        b'.' => Some(Order::DayFirst),
        // AM and PM are said where months come first; Suricata and Snort put a dash before the time.
        b'/' if half || dashed => Some(Order::MonthFirst),
        // log4j's yy/MM/dd, as Hadoop and Spark write it.
        b'/' if !date.long_year && !yearless && date.parts[0] >= 10 && time.len() == 8 => {
            Some(Order::YearFirst)
        }
        _ => None,
    }
}

/// `20231224T031423Z`, `20231224 03:14:23`, `20231224031423`, `20120702.102240,672`, `20171223-22:15:29:606`.
fn compact(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let (year, month, day) = (four(bytes, 0)?, two(bytes, 4)?, two(bytes, 6)?);
    if !(1970..2200).contains(&year) {
        return None;
    }
    let at = match bytes.get(8)? {
        b'T' | b' ' | b'-' | b'_' | b'.' | b':' => 9,
        b'0'..=b'9' => 8,
        _ => return None,
    };
    if at == 9 && (bytes.get(at + 1) == Some(&b':') || bytes.get(at + 2) == Some(&b':')) {
        let (time, at) = loose_time(bytes, at)?;
        return civil(Some(year), month, day, time).map(|stamp| (stamp, at));
    }
    let second = second_of_day(two(bytes, at)?, two(bytes, at + 2)?, two(bytes, at + 4)?)?;
    let (nanos, at) = match number(bytes, at + 6, 3) {
        Some((millis, end)) if end == at + 9 => (millis * 1_000_000, end),
        _ => fraction(bytes, at + 6),
    };
    let (zone, end) = zone(bytes, at);
    if bytes.get(end).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    civil(Some(year), month, day, TimeOfDay { second, nanos, zone }).map(|stamp| (stamp, end))
}

/// `081109 203615` of HDFS, `140823 17:05:30` and `140823  5:13:40` of MySQL: year, month, day.
fn two_digit_compact(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let (year, month, day) = (two(bytes, 0)?, two(bytes, 2)?, two(bytes, 4)?);
    if bytes.get(6) != Some(&b' ') {
        return None;
    }
    let at = if bytes.get(7) == Some(&b' ') { 8 } else { 7 };
    let (time, end) = match number(bytes, at, 6)? {
        (_, end) if end == at + 6 => {
            let second = second_of_day(two(bytes, at)?, two(bytes, at + 2)?, two(bytes, at + 4)?)?;
            (TimeOfDay { second, nanos: 0, zone: Zone::Local }, end)
        }
        _ => time_of_day(bytes, at, b':')?,
    };
    let ends = !bytes.get(end).is_some_and(u8::is_ascii_alphanumeric);
    civil(Some(super::century(year)), month, day, time).filter(|_| ends).map(|stamp| (stamp, end))
}

/// Bytes within which a notation that starts with a name has its first digit: a weekday and a month before it.
const NAMED: usize = 48;

/// Notations that start with a name: `Dec 24 03:14:23`, `Sun Dec 24 03:14:23 2023`,
/// `Sun, 24 Dec 2023 03:14:23 GMT`, `Dec 24, 2023 3:14:23 AM`.
fn named(bytes: &[u8]) -> Option<(Stamp, usize)> {
    // Most lines that begin with a word have no date there: the number of a day tells first.
    if !bytes.iter().take(NAMED).any(u8::is_ascii_digit) {
        return None;
    }
    if let Some(found) = month_first(bytes) {
        return Some(found);
    }
    let skip = weekday(bytes)?;
    let rest = bytes.get(skip..)?;
    let (stamp, used) = match rest.first()? {
        b'0'..=b'9' => iso(rest).or_else(|| day_and_month_name(rest)).or_else(|| numbers(rest))?,
        _ => month_first(rest)?,
    };
    Some((stamp, skip + used))
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
        if bytes.get(at..at + 4) == Some(b" at ") {
            at += 3;
        }
        at += usize::from(matches!(bytes.get(at), Some(b' ' | b'T' | b':')));
    }
    let (time, end) = time_of_day(bytes, at, b':')?;
    let (year, end) = match year {
        Some(_) => (year, end),
        None => year_behind(bytes, end),
    };
    civil(year, month, day, time).map(|stamp| (stamp, end))
}

/// `65e6f073.1dcd6500 0x7f1d…` of OpenLDAP: seconds and nanoseconds, and the thread behind them.
fn hexadecimal(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let whole = bytes.get(..20)?;
    let number = |digits: &[u8]| u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
    if whole[8] != b'.' || &whole[17..] != b" 0x" {
        return None;
    }
    let digits = |at: usize| whole[at..at + 8].iter().all(u8::is_ascii_hexdigit).then(|| &whole[at..at + 8]);
    let (seconds, nanos) = (number(digits(0)?)?, number(digits(9)?)?);
    let ts = Timestamp::new(i64::from(seconds), nanos)
        .filter(|_| seconds > 1_000_000_000 && nanos < 1_000_000_000)?;
    Some((Stamp::Instant(ts), 17))
}

/// `@400000006587a3f50c2d2b1c`, daemontools' TAI64N: seconds of TAI since 1970 above 2^62, and nanoseconds.
fn tai64n(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let digits = bytes.get(1..25)?;
    if !digits.iter().all(u8::is_ascii_hexdigit) || bytes.get(25).is_some_and(u8::is_ascii_hexdigit) {
        return None;
    }
    let text = std::str::from_utf8(digits).ok()?;
    let seconds = u64::from_str_radix(&text[..16], 16).ok()?.checked_sub(1 << 62)?;
    let nanos = u32::from_str_radix(&text[16..], 16).ok().filter(|nanos| *nanos < 1_000_000_000)?;
    let tai = i64::try_from(seconds).ok()?;
    let ts = Timestamp::new(tai - leap_seconds(tai), nanos)?;
    Some((Stamp::Instant(ts), 25))
}

/// TAI - UTC at a TAI second, for the leap seconds since 1990 (IERS Bulletin C); 10 before 1972.
fn leap_seconds(tai: i64) -> i64 {
    /// The UTC dates from which on the difference is one more; before the first it is 25.
    const SINCE: [(i32, u32); 12] = [
        (1991, 1),
        (1992, 7),
        (1993, 7),
        (1994, 7),
        (1996, 1),
        (1997, 7),
        (1999, 1),
        (2006, 1),
        (2009, 1),
        (2012, 7),
        (2015, 7),
        (2017, 1),
    ];
    let passed = |difference: i64, (year, month): (i32, u32)| {
        tai >= days_from_civil(year, month, 1) * 86_400 + difference
    };
    (0_i64..).zip(SINCE).take_while(|(n, date)| passed(26 + n, *date)).count() as i64 + 25
}

/// `HH:MM:SS`, fraction, `AM` or `PM`, and zone at `at`; `mark` parts hours, minutes and seconds.
#[inline]
fn time_of_day(bytes: &[u8], at: usize, mark: u8) -> Option<(TimeOfDay, usize)> {
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
    let (nanos, end) =
        if end == at && whole { third_mark(bytes, at).unwrap_or((0, at)) } else { (nanos, end) };
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
fn loose_time(bytes: &[u8], at: usize) -> Option<(TimeOfDay, usize)> {
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

/// Milliseconds after a third colon, `03:14:23:123`.
fn third_mark(bytes: &[u8], at: usize) -> Option<(u32, usize)> {
    let (millis, end) =
        number(bytes, at + 1, 3).filter(|(_, end)| bytes.get(at) == Some(&b':') && *end == at + 4)?;
    Some((millis * 1_000_000, end))
}

/// `AM` or `PM` at `at`, with or without a blank before it: the hour, and where it ends.
#[inline]
fn half_of_day(bytes: &[u8], at: usize, hour: u32) -> Option<(u32, usize)> {
    let start = match bytes.get(at) {
        Some(b' ') => at + 1,
        // Java 20 writes a narrow no-break space.
        Some(0xE2) if bytes[at..].starts_with("\u{202f}".as_bytes()) => at + 3,
        _ => at,
    };
    let afternoon = match bytes.get(start..start + 2) {
        Some(b"AM" | b"am") => false,
        Some(b"PM" | b"pm") => true,
        _ => return Some((hour, at)),
    };
    if bytes.get(start + 2).is_some_and(u8::is_ascii_alphanumeric) {
        return Some((hour, at));
    }
    match (hour, afternoon) {
        (12, false) => Some((0, start + 2)),
        (1..=11, true) => Some((hour + 12, start + 2)),
        // Some write 15:14:23 PM all the same.
        (1..=12, _) | (13..=23, true) => Some((hour, start + 2)),
        _ => None,
    }
}

/// Second of the day; 60 is a leap second and only one.
fn second_of_day(hour: u32, minute: u32, second: u32) -> Option<u32> {
    (hour < 24 && minute < 60 && second <= 60).then_some(hour * 3600 + minute * 60 + second)
}

/// A date that exists, with its time.
fn civil(year: Option<i32>, month: u32, day: u32, time: TimeOfDay) -> Option<Stamp> {
    // Without a year 29 February is possible.
    let days = days_in_month(year.unwrap_or(2000), month);
    (day >= 1 && day <= days).then_some(Stamp::Civil { year, month, day, time })
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
