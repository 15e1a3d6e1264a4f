//! Alerts as documents: Alertmanager's and Prometheus' answers, webhooks, and lists of others with a name and words.

use std::collections::BTreeMap;

use serde_json::Value;

use super::cluster::Cluster;
use super::object::{Alert, Kind, Place, Spell};

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

/// The alerts below the rules that Prometheus answers, as it would have listed them.
pub(super) fn of_rules(value: &Value) -> Option<Vec<Value>> {
    let groups = value.pointer("/data/groups")?.as_array().filter(|groups| !groups.is_empty())?;
    let rules = groups.iter().map(|group| group.get("rules")?.as_array()).collect::<Option<Vec<_>>>()?;
    let alerts = rules.into_iter().flatten().filter_map(|rule| rule.get("alerts")?.as_array());
    Some(alerts.flatten().cloned().collect())
}

/// The alerts that Grafana's annotations or its history of states tell of, each with all the times at which it fired, as
/// Alertmanager would have written them.
pub(super) fn history(value: &Value) -> Option<Vec<Value>> {
    /// When an alert fired, in milliseconds; what goes on has no end.
    type Times = Vec<(i64, Option<i64>)>;
    let mut told = frames(value).or_else(|| streams(value)).or_else(|| annotations(value))?;
    told.sort_by_key(|told| told.at);
    let mut all: BTreeMap<String, (Value, Times)> = BTreeMap::new();
    for Told { at, fires, alert } in told {
        let (known, spells) = all.entry(alert["labels"].to_string()).or_insert((Value::Null, Vec::new()));
        let open = spells.last_mut().filter(|(_, end)| end.is_none());
        match (open, fires) {
            (None, true) => spells.push((at, None)),
            (Some(open), false) => open.1 = Some(at),
            // What fires goes on since it began.
            (Some(_), true) | (None, false) => {}
        }
        if fires || known.is_null() {
            *known = alert;
        }
    }
    let alerts = all.into_values().map(|(mut alert, spells)| {
        let date = |at: i64| chrono::DateTime::from_timestamp_millis(at).map(|date| date.to_rfc3339());
        let spells: Vec<Value> =
            spells.into_iter().map(|(from, to)| serde_json::json!([date(from), to.and_then(date)])).collect();
        alert["state"] = Value::from(if spells.is_empty() { "ok" } else { "firing" });
        alert["spells"] = Value::from(spells);
        alert
    });
    Some(alerts.collect()).filter(|alerts: &Vec<Value>| !alerts.is_empty())
}

/// A change of an alert's state: when, to what, and the alert.
struct Told {
    at: i64,
    fires: bool,
    alert: Value,
}

/// Grafana's answer about its history: a column of times and one of changes.
fn frames(value: &Value) -> Option<Vec<Told>> {
    let columns = value.pointer("/data/values")?.as_array()?;
    let (times, lines) = (columns.first()?.as_array()?, columns.get(1)?.as_array()?);
    let told = times.iter().zip(lines).filter_map(|(time, line)| change(line, time.as_i64()?));
    Some(told.collect())
}

/// The same as Loki answers it: streams of times in nanoseconds, and changes as texts.
fn streams(value: &Value) -> Option<Vec<Told>> {
    let streams = value.pointer("/data/result")?.as_array()?;
    let values = streams.iter().filter_map(|stream| stream.get("values")?.as_array()).flatten();
    let told = values.filter_map(|pair| {
        let nanos: i64 = pair.get(0)?.as_str()?.parse().ok()?;
        change(&serde_json::from_str(pair.get(1)?.as_str()?).ok()?, nanos / 1_000_000)
    });
    Some(told.collect())
}

/// A change as Grafana keeps it.
fn change(line: &Value, at: i64) -> Option<Told> {
    let title = line.get("ruleTitle").or(line.pointer("/labels/alertname")).and_then(Value::as_str);
    let labels = line.get("labels").and_then(Value::as_object).cloned().unwrap_or_default();
    Some(came(title, line.get("current")?, at, labels, line.get("error")))
}

fn annotations(value: &Value) -> Option<Vec<Told>> {
    let items = value.as_array().filter(|items| !items.is_empty())?;
    let is_told = |item: &Value| item.get("newState").is_some() && item.get("time").is_some();
    // Other annotations of a dashboard may stand between them.
    items.iter().any(is_told).then_some(())?;
    let told = |item: &Value| {
        let words = text(item, "text").unwrap_or_default();
        // Since version 9 the text has the name: `Berths are full {pod=crane-1} - Alerting`.
        let (title, labels) = match words.split_once(" {").zip(words.split_once('}')) {
            Some(((title, _), (labels, _))) => {
                (Some(title), labels.split_once('{').map_or("", |pair| pair.1))
            }
            None => (None, ""),
        };
        let pairs = labels.split(", ").filter_map(|pair| pair.split_once('='));
        let labels = pairs.map(|(name, value)| (name.to_owned(), Value::from(value.trim_matches('"'))));
        let name = text(item, "alertName").or(title);
        came(name, &item["newState"], item["time"].as_i64().unwrap_or(0), labels.collect(), item.get("text"))
    };
    Some(items.iter().filter(|item| is_told(item)).map(told).collect())
}

/// An alert that came into a state at a time in milliseconds.
fn came(
    title: Option<&str>,
    state: &Value,
    at: i64,
    mut labels: serde_json::Map<String, Value>,
    said: Option<&Value>,
) -> Told {
    if let Some(title) = title {
        labels.insert("alertname".to_owned(), Value::from(title));
    }
    // `Alerting (NoData)` tells why in parentheses.
    let state = state.as_str().unwrap_or_default().split(' ').next().unwrap_or_default();
    let fires =
        ["alerting", "error", "nodata", "no_data"].iter().any(|word| state.eq_ignore_ascii_case(word));
    let said = said.and_then(Value::as_str).unwrap_or_default();
    Told { at, fires, alert: serde_json::json!({"labels": labels, "annotations": {"description": said}}) }
}

/// Does a text look as if it began one?
pub(super) fn begins(flat: &str) -> bool {
    let annotations = flat.contains("\"newState\":\"") && flat.contains("\"prevState\":\"");
    let states =
        flat.contains("\"previous\":\"") && flat.contains("\"current\":\"") && flat.contains("\"values\":[[");
    let kept = flat.contains("\"from\":\"state-history\"") && flat.contains("\"resultType\":\"streams\"");
    let rules = flat.contains("\"groups\":[{\"name\":") && flat.contains("\"evaluationTime\":");
    annotations
        || states
        || kept
        || rules
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

/// Has it told nothing: does it wait, is it silenced, or does it always fire, so that its silence would tell? By the
/// convention of Prometheus' mixins that has no severity.
fn is_silent(value: &Value) -> bool {
    if value.pointer("/labels/severity").and_then(Value::as_str) == Some("none") {
        return true;
    }
    is_one_of(value, &["suppressed", "inactive", "pending", "ok", "normal"])
}

/// Is its state one of these?
fn is_one_of(value: &Value, states: &[&str]) -> bool {
    let state = text(value, "state").or(text(value, "status"));
    let state = state.or(value.pointer("/status/state").and_then(Value::as_str)).unwrap_or_default();
    states.iter().any(|known| state.eq_ignore_ascii_case(known))
}

/// The times at which it fired, as pairs of dates, the last of which may have no end.
fn spells(value: &Value, into: &mut Cluster) -> Vec<Spell> {
    let mut date = |value: &Value| into.date(value.as_str()?);
    if let Some(told) = value.get("spells").and_then(Value::as_array) {
        let spell = |pair: &Value| Some(Spell { from: date(pair.get(0)?)?, to: date(pair.get(1)?) });
        return told.iter().filter_map(spell).collect();
    }
    let mut first = |names: &[&str]| names.iter().find_map(|name| date(value.get(*name)?));
    let from = first(&["startsAt", "activeAt", "starts_at", "start_time"]);
    let over = is_one_of(value, &["resolved"]);
    // Of what goes on, an end is only when it will be forgotten.
    let to = if over { first(&["endsAt", "ends_at", "end_time"]) } else { None };
    let _ = first(&["updatedAt"]);
    from.map(|from| Spell { from, to: to.or(over.then_some(from)) }).into_iter().collect()
}

/// Puts alerts that told something into a cluster; says how many there are.
pub(super) fn put(items: &[Value], place: impl Fn(&str) -> Place, into: &mut Cluster) -> usize {
    for value in items.iter().filter(|value| !is_silent(value)) {
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
    let spells = spells(value, into);
    let place = Place { text: format!("{about}: {}", words.join("; ")), ..place(about) };
    let namespace = labels.and_then(|labels| text(labels, "namespace")).unwrap_or_default().to_owned();
    Some(Alert { place, kind, about: about.to_owned(), namespace, words, spells })
}

#[cfg(test)]
mod tests {
    use super::super::When;
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
            assert!(found[0].spells[0].to.is_none());
        }
        let over = one.replace("\"firing\"", "\"resolved\", \"endsAt\": \"2025-11-28T08:10:00Z\"");
        let found = read(&format!("[{over}]"));
        assert_eq!(found[0].spells[0].to, super::super::age::at("2025-11-28T08:10:00Z"));
        assert_eq!(read(&format!("[{}]", one.replace("firing", "pending"))), []);
        let rules = format!(
            "{{\"data\": {{\"groups\": [{{\"name\": \"g\", \"rules\": [{{\"type\": \"recording\", \"name\": \"a:b\"}}, {{\"type\": \"alerting\", \"name\": \"x\", \"alerts\": [{one}]}}]}}]}}}}"
        );
        assert_eq!(of_rules(&serde_json::from_str(&rules).unwrap()).unwrap().len(), 1);
    }

    /// Whose alerts a history tells of, their names, and how long each fired in seconds; what goes on has no end.
    fn told(text: &str) -> Vec<(String, String, Vec<Option<f64>>)> {
        let value: Value = serde_json::from_str(text).unwrap();
        let mut cluster = Cluster::default();
        put(&history(&value).unwrap(), |_| Place::default(), &mut cluster);
        let length = |spell: &Spell| match (spell.from, spell.to) {
            (When::At(from), Some(When::At(to))) => Some((to.0 - from.0) as f64 / 1e9),
            _ => None,
        };
        let told = cluster.alerts.iter().map(|alert| {
            (alert.about.clone(), alert.words[0].clone(), alert.spells.iter().map(length).collect())
        });
        told.collect()
    }

    #[test]
    fn annotations_of_grafana_tell_when_what_fired() {
        let item = |at: u32, state: &str, rest: &str| {
            format!(
                r#"{{"id": {at}, "newState": "{state}", "prevState": "x", "time": 17643168{at}000, {rest}}}"#
            )
        };
        let old = r#""alertName": "Berths are full", "text": "9 of 9""#;
        let text = [
            item(50, "alerting", old),
            item(40, "ok", old),
            item(20, "alerting", old),
            item(10, "pending", old),
            r#"{"id": 1, "time": 1764316800000, "text": "a release"}"#.to_owned(),
        ];
        let name = || "Berths are full".to_owned();
        assert_eq!(told(&format!("[{}]", text.join(","))), [(name(), name(), vec![Some(20.0), None])]);
        assert_eq!(told(&format!("[{}]", item(10, "ok", old))), []);
        let new = r#""alertName": "", "text": "Berths are full {pod=crane-1, severity=high} - Alerting""#;
        let text = format!("[{}]", item(10, "Alerting", new));
        assert_eq!(told(&text), [("crane-1".to_owned(), name(), vec![None])]);
    }

    #[test]
    fn histories_of_grafana_tell_when_what_fired() {
        let line = |previous: &str, current: &str| {
            format!(
                r#"{{"previous": "{previous}", "current": "{current}", "ruleTitle": "Slow", "labels": {{"pod": "crane-1"}}}}"#
            )
        };
        let lines = [
            line("Normal", "Pending"),
            line("Pending", "Alerting"),
            line("Alerting", "Normal (MissingSeries)"),
        ];
        let frame = format!(
            r#"{{"schema": {{}}, "data": {{"values": [[1764316800000, 1764316860000, 1764316900000], [{}]]}}}}"#,
            lines.join(",")
        );
        let expected = [("crane-1".to_owned(), "Slow".to_owned(), vec![Some(40.0)])];
        assert_eq!(told(&frame), expected);
        let values: Vec<Value> = [0, 60, 100]
            .iter()
            .zip(&lines)
            .map(|(at, line)| serde_json::json!([format!("{}000000000", 1_764_316_800 + at), line]))
            .collect();
        let loki = serde_json::json!({"data": {"resultType": "streams", "result": [{"stream": {"from": "state-history"}, "values": values}]}});
        assert_eq!(told(&loki.to_string()), expected);
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
