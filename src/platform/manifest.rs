//! Objects as the API gives them, in JSON or YAML: `kubectl get -o json|yaml`, lists and single ones, both events APIs.

use std::cell::Cell;
use std::collections::BTreeMap;

use serde_json::Value;

use super::cluster::{
    Claim, Cluster, Condition, Container, Event, Node, Pod, Port, Quota, Service, State, Workload,
};
use super::object::{Alert, Kind, Object, Place, Spell, When};

/// Finds where an object stands in its file: the line, by its name.
pub(super) struct Source<'s> {
    /// The number of the file.
    pub file: u32,
    /// Its text; lines are looked up in it.
    pub text: &'s str,
    /// The line before the first, or the only one, where the text is a value in a line of another file.
    pub base: u64,
    /// Is every line of the text in one of the file?
    pub flat: bool,
    /// Where the last object was found: they come in order.
    pub after: Cell<(usize, u64)>,
}

impl<'s> Source<'s> {
    /// A text in a file, so many lines after its beginning.
    pub(super) fn new(file: u32, text: &'s str, base: u64) -> Source<'s> {
        Source { file, text, base, flat: false, after: Cell::default() }
    }

    pub(super) fn place(&self, object: &Object, said: String) -> Place {
        if self.flat {
            return Place { file: self.file, line: self.base, text: said };
        }
        let (from, line) = self.after.get();
        let found = memchr::memmem::find_iter(&self.text.as_bytes()[from..], object.name.as_bytes())
            .map(|at| from + at)
            .find(|at| is_name(&self.text.as_bytes()[..*at]));
        let Some(at) = found else {
            return Place { file: self.file, line: self.base + line + 1, text: said };
        };
        let line = line + memchr::memchr_iter(b'\n', &self.text.as_bytes()[from..at]).count() as u64;
        self.after.set((at, line));
        Place { file: self.file, line: self.base + line + 1, text: said }
    }
}

/// Does the key of an object's name end a text: `"name": "`, `name: `?
fn is_name(before: &[u8]) -> bool {
    let tail = &before[before.len().saturating_sub(16)..];
    let tail = tail.trim_ascii_end();
    let tail = tail.strip_suffix(b"\"").or(tail.strip_suffix(b"'")).unwrap_or(tail).trim_ascii_end();
    let Some(key) = tail.strip_suffix(b":") else { return false };
    let key = key.strip_suffix(b"\"").unwrap_or(key);
    key.strip_suffix(b"name").is_some_and(|before| !before.last().is_some_and(u8::is_ascii_alphanumeric))
}

fn text<'v>(value: &'v Value, path: &str) -> Option<&'v str> {
    value.pointer(path)?.as_str().filter(|text| !text.is_empty())
}

fn owned(value: &Value, path: &str) -> String {
    text(value, path).unwrap_or_default().to_owned()
}

fn number(value: &Value, path: &str) -> Option<u32> {
    value.pointer(path)?.as_u64().and_then(|number| u32::try_from(number).ok())
}

fn list<'v>(value: &'v Value, path: &str) -> &'v [Value] {
    value.pointer(path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn pairs(value: &Value, path: &str) -> BTreeMap<String, String> {
    let map = value.pointer(path).and_then(Value::as_object);
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    map.into_iter().flatten().map(|(name, value)| (name.clone(), shown(value))).collect()
}

/// A part of OpenShift that tells of itself how it is (`config.openshift.io`).
const OPERATOR: &str = "ClusterOperator";

/// Is this an object of the API, or a list of them, and not only what somebody wants to be?
pub(super) fn is_object(value: &Value) -> bool {
    let kind = text(value, "/kind").unwrap_or_default();
    let lists = kind.ends_with("List") && value.get("items").is_some();
    let known = Kind::of(kind).is_some() || matches!(kind, "Event" | OPERATOR);
    lists || known && value.get("metadata").is_some()
}

/// Puts an object or a list of them into a cluster; says how many objects it is.
pub(super) fn put(value: &Value, source: &Source<'_>, into: &mut Cluster) -> usize {
    let kind = text(value, "/kind").unwrap_or_default();
    if let Some(items) = value.get("items").and_then(Value::as_array) {
        // The items of a typed list name no kind.
        let of_items = kind.strip_suffix("List").filter(|kind| !kind.is_empty());
        return items.iter().map(|item| put_item(item, of_items, source, into)).sum();
    }
    put_one(value, Some(kind), source, into)
}

/// Puts an item of a list of this kind into a cluster; says how many objects it is.
pub(super) fn put_item(item: &Value, of: Option<&str>, source: &Source<'_>, into: &mut Cluster) -> usize {
    put_one(item, text(item, "/kind").or(of), source, into)
}

fn put_one(value: &Value, kind: Option<&str>, source: &Source<'_>, into: &mut Cluster) -> usize {
    if kind == Some("Event") {
        return usize::from(event(value, source, into));
    }
    if kind == Some(OPERATOR) {
        return usize::from(operator(value, source, into));
    }
    let (Some(kind), Some(name)) = (kind.and_then(Kind::of), text(value, "/metadata/name")) else { return 0 };
    let namespace = text(value, "/metadata/namespace").unwrap_or_default();
    let object = Object::new(kind, namespace, name);
    let place = source.place(&object, said(kind, value));
    let mut made = Made { value, place, into };
    match kind {
        Kind::Pod => made.pod(object),
        Kind::Node => made.node(object),
        Kind::Service => made.service(object),
        Kind::Endpoints => made.endpoints(object),
        Kind::Claim => {
            let status = owned(value, "/status/phase");
            let class = owned(value, "/spec/storageClassName");
            made.into.claims.insert(object, Claim { place: made.place, status, class });
        }
        Kind::Quota => {
            let used = pairs(value, "/status/used");
            let hard = pairs(value, "/status/hard");
            let rows = hard.into_iter().map(|(name, hard)| {
                let used = used.get(&name).cloned().unwrap_or_default();
                (name, used, hard)
            });
            let rows = rows.collect();
            made.into.quotas.insert(object, Quota { place: made.place, rows });
        }
        kind if kind.keeps_pods() => made.workload(object),
        _ => made.into.name(object),
    }
    1
}

/// What an operator of OpenShift says of itself: where it is degraded or not available, that is an alert.
fn operator(value: &Value, source: &Source<'_>, into: &mut Cluster) -> bool {
    let Some(name) = text(value, "/metadata/name") else { return false };
    for condition in list(value, "/status/conditions") {
        let is = (text(condition, "/type"), text(condition, "/status"));
        let what = match is {
            (Some("Degraded"), Some("True")) => "is degraded",
            (Some("Available"), Some("False")) => "is not available",
            _ => continue,
        };
        let message = text(condition, "/message").or(text(condition, "/reason")).unwrap_or("nothing said");
        let words = format!("operator {name} {what}: {message}");
        let from = text(condition, "/lastTransitionTime").and_then(|date| into.date(date));
        let object = Object::new(Kind::Service, "", name);
        into.alerts.push(Alert {
            place: source.place(&object, words.clone()),
            kind: None,
            about: name.to_owned(),
            namespace: String::new(),
            words: vec![words],
            spells: from.map(|from| Spell { from, to: None }).into_iter().collect(),
        });
    }
    true
}

/// What is shown of an object, in short.
fn said(kind: Kind, value: &Value) -> String {
    let name = text(value, "/metadata/name").unwrap_or_default();
    let phase = text(value, "/status/phase").map(|phase| format!(": {phase}")).unwrap_or_default();
    format!("{} {name}{phase}", kind.name())
}

/// An object that is read.
struct Made<'m> {
    value: &'m Value,
    place: Place,
    into: &'m mut Cluster,
}

impl Made<'_> {
    fn date(&mut self, path: &str) -> Option<When> {
        let text = text(self.value, path)?;
        self.into.date(text)
    }

    fn owner(&self) -> Option<(Kind, String)> {
        let owner = list(self.value, "/metadata/ownerReferences").first()?;
        Some((Kind::of(text(owner, "/kind")?)?, text(owner, "/name")?.to_owned()))
    }

    fn conditions(&mut self) -> Vec<Condition> {
        let conditions = list(self.value, "/status/conditions");
        for condition in conditions {
            for path in ["/lastHeartbeatTime", "/lastTransitionTime", "/lastUpdateTime"] {
                if let Some(at) = text(condition, path) {
                    self.into.date(at);
                }
            }
        }
        let condition = |value: &Value| {
            let kind = owned(value, "/type");
            let message = owned(value, "/message");
            let said = format!("{kind}: {} {} {message}", owned(value, "/status"), owned(value, "/reason"));
            Condition {
                kind,
                status: owned(value, "/status"),
                reason: owned(value, "/reason"),
                message,
                since: text(value, "/lastTransitionTime").and_then(super::age::at),
                place: Place { text: said, ..self.place.clone() },
            }
        };
        conditions.iter().map(condition).collect()
    }

    fn pod(&mut self, object: Object) {
        let value = self.value;
        let mut containers: BTreeMap<String, Container> = BTreeMap::new();
        for (specs, states, init) in [
            ("/spec/initContainers", "/status/initContainerStatuses", true),
            ("/spec/containers", "/status/containerStatuses", false),
        ] {
            for spec in list(value, specs) {
                let container = Container { init, place: self.place.clone(), ..specified(spec) };
                containers.insert(owned(spec, "/name"), container);
            }
            for told in list(value, states) {
                let (state, last) = (self.state(told, "/state"), self.state(told, "/lastState"));
                let name = owned(told, "/name");
                let container = containers.entry(name.clone()).or_default();
                container.place = Place { text: shown(&name, &state, &last), ..self.place.clone() };
                container.init = init;
                container.ready = told.get("ready").and_then(Value::as_bool);
                container.restarts = number(told, "/restartCount").unwrap_or(0);
                container.started = text(told, "/state/running/startedAt").and_then(|at| self.into.date(at));
                (container.state, container.last) = (state, last);
            }
        }
        let own = || containers.values().filter(|container| !container.init);
        let known = own().any(|container| container.ready.is_some());
        let ready = own().filter(|container| container.ready == Some(true)).count() as u32;
        let all = own().count() as u32;
        let claims = list(value, "/spec/volumes");
        let claims = claims.iter().filter_map(|volume| text(volume, "/persistentVolumeClaim/claimName"));
        let selector = pairs(value, "/spec/nodeSelector");
        let since = self.date("/status/startTime").or_else(|| self.date("/metadata/creationTimestamp"));
        let pod = Pod {
            place: self.place.clone(),
            status: owned(value, "/status/phase"),
            reason: text(value, "/status/reason").map(str::to_owned),
            message: text(value, "/status/message").map(str::to_owned),
            ready: known.then_some((ready, all)),
            restarts: own().map(|container| container.restarts).sum(),
            restarted: None,
            node: text(value, "/spec/nodeName").map(str::to_owned),
            owner: self.owner(),
            labels: Some(pairs(value, "/metadata/labels")),
            conditions: self.conditions(),
            since,
            claims: claims.map(str::to_owned).collect(),
            node_selector: selector.iter().map(|(name, value)| format!("{name}={value}")).collect(),
            ending: value.pointer("/metadata/deletionTimestamp").is_some(),
            containers,
        };
        self.into.pods.entry(object).or_default().join(pod);
    }

    fn state(&mut self, told: &Value, path: &str) -> State {
        let Some(state) = told.pointer(path) else { return State::Unknown };
        if let Some(ended) = state.get("terminated") {
            return State::Terminated {
                reason: owned(ended, "/reason"),
                code: ended.get("exitCode").and_then(Value::as_i64).unwrap_or(0),
                message: owned(ended, "/message"),
                at: text(ended, "/finishedAt").and_then(|at| self.into.date(at)),
            };
        }
        if let Some(waiting) = state.get("waiting") {
            return State::Waiting { reason: owned(waiting, "/reason"), message: owned(waiting, "/message") };
        }
        if state.get("running").is_some() { State::Running } else { State::Unknown }
    }

    fn workload(&mut self, object: Object) {
        let value = self.value;
        let runs = !matches!(object.kind, Kind::Job | Kind::CronJob);
        let desired =
            number(value, "/spec/replicas").or_else(|| number(value, "/status/desiredNumberScheduled"));
        let ready = ["/status/availableReplicas", "/status/readyReplicas", "/status/numberReady"];
        let ready = ready.into_iter().find_map(|path| number(value, path));
        let workload = Workload {
            place: self.place.clone(),
            desired: desired.filter(|_| runs),
            current: number(value, "/status/replicas")
                .or_else(|| number(value, "/status/currentNumberScheduled")),
            // What is zero is left out.
            ready: ready.or(value.get("status").map(|_| 0)),
            owner: self.owner(),
            selector: pairs(value, "/spec/selector/matchLabels"),
            template: pairs(value, "/spec/template/metadata/labels"),
            conditions: self.conditions(),
            since: self.date("/metadata/creationTimestamp"),
            account: text(value, "/spec/template/spec/serviceAccountName").map(str::to_owned),
            containers: list(value, "/spec/template/spec/containers")
                .iter()
                .map(|spec| {
                    (owned(spec, "/name"), Container { place: self.place.clone(), ..specified(spec) })
                })
                .collect(),
        };
        self.into.workloads.entry(object).or_default().join(workload);
    }

    fn service(&mut self, object: Object) {
        let value = self.value;
        let ports = list(value, "/spec/ports").iter().filter_map(|port| {
            let target = port
                .get("targetPort")
                .map(|target| target.as_str().map_or_else(|| target.to_string(), str::to_owned));
            Some((
                Port {
                    name: owned(port, "/name"),
                    number: u16::try_from(number(port, "/port")?).ok()?,
                    protocol: text(port, "/protocol").unwrap_or("TCP").to_owned(),
                },
                target.unwrap_or_default(),
            ))
        });
        let service = Service {
            place: self.place.clone(),
            kind: text(value, "/spec/type").unwrap_or("ClusterIP").to_owned(),
            selector: Some(pairs(value, "/spec/selector")),
            ports: ports.collect(),
            ..Service::default()
        };
        self.into.services.entry(object).or_default().join(service);
    }

    fn endpoints(&mut self, object: Object) {
        let subsets = list(self.value, "/subsets");
        let count = |path: &str| subsets.iter().map(|subset| list(subset, path).len()).sum();
        let addresses = Some((count("/addresses"), count("/notReadyAddresses")));
        let service = Service { addresses, behind: self.place.clone(), ..Service::default() };
        self.into.services.entry(Object { kind: Kind::Service, ..object }).or_default().join(service);
    }

    fn node(&mut self, object: Object) {
        let value = self.value;
        let conditions = self.conditions();
        let ready = conditions.iter().find(|condition| condition.kind == "Ready");
        let mut status = match ready.map(|ready| ready.status.as_str()) {
            Some("True") => String::from("Ready"),
            Some(_) => String::from("NotReady"),
            None => String::new(),
        };
        if value.pointer("/spec/unschedulable") == Some(&Value::Bool(true)) {
            status.push_str(",SchedulingDisabled");
        }
        let labels = pairs(value, "/metadata/labels");
        let roles = labels.keys().filter_map(|label| label.strip_prefix("node-role.kubernetes.io/"));
        let taint = |taint: &Value| {
            let (key, effect) = (owned(taint, "/key"), owned(taint, "/effect"));
            text(taint, "/value").map_or(format!("{key}:{effect}"), |value| format!("{key}={value}:{effect}"))
        };
        let node = Node {
            place: self.place.clone(),
            status,
            roles: roles.collect::<Vec<_>>().join(","),
            conditions,
            taints: list(value, "/spec/taints").iter().map(taint).collect(),
        };
        self.into.nodes.entry(object).or_default().join(node);
    }
}

/// What a container of a pod is to be.
fn specified(spec: &Value) -> Container {
    let ports = list(spec, "/ports").iter().filter_map(|port| {
        Some(Port {
            name: owned(port, "/name"),
            number: u16::try_from(number(port, "/containerPort")?).ok()?,
            protocol: text(port, "/protocol").unwrap_or("TCP").to_owned(),
        })
    });
    let probes =
        [("liveness", "/livenessProbe"), ("readiness", "/readinessProbe"), ("startup", "/startupProbe")];
    let command = list(spec, "/command").iter().chain(list(spec, "/args"));
    let env = list(spec, "/env").iter().map(|env| (owned(env, "/name"), owned(env, "/value")));
    Container {
        image: owned(spec, "/image"),
        command: command.filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        ports: ports.collect(),
        probes: probes
            .into_iter()
            .filter_map(|(name, path)| Some((name, probe(spec.pointer(path)?)?)))
            .collect(),
        limits: pairs(spec, "/resources/limits"),
        env: env.collect(),
        ..Container::default()
    }
}

/// A probe, as `kubectl describe` writes it.
fn probe(probe: &Value) -> Option<String> {
    let port =
        |of: &Value| of.get("port").map(|port| port.as_str().map_or_else(|| port.to_string(), str::to_owned));
    if let Some(get) = probe.get("httpGet") {
        let scheme = text(get, "/scheme").unwrap_or("http").to_ascii_lowercase();
        return Some(format!("http-get {scheme}://:{}{}", port(get)?, owned(get, "/path")));
    }
    if let Some(socket) = probe.get("tcpSocket") {
        return Some(format!("tcp-socket :{}", port(socket)?));
    }
    if let Some(grpc) = probe.get("grpc") {
        return Some(format!("grpc <pod>:{}", port(grpc)?));
    }
    let command = list(probe, "/exec/command").iter().filter_map(Value::as_str);
    let command: Vec<&str> = command.collect();
    (!command.is_empty()).then(|| format!("exec [{}]", command.join(" ")))
}

/// What a container does and did, in words.
fn shown(name: &str, state: &State, last: &State) -> String {
    let say = |state: &State| match state {
        State::Unknown => String::new(),
        State::Running => String::from("running"),
        State::Waiting { reason, message } => format!("waiting: {reason} {message}").trim_end().to_owned(),
        State::Terminated { reason, code, .. } => format!("terminated: {reason}, exit code {code}"),
    };
    match last {
        State::Unknown => format!("container {name} {}", say(state)),
        last => format!("container {name} {}, last {}", say(state), say(last)),
    }
}

/// An event of `v1` or `events.k8s.io/v1`.
fn event(value: &Value, source: &Source<'_>, into: &mut Cluster) -> bool {
    let about = value.get("involvedObject").or_else(|| value.get("regarding"));
    let Some(about) = about else { return false };
    let (Some(kind), Some(name)) = (text(about, "/kind").and_then(Kind::of), text(about, "/name")) else {
        return false;
    };
    let object = Object::new(kind, text(about, "/namespace").unwrap_or_default(), name);
    let mut date = |paths: &[&str]| {
        let found = paths.iter().find_map(|path| text(value, path))?;
        into.date(found)
    };
    let first = date(&["/firstTimestamp", "/deprecatedFirstTimestamp", "/eventTime"]);
    let last = date(&[
        "/lastTimestamp",
        "/series/lastObservedTime",
        "/deprecatedLastTimestamp",
        "/eventTime",
        "/metadata/creationTimestamp",
    ]);
    let count = ["/count", "/series/count", "/deprecatedCount"];
    let count = count.into_iter().find_map(|path| value.pointer(path)?.as_u64()).unwrap_or(1);
    let message = text(value, "/message").or(text(value, "/note")).unwrap_or_default();
    let reason = owned(value, "/reason");
    let from =
        ["/source/component", "/reportingComponent", "/reportingController", "/deprecatedSource/component"];
    let from = from.into_iter().find_map(|path| text(value, path)).unwrap_or_default().to_owned();
    let place =
        source.place(&object, format!("{} {} {}: {message}", owned(value, "/type"), reason, object.name));
    into.happened(Event {
        place,
        object,
        warning: text(value, "/type") == Some("Warning"),
        reason,
        message: message.to_owned(),
        from,
        count,
        first: first.or(last),
        last,
    });
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Cluster {
        let value: Value = serde_json::from_str(text).unwrap();
        let mut cluster = Cluster::default();
        let source = Source::new(0, text, 0);
        assert!(is_object(&value));
        put(&value, &source, &mut cluster);
        cluster
    }

    #[test]
    fn operators_tell_of_themselves() {
        let cluster = read(
            r#"{"kind": "ClusterOperator", "metadata": {"name": "dns"}, "status": {"conditions": [
                {"type": "Degraded", "status": "True", "message": "no port", "lastTransitionTime": "2025-11-28T08:00:00Z"},
                {"type": "Available", "status": "True"}, {"type": "Progressing", "status": "True"}]}}"#,
        );
        let told: Vec<_> =
            cluster.alerts.iter().map(|alert| (alert.about.as_str(), &alert.words[0])).collect();
        assert_eq!(told, [("dns", &"operator dns is degraded: no port".to_owned())]);
        assert_eq!(cluster.alerts[0].spells.len(), 1);
    }

    #[test]
    fn a_list_of_pods_is_read() {
        let cluster = read(
            r#"{"kind": "PodList", "apiVersion": "v1", "items": [
{"metadata": {
  "name": "cart-1", "namespace": "shop",
  "ownerReferences": [{"kind": "ReplicaSet", "name": "cart"}]},
 "spec": {"containers": [{"name": "server", "image": "cart:1", "ports": [{"containerPort": 7070}],
   "livenessProbe": {"httpGet": {"path": "/health", "port": 8080, "scheme": "HTTP"}}}]},
 "status": {"phase": "Running", "containerStatuses": [{"name": "server", "ready": false, "restartCount": 3,
   "state": {"waiting": {"reason": "CrashLoopBackOff"}},
   "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": "2025-08-12T04:42:07Z"}}}]}}]}"#,
        );
        let pod = cluster.pods.values().next().unwrap();
        assert_eq!((pod.ready, pod.restarts, pod.place.line), (Some((0, 1)), 3, 3));
        let server = &pod.containers["server"];
        assert_eq!(server.probes["liveness"], "http-get http://:8080/health");
        assert_eq!(
            server.place.text,
            "container server waiting: CrashLoopBackOff, last terminated: Error, exit code 1"
        );
    }

    #[test]
    fn events_of_both_apis_are_read() {
        let old = read(
            r#"{"kind": "Event", "metadata": {"name": "x"}, "involvedObject": {"kind": "Pod", "name": "cart-1",
"namespace": "shop"}, "type": "Warning", "reason": "Failed", "message": "m", "count": 4,
"firstTimestamp": "2025-08-12T04:42:07Z", "lastTimestamp": "2025-08-12T04:43:07Z"}"#,
        );
        let new = read(
            r#"{"kind": "Event", "metadata": {"name": "x"}, "regarding": {"kind": "Pod", "name": "cart-1",
"namespace": "shop"}, "type": "Warning", "reason": "Failed", "note": "m",
"eventTime": "2025-08-12T04:42:07.000000Z",
"series": {"count": 4, "lastObservedTime": "2025-08-12T04:43:07.000000Z"}}"#,
        );
        assert_eq!(old.events[0], new.events[0]);
        assert_eq!(old.events[0].count, 4);
    }
}
