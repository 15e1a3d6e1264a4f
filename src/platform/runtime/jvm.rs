//! Thread dumps of the JVM (`jstack`, `jcmd Thread.print`, SIGQUIT) and its reports of fatal errors (`hs_err_pid*.log`).

use super::{Circle, Doing, Dump, End, How, Lines, Lock, Thread};
use crate::platform::age;

/// Does a dump begin with this line?
pub(super) fn begins(line: &str) -> bool {
    line.contains("Full thread dump ") && line.trim_end().ends_with("):")
}

/// Does the report of a fatal error begin with this line?
pub(super) fn is_fatal(line: &str) -> bool {
    line.starts_with("# A fatal error has been detected by the Java Runtime Environment")
        || line.starts_with("# There is insufficient memory for the Java Runtime Environment")
}

/// Reads the dump whose head stands at `at`; the time stands on the line before. Also gives where it ends.
pub(super) fn read(lines: &Lines<'_>, at: usize) -> (Dump, usize) {
    let mut dump = Dump { place: lines.place(at), ..Dump::default() };
    let before = at.checked_sub(1).map(|before| lines.get(before).trim());
    dump.at = before.and_then(local);
    let mut next = at + 1;
    while next < lines.all.len() {
        let line = lines.get(next);
        if begins(line) || is_end(line) {
            break;
        }
        if is_thread(line) {
            let (thread, end) = thread(lines, next);
            dump.threads.extend(thread);
            next = end;
        } else if line.starts_with("Found one Java-level deadlock") {
            let (circle, end) = circle(lines, next);
            dump.circles.push(circle);
            next = end;
        } else {
            next += 1;
        }
    }
    dump.close();
    (dump, next)
}

/// The time above a dump, `2024-01-02 03:04:05`. It is that of the process's zone, which it does not name: UTC is taken.
fn local(text: &str) -> Option<crate::model::Timestamp> {
    age::date(&format!("{}Z", text.replacen(' ', "T", 1))).filter(|_| text.len() == 19)
}

/// What no dump has: the histogram and the heap come last, and after them other lines of a log.
fn is_end(line: &str) -> bool {
    line.len() > 20 && line.as_bytes()[..4].iter().all(u8::is_ascii_digit) && line.as_bytes()[4] == b'-'
}

/// `"name" #1 daemon prio=5 …`: the head of a thread.
fn is_thread(line: &str) -> bool {
    line.starts_with('"') && (line.contains(" tid=0x") || line.contains(" nid=") || line.contains(" prio="))
}

/// A thread and where it ends; `None` if it is none of the program's but one of the machine's own.
fn thread(lines: &Lines<'_>, at: usize) -> (Option<Thread>, usize) {
    let head = lines.get(at);
    let name = head[1..].rsplit_once("\" ").map_or(&head[1..], |(name, _)| name);
    let name = name.split("\" ").next().unwrap_or(name);
    let mut thread = Thread { name: name.to_owned(), place: lines.place(at), ..Thread::default() };
    let (mut next, mut state, mut frames) = (at + 1, None, Vec::new());
    while next < lines.all.len() {
        let line = lines.get(next);
        let text = line.trim();
        if let Some(told) = text.strip_prefix("java.lang.Thread.State: ") {
            state = Some(told);
        } else if let Some(frame) = text.strip_prefix("at ") {
            frames.push(frame);
        } else if let Some(lock) = text.strip_prefix("- ") {
            held(lock, &mut thread);
        } else if text.is_empty() || !line.starts_with([' ', '\t']) {
            break;
        }
        next += 1;
    }
    let Some(state) = state.filter(|_| !frames.is_empty()) else { return (None, next) };
    thread.doing = doing(state, &frames, thread.wants.as_ref());
    if thread.doing != Doing::Blocked {
        // Others wait to be woken, not for what somebody holds.
        thread.wants = None;
    }
    let own = frames.iter().find(|frame| !is_of_runtime(frame)).or(frames.first());
    thread.frame = own.map_or_else(String::new, |frame| (*frame).to_owned());
    (Some(thread), next)
}

/// What a line below a frame says of locks.
fn held(text: &str, thread: &mut Thread) {
    let Some(lock) = lock(text) else { return };
    if text.starts_with("waiting to lock ") || text.starts_with("parking to wait for ") {
        thread.wants = Some(lock);
    } else if text.starts_with("waiting on ") || text.starts_with("waiting to re-lock ") {
        // Who waits on an object has given up its lock.
        thread.holds.retain(|held| held.id != lock.id);
        thread.wants = thread.wants.take().or(Some(Lock { class: String::from("condition"), ..lock }));
    } else if (text.starts_with("locked ") || text.starts_with('<'))
        && thread.wants.as_ref().is_none_or(|wants| wants.id != lock.id)
    {
        thread.holds.push(lock);
    }
}

/// `<0x000000069ec1aee8> (a java.lang.Object)`.
fn lock(text: &str) -> Option<Lock> {
    let (_, rest) = text.split_once('<')?;
    let (id, rest) = rest.split_once('>')?;
    let class = rest.trim().strip_prefix("(a ").and_then(|class| class.strip_suffix(')')).unwrap_or_default();
    id.starts_with("0x").then(|| Lock { id: id.to_owned(), class: class.to_owned() })
}

/// What a thread does. A thread that is parked for a lock of `java.util.concurrent` is blocked as one that waits for a
/// monitor is; on a condition in the code of an executor or a queue it waits for work.
fn doing(state: &str, frames: &[&str], wants: Option<&Lock>) -> Doing {
    let word = state.split_whitespace().next().unwrap_or_default();
    match word {
        "BLOCKED" => Doing::Blocked,
        "WAITING" | "TIMED_WAITING" if wants.is_some_and(|lock| is_exclusive(&lock.class)) => Doing::Blocked,
        _ if is_waiting_for_work(frames) => Doing::Idle,
        "WAITING" | "TIMED_WAITING" => Doing::Waiting,
        "RUNNABLE" if frames.first().is_some_and(|frame| is_reading(frame)) => Doing::Waiting,
        _ => Doing::Running,
    }
}

/// Locks of `java.util.concurrent.locks` that somebody holds.
fn is_exclusive(class: &str) -> bool {
    class.starts_with("java.util.concurrent.locks.ReentrantLock$")
        || class.starts_with("java.util.concurrent.locks.ReentrantReadWriteLock$")
        || class.starts_with("java.util.concurrent.locks.StampedLock")
}

/// Is the innermost call one that waits for bytes of somebody?
fn is_reading(frame: &str) -> bool {
    const READS: &[&str] = &["socketRead0(", "Net.poll(", "SocketDispatcher.read0(", "NioSocketImpl.park("];
    READS.iter().any(|read| frame.contains(read))
}

/// Where threads wait for something to do: in executors, queues, selectors, servers that accept, timers.
fn is_waiting_for_work(frames: &[&str]) -> bool {
    const WAITS: &[&str] = &[
        "ThreadPoolExecutor.getTask(",
        "ForkJoinPool.awaitWork(",
        "ForkJoinPool.runWorker(",
        "EPoll.wait(",
        "EPollArrayWrapper.epollWait(",
        "KQueue.poll(",
        "Native.epollWait",
        "ServerSocketImpl.accept",
        "Net.accept(",
        ".accept0(",
        "PlainSocketImpl.socketAccept(",
        "TimerThread.mainLoop(",
        "ReferenceQueue.remove(",
        "Reference.waitForReferencePendingList(",
        "DelayQueue.take(",
        "TaskQueue.take(",
        "TaskQueue.poll(",
        "QueuedThreadPool.idleJobPoll(",
        "WorkerThread.run(WorkerThread",
        "EnhancedQueueExecutor$ThreadBody.run(",
        "UnixDomainSockets.accept",
    ];
    /// What waits for work stands near the top; further out it is only who began.
    const NEAR: usize = 8;
    let waits = |frame: &&str| WAITS.iter().any(|wait| frame.contains(wait));
    // A queue or an executor waits right below the innermost frames, which are those of parking.
    frames.iter().take(NEAR).take_while(|frame| is_of_runtime(frame) || waits(frame)).any(waits)
}

/// Is a frame the runtime's own?
fn is_of_runtime(frame: &str) -> bool {
    const OWN: &[&str] = &["java.", "jdk.", "sun.", "com.sun.", "javax."];
    let frame = frame.split_once('@').and_then(|(_, rest)| rest.split_once('/')).map_or(frame, |_| frame);
    let class = frame
        .strip_prefix("java.base")
        .map_or(frame, |rest| rest.split_once('/').map_or(rest, |(_, class)| class));
    OWN.iter().any(|own| class.starts_with(own))
}

/// The threads of a deadlock that the machine found, and where the telling ends.
fn circle(lines: &Lines<'_>, at: usize) -> (Circle, usize) {
    let mut circle = Circle { place: lines.place(at), ..Circle::default() };
    let mut next = at + 1;
    while next < lines.all.len() {
        let line = lines.get(next);
        if line.starts_with("Java stack information") || line.starts_with("Found ") {
            break;
        }
        if let Some(name) = line.strip_prefix('"').and_then(|rest| rest.trim_end().strip_suffix("\":")) {
            circle.threads.push(name.to_owned());
        }
        next += 1;
    }
    (circle, next)
}

/// The report of a fatal error: why, and in which frame.
pub(super) fn fatal(lines: &Lines<'_>, at: usize) -> (Dump, usize) {
    /// The head of a report is a comment of so many lines.
    const HEAD: usize = 40;
    let memory = lines.get(at).contains("insufficient memory");
    let head = lines.all[at..].iter().take(HEAD).take_while(|line| line.starts_with('#'));
    let told: Vec<&str> = head.map(|line| line.trim_start_matches('#').trim()).collect();
    let signal = told.iter().skip(1).find(|line| !line.is_empty()).copied().unwrap_or_default();
    let frame = told.iter().position(|line| line.starts_with("Problematic frame"));
    let frame =
        frame.and_then(|at| told.get(at + 1)).map_or_else(String::new, |frame| format!(" in {frame}"));
    let words = if memory { told[0].to_owned() } else { format!("{signal}{frame}") };
    let how = if memory { How::Memory } else { How::Crash };
    let end = End { how, words, place: lines.place(at) };
    // What follows describes the process; it repeats the threads without what they wait for.
    (Dump { place: lines.place(at), end: Some(end), ..Dump::default() }, lines.all.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::runtime::read as dumps;

    const HEAD: &str =
        "2026-11-29 07:38:33\nFull thread dump OpenJDK 64-Bit Server VM (17.0.15+6 mixed mode):\n\n";

    #[test]
    fn threads_have_states_locks_and_frames() {
        let text = format!(
            "{HEAD}\"quay-1\" #13 prio=5 os_prio=0 cpu=0.37ms elapsed=2.40s tid=0x00007fae nid=0x3077 waiting for monitor entry  [0x00007]\n   java.lang.Thread.State: BLOCKED (on object monitor)\n\tat acme.Berth.book(Berth.java:4)\n\t- waiting to lock <0x01> (a acme.Ledger)\n\t- locked <0x02> (a acme.Stock)\n\n\
             \"pool-1-thread-1\" #14 prio=5 tid=0x0 nid=0x1 waiting on condition  [0x1]\n   java.lang.Thread.State: WAITING (parking)\n\tat jdk.internal.misc.Unsafe.park(java.base@17.0.15/Native Method)\n\t- parking to wait for  <0x03> (a java.util.concurrent.locks.AbstractQueuedSynchronizer$ConditionObject)\n\tat java.util.concurrent.locks.LockSupport.park(java.base@17.0.15/LockSupport.java:341)\n\tat java.util.concurrent.LinkedBlockingQueue.take(java.base@17.0.15/LinkedBlockingQueue.java:435)\n\tat java.util.concurrent.ThreadPoolExecutor.getTask(java.base@17.0.15/ThreadPoolExecutor.java:1062)\n\n\
             \"GC Thread#0\" os_prio=0 cpu=0.07ms elapsed=2.61s tid=0x00007 nid=0x305e runnable  \n"
        );
        let found = dumps(0, &text);
        let threads = &found[0].threads;
        assert_eq!(found[0].at.unwrap().to_string(), "2026-11-29T07:38:33Z");
        assert_eq!(threads.len(), 2);
        assert_eq!(
            (threads[0].doing, threads[0].frame.as_str()),
            (Doing::Blocked, "acme.Berth.book(Berth.java:4)")
        );
        assert_eq!(
            (threads[0].wants.as_ref().unwrap().id.as_str(), threads[0].holds[0].class.as_str()),
            ("0x01", "acme.Stock")
        );
        assert_eq!((threads[1].doing, threads[1].wants.as_ref()), (Doing::Idle, None));
    }

    #[test]
    fn a_fatal_error_says_why() {
        let text = "#\n# A fatal error has been detected by the Java Runtime Environment:\n#\n#  SIGSEGV (0xb) at pc=0x00007f, pid=7, tid=9\n#\n# Problematic frame:\n# C  [libtide.so+0x1139]  drift+0x9\n#\n";
        let found = dumps(0, text);
        let end = found[0].end.as_ref().unwrap();
        assert_eq!(
            end.words,
            "SIGSEGV (0xb) at pc=0x00007f, pid=7, tid=9 in C  [libtide.so+0x1139]  drift+0x9"
        );
    }
}
