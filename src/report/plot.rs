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
        let width = if self.columns > 14 {
            1080.0
        } else if self.columns > 9 {
            560.0
        } else if self.columns > 5 {
            400.0
        } else {
            280.0
        };
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

    /// The points of a track in the picture: x, y below, y above; pieces without what is no number. Of the points on one
    /// pixel column only the lowest and the highest are kept.
    fn pieces(&self, track: &PlotTrack) -> Vec<Vec<(f64, f64, f64)>> {
        let axis = usize::from(track.right);
        let runs = track.points.split(|(_, _, high)| !high.is_finite());
        let piece = |run: &[(Timestamp, f64, f64)]| {
            let mut points: Vec<(f64, f64, f64)> = Vec::new();
            let mut in_column = 0;
            for (at, low, high) in run {
                let point = (self.x(*at).round(), self.y(axis, *low), self.y(axis, *high));
                let same = points.last().is_some_and(|last| last.0 == point.0);
                in_column = if same { in_column + 1 } else { 1 };
                match points.last_mut() {
                    Some(last) if in_column > 2 => {
                        *last = (
                            point.0,
                            point.1,
                            if in_column % 2 == 0 { last.2.max(point.2) } else { last.2.min(point.2) },
                        );
                    }
                    _ => points.push(point),
                }
            }
            points
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
            let above: Vec<String> = points.iter().map(|(x, _, y)| format!("{x:.0},{y:.1}")).collect();
            if track.filled {
                let below: Vec<String> =
                    points.iter().rev().map(|(x, y, _)| format!("{x:.0},{y:.1}")).collect();
                let _ = writeln!(
                    self.out,
                    "<polygon class=\"{class} band\" points=\"{} {}\"/>",
                    above.join(" "),
                    below.join(" ")
                );
            }
            let _ = writeln!(self.out, "<polyline class=\"{class}\" points=\"{}\"/>", above.join(" "));
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
        assert!(large.svg("p").len() < 60_000);
    }

    #[test]
    fn a_logarithmic_axis() {
        let axis = PlotAxis { low: 1.0, high: 100.0, log: true, ticks: Vec::new() };
        assert!((axis.share(10.0) - 0.5).abs() < 1e-9);
    }
}
