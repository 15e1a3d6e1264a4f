//! What keeps pods: pods that may not be made, and why; fewer of them than there should be.

use std::collections::BTreeSet;

use super::pods::brief;
use super::{Fault, View};
use crate::platform::cluster::Event;
use crate::platform::{Kind, Object};
use crate::signatures::{Nature, Severity};

/// How long ago a failure was told that still tells of now, in seconds.
const RECENT: f64 = 600.0;

/// What is wrong with what keeps pods, beside what is known already.
pub(super) fn faults(view: &View<'_>, known: &[Fault]) -> Vec<Fault> {
    let mut faults = refused(view);
    let mut told: BTreeSet<Object> = known.iter().chain(&faults).map(|fault| fault.about.clone()).collect();
    let down = view
        .cluster
        .pods
        .iter()
        .filter(|(_, pod)| pod.node.as_deref().is_some_and(|node| view.down.contains(node)));
    told.extend(down.map(|(object, pod)| view.owners.keeper(object, pod)));
    faults.extend(short(view, &told));
    faults.extend(ended(view, &told));
    faults
}

/// Pods that may not be made. What a quota refuses is the quota's.
fn refused(view: &View<'_>) -> Vec<Fault> {
    let mut faults: Vec<Fault> = Vec::new();
    let makes = |event: &&Event| event.reason == "FailedCreate" && event.object.kind.keeps_pods();
    for event in view.cluster.events.iter().filter(makes) {
        if is_over(view, event) {
            continue;
        }
        let about = view.owners.top(&event.object);
        let message = event.message.trim_start_matches("(combined from similar events): ");
        let fault = match quota(message) {
            Some((quota, numbers)) => {
                let namespace = Object::new(Kind::Namespace, "", &event.object.namespace);
                let namespace = if namespace.name.is_empty() {
                    Object { name: quota.clone(), ..namespace }
                } else {
                    namespace
                };
                let what = format!(
                    "quota {quota} of the namespace is exceeded: pods of {} may not be made ({numbers})",
                    about.name
                );
                let limits = view.cluster.quotas.iter().find(|(other, _)| other.name == quota);
                let fault =
                    Fault::new("admission", namespace, what, event.place.clone()).nature(Nature::Resource);
                fault.shown(limits.map(|(_, limits)| limits.place.clone()))
            }
            None => {
                let why = message.split_once(" is forbidden: ").map_or(message, |(_, why)| why);
                let why = why.trim_start_matches("Error creating: ");
                let account = if why.contains("serviceaccount") { " (service account)" } else { "" };
                let what = format!("pods may not be made: {}{account}", brief(why));
                Fault::new("admission", about, what, event.place.clone())
            }
        };
        let same = |other: &&mut Fault| other.about == fault.about;
        match faults.iter_mut().find(same) {
            Some(other) => other.count = other.count.max(event.count),
            None => faults.push(fault.times(event.count).since(event.first)),
        }
    }
    faults
}

/// Has what an event tells of passed: are the pods there by now, or is what should make them gone?
fn is_over(view: &View<'_>, event: &Event) -> bool {
    let cluster = view.cluster;
    match cluster.workloads.get(&event.object) {
        Some(set) => match (set.desired, set.current) {
            (Some(desired), Some(current)) => current >= desired,
            _ => view.ago(event.last) > RECENT,
        },
        // Others of its kind were read, and it is not among them.
        None if view.read.contains(&(event.object.kind, event.object.namespace.as_str())) => true,
        None => {
            let keeper = view.owners.top(&event.object);
            view.owners.pods_of(&keeper).next().is_some() || view.ago(event.last) > RECENT
        }
    }
}

/// The quota that a message says is exceeded, and its numbers: `exceeded quota: cpu, requested: requests.cpu=1, used:
/// requests.cpu=10, limited: requests.cpu=10`.
fn quota(message: &str) -> Option<(String, String)> {
    let (_, rest) = message.split_once("exceeded quota: ")?;
    let (name, numbers) = rest.split_once(", ").unwrap_or((rest, ""));
    Some((name.to_owned(), numbers.to_owned()))
}

/// Workloads of which fewer pods are ready than there should be, where nothing says why.
fn short(view: &View<'_>, told: &BTreeSet<Object>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (object, workload) in &view.cluster.workloads {
        let (Some(desired), Some(ready)) = (workload.desired, workload.ready) else { continue };
        let owned = object.kind == Kind::ReplicaSet && view.owners.top(object) != *object;
        if ready >= desired || owned || told.contains(object) {
            continue;
        }
        // Pods that are just starting are no failure.
        if workload.since.is_some_and(|since| view.ago(Some(since)) < 30.0) {
            continue;
        }
        let failed = workload.conditions.iter().find(|condition| {
            (condition.kind == "ReplicaFailure" && condition.status == "True")
                || (condition.kind == "Progressing" && condition.status == "False")
        });
        let why = failed.map_or(String::new(), |condition| {
            let message = if condition.message.is_empty() { &condition.reason } else { &condition.message };
            format!(": {}", brief(message))
        });
        let what = format!("{ready} of {desired} pods are ready{why}");
        let severity = if ready == 0 { Severity::Critical } else { Severity::High };
        let fault = Fault::new("unavailable", object.clone(), what, workload.place.clone());
        faults.push(fault.severity(severity).nature(Nature::Symptom).since(workload.since));
    }
    faults
}

/// Jobs that failed.
fn ended(view: &View<'_>, told: &BTreeSet<Object>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (object, workload) in &view.cluster.workloads {
        let failed = workload.conditions.iter().find(|c| c.kind == "Failed" && c.status == "True");
        let Some(condition) = failed.filter(|_| object.kind == Kind::Job && !told.contains(object)) else {
            continue;
        };
        let what = format!("job failed: {} {}", condition.reason, condition.message);
        faults.push(
            Fault::new("crash", object.clone(), what.trim_end(), condition.place.clone())
                .since(condition.since),
        );
    }
    faults
}
