//! `obs completions`: generated from the same definition as `--help`.

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::Shell;

use super::verdict::Verdict;
use super::{Cli, out};
use crate::model::Error;

/// Print the completion script of a shell
#[derive(Args, Debug)]
#[command(after_help = "Example:
  obs completions bash > ~/.local/share/bash-completion/completions/obs")]
pub(super) struct CompletionsArgs {
    /// The shell
    shell: Shell,
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
