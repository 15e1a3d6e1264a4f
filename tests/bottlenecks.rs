//! Bottlenecks: what slow requests wait for, and what slow and failed ones have in common.

use std::fmt::Write as _;
use std::fs;

use serde_json::{Value as Json, json};

use crate::program::{Ran, obs};
use crate::traces::{BEGIN, each, recorded};

fn over(text: &str, more: &[&str]) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("traces.jsonl");
    fs::write(&path, text).expect("a file");
    let path = path.to_string_lossy().into_owned();
    obs(&[&["stats", path.as_str()][..], more].concat())
}

fn number(value: &Json) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}

#[test]
fn slow_requests_are_held_against_calm_ones() {
    // From the fiftieth trace on pricing takes 80 ms longer. What each takes itself: 12 ms and 0 to 4 ms more, by turns;
    // so the slowest ten are those of the late ones with 4 ms more, and the calm half is the early ones, with 2 in the mean.
    let found = over(&recorded(("pricing", 80, 0)), &["--critical-path", "--output", "json"]).json();
    assert_eq!(json!([found["slow"], found["calm"]]), json!([10, 50]));
    assert_eq!(json!([found["slow_ms"], found["calm_ms"]]), json!([134.0, 48.0]));
    let parts = found["parts"].as_array().expect("parts");
    let part = |service: &str, operation: &str| {
        let is_it = |part: &&Json| part["service"] == service && part["operation"] == operation;
        parts.iter().find(is_it).unwrap_or_else(|| panic!("{service} {operation}: {found:#}"))
    };
    assert_eq!(parts[0]["service"], "pricing");
    let own = part("pricing", "serve pricing");
    assert_eq!(json!([own["slow_ms"], own["calm_ms"], own["more_ms"]]), json!([96.0, 14.0, 82.0]));
    assert!((number(&own["share"]) - 82.0 / 86.0).abs() < 1e-4, "{own}");
    let call = part("till", "call pricing");
    assert_eq!(json!([call["slow_ms"], call["calm_ms"]]), json!([3.0, 3.0]));
    // The parts sum up to the whole.
    let sum = |key: &str| parts.iter().map(|part| number(&part[key])).sum::<f64>();
    assert!((sum("slow_ms") - 134.0).abs() < 0.01 && (sum("calm_ms") - 48.0).abs() < 0.01);
    assert!((sum("share") - 1.0).abs() < 0.01);
    assert_eq!(own["longest"]["duration_ms"], 96.0);
}

#[test]
fn who_is_slow_may_be_said() {
    let text = recorded(("till", 300, 0));
    let found = over(&text, &["--critical-path=200ms", "--output", "json"]).json();
    assert_eq!(json!([found["slow"], found["calm"]]), json!([50, 50]));
    assert_eq!(found["parts"][0]["operation"], "serve till");
    assert_eq!(found["parts"][0]["more_ms"], 300.0);
    let ran = over(&text, &["--critical-path=soon"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("p95"), "{}", ran.stderr);
    // Where all take as long, none is slow.
    let alike: String = recorded(("nobody", 0, 0)).lines().take(5).flat_map(|line| [line, "\n"]).collect();
    let ran = over(&alike, &["--critical-path"]);
    assert!(ran.text().contains("No request takes longer than others"), "{ran:?}");
}

#[test]
fn every_notation_has_critical_paths() {
    each(&["stats", "--critical-path", "--output", "json"], |name, found| {
        assert_eq!(found["slow"], 0, "{name}: there is one request only");
        let request = &found["requests"][0];
        assert_eq!(
            json!([request["service"], request["operation"], request["failed"], request["p50_ms"]]),
            json!(["web", "GET /pay", 1, 500.0]),
            "{name}"
        );
    });
}

/// Sixty requests: every sixth is one of acme's, asks the store twice instead of the cache once, and fails there.
pub(crate) fn shop() -> String {
    let mut text = String::new();
    for at in 0..60_u64 {
        let (is_acme, trace) = (at % 6 == 5, format!("{:032x}", at + 1));
        let start = BEGIN + at * 1000;
        let mut spans =
            vec![(1, 0, "web", "GET /cart", 2, 0, if is_acme { 400 } else { 50 + at % 7 }, is_acme)];
        if is_acme {
            spans.push((2, 1, "store", "SELECT items", 2, 10, 100, false));
            spans.push((3, 1, "store", "SELECT items", 2, 120, 200, true));
        } else {
            spans.push((2, 1, "cache", "GET items", 2, 10, 20, false));
        }
        for (id, parent, service, name, kind, from, took, failed) in spans {
            let nanos = |ms: u64| ((start + ms) * 1_000_000).to_string();
            let customer = if is_acme { "acme" } else { ["globex", "initech"][(at % 2) as usize] };
            let attributes = json!([{"key": "customer", "value": {"stringValue": customer}},
                {"key": "order", "value": {"intValue": at.to_string()}}]);
            let span = json!({"traceId": trace, "spanId": format!("{id:016x}"),
                "parentSpanId": if parent == 0 { String::new() } else { format!("{parent:016x}") }, "name": name, "kind": kind,
                "startTimeUnixNano": nanos(from), "endTimeUnixNano": nanos(from + took), "attributes": attributes,
                "status": if failed { json!({"code": 2}) } else { json!({}) }});
            let batch = json!({"resourceSpans": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}, "scopeSpans": [{"spans": [span]}]}]});
            let _ = writeln!(text, "{batch}");
        }
    }
    text
}

#[test]
fn what_slow_and_failed_requests_have_in_common_is_told() {
    let found = over(&shop(), &["--critical-path=200ms", "--output", "json"]).json();
    assert_eq!(
        json!([found["slow"], found["calm"], found["failed"], found["others"]]),
        json!([10, 50, 10, 50])
    );
    for side in ["slow_have", "failed_have"] {
        let have = found[side].as_array().expect("a list");
        let told: Vec<Json> = have
            .iter()
            .map(|one| {
                json!([
                    one["what"],
                    one["service"],
                    one["operation"],
                    one["field"],
                    one["value"],
                    one["share"],
                    one["others"]
                ])
            })
            .collect();
        for wanted in [
            json!(["does", "store", "SELECT items", null, null, 1.0, 0.0]),
            json!(["fails", "store", "SELECT items", null, null, 1.0, 0.0]),
            json!(["lacks", "cache", "GET items", null, null, 1.0, 0.0]),
            json!(["says", null, null, "customer", "acme", 1.0, 0.0]),
        ] {
            assert!(told.contains(&wanted), "{side}: {wanted}: {told:#?}");
        }
        assert!(!told.iter().any(|one| one[3] == "order"), "{side}: {told:#?}");
    }
    // The store is asked twice.
    let store = &found["parts"][0];
    assert_eq!(
        json!([store["service"], store["slow_times"], store["calm_times"]]),
        json!(["store", 2.0, 0.0])
    );
    assert_eq!(store["more_ms"], 300.0);
}

#[test]
fn the_answer_has_all_forms() {
    let text = shop();
    let ran = over(&text, &["--critical-path=200ms"]);
    for words in [
        "Where the time of slow requests goes",
        "customer = acme",
        "errors begin in store: SELECT items",
        "obs correlate --id ",
    ] {
        assert!(ran.text().contains(words), "{words}: {}", ran.text());
    }
    assert!(ran.text().lines().all(|line| line.chars().count() <= 80), "{}", ran.text());
    let csv = over(&text, &["--critical-path=200ms", "--output", "csv"]).text();
    assert!(csv.starts_with("service,operation,slow_ms,calm_ms,more_ms,"), "{csv}");
    assert!(csv.contains("store,SELECT items,300,0,300,"), "{csv}");
    let markdown = over(&text, &["--critical-path=200ms", "--output", "markdown"]).text();
    assert!(markdown.contains("SELECT items** | 300 ms |"), "{markdown}");
    for threads in ["1", "3"] {
        let args = ["--critical-path", "--output", "json", "-j", threads];
        let (one, other) = (over(&text, &args).json(), over(&text, &args[..3]).json());
        assert_eq!(
            (&one["parts"][0]["more_ms"], &one["slow_have"]),
            (&other["parts"][0]["more_ms"], &other["slow_have"])
        );
    }
}

#[test]
fn requests_without_their_beginning_are_told_apart() {
    // Every other request lacks its root.
    let text = recorded(("pricing", 80, 0));
    let cut: String = text
        .lines()
        .filter(|line| {
            let batch: Json = serde_json::from_str(line).expect("JSON");
            let span = &batch["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
            let is_odd = span["traceId"].as_str().is_some_and(|id| id.ends_with(['1', '3', '5', '7', '9']));
            !(span["parentSpanId"] == "" && is_odd)
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    let found = over(&cut, &["--critical-path", "--output", "json"]).json();
    let requests = found["requests"].as_array().expect("requests");
    let cuts: Vec<Json> =
        requests.iter().map(|of| json!([of["service"], of["operation"], of["cut"]])).collect();
    assert!(cuts.contains(&json!(["web", "serve web", false])), "{cuts:?}");
    assert!(cuts.contains(&json!(["web", "call till", true])), "{cuts:?}");
    assert!(over(&cut, &["--critical-path"]).text().contains("the beginning is not in these files"));
    let ran = over("2024-03-05T10:10:10Z INFO started\n", &["--critical-path"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.text().contains("no spans"), "{ran:?}");
}
