//! The only place that asks for the terminal, the environment, the number of cores and the time.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, Once, PoisonError};

use super::args::{Form, InputArgs, OutputArgs, SuccessArgs, Theme, When};
use super::doing;
use super::near;
use super::pager;
use super::progress::Progress;
use super::redaction;
use super::tables;
use super::verdict;
use crate::detect::own::{self, Own};
use crate::filter;
use crate::format::log;
use crate::format::log::LogFormat;
use crate::format::log::own::PathPattern;
use crate::format::log::own::describe::{self, Described};
use crate::format::log::reader::ReadOptions;
use crate::format::metric;
use crate::model::{Diagnostic, Error, Needs, Role, Timestamp, series, time};
use crate::outcome::{self, SuccessRule};
use crate::report::Page;
use crate::report::account::counted;
use crate::report::palette::{self, Palette};
use crate::scan::{self, CHUNK, ScanOptions};
use crate::signatures::{self, known::Family};
use crate::source::{self, Picks};

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
        if input.config.is_none() && !output.quiet {
            name_configuration();
        }
        if output.table.is_some() && output.output != Form::Csv {
            return Err(Error::usage("--table chooses one of the tables of --output csv"));
        }
        tables::choose(output.table.clone(), output.quiet);
        let apart = doing::current();
        // What is done in parts is the same whoever looks on.
        let terminal = std::io::stdout().is_terminal() && apart.is_none();
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
            progress: Arc::default(),
            apart,
        };
        let color = colored(output.color, terminal);
        let palette = palette(output.theme)?;
        let link = linked(output.hyperlink, terminal).then(here).flatten();
        let page = Page { width: width(terminal), color, ascii: ascii(terminal), palette, link };
        show_times(&output.time_zone)?;
        if pages(output.paging, terminal) {
            let unsaid = pager::USUAL_OPTIONS.into_iter().filter(|(name, _)| !is_set(name)).collect();
            pager::begin(variable("OBS_PAGER").or_else(|| variable("PAGER")), unsaid);
        }
        let progress = progress.then(|| Progress::start(&scan.progress, page.ascii));
        Ok(Config {
            scan,
            page,
            terminal,
            progress,
            now: doing::now().map_or_else(|| now(input.now.as_deref()), Ok)?,
        })
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

/// What was typed.
pub(super) fn arguments() -> impl Iterator<Item = std::ffi::OsString> {
    doing::arguments().unwrap_or_else(|| std::env::args_os().collect()).into_iter()
}

/// The working directory.
pub(super) fn directory() -> Result<PathBuf, Error> {
    std::env::current_dir()
        .map_err(|error| Error::input(format!("the working directory cannot be told: {error}")))
}

/// A path as it is from anywhere.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, Error> {
    Ok(directory()?.join(path))
}

/// Makes this the working directory.
pub(super) fn go_to(directory: &Path) -> Result<(), Error> {
    std::env::set_current_dir(directory).map_err(|error| {
        Error::input(format!("{} cannot be entered: {error}", directory.display()))
            .hinted("--directory says where the files of the plan are here")
    })
}

/// Which files of directories and archives are read.
pub(super) fn picks(input: &InputArgs) -> Result<Picks, Error> {
    let known = |name: &&String| name.as_str() == "all" || Picks::types().iter().any(|known| known == *name);
    if let Some(unknown) = input.types.iter().chain(&input.not_types).find(|name| !known(name)) {
        let types = Picks::types();
        let near = near::did_you_mean(unknown, types.iter().map(String::as_str));
        return Err(Error::usage(format!("there is no type of files `{unknown}`")).hinted(
            near.unwrap_or_else(|| "types are those of ripgrep, such as log, json, csv, xml".to_owned()),
        ));
    }
    let mut picks = Picks::new(&input.glob, &input.types, &input.not_types).map_err(|message| {
        Error::usage(message).hinted("write -g '*.log', or -g '!*.gz' for all but these")
    })?;
    picks.hidden = input.hidden || input.unrestricted > 1;
    picks.ignored = input.no_ignore || input.unrestricted > 0;
    Ok(picks)
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
    let zone = zone(&input.tz)?;
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
    text_at(input.config.clone())
}

/// The same for a name that may have been given. It is read once: a pipe has nothing to say the second time.
pub(super) fn text_at(named: Option<PathBuf>) -> Result<Option<(String, String)>, Error> {
    static READ: Mutex<Vec<(PathBuf, (String, String))>> = Mutex::new(Vec::new());
    let Some(path) = named.or_else(configuration) else { return Ok(None) };
    let mut known = READ.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, read)) = known.iter().find(|(known, _)| *known == path) {
        return Ok(Some(read.clone()));
    }
    let read = source::read_text(&path).map_err(|trouble| {
        let error = Error::input(trouble.to_string());
        trouble.hint.map_or(error.clone(), |hint| error.hinted(hint))
    })?;
    known.push((path, read.clone()));
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

/// Where a configuration is looked for when none is named: here, in the directories above, then in the user's
/// configuration directory.
fn configuration() -> Option<PathBuf> {
    let here = PathBuf::from("obs.yaml");
    let above = std::env::current_dir().unwrap_or_default();
    let above = above.ancestors().skip(1).map(|directory| directory.join("obs.yaml"));
    std::iter::once(here).chain(above).chain(users_own()).find(|place| place.is_file())
}

/// The configuration in the user's own directory.
fn users_own() -> Option<PathBuf> {
    let user = variable("XDG_CONFIG_HOME").map(PathBuf::from);
    let user = user.or_else(|| variable("HOME").map(|home| PathBuf::from(home).join(".config")))?;
    Some(user.join("obs").join("obs.yaml"))
}

/// Says that a configuration is used which lies here or above, and which nobody named: it may have come with the files.
fn name_configuration() {
    static SAID: Once = Once::new();
    if let Some(found) = configuration().filter(|found| Some(found) != users_own().as_ref()) {
        SAID.call_once(|| verdict::note(&format!("{} is used", found.display())));
    }
}

fn colored(when: When, terminal: bool) -> bool {
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto => {
            let forced = || {
                ["CLICOLOR_FORCE", "FORCE_COLOR"].iter().any(|name| variable(name).is_some_and(|v| v != "0"))
            };
            let dumb = variable("TERM").is_some_and(|term| term == "dumb");
            variable("NO_COLOR").is_none() && (forced() || terminal && !dumb)
        }
    }
}

/// The least and most columns that are filled.
const COLUMNS: std::ops::RangeInclusive<usize> = 40..=160;

/// Columns to fill: the terminal's, up to what a line is read well at. Of a pipe the terminal behind it, which
/// stderr tells; 80 elsewhere.
fn width(terminal: bool) -> usize {
    let of = |columns: Option<usize>| {
        columns.filter(|columns| *columns > 0).map(|n| n.clamp(*COLUMNS.start(), *COLUMNS.end()))
    };
    let size =
        |size: rustix::io::Result<rustix::termios::Winsize>| size.ok().map(|size| usize::from(size.ws_col));
    let found = if terminal {
        of(size(rustix::termios::tcgetwinsize(std::io::stdout())))
    } else if is_pipe() {
        of(size(rustix::termios::tcgetwinsize(std::io::stderr())))
    } else {
        None
    };
    found.unwrap_or(80)
}

/// Does standard output go to another program?
fn is_pipe() -> bool {
    let kind = |stat: rustix::fs::Stat| rustix::fs::FileType::from_raw_mode(stat.st_mode);
    rustix::fs::fstat(std::io::stdout()).is_ok_and(|stat| kind(stat) == rustix::fs::FileType::Fifo)
}

/// Is an answer of this form laid out for people who read it?
pub(super) fn reads(raw: bool, pretty: bool, form: Form) -> bool {
    form == Form::Table && (pretty || !raw && std::io::stdout().is_terminal())
}

/// A variable of the environment; none if it is empty.
#[expect(clippy::disallowed_methods, reason = "cli/config is where the environment is read")]
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Is a variable of the environment set, be it to nothing?
#[expect(clippy::disallowed_methods, reason = "cli/config is where the environment is read")]
fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some()
}

/// Is the answer paged? `PAGER=` and `OBS_PAGER=` say no.
fn pages(when: When, terminal: bool) -> bool {
    let is_off = |name: &str| is_set(name) && variable(name).is_none();
    let dumb = variable("TERM").is_some_and(|term| term == "dumb");
    match when {
        When::Never => false,
        When::Always => true,
        When::Auto => {
            let wanted = if is_set("OBS_PAGER") { !is_off("OBS_PAGER") } else { !is_off("PAGER") };
            terminal && !dumb && wanted && std::io::stdin().is_terminal()
        }
    }
}

/// Does the terminal follow links? Those that do say who they are.
fn linked(when: When, terminal: bool) -> bool {
    const FOLLOWERS: &[&str] = &["iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "rio"];
    const MARKS: &[&str] =
        &["KITTY_WINDOW_ID", "WT_SESSION", "KONSOLE_VERSION", "ALACRITTY_WINDOW_ID", "VTE_VERSION"];
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto => {
            let program = variable("TERM_PROGRAM");
            terminal
                && (program.is_some_and(|program| FOLLOWERS.contains(&program.as_str()))
                    || MARKS.iter().any(|mark| variable(mark).is_some()))
        }
    }
}

/// Where relative paths begin, for links.
fn here() -> Option<&'static str> {
    let here = std::env::current_dir().ok()?;
    // Said once a run, and used to its end.
    Some(Box::leak(here.to_str()?.to_owned().into_boxed_str()))
}

/// The colours: those of the theme, and what OBS_COLORS says.
fn palette(theme: Theme) -> Result<Palette, Error> {
    let light = match theme {
        Theme::Light => true,
        Theme::Dark => false,
        // Text;ground, as rxvt and its kind say it: 7 and 15 are white.
        Theme::Auto => variable("COLORFGBG").is_some_and(|said| {
            said.rsplit(';')
                .next()
                .and_then(|ground| ground.parse().ok())
                .is_some_and(|ground: u8| matches!(ground, 7 | 15))
        }),
    };
    let palette = if light { palette::LIGHT } else { palette::DARK };
    palette.with(&variable("OBS_COLORS").unwrap_or_default()).map_err(|part| {
        Error::usage(format!("OBS_COLORS: `{part}` is no colour")).hinted(format!(
            "write NAME=SGR, such as match=30;43, with a : between; names: {}",
            palette::NAMES
        ))
    })
}

/// Settles the zone in which people read times.
fn show_times(typed: &str) -> Result<(), Error> {
    let name = match typed.to_ascii_lowercase().as_str() {
        "utc" | "z" => return Ok(()),
        "local" => local_zone().unwrap_or_else(|| "UTC".to_owned()),
        _ => typed.to_owned(),
    };
    let zone = zone(&name)?;
    if zone != chrono_tz::UTC {
        time::show_in(name, move |at| zone_offset(zone, at));
    }
    Ok(())
}

/// Seconds that local time is ahead of UTC.
pub(super) fn zone_offset(zone: chrono_tz::Tz, at: Timestamp) -> i32 {
    use chrono::{Offset, TimeZone};
    let utc = chrono::DateTime::from_timestamp_nanos(at.0).naive_utc();
    zone.offset_from_utc_datetime(&utc).fix().local_minus_utc()
}

/// The zone of this machine by its name: what TZ says, else where /etc/localtime leads.
fn local_zone() -> Option<String> {
    let said = variable("TZ").map(|zone| zone.trim_start_matches(':').to_owned());
    said.or_else(|| {
        let path = std::fs::read_link("/etc/localtime").ok()?;
        Some(path.to_str()?.split_once("zoneinfo/")?.1.to_owned())
    })
}

fn zone(name: &str) -> Result<chrono_tz::Tz, Error> {
    let known = whole_hours(name).or_else(|| name.parse().ok());
    known.ok_or_else(|| {
        Error::usage(format!("there is no time zone `{name}`")).hinted(
            "zones have names such as UTC, Europe/Berlin or Asia/Seoul, or are whole hours such as +09:00",
        )
    })
}

/// The zone that is so many hours ahead of UTC, `+09:00`, `-5`; the names of such zones count the other way.
fn whole_hours(offset: &str) -> Option<chrono_tz::Tz> {
    let (sign, hours) = match offset.split_at_checked(1)? {
        ("+", hours) => ('-', hours),
        ("-", hours) => ('+', hours),
        _ => return None,
    };
    let hours = hours.strip_suffix(":00").or_else(|| hours.strip_suffix("00")).unwrap_or(hours);
    let hours: u8 = hours.parse().ok()?;
    format!("Etc/GMT{sign}{hours}").parse().ok()
}

/// Can only ASCII be shown? Said by the locale `POSIX`, for a terminal by `C`, too: what goes to a file or a program
/// depends on no locale that is there by chance.
fn ascii(terminal: bool) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| variable(name));
    locale.is_some_and(|locale| locale == "POSIX" || terminal && locale == "C")
}

#[expect(clippy::disallowed_methods, reason = "cli/config is where the clock is")]
fn now(given: Option<&str>) -> Result<Timestamp, Error> {
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let now = Timestamp(i64::try_from(clock.as_nanos()).unwrap_or(i64::MAX));
    let Some(given) = given else { return Ok(now) };
    filter::When::parse(given)?.resolve(filter::when::Reference { now, zone: &|_| 0, data: None })
}
