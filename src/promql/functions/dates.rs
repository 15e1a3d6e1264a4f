//! Parts of dates and times, in UTC.

use crate::model::Labels;
use crate::model::time::{civil_from_days, days_from_civil, days_in_month as length_of_month};
use crate::promql::ast::Node;
use crate::promql::eval::{Column, Evaluated, Evaluator, Outcome, Steps, present};

/// A part of each sample's time in seconds; without an argument, of the time of evaluation.
fn part<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
    f: fn(i64) -> i64,
) -> Outcome<Evaluated> {
    // Calendars end somewhere; beyond, the last date counts.
    let part = |seconds: f64| f((seconds as i64).clamp(-62_135_596_800, 253_402_300_799)) as f64;
    let Some(argument) = arguments.first() else {
        let cells = steps.iter().map(|at| part(at.div_euclid(1000) as f64)).collect();
        return Ok(Evaluated::Vector(vec![Column { labels: Labels::default(), drop_name: false, cells }]));
    };
    let mut columns = evaluator.vector(argument, steps)?;
    for column in &mut columns {
        for cell in column.cells.iter_mut().filter(|cell| present(**cell)) {
            *cell = part(*cell);
        }
    }
    evaluator.unnamed(columns, node.span).map(Evaluated::Vector)
}

fn date(seconds: i64) -> (i32, u32, u32) {
    civil_from_days(seconds.div_euclid(86_400))
}

macro_rules! parts {
    ($($name:ident = $part:expr;)*) => {
        $(pub(super) fn $name<'a>(
            evaluator: &mut Evaluator<'a>,
            node: &'a Node,
            arguments: &'a [Node],
            steps: Steps,
        ) -> Outcome<Evaluated> {
            part(evaluator, node, arguments, steps, $part)
        })*
    };
}

parts! {
    year = |seconds| i64::from(date(seconds).0);
    month = |seconds| i64::from(date(seconds).1);
    day_of_month = |seconds| i64::from(date(seconds).2);
    day_of_week = |seconds| (seconds.div_euclid(86_400) + 4).rem_euclid(7);
    day_of_year = |seconds| seconds.div_euclid(86_400) - days_from_civil(date(seconds).0, 1, 1) + 1;
    days_in_month = |seconds| i64::from(length_of_month(date(seconds).0, date(seconds).1));
    hour = |seconds| seconds.rem_euclid(86_400) / 3_600;
    minute = |seconds| seconds.rem_euclid(3_600) / 60;
}
