//! Unit tests of rules: what they refer to is read here.

use std::path::{Path, PathBuf};

use regex::Regex;

use crate::cli::out;
use crate::cli::query::promql_options;
use crate::filter::{Filter, When, when};
use crate::metrics::{self, Declared};
use crate::model::{Error, Needs, Series, Severity, TimeRange, Timestamp};
use crate::outcome::SuccessRule;
use crate::promql;
use crate::rules::alertmanager::config::Config as Alertmanager;
use crate::rules::file::RuleFile;
use crate::rules::unit::{self, Files, Input, SeedOptions, UnitOptions, UnitReport};
use crate::scan::{self, ScanOptions, SurveyOptions};
use crate::source;

/// What tests are run with.
pub(super) struct Bench<'b> {
    pub scan: &'b ScanOptions,
    pub now: Timestamp,
    pub declared: &'b [Declared],
    /// What a successful request is, and what of entries that looks at.
    pub success: &'b SuccessRule,
    pub needs: &'b Needs,
    pub only: Vec<Regex>,
    pub ignore_unknown_fields: bool,
    pub promql: promql::Options,
    pub alertmanager: Option<Alertmanager>,
}

/// The patterns of `--run`, which match anywhere in a name.
pub(super) fn patterns(sources: &[String]) -> Result<Vec<Regex>, Error> {
    let pattern = |source: &String| {
        Regex::new(source).map_err(|_| {
            Error::usage(format!("`{source}` is no regular expression"))
                .hinted("--run wants one, such as 'pool.*'")
        })
    };
    sources.iter().map(pattern).collect()
}

/// A time where there is no data: a time of day is today's.
pub(super) fn instant(when: &When, now: Timestamp) -> Result<Timestamp, Error> {
    when.resolve(when::Reference { now, zone: &|_| 0, data: Some((now, now)) })
}

/// Runs the tests of the files.
pub(super) fn run(paths: &[PathBuf], bench: &Bench<'_>) -> Result<Vec<UnitReport>, Error> {
    let options = UnitOptions {
        only: bench.only.clone(),
        ignore_unknown_fields: bench.ignore_unknown_fields,
        promql: bench.promql.clone(),
        alertmanager: bench.alertmanager.clone(),
    };
    let mut reports = Vec::new();
    for path in paths {
        let (name, text) = super::text_of(path)?;
        let base = path.parent().unwrap_or(Path::new("")).to_owned();
        reports.push(unit::run(&name, &text, &mut Beside { base, bench }, &options));
    }
    Ok(reports)
}

/// Writes unit tests from recorded data, with samples and evaluations so far apart (milliseconds).
pub(super) fn seed(
    args: &super::CheckRulesArgs,
    files: &[RuleFile],
    store: &promql::Store,
    (sampled, every): (i64, i64),
    path: &Path,
) -> Result<(), Error> {
    // The file may stand in another folder than this one.
    let to_stdout = path == Path::new("-");
    let is_elsewhere = path.parent().is_some_and(|parent| !parent.as_os_str().is_empty());
    let named = |rules: &PathBuf| match std::path::absolute(rules) {
        Ok(absolute) if is_elsewhere && !to_stdout => absolute.display().to_string(),
        _ => rules.display().to_string(),
    };
    let options = SeedOptions {
        rule_files: args.rules.iter().map(named).collect(),
        sampled,
        every,
        promql: promql_options(args.enable_experimental),
    };
    let text = unit::seed(files, store, &options)?;
    if to_stdout { out::write_all(text.as_bytes()) } else { out::write_file(path, text.as_bytes()) }
}

/// The files beside a test file.
struct Beside<'b> {
    base: PathBuf,
    bench: &'b Bench<'b>,
}

impl Files for Beside<'_> {
    fn rules(&mut self, pattern: &str) -> Vec<(String, Result<String, String>)> {
        let read = |path: PathBuf| match source::read_text(&path) {
            Ok((name, text)) => (name, Ok(text)),
            Err(trouble) => (path.display().to_string(), Err(trouble.message)),
        };
        source::glob(&self.base, pattern).into_iter().map(read).collect()
    }

    fn series(&mut self, input: &Input) -> Result<Vec<Series>, String> {
        let (Input::Logs(path) | Input::Metrics(path)) = input;
        // The logs of a test are its own, and small.
        let options = &ScanOptions { apart: None, ..self.bench.scan.clone() };
        let inputs = scan::survey(&[self.base.join(path)], &SurveyOptions::default(), options);
        let mut troubles = inputs.diagnostics.clone();
        let metrics::Loaded { mut store, diagnostics: more, .. } = match input {
            Input::Metrics(_) => metrics::load_files(&inputs, self.bench.now, &[], None, options),
            Input::Logs(_) => metrics::Loaded::default(),
        };
        troubles.extend(more);
        if let Input::Logs(_) = input {
            // A test does not say which metrics its rules look at; these are all.
            let all =
                promql::parse("{__name__=~\".+\"}", &self.bench.promql).map_err(|error| error.message)?;
            let question = metrics::Question {
                exprs: &[&all],
                declared: self.bench.declared,
                success: self.bench.success,
                every_ms: None,
                filter: &Filter::everything(),
                range: TimeRange::default(),
                needs: self.bench.needs.clone(),
            };
            let derivation =
                metrics::derive(&inputs, question, options, &mut store).map_err(|e| e.message)?;
            troubles.extend(derivation.scanned.into_iter().flat_map(|scanned| scanned.diagnostics));
        }
        match troubles.iter().find(|trouble| trouble.severity == Severity::Error) {
            Some(trouble) => Err(trouble.to_string()),
            None if store.is_empty() => Err(format!("{path}: there are no series in it")),
            None => Ok(store.series().cloned().collect()),
        }
    }
}
