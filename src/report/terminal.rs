//! A report for people in a terminal: fits the width, and reads as well without colours.

use std::borrow::Cow;

use super::escape::Untrusted;
use super::paint::{Line, Page, Phrase, Style, truncated, width};
use super::table::{Align, Cell, Column, Measured, Table};
use super::{Evidence, Report, Section, account, picture};

/// Blanks before everything but headings and the account.
const INDENT: usize = 2;
/// Blanks between two columns, and where the page is too narrow for that.
const GAPS: [usize; 2] = [2, 1];
/// Columns for the places of evidence lines at most.
const PLACE: usize = 36;
/// Lines on the page for one piece of evidence at most; the file has the rest.
const EVIDENCE: usize = 12;

/// Writes the report.
pub(super) fn render(report: &Report, page: Page) -> String {
    let mut out = String::new();
    let mut sections = Vec::new();
    flattened(report, &mut sections);
    // One line without anything is enough, and under a heading none.
    sections.dedup_by(|section, before| {
        is_nothing(section) && (is_nothing(before) || matches!(**before, Section::Heading(_)))
    });
    let inner = inner(page);
    for (i, section) in sections.iter().enumerate() {
        if i > 0 && apart(&sections[i - 1], section) {
            out.push('\n');
        }
        let mut write = |line: Line| {
            line.write(page, &mut out);
            out.push('\n');
        };
        match &**section {
            // A table may have a million rows, of which no more than a few are laid out at a time.
            Section::Table(table) => each_table_line(table, inner, &mut |line| write(indented(line))),
            other => lines(other, page).into_iter().for_each(write),
        }
    }
    out
}

/// The page within the indent.
fn inner(page: Page) -> Page {
    Page { width: page.width.saturating_sub(INDENT).max(1), ..page }
}

fn indented(line: Line) -> Line {
    let mut indented = Line::new();
    indented.push(Style::Plain, " ".repeat(INDENT));
    indented.0.extend(line.0);
    indented
}

/// The sections in their simple forms. Details within details are as deep as obs itself puts them.
fn flattened<'r>(report: &'r Report, out: &mut Vec<Cow<'r, Section>>) {
    for section in &report.sections {
        match super::simpler(section) {
            Some(sections) => {
                let mut simple = Vec::new();
                let report = Report { sections };
                flattened(&report, &mut simple);
                out.extend(simple.into_iter().map(|section| Cow::Owned(section.into_owned())));
            }
            None => out.push(Cow::Borrowed(section)),
        }
    }
}

/// Is there a blank line between these two? Not under a heading, nor between two commands or sentences that
/// belong together; a paragraph of nothing is such a line itself.
fn apart(before: &Section, section: &Section) -> bool {
    if is_nothing(before) || is_nothing(section) {
        return false;
    }
    !matches!(
        (before, section),
        (Section::Heading(_), _)
            | (Section::Code(_), Section::Code(_))
            | (Section::Paragraph(_), Section::Paragraph(_) | Section::Lines(_))
    )
}

fn is_nothing(section: &Section) -> bool {
    matches!(section, Section::Paragraph(phrase) if phrase.0.is_empty())
}

fn lines(section: &Section, page: Page) -> Vec<Line> {
    let inner = inner(page);
    let body = match section {
        Section::Heading(phrase) => return heading(phrase, page),
        Section::Account(found) => return account_lines(found, page),
        Section::Paragraph(phrase) => phrase.wrapped(inner.width),
        Section::KeyValues(pairs) => key_values(pairs, inner),
        Section::Lines(evidence) => evidence_lines(evidence, inner),
        Section::Code(code) => vec![Line(vec![(Style::Dim, "$ ".to_owned()), (Style::Strong, code.line())])],
        other => picture(other, inner).unwrap_or_default(),
    };
    body.into_iter().map(indented).collect()
}

fn heading(phrase: &Phrase, page: Page) -> Vec<Line> {
    let strong = |(style, text): &(Style, Untrusted)| {
        (if *style == Style::Plain { Style::Strong } else { *style }, text.clone())
    };
    Phrase(phrase.0.iter().map(strong).collect()).wrapped(page.width)
}

fn account_lines(found: &crate::model::Account, page: Page) -> Vec<Line> {
    Phrase::new().and(Style::Dim, account::sentence(found)).wrapped(page.width)
}

fn key_values(pairs: &[(Untrusted, Phrase)], page: Page) -> Vec<Line> {
    let keys: Vec<String> =
        pairs.iter().map(|(key, _)| truncated(&key.line(), page.width / 2, page.ellipsis())).collect();
    let widest = keys.iter().map(|key| width(key)).max().unwrap_or(0);
    let mut lines = Vec::new();
    for (key, (_, value)) in keys.iter().zip(pairs) {
        for (i, wrapped) in value.wrapped(page.width.saturating_sub(widest + 2)).into_iter().enumerate() {
            let mut line = Line::new();
            let key = if i == 0 { key } else { "" };
            line.push(Style::Dim, key);
            line.push(Style::Plain, " ".repeat(widest - width(key) + 2));
            line.0.extend(wrapped.0);
            lines.push(line);
        }
    }
    lines
}

fn evidence_lines(evidence: &[Evidence], page: Page) -> Vec<Line> {
    let limit = PLACE.min(page.width / 2);
    let bar = if page.ascii { " | " } else { " │ " };
    // A long place keeps its end: the file's name and the line say more than the directory.
    let places: Vec<String> =
        evidence.iter().map(|line| cut_front(&line.place.line(), limit, page.ellipsis())).collect();
    let widest = places.iter().map(|place| width(place)).max().unwrap_or(0);
    let mut lines = Vec::new();
    for (place, found) in places.iter().zip(evidence) {
        let mut text = found.text.wrapped(page.width.saturating_sub(widest + 3));
        if text.len() > EVIDENCE && !found.whole {
            let more = account::counted((text.len() + 1 - EVIDENCE) as u64, "line", "lines");
            text.truncate(EVIDENCE - 1);
            text.push(Line(vec![(Style::Dim, format!("{} {more} more", page.ellipsis()))]));
        }
        for (i, wrapped) in text.into_iter().enumerate() {
            let blanks = " ".repeat(widest - if i == 0 { width(place) } else { 0 });
            let place = if i == 0 { page.linked(&found.place.line(), place.clone()) } else { String::new() };
            let mut line = Line::new();
            line.push(Style::Dim, format!("{place}{blanks}{bar}"));
            let dim = |(style, text): (Style, String)| {
                (if found.context && style == Style::Plain { Style::Dim } else { style }, text)
            };
            line.0.extend(wrapped.0.into_iter().map(dim));
            lines.push(line);
        }
    }
    lines
}

/// The end of a neutralised path in at most `limit` columns, with an ellipsis before it if something was cut;
/// from a slash on, if there is one early enough.
fn cut_front(text: &str, limit: usize, ellipsis: &str) -> String {
    if width(text) <= limit {
        return text.to_owned();
    }
    let reversed: String = text.chars().rev().collect();
    let cut: String = truncated(&reversed, limit, ellipsis).chars().rev().collect();
    match cut.find('/') {
        Some(slash) if slash <= cut.len() / 2 => format!("{ellipsis}{}", &cut[slash..]),
        _ => cut,
    }
}

/// The table, line by line. What has more numbers than the page is wide goes on below, behind the same first columns.
fn each_table_line(table: &Table, page: Page, write: &mut dyn FnMut(Line)) {
    let measured = table.measured();
    for (at, columns) in table.parts(&measured, page.width, GAPS[1]).iter().enumerate() {
        if at > 0 {
            write(Line::new());
        }
        each_part_line(table, &measured, columns, page, write);
    }
}

/// Some columns of a table, which fit.
fn each_part_line(
    table: &Table,
    measured: &Measured,
    columns: &[usize],
    page: Page,
    write: &mut dyn FnMut(Line),
) {
    let natural: Vec<usize> = columns.iter().map(|at| measured.natural[*at]).collect();
    let room = |gap: usize| page.width.saturating_sub(gap * columns.len().saturating_sub(1));
    let fitted = |gap: usize| table.fitted(measured, columns, room(gap));
    let [wide, narrow] = GAPS;
    let fits = |gap: usize, widths: &[usize]| widths.iter().sum::<usize>() <= room(gap);
    // Narrow gaps come before a cut where they spare it.
    let spared = !fits(wide, &natural) && fits(narrow, &natural);
    let gap = if fits(wide, &fitted(wide)) && !spared { wide } else { narrow };
    let widths = fitted(gap);
    let cut = widths != natural;
    let shown = widths.clone();
    let mut layout =
        Layout { columns: columns.iter().map(|at| &table.columns[*at]).collect(), widths, shown, gap };
    let titles: Vec<(Style, String)> = (0..columns.len()).map(|i| layout.title(i, page)).collect();
    let cells = |layout: &Layout<'_>, row: &[Cell]| -> Vec<Vec<(Style, String)>> {
        let shown = |at: &usize| row.get(*at).map(|cell| (cell.style, cell.shown().line().trim().to_owned()));
        layout.fitted(columns.iter().map(|at| shown(at).unwrap_or_default()).collect(), page)
    };
    if cut {
        // What is cut at a place that suits it may need less room than there is.
        let mut needed: Vec<usize> = titles.iter().map(|(_, title)| width(title)).collect();
        for line in table.rows.iter().flat_map(|row| cells(&layout, row)) {
            for (needed, (_, text)) in needed.iter_mut().zip(&line) {
                *needed = (*needed).max(width(text));
            }
        }
        layout.shown = needed;
    }
    write(layout.line(&titles));
    let rule = if page.ascii { "-" } else { "─" };
    let across = layout.shown.iter().sum::<usize>() + gap * columns.len().saturating_sub(1);
    write(Line(vec![(Style::Dim, rule.repeat(across))]));
    for row in &table.rows {
        for line in &cells(&layout, row) {
            write(layout.line(line));
        }
    }
}

/// Columns with their widths, and how far they are apart.
struct Layout<'t> {
    columns: Vec<&'t Column>,
    /// How wide each may be, and how wide it is.
    widths: Vec<usize>,
    shown: Vec<usize>,
    gap: usize,
}

impl Layout<'_> {
    fn title(&self, i: usize, page: Page) -> (Style, String) {
        (Style::Strong, truncated(&self.columns[i].title.line(), self.widths[i], page.ellipsis()))
    }

    /// A row as lines whose cells fit.
    fn fitted(&self, row: Vec<(Style, String)>, page: Page) -> Vec<Vec<(Style, String)>> {
        let mut lines = self.carried_on(row);
        for (i, (_, text)) in lines.iter_mut().flat_map(|line| line.iter_mut().enumerate()) {
            if width(text) > self.widths[i] {
                let cut = if self.columns[i].keeps_end { cut_front } else { truncated };
                *text = cut(text, self.widths[i], page.ellipsis());
            }
        }
        lines
    }

    /// Cells that fit, beside each other.
    fn line(&self, cells: &[(Style, String)]) -> Line {
        let mut line = Line::new();
        for (i, (style, text)) in cells.iter().enumerate() {
            if i > 0 {
                line.push(Style::Plain, " ".repeat(self.gap));
            }
            let blanks = " ".repeat(self.shown[i].saturating_sub(width(text)));
            let [before, after] = match self.columns[i].align {
                Align::Left => ["", &blanks],
                Align::Right => [&blanks, ""],
            };
            line.push(Style::Plain, before);
            line.push(*style, text.as_str());
            line.push(Style::Plain, after);
        }
        line
    }

    /// A row as the lines it takes: what is too wide for a column that wraps goes on in the next.
    fn carried_on(&self, mut row: Vec<(Style, String)>) -> Vec<Vec<(Style, String)>> {
        let mut more: Vec<Vec<(Style, String)>> = Vec::new();
        for i in (0..row.len()).filter(|i| self.columns[*i].lines > 1) {
            let (style, text) = row[i].clone();
            let mut pieces =
                Phrase::from(text.clone()).wrapped(self.widths[i]).into_iter().map(|line| line.text());
            row[i].1 = pieces.next().unwrap_or_default();
            let mut rest: Vec<String> = pieces.collect();
            let most = self.columns[i].lines;
            if rest.len() >= most {
                // The last line takes the rest, which is cut there.
                let tail = rest.split_off(most - 2).join(" ");
                rest.push(tail);
            }
            for (below, piece) in rest.into_iter().enumerate() {
                if more.len() == below {
                    more.push(vec![(Style::Plain, String::new()); row.len()]);
                }
                more[below][i] = (style, piece);
            }
        }
        std::iter::once(row).chain(more).collect()
    }
}
