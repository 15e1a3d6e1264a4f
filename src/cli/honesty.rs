//! What was read, file by file, and the lines that no format understood: for those who ask.

use std::ops::ControlFlow;

use serde::Serialize;

use super::args::Form;
use super::out;
use super::session::Session;
use super::verdict;
use crate::model::{Account, Error, Needs};
use crate::report::account::{counted, sentence};
use crate::report::{AccountJson, Cell, Column, Report, Section, Table};
use crate::scan::{self, Selection};

/// The account of one file.
#[derive(Serialize)]
struct FileAccountJson<'a> {
    file: &'a str,
    #[serde(flatten)]
    account: AccountJson,
}

impl Session {
    /// Writes a report, or the JSON value that holds the same; with `-v`, what was read of each file is in both.
    pub(super) fn write<T: Serialize>(
        &mut self,
        form: Form,
        report: &Report,
        (schema, json): (&'static str, &T),
    ) -> Result<(), Error> {
        if !self.verbose {
            return out::write_report(form, self.config.page, report, (schema, json));
        }
        self.told = true;
        let mut report = report.clone();
        let at = report
            .sections
            .iter()
            .rposition(|section| matches!(section, Section::Account(_)))
            .unwrap_or(report.sections.len());
        let table = self.table();
        report.sections.insert(at, Section::Heading("what was read".into()));
        report.sections.insert(at + 1, Section::Table(table));
        if !self.inputs.skipped.is_empty() {
            report.sections.insert(at + 2, Section::Heading("not read".into()));
            report.sections.insert(at + 3, Section::Table(self.skipped_table()));
        }
        // Only what cannot be said in JSON fails here, and that fails below, too.
        let mut value = serde_json::to_value(json).unwrap_or_default();
        if let Some(input) = value.get_mut("input").and_then(serde_json::Value::as_object_mut) {
            let files: Vec<_> = self.by_file().collect();
            input.insert("by_file".to_owned(), serde_json::to_value(files).unwrap_or_default());
        }
        out::write_report(form, self.config.page, &report, (schema, &value))
    }

    fn by_file(&self) -> impl Iterator<Item = FileAccountJson<'_>> {
        let files = self.inputs.logs.iter().zip(&self.accounts);
        files.map(|(input, account)| FileAccountJson { file: &input.shown, account: account.into() })
    }

    fn table(&self) -> Table {
        let columns = vec![
            Column::path("file").importance(9),
            Column::number("lines"),
            Column::number("entries"),
            Column::number("continuation"),
            Column::number("unparsed"),
            Column::number("bytes"),
        ];
        let rows = self.by_file().map(|FileAccountJson { file, account }| {
            vec![
                Cell::text(file),
                Cell::count(account.lines),
                Cell::count(account.entries),
                Cell::count(account.continuation),
                Cell::count(account.unparsed),
                Cell::count(account.bytes),
            ]
        });
        let rows = rows.collect();
        Table { name: "read", columns, rows }
    }

    fn skipped_table(&self) -> Table {
        let columns = vec![Column::path("file").importance(9), Column::text("because it is").wrapped()];
        let skipped = self.inputs.skipped.iter();
        let rows = skipped
            .map(|(file, reason)| vec![Cell::text(file.as_str()), Cell::text(reason.as_str())])
            .collect();
        Table { name: "skipped", columns, rows }
    }

    /// Says on stderr what was read of each file, where that stands in no report.
    pub(super) fn tell_files(&self) {
        let mut all = self.inputs.skipped_account();
        if !self.verbose || self.told {
            // Columns have no place for the account, which every answer has.
            if self.form == Form::Csv && !self.is_quiet() && !self.accounts.is_empty() {
                self.accounts.iter().for_each(|account| all.merge(account));
                verdict::note(&sentence(&all));
            }
            return;
        }
        for (input, account) in self.inputs.logs.iter().zip(&self.accounts) {
            verdict::note(&format!("{}: {}", input.shown, sentence(account)));
            all.merge(account);
        }
        for (file, reason) in &self.inputs.skipped {
            verdict::note(&format!("{file}: skipped: {reason}"));
        }
        if !self.accounts.is_empty() {
            verdict::note(&sentence(&all));
        }
    }

    /// Says every line that no format understood on stderr.
    pub(super) fn show_unparsed(&self) {
        let selection = Selection::everything(Needs::none());
        let _ = scan::run(
            &self.inputs.logs,
            &selection.needs,
            &self.config.scan,
            || (),
            |(), chunk| {
                let mut lines: Vec<(u64, String)> = Vec::new();
                let _ = chunk.entries(&selection, |entry| {
                    if !entry.understood {
                        let line = entry.raw.split(|b| *b == b'\n').next().unwrap_or_default();
                        lines.push((
                            u64::from(entry.location.line),
                            String::from_utf8_lossy(line).into_owned(),
                        ));
                    }
                    ControlFlow::Continue(())
                });
                lines
            },
            |delivered| {
                let file = &self.inputs.logs[delivered.file as usize].shown;
                for (line, text) in delivered.output {
                    verdict::unparsed(file, delivered.lines_before + line + 1, &text);
                }
                ControlFlow::Continue(())
            },
        );
    }

    /// The account of all files, read for its own sake by commands that answer without one.
    pub(super) fn count(&mut self) -> Account {
        let (_, mut scanned) = self.everything();
        scanned.diagnostics.clear();
        self.account(&mut scanned)
    }

    /// `1 line was not understood`, as an error of `--strict`.
    pub(super) fn not_understood(count: u64) -> String {
        format!("{} not understood by any format", counted(count, "line was", "lines were"))
    }
}
