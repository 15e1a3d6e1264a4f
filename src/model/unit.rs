//! Units of time and size: from field names, from text, and back to text for people.

use std::fmt;

/// A unit in which durations are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Unit {
    /// Nanoseconds.
    Nanos,
    /// Microseconds.
    Micros,
    /// Milliseconds.
    Millis,
    /// Seconds.
    Seconds,
}

impl Unit {
    /// The symbol: `ms`.
    pub const fn symbol(self) -> &'static str {
        match self {
            Unit::Nanos => "ns",
            Unit::Micros => "us",
            Unit::Millis => "ms",
            Unit::Seconds => "s",
        }
    }

    /// A value in this unit, in milliseconds. Divides where the factor is a fraction, so that a decimal
    /// number stays the nearest one to what was written.
    pub fn to_millis(self, value: f64) -> f64 {
        match self {
            Unit::Nanos => value / 1e6,
            Unit::Micros => value / 1e3,
            Unit::Millis => value,
            Unit::Seconds => value * 1e3,
        }
    }

    /// The unit that a field's name ends in (`durationMs`, `took_us`, `latency_seconds`, `time.nanos`),
    /// with the rest of the name before it.
    pub fn of_name(name: &str) -> Option<(Unit, &str)> {
        const ENDINGS: [(&str, Unit); 26] = [
            ("milliseconds", Unit::Millis),
            ("microseconds", Unit::Micros),
            ("nanoseconds", Unit::Nanos),
            ("seconds", Unit::Seconds),
            ("millis", Unit::Millis),
            ("micros", Unit::Micros),
            ("nanos", Unit::Nanos),
            ("millisec", Unit::Millis),
            ("microsec", Unit::Micros),
            ("nanosec", Unit::Nanos),
            ("msecs", Unit::Millis),
            ("msec", Unit::Millis),
            ("usec", Unit::Micros),
            ("nsec", Unit::Nanos),
            ("secs", Unit::Seconds),
            ("sec", Unit::Seconds),
            ("MS", Unit::Millis),
            ("Ms", Unit::Millis),
            ("Us", Unit::Micros),
            ("Ns", Unit::Nanos),
            ("ms", Unit::Millis),
            ("us", Unit::Micros),
            ("µs", Unit::Micros),
            ("ns", Unit::Nanos),
            ("S", Unit::Seconds),
            ("s", Unit::Seconds),
        ];
        // `Duration (ms)`, `latency[us]`.
        let name = name.strip_suffix([')', ']']).unwrap_or(name);
        for (ending, unit) in ENDINGS {
            let Some(stem) = strip_suffix_ignore_case_first(name, ending) else { continue };
            let separated = stem.ends_with(['_', '.', '-', '(', '[', ' ']);
            let camel = name[stem.len()..].starts_with(|c: char| c.is_ascii_uppercase())
                && stem.ends_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
            if !stem.is_empty() && (separated || camel) {
                let stem = stem.trim_end_matches(['_', '.', '-', '(', '[', ' ']);
                // `duration_in_ms`, `elapsedInMillis`.
                let plain =
                    ["_in", "-in", ".in", " in", "In"].iter().find_map(|word| stem.strip_suffix(word));
                return Some((unit, plain.filter(|plain| !plain.is_empty()).unwrap_or(stem)));
            }
        }
        None
    }
}

/// Like `strip_suffix`, but long endings may start with a capital letter (`elapsedMillis`).
fn strip_suffix_ignore_case_first<'n>(name: &'n str, ending: &str) -> Option<&'n str> {
    if let Some(stem) = name.strip_suffix(ending) {
        return Some(stem);
    }
    let split = name.len().checked_sub(ending.len())?;
    if ending.len() < 3 || !name.is_char_boundary(split) {
        return None;
    }
    let (stem, tail) = name.split_at(split);
    tail.eq_ignore_ascii_case(ending).then_some(stem)
}

/// A duration written with its unit, in nanoseconds as a float: `7.08ms`, `1.2s`, `100.6µs`, `1h30m`,
/// `2 ms`, `-5s`. `None` for anything else, a bare number included.
pub fn parse_duration(text: &str) -> Option<f64> {
    let text = text.trim();
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest.is_empty() {
        return None;
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let tail = rest[digits..].trim_start();
        let end = tail.find(|c: char| c.is_ascii_digit() || c == '.' || c == ' ').unwrap_or(tail.len());
        total += number * nanos_per(&tail[..end])?;
        rest = tail[end..].trim_start();
    }
    Some(sign * total)
}

/// A duration in any notation that logs have, in nanoseconds: with units, thousands parted or not (`1,500 ms`), as a
/// clock counts (`00:00:01.23`, `1.02:03:04` with days, `1 day, 0:00:01`), or in ISO 8601 (`PT1M1.5S`).
pub fn parse_span(text: &str) -> Option<f64> {
    let text = text.trim();
    parse_duration(text).or_else(|| grouped(text)).or_else(|| clock(text)).or_else(|| iso_8601(text))
}

/// `1,500 ms`, `1,234.5 ms`, `1,5 s`: a comma before three digits parts thousands, any other is a decimal point.
fn grouped(text: &str) -> Option<f64> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ','))?);
    let (first, rest) = number.split_once(',')?;
    let mut groups = rest.split(',');
    let whole = |group: &str| group.len() == 3 && group.bytes().all(|b| b.is_ascii_digit());
    let last = groups.next_back()?;
    let thousands = (1..=3).contains(&first.len())
        && !first.starts_with('0')
        && groups.all(whole)
        && whole(last.split('.').next().unwrap_or_default());
    let number = if thousands { number.replace(',', "") } else { number.replacen(',', ".", 1) };
    Some(number.parse::<f64>().ok()? * nanos_per(unit.trim())?)
}

/// `00:00:01.2345678`, `1.02:03:04`, `1 day, 0:00:01.5`, `-00:00:01`, and `1:02.5` of minutes.
fn clock(text: &str) -> Option<f64> {
    let (sign, text) = text.strip_prefix('-').map_or((1.0, text), |rest| (-1.0, rest));
    let (days, time) = match text.split_once(", ") {
        Some((days, time)) => (days.strip_suffix(" days").or_else(|| days.strip_suffix(" day"))?, time),
        None => text.split_once('.').filter(|(_, time)| time.contains(':')).unwrap_or(("0", text)),
    };
    let number = |part: &str| {
        let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| part.parse::<f64>().ok()).flatten()
    };
    let mut parts = time.rsplit(':');
    let seconds = parts.next()?;
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    number(fraction)?;
    let minutes = number(parts.next()?)?;
    let hours = match parts.next() {
        Some(hours) => number(hours)?,
        // Two numbers alone may be hours and minutes.
        None => seconds.contains('.').then_some(0.0)?,
    };
    let fits = whole.len() == 2 && number(whole)? < 60.0 && minutes < 60.0 && parts.next().is_none();
    fits.then(|| sign * ((number(days).unwrap_or(0.0) * 24.0 + hours) * 3_600e9 + minutes * 60e9))
        .and_then(|total| Some(total + sign * seconds.parse::<f64>().ok()? * 1e9))
}

/// `PT1.5S`, `P1DT2H3M4S`: ISO 8601, without years and months, which have no fixed length.
fn iso_8601(text: &str) -> Option<f64> {
    let (sign, text) = text.strip_prefix('-').map_or((1.0, text), |rest| (-1.0, rest));
    let (days, time) = text.strip_prefix('P')?.split_once('T')?;
    let mut total = 0.0;
    let mut sum = |part: &str, units: &str| {
        let mut rest = part;
        while !rest.is_empty() {
            let end = rest.find(|c: char| c.is_ascii_uppercase())?;
            let unit = &rest[end..=end];
            let number: f64 = rest[..end].replacen(',', ".", 1).parse().ok()?;
            total += number * nanos_per(&unit.to_ascii_lowercase()).filter(|_| units.contains(unit))?;
            rest = &rest[end + 1..];
        }
        Some(())
    };
    sum(days, "DW")?;
    sum(time, "HMS").filter(|()| !time.is_empty())?;
    Some(sign * total)
}

/// Nanoseconds in one of the unit that `symbol` names.
pub fn nanos_per(symbol: &str) -> Option<f64> {
    Some(match symbol {
        "ns" | "nsec" | "nsecs" | "nanos" | "nanosecond" | "nanoseconds" => 1.0,
        "us" | "µs" | "μs" | "usec" | "usecs" | "micros" | "microsecond" | "microseconds" => 1e3,
        "ms" | "msec" | "msecs" | "millis" | "millisecond" | "milliseconds" => 1e6,
        "s" | "sec" | "secs" | "second" | "seconds" => 1e9,
        "m" | "min" | "mins" | "minute" | "minutes" => 60e9,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600e9,
        "d" | "day" | "days" => 86_400e9,
        "w" | "week" | "weeks" => 604_800e9,
        _ => return None,
    })
}

/// A number of bytes written with its unit: `10KiB`, `1.5MB`, `20B`. `None` for anything else.
pub fn parse_size(text: &str) -> Option<f64> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let number: f64 = text[..digits].parse().ok()?;
    let factor = match text[digits..].trim_start() {
        "B" => 1.0,
        "kB" | "KB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "TB" => 1e12,
        "KiB" => 1024.0,
        "MiB" => 1_048_576.0,
        "GiB" => 1_073_741_824.0,
        "TiB" => 1_099_511_627_776.0,
        _ => return None,
    };
    Some(number * factor)
}

/// Milliseconds for people: `850 µs`, `12.3 ms`, `20.0 s`, `5 min 20 s`, `2 h 05 min`.
#[derive(Clone, Copy, Debug)]
pub struct HumanMillis(pub f64);

impl fmt::Display for HumanMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0;
        let text = match ms.abs() {
            0.0 => "0 ms".to_owned(),
            a if a < 0.9995 => format!("{:.0} µs", ms * 1e3),
            a if a < 9.995 => format!("{ms:.2} ms"),
            a if a < 99.95 => format!("{ms:.1} ms"),
            a if a < 999.5 => format!("{ms:.0} ms"),
            a if a < 9_995.0 => format!("{:.2} s", ms / 1e3),
            a if a < 59_950.0 => format!("{:.1} s", ms / 1e3),
            a if a < 3_599_500.0 => {
                let s = (ms / 1e3).round() as i64;
                if s % 60 == 0 {
                    format!("{} min", s / 60)
                } else {
                    format!("{} min {:02} s", s / 60, s % 60)
                }
            }
            _ => {
                let m = (ms / 60_000.0).round() as i64;
                format!("{} h {:02} min", m / 60, m % 60)
            }
        };
        f.pad(&text)
    }
}

/// Bytes for people, in powers of 1000 as file managers count: `29.1 MB`.
#[derive(Clone, Copy, Debug)]
pub struct HumanBytes(pub u64);

impl fmt::Display for HumanBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let b = self.0 as f64;
        let text = match self.0 {
            0..=999 => format!("{} B", self.0),
            1_000..=999_949 => format!("{:.1} kB", b / 1e3),
            999_950..=999_949_999 => format!("{:.1} MB", b / 1e6),
            999_950_000..=999_949_999_999 => format!("{:.1} GB", b / 1e9),
            _ => format!("{:.1} TB", b / 1e12),
        };
        f.pad(&text)
    }
}

/// A count for people, with commas: `145,046`.
#[derive(Clone, Copy, Debug)]
pub struct HumanCount(pub u64);

impl fmt::Display for HumanCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        let mut text = String::with_capacity(digits.len() * 4 / 3);
        for (i, c) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                text.push(',');
            }
            text.push(c);
        }
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_come_from_names() {
        for (name, expected) in [
            ("durationMs", Some((Unit::Millis, "duration"))),
            ("processing_time_ms", Some((Unit::Millis, "processing_time"))),
            ("took_us", Some((Unit::Micros, "took"))),
            ("latency_seconds", Some((Unit::Seconds, "latency"))),
            ("elapsedMillis", Some((Unit::Millis, "elapsed"))),
            ("elapsed_s", Some((Unit::Seconds, "elapsed"))),
            ("Duration (ms)", Some((Unit::Millis, "Duration"))),
            ("latency[us]", Some((Unit::Micros, "latency"))),
            ("took_in_ms", Some((Unit::Millis, "took"))),
            ("durationInMillis", Some((Unit::Millis, "duration"))),
            ("elapsed_msecs", Some((Unit::Millis, "elapsed"))),
            ("status", None),
            ("items", None),
            ("ms", None),
            ("process", None),
            ("dns", None),
        ] {
            assert_eq!(Unit::of_name(name), expected, "{name}");
        }
    }

    #[test]
    fn durations_carry_their_unit_in_the_text() {
        assert_eq!(parse_duration("7.08ms"), Some(7_080_000.0));
        assert_eq!(parse_duration("1.2s"), Some(1.2e9));
        assert_eq!(parse_duration("1h30m"), Some(5_400e9));
        assert_eq!(parse_duration("-2h"), Some(-7_200e9));
        assert_eq!(parse_duration("100.6µs"), Some(100_600.0));
        for text in ["", "-", "5", "ms", "1.2.3s", "5 parsecs", "1h30"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn durations_are_read_in_any_notation() {
        for (text, millis) in [
            ("1,500 ms", 1_500.0),
            ("1,234,567.5 ms", 1_234_567.5),
            ("250 ms", 250.0),
            ("0,250 s", 250.0),
            ("1,5 s", 1_500.0),
            ("325µs", 0.325),
            ("325 micros", 0.325),
            ("1m3.2s", 63_200.0),
            ("1h 2m 3s", 3_723_000.0),
            ("00:00:01.2345678", 1_234.567_8),
            ("00:01:00", 60_000.0),
            ("-00:00:00.5000000", -500.0),
            ("1.02:03:04", 93_784_000.0),
            ("1 day, 0:00:01.5", 86_401_500.0),
            ("0:00:01.234567", 1_234.567),
            ("1:02.5", 62_500.0),
            ("PT1.5S", 1_500.0),
            ("PT0.025S", 25.0),
            ("PT1H2M3.5S", 3_723_500.0),
            ("P1DT1S", 86_401_000.0),
            ("-PT2S", -2_000.0),
        ] {
            let read = parse_span(text).map(|nanos| nanos / 1e6);
            assert!(read.is_some_and(|read| (read - millis).abs() < 1e-6 * millis.abs()), "{text}: {read:?}");
        }
        for text in [
            "",
            "10:20",
            "1:2:3",
            "00:61:00",
            "P1Y",
            "PT",
            "P1D",
            "PT1.S.",
            "1,500",
            "a,500 ms",
            "::",
            "1 night, 0:00:01",
            "10:10:10.1.2",
        ] {
            assert_eq!(parse_span(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_for_people() {
        assert_eq!(HumanCount(145_046).to_string(), "145,046");
        assert_eq!(HumanCount(7).to_string(), "7");
        assert_eq!(HumanBytes(29_100_000).to_string(), "29.1 MB");
        assert_eq!(HumanMillis(20_005.0).to_string(), "20.0 s");
        assert_eq!(HumanMillis(135.22).to_string(), "135 ms");
        assert_eq!(HumanMillis(3_900_000.0).to_string(), "1 h 05 min");
    }
}
