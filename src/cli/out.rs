//! Standard output, and what becomes of it when it cannot be written.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use serde::Serialize;
use tempfile::NamedTempFile;

use super::args::Form;
use super::pager::Pager;
use super::redaction;
use super::verdict;
use super::{Cli, config, said, shell, tables};
use crate::model::{Error, ErrorKind};
use crate::report::{Page, Report, Section, Verdict as Checked, csv, github, json, junit, renderer, sarif};

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

/// Writes a file that an option named, all of it or nothing: beside its place, to be renamed once it is whole, so that
/// what was there stays until then.
pub(super) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    // Some file systems tell only when all is on the disk that there is no room.
    write_whole(path, &[bytes], fs::File::sync_all)
}

/// The same of a state, which comes in pieces: whether all of it is there, its check sum tells.
pub(super) fn write_state(path: &Path, pieces: &[Vec<u8>]) -> Result<(), Error> {
    write_whole(path, pieces, |_| Ok(()))
}

fn write_whole(
    path: &Path,
    pieces: &[impl AsRef<[u8]>],
    settled: impl Fn(&fs::File) -> io::Result<()>,
) -> Result<(), Error> {
    let whole = || -> io::Result<()> {
        if is_special(path) {
            return write_through(path, pieces);
        }
        let place = place_of(path);
        let mut file = beside(&place)?;
        pieces.iter().try_for_each(|piece| file.write_all(piece.as_ref()))?;
        if let Ok(known) = fs::metadata(&place) {
            file.as_file().set_permissions(known.permissions())?;
        }
        settled(file.as_file())?;
        file.persist(&place).map(drop).map_err(|error| error.error)
    };
    whole().map_err(|error| unwritable(path, &error))
}

/// Makes sure that a file that an option named can be written, before anything is read for it; `-` is standard output.
pub(super) fn try_file(path: &Path) -> Result<(), Error> {
    if path == Path::new("-") || is_special(path) {
        return Ok(());
    }
    if path.is_dir() {
        return Err(Error::new(ErrorKind::Output, format!("{} is a directory", path.display()))
            .hinted("name the file to write"));
    }
    beside(&place_of(path)).map(drop).map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &io::Error) -> Error {
    Error::new(ErrorKind::Output, format!("{} cannot be written: {error}", path.display()))
}

/// A pipe or a device is written as it is.
fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|known| !known.is_file() && !known.is_dir())
}

#[expect(clippy::disallowed_methods, reason = "the file was named, and only cli/ writes")]
fn write_through(path: &Path, pieces: &[impl AsRef<[u8]>]) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    pieces.iter().try_for_each(|piece| file.write_all(piece.as_ref()))
}

/// Where the file is: a link stays one.
fn place_of(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// A file in the same directory that goes away unless it is renamed.
fn beside(place: &Path) -> io::Result<NamedTempFile> {
    let directory = place.parent().filter(|directory| !directory.as_os_str().is_empty());
    let readable = fs::Permissions::from_mode(0o666);
    tempfile::Builder::new()
        .prefix(".obs-")
        .permissions(readable)
        .tempfile_in(directory.unwrap_or_else(|| Path::new(".")))
        // Without the made-up name, which nobody knows.
        .map_err(|error| io::Error::from(error.kind()))
}

/// A JSON value behind the name of its schema, such as `obs.stats/1`: the number grows when a key goes away or means
/// something else.
#[derive(Serialize)]
struct Named<'v, T: Serialize> {
    schema: &'static str,
    #[serde(flatten)]
    value: &'v T,
}

/// Writes a report, or the JSON object that holds the same, by its schema.
pub(super) fn write_report<T: Serialize>(
    form: Form,
    page: Page,
    report: &Report,
    (schema, value): (&'static str, &T),
) -> Result<(), Error> {
    write_form(form, page, report, &Named { schema, value })
}

/// Writes a report, or the JSON list that holds the same.
pub(super) fn write_list<T: Serialize>(
    form: Form,
    page: Page,
    report: &Report,
    list: &[T],
) -> Result<(), Error> {
    write_form(form, page, report, &list)
}

fn write_form<T: Serialize>(form: Form, page: Page, report: &Report, value: &T) -> Result<(), Error> {
    match form {
        Form::Json => write_json(value),
        Form::Jsonl => write_lines(&line(json::compact(value).map_err(|error| no_json(&error))?)),
        Form::Csv => write_table(&redaction::report(report)),
        Form::Html if !has_title(report) => write_rendered("html", page, &titled(report)),
        other => write_rendered(&other.name(), page, report),
    }
}

fn write_rendered(form: &str, page: Page, report: &Report) -> Result<(), Error> {
    match renderer(form) {
        Some(renderer) => write_all((renderer.render)(&redaction::report(report), page).as_bytes()),
        None => Err(Error::usage(format!("there is no form {form} of this answer"))
            .hinted("it can be table, json, csv, markdown or html")),
    }
}

fn has_title(report: &Report) -> bool {
    report.sections.iter().any(|section| matches!(section, Section::Title(_)))
}

/// The same with a title and the command that makes it, for whoever gets the page and nothing else.
fn titled(report: &Report) -> Report {
    let command = Cli::command();
    let about = said::subcommand(&command).and_then(|command| command.get_about());
    let words = config::arguments().skip(1).map(|word| shell::typed(&word.to_string_lossy()));
    let typed: Vec<String> = std::iter::once("obs".to_owned()).chain(words).collect();
    let mut titled = Report::new();
    titled.push(Section::Title(about.map_or_else(|| "obs".to_owned(), ToString::to_string).into()));
    titled.push(Section::Code(typed.join(" ").into()));
    titled.sections.extend(report.sections.iter().cloned());
    titled
}

/// Writes a table of a report as CSV, and says which others there are.
fn write_table(report: &Report) -> Result<(), Error> {
    let (wanted, quiet) = tables::chosen();
    let all = csv::tables(report);
    let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    let table = match wanted {
        None => all.first(),
        Some(wanted) => match all.iter().find(|(name, _)| name == wanted) {
            Some(table) => Some(table),
            None => {
                let error = Error::usage(format!("there is no table `{wanted}` in this answer"));
                return Err(error.hinted(match names.len() {
                    0 => "it has none; --output json has everything".to_owned(),
                    _ => format!("there are {}", names.join(", ")),
                }));
            }
        },
    };
    let Some((shown, table)) = table else {
        verdict::note("there is no table in this answer; --output json has everything");
        return Ok(());
    };
    write_all(csv::write(table).as_bytes())?;
    let others: Vec<&str> = names.into_iter().filter(|name| name != shown).collect();
    if wanted.is_none() && !quiet && !others.is_empty() {
        verdict::note(&format!("this is the table {shown}; --table has others: {}", others.join(", ")));
    }
    Ok(())
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
        let mut out = Out::new();
        json::pretty_to(value, &mut out.stdout)
            .map_err(|error| if error.is_io() { failed(&io::Error::from(error)) } else { no_json(&error) })?;
        out.write(b"\n")?;
        return out.finish();
    }
    let mut value = serde_json::to_value(value).map_err(|error| no_json(&error))?;
    redaction::json(&mut value);
    write_all(&line(json::pretty(&value).map_err(|error| no_json(&error))?))
}

/// Writes JSON values, one a line.
pub(super) fn write_lines(text: &[u8]) -> Result<(), Error> {
    write_all(&redaction::json_lines(text))
}

/// Writes what checks found, in one of the forms that services read.
pub(super) fn write_verdicts(form: Form, verdicts: &[Checked]) -> Result<(), Error> {
    let bytes = match form {
        Form::Junit => junit::render(verdicts).into_bytes(),
        Form::Github => github::render(verdicts).into_bytes(),
        _ => sarif::render(verdicts, env!("CARGO_PKG_VERSION")).map_err(|error| no_json(&error))?,
    };
    write_text(&bytes)
}

/// Writes an answer that is neither a report nor JSON.
pub(super) fn write_text(text: &[u8]) -> Result<(), Error> {
    write_all(&redaction::bytes(text))
}

fn line(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.push(b'\n');
    bytes
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
