//! Spans of traces: what one says of itself, borrowed from the entry that it stands in.

use super::Value;

/// What a span says beside what other entries say, too: its start is the entry's time, its operation the message, and its
/// trace, service and duration are roles.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Span<'a> {
    /// Its name within its trace.
    pub id: Value<'a>,
    /// The span that it is part of; absent at the root.
    pub parent: Value<'a>,
    /// Whose side of what it sees.
    pub kind: Option<SpanKind>,
    /// How it ended.
    pub status: SpanStatus,
    /// Do spans of its file say how they ended? Then those that do not ended well.
    pub tells: bool,
    /// Whom it speaks with, as far as it says.
    pub peer: Value<'a>,
}

/// Names under which conditions and outputs ask for what spans say, whatever a file calls it and however it writes it.
pub const SPAN_NAMES: [&str; 9] = [
    "span.trace_id",
    "span.span_id",
    "span.parent_id",
    "span.service",
    "span.operation",
    "span.kind",
    "span.duration_ms",
    "span.status",
    "span.peer",
];

/// Whose side of a call a span sees, as [OpenTelemetry](https://opentelemetry.io/docs/specs/otel/trace/api/#spankind)
/// names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum SpanKind {
    /// Work within a service.
    Internal,
    /// Serves a call.
    Server,
    /// Calls, and waits for the answer.
    Client,
    /// Sends a message.
    Producer,
    /// Works on a message.
    Consumer,
}

impl SpanKind {
    /// All of them, in the order of their numbers in OTLP, from 1 on.
    pub const ALL: [SpanKind; 5] =
        [SpanKind::Internal, SpanKind::Server, SpanKind::Client, SpanKind::Producer, SpanKind::Consumer];

    /// The name in output and conditions.
    pub const fn name(self) -> &'static str {
        match self {
            SpanKind::Internal => "internal",
            SpanKind::Server => "server",
            SpanKind::Client => "client",
            SpanKind::Producer => "producer",
            SpanKind::Consumer => "consumer",
        }
    }

    /// Is it the side that a call leaves from?
    pub const fn calls(self) -> bool {
        matches!(self, SpanKind::Client | SpanKind::Producer)
    }

    /// Is it the side that a call arrives at?
    pub const fn serves(self) -> bool {
        matches!(self, SpanKind::Server | SpanKind::Consumer)
    }
}

/// How a span ended, as OpenTelemetry says it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum SpanStatus {
    /// Nobody said so.
    #[default]
    Unset,
    /// Well, by its own word.
    Ok,
    /// In an error.
    Error,
}

impl SpanStatus {
    /// The name in output and conditions.
    pub const fn name(self) -> &'static str {
        match self {
            SpanStatus::Unset => "unset",
            SpanStatus::Ok => "ok",
            SpanStatus::Error => "error",
        }
    }
}
