//! Programs that die, throw what nobody catches, or start again.

use super::family::{Family, says, says_but};
use crate::model::Level;
use crate::signatures::{Nature, Severity};

/// A program died.
pub static CRASH: Family = Family {
    name: "crash",
    about: "a program that panicked, crashed or was killed",
    what: "crash",
    severity: Severity::Critical,
    nature: Nature::Fault,
    least: Level::Info,
    rises: false,
    phrases: &[
        says_but(3, &["panic:"], &["recovered"]),
        says(3, &["panicked at"]),
        says(3, &["panic serving"]),
        says(3, &["triggeruncaughtexception"]),
        says(3, &["segfault"]),
        says(3, &["segmentation fault"]),
        says(3, &["core dumped"]),
        says(3, &["sigsegv"]),
        says(3, &["sigabrt"]),
        says(3, &["crashloop"]),
        says(3, &["back-off restarting failed"]),
        says_but(3, &["fatal error:"], &["heap"]),
        says(3, &["kernel panic"]),
        says(3, &["was terminated by signal"]),
        says(3, &["exited on signal"]),
        says(3, &["main process exited"]),
        says(3, &["terminated abnormally"]),
        says(3, &["watchdog", "timeout"]),
        says(3, &["liveness probe failed"]),
    ],
    unless: &["status=#/success", "code=exited, status=#/success"],
    most: None,
    gauge: None,
};

/// Exceptions that nobody caught.
pub static EXCEPTION: Family = Family {
    name: "unhandled-exception",
    about: "exceptions that nobody caught, and errors of programming, more often than usual",
    what: "unhandled exceptions",
    severity: Severity::High,
    nature: Nature::Fault,
    least: Level::Warn,
    rises: true,
    phrases: &[
        says(3, &["unhandled exception"]),
        says(3, &["unhandled error"]),
        says(3, &["unhandledpromiserejection"]),
        says(3, &["uncaught"]),
        says(3, &["nullpointer"]),
        says(3, &["nullreference"]),
        says(3, &["nil pointer"]),
        says(3, &["nil map"]),
        says(3, &["index out of range"]),
        says(3, &["indexoutofbounds"]),
        says(3, &["keyerror"]),
        says(3, &["attributeerror"]),
        says(3, &["typeerror"]),
        says(3, &["nameerror"]),
        says(3, &["referenceerror"]),
        says(3, &["undefined method"]),
        says(3, &["is not a function"]),
        says(3, &["cannot read propert"]),
        says(3, &["classcast"]),
        says(3, &["classnotfound"]),
        says(3, &["nosuchmethod"]),
        says(3, &["noclassdeffound"]),
        says(3, &["illegalstate"]),
        says(3, &["stackoverflow"]),
        says(3, &["divide by zero"]),
        says(3, &["division by zero"]),
        says(3, &["assertion", "failed"]),
        says(3, &["unwrap()"]),
        says(3, &["column", "does not exist"]),
        says(3, &["relation", "does not exist"]),
        says(3, &["unknown column"]),
        says(3, &["undefined column"]),
    ],
    unless: &[],
    most: None,
    gauge: None,
};

/// A program started again.
pub static RESTART: Family = Family {
    name: "restart",
    about: "programs that start, stop or restart: context",
    what: "restarts",
    severity: Severity::Low,
    nature: Nature::Context,
    least: Level::Info,
    rises: false,
    phrases: &[
        says(2, &["restarting"]),
        says(2, &["restarted"]),
        says(2, &["planned restart"]),
        says(2, &["shutting down"]),
        says(2, &["graceful shutdown"]),
        says(2, &["sigterm"]),
        says(2, &["database system is ready to accept connections"]),
        says(2, &["database system was interrupted"]),
        says(2, &["draining before"]),
        says(2, &["scheduled restart"]),
        says(2, &["restart counter"]),
        says(2, &["process started with pid"]),
        says(2, &["process running for"]),
        says(2, &["jvm running for"]),
        says(2, &["received signal"]),
        says(2, &["exiting on signal"]),
    ],
    unless: &["restarting transaction"],
    most: Some(24),
    gauge: None,
};

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn programs_die_in_known_words() {
        check(
            "crash",
            &[
                "panic: runtime error: invalid memory address or nil pointer dereference",
                "thread 'main' panicked at src/main.rs:4:5",
                "http: panic serving 10.0.0.1:58749: runtime error: invalid memory address or nil pointer dereference",
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
}
