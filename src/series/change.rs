//! Change points: the stretch in which something happened more often than in the rest, found and not given.
//!
//! The stretch is the one whose Poisson likelihood gains most over "always the same rate" (an epidemic change:
//! it may end before the data does, or not). Constant noise, however loud, gains little; a gain is divided by
//! the overdispersion of the rest, so that what always comes in clumps has to clump more than usual. Where a time to
//! compare with is given, it takes the place of the rest.

use std::ops::Range;

/// A stretch of bins in which a rate differs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// The first bin inside.
    pub from: usize,
    /// The first bin after.
    pub until: usize,
    /// How much likelier than a constant rate: the logarithm of the ratio, corrected for overdispersion.
    pub gain: f64,
    /// Events per exposure inside.
    pub inside: f64,
    /// Events per exposure outside.
    pub outside: f64,
    /// Events inside.
    pub count: u64,
}

/// Which way a rate goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// More often inside.
    Up,
    /// Less often inside.
    Down,
}

/// What is usual, where that is given: bins of the axis. Nothing given compares a stretch with all the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Against {
    /// The bins to compare with; stretches lie outside of them.
    pub usual: Option<Range<usize>>,
    /// The bins that stretches lie in.
    pub within: Option<Range<usize>>,
}

impl Against {
    /// May a stretch lie there?
    pub fn allows(&self, from: usize, until: usize) -> bool {
        self.usual.as_ref().is_none_or(|usual| until <= usual.start || usual.end <= from)
            && self.within.as_ref().is_none_or(|within| within.start <= from && until <= within.end)
    }

    /// The same for what there was nothing to see of in the usual time: it is compared with all the rest.
    pub fn seen(&self, exposure: &[f64]) -> Against {
        let seen = |usual: &Range<usize>| usual.clone().any(|at| exposure.get(at).is_some_and(|e| *e > 0.0));
        Against { usual: self.usual.clone().filter(seen), within: self.within.clone() }
    }
}

/// Bins of the first, coarse search.
const COARSE: usize = 120;

/// The share of the exposure that a stretch may hold: what is nearly always so is normal.
const MOST: f64 = 0.85;

/// Sums up to each bin, so that every stretch's sum is one subtraction.
struct Sums {
    events: Vec<u64>,
    exposure: Vec<f64>,
}

impl Sums {
    fn new(events: &[u64], exposure: &[f64]) -> Sums {
        let mut sums = Sums { events: vec![0], exposure: vec![0.0] };
        let (mut k, mut e) = (0, 0.0);
        for (events, exposure) in events.iter().zip(exposure) {
            k += events;
            e += exposure;
            sums.events.push(k);
            sums.exposure.push(e);
        }
        sums
    }

    fn between(&self, from: usize, until: usize) -> (u64, f64) {
        (self.events[until] - self.events[from], self.exposure[until] - self.exposure[from])
    }

    /// A stretch compared with all the rest.
    fn stretch(
        &self,
        (from, until): (usize, usize),
        way: Way,
        most: f64,
        against: &Against,
    ) -> Option<Stretch> {
        let (all, total) = self.between(0, self.events.len() - 1);
        let (_, exposure) = self.between(from, until);
        let most = if against.usual.is_some() { 1.0 } else { most };
        if exposure > most * total || !against.allows(from, until) {
            return None;
        }
        self.compared((from, until), (all, total), way)
    }

    /// A stretch compared with the time that is given as usual, if one is. Where it begins and ends all the rest tells
    /// better: what lies in neither belongs to one of them.
    fn judged(&self, found: Stretch, way: Way, against: &Against) -> Option<Stretch> {
        let Some(usual) = &against.usual else { return Some(found) };
        let last = self.events.len() - 1;
        let (events, exposure) = self.between(usual.start.min(last), usual.end.min(last));
        let (count, inside) = self.between(found.from, found.until);
        self.compared((found.from, found.until), (events + count, exposure + inside), way)
    }

    /// A stretch within so many events and so much exposure.
    fn compared(&self, (from, until): (usize, usize), (all, total): (u64, f64), way: Way) -> Option<Stretch> {
        let (count, exposure) = self.between(from, until);
        if exposure <= 0.0 || exposure >= total {
            return None;
        }
        let (inside, outside) = (count as f64 / exposure, (all - count) as f64 / (total - exposure));
        let right_way = match way {
            Way::Up => inside > outside,
            Way::Down => inside < outside,
        };
        let gain = term(count, exposure) + term(all - count, total - exposure) - term(all, total);
        right_way.then_some(Stretch { from, until, gain, inside, outside, count })
    }
}

/// `k ln(k / e)`, the part of the log likelihood that depends on the rate.
fn term(events: u64, exposure: f64) -> f64 {
    if events == 0 { 0.0 } else { events as f64 * (events as f64 / exposure).ln() }
}

/// The stretch whose rate differs most. `exposure` says for each bin how much there was to see: seconds, or
/// entries. `None` if there is nothing to compare.
pub fn strongest(events: &[u64], exposure: &[f64], way: Way, against: &Against) -> Option<Stretch> {
    let n = events.len().min(exposure.len());
    let (events, exposure) = (&events[..n], &exposure[..n]);
    if n < 4 || events.iter().all(|k| *k == 0) {
        return None;
    }
    let against = &against.seen(exposure);
    let sums = Sums::new(events, exposure);
    let step = n.div_ceil(COARSE);
    let given = [&against.usual, &against.within].into_iter().flatten();
    let given = given.flat_map(|range| [range.start.min(n), range.end.min(n)]);
    let mut edges: Vec<usize> = (0..n).step_by(step).chain([n]).chain(given).collect();
    edges.sort_unstable();
    edges.dedup();
    let mut best: Option<Stretch> = None;
    let mut consider = |from: usize, until: usize| {
        if let Some(found) = sums.stretch((from, until), way, MOST, against)
            && best.is_none_or(|best| found.gain > best.gain)
        {
            best = Some(found);
        }
    };
    // A stretch that is denser than the rest begins and ends with an event, or a shorter one is denser still.
    let occupied = |from: usize, until: usize| way == Way::Down || sums.events[until] > sums.events[from];
    for (at, from) in edges.iter().enumerate() {
        if !edges.get(at + 1).is_some_and(|next| occupied(*from, *next)) {
            continue;
        }
        for (before, until) in edges[at..].iter().zip(&edges[at + 1..]) {
            if occupied(*before, *until) {
                consider(*from, *until);
            }
        }
    }
    let rough = best?;
    let near = |edge: usize| edge.saturating_sub(step)..=(edge + step).min(n);
    let mut best = Some(rough);
    for from in near(rough.from) {
        for until in near(rough.until) {
            if from < until
                && let Some(found) = sums.stretch((from, until), way, MOST, against)
                && best.is_none_or(|best| found.gain > best.gain)
            {
                best = Some(found);
            }
        }
    }
    let found = sums.judged(best?, way, against)?;
    Some(Stretch { gain: found.gain / overdispersion(events, exposure, &found, against), ..found })
}

/// How much likelier than a constant rate a given stretch is to be more frequent; `None` if it is not.
pub fn gain_of(
    events: &[u64],
    exposure: &[f64],
    (from, until): (usize, usize),
    against: &Against,
) -> Option<f64> {
    let n = events.len().min(exposure.len());
    if from >= until || until > n {
        return None;
    }
    let against = &against.seen(&exposure[..n]);
    let sums = Sums::new(&events[..n], &exposure[..n]);
    let (count, _) = sums.between(from, until);
    let found = Stretch { from, until, gain: 0.0, inside: 0.0, outside: 0.0, count };
    let found = match against.usual {
        None => sums.stretch((from, until), Way::Up, 1.0, against)?,
        Some(_) => sums.judged(found, Way::Up, against)?,
    };
    Some(found.gain / overdispersion(&events[..n], &exposure[..n], &found, against))
}

/// The variance of the bins outside of a stretch over what chance alone gives; at least 1.
fn overdispersion(events: &[u64], exposure: &[f64], stretch: &Stretch, against: &Against) -> f64 {
    if stretch.outside <= 0.0 {
        return 1.0;
    }
    let (mut sum, mut bins) = (0.0, 0_u32);
    let usual = against.usual.clone().unwrap_or(0..events.len());
    let rest = (0..stretch.from).chain(stretch.until..events.len());
    for at in rest.filter(|at| usual.contains(at)) {
        if exposure[at] > 0.0 {
            let expected = stretch.outside * exposure[at];
            sum += (events[at] as f64 - expected).powi(2) / expected;
            bins += 1;
        }
    }
    if bins < 8 { 1.0 } else { (sum / f64::from(bins - 1)).max(1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small generator: the same numbers everywhere.
    fn noise(seed: u64, n: usize, mean: f64) -> Vec<u64> {
        let mut state = seed;
        let mut unit = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        (0..n)
            .map(|_| {
                let (mut k, mut p, limit) = (0, unit(), (-mean).exp());
                while p > limit {
                    k += 1;
                    p *= unit();
                }
                k
            })
            .collect()
    }

    #[test]
    fn constant_noise_gains_little_whatever_its_rate() {
        for seed in 0..40 {
            for mean in [0.02, 0.3, 4.0, 30.0] {
                let events = noise(seed, 360, mean);
                let found = strongest(&events, &vec![1.0; 360], Way::Up, &Against::default());
                assert!(found.is_none_or(|found| found.gain < 12.0), "{seed} {mean} {found:?}");
            }
        }
    }

    #[test]
    fn a_stretch_is_found_where_it_is() {
        for (from, until, low, high) in
            [(100, 150, 0.3, 3.0), (200, 360, 0.0, 0.2), (40, 60, 4.0, 12.0), (300, 320, 0.05, 2.0)]
        {
            let mut events = noise(7, 360, low);
            events.splice(from..until, noise(8, until - from, high));
            let Some(found) = strongest(&events, &vec![1.0; 360], Way::Up, &Against::default()) else {
                panic!("{from}")
            };
            assert!(found.gain > 12.0, "{from}: {found:?}");
            assert!(found.from.abs_diff(from) <= 8 && found.until.abs_diff(until) <= 12, "{from}: {found:?}");
        }
    }

    #[test]
    fn drops_are_found_too() {
        let mut events = noise(3, 200, 5.0);
        events.splice(120..200, vec![0; 80]);
        let found = strongest(&events, &[1.0; 200], Way::Down, &Against::default())
            .map(|found| (found.from, found.until));
        assert!(found.is_some_and(|(from, until)| from.abs_diff(120) < 3 && until == 200), "{found:?}");
    }

    #[test]
    fn nothing_gives_nothing() {
        let rest = Against::default();
        assert_eq!(strongest(&[], &[], Way::Up, &rest), None);
        assert_eq!(strongest(&[0; 50], &[1.0; 50], Way::Up, &rest), None);
        assert_eq!(strongest(&[1; 3], &[1.0; 3], Way::Up, &rest), None);
    }

    #[test]
    fn a_given_time_takes_the_place_of_the_rest() {
        // Two stretches: with nothing given the louder one is told of.
        let mut events = noise(5, 300, 0.5);
        events.splice(60..100, noise(6, 40, 5.0));
        events.splice(200..240, noise(7, 40, 9.0));
        let against = |usual: Option<Range<usize>>, within: Option<Range<usize>>| Against { usual, within };
        let found = |against: &Against| strongest(&events, &[1.0; 300], Way::Up, against).unwrap();
        assert!(found(&Against::default()).from.abs_diff(200) < 4);
        // Where the first is usual, the second is more still; where the second is, nothing is.
        let second = found(&against(Some(60..100), None));
        assert!(second.from.abs_diff(200) < 4 && second.inside < 3.0 * second.outside, "{second:?}");
        let quiet = strongest(&events, &[1.0; 300], Way::Up, &against(Some(200..240), None));
        assert!(quiet.is_none_or(|found| found.gain < 12.0), "{quiet:?}");
        let first = found(&against(Some(0..50), Some(50..150)));
        assert!(first.from.abs_diff(60) < 4 && first.until.abs_diff(100) < 4, "{first:?}");
        // What goes on from the first bin to the last can be judged too, if the usual is given.
        let mut all = noise(9, 100, 8.0);
        all.splice(0..20, noise(10, 20, 1.0));
        let whole = strongest(&all, &[1.0; 100], Way::Up, &against(Some(0..20), None)).unwrap();
        assert!(whole.from < 26 && whole.until > 90, "{whole:?}");
    }
}
