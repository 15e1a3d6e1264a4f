//! Values over time: the stretch in which a recorded quantity was not what it used to be, found and not given.
//!
//! Values are compared by their ranks, so that one wild sample is one wild sample. A stretch counts only if its
//! middle lies clearly beyond everything that is usual outside of it: noise, however strong, and a slow drift do
//! not.

use super::change::Against;

/// A value at a time in milliseconds.
pub type Point = (i64, f64);

/// A stretch of samples in which the values differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shift {
    /// The first sample inside.
    pub from: usize,
    /// The last sample inside.
    pub to: usize,
    /// The middle value outside.
    pub usual: f64,
    /// The middle value inside.
    pub during: f64,
    /// The value that goes farthest.
    pub peak: f64,
    /// How clear it is, comparable with the gains of [`super::change`].
    pub gain: f64,
}

impl Shift {
    /// Are the values higher inside?
    pub fn is_up(&self) -> bool {
        self.during > self.usual
    }
}

/// Fewer samples tell nothing.
const FEWEST: usize = 12;

/// Samples a shift has at least.
const SHORTEST: usize = 3;

/// Samples beside each other of which that many are looked for where a shift begins and ends.
const NEAR: usize = 5;

/// The share of the samples that a stretch may hold: what is nearly always so is usual.
const MOST: f64 = 0.8;

/// Edges of the search.
const COARSE: usize = 100;

/// The stretch that differs most; `None` if the values go on as they were. `against` has indices of points.
pub fn shift(points: &[Point], against: &Against) -> Option<Shift> {
    let n = points.len();
    if n < FEWEST {
        return None;
    }
    // Too few points of the usual time tell nothing of it.
    let usual = against.usual.clone().filter(|usual| usual.len() >= FEWEST / 2);
    let against = &Against { usual, within: against.within.clone() };
    let ranks = ranks(points);
    let mut sums = vec![0.0];
    for rank in &ranks {
        sums.push(sums[sums.len() - 1] + rank);
    }
    let step = n.div_ceil(COARSE);
    let given = [&against.usual, &against.within].into_iter().flatten();
    let given = given.flat_map(|range| [range.start.min(n), range.end.min(n)]);
    let mut edges: Vec<usize> = (0..n).step_by(step).chain([n]).chain(given).collect();
    edges.sort_unstable();
    edges.dedup();
    let most = if against.usual.is_some() { 1.0 } else { MOST };
    let gain = |from: usize, until: usize| {
        let k = (until - from) as f64;
        let mean = (sums[until] - sums[from]) / k;
        mean * mean * k / (1.0 - k / n as f64).max(0.05)
    };
    let mut found: Vec<(f64, usize, usize)> = Vec::new();
    for (at, from) in edges.iter().enumerate() {
        for until in &edges[at + 1..] {
            let length = until - from;
            if length >= SHORTEST && length as f64 <= most * n as f64 && against.allows(*from, *until) {
                found.push((gain(*from, *until), *from, *until));
            }
        }
    }
    // A short and high stretch has less weight in ranks than a long and shallow one: several are tried.
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let best = found.first()?.0;
    let tried = found.into_iter().take_while(|(gain, ..)| *gain > best * 0.5).take(24);
    tried
        .filter_map(|(_, from, until)| judge(points, (from, until), step, against))
        .max_by(|a, b| a.gain.total_cmp(&b.gain))
}

/// Ranks around 0 in units of their deviation.
fn ranks(points: &[Point]) -> Vec<f64> {
    let n = points.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| points[*a].1.total_cmp(&points[*b].1));
    let mut ranks = vec![0.0; n];
    let mut at = 0;
    while at < n {
        let mut end = at + 1;
        while end < n && points[order[end]].1 == points[order[at]].1 {
            end += 1;
        }
        let rank = (at + end - 1) as f64 / 2.0;
        for index in &order[at..end] {
            ranks[*index] = (rank - (n - 1) as f64 / 2.0) / (n as f64 / 12.0_f64.sqrt());
        }
        at = end;
    }
    ranks
}

/// Is a stretch beyond what is usual outside of it? Then where does it begin and end?
fn judge(points: &[Point], (from, until): (usize, usize), step: usize, against: &Against) -> Option<Shift> {
    let n = points.len();
    // What begins with the data may as well have been so before.
    if against.usual.is_none() && from < (n / 25).max(2) {
        return None;
    }
    // The edges are rough: what lies right beside them is neither.
    let (left, right) = (from.saturating_sub(step), (until + step).min(n));
    let outside: Vec<f64> = match &against.usual {
        Some(usual) => points[usual.clone()].iter().map(|(_, value)| *value).collect(),
        None => points[..left].iter().chain(&points[right..]).map(|(_, value)| *value).collect(),
    };
    let inside: Vec<f64> = points[from..until].iter().map(|(_, value)| *value).collect();
    if outside.len() < FEWEST / 2 {
        return None;
    }
    let (low, usual, high) = (quantile(&outside, 0.03), quantile(&outside, 0.5), quantile(&outside, 0.97));
    let during = quantile(&inside, 0.5);
    let (least, most) = (quantile(&outside, 0.0), quantile(&outside, 1.0));
    let spread = (high - low).max((most - least) / 2.0).max(usual.abs().max(during.abs()) * 0.02);
    let as_far = outside.iter().filter(|v| if during > usual { **v >= during } else { **v <= during });
    if spread <= 0.0 || as_far.count() * 100 > outside.len() {
        return None;
    }
    let (edge, clear) = if during > usual {
        (high + 0.25 * spread, (during - high) / spread)
    } else {
        (low - 0.25 * spread, (low - during) / spread)
    };
    let relative = (during - usual).abs() / usual.abs().max(during.abs()).max(f64::MIN_POSITIVE);
    if clear < 0.75 || relative < 0.2 {
        return None;
    }
    let beyond = |at: usize| if during > usual { points[at].1 > edge } else { points[at].1 < edge };
    // One value that goes far before the others is none of them.
    let among = |around: std::ops::Range<usize>| around.filter(|at| beyond(*at)).count() >= SHORTEST;
    let mut starts = (from.saturating_sub(step)..until).filter(|at| beyond(*at));
    let mut first = starts.clone().find(|at| among(*at..(at + NEAR).min(n))).or_else(|| starts.next())?;
    let mut ends = (from..(until + step).min(n)).rev().filter(|at| beyond(*at));
    let mut last =
        ends.clone().find(|at| among((at + 1).saturating_sub(NEAR)..at + 1)).or_else(|| ends.next())?;
    while first > 0 && beyond(first - 1) && against.allows(first - 1, last + 1) {
        first -= 1;
    }
    while last + 1 < n && beyond(last + 1) && against.allows(first, last + 2) {
        last += 1;
    }
    let exceeding = (first..=last).filter(|at| beyond(*at)).count();
    if exceeding < SHORTEST || exceeding * 2 < last - first + 1 {
        return None;
    }
    // What rises slowly has begun before it leaves what is usual.
    let middle = |at: usize| if during > usual { points[at].1 > usual } else { points[at].1 < usual };
    let rising = |at: usize| {
        if during > usual { points[at - 1].1 <= points[at].1 } else { points[at - 1].1 >= points[at].1 }
    };
    let steep = (points[first].1 - usual).abs() > 0.5 * (during - usual).abs();
    while !steep && first > 1 && middle(first - 1) && rising(first - 1) && against.allows(first - 1, last + 1)
    {
        first -= 1;
    }
    let values = points[first..=last].iter().map(|(_, value)| *value);
    let peak = if during > usual { values.fold(f64::MIN, f64::max) } else { values.fold(f64::MAX, f64::min) };
    let gain = (1.0 + clear).ln() * 4.0 + 6.0 * (exceeding as f64).ln();
    Some(Shift { from: first, to: last, usual, during, peak, gain })
}

/// A quantile of some values, linear between ranks.
pub fn quantile(values: &[f64], q: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let at = q * last as f64;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    low + (high - low) * at.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same numbers everywhere, between 0 and 1.
    fn noise(seed: u64) -> impl FnMut() -> f64 {
        let mut state = seed;
        move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        }
    }

    fn shift(points: &[Point]) -> Option<Shift> {
        super::shift(points, &Against::default())
    }

    fn points(n: usize, mut value: impl FnMut(usize) -> f64) -> Vec<Point> {
        (0..n).map(|at| (at as i64 * 15_000, value(at))).collect()
    }

    #[test]
    fn noise_drift_and_waves_are_no_shift() {
        for seed in 0..60 {
            let mut unit = noise(seed);
            for found in [
                shift(&points(360, |_| unit())),
                shift(&points(360, |_| (unit() * 6.0).floor())),
                shift(&points(360, |_| if unit() < 0.03 { 1.0 } else { 0.0 })),
                shift(&points(360, |at| 4e10 - at as f64 * 1e6)),
                shift(&points(360, |at| 50.0 + 10.0 * (at as f64 / 20.0).sin() + unit())),
                shift(&points(360, |_| 7.0)),
                shift(&points(360, |_| (unit() + unit() + unit()).exp())),
            ] {
                assert!(found.is_none(), "{seed} {found:?}");
            }
        }
    }

    #[test]
    fn steps_ramps_and_drops_are_found_where_they_begin() {
        let mut unit = noise(7);
        let step =
            shift(&points(360, |at| unit() + if (150..220).contains(&at) { 5.0 } else { 0.0 })).unwrap();
        assert_eq!((step.from, step.to, step.is_up()), (150, 219, true));
        let ramp =
            shift(&points(360, |at| 1.0 + 0.05 * unit() + at.saturating_sub(200) as f64 * 0.05)).unwrap();
        assert!(ramp.from.abs_diff(200) <= 4, "{ramp:?}");
        let drop = shift(&points(360, |at| if at < 250 { 40.0 + unit() } else { 0.0 })).unwrap();
        assert_eq!((drop.from, drop.is_up()), (250, false));
        let short =
            shift(&points(360, |at| unit() * 3.0 + if (300..308).contains(&at) { 60.0 } else { 0.0 }))
                .unwrap();
        assert_eq!((short.from, short.to), (300, 307));
    }

    #[test]
    fn one_value_far_before_the_others_is_no_beginning() {
        let mut unit = noise(9);
        let far = |at: usize| if at == 693 || at >= 700 { 3.0 } else { 0.0 };
        let step = shift(&points(1_400, |at| unit() + far(at))).unwrap();
        assert_eq!((step.from, step.to), (700, 1_399));
    }

    #[test]
    fn few_points_tell_nothing() {
        assert_eq!(shift(&[]), None);
        assert_eq!(shift(&points(5, |at| at as f64)), None);
    }

    #[test]
    fn a_given_time_takes_the_place_of_the_rest() {
        let mut unit = noise(3);
        let step = |at: usize| if at < 100 { 0.0 } else { 9.0 };
        let values = points(300, |at| unit() + step(at));
        let against = |usual| Against { usual: Some(usual), within: None };
        let found = super::shift(&values, &against(0..100)).unwrap();
        assert_eq!((found.from, found.to), (100, 299));
        assert_eq!(
            super::shift(&values, &against(150..250)).map(|found| (found.from, found.to)),
            Some((0, 99))
        );
        assert_eq!(super::shift(&values[100..], &against(0..100)), None);
    }
}
