//! Operations that no longer go the way they usually go: what they say or call on the way is missing, or they say that
//! something failed.
//!
//! What an operation does is known by the entries that are written within its spans and by the calls that are part of them.
//! The share of its spans in which each of these is missing is compared over time. A way that is taken instead of another
//! one is no failure: what is missing has to be missing without anything in its place. This is the contrast of patterns
//! within traces that Nezha (Yu et al., ESEC/FSE 2023) describes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use super::Finding;
use super::family::unusual;
use super::traced::{around, file_of};
use crate::entities::calls::Calls;
use crate::model::{Location, Timestamp};
use crate::series::bins::{Bins, Moment};
use crate::series::change::{self, Stretch, Way};
use crate::signatures::meter::words;
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

/// So many steps of one operation are looked at, the most frequent ones: who writes something else in every span has no
/// steps.
const MOST_STEPS: usize = 1_000;

/// So many steps that are missing, the clearest first, are looked at for what is done instead of them.
const MOST_MISSING: usize = 50;

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
    /// When each began, and where it stands, in order.
    spans: Vec<(Timestamp, Location)>,
    /// In which of them each step is, in order.
    steps: BTreeMap<Step<'t>, Vec<u32>>,
}

impl Flow<'_> {
    /// Puts the spans in the order of their starts, and leaves the most frequent steps.
    fn settle(&mut self) {
        let mut order: Vec<u32> = (0..self.spans.len() as u32).collect();
        order.sort_unstable_by_key(|at| self.spans[*at as usize]);
        let mut place = vec![0; order.len()];
        for (to, from) in order.iter().enumerate() {
            place[*from as usize] = to as u32;
        }
        self.spans = order.iter().map(|at| self.spans[*at as usize]).collect();
        if self.steps.len() > MOST_STEPS {
            let mut counts: Vec<usize> = self.steps.values().map(Vec::len).collect();
            counts.sort_unstable_by(|a, b| b.cmp(a));
            let least = counts[MOST_STEPS];
            self.steps.retain(|_, spans| spans.len() > least);
        }
        for spans in self.steps.values_mut() {
            for span in &mut *spans {
                *span = place[*span as usize];
            }
            spans.sort_unstable();
        }
    }

    /// Which of the spans begin in a stretch of time.
    fn within(&self, (from, until): (Timestamp, Timestamp)) -> Range<usize> {
        let before = |time: Timestamp| self.spans.partition_point(|(ts, _)| *ts < time);
        before(from)..before(until)
    }
}

/// A step that is missing, or new, in a stretch of time.
struct Changed<'t> {
    operation: Operation<'t>,
    step: Step<'t>,
    is_missing: bool,
    /// In how many of the spans.
    share: Share,
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
    changed.retain(|_, changed| told(changed).map(|one| one.share.gain).sum::<f64>() >= GAIN);
    let names: Vec<&str> = changed.keys().copied().collect();
    let finding = |(service, changed): (&&str, &Vec<Changed<'_>>)| {
        let mut bins = Bins::default();
        let spans: BTreeSet<&(Timestamp, Location)> =
            told(changed).flat_map(|one| &one.share.spans).collect();
        for (ts, location) in spans {
            bins.add(Moment { ts: *ts, location: *location });
        }
        let gain = told(changed).map(|one| one.share.gain).sum();
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
        such.max_by(|a, b| a.share.gain.total_cmp(&b.share.gain).then(b.step.cmp(&a.step)))
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
        let says = placed(within, within.of(id), rows, |at| &name(at).service);
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
    flows.values_mut().for_each(Flow::settle);
    flows
}

/// What was said within which span of a trace: within the one that it names, else within the one of its service that
/// began last of those that were going on.
fn placed<'t>(
    within: &Within,
    said: &[Said],
    rows: &[Row],
    service: impl Fn(usize) -> &'t str,
) -> HashMap<usize, Vec<u32>> {
    let by_id: HashMap<u64, usize> = rows.iter().enumerate().map(|(at, row)| (row.id, at)).rev().collect();
    let mut placed: HashMap<usize, Vec<u32>> = HashMap::new();
    let mut unnamed: Vec<&Said> = Vec::new();
    for said in said {
        match by_id.get(&said.span).filter(|_| said.span != 0) {
            Some(at) => placed.entry(*at).or_default().push(said.statement),
            None => unnamed.push(said),
        }
    }
    // One walk through time: the spans of each service that are going on lie on a stack, and one that has ended stays so.
    unnamed.sort_unstable();
    unnamed.sort_by_key(|said| said.ts);
    let mut going_on: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut rows_next = 0;
    for said in unnamed {
        while rows.get(rows_next).is_some_and(|row| row.start <= said.ts.0) {
            going_on.entry(service(rows_next)).or_default().push(rows_next);
            rows_next += 1;
        }
        let own = within.statements[said.statement as usize].service.as_str();
        let Some(stack) = going_on.get_mut(own) else { continue };
        while stack.pop_if(|at| rows[*at].end() < said.ts.0).is_some() {}
        if let Some(at) = stack.last() {
            placed.entry(*at).or_default().push(said.statement);
        }
    }
    placed
}

/// Does a name tell of an error, as what frameworks call when something failed: the page, or the answer, that says so?
fn names_an_error(operation: &str) -> bool {
    words(operation).iter().any(|word| matches!(word.as_str(), "error" | "errors"))
}

/// The clearest of the steps of an operation that are missing, and of those that are new, in a stretch of time.
fn changes<'t>(
    scene: &Scene<'_>,
    within: &Within,
    (operation, flow): (Operation<'t>, &Flow<'t>),
) -> Vec<Changed<'t>> {
    let is_error = |step: Step<'_>| match step {
        Step::Says(statement) => within.statements[statement as usize].is_error,
        Step::Calls(_, operation) => names_an_error(operation),
    };
    let (mut missing, mut new) = (Vec::new(), Vec::new());
    for (step, spans) in &flow.steps {
        let mut is_so = vec![false; flow.spans.len()];
        for span in spans {
            is_so[*span as usize] = true;
        }
        let found = if is_error(*step) {
            &mut new
        } else {
            for has in &mut is_so {
                *has = !*has;
            }
            &mut missing
        };
        let most = if is_error(*step) { RARE } else { 1.0 - USUAL };
        found.extend(
            change(scene, flow, &is_so).filter(|share| share.outside <= most).map(|share| (*step, share)),
        );
    }
    for found in [&mut missing, &mut new] {
        found.sort_by(|(a, x), (b, y)| y.gain.total_cmp(&x.gain).then(a.cmp(b)));
    }
    let others: Vec<&Vec<u32>> =
        flow.steps.iter().filter(|(step, _)| !is_error(**step)).map(|(_, spans)| spans).collect();
    let mut clearest = missing.into_iter().take(MOST_MISSING);
    let clearest = clearest.find(|(_, share)| !is_replaced(scene, flow, share, &others));
    let changed =
        |(step, share): (Step<'t>, Share)| Changed { operation, step, is_missing: !is_error(step), share };
    clearest.into_iter().chain(new.into_iter().next()).map(changed).collect()
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
    let within = flow.within((from, until));
    let so: Vec<(Timestamp, Location)> =
        within.clone().filter(|at| is_so[*at]).map(|at| flow.spans[at]).collect();
    let usual = match scene.given.map(|given| given.usual) {
        Some((first, last)) => flow.within((first, Timestamp(last.0.saturating_add(1)))),
        None => 0..flow.spans.len(),
    };
    let (mut outside, mut so_outside) = (0_u32, 0_u32);
    for at in usual.filter(|at| !within.contains(at)) {
        outside += 1;
        so_outside += u32::from(is_so[at]);
    }
    let inside = within.len() as u32;
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

/// Is one of other steps done instead of what is missing in a stretch of time?
fn is_replaced(scene: &Scene<'_>, flow: &Flow<'_>, missing: &Share, others: &[&Vec<u32>]) -> bool {
    const INSTEAD: f64 = 0.5;
    let lost = missing.inside - missing.outside;
    let lacks: BTreeSet<&(Timestamp, Location)> = missing.spans.iter().collect();
    let within = flow.within((missing.from, missing.until));
    let lacking: Vec<bool> = within.clone().map(|at| lacks.contains(&flow.spans[at])).collect();
    others.iter().any(|spans| {
        let in_place = spans.iter().filter(|at| within.contains(&(**at as usize)));
        let taken = in_place.filter(|at| lacking[**at as usize - within.start]).count();
        taken as f64 / lacks.len() as f64 >= INSTEAD && {
            let mut has = vec![false; flow.spans.len()];
            for at in *spans {
                has[*at as usize] = true;
            }
            share(scene, flow, &has, (missing.from, missing.until))
                .is_some_and(|share| share.inside - share.outside >= INSTEAD * lost)
        }
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
    let (inside, outside) = (percent(changed.share.inside), percent(changed.share.outside));
    if changed.is_missing {
        format!(
            "{operation} stops early, as after an exception or an unexpected return: {step} is missing in {inside} of \
             its spans, usually in {outside}"
        )
    } else {
        format!("{operation} fails: {step} in {inside} of its spans, usually in {outside}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SpanStatus;
    use crate::timeline::within::Statement;

    fn row(id: u64, start: i64, nanos: i64, name: u32) -> Row {
        let status = SpanStatus::Unset;
        Row {
            id,
            parent: 0,
            start,
            nanos,
            name,
            status,
            location: Location { file: 0, chunk: 0, line: id as u32 },
        }
    }

    fn said(at: u32, ts: i64, span: u64, statement: u32) -> Said {
        Said {
            trace: 1,
            location: Location { file: 1, chunk: 0, line: at },
            ts: Timestamp(ts),
            span,
            statement,
        }
    }

    #[test]
    fn what_is_said_is_within_the_span_that_it_names_else_the_innermost_of_its_service() {
        let service = |name: &str| Statement { service: name.to_owned(), ..Statement::default() };
        let within = Within { statements: vec![service("a"), service("b"), service("c")], said: Vec::new() };
        let names = ["a", "b"];
        // a: 0..100 and within it a: 10..30; b: 20..25, which a's entries are never within.
        let rows = [row(1, 0, 100, 0), row(2, 10, 20, 0), row(3, 20, 5, 1)];
        let entries = [
            said(0, 22, 0, 0),
            said(1, 22, 0, 1),
            said(2, 50, 0, 0),
            said(3, 50, 3, 0),
            said(4, 50, 0, 1),
            said(5, 50, 0, 2),
            said(6, 200, 0, 0),
            said(7, 5, 9, 0),
        ];
        let placed = placed(&within, &entries, &rows, |at| names[rows[at].name as usize]);
        assert_eq!(placed[&1], [0], "the inner one while it goes on");
        assert_eq!(
            placed[&0],
            [0, 0],
            "the outer one before and after; an id that is not there names nothing"
        );
        assert_eq!(placed[&2], [0, 1], "the named one, whenever and whoever; its own service's");
        assert_eq!(placed.len(), 3, "what is outside of all spans is within none");
    }

    #[test]
    fn an_error_in_a_name_is_a_word_of_it() {
        for name in ["BasicErrorController.error", "GET /error", "handle_errors", "HTTPErrorHandler"] {
            assert!(names_an_error(name), "{name}");
        }
        for name in ["terrorReports.list", "GET /mirrors", "errorless"] {
            assert!(!names_an_error(name), "{name}");
        }
    }

    #[test]
    fn only_the_most_frequent_steps_of_an_operation_are_looked_at() {
        let spans =
            (0..3_000_u32).map(|at| (Timestamp(i64::from(at % 7)), Location { file: 0, chunk: 0, line: at }));
        let mut flow = Flow { spans: spans.collect(), steps: BTreeMap::new() };
        for at in 0..3_000 {
            flow.steps.insert(Step::Says(at + 1), vec![at]);
        }
        flow.steps.insert(Step::Says(0), (0..3_000).rev().collect());
        flow.settle();
        assert!(flow.spans.is_sorted());
        assert_eq!(flow.steps.len(), 1);
        assert!(flow.steps[&Step::Says(0)].is_sorted());
    }
}
