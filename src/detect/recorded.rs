//! Changes in recorded metrics, found and not given: what is at its limit, what left what was usual, what is gone.

use std::collections::BTreeMap;

use super::asked::Asked;
use super::beside;
use super::book::{Book, MOST_SERIES, NOWHERE, Said, Track, amount, apart, finding, increases};
use super::finding::Finding;
use super::limits;
use super::sampled;
use super::states;
use crate::entities::calls::Calls;
use crate::entities::measured::{self, owner};
use crate::model::{Labels, Location, Timestamp};
use crate::promql::Store;
use crate::series::bins::{Bins, Moment};
use crate::series::change::{self, Way};
use crate::series::track::{Point, Shift};
use crate::signatures::meter::{self, Meter, OUTCOMES, Worse};
use crate::signatures::{Nature, Severity};
use crate::timeline::scene::{Axis, GAIN, Given};

/// How requests went, by a recorded counter.
#[derive(Clone, Debug)]
pub struct Counted {
    /// The metric.
    pub metric: String,
    /// Whose it is.
    pub service: Option<String>,
    /// All requests.
    pub all: Bins,
    /// Those that failed.
    pub failed: Bins,
    /// Failures by the value that says so.
    pub by_status: BTreeMap<String, Bins>,
    /// What it takes to ask for the same.
    pub asked: Asked,
}

/// Who calls whom, as the labels of series tell.
pub fn add_calls(store: &Store, calls: &mut Calls) {
    for series in store.series().take(MOST_SERIES) {
        if let Some((client, server)) = measured::edge(&series.labels) {
            calls.add(client, server);
        }
    }
}

/// What changed in the recorded metrics. `file` stands for their files until evidence is looked up.
pub fn findings(store: &Store, file: &str, given: Option<Given>, calls: &Calls) -> Vec<Finding> {
    let book = Book::of(store, given);
    let mut found = Vec::new();
    limits::findings(store, &mut found);
    let limited: Vec<Option<Labels>> = found.iter().map(|finding| finding.series.clone()).collect();
    states::reached(&book, &mut found);
    for (name, tracks) in &book.gauges {
        levels(&book, name, tracks, &mut found);
    }
    rates(&book, &mut found);
    means(&book, &mut found);
    shares(&book, &mut found);
    let told: Vec<Labels> = found.iter().filter_map(|finding| finding.series.clone()).collect();
    states::standing(&book, &|labels| told.contains(labels), &mut found);
    // What is at its limit is told as that, and not as a change.
    let at_limit = limited.len();
    let mut place = 0;
    found.retain(|finding| {
        place += 1;
        place <= at_limit || !limited.contains(&finding.series)
    });
    let told: Vec<Labels> = found.iter().filter_map(|finding| finding.series.clone()).collect();
    sampled::steps(&book, calls, &|labels| told.contains(labels), &mut found);
    // What is known to have reached its limit is no news before.
    let full: Vec<Option<Labels>> =
        found.iter().filter(|f| f.severity == Severity::Critical).map(|f| f.series.clone()).collect();
    found.retain(|f| f.severity == Severity::Critical || f.series.is_none() || !full.contains(&f.series));
    let unlabelled = book.gauges.iter().chain(&book.counters);
    let unlabelled =
        unlabelled.filter(|(_, tracks)| tracks.iter().all(|track| track.labels.iter().count() <= 1));
    let owners = beside::owners_by_name(unlabelled.map(|(name, _)| name.as_str()));
    for finding in &mut found {
        file.clone_into(&mut finding.subject.file);
        let metric = finding.series.as_ref().map_or("", |series| series.metric());
        if finding.subject.service.is_none() {
            finding.subject.service = owners.get(metric).cloned();
        }
    }
    beside::weigh(&mut found);
    found.sort_by_cached_key(Finding::order);
    found
}

/// Is a shift for the worse?
pub(super) fn is_worse(worse: Worse, shift: &Shift) -> bool {
    match worse {
        Worse::Up => shift.is_up(),
        Worse::Down => !shift.is_up(),
        Worse::Gone => !shift.is_up() && shift.during.abs() <= 0.05 * shift.usual.abs(),
        Worse::Either => true,
    }
}

fn shifted(meter: &Meter, name: &str, track: &Track, shift: &Shift, unit: &str) -> Finding {
    let range = (track.points[shift.from].0, track.points[shift.to].0);
    let much = is_much(meter, shift);
    let finding = finding(&Said {
        detector: meter.detector,
        severity: if much { Severity::High } else { meter.severity },
        nature: if much && meter.detector == "out-of-memory" { Nature::Resource } else { meter.nature },
        labels: &track.labels,
        metric: name,
        what: meter.what.to_owned(),
        range,
        count: shift.to - shift.from + 1,
        gain: shift.gain,
        numbers: format!(
            "usually {}, then {}",
            amount(name, shift.usual, unit),
            amount(name, shift.peak, unit)
        ),
    });
    Finding { times: if shift.usual > 0.0 { shift.during / shift.usual } else { 0.0 }, ..finding }
}

/// Answers that take several times as long for some time are trouble, whether or not anything fails; so is twice the
/// memory.
fn is_much(meter: &Meter, shift: &Shift) -> bool {
    let times = match meter.detector {
        "latency" => 3.0,
        "out-of-memory" => 2.0,
        _ => return false,
    };
    shift.during >= times * shift.usual && shift.to - shift.from >= 8
}

/// Values that leave what was usual.
fn levels(book: &Book, name: &str, tracks: &[Track], found: &mut Vec<Finding>) {
    let meter = meter::of_gauge(name);
    let compared = sampled::compares(name, tracks);
    for track in tracks.iter().filter(|track| !sampled::judges(compared, track)) {
        if let Some(shift) = book.shift(&track.points)
            && is_worse(meter.worse, &shift)
        {
            found.push(shifted(meter, name, track, &shift, ""));
        }
    }
}

/// Counters without an outcome: how fast they grow.
fn rates(book: &Book, found: &mut Vec<Finding>) {
    for (name, tracks) in &book.counters {
        let histogram = name.ends_with("_sum") || name.ends_with("_count") || name.ends_with("_created");
        if histogram || tracks.iter().any(|track| outcome(&track.labels).is_some()) {
            continue;
        }
        let meter = meter::of_name(name);
        for track in tracks {
            let rates = Track { labels: track.labels.clone(), points: per_second(&track.points) };
            if let Some(shift) = book.shift(&rates.points)
                && is_worse(meter.worse, &shift)
            {
                found.push(shifted(meter, name, &rates, &shift, "/s"));
            }
        }
    }
}

fn per_second(points: &[Point]) -> Vec<Point> {
    increases(points)
        .filter(|(from, to, _)| to > from)
        .map(|(from, to, grown)| (to, grown * 1e3 / (to - from) as f64))
        .collect()
}

/// The mean of histograms and summaries: sum by count, for each service, and for each of its series if only few
/// of them change.
fn means(book: &Book, found: &mut Vec<Finding>) {
    for (name, sums) in &book.counters {
        let Some(base) = name.strip_suffix("_sum") else { continue };
        let Some(counts) = book.counters.get(&format!("{base}_count")) else { continue };
        let mut owners: BTreeMap<Option<String>, Vec<(&Track, &Track)>> = BTreeMap::new();
        for (sum, count) in sums.iter().zip(counts) {
            owners.entry(owner(&sum.labels)).or_default().push((sum, count));
        }
        for pairs in owners.into_values() {
            let each: Vec<Track> = pairs.iter().filter_map(|pair| often(pair.0, pair.1)).collect();
            let mut shared = pairs[0].0.labels.clone();
            shared.retain(|name| name == Labels::NAME || meter::owner_rank(name).is_some());
            narrowest(book, (base, meter::of_name("latency")), &mean(&pairs, &shared), &each, found);
        }
    }
}

/// The mean of one series, in steps in which there is mostly something to take the mean of: that of what seldom
/// happens is chance.
fn often(sum: &Track, count: &Track) -> Option<Track> {
    const FEWEST: usize = 30;
    let each = |track: &Track, nth: usize| Track {
        labels: track.labels.clone(),
        points: track.points.iter().step_by(nth).copied().collect(),
    };
    let nth = [1, 2, 4, 8].into_iter().find(|nth| {
        let thin = each(count, *nth).points;
        let grows = increases(&thin).filter(|(.., grown)| *grown > 0.0).count();
        (*nth == 1 || thin.len() >= FEWEST) && grows * 2 >= thin.len()
    })?;
    Some(mean(&[(&each(sum, nth), &each(count, nth))], &sum.labels))
}

/// Tells of the whole, or of single parts if most of the parts are as they were.
fn narrowest(
    book: &Book,
    (name, meter): (&str, &Meter),
    whole: &Track,
    parts: &[Track],
    found: &mut Vec<Finding>,
) {
    let judge = |track: &Track| book.shift(&track.points).filter(|shift| is_worse(meter.worse, shift));
    // The mean of few is no steady one.
    let far = |shift: &Shift| shift.during >= 2.5 * shift.usual;
    let single: Vec<(&Track, Shift)> =
        parts.iter().filter_map(|part| Some((part, judge(part).filter(far)?))).collect();
    let all = judge(whole);
    if parts.len() > 1 && !single.is_empty() && (single.len() * 2 < parts.len() || all.is_none()) {
        found.extend(single.iter().map(|(part, shift)| shifted(meter, name, part, shift, "")));
    } else if let Some(shift) = all {
        found.push(shifted(meter, name, whole, &shift, ""));
    }
}

/// Increase of the sums by increase of the counts, where something was counted.
fn mean(pairs: &[(&Track, &Track)], labels: &Labels) -> Track {
    let mut totals: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
    for (sum, count) in pairs {
        for (_, at, grown) in increases(&sum.points) {
            totals.entry(at).or_default().0 += grown;
        }
        for (_, at, grown) in increases(&count.points) {
            totals.entry(at).or_default().1 += grown;
        }
    }
    let points =
        totals.into_iter().filter(|(_, (_, n))| *n > 0.0).map(|(at, (sum, n))| (at, sum / n)).collect();
    Track { labels: labels.clone(), points }
}

/// How something ended, if a label says so.
fn outcome(labels: &Labels) -> Option<&str> {
    OUTCOMES.iter().map(|name| labels.get(name)).find(|value| !value.is_empty())
}

/// Counters with an outcome, by what they count and for whom.
fn counted(book: &Book) -> Vec<(String, Labels, Counted)> {
    let mut all: BTreeMap<(String, String), (Labels, Counted)> = BTreeMap::new();
    for (name, tracks) in &book.counters {
        for track in tracks {
            let Some(ending) = outcome(&track.labels) else { continue };
            let mut whole = track.labels.clone();
            whole.retain(|label| label == Labels::NAME || meter::owner_rank(label).is_some());
            let mut part = track.labels.clone();
            part.retain(|label| !OUTCOMES.contains(&label));
            let mut kept = vec![whole];
            if part != kept[0] {
                kept.push(part);
            }
            for labels in kept {
                let (_, counted) = all.entry((name.clone(), labels.to_string())).or_insert_with(|| {
                    let counted = Counted {
                        metric: name.clone(),
                        service: owner(&labels),
                        all: Bins::default(),
                        failed: Bins::default(),
                        by_status: BTreeMap::new(),
                        asked: Asked::of(&labels),
                    };
                    (labels, counted)
                });
                counted.asked.saw(&track.labels, &track.points);
                for (_, at, grown) in increases(&track.points) {
                    let (Some(ts), n) = (Timestamp::from_millis(at), grown.round() as u64) else { continue };
                    let moment = Moment { ts, location: Location { file: NOWHERE, chunk: 0, line: 0 } };
                    counted.all.add_many(moment, n);
                    if meter::is_failure(ending) {
                        counted.failed.add_many(moment, n);
                        counted.by_status.entry(ending.to_owned()).or_default().add_many(moment, n);
                    }
                }
            }
        }
    }
    all.into_iter().map(|((name, _), (labels, counted))| (name, labels, counted)).collect()
}

/// Shares of errors that rise.
fn shares(book: &Book, found: &mut Vec<Finding>) {
    let all = counted(book);
    let risen: Vec<(usize, (usize, usize), change::Stretch, Axis)> = all
        .iter()
        .enumerate()
        .filter_map(|(at, (_, _, counted))| {
            risen(book, counted).map(|(range, stretch, axis)| (at, range, stretch, axis))
        })
        .collect();
    for (at, _, stretch, axis) in &risen {
        let (name, labels, counted) = &all[*at];
        let is_part = |labels: &Labels| !apart(labels).is_empty();
        let family = |other: usize| all[other].0 == *name && all[other].2.service == counted.service;
        let parts = (0..all.len()).filter(|other| family(*other) && is_part(&all[*other].1)).count();
        let single = risen.iter().filter(|(other, ..)| family(*other) && is_part(&all[*other].1)).count();
        // Of the whole and its parts the one is told that says more.
        let few = single > 0 && single * 2 < parts;
        if parts > 1 && is_part(labels) != few {
            continue;
        }
        let mut inside = counted
            .failed
            .clipped(axis.at(stretch.from), Timestamp(axis.at(stretch.until).0.saturating_sub(1)));
        // Where there was none before, one may stand apart a little farther.
        inside = inside.without_strays_beyond(if stretch.outside > 0.0 { 2 } else { 3 });
        let (Some(first), Some(last)) = (inside.first(), inside.last()) else { continue };
        let (from, to) = (first.ts, last);
        let within = |bins: &Bins| bins.within(from, to).map(|bin| bin.count).sum::<u64>();
        let statuses = counted.by_status.iter().map(|(status, bins)| (status, within(bins)));
        let statuses: Vec<String> =
            statuses.filter(|(_, n)| *n > 0).map(|(status, n)| format!("{n} × {status}")).collect();
        found.push(finding(&Said {
            detector: "error-share",
            severity: Severity::High,
            nature: Nature::Symptom,
            labels,
            metric: name,
            what: "the share of errors rises".to_owned(),
            range: (first.ts.millis(), last.millis()),
            count: inside.count() as usize,
            gain: stretch.gain,
            numbers: format!(
                "usually {:.1} %, then {:.1} %: {}",
                stretch.outside * 100.0,
                stretch.inside * 100.0,
                statuses.join(", ")
            ),
        }));
    }
}

/// When failures were a greater part of all than usual.
fn risen(book: &Book, counted: &Counted) -> Option<((usize, usize), change::Stretch, Axis)> {
    if counted.failed.count() < 5 {
        return None;
    }
    let axis = Axis::of(&counted.all);
    let exposure: Vec<f64> = axis.counts(&counted.all).iter().map(|n| *n as f64).collect();
    let failed = axis.counts(&counted.failed);
    let found = change::strongest(&failed, &exposure, Way::Up, &axis.against(book.given.as_ref()))?;
    let rises = found.gain >= GAIN && found.inside >= 2.0 * found.outside && found.count >= 5;
    (rises && (book.given.is_some() || found.from > (axis.bins / 25).max(2))).then_some((
        (found.from, found.until),
        found,
        axis,
    ))
}

/// The counter that says best how requests went: of those with an outcome the one that looks most like an edge.
pub fn requests(store: &Store) -> Option<Counted> {
    let edge = |counted: &Counted| {
        let name = counted.metric.to_ascii_lowercase();
        let said = ["http_server", "edge", "gateway", "ingress", "http_requests", "nginx", "requests"];
        said.iter().position(|word| name.contains(word)).map_or(0, |at| said.len() - at)
    };
    let all = counted(&Book::of(store, None)).into_iter().filter(|(_, labels, _)| apart(labels).is_empty());
    all.map(|(_, _, counted)| counted)
        .filter(|counted| counted.all.count() > 0)
        .max_by_key(|counted| (edge(counted), counted.all.count()))
}
