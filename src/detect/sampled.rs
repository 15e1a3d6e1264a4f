//! Recorded metrics of which there are few samples and many siblings: what stands out among all of them at that time, who
//! is to blame for it along the calls, and who only feels it.

use std::collections::{BTreeMap, BTreeSet};

use super::book::{Book, Said, Track, amount, finding};
use super::finding::{Around, Finding};
use super::rollout::Rollouts;
use crate::entities::calls::Calls;
use crate::entities::measured;
use crate::model::{Labels, Timestamp};
use crate::series::step::{self, Judged, Step};
use crate::series::track::{Point, quantile};
use crate::signatures::meter::{self, Meter, Worse};
use crate::signatures::{Nature, Severity};
use crate::timeline::Subject;

/// So many samples are judged by their own series alone (see [`crate::series::track`]).
const MANY: usize = 60;

/// From this gain on a step counts beside another one of the same time.
const WEAK: f64 = 4.0;

/// What a step needs more than all that was looked at would show by chance.
const CLEARLY: f64 = 6.0;

/// A level that did not become half as much again is no trouble.
const TIMES: f64 = 1.5;

/// The gain from which on causes are sure.
const CLEAR: f64 = 16.0;

/// A recording that is longer than this many times another one tells what is usual there.
const LONGER: i64 = 3;

/// What happened to one quantity of somebody.
#[derive(Clone, Debug)]
struct Stood<'b> {
    track: &'b Track,
    metric: &'b str,
    meter: &'static Meter,
    step: Step,
    from: i64,
    to: i64,
    gain: f64,
    /// Who is to blame.
    service: String,
    /// Is it what somebody waits for others?
    waits: bool,
}

/// One series as it is judged.
struct Series<'b> {
    track: &'b Track,
    /// The samples that are asked about.
    asked: Vec<Point>,
    /// Values of another time that is usual.
    usual: Vec<f64>,
    stood: Option<Step>,
    /// How far the samples that are asked about lie from what is usual …
    distances: Vec<f64>,
    /// … and those of the usual time.
    calm: Vec<f64>,
}

/// Are there siblings to compare the series of a metric with? Of what nobody knows whether it is bad, few samples tell
/// nothing.
pub(super) fn compares(name: &str, tracks: &[Track]) -> bool {
    let unknown = meter::of_gauge(name).detector == "metric-change";
    tracks.len() > 1 && (unknown || meaning(name, tracks).is_some())
}

/// Is a series judged here, by its siblings if it has some, and not for itself?
pub(super) fn judges(compared: bool, track: &Track) -> bool {
    compared && track.points.len() < MANY || is_of_another(&track.labels)
}

/// A node's quantity is told of every pod on it, and is none of theirs.
fn is_of_another(labels: &Labels) -> bool {
    meter::is_of_node(labels.metric()) && measured::pod_owner(labels).is_some()
}

/// What is found in gauges with few samples. `is_told` says of which series something was found already.
pub(super) fn steps(book: &Book, calls: &Calls, is_told: &dyn Fn(&Labels) -> bool, found: &mut Vec<Finding>) {
    let every = every(book);
    let window = window(book, every / 1_000_000);
    // What begins with the data may as well have been so before.
    let settled = window.or_else(|| span(book)).map_or(i64::MIN, |(from, to)| from + (to - from) / 10);
    let mut stood: Vec<Stood<'_>> = Vec::new();
    let mut looked_at = 0;
    for (name, tracks) in &book.gauges {
        let Some((meter, whole)) = meaning(name, tracks) else { continue };
        let compared = compares(name, tracks);
        for siblings in siblings(tracks) {
            let few = |series: &Series<'_>| {
                let told = is_told(&series.track.labels);
                judges(compared, series.track) || !series.usual.is_empty() || (whole.is_some() && !told)
            };
            let judged = Judged { up: meter.worse == Worse::Up, whole, siblings: 0.0 };
            let mut series: Vec<Series<'_>> =
                siblings.into_iter().filter_map(|track| Series::of(book, track, window)).collect();
            if !series.iter().any(few) {
                continue;
            }
            judge(&mut series, judged);
            looked_at += series.len();
            let at = |at: usize| stands(&series, at).map(|gain| (at, gain));
            let standing = (0..series.len()).filter(|at| few(&series[*at])).filter_map(at);
            let matters = standing.filter_map(|(at, gain)| told(&series[at], (name, meter), gain));
            stood.extend(matters.filter(|one| one.from > settled));
        }
    }
    blame(&mut stood);
    let clear = (looked_at.max(1) as f64).ln() + CLEARLY;
    let mut told = findings(&stood, calls, (clear, every));
    let rollouts = Rollouts::of(book, every / 1_000_000);
    changed_below(&mut told, calls, &rollouts, every);
    found.append(&mut told);
}

/// The time that is asked about, in milliseconds: of two recordings far apart the much shorter one. `every` is how long it
/// is from one sample to the next.
fn window(book: &Book, every: i64) -> Option<(i64, i64)> {
    if book.given.is_some() {
        return None;
    }
    let tracks = some(book.gauges.values().flatten().collect(), TRACKS);
    let mut times: Vec<i64> =
        tracks.flat_map(|track| track.points.iter().map(|(at, _)| at / 1000 * 1000)).collect();
    times.sort_unstable();
    times.dedup();
    let mut spans = step::recordings(&times, every.max(1));
    spans.sort_by_key(|(from, to)| to - from);
    let length = |(from, to): &(i64, i64)| to - from;
    let (short, long) = (spans.first()?, spans.last()?);
    (spans.len() > 1 && length(short) * LONGER < length(long)).then_some(*short)
}

/// So many series tell when and how often samples were taken …
const TRACKS: usize = 500;

/// … and so many siblings how far samples lie from what is usual.
const SIBLINGS: usize = 64;

/// Some of many, not more than `most`, as far apart as that leaves them.
fn some<T>(all: Vec<T>, most: usize) -> impl Iterator<Item = T> {
    let nth = all.len().div_ceil(most).max(1);
    all.into_iter().step_by(nth)
}

/// The time of the first sample and the last one.
fn span(book: &Book) -> Option<(i64, i64)> {
    let ends = |track: &Track| Some((track.points.first()?.0, track.points.last()?.0));
    let spans = book.gauges.values().flatten().filter_map(ends);
    spans.reduce(|(from, to), (first, last)| (from.min(first), to.max(last)))
}

/// How often samples were taken, in nanoseconds: the middle of the distances.
fn every(book: &Book) -> i64 {
    let tracks = some(book.gauges.values().flatten().collect(), TRACKS);
    let mut steps: Vec<i64> =
        tracks.flat_map(|track| track.points.windows(2).map(|pair| pair[1].0 - pair[0].0)).collect();
    steps.sort_unstable();
    steps.get(steps.len() / 2).map_or(0, |step| step * 1_000_000)
}

/// What a metric measures and the most it can be, where more or less of it is known to be worse.
fn meaning(name: &str, tracks: &[Track]) -> Option<(&'static Meter, Option<f64>)> {
    let meter = meter::of_gauge(name);
    let values = || tracks.iter().flat_map(|track| track.points.iter().map(|(_, value)| *value));
    let most = values().fold(f64::MIN, f64::max);
    // Means of shares may be a hair more than the whole.
    let is_share = values().all(|value| value >= 0.0) && most <= 100.1;
    let whole = (meter.detector == "errors" && meter.worse == Worse::Down && is_share)
        .then_some(if most <= 1.001 { 1.0 } else { 100.0 });
    match meter.worse {
        Worse::Down if meter.detector == "errors" => whole.map(|whole| (meter, Some(whole))),
        Worse::Up | Worse::Down => Some((meter, None)),
        Worse::Gone | Worse::Either => None,
    }
}

/// Series that differ only in whose they are.
fn siblings(tracks: &[Track]) -> Vec<Vec<&Track>> {
    let mut groups: BTreeMap<String, Vec<&Track>> = BTreeMap::new();
    for track in tracks {
        let mut others = track.labels.clone();
        others.retain(|label| meter::owner_rank(label).is_none() && label != "client");
        if is_of_another(&track.labels) {
            continue;
        }
        groups.entry(others.to_string()).or_default().push(track);
    }
    groups.into_values().collect()
}

impl<'b> Series<'b> {
    fn of(book: &Book, track: &'b Track, window: Option<(i64, i64)>) -> Option<Series<'b>> {
        let is_asked = |at: i64| match window {
            Some((from, to)) => (from - 1_000..=to + 1_000).contains(&at),
            None => book.is_judged(at),
        };
        let (asked, others): (Vec<Point>, Vec<Point>) =
            track.points.iter().partition(|(at, _)| is_asked(*at));
        let is_usual = |at: i64| window.is_some() || book.is_usual(at);
        let mut usual: Vec<f64> =
            others.into_iter().filter(|(at, _)| is_usual(*at)).map(|(_, value)| value).collect();
        if !is_comparable(&asked, &usual) {
            usual.clear();
        }
        (asked.len() >= step::FEWEST).then_some(Series {
            track,
            asked,
            usual,
            stood: None,
            distances: Vec::new(),
            calm: Vec::new(),
        })
    }

    fn values(&self) -> Vec<f64> {
        self.asked.iter().map(|(_, value)| *value).collect()
    }
}

/// Does another time tell what is usual at the one that is asked about? Not if nothing of it was ever so there: then the
/// world is another one.
fn is_comparable(asked: &[Point], usual: &[f64]) -> bool {
    const RARE: f64 = 0.005;
    let values: Vec<f64> = asked.iter().map(|(_, value)| *value).collect();
    let (low, high) = (quantile(usual, RARE), quantile(usual, 1.0 - RARE));
    let slack = 0.2 * low.abs().max(high.abs());
    let beginning = &values[..(values.len() / 3).max(1).min(values.len())];
    [&values[..], beginning].iter().any(|some| (low - slack..=high + slack).contains(&step::median(some)))
}

/// Finds for each of the siblings the stretch in which it differs.
fn judge(series: &mut [Series<'_>], judged: Judged) {
    let spread = |series: &Series<'_>| {
        let values = if series.usual.is_empty() { series.values() } else { series.usual.clone() };
        let middle = step::median(&values);
        (middle != 0.0).then(|| step::deviation(&values) / middle.abs())
    };
    let spreads: Vec<f64> = series.iter().filter_map(spread).collect();
    let judged = Judged { siblings: step::median(&spreads), ..judged };
    for one in series {
        let values = one.values();
        let from_middle = |values: &[f64]| step::distances(values, values, step::median(values), &judged);
        (one.stood, one.distances) = match step::step(&values, &one.usual, &judged) {
            Some((step, distances)) => (Some(step), distances),
            None => (None, from_middle(&values)),
        };
        one.calm = from_middle(&one.usual);
    }
}

/// How clearly a series stands out from what it and its siblings do at other times.
fn stands(series: &[Series<'_>], at: usize) -> Option<f64> {
    const FEWEST: usize = 3;
    let one = &series[at];
    let step = one.stood.as_ref()?;
    let (from, to) = (one.asked[step.from].0, one.asked[step.to].0);
    let beside = |other: &Series<'_>| -> Vec<f64> {
        // Clocks differ by some seconds.
        let outside = |(time, _): &Point| *time < from - 30_000 || *time > to + 30_000;
        let kept = other.asked.iter().zip(&other.distances).filter(|(point, _)| outside(point));
        kept.map(|(_, distance)| *distance).chain(other.calm.iter().copied()).collect()
    };
    if step.far < 2 {
        return None;
    }
    let own = beside(one);
    let others = some(series.iter().filter(|other| !std::ptr::eq(*other, one)).collect(), SIBLINGS);
    let mut all: Vec<f64> = others.flat_map(beside).chain(own.iter().copied()).collect();
    all.sort_by(f64::total_cmp);
    if all.len() < FEWEST {
        return None;
    }
    let gain = step::gain(&one.distances[step.from..=step.to], &own, &all);
    (gain >= WEAK).then_some(gain)
}

/// A step, if it is one that matters.
fn told<'b>(series: &Series<'b>, (metric, meter): (&'b str, &'static Meter), gain: f64) -> Option<Stood<'b>> {
    let step = series.stood.as_ref()?;
    let is_share = meter.detector == "errors" && meter.worse == Worse::Down;
    let matters = match meter.worse {
        _ if is_share => true,
        Worse::Up => step.during >= TIMES * step.usual,
        _ => step.during * TIMES <= step.usual,
    };
    let labels = &series.track.labels;
    let resource = is_resource(meter);
    let service = if resource { measured::pod_owner(labels).map(str::to_owned) } else { None };
    Some(Stood {
        track: series.track,
        metric,
        meter,
        step: *step,
        from: series.asked[step.from].0,
        to: series.asked[step.to].0,
        gain,
        service: service
            .or_else(|| measured::owner(labels).filter(|_| measured::edge(labels).is_none()))
            .or_else(|| measured::edge(labels).map(|(_, server)| server.to_owned()))?,
        waits: measured::edge(labels).is_none()
            && measured::pod_owner(labels).is_some()
            && side_by_name(metric) == Some(Side::Client),
    })
    .filter(|_| matters)
}

/// Is it how much of something is used, rather than what requests feel?
fn is_resource(meter: &Meter) -> bool {
    !matches!(meter.detector, "latency" | "errors")
}

/// Who measured a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Client,
    Server,
}

/// Who measured the calls that a metric tells of, as its name says.
fn side_by_name(metric: &str) -> Option<Side> {
    let words = meter::words(metric);
    let has = |names: &[&str]| words.iter().any(|word| names.contains(&word.as_str()));
    match () {
        () if has(&["source", "client", "outbound", "upstream", "egress"]) => Some(Side::Client),
        () if has(&["destination", "server", "inbound", "downstream", "ingress"]) => Some(Side::Server),
        () => None,
    }
}

/// Who measured a call: the one in whose pod it was, or whom the metric's name tells of.
fn side(stood: &Stood<'_>) -> Option<Side> {
    let labels = &stood.track.labels;
    let (client, server) = measured::edge(labels)?;
    match measured::pod_owner(labels) {
        Some(pod) if pod == client => Some(Side::Client),
        Some(pod) if pod == server => Some(Side::Server),
        _ => side_by_name(stood.metric),
    }
}

/// Calls are the fault of the one who is called; but where several that one calls have trouble at once, and none of them
/// knows of it, it is the caller's.
fn blame(stood: &mut [Stood<'_>]) {
    const SEVERAL: usize = 2;
    type Place = (String, String, Option<Side>, &'static str);
    let place = |one: &Stood<'_>| -> Option<Place> {
        let (client, server) = measured::edge(&one.track.labels)?;
        Some((client.to_owned(), server.to_owned(), side(one), one.meter.detector))
    };
    let surely = |one: &&Stood<'_>| one.gain >= 2.0 * WEAK && !is_resource(one.meter);
    let troubled: BTreeSet<Place> = stood.iter().filter(surely).filter_map(place).collect();
    let knows_nothing = |(client, server, _, what): &Place| {
        !troubled.contains(&(client.clone(), server.clone(), Some(Side::Server), what))
    };
    for one in stood.iter_mut().filter(|one| !is_resource(one.meter)) {
        let Some(own) = place(one).filter(|place| place.2 == Some(Side::Client) && knows_nothing(place))
        else {
            continue;
        };
        let alike = troubled
            .iter()
            .filter(|other| other.0 == own.0 && other.2 == own.2 && other.3 == own.3 && knows_nothing(other));
        if alike.count() >= SEVERAL {
            one.service.clone_from(&own.0);
        }
    }
}

/// What a service's series of one quantity tell: those in which it stands out, the clearest first.
struct Told<'s, 'b> {
    all: Vec<&'s Stood<'b>>,
    /// How clear it is together: what several series tell at once is less by chance.
    gain: f64,
}

impl<'s, 'b> Told<'s, 'b> {
    fn of(mut all: Vec<&'s Stood<'b>>) -> Told<'s, 'b> {
        all.sort_by(|a, b| b.gain.total_cmp(&a.gain));
        // What was at another time is something else.
        let (from, to) = (all[0].from, all[0].to);
        all.retain(|one| one.from <= to && from <= one.to);
        let gain = all[0].gain + 2.0 * (all.len() as f64).ln();
        Told { all, gain }
    }

    fn most(&self) -> &'s Stood<'b> {
        self.all[0]
    }

    /// When it began in any of those that are about as clear.
    fn from(&self) -> i64 {
        let clear = self.all.iter().filter(|one| 2.0 * one.gain >= self.most().gain);
        clear.map(|one| one.from).min().unwrap_or(self.most().from)
    }

    /// Is it what requests feel in the service itself?
    fn is_felt(&self) -> bool {
        !is_resource(self.most().meter) && !self.most().waits
    }
}

/// One finding for each quantity of each service that stands out, and who around it feels the same.
fn findings(stood: &[Stood<'_>], calls: &Calls, (clear, every): (f64, i64)) -> Vec<Finding> {
    type Kind = (&'static str, bool);
    let mut grouped: BTreeMap<&str, BTreeMap<Kind, Vec<&Stood<'_>>>> = BTreeMap::new();
    for one in stood {
        let kinds = grouped.entry(&one.service).or_default();
        kinds.entry((one.meter.detector, one.waits)).or_default().push(one);
    }
    let services: BTreeMap<&str, BTreeMap<Kind, Told<'_, '_>>> = grouped
        .into_iter()
        .map(|(service, kinds)| {
            (service, kinds.into_iter().map(|(kind, all)| (kind, Told::of(all))).collect())
        })
        .collect();
    let below: BTreeMap<&str, BTreeSet<&str>> =
        services.keys().map(|service| (*service, calls.below(service))).collect();
    let mut found = Vec::new();
    for (service, kinds) in &services {
        if kinds.values().all(|told| told.gain < clear) {
            continue;
        }
        for (kind, told) in kinds {
            let mut around = Around { every, felt: told.is_felt(), ..Around::default() };
            for (other, theirs) in below.iter().filter(|_| around.felt) {
                let calls_it = theirs.contains(service) && !below[service].contains(other);
                let is_called = below[service].contains(other) && !theirs.contains(service);
                let Some(alike) = services[other].get(kind) else { continue };
                // A callee has to have enough of it, for chance shows a little somewhere.
                let enough = (0.3 * told.most().gain).max(1.75 * WEAK);
                if calls_it && alike.most().gain >= 1.5 * WEAK {
                    around.callers.push((*other).to_owned());
                } else if is_called && alike.most().gain >= enough {
                    around.callees.push((*other).to_owned());
                }
            }
            let felt = kinds.values().filter(|other| other.is_felt()).flat_map(|other| &other.all);
            let joined = felt.into_iter().any(|felt| is_felt_with(felt, told.most(), (clear, every)));
            found.push(say(told, (clear, joined), around));
        }
    }
    found
}

/// Does what requests feel begin with what is used more, within a few samples?
fn is_felt_with(felt: &Stood<'_>, used: &Stood<'_>, (clear, every): (f64, i64)) -> bool {
    const SAMPLES: i64 = 3;
    let near = (felt.from - used.from).abs().saturating_mul(1_000_000) <= SAMPLES.saturating_mul(every);
    !is_resource(felt.meter) && !felt.waits && near && felt.gain >= 0.5 * clear
}

/// Who began to fail without a new version of its own, right after one of somebody whom it calls, has it from there: what
/// changed last is asked first.
fn changed_below(found: &mut Vec<Finding>, calls: &Calls, rollouts: &Rollouts, every: i64) {
    let mut changed: BTreeMap<String, Finding> = BTreeMap::new();
    for finding in found.iter_mut() {
        let (Some(service), Some(from)) = (finding.subject.service.clone(), finding.from) else { continue };
        let (at, step) = (from.millis(), every / 1_000_000);
        let Some(around) = finding.around.as_mut().filter(|around| around.felt && around.callees.is_empty())
        else {
            continue;
        };
        if finding.severity < Severity::High || rollouts.before(&service, at, step).is_some() {
            continue;
        }
        let new =
            calls.called(&service).filter_map(|called| Some((rollouts.before(called, at, step)?, called)));
        let Some((began, called)) = new.max() else { continue };
        around.callees.push(called.to_owned());
        let began = Timestamp::from_millis(began).map_or_else(String::new, Timestamp::clock);
        let what = format!("a new version began at {began}, right before {service} began to fail");
        let of = changed.entry(called.to_owned()).or_insert_with(|| Finding {
            detector: "deploy",
            subject: Subject { file: String::new(), service: Some(called.to_owned()) },
            what: Some(what.clone()),
            summary: what,
            around: Some(Around { every, felt: true, ..Around::default() }),
            ..finding.clone()
        });
        if let Some(around) = &mut of.around {
            around.callers.push(service);
        }
        of.gain = of.gain.max(finding.gain);
    }
    found.extend(changed.into_values());
}

/// A step in words. `joined`: do requests feel it as soon as it begins?
fn say(told: &Told<'_, '_>, (clear, joined): (f64, bool), around: Around) -> Finding {
    let one = told.most();
    let (meter, step) = (one.meter, &one.step);
    // Memory that grows slows nothing down, until there is none left.
    let slows = is_resource(meter) && meter.detector != "out-of-memory";
    let joined = slows && joined && told.gain >= clear;
    let (nature, severity) = match meter.detector {
        _ if one.waits => (Nature::Symptom, Severity::Medium),
        "latency" | "errors" => (Nature::Symptom, Severity::High),
        _ if joined => (Nature::Resource, Severity::High),
        _ => (Nature::Symptom, Severity::Medium),
    };
    // What is used is trouble only where somebody feels it.
    let gain = (CLEAR + told.gain - clear).max(1.0);
    let gain = if is_resource(meter) && !joined { gain.min(CLEAR) } else { gain };
    let more = match told.all.len() {
        1 => String::new(),
        n => format!(", and in {} more series", n - 1),
    };
    let finding = finding(&Said {
        detector: meter.detector,
        severity,
        nature,
        labels: &one.track.labels,
        metric: one.metric,
        what: meter.what.to_owned(),
        range: (told.from(), one.to),
        count: step.far,
        gain,
        numbers: format!(
            "usually {}, then {}{more}",
            amount(one.metric, step.usual, ""),
            amount(one.metric, step.peak, "")
        ),
    });
    let times = if step.usual > 0.0 { step.during / step.usual } else { 0.0 };
    let subject = Subject { file: String::new(), service: Some(one.service.clone()) };
    Finding { times, around: Some(around), subject, ..finding }
}
