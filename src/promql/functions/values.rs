//! Scalars, limits, rounding, and the times of the query.

use crate::model::Labels;
use crate::promql::ast::{Form, Node};
use crate::promql::eval::{ABSENT, Column, Evaluated, Evaluator, Outcome, Pick, Steps, present};

/// The binary logarithm as Go takes it: that of the fraction, and the exponent.
pub(super) fn log2(value: f64) -> f64 {
    if !value.is_finite() || value <= 0.0 {
        return value.log2();
    }
    // Subnormal numbers have no exponent of their own.
    let (scaled, shift) = if value < f64::MIN_POSITIVE { (value * 2_f64.powi(52), 52) } else { (value, 0) };
    let bits = scaled.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32 - 1022 - shift;
    // Between a half and one.
    let fraction = f64::from_bits(bits & !(0x7ff << 52) | 1022 << 52);
    if fraction == 0.5 {
        return f64::from(exponent - 1);
    }
    fraction.ln() * std::f64::consts::LOG2_E + f64::from(exponent)
}

/// The decimal logarithm as Go takes it: from the binary one, so that the last digit is the same.
pub(super) fn log10(value: f64) -> f64 {
    log2(value) * std::f64::consts::LOG10_2
}

/// From here on, Go takes the smaller one of `e^x` and `e^-x` for nothing.
const FAR: f64 = 21.0;
/// From here on, Go takes `sqrt(x² ± 1)` for `x`.
const LARGE: f64 = (1u32 << 28) as f64;

/// The hyperbolic sine; infinite where Go's is, which halves `e^x`.
pub(super) fn sinh(value: f64) -> f64 {
    if value.abs() > FAR { (value.abs().exp() * 0.5).copysign(value) } else { value.sinh() }
}

/// The hyperbolic cosine; infinite where Go's is, which halves `e^x`.
pub(super) fn cosh(value: f64) -> f64 {
    if value.abs() > FAR { value.abs().exp() * 0.5 } else { value.cosh() }
}

/// The inverse hyperbolic sine; finite for the largest numbers, too.
pub(super) fn asinh(value: f64) -> f64 {
    if value.abs() > LARGE {
        (value.abs().ln() + std::f64::consts::LN_2).copysign(value)
    } else {
        value.asinh()
    }
}

/// The inverse hyperbolic cosine; finite for the largest numbers, too.
pub(super) fn acosh(value: f64) -> f64 {
    if value > LARGE { value.ln() + std::f64::consts::LN_2 } else { value.acosh() }
}

pub(super) fn sgn(value: f64) -> f64 {
    if value < 0.0 {
        -1.0
    } else if value > 0.0 {
        1.0
    } else {
        value
    }
}

/// The smaller one; NaN if one is NaN, but -Inf is smaller than anything.
pub(super) fn smaller(a: f64, b: f64) -> f64 {
    if a == f64::NEG_INFINITY || b == f64::NEG_INFINITY {
        f64::NEG_INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else {
        a.min(b)
    }
}

/// The larger one; NaN if one is NaN, but +Inf is larger than anything.
pub(super) fn larger(a: f64, b: f64) -> f64 {
    -smaller(-a, -b)
}

/// Changes every sample by something that depends on the time.
fn map<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    vector: &'a Node,
    steps: Steps,
    f: impl Fn(usize, f64) -> f64,
) -> Outcome<Evaluated> {
    let mut columns = evaluator.floats(vector, steps)?;
    for column in &mut columns {
        for (i, cell) in column.cells.iter_mut().enumerate().filter(|(_, cell)| present(**cell)) {
            *cell = f(i, *cell);
        }
    }
    evaluator.unnamed(columns, node.span).map(Evaluated::Vector)
}

pub(super) fn clamp<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    let least = evaluator.scalar(&arguments[1], steps)?;
    let most = evaluator.scalar(&arguments[2], steps)?;
    map(evaluator, node, &arguments[0], steps, |i, value| {
        if most[i] < least[i] { ABSENT } else { larger(least[i], smaller(most[i], value)) }
    })
}

pub(super) fn clamp_max<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    let most = evaluator.scalar(&arguments[1], steps)?;
    map(evaluator, node, &arguments[0], steps, |i, value| smaller(most[i], value))
}

pub(super) fn clamp_min<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    let least = evaluator.scalar(&arguments[1], steps)?;
    map(evaluator, node, &arguments[0], steps, |i, value| larger(least[i], value))
}

pub(super) fn round<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    let nearest = match arguments.get(1) {
        Some(nearest) => evaluator.scalar(nearest, steps)?,
        None => vec![1.0; steps.count],
    };
    // Dividing by the inverse is exact for more of the usual fractions than multiplying.
    map(evaluator, node, &arguments[0], steps, |i, value| {
        let inverse = 1.0 / nearest[i];
        (value * inverse + 0.5).floor() / inverse
    })
}

pub(super) fn scalar<'a>(
    evaluator: &mut Evaluator<'a>,
    _: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    let columns = evaluator.floats(&arguments[0], steps)?;
    let mut cells = vec![f64::NAN; steps.count];
    let mut found = vec![0u32; steps.count];
    for column in &columns {
        for (i, &cell) in column.cells.iter().enumerate().filter(|(_, cell)| present(**cell)) {
            found[i] += 1;
            cells[i] = if found[i] == 1 { cell } else { f64::NAN };
        }
    }
    Ok(Evaluated::Scalar(cells))
}

pub(super) fn vector<'a>(
    evaluator: &mut Evaluator<'a>,
    _: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    let cells = evaluator.scalar(&arguments[0], steps)?;
    Ok(Evaluated::Vector(vec![Column::of(Labels::default(), cells)]))
}

/// Two scalars made one.
fn pairwise<'a>(
    evaluator: &mut Evaluator<'a>,
    arguments: &'a [Node],
    steps: Steps,
    f: fn(f64, f64) -> f64,
) -> Outcome<Evaluated> {
    let a = evaluator.scalar(&arguments[0], steps)?;
    let b = evaluator.scalar(&arguments[1], steps)?;
    Ok(Evaluated::Scalar(a.into_iter().zip(b).map(|(a, b)| f(a, b)).collect()))
}

pub(super) fn min_of<'a>(
    evaluator: &mut Evaluator<'a>,
    _: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    pairwise(evaluator, arguments, steps, smaller)
}

pub(super) fn max_of<'a>(
    evaluator: &mut Evaluator<'a>,
    _: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    pairwise(evaluator, arguments, steps, larger)
}

#[expect(clippy::unnecessary_wraps, reason = "the table wants one type of function")]
fn constant(value: f64, steps: Steps) -> Outcome<Evaluated> {
    Ok(Evaluated::Scalar(vec![value; steps.count]))
}

pub(super) fn pi<'a>(_: &mut Evaluator<'a>, _: &'a Node, _: &'a [Node], steps: Steps) -> Outcome<Evaluated> {
    constant(std::f64::consts::PI, steps)
}

pub(super) fn start<'a>(
    evaluator: &mut Evaluator<'a>,
    _: &'a Node,
    _: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    constant(evaluator.query_span().0 as f64 / 1000.0, steps)
}

pub(super) fn end<'a>(
    evaluator: &mut Evaluator<'a>,
    _: &'a Node,
    _: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    constant(evaluator.query_span().1 as f64 / 1000.0, steps)
}

pub(super) fn range<'a>(
    evaluator: &mut Evaluator<'a>,
    _: &'a Node,
    _: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    let (start, end) = evaluator.query_span();
    constant((end - start) as f64 / 1000.0, steps)
}

pub(super) fn step<'a>(
    evaluator: &mut Evaluator<'a>,
    _: &'a Node,
    _: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    constant(evaluator.query.step as f64 / 1000.0, steps)
}

#[expect(clippy::unnecessary_wraps, reason = "the table wants one type of function")]
pub(super) fn time<'a>(
    _: &mut Evaluator<'a>,
    _: &'a Node,
    _: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    Ok(Evaluated::Scalar(steps.iter().map(|at| at as f64 / 1000.0).collect()))
}

pub(super) fn timestamp<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    // Of a selector, the time of the sample; of anything else, that of the evaluation.
    let vector = arguments[0].unwrapped();
    if let Form::Selector(selector) = &vector.form {
        let columns = evaluator.select_by(vector.span, selector, steps, Pick::Time(1000.0))?;
        return evaluator.unnamed(columns, node.span).map(Evaluated::Vector);
    }
    let mut columns = evaluator.vector(vector, steps)?;
    for column in &mut columns {
        let times = column.cells.iter().zip(steps.iter());
        let times = times.map(|(&cell, at)| if present(cell) { at as f64 / 1000.0 } else { ABSENT });
        *column = Column::floats(column.labels.clone(), column.drop_name, times.collect());
    }
    evaluator.unnamed(columns, node.span).map(Evaluated::Vector)
}

pub(super) fn start_timestamp<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    let vector = arguments[0].unwrapped();
    let Form::Selector(selector) = &vector.form else {
        // The start is lost where a value is computed.
        evaluator.vector(vector, steps)?;
        return Ok(Evaluated::Vector(Vec::new()));
    };
    let columns = evaluator.select_by(vector.span, selector, steps, Pick::Start)?;
    evaluator.unnamed(columns, node.span).map(Evaluated::Vector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hyperbolic_functions_of_large_numbers() {
        assert_eq!((sinh(-710.0), cosh(710.0)), (f64::NEG_INFINITY, f64::INFINITY));
        assert!((acosh(1e308) - 709.889_355_822_726).abs() < 1e-9);
        assert!((asinh(-1e308) + 709.889_355_822_726).abs() < 1e-9);
        for value in [-3.0, 0.1, 2.0, 20.0] {
            assert_eq!((sinh(value), cosh(value)), (value.sinh(), value.cosh()));
        }
    }

    #[test]
    fn logarithms_have_the_last_digit_of_go() {
        for (value, binary) in [(8.0, 3.0), (1.0, 0.0), (0.25, -2.0), (f64::MIN_POSITIVE / 4.0, -1024.0)] {
            assert_eq!(log2(value), binary, "{value}");
        }
        assert_eq!(log10(1_000_398.0).to_string(), "6.00017281481593");
        assert_eq!(log10(0.0), f64::NEG_INFINITY);
        assert!(log10(-1.0).is_nan() && log2(f64::INFINITY) == f64::INFINITY);
    }
}
