//! Runs unit tests: evaluates all groups step by step over samples up to that step, and compares.

use std::fmt::Write as _;

use std::collections::BTreeSet;

use super::{
    AlertTest, Case, ExpectedAlert, ExpectedSample, ExprTest, Failure, Files, Outcome, UnitFile, UnitOptions,
    UnitReport, UnitTest,
};
use crate::model::{HistogramSample, Labels, Sample, Series};
use crate::promql::{self, Store, Value, notation};
use crate::rules::duration;
use crate::rules::evaluation::{GroupRun, Setting, written_names};
use crate::rules::file::{self, FileOptions, RuleFile, RuleGroup};

/// Evaluations of a test beyond this are refused; a year of minutes is within.
const MAX_STEPS: i64 = 1_000_000;

pub(super) fn run(file: &UnitFile, files: &mut dyn Files, options: &UnitOptions, report: &mut UnitReport) {
    let mut loaded: Vec<RuleFile> = Vec::new();
    let mut broken: Vec<String> = Vec::new();
    let file_options = FileOptions {
        ignore_unknown_fields: options.ignore_unknown_fields,
        promql: options.promql.clone(),
        ..FileOptions::strict()
    };
    for pattern in &file.rule_files {
        let found = files.rules(pattern);
        if found.is_empty() {
            report.warnings.push(format!("no file match pattern {pattern}"));
        }
        for (name, content) in found {
            match content {
                Ok(text) => {
                    let checked = file::parse(&name, &text, &file_options);
                    broken.extend(checked.problems.iter().map(|problem| format!("{name}: {problem}")));
                    loaded.push(checked.file);
                }
                Err(message) => broken.push(format!("{name}: {message}")),
            }
        }
    }
    for (index, test) in file.tests.iter().enumerate() {
        if !options.only.is_empty() && !options.only.iter().any(|pattern| pattern.is_match(&test.name)) {
            continue;
        }
        let name = if test.name.is_empty() { format!("test {}", index + 1) } else { test.name.clone() };
        let mut case = Case { name, line: test.line, failures: Vec::new() };
        if broken.is_empty() {
            case.failures = Trial::new(file, test, options).run(&loaded, files);
        } else {
            case.failures.extend(broken.iter().map(|message| failed(0, "", message)));
        }
        report.cases.push(case);
    }
}

fn failed(line: u32, about: &str, message: &str) -> Failure {
    Failure { line, about: about.to_owned(), outcome: Outcome::Failed(message.to_owned()) }
}

/// A test that is being run.
struct Trial<'t> {
    file: &'t UnitFile,
    test: &'t UnitTest,
    options: &'t UnitOptions,
    setting: Setting,
    failures: Vec<Failure>,
    /// The first evaluation, in milliseconds since the epoch.
    start: i64,
}

impl<'t> Trial<'t> {
    fn new(file: &'t UnitFile, test: &'t UnitTest, options: &'t UnitOptions) -> Self {
        let promql =
            promql::Options { default_subquery_step_ms: file.evaluation_interval, ..options.promql.clone() };
        let setting = Setting {
            promql,
            external_labels: test.external_labels.clone(),
            external_url: test.external_url.clone(),
            ..Setting::plain()
        };
        Trial { file, test, options, setting, failures: Vec::new(), start: 0 }
    }

    fn run(mut self, loaded: &[RuleFile], files: &mut dyn Files) -> Vec<Failure> {
        let mut recorded = Vec::new();
        for input in &self.test.inputs {
            match files.series(input) {
                Ok(series) => recorded.extend(series),
                Err(message) => self.failures.push(failed(self.test.line, "", &message)),
            }
        }
        if !self.failures.is_empty() {
            return self.failures;
        }
        let every = self.file.evaluation_interval;
        let start = self.start(&recorded);
        self.start = start;
        let mut feed = Feed::new(self.test, recorded, start);
        let groups = ordered(loaded, &self.file.group_eval_order);
        let written = written_names(groups.iter().copied());
        // Nothing is evaluated ahead: a test sees no sample later than its step.
        let mut runs: Vec<_> =
            groups.iter().map(|group| GroupRun::new(group, every, &written, false)).collect();
        let times = self.test.alerts.iter().map(|alert| alert.at);
        let last = times.chain(self.test.exprs.iter().map(|expr| expr.at)).max().unwrap_or(0);
        if last / every > MAX_STEPS {
            let message = format!(
                "{} are more than {MAX_STEPS} evaluations every {}",
                duration::text(last),
                duration::text(every)
            );
            return vec![failed(self.test.line, "", &message)];
        }
        let mut store = Store::new();
        let mut after = 0;
        while after <= last {
            let at = start.saturating_add(after);
            feed.fill(&mut store, at);
            for run in &mut runs {
                run.evaluate(at, &mut store, &self.setting);
            }
            if self.evaluation_failed(&runs, after) {
                return self.failures;
            }
            for alert in &self.test.alerts {
                if after <= alert.at && alert.at < after + every {
                    self.alerts(alert, &runs, &store);
                }
            }
            after += every;
        }
        for expr in &self.test.exprs {
            self.expr(expr, start, &store);
        }
        self.failures
    }

    /// The first evaluation: as the test says; with recorded inputs their first multiple of the interval.
    fn start(&self, recorded: &[Series]) -> i64 {
        let every = self.file.evaluation_interval;
        let first = recorded.iter().filter_map(|series| series.samples.first()).map(|sample| sample.at).min();
        let aligned = first.map(|first| {
            first.div_euclid(every) * every + if first.rem_euclid(every) > 0 { every } else { 0 }
        });
        self.test.start.or(aligned).unwrap_or(0)
    }

    fn evaluation_failed(&mut self, runs: &[GroupRun<'_>], after: i64) -> bool {
        for rule in runs.iter().flat_map(|run| &run.rules) {
            if let Some((_, message)) = &rule.failure {
                let about = format!("rule: {}, time: {}", rule.rule.name, duration::text(after));
                self.failures.push(failed(self.test.line, &about, message));
                return true;
            }
        }
        false
    }

    fn alerts(&mut self, wanted: &AlertTest, runs: &[GroupRun<'_>], store: &Store) {
        let asks_receivers = wanted.expected.iter().any(|alert| alert.receivers.is_some());
        let asks_why = wanted.expected.iter().any(|alert| alert.suppressed_by.is_some());
        let firing: Vec<(&str, &Labels)> = if asks_why { firing(runs) } else { Vec::new() };
        let at = self.start.saturating_add(wanted.at);
        let mut got = Vec::new();
        for rule in runs.iter().flat_map(|run| &run.rules) {
            if rule.rule.alerting().is_none() || rule.rule.name != wanted.alertname {
                continue;
            }
            for (labels, active) in rule.states.active.iter().filter(|(_, active)| active.fired_at.is_some())
            {
                let mut annotations = rule.latest_annotations(active, store, &self.setting);
                annotations.sort();
                let alertmanager = self.options.alertmanager.as_ref();
                let receivers = alertmanager.filter(|_| asks_receivers);
                let receivers = receivers.map(|config| config.receivers_for(labels));
                let suppressed_by = alertmanager
                    .filter(|_| asks_why)
                    .map(|config| config.suppressing(labels, &firing, at).unwrap_or_default());
                got.push(ExpectedAlert { labels: labels.clone(), annotations, receivers, suppressed_by });
            }
        }
        let about = format!("alertname: {}, time: {}", wanted.alertname, duration::text(wanted.at));
        if (asks_receivers || asks_why) && self.options.alertmanager.is_none() {
            let message =
                "exp_receivers and exp_suppressed_by need Alertmanager's configuration: --alertmanager FILE";
            self.failures.push(failed(wanted.line, &about, message));
            return;
        }
        let mut expected = wanted.expected.clone();
        expected.sort();
        got.sort();
        // Who is told matters only where it is asked for.
        let same = expected.len() == got.len()
            && expected.iter().zip(&got).all(|(expected, got)| {
                expected.labels == got.labels
                    && expected.annotations == got.annotations
                    && (expected.receivers.is_none() || expected.receivers == got.receivers)
                    && expected
                        .suppressed_by
                        .as_ref()
                        .is_none_or(|by| is_reason(by, got.suppressed_by.as_deref()))
            });
        if !same {
            let outcome = Outcome::Differs { expected: alerts_text(&expected), got: alerts_text(&got) };
            self.failures.push(Failure { line: wanted.line, about, outcome });
        }
    }

    fn expr(&mut self, wanted: &ExprTest, start: i64, store: &Store) {
        let about = format!("expr: {:?}, time: {}", wanted.expr, duration::text(wanted.at));
        let mut got = match self.query(&wanted.expr, start.saturating_add(wanted.at), store) {
            Ok(got) => got,
            Err(message) => return self.failures.push(failed(wanted.line, &about, &message)),
        };
        let mut expected = wanted.expected.clone();
        got.sort_by(|a, b| a.labels.cmp(&b.labels));
        expected.sort_by(|a, b| a.labels.cmp(&b.labels));
        let same = expected.len() == got.len()
            && expected.iter().zip(&got).all(|(expected, got)| {
                expected.labels == got.labels
                    && match (&expected.histogram, &got.histogram) {
                        (None, None) => equal(expected.value, got.value, self.file.fuzzy_compare),
                        // As promtool compares them: by how they are written.
                        (Some(a), Some(b)) => notation::histogram_text(a) == notation::histogram_text(b),
                        _ => false,
                    }
            });
        if !same {
            let outcome = Outcome::Differs { expected: samples_text(&expected), got: samples_text(&got) };
            self.failures.push(Failure { line: wanted.line, about, outcome });
        }
    }

    fn query(&self, source: &str, at: i64, store: &Store) -> Result<Vec<ExpectedSample>, String> {
        let expr = promql::parse(source, &self.setting.promql).map_err(|error| {
            let (line, column) = error.line_col(source);
            format!("{line}:{column}: parse error: {}", error.message)
        })?;
        let answer =
            promql::instant(&expr, store, at, &self.setting.promql).map_err(|error| error.message)?;
        let sample = |labels, value, histogram| ExpectedSample { labels, value, histogram };
        match answer.value {
            Value::Vector(vector) => {
                let samples = vector.into_iter();
                Ok(samples.map(|found| sample(found.labels, found.sample.value, found.histogram)).collect())
            }
            Value::Scalar(value) => Ok(vec![sample(Labels::default(), value, None)]),
            Value::Text(_) | Value::Matrix(_) => Err("rule result is not a vector or scalar".to_owned()),
        }
    }
}

/// The alerts that fire, by name and labels.
fn firing<'r>(runs: &'r [GroupRun<'_>]) -> Vec<(&'r str, &'r Labels)> {
    let rules = runs.iter().flat_map(|run| &run.rules);
    let active =
        rules.flat_map(|rule| rule.states.active.iter().map(|active| (rule.rule.name.as_str(), active)));
    let firing = active.filter(|(_, (_, active))| active.fired_at.is_some());
    firing.map(|(name, (labels, _))| (name, labels)).collect()
}

/// Is this the reason? It may be written out, or as the name alone of the alert, interval or rule in it.
fn is_reason(expected: &str, got: Option<&str>) -> bool {
    let got = got.unwrap_or_default();
    if expected.is_empty() || got.is_empty() {
        return expected == got;
    }
    let in_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    got.match_indices(expected).any(|(at, _)| {
        !in_word(got[..at].chars().next_back()) && !in_word(got[at + expected.len()..].chars().next())
    })
}

/// Equal to the last bit, or, if fuzzy, neighbours.
fn equal(a: f64, b: f64, fuzzy: bool) -> bool {
    a == b || a.is_nan() && b.is_nan() || fuzzy && (a.next_down() == b || a.next_up() == b)
}

/// The groups of all files; those named in `order` first.
fn ordered<'f>(files: &'f [RuleFile], order: &[String]) -> Vec<&'f RuleGroup> {
    let mut groups: Vec<&RuleGroup> = files.iter().flat_map(|file| &file.groups).collect();
    groups.sort_by_key(|group| order.iter().position(|name| *name == group.name).unwrap_or(usize::MAX));
    groups
}

/// Samples that wait for their step.
pub(super) struct Feed {
    series: Vec<Series>,
    histograms: Vec<(Labels, HistogramSample)>,
    next: Vec<usize>,
    told: BTreeSet<usize>,
}

impl Feed {
    pub(super) fn new(test: &UnitTest, recorded: Vec<Series>, start: i64) -> Self {
        let shifted = |samples: &[Sample]| {
            samples.iter().map(|s| Sample { at: s.at.saturating_add(start), value: s.value }).collect()
        };
        let given = test.series.iter();
        let mut series: Vec<Series> =
            given.map(|(labels, samples)| Series::of(labels.clone(), shifted(samples))).collect();
        series.extend(recorded);
        let later = |sample: &HistogramSample| HistogramSample {
            at: sample.at.saturating_add(start),
            ..sample.clone()
        };
        let histograms = test.histograms.iter();
        let histograms = histograms.map(|(labels, sample)| (labels.clone(), later(sample))).collect();
        Feed { next: vec![0; series.len()], series, histograms, told: BTreeSet::new() }
    }

    /// Appends what is due until `at`, that time included.
    pub(super) fn fill(&mut self, store: &mut Store, at: i64) {
        for (series, next) in self.series.iter().zip(&mut self.next) {
            while let Some(sample) = series.samples.get(*next).filter(|sample| sample.at <= at) {
                store.append(&series.labels, *sample);
                *next += 1;
            }
        }
        for (index, (labels, sample)) in self.histograms.iter().enumerate() {
            if sample.at <= at && self.told.insert(index) {
                store.append_histogram(labels, sample.clone());
            }
        }
    }
}

fn labels_text<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>) -> String {
    let pairs: Vec<_> = pairs.map(|(name, value)| format!("{name}={value:?}")).collect();
    format!("{{{}}}", pairs.join(", "))
}

fn alerts_text(alerts: &[ExpectedAlert]) -> String {
    if alerts.is_empty() {
        return "[]".to_owned();
    }
    let mut text = "[".to_owned();
    for (index, alert) in alerts.iter().enumerate() {
        let annotations = labels_text(alert.annotations.iter().map(|(n, v)| (n.as_str(), v.as_str())));
        let labels = labels_text(alert.labels.iter());
        let _ = write!(
            text,
            "\n        {index}:\n          Labels:{labels}\n          Annotations:{annotations}"
        );
        if let Some(receivers) = &alert.receivers {
            let _ = write!(text, "\n          Receivers:{}", receivers.join(","));
        }
        if let Some(by) = &alert.suppressed_by {
            let _ = write!(text, "\n          SuppressedBy:{by}");
        }
    }
    text.push_str("\n    ]");
    text
}

fn samples_text(samples: &[ExpectedSample]) -> String {
    if samples.is_empty() {
        return "nil".to_owned();
    }
    let texts: Vec<_> = samples
        .iter()
        .map(|sample| {
            let written = sample.histogram.as_ref().map(|histogram| notation::histogram_text(histogram));
            let value = written.unwrap_or_else(|| exponent(sample.value));
            format!("{} {value}", labels_text(sample.labels.iter()))
        })
        .collect();
    texts.join(", ")
}

/// As promtool writes values: `1E+00`.
fn exponent(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let text = format!("{value:E}");
    let (mantissa, power) = text.split_once('E').unwrap_or((&text, "0"));
    match power.strip_prefix('-') {
        Some(power) => format!("{mantissa}E-{power:0>2}"),
        None => format!("{mantissa}E+{power:0>2}"),
    }
}
