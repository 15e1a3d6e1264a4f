//! `-h`: what a command is for, the options that are typed most, and examples, on one screen of 24 rows. `--help` has
//! all of them.

use std::ffi::OsString;
use std::fmt::Write as _;

use clap::error::ErrorKind;
use clap::{Command, CommandFactory};

use super::Cli;

/// Rows of a page, so that a screen holds it and the prompt.
const ROWS: usize = 23;

/// Columns of a screen.
const COLUMNS: usize = 80;

/// Examples that are shown at most.
const EXAMPLES: usize = 3;

/// What is said of each command: the options that are typed most, in a few words.
const PAGES: &[(&str, &[(&str, &str)])] = &[
    (
        "obs",
        &[
            ("investigate", "what failed, since when, for whom and why"),
            ("grep", "the entries that match a pattern and a condition"),
            ("correlate", "what happened to each request, over all files"),
            ("stats", "how many, how well, how fast; in groups, over time"),
            ("detect", "known failures, and what changed"),
            ("templates", "the few things that entries say, and what is new"),
            ("query", "PromQL over metrics, and over metrics of logs"),
            ("dashboard", "a Grafana dashboard drawn from files"),
            ("check-rules", "which alerts would have fired; tests of rules"),
            ("fields", "the fields of the entries: types, roles, values"),
            ("formats", "list, explain, test, import formats of logs"),
            ("schema, man, completions", "for scripts, for man, for shells"),
            ("plan, partial, merge, …", "a command in parts, on many machines"),
        ],
    ),
    (
        "grep",
        &[
            ("-i -S -v -w -x -F -e", "as in grep: case, inverse, words, whole, text"),
            ("-c -l -L -n -o -m N", "count, files, numbers, only the match, at most N"),
            ("-A N -B N -C N", "entries after, before and around a match"),
            ("-g GLOB, -t TYPE", "only files with such names, of such a type"),
            ("-f, --follow", "go on when the files end"),
            ("-p, --pretty; --raw", "laid out for reading; as it stands in the file"),
            ("--fields A,B; --hide A", "only these fields; all but these"),
            ("--sort time", "all files merged by time"),
            ("--level error", "entries of this level or worse"),
            ("--where EXPR", "a condition: 'status >= 500 and duration > 1s'"),
            ("--since TIME, --until", "03:06, 2023-12-24T03:06:00Z, yesterday, -2h, end-5m"),
            ("--output FORM", "json, jsonl or csv"),
        ],
    ),
    (
        "correlate",
        &[
            ("--id ID", "one request as a waterfall; its beginning is enough"),
            ("--failed, --incomplete", "those that failed; that nothing says the end of"),
            ("--slowest N", "the N slowest"),
            ("--slower-than DURATION", "those that took longer, such as 2s"),
            ("--limit N", "at most so many; 0 is all"),
            ("--graph", "who calls whom"),
            ("--by FIELD", "the field that holds the id (default: found)"),
            ("--success EXPR", "what a success is, such as 'status < 400'"),
            ("--where EXPR", "entries for which this holds"),
            ("--since TIME, --until", "03:06, 2023-12-24T03:06:00Z, yesterday, -2h, end-5m"),
            ("--output FORM", "json, jsonl, csv, markdown or html"),
        ],
    ),
    (
        "stats",
        &[
            ("--by FIELD[,FIELD]", "in groups: service, user, endpoint, any field"),
            ("--every DURATION", "over time, such as 1m"),
            ("--top N, --sort COLUMN", "the N greatest, by count or by this column"),
            ("--value FIELD", "measure this field (default: the duration)"),
            ("--percentiles 50,99", "which percentiles"),
            ("--success EXPR", "what a success is, such as 'status < 400'"),
            ("--slo 99.9, --apdex 300ms", "error budget and burn; Apdex"),
            ("--diff 03:06..03:21", "this time beside what was before"),
            ("--why p99", "the entries behind a number"),
            ("--where EXPR", "entries for which this holds: 'duration > 1s'"),
            ("--since TIME, --until", "03:06, 2023-12-24T03:06:00Z, yesterday, -2h, end-5m"),
            ("--output FORM", "json, jsonl, csv, markdown or html"),
        ],
    ),
    (
        "templates",
        &[
            ("--new-since TIME", "only what was not said before this time"),
            ("--diff 03:06..03:21", "this time beside what was before"),
            ("--top N, --sort COLUMN", "the N greatest, by count or by this column"),
            ("--limit N", "at most so many rows; 0 is all"),
            ("--level error", "entries of this level or worse"),
            ("--where EXPR", "entries for which this holds: 'service == \"shop\"'"),
            ("--since TIME, --until", "03:06, 2023-12-24T03:06:00Z, yesterday, -2h, end-5m"),
            ("--output FORM", "json, jsonl, csv, markdown or html"),
        ],
    ),
    (
        "detect",
        &[
            ("--list", "what can be found"),
            ("--only NAME[,NAME]", "look only for these"),
            ("--fail-on SEVERITY", "exit code 1 if there is one: low … critical"),
            ("--baseline 02:30..03:00", "what is usual (default: the calm part)"),
            ("--signatures PATH", "look for what these rules say, too (CRE)"),
            ("-f, --follow", "go on when the files end"),
            ("--where EXPR", "entries for which this holds"),
            ("--since TIME, --until", "03:06, 2023-12-24T03:06:00Z, yesterday, -2h, end-5m"),
            ("--output FORM", "json, csv, markdown, html, junit, sarif, github …"),
        ],
    ),
    (
        "query",
        &[
            ("--at TIME", "at one time: 03:06, 2023-12-24T03:06:00Z, end"),
            ("--start TIME, --end TIME", "over this time (default: all of the data)"),
            ("--step DURATION", "from one time to the next, such as 1m"),
            ("-r, --rules FILE", "evaluate these rules first: ALERTS, recording rules"),
            ("--success EXPR", "what a success is, for metrics of logs"),
            ("--where EXPR", "only such entries, for metrics of logs"),
            ("--label NAME=VALUE[:GLOB]", "a label that recorded series do not have"),
            ("--output FORM", "json, csv, markdown or html"),
        ],
    ),
    (
        "dashboard",
        &[
            ("--var NAME=VALUE", "the value of a variable (repeatable)"),
            ("--start TIME, --end TIME", "over this time (default: all of the data)"),
            ("--html FILE", "a page with the charts"),
            ("--markdown FILE", "the same for tickets"),
            ("--fail-on empty|error", "exit code 1 for such panels"),
            ("--onset TIME", "mark this time in every chart"),
            ("-r, --rules FILE", "mark when these alerts fired"),
            ("--unused", "metrics that no panel uses"),
            ("--output FORM", "json, markdown, html, junit, sarif or github"),
        ],
    ),
    (
        "check-rules",
        &[
            ("-r, --rules FILE", "rule files or a folder; alone they are checked"),
            ("--expect ALERT[=STATE]", "exit code 1 unless firing, pending, never"),
            ("--fail-on SEVERITY", "alerts that make exit code 1 (default: any)"),
            ("--tests FILE, --run REGEX", "unit tests as promtool has them; only these"),
            ("--lint, --checks", "rules that mean something else; what is checked"),
            ("--explain RULE, --at TIME", "the value of every part of its expression"),
            ("--for 1m,5m; --threshold N", "what would have fired with other numbers"),
            ("--alertmanager FILE", "who would have been told"),
            ("--notifications", "what they would have read; nothing is sent"),
            ("--routes-for LABEL=VALUE", "only who is told of such an alert"),
            ("--seed-tests FILE", "write tests from the data"),
            ("--output FORM", "json, csv, markdown, html, junit, sarif, github …"),
        ],
    ),
    (
        "investigate",
        &[
            ("--html FILE", "a page to hand over: pictures, requests, evidence"),
            ("--markdown FILE", "the same for tickets and post-mortems"),
            ("-r, --rules FILE", "which of these alerts would have fired"),
            ("--since TIME, --until", "explain this window; what is before it is the past"),
            ("--baseline 02:30..03:00", "compare with this time"),
            ("--success EXPR", "what a success is, such as 'status < 400'"),
            ("--why", "the reasons for each cause, with their weights"),
            ("--fail-on failing|trouble", "exit code 1 for this verdict"),
            ("--redact", "without ids, addresses, mails and tokens"),
            ("--output FORM", "json, jsonl, csv, markdown or html"),
        ],
    ),
    (
        "fields",
        &[
            ("--top N, --sort COLUMN", "the N greatest, by count or by this column"),
            ("--limit N", "at most so many rows; 0 is all"),
            ("--map ROLE=FIELD", "let a field play a role, such as user=customer"),
            ("--where EXPR", "entries for which this holds: 'status >= 500'"),
            ("--since TIME, --until", "03:06, 2023-12-24T03:06:00Z, yesterday, -2h, end-5m"),
            ("--output FORM", "json, jsonl, csv, markdown or html"),
        ],
    ),
    (
        "formats",
        &[
            ("list", "every format of logs and metrics that is recognised"),
            ("explain PATH...", "how each file was understood, and why"),
            ("test [FILE]...", "try the formats of obs.yaml on their samples"),
            ("import FILE.json", "turn an lnav format file into formats for obs.yaml"),
        ],
    ),
    (
        "formats list",
        &[
            ("--config FILE", "configuration with formats of one's own"),
            ("--output FORM", "json, jsonl, csv, markdown or html"),
        ],
    ),
    (
        "formats explain",
        &[
            ("--format NAME", "as if the files were of this format"),
            ("--map ROLE=FIELD", "let a field play a role, such as request_id=order"),
            ("--tz ZONE", "the zone of times that have no offset"),
            ("--unparsed", "show the lines that no format understands"),
            ("--output FORM", "json, jsonl, markdown or html"),
        ],
    ),
    ("formats test", &[("--output FORM", "json, jsonl, csv, markdown or html")]),
    ("formats import", &[]),
    (
        "plan",
        &[
            ("-o, --plan FILE", "the file to write the plan to"),
            ("--unit-bytes SIZE", "about how much a unit reads"),
            ("--by-file", "each file is a unit of its own"),
            ("--buckets N", "sort requests into N buckets, which are merged apart"),
        ],
    ),
    (
        "partial",
        &[
            ("--unit N", "the number of the unit (repeatable)"),
            ("--after STATE", "the merged state of an earlier pass (repeatable)"),
            ("--directory DIRECTORY", "where the paths of the command begin"),
            ("-o, --state FILE", "the file to write to (default: standard output)"),
        ],
    ),
    (
        "merge",
        &[
            ("--bucket N", "only this bucket of a plan with --buckets"),
            ("--after STATE", "the merged state of an earlier pass (repeatable)"),
            ("--directory DIRECTORY", "where the paths of the command begin"),
            ("-o, --state FILE", "the file to write to (default: standard output)"),
        ],
    ),
    ("report", &[("--directory DIRECTORY", "where the paths of the command begin")]),
    ("spark", &[]),
    ("schema", &[("COMMAND", "such as stats or formats explain; none: the names of all")]),
    ("completions", &[("SHELL", "bash, elvish, fish, powershell or zsh")]),
    ("man", &[("COMMAND", "such as grep or formats explain; none: the page of obs")]),
];

/// The page that `-h` among these arguments asks for; none if something else is asked.
pub(super) fn asked(arguments: &[OsString]) -> Option<String> {
    let error = marked(Cli::command(), "obs").try_get_matches_from(arguments).err()?;
    let text = error.render().to_string();
    let name = text.trim();
    // The long help has no mark.
    if error.kind() != ErrorKind::DisplayHelp || name.is_empty() {
        return None;
    }
    page(name)
}

/// The page of a command by its name, such as `formats list`.
pub(super) fn page(name: &str) -> Option<String> {
    let mut command = Cli::command();
    command.build();
    let found = name
        .split(' ')
        .filter(|word| *word != "obs")
        .try_fold(&command, |at, word| at.find_subcommand(word))?;
    let rows = PAGES.iter().find(|(known, _)| *known == name).map(|(_, rows)| *rows)?;
    Some(laid_out(found, name, rows))
}

/// The command and those within it, of which the short help is only their name, and the long one nothing.
fn marked(command: Command, name: &str) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let command =
        command.help_template("{before-help}").before_help(name.to_owned()).before_long_help(String::new());
    names.into_iter().fold(command, |command, sub| {
        let within = if name == "obs" { sub.clone() } else { format!("{name} {sub}") };
        command.mut_subcommand(sub, |command| marked(command, &within))
    })
}

fn laid_out(command: &Command, name: &str, rows: &[(&str, &str)]) -> String {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let usage = command.clone().render_usage().to_string();
    let mut out = folded(&about);
    // Writing to a string does not fail, here and below.
    let _ = writeln!(out, "\n{}\n", usage.trim());
    let label = rows.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
    for (of, text) in rows {
        let _ = writeln!(out, "  {of:label$}  {text}");
    }
    let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let fits =
        |line: &&str| line.starts_with("  obs ") && line.chars().count() <= COLUMNS && !line.ends_with('\\');
    let examples: Vec<&str> = examples.lines().filter(fits).take(EXAMPLES).collect();
    let room = ROWS.saturating_sub(out.lines().count() + 4);
    if !examples.is_empty() && room > 0 {
        out.push_str(if rows.is_empty() { "Examples:\n" } else { "\nExamples:\n" });
        examples.iter().take(room).for_each(|example| out.extend([*example, "\n"]));
    }
    let more = if name == "obs" { "COMMAND".to_owned() } else { name.to_owned() };
    let _ = writeln!(out, "\n`obs {more} --help` tells all of it.");
    out
}

/// A sentence in lines of a screen.
fn folded(text: &str) -> String {
    let mut out = String::new();
    let mut width = 0;
    for word in text.split_whitespace() {
        if width > 0 && width + 1 + word.chars().count() > COLUMNS {
            out.push('\n');
            width = 0;
        } else if width > 0 {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += word.chars().count();
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(command: &Command, within: &str, names_of: &mut Vec<String>) {
        for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help" && !sub.is_hide_set()) {
            let name = format!("{within} {}", sub.get_name()).trim().to_owned();
            names(sub, &name, names_of);
            names_of.push(name);
        }
    }

    #[test]
    fn every_command_has_a_page_that_fits_a_screen() {
        let mut all = vec!["obs".to_owned()];
        names(&Cli::command(), "", &mut all);
        for name in all {
            let page = page(&name).unwrap_or_else(|| panic!("{name} has no page"));
            assert!(page.lines().count() <= ROWS, "{name}: {} rows\n{page}", page.lines().count());
            let long = page.lines().find(|line| line.chars().count() > COLUMNS);
            assert_eq!(long, None, "{name}");
        }
    }

    #[test]
    fn pages_name_options_that_there_are() {
        let mut command = Cli::command();
        command.build();
        for (name, rows) in PAGES.iter().filter(|(name, _)| *name != "obs") {
            let found =
                name.split(' ').try_fold(&command, |at, word| at.find_subcommand(word)).expect("a command");
            let labels = rows.iter().flat_map(|(label, _)| label.split([' ', ',', ';', '=', '[']));
            for option in labels.filter(|word| word.starts_with('-')) {
                let has = found.get_arguments().any(|argument| {
                    argument.get_long().is_some_and(|long| option == format!("--{long}"))
                        || argument.get_short().is_some_and(|short| option == format!("-{short}"))
                });
                assert!(has, "{name} {option}");
            }
        }
    }

    #[test]
    fn the_short_help_is_asked_by_its_letter_only() {
        let asked = |line: &str| asked(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert!(asked("obs stats -h").is_some_and(|page| page.contains("--every DURATION")));
        assert!(asked("obs formats list -h").is_some_and(|page| page.contains("formats list --help")));
        assert!(asked("obs -h").is_some_and(|page| page.contains("investigate")));
        for line in ["obs stats --help", "obs help stats", "obs --help", "obs --version", "obs stats logs"] {
            assert_eq!(asked(line), None, "{line}");
        }
    }
}
