//! `obs merge`: states of units become one.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;

use super::apart::Plan;
use super::partial::PlaceArgs;
use super::states;
use super::verdict::Verdict;
use crate::model::Error;

/// Merge states of units of a plan, in any order and any number of steps
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  obs merge plan.obsl *.obsp -o all.obsp
  obs merge plan.obsl states/ -o all.obsp
  cat *.obsp | obs merge plan.obsl > all.obsp
  obs merge plan.obsl states/ --bucket 3 -o bucket3.obsp")]
pub(super) struct MergeArgs {
    /// The plan
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// The states: files, directories of *.obsp, and @FILE for a list with a path a line (default: standard input, one
    /// behind the other)
    #[arg(value_name = "STATE")]
    states: Vec<PathBuf>,
    /// Only this bucket of a plan with --buckets: then other processes do the others
    #[arg(long, value_name = "N")]
    bucket: Option<u32>,
    #[command(flatten)]
    places: PlaceArgs,
}

/// Runs the command.
pub(super) fn run(args: &MergeArgs, cancel: &Arc<AtomicBool>) -> Result<Verdict, Error> {
    let places = args.places.absolute()?;
    let states = states::named(&args.states)?;
    let plan = Plan::read(&args.plan, places.directory.as_deref())?;
    places.write(&plan.merge(states, args.bucket, &places.after, cancel)?)
}
