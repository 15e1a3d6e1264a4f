//! Points in time and ranges of them: nanoseconds since the Unix epoch, always UTC.

use std::fmt;
use std::sync::OnceLock;

/// Nanoseconds in a second.
pub const NANOS: i64 = 1_000_000_000;

/// Where places in the order of lines begin, a second for each line: 2250-01-01, later than any log.
const ORDER: i64 = 8_835_955_200 * NANOS;

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// Covers 1677-09-21 to 2262-04-11; what lies outside has no timestamp. Where no entry of a log tells a time the order of
/// its lines is one: [`Timestamp::of_line`].
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// From whole seconds and nanoseconds; `None` outside the range.
    pub fn new(seconds: i64, nanos: u32) -> Option<Self> {
        seconds.checked_mul(NANOS)?.checked_add(i64::from(nanos)).map(Timestamp)
    }

    /// From milliseconds, the unit of PromQL; `None` outside the range.
    pub fn from_millis(millis: i64) -> Option<Self> {
        millis.checked_mul(1_000_000).map(Timestamp)
    }

    /// The place of a line, counted from 1, in the order of lines.
    pub fn of_line(line: u64) -> Self {
        let line = i64::try_from(line).unwrap_or(i64::MAX);
        Timestamp(line.saturating_mul(NANOS).saturating_add(ORDER))
    }

    /// The line that this is the place of, if it is one.
    pub fn line(self) -> Option<i64> {
        (self.0 >= ORDER).then(|| (self.0 - ORDER) / NANOS)
    }

    /// Milliseconds since the epoch, rounded down.
    pub fn millis(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Seconds since the epoch, as PromQL's `time()` gives them.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The proleptic Gregorian date and the time of day: year, month, day, hour, minute, second, nanosecond.
    pub fn civil(self) -> (i32, u32, u32, u32, u32, u32, u32) {
        let seconds = self.0.div_euclid(NANOS);
        let (y, m, d) = civil_from_days(seconds.div_euclid(86_400));
        let s = seconds.rem_euclid(86_400) as u32;
        (y, m, d, s / 3600, s / 60 % 60, s % 60, self.0.rem_euclid(NANOS) as u32)
    }

    /// This instant rounded down to a multiple of `step` nanoseconds since the epoch.
    pub fn floor(self, step: i64) -> Self {
        Timestamp(self.0.div_euclid(step).saturating_mul(step))
    }

    /// `2023-12-24T03:06:00.000000000Z`, the notation of entries in JSON.
    pub fn rfc3339_nanos(self) -> String {
        let (y, mo, d, h, mi, s, n) = self.civil();
        format!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}.{n:09}Z")
    }

    /// Seconds that the zone in which people read times is ahead of UTC, at this time.
    pub fn shown_ahead(self) -> i32 {
        SHOWN.get().map_or(0, |zone| (zone.ahead)(self))
    }

    /// On the clock of the zone in which people read times.
    fn shown(self) -> Timestamp {
        Timestamp(self.0.saturating_add(i64::from(self.shown_ahead()) * NANOS))
    }

    /// `2023-12-24 03:06:00.000`, for people.
    pub fn date_clock_millis(self) -> String {
        if self.line().is_some() {
            return self.date_clock();
        }
        let (.., nanos) = self.civil();
        format!("{}.{:03}", self.date_clock(), nanos / 1_000_000)
    }

    /// `03:06:00`, the time of day alone.
    pub fn clock(self) -> String {
        if let Some(line) = self.line() {
            return format!("line {line}");
        }
        let (_, _, _, h, mi, s, _) = self.shown().civil();
        format!("{h:02}:{mi:02}:{s:02}")
    }

    /// `2023-12-24 03:06:00`, for people.
    pub fn date_clock(self) -> String {
        if let Some(line) = self.line() {
            return format!("line {line}");
        }
        let (y, mo, d, h, mi, s, _) = self.shown().civil();
        format!("{y:04}-{mo:02}-{d:02} {h:02}:{mi:02}:{s:02}")
    }

    /// `2023-12-24 03:06:00 UTC`, for people who have to know the zone.
    pub fn date_clock_utc(self) -> String {
        let text = self.date_clock();
        if self.line().is_some() { text } else { format!("{text} {}", shown_zone()) }
    }
}

/// The nanoseconds from one time to another. Clocks that are wrong by centuries lie further apart than can be told: then
/// it is as far as can be told, so that lengths of time do not turn round.
impl std::ops::Sub for Timestamp {
    type Output = i64;

    fn sub(self, earlier: Self) -> i64 {
        // One more than the least, so that its opposite can be told, too.
        self.0.saturating_sub(earlier.0).max(-i64::MAX)
    }
}

/// So many nanoseconds later, or as late as can be told.
impl std::ops::Add<i64> for Timestamp {
    type Output = Timestamp;

    fn add(self, nanos: i64) -> Self {
        Timestamp(self.0.saturating_add(nanos))
    }
}

/// So many nanoseconds earlier, or as early as can be told.
impl std::ops::Sub<i64> for Timestamp {
    type Output = Timestamp;

    fn sub(self, nanos: i64) -> Self {
        Timestamp(self.0.saturating_sub(nanos))
    }
}

/// The same for times that are borrowed.
impl std::ops::Sub<Timestamp> for &Timestamp {
    type Output = i64;

    fn sub(self, earlier: Timestamp) -> i64 {
        *self - earlier
    }
}

/// The same for times that are borrowed.
impl std::ops::Sub for &Timestamp {
    type Output = i64;

    fn sub(self, earlier: Self) -> i64 {
        *self - *earlier
    }
}

/// What lies further than this from most others is of a clock that was wrong, or of a file from another time.
const STRAY: i64 = 400 * 86_400 * NANOS;

/// From the first to the last of these spans, but for strays: those whose middle is far from that of most.
pub fn joined(spans: impl Iterator<Item = (Timestamp, Timestamp)>) -> Option<(Timestamp, Timestamp)> {
    let middle = |(from, to): &(Timestamp, Timestamp)| Timestamp(from.0 / 2 + to.0 / 2);
    let mut spans: Vec<_> = spans.collect();
    spans.sort_by_key(middle);
    let most = middle(spans.get(spans.len() / 2)?);
    let near = spans.into_iter().filter(|span| (middle(span) - most).abs() < STRAY);
    near.reduce(|(from, to), (first, last)| (from.min(first), to.max(last)))
}

/// The zone in which people read times.
struct ShownZone {
    name: String,
    ahead: Box<dyn Fn(Timestamp) -> i32 + Send + Sync>,
}

/// Said once a run; UTC where nothing is said. What programs read is in UTC whatever it is.
static SHOWN: OnceLock<ShownZone> = OnceLock::new();

/// From now on times are written for people in the zone of this name, which is so many seconds ahead of UTC at a time.
pub fn show_in(name: String, ahead: impl Fn(Timestamp) -> i32 + Send + Sync + 'static) {
    let _ = SHOWN.set(ShownZone { name, ahead: Box::new(ahead) });
}

/// The name of the zone in which people read times.
pub fn shown_zone() -> &'static str {
    SHOWN.get().map_or("UTC", |zone| zone.name.as_str())
}

/// RFC 3339 in UTC with as many digits of the fraction as are needed: 0, 3, 6 or 9.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line() {
            return write!(f, "line {line}");
        }
        let (y, mo, d, h, mi, s, n) = self.civil();
        write!(f, "{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}")?;
        match n {
            0 => {}
            n if n % 1_000_000 == 0 => write!(f, ".{:03}", n / 1_000_000)?,
            n if n % 1_000 == 0 => write!(f, ".{:06}", n / 1_000)?,
            n => write!(f, ".{n:09}")?,
        }
        f.write_str("Z")
    }
}

/// A half-open range of time, `from <= t < until`; an absent end is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeRange {
    /// The first instant inside.
    pub from: Option<Timestamp>,
    /// The first instant after.
    pub until: Option<Timestamp>,
}

impl TimeRange {
    /// Is `t` inside?
    pub fn contains(&self, t: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= t) && self.until.is_none_or(|until| t < until)
    }

    /// Does it hold every instant there is?
    pub fn is_everything(&self) -> bool {
        self.from.is_none() && self.until.is_none()
    }
}

/// Days since 1970-01-01 of a proleptic Gregorian date.
///
/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
pub fn days_from_civil(year: i32, month: u32, day: u32) -> i64 {
    let y = i64::from(year) - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * ((i64::from(month) + 9) % 12) + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The date of a number of days since 1970-01-01: the inverse of [`days_from_civil`].
pub fn civil_from_days(days: i64) -> (i32, u32, u32) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let mp = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * mp + 2) / 5 + 1) as u32;
    let month = if mp < 10 { mp + 3 } else { mp - 9 } as u32;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as i32, month, day)
}

/// Days of a month, 0 for a month that does not exist.
pub fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_dates_round_trip_over_the_whole_range() {
        for days in (-106_751..106_751).step_by(13) {
            let (y, m, d) = civil_from_days(days);
            assert_eq!(days_from_civil(y, m, d), days);
            assert!(d >= 1 && d <= days_in_month(y, m), "{y}-{m}-{d}");
        }
        assert_eq!(days_from_civil(2023, 12, 24), 19_715);
    }

    #[test]
    fn display_uses_as_many_digits_as_needed() {
        assert_eq!(Timestamp(1_703_387_160 * NANOS).to_string(), "2023-12-24T03:06:00Z");
        assert_eq!(Timestamp(1_703_387_160_004_000_000).to_string(), "2023-12-24T03:06:00.004Z");
        assert_eq!(Timestamp(-1).to_string(), "1969-12-31T23:59:59.999999999Z");
        assert_eq!(Timestamp(-1).rfc3339_nanos(), "1969-12-31T23:59:59.999999999Z");
    }

    #[test]
    fn ranges_are_half_open() {
        let range = TimeRange { from: Some(Timestamp(10)), until: Some(Timestamp(20)) };
        assert!(range.contains(Timestamp(10)) && !range.contains(Timestamp(20)));
        assert!(TimeRange::default().contains(Timestamp(i64::MIN)));
    }
}
