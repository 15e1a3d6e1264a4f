//! States that recorded metrics tell of: a maximum that is reached, nothing left, an end that has come, something that does
//! not answer, one with which much waits while nothing waits with its siblings.
//!
//! Some need no past to be known: what was so when the recording began, and stayed so, is told as constant.

use super::book::{Book, Said, Track, amount, finding, number};
use super::finding::Finding;
use crate::model::{Labels, Timestamp};
use crate::series::track::Point;
use crate::signatures::limits::GC;
use crate::signatures::meter::{self, Meter, Worse};
use crate::signatures::{Nature, Severity};

/// What reached a state that is known to be bad.
pub(super) fn reached(book: &Book, found: &mut Vec<Finding>) {
    saturation(book, found);
    down(book, found);
    certificates(book, found);
}

/// What is in a bad state all the time, as far as its change was not found. `is_told` says of which series something was.
pub(super) fn standing(book: &Book, is_told: &dyn Fn(&Labels) -> bool, found: &mut Vec<Finding>) {
    for (name, tracks) in &book.gauges {
        let meter = meter::of_gauge(name);
        let untold = || tracks.iter().filter(|track| !is_told(&track.labels));
        found.extend(untold().filter_map(|track| used_up(book, (name, meter), track)));
        found.extend(untold().filter_map(|track| busy(book, (name, meter), track)));
        waiting(book, (name, meter), tracks, is_told, found);
    }
    for (name, tracks) in book.counters.iter().filter(|(name, _)| meter::of_name(name).detector == "gc-pause")
    {
        found.extend(
            tracks
                .iter()
                .filter(|track| !is_told(&track.labels))
                .filter_map(|track| collecting(book, name, track)),
        );
    }
}

/// A finding that begins with a sample; what begins with the recording is so all the time, as far as anybody saw.
fn since(first: usize, finding: Finding) -> Finding {
    if first >= 2 {
        return finding;
    }
    let severity = match finding.nature {
        Nature::Resource => finding.severity.min(Severity::High),
        _ => Severity::Low,
    };
    Finding { constant: true, severity, summary: format!("{}, all the time", finding.summary), ..finding }
}

/// Fewer samples than these show no state that lasts.
const FEWEST: usize = 6;

/// The samples that are judged and in a bad state, if nearly all of them are, or all from one of them on.
fn nearly_all(book: &Book, points: &[Point], is_bad: impl Fn(f64) -> bool) -> Option<Vec<usize>> {
    let judged = || (0..points.len()).filter(|at| book.is_judged(points[*at].0));
    let bad: Vec<usize> = judged().filter(|at| is_bad(points[*at].1)).collect();
    let since = *bad.first()?;
    let after = judged().filter(|at| *at >= since).count();
    (bad.len() >= FEWEST && bad.len() * 5 >= after * 4).then_some(bad)
}

/// What is said of samples in a bad state.
fn state(
    (name, track): (&str, &Track),
    bad: &[usize],
    (detector, severity, nature): (&'static str, Severity, Nature),
    (what, numbers): (&str, String),
) -> Option<Finding> {
    let (first, last) = (*bad.first()?, *bad.last()?);
    Some(since(
        first,
        finding(&Said {
            detector,
            severity,
            nature,
            labels: &track.labels,
            metric: name,
            what: what.to_owned(),
            range: (track.points[first].0, track.points[last].0),
            count: bad.len(),
            gain: 16.0 + (bad.len() as f64).ln() * 8.0,
            numbers,
        }),
    ))
}

/// Free space of which nothing is left. Images are always full, and nobody writes to them.
fn used_up(book: &Book, (name, meter): (&str, &Meter), track: &Track) -> Option<Finding> {
    const IMAGES: &[&str] =
        &["squashfs", "iso9660", "erofs", "cramfs", "udf", "ramfs", "tmpfs", "nsfs", "overlay"];
    let is_image = IMAGES.contains(&track.labels.get("fstype")) || super::limits::is_image(&track.labels);
    if meter.detector != "disk" || meter.worse != Worse::Down || is_image {
        return None;
    }
    let bad = nearly_all(book, &track.points, |value| value <= 0.0)?;
    let numbers = format!("0 left in {} of {} samples", bad.len(), track.points.len());
    state((name, track), &bad, ("disk", Severity::Critical, Nature::Resource), ("disk full", numbers))
}

/// A share of time or of processors that is all used: queues before it grow without end (Gregg's method of utilisation,
/// saturation and errors).
fn busy(book: &Book, (name, meter): (&str, &Meter), track: &Track) -> Option<Finding> {
    const BUSY: f64 = 0.95;
    let words = meter::words(name);
    let has = |any: &[&str]| words.iter().any(|word| any.contains(&word.as_str()));
    let (detector, what) = match meter.detector {
        "cpu" => ("cpu", "the processors have nothing left"),
        "disk" if meter.nature == Nature::Symptom && has(&["io", "busy", "util"]) => {
            ("slow-disk", "the disk is busy all the time")
        }
        _ => return None,
    };
    let whole = if has(&["percent", "pct", "percentage"]) { 100.0 } else { 1.0 };
    let is_share = whole > 1.0 || has(&["ratio", "utilization", "utilisation", "util", "share"]);
    if !is_share || !track.points.iter().all(|(_, value)| (0.0..=1.01 * whole).contains(value)) {
        return None;
    }
    let bad = nearly_all(book, &track.points, |value| value >= BUSY * whole)?;
    let least = bad.iter().map(|at| track.points[*at].1).fold(f64::MAX, f64::min);
    let numbers = format!("{} and more in {} of {} samples", number(least), bad.len(), track.points.len());
    state((name, track), &bad, (detector, Severity::High, Nature::Resource), (what, numbers))
}

/// A counter of the seconds that a program spent in pauses of its collector, which is a part of all its time that it could
/// not work in.
fn collecting(book: &Book, name: &str, track: &Track) -> Option<Finding> {
    let words = meter::words(name);
    let has = |any: &[&str]| words.iter().any(|word| any.contains(&word.as_str()));
    let unit = match () {
        () if has(&["seconds", "second"]) => 1.0,
        () if has(&["milliseconds", "millis", "ms"]) => 1e-3,
        () => return None,
    };
    let judged: Vec<Point> = track.points.iter().copied().filter(|(at, _)| book.is_judged(*at)).collect();
    let span = (judged.last()?.0 - judged.first()?.0) as f64 / 1e3;
    let paused = unit * super::book::increases(&judged).map(|(.., grown)| grown).sum::<f64>();
    if judged.len() < FEWEST || span < GC.span || paused < GC.share * span {
        return None;
    }
    let bad: Vec<usize> = (0..track.points.len()).filter(|at| book.is_judged(track.points[*at].0)).collect();
    let numbers = format!("{:.0} % of {} s", 100.0 * paused / span, number(span));
    let what = "the program mostly collects garbage";
    state((name, track), &bad, ("gc-pause", Severity::High, Nature::Resource), (what, numbers))
}

/// Much that waits with one, while hardly anything waits with any of its siblings.
fn waiting(
    book: &Book,
    (name, meter): (&str, &Meter),
    tracks: &[Track],
    is_told: &dyn Fn(&Labels) -> bool,
    found: &mut Vec<Finding>,
) {
    /// So many siblings show what is usual …
    const SIBLINGS: usize = 3;
    /// … which is at most this part of what waits here,
    const TIMES: f64 = 10.0;
    /// of which there is at least so much.
    const LEAST: f64 = 20.0;
    let waits = match meter.detector {
        "queue" | "pool-waiting" => true,
        "thread-pool-exhaustion" => meter::words(name).iter().any(|word| word.starts_with("queue")),
        _ => false,
    };
    if !waits || tracks.len() <= SIBLINGS {
        return;
    }
    let judged = |track: &Track| -> Vec<f64> {
        track.points.iter().filter(|(at, _)| book.is_judged(*at)).map(|(_, value)| *value).collect()
    };
    let mut most: Vec<(f64, usize)> = tracks
        .iter()
        .enumerate()
        .map(|(at, track)| (judged(track).into_iter().fold(0.0, f64::max), at))
        .collect();
    most.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (one, elsewhere) = (&tracks[most[0].1], most[1].0);
    let bar = LEAST.max(TIMES * elsewhere);
    let values = judged(one);
    let bad: Vec<usize> = (0..one.points.len())
        .filter(|at| book.is_judged(one.points[*at].0) && one.points[*at].1 >= bar)
        .collect();
    if values.is_empty() || bad.len() * 5 < values.len() * 4 || is_told(&one.labels) {
        return;
    }
    let least = values.iter().copied().fold(f64::MAX, f64::min);
    let numbers =
        format!("{} to {}, elsewhere at most {}", number(least), number(most[0].0), number(elsewhere));
    let nature = if meter.detector == "queue" { Nature::Symptom } else { Nature::Resource };
    let what = "a long queue here, and none elsewhere";
    found.extend(state((name, one), &bad, (meter.detector, Severity::High, nature), (what, numbers)));
}

/// What has a maximum beside it, and reaches it.
fn saturation(book: &Book, found: &mut Vec<Finding>) {
    const LIMITS: &[&str] = &["max", "limit", "capacity", "size", "total", "quota"];
    for (limit_name, limits) in &book.gauges {
        let parts: Vec<&str> = limit_name.split('_').collect();
        if !parts.iter().any(|part| LIMITS.contains(part)) {
            continue;
        }
        let stem: Vec<&str> = parts.iter().copied().filter(|part| !LIMITS.contains(part)).collect();
        for (name, tracks) in &book.gauges {
            let own: Vec<&str> = name.split('_').collect();
            let fits = name != limit_name
                && stem.iter().all(|part| own.contains(part))
                && !own.iter().any(|part| LIMITS.contains(part));
            let extra: Vec<&str> = own.iter().copied().filter(|part| !stem.contains(part)).collect();
            const USED: &[&str] =
                &["used", "active", "busy", "in", "use", "open", "current", "allocated", "usage"];
            const FREE: &[&str] = &["free", "avail", "available", "remaining", "idle"];
            let free = extra.iter().any(|part| FREE.contains(part));
            if !fits || !(extra.is_empty() || free || extra.iter().all(|part| USED.contains(part))) {
                continue;
            }
            for track in tracks {
                let state = track.labels.get("state");
                if ["idle", "free", "available"].contains(&state) {
                    continue;
                }
                let Some(limit) = limits.iter().find(|limit| beside(&limit.labels, &track.labels)) else {
                    continue;
                };
                // A pool is made as large as it may be, and what a cache of the kernel fills is given back.
                let is_pool = matches!(
                    meter::of_name(name).detector,
                    "pool-usage" | "sockets" | "thread-pool-exhaustion" | "metric-change"
                );
                let in_use = !(extra.is_empty() && is_pool) && !name.contains("memory_usage");
                found.extend(full(book, (name, limit_name), track, limit, (free, in_use)));
            }
        }
    }
}

/// Do the labels of a limit all stand at a series?
fn beside(limit: &Labels, labels: &Labels) -> bool {
    limit.iter().all(|(name, value)| name == Labels::NAME || labels.get(name) == value)
}

fn full(
    book: &Book,
    (name, limit_name): (&str, &str),
    track: &Track,
    limit: &Track,
    (free, in_use): (bool, bool),
) -> Option<Finding> {
    let mut limits = limit.points.iter().peekable();
    let mut now = limits.peek()?.1;
    let mut at_limit: Vec<usize> = Vec::new();
    for (index, (at, value)) in track.points.iter().enumerate() {
        while let Some((_, limit)) = limits.next_if(|(time, _)| time <= at) {
            now = *limit;
        }
        let is_full = if free { *value <= 0.01 * now } else { *value >= 0.97 * now };
        if now > 1.0 && is_full && book.is_judged(*at) {
            at_limit.push(index);
        }
    }
    let (first, last) = (*at_limit.first()?, *at_limit.last()?);
    let nearly_always = at_limit.len() * 5 > track.points.len() * 4;
    // What is as large as its maximum, and seldom otherwise, is made so; what says how much is in use is not.
    if at_limit.len() < 2 || (nearly_always && !in_use) || (first < 2 && !nearly_always) {
        return None;
    }
    let meter = meter::of_name(name);
    let (detector, what) = match meter.detector {
        "pool-usage" | "sockets" | "pool-waiting" => ("pool-exhaustion", "connection pool exhausted"),
        "disk" => ("disk", "disk full"),
        "out-of-memory" => ("out-of-memory", "memory at its limit"),
        "file-descriptors" => ("file-descriptors", "no file descriptors left"),
        "thread-pool-exhaustion" => ("thread-pool-exhaustion", "thread pool exhausted"),
        "queue" => ("queue", "queue full"),
        "network-tables" => ("network-tables", "ports or connection tracking exhausted"),
        _ => ("saturation", "at its limit"),
    };
    let (sign, edge) = if free { ("left", 0.0) } else { ("in use", now) };
    Some(since(
        first,
        finding(&Said {
            detector,
            severity: Severity::Critical,
            nature: Nature::Resource,
            labels: &track.labels,
            metric: name,
            what: what.to_owned(),
            range: (track.points[first].0, track.points[last].0),
            count: at_limit.len(),
            gain: 16.0 + (at_limit.len() as f64).ln() * 8.0,
            numbers: format!(
                "{} {sign} of {} ({limit_name})",
                amount(name, if free { edge } else { track.points[first].1 }, ""),
                amount(name, now, "")
            ),
        }),
    ))
}

/// What was scraped or probed and no longer answers.
fn down(book: &Book, found: &mut Vec<Finding>) {
    const UP: &[&str] =
        &["up", "probe_success", "scrape_ok", "healthy", "health_status", "pg_up", "redis_up", "mysql_up"];
    for (name, tracks) in &book.gauges {
        if !UP.contains(&name.as_str()) && !name.ends_with("_up") {
            continue;
        }
        for track in tracks {
            let is_zero = |at: &usize| track.points[*at].1 == 0.0 && book.is_judged(track.points[*at].0);
            let zeros: Vec<usize> = (0..track.points.len()).filter(is_zero).collect();
            let (Some(first), Some(last)) = (zeros.first(), zeros.last()) else { continue };
            let nearly_always = zeros.len() * 5 > track.points.len() * 4;
            if zeros.len() < 2 || (*first == 0 && !nearly_always) || zeros.len() * 3 < last - first + 1 {
                continue;
            }
            found.push(since(
                *first,
                finding(&Said {
                    detector: "down",
                    severity: Severity::High,
                    nature: Nature::Fault,
                    labels: &track.labels,
                    metric: name,
                    what: "no longer answers scrapes or probes".to_owned(),
                    range: (track.points[*first].0, track.points[*last].0),
                    count: zeros.len(),
                    gain: 10.0 + 6.0 * (zeros.len() as f64).ln(),
                    numbers: format!("0 in {} samples", zeros.len()),
                }),
            ));
        }
    }
}

/// Certificates whose end has come while the data was recorded.
fn certificates(book: &Book, found: &mut Vec<Finding>) {
    for (name, tracks) in &book.gauges {
        let lower = name.to_ascii_lowercase();
        let ends = ["expiry", "not_after", "notafter", "expiration", "expires"]
            .iter()
            .any(|word| lower.contains(word));
        if !ends {
            continue;
        }
        for track in tracks {
            let over: Vec<usize> = (0..track.points.len())
                .filter(|at| {
                    let (at, ends) = track.points[*at];
                    ends > 1e8 && ends * 1e3 <= at as f64 && book.is_judged(at)
                })
                .collect();
            let (Some(first), Some(last)) = (over.first(), over.last()) else { continue };
            // What ended before the recording is not looked for there.
            let begin = (track.points[*first].1 * 1e3) as i64;
            let begin = if *first == 0 { begin.max(track.points[0].0) } else { begin };
            found.push(since(
                *first,
                finding(&Said {
                    detector: "certificate",
                    severity: Severity::Critical,
                    nature: Nature::Fault,
                    labels: &track.labels,
                    metric: name,
                    what: "certificate expired".to_owned(),
                    range: (begin, track.points[*last].0),
                    count: over.len(),
                    gain: 40.0,
                    numbers: Timestamp::new(track.points[*first].1 as i64, 0)
                        .map_or(String::new(), |at| at.to_string()),
                }),
            ));
        }
    }
}
