//! Lines by which the signatures of this family (crash) are known, and lines that look like it.

use crate::detect::tests::check;

#[test]
fn programs_die_in_known_words() {
    check(
        "crash",
        &[
            "panic: runtime error: invalid memory address or nil pointer dereference",
            "thread 'main' panicked at src/main.rs:4:5",
            "info: app.service: Main process exited, code=exited, status=1/FAILURE",
        ],
        &["order failed"],
    );
    check(
        "unhandled-exception",
        &[
            "unhandled exception (endpoint: start-session)\njava.lang.NullPointerException: Cannot invoke \"Band.nightRate()\"",
            "TypeError: Cannot read properties of undefined (reading 'x')",
            "ERROR: column \"night_rate\" does not exist",
        ],
        &["order failed", "info: uncaught"],
    );
    check(
        "restart",
        &[
            "info: Started SorterApplication in 12.3 seconds (process running for 13.1)",
            "info: Received signal 15, exiting",
            "info: draining before a planned restart (version: 1.51.7)",
        ],
        &["order failed"],
    );
}
