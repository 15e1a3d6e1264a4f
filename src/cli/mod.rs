//! The only room that knows clap, the terminal, the environment and the clock. One command, one file.

mod args;
mod brief;
mod check_rules;
mod completions;
mod config;
mod correlate;
mod detect;
mod fields;
mod formats;
mod found;
mod graph;
mod grep;
mod honesty;
mod investigate;
mod measured;
mod near;
mod nothing;
mod out;
mod pager;
mod progress;
mod query;
mod rank;
mod redaction;
mod said;
mod session;
mod signatures;
mod skew;
mod stats;
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
    Correlate(correlate::CorrelateArgs),
    Grep(Box<grep::GrepArgs>),
    Stats(stats::StatsArgs),
    Templates(templates::TemplatesArgs),
    Detect(Box<detect::DetectArgs>),
    Query(Box<query::QueryArgs>),
    CheckRules(Box<check_rules::CheckRulesArgs>),
    Investigate(Box<investigate::InvestigateArgs>),
    Fields(fields::FieldsArgs),
    Formats(formats::FormatsArgs),
    Completions(completions::CompletionsArgs),
    Man(completions::ManArgs),
}

/// Runs `obs` with the process's arguments.
pub fn main() -> ExitCode {
    let arguments = with_expression(config::arguments().collect());
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return clap_said(&error).into(),
    };
    let cancel = Arc::new(AtomicBool::new(false));
    listen(&cancel);
    source::cancel_texts_with(&cancel);
    let verdict = match cli.command.run(&cancel) {
        Ok(verdict) => verdict,
        Err(error) => match verdict::fail(&error) {
            Verdict::Trouble if cancel.load(Ordering::Relaxed) => Verdict::Interrupted,
            said => said,
        },
    };
    verdict.into()
}

/// An expression may begin with a minus, as in `obs query -up`. What no option begins with is one: a blank before it says
/// so to the parser, and nothing to PromQL.
fn with_expression(mut arguments: Vec<OsString>) -> Vec<OsString> {
    if arguments.get(1).is_some_and(|command| command == "query")
        && let Some(first) = arguments.get_mut(2)
        && let Some(letter) =
            first.to_str().and_then(|first| first.strip_prefix('-')).and_then(|rest| rest.chars().next())
        && letter != '-'
        && !Cli::command().find_subcommand("query").is_some_and(|query| {
            query.get_arguments().any(|argument| argument.get_short() == Some(letter))
                || matches!(letter, 'h' | 'V')
        })
    {
        let mut spaced = OsString::from(" ");
        spaced.push(&*first);
        *first = spaced;
    }
    arguments
}

impl Command {
    fn run(&self, cancel: &Arc<AtomicBool>) -> Result<Verdict, Error> {
        match self {
            Command::Correlate(args) => correlate::run(args, cancel),
            Command::Grep(args) => grep::run(args, cancel),
            Command::Stats(args) => stats::run(args, cancel),
            Command::Templates(args) => templates::run(args, cancel),
            Command::Detect(args) => detect::run(args, cancel),
            Command::Query(args) => query::run(args, cancel),
            Command::CheckRules(args) => check_rules::run(args, cancel),
            Command::Investigate(args) => investigate::run(args, cancel),
            Command::Fields(args) => fields::run(args, cancel),
            Command::Formats(args) => formats::run(args, cancel),
            Command::Completions(args) => completions::completions(args),
            Command::Man(args) => completions::man(args),
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
fn clap_said(error: &clap::Error) -> Verdict {
    let text = error.render();
    if error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        verdict::usage(&text.to_string());
        return Verdict::Trouble;
    }
    if error.use_stderr() {
        return verdict::fail(&said::error(error, &Cli::command()));
    }
    match out::write_all(text.to_string().as_bytes()) {
        Ok(()) => Verdict::Yes,
        Err(error) => verdict::fail(&error),
    }
}
