//! Rules that are valid and still not what was meant: duplicates, alerts that cannot work.

use std::collections::BTreeMap;

use super::duration;
use super::file::{Rule, RuleFile};
use super::yaml::Place;
use crate::promql::ast::{Form, Node};

/// Something about a rule that deserves a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lint {
    /// Which check found it.
    pub check: Check,
    /// The file.
    pub file: String,
    /// The rule's place in it.
    pub place: Place,
    /// The group's name.
    pub group: String,
    /// The rule's name.
    pub rule: String,
    /// What it is: lower case, no full stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// The checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// Two rules of the same kind, name and labels.
    DuplicateRules,
    /// An alert for every series, whatever its value.
    AlwaysTrue,
    /// A label that changes with each evaluation.
    ValueInLabel,
    /// An alert without severity.
    NoSeverity,
    /// `for` cannot elapse as it is written.
    ShortFor,
}

impl Check {
    /// The check's name in options and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Check::DuplicateRules => "duplicate-rules",
            Check::AlwaysTrue => "always-true",
            Check::ValueInLabel => "value-in-label",
            Check::NoSeverity => "no-severity",
            Check::ShortFor => "short-for",
        }
    }
}

/// What makes two rules the same: is it an alert, its name, its labels.
type Identity<'r> = (bool, &'r str, Vec<&'r (String, String)>);

/// Looks at all rules; in the order of the files.
pub fn lint(files: &[RuleFile]) -> Vec<Lint> {
    let mut found = Vec::new();
    let mut known: BTreeMap<Identity<'_>, (&str, Place)> = BTreeMap::new();
    for file in files {
        for group in &file.groups {
            for rule in &group.rules {
                let mut add = |check: Check, message: String, hint: Option<&str>| {
                    found.push(Lint {
                        check,
                        file: file.name.clone(),
                        place: rule.place,
                        group: group.name.clone(),
                        rule: rule.name.clone(),
                        message,
                        hint: hint.map(str::to_owned),
                    });
                };
                let mut labels: Vec<_> = rule.labels.iter().collect();
                labels.sort();
                let key = (rule.alerting().is_some(), rule.name.as_str(), labels);
                if let Some((name, place)) = known.get(&key) {
                    let message = format!("same kind, name and labels as the rule at {name}:{place}");
                    add(
                        Check::DuplicateRules,
                        message,
                        Some("this might cause inconsistency while recording"),
                    );
                } else {
                    known.insert(key, (&file.name, rule.place));
                }
                alert(rule, group.interval, &mut add);
            }
        }
    }
    found
}

fn alert(rule: &Rule, interval: Option<i64>, add: &mut impl FnMut(Check, String, Option<&str>)) {
    let Some(alerting) = rule.alerting() else { return };
    if always_true(rule.expr.root()) {
        let message = "the alert fires for every series, whatever its value".to_owned();
        add(Check::AlwaysTrue, message, Some("compare with a threshold: … > 0"));
    }
    for (name, text) in &rule.labels {
        if text.contains("{{") && (text.contains("$value") || text.contains(".Value")) {
            let message = format!("label {name:?} changes with the value, and each change is another alert");
            add(Check::ValueInLabel, message, Some("values belong in annotations"));
        }
    }
    if !rule.labels.iter().any(|(name, _)| name == "severity") {
        add(Check::NoSeverity, "the alert has no label severity".to_owned(), None);
    }
    if let Some(interval) = interval.filter(|interval| alerting.hold > 0 && alerting.hold < *interval) {
        let (hold, interval) = (duration::text(alerting.hold), duration::text(interval));
        let message =
            format!("for: {hold} is shorter than the group's interval of {interval}, and acts as that");
        add(Check::ShortFor, message, None);
    }
}

/// Is there nothing in it that could leave out a series for its value, or answer to an absence?
fn always_true(node: &Node) -> bool {
    match &node.form {
        // A constant alert is meant: a dead man's switch.
        Form::Number(..) | Form::Text(_) => false,
        Form::Selector(_) => true,
        Form::Subquery(subquery) => always_true(&subquery.inner),
        Form::Paren(inner) | Form::Unary(_, inner) => always_true(inner),
        // Sets leave out series for their labels, which is a condition, too.
        Form::Binary(binary) if binary.op.is_comparison() => false,
        Form::Binary(binary) if binary.op.is_set() => false,
        Form::Binary(binary) => {
            let sides = [&binary.lhs, &binary.rhs];
            let constant = |node: &Node| matches!(node.form, Form::Number(..));
            sides.iter().any(|side| always_true(side))
                && sides.iter().all(|side| constant(side) || always_true(side))
        }
        Form::Aggregate(aggregate) => always_true(&aggregate.inner),
        Form::Call(function, _) if matches!(function.name, "absent" | "absent_over_time" | "vector") => false,
        Form::Call(_, arguments) => {
            arguments.iter().any(always_true)
                && arguments
                    .iter()
                    .all(|a| always_true(a) || matches!(a.form, Form::Number(..) | Form::Text(_)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::file::{FileOptions, parse};
    use super::*;

    fn checks(rules: &str) -> Vec<&'static str> {
        let text = format!("groups: [{{name: g, interval: 1m, rules: [{rules}]}}]");
        let checked = parse("f.yml", &text, &FileOptions::strict());
        assert_eq!(checked.problems, vec![], "{rules}");
        lint(&[checked.file]).iter().map(|lint| lint.check.name()).collect()
    }

    #[test]
    fn each_check_finds_its_own() {
        let severity = "labels: {severity: x}";
        for (rules, expected) in [
            (format!("{{alert: A, expr: up == 0, {severity}}}"), vec![]),
            (format!("{{alert: A, expr: '1', {severity}}}"), vec![]),
            (format!("{{alert: A, expr: absent(up), {severity}}}"), vec![]),
            (format!("{{alert: A, expr: 'sum(rate(up[5m])) * 100', {severity}}}"), vec!["always-true"]),
            (format!("{{alert: A, expr: sum(up > 1) * 2, {severity}}}"), vec![]),
            ("{alert: A, expr: up == 0}".to_owned(), vec!["no-severity"]),
            (format!("{{alert: A, expr: up == 0, for: 30s, {severity}}}"), vec!["short-for"]),
            (
                "{alert: A, expr: up == 0, labels: {severity: x, v: '{{ $value }}'}}".to_owned(),
                vec!["value-in-label"],
            ),
            ("{record: a, expr: up}, {record: a, expr: down}".to_owned(), vec!["duplicate-rules"]),
            ("{record: a, expr: up}, {record: a, expr: up, labels: {b: c}}".to_owned(), vec![]),
        ] {
            assert_eq!(checks(&rules), expected, "{rules}");
        }
    }
}
