//! Values of a JSON object by their keys, as Grafana's readers take them: what is of another type is not there.

use serde_json::Value;

/// The text of a key.
pub(super) fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key)?.as_str()
}

/// The text of a key; empty if there is none.
pub(super) fn words(value: &Value, key: &str) -> String {
    text(value, key).unwrap_or_default().to_owned()
}

/// The text of a key, if there is something in it.
pub(super) fn some(value: &Value, key: &str) -> Option<String> {
    text(value, key).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Is the key true?
pub(super) fn truth(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or(false)
}

/// The whole number of a key, which may be written as text.
pub(super) fn whole(value: &Value, key: &str) -> Option<i64> {
    match value.get(key)? {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|number| number as i64)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The number of a key, which may be written as text.
pub(super) fn number(value: &Value, key: &str) -> Option<f64> {
    match value.get(key)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The items of a key.
pub(super) fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
