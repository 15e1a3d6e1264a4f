//! What runtimes write of themselves: their threads with what each does and waits for, and why a program ended.
//!
//! Thread dumps of the JVM, traces of goroutines, Python's faulthandler and py-spy, Node's reports, and the reports of
//! programs that died. Several dumps of one process stand in the order in which they were taken.

mod go;
mod jvm;
mod node;
mod python;

use super::object::{Place, When};
use crate::model::Timestamp;

pub(super) use node::is_report;

/// What a runtime wrote at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dump {
    /// Where it begins.
    pub place: Place,
    /// When it was taken.
    pub at: Option<Timestamp>,
    /// The threads in it: those that a program has, not those of its runtime.
    pub threads: Vec<Thread>,
    /// Threads that wait for each other in a circle, as the runtime tells or their locks show.
    pub circles: Vec<Circle>,
    /// Why the program ended, if it did.
    pub end: Option<End>,
}

/// A thread or a goroutine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Thread {
    /// Where it stands.
    pub place: Place,
    /// Its name, or what stands for it.
    pub name: String,
    /// What it does.
    pub doing: Doing,
    /// The lock that it waits for.
    pub wants: Option<Lock>,
    /// The locks that it holds.
    pub holds: Vec<Lock>,
    /// Where in the program it is: the innermost frame that is not the runtime's own.
    pub frame: String,
    /// For how long it has been waiting, in seconds, where it says so.
    pub waited: Option<f64>,
}

/// What a thread does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Doing {
    /// It computes, or nobody says.
    #[default]
    Running,
    /// It waits for a lock that another one holds.
    Blocked,
    /// It waits in the midst of its work: for an answer, a permit, a time.
    Waiting,
    /// It waits for work.
    Idle,
}

/// A lock by what stands for it, and what it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lock {
    /// Its address.
    pub id: String,
    /// Its class.
    pub class: String,
}

/// Threads that wait for each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Circle {
    /// Where it was read.
    pub place: Place,
    /// Their names.
    pub threads: Vec<String>,
}

/// Why a program ended.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// How.
    pub how: How,
    /// In the runtime's words.
    pub words: String,
    /// Where it was read.
    pub place: Place,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It crashed, or gave up.
    Crash,
    /// Nobody caught what was thrown.
    Uncaught,
    /// There was no memory left.
    Memory,
    /// All of its threads wait for each other.
    Deadlock,
    /// A watchdog found that it did not get on; it may live.
    Hang,
}

/// A text that is read, line by line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lines<'t> {
    file: u32,
    first: u64,
    all: &'t [&'t str],
}

impl<'t> Lines<'t> {
    fn get(&self, at: usize) -> &'t str {
        self.all.get(at).copied().unwrap_or_default()
    }

    fn place(&self, at: usize) -> Place {
        Place { file: self.file, line: self.first + at as u64, text: self.get(at).trim().to_owned() }
    }
}

/// How many lines may stand before the first dump: what a tool says of itself.
const BEFORE: usize = 6;

/// Does a file that begins like this hold dumps?
pub(super) fn begins(text: &str) -> bool {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(BEFORE).collect();
    // A program may have written a line or two before it died.
    let listed = text.contains("\ngoroutine ");
    let opens = |at: usize| {
        let line = lines[at];
        jvm::begins(line)
            || python::begins(line)
            || (at == 0 && go::begins(line))
            || (listed && go::is_end(line))
            || jvm::is_fatal(line)
    };
    (0..lines.len()).any(opens) && !lines.iter().any(|line| is_logged(line))
}

/// Does a line of a log stand here, with a time and something behind it?
fn is_logged(line: &str) -> bool {
    let timed = line.len() > 24 && line.as_bytes()[..4].iter().all(u8::is_ascii_digit);
    timed && line.as_bytes()[4] == b'-'
}

/// Reads all dumps of a text.
pub(super) fn read(file: u32, text: &str) -> Vec<Dump> {
    let all: Vec<&str> = text.lines().collect();
    dumps(&Lines { file, first: 1, all: &all })
}

/// Reads an entry of a log that holds a dump; its lines are numbered from the first of them.
pub fn in_entry(text: &str, place: &Place) -> Vec<Dump> {
    let all: Vec<&str> = text.lines().collect();
    dumps(&Lines { file: place.file, first: place.line, all: &all })
}

fn dumps(lines: &Lines<'_>) -> Vec<Dump> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < lines.all.len() {
        let line = lines.get(at);
        let read = if jvm::begins(line) {
            Some(jvm::read(lines, at))
        } else if jvm::is_fatal(line) {
            Some(jvm::fatal(lines, at))
        } else if python::begins(line) {
            Some(python::read(lines, at))
        } else if go::begins(line) {
            Some(go::read(lines, at))
        } else {
            None
        };
        match read {
            Some((dump, end)) => {
                found.push(dump);
                at = end.max(at + 1);
            }
            None => at += 1,
        }
    }
    found
}

/// Reads a report of Node.
pub(super) fn report(value: &serde_json::Value, place: &Place) -> Option<Dump> {
    node::read(value, place)
}

impl Dump {
    /// When it was taken, as a time of the platform.
    pub fn when(&self) -> Option<When> {
        self.at.map(When::At)
    }

    /// Adds the circles that its locks show, unless the runtime told them.
    fn close(&mut self) {
        let holder = |lock: &Lock| self.threads.iter().position(|thread| thread.holds.contains(lock));
        let next: Vec<Option<usize>> =
            self.threads.iter().map(|thread| thread.wants.as_ref().and_then(holder)).collect();
        let mut seen = vec![false; next.len()];
        for start in 0..next.len() {
            let mut way = Vec::new();
            let mut at = Some(start);
            while let Some(here) = at.filter(|here| !seen[*here]) {
                seen[here] = true;
                way.push(here);
                at = next[here];
            }
            let Some(from) = at.and_then(|end| way.iter().position(|here| *here == end)) else { continue };
            let threads: Vec<String> =
                way[from..].iter().map(|here| self.threads[*here].name.clone()).collect();
            let known = |circle: &Circle| threads.iter().all(|name| circle.threads.contains(name));
            if threads.len() > 1 && !self.circles.iter().any(known) {
                let place = self.threads[way[from]].place.clone();
                self.circles.push(Circle { place, threads });
            }
        }
    }
}

/// The name of a pool that a thread is of, by its name without its number: `http-nio-8080-exec-7` is one of
/// `http-nio-8080-exec`. Threads that have no number are of none.
pub fn pool(name: &str) -> Option<&str> {
    let name = name.strip_suffix(']').unwrap_or(name);
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let pool = stem.trim_end_matches(['-', '_', ' ', '#', '.', '[', ':']);
    (stem.len() < name.len() && !pool.is_empty()).then_some(pool)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pools_are_threads_with_numbers() {
        for (name, expected) in [
            ("http-nio-8080-exec-7", Some("http-nio-8080-exec")),
            ("pool-1-thread-12", Some("pool-1-thread")),
            ("worker_3", Some("worker")),
            ("Thread-4", Some("Thread")),
            ("main", None),
            ("7", None),
        ] {
            assert_eq!(pool(name), expected, "{name}");
        }
    }

    #[test]
    fn circles_are_closed_where_the_runtime_does_not_tell() {
        let lock = |id: &str| Lock { id: id.to_owned(), class: String::new() };
        let thread = |name: &str, wants: &str, holds: &str| Thread {
            name: name.to_owned(),
            wants: Some(lock(wants)),
            holds: vec![lock(holds)],
            ..Thread::default()
        };
        let mut dump = Dump {
            threads: vec![thread("c", "1", "3"), thread("a", "1", "2"), thread("b", "2", "1")],
            ..Dump::default()
        };
        dump.close();
        assert_eq!(dump.circles.len(), 1);
        assert_eq!(dump.circles[0].threads, ["b", "a"]);
        dump.threads.remove(1);
        dump.circles.clear();
        dump.close();
        assert_eq!(dump.circles, []);
    }
}
