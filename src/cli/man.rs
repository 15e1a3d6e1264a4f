//! `obs man`: manual pages, from the same definition as `--help`, with what no option says: exit status, environment,
//! files, the language of conditions and the configuration.

use std::io::{self, Write};

use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;

use super::verdict::Verdict;
use super::{Cli, near, out};
use crate::model::{Error, ErrorKind};

/// Print the manual page, of obs or of one of its commands
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  obs man | man -l -
  obs man formats explain | man -l -")]
pub(super) struct ManArgs {
    /// The command, such as grep or formats explain
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
}

/// Paragraphs, and terms with what they mean.
enum Part {
    Text(&'static str),
    Term(&'static str, &'static str),
    /// As it stands.
    Block(&'static str),
}

use Part::{Block, Term, Text};

const EXIT: &[Part] = &[
    Term("0", "Yes: something was found, or nothing that was not to be."),
    Term("1", "No: nothing was found, a rule fired, a test failed, or what --fail-on names was found."),
    Term(
        "2",
        "Trouble: wrong usage, input that could not or only partly be read, an answer that could not be written, \
               a rule that could not be judged. It wins over the others: a partial answer is no answer.",
    ),
    Term(
        "3",
        "Of a command in parts: a unit is there twice or missing, a state is of another plan, or a file has changed \
               since the plan was made.",
    ),
    Term("4", "Of a command in parts: a plan or a state is damaged, or another version of obs wrote it."),
    Term("5", "Of obs report: the answer needs one more pass over the logs."),
    Term("130", "Interrupted: the answer is about what was read until then."),
];

const ENVIRONMENT: &[Part] = &[
    Term("OBS_CONFIG", "The configuration, as --config."),
    Term(
        "OBS_TZ, OBS_TIME_ZONE, OBS_OUTPUT, …",
        "Any option that takes a value, as OBS_ and its name in capitals with _ \
          for -, where it is not typed. It comes before the defaults of the configuration; --no-defaults leaves out both.",
    ),
    Term(
        "OBS_PAGER, PAGER",
        "The pager of answers on a terminal; empty or cat for none, less where neither is set.",
    ),
    Term("OBS_COLORS", "Single colours, as in match=30;43:dim=90."),
    Term("NO_COLOR, CLICOLOR_FORCE, FORCE_COLOR", "No colours; colours into pipes, too."),
    Term("COLORFGBG", "Tells whether the ground of the terminal is light."),
    Term("TERM", "With dumb there are neither colours nor a pager."),
    Term("TZ", "The zone of --time-zone local."),
    Term("LC_ALL, LC_CTYPE, LANG", "With POSIX only ASCII is written, on a terminal with C, too."),
    Term("XDG_CONFIG_HOME, HOME", "Where the user's configuration is."),
];

const FILES: &[Part] = &[
    Term(
        "./obs.yaml, ../obs.yaml, …",
        "The configuration: here, or in the nearest directory above that has one.",
    ),
    Term(
        "$XDG_CONFIG_HOME/obs/obs.yaml",
        "The configuration of the user (~/.config/obs/obs.yaml), where none is found so.",
    ),
    Term(
        ".ignore, .rgignore",
        "Files that are left out of directories, as in ripgrep; .gitignore is not read, since logs \
          are often named there. See --no-ignore.",
    ),
];

const CONDITIONS: &[Part] = &[
    Text("--where, --success and the conditions of the configuration take one language:"),
    Block(
        "level >= warn and duration > 500ms and gateway in [\"stripe\", \"paypal\"]\n    and message =~ \"time(d )?out\" and not has(error_code)",
    ),
    Text(
        "A name is a role first, whatever the file calls it: ts level message logger service host request_id trace_id \
          span_id user duration status thread; of spans also span.kind, span.status, span.peer. Else it is a field; .name is \
          the field whatever the roles are, and a.b the field b within a. A comparison with a value that is not there is \
          false.",
    ),
    Term(
        "== != < <= > >=",
        "Comparisons: of numbers, levels, times and durations by size, of others as text.",
    ),
    Term("=~ !~", "Matches a regular expression anywhere, or does not."),
    Term("in [A, B]", "Is one of them."),
    Term("contains", "Has this text within."),
    Term("has(NAME)", "Has a value."),
    Term("and, or, not, ( )", "In this order of strength from weak to strong: or, and, not."),
    Text(
        "Values: \"text\" or 'text', numbers, true, false, null, durations (500ms, 2s, 1m30s), sizes (10KiB, 5MB), levels \
          (trace debug info warn error fatal).",
    ),
];

const CONFIGURATION: &[Part] = &[
    Text(
        "obs.yaml may have these parts; a fault in one is told with its place, and stops the commands that need it.",
    ),
    Term(
        "formats",
        "Formats of one's own: fields and their roles, or a regular expression with named groups. obs formats \
          test tries their samples.",
    ),
    Term("zones", "The zones of files whose times have no offset, by glob."),
    Term("map", "Fields that play a role, as --map."),
    Term("success", "What a successful request is, as --success."),
    Term(
        "metrics",
        "Metrics that are derived from logs: name, type (counter, gauge, histogram), where, value, buckets, labels.",
    ),
    Term("detectors", "Failures of one's own as conditions: at_least within, then, without, absent_for."),
    Term("signatures", "Failures of one's own by their words."),
    Term("defaults", "Values of options where they are not typed, for all commands or for one."),
    Block(
        "formats:\n  - name: acme\n    fields: {ts: time, level: sev, message: text, request_id: rid}\nzones: {'legacy/*.log': Asia/Seoul}\nmap: {user: [customer, customerId]}\nsuccess: status < 400\nmetrics:\n  - {name: payments_total, type: counter, where: 'message == \"paid\"', labels: {gateway: gateway}}\ndetectors:\n  - {name: declined, where: 'message contains \"declined\"', at_least: 20, within: 1m, severity: high}\ndefaults:\n  time-zone: local\n  stats: {percentiles: [50, 99]}",
    ),
];

/// Runs the command.
pub(super) fn run(args: &ManArgs) -> Result<Verdict, Error> {
    let mut command = Cli::command();
    command.build();
    let mut page = command;
    let mut name = "obs".to_owned();
    for word in &args.command {
        let names: Vec<&str> =
            page.get_subcommands().map(Command::get_name).filter(|name| *name != "help").collect();
        let meant = near::did_you_mean(word, names.into_iter());
        let found = page.find_subcommand(word).cloned().ok_or_else(|| {
            let unknown = Error::usage(format!("there is no command `{}`", args.command.join(" ")));
            unknown.hinted(meant.unwrap_or_else(|| "`obs --help` lists them".to_owned()))
        })?;
        name = format!("{name}-{word}");
        page = found;
    }
    let page = page.bin_name(name.replacen('-', " ", args.command.len())).name(name);
    let mut text = Vec::new();
    write(page, &mut text).map_err(|error| Error::new(ErrorKind::Output, error.to_string()))?;
    out::write_all(&text)?;
    Ok(Verdict::Yes)
}

fn write(page: Command, to: &mut Vec<u8>) -> io::Result<()> {
    let has = |long: &str| page.get_arguments().any(|argument| argument.get_long() == Some(long));
    let (reads, asks) = (has("config"), has("where"));
    let examples = page.get_after_help().map(ToString::to_string);
    let has_commands = page.get_subcommands().any(|sub| !sub.is_hide_set());
    let is_root = page.get_name() == "obs";
    let related = if is_root { "obs-grep(1), obs-stats(1), obs-investigate(1)" } else { "obs(1)" };
    // A page is a text in a version, not of a day.
    let man = Man::new(page.after_help("")).date("").manual("obs");
    man.render_title(to)?;
    man.render_name_section(to)?;
    man.render_synopsis_section(to)?;
    man.render_description_section(to)?;
    man.render_options_section(to)?;
    if has_commands {
        man.render_subcommands_section(to)?;
    }
    if asks || is_root {
        section(to, "CONDITIONS", CONDITIONS)?;
    }
    section(to, "EXIT STATUS", EXIT)?;
    if reads || is_root {
        section(to, "ENVIRONMENT", ENVIRONMENT)?;
        section(to, "FILES", FILES)?;
    }
    if is_root {
        section(to, "CONFIGURATION", CONFIGURATION)?;
    }
    if let Some(examples) = examples {
        writeln!(to, ".SH EXAMPLES")?;
        let lines = examples.lines().filter(|line| line.starts_with("  ")).map(str::trim_start);
        block(to, &lines.collect::<Vec<_>>().join("\n"))?;
    }
    writeln!(to, ".SH \"SEE ALSO\"\n{}", escaped(related))?;
    writeln!(to, ".SH VERSION\n{}", escaped(env!("CARGO_PKG_VERSION")))
}

fn section(to: &mut Vec<u8>, title: &str, parts: &[Part]) -> io::Result<()> {
    writeln!(to, ".SH \"{title}\"")?;
    for part in parts {
        match part {
            Text(text) => writeln!(to, ".PP\n{}", escaped(text))?,
            Term(term, text) => writeln!(to, ".TP\n\\fB{}\\fR\n{}", escaped(term), escaped(text))?,
            Block(text) => block(to, text)?,
        }
    }
    Ok(())
}

fn block(to: &mut Vec<u8>, text: &str) -> io::Result<()> {
    writeln!(to, ".PP\n.RS 4\n.nf")?;
    for line in text.lines() {
        writeln!(to, "{}", escaped(line))?;
    }
    writeln!(to, ".fi\n.RE")
}

/// Text as roff takes it for text: no line of it is a request, and a hyphen is the one that can be typed.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_a_request() {
        assert_eq!(escaped(".ignore"), "\\&.ignore");
        assert_eq!(escaped("'a' --b \\d"), "\\&'a' \\-\\-b \\ed");
    }
}
