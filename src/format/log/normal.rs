//! A whole entry as one JSON object under the names that obs gives to roles. Made only to be printed.

use serde_json::{Map, Value as Json};

use super::Reader;
use crate::model::{Needs, Role, Slots, SpanKind, Value};

/// What a normalised entry needs extracted.
pub fn needs() -> Needs {
    let mut needs = Needs::none();
    for role in [Role::Ts, Role::Level, Role::Message, Role::RequestId] {
        needs.role(role);
    }
    needs
}

/// What the entry says as a span, under the names that spans have everywhere; `None` if it is none.
pub fn span(slots: &Slots<'_>) -> Option<Json> {
    let span = slots.span?;
    let text = |value: Value<'_>| value.text().map_or(Json::Null, |text| Json::String(text.into_owned()));
    Some(serde_json::json!({
        "trace_id": text(slots.role(Role::TraceId)),
        "span_id": text(span.id),
        "parent_id": text(span.parent),
        "service": text(slots.role(Role::Service)),
        "operation": text(slots.role(Role::Message)),
        "kind": span.kind.map(SpanKind::name),
        "duration_ms": slots.duration,
        "status": span.status.name(),
        "peer": text(span.peer),
    }))
}

/// The entry as a JSON object; `slots` hold what [`needs`] asks for.
pub fn object(file: &str, line: u64, offset: u64, raw: &[u8], reader: &Reader, slots: &Slots<'_>) -> Json {
    let mut fields = Map::new();
    reader.fields(raw, &mut |name, value| {
        fields.insert(name.to_owned(), json(value));
    });
    let text =
        |role: Role| slots.role(role).text().map_or(Json::Null, |text| Json::String(text.into_owned()));
    let mut message = text(Role::Message);
    // Lines that somebody printed after a JSON line belong to its message.
    if let (Json::String(message), Some(end)) = (&mut message, memchr::memchr(b'\n', raw))
        && reader.format_of(raw).names_in_text()
        && raw[..end].trim_ascii() != b"{"
    {
        message.push_str(&String::from_utf8_lossy(&raw[end..]));
    }
    let mut object = Map::new();
    object.insert("file".into(), file.into());
    object.insert("line".into(), line.into());
    object.insert("offset".into(), offset.into());
    object.insert("format".into(), reader.format_of(raw).name().into());
    object.insert("timestamp".into(), slots.ts.map_or(Json::Null, |ts| ts.rfc3339_nanos().into()));
    object.insert("level".into(), slots.level.map_or(Json::Null, |level| level.name().into()));
    object.insert("message".into(), message);
    object.insert("request_id".into(), text(Role::RequestId));
    if let Some(span) = span(slots) {
        object.insert("span".into(), span);
    }
    object.insert("fields".into(), Json::Object(fields));
    Json::Object(object)
}

/// A field's value as JSON. Numbers keep their notation where JSON has it; what was meant as JSON and is none
/// becomes text.
pub fn json(value: Value<'_>) -> Json {
    match value {
        Value::Absent | Value::Null => Json::Null,
        Value::Bool(truth) => Json::Bool(truth),
        Value::Text(text) => Json::String(text.text().into_owned()),
        Value::Number(raw) | Value::Nested(raw) => serde_json::from_slice(raw)
            .unwrap_or_else(|_| Json::String(String::from_utf8_lossy(raw).into_owned())),
    }
}
