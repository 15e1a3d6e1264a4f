//! Writes a file of unit tests from recorded series: what goes in, and which alerts fire when.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::run::Feed;
use super::{ExpectedAlert, UnitTest};
use crate::model::{Error, Labels, Sample, Series, Timestamp};
use crate::promql::{self, Store};
use crate::rules::duration;
use crate::rules::evaluation::{GroupRun, Setting, written_names};
use crate::rules::file::{RuleFile, RuleGroup};

/// How a test is seeded.
#[derive(Clone, Debug)]
pub struct SeedOptions {
    /// The rule files as the test is to name them.
    pub rule_files: Vec<String>,
    /// The distance of samples in the test, in milliseconds.
    pub sampled: i64,
    /// The distance of evaluations, in milliseconds.
    pub every: i64,
    /// How PromQL is evaluated.
    pub promql: promql::Options,
}

/// Values that a test may have.
const MAX_VALUES: i64 = 5_000_000;
/// Moments at which an alert is tested: those at which what fires changes, the first ones.
const MOMENTS: usize = 12;

/// The text of a file of unit tests that passes: the series that the rules look at, and for each alert the moments at
/// which what fires changes.
///
/// Samples are moved to the next multiple of their distance, so that a test can hold them.
///
/// # Errors
/// There is no data, too much of it, or a rule fails.
pub fn seed(files: &[RuleFile], store: &Store, options: &SeedOptions) -> Result<String, Error> {
    let groups: Vec<&RuleGroup> = files.iter().flat_map(|file| &file.groups).collect();
    let series = needed(&groups, store);
    let times =
        series.iter().filter_map(|series| Some((series.samples.first()?.at, series.samples.last()?.at)));
    let span = times.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    let Some((from, to)) = span else {
        return Err(Error::usage("there are no series in the data that the rules look at"));
    };
    let (every, sampled) = (options.every.max(1), options.sampled.max(1));
    let start = from.div_euclid(every) * every;
    let values = (to - start) / sampled + 1;
    if values.saturating_mul(series.len() as i64) > MAX_VALUES {
        let message = format!("{} series with {values} values each are too many for a test", series.len());
        return Err(Error::usage(message)
            .hinted("take some rules with --only, and some time with --since and --until"));
    }
    let series: Vec<(Labels, Vec<Sample>)> =
        series.into_iter().map(|series| (series.labels.clone(), on_grid(series, start, sampled))).collect();
    let test = UnitTest { start: Some(start), series, ..UnitTest::default() };
    let moments = moments(&groups, &test, (start, to - start), options)?;
    Ok(written(&test, start, &moments, options))
}

/// The series that the rules select and do not write themselves.
fn needed<'s>(groups: &[&RuleGroup], store: &'s Store) -> Vec<&'s Series> {
    let written = written_names(groups.iter().copied());
    let mut found: BTreeMap<&Labels, &Series> = BTreeMap::new();
    for rule in groups.iter().flat_map(|group| &group.rules) {
        for matchers in promql::selectors(&rule.expr) {
            let series = store.matching(matchers).into_iter();
            found.extend(series.filter(|s| !written.contains(s.labels.metric())).map(|s| (&s.labels, s)));
        }
    }
    found.into_values().collect()
}

/// The samples at multiples of `step` after `start`, with times relative to it: the last one since the one before.
fn on_grid(series: &Series, start: i64, step: i64) -> Vec<Sample> {
    let mut samples: Vec<Sample> = Vec::with_capacity(series.samples.len());
    for sample in &series.samples {
        let after = sample.at - start;
        let at = after.div_euclid(step) * step + if after.rem_euclid(step) > 0 { step } else { 0 };
        match samples.last_mut() {
            Some(last) if last.at == at => last.value = sample.value,
            _ => samples.push(Sample { at, value: sample.value }),
        }
    }
    samples
}

/// What fires from a moment on.
type Moment = (i64, Vec<ExpectedAlert>);

/// For each alert the moments at which what fires changes; its last evaluation if nothing ever fires.
fn moments<'g>(
    groups: &[&'g RuleGroup],
    test: &UnitTest,
    (start, length): (i64, i64),
    options: &SeedOptions,
) -> Result<Vec<(&'g str, Vec<Moment>)>, Error> {
    let promql = promql::Options { default_subquery_step_ms: options.every, ..options.promql.clone() };
    let setting = Setting { promql, ..Setting::plain() };
    let names = written_names(groups.iter().copied());
    let mut runs: Vec<_> =
        groups.iter().map(|group| GroupRun::new(group, options.every, &names, false)).collect();
    let mut found: Vec<(&str, Vec<Moment>)> = Vec::new();
    for rule in groups.iter().flat_map(|group| &group.rules).filter(|rule| rule.alerting().is_some()) {
        if !found.iter().any(|(name, _)| *name == rule.name) {
            found.push((&rule.name, Vec::new()));
        }
    }
    let (mut feed, mut store) = (Feed::new(test, Vec::new(), start), Store::new());
    let mut after = 0;
    while after <= length {
        feed.fill(&mut store, start + after);
        for run in &mut runs {
            run.evaluate(start + after, &mut store, &setting);
        }
        let rules = || runs.iter().flat_map(|run| &run.rules);
        if let Some((rule, (_, message))) = rules().find_map(|rule| Some((rule.rule, rule.failure.as_ref()?)))
        {
            let text = format!("{} fails {} after the start: {message}", rule.name, duration::text(after));
            return Err(Error::usage(text));
        }
        for (name, moments) in &mut found {
            let of_name = rules().filter(|rule| rule.rule.name == *name && rule.rule.alerting().is_some());
            let mut fires: Vec<ExpectedAlert> = Vec::new();
            for rule in of_name {
                for (labels, active) in
                    rule.states.active.iter().filter(|(_, active)| active.fired_at.is_some())
                {
                    let annotations = rule.latest_annotations(active, &store, &setting);
                    fires.push(ExpectedAlert {
                        labels: labels.clone(),
                        annotations,
                        ..ExpectedAlert::default()
                    });
                }
            }
            fires.sort();
            let labels = |alerts: &[ExpectedAlert]| {
                alerts.iter().map(|alert| alert.labels.clone()).collect::<Vec<_>>()
            };
            let before = moments.last().map_or_else(Vec::new, |(_, alerts)| labels(alerts));
            if before != labels(&fires) && moments.len() < MOMENTS {
                moments.push((after, fires));
            }
        }
        after += options.every;
    }
    let last = after - options.every;
    for (_, moments) in found.iter_mut().filter(|(_, moments)| moments.is_empty()) {
        moments.push((last, Vec::new()));
    }
    Ok(found)
}

fn written(test: &UnitTest, start: i64, moments: &[(&str, Vec<Moment>)], options: &SeedOptions) -> String {
    let mut out =
        String::from("# Written by obs check-rules --seed-tests from recorded data.\nrule_files:\n");
    // Writing to a string does not fail, here and below.
    for file in &options.rule_files {
        let _ = writeln!(out, "  - {}", quoted(file));
    }
    let name = Timestamp::from_millis(start).map_or_else(String::new, |at| at.to_string());
    let _ = write!(
        out,
        "evaluation_interval: {}\ntests:\n  - name: recorded from {name}\n    start_timestamp: {}\n    interval: {}\n    \
         input_series:\n",
        duration::text(options.every),
        start as f64 / 1000.0,
        duration::text(options.sampled),
    );
    for (labels, samples) in &test.series {
        let values = values(samples, options.sampled);
        let _ = writeln!(out, "      - series: {}\n        values: '{values}'", quoted(&labels.to_string()));
    }
    if !moments.is_empty() {
        out.push_str("    alert_rule_test:\n");
    }
    for (name, moments) in moments {
        for (after, alerts) in moments {
            let at = duration::text(*after);
            let _ = writeln!(out, "      - eval_time: {at}\n        alertname: {}", quoted(name));
            if !alerts.is_empty() {
                out.push_str("        exp_alerts:\n");
            }
            for alert in alerts {
                expected(&mut out, alert);
            }
        }
    }
    out
}

fn expected(out: &mut String, alert: &ExpectedAlert) {
    let mut pairs = |first: &str, name: &str, pairs: Vec<(&str, &str)>| {
        let empty = if pairs.is_empty() { " {}" } else { "" };
        let _ = writeln!(out, "          {first} {name}:{empty}");
        for (name, value) in pairs {
            let _ = writeln!(out, "              {}: {}", quoted(name), quoted(value));
        }
    };
    pairs("-", "exp_labels", alert.labels.iter().filter(|(name, _)| *name != "alertname").collect());
    let annotations = alert.annotations.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    pairs(" ", "exp_annotations", annotations.collect());
}

/// A text as YAML reads it back, plain where that is certain.
fn quoted(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'))
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
            .contains(&text.to_lowercase().as_str());
    if is_plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// Samples in the notation of tests, `step` apart: `0+2x3 _x2 7`.
fn values(samples: &[Sample], step: i64) -> String {
    let mut items: Vec<String> = Vec::new();
    let mut next = 0;
    let mut at = 0;
    while next < samples.len() {
        let missing = (samples[next].at - at) / step;
        match missing {
            0 => {}
            1 => items.push("_".to_owned()),
            n => items.push(format!("_x{n}")),
        }
        let contiguous =
            samples[next..].windows(2).take_while(|pair| pair[1].at - pair[0].at == step).count() + 1;
        let run = run(&samples[next..next + contiguous]);
        let first = samples[next];
        let more = run - 1;
        items.push(match samples.get(next + 1) {
            _ if more == 0 => number(first),
            Some(second) if second.value == first.value || first.is_stale() => {
                format!("{}x{more}", number(first))
            }
            Some(second) => {
                let growth = second.value - first.value;
                format!("{}{}{}x{more}", number(first), if growth < 0.0 { '-' } else { '+' }, growth.abs())
            }
            None => number(first),
        });
        next += run;
        at = samples[next - 1].at + step;
    }
    items.join(" ")
}

/// How many samples at the start are the same, or grow by the same; whole numbers only, whose sums are exact.
fn run(samples: &[Sample]) -> usize {
    const EXACT: f64 = 9e15;
    let whole = |sample: &Sample| sample.value.fract() == 0.0 && sample.value.abs() < EXACT;
    let [first, second, ..] = samples else { return 1 };
    let same = samples.iter().take_while(|sample| sample.value.to_bits() == first.value.to_bits()).count();
    if same > 1 {
        return same;
    }
    if !whole(first) || !whole(second) {
        return 1;
    }
    let growth = second.value - first.value;
    let grows = |pair: &&[Sample]| whole(&pair[1]) && pair[1].value - pair[0].value == growth;
    let run = samples.windows(2).take_while(grows).count() + 1;
    // Two that differ are as short one by one.
    if run > 2 { run } else { 1 }
}

fn number(sample: Sample) -> String {
    match sample.value {
        _ if sample.is_stale() => "stale".to_owned(),
        value if value.is_nan() => "NaN".to_owned(),
        value if value.is_infinite() => if value > 0.0 { "Inf" } else { "-Inf" }.to_owned(),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Files, Input, UnitOptions, run};
    use super::*;
    use crate::model::series::STALE;
    use crate::promql::notation::{self, Given};
    use crate::rules::file::{FileOptions, parse};

    #[test]
    fn values_are_read_back() {
        let nan = f64::from_bits(STALE);
        for (values, text) in [
            (&[1.0, 2.0, 3.0, 4.0][..], "1+1x3"),
            (&[5.0, 3.0, 1.0, 1.0, 1.0], "5-2x2 1x1"),
            (&[0.5, 1.0, 1.5], "0.5 1 1.5"),
            (&[0.5, 0.5, -0.25], "0.5x1 -0.25"),
            (&[-3.0, -2.0, -1.0, f64::INFINITY], "-3+1x2 Inf"),
            (&[1.0, nan, nan], "1 stalex1"),
            (&[1e18, 2e18, 3e18], "1000000000000000000 2000000000000000000 3000000000000000000"),
        ] {
            let samples: Vec<Sample> =
                values.iter().zip(0..).map(|(&value, i)| Sample { at: i * 10, value }).collect();
            let written = super::values(&samples, 10);
            assert_eq!(written, text);
            let read: Vec<u64> = notation::values(&written)
                .unwrap()
                .into_iter()
                .map(|given| if let Given::Float(value) = given { value.to_bits() } else { 0 })
                .collect();
            assert_eq!(read, values.iter().map(|value| value.to_bits()).collect::<Vec<_>>(), "{text}");
        }
        let gaps = [20, 30, 60].map(|at| Sample { at, value: 1.0 });
        assert_eq!(values(&gaps, 10), "_x2 1x1 _x2 1");
    }

    struct Given1<'g>(&'g str);

    impl Files for Given1<'_> {
        fn rules(&mut self, pattern: &str) -> Vec<(String, Result<String, String>)> {
            vec![(pattern.to_owned(), Ok(self.0.to_owned()))]
        }

        fn series(&mut self, _: &Input) -> Result<Vec<Series>, String> {
            Ok(Vec::new())
        }
    }

    #[test]
    fn a_seeded_test_passes_and_notices_changes() {
        let rules = "
groups:
  - name: g
    interval: 30s
    rules:
      - {record: low, expr: sum by (job) (up)}
      - {alert: Low, expr: low < 2, for: 30s, labels: {severity: 'a\"b'}, annotations: {text: '{{ $value }} of {{ $labels.job }}'}}
      - {alert: Never, expr: up > 5}
";
        let checked = parse("r.yml", rules, &FileOptions::strict());
        let mut store = Store::new();
        for (i, values) in
            [[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0]].iter().enumerate()
        {
            let samples = values
                .iter()
                .zip(0..)
                .map(|(&value, n)| Sample { at: 1_703_385_007_000 + n * 30_000, value })
                .collect();
            let labels =
                Labels::new([("__name__", "up".to_owned()), ("job", "x y".to_owned()), ("i", i.to_string())]);
            store.push(Series::of(labels, samples));
        }
        let options = SeedOptions {
            rule_files: vec!["r.yml".to_owned()],
            sampled: 30_000,
            every: 30_000,
            promql: promql::Options::promtool(),
        };
        let text = seed(&[checked.file], &store, &options).unwrap();
        assert!(text.contains("start_timestamp: 1703385000\n") && text.contains("values: '_ 1x6'"), "{text}");
        let passes = |rules: &str| {
            let report = run("t.yml", &text, &mut Given1(rules), &UnitOptions::strict());
            let told: Vec<_> =
                report.cases.iter().flat_map(|case| &case.failures).map(ToString::to_string).collect();
            (report.passed(), format!("{:?} {told:#?}\n{text}", report.problems))
        };
        let (passed, said) = passes(rules);
        assert!(passed, "{said}");
        assert!(!passes(&rules.replace("for: 30s", "for: 1m")).0);
        assert!(!passes(&rules.replace("up > 5", "up >= 0")).0);
    }
}
