//! What spans show: services whose own work takes longer, what takes longer on the way to and from them, and where errors
//! begin.
//!
//! A caller that waits is slow for its callee, so what counts is a span's own time; where a span is only a call, what it
//! takes beyond the callee's span is on the way: the network, or waiting to be taken up. Both are compared with the rest of
//! the data in the stretch of time in which most of them differ most. What is slow on the way is blamed on the end of which
//! most calls are.

use std::collections::BTreeMap;

use super::Finding;
use super::family::{summary, unusual};
use super::finding::Around;
use crate::entities::calls::Calls;
use crate::model::unit::HumanMillis;
use crate::model::{Location, SpanStatus, Timestamp};
use crate::series::bins::{Bins, Moment};
use crate::series::change::{self, Stretch, Way};
use crate::series::shift::{self, Quantity, Sums};
use crate::signatures::{Nature, Severity};
use crate::timeline::Subject;
use crate::timeline::scene::{GAIN, Scene};
use crate::traces::{self, Call, Row, SpanName, Traces, Tree};

/// The name of the detector in output.
pub const SLOW: &str = "slow-spans";
/// The same for errors.
pub const FAILED: &str = "failed-spans";

/// What takes less than this is as good as nothing: scheduling and clocks alone make it differ. Milliseconds.
const FLOOR: f64 = 1.0;

/// Less than this more nobody feels. Milliseconds.
const FELT: f64 = 5.0;

/// Bins in which times are compared.
const BINS: usize = 64;

/// Less of what all traces took in that time than this share is no trouble.
const SHARE: f64 = 0.1;

/// Who has less of the whole excess than this share of the most is not told of.
const PART: f64 = 0.1;

/// What is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timed<'t> {
    /// What a service does itself in an operation.
    Own(&'t str, &'t str),
    /// What is on the way between two services.
    Way(&'t str, &'t str),
}

/// One time: when, where it stands, how many milliseconds.
type Point = (Timestamp, Location, f64);

/// What was timed, in the order of time.
#[derive(Default)]
struct Times<'t> {
    of: BTreeMap<Timed<'t>, Vec<Point>>,
    /// When traces began, and how many milliseconds they took.
    traces: Vec<(Timestamp, f64)>,
    /// Spans by service: when, where, whether errors began there.
    ends: BTreeMap<&'t str, Vec<(Timestamp, Location, bool)>>,
}

/// What grew, and by how much.
struct Grown<'t> {
    of: Timed<'t>,
    /// Milliseconds in all, beyond what is usual.
    excess: f64,
    /// Milliseconds that are usual, and that it took.
    usual: f64,
    then: f64,
    /// How many were timed in the stretch.
    count: usize,
    /// How much likelier than that nothing changed.
    gain: f64,
}

/// What grew that a service is to blame for.
#[derive(Default)]
struct Blame<'t> {
    own: Vec<&'t Grown<'t>>,
    way: Vec<&'t Grown<'t>>,
}

impl Blame<'_> {
    fn all(&self) -> impl Iterator<Item = &Grown<'_>> {
        self.own.iter().chain(&self.way).copied()
    }

    fn excess(&self) -> f64 {
        self.all().map(|grown| grown.excess).sum()
    }
}

/// Who calls whom, as spans say.
pub fn calls(traces: &Traces) -> Calls {
    let mut calls = Calls::default();
    each_trace(traces, |rows, tree, name| {
        for call in traces::calls(rows, tree, |at| name(at)) {
            let to = call.to.map_or(name(call.from).peer.as_str(), |to| name(to).service.as_str());
            calls.add(&name(call.from).service, to);
        }
    });
    calls
}

fn each_trace<'t>(
    traces: &'t Traces,
    mut visit: impl FnMut(&'t [Row], &Tree, &dyn Fn(usize) -> &'t SpanName),
) {
    for (_, rows) in &traces.traces {
        let name = |at: usize| &traces.names[rows[at].name as usize];
        let tree = Tree::of(rows, |at| name(at).kind);
        visit(rows, &tree, &name);
    }
}

/// What the spans of these traces show.
pub fn findings(scene: &Scene<'_>, traces: &Traces, calls: &Calls) -> Vec<Finding> {
    let times = times(traces);
    let mut findings = slow(scene, &times, calls);
    let mut failures: Vec<(&str, Finding)> = times
        .ends
        .iter()
        .filter_map(|(service, ends)| Some((*service, failed(scene, service, ends)?)))
        .collect();
    let names: Vec<&str> = failures.iter().map(|(service, _)| *service).collect();
    for (service, finding) in &mut failures {
        finding.around = Some(around(calls, service, &names));
    }
    findings.extend(failures.into_iter().map(|(_, finding)| finding));
    findings
}

/// Who of those that have the same trouble calls a service, or is called by it.
pub(super) fn around(calls: &Calls, service: &str, names: &[&str]) -> Around {
    let others = || names.iter().filter(|other| **other != service);
    let callers = others().filter(|other| calls.reaches(other, service)).map(|name| (*name).to_owned());
    let callees = others().filter(|other| calls.reaches(service, other)).map(|name| (*name).to_owned());
    Around { every: 0, felt: true, wait: None, callers: callers.collect(), callees: callees.collect() }
}

fn times(traces: &Traces) -> Times<'_> {
    let mut times = Times::default();
    each_trace(traces, |rows, tree, name| {
        let calls = traces::calls(rows, tree, |at| name(at));
        let mut way: Vec<Option<&Call>> = vec![None; rows.len()];
        for call in calls.iter().filter(|call| is_only_a_call(call, tree, name)) {
            way[call.from] = Some(call);
        }
        let calls_of = calls_by_parent(tree, &way);
        let roots =
            tree.roots.iter().map(|root| (Timestamp(rows[*root].start), rows[*root].nanos as f64 / 1e6));
        times.traces.extend(roots);
        for (at, _) in tree.walk() {
            let (row, own) = (&rows[at], name(at));
            let (of, nanos) = match way[at] {
                Some(call) => {
                    let to = call.to.map_or(own.peer.as_str(), |to| name(to).service.as_str());
                    let beyond = call.to.map_or(row.nanos, |to| (row.nanos - rows[to].nanos).max(0));
                    (Timed::Way(&own.service, to), beyond)
                }
                None => (Timed::Own(&own.service, &own.operation), own_time(at, tree, &calls_of)),
            };
            let point = (Timestamp(row.start), row.location, nanos as f64 / 1e6);
            times.of.entry(of).or_default().push(point);
            let is_error = |at: &usize| rows[*at].status == SpanStatus::Error;
            let began = is_error(&at) && !tree.children[at].iter().any(is_error);
            let end = (Timestamp(row.start), row.location, began);
            times.ends.entry(&own.service).or_default().push(end);
        }
    });
    times.of.values_mut().for_each(|points| points.sort_by_key(|(ts, location, _)| (*ts, *location)));
    times.ends.values_mut().for_each(|ends| ends.sort_by_key(|(ts, location, _)| (*ts, *location)));
    times
}

/// The spans that are only calls, by what they are part of, in the order in which they begin.
fn calls_by_parent(tree: &Tree, way: &[Option<&Call>]) -> BTreeMap<usize, Vec<usize>> {
    let mut calls: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, parent) in tree.parent.iter().enumerate().filter(|(at, _)| way[*at].is_some()) {
        if let Some(parent) = parent {
            calls.entry(*parent).or_default().push(at);
        }
    }
    for calls in calls.values_mut() {
        calls.sort_by_key(|at| tree.extents[*at].0);
    }
    calls
}

/// The nanoseconds that were a span's own. Where work goes on without its caller, what is called may stand beside the span
/// that waits for it: a call within its time is not its own time, either.
fn own_time(at: usize, tree: &Tree, calls_of: &BTreeMap<usize, Vec<usize>>) -> i64 {
    let (from, to) = tree.extents[at];
    let beside = tree.parent[at].and_then(|parent| calls_of.get(&parent)).map_or(&[][..], Vec::as_slice);
    let first = beside.partition_point(|other| tree.extents[*other].0 < from);
    let last = beside.partition_point(|other| tree.extents[*other].0 <= to);
    let within = |other: &usize| *other != at && tree.extents[*other].1 <= to;
    let calls = beside[first..last].iter().copied().filter(within);
    tree.without(at, tree.children[at].iter().copied().chain(calls))
}

/// Is the caller's span the call and nothing else: by its kind, or because it has no other part?
fn is_only_a_call<'t>(call: &Call, tree: &Tree, name: &dyn Fn(usize) -> &'t SpanName) -> bool {
    let kind = name(call.from).kind;
    call.seen || (kind.is_none() && call.to.is_some() && tree.children[call.from].len() == 1)
}

/// The services to blame for what takes longer, the most first.
fn slow(scene: &Scene<'_>, times: &Times<'_>, calls: &Calls) -> Vec<Finding> {
    let Some((from, until)) = stretch(scene, times) else { return Vec::new() };
    let inside = |ts: Timestamp| (from..until).contains(&ts);
    let grown: Vec<Grown<'_>> =
        times.of.iter().filter_map(|(of, points)| grown(scene, *of, points, (from, until))).collect();
    let blamed = blame(&grown, times, inside);
    let most = blamed.values().map(Blame::excess).fold(0.0, f64::max);
    let all: f64 = times.traces.iter().filter(|(ts, _)| inside(*ts)).map(|(_, ms)| ms).sum();
    if most < SHARE * all {
        return Vec::new();
    }
    let mut told: Vec<(&str, Blame<'_>)> =
        blamed.into_iter().filter(|(_, blame)| blame.excess() >= PART * most).collect();
    told.sort_by(|a, b| b.1.excess().total_cmp(&a.1.excess()).then(a.0.cmp(b.0)));
    let names: Vec<&str> = told.iter().map(|(service, _)| *service).collect();
    let mut findings: Vec<Finding> =
        told.iter().map(|(service, blame)| slowness(scene, service, blame, times, inside)).collect();
    for (service, finding) in names.iter().zip(&mut findings) {
        finding.around =
            Some(Around { wait: finding_wait(&told, service), ..around(calls, service, &names) });
    }
    findings
}

/// How many milliseconds longer one waits for a service that is to blame, at the most.
fn finding_wait(told: &[(&str, Blame<'_>)], service: &str) -> Option<f64> {
    let (_, blame) = told.iter().find(|(name, _)| *name == service)?;
    blame.all().map(|grown| grown.then - grown.usual).max_by(f64::total_cmp)
}

/// The stretch of time in which most of what is timed takes longest, compared with the rest.
fn stretch(scene: &Scene<'_>, times: &Times<'_>) -> Option<(Timestamp, Timestamp)> {
    let axis = scene.axis;
    let (step, bins) = coarse(scene);
    let sums = |points: &[Point], of: fn(f64) -> f64| {
        let placed = points.iter().filter_map(|(ts, _, ms)| Some((axis.bin(*ts)? / step, of(*ms))));
        Sums::new(bins, placed)
    };
    let quantities: Vec<Quantity> = times
        .of
        .values()
        .map(|points| Quantity { compared: sums(points, level), added: sums(points, |ms| ms) })
        .collect();
    let (from, until) = shift::strongest(&quantities, bins, GAIN, |from, until| {
        scene.against.allows(from * step, (until * step).min(axis.bins))
    })?;
    Some((axis.at(from * step), axis.at((until * step).min(axis.bins))))
}

/// How many bins of the axis make one in which times are compared, and how many of these there are.
fn coarse(scene: &Scene<'_>) -> (usize, usize) {
    let step = scene.axis.bins.div_ceil(BINS).max(1);
    (step, scene.axis.bins.div_ceil(step))
}

/// Times are compared by their orders of magnitude.
fn level(ms: f64) -> f64 {
    ms.max(FLOOR).ln()
}

/// Did it take longer in the stretch, so that it can be felt, and by more than it differs from time to time?
fn grown<'t>(
    scene: &Scene<'_>,
    of: Timed<'t>,
    points: &[Point],
    (from, until): (Timestamp, Timestamp),
) -> Option<Grown<'t>> {
    let inside = |ts: Timestamp| (from..until).contains(&ts);
    let (mut then, mut usual) = (Vec::new(), Vec::new());
    for (ts, _, ms) in points {
        if inside(*ts) { &mut then } else { &mut usual }.push(*ms);
    }
    let sums = Sums::new(2, points.iter().map(|(ts, _, ms)| (usize::from(inside(*ts)), level(*ms))));
    let gain = sums.gain(1, 2)? / wander(scene, points, (from, until));
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (before, now, count) = (mean(&usual), mean(&then), then.len());
    let more = now - before;
    let clear = gain >= GAIN && more >= FELT && now >= 1.5 * before;
    clear.then_some(Grown { of, excess: more * count as f64, usual: before, then: now, count, gain })
}

/// How much more times differ from bin to bin, outside of a stretch, than within bins.
fn wander(scene: &Scene<'_>, points: &[Point], (from, until): (Timestamp, Timestamp)) -> f64 {
    let (step, bins) = coarse(scene);
    let placed = points.iter().filter_map(|(ts, _, ms)| Some((scene.axis.bin(*ts)? / step, level(*ms))));
    let within = scene.axis.range((from, Timestamp(until.0.saturating_sub(1))));
    Sums::new(bins, placed).wander(within.start / step, within.end.div_ceil(step))
}

/// Blames what a service does itself on it, and what is slow on the way on that end of which most calls are slow.
fn blame<'t>(
    grown: &'t [Grown<'t>],
    times: &Times<'t>,
    inside: impl Fn(Timestamp) -> bool,
) -> BTreeMap<&'t str, Blame<'t>> {
    let mut own: BTreeMap<&str, f64> = BTreeMap::new();
    let (mut slow, mut all): (BTreeMap<&str, f64>, BTreeMap<&str, f64>) = Default::default();
    let mut touching: BTreeMap<&str, f64> = BTreeMap::new();
    for one in grown {
        match one.of {
            Timed::Own(service, _) => *own.entry(service).or_default() += one.excess,
            Timed::Way(from, to) => {
                for end in [from, to] {
                    *slow.entry(end).or_default() += one.count as f64;
                    *touching.entry(end).or_default() += one.excess;
                }
            }
        }
    }
    for (of, points) in &times.of {
        if let Timed::Way(from, to) = of {
            let count = points.iter().filter(|(ts, ..)| inside(*ts)).count() as f64;
            *all.entry(from).or_default() += count;
            *all.entry(to).or_default() += count;
        }
    }
    let of = |map: &BTreeMap<&str, f64>, service: &str| map.get(service).copied().unwrap_or_default();
    let guilt = |service: &str| {
        let share = of(&slow, service) / of(&all, service).max(1.0);
        of(&own, service) + share * of(&touching, service)
    };
    let mut blamed: BTreeMap<&str, Blame<'t>> = BTreeMap::new();
    for one in grown {
        match one.of {
            Timed::Own(service, _) => blamed.entry(service).or_default().own.push(one),
            Timed::Way(from, to) => {
                // Of two of which nothing tells more, the one that answers.
                let guilty = if guilt(from) > guilt(to) { from } else { to };
                blamed.entry(guilty).or_default().way.push(one);
            }
        }
    }
    blamed
}

/// The finding of a service that is to blame for what takes longer.
fn slowness(
    scene: &Scene<'_>,
    service: &str,
    blame: &Blame<'_>,
    times: &Times<'_>,
    inside: impl Fn(Timestamp) -> bool,
) -> Finding {
    let mut bins = Bins::default();
    for one in blame.all() {
        let points = times.of.get(&one.of).into_iter().flatten();
        let slow = |ms: f64| ms >= one.usual + 0.5 * (one.then - one.usual);
        for (ts, location, _) in points.filter(|(ts, _, ms)| inside(*ts) && slow(*ms)) {
            bins.add(Moment { ts: *ts, location: *location });
        }
    }
    let gain = blame.all().map(|one| one.gain).sum::<f64>();
    let file = file_of(scene, &bins);
    let subject = Subject { file, service: Some(service.to_owned()) };
    // Who waits for others is not blamed: what is slow here has its reason here.
    let finding = unusual(scene, (SLOW, Severity::High), subject, &bins, (gain, what(service, blame)));
    Finding { nature: Nature::Fault, ..finding }
}

/// What takes longer, in words.
fn what(service: &str, blame: &Blame<'_>) -> String {
    let change = |one: &Grown<'_>| format!("{}, usually {}", HumanMillis(one.then), HumanMillis(one.usual));
    let said = |one: &Grown<'_>| match one.of {
        Timed::Own(_, operation) => format!("{operation} takes {}", change(one)),
        Timed::Way(from, to) if from == service => format!("the way to {to} takes {}", change(one)),
        Timed::Way(from, _) => format!("the way from {from} takes {}", change(one)),
    };
    let own = worst(&blame.own).map(said);
    let way = worst(&blame.way).map(said);
    let is_from = |one: &&Grown<'_>| matches!(one.of, Timed::Way(from, _) if from == service);
    let both_ways = blame.way.iter().any(&is_from) && !blame.way.iter().all(is_from);
    match (own, way) {
        (Some(own), Some(way)) => {
            format!("its own work and calls from and to it take longer, as with too little CPU: {own}; {way}")
        }
        (None, Some(way)) if both_ways => {
            format!(
                "calls from it and to it take longer on the way, as with too little CPU or a slow network: {way}"
            )
        }
        (None, Some(way)) => format!("calls take longer on the way, as with a slow network: {way}"),
        (Some(own), None) => format!("its own work takes longer: {own}"),
        (None, None) => String::new(),
    }
}

/// What has the largest excess.
fn worst<'g>(of: &[&'g Grown<'g>]) -> Option<&'g Grown<'g>> {
    of.iter().copied().max_by(|a, b| a.excess.total_cmp(&b.excess))
}

/// The file in which most of these spans stand.
pub(super) fn file_of(scene: &Scene<'_>, bins: &Bins) -> String {
    let file = bins.first().map_or(0, |first| first.location.file);
    scene.wants.file(scene.wants.group(file)).to_owned()
}

/// The finding of a service in which errors began more often than usual, or all the time.
fn failed(scene: &Scene<'_>, service: &str, ends: &[(Timestamp, Location, bool)]) -> Option<Finding> {
    const FEWEST: usize = 3;
    const OFTEN: f64 = 0.05;
    let count = ends.iter().filter(|(.., failed)| *failed).count();
    if count < FEWEST {
        return None;
    }
    let mut counts = vec![0; scene.axis.bins];
    let mut exposure = vec![0.0; scene.axis.bins];
    for (ts, _, failed) in ends {
        if let Some(bin) = scene.axis.bin(*ts) {
            counts[bin] += u64::from(*failed);
            exposure[bin] += 1.0;
        }
    }
    let found = change::strongest(&counts, &exposure, Way::Up, &scene.against)
        .filter(|found| found.gain >= GAIN && found.inside >= 2.0 * found.outside);
    let constant = count as f64 >= OFTEN * ends.len() as f64;
    if found.is_none() && !constant {
        return None;
    }
    let within = |ts: Timestamp| {
        found.is_none_or(|Stretch { from, until, .. }| {
            (scene.axis.at(from)..scene.axis.at(until)).contains(&ts)
        })
    };
    let mut bins = Bins::default();
    for (ts, location, _) in ends.iter().filter(|(ts, _, failed)| *failed && within(*ts)) {
        bins.add(Moment { ts: *ts, location: *location });
    }
    let share = |share: f64| crate::report::table::percent(share);
    let what = match found {
        Some(found) => format!(
            "spans end in errors that began there ({} of its spans, usually {})",
            share(found.inside),
            share(found.outside)
        ),
        None => format!(
            "spans end in errors that began there ({} of its spans)",
            share(count as f64 / ends.len() as f64)
        ),
    };
    let subject = Subject { file: file_of(scene, &bins), service: Some(service.to_owned()) };
    let gain = found.map_or(GAIN, |found| found.gain);
    let mut finding = unusual(scene, (FAILED, Severity::High), subject, &bins, (gain, what.clone()));
    finding.nature = Nature::Fault;
    finding.summary = summary(&what, &finding);
    Some(finding)
}
