//! Notations of time: read by position where they start, turned into UTC by the file's clock.

mod hour;
mod month;
mod named;
mod notation;
mod zone;

pub use hour::time_alone;
pub use notation::read;
pub use zone::zone_of_summer;

use chrono::{Offset, TimeZone};

use crate::model::time::{days_from_civil, days_in_month};
use crate::model::{RecentSecond, Text, Timestamp, Value};

/// A date and time as a log wrote it, before zone, year and the order of its numbers are settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// A date whose parts are known, and a time.
    Civil {
        /// The year, if written.
        year: Option<i32>,
        /// 1 to 12.
        month: u32,
        /// 1 to 31, checked against the month.
        day: u32,
        /// The time of day.
        time: TimeOfDay,
    },
    /// A date of numbers that do not say which of them is the day: `07/11/2022`.
    Numeric {
        /// The numbers.
        date: Numbers,
        /// The time of day.
        time: TimeOfDay,
    },
    /// A time of day without a date.
    Bare(TimeOfDay),
    /// An instant: epoch notations carry no zone.
    Instant(Timestamp),
}

impl Stamp {
    /// Has it a date and a time of day, but no zone?
    pub fn is_local(self) -> bool {
        match self {
            Stamp::Civil { time, .. } | Stamp::Numeric { time, .. } => time.zone == Zone::Local,
            Stamp::Bare(_) | Stamp::Instant(_) => false,
        }
    }

    /// The same without the name of a zone that stands for several.
    #[must_use]
    pub fn as_local(self) -> Self {
        let local = |time: TimeOfDay| {
            let zone = if time.zone == Zone::Unclear { Zone::Local } else { time.zone };
            TimeOfDay { zone, ..time }
        };
        match self {
            Stamp::Civil { year, month, day, time } => Stamp::Civil { year, month, day, time: local(time) },
            Stamp::Numeric { date, time } => Stamp::Numeric { date, time: local(time) },
            Stamp::Bare(time) => Stamp::Bare(local(time)),
            instant @ Stamp::Instant(_) => instant,
        }
    }

    /// Is its zone a name that stands for several?
    pub fn is_of_unclear_zone(self) -> bool {
        match self {
            Stamp::Civil { time, .. } | Stamp::Numeric { time, .. } | Stamp::Bare(time) => {
                time.zone == Zone::Unclear
            }
            Stamp::Instant(_) => false,
        }
    }
}

/// A time of day with what was written of its zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeOfDay {
    /// Second of the day, 0 to 86,400: a leap second is the next minute's first.
    pub second: u32,
    /// Nanosecond of the second.
    pub nanos: u32,
    /// The zone.
    pub zone: Zone,
}

/// The zone of a written time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// None is written: the clock's.
    Local,
    /// Seconds east of UTC.
    Offset(i32),
    /// A place, such as `Europe/Berlin`.
    Named(chrono_tz::Tz),
    /// A name that stands for several zones (`CST`): meant only if the clock's zone goes by it.
    Unclear,
}

/// The numbers of a date in the order in which they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// Two or three numbers; the third is 0 if there are two: a month and a day.
    pub parts: [u16; 3],
    /// Is the last one a year of four digits?
    pub long_year: bool,
    /// What this notation usually means, for files that do not tell.
    pub usual: Option<Order>,
}

/// What the numbers of a date are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Order {
    /// `23/12/24`.
    YearFirst,
    /// `12/24/23`.
    MonthFirst,
    /// `24/12/23`.
    DayFirst,
}

impl Order {
    /// All orders.
    pub const ALL: [Order; 3] = [Order::YearFirst, Order::MonthFirst, Order::DayFirst];
}

impl Numbers {
    /// Year (if written), month and day in this order, if that is a date.
    pub fn read_as(self, order: Order) -> Option<(Option<i32>, u32, u32)> {
        let [first, second, third] = self.parts.map(u32::from);
        let (year, month, day) = match (order, third) {
            (Order::YearFirst, _) if self.long_year => return None,
            (Order::YearFirst | Order::MonthFirst, 0) if !self.long_year => (None, first, second),
            (Order::DayFirst, 0) if !self.long_year => (None, second, first),
            (Order::YearFirst, _) => (Some(century(first)), second, third),
            (Order::MonthFirst, _) => (Some(century(third)), first, second),
            (Order::DayFirst, _) => (Some(century(third)), second, first),
        };
        let exists = day >= 1 && day <= days_in_month(year.unwrap_or(2000), month);
        exists.then_some((year, month, day))
    }

    /// Does this date alone say what its numbers are, by itself or by its notation?
    pub fn is_clear(self) -> bool {
        self.usual.is_some() || self.only().is_some()
    }

    /// The one order that makes sense, if there is only one.
    fn only(self) -> Option<Order> {
        let mut fitting = Order::ALL.into_iter().filter(|order| self.read_as(*order).is_some());
        let first = fitting.next()?;
        // Two numbers are read alike as year and as month first.
        let alike = |order| self.read_as(order) == self.read_as(first);
        fitting.all(alike).then_some(first)
    }
}

/// A year of two digits as POSIX reads it: 69 to 99 are of the last century.
fn century(year: u32) -> i32 {
    match year {
        0..=68 => 2000 + year as i32,
        69..=99 => 1900 + year as i32,
        _ => year as i32,
    }
}

/// What a file's bare times mean: the zone of times without an offset, the year of dates without one, the
/// order of dates in numbers.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// The zone of local times.
    pub zone: chrono_tz::Tz,
    /// No entry is later than this, give or take a day: a date without a year is the latest such date before
    /// it. When the file was last written, unless its neighbours tell better.
    pub latest: Option<Timestamp>,
    /// The order of the numbers in dates, where the file's dates as a whole leave only one.
    pub order: Option<Order>,
    /// By how many seconds times without a zone are ahead of UTC, where that is proved and no zone is named.
    pub ahead: i32,
    /// Does nothing tell the days of times of day without a date? Then they are none.
    pub undated: bool,
}

impl Default for Clock {
    fn default() -> Self {
        Clock { zone: chrono_tz::UTC, latest: None, order: None, ahead: 0, undated: false }
    }
}

/// How far an entry may lie after what should be the latest: clocks and zones differ.
const SLACK: i64 = 86_400_000_000_000;

impl Clock {
    /// The instant that `stamp` means, `None` where that cannot be known.
    pub fn resolve(&self, stamp: Stamp) -> Option<Timestamp> {
        match stamp {
            Stamp::Civil { year, month, day, time } => self.resolve_civil(year, month, day, time),
            Stamp::Numeric { date, time } => {
                let usual = self.order.or(date.usual).filter(|order| date.read_as(*order).is_some());
                let (year, month, day) = date.read_as(date.only().or(usual)?)?;
                self.resolve_civil(year, month, day, time)
            }
            Stamp::Bare(time) => self.resolve_bare(time),
            Stamp::Instant(ts) => Some(ts),
        }
    }

    fn resolve_civil(&self, year: Option<i32>, month: u32, day: u32, time: TimeOfDay) -> Option<Timestamp> {
        let Some(year) = year else { return self.resolve_yearless(month, day, time) };
        let local = days_from_civil(year, month, day) * 86_400 + i64::from(time.second);
        let offset = match time.zone {
            Zone::Offset(offset) => i64::from(offset),
            Zone::Local if self.zone == chrono_tz::UTC => i64::from(self.ahead),
            // A name of several zones is believed where the person named a zone, or where another time proves it.
            Zone::Unclear if self.zone == chrono_tz::UTC && self.ahead != 0 => i64::from(self.ahead),
            Zone::Unclear if self.zone == chrono_tz::UTC => return None,
            Zone::Named(zone) => offset_at_local(zone, local)?,
            Zone::Local | Zone::Unclear => offset_at_local(self.zone, local)?,
        };
        Timestamp::new(local - offset, time.nanos)
    }

    /// The last time that it was this late before the latest entry.
    fn resolve_bare(&self, time: TimeOfDay) -> Option<Timestamp> {
        let latest = self.latest.filter(|_| !self.undated)?;
        // The day after: where it is the next day already.
        (-1..=2).rev().find_map(|ahead| {
            let (year, month, day, ..) = Timestamp(latest.0.saturating_add((ahead - 1) * SLACK)).civil();
            let ts = self.resolve_civil(Some(year), month, day, time)?;
            (ts <= latest && ts.0 > latest.0.saturating_sub(SLACK)).then_some(ts)
        })
    }

    /// The latest year in which the date lies not more than a day after the latest entry.
    fn resolve_yearless(&self, month: u32, day: u32, time: TimeOfDay) -> Option<Timestamp> {
        let latest = self.latest?;
        let (this_year, ..) = latest.civil();
        // A 29 February may lie up to eight years back.
        (0..=8).map(|back| this_year + 1 - back).find_map(|year| {
            if day > days_in_month(year, month) {
                return None;
            }
            self.resolve_civil(Some(year), month, day, time)
                .filter(|ts| ts.0 <= latest.0.saturating_add(SLACK))
        })
    }

    /// As [`Clock::value`], tried first as another instant of the second that was read before.
    #[inline]
    pub fn value_near(&self, value: Value<'_>, recent: &mut RecentSecond) -> Option<Timestamp> {
        let Value::Text(Text { raw, escaped: false }) = value else { return self.value(value) };
        if let Some(ts) = recent.read(raw) {
            return Some(ts);
        }
        let ts = self.value(value)?;
        recent.learn(raw, ts);
        Some(ts)
    }

    /// The instant that a field's value means: text in any notation, or an epoch number.
    pub fn value(&self, value: Value<'_>) -> Option<Timestamp> {
        match value {
            Value::Number(raw) => match epoch(raw) {
                Some((stamp, used)) if used == raw.len() => self.resolve(stamp),
                _ => exponential(raw),
            },
            Value::Text(text) => {
                let bytes = text.bytes();
                let bytes = bytes.trim_ascii_start();
                // .NET's JSON writes /Date(1703387663000)/.
                let bytes = bytes.strip_prefix(b"/Date(").unwrap_or(bytes);
                let (stamp, _) = read(bytes).or_else(|| epoch(bytes))?;
                self.resolve(stamp)
            }
            _ => None,
        }
    }
}

/// Seconds east of UTC at a local time. Where clocks are put back the earlier instant is meant; a time that
/// clocks skip does not exist and has no offset.
fn offset_at_local(zone: chrono_tz::Tz, local: i64) -> Option<i64> {
    let naive = chrono::DateTime::from_timestamp(local, 0)?.naive_utc();
    let offset = zone.offset_from_local_datetime(&naive).earliest()?;
    Some(i64::from(offset.fix().local_minus_utc()))
}

/// An epoch number at the start of `bytes`: 10 digits are seconds (a fraction may follow), 13 milli-,
/// 16 micro- and 19 nanoseconds. With these widths every instant from 2001 to 2286 has one reading.
pub fn epoch(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let digits = bytes.iter().take(20).take_while(|b| b.is_ascii_digit()).count();
    if bytes.first() == Some(&b'0') {
        return None;
    }
    let number =
        bytes[..digits].iter().try_fold(0_i64, |n, b| n.checked_mul(10)?.checked_add(i64::from(b - b'0')))?;
    let ts = match digits {
        10 => {
            let (nanos, end) = hour::fraction(bytes, digits);
            return Some((Stamp::Instant(Timestamp::new(number, nanos)?), end));
        }
        13 => {
            let (nanos, end) = hour::fraction(bytes, digits);
            let within = i64::from(nanos / 1_000);
            return Some((Stamp::Instant(Timestamp(number.checked_mul(1_000_000)? + within)), end));
        }
        16 => Timestamp(number.checked_mul(1_000)?),
        19 => Timestamp(number),
        _ => return None,
    };
    (ts < END_OF_TIMES).then_some((Stamp::Instant(ts), digits))
}

/// Numbers of 16 and 19 digits from here on (2100-01-01) are what programs write for no time: 2^53, 2^63 - 1.
const END_OF_TIMES: Timestamp = Timestamp(4_102_444_800_000_000_000);

/// Epoch seconds as early versions of zap write them, `1.7117418279626286e+09`: to the microsecond, which is
/// what a float of that size holds.
fn exponential(raw: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(raw).ok().filter(|text| text.contains(['e', 'E']))?;
    let seconds: f64 = text.parse().ok()?;
    let micros = (1e9..1e10).contains(&seconds).then(|| (seconds * 1e6).round() as i64)?;
    Some(Timestamp(micros.checked_mul(1_000)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> Option<String> {
        let clock = Clock { latest: Timestamp::new(1_703_500_000, 0), ..Clock::default() };
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
            "24-Dec-2023::03:14:23",
            "Dec 24 03:14:23",
            "Dec 24 2023 03:14:23",
            "Sun Dec 24 03:14:23 2023",
            "Sun, 24 Dec 2023 03:14:23 GMT",
            "20231224T031423Z",
            "20231224031423",
            "20231224 03:14:23",
            "2023-358T03:14:23Z",
            "2023-W51-7T03:14:23Z",
            "2023W517T03:14:23",
            "2023-12-24-03.14.23",
            "2023/12/24 - 03:14:23",
            "2023-12-24\t03:14:23",
            "24-Dec-2023 04:14:23 Europe/Berlin",
            "2023-12-24 00:14:23 America/Argentina/Buenos_Aires",
            "2023-12-24-04.14.23.000000+060",
            "20231224.031423",
            "20231224-3:14:23:000",
            "20231224-03:14:23",
            "231224 03:14:23",
            "231224  3:14:23",
            "231224 031423",
            "24 Dec 2023 03:14:23.000",
            "24 Dec 03:14:23.000",
            "24-DEC-23 03.14.23",
            "24 déc. 2023 03:14:23",
            "24. Dezember 2023 03:14:23",
            "So 24. Dez 04:14:23 CET 2023",
            "24Dec2023 03:14:23",
            "CET Dec 24 04:14:23",
            "2023-12-24 03h14.23 UTC",
            "2023 12 24 04:14:23:000#+0100",
            "2023 12 24 03:14:23",
            "24. Dez 03:14:23",
            "[2023-12-24][03:14:23".trim_start_matches('['),
            "2023-12-24.03:14:23",
            "12/24/2023 - 03:14:23",
            "24/12/2023 -- 03:14:23",
            "12-24|03:14:23",
            "23/12/24@04:14:23.000+0100",
            "6587a20f.00000000 0x7f1d",
            "2023/12/24 03:14:23,001801000001",
            "12/24/2023,03:14:23,1,x",
            "2023 Dec 24 03:14:23",
            "2023-Dec-24 03:14:23",
            "2023/Dec/24 03:14:23",
            "2023:12:24-03:14:23",
            "2023_12_24 03:14:23",
            "2023-12-24|03:14:23|x",
            "2023-12-24, 03:14:23, x",
            "2023-12-24 | 03:14:23 | x",
            "2023-12-24] [03:14:23] x",
            "2023-12-24 03-14-23",
            "2023.12.24. 3:14:23",
            "2023. 12. 24. (일) 오전 3:14:23",
            "2023. 12. 24. 오전 3:14:23",
            "2023/12/24 上午 3:14:23",
            "2023年 12月 24日 日曜日 12:14:23 JST",
            "12月24日 03:14:23",
            "12月 24 03:14:23",
            "2023-12-24 3:14:23",
            "2023358T031423",
            "2023W517T031423",
            "03:14:23 2023-12-24",
            "03:14:23 24/12/2023",
            "3:14:23 AM 12/24/2023",
            "03:14:23.000 12/24/23",
            "03:14:23,000 24 Dec 2023",
            "04:14:23 CET Dec 24, 2023",
            "24/12/2023 3:14:23 a. m.",
            "24/12/2023 03:14:23 π.μ.",
            "Dec 24, 2023 @ 03:14:23.000",
            "24 de diciembre de 2023 03:14:23",
            "24 декабря 2023 г. 03:14:23",
            "24 déc. 2023 à 03:14:23",
            "24DEC23:03:14:23",
            "Sun Dec 24 00:14:23 -03 2023",
            "Sun Dec 24 03:14:23 2023: x",
            "Sun Dec 24 12:14:23 2023 +0900",
            "Sun Dec 24 04:14:23 2023 CET",
            "2023-12-24 06:14:23.000 +03 [2211] LOG:  x",
            "2023-12-24T04:14:23[Europe/Berlin]",
            "2023-12-24T04:14:23+01:00[Europe/Berlin]",
            "2023-12-24 04:14:23 (CET)",
            "2023-12-23 22:14:23 EST5EDT",
            "24/dic/2023:03:14:23 +0000",
            "24 дек 2023 03:14:23",
            "Sunday, 24-Dec-23 03:14:23 GMT",
            "So. 24. Dez 2023 03:14:23",
            "Sun Dec 24 12:14:23 KST 2023",
            "Sat Dec 23 22:14:23 EST 2023",
            "Dec 24, 2023 3:14:23 AM",
            "December 24, 2023 at 3:14:23 AM UTC",
            "12/24/2023 3:14:23 AM",
            "12/24/2023, 03:14:23",
            "24.12.2023 03:14:23",
            "24/12/2023 03:14:23",
            "12/24/23 03:14:23",
            "23/12/24 03:14:23",
            "12-24 03:14:23.000",
            "[12.24 03:14:23".trim_start_matches('['),
            "2023年12月24日 03:14:23",
            "2023년 12월 24일 3:14:23",
            "@400000006587a23400000000",
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
            "Sun Dec 24 03:14:23 ABC 2023",
            "2021-W53-5T20:19:11Z",
            "2023-12-24 10.20.30.40",
            "03:14:23 x",
            "13月24日 03:14:23",
            "0000-00-00 00:00:00",
        ] {
            assert_eq!(utc(text), None, "{text}");
        }
        assert_eq!(utc("2016-12-31T23:59:60Z").as_deref(), Some("2017-01-01T00:00:00Z"));
    }

    #[test]
    fn a_date_without_a_year_is_the_latest_before_the_file_was_written() {
        let clock = Clock { latest: Timestamp::new(1_704_070_800, 0), ..Clock::default() };
        let at = |text: &str| clock.value(Value::plain(text.as_bytes())).map(|ts| ts.to_string());
        assert_eq!(at("Jan  1 00:10:00").as_deref(), Some("2024-01-01T00:10:00Z"));
        assert_eq!(at("Dec 31 23:50:00").as_deref(), Some("2023-12-31T23:50:00Z"));
        assert_eq!(at("Feb 29 12:00:00").as_deref(), Some("2020-02-29T12:00:00Z"));
        assert_eq!(Clock::default().value(Value::plain(b"Dec 24 03:14:23")), None);
    }

    #[test]
    fn a_zone_is_applied_to_bare_times_only() {
        let clock = Clock { zone: chrono_tz::Europe::Berlin, ..Clock::default() };
        let at = |text: &str| clock.value(Value::plain(text.as_bytes())).map(|ts| ts.to_string());
        assert_eq!(at("2023-12-24 03:14:23").as_deref(), Some("2023-12-24T02:14:23Z"));
        assert_eq!(at("2023-12-24 03:14:23Z").as_deref(), Some("2023-12-24T03:14:23Z"));
        // Put forward: 02:30 does not exist. Put back: 02:30 is the earlier of two.
        assert_eq!(at("2023-03-26 02:30:00"), None);
        assert_eq!(at("2023-10-29 02:30:00").as_deref(), Some("2023-10-29T00:30:00Z"));
    }

    #[test]
    fn a_date_in_numbers_needs_an_order_that_only_one_reading_or_the_file_gives() {
        let at = |order, text: &str| {
            let clock = Clock { order, latest: Timestamp::new(1_703_500_000, 0), ..Clock::default() };
            clock.value(Value::plain(text.as_bytes())).map(|ts| ts.to_string()[..10].to_owned())
        };
        for (order, text, expected) in [
            (None, "07/11/2022 10:29:01", None),
            (Some(Order::DayFirst), "07/11/2022 10:29:01", Some("2022-11-07")),
            (Some(Order::MonthFirst), "07/11/2022 10:29:01", Some("2022-07-11")),
            (None, "07/11/2022-10:29:01.860293", Some("2022-07-11")),
            (None, "08/02/2023, 7:32:47 PM", Some("2023-08-02")),
            (None, "07.11.2022 10:29:01", Some("2022-11-07")),
            (None, "01/25/22 16:08:02.393003", Some("2022-01-25")),
            (None, "17/06/09 20:10:40", Some("2017-06-09")),
            (None, "01/02/22 20:10:40", None),
            (Some(Order::DayFirst), "01/25/22 16:08:02", Some("2022-01-25")),
        ] {
            assert_eq!(at(order, text).as_deref(), expected, "{order:?} {text}");
        }
    }

    #[test]
    fn a_zone_of_several_is_none_unless_the_clock_has_one() {
        let text = Value::plain(b"2023-12-24 03:14:23 CST");
        assert_eq!(Clock::default().value(text), None);
        let shanghai = Clock { zone: chrono_tz::Asia::Shanghai, ..Clock::default() };
        assert_eq!(shanghai.value(text).map(|ts| ts.to_string()).as_deref(), Some("2023-12-23T19:14:23Z"));
    }

    proptest::proptest! {
        #[test]
        fn display_and_read_are_inverse(nanos in -6_000_000_000_000_000_000_i64..Timestamp::of_line(0).0) {
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
