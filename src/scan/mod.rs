//! The driver and the only threads: chunks are mapped in parallel, results handed on in order.
//!
//! [`survey`] says what the files are; [`run`] scans the logs among them; [`fold`] is the use of it that most
//! commands need, [`again`] a second look at some places. What comes out does not depend on the number of threads or the size of chunks.

mod alone;
pub mod apart;
mod block;
mod bundle;
mod chunk;
mod cursor;
mod cut;
mod database;
mod driver;
mod feed;
mod follow;
mod going;
mod inputs;
mod live;
mod parts;
mod pipe;
mod surveyed;
mod unit;
mod watch;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

pub use apart::{Apart, Gather, gather, in_order};
pub use chunk::{Chunk, LineCount, Selection};
pub use cursor::{Cursor, Sequence, sequences};
pub use database::{Block, Database, DatabaseFile};
pub use driver::{Delivered, Places, Scanned, again, run};
pub use follow::{Follower, follow};
pub use going::Going;
pub use inputs::{Input, InputKind, Inputs, SurveyOptions, field_names, survey};
pub use watch::Watch;

use driver::chunk_of;

use crate::fold::{Fold, Travel};
use crate::format::log::reader::ReadOptions;
use crate::model::{Entry, Location, Needs};

/// How a scan is done; nothing here changes what comes out.
#[derive(Clone, Debug)]
pub struct ScanOptions {
    /// How many threads map chunks.
    pub threads: usize,
    /// Bytes of a chunk; [`CHUNK`] outside of tests.
    pub chunk: usize,
    /// May files be mapped into memory?
    pub map: bool,
    /// How logs are read.
    pub read: ReadOptions,
    /// Set to stop early: what has been read until then is reported.
    pub cancel: Arc<AtomicBool>,
    /// Counts the bytes that have been read.
    pub progress: Arc<Going>,
    /// What is done here of a command in parts.
    pub apart: Option<Arc<Apart>>,
}

/// The size of a chunk: large enough that its overhead does not show, small enough for the second-level
/// cache of the core that maps it.
pub const CHUNK: usize = 1 << 20;

/// A fold is one state of all entries.
impl<F: Fold + Travel> Gather for F {
    fn join(&mut self, other: Self) {
        self.merge(other);
    }
}

/// Scans the logs and adds the selected entries up.
pub fn fold<F: Fold + Travel>(
    inputs: &[Input],
    selection: &Selection,
    options: &ScanOptions,
    new: impl Fn() -> F + Sync,
) -> (F, Scanned) {
    gather(inputs, &selection.needs, options, new, |state, chunk| {
        // A fold takes every entry; it never asks to stop.
        let _ = chunk.entries(selection, |entry| {
            state.add(entry);
            ControlFlow::Continue(())
        });
    })
}

/// Looks once more at the entries at these places, which a scan has found; what `each` makes of them, in no order.
pub fn entries_at<T: Send>(
    (inputs, scanned): (&[Input], &Scanned),
    wanted: &BTreeSet<Location>,
    needs: &Needs,
    options: &ScanOptions,
    each: impl Fn(&Entry<'_, '_>) -> T + Sync,
) -> Vec<T> {
    let chunks: BTreeSet<(u32, u32)> = wanted.iter().map(|at| (at.file, at.chunk)).collect();
    let places = scanned.places(|file, chunk| chunks.contains(&(file, chunk)));
    let selection = Selection::everything(needs.clone());
    let look = |found: &mut Vec<T>, chunk: &Chunk<'_>| {
        let _ = chunk.entries(&selection, |entry| {
            if wanted.contains(&entry.location) {
                found.push(each(entry));
            }
            ControlFlow::Continue(())
        });
    };
    again(inputs, &places, needs, options, Vec::new, look).into_iter().flatten().collect()
}

/// Lets no part of the program use more than so many threads: whoever works on one works on the caller's.
pub fn bound_threads(threads: usize) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    let pool = if threads == 1 { pool.use_current_thread() } else { pool };
    // There is a pool already where several commands run in one process, as in tests: the first decides.
    let _ = pool.build_global();
}

/// Applies `f` to every index below `count` on `threads` threads; the results in order.
#[expect(clippy::disallowed_methods, reason = "scan/ is where threads are made")]
pub fn parallel<T: Send>(threads: usize, count: usize, f: impl Fn(usize) -> T + Sync) -> Vec<T> {
    use std::sync::atomic::Ordering;
    let next = AtomicU64::new(0);
    let work = || {
        let mut mine = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed) as usize;
            if index >= count {
                return mine;
            }
            mine.push((index, f(index)));
        }
    };
    let mut all = if threads < 2 || count < 2 {
        work()
    } else {
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads.min(count)).map(|_| scope.spawn(work)).collect();
            workers
                .into_iter()
                .flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        })
    };
    all.sort_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, result)| result).collect()
}
