//! The configuration of Alertmanager: what matters offline is read and checked, credentials are never looked at.

use std::collections::BTreeMap;

use super::credentials;
use super::matcher::{self, Matcher, all_match};
use super::times::{self, TimeInterval};
use crate::model::Labels;
use crate::rules::fields::{Fields, Reader};
use crate::rules::yaml::{self, Node, Place, Problem};

/// A configuration.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The tree of routes, parents before children; the first is the root.
    pub routes: Vec<Route>,
    /// The receivers.
    pub receivers: Vec<Receiver>,
    /// What is muted while something else fires.
    pub inhibitions: Vec<Inhibition>,
    /// Named times.
    pub intervals: Vec<TimeInterval>,
    /// Files of templates, as patterns.
    pub templates: Vec<String>,
}

/// A node of the tree, with what it inherited.
#[derive(Clone, Debug, Default)]
pub struct Route {
    /// The receiver's name.
    pub receiver: String,
    /// All of these have to hold.
    pub matchers: Vec<Matcher>,
    /// The labels that make a group; `None` for all.
    pub group_by: Option<Vec<String>>,
    /// How long a new group waits, in milliseconds.
    pub group_wait: i64,
    /// How often a group is looked at, in milliseconds.
    pub group_interval: i64,
    /// After how long an unchanged group is sent again, in milliseconds.
    pub repeat_interval: i64,
    /// Time intervals in which nothing is sent.
    pub mute: Vec<String>,
    /// Time intervals outside of which nothing is sent.
    pub active: Vec<String>,
    /// Are the siblings that follow looked at, too?
    pub goes_on: bool,
    /// Places of the children in [`Config::routes`].
    pub children: Vec<usize>,
    /// What Alertmanager calls it: its matchers after those of its parents, `{}/{severity="critical"}`.
    pub key: String,
}

/// A receiver.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receiver {
    /// Its name.
    pub name: String,
    /// Does it send anything at all?
    pub sends: bool,
    /// By what, in the order of the file.
    pub integrations: Vec<Integration>,
}

/// A way to tell somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Integration {
    /// `email`, `slack`, `pagerduty`, `webhook` …
    pub kind: String,
    /// Does it tell of what is resolved?
    pub sends_resolved: bool,
    /// Texts that are templates, by their names; those of deeper ones are joined by dots: `headers.Subject`.
    pub texts: BTreeMap<String, String>,
}

/// Alerts that match `target` are muted while one that matches `source` fires, if the `equal` labels are equal.
#[derive(Clone, Debug, Default)]
pub struct Inhibition {
    /// Its name, if it has one.
    pub name: String,
    /// What has to fire.
    pub source: Vec<Matcher>,
    /// What is muted.
    pub target: Vec<Matcher>,
    /// Labels that have to be equal; missing equals missing.
    pub equal: Vec<String>,
}

impl Config {
    /// The places of the routes an alert with these labels goes to, in the order of the tree.
    pub fn matching(&self, labels: &Labels) -> Vec<usize> {
        let mut found = Vec::new();
        if !self.routes.is_empty() {
            self.descend(0, labels, &mut found);
        }
        found
    }

    fn descend(&self, at: usize, labels: &Labels, found: &mut Vec<usize>) -> bool {
        let route = &self.routes[at];
        if !all_match(&route.matchers, labels) {
            return false;
        }
        let before = found.len();
        for &child in &route.children {
            if self.descend(child, labels, found) && !self.routes[child].goes_on {
                break;
            }
        }
        if found.len() == before {
            found.push(at);
        }
        true
    }

    /// The receivers for an alert with these labels, in the order of the tree, as `amtool config routes test`
    /// tells them.
    pub fn receivers_for(&self, labels: &Labels) -> Vec<String> {
        self.matching(labels).into_iter().map(|at| self.routes[at].receiver.clone()).collect()
    }

    /// Why nobody is told of an alert with these labels at a time (milliseconds) while those of `firing` (name and
    /// labels) fire: inhibition, or time intervals of all of its routes.
    pub fn suppressing(&self, labels: &Labels, firing: &[(&str, &Labels)], at: i64) -> Option<String> {
        for inhibition in &self.inhibitions {
            let source = firing.iter().find(|(_, source)| inhibition.mutes(source, labels));
            if let Some((name, _)) = source {
                return Some(inhibition.reason(name));
            }
        }
        let routes = self.matching(labels);
        let reasons: Vec<String> = routes.iter().filter_map(|&route| self.muted(route, at)).collect();
        if reasons.len() == routes.len() { reasons.into_iter().next() } else { None }
    }

    /// Why a route sends nothing at a time (milliseconds): `mute time interval "x"`, or nothing.
    pub fn muted(&self, route: usize, at: i64) -> Option<String> {
        let route = &self.routes[route];
        let contains = |name: &String| {
            self.intervals.iter().any(|interval| interval.name == *name && interval.contains(at))
        };
        if !route.active.is_empty() && !route.active.iter().any(contains) {
            return Some(format!("outside of active time interval {:?}", route.active.join(", ")));
        }
        route.mute.iter().find(|name| contains(name)).map(|name| format!("mute time interval {name:?}"))
    }
}

impl Inhibition {
    /// What an alert is suppressed by that an alert of the name `source` mutes.
    pub fn reason(&self, source: &str) -> String {
        match self.name.as_str() {
            "" => format!("inhibited by {source}"),
            name => format!("inhibited by {source} (inhibit rule {name:?})"),
        }
    }

    /// Does an alert with the labels `source`, which fires, mute one with the labels `target`?
    pub fn mutes(&self, source: &Labels, target: &Labels) -> bool {
        // What matches both sides is not muted by what also matches both sides; so nothing mutes itself.
        let both = |labels| all_match(&self.source, labels) && all_match(&self.target, labels);
        all_match(&self.target, target)
            && all_match(&self.source, source)
            && self.equal.iter().all(|name| source.get(name) == target.get(name))
            && !(both(source) && all_match(&self.source, target))
    }
}

/// What was read, and what is to be said about it.
#[derive(Debug, Default)]
pub struct Checked {
    /// The configuration; of use only without problems.
    pub config: Config,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// What is odd.
    pub warnings: Vec<Problem>,
}

const FILE: [&str; 9] = [
    "global",
    "route",
    "inhibit_rules",
    "receivers",
    "templates",
    "mute_time_intervals",
    "time_intervals",
    "tracing",
    "event_recorder",
];
const ROUTE: [&str; 13] = [
    "receiver",
    "group_by",
    "match",
    "match_re",
    "matchers",
    "mute_time_intervals",
    "active_time_intervals",
    "continue",
    "routes",
    "group_wait",
    "group_interval",
    "repeat_interval",
    "labels",
];
const INHIBITION: [&str; 8] = [
    "name",
    "source_match",
    "source_match_re",
    "source_matchers",
    "target_match",
    "target_match_re",
    "target_matchers",
    "equal",
];
/// Integrations that say nothing of what is resolved unless asked to.
const SILENT_WHEN_RESOLVED: [&str; 4] =
    ["email_configs", "slack_configs", "wechat_configs", "rocketchat_configs"];

/// Settings of integrations that are templates and no credentials.
const TEXTS: [&str; 34] = [
    "actions",
    "channel",
    "class",
    "client",
    "client_url",
    "color",
    "component",
    "content",
    "description",
    "details",
    "entity_display_name",
    "fallback",
    "fields",
    "footer",
    "group",
    "headers",
    "html",
    "message",
    "note",
    "pretext",
    "priority",
    "project",
    "reason",
    "severity",
    "source",
    "state_message",
    "subject",
    "summary",
    "tags",
    "text",
    "title",
    "title_link",
    "to",
    "username",
];

/// Routes of a file beyond this are refused; the deepest real trees have a few hundred.
const MAX_ROUTES: usize = 100_000;

/// Reads a configuration.
pub fn parse(text: &str) -> Checked {
    let mut reader = Reader::default();
    let mut config = Config::default();
    match yaml::parse(text) {
        Ok(documents) => {
            reader.problems.extend(documents.problems);
            match documents.roots.first() {
                Some(root) => file(&mut reader, root, &mut config),
                None => reader.problem(Place { line: 1, column: 1 }, "no route provided in config"),
            }
        }
        Err(problem) => reader.add(problem),
    }
    reader.problems.sort_by_key(|problem| problem.place);
    Checked { config, problems: reader.problems, warnings: reader.warnings }
}

fn file(reader: &mut Reader, root: &Node, config: &mut Config) {
    let Some(fields) = reader.fields(root, "Alertmanager configuration", &FILE) else { return };
    for name in ["mute_time_intervals", "time_intervals"] {
        for node in reader.list(&fields, name) {
            let Some(interval) = times::read(reader, node) else { continue };
            if config.intervals.iter().any(|known| known.name == interval.name) {
                reader.problem(node.place, format!("time interval {:?} is not unique", interval.name));
            }
            config.intervals.push(interval);
        }
    }
    credentials::check_global(reader, &fields);
    let global = fields.get("global");
    for node in reader.list(&fields, "receivers") {
        let Some(receiver) = receiver(reader, node, global) else { continue };
        if config.receivers.iter().any(|known| known.name == receiver.name) {
            reader.problem(node.place, format!("notification config name {:?} is not unique", receiver.name));
        }
        config.receivers.push(receiver);
    }
    config.templates = reader.texts(&fields, "templates");
    match fields.get("route") {
        None => reader.problem(fields.place, "no route provided in config"),
        Some(node) => {
            let top = Route {
                group_by: Some(Vec::new()),
                group_wait: 30_000,
                group_interval: 300_000,
                repeat_interval: 14_400_000,
                ..Route::default()
            };
            reader.context.push_str("route");
            route(reader, node, &top, true, config);
            reader.context.clear();
        }
    }
    for (index, node) in reader.list(&fields, "inhibit_rules").iter().enumerate() {
        reader.context = format!("inhibit rule {}", index + 1);
        if let Some(fields) = reader.fields(node, "inhibit rule", &INHIBITION) {
            config.inhibitions.push(Inhibition {
                name: reader.text(&fields, "name").unwrap_or("").to_owned(),
                source: matchers(reader, &fields, ["source_match", "source_match_re", "source_matchers"]),
                target: matchers(reader, &fields, ["target_match", "target_match_re", "target_matchers"]),
                equal: reader.texts(&fields, "equal"),
            });
        }
    }
    reader.context.clear();
}

fn receiver(reader: &mut Reader, node: &Node, global: Option<&Node>) -> Option<Receiver> {
    let fields = reader.open_fields(node, "receiver")?;
    let name = reader.text(&fields, "name").unwrap_or("").to_owned();
    if name.is_empty() {
        reader.problem(fields.place, "missing name in receiver");
    }
    let mut receiver = Receiver { name, ..Receiver::default() };
    for (key, value) in fields.pairs {
        let kind = key.text().unwrap_or("");
        if kind == "name" || kind == "labels" {
            continue;
        }
        if !kind.ends_with("_configs") {
            reader.problem(key.place, format!("field {kind} not found in receiver"));
            continue;
        }
        for integration in value.list().unwrap_or_default() {
            receiver.sends = true;
            credentials::check(reader, kind.strip_suffix("_configs").unwrap_or(kind), integration, global);
            let told = integration.get("send_resolved").and_then(Node::text);
            let mut texts = BTreeMap::new();
            for (key, value) in integration.map().unwrap_or_default() {
                let name = key.text().unwrap_or("");
                if TEXTS.contains(&name) {
                    gather(name, value, &mut texts, 0);
                }
            }
            receiver.integrations.push(Integration {
                kind: kind.strip_suffix("_configs").unwrap_or(kind).to_owned(),
                sends_resolved: told.map_or(!SILENT_WHEN_RESOLVED.contains(&kind), |told| {
                    matches!(told, "true" | "yes" | "on")
                }),
                texts,
            });
        }
    }
    Some(receiver)
}

/// Gathers the texts in a value, by name.
fn gather(name: &str, value: &Node, texts: &mut BTreeMap<String, String>, depth: usize) {
    // Slack's fields and actions are the deepest there are.
    if depth > 4 {
        return;
    }
    for (key, inner) in value.map().unwrap_or_default() {
        gather(&format!("{name}.{}", key.text().unwrap_or("")), inner, texts, depth + 1);
    }
    for (index, inner) in value.list().unwrap_or_default().iter().enumerate() {
        gather(&format!("{name}.{index}"), inner, texts, depth + 1);
    }
    if let Some(text) = value.text() {
        texts.insert(name.to_owned(), text.to_owned());
    }
}

/// Reads a route and everything below; gives its place.
fn route(
    reader: &mut Reader,
    node: &Node,
    parent: &Route,
    is_root: bool,
    config: &mut Config,
) -> Option<usize> {
    let fields = reader.fields(node, "route", &ROUTE)?;
    if config.routes.len() >= MAX_ROUTES {
        reader.problem(fields.place, format!("more than {MAX_ROUTES} routes"));
        return None;
    }
    let mut route = Route {
        receiver: reader.text(&fields, "receiver").unwrap_or(&parent.receiver).to_owned(),
        matchers: matchers(reader, &fields, ["match", "match_re", "matchers"]),
        group_by: parent.group_by.clone(),
        group_wait: reader.duration(&fields, "group_wait").unwrap_or(parent.group_wait),
        group_interval: reader.duration(&fields, "group_interval").unwrap_or(parent.group_interval),
        repeat_interval: reader.duration(&fields, "repeat_interval").unwrap_or(parent.repeat_interval),
        mute: reader.texts(&fields, "mute_time_intervals"),
        active: reader.texts(&fields, "active_time_intervals"),
        goes_on: reader.truth(&fields, "continue").unwrap_or(false),
        children: Vec::new(),
        key: String::new(),
    };
    let mut matchers: Vec<String> = route.matchers.iter().map(ToString::to_string).collect();
    matchers.sort();
    let above = if is_root { String::new() } else { format!("{}/", parent.key) };
    route.key = format!("{above}{{{}}}", matchers.join(","));
    if fields.get("group_by").is_some() {
        route.group_by = group_by(reader, &fields);
    }
    for (name, value) in
        [("group_interval", route.group_interval), ("repeat_interval", route.repeat_interval)]
    {
        if value == 0 {
            reader.problem(fields.place_of(name), format!("{name} cannot be zero"));
        }
    }
    check_names(reader, &fields, &route, is_root, config);
    let at = config.routes.len();
    let children = reader.list(&fields, "routes");
    config.routes.push(route.clone());
    for child in children {
        if let Some(child) = self::route(reader, child, &route, false, config) {
            config.routes[at].children.push(child);
        }
    }
    Some(at)
}

fn check_names(reader: &mut Reader, fields: &Fields<'_>, route: &Route, is_root: bool, config: &Config) {
    if is_root {
        if route.receiver.is_empty() {
            reader.problem(fields.place, "root route must specify a default receiver");
        }
        if !route.matchers.is_empty() {
            reader.problem(fields.place, "root route must not have any matchers");
        }
        for name in ["mute_time_intervals", "active_time_intervals"] {
            if fields.get(name).is_some_and(|node| node.list().is_some_and(|list| !list.is_empty())) {
                reader.problem(fields.place_of(name), format!("root route must not have any {name}"));
            }
        }
    }
    if !route.receiver.is_empty() && !config.receivers.iter().any(|known| known.name == route.receiver) {
        let message = format!("undefined receiver {:?} used in route", route.receiver);
        reader.problem(fields.place_of("receiver"), message);
    }
    for (list, name) in [(&route.mute, "mute_time_intervals"), (&route.active, "active_time_intervals")] {
        for wanted in list {
            if !config.intervals.iter().any(|known| known.name == *wanted) {
                reader.problem(
                    fields.place_of(name),
                    format!("undefined time interval {wanted:?} used in route"),
                );
            }
        }
    }
}

fn group_by(reader: &mut Reader, fields: &Fields<'_>) -> Option<Vec<String>> {
    let labels = reader.texts(fields, "group_by");
    let all = labels.iter().any(|label| label == "...");
    let place = fields.place_of("group_by");
    if all && labels.len() > 1 {
        reader.problem(place, "cannot have wildcard group_by (`...`) and other labels at the same time");
    }
    for (index, label) in labels.iter().enumerate() {
        if label.is_empty() {
            reader.problem(place, "invalid label name \"\" in group_by list");
        }
        if labels[..index].contains(label) {
            reader.problem(place, format!("duplicated label {label:?} in group_by"));
        }
    }
    (!all).then_some(labels)
}

/// The matchers of the fields for equality, for patterns, and for the newer notation.
fn matchers(reader: &mut Reader, fields: &Fields<'_>, names: [&str; 3]) -> Vec<Matcher> {
    let mut found = Vec::new();
    for (name, is_pattern) in [(names[0], false), (names[1], true)] {
        for (key, value) in reader.pairs(fields, name) {
            if is_pattern && value.is_null() {
                reader.problem(value.place, "a regular expression is missing");
                continue;
            }
            match Matcher::new(key.text().unwrap_or(""), value.text().unwrap_or(""), true, is_pattern) {
                Ok(matcher) => found.push(matcher),
                Err(message) => reader.problem(value.place, message),
            }
        }
    }
    for node in reader.list(fields, names[2]) {
        match matcher::parse(node.text().unwrap_or("")) {
            Ok(matchers) => found.extend(matchers),
            Err(message) => reader.problem(node.place, format!("bad matcher: {message}")),
        }
    }
    found
}
