//! One request as a waterfall: a lane for each file or service, its entries over time, and the silences.

use std::fmt::Write as _;

use super::escape::Untrusted;
use super::paint::{Line, Page, Style, truncated, width};
use crate::model::Timestamp;
use crate::model::unit::HumanMillis;

/// What happened to one request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Waterfall {
    /// The lanes, from top to bottom.
    pub lanes: Vec<Lane>,
    /// Silences worth showing.
    pub gaps: Vec<Gap>,
}

/// What one file or service says about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lane {
    /// The file or service.
    pub name: Untrusted,
    /// Its entries, by time.
    pub bars: Vec<Bar>,
    /// Milliseconds in which it was the last to speak: its own time, where that is known.
    pub own_ms: Option<f64>,
}

/// An entry, or the work that it tells of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bar {
    /// When it began.
    pub from: Timestamp,
    /// When it ended; the same if it is a moment.
    pub to: Timestamp,
    /// Did it go well?
    pub style: Style,
    /// What it says, for pages that can show it.
    pub what: Untrusted,
}

/// A time in which nothing was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// After this entry.
    pub from: Timestamp,
    /// Before that one.
    pub to: Timestamp,
}

/// What stands before a silence.
const GAP: &str = "gap";

/// Where times stand.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    columns: usize,
}

impl Scale {
    /// The part of all columns that lies before a time.
    pub(super) fn share(self, at: Timestamp) -> f64 {
        millis(self.from, at) / millis(self.from, self.to).max(f64::MIN_POSITIVE)
    }

    fn column(self, at: Timestamp) -> usize {
        let span = i128::from(self.to.0) - i128::from(self.from.0);
        let offset = (i128::from(at.0) - i128::from(self.from.0)).clamp(0, span);
        if span == 0 { 0 } else { (offset * (self.columns as i128 - 1) / span) as usize }
    }
}

/// Milliseconds from one time to another.
pub(super) fn millis(from: Timestamp, to: Timestamp) -> f64 {
    (i128::from(to.0) - i128::from(from.0)) as f64 / 1e6
}

impl Waterfall {
    /// From the first to the last moment of all lanes.
    pub(super) fn scale(&self, columns: usize) -> Option<Scale> {
        let bars = || self.lanes.iter().flat_map(|lane| &lane.bars);
        let from = bars().map(|bar| bar.from).min()?;
        Some(Scale { from, to: bars().map(|bar| bar.to.max(bar.from)).max()?, columns })
    }

    /// The picture, as wide as the page.
    pub(super) fn lines(&self, page: Page) -> Vec<Line> {
        let Some(Scale { from, to, .. }) = self.scale(0) else {
            return vec![Line(vec![(Style::Dim, "nothing to draw".to_owned())])];
        };
        let owned = self.lanes.iter().any(|lane| lane.own_ms.is_some());
        let title = ["offset", "duration", if owned { "own" } else { "" }].map(str::to_owned);
        let lanes: Vec<[String; 3]> =
            self.lanes.iter().map(|lane| lane.numbers(from).unwrap_or_default()).collect();
        let gaps: Vec<[String; 3]> = self.gaps.iter().map(|gap| numbers(from, gap.from, gap.to)).collect();
        let all = || std::iter::once(&title).chain(&lanes).chain(&gaps);
        let room = |text: &str| if text.is_empty() { 0 } else { width(text) + 2 };
        let widths = [0, 1, 2].map(|i| all().map(|row| room(&row[i])).max().unwrap_or(0));
        // The names give way to the numbers, and both to some room for the picture.
        let numbers_width = widths.iter().sum::<usize>() + 2;
        let limit = page.width.saturating_sub(numbers_width + 10).min(page.width / 3).clamp(width(GAP), 32);
        let names: Vec<String> =
            self.lanes.iter().map(|lane| truncated(&lane.name.line(), limit, page.ellipsis())).collect();
        let name_width = names.iter().map(|name| width(name)).max().unwrap_or(0).max(width(GAP));
        let columns = page.width.saturating_sub(name_width + numbers_width).max(10);
        let scale = Scale { from, to, columns };
        let row = |name: &str, style: Style, cells: Vec<(Style, char)>, row: &[String; 3]| {
            let mut line = Line::new();
            line.push(style, format!("{name}{}  ", " ".repeat(name_width - width(name))));
            for (style, c) in cells {
                line.push(style, c.to_string());
            }
            let [first, second, third] = widths;
            line.push(style, format!("{:>first$}{:>second$}{:>third$}", row[0], row[1], row[2]));
            line
        };

        let total = HumanMillis(millis(from, to)).to_string();
        let mut lines = vec![row("", Style::Dim, ruler(&total, columns, page), &title)];
        for ((lane, name), pair) in self.lanes.iter().zip(&names).zip(&lanes) {
            lines.push(row(name, Style::Plain, lane.cells(scale, &self.gaps, page), pair));
        }
        for (gap, pair) in self.gaps.iter().zip(&gaps) {
            lines.push(row(GAP, Style::Warn, gap.cells(scale, page), pair));
        }
        lines
    }
}

/// The offset from `zero` and the duration, for people.
fn numbers(zero: Timestamp, start: Timestamp, end: Timestamp) -> [String; 3] {
    let offset = format!("+{}", HumanMillis(millis(zero, start)));
    [offset, HumanMillis(millis(start, end)).to_string(), String::new()]
}

/// `0` at the left end, the whole duration at the right one.
fn ruler(total: &str, columns: usize, page: Page) -> Vec<(Style, char)> {
    let rule = if page.ascii { '-' } else { '─' };
    let room = columns.saturating_sub(width(total) + 3);
    let text = format!("0 {} {total}", String::from(rule).repeat(room));
    let mut cells: Vec<(Style, char)> = text.chars().map(|c| (Style::Dim, c)).collect();
    cells.truncate(columns);
    cells
}

impl Lane {
    /// Its first and last moment.
    pub(super) fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let start = self.bars.iter().map(|bar| bar.from).min()?;
        Some((start, self.bars.iter().map(|bar| bar.to.max(bar.from)).max()?))
    }

    /// Its offset from `zero`, its duration and its own time, for people.
    pub(super) fn numbers(&self, zero: Timestamp) -> Option<[String; 3]> {
        let (start, end) = self.span()?;
        let mut numbers = numbers(zero, start, end);
        if let Some(own) = self.own_ms {
            numbers[2] = HumanMillis(own).to_string();
        }
        Some(numbers)
    }

    fn cells(&self, scale: Scale, gaps: &[Gap], page: Page) -> Vec<(Style, char)> {
        let (moment, work, failure, silence) =
            if page.ascii { ('*', '=', 'x', '.') } else { ('•', '━', '✗', '┄') };
        let mut cells = vec![(Style::Plain, ' '); scale.columns];
        for gap in gaps {
            let (from, to) = (scale.column(gap.from), scale.column(gap.to));
            cells[from..=to].fill((Style::Dim, silence));
        }
        let bad = |bar: &&Bar| bar.style == Style::Bad;
        // What failed is drawn last, so that nothing hides it.
        for bar in self.bars.iter().filter(|bar| !bad(bar)).chain(self.bars.iter().filter(bad)) {
            let (from, to) = (scale.column(bar.from), scale.column(bar.to.max(bar.from)));
            if to > from {
                cells[from..=to].fill((bar.style, work));
            }
            let end = match (bar.style == Style::Bad, to > from) {
                (true, _) => failure,
                (false, true) => work,
                (false, false) => moment,
            };
            cells[to] = (bar.style, end);
        }
        cells
    }
}

impl Gap {
    fn cells(&self, scale: Scale, page: Page) -> Vec<(Style, char)> {
        let (left, line, right) = if page.ascii { ('|', '.', '|') } else { ('├', '┄', '┤') };
        let mut cells = vec![(Style::Plain, ' '); scale.columns];
        let (from, to) = (scale.column(self.from), scale.column(self.to));
        cells[from.min(to)..=to].fill((Style::Warn, line));
        cells[from] = (Style::Warn, left);
        cells[to] = (Style::Warn, right);
        cells
    }
}

/// The room of a picture: for a page, with the numbers beside, and for a phone, with the names above the lanes.
#[derive(Clone, Copy)]
struct Room {
    class: &'static str,
    width: f64,
    left: f64,
    right: f64,
    /// Where the numbers end; nowhere on a phone.
    numbers: &'static [f64],
    lane: f64,
}

const ROOMS: [Room; 2] = [
    Room {
        class: "page",
        width: 960.0,
        left: 150.0,
        right: 716.0,
        numbers: &[790.0, 872.0, 952.0],
        lane: 26.0,
    },
    Room { class: "phone", width: 360.0, left: 6.0, right: 350.0, numbers: &[], lane: 38.0 },
];

/// The room above the lanes.
const ABOVE: f64 = 22.0;

/// The picture within a page, as the `number`th, for wide and for narrow ones: lanes, what was said in them, the silences,
/// the numbers beside.
pub(super) fn svg(waterfall: &Waterfall, number: &str) -> String {
    let Some(scale) = waterfall.scale(0) else { return String::new() };
    let drawn = |room: &Room| drawn(waterfall, &scale, &format!("{number}-{}", room.class), *room);
    ROOMS.iter().map(drawn).collect()
}

fn drawn(waterfall: &Waterfall, scale: &Scale, number: &str, room: Room) -> String {
    let Room { class, width, left, right, numbers: ends, lane: high } = room;
    let beside = !ends.is_empty();
    let x_of = |at: Timestamp| left + scale.share(at).clamp(0.0, 1.0) * (right - left);
    let height = ABOVE + high * waterfall.lanes.len() as f64;
    let total = HumanMillis(millis(scale.from, scale.to));
    let count: usize = waterfall.lanes.iter().map(|lane| lane.bars.len()).sum();
    // Writing to a string does not fail; here and below.
    let mut out = format!(
        "<svg class=\"{class}\" viewBox=\"0 0 {width} {:.0}\" role=\"img\" aria-labelledby=\"{number}-title {number}-says\">\n\
         <title id=\"{number}-title\">one request over {total}</title>\n\
         <desc id=\"{number}-says\">{count} entries in {} lanes; the table below lists them</desc>\n\
         <text class=\"start\" x=\"{left}\" y=\"14\">0</text><text class=\"end\" x=\"{right}\" y=\"14\">{total}</text>",
        height + 6.0,
        waterfall.lanes.len()
    );
    let own = waterfall.lanes.iter().any(|lane| lane.own_ms.is_some());
    for (x, title) in ends.iter().zip(["offset", "duration", if own { "own" } else { "" }]) {
        let _ = write!(out, "<text class=\"end\" x=\"{x}\" y=\"14\">{title}</text>");
    }
    for gap in &waterfall.gaps {
        let (x, end) = (x_of(gap.from), x_of(gap.to));
        let text = format!("{} without an entry", HumanMillis(millis(gap.from, gap.to)));
        let _ = write!(
            out,
            "\n<rect class=\"silence\" x=\"{x:.1}\" y=\"{ABOVE}\" width=\"{:.1}\" height=\"{:.1}\">\
             <title>{text}</title></rect>",
            (end - x).max(1.0),
            height - ABOVE
        );
        // Between the ruler's ends, if there is room.
        let middle = x.midpoint(end);
        if end - x > 170.0 && (left + 100.0..right - 140.0).contains(&middle) {
            let _ = write!(out, "<text class=\"middle marked\" x=\"{:.1}\" y=\"14\">{text}</text>", middle);
        }
    }
    for (row, lane) in waterfall.lanes.iter().enumerate() {
        // The name of a lane stands beside it, or above.
        let middle = ABOVE + high * row as f64 + if beside { high / 2.0 } else { high - 10.0 };
        let (class, at, base) =
            if beside { ("name", left - 10.0, middle + 4.0) } else { ("name above", left, middle - 10.0) };
        let name = Untrusted::from(truncated(&lane.name.line(), if beside { 22 } else { 46 }, "…"));
        let _ = write!(
            out,
            "\n<text class=\"{class}\" x=\"{at:.0}\" y=\"{base:.1}\">{}<title>{}</title></text>\
             <line class=\"grid\" x1=\"{left}\" x2=\"{right}\" y1=\"{middle}\" y2=\"{middle}\"/>",
            name.html(),
            lane.name.html()
        );
        if let Some((start, end)) = lane.span() {
            let (x, end) = (x_of(start), x_of(end));
            let _ = write!(
                out,
                "<rect class=\"plain lane\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"8\" rx=\"3\"/>",
                middle - 4.0,
                (end - x).max(1.0)
            );
        }
        let bad = |bar: &&Bar| bar.style == Style::Bad;
        for bar in lane.bars.iter().filter(|bar| !bad(bar)).chain(lane.bars.iter().filter(bad)) {
            let class = super::svg::class_of(bar.style);
            let (x, end) = (x_of(bar.from), x_of(bar.to.max(bar.from)));
            let title = format!("+{} {}", HumanMillis(millis(scale.from, bar.from)), bar.what.html());
            if end - x > 1.0 {
                let _ = write!(
                    out,
                    "<rect class=\"{class} fill\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"8\" rx=\"3\">\
                     <title>{title}</title></rect>",
                    middle - 4.0,
                    end - x
                );
            } else if bad(&bar) {
                let _ = write!(
                    out,
                    "<path class=\"{class} cross\" d=\"M{:.1} {:.1}l9 9m0 -9l-9 9\"><title>{title}</title></path>",
                    x - 4.5,
                    middle - 4.5
                );
            } else {
                let _ = write!(
                    out,
                    "<circle class=\"{class} dot\" cx=\"{x:.1}\" cy=\"{middle}\" r=\"4\"><title>{title}</title></circle>"
                );
            }
        }
        let numbers = lane.numbers(scale.from).unwrap_or_default();
        for (x, number) in ends.iter().zip(numbers) {
            let _ = write!(out, "<text class=\"end\" x=\"{x}\" y=\"{:.1}\">{number}</text>", middle + 4.0);
        }
    }
    out.push_str("\n</svg>\n");
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp(ms * 1_000_000)
    }

    #[test]
    fn a_request_that_waited() {
        let bar = |from, to, style| Bar { from: at(from), to: at(to), style, ..Bar::default() };
        let waterfall = Waterfall {
            lanes: vec![
                Lane {
                    name: "gateway.log".into(),
                    bars: vec![bar(0, 0, Style::Plain), bar(20_100, 20_100, Style::Bad)],
                    ..Lane::default()
                },
                Lane {
                    name: "payment/app.log".into(),
                    bars: vec![bar(10, 60, Style::Plain), bar(20_050, 20_050, Style::Bad)],
                    ..Lane::default()
                },
            ],
            gaps: vec![Gap { from: at(60), to: at(20_050) }],
        };
        let texts = |page| -> Vec<String> { waterfall.lines(page).iter().map(Line::text).collect() };
        assert_eq!(
            texts(Page { width: 70, color: false, ascii: true, ..Page::PLAIN }),
            [
                "                 0 ------------------------ 20.1 s    offset  duration",
                "gateway.log      *...............................x     +0 ms    20.1 s",
                "payment/app.log  *..............................x   +10.0 ms    20.0 s",
                "gap              |..............................|   +60.0 ms    20.0 s",
            ]
        );
    }

    proptest! {
        #[test]
        fn any_times_fit_the_page(times in prop::collection::vec((0..1_000_000_000_000_000_i64, 0..1_000_000_000_000_000_i64), 0..20),
                                  name in any::<String>(), width in 70..120_usize, ascii in any::<bool>()) {
            let bars: Vec<Bar> = times.iter().map(|&(from, to)| Bar { from: Timestamp(from), to: Timestamp(to), style: Style::Bad, ..Bar::default() }).collect();
            let gaps = times.iter().take(2).map(|&(a, b)| Gap { from: Timestamp(a.min(b)), to: Timestamp(a.max(b)) }).collect();
            let waterfall = Waterfall { lanes: vec![Lane { name: name.into(), bars, own_ms: Some(1.5) }], gaps };
            for line in waterfall.lines(Page { width, color: false, ascii, ..Page::PLAIN }) {
                prop_assert!(line.width() <= width, "{:?}", line.text());
            }
        }
    }
}
