//! Bytes in memory: a file mapped (guarded against being cut off meanwhile) or held.
#![expect(unsafe_code, reason = "memory maps and the SIGBUS handler that makes them safe to read")]

use std::fmt;
use std::fs::{File, Metadata};
use std::io;
use std::ops::{Deref, Range};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use memmap2::{Mmap, MmapOptions, UncheckedAdvice};

use super::faults;
use crate::model::Diagnostic;

/// Bytes in memory whose number is fixed: a mapped file, or part of one, or a small file that was read.
///
/// A mapped file that another program cuts off while it is read has zeros where its end was; reading them is
/// safe, and [`Map::fault`] tells. Cloning shares the bytes.
#[derive(Clone)]
pub struct Map {
    bytes: Bytes,
    range: Range<usize>,
}

#[derive(Clone)]
enum Bytes {
    Held(Arc<[u8]>),
    Mapped(Arc<Mapping>),
}

impl Map {
    /// Bytes that are held in memory.
    pub fn held(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        Map { range: 0..bytes.len(), bytes: Bytes::Held(bytes) }
    }

    /// Maps a regular file that is not empty, as long as `metadata` says it is.
    pub(super) fn of_file(file: &File, path: &Path, metadata: &Metadata) -> io::Result<Self> {
        let mapping = Mapping::new(file, path, metadata)?;
        Ok(Map { range: 0..mapping.map.len(), bytes: Bytes::Mapped(Arc::new(mapping)) })
    }

    /// A part of these bytes, cut to what there is.
    pub(super) fn part(&self, range: Range<u64>) -> Self {
        let place = |offset: u64| usize::try_from(offset).map_or(self.len(), |offset| offset.min(self.len()));
        let start = place(range.start);
        let end = place(range.end).max(start);
        Map { bytes: self.bytes.clone(), range: self.range.start + start..self.range.start + end }
    }

    /// The lowest offset whose byte could not be read because the file shrank after it was opened; from there
    /// on there are zeros. To be asked after reading.
    pub fn fault(&self) -> Option<u64> {
        let Bytes::Mapped(mapping) = &self.bytes else { return None };
        let fault = mapping.fault()?;
        let (start, end) = (self.range.start as u64, self.range.end as u64);
        (fault < end).then(|| fault.saturating_sub(start))
    }

    /// Says that this range has been read. Its pages are given back now, by the thread that read them, rather than
    /// all at the end by one; whoever reads them again gets them again from the file.
    pub fn has_been_read(&self, range: Range<usize>) {
        let Bytes::Mapped(mapping) = &self.bytes else { return };
        let range = self.range.start + range.start..(self.range.start + range.end).min(self.range.end);
        mapping.give_back(range);
    }

    /// [`Map::fault`] as a diagnostic about the file called `shown`.
    pub fn trouble(&self, shown: &str) -> Option<Diagnostic> {
        let fault = self.fault()?;
        let message = format!(
            "shrank from {} to {fault} bytes while it was read; what was read before that counts",
            self.len()
        );
        Some(Diagnostic::error(shown, message).hinted("read a copy, or a file that is no longer written"))
    }
}

impl Deref for Map {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let all: &[u8] = match &self.bytes {
            Bytes::Held(bytes) => bytes,
            Bytes::Mapped(mapping) => &mapping.map,
        };
        // `part` and the constructors keep the range inside.
        &all[self.range.clone()]
    }
}

impl AsRef<[u8]> for Map {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if matches!(self.bytes, Bytes::Held(_)) { "held" } else { "mapped" };
        write!(f, "Map({how}, {} bytes)", self.len())
    }
}

/// A mapped file and its place in the registry that the signal handler looks at.
struct Mapping {
    slot: &'static Slot,
    map: Mmap,
    path: PathBuf,
    identity: (u64, u64),
}

impl Mapping {
    fn new(file: &File, path: &Path, metadata: &Metadata) -> io::Result<Self> {
        faults::pass()?;
        install()?;
        let len = usize::try_from(metadata.len()).map_err(|_| io::ErrorKind::OutOfMemory)?;
        // SAFETY: the map is read-only and private. Another program may change the file's bytes under us, as
        // it may between two calls of read(2); nothing here relies on two reads of a byte being equal beyond
        // what slices of untrusted bytes need. If the file is cut off, the handler below puts zero pages in place.
        let map = unsafe { MmapOptions::new().len(len).map(file)? };
        let start = map.as_ptr() as usize;
        let slot = register(start..start + map.len());
        Ok(Mapping { slot, map, path: path.to_owned(), identity: (metadata.dev(), metadata.ino()) })
    }

    /// Drops the pages of a range from this process; they stay in the system's cache of the file.
    fn give_back(&self, range: Range<usize>) {
        if range.is_empty() || range.end > self.map.len() {
            return;
        }
        // SAFETY: the map is read-only, private and of a file: pages that are dropped are read from the file again
        // when they are touched, with the same caveats as the first time. Pages of zeros that the handler put in
        // place of what was cut off come back as zeros.
        let given =
            unsafe { self.map.unchecked_advise_range(UncheckedAdvice::DontNeed, range.start, range.len()) };
        // It is advice: if it is not taken, the pages go when the map does.
        drop(given);
    }

    /// The lowest offset not read: a page fault, or the file's present end, since the rest of the last page
    /// of a cut file reads as zeros without a fault.
    fn fault(&self) -> Option<u64> {
        let fault = self.slot.fault.load(Ordering::Acquire);
        let fault = (fault != usize::MAX).then_some(fault as u64);
        let end = std::fs::metadata(&self.path)
            .ok()
            .filter(|now| (now.dev(), now.ino()) == self.identity)
            .map(|now| now.len())
            .filter(|&now| now < self.map.len() as u64);
        fault.into_iter().chain(end).min()
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // Before the fields: the handler must not know the range any more when it is unmapped.
        unregister(self.slot);
    }
}

/// A registered range of addresses. `version` is odd while the slot changes.
struct Slot {
    version: AtomicUsize,
    start: AtomicUsize,
    end: AtomicUsize,
    /// The lowest offset that faulted; `usize::MAX` if none did.
    fault: AtomicUsize,
}

impl Slot {
    const fn new() -> Self {
        Slot {
            version: AtomicUsize::new(0),
            start: AtomicUsize::new(0),
            end: AtomicUsize::new(0),
            fault: AtomicUsize::new(usize::MAX),
        }
    }

    /// Changes the range so that the handler sees either all of it or none.
    fn set(&self, range: Range<usize>) {
        let version = self.version.load(Ordering::Relaxed);
        self.version.store(version.wrapping_add(1), Ordering::Relaxed);
        fence(Ordering::Release);
        self.start.store(range.start, Ordering::Relaxed);
        self.end.store(range.end, Ordering::Relaxed);
        self.version.store(version.wrapping_add(2), Ordering::Release);
    }

    /// The range, if the slot is not just being changed; the slot of an address that is in use never is.
    fn get(&self) -> Option<Range<usize>> {
        let before = self.version.load(Ordering::Acquire);
        let range = self.start.load(Ordering::Relaxed)..self.end.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        let after = self.version.load(Ordering::Relaxed);
        (before == after && before.is_multiple_of(2)).then_some(range)
    }
}

/// A part of the registry. Parts are added when all slots are taken, and never freed, so that the handler can
/// follow them without a lock.
struct Block {
    slots: [Slot; 64],
    next: AtomicPtr<Block>,
}

impl Block {
    const fn new() -> Self {
        Block { slots: [const { Slot::new() }; 64], next: AtomicPtr::new(std::ptr::null_mut()) }
    }
}

static REGISTRY: Block = Block::new();

/// The slots that no map uses; never touched by the handler.
static FREE: Mutex<Option<Vec<&'static Slot>>> = Mutex::new(None);

/// Makes a range of addresses known to the handler.
fn register(range: Range<usize>) -> &'static Slot {
    let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
    let free = free.get_or_insert_with(|| REGISTRY.slots.iter().collect());
    let slot = free.pop().unwrap_or_else(|| {
        let block: &'static Block = Box::leak(Box::new(Block::new()));
        free.extend(&block.slots[1..]);
        // New blocks go right behind the first; the lock makes this the only writer.
        let second = REGISTRY.next.load(Ordering::Relaxed);
        block.next.store(second, Ordering::Relaxed);
        REGISTRY.next.store(std::ptr::from_ref(block).cast_mut(), Ordering::Release);
        &block.slots[0]
    });
    slot.fault.store(usize::MAX, Ordering::Relaxed);
    slot.set(range);
    slot
}

/// Makes the handler forget a range.
fn unregister(slot: &'static Slot) {
    slot.set(0..0);
    if let Some(free) = FREE.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
        free.push(slot);
    }
}

/// The slot whose range holds the address. Async-signal-safe: atomics only.
fn slot_of(address: usize) -> Option<(&'static Slot, Range<usize>)> {
    let mut block: Option<&'static Block> = Some(&REGISTRY);
    while let Some(here) = block {
        for slot in &here.slots {
            if let Some(range) = slot.get().filter(|range| range.contains(&address)) {
                return Some((slot, range));
            }
        }
        // SAFETY: `next` is null or a leaked block.
        block = unsafe { here.next.load(Ordering::Acquire).as_ref() };
    }
    None
}

/// The page size, known before the handler can run.
static PAGE: AtomicUsize = AtomicUsize::new(0);

/// Installs the handler, once for the process.
fn install() -> io::Result<()> {
    static DONE: OnceLock<Result<(), i32>> = OnceLock::new();
    let done = DONE.get_or_init(|| {
        // SAFETY: sysconf has no preconditions; `action` is fully initialised before sigaction sees it, and
        // the handler has the signature that SA_SIGINFO asks for.
        unsafe {
            let page = usize::try_from(libc::sysconf(libc::_SC_PAGESIZE)).unwrap_or(4096);
            PAGE.store(page, Ordering::Release);
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = on_bus_error as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
            libc::sigemptyset(&raw mut action.sa_mask);
            if libc::sigaction(libc::SIGBUS, &raw const action, std::ptr::null_mut()) == 0 {
                Ok(())
            } else {
                Err(io::Error::last_os_error().raw_os_error().unwrap_or_default())
            }
        }
    });
    done.map_err(io::Error::from_raw_os_error)
}

/// Puts zero pages over the rest of a mapped file that was cut off, and remembers where; any other SIGBUS
/// ends the process as if there were no handler. Async-signal-safe: atomics and system calls only.
extern "C" fn on_bus_error(_signal: libc::c_int, info: *mut libc::siginfo_t, _context: *mut libc::c_void) {
    // SAFETY: the kernel gives a valid siginfo to a handler with SA_SIGINFO.
    let address = unsafe { (*info).si_addr() } as usize;
    if let Some((slot, range)) = slot_of(address) {
        let page = address & !(PAGE.load(Ordering::Acquire) - 1);
        // SAFETY: page..range.end lies in a live map of ours (the thread that faulted is reading it, so it
        // cannot be unmapped now), and nobody has a `&mut` to it. MAP_FIXED replaces just these pages.
        let got = unsafe {
            libc::mmap(
                page as *mut libc::c_void,
                range.end - page,
                libc::PROT_READ,
                libc::MAP_FIXED | libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if got != libc::MAP_FAILED {
            slot.fault.fetch_min(page - range.start, Ordering::AcqRel);
            return;
        }
    }
    // SAFETY: both are async-signal-safe. The signal stays blocked until the handler returns, and then ends
    // the process with the default action.
    unsafe {
        libc::signal(libc::SIGBUS, libc::SIG_DFL);
        libc::raise(libc::SIGBUS);
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the tests make files and threads")]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::FileExt;

    use super::*;

    fn mapped(path: &Path) -> Map {
        let file = File::open(path).unwrap();
        let metadata = file.metadata().unwrap();
        Map::of_file(&file, path, &metadata).unwrap()
    }

    fn sum(bytes: &[u8]) -> u64 {
        bytes.iter().map(|&b| u64::from(b)).sum()
    }

    #[test]
    fn a_map_has_the_bytes_and_parts_of_them() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"0123456789").unwrap();
        let map = mapped(file.path());
        assert_eq!(&*map, b"0123456789");
        assert_eq!(&*map.part(3..7), b"3456");
        assert_eq!(&*map.part(3..7).part(1..100), b"456");
        assert_eq!(&*map.part(8..100), b"89");
        assert_eq!(&*map.part(100..700), b"");
        assert_eq!(&*Map::held(b"abc".to_vec()).part(1..2), b"b");
        assert_eq!(map.fault(), None);
        file.write_all(b"appended").unwrap();
        assert_eq!(&*map, b"0123456789");
        assert_eq!(map.fault(), None);
    }

    #[test]
    fn a_file_that_is_cut_off_while_it_is_mapped_reads_as_zeros_and_is_told() {
        for keep in [0_u64, 1, 4096, 5000, 100_000] {
            let file = tempfile::NamedTempFile::new().unwrap();
            file.as_file().write_all_at(&vec![1; 300_000], 0).unwrap();
            let map = mapped(file.path());
            assert_eq!(sum(&map[..10]), 10);
            file.as_file().set_len(keep).unwrap();
            assert_eq!(sum(&map), keep, "keeping {keep}");
            assert_eq!(map.fault(), Some(keep));
            assert_eq!(map.part(1000..2000).fault(), (keep < 2000).then(|| keep.saturating_sub(1000)));
            let trouble = map.trouble("a.log").unwrap().to_string();
            assert!(trouble.starts_with(&format!("a.log: shrank from 300000 to {keep} bytes")), "{trouble}");
            // Gone from its path, the file cannot be asked any more; the fault is known by pages.
            drop(file);
            assert_eq!(map.fault(), Some(keep.next_multiple_of(4096)));
        }
    }

    #[test]
    fn many_maps_are_cut_off_while_many_threads_read_them() {
        let touch = |map: &Map| map.iter().step_by(4096).map(|&b| u64::from(b)).sum::<u64>();
        std::thread::scope(|scope| {
            for thread in 1..=4_u64 {
                scope.spawn(move || {
                    for round in 0..40 {
                        let file = tempfile::NamedTempFile::new().unwrap();
                        file.as_file().set_len(1 << 20).unwrap();
                        let maps: Vec<_> = (0..30).map(|_| mapped(file.path())).collect();
                        let keep = thread * 8192 * (round % 7);
                        let cutter = file.reopen().unwrap();
                        let cutter = std::thread::spawn(move || cutter.set_len(keep).unwrap());
                        assert_eq!(maps.iter().map(touch).sum::<u64>(), 0);
                        cutter.join().unwrap();
                        for map in &maps {
                            assert_eq!(touch(map), 0);
                            assert_eq!(map.fault(), Some(keep));
                        }
                    }
                });
            }
        });
    }

    #[test]
    fn slots_are_found_by_address_and_used_again() {
        let slots: Vec<_> = (0..200).map(|i| register(i * 10..i * 10 + 5)).collect();
        for address in [0, 4, 700, 1994] {
            let (_, range) = slot_of(address).unwrap();
            assert!(range.contains(&address));
        }
        assert!(slot_of(1995).is_none());
        for slot in slots {
            unregister(slot);
        }
        assert!(slot_of(4).is_none());
    }
}
