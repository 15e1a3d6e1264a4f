//! Pictures that share one axis of time, each with the sentence it shows, the numbers behind it and the command that
//! gives them again.

use super::chart::Scale;
use super::escape::Untrusted;
use super::paint::Style;
use super::spark::Spark;
use super::table::{Cell, Column, Table};
use crate::model::Timestamp;
use crate::model::time::NANOS;

/// Pictures one below the other, from the same time to the same time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panels {
    /// Where all of them begin and end, and in how many bins of equal width their values stand.
    pub axis: TimeAxis,
    /// Moments to mark in every picture, each with what happened then.
    pub marks: Vec<(Timestamp, Untrusted)>,
    /// The stretch of time that all this is about.
    pub stretch: Option<(Timestamp, Timestamp)>,
    /// The pictures.
    pub panels: Vec<Panel>,
}

/// Bins of equal width.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeAxis {
    /// The start of the first.
    pub from: Timestamp,
    /// The width of one in nanoseconds.
    pub width: i64,
    /// How many there are.
    pub bins: usize,
}

/// One picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panel {
    /// What it shows.
    pub title: Untrusted,
    /// What is to be seen, in one sentence: for those who cannot see it, too.
    pub says: Untrusted,
    /// What the values are.
    pub scale: Scale,
    /// How they are drawn.
    pub shape: Shape,
    /// What is drawn.
    pub tracks: Vec<Track>,
    /// The command that gives the same numbers.
    pub command: Option<Untrusted>,
}

/// How the tracks of a picture are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// Curves.
    #[default]
    Lines,
    /// Curves of which each lies above the one before, the room between them filled, on a logarithmic scale.
    Bands,
    /// Bars, stacked.
    Bars,
    /// A row of bars for each track, all on one scale.
    Rows,
    /// A row of stretches of time for each track.
    Spans,
}

/// One curve, row or layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Track {
    /// Its name.
    pub name: Untrusted,
    /// How it is drawn.
    pub style: Style,
    /// A value for each bin; none where nothing is known. Empty for stretches of time.
    pub values: Vec<Option<f64>>,
    /// Its stretches of time.
    pub spans: Vec<Span>,
}

/// A stretch of time in which something was so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Its first moment.
    pub from: Timestamp,
    /// Its end; the end of the axis if it was not over by then.
    pub to: Option<Timestamp>,
    /// How it is drawn.
    pub style: Style,
    /// What was so.
    pub what: Untrusted,
}

impl TimeAxis {
    /// The end of the last bin.
    pub fn to(&self) -> Timestamp {
        self.at(self.bins)
    }

    /// The start of a bin.
    pub fn at(&self, bin: usize) -> Timestamp {
        Timestamp(self.from.0.saturating_add(self.width.saturating_mul(bin as i64)))
    }

    /// Round times within it, at most `most` of them.
    pub(super) fn ticks(&self, most: i64) -> Vec<Timestamp> {
        const STEPS: [i64; 19] = [
            1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400,
            604_800,
        ];
        let span = self.to().0.saturating_sub(self.from.0).max(1);
        let fits = |step: &i64| span / (step * NANOS) <= most;
        let step = STEPS.into_iter().find(fits).unwrap_or(span / NANOS / most + 1) * NANOS;
        let first = self.from.0.div_euclid(step);
        let ticks = (first..).map(|n| n.saturating_mul(step)).skip_while(|at| *at < self.from.0);
        ticks.take_while(|at| *at <= self.to().0).take(most as usize + 2).map(Timestamp).collect()
    }
}

/// A time on an axis, as short as tells it.
pub(super) fn clock_label(at: Timestamp, (days, seconds): (bool, bool)) -> String {
    match at.date_clock() {
        place if at.line().is_some() => place,
        date if days => date[5..10].to_owned(),
        _ if seconds => at.clock(),
        _ => at.clock()[..5].to_owned(),
    }
}

/// Do the times of an axis need the day, and seconds?
pub(super) fn parts_of(axis: TimeAxis, ticks: &[Timestamp]) -> (bool, bool) {
    let days = axis.to().0.saturating_sub(axis.from.0) > 2 * 86_400 * NANOS;
    (days, ticks.iter().any(|at| at.0 % (60 * NANOS) != 0))
}

impl Panel {
    /// The greatest value of all tracks.
    pub(super) fn greatest(&self) -> f64 {
        let values = self.tracks.iter().flat_map(|track| track.values.iter().flatten());
        values.copied().filter(|value| value.is_finite()).fold(0.0, f64::max)
    }

    /// The numbers behind the picture: a row for each bin that has any; for stretches of time a row each.
    pub(super) fn table(&self, axis: TimeAxis) -> Table {
        if self.shape == Shape::Spans {
            let mut table = Table::new(vec![
                Column::text("what"),
                Column::text("state"),
                Column::text("from"),
                Column::text("until"),
            ]);
            for track in &self.tracks {
                for span in &track.spans {
                    table.row(vec![
                        Cell::text(track.name.clone()),
                        Cell::text(span.what.clone()),
                        Cell::time(span.from),
                        span.to.map_or_else(Cell::none, Cell::time),
                    ]);
                }
            }
            return table;
        }
        let mut columns = vec![Column::text("from")];
        columns.extend(self.tracks.iter().map(|track| Column::number(track.name.clone())));
        let mut table = Table::new(columns);
        for bin in 0..axis.bins {
            let value = |track: &Track| track.values.get(bin).copied().flatten();
            if self.tracks.iter().any(|track| value(track).is_some()) {
                let cells = self.tracks.iter().map(|track| self.cell(value(track)));
                table.row(std::iter::once(Cell::time(axis.at(bin))).chain(cells).collect());
            }
        }
        table
    }

    fn cell(&self, value: Option<f64>) -> Cell {
        let Some(value) = value else { return Cell::none() };
        match self.scale {
            Scale::Percent => Cell::percent(value),
            Scale::Millis => Cell::millis(value),
            Scale::Bytes => Cell::bytes(value.max(0.0) as u64),
            Scale::Number if value.fract() == 0.0 && (0.0..1e15).contains(&value) => {
                Cell::count(value as u64)
            }
            Scale::Number => Cell::number(value, 2),
        }
    }

    /// The picture as rows of blocks, for where nothing finer can be drawn.
    pub(super) fn sparks(&self, axis: TimeAxis) -> Vec<Spark> {
        let spark = |track: &Track| {
            let values = if self.shape == Shape::Spans {
                (0..axis.bins).map(|bin| track.state(axis, bin)).collect()
            } else {
                track.values.clone()
            };
            let greatest = values.iter().flatten().copied().fold(f64::NAN, f64::max);
            let note = if self.shape == Shape::Spans {
                track.told()
            } else if !greatest.is_finite() {
                Untrusted::default()
            } else {
                Untrusted::from(format!("max {}", self.cell(Some(greatest)).shown().json()))
            };
            let max = match (self.scale, self.shape) {
                (Scale::Percent, _) => Some(1.0),
                (_, Shape::Rows | Shape::Lines) => Some(self.greatest()),
                (_, Shape::Spans) => Some(2.0),
                _ => None,
            };
            Spark { label: track.name.clone(), values, max, note, style: track.style }
        };
        self.tracks.iter().map(spark).collect()
    }
}

impl Track {
    /// Its states in their order, where they fit on a line.
    fn told(&self) -> Untrusted {
        /// More states than this are not told.
        const MOST: usize = 4;
        let mut states: Vec<&str> = self.spans.iter().map(|span| span.what.json()).collect();
        states.dedup();
        let more = if states.len() > MOST { " → …" } else { "" };
        states.truncate(MOST);
        format!("{}{more}", states.join(" → ")).into()
    }

    /// How high a stretch of time stands in a bin: a bad one higher than others.
    fn state(&self, axis: TimeAxis, bin: usize) -> Option<f64> {
        let (from, to) = (axis.at(bin), axis.at(bin + 1));
        let here = self.spans.iter().filter(|span| span.from < to && span.to.is_none_or(|end| end > from));
        here.map(|span| if span.style == Style::Bad { 2.0 } else { 1.0 }).reduce(f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(seconds: i64) -> TimeAxis {
        TimeAxis { from: Timestamp(1_703_385_001 * NANOS), width: seconds * NANOS / 60, bins: 60 }
    }

    #[test]
    fn ticks_are_round_and_few() {
        for (seconds, first, count) in [
            (60, "02:30:10", 6),
            (3_600, "02:40:00", 6),
            (86_400, "03:00:00", 8),
            (30 * 86_400, "00:00:00", 4),
        ] {
            let ticks = axis(seconds).ticks(8);
            assert_eq!((ticks[0].clock().as_str(), ticks.len()), (first, count), "{seconds}");
        }
        assert!(TimeAxis { from: Timestamp(i64::MIN), width: i64::MAX, bins: 9 }.ticks(8).len() < 11);
    }

    #[test]
    fn a_table_stands_behind_every_picture() {
        let track = |name: &str, values: &[Option<f64>]| Track {
            name: name.into(),
            values: values.to_vec(),
            ..Track::default()
        };
        let panel = Panel {
            tracks: vec![track("a", &[Some(1.0), None, Some(2.5)]), track("b", &[None, None, Some(7.0)])],
            ..Panel::default()
        };
        let table = panel.table(TimeAxis { bins: 3, ..axis(60) });
        let rows: Vec<Vec<String>> = table
            .rows
            .iter()
            .map(|row| row.iter().map(|cell| cell.shown().json().to_owned()).collect())
            .collect();
        assert_eq!(rows, [["2023-12-24 02:30:01", "1", "–"], ["2023-12-24 02:30:03", "2.50", "7"]]);
        let spans = Panel {
            shape: Shape::Spans,
            tracks: vec![Track {
                name: "PoolFull".into(),
                spans: vec![Span {
                    from: axis(60).at(1),
                    style: Style::Bad,
                    what: "firing".into(),
                    to: None,
                }],
                ..Track::default()
            }],
            ..Panel::default()
        };
        assert_eq!(spans.table(axis(60)).rows.len(), 1);
        let states = &spans.sparks(TimeAxis { bins: 3, ..axis(60) })[0].values;
        assert_eq!(states, &[None, Some(2.0), Some(2.0)]);
    }
}
