//! How series are named: by a template, by what tells them apart, or by all of their labels.

use crate::model::Labels;

/// The names of a query's series, in their order.
pub fn names(legend: &str, expr: &str, series: &[&Labels]) -> Vec<String> {
    match legend.trim() {
        "" => series.iter().map(|labels| whole(labels, expr)).collect(),
        "__auto" => apart(series, expr),
        template => series.iter().map(|labels| filled(template, labels)).collect(),
    }
}

/// All labels; of a series without any the expression.
fn whole(labels: &Labels, expr: &str) -> String {
    if labels.is_empty() { expr.to_owned() } else { labels.to_string() }
}

/// What tells series apart: the value, where that is one label; else the labels that not all have in common.
fn apart(series: &[&Labels], expr: &str) -> Vec<String> {
    let differs = |name: &str| series.iter().any(|labels| labels.get(name) != series[0].get(name));
    let mut names: Vec<&str> = series.iter().flat_map(|labels| labels.iter()).map(|(name, _)| name).collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| series.len() < 2 || differs(name));
    let named = |labels: &&Labels| match names.as_slice() {
        [name] if !labels.get(name).is_empty() => labels.get(name).to_owned(),
        _ => {
            let mut own = (*labels).clone();
            own.retain(|name| names.contains(&name));
            whole(&own, expr)
        }
    };
    series.iter().map(named).collect()
}

/// `{{instance}} of {{ job }}`: a label that is not there is nothing.
fn filled(template: &str, labels: &Labels) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some(start) = rest.find("{{") {
        let Some(end) = rest[start..].find("}}") else { break };
        out.push_str(&rest[..start]);
        out.push_str(labels.get(rest[start + 2..start + end].trim()));
        rest = &rest[start + end + 2..];
    }
    out + rest
}

/// A name that the panel gives: `${__field.labels.instance}`, `${__series.name}`; what it does not know stays.
pub fn named(template: &str, shown: &str, labels: &Labels) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some(start) = rest.find("${__") {
        let Some(end) = rest[start..].find('}') else { break };
        out.push_str(&rest[..start]);
        let inner = &rest[start + 2..start + end];
        let label = inner
            .strip_prefix("__field.labels")
            .map(|label| label.trim_start_matches('.').trim_matches(['[', ']', '"', '\'']));
        match (inner, label) {
            ("__series.name" | "__field.name" | "__field.displayName", _) => out.push_str(shown),
            (_, Some("")) => {
                let pairs: Vec<String> =
                    labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
                out.push_str(&pairs.join(", "));
            }
            (_, Some(label)) => out.push_str(labels.get(label)),
            _ => out.push_str(&rest[start..=start + end]),
        }
        rest = &rest[start + end + 1..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_name_fields_by_their_labels() {
        let labels = Labels::new([("job", "node"), ("a.b", "c")]);
        for (template, name) in [
            ("${__field.labels.job} of ${__series.name}", "node of up"),
            ("${__field.labels[\"a.b\"]}${__field.labels.no}!", "c!"),
            ("${__field.labels}", "a.b=\"c\", job=\"node\""),
            ("${__field.displayName} ${__value.text} ${__cell", "up ${__value.text} ${__cell"),
        ] {
            assert_eq!(named(template, "up", &labels), name, "{template}");
        }
    }

    #[test]
    fn series_are_named_in_three_ways() {
        let a = Labels::new([("__name__", "up"), ("job", "node"), ("instance", "a")]);
        let b = Labels::new([("__name__", "up"), ("job", "node"), ("instance", "b")]);
        let none = Labels::default();
        let series = [&a, &b];
        assert_eq!(
            names("{{ instance }} of {{job}}{{no}} {{", "up", &series),
            ["a of node {{", "b of node {{"]
        );
        assert_eq!(names("__auto", "up", &series), ["a", "b"]);
        assert_eq!(names("", "up", &series)[0], "up{instance=\"a\", job=\"node\"}");
        assert_eq!(names("", "sum(up)", &[&none]), ["sum(up)"]);
        assert_eq!(names("__auto", "sum(up)", &[&none]), ["sum(up)"]);
        assert_eq!(names("__auto", "up", &[&a]), ["up{instance=\"a\", job=\"node\"}"]);
    }
}
