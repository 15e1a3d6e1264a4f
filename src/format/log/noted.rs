//! What a survey notes of the fields of entries: how often each was seen, what its name says, and what its values tell.

use std::collections::BTreeMap;

use super::behaviour::{Candidates, Named};
use super::contents::Contents;
use super::durations::Durations;
use super::request::Request;
use super::survey::outcome;
use super::{json, names};
use crate::format::time::{self, Numbers, Stamp};
use crate::model::{Role, Text, Unit, Value};

/// How deep names of nested fields are collected.
const MAX_NESTING: usize = 4;

/// How many entries name a request in their message, and how many say how one ended.
#[derive(Default)]
pub(super) struct Spoken {
    pub(super) requests: usize,
    pub(super) answers: usize,
}

impl Spoken {
    /// Takes in what an entry says.
    pub(super) fn message(&mut self, message: &[u8]) {
        let request = Request::of(message);
        self.requests += usize::from(request.path.is_some());
        self.answers += usize::from(request.status.is_some());
    }
}

/// How often each field was seen, and what its name says.
pub(super) type Keys = BTreeMap<String, Key>;

/// A field that was seen.
pub(super) struct Key {
    pub(super) count: usize,
    is_status: bool,
    is_message: bool,
    is_time: bool,
    duration: Option<Counted>,
    named: Named,
}

/// How the numbers of a field with a duration's name are counted.
#[derive(Clone, Copy)]
enum Counted {
    /// In this unit, by the name.
    In(Unit),
    /// Usually in this unit.
    Usually(Option<Unit>),
}

impl Counted {
    fn of(name: &str, roles: &[(Role, u8, Option<Unit>)]) -> Option<Counted> {
        let (_, _, unit) = roles.iter().find(|(role, ..)| *role == Role::Duration)?;
        match unit {
            Some(unit) if names::has_unit(name) => Some(Counted::In(*unit)),
            unit => Some(Counted::Usually(*unit)),
        }
    }
}

/// What is noted of the fields of entries.
pub(super) struct Noted<'s> {
    pub(super) keys: &'s mut Keys,
    pub(super) candidates: &'s mut Candidates,
    pub(super) statuses: &'s mut [usize; 2],
    pub(super) durations: &'s mut Durations,
    pub(super) spoken: Option<&'s mut Spoken>,
    pub(super) contents: Option<&'s mut Contents>,
    pub(super) dates: &'s mut Vec<Numbers>,
}

/// How many dates in numbers are kept to find their order.
pub(super) const MOST_DATES: usize = 500;

/// The date in a field's text, if it is one of numbers, with a time of day or alone.
fn date_in_numbers(text: &[u8]) -> Option<Numbers> {
    let parts = text.iter().take(3).any(|b| matches!(b, b'/' | b'.' | b'-'));
    if !parts || !text.first()?.is_ascii_digit() || text.len() > 40 {
        return None;
    }
    let found = time::read(text).or_else(|| time::read(&[text, b" 00:00:00"].concat()));
    match found {
        Some((Stamp::Numeric { date, .. }, _)) => Some(date),
        _ => None,
    }
}

impl Noted<'_> {
    /// Notes a field, and those nested in it.
    pub(super) fn field(&mut self, name: &str, value: Value<'_>, depth: usize) {
        if !self.keys.contains_key(name) && self.keys.len() < 10_000 {
            let roles = names::roles_of(name);
            let is = |wanted| roles.iter().any(|(role, ..)| *role == wanted);
            let key = Key {
                count: 0,
                is_status: is(Role::Status),
                is_message: is(Role::Message),
                is_time: is(Role::Ts),
                duration: Counted::of(name, &roles),
                named: Named::of(name),
            };
            self.keys.insert(name.to_owned(), key);
        }
        if let Some(key) = self.keys.get_mut(name) {
            key.count += 1;
            self.candidates.field(name, key.named, value);
            if let (true, Some(spoken), Value::Text(text)) = (key.is_message, &mut self.spoken, value) {
                spoken.message(text.raw);
            }
            if let (true, Value::Text(text)) = (key.is_time, value)
                && let Some(date) = date_in_numbers(text.raw)
                && self.dates.len() < MOST_DATES
            {
                self.dates.push(date);
            }
            match key.duration {
                Some(Counted::Usually(unit)) => self.durations.number(name, unit, value),
                Some(Counted::In(unit)) => self.durations.measured(name, unit, value),
                None if key.named == Named::Request && self.durations.any() => self.durations.request(value),
                None => self.durations.span(name, value),
            }
            match value.number().filter(|_| key.is_status) {
                Some(code) if (100.0..600.0).contains(&code) => self.statuses[0] += 1,
                None if key.is_status && outcome(value).is_some() => self.statuses[1] += 1,
                _ => {}
            }
        }
        if let Some(contents) = &mut self.contents {
            contents.value(name, value);
        }
        if let Value::Nested(raw) = value
            && depth < MAX_NESTING
        {
            // An error here means damage inside a nested value; what was read of it counts.
            let _ = json::each_field(raw, |key: Text<'_>, value| {
                self.field(&format!("{name}.{}", key.text()), value, depth + 1);
            });
        }
    }
}
