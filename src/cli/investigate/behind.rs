//! Dashboards behind the story, on its page.

use super::{InvestigateArgs, Replayed};
use crate::causes::story::Story;
use crate::cli::dashboard;
use crate::cli::session::Session;
use crate::model::{Error, TimeRange, Timestamp};
use crate::report::{Report, Section, Untrusted};

/// Puts the dashboards before the account of what was read, with the onset and the alerts marked in their charts. What is
/// not in them is not in the answer, either.
pub(super) fn put(
    page: &mut Report,
    (args, session): (&InvestigateArgs, &mut Session),
    range: TimeRange,
    (story, replayed): (&Story, &Replayed),
) -> Result<(), Error> {
    let onset = story.onset.map(|at| (at, Untrusted::from("onset")));
    let fired = replayed
        .alerts
        .iter()
        .filter_map(|alert| Some((alert.firing_at?, Untrusted::from(format!("{} fires", alert.rule)))));
    let marks: Vec<(Timestamp, Untrusted)> = onset.into_iter().chain(fired).collect();
    let over = dashboard::Story { input: &args.input, success: &args.success, range, marks: &marks };
    let (drawn, diagnostics) = dashboard::behind(&args.dashboard, session, &over)?;
    session.diagnostics.extend(diagnostics);
    let last = page.sections.iter().rposition(|section| matches!(section, Section::Account(_)));
    let at = last.unwrap_or(page.sections.len());
    page.sections.splice(at..at, drawn.sections);
    Ok(())
}
