//! Replays rules over recorded series: which alerts would have been pending and firing, and when.

use serde::Serialize;

use super::alert::{Alert, Reason, Status, Summary, Unjudged};
use super::evaluation::{Episode, GroupRun, RuleRun, Setting, written_names};
use super::file::RuleFile;
use super::starved;
use crate::model::Timestamp;
use crate::promql::Store;

/// How often rules are evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// For all groups, whatever they say; in milliseconds.
    pub forced: Option<i64>,
    /// For groups that say nothing; in milliseconds.
    pub default: i64,
}

/// What a replay found.
#[derive(Clone, Debug, Serialize)]
pub struct Replay {
    /// Alerts by the time their condition held, then in the order of the rules, then by labels.
    pub alerts: Vec<Alert>,
    /// Rules that could not be judged.
    pub unjudged: Vec<Unjudged>,
    /// Selectors without series in rules that could be judged all the same.
    #[serde(skip)]
    pub missing: Vec<Unjudged>,
    /// Numbers.
    pub summary: Summary,
    /// The first and the last time of the data, in milliseconds.
    #[serde(skip)]
    pub span: Option<(i64, i64)>,
}

/// Evaluates all groups over the whole span of the store, which keeps what the rules write.
///
/// A group is evaluated at the multiples of its interval since the epoch, the first at or after the start of the
/// data, the last at or before its end. At the same time, groups are evaluated in the order of their files.
pub fn replay(files: &[RuleFile], store: &mut Store, interval: Interval, setting: &Setting) -> Replay {
    let groups = || files.iter().flat_map(|file| &file.groups);
    let written = written_names(groups());
    let span = store.span();
    let mut runs: Vec<(GroupRun<'_>, i64, i64)> = Vec::new();
    for group in groups() {
        let every = interval.forced.or(group.interval).unwrap_or(interval.default).max(1);
        let first = span.map_or(0, |(from, _)| from.div_euclid(every) * every);
        let first = if span.is_some_and(|(from, _)| first < from) { first + every } else { first };
        runs.push((GroupRun::new(group, every, &written, true), every, first));
    }
    if let Some((_, to)) = span {
        // The next evaluation is the earliest of all groups; ties go in order.
        while let Some(next) = runs.iter().map(|(_, _, next)| *next).min().filter(|next| *next <= to) {
            for (run, every, due) in runs.iter_mut().filter(|(_, _, due)| *due == next) {
                run.evaluate(next, store, setting);
                *due += *every;
            }
        }
    }
    let mut replay = Replay {
        alerts: Vec::new(),
        unjudged: Vec::new(),
        missing: Vec::new(),
        summary: Summary::default(),
        span,
    };
    for (run, _, _) in &mut runs {
        for rule in &mut run.rules {
            replay.take(run.group, rule, store, setting);
        }
    }
    // A stable sort: within the same time the order of rules stays.
    replay.alerts.sort_by_key(|alert| alert.pending_at);
    replay.count();
    replay
}

impl Replay {
    fn take(
        &mut self,
        group: &super::file::RuleGroup,
        rule: &mut RuleRun<'_>,
        store: &Store,
        setting: &Setting,
    ) {
        self.summary.rules += 1;
        let selectors = starved::missing(&rule.rule.expr, store);
        let reason = match &rule.failure {
            Some(_) => Some(Reason::Failed),
            None if !rule.had_result && starved::is_starved(&rule.rule.expr, store) => Some(Reason::NoData),
            None => None,
        };
        let about = Unjudged {
            rule: rule.rule.name.clone(),
            group: group.name.clone(),
            file: group.file.clone(),
            line: rule.rule.place.line,
            reason: reason.unwrap_or(Reason::NoData),
            selectors,
            message: rule.failure.as_ref().map(|(at, message)| {
                let at = Timestamp::from_millis(*at).map_or_else(String::new, |at| format!(" at {at}"));
                let more = match rule.failures {
                    1 => String::new(),
                    count => format!(" (the first of {count} failures)"),
                };
                format!("evaluation failed{at}: {message}{more}")
            }),
        };
        match reason {
            Some(Reason::NoData) => self.summary.no_data += 1,
            Some(Reason::Failed) => self.summary.failed += 1,
            None => self.summary.evaluated += 1,
        }
        if reason.is_some() {
            self.unjudged.push(about);
        } else if !about.selectors.is_empty() {
            self.missing.push(about);
        }
        let mut episodes = std::mem::take(&mut rule.ended);
        let active = std::mem::take(&mut rule.states.active);
        for (labels, active) in active {
            episodes.push(rule.episode(labels, &active, None, store, setting));
        }
        episodes.sort_by(|a, b| (a.pending_at, &a.labels).cmp(&(b.pending_at, &b.labels)));
        for episode in episodes {
            self.alerts.extend(alert(group, rule, episode));
        }
    }

    fn count(&mut self) {
        for alert in self.alerts.iter().filter(|alert| alert.fired()) {
            let severity = alert.severity.clone().unwrap_or_else(|| "none".to_owned());
            *self.summary.by_severity.entry(severity).or_default() += 1;
        }
    }
}

/// An episode as it is reported; `None` if its time is beyond what a timestamp can hold.
fn alert(group: &super::file::RuleGroup, rule: &RuleRun<'_>, episode: Episode) -> Option<Alert> {
    let status = match (episode.firing_at, episode.ended_at) {
        (None, _) => Status::Pending,
        (Some(_), None) => Status::Triggered,
        (Some(_), Some(_)) => Status::Resolved,
    };
    let severity = episode.labels.get("severity");
    Some(Alert {
        rule: rule.rule.name.clone(),
        id: rule.rule.id.clone(),
        group: group.name.clone(),
        severity: (!severity.is_empty()).then(|| severity.to_owned()),
        annotations: episode.annotations,
        pending_at: Timestamp::from_millis(episode.pending_at)?,
        firing_at: episode.firing_at.and_then(Timestamp::from_millis),
        resolved_at: episode.ended_at.and_then(Timestamp::from_millis),
        value: episode.value,
        status,
        receivers: Vec::new(),
        suppressed_by: None,
        labels: episode.labels,
    })
}
