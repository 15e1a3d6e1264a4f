//! Limits that were reached: rates, quotas, circuit breakers, queues.

use super::{About, Family, says, says_but};
use crate::model::Level;
use crate::signatures::{Nature, Severity};

/// Rate limits.
pub static RATE: Family = Family {
    name: "rate-limit",
    about: "rate limits and quotas that refuse requests, more often than usual",
    what: "rate limited",
    severity: Severity::High,
    nature: Nature::Resource,
    object: About::Quota,
    least: Level::Info,
    rises: true,
    rows: &[
        says(2, &["too many requests"], "429 Too Many Requests"),
        says(2, &["rate limit"], "rate limit"),
        says(2, &["rate-limit"], "rate-limit"),
        says(2, &["ratelimit"], "ratelimit"),
        says(2, &["rate exceeded"], "rate exceeded"),
        says(2, &["throttl"], "request throttled"),
        says_but(2, &["quota", "exceed"], &["disk"], "quota exceeded for partner x"),
        says(2, &["quota", "exhaust"], "quota exhausted").once(),
        says(2, &["quota", "used up"], "quota used up").once(),
        says(2, &["resource_exhausted"], "resource_exhausted"),
        says(2, &["limiting requests"], "limiting requests"),
        says(2, &["request limit"], "request limit"),
        says(
            2,
            &["provisionedthroughputexceeded"],
            "ProvisionedThroughputExceededException: The level of configured provisioned throughput for the table was exceeded",
        ),
        says(2, &["provisioned throughput"], "provisioned throughput"),
        says(2, &["reduce your request rate"], "SlowDown: Please reduce your request rate."),
        says(2, &["request rate", "exceed"], "request rate exceed"),
        says(2, &["over query limit"], "over query limit"),
        says(2, &["quota", "reached"], "quota reached"),
    ],
    unless: &["ratelimit-remaining", "not throttl"],
    most: None,
    gauge: None,
};

/// Circuit breakers.
pub static BREAKER: Family = Family {
    name: "circuit-breaker",
    about: "circuit breakers that open",
    what: "circuit breaker open",
    severity: Severity::High,
    nature: Nature::Symptom,
    object: About::Host,
    least: Level::Info,
    rises: true,
    rows: &[
        says(2, &["circuit", "open"], "circuit breaker 'payments' changed state to OPEN"),
        says(2, &["callnotpermitted"], "io.github.resilience4j.circuitbreaker.CallNotPermittedException: x"),
        says(2, &["breaker", "tripped"], "breaker tripped"),
        says(2, &["brokencircuit"], "brokencircuit"),
        says(2, &["short-circuited"], "short-circuited"),
        says(2, &["breaker", "is open"], "opossum: Breaker is open"),
        says(2, &["breaker", "opened"], "breaker opened"),
    ],
    unless: &["circuit closed", "to closed"],
    most: None,
    gauge: None,
};

/// Queues.
pub static QUEUE: Family = Family {
    name: "queue",
    about: "queues that are full, or consumers that fall behind, more often than usual",
    what: "queue full or falling behind",
    severity: Severity::High,
    nature: Nature::Resource,
    object: About::Queue,
    least: Level::Info,
    rises: true,
    rows: &[
        says(2, &["queue", "full"], "queue is full, dropping"),
        says(2, &["queue", "overflow"], "queue overflow"),
        says(2, &["queue", "backlog"], "queue backlog"),
        says(2, &["queue", "growing"], "queue growing"),
        says(2, &["queue", "depth", "above"], "queue depth above"),
        says(2, &["backpressure"], "backpressure"),
        says(2, &["back-pressure"], "back-pressure"),
        says(2, &["consumer lag"], "consumer lag 42000"),
        says(2, &["falling behind"], "falling behind"),
        says(2, &["lag", "behind"], "lag behind"),
        says(2, &["max.poll.interval"], "max.poll.interval"),
        says(2, &["rebalance"], "rebalance"),
        says(2, &["dead letter"], "dead letter"),
        says(2, &["dead-letter"], "dead-letter"),
        says(2, &["buffer full"], "buffer full"),
        says(2, &["overrun"], "overrun"),
        says(2, &["queue", "capacity", "exceed"], "queue capacity exceeded: 10000 of 10000"),
        says(2, &["queue size", "exceed"], "queue size exceed"),
        says(2, &["task queue depth"], "task queue depth"),
        says(2, &["buffer is full"], "buffer is full"),
        says(2, &["mailbox", "full"], "mailbox full"),
        says(2, &["channel is full"], "channel is full"),
        says(2, &["queue limit reached"], "queue limit reached"),
    ],
    unless: &["replica", "drained", "queuepool"],
    most: None,
    gauge: None,
};
