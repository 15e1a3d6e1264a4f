//! Which fields of entries hold quantities, and what they measure.

use super::meter::{self, Meter};

/// The last parts of names that are no quantities, or do not change.
const FIXED: &[&str] = &[
    "id",
    "ids",
    "name",
    "version",
    "port",
    "pid",
    "tid",
    "total",
    "max",
    "limit",
    "capacity",
    "size",
    "min",
    "threshold",
    "code",
    "line",
    "maximum",
    "minimum",
    "timeout",
    "thread",
    "worker",
    "process",
    "partition",
    "goroutine",
    "node",
    "connection",
    "conn",
    "session",
    "slot",
    "index",
    "seq",
    "no",
    "nr",
    "offset",
];

/// Names of quantities that say of what only with the words of their entries: `active` of a pool.
const BARE: &[&str] = &[
    "active",
    "busy",
    "used",
    "in_use",
    "waiting",
    "free",
    "available",
    "idle",
    "usage",
    "utilization",
    "pct",
    "percent",
    "ratio",
    "used_pct",
    "used_percent",
    "used_mb",
    "used_bytes",
    "behind",
];

/// Detectors of metrics whose names in entries are those of single events.
const EVENTS: &[&str] = &["latency", "errors", "volume", "restart", "metric-change", "retry"];

/// Is a field with this name a quantity that entries tell again and again?
pub fn is_quantity(name: &str) -> bool {
    let plain = plain(name);
    let last = plain.rsplit('_').next().unwrap_or_default();
    !FIXED.contains(&last)
        && (BARE.contains(&plain.as_str()) || !EVENTS.contains(&meter::of_name(&plain).detector))
}

/// The last part of a field's path, as words joined by `_`: `heap_used` for `jvm.heapUsed`.
fn plain(name: &str) -> String {
    let last = name.rsplit('.').next().unwrap_or(name);
    let mut words = String::with_capacity(last.len() + 4);
    let mut low = false;
    for c in last.chars() {
        if c.is_uppercase() && low {
            words.push('_');
        }
        low = c.is_lowercase() || c.is_ascii_digit();
        words.extend(if matches!(c, '-' | ' ') { vec!['_'] } else { c.to_lowercase().collect() });
    }
    words
}

/// What a number measures: by its own name, or by that and the words of its entries.
pub fn meter_of(field: &str, said: &str) -> &'static Meter {
    let own = plain(field);
    let words: String = said.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    let both = format!("{words}_{own}");
    // Who tells of a replica's lag tells more than of a lag.
    let known = if BARE.contains(&own.as_str()) || own.split('_').any(|part| part == "lag") {
        meter::of_name(&both)
    } else {
        meter::of_name(&own)
    };
    if EVENTS.contains(&known.detector) { meter::of_name(&own) } else { known }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_quantities_are_known_in_any_spelling() {
        for name in
            ["queue_depth", "jvm.heapUsed", "lagSeconds", "queued", "openFds", "active", "usedPct", "Threads"]
        {
            assert!(is_quantity(name), "{name}");
        }
        for name in
            ["order_id", "queue_id", "max", "duration_ms", "rows", "attempts", "line", "poolSize", "thread"]
        {
            assert!(!is_quantity(name), "{name}");
        }
        for (field, said, detector) in [
            ("lag_seconds", "replica status", "replication"),
            ("lag", "consumer progress", "queue"),
            ("active", "connection pool status", "pool-usage"),
            ("heapUsedMb", "runtime", "out-of-memory"),
            ("queued", "executor", "queue"),
        ] {
            assert_eq!(meter_of(field, said).detector, detector, "{field} {said}");
        }
    }
}
