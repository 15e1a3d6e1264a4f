//! Which table is written as CSV, where an answer has several: said once a run.

use std::sync::OnceLock;

/// The name of the table, and whether nobody wants to hear of the others.
static CHOSEN: OnceLock<(Option<String>, bool)> = OnceLock::new();

/// Settles it: the table of that name, else the first.
pub(super) fn choose(name: Option<String>, quiet: bool) {
    let _ = CHOSEN.set((name, quiet));
}

/// The name that was chosen, and whether to be quiet about the others.
pub(super) fn chosen() -> (Option<&'static str>, bool) {
    CHOSEN.get().map_or((None, false), |(name, quiet)| (name.as_deref(), *quiet))
}
