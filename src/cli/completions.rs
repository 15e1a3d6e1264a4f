//! `obs completions`: generated from the same definition as `--help`; for options whose values are in files the scripts ask
//! the program.

use std::ffi::OsString;

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::Shell;

use super::verdict::Verdict;
use super::{Cli, offered, out};
use crate::model::Error;

/// Print the completion script of a shell
#[derive(Args, Debug)]
#[command(after_help = "Example:
  obs completions bash > ~/.local/share/bash-completion/completions/obs")]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(required_unless_present = "offer")]
    shell: Option<Shell>,
    /// Print the values of this option for the words that are typed: what the scripts ask
    #[arg(long, hide = true, value_name = "OPTION", allow_hyphen_values = true)]
    offer: Option<String>,
    /// The words, without the program
    #[arg(hide = true, last = true)]
    words: Vec<OsString>,
}

/// Runs `obs completions`.
pub(super) fn completions(args: &CompletionsArgs) -> Result<Verdict, Error> {
    let text = match (&args.offer, args.shell) {
        (Some(option), _) => {
            let values = offered::values(option.trim_start_matches('-'), &args.words);
            values.into_iter().flat_map(|value| [value, "\n".to_owned()]).collect::<String>().into_bytes()
        }
        (None, shell) => shell.map(script).unwrap_or_default(),
    };
    out::write_all(&text)?;
    Ok(Verdict::Yes)
}

fn script(shell: Shell) -> Vec<u8> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "obs", &mut text);
    match (shell, String::from_utf8(text)) {
        (Shell::Bash, Ok(text)) => asking_bash(&text).into_bytes(),
        (Shell::Zsh, Ok(text)) => asking_zsh(&text).into_bytes(),
        (Shell::Fish, Ok(text)) => asking_fish(&text).into_bytes(),
        (_, Ok(text)) => text.into_bytes(),
        (_, Err(error)) => error.into_bytes(),
    }
}

/// A function before the one that was generated: it asks the program, and goes on where that has nothing to offer. Values
/// may be lists with commas.
fn asking_bash(text: &str) -> String {
    let options: Vec<String> = offered::OPTIONS.iter().map(|option| format!("--{option}")).collect();
    let asking = format!(
        "_obs_offered() {{
    local cur=\"$2\" IFS=$'\\n'
    case \"$3\" in
        {})
            local list=\"${{cur%\"${{cur##*,}}\"}}\"
            COMPREPLY=($(compgen -P \"$list\" -W \"$(\"$1\" completions --offer \"$3\" -- \"${{COMP_WORDS[@]:1}}\" 2>/dev/null)\" -- \"${{cur##*,}}\"))
            [[ ${{#COMPREPLY[@]}} -gt 0 ]] && return 0
            ;;
    esac
    unset IFS
    _obs \"$@\"
}}

",
        options.join("|")
    );
    let text = text.replace("complete -F _obs ", "complete -F _obs_offered ");
    match text.find("if [[ \"${BASH_VERSINFO[0]}\" -eq 4 && ") {
        Some(at) => format!("{}{asking}{}", &text[..at], &text[at..]),
        None => text,
    }
}

/// The same as an action of options that would offer files.
fn asking_zsh(text: &str) -> String {
    const ASKING: &str = "(( $+functions[_obs_offered] )) ||
_obs_offered() {
    local -a found
    local option=\"${@[-1]}\"
    found=(${(f)\"$(obs completions --offer $option -- $words 2>/dev/null)\"})
    compset -P '*,'
    if (( $#found )); then
        compadd -a found
    else
        _default
    fi
}

";
    let line = |line: &str| {
        let option = offered::OPTIONS.iter().find(|option| {
            let line = line.trim_start_matches(['\'', '*']);
            line.strip_prefix(&format!("--{option}=[")).is_some()
        });
        match (option, line.strip_suffix(":_default' \\")) {
            (Some(option), Some(head)) => format!("{head}:_obs_offered --{option}' \\\n"),
            _ => format!("{line}\n"),
        }
    };
    let text: String = text.lines().map(line).collect();
    match text.find("(( $+functions[_obs_commands] ))") {
        Some(at) => format!("{}{ASKING}{}", &text[..at], &text[at..]),
        None => text,
    }
}

/// The same for options that have no values of their own.
fn asking_fish(text: &str) -> String {
    const ASKING: &str = "function __obs_offered
    set -l list (string match -r '^.*,' -- (commandline -ct))
    count $list > /dev/null; or set list ''
    for value in (obs completions --offer $argv[1] -- (commandline -opc)[2..-1] 2>/dev/null)
        echo $list$value
    end
end
";
    let line = |line: &str| {
        let option = offered::OPTIONS.iter().find(|option| line.contains(&format!(" -l {option} ")));
        match (option, line.ends_with(" -r")) {
            (Some(option), true) => format!("{line} -f -a '(__obs_offered --{option})'\n"),
            _ => format!("{line}\n"),
        }
    };
    let text: String = text.lines().map(line).collect();
    format!("{ASKING}{text}")
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
