//! `obs stats --slo`: what a promise leaves, and how fast it was spent.

use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::value_cell;
use crate::model::time::NANOS;
use crate::model::unit::HumanMillis;
use crate::model::{Error, Timestamp};
use crate::report::table::percent;
use crate::report::{Cell, Column, Report, Section, Style, Table};
use crate::stats::GroupAnswer;
use crate::stats::budget::{self, Burn, Step};

/// The steps in which burn rates are looked at, in nanoseconds.
pub(super) const STEP: i64 = 60 * NANOS;

/// A group under its promise.
#[derive(Debug, Serialize)]
pub(super) struct SloJson {
    by: Map<String, Json>,
    target: f64,
    requests: u64,
    failed: u64,
    success_rate: Option<f64>,
    /// 95 %, by Wilson.
    success_interval: Option<[f64; 2]>,
    budget: BudgetJson,
    burns: Vec<BurnJson>,
}

#[derive(Debug, Serialize)]
struct BudgetJson {
    allowed: f64,
    spent: Option<f64>,
    left: Option<f64>,
}

#[derive(Debug, Serialize)]
struct BurnJson {
    long: String,
    short: String,
    threshold: f64,
    highest: f64,
    from: Option<String>,
    to: Option<String>,
    data_is_shorter: bool,
    #[serde(skip)]
    window: Option<(Timestamp, Timestamp)>,
}

/// A promise as typed: a percentage such as 99.9.
pub(super) fn target(slo: f64) -> Result<f64, Error> {
    if (0.0..100.0).contains(&slo) && slo > 0.0 {
        // As many digits as were typed: 99.9 / 100 is 0.9990000000000001.
        return Ok((slo * 1e10).round() / 1e12);
    }
    Err(Error::usage(format!("nobody can promise {slo} % of success"))
        .hinted("write a percentage above 0 and below 100, such as --slo 99.9"))
}

/// The budgets of groups whose requests are given in buckets of [`STEP`].
pub(super) fn budgets(buckets: &[GroupAnswer], target: f64) -> Vec<SloJson> {
    let mut groups: Vec<(Map<String, Json>, Vec<&GroupAnswer>)> = Vec::new();
    for bucket in buckets.iter().filter(|bucket| bucket.requests > 0) {
        match groups.iter_mut().find(|(by, _)| *by == bucket.by) {
            Some((_, known)) => known.push(bucket),
            None => groups.push((bucket.by.clone(), vec![bucket])),
        }
    }
    let group = |(by, buckets): (Map<String, Json>, Vec<&GroupAnswer>)| {
        let requests: u64 = buckets.iter().map(|bucket| bucket.requests - bucket.unknown).sum();
        let success: u64 = buckets.iter().map(|bucket| bucket.success).sum();
        let steps: Vec<Step> = buckets
            .iter()
            .filter_map(|bucket| {
                Some(Step {
                    end: bucket.to?,
                    requests: bucket.requests - bucket.unknown,
                    success: bucket.success,
                })
            })
            .collect();
        let budget = budget::budget(requests, success, target);
        SloJson {
            by,
            target,
            requests,
            failed: budget.failed,
            success_rate: (requests > 0).then(|| success as f64 / requests as f64),
            success_interval: budget::wilson(success, requests).map(|(low, high)| [low, high]),
            budget: BudgetJson {
                allowed: budget.allowed,
                spent: budget.spent,
                left: budget.spent.map(|spent| 1.0 - spent),
            },
            burns: budget::burns(&steps, target).into_iter().map(burn).collect(),
        }
    };
    let mut budgets: Vec<SloJson> = groups.into_iter().map(group).collect();
    // The one that spent most comes first.
    let spent = |slo: &SloJson| slo.budget.spent.unwrap_or(0.0);
    budgets.sort_by(|a, b| spent(b).total_cmp(&spent(a)));
    budgets
}

fn burn(burn: Burn) -> BurnJson {
    let hours = |nanos: i64| match nanos / NANOS / 60 {
        minutes if minutes % 60 == 0 => format!("{}h", minutes / 60),
        minutes => format!("{minutes}m"),
    };
    BurnJson {
        long: hours(burn.windows.0),
        short: hours(burn.windows.1),
        threshold: burn.threshold,
        highest: burn.highest,
        from: burn.from.map(|at| at.to_string()),
        to: burn.to.map(|at| at.to_string()),
        data_is_shorter: burn.is_short,
        window: burn.from.zip(burn.to),
    }
}

/// The budgets as tables.
pub(super) fn tell(report: &mut Report, budgets: &[SloJson], by: &[String]) {
    let Some(first) = budgets.first() else { return };
    report.heading(format!("The promise of {}", percent(first.target)));
    let mut columns: Vec<Column> = by.iter().map(|name| Column::text(name.as_str()).importance(6)).collect();
    columns.extend(["requests", "success"].map(Column::number));
    columns.push(Column::number("95 % sure"));
    columns.extend(["failed", "allowed", "spent"].map(Column::number));
    let mut table = Table::new(columns).named("budgets");
    for slo in budgets {
        let mut row: Vec<Cell> = slo.by.values().map(value_cell).collect();
        let interval = slo.success_interval.map(|[low, high]| {
            let text = format!("{}–{}", percent(low).trim_end_matches(" %"), percent(high));
            Cell::exact(text, format!("{low}/{high}"))
        });
        let spent = slo.budget.spent.map_or_else(Cell::none, |spent| {
            let style = if spent > 1.0 { Style::Bad } else { Style::Good };
            let shown = if spent < 10.0 { percent(spent) } else { format!("{spent:.0} times") };
            Cell::exact(shown, spent.to_string()).styled(style)
        });
        row.extend([
            Cell::count(slo.requests),
            slo.success_rate.map_or_else(Cell::none, Cell::percent),
            interval.unwrap_or_else(Cell::none),
            Cell::count(slo.failed),
            Cell::number(slo.budget.allowed, 1),
            spent,
        ]);
        table.row(row);
    }
    report.push(Section::Table(table));
    let mut columns: Vec<Column> = by.iter().map(|name| Column::text(name.as_str()).importance(6)).collect();
    columns.extend([
        Column::text("windows").importance(9),
        Column::number("alert at"),
        Column::number("highest burn"),
    ]);
    columns.extend([Column::text("both from"), Column::text("until")]);
    let mut table = Table::new(columns).named("burns");
    let is_short = budgets.iter().flat_map(|slo| &slo.burns).any(|burn| burn.data_is_shorter);
    for slo in budgets {
        for burn in slo
            .burns
            .iter()
            .enumerate()
            .filter(|(at, burn)| *at == 0 || !burn.data_is_shorter)
            .map(|(_, burn)| burn)
        {
            let mut row: Vec<Cell> = slo.by.values().map(value_cell).collect();
            let style = if burn.window.is_some() { Style::Bad } else { Style::Plain };
            let clock = |at: Option<Timestamp>| at.map_or_else(Cell::none, Cell::time);
            row.extend([
                Cell::text(format!("{}/{}", burn.long, burn.short)),
                Cell::number(burn.threshold, 1),
                Cell::number(burn.highest, 1).styled(style),
                clock(burn.window.map(|(from, _)| from)),
                clock(burn.window.map(|(_, to)| to)),
            ]);
            table.row(row);
        }
    }
    report.push(Section::Table(table));
    report.paragraph(format!(
        "A burn of 1 spends exactly what is allowed. An alert is due while the long and the short window both burn as \
         fast as said; looked at every {}.{}",
        HumanMillis(STEP as f64 / 1e6),
        if is_short { " Windows longer than the data are left out, but for the shortest." } else { "" }
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_a_percentage() {
        assert_eq!(target(99.0).unwrap(), 0.99);
        for wrong in [0.0, 100.0, -1.0, f64::NAN] {
            assert!(target(wrong).is_err(), "{wrong}");
        }
    }
}
