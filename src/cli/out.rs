//! Standard output, and what becomes of it when it cannot be written.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde::Serialize;

use super::args::Form;
use super::pager::Pager;
use super::redaction;
use crate::model::{Error, ErrorKind};
use crate::report::{Page, Report, json, renderer};

/// Standard output, buffered.
pub(super) struct Out {
    stdout: BufWriter<Box<dyn Write + Send>>,
}

impl Out {
    /// Takes standard output.
    pub(super) fn new() -> Self {
        let to: Box<dyn Write + Send> = match Pager::start() {
            Some(pager) => Box::new(pager),
            None => Box::new(io::stdout()),
        };
        Out { stdout: BufWriter::with_capacity(1 << 16, to) }
    }

    /// Writes bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.stdout.write_all(bytes).map_err(|error| failed(&error))
    }

    /// Hands on what was written so far.
    pub(super) fn flush(&mut self) -> Result<(), Error> {
        self.stdout.flush().map_err(|error| failed(&error))
    }

    /// Writes what is left. Without this a full disk could go unnoticed.
    pub(super) fn finish(mut self) -> Result<(), Error> {
        self.stdout.flush().map_err(|error| failed(&error))
    }
}

/// Writes all of an answer.
pub(super) fn write_all(bytes: &[u8]) -> Result<(), Error> {
    let mut out = Out::new();
    out.write(bytes)?;
    out.finish()
}

/// Writes a file that an option named.
#[expect(clippy::disallowed_methods, reason = "the file was named, and only cli/ writes")]
pub(super) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    std::fs::write(path, bytes).map_err(|error| {
        Error::new(ErrorKind::Output, format!("{} cannot be written: {error}", path.display()))
    })
}

/// Writes a report, or the JSON value that holds the same.
pub(super) fn write_report<T: Serialize>(
    form: Form,
    page: Page,
    report: &Report,
    value: &T,
) -> Result<(), Error> {
    match form {
        Form::Json => write_json(value),
        Form::Jsonl => write_lines(&line(json::compact(value).map_err(|error| no_json(&error))?)),
        other => match renderer(&other.name()) {
            Some(renderer) => write_all((renderer.render)(&redaction::report(report), page).as_bytes()),
            None => Err(unsupported(other, "table, json, csv, markdown or html")),
        },
    }
}

/// Writes a report into a file that was named; `-` is standard output.
pub(super) fn write_report_file(path: &Path, name: &str, page: Page, report: &Report) -> Result<(), Error> {
    let Some(renderer) = renderer(name) else { return Ok(()) };
    let text = (renderer.render)(&redaction::report(report), page);
    if path == Path::new("-") { write_all(text.as_bytes()) } else { write_file(path, text.as_bytes()) }
}

/// Writes a JSON value for people and programs.
pub(super) fn write_json<T: Serialize + ?Sized>(value: &T) -> Result<(), Error> {
    if !redaction::is_on() {
        return write_all(&line(json::pretty(value).map_err(|error| no_json(&error))?));
    }
    let mut value = serde_json::to_value(value).map_err(|error| no_json(&error))?;
    redaction::json(&mut value);
    write_all(&line(json::pretty(&value).map_err(|error| no_json(&error))?))
}

/// Writes JSON values, one a line.
pub(super) fn write_lines(text: &[u8]) -> Result<(), Error> {
    write_all(&redaction::json_lines(text))
}

/// Writes an answer that is neither a report nor JSON.
pub(super) fn write_text(text: &[u8]) -> Result<(), Error> {
    write_all(&redaction::bytes(text))
}

fn line(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.push(b'\n');
    bytes
}

/// This command has no such form of output.
pub(super) fn unsupported(form: Form, instead: &str) -> Error {
    Error::usage(format!("--output {} is not a form of this command's answer", form.name()))
        .hinted(format!("it can be {instead}"))
}

fn no_json(error: &serde_json::Error) -> Error {
    Error::new(ErrorKind::Output, format!("the answer cannot be written as JSON: {error}"))
}

/// What a failed write means.
pub(super) fn failed(error: &io::Error) -> Error {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Error::new(ErrorKind::Closed, "the reader went away");
    }
    let cause = match error.kind() {
        io::ErrorKind::StorageFull => "no space left on the device".to_owned(),
        _ => error.to_string(),
    };
    Error::new(ErrorKind::Output, format!("the answer cannot be written: {cause}"))
}
