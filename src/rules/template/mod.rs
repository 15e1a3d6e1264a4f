//! Templates of labels and annotations: Go's text/template with Prometheus' functions, interpreted.
//!
//! A template is parsed once (which finds unknown functions and variables) and rendered for each alert. Rendering
//! cannot run away: nesting, steps and output are bounded.

mod eval;
mod format;
mod functions;
mod human;
mod lex;
pub mod mentions;
pub mod message;
mod parse;
mod time;
mod value;

use std::cell::Cell;

use crate::model::Labels;

pub use functions::query_escape;
pub use human::{humanize, humanize_1024, humanize_duration, humanize_percentage, humanize_timestamp};
pub use parse::{Template, TemplateError, parse};

/// Runs an instant query for `query`: labels and values, in the order of the result; or what went wrong.
pub type Query<'q> = dyn Fn(&str) -> Result<Vec<(Labels, f64)>, String> + 'q;

/// What a template may speak of.
pub struct Context<'c> {
    /// `$labels`.
    pub labels: &'c Labels,
    /// `$externalLabels`.
    pub external_labels: &'c Labels,
    /// `$externalURL`.
    pub external_url: &'c str,
    /// `$value`.
    pub value: f64,
    /// `now`, in milliseconds since the Unix epoch: the time of evaluation.
    pub at: i64,
    /// `query`.
    pub query: &'c Query<'c>,
    /// Steps that may still be taken, by this template and others.
    pub steps: &'c Cell<u64>,
}

/// Renders a template; what goes wrong becomes the text, as in Prometheus.
pub fn render(template: &Template, context: &Context<'_>) -> String {
    match eval::execute(template, context) {
        Ok(text) => text,
        Err(message) => format!("<error expanding template: {message}>"),
    }
}

/// Parses and renders in one go.
pub fn expand(name: &str, text: &str, context: &Context<'_>) -> String {
    // Most values are plain text; those need neither parser nor interpreter.
    if !text.contains("{{") {
        return text.to_owned();
    }
    match parse(name, text) {
        Ok(template) => render(&template, context),
        Err(error) => format!("<error expanding template: {error}>"),
    }
}

#[cfg(test)]
mod tests;
