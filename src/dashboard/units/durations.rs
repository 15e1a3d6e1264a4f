//! Lengths of time: in one unit, in words, as clocks show them.

use super::number;

/// A length of time, in the unit that suits it.
pub(super) fn time(seconds: f64, decimals: Option<usize>) -> String {
    const UNITS: [(f64, f64, &str); 9] = [
        (1e-6, 1e-9, "ns"),
        (1e-3, 1e-6, "µs"),
        (1.0, 1e-3, "ms"),
        (60.0, 1.0, "s"),
        (3_600.0, 60.0, "mins"),
        (86_400.0, 3_600.0, "hours"),
        (604_800.0, 86_400.0, "days"),
        (31_536_000.0, 604_800.0, "weeks"),
        (f64::INFINITY, 31_556_900.0, "years"),
    ];
    if seconds == 0.0 {
        return "0 s".to_owned();
    }
    let found = UNITS.iter().find(|(until, ..)| seconds.abs() < *until).unwrap_or(&UNITS[8]);
    let value = seconds / found.1;
    let name = if value == 1.0 { found.2.trim_end_matches('s') } else { found.2 };
    // The seconds' own name ends so.
    let name = if matches!(found.2, "s" | "ms" | "µs" | "ns") { found.2 } else { name };
    format!("{} {name}", number(value, decimals))
}

/// `2 days, 3 hours`: the largest unit, and so many below it; what is nothing is in this unit.
pub(super) fn words(millis: f64, more: usize, unit: &str) -> String {
    const UNITS: [(f64, &str); 8] = [
        (31_536_000_000.0, "year"),
        (2_592_000_000.0, "month"),
        (604_800_000.0, "week"),
        (86_400_000.0, "day"),
        (3_600_000.0, "hour"),
        (60_000.0, "minute"),
        (1_000.0, "second"),
        (1.0, "millisecond"),
    ];
    if millis.abs() < 1.0 {
        return format!("0 {unit}");
    }
    let mut left = millis.abs();
    let mut parts: Vec<String> = Vec::new();
    for (length, name) in UNITS {
        if parts.is_empty() && left < length {
            continue;
        }
        if parts.len() > more {
            break;
        }
        let count = (left / length).floor();
        left -= count * length;
        parts.push(format!("{count} {name}{}", if count == 1.0 { "" } else { "s" }));
    }
    let text = parts.join(", ");
    if millis < 0.0 { format!("{text} ago") } else { text }
}

/// `01:02:03`, or `1 d 01:02:03`.
pub(super) fn clock(seconds: f64, days: bool) -> String {
    let whole = seconds.abs().floor();
    let of_day = if days { whole % 86_400.0 } else { whole };
    let (hours, minutes, left) = ((of_day / 3_600.0).floor(), (of_day / 60.0).floor() % 60.0, of_day % 60.0);
    let day = (whole / 86_400.0).floor();
    let before = if seconds < 0.0 { "-" } else { "" };
    let day = if days && day > 0.0 { format!("{day} d ") } else { String::new() };
    format!("{before}{day}{hours:02}:{minutes:02}:{left:02}")
}

/// `01h:02m:03s:004ms`: from the largest unit that is not nothing, so many units below it, or all.
pub(super) fn letters(millis: f64, decimals: Option<usize>) -> String {
    let whole = millis.abs().floor();
    let parts = [
        (format!("{:02}h", (whole / 3_600_000.0).floor()), 3_600_000.0),
        (format!("{:02}m", (whole / 60_000.0).floor() % 60.0), 60_000.0),
        (format!("{:02}s", (whole / 1_000.0).floor() % 60.0), 1_000.0),
        (format!("{:03}ms", whole % 1_000.0), 1.0),
    ];
    let first = parts.iter().position(|(_, length)| whole >= *length).unwrap_or(parts.len() - 1);
    let count = decimals.map_or(parts.len(), |decimals| decimals + 1);
    let shown: Vec<&str> = parts[first..].iter().take(count).map(|(text, _)| text.as_str()).collect();
    format!("{}{}", if millis < 0.0 { "-" } else { "" }, shown.join(":"))
}
