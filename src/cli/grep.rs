//! `obs grep`: which entries match a pattern and a condition.

mod follow;
mod merge;
mod pretty;

use std::borrow::Cow;
use std::ops::{ControlFlow, Range};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::{Args, ValueEnum};
use serde_json::Value as Json;

use super::args::{Form, InputArgs, OutputArgs, PathArgs, SelectArgs, When, forms};
use super::config;
use super::found::{Item, Print, Printed, Stitch};
use super::nothing;
use super::out::Out;
use super::redaction;
use super::session::{Chosen, Session};
use super::skew::Skew;
use super::verdict::Verdict;
use crate::filter::{Case, Pattern, PatternOptions};
use crate::format::log::normal;
use crate::model::{Account, Error, ErrorKind, Needs, Role, Slots};
use crate::scan::{self, Chunk, Inputs, LineCount, Selection};
pub(super) use pretty::Pick;
use pretty::{Layout, TimeFormat};

/// The forms of what is found.
const FORMS: &[Form] = &[Form::Table, Form::Json, Form::Jsonl, Form::Csv];

/// Find entries (whole ones, stack traces included) that match a pattern and a condition
#[derive(Args, Debug)]
#[command(mut_arg("output", |output| output.value_parser(forms(FORMS))))]
#[command(mut_arg("follow_links", |follow| follow.short(None)))]
#[command(mut_arg("quiet", |quiet| quiet.help("Print nothing; the exit code tells whether anything matches")))]
#[command(after_help = "Examples:
  obs grep 'timed? out' logs/
  obs grep -c '' logs/ --level error
  obs grep -F 'pool exhausted' logs/ -B1 -A1
  obs grep '' logs/ --where 'duration > 2s' --output jsonl
  obs grep timeout logs/ --sort time -C1
  obs grep -L 'shutdown complete' -g '*.log' logs/
  obs grep -f '' logs/ --level error")]
pub(super) struct GrepArgs {
    /// Regular expression, or text with -F; '' matches every entry. With -e it is the first PATH
    #[arg(value_name = "PATTERN", required_unless_present = "regexp")]
    pattern: Option<String>,
    #[command(flatten)]
    paths: PathArgs,
    /// A pattern (repeatable: any of them)
    #[arg(hide_short_help = true, short = 'e', long, value_name = "PATTERN", allow_hyphen_values = true)]
    regexp: Vec<String>,
    /// Patterns are text, no regular expressions
    #[arg(short = 'F', long)]
    fixed_strings: bool,
    /// Large and small letters are alike
    #[arg(short = 'i', long)]
    ignore_case: bool,
    /// Alike, unless there is a large letter in the pattern
    #[arg(short = 'S', long, conflicts_with = "ignore_case")]
    smart_case: bool,
    /// Entries that do not match
    #[arg(short = 'v', long)]
    invert_match: bool,
    /// Only whole words
    #[arg(short = 'w', long)]
    word_regexp: bool,
    /// Only whole lines
    #[arg(hide_short_help = true, short = 'x', long)]
    line_regexp: bool,
    /// Only count, for each file
    #[arg(short = 'c', long)]
    count: bool,
    /// Only the names of files with a match
    #[arg(short = 'l', long, conflicts_with = "count")]
    files_with_matches: bool,
    /// Only the names of files without a match
    #[arg(short = 'L', long, conflicts_with_all = ["count", "files_with_matches"])]
    files_without_match: bool,
    /// With the number of the entry's first line
    #[arg(short = 'n', long)]
    line_number: bool,
    /// Only the parts that match, each on a line
    #[arg(short = 'o', long)]
    only_matching: bool,
    /// At most so many entries of each file
    #[arg(short = 'm', long, value_name = "N")]
    max_count: Option<u64>,
    /// So many entries after a match
    #[arg(hide_short_help = true, short = 'A', long, value_name = "N")]
    after_context: Option<usize>,
    /// So many entries before a match
    #[arg(hide_short_help = true, short = 'B', long, value_name = "N")]
    before_context: Option<usize>,
    /// So many entries before and after a match
    #[arg(short = 'C', long, value_name = "N")]
    context: Option<usize>,
    /// With the file's name
    #[arg(hide_short_help = true, short = 'H', long)]
    with_filename: bool,
    /// Without the file's name
    #[arg(hide_short_help = true, short = 'I', long, conflicts_with = "with_filename")]
    no_filename: bool,
    /// Go on when the files end: print what is written to them, and to files that appear, as it is written. Ctrl-C ends
    /// it. A PATH may be a pattern in quotes
    #[arg(short = 'f', long, conflicts_with_all = ["count", "files_with_matches", "files_without_match", "sample"])]
    follow: bool,
    /// The order of entries: of the files, or of time over all files
    #[arg(long, value_name = "ORDER", default_value = "file")]
    sort: Order,
    /// With --sort time: put the times of hosts whose clocks run ahead back to where their requests say they were
    #[arg(hide_short_help = true, long)]
    fix_skew: bool,
    /// So many of the entries that match, spread over all of them; the same ones each time
    #[arg(hide_short_help = true, long, value_name = "N", conflicts_with_all = ["count", "files_with_matches", "files_without_match", "context",
          "after_context", "before_context", "max_count"])]
    sample: Option<usize>,
    /// Entries as they stand in the files, also on a terminal
    #[arg(long)]
    raw: bool,
    /// Entries laid out for reading, also into a pipe
    #[arg(short = 'p', long, conflicts_with = "raw")]
    pretty: bool,
    /// One JSON object a line: the same as --output jsonl
    #[arg(hide_short_help = true, long)]
    json: bool,
    /// Write each entry at once, whatever reads it
    #[arg(hide_short_help = true, long)]
    line_buffered: bool,
    #[command(flatten)]
    shown: ShownArgs,
    #[command(flatten)]
    fingers: FingersArgs,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    select: SelectArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Which fields of an entry are shown.
#[derive(Args, Debug)]
#[command(next_help_heading = "Fields")]
struct ShownArgs {
    /// Only these fields of each entry, in this order
    #[arg(long, value_name = "FIELD[,FIELD]", value_delimiter = ',')]
    fields: Vec<String>,
    /// All fields but these
    #[arg(long, value_name = "FIELD[,FIELD]", value_delimiter = ',', conflicts_with = "fields")]
    hide: Vec<String>,
    /// No fields
    #[arg(hide_short_help = true, long, conflicts_with_all = ["fields", "hide"])]
    no_fields: bool,
    /// How times are written: strftime, such as '%H:%M:%S%.3f'
    #[arg(hide_short_help = true, long, value_name = "FORMAT")]
    time_format: Option<String>,
    /// Say so where nothing was found for longer than this
    #[arg(hide_short_help = true, long, value_name = "DURATION")]
    gaps: Option<String>,
}

/// What fingers type that know grep or ripgrep, and what is so anyway.
#[derive(Args, Debug)]
#[command(next_help_heading = "Accepted, since it is so anyway")]
struct FingersArgs {
    /// Directories are always walked
    #[arg(hide_short_help = true, short = 'r', long, visible_short_alias = 'R')]
    recursive: bool,
    /// Patterns are always extended regular expressions
    #[arg(hide_short_help = true, short = 'E', long)]
    extended_regexp: bool,
    /// Patterns have Perl's classes and groups, without look-around and back-references
    #[arg(hide_short_help = true, short = 'P', long)]
    perl_regexp: bool,
    /// No file is taken for binary that has readable lines
    #[arg(hide_short_help = true, short = 'a', long)]
    text: bool,
}

/// The order of what is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Order {
    /// File by file, as they are read
    File,
    /// By time, over all files
    Time,
}

/// What is looked for, and what is made of it.
struct Search {
    pattern: Pattern,
    /// Does the pattern match every entry?
    everything: bool,
    invert: bool,
    selection: Selection,
    /// Is there anything to be asked of an entry beside the pattern?
    conditioned: bool,
    print: Print,
    before: usize,
    after: usize,
    by_time: bool,
    pick: Pick,
    layout: Layout,
}

/// Runs the command.
pub(super) fn run(args: &GrepArgs, cancel: &Arc<AtomicBool>) -> Result<Verdict, Error> {
    let (patterns, paths) = patterns_and_paths(args);
    let options = PatternOptions {
        fixed: args.fixed_strings,
        case: match (args.ignore_case, args.smart_case) {
            (true, _) => Case::Insensitive,
            (_, true) => Case::Smart,
            _ => Case::Sensitive,
        },
        word: args.word_regexp,
        line: args.line_regexp,
    };
    let pattern = Pattern::new(&patterns, options)?;
    let mut output = args.output.clone();
    if args.json {
        output.output = Form::Jsonl;
    }
    let form = output.output;
    let counts = args.count || args.files_with_matches || args.files_without_match;
    if counts && form != Form::Table {
        return Err(Error::usage(format!("--output {} does not go with -c, -l and -L", form.name()))
            .hinted("they print counts and names of files, a line each"));
    }
    let pick = Pick::new(&args.shown);
    let gaps = args.shown.gaps.as_deref().map(super::stats::step).transpose()?;
    let format = args.shown.time_format.as_deref().map(TimeFormat::new).transpose()?;
    let is_read = config::reads(args.raw, args.pretty, form);
    let mut needs = match form {
        Form::Table if !is_read && gaps.is_none() => Needs::none(),
        Form::Table => pretty::needs(),
        _ => normal::needs(),
    };
    let chosen = Chosen::parse(&args.select, &mut needs)?;
    let paths = config::paths(&paths);
    let follows = args.follow && follow::are_files(&paths)?;
    let live = !chosen.needs_span() && args.writes_while_reading();
    let mut session = if follows {
        follow::refuse(args, &chosen)?;
        output.paging = When::Never;
        Session::unread(&args.input, &output, cancel)?
    } else {
        Session::open_live(&PathArgs { paths: paths.clone() }, &args.input, &output, (cancel, live))?
    };
    if !follows {
        session.require_logs();
    }
    if session.config.terminal {
        // What is found is written while the scan goes on.
        session.config.progress = None;
    }
    let range = session.time_range(&chosen)?;
    let mut print = Print { pretty: is_read, gaps, sample: args.sample, ..Print::new(args, form, &session) };
    if follows {
        print.at_once = true;
        print.with_name = !args.no_filename && (args.with_filename || follow::names_several(&paths));
    }
    let plain = !args.fixed_strings || !args.line_regexp;
    let search = Search {
        everything: plain && !args.line_regexp && !args.word_regexp && patterns.iter().any(String::is_empty),
        pattern,
        invert: args.invert_match,
        conditioned: chosen.is_conditioned(),
        selection: Selection::new(needs, &chosen.filter, range),
        print,
        before: args.before_context.or(args.context).unwrap_or(0),
        after: args.after_context.or(args.context).unwrap_or(0),
        by_time: args.sort == Order::Time && !print.counts_only(),
        pick,
        layout: Layout { page: session.config.page, format: format.unwrap_or_default() },
    };
    if follows {
        return search.follow(session, &paths, args);
    }
    let wants_account = session.wants_account();
    if wants_account {
        session.hold_pipes();
    }
    if search.by_time && session.config.scan.apart.is_some() {
        return Err(Error::usage("--sort time cannot be done in parts")
            .hinted("leave it out: what is found comes file by file"));
    }
    let found = if search.by_time {
        let skew = Skew::new(args.fix_skew, &mut session);
        match search.run_by_time(&mut session, args.max_count, &skew) {
            // The reader has what it wanted.
            Err(error) if error.kind == ErrorKind::Closed => true,
            found => found?,
        }
    } else {
        search.run(&mut session, args.max_count)?
    };
    if wants_account {
        session.count();
    }
    if !found && !print.counts_only() && chosen.is_conditioned() {
        let account = if session.relative.is_some() { session.count() } else { Account::default() };
        nothing::explain(&mut session, &chosen.asked, &account);
    }
    Ok(session.finish(Verdict::of(found)))
}

impl GrepArgs {
    /// Is what is found written at once, rather than when all is known?
    fn writes_while_reading(&self) -> bool {
        let counts = self.count || self.files_with_matches || self.files_without_match;
        let account = self.output.verbose || self.input.strict || self.input.unparsed;
        self.sort == Order::File && self.sample.is_none() && !account && (!counts || self.output.quiet)
    }
}

/// With `-e` the first operand is a path.
fn patterns_and_paths(args: &GrepArgs) -> (Vec<String>, Vec<PathBuf>) {
    let mut paths = args.paths.paths.clone();
    match (&args.pattern, args.regexp.is_empty()) {
        (Some(pattern), true) => (vec![pattern.clone()], paths),
        (first, _) => {
            if let Some(first) = first {
                paths.insert(0, PathBuf::from(first));
            }
            (args.regexp.clone(), paths)
        }
    }
}

impl Search {
    /// Scans, prints, and says whether anything was found.
    fn run(&self, session: &mut Session, most: Option<u64>) -> Result<bool, Error> {
        let mut out = Out::new();
        let mut stitch = self.stitch(&session.inputs, most);
        let mut trouble = None;
        let logs = &session.inputs.logs;
        let scanned = scan::in_order(
            logs,
            &self.selection.needs,
            &session.config.scan,
            |chunk| self.chunk(chunk, false),
            |delivered| match stitch.write(&mut out, delivered) {
                Ok(true) => ControlFlow::Continue(()),
                Ok(false) => ControlFlow::Break(()),
                Err(error) => {
                    trouble = Some(error);
                    ControlFlow::Break(())
                }
            },
        );
        session.diagnostics.extend(scanned.diagnostics.iter().cloned());
        let end = match trouble {
            Some(error) => Err(error),
            None => stitch.finish(&mut out).and_then(|()| out.finish()),
        };
        match end {
            // The reader has what it wanted: end as if all had been written.
            Err(error) if error.kind == ErrorKind::Closed => Ok(stitch.found()),
            Err(error) => Err(error),
            Ok(()) => Ok(stitch.found()),
        }
    }

    /// What puts the finds together.
    fn stitch<'s>(&'s self, inputs: &'s Inputs, most: Option<u64>) -> Stitch<'s> {
        Stitch::new(&self.print, &self.pick, inputs, most, (self.before, self.after))
    }

    /// Finds the entries of one chunk.
    fn chunk(&self, chunk: &Chunk<'_>, untimed: bool) -> Printed {
        let mut printed = Printed::default();
        printed.again = chunk.again() > 0;
        let literals = chunk.literals(&self.selection).filter(|_| self.everything);
        // What an entry carries in parts or with escapes is found only when it is put together.
        let whole = self.before + self.after > 0 || self.invert || self.pattern.crosses_lines();
        if whole || !chunk.reader.is_as_written() || (self.by_time && untimed) {
            self.every_entry(chunk, &mut printed);
        } else if let Some(literals) = literals {
            self.where_found(chunk, &mut printed, |text, at| literals.find_at(text, at));
        } else if self.everything {
            self.every_entry(chunk, &mut printed);
        } else {
            self.where_found(chunk, &mut printed, |text, at| self.pattern.find_at(text, at));
        }
        printed
    }

    /// Searches the whole chunk, and looks at entries only around what is found.
    fn where_found(
        &self,
        chunk: &Chunk<'_>,
        printed: &mut Printed,
        find_at: impl Fn(&[u8], usize) -> Option<Range<usize>>,
    ) {
        let (bytes, extent) = chunk.text();
        let mut slots = Slots::new(chunk.reader.needs());
        let mut at = extent.start;
        let first = chunk.first_line();
        let mut lines = LineCount::new(bytes, extent.start);
        let window = &bytes[..extent.end];
        while at < extent.end {
            let Some(found) = find_at(window, at).filter(|found| found.start < extent.end) else { break };
            let entry = chunk.entry_around(found.start, &extent);
            at = entry.end.max(found.start + 1);
            // A match over the end of an entry is none; the entry alone may still have another.
            let own = trim_end(&bytes[entry.clone()]);
            if found.end > entry.start + own.len() && !self.pattern.is_match(own) {
                continue;
            }
            if self.selected(chunk, &entry, &mut slots) {
                let line = if self.print.needs_lines() {
                    chunk.line_at(entry.start, first.wrapping_add(lines.up_to(entry.start)))
                } else {
                    0
                };
                self.print(chunk, &entry, line, &mut slots, printed, true);
            }
        }
        if self.print.needs_lines() {
            chunk.count_lines(&extent);
        }
    }

    /// Looks at every entry, because those that do not match matter too.
    fn every_entry(&self, chunk: &Chunk<'_>, printed: &mut Printed) {
        let (bytes, extent) = chunk.text();
        let mut slots = Slots::new(chunk.reader.needs());
        let mut at = extent.start;
        let mut line = chunk.first_line();
        while at < extent.end {
            let entry = chunk.entry_around(at, &(at..extent.end));
            let own = trim_end(&bytes[entry.clone()]);
            let matched = (self.everything || self.is_match(chunk, own)) != self.invert
                && self.selected(chunk, &entry, &mut slots);
            if self.by_time {
                if !matched {
                    chunk.extract(&entry, &mut slots);
                }
                printed.last_time = slots.ts.or(printed.last_time);
            }
            if matched || self.before + self.after > 0 {
                let line = chunk.line_at(entry.start, line);
                self.print(chunk, &entry, line, &mut slots, printed, matched);
            }
            if self.print.needs_lines() {
                line = line.wrapping_add(LineCount::new(bytes, entry.start).up_to(entry.end));
            }
            at = entry.end;
        }
        if self.print.needs_lines() {
            chunk.count_lines(&extent);
        }
        if self.before + self.after > 0 && !self.by_time {
            printed.keep_near_matches(self.before, self.after);
        }
    }

    /// Does the pattern match an entry as it is written, or what it carries?
    fn is_match(&self, chunk: &Chunk<'_>, own: &[u8]) -> bool {
        self.pattern.is_match(own)
            || chunk.reader.carried(own).is_some_and(|carried| self.pattern.is_match(&carried))
    }

    fn selected<'s>(&self, chunk: &'s Chunk<'_>, entry: &Range<usize>, slots: &mut Slots<'s>) -> bool {
        if !self.conditioned && !self.print.needs_slots() && !self.print.needs_time() && !self.by_time {
            return true;
        }
        chunk.extract(entry, slots);
        self.selection.holds(slots)
    }

    fn print<'s>(
        &self,
        chunk: &'s Chunk<'_>,
        entry: &Range<usize>,
        line: u64,
        slots: &mut Slots<'s>,
        printed: &mut Printed,
        matched: bool,
    ) {
        printed.matches += u64::from(matched);
        if self.print.counts_only() {
            return;
        }
        if !matched && (self.print.needs_slots() || self.print.needs_time()) {
            chunk.extract(entry, slots);
        }
        let (bytes, _) = chunk.text();
        let raw = bytes[entry.clone()].strip_suffix(b"\n").unwrap_or(&bytes[entry.clone()]);
        let written = raw;
        let mut raw = Cow::Borrowed(raw);
        let mut spans: Vec<Range<usize>> = Vec::new();
        if matched && !self.invert && self.print.needs_spans() {
            spans.extend(self.pattern.spans(&raw));
        }
        if self.print.only_matching
            && !self.print.pretty
            && spans.is_empty()
            && let Some(carried) = chunk.reader.carried(&raw).map(Cow::into_owned)
        {
            // What matches stands in what the entry carries.
            spans = self.pattern.spans(&carried).collect();
            raw = Cow::Owned(carried);
        }
        let as_written = chunk.written(entry);
        let as_written = as_written.strip_suffix(b"\n").unwrap_or(as_written);
        let offset = chunk.offset_at(entry.start);
        let json = self.print.needs_slots().then(|| self.object(chunk, offset, written, slots));
        let laid_out = self.print.pretty.then(|| {
            let mut object = normal::object(&chunk.input.shown, 0, 0, written, chunk.reader, slots);
            redaction::json(&mut object);
            let service = slots.role(Role::Service).text().map(Cow::into_owned);
            let marks = |text: &[u8]| -> Vec<Range<usize>> {
                if matched && !self.invert && !self.everything {
                    self.pattern.spans(text).collect()
                } else {
                    Vec::new()
                }
            };
            self.layout.entry((&object, written), (slots.ts, service), &self.pick, !matched, &marks)
        });
        let again = if entry.start == 0 { chunk.again() } else { 0 };
        let rest = (again > 0 && self.print.needs_slots()).then(|| {
            chunk.extract(&(again..entry.end), slots);
            self.object(chunk, offset + again as u64, &written[again.min(written.len())..], slots)
        });
        let item = Item {
            offset,
            again,
            rest,
            line,
            ts: if self.by_time { slots.ts.or(printed.last_time) } else { slots.ts },
            matched,
            ordinal: printed.next_ordinal(),
            json,
            laid_out,
            raw: if self.print.as_written() { as_written.to_vec() } else { raw.into_owned() },
            spans,
        };
        printed.items.push(item);
    }
}

impl Search {
    /// An entry as a JSON object; its line is told when it is written.
    fn object(&self, chunk: &Chunk<'_>, offset: u64, written: &[u8], slots: &Slots<'_>) -> Json {
        let mut object = normal::object(&chunk.input.shown, 0, offset, written, chunk.reader, slots);
        self.pick.apply(&mut object["fields"]);
        object
    }
}

/// The entry as patterns see it: without the end of its last line.
fn trim_end(entry: &[u8]) -> &[u8] {
    let entry = entry.strip_suffix(b"\n").unwrap_or(entry);
    entry.strip_suffix(b"\r").unwrap_or(entry)
}

impl Print {
    fn new(args: &GrepArgs, form: Form, session: &Session) -> Print {
        let several = session.inputs.logs.len() > 1;
        Print {
            form,
            page: session.config.page,
            terminal: session.config.terminal,
            raw: args.raw,
            pretty: false,
            gaps: None,
            sample: None,
            count: args.count,
            names: args.files_with_matches,
            names_without: args.files_without_match,
            quiet: args.output.quiet,
            numbers: args.line_number,
            only_matching: args.only_matching,
            with_name: !args.no_filename && (args.with_filename || several),
            at_once: args.line_buffered || session.is_live(),
        }
    }
}
