//! Which labels the result of an expression can have, as far as the expression alone tells.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::Labels;
use crate::promql::Matcher;
use crate::promql::ast::{Aggregate, AggregateOp, Binary, BinaryOp, Cardinality, Form, MatchOp, Node};
use crate::rules::file::{Rule, RuleFile};

/// Recorded series of recorded series are followed so far.
const DEEPEST: usize = 8;

/// The labels that the series of a result can have.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Carried {
    /// With `open`, all labels but these can be there; else only these.
    names: BTreeSet<Arc<str>>,
    open: bool,
    /// Labels that whoever wrote the expression counts on.
    pub expected: BTreeSet<Arc<str>>,
    /// Labels with one known value.
    pub fixed: BTreeMap<Arc<str>, Arc<str>>,
    /// Is it a scraped series as it is, which has at least `job` and `instance`?
    pub is_scraped: bool,
}

impl Carried {
    /// Nothing is known.
    fn anything() -> Self {
        Carried { open: true, ..Carried::default() }
    }

    /// Can it be there?
    pub(super) fn can_have(&self, name: &str) -> bool {
        self.names.contains(name) != self.open
    }

    /// Is it known that there is no label at all?
    pub(super) fn has_none(&self) -> bool {
        !self.open && self.names.is_empty()
    }

    /// The labels that can be there, if they are few and known.
    pub(super) fn listed(&self) -> Option<Vec<&str>> {
        (!self.open).then(|| self.names.iter().map(|name| &**name).collect())
    }

    fn add(&mut self, name: &Arc<str>) {
        if self.open {
            self.names.remove(name);
        } else {
            self.names.insert(name.clone());
        }
        self.expected.insert(name.clone());
        self.fixed.remove(name);
    }

    fn remove(&mut self, name: &Arc<str>) {
        if self.open {
            self.names.insert(name.clone());
        } else {
            self.names.remove(name);
        }
        self.expected.remove(name);
        self.fixed.remove(name);
    }

    /// Only these are left, each where it can be.
    fn keep_only(&mut self, names: &[Arc<str>]) {
        let left: BTreeSet<Arc<str>> = names.iter().filter(|name| self.can_have(name)).cloned().collect();
        self.fixed.retain(|name, _| left.contains(name));
        self.expected.clone_from(&left);
        (self.names, self.open, self.is_scraped) = (left, false, false);
    }

    /// What can be in one or the other.
    fn or(mut self, other: &Carried) -> Self {
        match (self.open, other.open) {
            (true, true) => self.names.retain(|name| other.names.contains(name)),
            (true, false) => self.names.retain(|name| !other.names.contains(name)),
            (false, true) => {
                self.names = other.names.difference(&self.names).cloned().collect();
                self.open = true;
            }
            (false, false) => self.names.extend(other.names.iter().cloned()),
        }
        self.expected.retain(|name| other.expected.contains(name));
        self.fixed.retain(|name, value| other.fixed.get(name) == Some(value));
        self.is_scraped &= other.is_scraped;
        self
    }
}

/// The recorded series of all files, by their names.
#[derive(Default)]
pub(super) struct Recorded<'r> {
    rules: BTreeMap<&'r str, Vec<&'r Rule>>,
}

impl<'r> Recorded<'r> {
    /// Those of these files.
    pub(super) fn new(files: &'r [RuleFile]) -> Self {
        let mut rules: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
        for rule in files.iter().flat_map(|file| &file.groups).flat_map(|group| &group.rules) {
            if rule.alerting().is_none() {
                rules.entry(&rule.name).or_default().push(rule);
            }
        }
        Recorded { rules }
    }

    /// Is it recorded?
    pub(super) fn has(&self, name: &str) -> bool {
        self.rules.contains_key(name)
    }

    /// The rules that record it.
    pub(super) fn of(&self, name: &str) -> &[&'r Rule] {
        self.rules.get(name).map_or(&[], Vec::as_slice)
    }

    /// The names.
    pub(super) fn names(&self) -> impl Iterator<Item = &'r str> + '_ {
        self.rules.keys().copied()
    }

    /// The labels that the result of an expression can have.
    pub(super) fn carried(&self, node: &Node) -> Carried {
        self.carried_within(node, 0)
    }

    fn carried_within(&self, node: &Node, depth: usize) -> Carried {
        match &node.form {
            Form::Number(..) | Form::Text(_) => Carried::default(),
            Form::Selector(selector) => self.selected(&selector.matchers, depth),
            Form::Subquery(subquery) => self.carried_within(&subquery.inner, depth),
            Form::Paren(inner) | Form::Unary(_, inner) => self.carried_within(inner, depth),
            Form::Binary(binary) => self.combined(binary, depth),
            Form::Aggregate(aggregate) => self.aggregated(aggregate, depth),
            Form::Call(function, arguments) => self.called(function.name, arguments, depth),
        }
    }

    fn selected(&self, matchers: &[Matcher], depth: usize) -> Carried {
        let name = metric(matchers);
        let rules = name.map_or(&[][..], |name| self.of(name));
        let mut carried = Carried::anything();
        if depth < DEEPEST && !rules.is_empty() {
            let mut all = rules.iter().map(|rule| {
                let mut carried = self.carried_within(rule.expr.root(), depth + 1);
                carried.is_scraped = false;
                for (name, value) in &rule.labels {
                    let name = Arc::from(name.as_str());
                    if value.is_empty() {
                        carried.remove(&name);
                    } else {
                        carried.add(&name);
                        carried.fixed.insert(name, Arc::from(value.as_str()));
                    }
                }
                carried
            });
            if let Some(first) = all.next() {
                carried = all.fold(first, |carried, next| carried.or(&next));
            }
        } else {
            // Names with colons are recorded, if elsewhere; those of alerts are written by rules.
            carried.is_scraped = name
                .is_some_and(|name| !name.contains(':') && !matches!(name, "ALERTS" | "ALERTS_FOR_STATE"));
        }
        for matcher in matchers.iter().filter(|matcher| &*matcher.name != Labels::NAME) {
            if matcher.op == MatchOp::Equal && matcher.value.is_empty() {
                carried.remove(&matcher.name);
            } else if !matcher.matches("") && carried.can_have(&matcher.name) {
                carried.expected.insert(matcher.name.clone());
                if matcher.op == MatchOp::Equal {
                    carried.fixed.insert(matcher.name.clone(), matcher.value.clone());
                }
            }
        }
        carried
    }

    fn aggregated(&self, aggregate: &Aggregate, depth: usize) -> Carried {
        let mut carried = self.carried_within(&aggregate.inner, depth);
        if matches!(
            aggregate.op,
            AggregateOp::Topk | AggregateOp::Bottomk | AggregateOp::Limitk | AggregateOp::LimitRatio
        ) {
            return carried;
        }
        if aggregate.without {
            aggregate.labels.iter().for_each(|name| carried.remove(name));
            carried.is_scraped = false;
        } else {
            carried.keep_only(&aggregate.labels);
        }
        if let (AggregateOp::CountValues, Some(Form::Text(text))) =
            (aggregate.op, aggregate.parameter.as_ref().map(|node| &node.unwrapped().form))
        {
            carried.add(&text.text);
        }
        carried
    }

    fn combined(&self, binary: &Binary, depth: usize) -> Carried {
        let (lhs, rhs) = (self.carried_within(&binary.lhs, depth), self.carried_within(&binary.rhs, depth));
        if !is_vector(&binary.rhs) {
            return lhs;
        }
        if !is_vector(&binary.lhs) {
            return rhs;
        }
        let matching = &binary.matching;
        match (binary.op, matching.cardinality) {
            (BinaryOp::Or, _) => lhs.or(&rhs),
            (BinaryOp::And | BinaryOp::Unless, _) => lhs,
            (_, Cardinality::ManyToOne) => joined(lhs, &rhs, &matching.include),
            (_, Cardinality::OneToMany) => joined(rhs, &lhs, &matching.include),
            _ => {
                let mut carried = lhs;
                if matching.on {
                    carried.keep_only(&matching.labels);
                } else {
                    matching.labels.iter().for_each(|name| carried.remove(name));
                }
                carried.is_scraped = false;
                carried
            }
        }
    }

    fn called(&self, name: &str, arguments: &[Node], depth: usize) -> Carried {
        let text = |at: usize| match arguments.get(at).map(|node| &node.unwrapped().form) {
            Some(Form::Text(text)) => Some(text.text.clone()),
            _ => None,
        };
        let vector =
            arguments.iter().find(|node| !matches!(node.unwrapped().form, Form::Number(..) | Form::Text(_)));
        let inner =
            |at: Option<&Node>| at.map_or_else(Carried::default, |node| self.carried_within(node, depth));
        match name {
            "absent" | "absent_over_time" => absent(arguments.first()),
            "vector" | "scalar" | "time" | "pi" => Carried::default(),
            "info" => Carried::anything(),
            "label_replace" | "label_join" => {
                let mut carried = inner(arguments.first());
                if let Some(name) = text(1) {
                    carried.add(&name);
                }
                carried
            }
            "histogram_quantile" | "histogram_fraction" => {
                let mut carried = inner(arguments.last());
                carried.remove(&Arc::from("le"));
                carried
            }
            "histogram_quantiles" => {
                let mut carried = inner(arguments.first());
                carried.remove(&Arc::from("le"));
                if let Some(name) = text(1) {
                    carried.add(&name);
                }
                carried
            }
            "quantile_over_time" => inner(arguments.last()),
            _ => inner(vector),
        }
    }
}

/// The many side with labels of the one side.
fn joined(mut many: Carried, one: &Carried, include: &[Arc<str>]) -> Carried {
    for name in include {
        if one.can_have(name) {
            many.add(name);
        } else {
            many.remove(name);
        }
    }
    many
}

/// What is absent has the labels that its selector names, each with one value.
fn absent(argument: Option<&Node>) -> Carried {
    let mut carried = Carried::default();
    if let Some(Form::Selector(selector)) = argument.map(|node| &node.unwrapped().form) {
        for matcher in &selector.matchers {
            if matcher.op == MatchOp::Equal && !matcher.value.is_empty() && &*matcher.name != Labels::NAME {
                carried.add(&matcher.name);
                carried.fixed.insert(matcher.name.clone(), matcher.value.clone());
            }
        }
    }
    carried
}

/// Is it series, and no number?
pub(super) fn is_vector(node: &Node) -> bool {
    node.kind() == crate::promql::Kind::Vector
}

/// The name of the metric, where there is one.
pub(super) fn metric(matchers: &[Matcher]) -> Option<&str> {
    let named = |matcher: &&Matcher| &*matcher.name == Labels::NAME && matcher.op == MatchOp::Equal;
    matchers.iter().find(named).map(|matcher| &*matcher.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::{Options, parse};

    #[test]
    fn labels_are_followed_through_an_expression() {
        let all = "anything";
        for (expr, expected) in [
            ("up", all),
            ("sum(up)", ""),
            ("sum by (job, instance) (up{instance=\"\"})", "job"),
            ("sum without (job) (sum by (job, instance) (up))", "instance"),
            ("sum by (a) (x) / on (a, b) group_left (c) sum by (a, c) (y)", "a,c"),
            ("sum by (a) (x) or sum by (b) (y)", "a,b"),
            ("x and sum(y)", all),
            ("sum by (a) (x) > 5", "a"),
            ("5 < sum by (a) (x)", "a"),
            ("absent(up{job=\"a\", instance=~\"b\"})", "job"),
            ("label_replace(sum(x), \"new\", \"$1\", \"old\", \".*\")", "new"),
            ("histogram_quantile(0.9, sum by (le, job) (rate(x_bucket[5m])))", "job"),
            ("count_values(\"version\", x)", "version"),
            ("topk by (a) (3, sum by (a, b) (x))", "a,b"),
            ("x * on (a) y", "a"),
            ("max_over_time(sum by (a) (x)[5m:1m])", "a"),
            ("vector(1)", ""),
        ] {
            let parsed = parse(expr, &Options::promqltest()).expect(expr);
            let carried = Recorded::default().carried(parsed.root());
            let listed = carried.listed().map_or_else(|| all.to_owned(), |names| names.join(","));
            assert_eq!(listed, expected, "{expr}");
        }
    }
}
