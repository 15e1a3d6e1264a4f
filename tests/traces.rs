//! Traces in every notation: the same spans, however they are written, and what follows from them, against a computation
//! of its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use serde_json::{Value as Json, json};

use crate::program::obs;

/// A span: id, parent, service, operation, kind, start and duration in milliseconds, error, peer.
pub(crate) type Span = (u64, u64, &'static str, &'static str, &'static str, u64, u64, bool, &'static str);

/// A request through a shop: the till asks twice for a price, the second time in vain.
pub(crate) const TRACE: [Span; 7] = [
    (1, 0, "web", "GET /pay", "server", 0, 500, true, ""),
    (2, 1, "web", "POST till", "client", 20, 460, true, "till"),
    (3, 2, "till", "POST /till", "server", 40, 400, true, ""),
    (4, 3, "till", "GET price", "client", 50, 100, false, "pricing"),
    (5, 4, "pricing", "GET /price", "server", 60, 70, false, ""),
    (6, 3, "till", "GET price", "client", 200, 200, true, "pricing"),
    (7, 6, "pricing", "GET /price", "server", 210, 150, true, ""),
];

/// 2024-03-05 10:10:10.
pub(crate) const BEGIN: u64 = 1_709_633_410_000;
pub(crate) const ID: &str = "5b8efff798038103d269b633813fc60c";

fn hex(id: u64) -> String {
    if id == 0 { String::new() } else { format!("00f067aa0ba902{id:02x}") }
}

fn base64(hex: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bytes: Vec<u8> =
        (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect();
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let bits =
            chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at)) as usize & 63];
            out.push(if at <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

fn services() -> Vec<&'static str> {
    let mut names: Vec<&str> = TRACE.iter().map(|span| span.2).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn otlp(id: impl Fn(&str) -> String, scopes: &str) -> Json {
    let of = |service: &str| {
        let spans = TRACE.iter().filter(|span| span.2 == service).map(|(own, parent, _, operation, kind, start, took, error, peer)| {
            let kinds = ["internal", "server", "client"];
            let mut attributes = vec![json!({"key": "name", "value": {"stringValue": "not its operation"}})];
            if !peer.is_empty() {
                attributes.push(json!({"key": "peer.service", "value": {"stringValue": peer}}));
            }
            let nanos = |ms: u64| ((BEGIN + ms) * 1_000_000).to_string();
            json!({"traceId": id(ID), "spanId": id(&hex(*own)), "parentSpanId": id(&hex(*parent)), "name": operation,
                "kind": kinds.iter().position(|name| name == kind).unwrap() + 1,
                "startTimeUnixNano": nanos(*start), "endTimeUnixNano": nanos(start + took),
                "attributes": attributes, "status": if *error { json!({"code": 2}) } else { json!({}) }})
        });
        json!({"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]},
            scopes: [{"scope": {"name": "x"}, "spans": spans.collect::<Vec<_>>()}]})
    };
    json!(services().into_iter().map(of).collect::<Vec<_>>())
}

fn jaeger() -> Json {
    let spans = TRACE.iter().map(|(own, parent, service, operation, kind, start, took, error, peer)| {
        let mut tags = vec![json!({"key": "span.kind", "type": "string", "value": kind})];
        if *error {
            tags.push(json!({"key": "error", "type": "bool", "value": true}));
        }
        if !peer.is_empty() {
            tags.push(json!({"key": "peer.service", "type": "string", "value": peer}));
        }
        let reference = json!({"refType": "CHILD_OF", "traceID": ID, "spanID": hex(*parent)});
        json!({"traceID": ID, "spanID": hex(*own), "operationName": operation,
            "references": if *parent == 0 { json!([]) } else { json!([reference]) },
            "startTime": (BEGIN + start) * 1000, "duration": took * 1000, "tags": tags, "logs": [],
            "processID": format!("p-{service}"), "warnings": null})
    });
    let processes: serde_json::Map<String, Json> = services()
        .into_iter()
        .map(|service| (format!("p-{service}"), json!({"serviceName": service, "tags": []})))
        .collect();
    json!({"data": [{"traceID": ID, "spans": spans.collect::<Vec<_>>(), "processes": processes, "warnings": null}], "errors": null})
}

fn zipkin() -> Json {
    let spans = TRACE.iter().map(|(own, parent, service, operation, kind, start, took, error, peer)| {
        let mut span = json!({"traceId": ID, "id": hex(*own), "kind": kind.to_uppercase(), "name": operation,
            "timestamp": (BEGIN + start) * 1000, "duration": took * 1000,
            "localEndpoint": {"serviceName": service}, "tags": {}});
        if *parent != 0 {
            span["parentId"] = json!(hex(*parent));
        }
        if *error {
            span["tags"] = json!({"error": "timed out"});
        }
        if !peer.is_empty() {
            span["remoteEndpoint"] = json!({"serviceName": peer});
        }
        span
    });
    json!(spans.collect::<Vec<_>>())
}

/// The spans as OpenTelemetry's exporter for Python prints them.
fn console() -> String {
    let time = |ms: u64| format!("2024-03-05T10:10:{:02}.{:03}000Z", 10 + ms / 1000, ms % 1000);
    let spans = TRACE.iter().map(|(own, parent, service, operation, kind, start, took, error, peer)| {
        let parent = if *parent == 0 { Json::Null } else { json!(format!("0x{}", hex(*parent))) };
        let mut attributes = serde_json::Map::new();
        if !peer.is_empty() {
            attributes.insert("peer.service".into(), json!(peer));
        }
        let span = json!({"name": operation,
            "context": {"trace_id": format!("0x{ID}"), "span_id": format!("0x{}", hex(*own)), "trace_state": "[]"},
            "kind": format!("SpanKind.{}", kind.to_uppercase()), "parent_id": parent,
            "start_time": time(*start), "end_time": time(start + took),
            "status": {"status_code": if *error { "ERROR" } else { "UNSET" }}, "attributes": attributes,
            "events": [], "links": [], "resource": {"attributes": {"service.name": service}, "schema_url": ""}});
        serde_json::to_string_pretty(&span).unwrap() + "\n"
    });
    spans.collect()
}

/// The spans as OpenTelemetry's exporter for Go prints them.
fn go() -> String {
    let time = |ms: u64| format!("2024-03-05T10:10:{:02}.{:03}Z", 10 + ms / 1000, ms % 1000);
    let spans = TRACE.iter().map(|(own, parent, service, operation, kind, start, took, error, peer)| {
        let kinds = ["unspecified", "internal", "server", "client"];
        let context = |trace: &str, span: &str| json!({"TraceID": trace, "SpanID": span, "TraceFlags": "01", "TraceState": "", "Remote": false});
        let parent = if *parent == 0 { context(&"0".repeat(32), &"0".repeat(16)) } else { context(ID, &hex(*parent)) };
        let text = |key: &str, value: &str| json!({"Key": key, "Value": {"Type": "STRING", "Value": value}});
        let attributes = if peer.is_empty() { Json::Null } else { json!([text("peer.service", peer)]) };
        let span = json!({"Name": operation, "SpanContext": context(ID, &hex(*own)), "Parent": parent,
            "SpanKind": kinds.iter().position(|name| name == kind).unwrap(), "StartTime": time(*start), "EndTime": time(start + took),
            "Attributes": attributes, "Events": null, "Links": null,
            "Status": {"Code": if *error { "Error" } else { "Unset" }, "Description": ""}, "DroppedAttributes": 0,
            "ChildSpanCount": 0, "Resource": [text("service.name", service), text("telemetry.sdk.language", "go")],
            "InstrumentationScope": {"Name": "shop", "Version": "", "SchemaURL": ""}});
        span.to_string() + "\n"
    });
    spans.collect()
}

/// The spans as OpenTelemetry's exporter for JavaScript prints them; `old` is how it named parents before.
fn javascript(old: bool) -> String {
    let spans = TRACE.iter().map(|(own, parent, service, operation, kind, start, took, error, peer)| {
        let kinds = ["internal", "server", "client"];
        let kind = kinds.iter().position(|name| name == kind).unwrap();
        let parent = match (*parent, old) {
            (0, true) => "parentId: undefined".to_owned(),
            (0, false) => "parentSpanContext: undefined".to_owned(),
            (parent, true) => format!("parentId: '{}'", hex(parent)),
            (parent, false) => format!("parentSpanContext: {{\n    traceId: '{ID}',\n    spanId: '{}',\n    traceFlags: 1\n  }}", hex(parent)),
        };
        let attributes = if peer.is_empty() { "{}".to_owned() } else { format!("{{ 'peer.service': '{peer}' }}") };
        let (start, took, code) = ((BEGIN + start) * 1000, took * 1000, if *error { 2 } else { 0 });
        format!("{{\n  resource: {{\n    attributes: {{\n      'service.name': '{service}',\n      'telemetry.sdk.language': 'nodejs'\n    }}\n  }},\n  \
                 instrumentationScope: {{ name: 'shop', version: undefined, schemaUrl: undefined }},\n  traceId: '{ID}',\n  {parent},\n  \
                 traceState: undefined,\n  name: '{operation}',\n  id: '{}',\n  kind: {kind},\n  timestamp: {start},\n  duration: {took},\n  \
                 attributes: {attributes},\n  status: {{ code: {code} }},\n  events: [],\n  links: []\n}}\n", hex(*own))
    });
    spans.collect()
}

/// The spans as OpenTelemetry's exporter for Java logs them: batches of OTLP, behind what the logger says.
fn java() -> String {
    let batches = otlp(str::to_owned, "scopeSpans");
    let line = |batch: &Json| format!("INFO: {batch}\n");
    let named = "Mar 05, 2024 10:10:10 AM io.opentelemetry.exporter.logging.otlp.OtlpJsonLoggingSpanExporter export\n";
    batches.as_array().unwrap().iter().map(|batch| named.to_owned() + &line(batch)).collect()
}

fn table() -> String {
    let mut text =
        "trace_id,span_id,parent_id,service,operation,span_kind,start_time,end_time,error,peer\n".to_owned();
    for (own, parent, service, operation, kind, start, took, error, peer) in TRACE {
        let parent = if parent == 0 { "root".to_owned() } else { hex(parent) };
        let (start, end) = ((BEGIN + start) * 1000, (BEGIN + start + took) * 1000);
        let _ = writeln!(
            text,
            "{ID},{},{parent},{service},{operation},{kind},{start},{end},{error},{peer}",
            hex(own)
        );
    }
    text
}

pub(crate) fn notations() -> Vec<(&'static str, String)> {
    let plain = |id: &str| id.to_owned();
    let lines = otlp(plain, "scopeSpans");
    let lines =
        lines.as_array().unwrap().iter().map(|batch| json!({"resourceSpans": [batch]}).to_string() + "\n");
    vec![
        ("otlp-lines.jsonl", lines.collect()),
        (
            "otlp.json",
            serde_json::to_string_pretty(&json!({"resourceSpans": otlp(plain, "scopeSpans")})).unwrap(),
        ),
        ("otlp-old.json", json!({"resourceSpans": otlp(plain, "instrumentationLibrarySpans")}).to_string()),
        ("tempo.json", json!({"batches": otlp(base64, "scopeSpans")}).to_string()),
        ("jaeger.json", jaeger().to_string()),
        ("zipkin.json", zipkin().to_string()),
        ("zipkin-traces.json", json!([zipkin()]).to_string()),
        ("console.log", console()),
        ("go.log", go()),
        ("javascript.log", javascript(false)),
        ("javascript-old.log", javascript(true)),
        ("java.log", java()),
        ("spans.csv", table()),
        ("spans.tsv", table().replace(',', "\t")),
    ]
}

/// Runs a command over each notation.
pub(crate) fn each(args: &[&str], mut check: impl FnMut(&str, Json)) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in notations() {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("a file");
        let path = path.to_string_lossy().into_owned();
        let mut all = args.to_vec();
        all.push(&path);
        let ran = obs(&all);
        assert_eq!(ran.code, 0, "{name}: {ran:?}");
        check(name, if args.contains(&"jsonl") { lines(&ran.text()) } else { ran.json() });
    }
}

fn lines(text: &str) -> Json {
    text.lines().map(|line| serde_json::from_str::<Json>(line).expect("JSON")).collect()
}

#[test]
fn every_notation_says_the_same() {
    each(&["grep", "", "--output", "jsonl"], |name, found| {
        let mut found: Vec<Json> = found.as_array().unwrap().clone();
        // The head of a table is none.
        found.retain(|entry| entry["span"].is_object());
        found.sort_by_key(|entry| entry["span"]["span_id"].to_string());
        assert_eq!(found.len(), TRACE.len(), "{name}: every span is an entry");
        for (entry, (own, parent, service, operation, kind, start, took, error, peer)) in
            found.iter().zip(TRACE)
        {
            let parent = if parent == 0 { Json::Null } else { json!(hex(parent)) };
            let peer = if peer.is_empty() { Json::Null } else { json!(peer) };
            let span = &entry["span"];
            let status = span["status"].as_str().map(|status| status == "error");
            assert_eq!(status, Some(error), "{name}: {entry}");
            let mut span = span.clone();
            span.as_object_mut().unwrap().remove("status");
            let wanted = json!({"trace_id": ID, "span_id": hex(own), "parent_id": parent, "service": service,
                "operation": operation, "kind": kind, "duration_ms": took as f64, "peer": peer});
            assert_eq!(span, wanted, "{name}");
            let begin = BEGIN + start;
            let time = format!("2024-03-05T10:10:{:02}.{:03}000000Z", begin / 1000 % 60, begin % 1000);
            assert_eq!(entry["timestamp"], time, "{name}");
            assert_eq!((&entry["message"], &entry["request_id"]), (&json!(operation), &json!(ID)), "{name}");
        }
    });
}

#[test]
fn conditions_know_spans() {
    each(
        &["grep", "", "--output", "jsonl", "--where", "span.kind == \"client\" and span.status == \"error\""],
        |name, found| {
            assert_eq!(found.as_array().map(Vec::len), Some(2), "{name}");
        },
    );
    each(&["stats", "--output", "json"], |name, found| {
        let group = &found["groups"][0];
        assert_eq!(
            (&group["requests"], &group["success"]),
            (&json!(1), &json!(0)),
            "{name}: the root decides"
        );
        assert_eq!(group["values"]["max"], json!(500.0), "{name}");
    });
}

#[test]
fn own_times_and_the_critical_path_are_right() {
    // Of each span: what no child covers; and going back from the end of the root, who was waited for.
    let own: BTreeMap<u64, f64> =
        [(1, 40.0), (2, 60.0), (3, 100.0), (4, 30.0), (5, 70.0), (6, 50.0), (7, 150.0)].into();
    each(&["correlate", "--id", ID, "--output", "json"], |name, found| {
        let spans = found["spans"].as_array().unwrap_or_else(|| panic!("{name}: {found}"));
        assert_eq!(spans.len(), TRACE.len(), "{name}");
        for span in spans {
            let id = span["span_id"].as_str().unwrap();
            let number = u64::from_str_radix(&id[14..], 16).unwrap();
            assert_eq!(span["own_ms"].as_f64(), own.get(&number).copied(), "{name}: {span}");
            // Nothing here goes on beside each other: all of it was waited for.
            assert_eq!(span["critical_ms"], span["own_ms"], "{name}: {span}");
        }
        let critical: f64 = spans.iter().filter_map(|span| span["critical_ms"].as_f64()).sum();
        assert_eq!(critical, 500.0, "{name}");
        let request = &found["requests"][0];
        assert_eq!(
            (&request["outcome"], &request["duration_ms"]),
            (&json!("failed"), &json!(500.0)),
            "{name}"
        );
    });
}

#[test]
fn each_remote_call_counts_once() {
    each(&["correlate", "--graph", "--output", "json"], |name, found| {
        let edges: Vec<_> = found["edges"]
            .as_array()
            .unwrap()
            .iter()
            .map(|edge| json!([edge["from"], edge["to"], edge["calls"], edge["failed"], edge["retries"]]))
            .collect();
        assert_eq!(json!(edges), json!([["till", "pricing", 2, 1, 0], ["web", "till", 1, 1, 0]]), "{name}");
    });
}

#[test]
fn the_graph_of_one_trace_is_drawn() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("traces.jsonl");
    fs::write(&path, recorded(("pricing", 80, 0))).expect("a file");
    let (path, id) = (path.to_string_lossy().into_owned(), format!("{:032x}", 100));
    let graph = ["correlate", &path, "--id", &id];
    let found = obs(&[&graph[..], &["--graph", "--output", "json"]].concat()).json();
    let edges: Vec<Json> = found["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| json!([e["from"], e["to"], e["calls"], e["p99_ms"]]))
        .collect();
    assert_eq!(json!(edges), json!([["till", "pricing", 1, 95.0], ["web", "till", 1, 113.0]]));
    assert_eq!((&found["requests"], &found["totals"]["requests"]), (&json!(1), &json!(1)));
    let mermaid = obs(&[&graph[..], &["--graph=mermaid"]].concat()).text();
    assert!(mermaid.starts_with("flowchart LR") && mermaid.contains("p99 95.0 ms"), "{mermaid}");
    assert!(obs(&[&graph[..], &["--graph=dot"]].concat()).text().starts_with("digraph"));
    let page = obs(&[&graph[..], &["--output", "html"]].concat()).text();
    for words in ["serve pricing", "critical path", "<svg"] {
        assert!(page.contains(words), "{words}: {page}");
    }
}

#[test]
fn logs_stand_in_their_places_and_cut_exports_say_what_is_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a file");
    // The root is missing, and a span is there twice.
    let mut spans = zipkin().as_array().unwrap().clone();
    spans[0] = spans[6].clone();
    write("spans.json", &json!(spans).to_string());
    write(
        "pricing.log",
        &format!("2024-03-05T10:10:10.300Z ERROR [pricing,{ID},{}] acme.Price : no price\n", hex(7)),
    );
    let ran = obs(&["correlate", &folder.path().to_string_lossy(), "--id", ID]);
    let text = ran.text();
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words}: {text}"));
    assert!(at("* GET /price (error)") < at("no price"), "{text}");
    at("The parent of 1 span is not in these files.");
    at("1 span is there twice and shown once.");
    at("Its errors began in pricing (GET /price)");
}

/// Traces of ten minutes, ten a minute: web calls till, till calls pricing; from the fifth minute on the time that one of
/// them takes grows. `slow` says what is added: the service, its own milliseconds, and those on the way to it.
pub(crate) fn recorded(slow: (&str, u64, u64)) -> String {
    let mut text = String::new();
    for at in 0..100_u64 {
        let grows = |service: &str| if at >= 50 && service == slow.0 { (slow.1, slow.2) } else { (0, 0) };
        let trace = format!("{:032x}", at + 1);
        let mut spans = Vec::new();
        let (mut start, jitter) = (BEGIN + at * 6_000, at * 7 % 5);
        // From the innermost outwards: how long each takes.
        let mut took = 0;
        let mut shape = Vec::new();
        for service in ["pricing", "till", "web"] {
            let (own, way) = grows(service);
            took += 12 + jitter + own;
            let client = took + 3 + way;
            shape.push((service, took, client));
            took = client;
        }
        for (depth, (service, took, client)) in shape.iter().rev().enumerate() {
            let id = 2 * depth as u64 + 1;
            if depth > 0 {
                let caller = ["web", "till"][depth - 1];
                spans.push((id - 1, id - 2, caller, format!("call {service}"), 3, start, *client));
                start += 1;
            }
            spans.push((id, id.saturating_sub(1), service, format!("serve {service}"), 2, start, *took));
            start += 5;
        }
        for (id, parent, service, name, kind, start, took) in spans {
            let nanos = |ms: u64| (ms * 1_000_000).to_string();
            let span = json!({"traceId": trace, "spanId": format!("{id:016x}"), "parentSpanId": if parent == 0 { String::new() } else { format!("{parent:016x}") },
                "name": name, "kind": kind, "startTimeUnixNano": nanos(start), "endTimeUnixNano": nanos(start + took), "status": {}});
            let batch = json!({"resourceSpans": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}, "scopeSpans": [{"spans": [span]}]}]});
            text.push_str(&batch.to_string());
            text.push('\n');
        }
    }
    text
}

fn first_cause(text: &str) -> Json {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("traces.jsonl"), text).expect("a file");
    obs(&["investigate", &folder.path().to_string_lossy(), "--output", "json"]).json()["causes"][0].clone()
}

#[test]
fn the_service_that_got_slow_is_blamed_and_not_its_callers() {
    for (slow, service, words) in [
        (("pricing", 80, 0), "pricing", "its own work takes longer: serve pricing"),
        (("till", 80, 0), "till", "its own work takes longer: serve till"),
        (("pricing", 0, 300), "pricing", "take longer on the way"),
    ] {
        let cause = first_cause(&recorded(slow));
        assert_eq!(cause["subject"]["service"], service, "{slow:?}: {cause:#}");
        assert!(cause["summary"].as_str().is_some_and(|said| said.contains(words)), "{slow:?}: {cause:#}");
        let evidence = &cause["evidence"][0];
        assert!(evidence["trace"].is_string() && evidence["span"].is_string(), "{evidence}");
        assert!(evidence["operation"].is_string() && evidence["service"].is_string(), "{evidence}");
        // The fiftieth trace is the first.
        let onset = cause["from"].as_str().unwrap_or_default();
        assert!(onset.starts_with("2024-03-05T10:15:1"), "{slow:?}: {onset}");
    }
    assert_eq!(first_cause(&recorded(("nobody", 80, 0))), Json::Null);
}

#[test]
fn detectors_of_spans_are_listed_and_can_be_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("traces.jsonl"), recorded(("pricing", 80, 0))).expect("a file");
    let path = folder.path().to_string_lossy().into_owned();
    let listed = obs(&["detect", "--list"]).text();
    for name in ["slow-spans", "failed-spans", "changed-flow"] {
        assert!(listed.contains(name), "{listed}");
        let found = obs(&["detect", &path, "--only", name, "--output", "json"]).json();
        let findings = found["findings"].as_array().expect("findings");
        assert_eq!(!findings.is_empty(), name == "slow-spans", "{name}: {found:#}");
        assert!(findings.iter().all(|finding| finding["evidence"][0]["trace"].is_string()), "{found:#}");
    }
}

/// What the services of [`recorded`] say within their spans: each that it begins and that it is done. From the fiftieth
/// trace on one of them says something else, or nothing, instead of its last words.
fn said_within(changed: &str, instead: Option<(&str, &str)>) -> String {
    let mut text = String::new();
    for at in 0..100_u64 {
        let ms = BEGIN + at * 6_000;
        for (id, service) in [(1, "web"), (3, "till"), (5, "pricing")] {
            let mut say = |after: u64, level: &str, message: &str| {
                let ts = chrono::DateTime::from_timestamp_millis((ms + after) as i64).unwrap().to_rfc3339();
                let entry = json!({"ts": ts, "level": level, "service": service, "trace_id": format!("{:032x}", at + 1),
                    "span_id": format!("{id:016x}"), "message": message});
                text.push_str(&entry.to_string());
                text.push('\n');
            };
            say(6 * id, "info", &format!("taking order {}", at * 31));
            match instead.filter(|_| service == changed && at >= 50) {
                Some((level, message)) if !message.is_empty() => say(6 * id + 1, level, message),
                Some(_) => {}
                None => say(6 * id + 1, "info", &format!("order {} is done, {} lines", at * 31, at % 9)),
            }
        }
    }
    text
}

/// The first cause where nothing is slow, and these logs stand beside the traces.
fn first_cause_within(logs: &str) -> Json {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("traces.jsonl"), recorded(("nobody", 0, 0))).expect("a file");
    fs::write(folder.path().join("services.log"), logs).expect("a file");
    obs(&["investigate", &folder.path().to_string_lossy(), "--output", "json"]).json()["causes"][0].clone()
}

#[test]
fn who_no_longer_says_what_it_usually_says_within_a_span_is_told() {
    for (service, instead, words) in [
        ("pricing", Some(("info", "")), "serve pricing stops early"),
        ("till", Some(("info", "")), "serve till stops early"),
        ("till", Some(("error", "no shelf has order 17")), "serve till fails: “no shelf has order <*>”"),
    ] {
        let cause = first_cause_within(&said_within(service, instead));
        assert_eq!(cause["subject"]["service"], service, "{cause:#}");
        assert!(cause["summary"].as_str().is_some_and(|said| said.contains(words)), "{cause:#}");
        let onset = cause["from"].as_str().unwrap_or_default();
        assert!(onset.starts_with("2024-03-05T10:15:1"), "{onset}");
    }
    // Nothing changed; and another way was taken.
    assert_eq!(first_cause_within(&said_within("till", None)), Json::Null);
    let other_way = said_within("till", Some(("info", "order is put on the pile for the night shift")));
    let cause = first_cause_within(&other_way);
    assert!(cause["confidence"].as_f64().unwrap_or(0.0) < 0.5, "{cause:#}");
}
