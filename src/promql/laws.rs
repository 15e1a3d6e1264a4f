//! Laws of PromQL over generated expressions and series, and the limits.

use proptest::prelude::*;

use super::{Options, Store, Value, instant, parse, range};
use crate::model::{Labels, Sample};

fn options() -> Options {
    Options { max_samples: 1_000_000, ..Options::promqltest() }
}

/// The tree without the places it was read from.
fn shape(expr: &super::Expr) -> String {
    let text = format!("{:?}", expr.root());
    let spans = regex::Regex::new(r"Span \{ start: \d+, end: \d+ \}").expect("a pattern");
    spans.replace_all(&text, "").into_owned()
}

fn names() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "x_total", "job:rate:5m", "sum", "offset", "and", "\"odd name\""])
        .prop_map(|name| if name.starts_with('"') { format!("{{{name}}}") } else { name.to_owned() })
}

fn selectors() -> impl Strategy<Value = String> {
    let matchers = prop::sample::select(vec![
        "",
        "{}",
        "{l=\"1\"}",
        "{l!=\"\", m=~\"x.*|y\"}",
        "{\"odd label\"=\"\\\"\\n\"}",
        "{l!~\"[0-9]{2}\"}",
    ]);
    let shifts = prop::sample::select(vec![
        "",
        " offset 5m",
        " offset -1h30m",
        " @ 12.345",
        " @ start() offset 1s",
        " @ -3",
        " offset step()",
        " offset (step() * 2 - 1m)",
    ]);
    (names(), matchers, shifts).prop_map(|(name, matchers, shift)| {
        if name.starts_with('{') { format!("{name}{shift}") } else { format!("{name}{matchers}{shift}") }
    })
}

fn expressions() -> impl Strategy<Value = String> {
    let ranges =
        prop::sample::select(vec!["[5m]", "[90s]", "[1h:]", "[10m:30s]", "[step() + 1m]", "[2 * 3m:1m]"]);
    let leaf = prop_oneof![
        4 => selectors(),
        1 => prop::sample::select(vec!["vector(1)", "vector(1.5e-9)", "vector(5m)", "vector(-Inf)", "vector(NaN)"])
            .prop_map(str::to_owned),
        2 => (prop::sample::select(vec!["rate", "sum_over_time", "changes", "last_over_time"]), names(), ranges)
            .prop_map(|(function, name, range)| format!("{function}({name}{range})")),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let op = prop::sample::select(vec![
            "+",
            "-",
            "*",
            "/",
            "%",
            "^",
            "atan2",
            "==",
            "!= bool",
            "< on (l)",
            "and ignoring (l)",
            "or",
            "unless",
            "* on (l) group_left (m)",
            ">= bool ignoring (l) group_right ()",
            "+ fill (0)",
            "- fill_left (-1.5)",
        ]);
        let aggregate = prop::sample::select(vec![
            "sum(",
            "avg by (l) (",
            "max without (l, m) (",
            "topk(2, ",
            "quantile by () (0.5, ",
            "count_values(\"v\", ",
        ]);
        let function = prop::sample::select(vec!["abs(", "-", "+", "(", "label_replace(", "clamp_max("]);
        prop_oneof![
            (inner.clone(), op, inner.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            (aggregate, inner.clone()).prop_map(|(aggregate, inner)| format!("{aggregate}{inner})")),
            (function, inner).prop_map(|(function, inner)| match function {
                "-" | "+" => format!("{function}{inner}"),
                "label_replace(" => format!("label_replace({inner}, \"n\", \"$1\", \"l\", \"(.*)\")"),
                "clamp_max(" => format!("clamp_max({inner}, 3)"),
                function => format!("{function}{inner})"),
            }),
        ]
    })
}

fn stores() -> impl Strategy<Value = Store> {
    let value = prop_oneof![5 => -100.0..100.0f64, 1 => Just(f64::NAN), 1 => Just(f64::INFINITY)];
    let sample = (prop::sample::select(vec!["a", "b", "x_total"]), 0..3u8, 0..3u8, 0..40i64, value);
    prop::collection::vec(sample, 0..120).prop_map(|samples| {
        let mut store = Store::new();
        for (name, l, m, at, value) in samples {
            let labels =
                Labels::new([("__name__", name.to_owned()), ("l", l.to_string()), ("m", format!("x{m}"))]);
            store.append(&labels, Sample { at: at * 15_000, value });
        }
        store
    })
}

fn bits(value: &Value) -> Vec<(String, u64)> {
    let number = |value: f64| if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() };
    let mut all: Vec<(String, u64)> = match value {
        Value::Vector(samples) => {
            samples.iter().map(|sample| (sample.labels.to_string(), number(sample.sample.value))).collect()
        }
        Value::Matrix(matrix) => matrix
            .iter()
            .flat_map(|series| {
                series.samples.iter().map(|sample| (series.labels.to_string(), number(sample.value)))
            })
            .collect(),
        Value::Scalar(value) => vec![("{}".to_owned(), number(*value))],
        Value::Text(_) => Vec::new(),
    };
    all.sort();
    all
}

proptest! {
    #[test]
    fn what_is_printed_is_the_same_expression(source in expressions()) {
        let Ok(expr) = parse(&source, &options()) else { return Ok(()) };
        let printed = expr.to_string();
        let again = parse(&printed, &options()).map_err(|error| {
            TestCaseError::fail(format!("{source} printed as {printed}: {error}"))
        })?;
        prop_assert_eq!(shape(&expr), shape(&again), "{} printed as {}", source, printed);
        prop_assert_eq!(&printed, &again.to_string());
    }

    #[test]
    fn a_time_is_a_range_of_one(source in expressions(), store in stores(), at in 0..600i64) {
        let Ok(expr) = parse(&source, &options()) else { return Ok(()) };
        if source.contains("step()") {
            return Ok(());
        }
        let at = at * 1000;
        let one = instant(&expr, &store, at, &options()).map(|answer| bits(&answer.value));
        let many = range(&expr, &store, at, at, 1000, &options()).map(|answer| bits(&answer.value));
        prop_assert_eq!(one.map_err(|e| e.message), many.map_err(|e| e.message), "{}", source);
    }

    #[test]
    fn each_time_of_a_range_is_as_alone(source in expressions(), store in stores()) {
        let Ok(expr) = parse(&source, &options()) else { return Ok(()) };
        if ["step()", "start()"].iter().any(|word| source.contains(word)) {
            return Ok(());
        }
        let Ok(all) = range(&expr, &store, 0, 600_000, 60_000, &options()) else { return Ok(()) };
        let Value::Matrix(matrix) = all.value else { return Ok(()) };
        for at in (0..=600_000).step_by(60_000) {
            let Ok(alone) = instant(&expr, &store, at, &options()) else { continue };
            let mut there: Vec<crate::model::Series> = matrix.clone();
            for series in &mut there {
                series.samples.retain(|sample| sample.at == at);
            }
            prop_assert_eq!(bits(&alone.value), bits(&Value::Matrix(there)), "{} at {}", source, at);
        }
    }

    #[test]
    fn a_sum_of_sums_is_the_sum(store in stores(), at in 0..600i64) {
        let sum = |source: &str| {
            let expr = parse(source, &options()).expect("an expression");
            match instant(&expr, &store, at * 1000, &options()).expect("a value").value {
                Value::Vector(samples) => samples.first().map(|sample| sample.sample.value),
                _ => None,
            }
        };
        match (sum("sum(a)"), sum("sum(sum by (l) (a))")) {
            (Some(a), Some(b)) => {
                prop_assert!(a == b || a.is_nan() && b.is_nan() || (a - b).abs() < 1e-9, "{a} {b}");
            }
            (a, b) => prop_assert_eq!(a, b),
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(source in "\\PC{0,80}") {
        let _ = parse(&source, &options());
    }

    #[test]
    fn no_expression_makes_the_evaluation_panic(
        words in prop::collection::vec(prop::sample::select(vec![
            "a", "b", "(", ")", "[", "]", "{", "}", "1", "5m", "\"x\"", ",", "sum", "rate", "by", "on", "offset",
            "@", "-", "+", "^", "==", "bool", "start", ":", "=~", "l", "topk", "info", "absent", "quantile",
            "group_left", "fill", "step", "min_of", "smoothed", "anchored", "</", "\\", "'", "#", "9e99", "0x",
        ]), 0..14),
        store in stores(),
    ) {
        if let Ok(expr) = parse(&words.join(" "), &options()) {
            let _ = instant(&expr, &store, 300_000, &options());
            let _ = range(&expr, &store, 0, 300_000, 60_000, &options());
        }
    }
}

#[test]
fn what_would_take_too_much_is_refused() {
    let options = Options::promtool();
    let deep = [
        "(".repeat(100_000),
        format!("{}1{}", "(".repeat(100_000), ")".repeat(100_000)),
        format!("a{}", " + a".repeat(100_000)),
        "-".repeat(100_000),
        format!("a{}", "[1m:]".repeat(100_000)),
        format!("a[{}1m]", "(".repeat(100_000)),
        format!("a[1m{}]", "+1m".repeat(100_000)),
        format!("{}a", "sum(".repeat(100_000)),
        "x".repeat(2 << 20),
        "a{l=~\"((a{1000}){1000}){1000}\"}".to_owned(),
        format!("a{{l=~\"{}\"}}", "a|".repeat(100_000)),
    ];
    for source in deep {
        assert!(parse(&source, &options).is_err(), "{}", &source[..40]);
    }
    // What is just allowed can be evaluated, too.
    for source in [
        format!("{}a{}", "sum(".repeat(120), ")".repeat(120)),
        format!("{}a{}", "abs(".repeat(120), ")".repeat(120)),
        format!("{}a{}", "(".repeat(120), ")".repeat(120)),
        format!("a{}", " or a".repeat(250)),
        format!("{}a", "- ".repeat(120)),
        format!("{}a{}", "sum_over_time(".repeat(60), "[1m:1m])".repeat(60)),
    ] {
        let expr = parse(&source, &options).unwrap_or_else(|error| panic!("{source}: {error}"));
        assert!(instant(&expr, &Store::new(), 0, &options).is_ok(), "{source}");
        assert_eq!(parse(&expr.to_string(), &options).map(|again| again.to_string()), Ok(expr.to_string()));
    }
    let mut store = Store::new();
    for i in 0..20_000 {
        let labels = Labels::new([("__name__", "a".to_owned()), ("i", i.to_string())]);
        store.append(&labels, Sample { at: 0, value: f64::from(i) });
    }
    for source in [
        "sum_over_time(vector(1)[1000000000s:1s])",
        "sum_over_time(a[1y:1ms])",
        "sum_over_time(sum_over_time(a[1d:1s])[1y:1d])",
    ] {
        let expr = parse(source, &options).expect(source);
        let error = instant(&expr, &store, 0, &options).expect_err(source);
        assert!(error.message.contains("too many samples"), "{source}: {error}");
    }
    for source in ["count_values(\"v\", a)", "a", "a * 2"] {
        let expr = parse(source, &options).expect(source);
        let error = range(&expr, &store, 0, 10_000_000_000, 1000, &options).expect_err(source);
        assert!(error.message.contains("too many samples"), "{source}: {error}");
    }
}

#[test]
fn mistakes_are_shown_where_they_are() {
    for (source, message, at, hint) in [
        ("rate(a)", "expected type range vector in call to function \"rate\", got instant vector", 5, true),
        ("summ(a)", "unknown function with name \"summ\"", 0, true),
        ("a +", "unexpected end of input, expected an expression", 3, false),
        ("a{l=1}", "unexpected number 1, expected a string", 4, false),
        ("{l=\"\"}", "vector selector must contain at least one non-empty matcher", 0, true),
        ("1 == 1", "comparisons between scalars must use BOOL modifier", 0, true),
        ("sum(a) by (l", "unexpected end of input, expected \",\" or \")\"", 12, false),
        ("a[5m] + 1", "binary expression must contain only scalar and instant vector types", 0, false),
        ("a[0s]", "the duration of a range must be greater than 0", 2, false),
        ("a offset 5m offset 1m", "offset may not be set multiple times", 12, false),
        ("first_over_time(a[5m])", "function \"first_over_time\" is not enabled", 0, true),
        ("holt_winters(a[5m], 1, 1)", "unknown function with name \"holt_winters\"", 0, true),
        ("a and 1", "set operator \"and\" not allowed in binary scalar expression", 0, false),
        (
            "a == on(x) group_left(x) b",
            "label \"x\" must not occur in ON and GROUP clause at once",
            11,
            false,
        ),
        ("a$b", "unexpected character '$'", 1, false),
    ] {
        let error = parse(source, &Options::promtool()).expect_err(source);
        assert_eq!((error.message.as_str(), error.span.start), (message, at), "{source}");
        assert_eq!(error.hint.is_some(), hint, "{source}");
    }
}
