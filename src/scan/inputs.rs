//! What the files are, found out before any of them is scanned: logs, metrics, or neither.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};

use super::alone::{is_json_document, is_own_answer, is_page, is_source_text};
use super::block::LONGEST;
use super::bundle::{self, Bundles};
use super::database::{self, Database};
use super::feed::{Came, Feed, SILENCE};
use super::pipe::Pipe;
use super::{ScanOptions, parallel, parts};
use crate::format::edges;
use crate::format::log::behaviour::{self, Candidates, Ids, RequestIds};
use crate::format::log::durations::{By, Told};
use crate::format::log::records::Records;
use crate::format::log::{self, Profile, Reader};
use crate::format::metric::{self, MetricFormat};
use crate::model::time::{self, NANOS};
use crate::model::{Account, Diagnostic, Needs, Role, Slots, TimeRange, Timestamp};
use crate::platform;
use crate::source::{
    self, Age, Content, Found, Kind, Map, OpenOptions, Opened, Picks, Stream, WalkOptions, Walked,
};

/// What kind of files a survey looks for, and where.
#[derive(Clone, Debug, Default)]
pub struct SurveyOptions {
    /// Files that the run writes: none of those that are looked for.
    pub written: Vec<PathBuf>,
    /// Which files of directories and archives are read.
    pub picks: Picks,
    /// Are symbolic links inside directories followed?
    pub follow_links: bool,
    /// Are objects of a platform, and tables of who calls whom, told apart from logs?
    pub platform: bool,
    /// Are tables of numbers that people read as texts, too, taken for metrics?
    pub tables: bool,
    /// Are pipes read as they come, so that what is in them is handed on before they end?
    pub live: bool,
}

/// The files of the paths, by what they are.
#[derive(Debug, Default)]
pub struct Inputs {
    /// Logs, in the order in which they are read.
    pub logs: Vec<Input>,
    /// Files of metrics.
    pub metrics: Vec<Input>,
    /// Data folders of Prometheus.
    pub databases: Vec<Database>,
    /// Objects of a platform, where they are asked for.
    pub platform: Vec<Input>,
    /// Tables of who calls whom, where they are asked for.
    pub edges: Vec<Input>,
    /// Files that are neither, or cannot be read, and why.
    pub skipped: Vec<(String, String)>,
    /// What went wrong.
    pub diagnostics: Vec<Diagnostic>,
}

/// A file that can be read.
#[derive(Debug)]
pub struct Input {
    /// The path as it is shown.
    pub shown: String,
    /// What it is.
    pub kind: InputKind,
    /// The compression that is undone; empty if there is none.
    pub compression: &'static str,
    /// When it was last written.
    pub modified: Option<Timestamp>,
    /// About when its last entry was written, where that tells the year of dates without one.
    pub latest: Option<Timestamp>,
    /// Bytes as stored, where that is known.
    pub size: Option<u64>,
    /// The service that its path names.
    pub service: Option<String>,
    /// The path of the log that it is a part of; files with the same one are one log.
    pub log: String,
    /// Which part of that it is.
    pub age: Age,
    /// Are its times whole seconds, so that an entry may be up to a second later than its time says?
    pub coarse: bool,
    /// Is the order of its lines the time of its entries, as no log tells another?
    pub(super) ordered: bool,
    pub(super) found: Found,
    /// What kept the survey from seeing all that it wanted to see.
    pub(super) trouble: Option<Diagnostic>,
    /// A pipe can be opened only once.
    pub(super) pipe: Mutex<Pipe>,
}

/// What a readable file is.
#[derive(Debug)]
pub enum InputKind {
    /// A log of this profile.
    Log(Box<Profile>),
    /// Metrics in this format.
    Metrics(&'static dyn MetricFormat),
    /// Objects of a platform.
    Platform,
    /// A table of who calls whom.
    Edges,
}

/// How much of a file's head, and of its middle and tail, is looked at.
pub(super) const HEAD: usize = 64 << 10;
const ELSEWHERE: usize = 16 << 10;

/// Finds the files of the paths and looks at samples of each.
pub fn survey(paths: &[PathBuf], options: &SurveyOptions, scan: &ScanOptions) -> Inputs {
    let walk = WalkOptions { follow_links: options.follow_links, picks: options.picks.clone() };
    survey_walked(paths, source::walk(paths, &walk), options, scan)
}

/// Looks at samples of the files that a walk of these paths found.
pub(super) fn survey_walked(
    paths: &[PathBuf],
    walked: Walked,
    options: &SurveyOptions,
    scan: &ScanOptions,
) -> Inputs {
    let Walked { found, mut left_out, diagnostics } = walked;
    let (mut databases, mut found) = database::take(found);
    left_out.extend(database::take_snapshots(&mut databases));
    // What this run writes is no part of what it reads, whatever was there before.
    found.retain(|found| {
        found.named || !options.written.iter().any(|path| source::is_same_file(&found.path, path))
    });
    let surveyed = parallel(scan.threads, found.len(), |index| {
        let mut looked = look(&found[index], options, scan);
        if let Ok(Input { kind: InputKind::Log(profile), .. }) = &mut looked {
            profile.candidates.trim(ID_VALUES / found.len());
        }
        looked
    });
    let mut inputs = Inputs { databases, diagnostics, skipped: left_out, ..Inputs::default() };
    let bundles = Bundles::of(&found, scan);
    for (found, mut looked) in found.iter().zip(surveyed) {
        if let Ok(input) = &mut looked {
            input.modified = bundles.written(&input.shown, input.modified);
            if let InputKind::Log(profile) = &mut input.kind {
                profile.host = bundles.host(&input.shown);
            }
        }
        inputs.diagnostics.extend(looked.as_mut().ok().and_then(|input| input.trouble.take()));
        match looked {
            Ok(input) if matches!(input.kind, InputKind::Log(_)) => {
                let profile = input.profile().filter(|_| options.platform);
                match profile.and_then(|profile| bundle::is_none(profile, found, paths)) {
                    Some(reason) => inputs.skipped.push((found.shown.clone(), reason)),
                    None => inputs.logs.push(input),
                }
            }
            Ok(input) if matches!(input.kind, InputKind::Platform) => inputs.platform.push(input),
            Ok(input) if matches!(input.kind, InputKind::Edges) => inputs.edges.push(input),
            Ok(input) => inputs.metrics.push(input),
            Err(Left::NoLog(reason)) => inputs.skipped.push((found.shown.clone(), reason)),
            Err(Left::Trouble(diagnostic)) => {
                inputs.skipped.push((found.shown.clone(), diagnostic.message.clone()));
                inputs.diagnostics.push(diagnostic);
            }
        }
    }
    settle_years(&mut inputs.logs, None);
    parts::settle(&mut inputs.logs, paths, scan);
    settle_request_ids(&mut inputs.logs);
    for log in &inputs.logs {
        let Some(profile) = log.profile() else { continue };
        if profile.unclear {
            let what = "its dates can be read with the day or with the month first, and nothing tells which: they are left out";
            inputs.diagnostics.push(Diagnostic::warning(&log.shown, what));
        }
        let proved = profile.wrapping.ahead.is_some();
        if profile.unclear_zone
            && !proved
            && profile.zone.or(scan.read.zone).is_none_or(|zone| zone == chrono_tz::UTC)
        {
            let what = "its times name a zone that places far apart share (CST, IST …): they are left out";
            inputs
                .diagnostics
                .push(Diagnostic::warning(&log.shown, what).hinted("--tz says which place is meant"));
        }
        if profile.counts_anew {
            let what = format!(
                "{} counts requests from the start of each process: other files have the same numbers for others",
                profile.counters.join(", ")
            );
            inputs.diagnostics.push(Diagnostic::note(&log.shown, what));
        }
        for told in profile.units.iter().filter(|told| told.by == By::Plausible) {
            let Told { field, unit, .. } = told;
            let what = format!(
                "{field} has no unit, and in the usual one its numbers could not be: they are read as {}",
                unit.symbol()
            );
            let hint = "a format in obs.yaml with `units` settles it";
            inputs.diagnostics.push(Diagnostic::warning(&log.shown, what).hinted(hint));
        }
        if let Some(ahead) = profile.wrapping.ahead
            && profile.zone.or(scan.read.zone).is_none_or(|zone| zone == chrono_tz::UTC)
        {
            let (side, minutes) = (if ahead > 0 { "ahead of" } else { "behind" }, ahead.abs() / 60);
            let what = format!(
                "its times without a zone are {}:{:02} h {side} UTC, as the times written beside them prove",
                minutes / 60,
                minutes % 60
            );
            inputs.diagnostics.push(Diagnostic::note(&log.shown, what));
        }
        if !profile.layout.is_bare() {
            continue;
        }
        let what = match (profile.bare, log.latest) {
            (Some(_), Some(_)) => {
                "its times have no date: the day is taken from the files beside it, or from when it was last written"
            }
            _ => "its times have no date, and nothing tells their days: they are left out",
        };
        inputs.diagnostics.push(Diagnostic::warning(&log.shown, what));
    }
    inputs
}

/// From a first to a last time.
type Span = (Timestamp, Timestamp);

/// Dates without a year get theirs from the dates with one in files of the same folder, else of all folders, else from
/// the time that is asked for, else from when the file was last written.
fn settle_years(logs: &mut [Input], asked: Option<Span>) {
    let mut all: Vec<Span> = Vec::new();
    let mut folders: std::collections::BTreeMap<PathBuf, Vec<Span>> = std::collections::BTreeMap::new();
    for log in logs.iter() {
        let Some(span) = log.profile().and_then(|profile| profile.dated) else { continue };
        all.push(span);
        let folder = log.found.path.parent().unwrap_or(Path::new("")).to_owned();
        folders.entry(folder).or_default().push(span);
    }
    // A clock that is wrong in one file tells nothing of the others.
    let all = time::joined(all.into_iter());
    let folders: std::collections::BTreeMap<PathBuf, Option<Span>> =
        folders.into_iter().map(|(folder, spans)| (folder, time::joined(spans.into_iter()))).collect();
    for log in logs {
        let modified = log.modified;
        if let InputKind::Log(profile) = &mut log.kind {
            profile.settle_order(modified);
        }
        let folder = log.found.path.parent().unwrap_or(Path::new(""));
        let near = folders.get(folder).copied().flatten().or(all).or(asked);
        // Of a stream only the beginning has been seen.
        let whole = log.compression.is_empty() && !is_pipe(&log.found);
        log.latest = log.profile().and_then(|profile| profile.latest(log.modified, near, whole));
    }
}

/// How many values of ids are kept of all files together until it is settled which are requests'.
const ID_VALUES: usize = 1 << 20;

/// Ids that no name tells are told by what they do in all files.
fn settle_request_ids(logs: &mut [Input]) {
    let profiles = || logs.iter().filter_map(Input::profile);
    let candidates: Vec<&Candidates> = profiles().map(|profile| &profile.candidates).collect();
    let settled = behaviour::settle(&candidates);
    let anew = behaviour::counts_anew(&candidates);
    let profiles = logs.iter_mut().filter_map(|log| match &mut log.kind {
        InputKind::Log(profile) => Some(profile),
        InputKind::Metrics(_) | InputKind::Platform | InputKind::Edges => None,
    });
    for (profile, (request_ids, counts_anew)) in profiles.zip(settled.into_iter().zip(anew)) {
        // A span belongs to its trace, whatever that is called.
        let named = if profile.spans.is_some() { Ids::Shared } else { profile.candidates.ids() };
        profile.request_ids = RequestIds { named, ..request_ids };
        profile.counts_anew = counts_anew;
        profile.candidates = Candidates::default();
    }
}

/// Why a file is not read.
enum Left {
    NoLog(String),
    Trouble(Diagnostic),
}

/// Is this no file that could be opened again?
fn is_pipe(found: &Found) -> bool {
    found.size.is_none() && found.named
}

/// Opens a file and looks at samples of it.
fn look(found: &Found, options: &SurveyOptions, scan: &ScanOptions) -> Result<Input, Left> {
    let opened = source::open(found, &OpenOptions { map: scan.map }, &scan.cancel).map_err(Left::Trouble)?;
    let Opened { content, compression, modified, .. } = opened;
    let mut trouble = None;
    let (kind, coarse, pipe) = match content {
        Content::Mapped(map) => {
            let samples = samples(&map);
            let mut kind = recognise(&samples, found, options, scan)?;
            if is_shared(&kind) {
                kind = recognise(&[samples.clone(), spread(&map)].concat(), found, options, scan)?;
            }
            find_day(&mut kind, &map);
            let coarse = is_coarse(&kind, samples[0], found.modified, scan);
            // A file on standard input cannot be opened again by a name.
            let pipe = if is_pipe(found) { Pipe::File(map.clone()) } else { Pipe::None };
            (kind, coarse, pipe)
        }
        Content::Stream(stream) if options.live && is_pipe(found) => {
            look_at_pipe(found, stream, options, scan)?
        }
        Content::Stream(mut stream) => {
            let head = read_head(&mut stream);
            // A last line without an end is whole if nothing follows it.
            let sample = if head.len() < HEAD { &head[..] } else { whole_lines(&head) };
            let mut kind = match (recognise(&[sample], found, options, scan), stream.reading_trouble()) {
                // What it is cannot be told.
                (Err(Left::NoLog(_)), Some(trouble)) => return Err(Left::Trouble(trouble)),
                (kind, reading) => {
                    trouble = reading;
                    kind?
                }
            };
            if head.len() < HEAD {
                find_day(&mut kind, sample);
            }
            let coarse = is_coarse(&kind, sample, found.modified, scan);
            // Files can be opened again; pipes cannot.
            (kind, coarse, if is_pipe(found) { Pipe::Fresh(head, stream) } else { Pipe::None })
        }
    };
    Ok(Input {
        shown: found.shown.clone(),
        kind,
        compression,
        modified: modified.or(found.modified),
        latest: None,
        size: found.size,
        service: None,
        log: found.shown.clone(),
        age: Age::Current,
        coarse,
        ordered: false,
        found: found.clone(),
        trouble,
        pipe: Mutex::new(pipe),
    })
}

/// Looks at what has come of a pipe when it is silent for the first time, if that is lines of a log; else at as much as
/// of other streams.
fn look_at_pipe(
    found: &Found,
    stream: Stream,
    options: &SurveyOptions,
    scan: &ScanOptions,
) -> Result<(InputKind, bool, Pipe), Left> {
    let feed = Feed::start(stream);
    let mut head = Vec::new();
    let mut seen = 0;
    while head.len() < HEAD {
        match feed.next(SILENCE) {
            Came::Bytes(bytes) => head.extend_from_slice(&bytes),
            Came::End(stream) => {
                let sample = &head[..];
                let mut kind = recognise(&[sample], found, options, scan)?;
                find_day(&mut kind, sample);
                let coarse = is_coarse(&kind, sample, found.modified, scan);
                // It says what went wrong with it when it is read on.
                let pipe = match stream {
                    Some(stream) => Pipe::Fresh(head, *stream),
                    None => Pipe::Held(Map::held(head), Vec::new()),
                };
                return Ok((kind, coarse, pipe));
            }
            Came::Nothing if head.len() == seen || !head.ends_with(b"\n") || is_open(&head) => {}
            Came::Nothing => {
                seen = head.len();
                let kind = recognise(&[&head], found, options, scan);
                if let Ok(kind @ InputKind::Log(_)) = kind
                    && !is_of_records(&kind)
                {
                    let coarse = is_coarse(&kind, &head, found.modified, scan);
                    return Ok((kind, coarse, Pipe::Live(head, feed)));
                }
            }
        }
    }
    let sample = whole_lines(&head);
    let kind = recognise(&[sample], found, options, scan)?;
    let coarse = is_coarse(&kind, sample, found.modified, scan);
    Ok((kind, coarse, Pipe::Live(head, feed)))
}

/// Is this the beginning of a JSON value that goes on below?
fn is_open(head: &[u8]) -> bool {
    matches!(head.split(|b| *b == b'\n').next().map(<[u8]>::trim_ascii), Some(b"{" | b"[" | b"[{"))
}

fn is_of_records(kind: &InputKind) -> bool {
    matches!(kind, InputKind::Log(profile) if profile.records.is_some())
}

/// Looks through a log without dates for whether all of it is of one day.
fn find_day(kind: &mut InputKind, bytes: &[u8]) {
    if let InputKind::Log(profile) = kind
        && profile.layout.is_bare()
        && profile.records.is_none()
    {
        profile.bare = log::survey::bare_span(bytes, profile.layout);
    }
}

/// How many times decide whether a file's times are whole seconds.
const TIMES: usize = 100;

/// Are all times in this sample whole seconds?
fn is_coarse(kind: &InputKind, sample: &[u8], modified: Option<Timestamp>, scan: &ScanOptions) -> bool {
    let InputKind::Log(profile) = kind else { return false };
    let mapped = scan.read.format.is_some() || scan.read.map.iter().any(|(role, _)| *role == Role::Ts);
    if let Some(coarse) = profile.coarse.filter(|_| !mapped) {
        return coarse;
    }
    let reader = Reader::new(profile, &Needs::none(), &scan.read, modified, None);
    let mut slots = Slots::new(reader.needs());
    let lines = profile.records.as_ref().map(|records| records.lines(sample));
    let sample = lines.as_deref().unwrap_or(sample);
    let mut times = sample.split(|b| *b == b'\n').filter(|line| reader.starts(line, 0)).filter_map(|line| {
        reader.frame(line, &mut slots);
        slots.ts
    });
    let mut times = times.by_ref().take(TIMES).peekable();
    times.peek().is_some() && times.all(|ts| ts.0 % NANOS == 0)
}

fn recognise(
    samples: &[&[u8]],
    found: &Found,
    options: &SurveyOptions,
    scan: &ScanOptions,
) -> Result<InputKind, Left> {
    let head = samples.first().copied().unwrap_or_default();
    if let Kind::Binary(what) = source::kind(head, &found.shown) {
        return Err(Left::NoLog(what.to_owned()));
    }
    if is_own_answer(head) {
        return Err(Left::NoLog("an answer of obs".to_owned()));
    }
    if !found.named && is_page(head) {
        return Err(Left::NoLog("an HTML page".to_owned()));
    }
    let ending = found.logical_path();
    let ending = ending.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let detected = || {
        let found = metric::detect(head).or_else(|| metric::detect_named(ending, head));
        found.filter(|format| options.tables || !format.is_text())
    };
    let format = scan.read.metric.or_else(detected);
    if let Some(format) = format {
        return Ok(InputKind::Metrics(format));
    }
    if options.platform && edges::recognises(head) {
        return Ok(InputKind::Edges);
    }
    if options.platform && platform::is_platform(head) {
        return Ok(InputKind::Platform);
    }
    let records = Records::of(head);
    if records.is_none() && is_json_document(head) {
        return Err(Left::NoLog("a JSON document".to_owned()));
    }
    let path = found.logical_path();
    let path = path.to_string_lossy();
    let own = scan.read.own_for(&path);
    let mut profile = match &records {
        Some(records) => log::survey::survey_with(&[&records.lines(head)], &own),
        None => log::survey::survey_with(samples, &own),
    };
    profile.records = records;
    profile.zone = scan.read.zone_for(&path).or(profile.zone);
    // A configuration may well hold a time or two.
    let starts: usize = profile.survey.understood.iter().map(|(_, count)| count).sum();
    if !found.named && starts * 3 < profile.survey.lines && is_source_text(Path::new(&*path)) {
        return Err(Left::NoLog("configuration or source text".to_owned()));
    }
    Ok(InputKind::Log(Box::new(profile)))
}

/// Head, middle and tail of a file in memory, in whole lines.
pub(super) fn samples(bytes: &[u8]) -> Vec<&[u8]> {
    if bytes.len() <= HEAD + 2 * ELSEWHERE {
        return vec![bytes];
    }
    let piece = |at: usize| {
        let from =
            memchr::memchr(b'\n', &bytes[at..at + ELSEWHERE]).map_or(at + ELSEWHERE, |end| at + end + 1);
        whole_lines(&bytes[from..at + ELSEWHERE])
    };
    vec![whole_lines(&bytes[..HEAD]), piece(bytes.len() / 2), piece(bytes.len() - ELSEWHERE)]
}

/// Are there, as far as is known, lines of several programs in a log?
fn is_shared(kind: &InputKind) -> bool {
    matches!(kind, InputKind::Log(profile) if profile.records.is_none() && profile.wrapping.is_shared())
}

/// At how many more places a file is looked at whose lines may be of several programs, and how much there: one may have
/// written the beginning, and another the rest.
const PLACES: usize = 24;
const THERE: usize = 4 << 10;

/// Pieces of a file all over it, in whole lines; none of a file that has been seen whole.
fn spread(bytes: &[u8]) -> Vec<&[u8]> {
    if bytes.len() <= HEAD + 2 * ELSEWHERE {
        return Vec::new();
    }
    let piece = |at: usize| {
        let end = (at + THERE).min(bytes.len());
        let from = memchr::memchr(b'\n', &bytes[at..end]).map_or(end, |length| at + length + 1);
        whole_lines(&bytes[from..end])
    };
    let step = (bytes.len() - HEAD) / PLACES;
    (0..PLACES).map(|place| piece(HEAD + place * step)).filter(|piece| piece.ends_with(b"\n")).collect()
}

/// Without a last line that is cut; all of it if it is one line.
pub(super) fn whole_lines(bytes: &[u8]) -> &[u8] {
    memchr::memrchr(b'\n', bytes).map_or(bytes, |end| &bytes[..=end])
}

fn read_head(stream: &mut Stream) -> Vec<u8> {
    read_start(stream, HEAD)
}

/// The first `most` bytes of a stream, or all of it.
pub(super) fn read_start(stream: &mut Stream, most: usize) -> Vec<u8> {
    let mut head = Vec::new();
    let mut have = 0;
    while have < most {
        if have == head.len() {
            // Most members of archives are short, and as many are looked at as there are.
            head.resize((have * 2).max(4 << 10).min(most), 0);
        }
        match stream.read(&mut head[have..]) {
            // A damaged stream says so when it is scanned.
            Ok(0) | Err(_) => break,
            Ok(n) => have += n,
        }
    }
    head.truncate(have);
    head
}

/// The names of the fields of these logs, sorted, each once.
pub fn field_names(logs: &[Input]) -> Vec<&str> {
    let keys = logs.iter().filter_map(Input::profile).flat_map(|profile| &profile.keys);
    let mut names: Vec<&str> = keys.map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names
}

impl Input {
    /// The path as it is opened: of a member of an archive, the archive's.
    pub fn opened(&self) -> &Path {
        &self.found.path
    }

    /// The profile of a log.
    pub fn profile(&self) -> Option<&Profile> {
        match &self.kind {
            InputKind::Log(profile) => Some(profile),
            InputKind::Metrics(_) | InputKind::Platform | InputKind::Edges => None,
        }
    }

    /// The format of a file of metrics.
    pub fn metric_format(&self) -> Option<&'static dyn MetricFormat> {
        match self.kind {
            InputKind::Log(_) | InputKind::Platform | InputKind::Edges => None,
            InputKind::Metrics(format) => Some(format),
        }
    }

    /// Was it named by the user, rather than found in a directory or an archive?
    pub(super) fn is_named(&self) -> bool {
        self.found.named
    }

    /// Where it is, if it is a file that can be read on when it grows: text as it is, a record a line.
    pub(super) fn growing(&self) -> Option<&Path> {
        let stored = self.compression.is_empty() && !self.is_member() && !self.is_pipe();
        (stored && !self.is_read_from_start()).then_some(&self.found.path)
    }

    /// Is it a member of an archive?
    pub(super) fn is_member(&self) -> bool {
        self.found.member.is_some()
    }

    /// Is this no file that could be opened again?
    pub(super) fn is_pipe(&self) -> bool {
        is_pipe(&self.found)
    }

    /// Is it in this file, be it as a member of an archive?
    pub fn is_in(&self, path: &Path) -> bool {
        source::is_same_file(&self.found.path, path)
    }

    /// Is it a pipe that is read as it comes?
    pub fn is_live(&self) -> bool {
        matches!(*self.pipe.lock().unwrap_or_else(PoisonError::into_inner), Pipe::Live(..))
    }

    /// Is there something that has been read already, and is reported even if the scan is cancelled?
    pub fn has_been_read(&self) -> bool {
        let pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(*pipe, Pipe::Fresh(..) | Pipe::Live(..) | Pipe::Held(..))
    }

    /// What has come of a pipe that is read as it comes, and where the rest arrives; it is this once only.
    pub(super) fn open_live(&self) -> Option<(Vec<u8>, Feed)> {
        let mut pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *pipe, Pipe::None) {
            Pipe::Live(head, feed) if !self.is_read_from_start() => Some((head, feed)),
            other => {
                *pipe = other;
                None
            }
        }
    }

    /// How its entries are read if its beginning is this; `None` if it is no log then.
    pub(super) fn told_anew(&self, head: &[u8], needs: &Needs, options: &ScanOptions) -> Option<Reader> {
        let kind = recognise(&[head], &self.found, &SurveyOptions::default(), options).ok()?;
        if !matches!(kind, InputKind::Log(_)) || is_of_records(&kind) {
            return None;
        }
        let mut alone = [Input {
            shown: self.shown.clone(),
            kind,
            compression: self.compression,
            modified: self.modified,
            latest: None,
            size: None,
            service: self.service.clone(),
            log: self.log.clone(),
            age: self.age.clone(),
            coarse: self.coarse,
            ordered: self.ordered,
            found: self.found.clone(),
            trouble: None,
            pipe: Mutex::new(Pipe::None),
        }];
        settle_years(&mut alone, None);
        settle_request_ids(&mut alone);
        let [alone] = alone;
        let latest = alone.latest.or(alone.modified);
        Some(Reader::new(alone.profile()?, needs, &options.read, latest, alone.service.clone()))
    }

    /// Opens the file for a scan: its content, and what was already read of it.
    pub(super) fn open(&self, options: &ScanOptions) -> Result<(Content, Vec<u8>), Diagnostic> {
        let from_start = self.is_read_from_start();
        let (content, head) = self.open_as_stored(options, options.map && !from_start)?;
        Ok(match content {
            Content::Mapped(map) if from_start => (Content::Stream(Stream::of_map(&self.shown, map)), head),
            content => (content, head),
        })
    }

    /// The same for who cuts records himself where they stand in documents that are apart: such files are mapped, too.
    pub(super) fn open_apart(&self, options: &ScanOptions) -> Result<(Content, Vec<u8>), Diagnostic> {
        let records = self.profile().and_then(|profile| profile.records.as_ref());
        let Some(records) = records.filter(|_| !self.ordered) else { return self.open(options) };
        let (content, head) = self.open_as_stored(options, options.map)?;
        match &content {
            Content::Mapped(map) if !records.are_apart(map, LONGEST) => self.open(options),
            _ => Ok((content, head)),
        }
    }

    /// Does only its start tell what stands further on: where a record is, how many lines there have been?
    fn is_read_from_start(&self) -> bool {
        self.ordered || self.profile().is_some_and(|profile| profile.records.is_some())
    }

    fn open_as_stored(&self, options: &ScanOptions, map: bool) -> Result<(Content, Vec<u8>), Diagnostic> {
        let mut pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*pipe, Pipe::Live(..)) {
            pipe.hold(&options.progress);
        }
        match std::mem::replace(&mut *pipe, Pipe::None) {
            Pipe::Fresh(head, stream) => return Ok((Content::Stream(stream), head)),
            Pipe::File(map) => {
                *pipe = Pipe::File(map.clone());
                return Ok((Content::Mapped(map), Vec::new()));
            }
            Pipe::Held(map, troubles) => {
                *pipe = Pipe::Held(map.clone(), troubles);
                return Ok((Content::Mapped(map), Vec::new()));
            }
            Pipe::None if is_pipe(&self.found) => {
                return Err(Diagnostic::error(&self.shown, "is a pipe and has been read already"));
            }
            Pipe::None | Pipe::Live(..) => {}
        }
        let opened = source::open(&self.found, &OpenOptions { map }, &options.cancel)?;
        Ok((opened.content, Vec::new()))
    }

    /// Hands all bytes of the file to `read`, for formats that are read whole. What went wrong comes with what
    /// was read; the bytes are in memory as long as `read` looks at them.
    pub fn with_bytes<T>(
        &self,
        options: &ScanOptions,
        read: impl FnOnce(&[u8]) -> T,
    ) -> (Option<T>, Vec<Diagnostic>) {
        match self.open(options) {
            Err(diagnostic) => (None, vec![diagnostic]),
            Ok((Content::Mapped(map), _)) => {
                let answer = read(&map);
                // Whether the file was cut meanwhile shows only when it has been read.
                (Some(answer), map.trouble(&self.shown).into_iter().collect())
            }
            Ok((Content::Stream(mut stream), mut bytes)) => {
                // The error is kept by the stream.
                let _ = stream.read_to_end(&mut bytes);
                (Some(read(&bytes)), stream.trouble().into_iter().collect())
            }
        }
    }

    /// Reads a pipe to its end and keeps it, so that it can be scanned more than once. Gives what went wrong.
    pub fn hold(&self, progress: &AtomicU64) -> Vec<Diagnostic> {
        self.pipe.lock().unwrap_or_else(PoisonError::into_inner).hold(progress)
    }
}

impl Inputs {
    /// Where no file tells the year of dates without one, it is that of the time that is asked for: who asks for March
    /// of 2024 knows better than the file's own time, which may be that of a copy.
    pub fn settle_years_near(&mut self, asked: TimeRange) {
        let span = asked.from.or(asked.until).zip(asked.until.or(asked.from));
        settle_years(&mut self.logs, span);
    }

    /// Takes the order of lines for the time of entries where no log tells a time; what there is to say about that.
    /// `zoned` says that a person named the zone.
    pub fn order_by_lines(&mut self, zoned: bool) -> Option<Diagnostic> {
        let timed = |log: &Input| log.profile().is_some_and(|profile| profile.tells_time(log.latest, zoned));
        let others = self.has_metrics() || !self.platform.is_empty();
        if self.logs.is_empty() || others || self.logs.iter().any(timed) {
            return None;
        }
        for log in &mut self.logs {
            log.ordered = true;
        }
        Some(match &self.logs[..] {
            [one] => {
                let what = "no entry tells a time: the order of its lines is taken for it";
                Diagnostic::warning(&one.shown, what)
            }
            logs => {
                let count = logs.len();
                let what = format!(
                    "no entry of these {count} logs tells a time: the order of lines in each is taken for it"
                );
                Diagnostic::warning("", what)
            }
        })
    }

    /// What names requests in the logs in which no field's name says so, by what its values do.
    pub fn request_ids(&self) -> RequestIds {
        let mut all = RequestIds::default();
        for ids in self.logs.iter().filter_map(Input::profile).map(|profile| &profile.request_ids) {
            all.fields.extend_from_slice(&ids.fields);
            all.words.extend_from_slice(&ids.words);
        }
        all.fields.sort_unstable();
        all.fields.dedup();
        all.words.sort_unstable();
        all.words.dedup();
        all
    }

    /// Are there recorded metrics?
    pub fn has_metrics(&self) -> bool {
        !self.metrics.is_empty() || !self.databases.is_empty()
    }

    /// The account of what was not read: the files skipped.
    pub fn skipped_account(&self) -> Account {
        Account { skipped: self.skipped.len() as u64, ..Account::default() }
    }
}
