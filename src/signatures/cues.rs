//! The words by which English log lines tell of a failure, whatever program wrote them.
//!
//! Rows are knowledge, not code: words, what part such a failure plays, how decisive one occurrence is, where the name
//! of what it is about stands, and a line as it is written. `grammar` reads them.

use super::nature::{Decisive, Nature};

/// Where the name of what a failure is about stands, seen from the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A verb follows, and then the name: `failed to mount /data`.
    Act,
    /// The name follows: `missing option url`.
    After,
    /// The name comes before: `broker-2 is unreachable`.
    Before,
    /// Nowhere near.
    Alone,
    /// Nowhere near; a number behind it is a setting and no failure: `timeout: 30`.
    Setting,
    /// Nowhere near; a number other than zero must follow: `exited with code 3`.
    Code,
}

/// Words that tell of a failure.
#[derive(Clone, Copy, Debug)]
pub struct Cue {
    /// Ways to write it, in lower case. One that ends in `*` is the beginning of a word, one that begins with `*` the
    /// end of one.
    pub words: &'static [&'static str],
    /// What part it plays.
    pub nature: Nature,
    /// How much one occurrence says.
    pub decisive: Decisive,
    /// Where the name stands.
    pub shape: Shape,
    /// A line that says it.
    pub example: &'static str,
}

/// How one way to write a cue has to stand in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stand {
    pub cue: &'static Cue,
    /// Must a word begin here?
    pub begins: bool,
    /// The same at its end.
    pub ends: bool,
    /// Is it English, where a negation may stand a word further off?
    pub english: bool,
}

/// One row.
pub(super) const fn cue(
    words: &'static [&'static str],
    (nature, decisive): (Nature, Decisive),
    shape: Shape,
    example: &'static str,
) -> Cue {
    Cue { words, nature, decisive, shape, example }
}

/// Something ran out, and that is certain.
pub(super) const OUT: (Nature, Decisive) = (Nature::Resource, Decisive::Once);
/// Something is at a limit, or was for a moment.
pub(super) const SHORT: (Nature, Decisive) = (Nature::Resource, Decisive::Repeated);
/// Something is broken, and that is certain.
pub(super) const BROKEN: (Nature, Decisive) = (Nature::Fault, Decisive::Once);
/// Something is wrong, or was for a moment.
pub(super) const WRONG: (Nature, Decisive) = (Nature::Fault, Decisive::Repeated);
/// Something is felt.
pub(super) const FELT: (Nature, Decisive) = (Nature::Symptom, Decisive::Repeated);
/// Something may be felt.
pub(super) const MAYBE: (Nature, Decisive) = (Nature::Symptom, Decisive::Context);

use Shape::{Act, After, Alone, Before, Code, Setting};

/// The words of English, and those that all languages took from it.
pub static CUES: &[Cue] = &[
    // What could not be done.
    cue(&["failed to", "fails to", "failing to", "failure to"], FELT, Act, "failed to mount volume data-3"),
    cue(&["cannot", "can not", "can't"], FELT, Act, "cannot open ledger.db"),
    cue(&["could not", "couldn't"], FELT, Act, "could not bind port 8080"),
    cue(&["unable to", "not able to"], FELT, Act, "unable to load plugin geoip"),
    cue(&["refused to", "refuses to", "refusing to"], FELT, Act, "refusing to start without a license"),
    cue(
        &[
            "did not respond",
            "did not answer",
            "did not start",
            "did not complete",
            "did not finish",
            "didn't respond",
            "didn't answer",
            "didn't start",
            "didn't complete",
            "does not respond",
            "did not become",
            "did not terminate",
        ],
        FELT,
        Before,
        "worker-4 did not respond",
    ),
    cue(&["gave up", "giving up", "give up"], FELT, Alone, "giving up after 5 attempts"),
    cue(
        &["cannot be", "could not be", "can't be", "couldn't be"],
        FELT,
        Before,
        "mailbox-7 could not be delivered",
    ),
    cue(
        &["could not be resolved", "cannot be resolved", "not be resolved"],
        WRONG,
        Before,
        "auth.internal could not be resolved",
    ),
    // What ran out.
    cue(
        &["no space left on device", "no space left", "disk full", "disk is full", "out of disk space"],
        OUT,
        Alone,
        "write: no space left on device",
    ),
    cue(
        &[
            "out of memory",
            "outofmemory*",
            "oomkilled",
            "oom-killed",
            "cannot allocate memory",
            "memory exhausted",
            "oom killer",
            "bad_alloc",
            "enomem",
        ],
        OUT,
        Alone,
        "fork: cannot allocate memory",
    ),
    cue(&["too many open files", "emfile", "enfile"], OUT, Alone, "accept4: too many open files"),
    cue(
        &["quota exceeded", "exceeded quota", "edquot", "over quota", "quota has been exceeded"],
        OUT,
        Alone,
        "disk quota exceeded",
    ),
    cue(&["exhausted", "depleted"], OUT, Before, "pool exhausted"),
    cue(
        &["ran out of", "run out of", "running out of", "has no more"],
        OUT,
        After,
        "ran out of worker slots",
    ),
    cue(&["exceeded", "exceeds", "exceeding"], SHORT, Before, "payload size exceeds the maximum"),
    cue(
        &[
            "limit reached",
            "limit was reached",
            "limit has been reached",
            "maximum reached",
            "reached its limit",
            "limit hit",
        ],
        SHORT,
        Before,
        "session limit reached",
    ),
    cue(&["too many"], SHORT, After, "too many subscriptions"),
    cue(&["too large", "too big", "too far behind"], FELT, Before, "frame too large"),
    cue(&["too long", "too slow", "too old"], MAYBE, Before, "name too long"),
    cue(&["overflow", "overflowed", "overrun"], SHORT, Before, "listen queue overflow"),
    cue(
        &["overloaded", "overload", "over capacity", "at capacity", "saturated"],
        SHORT,
        Before,
        "scheduler is overloaded",
    ),
    cue(&["insufficient", "not enough", "not sufficient"], SHORT, After, "insufficient replicas"),
    cue(
        &["throttl*", "slow down", "slowdown", "rate limited", "rate-limited", "ratelimited"],
        SHORT,
        Alone,
        "request throttled",
    ),
    cue(&["no free", "no available", "no more", "none available"], SHORT, After, "no available workers"),
    cue(
        &[
            "does not have any",
            "do not have any",
            "doesn't have any",
            "don't have any",
            "has no active",
            "has no available",
            "has no healthy",
            "has no ready",
        ],
        WRONG,
        After,
        "route checkout does not have any live backends",
    ),
    cue(&["low on", "running low"], SHORT, After, "the node is low on ephemeral storage"),
    cue(
        &["backpressure", "back-pressure", "starved", "starvation"],
        SHORT,
        Alone,
        "consumer thread starvation detected",
    ),
    cue(&["unassigned", "unschedulable"], SHORT, After, "unassigned partitions: 4"),
    // What broke.
    cue(&["panic", "panicked", "kernel panic"], BROKEN, Alone, "panic: assignment to entry in nil map"),
    cue(&["fatal"], BROKEN, Alone, "fatal: bad object HEAD"),
    cue(
        &["segfault", "segmentation fault", "core dumped", "sigsegv", "sigabrt", "sigbus", "sigill"],
        BROKEN,
        Alone,
        "indexd: segmentation fault",
    ),
    cue(&["corrupt", "corrupted", "corruption"], BROKEN, Before, "segment 12 is corrupt"),
    cue(&["crashed", "crashloopbackoff", "crash loop", "crashing"], BROKEN, Before, "the renderer crashed"),
    cue(&["crash"], WRONG, Alone, "crash of the sync agent"),
    cue(&["aborted", "aborting", "abort"], WRONG, Alone, "transaction aborted"),
    cue(
        &[
            "killed by signal",
            "signal: killed",
            "signal: terminated",
            "terminated by signal",
            "exited on signal",
            "killed process",
            "was killed",
            "got killed",
        ],
        BROKEN,
        Before,
        "builder: signal: killed",
    ),
    cue(&["killed"], WRONG, Before, "job 42 killed"),
    cue(
        &[
            "terminated unexpectedly",
            "exited unexpectedly",
            "died unexpectedly",
            "closed unexpectedly",
            "terminated abnormally",
            "stopped unexpectedly",
            "abnormal termination",
            "died",
        ],
        BROKEN,
        Before,
        "child exited unexpectedly",
    ),
    cue(&["unexpectedly", "unexpected"], FELT, After, "unexpected end of stream"),
    cue(&["terminated"], MAYBE, Before, "session terminated"),
    cue(
        &["unrecoverable", "irrecoverable", "non-recoverable", "catastrophic"],
        BROKEN,
        Alone,
        "unrecoverable state, exiting",
    ),
    cue(&["deadlock", "deadlocked"], BROKEN, Alone, "deadlock between two writers"),
    cue(&["already in use", "already bound", "eaddrinuse"], BROKEN, Before, "bind: address already in use"),
    cue(
        &[
            "split brain",
            "split-brain",
            "no quorum",
            "lost quorum",
            "quorum lost",
            "loss of quorum",
            "not enough quorum",
        ],
        BROKEN,
        Alone,
        "cluster lost quorum",
    ),
    cue(&["uncaught", "unhandled"], BROKEN, After, "unhandled rejection in worker"),
    cue(
        &["traceback (most recent call last)", "traceback"],
        // That something was thrown; the line at its end says what broke.
        FELT,
        Alone,
        "Traceback (most recent call last):",
    ),
    cue(
        &["read-only file system", "read only file system", "read-only filesystem", "erofs"],
        BROKEN,
        Before,
        "/data: read-only file system",
    ),
    cue(&["stuck", "stalled", "hung", "wedged"], WRONG, Before, "rollout stuck"),
    cue(
        &["lockup", "blocked for more than", "detected stall"],
        BROKEN,
        Alone,
        "task jbd2 blocked for more than 120 seconds",
    ),
    // What is refused.
    cue(
        &["connection refused", "econnrefused", "connection was refused", "actively refused"],
        WRONG,
        Before,
        "10.0.0.7:5432: connection refused",
    ),
    cue(&["refused"], WRONG, Before, "registration refused"),
    cue(
        &[
            "denied",
            "access denied",
            "accessdenied",
            "permission denied",
            "permissiondenied",
            "permission_denied",
            "eacces",
            "eperm",
            "operation not permitted",
        ],
        WRONG,
        Alone,
        "open /etc/key: permission denied",
    ),
    cue(
        &["forbidden", "not permitted", "not allowed", "disallowed"],
        WRONG,
        Before,
        "verb delete is forbidden",
    ),
    cue(
        &[
            "unauthorized",
            "unauthenticated",
            "not authorized",
            "not authenticated",
            "authentication required",
        ],
        WRONG,
        Alone,
        "push: unauthorized",
    ),
    cue(&["refusing"], FELT, After, "refusing new connections"),
    cue(&["rejected", "rejecting"], WRONG, Before, "batch 7 rejected"),
    cue(&["revoked", "untrusted", "not trusted"], WRONG, Before, "key 4 was revoked"),
    cue(
        &[
            "unknown authority",
            "self-signed certificate",
            "self signed certificate",
            "bad certificate",
            "certificate has expired",
            "certificate expired",
            "expired certificate",
        ],
        BROKEN,
        Alone,
        "x509: certificate signed by unknown authority",
    ),
    cue(&["expired"], WRONG, Before, "lease expired"),
    cue(&["violation", "violates", "violated"], WRONG, Alone, "unique constraint violated"),
    // What is missing or wrong.
    cue(&["not found", "notfound", "enotfound"], WRONG, Before, "service billing not found"),
    cue(
        &[
            "no such host",
            "unknown host",
            "unknownhost*",
            "name or service not known",
            "nxdomain",
            "servfail",
            "eai_again",
            "host not found",
            "temporary failure in name resolution",
            "server misbehaving",
        ],
        WRONG,
        Before,
        "lookup mail.internal: no such host",
    ),
    cue(&["no such", "enoent"], WRONG, After, "no such table: invoices"),
    cue(&["missing"], WRONG, After, "missing option url"),
    cue(
        &["does not exist", "doesn't exist", "do not exist", "did not exist", "nonexistent", "non-existent"],
        WRONG,
        Before,
        "bucket exports does not exist",
    ),
    cue(&["invalid", "not valid", "isn't valid"], WRONG, After, "invalid option retries"),
    cue(&["illegal", "malformed", "unparsable", "unparseable"], WRONG, After, "malformed header"),
    cue(
        &[
            "unrecognized",
            "unrecognised",
            "not recognized",
            "not a valid",
            "unsupported",
            "not supported",
            "unimplemented",
            "not implemented",
        ],
        WRONG,
        After,
        "unsupported codec",
    ),
    cue(
        &["mismatch", "mismatched", "inconsistent", "inconsistency", "incompatible", "not compatible"],
        WRONG,
        Before,
        "checksum mismatch",
    ),
    cue(&["conflict", "conflicts with", "conflicting", "duplicate key"], FELT, Before, "version conflict"),
    cue(
        &[
            "undefined",
            "is not defined",
            "not defined",
            "is not set",
            "not configured",
            "not initialized",
            "not registered",
        ],
        WRONG,
        Before,
        "variable REGION is not set",
    ),
    cue(
        &["out of range", "out of bounds", "out of sync", "out of order", "out of step", "clock skew"],
        WRONG,
        Before,
        "offset out of range",
    ),
    cue(&["circular dependency", "cyclic dependency"], WRONG, Alone, "circular dependency between modules"),
    cue(
        &["has no", "have no", "does not have", "doesn't have", "don't have"],
        MAYBE,
        After,
        "topic has no partitions",
    ),
    cue(&["unknown"], MAYBE, After, "unknown directive"),
    cue(
        &[
            "unknown error",
            "unknown column",
            "unknown command",
            "unknown database",
            "unknown topic",
            "unknown option",
            "unknown field",
            "unknown property",
            "unknown flag",
            "unknown key",
            "unknown user",
            "unknown method",
            "unknown service",
        ],
        WRONG,
        Alone,
        "unknown column nickname",
    ),
    // What is away.
    cue(&["unavailable", "not available", "no longer available"], WRONG, Before, "ledger is unavailable"),
    cue(
        &["unreachable", "not reachable", "ehostunreach", "enetunreach", "no route to host"],
        WRONG,
        Before,
        "broker-2 is unreachable",
    ),
    cue(
        &[
            "is down",
            "went down",
            "are down",
            "node down",
            "marked down",
            "as down",
            "host down",
            "link down",
            "has gone away",
        ],
        WRONG,
        Before,
        "replica-1 is down",
    ),
    cue(
        &["not responding", "no response", "unresponsive", "no reply", "not answering"],
        WRONG,
        Before,
        "nfs-1 not responding",
    ),
    cue(
        &["not running", "not started", "not ready", "not alive", "not listening"],
        FELT,
        Before,
        "agent is not running",
    ),
    cue(
        &[
            "not connected",
            "disconnected",
            "connection lost",
            "lost connection",
            "connection closed by",
            "connection reset",
            "econnreset",
            "econnaborted",
            "broken pipe",
            "epipe",
            "connection aborted",
            "socket hang up",
            "connection terminated",
            "connection dropped",
            "connection closed unexpectedly",
            "remote end closed connection",
        ],
        FELT,
        Before,
        "peer 3: connection reset",
    ),
    cue(&["lost"], FELT, Alone, "lost partition 4"),
    cue(&["unhealthy", "not healthy", "degraded"], FELT, Before, "shard 3 is unhealthy"),
    cue(
        &[
            "no healthy upstream",
            "no live upstreams",
            "no server available",
            "no servers available",
            "no server is available",
            "no nodes available",
            "no brokers available",
            "no instances available",
            "no endpoints available",
            "no available server",
            "no backend available",
        ],
        BROKEN,
        Alone,
        "no healthy upstream",
    ),
    cue(
        &[
            "no endpoints",
            "no active endpoint*",
            "no healthy",
            "no instances",
            "no backends",
            "no leader",
            "no master",
            "no primary",
            "no members",
            "no targets",
            "no nodes",
            "no brokers",
            "no hosts",
            "no upstream",
            "no valid",
            "no suitable",
            "no matching",
        ],
        WRONG,
        After,
        "no endpoints for service pay",
    ),
    cue(
        &["not discovered", "not elected", "not synchronized", "not reach*"],
        FELT,
        Before,
        "primary not discovered",
    ),
    cue(
        &[
            "election lost",
            "lost leadership",
            "leadership lost",
            "lost leader",
            "lost lease",
            "lost lock",
            "lease lost",
            "failed over",
            "stepping down",
            "step down",
        ],
        FELT,
        Alone,
        "leader election lost",
    ),
    cue(&["dropping", "dropped", "discarding", "discarded", "evicted"], FELT, After, "dropping datagram"),
    cue(
        &["data loss", "lost data", "data lost", "messages lost", "lost messages"],
        BROKEN,
        Alone,
        "possible data loss",
    ),
    // What is felt.
    cue(
        &[
            "timed out",
            "timedout",
            "timed-out",
            "etimedout",
            "deadline exceeded",
            "deadlineexceeded",
            "deadline_exceeded",
            "deadline has elapsed",
            "esockettimedout",
        ],
        FELT,
        Before,
        "handshake timed out",
    ),
    cue(
        &["timeout", "time-out", "timeouts", "*timeoutexception", "*timeouterror"],
        FELT,
        Setting,
        "read timeout on channel 4",
    ),
    cue(
        &[
            "bad gateway",
            "internal server error",
            "gateway timeout",
            "gateway time-out",
            "service unavailable",
            "bad request",
            "http 500",
            "http 502",
            "http 503",
            "http 504",
        ],
        FELT,
        Alone,
        "upstream answered bad gateway",
    ),
    cue(&["error", "errors", "err", "errored"], FELT, Alone, "error reading frame"),
    cue(&["failed", "fail", "fails", "failing", "failure", "failures"], FELT, Before, "snapshot failed"),
    cue(&["exception", "exceptions", "*exception"], FELT, Alone, "com.acme.LedgerException: 7"),
    cue(&["*error", "*failure", "soapfault", "*errors"], FELT, Alone, "LedgerError: bad balance"),
    cue(&["problem", "trouble"], MAYBE, Alone, "a problem with the ledger"),
    cue(
        &[
            "enobufs",
            "enospc",
            "estale",
            "eaddrnotavail",
            "i/o error",
            "input/output error",
            "eio",
            "bad file descriptor",
        ],
        BROKEN,
        Alone,
        "sdb1: input/output error",
    ),
    cue(
        &["syntax error", "parse error", "format error", "exec format error"],
        WRONG,
        Alone,
        "line 3: syntax error",
    ),
    cue(&["blocked", "suspended", "halted"], MAYBE, Before, "publishers are blocked"),
    cue(
        &[
            "non-zero exit",
            "nonzero exit",
            "non-zero status",
            "exit code",
            "exit status",
            "exited with code",
            "exited with status",
            "exited with exit code",
            "exited with",
            "exit with code",
            "exitcode",
            "returned exit code",
            "exit_code",
            "code=exited, status",
        ],
        WRONG,
        Code,
        "hook exited with code 3",
    ),
    cue(
        &[
            "sigkill",
            "signal 9",
            "signal 11",
            "signal 6",
            "exit code 137",
            "exit code 139",
            "exit status 137",
            "exit status 139",
        ],
        BROKEN,
        Alone,
        "worker got signal 11",
    ),
];
