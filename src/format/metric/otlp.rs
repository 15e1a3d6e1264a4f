//! OpenTelemetry's metrics in JSON: a document, or one a line, as the collector's file exporter writes them. Series are
//! named as Prometheus names them when it receives these.

mod names;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value as Json;

use super::api_json::Keys;
use super::{Known, MetricError, MetricFormat, Read, ReadOptions, Sink};
use crate::model::histogram::EXPONENTIAL_SCHEMAS;
use crate::model::series::STALE;
use crate::model::{Histogram, HistogramSample, Labels, Sample};
use names::Kind;

/// OTLP in JSON.
pub(super) struct Otlp;

#[derive(Deserialize)]
struct Export {
    #[serde(alias = "resource_metrics", rename = "resourceMetrics", default)]
    resources: Vec<OfResource>,
}

#[derive(Deserialize)]
struct OfResource {
    #[serde(default)]
    resource: Resource,
    #[serde(
        alias = "scope_metrics",
        alias = "instrumentationLibraryMetrics",
        rename = "scopeMetrics",
        default
    )]
    scopes: Vec<OfScope>,
}

#[derive(Default, Deserialize)]
struct Resource {
    #[serde(default)]
    attributes: Vec<Attribute>,
}

#[derive(Deserialize)]
struct OfScope {
    #[serde(default)]
    metrics: Vec<Metric>,
}

#[derive(Deserialize)]
struct Attribute {
    key: String,
    #[serde(default)]
    value: Json,
}

#[derive(Deserialize)]
struct Metric {
    name: String,
    #[serde(default)]
    unit: String,
    gauge: Option<Points>,
    sum: Option<Points>,
    histogram: Option<Points>,
    #[serde(alias = "exponential_histogram", rename = "exponentialHistogram")]
    exponential: Option<Points>,
    summary: Option<Points>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Points {
    #[serde(alias = "data_points", rename = "dataPoints", default)]
    all: Vec<Point>,
    #[serde(alias = "aggregation_temporality", default)]
    aggregation_temporality: Json,
    #[serde(alias = "is_monotonic", default)]
    is_monotonic: bool,
}

/// A point of any sort of metric; the numbers are texts where they have 64 bits.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Point {
    #[serde(default)]
    attributes: Vec<Attribute>,
    #[serde(alias = "start_time_unix_nano", default)]
    start_time_unix_nano: Json,
    #[serde(alias = "time_unix_nano", default)]
    time_unix_nano: Json,
    #[serde(alias = "as_int", default)]
    as_int: Json,
    #[serde(alias = "as_double", default)]
    as_double: Json,
    #[serde(default)]
    flags: u32,
    #[serde(default)]
    count: Json,
    #[serde(default)]
    sum: Json,
    #[serde(alias = "bucket_counts", default)]
    bucket_counts: Vec<Json>,
    #[serde(alias = "explicit_bounds", default)]
    explicit_bounds: Vec<Json>,
    #[serde(default)]
    scale: i32,
    #[serde(alias = "zero_count", default)]
    zero_count: Json,
    #[serde(alias = "zero_threshold", default)]
    zero_threshold: Json,
    #[serde(default)]
    positive: Buckets,
    #[serde(default)]
    negative: Buckets,
    #[serde(alias = "quantile_values", default)]
    quantile_values: Vec<Quantile>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Buckets {
    #[serde(default)]
    offset: i32,
    #[serde(alias = "bucket_counts", default)]
    bucket_counts: Vec<Json>,
}

#[derive(Deserialize)]
struct Quantile {
    #[serde(default)]
    quantile: Json,
    #[serde(default)]
    value: Json,
}

/// A point has no value: the series ends.
const NO_VALUE: u32 = 1;

impl MetricFormat for Otlp {
    fn name(&self) -> &'static str {
        "otlp-metrics"
    }

    fn doc(&self) -> &'static str {
        "OpenTelemetry's metrics in JSON, a document or one a line, under the names that Prometheus gives them."
    }

    fn recognises(&self, head: &[u8]) -> bool {
        let first = Keys::of(head.trim_ascii_start()).next();
        matches!(first, Some(b"resourceMetrics" | b"resource_metrics"))
    }

    fn may_hold_markers(&self) -> bool {
        true
    }

    fn read(
        &self,
        bytes: &[u8],
        options: ReadOptions,
        _: &mut Known,
        sink: &mut Sink<'_>,
    ) -> Result<Read, MetricError> {
        let mut reader =
            Reader { read: Read::default(), sink, deltas: BTreeMap::new(), growing: BTreeMap::new() };
        let mut from = 0;
        while from < bytes.len() {
            let mut documents = serde_json::Deserializer::from_slice(&bytes[from..]).into_iter::<Export>();
            let failed = documents.by_ref().find_map(|document| match document {
                Ok(export) => {
                    reader.export(export);
                    None
                }
                Err(error) => Some(error),
            });
            let Some(error) = failed else { break };
            let stopped = from + documents.byte_offset();
            let line = 1 + memchr::memchr_iter(b'\n', &bytes[..stopped]).count() as u64;
            let text = error.to_string();
            let message = text.split(" at line").next().unwrap_or_default().to_owned();
            reader.read.refuse(MetricError { line, column: 1, message, hint: None }, options)?;
            // What follows on the next line may be whole.
            let blank = bytes[stopped..].iter().take_while(|b| b.is_ascii_whitespace()).count();
            let rest = &bytes[stopped + blank..];
            from = memchr::memchr(b'\n', rest).map_or(bytes.len(), |end| stopped + blank + end + 1);
        }
        Ok(reader.finish())
    }

    fn examples(&self) -> &'static [&'static str] {
        &[concat!(
            r#"{"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},{"key":"host.name","value":{"stringValue":"h1"}}]},"#,
            r#""scopeMetrics":[{"scope":{"name":"s"},"metrics":[{"name":"cart.items","unit":"{item}","gauge":{"dataPoints":[{"timeUnixNano":"1703385000000000000","asInt":"3"}]}},"#,
            r#"{"name":"orders","sum":{"dataPoints":[{"attributes":[{"key":"pay.by","value":{"stringValue":"card"}}],"startTimeUnixNano":"1703384990000000000","timeUnixNano":"1703385000000000000","asDouble":2.5}],"#,
            r#""aggregationTemporality":1,"isMonotonic":true}}]}]}]}"#,
            "\n"
        )]
    }
}

/// What has been read, and what can be told at the end only: sums of what was added.
struct Reader<'r, 's> {
    read: Read,
    sink: &'r mut Sink<'s>,
    /// What was added to a series: when it began to be counted, when that was, and how much.
    deltas: BTreeMap<Labels, Vec<(i64, i64, f64)>>,
    /// The same of native histograms.
    growing: BTreeMap<Labels, Vec<(i64, Histogram)>>,
}

/// Does a point have what was added since the last one, and not all since the start?
#[derive(Clone, Copy, PartialEq, Eq)]
enum Temporality {
    Cumulative,
    Delta,
}

impl Points {
    fn temporality(&self) -> Temporality {
        let is_delta = match &self.aggregation_temporality {
            Json::String(word) => word.to_ascii_lowercase().ends_with("delta"),
            number => number.as_i64() == Some(1),
        };
        if is_delta { Temporality::Delta } else { Temporality::Cumulative }
    }
}

impl Reader<'_, '_> {
    fn export(&mut self, export: Export) {
        for of in export.resources {
            let own = of_resource(&of.resource.attributes);
            let mut newest = None;
            for metric in of.scopes.iter().flat_map(|scope| &scope.metrics) {
                newest = newest.max(self.metric(metric, &own));
            }
            if let Some(at) = newest {
                self.target(&of.resource.attributes, own, at);
            }
        }
    }

    /// What a resource says of itself beyond its name, as a series that can be joined.
    fn target(&mut self, attributes: &[Attribute], mut labels: Labels, at: i64) {
        let named = |key: &str| matches!(key, "service.name" | "service.namespace" | "service.instance.id");
        let rest: Vec<&Attribute> = attributes.iter().filter(|attribute| !named(&attribute.key)).collect();
        if rest.is_empty() || labels.is_empty() {
            return;
        }
        set(&mut labels, rest);
        labels.set(Labels::NAME, "target_info");
        self.put(&labels, at, 1.0);
    }

    /// The points of a metric; when the newest of them was.
    fn metric(&mut self, metric: &Metric, own: &Labels) -> Option<i64> {
        let (points, kind) = [
            (&metric.gauge, Kind::Gauge),
            (&metric.sum, Kind::Counter),
            (&metric.histogram, Kind::Other),
            (&metric.exponential, Kind::Other),
            (&metric.summary, Kind::Other),
        ]
        .into_iter()
        .find_map(|(points, kind)| Some((points.as_ref()?, kind)))?;
        // A sum that may fall is no counter.
        let falls = kind == Kind::Counter && !points.is_monotonic;
        let name = names::metric(&metric.name, &metric.unit, if falls { Kind::Gauge } else { kind });
        let temporality = if kind == Kind::Gauge { Temporality::Cumulative } else { points.temporality() };
        let mut newest = None;
        for point in &points.all {
            let Some(at) = millis(&point.time_unix_nano) else { continue };
            newest = newest.max(Some(at));
            let mut labels = own.clone();
            set(&mut labels, &point.attributes);
            labels.set(Labels::NAME, name.as_str());
            let to = To { labels, at, start: millis(&point.start_time_unix_nano), temporality };
            if metric.exponential.is_some() {
                self.exponential(point, to);
            } else if metric.histogram.is_some() {
                self.histogram(point, &to);
            } else if metric.summary.is_some() {
                self.summary(point, &to);
            } else if let Some(value) = value_of(point) {
                self.add(&to, &to.labels, value);
            }
        }
        newest
    }

    fn histogram(&mut self, point: &Point, to: &To) {
        let mut below = 0.0;
        let bounds = point.explicit_bounds.iter().map(number).chain([Some(f64::INFINITY)]);
        let all = if point.flags & NO_VALUE != 0 { None } else { number(&point.count) };
        for (bound, count) in bounds.zip(&point.bucket_counts) {
            let (Some(bound), Some(count)) = (bound, number(count)) else { continue };
            below += count;
            let bound = if bound.is_infinite() { "+Inf".to_owned() } else { bound.to_string() };
            let value = if all.is_none() { f64::from_bits(STALE) } else { below };
            self.add(to, &to.part("_bucket", Some(("le", bound))), value);
        }
        if point.bucket_counts.is_empty() {
            let value = all.unwrap_or(f64::from_bits(STALE));
            self.add(to, &to.part("_bucket", Some(("le", "+Inf".to_owned()))), value);
        }
        self.sum_and_count(point, to);
    }

    fn summary(&mut self, point: &Point, to: &To) {
        for Quantile { quantile, value } in &point.quantile_values {
            // Zero is left out.
            let quantile = number(quantile).unwrap_or(0.0);
            let mut labels = to.labels.clone();
            labels.set("quantile", quantile.to_string());
            self.put(&labels, to.at, number(value).unwrap_or(0.0));
        }
        self.sum_and_count(point, to);
    }

    fn sum_and_count(&mut self, point: &Point, to: &To) {
        let stale = (point.flags & NO_VALUE != 0).then_some(f64::from_bits(STALE));
        for (suffix, value) in [("_count", &point.count), ("_sum", &point.sum)] {
            if let Some(value) = stale.or_else(|| number(value)) {
                self.add(to, &to.part(suffix, None), value);
            }
        }
    }

    fn exponential(&mut self, point: &Point, to: To) {
        if point.flags & NO_VALUE != 0 {
            let histogram = Arc::new(Histogram::stale());
            self.read.histograms.push((to.labels, HistogramSample { at: to.at, start: 0, histogram }));
            return;
        }
        let side = |buckets: &Buckets| {
            let counts = buckets.bucket_counts.iter().map(|count| number(count).unwrap_or(0.0));
            // A place of Prometheus' ends where OpenTelemetry's of the same number begins.
            let first = buckets.offset.saturating_add(1);
            let places = (0..).map(|at: i32| first.saturating_add(at));
            places.zip(counts).filter(|(_, count)| *count != 0.0).collect()
        };
        let of = |value| number(value).unwrap_or(0.0);
        let mut histogram = Histogram {
            schema: point.scale,
            zero_threshold: of(&point.zero_threshold),
            zero_count: of(&point.zero_count),
            count: of(&point.count),
            sum: of(&point.sum),
            positive: side(&point.positive),
            negative: side(&point.negative),
            ..Histogram::default()
        };
        coarsen(&mut histogram, *EXPONENTIAL_SCHEMAS.end());
        if histogram.flaw().is_some() {
            self.read.refused += 1;
            self.read.note("exponential histograms with buckets wider than those of scale -4 are left out");
        } else if to.temporality == Temporality::Delta {
            self.growing.entry(to.labels).or_default().push((to.at, histogram));
        } else {
            self.grown(to.labels, to.at, to.start.unwrap_or(0), histogram);
        }
    }

    fn grown(&mut self, labels: Labels, at: i64, start: i64, histogram: Histogram) {
        self.read.samples += 1;
        self.read.histograms.push((labels, HistogramSample { at, start, histogram: Arc::new(histogram) }));
    }

    /// Puts a value, or adds it to what came before.
    fn add(&mut self, to: &To, labels: &Labels, value: f64) {
        if to.temporality == Temporality::Delta && !value.is_nan() {
            let start = to.start.unwrap_or(to.at);
            self.deltas.entry(labels.clone()).or_default().push((to.at, start, value));
        } else {
            self.put(labels, to.at, value);
        }
    }

    fn put(&mut self, labels: &Labels, at: i64, value: f64) {
        self.read.samples += 1;
        (self.sink)(labels, Sample { at, value });
    }

    /// Adds up what came in parts, from zero on: where the first part began.
    fn finish(mut self) -> Read {
        for (labels, mut parts) in std::mem::take(&mut self.deltas) {
            parts.sort_by_key(|(at, start, _)| (*at, *start));
            let (first, start, _) = parts[0];
            if start < first && start > 0 {
                self.put(&labels, start, 0.0);
            }
            let mut sum = 0.0;
            for (place, (at, _, value)) in parts.iter().enumerate() {
                sum += value;
                // Of several at one time the last one has all of it.
                if parts.get(place + 1).is_none_or(|(next, ..)| next != at) {
                    self.put(&labels, *at, sum);
                }
            }
        }
        for (labels, mut parts) in std::mem::take(&mut self.growing) {
            parts.sort_by_key(|(at, _)| *at);
            let mut sum: Option<Histogram> = None;
            for (at, part) in parts {
                let all = sum.take().map_or_else(|| part.clone(), |sum| added(sum, part.clone()));
                self.grown(labels.clone(), at, 0, all.clone());
                sum = Some(all);
            }
        }
        self.read
    }
}

/// Where a point's values go.
struct To {
    labels: Labels,
    at: i64,
    start: Option<i64>,
    temporality: Temporality,
}

impl To {
    /// The labels of a part of it.
    fn part(&self, suffix: &str, more: Option<(&'static str, String)>) -> Labels {
        let mut labels = self.labels.clone();
        labels.set(Labels::NAME, format!("{}{suffix}", self.labels.metric()));
        if let Some((name, value)) = more {
            labels.set(name, value);
        }
        labels
    }
}

/// The job and the instance that a resource is.
fn of_resource(attributes: &[Attribute]) -> Labels {
    let said = |key: &str| {
        let attribute = attributes.iter().find(|attribute| attribute.key == key)?;
        Some(text(&attribute.value)).filter(|text| !text.is_empty())
    };
    let mut labels = Labels::default();
    if let Some(name) = said("service.name") {
        labels.set("job", said("service.namespace").map_or(name.clone(), |space| format!("{space}/{name}")));
    }
    if let Some(instance) = said("service.instance.id") {
        labels.set("instance", instance);
    }
    labels
}

/// Adds attributes as labels; those that become one label stand in it one behind the other.
fn set<'a>(labels: &mut Labels, attributes: impl IntoIterator<Item = &'a Attribute>) {
    let mut sorted: Vec<&Attribute> = attributes.into_iter().collect();
    sorted.sort_by(|a, b| a.key.cmp(&b.key));
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    for attribute in sorted {
        let value = text(&attribute.value);
        let mine = values.entry(names::label(&attribute.key)).or_default();
        if !mine.is_empty() {
            mine.push(';');
        }
        mine.push_str(&value);
    }
    for (name, value) in values {
        labels.set(name, value);
    }
}

/// A value that names its type, as text.
fn text(value: &Json) -> String {
    let Some((kind, value)) = value.as_object().and_then(|object| object.iter().next()) else {
        return String::new();
    };
    match (kind.as_str(), value) {
        (_, Json::String(text)) => text.clone(),
        ("doubleValue", number) => number.as_f64().map_or_else(String::new, |number| number.to_string()),
        (_, other) => other.to_string(),
    }
}

/// A number, which may be a text.
fn number(value: &Json) -> Option<f64> {
    match value {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => super::exposition::number(text.as_bytes()),
        _ => None,
    }
}

fn value_of(point: &Point) -> Option<f64> {
    if point.flags & NO_VALUE != 0 {
        return Some(f64::from_bits(STALE));
    }
    number(&point.as_int).or_else(|| number(&point.as_double))
}

/// Nanoseconds since the epoch in milliseconds.
fn millis(nanos: &Json) -> Option<i64> {
    let nanos = match nanos {
        Json::Number(number) => number.as_i64(),
        Json::String(text) => text.parse().ok(),
        _ => None,
    };
    nanos.filter(|nanos| *nanos > 0).map(|nanos| nanos / 1_000_000)
}

/// Makes its buckets as wide as those of this schema, if they are narrower.
fn coarsen(histogram: &mut Histogram, schema: i32) {
    while histogram.schema > schema {
        histogram.schema -= 1;
        for side in [&mut histogram.positive, &mut histogram.negative] {
            let mut wide: Vec<(i32, f64)> = Vec::with_capacity(side.len() / 2 + 1);
            for (place, count) in side.iter() {
                let place = place.saturating_add(1) >> 1;
                match wide.last_mut() {
                    Some((last, sum)) if *last == place => *sum += count,
                    _ => wide.push((place, *count)),
                }
            }
            *side = wide;
        }
    }
}

/// Two histograms as one.
fn added(mut one: Histogram, mut other: Histogram) -> Histogram {
    let schema = one.schema.min(other.schema);
    coarsen(&mut one, schema);
    coarsen(&mut other, schema);
    one.count += other.count;
    one.sum += other.sum;
    one.zero_count += other.zero_count;
    one.zero_threshold = one.zero_threshold.max(other.zero_threshold);
    for (side, more) in [(&mut one.positive, other.positive), (&mut one.negative, other.negative)] {
        let mut sums: BTreeMap<i32, f64> = side.iter().copied().collect();
        for (place, count) in more {
            *sums.entry(place).or_default() += count;
        }
        *side = sums.into_iter().collect();
    }
    one
}

#[cfg(test)]
mod tests {
    use super::super::tests::read;
    use super::*;
    use serde_json::json;

    fn of(metrics: &Json) -> (Vec<String>, Read) {
        let text = json!({"resourceMetrics": [{"resource": {"attributes": [
            {"key": "service.name", "value": {"stringValue": "shop"}},
            {"key": "service.namespace", "value": {"stringValue": "eu"}},
            {"key": "service.instance.id", "value": {"stringValue": "i1"}}]},
            "scopeMetrics": [{"metrics": metrics}]}]});
        read("otlp-metrics", &text.to_string(), true).expect("metrics")
    }

    const OWN: &str = "instance=\"i1\", job=\"eu/shop\"";

    #[test]
    fn what_was_added_is_added_up_from_zero() {
        let point = |from: u32, at: u32, value: &str| json!({"startTimeUnixNano": format!("{from}000000000"), "timeUnixNano": format!("{at}000000000"), "asInt": value});
        let points = json!([point(20, 30, "5"), point(10, 20, "2")]);
        let (lines, _) = of(
            &json!([{"name": "orders", "sum": {"dataPoints": points, "aggregationTemporality": "AGGREGATION_TEMPORALITY_DELTA", "isMonotonic": true}}]),
        );
        let series = format!("orders_total{{{OWN}}}");
        assert_eq!(
            lines,
            [format!("{series} 0 @10000"), format!("{series} 2 @20000"), format!("{series} 7 @30000")]
        );
        let (lines, _) =
            of(&json!([{"name": "orders", "sum": {"dataPoints": points, "aggregationTemporality": 2}}]));
        let series = format!("orders{{{OWN}}}");
        assert_eq!(lines, [format!("{series} 5 @30000"), format!("{series} 2 @20000")]);
    }

    #[test]
    fn histograms_have_buckets_sums_and_counts() {
        let point = json!({"timeUnixNano": "20000000000", "count": "6", "sum": 9.5, "explicitBounds": [0.5, 1, 5],
            "bucketCounts": ["1", "2", "0", "3"], "attributes": [{"key": "http.method", "value": {"stringValue": "GET"}}]});
        let (lines, _) = of(
            &json!([{"name": "took", "unit": "s", "histogram": {"dataPoints": [point], "aggregationTemporality": 2}}]),
        );
        let method = "http_method=\"GET\", ";
        let bucket = |bound: &str, count: u32| {
            format!("took_seconds_bucket{{{method}{OWN}, le=\"{bound}\"}} {count} @20000")
        };
        assert_eq!(
            lines,
            [
                bucket("0.5", 1),
                bucket("1", 3),
                bucket("5", 3),
                bucket("+Inf", 6),
                format!("took_seconds_count{{{method}{OWN}}} 6 @20000"),
                format!("took_seconds_sum{{{method}{OWN}}} 9.5 @20000"),
            ]
        );
    }

    #[test]
    fn exponential_histograms_are_native_ones() {
        let point = |at: u32, scale: i32, offset: i32| {
            json!({"timeUnixNano": format!("{at}000000000"), "count": "5", "sum": 20, "scale": scale, "zeroCount": "1",
                "positive": {"offset": offset, "bucketCounts": ["1", "0", "3"]}})
        };
        // Of scale 0 places 1 and 3: (1, 2] and (4, 8].
        let (_, found) = of(
            &json!([{"name": "took", "exponentialHistogram": {"dataPoints": [point(20, 0, 0)], "aggregationTemporality": 2}}]),
        );
        let (labels, sample) = &found.histograms[0];
        assert_eq!(labels.to_string(), format!("took{{{OWN}}}"));
        let limits: Vec<(f64, f64, f64)> =
            sample.histogram.buckets().map(|bucket| (bucket.lower, bucket.upper, bucket.count)).collect();
        assert_eq!(limits, [(0.0, 0.0, 1.0), (1.0, 2.0, 1.0), (4.0, 8.0, 3.0)]);
        // Added up, the finer one has the buckets of the coarser.
        let points = json!([point(20, 0, 0), point(30, 1, 2)]);
        let (_, found) = of(
            &json!([{"name": "took", "exponentialHistogram": {"dataPoints": points, "aggregationTemporality": 1}}]),
        );
        let last = &found.histograms[1].1.histogram;
        // (2, 2√2] and (4, 4√2] become (2, 4] and (4, 8].
        assert_eq!((last.count, last.sum, &last.positive), (10.0, 40.0, &vec![(1, 1.0), (2, 1.0), (3, 6.0)]));
        let (_, found) = of(
            &json!([{"name": "took", "exponentialHistogram": {"dataPoints": [point(20, -9, 0)], "aggregationTemporality": 2}}]),
        );
        assert_eq!((found.histograms.len(), found.refused, found.notes.len()), (0, 1, 1));
    }

    #[test]
    fn summaries_and_resources_are_series_and_a_series_may_end() {
        let point = json!({"timeUnixNano": "20000000000", "count": "4", "sum": 8, "quantileValues": [{"quantile": 0.5, "value": 2}, {"value": 1}]});
        let (lines, _) = of(&json!([{"name": "size", "summary": {"dataPoints": [point]}}]));
        assert_eq!(lines[0], format!("size{{{OWN}, quantile=\"0.5\"}} 2 @20000"));
        assert_eq!(lines[1], format!("size{{{OWN}, quantile=\"0\"}} 1 @20000"));
        let ended = json!({"timeUnixNano": "20000000000", "flags": 1});
        let (lines, _) = of(&json!([{"name": "depth", "gauge": {"dataPoints": [ended]}}]));
        assert_eq!(lines, [format!("depth{{{OWN}}} NaN @20000")]);
        let (lines, _) = read("otlp-metrics", Otlp.examples()[0], true).expect("metrics");
        assert!(
            lines.contains(&"target_info{host_name=\"h1\", job=\"shop\"} 1 @1703385000000".to_owned()),
            "{lines:?}"
        );
    }

    #[test]
    fn a_damaged_line_is_counted_and_the_next_one_read() {
        let whole = Otlp.examples()[0];
        let text = format!("{whole}{}\n{whole}", &whole[..90]);
        let (lines, found) = read("otlp-metrics", &text, false).expect("metrics");
        assert_eq!(found.refused, 1);
        assert_eq!(found.errors[0].line, 2, "{:?}", found.errors);
        assert!(lines.iter().filter(|line| line.starts_with("cart_items")).count() == 2, "{lines:?}");
        assert!(read("otlp-metrics", &text, true).is_err());
    }
}
