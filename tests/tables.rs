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
