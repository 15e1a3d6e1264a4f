//! Functions that make labels from labels: `label_replace`, `label_join`, `absent`.

use std::collections::BTreeSet;

use crate::model::Labels;
use crate::promql::EvalError;
use crate::promql::ast::{Form, MatchOp, Node, Span};
use crate::promql::eval::{ABSENT, Column, Evaluated, Evaluator, Outcome, Steps, fail, merge, present};
use crate::promql::pattern::Pattern;

pub(super) fn label_replace<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    let replacement = evaluator.text(&arguments[2], steps)?;
    let source = evaluator.text(&arguments[3], steps)?;
    let pattern = evaluator.text(&arguments[4], steps)?;
    let pattern = Pattern::anchored(&pattern).map_err(|cause| EvalError {
        message: format!("invalid regular expression in label_replace(): {pattern}"),
        span: Some(arguments[4].span.range()),
        hint: Some(cause),
    })?;
    let wrong = |name: &str| format!("invalid destination label name in label_replace(): {name}");
    let target = evaluator.label_name(&arguments[1], steps, wrong)?;
    let mut columns = evaluator.vector(&arguments[0], steps)?;
    for column in &mut columns {
        let value = column.labels.get(&source);
        let Some(groups) = pattern.regex().and_then(|regex| regex.captures(value)) else { continue };
        let most = replacement.len() + replacement.matches('$').count() * value.len();
        check_length(most, node.span)?;
        evaluator.charge(most, node.span)?;
        let mut value = String::new();
        groups.expand(&replacement, &mut value);
        column.labels.set(target.clone(), value);
        if *target == *Labels::NAME {
            column.drop_name = false;
        }
    }
    merge(columns, node.span).map(Evaluated::Vector)
}

/// Labels made by functions are no longer than this many bytes: nested functions can double them many times.
const LONGEST: usize = 1 << 16;

fn check_length(length: usize, span: Span) -> Outcome<()> {
    if length <= LONGEST {
        return Ok(());
    }
    fail(span, format!("a label may be {length} bytes long, and {LONGEST} are allowed"))
}

pub(super) fn label_join<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    let separator = evaluator.text(&arguments[2], steps)?;
    let mut sources = Vec::new();
    for argument in &arguments[3..] {
        let wrong = |name: &str| format!("invalid source label name in label_join(): {name}");
        sources.push(evaluator.label_name(argument, steps, wrong)?);
    }
    let wrong = |name: &str| format!("invalid destination label name in label_join(): {name}");
    let target = evaluator.label_name(&arguments[1], steps, wrong)?;
    let mut columns = evaluator.vector(&arguments[0], steps)?;
    for column in &mut columns {
        let values: Vec<&str> = sources.iter().map(|source| column.labels.get(source)).collect();
        let most = values.iter().map(|value| value.len() + separator.len()).sum();
        check_length(most, node.span)?;
        evaluator.charge(most, node.span)?;
        let joined = values.join(&separator);
        column.labels.set(target.clone(), joined);
        if *target == *Labels::NAME {
            column.drop_name = false;
        }
    }
    merge(columns, node.span).map(Evaluated::Vector)
}

pub(super) fn absent<'a>(
    evaluator: &mut Evaluator<'a>,
    _: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    let mut cells = vec![1.0; steps.count];
    for column in evaluator.vector(&arguments[0], steps)? {
        for (cell, _) in cells.iter_mut().zip(&column.cells).filter(|(_, other)| present(**other)) {
            *cell = ABSENT;
        }
    }
    Ok(absence(&arguments[0], cells))
}

pub(super) fn absent_over_time<'a>(
    evaluator: &mut Evaluator<'a>,
    _: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    let mut cells = vec![1.0; steps.count];
    let ranges = evaluator.ranges(&arguments[0], steps)?;
    for series in &ranges.series {
        ranges.windows(series, steps, |i, window| {
            if !window.samples.is_empty() || !window.histograms.is_empty() {
                cells[i] = ABSENT;
            }
        });
    }
    Ok(absence(&arguments[0], cells))
}

/// A series that stands for series that are not there, with the labels their selector demands.
fn absence(argument: &Node, cells: Vec<f64>) -> Evaluated {
    let mut labels = Labels::default();
    if let Form::Selector(selector) = &argument.unwrapped().form {
        let mut seen = BTreeSet::new();
        for matcher in selector.matchers.iter().filter(|matcher| &*matcher.name != Labels::NAME) {
            // A label that is demanded twice, or not to be equal to something, has no certain value.
            let certain = seen.insert(&matcher.name) && matcher.op == MatchOp::Equal;
            labels.set(matcher.name.clone(), if certain { matcher.value.clone() } else { "".into() });
        }
    }
    if cells.iter().any(|cell| present(*cell)) {
        Evaluated::Vector(vec![Column::of(labels, cells)])
    } else {
        Evaluated::Vector(Vec::new())
    }
}
