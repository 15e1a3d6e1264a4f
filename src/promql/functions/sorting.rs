//! The order of series at a single time.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::promql::ast::Node;
use crate::promql::eval::{Column, Evaluated, Evaluator, Outcome, Steps};

/// The series, sorted; in a range query only a warning, for there labels give the order.
fn sorted<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    steps: Steps,
    mut columns: Vec<Column>,
    order: &dyn Fn(&Column, &Column) -> Ordering,
) -> Evaluated {
    if evaluator.is_range {
        evaluator.warn(
            node.span,
            "sort is ineffective for range queries since results are always ordered by labels",
        );
    } else if steps.count == 1 {
        columns.sort_by(order);
    }
    Evaluated::Vector(columns)
}

/// By value; NaN always last.
fn by_value(a: &Column, b: &Column, reverse: bool) -> Ordering {
    let (a, b) = (a.cells[0], b.cells[0]);
    let order = a.partial_cmp(&b).unwrap_or(Ordering::Equal);
    a.is_nan().cmp(&b.is_nan()).then(if reverse { order.reverse() } else { order })
}

pub(super) fn sort<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    let columns = evaluator.floats(&arguments[0], steps)?;
    Ok(sorted(evaluator, node, steps, columns, &|a, b| by_value(a, b, false)))
}

pub(super) fn sort_desc<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    let columns = evaluator.floats(&arguments[0], steps)?;
    Ok(sorted(evaluator, node, steps, columns, &|a, b| by_value(a, b, true)))
}

fn names<'a>(evaluator: &mut Evaluator<'a>, arguments: &'a [Node], steps: Steps) -> Outcome<Vec<Arc<str>>> {
    arguments[1..].iter().map(|argument| evaluator.text(argument, steps)).collect()
}

/// By the named labels, and then by all.
fn by_labels(a: &Column, b: &Column, names: &[Arc<str>]) -> Ordering {
    names
        .iter()
        .map(|name| natural(a.labels.get(name), b.labels.get(name)))
        .find(|order| order.is_ne())
        .unwrap_or_else(|| a.labels.cmp(&b.labels))
}

pub(super) fn sort_by_label<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    let names = names(evaluator, arguments, steps)?;
    let columns = evaluator.vector(&arguments[0], steps)?;
    Ok(sorted(evaluator, node, steps, columns, &|a, b| by_labels(a, b, &names)))
}

pub(super) fn sort_by_label_desc<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    let names = names(evaluator, arguments, steps)?;
    let columns = evaluator.vector(&arguments[0], steps)?;
    Ok(sorted(evaluator, node, steps, columns, &|a, b| by_labels(b, a, &names)))
}

/// Numbers inside of texts by their value: `cpu2` before `cpu10`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (x, y) = (chunk(a), chunk(b));
        if x.is_empty() || y.is_empty() {
            return x.len().cmp(&y.len());
        }
        let digits = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
        let order = if digits(x) && digits(y) {
            let (p, q) = (x.trim_start_matches('0'), y.trim_start_matches('0'));
            // The same number with fewer zeros comes first.
            p.len().cmp(&q.len()).then(p.cmp(q)).then(x.len().cmp(&y.len()))
        } else {
            x.cmp(y)
        };
        if order.is_ne() {
            return order;
        }
        (a, b) = (&a[x.len()..], &b[y.len()..]);
    }
}

/// Digits, or everything up to the next digit.
fn chunk(text: &str) -> &str {
    let digits = text.starts_with(|c: char| c.is_ascii_digit());
    &text[..text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_texts_are_sorted_by_value() {
        let mut texts = ["cpu10", "cpu2", "cpu", "4", "10", "cpu02", "b", "1.10", "1.9"];
        texts.sort_by(|a, b| natural(a, b));
        assert_eq!(texts, ["1.9", "1.10", "4", "10", "b", "cpu", "cpu2", "cpu02", "cpu10"]);
    }
}
