//! Bottlenecks: where slow requests spend their time, against calm requests that begin alike.

use std::collections::BTreeMap;

use super::collect::{Row, SpanName, Traces};
use super::tree::Tree;
use crate::model::{SpanKind, SpanStatus};

/// Which requests are slow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Slow {
    /// This share of those that begin alike: the slowest. Those up to the median are calm.
    Slowest(f64),
    /// Those that take longer than so many nanoseconds. All others are calm.
    Longer(i64),
}

/// What is done, by whom, and with whom where that is another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation<'t> {
    /// The service.
    pub service: &'t str,
    /// What it does.
    pub name: &'t str,
    /// Whom it calls for it; empty if nobody.
    pub peer: &'t str,
}

/// Requests that begin alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Alike<'t> {
    /// What they begin with.
    pub root: Operation<'t>,
    /// Is that a part of something that is not in the data?
    pub is_cut: bool,
    /// How many they are,
    pub requests: u64,
    /// how many of them are slow,
    pub slow: u64,
    /// and failed.
    pub failed: u64,
    /// Nanoseconds that half of them take at most,
    pub half: i64,
    /// and the slow ones at least; none if none is slow.
    pub least: Option<i64>,
}

/// A part of the critical paths of slow requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Part<'t> {
    /// Whose part.
    pub of: Operation<'t>,
    /// Nanoseconds that a slow request waits for it, and a calm one: the mean.
    pub waits: [f64; 2],
    /// How often it is done in a slow request, and in a calm one: the mean.
    pub times: [f64; 2],
    /// The span that a slow request waited for longest: the trace's place in [`Traces::traces`], and its row.
    pub longest: Option<(usize, usize)>,
}

impl Part<'_> {
    /// Nanoseconds that a slow request waits longer for it.
    pub fn more(&self) -> f64 {
        self.waits[0] - self.waits[1]
    }
}

/// What requests begin with: an operation by its number; is what it is part of not in the data?
type Kind = (u32, bool);

/// What is looked at of a request.
#[derive(Debug)]
pub(super) struct Shape {
    /// Its place in [`Traces::traces`].
    pub trace: usize,
    kind: Kind,
    nanos: i64,
    failed: bool,
    /// By operation.
    pub steps: BTreeMap<u32, Step>,
}

/// What a request does of an operation.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Step {
    times: u32,
    /// Errors that began in it.
    pub errors: u32,
    critical: i64,
    /// The row with most of that, and how much it has.
    longest: (usize, i64),
}

/// Requests by what they begin with, their places: those that are asked about, and others to hold them against.
pub(super) type Sides = BTreeMap<Kind, [Vec<usize>; 2]>;

/// Requests held against each other.
#[derive(Debug)]
pub struct Compared<'t> {
    pub(super) operations: Vec<Operation<'t>>,
    pub(super) shapes: Vec<Shape>,
    pub(super) slow: Sides,
    pub(super) failed: Sides,
}

/// Holds the slow requests of these traces against the calm ones, and the failed against the others.
pub fn compare(traces: &Traces, slow: Slow) -> Compared<'_> {
    let (operations, numbers) = operations(&traces.names);
    let shapes: Vec<Shape> =
        (0..traces.traces.len()).filter_map(|trace| shape(traces, trace, &numbers)).collect();
    let mut kinds: BTreeMap<Kind, Vec<usize>> = BTreeMap::new();
    for (at, shape) in shapes.iter().enumerate() {
        kinds.entry(shape.kind).or_default().push(at);
    }
    let mut compared = Compared { operations, shapes, slow: Sides::new(), failed: Sides::new() };
    for (kind, mut of) in kinds {
        of.sort_by_key(|at| (compared.shapes[*at].nanos, *at));
        let (failed, others) = of.iter().partition(|at| compared.shapes[**at].failed);
        compared.failed.insert(kind, [failed, others]);
        compared.slow.insert(kind, divided(&compared.shapes, &of, slow));
    }
    compared
}

/// The slow and the calm ones of requests that begin alike, which are in the order of what they take.
fn divided(shapes: &[Shape], of: &[usize], slow: Slow) -> [Vec<usize>; 2] {
    let took = |at: &usize| shapes[*at].nanos;
    match slow {
        Slow::Longer(nanos) => of.iter().partition(|at| took(at) > nanos).into(),
        Slow::Slowest(share) => {
            let calm = of.len().div_ceil(2);
            // A share such as 0.1 is no such number exactly.
            let slowest = ((share * of.len() as f64 + 1e-9).floor() as usize).max(1);
            let from = of.len().saturating_sub(slowest).max(calm);
            // Who takes as long as half of them is not slow.
            let half = of[calm - 1];
            let slow = of[from..].iter().filter(|at| took(at) > took(&half)).copied();
            [slow.collect(), of[..calm].to_vec()]
        }
    }
}

/// The operations, and the number of that of each name.
fn operations(names: &[SpanName]) -> (Vec<Operation<'_>>, Vec<u32>) {
    let mut operations: Vec<Operation<'_>> = names.iter().map(operation_of).collect();
    operations.sort_unstable();
    operations.dedup();
    let number = |name| operations.binary_search(&operation_of(name)).map_or(0, |at| at as u32);
    let numbers = names.iter().map(number).collect();
    (operations, numbers)
}

fn operation_of(name: &SpanName) -> Operation<'_> {
    let calls = name.kind.is_some_and(SpanKind::calls);
    let peer = if calls { name.peer.as_str() } else { "" };
    Operation { service: &name.service, name: &name.operation, peer }
}

/// What is looked at of a trace: what belongs to its first root, a true one if there is any.
fn shape(traces: &Traces, trace: usize, numbers: &[u32]) -> Option<Shape> {
    let (_, rows) = &traces.traces[trace];
    let tree = Tree::of(rows, |at| traces.names[rows[at].name as usize].kind);
    let is_cut = |root: &usize| rows[*root].parent != 0 && rows[*root].parent != rows[*root].id;
    let root = *tree.roots.iter().find(|root| !is_cut(root)).or(tree.roots.first())?;
    let critical = tree.critical();
    let mut steps: BTreeMap<u32, Step> = BTreeMap::new();
    for at in tree.below(root) {
        let step = steps.entry(numbers[rows[at].name as usize]).or_default();
        step.times += 1;
        step.errors += u32::from(began(rows, &tree, at));
        step.critical += critical[at];
        if step.times == 1 || critical[at] > step.longest.1 {
            step.longest = (at, critical[at]);
        }
    }
    let kind = (numbers[rows[root].name as usize], is_cut(&root));
    let failed = rows[root].status == SpanStatus::Error;
    Some(Shape { trace, kind, nanos: rows[root].nanos, failed, steps })
}

/// Did an error begin in the span: has nothing that is part of it failed?
fn began(rows: &[Row], tree: &Tree, at: usize) -> bool {
    let failed = |at: usize| rows[at].status == SpanStatus::Error;
    failed(at) && !tree.children[at].iter().any(|child| failed(*child))
}

impl<'t> Compared<'t> {
    /// Requests that begin alike, the most frequent first.
    pub fn alike(&self) -> Vec<Alike<'t>> {
        let mut alike: Vec<Alike<'t>> =
            self.slow.iter().map(|(kind, sides)| self.of_kind(*kind, sides)).collect();
        alike.sort_by_key(|alike| (std::cmp::Reverse(alike.requests), alike.root, alike.is_cut));
        alike
    }

    fn of_kind(&self, kind: Kind, [slow, calm]: &[Vec<usize>; 2]) -> Alike<'t> {
        let [failed, others] = &self.failed[&kind];
        let mut took: Vec<i64> = failed.iter().chain(others).map(|at| self.shapes[*at].nanos).collect();
        took.sort_unstable();
        debug_assert!(slow.len() + calm.len() <= took.len());
        Alike {
            root: self.operations[kind.0 as usize],
            is_cut: kind.1,
            requests: took.len() as u64,
            slow: slow.len() as u64,
            failed: failed.len() as u64,
            half: took[(took.len() - 1) / 2],
            least: slow.iter().map(|at| self.shapes[*at].nanos).min(),
        }
    }

    /// How many requests are slow, and how many are calm that begin like these.
    pub fn counts(&self) -> [u64; 2] {
        counts(&self.slow)
    }

    /// How many failed, and how many others begin like these.
    pub fn failures(&self) -> [u64; 2] {
        counts(&self.failed)
    }

    /// Nanoseconds that a slow request takes, and a calm one: the mean.
    pub fn took(&self) -> [f64; 2] {
        self.means(&self.slow, |shape| vec![(0, shape.nanos as f64)]).remove(&0).unwrap_or_default()
    }

    /// What slow requests wait for, what makes most of the difference first.
    pub fn parts(&self) -> Vec<Part<'t>> {
        let of = |value: fn(&Step) -> f64| {
            self.means(&self.slow, |shape| shape.steps.iter().map(|(of, step)| (*of, value(step))).collect())
        };
        let (waits, times) = (of(|step| step.critical as f64), of(|step| f64::from(step.times)));
        let mut longest: BTreeMap<u32, (i64, (usize, usize))> = BTreeMap::new();
        for shape in self.slow.values().flat_map(|[slow, _]| slow).map(|at| &self.shapes[*at]) {
            for (of, step) in &shape.steps {
                let (row, nanos) = step.longest;
                let mine = longest.entry(*of).or_insert((nanos, (shape.trace, row)));
                if nanos > mine.0 {
                    *mine = (nanos, (shape.trace, row));
                }
            }
        }
        let part = |(of, waits): (u32, [f64; 2])| Part {
            of: self.operations[of as usize],
            waits,
            times: times.get(&of).copied().unwrap_or_default(),
            longest: longest.get(&of).filter(|(nanos, _)| *nanos > 0).map(|(_, place)| *place),
        };
        let mut parts: Vec<Part<'t>> = waits.into_iter().map(part).collect();
        parts.sort_by(|a, b| b.more().total_cmp(&a.more()).then(a.of.cmp(&b.of)));
        parts
    }

    /// The means of values by key: over those that are asked about, and over the others, as many of which count as begin
    /// alike. What has no others to be held against does not count.
    pub(super) fn means<K: Ord + Copy>(
        &self,
        sides: &Sides,
        values: impl Fn(&Shape) -> Vec<(K, f64)>,
    ) -> BTreeMap<K, [f64; 2]> {
        let mut means: BTreeMap<K, [f64; 2]> = BTreeMap::new();
        let all = counts(sides)[0].max(1) as f64;
        for of in sides.values().filter(|of| of.iter().all(|side| !side.is_empty())) {
            let share = of[0].len() as f64 / all;
            for (side, members) in of.iter().enumerate() {
                for (key, value) in members.iter().flat_map(|at| values(&self.shapes[*at])) {
                    means.entry(key).or_default()[side] += share * value / members.len() as f64;
                }
            }
        }
        means
    }
}

/// How many there are on each side, of those that can be held against others.
pub(super) fn counts(sides: &Sides) -> [u64; 2] {
    let both = sides.values().filter(|of| of.iter().all(|side| !side.is_empty()));
    both.fold([0, 0], |[a, b], [mine, others]| [a + mine.len() as u64, b + others.len() as u64])
}
