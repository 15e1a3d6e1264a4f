//! Heat maps in a terminal: how many by moment and by size, the more the darker, with an ASCII fallback.

use super::escape::Untrusted;
use super::paint::{Line, Page, Style, width};
use crate::model::Timestamp;
use crate::model::unit::HumanCount;

/// Counts by moment and by size.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeatMap {
    /// The rows from the bottom up: what each holds at most, and its counts from left to right.
    pub rows: Vec<(Untrusted, Vec<u64>)>,
    /// The start of the first column.
    pub from: Timestamp,
    /// The width of a column in nanoseconds.
    pub every: i64,
}

/// Little to much; nothing is a blank.
const SHADES: [char; 4] = ['░', '▒', '▓', '█'];
/// The same in ASCII.
const INKS: [char; 4] = ['.', ':', '+', '#'];

impl HeatMap {
    /// The map: rows with their labels, the axis of time, and what the shades mean.
    pub(super) fn lines(&self, page: Page) -> Vec<Line> {
        let most = self.rows.iter().flat_map(|(_, counts)| counts).copied().max().unwrap_or(0);
        let columns = self.rows.iter().map(|(_, counts)| counts.len()).max().unwrap_or(0);
        if most == 0 {
            return Vec::new();
        }
        let labels: Vec<String> = self.rows.iter().map(|(label, _)| label.line()).collect();
        let widest = labels.iter().map(|label| width(label)).max().unwrap_or(0);
        // Neighbours share a column where the page is too narrow for all.
        let room = page.width.saturating_sub(widest + 2).max(1);
        let merged = columns.div_ceil(room).max(1);
        let bar = if page.ascii { "|" } else { "│" };
        let shades = if page.ascii { INKS } else { SHADES };
        let sums: Vec<Vec<u64>> = self
            .rows
            .iter()
            .map(|(_, counts)| counts.chunks(merged).map(|some| some.iter().sum()).collect())
            .collect();
        let most = sums.iter().flatten().copied().max().unwrap_or(most);
        let mut lines: Vec<Line> = Vec::new();
        for (label, counts) in labels.iter().zip(&sums).rev() {
            let mut line = Line::new();
            line.push(Style::Dim, format!("{}{label} {bar}", " ".repeat(widest - width(label))));
            let shade = |count: &u64| shade(*count, most).map_or(' ', |shade| shades[shade]);
            line.push(Style::Plain, counts.iter().map(shade).collect::<String>().trim_end());
            lines.push(line);
        }
        lines.push(self.axis(widest, columns.div_ceil(merged), merged as i64));
        let mut legend = Line::new();
        let meaning = (0..SHADES.len()).map(|at| {
            let least = (1..=most).find(|count| shade(*count, most) == Some(at));
            least.map(|least| format!("{} {}", shades[at], HumanCount(least)))
        });
        let meaning: Vec<String> = meaning.flatten().collect();
        legend.push(Style::Dim, format!("{}from {} up", " ".repeat(widest + 2), meaning.join(", ")));
        lines.push(legend);
        lines
    }

    /// The first and the last column's time.
    fn axis(&self, widest: usize, columns: usize, merged: i64) -> Line {
        let at = |column: usize| {
            Timestamp(
                self.from.0.saturating_add(self.every.saturating_mul(merged).saturating_mul(column as i64)),
            )
        };
        let (from, to) = (self.from.date_clock(), at(columns).clock());
        let gap = columns.saturating_sub(width(&from) + width(&to)).max(2);
        let mut line = Line::new();
        line.push(Style::Dim, format!("{}{from}{}{to}", " ".repeat(widest + 2), " ".repeat(gap)));
        line
    }
}

/// Which shade a count has, on a scale of logarithms up to `most`: small counts are to be seen beside large ones.
fn shade(count: u64, most: u64) -> Option<usize> {
    if count == 0 {
        return None;
    }
    let share = (count as f64).ln_1p() / (most as f64).ln_1p();
    Some(((share * SHADES.len() as f64).ceil() as usize).clamp(1, SHADES.len()) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_is_darker_and_all_fits() {
        let map = HeatMap {
            rows: vec![("≤ 1 ms".into(), vec![100; 300]), ("≤ 2 ms".into(), (0..300).collect())],
            from: Timestamp(1_703_385_000_000_000_000),
            every: 60_000_000_000,
        };
        for (ascii, dark) in [(false, '█'), (true, '#')] {
            let page = Page { width: 40, ascii, ..Page::PLAIN };
            let lines: Vec<String> = map.lines(page).iter().map(Line::text).collect();
            assert!(lines.iter().all(|line| width(line) <= 40), "{lines:#?}");
            assert!(lines[0].starts_with("≤ 2 ms") && lines[0].ends_with(dark), "{lines:#?}");
            assert_eq!(lines.len(), 4);
        }
        assert_eq!(
            (shade(0, 9), shade(1, 1), shade(1, 1_000_000), shade(9, 9)),
            (None, Some(3), Some(0), Some(3))
        );
        assert!(HeatMap::default().lines(Page::PLAIN).is_empty());
    }
}
