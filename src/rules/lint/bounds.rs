//! Between which numbers the values of an expression lie, as far as the expression alone tells.

use crate::promql::ast::{AggregateOp, Binary, BinaryOp, Form, Node};

/// The least and the largest value; NaN may be there in any case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bounds {
    pub low: f64,
    pub high: f64,
}

const ANY: Bounds = Bounds { low: f64::NEG_INFINITY, high: f64::INFINITY };
const NOT_NEGATIVE: Bounds = between(0.0, f64::INFINITY);
const COUNT: Bounds = between(1.0, f64::INFINITY);
const ONE: Bounds = between(1.0, 1.0);

const fn between(low: f64, high: f64) -> Bounds {
    Bounds { low, high }
}

/// Functions whose values have limits, whatever they are given.
const FUNCTIONS: &[(&str, Bounds)] = &[
    ("abs", NOT_NEGATIVE),
    ("absent", ONE),
    ("absent_over_time", ONE),
    ("changes", NOT_NEGATIVE),
    ("count_over_time", COUNT),
    ("day_of_month", between(1.0, 31.0)),
    ("day_of_week", between(0.0, 6.0)),
    ("day_of_year", between(1.0, 366.0)),
    ("days_in_month", between(28.0, 31.0)),
    ("hour", between(0.0, 23.0)),
    ("increase", NOT_NEGATIVE),
    ("irate", NOT_NEGATIVE),
    ("minute", between(0.0, 59.0)),
    ("month", between(1.0, 12.0)),
    ("present_over_time", ONE),
    ("rate", NOT_NEGATIVE),
    ("resets", NOT_NEGATIVE),
    ("sqrt", NOT_NEGATIVE),
    ("stddev_over_time", NOT_NEGATIVE),
    ("stdvar_over_time", NOT_NEGATIVE),
    ("sgn", between(-1.0, 1.0)),
];

/// Functions whose values lie where those of their argument do.
const INSIDE: [&str; 8] = [
    "avg_over_time",
    "last_over_time",
    "max_over_time",
    "min_over_time",
    "scalar",
    "sort",
    "sort_desc",
    "vector",
];

/// The limits of a result.
pub(super) fn bounds(node: &Node) -> Bounds {
    match &node.form {
        Form::Number(value, _) if value.is_nan() => ANY,
        Form::Number(value, _) => between(*value, *value),
        Form::Text(_) => ANY,
        // `up` is 1 where a scrape went well, else 0.
        Form::Selector(selector) if selector.name.as_deref() == Some("up") => between(0.0, 1.0),
        Form::Selector(_) => ANY,
        Form::Subquery(subquery) => bounds(&subquery.inner),
        Form::Paren(inner) => bounds(inner),
        Form::Unary(is_minus, inner) => {
            let inner = bounds(inner);
            if *is_minus { between(-inner.high, -inner.low) } else { inner }
        }
        Form::Binary(binary) => combined(binary),
        Form::Aggregate(aggregate) => {
            let inner = bounds(&aggregate.inner);
            match aggregate.op {
                AggregateOp::Count | AggregateOp::CountValues => COUNT,
                AggregateOp::Group => ONE,
                AggregateOp::Stddev | AggregateOp::Stdvar => NOT_NEGATIVE,
                AggregateOp::Sum if inner.low >= 0.0 => between(inner.low, f64::INFINITY),
                AggregateOp::Sum if inner.high <= 0.0 => between(f64::NEG_INFINITY, inner.high),
                AggregateOp::Sum | AggregateOp::Quantile => ANY,
                _ => inner,
            }
        }
        Form::Call(function, arguments) => {
            if let Some((_, limits)) = FUNCTIONS.iter().find(|(name, _)| *name == function.name) {
                return *limits;
            }
            match arguments.first() {
                Some(inner) if INSIDE.contains(&function.name) => bounds(inner),
                _ => ANY,
            }
        }
    }
}

fn combined(binary: &Binary) -> Bounds {
    let (left, right) = (bounds(&binary.lhs), bounds(&binary.rhs));
    let fills = binary.matching.fill_lhs.is_some() || binary.matching.fill_rhs.is_some();
    match binary.op {
        _ if fills => ANY,
        op if op.is_comparison() && binary.as_bool => between(0.0, 1.0),
        // The series that are left are those of the left side, or of the only side that has some.
        op if op.is_comparison() => match (super::labels::is_vector(&binary.lhs), op) {
            (true, BinaryOp::Gt | BinaryOp::Ge) => between(left.low.max(right.low), left.high),
            (true, BinaryOp::Lt | BinaryOp::Le) => between(left.low, left.high.min(right.high)),
            (true, BinaryOp::Eq) => between(left.low.max(right.low), left.high.min(right.high)),
            (true, _) => left,
            (false, BinaryOp::Gt | BinaryOp::Ge) => between(right.low, right.high.min(left.high)),
            (false, BinaryOp::Lt | BinaryOp::Le) => between(right.low.max(left.low), right.high),
            (false, _) => right,
        },
        BinaryOp::And | BinaryOp::Unless => left,
        BinaryOp::Or => between(left.low.min(right.low), left.high.max(right.high)),
        BinaryOp::Add => known(left.low + right.low, left.high + right.high),
        BinaryOp::Sub => known(left.low - right.high, left.high - right.low),
        BinaryOp::Mul if left.low >= 0.0 && right.low >= 0.0 => known(left.low * right.low, f64::INFINITY),
        BinaryOp::Div if left.low >= 0.0 && right.low >= 0.0 => NOT_NEGATIVE,
        _ => ANY,
    }
}

/// What infinities leave unknown may be anything.
fn known(low: f64, high: f64) -> Bounds {
    between(
        if low.is_nan() { f64::NEG_INFINITY } else { low },
        if high.is_nan() { f64::INFINITY } else { high },
    )
}

/// Can the comparison hold for no pair of values within these limits?
pub(super) fn never(left: Bounds, op: BinaryOp, right: Bounds) -> bool {
    match op {
        BinaryOp::Eq => left.high < right.low || left.low > right.high,
        BinaryOp::Ne => left.low == left.high && left == right && left.low.is_finite(),
        BinaryOp::Lt => left.low >= right.high,
        BinaryOp::Le => left.low > right.high,
        BinaryOp::Gt => left.high <= right.low,
        BinaryOp::Ge => left.high < right.low,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::{Options, parse};

    #[test]
    fn what_can_never_hold() {
        for (expr, expected) in [
            ("count(up) == 0", true),
            ("count(up) < 1", true),
            ("count(up) <= 1", false),
            ("count(up == 0) == 0", true),
            ("sum(up) == 0", false),
            ("up > 1", true),
            ("up == 1", false),
            ("absent(up) == 0", true),
            ("rate(x[5m]) < 0", true),
            ("rate(x[5m]) <= 0", false),
            ("-rate(x[5m]) > 0", true),
            ("sum(rate(x[5m])) * 100 < 0", true),
            ("(x > 5) < 3", true),
            ("(x > 5) < 6", false),
            ("hour() > 23", true),
            ("hour() >= 9", false),
            ("x - y < 0", false),
            ("1 - rate(x[5m]) < 0", false),
            ("0 > count(up)", true),
            ("x < 0", false),
            ("vector(0) > 0", true),
            ("x / y < 0", false),
            ("x >= +Inf", false),
        ] {
            let parsed = parse(expr, &Options::promqltest()).expect(expr);
            let Form::Binary(binary) = &parsed.root().form else { panic!("{expr} compares") };
            assert_eq!(never(bounds(&binary.lhs), binary.op, bounds(&binary.rhs)), expected, "{expr}");
        }
    }
}
