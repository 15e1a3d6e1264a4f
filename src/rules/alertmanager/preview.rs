//! What receivers would have read: a message as the default templates of email, Slack, PagerDuty and others put it.
//!
//! Nothing is ever sent, and the templates of a configuration are not looked at.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::config::Config;
use super::notify::Notification;
use crate::model::Labels;
use crate::rules::alert::Alert;

/// A message to somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// `email`, `slack`, `pagerduty`, `webhook` …
    pub channel: String,
    /// Subject, title or summary.
    pub title: String,
    /// What is below it.
    pub text: String,
}

/// What the receiver of a notification would have read, on each of its channels. Without a configuration the
/// receiver's name says which channel it is, as in the short form of rules.
pub fn previews(notification: &Notification, alerts: &[Alert], config: Option<&Config>) -> Vec<Preview> {
    let named =
        config.and_then(|config| config.receivers.iter().find(|known| known.name == notification.receiver));
    let mut channels = match named {
        Some(receiver) => receiver.integrations.clone(),
        None => vec![notification.receiver.clone()],
    };
    channels.dedup();
    let message = Message::new(notification, alerts);
    channels.into_iter().map(|channel| message.preview(channel)).collect()
}

/// The alerts of a notification, and what they have in common.
struct Message<'n> {
    notification: &'n Notification,
    firing: Vec<&'n Alert>,
    resolved: Vec<&'n Alert>,
    common: Labels,
}

impl<'n> Message<'n> {
    fn new(notification: &'n Notification, alerts: &'n [Alert]) -> Self {
        let at = |places: &[usize]| places.iter().filter_map(|&place| alerts.get(place)).collect::<Vec<_>>();
        let (firing, resolved) = (at(&notification.firing), at(&notification.resolved));
        let mut all = firing.iter().chain(&resolved);
        let mut common = all.next().map_or_else(Labels::default, |alert| alert.labels.clone());
        for alert in all {
            let labels = common.clone();
            common.retain(|name| labels.get(name) == alert.labels.get(name));
        }
        Message { notification, firing, resolved, common }
    }

    fn preview(&self, channel: String) -> Preview {
        let title = self.title();
        let text = match channel.as_str() {
            "pagerduty" => self.incident(&title),
            "webhook" => self.webhook(),
            // The default text of Slack is empty, which is no message that anybody could judge.
            _ => self.listed(),
        };
        Preview { channel, title, text }
    }

    /// `[FIRING:2] HighErrorRate (payment high)`: the group's labels, and in brackets what else is common.
    fn title(&self) -> String {
        let state = match self.firing.len() {
            0 => "[RESOLVED]".to_owned(),
            count => format!("[FIRING:{count}]"),
        };
        let values = |labels: &mut dyn Iterator<Item = (&str, &str)>| {
            labels.map(|(_, value)| value.to_owned()).collect::<Vec<_>>().join(" ")
        };
        let group = &self.notification.group;
        // The name of the alert comes first.
        let name = group.iter().filter(|(name, _)| *name == "alertname");
        let rest = group.iter().filter(|(name, _)| *name != "alertname");
        let of_group = values(&mut name.chain(rest));
        let beyond = values(&mut self.common.iter().filter(|(name, _)| group.get(name).is_empty()));
        let beyond = if beyond.is_empty() { String::new() } else { format!("({beyond})") };
        [state, of_group, beyond].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }

    fn listed(&self) -> String {
        let mut text = String::new();
        for (alerts, heading) in [(&self.firing, "Alerts Firing:"), (&self.resolved, "Alerts Resolved:")] {
            if alerts.is_empty() {
                continue;
            }
            // Writing to a string does not fail, here and below.
            let _ = writeln!(text, "{heading}");
            for alert in alerts {
                text.push_str("Labels:\n");
                for (name, value) in alert.labels.iter() {
                    let _ = writeln!(text, " - {name} = {value}");
                }
                text.push_str("Annotations:\n");
                for (name, value) in &alert.annotations {
                    let _ = writeln!(text, " - {name} = {value}");
                }
            }
        }
        text
    }

    fn incident(&self, title: &str) -> String {
        let action = if self.firing.is_empty() { "resolve" } else { "trigger" };
        let severity = match self.common.get("severity") {
            known @ ("critical" | "error" | "warning" | "info") => known,
            "page" | "high" => "critical",
            "medium" => "warning",
            "low" => "info",
            _ => "error",
        };
        format!(
            "event_action: {action}\nsummary: {title}\nseverity: {severity}\nnum_firing: {}\nnum_resolved: {}\n{}",
            self.firing.len(),
            self.resolved.len(),
            self.listed()
        )
    }

    fn webhook(&self) -> String {
        let map = |labels: &Labels| {
            labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<BTreeMap<_, _>>()
        };
        let alert = |status: &'static str| {
            move |alert: &&Alert| {
                serde_json::json!({
                    "status": status,
                    "labels": map(&alert.labels),
                    "annotations": alert.annotations.iter().cloned().collect::<BTreeMap<_, _>>(),
                    "startsAt": alert.firing_at.map(|at| at.to_string()),
                    "endsAt": (status == "resolved").then(|| alert.resolved_at.map(|at| at.to_string())),
                })
            }
        };
        let alerts: Vec<_> = self
            .firing
            .iter()
            .map(alert("firing"))
            .chain(self.resolved.iter().map(alert("resolved")))
            .collect();
        let status = if self.firing.is_empty() { "resolved" } else { "firing" };
        serde_json::json!({
            "version": "4",
            "status": status,
            "receiver": self.notification.receiver,
            "groupLabels": map(&self.notification.group),
            "commonLabels": map(&self.common),
            "alerts": alerts,
        })
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::super::config;
    use super::*;
    use crate::model::Timestamp;
    use crate::rules::alert::Status;
    use crate::rules::yaml::Place;

    fn alert(service: &str) -> Alert {
        let at = Timestamp::from_millis(1_703_387_190_000).unwrap();
        Alert {
            rule: "Pool".to_owned(),
            id: None,
            group: "g".to_owned(),
            file: String::new(),
            place: Place { line: 1, column: 1 },
            severity: Some("critical".to_owned()),
            labels: Labels::new([("alertname", "Pool"), ("service", service), ("severity", "critical")]),
            annotations: vec![("text".to_owned(), format!("{service} has no connection"))],
            pending_at: at,
            firing_at: Some(at),
            resolved_at: None,
            value: 19.0,
            status: Status::Triggered,
            evidence: Vec::new(),
            receivers: Vec::new(),
            suppressed_by: None,
            acknowledged_at: None,
            acknowledged_by: None,
        }
    }

    #[test]
    fn a_message_says_what_fires_and_for_whom() {
        let config = config::parse(
            "{route: {receiver: all}, receivers: [{name: all, email_configs: [{to: x}], slack_configs: [{}], \
             pagerduty_configs: [{}], webhook_configs: [{}]}]}",
        );
        assert_eq!(config.problems, vec![]);
        let alerts = [alert("payment"), alert("order")];
        let notification = |firing: &[usize], resolved: &[usize]| Notification {
            at: alerts[0].pending_at,
            receiver: "all".to_owned(),
            group: Labels::new([("alertname", "Pool")]),
            firing: firing.to_vec(),
            resolved: resolved.to_vec(),
            previews: Vec::new(),
        };
        let both = previews(&notification(&[0, 1], &[]), &alerts, Some(&config.config));
        let channels: Vec<&str> = both.iter().map(|preview| preview.channel.as_str()).collect();
        assert_eq!(channels, ["email", "slack", "pagerduty", "webhook"]);
        assert!(both.iter().all(|preview| preview.title == "[FIRING:2] Pool (critical)"), "{both:?}");
        assert!(
            both[0]
                .text
                .contains(" - service = order\n - severity = critical\nAnnotations:\n - text = order has")
        );
        assert!(
            both[2].text.starts_with(
                "event_action: trigger\nsummary: [FIRING:2] Pool (critical)\nseverity: critical\n"
            )
        );
        let value: serde_json::Value = serde_json::from_str(&both[3].text).unwrap();
        assert_eq!((&value["status"], value["alerts"].as_array().unwrap().len()), (&"firing".into(), 2));

        let over = previews(&notification(&[], &[0]), &alerts, None);
        assert_eq!(over[0].title, "[RESOLVED] Pool (payment critical)");
        assert!(
            over[0].text.starts_with("Alerts Resolved:\nLabels:\n - alertname = Pool\n"),
            "{}",
            over[0].text
        );
    }
}
