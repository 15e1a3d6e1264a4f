//! How tests run the program: with what environment, what input, and what is asked of the answer.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value as Json;

/// How a run of the program ended.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit code; 128 and the signal's number, if a signal ended it.
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn of(output: &Output) -> Ran {
        use std::os::unix::process::ExitStatusExt;
        let signal = output.status.signal().map(|signal| 128 + signal);
        Ran {
            code: output.status.code().or(signal).unwrap_or(-1),
            stdout: output.stdout.clone(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    pub(crate) fn json(&self) -> Json {
        let json = serde_json::from_slice(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        crate::scripting::judge(&json);
        json
    }

    /// How many diagnostics of this weight were said.
    pub(crate) fn said(&self, word: &str) -> usize {
        self.stderr.matches(&format!("obs: {word}: ")).count()
    }
}

/// The program: in the repository's root, with an empty environment, and nothing on standard input.
pub(crate) fn program() -> Command {
    within(env!("CARGO_BIN_EXE_obs"))
}

pub(crate) fn within(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    command
}

/// Runs the program.
pub(crate) fn obs<A: AsRef<OsStr>>(args: &[A]) -> Ran {
    Ran::of(&program().args(args).output().expect("the program runs"))
}

/// What obs says, run among the fixtures and without anything of this machine.
pub(crate) fn in_fixtures(arguments: &[&str]) -> Output {
    program()
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures"))
        .output()
        .expect("obs runs")
}

/// The JSON of an answer with this exit code.
pub(crate) fn json_in_fixtures(code: i32, arguments: &[&str]) -> Json {
    let output = in_fixtures(&[arguments, &["--output", "json"]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    let json = serde_json::from_slice(&output.stdout).expect("JSON");
    crate::scripting::judge(&json);
    json
}

/// Runs it with these bytes on standard input.
pub(crate) fn obs_fed(args: &[&str], input: &[u8]) -> Ran {
    let mut command = program();
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    std::thread::scope(|scope| {
        // The program may end before it has read everything.
        scope.spawn(move || drop(stdin.write_all(input)));
        Ran::of(&child.wait_with_output().expect("it ends"))
    })
}

/// Runs a line of shell in which `"$OBS"` is the program.
pub(crate) fn shell(line: &str) -> Ran {
    let mut command = within("/bin/sh");
    command.args(["-c", line]).env("OBS", env!("CARGO_BIN_EXE_obs")).env("PATH", "/usr/bin:/bin");
    Ran::of(&command.output().expect("a shell"))
}

/// A folder that goes away.
pub(crate) fn temporary() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Is a program there? Says so if a test has to be left out for want of it.
pub(crate) fn have(program: &str) -> bool {
    let found = shell(&format!("command -v {program}")).code == 0;
    if !found {
        leave_out(&format!("there is no {program} here"));
    }
    found
}

/// Are the tests asked for that take gigabytes or minutes?
pub(crate) fn slow() -> bool {
    let slow = std::env::var_os("OBS_SLOW").is_some();
    if !slow {
        leave_out("it takes gigabytes or minutes; OBS_SLOW=1 asks for it");
    }
    slow
}

/// An entry as it stands in a log.
pub(crate) const ENTRY: &str = "2023-12-24 03:14:25 ERROR Pool - exhausted";

pub(crate) fn gzip(text: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text).expect("memory");
    gzip.finish().expect("memory")
}

pub(crate) fn lines(count: usize) -> String {
    (0..count).fold(String::new(), |mut text, n| {
        let _ = writeln!(text, "{ENTRY} {n}");
        text
    })
}

/// Says on stderr why a part of a test is left out.
pub(crate) fn leave_out(why: &str) {
    eprintln!("left out: {why}");
}
