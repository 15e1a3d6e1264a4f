//! The answer as JSON: as the contract has it, each query with its times and its values in the shape of Prometheus' API.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::Serialize;
use serde::ser::{SerializeSeq, Serializer};
use serde_json::value::RawValue;

use crate::cli::measured::{InputJson, Measured};
use crate::cli::query::api;
use crate::dashboard::Choice;
use crate::dashboard::answer::{self, Answered, Asked, AskedPanel, Status};
use crate::model::{Labels, Series, Timestamp};
use crate::promql::{Value, VectorSample};
use crate::report::account::counted;

/// How many panels went how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Summary {
    panels: usize,
    ok: usize,
    empty: usize,
    error: usize,
    unsupported: usize,
}

impl Summary {
    /// Counts panels.
    pub(super) fn of<'p>(panels: impl Iterator<Item = &'p AskedPanel>) -> Self {
        let mut summary = Summary::default();
        for panel in panels {
            summary.panels += 1;
            *match panel.status {
                Status::Ok => &mut summary.ok,
                Status::Empty => &mut summary.empty,
                Status::Error => &mut summary.error,
                Status::Unsupported => &mut summary.unsupported,
            } += 1;
        }
        summary
    }

    /// For people.
    pub(super) fn sentence(self) -> String {
        let mut text = format!("{}: {} ok", counted(self.panels as u64, "panel", "panels"), self.ok);
        for (count, what) in
            [(self.empty, "empty"), (self.error, "in error"), (self.unsupported, "unsupported")]
        {
            if count > 0 {
                text.push_str(&format!(", {count} {what}"));
            }
        }
        text
    }
}

/// One dashboard, or several as a list.
#[derive(Serialize)]
pub(super) struct AnswerJson<'a> {
    #[serde(flatten)]
    one: Option<DashboardJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dashboards: Option<Vec<DashboardJson<'a>>>,
    #[serde(rename = "summary", skip_serializing_if = "Option::is_none")]
    together: Option<Summary>,
    /// Metrics that nothing asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    unused: Option<Vec<&'a str>>,
    input: InputJson,
}

#[derive(Serialize)]
struct DashboardJson<'a> {
    dashboard: &'a str,
    file: &'a str,
    from: Option<String>,
    to: Option<String>,
    variables: BTreeMap<&'a str, ChoiceJson<'a>>,
    panels: PanelsJson<'a>,
    summary: Summary,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ChoiceJson<'a> {
    One(&'a str),
    Several(&'a [String]),
}

#[derive(Serialize)]
struct PanelJson<'a> {
    id: i64,
    title: &'a str,
    row: Option<&'a str>,
    #[serde(rename = "type")]
    kind: &'a str,
    unit: Option<&'a str>,
    status: &'static str,
    reason: Option<&'a str>,
    /// Queries that were not asked.
    #[serde(skip_serializing_if = "is_zero")]
    left_out: usize,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    repeated: BTreeMap<&'a str, &'a str>,
    queries: Vec<QueryJson<'a>>,
}

#[derive(Serialize)]
struct QueryJson<'a> {
    #[serde(rename = "ref")]
    reference: &'a str,
    expr: &'a str,
    status: &'static str,
    series: usize,
    /// Series that are not in `data`.
    #[serde(skip_serializing_if = "is_zero")]
    left_out: usize,
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    hidden: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<DataJson<'a>>,
}

/// Whether a count is left out.
fn is_zero(count: &usize) -> bool {
    *count == 0
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn time(millis: i64) -> Option<String> {
    Timestamp::from_millis(millis).map(|at| at.to_string())
}

impl<'a> AnswerJson<'a> {
    /// The answer about these dashboards.
    pub(super) fn new(
        answered: &'a [Answered],
        unused: Option<&'a [(String, usize)]>,
        measured: &Measured,
    ) -> Self {
        let input = measured.input();
        let unused = unused.map(|names| names.iter().map(|(name, _)| name.as_str()).collect());
        match answered {
            [one] => AnswerJson {
                one: Some(DashboardJson::new(one)),
                dashboards: None,
                together: None,
                unused,
                input,
            },
            several => AnswerJson {
                one: None,
                dashboards: Some(several.iter().map(DashboardJson::new).collect()),
                together: Some(Summary::of(several.iter().flat_map(|answered| &answered.panels))),
                unused,
                input,
            },
        }
    }
}

impl<'a> DashboardJson<'a> {
    fn new(answered: &'a Answered) -> Self {
        let variables =
            answered.variables.iter().map(|(name, choice)| (name.as_str(), ChoiceJson::new(choice)));
        DashboardJson {
            dashboard: &answered.title,
            file: &answered.file,
            from: time(answered.timing.from),
            to: time(answered.timing.to),
            variables: variables.collect(),
            panels: PanelsJson(&answered.panels),
            summary: Summary::of(answered.panels.iter()),
        }
    }
}

impl<'a> ChoiceJson<'a> {
    fn new(choice: &'a Choice) -> Self {
        match (&choice.all_value, choice.values.as_slice()) {
            (Some(all), _) if choice.all => ChoiceJson::One(all),
            (_, [one]) if !choice.all => ChoiceJson::One(one),
            (_, several) => ChoiceJson::Several(several),
        }
    }
}

impl<'a> PanelJson<'a> {
    fn new(asked: &'a AskedPanel) -> Self {
        let panel = &asked.panel;
        PanelJson {
            id: panel.id,
            title: &panel.title,
            row: asked.row.as_deref(),
            kind: &panel.kind,
            unit: panel.fields.pointer("/defaults/unit").and_then(serde_json::Value::as_str),
            status: asked.status.name(),
            reason: some(&asked.reason),
            left_out: asked.left_out.queries,
            repeated: asked.repeated.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
            queries: asked.asked.iter().map(QueryJson::new).collect(),
        }
    }
}

impl<'a> QueryJson<'a> {
    fn new(asked: &'a Asked) -> Self {
        let timing = &asked.timing;
        let seconds = |millis: i64| millis as f64 / 1e3;
        let known = asked.value.is_some();
        let of_range = |millis: i64| (known && !asked.instant).then(|| seconds(millis));
        QueryJson {
            reference: &asked.query.reference,
            expr: &asked.expr,
            status: asked.status.name(),
            series: asked.value.as_ref().map_or(0, answer::count) + asked.left_out,
            left_out: asked.left_out,
            message: some(&asked.message),
            hidden: asked.query.hidden,
            time: (known && asked.instant).then(|| seconds(timing.to)),
            start: of_range(timing.start()),
            end: of_range(timing.end()),
            step: of_range(timing.step),
            data: asked.value.as_ref().map(|value| DataJson::new(value, timing.to)),
        }
    }
}

/// Panels, of which some are written out at a time, on all cores: all of their values as text would be more than memory
/// should hold.
struct PanelsJson<'a>(&'a [AskedPanel]);

/// Panels that are written out together.
const TOGETHER: usize = 16;

impl Serialize for PanelsJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for some in self.0.chunks(TOGETHER) {
            let written: Vec<PanelJson<'_>> = some.par_iter().map(PanelJson::new).collect();
            written.iter().try_for_each(|panel| list.serialize_element(panel))?;
        }
        list.end()
    }
}

/// A value in the shape of Prometheus' API.
#[derive(Serialize)]
struct DataJson<'a> {
    #[serde(rename = "resultType")]
    kind: &'static str,
    result: ResultJson<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ResultJson<'a> {
    One(Option<Box<RawValue>>),
    Series(Vec<SeriesJson<'a>>),
}

/// A series, its points written out: a line for all of them, for with one for each part of a point a page of numbers would
/// be a book.
#[derive(Serialize)]
struct SeriesJson<'a> {
    metric: Metric<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    histogram: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    histograms: Option<Box<RawValue>>,
}

impl<'a> DataJson<'a> {
    fn new(value: &'a Value, at: i64) -> Self {
        let (kind, result) = match value {
            Value::Scalar(number) => ("scalar", ResultJson::One(raw(api::number(at, *number)))),
            Value::Text(text) => ("string", ResultJson::One(raw(api::word(at, text)))),
            Value::Vector(samples) => {
                ("vector", ResultJson::Series(samples.iter().map(SeriesJson::now).collect()))
            }
            Value::Matrix(series) => {
                ("matrix", ResultJson::Series(series.iter().map(SeriesJson::over_time).collect()))
            }
        };
        DataJson { kind, result }
    }
}

impl<'a> SeriesJson<'a> {
    fn now(found: &'a VectorSample) -> Self {
        let (at, plain) = (found.sample.at, SeriesJson::of(&found.labels));
        match &found.histogram {
            Some(histogram) => SeriesJson { histogram: raw(api::histogram(at, histogram)), ..plain },
            None => SeriesJson { value: raw(api::number(at, found.sample.value)), ..plain },
        }
    }

    fn over_time(found: &'a Series) -> Self {
        let (numbers, histograms) = (&found.samples, &found.histograms);
        let both = !numbers.is_empty() || histograms.is_empty();
        SeriesJson {
            values: both.then(|| raw(api::samples(numbers))).flatten(),
            histograms: (!histograms.is_empty()).then(|| raw(api::histograms(histograms))).flatten(),
            ..SeriesJson::of(&found.labels)
        }
    }

    fn of(labels: &'a Labels) -> Self {
        SeriesJson { metric: Metric(labels), value: None, histogram: None, values: None, histograms: None }
    }
}

/// What is JSON already, on one line.
fn raw(json: String) -> Option<Box<RawValue>> {
    RawValue::from_string(json).ok()
}

struct Metric<'a>(&'a Labels);

impl Serialize for Metric<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sample;
    use crate::model::histogram::HistogramSample;
    use crate::promql::notation::histogram;

    fn written(value: &Value) -> String {
        serde_json::to_string(&DataJson::new(value, 2_000)).expect("JSON")
    }

    #[test]
    fn values_are_in_the_shape_of_prometheus_answers() {
        let labels = Labels::new([("job", "\u{9b}a")]);
        let mut series = Series { labels: labels.clone(), ..Series::default() };
        series.samples = vec![Sample { at: 1_000, value: f64::NAN }, Sample { at: 2_500, value: 0.1 }];
        let counted = std::sync::Arc::new(histogram("{{count:2 sum:3}}").expect("a histogram"));
        let mut native = Series { labels: labels.clone(), ..Series::default() };
        native.histograms = vec![HistogramSample { at: 1_000, start: 0, histogram: counted.clone() }];
        let sample = Sample { at: 1_000, value: -1.0 };
        let number = VectorSample { labels: labels.clone(), sample, histogram: None };
        let histogram = VectorSample { histogram: Some(counted), ..number.clone() };
        let of = |kind: &str, result: &str| format!("{{\"resultType\":\"{kind}\",\"result\":{result}}}");
        let one =
            |key: &str, value: &str| format!("{{\"metric\":{{\"job\":\"\u{9b}a\"}},\"{key}\":{value}}}");
        let found = "[1,{\"count\":\"2\",\"sum\":\"3\"}]";
        for (value, expected) in [
            (Value::Scalar(f64::INFINITY), of("scalar", "[2,\"+Inf\"]")),
            (Value::Text("\u{9b}\"".to_owned()), of("string", "[2,\"\\u009b\\\"\"]")),
            (Value::Vector(vec![number]), of("vector", &format!("[{}]", one("value", "[1,\"-1\"]")))),
            (Value::Vector(vec![histogram]), of("vector", &format!("[{}]", one("histogram", found)))),
            (
                Value::Matrix(vec![series]),
                of("matrix", &format!("[{}]", one("values", "[[1,\"NaN\"],[2.500,\"0.1\"]]"))),
            ),
            (
                Value::Matrix(vec![native]),
                of("matrix", &format!("[{}]", one("histograms", &format!("[{found}]")))),
            ),
        ] {
            assert_eq!(written(&value), expected);
        }
    }
}
