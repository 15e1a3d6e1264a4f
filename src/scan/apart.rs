//! A command in parts: which of its passes over the logs happen here, over what, and what is handed on.
//!
//! A command looks at the logs in passes, one after the other, each of which adds entries up to a state. Another process
//! that runs the same command over the same survey comes to the same passes. So any process may do a part of one: it
//! takes up the states of the passes before, does its unit of this one, and hands on what that adds up to; another
//! merges such states; the last takes up all of them and goes on to the answer. Whoever has handed on a state is done,
//! and [`Left`] says so to whoever runs the command.

use std::any::Any;
use std::fmt;
use std::iter;
use std::num::NonZeroU32;
use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ScanOptions;
use super::chunk::Chunk;
pub use super::cut::Cut;
use super::driver::{Delivered, Reach, Scanned, drive};
use super::inputs::Input;
pub use super::unit::{Span, Unit};
use crate::fold::{Damaged, Loaded, Saved, Travel};
use crate::model::{Account, Diagnostic, Error, ErrorKind, Needs};

/// What this process does of a command.
#[derive(Debug)]
pub struct Apart {
    task: Task,
    /// The states of passes that are over: each of all that there is, of some of its keys or of all.
    known: Vec<Vec<Vec<u8>>>,
    /// The pass that comes next.
    next: AtomicU32,
}

/// States, one after the other, as they come.
pub type States = Box<dyn FnMut() -> Result<Option<Next>, Error> + Send>;

/// What comes next of the states that are merged.
#[derive(Debug)]
pub enum Next {
    /// One that goes to those before.
    State(Vec<u8>),
    /// There are no more of these keys; was that all that there is of them?
    End(bool),
}

/// What is to be done of the first pass that is not over.
pub enum Task {
    /// To cut it into units.
    Cut(Cut),
    /// To do a unit of it, and to hand it on in so many buckets; in one, settled, where the unit is all that there is.
    Unit(Unit, NonZeroU32, bool),
    /// To merge states of units.
    Merge(Mutex<States>),
    /// Nothing: all passes are over.
    Answer,
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Task::Cut(_) => "Cut",
            Task::Unit(..) => "Unit",
            Task::Merge(_) => "Merge",
            Task::Answer => "Answer",
        })
    }
}

/// Why a command was left before its end.
#[derive(Debug)]
pub enum Left {
    /// The units of the pass.
    Cut(Vec<Unit>),
    /// The states of this pass, one a bucket; one where there are no keys, or where all is settled.
    States(u32, Vec<Vec<u8>>),
    /// There is a pass that is not over: this one.
    Pass(u32),
    /// Something is wrong.
    Wrong(Error),
}

impl Apart {
    /// A process that does this, and knows the states of the passes before.
    pub fn new(task: Task, known: Vec<Vec<Vec<u8>>>) -> Self {
        Apart { task, known, next: AtomicU32::new(0) }
    }

    /// Reads pieces of files that are looked at beside the passes; not where only units are cut.
    pub(super) fn may_read(&self) {
        if matches!(self.task, Task::Cut(_)) {
            left(Left::Wrong(
                Error::usage("what is asked for cannot be done in parts").hinted("leave out `obs plan`"),
            ));
        }
    }
}

/// What a scan leaves of the chunks of one file.
type Lines = (u32, Account, u32, Vec<u64>);

/// Ends the command: `cli` waits for it.
fn left(why: Left) -> ! {
    resume_unwind(Box::new(why))
}

/// What a command was left for, if that is why it ended.
///
/// # Errors
/// It ended otherwise: this is what it threw.
pub fn why_left(thrown: Box<dyn Any + Send>) -> Result<Left, Box<dyn Any + Send>> {
    thrown.downcast::<Left>().map(|left| *left)
}

fn or_left<T>(loaded: Result<T, Damaged>) -> T {
    let wrong = |Damaged| Error::new(ErrorKind::Damaged, "a state does not fit to what is asked for");
    loaded.unwrap_or_else(|damaged| left(Left::Wrong(wrong(damaged))))
}

/// A state that entries of chunks add up to.
pub trait Gather: Travel + Send {
    /// Takes in what other chunks add up to.
    fn join(&mut self, other: Self);
}

/// A pass: adds up what `map` makes of all chunks. In parts, if that is asked for.
pub fn gather<G: Gather>(
    inputs: &[Input],
    needs: &Needs,
    options: &ScanOptions,
    new: impl Fn() -> G + Sync,
    map: impl Fn(&mut G, &Chunk<'_>) + Sync,
) -> (G, Scanned) {
    let here = |reach: Reach<'_>| {
        let nothing = |_: Delivered<()>| ControlFlow::Continue(());
        let (states, scanned) = drive((inputs, reach), needs, options, &new, &map, nothing);
        let sum = states.into_iter().reduce(|mut sum, state| {
            sum.join(state);
            sum
        });
        (sum.unwrap_or_else(&new), scanned)
    };
    let Some(apart) = &options.apart else { return here(Reach::All) };
    let load = |bytes: &[u8]| {
        let mut from = Loaded::new(bytes);
        let scanned = or_left(Scanned::load(&mut from, inputs.len()));
        let mut state = new();
        or_left(state.load(&mut from));
        or_left(if from.is_empty() { Ok(()) } else { Err(Damaged) });
        (state, scanned)
    };
    let pass = apart.next.fetch_add(1, Ordering::Relaxed);
    let none = || (new(), Scanned::of_none(inputs.len()));
    if let Some(known) = apart.known.get(pass as usize) {
        return known.iter().map(|bytes| load(bytes)).reduce(joined).unwrap_or_else(none);
    }
    let save = |(state, scanned): (G, Scanned)| {
        let mut to = Saved::default();
        scanned.save(&mut to);
        state.save(&mut to);
        to.into_bytes()
    };
    match &apart.task {
        Task::Cut(cut) => left(cut.units(inputs, options).map_or_else(Left::Wrong, Left::Cut)),
        Task::Unit(unit, buckets, whole) => {
            let (mut state, scanned) = here(Reach::Unit(unit));
            if scanned.interrupted {
                left(Left::Wrong(Error::new(ErrorKind::Interrupted, "interrupted: no state is left")));
            }
            if *whole {
                state.settle();
                left(Left::States(pass, vec![save((state, scanned))]));
            }
            // What is not told by keys goes with the first.
            let scans = iter::once(scanned).chain(iter::repeat_with(|| Scanned::of_none(inputs.len())));
            let parts = if buckets.get() > 1 { state.split(*buckets) } else { vec![state] };
            left(Left::States(pass, parts.into_iter().zip(scans).map(save).collect()))
        }
        Task::Merge(states) => {
            let mut states = states.lock().unwrap_or_else(PoisonError::into_inner);
            let (mut sum, mut settled, mut saved) = (None, None, Vec::new());
            let add = |sum: &mut Option<_>, more| {
                *sum = Some(match sum.take() {
                    Some(sum) => joined(sum, more),
                    None => more,
                });
            };
            while let Some(next) = states().unwrap_or_else(|error| left(Left::Wrong(error))) {
                match next {
                    Next::State(bytes) => add(&mut sum, load(&bytes)),
                    Next::End(whole) => {
                        let (mut state, scanned) = sum.take().unwrap_or_else(none);
                        if whole {
                            state.settle();
                            add(&mut settled, (state, scanned));
                        } else {
                            saved.push(save((state, scanned)));
                        }
                    }
                }
            }
            saved.extend(settled.map(save));
            left(Left::States(pass, saved))
        }
        Task::Answer => left(Left::Pass(pass)),
    }
}

fn joined<G: Gather>((mut sum, mut of): (G, Scanned), (state, scanned): (G, Scanned)) -> (G, Scanned) {
    sum.join(state);
    of.join(scanned);
    (sum, of)
}

/// What is made of each chunk, in the order of the input.
struct InOrder<O>(Vec<(u32, u32, O)>);

impl<O: Serialize + DeserializeOwned> Travel for InOrder<O> {
    fn save(mut self, to: &mut Saved) {
        self.0.sort_unstable_by_key(|(file, chunk, _)| (*file, *chunk));
        to.put(&self.0);
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        self.0 = from.take()?;
        Ok(())
    }
}

impl<O: Serialize + DeserializeOwned + Send> Gather for InOrder<O> {
    fn join(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }
}

/// A pass that hands what `map` makes of each chunk to `sink`, in the order of the input. In parts, if that is asked for.
pub fn in_order<O: Serialize + DeserializeOwned + Send>(
    inputs: &[Input],
    needs: &Needs,
    options: &ScanOptions,
    map: impl Fn(&Chunk<'_>) -> O + Sync,
    mut sink: impl FnMut(Delivered<O>) -> ControlFlow<()> + Send,
) -> Scanned {
    if options.apart.is_none() {
        return drive((inputs, Reach::All), needs, options, || (), |(), chunk| map(chunk), sink).1;
    }
    let keep = |kept: &mut InOrder<O>, chunk: &Chunk<'_>| kept.0.push((chunk.file, chunk.index, map(chunk)));
    let (mut all, scanned) = gather(inputs, needs, options, || InOrder(Vec::new()), keep);
    all.0.sort_unstable_by_key(|(file, chunk, _)| (*file, *chunk));
    let mut before = (u32::MAX, 0, 0);
    for (file, chunk, output) in all.0 {
        if before.0 != file {
            before = (file, 0, 0);
        }
        while before.1 < chunk {
            before.2 += scanned.lines_in(file, before.1);
            before.1 += 1;
        }
        if sink(Delivered { file, lines_before: before.2, output }).is_break() {
            break;
        }
    }
    scanned
}

impl Scanned {
    /// Of nothing.
    fn of_none(files: usize) -> Scanned {
        Scanned {
            accounts: vec![Account::default(); files],
            lines: vec![Vec::new(); files],
            ..Scanned::default()
        }
    }

    fn save(&self, to: &mut Saved) {
        let of = |(file, (account, lines)): (u32, (&Account, &Vec<u64>))| -> Option<Lines> {
            if *account == Account::default() && lines.is_empty() {
                return None;
            }
            // Those before the first chunk are of others.
            let from = lines.iter().position(|lines| *lines > 0).unwrap_or(lines.len());
            let until = lines.iter().rposition(|lines| *lines > 0).map_or(from, |last| last + 1);
            Some((file, *account, from as u32, lines[from..until].to_vec()))
        };
        let files: Vec<Lines> = (0..).zip(self.accounts.iter().zip(&self.lines)).filter_map(of).collect();
        // Chunks after the last with a line are known by their number alone.
        let lengths: Vec<u32> =
            files.iter().map(|(file, ..)| self.lines[*file as usize].len() as u32).collect();
        to.put(&(files, lengths, &self.diagnostics));
    }

    fn load(from: &mut Loaded<'_>, inputs: usize) -> Result<Scanned, Damaged> {
        let (files, lengths, diagnostics): (Vec<Lines>, Vec<u32>, Vec<Diagnostic>) = from.take()?;
        let mut scanned = Scanned { diagnostics, ..Scanned::of_none(inputs) };
        for ((file, account, first, lines), length) in files.into_iter().zip(lengths) {
            let file = file as usize;
            let (Some(mine), Some(known)) = (scanned.lines.get_mut(file), scanned.accounts.get_mut(file))
            else {
                return Err(Damaged);
            };
            let end = (first as usize).checked_add(lines.len()).filter(|end| *end <= length as usize);
            let place = end.map(|end| first as usize..end).ok_or(Damaged)?;
            mine.resize(length as usize, 0);
            mine[place].copy_from_slice(&lines);
            *known = account;
        }
        Ok(scanned)
    }

    /// Takes in what other chunks left. Each chunk is in one of them only.
    fn join(&mut self, other: Scanned) {
        for (mine, theirs) in self.accounts.iter_mut().zip(&other.accounts) {
            // A file is one, whoever reads how many parts of it.
            let (files, skipped) = (mine.files.max(theirs.files), mine.skipped.max(theirs.skipped));
            mine.merge(theirs);
            (mine.files, mine.skipped) = (files, skipped);
        }
        for (mine, theirs) in self.lines.iter_mut().zip(other.lines) {
            if mine.len() < theirs.len() {
                mine.resize(theirs.len(), 0);
            }
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine += theirs);
        }
        self.diagnostics.extend(other.diagnostics);
        self.diagnostics.sort();
        self.diagnostics.dedup();
        self.interrupted |= other.interrupted;
    }
}
