//! What was typed, as it was typed: options that several commands share.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, StringValueParser, TypedValueParser};
use clap::{Args, ValueEnum};

use crate::format::log::LOG_FORMATS;
use crate::format::metric::METRIC_FORMATS;
use crate::model::Level;

/// Which files are read, and how.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Input")]
pub(super) struct InputArgs {
    /// Read every file as this format, of logs or metrics (default: detect it for each file and entry)
    #[arg(hide_short_help = true, long, value_name = "NAME", hide_possible_values = true, value_parser = Suggested::new(formats))]
    pub format: Option<String>,
    /// Zone of times that have no offset, such as Europe/Berlin or +09:00
    #[arg(long, value_name = "ZONE", default_value = "UTC", allow_hyphen_values = true)]
    pub tz: String,
    /// Let fields play a role, such as --map request_id=order,orderNo (repeatable)
    #[arg(hide_short_help = true, long, value_name = "ROLE=FIELD[,FIELD]")]
    pub map: Vec<String>,
    /// Give recorded series a label that they do not have, such as --label job=node or, for some files,
    /// --label 'job=node:node*.prom' (repeatable)
    #[arg(hide_short_help = true, long, value_name = "NAME=VALUE[:GLOB]")]
    pub label: Vec<String>,
    /// Configuration: formats, zones of files, metrics, defaults (default: obs.yaml here or in a directory above, else
    /// obs/obs.yaml in the user's configuration directory)
    #[arg(hide_short_help = true, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Leave out the defaults of the configuration and of the environment (OBS_TZ=… is --tz …)
    #[arg(hide_short_help = true, long)]
    pub no_defaults: bool,
    /// Follow symbolic links inside directories
    #[arg(hide_short_help = true, short = 'L', long)]
    pub follow_links: bool,
    /// Of directories and archives only files that this glob names; with ! before it those that it does not name
    /// (repeatable)
    #[arg(short = 'g', long, value_name = "GLOB", allow_hyphen_values = true)]
    pub glob: Vec<String>,
    /// Only files of this type, such as log or json, by their names (repeatable)
    #[arg(hide_short_help = true, short = 't', long = "type", value_name = "TYPE")]
    pub types: Vec<String>,
    /// No files of this type (repeatable)
    #[arg(hide_short_help = true, short = 'T', long = "type-not", value_name = "TYPE")]
    pub not_types: Vec<String>,
    /// Also hidden files and directories
    #[arg(hide_short_help = true, long)]
    pub hidden: bool,
    /// Also files that .ignore and .rgignore files name
    #[arg(hide_short_help = true, long)]
    pub no_ignore: bool,
    /// -u is --no-ignore, -uu also --hidden
    #[arg(hide_short_help = true, short = 'u', long, action = clap::ArgAction::Count)]
    pub unrestricted: u8,
    /// Read files instead of mapping them into memory
    #[arg(hide_short_help = true, long)]
    pub no_mmap: bool,
    /// Number of threads (default: one per core)
    #[arg(hide_short_help = true, short = 'j', long, value_name = "N")]
    pub threads: Option<usize>,
    /// Bytes of a chunk; the answer does not depend on it
    #[arg(long, hide = true, value_name = "BYTES")]
    pub chunk: Option<usize>,
    /// The most groups, templates, fields and the like that are told apart
    #[arg(long, hide = true, value_name = "N")]
    pub most: Option<usize>,
    /// The time that counts as now
    #[arg(long, hide = true, value_name = "TIME")]
    pub now: Option<String>,
    /// Lines that no format understands, and files that cannot be read, are errors
    #[arg(hide_short_help = true, long)]
    pub strict: bool,
    /// Show the lines that no format understands, on stderr
    #[arg(hide_short_help = true, long)]
    pub unparsed: bool,
}

impl InputArgs {
    /// What the options are when nothing is typed, for commands that read nothing.
    pub(super) fn default_values() -> Self {
        InputArgs { tz: "UTC".to_owned(), ..InputArgs::default() }
    }
}

/// Which entries are looked at.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Selection")]
pub(super) struct SelectArgs {
    /// Entries of this level or worse
    #[arg(long, value_name = "LEVEL", hide_possible_values = true, value_parser = Suggested::new(|| Level::ALL.map(Level::name).to_vec()))]
    pub level: Option<String>,
    /// Entries for which this holds, such as 'status >= 500 and duration > 1s' (repeatable; all must hold)
    #[arg(long = "where", value_name = "EXPR")]
    pub filter: Vec<String>,
    /// Entries from this time on: 2023-12-24T03:06:00Z, 03:06, yesterday, -2h (before now), start+10m, end-5m, or
    /// seconds since 1970
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub since: Option<String>,
    /// Entries before this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub until: Option<String>,
}

/// Which rows are shown, and in which order.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Output")]
pub(super) struct RankArgs {
    /// Sort by this column: numbers from the greatest, words from A; with :asc or :desc behind it the other way
    #[arg(long, value_name = "COLUMN")]
    pub sort: Option<String>,
    /// At most so many rows; 0 is all of them
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// The N greatest, by --sort or else by count
    #[arg(long, value_name = "N", conflicts_with = "limit")]
    pub top: Option<usize>,
}

/// What a successful request is.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct SuccessArgs {
    /// What a successful request is, such as 'status < 400' (default: `success` of the configuration; else a status
    /// below 500, or a word of success, else no entry of level error or worse)
    #[arg(long, value_name = "EXPR")]
    pub success: Option<String>,
}

/// What is usual.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Selection")]
pub(super) struct BaselineArgs {
    /// Compare with this time, instead of with the calm part that is found: 02:30..03:00, start..start+20m
    #[arg(long, value_name = "FROM..UNTIL", allow_hyphen_values = true)]
    pub baseline: Option<String>,
}

/// How the answer is written.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// Form of the answer
    #[arg(long, value_name = "FORM", default_value = "table", value_parser = forms(Form::REPORT))]
    pub output: Form,
    /// With --output csv: the table of this name (default: the first; the others are named on stderr)
    #[arg(hide_short_help = true, long, value_name = "NAME")]
    pub table: Option<String>,
    /// Colours: auto means on a terminal, unless NO_COLOR is set
    #[arg(hide_short_help = true, long, value_name = "WHEN", default_value = "auto")]
    pub color: When,
    /// Colours for this ground: auto asks COLORFGBG. OBS_COLORS sets single ones, such as 'match=30;43:dim=90'
    #[arg(hide_short_help = true, long, value_name = "THEME", default_value = "auto")]
    pub theme: Theme,
    /// Page through the answer: auto means on a terminal. The pager is OBS_PAGER, else PAGER, else less
    #[arg(hide_short_help = true, long, value_name = "WHEN", default_value = "auto")]
    pub paging: When,
    /// Link file names to the files: auto means on a terminal that is known to follow links
    #[arg(hide_short_help = true, long, value_name = "WHEN", default_value = "auto")]
    pub hyperlink: When,
    /// Zone of the times that people read: utc, local, or a name such as Asia/Seoul. JSON and CSV are always in UTC
    #[arg(
        hide_short_help = true,
        long,
        value_name = "ZONE",
        default_value = "utc",
        allow_hyphen_values = true
    )]
    pub time_zone: String,
    /// Progress on stderr: auto means on a terminal
    #[arg(hide_short_help = true, long, value_name = "WHEN", default_value = "auto")]
    pub progress: When,
    /// Tell what was read of each file
    #[arg(hide_short_help = true, long)]
    pub verbose: bool,
    /// Replace ids, addresses, mails and tokens, each by the same name wherever it stands
    #[arg(hide_short_help = true, long)]
    pub redact: bool,
    /// Say nothing on stderr but errors
    #[arg(hide_short_help = true, short = 'q', long)]
    pub quiet: bool,
}

impl OutputArgs {
    /// For who reads and says nothing.
    pub(super) fn silent() -> Self {
        OutputArgs {
            output: Form::Table,
            table: None,
            color: When::Never,
            theme: Theme::Dark,
            paging: When::Never,
            hyperlink: When::Never,
            time_zone: "utc".to_owned(),
            progress: When::Never,
            verbose: false,
            redact: false,
            quiet: true,
        }
    }
}

/// Forms of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// For people
    #[default]
    Table,
    /// One JSON value
    Json,
    /// One JSON value a line
    Jsonl,
    /// Tables for spreadsheets
    Csv,
    /// For tickets and post-mortems
    Markdown,
    /// One page that opens offline
    Html,
    /// JUnit XML, for CI
    Junit,
    /// SARIF, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}

impl Form {
    /// Those of a report.
    pub(super) const REPORT: &[Form] =
        &[Form::Table, Form::Json, Form::Jsonl, Form::Csv, Form::Markdown, Form::Html];

    /// Is it for services that read what checks found?
    pub(super) fn is_of_verdicts(self) -> bool {
        matches!(self, Form::Junit | Form::Sarif | Form::Github)
    }

    /// The word for `--output`.
    pub(super) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// Any text, of which shells offer some: what is right is known only when more is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Suggested {
    words: fn() -> Vec<&'static str>,
}

impl Suggested {
    pub(super) fn new(words: fn() -> Vec<&'static str>) -> Self {
        Suggested { words }
    }
}

impl TypedValueParser for Suggested {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        option: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, option, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.words)().into_iter().map(PossibleValue::new)))
    }
}

/// The names of the built-in formats.
fn formats() -> Vec<&'static str> {
    LOG_FORMATS
        .iter()
        .map(|format| format.name())
        .chain(METRIC_FORMATS.iter().map(|format| format.name()))
        .collect()
}

/// Reads one of some forms: a command's help and completions name those that it has.
pub(super) fn forms(forms: &[Form]) -> impl TypedValueParser<Value = Form> + use<> {
    let values = forms.iter().filter_map(ValueEnum::to_possible_value).collect::<Vec<_>>();
    PossibleValuesParser::new(values).map(|name| Form::from_str(&name, false).unwrap_or_default())
}

/// What colours are chosen for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Theme {
    /// As the terminal says
    #[default]
    Auto,
    /// A dark ground
    Dark,
    /// A light ground
    Light,
}

/// When to do something that suits terminals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    /// On a terminal
    #[default]
    Auto,
    /// In any case
    Always,
    /// In no case
    Never,
}

/// The files of a command.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct PathArgs {
    /// Files and directories; - is standard input (default: standard input if it is no terminal, else .)
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}
