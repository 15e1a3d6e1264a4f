//! The notations of date and time, each read by position from where it starts.

use super::hour::{
    four, fraction, halved_time, hours_and_dot, loose_time, number, second_of_day, time_of_day, two,
};
use super::named::{
    day_and_month_name, dotted_parts, far_east, far_east_yearless, named, year_and_month_name,
};
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

/// `2023-12-24T03:14:23.123456+09:00` and its relatives: `/`, `.`, `:` or `_` between the parts of the date; `T`,
/// a space, `_`, a tab, or signs that part columns before the time; `.` or `,` before the fraction; any zone or none.
#[inline]
pub(super) fn iso(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let year = four(bytes, 0)?;
    let separator = *bytes.get(4)?;
    // With colons of EXIF and Astaro, with underscores of people.
    if !matches!(separator, b'-' | b'/' | b'.' | b':' | b'_') || bytes.get(7) != Some(&separator) {
        return None;
    }
    let (month, day) = (two(bytes, 5)?, two(bytes, 8)?);
    let (at, mark) = match bytes.get(10)? {
        b'-' if bytes.get(13) == Some(&b'.') => (11, b'.'),
        // GIN writes a dash between blanks, others two blanks.
        b' ' if bytes.get(11..13) == Some(b"- ") => (13, b':'),
        b' ' if bytes.get(11..14) == Some(b"at ") => (14, b':'),
        b' ' if bytes.get(11..13) == Some(b"| ") => (13, b':'),
        b' ' | b'Z' | b',' | b';' | b'|' if bytes.get(11) == Some(&b' ') => (12, b':'),
        b'|' | b';' => (11, b':'),
        b' ' | b'_' | b'T' if bytes.get(13) == Some(&b'-') && bytes.get(16) == Some(&b'-') => (11, b'-'),
        b'T' | b't' | b' ' | b'_' | b':' | b'\t' | b',' | b'-' => (11, b':'),
        b'"' if matches!(bytes.get(11..13), Some(b",\"" | b";\"" | b" \"")) => (13, b':'),
        b']' if bytes.get(11) == Some(&b'[') => (12, b':'),
        b']' if bytes.get(11..13) == Some(b" [") => (13, b':'),
        b'.' if bytes.get(13) == Some(&b':') => (11, b':'),
        _ => return None,
    };
    let (time, at) = time_of_day(bytes, at, mark).or_else(|| hours_and_dot(bytes, at))?;
    civil(Some(year), month, day, time).map(|stamp| (stamp, at))
}

/// What else starts with digits, by how many there are.
fn digits(bytes: &[u8]) -> Option<(Stamp, usize)> {
    match bytes.iter().take(20).take_while(|b| b.is_ascii_digit()).count() {
        1 | 2 => day_and_month_name(bytes)
            .or_else(|| numbers(bytes))
            .or_else(|| time_first(bytes))
            .or_else(|| far_east_yearless(bytes)),
        4 => month_and_day(bytes)
            .or_else(|| ordinal(bytes))
            .or_else(|| week(bytes))
            .or_else(|| short_parts(bytes))
            .or_else(|| spaced_parts(bytes))
            .or_else(|| year_and_month_name(bytes))
            .or_else(|| dotted_parts(bytes))
            .or_else(|| far_east(bytes)),
        6 => two_digit_compact(bytes),
        7 => ordinal_compact(bytes),
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

/// `2023358T031423`: the day of the year, without signs.
fn ordinal_compact(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let year = four(bytes, 0).filter(|year| (1970..2200).contains(year))?;
    let (day, _) = number(bytes, 4, 3)?;
    let (found, month, day) = civil_from_days(days_from_civil(year, 1, 1) + i64::from(day) - 1);
    let (time, at) = (bytes.get(7) == Some(&b'T')).then(|| time_of_digits(bytes, 8)).flatten()?;
    civil(Some(year), month, day, time).filter(|_| found == year).map(|stamp| (stamp, at))
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
    // The week is of the year that its Thursday is of; not every year has a 53rd.
    let (of, ..) = civil_from_days(monday + i64::from(week - 1) * 7 + 3);
    let (time, at) =
        time_of_day(bytes, at + 2, b':').or_else(|| time_of_digits(bytes, at + 2)).filter(|_| of == year)?;
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
    let length = bytes[at + 1..].iter().take_while(|b| b.is_ascii_digit() || **b == b':').count();
    let loose = || if length < 7 { loose_time(bytes, at + 1) } else { None };
    let (time, at) = halved_time(bytes, at + 1).or_else(loose)?;
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

/// Dates of numbers: `12/24/2023 3:14:23 AM`, `24.12.2023 03:14:23`, `01/25/22 16:08:02`, `17/06/09 20:10:40`,
/// and without a year `03-17 16:13:38.811`, `10.30 16:49:06`.
pub(super) fn numbers(bytes: &[u8]) -> Option<(Stamp, usize)> {
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
    let (time, end) = time_of_digits(bytes, at)?;
    civil(Some(year), month, day, time).map(|stamp| (stamp, end))
}

/// `031423`, `031423123`, `031423.123456Z`: a time without colons.
fn time_of_digits(bytes: &[u8], at: usize) -> Option<(TimeOfDay, usize)> {
    let second = second_of_day(two(bytes, at)?, two(bytes, at + 2)?, two(bytes, at + 4)?)?;
    let (nanos, at) = match number(bytes, at + 6, 3) {
        Some((millis, end)) if end == at + 9 => (millis * 1_000_000, end),
        _ => fraction(bytes, at + 6),
    };
    let (zone, end) = zone(bytes, at);
    (!bytes.get(end).is_some_and(u8::is_ascii_digit)).then_some((TimeOfDay { second, nanos, zone }, end))
}

/// How long a date may be that stands behind its time.
const LATE_DATE: usize = 32;

/// `03:14:23 2023-12-24`, `03:14:23,123 24 Dec 2023`, `3:14:23 AM 12/24/2023`: the date behind the time.
fn time_first(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let colons = bytes.iter().take(8).filter(|b| **b == b':').count();
    let (time, end) = time_of_day(bytes, 0, b':').filter(|_| colons == 2)?;
    let mut from = end + usize::from(bytes.get(end) == Some(&b','));
    from += usize::from(matches!(bytes.get(from), Some(b' ' | b'\t')));
    let rest = bytes.get(from..).filter(|rest| from > end && !rest.is_empty())?;
    if !rest[0].is_ascii_alphanumeric() {
        return None;
    }
    // A date as it would stand before its time; how many words it has differs.
    let word_end = |words: &usize| {
        let mut blanks =
            (0..=rest.len()).filter(|at| matches!(rest.get(*at), None | Some(b' ' | b'\t' | b'\r')));
        blanks.nth(words - 1).filter(|end| *end <= LATE_DATE)
    };
    [1, 3, 4].iter().filter_map(word_end).find_map(|end| {
        let date = rest[..end].trim_ascii_end();
        let date = date.strip_suffix(b",").or_else(|| date.strip_suffix(b"]")).unwrap_or(date);
        let mut early = [b' '; LATE_DATE + 9];
        early[..date.len()].copy_from_slice(date);
        early[date.len() + 1..date.len() + 9].copy_from_slice(b"00:00:00");
        let early = &early[..date.len() + 9];
        let (stamp, used) = match date.first()? {
            b'0'..=b'9' => iso(early).or_else(|| day_and_month_name(early)).or_else(|| numbers(early))?,
            _ => named(early)?,
        };
        let stamp = match stamp {
            Stamp::Civil { year: Some(year), month, day, .. } => {
                Stamp::Civil { year: Some(year), month, day, time }
            }
            Stamp::Numeric { date, .. } if date.parts[2] != 0 || date.long_year => {
                Stamp::Numeric { date, time }
            }
            _ => return None,
        };
        (used == early.len()).then_some((stamp, from + date.len()))
    })
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

/// A date that exists, with its time.
pub(super) fn civil(year: Option<i32>, month: u32, day: u32, time: TimeOfDay) -> Option<Stamp> {
    // Without a year 29 February is possible.
    let days = days_in_month(year.unwrap_or(2000), month);
    (day >= 1 && day <= days).then_some(Stamp::Civil { year, month, day, time })
}
