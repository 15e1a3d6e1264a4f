//! Transformations of columns: which there are, in what order, how they are named, and what is computed from them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{rows, word, words};
use crate::dashboard::fields::compiled;
use crate::dashboard::frame::{Cell, Field, Frame, Kind};
use crate::dashboard::reduce;
use crate::promql::pattern::Pattern;

/// `organize`: hides, orders and renames columns.
pub(super) fn organize(frames: Vec<Frame>, options: &Value) -> Vec<Frame> {
    let of = |key: &str, name: &str| options.get(key).and_then(|by_name| by_name.get(name)).cloned();
    let each = |mut frame: Frame| {
        frame.fields.retain(|field| of("excludeByName", field.shown()) != Some(Value::Bool(true)));
        if options.get("includeByName").and_then(Value::as_object).is_some_and(|names| !names.is_empty()) {
            frame.fields.retain(|field| of("includeByName", field.shown()) == Some(Value::Bool(true)));
        }
        frame.fields.sort_by_key(|field| {
            of("indexByName", field.shown()).and_then(|at| at.as_i64()).unwrap_or(i64::MAX)
        });
        for field in &mut frame.fields {
            if let Some(Value::String(name)) = of("renameByName", field.shown())
                && !name.is_empty()
            {
                field.title = Some(name);
            }
        }
        frame
    };
    frames.into_iter().map(each).collect()
}

/// `filterFieldsByName`: keeps columns by names or by a pattern.
pub(super) fn filter(frames: Vec<Frame>, options: &Value) -> Vec<Frame> {
    let said = |key: &str| options.get(key).filter(|rule| rule.is_object());
    let fits = |rule: &Value, name: &str| {
        let pattern = word(rule, "pattern").and_then(compiled);
        words(rule, "names").contains(&name) || pattern.is_some_and(|pattern| pattern.matches(name))
    };
    let each = |mut frame: Frame| {
        frame.fields.retain(|field| {
            said("include").is_none_or(|rule| fits(rule, field.shown()))
                && !said("exclude").is_some_and(|rule| fits(rule, field.shown()))
        });
        frame
    };
    frames.into_iter().map(each).filter(|frame| !frame.fields.is_empty()).collect()
}

/// How long a name and what stands for its parts may be together, multiplied: no name of a field comes near.
const MOST_NAMES: usize = 1 << 20;

/// `renameByRegex`: names by a pattern and what stands for it.
pub(super) fn rename(mut frames: Vec<Frame>, options: &Value) -> Vec<Frame> {
    let pattern = word(options, "regex").and_then(compiled);
    let Some(regex) = pattern.as_deref().and_then(Pattern::regex) else { return frames };
    // In the crate's notation `$1ome` is a group of that name; braces part them.
    let instead = options.get("renamePattern").and_then(Value::as_str).unwrap_or_default();
    let instead = braced(instead);
    for field in frames.iter_mut().flat_map(|frame| &mut frame.fields) {
        // What is written of itself again and again would fill all memory.
        if field.shown().len().saturating_mul(instead.len()) > MOST_NAMES {
            continue;
        }
        let name = regex.replace(field.shown(), instead.as_str()).into_owned();
        if name != field.shown() {
            field.title = Some(name);
        }
    }
    frames
}

/// `$1ome` as `${1}ome`.
fn braced(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(c);
        if c == '$' && chars.peek().is_some_and(char::is_ascii_digit) {
            out.push('{');
            while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                out.push(digit);
            }
            out.push('}');
        }
    }
    out
}

/// `labelsToFields`: labels become columns, and all series one table.
pub(super) fn labels_to_fields(frames: Vec<Frame>, options: &Value) -> Vec<Frame> {
    let kept = words(options, "keepLabels");
    let named_by = word(options, "valueLabel");
    let each = |frame: Frame| {
        let rows = frame.rows();
        let mut fields: Vec<Field> = Vec::new();
        for mut field in frame.fields {
            let labels = std::mem::take(&mut field.labels);
            for (name, value) in labels.iter() {
                let wanted = kept.is_empty() || kept.contains(&name);
                if wanted && named_by != Some(name) && !fields.iter().any(|known| known.name == name) {
                    let mut label = Field::new(name, Kind::Text, &frame.reference);
                    label.cells = vec![Cell::Text(value.to_owned()); rows];
                    fields.push(label);
                }
            }
            if !labels.is_empty() {
                let name = named_by.map(|label| labels.get(label)).filter(|name| !name.is_empty());
                field.title = None;
                if let Some(name) = name {
                    name.clone_into(&mut field.name);
                }
            }
            fields.push(field);
        }
        Frame { reference: frame.reference, fields }
    };
    let frames: Vec<Frame> = frames.into_iter().map(each).collect();
    if frames.len() > 1 { rows::merge(frames) } else { frames }
}

/// `concatenate`: all columns side by side.
pub(super) fn concatenate(frames: Vec<Frame>) -> Vec<Frame> {
    let reference = frames.first().map(|frame| frame.reference.clone()).unwrap_or_default();
    let fields: Vec<Field> = frames.into_iter().flat_map(|frame| frame.fields).collect();
    if fields.is_empty() { Vec::new() } else { vec![Frame { reference, fields }] }
}

/// `convertFieldType`: texts as numbers, numbers as moments or texts.
pub(super) fn convert(mut frames: Vec<Frame>, options: &Value) -> Vec<Frame> {
    for rule in options.get("conversions").and_then(Value::as_array).into_iter().flatten() {
        let (Some(target), Some(to)) = (word(rule, "targetField"), word(rule, "destinationType")) else {
            continue;
        };
        for field in
            frames.iter_mut().flat_map(|frame| &mut frame.fields).filter(|field| field.shown() == target)
        {
            field.kind = match to {
                "number" => Kind::Number,
                "time" => Kind::Time,
                _ => Kind::Text,
            };
            for cell in &mut field.cells {
                let key = cell.key();
                *cell = match (field.kind, key.parse::<f64>()) {
                    _ if *cell == Cell::None => Cell::None,
                    (Kind::Number, Ok(number)) => Cell::Number(number),
                    (Kind::Time, Ok(number)) => Cell::Time(number as i64),
                    (Kind::Number | Kind::Time, Err(_)) => Cell::None,
                    (Kind::Text, _) => Cell::Text(key),
                };
            }
        }
    }
    frames
}

/// `calculateField`: a column computed from others, of all series together if there are several.
pub(super) fn calculate(frames: Vec<Frame>, options: &Value) -> Vec<Frame> {
    let frames = if frames.len() > 1 && frames.iter().all(|frame| frame.times().is_some()) {
        rows::join(frames, &Value::Null)
    } else {
        frames
    };
    let replace = options.get("replaceFields") == Some(&Value::Bool(true));
    let each = |mut frame: Frame| {
        let Some((name, cells)) = computed(&frame, options) else { return frame };
        let mut field = Field::new(word(options, "alias").unwrap_or(&name), Kind::Number, &frame.reference);
        field.cells = cells.into_iter().map(|value| value.map_or(Cell::None, Cell::Number)).collect();
        if replace {
            frame.fields.retain(|field| field.kind == Kind::Time);
        }
        frame.fields.push(field);
        frame
    };
    frames.into_iter().map(each).collect()
}

/// The numbers of a computed column, and what it is called without a name of its own.
fn computed(frame: &Frame, options: &Value) -> Option<(String, Vec<Option<f64>>)> {
    let rows = frame.rows();
    let find = |name: &str| frame.fields.iter().find(|field| field.shown() == name || field.name == name);
    match word(options, "mode").unwrap_or("reduceRow") {
        "reduceRow" => {
            let given = options.get("reduce").unwrap_or(&Value::Null);
            let id = word(given, "reducer").unwrap_or("sum");
            let include: BTreeSet<&str> = words(given, "include").into_iter().collect();
            let numbers: Vec<Vec<Option<f64>>> = frame
                .fields
                .iter()
                .filter(|field| field.kind == Kind::Number)
                .filter(|field| include.is_empty() || include.contains(field.shown()))
                .map(Field::numbers)
                .collect();
            let row = |row: usize| {
                let values: Vec<Option<f64>> =
                    numbers.iter().map(|field| field.get(row).copied().flatten()).collect();
                reduce::reduce(id, &values)
            };
            Some((reduce::name(id), (0..rows).map(row).collect()))
        }
        "binary" => {
            let given = options.get("binary")?;
            let side = |key: &str| -> Option<(String, Vec<Option<f64>>)> {
                // A column by its name, or a number; of late within an object.
                let said = given.get(key)?;
                let said = said
                    .get("matcher")
                    .and_then(|matcher| matcher.get("options"))
                    .or_else(|| said.get("fixed"))
                    .unwrap_or(said);
                let name = said.as_str().map_or_else(|| said.to_string(), str::to_owned);
                let numbers = match find(&name) {
                    Some(field) => field.numbers(),
                    None => vec![Some(name.trim().parse().ok()?); rows],
                };
                Some((name, numbers))
            };
            let ((left, a), (right, b)) = (side("left")?, side("right")?);
            let operator = word(given, "operator")?;
            let apply = |a: f64, b: f64| match operator {
                "+" => a + b,
                "-" => a - b,
                "*" => a * b,
                "/" => a / b,
                "%" => a % b,
                "**" => a.powf(b),
                _ => f64::NAN,
            };
            let both = a.iter().zip(&b).map(|(a, b)| Some(apply((*a)?, (*b)?)));
            Some((format!("{left} {operator} {right}"), both.collect()))
        }
        "unary" => {
            let given = options.get("unary")?;
            let (operator, name) = (word(given, "operator")?, word(given, "fieldName")?);
            let apply = |value: f64| match operator {
                "abs" => value.abs(),
                "exp" => value.exp(),
                "ln" => value.ln(),
                "floor" => value.floor(),
                "ceil" => value.ceil(),
                "round" => value.round(),
                _ => value,
            };
            let numbers = find(name)?.numbers();
            Some((format!("{operator}({name})"), numbers.into_iter().map(|value| value.map(apply)).collect()))
        }
        "index" => Some(("Row".to_owned(), (0..rows).map(|row| Some(row as f64)).collect())),
        "cumulativeFunctions" => {
            let given = options.get("cumulative")?;
            let numbers = find(word(given, "field")?)?.numbers();
            let is_mean = word(given, "reducer") == Some("mean");
            let mut sum = 0.0;
            let running = numbers.into_iter().enumerate().map(|(row, value)| {
                sum += value.unwrap_or(0.0);
                Some(if is_mean { sum / (row + 1) as f64 } else { sum })
            });
            Some(("Cumulative".to_owned(), running.collect()))
        }
        _ => None,
    }
}
