//! Lines by which the signatures of this family (clock) are known, and lines that look like it.

use crate::detect::tests::check;

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
