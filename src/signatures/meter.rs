//! What the name of a recorded metric says about it: what it measures, and which way is worse.

use super::nature::{Nature, Severity};

/// What a metric measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Meter {
    /// The detector under whose name a change is reported.
    pub detector: &'static str,
    /// The words of a name: any of these groups, all of a group's words.
    words: &'static [&'static str],
    /// Names with one of these are something else.
    none: &'static [&'static str],
    /// Which way is worse.
    pub worse: Worse,
    /// What part a change plays,
    pub nature: Nature,
    /// and how bad it is.
    pub severity: Severity,
    /// What is said of it, before the metric's name.
    pub what: &'static str,
}

/// Which way is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worse {
    /// More of it.
    Up,
    /// Less of it.
    Down,
    /// Nothing at all any more.
    Gone,
    /// Any change.
    Either,
}

const fn meter(
    detector: &'static str,
    words: &'static [&'static str],
    worse: Worse,
    (nature, severity): (Nature, Severity),
    what: &'static str,
) -> Meter {
    Meter { detector, words, none: &[], worse, nature, severity, what }
}

const RESOURCE: (Nature, Severity) = (Nature::Resource, Severity::High);
const FAULT: (Nature, Severity) = (Nature::Fault, Severity::High);
const FELT: (Nature, Severity) = (Nature::Symptom, Severity::Medium);
const CLEARLY_FELT: (Nature, Severity) = (Nature::Symptom, Severity::High);

/// What names are known; the first that fits counts. Words joined by `+` must all occur.
static METERS: &[Meter] = &[
    meter(
        "replication",
        &[
            "replication+lag",
            "replica+lag",
            "replica+behind",
            "seconds_behind",
            "standby+lag",
            "replay+lag",
            "wal+lag",
        ],
        Worse::Up,
        FAULT,
        "replication lags",
    ),
    meter(
        "restart",
        &["restarts", "restart_count", "start_time", "uptime"],
        Worse::Either,
        FAULT,
        "restarts",
    ),
    meter(
        "clock",
        &["clock", "ntp", "timex+offset", "time_offset", "chrony"],
        Worse::Either,
        FAULT,
        "clock out of step",
    ),
    meter(
        "gc-pause",
        &["gc+pause", "gc+second", "gc+time", "gc+duration", "garbage", "collection+pause"],
        Worse::Up,
        FAULT,
        "pauses of garbage collection grow",
    ),
    meter(
        "file-descriptors",
        &["open_fds", "fds+open", "file_desc", "descriptors", "filefd", "open_files", "handles"],
        Worse::Up,
        RESOURCE,
        "file descriptors in use grow",
    ),
    meter(
        "network-tables",
        &["conntrack", "ephemeral", "time_wait", "ports+used", "port+in_use"],
        Worse::Up,
        RESOURCE,
        "connection tracking or ports fill up",
    ),
    meter(
        "disk",
        &[
            "filesystem+avail",
            "filesystem+free",
            "disk+free",
            "disk+avail",
            "fs+free",
            "fs+avail",
            "inodes_free",
            "volume+avail",
            "volume+free",
            "files_free",
            "storage+free",
        ],
        Worse::Down,
        RESOURCE,
        "free disk space shrinks",
    ),
    meter(
        "disk",
        &["disk+used", "filesystem+used", "volume+used", "disk+full", "fs+used"],
        Worse::Up,
        RESOURCE,
        "disk space in use grows",
    ),
    meter(
        "disk",
        &["disk+io", "diskio", "io_wait", "iowait", "fsync", "disk+latency", "disk+seconds"],
        Worse::Up,
        FELT,
        "the disk is slow",
    ),
    meter(
        "out-of-memory",
        &[
            "resident",
            "rss",
            "heap",
            "working_set",
            "memory+used",
            "memory+usage",
            "mem_used",
            "mem+bytes",
            "memory+bytes",
            "old_gen",
        ],
        Worse::Up,
        RESOURCE,
        "memory in use grows",
    ),
    meter(
        "out-of-memory",
        &["mem+available", "memavailable", "memory+free", "mem+free"],
        Worse::Down,
        RESOURCE,
        "free memory shrinks",
    ),
    meter("out-of-memory", &["mem", "memory"], Worse::Up, FELT, "memory in use grows"),
    meter("out-of-memory", &["oom", "evict"], Worse::Up, FAULT, "evicted or killed for memory"),
    meter(
        "lock-wait",
        &["lock+wait", "deadlock", "locks+waiting", "blocked+session", "lock+time"],
        Worse::Up,
        FAULT,
        "waiting for locks",
    ),
    meter(
        "cache",
        &["hit+ratio", "hit+rate", "cache+hits"],
        Worse::Down,
        FAULT,
        "the cache is hit less often",
    ),
    meter("cache", &["cache+miss", "miss+ratio"], Worse::Up, FAULT, "the cache is missed more often"),
    meter("circuit-breaker", &["circuit", "breaker"], Worse::Up, FELT, "circuit breaker open"),
    meter("retry", &["retry", "retries", "attempts"], Worse::Up, CLEARLY_FELT, "more retries"),
    meter(
        "rate-limit",
        &["throttl", "ratelimit", "rate_limit", "quota"],
        Worse::Up,
        RESOURCE,
        "throttled or limited",
    ),
    meter("thread-pool-exhaustion", &["rejected", "rejections"], Worse::Up, RESOURCE, "tasks are rejected"),
    meter(
        "thread-pool-exhaustion",
        &["thread", "executor", "worker+busy", "workers+active", "goroutine"],
        Worse::Up,
        FELT,
        "threads or their queue fill up",
    ),
    meter(
        "queue",
        &["queue", "backlog", "lag", "pending", "depth", "unacked", "messages+ready", "outstanding"],
        Worse::Up,
        CLEARLY_FELT,
        "a queue grows",
    ),
    meter(
        "pool-waiting",
        &["connection+wait", "pool+wait", "pool+pending"],
        Worse::Up,
        FELT,
        "waiting for connections",
    ),
    meter(
        "pool-usage",
        &[
            "connection+active",
            "connection+used",
            "pool+active",
            "pool+use",
            "db+connection",
            "sql+connection",
            "checkedout",
            "jdbc",
            "conns+busy",
        ],
        Worse::Up,
        FELT,
        "connections in use grow",
    ),
    meter(
        "sockets",
        &["tcp", "socket", "established", "connections"],
        Worse::Either,
        FELT,
        "connections change",
    ),
    meter("cpu", &["cpu", "load1", "load_average", "utilization"], Worse::Up, FELT, "processors are busy"),
    meter(
        "in-flight",
        &["inflight", "in_flight", "active_requests", "concurrent"],
        Worse::Up,
        FELT,
        "requests pile up",
    ),
    meter(
        "latency",
        &["duration", "latency", "response_time", "resp_time", "elapsed", "_seconds", "_ms", "mrt", "rtt"],
        Worse::Up,
        FELT,
        "answers take longer",
    ),
    meter(
        "errors",
        &[
            "success+rate",
            "success+ratio",
            "success+percent",
            "succeeded+ratio",
            "availability",
            "apdex",
            "sr",
        ],
        Worse::Down,
        CLEARLY_FELT,
        "less succeeds",
    ),
    meter(
        "errors",
        &["error", "fail", "exception", "timeout", "5xx", "rejected", "dropped", "panic", "abort"],
        Worse::Up,
        CLEARLY_FELT,
        "errors are more frequent",
    ),
    meter(
        "volume",
        &[
            "heartbeat",
            "processed",
            "completed",
            "consumed",
            "jobs",
            "messages",
            "requests",
            "calls",
            "handled",
            "queries",
            "operations",
            "events",
            "transactions",
        ],
        Worse::Gone,
        CLEARLY_FELT,
        "nothing comes any more",
    ),
];

/// What is known of no name.
static OTHER: Meter =
    meter("metric-change", &[], Worse::Either, (Nature::Symptom, Severity::Low), "a recorded value changes");

/// The words of a name in lower case: `CPUUsageRate` and `cpu_usage.rate` have the same.
pub fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| letters[at]);
        let after = letters.get(at + 1);
        let begins = letter.is_uppercase()
            && (before.is_some_and(char::is_lowercase)
                || before.is_some_and(char::is_uppercase) && after.is_some_and(|c| c.is_lowercase()));
        if !letter.is_alphanumeric() || begins {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Does a name say that it is a machine's, whoever tells it?
pub fn is_of_node(name: &str) -> bool {
    words(name).first().is_some_and(|word| matches!(word.as_str(), "node" | "host" | "machine"))
}

/// What a metric of levels measures, in whatever spelling its name is. A quantile alone is one of durations, and what
/// succeeds is a share.
pub fn of_gauge(name: &str) -> &'static Meter {
    const QUANTILES: [&str; 12] =
        ["50", "75", "90", "95", "99", "999", "p50", "p75", "p90", "p95", "p99", "p999"];
    let words = words(name);
    let known = of_name(&words.join("_"));
    let last = words.last().map_or("", String::as_str);
    match known.detector {
        "metric-change" if words.iter().any(|word| word == "success") => of_name("success_rate"),
        "metric-change" if QUANTILES.contains(&last) => of_name("latency"),
        _ => known,
    }
}

/// What a metric measures, by its name.
pub fn of_name(name: &str) -> &'static Meter {
    let name = name.to_ascii_lowercase();
    let has = |word: &str| {
        // Short words would be found within others.
        if word.len() > 3 || word.contains('_') {
            name.contains(word)
        } else {
            name.split(['_', '.', ':', '-', '/'])
                .any(|part| part == word || part.strip_suffix('s') == Some(word))
        }
    };
    METERS
        .iter()
        .find(|meter| {
            meter.words.iter().any(|group| group.split('+').all(has))
                && !meter.none.iter().any(|word| name.contains(word))
        })
        .unwrap_or(&OTHER)
}

/// Names of detectors that speak of recorded metrics alone, with what they find.
static RECORDED: &[(&str, &str)] = &[
    ("cache", "a recorded hit ratio falls, or misses rise"),
    ("cpu", "processors are busier than usual"),
    ("down", "what was scraped or probed no longer answers"),
    ("errors", "a recorded counter of errors grows faster than usual"),
    ("in-flight", "more requests under way than usual"),
    ("metric-change", "a recorded value leaves what was usual: context"),
    ("pool-usage", "more connections in use than usual, but not all"),
    ("pool-waiting", "waiting for connections"),
    ("retry", "more retries than usual"),
    ("saturation", "a recorded resource is at the maximum that stands beside it"),
    ("sockets", "more or fewer connections than usual"),
    ("volume", "a recorded counter no longer grows"),
];

/// Names of detectors that speak of recorded metrics alone, with what they find.
pub fn recorded_only() -> &'static [(&'static str, &'static str)] {
    RECORDED
}

/// Is a label's value that of a failure?
pub fn is_failure(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    if value.len() == 3 && value.bytes().all(|b| b.is_ascii_digit()) {
        return value.starts_with('5') || value == "401" || value == "429";
    }
    const WORDS: &[&str] = &[
        "error",
        "fail",
        "timeout",
        "timed",
        "unavailable",
        "deadline",
        "internal",
        "exhausted",
        "refused",
        "reset",
        "unknown",
        "abort",
        "reject",
        "denied",
        "exception",
        "5xx",
        "unauthenticated",
    ];
    value == "0" || WORDS.iter().any(|word| value.contains(word))
}

/// Labels that say how something ended.
pub const OUTCOMES: &[&str] = &[
    "code",
    "status",
    "status_code",
    "outcome",
    "result",
    "grpc_code",
    "response_code",
    "http_status",
    "http_response_status_code",
    "rpc_grpc_status_code",
    "statuscode",
    "state_code",
    "class",
];

/// Labels that say whose it is, the most telling first.
pub const OWNERS: &[&str] = &[
    "service",
    "service_name",
    "microservice",
    "app",
    "application",
    "deployment",
    "component",
    "container",
    "container_name",
    "service_instance",
    "cmdb_id",
    "job",
    "svc",
    "server",
    "instance",
    "host",
    "node",
    "pod",
    "pod_name",
];

/// The part before others of a label that names whose a series is, in any spelling; `None` of other labels.
pub fn owner_rank(label: &str) -> Option<usize> {
    OWNERS.iter().position(|owner| is_spelled(label, owner))
}

/// Is it a label of pods?
pub fn is_pod(label: &str) -> bool {
    is_spelled(label, "pod") || is_spelled(label, "pod_name")
}

/// Are two names the same, whatever joins their words: `PodName` and `pod_name`?
fn is_spelled(one: &str, other: &str) -> bool {
    let plain = |name: &'_ str| {
        let letters: Vec<u8> = name.bytes().filter(|b| !matches!(b, b'_' | b'-' | b'.')).collect();
        letters
    };
    one == other || plain(one).eq_ignore_ascii_case(&plain(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_spelling() {
        for (name, expected) in [
            ("CPUUsageRate_percent", "cpu"),
            ("PodServerLatencyP95_seconds", "latency"),
            ("SuccessRate", "errors"),
            ("destination_success", "errors"),
            ("source_95", "latency"),
            ("latency", "latency"),
            ("availability", "errors"),
            ("box_42", "metric-change"),
        ] {
            assert_eq!(of_gauge(name).detector, expected, "{name}");
        }
        assert_eq!(words("HTTPServer2xx.rate"), ["http", "server2xx", "rate"]);
        assert!(is_of_node("NodeCpuUsage") && !is_of_node("nodejs_heap"));
        assert!(owner_rank("PodName").is_some() && owner_rank("ServiceName") == owner_rank("service_name"));
    }

    #[test]
    fn names_say_what_is_measured() {
        for (name, detector) in [
            ("process_resident_memory_bytes", "out-of-memory"),
            ("mem_rss_bytes", "out-of-memory"),
            ("db_client_connections", "pool-usage"),
            ("node_filesystem_avail_bytes", "disk"),
            ("disk_free_bytes", "disk"),
            ("messaging_queue_depth", "queue"),
            ("runtime_gc_seconds_total", "gc-pause"),
            ("gc_pause_seconds_total", "gc-pause"),
            ("executor_queued_tasks", "thread-pool-exhaustion"),
            ("pg_replication_lag_seconds", "replication"),
            ("http_server_request_duration_seconds", "latency"),
            ("kafka_consumergroup_lag", "queue"),
            ("container_restarts_total", "restart"),
            ("process_open_fds", "file-descriptors"),
            ("temperature_celsius", "metric-change"),
        ] {
            assert_eq!(of_name(name).detector, detector, "{name}");
        }
        assert!(is_failure("503") && is_failure("UNAVAILABLE") && !is_failure("404") && !is_failure("OK"));
    }
}
