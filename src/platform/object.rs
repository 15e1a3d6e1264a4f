//! What a platform runs: kinds of objects, their names, and where they were read.

use crate::model::Timestamp;

/// A kind of object, as the API and `kubectl` call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Containers that run together.
    Pod,
    /// What keeps pods of one revision.
    ReplicaSet,
    /// What keeps replica sets.
    Deployment,
    /// What keeps pods with an identity.
    StatefulSet,
    /// What keeps a pod a node.
    DaemonSet,
    /// What runs until it is done.
    Job,
    /// What starts jobs by the clock.
    CronJob,
    /// A name for pods.
    Service,
    /// The addresses behind a service.
    Endpoints,
    /// A machine.
    Node,
    /// A claim to a volume.
    Claim,
    /// A volume.
    Volume,
    /// What a namespace may use.
    Quota,
    /// Who a pod is.
    ServiceAccount,
    /// Settings.
    ConfigMap,
    /// Secret settings.
    Secret,
    /// A name for names.
    Namespace,
    /// The way in from outside.
    Ingress,
    /// What changes how many pods there are.
    Autoscaler,
    /// Who of several leads.
    Lease,
    /// A container outside of a cluster.
    Container,
    /// A program that runs.
    Process,
    /// A run of tests, or of load.
    Run,
}

/// Names of kinds: as in manifests in lower case, in the plural, and the short ones of `kubectl api-resources`.
const KINDS: &[(Kind, &[&str])] = &[
    (Kind::Pod, &["pod", "pods", "po"]),
    (Kind::ReplicaSet, &["replicaset", "replicasets", "rs", "replicationcontroller"]),
    (Kind::Deployment, &["deployment", "deployments", "deploy", "deploymentconfig"]),
    (Kind::StatefulSet, &["statefulset", "statefulsets", "sts"]),
    (Kind::DaemonSet, &["daemonset", "daemonsets", "ds"]),
    (Kind::Job, &["job", "jobs"]),
    (Kind::CronJob, &["cronjob", "cronjobs", "cj"]),
    (Kind::Service, &["service", "services", "svc"]),
    (Kind::Endpoints, &["endpoints", "endpoint", "ep"]),
    (Kind::Node, &["node", "nodes", "no"]),
    (Kind::Claim, &["persistentvolumeclaim", "persistentvolumeclaims", "pvc"]),
    (Kind::Volume, &["persistentvolume", "persistentvolumes", "pv"]),
    (Kind::Quota, &["resourcequota", "resourcequotas", "quota"]),
    (Kind::ServiceAccount, &["serviceaccount", "serviceaccounts", "sa"]),
    (Kind::ConfigMap, &["configmap", "configmaps", "cm"]),
    (Kind::Secret, &["secret", "secrets"]),
    (Kind::Namespace, &["namespace", "namespaces", "ns"]),
    (Kind::Ingress, &["ingress", "ingresses", "ing"]),
    (Kind::Lease, &["lease", "leases"]),
    (Kind::Container, &["container"]),
    (Kind::Process, &["process"]),
    (Kind::Run, &["run"]),
    (Kind::Autoscaler, &["horizontalpodautoscaler", "horizontalpodautoscalers", "hpa"]),
];

impl Kind {
    /// The kind of this name: `Pod`, `pods`, `deployment.apps`.
    pub fn of(name: &str) -> Option<Kind> {
        let name = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
        KINDS.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(kind, _)| *kind)
    }

    /// The name in messages.
    pub fn name(self) -> &'static str {
        KINDS.iter().find(|(kind, _)| *kind == self).map_or("object", |(_, names)| names[0])
    }

    /// Does it keep pods?
    pub const fn keeps_pods(self) -> bool {
        matches!(
            self,
            Kind::ReplicaSet
                | Kind::Deployment
                | Kind::StatefulSet
                | Kind::DaemonSet
                | Kind::Job
                | Kind::CronJob
        )
    }
}

/// An object by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Object {
    /// What it is.
    pub kind: Kind,
    /// Its namespace; empty if that is unknown, or if it has none.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Object {
    /// An object.
    pub fn new(kind: Kind, namespace: &str, name: &str) -> Object {
        let namespace = if matches!(kind, Kind::Node | Kind::Volume) { "" } else { namespace };
        Object { kind, namespace: namespace.to_owned(), name: name.to_owned() }
    }

    /// From `pod/cart-7f`, as tables of events write it.
    pub fn parse(text: &str, namespace: &str) -> Option<Object> {
        let (kind, name) = text.split_once('/')?;
        (!name.is_empty() && !name.contains(' ')).then_some(())?;
        Some(Object::new(Kind::of(kind)?, namespace, name))
    }
}

/// Where something was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The number of the file.
    pub file: u32,
    /// The 1-based line.
    pub line: u64,
    /// What stands there, in short.
    pub text: String,
}

/// A time, as platforms tell it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    /// An instant.
    At(Timestamp),
    /// So many seconds before it was read.
    Ago(f64),
}

impl When {
    /// The instant, given when it was read.
    pub fn at(self, taken: Option<Timestamp>) -> Option<Timestamp> {
        match self {
            When::At(at) => Some(at),
            When::Ago(seconds) => {
                taken.map(|taken| Timestamp(taken.0.saturating_sub((seconds * 1e9) as i64)))
            }
        }
    }

    /// Seconds before it was read.
    pub fn ago(self, taken: Option<Timestamp>) -> Option<f64> {
        match self {
            When::Ago(seconds) => Some(seconds),
            When::At(at) => taken.map(|taken| (taken.0.saturating_sub(at.0)) as f64 / 1e9),
        }
    }
}

/// Something that watches said that something is wrong.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alert {
    /// Where it was read.
    pub place: Place,
    /// What it is about, as far as it names a kind.
    pub kind: Option<Kind>,
    /// Whose it is.
    pub about: String,
    /// The namespace.
    pub namespace: String,
    /// What it says, the shortest way of saying it first.
    pub words: Vec<String>,
    /// When it fired, in the order of time.
    pub spells: Vec<Spell>,
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spell {
    /// Its start.
    pub from: When,
    /// Its end, unless it goes on.
    pub to: Option<When>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_many_names() {
        for (name, kind) in [
            ("Pod", Kind::Pod),
            ("pods", Kind::Pod),
            ("deployment.apps", Kind::Deployment),
            ("PersistentVolumeClaim", Kind::Claim),
            ("svc", Kind::Service),
        ] {
            assert_eq!(Kind::of(name), Some(kind), "{name}");
        }
        assert_eq!(Kind::of("podium"), None);
        let object = Object::parse("deployment.apps/cart", "shop").unwrap();
        assert_eq!(
            (object.kind, object.name.as_str(), object.namespace.as_str()),
            (Kind::Deployment, "cart", "shop")
        );
        assert_eq!(Object::parse("node/n1", "shop").unwrap().namespace, "");
        assert_eq!(Object::parse("no object", "shop"), None);
    }
}
