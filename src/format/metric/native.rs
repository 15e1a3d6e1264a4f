//! Native histograms in texts: as OpenMetrics 2.0 writes them in a line, and as answers of the HTTP API list their
//! buckets.

use std::sync::Arc;

use serde::Deserialize;

use super::exposition::{Fault, Parsed, fault, fault_hinted, number, series, skip_blanks};
use crate::model::histogram::CUSTOM_SCHEMA;
use crate::model::{Histogram, HistogramSample, Labels};

/// A native histogram with its series.
pub(super) type Found = (Labels, HistogramSample);

/// The series, histogram and time of a line; `None` if its value is no histogram. Times are counted `per_second`, and
/// those that are missing are `at_ms`.
pub(super) fn line(line: &[u8], per_second: f64, at_ms: i64) -> Option<Parsed<Found>> {
    // Where blanks may stand before labels, those of a series without any could be the histogram.
    let (labels, end) = series(line, true).or_else(|_| series(line, false)).ok()?;
    let start = skip_blanks(line, end);
    if line.get(start) != Some(&b'{') {
        return None;
    }
    Some(composite(line, start).and_then(|(histogram, end)| {
        let (at, start) = times(line, end, per_second)?;
        let histogram = Arc::new(histogram);
        Ok((labels, HistogramSample { at: at.unwrap_or(at_ms), start: start.unwrap_or(0), histogram }))
    }))
}

/// The time of the sample, and that of the start of the counter, which has a sign before it.
fn times(line: &[u8], end: usize, per_second: f64) -> Parsed<(Option<i64>, Option<i64>)> {
    let mut found = (None, None);
    let mut place = skip_blanks(line, end);
    while place < line.len() && line[place] != b'#' {
        let rest = &line[place..];
        let word = &rest[..memchr::memchr(b' ', rest).unwrap_or(rest.len())];
        let (text, which) = match word.strip_prefix(b"st@") {
            Some(text) => (text, &mut found.1),
            None => (word, &mut found.0),
        };
        let Some(time) = number(text).filter(|time| time.is_finite()) else {
            return fault(place, "the time is no number");
        };
        *which = Some((time * 1_000.0 / per_second).round() as i64);
        place = skip_blanks(line, place + word.len());
    }
    Ok(found)
}

/// `{count:…,sum:…,schema:…,…}`, and the place after it.
fn composite(line: &[u8], start: usize) -> Parsed<(Histogram, usize)> {
    let Some(length) = memchr::memchr(b'}', &line[start..]) else {
        return fault(start, "the histogram has no end");
    };
    let inside = std::str::from_utf8(&line[start + 1..start + length]).map_err(|_| Fault {
        at: start,
        message: "the histogram is no text".to_owned(),
        hint: None,
    })?;
    let wrong = |name: &str| format!("{name} of the histogram cannot be read");
    let mut histogram = Histogram::default();
    let (mut positive, mut negative) = (Buckets::default(), Buckets::default());
    let (mut has_schema, mut rest) = (false, inside);
    while !rest.is_empty() {
        let Some((name, after)) = rest.split_once(':') else {
            return fault(start, format!("the histogram has {rest:?} without a value"));
        };
        let (value, after) = if let Some(list) = after.strip_prefix('[') {
            list.split_once(']').map(|(list, after)| (list, after.strip_prefix(',').unwrap_or(after)))
        } else {
            Some(after.split_once(',').unwrap_or((after, "")))
        }
        .ok_or_else(|| Fault { at: start, message: wrong(name), hint: None })?;
        let read = match name.trim() {
            "count" => put(&mut histogram.count, value),
            "sum" => put(&mut histogram.sum, value),
            "zero_threshold" => put(&mut histogram.zero_threshold, value),
            "zero_count" => put(&mut histogram.zero_count, value),
            "schema" => {
                has_schema = true;
                value.trim().parse().ok().map(|schema| histogram.schema = schema)
            }
            "positive_spans" => spans(value).map(|spans| positive.spans = spans),
            "negative_spans" => spans(value).map(|spans| negative.spans = spans),
            "positive_buckets" => numbers(value).map(|counts| positive.counts = counts),
            "negative_buckets" => numbers(value).map(|counts| negative.counts = counts),
            "custom_values" => numbers(value).map(|bounds| histogram.bounds = bounds.into()),
            _ => {
                let hint =
                    "count, sum, schema, zero_threshold, zero_count, and spans and buckets of both signs";
                return fault_hinted(start, format!("a native histogram has no {name}"), hint);
            }
        };
        if read.is_none() {
            return fault(start, wrong(name));
        }
        rest = after;
    }
    if !has_schema {
        return fault(start, "the histogram has no schema, and only native ones are read");
    }
    let buckets = positive.places().zip(negative.places());
    let Some((positive, negative)) = buckets else {
        return fault(start, "the spans of the histogram are of other buckets than it has");
    };
    (histogram.positive, histogram.negative) = (positive, negative);
    match histogram.flaw() {
        Some(flaw) => fault(start, format!("the histogram cannot be: {flaw}")),
        None => Ok((histogram, start + length + 1)),
    }
}

fn put(into: &mut f64, text: &str) -> Option<()> {
    *into = number(text.trim().as_bytes())?;
    Some(())
}

fn numbers(list: &str) -> Option<Vec<f64>> {
    if list.trim().is_empty() {
        return Some(Vec::new());
    }
    list.split(',').map(|text| number(text.trim().as_bytes())).collect()
}

fn spans(list: &str) -> Option<Vec<(i32, u32)>> {
    if list.trim().is_empty() {
        return Some(Vec::new());
    }
    let span = |text: &str| {
        let (offset, length) = text.split_once(':')?;
        Some((offset.trim().parse().ok()?, length.trim().parse().ok()?))
    };
    list.split(',').map(span).collect()
}

/// The buckets of one side, as they are written.
#[derive(Default)]
struct Buckets {
    /// How far the first one is from the last one before, and how many there are.
    spans: Vec<(i32, u32)>,
    counts: Vec<f64>,
}

impl Buckets {
    /// Places and counts; `None` if they are not as many.
    fn places(&self) -> Option<Vec<(i32, f64)>> {
        let mut counts = self.counts.iter();
        let mut found = Vec::with_capacity(self.counts.len());
        let mut place = 0_i32;
        for (offset, length) in &self.spans {
            place = place.checked_add(*offset)?;
            for _ in 0..*length {
                found.push((place, *counts.next()?));
                place = place.checked_add(1)?;
            }
        }
        counts.next().is_none().then_some(found)
    }
}

/// A native histogram in an answer of the API.
#[derive(Deserialize)]
pub(super) struct Answered {
    count: String,
    sum: String,
    /// Which ends belong to the bucket, its ends, and its count.
    #[serde(default)]
    buckets: Vec<(u8, String, String, String)>,
}

/// The bucket around zero, both of whose ends belong to it.
const AROUND_ZERO: u8 = 3;

impl Answered {
    /// The histogram; its schema is told by how much wider each bucket is than the one before. Buckets that hold
    /// nothing are not in an answer. `None` if something is no number.
    pub(super) fn histogram(&self) -> Option<Histogram> {
        let read = |text: &str| number(text.as_bytes());
        let mut histogram =
            Histogram { count: read(&self.count)?, sum: read(&self.sum)?, ..Histogram::default() };
        let mut buckets = Vec::new();
        for (ends, lower, upper, count) in &self.buckets {
            let (lower, upper, count) = (read(lower)?, read(upper)?, read(count)?);
            if *ends == AROUND_ZERO && lower == -upper {
                (histogram.zero_threshold, histogram.zero_count) = (upper, count);
            } else {
                buckets.push((lower, upper, count));
            }
        }
        match schema(&buckets, histogram.zero_threshold) {
            Some(schema) => {
                histogram.schema = schema;
                for (lower, upper, count) in buckets {
                    let is_negative = lower < 0.0;
                    let far = if is_negative { -lower } else { upper };
                    let place = (far.log2() * f64::from(schema).exp2()).round() as i32;
                    if is_negative {
                        histogram.negative.insert(0, (place, count));
                    } else {
                        histogram.positive.push((place, count));
                    }
                }
            }
            None => custom(&mut histogram, &buckets),
        }
        histogram.flaw().is_none().then_some(histogram)
    }
}

/// The schema of exponential buckets; `None` if they are none.
fn schema(buckets: &[(f64, f64, f64)], zero_threshold: f64) -> Option<i32> {
    let mut found = Vec::new();
    for &(lower, upper, _) in buckets {
        let (near, far) = if lower < 0.0 { (-upper, -lower) } else { (lower, upper) };
        if !(near > 0.0 && far.is_finite()) {
            return None;
        }
        // The bucket beside the one around zero may be cut by it.
        if near != zero_threshold {
            found.push((far / near).log2().log2());
        }
    }
    let Some(first) = found.first() else { return buckets.is_empty().then_some(0) };
    let schema = -first.round();
    let agrees = |width: &f64| (width + schema).abs() < 1e-3;
    (found.iter().all(agrees) && (-4.0..=8.0).contains(&schema)).then_some(schema as i32)
}

/// Buckets with limits of their own.
fn custom(histogram: &mut Histogram, buckets: &[(f64, f64, f64)]) {
    let ends = buckets.iter().flat_map(|(lower, upper, _)| [*lower, *upper]);
    let mut bounds: Vec<f64> = ends.filter(|end| end.is_finite()).collect();
    bounds.sort_by(f64::total_cmp);
    bounds.dedup();
    let place = |upper: f64| bounds.iter().position(|bound| *bound == upper).unwrap_or(bounds.len());
    histogram.positive = buckets.iter().map(|(_, upper, count)| (place(*upper) as i32, *count)).collect();
    histogram.schema = CUSTOM_SCHEMA;
    histogram.bounds = bounds.into();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_openmetrics_2() {
        let text = "rpc_seconds{a=\"b\"} {count:59,sum:1.2e2,schema:1,zero_threshold:1e-4,zero_count:3,\
                    negative_spans:[1:2],negative_buckets:[5,7],positive_spans:[-1:2,3:1],\
                    positive_buckets:[5,7,10]} 1520879607.789 st@1520879000 # {} 1";
        let (labels, sample) = line(text.as_bytes(), 1.0, 0).expect("a histogram").expect("a valid one");
        assert_eq!(labels.to_string(), "rpc_seconds{a=\"b\"}");
        assert_eq!((sample.at, sample.start), (1_520_879_607_789, 1_520_879_000_000));
        let histogram = &sample.histogram;
        assert_eq!((histogram.count, histogram.sum, histogram.schema), (59.0, 120.0, 1));
        assert_eq!((histogram.zero_threshold, histogram.zero_count), (1e-4, 3.0));
        assert_eq!(histogram.negative, [(1, 5.0), (2, 7.0)]);
        assert_eq!(histogram.positive, [(-1, 5.0), (0, 7.0), (4, 10.0)]);
        let custom = line(
            b"x {count:3,sum:4,schema:-53,custom_values:[1,2.5],positive_spans:[0:3],positive_buckets:[1,1,1]}",
            1.0,
            7,
        );
        let (_, sample) = custom.expect("a histogram").expect("a valid one");
        assert_eq!((sample.at, &*sample.histogram.bounds), (7, &[1.0, 2.5][..]));
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (value, message) in [
            ("{count:1", "no end"),
            ("{count:x,schema:0}", "count of the histogram cannot be read"),
            ("{count:1,sum:1,bucket:[1:1]}", "has no bucket"),
            ("{count:1,sum:1}", "has no schema"),
            ("{count:1,sum:1,schema:99}", "schema 99 is unknown"),
            ("{count:1,sum:1,schema:0,positive_spans:[0:4000000000],positive_buckets:[1]}", "other buckets"),
            ("{count:1,sum:1,schema:0,positive_spans:[0:1],positive_buckets:[1,2]}", "other buckets"),
            ("{count}", "without a value"),
            ("{count:1,sum:1,schema:0} soon", "the time is no number"),
        ] {
            let fault = line(format!("x {value}").as_bytes(), 1.0, 0).expect("a histogram").expect_err(value);
            assert!(fault.message.contains(message), "{value}: {}", fault.message);
        }
        assert!(line(b"x 1 2", 1.0, 0).is_none());
    }

    #[test]
    fn buckets_of_an_answer_tell_their_schema() {
        let of = |text: &str| serde_json::from_str::<Answered>(text).expect("JSON").histogram();
        let exponential = r#"{"count":"6","sum":"1.5","buckets":[[1,"-2","-1","1"],[3,"-0.1","0.1","2"],
            [0,"0.1","0.5","1"],[0,"0.5","1","1"],[0,"4","8","1"]]}"#;
        let histogram = of(exponential).expect("a histogram");
        assert_eq!((histogram.schema, histogram.zero_threshold, histogram.zero_count), (0, 0.1, 2.0));
        assert_eq!(histogram.negative, [(1, 1.0)]);
        assert_eq!(histogram.positive, [(-1, 1.0), (0, 1.0), (3, 1.0)]);
        let custom =
            r#"{"count":"3","sum":"9","buckets":[[0,"-Inf","1","1"],[0,"1","5","1"],[0,"10","+Inf","1"]]}"#;
        let histogram = of(custom).expect("a histogram");
        assert_eq!((histogram.schema, &*histogram.bounds), (CUSTOM_SCHEMA, &[1.0, 5.0, 10.0][..]));
        assert_eq!(histogram.positive, [(0, 1.0), (1, 1.0), (3, 1.0)]);
        assert_eq!(of(r#"{"count":"0","sum":"0"}"#).map(|histogram| histogram.count), Some(0.0));
        assert_eq!(of(r#"{"count":"x","sum":"0"}"#), None);
    }
}
