//! Timeouts of every kind: somebody waited, and what they waited for did not come.

use super::family::{Family, says, says_but};
use crate::model::Level;
use crate::signatures::{Nature, Severity};

/// Timeouts that have become more frequent.
pub static TIMEOUT: Family = Family {
    name: "timeout",
    about: "timeouts (connect, read, deadline, upstream, request) more frequent than usual",
    what: "timeouts",
    severity: Severity::High,
    nature: Nature::Symptom,
    least: Level::Info,
    rises: true,
    phrases: &[
        says(2, &["timed out"]),
        says(2, &["timedout"]),
        says(2, &["timed-out"]),
        says_but(2, &["timeout"], &["timeout=#", "timeout: #", "timeout set"]),
        says(2, &["time out"]),
        says(2, &["deadline exceeded"]),
        says(2, &["deadline_exceeded"]),
        says(2, &["etimedout"]),
        says(2, &["esockettimedout"]),
        says(2, &["did not answer in time"]),
        says(2, &["did not respond in time"]),
        says(2, &["no response", "within"]),
        says(2, &["gave up waiting"]),
        says(2, &["took too long"]),
        says(1, &["slow answer"]),
        says(1, &["slow response"]),
        says(1, &["slow call"]),
        says(1, &["slow upstream"]),
        says(1, &["slow request"]),
        says(1, &["slow dependency"]),
        says(1, &["canceling statement due to statement timeout"]),
        says(2, &["time-out"]),
        says(2, &["did not complete within"]),
        says(2, &["no reply within"]),
    ],
    unless: &[
        "lock wait",
        "lock timeout",
        "session timeout",
        "idle timeout",
        "keepalive timeout",
        "keep-alive timeout",
        "heartbeat timeout",
    ],
    most: None,
    gauge: None,
};

#[cfg(test)]
mod tests {
    use super::super::tests::{check, noise};
    use super::*;

    #[test]
    fn timeouts_are_found_when_they_rise() {
        check(
            "timeout",
            &[
                "requests.exceptions.ConnectTimeout: HTTPConnectionPool(host='tax.local', port=80): Max retries exceeded",
                "504 Gateway Time-out",
                "Connection timeout after 20 seconds",
                "java.net.SocketTimeoutException: Read timed out",
                "Post \"https://x/v1\": context deadline exceeded",
                "upstream timed out (110: Connection timed out) while reading response header from upstream",
                "warn: slow answer from partner (partner: gridlane, took: 2416.1 ms)",
                "partner did not answer in time (partner: gridlane)",
                "Error: connect ETIMEDOUT 10.0.0.1:443",
            ],
            &["order failed", "info: server started, timeout=30"],
        );
        assert!(noise(Some(Level::Error), "Read timed out").is_empty());
    }
}
