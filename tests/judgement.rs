//! What is wrong in logs without a past: failures beside each other, since the beginning, or too little said.

use std::fmt::Write;

use serde_json::Value;

use crate::hazards::tar;
use crate::program::{obs, obs_fed, shell};

/// The answer on one log, as JSON, and the exit code.
fn investigated(text: &str) -> (Value, i32) {
    let ran = obs_fed(&["investigate", "-", "--output", "json"], text.as_bytes());
    (ran.json(), ran.code)
}

/// Requests that all fail: so many with the one kind of error, then so many with the other. Both say the same words.
fn two_failures(first: usize, second: usize) -> String {
    let mut text = String::new();
    for at in 0..first + second {
        let (kind, why) = if at < first {
            ("LookupError", "no tariff for region")
        } else {
            ("ConnectionPoolTimeout", "No connections available")
        };
        let second = at as f64 * 0.05;
        let stamp = format!("2024-05-01T10:{:02}:{:06.3}Z", second as u32 / 60, second % 60.0);
        let id = format!("{:032x}", (at as u128 + 7).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
        for (level, message, more) in [
            ("INFO", "booking started", String::new()),
            ("ERROR", "booking failed", format!(r#","error_type":"{kind}","error_message":"{why}""#)),
        ] {
            let _ = writeln!(
                text,
                r#"{{"timestamp":"{stamp}","level":"{level}","message":"{message}","request_id":"{id}"{more}}}"#
            );
        }
    }
    text
}

#[test]
fn two_failures_with_the_same_words_are_both_told_each_with_its_share() {
    let (json, code) = investigated(&two_failures(190, 110));
    assert_eq!((&json["verdict"], code), (&Value::from("failing"), 0), "{json}");
    let causes = json["causes"].as_array().expect("causes");
    let share =
        |cause: &Value| (cause["failed_requests"]["known"].as_u64(), cause["failed_requests"]["of"].as_u64());
    let about = |word: &str| {
        let tells = |cause: &&Value| cause["summary"].as_str().is_some_and(|summary| summary.contains(word));
        causes.iter().find(tells).unwrap_or_else(|| panic!("{word}: {json}"))
    };
    let (tariff, pool) = (about("no tariff for region"), about("ConnectionPoolTimeout"));
    assert_eq!((share(tariff), share(pool)), ((Some(190), Some(300)), (Some(110), Some(300))));
    assert_eq!((&tariff["since_beginning"], &pool["since_beginning"]), (&true.into(), &false.into()));
    // Neither is an alternative to the other.
    assert_eq!(causes.iter().filter(|cause| cause["another_failure"] == true).count(), 1);
    assert!([tariff, pool].iter().all(|cause| cause["confidence"].as_f64() >= Some(0.5)), "{json}");
    assert_eq!(json["affected"]["failed"], 300);
}

#[test]
fn too_little_said_is_neither_calm_nor_trouble() {
    let (json, code) = investigated("2024-05-01 10:00:00 promoted\n");
    assert_eq!((&json["verdict"], code), (&Value::from("unknown"), 2), "{json}");
    assert_eq!(json["causes"][0]["detector"], "unclassified");
    assert!(json["causes"][0]["confidence"].as_f64() < Some(0.1));
    let (json, code) = investigated("2024-05-01 10:00:00 INFO promoted\n2024-05-01 10:00:09 INFO ready\n");
    assert_eq!((&json["verdict"], code), (&Value::from("calm"), 0), "{json}");
}

#[test]
fn what_a_log_says_of_itself_is_told_at_any_level() {
    for (text, detector) in [
        ("2024-05-01 10:00:00 FATAL\n", "failure"),
        ("2024-05-01 10:00:00 lease store: does not have any live owner\n", "failure"),
        ("2024-05-01 10:00:00 DEBUG could not store batch 7: maximum bytes exceeded\n", "failure"),
        ("2024-05-01 10:00:00 client sent an HTTP request to an HTTPS server\n", "certificate"),
    ] {
        let (json, _) = investigated(text);
        assert_eq!(json["verdict"], "trouble", "{text}: {json}");
        assert_eq!(json["causes"][0]["detector"], detector, "{text}: {json}");
    }
}

/// Half an hour in which a gateway answers, and a database breaks in its 21st minute: what each of them writes.
fn gateway_and_database() -> (String, String) {
    let (mut gateway, mut database) = (String::new(), String::new());
    let stamp = |second: u32| format!("2024-05-01T10:{:02}:{:02}.000Z", second / 60, second % 60);
    for second in 0..1_800 {
        let broken = (1_260..1_500).contains(&second);
        let (level, status, message) =
            if broken { ("ERROR", 502, "upstream did not answer") } else { ("INFO", 200, "answered") };
        let _ = writeln!(
            gateway,
            r#"{{"timestamp":"{}","service":"gateway","level":"{level}","message":"{message}","status":{status},"path":"/book"}}"#,
            stamp(second)
        );
        let told = if (1_255..1_500).contains(&second) && second % 5 == 0 {
            ("ERROR", "deadlock detected while updating seats")
        } else {
            ("INFO", "statement done")
        };
        let _ = writeln!(
            database,
            r#"{{"timestamp":"{}","service":"seats-db","level":"{}","message":"{}"}}"#,
            stamp(second),
            told.0,
            told.1
        );
    }
    (gateway, database)
}

#[test]
fn what_is_felt_where_requests_enter_has_its_reason_beneath() {
    let folder = tempfile::tempdir().expect("a folder");
    let (gateway, database) = gateway_and_database();
    std::fs::write(folder.path().join("gateway.log"), gateway).expect("a file");
    std::fs::write(folder.path().join("seats-db.log"), database).expect("a file");
    let path = folder.path().to_str().expect("a path");
    let json = obs_fed(&["investigate", path, "--output", "json"], b"").json();
    let causes = json["causes"].as_array().expect("causes");
    let why = |service: &str| -> Vec<&str> {
        let cause = causes.iter().find(|cause| cause["subject"]["service"] == service);
        let why = cause.unwrap_or_else(|| panic!("{service}: {json}"))["why"].as_array().expect("reasons");
        why.iter().filter_map(|reason| reason["factor"].as_str()).collect()
    };
    assert_eq!(causes[0]["subject"]["service"], "seats-db", "{json}");
    assert!(why("seats-db").contains(&"backing-resource"), "{json}");
    for factor in ["downstream-symptom", "entry-point"] {
        assert!(why("gateway").contains(&factor), "{factor}: {json}");
    }
    // Each hop of the way has its place.
    let path = causes[0]["path"].as_array().expect("a path");
    assert!(path[0]["evidence"]["line"].as_u64() > Some(0), "{path:?}");
}

#[test]
fn signatures_of_ones_own_are_known_as_the_others_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("obs.yaml");
    std::fs::write(
        &config,
        "signatures:\n  - name: ledger-seal\n    what: the ledger is not sealed\n    nature: resource\n    rows:\n      \
         - {says: [seal, ribbon], once: true, example: seal without a ribbon}\n",
    )
    .expect("a file");
    let config = config.to_str().expect("a path");
    let log = "2024-05-01T10:00:00Z INFO ledger-7 has its Seal, and no Ribbon\n";
    for (command, list) in [("detect", "findings"), ("investigate", "causes")] {
        let json = obs_fed(&[command, "-", "--config", config, "--output", "json"], log.as_bytes()).json();
        assert_eq!(json[list][0]["detector"], "ledger-seal", "{json}");
    }
    let ran = obs_fed(&["detect", "-", "--config", config, "--only", "ledger-seal"], log.as_bytes());
    assert!(ran.text().contains("the ledger is not sealed"), "{ran:?}");
}

#[test]
fn a_start_with_which_a_log_begins_is_no_cause() {
    let mut text = "2024-05-01T10:00:00Z INFO berth starting, version 4.1.0\n".to_owned();
    for second in 1..50 {
        let _ = writeln!(
            text,
            "2024-05-01T10:00:{second:02}Z ERROR cannot reach pier {}: connection refused",
            second % 3
        );
    }
    let (json, _) = investigated(&text);
    let detectors: Vec<_> =
        json["causes"].as_array().expect("causes").iter().map(|cause| &cause["detector"]).collect();
    assert!(!detectors.is_empty() && !detectors.iter().any(|name| *name == "deploy"), "{json}");
    assert_eq!(json["causes"][0]["since_beginning"], true);
}

/// Requests of which every other one fails: first the one who was asked cannot do it, then the one who asked has nothing.
#[test]
fn who_has_trouble_first_in_the_same_requests_is_nearer_to_the_reason() {
    let mut text = String::new();
    for at in 0..240_u32 {
        let stamp =
            |millis: u32| format!("2024-05-01T10:{:02}:{:02}.{millis:03}Z", at * 3 / 60 % 60, at * 3 % 60);
        let mut say = |millis: u32, service: &str, rest: &str| {
            let stamp = stamp(millis);
            let _ = writeln!(
                text,
                r#"{{"timestamp":"{stamp}","service":"{service}","request_id":"bin-{at:06}-{:08x}",{rest}}}"#,
                at.wrapping_mul(0x9e37_79b9)
            );
        };
        say(0, "front", r#""level":"INFO","message":"bin asked for""#);
        if at % 2 == 0 {
            say(40, "lid", r#""level":"ERROR","message":"lid stays shut, hinge is worn""#);
            say(80, "front", r#""level":"ERROR","message":"nothing came back from below""#);
            say(90, "front", r#""level":"INFO","message":"answered","status":500"#);
        } else {
            say(40, "lid", r#""level":"INFO","message":"lid lifted""#);
            say(90, "front", r#""level":"INFO","message":"answered","status":200"#);
        }
    }
    let (json, _) = investigated(&text);
    assert_eq!(json["verdict"], "failing", "{json}");
    assert_eq!(json["causes"][0]["subject"]["service"], "lid", "{json}");
    let factors = |cause: &Value| -> Vec<String> {
        let why = cause["why"].as_array().expect("why");
        why.iter().filter_map(|why| Some(why["factor"].as_str()?.to_owned())).collect()
    };
    let causes = json["causes"].as_array().expect("causes");
    assert!(!factors(&causes[0]).iter().any(|factor| factor == "said-before"), "{json}");
    let front = causes.iter().find(|cause| cause["subject"]["service"] == "front").expect("front");
    assert!(factors(front).iter().any(|factor| factor == "said-before"), "{json}");
}

/// Ten minutes of a recording in which half of the requests fail from the first sample on, and what else is recorded: of
/// each metric with its labels the value at a sample.
fn recording(others: &[(&str, &dyn Fn(u32) -> f64)]) -> Value {
    let mut text = String::from("# TYPE http_server_requests counter\n");
    let mut series = |name: &str, value: &dyn Fn(u32) -> f64| {
        for at in 0..40 {
            let _ = writeln!(text, "{name} {} {}", value(at), 1_704_067_200 + 15 * at);
        }
    };
    series("http_server_requests_total{service=\"edge\",code=\"200\"}", &|at| f64::from(900 + 20 * at));
    series("http_server_requests_total{service=\"edge\",code=\"503\"}", &|at| f64::from(20 * at));
    for (name, value) in others {
        series(name, value);
    }
    text.push_str("# EOF\n");
    let folder = crate::program::temporary();
    std::fs::write(folder.path().join("all.om"), text).expect("a file");
    obs(&["investigate", &folder.path().display().to_string(), "--output", "json"]).json()
}

#[test]
fn a_limit_that_is_reached_all_the_time_is_a_cause_without_a_past() {
    let steady = |value: f64| move |at: u32| value + f64::from(at % 3);
    for (name, detector, metrics) in [
        ("disk", "disk", vec![("node_filesystem_avail_bytes{service=\"store\"}", 0.0, 0.0)]),
        (
            "descriptors",
            "file-descriptors",
            vec![
                ("process_open_fds{service=\"store\"}", 1024.0, 0.0),
                ("process_max_fds{service=\"store\"}", 1024.0, 0.0),
            ],
        ),
        (
            "tracking",
            "network-tables",
            vec![
                ("node_nf_conntrack_entries{instance=\"store\"}", 65_536.0, 0.0),
                ("node_nf_conntrack_entries_limit{instance=\"store\"}", 65_536.0, 0.0),
            ],
        ),
        ("collector", "gc-pause", vec![("jvm_gc_pause_seconds_total{service=\"store\"}", 40.0, 6.0)]),
        (
            "certificate",
            "certificate",
            vec![("probe_ssl_earliest_cert_expiry{service=\"store\"}", 1_704_000_000.0, 0.0)],
        ),
        ("busy", "slow-disk", vec![("node_disk_io_time_ratio{instance=\"store\"}", 0.99, 0.0)]),
        (
            "queue",
            "thread-pool-exhaustion",
            vec![
                ("executor_queued_tasks{service=\"store\"}", 190.0, 0.0),
                ("executor_queued_tasks{service=\"a\"}", 1.0, 0.0),
                ("executor_queued_tasks{service=\"b\"}", 2.0, 0.0),
                ("executor_queued_tasks{service=\"c\"}", 0.0, 0.0),
            ],
        ),
    ] {
        let values: Vec<_> = metrics
            .iter()
            .map(|(name, first, grows)| (*name, move |at: u32| first + grows * f64::from(at)))
            .collect();
        let metrics: Vec<(&str, &dyn Fn(u32) -> f64)> =
            values.iter().map(|(name, value)| (*name, value as &dyn Fn(u32) -> f64)).collect();
        let json = recording(&metrics);
        let cause = &json["causes"][0];
        assert_eq!(
            (&json["verdict"], &cause["detector"]),
            (&"failing".into(), &detector.into()),
            "{name}: {json}"
        );
        assert!(
            cause["subject"]["service"] == "store"
                || cause["summary"].as_str().is_some_and(|s| s.contains("store"))
        );
        // Nobody saw it begin.
        assert!(cause["confidence"].as_f64() <= Some(0.7), "{name}: {json}");
    }
    // A pool that is as large as it may be, memory that a cache fills, and half of a limit are none.
    let (pool, most, half) = (steady(10.0), steady(10.0), steady(500.0));
    let json = recording(&[
        ("hikaricp_connections{service=\"store\"}", &pool),
        ("hikaricp_connections_max{service=\"store\"}", &most),
        ("process_open_fds{service=\"store\"}", &half),
        ("process_max_fds{service=\"store\"}", &|_| 1024.0),
        ("container_memory_usage_bytes{service=\"store\"}", &|_| 2e9),
        ("container_memory_limit_bytes{service=\"store\"}", &|_| 2e9),
        ("node_filesystem_avail_bytes{mountpoint=\"/snap/core\",fstype=\"squashfs\"}", &|_| 0.0),
    ]);
    let told = json["causes"].as_array().expect("causes").iter().map(|cause| cause["detector"].clone());
    assert!(told.clone().all(|detector| detector == "error-share"), "{json}");
}

#[test]
fn what_is_refused_now_and_then_explains_no_failures_that_are_many() {
    let mut text = String::new();
    for at in 0..600 {
        let stamp = format!("2024-05-01T10:{:02}:{:02}Z", at / 60, at % 60);
        let (status, level) = if at % 2 == 0 { (503, "ERROR") } else { (200, "INFO") };
        let _ = writeln!(text, "{stamp} {level} service=edge GET /items status={status} duration=12ms");
        if at % 2 == 0 {
            let _ = writeln!(text, "{stamp} ERROR service=store lookup failed: directory does not answer");
        }
        if at % 40 == 7 {
            let _ = writeln!(text, "{stamp} WARN service=mail push token rejected: BadDeviceToken");
        }
        if at % 50 == 9 {
            let _ = writeln!(text, "{stamp} WARN service=store push token rejected: BadDeviceToken");
        }
    }
    let (json, _) = investigated(&text);
    let cause = &json["causes"][0];
    assert_eq!(
        (&json["verdict"], &cause["subject"]["service"]),
        (&"failing".into(), &"store".into()),
        "{json}"
    );
    assert!(cause["summary"].as_str().is_some_and(|summary| summary.contains("directory")), "{json}");
}

#[test]
fn a_program_that_dies_again_and_again_is_no_calm_though_requests_go_well() {
    let mut text = String::new();
    for at in 0..600 {
        let stamp = format!("2024-05-01T10:{:02}:{:02}Z", at / 60, at % 60);
        let _ = writeln!(text, "{stamp} INFO service=edge GET /items status=200 duration=12ms");
        if at % 40 == 7 {
            let _ = writeln!(
                text,
                "{stamp} ERROR service=mailer panic: runtime error: invalid memory address or nil pointer dereference"
            );
        }
    }
    let (json, code) = investigated(&text);
    assert_eq!((&json["verdict"], code), (&"trouble".into(), 0), "{json}");
    assert_eq!(json["causes"][0]["detector"], "crash", "{json}");
    assert!(json["causes"][0]["confidence"].as_f64() < Some(0.5), "{json}");
}

/// Ten minutes in which about a third of the requests fail, now more, now less: `failed` writes what else is said then,
/// `else_said` what is said each second.
fn failing_by_chance(failed: impl Fn(&str) -> String, else_said: impl Fn(u32, &str) -> String) -> String {
    let mut text = String::new();
    let mut state = 7_u64;
    for at in 0..600_u32 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let often = 1 + (at / 10 * 7) % 5;
        let fails = (state >> 33) % 9 < u64::from(often);
        let second = format!("2024-05-01T10:{:02}:{:02}", at / 60, at % 60);
        if fails {
            text.push_str(&failed(&second));
        }
        let (status, level) = if fails { (503, "ERROR") } else { (200, "INFO") };
        let _ = writeln!(text, "{second}.900Z {level} service=edge GET /items status={status} duration=12ms");
        text.push_str(&else_said(at, &second));
    }
    text
}

#[test]
fn what_happens_just_when_requests_fail_tells_why_though_it_knows_none_of_them() {
    let text = failing_by_chance(
        |at| {
            format!(
                "{at}.100Z ERROR service=ledger epoch of the shard map is stale\n\
                 {at}.200Z ERROR service=shop order did not get through\n"
            )
        },
        |at, second| match at % 3 {
            0 => format!("{second}.300Z ERROR service=mailer bounce of a letter was not read\n"),
            _ => String::new(),
        },
    );
    let (json, _) = investigated(&text);
    let cause = &json["causes"][0];
    assert_eq!(
        (&json["verdict"], &cause["subject"]["service"]),
        (&"failing".into(), &"ledger".into()),
        "{json}"
    );
    let why = cause["why"].as_array().expect("reasons");
    assert!(why.iter().any(|of| of["factor"] == "coincidence"), "{json}");
    let beside =
        json["causes"].as_array().expect("causes").iter().find(|c| c["subject"]["service"] == "mailer");
    let told = beside.is_none_or(|cause| !cause["why"].to_string().contains("\"coincidence\""));
    assert!(told, "{json}");
}

#[test]
fn who_says_that_another_one_failed_is_not_the_one() {
    let text = failing_by_chance(
        |at| {
            format!(
                "{at}.100Z ERROR service=web error page rendered\n\
                 {at}.110Z ERROR service=web quote failed: upstream gave no answer\n\
                 {at}.150Z ERROR service=rates rows cannot be read: IOError: short read\n"
            )
        },
        |_, _| String::new(),
    );
    let (json, _) = investigated(&text);
    let cause = &json["causes"][0];
    assert_eq!(cause["subject"]["service"], "rates", "{json}");
    let caller = json["causes"].as_array().expect("causes").iter().find(|c| c["subject"]["service"] == "web");
    let why = caller.expect("the caller is considered")["why"].to_string();
    assert!(why.contains("\"blames-another\""), "{json}");
}

#[test]
fn who_reaches_nobody_speaks_of_the_one_that_ended() {
    let text = failing_by_chance(
        |at| format!("{at}.200Z ERROR service=shop call failed: connect: connection refused\n"),
        |at, second| match at % 200 {
            9 => format!("{second}.300Z ERROR service=ledger java.lang.OutOfMemoryError: Java heap space\n"),
            _ => String::new(),
        },
    );
    let (json, _) = investigated(&text);
    let cause = &json["causes"][0];
    assert_eq!(
        (&cause["detector"], &cause["subject"]["service"]),
        (&"out-of-memory".into(), &"ledger".into()),
        "{json}"
    );
}

#[test]
fn who_works_with_a_store_speaks_of_it_and_the_store_is_to_blame() {
    let mut text = String::new();
    for at in 0..300_u32 {
        let second = format!("2024-05-01T10:{:02}:{:02}", at / 60, at % 60);
        let fails = at % 5 < 2;
        if fails {
            let _ = writeln!(
                text,
                "{second}.100Z ERROR service=kafka-1 append to orders-0: not enough replicas in sync"
            );
            let _ = writeln!(text, "{second}.200Z ERROR service=orders request_id=r{at} publish failed");
        }
        let (status, level) = if fails { (500, "ERROR") } else { (200, "INFO") };
        let _ = writeln!(
            text,
            "{second}.300Z {level} service=edge request_id=r{at} POST /orders status={status} duration=12ms"
        );
    }
    let (json, _) = investigated(&text);
    assert_eq!(json["causes"][0]["subject"]["service"], "kafka-1", "{json}");
}

#[test]
fn what_an_access_log_counts_without_ids_is_judged_as_those_say_that_know_the_ids() {
    let folder = crate::program::temporary();
    let (mut access, mut app) = (String::new(), String::new());
    for at in 0..300_u32 {
        let time = format!("{:02}:{:02}", at / 60, at % 60);
        let status = if at % 3 > 0 { 401 } else { 200 };
        let _ = writeln!(
            access,
            "10.0.0.{} - - [01/May/2024:10:{time} +0000] \"GET /me HTTP/1.1\" {status} 12",
            at % 9
        );
        if status == 401 {
            let _ = writeln!(
                app,
                "2024-05-01T10:{time}.100Z ERROR service=iam request_id=r{at} no key found for kid k-7"
            );
        }
        let _ = writeln!(
            app,
            "2024-05-01T10:{time}.300Z INFO service=api request_id=r{at} done status={status} ms=7"
        );
    }
    std::fs::write(folder.path().join("access.log"), access).expect("a file");
    std::fs::write(folder.path().join("app.log"), app).expect("a file");
    let json = obs(&["investigate", &folder.path().display().to_string(), "--output", "json"]).json();
    assert_eq!(
        (&json["verdict"], &json["causes"][0]["subject"]["service"], &json["affected"]["failed"]),
        (&"failing".into(), &"iam".into(), &200.into()),
        "{json}"
    );
}

#[test]
fn a_state_that_is_told_once_where_it_begins_is_dated_and_comes_before_what_it_makes_fail() {
    let mut text = String::new();
    for at in 0..600_u32 {
        let second = format!("2024-05-01T10:{:02}:{:02}", at / 60, at % 60);
        if at == 118 {
            let _ = writeln!(
                text,
                "{second}.100Z ERROR service=kernel nfs: server nas-2 not responding, still trying"
            );
        }
        if at % 20 == 3 {
            let _ = writeln!(text, "{second}.150Z INFO service=kernel audit: rotated");
        }
        let fails = at >= 150 && at % 3 > 0;
        if fails {
            let _ = writeln!(text, "{second}.200Z ERROR service=records call failed: no answer within 30 s");
        }
        let (status, level) = if fails { (504, "ERROR") } else { (200, "INFO") };
        let _ = writeln!(text, "{second}.300Z {level} service=edge GET /items status={status} duration=12ms");
    }
    let (json, _) = investigated(&text);
    let cause = &json["causes"][0];
    assert_eq!((&cause["detector"], &cause["since_beginning"]), (&"mount".into(), &false.into()), "{json}");
}

/// A shop's access log, which names no requests, and its own log, which does: so many requests, of which a run of `failing`
/// ends with 500.
fn access_and_own(requests: usize, failing: std::ops::Range<usize>) -> (String, String) {
    let (mut access, mut own) = (String::new(), String::new());
    for at in 0..requests {
        let clock = format!("10:{:02}:{:02}", at / 30, at % 30 * 2);
        let status = if failing.contains(&at) { 500 } else { 200 };
        let path = ["/berths", "/tides", "/pilots"][at % 3];
        let _ = writeln!(
            access,
            r#"10.0.0.{} - - [01/May/2024:{clock} +0000] "GET {path} HTTP/1.1" {status} 512 "-" "curl/8""#,
            at % 7
        );
        let id = format!("{:016x}", (at as u64 + 3).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut say = |level: &str, message: &str, more: &str| {
            let _ = writeln!(
                own,
                r#"{{"time":"2024-05-01T{clock}.120Z","level":"{level}","msg":"{message}","request_id":"{id}"{more}}}"#
            );
        };
        say("info", "request started", "");
        if status == 500 {
            say("error", "query failed: too many connections", "");
        }
        say("info", "request done", &format!(r#","status":{status}"#));
    }
    (access, own)
}

#[test]
fn where_nothing_names_requests_entries_are_shown() {
    let (access, _) = access_and_own(600, 300..360);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("access.log");
    std::fs::write(&path, &access).expect("a file");
    let path = path.to_str().expect("a path");
    let json = obs(&["investigate", path, "--output", "json"]).json();
    assert_eq!(json["affected"]["failed"], 60, "{json}");
    let first = &json["examples"][0];
    assert_eq!(first["id"], format!("{path}:301"), "{json}");
    let command = first["command"].as_str().expect("a command").replacen("obs ", r#""$OBS" "#, 1);
    let shown = shell(&command);
    assert!(shown.text().contains("\" 500 512"), "{command}: {shown:?}");
    // Of a member of an archive the archive is asked.
    let archive = folder.path().join("logs.tar");
    std::fs::write(&archive, tar("access.log", access.as_bytes())).expect("an archive");
    let json = obs(&["investigate", archive.to_str().expect("a path"), "--output", "json"]).json();
    let command =
        json["examples"][0]["command"].as_str().expect("a command").replacen("obs ", r#""$OBS" "#, 1);
    assert!(shell(&command).text().contains("\" 500 512"), "{command}");
    let page = folder.path().join("page.html");
    let page = page.to_str().expect("a path");
    obs(&["investigate", path, "--html", page]);
    let page = std::fs::read_to_string(page).expect("a page");
    assert!(page.contains("access.log:301") && page.contains("obs grep"), "{page}");
}

#[test]
fn requests_that_an_access_log_tells_of_without_ids_are_looked_at_once() {
    let (access, own) = access_and_own(600, 300..360);
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("access.log"), access).expect("a file");
    std::fs::write(folder.path().join("shop.log"), own).expect("a file");
    let path = folder.path().to_str().expect("a path");
    let json = obs(&["investigate", path, "--output", "json"]).json();
    assert_eq!(json["affected"]["failed"], 60, "{json}");
    let id = json["examples"][0]["id"].as_str().expect("an id");
    assert!(id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit()), "{json}");
}

/// A booking service of which one request in so many fails, by the minute, with what it says then.
fn bookings(minutes: usize, failing: impl Fn(usize, usize) -> bool, error: &str) -> String {
    let mut text = String::new();
    for at in 0..minutes * 20 {
        let (minute, place) = (at / 20, at % 20);
        let clock = format!("{:02}:{:02}:{:02}", 10 + minute / 60, minute % 60, place * 3);
        let id = format!("{:016x}", (at as u64 + 11).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let failed = failing(minute, place);
        if failed {
            let _ = writeln!(text, "2024-05-01T{clock}Z ERROR booking {error} request_id={id}");
        }
        let (level, status) = if failed { ("ERROR", 500) } else { ("INFO", 200) };
        let _ = writeln!(
            text,
            "2024-05-01T{clock}Z {level} booking request done status={status} request_id={id}"
        );
    }
    text
}

/// The answer on some logs, by their names.
fn investigated_together(logs: &[(&str, &str)]) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in logs {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    obs(&["investigate", folder.path().to_str().expect("a path"), "--output", "json"]).json()
}

#[test]
fn a_past_in_which_requests_failed_as_well_is_none() {
    // Three in ten fail all along, and later eight in ten, each time that the kernel kills what they need.
    let failing = |minute: usize, place: usize| place % 10 < if minute >= 40 { 8 } else { 3 };
    let own = bookings(70, failing, "cannot reach tides: connection refused");
    let mut kernel = String::new();
    for minute in (0..70).step_by(3) {
        let clock = format!("{:02}:{:02}", 10 + minute / 60, minute % 60);
        let _ = writeln!(
            kernel,
            "2024-05-01T{clock}:01Z pier-3 kernel: Out of memory: Killed process {} (tides) total-vm:812kB",
            4000 + minute
        );
    }
    let json = investigated_together(&[("booking.log", &own), ("node.log", &kernel)]);
    assert_eq!(json["causes"][0]["detector"], "out-of-memory", "{json}");
}

#[test]
fn a_state_that_is_told_every_ten_minutes_is_older_than_its_first_telling() {
    let own = bookings(40, |_, place| place % 2 == 0, "query timed out after 10000 ms");
    let mut store = String::new();
    for minute in 0..40 {
        if minute % 3 == 0 {
            let _ = writeln!(
                store,
                "2024-05-01T10:{minute:02}:18.000001Z 0 [Note] [MY-011953] [InnoDB] page_cleaner: 1000ms intended loop took \
                 4102ms. The settings might not be optimal."
            );
        }
        if minute % 10 == 9 {
            let _ = writeln!(
                store,
                "2024-05-01T10:{minute:02}:33.000001Z 0 [ERROR] [MY-010907] [Server] Disk is full writing './binlog.000412' (OS \
                 errno 28 - No space left on device). Waiting for someone to free space..."
            );
        }
    }
    let json = investigated_together(&[("booking.log", &own), ("mysql-tides.log", &store)]);
    assert_eq!(json["causes"][0]["detector"], "disk", "{json}");
    assert!(json["causes"][0]["summary"].as_str().is_some_and(|told| told.contains("mysql-tides")), "{json}");
}

#[test]
fn what_an_error_says_in_a_field_is_read_where_no_sample_shows_the_field() {
    // Far more than is looked at beforehand, with the errors where nobody looks.
    let mut text = String::new();
    for at in 0..12_000 {
        let clock = format!("{:02}:{:02}:{:02}", 10 + at / 3600, at / 60 % 60, at % 60);
        let id = format!("{:016x}", (at as u64 + 5).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (level, message, more) = if (4_800..5_200).contains(&at) {
            (
                "ERROR",
                "pilot not called",
                r#","exc_info":"Traceback (most recent call last):\nx509: certificate has expired""#,
            )
        } else {
            ("INFO", "pilot called and on the way to the berth that was booked", "")
        };
        let _ = writeln!(
            text,
            r#"{{"timestamp":"2024-05-01T{clock}Z","level":"{level}","message":"{message}","request_id":"{id}"{more}}}"#
        );
    }
    let json = investigated_together(&[("pilots.log", &text)]);
    assert_eq!(json["causes"][0]["detector"], "certificate", "{json}");
}

#[test]
fn in_a_log_of_several_only_who_tells_of_statuses_is_where_requests_enter() {
    let own = bookings(60, |minute, place| minute >= 30 && place % 2 == 0, "berth is gone");
    let mut text = String::new();
    for line in own.lines() {
        let stamp = &line[..20];
        let rest = &line[20..];
        let id = rest.rsplit('=').next().expect("an id");
        if rest.contains("berth is gone") {
            let _ = writeln!(
                text,
                "[pod/berths-1/berths] {stamp} {stamp} ERROR berths rows are owned by another request_id={id}"
            );
        }
        if rest.contains("request done") {
            let _ = writeln!(text, "[pod/booking-1/booking] {stamp} {stamp}{rest}");
        }
    }
    let json = investigated_together(&[("all.txt", &text)]);
    let first = &json["causes"][0];
    assert!(
        first["summary"].as_str().is_some_and(|told| told.contains("rows are owned by another")),
        "{json}"
    );
    let why = first["why"].as_array().expect("reasons");
    assert!(why.iter().all(|reason| reason["factor"] != "downstream-symptom"), "{json}");
}
