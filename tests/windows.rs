//! A selected time is what is to be explained; what lies before it is what that is compared with.

use std::io::Read;
use std::process::Stdio;

use crate::program::{obs, program};

#[test]
fn a_window_is_compared_with_what_lies_before_it() {
    let args = ["investigate", "fixtures/outage", "--since", "03:08", "--until", "03:18", "--output", "json"];
    let ran = obs(&args);
    let json = ran.json();
    assert_eq!(json["causes"][0]["detector"], "pool-exhaustion", "{json}");
    let onset = json["onset"].as_str().expect("an onset");
    assert!(("2023-12-24T03:08:00".."2023-12-24T03:18:00").contains(&onset), "{onset}");
    let rate = |name: &str| json["success_rate"][name].as_f64().expect("a rate");
    assert!(rate("before") > 0.8 && rate("during") < 0.2, "{}", json["success_rate"]);
    assert_eq!(json["baseline"]["given"], false);
    assert_eq!(json["input"]["window"]["from"], "2023-12-24T03:08:00.000000000Z");
    let text = obs(&args[..6]).text();
    let first = text.lines().take(3).collect::<Vec<_>>().join(" ");
    assert!(first.contains("03:08:00–03:17:59"), "{first}");
}

#[test]
fn what_was_before_a_window_is_not_found_in_it() {
    let ran = obs(&["detect", "fixtures/outage", "--since", "03:25", "--output", "json"]);
    let findings = ran.json()["findings"].as_array().expect("findings").clone();
    let early = |finding: &&serde_json::Value| finding["from"].as_str() < Some("2023-12-24T03:25:00");
    assert!(!findings.iter().any(|finding| early(&finding)), "{findings:#?}");
}

/// Threads that the program has after an answer was computed that is longer than a pipe.
fn threads_with(option: &str) -> usize {
    let dir = tempfile::tempdir().expect("a folder");
    let sample =
        |series: u32, at: u32| format!("x_total{{n=\"{series}\"}} {at} {}\n", 1_700_000_000 + at * 10);
    let mut text = "# TYPE x counter\n".to_owned();
    for series in 0..400 {
        text.extend((0..20).map(|at| sample(series, at)));
    }
    std::fs::write(dir.path().join("m.om"), text + "# EOF\n").expect("a file");
    let mut child = program()
        .args(["query", option, "rate(x_total[1m])", "--step", "1s", "--output", "json"])
        .arg(dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut answer = child.stdout.take().expect("an answer");
    answer.read_exact(&mut [0]).expect("the answer begins");
    let tasks = std::fs::read_dir(format!("/proc/{}/task", child.id())).expect("its threads").count();
    std::io::copy(&mut answer, &mut std::io::sink()).expect("the rest of it");
    assert!(child.wait().expect("an end").success());
    tasks
}

#[test]
#[cfg(target_os = "linux")]
fn one_thread_is_one_thread() {
    assert_eq!(threads_with("-j1"), 1);
    assert!(threads_with("-j3") > 1);
}
