//! Metrics from spans: what collectors would have counted, against a computation of its own.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value as Json, json};

use crate::program::{Ran, obs, program};
use crate::traces::{TRACE, each, notations, recorded};

/// Bounds of the buckets, in seconds.
const BOUNDS: [f64; 13] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// Series with their values, by the values of these labels.
fn values(answer: &Json, labels: &[&str]) -> BTreeMap<String, f64> {
    let result = answer["data"]["result"].as_array().expect("a result").iter();
    let of = |series: &Json| {
        let parts: Vec<&str> =
            labels.iter().map(|label| series["metric"][label].as_str().unwrap_or("")).collect();
        let value = series["value"][1].as_str().and_then(|value| value.parse().ok()).expect("a value");
        (parts.join("|"), value)
    };
    result.map(of).collect()
}

fn add(to: &mut BTreeMap<String, f64>, key: String, value: f64) {
    *to.entry(key).or_default() += value;
}

/// A time after all of it.
const AT: [&str; 4] = ["--at", "2024-03-05T10:10:30Z", "--output", "json"];

fn asked(expr: &str, mut check: impl FnMut(&str, Json)) {
    let args = [&["query", expr][..], &AT].concat();
    each(&args, |name, answer| check(name, answer));
}

#[test]
fn spans_are_counted_as_collectors_count_them() {
    let mut wanted = BTreeMap::new();
    for (_, _, service, operation, kind, _, _, error, _) in TRACE {
        let kind = format!("SPAN_KIND_{}", kind.to_uppercase());
        let prefix = format!("{service}|{operation}|{kind}");
        add(&mut wanted, format!("{prefix}|{error}"), 1.0);
    }
    let told = |answer: &Json, service: &str| -> BTreeMap<String, f64> {
        let found = values(answer, &[service, "span_name", "span_kind", "status_code"]);
        // Some notations tell that a span ended well, others say nothing.
        found
            .into_iter()
            .map(|(key, value)| {
                let (rest, status) = key.rsplit_once('|').expect("a status");
                assert!(status.starts_with("STATUS_CODE_"), "{status}");
                (format!("{rest}|{}", status == "STATUS_CODE_ERROR"), value)
            })
            .collect()
    };
    asked("traces_span_metrics_calls_total", |name, answer| {
        assert_eq!(told(&answer, "service_name"), wanted, "{name}");
    });
    asked("traces_spanmetrics_calls_total", |name, answer| {
        assert_eq!(told(&answer, "service"), wanted, "{name}");
    });
}

#[test]
fn durations_are_histograms_in_the_unit_of_their_name() {
    let mut buckets = BTreeMap::new();
    let mut sums = BTreeMap::new();
    for (_, _, service, _, _, _, took, _, _) in TRACE {
        let seconds = took as f64 / 1e3;
        add(&mut sums, service.to_owned(), seconds);
        for bound in BOUNDS.iter().filter(|bound| seconds <= **bound) {
            add(&mut buckets, format!("{service}|{bound:?}"), 1.0);
        }
        add(&mut buckets, format!("{service}|+Inf"), 1.0);
    }
    let without_zeros = |mut found: BTreeMap<String, f64>| {
        found.retain(|_, value| *value > 0.0);
        found
    };
    for (metric, service, factor) in [
        ("traces_span_metrics_duration_seconds", "service_name", 1.0),
        ("traces_span_metrics_duration_milliseconds", "service_name", 1e3),
        ("traces_spanmetrics_latency", "service", 1.0),
    ] {
        asked(&format!("sum by ({service}, le) ({metric}_bucket)"), |name, answer| {
            let scaled = buckets.iter().map(|(key, value)| match key.split_once('|') {
                Some((service, bound)) if bound != "+Inf" => {
                    let bound: f64 = bound.parse().expect("a bound");
                    (format!("{service}|{:?}", bound * factor), *value)
                }
                _ => (key.clone(), *value),
            });
            let found = without_zeros(values(&answer, &[service, "le"]));
            assert_eq!(found, scaled.collect(), "{name}: {metric}");
        });
        asked(&format!("sum by ({service}) ({metric}_sum) / {factor}"), |name, answer| {
            let found = values(&answer, &[service]);
            for (key, sum) in &sums {
                assert!((found[key] - sum).abs() < 1e-9, "{name}: {metric} {key}: {found:?}");
            }
        });
    }
}

#[test]
fn calls_between_services_are_counted_as_service_graphs_count_them() {
    let labels = ["client", "server", "connection_type"];
    let graph = |expr: &str| {
        let mut found: Option<BTreeMap<String, f64>> = None;
        asked(expr, |name, answer| {
            let values = values(&answer, &labels);
            let before = found.get_or_insert_with(|| values.clone());
            assert_eq!(*before, values, "{name}: {expr}");
        });
        json!(found)
    };
    assert_eq!(graph("traces_service_graph_request_total"), json!({"till|pricing|": 2.0, "web|till|": 1.0}));
    assert_eq!(
        graph("traces_service_graph_request_failed_total"),
        json!({"till|pricing|": 1.0, "web|till|": 1.0})
    );
    assert_eq!(
        graph("traces_service_graph_request_server_seconds_sum * 1000"),
        json!({"till|pricing|": 220.0, "web|till|": 400.0})
    );
    assert_eq!(
        graph("traces_service_graph_request_client_seconds_sum * 1000"),
        json!({"till|pricing|": 300.0, "web|till|": 460.0})
    );
}

fn in_a_file(text: &str, run: impl FnOnce(&str) -> Ran) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("traces.jsonl");
    fs::write(&path, text).expect("a file");
    run(&path.to_string_lossy())
}

#[test]
fn rates_and_quantiles_follow_from_them() {
    // Ten traces a minute; from the fifth minute on pricing takes 80 ms longer.
    let text = recorded(("pricing", 80, 0));
    let expr =
        "sum by (span_name) (increase(traces_span_metrics_calls_total{span_kind=\"SPAN_KIND_SERVER\"}[20m]))";
    let ran = in_a_file(&text, |path| {
        obs(&["query", expr, path, "--at", "2024-03-05T10:20:15Z", "--output", "json"])
    });
    let found = values(&ran.json(), &["span_name"]);
    assert_eq!(found.len(), 3, "{found:?}");
    for value in found.values() {
        assert!((value - 100.0).abs() < 8.0, "{found:?}");
    }
    let expr = "histogram_quantile(0.5, sum by (le) (rate(traces_spanmetrics_latency_bucket{span_name=\"serve pricing\"}[2m])))";
    for (at, from, to) in [("10:14:00", 0.01, 0.025), ("10:19:00", 0.05, 0.1)] {
        let at = format!("2024-03-05T{at}Z");
        let ran = in_a_file(&text, |path| obs(&["query", expr, path, "--at", &at, "--output", "json"]));
        let found = values(&ran.json(), &[]);
        assert!((from..=to).contains(&found[""]), "{at}: {found:?}");
    }
}

#[test]
fn rules_judge_them_and_show_the_spans_behind_an_alert() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("a file");
        path.to_string_lossy().into_owned()
    };
    let rules = write(
        "rules.yml",
        "groups:\n- name: g\n  rules:\n  - alert: Slow\n    expr: histogram_quantile(0.5, rate(traces_spanmetrics_latency_bucket{span_name=\"serve pricing\"}[2m])) > 0.04\n",
    );
    let traces = write("traces.jsonl", &recorded(("pricing", 80, 0)));
    let found = obs(&["check-rules", "-r", &rules, &traces, "--output", "json"]).json();
    let alert = &found["alerts"][0];
    assert_eq!(alert["labels"]["service"], "pricing", "{found:#}");
    let evidence = alert["evidence"].to_string();
    assert!(evidence.contains("serve pricing"), "{alert:#}");
}

#[test]
fn neither_threads_nor_a_pipe_change_a_number() {
    let text = recorded(("till", 0, 300));
    let expr = "{__name__=~\"traces_.*\"}";
    let of = |threads: &'static str| {
        in_a_file(&text, |path| {
            obs(&["query", expr, path, "--at", "2024-03-05T10:20:15Z", "--output", "json", "-j", threads])
        })
        .json()["data"]
            .clone()
    };
    let one = of("1");
    assert_eq!(one, of("3"));
    let mut child = program()
        .args([
            "query",
            "traces_service_graph_request_total",
            "-",
            "--at",
            "2024-03-05T10:20:15Z",
            "--output",
            "json",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("obs runs");
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("written");
    let ran = Ran::of(&child.wait_with_output().expect("it ends"));
    let found = values(&ran.json(), &["client", "server"]);
    assert_eq!(json!(found), json!({"till|pricing": 100.0, "web|till": 100.0}));
}

#[test]
fn only_where_there_are_spans_are_their_metrics_told_of() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [
        ("plain.log", "2024-03-05T10:10:10Z INFO started\n".to_owned()),
        ("zipkin.json", notations().into_iter().find(|(name, _)| *name == "zipkin.json").expect("it").1),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("a file");
        let ran = obs(&["query", "traces_span_metrics_call_total", &path.to_string_lossy()]);
        assert_eq!(ran.stderr.contains("traces_span_metrics_calls_total"), name == "zipkin.json", "{ran:?}");
    }
}
