//! `obs partial`: one unit of a plan.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;

use super::apart::Plan;
use super::verdict::Verdict;
use super::{out, shell};
use crate::model::Error;

// A command that can be done in parts, and the part of it that is done. (A comment of documentation would be its help.)
#[derive(Args, Debug)]
pub(super) struct InParts<A: Args> {
    #[command(flatten)]
    pub command: A,
    #[command(flatten)]
    pub part: PartArgs,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "In parts")]
pub(super) struct PartArgs {
    /// Do one unit of this very command, of which this is the plan (`obs plan`), and write what it adds up to
    #[arg(long, value_name = "PLAN", requires = "unit", hide_short_help = true)]
    partial: Option<PathBuf>,
    /// The number of the unit (repeatable: several become one)
    #[arg(long, value_name = "N", requires = "partial", value_delimiter = ',', hide_short_help = true)]
    unit: Vec<usize>,
    /// The merged state of an earlier pass (repeatable, in their order)
    #[arg(long, value_name = "STATE", requires = "partial", hide_short_help = true)]
    after: Vec<PathBuf>,
    /// The file to write to (default: standard output)
    #[arg(long, value_name = "FILE", requires = "partial", hide_short_help = true)]
    state: Option<PathBuf>,
}

impl PartArgs {
    /// Is it a part of the command that is asked for?
    pub(super) fn is_one(&self) -> bool {
        self.partial.is_some()
    }

    /// Does it, if it is what was planned.
    pub(super) fn run(&self, typed: &[OsString], cancel: &Arc<AtomicBool>) -> Result<Verdict, Error> {
        let Some(path) = &self.partial else { return Err(Error::usage("--partial names no plan")) };
        let (after, state) = (self.after.clone(), self.state.clone());
        let places = PlaceArgs { after, state, directory: None }.absolute()?;
        let plan = Plan::read(path, None)?;
        let planned = plan.command();
        if planned != without_part(typed) {
            let shown = |words: &[OsString]| {
                words.iter().map(|word| shell::typed(&word.to_string_lossy())).collect::<Vec<_>>().join(" ")
            };
            let message = format!("{} is the plan of obs {}", path.display(), shown(&planned));
            return Err(
                Error::usage(message).hinted("type the command as it was planned, or use obs partial")
            );
        }
        places.write(&plan.units(&self.unit, &places.after, cancel)?)
    }
}

/// The words of a command but those that say which part of it is done.
fn without_part(typed: &[OsString]) -> Vec<OsString> {
    let (mut kept, mut words) = (Vec::new(), typed.iter());
    while let Some(word) = words.next() {
        if word == "--" {
            kept.push(word.clone());
            kept.extend(words.cloned());
            break;
        }
        let text = word.to_string_lossy();
        let (name, value) = text.split_once('=').map_or((&*text, None), |(name, value)| (name, Some(value)));
        if !["--partial", "--unit", "--after", "--state"].contains(&name) {
            kept.push(word.clone());
        } else if value.is_none() {
            words.next();
        }
    }
    kept
}

/// Do one unit of a plan, and write what it adds up to
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  obs partial plan.obsl --unit 17 > 17.obsp
  obs partial plan.obsl --unit 17,18,19 -o 17-19.obsp
  obs partial plan.obsl --unit 17 --after pass1.obsp -o 17.obsp")]
pub(super) struct PartialArgs {
    /// The plan
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// The number of the unit (repeatable, and as a list: several become one)
    #[arg(long, value_name = "N", required = true, value_delimiter = ',')]
    unit: Vec<usize>,
    #[command(flatten)]
    places: PlaceArgs,
}

/// Where a part of a command happens, and where its state goes.
#[derive(Args, Debug)]
pub(super) struct PlaceArgs {
    /// The merged state of an earlier pass (repeatable, in their order)
    #[arg(long, value_name = "STATE")]
    pub after: Vec<PathBuf>,
    /// Where the paths of the command begin (default: the directory in which the plan was made)
    #[arg(long, value_name = "DIRECTORY")]
    pub directory: Option<PathBuf>,
    /// The file to write to (default: standard output)
    #[arg(short = 'o', long, value_name = "FILE")]
    pub state: Option<PathBuf>,
}

impl PlaceArgs {
    /// Writes a state, which comes in pieces.
    pub(super) fn write(&self, pieces: &[Vec<u8>]) -> Result<Verdict, Error> {
        match &self.state {
            Some(path) => out::write_state(path, pieces)?,
            None => pieces.iter().try_for_each(|piece| out::write_all(piece))?,
        }
        Ok(Verdict::Yes)
    }

    /// The same with places that do not depend on where the process is.
    pub(super) fn absolute(&self) -> Result<PlaceArgs, Error> {
        let absolute = |path: &PathBuf| super::config::absolute(path);
        Ok(PlaceArgs {
            after: self.after.iter().map(absolute).collect::<Result<_, _>>()?,
            directory: self.directory.clone(),
            state: self.state.as_ref().map(absolute).transpose()?,
        })
    }
}

/// Runs the command.
pub(super) fn run(args: &PartialArgs, cancel: &Arc<AtomicBool>) -> Result<Verdict, Error> {
    let places = args.places.absolute()?;
    let plan = Plan::read(&args.plan, places.directory.as_deref())?;
    places.write(&plan.units(&args.unit, &places.after, cancel)?)
}
