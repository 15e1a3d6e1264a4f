//! Clocks that jumped or run apart.

use super::{About, Family, says};
use crate::model::Level;
use crate::signatures::{Nature, Severity};

/// A clock jumped.
pub static CLOCK: Family = Family {
    name: "clock",
    about: "clocks that jump or run apart",
    what: "clock out of step",
    severity: Severity::Medium,
    nature: Nature::Fault,
    object: About::Clock,
    least: Level::Info,
    rises: false,
    rows: &[
        says(3, &["time has been changed"], "time has been changed"),
        says(3, &["time reset"], "time reset"),
        says(3, &["time stepped"], "time stepped"),
        says(3, &["stepping time"], "stepping time"),
        says(3, &["step time server"], "step time server"),
        says(3, &["leap second"], "leap second"),
        says(2, &["clock skew"], "clock skew of 42 s detected"),
        says(2, &["clock drift"], "clock drift"),
        says(2, &["time jumped"], "time jumped"),
        says(2, &["clock jumped"], "clock jumped"),
        says(2, &["clock went backwards"], "clock went backwards"),
        says(2, &["clock moved backwards"], "clock moved backwards, refusing to generate id"),
        says(2, &["time went backwards"], "time went backwards"),
        says(2, &["clocksource", "unstable"], "clocksource unstable"),
        says(2, &["system clock", "wrong"], "system clock wrong"),
        says(2, &["system clock", "stepped"], "system clock stepped"),
        says(2, &["clock is not synchronized"], "clock is not synchronized"),
        says(2, &["token used before issued"], "token used before issued"),
        says(2, &["clock is ahead"], "clock is ahead"),
        says(2, &["clock is behind"], "clock is behind"),
        says(2, &["clock offset", "too large"], "clock offset too large"),
        says(2, &["time jump detected"], "Forward time jump detected!"),
        says(
            2,
            &["clock time", "jumped"],
            "System clock time unset or jumped backwards, restarting from TIME_EPOCH",
        ),
        says(2, &["jumped backwards"], "jumped backwards"),
        says(2, &["jumped forward"], "jumped forward"),
    ],
    unless: &[],
    most: None,
    gauge: None,
};
