//! Alerts as documents: Alertmanager's and Prometheus' answers, webhooks, and lists of others with a name and words.

use std::collections::BTreeMap;

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

/// The alerts that Grafana's annotations or its history of states tell of, each in its last state, as Alertmanager would
/// have written them.
pub(super) fn history(value: &Value) -> Option<Vec<Value>> {
    let told: Vec<Value> = match value.pointer("/data/values").and_then(Value::as_array) {
        Some(columns) => {
            let (times, lines) = (columns.first()?.as_array()?, columns.get(1)?.as_array()?);
            let told = times.iter().zip(lines).filter(|(_, line)| line.get("current").is_some());
            told.map(|(time, line)| {
                let title = line.get("ruleTitle").or(line.pointer("/labels/alertname"));
                came(title, line.get("current"), time, line.get("labels"), line.get("error"))
            })
            .collect()
        }
        None => {
            let items = value.as_array().filter(|items| !items.is_empty())?;
            let is_told = |item: &Value| item.get("newState").is_some() && item.get("time").is_some();
            items.iter().all(is_told).then_some(())?;
            let told = |item: &Value| {
                came(item.get("alertName"), item.get("newState"), &item["time"], None, item.get("text"))
            };
            items.iter().map(told).collect()
        }
    };
    let mut last: BTreeMap<String, Value> = BTreeMap::new();
    for alert in told {
        let known = last.entry(alert["labels"].to_string()).or_insert(Value::Null);
        let later = known["at"].as_i64() <= alert["at"].as_i64();
        // What fires goes on since it began.
        if known.is_null() || (later && known["state"] != alert["state"]) {
            *known = alert;
        }
    }
    Some(last.into_values().collect()).filter(|alerts: &Vec<Value>| !alerts.is_empty())
}

/// An alert that came into a state at a time in milliseconds.
fn came(
    title: Option<&Value>,
    state: Option<&Value>,
    time: &Value,
    labels: Option<&Value>,
    said: Option<&Value>,
) -> Value {
    let mut all = labels.and_then(Value::as_object).cloned().unwrap_or_default();
    if let Some(title) = title.and_then(Value::as_str) {
        all.insert("alertname".to_owned(), Value::from(title));
    }
    let at = time.as_i64().unwrap_or(0);
    let date = chrono::DateTime::from_timestamp_millis(at).map(|date| date.to_rfc3339()).unwrap_or_default();
    // `Alerting (NoData)` tells why in parentheses.
    let state = state.and_then(Value::as_str).unwrap_or_default().split(' ').next().unwrap_or_default();
    let fires =
        ["alerting", "error", "nodata", "no_data"].iter().any(|word| state.eq_ignore_ascii_case(word));
    serde_json::json!({
        "labels": all,
        "annotations": {"description": said.and_then(Value::as_str).unwrap_or_default()},
        "state": if fires { "firing" } else { "resolved" },
        "startsAt": date,
        "at": at,
    })
}

/// Does a text look as if it began one?
pub(super) fn begins(flat: &str) -> bool {
    let annotations = flat.contains("\"newState\":\"") && flat.contains("\"prevState\":\"");
    let states =
        flat.contains("\"previous\":\"") && flat.contains("\"current\":\"") && flat.contains("\"values\":[[");
    annotations
        || states
        || flat.contains("\"alerts\":[{")
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

/// Is it over, or one that always fires, so that its silence would tell? By the convention of Prometheus' mixins that has
/// no severity.
fn is_over(value: &Value) -> bool {
    if value.pointer("/labels/severity").and_then(Value::as_str) == Some("none") {
        return true;
    }
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
        Some(labels) => {
            // Of an alert that names nothing its own name is all there is.
            let about = ABOUT.iter().find_map(|(name, kind)| Some((text(labels, name)?, *kind)));
            about.or_else(|| Some((text(labels, "alertname")?, None)))?
        }
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
    fn histories_of_grafana_tell_what_still_fires() {
        let told = |text: &str| {
            let value: Value = serde_json::from_str(text).unwrap();
            let mut cluster = Cluster::default();
            put(&history(&value).unwrap(), |_| Place::default(), &mut cluster);
            let told =
                cluster.alerts.into_iter().map(|alert| (alert.about, alert.words, alert.from.is_some()));
            told.collect::<Vec<_>>()
        };
        let annotations = |last: &str| {
            format!(
                r#"[{{"id": 2, "alertName": "Berths are full", "newState": "{last}", "prevState": "x", "time": 1764316860000, "text": "9 of 9"}},
                {{"id": 1, "alertName": "Berths are full", "newState": "pending", "prevState": "ok", "time": 1764316800000, "text": ""}}]"#
            )
        };
        let words = vec!["Berths are full".to_owned(), "9 of 9".to_owned()];
        assert_eq!(told(&annotations("alerting")), [("Berths are full".to_owned(), words, true)]);
        assert_eq!(told(&annotations("ok")), []);
        let states = r#"{"schema": {}, "data": {"values": [[1764316800000, 1764316860000], [
            {"previous": "Normal", "current": "Pending", "ruleTitle": "Slow", "labels": {"pod": "crane-1"}},
            {"previous": "Pending", "current": "Alerting", "ruleTitle": "Slow", "labels": {"pod": "crane-1"}}]]}}"#;
        assert_eq!(told(states), [("crane-1".to_owned(), vec!["Slow".to_owned()], true)]);
    }

    #[test]
    fn alerts_that_name_nothing_are_told_and_those_that_always_fire_are_not() {
        let one = |labels: &str| {
            format!(r#"[{{"labels": {labels}, "startsAt": "2025-11-28T08:00:00Z", "state": "firing"}}]"#)
        };
        let found = read(&one(r#"{"alertname": "ErrorBudgetBurns", "severity": "critical"}"#));
        assert_eq!(found[0].about, "ErrorBudgetBurns");
        assert_eq!(read(&one(r#"{"alertname": "Watchdog", "severity": "none"}"#)), []);
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
