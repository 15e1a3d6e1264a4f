//! What is missing is said: the end, the beginning or the first try of requests, and entries to look at.

use std::fs;
use std::path::Path;

use crate::program::obs;

/// A shop of three services, one request a second: every 10th asks for its price twice, every 20th of the others never
/// ends, and every 50th + 7 has no word of the edge.
fn shop(folder: &Path) {
    let (mut edge, mut cart, mut price) = (String::new(), String::new(), String::new());
    let line = |n: u32, millis: u32, service: &str, rest: &str| {
        format!(
            "{{\"ts\":\"2024-09-01T10:{:02}:{:02}.{millis:03}Z\",\"level\":\"info\",\"service\":\"{service}\",\
             \"request_id\":\"{:08x}\",{rest}}}\n",
            n / 60,
            n % 60,
            n.wrapping_mul(2_654_435_761)
        )
    };
    for n in 0..1_000 {
        let (retried, cut, orphan) = (n % 10 == 0, n % 20 == 5, n % 50 == 7);
        if !orphan {
            edge += &line(n, 0, "edge", "\"msg\":\"accepted\"");
        }
        cart += &line(n, 2, "cart", "\"msg\":\"lookup\"");
        for at in if retried { vec![10, 50] } else { vec![10] } {
            price += &line(n, at, "price", "\"msg\":\"asked\"");
            price += &line(n, at + 20, "price", "\"msg\":\"answered\"");
        }
        if !cut {
            cart += &line(n, 90, "cart", "\"msg\":\"found\"");
        }
        if !cut && !orphan {
            edge += &line(n, 95, "edge", "\"msg\":\"done\",\"status\":200");
        }
    }
    for (name, text) in [("edge.log", edge), ("cart.log", cart), ("price.log", price)] {
        fs::write(folder.join(name), text).expect("a file");
    }
}

#[test]
fn what_requests_lack_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    shop(folder.path());
    let path = folder.path().to_string_lossy().into_owned();
    let ran = obs(&["correlate", &path, "--incomplete", "--output", "json"]);
    let json = ran.json();
    // 50 were cut, and the 20 without a word of the edge have no status either.
    assert_eq!((json["totals"]["unknown"].as_u64(), json["totals"]["failed"].as_u64()), (Some(70), Some(0)));
    let requests = json["requests"].as_array().expect("requests");
    assert_eq!(requests.len(), 70);
    let cut = format!("{:08x}", 5_u32.wrapping_mul(2_654_435_761));
    assert!(requests.iter().any(|request| request["id"] == *cut && request["outcome"] == "unknown"));
    let story = obs(&["correlate", &path, "--id", &cut]).text();
    assert!(story.contains("Its end is missing: last heard from price at +30.0 ms."), "{story}");
    let graph = obs(&["correlate", &path, "--graph", "--output", "json"]).json();
    let of = |from: &str, to: &str, key: &str| {
        let edges = graph["edges"].as_array().expect("edges");
        let edge = edges.iter().find(|edge| edge["from"] == from && edge["to"] == to);
        edge.and_then(|edge| edge[key].as_u64())
    };
    assert_eq!(
        (of("edge", "cart", "calls"), of("cart", "price", "calls")),
        (Some(980), Some(1_000)),
        "{graph}"
    );
    assert_eq!((of("edge", "cart", "retries"), of("cart", "price", "retries")), (Some(0), Some(100)));
    assert_eq!(graph["orphans"].as_u64(), Some(20), "{graph}");
}

#[test]
fn a_request_over_several_minutes_is_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut log = String::new();
    for n in 0..60 {
        let (minute, second) = (n / 2, n % 2 * 30);
        let line = |minute: u32, level: &str, message: &str| {
            format!(
                "2024-09-01 10:{minute:02}:{second:02}.000 {level} [main] c.a.Job - {message} req_id=r{n:05}a\n"
            )
        };
        log += &line(minute, "INFO", "begun");
        log += &line(minute + 1, if n == 7 { "ERROR" } else { "INFO" }, "worked");
        log += &line(minute + 2, "INFO", "left");
    }
    let file = folder.path().join("job.log");
    fs::write(&file, log).expect("a file");
    let path = file.to_string_lossy().into_owned();
    let json = obs(&["stats", &path, "--every", "1m", "--slo", "99", "--output", "json"]).json();
    let groups = json["groups"].as_array().expect("groups");
    let sum = |key: &str| groups.iter().filter_map(|group| group[key].as_u64()).sum::<u64>();
    assert_eq!((sum("entries"), sum("requests"), sum("success")), (180, 60, 59), "{json}");
    let ended = groups.iter().find(|group| group["from"] == "2024-09-01T10:05:00Z").expect("a minute");
    assert_eq!((ended["requests"].as_u64(), ended["success"].as_u64()), (Some(2), Some(1)), "{ended}");
    assert_eq!((json["slo"][0]["requests"].as_u64(), json["slo"][0]["failed"].as_u64()), (Some(60), Some(1)));
}

#[test]
fn where_nothing_was_looked_at_nothing_is_said_to_be_well() {
    let outage = "fixtures/outage";
    for (args, code, said) in [
        (vec!["investigate", outage, "--since", "05:00"], 2, "Nothing can be said: none of 7,356 entries"),
        (vec!["detect", outage, "--since", "05:00"], 0, "Nothing was looked at: none of 7,356 entries"),
        (vec!["stats", outage, "--since", "05:00"], 1, "Nothing was counted: none of 7,356 entries"),
        (vec!["templates", outage, "--since", "05:00"], 1, "There is no template: none of 7,356 entries"),
        (vec!["templates", outage, "--diff", "05:00..06:00"], 1, "There is no template: none of 7,356"),
        (vec!["stats", outage, "--where", "sttus > 3"], 1, "Nothing was counted: none of 7,356 entries"),
        (vec!["investigate", "fixtures/hostile/0016-empty.log"], 2, "Nothing can be said: there was nothing"),
        (vec!["investigate", "no-such-folder"], 2, "Nothing can be said: there was nothing to read."),
    ] {
        let ran = obs(&args);
        let text = ran.text().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(ran.code == code && text.contains(said), "{args:?}: {} {text} {}", ran.code, ran.stderr);
        assert!(!text.contains("Nothing is wrong"), "{text}");
    }
    for (option, name, meant) in [("--by", "sevice", "service"), ("--value", "durationMS", "durationMs")] {
        let ran = obs(&["stats", "fixtures/outage/order-service", option, name]);
        assert_eq!(ran.code, 0);
        let said = format!("{option}: no entry has a value of {name}; did you mean {meant}");
        assert!(ran.stderr.contains(&said), "{}", ran.stderr);
    }
}
