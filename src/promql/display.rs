//! The canonical form of an expression: parsed again, it is the same expression.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use super::ast::{
    Aggregate, At, Binary, Cardinality, Duration, Edges, Expr, Form, Formula, FormulaForm, Matcher, Node,
    Selector, Shift, Subquery,
};
use crate::model::histogram::{Bucket, Histogram};
use crate::model::series::{Labels, Quoted, is_plain_label, is_plain_metric};

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.root().fmt(f)
    }
}

impl Display for Node {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.form {
            Form::Number(number, as_duration) => write!(f, "{}", Number(*number, *as_duration)),
            Form::Text(literal) => write!(f, "{}", Quoted(&literal.text)),
            Form::Selector(selector) => selector.fmt(f),
            Form::Subquery(subquery) => subquery.fmt(f),
            Form::Paren(inner) => write!(f, "({inner})"),
            Form::Unary(minus, inner) => write!(f, "{}{inner}", if *minus { "-" } else { "+" }),
            Form::Binary(binary) => binary.fmt(f),
            Form::Aggregate(aggregate) => aggregate.fmt(f),
            Form::Call(function, arguments) => write!(f, "{}({})", function.name, List(arguments)),
        }
    }
}

/// A number as PromQL reads it; seconds as a duration if it was written as one.
struct Number(f64, bool);

impl Display for Number {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Number(number, as_duration) = *self;
        if as_duration {
            return Millis((number * 1000.0).round() as i64).fmt(f);
        }
        if number.is_nan() {
            f.write_str("NaN")
        } else if number.is_infinite() {
            f.write_str(if number > 0.0 { "+Inf" } else { "-Inf" })
        } else if number != 0.0 && (number.abs() >= 1e21 || number.abs() < 1e-6) {
            write!(f, "{number:e}")
        } else {
            write!(f, "{number}")
        }
    }
}

/// A value as Go's `%g` and `%v` print it: with an exponent below 1e-4 and from 1e6 on.
pub(super) struct Float(pub(super) f64);

impl Display for Float {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let text = format!("{:e}", self.0);
        match text.split_once('e').and_then(|(digits, power)| Some((digits, power.parse::<i32>().ok()?))) {
            Some((digits, power)) if self.0.is_finite() && !(-4..6).contains(&power) => {
                let sign = if power < 0 { '-' } else { '+' };
                write!(f, "{digits}e{sign}{:02}", power.unsigned_abs())
            }
            _ => f.write_str(&self.plain()),
        }
    }
}

impl Float {
    /// As Go prints it without an exponent.
    pub(super) fn plain(&self) -> String {
        match self.0 {
            number if number.is_nan() => "NaN".to_owned(),
            f64::INFINITY => "+Inf".to_owned(),
            f64::NEG_INFINITY => "-Inf".to_owned(),
            number => number.to_string(),
        }
    }
}

/// As Prometheus prints it: count, sum, and the buckets that hold something, each with its limits.
impl Display for Histogram {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{{count:{}, sum:{}", Float(self.count), Float(self.sum))?;
        let negative = self.negative.iter().rev().map(|&bucket| self.negative_bucket(bucket));
        let positive = self.positive.iter().map(|&bucket| self.positive_bucket(bucket));
        let buckets = negative.chain([self.zero_bucket()]).chain(positive);
        for bucket in buckets.filter(|bucket| bucket.count != 0.0) {
            let Bucket { lower, upper, count } = bucket;
            // The limit that is nearer to zero is outside; the zero bucket holds both.
            let (open, close) = if self.is_custom() || lower > 0.0 {
                let first = if lower == f64::NEG_INFINITY { '[' } else { '(' };
                (first, ']')
            } else if upper < 0.0 {
                ('[', ')')
            } else if lower == -upper {
                ('[', ']')
            } else if upper > 0.0 {
                ('(', ']')
            } else {
                ('[', ')')
            };
            write!(f, ", {open}{},{}{close}:{}", Float(lower), Float(upper), Float(count))?;
        }
        f.write_str("}")
    }
}

/// A duration in Prometheus' notation: the largest units that come out even.
pub(super) struct Millis(pub(super) i64);

impl Display for Millis {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        const UNITS: [(&str, u64, bool); 7] = [
            ("y", 365 * 86_400_000, true),
            ("w", 7 * 86_400_000, true),
            ("d", 86_400_000, false),
            ("h", 3_600_000, false),
            ("m", 60_000, false),
            ("s", 1_000, false),
            ("ms", 1, false),
        ];
        if self.0 == 0 {
            return f.write_str("0s");
        }
        if self.0 < 0 {
            f.write_str("-")?;
        }
        let mut rest = self.0.unsigned_abs();
        for (unit, ms, exact) in UNITS {
            // Years and weeks only if nothing is left: `90d` is not `12w6d`.
            if rest < ms || exact && !rest.is_multiple_of(ms) {
                continue;
            }
            write!(f, "{}{unit}", rest / ms)?;
            rest %= ms;
        }
        Ok(())
    }
}

struct List<'a, T>(&'a [T]);

impl<T: Display> Display for List<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (i, item) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            item.fmt(f)?;
        }
        Ok(())
    }
}

/// Label names between brackets.
struct Names<'a>(&'a [Arc<str>]);

impl Display for Names<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (i, name) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            write_label(f, name)?;
        }
        f.write_str(")")
    }
}

fn write_label(f: &mut Formatter<'_>, name: &str) -> fmt::Result {
    if is_plain_label(name) { f.write_str(name) } else { Quoted(name).fmt(f) }
}

impl Display for Matcher {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_label(f, &self.name)?;
        write!(f, "{}{}", self.op.sign(), Quoted(&self.value))
    }
}

impl Display for Selector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut rest = self.matchers.as_slice();
        let mut quoted = None;
        if let Some(name) = &self.name {
            rest = match rest.split_first() {
                Some((first, rest)) if &*first.name == Labels::NAME => rest,
                _ => rest,
            };
            // Beside a name before the braces there may be no other condition on it.
            let alone = rest.iter().all(|matcher| &*matcher.name != Labels::NAME);
            if alone && is_plain_metric(name) {
                f.write_str(name)?;
            } else {
                quoted = Some(name);
            }
        }
        if quoted.is_some() || !rest.is_empty() || self.name.is_none() {
            f.write_str("{")?;
            if let Some(name) = quoted {
                write!(f, "{}{}", Quoted(name), if rest.is_empty() { "" } else { "," })?;
            }
            for (i, matcher) in rest.iter().enumerate() {
                write!(f, "{}{matcher}", if i > 0 { "," } else { "" })?;
            }
            f.write_str("}")?;
        }
        if let Some(range) = &self.range {
            write!(f, "[{range}]")?;
        }
        f.write_str(match self.edges {
            Edges::Plain => "",
            Edges::Anchored => " anchored",
            Edges::Smoothed => " smoothed",
        })?;
        self.shift.fmt(f)
    }
}

impl Display for Shift {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(At::Millis(ms)) => {
                let sign = if ms < 0 { "-" } else { "" };
                let ms = ms.unsigned_abs();
                write!(f, " @ {sign}{}.{:03}", ms / 1000, ms % 1000)?;
            }
            Some(At::Start) => f.write_str(" @ start()")?,
            Some(At::End) => f.write_str(" @ end()")?,
            None => {}
        }
        match &self.offset {
            Some(Duration::Formula(formula)) => match formula.form {
                FormulaForm::Binary(..) => write!(f, " offset ({formula})"),
                _ => write!(f, " offset {formula}"),
            },
            Some(offset @ Duration::Millis(_)) => write!(f, " offset {offset}"),
            None => Ok(()),
        }
    }
}

impl Display for Duration {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Duration::Millis(ms) => Millis(*ms).fmt(f),
            Duration::Formula(formula) => formula.fmt(f),
        }
    }
}

impl Display for Formula {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.form {
            FormulaForm::Number(number, as_duration) => Number(*number, *as_duration).fmt(f),
            FormulaForm::Step => f.write_str("step()"),
            FormulaForm::Range => f.write_str("range()"),
            FormulaForm::Unary(minus, inner) => write!(f, "{}{inner}", if *minus { "-" } else { "+" }),
            FormulaForm::Binary(op, lhs, rhs) => write!(f, "{lhs} {} {rhs}", op.sign()),
            FormulaForm::Min(a, b) => write!(f, "min_of({a}, {b})"),
            FormulaForm::Max(a, b) => write!(f, "max_of({a}, {b})"),
            FormulaForm::Paren(inner) => write!(f, "({inner})"),
        }
    }
}

impl Display for Subquery {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}:", self.inner, self.range)?;
        if let Some(step) = &self.step {
            step.fmt(f)?;
        }
        write!(f, "]{}", self.shift)
    }
}

impl Display for Binary {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.lhs, self.op.sign())?;
        if self.as_bool {
            f.write_str(" bool")?;
        }
        let matching = &self.matching;
        if matching.written {
            write!(f, " {} {}", if matching.on { "on" } else { "ignoring" }, Names(&matching.labels))?;
        }
        let group = match matching.cardinality {
            Cardinality::ManyToOne => " group_left",
            Cardinality::OneToMany => " group_right",
            Cardinality::OneToOne | Cardinality::ManyToMany => "",
        };
        if !group.is_empty() {
            write!(f, "{group} {}", Names(&matching.include))?;
        }
        match (matching.fill_lhs, matching.fill_rhs) {
            (Some(lhs), Some(rhs)) if lhs.to_bits() == rhs.to_bits() => {
                write!(f, " fill ({})", Number(lhs, false))?;
            }
            (lhs, rhs) => {
                for (word, value) in [("fill_left", lhs), ("fill_right", rhs)] {
                    if let Some(value) = value {
                        write!(f, " {word} ({})", Number(value, false))?;
                    }
                }
            }
        }
        write!(f, " {}", self.rhs)
    }
}

impl Display for Aggregate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.op.name())?;
        if self.written {
            write!(f, " {} {} ", if self.without { "without" } else { "by" }, Names(&self.labels))?;
        }
        f.write_str("(")?;
        if let Some(parameter) = &self.parameter {
            write!(f, "{parameter}, ")?;
        }
        write!(f, "{})", self.inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_look_as_in_go() {
        for (number, expected) in [
            (0.0, "0"),
            (1.1, "1.1"),
            (-1.0, "-1"),
            (123_456.0, "123456"),
            (1e6, "1e+06"),
            (123_456_789.0, "1.23456789e+08"),
            (0.0001, "0.0001"),
            (0.000_012, "1.2e-05"),
            (1e100, "1e+100"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(Float(number).to_string(), expected);
        }
        for (ms, expected) in [
            (0, "0s"),
            (5_400_000, "1h30m"),
            (-1_500, "-1s500ms"),
            (86_400_000, "1d"),
            (604_800_000, "1w"),
            (7_776_000_000, "90d"),
        ] {
            assert_eq!(Millis(ms).to_string(), expected);
        }
    }
}
