//! Evaluates a group of rules at a time: writes recorded series, moves alerts through their states.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::file::{Rule, RuleGroup, RuleKind};
use super::starved;
use super::state::{Active, Change, Element, States};
use super::template::{self, Template};
use crate::model::series::STALE;
use crate::model::{Histogram, HistogramSample, Labels, Sample};
use crate::promql::{self, Answer, EvalError, Store, Value, selectors};

/// What rules are evaluated with, the same for all.
#[derive(Clone, Debug)]
pub struct Setting {
    /// How PromQL is evaluated.
    pub promql: promql::Options,
    /// `$externalLabels`.
    pub external_labels: Labels,
    /// `$externalURL`.
    pub external_url: String,
    /// Set when somebody interrupts: what was evaluated until then counts.
    pub cancel: Arc<AtomicBool>,
}

impl Setting {
    /// As a Prometheus server without configuration.
    pub fn plain() -> Self {
        Setting {
            promql: promql::Options::promtool(),
            external_labels: Labels::default(),
            external_url: String::new(),
            cancel: Arc::default(),
        }
    }
}

/// Steps that the templates of a rule may take, and how many more each time that one is rendered.
const TEMPLATE_STEPS: u64 = 500_000;
const TEMPLATE_STEPS_EACH: u64 = 500;

/// Values that a rule may look at in each step for each series that there is, beside what a single query may.
const WORK_PER_SERIES: u64 = 5_000;

/// How many steps are evaluated together.
const WINDOW: i64 = 256;

/// An alert from the moment its condition held to its end.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Episode {
    pub labels: Labels,
    pub annotations: Vec<(String, String)>,
    pub pending_at: i64,
    pub firing_at: Option<i64>,
    /// When it was over; `None` at the end of the data.
    pub ended_at: Option<i64>,
    /// The value when it fired; if it never did, the last one.
    pub value: f64,
}

/// A group that is being evaluated.
pub(super) struct GroupRun<'f> {
    pub group: &'f RuleGroup,
    pub rules: Vec<RuleRun<'f>>,
    interval: i64,
}

/// A rule that is being evaluated.
pub(super) struct RuleRun<'f> {
    pub rule: &'f Rule,
    pub states: States,
    /// Alerts that are over.
    pub ended: Vec<Episode>,
    /// What was rendered when an alert fired: annotations and value.
    fired: BTreeMap<Labels, (Vec<(String, String)>, f64)>,
    /// Labels of the rule with their templates.
    labels: Vec<(String, Text)>,
    annotations: Vec<(String, Text)>,
    /// Series written by the last evaluation.
    written: BTreeSet<Labels>,
    /// May whole windows be evaluated ahead?
    ahead: bool,
    window: Option<Window>,
    /// Values looked at so far, and how many more than at the start may be: the time that a rule takes is bounded.
    work: u64,
    granted: u64,
    /// Steps that its templates may still take.
    template_steps: Rc<Cell<u64>>,
    /// Would it only fail again?
    given_up: bool,
    /// The first failure, and how many there were.
    pub failure: Option<(i64, String)>,
    pub failures: usize,
    /// Did the expression ever have a result?
    pub had_result: bool,
}

/// A label's or annotation's value.
enum Text {
    Plain(String),
    Template(Box<Template>),
    /// A template that does not parse: what it becomes.
    Broken(String),
}

impl Text {
    fn new(alert: &str, text: &str) -> Text {
        if !text.contains("{{") {
            return Text::Plain(text.to_owned());
        }
        match template::parse(&format!("__alert_{alert}"), text) {
            Ok(template) => Text::Template(Box::new(template)),
            Err(error) => Text::Broken(format!("<error expanding template: {error}>")),
        }
    }
}

/// The value of an element of a result.
enum Found {
    Number(f64),
    Histogram(Arc<Histogram>),
}

/// Results of many steps, evaluated together.
struct Window {
    from: i64,
    to: i64,
    series: Vec<Ahead>,
}

/// A series of a window, and how far it has been used.
struct Ahead {
    labels: Labels,
    samples: Vec<Sample>,
    next: usize,
}

/// The names that these groups write.
pub(super) fn written_names<'f>(groups: impl Iterator<Item = &'f RuleGroup>) -> BTreeSet<&'f str> {
    let rules = groups.flat_map(|group| &group.rules);
    let recorded = rules.filter(|rule| rule.alerting().is_none()).map(|rule| rule.name.as_str());
    recorded.chain(["ALERTS", "ALERTS_FOR_STATE"]).collect()
}

impl<'f> GroupRun<'f> {
    /// A group before its first evaluation. `interval` is the distance of evaluations in milliseconds, `written`
    /// the names that rules write; with `ahead`, the store has all data from the start.
    pub(super) fn new(group: &'f RuleGroup, interval: i64, written: &BTreeSet<&str>, ahead: bool) -> Self {
        let rules = group.rules.iter().map(|rule| RuleRun::new(rule, written, ahead)).collect();
        GroupRun { group, rules, interval }
    }

    /// Evaluates all rules at `at`, in order; each sees what those before it wrote.
    pub(super) fn evaluate(&mut self, at: i64, store: &mut Store, setting: &Setting) {
        for rule in &mut self.rules {
            if setting.cancel.load(Ordering::Relaxed) {
                return;
            }
            rule.evaluate(at, self.group, self.interval, store, setting);
        }
    }

    /// At the end of the data, which is later than the last evaluation: what no longer holds then is over.
    pub(super) fn end(&mut self, at: i64, store: &Store, setting: &Setting) {
        for rule in &mut self.rules {
            rule.end(at, self.group, store, setting);
        }
    }
}

impl<'f> RuleRun<'f> {
    fn new(rule: &'f Rule, written: &BTreeSet<&str>, ahead: bool) -> Self {
        let texts = |pairs: &[(String, String)]| {
            pairs.iter().map(|(name, text)| (name.clone(), Text::new(&rule.name, text))).collect()
        };
        let (labels, annotations) = match &rule.kind {
            RuleKind::Alerting(alerting) => (texts(&rule.labels), texts(&alerting.annotations)),
            RuleKind::Recording => {
                let plain = |(name, text): &(String, String)| (name.clone(), Text::Plain(text.clone()));
                (rule.labels.iter().map(plain).collect(), Vec::new())
            }
        };
        let independent = selectors(&rule.expr)
            .all(|matchers| !written.iter().any(|name| starved::may_be_called(matchers, name)));
        // Expressions that ask for the query's own bounds mean each evaluation's.
        let bounded = ["start", "end", "step", "range"].iter().any(|word| mentions(&rule.source, word));
        RuleRun {
            rule,
            states: States::default(),
            ended: Vec::new(),
            fired: BTreeMap::new(),
            labels,
            annotations,
            written: BTreeSet::new(),
            ahead: ahead && independent && !bounded,
            window: None,
            work: 0,
            granted: 0,
            template_steps: Rc::new(Cell::new(TEMPLATE_STEPS)),
            given_up: false,
            failure: None,
            failures: 0,
            had_result: false,
        }
    }

    fn evaluate(&mut self, at: i64, group: &RuleGroup, interval: i64, store: &mut Store, setting: &Setting) {
        if self.given_up {
            self.failures += 1;
            return;
        }
        let when = at - group.query_offset;
        let written = match self.result(when, interval, store, setting) {
            Ok(result) => {
                self.had_result |= !result.is_empty();
                match &self.rule.kind {
                    RuleKind::Recording => self.record(group, result),
                    RuleKind::Alerting(_) => self.alert(at, group, result, store, setting),
                }
            }
            Err(message) => Err(message),
        };
        match written {
            Ok(written) => self.write(when, written, store),
            Err(message) => {
                self.failures += 1;
                self.failure.get_or_insert((at, message));
            }
        }
    }

    fn end(&mut self, at: i64, group: &RuleGroup, store: &Store, setting: &Setting) {
        let keeps = self.rule.alerting().is_none_or(|alerting| alerting.keep_firing > 0);
        if keeps || self.given_up || self.states.active.is_empty() {
            return;
        }
        let when = at - group.query_offset;
        let Ok(answer) = promql::instant(&self.rule.expr, store, when, &setting.promql) else { return };
        let elements = match answer.value {
            Value::Vector(vector) => {
                vector.into_iter().map(|element| (element.labels, element.sample.value)).collect()
            }
            Value::Scalar(value) => vec![(Labels::default(), value)],
            Value::Text(_) | Value::Matrix(_) => return,
        };
        let scene = Scene { at, store, setting, steps: Rc::clone(&self.template_steps) };
        let still: BTreeSet<Labels> =
            elements.into_iter().map(|(series, value)| self.labels_of(&scene, series, value).0).collect();
        let over: Vec<Labels> =
            self.states.active.keys().filter(|labels| !still.contains(*labels)).cloned().collect();
        for labels in over {
            if let Some(active) = self.states.active.remove(&labels) {
                let episode = self.episode(labels, &active, Some(at), store, setting);
                self.ended.push(episode);
            }
        }
    }

    /// The labels of the alert that an element of the result makes.
    fn labels_of(&self, scene: &Scene<'_>, series: Labels, value: f64) -> (Labels, Element) {
        let element = Element { series, value };
        let mut labels = element.series.clone();
        labels.set(Labels::NAME, "");
        for (name, text) in &self.labels {
            labels.set(name.as_str(), scene.render(text, &element));
        }
        labels.set("alertname", self.rule.name.as_str());
        (labels, element)
    }

    /// The elements of the expression's result at `when`.
    fn result(
        &mut self,
        when: i64,
        interval: i64,
        store: &Store,
        setting: &Setting,
    ) -> Result<Vec<(Labels, Found)>, String> {
        if self.ahead && interval > 0 {
            if self.window.as_ref().is_none_or(|window| when > window.to || when < window.from) {
                self.window = self.look_ahead(when, interval, store, setting);
                // What fails as a whole is evaluated step by step from here on, not twice at each step.
                self.ahead = self.window.is_some();
            }
            if let Some(window) = &mut self.window {
                return Ok(window.at(when));
            }
        }
        let answer = promql::instant(&self.rule.expr, store, when, &setting.promql);
        let answer = self.worked(answer, 1, store, setting)?;
        match answer.value {
            Value::Vector(vector) => {
                let found = vector.into_iter().map(|element| {
                    let value =
                        element.histogram.map_or(Found::Number(element.sample.value), Found::Histogram);
                    (element.labels, value)
                });
                Ok(found.collect())
            }
            Value::Scalar(value) => Ok(vec![(Labels::default(), Found::Number(value))]),
            Value::Text(_) | Value::Matrix(_) => Err("rule result is not a vector or scalar".to_owned()),
        }
    }

    /// Evaluates a window at once; `None` if that fails, so that each step can fail or succeed by itself.
    fn look_ahead(&mut self, when: i64, interval: i64, store: &Store, setting: &Setting) -> Option<Window> {
        let to = when.checked_add(interval.checked_mul(WINDOW - 1)?)?;
        let answer = promql::range(&self.rule.expr, store, when, to, interval, &setting.promql).ok()?;
        let answer = self.worked(Ok(answer), WINDOW as u64, store, setting).ok()?;
        let Value::Matrix(matrix) = answer.value else { return None };
        if matrix.iter().any(|series| !series.histograms.is_empty()) {
            return None;
        }
        let series = matrix
            .into_iter()
            .map(|series| Ahead { labels: series.labels, samples: series.samples, next: 0 })
            .collect();
        Some(Window { from: when, to, series })
    }

    /// Adds up the work of so many steps. A rule that takes too much of it is given up.
    fn worked(
        &mut self,
        answer: Result<Answer, EvalError>,
        steps: u64,
        store: &Store,
        setting: &Setting,
    ) -> Result<Answer, String> {
        let answer = answer.map_err(|error| {
            self.given_up = error.is_lasting();
            error.message
        })?;
        self.work = self.work.saturating_add(answer.work);
        let grant = (store.len() as u64).saturating_mul(WORK_PER_SERIES).saturating_mul(steps);
        self.granted = self.granted.saturating_add(grant);
        let limit = self.granted.saturating_add(setting.promql.max_work);
        if self.work > limit && self.work > limit.saturating_add(store.fair_work()) {
            self.given_up = true;
            return Err(format!("the rule looks at more than {limit} values"));
        }
        Ok(answer)
    }

    /// The series of a recording rule.
    fn record(
        &self,
        group: &RuleGroup,
        result: Vec<(Labels, Found)>,
    ) -> Result<Vec<(Labels, Found)>, String> {
        let mut seen = BTreeSet::new();
        let mut written = Vec::with_capacity(result.len());
        for (mut labels, value) in result {
            labels.set(Labels::NAME, self.rule.name.as_str());
            for (name, text) in &self.rule.labels {
                labels.set(name.as_str(), text.as_str());
            }
            if !seen.insert(labels.clone()) {
                return Err(
                    "vector contains metrics with the same labelset after applying rule labels".to_owned()
                );
            }
            written.push((labels, value));
        }
        if group.limit > 0 && written.len() > group.limit {
            return Err(format!("exceeded limit of {} with {} series", group.limit, written.len()));
        }
        Ok(written)
    }

    /// Moves the alerts on; gives the series that tell of them.
    fn alert(
        &mut self,
        at: i64,
        group: &RuleGroup,
        result: Vec<(Labels, Found)>,
        store: &Store,
        setting: &Setting,
    ) -> Result<Vec<(Labels, Found)>, String> {
        let Some(alerting) = self.rule.alerting() else { return Ok(Vec::new()) };
        let scene = Scene { at, store, setting, steps: Rc::clone(&self.template_steps) };
        let number = |found: Found| if let Found::Number(value) = found { value } else { 0.0 };
        // The value of a histogram is 0 in Prometheus' alerts.
        let elements =
            result.into_iter().map(|(series, value)| self.labels_of(&scene, series, number(value))).collect();
        let times = (alerting.hold, alerting.keep_firing);
        let (changes, failed) = match self.states.step(at, times, group.limit, elements) {
            Ok(changes) => (changes, None),
            Err((message, changes)) => (changes, Some(message)),
        };
        for change in changes {
            match change {
                Change::Fired(labels) => {
                    if let Some(active) = self.states.active.get(&labels) {
                        let rendered = self.annotations_of(active, &scene);
                        self.fired.insert(labels, (rendered, active.element.value));
                    }
                }
                Change::Ended(labels, active) => {
                    let episode = self.episode(labels, &active, Some(at), store, setting);
                    self.ended.push(episode);
                }
            }
        }
        match failed {
            Some(message) => Err(message),
            None => Ok(self.telling()),
        }
    }

    /// `ALERTS` and `ALERTS_FOR_STATE`.
    fn telling(&self) -> Vec<(Labels, Found)> {
        let mut written = Vec::with_capacity(self.states.active.len() * 2);
        for (labels, active) in &self.states.active {
            let mut told = labels.clone();
            // A label whose template became nothing is told as it is written: Prometheus starts from the rule's
            // own labels, and lays those of the alert over them.
            for (name, text) in self.rule.labels.iter().filter(|(name, _)| labels.get(name).is_empty()) {
                told.set(name.as_str(), text.as_str());
            }
            let mut alerts = told.clone();
            alerts.set(Labels::NAME, "ALERTS");
            alerts.set("alertstate", if active.fired_at.is_some() { "firing" } else { "pending" });
            let mut since = told;
            since.set(Labels::NAME, "ALERTS_FOR_STATE");
            written.push((alerts, Found::Number(1.0)));
            written.push((since, Found::Number(active.active_at.div_euclid(1000) as f64)));
        }
        written
    }

    /// Appends the series, and marks the end of those that are no longer there.
    fn write(&mut self, when: i64, written: Vec<(Labels, Found)>, store: &mut Store) {
        let mut now = BTreeSet::new();
        for (labels, value) in written {
            match value {
                Found::Number(value) => store.append(&labels, Sample { at: when, value }),
                Found::Histogram(histogram) => {
                    store.append_histogram(&labels, HistogramSample { at: when, start: 0, histogram });
                }
            }
            now.insert(labels);
        }
        let before = std::mem::replace(&mut self.written, now);
        for labels in before.difference(&self.written) {
            store.append(labels, Sample { at: when, value: f64::from_bits(STALE) });
        }
    }

    /// What is known of an alert that has ended at `ended_at`, or is still active.
    pub(super) fn episode(
        &mut self,
        labels: Labels,
        active: &Active,
        ended_at: Option<i64>,
        store: &Store,
        setting: &Setting,
    ) -> Episode {
        let (annotations, value) = self.fired.remove(&labels).unwrap_or_else(|| {
            let scene = Scene { at: active.held_at, store, setting, steps: Rc::clone(&self.template_steps) };
            (self.annotations_of(active, &scene), active.element.value)
        });
        let (pending_at, firing_at) = (active.active_at, active.fired_at);
        Episode { labels, annotations, pending_at, firing_at, ended_at, value }
    }

    /// The annotations as they read when the condition last held.
    pub(super) fn latest_annotations(
        &self,
        active: &Active,
        store: &Store,
        setting: &Setting,
    ) -> Vec<(String, String)> {
        let scene = Scene { at: active.held_at, store, setting, steps: Rc::clone(&self.template_steps) };
        self.annotations_of(active, &scene)
    }

    fn annotations_of(&self, active: &Active, scene: &Scene<'_>) -> Vec<(String, String)> {
        let render = |(name, text): &(String, Text)| (name.clone(), scene.render(text, &active.element));
        self.annotations.iter().map(render).collect()
    }
}

impl Window {
    fn at(&mut self, when: i64) -> Vec<(Labels, Found)> {
        let mut found = Vec::new();
        for series in &mut self.series {
            while series.samples.get(series.next).is_some_and(|sample| sample.at < when) {
                series.next += 1;
            }
            if let Some(sample) = series.samples.get(series.next)
                && sample.at == when
            {
                found.push((series.labels.clone(), Found::Number(sample.value)));
            }
        }
        found
    }
}

/// Where and when templates are rendered.
struct Scene<'s> {
    at: i64,
    store: &'s Store,
    setting: &'s Setting,
    /// Steps that templates may still take.
    steps: Rc<Cell<u64>>,
}

impl Scene<'_> {
    fn render(&self, text: &Text, element: &Element) -> String {
        let template = match text {
            Text::Plain(text) | Text::Broken(text) => return text.clone(),
            Text::Template(template) => template,
        };
        let query = |source: &str| self.query(source);
        let context = template::Context {
            labels: &element.series,
            external_labels: &self.setting.external_labels,
            external_url: &self.setting.external_url,
            value: element.value,
            at: self.at,
            query: &query,
            steps: &self.steps,
        };
        self.steps.set(self.steps.get().saturating_add(TEMPLATE_STEPS_EACH).min(TEMPLATE_STEPS));
        template::render(template, &context)
    }

    fn query(&self, source: &str) -> Result<Vec<(Labels, f64)>, String> {
        let expr = promql::parse(source, &self.setting.promql).map_err(|error| {
            let (line, column) = error.line_col(source);
            format!("{line}:{column}: parse error: {}", error.message)
        })?;
        // A step of a template is worth this many values.
        const VALUES: u64 = 50;
        let max_work = self.steps.get().saturating_mul(VALUES).min(self.setting.promql.max_work);
        let options = promql::Options { max_work, ..self.setting.promql.clone() };
        let answer = promql::instant(&expr, self.store, self.at, &options);
        let spent = answer.as_ref().map_or(max_work, |answer| answer.work);
        let fair = self.store.fair_work() / 100;
        self.steps.set(self.steps.get().saturating_sub(spent.saturating_sub(fair) / VALUES));
        let answer = answer.map_err(|error| error.message)?;
        match answer.value {
            Value::Vector(vector) => {
                Ok(vector.into_iter().map(|element| (element.labels, element.sample.value)).collect())
            }
            Value::Scalar(value) => Ok(vec![(Labels::default(), value)]),
            Value::Text(_) | Value::Matrix(_) => Err("query result is not a vector or scalar".to_owned()),
        }
    }
}

/// Does the word stand in the source, followed by a bracket?
fn mentions(source: &str, word: &str) -> bool {
    source.match_indices(word).any(|(at, _)| {
        let rest = source[at + word.len()..].trim_start();
        let before = source[..at].chars().next_back();
        rest.starts_with('(') && !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
    })
}
