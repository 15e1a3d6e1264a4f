//! Go's printing of times and durations, and its layouts (`2006-01-02 15:04:05`). Times are UTC.

use std::fmt::Write as _;

use crate::model::Timestamp;
use crate::model::time::{civil_from_days, days_from_civil};

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

/// A time as Go prints it: `2015-07-01 00:00:00.5 +0000 UTC`.
pub(super) fn print(nanos: i64) -> String {
    layout(nanos, "2006-01-02 15:04:05.999999999 -0700 MST")
}

/// 0 is Sunday.
pub(super) fn weekday(nanos: i64) -> usize {
    (nanos.div_euclid(86_400_000_000_000) + 4).rem_euclid(7) as usize
}

/// The English name of a weekday, 0 being Sunday.
pub(super) fn weekday_name(day: usize) -> &'static str {
    DAYS[day % 7]
}

/// The English name of a month, 1 being January.
pub(super) fn month_name(month: u32) -> &'static str {
    MONTHS[(month as usize + 11) % 12]
}

/// The day of the year, from 1.
pub(super) fn year_day(nanos: i64) -> i64 {
    let days = nanos.div_euclid(86_400_000_000_000);
    let (year, _, _) = civil_from_days(days);
    days - days_from_civil(year, 1, 1) + 1
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
pub(super) fn layout(nanos: i64, layout: &str) -> String {
    let (year, month, day, hour, minute, second, fraction) = Timestamp(nanos).civil();
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
            "Monday" => out.push_str(DAYS[weekday(nanos)]),
            "Mon" => out.push_str(&DAYS[weekday(nanos)][..3]),
            "MST" => out.push_str("UTC"),
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
                let _ = write!(out, "{:03}", year_day(nanos));
            }
            "__2" => {
                let _ = write!(out, "{:3}", year_day(nanos));
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
            "-07:00" => out.push_str("+00:00"),
            "-07:00:00" => out.push_str("+00:00:00"),
            "-070000" => out.push_str("+000000"),
            "-0700" => out.push_str("+0000"),
            "-07" => out.push_str("+00"),
            // Those with Z print just that in UTC.
            _ => out.push('Z'),
        }
    }
    out
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
        let at = 1_435_708_800_500_000_000;
        assert_eq!(print(at), "2015-07-01 00:00:00.5 +0000 UTC");
        assert_eq!(layout(at, "Mon Jan _2 15:04:05 2006"), "Wed Jul  1 00:00:00 2015");
        assert_eq!(layout(at, "2006-01-02T15:04:05.000Z07:00"), "2015-07-01T00:00:00.500Z");
        assert_eq!(layout(at, "3:04 PM"), "12:00 AM");
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
