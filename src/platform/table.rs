//! Tables as `kubectl get` and `kubectl top` print them: columns with their names, with and without a head.

use std::collections::BTreeMap;

use super::age;
use super::cluster::{Claim, Cluster, Event, Node, Pod, Port, Quota, Service, Workload};
use super::object::{Kind, Object, Place, When};

/// What a table lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lists {
    Objects(Kind),
    Events,
    Usage,
}

/// The head of a table: its columns by where they begin, in letters.
#[derive(Clone, Debug)]
pub(super) struct Head {
    lists: Lists,
    columns: Vec<(String, usize)>,
}

/// Columns that tell what a table lists; the first row all of whose columns are there counts. They are those of the
/// printers in `k8s.io/kubernetes/pkg/printers/internalversion`.
const HEADS: &[(&[&str], Lists)] = &[
    (&["TYPE", "REASON", "OBJECT", "MESSAGE"], Lists::Events),
    (&["NAME", "CPU(cores)", "MEMORY(bytes)"], Lists::Usage),
    (&["NAME", "READY", "STATUS", "RESTARTS"], Lists::Objects(Kind::Pod)),
    (&["NAME", "READY", "UP-TO-DATE", "AVAILABLE"], Lists::Objects(Kind::Deployment)),
    (&["NAME", "DESIRED", "CURRENT", "NODE SELECTOR"], Lists::Objects(Kind::DaemonSet)),
    (&["NAME", "DESIRED", "CURRENT", "READY"], Lists::Objects(Kind::ReplicaSet)),
    (&["NAME", "STATUS", "ROLES", "VERSION"], Lists::Objects(Kind::Node)),
    (&["NAME", "TYPE", "CLUSTER-IP"], Lists::Objects(Kind::Service)),
    (&["NAME", "ENDPOINTS", "AGE"], Lists::Objects(Kind::Endpoints)),
    (&["NAME", "CAPACITY", "ACCESS MODES", "RECLAIM POLICY"], Lists::Objects(Kind::Volume)),
    (&["NAME", "STATUS", "VOLUME", "CAPACITY"], Lists::Objects(Kind::Claim)),
    (&["NAME", "COMPLETIONS", "DURATION"], Lists::Objects(Kind::Job)),
    (&["NAME", "REQUEST", "LIMIT"], Lists::Objects(Kind::Quota)),
    (&["NAME", "SECRETS", "AGE"], Lists::Objects(Kind::ServiceAccount)),
    (&["NAME", "TYPE", "DATA", "AGE"], Lists::Objects(Kind::Secret)),
    (&["NAME", "DATA", "AGE"], Lists::Objects(Kind::ConfigMap)),
    (&["NAME", "READY", "AGE"], Lists::Objects(Kind::StatefulSet)),
    (&["NAME", "REFERENCE", "MINPODS"], Lists::Objects(Kind::Autoscaler)),
];

/// Text in pieces that stand apart by two blanks or more, with where they begin, in letters.
fn pieces(line: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let (mut start, mut blanks, mut letter) = (None, 2, 0);
    let mut end = 0;
    for (at, c) in line.char_indices() {
        if c == ' ' || c == '\t' {
            blanks += if c == '\t' { 2 } else { 1 };
        } else {
            if blanks >= 2 {
                if let Some((first, from)) = start.take() {
                    found.push((first, &line[from..end]));
                }
                start = Some((letter, at));
            }
            blanks = 0;
            end = at + c.len_utf8();
        }
        letter += 1;
    }
    if let Some((first, from)) = start {
        found.push((first, &line[from..end]));
    }
    found
}

/// The pieces of a row alone.
pub(super) fn cells_apart(line: &str) -> Vec<&str> {
    pieces(line).into_iter().map(|(_, text)| text).collect()
}

impl Head {
    /// The head that a line is, if it is one.
    pub(super) fn of(line: &str) -> Option<Head> {
        let plain = line.trim_start_matches([' ', '"']);
        if !(plain.starts_with("NAME") || plain.starts_with("LAST SEEN")) || plain.len() > 2_000 {
            return None;
        }
        let columns = pieces(plain);
        let has = |name: &str| columns.iter().any(|(_, column)| *column == name);
        let (_, lists) = HEADS.iter().find(|(names, _)| names.iter().all(|name| has(name)))?;
        Some(Head {
            lists: *lists,
            columns: columns.into_iter().map(|(at, name)| (name.to_owned(), at)).collect(),
        })
    }

    /// Does a row end before the last column begins?
    pub(super) fn is_cut(&self, row: &str) -> bool {
        self.columns.last().is_some_and(|(_, at)| row.chars().count() <= *at)
    }

    /// A row by its columns.
    fn row<'r>(&self, line: &'r str) -> Row<'r> {
        let letters: Vec<usize> = line.char_indices().map(|(at, _)| at).collect();
        let byte = |letter: usize| letters.get(letter).copied().unwrap_or(line.len());
        let fits = self.columns.iter().skip(1).all(|(_, at)| {
            let at = byte(*at);
            at == line.len() || at == 0 || line[..at].ends_with([' ', '\t'])
        });
        let names = self.columns.iter().map(|(name, _)| name.clone());
        let values: Vec<&str> = if fits {
            let ends = self.columns.iter().skip(1).map(|(_, at)| byte(*at)).chain([line.len()]);
            self.columns.iter().zip(ends).map(|((_, at), end)| line[byte(*at)..end].trim()).collect()
        } else {
            cells_apart(line)
        };
        Row { cells: names.zip(values).collect() }
    }

    /// Reads a row; says whether it is one.
    pub(super) fn read(&self, line: &str, namespace: &str, place: &Place, into: &mut Cluster) -> bool {
        let row = self.row(line);
        let namespace = row.get("NAMESPACE").unwrap_or(namespace);
        match self.lists {
            Lists::Usage => row.get("NAME").is_some(),
            Lists::Events => row.event(namespace, place, into),
            Lists::Objects(kind) => {
                let Some(name) = row.get("NAME").filter(|name| !name.contains(' ')) else { return false };
                let (kind, name) = match name.split_once('/') {
                    Some((kind, name)) => (Kind::of(kind), name),
                    None => (Some(kind), name),
                };
                let Some(kind) = kind else { return false };
                row.object(Object::new(kind, namespace, name), place, into);
                true
            }
        }
    }
}

/// A row: its cells by the names of their columns.
struct Row<'r> {
    cells: BTreeMap<String, &'r str>,
}

/// `3` of `3/4`, and `4`.
pub(super) fn fraction(text: &str) -> Option<(u32, u32)> {
    let (part, whole) = text.split_once('/')?;
    Some((part.parse().ok()?, whole.parse().ok()?))
}

/// `2 (14s ago)`.
fn restarts(text: &str) -> Option<(u32, Option<When>)> {
    let (count, rest) = text.split_once(' ').unwrap_or((text, ""));
    let ago = rest.trim_start_matches('(').trim_end_matches(" ago)");
    Some((count.parse().ok()?, age::seconds(ago).map(When::Ago)))
}

/// `app=cart,tier=web` as names and values.
pub(super) fn labels(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split([',', ' ']).filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// `80:30080/TCP,443/TCP` as ports of which nothing is known behind.
fn ports(text: &str) -> Vec<(Port, String)> {
    let port = |text: &str| {
        let (number, protocol) = text.split_once('/')?;
        let number = number.split(':').next()?.parse().ok()?;
        Some((Port { name: String::new(), number, protocol: protocol.to_owned() }, String::new()))
    };
    text.split(',').filter_map(port).collect()
}

/// How many addresses `10.0.0.1:80,10.0.0.2:80 + 3 more...` are.
pub(super) fn addresses(text: &str) -> usize {
    if matches!(text, "" | "<none>") {
        return 0;
    }
    let (listed, more) = text.split_once(" + ").unwrap_or((text, ""));
    let more = more.split(' ').next().and_then(|more| more.parse::<usize>().ok()).unwrap_or(0);
    listed.split(',').filter(|address| !address.trim().is_empty()).count() + more
}

impl<'r> Row<'r> {
    fn get(&self, column: &str) -> Option<&'r str> {
        self.cells.get(column).copied().filter(|text| !text.is_empty() && *text != "<none>")
    }

    fn number(&self, column: &str) -> Option<u32> {
        self.get(column)?.parse().ok()
    }

    fn since(&self) -> Option<When> {
        age::seconds(self.get("AGE")?).map(When::Ago)
    }

    fn object(&self, object: Object, place: &Place, into: &mut Cluster) {
        let place = place.clone();
        match object.kind {
            Kind::Pod => {
                let (count, restarted) = self.get("RESTARTS").and_then(restarts).unwrap_or_default();
                let pod = Pod {
                    place,
                    status: self.get("STATUS").unwrap_or_default().to_owned(),
                    ready: self.get("READY").and_then(fraction),
                    restarts: count,
                    restarted,
                    node: self.get("NODE").map(str::to_owned),
                    labels: self.get("LABELS").map(labels),
                    since: self.since(),
                    ending: self.get("STATUS") == Some("Terminating"),
                    ..Pod::default()
                };
                into.pods.entry(object).or_default().join(pod);
            }
            Kind::Node => {
                let node = Node {
                    place,
                    status: self.get("STATUS").unwrap_or_default().to_owned(),
                    roles: self.get("ROLES").unwrap_or_default().to_owned(),
                    ..Node::default()
                };
                into.nodes.entry(object).or_default().join(node);
            }
            Kind::Service => {
                let service = Service {
                    place,
                    kind: self.get("TYPE").unwrap_or_default().to_owned(),
                    selector: self.cells.get("SELECTOR").map(|text| labels(text)),
                    ports: self.get("PORT(S)").map(ports).unwrap_or_default(),
                    ..Service::default()
                };
                into.services.entry(object).or_default().join(service);
            }
            Kind::Endpoints => {
                let ready = addresses(self.cells.get("ENDPOINTS").copied().unwrap_or_default());
                let service = Service { addresses: Some((ready, 0)), behind: place, ..Service::default() };
                let object = Object { kind: Kind::Service, ..object };
                into.services.entry(object).or_default().join(service);
            }
            Kind::Claim => {
                let claim = into.claims.entry(object).or_default();
                if claim.place == Place::default() {
                    let status = self.get("STATUS").unwrap_or_default().to_owned();
                    *claim = Claim {
                        place,
                        status,
                        class: self.get("STORAGECLASS").unwrap_or_default().to_owned(),
                    };
                }
            }
            Kind::Quota => {
                let quota = into.quotas.entry(object).or_default();
                let rows = ["REQUEST", "LIMIT"].into_iter().filter_map(|column| self.get(column));
                let rows = rows.flat_map(|cell| cell.split(", ")).filter_map(|pair| {
                    let (name, used) = pair.split_once(": ")?;
                    let (used, hard) = used.split_once('/')?;
                    Some((name.to_owned(), used.to_owned(), hard.to_owned()))
                });
                let rows: Vec<_> = rows.collect();
                if quota.rows.is_empty() {
                    *quota = Quota { place, rows };
                }
            }
            kind if kind.keeps_pods() => {
                let ready = self.get("READY").and_then(fraction);
                let desired = self.number("DESIRED").or(ready.map(|(_, whole)| whole));
                let workload = Workload {
                    place,
                    desired: desired.filter(|_| !matches!(kind, Kind::Job | Kind::CronJob)),
                    current: self.number("CURRENT"),
                    ready: self.number("READY").or(ready.map(|(part, _)| part)),
                    selector: self.get("SELECTOR").map(labels).unwrap_or_default(),
                    since: self.since(),
                    ..Workload::default()
                };
                into.workloads.entry(object).or_default().join(workload);
            }
            _ => into.name(object),
        }
    }

    fn event(&self, namespace: &str, place: &Place, into: &mut Cluster) -> bool {
        let told = (self.get("LAST SEEN"), self.get("TYPE"), self.get("REASON"), self.get("OBJECT"));
        let (last, Some(kind), Some(reason), Some(object)) = told else { return false };
        let Some(object) = Object::parse(object, namespace) else { return is_kind_of_event(kind) };
        let seen = last.and_then(age::seen);
        let first = self.get("FIRST SEEN").and_then(age::seen).or(seen);
        let count = self.get("COUNT").and_then(|count| count.parse().ok());
        into.happened(Event {
            place: place.clone(),
            object,
            warning: kind == "Warning",
            reason: reason.to_owned(),
            message: self.get("MESSAGE").unwrap_or_default().to_owned(),
            from: self.get("SOURCE").unwrap_or_default().to_owned(),
            count: count.or(seen.map(|seen| seen.count)).unwrap_or(1),
            first: first.map(|first| When::Ago(first.first)),
            last: seen.map(|seen| When::Ago(seen.last)),
        });
        true
    }
}

/// The two kinds of events.
fn is_kind_of_event(text: &str) -> bool {
    matches!(text, "Normal" | "Warning")
}

/// Reads a row of events or pods whose head is missing, as `tail` and `grep` leave them.
pub(super) fn headless(line: &str, namespace: &str, place: &Place, into: &mut Cluster) -> bool {
    if line.starts_with([' ', '\t']) {
        return false;
    }
    let cells = cells_apart(line);
    headless_event(&cells, namespace, place, into) || headless_pod(&cells, namespace, place, into)
}

fn headless_event(cells: &[&str], namespace: &str, place: &Place, into: &mut Cluster) -> bool {
    let Some(at) = cells.iter().take(3).position(|cell| is_kind_of_event(cell)).filter(|at| *at > 0) else {
        return false;
    };
    let (Some(seen), Some(reason), Some(object)) =
        (age::seen(cells[at - 1]), cells.get(at + 1), cells.get(at + 2))
    else {
        return false;
    };
    let namespace = if at == 2 { cells[0] } else { namespace };
    let Some(object) = Object::parse(object, namespace) else { return true };
    // With `-o wide` a part of the object and the source stand before the message.
    into.happened(Event {
        place: place.clone(),
        object,
        warning: cells[at] == "Warning",
        reason: (*reason).to_owned(),
        message: cells.get(at + 3..).unwrap_or_default().join("  "),
        from: String::new(),
        count: seen.count,
        first: Some(When::Ago(seen.first)),
        last: Some(When::Ago(seen.last)),
    });
    true
}

fn headless_pod(cells: &[&str], namespace: &str, place: &Place, into: &mut Cluster) -> bool {
    let Some(at) = cells.iter().take(3).position(|cell| fraction(cell).is_some()).filter(|at| *at > 0) else {
        return false;
    };
    let (Some(status), Some(Some((count, restarted))), Some(Some(since))) = (
        cells.get(at + 1),
        cells.get(at + 2).map(|cell| restarts(cell)),
        cells.get(at + 3).map(|cell| age::seconds(cell)),
    ) else {
        return false;
    };
    let namespace = if at == 2 { cells[0] } else { namespace };
    let node = cells.get(at + 5).filter(|node| **node != "<none>" && cells.len() >= at + 8);
    let pod = Pod {
        place: place.clone(),
        status: (*status).to_owned(),
        ready: fraction(cells[at]),
        restarts: count,
        restarted,
        since: Some(When::Ago(since)),
        node: node.map(|node| (*node).to_owned()),
        ending: *status == "Terminating",
        ..Pod::default()
    };
    into.pods.entry(Object::new(Kind::Pod, namespace, cells[at - 1])).or_default().join(pod);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Cluster {
        let mut cluster = Cluster::default();
        let mut lines = text.lines();
        let head = Head::of(lines.next().unwrap()).unwrap();
        for line in lines {
            assert!(head.read(line, "shop", &Place::default(), &mut cluster), "{line}");
        }
        cluster
    }

    #[test]
    fn pods_are_read_by_their_columns() {
        let cluster = read(
            "NAME      READY   STATUS             RESTARTS      AGE   IP           NODE   NOMINATED NODE   READINESS GATES\n\
             cart-1    0/1     CrashLoopBackOff   4 (14s ago)   91s   10.0.0.1     n1     <none>           <none>\n\
             stock-2   1/1     Running            0             2d    10.0.0.2     n2     <none>           <none>",
        );
        let pod = &cluster.pods[&Object::new(Kind::Pod, "shop", "cart-1")];
        assert_eq!((pod.status.as_str(), pod.ready, pod.restarts), ("CrashLoopBackOff", Some((0, 1)), 4));
        assert_eq!((pod.restarted, pod.node.as_deref()), (Some(When::Ago(14.0)), Some("n1")));
        assert_eq!(cluster.pods.len(), 2);
    }

    #[test]
    fn empty_cells_stay_empty() {
        let cluster = read(
            "NAME    ENDPOINTS       AGE\n\
             cart    10.0.0.1:7070   2m\n\
             stock                   2m\n\
             bank    <none>          2m",
        );
        let of = |name: &str| cluster.services[&Object::new(Kind::Service, "shop", name)].addresses;
        assert_eq!((of("cart"), of("stock"), of("bank")), (Some((1, 0)), Some((0, 0)), Some((0, 0))));
        assert_eq!(addresses("10.0.0.1:80,10.0.0.2:80 + 3 more..."), 5);
    }

    #[test]
    fn events_are_read_with_and_without_a_head() {
        let row =
            "36s         Warning   FailedCreate        replicaset/cart-6b8786b6db         Error creating: no";
        let cluster = read(&format!(
            "LAST SEEN   TYPE      REASON              OBJECT                             MESSAGE\n{row}"
        ));
        let mut headed = Cluster::default();
        assert!(headless(row, "shop", &Place::default(), &mut headed));
        assert_eq!(cluster.events, headed.events);
        let event = &cluster.events[0];
        assert_eq!(
            (event.reason.as_str(), event.warning, event.last),
            ("FailedCreate", true, Some(When::Ago(36.0)))
        );
        let wide = "shop   3m (x25 over 10m)   Warning   BackOff   pod/cart-1   Back-off restarting";
        assert!(headless(wide, "", &Place::default(), &mut headed));
        assert_eq!((headed.events[1].count, headed.events[1].object.namespace.as_str()), (25, "shop"));
        assert!(headless("shop   cart-1   0/1   Pending   0   36s", "", &Place::default(), &mut headed));
        assert!(!headless(
            "2024-01-01T00:00:00Z  Warning  something  a/b  c",
            "",
            &Place::default(),
            &mut headed
        ));
    }

    #[test]
    fn quotas_and_nodes_are_read() {
        let cluster = read(
            "NAME    AGE    REQUEST                             LIMIT\n\
             cpu     113s   requests.cpu: 10/10, pods: 3/50     ",
        );
        let quota = cluster.quotas.values().next().unwrap();
        assert_eq!(quota.rows[0], ("requests.cpu".into(), "10".into(), "10".into()));
        let cluster =
            read("NAME   STATUS     ROLES    AGE    VERSION\nn1     NotReady   <none>   116d   v1.31.2");
        assert_eq!(cluster.nodes.values().next().unwrap().status, "NotReady");
    }
}
