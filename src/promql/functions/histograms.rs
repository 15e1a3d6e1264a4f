//! Functions of histograms, native ones and those of classic buckets: quantiles, shares, means.

use std::collections::BTreeMap;

use crate::model::{Labels, histogram as native};
use crate::promql::ast::{Node, Span};
use crate::promql::display::Float;
use crate::promql::eval::{
    ABSENT, Column, Evaluated, Evaluator, Held, Notes, Outcome, Steps, meant, merge, present,
};
use crate::promql::native::{Seen, fraction as native_fraction, quantile as native_quantile, variance};

/// The label that holds a bucket's upper limit.
const LIMIT: &str = "le";
/// Counts that differ by less than this share are the same count, computed on different ways.
const TOLERANCE: f64 = 1e-12;

/// One number of each native histogram; of numbers there is nothing that it could tell.
fn of_native<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    vector: &'a Node,
    steps: Steps,
    f: fn(&native::Histogram) -> f64,
) -> Outcome<Evaluated> {
    let mut columns = evaluator.vector(vector, steps)?;
    columns.retain(|column| !column.is_plain());
    for column in &mut columns {
        let cells = (0..steps.count).map(|i| match column.held(i) {
            Held::Histogram(histogram) => f(histogram),
            _ => ABSENT,
        });
        *column = Column::floats(column.labels.clone(), column.drop_name, cells.collect());
    }
    columns.retain(|column| !column.is_empty());
    evaluator.unnamed(columns, node.span).map(Evaluated::Vector)
}

macro_rules! of_native {
    ($($name:ident = $number:expr;)*) => {
        $(pub(super) fn $name<'a>(
            evaluator: &mut Evaluator<'a>,
            node: &'a Node,
            arguments: &'a [Node],
            steps: Steps,
        ) -> Outcome<Evaluated> {
            of_native(evaluator, node, &arguments[0], steps, $number)
        })*
    };
}

of_native! {
    avg = |histogram| histogram.sum / histogram.count;
    count = |histogram| histogram.count;
    sum = |histogram| histogram.sum;
    stddev = |histogram| variance(histogram).sqrt();
    stdvar = variance;
}

/// A bucket: its upper limit, and the count of all observations up to it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bucket {
    limit: f64,
    count: f64,
}

/// The series of one histogram: all labels but the limit, and limit and column of each bucket.
struct Histogram {
    labels: Labels,
    drop_name: bool,
    buckets: Vec<(f64, usize)>,
}

impl Histogram {
    /// The buckets that have a sample at a time, sorted by limit, those of the same limit added up.
    fn at(&self, columns: &[Column], i: usize, buckets: &mut Vec<Bucket>) {
        buckets.clear();
        for &(limit, member) in &self.buckets {
            let Held::Float(count) = columns[member].held(i) else { continue };
            match buckets.last_mut() {
                Some(last) if last.limit == limit => last.count += count,
                _ => buckets.push(Bucket { limit, count }),
            }
        }
    }
}

/// The histograms that a vector holds.
fn histograms(evaluator: &mut Evaluator<'_>, columns: &[Column], span: Span) -> Vec<Histogram> {
    let mut known: BTreeMap<Labels, usize> = BTreeMap::new();
    let mut histograms: Vec<Histogram> = Vec::new();
    let with_values = |column: &Column| {
        let plain = column.is_plain();
        (0..column.cells.len())
            .any(|i| if plain { present(column.cells[i]) } else { matches!(column.held(i), Held::Float(_)) })
    };
    for (member, column) in columns.iter().enumerate().filter(|(_, column)| with_values(column)) {
        let text = column.labels.get(LIMIT);
        let Some(limit) = parse_limit(text) else {
            let name = column.labels.metric();
            let message = format!(
                "bucket label \"le\" is missing or has a malformed value of {text:?}{}",
                of_metric(name)
            );
            evaluator.warn(span, message);
            continue;
        };
        let mut labels = column.labels.clone();
        labels.retain(|name| name != LIMIT);
        let place = *known.entry(labels.clone()).or_insert_with(|| {
            histograms.push(Histogram { labels, drop_name: column.drop_name, buckets: Vec::new() });
            histograms.len() - 1
        });
        histograms[place].buckets.push((limit, member));
    }
    for histogram in &mut histograms {
        histogram.buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    histograms
}

fn of_metric(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!(" for metric name {name:?}") }
}

fn parse_limit(text: &str) -> Option<f64> {
    text.parse().ok()
}

/// How far counts had to be changed so that none is smaller than the one before.
#[derive(Clone, Copy, Debug)]
struct Fix {
    low: f64,
    high: f64,
    most: f64,
}

/// Makes no count smaller than the one before; says so if the difference matters.
fn make_monotonic(buckets: &mut [Bucket]) -> Option<Fix> {
    let mut before = buckets.first()?.count;
    let mut fix: Option<Fix> = None;
    for bucket in &mut buckets[1..] {
        let count = bucket.count;
        if almost_equal(before, count) {
            bucket.count = before;
        } else if count < before {
            bucket.count = before;
            let lost = before - count;
            fix = Some(match fix {
                None => Fix { low: bucket.limit, high: bucket.limit, most: lost },
                Some(fix) => Fix {
                    low: fix.low.min(bucket.limit),
                    high: fix.high.max(bucket.limit),
                    most: fix.most.max(lost),
                },
            });
        } else {
            before = count;
        }
    }
    fix
}

fn almost_equal(a: f64, b: f64) -> bool {
    if a == b {
        return true;
    }
    let sum = a.abs() + b.abs();
    let difference = (a - b).abs();
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        difference < TOLERANCE * f64::MIN_POSITIVE
    } else {
        difference / sum.min(f64::MAX) < TOLERANCE
    }
}

/// The quantile, interpolated linearly within its bucket, and what had to be done to the buckets for it. They are
/// sorted; a level that is no share, and buckets of which the last has a limit, need no look at the counts.
fn quantile_of(level: f64, buckets: &mut [Bucket]) -> (f64, Option<Fix>) {
    if level.is_nan() {
        return (f64::NAN, None);
    }
    if level < 0.0 {
        return (f64::NEG_INFINITY, None);
    }
    if level > 1.0 {
        return (f64::INFINITY, None);
    }
    if buckets.last().is_none_or(|last| last.limit != f64::INFINITY) {
        return (f64::NAN, None);
    }
    let fix = make_monotonic(buckets);
    let value = match *buckets {
        [first, .., before_last, last] => within(level, buckets, first, before_last, last),
        [first, last] => within(level, buckets, first, first, last),
        _ => f64::NAN,
    };
    (value, fix)
}

fn within(level: f64, buckets: &[Bucket], first: Bucket, before_last: Bucket, last: Bucket) -> f64 {
    if last.count == 0.0 || last.count.is_nan() {
        return f64::NAN;
    }
    let rank = level * last.count;
    let place = buckets[..buckets.len() - 1].partition_point(|bucket| bucket.count < rank);
    if place == buckets.len() - 1 {
        return before_last.limit;
    }
    if place == 0 && first.limit <= 0.0 {
        return first.limit;
    }
    let bucket = buckets[place];
    let below = match place.checked_sub(1) {
        Some(below) => buckets[below],
        None => Bucket { limit: 0.0, count: 0.0 },
    };
    below.limit + (bucket.limit - below.limit) * ((rank - below.count) / (bucket.count - below.count))
}

/// The share of observations between two limits, interpolated linearly within buckets of finite width.
fn fraction_of(lower: f64, upper: f64, buckets: &[Bucket]) -> f64 {
    let Some(last) = buckets.last() else { return f64::NAN };
    if last.limit != f64::INFINITY || last.count == 0.0 || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    let (from, to) = (rank_of(lower, buckets, true), rank_of(upper, buckets, false));
    (to - from) / last.count
}

/// How many observations are below a value; of a bucket without lower limit, `is_lower` counts all or none.
fn rank_of(value: f64, buckets: &[Bucket], is_lower: bool) -> f64 {
    let mut below = 0.0;
    let mut low = f64::NEG_INFINITY;
    for (i, bucket) in buckets.iter().enumerate() {
        if i == 0 && bucket.limit > 0.0 {
            low = 0.0;
        }
        if low >= value {
            return below;
        }
        if bucket.limit > value {
            return match (low.is_infinite(), bucket.limit.is_infinite()) {
                (true, _) => {
                    if is_lower {
                        bucket.count
                    } else {
                        below
                    }
                }
                (false, true) => below,
                (false, false) => below + (bucket.count - below) * (value - low) / (bucket.limit - low),
            };
        }
        (below, low) = (bucket.count, bucket.limit);
    }
    below
}

impl Evaluator<'_> {
    fn note_fix(&mut self, fix: Fix, name: &str, span: Span) {
        let message = format!(
            "input to histogram_quantile needed to be fixed for monotonicity (see \
             https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile) from buckets {} \
             to {}, with a max diff of {}{}",
            Float(fix.low),
            Float(fix.high),
            Float(fix.most),
            of_metric(name)
        );
        self.inform(span, message);
    }
}

/// A number from classic buckets at a time, and what had to be done to them.
type OfClassic<'f> = dyn Fn(usize, &mut [Bucket]) -> (f64, Option<Fix>) + 'f;

/// What is asked of a histogram at a time, of whichever kind.
struct Asked<'f> {
    classic: &'f OfClassic<'f>,
    native: &'f dyn Fn(usize, &native::Histogram) -> (f64, Seen),
    /// What is said of NaN among the observations that makes the answer NaN, or skews it.
    of_nan: (&'static str, &'static str),
}

/// One number of each histogram at each time.
fn each_histogram<'a>(
    evaluator: &mut Evaluator<'a>,
    vector: &'a Node,
    columns: &[Column],
    steps: Steps,
    asked: &Asked<'_>,
) -> Vec<Column> {
    let mut out = Vec::new();
    let mut buckets = Vec::new();
    let span = meant(vector);
    let histograms = histograms(evaluator, columns, span);
    let by_labels: BTreeMap<&Labels, &Histogram> =
        histograms.iter().map(|histogram| (&histogram.labels, histogram)).collect();
    // At which times there is a native one of the same labels, so that neither can be meant.
    let mut doubted: BTreeMap<&Labels, Vec<usize>> = BTreeMap::new();
    for column in columns.iter().filter(|column| !column.is_plain()) {
        let rival = by_labels.get(&column.labels);
        let mut cells = vec![ABSENT; steps.count];
        let mut notes = Notes::about(&column.labels);
        for (i, cell) in cells.iter_mut().enumerate() {
            let Held::Histogram(histogram) = column.held(i) else { continue };
            if let Some(rival) = rival {
                rival.at(columns, i, &mut buckets);
                if !buckets.is_empty() {
                    doubted.entry(&column.labels).or_default().push(i);
                    notes.warn(|metric| {
                        format!("vector contains a mix of classic and native histograms{}", of_metric(metric))
                    });
                    continue;
                }
            }
            let seen;
            (*cell, seen) = (asked.native)(i, histogram);
            let text = match seen {
                Seen::Nothing => continue,
                Seen::Nan => asked.of_nan.0,
                Seen::Skewed => asked.of_nan.1,
            };
            notes.inform(|metric| format!("input to {text}{}", of_metric(metric)));
        }
        evaluator.tell(notes, span);
        if cells.iter().any(|cell| present(*cell)) {
            out.push(Column::floats(column.labels.clone(), column.drop_name, cells));
        }
    }
    for histogram in &histograms {
        let doubted = doubted.get(&histogram.labels).map_or(&[][..], Vec::as_slice);
        let mut cells = vec![ABSENT; steps.count];
        let mut fixed: Option<Fix> = None;
        for (i, cell) in cells.iter_mut().enumerate() {
            if doubted.contains(&i) {
                continue;
            }
            histogram.at(columns, i, &mut buckets);
            if buckets.is_empty() {
                continue;
            }
            let fix;
            (*cell, fix) = (asked.classic)(i, &mut buckets);
            fixed = fix.or(fixed);
        }
        if let Some(fix) = fixed {
            evaluator.note_fix(fix, histogram.labels.metric(), span);
        }
        if cells.iter().any(|cell| present(*cell)) {
            out.push(Column::floats(histogram.labels.clone(), histogram.drop_name, cells));
        }
    }
    out
}

/// What is asked for a quantile of these levels.
fn quantiles_of(levels: &[f64], f: impl FnOnce(&Asked<'_>) -> Vec<Column>) -> Vec<Column> {
    f(&Asked {
        classic: &|i, buckets| quantile_of(levels[i], buckets),
        native: &|i, histogram| native_quantile(levels[i], histogram),
        of_nan: (
            "histogram_quantile has NaN observations, result is NaN",
            "histogram_quantile has NaN observations, result is skewed higher",
        ),
    })
}

pub(super) fn quantile<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    let levels = evaluator.scalar(&arguments[0], steps)?;
    evaluator.check_quantiles(&levels, meant(&arguments[0]));
    let columns = evaluator.vector(&arguments[1], steps)?;
    let out = quantiles_of(&levels, |asked| each_histogram(evaluator, &arguments[1], &columns, steps, asked));
    evaluator.unnamed(out, node.span).map(Evaluated::Vector)
}

pub(super) fn quantiles<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    let wrong = |name: &str| format!("invalid label name \"{name}\"");
    let label = evaluator.label_name(&arguments[1], steps, wrong)?;
    let mut levels = Vec::new();
    for argument in &arguments[2..] {
        let cells = evaluator.scalar(argument, steps)?;
        evaluator.check_quantiles(&cells, meant(argument));
        levels.push(cells);
    }
    let columns = evaluator.vector(&arguments[0], steps)?;
    let mut out = Vec::new();
    for levels in &levels {
        let found =
            quantiles_of(levels, |asked| each_histogram(evaluator, &arguments[0], &columns, steps, asked));
        // The level may differ from one time to the next, and with it the series.
        let mut texts: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (i, &level) in levels.iter().enumerate() {
            texts.entry(open_metrics_number(level)).or_default().push(i);
        }
        for column in found {
            for (text, places) in &texts {
                let mut labels = column.labels.clone();
                labels.set(label.clone(), text.as_str());
                let mut cells = vec![ABSENT; steps.count];
                for &i in places {
                    cells[i] = column.cells[i];
                }
                out.push(Column::floats(labels, column.drop_name, cells));
            }
        }
        evaluator.check_cells(out.len(), steps, node.span)?;
    }
    let out = merge(out, node.span)?;
    evaluator.unnamed(out, node.span).map(Evaluated::Vector)
}

/// A number as OpenMetrics writes it: always with a point or an exponent.
fn open_metrics_number(number: f64) -> String {
    let text = Float(number).to_string();
    if text.contains(['.', 'e', 'N', 'I']) { text } else { format!("{text}.0") }
}

pub(super) fn fraction<'a>(
    evaluator: &mut Evaluator<'a>,
    node: &'a Node,
    arguments: &'a [Node],
    steps: Steps,
) -> Outcome<Evaluated> {
    let lower = evaluator.scalar(&arguments[0], steps)?;
    let upper = evaluator.scalar(&arguments[1], steps)?;
    let columns = evaluator.vector(&arguments[2], steps)?;
    let asked = Asked {
        classic: &|i, buckets| {
            make_monotonic(buckets);
            (fraction_of(lower[i], upper[i], buckets), None)
        },
        native: &|i, histogram| native_fraction(lower[i], upper[i], histogram),
        of_nan: ("", "histogram_fraction has NaN observations, which are excluded from all fractions"),
    };
    let out = each_histogram(evaluator, &arguments[2], &columns, steps, &asked);
    evaluator.unnamed(out, node.span).map(Evaluated::Vector)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(pairs: &[(f64, f64)]) -> Vec<Bucket> {
        pairs.iter().map(|&(limit, count)| Bucket { limit, count }).collect()
    }

    #[test]
    fn quantiles_are_interpolated() {
        let some = [(1.0, 2.0), (2.0, 4.0), (f64::INFINITY, 5.0)];
        let quantile = |level: f64, pairs: &[(f64, f64)]| quantile_of(level, &mut buckets(pairs)).0;
        for (level, expected) in [(0.0, 0.0), (0.2, 0.5), (0.6, 1.5), (0.9, 2.0), (1.0, 2.0)] {
            assert!((quantile(level, &some) - expected).abs() < 1e-12, "{level}");
        }
        assert!(quantile(0.5, &[(1.0, 1.0)]).is_nan());
        assert!(quantile(0.5, &[(f64::INFINITY, 1.0)]).is_nan());
        assert_eq!(quantile(0.5, &[(1.0, 1.0), (f64::INFINITY, 2.0)]), 1.0);
    }

    #[test]
    fn shares_count_no_bucket_of_infinite_width() {
        let inf = f64::INFINITY;
        let some = buckets(&[(-1.0, 10.0), (1.0, 30.0), (inf, 40.0)]);
        for (lower, upper, expected) in [
            (-inf, inf, 1.0),
            (-2.0, 0.0, 0.25),
            (0.0, 5.0, 0.25),
            (5.0, inf, 0.25),
            (3.0, 2.0, 0.0),
            (-inf, -1.0, 0.25),
        ] {
            assert!((fraction_of(lower, upper, &some) - expected).abs() < 1e-12, "{lower} {upper}");
        }
    }
}
