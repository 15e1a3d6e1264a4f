//! Evaluation: each node once for all times of the query, series by series.
//!
//! A vector is a list of columns, one for each series; a column has one cell for each time. So a selector looks at
//! each series once, with a window that moves over its samples, and an operator matches labels once, not at every
//! time.

mod aggregate;
mod binary;
mod column;
mod hash;
mod names;
mod selectors;

use std::sync::Arc;

use super::ast::{Duration, Expr, Form, Kind, Literal, Node, Span};
use super::functions::Run;
use super::value::{Annotation, AnnotationLevel, Answer, Value, VectorSample};
use super::{EvalError, Options, Store};
use crate::model::{Histogram, Labels, Sample, Series};

pub(super) use aggregate::Mean;
pub(super) use column::{ABSENT, Column, Held, cell, present};
pub(super) use names::{merge, without_name};
pub(super) use selectors::{Pick, Ranged, Window, histogram_between};

/// From so many cells on, they are computed on all cores.
pub(super) const MANY_CELLS: usize = 100_000;

/// The times of an evaluation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Steps {
    /// The first one, in milliseconds.
    pub(super) start: i64,
    /// From one to the next.
    pub(super) step: i64,
    /// How many there are.
    pub(super) count: usize,
}

impl Steps {
    /// The time of a cell.
    pub(super) fn at(&self, i: usize) -> i64 {
        self.start + self.step * i as i64
    }

    /// All times.
    pub(super) fn iter(self) -> impl Iterator<Item = i64> {
        (0..self.count).map(move |i| self.at(i))
    }
}

/// The value of a node at all times of an evaluation.
#[derive(Debug)]
pub(super) enum Evaluated {
    /// One number for each time.
    Scalar(Vec<f64>),
    /// A text.
    Text(Arc<str>),
    /// Series; a series may have no cell with a value.
    Vector(Vec<Column>),
}

pub(super) type Outcome<T> = Result<T, EvalError>;

pub(super) fn fail<T>(span: Span, message: impl Into<String>) -> Outcome<T> {
    Err(EvalError { message: message.into(), span: Some(span.range()), hint: None })
}

/// How often each sample may be looked at, beyond [`Options::max_work`] …
pub(super) const PER_SAMPLE: u64 = 1_000;
/// … and what a series costs beside its values: its labels are copied, hashed and compared.
const PER_SERIES: usize = 100;

/// What an evaluation looks at.
pub(super) struct Evaluator<'a> {
    pub(super) store: &'a Store,
    pub(super) options: &'a Options,
    /// The times of the whole query, which `start()` and `step()` mean.
    pub(super) query: Steps,
    /// Where the query ends, which may be after the last of its times.
    end: i64,
    /// Is it a range query?
    pub(super) is_range: bool,
    /// Does any part look at a fixed time?
    has_at: bool,
    annotations: Vec<Annotation>,
    /// Values looked at so far, by which the time that a query takes is bounded.
    work: u64,
}

/// The value of an expression at one time.
pub fn instant(expr: &Expr, store: &Store, at_ms: i64, options: &Options) -> Outcome<Answer> {
    let steps = Steps { start: at_ms, step: 0, count: 1 };
    let mut evaluator = Evaluator::new(expr, store, options, steps, at_ms, false);
    let value = if expr.kind() == Kind::Matrix {
        evaluator.matrix(expr.root(), steps)?
    } else {
        match evaluator.eval(expr.root(), steps)? {
            Evaluated::Scalar(cells) => Value::Scalar(cells[0]),
            Evaluated::Text(text) => Value::Text(text.to_string()),
            Evaluated::Vector(columns) => {
                let columns = names::cleaned(columns, expr.root().span)?;
                let mut samples: Vec<VectorSample> = Vec::with_capacity(columns.len());
                for column in columns {
                    let (value, histogram) = match column.held(0) {
                        Held::Nothing => continue,
                        Held::Float(value) => (value, None),
                        Held::Histogram(histogram) => (0.0, Some(histogram.clone())),
                    };
                    let sample = Sample { at: at_ms, value };
                    samples.push(VectorSample { labels: column.labels, sample, histogram });
                }
                Value::Vector(samples)
            }
        }
    };
    Ok(evaluator.answer(value))
}

/// The values of an expression from `start_ms` to `end_ms`, both included, every `step_ms`.
pub fn range(
    expr: &Expr,
    store: &Store,
    start_ms: i64,
    end_ms: i64,
    step_ms: i64,
    options: &Options,
) -> Outcome<Answer> {
    let span = expr.root().span;
    if step_ms <= 0 {
        return fail(span, "zero or negative query resolution step widths are not accepted");
    }
    if !matches!(expr.kind(), Kind::Scalar | Kind::Vector) {
        return fail(
            span,
            format!(
                "invalid expression type {:?} for range query, must be Scalar or instant Vector",
                expr.kind().name()
            ),
        );
    }
    let count = end_ms.checked_sub(start_ms).filter(|length| *length >= 0).map(|length| length / step_ms + 1);
    let Some(count) = count else {
        return Ok(Answer { value: Value::Matrix(Vec::new()), annotations: Vec::new(), work: 0 });
    };
    let steps = Steps { start: start_ms, step: step_ms, count: count as usize };
    let mut evaluator = Evaluator::new(expr, store, options, steps, end_ms, true);
    evaluator.check_cells(1, steps, span)?;
    let columns = match evaluator.eval(expr.root(), steps)? {
        Evaluated::Scalar(cells) => vec![Column::of(Labels::default(), cells)],
        Evaluated::Vector(columns) => names::cleaned(columns, span)?,
        Evaluated::Text(_) => Vec::new(),
    };
    let mut matrix: Vec<Series> = columns
        .into_iter()
        .map(|column| column.into_series(steps))
        .filter(|series| !series.is_empty())
        .collect();
    matrix.sort_by(|a, b| a.labels.cmp(&b.labels));
    Ok(evaluator.answer(Value::Matrix(matrix)))
}

impl<'a> Evaluator<'a> {
    fn new(
        expr: &Expr,
        store: &'a Store,
        options: &'a Options,
        query: Steps,
        end: i64,
        is_range: bool,
    ) -> Self {
        let mut has_at = false;
        expr.root().walk(&mut |node| {
            has_at |= match &node.form {
                Form::Selector(selector) => selector.shift.at.is_some(),
                Form::Subquery(subquery) => subquery.shift.at.is_some(),
                _ => false,
            };
        });
        Evaluator { store, options, query, end, is_range, has_at, annotations: Vec::new(), work: 0 }
    }

    fn answer(mut self, value: Value) -> Answer {
        self.annotations.sort_by_key(|annotation| annotation.level);
        Answer { value, annotations: self.annotations, work: self.work }
    }

    /// Where the query starts and ends.
    pub(super) fn query_span(&self) -> (i64, i64) {
        (self.query.start, self.end)
    }

    /// The length of a duration in this query.
    pub(super) fn millis(&self, duration: &Duration) -> Outcome<i64> {
        match duration {
            Duration::Millis(ms) => Ok(*ms),
            Duration::Formula(formula) => {
                formula.millis(self.query.step, self.end - self.query.start).map_err(|error| EvalError {
                    message: error.message,
                    span: Some(error.span),
                    hint: error.hint,
                })
            }
        }
    }

    /// Says something about the value, once.
    pub(super) fn note(&mut self, level: AnnotationLevel, span: Span, message: impl Into<String>) {
        let annotation = Annotation { level, message: message.into(), span };
        if !self.annotations.contains(&annotation) {
            self.annotations.push(annotation);
        }
    }

    pub(super) fn warn(&mut self, span: Span, message: impl Into<String>) {
        self.note(AnnotationLevel::Warning, span, message);
    }

    pub(super) fn inform(&mut self, span: Span, message: impl Into<String>) {
        self.note(AnnotationLevel::Info, span, message);
    }

    /// Refuses to hold more cells than the limit; a million always fit.
    pub(super) fn check_cells(&self, series: usize, steps: Steps, span: Span) -> Outcome<()> {
        let limit = self.options.max_samples.max(1_000_000);
        if series.saturating_mul(steps.count) <= limit {
            return Ok(());
        }
        Err(EvalError {
            message: "query processing would load too many samples into memory in query execution".to_owned(),
            span: Some(span.range()),
            hint: Some(format!(
                "{series} series at {} times each are more than {limit} values; take a longer step, a shorter range \
                 or fewer series",
                steps.count
            )),
        })
    }

    /// Notes that so many values are looked at; refuses if they are out of all proportion to the data.
    pub(super) fn charge(&mut self, values: usize, span: Span) -> Outcome<()> {
        self.work = self.work.saturating_add(values as u64);
        if self.work <= self.options.max_work {
            return Ok(());
        }
        // Much data may be looked at often.
        let limit = self.options.max_work.saturating_add(self.store.fair_work());
        if self.work <= limit {
            return Ok(());
        }
        Err(EvalError {
            message: format!("the query would look at more than {limit} values"),
            span: Some(span.range()),
            hint: Some(
                "a subquery of fewer steps, a shorter range or fewer series would need fewer".to_owned(),
            ),
        })
    }

    /// The value of a node.
    pub(super) fn eval(&mut self, node: &'a Node, steps: Steps) -> Outcome<Evaluated> {
        let value = self.eval_any(node, steps)?;
        let series = match &value {
            Evaluated::Vector(columns) => columns.len(),
            Evaluated::Scalar(_) | Evaluated::Text(_) => 1,
        };
        self.charge(series.saturating_mul(steps.count.saturating_add(PER_SERIES)), node.span)?;
        Ok(value)
    }

    fn eval_any(&mut self, node: &'a Node, steps: Steps) -> Outcome<Evaluated> {
        if self.has_at && steps.count > 1 && is_steady(node) {
            let once = Steps { start: steps.start, step: 0, count: 1 };
            return Ok(match self.eval(node, once)? {
                Evaluated::Scalar(cells) => Evaluated::Scalar(vec![cells[0]; steps.count]),
                Evaluated::Text(text) => Evaluated::Text(text),
                Evaluated::Vector(mut columns) => {
                    columns.retain(|column| present(column.cells[0]));
                    self.check_cells(columns.len(), steps, node.span)?;
                    for column in &mut columns {
                        column.cells = vec![column.cells[0]; steps.count];
                    }
                    Evaluated::Vector(columns)
                }
            });
        }
        match &node.form {
            Form::Number(number, _) => Ok(Evaluated::Scalar(vec![*number; steps.count])),
            Form::Text(literal) => Ok(Evaluated::Text(literal.text.clone())),
            Form::Paren(inner) => self.eval(inner, steps),
            Form::Selector(selector) => self.select(node.span, selector, steps).map(Evaluated::Vector),
            Form::Subquery(_) => fail(node.span, "a range vector has no value at a single time"),
            Form::Unary(minus, inner) => {
                let value = self.eval(inner, steps)?;
                if *minus { self.negated(value, node.span) } else { Ok(value) }
            }
            Form::Binary(binary) => self.binary(node, binary, steps),
            Form::Aggregate(aggregate) => self.aggregate(node.span, aggregate, steps).map(Evaluated::Vector),
            Form::Call(function, arguments) => match function.run {
                Run::Each(f) => {
                    let mut columns = self.floats(&arguments[0], steps)?;
                    for column in &mut columns {
                        for cell in column.cells.iter_mut().filter(|cell| present(**cell)) {
                            *cell = f(*cell);
                        }
                    }
                    self.unnamed(columns, node.span).map(Evaluated::Vector)
                }
                Run::Over(f) => self.over(node, &arguments[0], steps, |_, window| f(window)),
                Run::Any(f) => {
                    let columns = self.over_any(node, &arguments[0], steps, &mut |_, window, _| {
                        f(window).map(Found::Float)
                    })?;
                    self.unnamed(columns, node.span).map(Evaluated::Vector)
                }
                Run::Whole(f) => f(self, node, arguments, steps),
            },
        }
    }

    fn negated(&mut self, value: Evaluated, span: Span) -> Outcome<Evaluated> {
        match value {
            Evaluated::Scalar(mut cells) => {
                for cell in &mut cells {
                    *cell = -*cell;
                }
                Ok(Evaluated::Scalar(cells))
            }
            Evaluated::Vector(mut columns) => {
                columns.iter_mut().for_each(Column::negate);
                self.unnamed(columns, span).map(Evaluated::Vector)
            }
            text @ Evaluated::Text(_) => Ok(text),
        }
    }

    /// The value of a node that is a vector.
    pub(super) fn vector(&mut self, node: &'a Node, steps: Steps) -> Outcome<Vec<Column>> {
        match self.eval(node, steps)? {
            Evaluated::Vector(columns) => Ok(columns),
            _ => fail(node.span, "an instant vector is needed here"),
        }
    }

    /// The value of a node that is a vector, without its native histograms.
    pub(super) fn floats(&mut self, node: &'a Node, steps: Steps) -> Outcome<Vec<Column>> {
        let mut columns = self.vector(node, steps)?;
        columns.iter_mut().for_each(Column::keep_floats);
        Ok(columns)
    }

    /// The series of a vector that have a value at any of the times.
    pub(super) fn filled(&mut self, node: &'a Node, steps: Steps) -> Outcome<Vec<Column>> {
        let mut columns = self.vector(node, steps)?;
        columns.retain(|column| column.cells.iter().any(|cell| present(*cell)));
        Ok(columns)
    }

    /// The value of a node that is a scalar, at each time.
    pub(super) fn scalar(&mut self, node: &'a Node, steps: Steps) -> Outcome<Vec<f64>> {
        match self.eval(node, steps)? {
            Evaluated::Scalar(cells) => Ok(cells),
            _ => fail(node.span, "a scalar is needed here"),
        }
    }

    /// The value of a node that is a text.
    pub(super) fn text(&mut self, node: &'a Node, steps: Steps) -> Outcome<Arc<str>> {
        match self.eval(node, steps)? {
            Evaluated::Text(text) => Ok(text),
            _ => fail(node.span, "a string is needed here"),
        }
    }

    /// The value of a node that is the name of a label; `wrong` makes the message of a name that is none.
    pub(super) fn label_name(
        &mut self,
        node: &'a Node,
        steps: Steps,
        wrong: impl Fn(&str) -> String,
    ) -> Outcome<Arc<str>> {
        let name = self.text(node, steps)?;
        match &node.unwrapped().form {
            Form::Text(Literal { escaped: Some(escaped), .. }) => fail(node.span, wrong(escaped)),
            _ if name.is_empty() => fail(node.span, wrong("")),
            _ => Ok(name),
        }
    }

    /// One number from the plain samples of each window of a range vector; the names are dropped. Native histograms
    /// among them are left out, and that is told.
    pub(super) fn over(
        &mut self,
        node: &'a Node,
        argument: &'a Node,
        steps: Steps,
        mut f: impl FnMut(usize, &Window<'_>) -> Option<f64>,
    ) -> Outcome<Evaluated> {
        let columns = self.over_any(node, argument, steps, &mut |i, window, notes| {
            if window.samples.is_empty() {
                return None;
            }
            if !window.histograms.is_empty() {
                notes.inform(|name| {
                    format!(
                        "ignored histograms in a range containing both floats and histograms for metric name {name:?}"
                    )
                });
            }
            f(i, window).map(Found::Float)
        })?;
        self.unnamed(columns, node.span).map(Evaluated::Vector)
    }

    /// A value from all that is in each window of a range vector; the names are kept.
    pub(super) fn over_any(
        &mut self,
        node: &'a Node,
        argument: &'a Node,
        steps: Steps,
        f: &mut dyn FnMut(usize, &Window<'_>, &mut Notes) -> Option<Found>,
    ) -> Outcome<Vec<Column>> {
        let ranges = self.ranges(argument, steps)?;
        self.check_cells(ranges.series.len(), steps, node.span)?;
        let mut columns = Vec::with_capacity(ranges.series.len());
        for series in &ranges.series {
            let mut column = Column::absent(series.labels.clone(), series.drop_name, steps);
            let mut notes = Notes::about(&series.labels);
            ranges.windows(series, steps, |i, window| {
                if window.samples.is_empty() && window.histograms.is_empty() {
                    return;
                }
                match f(i, window, &mut notes) {
                    None => {}
                    Some(Found::Float(value)) => column.cells[i] = value,
                    Some(Found::Histogram(histogram)) => column.set_histogram(i, histogram),
                }
            });
            self.tell(notes, meant(argument));
            if !column.is_empty() {
                columns.push(column);
            }
        }
        Ok(columns)
    }

    /// Says what was noted.
    pub(super) fn tell(&mut self, notes: Notes, span: Span) {
        for (level, message) in notes.found {
            self.note(level, span, message);
        }
    }
}

/// What a function finds in a window.
pub(super) enum Found {
    Float(f64),
    Histogram(Arc<Histogram>),
}

/// What is to be said about a series, each once.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes {
    metric: Labels,
    found: Vec<(AnnotationLevel, String)>,
}

impl Notes {
    /// Nothing yet.
    pub(super) fn about(labels: &Labels) -> Self {
        Notes { metric: labels.clone(), found: Vec::new() }
    }

    /// The series' metric; empty if it has no name.
    pub(super) fn metric(&self) -> &str {
        self.metric.metric()
    }

    /// Notes an information; the text gets the metric's name.
    pub(super) fn inform(&mut self, text: impl FnOnce(&str) -> String) {
        self.add(AnnotationLevel::Info, text);
    }

    /// Notes a warning; the text gets the metric's name.
    pub(super) fn warn(&mut self, text: impl FnOnce(&str) -> String) {
        self.add(AnnotationLevel::Warning, text);
    }

    fn add(&mut self, level: AnnotationLevel, text: impl FnOnce(&str) -> String) {
        let note = (level, text(self.metric()));
        if !self.found.contains(&note) {
            self.found.push(note);
        }
    }
}

/// The part of the source that an annotation on an argument points at, as in Prometheus: what is inside of its brackets
/// (which it takes off), unless it has computed the whole once and for all beforehand.
pub(super) fn meant(argument: &Node) -> Span {
    let inner = argument.unwrapped();
    if is_steady(argument) && !matches!(inner.form, Form::Number(..)) { argument.span } else { inner.span }
}

/// Does a node have the same value whatever the time of evaluation?
fn is_steady(node: &Node) -> bool {
    match &node.form {
        Form::Selector(selector) => selector.shift.at.is_some(),
        Form::Subquery(subquery) => subquery.shift.at.is_some(),
        Form::Call(function, arguments) => {
            !matches!(function.name, "time" | "timestamp" | "predict_linear")
                && (function.optional == 0 || !arguments.is_empty())
                && arguments.iter().all(is_steady)
        }
        _ => node.children().into_iter().all(is_steady),
    }
}
