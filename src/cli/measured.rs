//! What commands over metrics have in common: recorded and derived series in one store.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::Args;
use serde::Serialize;

use super::args::{InputArgs, SuccessArgs};
use super::config;
use super::nothing;
use super::session::{Chosen, Session};
use crate::detect;
use crate::detect::own::{self, Watch};
use crate::investigate::recorded::Recorded;
use crate::investigate::recorded::times;
use crate::metrics::{self, Asked, Clock, Declared, Derivation, FilesRead, Loaded};
use crate::model::unit::{HumanBytes, HumanCount};
use crate::model::{Account, Error, Labels, Needs, TimeRange, Timestamp};
use crate::outcome::SuccessRule;
use crate::promql::{self, Expr, MatchOp, Store, Times};
use crate::report::account::{counted, span};
use crate::report::{AccountJson, Report, Section};
use crate::scan::{self, Selection};

/// Which metrics are derived from logs, and how.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Metrics from logs")]
pub(super) struct MetricArgs {
    #[command(flatten)]
    pub success: SuccessArgs,
}

/// The metrics that the configuration declares.
pub(super) fn declared(input: &InputArgs) -> Result<Vec<Declared>, Error> {
    let Some((shown, text)) = config::text(input)? else { return Ok(Vec::new()) };
    metrics::parse(&shown, &text).map_err(|problems| config::unusable(&shown, &problems))
}

/// Series, and where they come from.
#[derive(Debug)]
pub(super) struct Measured {
    /// Recorded and derived series.
    pub store: Store,
    /// The account of what was read.
    account: Account,
    /// Were logs scanned?
    scanned: bool,
    files: FilesRead,
    /// Recorded series and their times in milliseconds.
    recorded: (usize, Option<(i64, i64)>),
    /// Logs that nothing was asked of.
    unread: usize,
    /// What of the data counts.
    range: TimeRange,
    /// The times of the evaluation, if they were known before: of data folders nothing else was read.
    pub asked: Option<Times>,
}

/// What was read, in JSON: the account, and the files of metrics beside the logs.
#[derive(Clone, Debug, Serialize)]
pub(super) struct InputJson {
    #[serde(flatten)]
    account: AccountJson,
    metrics: FilesJson,
}

#[derive(Clone, Debug, Serialize)]
struct FilesJson {
    files: u64,
    bytes: u64,
    series: usize,
    samples: u64,
    refused: u64,
}

/// What has to be known to derive metrics.
#[derive(Clone)]
pub(super) struct Wanted<'w> {
    /// The expressions that are evaluated.
    pub exprs: &'w [&'w Expr],
    /// How files are read, and with which configuration.
    pub input: &'w InputArgs,
    /// Metrics that are declared.
    pub declared: &'w [Declared],
    /// What a successful request is.
    pub success: &'w SuccessRule,
    /// When the expressions are evaluated, if that may be known before everything is read.
    pub asked: Option<&'w Asked<'w>>,
    /// How often expressions are evaluated, in milliseconds.
    pub every_ms: Option<i64>,
    /// Which entries count, and when.
    pub chosen: &'w Chosen,
    /// What the condition and the rule want.
    pub needs: Needs,
}

/// Reads the files of metrics and derives from the logs what is mentioned.
pub(super) fn load(session: &mut Session, wanted: Wanted<'_>) -> Result<Measured, Error> {
    if wanted.chosen.needs_span() {
        session.hold_pipes();
    }
    let options = session.config.scan.clone();
    // A window that counts from the data's end is found in all of the data.
    let asked = wanted.asked.filter(|_| !wanted.chosen.needs_span());
    let Loaded { store, read: files, times: asked, diagnostics } =
        metrics::load_files(&session.inputs, session.config.now, wanted.exprs, asked, &options);
    session.diagnostics.extend(diagnostics);
    let range = session.time_range_beside(wanted.chosen, times(store.span()))?;
    let mut store = metrics::clip(store, range);
    let recorded = (store.len(), store.span());
    let question = metrics::Question {
        exprs: wanted.exprs,
        declared: wanted.declared,
        success: wanted.success,
        every_ms: wanted.every_ms,
        filter: &wanted.chosen.filter,
        range,
        needs: wanted.needs,
    };
    let asks_for_findings = asks_for_findings(question.exprs, session.inputs.logs.is_empty());
    if asks_for_findings {
        session.hold_pipes();
    }
    let mut derivation = metrics::derive(&session.inputs, question.clone(), &options, &mut store)?;
    if asks_for_findings {
        find(session, wanted.input, question, &mut derivation, &mut store)?;
    }
    let scanned = derivation.scanned.is_some();
    if scanned {
        nothing::misspelt(session, &wanted.chosen.asked);
    }
    let mut account = session.account(&mut derivation.scanned.unwrap_or_default());
    account.files += files.files;
    account.bytes += files.bytes;
    for at in times(recorded.1).into_iter().flat_map(|(from, to)| [from, to]) {
        account.saw(at);
    }
    let unread = if scanned { 0 } else { session.inputs.logs.len() };
    Ok(Measured { store, account, scanned, files, recorded, unread, range, asked })
}

/// The lines of files that these series come from; for each of them, in their order.
pub(super) fn witnesses(
    session: &Session,
    wanted: Wanted<'_>,
    measured: &Measured,
    series: &[metrics::Wanted],
) -> Vec<Vec<metrics::Witness>> {
    let question = metrics::Question {
        exprs: wanted.exprs,
        declared: wanted.declared,
        success: wanted.success,
        every_ms: wanted.every_ms,
        filter: &wanted.chosen.filter,
        range: measured.range,
        needs: wanted.needs,
    };
    metrics::witnesses(&session.inputs, series, question, session.config.now, &session.config.scan)
}

/// Does an expression name the metric of findings? Without a name it is not meant: it costs a scan of its own. Nor
/// is it by a pattern where there are no logs: who asks recordings for all that they hold wants nothing derived.
fn asks_for_findings(exprs: &[&Expr], without_logs: bool) -> bool {
    exprs.iter().flat_map(|expr| promql::selectors(expr)).any(|matchers| {
        let mut names = matchers.iter().filter(|matcher| &*matcher.name == Labels::NAME).peekable();
        names.peek().is_some()
            && names.all(|matcher| match matcher.op {
                MatchOp::Equal => matcher.matches(metrics::FINDINGS),
                _ => !without_logs && matcher.matches(metrics::FINDINGS),
            })
    })
}

/// Adds `log_findings_total`: what `obs detect` finds, each where it begins.
fn find(
    session: &Session,
    input: &InputArgs,
    question: metrics::Question<'_>,
    derivation: &mut Derivation,
    store: &mut Store,
) -> Result<(), Error> {
    let (inputs, options) = (&session.inputs, &session.config.scan);
    let mut needs = question.needs;
    let own = config::detectors(input, &mut needs)?;
    let wants = detect::Wants::judging(&inputs.logs, question.success.clone(), &mut needs)
        .knowing(config::declared(input)?);
    let selection = Selection::new(needs, question.filter, question.range);
    let new = || (detect::Observed::new(&wants), Watch::new(&own));
    let ((observed, watch), scanned) = scan::fold(&inputs.logs, &selection, options, new);
    let recorded = Recorded::load(inputs, (session.config.now, question.range), options);
    let scene = detect::Scene::new(&wants, observed, &detect::vocabulary(&wants)).spanning(recorded.span());
    let mut findings = detect::findings(&scene, &[]);
    findings.extend(recorded.findings(None));
    findings.extend(own::findings(watch, &scene));
    let account = scanned.account();
    let span = [account.from.zip(account.to), recorded.span()].into_iter().flatten();
    let span = span.reduce(|(a, b), (from, to)| (a.min(from), b.max(to)));
    let mut events: BTreeMap<&str, Vec<Timestamp>> = BTreeMap::new();
    for finding in &findings {
        // What has no time was there all the time.
        let from = finding.from.or(span.map(|(from, _)| from));
        events.entry(finding.detector).or_default().extend(from);
    }
    let step_ms = metrics::sampling(question.exprs.iter().copied(), question.every_ms);
    let clock = span.map(|(from, to)| Clock::new(step_ms, from, to));
    derivation.clock = derivation.clock.or(clock);
    derivation.scanned.get_or_insert(scanned);
    let Some(clock) = clock else { return Ok(()) };
    for (detector, events) in events {
        let labels = Labels::new([(Labels::NAME, metrics::FINDINGS), ("detector", detector)]);
        store.push(metrics::counted(labels, &events, clock));
    }
    Ok(())
}

impl Measured {
    /// What was read, for JSON.
    pub(super) fn input(&self) -> InputJson {
        InputJson {
            account: AccountJson::from(&self.account),
            metrics: FilesJson {
                files: self.files.files,
                bytes: self.files.bytes,
                series: self.recorded.0,
                samples: self.files.samples,
                refused: self.files.refused,
            },
        }
    }

    /// How many blocks of data folders have nothing of the times that are asked for.
    pub(super) fn passed(&self) -> u64 {
        self.files.passed
    }

    /// What was read, for people.
    pub(super) fn tell(&self, report: &mut Report) {
        if self.files.files > 0 || !self.scanned {
            report.paragraph(self.sentence());
        }
        if self.scanned {
            report.push(Section::Account(self.account));
        }
    }

    /// `read 1 file of metrics, 4.1 MB: 120,000 samples of 134 series; 2023-12-24 02:30:00–03:30:15 UTC`.
    fn sentence(&self) -> String {
        let mut text = format!(
            "read {} of metrics, {}: {} of {}",
            counted(self.files.files, "file", "files"),
            HumanBytes(self.files.bytes),
            counted(self.files.samples, "sample", "samples"),
            HumanCount(self.recorded.0 as u64),
        );
        text.push_str(" series");
        // Writing to a string does not fail.
        if self.files.refused > 0 {
            let _ = write!(text, ", {} not understood", counted(self.files.refused, "line", "lines"));
        }
        if let Some((from, to)) = times(self.recorded.1) {
            text.push_str("; ");
            text.push_str(&span(from, to));
        }
        match self.unread {
            0 => {}
            1 => text.push_str("; 1 log was not needed"),
            n => {
                let _ = write!(text, "; {n} logs were not needed");
            }
        }
        text
    }

    /// The first and last time of the series that an expression looks at; of all, if it looks at none.
    pub(super) fn span_of(&self, expr: &Expr) -> Option<(Timestamp, Timestamp)> {
        let mut span: Option<(i64, i64)> = None;
        for matchers in promql::selectors(expr) {
            for series in self.store.matching(matchers) {
                let spans = span.into_iter().chain(series.span());
                span = spans.reduce(|(from, to), (first, last)| (from.min(first), to.max(last)));
            }
        }
        times(span.or_else(|| self.store.span()))
    }
}
