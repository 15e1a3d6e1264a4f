//! For whom: what requests that failed have in common, against those that did not; and some to look at.
//!
//! A second pass joins the values that a request has in any file by its id. Above some number of requests only
//! those are looked at whose id falls into a share of all hashes, so that memory is bounded and the choice
//! depends on nothing but the ids.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::ControlFlow;

use serde::Serialize;

use super::contrast::Contrast;
use super::lift::{self, Common, Pairs, Values};
use super::story::{Cause, Story};
use crate::detect::book::NOWHERE;
use crate::detect::success::Success;
use crate::entities::reach::{Known, Reach};
use crate::fold::{Fold, Table};
use crate::format::log::mask;
use crate::format::log::names;
use crate::model::time::NANOS;
use crate::model::{Entry, Level, Location, Needs, Role, Slot, Slots, Timestamp, Value, stable_hash};
use crate::outcome::{Ending, Judge, Outcome, Told};
use crate::scan::{self, Chunk, Input, ScanOptions, Scanned, Selection};
use crate::timeline::observe::{Kind, Wants, What};
use crate::timeline::recent::RecentTexts;
use crate::timeline::scene::Scene;

/// How many requests are looked at, about.
const LOOKED_AT: u64 = 30_000;

/// More than these are never kept at a time.
const MOST: usize = 2 * LOOKED_AT as usize;

/// How requests are told apart and judged.
#[derive(Debug)]
pub struct Cases<'w> {
    wants: &'w Wants,
    fields: Vec<(String, Slot)>,
    /// The log that tells of the requests that are looked at, if a log does.
    edge: Option<u32>,
    /// Are its requests known by their ids from other logs?
    elsewhere: bool,
    /// One in so many ids is looked at,
    share: u64,
    /// of the requests of this time; of all if there are few.
    focus: Option<(Timestamp, Timestamp)>,
    /// Of so many requests one is looked at.
    one_in: u64,
    /// The log of the first cause, where its entries are compared if nothing names requests.
    lead: Option<Lead>,
    /// The kinds of entries that may tell why a request failed, by their keys.
    telling: HashMap<Vec<u8>, u32>,
    /// For each group of files, whether it has such kinds.
    tells: Vec<bool>,
}

/// What is concluded from the requests.
#[derive(Debug, Default)]
pub struct Concluded {
    /// For whom.
    pub affected: Affected,
    /// Some to look at.
    pub examples: Vec<Example>,
    /// Which logs know of them.
    pub reach: Reach,
    /// What those that failed say, and the others do not.
    pub contrast: Contrast,
}

/// The entries that the first cause was found in.
#[derive(Debug)]
struct Lead {
    group: u32,
    /// What they say, apart from values.
    texts: Vec<String>,
    /// One in so many entries of the log is looked at.
    share: u64,
}

impl Lead {
    fn of(scene: &Scene<'_>, cause: Option<&Cause>) -> Option<Lead> {
        let kinds =
            cause?.kinds.iter().map(|at| &scene.kinds[*at].0).filter(|kind| kind.what == What::Template);
        let kinds: Vec<&Kind> = kinds.collect();
        let group = kinds.first()?.group;
        let entries: u64 = scene.volume(group).iter().sum();
        Some(Lead {
            group,
            texts: kinds.into_iter().map(|kind| kind.text.clone()).collect(),
            share: (entries / LOOKED_AT).max(1).next_power_of_two(),
        })
    }
}

/// What is known about the requests.
#[derive(Clone, Debug)]
pub struct Joined<'w> {
    cases: &'w Cases<'w>,
    table: Table<Case>,
    /// Entries of the first cause's log, by their places.
    lines: Table<Case>,
    pairs: Pairs,
    /// One in so many ids is looked at.
    share: u64,
    key: Vec<u8>,
    masks: RecentTexts,
}

/// A request's id, or where the entry stands that is all of it, and what is known about it.
type Named = (Vec<u8>, Case);

#[derive(Clone, Debug, Default)]
struct Case {
    /// What its entries say of its end.
    ending: Ending,
    /// The entry that stands for it, where nothing names it.
    entry: Option<Location>,
    /// Did it fail, where that is known?
    failed: Option<bool>,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    values: Values,
    /// The groups of files that know of it, sorted.
    groups: Vec<Known>,
    /// The kinds of its entries that may tell why it failed, sorted, and when each was first said.
    kinds: Vec<(u32, Option<Timestamp>)>,
}

/// Who was affected.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Affected {
    /// What was compared: requests, or entries of the first cause's log where nothing names requests.
    pub of: &'static str,
    /// Requests that failed, of those looked at.
    pub failed: u64,
    /// Requests that did not.
    pub succeeded: u64,
    /// One in so many requests was looked at.
    pub one_in: u64,
    /// Values that are more frequent among the failed.
    pub over_represented: Vec<Common>,
    /// Fields that were compared and tell nothing: their values failed alike.
    pub alike: Vec<String>,
}

/// A request to look at.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// Its id; empty where nothing names it.
    pub id: String,
    /// The entry that stands for it then.
    pub entry: Option<Location>,
    /// Why this one.
    pub why: String,
    /// When it began.
    pub at: Option<Timestamp>,
}

impl<'w> Cases<'w> {
    /// Asks for what is to be compared.
    pub fn new(logs: &[Input], scene: &Scene<'w>, story: &Story, needs: &mut Needs) -> Cases<'w> {
        let (success, impact) = (story.success.as_ref(), story.impact);
        let wants = scene.wants;
        for role in [Role::Ts, Role::Level, Role::Message, Role::RequestId, Role::Status] {
            needs.role(role);
        }
        let mut keys: Vec<&str> = logs
            .iter()
            .filter_map(Input::profile)
            .flat_map(|profile| profile.keys.iter().map(String::as_str))
            .filter(|key| is_comparable(key))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        let fields = keys.into_iter().take(200).map(|key| (key.to_owned(), needs.field(key))).collect();
        let requests: u64 = success.map_or(0, |success| success.requests.iter().sum());
        let focus = success.zip(impact).and_then(|(success, impact)| focus(scene, success, impact));
        let looked_at = focus.map_or(requests, |(_, inside)| inside);
        let share = (looked_at / LOOKED_AT).max(1).next_power_of_two();
        let one_in = (requests / (looked_at / share).max(1)).max(1);
        let edge = success.map(|success| success.group).filter(|group| *group != NOWHERE);
        let elsewhere = edge.is_some_and(|edge| scene.requests.are_told_twice(edge));
        let lead = Lead::of(scene, story.causes.first());
        let (telling, tells) = telling(scene);
        let focus = focus.map(|(range, _)| range);
        Cases { wants, fields, edge, elsewhere, share, focus, one_in, lead, telling, tells }
    }

    /// Looks at the requests.
    pub fn join(
        &'w self,
        scene: &Scene<'_>,
        (logs, scanned): (&[Input], &Scanned),
        selection: &Selection,
        options: &ScanOptions,
    ) -> Joined<'w> {
        let places = scanned.places(|file, chunk| scene.may_hold(file, chunk, self.focus));
        let look = |joined: &mut Joined<'w>, chunk: &Chunk<'_>| {
            let _ = chunk.entries(selection, |entry| {
                joined.add(entry);
                ControlFlow::Continue(())
            });
        };
        let joined = scan::again(logs, &places, &selection.needs, options, || Joined::new(self), look);
        let sum = joined.into_iter().reduce(|mut sum, next| {
            sum.merge(next);
            sum
        });
        sum.unwrap_or_else(|| Joined::new(self))
    }
}

/// The kinds of entries that may tell why a request failed, by their keys, and the groups of files that have any.
fn telling(scene: &Scene<'_>) -> (HashMap<Vec<u8>, u32>, Vec<bool>) {
    let mut telling = HashMap::new();
    let mut tells = Vec::new();
    for (at, (kind, _)) in scene.kinds.iter().enumerate() {
        if kind.what == What::Template && (kind.level >= Some(Level::Warn) || scene.has_words(at)) {
            telling.insert(kind.key(), at as u32);
            let group = kind.group as usize;
            tells.resize(tells.len().max(group + 1), false);
            tells[group] = true;
        }
    }
    (telling, tells)
}

/// Failures, and successes beside them, that are enough to compare.
const ENOUGH: [u64; 2] = [2_000, 8_000];

/// The time in which there are enough requests that failed and enough that did not, around the beginning of the
/// impact, and how many there are; `None` if all can be looked at.
fn focus(
    scene: &Scene<'_>,
    success: &Success,
    (from, to): (Timestamp, Timestamp),
) -> Option<((Timestamp, Timestamp), u64)> {
    let total: u64 = success.requests.iter().sum();
    if total <= LOOKED_AT {
        return None;
    }
    let start = scene.axis.bin(from)?;
    let end = scene.axis.bin(to).map_or(scene.axis.bins, |bin| bin + 1);
    let (mut low, mut high) = (start, start);
    let (mut failures, mut all) = (0, 0);
    while high < end && failures < ENOUGH[0] && all < LOOKED_AT {
        failures += success.failures[high];
        all += success.requests[high];
        high += 1;
    }
    let mut before = 0;
    while low > 0 && before < ENOUGH[1] {
        low -= 1;
        before += success.requests[low] - success.failures[low];
        all += success.requests[low];
    }
    Some(((scene.axis.at(low), Timestamp(scene.axis.at(high).0.saturating_sub(1))), all))
}

/// May a field's values say who was affected? Not those that say when, how or which request.
fn is_comparable(key: &str) -> bool {
    const SAYS_WHERE: &[&str] =
        &["line", "function", "file", "pid", "thread", "stream", "tag", "ecs.version"];
    // How it ended, in other words, is no reason.
    const SAYS_HOW: &[&str] =
        &["flags", "outcome", "result", "error", "exception", "reason", "termination", "failure"];
    let lower = key.to_ascii_lowercase();
    if SAYS_HOW.iter().any(|word| lower.split(['_', '.', '-', '@']).any(|part| part == *word)) {
        return false;
    }
    let roles = names::roles_of(key);
    // How full a pool was is why, not who.
    let last = key.rsplit('.').next().unwrap_or(key);
    crate::timeline::gauge::part(last).is_none()
        && !roles.iter().any(|(role, ..)| !matches!(role, Role::Host | Role::User))
        && !SAYS_WHERE.contains(&key)
}

impl<'w> Joined<'w> {
    /// Nothing yet.
    pub fn new(cases: &'w Cases<'w>) -> Self {
        Joined {
            cases,
            table: Table::default(),
            lines: Table::default(),
            pairs: Pairs::default(),
            share: cases.share,
            key: Vec::new(),
            masks: RecentTexts::new(mask::mask),
        }
    }
}

impl Fold for Joined<'_> {
    fn add(&mut self, entry: &Entry<'_, '_>) {
        let slots = entry.slots;
        if let (Some((from, to)), Some(ts)) = (self.cases.focus, slots.ts)
            && !(from..=to).contains(&ts)
        {
            return;
        }
        let group = self.cases.wants.group(entry.location.file);
        let edge = self.cases.edge == Some(group);
        let judge = self.cases.wants.judge();
        let place = place(entry);
        let named = judge.joins().then(|| judge.id(slots)).flatten();
        let stands = named.is_none().then_some(entry.location);
        let id = match named {
            Some(id) => id,
            // An entry that stands for a request of its own.
            None if edge && !self.cases.elsewhere && judge.tells(slots) => Cow::Borrowed(&place[..]),
            None => {
                self.add_line(entry);
                return;
            }
        };
        if id.len() > 200 || !is_looked_at(&id, self.share) {
            return;
        }
        let mut told = None;
        if self.cases.tells.get(group as usize) == Some(&true) {
            self.cases.wants.template_key(entry, &mut self.masks, &mut self.key);
            told = self.cases.telling.get(&self.key).copied();
        }
        let message = slots.role(Role::Message).key().unwrap_or_default();
        let case = self.table.entry(&id, Case::default);
        case.entry = stands;
        let bad = slots.level >= Some(Level::Warn);
        case.known_to(&Known { group, span: slots.ts.map(|ts| (ts, ts)), bad });
        if let Some(kind) = told {
            case.says(kind, slots.ts);
        }
        if let Some(ts) = slots.ts {
            case.first = Some(case.first.map_or(ts, |first| first.min(ts)));
            case.last = Some(case.last.map_or(ts, |last| last.max(ts)));
        }
        case.ending.merge(&judge.ending(entry));
        let mut endpoint = Vec::new();
        if edge
            && slots.role(Role::Status).number().is_some()
            && self.cases.wants.push_path(slots, &mut endpoint)
        {
            endpoint.truncate(lift::LONGEST);
            self.pairs.give(&mut case.values, b"endpoint", &endpoint);
        }
        take(&mut self.pairs, &mut case.values, &self.cases.fields, slots, &message);
        self.bound();
    }

    fn merge(&mut self, mut other: Self) {
        let numbers = self.pairs.merge(&other.pairs);
        for table in [&mut other.table, &mut other.lines] {
            table.states_mut().for_each(|case| case.values.renumber(&numbers));
        }
        let pairs = &self.pairs;
        self.table.merge(other.table, |mine, theirs| mine.merge(&theirs, pairs));
        // An entry is seen once.
        self.lines.merge(other.lines, |_, _| {});
        let share = self.share.max(other.share);
        if self.share != other.share {
            self.table.retain(|id| is_looked_at(id, share));
        }
        self.share = share;
        self.bound();
    }
}

/// Does an id or a place belong to a share of all?
fn is_looked_at(key: &[u8], share: u64) -> bool {
    share == 1 || stable_hash(key.iter().copied()).is_multiple_of(share)
}

impl Joined<'_> {
    /// Looks at fewer requests when there are too many: how many there are is not always known before.
    fn bound(&mut self) {
        while self.table.len() > MOST {
            self.share *= 2;
            let share = self.share;
            self.table.retain(|id| is_looked_at(id, share));
        }
    }

    /// An entry without an id: one that tells of the first cause, or another one of the same log.
    fn add_line(&mut self, entry: &Entry<'_, '_>) {
        let Some(lead) = self.cases.lead.as_ref() else { return };
        let at = entry.location;
        if self.cases.wants.group(at.file) != lead.group {
            return;
        }
        let place = place(entry);
        if !is_looked_at(&place, lead.share) {
            return;
        }
        let slots = entry.slots;
        let message = slots.role(Role::Message).key().unwrap_or_default();
        self.key.clear();
        mask::mask(&message, &mut self.key);
        let tells = lead.texts.iter().any(|text| text.as_bytes().starts_with(&self.key));
        let case = self.lines.entry(&place, Case::default);
        case.failed = Some(tells);
        (case.first, case.last) = (slots.ts, slots.ts);
        take(&mut self.pairs, &mut case.values, &self.cases.fields, slots, &message);
    }
}

/// Takes the values of an entry.
fn take(
    pairs: &mut Pairs,
    values: &mut Values,
    fields: &[(String, Slot)],
    slots: &Slots<'_>,
    message: &[u8],
) {
    for (name, slot) in fields {
        let value = slots.get(*slot);
        if !matches!(value, Value::Nested(_))
            && let Some(value) = value.key()
        {
            pairs.give(values, name.as_bytes(), &value);
        }
    }
    mask::pairs(message, &mut |name, value| {
        if std::str::from_utf8(name).is_ok_and(is_comparable) {
            pairs.give(values, name, value);
        }
    });
}

impl Case {
    fn known_to(&mut self, known: &Known) {
        match self.groups.binary_search_by_key(&known.group, |known| known.group) {
            Ok(at) => self.groups[at].merge(known),
            Err(at) => self.groups.insert(at, *known),
        }
    }

    fn says(&mut self, kind: u32, at: Option<Timestamp>) {
        match self.kinds.binary_search_by_key(&kind, |(kind, _)| *kind) {
            Ok(known) => {
                let first = &mut self.kinds[known].1;
                *first = [*first, at].into_iter().flatten().min();
            }
            Err(place) => self.kinds.insert(place, (kind, at)),
        }
    }

    /// Adds what another thread knows of the request; its values are numbers of the same pairs.
    fn merge(&mut self, other: &Case, pairs: &Pairs) {
        self.ending.merge(&other.ending);
        self.first = [self.first, other.first].into_iter().flatten().min();
        self.last = self.last.max(other.last);
        pairs.join(&mut self.values, &other.values);
        other.groups.iter().for_each(|known| self.known_to(known));
        other.kinds.iter().for_each(|(kind, at)| self.says(*kind, *at));
    }
}

impl Joined<'_> {
    /// What the requests that failed in a window of time have in common, up to three of them, and which logs know of
    /// the requests of that time.
    pub fn conclude(self, window: Option<(Timestamp, Timestamp)>) -> Concluded {
        let known = |table: Table<Case>| -> Vec<Named> {
            table.into_sorted().into_iter().filter(|(_, case)| case.failed.is_some()).collect()
        };
        let mut cases = known(judged(self.table, self.cases.wants.judge()));
        let lines = cases.is_empty();
        let mut one_in = self.cases.one_in * (self.share / self.cases.share);
        if lines {
            cases = known(self.lines);
            one_in = self.cases.lead.as_ref().map_or(1, |lead| lead.share);
        }
        // Who tells whole seconds told the end of the window as much too early.
        let until = |to: Timestamp| Timestamp(to.0.saturating_add(NANOS));
        let inside = |case: &Case| {
            window.is_none_or(|(from, to)| {
                case.last >= Some(from) && case.first.is_some_and(|first| first <= until(to))
            })
        };
        let failed: Vec<&Named> =
            cases.iter().filter(|(_, case)| case.failed == Some(true) && inside(case)).collect();
        let others: Vec<&Named> = cases.iter().filter(|(_, case)| case.failed == Some(false)).collect();
        let mut reach = Reach::default();
        let mut contrast = Contrast::default();
        for (_, case) in cases.iter().filter(|(_, case)| inside(case)) {
            reach.add(case.failed == Some(true), &case.groups);
            contrast.add(case.failed == Some(true), &case.kinds);
        }
        let (over_represented, alike) = lift::compare(&self.pairs, &values(&failed), &values(&others));
        contrast.sibling = over_represented.first().is_some_and(Common::stands_out);
        let affected = Affected {
            of: if lines { "entries" } else { "requests" },
            failed: failed.len() as u64,
            succeeded: others.len() as u64,
            one_in,
            over_represented,
            alike,
        };
        let examples = examples(
            &failed,
            &others.into_iter().filter(|(_, case)| inside(case)).collect::<Vec<_>>(),
            window,
        );
        if lines {
            return Concluded { affected, ..Concluded::default() };
        }
        Concluded { affected, examples, reach, contrast }
    }
}

/// How the requests ended, by the one rule of success.
fn judged(mut table: Table<Case>, judge: &Judge) -> Table<Case> {
    let told = Told::of(table.rows().map(|(_, case)| &case.ending)).is_usual();
    for case in table.states_mut().filter(|case| case.ending.counts(judge.rule())) {
        case.failed = match case.ending.outcome(judge.rule(), told) {
            Outcome::Failed => Some(true),
            Outcome::Success => Some(false),
            Outcome::Unknown => None,
        };
    }
    table
}

/// Where an entry stands, as a key.
fn place(entry: &Entry<'_, '_>) -> [u8; 12] {
    let at = entry.location;
    let mut place = [0; 12];
    for (bytes, number) in place.chunks_exact_mut(4).zip([at.file, at.chunk, at.line]) {
        bytes.copy_from_slice(&number.to_be_bytes());
    }
    place
}

fn values<'c>(cases: &[&'c Named]) -> Vec<&'c Values> {
    cases.iter().map(|(_, case)| &case.values).collect()
}

/// The first that failed, the slowest, and one from the middle; where none failed, the slowest of all.
fn examples(failed: &[&Named], others: &[&Named], window: Option<(Timestamp, Timestamp)>) -> Vec<Example> {
    let length = |case: &Case| case.last.zip(case.first).map_or(0, |(last, first)| last - first);
    let slowest = |cases: &[&Named]| {
        let order =
            |(one, a): &&&Named, (other, b): &&&Named| length(a).cmp(&length(b)).then_with(|| other.cmp(one));
        cases.iter().max_by(order).copied().cloned()
    };
    let mut by_time: Vec<&Named> = failed.to_vec();
    by_time.sort_by(|(one, a), (other, b)| a.last.cmp(&b.last).then_with(|| one.cmp(other)));
    let mut chosen: Vec<(String, Option<Named>)> = Vec::new();
    if failed.is_empty() {
        if window.is_some() {
            chosen.push(("the slowest while it lasted".to_owned(), slowest(others)));
        }
    } else {
        chosen.push(("the first that failed".to_owned(), by_time.first().copied().cloned()));
        chosen.push(("the slowest that failed".to_owned(), slowest(failed)));
        chosen.push((
            "one that failed in the middle".to_owned(),
            by_time.get(by_time.len() / 2).copied().cloned(),
        ));
    }
    let mut examples: Vec<Example> = Vec::new();
    for (why, case) in chosen {
        let Some((id, case)) = case else { continue };
        let id = if case.entry.is_some() { String::new() } else { String::from_utf8_lossy(&id).into_owned() };
        if examples.iter().all(|known| (&known.id, known.entry) != (&id, case.entry)) {
            examples.push(Example { id, entry: case.entry, why, at: case.first });
        }
    }
    examples
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_failed_have_in_common_is_found() {
        let gateways = ["stripe", "paypal", "toss"];
        let mut pairs = Pairs::default();
        let mut case = |i: usize| {
            let gateway = gateways[i % 3];
            let at = Timestamp::new(1_700_000_000 + i as i64, 0);
            let failed = Some(gateway == "paypal" && i.is_multiple_of(2));
            let mut case = Case { failed, first: at, last: at, ..Case::default() };
            let order = i.to_string();
            for (name, value) in
                [("gateway", gateway), ("tier", ["a", "b"][i / 7 % 2]), ("order", order.as_str())]
            {
                pairs.give(&mut case.values, name.as_bytes(), value.as_bytes());
            }
            (format!("id-{i}").into_bytes(), case)
        };
        let cases: Vec<Named> = (0..600).map(&mut case).collect();
        let (failed, others): (Vec<_>, Vec<_>) =
            cases.iter().partition(|(_, case)| case.failed == Some(true));
        let (common, alike) = lift::compare(&pairs, &values(&failed), &values(&others));
        assert_eq!(
            common.iter().map(|c| (c.field.as_str(), c.value.as_str(), c.support)).collect::<Vec<_>>(),
            [("gateway", "paypal", 100)]
        );
        assert_eq!(alike, ["tier"]);
        assert_eq!(examples(&failed, &others, None).len(), 3);
    }
}
