//! What receivers would have read: messages rendered from the templates of a configuration, else the default ones.
//!
//! Nothing is ever sent. What is no template (addresses, keys) is not looked at.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::config::{Config, Integration};
use super::notify::Notification;
use crate::model::Labels;
use crate::rules::alert::Alert;
use crate::rules::template::message::{Escaping, Library, Message, MessageAlert};
use crate::rules::template::query_escape;

/// A message to somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// `email`, `slack`, `pagerduty`, `webhook` …
    pub channel: String,
    /// Subject, title or summary.
    pub title: String,
    /// What is below it; of a page, what can be read of it.
    pub text: String,
    /// The other parts of the message, by the name of their setting.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, String>,
    /// The page, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// Why it would not have been sent: a template failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// The addresses that servers have if nobody gives them another.
const ALERTMANAGER: &str = "http://localhost:9093";
const PROMETHEUS: &str = "http://localhost:9090";

/// Where Prometheus would show an expression.
pub fn generator_url(expression: &str) -> String {
    format!("{PROMETHEUS}/graph?g0.expr={}&g0.tab=1", query_escape(expression))
}

/// What messages are made from.
pub struct Scene<'s> {
    /// All alerts.
    pub alerts: &'s [Alert],
    /// For each of them, where its expression is shown.
    pub links: &'s [String],
    /// The configuration.
    pub config: Option<&'s Config>,
    /// Its templates and the default ones.
    pub library: &'s Library,
}

/// What an integration consists of: the template of its title and of its text, and how many characters of the title
/// are sent.
struct Shape {
    kind: &'static str,
    title: (&'static str, &'static str),
    text: (&'static str, &'static str),
    longest: usize,
    /// Other parts that are there even if nobody sets them.
    details: &'static [(&'static str, &'static str)],
}

const FULL: usize = usize::MAX;

#[rustfmt::skip]
const SHAPES: &[Shape] = &[
    Shape { kind: "email", title: ("headers.Subject", r#"{{ template "email.default.subject" . }}"#), text: ("text", ""), longest: FULL, details: &[("html", r#"{{ template "email.default.html" . }}"#)] },
    Shape { kind: "slack", title: ("title", r#"{{ template "slack.default.title" . }}"#), text: ("text", r#"{{ template "slack.default.text" . }}"#), longest: 1024, details: &[
        ("title_link", r#"{{ template "slack.default.titlelink" . }}"#),
        ("pretext", r#"{{ template "slack.default.pretext" . }}"#),
        ("fallback", r#"{{ template "slack.default.fallback" . }}"#),
        ("footer", r#"{{ template "slack.default.footer" . }}"#),
        ("username", r#"{{ template "slack.default.username" . }}"#),
        ("color", r#"{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}"#),
    ] },
    Shape { kind: "pagerduty", title: ("description", r#"{{ template "pagerduty.default.description" . }}"#), text: ("", ""), longest: 1024, details: &[
        ("client", r#"{{ template "pagerduty.default.client" . }}"#),
        ("client_url", r#"{{ template "pagerduty.default.clientURL" . }}"#),
        ("severity", "error"),
        ("details.firing", r#"{{ template "pagerduty.default.instances" .Alerts.Firing }}"#),
        ("details.resolved", r#"{{ template "pagerduty.default.instances" .Alerts.Resolved }}"#),
        ("details.num_firing", "{{ .Alerts.Firing | len }}"),
        ("details.num_resolved", "{{ .Alerts.Resolved | len }}"),
    ] },
    Shape { kind: "opsgenie", title: ("message", r#"{{ template "opsgenie.default.message" . }}"#), text: ("description", r#"{{ template "opsgenie.default.description" . }}"#), longest: 130, details: &[("source", r#"{{ template "opsgenie.default.source" . }}"#)] },
    Shape { kind: "victorops", title: ("entity_display_name", r#"{{ template "victorops.default.entity_display_name" . }}"#), text: ("state_message", r#"{{ template "victorops.default.state_message" . }}"#), longest: FULL, details: &[] },
    Shape { kind: "pushover", title: ("title", r#"{{ template "pushover.default.title" . }}"#), text: ("message", r#"{{ template "pushover.default.message" . }}"#), longest: 250, details: &[] },
    Shape { kind: "sns", title: ("subject", r#"{{ template "sns.default.subject" . }}"#), text: ("message", r#"{{ template "sns.default.message" . }}"#), longest: 100, details: &[] },
    Shape { kind: "wechat", title: ("", r#"{{ template "__subject" . }}"#), text: ("message", r#"{{ template "wechat.default.message" . }}"#), longest: FULL, details: &[] },
    Shape { kind: "telegram", title: ("", r#"{{ template "__subject" . }}"#), text: ("message", r#"{{ template "telegram.default.message" . }}"#), longest: FULL, details: &[] },
    Shape { kind: "discord", title: ("title", r#"{{ template "discord.default.title" . }}"#), text: ("message", r#"{{ template "discord.default.message" . }}"#), longest: 256, details: &[] },
    Shape { kind: "webex", title: ("", r#"{{ template "__subject" . }}"#), text: ("message", r#"{{ template "webex.default.message" . }}"#), longest: FULL, details: &[] },
    Shape { kind: "msteams", title: ("title", r#"{{ template "msteams.default.title" . }}"#), text: ("text", r#"{{ template "msteams.default.text" . }}"#), longest: FULL, details: &[] },
    Shape { kind: "msteamsv2", title: ("title", r#"{{ template "msteamsv2.default.title" . }}"#), text: ("text", r#"{{ template "msteamsv2.default.text" . }}"#), longest: FULL, details: &[] },
    Shape { kind: "jira", title: ("summary", r#"{{ template "jira.default.summary" . }}"#), text: ("description", r#"{{ template "jira.default.description" . }}"#), longest: 255, details: &[] },
    Shape { kind: "rocketchat", title: ("title", r#"{{ template "rocketchat.default.title" . }}"#), text: ("text", r#"{{ template "rocketchat.default.text" . }}"#), longest: FULL, details: &[] },
    Shape { kind: "", title: ("title", r#"{{ template "__subject" . }}"#), text: ("text", r#"{{ template "__text_both" . }}"#), longest: FULL, details: &[] },
];

impl Scene<'_> {
    /// What the receiver of a notification would have read, on each of its channels. Without a configuration the
    /// receiver's name says which channel it is, as in the short form of rules.
    pub fn previews(&self, notification: &Notification) -> Vec<Preview> {
        let named = self
            .config
            .and_then(|config| config.receivers.iter().find(|known| known.name == notification.receiver));
        let short = [Integration {
            kind: notification.receiver.clone(),
            sends_resolved: true,
            texts: match notification.receiver.as_str() {
                "pagerduty" => BTreeMap::from([("severity".to_owned(), SHORT_SEVERITY.to_owned())]),
                _ => BTreeMap::new(),
            },
        }];
        let integrations = named.map_or(short.as_slice(), |receiver| &receiver.integrations);
        integrations
            .iter()
            .filter(|integration| notification.told[usize::from(integration.sends_resolved)])
            .filter_map(|integration| self.preview(notification, integration))
            .collect()
    }

    fn preview(&self, notification: &Notification, integration: &Integration) -> Option<Preview> {
        let one = |resolved: bool| {
            move |place: &usize| {
                let alert = self.alerts.get(*place)?;
                Some(MessageAlert {
                    labels: &alert.labels,
                    annotations: &alert.annotations,
                    starts: alert.firing_at?,
                    ends: alert.resolved_at.filter(|_| resolved),
                    generator_url: self.links.get(*place).map_or("", String::as_str),
                })
            }
        };
        let mut alerts: Vec<MessageAlert<'_>> = notification.firing.iter().filter_map(one(false)).collect();
        if integration.sends_resolved {
            alerts.extend(notification.resolved.iter().filter_map(one(true)));
        }
        let (common, common_annotations) = in_common(&alerts)?;
        let message = Message {
            receiver: &notification.receiver,
            alerts: &alerts,
            group: &notification.group,
            common: &common,
            common_annotations: &common_annotations,
            external_url: ALERTMANAGER,
            reason: notification.reason,
            at: notification.at,
        };
        let channel = integration.kind.clone();
        if channel == "webhook" {
            return Some(webhook(notification, &message));
        }
        let rendered = self.rendered(integration, notification, &message);
        Some(rendered.unwrap_or_else(|failed| Preview {
            channel,
            title: "a template failed, and nothing would have been sent".to_owned(),
            text: failed.clone(),
            failed: Some(failed),
            ..Preview::default()
        }))
    }

    fn rendered(
        &self,
        integration: &Integration,
        notification: &Notification,
        message: &Message<'_>,
    ) -> Result<Preview, String> {
        let kind = integration.kind.as_str();
        let plain = |text: &str| self.library.render(text, message, Escaping::Plain);
        let Some(shape) = SHAPES.iter().find(|shape| shape.kind == kind).or(SHAPES.last()) else {
            return Err(format!("{kind} is not known"));
        };
        let mut texts: BTreeMap<&str, &str> = shape.details.iter().copied().collect();
        texts.extend([shape.title, shape.text]);
        for (name, text) in &integration.texts {
            // Headers of a mail have names in any case.
            let is_subject = name.eq_ignore_ascii_case("headers.subject");
            texts.insert(if is_subject { "headers.Subject" } else { name.as_str() }, text);
        }
        let title = cut(&plain(texts.remove(shape.title.0).unwrap_or_default())?, shape.longest);
        let mut preview = Preview {
            channel: kind.to_owned(),
            title: title.trim_end().to_owned(),
            text: plain(texts.remove(shape.text.0).unwrap_or_default())?,
            ..Preview::default()
        };
        if let Some(html) = texts.remove("html").filter(|_| kind == "email") {
            let html = self.library.render(html, message, Escaping::Html)?;
            if preview.text.trim().is_empty() {
                preview.text = readable(&html);
            }
            preview.html = Some(html);
        }
        for (name, text) in texts {
            let text = plain(text)?;
            if !text.is_empty() {
                preview.details.insert(name.to_owned(), text);
            }
        }
        if kind == "pagerduty" {
            let fires = message.alerts.iter().any(|alert| alert.ends.is_none());
            let action = if fires { "trigger" } else { "resolve" };
            preview.details.insert("event_action".to_owned(), action.to_owned());
            // What makes later events part of the same incident.
            if !notification.group_key.is_empty() {
                let key = fingerprint_of(&notification.group_key);
                preview.details.insert("dedup_key".to_owned(), key);
            }
            preview.text = incident(&preview);
        }
        Ok(preview)
    }
}

/// In the short form of rules the severity is one of four words, of which PagerDuty knows others.
const SHORT_SEVERITY: &str = r#"{{ $severity := .CommonLabels.severity }}{{ if match "^(critical|page|high)$" $severity }}critical{{ else if match "^(warning|medium)$" $severity }}warning{{ else if match "^(info|low)$" $severity }}info{{ else }}error{{ end }}"#;

/// The labels and annotations that all alerts have; `None` if there are no alerts.
fn in_common(alerts: &[MessageAlert<'_>]) -> Option<(Labels, Vec<(String, String)>)> {
    let (first, others) = alerts.split_first()?;
    let mut labels = first.labels.clone();
    labels.retain(|name| others.iter().all(|alert| alert.labels.get(name) == first.labels.get(name)));
    let annotations = first
        .annotations
        .iter()
        .filter(|pair| others.iter().all(|alert| alert.annotations.iter().any(|known| known == *pair)));
    Some((labels, annotations.cloned().collect()))
}

/// At most so many characters, the last one an ellipsis if there were more.
fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    text.chars().take(longest.saturating_sub(1)).chain(['…']).collect()
}

/// What an incident shows: its parts, and below them the alerts.
fn incident(preview: &Preview) -> String {
    let mut text = String::new();
    for (name, value) in &preview.details {
        // Writing to a string does not fail, here and below.
        let name = name.strip_prefix("details.").unwrap_or(name);
        if !matches!(name, "firing" | "resolved") && !value.contains('\n') {
            let _ = writeln!(text, "{name}: {value}");
        }
    }
    for (name, value) in &preview.details {
        let name = name.strip_prefix("details.").unwrap_or(name);
        if matches!(name, "firing" | "resolved") || value.contains('\n') {
            let _ = writeln!(text, "{name}:\n{}", value.trim_end());
        }
    }
    text
}

/// The key of a group as Alertmanager sends it to services that tell groups apart by a key: SHA-256, hexadecimal.
fn fingerprint_of(group_key: &str) -> String {
    Sha256::digest(group_key.as_bytes()).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What can be read of a page: no tags, a line where a block or a line ends.
fn readable(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open].replace('\n', " "));
        rest = &rest[open..];
        // What stands in a style is for nobody to read.
        let lower = rest.get(..7).unwrap_or(rest).to_ascii_lowercase();
        let end = ["style", "script", "head"].iter().find(|name| lower[1..].starts_with(**name));
        if let Some(name) = end
            && let Some(close) = rest.find(&format!("</{name}"))
        {
            rest = &rest[close..];
            rest = rest.find('>').map_or("", |end| &rest[end + 1..]);
            continue;
        }
        let Some(close) = rest.find('>') else { break };
        let name = rest[1..close].trim_start_matches('/').to_ascii_lowercase();
        let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        if matches!(
            name,
            "br" | "p" | "div" | "tr" | "li" | "ul" | "table" | "h1" | "h2" | "h3" | "h4" | "hr"
        ) {
            text.push('\n');
        }
        rest = &rest[close + 1..];
    }
    text.push_str(&rest.replace('\n', " "));
    for (entity, meaning) in [
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&#34;", "\""),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ] {
        text = text.replace(entity, meaning);
    }
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        // One blank line is enough.
        if !words.is_empty() || lines.last().is_some_and(|last| !last.is_empty()) {
            lines.push(words.join(" "));
        }
    }
    lines.join("\n").trim_end().to_owned()
}

/// The JSON that a webhook gets.
fn webhook(notification: &Notification, message: &Message<'_>) -> Preview {
    let map = |labels: &Labels| {
        labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<BTreeMap<_, _>>()
    };
    let alert = |alert: &MessageAlert<'_>| {
        serde_json::json!({
            "status": if alert.ends.is_some() { "resolved" } else { "firing" },
            "labels": map(alert.labels),
            "annotations": alert.annotations.iter().cloned().collect::<BTreeMap<_, _>>(),
            "startsAt": alert.starts.to_string(),
            "endsAt": alert.ends.map_or("0001-01-01T00:00:00Z".to_owned(), |at| at.to_string()),
            "generatorURL": alert.generator_url,
            "fingerprint": alert.fingerprint(),
        })
    };
    let status = if message.alerts.iter().any(|alert| alert.ends.is_none()) { "firing" } else { "resolved" };
    let body = serde_json::json!({
        "version": "4",
        "groupKey": notification.group_key,
        "truncatedAlerts": 0,
        "status": status,
        "receiver": message.receiver,
        "groupLabels": map(message.group),
        "commonLabels": map(message.common),
        "commonAnnotations": message.common_annotations.iter().cloned().collect::<BTreeMap<_, _>>(),
        "externalURL": message.external_url,
        "alerts": message.alerts.iter().map(alert).collect::<Vec<_>>(),
    });
    Preview {
        channel: "webhook".to_owned(),
        title: format!("POST, {status}, {}", counted(message.alerts.len())),
        text: serde_json::to_string_pretty(&body).unwrap_or_default(),
        ..Preview::default()
    }
}

fn counted(alerts: usize) -> String {
    if alerts == 1 { "1 alert".to_owned() } else { format!("{alerts} alerts") }
}

#[cfg(test)]
mod tests {
    use super::super::config;
    use super::*;
    use crate::model::Timestamp;
    use crate::rules::alert::Status;
    use crate::rules::yaml::Place;

    fn alert(service: &str) -> Alert {
        let at = |seconds| Timestamp::new(seconds, 0).unwrap();
        Alert {
            rule: "Pool".to_owned(),
            id: None,
            group: "g".to_owned(),
            file: String::new(),
            place: Place { line: 1, column: 1 },
            severity: Some("critical".to_owned()),
            labels: Labels::new([("alertname", "Pool"), ("service", service), ("severity", "critical")]),
            annotations: vec![
                ("link".to_owned(), "http://wiki".to_owned()),
                ("text".to_owned(), format!("{service} has <no> connection")),
            ],
            pending_at: at(1_703_387_160),
            firing_at: Some(at(1_703_387_190)),
            resolved_at: Some(at(1_703_387_310)),
            value: 19.0,
            status: Status::Triggered,
            evidence: Vec::new(),
            receivers: Vec::new(),
            suppressed_by: None,
            acknowledged_at: None,
            acknowledged_by: None,
        }
    }

    fn shown(receivers: &str, firing: &[usize], resolved: &[usize], library: &Library) -> Vec<Preview> {
        let global = "slack_api_url: 'https://hooks.example/a', smtp_smarthost: 'mail.example:25', smtp_from: x, \
                      opsgenie_api_key: x";
        let checked = config::parse(&format!(
            "{{global: {{{global}}}, route: {{receiver: all}}, receivers: [{{name: all, {receivers}}}]}}"
        ));
        assert_eq!(checked.problems, vec![]);
        let alerts = [alert("payment"), alert("order")];
        let notification = Notification {
            at: alerts[0].pending_at,
            receiver: "all".to_owned(),
            group: Labels::new([("alertname", "Pool")]),
            firing: firing.to_vec(),
            resolved: resolved.to_vec(),
            group_key: "{}:{alertname=\"Pool\"}".to_owned(),
            told: [true, true],
            reason: "",
            previews: Vec::new(),
        };
        let links = [generator_url("up < 1"), String::new()];
        let scene = Scene { alerts: &alerts, links: &links, config: Some(&checked.config), library };
        scene.previews(&notification)
    }

    #[test]
    fn by_default_a_message_says_what_fires_and_for_whom() {
        let receivers = "email_configs: [{to: x}], slack_configs: [{channel: '#ops'}], pagerduty_configs: [{routing_key: x}], \
                         webhook_configs: [{url: 'http://secret'}]";
        let both = shown(receivers, &[0, 1], &[], &Library::new());
        let channels: Vec<&str> = both.iter().map(|preview| preview.channel.as_str()).collect();
        assert_eq!(channels, ["email", "slack", "pagerduty", "webhook"]);
        let [email, slack, pagerduty, webhook] = both.as_slice() else { panic!() };
        assert!(both[..3].iter().all(|preview| preview.title == "[FIRING:2] Pool (critical)"), "{both:?}");
        assert!(email.text.starts_with("2 alerts for alertname=Pool\n"), "{}", email.text);
        assert!(email.text.contains("text = order has <no> connection\n"), "{}", email.text);
        assert!(email.html.as_ref().unwrap().contains("order has &lt;no&gt; connection<br>"));
        assert_eq!(slack.text, "");
        let details: Vec<_> = slack.details.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let link = "http://localhost:9093/#/alerts?receiver=all";
        let fallback = format!("[FIRING:2] Pool (critical) | {link}");
        assert_eq!(
            details,
            [
                ("channel", "#ops"),
                ("color", "danger"),
                ("fallback", &fallback),
                ("title_link", link),
                ("username", "Alertmanager"),
            ]
        );
        assert_eq!(
            (pagerduty.details["event_action"].as_str(), pagerduty.details["severity"].as_str()),
            ("trigger", "error")
        );
        assert!(
            pagerduty.details["details.firing"].starts_with(
                "Labels:\n - alertname = Pool\n - service = payment\n - severity = critical\nAnnotations:\n \
                 - link = http://wiki\n - text = payment has <no> connection\n\
                 Source: http://localhost:9090/graph?g0.expr=up+%3C+1&g0.tab=1\nLabels:\n"
            ),
            "{}",
            pagerduty.details["details.firing"]
        );
        assert!(!webhook.text.contains("secret"));
        let body: serde_json::Value = serde_json::from_str(&webhook.text).unwrap();
        assert_eq!((&body["status"], body["alerts"].as_array().unwrap().len()), (&"firing".into(), 2));
        assert_eq!(body["alerts"][0]["endsAt"], "0001-01-01T00:00:00Z");
    }

    #[test]
    fn what_is_resolved_is_told_to_those_who_want_it() {
        let receivers = "slack_configs: [{}, {send_resolved: true}], pagerduty_configs: [{routing_key: x}]";
        let over = shown(receivers, &[], &[0], &Library::new());
        let titles: Vec<_> =
            over.iter().map(|preview| (preview.channel.as_str(), preview.title.as_str())).collect();
        assert_eq!(
            titles,
            [
                ("slack", "[RESOLVED] Pool (payment critical)"),
                ("pagerduty", "[RESOLVED] Pool (payment critical)")
            ]
        );
        assert_eq!(over[0].details["color"], "good");
        assert_eq!(over[1].details["event_action"], "resolve");
        let mixed = shown(receivers, &[0], &[1], &Library::new());
        let titles: Vec<_> = mixed.iter().map(|preview| preview.title.as_str()).collect();
        assert_eq!(
            titles,
            [
                "[FIRING:1] Pool (payment critical)",
                "[FIRING:1] Pool (critical)",
                "[FIRING:1] Pool (critical)"
            ]
        );
    }

    #[test]
    fn templates_of_the_configuration_are_used() {
        let mut library = Library::new();
        library
            .add(
                "own.tmpl",
                "{{ define \"own\" }}{{ len .Alerts }} for {{ .GroupLabels.alertname | toUpper }}{{ end }}",
            )
            .unwrap();
        let receivers = "slack_configs: [{title: '{{ template \"own\" . }}', text: '{{ range .Alerts }}{{ .Annotations.text }};{{ end }}', \
            fields: [{title: Runbook, value: '{{ .CommonAnnotations.link }}'}]}], \
            email_configs: [{to: '{{ .CommonLabels.severity }}@x', headers: {subject: 'S {{ .Status }}'}, html: '<p>{{ .CommonLabels.alertname }}</p>a&lt;b {{ \"<i>\" }}{{ \"<b>\" | safeHtml }}'}], \
            pagerduty_configs: [{routing_key: x, severity: '{{ .CommonLabels.severity }}', details: {team: '{{ .Receiver }}'}}], \
            opsgenie_configs: [{message: '{{ .Nope }}'}]";
        let all = shown(receivers, &[0, 1], &[], &library);
        let [slack, email, pagerduty, opsgenie] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!(slack.title, "2 for POOL");
        assert_eq!(slack.text, "payment has <no> connection;order has <no> connection;");
        assert_eq!(slack.details["fields.0.value"], "http://wiki");
        assert_eq!((email.title.as_str(), email.details["to"].as_str()), ("S firing", "critical@x"));
        assert_eq!(email.html.as_deref(), Some("<p>Pool</p>a&lt;b &lt;i&gt;<b>"));
        assert_eq!(email.text, "Pool\na<b <i>");
        assert_eq!(
            (pagerduty.details["severity"].as_str(), pagerduty.details["details.team"].as_str()),
            ("critical", "all")
        );
        assert!(opsgenie.failed.as_ref().unwrap().contains("can't evaluate field Nope"), "{opsgenie:?}");
    }

    #[test]
    fn long_titles_are_cut() {
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("äöüß", 4), "äöüß");
    }
}
