//! What collectd's csv plugin writes: a file for each kind of value of a thing, and a day; its path has all the names.

use super::csv::Csv;
use super::exposition::{head_lines, number, seconds};
use super::{Each, Known, MetricError, MetricFormat, Read, ReadOptions, Sink};
use crate::model::{Labels, Series};

/// Tables of collectd.
pub(super) struct Collectd;

/// The format's name.
pub const NAME: &str = "collectd";

impl MetricFormat for Collectd {
    fn name(&self) -> &'static str {
        NAME
    }

    fn doc(&self) -> &'static str {
        "What collectd's csv plugin writes; its series are named by HOST/PLUGIN-INSTANCE/TYPE-INSTANCE-DATE."
    }

    fn recognises(&self, head: &[u8]) -> bool {
        let mut lines = head_lines(head);
        let Some(names) = lines.next().and_then(|line| line.strip_prefix(b"epoch,")) else { return false };
        let columns = names.split(|b| *b == b',').count();
        lines.all(|line| {
            let mut cells = line.trim_ascii().split(|b| *b == b',');
            cells.next().is_some_and(|time| seconds(time).is_some())
                && cells.clone().count() == columns
                && cells.all(|cell| number(cell).is_some())
        })
    }

    fn read(
        &self,
        bytes: &[u8],
        options: ReadOptions,
        known: &mut Known,
        sink: &mut Sink<'_>,
    ) -> Result<Read, MetricError> {
        Csv.read(bytes, options, known, sink)
    }

    fn rows(&self, bytes: &[u8], options: ReadOptions, each: &mut Each<'_>) -> bool {
        Csv.rows(bytes, options, each)
    }

    fn examples(&self) -> &'static [&'static str] {
        &["epoch,shortterm,midterm,longterm\n1709596800.123,0.15,0.2,0.18\n1709596810.123,0.16,0.2,0.18\n"]
    }
}

/// Types of values that are counters (`DERIVE` and `COUNTER` in collectd's `types.db`).
const COUNTERS: &[&str] = &[
    "connections",
    "contextswitch",
    "cpu",
    "disk_io_time",
    "disk_merged",
    "disk_octets",
    "disk_ops",
    "disk_time",
    "fork_rate",
    "http_requests",
    "if_collisions",
    "if_dropped",
    "if_errors",
    "if_octets",
    "if_packets",
    "if_rx_errors",
    "if_tx_errors",
    "io_octets",
    "io_packets",
    "irq",
    "mysql_commands",
    "mysql_handler",
    "nfs_procedure",
    "protocol_counter",
    "ps_cputime",
    "ps_disk_octets",
    "ps_disk_ops",
    "ps_pagefaults",
    "swap_io",
    "total_bytes",
    "total_requests",
    "vmpage_action",
    "vmpage_faults",
    "vmpage_io",
];

/// The series of a column as collectd itself names it for Prometheus (its plugin `write_prometheus`):
/// `collectd_cpu_total{cpu="0", instance="quay1", type="idle"}`. `None` if the path is not collectd's.
pub fn named(path: &str, series: &Series) -> Option<Labels> {
    let mut parts = path.rsplit('/');
    let (file, folder) = (parts.next()?, parts.next()?);
    let host = parts.next().unwrap_or_default();
    let dated = file.len().checked_sub("-2024-03-05".len())?;
    let (name, date) = file.split_at_checked(dated)?;
    let is_date = date.bytes().enumerate().all(|(at, b)| match at {
        0 | 5 | 8 => b == b'-',
        _ => b.is_ascii_digit(),
    });
    if !is_date || name.is_empty() {
        return None;
    }
    let (kind, of) = name.split_once('-').unwrap_or((name, ""));
    let (plugin, instance) = folder.split_once('-').unwrap_or((folder, ""));
    let column = series.labels.metric();
    let mut parts = vec!["collectd", plugin];
    parts.extend((kind != plugin).then_some(kind));
    parts.extend((column != "value").then_some(column));
    // With its option `StoreRates` it has made rates of them, which are no whole numbers.
    let counts = COUNTERS.contains(&kind) && series.samples.iter().all(|sample| sample.value.fract() == 0.0);
    parts.extend(counts.then_some("total"));
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' };
    let metric: String = parts.join("_").chars().map(plain).collect();
    let mut labels = Labels::new([(Labels::NAME, metric)]);
    let plugin: String = plugin.chars().map(plain).collect();
    for (label, value) in [
        (plugin.as_str(), instance),
        (if instance.is_empty() { plugin.as_str() } else { "type" }, of),
        ("instance", host),
    ] {
        if !value.is_empty() {
            labels.set(label.to_owned(), value);
        }
    }
    Some(labels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sample;

    #[test]
    fn paths_name_series() {
        for (path, column, value, expected) in [
            (
                "c/quay1/cpu-0/cpu-idle-2024-03-05",
                "value",
                7.0,
                r#"collectd_cpu_total{cpu="0", instance="quay1", type="idle"}"#,
            ),
            (
                "quay1/cpu-0/cpu-idle-2024-03-05",
                "value",
                99.5,
                r#"collectd_cpu{cpu="0", instance="quay1", type="idle"}"#,
            ),
            ("quay1/load/load-2024-03-05", "shortterm", 1.0, r#"collectd_load_shortterm{instance="quay1"}"#),
            (
                "quay1/interface-eth0/if_octets-2024-03-05",
                "rx",
                5.0,
                r#"collectd_interface_if_octets_rx_total{instance="quay1", interface="eth0"}"#,
            ),
            ("memory/memory-used-2024-03-05", "value", 5.0, r#"collectd_memory{memory="used"}"#),
        ] {
            let samples = vec![Sample { at: 0, value }];
            let series =
                Series { labels: Labels::new([(Labels::NAME, column)]), samples, ..Series::default() };
            assert_eq!(
                named(path, &series).map(|labels| labels.to_string()).as_deref(),
                Some(expected),
                "{path}"
            );
        }
        let series = Series::default();
        assert_eq!(named("quay1/load/load.csv", &series), None);
        assert_eq!(named("-2024-03-05", &series), None);
    }
}
