//! Who calls whom, from the requests themselves: how often, how fast, how often in vain; and where the time goes.
//!
//! Nothing says so outright. Within a request a service speaks from its first to its last entry (longer, where an
//! entry tells how long its work took); what lies within the time of another was called by it, and by the shortest
//! such; else by who began last before. What most requests say then decides where a single one is not clear: clocks
//! differ, and two that are called one after the other seem to call each other.

use std::collections::BTreeMap;

use super::extent::{SLACK, extent, pieces};
use crate::filter::Filter;
use crate::fold::{Damaged, Fold, Loaded, Quantiles, Saved, Table, Travel};
use crate::model::time::NANOS;
use crate::model::{Entry, Level, Needs, Role, Slot, TimeRange, stable_hash};
use crate::outcome::{Judge, SuccessRule};
use crate::scan::{self, Inputs, ScanOptions, Selection};

/// How many requests are looked at, about: above that, those whose ids fall into a share of all hashes.
const LOOKED_AT: u64 = 20_000;

/// Letters of a message that tell it apart from others.
const LETTERS: usize = 60;

/// The requests as a graph of services.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// The services, in the order of their names.
    pub services: Vec<Node>,
    /// Who calls whom, in the order of the names.
    pub edges: Vec<Edge>,
    /// Requests looked at.
    pub requests: u64,
    /// One in so many was.
    pub one_in: u64,
    /// Minutes from the first to the last entry of all.
    pub minutes: f64,
    /// Requests that begin in a service that mostly is called by another: their caller is not in these files.
    pub orphans: u64,
    /// One of them.
    pub orphan: Option<String>,
}

/// A service.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// Its name; a file's, where none is named.
    pub name: String,
    /// Requests that it speaks of.
    pub requests: u64,
    /// Requests of which it says something bad.
    pub failed: u64,
    /// Requests that begin with it.
    pub first: u64,
    /// Milliseconds that were its own: it was at work, and none that it called.
    pub own_ms: f64,
    /// The same for each request.
    pub own: Quantiles,
}

/// One service calling another.
#[derive(Clone, Debug, Default)]
pub struct Edge {
    /// The index of the service that calls.
    pub from: usize,
    /// The index of the one that is called.
    pub to: usize,
    /// Requests in which it does.
    pub calls: u64,
    /// Of these, those of which the called one says something bad.
    pub failed: u64,
    /// How often what it says first was said again within a request.
    pub retries: u64,
    /// Milliseconds from its first to its last word.
    pub took: Quantiles,
}

/// One entry of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
struct Spoke {
    at: i64,
    file: u32,
    chunk: u32,
    line: u32,
    service: u32,
    /// Nanoseconds that its work took, where it says so.
    took: Option<i64>,
    bad: bool,
    /// The letters of what it says.
    words: u64,
}

/// What a scan collects.
struct Spoken<'s> {
    id: Slot,
    share: u64,
    judge: &'s Judge,
    files: &'s [String],
    table: Table<Vec<Spoke>>,
    services: Table<u32>,
    span: Option<(i64, i64)>,
}

/// The graph of the requests among the selected entries. `requests` is about how many there are.
pub fn graph(
    inputs: &Inputs,
    by: &str,
    rule: &SuccessRule,
    (mut needs, filter, range): (Needs, &Filter, TimeRange),
    requests: u64,
    options: &ScanOptions,
) -> Graph {
    let id = needs.name(by);
    let judge = Judge::new(rule.clone(), &inputs.logs, &mut needs).by(by, &mut needs);
    for role in [Role::Ts, Role::Level, Role::Message, Role::Service, Role::Duration] {
        needs.role(role);
    }
    let share = share(requests);
    let files: Vec<String> = inputs.logs.iter().map(|log| log.shown.clone()).collect();
    let selection = Selection::new(needs, filter, range);
    let (spoken, _) = scan::fold(&inputs.logs, &selection, options, || Spoken {
        id,
        share,
        judge: &judge,
        files: &files,
        table: Table::default(),
        services: Table::default(),
        span: None,
    });
    let coarse: Vec<bool> = inputs.logs.iter().map(|input| input.coarse).collect();
    spoken.conclude(&coarse)
}

/// Of so many requests one in this many is looked at.
pub(super) fn share(requests: u64) -> u64 {
    (requests / LOOKED_AT).max(1).next_power_of_two()
}

impl Fold for Spoken<'_> {
    fn add(&mut self, entry: &Entry<'_, '_>) {
        let slots = entry.slots;
        let Some(ts) = slots.ts else { return };
        let Some(id) = slots.get(self.id).key().filter(|id| !id.is_empty()) else { return };
        self.span = Some(self.span.map_or((ts.0, ts.0), |(from, to)| (from.min(ts.0), to.max(ts.0))));
        if !stable_hash(id.iter().copied()).is_multiple_of(self.share) {
            return;
        }
        let service = slots.role(Role::Service).key().unwrap_or_default();
        let name = if service.is_empty() {
            self.files.get(entry.location.file as usize).map_or(&b""[..], String::as_bytes)
        } else {
            &service
        };
        let next = self.services.len() as u32;
        let service = *self.services.entry(name, || next);
        let message = slots.role(Role::Message).key().unwrap_or_default();
        let letters = message.iter().copied().filter(u8::is_ascii_alphabetic).take(LETTERS);
        let took = slots.duration.filter(|ms| (0.0..1e9).contains(ms)).map(|ms| (ms * 1e6) as i64);
        let bad = slots.level >= Some(Level::Error) || self.judge.says_failed(slots);
        let location = entry.location;
        self.table.entry(&id, Vec::new).push(Spoke {
            at: ts.0,
            file: location.file,
            chunk: location.chunk,
            line: location.line,
            service,
            took,
            bad,
            words: stable_hash(letters),
        });
    }

    fn merge(&mut self, other: Self) {
        let mut names: Vec<u32> = vec![0; other.services.len()];
        for (name, index) in other.services.rows() {
            let next = self.services.len() as u32;
            names[*index as usize] = *self.services.entry(name, || next);
        }
        for (id, spokes) in other.table.rows() {
            let renamed =
                spokes.iter().map(|spoke| Spoke { service: names[spoke.service as usize], ..*spoke });
            self.table.entry(id, Vec::new).extend(renamed);
        }
        self.span = match (self.span, other.span) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (one, other) => one.or(other),
        };
    }
}

impl Travel for Spoken<'_> {
    fn save(mut self, to: &mut Saved) {
        let names: Vec<(Vec<u8>, u32)> = self.services.into_sorted();
        let mut ranks = vec![0; names.len()];
        (0..).zip(&names).for_each(|(rank, (_, index))| ranks[*index as usize] = rank);
        for spokes in self.table.states_mut() {
            for spoke in spokes.iter_mut() {
                spoke.service = ranks[spoke.service as usize];
            }
            spokes.sort_unstable();
        }
        let names: Vec<Vec<u8>> = names.into_iter().map(|(name, _)| name).collect();
        to.put(&(&names, &self.table, self.span));
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        let names: Vec<Vec<u8>>;
        (names, self.table, self.span) = from.take()?;
        for name in &names {
            let next = self.services.len() as u32;
            self.services.entry(name, || next);
        }
        let known = self.services.len();
        let mut spokes = self.table.rows().flat_map(|(_, spokes)| spokes);
        if spokes.all(|spoke| (spoke.service as usize) < known) { Ok(()) } else { Err(Damaged) }
    }
}

/// What one service says of one request.
#[derive(Clone, Debug)]
struct Part {
    service: usize,
    from: i64,
    to: i64,
    bad: bool,
    own: i64,
    retries: u64,
    slack: i64,
}

impl Spoken<'_> {
    fn conclude(self, coarse: &[bool]) -> Graph {
        // Services get their numbers anew, in the order of their names: not in that of threads.
        let names = self.services.into_sorted();
        let mut renamed = vec![0; names.len()];
        for (index, (_, old)) in names.iter().enumerate() {
            renamed[*old as usize] = index;
        }
        let services = names
            .iter()
            .map(|(name, _)| Node { name: String::from_utf8_lossy(name).into_owned(), ..Node::default() });
        let mut graph = Graph { services: services.collect(), one_in: self.share, ..Graph::default() };
        graph.minutes = self.span.map_or(0.0, |(from, to)| to.saturating_sub(from) as f64 / 6e10);
        let mut requests: Vec<(Vec<u8>, Vec<Part>)> = Vec::new();
        let mut votes = Votes::new();
        for (id, mut spokes) in self.table.into_sorted() {
            for spoke in &mut spokes {
                spoke.service = renamed[spoke.service as usize] as u32;
            }
            let parts = parts(spokes, coarse);
            for (called, part) in parts.iter().enumerate() {
                if let Some((caller, weight)) = caller(&parts, called) {
                    *votes.entry((parts[caller].service, part.service)).or_default() += weight;
                }
            }
            requests.push((id, parts));
        }
        let ranked = ranked(&votes);
        let mut edges: BTreeMap<(usize, usize), Edge> = BTreeMap::new();
        let mut firsts: Vec<(Vec<u8>, usize)> = Vec::new();
        for (id, parts) in requests {
            graph.requests += 1;
            firsts.extend(add(&mut graph, &mut edges, &parts, &ranked).map(|first| (id, first)));
        }
        graph.edges = edges.into_values().collect();
        let called = |service: usize| -> u64 {
            graph.edges.iter().filter(|edge| edge.to == service).map(|edge| edge.calls).sum()
        };
        let mostly: Vec<bool> = (0..graph.services.len())
            .map(|service| called(service) * 10 > graph.services[service].requests * 9)
            .collect();
        let orphans = || firsts.iter().filter(|(_, first)| mostly[*first]);
        graph.orphans = orphans().count() as u64;
        graph.orphan = orphans().next().map(|(id, _)| String::from_utf8_lossy(id).into_owned());
        graph
    }
}

/// How much speaks for one service calling another, over all requests.
type Votes = BTreeMap<(usize, usize), u64>;

/// The pairs that hold for all requests, the clearest first: none that would close a circle with clearer ones.
///
/// Tideman, "Independence of clones as a criterion for voting rules" (1987): ranked pairs.
fn ranked(votes: &Votes) -> Votes {
    let of = |pair| votes.get(&pair).copied().unwrap_or_default();
    let mut pairs: Vec<(u64, (usize, usize))> = votes
        .iter()
        .map(|((from, to), weight)| (weight.saturating_sub(of((*to, *from))), (*from, *to)))
        .filter(|(margin, _)| *margin > 0)
        .collect();
    pairs.sort_unstable_by_key(|(margin, pair)| (std::cmp::Reverse(*margin), *pair));
    let mut ranked = Votes::new();
    for (_, (from, to)) in pairs {
        if !reaches(&ranked, to, from) {
            ranked.insert((from, to), of((from, to)));
        }
    }
    ranked
}

/// Does a chain of calls lead from one service to another?
fn reaches(ranked: &Votes, from: usize, to: usize) -> bool {
    let (mut seen, mut next) = (vec![from], vec![from]);
    while let Some(at) = next.pop() {
        for (_, called) in ranked.range((at, 0)..=(at, usize::MAX)).map(|(pair, _)| *pair) {
            if called == to {
                return true;
            }
            if !seen.contains(&called) {
                seen.push(called);
                next.push(called);
            }
        }
    }
    false
}

/// Adds a request; gives the service that it begins with.
fn add(
    graph: &mut Graph,
    edges: &mut BTreeMap<(usize, usize), Edge>,
    parts: &[Part],
    ranked: &Votes,
) -> Option<usize> {
    let mut first = None;
    for (index, part) in parts.iter().enumerate() {
        let node = &mut graph.services[part.service];
        node.requests += 1;
        node.failed += u64::from(part.bad);
        let own = part.own as f64 / 1e6;
        node.own_ms += own;
        node.own.add(own);
        match settled(parts, index, ranked) {
            Some(caller) => {
                let pair = (caller, part.service);
                let edge =
                    edges.entry(pair).or_insert_with(|| Edge { from: pair.0, to: pair.1, ..Edge::default() });
                edge.calls += 1;
                edge.failed += u64::from(part.bad);
                edge.retries += part.retries;
                edge.took.add(part.to.saturating_sub(part.from) as f64 / 1e6);
            }
            None => {
                node.first += 1;
                first = Some(part.service);
            }
        }
    }
    first
}

/// The entries of a request by service: from when to when, and what was its own.
fn parts(mut spokes: Vec<Spoke>, coarse: &[bool]) -> Vec<Part> {
    let is_coarse = |spoke: &Spoke| coarse.get(spoke.file as usize) == Some(&true);
    // An entry of a whole second may have been up to a second later: it goes behind the exact ones of its second.
    let exact: Vec<i64> = spokes.iter().filter(|spoke| !is_coarse(spoke)).map(|spoke| spoke.at).collect();
    for spoke in &mut spokes {
        if is_coarse(spoke) {
            let within =
                exact.iter().filter(|at| (spoke.at..spoke.at.saturating_add(NANOS)).contains(at)).max();
            spoke.at = within.copied().unwrap_or(spoke.at);
        }
    }
    // In the order of time; at one time, in the order of the files.
    spokes.sort_unstable_by_key(|spoke| (spoke.at, spoke.file, spoke.chunk, spoke.line));
    let mut parts: Vec<Part> = Vec::new();
    let mut said: BTreeMap<(usize, u32), (u64, u64)> = BTreeMap::new();
    for spoke in &spokes {
        let service = spoke.service as usize;
        let others = |from: i64, to: i64| {
            let within = |other: &&Spoke| other.service != spoke.service && (from..=to).contains(&other.at);
            spokes.iter().filter(within).count()
        };
        let (from, to) = extent(spoke.at, spoke.took, others);
        // What a file says first, and how often it says so again.
        let first = said.entry((service, spoke.file)).or_insert((spoke.words, 0));
        first.1 += u64::from(first.0 == spoke.words);
        let slack = if is_coarse(spoke) { NANOS } else { SLACK };
        match parts.iter_mut().find(|part| part.service == service) {
            Some(part) => {
                (part.from, part.to) = (part.from.min(from), part.to.max(to));
                part.bad |= spoke.bad;
                part.slack = part.slack.max(slack);
            }
            None => parts.push(Part { service, from, to, bad: spoke.bad, own: 0, retries: 0, slack }),
        }
    }
    let spoken = spokes.iter().map(|spoke| spoke.at);
    for (from, to) in pieces(spoken.chain(parts.iter().flat_map(|part| [part.from, part.to])).collect()) {
        // The innermost that is at work; else who spoke last.
        let at_work = (0..parts.len()).filter(|at| parts[*at].from <= from && to <= parts[*at].to);
        let innermost = at_work.min_by_key(|at| (parts[*at].to.saturating_sub(parts[*at].from), *at));
        let last = spokes.iter().rev().find(|spoke| spoke.at <= from);
        let spoke = last.and_then(|last| parts.iter().position(|part| part.service == last.service as usize));
        if let Some(owner) = innermost.or(spoke) {
            parts[owner].own = parts[owner].own.saturating_add(to.saturating_sub(from));
        }
    }
    for part in &mut parts {
        let of_part = said.iter().filter(|((service, _), _)| *service == part.service);
        part.retries = of_part.map(|(_, (_, count))| count - 1).max().unwrap_or(0);
    }
    parts
}

/// What speaks for a caller in whose time the called one lies, and for one that merely began before.
const ENCLOSES: u64 = 10;
const BEFORE: u64 = 1;

/// Who called, as far as one request tells: the shortest of those in whose time it lies; else who began last before
/// it. With what speaks for it.
fn caller(parts: &[Part], called: usize) -> Option<(usize, u64)> {
    let part = &parts[called];
    let length = |at: usize| parts[at].to.saturating_sub(parts[at].from);
    let encloses = |at: &usize| {
        let other = &parts[*at];
        let slack = part.slack.max(other.slack);
        let longer = (length(*at), std::cmp::Reverse(*at)) > (length(called), std::cmp::Reverse(called));
        longer && other.from <= part.from.saturating_add(slack) && other.to.saturating_add(slack) >= part.to
    };
    let others = || (0..parts.len()).filter(|at| *at != called);
    let before = |at: &usize| parts[*at].from < part.from;
    match others().filter(encloses).min_by_key(|at| (length(*at), *at)) {
        // Where clocks may be off by more than it took, everything lies within everything.
        Some(caller) => {
            let clear = part.slack.max(parts[caller].slack) <= length(caller);
            Some((caller, if clear { ENCLOSES } else { BEFORE }))
        }
        None => {
            others().filter(before).max_by_key(|at| (parts[*at].from, *at)).map(|caller| (caller, BEFORE))
        }
    }
}

/// The service that called, in the light of all requests: the one that this request tells of, unless most say that
/// it is called itself, or that somebody else who is there calls by far more often.
fn settled(parts: &[Part], called: usize, ranked: &Votes) -> Option<usize> {
    let service = parts[called].service;
    let weight = |from: usize| ranked.get(&(from, service)).copied().unwrap_or_default();
    let best = parts
        .iter()
        .enumerate()
        .filter(|(at, part)| *at != called && weight(part.service) > 0)
        .map(|(_, part)| part.service)
        .max_by_key(|from| (weight(*from), std::cmp::Reverse(*from)))?;
    let told = caller(parts, called).map(|(caller, _)| parts[caller].service);
    told.filter(|told| weight(*told) * 2 >= weight(best)).or(Some(best))
}

impl Graph {
    /// Calls a minute over an edge, of all requests.
    pub fn per_minute(&self, edge: &Edge) -> f64 {
        if self.minutes > 0.0 { (edge.calls * self.one_in) as f64 / self.minutes } else { 0.0 }
    }

    /// A service's part of the time of all requests.
    pub fn share(&self, node: &Node) -> f64 {
        let all: f64 = self.services.iter().map(|node| node.own_ms).sum();
        if all > 0.0 { node.own_ms / all } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> i64 {
        ms * 1_000_000
    }

    /// Entries as (file and service, millisecond, took, words).
    fn request(entries: &[(u32, i64, Option<i64>, u64)]) -> Vec<Spoke> {
        let spoke = |(line, (file, ms, took, words)): (usize, &(u32, i64, Option<i64>, u64))| Spoke {
            at: at(*ms),
            file: *file,
            chunk: 0,
            line: line as u32,
            service: *file,
            took: took.map(at),
            bad: false,
            words: *words,
        };
        entries.iter().enumerate().map(spoke).collect()
    }

    fn callers(entries: &[(u32, i64, Option<i64>, u64)]) -> Vec<(usize, Option<usize>)> {
        let parts = parts(request(entries), &[]);
        let of = |at: usize| (parts[at].service, caller(&parts, at).map(|(caller, _)| parts[caller].service));
        let mut callers: Vec<_> = (0..parts.len()).map(of).collect();
        callers.sort_unstable();
        callers
    }

    #[test]
    fn callers_are_told_from_times() {
        // Order calls payment, which speaks within its time; the gateway speaks at the end and says how long it took.
        let told =
            [(1, 10, None, 1), (2, 20, None, 2), (2, 90, None, 3), (1, 95, None, 4), (0, 100, Some(95), 5)];
        assert_eq!(callers(&told), [(0, None), (1, Some(0)), (2, Some(1))]);
        // A server that writes when a request began.
        let begun =
            [(0, 5, Some(95), 5), (1, 10, None, 1), (2, 20, None, 2), (2, 90, None, 3), (1, 95, None, 4)];
        assert_eq!(callers(&begun), [(0, None), (1, Some(0)), (2, Some(1))]);
        // Two called one after the other, each saying one thing.
        let two = [(0, 0, None, 1), (1, 10, None, 2), (2, 20, None, 3), (0, 30, None, 4)];
        assert_eq!(callers(&two), [(0, None), (1, Some(0)), (2, Some(0))]);
        // Nobody encloses: who began last before.
        let chain = [(0, 0, None, 1), (1, 10, None, 2)];
        assert_eq!(callers(&chain), [(0, None), (1, Some(0))]);
        assert_eq!(callers(&[]), []);
    }

    #[test]
    fn most_requests_decide() {
        // Here payment seems to call the gateway, whose clock is behind.
        let parts = parts(request(&[(1, 0, None, 1), (0, 5, None, 2), (1, 9, None, 3)]), &[]);
        let gateway = parts.iter().position(|part| part.service == 0).unwrap();
        assert_eq!(settled(&parts, gateway, &ranked(&Votes::from([((1, 0), 10)]))), Some(1));
        let most = ranked(&Votes::from([((1, 0), 10), ((0, 1), 500)]));
        assert_eq!(settled(&parts, gateway, &most), None);
        assert_eq!(settled(&parts, 1 - gateway, &most), Some(0));
        // Nobody calls who calls it.
        let circle = Votes::from([((0, 1), 500), ((1, 2), 400), ((2, 0), 30), ((0, 2), 7)]);
        assert_eq!(ranked(&circle).into_keys().collect::<Vec<_>>(), [(0, 1), (1, 2)]);
    }

    #[test]
    fn retries_and_own_times_are_counted() {
        let parts = parts(
            request(&[
                (0, 0, None, 1),
                (1, 10, None, 7),
                (1, 30, None, 7),
                (1, 60, None, 7),
                (0, 100, None, 2),
            ]),
            &[],
        );
        assert_eq!(
            parts.iter().map(|part| (part.service, part.retries, part.own / 1_000_000)).collect::<Vec<_>>(),
            [(0, 0, 50), (1, 2, 50)]
        );
    }
}
