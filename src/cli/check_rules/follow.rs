//! `obs check-rules --follow`: alerts as episodes that begin and end.

use crate::cli::detect::style;
use crate::cli::session::Session;
use crate::cli::standing::{Episode, Judged};
use crate::detect::Severity;
use crate::model::Account;
use crate::report::Style;
use crate::rules::alert::Alert;
use crate::rules::replay::Replay;

/// The alerts that have fired, and what was read.
pub(super) fn judged(replay: Option<&Replay>, session: Session) -> Judged {
    let alerts = replay.map(|replay| &replay.alerts[..]).unwrap_or_default();
    let episodes = alerts.iter().filter(|alert| alert.fired()).map(episode).collect();
    let mut account = Account::default();
    session.accounts.iter().for_each(|of_file| account.merge(of_file));
    account.merge(&session.inputs.skipped_account());
    Judged { episodes, account, troubles: session.diagnostics }
}

fn episode(alert: &Alert) -> Episode {
    let severity = alert.severity.as_deref().unwrap_or_default();
    let labels = alert.labels.to_string();
    let told = alert.annotations.iter().find(|(name, _)| name == "summary" || name == "description");
    Episode {
        what: format!("{} {} {labels}", alert.group, alert.rule),
        begins: alert.firing_at,
        ended: alert.resolved_at,
        style: Severity::from_name(severity).map_or(Style::Warn, style),
        label: format!("{severity} {}", alert.rule).trim().to_owned(),
        line: told.map_or(labels, |(_, text)| text.clone()),
        json: serde_json::to_value(alert).unwrap_or_default(),
    }
}
