//! What made an alert true: the series its expression looked at, and the samples that counted.

use super::alert::Alert;
use super::file::{Rule, RuleFile, RuleGroup};
use super::replay::Replay;
use crate::model::{Labels, Series, Timestamp};
use crate::promql::ast::{At, BinaryOp, Duration, Form, Node, Selector, Shift};
use crate::promql::{Matcher, Store};

/// A sample that counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Trail {
    /// The place of the alert in the replay.
    pub alert: usize,
    /// The series.
    pub labels: Labels,
    /// The time of the sample, in milliseconds.
    pub at: i64,
    /// What happened after this time counted, too.
    pub after: i64,
}

/// So many alerts have trails: the first ones.
const ALERTS: usize = 200;
/// So many samples of each alert are shown.
const SAMPLES: usize = 4;
/// Rules that record each other are followed down to here.
const DEEPEST: usize = 8;

/// The samples that made the alerts fire; where one was only pending, those that made its condition hold.
///
/// A recorded series leads on to the series it was recorded from. Of a range those series come first that changed
/// most.
pub fn trails(files: &[RuleFile], replay: &Replay, store: &Store, lookback_ms: i64) -> Vec<Trail> {
    let groups = || files.iter().flat_map(|file| &file.groups);
    let rules = || groups().flat_map(|group| group.rules.iter().map(move |rule| (group, rule)));
    let recording: Vec<&Rule> =
        rules().map(|(_, rule)| rule).filter(|rule| rule.alerting().is_none()).collect();
    let mut trails = Vec::new();
    for (place, alert) in replay.alerts.iter().enumerate().take(ALERTS) {
        let Some((group, rule)) = rules().find(|(group, rule)| alert.is_of(group, rule)) else { continue };
        let mut search = Search { store, recording: &recording, lookback_ms, found: Vec::new() };
        let (alert_labels, own) = (&alert.labels, &rule.labels);
        let (shown, is_low) = (Shown::Grown, false);
        let scene = Scene { at: moment(alert, group), width: 0, alert: alert_labels, own, shown, is_low };
        search.node(rule.expr.root(), &scene, 0);
        trails.extend(search.best().into_iter().map(|(labels, at, after)| Trail {
            alert: place,
            labels,
            at,
            after,
        }));
    }
    trails
}

fn moment(alert: &Alert, group: &RuleGroup) -> i64 {
    let at = alert.firing_at.unwrap_or(alert.pending_at);
    Timestamp::millis(at).saturating_sub(group.query_offset)
}

/// When and for whom an expression is looked at.
#[derive(Clone, Copy)]
struct Scene<'s> {
    at: i64,
    /// How much earlier subqueries around look, in milliseconds.
    width: i64,
    /// The labels of the alert.
    alert: &'s Labels,
    /// Labels that the rule adds: series need not have them.
    own: &'s [(String, String)],
    /// Which sample of a range counted.
    shown: Shown,
    /// Is what was found less than a limit?
    is_low: bool,
}

/// Which sample of a range made an expression what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    /// The one with which a counter last grew.
    Grown,
    Highest,
    Lowest,
}

impl Shown {
    /// What a function looks for; `is_low` says that its value is less than a limit.
    fn of(function: &str, is_low: bool) -> Shown {
        match function {
            "max_over_time" | "present_over_time" => Shown::Highest,
            "min_over_time" => Shown::Lowest,
            "sum_over_time" | "avg_over_time" | "quantile_over_time" | "stddev_over_time"
            | "stdvar_over_time"
                if is_low =>
            {
                Shown::Lowest
            }
            "sum_over_time" | "avg_over_time" | "quantile_over_time" | "stddev_over_time"
            | "stdvar_over_time" => Shown::Highest,
            _ => Shown::Grown,
        }
    }
}

struct Found {
    labels: Labels,
    at: i64,
    after: i64,
    /// How much it changed in its range.
    change: f64,
}

struct Search<'s> {
    store: &'s Store,
    recording: &'s [&'s Rule],
    lookback_ms: i64,
    found: Vec<Found>,
}

impl Search<'_> {
    fn node(&mut self, node: &Node, scene: &Scene<'_>, depth: usize) {
        match &node.form {
            Form::Selector(selector) => self.selector(selector, scene, depth),
            Form::Subquery(subquery) => {
                let Some(at) = shifted(&subquery.shift, scene.at) else { return };
                let inner = Scene { at, width: scene.width + millis(&subquery.range), ..*scene };
                self.node(&subquery.inner, &inner, depth);
            }
            Form::Call(function, _) => {
                let inner = Scene { shown: Shown::of(function.name, scene.is_low), ..*scene };
                self.children(node, &inner, depth);
            }
            Form::Binary(binary) if binary.op.is_comparison() => {
                let is_low = matches!(binary.op, BinaryOp::Lt | BinaryOp::Le);
                self.children(node, &Scene { is_low, ..*scene }, depth);
            }
            _ => self.children(node, scene, depth),
        }
    }

    fn children(&mut self, node: &Node, scene: &Scene<'_>, depth: usize) {
        for child in node.children() {
            self.node(child, scene, depth);
        }
    }

    fn selector(&mut self, selector: &Selector, scene: &Scene<'_>, depth: usize) {
        let name = selector.name.as_deref().unwrap_or_default();
        let Some(at) = shifted(&selector.shift, scene.at) else { return };
        let recorded: Vec<&Rule> =
            self.recording.iter().copied().filter(|rule| rule.name == name && depth < DEEPEST).collect();
        if !recorded.is_empty() {
            let width = scene.width + selector.range.as_ref().map_or(0, millis);
            for rule in recorded {
                self.node(rule.expr.root(), &Scene { at, width, ..*scene }, depth + 1);
            }
            return;
        }
        let range = selector.range.as_ref().map_or(self.lookback_ms, millis);
        let after = at.saturating_sub(range).saturating_sub(scene.width);
        for series in series(self.store, &selector.matchers, scene) {
            let inside = |sample_at: i64| after < sample_at && sample_at <= at;
            let low = series.samples.partition_point(|sample| sample.at <= after);
            let high = series.samples.partition_point(|sample| sample.at <= at);
            let samples = &series.samples[low..high];
            let Some(last) = samples.iter().rev().find(|sample| inside(sample.at) && !sample.is_stale())
            else {
                continue;
            };
            // Of a counter's range the sample counts with which it last grew.
            let grew =
                samples.windows(2).rev().find(|pair| pair[0].value != pair[1].value).map(|pair| pair[1]);
            let is_range = selector.range.is_some();
            let grew = grew.filter(|sample| is_range && !sample.is_stale());
            let numbers = || samples.iter().rev().filter(|sample| !sample.value.is_nan()).copied();
            let chosen = match scene.shown {
                _ if !is_range => None,
                Shown::Grown => grew,
                Shown::Highest => numbers().reduce(|a, b| if b.value > a.value { b } else { a }),
                Shown::Lowest => numbers().reduce(|a, b| if b.value < a.value { b } else { a }),
            };
            let shown = chosen.unwrap_or(*last);
            let change = if is_range { (last.value - samples[0].value).abs() } else { f64::INFINITY };
            let change = if change.is_nan() { 0.0 } else { change };
            self.found.push(Found { labels: series.labels.clone(), at: shown.at, after, change });
        }
    }

    /// Those that changed most, each once.
    fn best(mut self) -> Vec<(Labels, i64, i64)> {
        self.found.sort_by(|a, b| b.change.total_cmp(&a.change));
        let mut best: Vec<(Labels, i64, i64)> = Vec::new();
        for found in self.found {
            let known = best.iter().any(|(labels, at, _)| *labels == found.labels && *at == found.at);
            if !known && best.len() < SAMPLES && (found.change > 0.0 || best.is_empty()) {
                best.push((found.labels, found.at, found.after));
            }
        }
        best
    }
}

/// The series that match and can belong to the alert.
fn series<'s>(store: &'s Store, matchers: &[Matcher], scene: &Scene<'_>) -> Vec<&'s Series> {
    let fits = |series: &&Series| {
        let name = series.labels.metric();
        !matches!(name, "ALERTS" | "ALERTS_FOR_STATE")
            && scene.alert.iter().all(|(name, value)| {
                let of_series = series.labels.get(name);
                of_series.is_empty()
                    || of_series == value
                    || matches!(name, "alertname" | "__name__")
                    || scene.own.iter().any(|(own, _)| own == name)
            })
    };
    store.matching(matchers).into_iter().filter(fits).collect()
}

fn shifted(shift: &Shift, at: i64) -> Option<i64> {
    let at = match shift.at {
        None => at,
        Some(At::Millis(fixed)) => fixed,
        // The rule's evaluation is the whole query.
        Some(At::Start | At::End) => at,
    };
    at.checked_sub(shift.offset.as_ref().map_or(0, millis))
}

fn millis(duration: &Duration) -> i64 {
    duration.at_one_time().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::evaluation::Setting;
    use super::super::file::{FileOptions, parse};
    use super::super::replay::{Interval, replay};
    use super::*;
    use crate::model::Sample;

    fn trail(rules: &str) -> Vec<String> {
        let checked =
            parse("r.yml", &format!("groups: [{{name: g, rules: [{rules}]}}]"), &FileOptions::strict());
        assert_eq!(checked.problems, vec![], "{rules}");
        let mut store = Store::new();
        for (service, growth) in [("a", 0.0), ("b", 1.0), ("c", 5.0)] {
            let samples = (0..20).map(|i| Sample { at: i * 15_000, value: i as f64 * growth });
            let labels = Labels::new([("__name__", "errors_total"), ("service", service)]);
            store.push(Series::of(labels, samples.collect()));
        }
        // 0 1 0 0 9 0 0 0 9 …
        let wave =
            (0..20).map(|i| Sample { at: i * 15_000, value: if i > 0 && i % 4 == 0 { 9.0 } else { 0.0 } });
        let wave: Vec<Sample> = wave.filter(|sample| sample.at < 130_000).collect();
        for sample in wave {
            store.append(&Labels::new([("__name__", "wave"), ("service", "w")]), sample);
        }
        let (files, interval) = ([checked.file], Interval { forced: None, default: 15_000 });
        let replay = replay(&files, &mut store, interval, &Setting::plain()).unwrap();
        let trails = trails(&files, &replay, &store, 300_000);
        trails
            .iter()
            .map(|trail| format!("{} {} {}", trail.alert, trail.labels.get("service"), trail.at / 1000))
            .collect()
    }

    #[test]
    fn alerts_lead_to_their_samples() {
        for (rules, expected) in [
            ("{alert: A, expr: errors_total > 40}", vec!["0 c 135"]),
            ("{alert: A, expr: 'sum(rate(errors_total[1m])) > 0.3'}", vec!["0 c 60", "0 b 60"]),
            (
                "{alert: A, expr: 'rate(errors_total[1m]) > 0.3', labels: {service: mine}}",
                vec!["0 c 60", "0 b 60"],
            ),
            (
                "{record: r, expr: 'sum by (service) (rate(errors_total[1m]))'}, {alert: A, expr: r > 0.3}",
                vec!["0 c 60"],
            ),
            ("{alert: A, expr: absent(nothing)}", vec![]),
            ("{alert: A, expr: 'max_over_time(wave[1m]) > 8'}", vec!["0 w 60"]),
            ("{alert: A, expr: 'min_over_time(wave[1m]) < 1'}", vec!["0 w 0"]),
            ("{alert: A, expr: 'avg_over_time(wave[1m]) < 0.5'}", vec!["0 w 0"]),
            ("{alert: A, expr: errors_total offset 1m > 60}", vec!["0 c 195"]),
        ] {
            assert_eq!(trail(rules), expected, "{rules}");
        }
    }
}
