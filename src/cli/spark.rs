//! `obs spark`: the program that runs a command of obs on a cluster with Apache Spark.

use clap::Args;

use super::out;
use super::verdict::Verdict;
use crate::model::Error;

/// Print the driver that runs a command on a cluster with Apache Spark
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  obs spark > obs_spark.py
  spark-submit --master spark://HOST:7077 obs_spark.py --obs ./obs -- \\
    investigate /mnt/logs
The page docs/cluster.md tells the rest.")]
pub(super) struct SparkArgs {}

/// Runs the command.
pub(super) fn run(_: &SparkArgs) -> Result<Verdict, Error> {
    out::write_all(include_bytes!("spark/driver.py"))?;
    Ok(Verdict::Yes)
}
