//! Entries that are spans of traces. The names of a file's fields tell that they are, and what each says, whatever the
//! notation: OTLP, Jaeger, Zipkin, exporters that write to a console, tables.

use std::borrow::Cow;
use std::collections::HashMap;

use super::ids;
use super::names::normal;
use crate::model::{
    Needs, Role, SPAN_NAMES, Slot, Slots, Span, SpanKind, SpanStatus, Timestamp, Unit, Value,
};

/// The fields of a file's spans by what they say, the most telling first.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SpanFields {
    trace: Vec<String>,
    id: Vec<String>,
    parent: Vec<String>,
    start: Vec<String>,
    end: Vec<String>,
    duration: Vec<String>,
    operation: Vec<String>,
    service: Vec<String>,
    kind: Vec<String>,
    status: Vec<(String, Tells)>,
    code: Vec<String>,
    peer: Vec<String>,
}

/// How a field says how a span ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
enum Tells {
    /// As OTLP's codes (0 unset, 1 ok, 2 error), as HTTP's, or in words.
    Code,
    /// It is there, and not false, if the span failed.
    Failure,
    /// It is true if the span did not fail.
    Success,
}

// Names in normal form (see `normal`), outside of what `CONTAINERS` has.
const TRACE: &[&str] =
    &["traceid", "trace.id", "context.traceid", "spancontext.traceid", "dd.traceid", "trace"];
const ID: &[&str] = &["spanid", "span.id", "context.spanid", "spancontext.spanid", "transaction.id"];
/// Zipkin's and others' name of a span's id, which elsewhere may be of anything.
const BARE_ID: &str = "id";
const PARENT: &[&str] = &[
    "parentspanid",
    "parentid",
    "parent.id",
    "parent.spanid",
    "parentspancontext.spanid",
    "parentspan",
    "parent",
    "pid",
    "parentspancontext",
];
const START: &[&str] = &[
    "starttimeunixnano",
    "starttime",
    "starttimestamp",
    "start",
    "startedat",
    "begintime",
    "begin",
    "starttimeunix",
    "starttimenano",
    "starttimems",
    "starttimeus",
    "starttimens",
    "startns",
    "startus",
    "startms",
];
/// Names of any entry's time: that of a span, too, where it names its parent and how long it took.
const TIME: &[&str] =
    &["timestamp.us", "timestamp", "time", "ts", "timestampmillis", "datetime", "timestampms", "timestampus"];
const END: &[&str] = &[
    "endtimeunixnano",
    "endtime",
    "endtimestamp",
    "end",
    "endedat",
    "finishtime",
    "finish",
    "endtimeunix",
    "endtimenano",
    "endtimems",
    "endtimeus",
    "endtimens",
    "endns",
    "endus",
    "endms",
];
const DURATION: &[&str] = &[
    "duration",
    "durationnano",
    "span.duration",
    "transaction.duration",
    "elapsedtime",
    "elapsed",
    "dur",
    "latency",
    "timetaken",
];
const OPERATION: &[&str] = &[
    "operationname",
    "spanname",
    "span.name",
    "transaction.name",
    "operation",
    "endpointname",
    "resource",
    "name",
    "methodname",
    "endpoint",
    "url",
];
const SERVICE: &[&str] = &[
    "service.name",
    "servicename",
    "localendpoint.servicename",
    "process.servicename",
    "servicecode",
    "service",
    "applicationname",
    "application",
    "app",
    "cmdbid",
    "dsname",
];
const KIND: &[&str] = &["spankind", "span.kind", "kind", "spantype", "type"];
const STATUS: &[(&str, Tells)] = &[
    ("status.code", Tells::Code),
    ("status.statuscode", Tells::Code),
    ("otel.statuscode", Tells::Code),
    ("status", Tells::Code),
    ("statuscode", Tells::Code),
    ("event.outcome", Tells::Code),
    ("resultcode", Tells::Code),
    ("error", Tells::Failure),
    ("iserror", Tells::Failure),
    ("fault", Tells::Failure),
    ("success", Tells::Success),
];
const CODE: &[&str] =
    &["http.response.statuscode", "http.statuscode", "httpstatuscode", "httpstatus", "http.response.status"];
const PEER: &[&str] = &[
    "peer.service",
    "remoteendpoint.servicename",
    "server.address",
    "net.peer.name",
    "peer.hostname",
    "out.host",
    "messaging.destination.name",
    "messaging.destination",
    "span.destination.service.resource",
    "db.namespace",
    "db.name",
    "db.system",
    "db.system.name",
    "peer.address",
    "network.peer.address",
    "net.sock.peer.addr",
    "remoteendpoint.ipv4",
    "http.host",
    "url.full",
    "http.url",
    "peer",
];

/// Objects in which exporters put what a program says of a span.
const CONTAINERS: [&str; 9] =
    ["attributes.", "tags.", "tag.", "resource.", "process.", "source.", "meta.", "fields.", "data."];

/// What exporters write for the parent of a root.
const NO_PARENT: [&[u8]; 7] = [b"", b"0", b"-1", b"root", b"null", b"None", b"0000000000000000"];

impl SpanFields {
    /// The fields of spans in a file whose fields have these names; `None` if its entries are no spans: those have a trace,
    /// an id, a start, and an end or a duration.
    pub fn of(keys: &[String]) -> Option<SpanFields> {
        let normals: Vec<String> = keys.iter().map(|key| normal(key)).collect();
        // Most files have no traces: then nothing else is looked for.
        if !normals
            .iter()
            .any(|normal| TRACE.contains(&within_container(normal)) || TRACE.contains(&&**normal))
        {
            return None;
        }
        let (mut whole, mut inner) = (HashMap::new(), HashMap::new());
        for (at, normal) in normals.iter().enumerate() {
            whole.entry(&**normal).or_insert(at);
            inner.entry(within_container(normal)).or_insert(at);
        }
        let find = |wanted: &str| whole.get(wanted).or_else(|| inner.get(wanted)).map(|at| keys[*at].clone());
        let all = |wanted: &[&str]| -> Vec<String> { wanted.iter().filter_map(|name| find(name)).collect() };
        let (trace, parent, end) = (all(TRACE), all(PARENT), all(END));
        let duration: Vec<String> = keys.iter().filter(|key| is_duration(key)).cloned().collect();
        let mut id = all(ID);
        // A root has no parent.
        let is_told = find("span.kind").is_some() || find("localendpoint.servicename").is_some();
        if id.is_empty() && (!parent.is_empty() || is_told) {
            id.extend(find(BARE_ID));
        }
        let mut start = all(START);
        // A logger's entry has a time, may take a while, and belongs to a trace; it has no parent.
        let says = |name: &str| find(name).is_some();
        if start.is_empty() && !parent.is_empty() && !says("message") && !says("msg") {
            start = all(TIME);
        }
        if trace.is_empty() || id.is_empty() || start.is_empty() || (end.is_empty() && duration.is_empty()) {
            return None;
        }
        let status = STATUS.iter().filter_map(|(name, tells)| find(name).map(|key| (key, *tells))).collect();
        Some(SpanFields {
            operation: all(OPERATION).into_iter().filter(|key| !parent.contains(key)).collect(),
            service: all(SERVICE),
            kind: all(KIND),
            status,
            code: all(CODE),
            peer: all(PEER),
            trace,
            id,
            parent,
            start,
            end,
            duration,
        })
    }

    /// The column that has the starts, among these names.
    pub(super) fn start(&self) -> Option<&str> {
        self.start.first().map(String::as_str)
    }

    /// The fields that say what not every span says.
    pub fn others<'k>(&self, keys: &'k [String]) -> Vec<&'k str> {
        let plain = [
            &self.trace,
            &self.id,
            &self.parent,
            &self.start,
            &self.end,
            &self.duration,
            &self.operation,
            &self.service,
            &self.kind,
            &self.code,
            &self.peer,
        ];
        let is_known = |key: &&String| {
            plain.iter().any(|names| names.contains(key)) || self.status.iter().any(|(name, _)| name == *key)
        };
        keys.iter().filter(|key| !is_known(key)).map(String::as_str).collect()
    }

    /// The fields that play the roles of any entry. A request is a trace, unless it has a name of its own.
    pub(super) fn roles(&self, keys: &[String]) -> Vec<(Role, Vec<String>)> {
        let is_request = |key: &&String| {
            let roles = super::names::roles_of(key);
            roles.iter().any(|(role, ..)| *role == Role::RequestId)
                && !roles.iter().any(|(role, ..)| *role == Role::TraceId)
                && !self.trace.contains(key)
        };
        let requests = keys.iter().filter(is_request).chain(&self.trace).cloned().collect();
        vec![
            (Role::Ts, self.start.clone()),
            (Role::Message, self.operation.clone()),
            (Role::Service, self.service.clone()),
            (Role::Duration, self.duration.clone()),
            (Role::Status, self.code.clone()),
            (Role::TraceId, self.trace.clone()),
            (Role::SpanId, self.id.clone()),
            (Role::RequestId, requests),
        ]
    }
}

/// Is this the name of how long something took?
fn is_duration(key: &str) -> bool {
    let stem = Unit::of_name(key).map_or(key, |(_, stem)| stem);
    let (stem, whole) = (normal(stem), normal(key));
    DURATION.iter().any(|name| stem == *name || whole == *name || within_container(&whole) == *name)
}

/// A name without what exporters put around it.
fn within_container(normal: &str) -> &str {
    let mut rest = normal;
    while let Some(inside) = CONTAINERS.iter().find_map(|container| rest.strip_prefix(container)) {
        rest = inside;
    }
    rest
}

/// Where the spans of a file say what they say.
#[derive(Clone, Debug)]
pub(super) struct SpanSlots {
    parent: Vec<Slot>,
    end: Vec<Slot>,
    kind: Vec<Slot>,
    status: Vec<(Slot, Tells)>,
    /// Whom they speak with; is it told by a URL?
    peer: Vec<(Slot, bool)>,
    /// Does no name tell the unit of durations?
    bare: bool,
    /// Does the file say how spans ended?
    tells: bool,
    /// What was asked for under a name that spans have everywhere, with its index among these.
    asked: Vec<(usize, Slot)>,
}

impl SpanSlots {
    /// Asks for what `fields` say.
    pub(super) fn new(fields: &SpanFields, needs: &mut Needs) -> Self {
        let asked = SPAN_NAMES.iter().enumerate();
        let asked = asked.filter(|(_, name)| needs.fields().iter().any(|field| field == *name));
        let asked = asked.map(|(at, name)| (at, name.to_string())).collect::<Vec<_>>();
        for role in [
            Role::TraceId,
            Role::SpanId,
            Role::Service,
            Role::Message,
            Role::Duration,
            Role::Status,
            Role::Level,
        ] {
            needs.role(role);
        }
        let mut slots = |names: &[String]| names.iter().map(|name| needs.field(name)).collect::<Vec<_>>();
        let (parent, end, kind) = (slots(&fields.parent), slots(&fields.end), slots(&fields.kind));
        let peers = slots(&fields.peer);
        let urls = fields.peer.iter().map(|name| normal(name).contains("url"));
        let peer = peers.into_iter().zip(urls).collect();
        let bare = fields.duration.iter().all(|name| Unit::of_name(name).is_none());
        let status = fields.status.iter().map(|(name, tells)| (needs.field(name), *tells)).collect();
        let asked = asked.into_iter().map(|(at, name)| (at, needs.field(&name))).collect();
        let tells = !fields.status.is_empty() || !fields.code.is_empty();
        SpanSlots { parent, end, kind, status, peer, bare, tells, asked }
    }

    /// Makes a span of the entry in `slots`, if it is one.
    pub(super) fn settle<'a>(&self, slots: &mut Slots<'a>, instant: impl Fn(Value<'a>) -> Option<Timestamp>) {
        let trace = plain_id(slots.role(Role::TraceId), slots);
        let id = plain_id(slots.role(Role::SpanId), slots);
        let end = self.end.iter().find_map(|slot| instant(slots.get(*slot)));
        if !trace.is_some() || !id.is_some() || (end.is_none() && slots.duration.is_none()) {
            return;
        }
        let parent = self.parent.iter().map(|slot| slots.get(*slot)).find(Value::is_some).unwrap_or_default();
        let parent = plain_id(parent, slots);
        let is_root = parent.key().is_none_or(|key| NO_PARENT.contains(&&*key)) || parent.key() == id.key();
        let kind = self.kind.iter().find_map(|slot| kind_of(slots.get(*slot)));
        let peer = if kind.is_some_and(SpanKind::serves) { Value::Absent } else { self.peer(slots) };
        let span = Span {
            id,
            parent: if is_root { Value::Absent } else { parent },
            kind,
            status: self.status(slots),
            tells: self.tells,
            peer,
        };
        if slots.role(Role::RequestId) == slots.role(Role::TraceId) {
            slots.set(Role::RequestId.slot(), trace);
        }
        slots.set(Role::TraceId.slot(), trace);
        slots.set(Role::SpanId.slot(), id);
        slots.duration = self.millis(slots, end);
        self.say_how_it_ended(slots, span.status);
        slots.span = Some(span);
        self.answer(slots, span);
    }

    /// How long it took: from its start to its end, else as it says.
    fn millis(&self, slots: &Slots<'_>, end: Option<Timestamp>) -> Option<f64> {
        if let (Some(start), Some(end)) = (slots.ts, end) {
            return Some((end - start).max(0) as f64 / 1e6);
        }
        let said = slots.role(Role::Duration);
        match (said.number(), unit_of_epoch(slots.role(Role::Ts))) {
            (Some(number), Some(unit)) if self.bare => Some(unit.to_millis(number)),
            _ => slots.duration,
        }
    }

    /// The status and the level that the end of a span means where it has none.
    fn say_how_it_ended(&self, slots: &mut Slots<'_>, status: SpanStatus) {
        let code = slots.role(Role::Status).number();
        if code.is_none() {
            let told = self.status.iter().map(|(slot, _)| slots.get(*slot));
            let http = told
                .into_iter()
                .find(|value| value.number().is_some_and(|code| (100.0..600.0).contains(&code)));
            match (http, status) {
                (Some(code), _) => slots.set(Role::Status.slot(), code),
                (None, SpanStatus::Unset) => slots.set(Role::Status.slot(), Value::Absent),
                (None, status) => slots.set(Role::Status.slot(), Value::plain(status.name().as_bytes())),
            }
        } else if status == SpanStatus::Error && code.is_some_and(|code| code < 400.0) {
            slots.set(Role::Status.slot(), Value::plain(status.name().as_bytes()));
        }
        if status == SpanStatus::Error && slots.level.is_none() {
            slots.level = Some(crate::model::Level::Error);
        }
    }

    fn status(&self, slots: &Slots<'_>) -> SpanStatus {
        let told = self.status.iter().filter_map(|(slot, tells)| status_of(slots.get(*slot), *tells));
        let told = told.max().unwrap_or_default();
        let code = slots.role(Role::Status).number();
        if code.is_some_and(|code| code >= 500.0) { SpanStatus::Error } else { told }
    }

    fn peer<'a>(&self, slots: &Slots<'a>) -> Value<'a> {
        let told = self.peer.iter().map(|(slot, is_url)| {
            let value = slots.get(*slot);
            match value {
                Value::Text(text) if *is_url => host_of(text.raw).map_or(Value::Absent, Value::plain),
                value => value,
            }
        });
        let is_name = |value: &Value<'_>| value.key().is_some_and(|key| !key.is_empty());
        told.into_iter().find(is_name).unwrap_or_default()
    }

    /// Puts what was asked for under the names that spans have everywhere.
    fn answer<'a>(&self, slots: &mut Slots<'a>, span: Span<'a>) {
        for (at, slot) in &self.asked {
            let value = match at {
                0 => slots.role(Role::TraceId),
                1 => span.id,
                2 => span.parent,
                3 => slots.role(Role::Service),
                4 => slots.role(Role::Message),
                5 => span.kind.map_or(Value::Absent, |kind| Value::plain(kind.name().as_bytes())),
                6 => {
                    let said = slots.duration.map(|millis| millis.to_string().into_bytes());
                    said.and_then(|said| slots.keep(said)).map_or(Value::Absent, Value::Number)
                }
                7 => Value::plain(span.status.name().as_bytes()),
                _ => span.peer,
            };
            slots.set(*slot, value);
        }
    }
}

/// The kind in the notations of OTLP (numbers, `SPAN_KIND_SERVER`), Jaeger, Zipkin, OpenTelemetry's exporters
/// (`SpanKind.SERVER`) and SkyWalking (`Entry`, `Exit`, `Local`).
fn kind_of(value: Value<'_>) -> Option<SpanKind> {
    if let Some(number) = value.number() {
        return SpanKind::ALL.get((number as usize).checked_sub(1)?).copied();
    }
    let word = value.text()?.to_ascii_lowercase();
    let named = SpanKind::ALL.into_iter().find(|kind| word.ends_with(kind.name()));
    named.or(match word.as_str() {
        "entry" => Some(SpanKind::Server),
        "exit" => Some(SpanKind::Client),
        "local" => Some(SpanKind::Internal),
        _ => None,
    })
}

/// What a field says of how its span ended.
fn status_of(value: Value<'_>, tells: Tells) -> Option<SpanStatus> {
    let truth = |value: Value<'_>| match value {
        Value::Absent | Value::Null => None,
        Value::Bool(truth) => Some(truth),
        value => {
            let text = value.text()?.to_ascii_lowercase();
            Some(!matches!(&*text, "" | "false" | "0" | "no" | "unset"))
        }
    };
    match tells {
        Tells::Failure => truth(value)?.then_some(SpanStatus::Error),
        Tells::Success => Some(if truth(value)? { SpanStatus::Ok } else { SpanStatus::Error }),
        Tells::Code => match value.number() {
            Some(number) if number >= 500.0 || number == 2.0 => Some(SpanStatus::Error),
            Some(number) if number >= 100.0 || number == 1.0 => Some(SpanStatus::Ok),
            Some(_) => None,
            None => {
                let word = value.text()?.to_ascii_lowercase();
                let has = |words: &[&str]| words.iter().any(|part| word.contains(part));
                if has(&["error", "fail", "fault"]) {
                    Some(SpanStatus::Error)
                } else {
                    has(&["ok", "success"]).then_some(SpanStatus::Ok)
                }
            }
        },
    }
}

/// The unit of a time that is a number, by how many digits it has: 10 are seconds of this century.
fn unit_of_epoch(value: Value<'_>) -> Option<Unit> {
    let number = value.number()?;
    [(1e17, Unit::Nanos), (1e14, Unit::Micros), (1e11, Unit::Millis), (1e8, Unit::Seconds)]
        .into_iter()
        .find(|(least, _)| number >= *least)
        .map(|(_, unit)| unit)
}

/// `https://cart:8080/items`: the host, with its port.
fn host_of(url: &[u8]) -> Option<&[u8]> {
    let from = memchr::memmem::find(url, b"://")? + 3;
    let rest = &url[from..];
    let end = rest.iter().position(|b| matches!(b, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    let rest = &rest[..end];
    let host = rest.iter().rposition(|b| *b == b'@').map_or(rest, |at| &rest[at + 1..]);
    (!host.is_empty()).then_some(host)
}

/// The id as most write it: in small hexadecimal digits, without `0x`.
fn plain_id<'a>(value: Value<'a>, slots: &mut Slots<'a>) -> Value<'a> {
    let Value::Text(text) = value else { return value };
    let raw = text.raw.strip_prefix(b"0x").unwrap_or(text.raw);
    let made = match raw.len() {
        16 if raw.iter().all(u8::is_ascii_hexdigit) && raw.iter().any(u8::is_ascii_uppercase) => {
            Some(Cow::Owned(raw.to_ascii_lowercase()))
        }
        _ => ids::plain_id(raw),
    };
    match made {
        Some(Cow::Owned(made)) => slots.keep(made).map_or(value, Value::plain),
        Some(Cow::Borrowed(id)) => Value::plain(id),
        None if raw.len() < text.raw.len() => Value::plain(raw),
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(names: &[&str]) -> Option<SpanFields> {
        SpanFields::of(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn spans_are_told_by_the_names_of_their_fields() {
        let otlp = [
            "traceId",
            "spanId",
            "parentSpanId",
            "name",
            "kind",
            "startTimeUnixNano",
            "endTimeUnixNano",
            "service.name",
        ];
        let found = fields(&otlp).expect("OTLP");
        assert_eq!(
            (found.operation, found.service, found.start),
            (vec!["name".to_owned()], vec!["service.name".to_owned()], vec!["startTimeUnixNano".to_owned()])
        );
        for names in [
            &["traceID", "spanID", "operationName", "startTime", "duration"][..],
            &["traceId", "id", "parentId", "name", "timestamp", "duration", "localEndpoint.serviceName"],
            &["context.trace_id", "context.span_id", "parent_id", "start_time", "end_time", "name"],
            &["SpanContext.TraceID", "SpanContext.SpanID", "Parent.SpanID", "StartTime", "EndTime", "Name"],
            &["trace.id", "span.id", "parent.id", "timestamp.us", "span.duration.us", "span.name"],
            &["timestamp", "cmdb_id", "parent_span", "span_id", "trace_id", "duration", "operation_name"],
        ] {
            assert!(fields(names).is_some(), "{names:?}");
        }
        for names in [
            &["timestamp", "level", "message", "trace_id", "span_id", "duration_ms"][..],
            &["ts", "msg", "trace_id", "span_id", "parent_id", "duration"],
            &["trace_id", "name", "start", "end"],
            &["id", "start_time", "duration", "trace_id"],
        ] {
            assert_eq!(fields(names), None, "{names:?}");
        }
    }

    #[test]
    fn kinds_and_ends_are_read_in_all_notations() {
        let word = |word: &'static str| Value::plain(word.as_bytes());
        for (value, kind) in [
            (Value::Number(b"2"), Some(SpanKind::Server)),
            (word("SPAN_KIND_CLIENT"), Some(SpanKind::Client)),
            (word("SpanKind.PRODUCER"), Some(SpanKind::Producer)),
            (word("Exit"), Some(SpanKind::Client)),
            (word("internal"), Some(SpanKind::Internal)),
            (Value::Number(b"0"), None),
            (word("rpc"), None),
        ] {
            assert_eq!(kind_of(value), kind, "{value:?}");
        }
        for (value, tells, status) in [
            (Value::Number(b"2"), Tells::Code, Some(SpanStatus::Error)),
            (Value::Number(b"1"), Tells::Code, Some(SpanStatus::Ok)),
            (Value::Number(b"0"), Tells::Code, None),
            (Value::Number(b"503"), Tells::Code, Some(SpanStatus::Error)),
            (word("STATUS_CODE_ERROR"), Tells::Code, Some(SpanStatus::Error)),
            (word("Unset"), Tells::Code, None),
            (Value::Bool(true), Tells::Failure, Some(SpanStatus::Error)),
            (word("false"), Tells::Failure, None),
            (word("connection refused"), Tells::Failure, Some(SpanStatus::Error)),
            (word("False"), Tells::Success, Some(SpanStatus::Error)),
            (Value::Absent, Tells::Success, None),
        ] {
            assert_eq!(status_of(value, tells), status, "{value:?}");
        }
    }

    #[test]
    fn hosts_are_taken_from_urls() {
        assert_eq!(host_of(b"https://me@cart:8080/items?x=1"), Some(&b"cart:8080"[..]));
        assert_eq!(host_of(b"/items"), None);
    }
}
