//! What was typed wrongly, in obs's own words: options, commands and values that do not exist, or not together.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::near;
use crate::model::Error;

/// What people who come from other tools type, and what does it here.
const FINGERS: &[(&str, &str)] = &[
    ("-v", "--verbose tells what was read of each file; grep -v finds entries that do not match"),
    ("--include", "-g 'GLOB' reads only files that the glob names"),
    ("--exclude", "-g '!GLOB' leaves out files that the glob names"),
    ("--exclude-dir", "-g '!DIR/' leaves out a directory"),
    ("--search-zip", "compressed files are always read"),
    ("-z", "compressed files are always read"),
    ("--multiline", "an entry is searched whole: a pattern may go over its lines"),
    ("-U", "an entry is searched whole: a pattern may go over its lines"),
    ("--replace", "obs shows entries as they are; -o prints what matches, for sed to change"),
    ("--type-list", "types are those of ripgrep: log, json, csv, xml …"),
    ("--files", "obs fields lists the files that are read"),
    ("--pcre2", "-P is accepted: look-around and back-references are no part of obs's patterns"),
    ("--no-heading", "--raw prints entries as they stand in the files"),
];

/// The same, for letters of grep and ripgrep that mean something else elsewhere.
const LETTERS: &[(&str, &str)] = &[
    ("-s", "what cannot be read is told on stderr, and is no reason to stop"),
    ("--no-messages", "what cannot be read is told on stderr, and is no reason to stop"),
    ("-y", "-i takes large and small letters for alike"),
    ("-G", "patterns are regular expressions; -F takes them as text"),
    ("-0", "--output jsonl names files in a way that programs read"),
    ("-Z", "--output jsonl names files in a way that programs read"),
    ("--null", "--output jsonl names files in a way that programs read"),
    ("-b", "--output jsonl has the offset of each entry"),
    ("--byte-offset", "--output jsonl has the offset of each entry"),
    ("-N", "numbers are printed with -n only"),
    ("--no-line-number", "numbers are printed with -n only"),
    ("--heading", "-p prints entries below the names of their files"),
    ("--vimgrep", "-nH prints FILE:LINE: before each entry"),
    ("--stats", "--verbose tells what was read of each file"),
    ("--passthru", "the pattern '' matches every entry"),
    ("--count-matches", "-o prints each match on a line, for wc to count"),
    ("-M", "entries are printed whole; cut -c cuts them"),
    ("--max-columns", "entries are printed whole; cut -c cuts them"),
    ("--ignore-file", ".ignore and .rgignore files are read"),
    ("--iglob", "-g 'GLOB' picks files; [Ll]og is for both sizes of a letter"),
    ("--max-depth", "-g '!*/*/' leaves out what lies deeper than one directory"),
    ("--line-regexp", "-x matches whole entries"),
];

/// The error in the voice of all others. `command` is what was to be parsed.
pub(super) fn error(error: &clap::Error, command: &clap::Command) -> Error {
    let text = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let typed = text(ContextKind::InvalidArg).unwrap_or_default();
    let value = text(ContextKind::InvalidValue).unwrap_or_default();
    let name = typed.split([' ', '=']).next().unwrap_or_default().to_owned();
    let help = match subcommand(command) {
        Some(sub) => format!("`obs {} --help` tells all options", sub.get_name()),
        None => "`obs --help` lists the commands".to_owned(),
    };
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let name = text(ContextKind::InvalidSubcommand).unwrap_or_default();
            let names = command.get_subcommands().map(clap::Command::get_name);
            let meant = near::did_you_mean(&name, names);
            Error::usage(format!("there is no command `{name}`")).hinted(meant.unwrap_or(help))
        }
        ErrorKind::UnknownArgument if name.starts_with('-') => {
            let options: Vec<String> = subcommand(command).map(options).unwrap_or_default();
            let greps = subcommand(command).is_some_and(|sub| sub.get_name() == "grep");
            let fingers = FINGERS.iter().chain(LETTERS.iter().filter(|_| greps));
            let known = fingers.clone().find(|(typed, _)| *typed == name).map(|(_, does)| (*does).to_owned());
            let bare = name.trim_start_matches('-');
            let meant =
                || near::did_you_mean(bare, options.iter().map(String::as_str)).map(|meant| dashed(&meant));
            Error::usage(format!("there is no option {name}")).hinted(known.or_else(meant).unwrap_or(help))
        }
        ErrorKind::UnknownArgument => {
            Error::usage(format!("`{typed}` is one argument too many")).hinted(help)
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation | ErrorKind::InvalidUtf8 => {
            let valid = match error.get(ContextKind::ValidValue) {
                Some(ContextValue::Strings(valid)) => valid.clone(),
                _ => Vec::new(),
            };
            let meant = near::did_you_mean(&value, valid.iter().map(String::as_str));
            let listed = || (!valid.is_empty()).then(|| format!("it can be {}", valid.join(", ")));
            if value.is_empty() {
                return Error::usage(format!("{name} needs a value")).hinted(listed().unwrap_or(help));
            }
            let why = std::error::Error::source(error).map(|why| format!(": {why}")).unwrap_or_default();
            Error::usage(format!("{name} cannot be `{value}`{why}"))
                .hinted(meant.or_else(listed).unwrap_or(help))
        }
        ErrorKind::MissingRequiredArgument => {
            Error::usage(format!("{typed} is missing")).hinted(usage(command).unwrap_or(help))
        }
        ErrorKind::ArgumentConflict => {
            let other = text(ContextKind::PriorArg).unwrap_or_default();
            let bare = |typed: &str| typed.split([' ', '=']).next().unwrap_or_default().to_owned();
            let message = if other.is_empty() || bare(&other) == name {
                format!("{name} is given twice")
            } else {
                format!("{name} does not go with {}", bare(&other))
            };
            Error::usage(message).hinted(help)
        }
        ErrorKind::NoEquals | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            Error::usage(format!("{name} needs another number of values")).hinted(help)
        }
        ErrorKind::TooManyValues => Error::usage(format!("{name} takes no value `{value}`")).hinted(help),
        _ => {
            let said = error.to_string();
            let first = said.lines().next().unwrap_or_default();
            Error::usage(first.trim_start_matches("error: ").to_owned()).hinted(help)
        }
    }
}

/// The command that was typed, as far as the arguments tell.
pub(super) fn subcommand(command: &clap::Command) -> Option<&clap::Command> {
    let mut found = None;
    for word in super::config::arguments().skip(1) {
        let within = found.unwrap_or(command);
        match word.to_str().and_then(|word| within.find_subcommand(word)) {
            Some(sub) => found = Some(sub),
            None => break,
        }
    }
    found
}

/// `did you mean a or b?`, with the dashes of options.
fn dashed(meant: &str) -> String {
    meant.replacen("did you mean ", "did you mean --", 1).replace(" or ", " or --")
}

/// The options of a command that its help shows.
fn options(command: &clap::Command) -> Vec<String> {
    let shown = command.get_arguments().filter(|argument| !argument.is_hide_set());
    // Those of commands in parts are meant by nobody who mistypes.
    let shown = shown.filter(|argument| argument.get_help_heading() != Some("In parts"));
    shown.filter_map(clap::Arg::get_long).map(str::to_owned).collect()
}

/// How the command is written.
fn usage(command: &clap::Command) -> Option<String> {
    let sub = subcommand(command)?;
    let operands: Vec<String> = sub
        .get_positionals()
        .map(|operand| {
            let name = operand.get_value_names().and_then(|names| names.first());
            let name = name.map_or_else(|| operand.get_id().to_string(), ToString::to_string);
            if operand.is_required_set() { name } else { format!("[{name}]") }
        })
        .collect();
    Some(format!("write obs {} [OPTIONS] {}", sub.get_name(), operands.join(" ")))
}
