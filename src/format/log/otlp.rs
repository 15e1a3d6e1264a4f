//! OpenTelemetry's OTLP in JSON, as the collector's file exporter writes it: a batch of records a line.

use super::{LogFormat, Plan, Sample, json};
use crate::model::{Level, Role, Slots, Text, Value};

/// OTLP JSON. A line of several records is one entry, known by its first record.
#[derive(Debug)]
pub struct Otlp;

/// How deep the records are.
const DEEP: usize = 8;

impl LogFormat for Otlp {
    fn name(&self) -> &'static str {
        "otlp"
    }

    fn about(&self) -> &'static str {
        "OpenTelemetry's OTLP in JSON, a batch of log records a line"
    }

    fn starts(&self, rest: &[u8], _plan: &Plan) -> bool {
        rest.starts_with(b"{\"resourceLogs\":")
    }

    fn extract<'a>(&self, entry: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) -> bool {
        let mut found = false;
        walk(entry, DEEP, &mut |name, value| {
            found |= matches!(name, "timeUnixNano" | "observedTimeUnixNano");
            plan.offer_named(slots, name.as_bytes(), value);
        });
        found
    }

    fn fields(&self, entry: &[u8], _plan: &Plan, visit: &mut dyn FnMut(&str, Value<'_>)) -> Option<usize> {
        walk(entry, DEEP, visit);
        None
    }

    fn names_in_text(&self) -> bool {
        true
    }

    fn gathers(&self) -> bool {
        false
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            header: "",
            text: r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"pay"}}]},"scopeLogs":[{"scope":{"name":"lib"},"logRecords":[{"timeUnixNano":"1703387663123456789","severityNumber":17,"severityText":"ERROR","body":{"stringValue":"pool exhausted"},"attributes":[{"key":"request_id","value":{"stringValue":"ab12"}},{"key":"http.status","value":{"intValue":"503"}}],"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174"}]}]}]}"#,
            ts: Some("2023-12-24T03:14:23.123456789Z"),
            level: Some(Level::Error),
            roles: &[
                (Role::Service, "pay"),
                (Role::Message, "pool exhausted"),
                (Role::RequestId, "ab12"),
                (Role::TraceId, "5b8efff798038103d269b633813fc60c"),
                (Role::SpanId, "eee19b7ec3c1b174"),
            ],
        }]
    }
}

/// Visits what an OTLP object says: its plain fields, its attributes by their keys, and the first of each list.
fn walk<'a>(object: &'a [u8], deep: usize, visit: &mut dyn FnMut(&str, Value<'a>)) {
    // Damage inside: what was read counts.
    let _ = json::each_field(object, |key: Text<'a>, value| {
        let Value::Nested(raw) = value else {
            if let (Ok(name), true) = (std::str::from_utf8(key.raw), deep < DEEP) {
                visit(name, value);
            }
            return;
        };
        match key.raw {
            b"attributes" => json::each_item(raw, |item| {
                if let Value::Nested(pair) = item {
                    attribute(pair, visit);
                }
                true
            }),
            b"body" => visit("message", any_value(raw)),
            b"resourceLogs" | b"scopeLogs" | b"logRecords" if deep > 0 => json::each_item(raw, |item| {
                if let Value::Nested(inner) = item {
                    walk(inner, deep - 1, visit);
                }
                false
            }),
            b"resource" if deep > 0 => walk(raw, deep - 1, visit),
            _ => {}
        }
    });
}

/// `{"key":"…","value":{"stringValue":"…"}}`.
fn attribute<'a>(pair: &'a [u8], visit: &mut dyn FnMut(&str, Value<'a>)) {
    let (mut name, mut meant) = (None, Value::Absent);
    let _ = json::each_field(pair, |key: Text<'a>, value| match (key.raw, value) {
        (b"key", Value::Text(text)) => name = std::str::from_utf8(text.raw).ok(),
        (b"value", Value::Nested(raw)) => meant = any_value(raw),
        _ => {}
    });
    if let Some(name) = name {
        visit(name, meant);
    }
}

/// The value in `{"stringValue":"…"}`; numbers may be written as text.
fn any_value(raw: &[u8]) -> Value<'_> {
    let mut meant = Value::Nested(raw);
    let _ = json::each_field(raw, |key: Text<'_>, value| match (key.raw, value) {
        (b"intValue", Value::Text(text)) => meant = Value::Number(text.raw),
        (b"stringValue" | b"intValue" | b"doubleValue" | b"boolValue", _) => meant = value,
        _ => {}
    });
    meant
}
