//! Metrics that `obs.yaml` declares: what is counted or measured, where, and under which labels.

use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::config::{self, Part};
use crate::filter::Filter;
use crate::model::series::{is_plain_label, is_plain_metric};
use crate::model::{Diagnostic, Needs};

/// A metric that is derived from log entries.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: MetricKind,
    /// The entries that matter; all, if it is empty.
    pub condition: String,
    /// Its labels, each with the name (a role or a field) whose value it takes.
    pub labels: Vec<(String, String)>,
    /// The name whose value is measured; a counter without one counts entries.
    pub value: Option<String>,
    /// The upper bounds of a histogram's buckets, rising, without infinity.
    pub buckets: Vec<f64>,
}

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MetricKind {
    /// A sum that only grows.
    Counter,
    /// A value that holds until the next one.
    Gauge,
    /// Values counted in buckets.
    Histogram,
}

/// The file as a whole.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigFile {
    #[serde(default)]
    metrics: Vec<Spanned<Entry>>,
}

impl Part for ConfigFile {
    const NAMES: &'static [&'static str] = &["metrics"];
}

/// A metric as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Spanned<String>,
    #[serde(rename = "type")]
    kind: MetricKind,
    #[serde(rename = "where")]
    condition: Option<Spanned<String>>,
    #[serde(default)]
    labels: std::collections::BTreeMap<String, String>,
    value: Option<String>,
    buckets: Option<Spanned<Vec<f64>>>,
}

/// The default bounds of buckets, in seconds: those of Prometheus' clients, and two for what hangs.
pub(super) const BUCKETS: [f64; 13] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// Reads the metrics that a configuration file declares, or everything that is wrong with them. `path` is for
/// messages.
pub fn parse(path: &str, text: &str) -> Result<Vec<Declared>, Vec<Diagnostic>> {
    let file: ConfigFile = config::read(path, text)?;
    let mut checking = Checking { path, problems: Vec::new() };
    let mut metrics: Vec<Declared> = Vec::new();
    for entry in file.metrics {
        let name = &entry.value.name;
        if metrics.iter().any(|known| known.name == name.value) {
            checking.wrong(place(name), format!("metric {:?} is declared twice", name.value));
        }
        metrics.push(checking.metric(&entry));
    }
    if checking.problems.is_empty() { Ok(metrics) } else { Err(checking.problems) }
}

/// Line and column of a value.
fn place<T>(spanned: &Spanned<T>) -> (u64, u64) {
    (spanned.referenced.line(), spanned.referenced.column())
}

struct Checking<'p> {
    path: &'p str,
    problems: Vec<Diagnostic>,
}

impl Checking<'_> {
    fn wrong(&mut self, place: (u64, u64), message: impl Into<String>) {
        self.problems.push(config::wrong(self.path, place, message));
    }

    fn metric(&mut self, entry: &Spanned<Entry>) -> Declared {
        let at = place(entry);
        let Entry { name, kind, condition, labels, value, buckets } = &entry.value;
        if !is_plain_metric(&name.value) {
            self.wrong(place(name), format!("{:?} is no name of a metric", name.value));
        }
        for label in labels.keys() {
            if !is_plain_label(label) || label.starts_with("__") {
                self.wrong(at, format!("{label:?} is no name of a label"));
            }
            if label == "le" && *kind == MetricKind::Histogram {
                self.wrong(at, "the label \"le\" is the histogram's own");
            }
        }
        if value.is_none() && *kind != MetricKind::Counter {
            self.wrong(at, "field `value` is missing: the name whose value is measured");
        }
        if let Some(buckets) = buckets {
            self.buckets(*kind, buckets);
        }
        if let Some(condition) = condition
            && let Err(error) = Filter::parse(&condition.value, &mut Needs::none())
        {
            // The condition's own place within its text; right when the text stands on one line.
            let offset = error.source_span.as_ref().map_or(0, |(_, span)| span.start);
            let (line, column) = place(condition);
            let message = format!("where: {} (at character {})", error.message, offset + 1);
            let diagnostic = config::wrong(self.path, (line, column), message);
            self.problems.push(match error.hint {
                Some(hint) => diagnostic.hinted(hint),
                None => diagnostic,
            });
        }
        Declared {
            name: name.value.clone(),
            kind: *kind,
            condition: condition.as_ref().map_or_else(String::new, |condition| condition.value.clone()),
            labels: labels.iter().map(|(label, field)| (label.clone(), field.clone())).collect(),
            value: value.clone(),
            buckets: buckets.as_ref().map_or_else(|| BUCKETS.to_vec(), |buckets| finite(&buckets.value)),
        }
    }

    fn buckets(&mut self, kind: MetricKind, buckets: &Spanned<Vec<f64>>) {
        if kind != MetricKind::Histogram {
            self.wrong(place(buckets), "only a histogram has buckets");
        }
        let bounds = &buckets.value;
        if bounds.is_empty() || bounds.len() > 1_000 {
            self.wrong(place(buckets), "a histogram has 1 to 1000 buckets");
        }
        if bounds.iter().any(|bound| bound.is_nan()) || bounds.windows(2).any(|pair| pair[0] >= pair[1]) {
            self.wrong(place(buckets), "the bounds of buckets rise from one to the next");
        }
    }
}

/// The last bucket, without a bound, is always there.
fn finite(bounds: &[f64]) -> Vec<f64> {
    bounds.iter().copied().filter(|bound| *bound < f64::INFINITY).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_declared() {
        let text = r#"
metrics:
  - {name: payments_total, type: counter, where: 'message =~ "^Payment"', labels: {gateway: gateway}}
  - {name: payment_duration_seconds, type: histogram, value: processing_time_ms, buckets: [0.1, 1, .inf]}
  - name: database_connections_active
    type: gauge
    value: pool.active
"#;
        let metrics = parse("obs.yaml", text).unwrap();
        assert_eq!(metrics.len(), 3);
        assert_eq!(metrics[0].labels, [("gateway".to_owned(), "gateway".to_owned())]);
        assert_eq!(
            (metrics[1].kind, metrics[1].buckets.as_slice()),
            (MetricKind::Histogram, &[0.1, 1.0][..])
        );
        assert_eq!(metrics[2].value.as_deref(), Some("pool.active"));
        assert_eq!(parse("obs.yaml", "").unwrap(), []);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, place, part) in [
            ("metrics:\n  - {name: a, type: counter, wehre: x}\n", "c.yaml:2:", "wehre"),
            ("metrics:\n  - {name: a, type: timer}\n", "c.yaml:2:", "timer"),
            ("metrics:\n  - {name: a b, type: counter}\n", "c.yaml:2:12", "no name of a metric"),
            ("metrics:\n  - {name: a, type: gauge}\n", "c.yaml:2:5", "`value` is missing"),
            ("metrics:\n  - {name: a, type: counter, where: 'level >='}\n", "c.yaml:2:37", "where: "),
            ("metrics:\n  - {name: a, type: counter, labels: {a-b: c}}\n", "c.yaml:2:", "name of a label"),
            (
                "metrics:\n  - {name: a, type: counter}\n  - {name: a, type: counter}\n",
                "c.yaml:3:12",
                "twice",
            ),
            ("metrics:\n  - {name: a, type: histogram, value: v, buckets: [2, 1]}\n", "c.yaml:2:", "rise"),
            ("metrics: [\n", "c.yaml:", ""),
            ("- a\n", "c.yaml:1:", ""),
        ] {
            let problems = parse("c.yaml", text).unwrap_err();
            assert!(
                problems[0].path.starts_with(place) && problems[0].message.contains(part),
                "{text}: {problems:?}"
            );
        }
    }
}
