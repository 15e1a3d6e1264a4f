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

#[test]
fn a_zone_that_places_share_is_said_and_named_by_a_person() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("db.log");
    fs::write(&path, "2024-03-05 10:10:11.123 IST [2211] LOG:  ready\n").expect("a file");
    let name = path.to_string_lossy().into_owned();
    let ran = obs(&["grep", "", &name, "--output", "json"]);
    assert!(ran.json()[0]["timestamp"].is_null());
    assert!(ran.stderr.contains("share"), "{ran:?}");
    let ran = obs(&["grep", "", &name, "--output", "json", "--tz", "Asia/Kolkata"]);
    assert_eq!(ran.json()[0]["timestamp"], "2024-03-05T04:40:11.123000000Z");
    assert_eq!(ran.stderr, "");
}

#[test]
fn a_packed_file_is_no_later_than_its_package() {
    use std::time::{Duration, SystemTime};

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("app.log.2.gz");
    let file = fs::File::create(&path).expect("a file");
    let mut packed = flate2::GzBuilder::new().mtime(1_790_000_000).write(file, flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, b"Dec 30 23:59:58 h p[1]: z\n").expect("bytes");
    let file = packed.finish().expect("a file");
    // 2023-12-31
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_704_000_000)).expect("a time");
    assert_eq!(entries(&path)[0]["timestamp"], "2023-12-30T23:59:58.000000000Z");
}
