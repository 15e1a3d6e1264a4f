//! What is said and how: tables, JSON, CSV, Markdown; every neutralisation of hostile text.
//!
//! A command builds a [`Report`] of [`Section`]s; a renderer turns it into text. JSON is not rendered from a
//! report: a command gives its own serde value to [`json`].

pub mod account;
pub mod chart;
pub mod csv;
pub mod escape;
pub mod github;
#[cfg(test)]
mod golden;
pub mod heat;
mod html;
pub mod json;
pub mod junit;
mod markdown;
pub mod paint;
pub mod palette;
pub mod panel;
mod pictures;
pub mod plot;
pub mod redact;
pub mod sarif;
mod sheet;
pub mod spark;
mod svg;
pub mod table;
mod terminal;
pub mod verdict;
pub mod waterfall;

pub use account::AccountJson;
pub use chart::Chart;
pub use escape::Untrusted;
pub use heat::HeatMap;
pub use paint::{Page, Phrase, Style};
pub use panel::{Panel, Panels, Shape, TimeAxis, Track};
pub use plot::Plot;
pub use redact::Redactor;
pub use spark::Spark;
pub use table::{Align, Cell, Column, Table};
pub use verdict::{Outcome, Verdict};
pub use waterfall::Waterfall;

use crate::model::{Account, Timestamp};

/// What a command has to say, in the order in which it is read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Its parts.
    pub sections: Vec<Section>,
}

/// A part of a report.
#[derive(Clone, Debug, PartialEq)]
pub enum Section {
    /// What the parts below are about.
    Heading(Phrase),
    /// Sentences.
    Paragraph(Phrase),
    /// Rows and columns.
    Table(Table),
    /// Names and their values, one pair a line.
    KeyValues(Vec<(Untrusted, Phrase)>),
    /// Lines of files, with the place of each beside it.
    Lines(Vec<Evidence>),
    /// A command to type.
    Code(Untrusted),
    /// Small curves, one a line, with a label before and a value behind.
    Sparks(Vec<Spark>),
    /// Curves over time.
    Chart(Chart),
    /// How many by moment and by size.
    HeatMap(HeatMap),
    /// What happened to one request.
    Waterfall(Waterfall),
    /// What the whole report says, in a sentence.
    Title(Phrase),
    /// The numbers to see first.
    Tiles(Vec<Tile>),
    /// What happened, step by step.
    Steps(Vec<Step>),
    /// Pictures over one axis of time.
    Panels(Panels),
    /// A chart with axes of its own.
    Plot(Plot),
    /// Numbers as lengths, one a line.
    Meters(Vec<Meter>),
    /// Parts beside each other, as far as the page is wide enough.
    Board(Vec<Pane>),
    /// More of the same for who wants it: a line, and what is behind it.
    Details(Untrusted, Report),
    /// What was read.
    Account(Account),
}

/// A number to see first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tile {
    /// What it is.
    pub label: Untrusted,
    /// The number.
    pub value: Phrase,
    /// What to know about it.
    pub note: Untrusted,
}

/// A number as a length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meter {
    /// What it is.
    pub label: Untrusted,
    /// How long it is, from 0 to 1.
    pub share: f64,
    /// The number.
    pub value: Phrase,
    /// How it is drawn.
    pub style: Style,
}

/// A part of a board.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pane {
    /// How wide it is, in columns of 24.
    pub columns: u32,
    /// What it is.
    pub title: Phrase,
    /// What to know about it; may be empty.
    pub note: Untrusted,
    /// What is in it.
    pub inner: Report,
}

/// One step of what happened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// When.
    pub at: Option<Timestamp>,
    /// What.
    pub what: Phrase,
    /// Where it can be read: `db.log:12079`; may be empty.
    pub place: Untrusted,
    /// How bad it was.
    pub style: Style,
}

/// A line of a file that shows something.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// Where it stands: `db.log:12079`.
    pub place: Untrusted,
    /// What stands there; it may have several lines.
    pub text: Phrase,
    /// Is it what was asked for, or context around it?
    pub context: bool,
    /// Is all of it shown, however long it is?
    pub whole: bool,
}

impl Report {
    /// Nothing said yet.
    pub fn new() -> Report {
        Report::default()
    }

    /// Adds a part.
    pub fn push(&mut self, section: Section) {
        self.sections.push(section);
    }

    /// Adds a heading.
    pub fn heading(&mut self, text: impl Into<Phrase>) {
        self.push(Section::Heading(text.into()));
    }

    /// Adds sentences.
    pub fn paragraph(&mut self, text: impl Into<Phrase>) {
        self.push(Section::Paragraph(text.into()));
    }
}

/// A way to write a report.
#[derive(Clone, Copy, Debug)]
pub struct Renderer {
    /// The word for `--output`.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Writes it.
    pub render: fn(&Report, Page) -> String,
}

/// Every way to write a report.
pub const RENDERERS: [Renderer; 4] = [
    Renderer { name: "table", about: "for people, in a terminal", render: terminal::render },
    Renderer { name: "markdown", about: "for tickets and post-mortems", render: markdown::render },
    Renderer { name: "csv", about: "a table alone, for spreadsheets", render: csv::render },
    Renderer { name: "html", about: "one page without scripts, opens offline", render: html::render },
];

/// The renderer of that name.
pub fn renderer(name: &str) -> Option<&'static Renderer> {
    RENDERERS.iter().find(|renderer| renderer.name == name)
}

/// The lines of a section that is a picture.
fn picture(section: &Section, page: Page) -> Option<Vec<paint::Line>> {
    match section {
        Section::Sparks(sparks) => Some(spark::lines(sparks, page)),
        Section::Chart(chart) => Some(chart.lines(page)),
        Section::HeatMap(map) => Some(map.lines(page)),
        Section::Waterfall(waterfall) => Some(waterfall.lines(page)),
        _ => None,
    }
}

/// The same in simpler sections, for renderers that have no form of their own for it.
fn simpler(section: &Section) -> Option<Vec<Section>> {
    match section {
        Section::Title(phrase) => Some(vec![Section::Paragraph(phrase.clone())]),
        Section::Tiles(tiles) => {
            let pair = |tile: &Tile| {
                let note = if tile.note.is_empty() { "" } else { "  " };
                let value = tile.value.clone().and(Style::Plain, note).and(Style::Dim, tile.note.clone());
                (tile.label.clone(), value)
            };
            Some(vec![Section::KeyValues(tiles.iter().map(pair).collect())])
        }
        Section::Steps(steps) => {
            let mut table = Table::new(vec![
                Column::text("at").importance(9),
                Column::text("what").importance(8).wrapped(),
                Column::text("where").importance(1),
            ]);
            for step in steps {
                let words: Vec<&str> = step.what.0.iter().map(|(_, text)| text.json()).collect();
                let at = step.at.map_or_else(Cell::none, Cell::clock);
                table.row(vec![at, Cell::text(words.concat()), Cell::text(step.place.clone())]);
            }
            Some(vec![Section::Table(table)])
        }
        Section::Panels(panels) => {
            let simple = |panel: &Panel| {
                let says = if panel.title.is_empty() {
                    Phrase::from(panel.says.clone())
                } else {
                    let title = Phrase::new().and(Style::Strong, panel.title.clone());
                    title.and(Style::Plain, ": ").and(Style::Plain, panel.says.clone())
                };
                let says = Section::Paragraph(says);
                [says, Section::Sparks(panel.sparks(panels.axis))]
                    .into_iter()
                    .chain(panel.command.clone().map(Section::Code))
            };
            Some(panels.panels.iter().flat_map(simple).collect())
        }
        Section::Plot(plot) => {
            /// Curves where each takes a line.
            const CURVES: usize = 8;
            let mut sparks = plot.sparks();
            let more = sparks.len().saturating_sub(CURVES);
            sparks.truncate(CURVES);
            let more = (more > 0).then(|| format!("… and {more} more series"));
            let more = more.map(|more| Section::Paragraph(Phrase::new().and(Style::Dim, more)));
            Some(std::iter::once(Section::Sparks(sparks)).chain(more).collect())
        }
        Section::Meters(meters) => {
            /// Columns of the longest.
            const LONGEST: usize = 24;
            let mut table = Table::new(vec![
                Column::text("what").importance(9),
                Column::text(""),
                Column::number("value"),
            ]);
            for meter in meters {
                let length = spark::bar(meter.share, LONGEST, false);
                let value: String = meter.value.0.iter().map(|(_, text)| text.json()).collect();
                let length = Cell::text(length).styled(meter.style);
                table.row(vec![
                    Cell::text(meter.label.clone()),
                    length,
                    Cell::text(value).styled(meter.style),
                ]);
            }
            Some(vec![Section::Table(table)])
        }
        Section::Board(panes) => {
            // Each stands between lines without anything.
            let simple = |pane: &Pane| {
                [Phrase::new(), pane.title.clone()]
                    .into_iter()
                    .map(Section::Paragraph)
                    .chain(pane.inner.sections.clone())
                    .chain([Section::Paragraph(Phrase::new())])
            };
            Some(panes.iter().flat_map(simple).collect())
        }
        Section::Details(line, report) => {
            let line = Section::Paragraph(Phrase::new().and(Style::Dim, line.clone()));
            Some(std::iter::once(line).chain(report.sections.iter().cloned()).collect())
        }
        _ => None,
    }
}
