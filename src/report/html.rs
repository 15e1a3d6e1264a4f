//! A report as one HTML page: no script, nothing loaded, light and dark.

use std::fmt::Write as _;

use super::paint::{Line, Page, Phrase, Style};
use super::table::{Align, Table};
use super::{Report, Section, Untrusted, account, picture, svg};

/// The page around the report. The policy forbids everything but the style sheet within.
const HEAD: &str = "<!DOCTYPE html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>obs</title>
<style>
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin: 2rem 0 .5rem; font-size: 1.15rem; }
pre, code { font: 13px/1.35 ui-monospace, monospace; overflow-x: auto; }
pre { padding: .6rem .8rem; border: 1px solid #8884; border-radius: 4px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .8rem .2rem 0; text-align: left; vertical-align: top; }
th { border-bottom: 1px solid #8888; }
.r { text-align: right; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; }
dt, .dim, footer { opacity: .65; }
dd { margin: 0; }
.good { color: #2a8a3e; } .warn { color: #b8860b; } .bad { color: #d03030; } .match { color: #d03030; font-weight: 600; }
.s0 { color: #1a8f9c; } .s1 { color: #a044a0; } .s2 { color: #b8860b; } .s3 { color: #2a8a3e; } .s4 { color: #3a66c8; }
.s5 { color: #d03030; }
figure { margin: 1rem 0; }
polyline { fill: none; stroke: currentColor; stroke-width: 1.6; stroke-linejoin: round; }
svg text { fill: currentColor; font-size: 12px; opacity: .7; }
svg .middle { text-anchor: middle; } svg .end { text-anchor: end; }
.grid { stroke: #8884; } .mark { stroke: #b8860b; stroke-dasharray: 3 3; }
</style>
</head>
<body>
";

/// Writes the page.
pub(super) fn render(report: &Report, page: Page) -> String {
    let page = Page { color: false, ..page };
    let mut out = HEAD.to_owned();
    for section in &report.sections {
        match section {
            Section::Heading(phrase) => push_element(&mut out, "h2", &inline(phrase)),
            Section::Paragraph(phrase) => push_element(&mut out, "p", &inline(phrase)),
            Section::Table(table) => push_table(&mut out, table),
            Section::KeyValues(pairs) => {
                let pairs: Vec<String> = pairs
                    .iter()
                    .map(|(key, value)| format!("<dt>{}</dt><dd>{}</dd>", key.html(), inline(value)))
                    .collect();
                push_element(&mut out, "dl", &pairs.join("\n"));
            }
            Section::Lines(evidence) => {
                let lines: Vec<String> = evidence
                    .iter()
                    .map(|found| {
                        format!("<span class=\"dim\">{}</span>  {}", found.place.html(), inline(&found.text))
                    })
                    .collect();
                push_element(&mut out, "pre", &lines.join("\n"));
            }
            Section::Code(code) => push_element(&mut out, "pre", &format!("<code>{}</code>", code.html())),
            Section::Account(found) => {
                push_element(&mut out, "footer", &Untrusted::from(account::sentence(found)).html());
            }
            Section::Chart(chart) => out.push_str(&svg::chart(chart)),
            other => {
                let lines: Vec<String> =
                    picture(other, page).unwrap_or_default().iter().map(styled_line).collect();
                push_element(&mut out, "pre", &lines.join("\n"));
            }
        }
    }
    out.push_str("</body>\n</html>\n");
    out
}

fn push_element(out: &mut String, name: &str, inner: &str) {
    for piece in ["<", name, ">", inner, "</", name, ">\n"] {
        out.push_str(piece);
    }
}

fn inline(phrase: &Phrase) -> String {
    phrase.0.iter().map(|(style, text)| styled(*style, &text.html())).collect()
}

fn styled_line(line: &Line) -> String {
    line.0.iter().map(|(style, text)| styled(*style, &Untrusted::from(text.as_str()).html())).collect()
}

/// Text that is HTML already, in its style.
fn styled(style: Style, html: &str) -> String {
    let class = match style {
        Style::Plain => return html.to_owned(),
        Style::Strong => return format!("<strong>{html}</strong>"),
        Style::Good => "good",
        Style::Warn => "warn",
        Style::Bad => "bad",
        Style::Dim => "dim",
        Style::Match => "match",
        Style::Series(n) => ["s0", "s1", "s2", "s3", "s4", "s5"][usize::from(n % 6)],
    };
    format!("<span class=\"{class}\">{html}</span>")
}

fn push_table(out: &mut String, table: &Table) {
    let class = |i: usize| match table.columns.get(i).map(|column| column.align) {
        Some(Align::Right) => " class=\"r\"",
        _ => "",
    };
    out.push_str("<table>\n<tr>");
    for (i, column) in table.columns.iter().enumerate() {
        // Writing to a string does not fail; nor below.
        let _ = write!(out, "<th{}>{}</th>", class(i), column.title.html());
    }
    out.push_str("</tr>\n");
    for row in &table.rows {
        out.push_str("<tr>");
        for (i, cell) in row.iter().take(table.columns.len()).enumerate() {
            let _ = write!(out, "<td{}>{}</td>", class(i), styled(cell.style, &cell.shown.html()));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</table>\n");
}
