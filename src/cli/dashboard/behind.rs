//! Dashboards behind the story of an incident: the panels that people know, over the same files, with its onset marked.

use std::path::PathBuf;

use super::{FailOn, Judged, named, partial, said, wanted};
use crate::cli::args::{Form, InputArgs, SuccessArgs};
use crate::cli::config;
use crate::cli::empty::Known;
use crate::cli::measured;
use crate::cli::query::promql_options;
use crate::cli::session::Session;
use crate::dashboard::answer::{self, Answered, Typed};
use crate::dashboard::draw;
use crate::dashboard::timing::Timing;
use crate::dashboard::variables::Data;
use crate::filter::Filter;
use crate::metrics;
use crate::model::{Diagnostic, Error, Needs, TimeRange};
use crate::promql::Expr;
use crate::report::Report;

/// What the dashboards are drawn over.
pub(in crate::cli) struct Story<'s> {
    pub(in crate::cli) input: &'s InputArgs,
    pub(in crate::cli) success: &'s SuccessArgs,
    /// The time that was looked at.
    pub(in crate::cli) range: TimeRange,
    /// Moments to mark.
    pub(in crate::cli) marks: &'s draw::Marks,
}

/// The dashboards of these files, as a part of a page, and what of them is not in it. The files are read again: which
/// metrics are asked for is known only now.
pub(in crate::cli) fn behind(
    paths: &[PathBuf],
    session: &Session,
    story: &Story<'_>,
) -> Result<(Report, Vec<Diagnostic>), Error> {
    let mut dashboards = Vec::new();
    let mut diagnostics = Vec::new();
    for path in paths {
        let mut of_path = named(path)?;
        dashboards.append(&mut of_path.dashboards);
        diagnostics.append(&mut of_path.diagnostics);
    }
    let options = promql_options(true);
    let exprs = wanted(&dashboards, &options);
    let exprs: Vec<&Expr> = exprs.iter().collect();
    let mut needs = Needs::none();
    let success = config::success(story.success, story.input, &mut needs)?;
    let declared = measured::declared(story.input)?;
    let scan = &session.config.scan;
    let store = metrics::load_files(&session.inputs, session.config.now, &exprs, None, scan).store;
    let mut store = metrics::clip(store, story.range);
    let question = metrics::Question {
        exprs: &exprs,
        declared: &declared,
        success: &success,
        every_ms: None,
        filter: &Filter::and(Vec::new()),
        range: story.range,
        needs,
    };
    metrics::derive(&session.inputs, question, scan, &mut store)?;
    let (from, to) =
        store.span().unwrap_or_else(|| (session.config.now.millis(), session.config.now.millis()));
    let sampled = metrics::interval(&store).unwrap_or(15_000);
    let timing = Timing { from, to, step: sampled, interval: sampled, sampled };
    let names = metrics::names(&declared, &session.inputs);
    let known = Known::new(&store, &names);
    let data = Data { store: &store, options: &options, timing };
    let reasons = |expr: &Expr| known.why_empty(expr);
    let answered: Vec<Answered> = dashboards
        .iter()
        .map(|dashboard| answer::answer(dashboard, &Typed::default(), &data, &reasons))
        .collect::<Result<_, _>>()?;
    diagnostics.extend(answered.iter().filter_map(partial));
    let judged = Judged {
        answered: &answered,
        marks: story.marks,
        alerts: None,
        unused: None,
        fail_on: FailOn::Never,
    };
    let mut report = Report::new();
    said::dashboards(&mut report, &judged, Form::Html);
    Ok((report, diagnostics))
}
