//! Numbers that entries tell over time: the depth of a queue, memory in use, a lag. Where they leave what was usual,
//! found and not given.

use super::book::amount;
use super::finding::Finding;
use super::recorded::is_worse;
use crate::model::{Location, Timestamp};
use crate::series::bins::Run;
use crate::series::change::Against;
use crate::series::track::{self, Point, Shift};
use crate::signatures::quantity::meter_of;
use crate::timeline::levels::{BETWEEN, Levels, Row};
use crate::timeline::observe::Kind;
use crate::timeline::scene::Scene;
use crate::timeline::{Evidence, Subject};

/// The numbers that left what was usual.
pub fn findings(scene: &Scene<'_>) -> Vec<Finding> {
    scene.numbers.iter().filter_map(|(kind, levels)| finding(scene, kind, levels)).collect()
}

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
    let what = format!(
        "{} ({field}: usually {}, then {})",
        meter.what,
        amount(field, shift.usual, ""),
        amount(field, shift.peak, "")
    );
    let place = super::family::place(&subject);
    let peak = rows.iter().max_by(|a, b| {
        let far = |row: &Row| (row.most - shift.usual).abs().max((row.least - shift.usual).abs());
        far(a).total_cmp(&far(b)).then(b.first.cmp(&a.first))
    });
    let mut shown: Vec<(Timestamp, Location)> =
        rows.first().into_iter().chain(peak).map(|row| row.first).collect();
    shown.dedup();
    let evidence = shown.into_iter().map(|(ts, location)| Evidence {
        file: String::new(),
        line: 0,
        timestamp: Some(ts),
        text: String::new(),
        span: None,
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
    use crate::model::time::NANOS;
    use crate::model::{Entry, Level, Needs, Role, Slots, Value};

    use super::super::{Observed, Wants, vocabulary};

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
        findings(&Scene::new(&wants, observed, &vocabulary(&wants)))
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
}
