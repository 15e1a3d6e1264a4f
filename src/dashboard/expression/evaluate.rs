//! Expressions of Grafana's server computed: which series go with which, and what their values become.

use std::collections::BTreeMap;

use super::math::Node;
use super::{Expression, Odd, Up};
use crate::dashboard::arithmetic::{binary, truth, unary};
use crate::dashboard::reduce;
use crate::model::{Labels, Sample, Series};
use crate::promql::{Value, VectorSample};

/// What an expression is computed from.
#[derive(Clone, Copy, Debug)]
pub struct Context<'c> {
    /// The answers to other queries of the panel, by their names.
    pub answers: &'c BTreeMap<&'c str, &'c Value>,
    /// The time that is shown, in milliseconds.
    pub range: (i64, i64),
}

/// Steps of a resampled series; a server would not draw more.
const MOST_STEPS: i64 = 11_000;
/// Results of an operator; more are refused.
const MOST_ITEMS: usize = 100_000;

/// A value with its labels.
#[derive(Clone, Debug)]
struct Item {
    labels: Labels,
    data: Data,
}

/// A value, or one for each time; `None` is null.
#[derive(Clone, Debug)]
enum Data {
    /// A number that was written.
    Scalar(Option<f64>),
    /// A number that was found.
    Number(Option<f64>),
    /// Numbers over time.
    Series(Vec<(i64, Option<f64>)>),
}

pub(super) fn evaluate(expression: &Expression, context: &Context<'_>) -> Result<Value, String> {
    let items = match expression {
        Expression::Math(node) => computed(node, context)?,
        Expression::Reduce { of, by, odd } => {
            let reduced = |item: Item| Item { data: reduced(item.data, by, *odd), ..item };
            answer(of, context).into_iter().map(reduced).collect()
        }
        Expression::Resample { of, every, down, up } => {
            let (from, to) = context.range;
            let steps = to.saturating_sub(from) / every;
            if steps == 0 {
                return Err("the range is shorter than the steps to which it is brought".to_owned());
            }
            if steps > MOST_STEPS {
                return Err(format!("the range has more than {MOST_STEPS} of these steps"));
            }
            let items = answer(of, context).into_iter().map(|item| match item.data {
                Data::Series(points) => Ok(Item {
                    data: Data::Series(resampled(&points, context.range, *every, down, *up)),
                    ..item
                }),
                _ => Err(format!("{of} has numbers, and only series can be brought to other steps")),
            });
            items.collect::<Result<_, _>>()?
        }
    };
    Ok(value(items, context.range.1))
}

/// The answer to another query as items.
fn answer(name: &str, context: &Context<'_>) -> Vec<Item> {
    match context.answers.get(name) {
        Some(Value::Scalar(number)) => {
            vec![Item { labels: Labels::default(), data: Data::Number(Some(*number)) }]
        }
        Some(Value::Vector(found)) => found
            .iter()
            .filter(|one| one.histogram.is_none())
            .map(|one| Item { labels: one.labels.clone(), data: Data::Number(Some(one.sample.value)) })
            .collect(),
        Some(Value::Matrix(found)) => found
            .iter()
            .map(|one| {
                let points = one.samples.iter().map(|sample| (sample.at, Some(sample.value)));
                Item { labels: one.labels.clone(), data: Data::Series(points.collect()) }
            })
            .collect(),
        Some(Value::Text(_)) | None => Vec::new(),
    }
}

/// Items as an answer: null is no sample.
fn value(items: Vec<Item>, at: i64) -> Value {
    if let [Item { data: Data::Scalar(Some(number)), .. }] = items.as_slice() {
        return Value::Scalar(*number);
    }
    let sample = |value: f64| Sample { at, value };
    if items.iter().any(|item| matches!(item.data, Data::Series(_))) {
        let series = items.into_iter().map(|item| {
            let samples = match item.data {
                Data::Scalar(number) | Data::Number(number) => number.map(sample).into_iter().collect(),
                Data::Series(points) => {
                    let known =
                        points.into_iter().filter_map(|(at, value)| Some(Sample { at, value: value? }));
                    known.collect()
                }
            };
            Series::of(item.labels, samples)
        });
        let mut series: Vec<Series> = series.filter(|series| !series.is_empty()).collect();
        series.sort_by(|a, b| a.labels.cmp(&b.labels));
        return Value::Matrix(series);
    }
    let numbers = items.into_iter().filter_map(|item| match item.data {
        Data::Scalar(number) | Data::Number(number) => {
            Some(VectorSample { labels: item.labels, sample: sample(number?), histogram: None })
        }
        Data::Series(_) => None,
    });
    Value::Vector(numbers.collect())
}

fn computed(node: &Node, context: &Context<'_>) -> Result<Vec<Item>, String> {
    Ok(match node {
        Node::Number(number) => vec![Item { labels: Labels::default(), data: Data::Scalar(*number) }],
        Node::Answer(name) => answer(name, context),
        Node::Unary(sign, inner) => {
            let of = |value: f64| match sign {
                '-' => -value,
                _ if value.is_nan() => f64::NAN,
                _ => truth(value == 0.0),
            };
            each(computed(inner, context)?, &|value| value.map(of))
        }
        Node::Call(function, inner) => each(computed(inner, context)?, &|value| called(function, value)),
        Node::Binary(operator, left, right) => {
            joined(operator, &computed(left, context)?, &computed(right, context)?)?
        }
    })
}

fn each(items: Vec<Item>, of: &dyn Fn(Option<f64>) -> Option<f64>) -> Vec<Item> {
    let done = |item: Item| {
        let data = match item.data {
            Data::Scalar(number) => Data::Scalar(of(number)),
            Data::Number(number) => Data::Number(of(number)),
            Data::Series(points) => {
                Data::Series(points.into_iter().map(|(at, value)| (at, of(value))).collect())
            }
        };
        Item { data, ..item }
    };
    items.into_iter().map(done).collect()
}

fn called(function: &str, value: Option<f64>) -> Option<f64> {
    if function == "is_null" {
        return Some(truth(value.is_none()));
    }
    if function == "is_number" {
        return Some(truth(value.is_some_and(f64::is_finite)));
    }
    unary(function, value?)
}

/// What of the left goes with what of the right: what has no labels with everything, else where the labels of one hold
/// those of the other; and one with one, whatever their labels are.
fn joined(operator: &str, left: &[Item], right: &[Item]) -> Result<Vec<Item>, String> {
    let mut out = Vec::new();
    for a in left {
        for b in right {
            let labels = if holds(&a.labels, &b.labels) {
                &a.labels
            } else if holds(&b.labels, &a.labels) {
                &b.labels
            } else {
                continue;
            };
            if out.len() == MOST_ITEMS {
                return Err(format!("more than {MOST_ITEMS} pairs of series go together"));
            }
            out.push(Item { labels: labels.clone(), data: paired(operator, &a.data, &b.data) });
        }
    }
    if let ([a], [b], true) = (left, right, out.is_empty()) {
        out.push(Item { labels: Labels::default(), data: paired(operator, &a.data, &b.data) });
    }
    Ok(out)
}

/// Are all of these labels among those, with the same values?
fn holds(all: &Labels, some: &Labels) -> bool {
    some.iter().all(|(name, value)| all.get(name) == value)
}

fn paired(operator: &str, left: &Data, right: &Data) -> Data {
    let of = |a: Option<f64>, b: Option<f64>| Some(applied(operator, a?, b?));
    match (left, right) {
        (Data::Series(a), Data::Series(b)) => {
            // At times that both know.
            let b: BTreeMap<i64, Option<f64>> = b.iter().copied().collect();
            let both = a.iter().filter_map(|(at, value)| Some((*at, of(*value, *b.get(at)?))));
            Data::Series(both.collect())
        }
        (Data::Series(a), Data::Number(b) | Data::Scalar(b)) => {
            Data::Series(a.iter().map(|(at, value)| (*at, of(*value, *b))).collect())
        }
        (Data::Number(a) | Data::Scalar(a), Data::Series(b)) => {
            Data::Series(b.iter().map(|(at, value)| (*at, of(*a, *value))).collect())
        }
        (Data::Scalar(a), Data::Scalar(b)) => Data::Scalar(of(*a, *b)),
        (Data::Number(a) | Data::Scalar(a), Data::Number(b) | Data::Scalar(b)) => Data::Number(of(*a, *b)),
    }
}

fn applied(operator: &str, a: f64, b: f64) -> f64 {
    match operator {
        "||" if a != 0.0 && !a.is_nan() => return 1.0,
        "&&" if a == 0.0 => return 0.0,
        _ if a.is_nan() || b.is_nan() => return f64::NAN,
        _ => {}
    }
    match operator {
        "||" => truth(a != 0.0 || b != 0.0),
        "&&" => truth(a != 0.0 && b != 0.0),
        _ => binary(operator, a, b).unwrap_or(f64::NAN),
    }
}

/// A series as one number; a number stays, unless it is odd.
fn reduced(data: Data, by: &str, odd: Odd) -> Data {
    let is_odd = |value: Option<f64>| value.is_none_or(|value| !value.is_finite());
    match data {
        Data::Scalar(number) | Data::Number(number) => Data::Number(match odd {
            Odd::Dropped if is_odd(number) => None,
            Odd::Replaced(instead) if is_odd(number) => Some(instead),
            _ => number,
        }),
        Data::Series(points) => {
            let values = points.into_iter().map(|(_, value)| value);
            let values: Vec<Option<f64>> = match odd {
                Odd::Strict => values.collect(),
                Odd::Dropped => values.filter(|value| !is_odd(*value)).collect(),
                Odd::Replaced(instead) => {
                    values.map(|value| if is_odd(value) { Some(instead) } else { value }).collect()
                }
            };
            Data::Number(Some(one(by, &values)))
        }
    }
}

/// One number for many; NaN where one of them is none, as Grafana has it.
fn one(by: &str, values: &[Option<f64>]) -> f64 {
    let known = || values.iter().map(|value| value.unwrap_or(f64::NAN));
    match by {
        "count" => values.len() as f64,
        "sum" => known().sum(),
        "last" => known().next_back().unwrap_or(f64::NAN),
        _ if known().any(f64::is_nan) => f64::NAN,
        by => reduce::reduce(by, values).unwrap_or(f64::NAN),
    }
}

/// A series at the times of a range: what lies between two of them is put together, and what is missing stands in.
fn resampled(
    points: &[(i64, Option<f64>)],
    (from, to): (i64, i64),
    every: i64,
    down: &str,
    up: Up,
) -> Vec<(i64, Option<f64>)> {
    let mut out = Vec::new();
    let mut rest = points;
    let mut last = None;
    let mut at = from;
    while at <= to {
        let until = rest.iter().take_while(|(time, _)| *time <= at).count();
        let (taken, after) = rest.split_at(until);
        rest = after;
        let value = match taken {
            [] => match up {
                Up::Pad => last,
                Up::Back => rest.first().and_then(|(_, value)| *value),
                Up::Nothing => None,
            },
            taken => {
                last = taken.last().and_then(|(_, value)| *value);
                let values: Vec<Option<f64>> = taken.iter().map(|(_, value)| *value).collect();
                Some(one(down, &values))
            }
        };
        out.push((at, value));
        at += every;
    }
    out
}
