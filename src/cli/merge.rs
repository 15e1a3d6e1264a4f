//! `obs merge`: states of units become one.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;

use super::apart::Plan;
use super::config;
use super::partial::PlaceArgs;
use super::verdict::Verdict;
use crate::model::Error;

/// Merge states of units of a plan, in any order and any number of steps
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  obs merge plan.obsl *.obsp -o all.obsp
  cat *.obsp | obs merge plan.obsl > all.obsp")]
pub(super) struct MergeArgs {
    /// The plan
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// The states (default: standard input, one behind the other)
    #[arg(value_name = "STATE")]
    states: Vec<PathBuf>,
    #[command(flatten)]
    places: PlaceArgs,
}

/// Runs the command.
pub(super) fn run(args: &MergeArgs, cancel: &Arc<AtomicBool>) -> Result<Verdict, Error> {
    let places = args.places.absolute()?;
    let states: Vec<PathBuf> =
        args.states.iter().map(|path| config::absolute(path)).collect::<Result<_, _>>()?;
    let plan = Plan::read(&args.plan, places.directory.as_deref())?;
    places.write(&plan.merge(&states, &places.after, cancel)?)
}
