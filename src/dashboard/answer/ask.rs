//! One panel is asked: its queries are written out with the values of the variables, and evaluated at its times.

use std::collections::BTreeMap;

use super::asker::Asker;
use super::placed::Placed;
use super::why::judged;
use super::{Asked, AskedPanel, Status, count, fit};
use crate::dashboard::adhoc;
use crate::dashboard::board::{Language, Panel, Query, VariableKind};
use crate::dashboard::bounds::{LeftOut, Room, TEXTS_OF_PANEL};
use crate::dashboard::choice::Choice;
use crate::dashboard::interpolate::{self, Scope, Written};
use crate::dashboard::timing::{self, Timing, Wish};
use crate::promql::language::language_of;
use crate::promql::{self, Expr};

/// What is kept of a query that is too long.
const BEGINNING: usize = 200;

/// What a query wants of its times, with the shortest step that it names. A panel as wide as the page has about a thousand
/// points.
pub(super) fn wish(panel: &Panel, query: &Query, least: Option<i64>, step: Option<i64>) -> Wish {
    let points = panel.max_points.unwrap_or(i64::from(panel.grid.width) * 40).clamp(10, 11_000);
    Wish { points, least, factor: query.factor, step }
}

impl<'a> Asker<'a> {
    pub(super) fn panel(&self, placed: &Placed<'a>) -> AskedPanel {
        let mut panel = placed.panel.clone();
        panel.grid.width = placed.width;
        let panel = &mut panel;
        let range = shifted(panel, (self.data.timing.from, self.data.timing.to));
        let timing = Timing { from: range.0, to: range.1, ..self.data.timing };
        let scope = Scope { choices: self.choices, local: &placed.local, timing: &timing };
        let (queries, more) = self.questions.of(placed.panel);
        let mut room = TEXTS_OF_PANEL;
        let mut asked: Vec<Asked> = Vec::with_capacity(queries.len());
        for query in queries {
            let found = self.query(query, panel, range, &placed.local, room);
            room = room.saturating_sub(found.length);
            asked.push(found);
        }
        self.compute(&mut asked, &placed.local);
        let (status, reason) = judged(panel, &asked);
        panel.title = scope.heading(&panel.title);
        panel.description = scope.title(&panel.description);
        scope.within([&mut panel.fields, &mut panel.options].into_iter().chain(&mut panel.transformations));
        let mut answered = AskedPanel {
            row: placed.row.map(|row| scope.heading(row)),
            repeated: placed.local.iter().map(|(name, choice)| (name.clone(), choice.shown())).collect(),
            status,
            reason,
            asked,
            timing,
            panel: std::mem::take(panel),
            left_out: LeftOut { queries: more, series: 0 },
        };
        fit(&mut Room::of_panel(), &mut answered);
        answered
    }

    /// A panel for whose queries there is no room.
    pub(super) fn unasked(&self, placed: &Placed<'a>) -> AskedPanel {
        let panel = placed.panel;
        let (queries, more) = self.questions.of(panel);
        AskedPanel {
            panel: Panel {
                id: panel.id,
                line: panel.line,
                title: interpolate::clipped(&panel.title),
                kind: panel.kind.clone(),
                grid: panel.grid,
                ..Panel::default()
            },
            status: Status::Error,
            reason:
                "is not asked: the queries of the dashboard are too long with the values of their variables"
                    .to_owned(),
            left_out: LeftOut { queries: queries.len() + more, series: 0 },
            ..AskedPanel::default()
        }
    }

    fn query(
        &self,
        query: &Query,
        panel: &Panel,
        range: (i64, i64),
        local: &BTreeMap<String, Choice>,
        room: usize,
    ) -> Asked {
        let timing = self.timing(query, panel, range, local);
        let scope = Scope { choices: self.choices, local, timing: &timing };
        // What there is no room for is not written out.
        let mut written = if room > 0 { scope.query(&query.text) } else { Written::plain(&query.text) };
        let length = written.text.len();
        let most = if written.cut { interpolate::MOST } else { TEXTS_OF_PANEL };
        let cut = written.cut || length > room;
        if cut && length > BEGINNING {
            written.text = written.text.chars().take(BEGINNING).chain(['…']).collect();
        }
        let written = if cut { written } else { self.filtered(query, written) };
        let instant = query.instant || query.both && (panel.kind == "table" || query.format == "table");
        let named = Query { legend: scope.heading(&query.legend), ..query.clone() };
        let asked = Asked { query: named, expr: written.text, length, timing, instant, ..Asked::default() };
        match &query.language {
            Language::Other(language) => {
                let message = format!("is {language}, not PromQL");
                return Asked { status: Status::Unsupported, message, ..asked };
            }
            // These come when what they need is known.
            Language::Expression(_) => return asked,
            Language::PromQl | Language::Panel(_) if cut => {
                let before = if written.cut { "is" } else { "is, with those before it in the panel," };
                let message =
                    format!("{before} longer than {} KB with the values of its variables", most >> 10);
                return Asked { status: Status::Error, message, ..asked };
            }
            Language::PromQl | Language::Panel(_) => {}
        }
        self.evaluated(asked, &written.empty)
    }

    /// The answer to a query that is PromQL, or should be; some of its variables are empty.
    fn evaluated(&self, asked: Asked, empty: &[String]) -> Asked {
        let timing = asked.timing;
        let expr = match parsed(&asked.expr, self.data.options) {
            Ok(expr) => expr,
            Err(error) => {
                if let Some(other) = language_of(&asked.expr) {
                    let message = format!("is {}, not PromQL", other.name);
                    return Asked { status: Status::Unsupported, message, ..asked };
                }
                let (line, column) = error.line_col(&asked.expr);
                let trouble = empty.first().map(|name| format!("; {}", self.trouble(name)));
                let message = format!("{line}:{column}: {error}{}", trouble.unwrap_or_default());
                // Without a value for a variable there is nothing that could be asked.
                let status = if empty.is_empty() { Status::Error } else { Status::Empty };
                return Asked { status, message, ..asked };
            }
        };
        let answer = if asked.instant {
            promql::instant(&expr, self.data.store, timing.to, self.data.options)
        } else {
            promql::range(
                &expr,
                self.data.store,
                timing.start(),
                timing.end(),
                timing.step,
                self.data.options,
            )
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return Asked { status: Status::Error, message: error.to_string(), ..asked },
        };
        let status = if count(&answer.value) > 0 { Status::Ok } else { Status::Empty };
        let message = if status == Status::Ok { String::new() } else { self.why(&expr, empty, &timing) };
        Asked { status, message, value: Some(answer.value), annotations: answer.annotations, ..asked }
    }

    /// The times of a query. The shortest step may be a variable.
    fn timing(
        &self,
        query: &Query,
        panel: &Panel,
        range: (i64, i64),
        local: &BTreeMap<String, Choice>,
    ) -> Timing {
        let of =
            |least| Timing::new(range, self.data.timing.sampled, &wish(panel, query, least, self.typed.step));
        let Some(named) = query.interval.as_deref().or(panel.interval.as_deref()) else { return of(None) };
        let plain = of(None);
        let scope = Scope { choices: self.choices, local, timing: &plain };
        of(timing::duration(&scope.query(named).text))
    }

    /// The query with the conditions and the groups that the dashboard puts into every one.
    fn filtered(&self, query: &Query, written: Written) -> Written {
        let chosen = |of: fn(&VariableKind) -> bool| -> Vec<String> {
            let variables = self.dashboard.variables.iter().filter(|variable| of(&variable.kind));
            let choices = variables.filter_map(|variable| self.choices.get(&variable.name));
            choices.flat_map(|choice| choice.values.iter().cloned()).collect()
        };
        let conditions = chosen(|kind| matches!(kind, VariableKind::Filters(_)));
        let groups = chosen(|kind| matches!(kind, VariableKind::Groups(_)));
        if conditions.is_empty() && groups.is_empty() || query.language != Language::PromQl {
            return written;
        }
        match adhoc::put(&written.text, &conditions, &groups, self.data.options) {
            Some(text) => Written { text, ..written },
            None => written,
        }
    }
}

/// The expression of a text, in which a function may have the name that it had until Prometheus 3.
fn parsed(text: &str, options: &promql::Options) -> Result<Expr, promql::ParseError> {
    promql::parse(text, options).or_else(|error| {
        if !text.contains("holt_winters") {
            return Err(error);
        }
        promql::parse(&text.replace("holt_winters", "double_exponential_smoothing"), options)
            .map_err(|_| error)
    })
}

/// The times that a panel shows, if it looks at others than the dashboard.
fn shifted(panel: &Panel, (from, to): (i64, i64)) -> (i64, i64) {
    let length = |text: &Option<String>| {
        text.as_deref().and_then(|text| timing::duration(text.trim_start_matches("now-")))
    };
    let from = length(&panel.time_from).map_or(from, |length| to.saturating_sub(length));
    let shift = length(&panel.time_shift).unwrap_or(0);
    (from.saturating_sub(shift), to.saturating_sub(shift))
}
