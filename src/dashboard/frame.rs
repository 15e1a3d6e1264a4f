//! Answers as tables of named columns, as Grafana's panels and transformations take them.

use std::borrow::Cow;

use serde_json::{Map, Value as Json};

use super::answer::{self, Asked};
use super::board::Language;
use super::legend;
use crate::model::{Labels, Sample};
use crate::promql::Value;

/// A value in a column.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Cell {
    /// Nothing.
    #[default]
    None,
    /// A number.
    Number(f64),
    /// A moment, in milliseconds.
    Time(i64),
    /// A text.
    Text(String),
}

/// What a column holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Moments.
    Time,
    /// Numbers.
    #[default]
    Number,
    /// Texts.
    Text,
}

/// A column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Field {
    /// Its name: `Time`, `Value`, `instance`.
    pub name: String,
    /// What people read, where that is another.
    pub title: Option<String>,
    /// The labels of the series that it holds.
    pub labels: Labels,
    /// The query that it comes from.
    pub reference: String,
    /// What it holds.
    pub kind: Kind,
    /// How it is shown, as far as the data says so itself.
    pub config: Map<String, Json>,
    /// One for each row.
    pub cells: Vec<Cell>,
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    /// The query that it comes from.
    pub reference: String,
    /// Its columns, all of the same length.
    pub fields: Vec<Field>,
}

impl Cell {
    /// The number, or the moment as one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Cell::Number(number) => Some(*number),
            Cell::Time(millis) => Some(*millis as f64),
            Cell::Text(_) | Cell::None => None,
        }
    }

    /// A text by which equal cells are equal.
    pub fn key(&self) -> String {
        match self {
            Cell::None => String::new(),
            Cell::Number(number) => number.to_string(),
            Cell::Time(millis) => millis.to_string(),
            Cell::Text(text) => text.clone(),
        }
    }
}

impl Field {
    /// An empty column.
    pub fn new(name: impl Into<String>, kind: Kind, reference: &str) -> Self {
        Field { name: name.into(), kind, reference: reference.to_owned(), ..Field::default() }
    }

    /// The name that people read.
    pub fn shown(&self) -> &str {
        self.title.as_deref().unwrap_or(&self.name)
    }

    /// Is this its name, as people read it, or as it came?
    pub fn is_called(&self, name: &str) -> bool {
        self.shown() == name || self.name == name
    }

    /// Its numbers.
    pub fn numbers(&self) -> Vec<Option<f64>> {
        self.cells.iter().map(Cell::number).collect()
    }
}

impl Frame {
    /// How many rows it has.
    pub fn rows(&self) -> usize {
        self.fields.iter().map(|field| field.cells.len()).max().unwrap_or(0)
    }

    /// The column of a name: as people read it, or as it came.
    pub fn find(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.is_called(name))
    }

    /// The first column of moments.
    pub fn times(&self) -> Option<&Field> {
        self.fields.iter().find(|field| field.kind == Kind::Time)
    }
}

/// The frames of a panel's queries that are shown: one for each series, or one for each query that wants a table.
pub fn frames(asked: &[Asked]) -> Vec<Frame> {
    let shown = || asked.iter().filter(|asked| !asked.query.hidden && asked.value.is_some());
    let tables = shown().filter(|asked| asked.query.format == "table").count();
    let mut frames = Vec::new();
    for asked in shown() {
        let Some(value) = &asked.value else { continue };
        let reference = &asked.query.reference;
        if asked.query.format == "table" {
            let name = if tables > 1 { format!("Value #{reference}") } else { "Value".to_owned() };
            frames.push(table(&rows(value, asked.timing.to), name, reference));
            continue;
        }
        // What was computed is known by its letter.
        let computed = matches!(asked.query.language, Language::Expression(_));
        let alone = vec![if computed { reference.clone() } else { asked.expr.clone() }];
        let names = legend::names(&asked.query.legend, &alone[0], &answer::labels(value));
        let names = if names.is_empty() { alone } else { names };
        for ((labels, samples), name) in rows(value, asked.timing.to).into_iter().zip(names) {
            let mut times = Field::new("Time", Kind::Time, reference);
            let mut values = Field::new("Value", Kind::Number, reference);
            values.title = Some(name);
            values.labels = labels.into_owned();
            times.cells = samples.iter().map(|sample| Cell::Time(sample.at)).collect();
            values.cells = samples.iter().map(|sample| Cell::Number(sample.value)).collect();
            frames.push(Frame { reference: reference.clone(), fields: vec![times, values] });
        }
    }
    frames
}

/// A series with its samples.
type Row<'v> = (Cow<'v, Labels>, Cow<'v, [Sample]>);

/// The series of a value with their samples.
fn rows(value: &Value, at: i64) -> Vec<Row<'_>> {
    let one = std::slice::from_ref::<Sample>;
    match value {
        Value::Scalar(number) => {
            vec![(Cow::default(), Cow::Owned(vec![Sample { at, value: *number }]))]
        }
        Value::Text(_) => Vec::new(),
        Value::Vector(samples) => samples
            .iter()
            .map(|found| (Cow::Borrowed(&found.labels), Cow::Borrowed(one(&found.sample))))
            .collect(),
        Value::Matrix(series) => series
            .iter()
            .map(|one| (Cow::Borrowed(&one.labels), Cow::Borrowed(one.samples.as_slice())))
            .collect(),
    }
}

/// One table: the time, a column for each label, the value.
fn table(rows: &[Row<'_>], value: String, reference: &str) -> Frame {
    let mut names: Vec<String> =
        rows.iter().flat_map(|(labels, _)| labels.iter()).map(|(name, _)| name.to_owned()).collect();
    names.sort_unstable();
    names.dedup();
    let mut times = Field::new("Time", Kind::Time, reference);
    let mut values = Field::new(value, Kind::Number, reference);
    let mut labels: Vec<Field> = names.iter().map(|name| Field::new(name, Kind::Text, reference)).collect();
    for (of_row, samples) in rows {
        for sample in samples.iter() {
            times.cells.push(Cell::Time(sample.at));
            values.cells.push(Cell::Number(sample.value));
            for field in &mut labels {
                field.cells.push(Cell::Text(of_row.get(&field.name).to_owned()));
            }
        }
    }
    let fields = std::iter::once(times).chain(labels).chain([values]).collect();
    Frame { reference: reference.to_owned(), fields }
}
