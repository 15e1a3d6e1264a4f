//! Spans of a scan, by trace.

use std::ops::ControlFlow;

use crate::filter::Filter;
use crate::fold::{Damaged, Fold, Loaded, Saved, Table, Travel};
use crate::model::{
    Entry, Location, Needs, Role, Span, SpanKind, SpanStatus, TimeRange, Timestamp, Value, stable_hash,
};
use crate::scan::{self, Gather, Inputs, ScanOptions, Scanned, Selection};

/// A span as numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Row {
    /// A hash of its id within the trace, and of its parent's; 0 at the root.
    pub id: u64,
    /// The same of its parent.
    pub parent: u64,
    /// When it began, in nanoseconds since 1970.
    pub start: i64,
    /// How long it took, in nanoseconds.
    pub nanos: i64,
    /// Its place in [`Traces::names`].
    pub name: u32,
    /// How it ended.
    pub status: SpanStatus,
    /// Where it stands.
    pub location: Location,
}

impl Row {
    /// When it ended.
    pub fn end(&self) -> i64 {
        self.start.saturating_add(self.nanos)
    }
}

/// What spans have in common that do the same.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct SpanName {
    /// The service; a file's name, where none is named.
    pub service: String,
    /// What is done.
    pub operation: String,
    /// Whose side of it is seen.
    pub kind: Option<SpanKind>,
    /// Whom it speaks with, as far as it says.
    pub peer: String,
}

/// All spans of some logs.
#[derive(Clone, Debug, Default)]
pub struct Traces {
    /// What spans do, in order.
    pub names: Vec<SpanName>,
    /// The spans of each trace in the order of their starts; the traces in the order of their ids.
    pub traces: Vec<(Vec<u8>, Vec<Row>)>,
    /// One trace of so many was looked at.
    pub one_in: u64,
}

/// What a scan collects: the spans of one trace in `share`, chosen by a hash of its id.
#[derive(Debug)]
pub struct Collector<'c> {
    inputs: &'c Inputs,
    share: u64,
    names: Table<u32>,
    traces: Table<Vec<Row>>,
}

/// What stands between the parts of a name in the table of names.
const SEPARATOR: u8 = 0;

/// A hash of a span's id, which is never 0; 0 where there is none.
pub fn hash_of_id(id: Value<'_>) -> u64 {
    id.key().map_or(0, |key| stable_hash(key.iter().copied()).max(1))
}

/// Asks for what is looked at of every span.
pub fn wanted(needs: &mut Needs) {
    for role in [Role::Ts, Role::TraceId, Role::Service, Role::Message] {
        needs.role(role);
    }
}

/// How long a span took, in nanoseconds; one of more than some 30 years says nonsense.
fn nanos(millis: Option<f64>) -> Option<i64> {
    millis.filter(|ms| (0.0..1e12).contains(ms)).map(|ms| (ms * 1e6).round() as i64)
}

/// The spans among the selected entries; of one trace in `share`, chosen by a hash of its id.
pub fn collect(
    inputs: &Inputs,
    selected: (Needs, &Filter, TimeRange),
    share: u64,
    options: &ScanOptions,
) -> Traces {
    if has_spans(inputs) { scanned(inputs, selected, share, options).0 } else { Traces::default() }
}

/// All spans among the selected entries, and what the scan left.
pub fn collect_all(
    inputs: &Inputs,
    selected: (Needs, &Filter, TimeRange),
    options: &ScanOptions,
) -> (Traces, Scanned) {
    scanned(inputs, selected, 1, options)
}

fn scanned(
    inputs: &Inputs,
    (mut needs, filter, range): (Needs, &Filter, TimeRange),
    share: u64,
    options: &ScanOptions,
) -> (Traces, Scanned) {
    wanted(&mut needs);
    let selection = Selection::new(needs, filter, range);
    let (collected, scanned) =
        scan::fold(&inputs.logs, &selection, options, || Collector::new(inputs, share));
    (collected.settled(), scanned)
}

/// May any of the logs have spans?
pub fn has_spans(inputs: &Inputs) -> bool {
    inputs.logs.iter().filter_map(scan::Input::profile).any(|profile| profile.spans.is_some())
}

impl Fold for Collector<'_> {
    fn add(&mut self, entry: &Entry<'_, '_>) {
        let slots = entry.slots;
        let (Some(span), Some(ts), Some(nanos)) = (slots.span, slots.ts, nanos(slots.duration)) else {
            return;
        };
        let Some(trace) = slots.role(Role::TraceId).key() else { return };
        if !stable_hash(trace.iter().copied()).is_multiple_of(self.share) {
            return;
        }
        let mut name: Vec<u8> = Vec::with_capacity(64);
        match slots.role(Role::Service).key().filter(|service| !service.is_empty()) {
            Some(service) => name.extend_from_slice(&service),
            None => {
                let file = self.inputs.logs.get(entry.location.file as usize);
                name.extend(file.map_or(&b""[..], |log| log.shown.as_bytes()));
            }
        }
        name.push(SEPARATOR);
        name.extend_from_slice(&slots.role(Role::Message).key().unwrap_or_default());
        name.push(SEPARATOR);
        name.push(span.kind.map_or(0, |kind| kind as u8 + 1));
        name.extend_from_slice(&span.peer.key().unwrap_or_default());
        let name = self.names.number(&name, || 0);
        self.traces.entry(&trace, Vec::new).push(row(&span, ts, nanos, name, entry.location));
    }

    fn merge(&mut self, mut other: Self) {
        let mut names: Vec<u32> = vec![0; other.names.len()];
        for (number, name) in names.iter_mut().enumerate() {
            *name = self.names.number(other.names.key_of(number as u32), || 0);
        }
        for rows in other.traces.states_mut() {
            for row in rows {
                row.name = names[row.name as usize];
            }
        }
        self.traces.merge(other.traces, Vec::extend);
    }
}

impl Travel for Collector<'_> {
    fn save(mut self, to: &mut Saved) {
        let ranks = self.names.ranks();
        for rows in self.traces.states_mut() {
            for row in rows.iter_mut() {
                row.name = ranks[row.name as usize];
            }
            rows.sort_unstable_by_key(|row| (row.location, row.start));
        }
        to.put(&(&self.names, &self.traces));
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        (self.names, self.traces) = from.take()?;
        let known = self.names.len();
        let mut rows = self.traces.rows().flat_map(|(_, rows)| rows);
        if rows.all(|row| (row.name as usize) < known) { Ok(()) } else { Err(Damaged) }
    }
}

fn row(span: &Span<'_>, ts: Timestamp, nanos: i64, name: u32, location: Location) -> Row {
    let (id, parent) = (hash_of_id(span.id), hash_of_id(span.parent));
    Row { id, parent, start: ts.0, nanos, name, status: span.status, location }
}

impl<'c> Collector<'c> {
    /// Nothing yet.
    pub fn new(inputs: &'c Inputs, share: u64) -> Self {
        Collector { inputs, share, names: Table::default(), traces: Table::default() }
    }

    /// The spans with names numbered in their order, not in that of threads.
    pub fn settled(self) -> Traces {
        let read = |number: usize| {
            let key = self.names.key_of(number as u32);
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let mut parts = key.splitn(3, |b| *b == SEPARATOR);
            let (service, operation) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let (kind, peer) = parts.next().and_then(<[u8]>::split_first).unwrap_or((&0, &[]));
            let kind = usize::from(*kind).checked_sub(1).and_then(|at| SpanKind::ALL.get(at).copied());
            SpanName { service: text(service), operation: text(operation), kind, peer: text(peer) }
        };
        let mut names: Vec<(SpanName, usize)> =
            (0..self.names.len()).map(|number| (read(number), number)).collect();
        names.sort();
        let mut renamed = vec![0; names.len()];
        for (new, (_, old)) in names.iter().enumerate() {
            renamed[*old] = new as u32;
        }
        let mut traces = self.traces.into_sorted();
        for (_, rows) in &mut traces {
            for row in rows.iter_mut() {
                row.name = renamed[row.name as usize];
            }
            rows.sort_unstable_by_key(|row| (row.start, row.location));
        }
        Traces { names: names.into_iter().map(|(name, _)| name).collect(), traces, one_in: self.share }
    }
}

/// A span that is to be shown.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Told {
    /// Its numbers.
    pub row: Row,
    /// The names of its trace, of itself and of its parent, as they are written.
    pub trace: String,
    /// Its own name.
    pub id: String,
    /// Its parent's.
    pub parent: Option<String>,
    /// What it does.
    pub name: SpanName,
}

/// What a pass finds of them.
struct AllTold(Vec<Told>);

impl Travel for AllTold {
    fn save(mut self, to: &mut Saved) {
        self.0.sort_by_key(|told| (told.row.location, told.row.start));
        to.put(&self.0);
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        self.0 = from.take()?;
        Ok(())
    }
}

impl Gather for AllTold {
    fn join(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }
}

/// The spans of the trace, or of the request, that goes by this id, in the order of their starts.
pub fn told(inputs: &Inputs, id: &[u8], options: &ScanOptions) -> (Vec<Told>, Option<Scanned>) {
    if !has_spans(inputs) {
        return (Vec::new(), None);
    }
    let mut needs = Needs::none();
    wanted(&mut needs);
    needs.role(Role::RequestId);
    let mut selection = Selection::everything(needs.clone());
    selection.only_with_bytes(vec![id.into(), id.to_ascii_uppercase().into()]);
    let files: Vec<String> = inputs.logs.iter().map(|log| log.shown.clone()).collect();
    let (found, scanned) = scan::gather(
        &inputs.logs,
        &needs,
        options,
        || AllTold(Vec::new()),
        |AllTold(found), chunk| {
            let _ = chunk.selected(&selection, |entry| {
                let slots = entry.slots;
                let (Some(span), Some(ts), Some(nanos)) = (slots.span, slots.ts, nanos(slots.duration))
                else {
                    return ControlFlow::Continue(());
                };
                let own = |role: Role| slots.role(role).key().is_some_and(|key| *key == *id);
                if own(Role::RequestId) || own(Role::TraceId) {
                    let text = |value: Value<'_>| value.text().map(std::borrow::Cow::into_owned);
                    let service = text(slots.role(Role::Service)).filter(|service| !service.is_empty());
                    let file = || files.get(entry.location.file as usize).cloned().unwrap_or_default();
                    found.push(Told {
                        row: row(&span, ts, nanos, 0, entry.location),
                        trace: text(slots.role(Role::TraceId)).unwrap_or_default(),
                        id: text(span.id).unwrap_or_default(),
                        parent: text(span.parent),
                        name: SpanName {
                            service: service.unwrap_or_else(file),
                            operation: text(slots.role(Role::Message)).unwrap_or_default(),
                            kind: span.kind,
                            peer: text(span.peer).unwrap_or_default(),
                        },
                    });
                }
                ControlFlow::Continue(())
            });
        },
    );
    let mut spans = found.0;
    spans.sort_by_key(|told| (told.row.start, told.row.location));
    (spans, Some(scanned))
}
