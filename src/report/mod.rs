//! What is said and how: tables, JSON, CSV, Markdown; every neutralisation of hostile text.
//!
//! A command builds a [`Report`] of [`Section`]s; a renderer turns it into text. JSON is not rendered from a
//! report: a command gives its own serde value to [`json`].

pub mod account;
pub mod chart;
mod csv;
pub mod escape;
pub mod github;
#[cfg(test)]
mod golden;
mod html;
pub mod json;
pub mod junit;
mod markdown;
pub mod paint;
pub mod sarif;
pub mod spark;
mod svg;
pub mod table;
mod terminal;
pub mod verdict;
pub mod waterfall;

pub use account::AccountJson;
pub use chart::Chart;
pub use escape::Untrusted;
pub use paint::{Page, Phrase, Style};
pub use spark::Spark;
pub use table::{Align, Cell, Column, Table};
pub use verdict::{Outcome, Verdict};
pub use waterfall::Waterfall;

use crate::model::Account;

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
    /// What happened to one request.
    Waterfall(Waterfall),
    /// What was read.
    Account(Account),
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
    Renderer { name: "csv", about: "the tables alone, for spreadsheets", render: csv::render },
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
        Section::Waterfall(waterfall) => Some(waterfall.lines(page)),
        _ => None,
    }
}
