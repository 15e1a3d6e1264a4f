//! From when to when an entry's work went on that says how long it took.

/// Nanoseconds by which clocks and roundings may be off.
pub(super) const SLACK: i64 = 2_000_000;

/// From when to when, in nanoseconds: the entry is written at the work's end, or at its start if that is where more of
/// the others are. `others` counts the entries of other services from one time to another; where there are none, and
/// where nothing is said of how long it took, it is a moment.
pub(super) fn extent(at: i64, took: Option<i64>, others: impl Fn(i64, i64) -> usize) -> (i64, i64) {
    let Some(took) = took.filter(|took| *took > 0) else { return (at, at) };
    let (start, end) = (at.saturating_sub(took), at.saturating_add(took));
    let before = others(start.saturating_sub(SLACK), at);
    let after = others(at.saturating_add(1), end.saturating_add(SLACK));
    match (before, after) {
        (0, 0) => (at, at),
        (before, after) if before >= after => (start, at),
        _ => (at, end),
    }
}

/// The pieces into which these times cut the time from the first to the last of them.
pub(super) fn pieces(mut times: Vec<i64>) -> Vec<(i64, i64)> {
    times.sort_unstable();
    times.dedup();
    times.windows(2).map(|pair| (pair[0], pair[1])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_goes_where_the_others_are() {
        let ms = 1_000_000;
        for (others, at, took, expected) in [
            (&[10, 20][..], 30, Some(25), (5, 30)),
            (&[10, 20], 5, Some(25), (5, 30)),
            (&[10, 20], 30, None, (30, 30)),
            (&[100], 30, Some(25), (30, 30)),
            (&[10, 40, 45], 30, Some(25), (30, 55)),
        ] {
            let count =
                |from: i64, to: i64| others.iter().filter(|at| (from..=to).contains(&(**at * ms))).count();
            let (from, to) = extent(at * ms, took.map(|took: i64| took * ms), count);
            assert_eq!((from / ms, to / ms), expected, "{others:?} {at} {took:?}");
        }
        assert_eq!(pieces(vec![5, 1, 5, 9]), [(1, 5), (5, 9)]);
    }
}
