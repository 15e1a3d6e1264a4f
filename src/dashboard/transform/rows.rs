//! Transformations of rows: tables put together, grouped, sorted, cut, filtered, reduced.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value;

use super::{word, words};
use crate::dashboard::fields::compiled;
use crate::dashboard::frame::{Cell, Field, Frame, Kind};
use crate::dashboard::reduce as calculations;

/// Joins and merges keep at most so many cells.
const MOST_CELLS: usize = 10_000_000;
/// Rows of one key are compared with no more than this many.
const MOST_ALIKE: usize = 100;

/// A table without rows that has these columns.
fn emptied(fields: &[&Field]) -> Vec<Field> {
    fields.iter().map(|field| Field { cells: Vec::new(), ..(*field).clone() }).collect()
}

/// The table of some rows of a frame.
fn of_rows(frame: &Frame, rows: &[usize]) -> Frame {
    let each = |field: &Field| Field {
        cells: rows.iter().map(|row| field.cells.get(*row).cloned().unwrap_or_default()).collect(),
        ..field.clone()
    };
    Frame { reference: frame.reference.clone(), fields: frame.fields.iter().map(each).collect() }
}

/// `merge`: one table, in which rows that agree in what all tables have become one.
pub(super) fn merge(frames: Vec<Frame>) -> Vec<Frame> {
    if frames.len() < 2 {
        return frames;
    }
    let mut seen: HashSet<&str> = HashSet::new();
    let mut columns: Vec<&Field> =
        frames.iter().flat_map(|frame| &frame.fields).filter(|field| seen.insert(field.shown())).collect();
    // Names stand before numbers, as they stood in the tables.
    columns.sort_by_key(|field| field.kind == Kind::Number);
    let place: HashMap<&str, usize> =
        columns.iter().enumerate().map(|(at, field)| (field.shown(), at)).collect();
    let mut count: HashMap<&str, usize> = HashMap::new();
    for frame in &frames {
        let own: BTreeSet<&str> = frame.fields.iter().map(Field::shown).collect();
        for name in own {
            *count.entry(name).or_default() += 1;
        }
    }
    let common: HashSet<&str> =
        count.into_iter().filter(|(_, count)| *count == frames.len()).map(|(name, _)| name).collect();
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    let mut known: HashMap<Vec<String>, Vec<usize>> = HashMap::new();
    let most = MOST_CELLS / columns.len().max(1);
    for frame in &frames {
        // Only its own columns are looked at: others may be many.
        let own: Vec<(usize, &Field, bool)> = frame
            .fields
            .iter()
            .filter_map(|field| {
                let place = *place.get(field.shown())?;
                Some((place, field, common.contains(field.shown())))
            })
            .collect();
        for row in 0..frame.rows() {
            let cells =
                || own.iter().map(|(at, field, _)| (*at, field.cells.get(row).cloned().unwrap_or_default()));
            let mut key: Vec<(usize, String)> = own
                .iter()
                .filter(|(.., common)| *common)
                .map(|(at, field, _)| (*at, field.cells.get(row).map_or_else(String::new, Cell::key)))
                .collect();
            key.sort_unstable();
            let alike = known.entry(key.into_iter().map(|(_, text)| text).collect()).or_default();
            let fits = |at: &&usize| {
                cells().all(|(place, new)| {
                    let old = &rows[**at][place];
                    *old == Cell::None || new == Cell::None || *old == new
                })
            };
            let place = match alike.iter().take(MOST_ALIKE).find(fits) {
                Some(place) => *place,
                None if rows.len() < most => {
                    alike.push(rows.len());
                    rows.push(vec![Cell::None; columns.len()]);
                    rows.len() - 1
                }
                None => continue,
            };
            for (at, new) in cells().filter(|(_, new)| *new != Cell::None) {
                rows[place][at] = new;
            }
        }
    }
    let mut fields = emptied(&columns);
    for row in rows {
        for (field, cell) in fields.iter_mut().zip(row) {
            field.cells.push(cell);
        }
    }
    vec![Frame { reference: String::new(), fields }]
}

/// `joinByField`: columns side by side, row by row where this column agrees; by time without one.
pub(super) fn join(frames: Vec<Frame>, options: &Value) -> Vec<Frame> {
    let by = word(options, "byField");
    let inner = word(options, "mode") == Some("inner");
    let key_of = |frame: &Frame| match by {
        Some(name) => frame.fields.iter().position(|field| field.is_called(name)),
        None => frame.fields.iter().position(|field| field.kind == Kind::Time),
    };
    let (with, without): (Vec<Frame>, Vec<Frame>) =
        frames.into_iter().partition(|frame| key_of(frame).is_some());
    if with.len() < 2 {
        return with.into_iter().chain(without).collect();
    }
    // The keys in their order, each with the row in which it first stands in each table.
    let mut order: Vec<Cell> = Vec::new();
    let mut rows: HashMap<String, Vec<Option<usize>>> = HashMap::new();
    for (at, frame) in with.iter().enumerate() {
        let Some(key) = key_of(frame) else { continue };
        for (row, cell) in frame.fields[key].cells.iter().enumerate() {
            let places = rows.entry(cell.key()).or_insert_with(|| {
                order.push(cell.clone());
                vec![None; with.len()]
            });
            places[at].get_or_insert(row);
        }
    }
    if order.iter().all(|cell| cell.number().is_some()) {
        order.sort_by(|a, b| a.number().unwrap_or(0.0).total_cmp(&b.number().unwrap_or(0.0)));
    }
    if inner {
        order.retain(|cell| rows.get(&cell.key()).is_some_and(|places| places.iter().all(Option::is_some)));
    }
    let columns: usize = with.iter().map(|frame| frame.fields.len()).sum();
    order.truncate(MOST_CELLS / columns.max(1));
    let first = key_of(&with[0]).unwrap_or(0);
    let mut fields = vec![Field { cells: order.clone(), ..with[0].fields[first].clone() }];
    for (at, frame) in with.iter().enumerate() {
        let key = key_of(frame);
        for (_, field) in frame.fields.iter().enumerate().filter(|(place, _)| Some(*place) != key) {
            let cell = |key: &Cell| {
                let row = rows.get(&key.key()).and_then(|places| places[at]);
                row.and_then(|row| field.cells.get(row)).cloned().unwrap_or_default()
            };
            fields.push(Field { cells: order.iter().map(cell).collect(), ..field.clone() });
        }
    }
    vec![Frame { reference: String::new(), fields }]
}

/// `seriesToRows`: a row for each point, with the name of its series.
pub(super) fn series_to_rows(frames: &[Frame]) -> Vec<Frame> {
    let (mut times, mut names, mut values) = (
        Field::new("Time", Kind::Time, ""),
        Field::new("Metric", Kind::Text, ""),
        Field::new("Value", Kind::Number, ""),
    );
    for frame in frames {
        let Some(time) = frame.times() else { continue };
        for field in frame.fields.iter().filter(|field| field.kind == Kind::Number) {
            for (at, value) in time.cells.iter().zip(&field.cells) {
                times.cells.push(at.clone());
                names.cells.push(Cell::Text(field.shown().to_owned()));
                values.cells.push(value.clone());
            }
        }
    }
    vec![Frame { reference: String::new(), fields: vec![times, names, values] }]
}

/// `reduce`: a row for each column of numbers with its calculations, or each table in one row.
pub(super) fn reduce(frames: Vec<Frame>, options: &Value) -> Vec<Frame> {
    let ids = words(options, "reducers");
    let ids = if ids.is_empty() { vec!["max"] } else { ids };
    let value =
        |field: &Field, id: &str| calculations::reduce(id, &field.numbers()).map_or(Cell::None, Cell::Number);
    if word(options, "mode") == Some("reduceFields") {
        let each = |frame: Frame| {
            let numbers = frame.fields.iter().filter(|field| field.kind == Kind::Number);
            let fields = numbers.flat_map(|field| {
                let several = ids.len() > 1;
                ids.iter().map(move |id| {
                    let title = if several {
                        format!("{} {}", calculations::name(id), field.shown())
                    } else {
                        field.shown().to_owned()
                    };
                    Field { cells: vec![value(field, id)], title: Some(title), ..field.clone() }
                })
            });
            Frame { fields: fields.collect(), reference: frame.reference }
        };
        return frames.into_iter().map(each).collect();
    }
    let with_labels = options.get("labelsToFields") == Some(&Value::Bool(true));
    let numbers: Vec<&Field> =
        frames.iter().flat_map(|frame| &frame.fields).filter(|field| field.kind == Kind::Number).collect();
    let mut names = Field::new("Field", Kind::Text, "");
    names.cells = numbers.iter().map(|field| Cell::Text(field.shown().to_owned())).collect();
    let mut fields = vec![names];
    if with_labels {
        let mut known: Vec<&str> =
            numbers.iter().flat_map(|field| field.labels.iter()).map(|(name, _)| name).collect();
        known.sort_unstable();
        known.dedup();
        fields.extend(known.into_iter().map(|name| {
            let mut label = Field::new(name, Kind::Text, "");
            label.cells = numbers.iter().map(|field| Cell::Text(field.labels.get(name).to_owned())).collect();
            label
        }));
    }
    for id in ids {
        let mut column = Field::new(calculations::name(id), Kind::Number, "");
        column.cells = numbers.iter().map(|field| value(field, id)).collect();
        fields.push(column);
    }
    vec![Frame { reference: String::new(), fields }]
}

/// `groupBy`: a row for each combination of values in some columns, with calculations of others.
pub(super) fn group(frames: Vec<Frame>, options: &Value) -> Vec<Frame> {
    let rule = |field: &Field| options.get("fields").and_then(|fields| fields.get(field.shown()));
    let does = |field: &Field, what: &str| rule(field).and_then(|rule| word(rule, "operation")) == Some(what);
    let each = |frame: Frame| {
        let keys: Vec<&Field> = frame.fields.iter().filter(|field| does(field, "groupby")).collect();
        if keys.is_empty() {
            return frame;
        }
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut known: HashMap<Vec<String>, usize> = HashMap::new();
        for row in 0..frame.rows() {
            let key =
                keys.iter().map(|field| field.cells.get(row).map_or_else(String::new, Cell::key)).collect();
            let group = *known.entry(key).or_insert_with(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
            groups[group].push(row);
        }
        let mut fields: Vec<Field> = keys
            .iter()
            .map(|field| Field {
                cells: groups
                    .iter()
                    .map(|rows| field.cells.get(rows[0]).cloned().unwrap_or_default())
                    .collect(),
                ..(*field).clone()
            })
            .collect();
        for field in frame.fields.iter().filter(|field| does(field, "aggregate")) {
            let numbers = field.numbers();
            for id in rule(field).map(|rule| words(rule, "aggregations")).unwrap_or_default() {
                let cell = |rows: &Vec<usize>| {
                    let of_group: Vec<Option<f64>> =
                        rows.iter().map(|row| numbers.get(*row).copied().flatten()).collect();
                    calculations::reduce(id, &of_group).map_or(Cell::None, Cell::Number)
                };
                let title = format!("{} ({id})", field.shown());
                fields.push(Field {
                    cells: groups.iter().map(cell).collect(),
                    title: Some(title),
                    ..field.clone()
                });
            }
        }
        Frame { reference: frame.reference.clone(), fields }
    };
    frames.into_iter().map(each).collect()
}

/// `sortBy`: rows by a column.
pub(super) fn sort(frames: Vec<Frame>, options: &Value) -> Vec<Frame> {
    let rule = options.get("sort").and_then(Value::as_array).and_then(|rules| rules.first());
    let Some((name, rule)) = rule.and_then(|rule| Some((word(rule, "field")?, rule))) else { return frames };
    let descending = rule.get("desc") == Some(&Value::Bool(true));
    let each = |frame: Frame| {
        let Some(field) = frame.find(name) else {
            return frame;
        };
        let mut rows: Vec<usize> = (0..frame.rows()).collect();
        let cell = |row: &usize| field.cells.get(*row).cloned().unwrap_or_default();
        rows.sort_by(|a, b| {
            let (a, b) = (cell(a), cell(b));
            let order = match (a.number(), b.number()) {
                (Some(a), Some(b)) => a.total_cmp(&b),
                _ => a.key().cmp(&b.key()),
            };
            if descending { order.reverse() } else { order }
        });
        of_rows(&frame, &rows)
    };
    frames.into_iter().map(each).collect()
}

/// `limit`: the first rows.
pub(super) fn limit(frames: Vec<Frame>, options: &Value) -> Vec<Frame> {
    let given = options.get("limitField");
    let most = given.and_then(|given| given.as_u64().or_else(|| given.as_str()?.parse().ok())).unwrap_or(10)
        as usize;
    let each = |mut frame: Frame| {
        frame.fields.iter_mut().for_each(|field| field.cells.truncate(most));
        frame
    };
    frames.into_iter().map(each).collect()
}

/// `filterByValue`: rows whose cells fulfil conditions.
pub(super) fn filter(frames: Vec<Frame>, options: &Value) -> Vec<Frame> {
    let conditions = options.get("filters").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let all = word(options, "match") == Some("all");
    let including = word(options, "type") != Some("exclude");
    let each = |frame: Frame| {
        let holds = |condition: &Value, row: usize| {
            let name = word(condition, "fieldName").unwrap_or_default();
            let field = frame.find(name);
            let cell = field.and_then(|field| field.cells.get(row)).cloned().unwrap_or_default();
            condition.get("config").is_some_and(|config| fulfils(&cell, config))
        };
        let fits = |row: usize| {
            let mut each = conditions.iter().map(|condition| holds(condition, row));
            if all { each.all(|holds| holds) } else { each.any(|holds| holds) }
        };
        let rows: Vec<usize> = (0..frame.rows()).filter(|row| fits(*row) == including).collect();
        of_rows(&frame, &rows)
    };
    if conditions.is_empty() { frames } else { frames.into_iter().map(each).collect() }
}

fn fulfils(cell: &Cell, config: &Value) -> bool {
    let options = config.get("options").unwrap_or(&Value::Null);
    let said = options.get("value");
    let text =
        said.map_or_else(String::new, |said| said.as_str().map_or_else(|| said.to_string(), str::to_owned));
    let bound = |key: &str| {
        options.get(key).and_then(|said| said.as_f64().or_else(|| said.as_str()?.trim().parse().ok()))
    };
    let compare = |holds: fn(f64, f64) -> bool| {
        cell.number().zip(bound("value")).is_some_and(|(number, bound)| holds(number, bound))
    };
    let equal = || cell.key() == text || compare(|a, b| a == b);
    match word(config, "id").unwrap_or_default() {
        "greater" => compare(|a, b| a > b),
        "greaterOrEqual" => compare(|a, b| a >= b),
        "lower" => compare(|a, b| a < b),
        "lowerOrEqual" => compare(|a, b| a <= b),
        "equal" => equal(),
        "notEqual" => !equal(),
        "isNull" => *cell == Cell::None,
        "isNotNull" => *cell != Cell::None,
        "substring" => cell.key().to_lowercase().contains(&text.to_lowercase()),
        "notSubstring" => !cell.key().to_lowercase().contains(&text.to_lowercase()),
        "regex" => compiled(&text).is_some_and(|pattern| pattern.matches(&cell.key())),
        "range" | "between" => cell.number().is_some_and(|number| {
            bound("from").is_none_or(|from| number >= from) && bound("to").is_none_or(|to| number <= to)
        }),
        _ => true,
    }
}
