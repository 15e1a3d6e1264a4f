//! `obs formats test` and `obs formats import`: formats that a person described, tried on their own samples.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use crate::cli::args::{InputArgs, OutputArgs};
use crate::cli::config::{self, Config};
use crate::cli::verdict::{self, Verdict};
use crate::cli::{out, verdict::warn};
use crate::format::log::own::{Own, OwnSample, describe, lnav};
use crate::format::log::reader::ReadOptions;
use crate::format::log::{LOG_FORMATS, LogFormat, Reader, survey};
use crate::model::{Desk, Error, Level, Needs, Role, Slots, Timestamp};
use crate::report::account::counted;
use crate::report::{Cell, Column, Report, Section, Table};
use crate::source;

/// Try the formats of obs.yaml on their samples
#[derive(Args, Debug)]
pub(super) struct TestArgs {
    /// Configurations, and lnav's format files (default: obs.yaml, as for every command)
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The configuration
    #[arg(long, value_name = "FILE", conflicts_with = "files")]
    config: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

/// Turn an lnav format file into formats for obs.yaml, on standard output
#[derive(Args, Debug)]
pub(super) struct ImportArgs {
    /// The format file
    #[arg(value_name = "FILE.json")]
    file: PathBuf,
}

#[derive(Serialize)]
struct TestJson {
    formats: Vec<TestedJson>,
    samples: usize,
    passed: usize,
    failed: usize,
}

#[derive(Serialize)]
struct TestedJson {
    format: &'static str,
    file: String,
    samples: usize,
    passed: usize,
    failures: Vec<FailureJson>,
}

#[derive(Serialize)]
struct FailureJson {
    line: u64,
    column: u64,
    sample: String,
    problems: Vec<String>,
}

/// Runs `obs formats test`. Yes if every sample is understood as it has to be.
pub(super) fn test(args: &TestArgs) -> Result<Verdict, Error> {
    let input = InputArgs { config: args.config.clone(), ..InputArgs::default_values() };
    let texts = if args.files.is_empty() {
        config::text(&input)?.into_iter().collect()
    } else {
        args.files.iter().map(|file| text_of(file)).collect::<Result<Vec<_>, _>>()?
    };
    let config = Config::resolve(&InputArgs::default_values(), &args.output, &Arc::default())?;
    if texts.is_empty() {
        return Err(Error::input("there is no configuration here to test")
            .hinted("name one: obs formats test FILE.yaml; `obs formats list` shows what is built in"));
    }
    let mut formats = Vec::new();
    for (shown, text) in &texts {
        let described = describe::read(shown, text).map_err(|problems| config::unusable(shown, &problems))?;
        let all: Vec<&'static dyn LogFormat> =
            described.formats.iter().map(|own| *own as &'static dyn LogFormat).collect();
        formats.extend(described.formats.iter().map(|own| tested(own, &all, shown, config.now)));
    }
    let samples = formats.iter().map(|format| format.samples).sum();
    let passed = formats.iter().map(|format| format.passed).sum();
    let json = TestJson { samples, passed, failed: samples - passed, formats };
    out::write_report(args.output.output, config.page, &report(&json), ("obs.formats-test/1", &json))?;
    if json.formats.is_empty() {
        verdict::note("no format is described there");
    }
    Ok(Verdict::of(json.failed == 0))
}

/// Runs `obs formats import`.
pub(super) fn import(args: &ImportArgs) -> Result<Verdict, Error> {
    let (shown, text) = read(&args.file)?;
    let imported = lnav::import(&shown, &text).map_err(error_of)?;
    warn(&imported.left, false);
    out::write_all(imported.yaml.as_bytes())?;
    Ok(Verdict::of(imported.formats > 0))
}

fn error_of(diagnostic: crate::model::Diagnostic) -> Error {
    let error = Error::input(diagnostic.to_string());
    diagnostic.hint.map_or(error.clone(), |hint| error.hinted(hint))
}

fn read(file: &Path) -> Result<(String, String), Error> {
    source::read_text(file).map_err(error_of)
}

/// The configuration in a file: itself, or what is made of lnav's.
fn text_of(file: &Path) -> Result<(String, String), Error> {
    let (shown, text) = read(file)?;
    if !text.trim_start().starts_with('{') || !text.contains("\"regex\"") && !text.contains("\"json\"") {
        return Ok((shown, text));
    }
    let imported = lnav::import(&shown, &text).map_err(error_of)?;
    warn(&imported.left, false);
    Ok((shown, imported.yaml))
}

fn tested(own: &'static Own, all: &[&'static dyn LogFormat], file: &str, now: Timestamp) -> TestedJson {
    let failures: Vec<FailureJson> = own
        .samples
        .iter()
        .filter_map(|sample| {
            let problems = problems(own, sample, all, now);
            (!problems.is_empty()).then(|| FailureJson {
                line: sample.place.0,
                column: sample.place.1,
                sample: sample.line.clone(),
                problems,
            })
        })
        .collect();
    let samples = own.samples.len();
    TestedJson {
        format: own.name(),
        file: file.to_owned(),
        samples,
        passed: samples - failures.len(),
        failures,
    }
}

/// What is not as the sample says.
fn problems(
    own: &'static Own,
    sample: &OwnSample,
    all: &[&'static dyn LogFormat],
    now: Timestamp,
) -> Vec<String> {
    let line = sample.line.trim_end_matches(['\n', '\r']).as_bytes();
    let profile = survey::survey_with(&[line], all);
    let mut needs = Needs::none();
    for role in Role::ALL {
        needs.role(role);
    }
    let slots_of: Vec<_> = sample.expect.iter().map(|(name, _)| needs.name(name)).collect();
    let latest = profile.latest(Some(now), None, true);
    let reader = Reader::new(&profile, &needs, &ReadOptions::default(), latest, None);
    let mut found = Vec::new();
    let taker = reader.format_of(line).name();
    if taker != own.name() {
        let built_in = LOG_FORMATS.iter().any(|format| format.name() == taker);
        let why = if built_in { "this format does not match it" } else { "that format comes first" };
        found.push(format!("it is read as {taker}: {why}"));
    }
    let inner = line.split(|b| *b == b'\n').skip(1);
    let mut at = line.split(|b| *b == b'\n').next().map_or(0, <[u8]>::len) + 1;
    for more in inner {
        if reader.starts(line, at) {
            found.push(format!("{:?} starts another entry", String::from_utf8_lossy(more)));
            break;
        }
        at += more.len() + 1;
    }
    let desk = Desk::default();
    let mut slots = Slots::new(reader.needs());
    slots.use_desk(&desk);
    reader.extract(line, &mut slots);
    for ((name, expected), slot) in sample.expect.iter().zip(slots_of) {
        let (got, right) = match slot.role() {
            Some(Role::Ts) => {
                let wanted = crate::format::time::Clock::default()
                    .value(crate::model::Value::plain(expected.as_bytes()));
                (slots.ts.map(|ts| ts.to_string()), slots.ts.is_some() && slots.ts == wanted)
            }
            Some(Role::Level) => {
                let wanted = Level::from_word(expected.as_bytes());
                (
                    slots.level.map(|level| level.name().to_owned()),
                    slots.level.is_some() && slots.level == wanted,
                )
            }
            _ => {
                let got = slots.get(slot).text().map(std::borrow::Cow::into_owned);
                let right = got.as_deref() == Some(expected.as_str());
                (got, right)
            }
        };
        if !right {
            found.push(match got {
                Some(got) => format!("{name} is {got:?}, not {expected:?}"),
                None => format!("{name} is not found; it should be {expected:?}"),
            });
        }
    }
    found
}

fn report(json: &TestJson) -> Report {
    let mut report = Report::new();
    let columns = vec![
        Column::text("format").importance(9),
        Column::number("samples"),
        Column::number("passed"),
        Column::path("file"),
    ];
    let rows = json.formats.iter().map(|tested| {
        vec![
            Cell::text(tested.format),
            Cell::count(tested.samples as u64),
            Cell::count(tested.passed as u64),
            Cell::text(tested.file.as_str()),
        ]
    });
    report.push(Section::Table(Table { name: "formats", rows: rows.collect(), columns }));
    for tested in &json.formats {
        for failure in &tested.failures {
            report.heading(format!("{}: {}:{}:{}", tested.format, tested.file, failure.line, failure.column));
            report.paragraph(failure.sample.as_str());
            for problem in &failure.problems {
                report.paragraph(problem.as_str());
            }
        }
    }
    report.paragraph(format!(
        "{}, {} passed, {} failed",
        counted(json.samples as u64, "sample", "samples"),
        json.passed,
        json.failed
    ));
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_tried_as_a_file_would_be_read() {
        let yaml = r#"
formats:
  - name: a
    regex: '^(?P<ts>\S+) (?P<level>\w+) (?P<message>.*)$'
    samples:
      - {line: "2024-02-05T09:00:00Z WARN x\n  y", expect: {ts: '2024-02-05T09:00:00Z', level: warn, message: "x\n  y"}}
      - {line: '2024-02-05T09:00:00Z WARN x', expect: {level: error, status: 200}}
      - {line: 'no', expect: {}}
"#;
        let described = describe::read("obs.yaml", yaml).unwrap();
        let all: Vec<&'static dyn LogFormat> =
            described.formats.iter().map(|own| *own as &'static dyn LogFormat).collect();
        let tested = tested(described.formats[0], &all, "obs.yaml", Timestamp(0));
        assert_eq!((tested.samples, tested.passed), (3, 1));
        assert_eq!(
            tested.failures[0].problems,
            ["level is \"warn\", not \"error\"", "status is not found; it should be \"200\""]
        );
        assert_eq!(tested.failures[1].problems, ["it is read as text: this format does not match it"]);
    }
}
