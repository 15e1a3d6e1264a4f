//! The groups of `obs stats`: a state for each combination of values and bucket of time.

use std::cmp::Ordering;

use serde_json::Value as Json;

use super::{Apdex, GroupAnswer, Layout, Part};
use crate::fold::{Bounded, Damaged, Fold, Keyed, Loaded, Quantiles, Saved, Sum, Table, Travel};
use crate::model::{Account, Entry, Role, Slots, Timestamp, Value};
use crate::outcome::{self, Alone, Ending, Outcome, Told};

/// All groups.
#[derive(Debug)]
pub(super) struct Groups<'l> {
    layout: &'l Layout,
    counted: Bounded<Group>,
    /// Those that stay, once all are counted.
    table: Table<Group>,
    /// Requests of several entries by their ids: how they ended.
    requests: Keyed<Ending>,
    /// The key of the entry at hand; kept to be reused.
    key: Vec<u8>,
}

/// The state of one group.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Group {
    pub entries: u64,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    /// Requests of one entry each, by what it says.
    alone: Alone,
    /// The ids of requests that have an entry here; most groups of many have none.
    ids: Option<Box<Keyed<()>>>,
    /// All of them, counted when all is known.
    #[serde(skip)]
    pub counts: Counts,
    pub values: Quantiles,
    pub sum: Sum,
    #[serde(with = "super::apdex::whole")]
    pub apdex: Apdex,
}

impl Group {
    fn ids(&self) -> impl Iterator<Item = u64> {
        self.ids.iter().flat_map(|ids| ids.rows()).map(|(id, ())| id)
    }

    fn add_id(&mut self, id: u64) {
        self.ids.get_or_insert_default().entry(id, || ());
    }

    fn merge(&mut self, other: Group) {
        self.entries += other.entries;
        self.alone.merge(other.alone);
        self.from = [self.from, other.from].into_iter().flatten().min();
        self.to = self.to.max(other.to);
        if let Some(ids) = other.ids {
            self.ids.get_or_insert_default().merge(*ids, |(), ()| {});
        }
        self.values.merge(other.values);
        self.sum.merge(other.sum);
        self.apdex.merge(other.apdex);
    }
}

/// Requests, and how they ended.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub requests: u64,
    pub success: u64,
    /// Of so many nothing says how they ended.
    pub unknown: u64,
}

impl Counts {
    fn add(&mut self, outcome: Outcome, count: u64) {
        self.requests += count;
        match outcome {
            Outcome::Success => self.success += count,
            Outcome::Unknown => self.unknown += count,
            Outcome::Failed => {}
        }
    }

    /// The share of successes among those of which it is known.
    pub(super) fn rate(self) -> Option<f64> {
        let known = self.requests - self.unknown;
        (known > 0).then(|| self.success as f64 / known as f64)
    }
}

/// What makes a group: the values as JSON, and the start of the bucket in nanoseconds.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub values: Vec<Json>,
    pub bucket: Option<i64>,
    /// Is it what is left of all groups beyond the limit?
    pub rest: bool,
}

impl<'l> Groups<'l> {
    pub(super) fn new(layout: &'l Layout) -> Self {
        Groups {
            layout,
            counted: Bounded::new(layout.most, Group::merge),
            table: Table::default(),
            requests: Keyed::default(),
            key: Vec::new(),
        }
    }

    /// Counts the entries that the scan did not look at: they have none of the values.
    pub(super) fn add_unseen(&mut self, account: &Account) {
        let seen: u64 = self.counted.states().map(|group| group.entries).sum();
        let unseen = (account.entries + account.unparsed).saturating_sub(seen);
        if unseen > 0 {
            let key: Vec<u8> = self.layout.by.iter().flat_map(|_| [NULL]).collect();
            self.counted.entry(&key).entries += unseen;
        }
    }

    /// Ends counting: those beyond the limit are one group. Gives the number of its entries, if there is one.
    pub(super) fn settle(&mut self) -> Option<u64> {
        let none = Bounded::new(self.layout.most, Group::merge);
        let (table, rest) = std::mem::replace(&mut self.counted, none).settle();
        self.table = table;
        let rest = rest?;
        let entries = rest.entries;
        let mut key: Vec<u8> = self.layout.by.iter().map(|_| REST).collect();
        if self.layout.every.is_some() {
            key.extend_from_slice(&u64::MAX.to_be_bytes());
        }
        *self.table.entry(&key, Group::default) = rest;
        Some(entries)
    }

    /// The groups by their encoded keys.
    pub(super) fn into_rows(self) -> impl Iterator<Item = (Vec<u8>, Group)> {
        self.table.into_sorted().into_iter()
    }

    /// Are there requests in several groups?
    pub(super) fn overlap(&self) -> bool {
        // Buckets of time part a group, and no request.
        let bucketed = self.layout.every.is_some();
        let valued = |key: &[u8]| self.layout.by.is_empty() || has_values(key, self.layout);
        let mut places: Table<()> = Table::default();
        let mut seen: Keyed<u32> = Keyed::default();
        self.table.rows().filter(|(key, _)| valued(key)).any(|(key, group)| {
            let place = places.number(if bucketed { unbucketed(key) } else { key }, || ());
            group.ids().any(|id| *seen.entry(id, || place) != place)
        })
    }

    /// The groups in order: of time, then of their values, what has no value last.
    pub(super) fn into_answers(mut self, describe: impl Fn(Key, Group) -> GroupAnswer) -> Vec<GroupAnswer> {
        self.requests.expect_many();
        let mut table = self.table;
        keep_valued(&mut table, self.layout);
        if self.layout.every.is_some() {
            let mut sorted: Vec<u32> = (0..table.len() as u32).collect();
            sorted.sort_unstable_by(|a, b| table.key_of(*a).cmp(table.key_of(*b)));
            let same = |a: &u32, b: &u32| unbucketed(table.key_of(*a)) == unbucketed(table.key_of(*b));
            let parts: Vec<Vec<u32>> = sorted.chunk_by(same).map(<[u32]>::to_vec).collect();
            for buckets in &parts {
                count_once(&mut table, buckets);
            }
        }
        count(&mut table, &self.requests, self.layout);
        let mut keys: Vec<(Key, u32)> = (0..table.len() as u32)
            .map(|number| (decode(table.key_of(number), self.layout), number))
            .collect();
        keys.sort_unstable_by(|(a, a_number), (b, b_number)| {
            order((a, table.key_of(*a_number)), (b, table.key_of(*b_number)))
        });
        // One by one, so that the states do not stand beside all that is told of them.
        keys.into_iter().map(|(key, number)| describe(key, std::mem::take(table.state(number)))).collect()
    }
}

impl Fold for Groups<'_> {
    fn add(&mut self, entry: &Entry<'_, '_>) {
        let slots = entry.slots;
        key(self.layout, slots, &mut self.key);
        let judge = &self.layout.judge;
        let group = self.counted.entry(&self.key);
        group.entries += 1;
        if let Some(ts) = slots.ts {
            group.from = Some(group.from.map_or(ts, |from| from.min(ts)));
            group.to = Some(group.to.map_or(ts, |to| to.max(ts)));
        }
        if let Some(value) = self.layout.value.value(slots) {
            group.values.add(value);
            group.sum.add(value);
            if let Some(threshold) = self.layout.apdex {
                let millis = self.layout.value.unit().map_or(value, |unit| unit.to_millis(value));
                group.apdex.add(millis, judge.says_failed(slots), threshold);
            }
        }
        let id = judge.id(slots);
        match id.filter(|_| judge.joins()) {
            Some(id) => {
                let id = outcome::key(&id);
                // All requests are those of the only group.
                if !self.layout.is_whole() {
                    group.add_id(id);
                }
                self.requests.entry(id, Ending::default).merge(&judge.ending(entry));
            }
            None if judge.tells(slots) => group.alone.add(&judge.ending(entry), judge.rule()),
            None => {}
        }
    }

    fn merge(&mut self, other: Self) {
        self.counted.merge(other.counted);
        self.requests.merge(other.requests, |mine, theirs| mine.merge(&theirs));
    }
}

impl Travel for Groups<'_> {
    fn save(self, to: &mut Saved) {
        self.counted.save(to);
        self.requests.save(to);
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        self.counted.load(from)?;
        self.requests = Keyed::load(from)?;
        Ok(())
    }
}

/// What has one of the values is in no group without.
fn keep_valued(groups: &mut Table<Group>, layout: &Layout) {
    if layout.by.is_empty() {
        return;
    }
    let mut valued: Keyed<()> = Keyed::default();
    for (_, group) in groups.rows().filter(|(key, _)| has_values(key, layout)) {
        group.ids().for_each(|id| *valued.entry(id, || ()) = ());
    }
    if valued.is_empty() {
        return;
    }
    for (_, group) in groups.rows_mut().filter(|(key, _)| !has_values(key, layout)) {
        if let Some(ids) = &mut group.ids {
            ids.retain(|id| valued.get(id).is_none());
        }
    }
}

/// Counts the requests of each group, as all of their entries say that they ended.
fn count(groups: &mut Table<Group>, requests: &Keyed<Ending>, layout: &Layout) {
    let rule = layout.judge.rule();
    let alone = groups.rows().map(|(_, group)| group.alone);
    let (said, all) = alone.fold((0, 0), |(said, all), alone| (said + alone.said(), all + alone.len()));
    let told = Told::of(requests.rows().map(|(_, ending)| ending)).and(said, all).is_usual();
    for group in groups.states_mut() {
        let mut counts = Counts::default();
        group.alone.outcomes(told).for_each(|(outcome, count)| counts.add(outcome, count));
        let all = requests.rows().filter(|_| layout.is_whole()).map(|(_, ending)| ending);
        let own = group.ids().filter_map(|id| requests.get(id));
        for ending in all.chain(own).filter(|ending| ending.counts(rule)) {
            counts.add(ending.outcome(rule, told), 1);
        }
        group.counts = counts;
    }
}

/// The key of a group with time buckets without its bucket.
fn unbucketed(key: &[u8]) -> &[u8] {
    &key[..key.len().saturating_sub(8)]
}

/// Leaves a request whose entries lie in several of these buckets in one: where it ended. What has no time comes last
/// in the order of keys, and keeps only what no other has.
fn count_once(groups: &mut Table<Group>, buckets: &[u32]) {
    let undated = buckets.last().is_some_and(|last| groups.key_of(*last).ends_with(&u64::MAX.to_be_bytes()));
    let (dated, undated) = buckets.split_at(buckets.len() - usize::from(undated));
    let mut ended: Keyed<u32> = Keyed::default();
    for at in undated.iter().chain(dated) {
        for id in groups.state(*at).ids.take().iter().flat_map(|ids| ids.rows()).map(|(id, ())| id) {
            *ended.entry(id, || *at) = *at;
        }
    }
    for (id, at) in ended.rows() {
        groups.state(*at).add_id(id);
    }
}

/// Orders groups by their buckets, then by their values: undated entries come after the dated ones.
pub(super) fn order((a, a_key): (&Key, &[u8]), (b, b_key): (&Key, &[u8])) -> Ordering {
    let times = (a.rest, a.bucket.is_none(), a.bucket).cmp(&(b.rest, b.bucket.is_none(), b.bucket));
    times.then_with(|| compare(&a.values, &b.values)).then_with(|| a_key.cmp(b_key))
}

/// Puts the key of an entry's group into `key`.
pub(super) fn key(layout: &Layout, slots: &Slots<'_>, key: &mut Vec<u8>) {
    key.clear();
    for by in &layout.by {
        let slot = match by {
            Part::Value(slot) => slot,
            Part::Endpoint(asked) => {
                encode_with(TEXT, key, |key| asked.push(slots, key));
                continue;
            }
        };
        match slot.role() {
            // Levels group by what they mean, whatever the file calls them.
            Some(Role::Level) if slots.level.is_some() => {
                let name = slots.level.map_or("", |level| level.name());
                encode(Value::plain(name.as_bytes()), key);
            }
            _ => encode(slots.get(*slot), key),
        }
    }
    if let Some(every) = layout.every {
        // Moved into the unsigned range, so that the order of the bytes is the order of time.
        let bucket = slots.ts.map_or(u64::MAX, |ts| (ts.floor(every).0 as u64) ^ (1 << 63));
        key.extend_from_slice(&bucket.to_be_bytes());
    }
}

/// Has the group of a key any of the values?
fn has_values(key: &[u8], layout: &Layout) -> bool {
    let values = if layout.every.is_some() { unbucketed(key) } else { key };
    values.iter().any(|b| *b != NULL)
}

/// Orders groups by their values: numbers by size, text by its bytes, no value last.
fn compare(a: &[Json], b: &[Json]) -> Ordering {
    let one = |(a, b): (&Json, &Json)| match (a, b) {
        (Json::Null, Json::Null) => Ordering::Equal,
        (Json::Null, _) => Ordering::Greater,
        (_, Json::Null) => Ordering::Less,
        (Json::Number(a), Json::Number(b)) => a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal),
        (Json::String(a), Json::String(b)) => a.cmp(b),
        (a, b) => a.to_string().cmp(&b.to_string()),
    };
    a.iter().zip(b).map(one).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// Marks of the kinds of values in an encoded key; in the order in which groups are shown.
const BOOL: u8 = 1;
const NUMBER: u8 = 2;
const TEXT: u8 = 3;
const NESTED: u8 = 4;
/// Groups beyond the limit; shown as this word.
const REST: u8 = 5;
const OTHER: &str = "other";
const NULL: u8 = 0xFF;

/// Appends a value to a key, so that keys are equal exactly when the values are.
fn encode(value: Value<'_>, key: &mut Vec<u8>) {
    let mark = match value {
        Value::Absent | Value::Null => NULL,
        Value::Bool(_) => BOOL,
        Value::Number(_) => NUMBER,
        Value::Text(_) => TEXT,
        Value::Nested(_) => NESTED,
    };
    key.push(mark);
    if let Some(bytes) = value.key() {
        key.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
        key.extend_from_slice(&bytes);
    }
}

/// Appends what `push` says, or that there is nothing.
fn encode_with(mark: u8, key: &mut Vec<u8>, push: impl FnOnce(&mut Vec<u8>) -> bool) {
    let start = key.len();
    key.extend_from_slice(&[mark, 0, 0, 0, 0]);
    if push(key) {
        let length = (key.len() - start - 5) as u32;
        key[start + 1..start + 5].copy_from_slice(&length.to_be_bytes());
    } else {
        key.truncate(start);
        key.push(NULL);
    }
}

/// The values and the bucket of an encoded key.
pub(super) fn decode(key: &[u8], layout: &Layout) -> Key {
    decoded(key, layout.by.len(), layout.every.is_some())
}

fn decoded(key: &[u8], values: usize, bucketed: bool) -> Key {
    let mut rest = key;
    let mut decoded = Key { values: Vec::with_capacity(values), bucket: None, rest: false };
    for _ in 0..values {
        let Some((mark, after)) = rest.split_first() else { break };
        rest = after;
        if *mark == NULL {
            decoded.values.push(Json::Null);
            continue;
        }
        if *mark == REST {
            decoded.values.push(OTHER.into());
            decoded.rest = true;
            continue;
        }
        let (length, after) = rest.split_at(4);
        let length = u32::from_be_bytes(length.try_into().unwrap_or_default()) as usize;
        let (bytes, after) = after.split_at(length);
        rest = after;
        let text = String::from_utf8_lossy(bytes);
        decoded.values.push(match *mark {
            BOOL => Json::Bool(bytes == b"true"),
            NUMBER | NESTED => {
                serde_json::from_str(&text).unwrap_or_else(|_| Json::String(text.into_owned()))
            }
            _ => Json::String(text.into_owned()),
        });
    }
    if bucketed && let Ok(bucket) = <[u8; 8]>::try_from(rest) {
        let bucket = u64::from_be_bytes(bucket);
        decoded.bucket = (bucket != u64::MAX).then_some((bucket ^ (1 << 63)) as i64);
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_back() {
        let mut key = Vec::new();
        for value in [Value::plain(b"stripe"), Value::Number(b"200"), Value::Null, Value::Bool(true)] {
            encode(value, &mut key);
        }
        key.extend_from_slice(&(i64::cast_unsigned(-60_000_000_000) ^ (1 << 63)).to_be_bytes());
        let decoded = decoded(&key, 4, true);
        assert_eq!(decoded.values, [Json::from("stripe"), Json::from(200), Json::Null, Json::Bool(true)]);
        assert_eq!(decoded.bucket, Some(-60_000_000_000));
    }
}
