//! Lines by which the signatures of this family (limit) are known, and lines that look like it.

use crate::detect::tests::check;

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
