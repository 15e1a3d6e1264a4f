//! The platform as a witness, end to end: healthy clusters are calm, and what is wrong is blamed on who is at fault.

use serde_json::Value;

use crate::program::obs;

fn investigated(path: &str) -> Value {
    obs(&["investigate", path, "--output", "json"]).json()
}

#[test]
fn a_healthy_cluster_is_calm() {
    let all = "fixtures/platform/calm";
    for path in [
        all.to_owned(),
        format!("{all}/get-all.txt"),
        format!("{all}/describe.txt"),
        format!("{all}/objects.json"),
    ] {
        let told = investigated(&path);
        assert_eq!(told["verdict"], "calm", "{path}: {told:#}");
        assert_eq!(told["causes"].as_array().unwrap().len(), 0, "{path}");
    }
}

#[test]
fn a_pod_that_no_node_takes_explains_those_who_ask_for_it() {
    let told = investigated("fixtures/platform/bundle");
    let first = &told["causes"][0];
    assert_eq!(
        (first["detector"].as_str(), first["subject"]["service"].as_str()),
        (Some("scheduling"), Some("crane"))
    );
    assert!(first["summary"].as_str().unwrap().contains("disk=ssd"), "{first:#}");
    assert_eq!(first["evidence"][0]["line"], 3);
    assert_eq!(told["verdict"], "failing");
    // What is searched stays text.
    let grep = obs(&["grep", "CrashLoopBackOff|FailedCreate", "fixtures/platform/calm/get-all.txt"]);
    assert!(grep.text().contains("FailedCreate"), "{grep:?}");
}

#[test]
fn what_is_cut_short_is_said() {
    let whole = std::fs::read_to_string("fixtures/platform/calm/objects.json").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("objects.json");
    std::fs::write(&path, &whole[..whole.len() - 300]).unwrap();
    let told = obs(&["investigate", path.to_str().unwrap(), "--output", "json"]);
    assert!(told.stderr.contains("cut short or broken"), "{told:?}");
    assert_eq!(told.json()["verdict"], "calm");
}
