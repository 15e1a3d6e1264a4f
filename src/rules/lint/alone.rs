//! What the rules alone tell.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::bounds::{bounds, never};
use super::labels::{Carried, Recorded, is_vector, metric};
use super::{Check, Findings};
use crate::model::Labels;
use crate::promql::Matcher;
use crate::promql::ast::{
    Aggregate, AggregateOp, Binary, BinaryOp, Cardinality, Form, MatchOp, Matching, Node,
};
use crate::rules::file::{AlertingRule, Rule, RuleGroup};
use crate::rules::{duration, template};

/// What makes two rules the same: is it an alert, its name, its labels.
type Identity<'r> = (bool, &'r str, Vec<&'r (String, String)>);

/// Rules that came before.
#[derive(Default)]
pub(super) struct Seen<'r>(BTreeMap<Identity<'r>, (&'r str, &'r Rule)>);

/// How long a sample counts as current: results that are older than that are none.
const LOOKBACK_MS: i64 = 300_000;

/// Labels that every scraped series has: those of its target.
const OF_TARGETS: [&str; 2] = ["instance", "job"];

/// Functions for counters.
pub(super) const OF_COUNTERS: [&str; 3] = ["rate", "irate", "increase"];
/// Functions for gauges, which counters break at each reset.
const OF_GAUGES: [&str; 4] = ["delta", "idelta", "deriv", "predict_linear"];

/// All checks of one rule.
pub(super) fn check<'r>(
    group: &'r RuleGroup,
    rule: &'r Rule,
    recorded: &Recorded<'_>,
    seen: &mut Seen<'r>,
    findings: &mut Findings<'r>,
) {
    duplicate(group, rule, seen, findings);
    if let Some(alerting) = rule.alerting() {
        alert(group, rule, alerting, recorded, findings);
    }
    interval(group, rule, findings);
    names(group, rule, recorded, findings);
    rule.expr.root().walk(&mut |node| match &node.form {
        Form::Selector(selector) => matchers(&selector.matchers, findings),
        Form::Binary(binary) => {
            comparison(binary, rule, node, findings);
            matching(binary, rule, recorded, findings);
        }
        Form::Aggregate(aggregate) => grouping(aggregate, recorded, findings),
        Form::Call(function, arguments) => call(function.name, arguments, recorded, findings),
        _ => {}
    });
}

/// The text of a node, on one line and not too long.
pub(super) fn text(rule: &Rule, node: &Node) -> String {
    let written = rule.expr.source().get(node.span.range()).unwrap_or_default();
    let mut text = written.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((at, _)) = text.char_indices().nth(60) {
        text.truncate(at);
        text.push('…');
    }
    text
}

fn duplicate<'r>(group: &'r RuleGroup, rule: &'r Rule, seen: &mut Seen<'r>, findings: &mut Findings<'_>) {
    let mut labels: Vec<_> = rule.labels.iter().collect();
    labels.sort();
    let key = (rule.alerting().is_some(), rule.name.as_str(), labels);
    if let Some((name, known)) = seen.0.get(&key) {
        // Several rules may record one name in parts, each for other series.
        let is_part = rule.alerting().is_none() && known.source != rule.source && shape(known) == shape(rule);
        if is_part {
            return;
        }
        let message = format!("same kind, name and labels as the rule at {name}:{}", known.place);
        findings.add(Check::DuplicateRules, message, Some("this might cause inconsistency while recording"));
    } else {
        seen.0.insert(key, (&group.file, rule));
    }
}

/// The expression without the conditions on labels.
fn shape(rule: &Rule) -> String {
    let (mut shape, mut done) = (String::new(), 0);
    let source = rule.expr.source();
    rule.expr.root().walk(&mut |node| {
        if let Form::Selector(selector) = &node.form {
            shape.push_str(source.get(done..node.span.start).unwrap_or_default());
            shape.push_str(metric(&selector.matchers).unwrap_or_default());
            done = node.span.end;
        }
    });
    shape.push_str(source.get(done..).unwrap_or_default());
    shape
}

fn alert(
    group: &RuleGroup,
    rule: &Rule,
    alerting: &AlertingRule,
    recorded: &Recorded<'_>,
    findings: &mut Findings<'_>,
) {
    let root = rule.expr.root();
    if always_true(root) {
        let message = "the alert fires for every series, whatever its value".to_owned();
        findings.add(Check::AlwaysTrue, message, Some("compare with a threshold: … > 0"));
    }
    for (name, text) in &rule.labels {
        if text.contains("{{") && (text.contains("$value") || text.contains(".Value")) {
            let message = format!("label {name:?} changes with the value, and each change is another alert");
            findings.add(Check::ValueInLabel, message, Some("values belong in annotations"));
        }
    }
    if !rule.labels.iter().any(|(name, _)| name == "severity") {
        findings.add(Check::NoSeverity, "the alert has no label severity".to_owned(), None);
    }
    if let Some(interval) = group.interval.filter(|interval| alerting.hold > 0 && alerting.hold < *interval) {
        let (hold, interval) = (duration::text(alerting.hold), duration::text(interval));
        let message =
            format!("for: {hold} is shorter than the group's interval of {interval}, and acts as that");
        findings.add(Check::ShortFor, message, None);
    }
    for field in &alerting.zero {
        let message = format!("{field}: 0s is what holds without it");
        findings.add(Check::ZeroFor, message, Some("leave it out, or say how long"));
    }
    dropped_labels(rule, alerting, &recorded.carried(root), findings);
    if alerting.hold == 0 && absence(root) {
        let message = "absent() without `for` fires whenever Prometheus starts, or a scrape fails".to_owned();
        findings.add(Check::AbsentWithoutFor, message, Some("add for: 5m"));
    }
    if let Some(op) = ranked(root) {
        let message = format!(
            "which series {}() gives changes between evaluations, and with them the alerts",
            op.name()
        );
        findings.add(Check::Fragile, message, Some("compare each series with a threshold"));
    }
}

/// Is it a vector of one number, which is always there?
fn is_constant(node: &Node) -> bool {
    match &node.unwrapped().form {
        Form::Call(function, arguments) => {
            function.name == "vector"
                && arguments.iter().all(|argument| matches!(argument.form, Form::Number(..)))
        }
        _ => false,
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
        // What either side always has, the whole has.
        Form::Binary(binary) if binary.op == BinaryOp::Or => {
            always_true(&binary.lhs) || always_true(&binary.rhs) || is_constant(&binary.rhs)
        }
        // Sets leave out series for their labels, which is a condition, too.
        Form::Binary(binary) if binary.op.is_comparison() && !binary.as_bool => false,
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

fn dropped_labels(rule: &Rule, alerting: &AlertingRule, carried: &Carried, findings: &mut Findings<'_>) {
    let texts = rule.labels.iter().map(|pair| ("label", pair));
    let texts = texts.chain(alerting.annotations.iter().map(|pair| ("annotation", pair)));
    for (what, (name, text)) in texts.filter(|(_, (_, text))| text.contains("{{")) {
        let Ok(parsed) = template::parse(name, text) else { continue };
        for label in template::mentions::labels(&parsed) {
            if carried.can_have(&label) {
                continue;
            }
            let there = match carried.listed() {
                Some(names) if !names.is_empty() => format!("; it has {}", names.join(", ")),
                Some(_) => "; it has no labels".to_owned(),
                None => String::new(),
            };
            let message =
                format!("{what} {name:?} uses $labels.{label}, which the expression cannot have{there}");
            findings.add(Check::DroppedLabel, message, Some("keep it: by (…), or group_left (…)"));
        }
    }
}

/// Is what the alert fires for that something is absent?
fn absence(node: &Node) -> bool {
    match &node.form {
        Form::Paren(inner) | Form::Unary(_, inner) => absence(inner),
        Form::Binary(binary) => match binary.op {
            BinaryOp::Or => absence(&binary.lhs) || absence(&binary.rhs),
            BinaryOp::And | BinaryOp::Unless => absence(&binary.lhs),
            _ => absence(&binary.lhs) || absence(&binary.rhs),
        },
        Form::Call(function, _) => function.name == "absent",
        _ => false,
    }
}

/// The operator by whose ranks the series of a result are chosen.
fn ranked(node: &Node) -> Option<AggregateOp> {
    match &node.form {
        Form::Paren(inner) | Form::Unary(_, inner) => ranked(inner),
        // The alerts are those of the side that has many, or is left; the other one only adds labels.
        Form::Binary(binary) => {
            let side = |side: &Node| if picks_one(side, &binary.matching) { None } else { ranked(side) };
            match (binary.op, binary.matching.cardinality) {
                (BinaryOp::And | BinaryOp::Unless, _) | (_, Cardinality::ManyToOne) => side(&binary.lhs),
                (_, Cardinality::OneToMany) => side(&binary.rhs),
                _ => side(&binary.lhs).or_else(|| side(&binary.rhs)),
            }
        }
        Form::Call(_, arguments) => arguments.iter().find_map(ranked),
        Form::Aggregate(aggregate) => matches!(
            aggregate.op,
            AggregateOp::Topk | AggregateOp::Bottomk | AggregateOp::Limitk | AggregateOp::LimitRatio
        )
        .then_some(aggregate.op),
        _ => None,
    }
}

/// Does it take one series of each of the groups by which an operator matches, so that it may match? There is one of
/// each group at any time then.
fn picks_one(node: &Node, matching: &Matching) -> bool {
    let Form::Aggregate(aggregate) = &node.unwrapped().form else { return false };
    let one = aggregate.parameter.as_ref().map(|node| &node.unwrapped().form);
    let same = |a: &[Arc<str>], b: &[Arc<str>]| a.iter().all(|label| b.contains(label));
    matches!(aggregate.op, AggregateOp::Topk | AggregateOp::Bottomk | AggregateOp::Limitk)
        && matches!(one, Some(Form::Number(1.0, _)))
        && aggregate.without != matching.on
        && same(&aggregate.labels, &matching.labels)
        && same(&matching.labels, &aggregate.labels)
        && !matching.labels.is_empty()
}

fn interval(group: &RuleGroup, rule: &Rule, findings: &mut Findings<'_>) {
    if let Some(interval) = group.interval.filter(|interval| *interval > LOOKBACK_MS)
        && rule.alerting().is_none()
    {
        let message = format!(
            "recorded every {}, and a result counts for {}: there are gaps",
            duration::text(interval),
            duration::text(LOOKBACK_MS)
        );
        findings.add(Check::LongInterval, message, None);
    }
}

/// Names of recorded series that nobody records, or only later.
fn names(group: &RuleGroup, rule: &Rule, recorded: &Recorded<'_>, findings: &mut Findings<'_>) {
    let mut selectors = Vec::new();
    rule.expr.root().walk(&mut |node| {
        if let Form::Selector(selector) = &node.form {
            selectors.push(&**selector);
        }
    });
    for selector in selectors {
        let Some(name) = metric(&selector.matchers) else { continue };
        if !recorded.has(name) {
            let meant =
                Some(name).filter(|name| name.contains(':')).and_then(|name| near(name, recorded.names()));
            if let Some(meant) = meant {
                let message = format!("no rule records {name}, but one records {meant}");
                findings.add(Check::UnknownRecord, message, None);
            }
            continue;
        }
        let is_before = |known: &Rule| known.index < rule.index;
        let of = |known: &&Rule| known.name == name && known.alerting().is_none();
        let here: Vec<&Rule> = group.rules.iter().filter(of).collect();
        // In a range the last value is one of many.
        if selector.range.is_none()
            && here.len() == recorded.of(name).len()
            && !here.iter().any(|known| is_before(known))
            && name != rule.name
        {
            let message = format!("{name} is recorded later in the group, so its last value is seen");
            findings.add(Check::RecordedLater, message, Some("put the rule that records it first"));
        }
    }
}

/// The name that was probably meant: some letters away at most, by the length of the name.
pub(super) fn near<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let most = (name.len() / 8).clamp(1, 3);
    known
        .filter(|other| other.len().abs_diff(name.len()) <= most)
        .map(|other| (strsim::levenshtein(name, other), other))
        .filter(|(distance, _)| (1..=most).contains(distance))
        .min()
        .map(|(_, other)| other)
}

fn matchers(matchers: &[Matcher], findings: &mut Findings<'_>) {
    for (place, matcher) in matchers.iter().enumerate() {
        pattern(matcher, findings);
        let excludes =
            |one: &Matcher, other: &Matcher| one.op == MatchOp::Equal && !other.matches(&one.value);
        let contradicts = |other: &&Matcher| {
            other.name == matcher.name && (excludes(matcher, other) || excludes(other, matcher))
        };
        if let Some(other) = matchers[..place].iter().find(contradicts) {
            let message = format!("{} and {} contradict each other", condition(other), condition(matcher));
            findings.add(Check::Impossible, message, None);
        }
    }
}

/// As it is written.
fn condition(matcher: &Matcher) -> String {
    format!("{}{}{:?}", matcher.name, matcher.op.sign(), &*matcher.value)
}

fn pattern(matcher: &Matcher, findings: &mut Findings<'_>) {
    let plain = match matcher.op {
        MatchOp::Matches => "=",
        MatchOp::NotMatches => "!=",
        MatchOp::Equal | MatchOp::NotEqual => return,
    };
    let (name, value) = (&matcher.name, &*matcher.value);
    let written = condition(matcher);
    let is_metric = &**name == Labels::NAME;
    match (value, matcher.op) {
        (".*", MatchOp::Matches) => {
            return findings.add(Check::Regexp, format!("{written} matches everything"), None);
        }
        (".*", _) => return findings.add(Check::Impossible, format!("{written} matches nothing"), None),
        _ => {}
    }
    let inner = value.strip_prefix('^').unwrap_or(value);
    let inner = inner.strip_suffix('$').filter(|inner| !inner.ends_with('\\')).unwrap_or(inner);
    if inner.len() < value.len() && !inner.contains(['|', '^', '$']) {
        let message = format!("{written} has anchors, which every pattern has by itself");
        return findings.add(Check::Regexp, message, Some(&format!("{name}{}{inner:?}", matcher.op.sign())));
    }
    if !value.is_empty()
        && !is_metric
        && !value.contains(['.', '*', '+', '?', '(', '[', '{', '|', '\\', '^', '$'])
    {
        let message = format!("{written} has no pattern in it");
        findings.add(Check::Regexp, message, Some(&format!("{name}{plain}{value:?}")));
    }
}

fn comparison(binary: &Binary, rule: &Rule, node: &Node, findings: &mut Findings<'_>) {
    if !binary.op.is_comparison() || binary.as_bool {
        return;
    }
    let (left, right) = (bounds(&binary.lhs), bounds(&binary.rhs));
    let is_nan = |node: &Node| matches!(node.unwrapped().form, Form::Number(value, _) if value.is_nan());
    let with_nan = binary.op != BinaryOp::Ne && (is_nan(&binary.lhs) || is_nan(&binary.rhs));
    if with_nan || never(left, binary.op, right) {
        let counts = |side: &Node| matches!(&side.unwrapped().form, Form::Aggregate(inner) if inner.op == AggregateOp::Count);
        let hint = if counts(&binary.lhs) || counts(&binary.rhs) {
            Some("the count of nothing is nothing, and not 0: absent(…), or … or vector(0)")
        } else if with_nan {
            Some("nothing is equal to NaN: x != x holds where x is NaN")
        } else {
            None
        };
        findings.add(Check::Impossible, format!("{} can never hold", text(rule, node)), hint);
    }
}

/// Can series of both sides find each other?
fn matching(binary: &Binary, rule: &Rule, recorded: &Recorded<'_>, findings: &mut Findings<'_>) {
    let matching = &binary.matching;
    let fills = matching.fill_lhs.is_some() || matching.fill_rhs.is_some();
    if !is_vector(&binary.lhs) || !is_vector(&binary.rhs) || binary.op == BinaryOp::Or || fills {
        return;
    }
    let (left, right) = (recorded.carried(&binary.lhs), recorded.carried(&binary.rhs));
    let one = match matching.cardinality {
        Cardinality::ManyToOne => Some((&right, "right")),
        Cardinality::OneToMany => Some((&left, "left")),
        _ => None,
    };
    for name in &matching.include {
        if let Some((_, side)) = one.filter(|(one, _)| !one.can_have(name)) {
            let message = format!("the {side} side cannot have the label {name}, which is taken from it");
            findings.add(Check::MissingLabel, message, None);
        }
    }
    let counts = |name: &str| matching.labels.iter().any(|label| &**label == name) == matching.on;
    let operator = binary.op.sign();
    let sides =
        [(&left, &right, &binary.lhs, "left", "right"), (&right, &left, &binary.rhs, "right", "left")];
    for (with, without, node, this, that) in sides {
        let lost = with.expected.iter().find(|name| counts(name) && !without.can_have(name));
        let message = if let Some(name) = lost {
            format!("the {this} side of {operator} has the label {name}, and the {that} side cannot have it")
        } else if let Some(name) = matching
            .labels
            .iter()
            .filter(|name| matching.on && with.is_scraped && OF_TARGETS.contains(&&***name))
            .find(|name| !without.can_have(name))
        {
            format!("{operator} on ({name}): every scraped series has it, and the {that} side cannot have it")
        } else if with.is_scraped && without.has_none() && !matching.on {
            let this = text(rule, node);
            format!("{this} has labels, and the {that} side of {operator} has none")
        } else {
            continue;
        };
        return findings.add(
            Check::VectorMatching,
            message,
            Some("match on (…) what both have, with group_left"),
        );
    }
    for (name, value) in left.fixed.iter().filter(|(name, _)| counts(name)) {
        if let Some(other) = right.fixed.get(name).filter(|other| *other != value) {
            let message =
                format!("left of {operator} {name} is {value:?}, right of it {other:?}: they never match");
            return findings.add(Check::VectorMatching, message, Some(&format!("ignoring ({name})")));
        }
    }
}

fn grouping(aggregate: &Aggregate, recorded: &Recorded<'_>, findings: &mut Findings<'_>) {
    if matches!(aggregate.op, AggregateOp::Sum | AggregateOp::Avg)
        && let Form::Binary(binary) = &aggregate.inner.unwrapped().form
        && binary.op == BinaryOp::Div
        && may_be_still(&binary.rhs)
    {
        let op = aggregate.op.name();
        let message = format!("where nothing happens 0 / 0 is NaN, and one NaN makes the whole {op} NaN");
        findings.add(Check::NanInSum, message, Some("divide the sums: sum(…) / sum(…)"));
    }
    if aggregate.without {
        return;
    }
    let inner = recorded.carried(&aggregate.inner);
    // Without any labels inside there is one group in any case.
    for name in aggregate.labels.iter().filter(|name| !inner.can_have(name)) {
        let message = format!("{} by ({name}): what is inside cannot have that label", aggregate.op.name());
        findings.add(Check::MissingLabel, message, None);
    }
}

fn call(name: &str, arguments: &[Node], recorded: &Recorded<'_>, findings: &mut Findings<'_>) {
    let Some(last) = arguments.iter().rfind(|node| !matches!(node.form, Form::Number(..))) else { return };
    if name == "histogram_quantile" && has_buckets(last) && !recorded.carried(last).can_have("le") {
        let message = "the buckets have lost their label le, and there is no quantile without it".to_owned();
        findings.add(Check::MissingLabel, message, Some("sum by (le, …) (rate(…))"));
    }
    let Some(ranged) = arguments.iter().find(|node| node.kind() == crate::promql::Kind::Matrix) else {
        return;
    };
    if OF_COUNTERS.contains(&name) {
        let is_sum = match &ranged.unwrapped().form {
            Form::Subquery(subquery) => sums_counters(&subquery.inner),
            Form::Selector(selector) => metric(&selector.matchers)
                .is_some_and(|name| recorded.of(name).iter().any(|rule| sums_counters(rule.expr.root()))),
            _ => false,
        };
        if is_sum {
            let message = format!("{name} of a sum of counters takes the reset of one for that of all");
            findings.add(
                Check::RateOfAggregate,
                message,
                Some("first the rate, then the sum: sum(rate(x[5m]))"),
            );
        }
    }
    if OF_GAUGES.contains(&name)
        && let Form::Selector(selector) = &ranged.unwrapped().form
        && let Some(counter) = metric(&selector.matchers)
            .filter(|name| !recorded.has(name) && (name.ends_with("_total") || name.ends_with("_bucket")))
    {
        let message = format!("{name} is for gauges, and {counter} is a counter: resets make it negative");
        findings.add(Check::CounterAsGauge, message, Some("rate, increase or irate know of resets"));
    }
}

/// Is it the growth of counters, which is 0 where nothing happens?
fn may_be_still(node: &Node) -> bool {
    match &node.unwrapped().form {
        Form::Call(function, _) => OF_COUNTERS.contains(&function.name),
        Form::Aggregate(aggregate) => aggregate.op == AggregateOp::Sum && may_be_still(&aggregate.inner),
        _ => false,
    }
}

/// Are there buckets of a classic histogram in it?
fn has_buckets(node: &Node) -> bool {
    let mut found = false;
    node.walk(&mut |node| {
        if let Form::Selector(selector) = &node.form {
            found |= metric(&selector.matchers).is_some_and(|name| name.ends_with("_bucket"));
        }
    });
    found
}

/// Is it the sum of counters as they are?
fn sums_counters(node: &Node) -> bool {
    let Form::Aggregate(aggregate) = &node.unwrapped().form else { return false };
    if !matches!(aggregate.op, AggregateOp::Sum | AggregateOp::Avg) {
        return false;
    }
    let is_counter =
        |name: &str| ["_total", "_bucket", "_count", "_sum"].iter().any(|end| name.ends_with(end));
    match &aggregate.inner.unwrapped().form {
        Form::Selector(selector) => metric(&selector.matchers).is_some_and(is_counter),
        _ => sums_counters(&aggregate.inner),
    }
}
