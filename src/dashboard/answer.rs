//! What the data says to each panel of a dashboard.

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;

use super::adhoc;
use super::board::{Absent, Dashboard, Language, Panel, Query, VariableKind};
use super::bounds::{self, LeftOut, Questions, Room, TEXTS_OF_PANEL};
use super::choice::Choice;
use super::expression::{self, Context, Expression, Refused};
use super::interpolate::{self, Scope, Written};
use super::kinds;
use super::timing::{self, Timing, Wish};
use super::variables::{self, Data};
use crate::model::{Error, Labels};
use crate::promql::language::language_of;
use crate::promql::{self, Annotation, Expr, Value};

/// A dashboard, and what the data says to it.
#[derive(Clone, Debug, Default)]
pub struct Answered {
    /// The file that it was read from.
    pub file: String,
    /// Its title, variables replaced.
    pub title: String,
    /// What was chosen of each variable, in the dashboard's order.
    pub variables: Vec<(String, Choice)>,
    /// Its panels, repeated ones for each value.
    pub panels: Vec<AskedPanel>,
    /// The times that it shows.
    pub timing: Timing,
}

/// A panel, and what the data says to it.
#[derive(Clone, Debug, Default)]
pub struct AskedPanel {
    /// The panel, variables in its texts replaced.
    pub panel: Panel,
    /// The title of its row.
    pub row: Option<String>,
    /// The values that it is repeated for, by the names of the variables.
    pub repeated: Vec<(String, String)>,
    /// Is there something to see in it?
    pub status: Status,
    /// Why not; empty where there is nothing to say.
    pub reason: String,
    /// Its queries.
    pub asked: Vec<Asked>,
    /// What of it is not here.
    pub left_out: LeftOut,
    /// The times that it shows.
    pub timing: Timing,
}

/// A query, and what the data says to it.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The query as it is written.
    pub query: Query,
    /// The expression that was evaluated, or what was asked in another language.
    pub expr: String,
    /// How it went.
    pub status: Status,
    /// Why there is nothing.
    pub message: String,
    /// The answer.
    pub value: Option<Value>,
    /// Series of it that are not here.
    pub left_out: usize,
    /// What should be known about it.
    pub annotations: Vec<Annotation>,
    /// The times of evaluation.
    pub timing: Timing,
    /// Was it evaluated at the end only?
    pub instant: bool,
}

/// How a question went, from good to bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// There is a sample.
    #[default]
    Ok,
    /// It asks something that is no metrics source.
    Unsupported,
    /// There is none.
    Empty,
    /// It cannot be evaluated.
    Error,
}

impl Status {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Unsupported => "unsupported",
            Status::Empty => "empty",
            Status::Error => "error",
        }
    }
}

/// Why an expression gives nothing, in sentences; none where every selector finds series.
pub type Reasons<'r> = &'r (dyn Fn(&Expr) -> Vec<String> + Sync);

/// What was typed beside the dashboard.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    /// Values of variables.
    pub variables: Vec<(String, String)>,
    /// The step of every range query, in milliseconds.
    pub step: Option<i64>,
}

/// What is kept of a query that is too long.
const BEGINNING: usize = 200;

/// More expressions of a panel are not computed.
const MOST_COMPUTED: usize = 200;

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

/// Answers a dashboard.
///
/// # Errors
/// Its variables refer to each other in a circle, or there are too many panels.
pub fn answer(
    dashboard: &Dashboard,
    typed: &Typed,
    data: &Data<'_>,
    reasons: Reasons<'_>,
) -> Result<Answered, Error> {
    let mut choices = variables::resolve(dashboard, &typed.variables, data)?;
    choices
        .entry("__dashboard".to_owned())
        .or_insert_with(|| Choice::one(interpolate::clipped(&dashboard.title)));
    let questions = Questions::new(dashboard);
    bounds::check(dashboard, &choices, &questions)?;
    let none = BTreeMap::new();
    let scope = Scope { choices: &choices, local: &none, timing: &data.timing };
    let asker = Asker { dashboard, questions, choices: &choices, typed, data, reasons };
    let mut panels: Vec<AskedPanel> = Vec::new();
    let mut room = Room::of_dashboard();
    // What there is no room for goes before more is asked.
    for placed in repeated(dashboard, &choices).chunks(TOGETHER) {
        let ask = |placed| if room.is_full() { asker.unasked(placed) } else { asker.panel(placed) };
        let mut answered: Vec<AskedPanel> = placed.par_iter().map(ask).collect();
        for panel in &mut answered {
            fit(&mut room, panel);
        }
        panels.append(&mut answered);
    }
    let named = dashboard.variables.iter().filter_map(|variable| {
        choices.get(&variable.name).map(|choice| (variable.name.clone(), choice.clone()))
    });
    Ok(Answered {
        file: dashboard.file.clone(),
        title: scope.heading(&dashboard.title),
        variables: named.collect(),
        panels,
        timing: data.timing,
    })
}

/// A panel at its place, with what it is repeated for.
struct Placed<'d> {
    panel: &'d Panel,
    /// Its columns, which it may share with its repetitions.
    width: u32,
    row: Option<&'d str>,
    local: BTreeMap<String, Choice>,
}

/// Panels that are asked before what they hold is counted.
const TOGETHER: usize = 32;

/// All panels: rows and panels for each value that they are repeated for.
fn repeated<'d>(dashboard: &'d Dashboard, choices: &BTreeMap<String, Choice>) -> Vec<Placed<'d>> {
    // One without a value is shown once.
    let values = |name: Option<&String>| -> Vec<Option<(String, Choice)>> {
        let found = name.and_then(|name| Some((name, choices.get(name)?)));
        match found.filter(|(_, choice)| !choice.values.is_empty()) {
            Some((name, choice)) => {
                (0..choice.values.len()).map(|i| Some((name.clone(), choice.only(i)))).collect()
            }
            None => vec![None],
        }
    };
    let mut placed = Vec::new();
    for row in &dashboard.rows {
        for of_row in values(row.repeat.as_ref()) {
            for panel in &row.panels {
                let repetitions = values(panel.repeat.as_ref());
                let width = match panel.beside.filter(|_| repetitions.len() > 1) {
                    Some(most) => 24 / (repetitions.len() as u32).min(most).max(1),
                    None => panel.grid.width,
                };
                for of_panel in repetitions {
                    let local = of_row.clone().into_iter().chain(of_panel).collect();
                    placed.push(Placed { panel, width, row: row.title.as_deref(), local });
                }
            }
        }
    }
    placed
}

/// What a query wants of its times, with the shortest step that it names. A panel as wide as the page has about a thousand
/// points.
fn wish(panel: &Panel, query: &Query, least: Option<i64>, step: Option<i64>) -> Wish {
    let points = panel.max_points.unwrap_or(i64::from(panel.grid.width) * 40).clamp(10, 11_000);
    Wish { points, least, factor: query.factor, step }
}

struct Asker<'a> {
    dashboard: &'a Dashboard,
    questions: Questions<'a>,
    choices: &'a BTreeMap<String, Choice>,
    typed: &'a Typed,
    data: &'a Data<'a>,
    reasons: Reasons<'a>,
}

impl<'a> Asker<'a> {
    fn panel(&self, placed: &Placed<'a>) -> AskedPanel {
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
            room = room.saturating_sub(found.expr.len());
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
    fn unasked(&self, placed: &Placed<'a>) -> AskedPanel {
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
        let mut written = scope.query(&query.text);
        let most = if written.cut { interpolate::MOST } else { TEXTS_OF_PANEL };
        let cut = written.cut || written.text.len() > room;
        if cut {
            written.text = written.text.chars().take(BEGINNING).chain(['…']).collect();
        }
        let written = if cut { written } else { self.filtered(query, written) };
        let instant = query.instant || query.both && (panel.kind == "table" || query.format == "table");
        let named = Query { legend: scope.heading(&query.legend), ..query.clone() };
        let asked = Asked { query: named, expr: written.text, timing, instant, ..Asked::default() };
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
        let expr = match parsed(&asked.expr, self.data.options) {
            Ok(expr) => expr,
            Err(error) => {
                if let Some(other) = language_of(&asked.expr) {
                    let message = format!("is {}, not PromQL", other.name);
                    return Asked { status: Status::Unsupported, message, ..asked };
                }
                let (line, column) = error.line_col(&asked.expr);
                let empty = written.empty.first().map(|name| format!("; {}", self.trouble(name)));
                let message = format!("{line}:{column}: {error}{}", empty.unwrap_or_default());
                // Without a value for a variable there is nothing that could be asked.
                let status = if written.empty.is_empty() { Status::Error } else { Status::Empty };
                return Asked { status, message, ..asked };
            }
        };
        let answer = if instant {
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
        let message =
            if status == Status::Ok { String::new() } else { self.why(&expr, &written.empty, &timing) };
        Asked { status, message, value: Some(answer.value), annotations: answer.annotations, ..asked }
    }

    /// Computes what the panel makes of its other answers, each after those that it needs.
    fn compute(&self, asked: &mut [Asked], local: &BTreeMap<String, Choice>) {
        let mut open: Vec<(usize, Expression)> = Vec::new();
        for (at, one) in asked.iter_mut().enumerate() {
            let Language::Expression(target) = &one.query.language else { continue };
            if open.len() == MOST_COMPUTED {
                (one.status, one.message) =
                    (Status::Error, format!("a panel computes at most {MOST_COMPUTED} expressions"));
                continue;
            }
            let scope = Scope { choices: self.choices, local, timing: &one.timing };
            match expression::parse(target, &|text| scope.query(text).text) {
                Ok(expression) => open.push((at, expression)),
                Err(Refused::Unsupported(why)) => (one.status, one.message) = (Status::Unsupported, why),
                Err(Refused::Wrong(why)) => (one.status, one.message) = (Status::Error, why),
            }
        }
        let places: HashMap<String, usize> =
            asked.iter().enumerate().map(|(at, one)| (one.query.reference.clone(), at)).collect();
        while !open.is_empty() {
            let waits = |(_, expression): &(usize, Expression)| {
                let awaited = |name: &&str| {
                    places.get(*name).is_some_and(|place| open.iter().any(|(at, _)| at == place))
                };
                expression.needs().iter().any(awaited)
            };
            let (waiting, ready): (Vec<_>, Vec<_>) = open.clone().into_iter().partition(waits);
            let circle = ready.is_empty();
            for (at, expression) in if circle { &waiting } else { &ready } {
                let (status, message, value) = if circle {
                    (Status::Error, "needs its own answer, by way of others or at once".to_owned(), None)
                } else {
                    computed(expression, asked, &places, &asked[*at].timing)
                };
                let one = &mut asked[*at];
                one.instant = matches!(&value, Some(Value::Vector(_) | Value::Scalar(_)));
                (one.status, one.message, one.value) = (status, message, value);
            }
            open = if circle { Vec::new() } else { waiting };
        }
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

    /// Why a variable has no value.
    fn trouble(&self, name: &str) -> String {
        let known = self.choices.get(name).and_then(|choice| choice.trouble.clone());
        known.unwrap_or_else(|| format!("${name} has no value"))
    }

    /// Why an expression gives nothing.
    fn why(&self, expr: &Expr, empty: &[String], timing: &Timing) -> String {
        let mut said: Vec<String> = empty.iter().map(|name| self.trouble(name)).collect();
        if said.is_empty() {
            said.extend((self.reasons)(expr));
        }
        if said.is_empty() {
            said.push(self.why_nothing_is_left(expr, timing));
        }
        said.join("; ")
    }

    /// Every selector finds series: then there are none at these times, or too few samples, or nothing fits.
    fn why_nothing_is_left(&self, expr: &Expr, timing: &Timing) -> String {
        let mut single = None;
        for matchers in promql::selectors(expr) {
            let series = self.data.store.matching(matchers);
            let name = crate::metrics::name_of(matchers).unwrap_or("the series");
            let (from, to) = (timing.from.saturating_sub(self.data.options.lookback_ms), timing.to);
            let is_there =
                series.iter().any(|s| s.span().is_some_and(|(first, last)| first <= to && last >= from));
            if !is_there {
                return format!("{name} has no sample in this time");
            }
            if series.iter().all(|series| series.samples.len() + series.histograms.len() < 2) {
                single = single.or(Some(name));
            }
        }
        match single {
            Some(name) => format!("{name} was sampled once; a rate needs two samples"),
            None => "the series are there, and the expression gives none of them".to_owned(),
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

/// The value of an expression whose parts are known; else why there is none.
fn computed(
    expression: &Expression,
    asked: &[Asked],
    places: &HashMap<String, usize>,
    timing: &Timing,
) -> (Status, String, Option<Value>) {
    let mut answers = BTreeMap::new();
    for name in expression.needs() {
        let Some(part) = places.get(name).and_then(|place| asked.get(*place)) else {
            return (Status::Error, format!("needs {name}, and the panel has no such query"), None);
        };
        match (&part.value, part.status) {
            (Some(value), Status::Ok) => {
                answers.insert(name, value);
            }
            (_, status) => {
                let why = if part.message.is_empty() { status.name() } else { &part.message };
                return (status, format!("needs {name}: {why}"), None);
            }
        }
    }
    let context = Context { answers: &answers, range: (timing.from, timing.to) };
    match expression.evaluate(&context) {
        Ok(value) if count(&value) == 0 => {
            let why = "no series of its parts go together by their labels, or no value is left";
            (Status::Empty, why.to_owned(), Some(value))
        }
        Ok(value) => (Status::Ok, String::new(), Some(value)),
        Err(why) => (Status::Error, why, None),
    }
}

/// How many series a value has.
pub fn count(value: &Value) -> usize {
    match value {
        Value::Scalar(_) | Value::Text(_) => 1,
        Value::Vector(samples) => samples.len(),
        Value::Matrix(series) => series.len(),
    }
}

/// The labels of a value's series, in order.
pub fn labels(value: &Value) -> Vec<&Labels> {
    match value {
        Value::Scalar(_) | Value::Text(_) => Vec::new(),
        Value::Vector(samples) => samples.iter().map(|sample| &sample.labels).collect(),
        Value::Matrix(series) => series.iter().map(|series| &series.labels).collect(),
    }
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

/// Keeps of a panel's answers what there is room for, the first ones first.
fn fit(room: &mut Room, panel: &mut AskedPanel) {
    for asked in &mut panel.asked {
        let more = asked.value.as_mut().map_or(0, |value| room.keep(value));
        asked.left_out += more;
        panel.left_out.series += more;
        room.take_text(asked.expr.len());
    }
}

/// How a panel went: as the best of its queries that are shown.
fn judged(panel: &Panel, asked: &[Asked]) -> (Status, String) {
    match &panel.absent {
        Some(Absent::Library(name)) => {
            let reason = format!("is the library panel \"{name}\", whose model is in none of these files");
            return (Status::Unsupported, reason);
        }
        Some(Absent::Class(name)) => {
            let reason = format!("asks nothing itself; its class {name} is described in none of these files");
            return (Status::Empty, reason);
        }
        None => {}
    }
    let shown: Vec<&Asked> = asked.iter().filter(|asked| !asked.query.hidden).collect();
    if shown.iter().any(|asked| asked.status == Status::Ok) {
        // Others may still have failed: that is said of them.
        return (Status::Ok, String::new());
    }
    if shown.is_empty() {
        return if kinds::shows_without_data(&panel.kind) {
            (Status::Ok, String::new())
        } else {
            (Status::Empty, "asks nothing".to_owned())
        };
    }
    let status = shown.iter().map(|asked| asked.status).max().unwrap_or_default();
    let mut said: Vec<&str> = Vec::new();
    for asked in shown.iter().filter(|asked| asked.status == status) {
        if !said.contains(&asked.message.as_str()) {
            said.push(&asked.message);
        }
    }
    (status, said.join("; "))
}
