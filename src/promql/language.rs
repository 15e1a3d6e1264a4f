//! Which other query language a text is written in that PromQL does not understand.

/// A language that queries are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language {
    /// Its name.
    pub name: &'static str,
    /// Whose it is.
    pub of: &'static str,
}

/// As it is named.
pub const LOGQL: Language = Language { name: "LogQL", of: "Loki's language" };
/// As it is named.
pub const METRICSQL: Language = Language { name: "MetricsQL", of: "VictoriaMetrics' language" };
/// As it is named.
pub const LOGSQL: Language = Language { name: "LogsQL", of: "VictoriaLogs' language" };
/// As it is named.
pub const GRAPHITE: Language = Language { name: "Graphite", of: "another query language" };

/// Functions of MetricsQL that PromQL has not.
const METRICSQL_FUNCTIONS: &[&str] = &[
    "aggr_over_time",
    "alias",
    "any",
    "ascent_over_time",
    "bitmap_and",
    "bottomk_avg",
    "bottomk_last",
    "bottomk_max",
    "bottomk_median",
    "bottomk_min",
    "buckets_limit",
    "count_eq_over_time",
    "count_gt_over_time",
    "count_le_over_time",
    "count_ne_over_time",
    "count_values_over_time",
    "decreases_over_time",
    "default_rollup",
    "deriv_fast",
    "descent_over_time",
    "distinct",
    "distinct_over_time",
    "drop_common_labels",
    "drop_empty_series",
    "duration_over_time",
    "geomean",
    "geomean_over_time",
    "histogram_over_time",
    "histogram_share",
    "histogram_share",
    "hoeffding_bound_lower",
    "hoeffding_bound_upper",
    "ideriv",
    "increase_prometheus",
    "increase_pure",
    "increases_over_time",
    "integrate",
    "interpolate",
    "iqr_over_time",
    "keep_last_value",
    "keep_next_value",
    "label_copy",
    "label_del",
    "label_graphite_group",
    "label_keep",
    "label_lowercase",
    "label_map",
    "label_match",
    "label_mismatch",
    "label_move",
    "label_set",
    "label_transform",
    "label_uppercase",
    "label_value",
    "labels_equal",
    "lag",
    "last_over_time_prometheus",
    "lifetime",
    "limit_offset",
    "limitk_over_time",
    "mad",
    "median",
    "median_over_time",
    "mode",
    "mode_over_time",
    "now",
    "outlier_iqr_over_time",
    "outliers_iqr",
    "outliers_mad",
    "outliersk",
    "predict_linear_prometheus",
    "prometheus_buckets",
    "quantiles",
    "quantiles_over_time",
    "rand",
    "range_avg",
    "range_first",
    "range_last",
    "range_linear_regression",
    "range_mad",
    "range_max",
    "range_median",
    "range_min",
    "range_normalize",
    "range_quantile",
    "range_stddev",
    "range_sum",
    "range_trim_outliers",
    "range_trim_zscore",
    "range_zscore",
    "rate_over_sum",
    "rate_prometheus",
    "remove_resets",
    "rollup",
    "rollup_candlestick",
    "rollup_delta",
    "rollup_deriv",
    "rollup_increase",
    "rollup_rate",
    "rollup_scrape_interval",
    "ru",
    "running_avg",
    "running_max",
    "running_min",
    "running_sum",
    "scrape_interval",
    "share",
    "share_eq_over_time",
    "share_gt_over_time",
    "share_le_over_time",
    "smooth_exponential",
    "sort_by_label_numeric",
    "step",
    "sum2",
    "sum2_over_time",
    "sum_eq_over_time",
    "sum_gt_over_time",
    "sum_le_over_time",
    "tfirst_over_time",
    "timestamp_with_name",
    "tlast_change_over_time",
    "tlast_over_time",
    "tmax_over_time",
    "tmin_over_time",
    "topk_avg",
    "topk_last",
    "topk_max",
    "topk_median",
    "topk_min",
    "ttf",
    "union",
    "vmrange_buckets",
    "zscore",
    "zscore_over_time",
];

/// Words of MetricsQL that stand beside an expression.
const METRICSQL_WORDS: [&str; 4] = ["keep_metric_names", "ifnot", "default", "if"];

/// Which other language an expression is in that PromQL does not understand.
pub fn language_of(source: &str) -> Option<Language> {
    let words = Words::of(source);
    // After a selector, LogQL goes on with `|=`, `|~` or a pipe; LogsQL has pipes between words.
    let filters = words.marks.iter().any(|mark| matches!(*mark, "|=" | "|~" | "|>"));
    let after_selector =
        words.marks.windows(2).any(|pair| pair[0] == "}" && matches!(pair[1], "|" | "!=" | "!~"));
    if filters || after_selector {
        return Some(LOGQL);
    }
    let log_functions = ["bytes_rate", "bytes_over_time", "first_over_time"];
    if words.marks.contains(&"|") {
        let starts_with_selector = source.trim_start().starts_with(['{', '('])
            || words.calls().any(|call| log_functions.contains(&call));
        return Some(if starts_with_selector { LOGQL } else { LOGSQL });
    }
    if source.trim_start().starts_with("_time:") {
        return Some(LOGSQL);
    }
    let calls = words.calls().any(|call| METRICSQL_FUNCTIONS.contains(&call.to_ascii_lowercase().as_str()));
    let has_word = words.plain().any(|word| METRICSQL_WORDS.contains(&word.to_ascii_lowercase().as_str()));
    let templated = words.list.first().is_some_and(|(word, call)| word.eq_ignore_ascii_case("WITH") && *call);
    (calls || has_word || templated).then_some(METRICSQL)
}

/// The words of an expression outside of quotes and braces, and the marks between them.
struct Words<'s> {
    /// Each word, and whether a parenthesis opens behind it.
    list: Vec<(&'s str, bool)>,
    marks: Vec<&'s str>,
}

impl<'s> Words<'s> {
    fn of(source: &'s str) -> Self {
        let mut words = Words { list: Vec::new(), marks: Vec::new() };
        let mut at = 0;
        let mut braces = 0_usize;
        while let Some(first) = source[at..].chars().next() {
            let rest = &source[at..];
            let length = match first {
                '"' | '\'' | '`' => quoted(rest, first),
                '#' => rest.find('\n').unwrap_or(rest.len()),
                c if c.is_alphabetic() || c == '_' => {
                    let end = rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | ':'));
                    let word = &rest[..end.unwrap_or(rest.len())];
                    let is_call = rest[word.len()..].trim_start().starts_with('(');
                    if braces == 0 {
                        words.list.push((word, is_call));
                    }
                    word.len()
                }
                c if c.is_whitespace() => c.len_utf8(),
                c => {
                    let double =
                        ["|=", "|~", "|>", "!=", "!~"].into_iter().find(|mark| rest.starts_with(mark));
                    let mark = double.unwrap_or(&rest[..c.len_utf8()]);
                    match c {
                        '{' => braces += 1,
                        '}' => braces = braces.saturating_sub(1),
                        _ => {}
                    }
                    if braces == 0 {
                        words.marks.push(mark);
                    }
                    mark.len()
                }
            };
            at += length;
        }
        words
    }

    fn calls(&self) -> impl Iterator<Item = &'s str> {
        self.list.iter().filter(|(_, is_call)| *is_call).map(|(word, _)| *word)
    }

    fn plain(&self) -> impl Iterator<Item = &'s str> {
        self.list.iter().map(|(word, _)| *word)
    }
}

/// The length of a quoted text.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' && quote != '`' {
            escaped = true;
        } else if c == quote {
            return at + 1;
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_languages_are_told_by_what_promql_has_not() {
        for (source, expected) in [
            (r#"sum(rate({app="shop"} |= "error" [5m])) > 1"#, Some("LogQL")),
            (r#"count_over_time({app="shop"} | json | level="error" [5m])"#, Some("LogQL")),
            (r#"rate({app="x"} != "debug" [1m])"#, Some("LogQL")),
            (r"_time:5m error | stats count() as errors", Some("LogsQL")),
            ("histogram_share(0.5, sum(rate(x_bucket[5m])) by (le))", Some("MetricsQL")),
            ("lag(up[1h]) > 60", Some("MetricsQL")),
            ("rate(x[5m]) keep_metric_names", Some("MetricsQL")),
            ("WITH (a = up) a > 0", Some("MetricsQL")),
            ("a default 0 > 1", Some("MetricsQL")),
            ("topk_max(5, rate(a))", Some("MetricsQL")),
            ("range_median(a)", Some("MetricsQL")),
            ("a{x=\"b default c\"", None),
            ("sum(rate(x[5m]) by (le)", None),
            (r#"x{a="lag(b) | c"} +"#, None),
            ("up ==", None),
            ("foo(x)", None),
        ] {
            assert_eq!(language_of(source).map(|language| language.name), expected, "{source}");
        }
    }
}
