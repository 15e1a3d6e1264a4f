//! Numbers for people, as Prometheus' `humanize…` functions write them.

use super::format::general;
use super::time;

/// Four significant digits.
fn short(value: f64) -> String {
    general(value, Some(4), false)
}

const SMALL: [&str; 8] = ["m", "u", "n", "p", "f", "a", "z", "y"];

/// Scales a value below 1 by thousands; the scaled value and its prefix.
fn shrunk(mut value: f64) -> (f64, &'static str) {
    let mut prefix = "";
    for next in SMALL {
        if value.abs() >= 1.0 {
            break;
        }
        prefix = next;
        value *= 1000.0;
    }
    (value, prefix)
}

fn grown(mut value: f64, step: f64, prefixes: [&'static str; 8]) -> (f64, &'static str) {
    let mut prefix = "";
    for next in prefixes {
        if value.abs() < step {
            break;
        }
        prefix = next;
        value /= step;
    }
    (value, prefix)
}

/// With metric prefixes: `1.234k`, `12m`.
pub fn humanize(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return short(value);
    }
    let (value, prefix) = if value.abs() >= 1.0 {
        grown(value, 1000.0, ["k", "M", "G", "T", "P", "E", "Z", "Y"])
    } else {
        shrunk(value)
    };
    short(value) + prefix
}

/// With binary prefixes: `1.5Mi`.
pub fn humanize_1024(value: f64) -> String {
    if value.abs() <= 1.0 || !value.is_finite() {
        return short(value);
    }
    let (value, prefix) = grown(value, 1024.0, ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"]);
    short(value) + prefix
}

/// Seconds: `1h 2m 3s`, `1.5s`, `12ms`.
pub fn humanize_duration(value: f64) -> String {
    if !value.is_finite() {
        return short(value);
    }
    if value == 0.0 {
        return short(value) + "s";
    }
    if value.abs() < 1.0 {
        let (value, prefix) = shrunk(value);
        return format!("{}{prefix}s", short(value));
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let value = value.abs();
    let whole = value as i64;
    let (seconds, minutes, hours, days) = (whole % 60, whole / 60 % 60, whole / 3_600 % 24, whole / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{sign}{}s", short(value)),
        (0, 0, _) => format!("{sign}{minutes}m {seconds}s"),
        (0, ..) => format!("{sign}{hours}h {minutes}m {seconds}s"),
        _ => format!("{sign}{days}d {hours}h {minutes}m {seconds}s"),
    }
}

/// A ratio as a percentage: `0.125` is `12.5%`.
pub fn humanize_percentage(value: f64) -> String {
    short(value * 100.0) + "%"
}

/// Seconds since the Unix epoch as Go prints a time: `2015-07-01 00:00:00 +0000 UTC`.
///
/// # Errors
/// The value is beyond what Go's nanoseconds can hold.
pub fn humanize_timestamp(value: f64) -> Result<String, String> {
    if !value.is_finite() {
        return Ok(short(value));
    }
    // Prometheus keeps milliseconds.
    nanos(value).map(|nanos| time::print(time::Moment::utc(nanos - nanos.rem_euclid(1_000_000))))
}

/// Seconds as nanoseconds since the Unix epoch.
pub(super) fn nanos(value: f64) -> Result<i64, String> {
    let nanos = value * 1e9;
    if !value.is_finite() {
        return Err("value is NaN or Inf".to_owned());
    }
    if nanos > i64::MAX as f64 || nanos < i64::MIN as f64 {
        let value = super::format::float_v(value);
        return Err(format!(
            "{value} cannot be represented as a nanoseconds timestamp since it overflows int64"
        ));
    }
    Ok(nanos as i64)
}
