//! Notifications over time: alerts are grouped, groups wait, are muted or sent, and sent again.

use std::collections::BTreeMap;

use serde::Serialize;

use super::config::{Config, Inhibition};
use super::matcher::all_match;
use super::preview::Preview;
use super::silence::Silence;
use crate::model::series::Quoted;
use crate::model::{Labels, Timestamp};
use crate::rules::alert::{Alert, Status};

/// Something that a receiver would have got.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Notification {
    /// When.
    #[serde(serialize_with = "crate::rules::alert::as_text")]
    pub at: Timestamp,
    /// Who.
    pub receiver: String,
    /// The labels that the group has in common.
    #[serde(serialize_with = "crate::rules::alert::labels_as_map")]
    pub group: Labels,
    /// Places, in the list of alerts, of those that fire.
    pub firing: Vec<usize>,
    /// Places of those that are resolved.
    pub resolved: Vec<usize>,
    /// What Alertmanager calls the group: its route and its labels. Empty without a configuration.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub group_key: String,
    /// Do those of its integrations get it that are not told of what is resolved, and do those that are?
    #[serde(skip)]
    pub told: [bool; 2],
    /// Why it would have been sent, in Alertmanager's words.
    #[serde(skip)]
    pub reason: &'static str,
    /// What the receiver would have read, if that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub previews: Vec<Preview>,
}

/// Nobody was told of the group before.
pub const FIRST: &str = "first notification";
/// An alert fires that the receiver does not know of.
const NEW_ALERTS: &str = "new alerts in group";
/// Nothing of the group fires any more.
pub const ALL_RESOLVED: &str = "all alerts resolved";
/// An alert is resolved, and others fire.
const NEW_RESOLVED: &str = "new resolved alerts in group";
/// It was said long ago.
const REPEATED: &str = "repeat interval elapsed";

/// A group is looked at this many times at most; beyond, a year of five minutes is over.
const MAX_FLUSHES: usize = 110_000;

/// All groups together are looked at this many times at most.
const MAX_LOOKS: usize = 1_000_000;

/// No more than this would have been sent; beyond, intervals are not what they seem.
pub const MAX_SENT: usize = 50_000;

/// Sets receivers, suppression and status of the alerts, and gives what would have been sent until `until`
/// (milliseconds), by time.
pub fn notify(config: &Config, silences: &[Silence], alerts: &mut [Alert], until: i64) -> Vec<Notification> {
    let mut groups: BTreeMap<(usize, Labels), Vec<usize>> = BTreeMap::new();
    for (index, alert) in alerts.iter_mut().enumerate() {
        let routes = config.matching(&alert.labels);
        alert.receivers = Vec::new();
        for route in routes {
            let receiver = &config.routes[route].receiver;
            if !alert.receivers.contains(receiver) {
                alert.receivers.push(receiver.clone());
            }
            if alert.fired() {
                let mut common = alert.labels.clone();
                if let Some(names) = &config.routes[route].group_by {
                    common.retain(|name| names.iter().any(|known| known == name));
                }
                groups.entry((route, common)).or_default().push(index);
            }
        }
    }
    // For each alert that fired: was it sent, and if not, why?
    let mut told = vec![false; alerts.len()];
    let mut why: Vec<Option<String>> = vec![None; alerts.len()];
    // What was over when its group was looked at, before anybody was told of it.
    let mut late = vec![false; alerts.len()];
    let same = same(alerts);
    let mut sent = Vec::new();
    let sources = sources(config, alerts);
    let mut looks = 0;
    for ((route, common), members) in groups {
        let scene = Scene { config, silences, alerts, sources: &sources, same: &same, route, common, until };
        let mut fate = Fate { told: &mut told, why: &mut why, late: &mut late };
        scene.run(&members, &mut fate, &mut sent, &mut looks);
    }
    sent.sort_by_key(|notification| notification.at);
    for (index, alert) in alerts.iter_mut().enumerate() {
        if !alert.fired() || told[index] {
            continue;
        }
        if let Some(reason) = why[index].take() {
            alert.status = Status::Suppressed;
            alert.suppressed_by = Some(reason);
        } else if late[index] {
            alert.status = Status::Suppressed;
            alert.suppressed_by = Some("its end, before its group's first message".to_owned());
            alert.receivers.clear();
        }
    }
    sent
}

/// For each alert the first one with the same labels: a group knows alerts by their labels, not by when they fired.
fn same(alerts: &[Alert]) -> Vec<usize> {
    let mut first: BTreeMap<&Labels, usize> = BTreeMap::new();
    alerts.iter().enumerate().map(|(index, alert)| *first.entry(&alert.labels).or_insert(index)).collect()
}

/// For each inhibition, the places of the alerts that are its sources whenever they fire.
fn sources(config: &Config, alerts: &[Alert]) -> Vec<Vec<usize>> {
    let places = |inhibition: &Inhibition| {
        let fired = alerts.iter().enumerate().filter(|(_, alert)| alert.fired());
        fired.filter(|(_, alert)| all_match(&inhibition.source, &alert.labels)).map(|(at, _)| at).collect()
    };
    config.inhibitions.iter().map(places).collect()
}

struct Scene<'s> {
    config: &'s Config,
    silences: &'s [Silence],
    alerts: &'s [Alert],
    sources: &'s [Vec<usize>],
    /// For each alert the first one with the same labels.
    same: &'s [usize],
    route: usize,
    common: Labels,
    until: i64,
}

/// What became of the alerts.
struct Fate<'f> {
    /// Was somebody told?
    told: &'f mut [bool],
    /// Why nobody was, where something stood against it.
    why: &'f mut [Option<String>],
    /// Was it over before its group was looked at?
    late: &'f mut [bool],
}

/// What was last sent of a group: alerts by the first ones with their labels.
#[derive(Clone)]
struct Logged {
    at: i64,
    firing: Vec<usize>,
    resolved: Vec<usize>,
}

impl Scene<'_> {
    /// Lives through the group: it begins with its first alert, and again when it was empty.
    fn run(&self, members: &[usize], fate: &mut Fate<'_>, sent: &mut Vec<Notification>, looks: &mut usize) {
        let route = &self.config.routes[self.route];
        let fired = |index: usize| self.alerts[index].firing_at.map_or(i64::MAX, Timestamp::millis);
        let mut waiting: Vec<usize> = members.to_vec();
        waiting.sort_by_key(|&index| std::cmp::Reverse(fired(index)));
        let mut inside: Vec<usize> = Vec::new();
        let mut log = [None, None];
        let mut flushes = 0;
        while let Some(&first) = waiting.last() {
            let mut at = fired(first).saturating_add(route.group_wait);
            let mut is_first = true;
            // What fires shortly before the end of the data still gets its first look.
            while (is_first || at <= self.until) && flushes < MAX_FLUSHES {
                flushes += 1;
                *looks += 1;
                if *looks > MAX_LOOKS || sent.len() >= MAX_SENT {
                    return;
                }
                is_first = false;
                while let Some(&next) = waiting.last().filter(|&&next| fired(next) <= at) {
                    // It takes the place of what fired with the same labels before.
                    inside.retain(|&known| self.same[known] != self.same[next]);
                    inside.push(next);
                    waiting.pop();
                }
                self.flush(at, &inside, &mut log, fate, sent);
                inside.retain(|&index| self.alerts[index].fires_at(at));
                if inside.is_empty() {
                    break;
                }
                at = at.saturating_add(route.group_interval.max(1));
            }
            if flushes >= MAX_FLUSHES || at > self.until && !inside.is_empty() {
                break;
            }
        }
    }

    /// Why an alert is not sent at a time: inhibition, time intervals, a silence, in the order in which
    /// Alertmanager asks.
    fn suppressed(&self, labels: &Labels, at: i64) -> Option<String> {
        for (inhibition, sources) in self.config.inhibitions.iter().zip(self.sources) {
            if !all_match(&inhibition.target, labels) {
                continue;
            }
            let mut firing = sources.iter().map(|&source| &self.alerts[source]);
            let source =
                firing.find(|source| source.fires_at(at) && inhibition.mutes(&source.labels, labels));
            if let Some(source) = source {
                return Some(inhibition.reason(&source.rule));
            }
        }
        let muted = self.config.muted(self.route, at);
        muted.or_else(|| {
            let silence = self.silences.iter().find(|silence| silence.mutes(labels, at));
            silence.map(ToString::to_string)
        })
    }

    fn flush(
        &self,
        at: i64,
        inside: &[usize],
        log: &mut [Option<Logged>; 2],
        fate: &mut Fate<'_>,
        sent: &mut Vec<Notification>,
    ) {
        let (mut firing, mut resolved) = (Vec::new(), Vec::new());
        for &index in inside {
            let labels = &self.alerts[index].labels;
            match self.suppressed(labels, at) {
                Some(reason) => {
                    fate.why[index].get_or_insert(reason);
                }
                None if self.alerts[index].fires_at(at) => firing.push(index),
                None => {
                    fate.late[index] = true;
                    resolved.push(index);
                }
            }
        }
        firing.sort_unstable();
        resolved.sort_unstable();
        let known = |places: &[usize]| places.iter().map(|&index| self.same[index]).collect::<Vec<_>>();
        let route = &self.config.routes[self.route];
        let receiver = self.config.receivers.iter().find(|known| known.name == route.receiver);
        // Each integration has its own memory of what it sent; those that are told of the same agree.
        let integrations = || receiver.into_iter().flat_map(|receiver| &receiver.integrations);
        let mut gets = [false, false];
        let mut reason = None;
        for told_resolved in [false, true] {
            let is_one = integrations().any(|one| one.sends_resolved == told_resolved);
            let last = log[usize::from(told_resolved)].as_ref();
            if is_one || integrations().next().is_none() && !told_resolved {
                let why =
                    due(last, &known(&firing), &known(&resolved), told_resolved, at, route.repeat_interval);
                gets[usize::from(told_resolved)] = why.is_some();
                reason = reason.or(why);
            }
        }
        // Who was told of the labels knows that they fire.
        for &index in &firing {
            let is_known = |log: &Logged| log.firing.contains(&self.same[index]);
            fate.told[index] |= log.iter().flatten().any(is_known);
        }
        if firing.is_empty() && resolved.is_empty() || gets == [false, false] {
            return;
        }
        for &index in &firing {
            fate.told[index] = true;
        }
        let shown = if gets[1] { resolved.clone() } else { Vec::new() };
        if (!firing.is_empty() || !shown.is_empty())
            && receiver.is_some_and(|receiver| receiver.sends)
            && let Some(at) = Timestamp::from_millis(at)
        {
            sent.push(Notification {
                at,
                receiver: route.receiver.clone(),
                group: self.common.clone(),
                firing: firing.clone(),
                resolved: shown,
                group_key: format!("{}:{}", route.key, braced(&self.common)),
                told: gets,
                reason: reason.unwrap_or_default(),
                previews: Vec::new(),
            });
        }
        for (log, _) in log.iter_mut().zip(gets).filter(|(_, gets)| *gets) {
            *log = Some(Logged { at, firing: known(&firing), resolved: known(&resolved) });
        }
    }
}

/// `{a="b", c="d"}`.
fn braced(labels: &Labels) -> String {
    let pairs: Vec<_> = labels.iter().map(|(name, value)| format!("{name}={}", Quoted(value))).collect();
    format!("{{{}}}", pairs.join(", "))
}

/// Why there is something to say; `None` if there is nothing new, and it is not time to repeat.
fn due(
    log: Option<&Logged>,
    firing: &[usize],
    resolved: &[usize],
    sends_resolved: bool,
    at: i64,
    repeat: i64,
) -> Option<&'static str> {
    let Some(last) = log else { return (!firing.is_empty()).then_some(FIRST) };
    if firing.iter().any(|index| !last.firing.contains(index)) {
        return Some(NEW_ALERTS);
    }
    if firing.is_empty() {
        return (!last.firing.is_empty()).then_some(ALL_RESOLVED);
    }
    if sends_resolved && resolved.iter().any(|index| !last.resolved.contains(index)) {
        return Some(NEW_RESOLVED);
    }
    (last.at < at - repeat).then_some(REPEATED)
}

#[cfg(test)]
mod tests {
    use super::super::config;
    use super::super::silence;
    use super::*;

    const CONFIG: &str = "
route:
  receiver: default
  group_by: [alertname]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 1h
  routes:
    - matchers: [severity=critical]
      receiver: pager
      continue: true
    - matchers: ['severity=~\"critical|high\"']
      receiver: chat
      mute_time_intervals: [night]
    - match: {team: quiet}
      receiver: quiet
      group_by: [...]
receivers:
  - {name: default, webhook_configs: [{url: 'http://secret'}]}
  - {name: pager, pagerduty_configs: [{routing_key: x}]}
  - {name: chat, slack_configs: [{channel: '#a', api_url: 'https://hooks.example/a'}]}
  - {name: quiet}
inhibit_rules:
  - source_matchers: [severity=critical]
    target_matchers: [severity=low]
    equal: [service]
time_intervals:
  - name: night
    time_intervals: [{times: [{start_time: '03:00', end_time: '04:00'}]}]
";

    fn alert(labels: &[(&str, &str)], from: i64, to: Option<i64>) -> Alert {
        let minute = |minutes: i64| Timestamp::from_millis(minutes * 60_000).unwrap();
        Alert {
            rule: labels[0].1.to_owned(),
            id: None,
            group: "g".to_owned(),
            file: String::new(),
            place: crate::rules::yaml::Place { line: 1, column: 1 },
            severity: None,
            labels: Labels::new(labels.iter().copied()),
            annotations: Vec::new(),
            pending_at: minute(from),
            firing_at: Some(minute(from)),
            resolved_at: to.map(minute),
            value: 1.0,
            status: if to.is_some() { Status::Resolved } else { Status::Triggered },
            evidence: Vec::new(),
            receivers: Vec::new(),
            suppressed_by: None,
            acknowledged_at: None,
            acknowledged_by: None,
        }
    }

    fn told(sent: &[Notification]) -> Vec<String> {
        sent.iter()
            .map(|n| format!("{} {} {:?} {:?}", n.at.clock(), n.receiver, n.firing, n.resolved))
            .collect()
    }

    #[test]
    fn labels_find_their_receivers() {
        let checked = config::parse(CONFIG);
        assert_eq!(checked.problems, vec![]);
        for (labels, receivers) in [
            (vec![("severity", "critical")], "pager,chat"),
            (vec![("severity", "high")], "chat"),
            (vec![("severity", "low")], "default"),
            (vec![("team", "quiet")], "quiet"),
            (vec![], "default"),
        ] {
            let labels = Labels::new(labels);
            assert_eq!(checked.config.receivers_for(&labels).join(","), receivers, "{labels}");
        }
    }

    #[test]
    fn groups_wait_repeat_and_resolve() {
        let config = config::parse(CONFIG).config;
        let low = [("alertname", "L"), ("severity", "low")];
        let other = [("alertname", "L"), ("severity", "low"), ("i", "2")];
        let mut alerts = vec![alert(&low, 0, Some(70)), alert(&other, 2, Some(12))];
        let sent = notify(&config, &[], &mut alerts, 120 * 60_000);
        assert_eq!(
            told(&sent),
            [
                "00:00:30 default [0] []",
                // The second one joined the group meanwhile.
                "00:05:30 default [0, 1] []",
                "00:15:30 default [0] [1]",
                // Unchanged for more than an hour: but it is resolved before that.
                "01:10:30 default [] [0]",
            ]
        );
        let mut long = vec![alert(&low, 0, None)];
        let sent = notify(&config, &[], &mut long, 131 * 60_000);
        // Repeated at the first look after more than an hour.
        assert_eq!(
            told(&sent),
            ["00:00:30 default [0] []", "01:05:30 default [0] []", "02:10:30 default [0] []"]
        );
    }

    #[test]
    fn nobody_is_told_of_what_is_suppressed() {
        let config = config::parse(CONFIG).config;
        let silences = silence::parse(
            r#"[{"id": "s1", "startsAt": "1970-01-01T00:00:00Z", "endsAt": "1970-01-02T00:00:00Z",
                 "matchers": [{"name": "alertname", "value": "S"}]}]"#,
        )
        .unwrap();
        let mut alerts = vec![
            alert(&[("alertname", "C"), ("severity", "critical"), ("service", "a")], 0, Some(60)),
            alert(&[("alertname", "L"), ("severity", "low"), ("service", "a")], 1, Some(20)),
            alert(&[("alertname", "M"), ("severity", "low"), ("service", "b")], 1, Some(20)),
            alert(&[("alertname", "S"), ("severity", "low")], 1, Some(20)),
            alert(&[("alertname", "N"), ("severity", "high")], 185, Some(200)),
            alert(&[("alertname", "D"), ("severity", "high")], 230, Some(250)),
        ];
        let sent = notify(&config, &silences, &mut alerts, 300 * 60_000);
        let why: Vec<_> =
            alerts.iter().map(|alert| alert.suppressed_by.clone().unwrap_or_default()).collect();
        assert_eq!(why, ["", "inhibited by C", "", "silence s1", "mute time interval \"night\"", ""]);
        assert_eq!(alerts[1].status, Status::Suppressed);
        assert_eq!(alerts[5].status, Status::Resolved);
        // 03:50:30 and 03:55:30 are muted, 04:00:30 is not; the chat is not told of what is resolved.
        assert!(told(&sent).contains(&"04:00:30 chat [5] []".to_owned()), "{:?}", told(&sent));
        assert_eq!(sent.iter().filter(|n| n.receiver == "chat").count(), 2, "{:?}", told(&sent));
    }

    #[test]
    fn wrong_configurations_are_told() {
        for (text, part) in [
            ("", "no route"),
            ("receivers: []\n", "no route"),
            ("route: {}\n", "default receiver"),
            ("route: {receiver: a}\n", "undefined receiver \"a\""),
            ("route: {receiver: a, matchers: [x=y]}\nreceivers: [{name: a}]\n", "must not have any matchers"),
            (
                "route: {receiver: a, routes: [{receiver: b}]}\nreceivers: [{name: a}]\n",
                "undefined receiver \"b\"",
            ),
            ("route: {receiver: a, group_by: [..., x]}\nreceivers: [{name: a}]\n", "wildcard"),
            ("route: {receiver: a, group_by: [x, x]}\nreceivers: [{name: a}]\n", "duplicated label"),
            ("route: {receiver: a, group_interval: 0s}\nreceivers: [{name: a}]\n", "cannot be zero"),
            ("route: {receiver: a}\nreceivers: [{name: a}, {name: a}]\n", "not unique"),
            (
                "route: {receiver: a, routes: [{match_re: {x: '['}}]}\nreceivers: [{name: a}]\n",
                "regular expression",
            ),
            ("route: {receiver: a, rotues: []}\nreceivers: [{name: a}]\n", "field rotues not found"),
            (
                "route: {receiver: a, routes: [{mute_time_intervals: [x]}]}\nreceivers: [{name: a}]\n",
                "undefined time interval",
            ),
        ] {
            let problems = config::parse(text).problems;
            assert!(problems.iter().any(|p| p.message.contains(part)), "{text}: {problems:?}");
        }
    }

    /// The corpus beside the project, where it exists.
    #[test]
    fn the_corpus_is_read() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus/rules/alertmanager/");
        for name in ["simple.yml", "conf.good.yml"] {
            #[expect(clippy::disallowed_methods, reason = "a test reads the corpus beside the project")]
            let Ok(text) = std::fs::read_to_string(format!("{root}{name}")) else { continue };
            let checked = config::parse(&text);
            assert_eq!(checked.problems, vec![], "{name}");
            for (labels, receivers) in [
                (vec![("service", "foo1")], "team-X-mails"),
                (vec![("service", "foo1"), ("severity", "critical")], "team-X-pager"),
                (vec![("service", "files")], "team-Y-mails"),
                (vec![("service", "database")], "team-DB-pager"),
                (vec![("service", "database"), ("owner", "team-Y")], "team-Y-pager"),
            ] {
                assert_eq!(checked.config.receivers_for(&Labels::new(labels)).join(","), receivers);
            }
        }
    }
}
