//! Options that nobody types: those of the environment (`OBS_TZ` for `--tz`), and those of `defaults:` in obs.yaml.
//! What is typed comes before the environment, and that before the file.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory, FromArgMatches};

use super::{Cli, config, near, said, verdict};
use crate::config::defaults::{self as declared, Preset};
use crate::model::{Diagnostic, Error};

/// Why the arguments are not taken.
pub(super) enum Refused {
    /// What was typed is wrong, or asks for help.
    Typed(clap::Error),
    /// A default is wrong.
    Default(Error),
}

/// An option that is added to what was typed, and where it comes from.
struct Added {
    option: String,
    from: String,
    words: Vec<OsString>,
}

/// Takes the arguments, and defaults for options that are not among them.
pub(super) fn parse(arguments: &[OsString]) -> Result<Cli, Refused> {
    let mut command = Cli::command();
    let matches = command.try_get_matches_from_mut(arguments).map_err(Refused::Typed)?;
    let added = added(&command, &matches).map_err(Refused::Default)?;
    if added.is_empty() {
        return Cli::from_arg_matches(&matches).map_err(Refused::Typed);
    }
    let depth = 1 + leaf(&command, &matches).0.len();
    let (before, after) = arguments.split_at(depth.min(arguments.len()));
    let words = added.iter().flat_map(|added| &added.words);
    let all: Vec<&OsString> = before.iter().chain(words).chain(after).collect();
    let again = Cli::command().try_get_matches_from(all).and_then(|matches| Cli::from_arg_matches(&matches));
    again.map_err(|error| match blamed(&error, &added) {
        Some(from) => {
            let mut said = said::error(&error, &Cli::command());
            said.message = format!("{from}: {}", said.message);
            Refused::Default(said)
        }
        None => Refused::Typed(error),
    })
}

/// The words that name the command that was typed, the command, and what was typed for it.
fn leaf<'c>(command: &'c Command, matches: &'c ArgMatches) -> (Vec<&'c str>, &'c Command, &'c ArgMatches) {
    let (mut path, mut at, mut typed) = (Vec::new(), command, matches);
    while let Some((name, within)) = typed.subcommand() {
        let Some(sub) = at.find_subcommand(name) else { break };
        path.push(name);
        (at, typed) = (sub, within);
    }
    (path, at, typed)
}

/// The defaults that count for what was typed.
fn added(command: &Command, matches: &ArgMatches) -> Result<Vec<Added>, Error> {
    let (path, command_typed, typed) = leaf(command, matches);
    let is_typed = |option: &Arg| {
        let id = option.get_id().as_str();
        typed.try_contains_id(id).is_ok() && typed.value_source(id) == Some(ValueSource::CommandLine)
    };
    // Commands that read nothing have no defaults.
    let Some(bare) = command_typed.get_arguments().find(|option| option.get_id() == "no_defaults") else {
        return Ok(Vec::new());
    };
    if is_typed(bare) {
        return Ok(Vec::new());
    }
    let may = |option: &&Arg| {
        option.get_long().is_some_and(|long| !matches!(long, "help" | "version" | "no-defaults"))
            && !option.is_hide_set()
            && !is_typed(option)
            && !command_typed.get_arg_conflicts_with(option).into_iter().any(is_typed)
    };
    let mut added: Vec<Added> = Vec::new();
    let with_value =
        command_typed.get_arguments().filter(may).filter(|option| option.get_action().takes_values());
    for option in with_value {
        let long = option.get_long().unwrap_or_default();
        let variable = format!("OBS_{}", long.replace('-', "_").to_ascii_uppercase());
        if let Some(value) = config::variable(&variable) {
            added.push(Added { words: words(long, &[value]), option: long.to_owned(), from: variable });
        }
    }
    let typed_config = typed.try_get_one::<PathBuf>("config").ok().flatten().cloned();
    let named = typed_config.or_else(|| config::variable("OBS_CONFIG").map(PathBuf::from));
    let Some((shown, text)) = config::text_at(named)? else { return Ok(added) };
    verdict::warn(&crate::config::unknown(&shown, &text), false);
    let presets = match declared::defaults(&shown, &text) {
        Ok(presets) => presets,
        Err(problems) => {
            // Whoever needs another part of the file says what is wrong with that.
            verdict::warn(&softened(problems), false);
            return Ok(added);
        }
    };
    verdict::warn(&unknown(command, &shown, &presets), false);
    for preset in presets.iter().filter(|preset| {
        preset
            .command
            .as_ref()
            .is_none_or(|name| *name == path.join(" ") || path.first() == Some(&name.as_str()))
    }) {
        let known = command_typed.get_arguments().find(|option| option.get_long() == Some(&preset.option));
        let Some(option) = known.filter(may) else { continue };
        if option.get_id() == "config" || added.iter().any(|added| added.option == preset.option) {
            continue;
        }
        let from = format!("{shown}:{}:{}", preset.place.0, preset.place.1);
        added.push(Added {
            words: words(&preset.option, &preset.values),
            option: preset.option.clone(),
            from,
        });
    }
    Ok(added)
}

/// The option as it would be typed.
fn words(long: &str, values: &[String]) -> Vec<OsString> {
    if values.is_empty() {
        return vec![format!("--{long}").into()];
    }
    values.iter().map(|value| format!("--{long}={value}").into()).collect()
}

/// Where the default comes from that an error is about.
fn blamed<'a>(error: &clap::Error, added: &'a [Added]) -> Option<&'a str> {
    let about = error.context().map(|(_, value)| value.to_string()).collect::<Vec<_>>().join(" ");
    let names = |added: &&Added| {
        let long = format!("--{}", added.option);
        about.split([' ', '=', ',']).any(|word| word == long)
    };
    added.iter().find(names).map(|added| added.from.as_str())
}

/// Defaults for what no command has, as warnings: a name that is misspelt is heard of, and nothing else stops.
fn unknown(command: &Command, shown: &str, presets: &[Preset]) -> Vec<Diagnostic> {
    let mut commands: Vec<&Command> = command.get_subcommands().collect();
    commands.extend(command.get_subcommands().flat_map(Command::get_subcommands));
    let options: Vec<&str> =
        commands.iter().flat_map(|command| command.get_arguments()).filter_map(Arg::get_long).collect();
    let mut said = Vec::new();
    for preset in presets {
        let place = format!("{shown}:{}:{}", preset.place.0, preset.place.1);
        let top = preset.command.as_ref().map(|name| name.split(' ').next().unwrap_or_default());
        if let Some(name) = top.filter(|name| command.find_subcommand(name).is_none()) {
            let names = command.get_subcommands().map(Command::get_name);
            said.push(doubted(
                place,
                format!("there is no command `{name}`"),
                near::did_you_mean(name, names),
            ));
        } else if !options.contains(&preset.option.as_str()) {
            let meant = near::did_you_mean(&preset.option, options.iter().copied());
            said.push(doubted(place, format!("no command has an option --{}", preset.option), meant));
        }
    }
    said
}

fn doubted(place: String, message: String, hint: Option<String>) -> Diagnostic {
    let diagnostic = Diagnostic::warning(place, message);
    match hint {
        Some(hint) => diagnostic.hinted(hint),
        None => diagnostic,
    }
}

fn softened(problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let soften = |problem: Diagnostic| Diagnostic { severity: crate::model::Severity::Warning, ..problem };
    problems.into_iter().map(soften).collect()
}
