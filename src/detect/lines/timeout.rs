//! Lines by which the signatures of this family (timeout) are known, and lines that look like it.

use crate::detect::tests::{check, noise};
use crate::model::Level;

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
