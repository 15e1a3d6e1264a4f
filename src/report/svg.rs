//! A chart as an SVG picture within a page: no script, no style of its own but classes.

use std::fmt::Write as _;

use super::chart::{Chart, Curve, Frame};
use super::paint::Style;
use super::panel::{self, TimeAxis};
use crate::model::Timestamp;

/// The picture's size, and the room for labels on its left and below: for a page, and for a phone.
#[derive(Clone, Copy)]
struct Room {
    class: &'static str,
    width: f64,
    left: f64,
    /// Labels of times, at most.
    ticks: i64,
}

const ROOMS: [Room; 2] = [
    Room { class: "page", width: 900.0, left: 80.0, ticks: 8 },
    Room { class: "phone", width: 360.0, left: 64.0, ticks: 4 },
];
const HEIGHT: f64 = 240.0;
/// What the last label of time may need beyond the right edge.
const RIGHT: f64 = 20.0;
const BELOW: f64 = 24.0;
const ABOVE: f64 = 10.0;

/// The picture, for wide and for narrow pages, and what its colours are; empty if there is nothing to draw.
pub(super) fn chart(chart: &Chart) -> String {
    let Some(frame) = Frame::of(chart) else { return String::new() };
    let mut out = "<figure>".to_owned();
    for room in ROOMS {
        drawn(chart, &frame, room, &mut out);
    }
    out.push_str("<figcaption class=\"legend\">");
    // Writing to a string does not fail; here and below.
    for (i, curve) in chart.curves.iter().enumerate() {
        let name = curve.name.html();
        let _ = write!(out, "<span class=\"key\"><i class=\"s{} fill\"></i>{name}</span>", i % 6);
    }
    for (at, what) in &chart.marks {
        let _ = write!(out, "<span class=\"key warn\">┊ {} {}</span>", at.clock(), what.html());
    }
    out.push_str("</figcaption></figure>\n");
    out
}

fn drawn(chart: &Chart, frame: &Frame, room: Room, out: &mut String) {
    let Room { class, width, left, .. } = room;
    let right = width - RIGHT;
    let _ = writeln!(out, "<svg class=\"{class}\" viewBox=\"0 0 {width} {HEIGHT}\" role=\"img\">");
    for value in frame.ticks() {
        let y = y_of(frame, value);
        let label = frame.label(chart.scale, value);
        let _ =
            writeln!(out, "<line class=\"grid\" x1=\"{left}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>");
        let _ = writeln!(out, "<text class=\"end\" x=\"{}\" y=\"{:.1}\">{label}</text>", left - 8.0, y + 4.0);
    }
    let axis = TimeAxis { from: frame.from, width: frame.to.0.saturating_sub(frame.from.0).max(1), bins: 1 };
    let ticks = axis.ticks(room.ticks);
    let parts = panel::parts_of(axis, &ticks);
    for at in ticks {
        let label = panel::clock_label(at, parts);
        let x = x_of(frame, room, at);
        let _ = writeln!(out, "<text class=\"middle\" x=\"{x:.1}\" y=\"{}\">{label}</text>", HEIGHT - 6.0);
    }
    for (at, what) in chart.marks.iter().filter(|(at, _)| frame.from <= *at && *at <= frame.to) {
        let x = x_of(frame, room, *at);
        let bottom = HEIGHT - BELOW;
        let _ = writeln!(
            out,
            "<line class=\"mark\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{ABOVE}\" y2=\"{bottom}\"><title>{} {}</title></line>",
            at.clock(),
            what.html()
        );
    }
    for (i, curve) in chart.curves.iter().enumerate() {
        for points in pieces(frame, room, curve) {
            let _ = writeln!(out, "<polyline class=\"s{}\" points=\"{points}\"/>", i % 6);
        }
    }
    out.push_str("</svg>\n");
}

/// The class that gives something its colour.
pub(super) const fn class_of(style: Style) -> &'static str {
    match style {
        Style::Plain | Style::Strong => "plain",
        Style::Good => "good",
        Style::Warn => "warn",
        Style::Bad => "bad",
        Style::Dim => "dim",
        Style::Match => "match",
        Style::File | Style::Line => "dim",
        Style::Series(n) => ["s0", "s1", "s2", "s3", "s4", "s5"][(n % 6) as usize],
    }
}

fn x_of(frame: &Frame, room: Room, at: Timestamp) -> f64 {
    let span = i128::from(frame.to.0) - i128::from(frame.from.0);
    let offset = i128::from(at.0) - i128::from(frame.from.0);
    let left = room.left;
    if span == 0 { left } else { left + offset as f64 / span as f64 * (room.width - RIGHT - left) }
}

fn y_of(frame: &Frame, value: f64) -> f64 {
    let share = (frame.top - value) / (frame.top - frame.bottom);
    ABOVE + share.clamp(0.0, 1.0) * (HEIGHT - BELOW - ABOVE)
}

/// The curve's unbroken pieces as lists of points. Of the points on one pixel column only the lowest and the
/// highest are kept, so that a picture's size does not grow with the data.
fn pieces(frame: &Frame, room: Room, curve: &Curve) -> Vec<String> {
    let mut pieces = Vec::new();
    for run in curve.points.split(|(_, value)| !value.is_finite()) {
        let mut points = String::new();
        let mut kept: Option<(f64, f64, f64)> = None;
        let mut push = |(x, low, high): (f64, f64, f64)| {
            let _ = write!(points, "{x:.0},{low:.1} ");
            if high > low {
                let _ = write!(points, "{x:.0},{high:.1} ");
            }
        };
        for (at, value) in run {
            let (x, y) = (x_of(frame, room, *at).round(), y_of(frame, *value));
            kept = Some(match kept {
                Some((known, low, high)) if known == x => (x, low.min(y), high.max(y)),
                before => {
                    before.into_iter().for_each(&mut push);
                    (x, y, y)
                }
            });
        }
        kept.into_iter().for_each(&mut push);
        if !points.is_empty() {
            pieces.push(points.trim_end().to_owned());
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_as_a_picture() {
        let minute = 60_000_000_000;
        let at = |i: i64| Timestamp(1_703_385_000_000_000_000 + i * minute);
        let points = vec![(at(0), 1.0), (at(1), f64::NAN), (at(2), 2.0), (at(2), 4.0), (at(4), 0.0)];
        let drawn = chart(&Chart {
            curves: vec![Curve { name: "<errors>".into(), points }],
            marks: vec![(at(1), "on\"set".into())],
            ..Chart::default()
        });
        for part in [
            "<text class=\"end\" x=\"72\" y=\"220.0\">0</text>",
            "<text class=\"middle\" x=\"80.0\" y=\"234\">02:30:00</text>",
            "<polyline class=\"s0\" points=\"80,164.5\"/>",
            "<polyline class=\"s0\" points=\"480,10.0 480,113.0 880,216.0\"/>",
            "<svg class=\"phone\" viewBox=\"0 0 360 240\"",
            "<title>02:31:00 on&quot;set</title>",
            "<i class=\"s0 fill\"></i>&lt;errors&gt;</span>",
        ] {
            assert!(drawn.contains(part), "{part} in {drawn}");
        }
        assert_eq!(chart(&Chart::default()), "");
    }

    #[test]
    fn a_picture_does_not_grow_with_the_data() {
        let points = (0..200_000).map(|i| (Timestamp(i), (i % 17) as f64)).collect();
        let drawn = chart(&Chart { curves: vec![Curve { name: "x".into(), points }], ..Chart::default() });
        assert!(drawn.len() < 60_000, "{}", drawn.len());
    }
}
