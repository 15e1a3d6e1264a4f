//! Pictures that share one axis of time, as SVG within a page: the same left and right edge for all of them.

use std::fmt::Write as _;

use super::chart::{Chart, Curve, Frame, Scale};
use super::escape::Untrusted;
use super::panel::{self, Panel, Panels, Shape, TimeAxis, Track};
use super::svg::class_of;
use super::table::percent;
use crate::model::Timestamp;

/// The room of a picture: it is drawn once for a page and once for a phone, and the style sheet shows one of them.
#[derive(Clone, Copy, Debug)]
struct Room {
    class: &'static str,
    width: f64,
    /// The edges of what is drawn, between which there are labels.
    left: f64,
    right: f64,
    /// Labels of times, at most.
    ticks: i64,
    /// Letters of a name beside its row; longer ones stand above it.
    beside: usize,
}

const ROOMS: [Room; 2] = [
    Room { class: "page", width: 960.0, left: 150.0, right: 940.0, ticks: 8, beside: LABEL },
    Room { class: "phone", width: 360.0, left: 74.0, right: 350.0, ticks: 4, beside: 0 },
];

/// The height of what is drawn in one picture, of a row of it, and of the labels below.
const HEIGHT: f64 = 130.0;
const ROW: f64 = 30.0;
const NAME: f64 = 18.0;
const ABOVE: f64 = 18.0;
const BELOW: f64 = 22.0;
/// Characters of a row's label beside it.
const LABEL: usize = 17;

/// One picture: where things stand in it.
struct Drawing<'p> {
    panels: &'p Panels,
    panel: &'p Panel,
    room: Room,
    /// The height of a row, and of the name above it.
    row: f64,
    name: f64,
    height: f64,
    out: String,
}

/// The `number`th picture of a page, for wide and for narrow ones. Writing to a string does not fail, here and below.
pub(super) fn panel(panels: &Panels, panel: &Panel, number: &str) -> String {
    ROOMS.iter().map(|room| drawn(panels, panel, &format!("{number}-{}", room.class), *room)).collect()
}

fn drawn(panels: &Panels, panel: &Panel, number: &str, room: Room) -> String {
    let rows = matches!(panel.shape, Shape::Rows | Shape::Spans);
    let long = |track: &Track| track.name.line().chars().count() > room.beside;
    let name = if rows && panel.tracks.iter().any(long) { NAME } else { 0.0 };
    let row = ROW + name;
    let height = if rows { row * panel.tracks.len() as f64 } else { HEIGHT };
    let mut drawing = Drawing { panels, panel, room, row, name, height, out: String::new() };
    let _ = writeln!(
        drawing.out,
        "<svg class=\"{}\" viewBox=\"0 0 {} {:.0}\" role=\"img\" aria-labelledby=\"{number}-title {number}-says\">\n\
         <title id=\"{number}-title\">{}</title>\n<desc id=\"{number}-says\">{}</desc>",
        room.class,
        room.width,
        ABOVE + height + BELOW,
        panel.title.html(),
        panel.says.html()
    );
    drawing.stretch();
    drawing.times();
    match panel.shape {
        Shape::Lines | Shape::Bars => drawing.linear(),
        Shape::Bands => drawing.bands(),
        Shape::Rows => drawing.rows(),
        Shape::Spans => drawing.spans(),
    }
    drawing.marks();
    drawing.out.push_str("</svg>\n");
    drawing.out
}

/// What each colour is, and how high the highest bar of rows is.
pub(super) fn legend(panel: &Panel) -> String {
    let mut keys: Vec<(&str, String)> = Vec::new();
    match panel.shape {
        Shape::Lines | Shape::Bands | Shape::Bars => {
            keys.extend(panel.tracks.iter().map(|track| (class_of(track.style), track.name.html())));
        }
        Shape::Rows => {
            let highest = panel.scale.exactly(panel.greatest());
            let said = format!("the highest bar of all is {highest}");
            keys.extend(panel.tracks.first().map(|track| (class_of(track.style), said)));
        }
        Shape::Spans => {
            for span in panel.tracks.iter().flat_map(|track| &track.spans) {
                let key = (class_of(span.style), span.what.html());
                if !keys.contains(&key) {
                    keys.push(key);
                }
            }
        }
    }
    let keys = keys
        .iter()
        .map(|(class, name)| format!("<span class=\"key\"><i class=\"{class} fill\"></i>{name}</span>"));
    let keys = keys.collect::<String>();
    if keys.is_empty() { keys } else { format!("<div class=\"legend\">{keys}</div>\n") }
}

/// At most so many characters.
fn short(name: &Untrusted, most: usize) -> String {
    let text = name.line();
    match text.char_indices().nth(most) {
        Some((at, _)) => Untrusted::from(format!("{}…", &text[..at])).html(),
        None => name.html(),
    }
}

impl Drawing<'_> {
    /// Where a time stands.
    fn x_of(&self, at: Timestamp) -> f64 {
        let axis = self.axis();
        let span = (i128::from(axis.to().0) - i128::from(axis.from.0)).max(1);
        let offset = (i128::from(at.0) - i128::from(axis.from.0)).clamp(0, span);
        self.room.left + offset as f64 / span as f64 * (self.room.right - self.room.left)
    }

    /// The middle of a bin.
    fn middle(&self, bin: usize) -> f64 {
        let axis = self.axis();
        self.x_of(axis.at(bin)).midpoint(self.x_of(axis.at(bin + 1)))
    }

    fn axis(&self) -> TimeAxis {
        self.panels.axis
    }

    fn bottom(&self) -> f64 {
        ABOVE + self.height
    }

    /// The time of the trouble, behind everything.
    fn stretch(&mut self) {
        let Some((from, to)) = self.panels.stretch else { return };
        let (x, end) = (self.x_of(from), self.x_of(to));
        let (width, height) = ((end - x).max(1.0), self.height);
        let _ = writeln!(
            self.out,
            "<rect class=\"stretch\" x=\"{x:.1}\" y=\"{ABOVE}\" width=\"{width:.1}\" height=\"{height}\"/>"
        );
    }

    /// The labels of the axis of time.
    fn times(&mut self) {
        let axis = self.axis();
        let bottom = self.bottom();
        let ticks = axis.ticks(self.room.ticks);
        let parts = panel::parts_of(axis, &ticks);
        for at in ticks {
            let x = self.x_of(at);
            let label = panel::clock_label(at, parts);
            let _ = writeln!(
                self.out,
                "<line class=\"tick\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{bottom}\" y2=\"{:.0}\"/>\
                 <text class=\"middle\" x=\"{x:.1}\" y=\"{:.0}\">{label}</text>",
                bottom + 4.0,
                bottom + 17.0
            );
        }
    }

    /// What happened when, before everything. The words stand in the first picture.
    fn marks(&mut self) {
        let first = self.panels.panels.first().is_some_and(|first| std::ptr::eq(first, self.panel));
        let axis = self.axis();
        for (at, what) in &self.panels.marks {
            if *at < axis.from || *at > axis.to() {
                continue;
            }
            let (x, bottom) = (self.x_of(*at), self.bottom());
            let top = if first { 4.0 } else { ABOVE };
            let what = format!("{} {}", what.html(), at.clock());
            let _ = writeln!(
                self.out,
                "<line class=\"mark\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{top}\" y2=\"{bottom}\"><title>{what}</title></line>"
            );
            if first {
                let (class, x) =
                    if x < self.room.width / 2.0 { ("marked", x + 5.0) } else { ("marked end", x - 5.0) };
                let _ = writeln!(
                    self.out,
                    "<text class=\"{class}\" x=\"{x:.1}\" y=\"{:.0}\">{what}</text>",
                    11.0
                );
            }
        }
    }

    fn grid(&mut self, y: f64, label: &str) {
        let _ = writeln!(
            self.out,
            "<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text class=\"end\" x=\"{:.0}\" y=\"{:.1}\">{label}</text>",
            self.room.left,
            self.room.right,
            self.room.left - 8.0,
            y + 4.0
        );
    }

    /// The frame for the values of curves or of stacked bars, with its lines and labels.
    fn frame(&mut self) -> Option<Frame> {
        let axis = self.axis();
        let point = |(bin, value): (usize, Option<f64>)| Some((axis.at(bin), value?));
        let curve = |values: Vec<Option<f64>>| Curve {
            name: Untrusted::default(),
            points: values.into_iter().enumerate().filter_map(point).collect(),
        };
        let mut curves: Vec<Curve> = if self.panel.shape == Shape::Bars {
            vec![curve((0..axis.bins).map(|bin| Some(self.total(bin))).collect())]
        } else {
            self.panel.tracks.iter().map(|track| curve(track.values.clone())).collect()
        };
        if self.panel.scale != Scale::Percent {
            // Amounts are seen against nothing at all.
            curves.push(Curve { name: Untrusted::default(), points: vec![(axis.from, 0.0)] });
        }
        let frame = Frame::of(&Chart { scale: self.panel.scale, curves, ..Chart::default() })?;
        for value in frame.ticks() {
            let y = self.y_of(&frame, value);
            let label = frame.label(self.panel.scale, value);
            self.grid(y, &label);
        }
        Some(frame)
    }

    fn y_of(&self, frame: &Frame, value: f64) -> f64 {
        let share = (frame.top - value) / (frame.top - frame.bottom);
        ABOVE + share.clamp(0.0, 1.0) * self.height
    }

    /// All layers of a bin.
    fn total(&self, bin: usize) -> f64 {
        self.panel.tracks.iter().filter_map(|track| track.values.get(bin).copied().flatten()).sum()
    }

    fn linear(&mut self) {
        let Some(frame) = self.frame() else { return };
        let (axis, panel) = (self.axis(), self.panel);
        if panel.shape == Shape::Bars {
            for bin in 0..axis.bins {
                let mut below = 0.0;
                for track in &panel.tracks {
                    let Some(value) = track.values.get(bin).copied().flatten().filter(|value| *value > 0.0)
                    else {
                        continue;
                    };
                    let (low, high) = (self.y_of(&frame, below), self.y_of(&frame, below + value));
                    below += value;
                    self.bar(axis, bin, (high, low), track, value);
                }
            }
            return;
        }
        for track in &panel.tracks {
            for run in runs(&track.values) {
                let points: Vec<(f64, f64)> =
                    run.iter().map(|(bin, value)| (self.middle(*bin), self.y_of(&frame, *value))).collect();
                self.line(track, &points);
            }
        }
    }

    fn line(&mut self, track: &Track, points: &[(f64, f64)]) {
        let class = class_of(track.style);
        if let [(x, y)] = points {
            let _ = writeln!(self.out, "<circle class=\"{class} dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2\"/>");
            return;
        }
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = writeln!(self.out, "<polyline class=\"{class}\" points=\"{}\"/>", points.join(" "));
    }

    fn bar(&mut self, axis: TimeAxis, bin: usize, (top, low): (f64, f64), track: &Track, value: f64) {
        let (x, end) = (self.x_of(axis.at(bin)), self.x_of(axis.at(bin + 1)));
        let gap = if end - x > 4.0 { 1.0 } else { 0.0 };
        let _ = writeln!(
            self.out,
            "<rect class=\"{} fill\" x=\"{x:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\">\
             <title>{} {}: {}</title></rect>",
            class_of(track.style),
            end - x - gap,
            (low - top).max(0.7),
            axis.at(bin).clock(),
            track.name.html(),
            self.shown(value)
        );
    }

    fn shown(&self, value: f64) -> String {
        match self.panel.scale {
            Scale::Percent => percent(value),
            scale => scale.exactly(value),
        }
    }

    /// Bands between quantiles, by powers of ten.
    fn bands(&mut self) {
        let panel = self.panel;
        let values = || {
            let all = panel.tracks.iter().flat_map(|track| track.values.iter().flatten().copied());
            all.filter(|value| value.is_finite() && *value > 0.0)
        };
        let (Some(least), Some(greatest)) = (values().reduce(f64::min), values().reduce(f64::max)) else {
            return;
        };
        let (low, high) = (least.log10().floor(), greatest.log10().ceil().max(least.log10().floor() + 1.0));
        let (height, panel_scale) = (self.height, panel.scale);
        let y_of = |value: f64| {
            let share = (high - value.max(f64::MIN_POSITIVE).log10()) / (high - low);
            ABOVE + share.clamp(0.0, 1.0) * height
        };
        let decades = (high - low) as i32;
        let step = (decades / 6).max(1);
        for decade in (0..=decades).step_by(step as usize) {
            let value = 10_f64.powf(low + f64::from(decade));
            self.grid(y_of(value), &panel_scale.exactly(value));
        }
        for pair in panel.tracks.windows(2) {
            let both: Vec<Option<f64>> =
                pair[0].values.iter().zip(&pair[1].values).map(|(a, b)| a.and(*b)).collect();
            for run in runs(&both) {
                let below = |bin: usize| pair[0].values[bin].unwrap_or_default();
                let there = run.iter().map(|(bin, value)| (self.middle(*bin), y_of(*value)));
                let back = run.iter().rev().map(|(bin, _)| (self.middle(*bin), y_of(below(*bin))));
                let points: Vec<String> = there.chain(back).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
                let _ = writeln!(
                    self.out,
                    "<polygon class=\"{} band\" points=\"{}\"/>",
                    class_of(pair[1].style),
                    points.join(" ")
                );
            }
        }
        for track in &panel.tracks {
            for run in runs(&track.values) {
                let points: Vec<(f64, f64)> =
                    run.iter().map(|(bin, value)| (self.middle(*bin), y_of(*value))).collect();
                self.line(track, &points);
            }
        }
    }

    /// Writes the name of a row, beside or above it; gives its upper edge.
    fn row_label(&mut self, row: usize, name: &Untrusted) -> f64 {
        let top = ABOVE + self.row * row as f64 + self.name;
        let Room { left, right, beside, .. } = self.room;
        let (class, x, y, shown) = if self.name > 0.0 {
            // About 7.2 units a letter.
            let letters = ((right - 4.0) / 7.2) as usize;
            ("name above", 4.0, top - 4.0, short(name, letters))
        } else {
            ("name", left - 8.0, top + ROW / 2.0 + 4.0, short(name, beside))
        };
        let _ = writeln!(
            self.out,
            "<text class=\"{class}\" x=\"{x:.0}\" y=\"{y:.1}\">{shown}<title>{}</title></text>\
             <line class=\"grid\" x1=\"{left}\" x2=\"{right}\" y1=\"{:.1}\" y2=\"{:.1}\"/>",
            name.html(),
            top + ROW,
            top + ROW
        );
        top
    }

    /// A row of bars for each track.
    fn rows(&mut self) {
        let (axis, panel) = (self.axis(), self.panel);
        let greatest = panel.greatest();
        for (row, track) in panel.tracks.iter().enumerate() {
            let top = self.row_label(row, &track.name);
            for (bin, value) in track.values.iter().enumerate().take(axis.bins) {
                let Some(value) = value.filter(|value| *value > 0.0 && value.is_finite()) else { continue };
                let high = (value / greatest * (ROW - 4.0)).max(1.5);
                self.bar(axis, bin, (top + ROW - high, top + ROW), track, value);
            }
        }
    }

    /// A row of stretches of time for each track.
    fn spans(&mut self) {
        let (axis, panel) = (self.axis(), self.panel);
        for (row, track) in panel.tracks.iter().enumerate() {
            let top = self.row_label(row, &track.name);
            for span in &track.spans {
                let end = span.to.unwrap_or_else(|| axis.to());
                let (x, until) = (self.x_of(span.from), self.x_of(end));
                let _ = writeln!(
                    self.out,
                    "<rect class=\"{} fill\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"2\">\
                     <title>{} {} {}–{}</title></rect>",
                    class_of(span.style),
                    top + 8.0,
                    (until - x).max(2.0),
                    ROW - 14.0,
                    track.name.html(),
                    span.what.html(),
                    span.from.clock(),
                    span.to.map_or_else(|| "the end".to_owned(), Timestamp::clock)
                );
                if until - x > 60.0 {
                    let _ = writeln!(
                        self.out,
                        "<text class=\"on\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                        x + 6.0,
                        top + ROW / 2.0 + 5.0,
                        short(&span.what, LABEL)
                    );
                }
            }
        }
    }
}

/// The unbroken pieces of a curve, each value with its bin.
fn runs(values: &[Option<f64>]) -> Vec<Vec<(usize, f64)>> {
    let numbered: Vec<(usize, Option<f64>)> = values.iter().copied().enumerate().collect();
    let known = |value: Option<f64>| value.filter(|value| value.is_finite());
    numbered
        .split(|(_, value)| known(*value).is_none())
        .filter(|run| !run.is_empty())
        .map(|run| run.iter().filter_map(|(bin, value)| Some((*bin, (*value)?))).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::NANOS;
    use crate::report::Style;
    use crate::report::panel::Span;

    fn panels(shape: Shape) -> Panels {
        let track = |name: &str, style, values: &[Option<f64>]| Track {
            name: name.into(),
            style,
            values: values.to_vec(),
            spans: Vec::new(),
        };
        Panels {
            axis: TimeAxis { from: Timestamp(1_703_385_000 * NANOS), width: 60 * NANOS, bins: 4 },
            marks: vec![(Timestamp(1_703_385_060 * NANOS), "on<set".into())],
            stretch: Some((Timestamp(1_703_385_060 * NANOS), Timestamp(1_703_385_120 * NANOS))),
            panels: vec![Panel {
                title: "t".into(),
                says: "s".into(),
                shape,
                tracks: vec![
                    track("a&b", Style::Series(0), &[Some(1.0), None, Some(10.0), Some(20.0)]),
                    track("c", Style::Bad, &[Some(2.0), Some(3.0), Some(100.0), Some(200.0)]),
                ],
                ..Panel::default()
            }],
        }
    }

    fn drawn(panels: &Panels) -> String {
        panel(panels, &panels.panels[0], "p1")
    }

    #[test]
    fn every_shape_has_its_marks() {
        for (shape, parts) in [
            (Shape::Lines, &["<circle class=\"s0 dot\"", "<polyline class=\"bad\""][..]),
            (Shape::Bars, &["<rect class=\"s0 fill\"", "02:30:00 a&amp;b: 1</title>"]),
            (Shape::Bands, &["<polygon class=\"bad band\"", ">1</text>", ">1,000</text>"]),
            (Shape::Rows, &["<text class=\"name\"", "<rect class=\"bad fill\""]),
        ] {
            let svg = drawn(&panels(shape));
            let everywhere = [
                "aria-labelledby=\"p1-page-title p1-page-says\"",
                "class=\"stretch\"",
                "on&lt;set 02:31:00",
                ">02:31:00</text>",
            ];
            for part in parts.iter().chain(&everywhere[..3]) {
                assert!(svg.contains(part), "{shape:?}: {part} in {svg}");
            }
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
        let mut spans = panels(Shape::Spans);
        let from = spans.axis.at(1);
        spans.panels[0].tracks[0].spans =
            vec![Span { from, to: None, style: Style::Bad, what: "firing".into() }];
        assert!(drawn(&spans).contains("<title>a&amp;b firing 02:31:00–the end</title>"));
        assert!(drawn(&spans).contains("<text class=\"on\""));
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        for shape in [Shape::Lines, Shape::Bars, Shape::Bands, Shape::Rows, Shape::Spans] {
            let mut empty = panels(shape);
            empty.panels[0].tracks.clear();
            empty.axis.bins = 0;
            assert!(drawn(&empty).ends_with("</svg>\n"));
        }
    }
}
