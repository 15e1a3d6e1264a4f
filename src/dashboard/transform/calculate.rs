//! `calculateField`: columns computed from others, row by row.

use serde_json::Value;

use super::{rows, word, words};
use crate::dashboard::arithmetic::{binary, unary};
use crate::dashboard::fields::is_about;
use crate::dashboard::frame::{Cell, Field, Frame, Kind};
use crate::dashboard::reduce;

/// A computed column: its name, and a number for each row.
type Computed = (String, Vec<Option<f64>>);

/// The frames with what is computed, of all series together if there are several; `None` if the way is not known.
pub(super) fn calculate(frames: Vec<Frame>, options: &Value) -> Result<Vec<Frame>, Vec<Frame>> {
    let mode = word(options, "mode").unwrap_or("reduceRow");
    let compute: fn(&Frame, &Value) -> Option<Vec<Computed>> = match mode {
        "reduceRow" => |frame, options| Some(vec![reduced(frame, options)]),
        "binary" => paired,
        "unary" => each,
        "index" => |frame, options| Some(vec![counted(frame, options)]),
        "cumulativeFunctions" => running,
        "windowFunctions" => within_windows,
        _ => return Err(frames),
    };
    let frames = if frames.len() > 1 && frames.iter().all(|frame| frame.times().is_some()) {
        rows::join(frames, &Value::Null)
    } else {
        frames
    };
    let replace = options.get("replaceFields") == Some(&Value::Bool(true));
    let with = |mut frame: Frame| {
        // Options that miss their columns change nothing.
        let Some(computed) = compute(&frame, options) else { return frame };
        let alone = computed.len() == 1;
        let made: Vec<Field> = computed
            .into_iter()
            .map(|(name, numbers)| {
                let name = word(options, "alias").filter(|_| alone).map_or(name, str::to_owned);
                let cells = numbers.into_iter().map(|value| value.map_or(Cell::None, Cell::Number));
                Field { cells: cells.collect(), ..Field::new(name, Kind::Number, &frame.reference) }
            })
            .collect();
        if replace {
            frame.fields.retain(|field| field.kind == Kind::Time);
        }
        frame.fields.extend(made);
        frame
    };
    Ok(frames.into_iter().map(with).collect())
}

/// One number of each row.
fn reduced(frame: &Frame, options: &Value) -> Computed {
    let given = options.get("reduce").unwrap_or(&Value::Null);
    let id = word(given, "reducer").unwrap_or("sum");
    let include = words(given, "include");
    let numbers: Vec<Vec<Option<f64>>> = frame
        .fields
        .iter()
        .filter(|field| field.kind == Kind::Number)
        .filter(|field| include.is_empty() || include.contains(&field.shown()))
        .map(Field::numbers)
        .collect();
    let row = |row: usize| {
        let values: Vec<Option<f64>> =
            numbers.iter().map(|field| field.get(row).copied().flatten()).collect();
        reduce::reduce(id, &values)
    };
    (reduce::name(id), (0..frame.rows()).map(row).collect())
}

/// Two columns, or a column and a number, with an operator between them; of late also all columns and one.
fn paired(frame: &Frame, options: &Value) -> Option<Vec<Computed>> {
    let given = options.get("binary")?;
    let operator = word(given, "operator")?;
    let sides = |key: &str| -> Option<Vec<Computed>> {
        let said = given.get(key)?;
        if let Some(matcher) = said.get("matcher").filter(|matcher| word(matcher, "id") != Some("byName")) {
            let about =
                frame.fields.iter().filter(|field| field.kind == Kind::Number && is_about(matcher, field));
            return Some(about.map(|field| (field.shown().to_owned(), field.numbers())).collect());
        }
        let said = said.pointer("/matcher/options").or_else(|| said.get("fixed")).unwrap_or(said);
        let name = said.as_str().map_or_else(|| said.to_string(), str::to_owned);
        let numbers = match frame.find(&name) {
            Some(field) => field.numbers(),
            None => vec![Some(name.trim().parse().ok()?); frame.rows()],
        };
        Some(vec![(name, numbers)])
    };
    let right = sides("right")?.into_iter().next()?;
    let with = |(name, a): Computed| {
        let both = a.iter().zip(&right.1).map(|(a, b)| binary(operator, (*a)?, (*b)?));
        (format!("{name} {operator} {}", right.0), both.collect())
    };
    Some(sides("left")?.into_iter().map(with).collect())
}

/// A function of a column.
fn each(frame: &Frame, options: &Value) -> Option<Vec<Computed>> {
    let given = options.get("unary")?;
    let (function, name) = (word(given, "operator")?, word(given, "fieldName")?);
    let numbers = frame.find(name)?.numbers().into_iter().map(|value| unary(function, value?));
    Some(vec![(format!("{function}({name})"), numbers.collect())])
}

/// The number of each row, or its share of all.
fn counted(frame: &Frame, options: &Value) -> Computed {
    let share = options.pointer("/index/asPercentile") == Some(&Value::Bool(true));
    let rows = frame.rows();
    let number = |row: usize| Some(if share { (row + 1) as f64 / rows as f64 } else { row as f64 });
    ("Row".to_owned(), (0..rows).map(number).collect())
}

/// The sum, or the mean, of a column up to each row.
fn running(frame: &Frame, options: &Value) -> Option<Vec<Computed>> {
    let given = options.get("cumulative")?;
    let name = word(given, "field")?;
    let is_mean = word(given, "reducer") == Some("mean");
    let mut sum = 0.0;
    let numbers = frame.find(name)?.numbers().into_iter().enumerate().map(|(row, value)| {
        sum += value.unwrap_or(0.0);
        Some(if is_mean { sum / (row + 1) as f64 } else { sum })
    });
    Some(vec![(format!("Cumulative {}({name})", if is_mean { "mean" } else { "sum" }), numbers.collect())])
}

/// Rows of a window are no more than this: each is looked at again for each row.
const WIDEST: usize = 1_000;

/// A number of the rows around each row, or before it.
fn within_windows(frame: &Frame, options: &Value) -> Option<Vec<Computed>> {
    let given = options.get("window")?;
    let name = word(given, "field")?;
    let id = word(given, "reducer").unwrap_or("mean");
    let numbers = frame.find(name)?.numbers();
    let size = given.get("windowSize").and_then(Value::as_f64).unwrap_or(0.1);
    let size = match word(given, "windowSizeMode") {
        Some("fixed") => size,
        _ => size * numbers.len() as f64,
    };
    let size = (size.ceil() as usize).clamp(1, WIDEST);
    let centred = word(given, "windowAlignment") == Some("centered");
    let row = |row: usize| {
        let from = row.saturating_sub(if centred { size / 2 } else { size - 1 });
        let to = if centred { row + size.div_ceil(2) } else { row + 1 };
        reduce::reduce(id, &numbers[from..to.min(numbers.len())])
    };
    let computed = (0..numbers.len()).map(row).collect();
    Some(vec![(format!("{} of {name} in a window", reduce::name(id)), computed)])
}
