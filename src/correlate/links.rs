//! The ids that speak of one request: an entry that carries two of them, such as a trace and an order, links them.
//!
//! A tenant or a job is in the entries of all requests and would glue them together. Such hubs are told by their
//! names where they are usual, and else by what they do: they are linked with far more ids than one request has.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use super::story::has_word;
use crate::fold::{Damaged, Loaded, Saved, Travel};
use crate::format::log::ids::{is_id_name, is_shared_name, looks_like_id, trace_in};
use crate::format::log::{json, names};
use crate::model::{Needs, Role, Text, Value};
use crate::scan::{self, Gather, Inputs, ScanOptions, Selection};

/// An id that belongs to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    /// The field that holds it; empty if it stands in text.
    pub field: String,
    /// The id.
    pub id: String,
    /// The id that it was found beside; none for the one that was asked for.
    pub by: Option<String>,
}

/// The ids of a request, and those that were left alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// The one that was asked for, and what is linked with it, the nearest first.
    pub ids: Vec<Linked>,
    /// Ids that are linked with so many others that they are of no one request.
    pub hubs: Vec<Linked>,
}

/// How many steps from the id that was asked for links are followed.
const STEPS: usize = 4;

/// How many ids a request has at most.
const MOST_IDS: usize = 48;

/// An id that is linked with more ids of one kind than this is a hub.
const MOST_OF_A_KIND: usize = 16;

/// How many ids of a kind are kept of one id's entries; more make no difference.
const KEPT: usize = 4 * MOST_OF_A_KIND;

/// Of so many requests an id that has to do with most of them is a hub.
const FEW_REQUESTS: u64 = 4;

/// How deep ids are looked for in nested objects.
const MAX_NESTING: usize = 3;

/// What was found beside an id: by the field's name in its normal form, the name as written and the ids.
type Beside = BTreeMap<String, (String, BTreeSet<String>)>;

/// What is linked with the id, in all logs. `requests` is how many there are.
pub fn links(inputs: &Inputs, by: &str, id: &str, requests: u64, options: &ScanOptions) -> Links {
    let mut links = Links::default();
    let mut seen: BTreeSet<String> = BTreeSet::from([id.to_owned()]);
    let mut frontier = vec![Linked { field: String::new(), id: id.to_owned(), by: None }];
    for step in 0..=STEPS {
        if frontier.is_empty() {
            break;
        }
        let found = beside(inputs, by, &frontier, options);
        let mut next = Vec::new();
        for (linked, beside) in frontier.into_iter().zip(found) {
            let asked_for = linked.by.is_none();
            if is_hub(&linked.field, &beside, requests) {
                // What was asked for is shown, though nothing is linked by it.
                if asked_for {
                    links.ids.push(linked.clone());
                }
                links.hubs.push(linked);
                continue;
            }
            let from = linked.id.clone();
            links.ids.push(linked);
            for (field, ids) in beside.into_values() {
                for id in ids {
                    if step < STEPS && seen.len() < MOST_IDS && seen.insert(id.clone()) {
                        next.push(Linked { field: field.clone(), id, by: Some(from.clone()) });
                    }
                }
            }
        }
        frontier = next;
    }
    links
}

/// Is an id with these ids beside it of many requests?
fn is_hub(field: &str, beside: &Beside, requests: u64) -> bool {
    let most = beside.values().map(|(_, ids)| ids.len()).max().unwrap_or(0);
    let of_request =
        names::roles_of(field).iter().any(|(role, ..)| matches!(role, Role::RequestId | Role::TraceId));
    let of_most = requests >= FEW_REQUESTS && most >= 3 && most as u64 * 2 > requests;
    most > MOST_OF_A_KIND || (of_most && !of_request && !field.is_empty())
}

/// For each of these ids, the ids in entries that carry it.
fn beside(inputs: &Inputs, by: &str, known: &[Linked], options: &ScanOptions) -> Vec<Beside> {
    let mut needs = Needs::none();
    let by = needs.name(by);
    for role in [Role::Message, Role::RequestId, Role::TraceId] {
        needs.role(role);
    }
    let mut selection = Selection::everything(needs.clone());
    if known.iter().all(|linked| is_plain(&linked.id)) {
        selection.only_with_bytes(known.iter().map(|linked| linked.id.as_bytes().into()).collect());
    }
    let (all, _) = scan::gather(
        &inputs.logs,
        &needs,
        options,
        || AllBeside(vec![Beside::new(); known.len()]),
        |AllBeside(all), chunk| {
            let _ = chunk.selected(&selection, |entry| {
                if !known.iter().any(|linked| memchr::memmem::find(entry.raw, linked.id.as_bytes()).is_some())
                    && chunk.reader.is_as_written()
                {
                    return ControlFlow::Continue(());
                }
                let slots = entry.slots;
                let said = slots.role(Role::Message).key().unwrap_or_default();
                let mut ids = Ids::default();
                // Ids of spans are names within a trace, not of one.
                let of_span = slots.span.map(|span| [span.id.key(), span.parent.key()]);
                chunk.reader.fields(entry.raw, &mut |name, value| {
                    if !of_span.as_ref().is_some_and(|ids| value.is_some() && ids.contains(&value.key())) {
                        ids.field(name, value, 0);
                    }
                });
                for (name, role) in [("request_id", Role::RequestId), ("trace_id", Role::TraceId)] {
                    ids.add(name, slots.role(role));
                }
                ids.text(&said);
                let own = slots.get(by).text().unwrap_or_default();
                for (linked, beside) in known.iter().zip(all.iter_mut()) {
                    if *own == linked.id || ids.mention(linked) || is_in_text(&said, &linked.id) {
                        ids.put_beside(linked, beside);
                    }
                }
                ControlFlow::Continue(())
            });
        },
    );
    all.0
}

/// What was found beside each of some ids.
struct AllBeside(Vec<Beside>);

impl Travel for AllBeside {
    fn save(self, to: &mut Saved) {
        to.put(&self.0);
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        let known = self.0.len();
        self.0 = from.take()?;
        if self.0.len() == known { Ok(()) } else { Err(Damaged) }
    }
}

impl Gather for AllBeside {
    fn join(&mut self, other: Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            for (kind, (field, ids)) in theirs {
                for id in ids {
                    put(mine, &kind, &field, &id);
                }
            }
        }
    }
}

/// Adds an id to what was found beside another. Of several spellings of a name, and of too many ids, those that come
/// first in the order of their bytes stay, whoever found them first.
fn put(beside: &mut Beside, kind: &str, field: &str, id: &str) {
    let (name, ids) = beside.entry(kind.to_owned()).or_insert_with(|| (field.to_owned(), BTreeSet::new()));
    if field < name.as_str() {
        field.clone_into(name);
    }
    if !ids.contains(id) {
        ids.insert(id.to_owned());
        if ids.len() > KEPT {
            ids.pop_last();
        }
    }
}

/// The ids of one entry: name in its normal form, name, id.
#[derive(Default)]
struct Ids {
    found: Vec<(String, String, String)>,
    /// Values of fields that are of many requests by their names.
    shared: Vec<String>,
}

impl Ids {
    fn field(&mut self, name: &str, value: Value<'_>, depth: usize) {
        if let Value::Nested(raw) = value {
            if depth < MAX_NESTING {
                // Damage inside: what was read of it counts.
                let _ = json::each_field(raw, |key: Text<'_>, value| {
                    self.field(&format!("{name}.{}", key.text()), value, depth + 1);
                });
            }
            return;
        }
        if is_id_name(name) {
            self.add(name, value);
        } else if let Some(text) = value.text().filter(|_| is_shared_name(name)) {
            self.shared.push(text.into_owned());
        }
    }

    fn add(&mut self, name: &str, value: Value<'_>) {
        let Some(text) = value.text() else { return };
        let id = trace_in(&text).unwrap_or(&text);
        let usual = id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.:-/=+".contains(&b));
        if (4..=128).contains(&id.len()) && usual && id.bytes().any(|b| b.is_ascii_digit() && b != b'0') {
            let known = self.found.iter().any(|(_, _, known)| known == id);
            if !known {
                self.found.push((names::normal(name), name.to_owned(), id.to_owned()));
            }
        }
    }

    /// The tokens of a text that look like ids.
    fn text(&mut self, text: &[u8]) {
        let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        for token in text.split(|b| !part(b)).filter(|token| looks_like_id(token)) {
            let Ok(token) = std::str::from_utf8(token) else { continue };
            let id = trace_in(token).unwrap_or(token);
            if !self.shared.iter().any(|shared| shared == id) {
                self.add("", Value::plain(id.as_bytes()));
            }
        }
    }

    /// Does a field hold this id? A mere number has to be in a field of the same name.
    fn mention(&self, linked: &Linked) -> bool {
        let kind = names::normal(&linked.field);
        let number = linked.id.bytes().all(|b| b.is_ascii_digit());
        self.found.iter().any(|(of, _, id)| *id == linked.id && (!number || kind.is_empty() || *of == kind))
    }

    fn put_beside(&self, linked: &Linked, beside: &mut Beside) {
        for (kind, field, id) in self.found.iter().filter(|(.., id)| *id != linked.id) {
            put(beside, kind, field, id);
        }
    }
}

/// Can the id be searched for in bytes: is it never written with an escape?
fn is_plain(id: &str) -> bool {
    id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_ .:-".contains(&b))
}

/// Does an id that is no mere number stand in this text?
fn is_in_text(text: &[u8], id: &str) -> bool {
    looks_like_id(id.as_bytes()) && has_word(text, id.as_bytes())
}

/// Does the entry of a story that is linked belong to it?
pub(super) fn belongs(raw: &[u8], own: Option<&[u8]>, id: &Linked) -> bool {
    own == Some(id.id.as_bytes())
        || (has_word(raw, id.id.as_bytes())
            && (!id.id.bytes().all(|b| b.is_ascii_digit()) || is_named(raw, id)))
}

/// Does the field's name stand before a number that is its value?
fn is_named(raw: &[u8], id: &Linked) -> bool {
    let last = id.field.rsplit('.').next().unwrap_or_default();
    let name = names::normal(last);
    !name.is_empty()
        && memchr::memmem::find_iter(raw, id.id.as_bytes()).any(|at| {
            let before = &raw[at.saturating_sub(name.len() + 24)..at];
            names::normal(&String::from_utf8_lossy(before)).contains(&name)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn it_does_not_matter_who_found_an_id_first(
            found in proptest::collection::vec((0..3_u8, 0..200_u16), 0..400),
            turn in 0..400_usize,
        ) {
            let beside = |found: &[(u8, u16)]| {
                let mut beside = Beside::new();
                for (field, id) in found {
                    put(&mut beside, "orderid", ["orderId", "order_id", "OrderID"][usize::from(*field)], &id.to_string());
                }
                beside
            };
            let mut turned = found.clone();
            turned.rotate_left(turn % found.len().max(1));
            proptest::prop_assert_eq!(beside(&found), beside(&turned));
        }
    }

    #[test]
    fn what_most_requests_have_to_do_with_is_a_hub() {
        let beside = |count: usize| {
            let ids = (0..count).map(|n| format!("r{n}")).collect();
            Beside::from([("requestid".to_owned(), ("request_id".to_owned(), ids))])
        };
        for (field, count, requests, expected) in [
            ("order_id", 1, 100, false),
            ("order_id", 3, 100, false),
            ("job_id", 8, 10, true),
            ("batch_id", 40, 1000, true),
            ("trace_id", 5, 5, false),
            ("order_id", 2, 2, false),
        ] {
            assert_eq!(is_hub(field, &beside(count), requests), expected, "{field} {count} {requests}");
        }
    }
}
