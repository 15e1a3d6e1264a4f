//! Traces of all goroutines, as Go writes them when a program panics, is sent SIGQUIT, or is asked by pprof.

use super::{Doing, Dump, End, How, Lines, Lock, Thread};

/// Does a dump begin with this line?
pub(super) fn begins(line: &str) -> bool {
    is_goroutine(line) || is_end(line)
}

/// `goroutine 18 [sync.Mutex.Lock, 3 minutes]:`.
fn is_goroutine(line: &str) -> bool {
    line.starts_with("goroutine ") && line.contains(" [") && line.trim_end().ends_with(':')
}

/// The words with which a program ends before its goroutines are listed.
pub(super) fn is_end(line: &str) -> bool {
    line.starts_with("panic: ")
        || line.starts_with("fatal error: ")
        || line.starts_with("SIGQUIT: quit")
        || line.starts_with("SIGABRT: abort")
        || line.starts_with("unexpected fault address ")
}

/// Reads the dump at `at`, and where it ends.
pub(super) fn read(lines: &Lines<'_>, at: usize) -> (Dump, usize) {
    let mut dump = Dump { place: lines.place(at), ..Dump::default() };
    let mut next = at;
    while next < lines.all.len() {
        let line = lines.get(next);
        if is_goroutine(line) {
            let (thread, end) = goroutine(lines, next);
            dump.threads.push(thread);
            next = end;
            continue;
        }
        if is_end(line) {
            if !dump.threads.is_empty() {
                break;
            }
            dump.end = dump.end.or_else(|| end(lines, next));
        }
        next += 1;
    }
    (dump, next)
}

/// Why a program ended; a signal that asks for a dump is no reason.
fn end(lines: &Lines<'_>, at: usize) -> Option<End> {
    let line = lines.get(at).trim_end();
    let how = if line.starts_with("SIGQUIT") {
        return None;
    } else if line.contains("all goroutines are asleep") {
        How::Deadlock
    } else if line.contains("out of memory") || line.contains("cannot allocate memory") {
        How::Memory
    } else {
        How::Crash
    };
    // A panic may hold the words of another one, and those of the signal.
    Some(End { how, words: line.to_owned(), place: lines.place(at) })
}

/// A goroutine, and where it ends.
fn goroutine(lines: &Lines<'_>, at: usize) -> (Thread, usize) {
    let head = lines.get(at);
    let (name, state) = head.split_once(" [").unwrap_or((head, ""));
    let state = state.trim_end().trim_end_matches(':').trim_end_matches(']');
    let mut parts = state.split(", ");
    let word = parts.next().unwrap_or_default();
    let minutes = parts.find_map(|part| part.strip_suffix(" minutes")?.parse::<f64>().ok());
    let (mut next, mut calls) = (at + 1, Vec::new());
    while next < lines.all.len() && !lines.get(next).trim().is_empty() && !is_goroutine(lines.get(next)) {
        let line = lines.get(next);
        if !line.starts_with([' ', '\t']) {
            let place = lines.get(next + 1).trim();
            calls.push((line.trim_end(), place.split(" +0x").next().unwrap_or_default()));
        }
        next += 1;
    }
    let lock = calls.iter().find_map(|(call, _)| lock(call));
    let waits = matches!(word, "semacquire" | "sync.Mutex.Lock" | "sync.RWMutex.Lock" | "sync.RWMutex.RLock");
    let blocked = waits && lock.is_some();
    let own = calls.iter().find(|(call, _)| !is_of_runtime(call)).or(calls.first());
    let frame = own.map_or_else(String::new, |(call, place)| {
        let file = place.rsplit('/').next().unwrap_or(place);
        format!("{} ({file})", function(call))
    });
    let thread = Thread {
        place: lines.place(at),
        name: name.to_owned(),
        doing: if blocked { Doing::Blocked } else { doing(word, &calls) },
        wants: lock.filter(|_| blocked),
        holds: Vec::new(),
        frame,
        waited: minutes.map(|minutes| minutes * 60.0),
    };
    (thread, next)
}

/// The lock in `sync.(*Mutex).lockSlow(0xc0000b4000)`.
fn lock(call: &str) -> Option<Lock> {
    let class = ["sync.(*Mutex).", "sync.(*RWMutex).", "internal/sync.(*Mutex)."];
    let class = class.into_iter().find(|class| call.starts_with(class))?;
    let (_, arguments) = call.rsplit_once('(')?;
    let id = arguments.trim_end_matches(')').split([',', ' ']).next()?.trim_end_matches('?');
    let class = class.trim_end_matches('.').replace("(*", "").replace(')', "");
    id.starts_with("0x").then(|| Lock { id: id.to_owned(), class })
}

fn doing(word: &str, calls: &[(&str, &str)]) -> Doing {
    match word {
        "running" | "runnable" => Doing::Running,
        "IO wait" if calls.iter().any(|(call, _)| call.contains("Accept") || call.contains("accept")) => {
            Doing::Idle
        }
        "chan send" | "sync.WaitGroup.Wait" => Doing::Waiting,
        _ => Doing::Idle,
    }
}

/// The name of the function in a call: what stands before its arguments.
fn function(call: &str) -> &str {
    let call = call.strip_prefix("created by ").unwrap_or(call);
    call.rsplit_once('(').map_or(call, |(function, _)| function)
}

/// Is a function of Go's own libraries? Their paths have no dot before the first slash.
fn is_of_runtime(call: &str) -> bool {
    const OWN: &[&str] = &[
        "runtime.",
        "sync.",
        "internal/",
        "net.",
        "net/",
        "os.",
        "io.",
        "bufio.",
        "time.",
        "syscall.",
        "panic(",
    ];
    OWN.iter().any(|own| call.starts_with(own))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::runtime::read as dumps;

    #[test]
    fn goroutines_have_states_and_locks() {
        let text = "SIGQUIT: quit\nPC=0x46 m=0 sigcode=0\n\ngoroutine 7 [semacquire, 3 minutes]:\nsync.runtime_SemacquireMutex(0x0?, 0x0?, 0x0?)\n\t/usr/lib/go/src/runtime/sema.go:77 +0x25\nsync.(*Mutex).lockSlow(0xc0000b4000)\n\t/usr/lib/go/src/sync/mutex.go:171 +0x165\nmain.haul(0x0?, 0x0?)\n\t/app/crane.go:11 +0x4f\ncreated by main.main\n\t/app/crane.go:40 +0x2\n\ngoroutine 8 [IO wait]:\ninternal/poll.(*pollDesc).waitRead(...)\n\t/x.go:1\nnet.(*TCPListener).Accept(0x1)\n\t/y.go:2\n";
        let dump = &dumps(0, text)[0];
        assert_eq!(dump.end, None);
        let thread = &dump.threads[0];
        assert_eq!(
            (thread.doing, thread.waited, thread.frame.as_str()),
            (Doing::Blocked, Some(180.0), "main.haul (crane.go:11)")
        );
        assert_eq!(thread.wants, Some(Lock { id: "0xc0000b4000".into(), class: "sync.Mutex".into() }));
        assert_eq!(dump.threads[1].doing, Doing::Idle);
    }

    #[test]
    fn programs_end_for_a_reason() {
        for (text, how) in [
            ("panic: ledger is gone\n\ngoroutine 1 [running]:\nmain.main()\n", Some(How::Crash)),
            (
                "fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [chan receive]:\nmain.main()\n",
                Some(How::Deadlock),
            ),
            ("fatal error: runtime: out of memory\n", Some(How::Memory)),
            ("SIGQUIT: quit\n", None),
        ] {
            assert_eq!(dumps(0, text)[0].end.as_ref().map(|end| end.how), how, "{text}");
        }
    }
}
