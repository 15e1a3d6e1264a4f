//! What an expression reads: which series, and which of their times.

use std::borrow::Cow;

use super::Options;
use super::ast::{At, Duration, Edges, Expr, Form, Matcher, Node, Selector, Shift};
use super::functions::info;

/// Series that an expression reads, and their times, from the first to the last, in milliseconds.
#[derive(Clone, Debug)]
pub struct Reading<'e> {
    /// The conditions on the series.
    pub matchers: Cow<'e, [Matcher]>,
    /// No sample before this time is looked at.
    pub from: i64,
    /// Nor one after this time.
    pub to: i64,
}

impl<'e> Reading<'e> {
    /// Series at any time.
    pub fn of_any_time(matchers: &'e [Matcher]) -> Self {
        Reading { matchers: Cow::Borrowed(matchers), from: i64::MIN, to: i64::MAX }
    }
}

/// The times of an evaluation in milliseconds; for one time `start` and `end` are the same, and `step` is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// The first one.
    pub start: i64,
    /// The last one.
    pub end: i64,
    /// From one to the next.
    pub step: i64,
}

/// What an expression reads when it is evaluated at these times; `None` is any time.
pub fn readings<'e>(expr: &'e Expr, times: Option<Times>, options: &Options) -> Vec<Reading<'e>> {
    let everything = (i64::MIN, i64::MAX);
    let mut found = Vec::new();
    let reader = Reader { times, options };
    let at = times.map_or(everything, |times| (times.start, times.end));
    if reader.node(expr.root(), at, &mut found).is_none() {
        // A length that cannot be computed ends the evaluation, which says so.
        for reading in &mut found {
            (reading.from, reading.to) = everything;
        }
    }
    found
}

struct Reader<'o> {
    times: Option<Times>,
    options: &'o Options,
}

impl Reader<'_> {
    /// Adds what a node reads that is evaluated from the first to the last of these times.
    fn node<'e>(&self, node: &'e Node, at: (i64, i64), found: &mut Vec<Reading<'e>>) -> Option<()> {
        let before = found.len();
        match &node.form {
            Form::Selector(selector) => {
                let (from, to) = self.selected(selector, at).unwrap_or((i64::MIN, i64::MAX));
                found.push(Reading { matchers: Cow::Borrowed(&selector.matchers), from, to });
            }
            Form::Subquery(subquery) => {
                let (from, to) = self.shifted(&subquery.shift, at)?;
                let from = from.saturating_sub(self.millis(&subquery.range)?);
                self.node(&subquery.inner, (from, to), found)?;
            }
            Form::Call(function, arguments) if function.name == "info" => {
                self.node(&arguments[0], at, found)?;
                // Info series are looked at when the series are that they belong to.
                let beside = &found[before..];
                let from = beside.iter().map(|reading| reading.from).min().unwrap_or(at.0);
                let to = beside.iter().map(|reading| reading.to).max().unwrap_or(at.1);
                let from = from.saturating_sub(self.options.lookback_ms);
                found.push(Reading { matchers: info::matchers(arguments.get(1)).into(), from, to });
            }
            _ => {
                for child in node.children() {
                    self.node(child, at, found)?;
                }
            }
        }
        Some(())
    }

    fn selected(&self, selector: &Selector, at: (i64, i64)) -> Option<(i64, i64)> {
        let (from, to) = self.shifted(&selector.shift, at)?;
        let lookback = self.options.lookback_ms;
        let range = selector.range.as_ref().map_or(Some(lookback), |range| self.millis(range))?;
        let (before, after) = match selector.edges {
            Edges::Plain => (0, 0),
            Edges::Anchored => (lookback, 0),
            Edges::Smoothed => (lookback, lookback),
        };
        Some((from.saturating_sub(range).saturating_sub(before), to.saturating_add(after)))
    }

    fn shifted(&self, shift: &Shift, (from, to): (i64, i64)) -> Option<(i64, i64)> {
        let offset = shift.offset.as_ref().map_or(Some(0), |offset| self.millis(offset))?;
        let (from, to) = match (shift.at, self.times) {
            (None, _) => (from, to),
            (Some(At::Millis(at)), _) => (at, at),
            (Some(At::Start), Some(times)) => (times.start, times.start),
            (Some(At::End), Some(times)) => (times.end, times.end),
            (Some(_), None) => (i64::MIN, i64::MAX),
        };
        // What has no end has none elsewhere.
        let moved = |time: i64| match time {
            i64::MIN | i64::MAX => time,
            _ => time.saturating_sub(offset),
        };
        Some((moved(from), moved(to)))
    }

    fn millis(&self, duration: &Duration) -> Option<i64> {
        match (duration, self.times) {
            (Duration::Millis(millis), _) => Some(*millis),
            (Duration::Formula(formula), Some(times)) => {
                formula.millis(times.step, times.end.checked_sub(times.start)?).ok()
            }
            (Duration::Formula(_), None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::parse;

    #[test]
    fn times_that_are_looked_at() {
        let options = Options::promqltest();
        let at = Some(Times { start: 1_000_000, end: 2_000_000, step: 10_000 });
        for (source, expected) in [
            ("x", vec![(700_000, 2_000_000)]),
            ("rate(x[1m])", vec![(940_000, 2_000_000)]),
            ("x offset 10s", vec![(690_000, 1_990_000)]),
            ("x offset -10s", vec![(710_000, 2_010_000)]),
            ("x @ 500", vec![(200_000, 500_000)]),
            ("x @ end()", vec![(1_700_000, 2_000_000)]),
            ("sum_over_time((x offset 5s)[2m:10s])", vec![(575_000, 1_995_000)]),
            ("max_over_time(rate(x[1m])[2m:10s] @ start() offset 1s)", vec![(819_000, 999_000)]),
            ("rate(x[1m] anchored)", vec![(640_000, 2_000_000)]),
            ("rate(x[1m] smoothed)", vec![(640_000, 2_300_000)]),
            ("x[step() * 2]", vec![(980_000, 2_000_000)]),
            ("x + y offset 1m", vec![(700_000, 2_000_000), (640_000, 1_940_000)]),
            ("info(x offset 1m)", vec![(640_000, 1_940_000), (340_000, 1_940_000)]),
        ] {
            let expr = parse(source, &options).expect("an expression");
            let found: Vec<(i64, i64)> =
                readings(&expr, at, &options).iter().map(|reading| (reading.from, reading.to)).collect();
            assert_eq!(found, expected, "{source}");
            let any = readings(&expr, None, &options);
            assert_eq!(any.len(), expected.len(), "{source}");
        }
    }

    #[test]
    fn at_any_time_only_a_fixed_one_is_an_end() {
        let options = Options::promqltest();
        for (source, expected) in [
            ("x", (i64::MIN, i64::MAX)),
            ("x offset 1m", (i64::MIN, i64::MAX)),
            ("x[range()]", (i64::MIN, i64::MAX)),
            ("x @ 500 offset 100s", (100_000, 400_000)),
        ] {
            let expr = parse(source, &options).expect("an expression");
            let found = readings(&expr, None, &options);
            assert_eq!((found[0].from, found[0].to), expected, "{source}");
        }
    }
}
