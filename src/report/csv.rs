//! The tables of a report as CSV (RFC 4180, with lines that end in `\n`): numbers and times in machine notation, units in
//! the head, text made harmless.

use super::table::{Cell, Column, Table};
use super::{Page, Report, Section, Untrusted};

/// Writes the first table: what stands in one file is one table. Everything else is for people and is left out.
pub(super) fn render(report: &Report, _: Page) -> String {
    tables(report).first().map_or_else(String::new, |(_, table)| write(table))
}

/// Every table of a report under its name: the one that it was given, else the title of its first column.
pub fn tables(report: &Report) -> Vec<(String, &Table)> {
    let mut found: Vec<(String, &Table)> = Vec::new();
    collect(report, &mut |table| {
        let title = table.columns.first().map(|column| slug(column.title.json())).unwrap_or_default();
        let name = if table.name.is_empty() { title } else { table.name.to_owned() };
        let alike = found.iter().filter(|(other, _)| other.split('.').next() == Some(&name)).count();
        let name = if alike > 0 { format!("{name}.{}", alike + 1) } else { name };
        found.push((name, table));
    });
    found
}

/// Writes one table.
pub fn write(table: &Table) -> String {
    let mut out = String::new();
    push_row(&mut out, table.columns.iter().map(head));
    for row in &table.rows {
        let missing = table.columns.len().saturating_sub(row.len());
        let cells = row.iter().take(table.columns.len()).map(cell);
        push_row(&mut out, cells.chain(std::iter::repeat_n(String::new(), missing)));
    }
    out
}

fn collect<'r>(report: &'r Report, take: &mut impl FnMut(&'r Table)) {
    for section in &report.sections {
        match section {
            Section::Details(_, report) => collect(report, take),
            Section::Board(panes) => {
                for pane in panes {
                    collect(&pane.inner, take);
                }
            }
            Section::Table(table) => take(table),
            _ => {}
        }
    }
}

/// A title as a word: small letters, digits, and `-` for the rest.
fn slug(title: &str) -> String {
    let letters = |c: char| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    title.chars().map(letters).collect()
}

fn head(column: &Column) -> String {
    if column.unit.is_empty() {
        return column.title.csv();
    }
    Untrusted::from(format!("{}_{}", column.title.json(), column.unit.json())).csv()
}

fn cell(cell: &Cell) -> String {
    match cell.exact_text() {
        // A number keeps its minus; whatever else came in as exact is text.
        Some(exact) if exact.is_empty() => String::new(),
        Some(exact) => match exact.parse::<f64>() {
            Ok(number) if number.is_finite() => decimal(&exact, number),
            _ => Untrusted::from(exact).csv(),
        },
        None => cell.shown().csv(),
    }
}

/// A number with twelve digits: its binary form is sure to keep fifteen, and sums and differences lose some.
/// 239.9060000000001 is noise behind 239.906.
fn decimal(exact: &str, number: f64) -> String {
    if !exact.contains(['.', 'e', 'E']) {
        return exact.to_owned();
    }
    let kept = format!("{number:.11e}").parse::<f64>();
    kept.map_or_else(|_| exact.to_owned(), |kept| kept.to_string())
}

fn push_row(out: &mut String, cells: impl Iterator<Item = String>) {
    for (i, cell) in cells.enumerate() {
        if i > 0 {
            out.push(',');
        }
        out.push_str(&cell);
    }
    out.push('\n');
}
