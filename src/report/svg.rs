//! A chart as an SVG picture within a page: no script, no style of its own but classes.

use std::fmt::Write as _;

use super::chart::{Chart, Curve, Frame};
use super::paint::Style;
use crate::model::Timestamp;

/// The picture's size, and the room for labels on its left and below.
const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 70.0;
const BELOW: f64 = 24.0;
const ABOVE: f64 = 10.0;

/// The picture; empty if there is nothing to draw.
pub(super) fn chart(chart: &Chart) -> String {
    let Some(frame) = Frame::of(chart) else { return String::new() };
    let mut out = format!("<figure><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\n");
    // Writing to a string does not fail; here and below.
    for value in frame.ticks() {
        let y = y_of(&frame, value);
        let label = frame.label(chart.scale, value);
        let _ =
            writeln!(out, "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>");
        let _ = writeln!(out, "<text class=\"end\" x=\"{}\" y=\"{:.1}\">{label}</text>", LEFT - 8.0, y + 4.0);
    }
    let places = [(LEFT, "start"), (LEFT.midpoint(WIDTH), "middle"), (WIDTH, "end")];
    for (label, (x, class)) in frame.times().iter().zip(places) {
        let _ = writeln!(out, "<text class=\"{class}\" x=\"{x}\" y=\"{}\">{label}</text>", HEIGHT - 6.0);
    }
    for (at, what) in chart.marks.iter().filter(|(at, _)| frame.from <= *at && *at <= frame.to) {
        let x = x_of(&frame, *at);
        let bottom = HEIGHT - BELOW;
        let _ = writeln!(
            out,
            "<line class=\"mark\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{ABOVE}\" y2=\"{bottom}\"><title>{} {}</title></line>",
            at.clock(),
            what.html()
        );
    }
    for (i, curve) in chart.curves.iter().enumerate() {
        for points in pieces(&frame, curve) {
            let _ = writeln!(out, "<polyline class=\"s{}\" points=\"{points}\"/>", i % 6);
        }
    }
    out.push_str("</svg>\n<figcaption>");
    for (i, curve) in chart.curves.iter().enumerate() {
        let _ = write!(out, "<span class=\"s{}\">━</span> {} ", i % 6, curve.name.html());
    }
    for (at, what) in &chart.marks {
        let _ = write!(out, "<span class=\"warn\">┊</span> {} {} ", at.clock(), what.html());
    }
    out.push_str("</figcaption></figure>\n");
    out
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

fn x_of(frame: &Frame, at: Timestamp) -> f64 {
    let span = i128::from(frame.to.0) - i128::from(frame.from.0);
    let offset = i128::from(at.0) - i128::from(frame.from.0);
    if span == 0 { LEFT } else { LEFT + offset as f64 / span as f64 * (WIDTH - LEFT) }
}

fn y_of(frame: &Frame, value: f64) -> f64 {
    let share = (frame.top - value) / (frame.top - frame.bottom);
    ABOVE + share.clamp(0.0, 1.0) * (HEIGHT - BELOW - ABOVE)
}

/// The curve's unbroken pieces as lists of points. Of the points on one pixel column only the lowest and the
/// highest are kept, so that a picture's size does not grow with the data.
fn pieces(frame: &Frame, curve: &Curve) -> Vec<String> {
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
            let (x, y) = (x_of(frame, *at).round(), y_of(frame, *value));
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
            "<text class=\"end\" x=\"62\" y=\"220.0\">0</text>",
            "<text class=\"start\" x=\"70\" y=\"234\">02:30:00</text>",
            "<polyline class=\"s0\" points=\"70,164.5\"/>",
            "<polyline class=\"s0\" points=\"485,10.0 485,113.0 900,216.0\"/>",
            "<title>02:31:00 on&quot;set</title>",
            "<span class=\"s0\">━</span> &lt;errors&gt; ",
        ] {
            assert!(drawn.contains(part), "{part} in {drawn}");
        }
        assert_eq!(chart(&Chart::default()), "");
    }

    #[test]
    fn a_picture_does_not_grow_with_the_data() {
        let points = (0..200_000).map(|i| (Timestamp(i), (i % 17) as f64)).collect();
        let drawn = chart(&Chart { curves: vec![Curve { name: "x".into(), points }], ..Chart::default() });
        assert!(drawn.len() < 40_000, "{}", drawn.len());
    }
}
