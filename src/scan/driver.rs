//! The scan itself: workers take chunks where there are any, and deliver results in the order of the input.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::{ControlFlow, Range};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::ScanOptions;
use super::block::{Begin, Block, Blocks, LONGEST, Origin};
use super::chunk::Chunk;
use super::feed::{Came, Feed};
use super::inputs::Input;
use super::live::{Live, Next};
use super::unit::Unit;
use crate::format::log::Reader;
use crate::model::{Account, Desk, Diagnostic, Location, Needs, Severity};
use crate::source::{Content, Map, Stream};

/// What a scan leaves: the account, and line numbers.
#[derive(Debug, Default)]
pub struct Scanned {
    /// What was read of each file, in the order of the inputs.
    pub accounts: Vec<Account>,
    /// Lines of each chunk of each file.
    pub(super) lines: Vec<Vec<u64>>,
    /// What went wrong.
    pub diagnostics: Vec<Diagnostic>,
    /// Was the scan cancelled before its end?
    pub interrupted: bool,
}

impl Scanned {
    /// The 1-based number of the line where an entry starts.
    pub fn line_of(&self, location: Location) -> u64 {
        let chunks = self.lines.get(location.file as usize).map_or(&[][..], Vec::as_slice);
        chunks.iter().take(location.chunk as usize).sum::<u64>() + u64::from(location.line) + 1
    }

    /// The lines of a chunk.
    pub(super) fn lines_in(&self, file: u32, chunk: u32) -> u64 {
        let lines = self.lines.get(file as usize).and_then(|lines| lines.get(chunk as usize));
        lines.copied().unwrap_or(0)
    }

    /// The chunks for which this holds, by file and number.
    pub fn places(&self, mut wanted: impl FnMut(u32, u32) -> bool) -> Places {
        let chunks = self
            .lines
            .iter()
            .enumerate()
            .flat_map(|(file, lines)| (0..lines.len()).map(move |chunk| (file as u32, chunk as u32)));
        Places(chunks.filter(|(file, chunk)| wanted(*file, *chunk)).collect())
    }

    /// The account of all files.
    pub fn account(&self) -> Account {
        let mut sum = Account::default();
        for account in &self.accounts {
            sum.merge(account);
        }
        sum
    }
}

/// Which chunks of the files are looked at.
#[derive(Clone, Copy)]
pub(super) enum Reach<'r> {
    All,
    /// Some places once more.
    Places(&'r Places),
    /// What is done here of a pass.
    Unit(&'r Unit),
}

impl Reach<'_> {
    /// The chunks of a file from the first to the last.
    fn chunks(self, file: usize) -> Range<u32> {
        match self {
            Reach::All => 0..u32::MAX,
            Reach::Places(places) => 0..places.until(file),
            Reach::Unit(unit) => unit.chunks(file),
        }
    }
}

/// Chunks of files that a second look goes to.
#[derive(Clone, Debug, Default)]
pub struct Places(BTreeSet<(u32, u32)>);

impl Places {
    /// How many chunks have to be read of a file until the last of these places is known.
    fn until(&self, file: usize) -> u32 {
        let file = file as u32;
        self.0.range((file, 0)..=(file, u32::MAX)).next_back().map_or(0, |(_, chunk)| chunk + 1)
    }
}

/// The result of one chunk, handed on in order.
#[derive(Debug)]
pub struct Delivered<O> {
    /// The file's index in the scan.
    pub file: u32,
    /// Lines of the file before the chunk's first entry.
    pub lines_before: u64,
    /// What the chunk was mapped to.
    pub output: O,
}

/// Results that may wait for their turn before workers turn to what is next in order.
const WAITING: usize = 64;

/// Blocks of one stream that may wait for a worker.
const READ_AHEAD: usize = 4;

/// Maps the chunks of all files on `options.threads` threads, and hands each result to `sink` in the order of
/// the input; the sink may stop the scan. Every worker has a state of its own, made by `new`.
pub fn run<L: Send, O: Send>(
    inputs: &[Input],
    needs: &Needs,
    options: &ScanOptions,
    new: impl Fn() -> L + Sync,
    map: impl Fn(&mut L, &Chunk<'_>) -> O + Sync,
    sink: impl FnMut(Delivered<O>) -> ControlFlow<()> + Send,
) -> (Vec<L>, Scanned) {
    if let Some(apart) = &options.apart {
        apart.may_read();
    }
    drive((inputs, Reach::All), needs, options, new, map, sink)
}

/// Maps some chunks once more. Files without any are not opened, and streams are read up to their last one.
pub fn again<L: Send>(
    inputs: &[Input],
    places: &Places,
    needs: &Needs,
    options: &ScanOptions,
    new: impl Fn() -> L + Sync,
    map: impl Fn(&mut L, &Chunk<'_>) + Sync,
) -> Vec<L> {
    let map = |local: &mut L, chunk: &Chunk<'_>| {
        if places.0.contains(&(chunk.file, chunk.index)) {
            map(local, chunk);
        }
    };
    if let Some(apart) = &options.apart {
        apart.may_read();
    }
    drive((inputs, Reach::Places(places)), needs, options, new, map, |_| ControlFlow::Continue(())).0
}

#[expect(clippy::disallowed_methods, reason = "scan/ is where threads are made")]
pub(super) fn drive<L: Send, O: Send>(
    (inputs, reach): (&[Input], Reach<'_>),
    needs: &Needs,
    options: &ScanOptions,
    new: impl Fn() -> L + Sync,
    map: impl Fn(&mut L, &Chunk<'_>) -> O + Sync,
    sink: impl FnMut(Delivered<O>) -> ControlFlow<()> + Send,
) -> (Vec<L>, Scanned) {
    options.progress.begin(stored(inputs, reach));
    let driver = Driver {
        inputs,
        reach,
        needs,
        options,
        state: Mutex::new(State {
            next_input: 0,
            open: VecDeque::new(),
            opening: 0,
            waiting: BTreeMap::new(),
            next_out: (0, reach.chunks(0).start),
            lines_before: 0,
            delivering: false,
            chunk_counts: (0..inputs.len()).map(|file| reach.chunks(file).is_empty().then_some(0)).collect(),
            accounts: vec![Account::default(); inputs.len()],
            lines: vec![Vec::new(); inputs.len()],
            diagnostics: Vec::new(),
            stopped: false,
        }),
        changed: Condvar::new(),
        sink: Mutex::new(sink),
    };
    let work = || {
        let mut local = new();
        let alarm = Alarm(&driver);
        driver.work(&mut local, &map);
        drop(alarm);
        local
    };
    let locals = if options.threads < 2 {
        vec![work()]
    } else {
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..options.threads).map(|_| scope.spawn(work)).collect();
            let ended: Vec<_> = workers.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
            // A worker that panicked has shown a bug; what the others have is not the answer.
            ended
                .into_iter()
                .map(|end| end.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        })
    };
    let state = driver.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut diagnostics = state.diagnostics;
    // Found in the order in which threads ran; said in the order of the files.
    diagnostics.sort();
    let interrupted = options.cancel.load(Ordering::Relaxed);
    (locals, Scanned { accounts: state.accounts, lines: state.lines, diagnostics, interrupted })
}

/// How many bytes a pass reads, as they are stored, where that is known.
fn stored(inputs: &[Input], reach: Reach<'_>) -> Option<u64> {
    matches!(reach, Reach::All).then(|| inputs.iter().map(|input| input.size).sum())?
}

/// A file that is being scanned.
struct Open {
    index: usize,
    reader: Reader,
    content: OpenContent,
}

enum OpenContent {
    /// The bytes, and how many of them are a chunk.
    Mapped(Map, usize),
    Stream(Box<Mutex<Blocks>>),
    /// A pipe that is read as it comes.
    Live(Box<Mutex<Trickle>>),
}

/// A pipe that is read as it comes: what arrives, and what becomes of it.
struct Trickle {
    feed: Feed,
    live: Live,
    /// The stream, when it has ended.
    ended: Option<Box<Stream>>,
}

/// Where a chunk stands, and how it is read if not as its file is.
struct Place<'b> {
    offset: u64,
    begin: Begin,
    again: usize,
    lines_before: Option<u64>,
    origin: Option<&'b Origin>,
    reader: Option<&'b Reader>,
}

impl<'b> Place<'b> {
    fn of(block: &'b Block) -> Self {
        Place {
            offset: block.offset,
            begin: block.begin,
            again: block.again,
            lines_before: block.lines_before,
            origin: block.origin.as_ref(),
            reader: block.reader.as_deref(),
        }
    }
}

/// The size of a mapped file's chunks: multiples of the usual one for large files, because handing one on and giving
/// its pages back interrupts the other threads; small enough that they all finish at about the same time.
pub(super) fn chunk_of(length: usize, usual: usize) -> usize {
    const CHUNKS: usize = 64;
    const MOST: usize = 8;
    (length / CHUNKS / usual).clamp(1, MOST) * usual
}

/// How far the scan of an open file has come.
struct Progress {
    file: Arc<Open>,
    /// Chunks given to workers.
    given: u32,
    /// Chunks in all, once that is known.
    total: Option<u32>,
    /// Chunks that have been mapped.
    done: u32,
    /// Blocks that wait for a worker.
    blocks: VecDeque<Block>,
    /// Is a worker reading the next block?
    reading: bool,
}

impl Progress {
    /// The blocks that have been read of a stream.
    fn read(&self) -> u32 {
        self.given + self.blocks.len() as u32
    }
}

struct State<O> {
    next_input: usize,
    open: VecDeque<Progress>,
    opening: usize,
    /// Results that wait for those before them.
    waiting: BTreeMap<(u32, u32), O>,
    next_out: (u32, u32),
    lines_before: u64,
    delivering: bool,
    chunk_counts: Vec<Option<u32>>,
    accounts: Vec<Account>,
    lines: Vec<Vec<u64>>,
    diagnostics: Vec<Diagnostic>,
    stopped: bool,
}

enum Task {
    Open(usize),
    /// A chunk of a mapped file.
    Chunk(Arc<Open>, u32),
    /// Read the next block of a stream.
    Read(Arc<Open>),
    Block(Arc<Open>, u32, Block),
}

struct Driver<'s, O, S> {
    inputs: &'s [Input],
    /// What is looked at.
    reach: Reach<'s>,
    needs: &'s Needs,
    options: &'s ScanOptions,
    state: Mutex<State<O>>,
    changed: Condvar,
    sink: Mutex<S>,
}

/// Wakes the other workers when one of them panics, so that they do not wait for what it would have done.
struct Alarm<'d, 's, O, S>(&'d Driver<'s, O, S>);

impl<O, S> Drop for Alarm<'_, '_, O, S> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.state.lock().unwrap_or_else(PoisonError::into_inner).stopped = true;
            self.0.changed.notify_all();
        }
    }
}

impl<O: Send, S: FnMut(Delivered<O>) -> ControlFlow<()> + Send> Driver<'_, O, S> {
    fn lock(&self) -> MutexGuard<'_, State<O>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of chunks of a file after which nothing more is looked at.
    fn until(&self, file: usize) -> u32 {
        self.reach.chunks(file).end
    }

    /// Works until nothing is left to do.
    fn work<L>(&self, local: &mut L, map: &(impl Fn(&mut L, &Chunk<'_>) -> O + Sync)) {
        while let Some(task) = self.next_task() {
            match task {
                Task::Open(index) => self.open(index),
                Task::Read(file) => self.read(&file),
                Task::Chunk(file, index) => self.map_mapped(&file, index, local, map),
                Task::Block(file, index, block) => {
                    let owned = block.owned.clone();
                    self.map(&file, index, &block.bytes, owned, Place::of(&block), local, map);
                }
            }
            self.changed.notify_all();
        }
        self.changed.notify_all();
    }

    /// Waits for something to do; `None` when there is nothing left.
    fn next_task(&self) -> Option<Task> {
        let mut state = self.lock();
        loop {
            if state.stopped {
                return None;
            }
            if self.options.cancel.load(Ordering::Relaxed) {
                return state.take_read(self.inputs);
            }
            if let Some(task) = state.take(self.inputs.len(), self.options.threads) {
                return Some(task);
            }
            if state.open.is_empty() && state.opening == 0 && state.next_input == self.inputs.len() {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn open(&self, index: usize) {
        let input = &self.inputs[index];
        let opened = match input.open_live() {
            Some((head, feed)) => Ok((Err(feed), head)),
            None => input.open_apart(self.options).map(|(content, head)| (Ok(content), head)),
        };
        let progress = opened.map(|(content, head)| {
            let profile = input.profile();
            let service = input.service.clone();
            let read = &self.options.read;
            let unknown = crate::format::log::survey::survey(&[]);
            let reader = Reader::new(
                profile.unwrap_or(&unknown),
                self.needs,
                read,
                input.latest.or(input.modified),
                service,
            );
            let (content, total) = match content {
                Err(feed) => {
                    let live = Live::new(head, self.options.chunk, now());
                    let trickle = Trickle { feed, live, ended: None };
                    (OpenContent::Live(Box::new(Mutex::new(trickle))), None)
                }
                Ok(Content::Mapped(map)) => {
                    let chunk = chunk_of(map.len(), self.options.chunk);
                    let total = map.len().div_ceil(chunk) as u32;
                    (OpenContent::Mapped(map, chunk), Some(total.min(self.until(index))))
                }
                Ok(Content::Stream(stream)) => {
                    let blocks = Blocks::new(stream, head, self.options.chunk)
                        .of_records(profile.and_then(|profile| profile.records.as_ref()))
                        .counting(input.ordered)
                        .telling(&self.options.progress);
                    (OpenContent::Stream(Box::new(Mutex::new(blocks))), None)
                }
            };
            let file = Arc::new(Open { index, reader, content });
            // Streams are read from their start.
            let from = total.map_or(0, |total| self.reach.chunks(index).start.min(total));
            Progress { file, given: from, total, done: from, blocks: VecDeque::new(), reading: false }
        });
        let mut state = self.lock();
        state.opening -= 1;
        match progress {
            Ok(progress) => {
                state.accounts[index].files = 1;
                // Workers look at open files in the order of the input.
                let at = state.open.partition_point(|open| open.file.index < index);
                state.open.insert(at, progress);
                self.finish_if_done(&mut state, index);
            }
            Err(diagnostic) => {
                state.accounts[index].skipped = 1;
                state.diagnostics.push(diagnostic);
                state.chunk_counts[index] = Some(0);
            }
        }
        drop(state);
        self.deliver();
    }

    /// Reads the next block of a stream. Only one worker at a time does this for a file.
    fn read(&self, file: &Arc<Open>) {
        let block = match &file.content {
            OpenContent::Mapped(..) => return,
            OpenContent::Stream(blocks) => {
                blocks.lock().unwrap_or_else(PoisonError::into_inner).next(&file.reader)
            }
            OpenContent::Live(trickle) => {
                self.wait(file, &mut trickle.lock().unwrap_or_else(PoisonError::into_inner))
            }
        };
        let mut state = self.lock();
        let Some(progress) = state.open.iter_mut().find(|open| open.file.index == file.index) else { return };
        progress.reading = false;
        match block {
            Some(block) => progress.blocks.push_back(block),
            None => progress.total = Some(progress.read()),
        }
        if progress.read() == self.until(file.index) {
            progress.total = Some(progress.read());
        }
        self.finish_if_done(&mut state, file.index);
        drop(state);
        self.deliver();
    }

    /// Waits for the next whole entries of a pipe that is read as it comes; `None` at its end, and when no more are wanted.
    fn wait(&self, file: &Open, trickle: &mut Trickle) -> Option<Block> {
        let input = &self.inputs[file.index];
        let tell = |head: &[u8]| input.told_anew(head, self.needs, self.options);
        loop {
            let patience = match trickle.live.next(now(), &file.reader, &tell) {
                Next::Block(block) => return Some(block),
                Next::End => return None,
                Next::Wait(patience) => patience,
            };
            if self.lock().stopped {
                return None;
            }
            match trickle.feed.next(patience) {
                Came::Bytes(bytes) => {
                    self.options.progress.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                    trickle.live.push(&bytes, now());
                }
                Came::Nothing => {}
                Came::End(stream) => {
                    let trouble = stream.as_ref().and_then(|stream| stream.trouble());
                    trickle.live.end(trouble.is_some_and(|trouble| trouble.severity == Severity::Error));
                    trickle.ended = stream;
                }
            }
        }
    }

    fn map_mapped<L>(
        &self,
        file: &Arc<Open>,
        index: u32,
        local: &mut L,
        map: &impl Fn(&mut L, &Chunk<'_>) -> O,
    ) {
        let OpenContent::Mapped(bytes, chunk) = &file.content else { return };
        if let Some(records) = self.inputs[file.index].profile().and_then(|profile| profile.records.as_ref())
        {
            // A chunk has the documents that begin in it.
            let start = |index: usize| {
                let at = (index * chunk).min(bytes.len());
                records.next_document(bytes, at, LONGEST).unwrap_or(bytes.len())
            };
            let range = start(index as usize)..start(index as usize + 1).max(start(index as usize));
            let block = Block::of_documents(records, bytes, range.clone());
            let owned = block.owned.clone();
            self.map(file, index, &block.bytes, owned, Place::of(&block), local, map);
            bytes.has_been_read(range);
            return;
        }
        let start = index as usize * chunk;
        let owned = start..(start + chunk).min(bytes.len());
        let begin = if index == 0 { Begin::File } else { Begin::Line };
        let place = Place { offset: 0, begin, again: 0, lines_before: None, origin: None, reader: None };
        self.map(file, index, bytes, owned.clone(), place, local, map);
        // Small files go at once.
        if bytes.len() > *chunk {
            bytes.has_been_read(owned);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a chunk has this many parts, and is made here only")]
    fn map<L>(
        &self,
        file: &Arc<Open>,
        index: u32,
        bytes: &[u8],
        owned: Range<usize>,
        Place { offset, begin, again, lines_before, origin, reader }: Place<'_>,
        local: &mut L,
        map: &impl Fn(&mut L, &Chunk<'_>) -> O,
    ) {
        let length = origin.map_or(owned.len() - again, Origin::len);
        let account = RefCell::new(Account { bytes: length as u64, ..Account::default() });
        let until = match &file.content {
            OpenContent::Mapped(..) => bytes.len(),
            OpenContent::Stream(_) | OpenContent::Live(_) => owned.end,
        };
        let chunk = Chunk {
            input: &self.inputs[file.index],
            reader: reader.unwrap_or(&file.reader),
            file: file.index as u32,
            index,
            bytes,
            owned,
            until,
            offset,
            begin,
            again,
            lines_before,
            origin,
            account: &account,
            desk: Desk::default(),
        };
        let output = map(local, &chunk);
        let file_lines = chunk.lines(account.borrow().lines);
        let account = account.into_inner();
        // Streams tell as they are read, and pipes that are held have told when they were.
        if matches!(file.content, OpenContent::Mapped(..)) && !self.inputs[file.index].has_been_read() {
            self.options.progress.tell(account.bytes, account.bytes);
        }
        let mut state = self.lock();
        let lines = &mut state.lines[file.index];
        if lines.len() <= index as usize {
            lines.resize(index as usize + 1, 0);
        }
        lines[index as usize] = file_lines;
        state.accounts[file.index].merge(&account);
        state.waiting.insert((file.index as u32, index), output);
        if let Some(progress) = state.open.iter_mut().find(|open| open.file.index == file.index) {
            progress.done += 1;
        }
        self.finish_if_done(&mut state, file.index);
        drop(state);
        self.deliver();
    }

    /// Closes a file of which every chunk has been mapped.
    fn finish_if_done(&self, state: &mut State<O>, index: usize) {
        let Some(at) = state.open.iter().position(|open| open.file.index == index) else { return };
        let progress = &state.open[at];
        if progress.total.is_none_or(|total| progress.done < total) {
            return;
        }
        let shown = &self.inputs[index].shown;
        let troubles = match &progress.file.content {
            OpenContent::Mapped(map, _) => map.trouble(shown).into_iter().collect(),
            OpenContent::Stream(blocks) => {
                blocks.lock().unwrap_or_else(PoisonError::into_inner).trouble(shown)
            }
            OpenContent::Live(trickle) => {
                let trickle = trickle.lock().unwrap_or_else(PoisonError::into_inner);
                let ended = trickle.ended.as_ref().and_then(|stream| stream.trouble());
                ended.into_iter().chain(trickle.live.trouble(shown)).collect()
            }
        };
        state.chunk_counts[index] = progress.total;
        state.open.remove(at);
        state.diagnostics.extend(troubles);
    }

    /// Hands on the results whose turn it is. One worker at a time does this, so that the order holds.
    fn deliver(&self) {
        let mut state = self.lock();
        if state.delivering {
            return;
        }
        state.delivering = true;
        while let Some(delivered) = state.next_delivery(self.reach) {
            drop(state);
            let flow = (self.sink.lock().unwrap_or_else(PoisonError::into_inner))(delivered);
            state = self.lock();
            if flow.is_break() {
                state.stopped = true;
                break;
            }
        }
        state.delivering = false;
    }
}

/// When something came. Decides when entries are handed on, never what they are.
#[expect(clippy::disallowed_methods, reason = "only the time between arrivals counts")]
fn now() -> Instant {
    Instant::now()
}

impl<O> State<O> {
    /// Something to do, if there is anything: the first in the order of the input comes first.
    fn take(&mut self, inputs: usize, threads: usize) -> Option<Task> {
        // When many results wait for one that takes long, only what comes before them is worked on.
        let behind = self.waiting.len() > WAITING + threads;
        let next_out = self.next_out.0 as usize;
        for open in &mut self.open {
            if behind && open.file.index > next_out {
                break;
            }
            match &open.file.content {
                OpenContent::Mapped(..) => {
                    if open.total.is_some_and(|total| open.given < total) {
                        open.given += 1;
                        return Some(Task::Chunk(Arc::clone(&open.file), open.given - 1));
                    }
                }
                OpenContent::Stream(_) | OpenContent::Live(_) => {
                    if let Some(block) = open.blocks.pop_front() {
                        open.given += 1;
                        return Some(Task::Block(Arc::clone(&open.file), open.given - 1, block));
                    }
                    if !open.reading && open.total.is_none() && open.blocks.len() < READ_AHEAD {
                        open.reading = true;
                        return Some(Task::Read(Arc::clone(&open.file)));
                    }
                }
            }
        }
        // Files in which nothing is looked at are not opened.
        while self.chunk_counts.get(self.next_input).is_some_and(|total| *total == Some(0)) {
            self.next_input += 1;
        }
        let room = self.open.len() + self.opening <= threads && !(behind && self.next_input > next_out);
        if room && self.next_input < inputs {
            self.next_input += 1;
            self.opening += 1;
            return Some(Task::Open(self.next_input - 1));
        }
        None
    }

    /// What is left to do of what has been read when the scan is cancelled: streams end now, and give what they
    /// have.
    fn take_read(&mut self, inputs: &[Input]) -> Option<Task> {
        for open in &mut self.open {
            match &open.file.content {
                OpenContent::Mapped(..) => {
                    let held = inputs[open.file.index].has_been_read();
                    if held && open.total.is_some_and(|total| open.given < total) {
                        open.given += 1;
                        return Some(Task::Chunk(Arc::clone(&open.file), open.given - 1));
                    }
                }
                OpenContent::Stream(_) | OpenContent::Live(_) => {
                    if let Some(block) = open.blocks.pop_front() {
                        open.given += 1;
                        return Some(Task::Block(Arc::clone(&open.file), open.given - 1, block));
                    }
                    if !open.reading && open.total.is_none() {
                        open.reading = true;
                        return Some(Task::Read(Arc::clone(&open.file)));
                    }
                }
            }
        }
        while self.next_input < inputs.len() {
            let index = self.next_input;
            self.next_input += 1;
            if inputs[index].has_been_read() {
                self.opening += 1;
                return Some(Task::Open(index));
            }
            self.chunk_counts[index] = Some(0);
        }
        None
    }

    /// The result whose turn it is, if it is there.
    fn next_delivery(&mut self, reach: Reach<'_>) -> Option<Delivered<O>> {
        loop {
            let (file, chunk) = self.next_out;
            if let Some(output) = self.waiting.remove(&(file, chunk)) {
                let delivered = Delivered { file, lines_before: self.lines_before, output };
                self.lines_before += self.lines[file as usize][chunk as usize];
                self.next_out = (file, chunk + 1);
                return Some(delivered);
            }
            let total = *self.chunk_counts.get(file as usize)?;
            if total.is_none_or(|total| chunk < total) {
                return None;
            }
            self.next_out = (file + 1, reach.chunks(file as usize + 1).start);
            self.lines_before = 0;
        }
    }
}
