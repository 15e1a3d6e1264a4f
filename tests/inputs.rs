//! What real directories hold, tried from the command line: documents of entries, and logs in logs.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use crate::program::obs;

/// The entries of a file, as `obs grep --output json` says them.
fn entries(path: &Path) -> Vec<Json> {
    let path = path.to_string_lossy().into_owned();
    let ran = obs(&["grep", "", &path, "--output", "json"]);
    ran.json().as_array().expect("a list").clone()
}

#[test]
fn documents_of_entries_are_read_entry_by_entry() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("trail.json");
    let event = |second: u32, name: &str| {
        format!(
            r#"{{"eventVersion":"1.08","eventTime":"2024-03-05T10:10:{second:02}Z","eventName":"{name}","errorMessage":"a, {{b}}","requestParameters":{{"tags":[{{"k":"v"}}]}}}}"#
        )
    };
    fs::write(
        &path,
        format!("{{\"Records\":[{},{}]}}", event(11, "RunInstances"), event(12, "StopInstances")),
    )
    .expect("a file");
    let found = entries(&path);
    let times: Vec<&str> = found.iter().filter_map(|entry| entry["timestamp"].as_str()).collect();
    assert_eq!(times, ["2024-03-05T10:10:11.000000000Z", "2024-03-05T10:10:12.000000000Z"]);
    fs::write(&path, format!("[\n  {},\n  {}\n]\n", event(13, "A"), event(14, "B").replace(',', ",\n    ")))
        .expect("a file");
    assert_eq!(entries(&path).len(), 2);
}
