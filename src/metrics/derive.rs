//! Log entries added up to series, in one scan: what happened is counted by step of the clock and read out as
//! counters, gauges and histograms.

use std::collections::BTreeMap;

use super::clock::{Clock, Hold, step_after};
use super::declared::MetricKind;
use super::plan::{LabelSource, Metric, Plan, What, bounds, label_of};
use super::spans::{self, Called, OfSpan};
use crate::fold::{Damaged, Fold, Loaded, Saved, Table, Travel};
use crate::model::time::NANOS;
use crate::model::{Entry, Error, Labels, Location, Sample, Series, Timestamp};
use crate::outcome::{self, Alone, Ending, Outcome, Told};
use crate::promql::Store;
use crate::scan::Inputs;
use crate::traces::Collector;

/// Units of the fixed point in which values are added: a billionth.
const ONE: i128 = 1_000_000_000;

/// The sum of a histogram, as a part of its key; buckets are numbered from 0.
const SUM: u16 = u16::MAX;

/// Samples of metrics derived from logs are this many at most: a gigabyte.
const MAX_SAMPLES: usize = 60_000_000;

/// So many are made whatever there is (64 MB), and so many more for each thing that happened, before series are left out
/// where nothing happens.
const FREE_SAMPLES: usize = 4_000_000;
const SAMPLES_OF_ONE: usize = 64;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// What entries add up to.
#[derive(Debug)]
pub(super) struct Derived<'p> {
    plan: &'p Plan,
    inputs: &'p Inputs,
    step_ms: i64,
    /// What is added: metric, labels, part and step → sum in the fixed point.
    sums: Table<i128>,
    /// Gauges: metric, labels, part and step → the last value, and when it was and where.
    lasts: Table<(Timestamp, Location, f64)>,
    /// Requests of several entries, by the metric and the key of the id.
    requests: Table<Request>,
    /// Requests of one entry, which are counted when it is known how many say how they ended: by the metric, the
    /// labels and the step.
    alone: Table<Alone>,
    /// Labels of requests, each with its number.
    labels: Table<()>,
    /// Spans, if calls between services are asked for.
    spans: Option<Collector<'p>>,
    /// Entries without a time.
    pub undated: u64,
    /// The key at hand; kept to be reused.
    key: Vec<u8>,
}

impl<'p> Derived<'p> {
    pub(super) fn new(plan: &'p Plan, inputs: &'p Inputs, step_ms: i64) -> Self {
        Derived {
            plan,
            inputs,
            step_ms,
            sums: Table::default(),
            lasts: Table::default(),
            requests: Table::default(),
            alone: Table::default(),
            labels: Table::default(),
            spans: plan.asks_for_calls().then(|| Collector::new(inputs, 1)),
            undated: 0,
            key: Vec::new(),
        }
    }

    fn add_metric(&mut self, index: usize, metric: &Metric, entry: &Entry<'_, '_>, ts: Timestamp) {
        let slots = entry.slots;
        match &metric.what {
            What::Entries => {
                self.start(index, metric, entry);
                self.count(0, ts, ONE);
            }
            What::Requests => self.request(index, metric, entry, ts),
            What::Durations => {
                if let Some(millis) = slots.duration.filter(|_| self.plan.tells(entry)) {
                    self.start(index, metric, entry);
                    self.observe(bounds(&metric.what), ts, millis / 1e3);
                }
            }
            What::Spans(what) => {
                if slots.span.is_some()
                    && let Some(value) = what.of_span(slots.duration)
                {
                    self.start(index, metric, entry);
                    self.add_value(what.bounds(), ts, value);
                }
            }
            What::Declared { filter, kind, measure, buckets } => {
                if !filter.matches(slots) {
                    return;
                }
                let value = match measure {
                    None => Some(1.0),
                    Some(measure) => measure.of(slots),
                };
                let Some(value) = value else { return };
                self.start(index, metric, entry);
                match kind {
                    MetricKind::Counter => self.count(0, ts, fixed(value)),
                    MetricKind::Histogram => self.observe(buckets, ts, value),
                    MetricKind::Gauge => self.hold(ts, entry.location, value),
                }
            }
        }
    }

    /// Begins a key: the metric and its labels; how a request ended is filled in later.
    fn start(&mut self, index: usize, metric: &Metric, entry: &Entry<'_, '_>) {
        let key = &mut self.key;
        key.clear();
        key.extend_from_slice(&(index as u16).to_be_bytes());
        let file = self.inputs.logs.get(entry.location.file as usize).map(|log| log.shown.as_bytes());
        for (_, source) in &metric.labels {
            label_of(*source, entry.slots, file, &mut |value| write(key, value));
        }
    }

    /// Adds the calls between services.
    fn settle_calls(&mut self) {
        let (plan, spans) = (self.plan, self.spans.take());
        let Some(traces) = spans.map(Collector::settled) else { return };
        spans::each_call(&traces, |call| {
            for (index, metric) in plan.metrics.iter().enumerate() {
                let What::Spans(what) = metric.what else { continue };
                let Some(value) = what.of_call(&call) else { continue };
                self.start_call(index, metric, &call);
                self.add_value(what.bounds(), call.at, value);
            }
        });
    }

    /// Begins the key of a call between services.
    fn start_call(&mut self, index: usize, metric: &Metric, call: &Called<'_>) {
        self.key.clear();
        self.key.extend_from_slice(&(index as u16).to_be_bytes());
        for (_, source) in &metric.labels {
            let value = match source {
                LabelSource::Span(OfSpan::Client) => Some(call.client),
                LabelSource::Span(OfSpan::Server) => Some(call.server),
                LabelSource::Span(OfSpan::Connection) => Some(call.connection),
                _ => None,
            };
            write(&mut self.key, value.map(str::as_bytes));
        }
    }

    /// Adds a value to a counter, or to a histogram of these bounds.
    fn add_value(&mut self, bounds: &[f64], ts: Timestamp, value: f64) {
        match bounds {
            [] => self.count(0, ts, fixed(value)),
            bounds => self.observe(bounds, ts, value),
        }
    }

    fn count(&mut self, part: u16, ts: Timestamp, amount: i128) {
        let length = self.key.len();
        finish(&mut self.key, part, step_after(self.step_ms, ts));
        *self.sums.entry(&self.key, || 0) += amount;
        self.key.truncate(length);
    }

    fn observe(&mut self, bounds: &[f64], ts: Timestamp, value: f64) {
        let bucket = bounds.partition_point(|bound| *bound < value);
        self.count(bucket as u16, ts, ONE);
        self.count(SUM, ts, fixed(value));
    }

    fn hold(&mut self, ts: Timestamp, location: Location, value: f64) {
        finish(&mut self.key, 0, step_after(self.step_ms, ts));
        let mine = self.lasts.entry(&self.key, || (ts, location, value));
        if (mine.0, mine.1) < (ts, location) {
            *mine = (ts, location, value);
        }
    }

    /// Notes what an entry says of a request. One of several entries belongs to the labels of the first of them: to
    /// the service in which it begins.
    fn request(&mut self, index: usize, metric: &Metric, entry: &Entry<'_, '_>, ts: Timestamp) {
        let plan = self.plan;
        let Some(judge) = plan.judge.as_ref().filter(|judge| judge.tells(entry.slots)) else { return };
        self.start(index, metric, entry);
        let ending = judge.ending(entry);
        match judge.id(entry.slots).filter(|_| judge.joins()) {
            Some(id) => {
                let labels = self.labels.number(&self.key, || ());
                // An entry of a whole second may have been up to a second later.
                let coarse = plan.coarse.get(entry.location.file as usize) == Some(&true);
                let at = Timestamp(ts.0.saturating_add(if coarse { NANOS } else { 0 }));
                let first = (at, entry.location, labels);
                self.key.truncate(2);
                self.key.extend_from_slice(&outcome::key(&id).to_be_bytes());
                let request = self.requests.entry(&self.key, || Request { first, ending });
                request.merge(&Request { first, ending });
            }
            None if ending.counts(judge.rule()) => {
                finish(&mut self.key, 0, step_after(self.step_ms, ts));
                self.alone.entry(&self.key, Alone::default).add(&ending, judge.rule());
            }
            None => {}
        }
    }

    /// Counts the requests: those of several entries at their last one.
    fn settle_requests(&mut self) {
        let Some(judge) = &self.plan.judge else { return };
        let (requests, alone) = (std::mem::take(&mut self.requests), std::mem::take(&mut self.alone));
        let (said, all) =
            alone.rows().fold((0, 0), |(said, all), (_, alone)| (said + alone.said(), all + alone.len()));
        let told = Told::of(requests.rows().map(|(_, request)| &request.ending)).and(said, all).is_usual();
        for (key, alone) in alone.rows() {
            for (outcome, count) in alone.outcomes(told) {
                self.key_of(&key[..key.len() - STEP], outcome);
                self.key.extend_from_slice(&key[key.len() - STEP..]);
                *self.sums.entry(&self.key, || 0) += ONE * i128::from(count);
            }
        }
        for (_, Request { first: (.., labels), ending }) in requests.rows() {
            let Some((ts, _)) = ending.last().filter(|_| ending.counts(judge.rule())) else { continue };
            let labels = self.labels.key_of(*labels).to_vec();
            self.key_of(&labels, ending.outcome(judge.rule(), told));
            self.count(0, ts, ONE);
        }
    }

    /// The key of a metric and its labels, with how requests ended.
    fn key_of(&mut self, labels: &[u8], outcome: Outcome) {
        self.key.clear();
        self.key.extend_from_slice(&labels[..2]);
        let index = usize::from(u16::from_be_bytes([labels[0], labels[1]]));
        let Some(metric) = self.plan.metrics.get(index) else { return };
        let (values, _) = read(&labels[2..], metric.labels.len());
        for ((_, source), value) in metric.labels.iter().zip(values) {
            let outcome = (*source == LabelSource::Outcome).then(|| outcome.name().as_bytes());
            write(&mut self.key, outcome.or(value));
        }
    }

    /// Reads the series out, at the times of the clock; says how long they are held where nothing happens.
    pub(super) fn into_store(mut self, clock: Clock, store: &mut Store) -> Result<Hold, Error> {
        self.settle_requests();
        self.settle_calls();
        let happened = self.sums.len() + self.lasts.len();
        let sums = groups(self.plan, self.sums.into_sorted());
        let lasts = groups(self.plan, self.lasts.into_sorted());
        let fits = |hold: Hold| {
            let samples = sums.iter().map(|sum| samples_of(sum, hold, clock)).sum::<usize>()
                + lasts.iter().map(|last| samples_of(last, hold, clock)).sum::<usize>();
            samples <= FREE_SAMPLES + SAMPLES_OF_ONE * happened
        };
        let around = |millis: i64| Hold::Around(millis / clock.step_ms + 1);
        let hold = [Hold::Always, around(DAY_MS)].into_iter().find(|hold| fits(*hold));
        let hold = hold.unwrap_or_else(|| around(HOUR_MS));
        let mut made = 0;
        let mut check = |samples: usize, metric: &Metric| {
            made += samples;
            if made <= MAX_SAMPLES {
                return Ok(());
            }
            let step = clock.step_ms as f64 / 1e3;
            Err(Error::usage(format!(
                "{} has too many series: with samples every {step} s these are more than {MAX_SAMPLES} samples",
                metric.name
            ))
            .hinted("take fewer labels, or a part of the data with --since and --until"))
        };
        for group in sums {
            check(samples_of(&group, hold, clock), group.0)?;
            let (metric, labels, parts) = group;
            let bounds = bounds(&metric.what);
            if bounds.is_empty() {
                let steps = parts.get(&0).map_or(&[][..], Vec::as_slice);
                store.push(counter(named(&labels, &metric.name, ""), steps, (clock, hold)));
            } else {
                histogram(metric, &labels, bounds, &parts, (clock, hold), store);
            }
        }
        for group in lasts {
            check(samples_of(&group, hold, clock), group.0)?;
            let (metric, labels, mut parts) = group;
            let steps = parts.remove(&0).unwrap_or_default();
            let steps: Vec<_> = steps.into_iter().map(|(step, (_, _, value))| (step, value)).collect();
            store.push(gauge(named(&labels, &metric.name, ""), &steps, (clock, hold)));
        }
        Ok(hold)
    }
}

impl Fold for Derived<'_> {
    fn add(&mut self, entry: &Entry<'_, '_>) {
        let Some(ts) = entry.slots.ts else {
            self.undated += 1;
            return;
        };
        let plan = self.plan;
        for (index, metric) in plan.metrics.iter().enumerate() {
            self.add_metric(index, metric, entry, ts);
        }
        if let Some(spans) = &mut self.spans {
            spans.add(entry);
        }
    }

    fn merge(&mut self, other: Self) {
        self.undated += other.undated;
        self.sums.merge(other.sums, |mine, theirs| *mine += theirs);
        self.lasts.merge(other.lasts, |mine, theirs| {
            if (mine.0, mine.1) < (theirs.0, theirs.1) {
                *mine = theirs;
            }
        });
        let numbers: Vec<u32> = (0..other.labels.len() as u32)
            .map(|number| self.labels.number(other.labels.key_of(number), || ()))
            .collect();
        let mut requests = other.requests;
        requests.states_mut().for_each(|request| request.first.2 = numbers[request.first.2 as usize]);
        self.requests.merge(requests, |mine, theirs| mine.merge(&theirs));
        self.alone.merge(other.alone, Alone::merge);
        if let (Some(mine), Some(theirs)) = (&mut self.spans, other.spans) {
            mine.merge(theirs);
        }
    }
}

impl Travel for Derived<'_> {
    fn save(mut self, to: &mut Saved) {
        let ranks = self.labels.ranks();
        self.requests.states_mut().for_each(|request| request.first.2 = ranks[request.first.2 as usize]);
        to.put(&(&self.sums, &self.lasts, &self.requests, &self.alone, &self.labels, self.undated));
        if let Some(spans) = self.spans {
            spans.save(to);
        }
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        (self.sums, self.lasts, self.requests, self.alone, self.labels, self.undated) = from.take()?;
        let labels = self.labels.len();
        let mut numbers = self.requests.rows().map(|(_, request)| request.first.2 as usize);
        if !numbers.all(|number| number < labels) {
            return Err(Damaged);
        }
        self.spans.as_mut().map_or(Ok(()), |spans| spans.load(from))
    }
}

/// A series of events, counted: for metrics whose events are found elsewhere.
pub fn counted(labels: Labels, events: &[Timestamp], clock: Clock) -> Series {
    let mut steps: BTreeMap<i64, i128> = BTreeMap::new();
    for event in events {
        *steps.entry(step_after(clock.step_ms, *event)).or_default() += ONE;
    }
    let steps: Vec<(i64, i128)> = steps.into_iter().collect();
    let hold =
        if clock.len() > FREE_SAMPLES { Hold::Around(DAY_MS / clock.step_ms + 1) } else { Hold::Always };
    counter(labels, &steps, (clock, hold))
}

/// A request of several entries: its first entry with the number of its labels, and how it ended.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
struct Request {
    first: (Timestamp, Location, u32),
    ending: Ending,
}

impl Request {
    fn merge(&mut self, other: &Request) {
        if (other.first.0, other.first.1) < (self.first.0, self.first.1) {
            self.first = other.first;
        }
        self.ending.merge(&other.ending);
    }
}

/// A value in the fixed point.
fn fixed(value: f64) -> i128 {
    // Beyond, a sum of many could be too large.
    let value = value.clamp(-1e18, 1e18);
    let whole = value.trunc();
    // The fraction is taken on its own, so that large numbers keep theirs.
    whole as i128 * ONE + ((value - whole) * 1e9).round() as i128
}

/// A sum as a float: the nearest one where it is whole.
fn float(sum: i128) -> f64 {
    (sum / ONE) as f64 + (sum % ONE) as f64 / 1e9
}

/// Appends a label's value to a key.
fn write(key: &mut Vec<u8>, value: Option<&[u8]>) {
    let value = value.unwrap_or_default();
    // An empty value is no label.
    key.extend_from_slice(&(value.len() as u32).to_be_bytes());
    key.extend_from_slice(value);
}

/// Bytes at the end of a key: the part of the metric and the step.
const STEP: usize = 10;

/// Ends a key: the part of the metric and the step, moved into the unsigned range so that bytes order as time does.
fn finish(key: &mut Vec<u8>, part: u16, step: i64) {
    key.extend_from_slice(&part.to_be_bytes());
    key.extend_from_slice(&((step as u64) ^ (1 << 63)).to_be_bytes());
}

/// The values of so many labels at the start of a key, and what follows them.
fn read(mut key: &[u8], labels: usize) -> (Vec<Option<&[u8]>>, &[u8]) {
    let mut values = Vec::with_capacity(labels);
    for _ in 0..labels {
        let Some((length, rest)) = key.split_first_chunk::<4>() else { break };
        let length = (u32::from_be_bytes(*length) as usize).min(rest.len());
        let (value, rest) = rest.split_at(length);
        values.push((!value.is_empty()).then_some(value));
        key = rest;
    }
    (values, key)
}

/// Steps and what happened in them, rising.
type Steps<S> = Vec<(i64, S)>;

/// A metric's series: its labels, and what happened in each of its parts.
type Group<'p, S> = (&'p Metric, Labels, BTreeMap<u16, Steps<S>>);

/// The rows of a sorted table, series by series.
fn groups<S>(plan: &Plan, rows: Vec<(Vec<u8>, S)>) -> Vec<Group<'_, S>> {
    let mut found: Vec<Group<'_, S>> = Vec::new();
    let mut prefix: Vec<u8> = Vec::new();
    for (key, state) in rows {
        let index = usize::from(u16::from_be_bytes([key[0], key[1]]));
        let Some(metric) = plan.metrics.get(index) else { continue };
        let (values, rest) = read(&key[2..], metric.labels.len());
        let Some((part, step)) = rest.split_first_chunk::<2>() else { continue };
        let Ok(step) = <[u8; 8]>::try_from(step) else { continue };
        let step = (u64::from_be_bytes(step) ^ (1 << 63)) as i64;
        if found.is_empty() || key[..key.len() - 10] != prefix {
            prefix = key[..key.len() - 10].to_vec();
            let pairs = metric.labels.iter().zip(values).filter_map(|((name, _), value)| {
                Some((name.as_str(), String::from_utf8_lossy(value?).into_owned()))
            });
            found.push((metric, Labels::new(pairs), BTreeMap::new()));
        }
        if let Some((_, _, parts)) = found.last_mut() {
            parts.entry(u16::from_be_bytes(*part)).or_default().push((step, state));
        }
    }
    found
}

fn named(labels: &Labels, metric: &str, suffix: &str) -> Labels {
    let mut labels = labels.clone();
    labels.set(Labels::NAME, format!("{metric}{suffix}"));
    labels
}

/// How many samples are made of a metric's series.
fn samples_of<S>((metric, _, parts): &Group<'_, S>, hold: Hold, clock: Clock) -> usize {
    let series = match bounds(&metric.what).len() {
        0 => 1,
        bounds => bounds + 3,
    };
    if hold == Hold::Always {
        return series * clock.len();
    }
    let mut steps: Vec<i64> = parts.values().flatten().map(|(step, _)| *step).collect();
    steps.sort_unstable();
    series * hold.count(steps.into_iter(), clock)
}

/// The running sum at each time of the clock, from zero on.
fn counter(labels: Labels, steps: &[(i64, i128)], (clock, hold): (Clock, Hold)) -> Series {
    let mut sum = 0;
    let mut rest = steps.iter().peekable();
    let samples = hold.steps(steps.iter().map(|(step, _)| *step), clock).map(|step| {
        while let Some((_, amount)) = rest.next_if(|(at, _)| *at <= step) {
            sum += amount;
        }
        Sample { at: clock.at_ms(step), value: float(sum) }
    });
    Series::of(labels, samples.collect())
}

/// The last value at each time of the clock, from the first one on.
fn gauge(labels: Labels, steps: &[(i64, f64)], (clock, hold): (Clock, Hold)) -> Series {
    let mut value = None;
    let mut rest = steps.iter().peekable();
    let samples = hold.steps(steps.iter().map(|(step, _)| *step), clock).filter_map(|step| {
        while let Some((_, newer)) = rest.next_if(|(at, _)| *at <= step) {
            value = Some(*newer);
        }
        value.map(|value| Sample { at: clock.at_ms(step), value })
    });
    Series::of(labels, samples.collect())
}

fn histogram(
    metric: &Metric,
    labels: &Labels,
    bounds: &[f64],
    parts: &BTreeMap<u16, Steps<i128>>,
    sampled: (Clock, Hold),
    store: &mut Store,
) {
    // A bucket counts everything up to its bound.
    let mut below: BTreeMap<i64, i128> = BTreeMap::new();
    let flat = |below: &BTreeMap<i64, i128>| below.iter().map(|(step, n)| (*step, *n)).collect::<Vec<_>>();
    for bucket in 0..=bounds.len() {
        for (step, amount) in parts.get(&(bucket as u16)).into_iter().flatten() {
            *below.entry(*step).or_default() += amount;
        }
        let mut labels = named(labels, &metric.name, "_bucket");
        labels.set("le", bounds.get(bucket).map_or("+Inf".to_owned(), |bound| format!("{bound:?}")));
        store.push(counter(labels, &flat(&below), sampled));
    }
    store.push(counter(named(labels, &metric.name, "_count"), &flat(&below), sampled));
    let sums = parts.get(&SUM).map_or(&[][..], Vec::as_slice);
    store.push(counter(named(labels, &metric.name, "_sum"), sums, sampled));
}
