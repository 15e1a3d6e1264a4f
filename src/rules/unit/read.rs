//! The format of unit tests, read with all its errors.

use std::sync::Arc;

use chrono::DateTime;

use crate::model::{Histogram, HistogramSample, Labels, Sample};
use crate::promql::notation::{self, Given};
use crate::rules::fields::{Fields, Reader};
use crate::rules::yaml::{self, Node, Problem};

/// A file of unit tests.
#[derive(Clone, Debug, Default)]
pub struct UnitFile {
    /// Patterns of rule files.
    pub rule_files: Vec<String>,
    /// The distance of evaluations, in milliseconds.
    pub evaluation_interval: i64,
    /// Groups that are evaluated first, in this order.
    pub group_eval_order: Vec<String>,
    /// Neighbouring floats count as equal.
    pub fuzzy_compare: bool,
    /// The tests.
    pub tests: Vec<UnitTest>,
}

/// A test.
#[derive(Clone, Debug, Default)]
pub struct UnitTest {
    /// Its name, if it has one.
    pub name: String,
    /// Its line in the file.
    pub line: u32,
    /// When it starts, in milliseconds since the epoch; `None` for the epoch, or the start of recorded inputs.
    pub start: Option<i64>,
    /// Series, with times relative to the start.
    pub series: Vec<(Labels, Vec<Sample>)>,
    /// Native histograms, with times relative to the start.
    pub histograms: Vec<(Labels, HistogramSample)>,
    /// Recorded inputs.
    pub inputs: Vec<Input>,
    /// What is expected of alerts.
    pub alerts: Vec<AlertTest>,
    /// What is expected of expressions.
    pub exprs: Vec<ExprTest>,
    /// `$externalLabels`.
    pub external_labels: Labels,
    /// `$externalURL`.
    pub external_url: String,
}

/// A recorded input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Logs, from which metrics are derived.
    Logs(String),
    /// Metrics.
    Metrics(String),
}

/// Which alerts of a name are expected to fire at a time.
#[derive(Clone, Debug, Default)]
pub struct AlertTest {
    /// The line in the file.
    pub line: u32,
    /// When, in milliseconds after the start.
    pub at: i64,
    /// The name.
    pub alertname: String,
    /// All of those that fire.
    pub expected: Vec<ExpectedAlert>,
}

/// An alert that is expected to fire.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExpectedAlert {
    /// All labels, `alertname` included.
    pub labels: Labels,
    /// All annotations, by name.
    pub annotations: Vec<(String, String)>,
    /// Who would be told, if that is asked for.
    pub receivers: Option<Vec<String>>,
    /// What suppresses it, if that is asked for: the alert that inhibits it, or a time interval; "" for nothing.
    pub suppressed_by: Option<String>,
}

/// What an expression is expected to give at a time.
#[derive(Clone, Debug, Default)]
pub struct ExprTest {
    /// The line in the file.
    pub line: u32,
    /// The expression.
    pub expr: String,
    /// When, in milliseconds after the start.
    pub at: i64,
    /// All elements of its result.
    pub expected: Vec<ExpectedSample>,
}

/// An element of a result.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExpectedSample {
    /// All labels, the metric's name included.
    pub labels: Labels,
    /// The value.
    pub value: f64,
    /// The value, where it is a native histogram.
    pub histogram: Option<Arc<Histogram>>,
}

const FILE: [&str; 5] = ["rule_files", "evaluation_interval", "group_eval_order", "fuzzy_compare", "tests"];
const TEST: [&str; 10] = [
    "name",
    "interval",
    "input_series",
    "alert_rule_test",
    "promql_expr_test",
    "external_labels",
    "external_url",
    "start_timestamp",
    "logs",
    "metrics",
];

/// Reads a file of unit tests, and all that is wrong with it.
pub fn parse(text: &str, ignore_unknown_fields: bool) -> (UnitFile, Vec<Problem>) {
    let mut reader = Reader { ignore_unknown: ignore_unknown_fields, ..Reader::default() };
    let mut file = UnitFile { evaluation_interval: 60_000, ..UnitFile::default() };
    match yaml::parse(text) {
        Ok(documents) => {
            reader.problems.extend(documents.problems);
            if let Some(root) = documents.roots.first() {
                read(&mut reader, root, &mut file);
            }
        }
        Err(problem) => reader.add(problem),
    }
    reader.problems.sort_by_key(|problem| problem.place);
    (file, reader.problems)
}

fn read(reader: &mut Reader, root: &Node, file: &mut UnitFile) {
    let Some(fields) = reader.fields(root, "unit test file", &FILE) else { return };
    file.rule_files = reader.texts(&fields, "rule_files");
    file.fuzzy_compare = reader.truth(&fields, "fuzzy_compare").unwrap_or(false);
    file.group_eval_order = reader.texts(&fields, "group_eval_order");
    for (index, name) in file.group_eval_order.iter().enumerate() {
        if file.group_eval_order[..index].contains(name) {
            let message = format!("group name repeated in evaluation order: {name}");
            reader.problem(fields.place_of("group_eval_order"), message);
        }
    }
    if let Some(interval) = reader.duration(&fields, "evaluation_interval").filter(|interval| *interval > 0) {
        file.evaluation_interval = interval;
    }
    for (index, node) in reader.list(&fields, "tests").iter().enumerate() {
        reader.context = format!("test {}", index + 1);
        if let Some(fields) = reader.fields(node, "test", &TEST) {
            let test = test(reader, &fields, file.evaluation_interval);
            file.tests.push(test);
        }
    }
    reader.context.clear();
}

fn test(reader: &mut Reader, fields: &Fields<'_>, evaluation_interval: i64) -> UnitTest {
    let name = reader.text(fields, "name").unwrap_or("").to_owned();
    if !name.is_empty() {
        reader.context = format!("{}, {name:?}", reader.context);
    }
    let step = reader.duration(fields, "interval").filter(|step| *step > 0).unwrap_or(evaluation_interval);
    let mut test =
        UnitTest { name, line: fields.place.line, start: start(reader, fields), ..UnitTest::default() };
    for node in reader.list(fields, "input_series") {
        if let Some(fields) = reader.fields(node, "input series", &["series", "values"]) {
            series(reader, &fields, step, &mut test);
        }
    }
    for (name, input) in [("logs", Input::Logs as fn(String) -> Input), ("metrics", Input::Metrics)] {
        test.inputs.extend(reader.texts(fields, name).into_iter().map(input));
    }
    for node in reader.list(fields, "alert_rule_test") {
        if let Some(fields) = reader.fields(node, "alert test", &["eval_time", "alertname", "exp_alerts"]) {
            let alert = alert(reader, &fields);
            test.alerts.push(alert);
        }
    }
    for node in reader.list(fields, "promql_expr_test") {
        if let Some(fields) = reader.fields(node, "expression test", &["expr", "eval_time", "exp_samples"]) {
            let expr = expr(reader, &fields);
            test.exprs.push(expr);
        }
    }
    test.external_labels = labels(reader, fields, "external_labels");
    test.external_url = reader.text(fields, "external_url").unwrap_or("").to_owned();
    test
}

fn start(reader: &mut Reader, fields: &Fields<'_>) -> Option<i64> {
    let text = reader.text(fields, "start_timestamp")?;
    let seconds = text.parse::<f64>().ok().filter(|seconds| seconds.abs() < 9e9);
    let start = seconds
        .map(|seconds| (seconds * 1000.0).round() as i64)
        .or_else(|| DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp_millis()));
    if start.is_none() {
        let message =
            format!("start_timestamp: {text:?} is neither seconds nor a time as 2024-01-01T00:00:00Z");
        reader.problem(fields.place_of("start_timestamp"), message);
    }
    start
}

fn labels(reader: &mut Reader, fields: &Fields<'_>, name: &str) -> Labels {
    let pairs = reader.pairs(fields, name);
    Labels::new(pairs.iter().map(|(name, value)| (name.text().unwrap_or(""), value.text().unwrap_or(""))))
}

fn series(reader: &mut Reader, fields: &Fields<'_>, step: i64, test: &mut UnitTest) {
    let text = reader.text(fields, "series").unwrap_or("");
    let labels = match notation::labels(text) {
        Ok((labels, rest)) if rest.trim().is_empty() => labels,
        Ok((_, rest)) => {
            let message = format!("series {text:?}: unexpected {:?}", rest.trim());
            return reader.problem(fields.place_of("series"), message);
        }
        Err(message) => {
            return reader.problem(fields.place_of("series"), format!("series {text:?}: {message}"));
        }
    };
    match notation::values(reader.text(fields, "values").unwrap_or("")) {
        Ok(values) => {
            let mut samples = Vec::with_capacity(values.len());
            for (index, value) in values.into_iter().enumerate() {
                let at = (index as i64).saturating_mul(step);
                match value {
                    Given::Missing => {}
                    Given::Float(value) => samples.push(Sample { at, value }),
                    Given::Histogram(histogram) => {
                        let sample = HistogramSample { at, start: 0, histogram };
                        test.histograms.push((labels.clone(), sample));
                    }
                }
            }
            test.series.push((labels, samples));
        }
        Err(message) => reader.problem(fields.place_of("values"), format!("values of {text}: {message}")),
    }
}

fn alert(reader: &mut Reader, fields: &Fields<'_>) -> AlertTest {
    let at = reader.duration(fields, "eval_time").unwrap_or(0);
    let alertname = reader.text(fields, "alertname").unwrap_or("").to_owned();
    if alertname.is_empty() {
        reader.problem(fields.place, "an item under alert_rule_test misses required attribute alertname");
    }
    let mut expected = Vec::new();
    for node in reader.list(fields, "exp_alerts") {
        const KNOWN: [&str; 4] = ["exp_labels", "exp_annotations", "exp_receivers", "exp_suppressed_by"];
        let Some(fields) = reader.fields(node, "expected alert", &KNOWN) else { continue };
        let mut labels = labels(reader, &fields, "exp_labels");
        labels.set("alertname", alertname.as_str());
        let pairs = reader.pairs(&fields, "exp_annotations");
        let text = |node: &Node| node.text().unwrap_or("").to_owned();
        let mut annotations: Vec<_> =
            pairs.into_iter().map(|(name, value)| (text(name), text(value))).collect();
        annotations.sort();
        let receivers = fields.has("exp_receivers").then(|| reader.texts(&fields, "exp_receivers"));
        let suppressed_by = fields
            .has("exp_suppressed_by")
            .then(|| reader.text(&fields, "exp_suppressed_by").unwrap_or("").to_owned());
        expected.push(ExpectedAlert { labels, annotations, receivers, suppressed_by });
    }
    AlertTest { line: fields.place.line, at, alertname, expected }
}

fn expr(reader: &mut Reader, fields: &Fields<'_>) -> ExprTest {
    let at = reader.duration(fields, "eval_time").unwrap_or(0);
    let expr = reader.text(fields, "expr").unwrap_or("").to_owned();
    let mut expected = Vec::new();
    for node in reader.list(fields, "exp_samples") {
        let Some(fields) = reader.fields(node, "expected sample", &["labels", "value", "histogram"]) else {
            continue;
        };
        let text = reader.text(&fields, "labels").unwrap_or("");
        let labels = match notation::labels(text) {
            Ok((labels, rest)) if rest.trim().is_empty() => labels,
            Ok((_, rest)) => {
                reader.problem(fields.place_of("labels"), format!("labels {text:?}: unexpected {rest:?}"));
                continue;
            }
            Err(message) => {
                reader.problem(fields.place_of("labels"), format!("labels {text:?}: {message}"));
                continue;
            }
        };
        let value = reader.text(&fields, "value").map_or(Some(0.0), float);
        if value.is_none() {
            reader.problem(fields.place_of("value"), "value is no number");
        }
        let histogram = match reader.text(&fields, "histogram").map(notation::histogram) {
            None => None,
            Some(Ok(histogram)) => Some(Arc::new(histogram)),
            Some(Err(message)) => {
                reader.problem(fields.place_of("histogram"), message);
                None
            }
        };
        expected.push(ExpectedSample { labels, value: value.unwrap_or(0.0), histogram });
    }
    ExprTest { line: fields.place.line, expr, at, expected }
}

/// A float as YAML writes it, `.inf` and `.nan` included.
fn float(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    match lower.as_str() {
        ".inf" | "+.inf" => Some(f64::INFINITY),
        "-.inf" => Some(f64::NEG_INFINITY),
        ".nan" => Some(f64::NAN),
        _ => whole(&lower).or_else(|| lower.replace('_', "").parse().ok()),
    }
}

/// A whole number in the notations of YAML 1.1 and 1.2 for other bases: `0b110`, `0x1F`, `0o17`, `017`.
fn whole(text: &str) -> Option<f64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = digits.replace('_', "");
    let radixes = [("0b", 2), ("0x", 16), ("0o", 8), ("0", 8)];
    let (digits, radix) = radixes.iter().find_map(|(prefix, radix)| {
        let digits = digits.strip_prefix(prefix).filter(|digits| !digits.is_empty())?;
        Some((digits, *radix))
    })?;
    i64::from_str_radix(digits, radix).ok().map(|number| sign * number as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_yaml() {
        for (text, expected) in [
            ("0b110", Some(6.0)),
            ("0x1F", Some(31.0)),
            ("0o17", Some(15.0)),
            ("010", Some(8.0)),
            ("-0x10", Some(-16.0)),
            ("1_000", Some(1000.0)),
            ("0", Some(0.0)),
            ("0.5", Some(0.5)),
            ("08", Some(8.0)),
            ("1e3", Some(1000.0)),
            (".inf", Some(f64::INFINITY)),
            ("five", None),
        ] {
            assert_eq!(float(text), expected, "{text}");
        }
    }
}
