//! Alerts as documents: Alertmanager's and Prometheus' answers, webhooks, and lists of others with a name and words.

use serde_json::Value;

use super::cluster::Cluster;
use super::object::{Alert, Kind, Place};

/// Labels that say whose an alert is, the most telling first.
const ABOUT: &[(&str, Option<Kind>)] = &[
    ("deployment", Some(Kind::Deployment)),
    ("statefulset", Some(Kind::StatefulSet)),
    ("daemonset", Some(Kind::DaemonSet)),
    ("service", None),
    ("pod", Some(Kind::Pod)),
    ("persistentvolumeclaim", Some(Kind::Claim)),
    ("node", Some(Kind::Node)),
    ("job_name", Some(Kind::Job)),
    ("instance", None),
    ("job", None),
];

/// Names of what says whose an alert is where it has no labels, and of the kind of object that is.
const NAMES: &[&str] = &["name", "subject_name", "service", "resource", "entity", "host"];
const KINDS: &[&str] = &["type", "kind", "subject_type"];

/// Annotations that say what an alert is about, as those of Prometheus' mixins and Alertmanager's templates are called.
const WORDS: &[&str] = &["title", "summary", "description", "message"];

/// Is this a list of alerts, or does it hold one?
pub(super) fn list(value: &Value) -> Option<&[Value]> {
    let found = value.get("alerts").or_else(|| value.pointer("/data/alerts")).unwrap_or(value);
    let items = found.as_array().filter(|items| !items.is_empty())?;
    items.iter().all(is_alert).then_some(items.as_slice())
}

/// Does a text look as if it began one?
pub(super) fn begins(flat: &str) -> bool {
    flat.contains("\"alerts\":[{")
        || (flat.starts_with("[{") && flat.contains("\"alertname\":") && flat.contains("\"labels\":{"))
}

fn is_alert(value: &Value) -> bool {
    let named = NAMES.iter().any(|name| value.get(name).is_some_and(Value::is_string));
    value.pointer("/labels/alertname").is_some() || (named && !said(value).is_empty())
}

/// What somebody says in a list without labels: every text of more than a word, whatever it is called, that is no time.
fn said(value: &Value) -> Vec<String> {
    let texts: Vec<&str> = match value {
        Value::Object(map) => map.values().flat_map(texts_of).collect(),
        _ => Vec::new(),
    };
    let says = |text: &&&str| {
        text.trim().contains(' ') && text.chars().filter(|c| c.is_alphabetic()).count() * 2 > text.len() / 2
    };
    texts.iter().filter(says).map(|text| text.trim().to_owned()).collect()
}

/// The texts of a value, or of a list of them.
fn texts_of(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// Is it over?
fn is_over(value: &Value) -> bool {
    let state = text(value, "state").or(text(value, "status"));
    let state = state.or(value.pointer("/status/state").and_then(Value::as_str)).unwrap_or_default();
    ["resolved", "suppressed", "inactive", "ok", "normal"].iter().any(|over| state.eq_ignore_ascii_case(over))
}

/// Puts alerts that are not over into a cluster; says how many there are.
pub(super) fn put(items: &[Value], place: impl Fn(&str) -> Place, into: &mut Cluster) -> usize {
    for value in items.iter().filter(|value| !is_over(value)) {
        if let Some(alert) = alert(value, &place, into) {
            into.alerts.push(alert);
        }
    }
    items.len()
}

fn alert(value: &Value, place: &impl Fn(&str) -> Place, into: &mut Cluster) -> Option<Alert> {
    let labels = value.get("labels").filter(|labels| labels.get("alertname").is_some());
    let (about, kind) = match labels {
        Some(labels) => ABOUT.iter().find_map(|(name, kind)| Some((text(labels, name)?, *kind)))?,
        None => {
            let kind = KINDS.iter().find_map(|name| text(value, name));
            let about = NAMES.iter().find_map(|name| text(value, name))?;
            (about, kind.and_then(Kind::of))
        }
    };
    let words = match labels {
        Some(labels) => {
            let annotations = value.get("annotations").unwrap_or(value);
            let all = WORDS.iter().filter_map(|name| text(annotations, name));
            let mut words: Vec<String> =
                text(labels, "alertname").into_iter().chain(all).map(str::to_owned).collect();
            words.dedup();
            words
        }
        None => said(value),
    };
    let from = ["startsAt", "activeAt", "starts_at", "start_time"];
    let from = from.into_iter().find_map(|name| into.date(text(value, name)?));
    let place = Place { text: format!("{about}: {}", words.join("; ")), ..place(about) };
    let namespace = labels.and_then(|labels| text(labels, "namespace")).unwrap_or_default().to_owned();
    Some(Alert { place, kind, about: about.to_owned(), namespace, words, from })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Alert> {
        let value: Value = serde_json::from_str(text).unwrap();
        let mut cluster = Cluster::default();
        put(list(&value).unwrap(), |_| Place::default(), &mut cluster);
        cluster.alerts
    }

    #[test]
    fn answers_of_alertmanager_and_prometheus_are_read() {
        let one = r#"{"labels": {"alertname": "CPUThrottlingHigh", "pod": "crane-1", "namespace": "harbour"},
            "annotations": {"summary": "crane-1 is throttled"}, "startsAt": "2025-11-28T08:00:00Z", "state": "firing"}"#;
        for text in [
            format!("[{one}]"),
            format!("{{\"alerts\": [{one}]}}"),
            format!("{{\"data\": {{\"alerts\": [{one}]}}}}"),
        ] {
            let found = read(&text);
            assert_eq!((found[0].about.as_str(), found[0].kind), ("crane-1", Some(Kind::Pod)));
            assert_eq!(found[0].words, ["CPUThrottlingHigh", "crane-1 is throttled"]);
            assert!(found[0].from.is_some());
        }
        assert_eq!(read(&format!("[{}]", one.replace("firing", "resolved"))), []);
    }

    #[test]
    fn other_lists_name_whose_and_what() {
        let found = read(
            r#"{"alerts": [{"type": "Node", "name": "quay1", "seen": ["it is slow", "b"], "at": "2025-11-28 08:00:00 ~ 2025-11-28 08:05:00"}]}"#,
        );
        assert_eq!((found[0].about.as_str(), found[0].kind), ("quay1", Some(Kind::Node)));
        assert_eq!(found[0].words, ["it is slow"]);
        assert_eq!(list(&serde_json::json!({"alerts": [{"id": 3}]})), None);
        assert_eq!(list(&serde_json::json!([1])), None);
    }
}
