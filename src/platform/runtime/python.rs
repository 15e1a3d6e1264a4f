//! Traces of Python's threads: those of the faulthandler, which come when the interpreter dies or a watchdog barks, and
//! those of py-spy.

use super::{Doing, Dump, End, How, Lines, Thread};

/// Does a dump begin with this line?
pub(super) fn begins(line: &str) -> bool {
    is_fatal(line) || is_timeout(line) || is_thread(line) || is_spied(line)
}

/// `Fatal Python error: Segmentation fault`.
fn is_fatal(line: &str) -> bool {
    line.starts_with("Fatal Python error: ")
}

/// `Timeout (0:01:00)!`, as `faulthandler.dump_traceback_later` says.
fn is_timeout(line: &str) -> bool {
    line.starts_with("Timeout (") && line.trim_end().ends_with(")!")
}

/// `Current thread 0x00007f (most recent call first):`.
fn is_thread(line: &str) -> bool {
    (line.starts_with("Thread 0x") || line.starts_with("Current thread 0x"))
        && line.trim_end().ends_with("(most recent call first):")
}

/// `Thread 14784 (idle): "worker-0"`.
fn is_spied(line: &str) -> bool {
    line.starts_with("Thread ")
        && ["(idle)", "(active)", "(active+gil)", "(idle+gil)"].iter().any(|state| line.contains(state))
}

/// Reads the dump at `at`, and where it ends.
pub(super) fn read(lines: &Lines<'_>, at: usize) -> (Dump, usize) {
    let mut dump = Dump { place: lines.place(at), ..Dump::default() };
    let mut next = at;
    let (mut current, mut blank) = (None, false);
    while next < lines.all.len() {
        let line = lines.get(next);
        let starts_next = next > at && (is_fatal(line) || is_timeout(line));
        if starts_next || (blank && line.starts_with("Process ")) {
            break;
        }
        if is_thread(line) || is_spied(line) {
            let (thread, end) = thread(lines, next);
            if line.starts_with("Current thread") && current.is_none() {
                current = Some(thread.frame.clone());
            }
            dump.threads.push(thread);
            (next, blank) = (end, false);
            continue;
        }
        if is_fatal(line) || is_timeout(line) {
            let how = if is_timeout(line) { How::Hang } else { How::Crash };
            dump.end = Some(End { how, words: line.trim_end().to_owned(), place: lines.place(next) });
        } else if !line.trim().is_empty() && !dump.threads.is_empty() && !line.starts_with([' ', '\t', '<']) {
            break;
        }
        blank = line.trim().is_empty();
        next += 1;
    }
    if let (Some(end), Some(frame)) = (&mut dump.end, current.filter(|frame| !frame.is_empty())) {
        end.words = format!("{} in {frame}", end.words);
    }
    (dump, next)
}

fn thread(lines: &Lines<'_>, at: usize) -> (Thread, usize) {
    let head = lines.get(at);
    let name = head.rsplit_once(": \"").and_then(|(_, name)| name.trim_end().strip_suffix('"'));
    let name = name.unwrap_or_else(|| head.split(" (").next().unwrap_or(head));
    let (mut next, mut frames) = (at + 1, Vec::new());
    while lines.get(next).starts_with([' ', '\t']) {
        frames.push(lines.get(next).trim());
        next += 1;
    }
    let idle = !is_spied(head) || head.contains("(idle");
    let library = frames.first().is_some_and(|frame| is_of_library(frame));
    let own = frames.iter().find(|frame| !is_of_library(frame)).or(frames.first());
    let doing = match (idle && is_spied(head), library) {
        (true, true) => Doing::Idle,
        (true, false) => Doing::Waiting,
        // The faulthandler does not say what a thread does; in a library's frame it mostly waits.
        (false, true) => Doing::Idle,
        (false, false) => Doing::Running,
    };
    let frame = own.map_or_else(String::new, |frame| (*frame).to_owned());
    (Thread { place: lines.place(at), name: name.to_owned(), doing, frame, ..Thread::default() }, next)
}

/// Is a frame in the standard library? py-spy shows only the names of its files.
fn is_of_library(frame: &str) -> bool {
    const FILES: &[&str] = &[
        "threading.py",
        "queue.py",
        "selectors.py",
        "socketserver.py",
        "socket.py",
        "concurrent/futures/thread.py",
        "multiprocessing/",
        "asyncio/",
        "ssl.py",
        "subprocess.py",
    ];
    let installed = frame.contains("/lib/python") && !frame.contains("-packages/");
    installed
        || FILES.iter().any(|file| frame.contains(&format!("({file}")) || frame.contains(&format!("/{file}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::runtime::read as dumps;

    #[test]
    fn a_fatal_error_names_the_frame_it_came_from() {
        let text = "Fatal Python error: Segmentation fault\n\nThread 0x0a (most recent call first):\n  File \"/app/tide.py\", line 6 in book\n  File \"/usr/lib/python3.11/threading.py\", line 982 in run\n\nCurrent thread 0x0b (most recent call first):\n  File \"/usr/lib/python3.11/ctypes/__init__.py\", line 519 in string_at\n  File \"/app/tide.py\", line 14 in <module>\n\nExtension modules: x\n";
        let dump = &dumps(0, text)[0];
        let end = dump.end.as_ref().unwrap();
        assert_eq!(
            (end.how, end.words.as_str()),
            (
                How::Crash,
                "Fatal Python error: Segmentation fault in File \"/app/tide.py\", line 14 in <module>"
            )
        );
        assert_eq!(dump.threads.len(), 2);
    }

    #[test]
    fn py_spy_says_what_threads_do() {
        let text = "Process 7: python w.py\nPython v3.11.7 (/usr/bin/python3.11)\n\nThread 7 (active): \"MainThread\"\n    <module> (w.py:7)\nThread 8 (idle): \"worker-0\"\n    w (w.py:5)\n    Thread.run (threading.py:982)\nThread 9 (idle): \"worker-1\"\n    wait (threading.py:327)\n    get (queue.py:171)\n    w (w.py:5)\n";
        let dump = &dumps(0, text)[0];
        let doing: Vec<Doing> = dump.threads.iter().map(|thread| thread.doing).collect();
        assert_eq!(doing, [Doing::Running, Doing::Waiting, Doing::Idle]);
        assert_eq!(dump.threads[1].name, "worker-0");
    }
}
