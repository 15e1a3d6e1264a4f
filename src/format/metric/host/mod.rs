//! What machines tell of themselves: the tables of sysstat (`sar`, `mpstat`, `iostat`, `pidstat`), what `sadf` makes of
//! its recordings, and what `vmstat`, `top`, `free`, `df` and `ss -s` print.
//!
//! Columns become metrics of their names: `%idle` of a processor is `host_cpu_idle_percent{cpu="all"}`, `kbmemfree` is
//! `host_memfree_kilobytes`, `rxkB/s` of an interface `host_iface_rxkb`. Columns of words are labels.

pub(super) mod proc;
pub(super) mod procps;
pub(super) mod sadf;
pub(super) mod sysstat;

use super::{Each, MetricError, Read, ReadOptions};
use crate::model::{Labels, Sample};

/// A sample of a row, which is put together with the labels of the row.
struct Row {
    labels: Vec<(String, String)>,
    at: i64,
    line: u64,
}

impl Row {
    fn put(&self, name: &str, value: f64, each: &mut Each<'_>) {
        let own = self.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        each(self.line, &Labels::new(own.chain([(Labels::NAME, name)])), Sample { at: self.at, value });
    }
}

/// What stands first in the name of a column's metric: the thing that the rows are of.
const KEYS: &[(&str, &str)] = &[
    ("cpu", "cpu"),
    ("iface", "iface"),
    ("dev", "device"),
    ("device", "device"),
    ("filesystem", "filesystem"),
    ("mountpoint", "filesystem"),
    ("pid", "process"),
    ("tgid", "process"),
    ("intr", "interrupt"),
    ("tty", "tty"),
    ("bus", "usb"),
    ("fchost", "fchost"),
    ("fan", "fan"),
    ("temp", "temp"),
    ("in", "voltage"),
];

/// Columns that tell whose a row is, though numbers stand in them.
const NUMBERED: &[&str] = &[
    "cpu", "pid", "uid", "tid", "tgid", "ppid", "intr", "tty", "bus", "idvend", "idprod", "fan", "temp", "in",
];

/// A column's name without what older versions write around it: `#`, `Device:`.
fn bare(column: &str) -> String {
    column.trim_start_matches('#').trim_end_matches(':').to_ascii_lowercase()
}

/// The name of a label, as a column has it.
fn label(column: &str) -> String {
    let plain: String = bare(column);
    match plain.as_str() {
        "dev" => String::from("device"),
        "mountpoint" => String::from("filesystem"),
        _ => plain.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect(),
    }
}

/// The name of a column's metric, below what its rows are of.
fn metric(of: &str, column: &str) -> String {
    let lower = column.trim_end_matches("/s").to_ascii_lowercase();
    let (plain, unit) = if let Some(plain) = lower.strip_prefix('%').or(lower.strip_suffix("-percent")) {
        (plain, "_percent")
    } else if let Some(plain) = lower.strip_prefix("kb").filter(|plain| plain.len() > 2) {
        (plain, "_kilobytes")
    } else if let Some(plain) = lower.strip_prefix("mb").filter(|plain| plain.len() > 2) {
        (plain, "_megabytes")
    } else {
        (lower.as_str(), "")
    };
    let (plain, unit) = match (of, plain) {
        ("cpu", "usr") => ("user", unit),
        ("cpu", "sys") => ("system", unit),
        // In JSON iostat leaves the unit out.
        ("device", "util") => (plain, "_percent"),
        (_, plain) => (plain, unit),
    };
    let mut name = String::from("host_");
    if !of.is_empty() {
        name.push_str(of);
        name.push('_');
    }
    name.extend(plain.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }));
    name.push_str(unit);
    name
}

/// What the rows of a table with these columns are of.
fn subject<'c>(columns: impl Iterator<Item = &'c str>) -> &'static str {
    let mut found = "";
    for column in columns {
        let name = bare(column);
        let known = KEYS.iter().find(|(key, _)| *key == name);
        if let Some((_, of)) = known.filter(|(_, of)| found.is_empty() || *of == "process") {
            found = of;
        }
    }
    found
}

/// A number of a cell; a comma may be its decimal point.
fn number(cell: &str) -> Option<f64> {
    let digit = cell.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit());
    (digit && !cell.contains(':')).then(|| cell.replace(',', ".").trim_end_matches('%').parse().ok())?
}

/// Does a cell look like a time of day?
fn is_clock(cell: &str) -> bool {
    let bytes = cell.as_bytes();
    bytes.len() == 8
        && bytes.iter().enumerate().all(|(at, b)| if at % 3 == 2 { *b == b':' } else { b.is_ascii_digit() })
}

/// Seconds of the day: `08:07:55`, with `PM` behind it or not.
fn clock(cell: &str, half: Option<&str>) -> Option<i64> {
    is_clock(cell).then_some(())?;
    let mut parts = cell.split(':').map(|part| part.parse::<i64>().ok());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    let hours = match half {
        Some("AM") => hours % 12,
        Some("PM") => hours % 12 + 12,
        _ => hours,
    };
    Some(hours * 3_600 + minutes * 60 + seconds)
}

/// Reads with a walk that may refuse lines.
fn reading(
    options: ReadOptions,
    sink: &mut super::Sink<'_>,
    walk: impl FnOnce(
        &mut Each<'_>,
        &mut dyn FnMut(MetricError) -> Result<(), MetricError>,
    ) -> Result<(), MetricError>,
) -> Result<Read, MetricError> {
    let mut read = Read::default();
    let mut samples = 0;
    walk(
        &mut |_, labels, sample| {
            samples += 1;
            sink(labels, sample);
        },
        &mut |error| read.refuse(error, options),
    )?;
    read.samples += samples;
    Ok(read)
}

fn refused(line: u64, message: impl Into<String>) -> MetricError {
    MetricError { line, column: 1, message: message.into(), hint: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_become_metrics() {
        for (of, column, expected) in [
            ("cpu", "%idle", "host_cpu_idle_percent"),
            ("cpu", "%usr", "host_cpu_user_percent"),
            ("", "kbmemfree", "host_memfree_kilobytes"),
            ("iface", "rxkB/s", "host_iface_rxkb"),
            ("device", "%util", "host_device_util_percent"),
            ("device", "util-percent", "host_device_util_percent"),
            ("", "runq-sz", "host_runq_sz"),
            ("", "kB", "host_kb"),
        ] {
            assert_eq!(metric(of, column), expected);
        }
    }

    #[test]
    fn times_of_day_are_read() {
        assert_eq!(clock("08:07:55", None), Some(29_275));
        assert_eq!(clock("12:00:01", Some("AM")), Some(1));
        assert_eq!(clock("08:07:55", Some("PM")), Some(72_475));
        assert_eq!(clock("8:07", None), None);
    }
}
