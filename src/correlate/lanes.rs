//! Who spoke of a request and for how long: a lane for each service, with the time that was its own.

use super::story::Story;

/// What one service, or a file that names none, says of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// The service.
    pub service: Option<String>,
    /// The file of its first entry.
    pub file: u32,
    /// Its entries: indices of the story's moments.
    pub moments: Vec<usize>,
    /// Milliseconds that were its own: it was at work (between its first and its last entry), and no shorter lane was.
    /// Over all lanes they sum to the request's duration.
    pub own_ms: f64,
}

/// The lanes, in the order of first speech.
pub fn lanes(story: &Story) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    for (index, moment) in story.moments.iter().enumerate() {
        let is_same = |lane: &&mut Lane| match (&lane.service, &moment.service) {
            (None, None) => lane.file == moment.location.file,
            (one, other) => one == other,
        };
        if let Some(lane) = lanes.iter_mut().find(is_same) {
            lane.moments.push(index);
        } else {
            let service = moment.service.clone();
            lanes.push(Lane { service, file: moment.location.file, moments: vec![index], own_ms: 0.0 });
        }
    }
    for before in 0..story.moments.len().saturating_sub(1) {
        let at = |index: usize| story.moments[index].at;
        let Some((from, to)) = at(before).zip(at(before + 1)) else { continue };
        let ends = |lane: &Lane| (lane.moments[0], lane.moments[lane.moments.len() - 1]);
        let length = |lane: &Lane| {
            let (first, last) = ends(lane);
            at(first).zip(at(last)).map_or(0, |(first, last)| last.0 - first.0)
        };
        let at_work = |lane: &Lane| ends(lane).0 <= before && before < ends(lane).1;
        let innermost =
            (0..lanes.len()).filter(|lane| at_work(&lanes[*lane])).min_by_key(|lane| length(&lanes[*lane]));
        // Between two that are at work at different times: who spoke last.
        let spoke = lanes.iter().position(|lane| lane.moments.binary_search(&before).is_ok());
        if let Some(owner) = innermost.or(spoke) {
            lanes[owner].own_ms += (to.0 - from.0) as f64 / 1e6;
        }
    }
    lanes
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
            ],
        };
        let lanes = lanes(&story);
        let own: Vec<(Option<&str>, u32, f64)> =
            lanes.iter().map(|lane| (lane.service.as_deref(), lane.file, lane.own_ms)).collect();
        assert_eq!(
            own,
            [(Some("order"), 0, 15.0), (Some("payment"), 1, 20_000.0), (None, 2, 5.0), (None, 3, 0.0)]
        );
        assert_eq!(own.iter().map(|(.., ms)| ms).sum::<f64>(), 20_020.0);
        assert_eq!(super::lanes(&Story::default()), []);
    }
}
