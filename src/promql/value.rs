//! What an evaluation answers: a value, and what should be known about it.

use std::sync::Arc;

use super::ast::Span;
use crate::model::{Histogram, Labels, Sample, Series};

/// A series' sample at the time of evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct VectorSample {
    /// What identifies the series.
    pub labels: Labels,
    /// Its value; 0 where it is a histogram.
    pub sample: Sample,
    /// Its value, where that is a native histogram.
    pub histogram: Option<Arc<Histogram>>,
}

/// The value of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// One number.
    Scalar(f64),
    /// A text.
    Text(String),
    /// Series with one sample each.
    Vector(Vec<VectorSample>),
    /// Series with their samples, sorted by labels.
    Matrix(Vec<Series>),
}

/// How much an annotation weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnnotationLevel {
    /// The value is probably not what was meant.
    Warning,
    /// Worth a look.
    Info,
}

/// What should be known about a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// How much it weighs.
    pub level: AnnotationLevel,
    /// What happened, in Prometheus' words.
    pub message: String,
    /// The part of the source that is meant.
    pub span: Span,
}

impl Annotation {
    /// As the HTTP API of Prometheus renders it: `PromQL info: … (1:6)`.
    pub fn render(&self, source: &str) -> String {
        let level = match self.level {
            AnnotationLevel::Warning => "warning",
            AnnotationLevel::Info => "info",
        };
        let (line, column) = super::line_col(source, self.span.start);
        format!("PromQL {level}: {} ({line}:{column})", self.message)
    }
}

/// A value, and what should be known about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The value.
    pub value: Value,
    /// Warnings first, in the order they came up, each once.
    pub annotations: Vec<Annotation>,
    /// How many values were looked at to find it, see [`Options::max_work`](super::Options::max_work).
    pub work: u64,
}
