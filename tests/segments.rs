//! Traces that are written as segments: AWS X-Ray's with their subsegments, SkyWalking's with numbered spans.

use std::fs;

use serde_json::{Value as Json, json};

use crate::program::obs;
use crate::traces::BEGIN;

const TRACE: &str = "1-5b8efff7-98038103d269b633813fc60c";

/// A request: web asks the till, the till asks a table of DynamoDB in vain.
fn segments() -> [Json; 2] {
    let at = |ms: u64| (BEGIN + ms) as f64 / 1e3;
    [
        json!({"trace_id": TRACE, "id": "6226467e3f845502", "name": "web", "start_time": at(0), "end_time": at(500),
        "http": {"request": {"method": "GET", "url": "https://shop.example/pay?id=7"}, "response": {"status": 502}},
        "annotations": {"customer": "acme"}, "fault": true,
        "subsegments": [
            {"id": "0226467e3f845503", "name": "till", "namespace": "remote", "start_time": at(20), "end_time": at(480),
                "http": {"request": {"method": "POST", "url": "http://till/till"}, "response": {"status": 500}}, "fault": true},
        ]}),
        json!({"trace_id": TRACE, "id": "6226467e3f845504", "parent_id": "0226467e3f845503", "name": "till",
        "start_time": at(40), "end_time": at(440), "fault": true,
        "http": {"request": {"method": "POST", "url": "http://till/till"}},
        "subsegments": [
            {"id": "0226467e3f845505", "name": "## work", "start_time": at(50), "end_time": at(400), "subsegments": [
                {"id": "0226467e3f845506", "name": "DynamoDB", "namespace": "aws", "start_time": at(60), "end_time": at(360),
                    "aws": {"operation": "GetItem", "table_name": "prices"}, "fault": true},
            ]},
        ]}),
    ]
}

/// The same in the notations in which they are found.
fn notations() -> Vec<(&'static str, String)> {
    let texts = || segments().into_iter();
    let documents: Vec<Json> =
        texts().map(|segment| json!({"Id": segment["id"], "Document": segment.to_string()})).collect();
    let answer = json!({"Traces": [{"Id": TRACE, "Duration": 0.5, "LimitExceeded": false, "Segments": documents}],
        "UnprocessedTraceIds": []});
    let lines: String = texts().map(|segment| segment.to_string() + "\n").collect();
    let daemon: String = texts()
        .flat_map(|segment| {
            ["{\"format\": \"json\", \"version\": 1}\n".to_owned(), segment.to_string() + "\n"]
        })
        .collect();
    vec![
        ("answer.json", serde_json::to_string_pretty(&answer).expect("JSON")),
        ("answer-short.json", answer.to_string()),
        ("segments.jsonl", lines.clone()),
        ("segments.json", json!(texts().collect::<Vec<_>>()).to_string()),
        ("daemon.log", daemon),
        // Times as the console of AWS prints them.
        ("exponents.jsonl", lines.replace("1709633410.0,", "1.70963341E9,")),
    ]
}

fn spans(name: &str, text: &str) -> Vec<Json> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    fs::write(&path, text).expect("a file");
    let ran = obs(&["grep", "", &path.to_string_lossy(), "--output", "jsonl"]);
    let entries = ran.text();
    let entries = entries.lines().map(|line| serde_json::from_str::<Json>(line).expect("JSON"));
    let mut spans: Vec<Json> = entries.filter(|entry| entry["span"].is_object()).collect();
    spans.sort_by_key(|entry| entry["timestamp"].to_string());
    spans
}

#[test]
fn segments_and_subsegments_are_spans() {
    for (name, text) in notations() {
        let spans = spans(name, &text);
        let told: Vec<Json> = spans
            .iter()
            .map(|entry| {
                let span = &entry["span"];
                json!([
                    span["span_id"],
                    span["parent_id"],
                    span["service"],
                    span["operation"],
                    span["kind"],
                    span["duration_ms"],
                    span["status"],
                    span["peer"]
                ])
            })
            .collect();
        let wanted = json!([
            ["6226467e3f845502", null, "web", "GET /pay", "server", 500.0, "error", null],
            ["0226467e3f845503", "6226467e3f845502", "web", "POST /till", "client", 460.0, "error", "till"],
            ["6226467e3f845504", "0226467e3f845503", "till", "POST /till", "server", 400.0, "error", null],
            ["0226467e3f845505", "6226467e3f845504", "till", "## work", "internal", 350.0, "ok", null],
            [
                "0226467e3f845506",
                "0226467e3f845505",
                "till",
                "DynamoDB GetItem",
                "client",
                300.0,
                "error",
                "DynamoDB"
            ],
        ]);
        let mut told = told;
        // A segment that says of no fault had none; whether that is told depends on the others.
        if told.get(3).is_some_and(|one| one[6] == "unset") {
            told[3][6] = json!("ok");
        }
        assert_eq!(json!(told), wanted, "{name}");
        assert!(spans.iter().all(|entry| entry["request_id"] == TRACE), "{name}: {spans:#?}");
    }
}

#[test]
fn a_trace_of_segments_is_a_tree() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in notations() {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("a file");
        let path = path.to_string_lossy().into_owned();
        let found = obs(&["correlate", &path, "--id", TRACE, "--output", "json"]).json();
        let critical: f64 =
            found["spans"].as_array().expect(name).iter().filter_map(|s| s["critical_ms"].as_f64()).sum();
        assert!((critical - 500.0).abs() < 0.01, "{name}: {critical}");
        let graph = obs(&["correlate", &path, "--graph", "--output", "json"]).json();
        let edges: Vec<Json> = graph["edges"]
            .as_array()
            .expect("edges")
            .iter()
            .map(|e| json!([e["from"], e["to"], e["calls"], e["failed"]]))
            .collect();
        assert_eq!(json!(edges), json!([["till", "DynamoDB", 1, 1], ["web", "till", 1, 1]]), "{name}");
    }
}

/// The same request by SkyWalking: two segments of numbered spans.
fn skywalking() -> Vec<(&'static str, String)> {
    let ms = |after: u64| BEGIN + after;
    let tags = json!([{"key": "http.method", "value": "GET"}]);
    let reference = |kind: &str, segment: &str| json!([{"traceId": "t1.5.17", (kind): "CrossProcess", (segment): "a.1.1", "parentSpanId": 1}]);
    let answered = json!({"data": {"trace": {"spans": [
        {"traceId": "t1.5.17", "segmentId": "a.1.1", "spanId": 0, "parentSpanId": -1, "refs": [], "serviceCode": "web",
            "startTime": ms(0), "endTime": ms(500), "endpointName": "/pay", "type": "Entry", "peer": "", "component": "Tomcat",
            "isError": true, "layer": "Http", "tags": tags, "logs": []},
        {"traceId": "t1.5.17", "segmentId": "a.1.1", "spanId": 1, "parentSpanId": 0, "refs": [], "serviceCode": "web",
            "startTime": ms(20), "endTime": ms(480), "endpointName": "/till", "type": "Exit", "peer": "till:8080",
            "component": "HttpClient", "isError": false, "layer": "Http", "tags": [], "logs": []},
        {"traceId": "t1.5.17", "segmentId": "b.2.1", "spanId": 0, "parentSpanId": -1, "refs": reference("type", "parentSegmentId"),
            "serviceCode": "till", "startTime": ms(40), "endTime": ms(440), "endpointName": "/till", "type": "Entry", "peer": "",
            "component": "Tomcat", "isError": false, "layer": "Http", "tags": [], "logs": []},
    ]}}});
    let segment = |id: &str, service: &str, spans: Json| json!({"traceId": "t1.5.17", "traceSegmentId": id, "service": service, "serviceInstance": "i1", "isSizeLimited": false, "spans": spans});
    let sent = [
        segment(
            "a.1.1",
            "web",
            json!([
                {"spanId": 0, "parentSpanId": -1, "startTime": ms(0).to_string(), "endTime": ms(500).to_string(), "operationName": "/pay",
                    "spanType": "Entry", "spanLayer": "Http", "componentId": 1, "isError": true, "tags": tags, "logs": [], "refs": []},
                {"spanId": 1, "parentSpanId": 0, "startTime": ms(20).to_string(), "endTime": ms(480).to_string(), "operationName": "/till",
                    "spanType": "Exit", "peer": "till:8080", "spanLayer": "Http", "componentId": 2, "isError": false, "tags": [], "logs": []},
            ]),
        ),
        segment(
            "b.2.1",
            "till",
            json!([
                {"spanId": 0, "parentSpanId": -1, "startTime": ms(40).to_string(), "endTime": ms(440).to_string(), "operationName": "/till",
                    "spanType": "Entry", "refs": reference("refType", "parentTraceSegmentId"), "isError": false, "tags": [], "logs": []},
            ]),
        ),
    ];
    vec![
        ("answer.json", answered.to_string()),
        ("answer-long.json", serde_json::to_string_pretty(&answered).expect("JSON")),
        ("segments.jsonl", sent.iter().map(|segment| segment.to_string() + "\n").collect()),
        ("segments.json", json!(sent).to_string()),
    ]
}

#[test]
fn numbered_spans_are_told_apart_by_their_segments() {
    for (name, text) in skywalking() {
        let told: Vec<Json> = spans(name, &text)
            .iter()
            .map(|entry| {
                let span = &entry["span"];
                json!([
                    span["span_id"],
                    span["parent_id"],
                    span["service"],
                    span["operation"],
                    span["kind"],
                    span["duration_ms"],
                    span["status"]
                ])
            })
            .collect();
        assert_eq!(
            json!(told),
            json!([
                ["a.1.1.0", null, "web", "/pay", "server", 500.0, "error"],
                ["a.1.1.1", "a.1.1.0", "web", "/till", "client", 460.0, "unset"],
                ["b.2.1.0", "a.1.1.1", "till", "/till", "server", 400.0, "unset"],
            ]),
            "{name}"
        );
    }
}
