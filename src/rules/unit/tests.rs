//! Unit tests of unit tests: small ones, and promtool's own where the corpus is beside the project.

use super::*;

struct Given<'g>(&'g [(&'g str, &'g str)]);

impl Files for Given<'_> {
    fn rules(&mut self, pattern: &str) -> Vec<(String, Result<String, String>)> {
        let named = self.0.iter().filter(|(name, _)| *name == pattern);
        named.map(|(name, text)| ((*name).to_owned(), Ok((*text).to_owned()))).collect()
    }

    fn series(&mut self, _: &Input) -> Result<Vec<Series>, String> {
        Err("there are no recordings".to_owned())
    }
}

const RULES: &str = "
groups:
  - name: a
    rules:
      - {record: job:up:sum, expr: sum by (job) (up)}
      - alert: Down
        expr: up == 0
        for: 2m
        labels: {severity: page}
        annotations: {summary: '{{ $labels.job }} is {{ $value }}'}
      - {alert: Any, expr: 'ALERTS{alertname=\"Down\", alertstate=\"firing\"}'}
";

fn failures(tests: &str) -> Vec<String> {
    let text = format!("rule_files: [r.yml]\ntests:\n{tests}");
    let report = run("t.yml", &text, &mut Given(&[("r.yml", RULES)]), &UnitOptions::strict());
    let problems = report.problems.iter().map(ToString::to_string);
    let failures = report.cases.iter().flat_map(|case| &case.failures).map(ToString::to_string);
    problems.chain(failures).collect()
}

#[test]
fn alerts_and_expressions_are_compared() {
    let passing = "
  - interval: 1m
    input_series: [{series: 'up{job=\"x\"}', values: '1 0x5'}]
    alert_rule_test:
      - {eval_time: 2m59s, alertname: Down}
      - eval_time: 3m
        alertname: Down
        exp_alerts:
          - exp_labels: {severity: page, job: x}
            exp_annotations: {summary: x is 0}
      - {eval_time: 3m, alertname: Any, exp_alerts: [{exp_labels: {alertstate: firing, severity: page, job: x}}]}
    promql_expr_test:
      - {expr: 'job:up:sum', eval_time: 1m, exp_samples: [{labels: 'job:up:sum{job=\"x\"}', value: 0}]}
      - {expr: 'time()', eval_time: 90s, exp_samples: [{value: 90}]}
      - {expr: 'ALERTS_FOR_STATE', eval_time: 3m, exp_samples: [{labels: 'ALERTS_FOR_STATE{alertname=\"Down\", severity=\"page\", job=\"x\"}', value: 60}]}
";
    // The alert on ALERTS has the labels of its series, with its own name.
    let got = failures(passing);
    assert_eq!(got.len(), 1, "{got:#?}");
    assert!(got[0].starts_with("expr: \"ALERTS_FOR_STATE\", time: 3m"), "{got:#?}");

    let failing = "
  - input_series: [{series: up, values: '1'}]
    promql_expr_test: [{expr: up, exp_samples: [{labels: up, value: 2}]}, {expr: 'up +', exp_samples: []}]
    alert_rule_test: [{alertname: Down, exp_alerts: [{}]}]
";
    let got = failures(failing);
    assert_eq!(got.len(), 3, "{got:#?}");
    assert!(got.iter().any(|f| f.contains("exp: {__name__=\"up\"} 2E+00\n    got: {__name__=\"up\"} 1E+00")));
    assert!(got.iter().any(|f| f.contains("parse error")));
    assert!(got.iter().any(|f| f.contains("got: []")));
}

#[test]
fn who_is_told_and_what_is_suppressed_is_compared() {
    let config = "
route: {receiver: chat, routes: [{matchers: [severity=page], receiver: pager}, {matchers: [severity=info], receiver: mail, mute_time_intervals: [always]}]}
receivers: [{name: chat}, {name: pager}, {name: mail}]
inhibit_rules: [{source_matchers: [severity=page], target_matchers: [severity=warn], equal: [job]}]
time_intervals: [{name: always, time_intervals: [{times: [{start_time: '00:00', end_time: '24:00'}]}]}]
";
    let config = crate::rules::alertmanager::config::parse(config);
    assert_eq!(config.problems, vec![]);
    let rules = "
groups:
  - name: a
    rules:
      - {alert: Page, expr: up == 0, labels: {severity: page}}
      - {alert: Warn, expr: up < 2, labels: {severity: warn}}
      - {alert: Info, expr: up < 2, labels: {severity: info}}
";
    let options = UnitOptions { alertmanager: Some(config.config), ..UnitOptions::strict() };
    for (alert, severity, receiver, by, passes) in [
        ("Page", "page", "pager", "", true),
        ("Warn", "warn", "chat", "Page", true),
        ("Warn", "warn", "chat", "inhibited by Page", true),
        ("Warn", "warn", "chat", "Pag", false),
        ("Warn", "warn", "chat", "", false),
        ("Warn", "warn", "pager", "Page", false),
        ("Info", "info", "mail", "always", true),
    ] {
        let tests = format!(
            "{{rule_files: [r.yml], tests: [{{input_series: [{{series: 'up{{job=\"x\"}}', values: '0'}}],
             alert_rule_test: [{{alertname: {alert}, exp_alerts: [{{exp_labels: {{severity: {severity}, job: x}},
             exp_receivers: [{receiver}], exp_suppressed_by: '{by}'}}]}}]}}]}}"
        );
        let report = run("t.yml", &tests, &mut Given(&[("r.yml", rules)]), &options);
        let told: Vec<_> =
            report.cases.iter().flat_map(|case| &case.failures).map(ToString::to_string).collect();
        assert_eq!(report.passed(), passes, "{alert} {by}: {:?} {told:#?}", report.problems);
    }
}

#[test]
fn wrong_files_are_told() {
    for (tests, part) in [
        ("  - {input_series: [{series: 'up{', values: 1}]}", "series \"up{\""),
        ("  - {input_series: [{series: up, values: 'x'}]}", "values of up"),
        ("  - {alert_rule_test: [{eval_time: 1m}]}", "alertname"),
        ("  - {alert_rule_test: [{eval_time: 1, alertname: a}]}", "duration"),
        ("  - {sereis: 1}", "field sereis not found"),
        ("  - {start_timestamp: yesterday}", "start_timestamp"),
        ("  - {metrics: [x.om]}", "no recordings"),
    ] {
        let got = failures(tests);
        assert!(got.iter().any(|failure| failure.contains(part)), "{tests}: {got:?}");
    }
}

/// Files of a folder of the corpus.
struct Folder(String);

impl Files for Folder {
    fn rules(&mut self, pattern: &str) -> Vec<(String, Result<String, String>)> {
        #[expect(clippy::disallowed_methods, reason = "a test reads the corpus beside the project")]
        let read = std::fs::read_to_string(format!("{}/{pattern}", self.0));
        read.map_or_else(|_| vec![], |text| vec![(pattern.to_owned(), Ok(text))])
    }

    fn series(&mut self, _: &Input) -> Result<Vec<Series>, String> {
        Ok(vec![])
    }
}

#[test]
fn the_corpus_comes_out_as_with_promtool() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus/rules/");
    let plain = UnitOptions::strict;
    let only = |name: &str| UnitOptions { only: vec![Regex::new(name).unwrap()], ..UnitOptions::strict() };
    let lenient = || UnitOptions { ignore_unknown_fields: true, ..UnitOptions::strict() };
    for (folder, file, options, passes) in [
        ("promtool", "long-period.yml", plain(), true),
        ("promtool", "bad-input-series.yml", plain(), false),
        ("promtool", "bad-promql.yml", plain(), false),
        ("promtool", "bad-rules-syntax-test.yml", plain(), false),
        ("promtool", "bad-rules-error-test.yml", plain(), false),
        ("promtool", "failing.yml", plain(), false),
        ("promtool", "at-modifier-test.yml", plain(), true),
        ("promtool", "negative-offset-test.yml", plain(), true),
        ("promtool", "no-test-group-interval.yml", plain(), true),
        ("promtool", "start-time-test.yml", plain(), true),
        ("promtool", "rules_run.yml", plain(), false),
        ("promtool", "rules_run.yml", only("correct"), true),
        ("promtool", "rules_run.yml", only("wrong"), false),
        ("promtool", "rules_run_extrafields.yml", plain(), false),
        ("promtool", "rules_run_extrafields.yml", lenient(), true),
        ("promtool", "rules_run_no_fuzzy.yml", plain(), false),
        ("promtool", "rules_run_fuzzy.yml", only("correct"), true),
        ("promtool", "rules_run_fuzzy.yml", only("wrong"), false),
        // Its last test counts the sample at the left edge of a range, which Prometheus 3 leaves out.
        ("mixins/cluster-monitoring-operator", "bz1974830.yaml", plain(), false),
        ("mixins/cluster-monitoring-operator", "OCPBUGS-74673.yaml", plain(), true),
        ("mixins/cluster-monitoring-operator", "cluster_capacity_cpu.yaml", plain(), true),
        ("mixins/cluster-monitoring-operator", "TargetDown.yaml", plain(), true),
        ("mixins/cluster-monitoring-operator", "bz1882730.yaml", plain(), true),
        ("mixins/cluster-monitoring-operator", "NodeClockNotSynchronising.yaml", plain(), true),
        ("mixins/kubernetes-mixin/tests", "rules-pod-owner-test.yaml", plain(), true),
        ("mixins/kubernetes-mixin/tests", "absent_alert-test.yaml", plain(), true),
        ("mixins/kubernetes-mixin/tests", "kubelet-test.yaml", plain(), true),
        ("mixins/kubernetes-mixin/tests", "kube_scheduler-test.yaml", plain(), true),
    ] {
        let folder = format!("{root}{folder}");
        #[expect(clippy::disallowed_methods, reason = "a test reads the corpus beside the project")]
        let Ok(text) = std::fs::read_to_string(format!("{folder}/{file}")) else { continue };
        let report = run(file, &text, &mut Folder(folder), &options);
        let told: Vec<_> =
            report.cases.iter().flat_map(|case| &case.failures).map(ToString::to_string).collect();
        assert_eq!(report.passed(), passes, "{file}: {:?} {told:#?}", report.problems);
    }
}
