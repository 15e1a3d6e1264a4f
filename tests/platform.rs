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

#[test]
fn containers_outside_of_a_cluster_are_judged() {
    let told = investigated("fixtures/platform/docker/killed.json");
    let first = &told["causes"][0];
    assert_eq!(
        (&first["detector"], &first["subject"]["service"]),
        (&"out-of-memory".into(), &"crane".into())
    );
    assert!(first["summary"].as_str().unwrap().contains("its limit is 128 MiB"), "{first:#}");
    assert_eq!(told["verdict"], "failing");
    let causes = told["causes"].as_array().unwrap();
    assert!(causes.iter().any(|cause| cause["summary"].as_str().unwrap().contains("unhealthy")), "{told:#}");
    let told = investigated("fixtures/platform/docker/calm.json");
    assert_eq!(told["verdict"], "calm", "{told:#}");
}

#[test]
fn a_dump_of_a_cluster_in_one_text_is_read_and_what_is_left_is_said() {
    let told = obs(&["investigate", "fixtures/platform/dump/cluster-info.txt", "--output", "json"]);
    assert!(told.stderr.contains("the logs of 1 containers"), "{told:?}");
    let json = told.json();
    assert_eq!(json["causes"][0]["detector"], "image-pull", "{json:#}");
    assert_eq!(json["causes"][0]["subject"]["service"], "crane");
}

#[test]
fn alerts_are_told_and_those_that_always_fire_are_calm() {
    for (path, words) in [("alertmanager", "The error budget of the harbour"), ("grafana", "Berths are full")]
    {
        let told = investigated(&format!("fixtures/platform/told/{path}.json"));
        let first = &told["causes"][0];
        assert_eq!(first["detector"], "alert", "{told:#}");
        assert!(first["summary"].as_str().unwrap().contains(words), "{first:#}");
        assert_eq!(told["causes"].as_array().unwrap().len(), 1, "{told:#}");
        assert_ne!(told["verdict"], "calm");
    }
    assert_eq!(investigated("fixtures/platform/told/always.json")["verdict"], "calm");
}
