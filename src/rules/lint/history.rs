//! What became of the alerts of a rule in a replay.

use std::collections::BTreeMap;

use super::{Check, Findings};
use crate::model::{Labels, Timestamp};
use crate::promql::selectors;
use crate::rules::alert::{Alert, Status};
use crate::rules::alertmanager::config::Config;
use crate::rules::duration;
use crate::rules::file::{Rule, RuleFile, RuleGroup};
use crate::rules::replay::Replay;

/// An alert that fires as often as this flaps.
const OFTEN: usize = 4;
/// An alert that began to fire within this share of the data's length, and went on to its end, fired all the time.
const BEGINNING: i64 = 20;

/// All checks of one rule.
pub(super) fn check(
    (file, group, rule): (&RuleFile, &RuleGroup, &Rule),
    replay: &Replay,
    alertmanager: Option<&Config>,
    findings: &mut Findings<'_>,
) {
    let Some((from, to)) = replay.span.filter(|(from, to)| rule.alerting().is_some() && from < to) else {
        return;
    };
    let is_unjudged =
        replay.unjudged.iter().any(|known| known.file == group.file && known.line == rule.place.line);
    // A dead man's switch is meant to fire.
    let is_constant = selectors(&rule.expr).next().is_none();
    if is_unjudged || is_constant {
        return;
    }
    let fired: Vec<&Alert> =
        replay.alerts.iter().filter(|alert| alert.is_of(group, rule) && alert.fired()).collect();
    if fired.is_empty() {
        findings.add(Check::NeverFired, format!("never fired in {}", duration::text(to - from)), None);
        return;
    }
    let is_early = |alert: &&&Alert| alert.pending_at.millis() - from <= (to - from) / BEGINNING;
    let endless = fired.iter().filter(is_early).filter(|alert| alert.resolved_at.is_none()).count();
    if endless > 0 {
        let what = if endless == 1 { "1 alert".to_owned() } else { format!("{endless} alerts") };
        let message = format!("{what} fired from the beginning to the end of the data");
        findings.add(Check::AlwaysFired, message, None);
    }
    let mut episodes: BTreeMap<&Labels, usize> = BTreeMap::new();
    for alert in &fired {
        *episodes.entry(&alert.labels).or_default() += 1;
    }
    if let Some((labels, count)) =
        episodes.iter().max_by_key(|(_, count)| **count).filter(|(_, count)| **count >= OFTEN)
    {
        let message = format!("fired {count} times, each time for a while: {labels}");
        findings.add(Check::Flapping, message, Some("for and keep_firing_for keep it still"));
    }
    untold(file, &fired, alertmanager, findings);
}

fn untold(file: &RuleFile, fired: &[&Alert], alertmanager: Option<&Config>, findings: &mut Findings<'_>) {
    let is_routed =
        alertmanager.is_some() || file.short.as_ref().is_some_and(|short| !short.routes.is_empty());
    let sends = |name: &str| {
        alertmanager.is_none_or(|config| {
            config.receivers.iter().any(|receiver| receiver.name == name && receiver.sends)
        })
    };
    let untold = |alert: &&&Alert| {
        alert.status != Status::Suppressed && !alert.receivers.iter().any(|receiver| sends(receiver))
    };
    if let Some(alert) = fired.iter().find(untold).filter(|_| is_routed) {
        let at = alert.firing_at.map_or_else(String::new, Timestamp::date_clock);
        let message = match &alert.receivers[..] {
            [] => format!("fired at {at}, and no route is for it"),
            names => format!("fired at {at}, and goes to {}, which tells nobody", names.join(", ")),
        };
        findings.add(Check::NobodyTold, message, None);
    }
}
