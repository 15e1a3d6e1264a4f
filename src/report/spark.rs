//! Small curves and bars: a row of blocks, with an ASCII fallback.

use super::escape::Untrusted;
use super::paint::{Line, Page, Style, truncated, width};

/// A small curve on one line: a label, the curve, and what it says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spark {
    /// Before it.
    pub label: Untrusted,
    /// Its values at even distances; `None` where there is none.
    pub values: Vec<Option<f64>>,
    /// What the highest block stands for; the greatest value if `None`.
    pub max: Option<f64>,
    /// Behind it.
    pub note: Untrusted,
    /// In which style the curve is drawn.
    pub style: Style,
}

/// From nothing to everything.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// The same in ASCII: more ink, more of it.
const INKS: [char; 8] = ['_', '.', ':', '-', '=', '+', '*', '#'];

/// The curve of `values`, one character each: the lowest block is zero, or the least value if some are below
/// zero; the highest is `max`. A blank where there is no value.
pub fn sparkline(values: &[Option<f64>], max: Option<f64>, ascii: bool) -> String {
    let marks = if ascii { INKS } else { BLOCKS };
    let finite = || values.iter().flatten().copied().filter(|value| value.is_finite());
    let bottom = finite().fold(0.0, f64::min);
    let top = max.unwrap_or_else(|| finite().fold(bottom, f64::max));
    let mark = |value: &Option<f64>| match value {
        Some(value) if value.is_finite() => {
            let share = if top > bottom { (value - bottom) / (top - bottom) } else { 0.0 };
            marks[((share * 7.0).round() as usize).min(7)]
        }
        _ => ' ',
    };
    values.iter().map(mark).collect()
}

/// At most `columns` values: neighbours become their greatest, so that no peak is lost.
pub fn squeezed(values: &[Option<f64>], columns: usize) -> Vec<Option<f64>> {
    if values.len() <= columns || columns == 0 {
        return values.to_vec();
    }
    (0..columns)
        .map(|i| {
            let group = &values[i * values.len() / columns..(i + 1) * values.len() / columns];
            group.iter().flatten().copied().reduce(f64::max)
        })
        .collect()
}

/// A bar of up to `columns` characters for a share between 0 and 1, in eighths; never empty if there is
/// something to show.
pub fn bar(share: f64, columns: usize, ascii: bool) -> String {
    const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    if !share.is_finite() || share <= 0.0 {
        return String::new();
    }
    let share = share.min(1.0);
    if ascii {
        return "#".repeat(((share * columns as f64).round() as usize).clamp(1, columns.max(1)));
    }
    let eighths = ((share * columns as f64 * 8.0).round() as usize).max(1);
    let mut out = "█".repeat(eighths / 8);
    if !eighths.is_multiple_of(8) {
        out.push(EIGHTHS[eighths % 8]);
    }
    out
}

/// The curves one below the other, their labels and notes aligned.
pub(super) fn lines(sparks: &[Spark], page: Page) -> Vec<Line> {
    let limit = page.width / 3;
    let cut = |text: &Untrusted| truncated(&text.line(), limit, page.ellipsis());
    let labels: Vec<String> = sparks.iter().map(|spark| cut(&spark.label)).collect();
    let notes: Vec<String> = sparks.iter().map(|spark| cut(&spark.note)).collect();
    let widest = |texts: &[String]| texts.iter().map(|text| width(text)).max().unwrap_or(0);
    let (label_width, note_width) = (widest(&labels), widest(&notes));
    let columns = page.width.saturating_sub(label_width + note_width + 4).max(1);
    let mut lines = Vec::with_capacity(sparks.len());
    for ((spark, label), note) in sparks.iter().zip(&labels).zip(&notes) {
        let curve = sparkline(&squeezed(&spark.values, columns), spark.max, page.ascii);
        let mut line = Line::new();
        line.push(Style::Plain, format!("{label}{}", " ".repeat(label_width - width(label) + 2)));
        line.push(spark.style, curve);
        line.push(Style::Plain, format!("  {note}"));
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn curves_rise_with_their_values() {
        let values: Vec<Option<f64>> = (0..8).map(|n| Some(f64::from(n))).collect();
        assert_eq!(sparkline(&values, None, false), "▁▂▃▄▅▆▇█");
        assert_eq!(sparkline(&values, None, true), "_.:-=+*#");
        assert_eq!(sparkline(&[Some(0.0), None, Some(f64::NAN), Some(1.0)], None, false), "▁  █");
        assert_eq!(sparkline(&[Some(0.5)], Some(1.0), false), "▅");
        assert_eq!(sparkline(&[Some(0.0), Some(0.0)], None, false), "▁▁");
        assert_eq!(sparkline(&[Some(-1.0), Some(1.0)], None, false), "▁█");
    }

    #[test]
    fn squeezing_keeps_the_peaks() {
        let mut values = vec![Some(1.0); 100];
        values[57] = Some(9.0);
        let squeezed = squeezed(&values, 10);
        assert_eq!(squeezed.len(), 10);
        assert_eq!(squeezed[5], Some(9.0));
    }

    #[test]
    fn bars_are_drawn_in_eighths() {
        for (share, unicode, ascii) in [
            (0.0, "", ""),
            (0.001, "▏", "#"),
            (0.5, "██", "##"),
            (0.56, "██▎", "##"),
            (1.0, "████", "####"),
            (7.0, "████", "####"),
            (f64::NAN, "", ""),
        ] {
            assert_eq!(bar(share, 4, false), unicode, "{share}");
            assert_eq!(bar(share, 4, true), ascii, "{share}");
        }
    }

    proptest! {
        #[test]
        fn pictures_fit_their_page(values in prop::collection::vec(prop::option::of(any::<f64>()), 0..200),
                                   label in any::<String>(), width in 20..120_usize, ascii in any::<bool>()) {
            let spark = Spark { label: label.as_str().into(), values, note: label.into(), ..Spark::default() };
            for line in lines(&[spark], Page { width, ascii, color: false, ..Page::PLAIN }) {
                prop_assert!(line.width() <= width, "{:?}", line.text());
            }
        }
    }
}
