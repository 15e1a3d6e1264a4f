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
fn a_dump_of_a_cluster_in_one_text_is_read_with_the_logs_in_it() {
    let told = obs(&["investigate", "fixtures/platform/dump/cluster-info.txt", "--output", "json"]);
    assert!(!told.stderr.contains("not read"), "{told:?}");
    assert!(told.json()["input"]["entries"].as_u64() > Some(0), "{told:?}");
    let json = told.json();
    assert_eq!(json["causes"][0]["detector"], "image-pull", "{json:#}");
    assert_eq!(json["causes"][0]["subject"]["service"], "crane");
}

#[test]
fn alerts_are_told_and_those_that_always_fire_are_calm() {
    for (path, words) in [
        ("alertmanager", "The error budget of the harbour"),
        ("grafana", "Berths are full"),
        ("rules", "crane does not lift"),
        ("kept", "Slow crane"),
    ] {
        let told = investigated(&format!("fixtures/platform/told/{path}.json"));
        let first = &told["causes"][0];
        assert_eq!(first["detector"], "alert", "{told:#}");
        assert!(first["summary"].as_str().unwrap().contains(words), "{first:#}");
        assert!(!told.to_string().contains("always fires"), "{told:#}");
        assert_ne!(told["verdict"], "calm");
    }
    assert_eq!(investigated("fixtures/platform/told/always.json")["verdict"], "calm");
}

/// Writes texts into files of a folder, and investigates each.
fn investigated_texts(texts: &[(&str, String)]) -> Vec<(String, crate::program::Ran)> {
    let folder = tempfile::tempdir().unwrap();
    let each = |(name, text): &(&str, String)| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        ((*name).to_owned(), obs(&["investigate", path.to_str().unwrap(), "--output", "json"]))
    };
    texts.iter().map(each).collect()
}

/// `kubectl get pods -A -o wide` of a cluster in which all is well: pods run, some were started again long ago, jobs are
/// done.
fn healthy_pods(count: usize) -> String {
    let mut text = String::from(
        "NAMESPACE     NAME                       READY   STATUS      RESTARTS       AGE    IP           NODE      NOMINATED NODE   READINESS GATES\n",
    );
    for at in 0..count {
        let restarts = ["0", "0", "1 (3d ago)", "0", "14 (9d ago)"][at % 5];
        let (name, ready, status) = match at % 17 {
            16 => (format!("invoice-{}-x2k4z", 29_404_800 + at), "0/1", "Completed"),
            _ => (format!("crane-6b8786b{:03}-t{:04}", at % 1_000, at % 10_000), "1/1", "Running"),
        };
        text.push_str(&format!(
            "harbour       {name:<26} {ready:<7} {status:<11} {restarts:<14} {:<6} 10.0.{}.7   quay-{}    <none>           <none>\n",
            format!("{}d", at % 90 + 10),
            at % 250,
            at % 9,
        ));
    }
    text
}

/// A rolling update that went well, an autoscaler and jobs at work: what was in the way of it for a moment stands in the
/// events.
const ROLLED: &str = "\
NAME                     READY   STATUS    RESTARTS   AGE
crane-6b8786b6d1-x2k4z   1/1     Running   0          9m
crane-6b8786b6d1-tc4gk   1/1     Running   0          8m
db-2                     1/1     Running   0          55m

NAME    READY   UP-TO-DATE   AVAILABLE   AGE
crane   2/2     2            2           40d

NAME               DESIRED   CURRENT   READY   AGE
crane-6b8786b6d1   2         2         2       9m
crane-5c6fdf7ccb   0         0         0       4d

NAME    REFERENCE          TARGETS        MINPODS   MAXPODS   REPLICAS   AGE
crane   Deployment/crane   cpu: 63%/70%   2         10        2          40d

LAST SEEN   TYPE      REASON                    OBJECT                          MESSAGE
9m          Normal    ScalingReplicaSet         deployment/crane                Scaled up replica set crane-6b8786b6d1 to 2
9m          Normal    Scheduled                 pod/crane-6b8786b6d1-x2k4z      Successfully assigned harbour/crane-6b8786b6d1-x2k4z to quay-4
8m50s       Warning   Unhealthy                 pod/crane-6b8786b6d1-x2k4z      Readiness probe failed: Get \"http://10.1.9.8:8080/ready\": dial tcp 10.1.9.8:8080: connect: connection refused
8m          Normal    Killing                   pod/crane-5c6fdf7ccb-aaaaa      Stopping container crane
8m          Warning   Unhealthy                 pod/crane-5c6fdf7ccb-aaaaa      Readiness probe failed: HTTP probe failed with statuscode: 503
30m         Normal    SuccessfulRescale         horizontalpodautoscaler/crane   New size: 2; reason: All metrics below target
31m         Warning   FailedGetResourceMetric   horizontalpodautoscaler/crane   failed to get cpu utilization: did not receive metrics for targeted pods (pods might be unready)
11m         Normal    Completed                 job/invoice-29404860            Job completed
55m         Warning   FailedScheduling          pod/db-2                        0/9 nodes are available: 9 Insufficient cpu. preemption: 0/9 nodes are available: 9 No preemption victims found for incoming pod.
54m         Normal    Scheduled                 pod/db-2                        Successfully assigned harbour/db-2 to quay-7
";

/// The same as the API tells it: pods that run, some after they were killed long ago, jobs that are done.
fn healthy_list(count: usize) -> String {
    let pod = |at: usize| {
        let done = at % 17 == 16;
        let last = if at % 5 == 4 {
            serde_json::json!({"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2025-11-10T07:00:00Z"}})
        } else {
            serde_json::json!({})
        };
        let state = if done {
            serde_json::json!({"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": "2025-11-28T08:00:00Z"}})
        } else {
            serde_json::json!({"running": {"startedAt": "2025-11-10T07:00:05Z"}})
        };
        serde_json::json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": format!("crane-6b8786b6d1-{at}"), "namespace": "harbour", "uid": format!("u{at}"),
                "creationTimestamp": "2025-11-01T07:00:00Z"},
            "spec": {"nodeName": "quay-1", "containers": [{"name": "crane", "image": "harbour/crane:1"}]},
            "status": {"phase": if done { "Succeeded" } else { "Running" },
                "conditions": [{"type": "Ready", "status": if done { "False" } else { "True" },
                    "reason": if done { "PodCompleted" } else { "" }, "lastTransitionTime": "2025-11-10T07:00:10Z"}],
                "containerStatuses": [{"name": "crane", "ready": !done, "restartCount": u64::from(at % 5 == 4),
                    "state": state, "lastState": last}]}
        })
    };
    let items: Vec<Value> = (0..count).map(pod).collect();
    serde_json::json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()
}

#[test]
fn healthy_clusters_of_any_size_are_calm() {
    let texts = [
        ("three.txt", healthy_pods(3)),
        ("forty.txt", healthy_pods(40)),
        ("many.txt", healthy_pods(3_000)),
        ("rolled.txt", ROLLED.to_owned()),
        ("few.json", healthy_list(6)),
        ("hundreds.json", healthy_list(400)),
    ];
    for (name, ran) in investigated_texts(&texts) {
        let told = ran.json();
        assert_eq!(
            (&told["verdict"], told["causes"].as_array().map(Vec::len)),
            (&"calm".into(), Some(0)),
            "{name}: {told:#}"
        );
        assert_eq!(ran.stderr, "", "{name}");
    }
}

#[test]
fn the_one_that_is_broken_is_found_among_many() {
    let broken = r#"{"kind": "Pod", "metadata": {"name": "tide-1", "namespace": "harbour"}, "spec": {"nodeName": "quay-1"}, "status": {"phase": "Pending",
        "containerStatuses": [{"name": "tide", "ready": false, "restartCount": 0,
        "state": {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}}}]}}"#;
    let whole = healthy_list(5_000);
    let list = format!("{}, {broken}]}}", whole.strip_suffix("]}").unwrap());
    let cut = &list[..list.len() - broken.len() - 40];
    let table = healthy_pods(5_000)
        + "harbour       tide-1                     0/1     ImagePullBackOff   0              3m     10.0.1.7     quay-1    <none>           <none>\n";
    let told = investigated_texts(&[
        ("list.json", list.clone()),
        ("table.txt", table),
        ("cut.json", cut.to_owned()),
    ]);
    for (name, ran) in &told[..2] {
        let json = ran.json();
        assert_eq!(json["causes"][0]["detector"], "image-pull", "{name}: {json:#}");
        let service = json["causes"][0]["subject"]["service"].as_str().unwrap();
        assert!(service.starts_with("tide"), "{name}: {service}");
    }
    let cut = &told[2].1;
    assert!(
        cut.stderr.contains("is cut short or broken") && cut.stderr.contains("objects of it were read"),
        "{cut:?}"
    );
}

#[test]
fn ages_without_a_time_to_count_from_are_said_where_they_tell_something() {
    let text = "NAME      READY   STATUS             RESTARTS      AGE\ncrane-1   0/1     CrashLoopBackOff   6 (30s ago)   12m\n";
    let told = investigated_texts(&[("pods.txt", text.to_owned())]);
    assert!(told[0].1.stderr.contains("its ages have no time to count from"), "{:?}", told[0].1);
}

#[test]
fn what_alerts_told_before_is_told_with_its_times() {
    let path = "fixtures/platform/told/history.json";
    let told = investigated(path);
    assert!(
        told["causes"][0]["summary"].as_str().unwrap_or_default().contains("Berths are full"),
        "{told:#}"
    );
    let told = obs(&["detect", path, "--output", "json"]).json();
    let findings = told["findings"].as_array().unwrap();
    let over =
        findings.iter().find(|found| found["summary"].as_str().unwrap().contains("over by now")).unwrap();
    let text = over.to_string();
    assert!(
        text.contains("Tide is low") && text.contains("08:55:00") && text.contains("08:56:00"),
        "{over:#}"
    );
}
