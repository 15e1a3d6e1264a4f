//! Who keeps, serves and carries whom on a platform: pods, what keeps them, the services before them, their nodes.

use std::collections::BTreeMap;

use crate::platform::cluster::{Pod, Service, Workload};
use crate::platform::{Cluster, Kind, Object};

/// The owners in a cluster.
#[derive(Debug)]
pub struct Owners<'c> {
    cluster: &'c Cluster,
    /// The pods of each workload.
    pods: BTreeMap<Object, Vec<&'c Object>>,
}

/// Letters of the suffixes that Kubernetes makes (`k8s.io/apimachinery/pkg/util/rand`): no vowels, no 0, 1, 3.
const SAFE: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

fn is_suffix(text: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(|b| SAFE.contains(&b))
}

/// The kind and name of what keeps a pod, as its name tells: `cart-6b8786b6db-x2k4z` is of the deployment `cart`, `db-0`
/// of the stateful set `db`, `agent-x2k4z` of `agent`.
pub fn keeper_by_name(pod: &str) -> Option<(Kind, &str)> {
    let (rest, last) = pod.rsplit_once('-')?;
    if !last.is_empty() && last.len() <= 3 && last.bytes().all(|b| b.is_ascii_digit()) {
        return Some((Kind::StatefulSet, rest));
    }
    if !is_suffix(last, 5..=5) {
        return None;
    }
    match rest.rsplit_once('-') {
        // A template's hash is made of the same letters, but up to ten of them; older ones were plain numbers.
        Some((name, hash)) if is_hash(hash) => Some((Kind::Deployment, name)),
        _ => Some((Kind::DaemonSet, rest)),
    }
}

fn is_hash(text: &str) -> bool {
    let digits = text.bytes().any(|b| b.is_ascii_digit());
    digits
        && (is_suffix(text, 6..=10)
            || (8..=10).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// The deployment that a replica set's name tells of: `cart` of `cart-6b8786b6db`.
fn deployment_of(set: &str) -> Option<&str> {
    set.rsplit_once('-').filter(|(_, hash)| is_hash(hash)).map(|(name, _)| name)
}

impl<'c> Owners<'c> {
    /// The owners in a cluster.
    pub fn of(cluster: &'c Cluster) -> Owners<'c> {
        let mut owners = Owners { cluster, pods: BTreeMap::new() };
        let mut pods: BTreeMap<Object, Vec<&'c Object>> = BTreeMap::new();
        for (object, pod) in &cluster.pods {
            pods.entry(owners.keeper(object, pod)).or_default().push(object);
        }
        owners.pods = pods;
        owners
    }

    /// What keeps a pod, all the way up; the pod itself if nothing does.
    pub fn keeper(&self, object: &Object, pod: &Pod) -> Object {
        match &pod.owner {
            Some((kind, name)) => self.top(&Object::new(*kind, &object.namespace, name)),
            // Descriptions name an owner, if there is one.
            None if !pod.containers.is_empty() && pod.labels.is_some() => object.clone(),
            None => match keeper_by_name(&object.name) {
                Some((kind, name)) => self.known(kind, &object.namespace, name),
                None => object.clone(),
            },
        }
    }

    /// What keeps an object, all the way up: the deployment of a replica set, the cron job of a job.
    pub fn top(&self, object: &Object) -> Object {
        let told = self.cluster.workloads.get(object).and_then(|workload| workload.owner.as_ref());
        match told {
            Some((kind, name)) => Object::new(*kind, &object.namespace, name),
            None if object.kind == Kind::ReplicaSet => match deployment_of(&object.name) {
                Some(name) => Object::new(Kind::Deployment, &object.namespace, name),
                None => object.clone(),
            },
            None if object.kind == Kind::Pod => {
                let pod = self.cluster.pods.get(object);
                match pod {
                    Some(pod) => self.keeper(object, pod),
                    None => match keeper_by_name(&object.name) {
                        Some((kind, name)) => self.known(kind, &object.namespace, name),
                        None => object.clone(),
                    },
                }
            }
            None => object.clone(),
        }
    }

    /// The workload of that name, of whatever kind it was read.
    fn known(&self, kind: Kind, namespace: &str, name: &str) -> Object {
        let guess = Object::new(kind, namespace, name);
        if self.cluster.workloads.contains_key(&guess) {
            return guess;
        }
        // A table of one namespace does not say which.
        let near = |other: &str| other == namespace || other.is_empty() || namespace.is_empty();
        let same = |object: &&Object| {
            object.name == name && near(&object.namespace) && object.kind != Kind::ReplicaSet
        };
        self.cluster.workloads.keys().find(same).cloned().unwrap_or(guess)
    }

    /// The pods of a workload.
    pub fn pods_of(&self, workload: &Object) -> impl Iterator<Item = (&'c Object, &'c Pod)> + '_ {
        let pods = self.pods.get(workload).into_iter().flatten();
        pods.filter_map(|object| self.cluster.pods.get_key_value(*object))
    }

    /// The workloads that have pods, with them.
    pub fn keepers(&self) -> impl Iterator<Item = (&Object, &[&'c Object])> {
        self.pods.iter().map(|(keeper, pods)| (keeper, pods.as_slice()))
    }

    /// The pods that a service sends requests to, by its selector; `None` if that or their labels are not known.
    pub fn selected(&self, object: &Object, service: &Service) -> Option<Vec<(&'c Object, &'c Pod)>> {
        let selector = service.selector.as_ref().filter(|selector| !selector.is_empty())?;
        let near = |other: &Object| {
            other.namespace == object.namespace || other.namespace.is_empty() || object.namespace.is_empty()
        };
        let known = || self.cluster.pods.iter().filter(|(other, pod)| near(other) && pod.labels.is_some());
        known().next()?;
        let has = |pod: &Pod| {
            let labels = pod.labels.as_ref();
            selector.iter().all(|(name, value)| labels.and_then(|labels| labels.get(name)) == Some(value))
        };
        Some(known().filter(|(_, pod)| has(pod)).collect())
    }

    /// Does a workload make pods that a service sends requests to?
    pub fn serves(workload: &Workload, service: &Service) -> bool {
        let selector = service.selector.as_ref().filter(|selector| !selector.is_empty());
        let has = |labels: &BTreeMap<String, String>| {
            selector
                .is_some_and(|selector| selector.iter().all(|(name, value)| labels.get(name) == Some(value)))
        };
        has(&workload.template) || has(&workload.selector)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_pods_tell_who_keeps_them() {
        for (pod, keeper) in [
            ("cart-6b8786b6db-x2k4z", Some((Kind::Deployment, "cart"))),
            ("redis-cart-589d486f78-cv249", Some((Kind::Deployment, "redis-cart"))),
            ("agent-x2k4z", Some((Kind::DaemonSet, "agent"))),
            ("db-0", Some((Kind::StatefulSet, "db"))),
            ("one", None),
            ("user-profile-import", None),
        ] {
            assert_eq!(keeper_by_name(pod), keeper, "{pod}");
        }
    }
}
