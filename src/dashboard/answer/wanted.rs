//! What a dashboard may ask, as far as that is known before the data is read.

use std::collections::BTreeMap;

use super::ask::wish;
use crate::dashboard::board::{Dashboard, Language, Panel, Query, VariableKind};
use crate::dashboard::bounds::Questions;
use crate::dashboard::choice::Choice;
use crate::dashboard::interpolate::Scope;
use crate::dashboard::timing::Timing;
use crate::dashboard::variables;
use crate::promql::{self, Expr};

/// What stands for the value of a variable before the data is read: no metric's name.
const ANY: &str = "obs_any_value";

/// The expressions that a dashboard may evaluate, as far as they are known before the data is read: with the names of
/// all metrics in them, and `None` where it may ask about any.
pub fn wanted(dashboard: &Dashboard, options: &promql::Options) -> Option<Vec<Expr>> {
    let timing = Timing::new((0, 3_600_000), 15_000, &wish(&Panel::default(), &Query::default(), None, None));
    let choices: BTreeMap<String, Choice> = dashboard
        .variables
        .iter()
        .map(|variable| {
            let some = match &variable.kind {
                VariableKind::Interval { .. } => "5m".to_owned(),
                VariableKind::Custom(_) | VariableKind::Constant(_) | VariableKind::Text(_) => {
                    variable.current.first().cloned().unwrap_or_else(|| ANY.to_owned())
                }
                _ => ANY.to_owned(),
            };
            (variable.name.clone(), Choice::one(some))
        })
        .collect();
    let local = BTreeMap::new();
    let scope = Scope { choices: &choices, local: &local, timing: &timing };
    let questions = dashboard.variables.iter().filter_map(|variable| match &variable.kind {
        VariableKind::Query(question) if !variables::is_nothing(question) => Some(question.as_str()),
        _ => None,
    });
    let asked = Questions::new(dashboard);
    let queries = asked.all(dashboard).filter(|query| query.language == Language::PromQl);
    let mut found = Vec::new();
    for question in questions {
        found.extend(names_in(variables::expression(&scope.query(question).text)?, question, options)?);
    }
    for query in queries {
        // What is no expression now will be none later.
        found.extend(names_in(&scope.query(&query.text).text, &query.text, options).unwrap_or_default());
    }
    Some(found)
}

/// The expression, and a selector for each metric in it; `None` if it may ask about any.
fn names_in(expr: &str, written: &str, options: &promql::Options) -> Option<Vec<Expr>> {
    let parsed = promql::parse(expr, options).ok()?;
    let mut found = Vec::new();
    for matchers in promql::selectors(&parsed) {
        let name = crate::metrics::name_of(matchers)?;
        // A name that a variable is part of may be any.
        if !written.contains(name) {
            return None;
        }
        found.extend(promql::parse(&format!("{{__name__={name:?}}}"), options));
    }
    found.push(parsed);
    Some(found)
}
