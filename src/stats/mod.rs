//! How many, how often, how well, how fast: requests counted, rated and measured, in groups and over time.

pub mod apdex;
pub mod budget;
pub mod difference;
pub mod exemplar;
mod group;
pub mod heat;

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value as Json;

pub use apdex::Apdex;

use crate::filter::Filter;
use crate::model::{Needs, Role, Slot, Slots, TimeRange, Timestamp, Unit};
use crate::outcome::asked::Asked;
use crate::outcome::{Judge, SuccessRule};
use crate::scan::{self, Input, Inputs, ScanOptions, Scanned, Selection};
use group::{Groups, Key};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// Names whose values make the groups.
    pub by: Vec<String>,
    /// Nanoseconds of a time bucket, aligned to UTC.
    pub every: Option<i64>,
    /// The name whose values are measured.
    pub value: String,
    /// Was the value asked for? If not, its absence is nothing to speak of.
    pub value_asked: bool,
    /// Percentiles, 0 to 100.
    pub percentiles: Vec<f64>,
    /// The threshold of the Apdex, in milliseconds.
    pub apdex: Option<f64>,
    /// The most groups that are kept.
    pub most: usize,
}

/// The answer.
#[derive(Debug)]
pub struct Answer {
    /// The groups, in the order of their values; with time buckets, of time first.
    pub groups: Vec<GroupAnswer>,
    /// Which rule decided what a success is, in words.
    pub success_rule: String,
    /// Are there requests that count in several groups?
    pub overlaps: bool,
    /// The entries of the groups beyond the limit, if there were so many.
    pub rest: Option<u64>,
    /// What the scan left.
    pub scanned: Scanned,
}

/// One group.
#[derive(Clone, Debug, Serialize)]
pub struct GroupAnswer {
    /// The values that make the group, by name.
    pub by: By,
    /// Is it all groups beyond the limit together?
    #[serde(skip_serializing_if = "is_not")]
    pub rest: bool,
    /// The bucket's start; without buckets the earliest time in the group.
    #[serde(serialize_with = "as_text")]
    pub from: Option<Timestamp>,
    /// The bucket's end; without buckets the latest time in the group.
    #[serde(serialize_with = "as_text")]
    pub to: Option<Timestamp>,
    /// Entries selected.
    pub entries: u64,
    /// Requests among them.
    pub requests: u64,
    /// Requests that succeeded.
    pub success: u64,
    /// Their share of those that are known to have succeeded or failed, 0 to 1; none without such.
    pub success_rate: Option<f64>,
    /// Requests of which nothing says how they ended.
    #[serde(skip_serializing_if = "is_zero")]
    pub unknown: u64,
    /// What was measured.
    pub values: Option<Values>,
    /// How content those were who waited, if that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apdex: Option<Apdex>,
}

/// The values that make a group, with names that all groups share.
#[derive(Clone, Debug, PartialEq)]
pub struct By {
    names: Arc<[String]>,
    values: Box<[Json]>,
}

impl By {
    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.names.iter().zip(&self.values).find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The values, in the order of the names.
    pub fn values(&self) -> impl Iterator<Item = &Json> {
        self.values.iter()
    }

    /// The names with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.names.iter().map(String::as_str).zip(&self.values)
    }
}

impl Serialize for By {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// Measured values of a group.
#[derive(Clone, Debug)]
pub struct Values {
    /// The unit of the numbers, if it is known.
    pub unit: Option<&'static str>,
    /// How many values there are.
    pub count: u64,
    /// The smallest.
    pub min: Option<f64>,
    /// Their mean.
    pub mean: Option<f64>,
    /// The largest.
    pub max: Option<f64>,
    /// The percentiles asked for: which, and its value.
    pub percentiles: Vec<(f64, Option<f64>)>,
    /// Are the percentiles approximate?
    pub approximate: bool,
}

impl Serialize for Values {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("unit", &self.unit)?;
        map.serialize_entry("count", &self.count)?;
        map.serialize_entry("min", &self.min)?;
        map.serialize_entry("mean", &self.mean)?;
        map.serialize_entry("max", &self.max)?;
        for (percentile, value) in &self.percentiles {
            map.serialize_entry(&format!("p{percentile}"), value)?;
        }
        if self.approximate {
            map.serialize_entry("approximate", &true)?;
        }
        map.end()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_not(flag: &bool) -> bool {
    !*flag
}

#[expect(clippy::ref_option, reason = "serde's signature")]
fn as_text<S: serde::Serializer>(ts: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match ts {
        Some(ts) => serializer.collect_str(ts),
        None => serializer.serialize_none(),
    }
}

/// What is measured, and where it is found in an entry.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    slot: Slot,
    unit: Option<Unit>,
}

impl Measure {
    /// Asks for the values of a name. The role of durations is in milliseconds; a field has the unit that its name
    /// says.
    pub fn of(name: &str, needs: &mut Needs) -> Measure {
        let slot = needs.name(name);
        let unit = match slot.role() {
            Some(Role::Duration) => Some(Unit::Millis),
            _ => Unit::of_name(name.rsplit('.').next().unwrap_or(name)).map(|(unit, _)| unit),
        };
        Measure { slot, unit }
    }

    /// The value of an entry.
    pub fn value(&self, slots: &Slots<'_>) -> Option<f64> {
        match self.slot.role() {
            Some(Role::Duration) => slots.duration,
            _ => slots.get(self.slot).number(),
        }
    }

    /// The unit of the values, if it is known.
    pub fn unit(&self) -> Option<Unit> {
        self.unit
    }
}

/// What makes groups.
#[derive(Clone, Debug)]
enum Part {
    /// The value of a role or field.
    Value(Slot),
    /// What was asked for, with the values in it masked: the paths of one endpoint are one group.
    Endpoint(Asked),
}

/// The name that stands for what was asked for, whatever the logs call it.
pub const ENDPOINT: &str = "endpoint";

impl Part {
    fn of(name: &str, logs: &[Input], needs: &mut Needs) -> Part {
        match name {
            ENDPOINT => Part::Endpoint(Asked::new(&scan::field_names(logs), needs)),
            _ => Part::Value(needs.name(name)),
        }
    }

    /// The slot of a plain field.
    fn field(&self) -> Option<Slot> {
        match self {
            Part::Value(slot) => Some(*slot).filter(|slot| slot.role().is_none()),
            Part::Endpoint(_) => None,
        }
    }
}

/// What has to be extracted to answer a question: decided before the scan.
#[derive(Clone, Debug)]
struct Layout {
    by: Vec<Part>,
    every: Option<i64>,
    value: Measure,
    judge: Judge,
    /// The threshold of the Apdex, in milliseconds.
    apdex: Option<f64>,
    /// The most groups that are kept.
    most: usize,
}

impl Layout {
    /// Is there one group of everything?
    fn is_whole(&self) -> bool {
        self.by.is_empty() && self.every.is_none()
    }

    fn new(question: &Question, rule: SuccessRule, logs: &[Input], needs: &mut Needs) -> Layout {
        let by = question.by.iter().map(|name| Part::of(name, logs, needs)).collect();
        let value = Measure::of(&question.value, needs);
        let judge = Judge::new(rule, logs, needs);
        Layout { by, every: question.every, value, judge, apdex: question.apdex, most: question.most }
    }
}

/// Answers a question over the entries of a range of time that pass a filter. `needs` already hold what the
/// filter and the rule want.
pub fn answer(
    inputs: &Inputs,
    question: &Question,
    rule: SuccessRule,
    mut needs: Needs,
    (filter, range): (&Filter, TimeRange),
    options: &ScanOptions,
) -> Answer {
    let layout = Layout::new(question, rule, &inputs.logs, &mut needs);
    let mut selection = Selection::new(needs.clone(), filter, range);
    let skipping = skippable(&layout, question, &selection);
    if skipping {
        let fields: Vec<&str> = layout
            .by
            .iter()
            .filter_map(Part::field)
            .chain([layout.value.slot])
            .filter_map(|slot| field_of(&needs, slot))
            .collect();
        selection.only_with_fields(&fields);
    }
    let (groups, scanned) = scan::fold(&inputs.logs, &selection, options, || Groups::new(&layout));
    let mut groups = groups;
    if skipping {
        groups.add_unseen(&scanned.account());
    }
    let unit = layout.value.unit().map(Unit::symbol);
    let rest = groups.settle();
    let overlaps = groups.overlap();
    let names: Arc<[String]> = question.by.as_slice().into();
    let groups = groups.into_answers(|key, group| describe((question, &names), &layout, unit, key, group));
    Answer { groups, success_rule: layout.judge.rule().describe(&inputs.logs), overlaps, rest, scanned }
}

/// May entries without any of the fields be left unread? They all fall into the group without values, which
/// only has to know how many they are.
fn skippable(layout: &Layout, question: &Question, selection: &Selection) -> bool {
    let raw = |slot: &Slot| slot.role().is_none();
    !layout.by.is_empty()
        && layout.by.iter().all(|by| by.field().is_some())
        && (raw(&layout.value.slot) || !question.value_asked)
        && layout.every.is_none()
        && !layout.judge.may_tell()
        && selection.is_everything()
}

fn field_of(needs: &Needs, slot: Slot) -> Option<&str> {
    needs.fields().get(usize::from(slot.0).checked_sub(Role::ALL.len())?).map(String::as_str)
}

fn describe(
    (question, names): (&Question, &Arc<[String]>),
    layout: &Layout,
    unit: Option<&'static str>,
    key: Key,
    mut group: group::Group,
) -> GroupAnswer {
    let counts = group.counts;
    let (from, to) = match (key.bucket, layout.every) {
        (Some(from), Some(every)) => (Some(Timestamp(from)), Some(Timestamp(from.saturating_add(every)))),
        _ => (group.from, group.to),
    };
    let values = (group.values.count() > 0).then(|| {
        let shares: Vec<f64> = question.percentiles.iter().map(|p| p / 100.0).collect();
        let found = group.values.quantiles(&shares);
        Values {
            unit,
            count: group.values.count(),
            min: group.values.min(),
            mean: group.sum.mean(),
            max: group.values.max(),
            percentiles: question.percentiles.iter().copied().zip(found).collect(),
            approximate: group.values.approximate(),
        }
    });
    GroupAnswer {
        by: By { names: Arc::clone(names), values: key.values.into_boxed_slice() },
        rest: key.rest,
        from,
        to,
        entries: group.entries,
        requests: counts.requests,
        success: counts.success,
        success_rate: counts.rate(),
        unknown: counts.unknown,
        values,
        apdex: layout.apdex.map(|_| group.apdex),
    }
}
