//! Few samples: a stretch of two or three may be all there is of a failure. What [`super::track`] needs many samples
//! for, siblings tell here: how far samples of the same quantity lie from what is usual elsewhere.
//!
//! A sample's *distance* is how far it lies from the middle, in units of the spread. A stretch of far ones counts by how
//! unlikely such distances are beside it, of the same series and of its siblings; beyond the farthest seen they are
//! taken to become rarer as slowly as a Pareto tail of index 1 does, so that size tells, but never alone.

/// Of fewer samples nothing stands out.
pub const FEWEST: usize = 5;

/// Distances from which a sample is far.
pub const FAR: f64 = 3.0;

/// From so many calm samples on a series is its own measure, and siblings are not asked.
const OWN: usize = 50;

/// The part of the middle that is never taken for a difference.
const LEAST: f64 = 0.02;

/// How a quantity is judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// Is more of it worse?
    pub up: bool,
    /// The most it can be, where it is a share: then what lacks is judged.
    pub whole: Option<f64>,
    /// How wide siblings spread around their middles, as a part of them.
    pub siblings: f64,
}

/// A stretch of samples that are far, not all of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The first sample inside.
    pub from: usize,
    /// The last sample inside.
    pub to: usize,
    /// The middle of the others.
    pub usual: f64,
    /// The middle of the far ones.
    pub during: f64,
    /// The farthest value.
    pub peak: f64,
    /// How many are far.
    pub far: usize,
}

/// The middle of some values; 0 of none.
pub fn median(values: &[f64]) -> f64 {
    super::track::quantile(values, 0.5)
}

/// Their median deviation from it, as the standard deviation of what is normal.
pub fn deviation(values: &[f64]) -> f64 {
    let middle = median(values);
    1.4826 * median(&values.iter().map(|value| (value - middle).abs()).collect::<Vec<f64>>())
}

/// The distances of values from `middle`, for the worse above 0, in the spread of `calm`.
pub fn distances(values: &[f64], calm: &[f64], middle: f64, judged: &Judged) -> Vec<f64> {
    // Shares are mostly whole: a part in five hundred is the least that anybody would ask about.
    let least = match judged.whole {
        Some(whole) => whole / 500.0,
        None => (LEAST * middle.abs()).max(0.5 * judged.siblings * middle.abs()),
    };
    let spread = deviation(calm).max(least).max(f64::MIN_POSITIVE);
    let sign = if judged.up { 1.0 } else { -1.0 };
    values.iter().map(|value| sign * (value - middle) / spread).collect()
}

/// The stretch that differs most from the rest, and the distances of all samples from that. `usual` are samples from
/// elsewhere, if there are any. Failures may come and go; a level that rises stays.
pub fn step(values: &[f64], usual: &[f64], judged: &Judged) -> Option<(Step, Vec<f64>)> {
    /// Fewer samples do not say what is usual.
    const USUAL: usize = 2;
    if values.len() < FEWEST {
        return None;
    }
    let beginning = &values[..(values.len() / 3).max(2)];
    let tried = [values, beginning].into_iter().filter_map(|calm| {
        let around = |calm: &[f64]| {
            distances(values, if usual.is_empty() { calm } else { usual }, median(calm), judged)
        };
        let (from, to, _) = strongest(&around(calm), judged)?;
        // Once more, without what stands out.
        let rest = [&values[..from], &values[to + 1..]].concat();
        if rest.len() < USUAL {
            return None;
        }
        let distances = around(&rest);
        let (from, to, sum) = strongest(&distances, judged)?;
        let rest = [&values[..from], &values[to + 1..]].concat();
        if rest.len() < USUAL {
            return None;
        }
        Some((sum, (from, to), rest, distances))
    });
    let (_, (from, to), rest, distances) = tried.max_by(|a, b| a.0.total_cmp(&b.0))?;
    let inside: Vec<f64> = (from..=to).filter(|at| distances[*at] > FAR).map(|at| values[at]).collect();
    let worst = if judged.up { f64::max } else { f64::min };
    let step = Step {
        from,
        to,
        usual: median(&rest),
        during: median(&inside),
        peak: inside.iter().copied().fold(inside[0], worst),
        far: inside.len(),
    };
    Some((step, distances))
}

/// The stretch of distances with most that are far and few that are not. What begins with the data may as well have been
/// so before.
fn strongest(distances: &[f64], judged: &Judged) -> Option<(usize, usize, f64)> {
    const MOST: f64 = 3.0;
    let calm = if judged.whole.is_some() { 0.2 } else { MOST };
    let mut best: Option<(usize, usize, f64)> = None;
    let (mut from, mut sum) = (0, 0.0);
    for (at, distance) in distances.iter().enumerate() {
        let is_far = *distance > FAR;
        if sum <= 0.0 {
            (from, sum) = (at, 0.0);
            if !is_far {
                continue;
            }
        }
        sum += if is_far { (2.0 * distance / FAR).min(MOST) } else { -calm };
        if is_far && best.is_none_or(|(.., most)| sum > most) {
            best = Some((from, at, sum));
        }
    }
    best.filter(|(from, ..)| *from > 0)
}

/// How much likelier something happened than chance, in logs, of the far ones among the distances of a stretch. `own`
/// are the series' distances beside it; `all` those of its siblings and its own, sorted.
pub fn gain(inside: &[f64], own: &[f64], all: &[f64]) -> f64 {
    /// What a sample is worth that is no rarer than it has to be.
    const USUAL: f64 = 1.0;
    let mut sorted;
    let mut known = all;
    if own.len() >= OWN {
        sorted = own.to_vec();
        sorted.sort_by(f64::total_cmp);
        known = &sorted;
    }
    let n = known.len() as f64;
    let farthest = known.last().copied().unwrap_or(0.0).max(FAR);
    let rarity = |distance: f64| {
        let beyond = known.len() - known.partition_point(|other| *other < distance);
        let tail = if beyond == 0 { (farthest / distance).min(1.0) } else { 1.0 + beyond as f64 };
        let alone = own.iter().filter(|other| **other >= distance).count() as f64 / (own.len() + 1) as f64;
        (tail / (n + 1.0)).max(alone)
    };
    let far = inside.iter().filter(|distance| **distance > FAR);
    far.map(|distance| (-rarity(*distance).ln() - USUAL).max(0.0)).sum()
}

/// The spans of time in which something was recorded, split where nothing was for much longer than between two samples of
/// a series, `every`. `times` are sorted, in the unit of that.
pub fn recordings(times: &[i64], every: i64) -> Vec<(i64, i64)> {
    /// Distances between samples that make a gap.
    const GAP: i64 = 50;
    let mut found: Vec<(i64, i64)> = Vec::new();
    for at in times {
        match found.last_mut() {
            Some((_, last)) if at - *last <= GAP * every => *last = *at,
            _ => found.push((*at, *at)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVEL: Judged = Judged { up: true, whole: None, siblings: 0.2 };
    const SHARE: Judged = Judged { up: false, whole: Some(100.0), siblings: 0.0 };

    fn found(values: &[f64], judged: &Judged) -> Option<(usize, usize, usize)> {
        step(values, &[], judged).map(|(step, _)| (step.from, step.to, step.far))
    }

    #[test]
    fn a_level_that_rises_for_some_samples_is_a_step() {
        assert_eq!(found(&[1.0, 1.1, 0.9, 1.0, 9.0, 8.0, 9.5, 1.0], &LEVEL), Some((4, 6, 3)));
        // Half of the data: the beginning tells what is usual.
        assert_eq!(found(&[1.0, 1.1, 0.9, 9.0, 8.0, 9.5, 9.0], &LEVEL), Some((3, 6, 4)));
        assert_eq!(found(&[9.0, 9.5, 1.0, 1.1, 0.9, 1.0], &LEVEL), None);
        assert_eq!(found(&[1.0, 1.1, 0.9, 1.0, 1.05, 0.95], &LEVEL), None);
        assert_eq!(found(&[1.0, 1.0, 9.0, 9.0], &LEVEL), None);
        assert_eq!(found(&[5.0; 8], &LEVEL), None);
    }

    #[test]
    fn failures_come_and_go() {
        let shares = [100.0, 100.0, 100.0, 100.0, 60.0, 100.0, 100.0, 80.0, 100.0, 70.0];
        assert_eq!(found(&shares, &SHARE), Some((4, 9, 3)));
        let dips = shares.map(|share| 100.0 - share);
        assert_ne!(found(&dips, &LEVEL), Some((4, 9, 3)));
    }

    #[test]
    fn what_siblings_do_as_well_is_no_news() {
        let calm: Vec<f64> = (0..40).map(|at| f64::from(at % 3)).collect();
        let mut wild = calm.clone();
        wild.extend([30.0, 40.0, 50.0, 60.0]);
        let sorted = |mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values
        };
        let inside = [40.0, 50.0];
        let (quiet, loud) = (sorted(calm), sorted(wild));
        assert!(gain(&inside, &[0.0, 1.0], &quiet) > gain(&inside, &[0.0, 1.0], &loud) + 4.0);
        // Farther is rarer, and one alone is never clear among hundreds.
        assert!(gain(&[400.0], &[], &quiet) > gain(&[40.0], &[], &quiet));
        assert!(gain(&[400.0], &[], &quiet) < 10.0);
        assert_eq!(gain(&[2.0], &[], &quiet), 0.0);
        assert_eq!(gain(&[40.0], &[50.0, 60.0], &quiet), 0.0);
    }

    #[test]
    fn recordings_are_split_where_nothing_was_recorded() {
        let times: Vec<i64> = (0..10).chain(1_000..1_200).collect();
        assert_eq!(recordings(&times, 1), [(0, 9), (1_000, 1_199)]);
        assert_eq!(recordings(&[5], 1), [(5, 5)]);
        assert!(recordings(&[], 1).is_empty());
    }
}
