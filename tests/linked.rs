//! Requests whose services know them by different ids: any of the ids tells the whole story, and no more than that.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use crate::program::obs;

/// A shop: the gateway knows traces, the warehouse orders, in text; payments know both, and every entry its tenant
/// and the job that it was started by.
fn shop(folder: &Path, requests: u32) {
    let (mut gateway, mut payments, mut warehouse) = (String::new(), String::new(), String::new());
    for n in 0..requests {
        let (trace, order, second) = (format!("4bf92f3577b34da6a3ce929d0e{n:06x}"), 4700 + n, n % 60);
        let minute = n / 60;
        let at = |millis: u32| format!("2024-03-05T10:{minute:02}:{second:02}.{millis:03}Z");
        let _ = writeln!(
            gateway,
            r#"{{"time":"{}","level":"info","msg":"accepted","trace_id":"{trace}","tenant_id":"acme-0001","job_id":"nightly-20240305"}}"#,
            at(1)
        );
        let _ = writeln!(
            payments,
            r#"{{"time":"{}","level":"info","msg":"charged","trace_id":"{trace}","order_id":"ord-{order}","tenant_id":"acme-0001","job_id":"nightly-20240305"}}"#,
            at(20)
        );
        let _ =
            writeln!(warehouse, "{} INFO  [worker-7] store.Pack - packed ord-{order} for acme-0001", at(300));
    }
    for (name, text) in [("gateway.log", gateway), ("payments.log", payments), ("warehouse.log", warehouse)] {
        fs::write(folder.join(name), text).expect("a file");
    }
}

fn correlate(folder: &Path, id: &str, more: &[&str]) -> Json {
    let folder = folder.to_string_lossy().into_owned();
    let args = [&["correlate", &folder, "--id", id, "--output", "json"], more].concat();
    obs(&args).json()
}

/// The files and lines of the entries.
fn places(answer: &Json) -> Vec<String> {
    let entries = answer["entries"].as_array().expect("entries");
    let place = |entry: &Json| {
        let file = entry["file"].as_str().unwrap_or_default();
        format!("{}:{}", file.rsplit('/').next().unwrap_or_default(), entry["line"])
    };
    entries.iter().map(place).collect()
}

#[test]
fn any_id_of_a_request_tells_its_whole_story() {
    let folder = tempfile::tempdir().expect("a folder");
    shop(folder.path(), 100);
    let whole = ["gateway.log:43", "payments.log:43", "warehouse.log:43"];
    for id in ["4bf92f3577b34da6a3ce929d0e00002a", "ord-4742"] {
        let answer = correlate(folder.path(), id, &[]);
        assert_eq!(places(&answer), whole, "{id}: {answer}");
        assert_eq!(answer["requests"][0]["entries"], 3, "{id}");
        assert_eq!(answer["requests"][0]["duration_ms"], 299.0, "{id}");
    }
    let answer = correlate(folder.path(), "4bf92f3577b34da6a3ce929d0e00002a", &["--unlinked"]);
    assert_eq!(places(&answer), whole[..2]);
}

#[test]
fn what_all_requests_share_links_none() {
    let folder = tempfile::tempdir().expect("a folder");
    for requests in [6, 100] {
        shop(folder.path(), requests);
        let answer = correlate(folder.path(), "ord-4703", &[]);
        assert_eq!(places(&answer).len(), 3, "{answer}");
        let hubs = answer["hubs"].as_array().expect("hubs");
        assert!(hubs.iter().any(|hub| hub["id"] == "nightly-20240305"), "{answer}");
    }
}
