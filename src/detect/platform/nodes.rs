//! Nodes: not ready, under pressure, with components that start again and again, and a scheduler that is gone.

use std::collections::BTreeMap;

use super::{Fault, View};
use crate::platform::cluster::{Event, Node};
use crate::platform::{Kind, Object};
use crate::signatures::{Nature, Severity};

/// Conditions of a node that are bad if they are so, and what they mean.
const PRESSURES: &[(&str, &str)] = &[
    ("MemoryPressure", "is short of memory (MemoryPressure)"),
    ("DiskPressure", "is short of disk (DiskPressure)"),
    ("PIDPressure", "is short of processes (PIDPressure)"),
    ("NetworkUnavailable", "has no network (NetworkUnavailable)"),
];

/// From how many starts within an hour on a component of a node does not stay up.
const STARTS: usize = 3;

/// Is it a node of the control plane?
pub(super) fn is_control(node: &Node) -> bool {
    node.roles.split(',').any(|role| matches!(role, "control-plane" | "master"))
}

/// Is it not ready?
pub(super) fn is_down(node: &Node) -> bool {
    let condition = node.condition("Ready").map(|condition| condition.status.as_str());
    match condition {
        Some(status) => status != "True",
        None => node.status.starts_with("NotReady") || node.status.starts_with("Unknown"),
    }
}

/// What is wrong with nodes.
pub(super) fn faults(view: &View<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (object, node) in &view.cluster.nodes {
        if is_down(node) {
            faults.push(down(view, object, node));
        }
        for condition in &node.conditions {
            let pressure = PRESSURES.iter().find(|(kind, _)| *kind == condition.kind);
            if let Some((_, what)) = pressure.filter(|_| condition.status == "True") {
                let place = condition.place.clone();
                let fault = Fault::new("node", object.clone(), format!("node {what}"), place);
                faults.push(fault.since(condition.since).nature(Nature::Resource));
            }
        }
    }
    faults.extend(components(view));
    faults.extend(scheduler(view));
    faults.extend(sandboxes(view));
    faults
}

fn down(view: &View<'_>, object: &Object, node: &Node) -> Fault {
    let ready = node.condition("Ready");
    let why = ready.map(|ready| ready.message.trim_end_matches('.')).filter(|why| !why.is_empty());
    let why = why.or(ready.map(|ready| ready.reason.as_str()).filter(|why| !why.is_empty()));
    // The kubelet tells of the whole node; nobody else does.
    let why = why.map_or_else(|| String::from("NotReady"), |why| format!("NotReady: {why}"));
    let told = view.events_of(object).filter(|event| event.reason == "NodeNotReady");
    let first =
        told.filter_map(|event| event.last).min_by(|a, b| view.ago(Some(*b)).total_cmp(&view.ago(Some(*a))));
    let carried = view.cluster.pods.iter().filter(|(_, pod)| pod.node.as_deref() == Some(&object.name));
    let count = carried.count();
    let pods = match count {
        0 => String::new(),
        1 => String::from("; 1 pod is on it"),
        n => format!("; {n} pods are on it"),
    };
    let place = ready.map_or_else(|| node.place.clone(), |ready| ready.place.clone());
    Fault::new("node", object.clone(), format!("node is not ready ({why}){pods}"), place)
        .since(first.or(ready.and_then(|ready| ready.since)))
        .shown([node.place.clone()])
}

/// Components of nodes that were started again and again within the last hour.
fn components(view: &View<'_>) -> Vec<Fault> {
    let mut starts: BTreeMap<(&str, &str), Vec<&Event>> = BTreeMap::new();
    for event in &view.cluster.events {
        let starting = event.object.kind == Kind::Node && event.reason == "Starting";
        if starting && view.ago(event.last) <= 3_600.0 {
            starts.entry((&event.object.name, &event.from)).or_default().push(event);
        }
    }
    let mut faults = Vec::new();
    for ((node, from), events) in starts {
        // What every node does is an upgrade or a reboot.
        let count = events.len().max(events.iter().map(|event| event.count as usize).max().unwrap_or(0));
        if count < STARTS {
            continue;
        }
        let who = if from.is_empty() { "a component" } else { from };
        let what = format!("{who} of the node was started {count} times within an hour");
        let first = events
            .iter()
            .filter_map(|event| event.last)
            .max_by(|a, b| view.ago(Some(*a)).total_cmp(&view.ago(Some(*b))));
        let mut fault = Fault::new("node", Object::new(Kind::Node, "", node), what, events[0].place.clone());
        fault = fault.since(first).times(count as u64).severity(Severity::Medium);
        faults.push(fault.shown(events.iter().skip(1).map(|event| event.place.clone())));
    }
    // `describe` names the component, tables do not: one of the two is enough.
    let named: Vec<Object> = faults
        .iter()
        .filter(|fault| !fault.what.starts_with("a component"))
        .map(|fault| fault.about.clone())
        .collect();
    faults.retain(|fault| !fault.what.starts_with("a component") || !named.contains(&fault.about));
    faults
}

/// Pods that no scheduler has looked at: they are pending, and nobody says that no node takes them.
fn scheduler(view: &View<'_>) -> Vec<Fault> {
    /// A scheduler that works tries at once.
    const LATE: f64 = 20.0;
    let untried = |(object, pod): &(&Object, &crate::platform::cluster::Pod)| {
        pod.status == "Pending"
            && pod.node.is_none()
            && !pod.ending
            // Only a description tells that there is nothing to be told.
            && !pod.containers.is_empty()
            && pod.condition("PodScheduled").is_none()
            && view.events_of(object).all(|event| !event.reason.contains("Schedul"))
            && pod.since.is_none_or(|since| view.ago(Some(since)) >= LATE)
    };
    let pods: Vec<_> = view.cluster.pods.iter().filter(untried).collect();
    let Some((object, pod)) = pods.first() else { return Vec::new() };
    let control = view.cluster.nodes.iter().find(|(_, node)| is_control(node)).map(|(node, _)| node.clone());
    let about = control.unwrap_or_else(|| Object::new(Kind::Node, "", "kube-scheduler"));
    let more = match pods.len() {
        1 => format!("{} waits", view.owners.keeper(object, pod).name),
        n => format!("{n} pods wait"),
    };
    let what = format!("kube-scheduler does not work: {more} for a node, and nobody tries to find one");
    let leads = view.events.get(&(Kind::Lease, "kube-scheduler")).into_iter().flatten();
    let fault = Fault::new("control-plane", about, what, pod.place.clone()).since(pod.since);
    vec![fault.times(pods.len() as u64).shown(leads.map(|event| event.place.clone()))]
}

/// Nodes whose container runtime makes no sandboxes for pods.
fn sandboxes(view: &View<'_>) -> Vec<Fault> {
    const SOCKETS: &[&str] = &["containerd.sock", "crio.sock", "dockershim", "cri-dockerd", "docker.sock"];
    let mut by_node: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
    for (object, pod) in &view.cluster.pods {
        let failed = view.events_of(object).find(|event| event.reason == "FailedCreatePodSandBox");
        if let (Some(node), Some(event)) = (&pod.node, failed)
            && pod.ready.is_none_or(|(ready, all)| ready < all)
        {
            by_node.entry(node).or_default().push(event);
        }
    }
    let mut faults = Vec::new();
    for (node, events) in by_node {
        let runtime = events.iter().any(|event| SOCKETS.iter().any(|socket| event.message.contains(socket)));
        if view.down.contains(node) || !(runtime || events.len() >= 2) {
            continue;
        }
        let who = if runtime {
            "container runtime of the node does not answer"
        } else {
            "node makes no pod sandboxes"
        };
        let what = format!("{who}: {} of its pods cannot start", events.len());
        let fault = Fault::new("node", Object::new(Kind::Node, "", node), what, events[0].place.clone());
        faults.push(fault.since(events[0].first).times(events.len() as u64));
    }
    faults
}
