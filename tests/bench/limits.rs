//! What this machine can do with the bytes of a file: the limits that tests/bench/peers.sh holds obs against.
//!
//!     limits FILE [LITERAL [KEY]]    one line for each kind of work and number of threads: name, threads, seconds, GB/s
//!
//! The file is in memory before anything is measured, and cut into chunks of 1 MiB at line starts; the best of five
//! rounds counts. A file that is compressed is decoded by one thread, as its format wants; GB/s are of what comes out.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program of its own that measures and says so"
)]

use std::hint::black_box;
use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use memchr::memmem::Finder;
use memchr::{memchr, memchr_iter, memchr2, memrchr};

/// What is done with all bytes of a part.
type Work<'w> = &'w (dyn Fn(&[u8]) -> usize + Sync);

const CHUNK: usize = 1 << 20;
const ROUNDS: usize = 5;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let Some(path) = arguments.next() else { return println!("limits FILE [LITERAL [KEY]]") };
    let literal = arguments.next().unwrap_or_else(|| "error".to_owned());
    let key = format!("\"{}\"", arguments.next().unwrap_or_else(|| "level".to_owned()));
    let bytes = std::fs::read(&path).expect("a readable file");
    if let Some(name) = compression(&bytes) {
        let (seconds, decoded) = best(|| decode(name, &bytes));
        return tell(name, 1, seconds, decoded);
    }
    let chunks = chunks(&bytes);
    let (literal, key) = (Finder::new(literal.as_bytes()), Finder::new(key.as_bytes()));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kinds: [(&str, Work<'_>); 5] = [
        ("touch", &touch),
        ("newlines", &|chunk| memchr_iter(b'\n', chunk).count()),
        ("literal", &|chunk| literal.find_iter(chunk).count()),
        ("key-and-walk", &|chunk| lines_with(&key, chunk).map(walk).sum()),
        ("walk", &|chunk| chunk.split(|b| *b == b'\n').map(walk).sum()),
    ];
    for (name, work) in kinds {
        for threads in [1, cores].into_iter().take(cores.min(2)) {
            let (seconds, _) = best(|| in_parallel(&chunks, threads, work));
            tell(name, threads, seconds, bytes.len());
        }
    }
}

fn tell(name: &str, threads: usize, seconds: f64, bytes: usize) {
    println!("{name}\t{threads}\t{seconds:.4}\t{:.2}", bytes as f64 / seconds / 1e9);
}

/// The shortest time of all rounds, and what the work gave.
fn best(work: impl Fn() -> usize) -> (f64, usize) {
    let rounds = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        let gave = black_box(work());
        (start.elapsed().as_secs_f64(), gave)
    });
    rounds.min_by(|a, b| a.0.total_cmp(&b.0)).expect("a round")
}

fn in_parallel(chunks: &[&[u8]], threads: usize, work: &(dyn Fn(&[u8]) -> usize + Sync)) -> usize {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mine = std::iter::from_fn(|| chunks.get(next.fetch_add(1, Ordering::Relaxed)));
        mine.map(|chunk| work(chunk)).sum::<usize>()
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().map(|worker| worker.join().expect("no panic")).sum()
    })
}

fn chunks(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut chunks = Vec::new();
    while !bytes.is_empty() {
        let end = bytes.len().min(CHUNK);
        let end = memchr(b'\n', &bytes[end..]).map_or(bytes.len(), |more| end + more + 1);
        let (chunk, rest) = bytes.split_at(end);
        chunks.push(chunk);
        bytes = rest;
    }
    chunks
}

/// One byte of every cache line.
fn touch(chunk: &[u8]) -> usize {
    chunk.iter().step_by(64).map(|b| usize::from(*b)).sum()
}

/// The lines in which the key stands.
fn lines_with<'c>(key: &'c Finder<'_>, chunk: &'c [u8]) -> impl Iterator<Item = &'c [u8]> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let hit = at + key.find(&chunk[at..])?;
        let start = memrchr(b'\n', &chunk[at..hit]).map_or(at, |end| at + end + 1);
        let end = memchr(b'\n', &chunk[hit..]).map_or(chunk.len(), |more| hit + more);
        at = (end + 1).min(chunk.len());
        Some(&chunk[start..end])
    })
}

/// Goes from quote to quote through an object, as a parser by hand has to; the number of strings.
fn walk(line: &[u8]) -> usize {
    let (mut at, mut strings) = (0, 0);
    while let Some(open) = memchr(b'"', &line[at..]) {
        at += open + 1;
        while let Some(found) = memchr2(b'"', b'\\', &line[at..]) {
            at += found + 1;
            if line[at - 1] == b'"' {
                break;
            }
            at = (at + 1).min(line.len());
        }
        strings += 1;
    }
    strings
}

fn compression(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x1f, 0x8b, ..] => Some("gzip"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("zstd"),
        _ => None,
    }
}

/// Decodes and drops; how many bytes came out.
fn decode(name: &str, bytes: &[u8]) -> usize {
    let mut reader: Box<dyn Read + '_> = match name {
        "gzip" => Box::new(flate2::read::MultiGzDecoder::new(bytes)),
        _ => Box::new(zstd::stream::read::Decoder::new(bytes).expect("a decoder")),
    };
    let mut piece = vec![0; CHUNK];
    let mut all = 0;
    loop {
        match reader.read(&mut piece).expect("whole data") {
            0 => return all,
            n => all += black_box(n),
        }
    }
}
