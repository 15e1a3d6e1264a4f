//! Answers that say how others are shown: limits, units and names that come from the data.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::word;
use crate::dashboard::fields::is_about;
use crate::dashboard::frame::{Cell, Field, Frame, Kind};
use crate::dashboard::reduce;

/// Keys of a field's configuration that a column may fill.
const KEYS: [&str; 8] = ["min", "max", "unit", "decimals", "displayName", "color", "description", "noValue"];

/// A column that fills a key: `mappings` of the options, by the column's name, else the name itself.
#[derive(Clone, Debug)]
pub(super) struct Handled<'o> {
    /// What it fills: `max`, `threshold1`, `field.name`.
    pub(super) key: String,
    /// Which of its values is taken.
    by: &'o str,
    /// The colour of the threshold.
    color: &'o str,
}

/// What the options say of columns, by their names.
pub(super) fn handled(options: &Value) -> BTreeMap<&str, Handled<'_>> {
    let rules = options.get("mappings").and_then(Value::as_array).into_iter().flatten();
    rules
        .filter_map(|rule| {
            let color = rule.pointer("/handlerArguments/threshold/color").and_then(Value::as_str);
            let handled = Handled {
                key: word(rule, "handlerKey").unwrap_or("__ignore").to_owned(),
                by: word(rule, "reducerId").unwrap_or("lastNotNull"),
                color: color.unwrap_or("red"),
            };
            Some((word(rule, "fieldName")?, handled))
        })
        .collect()
}

/// How a column is handled: as the options say, else by its name.
pub(super) fn handling<'o>(field: &Field, rules: &BTreeMap<&str, Handled<'o>>) -> Option<Handled<'o>> {
    let rule = rules.get(field.shown()).or_else(|| rules.get(field.name.as_str())).cloned();
    let found = rule.or_else(|| {
        let key = KEYS.iter().find(|key| key.eq_ignore_ascii_case(field.shown()))?;
        Some(Handled { key: (*key).to_owned(), by: "lastNotNull", color: "red" })
    });
    found.filter(|handled| handled.key != "__ignore")
}

/// Puts one value under a key of a configuration.
pub(super) fn put(config: &mut Map<String, Value>, handled: &Handled<'_>, cell: &Cell) {
    let value = match cell {
        Cell::None => return,
        Cell::Number(number) => json!(number),
        other => json!(other.key()),
    };
    match handled.key.as_str() {
        "threshold1" => {
            let steps = config
                .entry("thresholds")
                .or_insert_with(|| json!({"mode": "absolute", "steps": [{"color": "green", "value": null}]}));
            if let Some(steps) = steps.get_mut("steps").and_then(Value::as_array_mut) {
                steps.push(json!({"color": handled.color, "value": value}));
            }
        }
        "color" => {
            config.insert("color".to_owned(), json!({"mode": "fixed", "fixedColor": value}));
        }
        key if KEYS.contains(&key) => {
            config.insert(key.to_owned(), value);
        }
        _ => {}
    }
}

/// `configFromData`: one query's answer says how the columns of the others are shown.
pub(super) fn from_data(frames: Vec<Frame>, options: &Value) -> Vec<Frame> {
    let reference = word(options, "configRefId").unwrap_or("config");
    let (said, mut about): (Vec<Frame>, Vec<Frame>) =
        frames.into_iter().partition(|frame| frame.reference == reference);
    let rules = handled(options);
    let mut config = Map::new();
    let mut mapped: [Vec<Cell>; 3] = Default::default();
    for field in said.iter().flat_map(|frame| &frame.fields) {
        let Some(handled) = handling(field, &rules) else { continue };
        let column =
            ["mappings.value", "mappings.text", "mappings.color"].iter().position(|key| *key == handled.key);
        match column {
            Some(column) => mapped[column].clone_from(&field.cells),
            None => put(&mut config, &handled, &value(field, handled.by)),
        }
    }
    let mappings = mappings(&mapped);
    if !mappings.is_empty() {
        config.insert("mappings".to_owned(), json!([{"type": "value", "options": mappings}]));
    }
    let every = json!({"id": "byType", "options": "number"});
    let matcher = options.get("applyTo").unwrap_or(&every);
    for field in about.iter_mut().flat_map(|frame| &mut frame.fields) {
        if is_about(matcher, field) {
            field.config.extend(config.clone());
        }
    }
    if about.is_empty() { said } else { about }
}

/// One value of a column, whatever it holds.
fn value(field: &Field, by: &str) -> Cell {
    if field.kind == Kind::Number {
        return reduce::reduce(by, &field.numbers()).map_or(Cell::None, Cell::Number);
    }
    let known = || field.cells.iter().filter(|cell| **cell != Cell::None);
    let found = if by.starts_with("first") { known().next() } else { known().next_back() };
    found.cloned().unwrap_or_default()
}

/// Values with the texts and colours that stand for them.
fn mappings([values, texts, colors]: &[Vec<Cell>; 3]) -> Map<String, Value> {
    let key = |cells: &[Cell], row: usize| cells.get(row).map(Cell::key).filter(|text| !text.is_empty());
    let rows = values.iter().enumerate();
    rows.map(|(row, value)| (value.key(), json!({"text": key(texts, row), "color": key(colors, row)})))
        .collect()
}
