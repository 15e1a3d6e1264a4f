//! Templates and what they become, after the behaviour of Prometheus' expander.

use super::*;

fn query(expr: &str) -> Result<Vec<(Labels, f64)>, String> {
    let sample =
        |instance: &str, value: f64| (Labels::new([("__name__", "metric"), ("instance", instance)]), value);
    match expr {
        "1.5" => Ok(vec![(Labels::default(), 1.5)]),
        "metric" => Ok(vec![sample("b", 21.0), sample("a", 11.0)]),
        "none" => Ok(vec![]),
        _ => Err("no such query".to_owned()),
    }
}

fn expanded(text: &str) -> String {
    expand_with(text, 2.5)
}

fn expand_with(text: &str, value: f64) -> String {
    let labels = Labels::new([("instance", "db-1:9090"), ("job", "db")]);
    let context = Context {
        labels: &labels,
        external_labels: &Labels::new([("cluster", "eu")]),
        external_url: "http://prometheus:9090/path/prefix?x=1",
        value,
        at: 1_435_708_800_000,
        query: &query,
        steps: &Cell::new(u64::MAX),
    };
    expand("test", text, &context)
}

#[test]
fn templates_become_text() {
    for (template, text) in [
        ("plain { text }", "plain { text }"),
        ("{{ $labels.instance }} of {{ .Labels.job }}: {{ $value }}", "db-1:9090 of db: 2.5"),
        (
            "{{ $labels.absent }}|{{ $externalLabels.cluster }}|{{ $externalURL }}",
            "|eu|http://prometheus:9090/path/prefix?x=1",
        ),
        ("{{ $.Labels.job }}{{ .Value }}", "db2.5"),
        ("{{ $labels }}", "map[instance:db-1:9090 job:db]"),
        ("a {{- 1 -}} b", "a1b"),
        ("a {{- /* comment */ -}} b{{/* c */}}", "ab"),
        ("{{ \"q\\\"t\" }}{{ `raw\\` }}{{ 'a' }}", "q\"traw\\97"),
        ("{{ if gt $value 2.0 }}high{{ else if eq $value 2.0 }}two{{ else }}low{{ end }}", "high"),
        ("{{ if and true (eq 1 1) }}y{{ end }}{{ if or false \"\" }}n{{ else }}z{{ end }}", "yz"),
        ("{{ with query \"metric\" }}{{ . | first | value }}{{ end }}", "21"),
        ("{{ with query \"none\" }}x{{ else }}nothing{{ end }}", "nothing"),
        (
            "{{ range query \"metric\" | sortByLabel \"instance\" }}{{ .Labels.instance }}={{ .Value }};{{ end }}",
            "a=11;b=21;",
        ),
        ("{{ range $i, $e := query \"metric\" }}{{ $i }}:{{ label \"instance\" $e }} {{ end }}", "0:b 1:a "),
        (
            "{{ range query \"metric\" }}{{ if eq .Value 21.0 }}{{ continue }}{{ end }}{{ .Value }}{{ break }}{{ end }}",
            "11",
        ),
        ("{{ query \"1.5\" | first | value | printf \"%.2f\" }}", "1.50"),
        ("{{ $x := 1 }}{{ $x = 2 }}{{ $x }}", "2"),
        ("{{ define \"t\" }}<{{ . }}>{{ end }}{{ template \"t\" $value }}", "<2.5>"),
        ("{{ define \"t\" }}{{ .arg0 }}-{{ .arg1 }}{{ end }}{{ template \"t\" (args 1 \"b\") }}", "1-b"),
        ("{{ block \"b\" .Value }}[{{ . }}]{{ end }}", "[2.5]"),
        (
            "{{ humanize 1234567.0 }} {{ humanize 0.012 }} {{ 0 | humanize }} {{ humanize \"1e3\" }}",
            "1.235M 12m 0 1k",
        ),
        ("{{ humanize1024 1048576.0 }} {{ humanize1024 0.5 }}", "1Mi 0.5"),
        (
            "{{ range args 0 1 60 3600 86400 90061 }}{{ humanizeDuration . }} {{ end }}",
            "0s 1s 1m 0s 1h 0m 0s 1d 0h 0m 0s 1d 1h 1m 1s ",
        ),
        (
            "{{ humanizeDuration 0.01 }} {{ humanizeDuration 1.2345678 }} {{ humanizeDuration -61 }}",
            "10ms 1.235s -1m 1s",
        ),
        ("{{ humanizePercentage 0.1234567 }} {{ humanizePercentage 1 }}", "12.35% 100%"),
        ("{{ humanizeTimestamp 1435065584.128 }}", "2015-06-23 13:19:44.128 +0000 UTC"),
        (
            "{{ (toTime 1435708800).Format \"Jan 2, 2006\" }} {{ toTime 0 }}",
            "Jul 1, 2015 1970-01-01 00:00:00 +0000 UTC",
        ),
        ("{{ toDuration 3661.5 }} {{ (toDuration 90).Minutes }} {{ now }}", "1h1m1.5s 1.5 1.4357088e+09"),
        ("{{ parseDuration \"1h2m10ms\" }}", "3720.01"),
        (
            "{{ title \"aa bb\" }} {{ toUpper \"a\" }} {{ toLower \"B\" }} {{ match \"a+\" \"caat\" }}",
            "Aa Bb A b true",
        ),
        ("{{ reReplaceAll \"(a)b\" \"x$1\" \"ab cab\" }}", "xa cxa"),
        (
            "{{ stripPort \"h:80\" }} {{ stripPort \"[::1]:80\" }} {{ stripPort \"h\" }} {{ stripDomain \"a.b.c:80\" }} {{ stripDomain \"1.2.3.4:80\" }}",
            "h ::1 h a:80 1.2.3.4:80",
        ),
        (
            "{{ graphLink \"up > 1\" }} {{ tableLink \"x\" }}",
            "/graph?g0.expr=up+%3E+1&g0.tab=0 /graph?g0.expr=x&g0.tab=1",
        ),
        ("{{ pathPrefix }} {{ externalURL }}", "/path/prefix http://prometheus:9090/path/prefix?x=1"),
        (
            "{{ len \"abc\" }} {{ index $labels \"job\" }} {{ slice \"abcd\" 1 3 }} {{ not true }}",
            "3 db bc false",
        ),
        (
            "{{ print 1 2 \"x\" 3 }}|{{ html \"<a>\" }}|{{ urlquery \"a b&\" }}|{{ js \"'\" }}",
            "1 2x3|&lt;a&gt;|a+b%26|\\'",
        ),
        ("{{ eq \"a\" \"b\" \"a\" }} {{ ne 1 2 }} {{ lt \"a\" \"b\" }} {{ ge 2 2 }}", "true true true true"),
        ("{{ 0x10 }} {{ 1_000 }} {{ 1.5e3 }} {{ true }} {{ -3 }} {{ .5 }}", "16 1000 1500 true -3 0.5"),
        ("{{ printf \"%.1f%% of %s\" $value \"x\" }}", "2.5% of x"),
        ("{{ strvalue (first (query \"metric\")) }}", ""),
        ("{{ $v := $value }}{{ with $labels.job }}{{ . }}{{ $v }}{{ end }}", "db2.5"),
    ] {
        assert_eq!(expanded(template), text, "{template}");
    }
    assert_eq!(expand_with("{{ $value }} {{ . | len }}", 1e6).split(' ').next(), Some("<error"));
    assert_eq!(expand_with("{{ $value }}", 1e6), "1e+06");
}

#[test]
fn failures_become_text() {
    for (template, part) in [
        ("{{ $label.x }}", "undefined variable \"$label\""),
        ("{{ nosuch 1 }}", "function \"nosuch\" not defined"),
        ("{{ if }}", "missing value"),
        ("{{ if true }}", "unexpected EOF"),
        ("{{ end }}", "unexpected {{end}}"),
        ("{{ else }}", "unexpected {{else}}"),
        ("{{ $value ", "unclosed action"),
        ("{{ \"x }}", "unterminated quoted string"),
        ("{{ (1 }}", "unclosed left paren"),
        ("{{ 1 | 2 }}", "non executable"),
        ("{{ break }}", "outside"),
        (
            "{{ query \"none\" | first | value }}",
            "error calling first: first() called on vector with no elements",
        ),
        ("{{ query \"bad\" }}", "error calling query: no such query"),
        ("{{ .Foo }}", "can't evaluate field Foo"),
        ("{{ toUpper 1 }}", "wrong type for value; expected string; got int"),
        ("{{ humanize \"x\" }}", "strconv.ParseFloat: parsing \"x\": invalid syntax"),
        ("{{ eq $value 1 }}", "incompatible types for comparison"),
        ("{{ template \"t\" }}", "not defined"),
        ("{{ define \"t\" }}{{ template \"t\" }}{{ end }}{{ template \"t\" }}", "maximum template depth"),
        ("{{ range 100000 }}{{ range 100000 }}{{ end }}{{ end }}", "more than"),
        ("{{ printf }}", "wrong number of args"),
        ("{{ humanize \"0x10\" }}", "strconv.ParseFloat: parsing \"0x10\": invalid syntax"),
        ("{{ range $i, $x := 3 }}{{ end }}", "can't use 3 to iterate over more than one variable"),
        ("{{ if true }}{{ define \"t\" }}{{ end }}{{ end }}", "unexpected <define>"),
        ("{{ stripPort }}", "wrong number of args"),
    ] {
        let text = expanded(template);
        assert!(text.starts_with("<error expanding template: "), "{template}: {text}");
        assert!(text.contains(part), "{template}: {text}");
    }
}

#[test]
fn depth_is_bounded() {
    for deep in [
        format!("{{{{ {}1{} }}}}", "(".repeat(10_000), ")".repeat(10_000)),
        "{{ if true }}".repeat(10_000),
        "{{ if 1 }}{{ else if 1 }}".repeat(10_000),
    ] {
        assert!(expanded(&deep).starts_with("<error"), "depth");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "[{}%$.a-c|:=()\"` 0-9\\-+é\\n]{0,60}") {
        let _ = expanded(&text);
        let _ = expanded(&format!("{{{{{text}}}}}"));
        let _ = expanded(&format!("{{{{ printf {text:?} 1 2.5 }}}}"));
    }
}

#[test]
fn templates_come_to_an_end() {
    let nested = |count: usize, inner: &str| {
        format!("{}{inner}{}", "{{ if true }}".repeat(count), "{{ end }}".repeat(count))
    };
    let deep = format!(
        "{{{{ define \"a\" }}}}{}{{{{ end }}}}{{{{ template \"a\" . }}}}",
        nested(90, "{{ template \"a\" . }}")
    );
    for (template, limit) in [
        ("{{ define \"a\" }}{{ template \"a\" }}{{ end }}{{ template \"a\" }}", "maximum template depth"),
        (deep.as_str(), "maximum template depth"),
        ("{{ range 100000 }}{{ range 100000 }}x{{ end }}{{ end }}", "more than 50000 steps"),
        ("{{ $x := \"ab\" }}{{ range 60 }}{{ $x = printf \"%s%s\" $x $x }}{{ end }}{{ $x }}", "more than"),
        (
            "{{ $x := \"ab\" }}{{ range 60 }}{{ $x = reReplaceAll \"a\" $x $x }}{{ end }}{{ $x }}",
            "more than 50000 steps",
        ),
        ("{{ $x := args 1 2 }}{{ range 60 }}{{ $x = args $x $x }}{{ end }}{{ $x }}", "three deep"),
        ("{{ range 1000 }}{{ query \"metric\" }}{{ end }}", "more than 100 queries"),
        ("{{ range 2000 }}{{ printf \"%9999d\" 1 }}{{ end }}", "writes more than 1048576 bytes"),
        ("{{ match \"(((a{100}){100}){100}){100}\" \"a\" }}", "no regular expression"),
    ] {
        let text = expanded(template);
        assert!(
            text.starts_with("<error expanding template: ") && text.contains(limit),
            "{template}: {text:.300}"
        );
    }
}
