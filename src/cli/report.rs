//! `obs report`: the answer to a planned command, from its merged states.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;

use super::apart::Plan;
use super::states;
use super::verdict::Verdict;
use crate::model::Error;

/// Give the answer of a planned command, from the merged state of each of its passes
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  obs report plan.obsl all.obsp
  obs report plan.obsl pass1.obsp pass2.obsp")]
pub(super) struct ReportArgs {
    /// The plan
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// The merged state of each pass, in their order; of a pass in buckets that of each bucket, or of all together
    #[arg(value_name = "STATE", required = true)]
    states: Vec<PathBuf>,
    /// Where the paths of the command begin (default: the directory in which the plan was made)
    #[arg(long, value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
}

/// Runs the command.
pub(super) fn run(args: &ReportArgs, cancel: &Arc<AtomicBool>) -> Result<Verdict, Error> {
    let states = states::named(&args.states)?;
    Plan::read(&args.plan, args.directory.as_deref())?.report(&states, cancel)
}
