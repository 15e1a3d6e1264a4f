//! New versions, as pods tell: one that is made of another template begins while those of the one before are measured.

use std::collections::BTreeMap;

use super::book::Book;
use crate::entities::measured;

/// When new versions of services began, in milliseconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Rollouts(BTreeMap<String, Vec<i64>>);

/// How long before its effect a new version may have begun, and how long it takes to begin, in milliseconds.
const BEFORE: i64 = 10 * 60_000;

impl Rollouts {
    /// Of the pods in recorded gauges, sampled `every` so many milliseconds. What is there from the beginning of the data
    /// on is not new.
    pub(super) fn of(book: &Book, every: i64) -> Rollouts {
        let mut begins: BTreeMap<(&str, &str), i64> = BTreeMap::new();
        let mut start = i64::MAX;
        for track in book.gauges.values().flatten() {
            let Some((first, _)) = track.points.first() else { continue };
            start = start.min(*first);
            if let Some(version) = measured::version(&track.labels) {
                begins.entry(version).and_modify(|at| *at = (*at).min(*first)).or_insert(*first);
            }
        }
        let is_new = |at: i64| at > start + 2 * every;
        let mut rollouts: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for ((service, _), at) in &begins {
            let was_there = begins.iter().any(|((other, _), began)| other == service && !is_new(*began));
            if is_new(*at) && was_there {
                rollouts.entry((*service).to_owned()).or_default().push(*at);
            }
        }
        Rollouts(rollouts)
    }

    /// When the last version of a service began that may be the reason of what began at this time.
    pub(super) fn before(&self, service: &str, at: i64, every: i64) -> Option<i64> {
        let of = self.0.get(service)?.iter().copied();
        of.filter(|began| (at - BEFORE..=at + every).contains(began)).max()
    }
}
