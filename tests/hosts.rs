//! Machines and collectors of garbage as witnesses: what is at a limit is told, what works is calm, and the same numbers
//! are read whatever prints them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::program::obs;

fn investigated(path: &str) -> Value {
    obs(&["investigate", &format!("fixtures/{path}"), "--output", "json"]).json()
}

/// Path, and detector and words of one of the causes.
const LIMITS: &[(&str, &str, &str)] = &[
    ("host/busy/sar.txt", "cpu", "the processors have nothing left"),
    ("host/busy/vmstat.txt", "cpu", "the processors have nothing left"),
    ("host/busy/mpstat.txt", "cpu", "the processors have nothing left"),
    ("host/busy/top.txt", "cpu", "the processors have nothing left"),
    ("host/busy/proc.txt", "cpu", "the processors have nothing left"),
    ("host/same/u.json", "cpu", "the processors have nothing left"),
    ("host/full/df.txt", "disk", "/var/lib/postgresql"),
    ("host/full/free.txt", "out-of-memory", "no memory is left"),
    ("gc/depot-tight.log", "gc-pause", "garbage"),
    ("gc/depot-z.log", "gc-pause", "allocation stalls"),
    ("gc/jdk8-full.log", "out-of-memory", "full collections no longer empty the heap"),
];

#[test]
fn what_is_at_its_limit_is_told() {
    let mut wrong = Vec::new();
    for (path, detector, words) in LIMITS {
        let told = investigated(path);
        let causes = told["causes"].as_array().unwrap();
        let says = |cause: &&Value| {
            cause["detector"] == *detector && cause["summary"].as_str().unwrap_or_default().contains(words)
        };
        let found = causes.iter().find(says);
        let shown = found.is_some_and(|cause| cause["evidence"][0]["line"].as_u64() > Some(1));
        if told["verdict"] == "calm" || told["verdict"] == "unknown" || !shown {
            wrong.push(format!("{path}: {} {causes:#?}", told["verdict"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn machines_that_work_are_calm() {
    let mut wrong = Vec::new();
    for path in [
        "host/calm/sar.txt",
        "host/calm/vmstat.txt",
        "host/calm/proc.txt",
        "host/calm/df.txt",
        "host/calm/free.txt",
        "host/calm/ss.txt",
        "gc/calm.log",
    ] {
        let told = investigated(path);
        if told["verdict"] != "calm" || !told["causes"].as_array().unwrap().is_empty() {
            wrong.push(format!("{path}: {} {:#?}", told["verdict"], told["causes"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The samples of all series of a file, by series and time.
fn samples(path: &str, query: &str) -> BTreeMap<String, String> {
    let told = obs(&["query", query, &format!("fixtures/{path}"), "--output", "json", "--step", "1s"]).json();
    let mut found = BTreeMap::new();
    for series in told["data"]["result"].as_array().unwrap() {
        for value in series["values"].as_array().into_iter().flatten() {
            found.insert(format!("{} {}", series["metric"], value[0]), value[1].as_str().unwrap().to_owned());
        }
    }
    found
}

/// `sar`, `sadf -d`, `-p` and `-j` of one recording.
#[test]
fn all_notations_of_a_recording_have_the_same_numbers() {
    let idle = "host_cpu_idle_percent{cpu=\"all\"}";
    let expected = samples("host/same/u.json", idle);
    assert!(expected.len() >= 8, "{expected:?}");
    for path in ["host/same/sar-u.txt", "host/same/u.d.csv", "host/same/u.p.txt"] {
        assert_eq!(samples(path, idle), expected, "{path}");
    }
    for query in ["host_memfree_kilobytes", "host_memused_percent", "host_iface_rxpck{iface=\"eth0\"}"] {
        let expected = samples("host/same/rn.json", query);
        assert!(expected.len() >= 8, "{query} {expected:?}");
        for path in ["host/same/rn.txt", "host/same/rn.d.csv"] {
            assert_eq!(samples(path, query), expected, "{path} {query}");
        }
    }
}

/// The pauses are those that the flight recorder of the same run has, but for the microseconds between their clocks.
#[test]
fn pauses_are_those_of_the_flight_recorder() {
    let recorded = std::fs::read_to_string("fixtures/gc/depot-tight.pauses").unwrap();
    let recorded: Vec<f64> = recorded.lines().map(|line| line.parse().unwrap()).collect();
    let told = obs(&[
        "query",
        "sum(sum_over_time(jvm_gc_pause_seconds{pause=\"Young\"}[1h]))",
        "fixtures/gc/depot-tight.log",
        "--at",
        "end",
        "--output",
        "json",
    ])
    .json();
    let sum: f64 = told["data"]["result"][0]["value"][1].as_str().unwrap().parse().unwrap();
    let expected: f64 = recorded.iter().sum();
    assert!((sum - expected).abs() < 1e-4 * recorded.len() as f64, "{sum} {expected}");
}

#[test]
fn what_is_searched_stays_text() {
    let grep = obs(&["grep", "Pause Full", "fixtures/gc/depot-parallel.log"]);
    assert!(grep.text().contains("Pause Full"), "{grep:?}");
    let grep = obs(&["grep", "/var/lib/postgresql", "fixtures/host/full/df.txt"]);
    assert!(grep.text().contains("100%"), "{grep:?}");
}

/// The series that a query has over files.
fn series(query: &str, path: &str, at: &str) -> Vec<String> {
    let told =
        obs(&["query", query, &format!("fixtures/host/{path}"), "--at", at, "--output", "json"]).json();
    let series = told["data"]["result"].as_array().unwrap_or_else(|| panic!("{told:#}"));
    series.iter().map(ToString::to_string).collect()
}

#[test]
fn states_of_the_kernel_in_files_with_times_in_their_names_are_counters() {
    let found = series("rate(host_context_switches_total[3m])", "named", "2025-11-28T09:03:00Z");
    assert!(found.len() == 1 && found[0].contains("100"), "{found:?}");
}

#[test]
fn files_of_collectd_are_named_by_their_paths() {
    let found = series("collectd_load_shortterm", "collectd", "2024-03-05T00:01:50Z");
    assert!(found.len() == 2 && found[0].contains("quay1") && found[1].contains("quay2"), "{found:?}");
    let found =
        series(r#"rate(collectd_cpu_total{cpu="0",type="idle"}[1m])"#, "collectd", "2024-03-06T00:01:50Z");
    assert!(found.len() == 2 && found[0].contains("90"), "{found:?}");
}
