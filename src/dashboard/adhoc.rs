//! Conditions that a dashboard puts into every query: into each selector of an expression, at its place in the text.

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

/// The expression with the conditions in each of its selectors; `None` if it is none.
pub fn put(expr: &str, conditions: &[String], options: &promql::Options) -> Option<String> {
    let parsed = promql::parse(expr, options).ok()?;
    let mut places: Vec<(usize, &str)> = Vec::new();
    parsed.root().walk(&mut |node| {
        if matches!(node.form, ast::Form::Selector(_)) {
            let span = node.span.range();
            places.extend(expr.get(span.clone()).map(|text| place(text, span.start)));
        }
    });
    places.sort_unstable();
    let mut out = expr.to_owned();
    let conditions = conditions.join(",");
    for (at, around) in places.into_iter().rev() {
        let text = match around {
            "{}" => format!("{{{conditions}}}"),
            between => format!("{between}{conditions}"),
        };
        out.insert_str(at, &text);
    }
    Some(out)
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
            assert_eq!(put(expr, &conditions, &options).unwrap_or_default(), expected, "{expr}");
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
