//! Time intervals: when a route is muted or active, by clock, weekday, day, month and year in some zone.

use chrono::{DateTime, Datelike, Timelike, Utc};
use chrono_tz::Tz;

use crate::model::time::days_in_month;
use crate::rules::fields::Reader;
use crate::rules::yaml::Node;

/// A named set of times; a time is inside if one of the intervals contains it.
#[derive(Clone, Debug, Default)]
pub struct TimeInterval {
    /// The name that routes use.
    pub name: String,
    /// The intervals.
    pub intervals: Vec<Interval>,
}

/// Times for which all of these hold; an absent condition always holds.
#[derive(Clone, Debug, Default)]
pub struct Interval {
    times: Option<Vec<(u32, u32)>>,
    weekdays: Option<Vec<(i32, i32)>>,
    days: Option<Vec<(i32, i32)>>,
    months: Option<Vec<(i32, i32)>>,
    years: Option<Vec<(i32, i32)>>,
    zone: Option<Tz>,
}

impl TimeInterval {
    /// Is this time (milliseconds since the epoch) inside?
    pub fn contains(&self, at: i64) -> bool {
        let Some(utc) = DateTime::<Utc>::from_timestamp_millis(at) else { return false };
        self.intervals.iter().any(|interval| interval.contains(utc))
    }
}

impl Interval {
    fn contains(&self, utc: DateTime<Utc>) -> bool {
        let local = utc.with_timezone(&self.zone.unwrap_or(Tz::UTC));
        let minute = local.hour() * 60 + local.minute();
        let within = |ranges: &Option<Vec<(i32, i32)>>, value: i32| {
            ranges.as_ref().is_none_or(|ranges| ranges.iter().any(|(a, b)| (*a..=*b).contains(&value)))
        };
        let last = days_in_month(local.year(), local.month()) as i32;
        // Negative days count from the end of the month; ranges are cut at its ends.
        let day = |day: i32| if day < 0 { last + day + 1 } else { day };
        let days: Option<Vec<_>> = self.days.as_ref().map(|days| {
            days.iter().map(|(a, b)| (day(*a), day(*b).min(last))).filter(|(a, _)| *a <= last).collect()
        });
        self.times.as_ref().is_none_or(|times| times.iter().any(|(a, b)| (*a..*b).contains(&minute)))
            && within(&days, local.day() as i32)
            && within(&self.months, local.month() as i32)
            && within(&self.weekdays, local.weekday().num_days_from_sunday() as i32)
            && within(&self.years, local.year())
    }
}

const DAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const INTERVAL: [&str; 6] = ["times", "weekdays", "days_of_month", "months", "years", "location"];

/// Reads a named time interval.
pub(super) fn read(reader: &mut Reader, node: &Node) -> Option<TimeInterval> {
    let fields = reader.fields(node, "time interval", &["name", "time_intervals"])?;
    let name = reader.text(&fields, "name").unwrap_or("").to_owned();
    if name.is_empty() {
        reader.problem(fields.place, "missing name in time interval");
    }
    let mut intervals = Vec::new();
    for node in reader.list(&fields, "time_intervals") {
        intervals.extend(interval(reader, node));
    }
    Some(TimeInterval { name, intervals })
}

fn interval(reader: &mut Reader, node: &Node) -> Option<Interval> {
    let fields = reader.fields(node, "time interval", &INTERVAL)?;
    let mut interval = Interval::default();
    if fields.get("times").is_some() {
        let mut times = Vec::new();
        for node in reader.list(&fields, "times") {
            let Some(range) = reader.fields(node, "time range", &["start_time", "end_time"]) else {
                continue;
            };
            let clock = |reader: &mut Reader, name: &str| {
                let text = reader.text(&range, name).unwrap_or("");
                let minutes = minutes(text);
                if minutes.is_none() {
                    let message = format!("{name}: couldn't parse timestamp {text:?}, expected HH:MM");
                    reader.problem(range.place_of(name), message);
                }
                minutes
            };
            let (start, end) = (clock(reader, "start_time"), clock(reader, "end_time"));
            if let (Some(start), Some(end)) = (start, end) {
                if start >= end {
                    reader.problem(range.place, "start time cannot be equal or greater than end time");
                }
                times.push((start, end));
            }
        }
        interval.times = Some(times);
    }
    interval.weekdays = ranges(reader, &fields, "weekdays", |text| named(text, &DAYS, 0), |_, _| None);
    interval.months = ranges(
        reader,
        &fields,
        "months",
        |text| named(text, &MONTHS, 1).or_else(|| text.parse().ok().filter(|month| (1..=12).contains(month))),
        |_, _| None,
    );
    interval.years = ranges(reader, &fields, "years", |text| text.parse().ok(), |_, _| None);
    interval.days = ranges(
        reader,
        &fields,
        "days_of_month",
        |text| text.parse().ok().filter(|day: &i32| *day != 0 && (-31..=31).contains(day)),
        |begin, end| match (begin < 0, end < 0) {
            (true, false) => Some("end day must be negative if start day is negative".to_owned()),
            // The longest month gives the latest end.
            (false, true) if begin > 32 + end => {
                Some(format!("end day {end} is always before start day {begin}"))
            }
            (false, true) => Some(String::new()),
            _ => None,
        },
    );
    if let Some(name) = reader.text(&fields, "location") {
        match name.parse::<Tz>() {
            Ok(zone) => interval.zone = Some(zone),
            // The zone of the machine is not known to files.
            Err(_) if name == "Local" => {
                reader.warning(fields.place_of("location"), "Local is taken for UTC");
            }
            Err(_) => reader.problem(fields.place_of("location"), format!("unknown time zone {name}")),
        }
    }
    Some(interval)
}

/// Ranges `a:b` or single values. `check` gives the complaint about a range that is out of the ordinary: `None`
/// for one to be judged by order, an empty text for one that is fine.
fn ranges(
    reader: &mut Reader,
    fields: &crate::rules::fields::Fields<'_>,
    name: &str,
    value: impl Fn(&str) -> Option<i32>,
    check: impl Fn(i32, i32) -> Option<String>,
) -> Option<Vec<(i32, i32)>> {
    fields.get(name)?;
    let mut found = Vec::new();
    for node in reader.list(fields, name) {
        let text = node.text().unwrap_or("").to_lowercase();
        let (begin, end) = text.split_once(':').unwrap_or((&text, &text));
        let (Some(begin), Some(end)) = (value(begin.trim()), value(end.trim())) else {
            reader.problem(node.place, format!("{text:?} is no valid range for {name}"));
            continue;
        };
        match check(begin, end) {
            Some(complaint) if !complaint.is_empty() => reader.problem(node.place, complaint),
            None if begin > end => {
                reader.problem(node.place, format!("{name}: the end of {text:?} is before its start"));
            }
            _ => found.push((begin, end)),
        }
    }
    Some(found)
}

fn named(text: &str, names: &[&str], first: i32) -> Option<i32> {
    names.iter().position(|name| *name == text).map(|at| at as i32 + first)
}

/// `HH:MM` as minutes of the day, up to 24:00.
fn minutes(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(hours) || !digits(minutes) {
        return None;
    }
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (minutes < 60 && (hours < 24 || hours == 24 && minutes == 0)).then_some(hours * 60 + minutes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::yaml;

    fn read_one(text: &str) -> (TimeInterval, Vec<String>) {
        let root = yaml::parse(&format!("{{name: t, time_intervals: [{text}]}}")).unwrap().roots.remove(0);
        let mut reader = Reader::default();
        let interval = read(&mut reader, &root).unwrap();
        (interval, reader.problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn times_are_inside_or_not() {
        for (interval, at, inside) in [
            ("{}", "2023-12-24T03:14:25Z", true),
            ("{times: [{start_time: '09:00', end_time: '17:00'}]}", "2023-12-24T09:00:00Z", true),
            ("{times: [{start_time: '09:00', end_time: '17:00'}]}", "2023-12-24T17:00:00Z", false),
            ("{times: [{start_time: '22:00', end_time: '24:00'}]}", "2023-12-24T23:59:59Z", true),
            ("{weekdays: ['monday:friday']}", "2023-12-24T12:00:00Z", false),
            ("{weekdays: ['saturday', 'Sunday']}", "2023-12-24T12:00:00Z", true),
            ("{days_of_month: ['-7:-1']}", "2023-12-25T12:00:00Z", true),
            ("{days_of_month: ['-7:-1']}", "2023-12-24T12:00:00Z", false),
            ("{days_of_month: ['30:31']}", "2023-02-28T12:00:00Z", false),
            ("{days_of_month: ['1:-1']}", "2023-02-28T12:00:00Z", true),
            ("{months: ['november:december']}", "2023-12-24T12:00:00Z", true),
            ("{months: ['1:3', 'may']}", "2023-12-24T12:00:00Z", false),
            ("{years: ['2020:2023']}", "2023-12-24T12:00:00Z", true),
            ("{years: [2022]}", "2023-12-24T12:00:00Z", false),
            (
                "{times: [{start_time: '12:00', end_time: '13:00'}], location: Asia/Seoul}",
                "2023-12-24T03:14:25Z",
                true,
            ),
            ("{weekdays: [monday], location: Australia/Sydney}", "2023-12-24T20:00:00Z", true),
        ] {
            let (read, problems) = read_one(interval);
            assert!(problems.is_empty(), "{interval}: {problems:?}");
            let at = DateTime::parse_from_rfc3339(at).unwrap().timestamp_millis();
            assert_eq!(read.contains(at), inside, "{interval}");
        }
    }

    #[test]
    fn wrong_intervals_are_told() {
        for interval in [
            "{times: [{start_time: '9:00', end_time: '17:00'}]}",
            "{times: [{start_time: '17:00', end_time: '09:00'}]}",
            "{times: [{start_time: '24:01', end_time: '24:00'}]}",
            "{weekdays: ['friday:monday']}",
            "{weekdays: ['nonday']}",
            "{days_of_month: ['0:3']}",
            "{days_of_month: ['-1:5']}",
            "{days_of_month: ['32']}",
            "{days_of_month: ['20:-15']}",
            "{months: ['13']}",
            "{years: ['2022:2021']}",
            "{location: Nowhere/Land}",
            "{dayz: []}",
        ] {
            let (_, problems) = read_one(interval);
            assert!(!problems.is_empty(), "{interval}");
        }
    }
}
