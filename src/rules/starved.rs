//! Tells whether an expression can ever have a result, given which series exist: no data is never green.

use crate::promql::ast::{BinaryOp, Form, Node};
use crate::promql::{Expr, Matcher, Store, selectors};

/// Names that rules write themselves; that they are absent is an answer.
const WRITTEN: [&str; 2] = ["ALERTS", "ALERTS_FOR_STATE"];

/// The selectors of an expression that match no series at all, as they are written, each once.
pub(super) fn missing(expr: &Expr, store: &Store) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for matchers in selectors(expr) {
        if !exists(matchers, store) {
            let text = selector(matchers);
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
    }
    texts
}

/// Is the expression without a result whatever the time, because series it needs do not exist?
pub(super) fn is_starved(expr: &Expr, store: &Store) -> bool {
    starved(expr.root(), store)
}

fn starved(node: &Node, store: &Store) -> bool {
    match &node.form {
        Form::Number(..) | Form::Text(_) => false,
        Form::Selector(selector) => !exists(&selector.matchers, store),
        Form::Subquery(subquery) => starved(&subquery.inner, store),
        Form::Paren(inner) | Form::Unary(_, inner) => starved(inner, store),
        Form::Binary(binary) => {
            let (left, right) = (starved(&binary.lhs, store), starved(&binary.rhs, store));
            let fills = binary.matching.fill_lhs.is_some() || binary.matching.fill_rhs.is_some();
            match binary.op {
                BinaryOp::Or => left && right,
                BinaryOp::Unless => left,
                _ if fills => left && right,
                _ => left || right,
            }
        }
        Form::Aggregate(aggregate) => starved(&aggregate.inner, store),
        // These answer with something when there is nothing.
        Form::Call(function, _) if matches!(function.name, "absent" | "absent_over_time" | "scalar") => false,
        Form::Call(_, arguments) => arguments.iter().any(|argument| starved(argument, store)),
    }
}

fn exists(matchers: &[Matcher], store: &Store) -> bool {
    WRITTEN.iter().any(|name| may_be_called(matchers, name)) || !store.matching(matchers).is_empty()
}

/// May a series of that name match?
pub(super) fn may_be_called(matchers: &[Matcher], name: &str) -> bool {
    matchers.iter().filter(|matcher| &*matcher.name == "__name__").all(|matcher| matcher.matches(name))
}

/// `name{label="value"}`.
fn selector(matchers: &[Matcher]) -> String {
    let mut name = "";
    let mut rest = Vec::new();
    for matcher in matchers {
        if &*matcher.name == "__name__" && matcher.op.sign() == "=" && name.is_empty() {
            name = &matcher.value;
        } else {
            rest.push(format!("{}{}{:?}", matcher.name, matcher.op.sign(), &*matcher.value));
        }
    }
    if rest.is_empty() { name.to_owned() } else { format!("{name}{{{}}}", rest.join(", ")) }
}
