//! Limits that were reached: rates, quotas, circuit breakers, queues.

use super::family::{Family, says, says_but};
use super::finding::{Nature, Severity};
use crate::model::Level;

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
            &["429 Too Many Requests", "warn: request throttled", "quota exceeded for partner x"],
            &["order failed"],
        );
        check(
            "circuit-breaker",
            &[
                "warn: circuit breaker 'payments' changed state to OPEN",
                "io.github.resilience4j.circuitbreaker.CallNotPermittedException: x",
            ],
            &["info: circuit closed again, was open"],
        );
        check(
            "queue",
            &["warn: queue is full, dropping", "warn: consumer lag 42000"],
            &["info: queue drained, was full"],
        );
    }
}
