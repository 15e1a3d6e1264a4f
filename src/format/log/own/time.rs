//! Times in a notation that a person described with strftime's letters.

use chrono::format::{Item, Parsed, StrftimeItems, parse_and_remainder};
use chrono::{Datelike, Timelike};

use crate::format::time::{Stamp, TimeOfDay, Zone};
use crate::model::Timestamp;

/// Are these letters known?
pub(super) fn is_notation(format: &str) -> bool {
    !format.is_empty() && StrftimeItems::new(format).all(|item| !matches!(item, Item::Error))
}

/// The time that `text` is in this notation. A date without a year stays one; a time without a date is none.
pub(super) fn read(text: &str, format: &str) -> Option<Stamp> {
    let mut parsed = Parsed::new();
    let rest = parse_and_remainder(&mut parsed, text, StrftimeItems::new(format)).ok()?;
    if !rest.is_empty() {
        // A fraction that the notation does not mention.
        let digits = rest.strip_prefix(['.', ',']).filter(|_| parsed.nanosecond().is_none())?;
        let fits = (1..=9).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        let number: i64 = digits.parse().ok().filter(|_| fits)?;
        parsed.set_nanosecond(number * 10_i64.pow(9 - digits.len() as u32)).ok()?;
    }
    if let Some(seconds) = parsed.timestamp() {
        let nanos = parsed.nanosecond().unwrap_or(0);
        return Some(Stamp::Instant(Timestamp::new(seconds, nanos)?));
    }
    let has_year = parsed.year().or(parsed.year_mod_100()).or(parsed.isoyear()).is_some();
    if !has_year {
        // A leap year, so that 29 February is a day.
        parsed.set_year(2000).ok()?;
    }
    let date = parsed.to_naive_date().ok()?;
    if parsed.hour_div_12().is_none() && parsed.hour_mod_12().is_none() {
        parsed.set_hour(0).ok()?;
        parsed.set_minute(0).ok()?;
    }
    let time = parsed.to_naive_time().ok()?;
    let zone = parsed.offset().map_or(Zone::Local, Zone::Offset);
    Some(Stamp::Civil {
        year: has_year.then(|| date.year()),
        month: date.month(),
        day: date.day(),
        time: TimeOfDay {
            // chrono says a leap second as a second that is longer.
            second: time.num_seconds_from_midnight() + time.nanosecond() / 1_000_000_000,
            nanos: time.nanosecond() % 1_000_000_000,
            zone,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::time::Clock;

    #[test]
    fn notations_are_read_as_described() {
        let clock = Clock { latest: Timestamp::new(1_704_000_000, 0), ..Clock::default() };
        for (format, text, expected) in [
            ("%Y-%m-%d %H:%M:%S,%3f", "2023-12-24 03:14:23,500", Some("2023-12-24T03:14:23.500Z")),
            ("%d.%m.%y %I:%M:%S %p", "24.12.23 03:14:23 PM", Some("2023-12-24T15:14:23Z")),
            ("%d/%m %H:%M", "24/12 03:14", Some("2023-12-24T03:14:00Z")),
            ("%Y-%m-%dT%H:%M:%S%z", "2023-12-24T03:14:23+0900", Some("2023-12-23T18:14:23Z")),
            ("%Y-%m-%d %H:%M:%S", "2023-12-24 03:14:23.25", Some("2023-12-24T03:14:23.250Z")),
            ("%s", "1703387663", Some("2023-12-24T03:14:23Z")),
            ("%Y-%j", "2023-358", Some("2023-12-24T00:00:00Z")),
            ("%Y-%m-%d", "2023-12-24 03", None),
            ("%H:%M:%S", "03:14:23", None),
        ] {
            let ts = read(text, format).and_then(|stamp| clock.resolve(stamp)).map(|ts| ts.to_string());
            assert_eq!(ts.as_deref(), expected, "{format}");
        }
        assert!(is_notation("%H:%M") && !is_notation("%Q") && !is_notation(""));
    }
}
