//! The answer as JSON: as the contract has it, each query with its times and its values in the shape of Prometheus' API.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::ser::{Error, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value as Json;
use serde_json::value::to_raw_value;

use crate::cli::measured::{InputJson, Measured};
use crate::cli::query::float;
use crate::dashboard::Choice;
use crate::dashboard::answer::{self, Answered, Asked, AskedPanel, Status};
use crate::model::{Labels, Sample, Timestamp};
use crate::promql::Value;
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
    panels: Vec<PanelJson<'a>>,
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
            panels: answered.panels.iter().map(PanelJson::new).collect(),
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
            data: asked.value.as_ref().map(|value| DataJson { value, at: timing.to }),
        }
    }
}

/// A value in the shape of Prometheus' API: written as it goes out, for there may be many.
struct DataJson<'a> {
    value: &'a Value,
    at: i64,
}

impl Serialize for DataJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (kind, count) = match self.value {
            Value::Scalar(_) => ("scalar", 0),
            Value::Text(_) => ("string", 0),
            Value::Vector(samples) => ("vector", samples.len()),
            Value::Matrix(series) => ("matrix", series.len()),
        };
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("resultType", kind)?;
        match self.value {
            Value::Scalar(number) => map.serialize_entry("result", &Point(self.at, &float(*number)))?,
            Value::Text(text) => map.serialize_entry("result", &Point(self.at, text))?,
            _ => map.serialize_entry("result", &SeriesJson { value: self.value, count })?,
        }
        map.end()
    }
}

struct SeriesJson<'a> {
    value: &'a Value,
    count: usize,
}

impl Serialize for SeriesJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.count))?;
        match self.value {
            Value::Vector(samples) => {
                for found in samples {
                    let text = match &found.histogram {
                        Some(histogram) => format!("histogram of {}", float(histogram.count)),
                        None => float(found.sample.value),
                    };
                    list.serialize_element(&OneJson {
                        metric: Metric(&found.labels),
                        value: Point(found.sample.at, &text),
                    })?;
                }
            }
            Value::Matrix(series) => {
                for found in series {
                    let values = Values(&found.samples);
                    list.serialize_element(&ManyJson { metric: Metric(&found.labels), values })?;
                }
            }
            Value::Scalar(_) | Value::Text(_) => {}
        }
        list.end()
    }
}

#[derive(Serialize)]
struct OneJson<'a> {
    metric: Metric<'a>,
    value: Point<'a>,
}

#[derive(Serialize)]
struct ManyJson<'a> {
    metric: Metric<'a>,
    values: Values<'a>,
}

struct Metric<'a>(&'a Labels);

impl Serialize for Metric<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter())
    }
}

struct Values<'a>(&'a [Sample]);

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // A line for a series: with one for each part of a point a page of numbers would be a book.
        let points: Vec<(Json, String)> =
            self.0.iter().map(|sample| (seconds(sample.at), float(sample.value))).collect();
        to_raw_value(&points).map_err(S::Error::custom)?.serialize(serializer)
    }
}

/// A time as Prometheus' API writes it: whole where it is.
fn seconds(millis: i64) -> Json {
    if millis % 1_000 == 0 { (millis / 1_000).into() } else { (millis as f64 / 1e3).into() }
}

/// `[1703387160.123,"1"]`.
struct Point<'a>(i64, &'a str);

impl Serialize for Point<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        to_raw_value(&(seconds(self.0), self.1)).map_err(S::Error::custom)?.serialize(serializer)
    }
}
