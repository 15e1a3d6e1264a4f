//! A report as GitHub-flavoured Markdown, for tickets and post-mortems.

use super::escape::{Untrusted, longest_run};
use super::paint::{Page, Phrase, Style};
use super::table::{Align, Table};
use super::{Report, Section, account, picture, simpler};

/// Writes the report.
pub(super) fn render(report: &Report, page: Page) -> String {
    let page = Page { color: false, ..page };
    let mut blocks = Vec::new();
    push_blocks(report, page, &mut blocks);
    if blocks.is_empty() { String::new() } else { blocks.join("\n\n") + "\n" }
}

fn push_blocks(report: &Report, page: Page, blocks: &mut Vec<String>) {
    for section in &report.sections {
        let block = match section {
            Section::Title(phrase) => format!("# {}", inline(phrase)),
            Section::Details(line, inner) => {
                // GitHub folds what stands between these; elsewhere it reads as well.
                blocks.push(format!("<details><summary>{}</summary>", line.html().replace('\n', " ")));
                push_blocks(inner, page, blocks);
                "</details>".to_owned()
            }
            other if simpler(other).is_some() => {
                let sections = simpler(other).unwrap_or_default();
                push_blocks(&Report { sections }, page, blocks);
                continue;
            }
            Section::Heading(phrase) => format!("## {}", inline(phrase)),
            Section::Paragraph(phrase) => inline(phrase),
            Section::Table(table) => table_block(table),
            Section::KeyValues(pairs) => {
                let lines: Vec<String> = pairs
                    .iter()
                    .map(|(key, value)| format!("- **{}**: {}", key.markdown(), inline(value)))
                    .collect();
                lines.join("\n")
            }
            Section::Lines(evidence) => {
                let lines: Vec<String> = evidence
                    .iter()
                    .map(|found| {
                        let text: String = found.text.0.iter().map(|(_, text)| text.block()).collect();
                        format!("{}: {text}", found.place.line())
                    })
                    .collect();
                fenced(&lines.join("\n"), "text")
            }
            Section::Code(code) => fenced(&code.line(), "sh"),
            Section::Account(found) => format!("*{}*", Untrusted::from(account::sentence(found)).markdown()),
            other => {
                let lines = picture(other, page).unwrap_or_default();
                let lines: Vec<String> = lines.iter().map(|line| line.text().trim_end().to_owned()).collect();
                fenced(&lines.join("\n"), "text")
            }
        };
        if !block.is_empty() {
            blocks.push(block);
        }
    }
}

fn inline(phrase: &Phrase) -> String {
    let mut out = String::new();
    for (style, text) in &phrase.0 {
        let text = text.markdown();
        // Emphasis cannot begin or end with a blank.
        let core = text.trim();
        let emphasis = match style {
            Style::Strong | Style::Bad | Style::Match if !core.is_empty() => "**",
            _ => "",
        };
        let before = text.len() - text.trim_start().len();
        let after = text.trim_end().len().max(before);
        out.push_str(&text[..before]);
        out.push_str(emphasis);
        out.push_str(core);
        out.push_str(emphasis);
        out.push_str(&text[after..]);
    }
    out
}

/// A code block; its fence is longer than any within.
fn fenced(text: &str, language: &str) -> String {
    let fence = "`".repeat((longest_run(text, '`') + 1).max(3));
    format!("{fence}{language}\n{text}\n{fence}")
}

fn table_block(table: &Table) -> String {
    let titles: Vec<String> = table.columns.iter().map(|column| column.title.markdown()).collect();
    let rules: Vec<&str> = table
        .columns
        .iter()
        .map(|column| match column.align {
            Align::Left => "---",
            Align::Right => "---:",
        })
        .collect();
    let mut lines = vec![format!("| {} |", titles.join(" | ")), format!("| {} |", rules.join(" | "))];
    for row in &table.rows {
        let mut cells: Vec<String> = row
            .iter()
            .take(titles.len())
            .map(|cell| inline(&Phrase::new().and(cell.style, cell.shown().into_owned())))
            .collect();
        cells.resize(titles.len(), String::new());
        lines.push(format!("| {} |", cells.join(" | ")));
    }
    lines.join("\n")
}
