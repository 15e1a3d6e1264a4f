//! Tables as data: cells keep the exact value beside what people read, columns say who gives way.

use super::escape::Untrusted;
use super::paint::{self, Style};
use crate::model::Timestamp;
use crate::model::unit::{HumanBytes, HumanCount, HumanMillis};

/// Where a column's text stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    /// Text.
    #[default]
    Left,
    /// Numbers.
    Right,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its title; field names come from the input.
    pub title: Untrusted,
    /// Where its text stands.
    pub align: Align,
    /// When the page is too narrow, columns of lower importance are cut first. Numbers are never cut.
    pub importance: u8,
    /// A text that is too wide is carried on below, at most so many lines of it; with 1 it is cut.
    pub lines: usize,
    /// Is it the end of a text that tells it apart, as that of a path, so that its beginning is cut?
    pub keeps_end: bool,
    /// Does it get no narrower than the parts of its names, so that none is broken within?
    pub whole_words: bool,
    /// In what its numbers are counted in machine notation, such as `ms`; empty where they count things or are shares.
    pub unit: Untrusted,
}

impl Column {
    /// A column of text of middling importance.
    pub fn text(title: impl Into<Untrusted>) -> Column {
        Column {
            title: title.into(),
            align: Align::Left,
            importance: 5,
            lines: 1,
            keeps_end: false,
            whole_words: false,
            unit: Untrusted::default(),
        }
    }

    /// A column of paths, whose ends tell more than their beginnings.
    pub fn path(title: impl Into<Untrusted>) -> Column {
        Column { keeps_end: true, ..Column::text(title) }
    }

    /// A column of numbers.
    pub fn number(title: impl Into<Untrusted>) -> Column {
        Column { align: Align::Right, importance: u8::MAX, ..Column::text(title) }
    }

    /// The same with another importance: 0 is cut first.
    #[must_use]
    pub fn importance(mut self, importance: u8) -> Column {
        self.importance = importance;
        self
    }

    /// The same that is no narrower than the parts of its names.
    #[must_use]
    pub fn whole_words(mut self) -> Column {
        self.whole_words = true;
        self
    }

    /// The same whose numbers are in this unit in machine notation.
    #[must_use]
    pub fn unit(mut self, unit: impl Into<Untrusted>) -> Column {
        self.unit = unit.into();
        self
    }

    /// The same whose texts wrap.
    #[must_use]
    pub fn wrapped(self) -> Column {
        self.wrapped_to(4)
    }

    /// The same whose texts wrap to at most so many lines.
    #[must_use]
    pub fn wrapped_to(mut self, lines: usize) -> Column {
        self.lines = lines;
        self
    }
}

/// A cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// For people.
    pub shown: Untrusted,
    /// The same as a number or a time in machine notation; text cells have none.
    pub exact: Option<String>,
    /// What it means.
    pub style: Style,
}

impl<T: Into<Untrusted>> From<T> for Cell {
    fn from(text: T) -> Self {
        Cell { shown: text.into(), exact: None, style: Style::Plain }
    }
}

impl Cell {
    /// Text.
    pub fn text(text: impl Into<Untrusted>) -> Cell {
        Cell::from(text)
    }

    /// No value.
    pub fn none() -> Cell {
        Cell { shown: "–".into(), exact: Some(String::new()), style: Style::Dim }
    }

    /// `145,046`.
    pub fn count(count: u64) -> Cell {
        Cell::exact(HumanCount(count).to_string(), count.to_string())
    }

    /// A number with so many digits behind the point; one that is too large or too small for that with its exponent.
    pub fn number(number: f64, digits: usize) -> Cell {
        let size = number.abs();
        let is_odd = size >= 1e15 || (size > 0.0 && size < 0.5 / 10_f64.powi(digits as i32));
        if number.is_finite() && is_odd {
            Cell::exact(format!("{number:.digits$e}"), number.to_string())
        } else if number.is_finite() {
            Cell::exact(format!("{number:.digits$}"), number.to_string())
        } else {
            Cell::none()
        }
    }

    /// `12.3 ms`; milliseconds in machine notation.
    pub fn millis(millis: f64) -> Cell {
        if millis.is_finite() {
            Cell::exact(HumanMillis(millis).to_string(), millis.to_string())
        } else {
            Cell::none()
        }
    }

    /// `29.1 MB`; bytes in machine notation.
    pub fn bytes(bytes: u64) -> Cell {
        Cell::exact(HumanBytes(bytes).to_string(), bytes.to_string())
    }

    /// `12.3 %` of a ratio between 0 and 1; the ratio in machine notation.
    pub fn percent(ratio: f64) -> Cell {
        if ratio.is_finite() { Cell::exact(percent(ratio), ratio.to_string()) } else { Cell::none() }
    }

    /// `2023-12-24 03:06:00`; RFC 3339 in machine notation.
    pub fn time(at: Timestamp) -> Cell {
        Cell::exact(at.date_clock(), at.to_string())
    }

    /// `03:06:00`; RFC 3339 in machine notation.
    pub fn clock(at: Timestamp) -> Cell {
        Cell::exact(at.clock(), at.to_string())
    }

    /// What people read, and the same in machine notation.
    pub fn exact(shown: impl Into<Untrusted>, exact: impl Into<String>) -> Cell {
        Cell { shown: shown.into(), exact: Some(exact.into()), style: Style::Plain }
    }

    /// The same with a `≈` before it for people: the value is within a stated bound of the true one.
    #[must_use]
    pub fn approximate(mut self) -> Cell {
        self.shown = format!("≈{}", self.shown.json()).into();
        self
    }

    /// The same in a style.
    #[must_use]
    pub fn styled(mut self, style: Style) -> Cell {
        self.style = style;
        self
    }
}

/// A ratio as per cent: one digit behind the point, two where it is close to all or nothing.
pub fn percent(ratio: f64) -> String {
    let percent = ratio * 100.0;
    let edge = (percent > 0.0 && percent < 1.0) || (percent > 99.0 && percent < 100.0);
    if edge { format!("{percent:.2} %") } else { format!("{percent:.1} %") }
}

/// Rows and columns. A row may be shorter than the list of columns; what is longer is not shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// What its rows are, for whoever asks for one table of several; empty where the first column says it.
    pub name: &'static str,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table of these columns without rows.
    pub fn new(columns: Vec<Column>) -> Table {
        Table { columns, ..Table::default() }
    }

    /// The same under a name.
    #[must_use]
    pub fn named(mut self, name: &'static str) -> Table {
        self.name = name;
        self
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// The table, or as many as it takes for the numbers to fit a page of this width: each begins with the columns
    /// before the first number.
    pub(super) fn parts(&self, width: usize, gap: usize) -> Vec<Table> {
        let titles: Vec<usize> =
            self.columns.iter().map(|column| paint::width(&column.title.line())).collect();
        let natural: Vec<usize> = (0..self.columns.len())
            .map(|at| {
                let cells = self.rows.iter().filter_map(|row| row.get(at));
                let widest = cells.map(|cell| paint::width(cell.shown.line().trim())).max();
                widest.unwrap_or(0).max(titles[at])
            })
            .collect();
        let fits = |columns: &[usize]| {
            let pick = |of: &[usize]| columns.iter().map(|at| of[*at]).collect::<Vec<usize>>();
            let room = width.saturating_sub(gap * columns.len().saturating_sub(1));
            let fitted = self.of(columns).fitted(&pick(&natural), &pick(&titles), room);
            fitted.iter().sum::<usize>() <= room
        };
        let keys = self.columns.iter().take_while(|column| column.align == Align::Left).count();
        let all: Vec<usize> = (0..self.columns.len()).collect();
        if fits(&all) {
            return vec![self.clone()];
        }
        let mut parts: Vec<Vec<usize>> = Vec::new();
        for at in keys..self.columns.len() {
            let longer = parts.last().map(|part| [&part[..], &[at]].concat());
            match longer.filter(|longer| fits(longer)) {
                Some(longer) => {
                    parts.pop();
                    parts.push(longer);
                }
                None => parts.push(all[..keys].iter().copied().chain([at]).collect()),
            }
        }
        parts.iter().map(|part| self.of(part)).collect()
    }

    /// Some of its columns.
    fn of(&self, columns: &[usize]) -> Table {
        let row =
            |row: &Vec<Cell>| columns.iter().map(|at| row.get(*at).cloned().unwrap_or_default()).collect();
        Table {
            name: self.name,
            columns: columns.iter().map(|at| self.columns[*at].clone()).collect(),
            rows: self.rows.iter().map(row).collect(),
        }
    }

    /// Does a column hold text alone, which may be cut? Half a number or half a time is a wrong one.
    fn may_be_cut(&self, column: usize) -> bool {
        let exact = |row: &Vec<Cell>| {
            row.get(column).and_then(|cell| cell.exact.as_ref()).is_some_and(|exact| !exact.is_empty())
        };
        self.columns[column].align == Align::Left && !self.rows.iter().any(exact)
    }

    /// How wide the widest part of a name in a column is.
    fn longest_part(&self, column: usize) -> usize {
        let texts = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.shown.line());
        texts.map(|text| paint::longest_part(&text)).max().unwrap_or(0)
    }

    /// The columns' widths on a page that has `room` columns for text, given their natural widths: the least
    /// important text columns give way first, of those the widest, down to eight columns or their title.
    pub(super) fn fitted(&self, natural: &[usize], titles: &[usize], room: usize) -> Vec<usize> {
        /// No text column gets narrower than this.
        const LEAST: usize = 8;
        /// Of a path the file's name has to be seen.
        const LEAST_OF_PATH: usize = 12;
        let mut widths = natural.to_vec();
        let mut excess = widths.iter().sum::<usize>().saturating_sub(room);
        let text: Vec<bool> = (0..widths.len()).map(|column| self.may_be_cut(column)).collect();
        let of_text = self.columns.iter().zip(&text).filter(|(_, text)| **text);
        let mut order: Vec<u8> = of_text.map(|(column, _)| column.importance).collect();
        order.sort_unstable();
        order.dedup();
        for importance in order {
            let floor = |i: usize| {
                let least = if self.columns[i].keeps_end { LEAST_OF_PATH } else { LEAST };
                let least = if self.columns[i].whole_words { self.longest_part(i).max(least) } else { least };
                titles[i].clamp(least.min(natural[i]), natural[i])
            };
            let gives = |i: &usize| text[*i] && self.columns[*i].importance == importance;
            while excess > 0 {
                // The widest gives way until it is as wide as the next, or at its floor.
                let Some(widest) = (0..widths.len())
                    .filter(|i| gives(i) && widths[*i] > floor(*i))
                    .max_by_key(|&i| (widths[i], std::cmp::Reverse(i)))
                else {
                    break;
                };
                widths[widest] -= 1;
                excess -= 1;
            }
        }
        widths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_size_say_what_they_are() {
        for (number, shown) in
            [(0.0, "0.00"), (-50.0, "-50.00"), (0.005, "0.01"), (0.0002, "2.00e-4"), (1e300, "1.00e300")]
        {
            assert_eq!(Cell::number(number, 2).shown.json(), shown);
        }
        assert_eq!(Cell::number(f64::NAN, 2), Cell::none());
    }

    #[test]
    fn what_does_not_fit_goes_on_below() {
        let mut columns = vec![Column::text("service")];
        columns.extend((0..12).map(|at| Column::number(format!("p{at}"))));
        let mut table = Table::new(columns);
        table.row(
            std::iter::once("決済サービス".into()).chain((0..12).map(|_| Cell::millis(1_234.5))).collect(),
        );
        let titles = |width: usize| -> Vec<String> {
            let title = |column: &Column| column.title.json().to_owned();
            let of = |part: &Table| part.columns.iter().map(title).collect::<Vec<_>>().join(" ");
            table.parts(width, 1).iter().map(of).collect()
        };
        assert_eq!(titles(120), ["service p0 p1 p2 p3 p4 p5 p6 p7 p8 p9 p10 p11"]);
        assert_eq!(titles(78), ["service p0 p1 p2 p3 p4 p5 p6 p7 p8 p9", "service p10 p11"]);
        assert_eq!(titles(1).len(), 12);
        assert_eq!(Table::default().parts(80, 2), [Table::default()]);
    }
}
