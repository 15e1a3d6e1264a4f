//! Limits that were reached: rates, quotas, circuit breakers, queues.

use super::family::{Family, says, says_but};
use crate::model::Level;
use crate::signatures::{Nature, Severity};

/// Rate limits.
pub static RATE: Family = Family {
    name: "rate-limit",
    about: "rate limits and quotas that refuse requests, more often than usual",
    what: "rate limited",
    severity: Severity::High,
    nature: Nature::Resource,
    least: Level::Info,
    rises: true,
    phrases: &[
        says(2, &["too many requests"]),
        says(2, &["rate limit"]),
        says(2, &["rate-limit"]),
        says(2, &["ratelimit"]),
        says(2, &["rate exceeded"]),
        says(2, &["throttl"]),
        says_but(2, &["quota", "exceed"], &["disk"]),
        says(2, &["quota", "exhaust"]),
        says(2, &["quota", "used up"]),
        says(2, &["resource_exhausted"]),
        says(2, &["limiting requests"]),
        says(2, &["request limit"]),
        says(2, &["provisionedthroughputexceeded"]),
        says(2, &["provisioned throughput"]),
        says(2, &["reduce your request rate"]),
        says(2, &["request rate", "exceed"]),
        says(2, &["over query limit"]),
        says(2, &["quota", "reached"]),
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
    least: Level::Info,
    rises: true,
    phrases: &[
        says(2, &["circuit", "open"]),
        says(2, &["circuitbreaker", "open"]),
        says(2, &["callnotpermitted"]),
        says(2, &["breaker", "tripped"]),
        says(2, &["brokencircuit"]),
        says(2, &["short-circuited"]),
        says(2, &["breaker", "is open"]),
        says(2, &["breaker", "opened"]),
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
    least: Level::Info,
    rises: true,
    phrases: &[
        says(2, &["queue", "full"]),
        says(2, &["queue", "overflow"]),
        says(2, &["queue", "backlog"]),
        says(2, &["queue", "growing"]),
        says(2, &["queue", "depth", "above"]),
        says(2, &["backpressure"]),
        says(2, &["back-pressure"]),
        says(2, &["consumer lag"]),
        says(2, &["falling behind"]),
        says(2, &["lag", "behind"]),
        says(2, &["max.poll.interval"]),
        says(2, &["rebalance"]),
        says(2, &["dead letter"]),
        says(2, &["dead-letter"]),
        says(2, &["buffer full"]),
        says(2, &["overrun"]),
        says(2, &["queue", "capacity", "exceed"]),
        says(2, &["queue size", "exceed"]),
        says(2, &["task queue depth"]),
        says(2, &["buffer is full"]),
        says(2, &["mailbox", "full"]),
        says(2, &["channel is full"]),
        says(2, &["queue limit reached"]),
    ],
    unless: &["replica", "drained", "queuepool"],
    most: None,
    gauge: None,
};

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn limits_are_known_by_their_words() {
        check(
            "rate-limit",
            &[
                "ProvisionedThroughputExceededException: The level of configured provisioned throughput for the table was exceeded",
                "SlowDown: Please reduce your request rate.",
                "429 Too Many Requests",
                "warn: request throttled",
                "quota exceeded for partner x",
            ],
            &["order failed"],
        );
        check(
            "circuit-breaker",
            &[
                "opossum: Breaker is open",
                "warn: circuit breaker 'payments' changed state to OPEN",
                "io.github.resilience4j.circuitbreaker.CallNotPermittedException: x",
            ],
            &["info: circuit closed again, was open"],
        );
        check(
            "queue",
            &[
                "queue capacity exceeded: 10000 of 10000",
                "warn: queue is full, dropping",
                "warn: consumer lag 42000",
            ],
            &["info: queue drained, was full"],
        );
    }
}
