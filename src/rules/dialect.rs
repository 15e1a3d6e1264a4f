//! Rule files of other houses: whose fields they have, in which language they ask, and files that are still to be
//! rendered.

use super::yaml::Node;
use crate::model::Labels;
use crate::promql::language::{GRAPHITE, LOGQL, LOGSQL, Language};

/// Whose rule files are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum House {
    /// Prometheus itself.
    Prometheus,
    /// Thanos Ruler.
    Thanos,
    /// Mimir, Cortex and their tools.
    Mimir,
    /// VictoriaMetrics' vmalert.
    Vmalert,
    /// Loki's ruler.
    Loki,
}

impl House {
    /// All of them.
    pub const ALL: [House; 5] = [House::Prometheus, House::Thanos, House::Mimir, House::Vmalert, House::Loki];

    /// The name in options.
    pub const fn name(self) -> &'static str {
        match self {
            House::Prometheus => "prometheus",
            House::Thanos => "thanos",
            House::Mimir => "mimir",
            House::Vmalert => "vmalert",
            House::Loki => "loki",
        }
    }

    /// The name for people.
    pub const fn title(self) -> &'static str {
        match self {
            House::Prometheus => "Prometheus",
            House::Thanos => "Thanos",
            House::Mimir => "Mimir and Cortex",
            House::Vmalert => "vmalert",
            House::Loki => "Loki",
        }
    }

    /// The house of that name.
    pub fn by_name(name: &str) -> Option<House> {
        House::ALL.into_iter().find(|house| house.name() == name)
    }
}

/// What the configuration of a server says of rules.
#[derive(Debug, Default)]
pub(super) struct Server {
    /// Patterns of rule files.
    pub rule_files: Vec<String>,
    /// The labels that it sets on what it sends.
    pub external_labels: Labels,
}

impl Server {
    /// Takes in a configuration.
    pub(super) fn read(&mut self, root: &Node) {
        let files = root.get("rule_files").and_then(Node::list).unwrap_or_default();
        self.rule_files.extend(files.iter().filter_map(Node::text).map(str::to_owned));
        let external = root.get("global").and_then(|global| global.get("external_labels")?.map());
        for (name, value) in external.unwrap_or_default() {
            if let (Some(name), Some(value)) = (name.text(), value.text()) {
                self.external_labels.set(name, value);
            }
        }
    }
}

/// Fields that Prometheus does not know: of what, their name, and who knows them.
const FIELDS: &[(&str, &str, House)] = &[
    ("group", "partial_response_strategy", House::Thanos),
    ("group", "source_tenants", House::Mimir),
    ("group", "align_evaluation_time_on_interval", House::Mimir),
    ("group", "align_execution_time_on_interval", House::Mimir),
    ("group", "evaluation_delay", House::Mimir),
    ("group", "remote_write", House::Mimir),
    ("rule file", "namespace", House::Mimir),
    ("rule file", "source_tenants", House::Mimir),
    ("group", "type", House::Vmalert),
    ("group", "concurrency", House::Vmalert),
    ("group", "params", House::Vmalert),
    ("group", "headers", House::Vmalert),
    ("group", "notifier_headers", House::Vmalert),
    ("group", "eval_offset", House::Vmalert),
    ("group", "eval_delay", House::Vmalert),
    ("group", "eval_alignment", House::Vmalert),
    ("group", "extra_filter_labels", House::Vmalert),
    ("group", "tenant", House::Vmalert),
    ("group", "debug", House::Vmalert),
    ("rule", "debug", House::Vmalert),
    ("rule", "update_entries_limit", House::Vmalert),
];

/// Whose field that is; Loki's ruler knows those of Mimir.
pub(super) fn house_of(what: &str, field: &str) -> Option<House> {
    let is_meant = |(of, name, _): &&(&str, &str, House)| *of == what && *name == field;
    FIELDS.iter().find(is_meant).map(|(_, _, house)| *house)
}

/// Does a house know what another one brought?
pub(super) fn knows(house: House, of: House) -> bool {
    house == of || house == House::Loki && of == House::Mimir || house == House::Mimir && of == House::Loki
}

/// What templates of vmalert may use and those of Prometheus may not: variables and functions.
const VMALERT_TEMPLATES: &[&str] = &[
    "$activeAt",
    "$alertID",
    "$expr",
    "$for",
    "$groupID",
    "$isPartial",
    "$type",
    "crlfEscape",
    "htmlEscape",
    "jsonEscape",
    "parseDurationTime",
    "pathEscape",
    "queryEscape",
    "quotesEscape",
];

/// The variable or function of vmalert that a template of Prometheus may not use, by what is wrong with it.
pub(super) fn of_vmalert(error: &str) -> Option<&'static str> {
    let unknown = error.contains("undefined variable") || error.contains("not defined");
    VMALERT_TEMPLATES.iter().copied().find(|name| unknown && error.contains(&format!("\"{name}\"")))
}

/// The language that a group of vmalert names in its `type`.
pub(super) fn of_group_type(kind: &str) -> Option<Language> {
    match kind {
        "vlogs" => Some(LOGSQL),
        "graphite" => Some(GRAPHITE),
        "loki" => Some(LOGQL),
        _ => None,
    }
}

/// What a text that is no YAML is written for: the name of a program that renders it, and how it is asked to.
pub(super) fn template_of(text: &str) -> Option<(&'static str, &'static str)> {
    let helm = [
        ".Values",
        ".Release",
        ".Chart",
        "{{- include",
        "{{ include",
        "{{- if",
        "{{- range",
        "{{- with",
        "{{- end",
        "{{- define",
        "{{ template",
        "{{- template",
        "{{- $",
        "{{- toYaml",
    ];
    if text.contains("{{") && helm.iter().any(|sign| text.contains(sign)) {
        return Some(("a Helm template", "helm template CHART renders it; check what that prints: -r -"));
    }
    // Jinja's blocks; Ansible and Salt render them.
    if text.contains("{%") && text.contains("%}") {
        return Some((
            "a Jinja template",
            "render it first, as ansible or salt does, and check what comes out",
        ));
    }
    if text.contains("{{") && text.lines().any(|line| line.trim_start().starts_with("{{")) {
        return Some(("a template, as Helm has them", "render it first, and check what comes out: -r -"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_told_by_their_signs() {
        for (text, expected) in [
            ("labels:\n  {{- include \"x\" . | nindent 4 }}\n", Some("a Helm template")),
            ("{% if x %}\ngroups:\n{% endif %}\n", Some("a Jinja template")),
            ("groups: [\n", None),
            ("a: '{{ $labels.x }}\n", None),
        ] {
            assert_eq!(template_of(text).map(|(what, _)| what), expected, "{text}");
        }
    }

    #[test]
    fn every_field_has_a_house_that_is_not_prometheus() {
        assert!(FIELDS.iter().all(|(_, _, house)| *house != House::Prometheus));
        assert_eq!(house_of("group", "source_tenants"), Some(House::Mimir));
        assert_eq!(house_of("rule", "source_tenants"), None);
    }
}
