//! A report for people in a terminal: fits the width, and reads as well without colours.

use comfy_table::{CellAlignment, LineStyle, TableStyle};

use super::escape::Untrusted;
use super::paint::{Line, Page, Phrase, Style, truncated, width};
use super::table::{Align, Table};
use super::{Evidence, Report, Section, account, picture};

/// Blanks before everything but headings and the account.
const INDENT: usize = 2;
/// Blanks between two columns, and where the page is too narrow for that.
const GAPS: [u16; 2] = [2, 1];
/// Columns for the places of evidence lines at most.
const PLACE: usize = 36;
/// Lines on the page for one piece of evidence at most; the file has the rest.
const EVIDENCE: usize = 12;

/// Writes the report.
pub(super) fn render(report: &Report, page: Page) -> String {
    let mut out = String::new();
    let mut sections = Vec::new();
    flattened(report, &mut sections);
    for (i, section) in sections.iter().enumerate() {
        if i > 0 && apart(&sections[i - 1], section) {
            out.push('\n');
        }
        for line in lines(section, page) {
            line.write(page, &mut out);
            out.push('\n');
        }
    }
    out
}

/// The sections in their simple forms. Details within details are as deep as obs itself puts them.
fn flattened(report: &Report, out: &mut Vec<Section>) {
    for section in &report.sections {
        match super::simpler(section) {
            Some(sections) => flattened(&Report { sections }, out),
            None => out.push(section.clone()),
        }
    }
}

/// Is there a blank line between these two? Not under a heading, nor between two commands or sentences that
/// belong together.
fn apart(before: &Section, section: &Section) -> bool {
    !matches!(
        (before, section),
        (Section::Heading(_), _)
            | (Section::Code(_), Section::Code(_))
            | (Section::Paragraph(_), Section::Paragraph(_) | Section::Lines(_))
    )
}

fn lines(section: &Section, page: Page) -> Vec<Line> {
    let inner = Page { width: page.width.saturating_sub(INDENT).max(1), ..page };
    let body = match section {
        Section::Heading(phrase) => return heading(phrase, page),
        Section::Account(found) => return account_lines(found, page),
        Section::Paragraph(phrase) => phrase.wrapped(inner.width),
        Section::Table(table) => table_lines(table, inner),
        Section::KeyValues(pairs) => key_values(pairs, inner),
        Section::Lines(evidence) => evidence_lines(evidence, inner),
        Section::Code(code) => vec![Line(vec![(Style::Dim, "$ ".to_owned()), (Style::Strong, code.line())])],
        other => picture(other, inner).unwrap_or_default(),
    };
    let indent = |line: Line| {
        let mut indented = Line::new();
        indented.push(Style::Plain, " ".repeat(INDENT));
        indented.0.extend(line.0);
        indented
    };
    body.into_iter().map(indent).collect()
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

/// The table as lines. What has more numbers than the page is wide goes on below, behind the same first columns.
fn table_lines(table: &Table, page: Page) -> Vec<Line> {
    let parts = table.parts(page.width, usize::from(GAPS[1]));
    let mut lines = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            lines.push(Line::new());
        }
        lines.extend(part_lines(part, page));
    }
    lines
}

/// A table that fits as lines: laid out by comfy-table, coloured afterwards, since cells are cut to fit before.
fn part_lines(table: &Table, page: Page) -> Vec<Line> {
    let columns = table.columns.len();
    let titles: Vec<String> = table.columns.iter().map(|column| column.title.line()).collect();
    let cells: Vec<Vec<(Style, String)>> = table
        .rows
        .iter()
        .map(|row| {
            row.iter().take(columns).map(|cell| (cell.style, cell.shown.line().trim().to_owned())).collect()
        })
        .collect();
    let title_widths: Vec<usize> = titles.iter().map(|title| width(title)).collect();
    let natural: Vec<usize> = (0..columns)
        .map(|i| {
            let widest = cells.iter().filter_map(|row| row.get(i)).map(|(_, text)| width(text)).max();
            widest.unwrap_or(0).max(title_widths[i])
        })
        .collect();
    let room = |gap: u16| page.width.saturating_sub(usize::from(gap) * columns.saturating_sub(1));
    let fitted = |gap: u16| table.fitted(&natural, &title_widths, room(gap));
    let [wide, narrow] = GAPS;
    let fits = |gap: u16, widths: &[usize]| widths.iter().sum::<usize>() <= room(gap);
    // Narrow gaps come before a cut where they spare it.
    let spared = !fits(wide, &natural) && fits(narrow, &natural);
    let gap = if fits(wide, &fitted(wide)) && !spared { wide } else { narrow };
    let widths = fitted(gap);
    let cut = |i: usize, text: &str| {
        let cut = if table.columns[i].keeps_end { cut_front } else { truncated };
        cut(text, widths[i], page.ellipsis())
    };

    let of_title = |(i, title): (usize, &String)| truncated(title, widths[i], page.ellipsis());
    let titles: Vec<String> = titles.iter().enumerate().map(of_title).collect();
    let cells: Vec<Vec<(Style, String)>> = cells
        .into_iter()
        .flat_map(|row| carried_on(table, row, &widths))
        .map(|row| row.into_iter().enumerate().map(|(i, (style, text))| (style, cut(i, &text))).collect())
        .collect();
    let laid_out = lay_out(table, &titles, &cells, gap, page);
    let header = titles.iter().map(|title| (Style::Strong, title.clone())).collect();
    let styled = std::iter::once(header).chain(std::iter::once(Vec::new())).chain(cells);
    laid_out
        .iter()
        .zip(styled)
        .enumerate()
        .map(
            |(i, (line, cells))| {
                if i == 1 { Line(vec![(Style::Dim, line.clone())]) } else { colored(line, &cells) }
            },
        )
        .collect()
}

/// A row as the lines it takes: what is too wide for a column that wraps goes on in the next.
fn carried_on(table: &Table, mut row: Vec<(Style, String)>, widths: &[usize]) -> Vec<Vec<(Style, String)>> {
    let mut more: Vec<Vec<(Style, String)>> = Vec::new();
    for i in (0..row.len()).filter(|i| table.columns[*i].lines > 1) {
        let (style, text) = row[i].clone();
        let mut pieces = Phrase::from(text.clone()).wrapped(widths[i]).into_iter().map(|line| line.text());
        row[i].1 = pieces.next().unwrap_or_default();
        let mut rest: Vec<String> = pieces.collect();
        let most = table.columns[i].lines;
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

fn lay_out(
    table: &Table,
    titles: &[String],
    cells: &[Vec<(Style, String)>],
    gap: u16,
    page: Page,
) -> Vec<String> {
    let rule = if page.ascii { '-' } else { '─' };
    let mut laid_out = comfy_table::Table::new();
    laid_out.load_style(TableStyle::new().header_separator(LineStyle::none().fill(rule)));
    laid_out.set_header(titles);
    for row in cells {
        let mut row: Vec<&str> = row.iter().map(|(_, text)| text.as_str()).collect();
        row.resize(titles.len(), "");
        laid_out.add_row(row);
    }
    for (i, column) in table.columns.iter().enumerate() {
        let Some(place) = laid_out.column_mut(i) else { continue };
        place.set_padding((0, if i + 1 < titles.len() { gap } else { 0 }));
        place.set_cell_alignment(match column.align {
            Align::Left => CellAlignment::Left,
            Align::Right => CellAlignment::Right,
        });
    }
    laid_out.lines().collect()
}

/// A laid-out line with its cells in their styles: each is found behind the one before.
fn colored(line: &str, cells: &[(Style, String)]) -> Line {
    let mut out = Line::new();
    let mut rest = line;
    for (style, text) in cells {
        if text.is_empty() {
            continue;
        }
        let Some(at) = rest.find(text.as_str()) else { break };
        out.push(Style::Plain, &rest[..at]);
        out.push(*style, text.as_str());
        rest = &rest[at + text.len()..];
    }
    out.push(Style::Plain, rest);
    out
}
