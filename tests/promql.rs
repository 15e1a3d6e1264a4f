//! PromQL against the conformance scripts of Prometheus and our own, in the notation of promqltest.

#![expect(clippy::disallowed_methods, reason = "tests read their scripts and where more of them are")]
#![expect(clippy::print_stdout, reason = "the counts are worth seeing in the test log")]

mod script;

use std::path::{Path, PathBuf};

use obs::promql::Options;
use obs::promql::functions::FUNCTIONS;

use script::{Tally, Verdict};

fn scripts(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut scripts: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "test"))
        .collect();
    scripts.sort();
    scripts
}

fn folders() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![here.join("tests/promql"), here.join("../shared/corpus/promqltest")];
    folders.extend(std::env::var_os("OBS_PROMQLTEST_DIR").map(PathBuf::from));
    folders
}

#[test]
fn scripts_agree() {
    let mut all = Tally::default();
    let mut wrong = Vec::new();
    for path in folders().iter().flat_map(|folder| scripts(folder)) {
        let text = std::fs::read_to_string(&path).expect("a readable script");
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut tally = Tally::default();
        for eval in script::run(&text).unwrap_or_else(|error| panic!("{name}: {error}")) {
            tally.add(&eval);
            if let Verdict::Wrong(why) = &eval.verdict {
                wrong.push(format!("{name}:{}: {}\n    {why}", eval.line, eval.text));
            }
        }
        println!("{name:32} {tally}");
        all.merge(&tally);
    }
    println!("{:32} {all}", "all");
    for line in &wrong {
        println!("{line}");
    }
    assert!(wrong.is_empty(), "{} evals disagree", wrong.len());
}

#[test]
fn every_function_has_an_eval() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/promql");
    let mut evals = String::new();
    for path in scripts(&folder) {
        let text = std::fs::read_to_string(&path).expect("a readable script");
        evals.extend(text.lines().filter(|line| line.starts_with("eval")).map(|line| format!("{line}\n")));
    }
    let words: Vec<&str> = evals.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let missing: Vec<&str> =
        FUNCTIONS.iter().map(|function| function.name).filter(|name| !words.contains(name)).collect();
    assert!(missing.is_empty(), "no eval in tests/promql/*.test mentions {missing:?}");
}

/// The expressions of all evals, for comparison with other parsers.
fn expressions() -> Vec<String> {
    let mut expressions = Vec::new();
    for path in folders().iter().flat_map(|folder| scripts(folder)) {
        let text = std::fs::read_to_string(&path).expect("a readable script");
        expressions.extend(script::expressions(&text));
    }
    expressions
}

/// The expressions of all rule files of the corpus.
fn rule_expressions(folder: &Path, found: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
        if path.is_dir() {
            rule_expressions(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml")
            && let Ok(text) = std::fs::read_to_string(&path)
            && let Ok(value) = serde_saphyr::from_str::<serde_json::Value>(&text)
        {
            collect_expressions(&value, found);
        }
    }
}

fn collect_expressions(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    serde_json::Value::String(text) if name == "expr" => found.push(text.clone()),
                    value => collect_expressions(value, found),
                }
            }
        }
        serde_json::Value::Array(items) => {
            for item in items {
                collect_expressions(item, found);
            }
        }
        _ => {}
    }
}

#[test]
fn what_another_parser_accepts_is_accepted() {
    let mut rules = Vec::new();
    rule_expressions(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/rules"), &mut rules);
    println!("{} expressions of rules, {} of scripts", rules.len(), expressions().len());
    let plain = Options { duration_expressions: false, ..Options::promtool() };
    for expression in expressions().into_iter().chain(rules) {
        let ours = obs::promql::parse(&expression, &Options::promqltest());
        let theirs = promql_parser::parser::parse(&expression);
        assert!(ours.is_ok() || theirs.is_err(), "{expression}: {ours:?}");
        // What it refuses we accept only where Prometheus has grown since.
        if let (Ok(_), Err(theirs)) = (&ours, &theirs)
            && obs::promql::parse(&expression, &plain).is_ok()
        {
            const NEWER: [&str; 5] = ["</", ">/", "1_000", "__name__=~", "on() "];
            assert!(NEWER.iter().any(|sign| expression.contains(sign)), "{expression}: {theirs}");
        }
    }
}
