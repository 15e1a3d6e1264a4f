//! Tables as data: cells keep the exact value beside what people read, columns say who gives way.

use std::borrow::Cow;

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

/// A cell. Numbers and times are kept as such, a few bytes each, and written when a renderer asks: a table may have a
/// million rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    value: Value,
    /// Is it within a stated bound of the true value?
    approximate: bool,
    /// What it means.
    pub style: Style,
}

/// What a cell holds.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    /// Text, in machine notation the same.
    Text(Untrusted),
    None,
    Count(u64),
    /// With so many digits behind the point.
    Number(f64, u8),
    Millis(f64),
    Bytes(u64),
    Percent(f64),
    Time(Timestamp),
    Clock(Timestamp),
    /// For people, and in machine notation.
    Both(Box<(Untrusted, String)>),
}

impl Default for Value {
    fn default() -> Self {
        Value::Text(Untrusted::default())
    }
}

impl<T: Into<Untrusted>> From<T> for Cell {
    fn from(text: T) -> Self {
        Cell::of(Value::Text(text.into()))
    }
}

impl Cell {
    fn of(value: Value) -> Cell {
        Cell { value, approximate: false, style: Style::Plain }
    }

    /// Text.
    pub fn text(text: impl Into<Untrusted>) -> Cell {
        Cell::from(text)
    }

    /// No value.
    pub fn none() -> Cell {
        Cell::of(Value::None).styled(Style::Dim)
    }

    /// `145,046`.
    pub fn count(count: u64) -> Cell {
        Cell::of(Value::Count(count))
    }

    /// A number with so many digits behind the point; one that is too large or too small for that with its exponent.
    pub fn number(number: f64, digits: usize) -> Cell {
        Cell::finite(number, Value::Number(number, u8::try_from(digits).unwrap_or(u8::MAX)))
    }

    /// `12.3 ms`; milliseconds in machine notation.
    pub fn millis(millis: f64) -> Cell {
        Cell::finite(millis, Value::Millis(millis))
    }

    /// `29.1 MB`; bytes in machine notation.
    pub fn bytes(bytes: u64) -> Cell {
        Cell::of(Value::Bytes(bytes))
    }

    /// `12.3 %` of a ratio between 0 and 1; the ratio in machine notation.
    pub fn percent(ratio: f64) -> Cell {
        Cell::finite(ratio, Value::Percent(ratio))
    }

    /// `2023-12-24 03:06:00`; RFC 3339 in machine notation.
    pub fn time(at: Timestamp) -> Cell {
        Cell::of(Value::Time(at))
    }

    /// `03:06:00`; RFC 3339 in machine notation.
    pub fn clock(at: Timestamp) -> Cell {
        Cell::of(Value::Clock(at))
    }

    /// What people read, and the same in machine notation.
    pub fn exact(shown: impl Into<Untrusted>, exact: impl Into<String>) -> Cell {
        Cell::of(Value::Both(Box::new((shown.into(), exact.into()))))
    }

    fn finite(number: f64, value: Value) -> Cell {
        if number.is_finite() { Cell::of(value) } else { Cell::none() }
    }

    /// The same with a `≈` before it for people: the value is within a stated bound of the true one.
    #[must_use]
    pub fn approximate(mut self) -> Cell {
        self.approximate = true;
        self
    }

    /// The same in a style.
    #[must_use]
    pub fn styled(mut self, style: Style) -> Cell {
        self.style = style;
        self
    }

    /// For people.
    pub fn shown(&self) -> Cow<'_, Untrusted> {
        let text = match &self.value {
            Value::Text(text) if !self.approximate => return Cow::Borrowed(text),
            Value::Both(both) if !self.approximate => return Cow::Borrowed(&both.0),
            Value::Text(text) => text.json().to_owned(),
            Value::Both(both) => both.0.json().to_owned(),
            Value::None => "–".to_owned(),
            Value::Count(count) => HumanCount(*count).to_string(),
            Value::Number(number, digits) => shown_number(*number, usize::from(*digits)),
            Value::Millis(millis) => HumanMillis(*millis).to_string(),
            Value::Bytes(bytes) => HumanBytes(*bytes).to_string(),
            Value::Percent(ratio) => percent(*ratio),
            Value::Time(at) => at.date_clock(),
            Value::Clock(at) => at.clock(),
        };
        Cow::Owned(if self.approximate { format!("≈{text}").into() } else { text.into() })
    }

    /// In machine notation; text has none, and nothing is empty.
    pub fn exact_text(&self) -> Option<Cow<'_, str>> {
        let text = match &self.value {
            Value::Text(_) => return None,
            Value::Both(both) => return Some(Cow::Borrowed(&both.1)),
            Value::None => return Some(Cow::Borrowed("")),
            Value::Count(number) | Value::Bytes(number) => number.to_string(),
            Value::Number(number, _) | Value::Millis(number) | Value::Percent(number) => number.to_string(),
            Value::Time(at) | Value::Clock(at) => at.to_string(),
        };
        Some(Cow::Owned(text))
    }

    /// Is it text alone, which may be cut? Half a number or half a time is a wrong one.
    fn may_be_cut(&self) -> bool {
        match &self.value {
            Value::Text(_) | Value::None => true,
            Value::Both(both) => both.1.is_empty(),
            _ => false,
        }
    }

    /// The texts that it was made of, where it was made of any: for people, and in machine notation.
    pub(super) fn texts_mut(&mut self) -> (Option<&mut Untrusted>, Option<&mut String>) {
        match &mut self.value {
            Value::Text(text) => (Some(text), None),
            Value::Both(both) => {
                let (shown, exact) = &mut **both;
                (Some(shown), Some(exact))
            }
            _ => (None, None),
        }
    }
}

fn shown_number(number: f64, digits: usize) -> String {
    let size = number.abs();
    let is_odd = size >= 1e15 || (size > 0.0 && size < 0.5 / 10_f64.powi(digits as i32));
    if is_odd { format!("{number:.digits$e}") } else { format!("{number:.digits$}") }
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

    /// What its columns need, seen in one pass over the rows.
    pub(super) fn measured(&self) -> Measured {
        let title = |column: &Column| paint::width(&column.title.line());
        let titles: Vec<usize> = self.columns.iter().map(title).collect();
        let mut measured = Measured {
            natural: titles.clone(),
            text: self.columns.iter().map(|column| column.align == Align::Left).collect(),
            longest: vec![0; self.columns.len()],
            titles,
        };
        for row in &self.rows {
            for (at, (cell, column)) in row.iter().zip(&self.columns).enumerate() {
                let line = cell.shown().line();
                measured.natural[at] = measured.natural[at].max(paint::width(line.trim()));
                measured.text[at] &= cell.may_be_cut();
                if column.whole_words {
                    measured.longest[at] = measured.longest[at].max(paint::longest_part(&line));
                }
            }
        }
        measured
    }

    /// The columns, or as many lists of them as it takes for the numbers to fit a page of this width: each begins with
    /// the columns before the first number.
    pub(super) fn parts(&self, measured: &Measured, width: usize, gap: usize) -> Vec<Vec<usize>> {
        let fits = |columns: &[usize]| {
            let room = width.saturating_sub(gap * columns.len().saturating_sub(1));
            self.fitted(measured, columns, room).iter().sum::<usize>() <= room
        };
        let keys = self.columns.iter().take_while(|column| column.align == Align::Left).count();
        let all: Vec<usize> = (0..self.columns.len()).collect();
        if fits(&all) {
            return vec![all];
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
        parts
    }

    /// The widths of some columns on a page that has `room` columns for text: the least important text columns give way
    /// first, of those the widest, down to eight columns or their title.
    pub(super) fn fitted(&self, measured: &Measured, columns: &[usize], room: usize) -> Vec<usize> {
        /// No text column gets narrower than this.
        const LEAST: usize = 8;
        /// Of a path the file's name has to be seen.
        const LEAST_OF_PATH: usize = 12;
        let of = |i: usize| &self.columns[columns[i]];
        let is_text = |i: usize| measured.text[columns[i]];
        let mut widths: Vec<usize> = columns.iter().map(|at| measured.natural[*at]).collect();
        let mut excess = widths.iter().sum::<usize>().saturating_sub(room);
        let mut order: Vec<u8> =
            (0..columns.len()).filter(|i| is_text(*i)).map(|i| of(i).importance).collect();
        order.sort_unstable();
        order.dedup();
        for importance in order {
            let floor = |i: usize| {
                let at = columns[i];
                let least = if of(i).keeps_end { LEAST_OF_PATH } else { LEAST };
                let least = if of(i).whole_words { measured.longest[at].max(least) } else { least };
                measured.titles[at].clamp(least.min(measured.natural[at]), measured.natural[at])
            };
            let gives = |i: &usize| is_text(*i) && of(*i).importance == importance;
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

/// What the columns of a table need.
#[derive(Clone, Debug)]
pub(super) struct Measured {
    /// How wide each is by itself.
    pub(super) natural: Vec<usize>,
    /// How wide the titles are.
    titles: Vec<usize>,
    /// Does a column hold text alone, which may be cut?
    text: Vec<bool>,
    /// How wide the widest part of a name is, of columns that keep such parts whole.
    longest: Vec<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_size_say_what_they_are() {
        for (number, shown) in
            [(0.0, "0.00"), (-50.0, "-50.00"), (0.005, "0.01"), (0.0002, "2.00e-4"), (1e300, "1.00e300")]
        {
            assert_eq!(Cell::number(number, 2).shown().json(), shown);
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
            let title = |at: &usize| table.columns[*at].title.json().to_owned();
            let of = |part: &Vec<usize>| part.iter().map(title).collect::<Vec<_>>().join(" ");
            table.parts(&table.measured(), width, 1).iter().map(of).collect()
        };
        assert_eq!(titles(120), ["service p0 p1 p2 p3 p4 p5 p6 p7 p8 p9 p10 p11"]);
        assert_eq!(titles(78), ["service p0 p1 p2 p3 p4 p5 p6 p7 p8 p9", "service p10 p11"]);
        assert_eq!(titles(1).len(), 12);
        let empty = Table::default();
        assert_eq!(empty.parts(&empty.measured(), 80, 2), [Vec::<usize>::new()]);
    }
}
