//! Machines and runtimes at a limit that needs no past to be known: nothing idle, a full disk, a heap that collection
//! does not empty.

use super::book::{Said, amount, finding, number};
use super::finding::Finding;
use crate::model::{Labels, Sample, Series};
use crate::promql::Store;
use crate::signatures::limits::{GC, HOSTS, Hold, Limit, Side};
use crate::signatures::{Nature, Severity};

/// Images that are always full, and whose fullness says nothing.
pub(super) fn is_image(labels: &Labels) -> bool {
    let (device, mount) = (labels.get("filesystem"), labels.get("mountpoint"));
    device.starts_with("/dev/loop")
        || device.starts_with("/dev/sr")
        || mount.starts_with("/snap/")
        || mount.starts_with("/media/")
        || mount.starts_with("/run/media/")
        || device.contains("squashfs")
        || mount.starts_with("/sys/")
        || mount.starts_with("/proc/")
}

/// What is at its limit.
pub(super) fn findings(store: &Store, found: &mut Vec<Finding>) {
    for series in store.series() {
        let name = series.labels.metric();
        for limit in HOSTS.iter().filter(|limit| limit.metric == name) {
            found.extend(at_limit(series, limit));
        }
    }
    collections(store, found);
}

fn at_limit(series: &Series, limit: &Limit) -> Option<Finding> {
    let cpu = series.labels.get("cpu");
    if is_image(&series.labels) || !matches!(cpu, "" | "all") {
        return None;
    }
    let is_beyond = |sample: &&Sample| match limit.side {
        Side::Above => sample.value >= limit.at,
        Side::Below => sample.value <= limit.at,
    };
    let samples: Vec<&Sample> = series.samples.iter().filter(|sample| sample.value.is_finite()).collect();
    let beyond: Vec<&Sample> = samples.iter().copied().filter(is_beyond).collect();
    let holds = match limit.hold {
        // The state at the end counts: what was full and is no more was put right.
        Hold::Last => samples.last().is_some_and(is_beyond),
        Hold::Most => beyond.len() * 2 > samples.len(),
    };
    let (first, last) = (beyond.first().filter(|_| holds)?, beyond.last()?);
    let worst = match limit.side {
        Side::Above => beyond.iter().map(|sample| sample.value).fold(f64::MIN, f64::max),
        Side::Below => beyond.iter().map(|sample| sample.value).fold(f64::MAX, f64::min),
    };
    // One look at what goes up and down says less than several.
    let severity = match limit.hold {
        Hold::Most if samples.len() < 3 => Severity::Medium,
        _ => limit.severity,
    };
    Some(finding(&Said {
        detector: limit.detector,
        severity,
        nature: Nature::Resource,
        labels: &series.labels,
        metric: limit.metric,
        what: limit.what.to_owned(),
        range: (first.at, last.at),
        count: beyond.len(),
        gain: CLEAR,
        numbers: format!("{} of {} samples, {} at worst", beyond.len(), samples.len(), number(worst)),
    }))
}

/// How clear a state is: it needs no change to tell of it.
const CLEAR: f64 = 200.0;

/// The samples of all series of a metric with that label or none, in the order of time.
fn all(store: &Store, metric: &str, full: bool) -> Vec<(Labels, Sample)> {
    let mut found = Vec::new();
    for series in store.series().filter(|series| series.labels.metric() == metric) {
        if full && series.labels.get("pause") != "Full" {
            continue;
        }
        found.extend(series.samples.iter().map(|sample| (series.labels.clone(), *sample)));
    }
    found.sort_by_key(|(_, sample)| sample.at);
    found
}

/// What the pauses of a collector, the heap after them, and threads that wait for memory tell.
fn collections(store: &Store, found: &mut Vec<Finding>) {
    let pauses = all(store, "jvm_gc_pause_seconds", false);
    let (Some((first, from)), Some((_, to))) = (pauses.first(), pauses.last()) else {
        return stalls(store, found);
    };
    let said = |severity: Severity,
                what: &str,
                labels: &Labels,
                metric: &str,
                count: usize,
                range: (i64, i64),
                numbers: String| {
        let detector = if metric.contains("heap") { "out-of-memory" } else { "gc-pause" };
        let what = what.to_owned();
        finding(&Said {
            detector,
            severity,
            nature: Nature::Resource,
            labels,
            metric,
            what,
            range,
            count,
            gain: CLEAR,
            numbers,
        })
    };
    const HEAP: &str = "jvm_gc_heap_after_bytes";
    let after = all(store, HEAP, true);
    let whole = all(store, "jvm_gc_heap_committed_bytes", true);
    let most = whole.iter().map(|(_, sample)| sample.value).fold(0.0, f64::max);
    let tail = &after[after.len().saturating_sub(GC.full)..];
    if tail.len() == GC.full && tail.iter().all(|(_, sample)| sample.value >= GC.filled * most) {
        let left = tail.iter().map(|(_, sample)| sample.value).fold(f64::MAX, f64::min);
        let numbers = format!("{} of {} are left in use", amount(HEAP, left, ""), amount(HEAP, most, ""));
        let range = (tail[0].1.at, tail[tail.len() - 1].1.at);
        found.push(said(
            Severity::Critical,
            "full collections no longer empty the heap",
            &tail[0].0,
            "jvm_gc_heap_after_bytes",
            after.len(),
            range,
            numbers,
        ));
        // That is why it collects all the time.
        return stalls(store, found);
    }
    let span = (to.at - from.at) as f64 / 1e3;
    let paused: f64 = pauses.iter().map(|(_, sample)| sample.value).sum();
    if span >= GC.span && paused >= GC.share * span {
        let share =
            format!("{:.0} % of {} s in {} pauses", 100.0 * paused / span, number(span), pauses.len());
        found.push(said(
            Severity::High,
            "the JVM mostly collects garbage",
            first,
            "jvm_gc_pause_seconds",
            pauses.len(),
            (from.at, to.at),
            share,
        ));
    }
    let long: Vec<&(Labels, Sample)> = pauses.iter().filter(|(_, sample)| sample.value >= GC.pause).collect();
    if let (Some((labels, _)), Some((_, last))) = (long.first(), long.last()) {
        let longest = long.iter().map(|(_, sample)| sample.value).fold(0.0, f64::max);
        let numbers = format!("{} of {} pauses, the longest {} s", long.len(), pauses.len(), number(longest));
        found.push(said(
            Severity::High,
            "long pauses of garbage collection",
            labels,
            "jvm_gc_pause_seconds",
            long.len(),
            (long[0].1.at, last.at),
            numbers,
        ));
    }
    stalls(store, found);
}

/// Threads that waited for memory, which a collector that keeps up lets nobody do.
fn stalls(store: &Store, found: &mut Vec<Finding>) {
    let stalls = all(store, "jvm_gc_allocation_stall_seconds", false);
    let (Some((labels, from)), Some((_, to))) = (stalls.first(), stalls.last()) else { return };
    let waited: f64 = stalls.iter().map(|(_, sample)| sample.value).sum();
    let severity = if waited >= GC.pause { Severity::High } else { Severity::Medium };
    found.push(finding(&Said {
        detector: "gc-pause",
        severity,
        nature: Nature::Resource,
        labels,
        metric: "jvm_gc_allocation_stall_seconds",
        what: "threads wait for memory (allocation stalls)".to_owned(),
        range: (from.at, to.at),
        count: stalls.len(),
        gain: CLEAR,
        numbers: format!("{} times, {} s together", stalls.len(), number(waited)),
    }));
}
