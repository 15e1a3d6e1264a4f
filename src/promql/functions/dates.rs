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
    f: fn(Moment) -> i64,
) -> Outcome<Evaluated> {
    let part = |seconds: f64| f(Moment::at(seconds)) as f64;
    let Some(argument) = arguments.first() else {
        let cells = steps.iter().map(|at| part(at.div_euclid(1000) as f64)).collect();
        return Ok(Evaluated::Vector(vec![Column::of(Labels::default(), cells)]));
    };
    let mut columns = evaluator.floats(argument, steps)?;
    for column in &mut columns {
        for cell in column.cells.iter_mut().filter(|cell| present(**cell)) {
            *cell = part(*cell);
        }
    }
    evaluator.unnamed(columns, node.span).map(Evaluated::Vector)
}

/// Days since 1970-01-01, and seconds of the day.
#[derive(Clone, Copy)]
struct Moment {
    days: i64,
    seconds: i64,
}

impl Moment {
    /// Seconds since the epoch, cut, as Go counts them: what no 64 bits hold is the smallest number that they hold,
    /// and time goes round in 2^64 seconds, from the year -292277022399 on.
    fn at(seconds: f64) -> Self {
        const FIRST: i64 = -9_223_372_028_715_321_600;
        let fits = seconds >= i64::MIN as f64 && seconds < i64::MAX as f64;
        let seconds = if fits { seconds as i64 } else { i64::MIN };
        let since = seconds.wrapping_sub(FIRST) as u64;
        Moment { days: (since / 86_400) as i64 + FIRST / 86_400, seconds: (since % 86_400) as i64 }
    }

    fn date(self) -> (i64, u32, u32) {
        // The calendar repeats every 400 years.
        let (era, days) = (self.days.div_euclid(146_097), self.days.rem_euclid(146_097));
        let (year, month, day) = civil_from_days(days);
        (i64::from(year) + 400 * era, month, day)
    }

    fn day_of_year(self) -> i64 {
        let days = self.days.rem_euclid(146_097);
        days - days_from_civil(civil_from_days(days).0, 1, 1) + 1
    }

    fn days_in_month(self) -> i64 {
        let (year, month, _) = civil_from_days(self.days.rem_euclid(146_097));
        i64::from(length_of_month(year, month))
    }
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
    year = |moment| moment.date().0;
    month = |moment| i64::from(moment.date().1);
    day_of_month = |moment| i64::from(moment.date().2);
    day_of_week = |moment| (moment.days + 4).rem_euclid(7);
    day_of_year = Moment::day_of_year;
    days_in_month = Moment::days_in_month;
    hour = |moment| moment.seconds / 3_600;
    minute = |moment| moment.seconds % 3_600 / 60;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_go_on_beyond_any_calendar_as_in_go() {
        for (seconds, date, rest) in [
            (0.0, (1970, 1, 1), 0),
            (-1.0, (1969, 12, 31), 86_399),
            (-1.5, (1969, 12, 31), 86_399),
            (1_703_387_190.9, (2023, 12, 24), 3 * 3_600 + 6 * 60 + 30),
            (1e12, (33_658, 9, 27), 6_400),
            (f64::INFINITY, (292_277_026_596, 12, 4), 15 * 3_600 + 30 * 60 + 8),
            (f64::NEG_INFINITY, (292_277_026_596, 12, 4), 15 * 3_600 + 30 * 60 + 8),
            (f64::NAN, (292_277_026_596, 12, 4), 15 * 3_600 + 30 * 60 + 8),
        ] {
            let moment = Moment::at(seconds);
            assert_eq!((moment.date(), moment.seconds), (date, rest), "{seconds}");
        }
        let last = Moment::at(f64::NAN);
        assert_eq!((last.day_of_year(), last.days_in_month()), (339, 31));
    }
}
