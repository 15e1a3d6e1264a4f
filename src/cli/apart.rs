//! A command in parts: the plan of it, and how one process does its part.
//!
//! `obs plan` runs the command until its first pass over the logs, and writes down what the survey found and the units of
//! the pass. `obs partial`, `obs merge` and `obs report` run the same command, each up to its own end
//! ([`crate::scan::apart`]).

use std::ffi::OsString;
use std::num::NonZeroU32;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::doing::{Doing, Survey, doing};
use super::states::{Merging, Whole, empty, open, other_version};
use super::verdict::Verdict;
use super::{config, defaults, said, with_expression};
use crate::fold::Saved;
use crate::model::{Error, ErrorKind, Timestamp};
use crate::partial::{self, Bucket, Coverage, Head, Partial, Record, Sum};
use crate::scan::apart::{self, Apart, Cut, Left, Task, Unit};
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
    #[serde(with = "partial::bytes")]
    survey: Vec<u8>,
    /// What the logs were then, and all other files that were read.
    logs: Vec<Option<Stamp>>,
    others: Vec<Stamp>,
    /// The digest of all that: what tells one question from another, however it is cut.
    question: Sum,
    /// In how many buckets states are handed on that have keys.
    buckets: NonZeroU32,
    /// What processes do of a pass, each one.
    pub units: Vec<Unit>,
}

/// Runs a command until it has done its part, or to its end.
fn run(
    arguments: Vec<OsString>,
    (task, known): (Task, Vec<Vec<Vec<u8>>>),
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
    match cli.command.part() {
        None => {
            let those =
                "correlate, grep, stats, templates, detect, query, dashboard, check-rules and investigate";
            return Err(Error::usage("this command is not one that is done in parts")
                .hinted(format!("those are {those}")));
        }
        Some(part) if part.is_one() => {
            return Err(Error::usage("what is planned is all of a command, and not a unit of it")
                .hinted("leave out --partial"));
        }
        Some(_) => {}
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
pub(super) fn plan(
    typed: &[OsString],
    (cut, buckets): (Cut, NonZeroU32),
    cancel: &Arc<AtomicBool>,
) -> Result<Plan, Error> {
    let mut arguments = vec![OsString::from("obs")];
    arguments.extend(typed.iter().cloned());
    let left = run(arguments.clone(), (Task::Cut(cut), Vec::new()), Survey::Wanted, cancel)?;
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
        buckets,
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
        let head = Head::read(partial::PLAN, &mut file, &shown)?.ok_or_else(|| empty(&shown))?;
        let (plan, _): (Plan, _) = head.value(&mut file, &shown)?;
        if plan.obs != env!("CARGO_PKG_VERSION") {
            return Err(other_version(&shown, &plan.obs));
        }
        let directory = PathBuf::from(OsString::from_vec(plan.directory.clone()));
        config::go_to(elsewhere.unwrap_or(&directory))?;
        Ok(plan)
    }

    /// The plan as it is written.
    pub(super) fn bytes(&self) -> Vec<u8> {
        Record::of(partial::PLAN, Bucket::ALL, self, Vec::new()).into_pieces().concat()
    }

    fn digest(&self) -> Sum {
        let mut saved = Saved::default();
        saved.put(&(&self.obs, &self.arguments, self.now, &self.survey, &self.logs, &self.others));
        partial::sum(&saved.into_bytes())
    }

    /// What the states of all units together are of.
    fn whole(&self) -> Whole {
        let shown = |log: &Option<Stamp>| {
            log.as_ref().map_or_else(|| "a log".to_owned(), |log| log.path().display().to_string())
        };
        Whole { question: self.question, logs: self.logs.iter().map(shown).collect() }
    }

    /// The paths of a unit's files.
    pub(super) fn paths(&self, unit: &Unit) -> String {
        let log = |span: &apart::Span| self.logs.get(span.file as usize)?.as_ref();
        let paths = unit.spans.iter().filter_map(log).map(|log| log.path().display().to_string());
        paths.collect::<Vec<_>>().join("\t")
    }

    /// The command as it was typed, without `obs`.
    pub(super) fn command(&self) -> Vec<OsString> {
        self.arguments().split_off(1)
    }

    fn arguments(&self) -> Vec<OsString> {
        self.arguments.iter().cloned().map(OsString::from_vec).collect()
    }

    fn survey(&self, opened: Option<Unit>) -> Survey {
        Survey::Known { survey: self.survey.clone(), now: self.now, opened }
    }

    /// Does some units, as if they were one; gives what is to be written, in pieces.
    pub(super) fn units(
        &self,
        numbers: &[usize],
        states: &[PathBuf],
        cancel: &Arc<AtomicBool>,
    ) -> Result<Vec<Vec<u8>>, Error> {
        let unit = |number: &usize| {
            self.units.get(*number).ok_or_else(|| {
                Error::usage(format!("there is no unit {number}"))
                    .hinted(format!("they go from 0 to {}", self.units.len().saturating_sub(1)))
            })
        };
        let units = numbers.iter().map(unit).collect::<Result<Vec<_>, _>>()?;
        let unit = Unit::together(units.into_iter()).ok_or_else(|| {
            Error::usage("these units do not go together: some of a file is twice in them, or between them")
                .hinted("name units that follow each other, or do each for itself")
        })?;
        let files = || unit.spans.iter().filter_map(|span| self.logs.get(span.file as usize)?.as_ref());
        unchanged(files().chain(&self.others))?;
        let (mut coverage, whole) = (Coverage::default(), self.whole());
        for span in &unit.spans {
            let added = coverage.add(span.file, (span.from, span.until));
            added.map_err(|overlap| whole.twice(overlap, "the plan"))?;
        }
        let task = Task::Unit(unit.clone(), self.buckets, whole.is(&coverage));
        let known = whole.known(states)?;
        let left = run(self.arguments(), (task, known), self.survey(Some(unit.clone())), cancel)?;
        unchanged(files())?;
        let Err(Left::States(pass, states)) = left else { return Err(no_pass()) };
        let of = states.len() as u32;
        let records = (0..)
            .zip(states)
            .map(|(number, state)| self.record((Bucket { number, of }, coverage.clone()), pass, state));
        Ok(records.flat_map(Record::into_pieces).collect())
    }

    /// Merges states of units, and such that were merged; of all buckets, or of one.
    pub(super) fn merge(
        &self,
        files: Vec<PathBuf>,
        bucket: Option<u32>,
        states: &[PathBuf],
        cancel: &Arc<AtomicBool>,
    ) -> Result<Vec<Vec<u8>>, Error> {
        let whole = self.whole();
        let known = whole.known(states)?;
        let merging = Merging::of(files, bucket, known.len() as u32, whole)?;
        let merging = Arc::new(Mutex::new(merging));
        let reading = Arc::clone(&merging);
        let next = move || reading.lock().unwrap_or_else(PoisonError::into_inner).next();
        let task = Task::Merge(Mutex::new(Box::new(next)));
        let left = run(self.arguments(), (task, known), self.survey(Some(Unit::default())), cancel)?;
        let Err(Left::States(pass, states)) = left else { return Err(no_pass()) };
        let of = merging.lock().unwrap_or_else(PoisonError::into_inner).merged(states.len())?;
        let records = of.into_iter().zip(states).map(|(of, state)| self.record(of, pass, state));
        Ok(records.flat_map(Record::into_pieces).collect())
    }

    /// Gives the answer, from the states of all passes.
    pub(super) fn report(&self, states: &[PathBuf], cancel: &Arc<AtomicBool>) -> Result<Verdict, Error> {
        unchanged(self.logs.iter().flatten().chain(&self.others))?;
        let known = self.whole().known(states)?;
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

    fn record(&self, (bucket, coverage): (Bucket, Coverage), pass: u32, state: Vec<u8>) -> Record {
        let obs = env!("CARGO_PKG_VERSION").to_owned();
        Partial { obs, question: self.question, pass, coverage, state }.write(bucket)
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

/// The bytes of a unit.
pub(super) fn unit_bytes(typed: &str) -> Result<u64, Error> {
    match crate::model::unit::parse_size(typed) {
        Some(size) if (1.0..1e15).contains(&size) => Ok(size as u64),
        _ => Err(Error::usage(format!("`{typed}` is no size")).hinted("write 64MiB, 1GB")),
    }
}
