//! `obs schema`: JSON Schemas of what commands print as JSON.

use clap::Args;

use super::args::Suggested;
use super::verdict::Verdict;
use super::{near, out};
use crate::model::Error;

/// Print the JSON Schema of what a command prints as JSON, or the names of all of them
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  obs schema
  obs schema investigate > investigate.schema.json
  obs schema formats explain")]
pub(super) struct SchemaArgs {
    /// The command, such as stats or formats explain
    #[arg(value_name = "COMMAND", hide_possible_values = true, value_parser = Suggested::new(|| names().collect()))]
    command: Vec<String>,
}

macro_rules! schemas {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../docs/schema/", $name, ".json")))),*]
    };
}

/// The schemas by the names of the commands; an answer names its own under `schema`.
const SCHEMAS: &[(&str, &str)] = schemas![
    "check-rules",
    "check-rules-checks",
    "check-rules-receivers",
    "check-rules-routes",
    "correlate",
    "correlate-graph",
    "dashboard",
    "detect",
    "detect-list",
    "fields",
    "formats-explain",
    "formats-list",
    "formats-test",
    "grep",
    "investigate",
    "query",
    "stats",
    "stats-critical-path",
    "templates",
];

/// The names of all schemas.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    SCHEMAS.iter().map(|(name, _)| *name)
}

/// Runs the command.
pub(super) fn run(args: &SchemaArgs) -> Result<Verdict, Error> {
    if args.command.is_empty() {
        let names: Vec<&str> = names().collect();
        out::write_all(format!("{}\n", names.join("\n")).as_bytes())?;
        return Ok(Verdict::Yes);
    }
    let name = args.command.join("-");
    let known = SCHEMAS.iter().find(|(known, _)| *known == name);
    let (_, schema) = known.ok_or_else(|| {
        let names = names();
        let error = Error::usage(format!("there is no schema `{name}`"));
        error.hinted(near::did_you_mean(&name, names).unwrap_or_else(|| "`obs schema` names them".to_owned()))
    })?;
    out::write_all(schema.as_bytes())?;
    Ok(Verdict::Yes)
}
