//! Go's printing of times and durations, and its layouts (`2006-01-02 15:04:05`). Times are UTC unless told otherwise.

use std::fmt::Write as _;

use chrono::{DateTime, Offset, Utc};
use chrono_tz::Tz;

use crate::model::Timestamp;
use crate::model::time::days_from_civil;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// A point in time as the clocks of a zone show it; or no time at all, which Go shows as the year 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// Nanoseconds since the Unix epoch.
    nanos: Option<i64>,
    zone: Tz,
}

/// Year, month, day, hour, minute, second, nanoseconds.
type Civil = (i32, u32, u32, u32, u32, u32, u32);

impl Moment {
    /// No time.
    pub(super) const ZERO: Moment = Moment { nanos: None, zone: Tz::UTC };

    /// Nanoseconds since the Unix epoch.
    pub(super) fn utc(nanos: i64) -> Self {
        Moment { nanos: Some(nanos), zone: Tz::UTC }
    }

    /// The same time on the clocks of a zone.
    pub(super) fn in_zone(self, zone: Tz) -> Self {
        Moment { zone, ..self }
    }

    /// So many nanoseconds later.
    pub(super) fn later(self, nanos: i64) -> Self {
        Moment { nanos: self.nanos.map(|known| known.saturating_add(nanos)), ..self }
    }

    /// Is it no time?
    pub(super) fn is_zero(self) -> bool {
        self.nanos.is_none()
    }

    /// Nanoseconds since the Unix epoch; as far back as they reach if it is no time.
    pub(super) fn nanos(self) -> i64 {
        self.nanos.unwrap_or(i64::MIN)
    }

    /// What the clocks show, and by how many seconds they are ahead of UTC.
    fn shown(self) -> (Civil, i32) {
        let Some(nanos) = self.nanos else { return ((1, 1, 1, 0, 0, 0, 0), 0) };
        let ahead = DateTime::<Utc>::from_timestamp_nanos(nanos)
            .with_timezone(&self.zone)
            .offset()
            .fix()
            .local_minus_utc();
        (Timestamp(nanos.saturating_add(i64::from(ahead) * 1_000_000_000)).civil(), ahead)
    }

    /// What the clocks show.
    pub(super) fn civil(self) -> Civil {
        self.shown().0
    }

    /// Days since the Unix epoch.
    fn days(self) -> i64 {
        let (year, month, day, ..) = self.civil();
        days_from_civil(year, month, day)
    }

    /// 0 is Sunday.
    pub(super) fn weekday(self) -> usize {
        (self.days() + 4).rem_euclid(7) as usize
    }

    /// The day of the year, from 1.
    pub(super) fn year_day(self) -> i64 {
        self.days() - days_from_civil(self.civil().0, 1, 1) + 1
    }

    /// `UTC`, `CET`.
    fn zone_name(self) -> String {
        let at = DateTime::<Utc>::from_timestamp_nanos(self.nanos.unwrap_or(0)).with_timezone(&self.zone);
        at.format("%Z").to_string()
    }
}

/// A time as Go prints it: `2015-07-01 00:00:00.5 +0000 UTC`.
pub(super) fn print(moment: Moment) -> String {
    layout(moment, "2006-01-02 15:04:05.999999999 -0700 MST")
}

/// The English name of a weekday, 0 being Sunday.
pub(super) fn weekday_name(day: usize) -> &'static str {
    DAYS[day % 7]
}

/// The English name of a month, 1 being January.
pub(super) fn month_name(month: u32) -> &'static str {
    MONTHS[(month as usize + 11) % 12]
}

/// The parts of a layout, longest first where one begins another.
const PARTS: [&str; 36] = [
    "January",
    "Jan",
    "Monday",
    "Mon",
    "MST",
    "2006",
    "Z07:00:00",
    "Z070000",
    "Z07:00",
    "Z0700",
    "Z07",
    "-07:00:00",
    "-070000",
    "-07:00",
    "-0700",
    "-07",
    "002",
    "01",
    "02",
    "03",
    "04",
    "05",
    "06",
    "15",
    "PM",
    "pm",
    "__2",
    "_2006",
    "_2",
    "1",
    "2",
    "3",
    "4",
    "5",
    ".0",
    ".9",
];

/// A time in a Go layout.
pub(super) fn layout(moment: Moment, layout: &str) -> String {
    let ((year, month, day, hour, minute, second, fraction), ahead) = moment.shown();
    let mut out = String::new();
    let mut rest = layout;
    while let Some(c) = rest.chars().next() {
        if let Some(length) = fraction_length(rest) {
            let digits = format!("{fraction:09}");
            let shown = &digits[..length.min(9)];
            if rest[1..].starts_with('9') {
                let trimmed = shown.trim_end_matches('0');
                if !trimmed.is_empty() {
                    out.push_str(&rest[..1]);
                    out.push_str(trimmed);
                }
            } else {
                out.push_str(&rest[..1]);
                out.push_str(shown);
            }
            rest = &rest[1 + length..];
            continue;
        }
        let part = PARTS.iter().find(|part| rest.starts_with(**part) && !part.starts_with('.'));
        let Some(part) = part else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        rest = &rest[part.len()..];
        let hour12 = if hour % 12 == 0 { 12 } else { hour % 12 };
        match *part {
            "January" => out.push_str(month_name(month)),
            "Jan" => out.push_str(&month_name(month)[..3]),
            "Monday" => out.push_str(DAYS[moment.weekday()]),
            "Mon" => out.push_str(&DAYS[moment.weekday()][..3]),
            "MST" => out.push_str(&moment.zone_name()),
            "2006" => {
                let _ = write!(out, "{year:04}");
            }
            "_2006" => {
                let _ = write!(out, "_{year:04}");
            }
            "06" => {
                let _ = write!(out, "{:02}", year.rem_euclid(100));
            }
            "01" => {
                let _ = write!(out, "{month:02}");
            }
            "1" => out.push_str(&month.to_string()),
            "02" => {
                let _ = write!(out, "{day:02}");
            }
            "_2" => {
                let _ = write!(out, "{day:2}");
            }
            "2" => out.push_str(&day.to_string()),
            "002" => {
                let _ = write!(out, "{:03}", moment.year_day());
            }
            "__2" => {
                let _ = write!(out, "{:3}", moment.year_day());
            }
            "15" => {
                let _ = write!(out, "{hour:02}");
            }
            "03" => {
                let _ = write!(out, "{hour12:02}");
            }
            "3" => out.push_str(&hour12.to_string()),
            "04" => {
                let _ = write!(out, "{minute:02}");
            }
            "4" => out.push_str(&minute.to_string()),
            "05" => {
                let _ = write!(out, "{second:02}");
            }
            "5" => out.push_str(&second.to_string()),
            "PM" => out.push_str(if hour < 12 { "AM" } else { "PM" }),
            "pm" => out.push_str(if hour < 12 { "am" } else { "pm" }),
            // Those with Z print just that in UTC.
            part if part.starts_with('Z') && ahead == 0 => out.push('Z'),
            part => push_offset(&mut out, part, ahead),
        }
    }
    out
}

/// `+01:00`, `+0100`, `+01`, with seconds if the part has them.
fn push_offset(out: &mut String, part: &str, ahead: i32) {
    let sign = if ahead < 0 { '-' } else { '+' };
    let seconds = ahead.abs();
    let colon = if part.contains(':') { ":" } else { "" };
    // Writing to a string does not fail.
    let _ = write!(out, "{sign}{:02}", seconds / 3_600);
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    if digits >= 4 {
        let _ = write!(out, "{colon}{:02}", seconds / 60 % 60);
    }
    if digits >= 6 {
        let _ = write!(out, "{colon}{:02}", seconds % 60);
    }
}

/// Digits of `.000` or `,999` at the start of a layout, where no other digit follows.
fn fraction_length(rest: &str) -> Option<usize> {
    if !rest.starts_with(['.', ',']) {
        return None;
    }
    let digit = rest[1..].chars().next().filter(|c| matches!(c, '0' | '9'))?;
    let length = rest[1..].len() - rest[1..].trim_start_matches(digit).len();
    (!rest[1 + length..].starts_with(|c: char| c.is_ascii_digit())).then_some(length)
}

/// A duration as Go prints it: `1h2m3.5s`, `1.5ms`, `0s`.
pub(super) fn duration(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let n = nanos.unsigned_abs();
    let decimal = |n: u64, unit: u64| {
        let fraction = format!("{:0width$}", n % unit, width = unit.ilog10() as usize);
        let fraction = fraction.trim_end_matches('0');
        let dot = if fraction.is_empty() || unit == 1 { "" } else { "." };
        format!("{}{dot}{}", n / unit, if unit == 1 { "" } else { fraction })
    };
    let text = match n {
        0 => return "0s".to_owned(),
        1..1_000 => format!("{n}ns"),
        1_000..1_000_000 => decimal(n, 1_000) + "µs",
        1_000_000..1_000_000_000 => decimal(n, 1_000_000) + "ms",
        _ => {
            let minutes = n / 60_000_000_000;
            let seconds = decimal(n % 60_000_000_000, 1_000_000_000);
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{seconds}s"),
                (0, minutes) => format!("{minutes}m{seconds}s"),
                (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
            }
        }
    };
    format!("{sign}{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_durations_as_in_go() {
        let at = Moment::utc(1_435_708_800_500_000_000);
        assert_eq!(print(at), "2015-07-01 00:00:00.5 +0000 UTC");
        assert_eq!(layout(at, "Mon Jan _2 15:04:05 2006"), "Wed Jul  1 00:00:00 2015");
        assert_eq!(layout(at, "2006-01-02T15:04:05.000Z07:00"), "2015-07-01T00:00:00.500Z");
        assert_eq!(layout(at, "3:04 PM"), "12:00 AM");
        let there = at.in_zone(Tz::America__New_York);
        assert_eq!(print(there), "2015-06-30 20:00:00.5 -0400 EDT");
        assert_eq!(layout(there, "Mon Z07:00 Z0700 -07"), "Tue -04:00 -0400 -04");
        assert_eq!((there.weekday(), there.year_day()), (2, 181));
        assert_eq!(print(Moment::ZERO), "0001-01-01 00:00:00 +0000 UTC");
        assert_eq!(layout(Moment::ZERO, "Monday"), "Monday");
        for (nanos, text) in [
            (0, "0s"),
            (1, "1ns"),
            (1_500, "1.5µs"),
            (1_500_000, "1.5ms"),
            (86_400_000_000_000, "24h0m0s"),
            (3_723_500_000_000, "1h2m3.5s"),
            (-60_000_000_000, "-1m0s"),
        ] {
            assert_eq!(duration(nanos), text);
        }
    }
}
