//! Whose a series is: the service that its labels name, the service of the pod, or who is called by whom.

use super::owners::keeper_by_name;
use crate::model::Labels;
use crate::platform::Kind;
use crate::signatures::meter;

/// Endings of the name of a deployment that tell its versions apart while one takes the place of the other.
const TRACKS: [&str; 5] = ["canary", "stable", "baseline", "primary", "preview"];

/// The service that a series is of.
pub fn owner(labels: &Labels) -> Option<String> {
    let owners = labels.iter().filter(|(_, value)| !value.is_empty());
    let owners = owners.filter_map(|(label, value)| Some((meter::owner_rank(label)?, label, value)));
    let (_, label, value) = owners.min()?;
    let pod = meter::is_pod(label);
    match keeper_by_name(value) {
        Some((Kind::Deployment, name)) => Some(service(name).to_owned()),
        Some((_, name)) if pod => Some(service(name).to_owned()),
        _ => Some(value.to_owned()),
    }
}

/// The service of the pod that a series was measured in, if it says so.
pub fn pod_owner(labels: &Labels) -> Option<&str> {
    let (_, pod) = labels.iter().find(|(label, _)| meter::is_pod(label))?;
    keeper_by_name(pod).map(|(_, name)| service(name))
}

/// The service of the pod that a series was measured in, and the hash of the template that the pod was made of: another
/// one is another version.
pub fn version(labels: &Labels) -> Option<(&str, &str)> {
    let (_, pod) = labels.iter().find(|(label, _)| meter::is_pod(label))?;
    let (Kind::Deployment, name) = keeper_by_name(pod)? else { return None };
    let hash = pod.get(name.len() + 1..)?.split('-').next()?;
    Some((service(name), hash))
}

/// Caller and called, if a series is of what one calls the other for.
pub fn edge(labels: &Labels) -> Option<(&str, &str)> {
    let (client, server) = (labels.get("client"), labels.get("server"));
    (!client.is_empty() && !server.is_empty()).then_some((client, server))
}

/// A deployment's name without its version: `shop` of `shop-v2` and `shop-canary`.
pub fn service(deployment: &str) -> &str {
    let Some((name, track)) = deployment.rsplit_once('-') else { return deployment };
    let number =
        track.strip_prefix('v').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    if !name.is_empty() && (number || TRACKS.contains(&track)) { name } else { deployment }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_is_of_a_service_by_its_labels() {
        for (labels, expected) in [
            (&[("service", "shop"), ("pod", "x-6b8786b6db-x2k4z")][..], Some("shop")),
            (&[("PodName", "shop-v2-6b8786b6db-x2k4z")], Some("shop")),
            (&[("pod", "db-0")], Some("db")),
            (&[("instance", "node-7")], Some("node-7")),
            (&[("microservice", "Shop Front")], Some("Shop Front")),
            (&[("client", "shop"), ("server", "bank")], Some("bank")),
            (&[("path", "/a")], None),
        ] {
            assert_eq!(owner(&Labels::new(labels.iter().copied())).as_deref(), expected, "{labels:?}");
        }
        assert_eq!(service("shop-canary"), "shop");
        assert_eq!(service("web-vault"), "web-vault");
    }
}
