//! A law: whatever a log is wrapped in, its entries say the same. Every sample of every format, in exports of log stores,
//! in batches and documents, and behind prefixes.

use std::fs;
use std::path::Path;

use obs::format::log::LOG_FORMATS;
use obs::model::Role;
use serde_json::{Value, json};

use crate::corpus::{Read, read, survey};

/// When what carries the entries says that they were written: 2024-03-05T10:10:10Z and the seconds after it.
const SECOND: i64 = 1_709_633_410;

fn iso(index: usize) -> String {
    format!("2024-03-05T10:10:{:02}.000000000Z", 10 + index)
}

fn nanos(index: usize) -> String {
    format!("{}000000000", SECOND + index as i64)
}

/// A way to wrap entries: its name, and the file.
type Wrap = (&'static str, fn(&[&str]) -> String);

fn lines(entries: &[&str], wrap: impl Fn(usize, &str) -> String) -> String {
    entries.iter().enumerate().map(|(index, entry)| wrap(index, entry) + "\n").collect()
}

fn objects(entries: &[&str], wrap: impl Fn(usize, &str) -> Value) -> String {
    lines(entries, |index, entry| wrap(index, entry).to_string())
}

fn records(entries: &[&str], wrap: impl Fn(usize, &str) -> Value) -> Value {
    entries.iter().enumerate().map(|(index, entry)| wrap(index, entry)).collect()
}

/// A prefix before every line of every entry.
fn prefixed(entries: &[&str], prefix: impl Fn(usize) -> String) -> String {
    lines(entries, |index, entry| {
        let lines: Vec<String> = entry.split('\n').map(|line| prefix(index) + line).collect();
        lines.join("\n")
    })
}

fn quoted(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}

/// Wrappings with a record for an entry.
const RECORDS: &[Wrap] = &[
    ("logcli", |all| {
        objects(
            all,
            |at, x| json!({"labels": {"app": "till", "filename": "a.log"}, "line": x, "timestamp": iso(at)}),
        )
    }),
    ("loki answer", |all| {
        let values: Vec<Value> = all.iter().enumerate().map(|(at, x)| json!([nanos(at), x])).collect();
        json!({"status": "success", "data": {"resultType": "streams", "result": [{"stream": {"app": "till"}, "values": values}], "stats": {}}}).to_string()
    }),
    ("splunk", |all| {
        objects(
            all,
            |at, x| json!({"preview": false, "offset": at, "result": {"_time": iso(at), "_raw": x, "host": "h", "source": "/a.log"}}),
        )
    }),
    ("elasticsearch dump", |all| {
        objects(
            all,
            |at, x| json!({"_index": "a", "_id": at.to_string(), "_source": {"@timestamp": iso(at), "message": x, "log": {"file": {"path": "/a.log"}}}}),
        )
    }),
    ("elasticsearch answer", |all| {
        let hits =
            records(all, |at, x| json!({"_index": "a", "_source": {"@timestamp": iso(at), "message": x}}));
        format!("{:#}", json!({"took": 3, "timed_out": false, "hits": {"total": {"value": 3}, "hits": hits}}))
    }),
    ("cloudwatch", |all| {
        let events = records(
            all,
            |at, x| json!({"logStreamName": "a/b", "timestamp": (SECOND + at as i64) * 1000, "message": x, "ingestionTime": (SECOND + at as i64) * 1000 + 900, "eventId": at.to_string()}),
        );
        format!("{:#}", json!({"events": events, "searchedLogStreams": []}))
    }),
    ("cloudwatch subscription", |all| {
        let events = records(
            all,
            |at, x| json!({"id": at.to_string(), "timestamp": (SECOND + at as i64) * 1000, "message": x}),
        );
        json!({"messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "/ecs/till", "logStream": "a", "logEvents": events}).to_string()
    }),
    ("insights", |all| {
        let rows = records(
            all,
            |at, x| json!([{"field": "@timestamp", "value": iso(at)}, {"field": "@message", "value": x}]),
        );
        json!({"results": rows, "status": "Complete"}).to_string()
    }),
    ("google cloud", |all| {
        let list = records(
            all,
            |at, x| json!({"insertId": at.to_string(), "textPayload": x, "timestamp": iso(at), "logName": "projects/p/logs/stdout", "resource": {"type": "k8s_container", "labels": {"container_name": "till"}}}),
        );
        format!("{list:#}")
    }),
    ("datadog", |all| {
        let data = records(
            all,
            |at, x| json!({"id": at.to_string(), "type": "log", "attributes": {"timestamp": iso(at), "message": x, "service": "till", "host": "h", "tags": ["a:b"]}}),
        );
        json!({"data": data, "meta": {"elapsed": 13}}).to_string()
    }),
    ("azure", |all| {
        let rows: Vec<Value> = all.iter().enumerate().map(|(at, x)| json!([iso(at), x, "till"])).collect();
        json!({"tables": [{"name": "PrimaryResult", "columns": [{"name": "TimeGenerated"}, {"name": "LogEntry"}, {"name": "ContainerName"}], "rows": rows}]}).to_string()
    }),
    ("otlp", |all| {
        let records = records(
            all,
            |at, x| json!({"timeUnixNano": nanos(at), "body": {"stringValue": x}, "attributes": [{"key": "log.file.name", "value": {"stringValue": "a.log"}}]}),
        );
        json!({"resourceLogs": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "till"}}]}, "scopeLogs": [{"scope": {}, "logRecords": records}]}]}).to_string()
    }),
    ("fluent bit", |all| {
        objects(
            all,
            |at, x| json!({"date": SECOND + at as i64, "log": x, "kubernetes": {"pod_name": "till-1", "container_name": "till"}}),
        )
    }),
    ("filebeat", |all| {
        objects(
            all,
            |at, x| json!({"@timestamp": iso(at), "log": {"offset": at}, "message": x, "agent": {"type": "filebeat"}}),
        )
    }),
    ("csv", |all| {
        let rows = lines(all, |at, x| format!("{},{}", iso(at), quoted(x)));
        format!("@timestamp,@message\n{rows}")
    }),
];

/// Wrappings line by line.
const LINES: &[Wrap] = &[
    ("docker compose", |all| prefixed(all, |_| "till-1  | ".to_owned())),
    ("kubectl", |all| prefixed(all, |_| "[pod/till-7d9f8b6c5d-x2x4z/till] ".to_owned())),
    ("kubectl with times", |all| {
        prefixed(all, |at| format!("[pod/till-7d9f8b6c5d-x2x4z/till] {} ", iso(at)))
    }),
    ("pm2", |all| prefixed(all, |_| "0|till     | ".to_owned())),
];

/// Formats whose entries are several lines of a head and a body, or whose names stand in the file's head, cannot be told
/// from one line.
fn is_wrappable(format: &str, text: &str) -> bool {
    let heads = ["mysql-slow", "journal-export", "ossec", "modsecurity", "java-util-logging", "stamped"];
    !heads.contains(&format) && !text.starts_with('#') && !format.contains("envelope")
}

fn read_file(folder: &Path, text: &str) -> Vec<Read> {
    let path = folder.join("till.log");
    fs::write(&path, text).expect("a file");
    read(&survey(&path))
}

/// What an entry says that must not change. What it does not say may be known to what carries it.
fn difference(plain: &Read, wrapped: &Read) -> Option<String> {
    const SAME: [Role; 4] = [Role::Message, Role::RequestId, Role::Status, Role::Duration];
    let role =
        |read: &Read, role| read.roles.iter().find(|(of, _)| *of == role).map(|(_, text)| text.clone());
    // A date without a year gets it from what carries it, which knows better than the file.
    let day = |read: &Read| read.ts.map(|ts| ts.to_string()[4..].to_owned());
    if plain.ts.is_some() && day(plain) != day(wrapped) {
        return Some(format!("{:?}, not {:?}", wrapped.ts, plain.ts));
    }
    if plain.level.is_some() && plain.level != wrapped.level {
        return Some(format!("{:?}, not {:?}", wrapped.level, plain.level));
    }
    SAME.into_iter().find_map(|of| {
        let (plain, wrapped) = (role(plain, of), role(wrapped, of));
        (plain != wrapped && plain.is_some()).then(|| format!("{} {wrapped:?}, not {plain:?}", of.name()))
    })
}

#[test]
fn entries_say_the_same_whatever_they_are_wrapped_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut wrong = Vec::new();
    let mut all = 0;
    for format in LOG_FORMATS {
        let samples = format.samples().iter().filter(|sample| sample.header.is_empty());
        for sample in samples.filter(|sample| is_wrappable(format.name(), sample.text)) {
            let entries = [sample.text; 3];
            let plain = read_file(folder.path(), &(entries.join("\n") + "\n"));
            if plain.len() != entries.len() {
                continue;
            }
            let one_line = !sample.text.contains('\n');
            // Nobody puts names before the lines of a container's file, or before names.
            let bare =
                one_line && plain[0].ts.is_some() && !["docker", "cri", "prefix"].contains(&format.name());
            let wraps = RECORDS.iter().filter(|(name, _)| one_line || *name != "csv");
            for (name, wrap) in wraps.chain(LINES.iter().filter(|_| bare)) {
                all += 1;
                let wrapped = read_file(folder.path(), &wrap(&entries));
                let wrapped: Vec<&Read> =
                    wrapped.iter().filter(|read| !read.raw.starts_with(b"@timestamp")).collect();
                let differs = if wrapped.len() == plain.len() {
                    plain.iter().zip(&wrapped).find_map(|(plain, wrapped)| difference(plain, wrapped))
                } else {
                    Some(format!("{} entries", wrapped.len()))
                };
                if let Some(differs) = differs {
                    wrong.push(format!("{name}: {}: {differs} of {}", format.name(), sample.text));
                }
            }
        }
    }
    eprintln!("wrapped: {} of {all} samples read the same", all - wrong.len());
    assert!(wrong.is_empty(), "{} of {all} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
