//! Outages of which nothing but tables of metrics tell, a column for every service and measure, as monitors export them.

use std::fmt::Write as _;
use std::fs;

use crate::program::obs;

const SERVICES: [&str; 5] = ["cart", "catalog", "mailer", "pricing", "web"];
const BEGIN: u32 = 1_692_569_339;
/// The second at which it begins, and how long the day is.
const FAULT: u32 = 700;
const SECONDS: u32 = 1_400;

/// A table of a value per second; `touch` changes the value of a service's measure: second, service, measure, value.
fn table(touch: impl Fn(u32, &str, &str, f64) -> f64) -> String {
    let measures = [("cpu", 0.1), ("mem", 2e8), ("load", 20.0), ("latency", 0.012), ("error", 0.0)];
    let mut text = "time".to_owned();
    for service in SERVICES {
        for (measure, _) in measures {
            let _ = write!(text, ",{service}_{measure}");
        }
    }
    let mut state = 7_u64;
    for second in 0..SECONDS {
        let _ = write!(text, "\n{}", BEGIN + second);
        for service in SERVICES {
            for (measure, value) in measures {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let noise = 1.0 + 0.2 * ((state >> 11) as f64 / (1_u64 << 53) as f64);
                let _ = write!(text, ",{:.6}", touch(second, service, measure, value * noise));
            }
        }
    }
    text + "\n"
}

fn investigated(table: &str) -> serde_json::Value {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("data.csv"), table).expect("a file");
    obs(&["investigate", &folder.path().to_string_lossy(), "--output", "json"]).json()
}

/// Asserts that the first cause is about this service and detector, and begins where the fault does.
fn check(found: &serde_json::Value, detector: &str) {
    let cause = &found["causes"][0];
    assert_eq!(cause["detector"], detector, "{found:#}");
    assert_eq!(cause["subject"]["service"], "pricing", "{found:#}");
    let evidence = &cause["evidence"][0];
    // The header, and the lines before.
    assert_eq!(evidence["line"].as_u64(), Some(u64::from(FAULT) + 2), "{found:#}");
    assert!(evidence["text"].as_str().is_some_and(|text| text.starts_with("pricing_")), "{found:#}");
    let onset = found["onset"].as_str().expect("an onset");
    assert!(onset.starts_with("2023-08-20T22:20:3"), "{onset}");
}

#[test]
fn the_service_whose_processors_are_busy_is_named() {
    let found = investigated(&table(|second, service, measure, value| match (service, measure) {
        _ if second < FAULT => value,
        ("pricing", "cpu") => value * 8.0,
        ("pricing", "latency") => value * 2.6,
        ("web", "latency") => value * 2.2,
        _ => value,
    }));
    check(&found, "cpu");
}

#[test]
fn the_service_that_takes_the_memory_is_named() {
    let found = investigated(&table(|second, service, measure, value| match (service, measure) {
        ("pricing", "mem") if second >= FAULT => value * (2.0 + f64::from((second - FAULT).min(300)) / 100.0),
        _ => value,
    }));
    check(&found, "out-of-memory");
}

#[test]
fn the_service_that_became_slow_is_named_before_those_who_wait_for_it() {
    let found = investigated(&table(|second, service, measure, value| match (service, measure) {
        ("pricing" | "web", "latency") if second >= FAULT => value + 0.2,
        _ => value,
    }));
    check(&found, "latency");
}

#[test]
fn a_job_at_night_and_noise_are_no_outage() {
    let calm = investigated(&table(|_, _, _, value| value));
    assert_eq!(calm["causes"], serde_json::json!([]), "{calm:#}");
    let job = investigated(&table(|second, service, measure, value| match (service, measure) {
        ("mailer", "cpu") if (FAULT..FAULT + 200).contains(&second) => value * 4.0,
        _ => value,
    }));
    assert_eq!(job["causes"], serde_json::json!([]), "{job:#}");
}

/// The answer on a folder of these files.
fn of_files(files: &[(&str, String)]) -> serde_json::Value {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    obs(&["investigate", &folder.path().to_string_lossy(), "--output", "json"]).json()
}

/// Small numbers that look like chance: between 0.9 and 1.1, the same in every run.
fn about(of: u32, at: u32) -> f64 {
    0.9 + f64::from((of * 7 + at * 13 + of * at * 5) % 21) / 100.0
}

/// Calls that take so long, a column for each pair, a row a minute, as Go writes its times. From the minute on in which it
/// begins, the calls of `slow` take ten times as long, and so do those of who waits for it.
fn calls(slow: &str) -> String {
    const PAIRS: [(&str, &str); 5] =
        [("web", "shop"), ("web", "search"), ("shop", "bank"), ("shop", "stock"), ("search", "stock")];
    let waits = |called: &str| called == slow || (called == "shop" && ["bank", "stock"].contains(&slow));
    let mut text = "time,timestamp".to_owned();
    for (client, server) in PAIRS {
        let _ = write!(text, ",{client}_{server}");
    }
    for minute in 0..9 {
        let at = BEGIN + minute * 60;
        let _ = write!(
            text,
            "\n2023-08-20 22:{:02}:59.911379219 +0000 UTC m=+{}.41,{at}",
            8 + minute,
            20 + minute * 60
        );
        for (of, (_, server)) in (0..).zip(PAIRS) {
            let times =
                if minute >= 5 && waits(server) { if server == slow { 40.0 } else { 10.0 } } else { 1.0 };
            let _ = write!(text, ",{:.6}", 0.02 * about(of, minute) * times);
        }
    }
    text + "\n"
}

#[test]
fn of_slow_calls_the_last_one_called_is_to_blame() {
    let edges = "Source,Target,Weight\nweb,shop,1\nweb,search,1\nshop,bank,1\nshop,stock,1\n".to_owned();
    for slow in ["bank", "search"] {
        let json = of_files(&[("metric/source_95.csv", calls(slow)), ("metric/calls.csv", edges.clone())]);
        let first = &json["causes"][0];
        assert_eq!(
            (&first["subject"]["service"], &first["detector"]),
            (&slow.into(), &"latency".into()),
            "{json}"
        );
        assert!(first["confidence"].as_f64() >= Some(0.5), "{json}");
    }
    let json = of_files(&[("metric/source_95.csv", calls("nobody")), ("metric/calls.csv", edges)]);
    assert_eq!(
        (&json["verdict"], json["causes"].as_array().map(Vec::len)),
        (&"calm".into(), Some(0)),
        "{json}"
    );
}

/// Shares of requests that succeed, under heads of several lines; `failing` fails a little at two samples, and so does who
/// calls it.
fn shares(rows: u32, start: u32, failing: Option<&str>) -> String {
    const NODES: [&str; 4] = ["web", "shop", "bank", "stock"];
    let mut text = format!("service,{}\nmetric", NODES.join(","));
    text.push_str(&",availability".repeat(NODES.len()));
    text.push_str("\nstatistic");
    text.push_str(&",Average".repeat(NODES.len()));
    text.push_str("\nunix_timestamp,,,,");
    for row in 0..rows {
        let _ = write!(text, "\n{}.0", start + row * 300);
        for node in NODES {
            let fails =
                failing.is_some_and(|failing| node == failing || node == "web") && (2..4).contains(&row);
            let share = if fails { if Some(node) == failing { 95.0 } else { 97.0 } } else { 100.0 };
            let _ = write!(text, ",{share}");
        }
    }
    text + "\n"
}

#[test]
fn a_long_recording_tells_what_is_usual_in_a_short_one() {
    let graph = ",web,shop,bank,stock\nweb,0,1,0,0\nshop,0,0,1,1\nbank,0,0,0,0\nstock,0,0,0,0\n".to_owned();
    let long = || shares(300, BEGIN, None);
    let before = BEGIN - 90 * 86_400;
    let json = of_files(&[
        ("graph.csv", graph.clone()),
        ("good/metrics.csv", long()),
        ("bad/metrics.csv", shares(5, before, Some("bank"))),
    ]);
    assert_eq!(json["causes"][0]["subject"]["service"], "bank", "{json}");
    let json = of_files(&[
        ("graph.csv", graph),
        ("good/metrics.csv", long()),
        ("bad/metrics.csv", shares(5, before, None)),
    ]);
    assert_eq!(json["verdict"], "calm", "{json}");
}

/// The share of calls that succeed in a pod; from a minute on most fail, if they do.
fn pod(first: u32, minutes: u32, fails_from: Option<u32>) -> String {
    let mut text = "Time,Timestamp,SuccessRate,CpuUsageRate(%)".to_owned();
    for minute in first..minutes {
        let at = BEGIN + minute * 60;
        let share = if fails_from.is_some_and(|from| minute >= from) { 20.0 } else { 100.0 };
        let cpu = 12.0 * about(first, minute);
        let _ =
            write!(text, "\n2023-08-20 22:{:02}:59 +0000 UTC m=+{at}.1,{at},{share},{cpu:.3}", 8 + minute);
    }
    text + "\n"
}

#[test]
fn what_was_rolled_out_right_before_its_caller_failed_is_asked_first() {
    let old = |name: &str, fails_from| (name.to_owned(), pod(0, 30, fails_from));
    let mut files = vec![
        old("web-6b8786b6db-x2k4z_web_shop.csv", None),
        old("shop-5d9c7f8b6d-k4z2x_web_shop.csv", Some(16)),
        old("shop-5d9c7f8b6d-k4z2x_shop_bank.csv", None),
        old("shop-5d9c7f8b6d-k4z2x_shop_stock.csv", None),
        old("bank-7c6f9d8b5f-4xk2z_shop_bank.csv", None),
        old("stock-8f7d6c5b9c-z2x4k_shop_stock.csv", None),
    ];
    let first = |files: &[(String, String)]| {
        let files: Vec<(&str, String)> =
            files.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
        let json = of_files(&files);
        (json["causes"][0]["subject"]["service"].clone(), json)
    };
    let (service, json) = first(&files);
    assert_eq!(service, "shop", "{json}");
    files.push(("bank-6d5f4c7b8c-2z4xk_shop_bank.csv".to_owned(), pod(14, 30, None)));
    let (service, json) = first(&files);
    assert_eq!(service, "bank", "{json}");
}
