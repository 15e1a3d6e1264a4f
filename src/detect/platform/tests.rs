//! States that are failures, as `kubectl` prints them, each with who is to blame; and states that are none.

use super::findings;
use crate::model::Timestamp;
use crate::platform::{Cluster, read};
use crate::signatures::Severity;

/// When the texts were read.
const TAKEN: Timestamp = Timestamp(1_764_320_400_000_000_000);

/// What is found in texts, each a file: family, who is to blame, and what.
fn found(texts: &[&str]) -> Vec<(&'static str, String, String, Severity)> {
    let mut cluster = Cluster::default();
    for (file, text) in texts.iter().enumerate() {
        read(file as u32, text, &mut cluster);
    }
    cluster.settle();
    let files: Vec<String> = (0..texts.len()).map(|file| format!("{file}.txt")).collect();
    let (found, left) = findings(&cluster, &files, Some(TAKEN));
    assert_eq!(left, 0);
    assert!(found.iter().all(|finding| !finding.evidence.is_empty() && finding.from.is_some()), "{found:#?}");
    let told = found.into_iter().map(|finding| {
        (finding.detector, finding.subject.service.unwrap_or_default(), finding.summary, finding.severity)
    });
    told.collect()
}

/// One thing is wrong, and this is said of it.
fn one(texts: &[&str], family: &str, about: &str, words: &[&str]) {
    let found = found(texts);
    assert_eq!(found.len(), 1, "{found:#?}");
    let (detector, subject, summary, _) = &found[0];
    assert_eq!((*detector, subject.as_str()), (family, about), "{summary}");
    for word in words {
        assert!(summary.contains(word), "{word}: {summary}");
    }
}

const PODS: &str = "NAMESPACE   NAME                     READY   STATUS               RESTARTS     AGE   IP          NODE    NOMINATED NODE   READINESS GATES   LABELS\n";

fn pod(name: &str, ready: &str, status: &str, restarts: &str) -> String {
    let app = name.split('-').next().unwrap();
    format!(
        "{PODS}harbour     {name:<24} {ready:<7} {status:<20} {restarts:<12} 9m    10.1.0.7    quay1   <none>           <none>            app={app}\n"
    )
}

/// A description of a pod with a container, and its events.
fn described(status: &str, node: &str, container: &str, events: &str) -> String {
    format!(
        "Name:             crane-5c6fdf7ccb-tc4gk\nNamespace:        harbour\nNode:             {node}\n\
         Start Time:       Fri, 28 Nov 2025 08:50:00 +0000\nLabels:           app=crane\nStatus:           {status}\n\
         Controlled By:    ReplicaSet/crane-5c6fdf7ccb\nContainers:\n  crane:\n    Image:        crane:9\n    Port:         7070/TCP\n{container}\
         Conditions:\n  Type           Status\n  PodScheduled   True\nQoS Class:        Burstable\n\
         Events:\n  Type     Reason   Age   From   Message\n  ----     ------   ----  ----   -------\n{events}"
    )
}

#[test]
fn containers_that_do_not_come_up_are_their_workloads() {
    one(
        &[&pod("crane-5c6fdf7ccb-tc4gk", "0/1", "ErrImagePull", "0")],
        "image-pull",
        "crane",
        &["cannot be pulled"],
    );
    one(
        &[&pod("ledger-0", "0/1", "CrashLoopBackOff", "9 (3m ago)")],
        "crash",
        "ledger",
        &["again and again"],
    );
    let waiting =
        "    State:        Waiting\n      Reason:     CreateContainerConfigError\n    Ready:        False\n";
    let event = "  Warning  Failed   9s (x4 over 1m)  kubelet  Error: secret \"tide-key\" not found\n";
    one(
        &[&described("Pending", "quay1/10.0.0.1", waiting, event)],
        "settings",
        "crane",
        &["secret \"tide-key\" not found"],
    );
    let pull = "    State:        Waiting\n      Reason:     ImagePullBackOff\n    Ready:        False\n";
    let event = "  Warning  Failed   9s (x4 over 1m)  kubelet  Failed to pull image \"crane:9\": failed to resolve reference: lookup r.example: no such host\n";
    one(&[&described("Pending", "quay1/10.0.0.1", pull, event)], "image-pull", "crane", &["crane:9", "DNS"]);
}

#[test]
fn containers_that_end_say_how() {
    let killed = "    State:        Waiting\n      Reason:     CrashLoopBackOff\n    Last State:   Terminated\n      Reason:     OOMKilled\n      \
                  Exit Code:  137\n      Finished:   Fri, 28 Nov 2025 08:59:00 +0000\n    Ready:        False\n    Restart Count: 7\n    Limits:\n      memory: 64Mi\n";
    one(
        &[&described("Running", "quay1/10.0.0.1", killed, "")],
        "out-of-memory",
        "crane",
        &["OOMKilled", "64Mi"],
    );
    let ended = killed.replace("OOMKilled", "Error").replace("137", "127");
    one(
        &[&described("Running", "quay1/10.0.0.1", &ended, "")],
        "crash",
        "crane",
        &["the command was not found"],
    );
    let runs = format!("    Command:\n      sh\n    Args:\n      -c\n      tide --port $TIDE_PORT\n{ended}");
    one(
        &[&described("Running", "quay1/10.0.0.1", &runs, "")],
        "crash",
        "crane",
        &["it runs `sh -c tide --port $TIDE_PORT`"],
    );
    let up = ended.replace("Waiting\n      Reason:     CrashLoopBackOff", "Running").replace("False", "True");
    one(&[&described("Running", "quay1/10.0.0.1", &up, "")], "crash", "crane", &["127"]);
    assert_eq!(
        found(&[&described("Running", "quay1/10.0.0.1", &up.replace("08:59:00", "03:00:00"), "")]),
        []
    );
}

#[test]
fn probes_that_ask_what_nobody_serves_are_to_blame() {
    let container = "    State:        Running\n      Started:    Fri, 28 Nov 2025 08:59:00 +0000\n    Last State:   Terminated\n      Reason:     Error\n      \
                     Exit Code:  137\n      Finished:   Fri, 28 Nov 2025 08:58:59 +0000\n    Ready:        True\n    Restart Count: 2\n    Liveness:     grpc <pod>:7171  delay=5s\n";
    let events = "  Normal   Killing    21s (x2 over 1m)  kubelet  Container crane failed liveness probe, will be restarted\n  \
                  Warning  Unhealthy  1s (x7 over 1m)   kubelet  Liveness probe failed: timeout: failed to connect service\n";
    one(
        &[&described("Running", "quay1/10.0.0.1", container, events)],
        "probe",
        "crane",
        &["liveness", "7171", "7070"],
    );
    let container = "    State:        Running\n    Ready:        False\n    Readiness:    http-get http://:7070/health delay=5s\n";
    let events = "  Warning  Unhealthy  1s (x9 over 1m)  kubelet  Readiness probe failed: Get \"x\": malformed HTTP response \"\\x00\"\n";
    one(
        &[&described("Running", "quay1/10.0.0.1", container, events)],
        "probe",
        "crane",
        &["readiness", "not what the container speaks"],
    );
}

#[test]
fn what_no_node_takes_says_why() {
    let nodes = "NAME    STATUS                     ROLES           AGE    VERSION\n\
                 gate    Ready,SchedulingDisabled   control-plane   120d   v1.31.2\nquay1   Ready,SchedulingDisabled   <none>          120d   v1.31.2\n";
    let event = |why: &str| {
        format!(
            "  Warning  FailedScheduling  2m  default-scheduler  0/4 nodes are available: {why}. preemption: 0/4 nodes are available: 4 No.\n"
        )
    };
    let told = |why: &str| described("Pending", "<none>", "", &event(why));
    for (why, words) in [
        ("1 node(s) were unschedulable, 3 Insufficient cpu", &["Insufficient cpu"][..]),
        (
            "1 node(s) were unschedulable, 3 node(s) had untolerated taint {berth: cold}",
            &["taint", "berth: cold"],
        ),
        ("1 node(s) were unschedulable, 3 node(s) didn't match pod anti-affinity rules", &["anti-affinity"]),
    ] {
        one(&[&told(why)], "scheduling", "crane", words);
    }
    one(
        &[nodes, &told("2 node(s) were unschedulable, 2 node(s) didn't match Pod's node affinity/selector")],
        "scheduling",
        "crane",
        &["cordoned (unschedulable): quay1"],
    );
    one(
        &[&told("pod has unbound immediate PersistentVolumeClaims")],
        "storage",
        "crane",
        &["PersistentVolumeClaims"],
    );
    let unseen = described("Pending", "<none>", "", "").replace("  PodScheduled   True\n", "");
    one(&[nodes, &unseen], "control-plane", "gate", &["kube-scheduler", "crane"]);
}

#[test]
fn pods_that_may_not_be_made_are_the_quotas_or_the_workloads() {
    let sets = "NAMESPACE   NAME               DESIRED   CURRENT   READY   AGE\nharbour     crane-5c6fdf7ccb   1         0         0       9m\n";
    let event = |why: &str| {
        format!(
            "harbour   36s   Warning   FailedCreate   replicaset/crane-5c6fdf7ccb   Error creating: pods \"crane-5c6fdf7ccb-\" is forbidden: {why}\n"
        )
    };
    let account =
        event("error looking up service account harbour/cranes: serviceaccount \"cranes\" not found");
    one(&[sets, &account], "admission", "crane", &["service account", "cranes"]);
    let quota = event(
        "exceeded quota: cpu, requested: requests.cpu=1, used: requests.cpu=10, limited: requests.cpu=10",
    );
    one(&[sets, &quota], "admission", "harbour", &["quota cpu", "crane", "requests.cpu=10"]);
    assert_eq!(found(&[&sets.replace("1         0         0", "1         1         1"), &account]), []);
}

#[test]
fn a_node_that_is_gone_is_to_blame_for_all_that_ran_on_it() {
    let nodes = "NAME    STATUS     ROLES    AGE    VERSION\nquay1   NotReady   <none>   120d   v1.31.2\nquay2   Ready      <none>   120d   v1.31.2\n";
    let pods = pod("crane-5c6fdf7ccb-tc4gk", "0/1", "Running", "0");
    one(&[nodes, &pods], "node", "quay1", &["not ready", "1 pod is on it"]);
}

#[test]
fn services_that_reach_nobody_are_to_blame() {
    let pods = pod("crane-5c6fdf7ccb-tc4gk", "1/1", "Running", "0");
    let service = |selector: &str, target: &str, protocol: &str, endpoints: &str| {
        format!(
            "Name:              crane\nNamespace:         harbour\nSelector:          {selector}\nType:              ClusterIP\n\
             Port:              grpc  7070/{protocol}\nTargetPort:        {target}/{protocol}\nEndpoints:         {endpoints}\nSession Affinity:  None\n"
        )
    };
    one(&[&pods, &service("app=cranes", "7070", "TCP", "")], "endpoints", "crane", &["app=cranes", "no pod"]);
    let container = "    State:        Running\n    Ready:        True\n";
    let container = &described("Running", "quay1/10.0.0.1", container, "");
    one(
        &[container, &service("app=crane", "7071", "TCP", "10.1.0.7:7071")],
        "endpoints",
        "crane",
        &["7071", "refused"],
    );
    one(
        &[container, &service("app=crane", "7070", "UDP", "10.1.0.7:7070")],
        "endpoints",
        "crane",
        &["protocol UDP", "TCP"],
    );
    assert_eq!(found(&[container, &service("app=crane", "7070", "TCP", "10.1.0.7:7070")]), []);
}

#[test]
fn of_alerts_what_ran_out_comes_first_and_then_what_changed_most() {
    let told = found(&[r#"{"alerts": [
{"name": "till", "evidence": ["slow: p90 4.0 ms -> 90.0 ms"]},
{"name": "crane", "evidence": ["cpu saturation: throttled 0.01 s -> 0.70 s", "slow: p90 4.0 ms -> 9.0 ms"]},
{"type": "Node", "name": "quay1", "evidence": ["packet loss 0.1 -> 0.2"]}]}"#]);
    let worst = told.iter().find(|(.., severity)| *severity == Severity::High).unwrap();
    assert_eq!((worst.0, worst.1.as_str(), told.len()), ("alert", "crane", 3));
    assert!(worst.2.contains("cpu saturation") && !worst.2.contains("slow"), "{worst:?}");
    let told = found(&[
        r#"[{"labels": {"alertname": "KubePodCrashLooping", "pod": "crane-5c6fdf7ccb-tc4gk", "namespace": "harbour"},
"annotations": {"summary": "restarts again and again"}, "startsAt": "2025-11-28T08:00:00Z"}]"#,
    ]);
    assert_eq!((told[0].0, told[0].1.as_str()), ("alert", "crane"));
}

#[test]
fn families_are_no_detectors_of_logs() {
    for (family, _) in super::families() {
        assert!(super::super::by_name(family).is_none(), "{family}");
    }
}
