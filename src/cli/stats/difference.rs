//! `obs stats --diff`: what differs between two windows of time.

use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::super::session::seconds;
use super::{in_unit, value_cell};
use crate::model::{Account, TimeRange};
use crate::report::table::percent;
use crate::report::{Cell, Column, Report, Section, Style, Table};
use crate::stats::difference::{self, Pair};
use crate::stats::{GroupAnswer, Question};

/// Two windows side by side.
pub(super) struct Difference {
    windows: [TimeRange; 2],
    /// How much of the data's time lies in each.
    seconds: [f64; 2],
    pairs: Vec<Pair>,
}

#[derive(Debug, Serialize)]
pub(super) struct DiffJson {
    windows: WindowsJson,
    groups: Vec<PairJson>,
}

#[derive(Debug, Serialize)]
struct WindowsJson {
    before: [Option<String>; 2],
    inside: [Option<String>; 2],
}

#[derive(Debug, Serialize)]
struct PairJson {
    by: Map<String, Json>,
    before: Option<GroupAnswer>,
    inside: Option<GroupAnswer>,
    change: ChangeJson,
}

#[derive(Debug, Serialize)]
struct ChangeJson {
    /// Per hour, before and inside.
    entries_per_hour: [f64; 2],
    /// Inside less before.
    success_rate: Option<f64>,
    /// 95 %, by Newcombe.
    success_interval: Option<[f64; 2]>,
    /// How many times their size before.
    percentiles: Map<String, Json>,
}

impl From<Difference> for DiffJson {
    fn from(difference: Difference) -> Self {
        let text = |range: TimeRange| [range.from, range.until].map(|at| at.map(|at| at.to_string()));
        let [before, inside] = difference.windows;
        let rates = |pair: &Pair| difference.per_hour(pair);
        let groups = difference.pairs.iter().map(|pair| PairJson {
            by: pair.by.clone(),
            before: pair.before.clone(),
            inside: pair.inside.clone(),
            change: ChangeJson {
                entries_per_hour: rates(pair),
                success_rate: pair.success().map(|(rise, _)| rise),
                success_interval: pair.success().map(|(_, (low, high))| [low, high]),
                percentiles: percentiles(pair)
                    .enumerate()
                    .map(|(at, p)| (format!("p{p}"), pair.ratio(at).into()))
                    .collect(),
            },
        });
        let groups = groups.collect();
        DiffJson { windows: WindowsJson { before: text(before), inside: text(inside) }, groups }
    }
}

impl Difference {
    fn per_hour(&self, pair: &Pair) -> [f64; 2] {
        let entries =
            [&pair.before, &pair.inside].map(|group| group.as_ref().map_or(0, |group| group.entries));
        [0, 1].map(|at| entries[at] as f64 * 3_600.0 / self.seconds[at].max(1e-9))
    }
}

/// The percentiles that were asked for.
fn percentiles(pair: &Pair) -> impl Iterator<Item = f64> {
    let values = [&pair.inside, &pair.before].into_iter().flatten().find_map(|group| group.values.as_ref());
    values.into_iter().flat_map(|values| values.percentiles.iter().map(|(percentile, _)| *percentile))
}

/// The answers for two windows side by side; `whole` is the account of the input.
pub(super) fn difference(
    windows: [TimeRange; 2],
    groups: [Vec<GroupAnswer>; 2],
    whole: &Account,
) -> Difference {
    let [before, inside] = groups;
    let pairs = difference::pairs(before, inside);
    Difference { windows, seconds: windows.map(|window| seconds(window, whole)), pairs }
}

/// The windows as a table: a line for each number of each group.
pub(super) fn report(difference: &Difference, question: &Question, rule: &str) -> Report {
    let mut report = Report::new();
    let mut columns: Vec<Column> =
        question.by.iter().map(|name| Column::text(name.as_str()).importance(6)).collect();
    columns.push(Column::text("what").importance(9));
    columns.extend(["before", "inside", "change"].map(Column::number));
    let mut table = Table::new(columns).named("change");
    let mut rated = false;
    for pair in &difference.pairs {
        let mut row = |what: String, cells: [Cell; 3]| {
            let mut row: Vec<Cell> = pair.by.values().map(value_cell).collect();
            row.push(Cell::text(what));
            row.extend(cells);
            table.row(row);
        };
        let [before, inside] = difference.per_hour(pair);
        let change = if before > 0.0 { times(inside / before) } else { Cell::text("new") };
        row("entries an hour".to_owned(), [Cell::number(before, 1), Cell::number(inside, 1), change]);
        if let Some((rise, (low, high))) = pair.success() {
            rated = true;
            let rate = |group: &Option<GroupAnswer>| {
                group.as_ref().and_then(|group| group.success_rate).map_or_else(Cell::none, Cell::percent)
            };
            row("success".to_owned(), [rate(&pair.before), rate(&pair.inside), points(rise, (low, high))]);
        }
        let score = |group: &Option<GroupAnswer>| group.as_ref()?.apdex?.score();
        if let (Some(before), Some(inside)) = (score(&pair.before), score(&pair.inside)) {
            let rise = Cell::exact(signed(inside - before, 2), (inside - before).to_string());
            row("apdex".to_owned(), [Cell::number(before, 2), Cell::number(inside, 2), rise]);
        }
        for (at, percentile) in percentiles(pair).enumerate() {
            let cell = |group: &Option<GroupAnswer>| {
                let values = group.as_ref().and_then(|group| group.values.as_ref());
                let value = values.and_then(|values| Some((values.percentiles.get(at)?.1?, values.unit)));
                value.map_or_else(Cell::none, |(value, unit)| in_unit(value, unit))
            };
            let change = pair.ratio(at).map_or_else(Cell::none, times);
            row(format!("p{percentile}"), [cell(&pair.before), cell(&pair.inside), change]);
        }
    }
    report.push(Section::Table(table));
    if rated {
        report.paragraph(format!(
            "A request succeeds when: {rule}. Changes of success are in points with their 95 % interval; one that \
             holds 0 may be chance."
        ));
    }
    report
}

/// `× 2.30`, `+12.0 %`.
fn times(ratio: f64) -> Cell {
    let shown = if (0.5..2.0).contains(&ratio) {
        format!("{}{}", if ratio < 1.0 { "−" } else { "+" }, percent((ratio - 1.0).abs()))
    } else {
        format!("× {ratio:.2}")
    };
    Cell::exact(shown, ratio.to_string())
}

/// A change with its sign and so many digits behind the point.
fn signed(change: f64, digits: usize) -> String {
    format!("{}{:.digits$}", if change < 0.0 { "−" } else { "+" }, change.abs())
}

/// `−72.4 (−75.0 … −69.7)`: points of a rate, and between which they are for sure.
fn points(rise: f64, (low, high): (f64, f64)) -> Cell {
    let signed =
        |points: f64| format!("{}{:.1}", if points < 0.0 { "−" } else { "+" }, (points * 100.0).abs());
    let style = match () {
        () if high < 0.0 => Style::Bad,
        () if low > 0.0 => Style::Good,
        () => Style::Dim,
    };
    let shown = format!("{} ({} … {})", signed(rise), signed(low), signed(high));
    Cell::exact(shown, rise.to_string()).styled(style)
}
