//! How answers show native histograms: as the HTTP API of Prometheus does, and in tables.

use std::fmt::Write as _;

use super::api::{float, push_list, quoted};
use crate::model::histogram::{Bucket, Histogram};
use crate::report::table::Cell;

/// As a value in a table.
pub(super) fn cell(histogram: &Histogram) -> Cell {
    Cell::text(histogram.to_string())
}

/// `{"count":"…","sum":"…","buckets":[[sides,"lower","upper","count"],…]}`, with the buckets that hold something.
pub(super) fn json(histogram: &Histogram) -> String {
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
    use crate::promql::notation::histogram;

    #[test]
    fn histograms_are_written_as_the_api_does() {
        let written = |text: &str| json(&histogram(text).expect(text));
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
