//! Timeouts of every kind: somebody waited, and what they waited for did not come.

use super::{About, Family, says, says_but};
use crate::model::Level;
use crate::signatures::{Nature, Severity};

/// Timeouts that have become more frequent.
pub static TIMEOUT: Family = Family {
    name: "timeout",
    about: "timeouts (connect, read, deadline, upstream, request) more frequent than usual",
    what: "timeouts",
    severity: Severity::High,
    nature: Nature::Symptom,
    object: About::Host,
    least: Level::Info,
    rises: true,
    rows: &[
        says(2, &["timed out"], "java.net.SocketTimeoutException: Read timed out"),
        says(2, &["timedout"], "Error: connect ETIMEDOUT 10.0.0.1:443"),
        says(2, &["timed-out"], "timed-out"),
        says_but(
            2,
            &["timeout"],
            &["timeout=#", "timeout: #", "timeout set"],
            "requests.exceptions.ConnectTimeout: HTTPConnectionPool(host='tax.local', port=80): Max retries exceeded",
        ),
        says(2, &["time out"], "time out"),
        says(2, &["deadline exceeded"], "Post \"https://x/v1\": context deadline exceeded"),
        says(2, &["deadline_exceeded"], "deadline_exceeded"),
        says(2, &["did not answer in time"], "partner did not answer in time (partner: gridlane)"),
        says(2, &["did not respond in time"], "did not respond in time"),
        says(2, &["no response", "within"], "no response within"),
        says(2, &["gave up waiting"], "gave up waiting"),
        says(2, &["took too long"], "took too long"),
        says(1, &["slow answer"], "slow answer from partner (partner: gridlane, took: 2416.1 ms)"),
        says(1, &["slow response"], "slow response"),
        says(1, &["slow call"], "slow call"),
        says(1, &["slow upstream"], "slow upstream"),
        says(1, &["slow request"], "slow request"),
        says(1, &["slow dependency"], "slow dependency"),
        says(2, &["time-out"], "504 Gateway Time-out"),
        says(2, &["did not complete within"], "did not complete within"),
        says(2, &["no reply within"], "no reply within"),
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
