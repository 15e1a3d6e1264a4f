//! A command in parts: the plan of it, and how one process does its part.
//!
//! `obs plan` runs the command until its first pass over the logs, and writes down what the survey found and the units of
//! the pass. `obs partial`, `obs merge` and `obs report` run the same command, each up to its own end
//! ([`crate::scan::apart`]).

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::doing::{Doing, Survey, doing};
use super::verdict::Verdict;
use super::{Command, config, defaults, said, with_expression};
use crate::fold::Saved;
use crate::model::{Error, ErrorKind, Timestamp};
use crate::partial::{self, Coverage, Partial, Sum};
use crate::scan::apart::{self, Apart, Left, Task, Unit};
use crate::source::{self, Stamp};

/// How a command is done in parts.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    /// The program that made it.
    obs: String,
    /// What was typed, and where.
    arguments: Vec<Vec<u8>>,
    directory: Vec<u8>,
    /// When, as far as the answer depends on it.
    now: Timestamp,
    /// What the survey found.
    survey: Vec<u8>,
    /// What the logs were then, and all other files that were read.
    logs: Vec<Option<Stamp>>,
    others: Vec<Stamp>,
    /// The digest of all that: what tells one question from another, however it is cut.
    question: Sum,
    /// What processes do of a pass, each one.
    pub units: Vec<Unit>,
}

/// The commands that can be done in parts.
fn may(command: &Command) -> bool {
    matches!(
        command,
        Command::Correlate(_)
            | Command::Grep(_)
            | Command::Stats(_)
            | Command::Templates(_)
            | Command::Detect(_)
            | Command::Query(_)
            | Command::Dashboard(_)
            | Command::CheckRules(_)
            | Command::Investigate(_)
    )
}

/// Runs a command until it has done its part, or to its end.
fn run(
    arguments: Vec<OsString>,
    (task, known): (Task, Vec<Vec<u8>>),
    survey: Survey,
    cancel: &Arc<AtomicBool>,
) -> Result<Result<Verdict, Left>, Error> {
    let apart = Arc::new(Apart::new(task, known));
    *doing() = Some(Doing { apart, arguments: arguments.clone(), survey });
    let cli = defaults::parse(&with_expression(arguments)).map_err(|refused| match refused {
        defaults::Refused::Typed(error) => {
            said::error(&error, &<super::Cli as clap::CommandFactory>::command())
        }
        defaults::Refused::Default(error) => error,
    })?;
    if !may(&cli.command) {
        return Err(Error::usage("this command is not one that is done in parts").hinted(
            "those are correlate, grep, stats, templates, detect, query, dashboard, check-rules and investigate",
        ));
    }
    // Nothing of the command is used after it was left.
    match catch_unwind(AssertUnwindSafe(|| cli.command.run(cancel))) {
        Ok(Ok(verdict)) => Ok(Ok(verdict)),
        Ok(Err(error)) => Err(error),
        Err(thrown) => match apart::why_left(thrown) {
            Ok(Left::Wrong(error)) => Err(error),
            Ok(left) => Ok(Err(left)),
            Err(thrown) => resume_unwind(thrown),
        },
    }
}

/// Makes the plan of a command.
pub(super) fn plan(typed: &[OsString], unit_bytes: u64, cancel: &Arc<AtomicBool>) -> Result<Plan, Error> {
    let mut arguments = vec![OsString::from("obs")];
    arguments.extend(typed.iter().cloned());
    let left = run(arguments.clone(), (Task::Cut(unit_bytes), Vec::new()), Survey::Wanted, cancel)?;
    let Err(Left::Cut(units)) = left else { return Err(no_pass()) };
    let kept = doing().take().map(|doing| doing.survey);
    let Some(Survey::Kept { survey, now, logs, mut others }) = kept else { return Err(no_pass()) };
    others.extend(source::texts_read().iter().filter_map(|path| Stamp::of(path)));
    others.sort_unstable();
    others.dedup();
    let mut plan = Plan {
        obs: env!("CARGO_PKG_VERSION").to_owned(),
        arguments: arguments.into_iter().map(OsStringExt::into_vec).collect(),
        directory: config::directory()?.as_os_str().as_bytes().to_vec(),
        now,
        survey,
        logs,
        others,
        question: Sum::default(),
        units,
    };
    plan.question = plan.digest();
    Ok(plan)
}

fn no_pass() -> Error {
    Error::usage("this command reads no logs: there is nothing to be done in parts")
}

impl Plan {
    /// Reads a plan, and goes to where it was made, or to `elsewhere`.
    pub(super) fn read(path: &Path, elsewhere: Option<&Path>) -> Result<Plan, Error> {
        let mut file = open(path)?;
        let shown = path.display().to_string();
        let plan: Plan = partial::read(partial::PLAN, &mut file, &shown)?
            .ok_or_else(|| Error::new(ErrorKind::Damaged, format!("{shown}: is empty")))?;
        if plan.obs != env!("CARGO_PKG_VERSION") {
            return Err(other_version(&shown, &plan.obs));
        }
        let directory = PathBuf::from(OsString::from_vec(plan.directory.clone()));
        config::go_to(elsewhere.unwrap_or(&directory))?;
        Ok(plan)
    }

    /// The plan as it is written.
    pub(super) fn bytes(&self) -> Vec<u8> {
        partial::write(partial::PLAN, self)
    }

    fn digest(&self) -> Sum {
        let mut saved = Saved::default();
        saved.put(&(&self.obs, &self.arguments, self.now, &self.survey, &self.logs, &self.others));
        partial::sum(&saved.into_bytes())
    }

    fn arguments(&self) -> Vec<OsString> {
        self.arguments.iter().cloned().map(OsString::from_vec).collect()
    }

    fn survey(&self, opened: Option<Unit>) -> Survey {
        Survey::Known { survey: self.survey.clone(), now: self.now, opened }
    }

    /// Does a unit.
    pub(super) fn unit(
        &self,
        number: usize,
        states: &[PathBuf],
        cancel: &Arc<AtomicBool>,
    ) -> Result<Vec<u8>, Error> {
        let unit = self.units.get(number).ok_or_else(|| {
            Error::usage(format!("there is no unit {number}"))
                .hinted(format!("they go from 0 to {}", self.units.len().saturating_sub(1)))
        })?;
        let files = || unit.spans.iter().filter_map(|span| self.logs.get(span.file as usize)?.as_ref());
        unchanged(files().chain(&self.others))?;
        let mut coverage = Coverage::default();
        for span in &unit.spans {
            coverage.add(span.file, (span.from, span.until)).map_err(|overlap| self.twice(overlap))?;
        }
        let task = Task::Unit(unit.clone());
        let left =
            run(self.arguments(), (task, self.known(states)?), self.survey(Some(unit.clone())), cancel)?;
        unchanged(files())?;
        self.state(left, coverage)
    }

    /// Merges states of units, and such that were merged.
    pub(super) fn merge(
        &self,
        parts: &[PathBuf],
        states: &[PathBuf],
        cancel: &Arc<AtomicBool>,
    ) -> Result<Vec<u8>, Error> {
        let coverage = Arc::new(Mutex::new(Coverage::default()));
        let question = self.question;
        let pass = states.len() as u32;
        let mut files = Vec::from(parts).into_iter();
        let mut reading: Option<(String, Box<dyn Read + Send>)> = parts
            .is_empty()
            .then(|| ("standard input".to_owned(), Box::new(io::stdin()) as Box<dyn Read + Send>));
        let covered = Arc::clone(&coverage);
        let shown: Vec<String> = self.logs.iter().map(|log| shown(log.as_ref())).collect();
        let next = move || loop {
            if let Some((name, from)) = &mut reading
                && let Some(partial) = partial::read::<Partial>(partial::STATE, from, name)?
            {
                check(&partial, &question, pass, name)?;
                let mut covered = covered.lock().unwrap_or_else(PoisonError::into_inner);
                covered.join(&partial.coverage).map_err(|overlap| {
                    twice(shown.get(overlap.file as usize).map_or("a log", String::as_str), name)
                })?;
                return Ok(Some(partial.state));
            }
            let Some(path) = files.next() else { return Ok(None) };
            reading = Some((path.display().to_string(), Box::new(open(&path)?)));
        };
        let task = Task::Merge(Mutex::new(Box::new(next)));
        let left =
            run(self.arguments(), (task, self.known(states)?), self.survey(Some(Unit::default())), cancel)?;
        let coverage = coverage.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.state(left, coverage)
    }

    /// Gives the answer, from the states of all passes.
    pub(super) fn report(&self, states: &[PathBuf], cancel: &Arc<AtomicBool>) -> Result<Verdict, Error> {
        unchanged(self.logs.iter().flatten().chain(&self.others))?;
        let known = self.known(states)?;
        match run(self.arguments(), (Task::Answer, known), self.survey(None), cancel)? {
            Ok(verdict) => Ok(verdict),
            Err(Left::Pass(pass)) => Err(Error::new(
                ErrorKind::Unfinished,
                format!("the answer needs one more pass over the logs, number {}", pass + 1),
            )
            .hinted("obs partial and obs merge do it where the states so far are given with --after")),
            Err(_) => Err(no_pass()),
        }
    }

    /// The states of passes that are over, each of all that there is.
    fn known(&self, states: &[PathBuf]) -> Result<Vec<Vec<u8>>, Error> {
        let question = self.question;
        let read = |(pass, path): (u32, &PathBuf)| {
            let shown = path.display().to_string();
            let mut file = open(path)?;
            let partial: Partial = partial::read(partial::STATE, &mut file, &shown)?
                .ok_or_else(|| Error::new(ErrorKind::Damaged, format!("{shown}: is empty")))?;
            check(&partial, &question, pass, &shown)?;
            if partial::read::<Partial>(partial::STATE, &mut file, &shown)?.is_some() {
                return Err(Error::new(ErrorKind::Coverage, format!("{shown}: holds several states"))
                    .hinted("obs merge makes one of them"));
            }
            match partial.coverage.gap(self.logs.len()) {
                None => Ok(partial.state),
                Some(file) => {
                    let log = shown_of(&self.logs, file);
                    Err(Error::new(ErrorKind::Coverage, format!("{shown}: some of {log} is missing"))
                        .hinted("a unit of the plan is not in it"))
                }
            }
        };
        (0..).zip(states).map(read).collect()
    }

    fn state(&self, left: Result<Verdict, Left>, coverage: Coverage) -> Result<Vec<u8>, Error> {
        let Err(Left::State(pass, state)) = left else { return Err(no_pass()) };
        let partial = Partial {
            obs: env!("CARGO_PKG_VERSION").to_owned(),
            question: self.question,
            pass,
            coverage,
            state,
        };
        Ok(partial::write(partial::STATE, &partial))
    }

    fn twice(&self, overlap: partial::Overlap) -> Error {
        twice(&shown_of(&self.logs, overlap.file), "the plan")
    }
}

/// Fails if a file is no longer what it was when the plan was made.
fn unchanged<'s>(stamps: impl Iterator<Item = &'s Stamp>) -> Result<(), Error> {
    for stamp in stamps {
        if let Some(how) = stamp.differs() {
            let message = format!("{} {how} since the plan was made", stamp.path().display());
            return Err(Error::new(ErrorKind::Coverage, message).hinted("make the plan anew"));
        }
    }
    Ok(())
}

fn shown(stamp: Option<&Stamp>) -> String {
    stamp.map_or_else(|| "a log".to_owned(), |stamp| stamp.path().display().to_string())
}

fn shown_of(logs: &[Option<Stamp>], file: u32) -> String {
    shown(logs.get(file as usize).and_then(Option::as_ref))
}

fn twice(log: &str, name: &str) -> Error {
    Error::new(ErrorKind::Coverage, format!("{name}: some of {log} is in another state, too"))
        .hinted("each unit counts once")
}

fn check(partial: &Partial, question: &Sum, pass: u32, name: &str) -> Result<(), Error> {
    if partial.obs != env!("CARGO_PKG_VERSION") {
        return Err(other_version(name, &partial.obs));
    }
    if partial.question != *question {
        return Err(Error::new(ErrorKind::Coverage, format!("{name}: is of another plan"))
            .hinted("states go together that are of one command and one survey"));
    }
    if partial.pass != pass {
        let message = format!("{name}: is of pass {}, and wanted is pass {}", partial.pass + 1, pass + 1);
        return Err(Error::new(ErrorKind::Coverage, message)
            .hinted("the states of the passes before are given in their order"));
    }
    Ok(())
}

fn other_version(name: &str, obs: &str) -> Error {
    let message = format!("{name}: was written by obs {obs}, and this is {}", env!("CARGO_PKG_VERSION"));
    Error::new(ErrorKind::Damaged, message).hinted("all processes run the same obs")
}

#[expect(clippy::disallowed_methods, reason = "a plan or a state that was named, and no input")]
fn open(path: &Path) -> Result<BufReader<File>, Error> {
    let failed = |error: io::Error| Error::input(format!("{} cannot be opened: {error}", path.display()));
    File::open(path).map(BufReader::new).map_err(failed)
}

/// The bytes of a unit.
pub(super) fn unit_bytes(typed: &str) -> Result<u64, Error> {
    match crate::model::unit::parse_size(typed) {
        Some(size) if (1.0..1e15).contains(&size) => Ok(size as u64),
        _ => Err(Error::usage(format!("`{typed}` is no size")).hinted("write 64MiB, 1GB")),
    }
}
