//! Exports of traces as they are found: cut off, sampled, out of order, large; and the fixtures, a trace in each notation.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Value as Json, json};

use crate::bottlenecks::shop;
use crate::program::{Ran, obs, program};
use crate::traces::{BEGIN, TRACE, notations, recorded};

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/traces")
}

/// A trace in each notation, and those of a shop.
fn fixtures() -> Vec<(&'static str, String)> {
    notations().into_iter().chain([("shop.jsonl", shop())]).collect()
}

#[test]
fn the_fixtures_are_the_same_trace_in_each_notation() {
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(folder()).expect("a folder");
        for (name, text) in fixtures() {
            fs::write(folder().join(name), text).expect("a file");
        }
    }
    let mut named: Vec<&str> = fixtures().iter().map(|(name, _)| *name).collect();
    for (name, text) in fixtures() {
        assert_eq!(
            fs::read_to_string(folder().join(name)).unwrap_or_default(),
            text,
            "{name}; UPDATE=1 writes it"
        );
    }
    let mut there: Vec<String> = fs::read_dir(folder())
        .expect("the fixtures")
        .map(|entry| entry.expect("one").file_name().to_string_lossy().into_owned())
        .collect();
    named.sort_unstable();
    there.sort_unstable();
    assert_eq!(named, there);
}

fn over(name: &str, text: &str, run: impl FnOnce(&str) -> Ran) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    fs::write(&path, text).expect("a file");
    run(&path.to_string_lossy())
}

/// How many spans there are.
fn spans(name: &str, text: &str) -> usize {
    let ran = over(name, text, |path| obs(&["grep", "", path, "--output", "jsonl"]));
    assert!(ran.code <= 1, "{name}: {ran:?}");
    let ran = ran.text();
    let entries = ran.lines().map(|line| serde_json::from_str::<Json>(line).expect("JSON"));
    entries.filter(|entry| entry["span"].is_object()).count()
}

#[test]
fn an_export_that_is_cut_off_gives_what_it_has() {
    for (name, text) in notations() {
        let (mut before, parts) = (0, 6);
        for part in 1..=parts {
            let mut end = text.len() * part / parts;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            let found = spans(name, &text[..end]);
            assert!(
                before <= found && found <= TRACE.len(),
                "{name}: {found} in {part} of {parts} parts, {before} before"
            );
            before = found;
        }
        assert_eq!(before, TRACE.len(), "{name}");
        // Half of it has two of seven at least, but for what stands in order of services behind long heads.
        assert!(spans(name, &text[..text.len() * 2 / 3]) >= 2, "{name}");
    }
}

/// The lines of a text in an order that has nothing to do with time.
fn shuffled(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_by_key(|line| {
        line.bytes().fold(7_u64, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
    });
    lines.join("\n") + "\n"
}

/// What is said of a trace and of all, without where it stands.
fn told(text: &str) -> Json {
    let id = format!("{:032x}", 77);
    let mut trace =
        over("traces.jsonl", text, |path| obs(&["correlate", path, "--id", &id, "--output", "json"])).json()
            ["spans"]
            .clone();
    for span in trace.as_array_mut().expect("spans") {
        span.as_object_mut().expect("a span").remove("line");
        span.as_object_mut().expect("a span").remove("file");
    }
    let graph =
        over("traces.jsonl", text, |path| obs(&["correlate", path, "--graph", "--output", "json"])).json();
    let paths =
        over("traces.jsonl", text, |path| obs(&["stats", path, "--critical-path=80ms", "--output", "json"]))
            .json();
    let parts: Vec<Json> = paths["parts"]
        .as_array()
        .expect("parts")
        .iter()
        .map(|part| json!([part["service"], part["operation"], part["slow_ms"], part["calm_ms"]]))
        .collect();
    json!([trace, graph["edges"], graph["services"], parts])
}

#[test]
fn the_order_of_an_export_means_nothing() {
    let text = recorded(("pricing", 80, 0));
    assert_eq!(told(&text), told(&shuffled(&text)));
}

#[test]
fn every_line_is_a_span_whatever_is_missing() {
    let text = recorded(("pricing", 80, 0));
    let all = text.lines().count();
    assert_eq!(spans("traces.jsonl", &text), all);
    // Two of three spans were not kept.
    let sampled: String = text.lines().step_by(3).map(|line| line.to_owned() + "\n").collect();
    assert_eq!(spans("traces.jsonl", &sampled), all.div_ceil(3));
    let graph =
        over("traces.jsonl", &sampled, |path| obs(&["correlate", path, "--graph", "--output", "json"]))
            .json();
    assert!(graph["orphans"].as_u64() > Some(0), "{graph:#}");
}

#[test]
fn documents_are_cut_alike_one_after_the_other_and_side_by_side() {
    // Several chunks, a line of them cut off, and one that is text.
    let mut lines: Vec<String> = recorded(("pricing", 80, 0)).lines().map(str::to_owned).collect();
    lines = (0..16).flat_map(|_| lines.clone()).collect();
    let at = lines.len() / 2;
    lines[at].truncate(200);
    lines.insert(at + 7, "collector was stopped".to_owned());
    let text = lines.join("\n") + "\n";
    assert!(text.len() > 2 << 20, "{}", text.len());
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("traces.jsonl"), &text).expect("a file");
    let told = |more: &[&str]| {
        let args = [&["grep", "", "--output", "jsonl"][..], more].concat();
        let ran = Ran::of(&program().args(args).current_dir(folder.path()).output().expect("obs runs"));
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.text()
    };
    let whole = told(&["traces.jsonl"]);
    assert_eq!(whole.matches("\"span\":{").count(), lines.len() - 2);
    for more in [&["-j", "1"][..], &["-j", "5"], &["--no-mmap"]] {
        assert!(told(&[more, &["traces.jsonl"]].concat()) == whole, "{more:?}");
    }
}

/// A trace of so many spans: a root, `wide` calls below it one after the other, and below the last of them a chain.
fn large(wide: u64, deep: u64) -> String {
    let mut text = String::new();
    let mut write = |id: u64, parent: u64, service: &str, start: u64, took: u64| {
        let parent = if parent == 0 { String::new() } else { format!("{parent:016x}") };
        let nanos = |after: u64| (BEGIN * 1_000_000 + after * 1000).to_string();
        let _ = writeln!(
            text,
            "{{\"resourceSpans\":[{{\"resource\":{{\"attributes\":[{{\"key\":\"service.name\",\"value\":{{\"stringValue\":\"{service}\"}}}}]}},\
             \"scopeSpans\":[{{\"spans\":[{{\"traceId\":\"{:032x}\",\"spanId\":\"{id:016x}\",\"parentSpanId\":\"{parent}\",\"name\":\"op {}\",\
             \"kind\":2,\"startTimeUnixNano\":\"{}\",\"endTimeUnixNano\":\"{}\",\"status\":{{}}}}]}}]}}]}}",
            7,
            id % 50,
            nanos(start),
            nanos(start + took)
        );
    };
    let all = wide + deep;
    write(1, 0, "web", 0, 4 * all);
    for at in 0..wide {
        write(2 + at, 1, "till", 2 * at, 1);
    }
    for at in 0..deep {
        let id = 2 + wide + at;
        write(id, if at == 0 { 1 } else { id - 1 }, "pricing", 2 * wide + at, 2 * all - 2 * at);
    }
    text
}

#[test]
fn a_large_trace_is_drawn_in_time_that_grows_with_it() {
    let id = format!("{:032x}", 7);
    let took = |spans: u64| {
        let text = large(spans / 2, spans / 2);
        let mut took = std::time::Duration::MAX;
        for _ in 0..2 {
            let start = std::time::Instant::now();
            let ran = over("trace.jsonl", &text, |path| obs(&["correlate", path, "--id", &id]));
            assert_eq!(ran.code, 0, "{ran:?}");
            took = took.min(start.elapsed());
        }
        took.as_secs_f64()
    };
    let (small, four) = (took(4_000), took(16_000));
    // Four times as much; sixteen times would be each with each.
    assert!(four < 10.0 * small, "{small} s and {four} s");
}
