//! `obs query` and `obs check-rules` from end to end, on the fixtures and on small files of their own.
#![expect(clippy::disallowed_methods, reason = "these tests run obs, and write and read files")]

use serde_json::Value as Json;
use std::path::Path;

use crate::program::{in_fixtures as obs, json_in_fixtures as json};

/// Exit code, stdout and stderr.
fn said(arguments: &[&str]) -> (i32, String, String) {
    let output = obs(arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("an exit code"), text(output.stdout), text(output.stderr))
}

fn written(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(&path, text).expect("a file");
    path.display().to_string()
}

fn truth() -> Json {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/outage/truth.json");
    serde_json::from_str(&std::fs::read_to_string(path).expect("the truth")).expect("JSON")
}

#[test]
fn what_is_counted_in_logs_equals_the_truth() {
    let truth = truth();
    let query = "sum by (outcome) (log_requests_total{service=\"order-service\"})";
    let rule = ["--success", "status < 400", "--at", "end"];
    let answer = json(0, &[&["query", query, "outage"][..], &rule].concat());
    let count = |outcome: &str| -> f64 {
        let all = answer["data"]["result"].as_array().expect("a vector");
        let found = all.iter().find(|element| element["metric"]["outcome"] == outcome);
        found.and_then(|element| element["value"][1].as_str()?.parse().ok()).unwrap_or(0.0)
    };
    let (requests, success) = (truth["requests"].as_f64().unwrap(), truth["success"].as_f64().unwrap());
    assert_eq!((count("success"), count("failed")), (success, requests - success));
    let entries: f64 = truth["entries"].as_object().expect("entries").values().filter_map(Json::as_f64).sum();
    let answer = json(0, &["query", "sum(log_entries_total)", "outage", "--at", "end"]);
    assert_eq!(answer["data"]["result"][0]["value"][1], entries.to_string());
    // Counters start at zero before the first event.
    let answer = json(0, &["query", "sum(log_entries_total)", "outage", "--at", "start"]);
    assert_eq!(answer["data"]["result"][0]["value"][1], "0");
}

#[test]
fn an_answer_has_the_shape_of_prometheus() {
    let query = "sum(rate(payment_requests_total[5m])) > bool 0";
    let range = json(0, &["query", query, "outage", "--start", "start+5m", "--end", "end", "--step", "5m"]);
    assert_eq!(range["status"], "success");
    assert_eq!(range["data"]["resultType"], "matrix");
    let values = range["data"]["result"][0]["values"].as_array().expect("values");
    assert_eq!(values[0], serde_json::json!([1_703_385_300, "1"]));
    assert_eq!(values[1][0], 1_703_385_600);
    let scalar = json(0, &["query", "1 + 1", "outage", "--at", "2023-12-24T03:00:00.5Z"]);
    assert_eq!(scalar["data"], serde_json::json!({"resultType": "scalar", "result": [1_703_386_800.5, "2"]}));
    let text = json(0, &["query", "'a'", "outage"]);
    assert_eq!(text["data"]["resultType"], "string");
    let warned = json(0, &["query", "sum(rate(cpu_usage_percent[5m]))", "outage", "--at", "end"]);
    assert!(warned["infos"][0].as_str().expect("an info").starts_with("PromQL info: "), "{warned}");
}

#[test]
fn alerts_and_recorded_series_can_be_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let rules = "{groups: [{name: g, rules: [{record: busy, expr: database_connections_active / 20},
        {alert: Pool, expr: busy > 0.9, for: 1m}]}]}";
    let rules = written(folder.path(), "rules.yml", rules);
    let ask = |query: &str| json(0, &["query", query, "-r", &rules, "outage/metrics", "--at", "03:14"]);
    assert_eq!(ask("busy * 20")["data"]["result"][0]["value"][1], "20");
    assert_eq!(ask("ALERTS{alertstate=\"firing\"}")["data"]["result"][0]["metric"]["alertname"], "Pool");
    assert!(ask("ALERTS_FOR_STATE")["data"]["result"][0]["value"][1].as_str().is_some());
    assert_eq!(said(&["query", "busy", "-r", "nothing.yml", "outage/metrics"]).0, 2);
}

#[test]
fn nothing_found_is_exit_code_1_and_says_why() {
    let (code, out, err) = said(&["query", "payment_request_total", "outage"]);
    assert_eq!(code, 1, "{out}{err}");
    assert!(err.contains("did you mean payment_requests_total?"), "{err}");
    let (code, _, err) = said(&["query", "payment_requests_total{status=\"ok\"}", "outage"]);
    assert_eq!(code, 1);
    assert!(err.contains("there is failed, success"), "{err}");
    let empty = json(1, &["query", "up", "outage"]);
    assert_eq!(empty["data"]["result"], serde_json::json!([]));
}

#[test]
fn trouble_is_exit_code_2_and_points_at_its_place() {
    for (query, part) in [
        ("sum(rate(x[5m])", "unexpected end"),
        ("rate(x)", "add a range"),
        ("no_such(x)", "unknown function"),
        ("", "no expression"),
    ] {
        let (code, out, err) = said(&["query", query, "outage"]);
        assert_eq!((code, out.as_str()), (2, ""), "{query}");
        assert!(err.contains(part), "{query}: {err}");
    }
    assert_eq!(said(&["query", "up", "no-such-folder"]).0, 2);
    assert_eq!(said(&["query", "up", "outage", "--start", "end", "--end", "start"]).0, 2);
    assert_eq!(said(&["query", "up", "outage", "--at", "end", "--step", "1m"]).0, 2);
    assert_eq!(said(&["query", "up", "outage", "--output", "sarif"]).0, 2);
}

#[test]
fn tables_fit_the_page_and_csv_has_every_sample() {
    let query = "sum by (gateway) (rate(payment_requests_total[5m]))";
    let (code, out, _) = said(&["query", query, "outage"]);
    assert_eq!(code, 0);
    assert!(out.contains("{gateway=\"paypal\"}") && out.contains("read 1 file of metrics"), "{out}");
    assert!(out.lines().all(|line| line.chars().count() <= 80), "{out}");
    let (_, out, _) = said(&["query", query, "outage", "--output", "csv", "--step", "10m"]);
    let mut lines = out.lines();
    assert_eq!(lines.next(), Some("timestamp,gateway,value"));
    assert!(lines.next().is_some_and(|line| line.starts_with("2023-12-24T02:40:00Z,paypal,0.")), "{out}");
}

const CONFIG: &str = "metrics:
  - {name: refusals_total, type: counter, where: 'message =~ \"pool exhausted\"', labels: {from: service}}
  - {name: pay_seconds, type: histogram, value: processing_time_ms, buckets: [0.1, 1], labels: {gateway: gateway}}
";

#[test]
fn declared_metrics_stand_beside_the_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = written(folder.path(), "obs.yaml", CONFIG);
    let ask = |query: &str| json(0, &["query", query, "outage", "--config", &config, "--at", "end"]);
    let events = truth()["pool_exhausted"]["events"].as_u64().expect("a count");
    let answer = ask("refusals_total");
    assert_eq!(answer["data"]["result"][0]["metric"]["from"], "payment-service");
    assert_eq!(answer["data"]["result"][0]["value"][1], events.to_string());
    let answer = ask("sum(pay_seconds_count) == sum(pay_seconds_bucket{le=\"+Inf\"})");
    let gateways = truth()["by_gateway"].clone();
    let count: u64 = gateways
        .as_object()
        .expect("gateways")
        .values()
        .filter_map(|gateway| gateway["count"].as_u64())
        .sum();
    assert_eq!(answer["data"]["result"][0]["value"][1], count.to_string());
    let wrong = written(folder.path(), "wrong.yaml", "metrics:\n  - {name: a, type: gauge}\n");
    let (code, _, err) = said(&["query", "up", "outage", "--config", &wrong]);
    assert_eq!(code, 2);
    assert!(err.contains("wrong.yaml:2:5: field `value` is missing"), "{err}");
}

const RULES: &str = "groups:
  - name: payment
    interval: 15s
    rules:
      - record: pool
        expr: max(database_connections_active)
      - alert: PoolFull
        expr: pool > 18
        for: 1m
        labels: {severity: critical}
        annotations: {text: 'at {{ $value }}'}
      - alert: Failing
        expr: sum(rate(log_requests_total{service=\"order-service\",outcome=\"failed\"}[5m])) > 0.05
        labels: {severity: low}
      - alert: Never
        expr: pool > 1000
";

#[test]
fn rules_are_replayed_over_metrics_and_logs() {
    let folder = tempfile::tempdir().expect("a folder");
    let rules = written(folder.path(), "rules.yml", RULES);
    let answer = json(1, &["check-rules", "-r", &rules, "outage"]);
    let alerts = answer["alerts"].as_array().expect("alerts");
    let of = |rule: &str| alerts.iter().filter(|alert| alert["rule"] == rule).collect::<Vec<_>>();
    assert!(!of("PoolFull").is_empty() && !of("Failing").is_empty() && of("Never").is_empty());
    let pool = of("PoolFull")[0];
    let parse = |name: &str| pool[name].as_str().map(str::to_owned).expect("a time");
    assert!(parse("pending_at") < parse("firing_at") && parse("firing_at") < parse("resolved_at"));
    assert_eq!(pool["severity"], "critical");
    assert!(pool["annotations"]["text"].as_str().expect("a text").starts_with("at "));
    assert_eq!((&answer["summary"]["rules"], &answer["summary"]["evaluated"]), (&4.into(), &4.into()));
    assert_eq!(answer["summary"]["no_data"], 0);
    assert_eq!(answer["input"]["metrics"]["files"], 1);
    assert_eq!(answer["input"]["unparsed"], 0);
    // Nobody is alarmed before anything happened, and --fail-on decides what counts.
    for (fail_on, code) in [("critical", 1), ("never", 0), ("low", 1)] {
        assert_eq!(said(&["check-rules", "-r", &rules, "outage", "--fail-on", fail_on]).0, code, "{fail_on}");
    }
}

#[test]
fn no_data_is_never_green() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "groups: [{name: g, rules: [{alert: A, expr: nothing_there > 1}]}]";
    let rules = written(folder.path(), "rules.yml", text);
    let (code, out, err) = said(&["check-rules", "-r", &rules, "outage"]);
    assert_eq!(code, 2, "{out}");
    assert!(err.contains("rules.yml:1: A has no data: no series nothing_there"), "{err}");
    assert!(out.contains("1 without data"), "{out}");
    assert_eq!(said(&["check-rules", "-r", &rules, "outage", "--allow-no-data"]).0, 0);
    let junit = said(&["check-rules", "-r", &rules, "outage", "--output", "junit"]).1;
    assert!(junit.contains("skipped=\"1\""), "{junit}");
}

#[test]
fn files_alone_are_checked_and_every_error_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = written(folder.path(), "rules.yml", RULES);
    let (code, out, err) = said(&["check-rules", "-r", &good]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("4 rules in 1 group") && out.contains("ok"), "{out}");
    let bad = "groups:\n  - name: g\n    rules:\n      - {alert: A, expr: 'sum(', labls: {}}\n      - {record: 'a b', expr: up, for: 1m}\n";
    let bad = written(folder.path(), "bad.yml", bad);
    let (code, _, err) = said(&["check-rules", "-r", &bad, "outage"]);
    assert_eq!(code, 2);
    for part in
        ["bad.yml:4:", "labls not found", "did you mean", "unexpected end", "bad.yml:5:", "recording rule"]
    {
        assert!(err.contains(part), "{part}: {err}");
    }
    let github = said(&["check-rules", "-r", &bad, "--output", "github"]).1;
    assert!(
        github.lines().all(|line| line.starts_with("::error file=")) && github.contains(",line=4,"),
        "{github}"
    );
    assert_eq!(said(&["check-rules", "-r", "no-such.yml"]).0, 2);
    assert_eq!(said(&["check-rules"]).0, 2);
    let (code, out, _) = said(&["check-rules", "-r", &good, "--lint"]);
    assert_eq!(code, 1);
    assert!(out.contains("no-severity"), "{out}");
}

const TESTS: &str = "rule_files: ['*.yml']
evaluation_interval: 1m
tests:
  - name: recorded
    logs: [logs]
    promql_expr_test:
      - {expr: 'sum(log_entries_total)', eval_time: 2m, exp_samples: [{value: 3}]}
  - name: synthetic
    interval: 1m
    input_series: [{series: 'database_connections_active{pool=\"a\"}', values: '20 20 20'}]
    alert_rule_test:
      - {eval_time: 1m, alertname: PoolFull, exp_alerts: [{exp_labels: {severity: critical}, exp_annotations: {text: at 20}}]}
      - {eval_time: 0m, alertname: PoolFull}
";

#[test]
fn unit_tests_pass_and_fail() {
    let folder = tempfile::tempdir().expect("a folder");
    written(folder.path(), "rules.yml", RULES);
    let log = "2023-12-24 03:00:01 INFO A - one\n2023-12-24 03:00:30 INFO A - two\n2023-12-24 03:02:00 ERROR A - three\n";
    written(folder.path(), "logs/app.log", log);
    let tests = written(folder.path(), "tests.yaml", TESTS);
    let (code, out, err) = said(&["check-rules", "--tests", &tests]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("ok, 2 tests"), "{out}");
    let wrong = written(folder.path(), "wrong.yaml", &TESTS.replace("at 20", "at 19"));
    let (code, out, _) = said(&["check-rules", "--tests", &wrong]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("1 of 2 tests failed") && out.contains("exp:") && out.contains("at 19"), "{out}");
    assert_eq!(said(&["check-rules", "--tests", &wrong, "--run", "recorded"]).0, 0);
    let junit = said(&["check-rules", "--tests", &wrong, "--output", "junit"]).1;
    assert!(junit.contains("tests=\"2\" failures=\"1\""), "{junit}");
    let report = json(1, &["check-rules", "--tests", &wrong]);
    assert_eq!(report["tests"][0]["cases"][1]["passed"], false);
}

#[test]
fn alerts_of_a_table_are_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = |place: &str| format!("TooManyPaymentsFailAtTheGatewayOf{place}InTheProductionOfEurope");
    let rules = written(
        folder.path(),
        "rules.yml",
        &format!(
            "groups:\n- name: g\n  rules:\n  - {{alert: {}, expr: m == 1}}\n  - {{alert: {}, expr: m == 2}}\n",
            name("Stripe"),
            name("Paypal")
        ),
    );
    let metrics = written(
        folder.path(),
        "m.om",
        "m{shop=\"a\",x=\"long\"} 1 1700000000\nm{shop=\"b\",x=\"longer\"} 1 1700000000\n\
         m{shop=\"c\",x=\"longest\"} 2 1700000000\n# EOF\n",
    );
    let text = said(&["check-rules", "-r", &rules, &metrics]).1;
    // A single snapshot is judged, too, whatever its time. The rule's column, its lines put together again.
    let column: String = text
        .lines()
        .take_while(|line| !line.contains('│'))
        .map(|line| line.chars().take(22).collect::<String>())
        .collect();
    let column: String = column.split_whitespace().collect();
    let stripe = name("Stripe");
    for expected in [format!("{stripe}{{shop=\"a\"}}"), format!("{stripe}{{shop=\"b\"}}"), name("Paypal")] {
        assert!(column.contains(&expected), "{expected}: {text}");
    }
    assert!(!column.contains("long"), "{text}");
}

const ALERTMANAGER: &str = "route:
  receiver: default
  routes:
    - {matchers: [severity=critical], receiver: pager}
receivers: [{name: default}, {name: pager}]
";

#[test]
fn alerts_find_their_receivers_and_silences_keep_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let rules = written(folder.path(), "rules.yml", RULES);
    let config = written(folder.path(), "alertmanager.yml", ALERTMANAGER);
    let routes = |label: &str| {
        said(&["check-rules", "--alertmanager", &config, "--routes-for", label, "--routes-for", "a=b"]).1
    };
    assert_eq!(
        (routes("severity=critical").as_str(), routes("severity=low").as_str()),
        ("pager\n", "default\n")
    );
    // As amtool says it: in one line, once for each route.
    let several = written(
        folder.path(),
        "several.yml",
        "route: {receiver: a, routes: [{receiver: b, continue: true}, {receiver: c, continue: true}, {receiver: b}]}\n\
         receivers: [{name: a}, {name: b}, {name: c}]\n",
    );
    assert_eq!(said(&["check-rules", "--alertmanager", &several, "--routes-for", "x=y"]).1, "b,c,b\n");
    let silences = r#"[{"id": "night", "startsAt": "2023-12-24T00:00:00Z", "endsAt": "2023-12-25T00:00:00Z",
        "matchers": [{"name": "alertname", "value": "PoolFull|Failing", "isRegex": true}]}]"#;
    let silences = written(folder.path(), "silences.json", silences);
    let arguments = ["check-rules", "-r", &rules, "--alertmanager", &config, "outage"];
    let loud = json(1, &arguments);
    assert_eq!(
        loud["alerts"].as_array().expect("alerts").iter().find(|a| a["rule"] == "PoolFull").expect("one")["receivers"]
            [0],
        "pager"
    );
    // What nobody is told of makes no exit code 1.
    let quiet = json(0, &[&arguments[..], &["--silences", &silences]].concat());
    let fired: Vec<&Json> =
        quiet["alerts"].as_array().expect("alerts").iter().filter(|a| !a["firing_at"].is_null()).collect();
    assert!(!fired.is_empty());
    for alert in fired {
        assert_eq!(
            (&alert["status"], &alert["suppressed_by"]),
            (&"suppressed".into(), &"silence night".into())
        );
    }
}

#[test]
fn threads_and_chunks_change_no_byte() {
    let folder = tempfile::tempdir().expect("a folder");
    let rules = written(folder.path(), "rules.yml", RULES);
    for command in [
        vec!["query", "sum by (service, outcome) (log_requests_total)", "outage", "--output", "json"],
        vec!["query", "log_entries_total", "outage"],
        vec!["query", "log_request_duration_seconds_sum", "outage", "--output", "csv"],
        vec!["check-rules", "-r", &rules, "outage", "--output", "json"],
    ] {
        let one = said(&[&command[..], &["-j", "1"]].concat());
        let many = said(&[&command[..], &["-j", "7", "--chunk", "1000"]].concat());
        assert!(!one.1.is_empty() && one == many, "{command:?}");
    }
}

#[test]
fn a_heat_map_has_every_value_whatever_its_steps() {
    for every in ["1ms", "1s", "1h"] {
        let args = ["stats", "outage/gateway", "--heat-map", "--every", every];
        let ran = json(0, &args);
        let columns = ran["heat_map"]["counts"].as_array().expect("columns").clone();
        let rows = columns.iter().flat_map(|column| column.as_array().expect("rows"));
        assert_eq!(rows.filter_map(Json::as_u64).sum::<u64>(), 600, "{every}");
        assert!(columns.len() <= 10_001, "{every}: {}", columns.len());
    }
}

/// Requests and failures as each command counts them.
fn counts(read: &[&str]) -> Vec<(&'static str, u64, u64)> {
    let run = |command: &[&str]| json(0, &[command, read].concat());
    let count = |value: &Json| value.as_u64().expect("a count");
    let stats = run(&["stats"]);
    let group = &stats["groups"][0];
    let correlated = run(&["correlate", "--limit", "1"]);
    let totals = &correlated["totals"];
    let asked = run(&["query", "sum by (outcome) (log_requests_total)", "--at", "end"]);
    let of = |outcome: &str| -> u64 {
        let all = asked["data"]["result"].as_array().expect("a vector");
        let found = all.iter().find(|element| element["metric"]["outcome"] == outcome);
        found
            .map_or(0, |element| element["value"][1].as_str().and_then(|n| n.parse().ok()).expect("a number"))
    };
    vec![
        ("stats", count(&group["requests"]), count(&group["requests"]) - count(&group["success"])),
        ("correlate", count(&totals["requests"]), count(&totals["failed"])),
        ("query", of("success") + of("failed") + of("unknown"), of("failed")),
    ]
}

/// What the page says: `151 of 600`.
fn told(read: &[&str]) -> String {
    let (_, page, _) = said(&[&["investigate", "--output", "markdown"], read].concat());
    page.lines().find(|line| line.contains("of which")).expect("a sentence").to_owned()
}

#[test]
fn every_command_counts_the_same_requests_and_failures() {
    let truth = truth();
    let (requests, success) = (truth["requests"].as_u64().unwrap(), truth["success"].as_u64().unwrap());
    for rule in [&[][..], &["--success", "status < 400"]] {
        let read = [&["outage"][..], rule].concat();
        for (command, all, failed) in counts(&read) {
            assert_eq!((all, failed), (requests, requests - success), "{command} {rule:?}");
        }
        let page = told(&read);
        assert!(page.contains("600 in ") && page.ends_with("of which 151 failed."), "{page}");
    }
    // A client's error is a failure where an entry calls it one, and not on its own.
    for (command, all, failed) in counts(&["outage/gateway"]) {
        assert_eq!((all, failed), (requests, 147), "{command}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let config = written(folder.path(), "obs.yaml", "success: status == 200 or status == 502\n");
    let configured = ["outage", "--config", &config];
    let typed = ["outage", "--success", "status == 200 or status == 502"];
    assert_eq!(counts(&configured), counts(&typed));
    assert_eq!(told(&configured), told(&typed));
    assert_ne!(counts(&configured), counts(&["outage"]));
    let wrong = written(folder.path(), "wrong.yaml", "success: 'status <'\n");
    let (code, _, err) = said(&["stats", "outage", "--config", &wrong]);
    assert_eq!(code, 2);
    assert!(err.contains("wrong.yaml:1:10: success: "), "{err}");
}

#[test]
fn a_group_counts_the_requests_that_some_of_whose_entries_are_of_it() {
    let truth = truth();
    for paths in ["outage", "outage/payment-service"] {
        let answer = json(0, &["stats", paths, "--by", "gateway"]);
        for group in answer["groups"].as_array().expect("groups") {
            if let Some(gateway) = group["by"]["gateway"].as_str() {
                let wanted = &truth["by_gateway"][gateway];
                assert_eq!(
                    (&group["requests"], &group["success"]),
                    (&wanted["count"], &wanted["success"]),
                    "{gateway}"
                );
            }
        }
    }
    // How they ended, other entries say than those that name the tier.
    let answer = json(0, &["stats", "outage", "--by", "tier"]);
    let groups = answer["groups"].as_array().expect("groups");
    let sum = |what: &str| groups.iter().filter_map(|group| group[what].as_u64()).sum::<u64>();
    assert_eq!((sum("requests"), sum("success")), (600, truth["success"].as_u64().unwrap()));
}

#[test]
fn probes_are_no_requests_and_one_entry_takes_as_long_as_it_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let line = |second: u32, path: &str, status: u32, took: &str, id: &str| {
        format!(
            "10.1.2.3 - - [24/Dec/2023:11:30:{second:02} +0900] \"GET {path} HTTP/1.1\" {status} 5 \"-\" \"x\" {took} {id}\n"
        )
    };
    let id = |at: u32| format!("0a8f8e5b-0ec6-4fcf-bd47-fd0740e8a6{at:02}");
    let mut text = String::new();
    for at in 0..20 {
        text += &line(2 * at, "/orders/12/pay", if at % 5 == 0 { 503 } else { 200 }, "0.250", &id(at));
        text += &line(2 * at + 1, "/healthz", 200, "0.001", &id(at + 40));
    }
    let log = written(folder.path(), "access.log", &text);
    for (command, all, failed) in counts(&[&log]) {
        assert_eq!((all, failed), (20, 4), "{command}");
    }
    assert_eq!(json(0, &["correlate", &log])["totals"]["probes"], 20);
    let slowest = json(0, &["correlate", &log, "--slower-than", "100ms"]);
    let requests = slowest["requests"].as_array().expect("requests");
    assert_eq!(requests.len(), 20);
    assert!(requests.iter().all(|request| request["duration_ms"] == 250.0), "{slowest}");
    // With a condition, that alone says what counts.
    for (command, all, failed) in counts(&[&log, "--success", "status < 500"]) {
        assert_eq!((all, failed), (40, 4), "{command}");
    }
}

#[test]
fn findings_are_counted_as_detect_lists_them() {
    let found = json(0, &["detect", "outage"]);
    let found = found["findings"].as_array().expect("findings");
    let asked = json(0, &["query", "log_findings_total", "outage", "--at", "end"]);
    for element in asked["data"]["result"].as_array().expect("a vector") {
        let detector = &element["metric"]["detector"];
        let listed = found.iter().filter(|finding| finding["detector"] == *detector).count();
        assert_eq!(element["value"][1], listed.to_string(), "{detector}");
    }
    let asked = json(0, &["query", "sum(log_findings_total)", "outage", "--at", "end"]);
    assert_eq!(asked["data"]["result"][0]["value"][1], found.len().to_string());
}

#[test]
fn what_is_recorded_is_all_there_is_without_logs() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut dump = String::from("# TYPE load gauge\n");
    for at in 0..240 {
        let value = if at < 200 { 1 + at % 2 } else { 90 };
        dump += &format!("load{{host=\"a\"}} {value} {}\n", 1_700_000_000 + at * 15);
    }
    let data = written(folder.path(), "load.om", &(dump + "# EOF\n"));
    let names = |expr: &str| {
        let answer = json(0, &["query", expr, &data, "--at", "end"]);
        let result = answer["data"]["result"].as_array().expect("series").clone();
        result.iter().map(|series| series["metric"]["__name__"].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names("{__name__=~\".+\"}"), ["\"load\""]);
    assert_eq!(names("log_findings_total"), ["\"log_findings_total\""], "it is found where it is asked for");
}

#[test]
fn investigate_knows_declared_metrics_and_tells_what_it_cannot_judge() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = "metrics:\n  - {name: paid_total, type: counter, where: 'msg == \"order paid\"'}\n";
    let config = written(folder.path(), "obs.yaml", config);
    let rules = "{groups: [{name: g, rules: [{alert: Paid, expr: paid_total > 3}, {alert: Lost, expr: nowhere > 1}]}]}";
    let rules = written(folder.path(), "rules.yml", rules);
    let answer = json(0, &["investigate", "outage", "-r", &rules, "--config", &config]);
    assert_eq!(answer["alerts"][0]["rule"], "Paid", "{}", answer["alerts"]);
    assert_eq!(answer["unjudged"], serde_json::json!(["Lost"]));
    let (_, out, _) = said(&["investigate", "outage", "-r", &rules, "--config", &config]);
    assert!(out.contains("Lost could not be judged"), "{out}");
}

#[test]
fn the_kind_of_an_error_is_its_message_with_its_fields() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut text = String::new();
    for at in 0..30 {
        let (kind, said) = if at % 3 == 0 { ("PoolTimeout", "none is free") } else { ("KeyError", "'user'") };
        text += &format!(
            "{{\"time\":\"2023-12-24T03:00:{at:02}Z\",\"level\":\"ERROR\",\"order\":\"o-{at}\",\"msg\":\"unexpected\",\"errorType\":\"{kind}\",\"errorMessage\":\"{said}\"}}\n"
        );
    }
    let log = written(folder.path(), "app.log", &text);
    let answer = json(0, &["templates", &log]);
    let templates: Vec<(&str, u64)> = answer["templates"]
        .as_array()
        .expect("templates")
        .iter()
        .filter_map(|template| Some((template["template"].as_str()?, template["count"].as_u64()?)))
        .collect();
    assert_eq!(
        templates,
        [("unexpected: KeyError: 'user'", 20), ("unexpected: PoolTimeout: none is free", 10)]
    );
}

const FAULTY: &str = "groups:
- name: g
  rules:
  - alert: Slow
    expr: sum by (job) (rate(http_requests_total{code=\"500\"}[30s])) > 1
    labels: {severity: page}
    annotations: {summary: 'slow on {{ $labels.instance }}'}
  # pint disable promql/counter
  - alert: Many
    expr: http_requests_total > 10
    labels: {severity: page}
  - record: share
    expr: http_requests_total / http_limit
  - record: misspelt
    expr: sum(htp_requests_total)
";

#[test]
fn rules_are_held_against_the_data() {
    let folder = tempfile::tempdir().expect("a folder");
    let rules = written(folder.path(), "rules.yml", FAULTY);
    let mut dump = String::from("# TYPE http_requests counter\n");
    for minute in 0..60 {
        let time = 1_700_000_000 + minute * 60;
        dump += &format!("http_requests_total{{code=\"500\",instance=\"a\"}} {} {time}\n", minute * 60);
    }
    dump += "# TYPE http_limit gauge\n";
    for minute in 0..60 {
        dump += &format!("http_limit{{zone=\"z\"}} 100 {}\n", 1_700_000_000 + minute * 60);
    }
    dump += "# TYPE spare gauge\nspare 1 1700000000\n# EOF\n";
    let data = written(folder.path(), "data/metrics.om", &dump);
    let (code, out, err) = said(&[
        "check-rules",
        "-r",
        &rules,
        "--lint",
        "--unused",
        "--output",
        "json",
        &data,
        "--allow-no-data",
    ]);
    let answer: Json = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}"));
    crate::scripting::judge(&answer);
    let found: Vec<String> = answer["lint"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|lint| format!("{} {} {}", lint["weight"], lint["check"], lint["rule"]).replace('"', ""))
        .collect();
    for expected in [
        "fault dropped-label Slow",
        "fault rate-window Slow",
        "fault no-match share",
        "fault unknown-metric misspelt",
        "note unused spare",
        "note always-fired Many",
    ] {
        assert!(found.iter().any(|lint| lint == expected), "{expected}: {found:#?}");
    }
    assert!(!found.iter().any(|lint| lint.contains("counter-compared")), "{found:#?}");
    assert_eq!(code, 1, "{err}");
    let dashboard =
        written(folder.path(), "dashboard.json", r#"{"panels": [{"expr": "max(spare{a=\"$a\"})"}]}"#);
    let arguments = ["check-rules", "-r", &rules, "--lint", "--unused", "--dashboard", &dashboard, &data];
    let (_, out, _) = said(&arguments);
    assert!(!out.contains("unused") && out.contains("no-match"), "{out}");
    // What is wrong can be read to its end.
    let words = out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(out.lines().all(|line| line.chars().count() <= 80), "{out}");
    assert!(words.contains("sampled every 1m: there are rarely two samples in it (at least [4m])"), "{out}");
}

#[test]
fn each_check_tells_what_it_is_for() {
    let (code, out, err) = said(&["check-rules", "--checks"]);
    assert_eq!((code, err.as_str()), (0, ""));
    for part in ["vector-matching (fault)", "Found: ", "Better: ", "pint: promql/vector_matching"] {
        assert!(out.contains(part), "{part}: {out}");
    }
    assert!(out.lines().all(|line| line.chars().count() <= 80), "{out}");
    let (_, json, _) = said(&["check-rules", "--checks", "--output", "json"]);
    let checks: Json = serde_json::from_str(&json).expect("JSON");
    assert_eq!(checks.as_array().map(Vec::len), Some(32));
}

const ROUTES: &str = "route:
  receiver: default
  group_by: [alertname]
  routes:
  - matchers: [severity=\"critical\"]
    receiver: pager
    continue: true
    routes:
    - matchers: [team=~\"a|b\", env!=\"dev\"]
      receiver: ab
  - match: {team: c}
    receiver: chat
receivers: [{name: default}, {name: pager}, {name: ab}, {name: chat}]
";

#[test]
fn routes_are_shown_as_a_tree() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = written(folder.path(), "alertmanager.yml", ROUTES);
    // As amtool shows them.
    let (code, out, _) = said(&["check-rules", "--alertmanager", &config, "--show-routes"]);
    let tree = "Routing tree:
.
└── default-route  receiver: default
    ├── {severity=\"critical\"}  continue: true  receiver: pager
    │   └── {env!=\"dev\",team=~\"a|b\"}  receiver: ab
    └── {team=\"c\"}  receiver: chat
";
    assert_eq!((code, out.as_str()), (0, tree));
    let labels = ["--routes-for", "severity=critical", "--routes-for", "team=c"];
    let arguments = [&["check-rules", "--alertmanager", &config, "--show-routes"], &labels[..]].concat();
    let tree = "Matching routes:
.
└── default-route
    ├── {severity=\"critical\"}  receiver: pager
    └── {team=\"c\"}  receiver: chat
pager,chat
";
    assert_eq!(said(&arguments).1, tree);
    let (_, json, _) = said(&["check-rules", "--alertmanager", &config, "--show-routes", "--output", "json"]);
    let json: Json = serde_json::from_str(&json).expect("JSON");
    crate::scripting::judge(&json);
    assert_eq!(json["routes"]["routes"][0]["routes"][0]["receiver"], "ab");
}

#[test]
fn a_data_folder_is_explained() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tsdb/data");
    let (code, out, err) = said(&["formats", "explain", folder]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("prometheus-tsdb") && out.contains(" series"), "{out}");
    let (_, json, _) = said(&["formats", "explain", folder, "--output", "json"]);
    let answer: Json = serde_json::from_str(&json).expect("JSON");
    crate::scripting::judge(&answer);
    assert_eq!(answer["metrics"][0]["format"], "prometheus-tsdb");
    assert!(answer["metrics"][0]["samples"].as_u64() > Some(1_000), "{json}");
}

#[test]
fn a_server_names_its_rules_and_its_labels() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = written(
        folder.path(),
        "prometheus.yml",
        "global: {external_labels: {cluster: eu-1}}\nrule_files: ['rules/*.yml']\n",
    );
    let rule = "{alert: Down, expr: up == 0, labels: {severity: page}, \
                annotations: {in: '{{ $externalLabels.cluster }}'}}";
    written(folder.path(), "rules/a.yml", &format!("groups: [{{name: g, rules: [{rule}]}}]\n"));
    let routes = written(
        folder.path(),
        "am.yml",
        "route: {receiver: rest, routes: [{receiver: eu, matchers: ['cluster=~\"eu-.*\"']}]}\n\
         receivers: [{name: rest}, {name: eu}]\n",
    );
    let data =
        written(folder.path(), "m.om", "# TYPE up gauge\nup 0 1703385000.0\nup 0 1703385060.0\n# EOF\n");
    let arguments = ["check-rules", "-r", &server, "--alertmanager", &routes, &data, "--output", "json"];
    let (code, out, err) = said(&arguments);
    let answer: Json = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}"));
    assert_eq!(code, 1, "{err}");
    let alert = &answer["alerts"][0];
    assert_eq!(alert["annotations"]["in"], "eu-1", "{out}");
    assert_eq!(alert["receivers"], serde_json::json!(["eu"]), "{out}");
    assert!(alert["labels"]["cluster"].is_null(), "{out}");
    let (code, out, err) = said(&["query", "up", &data, "--step", "60", "--output", "csv"]);
    assert_eq!((code, out.lines().count()), (0, 3), "{out}{err}");
}
