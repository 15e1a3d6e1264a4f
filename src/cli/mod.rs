//! The only room that knows clap, the terminal, the environment and the clock. One command, one file.

mod apart;
mod args;
mod brief;
mod check_rules;
mod completions;
mod config;
mod correlate;
mod dashboard;
mod defaults;
mod detect;
mod doing;
mod empty;
mod fields;
mod formats;
mod found;
mod graph;
mod grep;
mod honesty;
mod investigate;
mod man;
mod measured;
mod merge;
mod near;
mod nothing;
mod offered;
mod out;
mod pager;
mod partial;
mod plan;
mod progress;
mod query;
mod rank;
mod redaction;
mod report;
mod said;
mod schema;
mod session;
mod shell;
mod short;
mod signatures;
mod skew;
mod spark;
mod standing;
mod states;
mod stats;
mod tables;
mod templates;
mod trace;
mod verdict;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{CommandFactory, Parser, Subcommand};

use crate::model::Error;
use crate::source;
pub use completions::completion_files;
use partial::{InParts, PartArgs};
use verdict::Verdict;

/// Finds out from log and metric files what failed, since when, for whom and why
#[derive(Parser, Debug)]
#[command(
    name = "obs",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Correlate(Box<InParts<correlate::CorrelateArgs>>),
    Grep(Box<InParts<grep::GrepArgs>>),
    Stats(Box<InParts<stats::StatsArgs>>),
    Templates(Box<InParts<templates::TemplatesArgs>>),
    Detect(Box<InParts<detect::DetectArgs>>),
    Query(Box<InParts<query::QueryArgs>>),
    Dashboard(Box<InParts<dashboard::DashboardArgs>>),
    CheckRules(Box<InParts<check_rules::CheckRulesArgs>>),
    Investigate(Box<InParts<investigate::InvestigateArgs>>),
    Fields(Box<fields::FieldsArgs>),
    Formats(formats::FormatsArgs),
    Plan(plan::PlanArgs),
    Partial(partial::PartialArgs),
    Merge(merge::MergeArgs),
    Report(report::ReportArgs),
    Spark(spark::SparkArgs),
    Schema(schema::SchemaArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

/// Runs `obs` with the process's arguments.
pub fn main() -> ExitCode {
    let arguments = with_expression(config::arguments().collect());
    let cancel = Arc::new(AtomicBool::new(false));
    listen(&cancel);
    source::cancel_texts_with(&cancel);
    let cli = match defaults::parse(&arguments) {
        Ok(cli) => cli,
        Err(defaults::Refused::Typed(error)) => return clap_said(&error, &arguments).into(),
        Err(defaults::Refused::Default(error)) => return failed(&error, &cancel).into(),
    };
    let done = match cli.command.part().filter(|part| part.is_one()) {
        Some(part) => part.run(&arguments[1..], &cancel),
        None => cli.command.run(&cancel),
    };
    let verdict = done.unwrap_or_else(|error| failed(&error, &cancel));
    verdict.into()
}

/// Says an error; after an interrupt that is its reason.
fn failed(error: &Error, cancel: &AtomicBool) -> Verdict {
    match verdict::fail(error) {
        Verdict::Trouble if cancel.load(Ordering::Relaxed) => Verdict::Interrupted,
        said => said,
    }
}

/// An expression may begin with a minus, as in `obs query -up`. What is no run of short options is one: a blank before it
/// says so to the parser, and nothing to PromQL.
fn with_expression(mut arguments: Vec<OsString>) -> Vec<OsString> {
    if arguments.get(1).is_some_and(|command| command == "query")
        && let Some(first) = arguments.get_mut(2)
        && let Some(letters) = first.to_str().and_then(|first| first.strip_prefix('-'))
        && !letters.is_empty()
        && !letters.starts_with('-')
        && !Cli::command().find_subcommand("query").is_some_and(|query| are_options(letters, query))
    {
        let mut spaced = OsString::from(" ");
        spaced.push(&*first);
        *first = spaced;
    }
    arguments
}

/// Are these short options of the command behind one dash? The first that takes a value takes the rest for it.
fn are_options(letters: &str, command: &clap::Command) -> bool {
    for letter in letters.chars() {
        let option = command.get_arguments().find(|argument| {
            argument.get_short() == Some(letter)
                || argument.get_all_short_aliases().is_some_and(|others| others.contains(&letter))
        });
        match option {
            Some(option) if option.get_action().takes_values() => return true,
            Some(_) => {}
            None if matches!(letter, 'h' | 'V') => {}
            None => return false,
        }
    }
    true
}

impl Command {
    /// Which part of it is done, if it is one that can be done in parts.
    fn part(&self) -> Option<&PartArgs> {
        match self {
            Command::Correlate(args) => Some(&args.part),
            Command::Grep(args) => Some(&args.part),
            Command::Stats(args) => Some(&args.part),
            Command::Templates(args) => Some(&args.part),
            Command::Detect(args) => Some(&args.part),
            Command::Query(args) => Some(&args.part),
            Command::Dashboard(args) => Some(&args.part),
            Command::CheckRules(args) => Some(&args.part),
            Command::Investigate(args) => Some(&args.part),
            _ => None,
        }
    }

    fn run(&self, cancel: &Arc<AtomicBool>) -> Result<Verdict, Error> {
        match self {
            Command::Correlate(args) => correlate::run(&args.command, cancel),
            Command::Grep(args) => grep::run(&args.command, cancel),
            Command::Stats(args) => stats::run(&args.command, cancel),
            Command::Templates(args) => templates::run(&args.command, cancel),
            Command::Detect(args) => detect::run(&args.command, cancel),
            Command::Query(args) => query::run(&args.command, cancel),
            Command::Dashboard(args) => dashboard::run(&args.command, cancel),
            Command::CheckRules(args) => check_rules::run(&args.command, cancel),
            Command::Investigate(args) => investigate::run(&args.command, cancel),
            Command::Fields(args) => fields::run(args, cancel),
            Command::Formats(args) => formats::run(args, cancel),
            Command::Plan(args) => plan::run(args, cancel),
            Command::Partial(args) => partial::run(args, cancel),
            Command::Merge(args) => merge::run(args, cancel),
            Command::Report(args) => report::run(args, cancel),
            Command::Spark(args) => spark::run(args),
            Command::Schema(args) => schema::run(args),
            Command::Completions(args) => completions::completions(args),
            Command::Man(args) => man::run(args),
        }
    }
}

/// The first Ctrl-C (or SIGTERM) asks the scan to stop and report; the second ends the process.
fn listen(cancel: &Arc<AtomicBool>) {
    use signal_hook::consts::{SIGINT, SIGTERM};
    for signal in [SIGINT, SIGTERM] {
        // In this order: the default action is armed only once the flag is set. Where a handler cannot be
        // installed the signal keeps its default action.
        let _ = signal_hook::flag::register_conditional_default(signal, Arc::clone(cancel));
        let _ = signal_hook::flag::register(signal, Arc::clone(cancel));
    }
}

/// Help, version and usage errors.
fn clap_said(error: &clap::Error, arguments: &[OsString]) -> Verdict {
    let text = error.render();
    if error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        verdict::usage(&text.to_string());
        return Verdict::Trouble;
    }
    if error.use_stderr() {
        return verdict::fail(&said::error(error, &Cli::command()));
    }
    let text = short::asked(arguments).unwrap_or_else(|| text.to_string());
    match out::write_all(text.as_bytes()) {
        Ok(()) => Verdict::Yes,
        Err(error) => verdict::fail(&error),
    }
}
