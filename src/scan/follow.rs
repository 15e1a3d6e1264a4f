//! Logs read on as they grow: files that appear later, that are rotated away, cut or written anew are all followed; what
//! is found is handed on in the order in which it arrives.
//!
//! Files are looked at every [`LOOK`], and directories walked every [`WALK`], but no more often than takes a hundredth of
//! the time: what a system tells of changes by itself (inotify) is silent on network file systems and on many mounts of
//! containers, and looking at a file costs a microsecond.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::block::Block;
use super::chunk::{Chunk, Selection};
use super::cursor::Cursor;
use super::inputs::{HEAD, Input, SurveyOptions, survey_walked};
use super::live::{Live, Next};
use super::{Delivered, ScanOptions};
use crate::format::log::Reader;
use crate::format::log::survey::survey;
use crate::model::{Account, Desk, Diagnostic, Needs};
use crate::source::{self, Content, FileId, Found, Grown, Reach, Tail, WalkOptions};

/// How often files are looked at.
const LOOK: Duration = Duration::from_millis(20);

/// How often directories are walked.
const WALK: Duration = Duration::from_millis(50);

/// How much of the time may be spent on looking: a hundredth; but this long nothing is left unseen.
const SHARE: u32 = 100;
const LATEST: Duration = Duration::from_secs(2);

/// How much of a file's beginning tells it from others when it is copied.
const FACE: usize = 1 << 10;

/// What is made of what is followed.
pub trait Follower {
    /// What a chunk is mapped to.
    type Output;
    /// A file is followed from now on; its number is one more than that of the one before.
    fn file(&mut self, shown: &str);
    /// Looks at the entries of a chunk.
    fn map(&self, chunk: &Chunk<'_>) -> Self::Output;
    /// Takes what came of a chunk; may stop.
    fn take(&mut self, delivered: Delivered<Self::Output>) -> ControlFlow<()>;
    /// Something went wrong.
    fn trouble(&mut self, diagnostic: Diagnostic);
}

/// One file that is followed.
struct Lane {
    number: u32,
    input: Input,
    reader: Reader,
    tail: Tail,
    live: Live,
    chunks: u32,
    lines: u64,
    /// The text's beginning.
    face: Vec<u8>,
    /// Can it be read no more?
    failed: bool,
}

/// What was read of a file before it was cut or written anew: copies of it may still be around.
struct Past {
    reach: Reach,
    face: Vec<u8>,
}

struct Following<'f, F> {
    follower: &'f mut F,
    needs: &'f Needs,
    survey: &'f SurveyOptions,
    scan: &'f ScanOptions,
    lanes: Vec<Lane>,
    /// Files that were read once, and files that are no logs, with their sizes.
    once: BTreeMap<FileId, Option<u64>>,
    past: Vec<Past>,
    files: u32,
    account: Account,
    /// Has what was there at first been read?
    begun: bool,
}

/// Follows the logs of these paths until the scan is cancelled or the follower stops; the account of what was read.
pub fn follow(
    paths: &[PathBuf],
    survey: &SurveyOptions,
    needs: &Needs,
    scan: &ScanOptions,
    follower: &mut impl Follower,
) -> Account {
    for missing in paths.iter().filter(|path| expand(path).is_empty()) {
        let what = "is not there yet: it is followed when it appears";
        follower.trouble(Diagnostic::warning(missing.display().to_string(), what));
    }
    let mut following = Following {
        follower,
        needs,
        survey,
        scan,
        lanes: Vec::new(),
        once: BTreeMap::new(),
        past: Vec::new(),
        files: 0,
        account: Account::default(),
        begun: false,
    };
    // Who stops has what it wanted.
    let _ = following.run(paths);
    following.account
}

/// The time. Decides when files are looked at, never what is found.
#[expect(clippy::disallowed_methods, reason = "only the time between looks counts")]
fn now() -> Instant {
    Instant::now()
}

impl<F: Follower> Following<'_, F> {
    fn run(&mut self, paths: &[PathBuf]) -> ControlFlow<()> {
        let mut walk_at = now();
        let mut look_at = now();
        loop {
            let started = now();
            if started >= walk_at {
                self.walk(paths)?;
                walk_at = later(started, WALK);
            }
            if self.scan.cancel.load(Ordering::Relaxed) {
                return self.end();
            }
            let mut patience = LOOK;
            if now() >= look_at {
                let started = now();
                self.look()?;
                look_at = later(started, LOOK);
            }
            for at in 0..self.lanes.len() {
                patience = patience.min(self.hand_on(at)?);
            }
            let next = walk_at.min(look_at).saturating_duration_since(now());
            std::thread::sleep(patience.min(next).max(Duration::from_millis(1)));
        }
    }

    /// Looks for files that are not followed yet.
    fn walk(&mut self, paths: &[PathBuf]) -> ControlFlow<()> {
        let expanded: Vec<PathBuf> = paths.iter().flat_map(|path| expand(path)).collect();
        let options =
            WalkOptions { follow_links: self.survey.follow_links, picks: self.survey.picks.clone() };
        let mut walked = source::walk(&expanded, &options);
        let ids: Vec<Option<FileId>> = walked.found.iter().map(|found| FileId::of(&found.path)).collect();
        let seen: BTreeSet<FileId> = ids.iter().flatten().copied().collect();
        self.forget(&seen);
        let followed: BTreeSet<FileId> = self.lanes.iter().map(|lane| lane.tail.id()).collect();
        let is_new = |found: &Found, id: &Option<FileId>| {
            id.is_some_and(|id| {
                !followed.contains(&id)
                    && self.once.get(&id).is_none_or(|size| size.is_some() && *size != found.size)
            })
        };
        let new: Vec<(Found, FileId)> = std::mem::take(&mut walked.found)
            .into_iter()
            .zip(ids)
            .filter(|(found, id)| is_new(found, id))
            .filter_map(|(found, id)| Some((found, id?)))
            .collect();
        let troubles = std::mem::take(&mut walked.diagnostics);
        if !self.begun {
            for trouble in troubles {
                self.follower.trouble(trouble);
            }
        }
        walked.found = new.iter().map(|(found, _)| found.clone()).collect();
        let mut inputs = survey_walked(&expanded, walked, self.survey, self.scan);
        for trouble in std::mem::take(&mut inputs.diagnostics) {
            self.follower.trouble(trouble);
        }
        let logs: BTreeSet<&str> = inputs.logs.iter().map(|log| log.shown.as_str()).collect();
        for (found, id) in &new {
            // What is no log, as it is only begun perhaps, is looked at again when it has grown.
            let size = if logs.contains(found.shown.as_str()) { None } else { found.size };
            self.once.insert(*id, size);
        }
        for input in inputs.logs {
            self.open(input)?;
        }
        self.begun = true;
        ControlFlow::Continue(())
    }

    /// Lets go of files that have no name any more.
    fn forget(&mut self, seen: &BTreeSet<FileId>) {
        self.once.retain(|id, _| seen.contains(id));
        let is_gone =
            |lane: &Lane| !seen.contains(&lane.tail.id()) && lane.tail.is_gone() && !lane.live.has_rest();
        let (gone, kept): (Vec<Lane>, Vec<Lane>) =
            std::mem::take(&mut self.lanes).into_iter().partition(is_gone);
        self.lanes = kept;
        for lane in gone {
            self.remember(lane.tail.reach().clone(), lane.face);
        }
    }

    /// Remembers what was read of a file that is no more: a copy of it may appear, packed perhaps.
    fn remember(&mut self, reach: Reach, face: Vec<u8>) {
        /// Copies are made when a file is rotated, not days later.
        const PAST: usize = 64;
        self.past.push(Past { reach, face });
        let surplus = self.past.len().saturating_sub(PAST);
        self.past.drain(..surplus);
    }

    /// Begins to follow a log, with all that it has already; one that cannot grow is read once.
    fn open(&mut self, input: Input) -> ControlFlow<()> {
        let growing = input.growing().map(Path::to_owned);
        let is_text = growing.is_some()
            && input.open(self.scan).is_ok_and(|(content, _)| matches!(content, Content::Mapped(_)));
        let Some(path) = growing.filter(|_| is_text) else { return self.read_once(input) };
        let mut tail = match Tail::open(&path) {
            Ok(tail) => tail,
            // It went before it could be opened.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return ControlFlow::Continue(()),
            Err(error) => {
                let trouble =
                    Diagnostic::error(&input.shown, format!("cannot be followed: {}", source::cause(&error)));
                self.follower.trouble(trouble.hinted("as many files can be followed as `ulimit -n` says"));
                return ControlFlow::Continue(());
            }
        };
        let mut lines = 0;
        if self.begun {
            let others = self.lanes.iter().map(|lane| (lane.tail.reach(), &lane.face));
            for (reach, face) in others.chain(self.past.iter().map(|past| (&past.reach, &past.face))) {
                if let Ok(Some(copied)) = tail.skip_copied(face, reach) {
                    lines = copied;
                    break;
                }
            }
        }
        let unknown = survey(&[]);
        let latest = input.latest.or(input.modified);
        let profile = input.profile().unwrap_or(&unknown);
        let reader = Reader::new(profile, self.needs, &self.scan.read, latest, input.service.clone());
        let told = input.size.map_or(0, |size| usize::try_from(size).unwrap_or(HEAD).min(HEAD));
        let live = Live::at(tail.reach().read(), told, self.scan.chunk, now());
        let number = self.number(&input);
        let (chunks, face, failed) = (0, Vec::new(), false);
        self.lanes.push(Lane { number, input, reader, tail, live, chunks, lines, face, failed });
        self.read_on(self.lanes.len() - 1)
    }

    /// The number of a file that is read from now on.
    fn number(&mut self, input: &Input) -> u32 {
        self.follower.file(&input.shown);
        self.account.files += 1;
        self.files += 1;
        self.files - 1
    }

    /// Reads what cannot grow: what is compressed, in an archive, or no text as it is.
    fn read_once(&mut self, input: Input) -> ControlFlow<()> {
        let inputs = [input];
        let mut cursor = match Cursor::open(&inputs, 0, self.needs, self.scan) {
            Ok(cursor) => cursor,
            Err(trouble) => {
                self.follower.trouble(trouble);
                return ControlFlow::Continue(());
            }
        };
        let number = self.number(&inputs[0]);
        let mut is_first = true;
        loop {
            if self.scan.cancel.load(Ordering::Relaxed) {
                return ControlFlow::Continue(());
            }
            let (follower, begun) = (&*self.follower, self.begun);
            let copied = |text: &[u8]| {
                let mut faces =
                    self.lanes.iter().map(|lane| &lane.face).chain(self.past.iter().map(|past| &past.face));
                begun && faces.any(|face| !face.is_empty() && text.starts_with(face))
            };
            let mut account = Account::default();
            let next = cursor.next(|chunk| {
                // Rotation packs what has been read.
                if is_first && copied(chunk.text().0) {
                    return None;
                }
                let output = follower.map(chunk);
                account = accounted(chunk);
                Some(output)
            });
            let Some(Delivered { lines_before, output: Some(output), .. }) = next else { break };
            is_first = false;
            self.account.merge(&account);
            self.follower.take(Delivered { file: number, lines_before, output })?;
        }
        cursor.trouble().into_iter().for_each(|trouble| self.follower.trouble(trouble));
        ControlFlow::Continue(())
    }

    /// Looks at all files for what was written.
    fn look(&mut self) -> ControlFlow<()> {
        for at in 0..self.lanes.len() {
            self.read_on(at)?;
        }
        ControlFlow::Continue(())
    }

    /// Takes in what a file has grown by.
    fn read_on(&mut self, at: usize) -> ControlFlow<()> {
        while !self.scan.cancel.load(Ordering::Relaxed) && !self.lanes[at].failed {
            let lane = &mut self.lanes[at];
            match lane.tail.grown() {
                Ok(Grown::Not) => break,
                Ok(Grown::By(bytes)) => {
                    let more = FACE.saturating_sub(lane.face.len()).min(bytes.len());
                    lane.face.extend_from_slice(&bytes[..more]);
                    lane.live.push(&bytes, now());
                    self.hand_on(at)?;
                }
                Ok(Grown::Anew(reach)) => {
                    lane.live.end(false);
                    self.hand_on(at)?;
                    self.begin_anew(at, reach);
                }
                Err(error) => {
                    lane.failed = true;
                    lane.live.end(false);
                    let what = format!("could not be read on: {}", source::cause(&error));
                    let trouble = Diagnostic::error(&lane.input.shown, what);
                    self.follower.trouble(trouble);
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// Starts again at the beginning of a file that was cut or written anew.
    fn begin_anew(&mut self, at: usize, reach: Reach) {
        let face = std::mem::take(&mut self.lanes[at].face);
        self.remember(reach, face);
        let lane = &mut self.lanes[at];
        lane.live = Live::at(0, 0, self.scan.chunk, now());
        lane.lines = 0;
    }

    /// Hands on what is whole of a file; how long to wait for more of it.
    fn hand_on(&mut self, at: usize) -> ControlFlow<(), Duration> {
        loop {
            let lane = &mut self.lanes[at];
            let input = &lane.input;
            let tell = |head: &[u8]| input.told_anew(head, self.needs, self.scan);
            match lane.live.next(now(), &lane.reader, &tell) {
                Next::Wait(patience) => return ControlFlow::Continue(patience),
                Next::End => return ControlFlow::Continue(LOOK),
                Next::Block(block) => self.hand_on_block(at, &block)?,
            }
        }
    }

    fn hand_on_block(&mut self, at: usize, block: &Block) -> ControlFlow<()> {
        let lane = &mut self.lanes[at];
        let account = RefCell::new(Account::default());
        let chunk = Chunk {
            input: &lane.input,
            reader: block.reader.as_deref().unwrap_or(&lane.reader),
            file: lane.number,
            index: lane.chunks,
            bytes: &block.bytes,
            owned: block.owned.clone(),
            until: block.owned.end,
            offset: block.offset,
            begin: block.begin,
            again: block.again,
            lines_before: None,
            origin: None,
            account: &account,
            desk: Desk::default(),
        };
        let output = self.follower.map(&chunk);
        let account = accounted(&chunk);
        let delivered = Delivered { file: lane.number, lines_before: lane.lines, output };
        lane.chunks += 1;
        lane.lines += account.lines;
        self.account.merge(&account);
        self.follower.take(delivered)
    }

    /// Reads what is left, and hands it on.
    fn end(&mut self) -> ControlFlow<()> {
        for at in 0..self.lanes.len() {
            if let Ok(Grown::By(bytes)) = self.lanes[at].tail.grown() {
                self.lanes[at].live.push(&bytes, now());
            }
            self.lanes[at].live.end(false);
            self.hand_on(at)?;
            let lane = &self.lanes[at];
            if let Some(trouble) = lane.live.trouble(&lane.input.shown) {
                self.follower.trouble(trouble);
            }
        }
        ControlFlow::Continue(())
    }
}

/// The account of a chunk: of all its entries, whichever were looked for.
fn accounted(chunk: &Chunk<'_>) -> Account {
    chunk.account.replace(Account { bytes: (chunk.owned.len() - chunk.again) as u64, ..Account::default() });
    let _ = chunk.entries(&Selection::everything(Needs::none()), |_| ControlFlow::Continue(()));
    *chunk.account.borrow()
}

/// When something is done again that takes from `started` until now.
fn later(started: Instant, every: Duration) -> Instant {
    started + every.max((SHARE * now().saturating_duration_since(started)).min(LATEST))
}

/// The files that a path names; a pattern names others later.
fn expand(path: &Path) -> Vec<PathBuf> {
    let is_pattern = path.to_str().is_some_and(|text| text.contains(['*', '?', '[']));
    match path.to_str().filter(|_| is_pattern && !path.exists()) {
        Some(pattern) => source::glob(Path::new(""), pattern),
        None => path.exists().then(|| path.to_owned()).into_iter().collect(),
    }
}
