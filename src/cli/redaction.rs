//! `--redact`: one list of names for everything that a run writes, so that a value has the same name everywhere.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde_json::Value as Json;

use crate::model::{Entry, Location, Needs, Role};
use crate::report::{Redactor, Report};
use crate::scan::{self, Input, ScanOptions, Scanned};

/// The names given in this run; none where nothing is to be redacted.
static NAMES: Mutex<Option<Redactor>> = Mutex::new(None);

/// From now on nothing leaves as it is.
pub(super) fn begin() {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default();
}

fn with<T>(act: impl FnOnce(&mut Redactor) -> T) -> Option<T> {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner).as_mut().map(act)
}

/// Is anything to be redacted?
pub(super) fn is_on() -> bool {
    with(|_| ()).is_some()
}

/// Takes note of an id that may stand in any text.
pub(super) fn learn(id: &str) {
    with(|names| names.learn(id));
}

/// Takes note of the names of the files that are read.
pub(super) fn places<'n>(names: impl Iterator<Item = &'n str>) {
    with(|redactor| names.for_each(|name| redactor.place(name)));
}

/// The value of a field as it may leave.
pub(super) fn field<'t>(name: &str, value: &'t str) -> Cow<'t, str> {
    with(|names| names.field(name, value).into_owned()).map_or(Cow::Borrowed(value), Cow::Owned)
}

/// Takes note of the ids of entries that will be shown: their requests, traces and users, whatever they look like.
pub(super) fn learn_of(shown: &[Location], (logs, scanned): (&[Input], &Scanned), options: &ScanOptions) {
    if !is_on() || shown.is_empty() {
        return;
    }
    // What was recorded as a metric stands in no log.
    let wanted: BTreeSet<Location> =
        shown.iter().copied().filter(|at| (at.file as usize) < logs.len()).collect();
    let mut needs = Needs::none();
    let ids = [Role::RequestId, Role::TraceId, Role::SpanId, Role::User].map(|role| needs.role(role));
    let values = |entry: &Entry<'_, '_>| -> Vec<String> {
        ids.iter().filter_map(|slot| entry.slots.get(*slot).text()).map(Cow::into_owned).collect()
    };
    let found = scan::entries_at((logs, scanned), &wanted, &needs, options, values);
    with(|names| found.iter().flatten().for_each(|value| names.learn_value(value)));
}

/// A text as it may leave.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    with(|names| names.text(text)).unwrap_or(Cow::Borrowed(text))
}

/// Bytes of an entry as they may leave.
pub(super) fn bytes(raw: &[u8]) -> Cow<'_, [u8]> {
    if !is_on() {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(text(&String::from_utf8_lossy(raw)).into_owned().into_bytes())
}

/// A report as it may leave.
pub(super) fn report(report: &Report) -> Cow<'_, Report> {
    let redacted = with(|names| {
        let mut report = report.clone();
        names.report(&mut report);
        report
    });
    redacted.map_or(Cow::Borrowed(report), Cow::Owned)
}

/// A JSON value as it may leave.
pub(super) fn json(value: &mut Json) {
    with(|names| names.json(value));
}

/// Lines of JSON as they may leave.
pub(super) fn json_lines(text: &[u8]) -> Cow<'_, [u8]> {
    if !is_on() {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|b| *b == b'\n') {
        match serde_json::from_slice::<Json>(line) {
            Ok(mut value) => {
                json(&mut value);
                out.extend_from_slice(value.to_string().as_bytes());
                out.push(b'\n');
            }
            Err(_) => out.extend_from_slice(&bytes(line)),
        }
    }
    Cow::Owned(out)
}
