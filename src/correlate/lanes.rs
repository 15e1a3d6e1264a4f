//! Who spoke of a request and for how long: a lane for each service, with the time that was its own.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::extent::pieces;
use super::story::{Speaker, Story};

/// What one service, or a file that names none, says of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// The service.
    pub service: Option<String>,
    /// The file of its first entry.
    pub file: u32,
    /// Its entries: indices of the story's moments.
    pub moments: Vec<usize>,
    /// Milliseconds that were its own: it was at work (from its first to its last entry, and as long as an entry says
    /// that its work took), and no shorter lane was. Over all lanes they sum to the time that the picture covers.
    pub own_ms: f64,
}

/// The lanes, in the order in which their work began.
pub fn lanes(story: &Story) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    let mut known: BTreeMap<Speaker<'_>, usize> = BTreeMap::new();
    let mut lane_of = Vec::with_capacity(story.moments.len());
    for (index, moment) in story.moments.iter().enumerate() {
        let at = *known.entry(moment.speaker()).or_insert_with(|| {
            let service = moment.service.clone();
            lanes.push(Lane { service, file: moment.location.file, moments: Vec::new(), own_ms: 0.0 });
            lanes.len() - 1
        });
        lanes[at].moments.push(index);
        lane_of.push(at);
    }
    // From when to when each lane was at work.
    let extents = story.extents();
    let spans: Vec<(i64, i64)> = lanes
        .iter()
        .map(|lane| {
            let extents = || lane.moments.iter().filter_map(|index| extents[*index]);
            let (from, to) = (extents().map(|(from, _)| from.0).min(), extents().map(|(_, to)| to.0).max());
            from.zip(to).unwrap_or((i64::MAX, i64::MIN))
        })
        .collect();
    let timed = || spans.iter().filter(|(from, to)| from <= to);
    let spoken = story.moments.iter().filter_map(|moment| moment.at).map(|at| at.0);
    let mut at_work = AtWork::new(&spans);
    let mut spoken_until = 0;
    for (from, to) in pieces(timed().flat_map(|(from, to)| [*from, *to]).chain(spoken).collect()) {
        // Those without a time come last.
        while story.moments.get(spoken_until).is_some_and(|moment| moment.at.is_some_and(|at| at.0 <= from)) {
            spoken_until += 1;
        }
        // Between two that are at work at different times: who spoke last.
        let last = || spoken_until.checked_sub(1).map(|last| lane_of[last]);
        if let Some(owner) = at_work.innermost(from).or_else(last) {
            lanes[owner].own_ms += to.saturating_sub(from) as f64 / 1e6;
        }
    }
    let mut begun: Vec<(i64, Lane)> = spans.into_iter().map(|(from, _)| from).zip(lanes).collect();
    begun.sort_by_key(|(from, _)| *from);
    begun.into_iter().map(|(_, lane)| lane).collect()
}

/// Lanes that are at work, while time goes on.
struct AtWork<'s> {
    spans: &'s [(i64, i64)],
    /// Lanes by their beginnings, the last one first, and by their ends.
    starting: Vec<usize>,
    ending: Vec<usize>,
    /// By how long they are at work in all.
    now: BTreeSet<(i64, usize)>,
}

impl<'s> AtWork<'s> {
    fn new(spans: &'s [(i64, i64)]) -> Self {
        let lanes = || (0..spans.len()).filter(|lane| spans[*lane].0 <= spans[*lane].1);
        let (mut starting, mut ending): (Vec<usize>, Vec<usize>) = (lanes().collect(), lanes().collect());
        starting.sort_by_key(|lane| Reverse(spans[*lane].0));
        ending.sort_by_key(|lane| Reverse(spans[*lane].1));
        AtWork { spans, starting, ending, now: BTreeSet::new() }
    }

    /// The shortest lane at work from a time on, which is later than the one before.
    fn innermost(&mut self, from: i64) -> Option<usize> {
        let key = |lane: usize| (self.spans[lane].1.saturating_sub(self.spans[lane].0), lane);
        while let Some(lane) = self.starting.pop_if(|lane| self.spans[*lane].0 <= from) {
            self.now.insert(key(lane));
        }
        while let Some(lane) = self.ending.pop_if(|lane| self.spans[*lane].1 <= from) {
            self.now.remove(&key(lane));
        }
        self.now.first().map(|(_, lane)| *lane)
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::Moment;
    use super::*;
    use crate::model::{Location, Timestamp};

    #[test]
    fn own_times_sum_to_the_whole() {
        let moment = |ms: i64, service: Option<&str>, file| Moment {
            ts: Some(Timestamp(ms * 1_000_000)),
            at: Some(Timestamp(ms * 1_000_000)),
            location: Location { file, chunk: 0, line: 0 },
            level: None,
            service: service.map(str::to_owned),
            status: None,
            took: (file == 4).then_some(20_030_000_000),
            is_span: false,
            message: String::new(),
        };
        let story = Story {
            moments: vec![
                moment(0, Some("order"), 0),
                moment(10, Some("payment"), 1),
                moment(20_010, Some("payment"), 1),
                moment(20_012, Some("order"), 0),
                moment(20_015, None, 2),
                moment(20_020, None, 3),
                moment(20_020, Some("gateway"), 4),
            ],
        };
        let lanes = lanes(&story);
        let own: Vec<(Option<&str>, u32, f64)> =
            lanes.iter().map(|lane| (lane.service.as_deref(), lane.file, lane.own_ms)).collect();
        assert_eq!(
            own,
            [
                (Some("gateway"), 4, 18.0),
                (Some("order"), 0, 12.0),
                (Some("payment"), 1, 20_000.0),
                (None, 2, 0.0),
                (None, 3, 0.0)
            ]
        );
        assert_eq!(own.iter().map(|(.., ms)| ms).sum::<f64>(), 20_030.0);
        assert_eq!(super::lanes(&Story::default()), []);
    }
}
