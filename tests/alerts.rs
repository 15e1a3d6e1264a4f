//! What `obs check-rules` says beyond which alerts fired: evidence, explanations, trials, tests, messages.
#![expect(clippy::disallowed_methods, reason = "these tests run obs, and write and read files")]

use serde_json::Value as Json;
use std::path::Path;

use crate::program::{in_fixtures as obs, json_in_fixtures as json};

const RULES: &str = "
groups:
  - name: g
    rules:
      - {record: errors, expr: 'sum by (service) (rate(errors_total[5m]))'}
      - {alert: Errors, expr: errors > 0.05, for: 1m, labels: {severity: high}}
      - {alert: Pool, expr: database_connections_active > 18, for: 1m, labels: {severity: critical}}
      - {alert: Logs, expr: 'sum by (service) (increase(log_entries_total{level=\"error\"}[5m])) > 20'}
";

fn written(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file");
    path.display().to_string()
}

fn list(value: &Json) -> &[Json] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn evidence_leads_to_lines_of_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let rules = written(folder.path(), "rules.yml", RULES);
    let answer = json(1, &["check-rules", "-r", &rules, "outage"]);
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut rules_seen = Vec::new();
    for alert in list(&answer["alerts"]) {
        let evidence = list(&alert["evidence"]);
        assert!(!evidence.is_empty(), "{alert}");
        for line in evidence.iter().filter(|line| !line["file"].as_str().unwrap().contains(".gz")) {
            let path = fixtures.join(line["file"].as_str().expect("a file"));
            let text = std::fs::read_to_string(path).expect("a readable file");
            let place = line["line"].as_u64().expect("a line") as usize;
            let there = text.lines().nth(place - 1).expect("that line");
            assert!(there.starts_with(line["text"].as_str().expect("a text")), "{line}: {there}");
        }
        rules_seen.push(alert["rule"].as_str().expect("a rule"));
    }
    for rule in ["Errors", "Pool", "Logs"] {
        assert!(rules_seen.contains(&rule), "{rules_seen:?}");
    }
}

#[test]
fn a_rule_is_explained_and_its_numbers_are_varied() {
    let folder = tempfile::tempdir().expect("a folder");
    let rules = written(folder.path(), "rules.yml", RULES);
    let metrics = "outage/metrics";
    let explain =
        ["check-rules", "-r", &rules, metrics, "--explain", "Errors", "--at", "2023-12-24T03:14:00Z"];
    let answer = json(1, &[&explain[..], &["--only", "Errors"]].concat());
    let parts = list(&answer["explain"][0]["parts"]);
    let expressions: Vec<&str> = parts.iter().filter_map(|part| part["expression"].as_str()).collect();
    assert_eq!(
        expressions,
        [
            "errors > 0.05",
            "errors",
            "sum by (service) (rate(errors_total[5m]))",
            "rate(errors_total[5m])",
            "errors_total[5m]"
        ]
    );
    assert_eq!(parts[0]["values"][0]["value"], parts[2]["values"][0]["value"], "{answer}");
    assert_eq!(answer["explain"][0]["alerts"][0]["state"], "firing");

    let trials =
        ["check-rules", "-r", &rules, metrics, "--only", "Errors", "--for", "0,1h", "--threshold", "0.05,99"];
    let answer = json(1, &trials);
    let rows: Vec<(String, f64, u64)> = list(&answer["what_if"])
        .iter()
        .map(|row| {
            let hold = row["for"].as_str().expect("for").to_owned();
            (hold, row["threshold"].as_f64().expect("a threshold"), row["fired"].as_u64().expect("a count"))
        })
        .collect();
    let expected = [("1m", 0.05, 1), ("0s", 0.05, 1), ("1h", 0.05, 0), ("0s", 99.0, 0), ("1h", 99.0, 0)];
    assert_eq!(rows, expected.map(|(hold, threshold, fired)| (hold.to_owned(), threshold, fired)));
    for wrong in [
        vec!["check-rules", "-r", &rules, "--explain", "Errors"],
        vec!["check-rules", "-r", &rules, metrics, "--explain", "Erors"],
        vec!["check-rules", "-r", &rules, metrics, "--only", "Erors"],
        vec!["check-rules", "-r", &rules, metrics, "--for", "5"],
        vec!["check-rules", "-r", &rules, metrics, "--at", "03:00"],
    ] {
        assert_eq!(obs(&wrong).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn tests_leave_a_file_for_ci() {
    let folder = tempfile::tempdir().expect("a folder");
    written(folder.path(), "rules.yml", RULES);
    let tests = "{rule_files: [rules.yml], tests: [{name: a, input_series: [{series: x, values: '1'}],
        promql_expr_test: [{expr: x, exp_samples: [{labels: x, value: 2}]}]}]}";
    let tests = written(folder.path(), "tests.yml", tests);
    let junit = folder.path().join("junit.xml").display().to_string();
    let output = obs(&["check-rules", "--tests", &tests, "--diff", "--junit", &junit]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(said.contains("- {__name__=\"x\"} 2E+00") && said.contains("+ {__name__=\"x\"} 1E+00"), "{said}");
    let xml = std::fs::read_to_string(&junit).expect("a file");
    assert!(xml.contains("<testsuites name=\"obs\" tests=\"1\" failures=\"1\""), "{xml}");
}

#[test]
fn messages_are_shown_and_acknowledged_alerts_are_not_repeated() {
    let folder = tempfile::tempdir().expect("a folder");
    let rules = "{groups: [{name: g, rules: [{alert: Always, expr: '1', labels: {severity: critical}}]}]}";
    let rules = written(folder.path(), "rules.yml", rules);
    let routes = "{route: {receiver: chat, repeat_interval: 10m}, receivers: [{name: chat, slack_configs: [{api_url: 'http://a'}]}]}";
    let routes = written(folder.path(), "routes.yml", routes);
    let noted = "[{alert: Always, at: 2023-12-24T02:45:00Z, by: kim}]";
    let noted = written(folder.path(), "noted.yml", noted);
    let base = ["check-rules", "-r", &rules, "--alertmanager", &routes, "--notifications", "outage/metrics"];
    let answer = json(1, &base);
    let messages = list(&answer["notifications"]);
    assert_eq!(messages.len(), 4, "{messages:#?}");
    assert_eq!(messages[0]["previews"][0]["channel"], "slack");
    assert_eq!(messages[0]["previews"][0]["title"], "[FIRING:1]  (Always critical)");
    assert_eq!(answer["summary"]["active"], 1);
    assert_eq!(answer["summary"]["notifications"]["chat"], 4);

    let answer = json(1, &[&base[..], &["--acknowledgements", &noted]].concat());
    assert_eq!(list(&answer["notifications"]).len(), 1, "{answer:#}");
    assert_eq!(answer["alerts"][0]["status"], "acknowledged");
    assert_eq!(answer["alerts"][0]["acknowledged_by"], "kim");
    assert_eq!(answer["summary"]["acknowledged"], 1);
    let table = obs(&base);
    let said = String::from_utf8(table.stdout).expect("UTF-8");
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("to chat (slack): [FIRING:1] (Always critical)"), "{said}");
}

#[test]
fn tests_seeded_from_data_pass_until_a_rule_changes() {
    let folder = tempfile::tempdir().expect("a folder");
    let rules = written(folder.path(), "rules.yml", RULES);
    let tests = folder.path().join("tests.yml").display().to_string();
    let output =
        obs(&["check-rules", "-r", &rules, "outage/metrics", "--only", "Errors", "--seed-tests", &tests]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let answer = json(0, &["check-rules", "--tests", &tests]);
    assert_eq!(answer["tests"][0]["passed"], true, "{answer}");
    written(folder.path(), "rules.yml", &RULES.replace("for: 1m", "for: 2m"));
    assert_eq!(obs(&["check-rules", "--tests", &tests]).status.code(), Some(1));
    // Where no other path is given, the one behind the option is the data.
    let said = obs(&["check-rules", "-r", &rules, "--only", "Pool", "--seed-tests", "outage/metrics"]);
    let text = String::from_utf8(said.stdout).expect("UTF-8");
    assert!(text.contains("alertname: Pool") && text.contains("exp_alerts:"), "{text}");
    assert_eq!(obs(&["check-rules", "-r", &rules, "--seed-tests"]).status.code(), Some(2));
}
