//! What clients send to statsd, as it was captured: `orders.paid:1|c`, `queue:7|g`, `took:320|ms|@0.1|#host:web1`.

use std::collections::BTreeMap;

use super::exposition::{head_lines, lines};
use super::influx::{label_name, metric_name};
use super::{Known, MetricError, MetricFormat, Read, ReadOptions, Sink};
use crate::model::{Labels, Sample};

/// Lines of statsd.
pub(super) struct Statsd;

/// A measurement.
struct Sent<'t> {
    name: &'t str,
    value: f64,
    /// Is it what is added to the last value, and not a value?
    signed: bool,
    kind: &'t str,
    /// Which part of all is sent.
    rate: f64,
    tags: Vec<(String, String)>,
}

impl<'t> Sent<'t> {
    fn of(line: &'t str) -> Option<Sent<'t>> {
        let mut parts = line.trim().split('|');
        let (name, value) = parts.next()?.rsplit_once(':')?;
        let kind = parts.next().filter(|kind| matches!(*kind, "c" | "g" | "ms" | "h" | "d" | "s"))?;
        let is_name = |c: char| c.is_alphanumeric() || "._-/:".contains(c);
        (!name.is_empty() && name.chars().all(is_name)).then_some(())?;
        let number = if kind == "s" { 1.0 } else { value.parse().ok()? };
        let (mut rate, mut tags) = (1.0, Vec::new());
        for part in parts {
            if let Some(sampled) = part.strip_prefix('@') {
                rate = sampled.parse::<f64>().ok().filter(|rate| *rate > 0.0)?;
            } else if let Some(all) = part.strip_prefix('#') {
                let pairs = all.split(',').map(|tag| tag.split_once(':').unwrap_or((tag, "")));
                tags = pairs.map(|(name, value)| (label_name(name), value.to_owned())).collect();
            }
        }
        Some(Sent { name, value: number, signed: value.starts_with(['+', '-']), kind, rate, tags })
    }

    fn labels(&self, end: &str) -> Labels {
        let name = format!("{}{end}", metric_name(self.name));
        Labels::new(self.tags.iter().cloned().chain([(Labels::NAME.to_owned(), name)]))
    }
}

impl MetricFormat for Statsd {
    fn name(&self) -> &'static str {
        "statsd"
    }

    fn doc(&self) -> &'static str {
        "Captured lines of statsd, added up: counters, gauges, timers (_sum, _count)."
    }

    fn recognises(&self, head: &[u8]) -> bool {
        let mut count = 0;
        let mut seen = head_lines(head).filter(|line| !line.trim_ascii().is_empty()).map(|line| {
            count += 1;
            std::str::from_utf8(line).ok().and_then(Sent::of).is_some()
        });
        seen.all(|readable| readable) && count > 0
    }

    fn read(
        &self,
        bytes: &[u8],
        options: ReadOptions,
        _: &mut Known,
        sink: &mut Sink<'_>,
    ) -> Result<Read, MetricError> {
        let mut read = Read::default();
        let mut sums: BTreeMap<String, (Labels, f64)> = BTreeMap::new();
        for (number, line) in lines(bytes).filter(|(_, line)| !line.trim_ascii().is_empty()) {
            let text = String::from_utf8_lossy(line);
            let Some(sent) = Sent::of(&text) else {
                let message = "is no line of statsd".to_owned();
                read.refuse(MetricError { line: number, column: 1, message, hint: None }, options)?;
                continue;
            };
            let mut put = |end: &str, value: f64, adds: bool| {
                let labels = sent.labels(end);
                let known = sums.entry(labels.to_string()).or_insert_with(|| (labels, 0.0));
                known.1 = if adds { known.1 + value } else { value };
            };
            match sent.kind {
                "c" => put("_total", sent.value / sent.rate, true),
                "g" => put("", sent.value, sent.signed),
                "s" => put("_values_total", 1.0, true),
                _ => {
                    put("_sum", sent.value / sent.rate, true);
                    put("_count", 1.0 / sent.rate, true);
                }
            }
        }
        for (labels, value) in sums.into_values() {
            read.samples += 1;
            sink(&labels, Sample { at: options.at_ms, value });
        }
        Ok(read)
    }

    fn examples(&self) -> &'static [&'static str] {
        &["orders.paid:1|c\norders.paid:2|c|@0.5\nqueue:7|g\nqueue:-2|g\ntook:320|ms|#host:web1\n"]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_added_up() {
        let mut found = Vec::new();
        let options = ReadOptions::of_file(7_000, chrono_tz::UTC);
        let text = Statsd.examples()[0];
        let read = Statsd.read(text.as_bytes(), options, &mut Known::new(), &mut |labels, sample| {
            found.push(format!("{labels} {}", sample.value));
        });
        assert_eq!(read.unwrap().samples, 4);
        assert_eq!(
            found,
            ["orders_paid_total 5", "queue 5", "took_count{host=\"web1\"} 1", "took_sum{host=\"web1\"} 320"]
        );
    }

    #[test]
    fn words_are_no_lines_of_statsd() {
        for text in ["a:1|x", "GET:1", "a b:1|c", "a:b|c", "12:30|c|@0", "", "a:1|c|@x"] {
            assert!(Sent::of(text).is_none(), "{text}");
        }
    }
}
