//! The times at which a panel's queries are evaluated, and what `$__interval` and its kin stand for.

use crate::model::unit::parse_duration;

/// The times of a query, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// The start of what the panel shows.
    pub from: i64,
    /// Its end, at which instant queries are evaluated.
    pub to: i64,
    /// From one time of a range query to the next.
    pub step: i64,
    /// `$__interval`: the step, before some are taken as one.
    pub interval: i64,
    /// How often the data was sampled.
    pub sampled: i64,
}

/// What a query wants of its times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wish {
    /// So many points at most.
    pub points: i64,
    /// No step shorter than this, in milliseconds.
    pub least: Option<i64>,
    /// So many steps are taken as one.
    pub factor: f64,
    /// This step, whatever else is wished.
    pub step: Option<i64>,
}

/// A server refuses more points for a series than this; so the step is never shorter.
const MOST_POINTS: i64 = 11_000;

impl Timing {
    /// The times from `from` to `to`, for data that was sampled every `sampled` milliseconds.
    pub fn new((from, to): (i64, i64), sampled: i64, wish: &Wish) -> Self {
        let length = to.saturating_sub(from).max(0);
        let sampled = wish.least.unwrap_or(sampled).max(1);
        let interval = wish.step.unwrap_or_else(|| {
            let rounded = round(length / wish.points.max(1)).max(sampled);
            // More points than a server allows are never asked for.
            rounded.max(length / MOST_POINTS + i64::from(length % MOST_POINTS > 0))
        });
        let step = wish.step.unwrap_or((interval as f64 * wish.factor.clamp(1.0, 1e4)) as i64);
        Timing { from, to, step: step.max(1), interval: interval.max(1), sampled }
    }

    /// The times of a range query: as Grafana aligns them, at multiples of the step.
    pub fn start(&self) -> i64 {
        self.from.div_euclid(self.step) * self.step
    }

    /// The last one.
    pub fn end(&self) -> i64 {
        self.to.div_euclid(self.step) * self.step
    }

    /// `$__rate_interval`: at least four samples, so that a rate survives one that is missing.
    pub fn rate_interval(&self) -> i64 {
        (self.interval.saturating_add(self.sampled)).max(self.sampled.saturating_mul(4))
    }

    /// What a built-in variable stands for.
    pub fn builtin(&self, name: &str) -> Option<String> {
        let range = self.to.saturating_sub(self.from).max(1);
        let seconds = |millis: i64| (millis + 500) / 1_000;
        Some(match name {
            "__interval" | "interval_auto" => text(self.interval),
            "__interval_ms" => self.interval.to_string(),
            "__rate_interval" => text(self.rate_interval()),
            "__rate_interval_ms" => self.rate_interval().to_string(),
            "__range" => format!("{}s", seconds(range).max(1)),
            "__range_s" => seconds(range).max(1).to_string(),
            "__range_ms" => range.to_string(),
            "__from" => self.from.to_string(),
            "__to" => self.to.to_string(),
            _ => return None,
        })
    }
}

/// Steps that Grafana rounds to, in milliseconds.
const STEPS: [i64; 22] = [
    1, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 20_000, 30_000, 60_000, 120_000,
    300_000, 600_000, 900_000, 1_200_000, 1_800_000, 3_600_000,
];
/// The longer ones, each with the length from which on it is too short.
const LONG_STEPS: [(i64, i64); 7] = [
    (7_200_000, 9_000_000),
    (10_800_000, 16_200_000),
    (21_600_000, 32_400_000),
    (43_200_000, 86_400_000),
    (86_400_000, 604_800_000),
    (604_800_000, 1_814_400_000),
    (2_592_000_000, 3_628_800_000),
];

/// The round step that is nearest to a length, as Grafana rounds (`roundInterval`).
fn round(length: i64) -> i64 {
    if length < 10 {
        return 1;
    }
    let short = STEPS.windows(2).find(|pair| length < pair[0].midpoint(pair[1])).map(|pair| pair[0]);
    if let Some(step) = short.or((length < 5_400_000).then_some(3_600_000)) {
        return step;
    }
    LONG_STEPS.iter().find(|(_, until)| length < *until).map_or(31_536_000_000, |(step, _)| *step)
}

/// A thousand years, in milliseconds: what is longer leads out of all calendars.
const LONGEST: f64 = 31_536_000_000_000.0;

/// A duration as dashboards write it: `30s`, `>1m`, `1y`. In milliseconds.
pub fn duration(text: &str) -> Option<i64> {
    let text = text.trim().trim_start_matches('>').trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Some((seconds * 1_000.0).clamp(0.0, LONGEST) as i64);
    }
    let days = |unit: char, days: f64| Some(text.strip_suffix(unit)?.parse::<f64>().ok()? * days * 86_400e9);
    let nanos = parse_duration(text).or_else(|| days('y', 365.0)).or_else(|| days('M', 30.0))?;
    (nanos > 0.0).then_some((nanos / 1e6).clamp(1.0, LONGEST) as i64)
}

/// A length of time in PromQL's notation, in one unit.
pub fn text(millis: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    match UNITS.iter().find(|(unit, _)| millis >= *unit && millis % unit == 0) {
        Some((unit, name)) => format!("{}{name}", millis / unit),
        None => format!("{millis}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_rounded_as_grafana_does() {
        for (length, step) in [
            (0, 1),
            (9, 1),
            (14, 10),
            (15, 20),
            (34, 20),
            (74, 50),
            (1_499, 1_000),
            (3_499, 2_000),
            (12_499, 10_000),
            (24_999, 20_000),
            (44_999, 30_000),
            (89_999, 60_000),
            (209_999, 120_000),
            (1_049_999, 900_000),
            (5_399_999, 3_600_000),
            (5_400_000, 7_200_000),
            (32_400_000, 43_200_000),
            (86_400_000, 86_400_000),
            (i64::MAX, 31_536_000_000),
        ] {
            assert_eq!(round(length), step, "{length}");
        }
    }

    #[test]
    fn intervals_follow_the_range_the_samples_and_the_panel() {
        let wish = Wish { points: 100, least: None, factor: 1.0, step: None };
        let hour = Timing::new((0, 3_600_000), 15_000, &wish);
        assert_eq!((hour.step, hour.rate_interval()), (30_000, 60_000));
        assert_eq!(hour.builtin("__range").as_deref(), Some("3600s"));
        assert_eq!(hour.builtin("__rate_interval").as_deref(), Some("1m"));
        let minute = Timing::new((0, 60_000), 15_000, &wish);
        assert_eq!((minute.step, minute.interval), (15_000, 15_000));
        let wide = Timing::new((0, 3_600_000), 15_000, &Wish { least: Some(300_000), factor: 2.0, ..wish });
        assert_eq!((wide.step, wide.interval, wide.rate_interval()), (600_000, 300_000, 1_200_000));
        let fixed = Timing::new((1, 3_599_999), 15_000, &Wish { step: Some(7_000), ..wish });
        assert_eq!((fixed.start(), fixed.end()), (0, 3_598_000));
        let huge = Timing::new((0, 365 * 86_400_000), 1_000, &Wish { points: i64::MAX, ..wish });
        assert!(huge.to / huge.step <= MOST_POINTS);
    }

    #[test]
    fn durations_of_dashboards() {
        for (text, millis) in [
            ("30s", Some(30_000)),
            (">1m", Some(60_000)),
            ("10", Some(10_000)),
            ("1y", Some(31_536_000_000)),
            ("99999999999999y", Some(31_536_000_000_000)),
            ("1e300", Some(31_536_000_000_000)),
            ("-5", Some(0)),
            ("x", None),
        ] {
            assert_eq!(duration(text), millis, "{text}");
        }
        assert_eq!([500, 90_000, 3_600_000].map(text), ["500ms", "90s", "1h"]);
    }
}
