//! What k6 writes of each measurement, as JSON lines and as CSV: those of a request's duration are requests, the others
//! say more of the same ones.

use super::csv::{self, Csv};
use super::json::{Json, each_field};
use super::words::first_line;
use super::{LogFormat, Plan, Sample};
use crate::model::{Level, Role, Slots, Value};

/// k6's JSON lines.
#[derive(Debug)]
pub struct K6;

/// k6's CSV.
#[derive(Debug)]
pub struct K6Csv;

/// How far into a line its kind stands: the time and the labels are longer.
const NEAR: usize = 120;

/// Is this the metric by which requests are counted once each?
fn is_of_requests(metric: &[u8]) -> bool {
    metric.ends_with(b"_req_duration")
}

impl LogFormat for K6 {
    fn name(&self) -> &'static str {
        "k6"
    }

    fn about(&self) -> &'static str {
        "k6's measurements of a load test, one JSON object a line"
    }

    fn starts(&self, rest: &[u8], _plan: &Plan) -> bool {
        let named = rest.starts_with(b"{\"metric\":\"") || rest.starts_with(b"{\"type\":\"");
        if !named {
            return false;
        }
        let line = first_line(&rest[..rest.len().min(4 * NEAR)]);
        let near = &line[..line.len().min(NEAR)];
        let has = |text: &[u8], word: &[u8]| memchr::memmem::find(text, word).is_some();
        let point = has(near, b"\"type\":\"Point\"") && has(line, b"\"data\":{\"time\":\"");
        point || (has(near, b"\"type\":\"Metric\"") && has(line, b"\"thresholds\":"))
    }

    fn extract<'a>(&self, entry: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) -> bool {
        let (mut metric, mut data) = (None, None);
        let read = each_field(entry, |key, value| match (key.raw, value) {
            (b"metric", Value::Text(text)) => metric = Some(text.raw),
            (b"data", Value::Nested(raw)) => data = Some(raw),
            _ => {}
        });
        let Some(metric) = metric else { return false };
        plan.offer_named(slots, b"message", Value::plain(metric));
        let requests = is_of_requests(metric);
        let mut tags = None;
        let _ = each_field(data.unwrap_or_default(), |key, value| match (key.raw, value) {
            (b"time", time) => drop(plan.offer_named(slots, b"timestamp", time)),
            (b"value", value) if requests => drop(plan.offer_named(slots, b"duration_ms", value)),
            (b"tags", Value::Nested(raw)) => tags = Some(raw),
            _ => {}
        });
        let _ = each_field(tags.filter(|_| requests).unwrap_or_default(), |key, value| {
            if matches!(key.raw, b"status" | b"method" | b"url") {
                plan.offer_named(slots, key.raw, value);
            }
        });
        level(plan, slots);
        read.is_ok()
    }

    fn fields(&self, entry: &[u8], plan: &Plan, visit: &mut dyn FnMut(&str, Value<'_>)) -> Option<usize> {
        Json.fields(entry, plan, visit)
    }

    fn names_in_text(&self) -> bool {
        true
    }

    fn gathers(&self) -> bool {
        false
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                header: "",
                text: r#"{"metric":"http_req_duration","type":"Point","data":{"time":"2026-11-29T10:00:00.500Z","value":912.5,"tags":{"method":"GET","status":"503","url":"http://quay1/pay"}}}"#,
                ts: Some("2026-11-29T10:00:00.500Z"),
                level: Some(Level::Error),
                roles: &[
                    (Role::Status, "503"),
                    (Role::Duration, "912.5"),
                    (Role::Message, "http_req_duration"),
                ],
            },
            Sample {
                header: "",
                text: r#"{"metric":"http_reqs","type":"Point","data":{"time":"2026-11-29T10:00:00.500Z","value":1,"tags":{"status":"503"}}}"#,
                ts: Some("2026-11-29T10:00:00.500Z"),
                level: None,
                roles: &[(Role::Message, "http_reqs")],
            },
        ]
    }
}

/// A request that the server did not answer is an error.
fn level(plan: &Plan, slots: &mut Slots<'_>) {
    if slots.level.is_none()
        && plan.needs().has(Role::Level)
        && super::body::is_server_fault(slots.role(Role::Status))
    {
        slots.level = Some(Level::Error);
    }
}

/// The columns of k6's table begin so.
const COLUMNS: [&str; 3] = ["metric_name", "timestamp", "metric_value"];

fn has_columns(plan: &Plan) -> bool {
    plan.columns().is_some_and(|columns| columns.names.iter().take(3).eq(COLUMNS))
}

impl LogFormat for K6Csv {
    fn name(&self) -> &'static str {
        "k6-csv"
    }

    fn about(&self) -> &'static str {
        "k6's measurements of a load test, as a table"
    }

    fn is_table(&self) -> bool {
        true
    }

    fn starts(&self, rest: &[u8], plan: &Plan) -> bool {
        has_columns(plan) && Csv.starts(rest, plan)
    }

    fn extract<'a>(&self, entry: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) -> bool {
        let metric = entry.split(|b| *b == b',').next().unwrap_or_default();
        if csv::is_head(entry, plan) || is_of_requests(metric) {
            let value = plan.columns().and_then(|columns| columns.get(entry, 2));
            if let Some(value) = value.filter(|_| is_of_requests(metric)) {
                plan.offer_named(slots, b"message", Value::plain(metric));
                plan.offer_named(slots, b"duration_ms", Value::Number(value));
            }
            return Csv.extract(entry, plan, slots);
        }
        let Some(time) = plan.columns().and_then(|columns| columns.get(entry, 1)) else { return false };
        plan.offer_named(slots, b"timestamp", Value::Number(time));
        plan.offer_named(slots, b"message", Value::plain(metric));
        true
    }

    fn fields(&self, entry: &[u8], plan: &Plan, visit: &mut dyn FnMut(&str, Value<'_>)) -> Option<usize> {
        Csv.fields(entry, plan, visit)
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            header: "metric_name,timestamp,metric_value,method,name,status\nhttp_reqs,1795946400,1.000000,GET,pay,503\n",
            text: "http_req_duration,1795946400,912.500000,GET,pay,503",
            ts: Some("2026-11-29T10:00:00Z"),
            level: Some(Level::Error),
            roles: &[
                (Role::Status, "503"),
                (Role::Duration, "912.500000"),
                (Role::Message, "http_req_duration"),
            ],
        }]
    }
}
