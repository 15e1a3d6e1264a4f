//! How well requests went over time, where they enter: before, during and after the worst stretch.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::asked::Asked;
use super::book::NOWHERE;
use super::recorded::Counted;
use crate::model::Timestamp;
use crate::outcome::probe;
use crate::series::bins::Bins;
use crate::series::change::{self, Way};
use crate::timeline::observe::{Kind, Signal, What};
use crate::timeline::requests::{Ended, is_refusal};
use crate::timeline::scene::{GAIN, Scene};

/// Requests and failures over time.
#[derive(Clone, Debug)]
pub struct Success {
    /// The log in which the requests were counted; [`NOWHERE`] if a recorded metric counted them.
    pub group: u32,
    /// Were they put together from all logs by their ids?
    pub joined: bool,
    /// A request succeeds when this holds, in words.
    pub rule: String,
    /// The metric that counted them, and whose it is.
    recorded: Option<(String, Option<String>)>,
    /// How to ask for what that metric counted.
    pub asked: Option<Asked>,
    /// Requests in each bin of the axis.
    pub requests: Vec<u64>,
    /// Failures in each bin of the axis.
    pub failures: Vec<u64>,
    /// The share of the requests that succeeded, of the time that is judged.
    pub rate: Option<f64>,
    /// When failures were more frequent than usual.
    pub worst: Option<Worst>,
    /// The failures.
    pub failed: Bins,
    /// The failures by status, the most frequent first; those of the stretch, if there is one.
    pub by_status: Vec<(String, u64)>,
}

/// A stretch in which more requests failed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worst {
    /// The time of its first failure.
    pub from: Timestamp,
    /// The time of its last.
    pub to: Timestamp,
    /// How much likelier than a constant share.
    pub gain: f64,
}

/// Shares of requests that succeeded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Rates {
    /// Before the stretch; all of it if there is none.
    pub before: Option<f64>,
    /// In it.
    pub during: Option<f64>,
    /// After it.
    pub after: Option<f64>,
}

impl Success {
    /// Counts the requests of the log where they enter: of all logs with a status in nearly every entry, the one
    /// with most; else the one with most statuses. `None` if no entry has one.
    pub fn of(scene: &Scene<'_>) -> Option<Success> {
        let mut groups: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
        for (kind, signal) in &scene.kinds {
            let counts = groups.entry(kind.group).or_default();
            match kind.what {
                What::Template => counts.0 += signal.count,
                What::Status if code(kind).is_some() && !is_probe(kind) => counts.1 += signal.count,
                What::Status if code(kind).is_some() => counts.0 = counts.0.saturating_sub(signal.count),
                _ => {}
            }
        }
        let most = groups.values().map(|(_, statuses)| *statuses).max().unwrap_or(0);
        // An access log has nothing else; a service may tell of a failure twice.
        let edge = |(entries, statuses): (u64, u64)| {
            let nearly_all = statuses * 10 >= entries * 8;
            u8::from(nearly_all) + u8::from(statuses * 100 >= entries * 98 && statuses * 2 >= most)
        };
        let (group, _) = groups
            .into_iter()
            .filter(|(_, (_, statuses))| *statuses > 0)
            .max_by_key(|(group, counts)| (edge(*counts), counts.1, std::cmp::Reverse(*group)))?;
        Some(Success::count(scene, group))
    }

    /// Those who tell in the log in which they were counted how requests ended and hardly anything else, as an access log
    /// does: their services, for a log may hold what several wrote.
    pub fn only_end<'s>(&self, scene: &'s Scene<'_>) -> BTreeSet<&'s str> {
        let mut told: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for (kind, signal) in scene.kinds.iter().filter(|(kind, _)| kind.group == self.group) {
            let (ends, entries) = told.entry(kind.service.as_str()).or_default();
            match kind.what {
                What::Status => *ends += signal.count,
                What::Template => *entries += signal.count,
                _ => {}
            }
        }
        told.into_iter()
            .filter(|(_, (ends, entries))| ends * 10 >= entries * 8)
            .map(|(name, _)| name)
            .collect()
    }

    /// Counts the requests of which only levels say how they ended: where most is said of them. `None` if nothing
    /// names any.
    pub fn by_levels(scene: &Scene<'_>) -> Option<Success> {
        let group = scene.requests.teller()?;
        Some(Success::count(scene, group))
    }

    fn count(scene: &Scene<'_>, group: u32) -> Success {
        let none = Ended::default();
        let own = scene.requests.at(group).unwrap_or(&none);
        let known = scene.requests.known_elsewhere(group);
        let ended = known.unwrap_or(own);
        Success {
            rule: scene.requests.rule().to_owned(),
            joined: scene.requests.are_joined(group) || known.is_some(),
            ..Success::from_counts(
                scene,
                (group, None),
                &ended.all,
                (ended.failed.clone(), &ended.refused),
                ended.by_status.clone(),
            )
        }
    }

    /// Counts the requests of a recorded metric.
    pub fn recorded(scene: &Scene<'_>, counted: &Counted) -> Success {
        let place = Some((counted.metric.clone(), counted.service.clone()));
        let success = Success::from_counts(
            scene,
            (NOWHERE, place),
            &counted.all,
            (counted.failed.clone(), &Bins::default()),
            counted.by_status.clone(),
        );
        Success { asked: Some(counted.asked.clone()), ..success }
    }

    fn from_counts(
        scene: &Scene<'_>,
        (group, recorded): (u32, Option<(String, Option<String>)>),
        all: &Bins,
        (failed, refused): (Bins, &Bins),
        by_status: BTreeMap<String, Bins>,
    ) -> Success {
        let (requests, failures) = (scene.axis.counts(all), scene.axis.counts(&failed));
        let exposure: Vec<f64> = requests.iter().map(|count| *count as f64).collect();
        // Who is refused feels it, too.
        let mut felt = failed.clone();
        felt.merge(refused.clone());
        let worst = worst(scene, &exposure, &failed).or_else(|| worst(scene, &exposure, &felt));
        let stretch = worst.map(|worst: Worst| scene.axis.range((worst.from, worst.to)));
        let mut by_status: Vec<(String, u64)> = by_status
            .into_iter()
            .map(|(status, bins)| {
                let counts = scene.axis.counts(&bins);
                let within = stretch.clone().map_or(&counts[..], |range| &counts[range]);
                (status, within.iter().sum())
            })
            .filter(|(_, count)| *count > 0)
            .collect();
        by_status.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        Success {
            group,
            joined: false,
            rule: "what counted it says so".to_owned(),
            recorded,
            asked: None,
            rate: rate(&requests, &failures, scene.against.within.clone()),
            requests,
            failures,
            worst,
            failed,
            by_status,
        }
    }

    /// Did a recorded metric count about the same requests?
    pub fn counts_as(&self, counted: &Counted) -> bool {
        let (own, theirs) = (self.requests.iter().sum::<u64>(), counted.all.count());
        self.recorded.is_some() || own.abs_diff(theirs) * 10 <= own
    }

    /// Are there enough requests for their success to be told in a sentence? Three of fourteen are an accident.
    pub fn is_telling(&self) -> bool {
        const ENOUGH: [u64; 2] = [100, 5];
        let [requests, failures] = [&self.requests, &self.failures].map(|counts| counts.iter().sum::<u64>());
        requests >= ENOUGH[0] || failures >= ENOUGH[1]
    }

    /// Where the requests were counted: a log, all of them, or a metric.
    pub fn source<'s>(&'s self, scene: &'s Scene<'_>) -> &'s str {
        match &self.recorded {
            Some((metric, _)) => metric,
            None if self.joined => "all logs, by their ids",
            None => scene.wants.file(self.group),
        }
    }

    /// Where the requests enter: a service, or else what counted them.
    pub fn place<'s>(&'s self, scene: &'s Scene<'_>) -> &'s str {
        if let Some((metric, service)) = &self.recorded {
            return service.as_ref().unwrap_or(metric);
        }
        let mut told: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        let named = |kind: &Kind| kind.group == self.group && !kind.service.is_empty();
        for (kind, signal) in scene.kinds.iter().filter(|(kind, _)| named(kind)) {
            let (ends, entries) = told.entry(kind.service.as_str()).or_default();
            *(if kind.what == What::Status { ends } else { entries }) += signal.count;
        }
        // A log may hold what several wrote: who tells most of how requests ended.
        let service = told.into_iter().max_by_key(|(name, counts)| (*counts, std::cmp::Reverse(*name)));
        service.map_or_else(|| scene.wants.file(self.group), |(name, _)| name)
    }

    /// Everybody who tells how requests ended, and so feels what happens to others: services and logs, and the groups
    /// of their files.
    pub fn places(&self, scene: &Scene<'_>) -> (BTreeSet<String>, BTreeSet<u32>) {
        let all: u64 = self.failures.iter().sum();
        let mut told: BTreeMap<u32, BTreeMap<&str, u64>> = BTreeMap::new();
        for (kind, signal) in &scene.kinds {
            if kind.what == What::Status && code(kind).is_some_and(is_failure) {
                let named =
                    if kind.service.is_empty() { scene.wants.file(kind.group) } else { &kind.service };
                *told.entry(kind.group).or_default().entry(named).or_default() += signal.count;
            }
        }
        let (mut names, mut groups) = (BTreeSet::from([self.place(scene).to_owned()]), BTreeSet::new());
        for (group, services) in told {
            if services.values().sum::<u64>() * 2 < all {
                continue;
            }
            groups.insert(group);
            // In a log that holds what several wrote it is those of them who tell of most.
            let most: Vec<&str> =
                services.iter().filter(|(_, n)| **n * 2 >= all).map(|(name, _)| *name).collect();
            let those = if most.is_empty() { services.into_keys().collect() } else { most };
            names.extend(those.into_iter().map(str::to_owned));
        }
        groups.insert(self.group);
        (names, groups)
    }

    /// The rates around a stretch of time.
    pub fn rates(&self, scene: &Scene<'_>, stretch: Option<(Timestamp, Timestamp)>) -> Rates {
        let rate = |range: std::ops::Range<usize>| {
            let requests: u64 = self.requests.get(range.clone()).unwrap_or_default().iter().sum();
            let failures: u64 = self.failures.get(range).unwrap_or_default().iter().sum();
            (requests > 0).then(|| (requests - failures) as f64 / requests as f64)
        };
        let bins = scene.axis.bins;
        let Some((from, to)) = stretch else {
            let all = scene.against.within.clone().unwrap_or(0..bins);
            return Rates { before: rate(all), ..Rates::default() };
        };
        let from = scene.axis.bin(from).unwrap_or(0);
        let until = scene.axis.bin(to).map_or(bins, |bin| bin + 1).max(from);
        let before = scene.against.usual.clone().unwrap_or(0..from);
        Rates { before: rate(before), during: rate(from..until), after: rate(until..bins) }
    }
}

/// The requests of a log, probes aside.
pub fn statuses<'s>(scene: &'s Scene<'_>, group: u32) -> impl Iterator<Item = &'s (Kind, Signal)> {
    scene.kinds.iter().filter(move |(kind, _)| {
        kind.what == What::Status && kind.group == group && code(kind).is_some() && !is_probe(kind)
    })
}

/// The share of requests that succeeded, in these bins or in all.
fn rate(requests: &[u64], failures: &[u64], within: Option<std::ops::Range<usize>>) -> Option<f64> {
    let within = within.unwrap_or(0..requests.len());
    let sum = |counts: &[u64]| counts.get(within.clone()).unwrap_or_default().iter().sum::<u64>();
    let (requests, failures) = (sum(requests), sum(failures));
    (requests > 0).then(|| (requests - failures) as f64 / requests as f64)
}

/// The stretch in which bad ends were more frequent than usual.
fn worst(scene: &Scene<'_>, exposure: &[f64], bad: &Bins) -> Option<Worst> {
    let found = change::strongest(&scene.axis.counts(bad), exposure, Way::Up, &scene.against)?;
    if found.gain < GAIN * 0.75 || found.count < 5 || found.inside < 1.5 * found.outside {
        return None;
    }
    let from = scene.axis.at(found.from);
    let until = Timestamp(scene.axis.at(found.until).0.saturating_sub(1));
    let mut inside = bad.clipped(from, until);
    if found.outside > 0.0 {
        inside = inside.without_strays();
    }
    Some(Worst { from: inside.first()?.ts, to: inside.last()?, gain: found.gain })
}

/// Does a status say that something is wrong with us: a failure, or a client refused that may be sound? What it says
/// of one request alone, [`crate::outcome`] decides.
pub const fn is_failure(code: u32) -> bool {
    code >= 500 || is_refusal(code)
}

/// The status of a kind of request, if it is a number.
pub fn code(kind: &Kind) -> Option<u32> {
    kind.text.get(..3)?.parse().ok()
}

/// Is it a probe?
pub fn is_probe(kind: &Kind) -> bool {
    probe::is_probe(kind.text.get(4..).unwrap_or_default().as_bytes())
}
