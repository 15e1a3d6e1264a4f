//! What is wrong in logs without a past: failures beside each other, since the beginning, or too little said.

use std::fmt::Write;

use serde_json::Value;

use crate::program::obs_fed;

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
        ("2024-05-01 10:00:00 client sent an HTTP request to an HTTPS server\n", "failure"),
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
