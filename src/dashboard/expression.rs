//! Expressions of Grafana's server: what a panel computes from the answers to its other queries.

mod evaluate;
mod math;

use serde_json::Value as Json;

pub use evaluate::Context;

use super::timing;
use crate::promql::Value;
use math::Node;

/// What is computed.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// Mathematics: `$A / $B * 100`.
    Math(Node),
    /// One number for each series.
    Reduce {
        /// The query whose answer is taken.
        of: String,
        /// Which number: `mean`.
        by: String,
        /// What becomes of values that are no numbers.
        odd: Odd,
    },
    /// Series at other times.
    Resample {
        /// The query whose answer is taken.
        of: String,
        /// From one time to the next, in milliseconds.
        every: i64,
        /// What becomes of several values: `mean`.
        down: String,
        /// What stands where there is none.
        up: Up,
    },
}

/// What becomes of values that are no numbers, before they are reduced.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Odd {
    /// The result is none, either.
    Strict,
    /// They are left out.
    Dropped,
    /// This stands for them.
    Replaced(f64),
}

/// What stands at a time without a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Up {
    /// The last one.
    Pad,
    /// The next one.
    Back,
    /// Nothing.
    Nothing,
}

/// Why an expression is not evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is not of a kind that is computed here.
    Unsupported(String),
    /// It is wrong.
    Wrong(String),
}

/// What a target of the data source `__expr__` says, for people.
pub fn text(target: &Json) -> String {
    let word = |key: &str| target.get(key).and_then(Json::as_str).unwrap_or_default();
    let of = reference(word("expression"));
    match word("type") {
        "reduce" => match target.pointer("/settings/mode").and_then(Json::as_str) {
            None | Some("") => format!("{}(${of})", word("reducer")),
            Some(mode) => format!("{}(${of}, {mode})", word("reducer")),
        },
        "resample" => {
            format!("resample(${of}, {}, {}, {})", word("window"), word("downsampler"), word("upsampler"))
        }
        "threshold" => limit(target).map_or_else(|_| "threshold".to_owned(), |(text, _)| text),
        "math" | "sql" | "" => word("expression").to_owned(),
        other => other.replace('_', " "),
    }
}

/// The name of a query, with its mark or without.
fn reference(written: &str) -> &str {
    written.trim().trim_start_matches('$').trim_start_matches('{').trim_end_matches('}').trim()
}

/// Reads a target of the data source `__expr__`; `text` is its expression, variables replaced.
///
/// # Errors
/// It is of another kind, or wrong.
pub fn parse(target: &Json, text: &dyn Fn(&str) -> String) -> Result<Expression, Refused> {
    let word = |key: &str| target.get(key).and_then(Json::as_str).unwrap_or_default();
    let of = || match reference(word("expression")) {
        "" => Err(Refused::Wrong("names no query to take".to_owned())),
        of => Ok(of.to_owned()),
    };
    match word("type") {
        "math" => math::parse(&text(word("expression"))).map(Expression::Math).map_err(Refused::Wrong),
        "threshold" => limit(target).map(|(_, node)| Expression::Math(node)),
        "reduce" => {
            let settings = target.get("settings").unwrap_or(&Json::Null);
            let odd = match settings.get("mode").and_then(Json::as_str) {
                Some("dropNN") => Odd::Dropped,
                Some("replaceNN") => {
                    Odd::Replaced(settings.get("replaceWithValue").and_then(Json::as_f64).unwrap_or(0.0))
                }
                _ => Odd::Strict,
            };
            let by = word("reducer").to_lowercase();
            if !["sum", "mean", "avg", "min", "max", "count", "last", "median"].contains(&by.as_str()) {
                return Err(Refused::Unsupported(format!("reduces by \"{by}\", which is not known")));
            }
            Ok(Expression::Reduce { of: of()?, by, odd })
        }
        "resample" => {
            let window = text(word("window"));
            let every = timing::duration(&window)
                .ok_or_else(|| Refused::Wrong(format!("\"{window}\" is no length of time")))?;
            let up = match word("upsampler") {
                "pad" => Up::Pad,
                "backfilling" => Up::Back,
                _ => Up::Nothing,
            };
            let down = word("downsampler");
            let down = if down.is_empty() { "mean" } else { down };
            Ok(Expression::Resample { of: of()?, every, down: down.to_owned(), up })
        }
        "sql" => Err(Refused::Unsupported("is SQL over other answers, not PromQL".to_owned())),
        "classic_conditions" => {
            Err(Refused::Unsupported("is a classic condition, which only alerts ask".to_owned()))
        }
        other => Err(Refused::Unsupported(format!(
            "is an expression of Grafana's server of the kind \"{other}\", which is not known"
        ))),
    }
}

/// A threshold in mathematics, which is what Grafana makes of it: 1 where it holds, else 0.
fn limit(target: &Json) -> Result<(String, Node), Refused> {
    let of = reference(target.get("expression").and_then(Json::as_str).unwrap_or_default());
    let rule = target.pointer("/conditions/0/evaluator").unwrap_or(&Json::Null);
    let kind = rule.get("type").and_then(Json::as_str).unwrap_or("gt");
    let bound = |at: usize| {
        rule.get("params")
            .and_then(|params| params.get(at))
            .and_then(Json::as_f64)
            .ok_or_else(|| Refused::Wrong(format!("the threshold {kind} lacks a number")))
    };
    let of = format!("${{{of}}}");
    let text = match kind {
        "gt" => format!("{of} > {}", bound(0)?),
        "lt" => format!("{of} < {}", bound(0)?),
        "gte" => format!("{of} >= {}", bound(0)?),
        "lte" => format!("{of} <= {}", bound(0)?),
        "eq" => format!("{of} == {}", bound(0)?),
        "ne" => format!("{of} != {}", bound(0)?),
        "within_range" => format!("{of} > {} && {of} < {}", bound(0)?, bound(1)?),
        "outside_range" => format!("{of} < {} || {of} > {}", bound(0)?, bound(1)?),
        "within_range_included" => format!("{of} >= {} && {of} <= {}", bound(0)?, bound(1)?),
        "outside_range_included" => format!("{of} <= {} || {of} >= {}", bound(0)?, bound(1)?),
        other => {
            return Err(Refused::Unsupported(format!("is the threshold \"{other}\", which is not known")));
        }
    };
    let node = math::parse(&text).map_err(Refused::Wrong)?;
    Ok((text, node))
}

impl Expression {
    /// The queries whose answers it takes.
    pub fn needs(&self) -> Vec<&str> {
        match self {
            Expression::Reduce { of, .. } | Expression::Resample { of, .. } => vec![of],
            Expression::Math(node) => node.needs(),
        }
    }

    /// Its value; a sentence where there cannot be one.
    ///
    /// # Errors
    /// Its parts do not go together.
    pub fn evaluate(&self, context: &Context<'_>) -> Result<Value, String> {
        evaluate::evaluate(self, context)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::model::{Labels, Sample, Series};
    use crate::promql::VectorSample;

    fn series(host: &str, values: &[(i64, f64)]) -> Series {
        let samples = values.iter().map(|(at, value)| Sample { at: at * 1_000, value: *value }).collect();
        Series::of(Labels::new([("host", host)]), samples)
    }

    /// `{host="a"} 0:1 60:2`, or one number for each.
    fn said(value: &Value) -> String {
        match value {
            Value::Scalar(number) => number.to_string(),
            Value::Text(text) => text.clone(),
            Value::Vector(found) => {
                let each = found.iter().map(|one| format!("{}={}", one.labels.get("host"), one.sample.value));
                each.collect::<Vec<_>>().join(" ")
            }
            Value::Matrix(found) => {
                let each = found.iter().map(|one| {
                    let points = one.samples.iter().map(|s| format!("{}:{}", s.at / 1_000, s.value));
                    format!("{} {}", one.labels.get("host"), points.collect::<Vec<_>>().join(" "))
                });
                each.collect::<Vec<_>>().join("; ")
            }
        }
    }

    fn outcome(target: &Json) -> String {
        let a = Value::Matrix(vec![
            series("a", &[(0, 1.0), (60, 3.0), (120, f64::NAN)]),
            series("b", &[(0, 4.0), (60, 6.0)]),
        ]);
        let b = Value::Matrix(vec![series("a", &[(0, 2.0), (120, 5.0)]), series("c", &[(0, 1.0)])]);
        let one = |host: &str, value: f64| VectorSample {
            labels: Labels::new([("host", host)]),
            sample: Sample { at: 0, value },
            histogram: None,
        };
        let n = Value::Vector(vec![one("a", 10.0), one("b", 20.0)]);
        let answers = BTreeMap::from([("A", &a), ("B", &b), ("N", &n)]);
        let context = Context { answers: &answers, range: (0, 120_000) };
        match parse(target, &str::to_owned) {
            Ok(found) => found.evaluate(&context).map_or_else(|why| why, |value| said(&value)),
            Err(Refused::Unsupported(why) | Refused::Wrong(why)) => why,
        }
    }

    #[test]
    fn mathematics_over_series_and_numbers() {
        for (expression, expected) in [
            ("$A + $B", "a 0:3 120:NaN"),
            ("${A} * 2", "a 0:2 60:6 120:NaN; b 0:8 60:12"),
            ("$A / $N", "a 0:0.1 60:0.3 120:NaN; b 0:0.2 60:0.3"),
            ("$N - 5", "a=5 b=15"),
            ("1 + 2 * 3 ** 2 % 4", "3"),
            ("-2 ** 2", "4"),
            ("!($N > 15)", "a=1 b=0"),
            ("$N > 5 && $N < 15", "a=1 b=0"),
            ("is_nan($A)", "a 0:0 60:0 120:1; b 0:0 60:0"),
            ("is_inf(1/0) + is_number(1) + is_null(null()) + is_nan(nan())", "4"),
            ("abs(-1.5) + round(2.5) + ceil(0.1) + floor(0.9) + log(1)", "5.5"),
            ("infn() < inf()", "1"),
            ("$A +", "1:5: the expression ends too early"),
            ("$A $B", "1:4: there is something behind the end of the expression: $B"),
            ("foo($A)", "1:1: there is no function foo"),
            ("$A ~ 2", "1:4: unexpected \"~\""),
            ("abs(1, 2)", "1:6: expected ) after the argument of abs"),
        ] {
            let target = json!({"type": "math", "expression": expression});
            assert_eq!(outcome(&target), expected, "{expression}");
        }
        let deep = json!({"type": "math", "expression": "(".repeat(100_000)});
        assert!(outcome(&deep).contains("more than 200 parts"), "{}", outcome(&deep));
    }

    #[test]
    fn series_are_reduced_resampled_and_held_against_limits() {
        let reduce = |by: &str, mode: &str| {
            outcome(&json!({"type": "reduce", "expression": "A", "reducer": by,
                "settings": {"mode": mode, "replaceWithValue": 8}}))
        };
        for (by, mode, expected) in [
            ("mean", "", "a=NaN b=5"),
            ("mean", "dropNN", "a=2 b=5"),
            ("sum", "replaceNN", "a=12 b=10"),
            ("count", "", "a=3 b=2"),
            ("last", "", "a=NaN b=6"),
            ("max", "dropNN", "a=3 b=6"),
            ("min", "dropNN", "a=1 b=4"),
            ("median", "dropNN", "a=2 b=5"),
        ] {
            assert_eq!(reduce(by, mode), expected, "{by} {mode}");
        }
        assert!(reduce("mode", "").contains("which is not known"));
        let resample = |window: &str, down: &str, up: &str| {
            outcome(
                &json!({"type": "resample", "expression": "$B", "window": window, "downsampler": down, "upsampler": up}),
            )
        };
        assert_eq!(resample("30s", "mean", "pad"), "a 0:2 30:2 60:2 90:2 120:5; c 0:1 30:1 60:1 90:1 120:1");
        assert_eq!(resample("1m", "mean", "backfilling"), "a 0:2 60:5 120:5; c 0:1");
        assert_eq!(resample("120s", "max", "fillna"), "a 0:2 120:5; c 0:1");
        assert_eq!(
            resample("1h", "max", "fillna"),
            "the range is shorter than the steps to which it is brought"
        );
        let limit = |kind: &str, params: &[f64]| {
            outcome(
                &json!({"type": "threshold", "expression": "N", "conditions": [{"evaluator": {"type": kind, "params": params}}]}),
            )
        };
        for (kind, params, expected) in [
            ("gt", &[10.0][..], "a=0 b=1"),
            ("lt", &[20.0], "a=1 b=0"),
            ("within_range", &[5.0, 15.0], "a=1 b=0"),
            ("outside_range", &[-5.0, 15.0], "a=0 b=1"),
            ("within_range", &[5.0], "the threshold within_range lacks a number"),
            ("odd", &[], "is the threshold \"odd\", which is not known"),
        ] {
            assert_eq!(limit(kind, params), expected, "{kind} {params:?}");
        }
        assert!(outcome(&json!({"type": "sql", "expression": "SELECT 1"})).contains("SQL"));
        assert_eq!(
            text(
                &json!({"type": "reduce", "expression": "A", "reducer": "mean", "settings": {"mode": "dropNN"}})
            ),
            "mean($A, dropNN)"
        );
    }
}
