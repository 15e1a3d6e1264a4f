//! The only place that asks for the terminal, the environment, the number of cores and the time.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use super::args::{InputArgs, OutputArgs, SuccessArgs, When};
use super::progress::Progress;
use super::redaction;
use super::verdict;
use crate::detect::own::{self, Own};
use crate::filter;
use crate::format::log;
use crate::format::log::LogFormat;
use crate::format::log::own::PathPattern;
use crate::format::log::own::describe::{self, Described};
use crate::format::log::reader::ReadOptions;
use crate::format::metric;
use crate::model::{Diagnostic, Error, Needs, Role, Timestamp, series};
use crate::outcome::{self, SuccessRule};
use crate::report::Page;
use crate::report::account::counted;
use crate::scan::{self, CHUNK, ScanOptions};
use crate::signatures::{self, known::Family};
use crate::source;

/// What typed arguments mean on this machine.
#[derive(Debug)]
pub(super) struct Config {
    /// How scans are done.
    pub scan: ScanOptions,
    /// The page that reports are written on.
    pub page: Page,
    /// Is the answer read by a person on a terminal?
    pub terminal: bool,
    /// Draws progress until it is dropped; nobody where it is not wanted.
    pub progress: Option<Progress>,
    /// Now.
    pub now: Timestamp,
}

impl Config {
    /// Resolves the shared options.
    pub(super) fn resolve(
        input: &InputArgs,
        output: &OutputArgs,
        cancel: &Arc<AtomicBool>,
    ) -> Result<Self, Error> {
        if output.redact {
            redaction::begin();
        }
        let terminal = std::io::stdout().is_terminal();
        let progress = match output.progress {
            When::Always => true,
            When::Never => false,
            When::Auto => std::io::stderr().is_terminal() && !output.quiet,
        };
        let threads = threads(input.threads)?;
        if input.threads.is_some() {
            scan::bound_threads(threads);
        }
        let scan = ScanOptions {
            threads,
            chunk: input.chunk.unwrap_or(CHUNK).max(1),
            map: !input.no_mmap,
            read: read_options(input)?,
            cancel: Arc::clone(cancel),
            progress: Arc::new(AtomicU64::new(0)),
        };
        let color = colored(output.color, terminal);
        let page = Page { width: width(terminal), color, ascii: ascii(terminal) };
        let progress = progress.then(|| Progress::start(&scan.progress));
        Ok(Config { scan, page, terminal, progress, now: now(input.now.as_deref())? })
    }
}

/// The paths to read: those given, else standard input if something is connected to it, else here.
pub(super) fn paths(given: &[PathBuf]) -> Vec<PathBuf> {
    if !given.is_empty() {
        return given.to_vec();
    }
    vec![PathBuf::from(if std::io::stdin().is_terminal() { "." } else { "-" })]
}

/// May colours be used on standard error?
pub(super) fn color_on_stderr() -> bool {
    colored(When::Auto, std::io::stderr().is_terminal())
}

fn threads(asked: Option<usize>) -> Result<usize, Error> {
    match asked {
        Some(0) => Err(Error::usage("--threads 0 leaves nobody to work").hinted("give 1 or more")),
        Some(threads) => Ok(threads.min(256)),
        None => Ok(std::thread::available_parallelism().map_or(1, usize::from)),
    }
}

fn read_options(input: &InputArgs) -> Result<ReadOptions, Error> {
    let described = match text(input)? {
        Some((shown, text)) => {
            describe::read(&shown, &text).map_err(|problems| unusable(&shown, &problems))?
        }
        None => Described::default(),
    };
    let own = |name: &str| -> Option<&'static dyn LogFormat> {
        let own = described.formats.iter().copied().find(|own| own.name() == name)?;
        Some(own)
    };
    let (mut format, mut metric) = (None, None);
    if let Some(name) = &input.format {
        format = log::by_name(name).or_else(|| own(name));
        metric = if format.is_none() { metric::by_name(name) } else { None };
        if format.is_none() && metric.is_none() {
            return Err(Error::usage(format!("there is no format `{name}`"))
                .hinted("`obs formats list` names them all"));
        }
    }
    let zone = input.tz.parse().map_err(|_| {
        Error::usage(format!("there is no time zone `{}`", input.tz))
            .hinted("zones have names such as UTC, Europe/Berlin or Asia/Seoul")
    })?;
    let typed: Vec<_> = input.map.iter().map(|pair| role_map(pair)).collect::<Result<_, _>>()?;
    // What is typed comes before what is configured.
    let configured = described.map.into_iter().filter(|(role, _)| !typed.iter().any(|(of, _)| of == role));
    let map = typed.iter().cloned().chain(configured).collect();
    let labels = input.label.iter().map(|label| file_label(label)).collect::<Result<_, _>>()?;
    let (own, zones) = (described.formats, described.zones);
    Ok(ReadOptions { format, metric, zone: Some(zone), map, own, zones, labels })
}

/// `job=node`, or `job=node:node*.prom`, which is about some files.
fn file_label(given: &str) -> Result<(String, String, Option<PathPattern>), Error> {
    let wrong = |what: &str| {
        Error::usage(format!("--label {given} {what}")).hinted(
            "write --label NAME=VALUE or --label NAME=VALUE:GLOB, such as --label 'job=node:node*.prom'",
        )
    };
    let (name, value) = given.split_once('=').ok_or_else(|| wrong("gives no value"))?;
    if !series::is_plain_label(name) {
        return Err(wrong("names no label"));
    }
    // An address has a colon, too: host:9100.
    let (value, files) = match value.rsplit_once(':') {
        Some((value, files)) if !files.bytes().all(|b| b.is_ascii_digit()) => (value, Some(files)),
        _ => (value, None),
    };
    if value.is_empty() {
        return Err(wrong("gives no value"));
    }
    let files = files
        .map(PathPattern::new)
        .transpose()
        .map_err(|trouble| wrong(&format!("has a pattern that is none: {trouble}")))?;
    Ok((name.to_owned(), value.to_owned(), files))
}

/// `request_id=order,orderNo`.
fn role_map(pair: &str) -> Result<(Role, Vec<String>), Error> {
    let roles = || Role::ALL.map(Role::name).join(" ");
    let (role, fields) = pair.split_once('=').ok_or_else(|| {
        Error::usage(format!("--map {pair} maps nothing"))
            .hinted("write --map ROLE=FIELD, such as --map user=customer")
    })?;
    let role = Role::from_name(role).ok_or_else(|| {
        Error::usage(format!("there is no role `{role}`")).hinted(format!("roles: {}", roles()))
    })?;
    Ok((role, fields.split(',').map(str::to_owned).collect()))
}

/// The configuration that is named, or found where it is looked for: its name and its text.
pub(super) fn text(input: &InputArgs) -> Result<Option<(String, String)>, Error> {
    let Some(path) = input.config.clone().or_else(configuration) else { return Ok(None) };
    let read = source::read_text(&path).map_err(|trouble| {
        let error = Error::input(trouble.to_string());
        trouble.hint.map_or(error.clone(), |hint| error.hinted(hint))
    })?;
    Ok(Some(read))
}

/// The detectors that the configuration declares; what they look at is added to `needs`.
pub(super) fn detectors(input: &InputArgs, needs: &mut Needs) -> Result<Vec<Own>, Error> {
    let Some((shown, text)) = text(input)? else { return Ok(Vec::new()) };
    own::parse(&shown, &text, needs).map_err(|problems| unusable(&shown, &problems))
}

/// The signatures that the configuration declares.
pub(super) fn declared(input: &InputArgs) -> Result<Vec<&'static Family>, Error> {
    let Some((shown, text)) = text(input)? else { return Ok(Vec::new()) };
    signatures::declared::parse(&shown, &text).map_err(|problems| unusable(&shown, &problems))
}

/// What a success is: as typed, else as configured, else as usual; what it looks at is added to `needs`.
pub(super) fn success(
    typed: &SuccessArgs,
    input: &InputArgs,
    needs: &mut Needs,
) -> Result<SuccessRule, Error> {
    let source = match (&typed.success, text(input)?) {
        (Some(typed), _) => Some(typed.clone()),
        (None, Some((shown, text))) => outcome::declared(&text).map_err(|(line, column, message)| {
            unusable(&shown, &[Diagnostic::error(format!("{shown}:{line}:{column}"), message)])
        })?,
        (None, None) => None,
    };
    source.map_or(Ok(SuccessRule::Usual), |source| SuccessRule::parse(&source, needs))
}

/// Says what is wrong with a configuration.
pub(super) fn unusable(shown: &str, problems: &[Diagnostic]) -> Error {
    verdict::warn(problems, false);
    let errors = counted(problems.len() as u64, "error", "errors");
    Error::usage(format!("{shown} is not used: it has {errors}"))
}

/// Where a configuration is looked for when none is named: here, then in the user's configuration directory.
#[expect(clippy::disallowed_methods, reason = "cli/config is where the environment is read")]
fn configuration() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let user = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")));
    let places = [Some(PathBuf::from("obs.yaml")), user.map(|user| user.join("obs").join("obs.yaml"))];
    places.into_iter().flatten().find(|place| place.is_file())
}

#[expect(clippy::disallowed_methods, reason = "cli/config is where the environment is read")]
fn colored(when: When, terminal: bool) -> bool {
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto => {
            terminal
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
                && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
        }
    }
}

/// Columns to fill: the terminal's, up to what a line is read well at; 80 elsewhere.
fn width(terminal: bool) -> usize {
    let columns = rustix::termios::tcgetwinsize(std::io::stdout()).ok().map(|size| usize::from(size.ws_col));
    match columns {
        Some(columns) if terminal && columns > 0 => columns.clamp(40, 160),
        _ => 80,
    }
}

/// Can only ASCII be shown? Said by the locale `POSIX`, for a terminal by `C`, too: what goes to a file or a program
/// depends on no locale that is there by chance.
#[expect(clippy::disallowed_methods, reason = "cli/config is where the environment is read")]
fn ascii(terminal: bool) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    locale.is_some_and(|locale| locale == "POSIX" || terminal && locale == "C")
}

#[expect(clippy::disallowed_methods, reason = "cli/config is where the clock is")]
fn now(given: Option<&str>) -> Result<Timestamp, Error> {
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let now = Timestamp(i64::try_from(clock.as_nanos()).unwrap_or(i64::MAX));
    let Some(given) = given else { return Ok(now) };
    filter::When::parse(given)?.resolve(filter::when::Reference { now, zone: &|_| 0, data: None })
}
