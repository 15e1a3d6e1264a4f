//! Rules that are valid and still not what was meant: found in the rules alone, and better with recorded data.

mod alone;
mod bounds;
mod checks;
mod comments;
mod history;
mod labels;
mod recorded;
mod server;

pub use checks::{About, CHECKS, Check, Weight};
pub use recorded::unused;

use super::alertmanager::config::Config;
use super::file::{Rule, RuleFile, RuleGroup};
use super::replay::Replay;
use super::yaml::Place;
use crate::model::{Labels, Timestamp};
use crate::promql::{Options, Store};
use labels::Recorded;

/// Something about a rule that deserves a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lint {
    /// Which check found it.
    pub check: Check,
    /// What it weighs.
    pub weight: Weight,
    /// The file; empty if it is about no rule.
    pub file: String,
    /// The rule's place in it.
    pub place: Place,
    /// The group's name.
    pub group: String,
    /// The rule's name.
    pub rule: String,
    /// What it is: lower case, no full stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Lint {
    /// Is it most probably not what was meant?
    pub fn is_fault(&self) -> bool {
        self.weight == Weight::Fault
    }
}

/// What is found about one rule after the other.
struct Findings<'r> {
    found: Vec<Lint>,
    at: Option<(&'r RuleFile, &'r RuleGroup, &'r Rule)>,
    now: Option<Timestamp>,
}

impl Findings<'_> {
    fn new(now: Option<Timestamp>) -> Self {
        Findings { found: Vec::new(), at: None, now }
    }

    /// Notes something about the rule that is looked at, unless its file says to leave that alone, or it was said.
    fn add(&mut self, check: Check, message: String, hint: Option<&str>) {
        self.weighted(check, check.about().weight, message, hint);
    }

    /// The same where it depends what it weighs.
    fn weighted(&mut self, check: Check, weight: Weight, message: String, hint: Option<&str>) {
        let Some((file, group, rule)) = self.at else { return };
        if comments::is_ignored(file, check.about(), rule.place.line, &message, self.now) {
            return;
        }
        let lint = Lint {
            check,
            weight,
            file: file.name.clone(),
            place: rule.place,
            group: group.name.clone(),
            rule: rule.name.clone(),
            message,
            hint: hint.map(str::to_owned),
        };
        if !self.found.contains(&lint) {
            self.found.push(lint);
        }
    }
}

fn rules(files: &[RuleFile]) -> impl Iterator<Item = (&RuleFile, &RuleGroup, &Rule)> {
    files.iter().flat_map(|file| {
        file.groups.iter().flat_map(move |group| group.rules.iter().map(move |rule| (file, group, rule)))
    })
}

/// Looks at all rules; in the order of the files. `now` is for comments that hold until some day.
pub fn lint(files: &[RuleFile], now: Option<Timestamp>) -> Vec<Lint> {
    let recorded = Recorded::new(files);
    let mut findings = Findings::new(now);
    let mut seen = alone::Seen::default();
    for at @ (_, group, rule) in rules(files) {
        findings.at = Some(at);
        alone::check(group, rule, &recorded, &mut seen, &mut findings);
    }
    findings.found
}

/// Looks at all rules beside the external labels of the server that runs them.
pub fn lint_server(files: &[RuleFile], external: &Labels, now: Option<Timestamp>) -> Vec<Lint> {
    let mut findings = Findings::new(now);
    for at @ (_, _, rule) in rules(files) {
        findings.at = Some(at);
        server::check(rule, external, &mut findings);
    }
    findings.found
}

/// Looks at all rules with what was recorded. `store` holds what they wrote, too.
pub fn lint_over(files: &[RuleFile], store: &Store, options: &Options, now: Option<Timestamp>) -> Vec<Lint> {
    let names = Recorded::new(files);
    let mut findings = Findings::new(now);
    let mut data = recorded::Data::new(store, options);
    for at @ (_, _, rule) in rules(files) {
        findings.at = Some(at);
        recorded::check(rule, &names, &mut data, &mut findings);
    }
    findings.found
}

/// Looks at what became of the alerts in a replay.
pub fn lint_replay(
    files: &[RuleFile],
    replay: &Replay,
    alertmanager: Option<&Config>,
    now: Option<Timestamp>,
) -> Vec<Lint> {
    let mut findings = Findings::new(now);
    for at in rules(files) {
        findings.at = Some(at);
        history::check(at, replay, alertmanager, &mut findings);
    }
    findings.found
}

#[cfg(test)]
mod tests {
    use super::super::file::{FileOptions, parse};
    use super::super::replay::{self, Interval};
    use super::*;
    use crate::model::Sample;
    use crate::promql::Store;
    use crate::rules::Setting;

    pub(super) fn checked(text: &str) -> RuleFile {
        let checked = parse("f.yml", text, &FileOptions::strict());
        assert_eq!(checked.problems, vec![], "{text}");
        checked.file
    }

    fn group(rules: &str) -> RuleFile {
        checked(&format!("groups: [{{name: g, interval: 1m, rules: [{rules}]}}]"))
    }

    fn checks(rules: &str) -> Vec<&'static str> {
        lint(&[group(rules)], None).iter().map(|lint| lint.check.name()).collect()
    }

    #[test]
    fn the_table_has_a_row_for_each_check_in_their_order() {
        for (place, about) in CHECKS.iter().enumerate() {
            assert_eq!(about.check as usize, place, "{}", about.name);
            assert!(about.doc.ends_with('.') && !about.name.contains(' '), "{}", about.name);
        }
        assert_eq!(Check::Unused as usize + 1, CHECKS.len());
    }

    /// Two hours of a server, sampled once a minute.
    fn data() -> Store {
        let mut store = Store::new();
        let mut put = |labels: &[(&str, &str)], value: &dyn Fn(f64) -> f64| {
            let labels = Labels::new(labels.iter().copied());
            for minute in 0..=120_i32 {
                let sample = Sample { at: i64::from(minute) * 60_000, value: value(f64::from(minute)) };
                store.append(&labels, sample);
            }
        };
        put(&[("__name__", "requests_total"), ("code", "200")], &|minute| 100.0 + minute * 60.0);
        put(&[("__name__", "requests_total"), ("code", "500")], &|minute| 10.0 + minute * 6.0);
        let wave = |minute: f64| 20.0 + 5.0 * (minute / 4.0).sin();
        put(&[("__name__", "temperature"), ("room", "a"), ("sensor", "1")], &wave);
        put(&[("__name__", "capacity"), ("room", "a"), ("unit", "x")], &|_| 30.0);
        store
    }

    /// What the checks that need data find.
    fn over(rules: &str) -> Vec<&'static str> {
        let (mut store, file, setting) = (data(), group(rules), Setting::plain());
        let files = [file];
        let mut found = lint_over(&files, &store, &setting.promql, None);
        found.extend(unused(&files, &store, &|_| false));
        let interval = Interval { forced: None, default: 60_000 };
        let mut replay = replay::replay(&files, &mut store, interval, &setting).expect("a replay");
        replay::route(&mut replay, &files, None, &[]);
        found.extend(lint_replay(&files, &replay, None, None));
        found.iter().map(|lint| lint.check.name()).collect()
    }

    #[test]
    fn rules_are_held_against_the_labels_of_their_server() {
        let external = Labels::new([("cluster", "eu"), ("replica", "1")]);
        let file = group(
            "{alert: A, expr: up == 0, labels: {cluster: x, severity: page}, annotations: {in: \
             '{{ $externalLabels.cluster }} {{ .ExternalLabels.region }} {{ $labels.zone }}'}}, \
             {record: a, expr: up, labels: {job: b}}",
        );
        let found = lint_server(&[file], &external, None);
        let said: Vec<(&str, &str)> =
            found.iter().map(|lint| (lint.check.name(), lint.message.as_str())).collect();
        let expected = [
            ("external-label", "label cluster is one of the server's external labels, too"),
            (
                "external-label",
                "annotation \"in\" uses $externalLabels.region, which the server does not set",
            ),
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn each_check_finds_its_example_and_nothing_in_what_is_better() {
        for about in CHECKS.iter().filter(|about| !about.wrong.is_empty()) {
            let find = if about.needs_data { over } else { checks };
            assert!(find(about.wrong).contains(&about.name), "{}: {:?}", about.name, find(about.wrong));
            if !about.needs_data {
                assert_eq!(find(about.wrong), [about.name], "{}", about.wrong);
            }
            if !about.better.is_empty() {
                assert!(!find(about.better).contains(&about.name), "{}", about.better);
                assert_eq!(checks(about.better), [""; 0], "{}", about.better);
            }
        }
    }

    #[test]
    fn what_is_meant_is_left_alone() {
        let alert =
            |expr: &str| checks(&format!("{{alert: A, expr: '{expr}', for: 2m, labels: {{severity: x}}}}"));
        for expr in [
            "up == 0",
            "1",
            "vector(1)",
            "absent(up)",
            "sum(up > 1e-3) * 2",
            "a / on (job) group_left (x) b > 1",
            "sum by (job) (a) / sum by (job) (b) > 1",
            "sum by (job) (a) / on () group_left () sum(b) > 1",
            "sum(a) / sum(b) > 1",
            "sum by (job) (a) > scalar(sum(b))",
            "a{job=\"x\"} and on (instance) b{job=\"y\"}",
            "a{x=\"1\"} - ignoring (x) b{x=\"2\"} > 0",
            "sum without (pod) (a) / sum without (pod) (b) > 1",
            "count(topk(3, a)) > 2",
            "rate(sum(rate(a_total[5m]))[5m:1m]) > 1",
            "up{job=~\"a|b\"} == 0",
            "up{job=~\"a.*\", env!~\"\"} == 0",
            "histogram_quantile(0.9, sum by (job) (rate(a[5m]))) > 1",
            "(sum by (job) (a) or sum by (job, pod) (b)) > 1",
            "ALERTS == 1",
            "(a or vector(0)) > 1",
            "a > 1 or absent(a)",
            "a and on (job) sum by (job) (b) > 1",
            "a > 1 and on (zone) sum by (pod) (b) > 1",
            "min(rate(a[5m]) / rate(b[5m])) > 1",
            "sum(rate(a[5m]) / b) > 1",
        ] {
            assert_eq!(alert(expr), [""; 0], "{expr}");
        }
        for (expr, expected) in [
            ("sum(rate(up[5m])) * 100", "always-true"),
            ("a > bool 1", "always-true"),
            ("a > 1 or vector(0)", "always-true"),
            ("a > 1 and on (job) sum by (pod) (b) > 1", "vector-matching"),
            ("sum(rate(a[5m]) / sum by (pod) (rate(b[5m]))) > 1", "nan-in-sum"),
            ("a - sum(a) > 0", "vector-matching"),
            ("a{x=\"1\"} - a{x=\"2\"} > 0", "vector-matching"),
            ("a unless sum(a)", "vector-matching"),
            ("sum by (job) (a) > sum by (pod) (b)", "vector-matching"),
            ("a * on (job) group_left (team) sum by (job) (b) > 1", "missing-label"),
            ("sum by (pod) (sum by (job) (a)) > 1", "missing-label"),
            ("a{job=\"x\", job=\"y\"} > 1", "impossible"),
            ("a > 5 < 3", "impossible"),
            ("a{job!~\".*\"} > 1", "impossible"),
            ("up{job=~\"^a.*$\"} == 0", "regexp"),
            ("up{job=~\".*\"} == 0", "regexp"),
            ("deriv(a_total[5m]) > 1", "counter-as-gauge"),
        ] {
            assert_eq!(alert(expr), [expected], "{expr}");
        }
        assert_eq!(checks("{record: a, expr: up}, {record: a, expr: up, labels: {b: c}}"), [""; 0]);
        let parts = "{record: a, expr: 'sum(b{c=~\"2..\"})'}, {record: a, expr: 'sum(b{c=~\"3..\"})'}";
        assert_eq!(checks(parts), [""; 0]);
        let joined = "a * on (job) group_left (b) topk by (job) (1, c) > 1";
        assert_eq!(alert(joined), [""; 0]);
        let unique = "topk by (job) (1, a) / on (job) group_left topk by (job) (1, b) > 1";
        assert_eq!(alert(unique), [""; 0]);
        for fragile in ["topk by (job) (1, a) > 1", "topk by (pod) (1, a) / on (job) group_left b > 1"] {
            assert_eq!(alert(fragile), ["fragile"], "{fragile}");
        }
        let of_a_range = "{record: twice, expr: \"max_over_time(once[1h])\"}, {record: once, expr: sum(up)}";
        assert_eq!(checks(of_a_range), [""; 0]);
        let slow = checked("groups: [{name: g, interval: 10m, rules: [{record: a, expr: up}]}]");
        assert_eq!(lint(&[slow], None)[0].check, Check::LongInterval);
    }

    #[test]
    fn a_recorded_series_has_the_labels_of_its_rule() {
        let record = "{record: 'job:a:sum', expr: sum by (job) (a)}";
        let alert = |label: &str| {
            format!(
                "{record}, {{alert: A, expr: 'job:a:sum > 1', labels: {{severity: x}}, annotations: {{b: '{{{{ $labels.{label} }}}}'}}}}"
            )
        };
        assert_eq!(checks(&alert("job")), [""; 0]);
        assert_eq!(checks(&alert("instance")), ["dropped-label"]);
    }
}
