//! Rule files: Prometheus' groups, PrometheusRule objects, and the short form; checked as a whole, every error told.

use std::fmt::Write as _;

use super::comment::{Comment, comments};
use super::dialect::{self, House};
use super::fields::{Fields, Reader};
use super::yaml::{self, Node, Place, Problem};
use super::{short, template};
use crate::promql;
use crate::promql::language::{self, Language};

/// How a rule file is read.
#[derive(Clone, Debug)]
pub struct FileOptions {
    /// Unknown fields are no error.
    pub ignore_unknown_fields: bool,
    /// Whose rule files they are, if that was said.
    pub house: Option<House>,
    /// What PromQL allows.
    pub promql: promql::Options,
}

impl FileOptions {
    /// As `promtool check rules` without flags.
    pub fn strict() -> Self {
        FileOptions { ignore_unknown_fields: false, house: None, promql: promql::Options::promtool() }
    }
}

/// A rule file and what is to be said about it.
#[derive(Debug)]
pub struct Checked {
    /// What could be understood; rules with problems are left out.
    pub file: RuleFile,
    /// How many rules the file has, those with problems included.
    pub found: usize,
    /// What is wrong, in order of places; Prometheus would not load the file.
    pub problems: Vec<Problem>,
    /// What is odd.
    pub warnings: Vec<Problem>,
    /// Patterns of rule files, if this is the configuration of a server that names them.
    pub rule_files: Vec<String>,
    /// The labels that this server sets on what it sends.
    pub external_labels: crate::model::Labels,
}

/// The rules of a file.
#[derive(Clone, Debug, Default)]
pub struct RuleFile {
    /// The file's name, for messages.
    pub name: String,
    /// Groups in the order of the file.
    pub groups: Vec<RuleGroup>,
    /// Routing and suppression of the short form, if the file is one.
    pub short: Option<short::Routing>,
    /// What its comments tell the checks to leave alone.
    pub comments: Vec<Comment>,
}

/// Rules that are evaluated together, in order.
#[derive(Clone, Debug)]
pub struct RuleGroup {
    /// The group's name, unique in its file.
    pub name: String,
    /// The file it is from.
    pub file: String,
    /// Where it is in the file.
    pub place: Place,
    /// How often it is evaluated, in milliseconds.
    pub interval: Option<i64>,
    /// How far behind the time of evaluation queries look, in milliseconds.
    pub query_offset: i64,
    /// The most series or alerts a rule may have; 0 is no limit.
    pub limit: usize,
    /// The rules, in order.
    pub rules: Vec<Rule>,
}

/// A rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The name of the alert or of the recorded series.
    pub name: String,
    /// The `id` of the short form.
    pub id: Option<String>,
    /// Where it is in its file.
    pub place: Place,
    /// Its place in the group, from 0, rules with problems counted.
    pub index: usize,
    /// The expression as it is written.
    pub source: String,
    /// The expression.
    pub expr: promql::Expr,
    /// Labels it adds, the group's included; templates in alerting rules.
    pub labels: Vec<(String, String)>,
    /// What it does with the result.
    pub kind: RuleKind,
}

/// What a rule does with the result of its expression.
#[derive(Clone, Debug)]
pub enum RuleKind {
    /// Writes series of the rule's name.
    Recording,
    /// Raises an alert for each element.
    Alerting(AlertingRule),
}

/// What makes a rule an alerting rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertingRule {
    /// How long the condition has to hold, in milliseconds.
    pub hold: i64,
    /// How long it goes on firing when the condition no longer holds, in milliseconds.
    pub keep_firing: i64,
    /// The fields of these two that are written, and 0.
    pub zero: Vec<&'static str>,
    /// Texts about the alert; templates.
    pub annotations: Vec<(String, String)>,
}

impl Rule {
    /// The alerting part; `None` for a recording rule.
    pub fn alerting(&self) -> Option<&AlertingRule> {
        match &self.kind {
            RuleKind::Alerting(alerting) => Some(alerting),
            RuleKind::Recording => None,
        }
    }
}

/// Reads a rule file. `name` is used in messages only.
pub fn parse(name: &str, text: &str, options: &FileOptions) -> Checked {
    let mut reader = Reader { ignore_unknown: options.ignore_unknown_fields, ..Reader::default() };
    let file = RuleFile { name: name.to_owned(), comments: comments(text), ..RuleFile::default() };
    reader.house = options.house;
    let mut loading =
        Loading { reader: &mut reader, options, file, found: 0, server: dialect::Server::default() };
    match yaml::parse(text) {
        Ok(documents) => {
            loading.reader.problems.extend(documents.problems);
            loading.documents(&documents.roots);
        }
        Err(problem) => loading.reader.add(match dialect::template_of(text) {
            Some((what, hint)) => {
                Problem::new(problem.place, format!("{what}, which is no YAML before it is rendered"))
                    .hinted(hint)
            }
            None => problem,
        }),
    }
    let Loading { file, found, server, .. } = loading;
    reader.problems.sort_by_key(|problem| problem.place);
    let dialect::Server { rule_files, external_labels } = server;
    Checked { file, found, problems: reader.problems, warnings: reader.warnings, rule_files, external_labels }
}

/// A file that is being read.
pub(super) struct Loading<'l> {
    pub reader: &'l mut Reader,
    pub options: &'l FileOptions,
    pub file: RuleFile,
    pub found: usize,
    pub server: dialect::Server,
}

/// Objects of Kubernetes that have their groups in `spec`, and whose they are.
const OBJECTS: [(&str, House); 8] = [
    ("PrometheusRule", House::Thanos),
    ("AlertingRule", House::Prometheus),
    ("RecordingRule", House::Prometheus),
    ("VMRule", House::Vmalert),
    ("Rules", House::Prometheus),
    ("ClusterRules", House::Prometheus),
    ("GlobalRules", House::Prometheus),
    ("", House::Thanos),
];
/// Lists of objects, and where these are.
const LISTS: [(&str, &str); 2] = [("List", "items"), ("Template", "objects")];
/// Lists within lists go no deeper than this.
const NESTED: usize = 4;

const GROUP: [&str; 6] = ["name", "interval", "query_offset", "limit", "labels", "rules"];
const RULE: [&str; 7] = ["record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"];

impl Loading<'_> {
    fn documents(&mut self, roots: &[Node]) {
        let mut groups_seen = false;
        for root in roots {
            let Some(_) = root.map() else {
                let message = format!("expected a mapping with groups or rules, found {}", root.what());
                self.reader.problem(root.place, message);
                continue;
            };
            if root.get("kind").is_some() || root.get("spec").is_some() {
                self.object(root, 0);
            } else if root.get("rule_files").is_some()
                && root.get("groups").is_none()
                && root.get("tests").is_none()
            {
                // A server's configuration; a file of unit tests names rule files, too.
                self.server.read(root);
            } else if root.get("tests").is_some() && root.get("groups").is_none() {
                let message = "this is a file of unit tests, which hold no rules";
                self.reader.add(Problem::new(root.place, message).hinted("--tests FILE runs them"));
            } else if root.get("rules").is_some() && root.get("groups").is_none() {
                short::read(self, root);
            } else if groups_seen {
                self.reader.warning(root.place, "Prometheus reads only the first document of a file");
            } else {
                groups_seen = true;
                if let Some(fields) = self.reader.fields(root, "rule file", &["groups"]) {
                    self.groups(&fields);
                }
            }
        }
        if self.found == 0 && self.reader.problems.is_empty() && self.server.rule_files.is_empty() {
            self.reader.warning(Place { line: 1, column: 1 }, "the file has no rules");
        }
    }

    /// A Kubernetes object: one with rules, a list of objects, rule files within an object, or something else, which is
    /// left alone.
    fn object(&mut self, root: &Node, depth: usize) {
        let kind = root.get("kind").and_then(Node::text).unwrap_or("");
        let list = LISTS.iter().find(|(ending, _)| kind.ends_with(ending)).map(|(_, items)| *items);
        if let Some(items) = list.filter(|_| depth < NESTED) {
            if let Some(fields) = self.reader.open_fields(root, "list") {
                for item in self.reader.list(&fields, items) {
                    self.object(item, depth + 1);
                }
            }
        } else if matches!(kind, "ConfigMap" | "Secret") {
            let parts = ["data", "stringData"].into_iter().filter_map(|part| root.get(part)?.map());
            for (key, value) in parts.flatten() {
                self.embedded(key, value);
            }
        } else if let Some((_, house)) = OBJECTS.iter().find(|(known, _)| *known == kind) {
            let is_loki =
                root.get("apiVersion").and_then(Node::text).is_some_and(|of| of.starts_with("loki."));
            let Some(spec) = root.get("spec") else {
                let kind = if kind.is_empty() { "PrometheusRule" } else { kind };
                self.reader.problem(root.place, format!("an object of kind {kind} has its groups in spec"));
                return;
            };
            let before = self.reader.house.replace(if is_loki { House::Loki } else { *house });
            // Objects of other houses have fields that say where they apply.
            let fields = if *house == House::Thanos {
                self.reader.fields(spec, "spec", &["groups"])
            } else {
                self.reader.open_fields(spec, "spec")
            };
            if let Some(fields) = fields {
                self.groups(&fields);
            }
            self.reader.house = before;
        } else {
            self.reader.warning(root.place, format!("objects of kind {kind} are not looked into"));
        }
    }

    /// A file within an object: its rules, if it is a rule file.
    fn embedded(&mut self, key: &Node, value: &Node) {
        let (Some(name), Some(text)) = (key.text(), value.text()) else { return };
        if !text.contains("groups:") && !text.contains("\"groups\"") {
            return;
        }
        let (problems, warnings, groups) =
            (self.reader.problems.len(), self.reader.warnings.len(), self.file.groups.len());
        let context = std::mem::replace(&mut self.reader.context, format!("{name:?}"));
        match yaml::parse(text) {
            Ok(documents) => {
                self.reader.problems.extend(documents.problems);
                for root in documents.roots.iter().filter(|root| root.get("groups").is_some()) {
                    if let Some(fields) = self.reader.fields(root, "rule file", &["groups"]) {
                        self.groups(&fields);
                    }
                }
            }
            Err(problem) => self.reader.add(problem),
        }
        self.reader.context = context;
        // Places in the text become places in the file.
        let within = |place: Place| value.place_of(place);
        for problem in &mut self.reader.problems[problems..] {
            problem.place = within(problem.place);
        }
        for warning in &mut self.reader.warnings[warnings..] {
            warning.place = within(warning.place);
        }
        for group in &mut self.file.groups[groups..] {
            group.place = within(group.place);
            for rule in &mut group.rules {
                rule.place = within(rule.place);
            }
        }
    }

    fn groups(&mut self, fields: &Fields<'_>) {
        let mut names: Vec<(String, Place)> = Vec::new();
        for (index, node) in self.reader.list(fields, "groups").iter().enumerate() {
            self.reader.context = format!("group {}", index + 1);
            let Some(group) = self.reader.fields(node, "group", &GROUP) else { continue };
            let name = self.reader.text(&group, "name").unwrap_or("").to_owned();
            if name.is_empty() {
                self.reader.problem(group.place, "groupname must not be empty");
            } else {
                self.reader.context = format!("group {name:?}");
                if let Some((_, first)) = names.iter().find(|(known, _)| *known == name) {
                    let message =
                        format!("groupname: {name:?} is repeated in the same file (first at {first})");
                    self.reader.problem(group.place_of("name"), message);
                }
                names.push((name.clone(), group.place_of("name")));
            }
            self.group(&group, name);
            self.reader.context.clear();
        }
        self.reader.context.clear();
    }

    fn group(&mut self, fields: &Fields<'_>, name: String) {
        let kind = fields.get("type").and_then(Node::text).unwrap_or("");
        if let Some(language) = dialect::of_group_type(kind) {
            self.other_language(fields.place_of("type"), "the group is", language);
            self.found += self.reader.list(fields, "rules").len();
            return;
        }
        let labels = self.labels(fields, "labels", "label");
        let limit = self.reader.whole(fields, "limit").unwrap_or(0);
        let mut group = RuleGroup {
            file: self.file.name.clone(),
            place: fields.place,
            interval: self.reader.duration(fields, "interval").filter(|interval| *interval > 0),
            query_offset: self.reader.duration(fields, "query_offset").unwrap_or(0),
            limit: usize::try_from(limit).unwrap_or(0),
            rules: Vec::new(),
            name,
        };
        let context = self.reader.context.clone();
        for (index, node) in self.reader.list(fields, "rules").iter().enumerate() {
            self.found += 1;
            self.reader.context = format!("{context}, rule {}", index + 1);
            if let Some(rule) = self.rule(node, index, &labels) {
                group.rules.push(rule);
            }
        }
        self.reader.context = context;
        self.file.groups.push(group);
    }

    fn rule(&mut self, node: &Node, index: usize, group_labels: &[(String, String)]) -> Option<Rule> {
        let before = self.reader.problems.len();
        let named = ["record", "alert"].into_iter().filter_map(|key| node.get(key)?.text());
        if let Some(name) = named.into_iter().find(|name| !name.is_empty()) {
            let _ = write!(self.reader.context, ", {name:?}");
        }
        let fields = self.reader.fields(node, "rule", &RULE)?;
        let record = self.reader.text(&fields, "record").unwrap_or("");
        let alert = self.reader.text(&fields, "alert").unwrap_or("");
        let name = if record.is_empty() { alert } else { record };
        match (record.is_empty(), alert.is_empty()) {
            (false, false) => {
                self.reader.problem(fields.place_of("alert"), "only one of 'record' and 'alert' must be set");
            }
            (true, true) => {
                let place =
                    if fields.has("alert") { fields.place_of("alert") } else { fields.place_of("record") };
                self.reader.problem(place, "one of 'record' or 'alert' must be set");
            }
            _ => {}
        }
        let own = self.labels(&fields, "labels", "label");
        let annotations = self.labels(&fields, "annotations", "annotation");
        let hold = self.reader.duration(&fields, "for");
        let keep_firing = self.reader.duration(&fields, "keep_firing_for");
        let parsed = self.expression(&fields, "expr");
        let kind = if record.is_empty() {
            self.templates(&fields, name);
            let written = [("for", hold), ("keep_firing_for", keep_firing)];
            let zero =
                written.into_iter().filter(|(_, time)| *time == Some(0)).map(|(name, _)| name).collect();
            let (hold, keep_firing) = (hold.unwrap_or(0), keep_firing.unwrap_or(0));
            RuleKind::Alerting(AlertingRule { hold, keep_firing, zero, annotations })
        } else {
            self.recording(&fields, record);
            RuleKind::Recording
        };
        let (source, expr) = parsed?;
        let mut labels = group_labels.to_vec();
        for (name, value) in own {
            labels.retain(|(known, _)| *known != name);
            labels.push((name, value));
        }
        (self.reader.problems.len() == before).then(|| Rule {
            name: name.to_owned(),
            id: None,
            place: fields.place,
            index,
            source,
            expr,
            labels,
            kind,
        })
    }

    /// What a recording rule may not have.
    fn recording(&mut self, fields: &Fields<'_>, record: &str) {
        let place = fields.place_of("record");
        if record.contains(['{', '}']) {
            let message =
                format!("invalid recording rule name: {record} (braces belong in expr, labels in labels)");
            self.reader.problem(place, message);
        }
        for name in ["for", "keep_firing_for", "annotations"] {
            if fields.get(name).is_some_and(|node| node.map().is_none_or(|pairs| !pairs.is_empty())) {
                let message = format!("invalid field '{name}' in recording rule");
                self.reader.problem(fields.place_of(name), message);
            }
        }
    }

    /// An expression that parses: its text and its tree.
    pub(super) fn expression(&mut self, fields: &Fields<'_>, name: &str) -> Option<(String, promql::Expr)> {
        let Some(node) = fields.get(name).filter(|node| node.text() != Some("")) else {
            self.reader.problem(fields.place, format!("field '{name}' must be set in rule"));
            return None;
        };
        let source = self.reader.text(fields, name)?;
        match promql::parse(source, &self.options.promql) {
            Ok(expr) => Some((source.to_owned(), expr)),
            Err(error) => {
                // A function that wants a range takes one of its own there.
                let rangeless = self.reader.house == Some(House::Vmalert)
                    && error.message.starts_with("expected type range vector in call to function");
                let language = rangeless.then_some(language::METRICSQL);
                if let Some(language) = language.or_else(|| language::language_of(source)) {
                    self.other_language(node.place, "the expression is", language);
                    return None;
                }
                let message = format!("could not parse expression: parse error: {}", error.message);
                // Where the text just ends, its last line is meant, not the empty one after it.
                let at = error.span.start.min(source.trim_end().len());
                let mut problem = Problem::new(node.place_within(at), message);
                problem.hint = error.hint;
                self.reader.add(problem);
                None
            }
        }
    }

    /// What is asked in another language cannot be judged.
    fn other_language(&mut self, place: Place, what: &str, language: Language) {
        let message = format!("{what} in {}, {}, and not in PromQL", language.name, language.of);
        self.reader.add(Problem::new(place, message).hinted("obs evaluates PromQL only"));
    }

    /// Labels or annotations with valid names.
    pub(super) fn labels(&mut self, fields: &Fields<'_>, name: &str, what: &str) -> Vec<(String, String)> {
        let mut labels = Vec::new();
        for (key, value) in self.reader.pairs(fields, name) {
            let name = key.text().unwrap_or("");
            if name.is_empty() || what == "label" && name == crate::model::Labels::NAME {
                self.reader.problem(key.place, format!("invalid {what} name: {name}"));
            }
            labels.push((name.to_owned(), value.text().unwrap_or("").to_owned()));
        }
        labels
    }

    /// The templates of labels and annotations must parse.
    pub(super) fn templates(&mut self, fields: &Fields<'_>, alert: &str) {
        for (part, what) in [("labels", "label"), ("annotations", "annotation")] {
            let Some(pairs) = fields.get(part).and_then(Node::map) else { continue };
            for (key, value) in pairs {
                let text = value.text().unwrap_or("");
                if !text.contains("{{") {
                    continue;
                }
                let Err(error) = template::parse(&format!("__alert_{alert}"), text) else { continue };
                let place = value.place_within(error.offset);
                let name = key.text().unwrap_or("");
                match dialect::of_vmalert(&error.to_string()) {
                    Some(word) if self.reader.house == Some(House::Vmalert) => {
                        let message =
                            format!("{what} {name:?} uses {word} of vmalert, and obs does not render it");
                        self.reader.warning(place, message);
                    }
                    Some(word) => {
                        let problem = Problem::new(place, format!("{what} {name:?}: {error}"));
                        let hint = format!("{word} is one of vmalert; --dialect vmalert lets it pass");
                        self.reader.add(problem.hinted(hint));
                    }
                    None => self.reader.problem(place, format!("{what} {name:?}: {error}")),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let checked = parse("f.yml", text, &FileOptions::strict());
        checked.problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_group_with_everything() {
        let text = "\
groups:
  - name: g
    interval: 30s
    query_offset: 1m
    limit: 10
    labels: {team: a, tier: x}
    rules:
      - alert: &name High
        expr: &e up == 0
        for: 5m
        keep_firing_for: 1m
        labels: {severity: critical, tier: y}
        annotations: {summary: '{{ $value | humanize }}'}
      - {record: a:b, expr: *e}
      - {alert: *name, expr: 1}
";
        let checked = parse("f.yml", text, &FileOptions::strict());
        assert_eq!(checked.problems, vec![]);
        assert_eq!(checked.found, 3);
        let group = &checked.file.groups[0];
        assert_eq!((group.interval, group.query_offset, group.limit), (Some(30_000), 60_000, 10));
        let rule = &group.rules[0];
        let labels: Vec<_> = rule.labels.iter().map(|(n, v)| format!("{n}={v}")).collect();
        assert_eq!(labels, ["team=a", "severity=critical", "tier=y"]);
        let alerting = rule.alerting().unwrap();
        assert_eq!((alerting.hold, alerting.keep_firing), (300_000, 60_000));
        assert_eq!(group.rules[1].source, "up == 0");
        assert_eq!(group.rules[2].name, "High");
    }

    #[test]
    fn every_error_is_told_with_its_place() {
        let text = "\
groups:
  - name: g
    rules:
      - alert: A
        expr: rate(up)
        fro: 5m
        for: 5
        labels: {__name__: x}
        annotations: {a: 'x {{ $label.y }}'}
      - record: B
        for: 1m
      - record: x{a='b'}
        alert: C
        expr: |
          sum(
            up
          ) +
  - name: g
  - rules: {}
";
        let problems = problems(text);
        let expected = [
            (r#"5:20: group "g", rule 1, "A": could not parse expression: parse error: "#),
            (r#"6:9: group "g", rule 1, "A": field fro not found in rule"#),
            (r#"7:14: group "g", rule 1, "A": for: not a valid duration string: "5""#),
            (r#"8:18: group "g", rule 1, "A": invalid label name: __name__"#),
            (r#"group "g", rule 1, "A": annotation "a": error parsing template"#),
            (r"field 'expr' must be set in rule"),
            (r#"11:14: group "g", rule 2, "B": invalid field 'for' in recording rule"#),
            (r#"12:17: group "g", rule 3, "x{a='b'}": invalid recording rule name"#),
            (r#"13:16: group "g", rule 3, "x{a='b'}": only one of 'record' and 'alert' must be set"#),
            (r"could not parse expression"),
            (r#"18:11: group "g": groupname: "g" is repeated in the same file"#),
            (r"group 3: groupname must not be empty"),
            (r"group 3: expected a list for rules, found a mapping"),
        ];
        for part in expected {
            assert!(problems.iter().any(|p| p.contains(part)), "{part}\n{problems:#?}");
        }
        assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    }

    #[test]
    fn objects_of_the_operator() {
        let rule = "{groups: [{name: g, rules: [{alert: A, expr: up}]}]}";
        for (text, found) in [
            (format!("kind: PrometheusRule\nmetadata: {{name: x}}\nspec: {rule}\n"), 1),
            (format!("kind: AlertingRule\nspec: {rule}\n"), 1),
            (format!("kind: RecordingRule\nspec: {rule}\n"), 1),
            (format!("kind: VMRule\nspec: {rule}\n"), 1),
            (format!("kind: Template\nobjects: [{{kind: PrometheusRule, spec: {rule}}}]\n"), 1),
            ("kind: ConfigMap\ndata:\n  note: x\n  a.yml: |\n    groups:\n    - {name: g, rules: [{alert: A, expr: up}]}\n".to_owned(), 1),
            (format!("kind: Service\nspec: {rule}\n"), 0),
            (
                format!(
                    "kind: List\nitems:\n- {{kind: PrometheusRule, spec: {rule}}}\n- {{kind: Service}}\n"
                ),
                1,
            ),
            (format!("kind: PrometheusRule\nspec: {rule}\n---\nkind: PrometheusRule\nspec: {rule}\n"), 2),
            (format!("{rule}\n---\n{rule}\n"), 1),
        ] {
            let checked = parse("f.yml", &text, &FileOptions::strict());
            assert_eq!(checked.problems, vec![], "{text}");
            assert_eq!(checked.found, found, "{text}");
        }
    }

    #[test]
    fn what_vmalert_has_is_named_so() {
        let text = "groups:\n- name: g\n  rules:\n  - {alert: A, expr: rate(x_total) > 1}\n  \
                    - {alert: B, expr: x > 1, annotations: {d: '{{ $expr | queryEscape }}'}}\n";
        let plain = problems(text);
        assert!(plain[0].contains("expected type range vector"), "{plain:?}");
        assert!(plain[1].contains("undefined variable \"$expr\""), "{plain:?}");
        let options = FileOptions { house: Some(House::Vmalert), ..FileOptions::strict() };
        let checked = parse("f.yml", text, &options);
        let problems: Vec<String> = checked.problems.iter().map(ToString::to_string).collect();
        assert!(problems.len() == 1 && problems[0].contains("MetricsQL"), "{problems:?}");
        let warnings: Vec<String> = checked.warnings.iter().map(ToString::to_string).collect();
        assert!(warnings.len() == 1 && warnings[0].contains("$expr of vmalert"), "{warnings:?}");
    }

    #[test]
    fn a_server_names_rule_files_and_tests_do_not() {
        let server = parse(
            "p.yml",
            "global: {external_labels: {dc: eu}}\nrule_files: [a.yml, 'b/*.yml']\nscrape_configs: []\n",
            &FileOptions::strict(),
        );
        assert_eq!(server.external_labels.get("dc"), "eu");
        assert_eq!(
            (server.rule_files, server.problems),
            (vec!["a.yml".to_owned(), "b/*.yml".to_owned()], vec![])
        );
        assert!(problems("rule_files: [a.yml]\ntests: []\n")[0].contains("a file of unit tests"));
    }

    #[test]
    fn problems_within_objects_have_their_places_in_the_file() {
        let text = "kind: ConfigMap\ndata:\n  a.yml: |\n    groups:\n    - name: g\n      rules:\n      - {alert: A, expr: 'up +'}\n";
        let found = problems(text);
        assert!(found[0].starts_with("7:31: ") && found[0].contains("parse error"), "{found:?}");
    }

    #[test]
    fn what_other_houses_write_is_named() {
        for (text, part) in [
            ("groups: [{name: g, partial_response_strategy: warn, rules: []}]", "it is one of Thanos"),
            ("namespace: x\ngroups: []", "it is one of Mimir"),
            ("groups: [{name: g, type: vlogs, rules: [{alert: A, expr: x}]}]", "in LogsQL"),
            (
                "groups: [{name: g, rules: [{alert: A, expr: 'sum(rate({a=\"b\"} |= \"x\" [1m]))'}]}]",
                "in LogQL",
            ),
            ("groups:\n  {{- range .Values.groups }}\n  - name: x\n  {{- end }}\n", "a Helm template"),
        ] {
            let found = problems(text);
            assert!(found.iter().any(|problem| problem.contains(part)), "{text}: {found:?}");
        }
        let house = FileOptions { house: Some(House::Thanos), ..FileOptions::strict() };
        let text = "groups: [{name: g, partial_response_strategy: warn, rules: [{alert: A, expr: up}]}]";
        assert_eq!(parse("f.yml", text, &house).problems, vec![]);
        let lenient = FileOptions { ignore_unknown_fields: true, ..FileOptions::strict() };
        let checked = parse("f.yml", text, &lenient);
        assert!(checked.problems.is_empty() && checked.warnings[0].message.contains("of Thanos is ignored"));
    }

    #[test]
    fn oddities() {
        assert_eq!(problems(""), Vec::<String>::new());
        assert_eq!(problems("groups:\n"), Vec::<String>::new());
        assert_eq!(problems("- a\n").len(), 1);
        assert_eq!(problems("groups: 1\n").len(), 1);
        assert_eq!(problems("groups: [\n").len(), 1);
        assert_eq!(problems("groups: [{name: g, rules: [1, [], ~]}]").len(), 4);
    }

    /// The corpus beside the project, where it exists: (file, part of the message it has to be rejected with).
    #[test]
    fn the_corpus_is_judged_as_by_promtool() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus/rules/");
        let read = |path: &str| {
            #[expect(clippy::disallowed_methods, reason = "a test reads the corpus beside the project")]
            std::fs::read_to_string(format!("{root}{path}")).ok()
        };
        for (path, reason) in [
            ("rulefmt/bad_expr.bad.yaml", "parse error"),
            ("rulefmt/bad_field.bad.yaml", "field annotation not found"),
            ("rulefmt/duplicate_grp.bad.yaml", "groupname: \"yolo\" is repeated in the same file"),
            ("rulefmt/invalid_label_name.bad.yaml", "invalid label name"),
            ("rulefmt/invalid_record_name.bad.yaml", "invalid recording rule name"),
            ("rulefmt/no_rec_alert.bad.yaml", "one of 'record' or 'alert' must be set"),
            ("rulefmt/noexpr.bad.yaml", "field 'expr' must be set in rule"),
            ("rulefmt/record_and_alert.bad.yaml", "only one of 'record' and 'alert' must be set"),
            ("rulefmt/record_and_for.bad.yaml", "invalid field 'for' in recording rule"),
            (
                "rulefmt/record_and_keep_firing_for.bad.yaml",
                "invalid field 'keep_firing_for' in recording rule",
            ),
            ("promtool/rules-bad.yml", "undefined variable \"$label\""),
            ("promtool/rules_extrafields.yml", "field namespace not found"),
            ("promtool/bad-rules-syntax.yml", "parse error"),
            ("rulefmt/test.yaml", ""),
            ("rulefmt/test_aliases.yaml", ""),
            ("rulefmt/legacy_validation_annotation.good.yaml", ""),
            ("rulefmt/utf-8_annotation.good.yaml", ""),
            ("rulefmt/utf-8_lname.good.yaml", ""),
            ("promtool/rules.yml", ""),
            ("promtool/rules_large.yml", ""),
            ("promtool/rules_duplicates.yml", ""),
            ("promtool/prometheus-rules.lint.yml", ""),
            ("promtool/at-modifier.yml", ""),
            ("promtool/bad-rules-error.yml", ""),
            ("mixins/cluster-monitoring-operator/rules.yaml", ""),
            ("mixins/kubernetes-mixin/prometheus_alerts.yaml", ""),
            ("mixins/kubernetes-mixin/prometheus_rules.yaml", ""),
            ("../../data/payment-alerts.yml", ""),
            ("../../data/payment-alerts.short.json", ""),
        ] {
            let Some(text) = read(path) else { continue };
            let checked = parse(path, &text, &FileOptions::strict());
            let problems: Vec<_> = checked.problems.iter().map(ToString::to_string).collect();
            if reason.is_empty() {
                assert!(problems.is_empty(), "{path}: {problems:?}");
                assert!(checked.found > 0, "{path}");
            } else {
                assert!(problems.iter().any(|p| p.contains(reason)), "{path}: {problems:?}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "(groups:|rules:|- |name: |alert: |expr: |up|\\{|\\}|\\[|\\]|,|&a |\\*a|<<: |: |'|\"|\\||\n|\n  |\n    |for: 5m|x|~|#){0,40}") {
            let _ = problems(&text);
            let _ = super::super::alertmanager::config::parse(&text);
            let _ = super::super::unit::parse(&text, false);
        }
    }
}
