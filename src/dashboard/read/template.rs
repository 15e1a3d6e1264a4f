//! Templates from which scripts make dashboards: keys are paths (`spec/title`), rows hold rows, and a panel's class, which
//! is kept elsewhere, says what it does not say itself.

use serde_json::{Map, Value, json};

use super::json::{list, some, text};
use super::v2;
use crate::dashboard::board::{Dashboard, Row};

/// Is it such a template?
pub(super) fn is_one(value: &Value) -> bool {
    let has_paths = value.as_object().is_some_and(|map| map.keys().any(|key| key.starts_with("spec/")));
    has_paths && value.get("rows").is_some_and(Value::is_array)
}

/// The dashboard, as far as the template says it.
pub(super) fn dashboard(value: &Value) -> Dashboard {
    let value = expanded(value);
    let spec = value.get("spec").cloned().unwrap_or_default();
    let reader = v2::Reader::new(&spec, &[]);
    let mut rows = Vec::new();
    for row in list(&value, "rows") {
        let mut panels = Vec::new();
        panels_in(row, &mut panels);
        rows.push(Row {
            title: some(row, "title"),
            repeat: some(row, "repeat"),
            collapsed: row.get("collapse") == Some(&Value::Bool(true)),
            panels: panels.into_iter().map(|panel| reader.of_class(panel)).collect(),
        });
    }
    Dashboard {
        title: some(&spec, "title").unwrap_or_default(),
        variables: reader.variables,
        rows,
        ..Dashboard::default()
    }
}

/// The panels of a row and of the rows in it.
fn panels_in<'v>(row: &'v Value, panels: &mut Vec<&'v Value>) {
    panels.extend(list(row, "panels").iter().filter(|panel| text(panel, "class").is_some()));
    for inner in list(row, "rows") {
        panels_in(inner, panels);
    }
}

/// The value with its paths as objects within objects, and numbers in them as places of lists.
fn expanded(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(expanded).collect()),
        Value::Object(map) => {
            let mut out = Value::Object(Map::new());
            for (key, inner) in map {
                put(&mut out, &key.split('/').collect::<Vec<_>>(), expanded(inner));
            }
            out
        }
        other => other.clone(),
    }
}

/// Places in lists are filled up to this one.
const LONGEST: usize = 100;

fn put(into: &mut Value, path: &[&str], value: Value) {
    let Some((first, rest)) = path.split_first() else { return };
    let place = first.parse::<usize>().ok().filter(|place| *place < LONGEST);
    let slot = if let Some(place) = place.filter(|_| into.is_null() || into.is_array()) {
        if into.is_null() {
            *into = json!([]);
        }
        let Some(items) = into.as_array_mut() else { return };
        while items.len() <= place {
            items.push(Value::Null);
        }
        &mut items[place]
    } else {
        if into.is_null() {
            *into = json!({});
        }
        let Some(map) = into.as_object_mut() else { return };
        map.entry(*first).or_insert(Value::Null)
    };
    if rest.is_empty() { *slot = value } else { put(slot, rest, value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_objects() {
        let value =
            json!({"spec/title": "t", "spec/data/queries/0/expr": "up", "rows": [{"a/b": 1}], "0": 2});
        let expected = json!({"spec": {"title": "t", "data": {"queries": [{"expr": "up"}]}}, "rows": [{"a": {"b": 1}}], "0": 2});
        assert_eq!(expanded(&value), expected);
    }
}
