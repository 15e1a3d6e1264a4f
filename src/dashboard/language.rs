//! Which language a text is written in that is no PromQL, where its data source does not say so.

/// What Loki's language has behind a selector.
const LOGQL: [&str; 10] =
    ["|=", "|~", "!= `", "| json", "| logfmt", "| pattern", "| regexp", "| line_format", "| unwrap", "|>"];

/// Functions and words that only VictoriaMetrics' language has.
const METRICSQL: [&str; 51] = [
    "aggr_over_time",
    "alias",
    "any",
    "ascent_over_time",
    "bitmap_and",
    "bottomk_avg",
    "bottomk_last",
    "bottomk_max",
    "bottomk_min",
    "buckets_limit",
    "count_eq_over_time",
    "count_gt_over_time",
    "count_le_over_time",
    "count_ne_over_time",
    "decreases_over_time",
    "default_rollup",
    "descent_over_time",
    "distinct_over_time",
    "duration_over_time",
    "histogram",
    "histogram_share",
    "histogram_over_time",
    "increase_prometheus",
    "increase_pure",
    "increases_over_time",
    "interpolate",
    "keep_last_value",
    "keep_next_value",
    "label_copy",
    "label_del",
    "label_graphite_group",
    "label_keep",
    "label_lowercase",
    "label_map",
    "label_match",
    "label_move",
    "label_set",
    "label_transform",
    "label_uppercase",
    "label_value",
    "lag",
    "median",
    "median_over_time",
    "outliersk",
    "prometheus_buckets",
    "rate_over_sum",
    "remove_resets",
    "sum2",
    "topk_avg",
    "topk_last",
    "topk_max",
];

/// Beginnings of such names.
const METRICSQL_FAMILIES: [&str; 8] =
    ["range_", "rollup", "running_", "share_", "smooth_", "tmax_", "tmin_", "zscore"];

/// The language of a text that is no PromQL, if it can be told.
pub(super) fn of(text: &str) -> Option<&'static str> {
    if text.contains('{') && LOGQL.iter().any(|mark| text.contains(mark)) {
        return Some("LogQL");
    }
    is_metricsql(text).then_some("MetricsQL")
}

/// Is there a function that only VictoriaMetrics has, or one of its words?
fn is_metricsql(text: &str) -> bool {
    let mut before = "";
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    let mut at = 0;
    for word in words {
        let start = at + text[at..].find(word).unwrap_or(0);
        at = start + word.len();
        let called = text[at..].trim_start().starts_with(['(', '[']);
        let known =
            METRICSQL.contains(&word) || METRICSQL_FAMILIES.iter().any(|start| word.starts_with(start));
        if called && known || word == "keep_metric_names" {
            return true;
        }
        // `a default 0`, `a if b`, `WITH (x = …)`.
        let infix = matches!(word, "default" | "if" | "ifnot") && !before.is_empty();
        let quoted = text[..start].matches('"').count() % 2 == 1;
        if infix && !quoted && text[at..].starts_with(' ') || word.eq_ignore_ascii_case("with") && called {
            return true;
        }
        before = word;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_languages_are_told_by_their_words() {
        for (text, language) in [
            ("sum(count_over_time({app=\"a\"} |= \"error\" [5m]))", Some("LogQL")),
            ("rate({app=\"a\"} | json | level=\"x\"[1m])", Some("LogQL")),
            ("topk_max(5, rate(a))", Some("MetricsQL")),
            ("sum(a) default 0", Some("MetricsQL")),
            ("range_median(a)", Some("MetricsQL")),
            ("WITH (x = 1) a + x", Some("MetricsQL")),
            ("rate(a[5m]) keep_metric_names", Some("MetricsQL")),
            ("sum(rate(a[5m])", None),
            ("a{x=\"b default c\"", None),
            ("histogram_quantile(0.9, a", None),
        ] {
            assert_eq!(of(text), language, "{text}");
        }
    }
}
