//! Transformations of a table's shape: rows that become columns, columns that become rows, tables parted and counted.

use std::collections::HashMap;

use serde_json::Value;

use super::{config, word, words};
use crate::dashboard::fields::compiled;
use crate::dashboard::frame::{Cell, Field, Frame, Kind};
use crate::dashboard::reduce as calculations;
use crate::promql::pattern::Pattern;

/// More columns, or tables, are not made of the values of one.
const MOST: usize = 1_000;
/// Bars of a histogram.
const BARS: usize = 30;

/// The kind of a column with these cells.
fn kind_of(cells: &[Cell]) -> Kind {
    let mut known = cells.iter().filter(|cell| **cell != Cell::None);
    match known.next() {
        Some(Cell::Text(_)) => Kind::Text,
        Some(Cell::Time(_)) => Kind::Time,
        _ => Kind::Number,
    }
}

fn column(name: String, cells: Vec<Cell>, reference: &str) -> Field {
    Field { cells, ..Field::new(name, Kind::Number, reference) }
}

/// The values of a column, each once, in their order, and for each row which of them it has.
fn distinct(field: &Field) -> (Vec<Cell>, Vec<usize>) {
    let mut values = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut of_row = Vec::with_capacity(field.cells.len());
    for cell in &field.cells {
        let place = *known.entry(cell.key()).or_insert_with(|| {
            values.push(cell.clone());
            values.len() - 1
        });
        of_row.push(place);
    }
    (values, of_row)
}

/// `groupingToMatrix`: a column for each value of one column, a row for each of another.
pub(super) fn matrix(frames: Vec<Frame>, options: &Value) -> Vec<Frame> {
    let name = |key: &str, usual: &'static str| word(options, key).unwrap_or(usual).to_owned();
    let (of_column, of_row, of_value) =
        (name("columnField", "Time"), name("rowField", "Time"), name("valueField", "Value"));
    let empty = match word(options, "emptyValue") {
        Some("zero") => Cell::Number(0.0),
        Some("empty") => Cell::Text(String::new()),
        _ => Cell::None,
    };
    let each = |frame: Frame| {
        let (Some(by_column), Some(by_row), Some(values)) =
            (frame.find(&of_column), frame.find(&of_row), frame.find(&of_value))
        else {
            return frame;
        };
        let ((columns, column_of), (rows, row_of)) = (distinct(by_column), distinct(by_row));
        let count = columns.len().min(MOST);
        let mut cells = vec![vec![empty.clone(); rows.len()]; count];
        for (at, value) in values.cells.iter().enumerate() {
            if let (Some(column), Some(row)) = (column_of.get(at), row_of.get(at))
                && let Some(cell) = cells.get_mut(*column).and_then(|column| column.get_mut(*row))
            {
                *cell = value.clone();
            }
        }
        let mut names = by_row.clone();
        names.title = Some(format!("{of_row}\\{of_column}"));
        names.cells = rows;
        let made = columns.iter().zip(cells).map(|(name, cells)| Field {
            cells,
            name: name.key(),
            title: None,
            ..values.clone()
        });
        Frame { fields: std::iter::once(names).chain(made).collect(), reference: frame.reference.clone() }
    };
    frames.into_iter().map(each).collect()
}

/// `rowsToFields`: each row becomes a column, named by one column, with the value of another; others say how it is shown,
/// or are its labels.
pub(super) fn rows_to_fields(frames: Vec<Frame>, options: &Value) -> Vec<Frame> {
    let rules = config::handled(options);
    let each = |frame: Frame| {
        let handled: Vec<(&Field, Option<config::Handled<'_>>)> =
            frame.fields.iter().map(|field| (field, config::handling(field, &rules))).collect();
        let given = |key: &str| {
            handled
                .iter()
                .find(|(_, of)| of.as_ref().is_some_and(|of| of.key == key))
                .map(|(field, _)| *field)
        };
        let free = |kind: Kind| {
            handled.iter().find(|(field, of)| field.kind == kind && of.is_none()).map(|(field, _)| *field)
        };
        let names = given("field.name").or_else(|| free(Kind::Text));
        let values = given("field.value").or_else(|| free(Kind::Number));
        let (Some(names), Some(values)) = (names, values) else { return frame };
        let made =
            names.cells.iter().zip(&values.cells).take(MOST).enumerate().map(|(row, (name, value))| {
                let mut field =
                    Field { cells: vec![value.clone()], name: name.key(), title: None, ..values.clone() };
                for (other, of) in &handled {
                    if let (Some(of), Some(cell)) = (of, other.cells.get(row)) {
                        config::put(&mut field.config, of, cell);
                    }
                }
                field
            });
        Frame { fields: made.collect(), reference: frame.reference.clone() }
    };
    frames.into_iter().map(each).collect()
}

/// `transpose`: columns become rows; the first names the new columns.
pub(super) fn transpose(frames: Vec<Frame>, options: &Value) -> Vec<Frame> {
    let title = word(options, "firstFieldName").unwrap_or("Field").to_owned();
    let each = |frame: Frame| {
        let Some((names, rest)) = frame.fields.split_first() else { return frame };
        let first = column(
            title.clone(),
            rest.iter().map(|field| Cell::Text(field.shown().to_owned())).collect(),
            &frame.reference,
        );
        let made = names.cells.iter().enumerate().take(MOST).map(|(row, name)| {
            let cells: Vec<Cell> =
                rest.iter().map(|field| field.cells.get(row).cloned().unwrap_or_default()).collect();
            Field { kind: kind_of(&cells), ..column(name.key(), cells, &frame.reference) }
        });
        let first = Field { kind: Kind::Text, ..first };
        Frame { fields: std::iter::once(first).chain(made).collect(), reference: frame.reference.clone() }
    };
    frames.into_iter().map(each).collect()
}

/// `partitionByValues`: a table for each combination of values in some columns.
pub(super) fn partition(frames: Vec<Frame>, options: &Value) -> Vec<Frame> {
    let by = words(options, "fields");
    let kept = options.get("keepFields") == Some(&Value::Bool(true));
    let mut out: Vec<Frame> = Vec::new();
    for frame in frames {
        let keys: Vec<&Field> = by.iter().filter_map(|name| frame.find(name)).collect();
        if keys.is_empty() {
            out.push(frame);
            continue;
        }
        let key = |row: usize| -> Vec<String> {
            keys.iter().map(|field| field.cells.get(row).map_or_else(String::new, Cell::key)).collect()
        };
        let mut groups: Vec<(Vec<String>, Vec<usize>)> = Vec::new();
        let mut known: HashMap<Vec<String>, usize> = HashMap::new();
        for row in 0..frame.rows() {
            let place = *known.entry(key(row)).or_insert_with(|| {
                groups.push((key(row), Vec::new()));
                groups.len() - 1
            });
            groups[place].1.push(row);
        }
        for (values, rows) in groups.into_iter().take(MOST) {
            let fields = frame.fields.iter().filter(|field| {
                kept || !keys.iter().any(|key| key.name == field.name && key.title == field.title)
            });
            let made = fields.map(|field| {
                let cells = rows.iter().map(|row| field.cells.get(*row).cloned().unwrap_or_default());
                let own = (field.kind == Kind::Number).then(|| values.join(" "));
                Field { cells: cells.collect(), title: own.or(field.title.clone()), ..field.clone() }
            });
            out.push(Frame { reference: frame.reference.clone(), fields: made.collect() });
        }
    }
    out
}

/// `joinByLabels`: a column for each value of one label, a row for each combination of others.
pub(super) fn join_by_labels(frames: Vec<Frame>, options: &Value) -> Vec<Frame> {
    let Some(label) = word(options, "value") else { return frames };
    let wanted = words(options, "join");
    let numbers: Vec<&Field> = frames
        .iter()
        .flat_map(|frame| &frame.fields)
        .filter(|field| field.kind == Kind::Number && !field.labels.get(label).is_empty())
        .collect();
    let mut names: Vec<&str> = if wanted.is_empty() {
        numbers.iter().flat_map(|field| field.labels.iter()).map(|(name, _)| name).collect()
    } else {
        wanted
    };
    names.retain(|name| *name != label && *name != crate::model::Labels::NAME);
    names.sort_unstable();
    names.dedup();
    let mut rows: Vec<Vec<&str>> = Vec::new();
    let mut columns: Vec<&str> = Vec::new();
    let mut cells: HashMap<(usize, usize), Cell> = HashMap::new();
    for field in &numbers {
        let key: Vec<&str> = names.iter().map(|name| field.labels.get(name)).collect();
        let row = rows.iter().position(|known| *known == key).unwrap_or_else(|| {
            rows.push(key);
            rows.len() - 1
        });
        let value = field.labels.get(label);
        let column = columns.iter().position(|known| *known == value).unwrap_or_else(|| {
            columns.push(value);
            columns.len() - 1
        });
        if rows.len() > MOST || columns.len() > MOST {
            break;
        }
        let last = field.cells.iter().rev().find(|cell| **cell != Cell::None).cloned().unwrap_or_default();
        cells.insert((row, column), last);
    }
    let mut fields: Vec<Field> = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let of_rows = rows.iter().map(|row| Cell::Text(row[at].to_owned()));
        fields.push(Field { kind: Kind::Text, ..column((*name).to_owned(), of_rows.collect(), "") });
    }
    for (at, name) in columns.iter().enumerate() {
        let of_rows = (0..rows.len()).map(|row| cells.get(&(row, at)).cloned().unwrap_or_default());
        fields.push(column((*name).to_owned(), of_rows.collect(), ""));
    }
    if numbers.is_empty() { frames } else { vec![Frame { reference: String::new(), fields }] }
}

/// `timeSeriesTable`: a row for each series, with its labels and one number of it.
pub(super) fn series_table(frames: &[Frame], options: &Value) -> Vec<Frame> {
    let mut references: Vec<String> = Vec::new();
    for frame in frames.iter().filter(|frame| frame.times().is_some()) {
        if !references.contains(&frame.reference) {
            references.push(frame.reference.clone());
        }
    }
    let table = |reference: &String| {
        let numbers: Vec<&Field> = frames
            .iter()
            .filter(|frame| frame.reference == *reference)
            .flat_map(|frame| &frame.fields)
            .filter(|field| field.kind == Kind::Number)
            .collect();
        let calculation =
            options.get(reference).and_then(|given| word(given, "stat")).unwrap_or("lastNotNull");
        let mut names: Vec<&str> =
            numbers.iter().flat_map(|field| field.labels.iter()).map(|(name, _)| name).collect();
        names.sort_unstable();
        names.dedup();
        let mut fields: Vec<Field> = names
            .into_iter()
            .map(|name| {
                let cells = numbers.iter().map(|field| Cell::Text(field.labels.get(name).to_owned()));
                Field { kind: Kind::Text, ..column(name.to_owned(), cells.collect(), reference) }
            })
            .collect();
        let values = numbers.iter().map(|field| {
            calculations::reduce(calculation, &field.numbers()).map_or(Cell::None, Cell::Number)
        });
        fields.push(column(format!("Trend #{reference}"), values.collect(), reference));
        Frame { reference: reference.clone(), fields }
    };
    references.iter().map(table).collect()
}

/// `histogram`: how many values lie where, for each column of numbers or all together.
pub(super) fn histogram(frames: &[Frame], options: &Value) -> Vec<Frame> {
    let number = |key: &str| {
        let given = options.get(key)?;
        given.as_f64().or_else(|| given.as_str()?.trim().parse().ok()).filter(|number| *number > 0.0)
    };
    let columns: Vec<&Field> =
        frames.iter().flat_map(|frame| &frame.fields).filter(|field| field.kind == Kind::Number).collect();
    let finite = |field: &Field| -> Vec<f64> {
        field.numbers().into_iter().flatten().filter(|value| value.is_finite()).collect()
    };
    let all: Vec<f64> = columns.iter().flat_map(|field| finite(field)).collect();
    let (Some(least), Some(most)) =
        (all.iter().copied().reduce(f64::min), all.iter().copied().reduce(f64::max))
    else {
        return Vec::new();
    };
    let bars = number("bucketCount").map_or(BARS, |count| (count as usize).clamp(1, MOST));
    let size = number("bucketSize").unwrap_or((most - least) / bars as f64);
    let size = if size > 0.0 { size.max((most - least) / MOST as f64) } else { 1.0 };
    let first = (least / size).floor();
    let count = ((most / size).floor() - first) as usize + 1;
    let counted = |values: &[f64]| {
        let mut counts = vec![0.0; count.min(MOST + 2)];
        for value in values {
            let place = ((value / size).floor() - first) as usize;
            if let Some(bar) = counts.get_mut(place) {
                *bar += 1.0;
            }
        }
        counts.into_iter().map(Cell::Number).collect::<Vec<_>>()
    };
    let edges = |offset: f64| {
        let edge = |at: usize| Cell::Number((first + at as f64 + offset) * size);
        (0..count.min(MOST + 2)).map(edge).collect::<Vec<_>>()
    };
    let mut fields =
        vec![column("xMin".to_owned(), edges(0.0), ""), column("xMax".to_owned(), edges(1.0), "")];
    if options.get("combine") == Some(&Value::Bool(true)) {
        fields.push(column("count".to_owned(), counted(&all), ""));
    } else {
        fields.extend(
            columns
                .iter()
                .take(MOST)
                .map(|field| Field { cells: counted(&finite(field)), ..(*field).clone() }),
        );
    }
    vec![Frame { reference: String::new(), fields }]
}

/// `extractFields`: columns out of texts that are JSON or `key=value` pairs.
pub(super) fn extract(frames: Vec<Frame>, options: &Value) -> Vec<Frame> {
    let Some(source) = word(options, "source") else { return frames };
    let replace = options.get("replace") == Some(&Value::Bool(true));
    let pattern = word(options, "regExp").and_then(compiled);
    let pairs = |text: &str| -> Vec<(String, Cell)> {
        let cell = |value: &Value| match value {
            Value::Null => Cell::None,
            Value::Number(number) => number.as_f64().map_or(Cell::None, Cell::Number),
            Value::String(text) => Cell::Text(text.clone()),
            other => Cell::Text(other.to_string()),
        };
        if let Ok(Value::Object(map)) = serde_json::from_str(text) {
            return map.iter().map(|(name, value)| (name.clone(), cell(value))).collect();
        }
        if let Some(regex) = pattern.as_deref().and_then(Pattern::regex) {
            let found = regex.captures(text);
            let named = regex.capture_names().flatten().filter_map(|name| {
                let value = found.as_ref()?.name(name)?;
                Some((name.to_owned(), Cell::Text(value.as_str().to_owned())))
            });
            return named.collect();
        }
        let words =
            text.trim_matches(['{', '}']).split([',', ' ', ';']).filter_map(|pair| pair.split_once('='));
        words
            .map(|(name, value)| {
                (name.trim().to_owned(), Cell::Text(value.trim().trim_matches('"').to_owned()))
            })
            .collect()
    };
    let each = |frame: Frame| {
        let Some(field) = frame.find(source) else { return frame };
        let rows: Vec<Vec<(String, Cell)>> = field.cells.iter().map(|cell| pairs(&cell.key())).collect();
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in rows.iter().flatten() {
            if names.len() < MOST && !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let made = names.iter().map(|name| {
            let value = |row: &Vec<(String, Cell)>| {
                row.iter().find(|(known, _)| known == name).map(|(_, cell)| cell.clone()).unwrap_or_default()
            };
            let cells: Vec<Cell> = rows.iter().map(value).collect();
            Field { kind: kind_of(&cells), ..column((*name).to_owned(), cells, &frame.reference) }
        });
        let kept = frame.fields.iter().filter(|_| !replace).cloned();
        Frame { fields: kept.chain(made).collect(), reference: frame.reference.clone() }
    };
    frames.into_iter().map(each).collect()
}
