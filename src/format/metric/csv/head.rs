//! The lines before the rows: one that names the columns, or one for each label of them, as pandas writes the levels of
//! its columns.

use super::{NAMES, column_labels, fields, is_dated, number};
use crate::model::Labels;

/// More lines before the rows are no head.
const MOST: usize = 8;

/// What the lines before the rows say of the columns.
pub(super) struct Head {
    /// How many lines they are.
    pub lines: usize,
    /// The columns as they are called; where there are several lines, the values of all of them.
    pub names: Vec<String>,
    /// For several lines: for each column its values by the names of the lines, which stand in the first column.
    levels: Option<Vec<Vec<(String, String)>>>,
}

impl Head {
    /// The head of a table whose lines these are, without hints and empty ones.
    pub(super) fn read<'l>(mut lines: impl Iterator<Item = &'l [u8]>, delimiter: u8) -> Option<Head> {
        let first = fields(lines.next()?, delimiter)?;
        let mut rows = vec![first];
        // Only a time ends the levels: lines of words alone are a log.
        let mut is_table = false;
        for line in lines.take(MOST) {
            let Some(row) = fields(line, delimiter) else { break };
            is_table = row.len() == rows[0].len() && row.first().is_some_and(|cell| is_dated(cell));
            if is_table || row.len() != rows[0].len() {
                break;
            }
            rows.push(row);
        }
        let levels = if is_table { Head::levels(&rows) } else { None };
        Some(levels.unwrap_or_else(|| Head { lines: 1, names: rows.swap_remove(0), levels: None }))
    }

    /// Several lines of words before the first time. The name of the times stands in a line of its own then, or in none.
    fn levels(rows: &[Vec<String>]) -> Option<Head> {
        let is_index = |row: &Vec<String>| row[1..].iter().all(String::is_empty);
        let levels = match rows {
            [levels @ .., last] if is_index(last) => levels,
            levels => levels,
        };
        let words = |row: &Vec<String>| {
            row.len() > 1
                && row[1..].iter().all(|cell| !cell.is_empty() && number::read(cell, false).is_none())
        };
        if levels.len() < 2 || !levels.iter().all(words) {
            return None;
        }
        let label = |(at, name): (usize, &str)| match name {
            "" => format!("level_{at}"),
            name => name.to_owned(),
        };
        let labels: Vec<String> = levels.iter().map(|row| row[0].as_str()).enumerate().map(label).collect();
        let column = |at: usize| -> Vec<(String, String)> {
            labels.iter().cloned().zip(levels.iter().map(|row| row[at].clone())).collect()
        };
        let columns: Vec<Vec<(String, String)>> = (0..levels[0].len()).map(column).collect();
        let name = |column: &Vec<(String, String)>| {
            column.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join("/")
        };
        let mut names: Vec<String> = columns.iter().map(name).collect();
        "time".clone_into(&mut names[0]);
        Some(Head { lines: rows.len(), names, levels: Some(columns) })
    }

    /// The series of a column, and what its values are multiplied by.
    pub(super) fn series(&self, column: usize) -> Option<(Labels, f64)> {
        let Some(levels) = &self.levels else { return measured(&self.names[column]) };
        let levels = &levels[column];
        let is_name =
            |(label, _): &&(String, String)| NAMES.iter().any(|name| label.eq_ignore_ascii_case(name));
        // Without a name for it, the innermost level is what was measured.
        let (named, value) = levels.iter().find(is_name).or(levels.last())?;
        let (mut series, factor) = measured(value)?;
        for (label, value) in levels.iter().filter(|(label, _)| label != named) {
            series.set(label_name(label), value.as_str());
        }
        Some((series, factor))
    }
}

/// A column's name as a series, and what its values are multiplied by: `Memory (MiB)` is in bytes.
fn measured(name: &str) -> Option<(Labels, f64)> {
    let Some((unit, base, factor)) = number::unit_in_name(name) else {
        return Some((column_labels(name)?, 1.0));
    };
    Some((column_labels(&format!("{}_{base}", name[..unit].trim_end()))?, factor))
}

/// A name that a label may have.
pub(super) fn label_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' };
    let name: String = name.chars().map(plain).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}
