//! The names that Prometheus gives to metrics and attributes of OpenTelemetry.
//!
//! <https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#otlp-metric-points-to-prometheus>

/// Units in words: those of UCUM, as OpenTelemetry uses it.
const UNITS: [(&str, &str); 30] = [
    ("d", "days"),
    ("h", "hours"),
    ("min", "minutes"),
    ("s", "seconds"),
    ("ms", "milliseconds"),
    ("us", "microseconds"),
    ("ns", "nanoseconds"),
    ("By", "bytes"),
    ("KiBy", "kibibytes"),
    ("MiBy", "mebibytes"),
    ("GiBy", "gibibytes"),
    ("TiBy", "tibibytes"),
    ("KBy", "kilobytes"),
    ("MBy", "megabytes"),
    ("GBy", "gigabytes"),
    ("TBy", "terabytes"),
    ("KB", "kilobytes"),
    ("MB", "megabytes"),
    ("GB", "gigabytes"),
    ("TB", "terabytes"),
    ("m", "meters"),
    ("V", "volts"),
    ("A", "amperes"),
    ("J", "joules"),
    ("W", "watts"),
    ("g", "grams"),
    ("Cel", "celsius"),
    ("Hz", "hertz"),
    ("%", "percent"),
    ("1", ""),
];

/// What stands behind a stroke.
const PER: [(&str, &str); 7] = [
    ("s", "second"),
    ("m", "minute"),
    ("h", "hour"),
    ("d", "day"),
    ("w", "week"),
    ("mo", "month"),
    ("y", "year"),
];

/// What a metric is, as far as its name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Gauge,
    Counter,
    Other,
}

/// The name of a metric with its unit and, of a counter, `_total` at its end.
pub(super) fn metric(name: &str, unit: &str, kind: Kind) -> String {
    let mut words: Vec<String> = words(name).map(str::to_owned).collect();
    let total = "total";
    // Where a name says so already, it stands behind the unit.
    words.retain(|word| kind != Kind::Counter || word != total);
    let (of, per) = unit.split_once('/').map_or((unit, None), |(of, per)| (of, Some(per)));
    let main = in_words(&UNITS, of);
    let mut add = |word: String| {
        if !word.is_empty() && !words.contains(&word) {
            words.extend(self::words(&word).map(str::to_owned).collect::<Vec<_>>());
        }
    };
    add(main);
    if let Some(per) = per.map(|per| in_words(&PER, per)).filter(|per| !per.is_empty()) {
        add(format!("per_{per}"));
    }
    if kind == Kind::Gauge && unit.trim() == "1" {
        add("ratio".to_owned());
    }
    if kind == Kind::Counter {
        words.push(total.to_owned());
    }
    let name = words.join("_");
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// A unit in words; what stands in braces is a remark.
fn in_words(known: &[(&str, &str)], unit: &str) -> String {
    let unit = unit.trim();
    match known.iter().find(|(short, _)| *short == unit) {
        Some((_, word)) => (*word).to_owned(),
        None if unit.contains(['{', '}']) => String::new(),
        None => words(unit).collect::<Vec<_>>().join("_"),
    }
}

/// The parts of a name: letters, digits and colons.
fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !(c.is_ascii_alphanumeric() || c == ':')).filter(|word| !word.is_empty())
}

/// The name of a label.
pub(super) fn label(attribute: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = attribute.chars().map(plain).collect();
    match name.as_bytes() {
        [b'0'..=b'9', ..] => format!("key_{name}"),
        [b'_', second, ..] if *second != b'_' => format!("key{name}"),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_prometheus() {
        for (name, unit, kind, expected) in [
            ("http.server.request.duration", "s", Kind::Other, "http_server_request_duration_seconds"),
            ("http.server.requests", "{request}", Kind::Counter, "http_server_requests_total"),
            ("requests_total", "1", Kind::Counter, "requests_total"),
            ("system.network.io", "By", Kind::Counter, "system_network_io_bytes_total"),
            ("jvm.memory.used", "By", Kind::Gauge, "jvm_memory_used_bytes"),
            ("cpu.utilization", "1", Kind::Gauge, "cpu_utilization_ratio"),
            ("fan.speed", "m/s", Kind::Gauge, "fan_speed_meters_per_second"),
            ("process.cpu.seconds", "s", Kind::Counter, "process_cpu_seconds_total"),
            ("1st..try", "", Kind::Gauge, "_1st_try"),
            ("queue.length", "{items}", Kind::Gauge, "queue_length"),
        ] {
            assert_eq!(metric(name, unit, kind), expected);
        }
        for (name, expected) in [
            ("http.method", "http_method"),
            ("3x", "key_3x"),
            ("_x", "key_x"),
            ("__x", "__x"),
            ("a-b c", "a_b_c"),
        ] {
            assert_eq!(label(name), expected);
        }
    }
}
