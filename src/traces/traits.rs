//! What slow or failed requests have in common that others which begin alike have not.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use super::bottlenecks::{Compared, Operation, Shape, Sides, counts};
use super::collect::{Traces, wanted};
use crate::filter::Filter;
use crate::model::{Needs, Role, Slot, TimeRange, Value};
use crate::scan::{self, Inputs, ScanOptions, Selection};

/// Something that requests may have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trait<'t> {
    /// Errors began there.
    Fails(Operation<'t>),
    /// It is part of them.
    Does(Operation<'t>),
    /// It is no part of them.
    Lacks(Operation<'t>),
    /// Spans of theirs have a field with this value.
    Says(&'t str, &'t str),
}

/// What some requests have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Common<'t> {
    /// What it is.
    pub what: Trait<'t>,
    /// Which share of them have it,
    pub share: f64,
    /// and of the others.
    pub others: f64,
    /// How sure it is that this is no chance: twice the logarithm of the ratio of likelihoods.
    gain: f64,
}

/// Which requests are held against others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The slow ones against the calm ones.
    Slow,
    /// The failed ones against all others.
    Failed,
}

/// What spans say beyond what all spans say: the names of fields, and by trace the values, each as the number of its
/// field and the value.
#[derive(Clone, Debug, Default)]
pub struct Words {
    names: Vec<String>,
    said: BTreeMap<usize, BTreeSet<(usize, String)>>,
}

/// So much is told at most, if chance makes it once in a thousand times, and so much more of them have it.
const TOLD: usize = 8;
const SURE: f64 = 10.8;
const MORE: f64 = 0.2;

/// Of so many requests on each side is read what their spans say,
const READ: usize = 2_000;
/// of fields up to so many, and in values up to so many bytes.
const FIELDS: usize = 64;
const VALUE: usize = 80;

impl<'t> Compared<'t> {
    fn sides(&self, side: Side) -> &Sides {
        match side {
            Side::Slow => &self.slow,
            Side::Failed => &self.failed,
        }
    }

    /// What the requests of a side have in common, the surest first.
    pub fn common<'a>(&'a self, side: Side, words: &'a Words) -> Vec<Common<'a>> {
        let sides = self.sides(side);
        let [mine, others] = counts(sides);
        let shares =
            self.means(sides, |shape| self.traits(shape).into_iter().map(|what| (what, 1.0)).collect());
        let common = shares.into_iter().flat_map(|(what, [share, rest])| {
            let gain = gain([share, rest], [mine, others]);
            let found = Common { what, share, others: rest, gain };
            [Some(found.clone()), found.turned()]
        });
        let mut told: Vec<Common<'a>> = common.flatten().collect();
        told.extend(self.said(sides, words));
        told.retain(|common| common.share - common.others >= MORE && common.gain >= SURE);
        told.sort_by(|a, b| b.gain.total_cmp(&a.gain).then_with(|| a.what.cmp(&b.what)));
        told.truncate(TOLD);
        told
    }

    fn traits(&self, shape: &Shape) -> Vec<Trait<'t>> {
        let of = |(number, step): (&u32, &super::bottlenecks::Step)| {
            let operation = self.operations[*number as usize];
            [Some(Trait::Does(operation)), (step.errors > 0).then_some(Trait::Fails(operation))]
        };
        shape.steps.iter().flat_map(of).flatten().collect()
    }

    /// What those say of whose spans was read.
    fn said<'a>(&self, sides: &Sides, words: &'a Words) -> Vec<Common<'a>> {
        let known = |at: &usize| words.said.contains_key(&self.shapes[*at].trace);
        let read: Sides = sides
            .iter()
            .map(|(kind, of)| (*kind, of.clone().map(|side| side.into_iter().filter(known).collect())))
            .collect();
        let [mine, others] = counts(&read);
        let values = |shape: &Shape| -> Vec<((usize, &'a str), f64)> {
            let said = words.said.get(&shape.trace).into_iter().flatten();
            said.map(|(field, value)| ((*field, value.as_str()), 1.0)).collect()
        };
        let shares = self.means(&read, values);
        let common = shares.into_iter().map(|((field, value), [share, rest])| Common {
            what: Trait::Says(&words.names[field], value),
            share,
            others: rest,
            gain: gain([share, rest], [mine, others]),
        });
        common.collect()
    }

    /// Reads what the spans say of requests on both sides beyond what all spans say.
    pub fn words(
        &self,
        traces: &Traces,
        inputs: &Inputs,
        (mut needs, filter, range): (Needs, &Filter, TimeRange),
        options: &ScanOptions,
    ) -> Words {
        let mut places: BTreeMap<&[u8], usize> = BTreeMap::new();
        for side in [&self.slow, &self.failed].into_iter().flat_map(Sides::values).flatten() {
            // Evenly over what they take, in the order of which they are.
            let of = |at: &usize| self.shapes[*at].trace;
            let each = side.len().div_ceil(READ).max(1);
            places
                .extend(side.iter().step_by(each).map(of).map(|trace| (&traces.traces[trace].0[..], trace)));
        }
        let names = fields(inputs);
        wanted(&mut needs);
        let slots: Vec<Slot> = names.iter().map(|name| needs.field(name)).collect();
        let selection = Selection::new(needs.clone(), filter, range);
        let (parts, _) = scan::run(
            &inputs.logs,
            &needs,
            options,
            BTreeMap::<usize, BTreeSet<(usize, String)>>::new,
            |said, chunk| {
                let _ = chunk.selected(&selection, |entry| {
                    let trace = entry.slots.role(Role::TraceId).key();
                    let place =
                        trace.and_then(|trace| places.get(&*trace)).filter(|_| entry.slots.span.is_some());
                    if let Some(place) = place {
                        let mine = said.entry(*place).or_default();
                        let values = slots.iter().map(|slot| entry.slots.get(*slot)).enumerate();
                        mine.extend(values.filter_map(|(field, value)| Some((field, short(value)?))));
                    }
                    ControlFlow::Continue(())
                });
            },
            |_| ControlFlow::Continue(()),
        );
        let mut said: BTreeMap<usize, BTreeSet<(usize, String)>> = BTreeMap::new();
        for (place, values) in parts.into_iter().flatten() {
            said.entry(place).or_default().extend(values);
        }
        Words { names, said }
    }
}

impl Common<'_> {
    /// That it is lacking instead.
    fn turned(&self) -> Option<Self> {
        let Trait::Does(operation) = self.what else { return None };
        let (share, others) = (1.0 - self.share, (1.0 - self.others).max(0.0));
        Some(Common { what: Trait::Lacks(operation), share, others, gain: self.gain })
    }
}

/// The fields of spans beside what all spans say.
fn fields(inputs: &Inputs) -> Vec<String> {
    let profiles = inputs.logs.iter().filter_map(scan::Input::profile);
    let of = profiles.filter_map(|profile| Some(profile.spans.as_ref()?.others(&profile.keys)));
    let names: BTreeSet<String> = of.flatten().map(str::to_owned).collect();
    names.into_iter().take(FIELDS).collect()
}

/// A value as a word; none if it is none.
fn short(value: Value<'_>) -> Option<String> {
    let text = value.key()?;
    let text = std::str::from_utf8(&text).ok()?;
    (!text.is_empty() && text.len() <= VALUE).then(|| text.to_owned())
}

/// Twice the logarithm of how much likelier two shares are than one of all (Dunning's G²).
fn gain(shares: [f64; 2], of: [u64; 2]) -> f64 {
    let of = of.map(|count| count as f64);
    let have = [shares[0] * of[0], shares[1] * of[1]];
    let likelihood = |have: f64, of: f64, share: f64| {
        let term = |count: f64, share: f64| if count > 1e-9 { count * share.ln() } else { 0.0 };
        term(have, share) + term(of - have, 1.0 - share)
    };
    let all = (have[0] + have[1]) / (of[0] + of[1]).max(1.0);
    let two: f64 = (0..2).map(|side| likelihood(have[side], of[side], shares[side])).sum();
    let one: f64 = (0..2).map(|side| likelihood(have[side], of[side], all)).sum();
    2.0 * (two - one)
}
