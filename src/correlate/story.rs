//! The entries of chosen requests, in the order of time.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use super::extent::extent;
use super::links::{self, Links};
use crate::fold::{Damaged, Loaded, Saved, Table, Travel};
use crate::model::time::NANOS;
use crate::model::{Level, Location, Needs, Role, Timestamp, Value};
use crate::scan::{self, Gather, Inputs, ScanOptions, Scanned, Selection};

/// One entry of a request.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Moment {
    /// When, as the entry says.
    pub ts: Option<Timestamp>,
    /// When, as far as can be told: see [`settle`].
    pub at: Option<Timestamp>,
    /// Where it stands.
    pub location: Location,
    /// How bad it says it is.
    pub level: Option<Level>,
    /// The service that says it.
    pub service: Option<String>,
    /// Its status.
    pub status: Option<String>,
    /// Nanoseconds that its work took, where it says so.
    pub took: Option<i64>,
    /// Is it a span? Then its work went on from its time.
    pub is_span: bool,
    /// What it says; the first line of a long text.
    pub message: String,
}

impl Moment {
    /// When the span ended that it is, if it is one.
    pub fn span_end(&self) -> Option<Timestamp> {
        let at = self.at.filter(|_| self.is_span)?;
        Some(Timestamp(at.0.saturating_add(self.took?)))
    }

    /// Who says it: the service, or the file of one that names none.
    pub(super) fn speaker(&self) -> Speaker<'_> {
        let service = self.service.as_deref();
        (service, service.is_none().then_some(self.location.file))
    }
}

/// A service, or a file.
pub(super) type Speaker<'m> = (Option<&'m str>, Option<u32>);

/// One request: its entries in the order of time, those without a time after the entry before them.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// The entries.
    pub moments: Vec<Moment>,
}

/// The longest time in which nothing was said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    /// Milliseconds.
    pub ms: f64,
    /// The index of the moment before it; the one after it follows.
    pub after: usize,
}

/// How much of a message is kept.
const MESSAGE: usize = 2_000;

/// Ids up to this number are searched for in the bytes before any entry is read.
const SEARCHED: usize = 64;

/// The stories of these ids, in their order. An entry belongs to an id when the id's field says so; in text
/// without such a field, when the id stands in it as a word.
pub fn stories(inputs: &Inputs, by: &str, ids: &[Vec<u8>], options: &ScanOptions) -> (Vec<Story>, Scanned) {
    let mut index: Table<u32> = Table::default();
    for (at, id) in ids.iter().enumerate() {
        index.entry(id, || at as u32);
    }
    let of = |own: Option<&[u8]>, raw: &[u8]| match own {
        Some(key) => index.get(key).copied(),
        None if ids.len() <= SEARCHED => ids.iter().position(|id| has_word(raw, id)).map(|at| at as u32),
        None => None,
    };
    told(inputs, by, ids, of, ids.len(), options)
}

/// The story of a request that goes by several ids: an entry belongs to it that carries one of them.
pub fn linked_story(inputs: &Inputs, by: &str, links: &Links, options: &ScanOptions) -> (Story, Scanned) {
    let ids: Vec<Vec<u8>> = links.ids.iter().map(|linked| linked.id.clone().into_bytes()).collect();
    let of = |own: Option<&[u8]>, raw: &[u8]| {
        links.ids.iter().any(|linked| links::belongs(raw, own, linked)).then_some(0)
    };
    let (mut stories, scanned) = told(inputs, by, &ids, of, 1, options);
    (stories.pop().unwrap_or_default(), scanned)
}

/// So many stories: `of` says to which an entry belongs, by its own id and its bytes.
fn told(
    inputs: &Inputs,
    by: &str,
    ids: &[Vec<u8>],
    of: impl Fn(Option<&[u8]>, &[u8]) -> Option<u32> + Sync,
    count: usize,
    options: &ScanOptions,
) -> (Vec<Story>, Scanned) {
    let mut needs = Needs::none();
    let id = needs.name(by);
    for role in [Role::Ts, Role::Level, Role::Message, Role::Service, Role::Status, Role::Duration] {
        needs.role(role);
    }
    let mut selection = Selection::everything(needs.clone());
    // What may be written as an escape cannot be searched for.
    let plain = |id: &Vec<u8>| id.iter().all(|b| b.is_ascii_alphanumeric() || b"_ .:-".contains(b));
    if ids.len() <= SEARCHED && ids.iter().all(plain) {
        // UUIDs may stand in capitals.
        let spellings = ids.iter().flat_map(|id| [id.as_slice().into(), id.to_ascii_uppercase().into()]);
        selection.only_with_bytes(spellings.collect());
    }
    let (parts, scanned) = scan::gather(
        &inputs.logs,
        &needs,
        options,
        || Told { stories: count as u32, moments: Vec::new() },
        |found: &mut Told, chunk| {
            let _ = chunk.selected(&selection, |entry| {
                let slots = entry.slots;
                if let Some(story) = of(slots.get(id).key().as_deref(), entry.raw) {
                    let text = |value: Value<'_>| value.text().map(std::borrow::Cow::into_owned);
                    let said = text(slots.role(Role::Message));
                    let moment = Moment {
                        ts: slots.ts,
                        at: slots.ts,
                        location: entry.location,
                        level: slots.level,
                        service: text(slots.role(Role::Service)),
                        status: text(slots.role(Role::Status)),
                        took: slots.duration.filter(|ms| (0.0..1e9).contains(ms)).map(|ms| (ms * 1e6) as i64),
                        is_span: slots.span.is_some(),
                        message: clipped(
                            said.unwrap_or_else(|| String::from_utf8_lossy(entry.raw).into_owned()),
                        ),
                    };
                    found.moments.push((story, moment));
                }
                ControlFlow::Continue(())
            });
        },
    );
    let mut stories = vec![Story::default(); count];
    for (story, moment) in parts.moments {
        stories[story as usize].moments.push(moment);
    }
    let coarse: Vec<bool> = inputs.logs.iter().map(|input| input.coarse).collect();
    for story in &mut stories {
        story.moments.sort_by_key(|moment| moment.location);
        settle(&mut story.moments, &coarse);
        story.moments.sort_by_key(|moment| (moment.at.is_none(), moment.at, moment.location));
    }
    (stories, scanned)
}

/// What a pass finds: moments, each with the number of its story.
struct Told {
    stories: u32,
    moments: Vec<(u32, Moment)>,
}

impl Travel for Told {
    fn save(mut self, to: &mut Saved) {
        self.moments.sort_by_key(|(story, moment)| (*story, moment.location));
        to.put(&self.moments);
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        self.moments = from.take()?;
        if self.moments.iter().all(|(story, _)| *story < self.stories) { Ok(()) } else { Err(Damaged) }
    }
}

impl Gather for Told {
    fn join(&mut self, mut other: Self) {
        self.moments.append(&mut other.moments);
    }
}

/// Gives every moment a time to be ordered by. One without a time stays behind the one before it in its file.
/// One of a whole second (of a file that writes no others) may have been up to a second later: it is put
/// behind the last exact moment of that second, so that it makes no gaps and no order that nobody saw.
fn settle(moments: &mut [Moment], coarse: &[bool]) {
    let is_coarse = |moment: &Moment| coarse.get(moment.location.file as usize) == Some(&true);
    let mut exact: Vec<i64> =
        moments.iter().filter(|moment| !is_coarse(moment)).filter_map(|m| m.ts).map(|ts| ts.0).collect();
    exact.sort_unstable();
    let mut last: Option<(u32, Timestamp)> = None;
    for moment in moments {
        let file = moment.location.file;
        moment.at = moment.ts.or(last.filter(|(of, _)| *of == file).map(|(_, ts)| ts));
        if let Some(ts) = moment.ts.filter(|_| is_coarse(moment)) {
            let before = exact.partition_point(|exact| *exact < ts.0.saturating_add(NANOS));
            let within = before.checked_sub(1).map(|at| exact[at]).filter(|exact| *exact >= ts.0);
            moment.at = within.map_or(Some(ts), |within| Some(Timestamp(within)));
        }
        last = moment.at.map(|at| (file, at));
    }
}

impl Story {
    /// Puts every time back by what the clock of its file is ahead, in nanoseconds.
    pub fn put_back(&mut self, ahead: impl Fn(u32) -> i64) {
        for moment in &mut self.moments {
            let by = ahead(moment.location.file);
            for ts in [&mut moment.ts, &mut moment.at] {
                *ts = ts.map(|ts| Timestamp(ts.0.saturating_sub(by)));
            }
        }
        self.moments.sort_by_key(|moment| (moment.at.is_none(), moment.at, moment.location));
    }

    /// From when to when the work of each moment went on: a moment, if it does not say how long it took.
    pub fn extents(&self) -> Vec<Option<(Timestamp, Timestamp)>> {
        let mut all: Vec<i64> = Vec::with_capacity(self.moments.len());
        let mut by_speaker: BTreeMap<Speaker<'_>, Vec<i64>> = BTreeMap::new();
        for moment in &self.moments {
            let Some(at) = moment.at else { continue };
            all.push(at.0);
            by_speaker.entry(moment.speaker()).or_default().push(at.0);
        }
        all.sort_unstable();
        for times in by_speaker.values_mut() {
            times.sort_unstable();
        }
        let of = |moment: &Moment| {
            if let (Some(from), Some(to)) = (moment.at, moment.span_end()) {
                return Some((from, to));
            }
            let own = by_speaker.get(&moment.speaker()).map_or(&[][..], Vec::as_slice);
            let others = |from: i64, to: i64| within(&all, from, to) - within(own, from, to);
            let (from, to) = extent(moment.at?.0, moment.took, others);
            Some((Timestamp(from), Timestamp(to)))
        };
        self.moments.iter().map(of).collect()
    }

    /// The longest gap between two neighbours in time; none with fewer than two times, and none where spans tell what was
    /// done between them.
    pub fn longest_gap(&self) -> Option<Gap> {
        if self.moments.iter().any(|moment| moment.is_span) {
            return None;
        }
        let pairs = self.moments.iter().zip(self.moments.iter().skip(1)).enumerate();
        let gaps = pairs.filter_map(|(after, (a, b))| Some((b.at? - a.at?, after)));
        // Of equal gaps the first is meant.
        let (nanos, after) = gaps.max_by_key(|(nanos, after)| (*nanos, std::cmp::Reverse(*after)))?;
        Some(Gap { ms: nanos as f64 / 1e6, after })
    }

    /// The first entry of level error or worse.
    pub fn first_error(&self) -> Option<&Moment> {
        self.moments.iter().find(|moment| moment.level >= Some(Level::Error))
    }

    /// The last status that was said: that of the span that ended last, where there are spans.
    pub fn status(&self) -> Option<&str> {
        let spans = self.moments.iter().filter(|moment| moment.is_span);
        let root = spans.max_by_key(|moment| (moment.span_end(), std::cmp::Reverse(moment.at)));
        if root.is_some() {
            return root?.status.as_deref();
        }
        self.moments.iter().rev().find_map(|moment| moment.status.as_deref())
    }

    /// The files that speak of it, in order of first speech.
    pub fn files(&self) -> Vec<u32> {
        first_seen(self.moments.iter().map(|moment| moment.location.file))
    }

    /// The services that speak of it, in order of first speech.
    pub fn services(&self) -> Vec<&str> {
        first_seen(self.moments.iter().filter_map(|moment| moment.service.as_deref()))
    }
}

fn first_seen<T: Ord + Copy>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    items.filter(|item| seen.insert(*item)).collect()
}

/// How many of these sorted times lie from one to another, both counted.
fn within(sorted: &[i64], from: i64, to: i64) -> usize {
    let until = sorted.partition_point(|at| *at <= to);
    until.saturating_sub(sorted.partition_point(|at| *at < from))
}

/// Does `word` stand in `text` with no letter, digit or dash next to it?
pub(super) fn has_word(text: &[u8], word: &[u8]) -> bool {
    let part =
        |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    memchr::memmem::find_iter(text, word).any(|at| {
        let before = at.checked_sub(1).and_then(|at| text.get(at));
        !part(before) && !part(text.get(at + word.len()))
    })
}

fn clipped(mut text: String) -> String {
    if text.len() > MESSAGE {
        let end = (0..=MESSAGE).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_words() {
        assert!(has_word(b"order 12 paid", b"12") && has_word(b"[12]", b"12"));
        assert!(!has_word(b"order 123", b"12") && !has_word(b"a-12", b"12") && has_word(b"123 12", b"12"));
    }
}
