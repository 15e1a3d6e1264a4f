//! What this process does of a command in parts, and what it knows of it: for all of `cli/`.

use std::ffi::OsString;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::fold::{Loaded, Saved};
use crate::format::log::reader::ReadOptions;
use crate::model::{Error, ErrorKind, Timestamp};
use crate::scan::Inputs;
use crate::scan::apart::{Apart, Unit};
use crate::source::Stamp;

/// What this process does.
pub(super) struct Doing {
    pub apart: Arc<Apart>,
    pub arguments: Vec<OsString>,
    pub survey: Survey,
}

/// The survey of a command.
pub(super) enum Survey {
    /// Is made, and kept.
    Wanted,
    Kept {
        survey: Vec<u8>,
        now: Timestamp,
        logs: Vec<Option<Stamp>>,
        others: Vec<Stamp>,
    },
    /// Was made; this unit is done here, or there is none.
    Known {
        survey: Vec<u8>,
        now: Timestamp,
        opened: Option<Unit>,
    },
    /// Was made, and has been taken.
    Taken,
}

static DOING: Mutex<Option<Doing>> = Mutex::new(None);

/// The only one there is.
pub(super) fn doing() -> MutexGuard<'static, Option<Doing>> {
    DOING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is done here of a command in parts, if it is one.
pub(super) fn current() -> Option<Arc<Apart>> {
    doing().as_ref().map(|doing| Arc::clone(&doing.apart))
}

/// What was typed for the command that is done in parts.
pub(super) fn arguments() -> Option<Vec<OsString>> {
    doing().as_ref().map(|doing| doing.arguments.clone())
}

/// When the command was planned.
pub(super) fn now() -> Option<Timestamp> {
    match doing().as_ref()?.survey {
        Survey::Known { now, .. } => Some(now),
        _ => None,
    }
}

/// What the survey of the command found, if that is known.
pub(super) fn surveyed(read: &ReadOptions) -> Option<Result<Inputs, Error>> {
    let mut doing = doing();
    let known = &mut doing.as_mut()?.survey;
    match std::mem::replace(known, Survey::Taken) {
        Survey::Wanted => {
            *known = Survey::Wanted;
            None
        }
        Survey::Known { survey, opened, .. } => {
            let opened = |log: usize| opened.as_ref().is_none_or(|unit| unit.has(log));
            let inputs = Inputs::load(&mut Loaded::new(&survey), &opened, read);
            Some(inputs.map_err(|damaged| Error::new(ErrorKind::Damaged, format!("the plan {damaged}"))))
        }
        Survey::Kept { .. } | Survey::Taken => {
            Some(Err(Error::usage("this command looks for files more than once: it cannot be done in parts")))
        }
    }
}

/// Keeps what the survey found, if it is for a plan.
pub(super) fn keep(inputs: &Inputs, now: Timestamp) -> Result<(), Error> {
    let mut doing = doing();
    let Some(Doing { survey: wanted @ Survey::Wanted, .. }) = doing.as_mut() else { return Ok(()) };
    if inputs.has_pipes() {
        return Err(Error::usage("what comes through a pipe cannot be read by other processes")
            .hinted("name files or directories"));
    }
    let mut survey = Saved::default();
    inputs.save(&mut survey);
    let (logs, others) = inputs.stamps();
    *wanted = Survey::Kept { survey: survey.into_bytes(), now, logs, others };
    Ok(())
}
