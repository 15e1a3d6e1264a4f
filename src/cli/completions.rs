//! `obs completions` and `obs man`: generated from the same definition as `--help`.

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::Shell;

use super::verdict::Verdict;
use super::{Cli, out};
use crate::model::{Error, ErrorKind};

/// Print the completion script of a shell
#[derive(Args, Debug)]
#[command(after_help = "Example:
  obs completions bash > ~/.local/share/bash-completion/completions/obs")]
pub(super) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Print the manual page, of obs or of one of its commands
#[derive(Args, Debug)]
#[command(after_help = "Example:
  obs man grep | man -l -")]
pub(super) struct ManArgs {
    /// The command
    command: Option<String>,
}

/// Runs `obs completions`.
pub(super) fn completions(args: &CompletionsArgs) -> Result<Verdict, Error> {
    out::write_all(&script(args.shell))?;
    Ok(Verdict::Yes)
}

fn script(shell: Shell) -> Vec<u8> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "obs", &mut text);
    text
}

/// Runs `obs man`.
pub(super) fn man(args: &ManArgs) -> Result<Verdict, Error> {
    let mut command = Cli::command();
    command.build();
    let page = match &args.command {
        None => command,
        Some(name) => {
            let found = command.find_subcommand(name).cloned().ok_or_else(|| {
                Error::usage(format!("there is no command `{name}`")).hinted("`obs --help` lists them")
            })?;
            found.name(format!("obs-{name}")).bin_name(format!("obs {name}"))
        }
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page)
        .render(&mut text)
        .map_err(|error| Error::new(ErrorKind::Output, error.to_string()))?;
    out::write_all(&text)?;
    Ok(Verdict::Yes)
}

/// The scripts that stand in `completions/`: file name and content.
pub fn completion_files() -> Vec<(String, Vec<u8>)> {
    Shell::value_variants()
        .iter()
        .filter(|shell| !matches!(shell, Shell::Elvish))
        .map(|shell| {
            let name = match shell {
                Shell::Bash => "obs.bash",
                Shell::Zsh => "_obs",
                Shell::Fish => "obs.fish",
                _ => "_obs.ps1",
            };
            (name.to_owned(), script(*shell))
        })
        .collect()
}
