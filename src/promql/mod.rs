//! PromQL: lexer, parser with spans, type check, evaluator, and one table of functions.

pub mod ast;
pub mod functions;
pub mod language;
pub mod notation;
pub mod pattern;
pub mod store;
pub mod value;

mod check;
mod display;
mod duration;
mod eval;
#[cfg(test)]
mod laws;
mod lexer;
mod native;
mod parser;
mod reading;

use std::ops::Range;

use crate::model::Error;

pub use ast::{Expr, Kind, MatchOp, Matcher};
pub use eval::{instant, range};
pub use parser::parse;
pub use reading::{Reading, Times, readings};
pub use store::{Conflicts, Offered, Store};
pub use value::{Annotation, AnnotationLevel, Answer, Value, VectorSample};

/// What is allowed in an expression, and how it is evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a feature flag of Prometheus")]
pub struct Options {
    /// How long a sample counts as current, in milliseconds.
    pub lookback_ms: i64,
    /// The step of subqueries that name none, in milliseconds.
    pub default_subquery_step_ms: i64,
    /// The most samples that any part of a query may hold at once.
    pub max_samples: usize,
    /// The most values that a query may look at, over and over, beside what fits the size of the data: so the time
    /// that it takes is bounded, too.
    pub max_work: u64,
    /// Are experimental functions and aggregations allowed?
    pub experimental: bool,
    /// May durations be computed (`[step() * 2]`)?
    pub duration_expressions: bool,
    /// Are `anchored` and `smoothed` allowed?
    pub anchored_smoothed: bool,
    /// Are `fill`, `fill_left` and `fill_right` allowed?
    pub fill: bool,
    /// Are metric names removed at the end of the evaluation, not by each function?
    pub delayed_name_removal: bool,
    /// Do start timestamps of samples count as counter resets?
    pub start_timestamps: bool,
}

impl Options {
    /// As `promtool test rules` and a Prometheus server without feature flags.
    pub fn promtool() -> Self {
        Options {
            lookback_ms: 300_000,
            default_subquery_step_ms: 60_000,
            max_samples: 50_000_000,
            max_work: 50_000_000,
            experimental: false,
            duration_expressions: true,
            anchored_smoothed: false,
            fill: false,
            delayed_name_removal: false,
            start_timestamps: false,
        }
    }

    /// As the conformance scripts of Prometheus (promql/promqltest).
    pub fn promqltest() -> Self {
        Options {
            max_samples: 10_000,
            experimental: true,
            anchored_smoothed: true,
            fill: true,
            delayed_name_removal: true,
            start_timestamps: true,
            ..Options::promtool()
        }
    }
}

/// Why a text is no expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// The bytes that are meant.
    pub span: Range<usize>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl ParseError {
    /// Line and column of the error, both from 1, the column in bytes as Prometheus counts.
    pub fn line_col(&self, source: &str) -> (usize, usize) {
        line_col(source, self.span.start)
    }

    /// The same as an error of the program, pointing at the source.
    pub fn into_error(self, source: &str) -> Error {
        let error = Error::usage(self.message).at(source, self.span);
        match self.hint {
            Some(hint) => error.hinted(hint),
            None => error,
        }
    }
}

impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalError {
    /// What went wrong, in Prometheus' words where it has some.
    pub message: String,
    /// The bytes of the source that are meant.
    pub span: Option<Range<usize>>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl EvalError {
    /// Would it fail in the same way at any other time, after as much work? A limit was reached, or a text that the
    /// expression holds cannot be used.
    pub fn is_lasting(&self) -> bool {
        const BEGINNINGS: [&str; 4] = [
            "query processing would load too many samples",
            "the query would look at more than",
            "a label may be",
            "invalid regular expression",
        ];
        BEGINNINGS.iter().any(|beginning| self.message.starts_with(beginning))
    }

    /// The same as an error of the program, pointing at the source.
    pub fn into_error(self, source: &str) -> Error {
        let error = Error::usage(self.message);
        let error = match self.span {
            Some(span) => error.at(source, span),
            None => error,
        };
        match self.hint {
            Some(hint) => error.hinted(hint),
            None => error,
        }
    }
}

impl std::fmt::Display for EvalError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

/// Line and column of a byte, both from 1, the column in bytes.
pub(crate) fn line_col(source: &str, at: usize) -> (usize, usize) {
    let before = &source.as_bytes()[..at.min(source.len())];
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let column = before.iter().rev().take_while(|&&b| b != b'\n').count() + 1;
    (line, column)
}

/// The conditions of every selector in an expression, in the order they are written: what a rule needs to say
/// that no series match.
pub fn selectors(expr: &Expr) -> impl Iterator<Item = &[Matcher]> {
    let mut found = Vec::new();
    expr.root().walk(&mut |node| {
        if let ast::Form::Selector(selector) = &node.form {
            found.push(selector.matchers.as_slice());
        }
    });
    found.into_iter()
}
