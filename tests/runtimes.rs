//! Runtimes as witnesses, end to end: what deadlocks, dies and waits is told, and what works is calm.

use serde_json::Value;

use crate::program::obs;

fn investigated(path: &str) -> Value {
    obs(&["investigate", &format!("fixtures/runtime/{path}"), "--output", "json"]).json()
}

/// Path, verdict, detector and words of the first cause.
const CASES: &[(&str, &str, &str, &[&str])] = &[
    ("jvm/depot-deadlock.jstack", "failing", "deadlock", &["depot-deadlock", "\"booker-1\", \"booker-2\""]),
    ("jvm/depot-locks.jstack", "failing", "deadlock", &["\"mover-1\", \"mover-2\""]),
    ("jvm/depot-stdout.log", "failing", "deadlock", &["2 threads wait for each other"]),
    ("jvm/depot-blocked.jcmd", "trouble", "lock-wait", &["7 threads wait for one lock", "\"http-worker-"]),
    ("jvm/depot-permits.jstack", "trouble", "thread-pool-exhaustion", &["all 6 threads of exec are busy"]),
    ("jvm-row", "trouble", "lock-wait", &["the same in 2 dumps"]),
    ("go/depot-all.txt", "failing", "deadlock", &["all goroutines are asleep"]),
    ("go/depot-nil.txt", "failing", "crash", &["nil pointer dereference"]),
    ("go/depot-panic.txt", "failing", "crash", &["ledger is gone"]),
    ("go/depot-map.txt", "failing", "crash", &["concurrent map writes"]),
    (
        "go/depot-quit.txt",
        "trouble",
        "lock-wait",
        &["threads wait for one lock (sync.Mutex)", "main.worker (d.go:8)"],
    ),
    ("python/tide-segv.txt", "failing", "crash", &["Segmentation fault"]),
    ("python/tide-abort.txt", "failing", "crash", &["Aborted"]),
    ("python/tide-timeout.txt", "trouble", "stall", &["Timeout"]),
    ("python/tide-spy.txt", "trouble", "thread-pool-exhaustion", &["all 4 threads of worker", "w (w.py:5)"]),
    (
        "node/report.20261129.074001.14921.0.001.json",
        "failing",
        "unhandled-exception",
        &["Cannot read properties"],
    ),
    ("node/report.oom.json", "failing", "out-of-memory", &["heap out of memory"]),
    ("node/pay-oom.txt", "failing", "out-of-memory", &["heap out of memory"]),
    ("rust/packer-panic.txt", "failing", "crash", &["crash"]),
    ("dotnet/shop-unhandled.txt", "trouble", "unhandled-exception", &["unhandled"]),
    ("kernel/core.log", "failing", "crash", &["crash"]),
    ("kernel/trap.log", "failing", "crash", &["crash"]),
];

#[test]
fn what_runtimes_tell_is_told() {
    let mut wrong = Vec::new();
    for (path, verdict, detector, words) in CASES {
        let told = investigated(path);
        let first = &told["causes"][0];
        let summary = first["summary"].as_str().unwrap_or_default();
        let says = words.iter().all(|word| summary.contains(word));
        if told["verdict"] != *verdict || first["detector"] != *detector || !says {
            wrong.push(format!("{path}: {} {} {summary}", told["verdict"], first["detector"]));
        } else if first["evidence"][0]["line"].as_u64().unwrap_or_default() == 0 {
            wrong.push(format!("{path}: no evidence"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn runtimes_that_work_are_calm() {
    for path in ["jvm/depot-idle.jstack", "go/depot-idle.txt", "node/report.live.json"] {
        let told = investigated(path);
        assert_eq!(told["verdict"], "calm", "{path}: {told:#}");
        assert_eq!(told["causes"].as_array().unwrap().len(), 0, "{path}");
    }
}

#[test]
fn exceptions_that_nobody_caught_are_no_calm() {
    for path in ["node/pay-uncaught.txt", "node/pay-rejection.txt"] {
        let told = investigated(path);
        assert!(told["verdict"] == "failing" || told["verdict"] == "trouble", "{path}: {told:#}");
    }
}

/// A dump that ends in the midst of it shows what stands before the end; the circle is seen in its locks.
#[test]
fn a_dump_that_is_cut_keeps_what_was_read() {
    let whole = std::fs::read_to_string("fixtures/runtime/jvm/depot-deadlock.jstack").unwrap();
    let end = whole.find("Found one Java-level deadlock").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("depot.jstack");
    std::fs::write(&path, &whole[..end]).unwrap();
    let told = obs(&["investigate", path.to_str().unwrap(), "--output", "json"]).json();
    assert_eq!(told["causes"][0]["detector"], "deadlock", "{told:#}");
}
