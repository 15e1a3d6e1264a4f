//! `obs grep --follow`: what is written is printed, whatever happens to the files, and nothing twice.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::program::{gzip, obs, program, temporary, within};

const PATIENCE: Duration = Duration::from_secs(30);

/// A run that follows files until it is interrupted.
struct Following {
    child: Child,
    lines: Receiver<String>,
    stderr: ChildStderr,
}

impl Following {
    fn start(args: &[&str], paths: &[&Path]) -> Self {
        let mut command: Command = program();
        command.args(args).args(paths).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program runs");
        let stdout = child.stdout.take().expect("a pipe");
        let stderr = child.stderr.take().expect("a pipe");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Following { child, lines, stderr }
    }

    fn expect(&self, line: &str) {
        assert_eq!(self.lines.recv_timeout(PATIENCE).expect("a line in time"), line);
    }

    /// Nothing comes, though there was time for it.
    fn expect_nothing(&self) {
        let came = self.lines.recv_timeout(Duration::from_millis(400));
        assert!(came.is_err(), "{came:?}");
    }

    /// Ctrl-C; what is said then, and the exit code.
    fn interrupt(mut self) -> (String, i32) {
        let sent = within("/bin/sh").args(["-c", &format!("kill -INT {}", self.child.id())]).status();
        assert!(sent.is_ok_and(|status| status.success()));
        let code = self.child.wait().expect("it ends").code().unwrap_or(-1);
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).expect("text");
        assert_eq!(self.lines.iter().collect::<Vec<_>>(), Vec::<String>::new());
        (said, code)
    }
}

fn append(path: &Path, text: &str) {
    let mut file = File::options().append(true).create(true).open(path).expect("a file");
    file.write_all(text.as_bytes()).expect("room");
}

fn entry(n: usize) -> String {
    format!("2023-12-24 03:14:{:02} ERROR Pool - exhausted {n}", n % 60)
}

fn write(path: &Path, n: usize) {
    append(path, &format!("{}\n", entry(n)));
}

#[test]
fn a_file_is_followed_from_its_start_until_ctrl_c() {
    let folder = temporary();
    let log = folder.path().join("a.log");
    write(&log, 1);
    let run = Following::start(&["grep", "-f", "exhausted|Caused", "-n"], &[&log]);
    run.expect(&format!("1:{}", entry(1)));
    append(&log, "2023-12-24 03:14:02 INFO Pool - fine\n");
    write(&log, 3);
    run.expect(&format!("3:{}", entry(3)));
    // An entry goes on after a while.
    append(&log, "Caused by: java.io.IOException: closed\n");
    run.expect("Caused by: java.io.IOException: closed");
    write(&log, 5);
    run.expect(&format!("5:{}", entry(5)));
    append(&log, "no end yet");
    run.expect_nothing();
    let (said, code) = run.interrupt();
    assert_eq!(code, 130, "{said}");
    assert!(said.contains("read 1 file, 6 lines"), "{said}");
    assert!(said.contains("4 entries + 2 continuation"), "{said}");
}

#[test]
fn directories_patterns_and_files_that_appear_are_followed() {
    let folder = temporary();
    let logs = folder.path().join("logs");
    fs::create_dir(&logs).expect("a folder");
    write(&logs.join("a.log"), 1);
    let later = folder.path().join("later.log");
    let pattern = folder.path().join("x*.log");
    let run = Following::start(&["grep", "-f", "-I", "exhausted"], &[&logs, &later, &pattern]);
    run.expect(&entry(1));
    write(&logs.join("b.log"), 2);
    run.expect(&entry(2));
    fs::create_dir(logs.join("deep")).expect("a folder");
    write(&logs.join("deep/c.log"), 3);
    run.expect(&entry(3));
    write(&later, 4);
    run.expect(&entry(4));
    write(&folder.path().join("x1.log"), 5);
    run.expect(&entry(5));
    write(&logs.join("a.log"), 6);
    run.expect(&entry(6));
    // Empty at first, and then a log.
    let empty = logs.join("empty.log");
    append(&empty, "");
    std::thread::sleep(Duration::from_millis(300));
    write(&empty, 7);
    run.expect(&entry(7));
    let (said, code) = run.interrupt();
    assert_eq!(code, 130, "{said}");
    assert!(said.contains("read 6 files, 7 lines"), "{said}");
}

#[test]
fn rotation_by_rename_loses_nothing_and_repeats_nothing() {
    let folder = temporary();
    let (log, old) = (folder.path().join("a.log"), folder.path().join("a.log.1"));
    write(&log, 1);
    let run = Following::start(&["grep", "-f", "-I", "exhausted"], &[folder.path()]);
    run.expect(&entry(1));
    fs::rename(&log, &old).expect("renamed");
    // The writer still has the old file open.
    write(&old, 2);
    run.expect(&entry(2));
    write(&log, 3);
    run.expect(&entry(3));
    // What was rotated is packed: it has been read.
    let packed = gzip(&fs::read(&old).expect("a file"));
    fs::write(folder.path().join("part"), &packed).expect("a file");
    fs::rename(folder.path().join("part"), folder.path().join("a.log.1.gz")).expect("renamed");
    fs::remove_file(&old).expect("removed");
    run.expect_nothing();
    write(&log, 4);
    run.expect(&entry(4));
    // A named file is followed as well as a directory.
    drop(run.interrupt());
    let run = Following::start(&["grep", "-f", "exhausted [3-9]"], &[&log]);
    run.expect(&entry(3));
    run.expect(&entry(4));
    fs::rename(&log, &old).expect("renamed");
    write(&log, 5);
    run.expect(&entry(5));
    drop(run.interrupt());
}

#[test]
fn rotation_by_copy_and_truncation_loses_nothing_and_repeats_nothing() {
    let folder = temporary();
    let (log, old) = (folder.path().join("a.log"), folder.path().join("a.log.1"));
    write(&log, 1);
    write(&log, 2);
    let run = Following::start(&["grep", "-f", "-I", "exhausted"], &[folder.path()]);
    run.expect(&entry(1));
    run.expect(&entry(2));
    fs::copy(&log, &old).expect("copied");
    fs::write(&log, "").expect("cut");
    std::thread::sleep(Duration::from_millis(200));
    write(&log, 3);
    run.expect(&entry(3));
    // Written anew, and longer than before when it is looked at.
    let text: String = (4..8).map(|n| entry(n) + "\n").collect();
    fs::write(&log, text).expect("written");
    for n in 4..8 {
        run.expect(&entry(n));
    }
    run.expect_nothing();
    drop(run.interrupt());
}

/// Law: what was printed while files were written is what a run prints afterwards.
#[test]
fn a_run_afterwards_finds_the_same_entries() {
    let folder = temporary();
    let args = ["grep", "-I", "", "--level", "warn"];
    let run = Following::start(&[&args[..], &["-f"]].concat(), &[folder.path()]);
    let mut count = 0;
    for round in 0..30_usize {
        let log = folder.path().join(format!("s{}.log", round % 4));
        for n in 0..round % 5 {
            let level = ["INFO", "WARN", "ERROR"][n % 3];
            append(&log, &format!("2023-12-24 03:14:{round:02} {level} Pool - {n}\n"));
            count += usize::from(n % 3 > 0);
            if n == 2 {
                append(&log, "java.io.IOException: closed\n\tat app.Net.read(Net.java:3)\n");
                count += 2;
            }
        }
        std::thread::sleep(Duration::from_millis((round * 7 % 40) as u64));
    }
    let mut followed: Vec<String> =
        (0..count).map(|_| run.lines.recv_timeout(PATIENCE).expect("a line in time")).collect();
    run.expect_nothing();
    let (said, _) = run.interrupt();
    let afterwards = obs(&[&args[..], &[&folder.path().display().to_string()]].concat());
    let mut after: Vec<String> = afterwards.text().lines().map(str::to_owned).collect();
    followed.sort();
    after.sort();
    assert_eq!(followed, after, "{said}");
}

/// Lines of a minute in which a pool is calm, or exhausted.
fn minute(minute: usize, exhausted: bool) -> String {
    let line = |second: usize| match exhausted {
        true => {
            format!("2023-12-24 03:{minute:02}:{second:02} ERROR Pool - Connection pool exhausted! Waiting\n")
        }
        false => format!("2023-12-24 03:{minute:02}:{second:02} INFO Pool - 3/20 active connections\n"),
    };
    (0..40).map(line).collect()
}

#[test]
fn findings_and_alerts_begin_and_end_while_files_grow() {
    let folder = temporary();
    let (log, rules) = (folder.path().join("pool.log"), folder.path().join("rules.yml"));
    let text = "groups: [{name: g, rules: [{alert: Errors, labels: {severity: critical}, annotations: {summary: many}, \
        expr: 'sum(rate(log_entries_total{level=\"error\"}[1m])) > 0.1'}]}]\n";
    fs::write(&rules, text).expect("a file");
    append(&log, &minute(14, false));
    let detect = Following::start(&["detect", "-f", "--only", "pool-exhaustion"], &[&log]);
    let rules = rules.display().to_string();
    let check = Following::start(&["check-rules", "-f", "-r", &rules, "--output", "jsonl"], &[&log]);
    append(&log, &minute(16, true));
    let begins = detect.lines.recv_timeout(PATIENCE).expect("a line in time");
    assert!(
        begins.starts_with("03:16:00 begins critical pool-exhaustion connection pool exhausted"),
        "{begins}"
    );
    let event = || -> serde_json::Value {
        serde_json::from_str(&check.lines.recv_timeout(PATIENCE).expect("a line in time")).expect("an object")
    };
    let fires = event();
    assert_eq!((&fires["event"], &fires["rule"]), (&"begins".into(), &"Errors".into()), "{fires}");
    for n in 18..22 {
        append(&log, &minute(n, false));
    }
    let ends = detect.lines.recv_timeout(PATIENCE).expect("a line in time");
    assert!(ends.starts_with("03:16:39 ends critical pool-exhaustion"), "{ends}");
    let resolved = event();
    assert_eq!(
        (&resolved["event"], &resolved["at"]),
        (&"ends".into(), &resolved["resolved_at"]),
        "{resolved}"
    );
    for run in [detect, check] {
        run.expect_nothing();
        let (said, code) = run.interrupt();
        assert_eq!(code, 130, "{said}");
        assert!(said.contains("read 1 file, 240 lines"), "{said}");
    }
}

#[test]
fn what_only_the_end_tells_is_refused() {
    for args in [
        &["grep", "-f", "x", "--sort", "time", "."][..],
        &["grep", "-f", "x", "-c", "."],
        &["grep", "-f", "x", "--since", "end-5m", "."],
        &["detect", "-f", "-"],
        &["detect", "-f", "--output", "html", "."],
    ] {
        let ran = obs(args);
        assert_eq!((ran.code, ran.said("error")), (2, 1), "{args:?}: {ran:?}");
    }
}
