//! The pager between obs and a terminal, as git has one: the only program that obs ever runs, and the user's own.
#![expect(clippy::disallowed_methods, reason = "a pager is a program, which the user chose")]

use std::io;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

/// What is run where nobody said otherwise.
const USUAL: &str = "less";

/// Variables in which pagers look for options, and what they are told where these are not set: `less` to end if it
/// fits the screen, to leave colours and to keep the screen; `lv` to leave colours.
pub(super) const USUAL_OPTIONS: [Variable; 2] = [("LESS", "FRX"), ("LV", "-c")];

/// A variable of the environment and its value.
type Variable = (&'static str, &'static str);

/// The command and the variables that it is given; said once a run.
static COMMAND: OnceLock<(String, Vec<Variable>)> = OnceLock::new();

/// From now on answers go through this pager, or through the usual one. `cat`, or nothing, is no pager.
pub(super) fn begin(command: Option<String>, variables: Vec<Variable>) {
    let command = command.unwrap_or_else(|| USUAL.to_owned());
    if !matches!(command.trim(), "" | "cat") {
        let _ = COMMAND.set((command, variables));
    }
}

/// A pager that runs.
#[derive(Debug)]
pub(super) struct Pager {
    child: Child,
    input: Option<ChildStdin>,
}

impl Pager {
    /// Starts the pager, if there is to be one and it can be started.
    pub(super) fn start() -> Option<Pager> {
        let (line, variables) = COMMAND.get()?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let (program, arguments) = words.split_first()?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped());
        command.envs(variables.iter().copied());
        let mut child = command.spawn().ok()?;
        let input = child.stdin.take();
        Some(Pager { child, input })
    }
}

impl io::Write for Pager {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.input.as_mut().map_or(Ok(bytes.len()), |input| input.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.input.as_mut().map_or(Ok(()), io::Write::flush)
    }
}

/// The answer has ended; what is said on stderr waits until it has been read.
impl Drop for Pager {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}
