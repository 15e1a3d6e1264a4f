//! One request as a waterfall: a lane for each file or service, its entries over time, and the silences.

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
}

/// An entry, or the work that it tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// When it began.
    pub from: Timestamp,
    /// When it ended; the same if it is a moment.
    pub to: Timestamp,
    /// Did it go well?
    pub style: Style,
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
struct Scale {
    from: Timestamp,
    to: Timestamp,
    columns: usize,
}

impl Scale {
    fn column(self, at: Timestamp) -> usize {
        let span = i128::from(self.to.0) - i128::from(self.from.0);
        let offset = (i128::from(at.0) - i128::from(self.from.0)).clamp(0, span);
        if span == 0 { 0 } else { (offset * (self.columns as i128 - 1) / span) as usize }
    }
}

/// Milliseconds from one time to another.
fn millis(from: Timestamp, to: Timestamp) -> f64 {
    (i128::from(to.0) - i128::from(from.0)) as f64 / 1e6
}

impl Waterfall {
    /// The picture, as wide as the page.
    pub(super) fn lines(&self, page: Page) -> Vec<Line> {
        let bars = || self.lanes.iter().flat_map(|lane| &lane.bars);
        let (Some(from), Some(to)) =
            (bars().map(|bar| bar.from).min(), bars().map(|bar| bar.to.max(bar.from)).max())
        else {
            return vec![Line(vec![(Style::Dim, "nothing to draw".to_owned())])];
        };
        let limit = (page.width / 3).min(32);
        let names: Vec<String> =
            self.lanes.iter().map(|lane| truncated(&lane.name.line(), limit, page.ellipsis())).collect();
        let name_width = names.iter().map(|name| width(name)).max().unwrap_or(0).max(width(GAP));
        let lane_numbers = |lane: &Lane| {
            let start = lane.bars.iter().map(|bar| bar.from).min()?;
            let end = lane.bars.iter().map(|bar| bar.to.max(bar.from)).max()?;
            Some(numbers(from, start, end))
        };
        let title = ["offset".to_owned(), "duration".to_owned()];
        let lanes: Vec<[String; 2]> =
            self.lanes.iter().map(|lane| lane_numbers(lane).unwrap_or_default()).collect();
        let gaps: Vec<[String; 2]> = self.gaps.iter().map(|gap| numbers(from, gap.from, gap.to)).collect();
        let all = || std::iter::once(&title).chain(&lanes).chain(&gaps);
        let widths = [0, 1].map(|i| all().map(|pair| width(&pair[i]) + 2).max().unwrap_or(0));
        let columns = page.width.saturating_sub(name_width + 2 + widths[0] + widths[1]).max(10);
        let scale = Scale { from, to, columns };
        let row = |name: &str, style: Style, cells: Vec<(Style, char)>, pair: &[String; 2]| {
            let mut line = Line::new();
            line.push(style, format!("{name}{}  ", " ".repeat(name_width - width(name))));
            for (style, c) in cells {
                line.push(style, c.to_string());
            }
            let [first, second] = widths;
            line.push(style, format!("{:>first$}{:>second$}", pair[0], pair[1]));
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
fn numbers(zero: Timestamp, start: Timestamp, end: Timestamp) -> [String; 2] {
    [format!("+{}", HumanMillis(millis(zero, start))), HumanMillis(millis(start, end)).to_string()]
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp(ms * 1_000_000)
    }

    #[test]
    fn a_request_that_waited() {
        let bar = |from, to, style| Bar { from: at(from), to: at(to), style };
        let waterfall = Waterfall {
            lanes: vec![
                Lane {
                    name: "gateway.log".into(),
                    bars: vec![bar(0, 0, Style::Plain), bar(20_100, 20_100, Style::Bad)],
                },
                Lane {
                    name: "payment/app.log".into(),
                    bars: vec![bar(10, 60, Style::Plain), bar(20_050, 20_050, Style::Bad)],
                },
            ],
            gaps: vec![Gap { from: at(60), to: at(20_050) }],
        };
        let texts = |page| -> Vec<String> { waterfall.lines(page).iter().map(Line::text).collect() };
        assert_eq!(
            texts(Page { width: 70, color: false, ascii: true }),
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
            let bars: Vec<Bar> = times.iter().map(|&(from, to)| Bar { from: Timestamp(from), to: Timestamp(to), style: Style::Bad }).collect();
            let gaps = times.iter().take(2).map(|&(a, b)| Gap { from: Timestamp(a.min(b)), to: Timestamp(a.max(b)) }).collect();
            let waterfall = Waterfall { lanes: vec![Lane { name: name.into(), bars }], gaps };
            for line in waterfall.lines(Page { width, color: false, ascii }) {
                prop_assert!(line.width() <= width, "{:?}", line.text());
            }
        }
    }
}
