//! Which metrics are derived from logs, and what of an entry each of them looks at: known before the scan.

use super::declared::{BUCKETS, Declared, MetricKind};
use super::spans::{self, OfSpan, OfSpans};
use crate::filter::Filter;
use crate::model::{Entry, Error, Needs, Role, Slot, Slots, Unit};
use crate::outcome::{Judge, SuccessRule};
use crate::promql::{Expr, ast::MatchOp};
use crate::promql::{Matcher, selectors};
use crate::scan::Inputs;
use crate::traces;

/// Entries by file, service, logger and level.
pub const ENTRIES: &str = "log_entries_total";
/// Requests by service and outcome.
pub const REQUESTS: &str = "log_requests_total";
/// The histogram of the durations of requests, by service; its series have the suffixes `_bucket`, `_sum` and
/// `_count`.
pub const DURATIONS: &str = "log_request_duration_seconds";
/// Findings by detector. Detectors know more than this room: who runs them adds the series.
pub const FINDINGS: &str = "log_findings_total";

/// The suffixes of a histogram's series.
pub(super) const PARTS: [&str; 3] = ["_bucket", "_sum", "_count"];

/// The names of all series that are derived from these logs: built in, of spans where there are any, and declared.
pub fn names(declared: &[Declared], inputs: &Inputs) -> Vec<String> {
    let histogram = |name: &str| PARTS.map(|part| format!("{name}{part}"));
    let mut names = vec![ENTRIES.to_owned(), REQUESTS.to_owned(), FINDINGS.to_owned()];
    names.extend(histogram(DURATIONS));
    if traces::has_spans(inputs) {
        for (name, _, what) in spans::KNOWN {
            match what.bounds() {
                [] => names.push(name.to_owned()),
                _ => names.extend(histogram(name)),
            }
        }
    }
    for metric in declared {
        match metric.kind {
            MetricKind::Histogram => names.extend(histogram(&metric.name)),
            MetricKind::Counter | MetricKind::Gauge => names.push(metric.name.clone()),
        }
    }
    names
}

/// May a selector of these expressions match a series of that name?
pub fn asks_for<'e>(exprs: impl IntoIterator<Item = &'e Expr>, name: &str) -> bool {
    exprs.into_iter().any(|expr| selectors(expr).any(|matchers| may_match(matchers, name)))
}

fn may_match(matchers: &[Matcher], name: &str) -> bool {
    matchers.iter().filter(|matcher| &*matcher.name == "__name__").all(|matcher| matcher.matches(name))
}

/// Is a selector about this very name?
pub fn name_of(matchers: &[Matcher]) -> Option<&str> {
    let named = |matcher: &&Matcher| &*matcher.name == "__name__" && matcher.op == MatchOp::Equal;
    matchers.iter().find(named).map(|matcher| &*matcher.value)
}

/// The metrics that are derived in one scan.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub metrics: Vec<Metric>,
    /// What stands for a request, and whether it succeeded; `None` if nobody asks.
    pub judge: Option<Judge>,
    /// Are the times of each log whole seconds?
    pub coarse: Vec<bool>,
    pub needs: Needs,
}

/// A metric that is derived.
#[derive(Clone, Debug)]
pub(super) struct Metric {
    pub name: String,
    pub labels: Vec<(String, LabelSource)>,
    pub what: What,
}

/// Where a label's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LabelSource {
    /// The path of the file.
    File,
    /// A role or a field.
    Slot(Slot),
    /// `success`, `failed` or `unknown`.
    Outcome,
    /// What a span, or a call between services, says of itself.
    Span(OfSpan),
}

/// What a metric counts or measures.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// Every entry.
    Entries,
    /// Requests, by their outcome.
    Requests,
    /// The durations of requests, in buckets.
    Durations,
    /// Spans, or the calls between services.
    Spans(OfSpans),
    /// As declared.
    Declared { filter: Filter, kind: MetricKind, measure: Option<Measure>, buckets: Vec<f64> },
}

/// The value that is measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measure {
    slot: Slot,
    /// The value is a length of time, and the metric is in seconds.
    seconds: Option<Unit>,
}

impl Measure {
    fn new(name: &str, metric: &str, needs: &mut Needs) -> Self {
        let slot = needs.name(name);
        let last = name.rsplit('.').next().unwrap_or(name);
        let in_seconds = metric.trim_end_matches("_total").ends_with("_seconds");
        // A number in a field whose name tells no unit is taken for what the metric's name says.
        let unit = Unit::of_name(last).map_or(Unit::Seconds, |(unit, _)| unit);
        Measure { slot, seconds: in_seconds.then_some(unit) }
    }

    /// The value in the metric's unit; `None` if the entry has none.
    pub(super) fn of(self, slots: &Slots<'_>) -> Option<f64> {
        let value = match (self.slot.role(), self.seconds) {
            (Some(Role::Duration), Some(_)) => slots.duration? / 1e3,
            (Some(Role::Duration), None) => slots.duration?,
            (_, Some(unit)) => slots.get(self.slot).millis(unit)? / 1e3,
            (_, None) => slots.get(self.slot).number()?,
        };
        value.is_finite().then_some(value)
    }
}

impl Plan {
    /// The metrics that these expressions may mention; `None` if there are none.
    pub(super) fn new(
        exprs: &[&Expr],
        declared: &[Declared],
        inputs: &Inputs,
        success: &SuccessRule,
        mut needs: Needs,
    ) -> Result<Option<Plan>, Error> {
        let asked = |name: &str| asks_for(exprs.iter().copied(), name);
        let histogram = |name: &str| PARTS.iter().any(|part| asked(&format!("{name}{part}")));
        let mut metrics = Vec::new();
        let service =
            |needs: &mut Needs| ("service".to_owned(), LabelSource::Slot(needs.role(Role::Service)));
        if asked(ENTRIES) {
            let labels = vec![
                ("file".to_owned(), LabelSource::File),
                service(&mut needs),
                ("logger".to_owned(), LabelSource::Slot(needs.role(Role::Logger))),
                ("level".to_owned(), LabelSource::Slot(needs.role(Role::Level))),
            ];
            metrics.push(Metric { name: ENTRIES.to_owned(), labels, what: What::Entries });
        }
        let requests = asked(REQUESTS);
        if requests {
            let labels = vec![service(&mut needs), ("outcome".to_owned(), LabelSource::Outcome)];
            metrics.push(Metric { name: REQUESTS.to_owned(), labels, what: What::Requests });
        }
        let durations = histogram(DURATIONS);
        if durations {
            needs.role(Role::Duration);
            let labels = vec![service(&mut needs)];
            metrics.push(Metric { name: DURATIONS.to_owned(), labels, what: What::Durations });
        }
        if traces::has_spans(inputs) {
            metrics.extend(of_spans(|name| asked(name), &mut needs));
        }
        for metric in declared {
            let wanted = match metric.kind {
                MetricKind::Histogram => histogram(&metric.name),
                MetricKind::Counter | MetricKind::Gauge => asked(&metric.name),
            };
            if wanted {
                metrics.push(declare(metric, &mut needs)?);
            }
        }
        if metrics.is_empty() {
            return Ok(None);
        }
        let judge = (requests || durations).then(|| Judge::new(success.clone(), &inputs.logs, &mut needs));
        let coarse = inputs.logs.iter().map(|input| input.coarse).collect();
        Ok(Some(Plan { metrics, judge, coarse, needs }))
    }

    /// Is anything asked of the calls between services?
    pub(super) fn asks_for_calls(&self) -> bool {
        self.metrics.iter().any(|metric| matches!(metric.what, What::Spans(what) if what.is_of_calls()))
    }

    /// Is an entry one of a request that counts?
    pub(super) fn tells(&self, entry: &Entry<'_, '_>) -> bool {
        let of = |judge: &Judge| judge.tells(entry.slots) && !judge.ending(entry).is_probe();
        self.judge.as_ref().is_some_and(of)
    }
}

/// The metrics of spans that are asked for.
fn of_spans(asked: impl Fn(&str) -> bool, needs: &mut Needs) -> Vec<Metric> {
    let histogram = |name: &str| PARTS.iter().any(|part| asked(&format!("{name}{part}")));
    let is_asked = |what: OfSpans, name: &str| match what.bounds() {
        [] => asked(name),
        _ => histogram(name),
    };
    let wanted = spans::KNOWN.into_iter().filter(|(name, _, what)| is_asked(*what, name));
    let metric = |(name, labels, what): spans::Known| {
        let labels = labels.iter().map(|(label, of)| ((*label).to_owned(), LabelSource::Span(*of)));
        Metric { name: name.to_owned(), labels: labels.collect(), what: What::Spans(what) }
    };
    let metrics: Vec<Metric> = wanted.map(metric).collect();
    if !metrics.is_empty() {
        traces::wanted(needs);
        needs.role(Role::Duration);
    }
    metrics
}

fn declare(metric: &Declared, needs: &mut Needs) -> Result<Metric, Error> {
    let filter = match metric.condition.as_str() {
        "" => Filter::everything(),
        source => Filter::parse(source, needs)?,
    };
    let labels = metric
        .labels
        .iter()
        .map(|(label, name)| (label.clone(), LabelSource::Slot(needs.name(name))))
        .collect();
    let measure = metric.value.as_deref().map(|value| Measure::new(value, &metric.name, needs));
    let what = What::Declared { filter, kind: metric.kind, measure, buckets: metric.buckets.clone() };
    Ok(Metric { name: metric.name.clone(), labels, what })
}

/// The bounds of a metric's buckets.
pub(super) fn bounds(what: &What) -> &[f64] {
    match what {
        What::Durations => &BUCKETS,
        What::Spans(what) => what.bounds(),
        What::Declared { kind: MetricKind::Histogram, buckets, .. } => buckets,
        _ => &[],
    }
}

/// Hands a label's value to `write`; `None` if the entry has none. `file` is the entry's.
pub(super) fn label_of(
    source: LabelSource,
    slots: &Slots<'_>,
    file: Option<&[u8]>,
    write: &mut dyn FnMut(Option<&[u8]>),
) {
    let slot = match source {
        LabelSource::File => return write(file),
        // Who calls whom is no entry's.
        LabelSource::Outcome | LabelSource::Span(OfSpan::Client | OfSpan::Server | OfSpan::Connection) => {
            return write(None);
        }
        LabelSource::Span(OfSpan::Kind) => {
            return write(slots.span.map(|span| spans::kind(span.kind).as_bytes()));
        }
        LabelSource::Span(OfSpan::Status) => {
            return write(slots.span.map(|span| spans::status(span.status).as_bytes()));
        }
        LabelSource::Span(OfSpan::Service) => Role::Service.slot(),
        LabelSource::Span(OfSpan::Operation) => Role::Message.slot(),
        LabelSource::Slot(slot) => slot,
    };
    match (slot.role(), slots.level) {
        // Levels are what they mean, whatever the file calls them.
        (Some(Role::Level), Some(level)) => write(Some(level.name().as_bytes())),
        _ => match slots.get(slot).key().filter(|value| !value.is_empty()) {
            Some(value) if std::str::from_utf8(&value).is_err() => {
                write(Some(String::from_utf8_lossy(&value).as_bytes()));
            }
            None if source == LabelSource::Span(OfSpan::Service) => write(file),
            value => write(value.as_deref()),
        },
    }
}
