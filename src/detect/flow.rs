//! Operations that no longer go the way they usually go: what they say or call on the way is missing, or they say that
//! something failed.
//!
//! What an operation does is known by the entries that are written within its spans and by the calls that are part of them.
//! The share of its spans in which each of these is missing is compared over time. A way that is taken instead of another
//! one is no failure: what is missing has to be missing without anything in its place. This is the contrast of patterns
//! within traces that Nezha (Yu et al., ESEC/FSE 2023) describes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Finding;
use super::family::unusual;
use super::traced::{around, file_of};
use crate::entities::calls::Calls;
use crate::model::{Location, Timestamp};
use crate::series::bins::{Bins, Moment};
use crate::series::change::{self, Stretch, Way};
use crate::signatures::{Nature, Severity};
use crate::timeline::Subject;
use crate::timeline::observe::clip;
use crate::timeline::scene::{GAIN, Scene};
use crate::timeline::within::{Said, Within};
use crate::traces::{Row, Traces, Tree};

/// The name of the detector in output.
pub const CHANGED: &str = "changed-flow";

/// An operation is judged that has so many spans.
const FEWEST: usize = 10;

/// What is in so much of an operation's spans belongs to it.
const USUAL: f64 = 0.75;

/// What is missing or new in less than this share of the spans, beyond what is usual, is told by few of them.
const MORE: f64 = 0.15;

/// What is new is usually in less than this share of the spans.
const RARE: f64 = 0.1;

/// One step tells something from this gain on; the steps of a service have to tell more together ([`GAIN`]).
const LEAST: f64 = 4.0;

/// An operation, and that of which it is a part: services and operations.
type Operation<'t> = [(&'t str, &'t str); 2];

/// What happens within a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step<'t> {
    /// An entry is written: a statement by its number.
    Says(u32),
    /// Another operation is part of it.
    Calls(&'t str, &'t str),
}

/// The spans of an operation.
#[derive(Default)]
struct Flow<'t> {
    /// When each began, and where it stands.
    spans: Vec<(Timestamp, Location)>,
    /// In which of them each step is, in order.
    steps: BTreeMap<Step<'t>, Vec<u32>>,
}

/// A step that is missing, or new, in a stretch of time.
struct Changed<'t> {
    operation: Operation<'t>,
    step: Step<'t>,
    is_missing: bool,
    /// The share of the spans with it, in the stretch and else.
    inside: f64,
    outside: f64,
    gain: f64,
    /// The spans of the stretch in which it is missing, or new.
    spans: Vec<(Timestamp, Location)>,
}

/// The operations that go another way than usual.
pub fn findings(scene: &Scene<'_>, traces: &Traces, within: &Within, calls: &Calls) -> Vec<Finding> {
    let mut changed: BTreeMap<&str, Vec<Changed<'_>>> = BTreeMap::new();
    for (operation, flow) in flows(traces, within) {
        let found = changes(scene, within, (operation, &flow));
        if !found.is_empty() {
            changed.entry(operation[1].0).or_default().extend(found);
        }
    }
    changed.retain(|_, changed| told(changed).map(|one| one.gain).sum::<f64>() >= GAIN);
    let names: Vec<&str> = changed.keys().copied().collect();
    let finding = |(service, changed): (&&str, &Vec<Changed<'_>>)| {
        let mut bins = Bins::default();
        let spans: BTreeSet<&(Timestamp, Location)> = told(changed).flat_map(|one| &one.spans).collect();
        for (ts, location) in spans {
            bins.add(Moment { ts: *ts, location: *location });
        }
        let gain = told(changed).map(|one| one.gain).sum();
        let subject = Subject { file: file_of(scene, &bins), service: Some((*service).to_owned()) };
        let what: Vec<String> = told(changed).map(|one| said(one, within)).collect();
        let finding = unusual(scene, (CHANGED, Severity::High), subject, &bins, (gain, what.join("; ")));
        Finding { nature: Nature::Fault, around: Some(around(calls, service, &names)), ..finding }
    };
    changed.iter().map(finding).collect()
}

/// What is told of a service: the clearest that is missing, and the clearest that is new.
fn told<'c, 't>(changed: &'c [Changed<'t>]) -> impl Iterator<Item = &'c Changed<'t>> {
    let clearest = |is_missing: bool| {
        let such = changed.iter().filter(move |one| one.is_missing == is_missing);
        such.max_by(|a, b| a.gain.total_cmp(&b.gain).then(b.step.cmp(&a.step)))
    };
    clearest(false).into_iter().chain(clearest(true))
}

/// The operations with what happens within their spans.
fn flows<'t>(traces: &'t Traces, within: &Within) -> BTreeMap<Operation<'t>, Flow<'t>> {
    let mut flows: BTreeMap<Operation<'t>, Flow<'t>> = BTreeMap::new();
    for (id, rows) in &traces.traces {
        let name = |at: usize| &traces.names[rows[at].name as usize];
        let own = |at: usize| (name(at).service.as_str(), name(at).operation.as_str());
        let tree = Tree::of(rows, |at| name(at).kind);
        let mut says: HashMap<usize, Vec<u32>> = HashMap::new();
        for said in within.of(id) {
            let service = &within.statements[said.statement as usize].service;
            if let Some(at) = span_of(said, rows, |at| &name(at).service == service) {
                says.entry(at).or_default().push(said.statement);
            }
        }
        for (at, _) in tree.walk() {
            let parent = tree.parent[at].map_or(("", ""), own);
            let flow = flows.entry([parent, own(at)]).or_default();
            let span = flow.spans.len() as u32;
            flow.spans.push((Timestamp(rows[at].start), rows[at].location));
            let said = says.get(&at).into_iter().flatten().map(|statement| Step::Says(*statement));
            let called = tree.children[at].iter().map(|child| own(*child));
            let called = called.map(|(service, operation)| Step::Calls(service, operation));
            let steps: BTreeSet<Step<'t>> = said.chain(called).collect();
            for step in steps {
                flow.steps.entry(step).or_default().push(span);
            }
        }
    }
    flows.retain(|_, flow| flow.spans.len() >= FEWEST);
    flows
}

/// The span within which something was said: the one that it names, else the shortest of its service that was going on.
fn span_of(said: &Said, rows: &[Row], is_own: impl Fn(usize) -> bool) -> Option<usize> {
    let named = (said.span != 0).then(|| rows.iter().position(|row| row.id == said.span)).flatten();
    named.or_else(|| {
        let going_on = |at: &usize| rows[*at].start <= said.ts.0 && said.ts.0 <= rows[*at].end();
        let own = (0..rows.len()).filter(going_on).filter(|at| is_own(*at));
        own.min_by_key(|at| rows[*at].nanos)
    })
}

/// The steps of an operation that are missing or new in a stretch of time.
fn changes<'t>(
    scene: &Scene<'_>,
    within: &Within,
    (operation, flow): (Operation<'t>, &Flow<'t>),
) -> Vec<Changed<'t>> {
    let is_error = |step: Step<'_>| match step {
        Step::Says(statement) => within.statements[statement as usize].is_error,
        // What frameworks call when something failed: the page, or the answer, that says so.
        Step::Calls(_, operation) => operation.to_ascii_lowercase().contains("error"),
    };
    let mut found = Vec::new();
    for (step, spans) in &flow.steps {
        let mut has = vec![false; flow.spans.len()];
        for span in spans {
            has[*span as usize] = true;
        }
        let change = if is_error(*step) {
            change(scene, flow, &has).filter(|change| change.outside <= RARE)
        } else {
            let lacks: Vec<bool> = has.iter().map(|has| !has).collect();
            change(scene, flow, &lacks)
                .filter(|change| change.outside <= 1.0 - USUAL)
                .filter(|change| !is_replaced(scene, flow, change, is_error))
        };
        if let Some(Share { inside, outside, gain, spans, .. }) = change {
            found.push(Changed {
                operation,
                step: *step,
                is_missing: !is_error(*step),
                inside,
                outside,
                gain,
                spans,
            });
        }
    }
    found
}

/// Something that is so in more of the spans, in a stretch of time.
struct Share {
    from: Timestamp,
    until: Timestamp,
    /// The share of the spans in which it is so.
    inside: f64,
    outside: f64,
    gain: f64,
    /// Those of the stretch.
    spans: Vec<(Timestamp, Location)>,
}

/// The stretch in which something is so in more of the spans than else.
fn change(scene: &Scene<'_>, flow: &Flow<'_>, is_so: &[bool]) -> Option<Share> {
    let axis = scene.axis;
    let mut counts = vec![0; axis.bins];
    let mut exposure = vec![0.0; axis.bins];
    for ((ts, _), is_so) in flow.spans.iter().zip(is_so) {
        if let Some(bin) = axis.bin(*ts) {
            counts[bin] += u64::from(*is_so);
            exposure[bin] += 1.0;
        }
    }
    let against = scene.against.seen(&exposure);
    let Stretch { from, until, .. } = change::strongest(&counts, &exposure, Way::Up, &against)?;
    let (from, until) = (axis.at(from), axis.at(until));
    let share = share(scene, flow, is_so, (from, until))?;
    (share.inside - share.outside >= MORE && share.gain >= LEAST).then_some(share)
}

/// How often something is so in a stretch of time and else.
fn share(
    scene: &Scene<'_>,
    flow: &Flow<'_>,
    is_so: &[bool],
    (from, until): (Timestamp, Timestamp),
) -> Option<Share> {
    let usual = scene.given.map(|given| given.usual);
    let mut so: Vec<(Timestamp, Location)> = Vec::new();
    let (mut inside, mut outside, mut so_outside) = (0_u32, 0_u32, 0_u32);
    for (span, is_so) in flow.spans.iter().zip(is_so) {
        if (from..until).contains(&span.0) {
            inside += 1;
            so.extend(is_so.then_some(*span));
        } else if usual.is_none_or(|(first, last)| (first..=last).contains(&span.0)) {
            outside += 1;
            so_outside += u32::from(*is_so);
        }
    }
    let (n, m) = (f64::from(inside), f64::from(outside));
    let (k, l) = (so.len() as f64, f64::from(so_outside));
    (inside > 0 && outside > 0).then(|| Share {
        from,
        until,
        inside: k / n,
        outside: l / m,
        gain: likelihood(k, n) + likelihood(l, m) - likelihood(k + l, n + m),
        spans: so,
    })
}

/// The logarithm of the likelihood of so many of so many, with the share that they are.
fn likelihood(count: f64, of: f64) -> f64 {
    let term = |count: f64| if count > 0.0 { count * (count / of).ln() } else { 0.0 };
    term(count) + term(of - count)
}

/// Is something else done instead of what is missing in a stretch of time?
fn is_replaced(
    scene: &Scene<'_>,
    flow: &Flow<'_>,
    missing: &Share,
    is_error: impl Fn(Step<'_>) -> bool,
) -> bool {
    const INSTEAD: f64 = 0.5;
    let lost = missing.inside - missing.outside;
    let instead = flow.steps.iter().filter(|(step, _)| !is_error(**step));
    let lacks: BTreeSet<&(Timestamp, Location)> = missing.spans.iter().collect();
    instead.into_iter().any(|(_, spans)| {
        let mut has = vec![false; flow.spans.len()];
        for span in spans {
            has[*span as usize] = true;
        }
        let in_place = |at: usize| has[at] && lacks.contains(&flow.spans[at]);
        let taken = (0..has.len()).filter(|at| in_place(*at)).count() as f64 / lacks.len() as f64;
        taken >= INSTEAD
            && share(scene, flow, &has, (missing.from, missing.until))
                .is_some_and(|share| share.inside - share.outside >= INSTEAD * lost)
    })
}

/// What changed, in words.
fn said(changed: &Changed<'_>, within: &Within) -> String {
    const LONGEST: usize = 70;
    let [_, (_, operation)] = changed.operation;
    let percent = crate::report::table::percent;
    let step = match changed.step {
        Step::Says(statement) => {
            format!("“{}”", clip(&within.statements[statement as usize].text, LONGEST))
        }
        Step::Calls(_, called) => format!("the call of {}", clip(called, LONGEST)),
    };
    let (inside, outside) = (percent(changed.inside), percent(changed.outside));
    if changed.is_missing {
        format!(
            "{operation} stops early, as after an exception or an unexpected return: {step} is missing in {inside} of \
             its spans, usually in {outside}"
        )
    } else {
        format!("{operation} fails: {step} in {inside} of its spans, usually in {outside}")
    }
}
