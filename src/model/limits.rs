//! How many of a kind are told apart in one run; `docs/limits.md` says what each costs, and what happens beyond.

use super::Diagnostic;
use super::unit::HumanCount;

/// Groups of `stats`.
pub const GROUPS: usize = 1_000_000;

/// Phrases of `templates`, before those are put together that differ in a value.
pub const TEMPLATES: usize = 200_000;

/// Fields of `fields`.
pub const FIELDS: usize = 10_000;

/// What to say when there were more of a kind than are told apart: the answer is partial.
pub fn folded(what: &str, most: usize, (rest, of): (u64, &str)) -> Diagnostic {
    let (most, rest) = (HumanCount(most as u64), HumanCount(rest));
    Diagnostic::error(
        "",
        format!(
            "there are more than {most} {what}; {rest} {of} of the others are counted together, as other"
        ),
    )
    .hinted("ask about a part of the data, with --where, --since and --until")
}
