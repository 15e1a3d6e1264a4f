//! Rules, tests, queries and configurations that are made to exhaust: each is refused by a limit that is told.
#![expect(clippy::disallowed_methods, reason = "these tests write files for obs to read")]

use std::fmt::Write as _;
use std::path::Path;

use crate::program::{Ran, obs};

/// What refuses is said on stderr, in a table, or in JSON.
fn told(ran: &Ran) -> String {
    // Tables break lines.
    let text = ran.text() + &ran.stderr;
    text.split(|c: char| c.is_whitespace() || c == '│')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn written(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file");
    path.display().to_string()
}

/// Twenty series of an hour.
fn metrics(folder: &Path) -> String {
    let mut text = "# TYPE up gauge\n".to_owned();
    for series in 0..20 {
        for i in 0..240 {
            let at = 1_703_383_200 + 15 * i;
            let _ = writeln!(text, "up{{instance=\"i{series}\",job=\"j\"}} 1 {at}");
        }
    }
    written(folder, "up.om", &(text + "# EOF\n"))
}

fn nested(count: usize, open: &str, inner: &str, close: &str) -> String {
    format!("{}{inner}{}", open.repeat(count), close.repeat(count))
}

/// An expression that goes into itself so many times; `%` stands for the one before.
fn grown(count: usize, first: &str, next: &str) -> String {
    (0..count).fold(first.to_owned(), |inner, i| next.replace('%', &inner).replace('#', &i.to_string()))
}

#[test]
fn expressions_that_exhaust_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = metrics(folder.path());
    let huge = format!("up{{x=~\"{}\"}}", "(a|b)".repeat(200_000));
    for (name, expr, limit) in [
        ("brackets", nested(100_000, "(", "up", ")"), "nested deeper than 256 levels"),
        ("signs", nested(100_000, "-", "up", ""), "nested deeper than 256 levels"),
        ("calls", nested(100_000, "abs(", "up", ")"), "nested deeper than 256 levels"),
        ("long pattern", huge, "longer than 65536 bytes"),
        ("big pattern", "up{x=~\"(((a{100}){100}){100}){100}\"}".into(), "bytes when compiled"),
        (
            "big pattern of a function",
            "label_replace(up, \"a\", \"$1\", \"job\", \"(((a{100}){100}){100}){100}\")".into(),
            "invalid regular expression",
        ),
        ("subquery of 10^9 steps", "max_over_time(vector(1)[1000000000s:1s])".into(), "too many samples"),
        ("subquery of a century", "max_over_time(up[100y:1ms])".into(), "too many samples"),
        (
            "nested subqueries",
            "max_over_time(max_over_time(max_over_time(vector(1)[1d:1s])[1d:1s])[1d:1s])".into(),
            "would look at more than",
        ),
        (
            "subqueries in turn",
            "avg_over_time(stddev_over_time(sum_over_time(up[6h:1s])[6h:1s])[6h:1s])".into(),
            "would look at more than",
        ),
        (
            "label_join that doubles",
            grown(60, "up", "label_join(%, \"l\", \"\", \"l\", \"l\", \"instance\")"),
            "and 65536 are allowed",
        ),
        (
            "label_replace that doubles",
            grown(
                60,
                "label_replace(up, \"l\", \"xxxxxxxx\", \"\", \"\")",
                "label_replace(%, \"l\", \"$1$1\", \"l\", \"(.*)\")",
            ),
            "and 65536 are allowed",
        ),
        (
            "series that double",
            grown(13, "up", "(label_replace(%, \"l#\", \"1\", \"\", \"\") or %)"),
            "would look at more than",
        ),
        (
            "a series for each value",
            "count_values(\"v\", max_over_time(count_values(\"v\", time() + vector(0))[30d:1s]))".into(),
            "too many samples",
        ),
    ] {
        let rule = serde_json::json!({"groups": [{"name": "g", "rules": [{"alert": "A", "expr": expr}]}]});
        let rules = written(folder.path(), "rules.json", &rule.to_string());
        let ran = obs(&["check-rules", "-r", &rules, &data, "--output", "json"]);
        assert_eq!(ran.code, 2, "{name}");
        assert!(told(&ran).contains(limit), "{name}: {:.600}", told(&ran));
    }
}

#[test]
fn files_that_exhaust_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = metrics(folder.path());
    let bomb = (1..12).fold("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned(), |text, i| {
        let aliases = vec![format!("*a{}", i - 1); 10].join(",");
        format!("{text}a{i}: &a{i} [{aliases}]\n")
    });
    let often = "groups: [{name: g, interval: 1ms, rules: [{alert: A, expr: up}]}]";
    for (name, text, limit) in [
        ("aliases", bomb + "groups: *a11\n", "aliases make"),
        ("brackets", format!("groups: {}", nested(100_000, "[", "", "]")), "recursion limit"),
        ("braces", format!("groups: {}", nested(100_000, "{a: ", "", "}")), "recursion limit"),
        ("evaluations", often.to_owned(), "would be evaluated"),
        (
            "a template",
            format!(
                "groups: [{{name: g, rules: [{{alert: A, expr: up, annotations: {{a: '{}'}}}}]}}]",
                "{{ print 1 }}".repeat(100_000)
            ),
            "the template is longer than 1048576 bytes",
        ),
    ] {
        let rules = written(folder.path(), "rules.yml", &text);
        let ran = obs(&["check-rules", "-r", &rules, &data]);
        assert_eq!(ran.code, 2, "{name}");
        assert!(told(&ran).contains(limit), "{name}: {:.600}", told(&ran));
    }
    let test = |values: &str, every: &str, at: &str| {
        format!(
            "evaluation_interval: {every}\ntests: [{{interval: 1m, input_series: [{{series: up, values: \
             \"{values}\"}}], promql_expr_test: [{{expr: up, eval_time: {at}, exp_samples: []}}]}}]"
        )
    };
    for (name, text, limit) in [
        ("values", test("1x1000000000", "1m", "1m"), "more than 10000000"),
        ("time", test("1x10", "1ms", "100y"), "more than 1000000 evaluations"),
    ] {
        let tests = written(folder.path(), "tests.yml", &text);
        let ran = obs(&["check-rules", "--tests", &tests]);
        assert_ne!(ran.code, 0, "{name}");
        assert!(told(&ran).contains(limit), "{name}: {:.600}", told(&ran));
    }
    let routes = nested(100_000, "{routes: [", "", "]}");
    for (name, text, limit) in [
        ("routes", format!("receivers: [{{name: x}}]\nroute: {{receiver: x, routes: [{routes}]}}"), "recursion limit"),
        (
            "matchers",
            "receivers: [{name: x}]\nroute: {receiver: x, routes: [{matchers: ['a=~\"(((a{100}){100}){100}){100}\"']}]}"
                .to_owned(),
            "is no regular expression",
        ),
    ] {
        let config = written(folder.path(), "am.yml", &text);
        let ran = obs(&["check-rules", "--alertmanager", &config]);
        assert_eq!(ran.code, 2, "{name}");
        assert!(told(&ran).contains(limit), "{name}: {:.600}", told(&ran));
    }
}

#[test]
fn templates_and_messages_that_exhaust_become_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = metrics(folder.path());
    for (name, template, limit) in [
        ("loop", "{{ range 100000 }}{{ range 100000 }}x{{ end }}{{ end }}".to_owned(), "steps"),
        (
            "recursion",
            "{{ define \"x\" }}{{ template \"x\" }}{{ end }}{{ template \"x\" }}".to_owned(),
            "maximum template depth",
        ),
        (
            "queries",
            "{{ range query \"count_over_time(vector(1)[10d:1s])\" }}x{{ end }}".repeat(80),
            "take too many steps",
        ),
        (
            "doubling",
            format!("{{{{ $x := \"ab\" }}}}{}{{{{ $x }}}}", "{{ $x = printf \"%s%s\" $x $x }}".repeat(60)),
            "more than",
        ),
    ] {
        let rule = serde_json::json!({"groups": [{"name": "g", "rules": [
            {"alert": "A", "expr": "count(up)", "annotations": {"text": template}}]}]});
        let rules = written(folder.path(), "rules.json", &rule.to_string());
        let ran = obs(&["check-rules", "-r", &rules, &data, "--output", "json"]);
        assert!(told(&ran).contains(limit), "{name}: {:.900}", told(&ran));
    }
    let rules = written(folder.path(), "rules.yml", "groups: [{name: g, rules: [{alert: A, expr: up}]}]");
    let config = written(
        folder.path(),
        "am.yml",
        "receivers: [{name: x, slack_configs: [{api_url: 'http://a'}]}]\nroute: {receiver: x, group_wait: \
         1ms, group_interval: 1ms, repeat_interval: 1ms, group_by: [...]}",
    );
    let ran = obs(&["check-rules", "-r", &rules, "--alertmanager", &config, "-q", &data]);
    assert_eq!(ran.code, 2);
    assert!(told(&ran).contains("more than 50000 messages"), "{:.600}", told(&ran));
}
