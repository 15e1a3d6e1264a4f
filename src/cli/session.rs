//! What commands over logs have in common: from arguments to surveyed files and a selection of entries.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::args::{Form, InputArgs, OutputArgs, PathArgs, SelectArgs};
use super::config::{self, Config};
use super::doing;
use super::redaction;
use super::verdict::{self, Verdict};
use crate::filter::{Filter, When, when};
use crate::model::{Account, Diagnostic, Error, Level, Needs, Role, TimeRange, Timestamp};
use crate::report::account::counted;
use crate::scan::{self, Inputs, Scanned, Selection, SurveyOptions};
use crate::timeline::scene::{Basis, Given};

/// Files that have been looked at, and how they are to be read.
#[derive(Debug)]
pub(super) struct Session {
    pub config: Config,
    pub inputs: Inputs,
    /// What went wrong so far.
    pub diagnostics: Vec<Diagnostic>,
    /// What was read of each log.
    pub accounts: Vec<Account>,
    /// Is what was read of each file told?
    pub verbose: bool,
    /// Has it been told?
    pub told: bool,
    /// The form of the answer.
    pub form: Form,
    /// A time before now that was typed for the beginning.
    pub relative: Option<Relative>,
    unparsed: bool,
    strict: bool,
    quiet: bool,
}

/// A time that counts from now.
#[derive(Debug)]
pub(super) struct Relative {
    /// As it was typed.
    pub typed: String,
    /// The instant.
    pub at: Timestamp,
    /// The same, counted from the end of the data.
    pub instead: String,
}

/// The condition and the range of time that were typed.
#[derive(Debug)]
pub(super) struct Chosen {
    pub filter: Filter,
    /// The fields that the conditions look at.
    pub asked: Vec<String>,
    since: Option<When>,
    until: Option<When>,
}

impl Chosen {
    /// Reads the selection options, and asks for what they look at.
    pub(super) fn parse(args: &SelectArgs, needs: &mut Needs) -> Result<Self, Error> {
        let mut filters = Vec::new();
        let mut own = Needs::none();
        if let Some(word) = &args.level {
            let level = Level::from_word(word.as_bytes()).ok_or_else(|| {
                Error::usage(format!("there is no level `{word}`"))
                    .hinted(format!("levels: {}", Level::ALL.map(Level::name).join(" ")))
            })?;
            filters.push(Filter::level_at_least(level, needs));
        }
        for source in &args.filter {
            filters.push(Filter::parse(source, needs)?);
            Filter::parse(source, &mut own)?;
        }
        let parse = |source: &Option<String>| source.as_deref().map(When::parse).transpose();
        let (since, until) = (parse(&args.since)?, parse(&args.until)?);
        Ok(Chosen { filter: Filter::and(filters), asked: own.fields().to_vec(), since, until })
    }

    /// Is anything asked of an entry?
    pub(super) fn is_conditioned(&self) -> bool {
        !self.filter.is_everything() || self.since.is_some() || self.until.is_some()
    }

    /// Were times typed that all name their days themselves?
    fn is_absolute(&self) -> bool {
        let mut typed = [&self.since, &self.until].into_iter().flatten().peekable();
        typed.peek().is_some() && typed.all(When::is_absolute)
    }

    /// Must the data's first and last time be known to tell the range of time?
    pub(super) fn needs_span(&self) -> bool {
        [&self.since, &self.until].into_iter().flatten().any(When::needs_span)
    }
}

/// What typed times are reckoned by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reckoner {
    now: Timestamp,
    zone: chrono_tz::Tz,
}

impl Reckoner {
    fn with_reference<T>(
        self,
        data: Option<(Timestamp, Timestamp)>,
        resolve: impl FnOnce(when::Reference<'_>) -> T,
    ) -> T {
        let offset = |at: Timestamp| config::zone_offset(self.zone, at);
        resolve(when::Reference { now: self.now, zone: &offset, data })
    }

    /// The instant that a typed time means, for data from its first to its last time.
    pub(super) fn instant(
        self,
        when: &When,
        data: Option<(Timestamp, Timestamp)>,
    ) -> Result<Timestamp, Error> {
        self.with_reference(data, |reference| when.resolve(reference))
    }
}

impl Session {
    /// Surveys the files of the paths.
    pub(super) fn open(
        paths: &PathArgs,
        input: &InputArgs,
        output: &OutputArgs,
        cancel: &Arc<AtomicBool>,
    ) -> Result<Self, Error> {
        Session::surveying(paths, input, output, (cancel, SurveyOptions::default()))
    }

    /// The same, with tables of numbers taken for metrics.
    pub(super) fn open_with_tables(
        paths: &PathArgs,
        input: &InputArgs,
        output: &OutputArgs,
        cancel: &Arc<AtomicBool>,
    ) -> Result<Self, Error> {
        let options = SurveyOptions { tables: true, ..SurveyOptions::default() };
        Session::surveying(paths, input, output, (cancel, options))
    }

    /// The same, with objects of a platform told apart from logs, for a command that writes these files.
    pub(super) fn open_writing(
        paths: &PathArgs,
        input: &InputArgs,
        output: &OutputArgs,
        cancel: &Arc<AtomicBool>,
        written: &[PathBuf],
    ) -> Result<Self, Error> {
        let options = SurveyOptions {
            platform: true,
            tables: true,
            written: written.to_vec(),
            ..SurveyOptions::default()
        };
        let session = Session::surveying(paths, input, output, (cancel, options))?;
        session.keep_inputs(written.iter().map(PathBuf::as_path))?;
        Ok(session)
    }

    /// The same, where pipes may be read as they come.
    pub(super) fn open_live(
        paths: &PathArgs,
        input: &InputArgs,
        output: &OutputArgs,
        (cancel, live): (&Arc<AtomicBool>, bool),
    ) -> Result<Self, Error> {
        let options = SurveyOptions { live, ..SurveyOptions::default() };
        Session::surveying(paths, input, output, (cancel, options))
    }

    /// Is a pipe read as it comes?
    pub(super) fn is_live(&self) -> bool {
        self.inputs.logs.iter().any(scan::Input::is_live)
    }

    /// The same, with objects of a platform told apart from logs.
    pub(super) fn open_with_platform(
        paths: &PathArgs,
        input: &InputArgs,
        output: &OutputArgs,
        cancel: &Arc<AtomicBool>,
    ) -> Result<Self, Error> {
        let options = SurveyOptions { platform: true, tables: true, ..SurveyOptions::default() };
        Session::surveying(paths, input, output, (cancel, options))
    }

    fn surveying(
        paths: &PathArgs,
        input: &InputArgs,
        output: &OutputArgs,
        (cancel, survey): (&Arc<AtomicBool>, SurveyOptions),
    ) -> Result<Self, Error> {
        let mut session = Session::unread(input, output, cancel)?;
        let config = &session.config;
        let paths = config::paths(&paths.paths);
        let picks = config::picks(input)?;
        let survey = SurveyOptions { follow_links: input.follow_links, picks, ..survey };
        let mut inputs = match doing::surveyed(&config.scan.read) {
            Some(known) => known?,
            None => scan::survey(&paths, &survey, &config.scan),
        };
        doing::keep(&inputs, config.now)?;
        session.diagnostics = std::mem::take(&mut inputs.diagnostics);
        let files = inputs.logs.iter().chain(&inputs.metrics).chain(&inputs.platform).chain(&inputs.edges);
        redaction::places(files.map(|input| input.shown.as_str()));
        redaction::places(paths.iter().filter_map(|path| path.to_str()));
        session.inputs = inputs;
        if input.unparsed {
            // What was not understood is looked for after the answer.
            session.hold_pipes();
        }
        Ok(session)
    }

    /// One for which nothing is looked at yet.
    pub(super) fn unread(
        input: &InputArgs,
        output: &OutputArgs,
        cancel: &Arc<AtomicBool>,
    ) -> Result<Self, Error> {
        Ok(Session {
            config: Config::resolve(input, output, cancel)?,
            inputs: Inputs::default(),
            diagnostics: Vec::new(),
            accounts: Vec::new(),
            verbose: output.verbose,
            told: false,
            form: output.output,
            relative: None,
            unparsed: input.unparsed,
            strict: input.strict,
            quiet: output.quiet,
        })
    }

    /// Takes the order of lines for their time where no log tells one, and says so.
    pub(super) fn order_by_lines(&mut self) {
        if self.config.scan.read.map.iter().any(|(role, _)| *role == Role::Ts) {
            return;
        }
        let zoned = self.config.scan.read.zone.is_some_and(|zone| zone != chrono_tz::UTC);
        self.diagnostics.extend(self.inputs.order_by_lines(zoned));
    }

    /// The range of time that was typed; scans the files for their first and last time if that needs them.
    pub(super) fn time_range(&mut self, chosen: &Chosen) -> Result<TimeRange, Error> {
        self.time_range_beside(chosen, None)
    }

    /// The same where there are not only logs; `others` is the first and last time of what else there is.
    pub(super) fn time_range_beside(
        &mut self,
        chosen: &Chosen,
        others: Option<(Timestamp, Timestamp)>,
    ) -> Result<TimeRange, Error> {
        let logs = if chosen.needs_span() { self.span() } else { None };
        let joined = [logs, others].into_iter().flatten().reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let range = self.range_of(chosen, joined)?;
        if chosen.is_absolute() {
            self.inputs.settle_years_near(range);
        }
        self.relative = chosen.since.as_ref().and_then(|since| {
            let (typed, instead) = (since.typed().to_owned(), since.from_end()?);
            Some(Relative { typed, at: range.from?, instead })
        });
        Ok(range)
    }

    fn range_of(&self, chosen: &Chosen, data: Option<(Timestamp, Timestamp)>) -> Result<TimeRange, Error> {
        self.with_reference(data, |reference| {
            when::range(chosen.since.as_ref(), chosen.until.as_ref(), reference)
        })
    }

    /// The range that a typed `A..B` means; either end may be missing.
    pub(super) fn window(&self, typed: &str) -> Result<TimeRange, Error> {
        let (from, until) = typed.split_once("..").ok_or_else(|| {
            Error::usage(format!("`{typed}` is no window of time"))
                .hinted("write A..B, such as 03:06..03:21, or 03:06.. for all from then on")
        })?;
        let end = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        let args = SelectArgs { since: end(from), until: end(until), ..SelectArgs::default() };
        let chosen = Chosen::parse(&args, &mut Needs::none())?;
        let data = if chosen.needs_span() { self.span() } else { None };
        self.range_of(&chosen, data)
    }

    /// The windows that `A..B` or `A..B,C..D` means: what is compared with, which is all before A or the second, and
    /// what is looked at.
    pub(super) fn windows(&self, typed: &str) -> Result<[TimeRange; 2], Error> {
        let (inside, before) = match typed.split_once(',') {
            Some((inside, before)) => (inside, Some(before)),
            None => (typed, None),
        };
        let inside = self.window(inside)?;
        let before = match before {
            Some(before) => self.window(before)?,
            None => TimeRange { from: None, until: inside.from },
        };
        Ok([before, inside])
    }

    /// The time to compare with, and the range that is read then: what was selected, and that time. Where none was
    /// typed, it is what lies before the time that was selected.
    pub(super) fn baseline(
        &self,
        typed: Option<&str>,
        selected: TimeRange,
    ) -> Result<(TimeRange, Option<Given>), Error> {
        let Some(typed) = typed else { return Ok(before(selected)) };
        let usual = self.window(typed)?;
        let within = (!selected.is_everything()).then(|| closed(selected));
        let read = TimeRange {
            from: selected.from.zip(usual.from).map(|(a, b)| a.min(b)),
            until: selected.until.zip(usual.until).map(|(a, b)| a.max(b)),
        };
        Ok((read, Some(Given { basis: Basis::Typed, usual: closed(usual), within })))
    }

    /// The instant that a typed time means, for data from its first to its last time.
    pub(super) fn instant(
        &self,
        when: &When,
        data: Option<(Timestamp, Timestamp)>,
    ) -> Result<Timestamp, Error> {
        self.reckoner().instant(when, data)
    }

    fn with_reference<T>(
        &self,
        data: Option<(Timestamp, Timestamp)>,
        resolve: impl FnOnce(when::Reference<'_>) -> T,
    ) -> T {
        self.reckoner().with_reference(data, resolve)
    }

    /// What typed times are reckoned by.
    pub(super) fn reckoner(&self) -> Reckoner {
        let zone = self.config.scan.read.zone.unwrap_or(chrono_tz::UTC);
        Reckoner { now: self.config.now, zone }
    }

    /// The first and last time of the logs.
    fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let (_, scanned) = self.everything();
        let account = scanned.account();
        account.from.zip(account.to)
    }

    /// Is nothing but errors wanted on stderr?
    pub(super) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Reads every file for its account.
    pub(super) fn everything(&self) -> (impl crate::fold::Fold, Scanned) {
        let selection = Selection::everything(Needs::none());
        scan::fold(&self.inputs.logs, &selection, &self.config.scan, || Nothing)
    }

    /// Does someone want to know what was read by a command whose answer does not need it?
    pub(super) fn wants_account(&self) -> bool {
        self.verbose || self.unparsed || self.strict
    }

    /// Reads pipes to their ends, for commands that scan more than once.
    pub(super) fn hold_pipes(&mut self) {
        self.diagnostics.extend(
            self.inputs
                .logs
                .iter()
                .chain(&self.inputs.platform)
                .chain(&self.inputs.edges)
                .flat_map(|input| input.hold(&self.config.scan.progress)),
        );
    }

    /// Takes over what a scan has to say, and gives the account of everything.
    pub(super) fn account(&mut self, scanned: &mut Scanned) -> Account {
        // Nothing is drawn any more once the answer is written.
        self.config.progress = None;
        self.diagnostics.append(&mut scanned.diagnostics);
        self.accounts.clone_from(&scanned.accounts);
        let mut account = scanned.account();
        account.merge(&self.inputs.skipped_account());
        if self.strict && account.unparsed > 0 {
            let message = Session::not_understood(account.unparsed);
            let diagnostic = Diagnostic::error("", message);
            self.diagnostics.push(if self.unparsed {
                diagnostic
            } else {
                diagnostic.hinted("--unparsed shows them")
            });
        }
        if self.unparsed && account.unparsed > 0 {
            self.show_unparsed();
        }
        account
    }

    /// Says what went wrong, and gives the verdict in its light.
    pub(super) fn finish(&self, verdict: Verdict) -> Verdict {
        self.tell_files();
        verdict::warn(&self.diagnostics, self.quiet);
        let interrupted = self.config.scan.cancel.load(Ordering::Relaxed);
        if interrupted {
            verdict::note("interrupted: the answer is about what was read until then");
        }
        verdict.after(&self.diagnostics, self.strict, interrupted)
    }

    /// Makes sure that no file is written over that is read.
    pub(super) fn keep_inputs<'p>(&self, written: impl Iterator<Item = &'p Path>) -> Result<(), Error> {
        let all = || {
            let Inputs { logs, metrics, platform, edges, .. } = &self.inputs;
            logs.iter().chain(metrics).chain(platform).chain(edges)
        };
        for path in written {
            if all().any(|input| input.is_in(path)) {
                return Err(Error::usage(format!("{} is read by this run", path.display()))
                    .hinted("name another file to write"));
            }
        }
        Ok(())
    }

    /// The verdict of a command that goes on until Ctrl-C, in the light of troubles that have been said.
    pub(super) fn followed(&self, verdict: Verdict, troubles: &[Diagnostic]) -> Verdict {
        let interrupted = self.config.scan.cancel.load(Ordering::Relaxed);
        verdict.after(troubles, self.strict, interrupted)
    }

    /// There must be something to read, logs or metrics.
    pub(super) fn require_data(&mut self) {
        if !self.inputs.has_metrics() && self.inputs.platform.is_empty() {
            self.require_logs();
        }
    }

    /// There must be something to read.
    pub(super) fn require_logs(&mut self) {
        if self.inputs.logs.is_empty() && self.diagnostics.is_empty() {
            let message = match self.inputs.skipped.len() {
                0 => "there is no file here to read".to_owned(),
                n => format!("there is no log here: {} of other kinds", counted(n as u64, "file", "files")),
            };
            self.diagnostics
                .push(Diagnostic::error("", message).hinted("name the files or directories to read"));
        }
    }
}

/// A range as its first and last instant.
fn closed(range: TimeRange) -> (Timestamp, Timestamp) {
    let to = range.until.map_or(Timestamp(i64::MAX), |until| Timestamp(until.0.saturating_sub(1)));
    (range.from.unwrap_or(Timestamp(i64::MIN)), to)
}

/// The range that is read to explain what was selected, and what it is compared with: all that lies before it.
fn before(selected: TimeRange) -> (TimeRange, Option<Given>) {
    if selected.is_everything() {
        return (selected, None);
    }
    let usual = closed(TimeRange { from: None, until: Some(selected.from.unwrap_or(Timestamp(i64::MIN))) });
    let read = TimeRange { from: None, until: selected.until };
    (read, Some(Given { basis: Basis::Before, usual, within: Some(closed(selected)) }))
}

/// The fold that adds nothing up.
struct Nothing;

impl crate::fold::Travel for Nothing {
    fn save(self, _: &mut crate::fold::Saved) {}

    fn load(&mut self, _: &mut crate::fold::Loaded<'_>) -> Result<(), crate::fold::Damaged> {
        Ok(())
    }
}

impl crate::fold::Fold for Nothing {
    fn add(&mut self, _: &crate::model::Entry<'_, '_>) {}
    fn merge(&mut self, _: Self) {}
}

/// How much of the data's time lies in a range.
pub(super) fn seconds(range: TimeRange, account: &Account) -> f64 {
    let (Some(first), Some(last)) = (account.from, account.to) else { return 0.0 };
    let from = range.from.map_or(first, |from| from.max(first));
    let until = range.until.map_or(last, |until| until.min(last));
    (until.0.saturating_sub(from.0)).max(1) as f64 / 1e9
}
