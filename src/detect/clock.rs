//! Clocks that jumped or run apart.

use super::family::{Family, says};
use crate::model::Level;
use crate::signatures::{Nature, Severity};

/// A clock jumped.
pub static CLOCK: Family = Family {
    name: "clock",
    about: "clocks that jump or run apart",
    what: "clock out of step",
    severity: Severity::Medium,
    nature: Nature::Fault,
    least: Level::Info,
    rises: false,
    phrases: &[
        says(3, &["time has been changed"]),
        says(3, &["time reset"]),
        says(3, &["time stepped"]),
        says(3, &["stepping time"]),
        says(3, &["step time server"]),
        says(3, &["leap second"]),
        says(2, &["clock skew"]),
        says(2, &["clock drift"]),
        says(2, &["time jumped"]),
        says(2, &["clock jumped"]),
        says(2, &["clock went backwards"]),
        says(2, &["clock moved backwards"]),
        says(2, &["time went backwards"]),
        says(2, &["clocksource", "unstable"]),
        says(2, &["system clock", "wrong"]),
        says(2, &["system clock", "stepped"]),
        says(2, &["clock is not synchronized"]),
        says(2, &["token used before issued"]),
        says(2, &["clock is ahead"]),
        says(2, &["clock is behind"]),
        says(2, &["clock offset", "too large"]),
        says(2, &["time jump detected"]),
        says(2, &["clock time", "jumped"]),
        says(2, &["jumped backwards"]),
        says(2, &["jumped forward"]),
    ],
    unless: &[],
    most: None,
    gauge: None,
};

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn clocks_are_known_by_their_words() {
        check(
            "clock",
            &[
                "warn: Forward time jump detected!",
                "warn: System clock time unset or jumped backwards, restarting from TIME_EPOCH",
                "warn: clock skew of 42 s detected",
                "clock moved backwards, refusing to generate id",
            ],
            &["order failed"],
        );
    }
}
