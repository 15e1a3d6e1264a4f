//! The times at which metrics derived from logs are sampled, as if a server had scraped them.

use crate::model::Timestamp;
use crate::promql::Expr;
use crate::promql::ast::{Duration, Form};

/// Nanoseconds in a millisecond.
const MILLI: i64 = 1_000_000;

/// How often metrics derived from logs are sampled unless something asks for more: Prometheus' usual interval.
pub const SAMPLED_EVERY_MS: i64 = 15_000;

/// A window of a range selector holds this many samples at least.
const SAMPLES_IN_A_WINDOW: i64 = 4;

/// How often metrics derived from logs have to be sampled for these expressions, in milliseconds: every 15 s; as
/// often as they are evaluated (`every_ms`), if that is more often; and at least four times in the shortest range.
pub fn sampling<'e>(exprs: impl IntoIterator<Item = &'e Expr>, every_ms: Option<i64>) -> i64 {
    let mut step = every_ms.unwrap_or(SAMPLED_EVERY_MS).min(SAMPLED_EVERY_MS);
    for expr in exprs {
        expr.root().walk(&mut |node| {
            if let Form::Selector(selector) = &node.form
                && let Some(Duration::Millis(range)) = selector.range
            {
                step = step.min(range / SAMPLES_IN_A_WINDOW);
            }
        });
    }
    step.max(1)
}

/// Equally spaced times, multiples of the step since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// The distance of two times, in milliseconds.
    pub step_ms: i64,
    /// The first time, in steps since the epoch: before the first event, so that what begins with it increases.
    pub first: i64,
    /// The last time, in steps since the epoch: at or after the last event.
    pub last: i64,
}

impl Clock {
    /// The times for events from `from` to `to`.
    pub fn new(step_ms: i64, from: Timestamp, to: Timestamp) -> Self {
        Clock { step_ms, first: step_after(step_ms, from) - 1, last: step_after(step_ms, to) }
    }

    /// How many times there are.
    pub fn len(&self) -> usize {
        usize::try_from(self.last - self.first + 1).unwrap_or(0)
    }

    /// Are there no times?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The time so many steps since the epoch, in milliseconds.
    pub fn at_ms(&self, step: i64) -> i64 {
        step.saturating_mul(self.step_ms)
    }
}

/// How long series derived from logs are sampled around each entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Hold {
    /// From the first to the last time of the clock.
    #[default]
    Always,
    /// So many steps before and after it, and at both ends of the clock.
    Around(i64),
}

impl Hold {
    /// The steps at which a series is sampled in which something happens at these steps, which rise.
    pub(super) fn steps(self, events: impl Iterator<Item = i64>, clock: Clock) -> impl Iterator<Item = i64> {
        self.stretches(events, clock).flatten()
    }

    /// How many these are.
    pub(super) fn count(self, events: impl Iterator<Item = i64>, clock: Clock) -> usize {
        self.stretches(events, clock)
            .map(|stretch| (stretch.end() - stretch.start() + 1).max(0) as usize)
            .sum()
    }

    fn stretches(
        self,
        events: impl Iterator<Item = i64>,
        clock: Clock,
    ) -> impl Iterator<Item = std::ops::RangeInclusive<i64>> {
        let mut next = clock.first;
        std::iter::once(clock.first).chain(events).chain([clock.last]).map(move |event| {
            let (from, to) = match self {
                Hold::Always => (clock.first, clock.last),
                Hold::Around(steps) => (event.saturating_sub(steps), event.saturating_add(steps)),
            };
            let stretch = from.max(next)..=to.min(clock.last);
            next = next.max(stretch.end() + 1);
            stretch
        })
    }
}

/// The first step at or after an event: the first sample that counts it.
pub(super) fn step_after(step_ms: i64, event: Timestamp) -> i64 {
    event.0.saturating_sub(1).div_euclid(step_ms.saturating_mul(MILLI)) + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::{Options, parse};

    #[test]
    fn samples_are_as_close_as_the_question_needs() {
        for (source, every, expected) in [
            ("up", None, 15_000),
            ("up", Some(60_000), 15_000),
            ("up", Some(1_000), 1_000),
            ("rate(up[5m])", None, 15_000),
            ("rate(a[10s]) + rate(b[1m])", None, 2_500),
            ("rate(a[1ms])", None, 1),
        ] {
            let expr = parse(source, &Options::promtool()).expect(source);
            assert_eq!(sampling([&expr], every), expected, "{source}");
        }
    }

    #[test]
    fn samples_are_around_what_happens_and_each_time_once() {
        let clock = Clock { step_ms: 15_000, first: 0, last: 100 };
        let steps = |hold: Hold, events: &[i64]| -> Vec<i64> {
            let found: Vec<i64> = hold.steps(events.iter().copied(), clock).collect();
            assert_eq!(hold.count(events.iter().copied(), clock), found.len());
            found
        };
        assert_eq!(steps(Hold::Always, &[3, 50]), (0..=100).collect::<Vec<_>>());
        assert_eq!(steps(Hold::Around(1), &[1, 50, 51]), [0, 1, 2, 49, 50, 51, 52, 99, 100]);
        assert_eq!(steps(Hold::Around(200), &[7]), (0..=100).collect::<Vec<_>>());
        assert_eq!(steps(Hold::Around(0), &[]), [0, 100]);
    }

    #[test]
    fn every_event_is_after_the_first_sample_and_none_after_the_last() {
        let second = |s: i64| Timestamp(s * 1_000 * MILLI);
        for (from, to, first, last) in [(15, 30, 0, 2), (16, 31, 1, 3), (-1, 0, -1, 0), (0, 0, -1, 0)] {
            let clock = Clock::new(15_000, second(from), second(to));
            assert_eq!((clock.first, clock.last), (first, last), "{from} {to}");
            assert!(clock.at_ms(clock.first) < from * 1_000 && clock.at_ms(clock.last) >= to * 1_000);
            assert_eq!(clock.len() as i64, last - first + 1);
        }
    }
}
