//! Services: selectors that match no pod, ports that no container serves, protocols that are not spoken.

use std::collections::BTreeSet;

use super::{Fault, View};
use crate::entities::owners::Owners;
use crate::platform::cluster::{Pod, Port, Service};
use crate::platform::{Object, Place};

/// What is wrong with services, beside what is known of the pods behind them.
pub(super) fn faults(view: &View<'_>, known: &[Fault]) -> Vec<Fault> {
    let told: BTreeSet<&str> = known.iter().map(|fault| fault.about.name.as_str()).collect();
    let mut faults = Vec::new();
    for (object, service) in &view.cluster.services {
        if service.kind == "ExternalName" {
            continue;
        }
        let Some(pods) = view.owners.selected(object, service) else { continue };
        if pods.is_empty() {
            faults.extend(unmatched(view, object, service).filter(|_| !told.contains(object.name.as_str())));
        } else {
            faults.extend(unserved(object, service, &pods));
        }
    }
    faults
}

/// A selector that no pod and no workload has the labels of.
fn unmatched(view: &View<'_>, object: &Object, service: &Service) -> Option<Fault> {
    let reached = service.addresses.is_some_and(|(ready, waiting)| ready + waiting > 0);
    let awaited = view.cluster.workloads.values().any(|workload| Owners::serves(workload, service));
    if reached || awaited {
        return None;
    }
    let selector = service.selector.as_ref()?;
    let shown: Vec<String> = selector.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let what = format!("service has no endpoints: its selector {} matches no pod", shown.join(","));
    let behind = Some(service.behind.clone()).filter(|place| *place != Place::default());
    Some(Fault::new("endpoints", object.clone(), what, service.place.clone()).shown(behind))
}

/// A port behind which no container listens, or that speaks another protocol.
fn unserved(object: &Object, service: &Service, pods: &[(&Object, &Pod)]) -> Option<Fault> {
    let own = || {
        let containers = pods.iter().flat_map(|(_, pod)| pod.containers.values());
        containers.filter(|container| !container.init).flat_map(|container| &container.ports)
    };
    // Who names no port may serve any.
    let all_tell = pods.iter().all(|(_, pod)| {
        let mut own = pod.containers.values().filter(|container| !container.init);
        own.any(|container| !container.ports.is_empty())
    });
    if !all_tell {
        return None;
    }
    for (port, target) in &service.ports {
        let target = if target.is_empty() || target == "0" { continue } else { target.as_str() };
        let fits = |known: &&Port| known.number.to_string() == target || known.name == target;
        let served: BTreeSet<String> = own().map(|port| port.number.to_string()).collect();
        let served: Vec<String> = served.into_iter().collect();
        let served = served.join(", ");
        let place = service.place.clone();
        if own().find(fits).is_none() {
            // A name is looked up in the pods; a number is taken as it is.
            let nothing =
                if target.parse::<u16>().is_ok() { "connections are refused" } else { "it has no endpoints" };
            let what = format!(
                "service sends port {} to port {target}, which no container serves ({served}): {nothing}",
                port.number
            );
            return Some(Fault::new("endpoints", object.clone(), what, place));
        }
        if own().filter(fits).all(|known| known.protocol != port.protocol) {
            let spoken = own().find(fits).map_or("", |known| known.protocol.as_str());
            let what = format!(
                "service offers port {} with protocol {}, and its containers serve it with {spoken}: no connection is possible",
                port.number, port.protocol
            );
            return Some(Fault::new("endpoints", object.clone(), what, place));
        }
    }
    None
}
