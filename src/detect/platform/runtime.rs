//! Runtimes: programs that died, threads that wait for each other, locks that many wait for, pools that have nobody left.

use std::collections::BTreeMap;

use super::{Fault, View};
use crate::platform::object::{Place, When};
use crate::platform::runtime::{Doing, Dump, How, Lock, Thread, pool};
use crate::platform::{Kind, Object};
use crate::signatures::{Nature, Severity};

/// From how many threads on a lock that they wait for is told, where one dump is all there is.
const WAITERS: usize = 3;

/// From how many threads on threads of one name are a pool.
const POOL: usize = 4;

/// What waits longer than this, in seconds, does not get on.
const LONG: f64 = 60.0;

/// How many names are told.
const NAMED: usize = 4;

/// What dumps show, those of one process together.
pub(super) fn faults(view: &View<'_>, files: &[String]) -> Vec<Fault> {
    let mut processes: BTreeMap<String, Vec<&Dump>> = BTreeMap::new();
    for dump in &view.cluster.dumps {
        let file = files.get(dump.place.file as usize).map_or("", String::as_str);
        processes.entry(process(file)).or_default().push(dump);
    }
    let mut faults = Vec::new();
    for (name, mut dumps) in processes {
        dumps.sort_by_key(|dump| (dump.at, dump.place.file, dump.place.line));
        let about = Object::new(Kind::Process, "", &name);
        ends(&about, &dumps, &mut faults);
        circles(&about, &dumps, &mut faults);
        locks(&about, &dumps, &mut faults);
        pools(&about, &dumps, &mut faults);
    }
    faults
}

/// The process that a file is of, by its name without what only says that it is a dump, and which one.
fn process(file: &str) -> String {
    const WORDS: &[&str] = &[
        "jstack",
        "jcmd",
        "threaddump",
        "threaddumps",
        "thread",
        "threads",
        "dump",
        "dumps",
        "stack",
        "stacks",
        "td",
        "hs",
        "err",
        "pid",
        "report",
        "goroutine",
        "goroutines",
        "txt",
        "log",
        "out",
        "json",
        "javacore",
        "trace",
        "traces",
        "tdump",
    ];
    let mut folders = file.rsplit(['/', '!']);
    let name = folders.next().unwrap_or(file);
    let tells = |word: &&str| {
        let word = word.to_ascii_lowercase();
        let plain = word.strip_prefix("pid").unwrap_or(&word);
        !plain.is_empty()
            && !plain.bytes().all(|b| b.is_ascii_digit() || b == b't' || b == b'z')
            && !WORDS.contains(&plain)
    };
    let words: Vec<&str> = name.split(['-', '_', '.']).filter(tells).collect();
    match folders.next() {
        _ if !words.is_empty() => words.join("-"),
        Some(folder) if !folder.is_empty() && !matches!(folder, "." | "..") => folder.to_owned(),
        _ => String::from("process"),
    }
}

/// When a dump was taken.
fn when(dump: &Dump) -> Option<When> {
    dump.when()
}

/// Why the program ended.
fn ends(about: &Object, dumps: &[&Dump], faults: &mut Vec<Fault>) {
    for (dump, end) in dumps.iter().filter_map(|dump| Some((dump, dump.end.as_ref()?))) {
        let (family, what, severity) = match end.how {
            How::Crash => ("crash", "it crashed", Severity::Critical),
            How::Uncaught => ("unhandled-exception", "nobody caught what was thrown", Severity::Critical),
            How::Memory => ("out-of-memory", "it ran out of memory", Severity::Critical),
            How::Deadlock => ("deadlock", "all of it waits for each other", Severity::Critical),
            How::Hang => ("stall", "a watchdog found that it does not get on", Severity::High),
        };
        let fault = Fault::new(family, about.clone(), format!("{what}: {}", end.words), end.place.clone());
        faults.push(fault.severity(severity).since(when(dump)));
    }
}

/// Threads that wait for each other: it never ends by itself, so the first dump that shows it says since when.
fn circles(about: &Object, dumps: &[&Dump], faults: &mut Vec<Fault>) {
    for (dump, circle) in dumps.iter().flat_map(|dump| dump.circles.iter().map(move |circle| (dump, circle)))
    {
        let frames = circle.threads.iter().filter_map(|name| {
            let thread = dump.threads.iter().find(|thread| thread.name == *name)?;
            Some(Place { text: format!("\"{name}\" at {}", thread.frame), ..thread.place.clone() })
        });
        let what =
            format!("{} threads wait for each other: {}", circle.threads.len(), names(&circle.threads));
        let fault = Fault::new("deadlock", about.clone(), what, circle.place.clone());
        faults.push(fault.since(when(dump)).times(circle.threads.len() as u64).shown(frames));
    }
}

/// The lock that most threads wait for, and who holds it.
fn locks(about: &Object, dumps: &[&Dump], faults: &mut Vec<Fault>) {
    let mut worst: Option<(usize, &Dump, &Lock, Vec<&Thread>)> = None;
    for dump in dumps {
        let mut waiting: BTreeMap<&Lock, Vec<&Thread>> = BTreeMap::new();
        for thread in dump.threads.iter().filter(|thread| thread.doing == Doing::Blocked) {
            let known = dump.circles.iter().any(|circle| circle.threads.contains(&thread.name));
            if let Some(lock) = thread.wants.as_ref().filter(|_| !known) {
                waiting.entry(lock).or_default().push(thread);
            }
        }
        for (lock, threads) in waiting {
            if worst.as_ref().is_none_or(|(most, ..)| threads.len() > *most) {
                worst = Some((threads.len(), dump, lock, threads));
            }
        }
    }
    let Some((count, dump, lock, threads)) = worst else { return };
    let stuck = dumps.iter().filter(|other| waits_there(other, threads[0])).count();
    let long = threads.iter().filter_map(|thread| thread.waited).fold(0.0, f64::max);
    if count < WAITERS && stuck < 2 && long < LONG {
        return;
    }
    let holder = dump.threads.iter().find(|thread| thread.holds.contains(lock));
    let held = holder
        .map_or_else(String::new, |holder| format!(", which \"{}\" holds at {}", holder.name, holder.frame));
    let mut what = match count {
        1 => format!("1 thread waits for a lock ({}){held}; at {}", lock.class, threads[0].frame),
        _ => format!("{count} threads wait for one lock ({}){held}; at {}", lock.class, threads[0].frame),
    };
    if stuck > 1 {
        what.push_str(&format!("; the same in {stuck} dumps"));
    }
    if long >= LONG {
        what.push_str(&format!("; for {:.0} min", long / 60.0));
    }
    let shown = holder.into_iter().chain(threads.iter().copied()).map(|thread| Place {
        text: format!("\"{}\" at {}", thread.name, thread.frame),
        ..thread.place.clone()
    });
    let mut shown: Vec<Place> = shown.collect();
    let first = shown.remove(0);
    let fault =
        Fault::new("lock-wait", about.clone(), what, first).since(dumps.first().and_then(|dump| when(dump)));
    faults.push(fault.severity(Severity::High).times(count as u64).shown(shown));
}

/// Does a thread of that name wait at that place in a dump?
fn waits_there(dump: &Dump, thread: &Thread) -> bool {
    let same = |other: &&Thread| other.name == thread.name && other.frame == thread.frame;
    dump.threads.iter().find(same).is_some_and(|other| other.doing == thread.doing)
}

/// Pools none of whose threads waits for work, in the last dump and in those before it.
fn pools(about: &Object, dumps: &[&Dump], faults: &mut Vec<Fault>) {
    let Some(last) = dumps.last() else { return };
    for (name, threads) in by_pool(last) {
        let busy = |threads: &[&Thread]| threads.iter().all(|thread| thread.doing != Doing::Idle);
        let stuck = threads.iter().filter(|thread| thread.doing != Doing::Running).count();
        if threads.len() < POOL || !busy(&threads) || stuck * 2 < threads.len() {
            continue;
        }
        let often =
            dumps.iter().filter(|dump| by_pool(dump).get(name).is_some_and(|threads| busy(threads))).count();
        let mut frames: BTreeMap<&str, usize> = BTreeMap::new();
        for thread in threads.iter().filter(|thread| thread.doing != Doing::Running) {
            *frames.entry(&thread.frame).or_default() += 1;
        }
        let most = frames.into_iter().max_by_key(|(_, count)| *count);
        let mut what = format!("all {} threads of {name} are busy", threads.len());
        if let Some((frame, count)) = most {
            what.push_str(&format!(": {count} wait at {frame}"));
        }
        if often > 1 {
            what.push_str(&format!("; so in {often} dumps"));
        }
        let shown = threads.iter().map(|thread| Place {
            text: format!("\"{}\" at {}", thread.name, thread.frame),
            ..thread.place.clone()
        });
        let mut shown: Vec<Place> = shown.collect();
        let first = shown.remove(0);
        let fault = Fault::new("thread-pool-exhaustion", about.clone(), what, first);
        let fault = fault.since(when(last)).times(threads.len() as u64).nature(Nature::Resource);
        faults.push(fault.severity(Severity::High).shown(shown));
    }
}

/// The threads of each pool.
fn by_pool(dump: &Dump) -> BTreeMap<&str, Vec<&Thread>> {
    let mut pools: BTreeMap<&str, Vec<&Thread>> = BTreeMap::new();
    for thread in &dump.threads {
        // A goroutine has a number for a name, and is of no pool.
        if let Some(name) =
            pool(&thread.name).filter(|name| *name != "goroutine" && !name.starts_with("Thread 0x"))
        {
            pools.entry(name).or_default().push(thread);
        }
    }
    pools
}

/// The first few names.
fn names(threads: &[String]) -> String {
    let shown: Vec<String> = threads.iter().take(NAMED).map(|name| format!("\"{name}\"")).collect();
    let left = threads.len().saturating_sub(NAMED);
    let rest = if left > 0 { format!(" and {left} more") } else { String::new() };
    format!("{}{rest}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_name_their_process() {
        for (file, expected) in [
            ("dumps/orders-threaddump-20240102T030405.txt", "orders"),
            ("incident/cart/jstack.1.txt", "cart"),
            ("hs_err_pid4711.log", "process"),
            ("web-1/thread-dump-2.txt", "web-1"),
            ("report.20261129.074001.14921.0.001.json", "process"),
        ] {
            assert_eq!(process(file), expected, "{file}");
        }
    }
}
