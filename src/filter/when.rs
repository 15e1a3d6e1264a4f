//! Times as people type them for `--since` and `--until`, resolved against the clock and the data.

use crate::model::time::{NANOS, days_from_civil, days_in_month};
use crate::model::unit::parse_duration;
use crate::model::{Error, TimeRange, Timestamp};

/// Nanoseconds in a day.
const DAY: i64 = 86_400 * NANOS;
/// Digits of the smallest epoch number that is taken for one: 1973 in seconds. Fewer are a year or a slip.
const EPOCH_DIGITS: usize = 9;

/// A point in time as it was typed.
///
/// | typed | means |
/// |---|---|
/// | `2023-12-24T03:06:00Z`, `2023-12-24 03:06:00+01:00` | that instant |
/// | `2023-12-24T03:06`, `2023-12-24` | local time, the day's first instant |
/// | `03:06`, `03:06:30.5` | that time of the day that the data covers |
/// | `now`, `-2h`, `now-2h` | before now |
/// | `today`, `yesterday` | the first instant of that day |
/// | `start`, `start+10m`, `end`, `end-5m` | from the first or last time in the data |
/// | `1703387160`, `@1703387160.5`, 13, 16 or 19 digits | since 1970 in s, ms, µs or ns |
/// | `epoch` | 1970-01-01T00:00:00Z |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    source: String,
    meaning: Meaning,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Instant(Timestamp),
    /// Nanoseconds since 1970 of the clock on the wall.
    Local(i64),
    /// Nanoseconds since midnight.
    Clock(i64),
    FromNow(i64),
    /// Midnight so many days before today's.
    DaysAgo(i64),
    FromStart(i64),
    FromEnd(i64),
}

/// Against what a typed time is resolved.
#[derive(Clone, Copy)]
pub struct Reference<'z> {
    /// Now.
    pub now: Timestamp,
    /// Seconds that local time is ahead of UTC at an instant.
    pub zone: &'z dyn Fn(Timestamp) -> i32,
    /// The first and the last time in the data, if there is any.
    pub data: Option<(Timestamp, Timestamp)>,
}

impl When {
    /// Reads a time. An error points at it and lists what could be written.
    pub fn parse(source: &str) -> Result<When, Error> {
        let text = source.trim();
        let meaning = relative(text)
            .or_else(|| clock(text).map(Meaning::Clock))
            .or_else(|| civil(text))
            .or_else(|| day(text))
            .or_else(|| epoch(text.strip_prefix('@').unwrap_or(text)).map(Meaning::Instant));
        let meaning = meaning.ok_or_else(|| {
            Error::usage(format!("`{}` is no time", source.escape_debug()))
                .at(source, 0..source.len())
                .hinted("write 2023-12-24T03:06:00Z, 2023-12-24, 03:06, yesterday, -2h, start+10m or end-5m")
        })?;
        Ok(When { source: text.to_owned(), meaning })
    }

    /// Must the data's first and last time be known to resolve it?
    pub fn needs_span(&self) -> bool {
        matches!(self.meaning, Meaning::Clock(_) | Meaning::FromStart(_) | Meaning::FromEnd(_))
    }

    /// Does it name its day itself, so that it means the same whatever the data and the clock say?
    pub fn is_absolute(&self) -> bool {
        matches!(self.meaning, Meaning::Instant(_) | Meaning::Local(_))
    }

    /// As it was typed.
    pub fn typed(&self) -> &str {
        &self.source
    }

    /// Of a time that counts from now, the same counted from the end of the data.
    pub fn from_end(&self) -> Option<String> {
        match self.meaning {
            Meaning::FromNow(..0) => {
                let length = self.source.trim_start_matches("now").trim_start().trim_start_matches('-');
                Some(format!("end-{}", length.trim()))
            }
            Meaning::DaysAgo(days) => Some(format!("end-{}d", days + 1)),
            _ => None,
        }
    }

    /// The instant that is meant. Fails if it lies beyond the years 1677 to 2262, if the data has no time
    /// to start from, or if a time of day is on several of the data's days.
    pub fn resolve(&self, reference: Reference<'_>) -> Result<Timestamp, Error> {
        let span = || {
            reference.data.ok_or_else(|| {
                self.error(match self.meaning {
                    Meaning::FromEnd(_) => "nothing in the data has a time, so its end is not known",
                    Meaning::FromStart(_) => "nothing in the data has a time, so its start is not known",
                    _ => "nothing in the data has a time, so the day is not known",
                })
                .hinted("write a date and a time: 2023-12-24T03:06:00Z")
            })
        };
        let at = match self.meaning {
            Meaning::Instant(at) => Some(at),
            Meaning::Local(local) => to_utc(local, reference.zone),
            Meaning::FromNow(nanos) => reference.now.0.checked_add(nanos).map(Timestamp),
            Meaning::DaysAgo(days) => {
                let today = local(reference.now, reference.zone).div_euclid(DAY);
                to_utc((today - days).saturating_mul(DAY), reference.zone)
            }
            Meaning::FromStart(nanos) => span()?.0.0.checked_add(nanos).map(Timestamp),
            Meaning::FromEnd(nanos) => span()?.1.0.checked_add(nanos).map(Timestamp),
            Meaning::Clock(clock) => return self.clock_within(clock, span()?, reference.zone),
        };
        at.ok_or_else(|| {
            self.error("this time is out of range").hinted("times go from 1677-09-22 to 2262-04-11")
        })
    }

    /// The instant within the data's span at which clocks show `clock`; the nearest one if none is within.
    fn clock_within(
        &self,
        clock: i64,
        (start, end): (Timestamp, Timestamp),
        zone: &dyn Fn(Timestamp) -> i32,
    ) -> Result<Timestamp, Error> {
        let day_of = |at: Timestamp| local(at, zone).div_euclid(DAY);
        let (first, last) = (day_of(start), day_of(end));
        let instant = |day: i64| to_utc(day.checked_mul(DAY)?.checked_add(clock)?, zone);
        let within = |&at: &Timestamp| start <= at && at <= end;
        // Only the first two days can tell whether there is more than one.
        let mut inside = (first..=last.min(first + 2)).filter_map(instant).filter(within);
        match (inside.next(), inside.next()) {
            (Some(at), None) => Ok(at),
            (Some(one), Some(_)) => Err(self
                .error("the data covers several days with this time")
                .hinted(format!("say which day: {}T{}", date(local(one, zone)), self.source))),
            (None, _) => {
                let distance = |at: &Timestamp| {
                    if *at < start { start.0.saturating_sub(at.0) } else { at.0.saturating_sub(end.0) }
                };
                [first - 1, first, last, last + 1]
                    .into_iter()
                    .filter_map(instant)
                    .min_by_key(distance)
                    .ok_or_else(|| self.error("this time is out of range"))
            }
        }
    }

    fn error(&self, message: &str) -> Error {
        Error::usage(message).at(self.source.as_str(), 0..self.source.len())
    }
}

/// The range from `since` until just before `until`. Fails if nothing can be in it.
pub fn range(
    since: Option<&When>,
    until: Option<&When>,
    reference: Reference<'_>,
) -> Result<TimeRange, Error> {
    let from = since.map(|when| when.resolve(reference)).transpose()?;
    let end = until.map(|when| when.resolve(reference)).transpose()?;
    if let (Some(from), Some(end), Some(until)) = (from, end, until)
        && from >= end
    {
        return Err(until
            .error(&format!("the range of time is empty: it begins at {from} and ends at {end}"))
            .hinted("--since is the first instant inside, --until the first one after"));
    }
    Ok(TimeRange { from, until: end })
}

/// A time that needs no data and no clock; without an offset it is UTC.
pub(super) fn absolute(text: &str) -> Option<Timestamp> {
    match civil(text.trim()) {
        Some(Meaning::Instant(at)) => Some(at),
        Some(Meaning::Local(nanos)) => Some(Timestamp(nanos)),
        _ => epoch(text.trim()),
    }
}

/// Nanoseconds since 1970 on the wall at an instant.
fn local(at: Timestamp, zone: &dyn Fn(Timestamp) -> i32) -> i64 {
    at.0.saturating_add(i64::from(zone(at)) * NANOS)
}

/// The instant at which a clock on the wall shows this. In an hour that is shown twice, the first; in one
/// that is left out, as if it had not been.
fn to_utc(wall: i64, zone: &dyn Fn(Timestamp) -> i32) -> Option<Timestamp> {
    let before = |at: Timestamp| wall.checked_sub(i64::from(zone(at)) * NANOS).map(Timestamp);
    // The offsets a day to either side are the only ones in question; clocks change no more often.
    let early = before(Timestamp(wall.saturating_sub(DAY)))?;
    let late = before(Timestamp(wall.saturating_add(DAY)))?;
    let shows = |at: Timestamp| local(at, zone) == wall;
    Some(match (shows(early), shows(late)) {
        (true, true) => early.min(late),
        (false, true) => late,
        _ => early,
    })
}

/// `-2h`, `now-2h`, `start+10m`, `end`.
fn relative(text: &str) -> Option<Meaning> {
    let (make, rest): (fn(i64) -> Meaning, &str) = if let Some(rest) = text.strip_prefix("now") {
        (Meaning::FromNow, rest)
    } else if let Some(rest) = text.strip_prefix("start") {
        (Meaning::FromStart, rest)
    } else if let Some(rest) = text.strip_prefix("end") {
        (Meaning::FromEnd, rest)
    } else if text.starts_with('-') {
        (Meaning::FromNow, text)
    } else {
        return None;
    };
    let rest = rest.trim();
    if rest.is_empty() {
        return Some(make(0));
    }
    if !rest.starts_with(['-', '+']) {
        return None;
    }
    // A blank may follow the sign: `end - 5m`.
    let nanos = parse_duration(&rest[1..])?;
    let signed = if rest.starts_with('-') { -nanos } else { nanos };
    (nanos >= 0.0 && nanos < i64::MAX as f64).then(|| make(signed as i64))
}

/// Days by their names, and where counting begins.
fn day(text: &str) -> Option<Meaning> {
    match text {
        "today" => Some(Meaning::DaysAgo(0)),
        "yesterday" => Some(Meaning::DaysAgo(1)),
        "epoch" => Some(Meaning::Instant(Timestamp(0))),
        _ => None,
    }
}

/// `03:06`, `03:06:30`, `03:06:30.5`: nanoseconds since midnight.
fn clock(text: &str) -> Option<i64> {
    let (whole, fraction) = match text.split_once(['.', ',']) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let mut parts = whole.split(':');
    let hour = two_digits(parts.next()?)?;
    let minute = two_digits(parts.next()?)?;
    let second = parts.next().map(two_digits);
    if parts.next().is_some() || fraction.is_some() && second.is_none() {
        return None;
    }
    let second = second.unwrap_or(Some(0))?;
    let nanos = fraction.map_or(Some(0), nanos_of_fraction)?;
    // Second 60 is a leap second: the first instant of the next minute.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    Some(((hour * 60 + minute) * 60 + second) * NANOS + nanos)
}

fn two_digits(text: &str) -> Option<i64> {
    (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Nanoseconds of the digits behind the point; digits beyond the ninth are cut.
fn nanos_of_fraction(digits: &str) -> Option<i64> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits
        .bytes()
        .chain(std::iter::repeat(b'0'))
        .take(9)
        .try_fold(0, |nanos, b| Some(nanos * 10 + i64::from(b - b'0')))
}

/// A date, alone or with a time of day, and with an offset or without.
fn civil(text: &str) -> Option<Meaning> {
    let (date, rest) = text.split_at_checked(10)?;
    let mut parts = date.split('-');
    let year = parts.next().filter(|year| year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit()))?;
    let (month, day) = (two_digits(parts.next()?)? as u32, two_digits(parts.next()?)? as u32);
    let year: i32 = year.parse().ok()?;
    if parts.next().is_some() || day == 0 || day > days_in_month(year, month) {
        return None;
    }
    let midnight = days_from_civil(year, month, day).checked_mul(DAY)?;
    if rest.is_empty() {
        return Some(Meaning::Local(midnight));
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let zone_at = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (time, zone) = rest.split_at(zone_at);
    let wall = midnight.checked_add(clock(time.trim_end())?)?;
    if zone.is_empty() {
        return Some(Meaning::Local(wall));
    }
    wall.checked_sub(offset(zone)? * NANOS).map(|at| Meaning::Instant(Timestamp(at)))
}

/// Seconds ahead of UTC of `Z`, `+01:00`, `-0530`, `+01`.
fn offset(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits = text.get(1..)?.replacen(':', "", 1);
    let (hours, minutes) = match digits.len() {
        2 => (two_digits(&digits)?, 0),
        4 => (two_digits(digits.get(..2)?)?, two_digits(digits.get(2..)?)?),
        _ => return None,
    };
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 3600 + minutes * 60))
}

/// A number of seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by its size:
/// below 10¹¹ seconds (the year 5138), below 10¹⁴ milliseconds, below 10¹⁷ microseconds.
fn epoch(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, nanos_of_fraction(fraction)?),
        None => (text, 0),
    };
    if whole.len() < EPOCH_DIGITS || !whole.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i64 = whole.parse().ok()?;
    match number {
        ..100_000_000_000 => Timestamp::new(number, fraction as u32),
        ..100_000_000_000_000 if fraction == 0 => Timestamp::from_millis(number),
        ..100_000_000_000_000_000 if fraction == 0 => number.checked_mul(1_000).map(Timestamp),
        _ if fraction == 0 => Some(Timestamp(number)),
        _ => None,
    }
}

/// `2023-12-24` of a time on the wall.
fn date(wall: i64) -> String {
    let (year, month, day, ..) = Timestamp(wall).civil();
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(_: Timestamp) -> i32 {
        0
    }

    /// Berlin around the end of March 2024: an hour ahead, two from 2024-03-31T01:00Z; and one again from
    /// 2024-10-27T01:00Z.
    fn berlin(at: Timestamp) -> i32 {
        let summer =
            at >= absolute("2024-03-31T01:00:00Z").unwrap() && at < absolute("2024-10-27T01:00Z").unwrap();
        if summer { 7200 } else { 3600 }
    }

    fn at(text: &str) -> Timestamp {
        absolute(text).unwrap_or_else(|| panic!("{text}"))
    }

    fn resolved(text: &str, zone: &dyn Fn(Timestamp) -> i32, data: (&str, &str)) -> Result<String, Error> {
        let reference =
            Reference { now: at("2023-12-25T12:00:00Z"), zone, data: Some((at(data.0), at(data.1))) };
        When::parse(text)?.resolve(reference).map(|at| at.to_string())
    }

    #[test]
    fn typed_times_are_understood() {
        let outage = ("2023-12-24T02:30:00Z", "2023-12-24T03:30:20Z");
        let night = ("2023-12-24T23:00:00Z", "2023-12-25T02:00:00Z");
        for (text, data, expected) in [
            ("2023-12-24T03:06:00Z", outage, "2023-12-24T03:06:00Z"),
            ("2023-12-24t03:06:00.25z", outage, "2023-12-24T03:06:00.250Z"),
            ("2023-12-24 03:06:00,123456789+01:00", outage, "2023-12-24T02:06:00.123456789Z"),
            ("2023-12-24T03:06 -0530", outage, "2023-12-24T08:36:00Z"),
            ("2023-12-24T03:06", outage, "2023-12-24T03:06:00Z"),
            ("2023-12-24", outage, "2023-12-24T00:00:00Z"),
            (" 03:06 ", outage, "2023-12-24T03:06:00Z"),
            ("02:00", outage, "2023-12-24T02:00:00Z"),
            ("04:00:30.5", outage, "2023-12-24T04:00:30.500Z"),
            ("23:30", night, "2023-12-24T23:30:00Z"),
            ("01:00", night, "2023-12-25T01:00:00Z"),
            ("22:00", night, "2023-12-24T22:00:00Z"),
            ("03:00", night, "2023-12-25T03:00:00Z"),
            ("now", outage, "2023-12-25T12:00:00Z"),
            ("-2h", outage, "2023-12-25T10:00:00Z"),
            ("now - 1h30m", outage, "2023-12-25T10:30:00Z"),
            ("today", outage, "2023-12-25T00:00:00Z"),
            ("yesterday", outage, "2023-12-24T00:00:00Z"),
            ("epoch", outage, "1970-01-01T00:00:00Z"),
            ("@1703387160", outage, "2023-12-24T03:06:00Z"),
            ("start", outage, "2023-12-24T02:30:00Z"),
            ("start+10m", outage, "2023-12-24T02:40:00Z"),
            ("end-5m", outage, "2023-12-24T03:25:20Z"),
            ("1703387160", outage, "2023-12-24T03:06:00Z"),
            ("1703387160.5", outage, "2023-12-24T03:06:00.500Z"),
            ("1703387160500", outage, "2023-12-24T03:06:00.500Z"),
            ("1703387160500000", outage, "2023-12-24T03:06:00.500Z"),
            ("1703387160500000000", outage, "2023-12-24T03:06:00.500Z"),
        ] {
            assert_eq!(resolved(text, &utc, data).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_counts_from_now_can_count_from_the_end() {
        for (typed, wanted) in [
            ("-30m", Some("end-30m")),
            ("now - 1h30m", Some("end-1h30m")),
            ("yesterday", Some("end-2d")),
            ("03:06", None),
            ("end-5m", None),
        ] {
            assert_eq!(When::parse(typed).unwrap().from_end().as_deref(), wanted, "{typed}");
        }
    }

    #[test]
    fn local_times_follow_their_zone() {
        let spring = ("2024-03-30T12:00:00Z", "2024-03-31T10:00:00Z");
        for (text, expected) in [
            ("2024-03-31T01:30", "2024-03-31T00:30:00Z"),
            ("2024-03-31T03:30", "2024-03-31T01:30:00Z"),
            // Left out by the clocks: as if they had not been changed.
            ("2024-03-31T02:30", "2024-03-31T01:30:00Z"),
            // Shown twice: the first.
            ("2024-10-27T02:30", "2024-10-27T00:30:00Z"),
            ("2024-10-27T03:30", "2024-10-27T02:30:00Z"),
            ("2024-07-01", "2024-06-30T22:00:00Z"),
            ("11:00", "2024-03-31T09:00:00Z"),
            ("23:00", "2024-03-30T22:00:00Z"),
        ] {
            assert_eq!(resolved(text, &berlin, spring).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused_with_a_hint() {
        for text in [
            "",
            "soon",
            "2023",
            "2023-13-01",
            "2023-02-29",
            "2023-12-24T",
            "2023-12-24T25:00",
            "3:06",
            "03:06:",
            "03:60",
            "24:00",
            "-",
            "-2",
            "-2 parsecs",
            "--2h",
            "start10m",
            "end*2",
            "endless",
            "12345678901234567890",
            "1703387160.",
            "2023-12-24T03:06+25:00",
            "2023-12-24Z",
            "é2023-12-24",
            "2023-12-2é",
        ] {
            let error = When::parse(text).expect_err(text);
            assert!(error.hint.is_some() && error.source_span.is_some(), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_resolved_says_why() {
        let days = ("2023-12-20T00:00:00Z", "2023-12-24T12:00:00Z");
        let error = resolved("03:06", &utc, days).unwrap_err();
        assert!(error.message.contains("several days"), "{error}");
        assert_eq!(error.hint.as_deref(), Some("say which day: 2023-12-20T03:06"));
        assert!(resolved("9999-12-24", &utc, days).is_err());
        assert!(resolved("-300y", &utc, days).is_err());
        let nothing = Reference { now: Timestamp(0), zone: &utc, data: None };
        for text in ["start", "end-5m", "03:06"] {
            let when = When::parse(text).unwrap();
            assert!(when.needs_span() && when.resolve(nothing).is_err(), "{text}");
        }
        assert!(!When::parse("-2h").unwrap().needs_span());
    }

    #[test]
    fn ranges_are_checked() {
        let reference = Reference { now: Timestamp(0), zone: &utc, data: None };
        let (early, late) = (When::parse("2023-12-24").unwrap(), When::parse("2023-12-25").unwrap());
        let both = range(Some(&early), Some(&late), reference).unwrap();
        assert_eq!(both, TimeRange { from: Some(at("2023-12-24")), until: Some(at("2023-12-25")) });
        assert!(range(Some(&late), Some(&early), reference).is_err());
        assert!(range(None, None, reference).unwrap().is_everything());
    }
}
