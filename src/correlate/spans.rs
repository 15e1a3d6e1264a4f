//! Who calls whom where spans say so: no guessing from who speaks within whose time.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{Edge, Graph, Node};
use crate::filter::Filter;
use crate::model::{Needs, SpanStatus, TimeRange};
use crate::scan::{Inputs, ScanOptions};
use crate::traces::{self, Call, Row, Traces, Tree};

/// The graph of the traces among the selected entries; none if no entry is a span. `requests` is about how many traces
/// there are.
pub fn graph_of_spans(
    inputs: &Inputs,
    selected: (Needs, &Filter, TimeRange),
    requests: u64,
    options: &ScanOptions,
) -> Option<Graph> {
    let found = traces::collect(inputs, selected, super::graph::share(requests), options);
    (!found.traces.is_empty()).then(|| of(&found))
}

/// What one trace adds to a service.
#[derive(Default)]
struct Part {
    own: i64,
    failed: bool,
}

/// The graph of these traces.
fn of(found: &Traces) -> Graph {
    // Peers that write no spans are services, too.
    let peers = found.names.iter().filter(|name| !name.peer.is_empty()).map(|name| name.peer.as_str());
    let services = found.names.iter().map(|name| name.service.as_str());
    let names: BTreeSet<&str> = services.chain(peers).collect();
    let number: BTreeMap<&str, usize> = names.iter().enumerate().map(|(at, name)| (*name, at)).collect();
    let nodes = names.iter().map(|name| Node { name: (*name).to_owned(), ..Node::default() });
    let mut graph = Graph { services: nodes.collect(), one_in: found.one_in, ..Graph::default() };
    let mut edges: BTreeMap<(usize, usize), Edge> = BTreeMap::new();
    let mut span: Option<(i64, i64)> = None;
    for (id, rows) in &found.traces {
        let name = |at: usize| &found.names[rows[at].name as usize];
        let service = |at: usize| number[name(at).service.as_str()];
        let tree = Tree::of(rows, |at| name(at).kind);
        graph.requests += 1;
        let mut parts: BTreeMap<usize, Part> = BTreeMap::new();
        for (at, _) in tree.walk() {
            let row = &rows[at];
            let part = parts.entry(service(at)).or_default();
            part.own += tree.own(at);
            part.failed |= row.status == SpanStatus::Error;
            span = Some(
                span.map_or((row.start, row.end()), |(from, to)| (from.min(row.start), to.max(row.end()))),
            );
        }
        for (service, part) in parts {
            let node = &mut graph.services[service];
            let own = part.own as f64 / 1e6;
            node.requests += 1;
            node.failed += u64::from(part.failed);
            node.own_ms += own;
            node.own.add(own);
        }
        if let Some(root) = tree.roots.first() {
            graph.services[service(*root)].first += 1;
        }
        if tree.orphans > 0 {
            graph.orphans += 1;
            graph.orphan.get_or_insert_with(|| String::from_utf8_lossy(id).into_owned());
        }
        let calls = traces::calls(rows, &tree, name);
        let retried = retries(rows, &tree, &calls);
        for (call, retried) in calls.iter().zip(retried) {
            let to = call.to.map_or_else(|| number[name(call.from).peer.as_str()], service);
            let from = service(call.from);
            let edge = edges.entry((from, to)).or_insert_with(|| Edge { from, to, ..Edge::default() });
            edge.calls += 1;
            edge.failed += u64::from(call.failed(rows));
            edge.retries += u64::from(retried);
            edge.took.add(rows[call.to.unwrap_or(call.from)].nanos as f64 / 1e6);
        }
    }
    // A peer that is called has been at work, though it says nothing of its own time.
    let silent: Vec<bool> = graph.services.iter().map(|node| node.requests == 0).collect();
    for edge in edges.values().filter(|edge| silent[edge.to]) {
        let node = &mut graph.services[edge.to];
        node.requests += edge.calls;
        node.failed += edge.failed;
    }
    graph.edges = edges.into_values().collect();
    graph.minutes = span.map_or(0.0, |(from, to)| (to - from) as f64 / 6e10);
    graph
}

/// For each call: was it made again, after the same within the same span had failed?
fn retries(rows: &[Row], tree: &Tree, calls: &[Call]) -> Vec<bool> {
    let mut failed: BTreeSet<(Option<usize>, u32)> = BTreeSet::new();
    let mut by_time: Vec<usize> = (0..calls.len()).collect();
    by_time.sort_by_key(|at| rows[calls[*at].from].start);
    let mut again = vec![false; calls.len()];
    for at in by_time {
        let call = &calls[at];
        let within = if call.seen { tree.parent[call.from] } else { Some(call.from) };
        let what = (within, rows[call.to.unwrap_or(call.from)].name);
        again[at] = failed.contains(&what);
        if call.failed(rows) {
            failed.insert(what);
        }
    }
    again
}
