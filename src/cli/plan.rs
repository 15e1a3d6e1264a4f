//! `obs plan`: a command in parts, for many processes or machines.

use std::ffi::OsString;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;

use super::verdict::Verdict;
use super::{apart, out, verdict};
use crate::model::Error;
use crate::model::unit::HumanBytes;
use crate::report::account::counted;
use crate::scan::apart::{Cut, Unit};

/// Plan a command in parts, for many processes or machines: prints the numbers of its units, one a line
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  obs plan -o plan.obsl -- stats logs/ --by service
  obs plan -o plan.obsl -- investigate logs/ | xargs -P8 -I{} obs partial plan.obsl --unit {} -o {}.obsp
  obs merge plan.obsl *.obsp -o all.obsp && obs report plan.obsl all.obsp
The page docs/cluster.md tells the rest.")]
pub(super) struct PlanArgs {
    /// The file to write the plan to
    #[arg(short = 'o', long = "plan", value_name = "FILE")]
    plan: PathBuf,
    /// About how much a unit reads: files that can be read in pieces are cut into pieces of this size, small ones go
    /// together
    #[arg(long, value_name = "SIZE", default_value = "128MiB")]
    unit_bytes: String,
    /// Each file is a unit of its own, whatever its size, and its path is printed behind its number and a tab: for
    /// programs that bring the files to where their units are done
    #[arg(long, conflicts_with = "unit_bytes")]
    by_file: bool,
    /// Into how many buckets of ids `obs partial` sorts what it hands on, where a command has ids (correlate): then each
    /// can be merged by another process
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    buckets: u32,
    /// The command as it would be typed, without `obs`
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

/// Runs the command.
pub(super) fn run(args: &PlanArgs, cancel: &Arc<AtomicBool>) -> Result<Verdict, Error> {
    let bytes = apart::unit_bytes(&args.unit_bytes)?;
    let buckets = NonZeroU32::new(args.buckets).unwrap_or(NonZeroU32::MIN);
    out::try_file(&args.plan)?;
    let plan = apart::plan(&args.command, (Cut { bytes, by_file: args.by_file }, buckets), cancel)?;
    out::write_file(&args.plan, &plan.bytes())?;
    let line = |(number, unit): (usize, &Unit)| {
        let path = if args.by_file { format!("\t{}", plan.paths(unit)) } else { String::new() };
        format!("{number}{path}\n")
    };
    let numbers: Vec<String> = plan.units.iter().enumerate().map(line).collect();
    let all: u64 = plan.units.iter().map(Unit::bytes).sum();
    verdict::note(&format!(
        "{}, {} in all",
        counted(plan.units.len() as u64, "unit", "units"),
        HumanBytes(all)
    ));
    out::write_all(numbers.concat().as_bytes())?;
    Ok(Verdict::Yes)
}
