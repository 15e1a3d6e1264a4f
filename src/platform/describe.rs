//! What `kubectl describe` prints: keys and values whose indentation tells what belongs to what.

use std::collections::BTreeMap;

use super::age;
use super::cluster::{
    Claim, Cluster, Condition, Container, Event, Node, Pod, Port, Quota, Service, State, Workload,
};
use super::object::{Kind, Object, Place, When};
use super::table::{addresses, cells_apart, labels};

/// A line of a description, and what stands below it.
struct Item<'t> {
    key: &'t str,
    value: &'t str,
    /// The line without its indentation.
    raw: &'t str,
    line: u64,
    below: Vec<usize>,
}

/// A description as a tree.
pub(super) struct Described<'t> {
    items: Vec<Item<'t>>,
    top: Vec<usize>,
    /// The file, and the line before the first one where all of them stand in one line of it.
    file: u32,
    at: Option<u64>,
}

/// Does a description begin here?
pub(super) fn begins(line: &str) -> bool {
    let line = line.trim_start_matches([' ', '"']);
    line.strip_prefix("Name:").is_some_and(|rest| rest.starts_with([' ', '\t']) && !rest.trim().is_empty())
}

/// Is it a line of a description, if it is not indented?
fn is_top(line: &str) -> bool {
    let end = line.find(':').unwrap_or(0);
    let rest = &line[(end + 1).min(line.len())..];
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '_' | '(' | ')' | '/');
    end > 0
        && end <= 40
        && (rest.is_empty() || rest.starts_with([' ', '\t']))
        && line[..end].chars().all(letter)
        && line.starts_with(|c: char| c.is_ascii_uppercase())
}

impl<'t> Described<'t> {
    /// Reads the description that begins with the first of these lines; also gives how many lines it has. `first` is
    /// the number of the first line, `at` that of all of them where they stand in one.
    pub(super) fn read(
        lines: &[&'t str],
        (file, first): (u32, u64),
        at: Option<u64>,
    ) -> (Described<'t>, usize) {
        let mut tree = Described { items: Vec::new(), top: Vec::new(), file, at };
        let mut open: Vec<(usize, usize)> = Vec::new();
        let (mut blank, mut rows, mut read) = (false, false, 0);
        for (number, line) in lines.iter().enumerate() {
            let line = if number == 0 { line.trim_start_matches([' ', '"']) } else { line };
            let body = line.trim();
            if body.is_empty() {
                blank = true;
                continue;
            }
            let indent = line.len() - line.trim_start().len();
            if indent == 0 && number > 0 {
                rows |= line.starts_with("Resource ") && line.contains("Used");
                let ends = if begins(line) { blank } else { !is_top(line) && !rows };
                // A quota's rows have no indentation; they end with a blank line.
                if ends || (rows && blank) {
                    break;
                }
            }
            (blank, read) = (false, number + 1);
            let (key, value) = match body.split_once(':') {
                Some((key, value)) if value.is_empty() || value.starts_with([' ', '\t']) => {
                    (key, value.trim())
                }
                _ => ("", body),
            };
            let item = tree.items.len();
            tree.items.push(Item { key, value, raw: body, line: first + number as u64, below: Vec::new() });
            while open.last().is_some_and(|(other, _)| *other >= indent) {
                open.pop();
            }
            match open.last() {
                Some((_, parent)) => tree.items[*parent].below.push(item),
                None => tree.top.push(item),
            }
            open.push((indent, item));
        }
        (tree, read)
    }

    fn find(&self, within: &[usize], key: &str) -> Option<&Item<'t>> {
        within.iter().map(|at| &self.items[*at]).find(|item| item.key == key)
    }

    fn value(&self, within: &[usize], key: &str) -> Option<&'t str> {
        self.find(within, key).map(|item| item.value).filter(|value| !matches!(*value, "" | "<none>"))
    }

    fn top(&self, key: &str) -> Option<&'t str> {
        self.value(&self.top, key)
    }

    /// What stands below a key at the top.
    fn below(&self, key: &str) -> &[usize] {
        self.find(&self.top, key).map_or(&[], |item| &item.below)
    }

    /// The value of a key and the lines that go on below it.
    fn list(&self, within: &[usize], key: &str) -> Vec<&'t str> {
        let Some(item) = self.find(within, key) else { return Vec::new() };
        let more = item.below.iter().map(|at| self.items[*at].raw);
        [item.value].into_iter().chain(more).filter(|text| !matches!(*text, "" | "<none>")).collect()
    }

    fn labels(&self, within: &[usize], key: &str) -> BTreeMap<String, String> {
        self.list(within, key).into_iter().flat_map(labels).collect()
    }

    fn place(&self, item: &Item<'_>) -> Place {
        Place { file: self.file, line: self.at.unwrap_or(item.line), text: item.raw.to_owned() }
    }

    /// The line of a key at the top, or the first one.
    fn place_of(&self, key: &str) -> Place {
        let item = self.find(&self.top, key).or(self.items.first());
        item.map(|item| self.place(item)).unwrap_or_default()
    }

    /// What is described, by the keys that only it has.
    fn kind(&self) -> Option<Kind> {
        const KEYS: &[(&str, Kind)] = &[
            ("Pods Status", Kind::ReplicaSet),
            ("StrategyType", Kind::Deployment),
            ("Desired Number of Nodes Scheduled", Kind::DaemonSet),
            ("Update Strategy", Kind::StatefulSet),
            ("Schedule", Kind::CronJob),
            ("Completion Mode", Kind::Job),
            ("QoS Class", Kind::Pod),
            ("Session Affinity", Kind::Service),
            ("Subsets", Kind::Endpoints),
            ("Reclaim Policy", Kind::Volume),
            ("Access Modes", Kind::Claim),
            ("Roles", Kind::Node),
            ("Allocatable", Kind::Node),
            ("Mountable secrets", Kind::ServiceAccount),
            ("Metrics", Kind::Autoscaler),
            // A description that is cut short.
            ("Containers", Kind::Pod),
            ("TargetPort", Kind::Service),
            ("Priority", Kind::Pod),
        ];
        let has = |key: &str| self.find(&self.top, key).is_some();
        let known = KEYS.iter().find(|(key, _)| has(key)).map(|(_, kind)| *kind);
        let quota = || self.top.iter().any(|at| self.items[*at].raw.starts_with("Resource "));
        known.or_else(|| quota().then_some(Kind::Quota))
    }

    /// What is missing of a description: those of such objects always end with their events.
    pub(super) fn missing(&self, kind: Option<Kind>) -> Option<String> {
        let kind = self.kind().or(kind)?;
        let has_events =
            kind.keeps_pods() || matches!(kind, Kind::Pod | Kind::Service | Kind::Node | Kind::Claim);
        let name = self.top("Name")?;
        (has_events && self.find(&self.top, "Events").is_none())
            .then(|| format!("the description of {} {name} ends before its events", kind.name()))
    }

    /// That a description does not tell what it is of, if it does not.
    pub(super) fn without_kind(&self, kind: Option<Kind>) -> Option<String> {
        let name = self.top("Name").filter(|_| self.kind().or(kind).is_none())?;
        Some(format!("the description of {name} tells no kind that is known"))
    }

    /// Puts what is described into a cluster; `kind` is what the command asked for, where that is known.
    pub(super) fn put(&self, kind: Option<Kind>, namespace: &str, into: &mut Cluster) -> bool {
        let (Some(kind), Some(name)) = (self.kind().or(kind), self.top("Name")) else { return false };
        let namespace = self.top("Namespace").unwrap_or(namespace);
        let object = Object::new(kind, namespace, name);
        self.happened(&object, into);
        match kind {
            Kind::Pod => {
                let pod = self.pod(into);
                into.pods.entry(object).or_default().join(pod);
            }
            Kind::Node => {
                let node = self.node(into);
                into.nodes.entry(object).or_default().join(node);
            }
            Kind::Service => {
                let service = self.service();
                into.services.entry(object).or_default().join(service);
            }
            Kind::Endpoints => {
                let service = self.endpoints();
                into.services.entry(Object { kind: Kind::Service, ..object }).or_default().join(service);
            }
            Kind::Claim => {
                let claim = Claim {
                    place: self.place_of("Status"),
                    status: self.top("Status").unwrap_or_default().to_owned(),
                    class: self.top("StorageClass").unwrap_or_default().to_owned(),
                };
                into.claims.insert(object, claim);
            }
            Kind::Quota => {
                let quota = self.quota();
                into.quotas.insert(object, quota);
            }
            kind if kind.keeps_pods() => {
                let workload = self.workload(kind, into);
                into.workloads.entry(object).or_default().join(workload);
            }
            _ => into.name(object),
        }
        true
    }

    /// `ReplicaSet/cart-7f`.
    fn owner(&self) -> Option<(Kind, String)> {
        let (kind, name) = self.top("Controlled By")?.split_once('/')?;
        Some((Kind::of(kind)?, name.to_owned()))
    }

    fn pod(&self, into: &mut Cluster) -> Pod {
        let status = self.top("Status").unwrap_or_default();
        let ending = status.starts_with("Terminating");
        let containers = self.containers(&self.top, into);
        let own: Vec<&Container> = containers.values().filter(|container| !container.init).collect();
        let ready = own.iter().filter(|container| container.ready == Some(true)).count() as u32;
        let known = own.iter().any(|container| container.ready.is_some());
        let volumes = self.below("Volumes").iter().map(|at| &self.items[*at].below);
        Pod {
            place: self.place_of("Status"),
            status: if ending { String::from("Terminating") } else { status.to_owned() },
            reason: self.top("Reason").map(str::to_owned),
            message: self.top("Message").map(str::to_owned),
            ready: known.then_some((ready, own.len() as u32)),
            restarts: own.iter().map(|container| container.restarts).sum(),
            restarted: None,
            node: self.top("Node").map(|node| node.split('/').next().unwrap_or(node).to_owned()),
            owner: self.owner(),
            labels: Some(self.labels(&self.top, "Labels")),
            conditions: self.conditions(),
            since: self.top("Start Time").and_then(|text| into.date(text)),
            claims: volumes.filter_map(|below| self.value(below, "ClaimName")).map(str::to_owned).collect(),
            node_selector: self.list(&self.top, "Node-Selectors").into_iter().map(str::to_owned).collect(),
            ending,
            containers,
        }
    }

    fn containers(&self, within: &[usize], into: &mut Cluster) -> BTreeMap<String, Container> {
        let mut containers: BTreeMap<String, Container> = BTreeMap::new();
        for (key, init) in [("Init Containers", true), ("Containers", false)] {
            for at in self.find(within, key).map_or(&[][..], |item| &item.below) {
                let item = &self.items[*at];
                if !item.key.is_empty() {
                    containers.insert(item.key.to_owned(), self.container(item, init, into));
                }
            }
        }
        containers
    }

    fn container(&self, item: &Item<'_>, init: bool, into: &mut Cluster) -> Container {
        let below = &item.below[..];
        let shown = self.find(below, "State").unwrap_or(item);
        let probe = |key: &str| {
            let text = self.value(below, key)?;
            Some(text.split(" delay=").next().unwrap_or(text).trim().to_owned())
        };
        let probes = [("liveness", "Liveness"), ("readiness", "Readiness"), ("startup", "Startup")];
        let ports = self.value(below, "Port").or(self.value(below, "Ports")).unwrap_or_default();
        let limits = self.find(below, "Limits").map_or(&[][..], |item| &item.below);
        let pairs = |within: &[usize]| -> Vec<(String, String)> {
            let items = within.iter().map(|at| &self.items[*at]).filter(|item| !item.key.is_empty());
            items.map(|item| (item.key.to_owned(), item.value.to_owned())).collect()
        };
        let started = self.find(below, "State").and_then(|state| self.value(&state.below, "Started"));
        Container {
            place: self.place(shown),
            started: started.and_then(|text| into.date(text)),
            init,
            image: self.value(below, "Image").unwrap_or_default().to_owned(),
            command: [self.list(below, "Command"), self.list(below, "Args")].concat().join(" "),
            ready: self.value(below, "Ready").map(|ready| ready == "True"),
            restarts: self.value(below, "Restart Count").and_then(|count| count.parse().ok()).unwrap_or(0),
            state: self.state(self.find(below, "State"), into),
            last: self.state(self.find(below, "Last State"), into),
            ports: ports.split(',').filter_map(port).collect(),
            probes: probes.into_iter().filter_map(|(name, key)| Some((name, probe(key)?))).collect(),
            limits: pairs(limits).into_iter().collect(),
            env: self.find(below, "Environment").map_or_else(Vec::new, |item| pairs(&item.below)),
        }
    }

    fn state(&self, item: Option<&Item<'_>>, into: &mut Cluster) -> State {
        let Some(item) = item else { return State::Unknown };
        let get = |key: &str| self.value(&item.below, key).unwrap_or_default().to_owned();
        match item.value {
            "Running" => State::Running,
            "Waiting" => State::Waiting { reason: get("Reason"), message: get("Message") },
            "Terminated" => State::Terminated {
                reason: get("Reason"),
                code: get("Exit Code").parse().unwrap_or(0),
                message: get("Message"),
                at: into.date(&get("Finished")),
            },
            _ => State::Unknown,
        }
    }

    /// The table of conditions: its columns differ from kind to kind.
    fn conditions(&self) -> Vec<Condition> {
        let rows: Vec<(&Item<'t>, Vec<&'t str>)> = self
            .below("Conditions")
            .iter()
            .map(|at| &self.items[*at])
            .map(|item| (item, cells_apart(item.raw)))
            .collect();
        let Some((_, head)) = rows.first() else { return Vec::new() };
        let column = |name: &str| head.iter().position(|column| *column == name);
        let (reason, message, since) = (column("Reason"), column("Message"), column("LastTransitionTime"));
        let rows = rows.iter().skip(1).filter(|(item, _)| !item.raw.starts_with("--"));
        rows.map(|(item, cells)| {
            let get =
                |at: Option<usize>| at.and_then(|at| cells.get(at)).copied().unwrap_or_default().to_owned();
            Condition {
                kind: get(Some(0)),
                status: get(Some(1)),
                reason: get(reason),
                message: get(message),
                since: age::at(&get(since)),
                place: self.place(item),
            }
        })
        .collect()
    }

    fn workload(&self, kind: Kind, into: &mut Cluster) -> Workload {
        let template = self.below("Pod Template");
        let replicas = self.top("Replicas").unwrap_or_default();
        // `1 desired | 1 updated | 0 available`, `0 current / 1 desired`.
        let count = |name: &str| {
            let parts = replicas.split(['|', '/']).map(str::trim);
            let mut found = parts.filter_map(|part| part.split_once(' ')).filter(|(_, word)| *word == name);
            found.next()?.0.parse().ok()
        };
        let number = |key: &str| self.top(key)?.split(' ').next()?.parse().ok();
        let pods = self.top("Pods Status").unwrap_or_default();
        let running = pods.split('/').find_map(|part| part.trim().strip_suffix(" Running")?.parse().ok());
        let (desired, current, ready) = match kind {
            Kind::DaemonSet => {
                let desired = number("Desired Number of Nodes Scheduled");
                let current = number("Current Number of Nodes Scheduled");
                (desired, current, number("Number of Nodes Scheduled with Available Pods"))
            }
            Kind::Job | Kind::CronJob => (None, None, None),
            _ => (count("desired"), count("total").or(count("current")), count("available").or(running)),
        };
        Workload {
            place: self.place_of("Replicas"),
            desired,
            current,
            // Who runs is not ready for that.
            ready: if kind == Kind::ReplicaSet { None } else { ready },
            owner: self.owner(),
            selector: self.labels(&self.top, "Selector"),
            template: self.labels(template, "Labels"),
            conditions: self.conditions(),
            since: self.top("CreationTimestamp").and_then(|text| into.date(text)),
            account: self.value(template, "Service Account").map(str::to_owned),
            containers: self.containers(template, into),
        }
    }

    fn service(&self) -> Service {
        let mut ports: Vec<(Port, String)> = Vec::new();
        for item in self.top.iter().map(|at| &self.items[*at]) {
            match item.key {
                "Port" => {
                    let cells = cells_apart(item.value);
                    let text = cells.last().copied().unwrap_or_default();
                    if let Some(found) = port(text) {
                        let name = if cells.len() > 1 { cells[0] } else { "" };
                        let name = if name == "<unset>" { "" } else { name };
                        ports.push((Port { name: name.to_owned(), ..found }, String::new()));
                    }
                }
                "TargetPort" => {
                    if let Some((_, target)) = ports.last_mut() {
                        item.value.split('/').next().unwrap_or_default().clone_into(target);
                    }
                }
                _ => {}
            }
        }
        let ready = self.find(&self.top, "Endpoints").map(|item| addresses(item.value));
        Service {
            place: self.place_of("Selector"),
            kind: self.top("Type").unwrap_or_default().to_owned(),
            selector: self.find(&self.top, "Selector").map(|_| self.labels(&self.top, "Selector")),
            ports,
            addresses: ready.map(|ready| (ready, 0)),
            behind: self.place_of("Endpoints"),
        }
    }

    fn endpoints(&self) -> Service {
        let subsets = self.below("Subsets");
        let count = |key: &str| {
            let of_key = subsets.iter().map(|at| &self.items[*at]).filter(|item| item.key == key);
            of_key.map(|item| addresses(item.value)).sum()
        };
        Service {
            addresses: Some((count("Addresses"), count("NotReadyAddresses"))),
            behind: self.place_of("Subsets"),
            ..Service::default()
        }
    }

    fn node(&self, into: &mut Cluster) -> Node {
        if let Some(renewed) = self.value(self.below("Lease"), "RenewTime") {
            into.date(renewed);
        }
        let conditions = self.conditions();
        let ready = conditions.iter().find(|condition| condition.kind == "Ready");
        let mut status = match ready.map(|ready| ready.status.as_str()) {
            Some("True") => String::from("Ready"),
            Some(_) => String::from("NotReady"),
            None => String::new(),
        };
        if self.top("Unschedulable") == Some("true") {
            status.push_str(",SchedulingDisabled");
        }
        Node {
            place: self.place_of("Conditions"),
            status,
            roles: self.top("Roles").unwrap_or_default().to_owned(),
            conditions,
            taints: self.list(&self.top, "Taints").into_iter().map(str::to_owned).collect(),
        }
    }

    fn quota(&self) -> Quota {
        let items = self.top.iter().map(|at| &self.items[*at]);
        let rows = items.skip_while(|item| !item.raw.starts_with("Resource ")).skip(1);
        let rows = rows.filter(|item| !item.raw.starts_with("--")).filter_map(|item| {
            let cells: Vec<&str> = item.raw.split_whitespace().collect();
            let [name, used, hard] = cells[..] else { return None };
            Some((name.to_owned(), used.to_owned(), hard.to_owned()))
        });
        Quota { place: self.place_of("Name"), rows: rows.collect() }
    }

    fn happened(&self, object: &Object, into: &mut Cluster) {
        for item in self.below("Events").iter().map(|at| &self.items[*at]) {
            let cells = cells_apart(item.raw);
            let [kind @ ("Normal" | "Warning"), reason, seen, from, ref message @ ..] = cells[..] else {
                continue;
            };
            let Some(seen) = age::seen(seen) else { continue };
            into.happened(Event {
                place: self.place(item),
                object: object.clone(),
                warning: kind == "Warning",
                reason: reason.to_owned(),
                message: message.join("  "),
                from: from.to_owned(),
                count: seen.count,
                first: Some(When::Ago(seen.first)),
                last: Some(When::Ago(seen.last)),
            });
        }
    }
}

/// `50051/TCP`.
fn port(text: &str) -> Option<Port> {
    let (number, protocol) = text.trim().split_once('/')?;
    Some(Port { name: String::new(), number: number.parse().ok()?, protocol: protocol.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(text: &str) -> Cluster {
        let mut cluster = Cluster::default();
        let lines: Vec<&str> = text.lines().collect();
        let (tree, read) = Described::read(&lines, (0, 1), None);
        assert_eq!(read, lines.len());
        assert!(tree.put(None, "", &mut cluster));
        cluster
    }

    const POD: &str = "\
Name:             cart-6b87-x2
Namespace:        shop
Priority:         0
Node:             n1/10.1.0.7
Start Time:       Tue, 12 Aug 2025 05:45:20 +0200
Labels:           app=cart
                  tier=web
Status:           Running
Controlled By:    ReplicaSet/cart-6b87
Containers:
  server:
    Image:          cart:1
    Port:           7070/TCP
    State:          Waiting
      Reason:       CrashLoopBackOff
    Last State:     Terminated
      Reason:       OOMKilled
      Exit Code:    137
      Finished:     Tue, 12 Aug 2025 06:42:07 +0200
    Ready:          False
    Restart Count:  16
    Liveness:       grpc <pod>:7071  delay=5s timeout=1s
    Limits:
      memory:  64Mi
Conditions:
  Type           Status
  Ready          False
Volumes:
  data:
    Type:       PersistentVolumeClaim
    ClaimName:  cart-data
QoS Class:       Burstable
Node-Selectors:  disk=ssd
Events:
  Type     Reason   Age                From     Message
  ----     ------   ----               ----     -------
  Warning  BackOff  3m (x25 over 58m)  kubelet  Back-off restarting failed container: server in pod";

    #[test]
    fn a_pod_is_read() {
        let cluster = described(POD);
        let (object, pod) = cluster.pods.iter().next().unwrap();
        assert_eq!((object.namespace.as_str(), object.name.as_str()), ("shop", "cart-6b87-x2"));
        assert_eq!(pod.labels.as_ref().unwrap()["tier"], "web");
        assert_eq!((pod.node.as_deref(), pod.ready, pod.restarts), (Some("n1"), Some((0, 1)), 16));
        assert_eq!(pod.claims, ["cart-data"]);
        assert_eq!(pod.node_selector, ["disk=ssd"]);
        let server = &pod.containers["server"];
        assert!(matches!(&server.state, State::Waiting { reason, .. } if reason == "CrashLoopBackOff"));
        assert!(matches!(&server.last, State::Terminated { reason, code: 137, .. } if reason == "OOMKilled"));
        assert_eq!((server.probes["liveness"].as_str(), server.ports[0].number), ("grpc <pod>:7071", 7070));
        assert_eq!((cluster.events[0].count, cluster.events[0].from.as_str()), (25, "kubelet"));
        assert!(cluster.events[0].message.starts_with("Back-off restarting failed container: server"));
        assert_eq!(cluster.newest.unwrap().to_string(), "2025-08-12T04:42:07Z");
    }

    #[test]
    fn a_description_that_is_cut_anywhere_is_read_as_far_as_it_goes() {
        for end in (POD.find("Node:").unwrap()..POD.len()).filter(|end| POD.is_char_boundary(*end)) {
            let lines: Vec<&str> = POD[..end].lines().collect();
            let mut cluster = Cluster::default();
            let (tree, _) = Described::read(&lines, (0, 1), None);
            assert!(tree.put(None, "", &mut cluster), "{end}");
        }
    }

    #[test]
    fn services_quotas_and_nodes_are_read() {
        let cluster = described(
            "Name:          cart\nNamespace:     shop\nSelector:      app=cart\nType:          ClusterIP\n\
             Port:          grpc  50051/TCP\nTargetPort:    50052/TCP\nEndpoints:     \n\
             Session Affinity:         None\nEvents:        <none>",
        );
        let service = cluster.services.values().next().unwrap();
        assert_eq!((service.ports[0].0.number, service.ports[0].1.as_str()), (50051, "50052"));
        assert_eq!(service.addresses, Some((0, 0)));
        let cluster = described(
            "Name:         cpu\nNamespace:    shop\nResource      Used  Hard\n--------      ----  ----\nrequests.cpu  10    10",
        );
        assert_eq!(cluster.quotas.values().next().unwrap().rows.len(), 1);
        let cluster = described(
            "Name:               n1\nRoles:              node\nTaints:             a=b:NoSchedule\n                    c:NoExecute\n\
             Unschedulable:      true\nConditions:\n  Type    Status   LastHeartbeatTime                 LastTransitionTime                Reason              Message\n  \
             ----    ------   -----------------                 ------------------                ------              -------\n  \
             Ready   Unknown  Fri, 28 Nov 2025 16:05:08 +0800   Sun, 28 Sep 2025 14:34:57 +0800   NodeStatusUnknown   Kubelet stopped posting node status.",
        );
        let node = cluster.nodes.values().next().unwrap();
        assert_eq!((node.status.as_str(), node.taints.len()), ("NotReady,SchedulingDisabled", 2));
        assert_eq!(node.condition("Ready").unwrap().reason, "NodeStatusUnknown");
    }
}
