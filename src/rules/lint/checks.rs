//! The checks: one row for each, with what it is for and a rule that it finds.

/// The checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// Two rules of the same kind, name and labels.
    DuplicateRules,
    /// An alert for every series, whatever its value.
    AlwaysTrue,
    /// A label that changes with each evaluation.
    ValueInLabel,
    /// An alert without severity.
    NoSeverity,
    /// `for` cannot elapse as it is written.
    ShortFor,
    /// A text names a label that the alert cannot have.
    DroppedLabel,
    /// `absent` without `for`.
    AbsentWithoutFor,
    /// A pattern that is none, or has anchors.
    Regexp,
    /// The series of an alert change with their ranks.
    Fragile,
    /// A condition that can never hold.
    Impossible,
    /// Two sides that can never find each other.
    VectorMatching,
    /// A label is asked for that was aggregated away.
    MissingLabel,
    /// The growth of a sum of counters.
    RateOfAggregate,
    /// The change of a counter, as if it were a gauge.
    CounterAsGauge,
    /// A group is evaluated less often than its results last.
    LongInterval,
    /// A time of 0, which is what holds without it.
    ZeroFor,
    /// A sum of quotients of which one can be NaN.
    NanInSum,
    /// A recorded name that nobody records.
    UnknownRecord,
    /// A recorded name that is recorded later in its group.
    RecordedLater,
    /// A label that the server sets too, or that it was to set and does not.
    ExternalLabel,
    /// A metric that the data does not have.
    UnknownMetric,
    /// A label's value that the data does not have.
    UnknownLabelValue,
    /// Both sides have series, and none of them find each other.
    NoMatch,
    /// A range in which there are hardly two samples.
    RateWindow,
    /// A counter is compared with a number.
    CounterCompared,
    /// The rate of something that falls.
    RateOfGauge,
    /// A rule looks at very many samples.
    Cost,
    /// An alert that fired all the time.
    AlwaysFired,
    /// An alert that fired again and again.
    Flapping,
    /// An alert that nobody was told of.
    NobodyTold,
    /// An alert that never fired.
    NeverFired,
    /// A metric that no rule uses.
    Unused,
}

/// What a check weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// It is most probably not what was meant.
    Fault,
    /// It is worth knowing.
    Note,
}

/// What is to be said about a check.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The check.
    pub check: Check,
    /// Its name in options, comments and reports.
    pub name: &'static str,
    /// The names of pint's checks that look for the same; its comments are obeyed.
    pub pint: &'static [&'static str],
    /// What it weighs.
    pub weight: Weight,
    /// Does it need recorded data?
    pub needs_data: bool,
    /// What it finds, and why that matters.
    pub doc: &'static str,
    /// A rule that it finds.
    pub wrong: &'static str,
    /// The rule as it is better; empty where that depends.
    pub better: &'static str,
}

impl Check {
    /// What is to be said about it.
    pub fn about(self) -> &'static About {
        // The table has a row for each check, in their order.
        &CHECKS[self as usize]
    }

    /// The check's name in options and reports.
    pub fn name(self) -> &'static str {
        self.about().name
    }
}

const fn alone(
    check: Check,
    name: &'static str,
    pint: &'static [&'static str],
    doc: &'static str,
    wrong: &'static str,
    better: &'static str,
) -> About {
    About { check, name, pint, weight: Weight::Fault, needs_data: false, doc, wrong, better }
}

const fn recorded(
    check: Check,
    name: &'static str,
    pint: &'static [&'static str],
    doc: &'static str,
    wrong: &'static str,
    better: &'static str,
) -> About {
    About { needs_data: true, ..alone(check, name, pint, doc, wrong, better) }
}

const fn note(about: About) -> About {
    About { weight: Weight::Note, ..about }
}

/// All checks, in the order of [`Check`].
#[rustfmt::skip]
pub static CHECKS: &[About] = &[
    alone(Check::DuplicateRules, "duplicate-rules", &["rule/duplicate"],
        "Two rules have the same kind, name and labels. What they record is mixed in one series, and which value comes last depends on timing.",
        "{record: job:up:sum, expr: sum by (job) (up)}, {record: job:up:sum, expr: count by (job) (up)}",
        "{record: job:up:sum, expr: sum by (job) (up)}, {record: job:up:count, expr: count by (job) (up)}"),
    alone(Check::AlwaysTrue, "always-true", &["alerts/comparison"],
        "Nothing in the alert can leave out a series for its value, so it fires for every series that there is.",
        "{alert: Errors, expr: 'rate(errors_total[5m])', labels: {severity: page}}",
        "{alert: Errors, expr: 'rate(errors_total[5m]) > 1', labels: {severity: page}}"),
    alone(Check::ValueInLabel, "value-in-label", &["alerts/template"],
        "A label holds the value. Labels identify an alert: each new value is another alert, `for` begins anew, and the old one is resolved.",
        "{alert: Full, expr: disk > 90, labels: {severity: page, at: '{{ $value }}'}}",
        "{alert: Full, expr: disk > 90, labels: {severity: page}, annotations: {at: '{{ $value }}'}}"),
    alone(Check::NoSeverity, "no-severity", &[],
        "The alert has no label severity, by which most routes choose who is told, and --fail-on which alerts count.",
        "{alert: Down, expr: up == 0}",
        "{alert: Down, expr: up == 0, labels: {severity: page}}"),
    alone(Check::ShortFor, "short-for", &["alerts/for"],
        "`for` is shorter than the interval of the group. The condition is looked at once an interval, so the alert waits for that long in any case.",
        "{alert: Down, expr: up == 0, for: 30s, labels: {severity: page}}",
        "{alert: Down, expr: up == 0, for: 2m, labels: {severity: page}}"),
    alone(Check::DroppedLabel, "dropped-label", &["alerts/template"],
        "A label or an annotation names a label that the expression cannot have, because an aggregation or a matching drops it. The text has a gap there.",
        "{alert: Down, expr: sum by (job) (up) == 0, labels: {severity: page}, annotations: {summary: '{{ $labels.instance }} is down'}}",
        "{alert: Down, expr: 'sum by (job, instance) (up) == 0', labels: {severity: page}, annotations: {summary: '{{ $labels.instance }} is down'}}"),
    alone(Check::AbsentWithoutFor, "absent-without-for", &["alerts/absent"],
        "absent() without `for` fires at the first evaluation without a sample: when Prometheus starts, and after each failed scrape that lasts longer than the lookback.",
        "{alert: Gone, expr: 'absent(up{job=\"shop\"})', labels: {severity: page}}",
        "{alert: Gone, expr: 'absent(up{job=\"shop\"})', for: 5m, labels: {severity: page}}"),
    alone(Check::Regexp, "regexp", &["promql/regexp"],
        "A pattern without anything of a pattern is a plain text, and = or != says so. Patterns are anchored at both ends, so ^ and $ there do nothing. A pattern that matches everything is no condition.",
        "{record: shop:up, expr: 'up{job=~\"shop\"}'}",
        "{record: shop:up, expr: 'up{job=\"shop\"}'}"),
    alone(Check::Fragile, "fragile", &["promql/fragile"],
        "Which series topk, bottomk, limitk and limit_ratio give changes from one evaluation to the next. Each that comes is a new alert, each that goes is resolved, and `for` rarely elapses.",
        "{alert: Busy, expr: 'topk(3, load) > 5', for: 5m, labels: {severity: page}}",
        "{alert: Busy, expr: load > 5, for: 5m, labels: {severity: page}}"),
    alone(Check::Impossible, "impossible", &["promql/impossible"],
        "The condition can never hold: no value of that expression is so small or so large, or the conditions on a label contradict each other. The alert is green for ever. count() of nothing is nothing, and not 0.",
        "{alert: NoneLeft, expr: count(up) == 0, labels: {severity: page}}",
        "{alert: NoneLeft, expr: absent(up), for: 5m, labels: {severity: page}}"),
    alone(Check::VectorMatching, "vector-matching", &["promql/vector_matching", "promql/impossible"],
        "The two sides of an operator can never find each other: one of them has a label, or a value of it, that the other cannot have. There is no result, and the alert is green for ever.",
        "{record: share, expr: sum by (job) (errors) / sum(requests)}",
        "{record: share, expr: sum by (job) (errors) / on () group_left () sum(requests)}"),
    alone(Check::MissingLabel, "missing-label", &["promql/impossible"],
        "A label is asked for by an aggregation, a join or histogram_quantile that was aggregated away before. For a quantile of classic buckets that is le, without which there is no result.",
        "{record: p99, expr: 'histogram_quantile(0.99, sum by (job) (rate(seconds_bucket[5m])))'}",
        "{record: p99, expr: 'histogram_quantile(0.99, sum by (job, le) (rate(seconds_bucket[5m])))'}"),
    alone(Check::RateOfAggregate, "rate-of-aggregate", &["promql/rate"],
        "A sum falls when one of its counters is reset, and rate takes that fall for a reset of the whole: the result is far too large. First the rate, then the sum.",
        "{record: rate, expr: 'rate(sum(requests_total)[5m:1m])'}",
        "{record: rate, expr: 'sum(rate(requests_total[5m]))'}"),
    alone(Check::CounterAsGauge, "counter-as-gauge", &["promql/counter"],
        "delta, idelta, deriv and predict_linear are for gauges. At each reset of a counter they give a large negative number; rate and increase know of resets.",
        "{record: grown, expr: 'delta(requests_total[5m])'}",
        "{record: grown, expr: 'increase(requests_total[5m])'}"),
    alone(Check::LongInterval, "long-interval", &["group/interval"],
        "A result counts for 5 minutes. What is recorded less often has gaps, and alerts on it come and go.",
        "", ""),
    note(alone(Check::ZeroFor, "zero-for", &["alerts/for"],
        "`for: 0s` and `keep_firing_for: 0s` are what holds without them. Whoever reads the rule wonders which time was meant.",
        "{alert: Down, expr: up == 0, for: 0s, labels: {severity: page}}",
        "{alert: Down, expr: up == 0, labels: {severity: page}}")),
    alone(Check::NanInSum, "nan-in-sum", &["promql/nan"],
        "Where nothing happens, the quotient of two rates is 0 / 0, which is NaN. One NaN makes a sum and an average NaN, and no comparison holds of that: the alert is green while a part stands still.",
        "{record: share, expr: 'avg(rate(errors_total[5m]) / rate(requests_total[5m]))'}",
        "{record: share, expr: 'sum(rate(errors_total[5m])) / sum(rate(requests_total[5m]))'}"),
    alone(Check::UnknownRecord, "unknown-record", &["rule/dependency", "promql/series"],
        "The name is that of a recorded series, and almost the name of one that these rules record; it is recorded by none of them.",
        "{record: 'job:errors:rate5m', expr: 'sum by (job) (rate(errors_total[5m]))'}, {alert: A, expr: 'job:error:rate5m > 1', labels: {severity: page}}",
        "{record: 'job:errors:rate5m', expr: 'sum by (job) (rate(errors_total[5m]))'}, {alert: A, expr: 'job:errors:rate5m > 1', labels: {severity: page}}"),
    note(alone(Check::RecordedLater, "recorded-later", &["rule/dependency"],
        "A rule looks at a series that a later rule of its group records. Rules of a group run in order, so it sees the value of the evaluation before.",
        "{record: 'job:twice', expr: 'job:once * 2'}, {record: 'job:once', expr: sum by (job) (up)}",
        "{record: 'job:once', expr: sum by (job) (up)}, {record: 'job:twice', expr: 'job:once * 2'}")),
    alone(Check::ExternalLabel, "external-label", &["labels/conflict", "alerts/external_labels"],
        "With a prometheus.yml that names the rules: a rule sets a label that is among the server's external labels, too, so that what is sent has the rule's value and others do not find it by the server's; or a text uses an external label that the server does not set.",
        "", ""),
    recorded(Check::UnknownMetric, "unknown-metric", &["promql/series"],
        "The data has no metric of that name, and no rule records it; a name of the data that is near is told.",
        "{record: a, expr: sum(reqests_total)}", "{record: a, expr: sum(requests_total)}"),
    recorded(Check::UnknownLabelValue, "unknown-label-value", &["promql/series"],
        "The data has the metric, but no series of it has that label, or that value of it; those that it has are told.",
        "{record: a, expr: 'sum(requests_total{code=\"501\"})'}", "{record: a, expr: 'sum(requests_total{code=\"500\"})'}"),
    recorded(Check::NoMatch, "no-match", &["promql/vector_matching"],
        "Both sides of an operator have series, and at no time that was looked at does one of the left find one of the right: their labels differ.",
        "{record: share, expr: temperature / capacity}", "{record: share, expr: temperature / on (room) capacity}"),
    recorded(Check::RateWindow, "rate-window", &["promql/rate"],
        "rate, irate, increase, delta and the like need two samples. A range shorter than twice the distance of the samples has no result at most times; below four times a single missed scrape is a gap.",
        "{record: a, expr: 'rate(requests_total[1m])'}", "{record: a, expr: 'rate(requests_total[5m])'}"),
    recorded(Check::CounterCompared, "counter-compared", &["promql/counter"],
        "A counter only grows until it is reset, so that it is above a number says how long the process has been running.",
        "{alert: A, expr: requests_total > 100, labels: {severity: page}}", "{alert: A, expr: 'rate(requests_total[5m]) > 100', labels: {severity: page}}"),
    recorded(Check::RateOfGauge, "rate-of-gauge", &["promql/rate"],
        "rate and increase take each fall for a reset of a counter. These values rise and fall as those of a gauge do, so the result means nothing.",
        "{record: a, expr: 'rate(temperature[10m])'}", "{record: a, expr: 'deriv(temperature[10m])'}"),
    note(recorded(Check::Cost, "cost", &["query/cost"],
        "One evaluation of the rule looks at more than a million samples, or at more than 10,000 series.",
        "", "")),
    note(recorded(Check::AlwaysFired, "always-fired", &["alerts/count"],
        "The alert fired from the first to the last evaluation. Nobody looks at such an alert.",
        "{alert: A, expr: temperature > 0, labels: {severity: page}}", "")),
    note(recorded(Check::Flapping, "flapping", &["alerts/count"],
        "The same alert fired at least four times, and never for long. `for` and keep_firing_for keep it still.",
        "{alert: A, expr: temperature > 21, labels: {severity: page}}", "{alert: A, expr: temperature > 21, keep_firing_for: 20m, labels: {severity: page}}")),
    note(recorded(Check::NobodyTold, "nobody-told", &[],
        "The alert fired, and with the routes that were given nobody would have been told: no route is for it, or its receiver sends nothing.",
        "", "")),
    note(recorded(Check::NeverFired, "never-fired", &["alerts/count"],
        "The alert never fired in this data. That is good news if nothing was wrong in that time.",
        "{alert: A, expr: temperature > 1000, labels: {severity: page}}", "")),
    note(recorded(Check::Unused, "unused", &[],
        "With --unused: a metric of the data that no rule looks at.",
        "{record: a, expr: sum(requests_total)}", "")),
];
