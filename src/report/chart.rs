//! Curves over time in a terminal: axes, several series, a legend, and an ASCII fallback.

use super::escape::Untrusted;
use super::paint::{Line, Page, Style, truncated, width};
use super::table::percent;
use crate::model::Timestamp;
use crate::model::unit::{HumanBytes, HumanCount, HumanMillis};

/// Curves over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// What the values are.
    pub scale: Scale,
    /// The curves.
    pub curves: Vec<Curve>,
    /// Moments to mark, each with what happened then.
    pub marks: Vec<(Timestamp, Untrusted)>,
    /// Lines of the plot; 10 if it is 0.
    pub height: usize,
}

/// A curve.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// For the legend.
    pub name: Untrusted,
    /// By time. A value that is no number breaks the curve.
    pub points: Vec<(Timestamp, f64)>,
}

/// What values are, for the labels of the axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Plain numbers.
    #[default]
    Number,
    /// Ratios between 0 and 1, shown from 0 % to 100 %.
    Percent,
    /// Milliseconds.
    Millis,
    /// Bytes.
    Bytes,
}

/// Curves told apart by their marks where there is no colour; in ASCII, and without that limit.
const ASCII_MARKS: [char; 6] = ['*', '+', 'o', 'x', '#', '@'];
const MARKS: [char; 6] = ['•', '+', '○', '×', '■', '◆'];
/// Dots of a braille character by column and row (Unicode 15, 10.3: the dots' bits).
const DOTS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/// The window that is drawn, with round values at its edges and a round step between them.
pub(super) struct Frame {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) bottom: f64,
    pub(super) top: f64,
    step: f64,
}

impl Frame {
    pub(super) fn of(chart: &Chart) -> Option<Frame> {
        let times = || chart.curves.iter().flat_map(|curve| &curve.points).map(|(at, _)| *at);
        let values = || {
            let points = chart.curves.iter().flat_map(|curve| &curve.points);
            points.map(|(_, value)| *value).filter(|value| value.is_finite())
        };
        let (from, to) = (times().min()?, times().max()?);
        let (least, greatest) = (values().reduce(f64::min)?, values().reduce(f64::max)?);
        let (least, greatest) = match chart.scale {
            Scale::Percent if least >= 0.0 && greatest <= 1.0 => (0.0, 1.0),
            // Zero belongs to the picture unless everything happens far from it.
            _ if least >= 0.0 && least <= greatest / 2.0 => (0.0, greatest),
            // What never changes is drawn in the middle.
            _ if least == greatest && least != 0.0 => {
                let around = nice(least.abs() / 4.0);
                (least - around, least + around)
            }
            _ => (least, greatest),
        };
        let step = nice((greatest - least) / 4.0);
        let bottom = (least / step).floor() * step;
        let top = ((greatest / step).ceil() * step).max(bottom + step);
        // Values at the edge of what floats hold have no axis.
        (bottom.is_finite() && top.is_finite() && top > bottom).then_some(Frame {
            from,
            to,
            bottom,
            top,
            step,
        })
    }

    /// The values to label, from the bottom.
    pub(super) fn ticks(&self) -> impl Iterator<Item = f64> {
        let count = ((self.top - self.bottom) / self.step).round().clamp(1.0, 20.0) as i32;
        (0..=count).map(|i| self.bottom + f64::from(i) * self.step)
    }

    /// How a value on the axis is written.
    pub(super) fn label(&self, scale: Scale, value: f64) -> String {
        scale.label(value, self.step)
    }

    /// The first time, one in the middle and the last, as short as tells them apart.
    pub(super) fn times(&self) -> [String; 3] {
        /// Nanoseconds in a day.
        const DAY: i64 = 86_400_000_000_000;
        let same_day = self.from.0.div_euclid(DAY) == self.to.0.div_euclid(DAY);
        let middle = Timestamp(self.from.0.midpoint(self.to.0));
        [self.from, middle, self.to].map(|at| match at.date_clock() {
            date if !same_day && date.len() > 16 => date[5..16].to_owned(),
            _ => at.clock(),
        })
    }

    /// The column of a time among `columns`.
    fn column(&self, at: Timestamp, columns: usize) -> i64 {
        let span = i128::from(self.to.0) - i128::from(self.from.0);
        let offset = i128::from(at.0) - i128::from(self.from.0);
        if span == 0 { 0 } else { (offset * (columns as i128 - 1) / span) as i64 }
    }

    /// The row of a value among `rows`, from the top.
    fn row(&self, value: f64, rows: usize) -> i64 {
        let share = (self.top - value) / (self.top - self.bottom);
        (share * (rows - 1) as f64).round() as i64
    }
}

/// 1, 2, 2.5 or 5 times a power of ten: the smallest that is not below `raw`.
fn nice(raw: f64) -> f64 {
    if !(raw.is_finite() && raw > 0.0) {
        return 1.0;
    }
    let power = 10_f64.powf(raw.log10().floor());
    let nice = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(|nice| nice * power >= raw * 0.999_999);
    nice.unwrap_or(10.0) * power
}

impl Chart {
    /// The picture, at most as wide as the page.
    pub(super) fn lines(&self, page: Page) -> Vec<Line> {
        let Some(frame) = Frame::of(self) else {
            return vec![Line(vec![(Style::Dim, "nothing to draw".to_owned())])];
        };
        let height = if self.height == 0 { 10 } else { self.height.clamp(3, 60) };
        let labels = self.labels(&frame, height);
        let label_width = labels.iter().flatten().map(|label| width(label)).max().unwrap_or(0);
        let columns = page.width.saturating_sub(label_width + 2).max(10);
        let plot = self.plot(&frame, columns, height, page);
        let (tick, edge, corner, rule) =
            if page.ascii { ('+', '|', '+', '-') } else { ('┤', '│', '└', '─') };

        let mut lines = Vec::with_capacity(height + 4);
        for (label, cells) in labels.iter().zip(plot) {
            let mut line = Line::new();
            let text = label.as_deref().unwrap_or_default();
            let mark = if label.is_some() { tick } else { edge };
            line.push(Style::Dim, format!("{}{text} {mark}", " ".repeat(label_width - width(text))));
            for (style, c) in cells {
                line.push(style, c.to_string());
            }
            lines.push(line);
        }
        let pad = " ".repeat(label_width + 1);
        lines.push(Line(vec![(Style::Dim, format!("{pad}{corner}{}", String::from(rule).repeat(columns)))]));
        lines.push(Line(vec![(Style::Dim, format!("{pad} {}", time_axis(&frame, columns)))]));
        lines.extend(self.legend(label_width + 2, page));
        lines
    }

    /// What stands beside each row.
    fn labels(&self, frame: &Frame, height: usize) -> Vec<Option<String>> {
        let mut labels = vec![None; height];
        for value in frame.ticks() {
            let row = frame.row(value, height).clamp(0, height as i64 - 1) as usize;
            labels[row] = Some(frame.label(self.scale, value));
        }
        labels
    }

    /// The curves as rows of characters.
    fn plot(&self, frame: &Frame, columns: usize, rows: usize, page: Page) -> Vec<Vec<(Style, char)>> {
        let mut cells = vec![vec![(Style::Plain, ' '); columns]; rows];
        for (at, _) in self.marks.iter().filter(|(at, _)| frame.from <= *at && *at <= frame.to) {
            let column = frame.column(*at, columns) as usize;
            let mark = if page.ascii { ':' } else { '┊' };
            for row in &mut cells {
                row[column] = (Style::Warn, mark);
            }
        }
        let braille = self.is_braille(page);
        let (wide, high) = if braille { (2, 4) } else { (1, 1) };
        for (i, curve) in self.curves.iter().enumerate() {
            let style = Style::Series(i as u8);
            let mut draw = |x: i64, y: i64| {
                let (column, row) = (x / wide as i64, y / high as i64);
                let Some((known, c)) =
                    usize::try_from(row).ok().zip(usize::try_from(column).ok()).and_then(|(row, column)| {
                        cells.get_mut(row)?.get_mut(column).map(|(style, c)| (style, c))
                    })
                else {
                    return;
                };
                *known = style;
                *c = if braille {
                    let dot = DOTS[(x % 2) as usize][(y % 4) as usize];
                    let dots = match u32::from(*c) {
                        known @ 0x2800..=0x28ff => known,
                        _ => 0x2800,
                    };
                    char::from_u32(dots | u32::from(dot)).unwrap_or('*')
                } else {
                    mark_of(i, page)
                };
            };
            let place = |(at, value): &(Timestamp, f64)| {
                value.is_finite().then(|| (frame.column(*at, columns * wide), frame.row(*value, rows * high)))
            };
            let mut before = None;
            for here in curve.points.iter().map(place) {
                match (before, here) {
                    (Some(start), Some(end)) => draw_line(start, end, &mut draw),
                    (None, Some((x, y))) => draw(x, y),
                    (_, None) => {}
                }
                before = here;
            }
        }
        cells
    }

    /// Fine dots, where nothing but colour has to tell the curves apart.
    fn is_braille(&self, page: Page) -> bool {
        !page.ascii && (page.color || self.curves.len() == 1)
    }

    fn legend(&self, indent: usize, page: Page) -> Vec<Line> {
        let room = page.width.saturating_sub(indent).max(1);
        let mut lines = Vec::new();
        let mut line = Line::new();
        for (i, curve) in self.curves.iter().enumerate() {
            if curve.name.is_empty() {
                continue;
            }
            let mark = if self.is_braille(page) { '━' } else { mark_of(i, page) };
            let name = truncated(&curve.name.line(), room.saturating_sub(2), page.ellipsis());
            if line.width() > 0 && line.width() + width(&name) + 5 > room {
                lines.push(std::mem::take(&mut line));
            }
            let gap = if line.width() > 0 { "   " } else { "" };
            line.push(Style::Plain, gap);
            line.push(Style::Series(i as u8), mark);
            line.push(Style::Plain, format!(" {name}"));
        }
        if line.width() > 0 {
            lines.push(line);
        }
        for (at, what) in &self.marks {
            let text = format!(" {} {}", at.clock(), what.line());
            let mut line = Line::new();
            line.push(Style::Warn, if page.ascii { ":" } else { "┊" });
            line.push(Style::Plain, truncated(&text, room.saturating_sub(1), page.ellipsis()));
            lines.push(line);
        }
        let indented = |line: Line| {
            let mut out = Line::new();
            out.push(Style::Plain, " ".repeat(indent));
            out.0.extend(line.0);
            out
        };
        lines.into_iter().map(indented).collect()
    }
}

fn mark_of(curve: usize, page: Page) -> char {
    let marks = if page.ascii { ASCII_MARKS } else { MARKS };
    marks[curve % marks.len()]
}

/// Draws from one place to another without holes (Bresenham's algorithm).
fn draw_line(start: (i64, i64), end: (i64, i64), draw: &mut impl FnMut(i64, i64)) {
    let (dx, dy) = ((end.0 - start.0).abs(), -(end.1 - start.1).abs());
    let (sx, sy) = ((end.0 - start.0).signum(), (end.1 - start.1).signum());
    let (mut x, mut y, mut error) = (start.0, start.1, dx + dy);
    loop {
        draw(x, y);
        if (x, y) == end {
            return;
        }
        let doubled = 2 * error;
        if doubled >= dy {
            error += dy;
            x += sx;
        }
        if doubled <= dx {
            error += dx;
            y += sy;
        }
    }
}

impl Scale {
    /// A value by itself.
    pub(super) fn exactly(self, value: f64) -> String {
        let step = if value.fract() == 0.0 { 1.0 } else { value.abs().max(1e-3) / 10.0 };
        self.label(value, step)
    }

    fn label(self, value: f64, step: f64) -> String {
        // -0 is what floor makes of a small negative number times a step.
        let value = if value == 0.0 { 0.0 } else { value };
        match self {
            Scale::Percent if step >= 0.01 => format!("{:.0} %", value * 100.0),
            Scale::Percent => percent(value),
            Scale::Millis => HumanMillis(value).to_string(),
            Scale::Bytes if value >= 0.0 => HumanBytes(value as u64).to_string(),
            Scale::Number if step >= 1.0 && (0.0..1e15).contains(&value) => {
                HumanCount(value.round() as u64).to_string()
            }
            _ if value.abs() >= 1e6 || (step < 1e-4) => format!("{value:.2e}"),
            _ => {
                let digits = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
                let digits =
                    if (step * 10_f64.powi(digits as i32)).fract() > 1e-9 { digits + 1 } else { digits };
                format!("{value:.digits$}")
            }
        }
    }
}

/// The first time at the left end, the last at the right one, and one between if there is room.
fn time_axis(frame: &Frame, columns: usize) -> String {
    let [left, middle, right] = frame.times();
    if columns < left.len() + right.len() + 2 {
        return left;
    }
    let mut axis = left;
    let start = columns / 2 - middle.len() / 2;
    if start > axis.len() + 1 && start + middle.len() + 1 < columns - right.len() {
        axis.push_str(&" ".repeat(start - axis.len()));
        axis.push_str(&middle);
    }
    axis.push_str(&" ".repeat(columns - right.len() - axis.len()));
    axis.push_str(&right);
    axis
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(chart: &Chart, page: Page) -> Vec<String> {
        chart.lines(page).iter().map(|line| line.text().trim_end().to_owned()).collect()
    }

    fn outage() -> Chart {
        let start = 1_703_385_000_000_000_000;
        let minute = 60_000_000_000;
        let curve = |name: &str, value: fn(i64) -> f64| Curve {
            name: name.into(),
            points: (0..=60).map(|i| (Timestamp(start + i * minute), value(i))).collect(),
        };
        Chart {
            scale: Scale::Percent,
            curves: vec![
                curve("success", |i| if i < 36 { 0.95 } else { 0.12 }),
                curve("failure", |i| if i < 36 { 0.05 } else { 0.78 }),
            ],
            marks: vec![(Timestamp(start + 36 * minute), "onset".into())],
            height: 6,
        }
    }

    #[test]
    fn a_chart_in_ascii() {
        assert_eq!(
            texts(&outage(), Page { width: 40, color: false, ascii: true, ..Page::PLAIN }),
            [
                "100 % +*******************:",
                " 75 % +                  *++++++++++++++",
                "      |                   +",
                " 50 % +                   +",
                " 25 % +                  +**************",
                "  0 % ++++++++++++++++++++:",
                "      +---------------------------------",
                "       02:30:00    03:00:00     03:30:00",
                "       * success   + failure",
                "       : 03:06:00 onset",
            ]
        );
    }

    #[test]
    fn axes_have_round_labels() {
        for (raw, expected) in
            [(0.3, 0.5), (1.0, 1.0), (1.1, 2.0), (2.1, 2.5), (26.0, 50.0), (0.0, 1.0), (f64::NAN, 1.0)]
        {
            assert!((nice(raw) - expected).abs() < 1e-12, "{raw}");
        }
        for (scale, value, step, expected) in [
            (Scale::Percent, 0.5, 0.25, "50 %"),
            (Scale::Number, 12_500.0, 2_500.0, "12,500"),
            (Scale::Number, 0.25, 0.25, "0.25"),
            (Scale::Number, -5.0, 5.0, "-5"),
            (Scale::Millis, 20_000.0, 5_000.0, "20.0 s"),
            (Scale::Bytes, 1_500_000.0, 500_000.0, "1.5 MB"),
        ] {
            assert_eq!(scale.label(value, step), expected);
        }
    }

    proptest! {
        #[test]
        fn any_values_fit_the_page(points in prop::collection::vec((any::<i64>(), any::<f64>()), 0..40),
                                   width in 30..100_usize, ascii in any::<bool>(), color in any::<bool>()) {
            let points = points.into_iter().map(|(at, value)| (Timestamp(at), value)).collect();
            let chart = Chart { curves: vec![Curve { name: "x".into(), points }], ..Chart::default() };
            for line in chart.lines(Page { width, color, ascii, ..Page::PLAIN }) {
                prop_assert!(line.width() <= width, "{:?}", line.text());
            }
        }
    }
}
