//! What a dashboard puts into every query: conditions into each selector, labels into each grouping, at their places in the
//! text.

use super::board::AdHoc;
use crate::promql::{self, ast};

/// `job="node"`, `job=~n.+`: a condition as it is typed.
pub fn parse(typed: &str) -> Option<AdHoc> {
    let end = typed.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|end| *end > 0)?;
    let (key, rest) = typed.split_at(end);
    let operator =
        ["=~", "!~", "!=", "="].into_iter().find(|operator| rest.trim_start().starts_with(operator))?;
    let value = rest.trim_start()[operator.len()..].trim();
    let quoted = value.len() > 1 && value.starts_with('"') && value.ends_with('"');
    let value = if quoted { &value[1..value.len() - 1] } else { value };
    Some(AdHoc { key: key.to_owned(), operator: operator.to_owned(), value: value.to_owned() })
}

/// The condition in PromQL: one of several values is a pattern of them.
pub fn written(filter: &AdHoc) -> String {
    let operator = match filter.operator.as_str() {
        "!=" | "=~" | "!~" => filter.operator.as_str(),
        "=|" => "=~",
        "!=|" => "!~",
        _ => "=",
    };
    format!("{}{operator}\"{}\"", filter.key, filter.value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The expression with the conditions in each of its selectors, and grouped by these labels, too; `None` if it is none.
pub fn put(
    expr: &str,
    conditions: &[String],
    groups: &[String],
    options: &promql::Options,
) -> Option<String> {
    let parsed = promql::parse(expr, options).ok()?;
    let conditions = conditions.join(",");
    let mut places: Vec<(usize, String)> = Vec::new();
    parsed.root().walk(&mut |node| {
        let span = node.span.range();
        let Some(text) = expr.get(span.clone()) else { return };
        match &node.form {
            ast::Form::Selector(_) if !conditions.is_empty() => {
                let (at, around) = place(text, span.start);
                places.push((
                    at,
                    match around {
                        "{}" => format!("{{{conditions}}}"),
                        between => format!("{between}{conditions}"),
                    },
                ));
            }
            ast::Form::Aggregate(aggregate) => places.extend(grouped(expr, span, aggregate, groups)),
            _ => {}
        }
    });
    places.sort_unstable();
    let mut out = expr.to_owned();
    for (at, text) in places.into_iter().rev() {
        out.insert_str(at, &text);
    }
    // What stands in comments and quotes may lead astray.
    promql::parse(&out, options).ok().map(|_| out)
}

/// Where labels go into a grouping, and in what words; what is grouped without some labels stays as it is.
fn grouped(
    expr: &str,
    span: std::ops::Range<usize>,
    aggregate: &ast::Aggregate,
    groups: &[String],
) -> Option<(usize, String)> {
    let more: Vec<&str> = groups
        .iter()
        .map(String::as_str)
        .filter(|name| !aggregate.labels.iter().any(|known| **known == **name))
        .collect();
    if more.is_empty() || aggregate.written && aggregate.without {
        return None;
    }
    let more = more.join(", ");
    let first = aggregate.parameter.as_ref().unwrap_or(&aggregate.inner).span.start;
    let before = expr.get(span.start..first)?;
    if !aggregate.written {
        return Some((span.start + before.rfind('(')?, format!(" by ({more}) ")));
    }
    let close = match before.matches('(').count() {
        0 | 1 => span.start + expr.get(span)?.rfind(')')?,
        _ => span.start + before.find(')')?,
    };
    Some((close, if aggregate.labels.is_empty() { more } else { format!(", {more}") }))
}

/// Where conditions go into a selector, and what stands before them: a comma, nothing, or braces around them.
fn place(selector: &str, start: usize) -> (usize, &'static str) {
    let name = selector
        .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | ':'))
        .unwrap_or(selector.len());
    let open = name + selector[name..].len() - selector[name..].trim_start().len();
    if !selector[open..].starts_with('{') {
        return (start + name, "{}");
    }
    // The brace that closes stands in no text.
    let mut quote = None;
    let mut escaped = false;
    let close = selector[open..].char_indices().find(|(_, c)| {
        match quote {
            Some(_) if escaped => escaped = false,
            Some('"' | '\'') if *c == '\\' => escaped = true,
            Some(known) if known == *c => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '\'' | '`') => quote = Some(*c),
            None => return *c == '}',
        }
        false
    });
    let close = close.map_or(selector.len(), |(at, _)| open + at);
    let inside = selector[open + 1..close].trim_end();
    (start + close, if inside.is_empty() || inside.ends_with(',') { "" } else { "," })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_stand_in_every_selector() {
        let options = promql::Options::promtool();
        let conditions = ["job=\"a\"".to_owned(), "x!=\"y\"".to_owned()];
        for (expr, expected) in [
            ("up", "up{job=\"a\",x!=\"y\"}"),
            ("up{}", "up{job=\"a\",x!=\"y\"}"),
            (
                "sum(rate(up{z=\"}\\\"\"}[5m] offset 1h))",
                "sum(rate(up{z=\"}\\\"\",job=\"a\",x!=\"y\"}[5m] offset 1h))",
            ),
            ("up{a='b',} / on () down [5m:1m]", ""),
            ("a{b=`}`} - c", "a{b=`}`,job=\"a\",x!=\"y\"} - c{job=\"a\",x!=\"y\"}"),
            ("{__name__=~\"x\", }", "{__name__=~\"x\", job=\"a\",x!=\"y\"}"),
            ("1 + vector(2)", "1 + vector(2)"),
        ] {
            assert_eq!(put(expr, &conditions, &[], &options).unwrap_or_default(), expected, "{expr}");
        }
    }

    #[test]
    fn labels_stand_in_every_grouping() {
        let options = promql::Options::promtool();
        let groups = ["job".to_owned(), "pod".to_owned()];
        for (expr, expected) in [
            ("sum(up)", "sum by (job, pod) (up)"),
            ("sum by (job) (up)", "sum by (job, pod) (up)"),
            ("sum (up) by ()", "sum (up) by (job, pod)"),
            ("topk(3, max(up{a=\"(\"}) by (a))", "topk by (job, pod) (3, max(up{a=\"(\"}) by (a, job, pod))"),
            ("sum without (a) (up)", "sum without (a) (up)"),
            ("sum by (job, pod) (up)", "sum by (job, pod) (up)"),
            ("rate(up[5m])", "rate(up[5m])"),
        ] {
            assert_eq!(put(expr, &[], &groups, &options).unwrap_or_default(), expected, "{expr}");
        }
    }

    #[test]
    fn conditions_as_they_are_typed() {
        for (typed, expected) in [
            ("job=node", "job=\"node\""),
            ("job = \"node\"", "job=\"node\""),
            ("job!~a\"b", "job!~\"a\\\"b\""),
        ] {
            assert_eq!(parse(typed).map(|filter| written(&filter)).as_deref(), Some(expected));
        }
        assert_eq!([parse("=x"), parse("job"), parse("")], [None, None, None]);
        let several = AdHoc { key: "a".to_owned(), operator: "=|".to_owned(), value: "b|c".to_owned() };
        assert_eq!(written(&several), "a=~\"b|c\"");
    }
}
