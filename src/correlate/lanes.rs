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
    /// Milliseconds from an entry of this lane to the next entry of any: in them nobody else was heard of. Over all
    /// lanes they sum to the request's duration.
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
        let next = story.moments.get(index + 1);
        let until = next.and_then(|next| next.at).zip(moment.at);
        let own_ms = until.map_or(0.0, |(next, at)| (next.0 - at.0) as f64 / 1e6);
        if let Some(lane) = lanes.iter_mut().find(is_same) {
            lane.moments.push(index);
            lane.own_ms += own_ms;
        } else {
            let service = moment.service.clone();
            lanes.push(Lane { service, file: moment.location.file, moments: vec![index], own_ms });
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
            [(Some("order"), 0, 13.0), (Some("payment"), 1, 20_002.0), (None, 2, 5.0), (None, 3, 0.0)]
        );
        assert_eq!(own.iter().map(|(.., ms)| ms).sum::<f64>(), 20_020.0);
        assert_eq!(super::lanes(&Story::default()), []);
    }
}
