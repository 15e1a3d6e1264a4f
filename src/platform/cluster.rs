//! A cluster as far as it was read: its objects with their states, who owns whom, and what happened to them.

use std::collections::{BTreeMap, BTreeSet};

use super::object::{Alert, Kind, Object, Place, When};
use super::results::Run;
use super::runtime::Dump;
use crate::model::Timestamp;

/// Everything that was read of a platform.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    /// Pods by namespace and name.
    pub pods: BTreeMap<Object, Pod>,
    /// What keeps pods.
    pub workloads: BTreeMap<Object, Workload>,
    /// Services, with the addresses behind them.
    pub services: BTreeMap<Object, Service>,
    /// Machines.
    pub nodes: BTreeMap<Object, Node>,
    /// Claims to volumes.
    pub claims: BTreeMap<Object, Claim>,
    /// Quotas: what is used of what may be.
    pub quotas: BTreeMap<Object, Quota>,
    /// Other objects, of which only the names count.
    pub others: BTreeSet<Object>,
    /// What happened.
    pub events: Vec<Event>,
    /// What was told of objects by those who watch them.
    pub alerts: Vec<Alert>,
    /// What runtimes wrote of themselves.
    pub dumps: Vec<Dump>,
    /// Runs of tests and of load.
    pub runs: Vec<Run>,
    /// The newest absolute time.
    pub newest: Option<Timestamp>,
}

/// A pod.
#[derive(Clone, Debug, Default)]
pub struct Pod {
    /// Where it was read.
    pub place: Place,
    /// `Running`, `Pending`, `CrashLoopBackOff` …: the phase, or what `kubectl get` shows in its place.
    pub status: String,
    /// Why it is in that phase, where it says so.
    pub reason: Option<String>,
    /// The same in more words.
    pub message: Option<String>,
    /// Containers that are ready, of how many.
    pub ready: Option<(u32, u32)>,
    /// How often containers were started again.
    pub restarts: u32,
    /// When the last time.
    pub restarted: Option<When>,
    /// The machine it runs on.
    pub node: Option<String>,
    /// What keeps it.
    pub owner: Option<(Kind, String)>,
    /// Its labels, where they were read.
    pub labels: Option<BTreeMap<String, String>>,
    /// Its containers by name.
    pub containers: BTreeMap<String, Container>,
    /// Conditions: type, status, reason and message.
    pub conditions: Vec<Condition>,
    /// When it was made.
    pub since: Option<When>,
    /// Claims that it mounts.
    pub claims: Vec<String>,
    /// Labels that its node must have.
    pub node_selector: Vec<String>,
    /// Was it told to end?
    pub ending: bool,
}

/// A container.
#[derive(Clone, Debug, Default)]
pub struct Container {
    /// Where it was read.
    pub place: Place,
    /// Does it run before the others?
    pub init: bool,
    /// Its image.
    pub image: String,
    /// What it runs, where that is not the image's own.
    pub command: String,
    /// Is it ready?
    pub ready: Option<bool>,
    /// How often it was started again.
    pub restarts: u32,
    /// What it does.
    pub state: State,
    /// Since when it runs.
    pub started: Option<When>,
    /// What it did before.
    pub last: State,
    /// The ports that it says it serves.
    pub ports: Vec<Port>,
    /// How it is asked whether it lives (`liveness`), is ready, or has started.
    pub probes: BTreeMap<&'static str, String>,
    /// What it may use at most.
    pub limits: BTreeMap<String, String>,
    /// Settings in its environment.
    pub env: Vec<(String, String)>,
}

/// A port and its protocol.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// Its number.
    pub number: u16,
    /// `TCP`, `UDP`, `SCTP`.
    pub protocol: String,
}

/// What a container does.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum State {
    /// Nobody says.
    #[default]
    Unknown,
    /// It runs.
    Running,
    /// It waits, and why.
    Waiting {
        /// One word.
        reason: String,
        /// More words.
        message: String,
    },
    /// It ended.
    Terminated {
        /// One word.
        reason: String,
        /// Its exit code.
        code: i64,
        /// More words.
        message: String,
        /// When.
        at: Option<When>,
    },
}

/// A condition of an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Condition {
    /// What is or is not so.
    pub kind: String,
    /// `True`, `False`, `Unknown`.
    pub status: String,
    /// Why, in one word.
    pub reason: String,
    /// In more words.
    pub message: String,
    /// Since when.
    pub since: Option<When>,
    /// Where it was read.
    pub place: Place,
}

/// What keeps pods.
#[derive(Clone, Debug, Default)]
pub struct Workload {
    /// Where it was read.
    pub place: Place,
    /// How many pods there should be.
    pub desired: Option<u32>,
    /// How many there are.
    pub current: Option<u32>,
    /// How many of them are ready.
    pub ready: Option<u32>,
    /// What keeps it.
    pub owner: Option<(Kind, String)>,
    /// The labels of its pods.
    pub selector: BTreeMap<String, String>,
    /// Labels that its pods are made with.
    pub template: BTreeMap<String, String>,
    /// Conditions.
    pub conditions: Vec<Condition>,
    /// When it was made.
    pub since: Option<When>,
    /// The service account of its pods.
    pub account: Option<String>,
    /// The containers that its pods are made with.
    pub containers: BTreeMap<String, Container>,
}

/// A service.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// Where it was read.
    pub place: Place,
    /// `ClusterIP`, `ExternalName` …
    pub kind: String,
    /// The labels of the pods behind it; `None` if that was not read.
    pub selector: Option<BTreeMap<String, String>>,
    /// Its ports, each with the one behind it, a number or a name.
    pub ports: Vec<(Port, String)>,
    /// Addresses that are ready and that are not; `None` if that was not read.
    pub addresses: Option<(usize, usize)>,
    /// Where the addresses were read.
    pub behind: Place,
}

/// A machine.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// Where it was read.
    pub place: Place,
    /// `Ready`, `NotReady`, `Ready,SchedulingDisabled`.
    pub status: String,
    /// What it is for.
    pub roles: String,
    /// Conditions.
    pub conditions: Vec<Condition>,
    /// Its taints.
    pub taints: Vec<String>,
}

/// A claim to a volume.
#[derive(Clone, Debug, Default)]
pub struct Claim {
    /// Where it was read.
    pub place: Place,
    /// `Bound`, `Pending`, `Lost`.
    pub status: String,
    /// The class of its storage.
    pub class: String,
}

/// What is used of what may be, by resource.
#[derive(Clone, Debug, Default)]
pub struct Quota {
    /// Where it was read.
    pub place: Place,
    /// The resource, what is used, and the most that may be.
    pub rows: Vec<(String, String, String)>,
}

/// Something that happened to an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Where it was read.
    pub place: Place,
    /// What it happened to.
    pub object: Object,
    /// Is it a warning?
    pub warning: bool,
    /// What, in one word.
    pub reason: String,
    /// In more words.
    pub message: String,
    /// Who says so.
    pub from: String,
    /// How often.
    pub count: u64,
    /// When first.
    pub first: Option<When>,
    /// When last.
    pub last: Option<When>,
}

impl Cluster {
    /// Is nothing in it?
    pub fn is_empty(&self) -> bool {
        self.pods.is_empty()
            && self.workloads.is_empty()
            && self.services.is_empty()
            && self.nodes.is_empty()
            && self.claims.is_empty()
            && self.quotas.is_empty()
            && self.others.is_empty()
            && self.events.is_empty()
            && self.alerts.is_empty()
            && self.dumps.is_empty()
            && self.runs.is_empty()
    }

    /// How many objects are in it.
    pub fn objects(&self) -> usize {
        self.pods.len()
            + self.workloads.len()
            + self.services.len()
            + self.nodes.len()
            + self.claims.len()
            + self.quotas.len()
            + self.others.len()
    }

    /// Notes a time.
    pub fn saw(&mut self, at: Option<Timestamp>) {
        self.newest = self.newest.max(at);
    }

    /// An instant that something tells, which is noted.
    pub(super) fn date(&mut self, text: &str) -> Option<When> {
        let at = super::age::date(text)?;
        self.saw(Some(at));
        Some(When::At(at))
    }

    /// Notes that an object exists of which only the name counts.
    pub(super) fn name(&mut self, object: Object) {
        self.others.insert(object);
    }

    /// Adds an event, unless it is known: `describe` repeats what `get events` tells.
    pub(super) fn happened(&mut self, event: Event) {
        if let Some(When::At(at)) = event.last {
            self.saw(Some(at));
        }
        self.events.push(event);
    }

    /// Puts what was read in its final order: objects without a namespace are those of the same name in the only
    /// namespace that has one, and what was told of an event more than once is one.
    pub fn settle(&mut self) {
        adopt(&mut self.pods, Pod::join);
        adopt(&mut self.workloads, Workload::join);
        adopt(&mut self.services, Service::join);
        let key = |event: &Event| {
            let ago = match event.last {
                Some(When::At(at)) => (0, at.0),
                Some(When::Ago(seconds)) => (1, (seconds * 1e3) as i64),
                None => (2, 0),
            };
            (event.object.clone(), event.reason.clone(), event.message.clone(), ago, event.place.clone())
        };
        self.events.sort_by_cached_key(key);
        let mut kept: Vec<Event> = Vec::with_capacity(self.events.len());
        for event in self.events.drain(..) {
            match kept.last_mut().filter(|last| last.is_same(&event)) {
                Some(last) => last.join(event),
                None => kept.push(event),
            }
        }
        self.events = kept;
    }
}

impl Event {
    /// Is it the same event, told by another command a little earlier or later?
    fn is_same(&self, other: &Event) -> bool {
        /// Reading a cluster takes its time.
        const APART: f64 = 60.0;
        let near = match (self.last, other.last) {
            (Some(When::Ago(a)), Some(When::Ago(b))) => (a - b).abs() <= APART,
            (a, b) => a == b,
        };
        near && self.object.kind == other.object.kind
            && self.object.name == other.object.name
            && self.reason == other.reason
            && self.message == other.message
    }

    fn join(&mut self, other: Event) {
        self.count = self.count.max(other.count);
        if self.from.is_empty() {
            self.from = other.from;
        }
        if let (Some(When::Ago(a)), Some(When::Ago(b))) = (self.first, other.first)
            && b > a
        {
            self.first = other.first;
        }
    }
}

/// Joins what has no namespace with what has the same name in the only namespace that has one.
fn adopt<T>(objects: &mut BTreeMap<Object, T>, join: impl Fn(&mut T, T)) {
    let homeless: Vec<Object> =
        objects.keys().filter(|object| object.namespace.is_empty()).cloned().collect();
    if homeless.is_empty() || homeless.len() == objects.len() {
        return;
    }
    let mut homes: BTreeMap<String, Vec<Object>> = BTreeMap::new();
    for object in objects.keys().filter(|object| !object.namespace.is_empty()) {
        homes.entry(object.name.clone()).or_default().push(object.clone());
    }
    for object in homeless {
        let home = homes.get(&object.name).into_iter().flatten().filter(|home| home.kind == object.kind);
        let mut home = home.take(2);
        if let (Some(home), None) = (home.next(), home.next())
            && let Some(value) = objects.remove(&object)
            && let Some(known) = objects.get_mut(home)
        {
            join(known, value);
        }
    }
}

/// Takes over what is told, and keeps what is not.
pub(super) fn take<T>(known: &mut Option<T>, told: Option<T>) {
    if told.is_some() {
        *known = told;
    }
}

impl Pod {
    /// Takes over what another text tells of the same pod; `describe` and manifests know more than tables.
    pub(super) fn join(&mut self, other: Pod) {
        let richer = !other.containers.is_empty() || self.containers.is_empty();
        if richer || self.place == Place::default() {
            self.place = other.place;
        }
        // A table shows the reason of a container where the phase says `Running` or `Pending`.
        let plain = |status: &str| matches!(status, "" | "Running" | "Pending" | "Unknown");
        if !plain(&other.status) || plain(&self.status) {
            self.status =
                if other.status.is_empty() { std::mem::take(&mut self.status) } else { other.status };
        }
        take(&mut self.reason, other.reason);
        take(&mut self.message, other.message);
        take(&mut self.ready, other.ready);
        self.restarts = self.restarts.max(other.restarts);
        take(&mut self.restarted, other.restarted);
        take(&mut self.node, other.node);
        take(&mut self.owner, other.owner);
        take(&mut self.labels, other.labels);
        if !other.containers.is_empty() {
            self.containers = other.containers;
        }
        if !other.conditions.is_empty() {
            self.conditions = other.conditions;
        }
        if self.since.is_none() || matches!(other.since, Some(When::At(_))) {
            take(&mut self.since, other.since);
        }
        if !other.claims.is_empty() {
            self.claims = other.claims;
        }
        if !other.node_selector.is_empty() {
            self.node_selector = other.node_selector;
        }
        self.ending |= other.ending;
    }

    /// The condition of that type.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.kind == kind)
    }
}

impl Workload {
    /// Takes over what another text tells of the same.
    pub(super) fn join(&mut self, other: Workload) {
        if self.place == Place::default() || !other.conditions.is_empty() {
            self.place = other.place;
        }
        take(&mut self.desired, other.desired);
        take(&mut self.current, other.current);
        take(&mut self.ready, other.ready);
        take(&mut self.owner, other.owner);
        if !other.selector.is_empty() {
            self.selector = other.selector;
        }
        if !other.template.is_empty() {
            self.template = other.template;
        }
        if !other.conditions.is_empty() {
            self.conditions = other.conditions;
        }
        if self.since.is_none() || matches!(other.since, Some(When::At(_))) {
            take(&mut self.since, other.since);
        }
        take(&mut self.account, other.account);
        if !other.containers.is_empty() {
            self.containers = other.containers;
        }
    }
}

impl Service {
    /// Takes over what another text tells of the same.
    pub(super) fn join(&mut self, other: Service) {
        if other.addresses.is_some() {
            // A list of the first few addresses is no less than a list of all.
            self.addresses = other.addresses;
            self.behind = other.behind;
        }
        if other.place != Place::default() && (self.place == Place::default() || !other.ports.is_empty()) {
            self.place = other.place;
        }
        if !other.kind.is_empty() {
            self.kind = other.kind;
        }
        take(&mut self.selector, other.selector);
        // Tables do not tell the ports behind.
        let tells = |ports: &[(Port, String)]| ports.iter().any(|(_, target)| !target.is_empty());
        if !other.ports.is_empty() && (tells(&other.ports) || !tells(&self.ports)) {
            self.ports = other.ports;
        }
    }
}

impl Node {
    /// Takes over what another text tells of the same.
    pub(super) fn join(&mut self, other: Node) {
        if self.place == Place::default() || !other.conditions.is_empty() {
            self.place = other.place;
        }
        if !other.status.is_empty() {
            self.status = other.status;
        }
        if !other.roles.is_empty() {
            self.roles = other.roles;
        }
        if !other.conditions.is_empty() {
            self.conditions = other.conditions;
        }
        if !other.taints.is_empty() {
            self.taints = other.taints;
        }
    }

    /// The condition of that type.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.kind == kind)
    }
}
