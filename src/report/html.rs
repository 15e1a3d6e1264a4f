//! A report as one HTML page: no script, nothing loaded, light and dark, pictures drawn as SVG with tables behind.

use std::fmt::Write as _;

use super::paint::{self, Line, Page, Phrase, Style};
use super::panel::Panels;
use super::sheet::{DIGEST, SHEET};
use super::svg::class_of;
use super::table::{Align, Table};
use super::{
    Meter, Pane, Plot, Report, Section, Step, Tile, Untrusted, account, picture, pictures, svg, waterfall,
};

/// Writes the page. Its policy forbids everything but the style sheet within.
pub(super) fn render(report: &Report, page: Page) -> String {
    let title = report.sections.iter().find_map(|section| match section {
        Section::Title(phrase) => Some(format!("obs: {}", text(phrase).html())),
        _ => None,
    });
    let mut writer = Writer { page: Page { color: false, ..page }, out: String::new(), pictures: 0 };
    // Writing to a string does not fail, here and below.
    let _ = write!(
        writer.out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"generator\" content=\"obs\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{DIGEST}'; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{}</title>\n<style>{SHEET}</style>\n</head>\n<body>\n<main>\n",
        title.as_deref().unwrap_or("obs")
    );
    writer.sections(report);
    writer.out.push_str("</main>\n</body>\n</html>\n");
    writer.out
}

struct Writer {
    page: Page,
    out: String,
    pictures: usize,
}

impl Writer {
    fn sections(&mut self, report: &Report) {
        for section in &report.sections {
            self.section(section);
        }
    }

    fn section(&mut self, section: &Section) {
        match section {
            Section::Title(phrase) => self.element("h1", &inline(phrase)),
            Section::Heading(phrase) => self.element("h2", &inline(phrase)),
            Section::Paragraph(phrase) => self.element("p", &inline(phrase)),
            Section::Table(table) => self.table(table),
            Section::KeyValues(pairs) => {
                let pairs: Vec<String> = pairs
                    .iter()
                    .map(|(key, value)| format!("<dt>{}</dt><dd>{}</dd>", key.html(), inline(value)))
                    .collect();
                self.element("dl", &pairs.join("\n"));
            }
            Section::Lines(evidence) => {
                let lines: Vec<String> = evidence
                    .iter()
                    .map(|found| {
                        format!("<span class=\"dim\">{}</span>  {}", found.place.html(), inline(&found.text))
                    })
                    .collect();
                self.element("pre", &lines.join("\n"));
            }
            Section::Code(code) => self.command(code),
            Section::Account(found) => {
                self.element("footer", &Untrusted::from(account::sentence(found)).html());
            }
            Section::Chart(chart) => self.out.push_str(&svg::chart(chart)),
            Section::Waterfall(of) => {
                let number = self.number();
                let _ = writeln!(self.out, "<figure>\n{}</figure>", waterfall::svg(of, &number));
            }
            Section::Tiles(tiles) => self.tiles(tiles),
            Section::Steps(steps) => self.steps(steps),
            Section::Panels(panels) => self.panels(panels),
            Section::Plot(plot) => self.plot(plot),
            Section::Meters(meters) => self.meters(meters),
            Section::Board(panes) => self.board(panes),
            Section::Details(line, report) => {
                let _ = writeln!(self.out, "<details><summary>{}</summary>", line.html());
                self.sections(report);
                self.out.push_str("</details>\n");
            }
            other @ (Section::Sparks(_) | Section::HeatMap(_)) => {
                let lines: Vec<String> =
                    picture(other, self.page).unwrap_or_default().iter().map(styled_line).collect();
                self.element("pre", &lines.join("\n"));
            }
        }
    }

    fn element(&mut self, name: &str, inner: &str) {
        for piece in ["<", name, ">", inner, "</", name, ">\n"] {
            self.out.push_str(piece);
        }
    }

    fn command(&mut self, code: &Untrusted) {
        let _ = writeln!(self.out, "<pre class=\"command\"><code>{}</code></pre>", code.html());
    }

    /// A name for the next picture.
    fn number(&mut self) -> String {
        self.pictures += 1;
        format!("picture-{}", self.pictures)
    }

    fn table(&mut self, table: &Table) {
        let class = |i: usize| match table.columns.get(i).map(|column| (column.align, column.lines > 1)) {
            Some((Align::Right, _)) => " class=\"r\"",
            _ if table.columns.get(i).is_some_and(|column| column.whole_words) => " class=\"n\"",
            Some((_, true)) => " class=\"w\"",
            _ => "",
        };
        self.out.push_str("<div class=\"scroll\"><table>\n<tr>");
        for (i, column) in table.columns.iter().enumerate() {
            let _ = write!(self.out, "<th scope=\"col\"{}>{}</th>", class(i), column.title.html());
        }
        self.out.push_str("</tr>\n");
        for row in &table.rows {
            self.out.push_str("<tr>");
            for (i, cell) in row.iter().take(table.columns.len()).enumerate() {
                let text = cell.shown();
                let shown = if table.columns[i].whole_words { broken(&text) } else { text.html() };
                let _ = write!(self.out, "<td{}>{}</td>", class(i), styled(cell.style, &shown));
            }
            self.out.push_str("</tr>\n");
        }
        self.out.push_str("</table></div>\n");
    }

    fn tiles(&mut self, tiles: &[Tile]) {
        self.out.push_str("<div class=\"tiles\">\n");
        for tile in tiles {
            let note = if tile.note.is_empty() {
                String::new()
            } else {
                format!("<div class=\"note\">{}</div>", tile.note.html())
            };
            let _ = writeln!(
                self.out,
                "<div class=\"tile\"><div class=\"dim\">{}</div><div class=\"value\">{}</div>{note}</div>",
                tile.label.html(),
                inline(&tile.value)
            );
        }
        self.out.push_str("</div>\n");
    }

    fn steps(&mut self, steps: &[Step]) {
        self.out.push_str("<ol class=\"steps\">\n");
        for step in steps {
            let at = step.at.map_or_else(
                || "<span class=\"none\">–</span>".to_owned(),
                |at| format!("<time datetime=\"{at}\">{}</time>", at.clock()),
            );
            let place = if step.place.is_empty() {
                String::new()
            } else {
                format!(" <span class=\"place\">{}</span>", step.place.html())
            };
            let _ = writeln!(
                self.out,
                "<li class=\"{}\">{at}<span class=\"what\">{}{place}</span></li>",
                class_of(step.style),
                inline(&step.what)
            );
        }
        self.out.push_str("</ol>\n");
    }

    /// Parts on a grid of 24 columns, in as many widths as are told apart.
    fn board(&mut self, panes: &[Pane]) {
        self.out.push_str("<div class=\"board\">\n");
        for pane in panes {
            let wide = [4, 6, 8, 12, 16].into_iter().find(|wide| pane.columns <= *wide).unwrap_or(24);
            let _ = writeln!(self.out, "<section class=\"w{wide}\">\n<h3>{}</h3>", inline(&pane.title));
            if !pane.note.is_empty() {
                let note = pane.note.html();
                let _ = writeln!(self.out, "<details><summary>About</summary><p>{note}</p></details>");
            }
            self.sections(&pane.inner);
            self.out.push_str("</section>\n");
        }
        self.out.push_str("</div>\n");
    }

    fn plot(&mut self, plot: &Plot) {
        let number = self.number();
        let (svg, legend) = (plot.svg(&number), plot.legend());
        let _ = write!(self.out, "<figure>\n{svg}{legend}<details><summary>Numbers</summary>\n");
        self.table(&plot.table());
        self.out.push_str("</details>\n</figure>\n");
    }

    fn meters(&mut self, meters: &[Meter]) {
        self.out.push_str("<div class=\"scroll\"><table class=\"meters\">\n");
        for meter in meters {
            let width = (meter.share.clamp(0.0, 1.0) * 100.0).max(0.5);
            let _ = writeln!(
                self.out,
                "<tr><th scope=\"row\">{}</th><td class=\"bar\"><svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" \
                 aria-hidden=\"true\"><rect class=\"lane plain\" width=\"100\" height=\"10\"/><rect class=\"{} fill\" \
                 width=\"{width:.1}\" height=\"10\"/></svg></td><td class=\"r\">{}</td></tr>",
                meter.label.html(),
                class_of(meter.style),
                inline(&meter.value)
            );
        }
        self.out.push_str("</table></div>\n");
    }

    fn panels(&mut self, panels: &Panels) {
        for panel in &panels.panels {
            let number = self.number();
            let _ = writeln!(
                self.out,
                "<figure>\n<figcaption><h3>{}</h3>\n<p>{}</p>\n{}</figcaption>\n{}",
                panel.title.html(),
                panel.says.html(),
                pictures::legend(panel),
                pictures::panel(panels, panel, &number)
            );
            self.out.push_str("<details><summary>Numbers");
            if panel.command.is_some() {
                self.out.push_str(" and the command that gives them");
            }
            self.out.push_str("</summary>\n");
            if let Some(command) = &panel.command {
                self.command(command);
            }
            self.table(&panel.table(panels.axis));
            self.out.push_str("</details>\n</figure>\n");
        }
    }
}

/// A text that may go on in another line where the parts of its names meet.
fn broken(text: &Untrusted) -> String {
    let line = text.line();
    let mut parts = vec![String::new()];
    let mut before = ' ';
    for c in line.chars() {
        if paint::meet(before, c) {
            parts.push(String::new());
        }
        parts.iter_mut().rev().take(1).for_each(|part| part.push(c));
        before = c;
    }
    parts.into_iter().map(|part| Untrusted::from(part).html()).collect::<Vec<_>>().join("<wbr>")
}

/// A phrase without its styles.
fn text(phrase: &Phrase) -> Untrusted {
    phrase.0.iter().map(|(_, text)| text.json()).collect::<String>().into()
}

fn inline(phrase: &Phrase) -> String {
    phrase.0.iter().map(|(style, text)| styled(*style, &text.html())).collect()
}

fn styled_line(line: &Line) -> String {
    line.0.iter().map(|(style, text)| styled(*style, &Untrusted::from(text.as_str()).html())).collect()
}

/// Text that is HTML already, in its style.
fn styled(style: Style, html: &str) -> String {
    match style {
        Style::Plain => html.to_owned(),
        Style::Strong => format!("<strong>{html}</strong>"),
        other => format!("<span class=\"{}\">{html}</span>", class_of(other)),
    }
}
