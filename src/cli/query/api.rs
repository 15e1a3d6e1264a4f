//! Answers in the shape of Prometheus' HTTP API.

use std::fmt::Write as _;

use crate::model::histogram::{Bucket, Histogram, HistogramSample};
use crate::model::{Labels, Sample};
use crate::promql::{Annotation, AnnotationLevel, Value, VectorSample};
use crate::report::json;

/// A whole answer.
pub(super) fn answer(value: &Value, at: i64, annotations: &[Annotation], source: &str) -> String {
    // Writing to a string does not fail, here and below.
    let mut text = String::from("{\"status\":\"success\",\"data\":{\"resultType\":\"");
    match value {
        Value::Scalar(number) => {
            text.push_str("scalar\",\"result\":");
            push_number(&mut text, at, *number);
        }
        Value::Text(string) => {
            text.push_str("string\",\"result\":");
            push_point(&mut text, at, &quoted(string));
        }
        Value::Vector(samples) => {
            text.push_str("vector\",\"result\":");
            push_list(&mut text, samples, |text, VectorSample { labels, sample, histogram }| {
                push_metric(text, labels);
                if let Some(histogram) = histogram {
                    text.push_str(",\"histogram\":");
                    push_point(text, sample.at, &counted(histogram));
                } else {
                    text.push_str(",\"value\":");
                    push_number(text, sample.at, sample.value);
                }
                text.push('}');
            });
        }
        Value::Matrix(series) => {
            text.push_str("matrix\",\"result\":");
            push_list(&mut text, series, |text, series| {
                push_metric(text, &series.labels);
                if !series.samples.is_empty() || series.histograms.is_empty() {
                    text.push_str(",\"values\":");
                    push_samples(text, &series.samples);
                }
                if !series.histograms.is_empty() {
                    text.push_str(",\"histograms\":");
                    push_histograms(text, &series.histograms);
                }
                text.push('}');
            });
        }
    }
    text.push('}');
    for (level, name) in [(AnnotationLevel::Warning, "warnings"), (AnnotationLevel::Info, "infos")] {
        let of_level: Vec<&Annotation> = annotations.iter().filter(|a| a.level == level).collect();
        if !of_level.is_empty() {
            let _ = write!(text, ",\"{name}\":");
            push_list(&mut text, &of_level, |text, annotation| {
                text.push_str(&quoted(&annotation.render(source)));
            });
        }
    }
    text.push_str(",\"schema\":\"obs.query/1\"}\n");
    text
}

pub(super) fn push_list<T>(text: &mut String, items: &[T], mut push: impl FnMut(&mut String, &T)) {
    text.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        push(text, item);
    }
    text.push(']');
}

fn push_metric(text: &mut String, labels: &Labels) {
    text.push_str("{\"metric\":{");
    for (index, (name, value)) in labels.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&quoted(name));
        text.push(':');
        text.push_str(&quoted(value));
    }
    text.push('}');
}

/// The points of a series: `[[1703387160,"1"],[1703387175,"2"]]`.
pub(in crate::cli) fn samples(samples: &[Sample]) -> String {
    let mut text = String::with_capacity(samples.len() * 34);
    push_samples(&mut text, samples);
    text
}

/// The same of native histograms.
pub(in crate::cli) fn histograms(samples: &[HistogramSample]) -> String {
    let mut text = String::new();
    push_histograms(&mut text, samples);
    text
}

/// `[1703387160,"1"]`.
pub(in crate::cli) fn number(at: i64, number: f64) -> String {
    let mut text = String::new();
    push_number(&mut text, at, number);
    text
}

/// `[1703387160,"a"]`.
pub(in crate::cli) fn word(at: i64, word: &str) -> String {
    let mut text = String::new();
    push_point(&mut text, at, &quoted(word));
    text
}

/// `[1703387160,{"count":"1","sum":"2"}]`.
pub(in crate::cli) fn histogram(at: i64, histogram: &Histogram) -> String {
    let mut text = String::new();
    push_point(&mut text, at, &counted(histogram));
    text
}

fn push_samples(text: &mut String, samples: &[Sample]) {
    push_list(text, samples, |text, sample| push_number(text, sample.at, sample.value));
}

fn push_histograms(text: &mut String, samples: &[HistogramSample]) {
    push_list(text, samples, |text, sample| push_point(text, sample.at, &counted(&sample.histogram)));
}

/// A point, without making texts of its parts: there may be millions.
fn push_number(text: &mut String, at: i64, number: f64) {
    push_time(text, at);
    let _ = if is_plain(number) {
        write!(text, ",\"{number}\"]")
    } else {
        write!(text, ",\"{}\"]", float(number))
    };
}

/// `[1703387160.123,"1"]`: seconds, with a fraction only where there is one.
fn push_point(text: &mut String, at: i64, value: &str) {
    push_time(text, at);
    text.push(',');
    text.push_str(value);
    text.push(']');
}

/// The beginning of a point.
fn push_time(text: &mut String, at: i64) {
    let sign = if at < 0 { "-" } else { "" };
    let _ = write!(text, "[{sign}{}", (at / 1000).abs());
    match (at % 1000).abs() {
        0 => {}
        millis => {
            let _ = write!(text, ".{millis:03}");
        }
    }
}

/// A text as JSON, safe to show in a terminal.
pub(super) fn quoted(text: &str) -> String {
    // A text is always JSON, and JSON is always UTF-8.
    json::compact(text).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// A number as Prometheus writes it.
pub(in crate::cli) fn float(number: f64) -> String {
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        (if number > 0.0 { "+Inf" } else { "-Inf" }).to_owned()
    } else if is_plain(number) {
        number.to_string()
    } else {
        let text = format!("{number:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let sign = if exponent.starts_with('-') { '-' } else { '+' };
        format!("{digits}e{sign}{:0>2}", exponent.trim_start_matches('-'))
    }
}

/// Is a number written without an exponent? Very small and very large ones are not.
fn is_plain(number: f64) -> bool {
    number == 0.0 || (1e-6..1e21).contains(&number.abs())
}

/// A native histogram: `{"count":"…","sum":"…","buckets":[[sides,"lower","upper","count"],…]}`, with the buckets that hold something.
fn counted(histogram: &Histogram) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write!(
        text,
        "{{\"count\":{},\"sum\":{}",
        quoted(&float(histogram.count)),
        quoted(&float(histogram.sum))
    );
    let buckets: Vec<Bucket> = histogram.buckets().collect();
    if !buckets.is_empty() {
        text.push_str(",\"buckets\":");
        push_list(&mut text, &buckets, |text, bucket| {
            let limits = [bucket.lower, bucket.upper, bucket.count].map(|number| quoted(&float(number)));
            let _ = write!(text, "[{},{}]", sides(histogram, bucket), limits.join(","));
        });
    }
    text.push('}');
    text
}

/// Which sides belong to a bucket, in the numbers of the API: 0 the upper one, 1 the lower one, 3 both.
fn sides(histogram: &Histogram, bucket: &Bucket) -> u8 {
    if histogram.is_custom() {
        return if bucket.lower == f64::NEG_INFINITY { 3 } else { 0 };
    }
    match (bucket.lower < 0.0, bucket.upper > 0.0) {
        (true, true) => 3,
        (true, false) => 1,
        (false, true) => 0,
        (false, false) => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::notation::histogram as parsed;

    #[test]
    fn histograms_are_written_as_the_api_does() {
        let written = |text: &str| counted(&parsed(text).expect(text));
        assert_eq!(written("{{count:2 sum:NaN}}"), r#"{"count":"2","sum":"NaN"}"#);
        assert_eq!(
            written("{{count:6 sum:-1.5 z_bucket:1 z_bucket_w:0.25 buckets:[2 0 1] n_buckets:[2]}}"),
            r#"{"count":"6","sum":"-1.5","buckets":[[1,"-1","-0.5","2"],[3,"-0.25","0.25","1"],[0,"0.5","1","2"],[0,"2","4","1"]]}"#
        );
        assert_eq!(
            written("{{schema:-53 count:3 custom_values:[2] buckets:[1 2]}}"),
            r#"{"count":"3","sum":"0","buckets":[[3,"-Inf","2","1"],[0,"2","+Inf","2"]]}"#
        );
    }
}
