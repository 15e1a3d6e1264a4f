//! Texts of a dashboard's author, in Markdown or HTML: headings, lines and tables as words, with nothing in them that could
//! act.

use serde_json::Value;

use crate::dashboard::interpolate::clip;
use crate::report::table::{Cell, Column, Table};
use crate::report::{Phrase, Report, Section, Style};

/// Lines of a text on a page.
const LINES: usize = 200;
/// Bytes of a text that are looked at.
const LONGEST: usize = 64 << 10;
/// Columns of a table; what has more is none.
const COLUMNS: usize = 50;
/// How long a link may be, in bytes: a bracket that nothing closes is not looked for to the end.
const LINK: usize = 300;

/// Puts the text of a panel into a report.
pub(super) fn put(report: &mut Report, options: &Value) {
    let whole = options.get("content").and_then(Value::as_str).unwrap_or_default();
    let content = clip(whole, LONGEST);
    let is_cut = content.len() < whole.len();
    let is_code = options.get("mode").and_then(Value::as_str) == Some("code");
    let content = if is_code { content.to_owned() } else { without_tags(content) };
    let lines: Vec<&str> = content.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut rest = &lines[..lines.len().min(LINES)];
    while let Some((line, after)) = rest.split_first() {
        let rows = if is_code { 0 } else { table_of(rest, report) };
        if rows > 0 {
            rest = &rest[rows..];
            continue;
        }
        rest = after;
        if is_code {
            report.paragraph(*line);
        } else if !is_rule(line) {
            let heading = line.trim_start_matches('#');
            let is_heading = heading.len() < line.len() && heading.starts_with([' ', '\t']);
            let style = if is_heading { Style::Strong } else { Style::Plain };
            report.paragraph(inline(if is_heading { heading.trim() } else { line }, style));
        }
    }
    if is_cut {
        report.paragraph(
            Phrase::new().and(Style::Dim, format!("… the text is longer than {} KB", LONGEST >> 10)),
        );
    } else if lines.len() > LINES {
        let more = format!("… and {} more lines", lines.len() - LINES);
        report.paragraph(Phrase::new().and(Style::Dim, more));
    }
}

/// A line across the page, which parts what needs no parting here.
fn is_rule(line: &str) -> bool {
    line.len() > 2 && ["-", "*", "_", "="].iter().any(|mark| line.replace(mark, "").trim().is_empty())
}

/// Puts the table that begins here; how many lines has it?
fn table_of(lines: &[&str], report: &mut Report) -> usize {
    let cells = |line: &str| -> Vec<String> {
        let inner = line.trim_start_matches('|').trim_end_matches('|');
        inner.split('|').map(|cell| plain(cell.trim())).collect()
    };
    let is_row = |line: &&&str| line.starts_with('|');
    let is_border = |line: &&str| line.contains('-') && line.chars().all(|c| "|-: ".contains(c));
    let count = lines.iter().take_while(is_row).count();
    if count < 2 || !lines.get(1).is_some_and(is_border) {
        return 0;
    }
    if lines[0].matches('|').count() > COLUMNS {
        return 0;
    }
    let mut table = Table::new(cells(lines[0]).into_iter().map(Column::text).collect());
    for line in &lines[2..count] {
        let mut row: Vec<Cell> = cells(line).into_iter().map(Cell::text).collect();
        row.resize(table.columns.len(), Cell::none());
        table.row(row);
    }
    report.push(Section::Table(table));
    count
}

/// A line without its marks: what stands out does, links say where they lead, pictures what they show.
fn inline(line: &str, usual: Style) -> Phrase {
    let mut phrase = Phrase::new();
    for (at, part) in line.split("**").enumerate() {
        let style = if at % 2 == 1 { Style::Strong } else { usual };
        let text = plain(part);
        if !text.is_empty() {
            phrase = phrase.and(style, text);
        }
    }
    phrase
}

/// A text without the marks of code, and with links as words.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('[') {
        let Some((shown, target, after)) = link(&rest[start..]) else {
            out.push_str(&rest[..=start]);
            rest = &rest[start + 1..];
            continue;
        };
        let before = rest[..start].strip_suffix('!');
        out.push_str(before.unwrap_or(&rest[..start]));
        out.push_str(shown);
        if before.is_none() && !target.is_empty() && target != shown {
            out.push_str(&format!(" ({target})"));
        }
        rest = after;
    }
    out.push_str(rest);
    out.replace('`', "")
}

/// `[shown](target)`, and what stands behind it.
fn link(text: &str) -> Option<(&str, &str, &str)> {
    let near = clip(text, LINK);
    let (shown, behind) = near.strip_prefix('[')?.split_once("](")?;
    let (target, after) = behind.split_once(')')?;
    let after = &text[near.len() - after.len()..];
    (!shown.contains('[')).then_some((shown, target.trim(), after))
}

/// The words between tags; what programs and styles say is none. A `<` that begins no tag stays.
fn without_tags(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        let tag = &rest[start + 1..];
        if !tag.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!') {
            out.push('<');
            rest = tag;
            continue;
        }
        let silent = ["script", "style"]
            .into_iter()
            .find(|name| tag.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)));
        let end = match silent {
            Some(name) => closing(tag, name),
            None if tag.starts_with("!--") => tag.find("-->").map(|at| at + 2),
            None => tag.find('>'),
        };
        if !["a", "b", "i", "em", "strong", "span", "code", "/"].contains(&name_of(tag)) {
            out.push('\n');
        }
        rest = end.map_or("", |end| &tag[end + 1..]);
    }
    out.push_str(rest);
    out.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// The name of a tag that stands within a line; `/` for its end.
fn name_of(tag: &str) -> &str {
    let end = |text: &str| text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    match tag.strip_prefix('/') {
        Some(name) if ["a", "b", "i", "em", "strong", "span", "code"].contains(&&name[..end(name)]) => "/",
        Some(_) => "",
        None => &tag[..end(tag)],
    }
}

/// Where the end tag of this name ends.
fn closing(tag: &str, name: &str) -> Option<usize> {
    let is_end = |at: &usize| {
        tag.get(at + 2..at + 2 + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name))
    };
    let start = tag.match_indices("</").map(|(at, _)| at).find(is_end)?;
    tag[start..].find('>').map(|end| start + end)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::report::renderer;

    fn shown(mode: &str, content: &str) -> String {
        let mut report = Report::new();
        put(&mut report, &json!({"mode": mode, "content": content}));
        let terminal = renderer("table").expect("a renderer");
        (terminal.render)(&report, crate::report::Page::PLAIN)
    }

    #[test]
    fn texts_are_words() {
        for (mode, content, expected) in [
            ("markdown", "# Head\n\n**bold** and `code`\n---\n#5 stays", "Head\nbold and code\n#5 stays"),
            ("markdown", "[docs](http://x) ![logo](y) [a] b", "docs (http://x) logo [a] b"),
            ("markdown", "a<script>alert(1)</script> <b>b</b> 1 < 2<br>c<!-- > x -->", "a\nb 1 < 2\nc"),
            ("html", "<h1 class='x'>Head</h1><p>a &amp; <a href=\"z\">b</a></p>", "Head\na & b"),
            ("html", "<style>p { }", ""),
            ("code", "# not a <head>", "# not a <head>"),
        ] {
            let text: Vec<String> = shown(mode, content).lines().map(|line| line.trim().to_owned()).collect();
            assert_eq!(text.join("\n"), expected, "{content}");
        }
        let table = shown("markdown", "| a | b |\n|---|:-:|\n| 1 | [l](u) |\nbehind");
        assert!(table.contains("1  l (u)") && table.contains("behind") && !table.contains('|'), "{table}");
        assert!(shown("markdown", &"x\n".repeat(300)).contains("… and 100 more lines"));
    }

    #[test]
    fn texts_that_nobody_reads_come_to_an_end() {
        let wide = format!("|{}\n|-{}\n", "a|".repeat(10_000), "-|".repeat(10_000));
        for part in ["[", "<script></script>", "<", "![](", "**", "|", "<!--", "`", wide.as_str()] {
            let text = shown("markdown", &part.repeat((4 << 20) / part.len()));
            assert!(text.len() < 1 << 20, "{} of {part}", text.len());
            assert!(text.contains("longer than 64 KB"), "{part}");
        }
    }
}
