//! The values of variables: from the data, from lists, or as typed; each after those that it refers to.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::adhoc;
use super::board::{AdHoc, Dashboard, Sort, SortBy, Variable, VariableKind};
use super::choice::Choice;
use super::interpolate::{self, Scope};
use super::timing::{self, Timing, Wish};
use crate::model::{Error, Labels, Series};
use crate::promql::pattern::Pattern;
use crate::promql::{self, Store, Value};

/// What variables are asked of.
#[derive(Clone, Copy, Debug)]
pub struct Data<'d> {
    /// The series.
    pub store: &'d Store,
    /// How PromQL is evaluated.
    pub options: &'d promql::Options,
    /// The times that the dashboard shows.
    pub timing: Timing,
}

/// More values of a variable are not kept: nobody chooses among them.
const MOST_VALUES: usize = 10_000;

/// A value and what people read for it.
type Pair = (String, String);

/// The choices of all variables.
///
/// # Errors
/// Variables refer to each other in a circle, or a value is given for one that is not there.
pub fn resolve(
    dashboard: &Dashboard,
    given: &[(String, String)],
    data: &Data<'_>,
) -> Result<BTreeMap<String, Choice>, Error> {
    let mut choices = BTreeMap::new();
    for variable in ordered(dashboard)? {
        let typed: Vec<&str> = given
            .iter()
            .filter(|(name, _)| *name == variable.name)
            .map(|(_, value)| value.as_str())
            .collect();
        let local = BTreeMap::new();
        let scope = Scope { choices: &choices, local: &local, timing: &data.timing };
        let choice = choice(variable, &typed, &scope, data);
        choices.insert(variable.name.clone(), choice);
    }
    Ok(choices)
}

/// The variables, each after those that it refers to.
fn ordered(dashboard: &Dashboard) -> Result<Vec<&Variable>, Error> {
    let mut open: Vec<&Variable> = dashboard.variables.iter().collect();
    let mut known: BTreeSet<&str> = BTreeSet::new();
    let all: BTreeSet<&str> = open.iter().map(|variable| variable.name.as_str()).collect();
    let mut ordered = Vec::with_capacity(open.len());
    while !open.is_empty() {
        let is_ready = |variable: &&Variable| {
            references(variable).iter().all(|name| known.contains(name) || !all.contains(name))
        };
        let (ready, waiting): (Vec<&Variable>, Vec<&Variable>) = open.iter().copied().partition(is_ready);
        if ready.is_empty() {
            return Err(circle(dashboard, &waiting));
        }
        known.extend(ready.iter().map(|variable| variable.name.as_str()));
        ordered.extend(ready);
        open = waiting;
    }
    Ok(ordered)
}

/// The names in the question of a variable and in its pattern.
fn references(variable: &Variable) -> Vec<&str> {
    let question = match &variable.kind {
        VariableKind::Query(text) | VariableKind::Custom(text) => text.as_str(),
        _ => "",
    };
    let mut names = interpolate::names(question);
    // A `$` at the end of a pattern is its end; names in it are rare, and they have braces or a known name.
    names.extend(interpolate::names(&variable.regex).into_iter().filter(|name| *name != variable.name));
    names
}

/// One of the circles among variables of which each waits for another.
fn circle(dashboard: &Dashboard, waiting: &[&Variable]) -> Error {
    let find = |name: &str| waiting.iter().find(|variable| variable.name == name);
    let mut path: Vec<&str> = Vec::new();
    let mut next = waiting.first().map(|variable| variable.name.as_str());
    while let Some(name) = next {
        path.push(name);
        let inner = find(name).map(|variable| references(variable)).unwrap_or_default();
        next = inner.into_iter().find(|name| find(name).is_some());
        if let Some(start) = next.and_then(|next| path.iter().position(|known| *known == next)) {
            path = path.split_off(start);
            break;
        }
    }
    let first = path.first().copied().unwrap_or_default();
    let way = path.iter().chain([&first]).map(|name| format!("${name}")).collect::<Vec<_>>().join(" → ");
    Error::input(format!(
        "{}: variables of the dashboard \"{}\" refer to each other: {way}",
        dashboard.file, dashboard.title
    ))
    .hinted("each needs the other's value first; take one of the references out")
}

/// What is chosen of a variable.
fn choice(variable: &Variable, typed: &[&str], scope: &Scope<'_>, data: &Data<'_>) -> Choice {
    let several = variable.multi || variable.include_all;
    let base = Choice { several, ..Choice::default() };
    let found = match &variable.kind {
        VariableKind::Query(question) => asked(variable, question, scope, data),
        VariableKind::Custom(list) => Ok(listed(&scope.query(list).text)),
        VariableKind::Interval { values, auto } => {
            return interval(variable, values, auto.as_ref(), typed, data);
        }
        VariableKind::Constant(value) | VariableKind::Text(value) => {
            let value = typed.last().copied().unwrap_or(value);
            return Choice { several: false, ..Choice::one(scope.query(value).text) };
        }
        VariableKind::Source(kind) => return Choice::one(typed.last().copied().unwrap_or(kind)),
        VariableKind::Foreign(language) => {
            Err(format!("${} asks with {language}, which is no metrics source", variable.name))
        }
        VariableKind::Filters(saved) => {
            let typed: Vec<AdHoc> = typed.iter().filter_map(|typed| adhoc::parse(typed)).collect();
            let filters = if typed.is_empty() { saved } else { &typed };
            let values: Vec<String> = filters.iter().map(adhoc::written).collect();
            return Choice { texts: values.clone(), values, ..Choice::default() };
        }
        VariableKind::Groups(saved) => {
            let typed = typed.iter().flat_map(|typed| typed.split(','));
            let typed: Vec<String> =
                typed.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
            let names = if typed.is_empty() { saved.clone() } else { typed };
            return Choice { texts: names.clone(), values: names, ..Choice::default() };
        }
        VariableKind::Other(_) => Ok(Vec::new()),
    };
    let (options, trouble) = match found {
        Ok(options) => (options, None),
        Err(trouble) => (Vec::new(), Some(trouble)),
    };
    let trouble = trouble.or_else(|| {
        let asks = matches!(&variable.kind, VariableKind::Query(_));
        (asks && options.is_empty()).then(|| nothing(variable, scope))
    });
    let taken = if typed.is_empty() { saved(variable, &options) } else { wanted(variable, typed, &options) };
    match taken {
        Taken::All => Choice {
            all: true,
            all_value: variable.all_value.clone(),
            values: options.iter().map(|(value, _)| value.clone()).collect(),
            texts: options.into_iter().map(|(_, text)| text).collect(),
            trouble,
            ..base
        },
        Taken::Some(pairs) => {
            let trouble = trouble.filter(|_| pairs.is_empty());
            let (values, texts) = pairs.into_iter().unzip();
            Choice { values, texts, trouble, ..base }
        }
    }
}

/// Which of the values are taken.
enum Taken {
    All,
    Some(Vec<Pair>),
}

fn is_all(value: &str) -> bool {
    matches!(value, "$__all" | "All" | "__all")
}

/// As typed: whatever the data has, for who types a value means it.
fn wanted(variable: &Variable, typed: &[&str], options: &[Pair]) -> Taken {
    if variable.include_all && typed.iter().any(|value| is_all(value)) {
        return Taken::All;
    }
    let values = typed.iter().flat_map(|value| {
        // Commas part values only where there may be several.
        let parts: Vec<&str> = if variable.multi { value.split(',').collect() } else { vec![*value] };
        parts
    });
    let pair = |value: &str| {
        let known = options.iter().find(|(known, text)| known == value || text == value);
        known.cloned().unwrap_or_else(|| (value.to_owned(), value.to_owned()))
    };
    Taken::Some(values.map(pair).collect())
}

/// As the dashboard was saved, as far as the data has it; else all, or the first.
fn saved(variable: &Variable, options: &[Pair]) -> Taken {
    if variable.include_all && variable.current.iter().any(|value| is_all(value)) {
        return Taken::All;
    }
    let known: Vec<Pair> = variable
        .current
        .iter()
        .filter_map(|value| options.iter().find(|(known, text)| known == value || text == value))
        .cloned()
        .collect();
    if !known.is_empty() {
        return Taken::Some(known);
    }
    if variable.include_all {
        Taken::All
    } else {
        Taken::Some(options.first().cloned().into_iter().collect())
    }
}

/// Why a question has no answer.
fn nothing(variable: &Variable, scope: &Scope<'_>) -> String {
    let VariableKind::Query(question) = &variable.kind else { return String::new() };
    let written = scope.query(question);
    match written.empty.first() {
        Some(other) => format!("${} has no value, because ${other} has none", variable.name),
        None => format!("${} has no value: {} finds nothing", variable.name, written.text.trim()),
    }
}

/// A custom list: `a, b, name : value`; a backslash keeps a comma.
fn listed(list: &str) -> Vec<Pair> {
    let mut items = vec![String::new()];
    let mut chars = list.chars().peekable();
    while let Some(c) = chars.next() {
        let Some(item) = items.last_mut() else { break };
        match c {
            '\\' if chars.peek() == Some(&',') => item.extend(chars.next()),
            ',' => items.push(String::new()),
            c => item.push(c),
        }
    }
    let pair = |item: &str| match item.split_once(" : ") {
        Some((text, value)) => (value.trim().to_owned(), text.trim().to_owned()),
        None => (item.trim().to_owned(), item.trim().to_owned()),
    };
    items.iter().map(|item| pair(item)).filter(|(value, _)| !value.is_empty()).collect()
}

/// A duration: as chosen, or found by the range.
fn interval(
    variable: &Variable,
    values: &str,
    auto: Option<&(i64, String)>,
    typed: &[&str],
    data: &Data<'_>,
) -> Choice {
    let options: Vec<&str> = values.split(',').map(str::trim).filter(|value| !value.is_empty()).collect();
    let current = variable.current.first().map(String::as_str);
    let chosen = typed.last().copied().or(current).unwrap_or_default();
    let is_auto = chosen == "auto" || chosen.starts_with("$__auto");
    let found = || {
        let (count, least) = auto.cloned().unwrap_or((30, "10s".to_owned()));
        let wish = Wish { points: count, least: timing::duration(&least), factor: 1.0, step: None };
        timing::text(Timing::new((data.timing.from, data.timing.to), data.timing.sampled, &wish).interval)
    };
    match chosen {
        _ if is_auto => Choice::one(found()),
        "" => match options.first() {
            Some(first) if auto.is_none() => Choice::one(*first),
            _ => Choice::one(found()),
        },
        chosen => Choice::one(chosen),
    }
}

/// The values that a question finds in the data.
fn asked(
    variable: &Variable,
    question: &str,
    scope: &Scope<'_>,
    data: &Data<'_>,
) -> Result<Vec<Pair>, String> {
    let question = scope.query(question).text;
    let about = |message: String| format!("${}: {message}", variable.name);
    let values = match Question::parse(question.trim()) {
        Question::Nothing => Vec::new(),
        Question::LabelNames(selector) => {
            let series = found(selector, data).map_err(about)?;
            let names: BTreeSet<&str> =
                series.iter().flat_map(|series| series.labels.iter()).map(|(name, _)| name).collect();
            names.into_iter().map(str::to_owned).collect()
        }
        Question::LabelValues(selector, label) => {
            let series = found(selector, data).map_err(about)?;
            let values: BTreeSet<&str> = series.iter().map(|series| series.labels.get(label)).collect();
            values.into_iter().filter(|value| !value.is_empty()).map(str::to_owned).collect()
        }
        Question::Metrics(pattern) => {
            let pattern = Pattern::anywhere(pattern).map_err(about)?;
            let series = found(None, data).map_err(about)?;
            let names: BTreeSet<&str> = series.iter().map(|series| series.labels.metric()).collect();
            names.into_iter().filter(|name| pattern.matches(name)).map(str::to_owned).collect()
        }
        Question::Result(expr) => results(expr, data).map_err(about)?,
        Question::Series(selector) => {
            let series = found(Some(selector), data).map_err(about)?;
            let names: BTreeSet<String> = series.iter().map(|series| named(&series.labels)).collect();
            names.into_iter().collect()
        }
    };
    let pairs = parts(values, &scope.query(&variable.regex).text).map_err(about)?;
    let mut seen = BTreeSet::new();
    let mut pairs: Vec<Pair> =
        pairs.into_iter().filter(|(value, _)| seen.insert(value.clone())).take(MOST_VALUES).collect();
    sort(&mut pairs, variable.sort);
    Ok(pairs)
}

/// A question in the language of Grafana's Prometheus data source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question<'q> {
    Nothing,
    LabelNames(Option<&'q str>),
    LabelValues(Option<&'q str>, &'q str),
    Metrics(&'q str),
    Result(&'q str),
    Series(&'q str),
}

impl<'q> Question<'q> {
    fn parse(text: &'q str) -> Self {
        let inner = |name: &str| {
            Some(text.strip_prefix(name)?.trim_start().strip_prefix('(')?.strip_suffix(')')?.trim())
        };
        let some = |text: &'q str| (!text.is_empty()).then_some(text);
        if text.is_empty() {
            Question::Nothing
        } else if let Some(selector) = inner("label_names") {
            Question::LabelNames(some(selector))
        } else if let Some(inside) = inner("label_values") {
            let is_name = |label: &str| !label.contains(['}', '"']);
            match inside.rsplit_once(',').filter(|(_, label)| is_name(bare(label))) {
                Some((selector, label)) => Question::LabelValues(some(selector.trim()), bare(label)),
                None => Question::LabelValues(None, bare(inside)),
            }
        } else if let Some(pattern) = inner("metrics") {
            Question::Metrics(pattern)
        } else if let Some(expr) = inner("query_result") {
            Question::Result(expr)
        } else {
            Question::Series(text)
        }
    }

    /// The part that is PromQL.
    fn expression(self) -> Option<&'q str> {
        match self {
            Question::LabelNames(selector) | Question::LabelValues(selector, _) => selector,
            Question::Result(expr) | Question::Series(expr) => Some(expr),
            Question::Nothing | Question::Metrics(_) => None,
        }
    }
}

/// The name of a label, which has quotes around it where it has odd characters.
fn bare(label: &str) -> &str {
    let label = label.trim();
    label.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(label)
}

/// The part of a variable's question that is PromQL; `None` where it asks about every series.
pub(super) fn expression(question: &str) -> Option<&str> {
    Question::parse(question.trim()).expression()
}

/// Does a question look at nothing?
pub(super) fn is_nothing(question: &str) -> bool {
    Question::parse(question.trim()) == Question::Nothing
}

/// The series of a selector that have samples in the time of the dashboard; of all without one.
fn found<'d>(selector: Option<&str>, data: &Data<'d>) -> Result<Vec<&'d Series>, String> {
    let matching = match selector {
        None => data.store.series().collect(),
        Some(selector) => {
            let expr = promql::parse(selector, data.options).map_err(|error| error.to_string())?;
            let mut selectors = promql::selectors(&expr);
            match selectors.next() {
                Some(matchers) => data.store.matching(matchers),
                None => return Err(format!("{selector} selects no series")),
            }
        }
    };
    let (from, to) = (data.timing.from.saturating_sub(data.options.lookback_ms), data.timing.to);
    let is_there = |series: &&Series| series.span().is_some_and(|(first, last)| first <= to && last >= from);
    Ok(matching.into_iter().filter(is_there).collect())
}

/// The series of an expression at the end of the time, each as a text: `up{job="a"} 1 1703385000000`.
fn results(expr: &str, data: &Data<'_>) -> Result<Vec<String>, String> {
    let at = data.timing.to;
    let expr = promql::parse(expr, data.options).map_err(|error| error.to_string())?;
    let answer = promql::instant(&expr, data.store, at, data.options).map_err(|error| error.to_string())?;
    Ok(match answer.value {
        Value::Scalar(number) => vec![format!("{number}")],
        Value::Text(text) => vec![text],
        Value::Vector(samples) => samples
            .iter()
            .map(|found| format!("{} {} {at}", named(&found.labels), found.sample.value))
            .collect(),
        Value::Matrix(series) => series.iter().map(|series| named(&series.labels)).collect(),
    })
}

/// `up{job="a"}`; braces in any case.
fn named(labels: &Labels) -> String {
    let pairs: Vec<String> = labels
        .iter()
        .filter(|(name, _)| *name != Labels::NAME)
        .map(|(name, value)| format!("{name}=\"{value}\""))
        .collect();
    format!("{}{{{}}}", labels.metric(), pairs.join(","))
}

/// What a pattern `/…/flags` takes of each value: its groups `value` and `text`, its first group, or the whole value.
fn parts(values: Vec<String>, pattern: &str) -> Result<Vec<Pair>, String> {
    if pattern.trim().is_empty() {
        return Ok(values.into_iter().map(|value| (value.clone(), value)).collect());
    }
    let (source, flags) = match pattern.trim().strip_prefix('/').and_then(|rest| rest.rsplit_once('/')) {
        Some(parts) => parts,
        None => (pattern, ""),
    };
    let every = flags.contains('g');
    let flags: String = flags.chars().filter(|flag| matches!(flag, 'i' | 'm' | 's')).collect();
    // JavaScript names groups without a P, and escapes a slash.
    let source = source.replace("\\/", "/");
    let source = if flags.is_empty() { source } else { format!("(?{flags}){source}") };
    let pattern = Pattern::anywhere(&source)?;
    let regex = pattern.regex().ok_or("the pattern cannot be used")?;
    let mut pairs = Vec::new();
    for value in values {
        for found in regex.captures_iter(&value).take(if every { usize::MAX } else { 1 }) {
            let group = |name: &str| found.name(name).map(|found| found.as_str().to_owned());
            let pair = match (group("value"), group("text")) {
                (None, None) => match found.get(1) {
                    Some(first) => (first.as_str().to_owned(), first.as_str().to_owned()),
                    None if found.len() > 1 => continue,
                    None => (value.clone(), value.clone()),
                },
                (Some(taken), None) => (taken.clone(), taken),
                (taken, Some(text)) => (taken.unwrap_or_else(|| text.clone()), text),
            };
            pairs.push(pair);
        }
    }
    Ok(pairs)
}

fn sort(pairs: &mut [Pair], sort: Sort) {
    let number = |text: &str| {
        let digits: String =
            text.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
        digits.parse::<f64>().unwrap_or(-1.0)
    };
    match sort.by {
        SortBy::Nothing => return,
        SortBy::Letters => pairs.sort_by(|a, b| a.1.cmp(&b.1)),
        SortBy::AnyCase => pairs.sort_by_key(|pair| pair.1.to_lowercase()),
        SortBy::Number => pairs.sort_by(|a, b| number(&a.1).total_cmp(&number(&b.1))),
        SortBy::Natural => pairs.sort_by(|a, b| natural(&a.1, &b.1)),
    }
    if sort.descending {
        pairs.reverse();
    }
}

/// Letters by their order, runs of digits by their value.
fn natural(a: &str, b: &str) -> Ordering {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (mut a, mut b) = (a, b);
    loop {
        let (of_a, of_b) = (digits(a), digits(b));
        let order = if of_a > 0 && of_b > 0 {
            let (x, y) = (a[..of_a].trim_start_matches('0'), b[..of_b].trim_start_matches('0'));
            let order = x.len().cmp(&y.len()).then_with(|| x.cmp(y));
            (a, b) = (&a[of_a..], &b[of_b..]);
            order
        } else {
            let (mut of_a, mut of_b) = (a.chars(), b.chars());
            let order = of_a.next().cmp(&of_b.next());
            if a.is_empty() || b.is_empty() {
                return order;
            }
            (a, b) = (of_a.as_str(), of_b.as_str());
            order
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_of_every_kind() {
        for (text, question) in [
            ("label_values(up{a=\"b,c\"}, job)", Question::LabelValues(Some("up{a=\"b,c\"}"), "job")),
            ("label_values(job)", Question::LabelValues(None, "job")),
            ("label_values({a=\"b,c\"},job)", Question::LabelValues(Some("{a=\"b,c\"}"), "job")),
            ("label_values(up{a=\"b\"}, \"k8s.pod\")", Question::LabelValues(Some("up{a=\"b\"}"), "k8s.pod")),
            ("label_names()", Question::LabelNames(None)),
            ("metrics(node_.*)", Question::Metrics("node_.*")),
            ("query_result(topk(3, up))", Question::Result("topk(3, up)")),
            ("up{job=\"a\"}", Question::Series("up{job=\"a\"}")),
            ("", Question::Nothing),
        ] {
            assert_eq!(Question::parse(text), question, "{text}");
        }
    }

    #[test]
    fn patterns_take_groups_or_the_whole() {
        let of = |pattern: &str| -> Vec<Pair> {
            parts(vec!["web-1:9100".to_owned(), "db".to_owned()], pattern).expect("a pattern")
        };
        let pair = |value: &str, text: &str| (value.to_owned(), text.to_owned());
        assert_eq!(of("").len(), 2);
        assert_eq!(of("/([^:]+):.*/"), [pair("web-1", "web-1")]);
        assert_eq!(of("/^DB$/i"), [pair("db", "db")]);
        assert_eq!(of("web"), [pair("web-1:9100", "web-1:9100")]);
        assert_eq!(of("/(?<text>.+):(?<value>\\d+)/"), [pair("9100", "web-1")]);
        assert_eq!(of("/(\\d)/g").len(), 5);
        assert!(parts(Vec::new(), "/(/").is_err());
    }

    #[test]
    fn lists_and_orders() {
        let pairs = listed(r"a, b\,c ,long : 1, ");
        assert_eq!(
            pairs,
            [("a", "a"), ("b,c", "b,c"), ("1", "long")].map(|(v, t)| (v.to_owned(), t.to_owned()))
        );
        let sorted = |by, descending| {
            let mut pairs: Vec<Pair> = ["n10", "n9", "B2", "a"]
                .iter()
                .map(|text| ((*text).to_owned(), (*text).to_owned()))
                .collect();
            sort(&mut pairs, Sort { by, descending });
            pairs.into_iter().map(|(value, _)| value).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(sorted(SortBy::Nothing, true), "n10 n9 B2 a");
        assert_eq!(sorted(SortBy::Letters, false), "B2 a n10 n9");
        assert_eq!(sorted(SortBy::AnyCase, false), "a B2 n10 n9");
        assert_eq!(sorted(SortBy::Number, true), "n10 n9 B2 a");
        assert_eq!(sorted(SortBy::Natural, false), "B2 a n9 n10");
    }
}
