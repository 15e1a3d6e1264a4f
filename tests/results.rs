//! Results of tests and of load, end to end: what failed is told, and what succeeded is calm.

use serde_json::Value;

use crate::program::obs;

fn investigated(path: &str) -> Value {
    obs(&["investigate", &format!("fixtures/results/{path}"), "--output", "json"]).json()
}

/// Path, verdict, and words of the first cause.
const BAD: &[(&str, &str, &str)] = &[
    (
        "junit-bad.xml",
        "trouble",
        "3 of 5 tests failed: test_berths.test_second: AssertionError: the second berth",
    ),
    (
        "cargo-bad.txt",
        "trouble",
        "1 of 3 tests failed: net::timeouts_are_tried_again: assertion `left == right` failed: tried again",
    ),
    ("wrk-bad.txt", "failing", "758 of 3031 requests failed"),
    ("hey-bad.txt", "failing", "50 of 200 requests failed"),
    ("gatling-bad.log", "failing", "15 of 60 requests failed"),
    ("jmeter-bad.jtl", "failing", "requests fail"),
    ("k6-bad.json", "failing", "requests fail"),
    ("k6-bad.csv", "failing", "requests fail"),
];

#[test]
fn what_failed_is_told() {
    let mut wrong = Vec::new();
    for (path, verdict, words) in BAD {
        let told = investigated(path);
        let summary = told["causes"][0]["summary"].as_str().unwrap_or_default();
        if told["verdict"] != *verdict || !summary.contains(words) {
            wrong.push(format!("{path}: {} {summary}", told["verdict"]));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_succeeded_is_calm() {
    let mut wrong = Vec::new();
    for path in [
        "junit-calm.xml",
        "pytest-calm.txt",
        "wrk-calm.txt",
        "gatling-calm.log",
        "jmeter-calm.jtl",
        "k6-calm.json",
        "k6-calm.csv",
    ] {
        let told = investigated(path);
        if told["verdict"] != "calm" {
            wrong.push(format!("{path}: {} {:#?}", told["verdict"], told["causes"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each request is counted once, whatever k6 measured of it.
#[test]
fn requests_of_k6_are_counted_once() {
    for path in ["k6-bad.json", "k6-bad.csv"] {
        let told = obs(&["stats", &format!("fixtures/results/{path}"), "--output", "json"]).json();
        let group = &told["groups"][0];
        assert_eq!(group["requests"], 200, "{path}: {group:#}");
        assert!(group["values"]["p50"].as_f64().unwrap() > 5.0, "{path}: {group:#}");
    }
}

#[test]
fn a_report_that_is_cut_says_so_and_keeps_what_was_read() {
    let whole = std::fs::read_to_string("fixtures/results/junit-bad.xml").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("junit.xml");
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let told = obs(&["investigate", path.to_str().unwrap(), "--output", "json"]);
    assert!(told.stderr.contains("cut short or broken"), "{told:?}");
    assert_eq!(told.json()["causes"][0]["detector"], "test-failure");
}
