//! Numbers that entries tell over time: the depth of a queue, memory in use, a lag. Where they leave what was usual,
//! found and not given.

use super::bins::Run;
use super::change::Against;
use super::finding::{Evidence, Finding, Subject};
use super::meter::{self, Meter, Worse};
use super::observe::Kind;
use super::recorded::{is_worse, number};
use super::scene::Scene;
use super::track::{self, Point, Shift};
use crate::model::time::NANOS;
use crate::model::{Location, Timestamp};

/// How many fields are looked at.
pub const MOST_FIELDS: usize = 100;

/// The width of the narrowest rows, in nanoseconds.
const NARROWEST: i64 = 10 * NANOS;

/// How many rows there are, at most, before they are made twice as wide.
const MOST: usize = 1_440;

/// The last parts of names that are no quantities, or do not change.
const FIXED: &[&str] = &[
    "id",
    "ids",
    "name",
    "version",
    "port",
    "pid",
    "tid",
    "total",
    "max",
    "limit",
    "capacity",
    "size",
    "min",
    "threshold",
    "code",
    "line",
    "maximum",
    "minimum",
    "timeout",
    "thread",
    "worker",
    "process",
    "partition",
    "goroutine",
    "node",
    "connection",
    "conn",
    "session",
    "slot",
    "index",
    "seq",
    "no",
    "nr",
    "offset",
];

/// Names of quantities that say of what only with the words of their entries: `active` of a pool.
const BARE: &[&str] = &[
    "active",
    "busy",
    "used",
    "in_use",
    "waiting",
    "free",
    "available",
    "idle",
    "usage",
    "utilization",
    "pct",
    "percent",
    "ratio",
    "used_pct",
    "used_percent",
    "used_mb",
    "used_bytes",
    "behind",
];

/// Detectors of metrics whose names in entries are those of single events.
const EVENTS: &[&str] = &["latency", "errors", "volume", "restart", "metric-change", "retry"];

/// What a number was in one stretch of time.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Row {
    /// The row's number: its start divided by the width.
    index: i64,
    least: f64,
    most: f64,
    count: u64,
    /// The first entry.
    first: (Timestamp, Location),
}

impl Row {
    fn merge(&mut self, other: &Row) {
        self.least = self.least.min(other.least);
        self.most = self.most.max(other.most);
        self.count += other.count;
        self.first = self.first.min(other.first);
    }
}

/// A number over time, in rows as narrow as memory allows: they depend on what was added and not on the order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Levels {
    doublings: u32,
    rows: Vec<Row>,
}

impl Levels {
    /// Adds the value of one entry.
    pub fn add(&mut self, value: f64, ts: Timestamp, location: Location) {
        if !value.is_finite() {
            return;
        }
        let index = ts.0.div_euclid(NARROWEST << self.doublings);
        let row = Row { index, least: value, most: value, count: 1, first: (ts, location) };
        match self.rows.last_mut() {
            Some(last) if last.index == index => last.merge(&row),
            Some(last) if last.index > index => match self.rows.binary_search_by_key(&index, |row| row.index)
            {
                Ok(at) => self.rows[at].merge(&row),
                Err(at) => self.rows.insert(at, row),
            },
            _ => self.rows.push(row),
        }
        self.fit();
    }

    /// Adds what another thread saw.
    pub fn merge(&mut self, mut other: Levels) {
        while self.doublings < other.doublings {
            self.widen();
        }
        while other.doublings < self.doublings {
            other.widen();
        }
        self.rows.append(&mut other.rows);
        self.rows.sort_by_key(|row| row.index);
        self.join();
        self.fit();
    }

    fn fit(&mut self) {
        while self.rows.len() > MOST {
            self.widen();
        }
    }

    fn widen(&mut self) {
        self.doublings += 1;
        for row in &mut self.rows {
            row.index = row.index.div_euclid(2);
        }
        self.join();
    }

    /// Makes one row of those with one index.
    fn join(&mut self) {
        self.rows.dedup_by(|next, kept| {
            let same = next.index == kept.index;
            if same {
                kept.merge(next);
            }
            same
        });
    }

    /// The values that tell whether it is worse, with the times of their rows' first entries in milliseconds.
    fn points(&self, worse: Worse) -> Vec<Point> {
        let value = |row: &Row| if worse == Worse::Down { row.least } else { row.most };
        self.rows.iter().map(|row| (row.first.0.millis(), value(row))).collect()
    }
}

/// Is a field with this name a quantity that entries tell again and again?
pub fn is_quantity(name: &str) -> bool {
    let plain = plain(name);
    let last = plain.rsplit('_').next().unwrap_or_default();
    !FIXED.contains(&last)
        && (BARE.contains(&plain.as_str()) || !EVENTS.contains(&meter::of_name(&plain).detector))
}

/// The last part of a field's path, as words joined by `_`: `heap_used` for `jvm.heapUsed`.
fn plain(name: &str) -> String {
    let last = name.rsplit('.').next().unwrap_or(name);
    let mut words = String::with_capacity(last.len() + 4);
    let mut low = false;
    for c in last.chars() {
        if c.is_uppercase() && low {
            words.push('_');
        }
        low = c.is_lowercase() || c.is_ascii_digit();
        words.extend(if matches!(c, '-' | ' ') { vec!['_'] } else { c.to_lowercase().collect() });
    }
    words
}

/// What a number measures: by its own name, or by that and the words of its entries.
fn meter_of(field: &str, said: &str) -> &'static Meter {
    let own = plain(field);
    let words: String = said.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    let both = format!("{words}_{own}");
    // Who tells of a replica's lag tells more than of a lag.
    let known = if BARE.contains(&own.as_str()) || own.split('_').any(|part| part == "lag") {
        meter::of_name(&both)
    } else {
        meter::of_name(&own)
    };
    if EVENTS.contains(&known.detector) { meter::of_name(&own) } else { known }
}

/// The numbers that left what was usual.
pub fn findings(scene: &Scene<'_>) -> Vec<Finding> {
    scene.numbers.iter().filter_map(|(kind, levels)| finding(scene, kind, levels)).collect()
}

/// The key of a number: its field and what its entries say.
pub const BETWEEN: char = '\u{1}';

fn finding(scene: &Scene<'_>, kind: &Kind, levels: &Levels) -> Option<Finding> {
    let (field, said) = kind.text.split_once(BETWEEN)?;
    let meter = meter_of(field, said);
    let points = levels.points(meter.worse);
    let shift = shift(scene, &points).filter(|shift| is_worse(meter.worse, shift))?;
    // What was usual is not known from a few values.
    let usual = points.len() - (shift.to - shift.from + 1);
    if !is_plain(&points, &shift) || (scene.given.is_none() && usual < FEWEST_USUAL) {
        return None;
    }
    let rows = &levels.rows[shift.from..=shift.to];
    let (from, to) = (rows.first()?.first.0, rows.last()?.first.0);
    let service = Some(kind.service.clone()).filter(|service| !service.is_empty());
    let subject = Subject { file: scene.wants.file(kind.group).to_owned(), service };
    let what =
        format!("{} ({field}: usually {}, then {})", meter.what, number(shift.usual), number(shift.peak));
    let place = super::family::place(&subject);
    let peak = rows.iter().max_by(|a, b| {
        let far = |row: &Row| (row.most - shift.usual).abs().max((row.least - shift.usual).abs());
        far(a).total_cmp(&far(b)).then(b.index.cmp(&a.index))
    });
    let mut shown: Vec<(Timestamp, Location)> =
        rows.first().into_iter().chain(peak).map(|row| row.first).collect();
    shown.dedup();
    let evidence = shown.into_iter().map(|(ts, location)| Evidence {
        file: String::new(),
        line: 0,
        timestamp: Some(ts),
        text: String::new(),
        location,
    });
    let count = rows.iter().map(|row| row.count).sum();
    Some(Finding {
        from: Some(from),
        to: Some(to),
        count,
        windows: vec![Run { from, to, count }],
        summary: format!("{what} in {place}, {}–{}", from.clock(), to.clock()),
        evidence: evidence.collect(),
        gain: shift.gain,
        level: true,
        what: Some(what),
        ..Finding::new(meter.detector, meter.severity, meter.nature, subject)
    })
}

/// Values beside a shift, at least.
const FEWEST_USUAL: usize = 15;

/// Is it more than chance among many numbers? It lasts, and goes far; counts go up and down by their roots.
fn is_plain(points: &[Point], shift: &Shift) -> bool {
    const LASTS: usize = 5;
    let far = (shift.during - shift.usual).abs();
    let whole = points.iter().all(|(_, value)| value.fract() == 0.0);
    shift.to - shift.from + 1 >= LASTS
        && !is_drift(&points[..shift.from], shift.during - shift.usual)
        && far >= 0.4 * shift.usual.abs()
        && (!whole || far >= 4.0 * shift.usual.abs().max(1.0).sqrt())
}

/// Did it go that way all the time before? What only counts up, or warms up, leaves nothing.
fn is_drift(before: &[Point], step: f64) -> bool {
    let third = before.len() / 3;
    if third < 2 {
        return false;
    }
    let middle = |points: &[Point]| {
        track::quantile(&points.iter().map(|(_, value)| *value).collect::<Vec<f64>>(), 0.5)
    };
    (middle(&before[before.len() - third..]) - middle(&before[..third])) / step > 0.25
}

fn shift(scene: &Scene<'_>, points: &[Point]) -> Option<Shift> {
    let range = |(from, to): (Timestamp, Timestamp)| {
        let before = |time: i64| points.partition_point(|(at, _)| *at < time);
        before(from.millis())..before(to.millis() + 1)
    };
    let against = Against {
        usual: scene.given.map(|given| range(given.usual)),
        within: scene.given.and_then(|given| given.within).map(range),
    };
    track::shift(points, &against)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::Fold;
    use crate::model::{Entry, Level, Needs, Role, Slots, Value};

    use super::super::{Observed, Wants, vocabulary};

    #[test]
    fn names_of_quantities_are_known_in_any_spelling() {
        for name in
            ["queue_depth", "jvm.heapUsed", "lagSeconds", "queued", "openFds", "active", "usedPct", "Threads"]
        {
            assert!(is_quantity(name), "{name}");
        }
        for name in
            ["order_id", "queue_id", "max", "duration_ms", "rows", "attempts", "line", "poolSize", "thread"]
        {
            assert!(!is_quantity(name), "{name}");
        }
        for (field, said, detector) in [
            ("lag_seconds", "replica status", "replication"),
            ("lag", "consumer progress", "queue"),
            ("active", "connection pool status", "pool-usage"),
            ("heapUsedMb", "runtime", "out-of-memory"),
            ("queued", "executor", "queue"),
        ] {
            assert_eq!(meter_of(field, said).detector, detector, "{field} {said}");
        }
    }

    /// An hour of status lines every 15 s, with this depth of a queue.
    fn found(depth: impl Fn(i64) -> f64) -> Vec<Finding> {
        let mut needs = Needs::none();
        let mut wants = Wants::new(&[], &mut needs);
        wants.want_number("queue_depth", &mut needs);
        let mut observed = Observed::new(&wants);
        for at in 0..240 {
            let mut slots = Slots::new(&needs);
            slots.ts = Timestamp::new(1_700_000_000 + at * 15, 0);
            slots.level = Some(Level::Info);
            slots.set(Role::Message.slot(), Value::plain(b"queue status"));
            let depth = depth(at * 15).to_string();
            slots.set(needs.field("queue_depth"), Value::plain(depth.as_bytes()));
            let location = Location { file: 0, chunk: 0, line: at as u32 };
            observed.add(&Entry { location, offset: 0, raw: b"x", understood: true, slots: &slots });
        }
        findings(&Scene::new(&wants, observed, &vocabulary()))
    }

    #[test]
    fn a_growing_queue_is_found_where_it_begins_and_noise_is_none() {
        let noisy = |at: i64| (at * 7_919 % 13) as f64;
        assert_eq!(found(noisy), []);
        assert_eq!(found(|at| at as f64), []);
        let grown = found(|at| noisy(at) + (at - 2_000).max(0) as f64);
        let [queue] = &grown[..] else { panic!("{grown:?}") };
        assert_eq!(queue.detector, "queue");
        assert!(queue.from.is_some_and(|from| (from.0 / NANOS - 1_700_002_000).abs() <= 60), "{queue:?}");
        // Less of it is no trouble.
        assert_eq!(found(|at| if at < 1_500 { 50.0 + noisy(at) } else { 0.0 }), []);
    }

    proptest::proptest! {
        #[test]
        fn order_and_split_do_not_matter(at in proptest::collection::vec((0..60_000_i64, 0..9_i32), 0..200), split in 0..200_usize) {
            let of = |parts: &[(i64, i32)]| {
                let mut levels = Levels::default();
                for (second, value) in parts {
                    let location = Location { file: 0, chunk: 0, line: *second as u32 };
                    levels.add(f64::from(*value), Timestamp(*second * NANOS), location);
                }
                levels
            };
            let (left, right) = at.split_at(split.min(at.len()));
            let mut merged = of(right);
            merged.merge(of(left));
            proptest::prop_assert_eq!(of(&at), merged);
        }
    }
}
