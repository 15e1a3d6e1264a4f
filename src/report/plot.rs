//! A chart within a dashboard: two axes whose labels are in the values' own units, lines, bars and points, stacked or not,
//! limits across it, and the numbers behind it.

use std::fmt::Write as _;

use super::escape::Untrusted;
use super::paint::Style;
use super::spark::Spark;
use super::svg::class_of;
use super::table::{Cell, Column, Table};
use crate::model::Timestamp;
use crate::report::panel::TimeAxis;

/// A chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plot {
    /// Its width in columns of a grid of 24.
    pub columns: u32,
    /// Its height in rows of 30 pixels.
    pub rows: u32,
    /// What is to be seen, for those who cannot see it.
    pub says: Untrusted,
    /// The times from its left edge to its right one.
    pub from: Timestamp,
    /// The right edge.
    pub to: Timestamp,
    /// The axis on the left, and the one on the right.
    pub axes: [PlotAxis; 2],
    /// What is drawn.
    pub tracks: Vec<PlotTrack>,
    /// Lines across it, on the left axis.
    pub limits: Vec<(f64, Style)>,
    /// Moments to mark, each with what happened then.
    pub marks: Vec<(Timestamp, Untrusted)>,
    /// What the notes of the tracks are.
    pub notes: Vec<Untrusted>,
}

/// An axis of values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlotAxis {
    /// The value at the bottom.
    pub low: f64,
    /// The value at the top.
    pub high: f64,
    /// Is it logarithmic?
    pub log: bool,
    /// The values that have a label.
    pub ticks: Vec<(f64, Untrusted)>,
}

/// What is drawn of one series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlotTrack {
    /// Its name.
    pub name: Untrusted,
    /// Its colour.
    pub style: Style,
    /// Is it on the axis on the right?
    pub right: bool,
    /// How it is drawn.
    pub form: PlotForm,
    /// Is the room below it filled?
    pub filled: bool,
    /// Does it stand on those before it?
    pub stacked: bool,
    /// By time: where it begins, on what it stands, and how high it reaches. What is no number breaks a line.
    pub points: Vec<(Timestamp, f64, f64)>,
    /// What is known of it, as the plot's `notes` name it.
    pub notes: Vec<Untrusted>,
}

/// How a series is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlotForm {
    /// As a line.
    #[default]
    Line,
    /// As bars.
    Bars,
    /// As points.
    Points,
}

/// Points of a chart, about: more than a screen shows.
const POINTS: usize = 20_000;
/// Columns that each track has in any case.
const FEWEST: usize = 120;
/// Tracks of so few points are drawn as they are.
const FEW: usize = 120;
/// Names below a chart; of more the table tells.
const NAMED: usize = 10;
/// Marks below a chart; all of them say what they are where they stand.
const MARKED: usize = 3;

impl PlotAxis {
    /// Where a value stands, from 0 at the bottom to 1 at the top.
    fn share(&self, value: f64) -> f64 {
        let of = |value: f64| if self.log { value.max(f64::MIN_POSITIVE).log10() } else { value };
        let (low, high) = (of(self.low), of(self.high));
        if high > low { ((of(value) - low) / (high - low)).clamp(0.0, 1.0) } else { 0.5 }
    }
}

impl Plot {
    /// Keeps of each track what its picture can show: of the points within a column of pixels the lowest and the highest.
    /// Of many tracks the columns are wider, unless they stand on each other.
    pub fn thin(&mut self) {
        let drawn = self.tracks.iter().filter(|track| track.points.len() > FEW).count().max(1);
        let pixels = self.width() as usize;
        let fitting = (POINTS / drawn / 2).clamp(FEWEST.min(pixels), pixels);
        let (from, to) = (self.from, self.to);
        for track in self.tracks.iter_mut().filter(|track| track.points.len() > FEW) {
            let columns = if track.stacked { pixels } else { fitting };
            track.points = thinned(&track.points, (from, to), columns, track.form);
        }
    }

    /// How wide the picture is.
    fn width(&self) -> f64 {
        match self.columns {
            15.. => 1080.0,
            10.. => 560.0,
            6.. => 400.0,
            _ => 280.0,
        }
    }

    /// The same as small curves, for where nothing finer can be drawn.
    pub(super) fn sparks(&self) -> Vec<Spark> {
        /// Values of a small curve.
        const VALUES: usize = 60;
        let span = i128::from(self.to.0) - i128::from(self.from.0);
        let spark = |track: &PlotTrack| {
            let mut values = vec![None; VALUES];
            for (at, low, high) in track.points.iter().filter(|(_, _, high)| high.is_finite()) {
                let place = if span > 0 {
                    (i128::from(at.0) - i128::from(self.from.0)) * (VALUES as i128 - 1) / span
                } else {
                    0
                };
                let value = if track.stacked { high - low } else { *high };
                if let Some(known) = values.get_mut(place.max(0) as usize) {
                    *known = Some(known.map_or(value, |known: f64| known.max(value)));
                }
            }
            // Between two points there is what was before.
            let last = track.notes.last().map_or(String::new(), |note| note.json().to_owned());
            Spark {
                label: track.name.clone(),
                values: joined(values),
                note: last.into(),
                style: track.style,
                ..Spark::default()
            }
        };
        self.tracks.iter().map(spark).collect()
    }

    /// The numbers behind the picture.
    pub(super) fn table(&self) -> Table {
        let mut columns = vec![Column::text("series")];
        columns.extend(self.notes.iter().map(|note| Column::number(note.clone())));
        let mut table = Table::new(columns);
        for track in &self.tracks {
            let notes = track.notes.iter().map(|note| Cell::text(note.clone()));
            table.row(std::iter::once(Cell::text(track.name.clone())).chain(notes).collect());
        }
        table
    }

    /// Names and colours below the picture.
    pub(super) fn legend(&self) -> String {
        let mut out = String::from("<div class=\"legend\">");
        for track in self.tracks.iter().take(NAMED) {
            // Writing to a string does not fail, here and below.
            let _ = write!(
                out,
                "<span class=\"key\"><i class=\"{} fill\"></i>{}</span>",
                class_of(track.style),
                track.name.html()
            );
        }
        if self.tracks.len() > NAMED {
            let _ = write!(out, "<span class=\"key\">… and {} more</span>", self.tracks.len() - NAMED);
        }
        for (at, what) in self.marks.iter().filter(|(at, _)| self.from <= *at && *at <= self.to).take(MARKED)
        {
            let _ = write!(out, "<span class=\"key warn\">┊ {} {}</span>", what.html(), at.clock());
        }
        out + "</div>\n"
    }

    /// The picture; `number` names it within the page.
    pub(super) fn svg(&self, number: &str) -> String {
        let width = self.width();
        let wide = if width > 1_000.0 { " class=\"wide\"" } else { "" };
        let height = (f64::from(self.rows) * 30.0 - 40.0).clamp(110.0, 360.0);
        let room = |axis: &PlotAxis| {
            axis.ticks.iter().map(|(_, label)| label.line().chars().count()).max().unwrap_or(0) as f64
        };
        let right =
            if self.tracks.iter().any(|track| track.right) { room(&self.axes[1]) * 10.0 + 12.0 } else { 8.0 };
        let mut drawing = Drawing {
            plot: self,
            left: room(&self.axes[0]) * 10.0 + 12.0,
            right: width - right,
            top: 13.0,
            bottom: height - 22.0,
            out: String::new(),
        };
        let _ = writeln!(
            drawing.out,
            "<svg{wide} viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-labelledby=\"{number}-says\">\n<desc id=\"{number}-says\">{}</desc>",
            self.says.html()
        );
        drawing.axes(width);
        drawing.tracks();
        drawing.limits();
        drawing.marks();
        drawing.out.push_str("</svg>\n");
        drawing.out
    }
}

/// Values with the gaps between neighbours closed that are only due to the number of columns.
fn joined(mut values: Vec<Option<f64>>) -> Vec<Option<f64>> {
    let known: Vec<usize> =
        values.iter().enumerate().filter(|(_, value)| value.is_some()).map(|(at, _)| at).collect();
    let step = known.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap_or(1);
    for pair in known.windows(2).filter(|pair| pair[1] - pair[0] <= step + 1) {
        let before = values[pair[0]];
        values[pair[0] + 1..pair[1]].fill(before);
    }
    values
}

/// What the points of a track come to in so many columns: the lowest and the highest of each, in their order; of bars the one
/// that reaches furthest. Breaks of the line stay.
fn thinned(
    points: &[(Timestamp, f64, f64)],
    (from, to): (Timestamp, Timestamp),
    columns: usize,
    form: PlotForm,
) -> Vec<(Timestamp, f64, f64)> {
    let span = (i128::from(to.0) - i128::from(from.0)).max(1);
    let column = |at: Timestamp| (i128::from(at.0) - i128::from(from.0)) * columns as i128 / span;
    let mut out = Vec::with_capacity(points.len().min(2 * columns + 2));
    let alike = |a: &(Timestamp, f64, f64), b: &(Timestamp, f64, f64)| {
        a.2.is_finite() && b.2.is_finite() && column(a.0) == column(b.0)
    };
    for of_column in points.chunk_by(alike) {
        let by = |of: fn(&(Timestamp, f64, f64)) -> f64| {
            move |a: &usize, b: &usize| of(&of_column[*a]).total_cmp(&of(&of_column[*b]))
        };
        let places = 0..of_column.len();
        if form == PlotForm::Bars {
            let furthest = places.max_by(by(|(_, low, high)| (high - low).abs()));
            out.extend(furthest.map(|at| of_column[at]));
            continue;
        }
        let (lowest, highest) =
            (places.clone().min_by(by(|point| point.2)), places.max_by(by(|point| point.2)));
        let (first, second) = (lowest.min(highest), lowest.max(highest));
        out.extend(first.map(|at| of_column[at]));
        out.extend(second.filter(|_| first != second).map(|at| of_column[at]));
    }
    out
}

/// Writes a place within a picture, parted from the one before it: whole pixels from the left, tenths from above. Charts are
/// made of these, and floating point numbers take long to write.
fn place(out: &mut String, x: f64, y: f64) {
    let tenths = (y * 10.0).round_ties_even() as i64;
    let blank = if out.is_empty() { "" } else { " " };
    let sign = if tenths < 0 { "-" } else { "" };
    let tenths = tenths.unsigned_abs();
    let _ = write!(out, "{blank}{},{sign}{}.{}", x as i64, tenths / 10, tenths % 10);
}

/// One picture: where things stand in it.
struct Drawing<'p> {
    plot: &'p Plot,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    out: String,
}

impl Drawing<'_> {
    fn x(&self, at: Timestamp) -> f64 {
        let span = (i128::from(self.plot.to.0) - i128::from(self.plot.from.0)).max(1);
        let offset = (i128::from(at.0) - i128::from(self.plot.from.0)).clamp(0, span);
        self.left + offset as f64 / span as f64 * (self.right - self.left)
    }

    fn y(&self, axis: usize, value: f64) -> f64 {
        self.bottom - self.plot.axes[axis].share(value) * (self.bottom - self.top)
    }

    fn axes(&mut self, width: f64) {
        let has_right = self.plot.tracks.iter().any(|track| track.right);
        for (value, label) in &self.plot.axes[0].ticks {
            let y = self.y(0, *value);
            let _ = writeln!(
                self.out,
                "<line class=\"grid\" x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text class=\"end\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                self.left,
                self.right,
                self.left - 6.0,
                y + 4.0,
                label.html()
            );
        }
        for (value, label) in self.plot.axes[1].ticks.iter().filter(|_| has_right) {
            let y = self.y(1, *value) + 4.0;
            let _ = writeln!(
                self.out,
                "<text x=\"{:.1}\" y=\"{y:.1}\">{}</text>",
                self.right + 6.0,
                label.html()
            );
        }
        let length = self.plot.to.0.saturating_sub(self.plot.from.0);
        let axis = TimeAxis { from: self.plot.from, width: length.max(1), bins: 1 };
        let ticks = axis.ticks(if width > 700.0 { 9 } else { 4 });
        let days = length > 2 * 86_400 * 1_000_000_000;
        let seconds = ticks.iter().any(|at| at.0 % 60_000_000_000 != 0);
        for at in ticks {
            let x = self.x(at);
            if x > self.right - 16.0 || x < self.left + 12.0 {
                continue;
            }
            let label = match at.date_clock() {
                date if days => date[5..10].to_owned(),
                _ if seconds => at.clock(),
                _ => at.clock()[..5].to_owned(),
            };
            let _ = writeln!(
                self.out,
                "<line class=\"tick\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{:.1}\"/>\
                 <text class=\"middle\" x=\"{x:.1}\" y=\"{:.1}\">{label}</text>",
                self.bottom,
                self.bottom + 4.0,
                self.bottom + 17.0
            );
        }
    }

    fn tracks(&mut self) {
        for track in &self.plot.tracks {
            match track.form {
                PlotForm::Line => self.line(track),
                PlotForm::Bars => self.bars(track),
                PlotForm::Points => self.points(track),
            }
        }
    }

    /// The points of a track in the picture: x, y below, y above; pieces without what is no number.
    fn pieces(&self, track: &PlotTrack) -> Vec<Vec<(f64, f64, f64)>> {
        let axis = usize::from(track.right);
        let runs = track.points.split(|(_, _, high)| !high.is_finite());
        let piece = |run: &[(Timestamp, f64, f64)]| {
            run.iter()
                .map(|(at, low, high)| (self.x(*at).round(), self.y(axis, *low), self.y(axis, *high)))
                .collect()
        };
        runs.filter(|run| !run.is_empty()).map(piece).collect()
    }

    fn line(&mut self, track: &PlotTrack) {
        let class = class_of(track.style);
        for points in self.pieces(track) {
            if let [(x, _, y)] = points[..] {
                let _ =
                    writeln!(self.out, "<circle class=\"{class} dot\" cx=\"{x:.0}\" cy=\"{y:.1}\" r=\"2\"/>");
                continue;
            }
            let mut above = String::with_capacity(points.len() * 10);
            for (x, _, y) in &points {
                place(&mut above, *x, *y);
            }
            if track.filled {
                let mut below = String::with_capacity(points.len() * 10);
                for (x, y, _) in points.iter().rev() {
                    place(&mut below, *x, *y);
                }
                let _ = writeln!(self.out, "<polygon class=\"{class} band\" points=\"{above} {below}\"/>");
            }
            let _ = writeln!(self.out, "<polyline class=\"{class}\" points=\"{above}\"/>");
        }
    }

    fn bars(&mut self, track: &PlotTrack) {
        let class = class_of(track.style);
        let count = track.points.len().max(1) as f64;
        let wide = ((self.right - self.left) / count * 0.8).clamp(1.0, 40.0);
        for (x, low, high) in self.pieces(track).into_iter().flatten() {
            let (top, bottom) = (low.min(high), low.max(high));
            let _ = writeln!(
                self.out,
                "<rect class=\"{class} fill\" x=\"{:.1}\" y=\"{top:.1}\" width=\"{wide:.1}\" height=\"{:.1}\"/>",
                x - wide / 2.0,
                (bottom - top).max(0.5)
            );
        }
    }

    fn points(&mut self, track: &PlotTrack) {
        let class = class_of(track.style);
        for (x, _, y) in self.pieces(track).into_iter().flatten() {
            let _ = writeln!(self.out, "<circle class=\"{class} dot\" cx=\"{x:.0}\" cy=\"{y:.1}\" r=\"2\"/>");
        }
    }

    fn limits(&mut self) {
        let axis = &self.plot.axes[0];
        for (value, style) in
            self.plot.limits.iter().filter(|(value, _)| (axis.low..=axis.high).contains(value))
        {
            let y = self.y(0, *value);
            let _ = writeln!(
                self.out,
                "<line class=\"{} limit\" x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>",
                class_of(*style),
                self.left,
                self.right
            );
        }
    }

    fn marks(&mut self) {
        for (at, what) in
            self.plot.marks.iter().filter(|(at, _)| self.plot.from <= *at && *at <= self.plot.to)
        {
            let x = self.x(*at);
            let _ = writeln!(
                self.out,
                "<line class=\"mark\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{:.1}\"><title>{} {}</title></line>",
                self.top,
                self.bottom,
                what.html(),
                at.clock()
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(form: PlotForm) -> Plot {
        let at = |i: i64| Timestamp(1_703_385_000_000_000_000 + i * 60_000_000_000);
        let axis = PlotAxis {
            low: 0.0,
            high: 4.0,
            log: false,
            ticks: vec![(0.0, "0 B".into()), (4.0, "4 B".into())],
        };
        Plot {
            columns: 12,
            rows: 8,
            says: "a<b".into(),
            from: at(0),
            to: at(10),
            axes: [axis.clone(), axis],
            tracks: vec![PlotTrack {
                name: "<x>".into(),
                form,
                filled: true,
                points: vec![(at(0), 0.0, 1.0), (at(1), 0.0, 4.0), (at(2), 0.0, f64::NAN), (at(3), 0.0, 2.0)],
                notes: vec!["2 B".into()],
                ..PlotTrack::default()
            }],
            limits: vec![(3.0, Style::Bad), (9.0, Style::Bad)],
            marks: vec![(at(5), "on\"set".into()), (at(50), "later".into())],
            notes: vec!["last".into()],
        }
    }

    #[test]
    fn every_form_is_drawn_and_nothing_acts() {
        for (form, parts) in [
            (
                PlotForm::Line,
                ["<polygon class=\"plain band\"", "<polyline class=\"plain\"", "<circle class=\"plain dot\""],
            ),
            (PlotForm::Bars, ["<rect class=\"plain fill\"", ">4 B</text>", "class=\"bad limit\""]),
            (
                PlotForm::Points,
                ["<circle class=\"plain dot\"", "<title>on&quot;set 02:35:00</title>", "a&lt;b</desc>"],
            ),
        ] {
            let svg = plot(form).svg("p");
            for part in parts {
                assert!(svg.contains(part), "{form:?}: {part} in {svg}");
            }
            assert!(
                !svg.contains("NaN") && !svg.contains("later") && svg.matches("limit").count() == 1,
                "{svg}"
            );
        }
        let legend = plot(PlotForm::Line).legend();
        assert!(
            legend.contains("&lt;x&gt;")
                && legend.contains("┊ on&quot;set 02:35:00")
                && !legend.contains("later")
        );
        assert_eq!(plot(PlotForm::Line).table().rows.len(), 1);
        assert_eq!(plot(PlotForm::Line).sparks()[0].note, "2 B".into());
    }

    #[test]
    fn a_picture_does_not_grow_with_the_data() {
        let mut large = plot(PlotForm::Line);
        large.tracks[0].points =
            (0..200_000).map(|i| (Timestamp(large.from.0 + i * 3_000_000), 0.0, (i % 5) as f64)).collect();
        large.thin();
        assert!(large.svg("p").len() < 60_000);
    }

    #[test]
    fn the_lowest_and_the_highest_of_a_column_stay() {
        let mut large = plot(PlotForm::Line);
        let (low, high, nothing) = (33_333, 77_777, 50_000);
        large.tracks[0].points = (0..100_000)
            .map(|i| (Timestamp(large.from.0 + i * 6_000_000), 0.0, 2.0))
            .enumerate()
            .map(|(i, (at, base, value))| match i {
                i if i == low => (at, base, 0.5),
                i if i == high => (at, base, 3.5),
                i if i == nothing => (at, f64::NAN, f64::NAN),
                _ => (at, base, value),
            })
            .collect();
        let before = large.tracks[0].points.clone();
        large.tracks.push(PlotTrack { form: PlotForm::Bars, ..large.tracks[0].clone() });
        large.thin();
        let points = &large.tracks[0].points;
        assert!(points.len() < 1_200 && points.is_sorted_by_key(|point| point.0), "{}", points.len());
        assert!(points.contains(&before[low]) && points.contains(&before[high]));
        assert_eq!(points.iter().filter(|point| point.2.is_nan()).count(), 1);
        let bars = &large.tracks[1].points;
        assert!(bars.len() < 600 && bars.contains(&before[high]), "{}", bars.len());
        let mut few = plot(PlotForm::Line);
        let count = few.tracks[0].points.len();
        few.thin();
        assert_eq!(few.tracks[0].points.len(), count);
        // Many tracks have fewer points each.
        large.tracks = vec![large.tracks[0].clone(); 100];
        large.thin();
        assert!(large.tracks[0].points.len() <= 2 * FEWEST + 3, "{}", large.tracks[0].points.len());
    }

    #[test]
    fn places_are_written_as_they_are() {
        let mut text = String::new();
        for (x, y) in [(0.0, 0.0), (12.0, 3.25), (7.0, -0.04), (7.0, -1.5), (1.0, 99.96)] {
            place(&mut text, x, y);
        }
        assert_eq!(text, "0,0.0 12,3.2 7,0.0 7,-1.5 1,100.0");
    }

    #[test]
    fn a_logarithmic_axis() {
        let axis = PlotAxis { low: 1.0, high: 100.0, log: true, ticks: Vec::new() };
        assert!((axis.share(10.0) - 0.5).abs() < 1e-9);
    }
}
