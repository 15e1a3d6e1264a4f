//! Metrics from spans, under the names that collectors give them: OpenTelemetry's span metrics connector, Grafana Tempo's
//! generator, and the service graphs of both.
//!
//! Names and labels are those of
//! <https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/connector/spanmetricsconnector>,
//! <https://grafana.com/docs/tempo/latest/metrics-from-traces/span-metrics/span-metrics-metrics-generator/> and
//! <https://grafana.com/docs/tempo/latest/metrics-from-traces/service_graphs/>, as Prometheus has them. A span counts when
//! it began, which is the time of its entry.

use super::declared::BUCKETS;
use crate::model::{SpanKind, SpanStatus, Timestamp};
use crate::traces::{self, Call, Row, SpanName, Traces, Tree};

/// What a metric says of spans or of the calls between services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OfSpans {
    /// Spans, counted.
    Spans,
    /// How long spans took.
    Durations(Unit),
    /// Calls, counted.
    Calls,
    /// Calls that the caller or the callee ended in an error.
    Failed,
    /// How long calls took, as the callee says.
    Server,
    /// How long calls took, as the caller says.
    Client,
}

/// The unit of durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Seconds,
    Millis,
}

/// A label of such a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OfSpan {
    /// The service; the file's name, where none is named.
    Service,
    /// What is done.
    Operation,
    /// `SPAN_KIND_SERVER` and so on.
    Kind,
    /// `STATUS_CODE_ERROR` and so on.
    Status,
    /// Who calls,
    Client,
    /// who is called,
    Server,
    /// and by what sort of call, where it is none from service to service.
    Connection,
}

/// The labels of spans as the connector calls them.
const CONNECTOR: &[(&str, OfSpan)] = &[
    ("service_name", OfSpan::Service),
    ("span_name", OfSpan::Operation),
    ("span_kind", OfSpan::Kind),
    ("status_code", OfSpan::Status),
];

/// The same as Tempo calls them.
const TEMPO: &[(&str, OfSpan)] = &[
    ("service", OfSpan::Service),
    ("span_name", OfSpan::Operation),
    ("span_kind", OfSpan::Kind),
    ("status_code", OfSpan::Status),
];

/// The labels of service graphs.
const EDGE: &[(&str, OfSpan)] =
    &[("client", OfSpan::Client), ("server", OfSpan::Server), ("connection_type", OfSpan::Connection)];

/// A metric: its name, its labels, what it says.
pub(super) type Known = (&'static str, &'static [(&'static str, OfSpan)], OfSpans);

/// All of them.
pub(super) const KNOWN: [Known; 9] = [
    ("traces_span_metrics_calls_total", CONNECTOR, OfSpans::Spans),
    ("traces_span_metrics_duration_seconds", CONNECTOR, OfSpans::Durations(Unit::Seconds)),
    ("traces_span_metrics_duration_milliseconds", CONNECTOR, OfSpans::Durations(Unit::Millis)),
    ("traces_spanmetrics_calls_total", TEMPO, OfSpans::Spans),
    ("traces_spanmetrics_latency", TEMPO, OfSpans::Durations(Unit::Seconds)),
    ("traces_service_graph_request_total", EDGE, OfSpans::Calls),
    ("traces_service_graph_request_failed_total", EDGE, OfSpans::Failed),
    ("traces_service_graph_request_server_seconds", EDGE, OfSpans::Server),
    ("traces_service_graph_request_client_seconds", EDGE, OfSpans::Client),
];

impl OfSpans {
    /// The bounds of its buckets; none for what is counted.
    pub(super) fn bounds(self) -> &'static [f64] {
        match self {
            OfSpans::Durations(Unit::Millis) => &MILLIS,
            OfSpans::Durations(Unit::Seconds) | OfSpans::Server | OfSpans::Client => &BUCKETS,
            OfSpans::Spans | OfSpans::Calls | OfSpans::Failed => &[],
        }
    }

    /// Is it about what two services do with each other? That only whole traces tell.
    pub(super) fn is_of_calls(self) -> bool {
        !matches!(self, OfSpans::Spans | OfSpans::Durations(_))
    }

    /// What a span that took so long adds.
    pub(super) fn of_span(self, millis: Option<f64>) -> Option<f64> {
        let millis = millis.filter(|millis| *millis >= 0.0);
        match self {
            OfSpans::Spans => Some(1.0),
            OfSpans::Durations(Unit::Millis) => millis,
            OfSpans::Durations(Unit::Seconds) => millis.map(|millis| millis / 1e3),
            _ => None,
        }
    }

    /// What a call adds.
    pub(super) fn of_call(self, call: &Called<'_>) -> Option<f64> {
        match self {
            OfSpans::Calls => Some(1.0),
            OfSpans::Failed => call.failed.then_some(1.0),
            OfSpans::Server => call.server_ms.map(|millis| millis / 1e3),
            OfSpans::Client => call.client_ms.map(|millis| millis / 1e3),
            _ => None,
        }
    }
}

/// The buckets of durations in milliseconds.
const MILLIS: [f64; BUCKETS.len()] = {
    let mut bounds = BUCKETS;
    let mut at = 0;
    while at < bounds.len() {
        bounds[at] *= 1e3;
        at += 1;
    }
    bounds
};

/// A kind in OTLP's words.
pub(super) fn kind(kind: Option<SpanKind>) -> &'static str {
    match kind {
        None => "SPAN_KIND_UNSPECIFIED",
        Some(SpanKind::Internal) => "SPAN_KIND_INTERNAL",
        Some(SpanKind::Server) => "SPAN_KIND_SERVER",
        Some(SpanKind::Client) => "SPAN_KIND_CLIENT",
        Some(SpanKind::Producer) => "SPAN_KIND_PRODUCER",
        Some(SpanKind::Consumer) => "SPAN_KIND_CONSUMER",
    }
}

/// A status in OTLP's words.
pub(super) fn status(status: SpanStatus) -> &'static str {
    match status {
        SpanStatus::Unset => "STATUS_CODE_UNSET",
        SpanStatus::Ok => "STATUS_CODE_OK",
        SpanStatus::Error => "STATUS_CODE_ERROR",
    }
}

/// A call between services.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Called<'t> {
    /// When it began.
    pub at: Timestamp,
    pub client: &'t str,
    pub server: &'t str,
    /// In Tempo's words; empty from service to service.
    pub connection: &'static str,
    pub failed: bool,
    /// How long it took for either side, as far as that wrote a span of it.
    pub client_ms: Option<f64>,
    pub server_ms: Option<f64>,
}

/// Visits the calls between services in these traces, each once.
pub(super) fn each_call<'t>(found: &'t Traces, mut visit: impl FnMut(Called<'t>)) {
    for (_, rows) in &found.traces {
        let name = |at: usize| &found.names[rows[at].name as usize];
        let tree = Tree::of(rows, |at| name(at).kind);
        for call in traces::calls(rows, &tree, name) {
            visit(called(rows, call, &name));
        }
    }
}

fn called<'t>(rows: &[Row], call: Call, name: &dyn Fn(usize) -> &'t SpanName) -> Called<'t> {
    let millis = |at: usize| rows[at].nanos as f64 / 1e6;
    let caller = call.seen.then_some(call.from);
    let is_error = |at: usize| rows[at].status == SpanStatus::Error;
    let from = name(call.from);
    let is_message = from.kind == Some(SpanKind::Producer);
    Called {
        at: Timestamp(rows[caller.or(call.to).unwrap_or(call.from)].start),
        client: &from.service,
        server: call.to.map_or(from.peer.as_str(), |to| name(to).service.as_str()),
        connection: match call.to {
            _ if is_message && call.seen => "messaging_system",
            None => "virtual_node",
            Some(_) => "",
        },
        failed: caller.into_iter().chain(call.to).any(is_error),
        client_ms: caller.map(millis),
        server_ms: call.to.map(millis),
    }
}
