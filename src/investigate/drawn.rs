//! Recorded metrics as curves in the bins of pictures, in the shape in which they were judged.

use crate::detect::book::{increases, is_counter};
use crate::model::{Labels, Series, Timestamp};
use crate::promql::Store;
use crate::series::track::Point;
use crate::signatures::meter::{self, OUTCOMES, Worse};
use crate::timeline::course::Grid;

/// A curve, what its values are, and the query that gives them.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// A value for each bin in which there is one.
    pub values: Vec<Option<f64>>,
    /// What a value is: `the most in each bin`.
    pub unit: &'static str,
    /// In PromQL; `RANGE` stands for the width of a bin.
    pub query: String,
}

/// The curve of what a finding is about: a metric's name, and labels that its series have.
pub fn curve(store: &Store, wanted: &Labels, grid: Grid) -> Option<Curve> {
    let name = wanted.metric();
    let own = of(store, name, wanted);
    let curve = match () {
        () if own.is_empty() => mean(store, wanted, grid),
        () if !own.iter().all(|series| is_counter(name, series)) => level(&own, wanted, grid),
        () if own.iter().any(|series| ending(series).is_some()) => share(&own, wanted, grid),
        () => {
            let seconds = grid.every as f64 / 1e9;
            let values = sums(&own, grid).into_iter().map(|sum| sum.map(|sum| sum / seconds)).collect();
            let query = format!("sum(rate({}[RANGE]))", selector(name, wanted));
            Curve { values, unit: "the increase a second", query }
        }
    };
    curve.values.iter().any(Option::is_some).then_some(curve)
}

/// The series of a metric that have these labels.
fn of<'s>(store: &'s Store, name: &str, wanted: &Labels) -> Vec<&'s Series> {
    let fits = |series: &&Series| {
        series.labels.metric() == name
            && wanted.iter().all(|(label, value)| label == Labels::NAME || series.labels.get(label) == value)
    };
    store.series().filter(fits).collect()
}

/// As PromQL writes it.
fn selector(name: &str, wanted: &Labels) -> String {
    let labels = wanted.iter().filter(|(label, _)| *label != Labels::NAME);
    let labels: Vec<String> = labels.map(|(label, value)| format!("{label}={value:?}")).collect();
    format!("{name}{{{}}}", labels.join(", "))
}

/// How something ended, if a label says so.
fn ending(series: &Series) -> Option<&str> {
    OUTCOMES.iter().map(|label| series.labels.get(label)).find(|value| !value.is_empty())
}

fn level(own: &[&Series], wanted: &Labels, grid: Grid) -> Curve {
    let least = meter::of_name(wanted.metric()).worse == Worse::Down;
    let mut values: Vec<Option<f64>> = vec![None; grid.bins];
    for sample in own.iter().flat_map(|series| &series.samples).filter(|sample| sample.value.is_finite()) {
        if let Some(at) = bin(grid, sample.at) {
            let (known, value) = (&mut values[at], sample.value);
            *known = Some(known.map_or(value, |k| if least { k.min(value) } else { k.max(value) }));
        }
    }
    let (function, unit) =
        if least { ("min", "the least in each bin") } else { ("max", "the most in each bin") };
    let query = format!("{function}_over_time({}[RANGE])", selector(wanted.metric(), wanted));
    Curve { values, unit, query }
}

fn mean(store: &Store, wanted: &Labels, grid: Grid) -> Curve {
    let [sum, count] = ["_sum", "_count"].map(|end| format!("{}{end}", wanted.metric()));
    let values = ratios(&of(store, &sum, wanted), &of(store, &count, wanted), grid);
    let grown = |name: &str| format!("sum(increase({}[RANGE]))", selector(name, wanted));
    Curve { values, unit: "the mean in each bin", query: format!("{} / {}", grown(&sum), grown(&count)) }
}

fn share(own: &[&Series], wanted: &Labels, grid: Grid) -> Curve {
    let bad: Vec<&Series> =
        own.iter().copied().filter(|series| ending(series).is_some_and(meter::is_failure)).collect();
    let label =
        own.iter().find_map(|series| OUTCOMES.iter().find(|label| !series.labels.get(label).is_empty()));
    let query = format!(
        "sum by ({}) (increase({}[RANGE]))",
        label.copied().unwrap_or_default(),
        selector(wanted.metric(), wanted)
    );
    Curve { values: ratios(&bad, own, grid), unit: "the share of failures in each bin", query }
}

fn bin(grid: Grid, at_ms: i64) -> Option<usize> {
    grid.bin(Timestamp::from_millis(at_ms)?)
}

/// What counters grew by in each bin.
fn sums(counters: &[&Series], grid: Grid) -> Vec<Option<f64>> {
    let mut sums: Vec<Option<f64>> = vec![None; grid.bins];
    for series in counters {
        let points: Vec<Point> = series.samples.iter().map(|sample| (sample.at, sample.value)).collect();
        for (_, at, grown) in increases(&points).filter(|(.., grown)| grown.is_finite()) {
            if let Some(at) = bin(grid, at) {
                sums[at] = Some(sums[at].unwrap_or(0.0) + grown);
            }
        }
    }
    sums
}

/// One growth by another, where the other is some.
fn ratios(parts: &[&Series], whole: &[&Series], grid: Grid) -> Vec<Option<f64>> {
    let (parts, whole) = (sums(parts, grid), sums(whole, grid));
    let ratio = |(part, whole): (Option<f64>, Option<f64>)| {
        whole.filter(|whole| *whole > 0.0).map(|whole| part.unwrap_or(0.0) / whole)
    };
    parts.into_iter().zip(whole).map(ratio).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sample;
    use crate::model::time::NANOS;

    /// A metric, its labels, and its values every 10 s.
    type Sampled<'s> = (&'s str, &'s [(&'s str, &'s str)], &'s [f64]);

    fn store(series: &[Sampled<'_>]) -> Store {
        let mut store = Store::new();
        for (name, labels, values) in series {
            let labels = Labels::new(labels.iter().copied().chain([(Labels::NAME, *name)]));
            let samples = values.iter().enumerate();
            let samples =
                samples.map(|(at, value)| Sample { at: at as i64 * 10_000, value: *value }).collect();
            store.push(Series::of(labels, samples));
        }
        store
    }

    #[test]
    fn every_kind_of_metric_becomes_a_curve() {
        let grid = Grid { from: Timestamp(0), every: 20 * NANOS, bins: 3 };
        let store = store(&[
            ("heap_bytes", &[("app", "a")], &[1.0, 5.0, 2.0, 2.0, 9.0]),
            ("disk_free_bytes", &[("app", "a")], &[9.0, 5.0, 8.0, 7.0, 1.0]),
            ("jobs_total", &[("app", "a")], &[0.0, 20.0, 40.0, 60.0, 80.0]),
            ("rpc_seconds_sum", &[("app", "a"), ("to", "x")], &[0.0, 1.0, 2.0, 6.0, 10.0]),
            ("rpc_seconds_count", &[("app", "a"), ("to", "x")], &[0.0, 2.0, 4.0, 6.0, 8.0]),
            ("calls_total", &[("app", "a"), ("code", "200")], &[0.0, 8.0, 16.0, 20.0, 24.0]),
            ("calls_total", &[("app", "a"), ("code", "500")], &[0.0, 0.0, 0.0, 4.0, 8.0]),
        ]);
        for (name, values) in [
            ("heap_bytes", [Some(5.0), Some(2.0), Some(9.0)]),
            ("disk_free_bytes", [Some(5.0), Some(7.0), Some(1.0)]),
            ("jobs_total", [Some(1.0), Some(2.0), Some(1.0)]),
            ("rpc_seconds", [Some(0.5), Some(1.25), Some(2.0)]),
            ("calls_total", [Some(0.0), Some(0.25), Some(0.5)]),
        ] {
            let curve = curve(&store, &Labels::new([(Labels::NAME, name), ("app", "a")]), grid);
            assert_eq!(curve.map(|curve| curve.values), Some(values.to_vec()), "{name}");
        }
        assert_eq!(curve(&store, &Labels::new([(Labels::NAME, "heap_bytes"), ("app", "b")]), grid), None);
    }
}
