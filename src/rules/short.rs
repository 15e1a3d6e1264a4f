//! The short form of rules: a flat list with routing by labels and suppression of what follows.

use std::fmt::Write as _;

use super::file::{AlertingRule, Loading, Rule, RuleGroup, RuleKind};
use super::yaml::Node;
use crate::model::Labels;

/// Where alerts go and which are suppressed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routing {
    /// Channels by labels; an alert goes to those of every rule it matches.
    pub routes: Vec<Route>,
    /// What is suppressed after an alert.
    pub suppressions: Vec<Suppression>,
}

/// Alerts with these labels go to these channels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// All of these labels have to be there.
    pub labels: Vec<(String, String)>,
    /// The channels.
    pub channels: Vec<String>,
}

/// After an alert with these labels, further ones are suppressed for a while.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suppression {
    /// All of these labels have to be there.
    pub labels: Vec<(String, String)>,
    /// For how long, in milliseconds.
    pub duration: i64,
}

impl Routing {
    /// The channels for an alert, each once, in the order of the rules.
    pub fn channels(&self, labels: &Labels) -> Vec<String> {
        let mut channels: Vec<String> = Vec::new();
        for channel in self
            .routes
            .iter()
            .filter(|route| matches(&route.labels, labels))
            .flat_map(|route| &route.channels)
        {
            if !channels.contains(channel) {
                channels.push(channel.clone());
            }
        }
        channels
    }

    /// The place of the earlier alert that suppresses one with these labels firing at `at`, among those that fired
    /// before (labels and milliseconds).
    pub fn suppressing<'a>(
        &self,
        labels: &Labels,
        at: i64,
        earlier: &(impl Iterator<Item = (&'a Labels, i64)> + Clone),
    ) -> Option<usize> {
        self.suppressions.iter().filter(|rule| matches(&rule.labels, labels)).find_map(|rule| {
            earlier
                .clone()
                .enumerate()
                .filter(|(_, (other, fired))| {
                    matches(&rule.labels, other) && at >= *fired && at - *fired <= rule.duration
                })
                .map(|(index, _)| index)
                .last()
        })
    }
}

fn matches(wanted: &[(String, String)], labels: &Labels) -> bool {
    wanted.iter().all(|(name, value)| labels.get(name) == value)
}

const FILE: [&str; 3] = ["rules", "routing_rules", "suppression_rules"];
const RULE: [&str; 8] =
    ["id", "name", "condition", "severity", "for_duration", "labels", "annotations", "enabled"];
const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];

/// Reads a document of the short form.
pub(super) fn read(loading: &mut Loading<'_>, root: &Node) {
    let Some(fields) = loading.reader.fields(root, "rule file", &FILE) else { return };
    let mut group = RuleGroup {
        name: "rules".to_owned(),
        file: loading.file.name.clone(),
        place: root.place,
        interval: None,
        query_offset: 0,
        limit: 0,
        rules: Vec::new(),
    };
    let mut ids: Vec<String> = Vec::new();
    for (index, node) in loading.reader.list(&fields, "rules").iter().enumerate() {
        loading.found += 1;
        loading.reader.context = format!("rule {}", index + 1);
        if let Some(rule) = rule(loading, node, index, &mut ids) {
            group.rules.push(rule);
        }
    }
    loading.reader.context.clear();
    let mut routing = Routing::default();
    for (index, node) in loading.reader.list(&fields, "routing_rules").iter().enumerate() {
        loading.reader.context = format!("routing rule {}", index + 1);
        let Some(fields) = loading.reader.fields(node, "routing rule", &["match", "channels"]) else {
            continue;
        };
        let labels = loading.labels(&fields, "match", "label");
        let channels = loading.reader.texts(&fields, "channels");
        if channels.is_empty() {
            loading.reader.problem(fields.place, "channels: at least one is needed");
        }
        routing.routes.push(Route { labels, channels });
    }
    for (index, node) in loading.reader.list(&fields, "suppression_rules").iter().enumerate() {
        loading.reader.context = format!("suppression rule {}", index + 1);
        let Some(fields) = loading.reader.fields(node, "suppression rule", &["match", "duration"]) else {
            continue;
        };
        let labels = loading.labels(&fields, "match", "label");
        if let Some(duration) = seconds(loading, &fields, "duration") {
            routing.suppressions.push(Suppression { labels, duration });
        } else if !fields.has("duration") {
            loading.reader.problem(fields.place, "field 'duration' must be set in suppression rule");
        }
    }
    loading.reader.context.clear();
    loading.file.groups.push(group);
    // A second document adds to the first.
    let all = loading.file.short.get_or_insert_with(Routing::default);
    all.routes.append(&mut routing.routes);
    all.suppressions.append(&mut routing.suppressions);
}

/// A duration with units, or a bare number of seconds, in milliseconds.
fn seconds(loading: &mut Loading<'_>, fields: &super::fields::Fields<'_>, name: &str) -> Option<i64> {
    let text = fields.get(name)?.text().unwrap_or("");
    if let Ok(seconds) = text.parse::<f64>()
        && seconds.is_finite()
        && (0.0..1e12).contains(&seconds)
    {
        return Some((seconds * 1000.0) as i64);
    }
    loading.reader.duration(fields, name)
}

fn rule(loading: &mut Loading<'_>, node: &Node, index: usize, ids: &mut Vec<String>) -> Option<Rule> {
    let before = loading.reader.problems.len();
    let fields = loading.reader.fields(node, "rule", &RULE)?;
    let id = loading.reader.text(&fields, "id").map(str::to_owned);
    let name = loading.reader.text(&fields, "name").map(str::to_owned).or_else(|| id.clone());
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        loading.reader.problem(fields.place, "one of 'name' or 'id' must be set");
        return None;
    };
    let _ = write!(loading.reader.context, ", {name:?}");
    if let Some(id) = &id {
        if ids.contains(id) {
            loading.reader.problem(fields.place_of("id"), format!("id {id:?} is repeated in the same file"));
        }
        ids.push(id.clone());
    }
    let mut labels = loading.labels(&fields, "labels", "label");
    if let Some(severity) = loading.reader.text(&fields, "severity") {
        if !SEVERITIES.contains(&severity) {
            let message = format!("severity {severity:?} is none of {}", SEVERITIES.join(", "));
            loading.reader.problem(fields.place_of("severity"), message);
        }
        labels.retain(|(name, _)| name != "severity");
        labels.push(("severity".to_owned(), severity.to_owned()));
    }
    let annotations = loading.labels(&fields, "annotations", "annotation");
    loading.templates(&fields, &name);
    let hold = seconds(loading, &fields, "for_duration").unwrap_or(0);
    let enabled = loading.reader.truth(&fields, "enabled").unwrap_or(true);
    let (source, expr) = loading.expression(&fields, "condition")?;
    let kind = RuleKind::Alerting(AlertingRule { hold, annotations, ..AlertingRule::default() });
    let sound = loading.reader.problems.len() == before;
    (sound && enabled).then(|| Rule { name, id, place: fields.place, index, source, expr, labels, kind })
}

#[cfg(test)]
mod tests {
    use super::super::file::{FileOptions, parse};
    use super::*;

    const FILE: &str = r#"{
	"rules": [
		{"id": "a", "name": "A one", "condition": "up > 18", "severity": "critical", "labels": {"service": "payment"}},
		{"id": "b", "condition": "up == 0", "for_duration": "5m", "severity": "high"},
		{"id": "c", "condition": "up", "for_duration": 90, "enabled": false}
	],
	"routing_rules": [
		{"match": {"severity": "critical"}, "channels": ["pagerduty", "slack"]},
		{"match": {"service": "payment"}, "channels": ["slack", "email"]}
	],
	"suppression_rules": [{"match": {"service": "payment"}, "duration": 1800}]
}"#;

    #[test]
    fn json_is_read_with_routing_and_suppression() {
        let checked = parse("short.json", FILE, &FileOptions::strict());
        assert_eq!(checked.problems, vec![]);
        assert_eq!(checked.found, 3);
        let rules = &checked.file.groups[0].rules;
        assert_eq!(rules.len(), 2);
        assert_eq!((rules[0].name.as_str(), rules[0].id.as_deref()), ("A one", Some("a")));
        assert_eq!((rules[1].name.as_str(), rules[1].alerting().unwrap().hold), ("b", 300_000));
        let routing = checked.file.short.unwrap();
        let critical = Labels::new([("severity", "critical"), ("service", "payment")]);
        assert_eq!(routing.channels(&critical), ["pagerduty", "slack", "email"]);
        assert_eq!(routing.channels(&Labels::default()), Vec::<String>::new());
        let fired = [(critical.clone(), 0_i64)];
        let earlier = fired.iter().map(|(labels, at)| (labels, *at));
        assert_eq!(routing.suppressing(&critical, 1_800_000, &earlier), Some(0));
        assert_eq!(routing.suppressing(&critical, 1_800_001, &earlier), None);
        assert_eq!(routing.suppressing(&Labels::default(), 1, &earlier), None);
    }

    #[test]
    fn errors_have_places() {
        let text = "rules:\n  - {id: a, condition: 'up >', severity: bad, sevrity: x}\n  - {condition: up}\n";
        let problems = parse("f", text, &FileOptions::strict()).problems;
        let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems.len(), 4, "{problems:#?}");
        assert!(problems[3].starts_with("3:5: rule 2: one of 'name' or 'id' must be set"), "{problems:#?}");
    }
}
