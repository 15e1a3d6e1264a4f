//! What the failed requests have in common narrows the search: when did trouble with just that begin?
//!
//! A partner that has become slow is a small part of what a service says. Its first signs drown among all
//! others, but stand out among the warnings and errors in which it is named.

use std::ops::ControlFlow;

use crate::causes::lift::Common;
use crate::causes::story::{Event, Story};
use crate::filter::Filter;
use crate::model::time::NANOS;
use crate::model::{Entry, Level, Needs, Role, TimeRange, Timestamp};
use crate::scan::{self, Chunk, Input, ScanOptions, Scanned, Selection};
use crate::series::bins::{Bins, Moment};
use crate::series::change::{self, Way};
use crate::timeline::Evidence;
use crate::timeline::scene::Scene;

/// How much likelier than a constant rate the trouble must be: less than elsewhere, for only one value is tried.
const GAIN: f64 = 6.0;

/// How long before what was found the trouble may have begun, in nanoseconds.
const EARLIER: i64 = 20 * 60 * NANOS;

/// Warnings and errors of one log that name a value.
struct Naming<'n> {
    value: &'n [u8],
    bins: Bins,
}

impl Naming<'_> {
    fn add(&mut self, entry: &Entry<'_, '_>) {
        if entry.slots.level >= Some(Level::Warn)
            && let Some(ts) = entry.slots.ts
            && memchr::memmem::find(entry.raw, self.value).is_some()
        {
            self.bins.add(Moment { ts, location: entry.location });
        }
    }
}

/// Says of the first cause what the failed have in common, and moves its beginning to where trouble with that
/// began.
pub fn narrow(
    story: &mut Story,
    common: &Common,
    scene: &Scene<'_>,
    (logs, scanned): (&[Input], &Scanned),
    (filter, range, mut needs): (&Filter, TimeRange, Needs),
    options: &ScanOptions,
) {
    let Some(cause) = story.causes.first_mut() else { return };
    if !common.stands_out() {
        return;
    }
    cause.summary = format!("{}; mostly where {} is {}", cause.summary, common.field, common.value);
    let (Some(from), Some(group)) = (cause.from, scene.group_of(&cause.subject.file)) else { return };
    needs.role(Role::Ts);
    needs.role(Role::Level);
    let mut selection = Selection::new(needs, filter, range);
    let value = common.value.as_bytes();
    selection.only_with_bytes(vec![value.into()]);
    let places = scanned.places(|file, _| scene.wants.group(file) == group);
    let new = || Naming { value, bins: Bins::default() };
    let look = |naming: &mut Naming<'_>, chunk: &Chunk<'_>| {
        let _ = chunk.entries(&selection, |entry| {
            naming.add(entry);
            ControlFlow::Continue(())
        });
    };
    let naming = scan::again(logs, &places, &selection.needs, options, new, look);
    let mut bins = Bins::default();
    for naming in naming {
        bins.merge(naming.bins);
    }
    let Some(first) = beginning(scene, group, &bins) else { return };
    if first.ts < from && from - first.ts <= EARLIER {
        cause.from = Some(first.ts);
        cause.summary = format!("{}, with first signs at {}", cause.summary, first.ts.clock());
        let what = format!("first warnings that name {} in {}", common.value, cause.subject.file);
        story.timeline.insert(0, Event { at: Some(first.ts), what, evidence: None });
        story.timeline.sort_by(|a, b| (a.at, &a.what).cmp(&(b.at, &b.what)));
        story.onset = Some(first.ts);
        cause.evidence.insert(
            0,
            Evidence {
                file: String::new(),
                line: 0,
                timestamp: Some(first.ts),
                text: String::new(),
                span: None,
                location: first.location,
            },
        );
    }
}

/// The first entry of the stretch in which they are more frequent.
fn beginning(scene: &Scene<'_>, group: u32, bins: &Bins) -> Option<Moment> {
    let counts = scene.axis.counts(bins);
    let presence = scene.presence(group);
    let found = change::strongest(&counts, &presence, Way::Up, &scene.against)?;
    if found.gain < GAIN || found.inside < 3.0 * found.outside || scene.is_beginning(&presence, found.from) {
        return None;
    }
    let (from, until) = (scene.axis.at(found.from), scene.axis.at(found.until));
    bins.within(from, Timestamp(until.0.saturating_sub(1))).next().map(|bin| bin.first)
}
