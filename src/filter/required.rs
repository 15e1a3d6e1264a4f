//! Finds byte strings that every matching entry must have in it, so that a chunk can be searched for them first.
//!
//! Sound under three assumptions about the text: a value is a slice of its entry's bytes (escapes aside);
//! ASCII letters, digits, space and `_ . : -` are never written as escapes; keys, `true` and `false` are written as they are. Roles
//! that a file's name can give (`service`, `host`, `logger`) and roles whose values are interpreted (`ts`,
//! `level`, `duration`) require nothing; neither do numbers, because 500 may be written `5e2`.

use regex_syntax::hir::{Hir, HirKind};

use super::expr::{Expr, Literal, Meaning, Name};
use super::parse::is_uuid;
use crate::model::{Role, SPAN_NAMES};

/// Names that lines of plain text give to their parts without writing them. Such lines may stand in any file.
pub const TEXT_PARTS: [&str; 7] =
    ["timestamp", "level", "thread", "logger", "service", "request_id", "message"];

/// Byte strings, at least one of which is in every entry that can match.
type Strings = Vec<Box<[u8]>>;

/// More alternatives than these are no faster to look for than the entries are to read.
const MAX_ALTERNATIVES: usize = 64;

/// What the condition requires; `None` if nothing.
pub(super) fn of_expr(expr: &Expr, keys_in_text: bool) -> Option<Strings> {
    match expr {
        Expr::All(parts) => best(parts.iter().filter_map(|part| of_expr(part, keys_in_text))),
        Expr::Any(parts) => union(parts.iter().map(|part| of_expr(part, keys_in_text))),
        Expr::Not(_) => None,
        Expr::Has(name) => key(name, keys_in_text),
        Expr::Compare(name, relation, literal) => {
            let value = match relation {
                super::expr::Relation::Equal => value(name, literal),
                _ => None,
            };
            with_key(value, name, keys_in_text)
        }
        Expr::In(name, literals) => {
            with_key(union(literals.iter().map(|literal| value(name, literal))), name, keys_in_text)
        }
        Expr::Contains(name, needle) => {
            let value = if in_text(name) { run(needle.text.as_bytes()) } else { None };
            with_key(value, name, keys_in_text)
        }
        Expr::Matches(name, pattern, matches) => {
            let value = if *matches && in_text(name) { pattern.literals.clone() } else { None };
            with_key(value, name, keys_in_text)
        }
    }
}

/// What a regular expression requires of the text it matches in.
pub(super) fn of_regex(hir: &Hir) -> Option<Strings> {
    match hir.kind() {
        HirKind::Literal(literal) => run(&literal.0),
        HirKind::Capture(capture) => of_regex(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => of_regex(&repetition.sub),
        HirKind::Concat(parts) => best(parts.iter().filter_map(of_regex)),
        HirKind::Alternation(parts) => union(parts.iter().map(of_regex)),
        _ => None,
    }
}

/// Is the value of this name a slice of the entry's own text?
fn in_text(name: &Name) -> bool {
    !is_of_span(name)
        && !matches!(
            name.role,
            Some(Role::Ts | Role::Level | Role::Duration | Role::Service | Role::Host | Role::Logger)
        )
}

/// Is it what spans say, whatever their files call it?
fn is_of_span(name: &Name) -> bool {
    SPAN_NAMES.contains(&name.path.as_str())
}

/// What equality with a literal requires.
fn value(name: &Name, literal: &Literal) -> Option<Strings> {
    match literal.meaning {
        // A UUID may stand in capitals.
        Meaning::Text
            if matches!(name.role, Some(Role::RequestId | Role::TraceId)) && is_uuid(&literal.text) =>
        {
            let capitals = literal.text.to_ascii_uppercase();
            Some(vec![literal.text.as_bytes().into(), capitals.as_bytes().into()])
        }
        Meaning::Text | Meaning::Bool(_) if in_text(name) => run(literal.text.as_bytes()),
        _ => None,
    }
}

/// The key of a field that has to be there. The last component stands in the text whether the path is
/// written nested or flat; an index into a list does not.
fn key(name: &Name, keys_in_text: bool) -> Option<Strings> {
    if !keys_in_text || name.role.is_some() || is_of_span(name) {
        return None;
    }
    let last = name.path.rsplit('.').next().unwrap_or(&name.path);
    let unwritten = last.bytes().all(|b| b.is_ascii_digit()) || TEXT_PARTS.contains(&last);
    if unwritten { None } else { run(last.as_bytes()) }
}

/// The value if it says enough, else the key.
fn with_key(value: Option<Strings>, name: &Name, keys_in_text: bool) -> Option<Strings> {
    const TELLING: usize = 3;
    match (value, key(name, keys_in_text)) {
        (Some(value), Some(key)) if shortest(&value) < TELLING && shortest(&key) > shortest(&value) => {
            Some(key)
        }
        (Some(value), _) => Some(value),
        (None, key) => key,
    }
}

/// The longest run of bytes that every writer writes as they are.
fn run(text: &[u8]) -> Option<Strings> {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b' ' | b'.' | b':' | b'-');
    let longest = text.split(|b| !plain(b)).rev().max_by_key(|run| run.len())?;
    if longest.is_empty() { None } else { Some(vec![longest.into()]) }
}

fn shortest(strings: &Strings) -> usize {
    strings.iter().map(|string| string.len()).min().unwrap_or(0)
}

/// Of several requirements, the one that fewest entries are likely to meet.
fn best(all: impl Iterator<Item = Strings>) -> Option<Strings> {
    all.fold(None, |best: Option<Strings>, next| match best {
        Some(best)
            if (shortest(&best), usize::MAX - best.len()) >= (shortest(&next), usize::MAX - next.len()) =>
        {
            Some(best)
        }
        _ => Some(next),
    })
}

/// At least one of several requirements; nothing if one of them requires nothing.
fn union(all: impl Iterator<Item = Option<Strings>>) -> Option<Strings> {
    let mut strings = Vec::new();
    for some in all {
        strings.extend(some?);
    }
    strings.sort_unstable();
    strings.dedup();
    if strings.is_empty() || strings.len() > MAX_ALTERNATIVES { None } else { Some(strings) }
}
