//! What stopped: a log, a service or a regular message that is heard no more, or not for a long time.

use std::collections::{BTreeMap, BTreeSet};

use super::Detector;
use super::collection::Collection;
use super::family::{identity, subject};
use super::finding::Finding;
use super::success::{code, is_probe};
use crate::model::time::NANOS;
use crate::model::{Level, Timestamp};
use crate::series::bins::{Bins, Run};
use crate::signatures::{Nature, Severity};
use crate::timeline::observe::{Kind, What};
use crate::timeline::scene::Scene;
use crate::timeline::{Evidence, Subject};

/// Silence of what used to be heard.
#[derive(Debug)]
pub struct Silence;

/// The detector of silence.
pub static SILENCE: Silence = Silence;

const WHAT: &str = "silent: stopped writing";

/// Entries that must be missing for a silence.
const MISSING: f64 = 20.0;

/// The shortest silence.
const SHORTEST: i64 = 90 * NANOS;

/// How many times longer than a usual pause a silence is.
const LONGER: i64 = 6;

/// A pause between two entries, or after the last.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Pause {
    from: Timestamp,
    to: Timestamp,
    /// Entries that were to be expected in it.
    missing: f64,
}

impl Detector for Silence {
    fn name(&self) -> &'static str {
        "silence"
    }

    fn what(&self) -> &'static str {
        WHAT
    }

    fn about(&self) -> &'static str {
        "a log or a service that wrote regularly and stopped, and regular messages that no longer come"
    }

    fn find(&self, scene: &Scene<'_>) -> Vec<Finding> {
        let mut services: BTreeMap<Subject, Vec<usize>> = BTreeMap::new();
        for (at, (kind, _)) in scene.kinds.iter().enumerate() {
            if kind.what == What::Template {
                services.entry(identity(scene, kind)).or_default().push(at);
            }
        }
        let mut found = Vec::new();
        let alone = services.len() == 1;
        let collection = Collection::of(scene);
        let ends = ends(scene, &collection);
        for kinds in services.into_values() {
            let mut all = Bins::default();
            for kind in &kinds {
                all.merge(scene.kinds[*kind].1.bins.clone());
            }
            // A log of months that nobody else writes beside may pause for a night.
            if alone && !is_dense(&all) {
                continue;
            }
            let logs: BTreeSet<u32> = kinds.iter().map(|kind| scene.kinds[*kind].0.group).collect();
            let end = logs.iter().filter_map(|log| ends.get(log)).max().copied().unwrap_or(scene.last);
            if let Some(pause) =
                pause(scene, &all, end).filter(|pause| counts((scene, &collection), &logs, &all, pause))
            {
                let what = unheard(scene, &kinds);
                found.push(finding(scene, &kinds, &all, pause, (Severity::High, what)));
                continue;
            }
            // An error that is heard no more is no trouble.
            for at in kinds {
                let (kind, signal) = &scene.kinds[at];
                if kind.level.is_some_and(|level| level <= Level::Info)
                    && signal.count >= 60
                    && let Some(pause) =
                        pause(scene, &signal.bins, ends.get(&kind.group).copied().unwrap_or(scene.last))
                    && counts((scene, &collection), &BTreeSet::from([kind.group]), &all, &pause)
                    && pause.missing >= 2.0 * MISSING
                {
                    let severity = if is_loss(scene, &all, &signal.bins, pause) {
                        Severity::High
                    } else {
                        Severity::Medium
                    };
                    let what = unheard(scene, &[at]);
                    found.push(finding(scene, &[at], &signal.bins, pause, (severity, what)));
                }
            }
        }
        found.extend(endpoints(scene));
        found
    }
}

/// A log's first and last entry, and who writes into it.
type Written<'s> = (Timestamp, Timestamp, BTreeSet<&'s str>);

/// Until when each log would have gone on, had nobody stopped writing it.
fn ends(scene: &Scene<'_>, collection: &Collection<'_, '_>) -> BTreeMap<u32, Timestamp> {
    let mut logs: BTreeMap<u32, Written<'_>> = BTreeMap::new();
    for (kind, signal) in scene.kinds.iter().filter(|(kind, _)| kind.what == What::Template) {
        if let (Some(first), Some(last)) = (signal.bins.first(), signal.bins.last()) {
            let (from, to, services) =
                logs.entry(kind.group).or_insert_with(|| (first.ts, last, BTreeSet::new()));
            (*from, *to) = (first.ts.min(*from), last.max(*to));
            services.extend((!kind.service.is_empty()).then_some(&*kind.service));
        }
    }
    let end = |(log, (_, last, services)): (&u32, &Written<'_>)| {
        // Somebody else of the same service took over.
        let goes_on_elsewhere = || {
            let begins = |(from, _, theirs): &Written<'_>| {
                from.0 > last.0.saturating_sub(60 * NANOS) && !theirs.is_disjoint(services)
            };
            logs.iter().any(|(other, written)| other != log && begins(written))
        };
        let stopped = *last < scene.last
            && collection.is_silence(&BTreeSet::from([*log]), *last, scene.last)
            && !goes_on_elsewhere();
        (*log, if stopped { scene.last } else { *last })
    };
    logs.iter().map(end).collect()
}

/// Does a pause within logs count? Between two files a part may be missing, unless others go on meanwhile.
fn counts(
    (scene, collection): (&Scene<'_>, &Collection<'_, '_>),
    logs: &BTreeSet<u32>,
    all: &Bins,
    pause: &Pause,
) -> bool {
    let before = all.last_before(pause.from);
    let after = all.within(pause.to, scene.last).next().map(|bin| bin.first);
    let one_file =
        before.zip(after).is_none_or(|(before, after)| before.location.file == after.location.file);
    one_file || collection.goes_on(logs, pause.from, pause.to)
}

/// Is something heard every minute, on average?
fn is_dense(bins: &Bins) -> bool {
    let (Some(first), Some(last)) = (bins.first(), bins.last()) else { return false };
    (last - first.ts) / (bins.count().max(1) as i64) <= 60 * NANOS
}

/// Endpoints that were asked regularly, and are not any more while others are.
fn endpoints(scene: &Scene<'_>) -> Vec<Finding> {
    // Where entries do not tell what was asked for, they stand under what they say: that was looked at already.
    let told = |kind: &&Kind| kind.what == What::Template;
    let said: BTreeSet<(u32, &str)> = scene
        .kinds
        .iter()
        .map(|(kind, _)| kind)
        .filter(told)
        .map(|kind| (kind.group, &kind.text[..]))
        .collect();
    let mut logs: BTreeMap<u32, BTreeMap<&str, Vec<usize>>> = BTreeMap::new();
    for (at, (kind, _)) in scene.kinds.iter().enumerate() {
        let asked = kind.text.get(4..).unwrap_or_default();
        let counts = code(kind).is_some() && !is_probe(kind);
        if kind.what == What::Status && counts && !said.contains(&(kind.group, asked)) {
            logs.entry(kind.group).or_default().entry(asked).or_default().push(at);
        }
    }
    let mut found = Vec::new();
    for asked in logs.into_values().filter(|asked| asked.len() > 1) {
        let merged = |kinds: &mut dyn Iterator<Item = &usize>| {
            let mut bins = Bins::default();
            for kind in kinds {
                bins.merge(scene.kinds[*kind].1.bins.clone());
            }
            bins
        };
        let all = merged(&mut asked.values().flatten());
        for (name, kinds) in &asked {
            let bins = merged(&mut kinds.iter());
            let Some(end) = all.last() else { continue };
            let Some(pause) = pause(scene, &bins, end).filter(|pause| pause.missing >= 1.5 * MISSING) else {
                continue;
            };
            let severity = if is_lost(&all, &bins, pause) { Severity::High } else { Severity::Medium };
            let what = format!("requests for “{}” come no more", super::latency::brief(name));
            found.push(finding(scene, kinds, &bins, pause, (severity, what)));
        }
    }
    found
}

/// Are requests lost that came all the time before? The others come as they did, but not more of them instead.
fn is_lost(all: &Bins, bins: &Bins, pause: Pause) -> bool {
    const LONG: i64 = 180 * NANOS;
    let (Some(first), Some(began)) = (bins.first(), all.first()) else { return false };
    let rate = |bins: &Bins, from: Timestamp, to: Timestamp| {
        let count: u64 = bins.within(from, to).map(|bin| bin.count).sum();
        count as f64 / (to - from).max(1) as f64
    };
    let before = (rate(all, began.ts, pause.from), rate(bins, began.ts, pause.from));
    let during =
        rate(all, Timestamp(pause.from.0.saturating_add(1)), Timestamp(pause.to.0.saturating_sub(1)));
    let others = before.0 - before.1;
    first.ts - began.ts <= (pause.from - began.ts) / 10
        && pause.to - pause.from >= LONG
        && pause.missing >= 2.0 * MISSING
        && during > 0.6 * others
        && during < others + 0.5 * before.1
}

/// Is a silence of one message a loss of work? Then it was heard from the beginning, much of it is missing for long,
/// and nothing else came in its place.
fn is_loss(scene: &Scene<'_>, all: &Bins, bins: &Bins, pause: Pause) -> bool {
    const LONG: i64 = 300 * NANOS;
    let (Some(first), Some(began)) = (bins.first(), all.first()) else { return false };
    let length = pause.to - pause.from;
    let early = first.ts - began.ts <= (scene.last - began.ts) / 20;
    let rate = |from: Timestamp, to: Timestamp| {
        let count: u64 = all.within(from, to).map(|bin| bin.count).sum();
        count as f64 / (to - from).max(1) as f64
    };
    let (during, before) = (
        rate(Timestamp(pause.from.0.saturating_add(1)), Timestamp(pause.to.0.saturating_sub(1))),
        rate(began.ts, pause.from),
    );
    early && pause.missing >= 5.0 * MISSING && length >= LONG && during < 0.67 * before
}

/// The pause that is too long to be one; `end` is when the last one ends.
fn pause(scene: &Scene<'_>, bins: &Bins, end: Timestamp) -> Option<Pause> {
    let rows = bins.rows();
    let (first, last) = (rows.first()?, rows.last()?);
    let written = (last.last - first.first.ts) as f64;
    if rows.len() < 12 || written <= 0.0 {
        return None;
    }
    let mut pauses: Vec<(i64, Timestamp, Timestamp)> = rows
        .windows(2)
        .map(|pair| (pair[1].first.ts - pair[0].last, pair[0].last, pair[1].first.ts))
        .collect();
    let end = end.max(last.last);
    pauses.push((end - last.last, last.last, end));
    pauses.sort();
    // Where a time is given to compare with, pauses within it are usual.
    let judged = |(_, from, to): &(i64, Timestamp, Timestamp)| {
        scene.given.is_none_or(|given| given.is_judged(*from) && given.is_judged(*to))
    };
    let at = pauses.iter().rposition(judged)?;
    let longest = pauses.remove(at);
    pauses.push(longest);
    let (length, from, to) = longest;
    let usual = pauses
        .get((pauses.len() - 1) * 98 / 100)
        .map_or(0, |pause| pause.0)
        .max(pauses[..pauses.len() - 1].iter().map(|pause| pause.0).max().unwrap_or(0) / 2);
    let heard = if to == end { written } else { written - length as f64 };
    let missing = bins.count() as f64 / heard.max(1.0) * length as f64;
    let long = length >= SHORTEST && length >= LONGER.saturating_mul(usual.max(bins.width() / 2));
    // Most of the time it was heard.
    (long && missing >= MISSING && heard * 2.0 > length as f64).then_some(Pause { from, to, missing })
}

/// What a silence of these kinds of entries is.
fn unheard(scene: &Scene<'_>, kinds: &[usize]) -> String {
    match kinds {
        [only] => format!("“{}” is missing", scene.kinds[*only].0.gist()),
        _ => WHAT.to_owned(),
    }
}

fn finding(
    scene: &Scene<'_>,
    kinds: &[usize],
    bins: &Bins,
    pause: Pause,
    (severity, what): (Severity, String),
) -> Finding {
    let largest =
        kinds.iter().copied().max_by_key(|kind| (scene.kinds[*kind].1.count, std::cmp::Reverse(*kind)));
    let kind = largest.map_or(0, |kind| kind);
    let subject = subject(scene, &scene.kinds[kind].0);
    let place = super::family::place(&subject);
    // What comes now and then is missed when it is due.
    let gap = (pause.to - pause.from) as f64 / pause.missing.max(1.0);
    let due = pause.from + gap as i64;
    let resumed = pause.to < scene.last;
    let until = if resumed { format!("–{}", pause.to.clock()) } else { " on".to_owned() };
    let evidence: Vec<Evidence> = bins
        .last_before(pause.from)
        .into_iter()
        .chain(bins.within(pause.to, scene.last).next().filter(|_| resumed).map(|bin| bin.first))
        .map(|moment| Evidence {
            file: String::new(),
            line: 0,
            timestamp: Some(moment.ts),
            text: String::new(),
            span: None,
            location: moment.location,
        })
        .collect();
    Finding {
        part: what != WHAT,
        summary: format!(
            "{what} in {place}: nothing from {}{until}, where about {:.0} entries were to be expected",
            pause.from.clock(),
            pause.missing
        ),
        from: Some(due),
        to: Some(pause.to),
        count: 1,
        windows: vec![Run { from: pause.from, to: pause.to, count: 0 }],
        evidence,
        gain: 16.0 + pause.missing.ln() * 6.0,
        what: Some(what),
        ..Finding::new("silence", severity, Nature::Symptom, subject)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use crate::model::Level;

    /// An hour of orders, and heartbeats every 10 s but for some minutes.
    fn heartbeats(gone: std::ops::Range<i64>) -> Vec<(u8, String)> {
        let mut entries: Vec<(i64, Option<Level>, &str)> =
            (0..3600).map(|at| (at, Some(Level::Info), "order received")).collect();
        entries.extend(
            (0..360)
                .map(|i| i * 10)
                .filter(|at| !gone.contains(at))
                .map(|at| (at, Some(Level::Info), "heartbeat sent")),
        );
        entries.sort_by_key(|entry| entry.0);
        let findings = found(&entries);
        findings
            .iter()
            .filter(|f| f.detector == "silence")
            .map(|f| (f.severity as u8, f.summary.clone()))
            .collect()
    }

    #[test]
    fn what_stops_is_missed() {
        assert!(heartbeats(0..0).is_empty());
        assert!(heartbeats(1000..1080).is_empty());
        let [(_, said)] = &heartbeats(1000..2000)[..] else { panic!("not one") };
        assert!(said.contains("heartbeat sent") && said.contains("to be expected"), "{said}");
        assert_eq!(heartbeats(2600..4000).len(), 1);
    }
}
