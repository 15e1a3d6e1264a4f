//! `obs partial`: one unit of a plan.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;

use super::apart::Plan;
use super::out;
use super::verdict::Verdict;
use crate::model::Error;

/// Do one unit of a plan, and write what it adds up to
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  obs partial plan.obsl --unit 17 > 17.obsp
  obs partial plan.obsl --unit 17 --after pass1.obsp -o 17.obsp")]
pub(super) struct PartialArgs {
    /// The plan
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// The number of the unit
    #[arg(long, value_name = "N")]
    unit: usize,
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
    /// Writes a state.
    pub(super) fn write(&self, bytes: &[u8]) -> Result<Verdict, Error> {
        match &self.state {
            Some(path) => out::write_file(path, bytes)?,
            None => out::write_all(bytes)?,
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
    places.write(&plan.unit(args.unit, &places.after, cancel)?)
}
