//! The tables of a report as RFC 4180 CSV: numbers and times in machine notation, text made harmless.

use super::table::Cell;
use super::{Page, Report, Section};

/// Writes the tables, with an empty line between two of them. Everything else is for people and is left out.
pub(super) fn render(report: &Report, _: Page) -> String {
    let mut out = String::new();
    push_tables(report, &mut out);
    out
}

fn push_tables(report: &Report, out: &mut String) {
    for section in &report.sections {
        if let Section::Details(_, report) = section {
            push_tables(report, out);
        }
        let Section::Table(table) = section else { continue };
        if !out.is_empty() {
            out.push_str("\r\n");
        }
        push_row(out, table.columns.iter().map(|column| column.title.csv()));
        for row in &table.rows {
            let missing = table.columns.len().saturating_sub(row.len());
            let cells = row.iter().take(table.columns.len()).map(cell);
            push_row(out, cells.chain(std::iter::repeat_n(String::new(), missing)));
        }
    }
}

fn cell(cell: &Cell) -> String {
    match cell.exact_text() {
        // A number keeps its minus; whatever else came in as exact is text.
        Some(exact) if exact.is_empty() || exact.parse::<f64>().is_ok_and(f64::is_finite) => {
            exact.into_owned()
        }
        Some(exact) => super::Untrusted::from(exact).csv(),
        None => cell.shown().csv(),
    }
}

fn push_row(out: &mut String, cells: impl Iterator<Item = String>) {
    for (i, cell) in cells.enumerate() {
        if i > 0 {
            out.push(',');
        }
        out.push_str(&cell);
    }
    out.push_str("\r\n");
}
