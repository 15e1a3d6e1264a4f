//! The entries behind a number: those whose values are the percentile, the extreme, or the failures.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::group::{self, Key};
use super::{Layout, Question};
use crate::filter::Filter;
use crate::fold::{Damaged, Fold, Loaded, Saved, Travel};
use crate::model::{Entry, Location, Needs, Role, TimeRange, Timestamp};
use crate::outcome::SuccessRule;
use crate::scan::{self, Inputs, ScanOptions, Scanned, Selection};

/// Which entries are asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wanted {
    /// Those at a percentile, 0 to 100, and next above it.
    Percentile(f64),
    /// The first that failed.
    Failed,
}

/// An entry behind a number.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Exemplar {
    /// Its value, if it has one.
    pub value: Option<f64>,
    /// Its time.
    pub ts: Option<Timestamp>,
    /// Where it starts.
    pub location: Location,
    /// The id of its request.
    pub id: Option<String>,
    /// What it says.
    pub message: Option<String>,
    /// Its first bytes.
    pub text: Box<[u8]>,
}

/// Entries kept for each number of each group.
pub const KEPT: usize = 5;

/// How much of an entry is kept.
const SHOWN: usize = 400;

impl Exemplar {
    /// The nearest comes first, of equals the one that was read first.
    fn order(&self, other: &Self) -> Ordering {
        let value = |of: &Self| of.value.unwrap_or(0.0);
        value(self).total_cmp(&value(other)).then(self.location.cmp(&other.location))
    }
}

/// The few nearest entries of each number of each group.
struct Nearest<'l> {
    layout: &'l Layout,
    /// The numbers by the group's key: what is wanted, and the least value that counts.
    floors: &'l BTreeMap<Vec<u8>, Vec<Option<f64>>>,
    kept: BTreeMap<Vec<u8>, Vec<Vec<Exemplar>>>,
    wanted: &'l [Wanted],
    key: Vec<u8>,
}

impl Fold for Nearest<'_> {
    fn add(&mut self, entry: &Entry<'_, '_>) {
        let slots = entry.slots;
        group::key(self.layout, slots, &mut self.key);
        let Some(floors) = self.floors.get(&self.key) else { return };
        let value = self.layout.value.value(slots);
        for (at, (wanted, floor)) in self.wanted.iter().zip(floors).enumerate() {
            let counts = match wanted {
                Wanted::Percentile(_) => value.zip(*floor).is_some_and(|(value, floor)| value >= floor),
                Wanted::Failed => self.layout.judge.says_failed(slots),
            };
            if !counts {
                continue;
            }
            let kept =
                self.kept.entry(self.key.clone()).or_insert_with(|| vec![Vec::new(); self.wanted.len()]);
            let value = value.filter(|_| *wanted != Wanted::Failed);
            // Most are farther away than what is kept already: they are not copied.
            let nearer = |last: &Exemplar| {
                (value.unwrap_or(0.0), entry.location) < (last.value.unwrap_or(0.0), last.location)
            };
            if kept[at].len() == KEPT && !kept[at].last().is_some_and(nearer) {
                continue;
            }
            let message = slots.role(Role::Message).text();
            let first_line = memchr::memchr(b'\n', entry.raw).unwrap_or(entry.raw.len());
            let found = Exemplar {
                value,
                ts: slots.ts,
                location: entry.location,
                id: slots.role(Role::RequestId).text().map(std::borrow::Cow::into_owned),
                message: message.map(|message| message.chars().take(SHOWN).collect()),
                text: entry.raw[..first_line.min(SHOWN)].into(),
            };
            insert(&mut kept[at], [found]);
        }
    }

    fn merge(&mut self, other: Self) {
        for (key, lists) in other.kept {
            let kept = self.kept.entry(key).or_insert_with(|| vec![Vec::new(); self.wanted.len()]);
            for (mine, theirs) in kept.iter_mut().zip(lists) {
                insert(mine, theirs);
            }
        }
    }
}

impl Travel for Nearest<'_> {
    fn save(self, to: &mut Saved) {
        to.put(&self.kept);
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        self.kept = from.take()?;
        Ok(())
    }
}

fn insert(kept: &mut Vec<Exemplar>, found: impl IntoIterator<Item = Exemplar>) {
    kept.extend(found);
    kept.sort_by(Exemplar::order);
    kept.truncate(KEPT);
}

/// The entries behind a number of one group.
#[derive(Debug)]
pub struct Behind {
    /// What makes the group, in the order of the question's names.
    pub values: Vec<serde_json::Value>,
    /// The start of its bucket.
    pub bucket: Option<Timestamp>,
    /// Which number.
    pub wanted: Wanted,
    /// The number.
    pub number: Option<f64>,
    /// The nearest entries.
    pub entries: Vec<Exemplar>,
}

/// The entries behind the numbers that are `wanted` of each group; scans twice, because the numbers have to be known
/// first.
pub fn behind(
    inputs: &Inputs,
    question: &Question,
    rule: SuccessRule,
    mut needs: Needs,
    wanted: &[Wanted],
    (filter, range): (&Filter, TimeRange),
    options: &ScanOptions,
) -> (Vec<Behind>, Scanned) {
    for role in [Role::RequestId, Role::Message] {
        needs.role(role);
    }
    let layout = Layout::new(question, rule, &inputs.logs, &mut needs);
    let selection = Selection::new(needs, filter, range);
    let (mut groups, _) = scan::fold(&inputs.logs, &selection, options, || group::Groups::new(&layout));
    groups.settle();
    let shares = |wanted: &Wanted| match wanted {
        Wanted::Percentile(percent) => Some(percent / 100.0),
        Wanted::Failed => None,
    };
    let asked: Vec<f64> = wanted.iter().filter_map(shares).collect();
    let floors: BTreeMap<Vec<u8>, Vec<Option<f64>>> = groups
        .into_rows()
        .map(|(key, mut group)| {
            let mut found = group.values.quantiles(&asked).into_iter();
            let floor = |wanted: &Wanted| shares(wanted).and_then(|_| found.next().flatten());
            (key, wanted.iter().map(floor).collect())
        })
        .collect();
    let new = || Nearest { layout: &layout, floors: &floors, kept: BTreeMap::new(), wanted, key: Vec::new() };
    let (nearest, scanned) = scan::fold(&inputs.logs, &selection, options, new);
    let mut kept: Vec<(Key, Vec<u8>, Vec<Vec<Exemplar>>)> =
        nearest.kept.into_iter().map(|(key, lists)| (group::decode(&key, &layout), key, lists)).collect();
    kept.sort_by(|a, b| group::order((&a.0, &a.1), (&b.0, &b.1)));
    let of = |(key, raw, lists): (Key, Vec<u8>, Vec<Vec<Exemplar>>)| {
        let numbers = floors.get(&raw).cloned().unwrap_or_default();
        let behind = |((wanted, number), entries): ((&Wanted, Option<f64>), Vec<Exemplar>)| Behind {
            values: key.values.clone(),
            bucket: key.bucket.map(Timestamp),
            wanted: *wanted,
            number,
            entries,
        };
        wanted.iter().zip(numbers).zip(lists).map(behind).collect::<Vec<_>>()
    };
    (kept.into_iter().flat_map(of).collect(), scanned)
}
