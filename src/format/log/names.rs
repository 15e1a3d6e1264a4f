//! The names that roles go by, in the vocabularies of the loggers that people use.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::RandomState;

use crate::model::{Role, Unit};

/// Names of each role, the most telling first. Nested ones by dots; a JSON key may also contain the dots.
/// Compared without regard to letter case, `-` and `_`: see [`normal`].
const NAMES: &[(Role, &[&str])] = &[
    (
        Role::Ts,
        &[
            "ts",
            "timestamp",
            "@timestamp",
            "time",
            "@t",
            "datetime",
            "date",
            "eventTime",
            "event_time",
            "timeUnixNano",
            "observedTimeUnixNano",
            "log_time",
            "logged_at",
            "created",
            "created_at",
            "asctime",
            "__REALTIME_TIMESTAMP",
            "_SOURCE_REALTIME_TIMESTAMP",
            "instant",
            "instant.epochSecond",
            "t",
            "requestReceivedTimestamp",
            "StartUTC",
            "start_time",
            "time_local",
            "time_iso8601",
            "t.$date",
            "timeMillis",
            "event_timestamp",
            "started_at",
            "startTime",
            "@fields.timestamp",
            "StartLocal",
            "syslog_timestamp",
            "t.$date.$numberLong",
            "TimeGenerated",
            "ctime",
            "epoch",
            "tm",
            "EdgeStartTimestamp",
            "EdgeEndTimestamp",
            "lastTimestamp",
            "metadata.creationTimestamp",
            "start",
            "log_date",
            "Zeitstempel",
            "Zeit",
            "Datum",
        ],
    ),
    (
        Role::Level,
        &[
            "levelName",
            "level",
            "lvl",
            "severity",
            "severityText",
            "severity_text",
            "log.level",
            "loglevel",
            "log_level",
            "levelname",
            "level_name",
            "@l",
            "PRIORITY",
            "severityNumber",
            "severity_number",
            "s",
            "levelno",
            "syslogseverity-text",
            "syslog_severity",
            "loglevelname",
            "level_value",
            "eventLogLevel",
            "verbosity",
            "@fields.level",
            "severity_level",
            "Schweregrad",
            "Ebene",
            "Stufe",
            "error_severity",
        ],
    ),
    (
        Role::Message,
        &[
            "message",
            "msg",
            "@m",
            "@mt",
            "body",
            "body.stringValue",
            "short_message",
            "event",
            "MESSAGE",
            "log",
            "text",
            "error_message",
            "@message",
            "rest",
            "short_description",
            "full_message",
            "messageText",
            "description",
            "summary",
            "textPayload",
            "_raw",
            "resultDescription",
            "log_message",
            "message_text",
            "content",
            "Meldung",
            "Nachricht",
        ],
    ),
    (
        Role::Logger,
        &[
            "logger",
            "logger_name",
            "loggerName",
            "log.logger",
            "SourceContext",
            "component",
            "module",
            "caller",
            "category",
            "c",
            "target",
            "class",
        ],
    ),
    (
        Role::Service,
        &[
            "service",
            "service.name",
            "service_name",
            "serviceName",
            "app",
            "application",
            "app_name",
            "svc",
            "resource.service.name",
            "SYSLOG_IDENTIFIER",
            "kubernetes.container_name",
            "container_name",
            "program",
            "process",
            "facility_label",
            "resource.labels.container_name",
            "dd.service",
            "serviceContext.service",
            "ServiceName",
            "labels.container",
            "labels.job",
            "stream.app",
            "stream.job",
            "sourcetype",
            "name",
        ],
    ),
    (
        Role::Host,
        &[
            "host",
            "hostname",
            "host.name",
            "_HOSTNAME",
            "node",
            "instance",
            "server",
            "kubernetes.host",
            "pod",
            "kubernetes.pod_name",
            "pod_name",
            "k8s.pod.name",
            "host_name",
            "server_name",
            "computer",
            "Computer",
            "agent.hostname",
            "machine",
            "MachineName",
            "labels.instance",
            "stream.pod",
            "stream.instance",
        ],
    ),
    (
        Role::RequestId,
        &[
            "request_id",
            "req_id",
            "rid",
            "x-request-id",
            "http.request.id",
            "request.id",
            "req.id",
            "requestID",
            "correlation_id",
            "x-correlation-id",
            "corr_id",
            "cid",
            "CorrelationId",
            "trace_id",
            "traceId",
            "trace.id",
            "dd.trace_id",
            "transaction.id",
            "transaction_id_http",
            "RequestId",
            "activity_id",
            "rqid",
            "xid",
            "corr",
            "opid",
            "operation_id",
            "op_id",
            "reqid",
            "traceID",
            "x-trace-id",
            "traceparent",
            "x-b3-traceid",
            "b3",
            "uber-trace-id",
            "x-cloud-trace-context",
            "x-amzn-trace-id",
            "x-amzn-RequestId",
            "awsRequestId",
            "call_id",
            "invocation_id",
            "auditID",
            "@tr",
            "context_id",
            "X-Amz-Cf-Id",
        ],
    ),
    (
        Role::TraceId,
        &[
            "trace_id",
            "trace.id",
            "dd.trace_id",
            "otelTraceID",
            "@tr",
            "traceparent",
            "trace",
            "traceID",
            "x-b3-traceid",
            "x-trace-id",
            "uber-trace-id",
            "b3",
            "x-cloud-trace-context",
        ],
    ),
    (Role::SpanId, &["span_id", "span.id", "dd.span_id", "otelSpanID", "@sp", "span"]),
    (
        Role::User,
        &[
            "user",
            "user_id",
            "user.id",
            "username",
            "user_name",
            "user.name",
            "uid",
            "customer_id",
            "account_id",
            "remote_user",
            "email",
            "subject_id",
            "subject",
            "principal",
            "usr",
            "userIdentity.userName",
            "user.username",
            "client_user",
        ],
    ),
    (
        Role::Duration,
        &[
            "duration",
            "elapsed",
            "elapsed_time",
            "took",
            "latency",
            "request_time",
            "response_time",
            "responseTime",
            "processing_time",
            "time_taken",
            "event.duration",
            "total_time",
            "request_duration",
            "http.duration",
            "runtime",
            "dur",
            "rt",
            "exec_time",
            "execution_time",
            "Elapsed",
            "time_elapsed",
            "durationMillis",
            "request_processing_time",
            "elapsed_ms",
            "handler_time",
            "OriginDuration",
            "x_runtime",
            "service_time",
            "grpc.time",
            "grpc.duration",
            "record.metrics.duration",
        ],
    ),
    (
        Role::Status,
        &[
            "status",
            "status_code",
            "http_status",
            "http.status_code",
            "http.response.status_code",
            "response.status",
            "res.statusCode",
            "response_status",
            "response_code",
            "http_code",
            "resp.status",
            "code",
            "StatusCode",
            "outcome",
            "event.outcome",
            "result",
            "responseStatus.code",
            "DownstreamStatus",
            "httpStatus",
            "OriginStatus",
            "sc-status",
            "EdgeResponseStatus",
            "grpc.code",
            "grpc.status",
        ],
    ),
    (Role::Thread, &["thread", "thread_name", "threadName", "process.thread.name", "tid", "thread_id"]),
];

/// A name without what loggers disagree about: letter case, `-` and `_`. `requestId` and `X-Request-ID` lose
/// their differences; dots stay, they part the names of nested fields.
pub fn normal(name: &str) -> String {
    let name = without_zone(name);
    if name.is_ascii() {
        let kept = name.bytes().filter(|b| !matches!(b, b'_' | b'-'));
        return kept.map(|b| char::from(b.to_ascii_lowercase())).collect();
    }
    name.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// Without the zone that exports of tables write behind the name of a time: `TimeGenerated [UTC]`.
fn without_zone(name: &str) -> &str {
    let end = [" [UTC]", " (UTC)"].iter().find_map(|zone| name.strip_suffix(zone));
    end.unwrap_or(name)
}

/// Roles, each with the rank of a name and the unit that it tells.
pub type Roles = Vec<(Role, u8, Option<Unit>)>;

/// The roles that a field of this name can play, each with the rank of the name (0 is the most telling) and
/// the unit that a number has by it.
pub fn roles_of(name: &str) -> Roles {
    with_roles(name, Roles::clone)
}

/// The same, looked at where they are remembered. `look` must not ask for roles itself.
pub fn with_roles<T>(name: &str, look: impl FnOnce(&Roles) -> T) -> T {
    /// Names that are remembered: files have dozens, and a directory of small files has the same ones in each.
    const MOST: usize = 4096;
    const LONGEST: usize = 128;
    thread_local! {
        static KNOWN: RefCell<HashMap<Box<str>, Roles, RandomState>> = RefCell::default();
    }
    if name.len() > LONGEST {
        return look(&told_by(name));
    }
    KNOWN.with_borrow_mut(|known| {
        if let Some(roles) = known.get(name) {
            return look(roles);
        }
        if known.len() == MOST {
            known.clear();
        }
        look(known.entry(name.into()).or_insert_with(|| told_by(name)))
    })
}

/// The same, looked for in the tables.
fn told_by(name: &str) -> Vec<(Role, u8, Option<Unit>)> {
    let own = roles_of_plain(name);
    if !own.is_empty() {
        return own;
    }
    // What loggers put around the fields that a program adds, and the headers of a request.
    let inside = name.split_once('.').filter(|(first, _)| CONTAINERS.contains(&normal(first).as_str()));
    let header = name.split_once("headers.").map(|(_, header)| header);
    let of_entity = inside.is_some_and(|(_, rest)| OF_ENTITIES.contains(&normal(rest).as_str()));
    let ids = |(role, rank, unit): (Role, u8, Option<Unit>)| {
        (!(of_entity && role == Role::Ts) && header.is_none()
            || matches!(role, Role::RequestId | Role::TraceId))
        .then_some((role, rank.saturating_add(100), unit))
    };
    header
        .or(inside.map(|(_, rest)| rest))
        .map_or(Vec::new(), |rest| roles_of_plain(rest).into_iter().filter_map(ids).collect())
}

/// Objects in which loggers put the fields that a program adds.
const CONTAINERS: [&str; 23] = [
    "@fields",
    "fields",
    "context",
    "ctx",
    "mdc",
    "contextmap",
    "attributes",
    "attr",
    "extra",
    "labels",
    "properties",
    "data",
    "meta",
    "metadata",
    "jsonpayload",
    "record",
    "details",
    "tags",
    "baggage",
    "source",
    "result",
    "stream",
    "kubernetes",
];

/// Do loggers put the fields that a program adds into an object of this name (in normal form)?
pub(super) fn is_container(name: &str) -> bool {
    CONTAINERS.contains(&name)
}

/// Names of times that are the entry's only where they stand beside what it says: nested, they are of something else.
const OF_ENTITIES: [&str; 9] =
    ["created", "createdat", "start", "starttime", "startedat", "date", "startutc", "startlocal", "ctime"];

/// The unit of durations that name none, where the file's other names tell who wrote it: Caddy counts in seconds,
/// Traefik in nanoseconds.
pub fn unit_of_file(names: &[String]) -> Option<Unit> {
    let has = |name: &str| names.iter().any(|known| known == name);
    if has("DownstreamStatus") {
        Some(Unit::Nanos)
    } else if has("request.uri") && has("size") && (has("request.proto") || has("request.remote_ip")) {
        Some(Unit::Seconds)
    } else {
        None
    }
}

/// The roles of every known name in its normal form, with the name's rank.
static KNOWN: LazyLock<HashMap<String, Vec<(Role, u8)>>> = LazyLock::new(|| {
    let mut known: HashMap<String, Vec<(Role, u8)>> = HashMap::new();
    for (role, names) in NAMES {
        for (rank, name) in names.iter().enumerate() {
            let roles = known.entry(normal(name)).or_default();
            // Of spellings that differ in what loggers disagree about the first counts.
            if roles.iter().all(|(of, _)| of != role) {
                roles.push((*role, rank as u8));
            }
        }
    }
    known
});

fn roles_of_plain(name: &str) -> Vec<(Role, u8, Option<Unit>)> {
    let plain = normal(name);
    let known = |name: &str| KNOWN.get(name).map_or(&[][..], Vec::as_slice);
    let mut found = Vec::new();
    for (role, rank) in known(&plain).iter().filter(|(role, _)| *role != Role::Duration) {
        found.push((*role, *rank, None));
    }
    let (unit, stem) =
        Unit::of_name(name).map_or((None, plain.clone()), |(unit, stem)| (Some(unit), normal(stem)));
    let duration =
        |name: &str| known(name).iter().find(|(role, _)| *role == Role::Duration).map(|(_, rank)| *rank);
    if let Some(rank) = duration(&stem).or_else(|| duration(&plain)) {
        found.push((Role::Duration, rank, unit.or(usual_unit(&plain))));
    }
    found
}

/// A name, and the unit that a number has by it.
pub type Spelling = (String, Option<Unit>);

/// How the names of a role are commonly spelled, the most telling first: as listed, in snake case and in camel
/// case, durations also with the usual endings. These are looked for in entries that the survey of a file
/// did not see.
pub fn spellings(role: Role) -> &'static [Spelling] {
    static ALL: LazyLock<Vec<Vec<Spelling>>> =
        LazyLock::new(|| Role::ALL.iter().map(|role| spelled(*role)).collect());
    ALL.get(usize::from(role.slot().0)).map_or(&[], Vec::as_slice)
}

fn spelled(role: Role) -> Vec<Spelling> {
    const ENDINGS: [&str; 9] = ["", "_ms", "_s", "_us", "_ns", "_seconds", "Ms", "_millis", "Millis"];
    let names = NAMES.iter().find(|(of, _)| *of == role).map_or(&[][..], |(_, names)| names);
    let endings = if role == Role::Duration { &ENDINGS[..] } else { &ENDINGS[..1] };
    let mut out: Vec<Spelling> = Vec::new();
    for name in names {
        for ending in endings {
            for stem in [(*name).to_owned(), camel(name)] {
                let spelled = format!("{stem}{ending}");
                if out.iter().all(|(known, _)| *known != spelled) {
                    let unit = Unit::of_name(&spelled).map(|(unit, _)| unit);
                    out.push((spelled, unit.or(usual_unit(&normal(name)))));
                }
            }
        }
    }
    out
}

/// `request_id` as `requestId`.
fn camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut upper = false;
    for c in name.chars() {
        match c {
            '_' | '-' if !out.is_empty() && !out.starts_with('@') => upper = true,
            _ if upper => {
                out.extend(c.to_uppercase());
                upper = false;
            }
            _ => out.push(c),
        }
    }
    out
}

/// Does the name of a duration say its unit, or has a specification settled it?
pub(super) fn has_unit(name: &str) -> bool {
    Unit::of_name(name).is_some() || normal(name) == "event.duration"
}

/// The unit of a duration whose name does not say: nginx and gunicorn count request times in seconds,
/// ECS counts `event.duration` in nanoseconds, everybody else mostly milliseconds.
fn usual_unit(plain: &str) -> Option<Unit> {
    match plain {
        "requesttime" | "upstreamresponsetime" => Some(Unit::Seconds),
        // Apache's %D, which its access log does not name.
        "servicetime" => Some(Unit::Micros),
        "event.duration" => Some(Unit::Nanos),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loggers_disagree_about_case_and_dashes() {
        for name in ["request_id", "requestId", "RequestID", "x-request-id", "X-Request-Id", "reqId", "rid"] {
            assert!(roles_of(name).iter().any(|(role, ..)| *role == Role::RequestId), "{name}");
        }
        assert_eq!(roles_of("durationMs"), [(Role::Duration, 0, Some(Unit::Millis))]);
        // What is remembered is what was told.
        assert_eq!(roles_of("durationMs"), told_by("durationMs"));
        assert_eq!(roles_of("request_time"), [(Role::Duration, 5, Some(Unit::Seconds))]);
        assert_eq!(roles_of("request_time_us")[0].2, Some(Unit::Micros));
        assert!(roles_of("orderId").is_empty());
        assert!(roles_of("query_time_ms").is_empty());
    }
}
