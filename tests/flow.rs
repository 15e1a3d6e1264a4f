//! Pipes that flow: entries come out as soon as they are whole, and in the end all that a file of the same bytes gives.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use proptest::prelude::*;

use crate::program::{Ran, have, obs, program, shell, temporary};

/// Long enough for any machine; what is waited for comes within a tenth of a second.
const PATIENCE: Duration = Duration::from_secs(30);

/// A run that reads a pipe, whose lines are seen as they come.
pub(crate) struct Running {
    pub child: Child,
    lines: Receiver<String>,
}

impl Running {
    pub(crate) fn start(args: &[&str]) -> Self {
        let mut command = program();
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program runs");
        let stdout = child.stdout.take().expect("a pipe");
        Running { child, lines: lines_of(stdout) }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let stdin = self.child.stdin.as_mut().expect("a pipe");
        stdin.write_all(bytes).and_then(|()| stdin.flush()).expect("a reader");
    }

    /// The next line that it writes.
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("a line in time")
    }

    /// Ends the input; all lines that come then, and the exit code.
    pub(crate) fn end(mut self) -> (Vec<String>, i32) {
        drop(self.child.stdin.take());
        let rest = self.lines.iter().collect();
        (rest, self.child.wait().expect("it ends").code().unwrap_or(-1))
    }
}

fn lines_of(stdout: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// What a run gives whose input is written in these pieces, with a pause behind each.
fn trickled(args: &[&str], pieces: &[(Vec<u8>, u64)]) -> Ran {
    let mut command = program();
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for (piece, pause) in pieces {
                if stdin.write_all(piece).is_err() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(*pause));
            }
        });
        Ran::of(&child.wait_with_output().expect("it ends"))
    })
}

#[test]
fn an_entry_is_printed_while_the_writer_is_silent() {
    for threads in ["-j1", "-j3"] {
        let mut run = Running::start(&["grep", "ERROR|at ", threads, "-n"]);
        run.write(b"2023-12-24 03:14:25 INFO Pool - fine\n");
        run.write(b"2023-12-24 03:14:26 ERROR Pool - exhausted\n");
        assert_eq!(run.line(), "2:2023-12-24 03:14:26 ERROR Pool - exhausted");
        // It goes on, late; then another follows, which is whole when a third begins.
        run.write(b"java.lang.IllegalStateException: no connection\n\tat app.Pool.take(Pool.java:1)\n");
        assert_eq!(run.line(), "java.lang.IllegalStateException: no connection");
        assert_eq!(run.line(), "\tat app.Pool.take(Pool.java:1)");
        run.write(b"2023-12-24 03:14:27 ERROR Pool - again\n2023-12-24 03:14:28 INFO Pool - fine\n");
        assert_eq!(run.line(), "5:2023-12-24 03:14:27 ERROR Pool - again");
        // A line without an end is no line yet.
        run.write(b"2023-12-24 03:14:29 ERROR Pool");
        std::thread::sleep(Duration::from_millis(150));
        run.write(b" - last");
        let (rest, code) = run.end();
        assert_eq!((rest, code), (vec!["7:2023-12-24 03:14:29 ERROR Pool - last".to_owned()], 0));
    }
}

#[test]
fn short_lines_and_objects_flow_too() {
    let mut run = Running::start(&["grep", "e"]);
    run.write(b"here\n");
    assert_eq!(run.line(), "here");
    run.write(b"no\nthere\n");
    assert_eq!(run.line(), "there");
    assert_eq!(run.end(), (vec![], 0));

    let mut run = Running::start(&["grep", "", "--output", "jsonl"]);
    run.write(b"{\"ts\":\"2023-12-24T03:14:25Z\",\"level\":\"error\",\"msg\":\"exhausted\"}\n");
    let object: serde_json::Value = serde_json::from_str(&run.line()).expect("an object");
    assert_eq!((&object["level"], &object["format"]), (&"error".into(), &"json".into()));
    // What continues an object that was written is told behind it.
    run.write(b"panic: late\n");
    let late: serde_json::Value = serde_json::from_str(&run.line()).expect("an object");
    assert_eq!((&late["line"], &late["message"]), (&2.into(), &"late".into()));
    assert_eq!(run.end(), (vec![], 0));
}

#[test]
fn a_compressed_pipe_flows_as_far_as_it_is_written() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let mut run = Running::start(&["grep", "exhausted"]);
    for n in 0..3 {
        writeln!(packed, "2023-12-24 03:14:2{n} ERROR Pool - exhausted {n}").expect("memory");
        packed.flush().expect("memory");
        let bytes = std::mem::take(packed.get_mut());
        run.write(&bytes);
        assert_eq!(run.line(), format!("2023-12-24 03:14:2{n} ERROR Pool - exhausted {n}"));
    }
    run.write(&packed.finish().expect("memory"));
    assert_eq!(run.end(), (vec![], 0));
}

#[test]
fn quiet_ends_with_the_first_match_and_not_with_the_input() {
    let mut run = Running::start(&["grep", "-q", "exhausted"]);
    run.write(b"2023-12-24 03:14:25 ERROR Pool - exhausted\n");
    let ended = run.child.wait().expect("it ends while the input is open");
    assert_eq!(ended.code(), Some(0));
}

/// Logs of several kinds, with entries of several lines.
fn logs() -> Vec<Vec<u8>> {
    let traces = "2023-12-24 03:14:25 INFO Pool - fine\n2023-12-24 03:14:26 ERROR Pool - exhausted\n\
        java.sql.SQLException: no connection\n\tat app.Pool.take(Pool.java:1)\n\tat app.Main.run(Main.java:2)\n\
        Caused by: java.io.IOException: closed\n\tat app.Net.read(Net.java:3)\n\
        2023-12-24 03:14:27 WARN Pool - slow\n"
        .repeat(4);
    let objects = "{\"ts\":\"2023-12-24T03:14:25Z\",\"level\":\"error\",\"msg\":\"exhausted\"}\n\
        {\"ts\":\"2023-12-24T03:14:26Z\",\"level\":\"info\",\"msg\":\"fine\"}\n"
        .repeat(6);
    let access = "10.0.0.1 - - [24/Dec/2023:03:14:25 +0000] \"GET /pay HTTP/1.1\" 500 12\n".repeat(9);
    let plain = "started\nERROR no connection\n  because it is closed\nstopped\n".repeat(3);
    [traces, objects, access, plain].map(String::into_bytes).to_vec()
}

const SEARCHES: [&[&str]; 7] = [
    &["grep", "exhausted|closed"],
    &["grep", "-n", "Caused|connection"],
    &["grep", "-B1", "-A1", "closed"],
    &["grep", "", "--level", "warn"],
    &["grep", "-c", "app"],
    &["grep", "-m2", "-n", "a"],
    &["grep", "-o", "[a-z]+ed"],
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Wherever a writer pauses, what comes out in the end is what a file of the same bytes gives.
    #[test]
    fn pauses_do_not_change_what_is_found(
        log in 0..4_usize,
        cuts in proptest::collection::vec((0..1_000_usize, 0..90_u64), 0..6),
        args in 0..SEARCHES.len(),
    ) {
        let (args, bytes) = (SEARCHES[args], logs().swap_remove(log));
        let mut cuts: Vec<(usize, u64)> = cuts.iter().map(|(at, pause)| (at % bytes.len(), *pause)).collect();
        cuts.sort_unstable();
        let mut pieces = Vec::new();
        let mut from = 0;
        for (at, pause) in cuts.into_iter().chain([(bytes.len(), 0)]) {
            pieces.push((bytes[from..at].to_vec(), pause));
            from = at;
        }
        let folder = temporary();
        let path = folder.path().join("a.log");
        std::fs::write(&path, &bytes).expect("a file");
        let path = path.display().to_string();
        let whole = obs(&[args, &[&path]].concat());
        let piped = trickled(args, &pieces);
        prop_assert_eq!(piped.text(), whole.text(), "{:?}", pieces);
        prop_assert_eq!(piped.code, whole.code);
    }
}

#[test]
fn a_writer_faster_than_the_reader_gives_what_a_file_gives() {
    let folder = temporary();
    let path = folder.path().join("a.log");
    let bytes = logs().swap_remove(0).repeat(9_000);
    std::fs::write(&path, &bytes).expect("a file");
    for args in [&["grep", "-n", "IOException"][..], &["grep", "WARN", "--output", "jsonl"]] {
        let whole = obs(&[args, &[&path.display().to_string()]].concat());
        let piped = trickled(args, &[(bytes.clone(), 0)]);
        let named = whole.text().replace(&path.display().to_string(), "-");
        assert!(piped.text() == named, "{args:?}");
    }
}

#[test]
fn progress_on_a_pipe_counts_what_has_come() {
    if !have("script") {
        return;
    }
    let folder = temporary();
    let path = folder.path().join("a.log");
    std::fs::write(&path, "2023-12-24 03:14:25 ERROR Pool - exhausted\n".repeat(5_000)).expect("a file");
    for command in ["stats", "correlate", "detect"] {
        // Progress is drawn on a terminal.
        let pipe = format!("(cat {}; sleep 2) | $OBS {command} >/dev/null", path.display());
        let ran = shell(&format!("TERM=xterm script -qec '{pipe}' /dev/null"));
        assert!(ran.text().contains("read 215.0 kB in "), "{command}: {ran:?}");
    }
}
