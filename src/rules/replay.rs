//! Replays rules over recorded series: which alerts would have been pending and firing, and when.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use serde::Serialize;

use super::acknowledgement::Acknowledgement;
use super::alert::{Alert, Evidence, Reason, Status, Summary, Unjudged};
use super::alertmanager::config::Config;
use super::alertmanager::notify::{self, ALL_RESOLVED, FIRST, Notification};
use super::alertmanager::preview;
use super::alertmanager::silence::Silence;
use super::duration;
use super::evaluation::{Episode, GroupRun, RuleRun, Setting, written_names};
use super::file::{RuleFile, RuleGroup};
use super::starved;
use super::template::message::Library;
use crate::model::{Error, Labels, Timestamp};
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
    /// What receivers would have got, by time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notifications: Vec<Notification>,
    /// Numbers.
    pub summary: Summary,
    /// The first and the last time of the data, in milliseconds.
    #[serde(skip)]
    pub span: Option<(i64, i64)>,
}

/// So many notifications are written out.
pub const MAX_PREVIEWS: usize = 2_000;

/// A group is evaluated at so many times at most, and at four more for each sample that there is.
const MAX_TIMES: i64 = 100_000;

/// Rules are evaluated this often at most; beyond, the times of the data are not what they seem.
const MAX_EVALUATIONS: i64 = 100_000_000;

/// Evaluates all groups over the whole span of the store, which keeps what the rules write.
///
/// A group is evaluated at the multiples of its interval since the epoch, the first at or after the start of the
/// data, the last at or before its end; if none of them lies in the data (a single snapshot), once at its end. At the
/// same time, groups are evaluated in the order of their files.
///
/// # Errors
/// The span of the data is so long that the replay would not end in a reasonable time.
pub fn replay(
    files: &[RuleFile],
    store: &mut Store,
    interval: Interval,
    setting: &Setting,
) -> Result<Replay, Error> {
    evaluate(files, store, interval, setting, true)
}

/// With `ahead`, rules that depend on no other are evaluated many steps at once, to the same result.
fn evaluate(
    files: &[RuleFile],
    store: &mut Store,
    interval: Interval,
    setting: &Setting,
    ahead: bool,
) -> Result<Replay, Error> {
    let groups = || files.iter().flat_map(|file| &file.groups);
    let written = written_names(groups());
    let span = store.span();
    let every = |group: &RuleGroup| interval.forced.or(group.interval).unwrap_or(interval.default).max(1);
    if let Some((from, to)) = span {
        let samples: usize = store.series().map(|series| series.samples.len()).sum();
        for group in groups() {
            let times = (to - from) / every(group);
            if times > MAX_TIMES.saturating_add(4 * samples as i64) {
                return Err(Error::usage(format!(
                    "group {:?} would be evaluated {times} times in {} of data with {samples} samples",
                    group.name,
                    duration::text(to - from)
                ))
                .hinted("take a longer --interval, or a part of the data with --since and --until"));
            }
        }
        let evaluations =
            groups().map(|group| (to - from) / every(group) * group.rules.len() as i64).sum::<i64>();
        if evaluations > MAX_EVALUATIONS {
            let length = duration::text(to - from);
            return Err(Error::usage(format!("{length} of data are {evaluations} evaluations of rules"))
                .hinted("take a part of the data with --since and --until, or a longer --interval"));
        }
    }
    let mut runs: Vec<(GroupRun<'_>, i64, i64)> = Vec::new();
    for group in groups() {
        let every = every(group);
        let first = span.map_or(0, |(from, to)| {
            let before = from.div_euclid(every) * every;
            let first = if before < from { before + every } else { before };
            // What is never evaluated would look as if it had never fired.
            first.min(to)
        });
        runs.push((GroupRun::new(group, every, &written, ahead), every, first));
    }
    if let Some((_, to)) = span {
        // The next evaluation is the earliest of all groups; ties go in order.
        while let Some(next) = runs.iter().map(|(_, _, next)| *next).min().filter(|next| *next <= to)
            && !setting.cancel.load(Ordering::Relaxed)
        {
            for (run, every, due) in runs.iter_mut().filter(|(_, _, due)| *due == next) {
                run.evaluate(next, store, setting);
                *due += *every;
            }
        }
    }
    if let Some((_, to)) = span {
        // The data may end between two evaluations, and something may be over by then.
        for (run, every, due) in &mut runs {
            if *due - *every < to && !setting.cancel.load(Ordering::Relaxed) {
                run.end(to, store, setting);
            }
        }
    }
    let mut replay = Replay {
        alerts: Vec::new(),
        unjudged: Vec::new(),
        missing: Vec::new(),
        notifications: Vec::new(),
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
    Ok(replay)
}

/// Finds out who would have been told of the alerts, and which would have been suppressed.
///
/// Alertmanager's configuration is for all alerts; the routing of a file in the short form is for its own alerts,
/// and wins there.
pub fn route(replay: &mut Replay, files: &[RuleFile], alertmanager: Option<&Config>, silences: &[Silence]) {
    let until = replay.span.map_or(0, |(_, to)| to);
    match alertmanager {
        Some(config) => {
            replay.notifications = notify::notify(config, silences, &mut replay.alerts, until);
        }
        None => silence(&mut replay.alerts, silences),
    }
    for file in files {
        if let Some(routing) = &file.short {
            route_short(replay, &file.name, routing);
        }
    }
    replay.notifications.sort_by_key(|notification| notification.at);
    replay.count();
}

/// Lets `route` see alerts as a server sends them that sets these labels where an alert has none of that name.
pub fn sent_with(replay: &mut Replay, external: &Labels, route: impl FnOnce(&mut Replay)) {
    let own: Vec<Labels> = replay.alerts.iter().map(|alert| alert.labels.clone()).collect();
    for alert in &mut replay.alerts {
        for (name, value) in external.iter_shared() {
            if alert.labels.shared(name).is_none() {
                alert.labels.set(name.clone(), value.clone());
            }
        }
    }
    route(replay);
    for (alert, labels) in replay.alerts.iter_mut().zip(own) {
        alert.labels = labels;
    }
}

/// Without routes, a silence suppresses what begins to fire while it lasts.
fn silence(alerts: &mut [Alert], silences: &[Silence]) {
    for alert in alerts {
        let Some(at) = alert.firing_at else { continue };
        if let Some(silence) = silences.iter().find(|silence| silence.mutes(&alert.labels, at.millis())) {
            alert.status = Status::Suppressed;
            alert.suppressed_by = Some(silence.to_string());
        }
    }
}

fn route_short(replay: &mut Replay, file: &str, routing: &super::short::Routing) {
    let alerts = &mut replay.alerts;
    let mut fired: Vec<usize> = (0..alerts.len()).filter(|&at| alerts[at].file == file).collect();
    for &at in &fired {
        if !routing.routes.is_empty() {
            alerts[at].receivers = routing.channels(&alerts[at].labels);
        }
    }
    fired.retain(|&at| alerts[at].fired() && alerts[at].status != Status::Suppressed);
    fired.sort_by_key(|&at| alerts[at].firing_at);
    // What is suppressed suppresses nothing, or a flapping alert would never be heard of again.
    let mut heard: Vec<(String, Labels, i64)> = Vec::new();
    for at in fired {
        let Some(firing_at) = alerts[at].firing_at.map(Timestamp::millis) else { continue };
        let earlier = heard.iter().map(|(_, labels, at)| (labels, *at));
        if let Some(by) = routing.suppressing(&alerts[at].labels, firing_at, &earlier) {
            alerts[at].suppressed_by = Some(heard[by].0.clone());
            alerts[at].status = Status::Suppressed;
        } else {
            heard.push((alerts[at].rule.clone(), alerts[at].labels.clone(), firing_at));
            replay.notifications.extend(short_notifications(at, &alerts[at]));
        }
    }
}

/// Each channel is told when the alert fires, and when it is over: there are no groups to wait for.
fn short_notifications(place: usize, alert: &Alert) -> Vec<Notification> {
    let mut sent = Vec::new();
    for receiver in &alert.receivers {
        let message = |at: Option<Timestamp>, firing: &[usize], resolved: &[usize]| {
            at.map(|at| Notification {
                at,
                receiver: receiver.clone(),
                group: alert.labels.clone(),
                firing: firing.to_vec(),
                resolved: resolved.to_vec(),
                group_key: String::new(),
                told: [true, true],
                reason: if firing.is_empty() { ALL_RESOLVED } else { FIRST },
                previews: Vec::new(),
            })
        };
        sent.extend(message(alert.firing_at, &[place], &[]));
        sent.extend(message(alert.resolved_at, &[], &[place]));
    }
    sent
}

impl Replay {
    fn take(&mut self, group: &RuleGroup, rule: &mut RuleRun<'_>, store: &Store, setting: &Setting) {
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

    /// Adds lines that show why an alert is there, each once.
    pub fn prove(&mut self, alert: usize, lines: impl Iterator<Item = Evidence>) {
        let Some(alert) = self.alerts.get_mut(alert) else { return };
        for line in lines {
            if !alert.evidence.contains(&line) {
                alert.evidence.push(line);
            }
        }
    }

    /// Takes acknowledgements into account: an alert that still fires at the end is acknowledged, and a message that
    /// only repeats what everybody has taken note of is not sent.
    pub fn acknowledge(&mut self, acknowledgements: &[Acknowledgement]) {
        for alert in &mut self.alerts {
            let noted = acknowledgements
                .iter()
                .filter(|noted| noted.concerns(&alert.labels) && alert.fires_at(noted.at.millis()))
                .min_by_key(|noted| noted.at);
            let Some(noted) = noted else { continue };
            alert.acknowledged_at = Some(noted.at);
            alert.acknowledged_by = (!noted.by.is_empty()).then(|| noted.by.clone());
            if alert.status == Status::Triggered {
                alert.status = Status::Acknowledged;
            }
        }
        let alerts = &self.alerts;
        self.notifications.retain(|notification| {
            let is_known =
                |&place: &usize| alerts[place].acknowledged_at.is_some_and(|at| at <= notification.at);
            !notification.resolved.is_empty() || !notification.firing.iter().all(is_known)
        });
        self.count();
    }

    /// Writes out what the receivers would have read. `files` are the rules, whose expressions messages link to.
    pub fn preview(&mut self, files: &[RuleFile], config: Option<&Config>, library: &Library) {
        let rules = || {
            files
                .iter()
                .flat_map(|file| &file.groups)
                .flat_map(|group| group.rules.iter().map(move |rule| (group, rule)))
        };
        let links: Vec<String> = self
            .alerts
            .iter()
            .map(|alert| {
                let rule = rules().find(|(group, rule)| alert.is_of(group, rule));
                rule.map_or_else(String::new, |(_, rule)| preview::generator_url(&rule.source))
            })
            .collect();
        let scene = preview::Scene { alerts: &self.alerts, links: &links, config, library };
        for notification in self.notifications.iter_mut().take(MAX_PREVIEWS) {
            notification.previews = scene.previews(notification);
        }
    }

    /// Adds up what became of the alerts.
    fn count(&mut self) {
        let summary = &mut self.summary;
        summary.pending = self.alerts.iter().filter(|alert| !alert.fired()).count();
        let fired = || self.alerts.iter().filter(|alert| alert.fired());
        let of = |status: Status| fired().filter(|alert| alert.status == status).count();
        summary.fired = fired().count();
        summary.active = fired().filter(|alert| alert.resolved_at.is_none()).count();
        summary.resolved = summary.fired - summary.active;
        (summary.suppressed, summary.acknowledged) = (of(Status::Suppressed), of(Status::Acknowledged));
        (summary.by_severity, summary.by_rule) = Default::default();
        for alert in fired() {
            let severity = alert.severity.clone().unwrap_or_else(|| "none".to_owned());
            *summary.by_severity.entry(severity).or_default() += 1;
            *summary.by_rule.entry(alert.rule.clone()).or_default() += 1;
        }
        summary.notifications = BTreeMap::new();
        for notification in &self.notifications {
            *summary.notifications.entry(notification.receiver.clone()).or_default() += 1;
        }
    }
}

/// An episode as it is reported; `None` if its time is beyond what a timestamp can hold.
fn alert(group: &RuleGroup, rule: &RuleRun<'_>, episode: Episode) -> Option<Alert> {
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
        file: group.file.clone(),
        place: rule.rule.place,
        severity: (!severity.is_empty()).then(|| severity.to_owned()),
        annotations: episode.annotations,
        pending_at: Timestamp::from_millis(episode.pending_at)?,
        firing_at: episode.firing_at.and_then(Timestamp::from_millis),
        resolved_at: episode.ended_at.and_then(Timestamp::from_millis),
        value: episode.value,
        status,
        evidence: Vec::new(),
        receivers: Vec::new(),
        suppressed_by: None,
        acknowledged_at: None,
        acknowledged_by: None,
        labels: episode.labels,
    })
}

#[cfg(test)]
mod tests {
    use super::super::file::{FileOptions, parse};
    use super::*;
    use crate::model::{Sample, Series};

    /// A sample every 15 s from the values of each series, from 1970-01-01T00:00:10Z on; `.` is none.
    fn store(series: &[(&str, &str)]) -> Store {
        let mut store = Store::new();
        for (name, values) in series {
            let (labels, _) = crate::promql::notation::labels(name).unwrap();
            let samples = values.split(' ').enumerate().filter_map(|(i, value)| {
                Some(Sample { at: 10_000 + i as i64 * 15_000, value: value.parse().ok()? })
            });
            store.push(Series::of(labels, samples.collect()));
        }
        store
    }

    fn replayed(rules: &str, series: &[(&str, &str)]) -> (Replay, Store) {
        let checked = parse("r.yml", rules, &FileOptions::strict());
        assert_eq!(checked.problems, vec![]);
        let mut store = store(series);
        let interval = Interval { forced: None, default: 15_000 };
        let files = [checked.file];
        let mut replay = replay(&files, &mut store, interval, &Setting::plain()).unwrap();
        route(&mut replay, &files, None, &[]);
        (replay, store)
    }

    /// `rule pending-firing-resolved status value`, times in seconds.
    fn lines(replay: &Replay) -> Vec<String> {
        let time = |at: Option<Timestamp>| at.map_or("-".to_owned(), |at| (at.millis() / 1000).to_string());
        let line = |alert: &Alert| {
            let times = [Some(alert.pending_at), alert.firing_at, alert.resolved_at].map(time).join(" ");
            format!("{} {times} {:?} {}", alert.rule, alert.status, alert.value)
        };
        replay.alerts.iter().map(line).collect()
    }

    const GROUP: &str = "groups: [{name: g, rules: [";

    #[test]
    fn an_interrupt_ends_a_replay() {
        let checked = parse("r.yml", &format!("{GROUP}{{alert: A, expr: up}}]}}]"), &FileOptions::strict());
        let alerts = |setting: &Setting| {
            let (mut store, interval) = (store(&[("up", "1 1")]), Interval { forced: None, default: 15_000 });
            replay(std::slice::from_ref(&checked.file), &mut store, interval, setting).unwrap().alerts.len()
        };
        let setting = Setting::plain();
        assert_eq!(alerts(&setting), 1);
        setting.cancel.store(true, Ordering::Relaxed);
        assert_eq!(alerts(&setting), 0);
    }

    #[test]
    fn alerts_are_replayed_at_multiples_of_the_interval() {
        // Samples at 10, 25, 40 …; evaluations at 15, 30, 45 …
        let values = "1 0 0 0 1 1 0 0 0 0";
        for (rule, expected) in [
            ("alert: A, expr: up == 0", vec!["A 30 30 75 Resolved 0", "A 105 105 - Triggered 0"]),
            ("alert: A, expr: up == 0, for: 30s", vec!["A 30 60 75 Resolved 0", "A 105 135 - Triggered 0"]),
            ("alert: A, expr: up == 0, for: 45s", vec!["A 30 - 75 Pending 0", "A 105 - - Pending 0"]),
            ("alert: A, expr: up == 0, keep_firing_for: 1m", vec!["A 30 30 - Triggered 0"]),
            ("alert: A, expr: up == 0, keep_firing_for: 30s", vec!["A 30 30 - Triggered 0"]),
            (
                "alert: A, expr: up == 0, keep_firing_for: 15s",
                vec!["A 30 30 90 Resolved 0", "A 105 105 - Triggered 0"],
            ),
            ("alert: A, expr: absent(nothing)", vec!["A 15 15 - Triggered 1"]),
            ("alert: A, expr: up > 1", vec![]),
            ("alert: A, expr: '1'", vec!["A 15 15 - Triggered 1"]),
        ] {
            let (replay, _) = replayed(&format!("{GROUP}{{{rule}}}]}}]"), &[("up", values)]);
            assert_eq!(lines(&replay), expected, "{rule}");
            assert_eq!(replay.unjudged, vec![], "{rule}");
        }
    }

    #[test]
    fn rules_see_what_earlier_rules_write() {
        let rules = "
groups:
  - name: g
    rules:
      - {record: total, expr: sum(up), labels: {team: a}}
      - {alert: Few, expr: total < 2, labels: {severity: high}, annotations: {text: '{{ $labels.team }} {{ $value }}'}}
      - {alert: Told, expr: 'ALERTS{alertname=\"Few\"}'}
      - {record: since, expr: ALERTS_FOR_STATE}
  - {name: slow, interval: 30s, rules: [{record: half, expr: total / 2}]}
";
        let series = [("up{i=\"1\"}", "1 1 1 1"), ("up{i=\"2\"}", "1 0 0 1")];
        let (replay, store) = replayed(rules, &series);
        assert_eq!(lines(&replay)[0], "Few 30 30 - Triggered 1");
        assert_eq!(replay.alerts[0].annotations, [("text".to_owned(), "a 1".to_owned())]);
        assert_eq!(replay.alerts[0].labels.to_string(), "{alertname=\"Few\", severity=\"high\", team=\"a\"}");
        let named = |name: &str| {
            let found = store.series().find(|series| series.labels.metric() == name);
            found.map(|series| series.samples.iter().map(|s| (s.at / 1000, s.value)).collect::<Vec<_>>())
        };
        assert_eq!(named("total").unwrap(), [(15, 2.0), (30, 1.0), (45, 1.0)]);
        assert_eq!(named("half").unwrap(), [(30, 0.5)]);
        assert_eq!(named("since").unwrap()[0], (30, 30.0));
    }

    #[test]
    fn what_ends_is_marked_as_stale() {
        let rules = format!("{GROUP}{{alert: A, expr: up == 0}}, {{record: low, expr: up < 1}}]}}]");
        let (_, store) = replayed(&rules, &[("up", "0 0 1 1 1")]);
        for name in ["ALERTS", "ALERTS_FOR_STATE", "low"] {
            let series = store.series().find(|series| series.labels.metric() == name).unwrap();
            let stale: Vec<_> = series.samples.iter().map(|s| (s.at / 1000, s.is_stale())).collect();
            assert_eq!(stale, [(15, false), (30, false), (45, true)], "{name}");
        }
    }

    #[test]
    fn no_data_is_told() {
        for (expr, no_data) in [
            ("up == 0", None),
            ("nothing > 1", Some(vec!["nothing"])),
            ("up / nothing{a='b'} > 1", Some(vec!["nothing{a=\"b\"}"])),
            ("rate(nothing[5m]) > 1", Some(vec!["nothing"])),
            ("up or nothing", None),
            ("nothing or other", Some(vec!["nothing", "other"])),
            ("up unless nothing", None),
            ("nothing unless up", Some(vec!["nothing"])),
            ("absent(nothing)", None),
            ("sum(nothing) or vector(0)", None),
            ("ALERTS{alertname='x'} == 1", None),
            ("later > 1", Some(vec!["later"])),
            ("vector(time()) > 1", None),
        ] {
            let rules = format!(
                "{GROUP}{{alert: A, expr: \"{}\"}}, {{record: later, expr: nothing}}]}}]",
                expr.replace('"', "\\\"")
            );
            let (replay, _) = replayed(&rules, &[("up", "1 1 1")]);
            let found = replay.unjudged.iter().find(|unjudged| unjudged.rule == "A");
            let selectors = found.map(|unjudged| unjudged.selectors.iter().map(String::as_str).collect());
            assert_eq!(selectors, no_data, "{expr}");
        }
    }

    #[test]
    fn failures_are_told() {
        let rules =
            format!("{GROUP}{{alert: A, expr: a + on() b}}, {{alert: B, expr: a, labels: {{i: same}}}}]}}]");
        let series =
            [("a{i=\"1\"}", "1 1"), ("a{i=\"2\"}", "1 1"), ("b{i=\"1\"}", "1 1"), ("b{i=\"2\"}", "1 1")];
        let (replay, _) = replayed(&rules, &series);
        assert_eq!(replay.summary.failed, 2);
        assert_eq!(replay.unjudged[0].reason, Reason::Failed);
        assert!(replay.unjudged[1].message.as_ref().unwrap().contains("same labelset"), "{replay:?}");
        assert!(replay.alerts.is_empty());
    }

    #[test]
    fn query_offset_and_limit() {
        let rules = "groups: [{name: g, query_offset: 15s, rules: [{alert: A, expr: up == 0}, {record: r, expr: up}]}]";
        let (replay, store) = replayed(rules, &[("up", "1 0 1 1")]);
        assert_eq!(lines(&replay), ["A 45 45 55 Resolved 0"]);
        let recorded = store.series().find(|series| series.labels.metric() == "r").unwrap();
        assert_eq!(recorded.samples.iter().map(|s| s.at / 1000).collect::<Vec<_>>(), [15, 30]);
        let rules = "groups: [{name: g, limit: 1, rules: [{alert: A, expr: up}, {record: r, expr: up}]}]";
        let (replay, _) = replayed(rules, &[("up{i=\"1\"}", "1 1"), ("up{i=\"2\"}", "1 1")]);
        assert_eq!(replay.summary.failed, 2);
    }

    #[test]
    fn the_short_form_routes_and_suppresses() {
        let rules = r#"{"rules": [
            {"id": "a", "name": "A", "condition": "up == 0", "severity": "critical", "labels": {"service": "x"}},
            {"id": "b", "name": "B", "condition": "up == 0", "for_duration": "15s", "severity": "low", "labels": {"service": "x"}},
            {"id": "c", "name": "C", "condition": "up == 0", "severity": "low"},
            {"id": "d", "name": "D", "condition": "up", "enabled": false}],
            "routing_rules": [{"match": {"severity": "critical"}, "channels": ["pager"]}],
            "suppression_rules": [{"match": {"service": "x"}, "duration": 30}]}"#;
        let (replay, _) = replayed(rules, &[("up", "0 0 0 1 0 0 0 0 0 0")]);
        let told: Vec<_> = replay
            .alerts
            .iter()
            .map(|alert| {
                let at = alert.firing_at.map_or(0, |at| at.millis() / 1000);
                format!(
                    "{} {at} {:?} {:?} {}",
                    alert.rule,
                    alert.status,
                    alert.receivers,
                    alert.suppressed_by.as_deref().unwrap_or("")
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                "A 15 Resolved [\"pager\"] ",
                "B 30 Suppressed [] A",
                "C 15 Resolved [] ",
                "A 75 Triggered [\"pager\"] ",
                "B 90 Suppressed [] A",
                "C 75 Triggered [] ",
            ]
        );
        let json = serde_json::to_value(&replay).unwrap();
        let alert = &json["alerts"][0];
        assert_eq!(alert["pending_at"], "1970-01-01T00:00:15Z");
        assert_eq!(alert["status"], "resolved");
        assert_eq!(alert["suppressed_by"], serde_json::Value::Null);
        assert_eq!(alert["labels"]["service"], "x");
        assert_eq!(json["summary"]["by_severity"]["low"], 4);
    }

    #[test]
    fn evaluating_ahead_changes_nothing() {
        let rules = "
groups:
  - name: a
    rules:
      - {record: r, expr: 'sum by (i) (rate(c[1m]))'}
      - {alert: A, expr: r > 0.2, for: 30s}
      - {alert: B, expr: 'c > on(i) avg_over_time(c[1m]) * 1.2', annotations: {t: '{{ $value }}'}}
      - {alert: C, expr: c offset 30s == 0}
      - {alert: D, expr: absent(c) or c == 5}
      - {alert: E, expr: 'topk(1, c) > 3', keep_firing_for: 30s}
      - {alert: F, expr: 'count_over_time(c[45s:10s]) > 4'}
      - {record: s, expr: 'scalar(c{i=\"1\"})'}
      - {alert: G, expr: 'c + on() group_left c{i=\"2\"} > 6'}
  - {name: b, interval: 40s, query_offset: 20s, rules: [{alert: H, expr: c > 2}, {alert: I, expr: 'c @ end() > 1'}]}
";
        let checked = parse("r.yml", rules, &FileOptions::strict());
        assert_eq!(checked.problems, vec![]);
        let files = [checked.file];
        // A plain congruential generator: values, gaps and resets in all orders.
        let mut seed = 7_u64;
        for _ in 0..10 {
            let mut values = || {
                let mut text = Vec::new();
                for _ in 0..40 {
                    seed =
                        seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    text.push(match (seed >> 33) % 9 {
                        8 => ".".to_owned(),
                        digit => digit.to_string(),
                    });
                }
                text.join(" ")
            };
            let (one, two) = (values(), values());
            let series = [("c{i=\"1\"}", one.as_str()), ("c{i=\"2\"}", two.as_str())];
            let run = |ahead: bool| {
                let mut store = store(&series);
                let interval = Interval { forced: None, default: 15_000 };
                let replay = evaluate(&files, &mut store, interval, &Setting::plain(), ahead).unwrap();
                let written: Vec<String> = store.series().map(|series| format!("{series:?}")).collect();
                (format!("{replay:?}"), written)
            };
            let (quick, slow) = (run(true), run(false));
            assert_eq!(quick.0, slow.0);
            assert_eq!(quick.1.len(), slow.1.len());
            assert!(quick.1.iter().all(|series| slow.1.contains(series)));
        }
    }
}
