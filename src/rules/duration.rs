//! Durations in Prometheus' notation: `1h30m`, `500ms`, `0`.

/// Milliseconds of each unit, largest first, which is also the order they have to be written in.
const UNITS: [(&str, i64); 7] = [
    ("y", 365 * 24 * 3_600_000),
    ("w", 7 * 24 * 3_600_000),
    ("d", 24 * 3_600_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// The largest duration that Prometheus can hold, in milliseconds: 2^63 nanoseconds.
const MAX: i64 = i64::MAX / 1_000_000;

/// Milliseconds of a duration: whole numbers with units, largest unit first, each at most once; or `0`.
///
/// # Errors
/// What is wrong with it: lower case, no full stop.
pub fn parse(text: &str) -> Result<i64, String> {
    if text.is_empty() {
        return Err("empty duration string".to_owned());
    }
    if text == "0" {
        return Ok(0);
    }
    let bad = || format!("not a valid duration string: {text:?}");
    let (mut rest, mut next, mut total) = (text, 0, 0_i64);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
        let end = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| at + digits);
        let unit = &rest[digits..end];
        let found = UNITS[next..].iter().position(|(name, _)| *name == unit).ok_or_else(bad)?;
        let millis = UNITS[next + found].1;
        next += found + 1;
        if digits == 0 {
            return Err(bad());
        }
        total = rest[..digits]
            .parse::<i64>()
            .ok()
            .and_then(|count| count.checked_mul(millis))
            .and_then(|part| total.checked_add(part))
            .filter(|total| *total <= MAX)
            .ok_or_else(|| "duration out of range".to_owned())?;
        rest = &rest[end..];
    }
    Ok(total)
}

/// The same notation, as short as it can be without changing the value: `1d12h`, `1m30s`, `0s`.
pub fn text(millis: i64) -> String {
    if millis == 0 {
        return "0s".to_owned();
    }
    let mut rest = millis.unsigned_abs();
    let mut out = String::from(if millis < 0 { "-" } else { "" });
    for (unit, size) in UNITS {
        let size = size as u64;
        // Years and weeks are used only where nothing is left over, as in Prometheus.
        if matches!(unit, "y" | "w") && !rest.is_multiple_of(size) {
            continue;
        }
        if rest >= size {
            let _ = write!(out, "{}{unit}", rest / size);
            rest %= size;
        }
    }
    out
}

use std::fmt::Write as _;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written() {
        for (source, millis, back) in [
            ("0", 0, "0s"),
            ("0s", 0, "0s"),
            ("5m", 300_000, "5m"),
            ("1h30m", 5_400_000, "1h30m"),
            ("10s53ms", 10_053, "10s53ms"),
            ("100d", 8_640_000_000, "100d"),
            ("7d", 604_800_000, "1w"),
            ("365d", 31_536_000_000, "1y"),
            ("90s", 90_000, "1m30s"),
        ] {
            assert_eq!(parse(source), Ok(millis), "{source}");
            assert_eq!(text(millis), back, "{source}");
        }
        for source in ["", "5", "m", "1m1h", "1m1m", "1.5h", "-1m", "1 m", "1µs", "99999999999y", "1h5"] {
            assert!(parse(source).is_err(), "{source}");
        }
    }
}
