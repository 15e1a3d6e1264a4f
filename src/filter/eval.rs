//! Decides whether an entry's values meet a condition.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::expr::{Expr, Literal, Meaning, Name, Relation};
use crate::model::unit::parse_size;
use crate::model::{Role, Slots, Text, Value};

/// Does the condition hold?
pub(super) fn holds(expr: &Expr, slots: &Slots<'_>) -> bool {
    match expr {
        Expr::All(parts) => parts.iter().all(|part| holds(part, slots)),
        Expr::Any(parts) => parts.iter().any(|part| holds(part, slots)),
        Expr::Not(inner) => !holds(inner, slots),
        Expr::Has(name) => has(name, slots),
        Expr::Compare(name, relation, literal) => compares(name, *relation, literal, slots),
        Expr::In(name, literals) => {
            literals.iter().any(|literal| compares(name, Relation::Equal, literal, slots))
        }
        Expr::Contains(name, needle) => {
            text(name, slots).is_some_and(|text| needle.finder.find(&text).is_some())
        }
        Expr::Matches(name, pattern, matches) => {
            text(name, slots).is_some_and(|text| pattern.regex.is_match(&text) == *matches)
        }
    }
}

/// Has the name a value?
pub(super) fn has(name: &Name, slots: &Slots<'_>) -> bool {
    match name.role {
        Some(Role::Ts) => slots.ts.is_some(),
        Some(Role::Level) => slots.level.is_some(),
        Some(Role::Duration) => slots.duration.is_some(),
        _ => slots.get(name.slot).is_some(),
    }
}

/// The value as text, for `contains` and `=~`.
fn text<'a>(name: &Name, slots: &Slots<'a>) -> Option<Cow<'a, [u8]>> {
    let value = slots.get(name.slot);
    match name.role {
        Some(Role::Level) => slots.level.map(|level| Cow::Borrowed(level.name().as_bytes())),
        Some(Role::Ts) => slots.ts.map(|ts| Cow::Owned(ts.to_string().into_bytes())),
        Some(Role::Duration) => {
            value.key().or_else(|| slots.duration.map(|ms| Cow::Owned(format!("{ms}").into_bytes())))
        }
        _ => match value {
            // Words within a list or an object are looked for as they are meant.
            Value::Nested(raw) if memchr::memchr(b'\\', raw).is_some() => {
                Some(Cow::Owned(crate::model::value::unescape(raw)))
            }
            other => other.key(),
        },
    }
}

fn compares(name: &Name, relation: Relation, literal: &Literal, slots: &Slots<'_>) -> bool {
    let ordering = match (name.role, literal.meaning) {
        (Some(Role::Ts), Meaning::Time(at)) => slots.ts.map(|ts| Some(ts.cmp(&at))),
        (Some(Role::Level), Meaning::Level(level)) => slots.level.map(|found| Some(found.cmp(&level))),
        (Some(Role::Duration), Meaning::Duration(ms)) => slots.duration.map(|found| found.partial_cmp(&ms)),
        _ => {
            let value = slots.get(name.slot);
            value.is_some().then(|| order(&value, name, literal))
        }
    };
    // Outside: no value, nothing holds. Inside: a value of another kind is only unequal.
    ordering.is_some_and(|ordering| stands(relation, ordering))
}

/// How a value that is there stands to a literal; `None` if they are of different kinds.
fn order(value: &Value<'_>, name: &Name, literal: &Literal) -> Option<Ordering> {
    match literal.meaning {
        Meaning::Number { value: number, exact } => match (exact, integer(value)) {
            (Some(exact), Some(found)) => Some(found.cmp(&exact)),
            _ => value.number()?.partial_cmp(&number),
        },
        Meaning::Duration(ms) => value.millis(name.unit)?.partial_cmp(&ms),
        Meaning::Size(bytes) => value.number().or_else(|| parse_size(&value.text()?))?.partial_cmp(&bytes),
        Meaning::Bool(truth) => match value {
            Value::Bool(found) => Some(found.cmp(&truth)),
            Value::Text(text) if &*text.bytes() == b"true" => Some(true.cmp(&truth)),
            Value::Text(text) if &*text.bytes() == b"false" => Some(false.cmp(&truth)),
            _ => None,
        },
        Meaning::Text | Meaning::Level(_) | Meaning::Time(_) => {
            let wanted = literal.text.as_bytes();
            Some(value.key()?.as_ref().cmp(wanted))
        }
    }
}

/// The value as an integer, for numbers that a float does not hold.
fn integer(value: &Value<'_>) -> Option<i64> {
    let (Value::Number(raw) | Value::Text(Text { raw, escaped: false })) = value else {
        return None;
    };
    std::str::from_utf8(raw).ok()?.parse().ok()
}

fn stands(relation: Relation, ordering: Option<Ordering>) -> bool {
    let Some(ordering) = ordering else { return relation == Relation::NotEqual };
    match relation {
        Relation::Equal => ordering.is_eq(),
        Relation::NotEqual => ordering.is_ne(),
        Relation::Less => ordering.is_lt(),
        Relation::LessOrEqual => ordering.is_le(),
        Relation::Greater => ordering.is_gt(),
        Relation::GreaterOrEqual => ordering.is_ge(),
    }
}
