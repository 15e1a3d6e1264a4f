//! Reads the sources as text and holds them to the rules of the house that no compiler knows.
#![expect(clippy::disallowed_methods, reason = "this test reads the project's own sources")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Lowest first. A room imports itself and rooms of lower layers; rooms of one layer do not see each other.
const LAYERS: &[&[&str]] = &[
    &["model"],
    &["config"],
    &["source", "format", "filter", "fold", "partial", "promql", "report", "series", "platform"],
    &["scan", "signatures"],
    &["outcome", "traces"],
    &["stats", "timeline", "entities"],
    &["metrics"],
    &["rules", "correlate", "dashboard", "detect"],
    &["causes"],
    &["investigate"],
    &["cli"],
];

/// Files that may be longer than [`LONGEST`], each with the reason why it is still one thing.
const LONG: &[(&str, &str)] = &[];

/// Where to stop and look.
const LONGEST: usize = 800;

/// The only file with `unsafe`: the memory map and its guard.
const UNSAFE: &str = "src/source/map.rs";

/// What the nouns must not know: input and output, the clock, patterns, notations.
const FOREIGN_TO_MODEL: &[&[&str]] = &[
    &["std", "io"],
    &["std", "fs"],
    &["std", "env"],
    &["std", "thread"],
    &["std", "process"],
    &["std", "time", "Instant"],
    &["std", "time", "SystemTime"],
    &["chrono", "Utc"],
    &["chrono", "Local"],
    &["regex"],
    &["regex_syntax"],
    &["serde_json"],
    &["serde_saphyr"],
];

/// The only file that runs a program: the pager, which the user chose.
const RUNS: &str = "src/cli/pager.rs";

/// What no room may name: obs opens no socket and runs no program. (An address as such is `core::net::IpAddr`.)
const FOREIGN_TO_ALL: &[&[&str]] =
    &[&["std", "net"], &["std", "os", "unix", "net"], &["std", "process", "Command"]];

/// Names of drawers, where everything ends up that was not thought about.
const DRAWERS: &[&str] =
    &["util", "utils", "common", "helper", "helpers", "manager", "engine", "app", "misc"];

/// Words that say that something is left open.
const OPEN_ENDS: &[&str] = &["TODO", "FIXME", "XXX"];

/// One source file: its path from the project's root with `/`, and what is in it.
struct Source {
    path: String,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Word,
    Mark,
    Comment,
    Literal,
}

#[derive(Clone, Copy, Debug)]
struct Token<'a> {
    kind: Kind,
    text: &'a str,
    line: usize,
}

impl Token<'_> {
    fn is(&self, text: &str) -> bool {
        matches!(self.kind, Kind::Word | Kind::Mark) && self.text == text
    }
}

/// Rust's tokens as far as the rules need them: words, single marks (but `::` as one), comments, literals.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (kind, length) = if first.is_whitespace() {
            (None, first.len_utf8())
        } else if rest.starts_with("//") {
            (Some(Kind::Comment), rest.find('\n').unwrap_or(rest.len()))
        } else if rest.starts_with("/*") {
            (Some(Kind::Comment), block_comment(rest))
        } else if let Some(length) = literal(rest) {
            (Some(Kind::Literal), length)
        } else if first.is_alphanumeric() || first == '_' {
            (Some(Kind::Word), word(rest))
        } else if rest.starts_with("::") {
            (Some(Kind::Mark), 2)
        } else {
            (Some(Kind::Mark), first.len_utf8())
        };
        if let Some(kind) = kind {
            found.push(Token { kind, text: &rest[..length], line });
        }
        line += rest[..length].matches('\n').count();
        at += length;
    }
    found
}

fn word(rest: &str) -> usize {
    rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
}

/// The length of a block comment; they nest.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// The length of the string or character literal that starts here, if one does. A lifetime is none.
fn literal(rest: &str) -> Option<usize> {
    let prefix = ["br", "cr", "r", "b", "c", ""].into_iter().find(|prefix| {
        let after = rest.strip_prefix(prefix).unwrap_or("");
        let hashes = after.len() - after.trim_start_matches('#').len();
        let raw = prefix.ends_with('r');
        (raw && after[hashes..].starts_with('"')) || (!raw && after.starts_with(['"', '\'']))
    })?;
    let body = &rest[prefix.len()..];
    if prefix.ends_with('r') {
        let hashes = body.len() - body.trim_start_matches('#').len();
        let end = format!("\"{}", &body[..hashes]);
        let inside = &body[hashes + 1..];
        let length = inside.find(&end).map_or(inside.len(), |at| at + end.len());
        return Some(prefix.len() + hashes + 1 + length);
    }
    let quote = body.chars().next()?;
    if quote == '\'' {
        let mut after = body[1..].chars();
        let first = after.next()?;
        if first != '\\' && after.next() != Some('\'') {
            return None;
        }
    }
    let mut escaped = false;
    for (at, c) in body.char_indices().skip(1) {
        if !escaped && c == quote {
            return Some(prefix.len() + at + 1);
        }
        escaped = !escaped && c == '\\';
    }
    Some(rest.len())
}

/// Every path in the code, groups spelled out: `use a::{b, c::d}` gives `a::b` and `a::c::d`.
fn paths(tokens: &[Token<'_>]) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let after_dot = at > 0 && tokens[at - 1].is(".");
        if tokens[at].kind == Kind::Word && !after_dot {
            at = path(tokens, at, &[], &mut found);
        } else {
            at += 1;
        }
    }
    found
}

/// Reads the path that starts at a word, with what came before a group; gives the place after it.
fn path(
    tokens: &[Token<'_>],
    mut at: usize,
    before: &[String],
    found: &mut Vec<(usize, Vec<String>)>,
) -> usize {
    let line = tokens[at].line;
    let mut parts = before.to_vec();
    parts.push(tokens[at].text.to_owned());
    at += 1;
    while tokens.get(at).is_some_and(|token| token.is("::")) {
        match tokens.get(at + 1) {
            Some(next) if next.kind == Kind::Word || next.is("*") => {
                parts.push(next.text.to_owned());
                at += 2;
            }
            Some(next) if next.is("{") => return group(tokens, at + 2, &parts, found),
            _ => break,
        }
    }
    found.push((line, parts));
    at
}

/// Reads the paths of a group up to its closing brace; gives the place after it.
fn group(
    tokens: &[Token<'_>],
    mut at: usize,
    before: &[String],
    found: &mut Vec<(usize, Vec<String>)>,
) -> usize {
    while let Some(token) = tokens.get(at) {
        at = match token {
            token if token.is("}") => return at + 1,
            token if token.is("as") => at + 2,
            token if token.is("*") => {
                found.push((token.line, [before, &["*".to_owned()]].concat()));
                at + 1
            }
            token if token.kind == Kind::Word => path(tokens, at, before, found),
            _ => at + 1,
        };
    }
    at
}

/// For each token, how many modules deep it stands: those of the file's path and those written in the file.
fn depths(path: &str, tokens: &[Token<'_>]) -> Vec<usize> {
    let inside = path.trim_start_matches("src/").trim_end_matches(".rs");
    let file = inside.split('/').filter(|part| !["mod", "lib", "main"].contains(part)).count();
    let mut open: Vec<bool> = Vec::new();
    let mut found = Vec::with_capacity(tokens.len());
    for (at, token) in tokens.iter().enumerate() {
        if token.is("{") {
            open.push(at >= 2 && tokens[at - 2].is("mod"));
        } else if token.is("}") {
            open.pop();
        }
        found.push(file + open.iter().filter(|&&module| module).count());
    }
    found
}

/// The room of a file, or nothing for `lib.rs` and `main.rs`, which stand above all rooms.
fn room(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/")?;
    inside.split_once('/').map(|(room, _)| room)
}

fn layer(room: &str) -> Option<usize> {
    LAYERS.iter().position(|rooms| rooms.contains(&room))
}

/// Rooms import only rooms of lower layers.
fn imports(source: &Source, tokens: &[Token<'_>], bad: &mut Vec<String>) {
    let Some(from) = room(&source.path) else { return };
    let Some(own) = layer(from) else {
        bad.push(format!("{}:1: {from} is in no layer; give it its place in tests/tidy.rs", source.path));
        return;
    };
    for (line, to) in rooms_named(source, tokens) {
        let wrong = match layer(&to) {
            _ if to == from => continue,
            Some(layer) if layer < own => continue,
            Some(_) => format!("{from} imports {to}"),
            None => format!("{from} imports crate::{to}, which is no room"),
        };
        bad.push(format!("{}:{line}: {wrong}", source.path));
    }
}

/// The first parts of all paths from the crate's root, written with `crate`, `obs` or enough `super`.
fn rooms_named(source: &Source, tokens: &[Token<'_>]) -> Vec<(usize, String)> {
    let depths = depths(&source.path, tokens);
    let mut found = Vec::new();
    for (line, parts) in paths(tokens) {
        let supers = parts.iter().take_while(|part| *part == "super").count();
        let rooted = match parts[0].as_str() {
            "crate" | "obs" if parts.len() > 1 => Some(&parts[1]),
            "super" => {
                let here = tokens.iter().position(|token| token.line == line && token.is("super"));
                here.filter(|&at| depths[at] == supers).and_then(|_| parts.get(supers))
            }
            _ => None,
        };
        if let Some(to) = rooted.filter(|to| *to != "self") {
            found.push((line, to.clone()));
        }
    }
    found
}

/// Words and paths that have no place where they stand.
fn words(source: &Source, tokens: &[Token<'_>], bad: &mut Vec<String>) {
    let code: Vec<Token<'_>> = tokens.iter().filter(|token| token.kind != Kind::Comment).copied().collect();
    let mut say = |line: usize, what: &str| bad.push(format!("{}:{line}: {what}", source.path));
    for (at, token) in code.iter().enumerate() {
        let next = |n: usize| code.get(at + n).map_or("", |token| token.text);
        match token.text {
            "unsafe" if token.kind == Kind::Word && source.path != UNSAFE => {
                say(token.line, &format!("unsafe outside {UNSAFE}"));
            }
            "todo" | "unimplemented" if next(1) == "!" => say(token.line, "unfinished code"),
            "#" => {
                let attribute = if next(1) == "!" { next(3) } else { next(2) };
                if attribute == "allow" {
                    say(token.line, "allow: write #[expect(…, reason = \"…\")]");
                }
                if attribute == "ignore" {
                    say(token.line, "ignore: a test that does not run tests nothing");
                }
            }
            "mod" if DRAWERS.contains(&next(1)) => {
                say(token.line, &format!("a module named {}", next(1)));
            }
            _ => {}
        }
    }
    for comment in tokens.iter().filter(|token| token.kind == Kind::Comment) {
        for (below, text) in comment.text.lines().enumerate() {
            let mut words = text.split(|c: char| !c.is_alphanumeric());
            if let Some(word) = words.find(|word| OPEN_ENDS.contains(word)) {
                say(comment.line + below, &format!("{word}: do it, or say why it is as it is"));
            }
        }
    }
    if !source.path.starts_with("src/") {
        return;
    }
    let model = if room(&source.path) == Some("model") { FOREIGN_TO_MODEL } else { &[] };
    for (line, parts) in paths(&code) {
        for foreign in FOREIGN_TO_ALL.iter().chain(model) {
            let runs = source.path == RUNS && foreign.contains(&"Command");
            if !runs
                && parts.len() >= foreign.len()
                && parts.iter().zip(*foreign).all(|(part, name)| part == name)
            {
                say(line, &format!("{} has no place here", foreign.join("::")));
            }
        }
    }
}

/// What the text as such must be: opened by a sentence, not too long, without blanks at line ends.
fn shape(source: &Source, bad: &mut Vec<String>) {
    let Source { path, text } = source;
    let opening: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("//!")).collect();
    let opened = opening.first().is_some_and(|line| line.trim().len() > 10)
        && opening.iter().any(|line| line.contains('.'));
    if !opened && !text.starts_with("#![doc = include_str!(") {
        bad.push(format!("{path}:1: does not open with a sentence (//!) that says what it is for"));
    }
    let lines = text.lines().count();
    if lines > LONGEST && !LONG.iter().any(|(long, _)| long == path) {
        bad.push(format!("{path}:{lines}: longer than {LONGEST} lines; is it still one thing?"));
    }
    for (at, line) in text.lines().enumerate() {
        if line.trim_end() != line {
            bad.push(format!("{path}:{}: blanks at the end of the line", at + 1));
        }
    }
    let mut names = path.trim_end_matches(".rs").split('/').skip(1);
    if let Some(name) = names.find(|name| DRAWERS.contains(name)) {
        bad.push(format!("{path}:1: a module named {name}"));
    }
}

/// All rules over all sources; each violation as `path:line: what`.
fn check(sources: &[Source]) -> Vec<String> {
    let mut bad = Vec::new();
    for source in sources {
        let tokens = tokens(&source.text);
        let code: Vec<Token<'_>> =
            tokens.iter().filter(|token| token.kind != Kind::Comment).copied().collect();
        shape(source, &mut bad);
        imports(source, &code, &mut bad);
        words(source, &tokens, &mut bad);
    }
    bad
}

/// Files below `folder` whose name ends so, with their paths from the project's root, sorted.
fn files(folder: &str, ending: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                let text = fs::read_to_string(&path).expect("a source in UTF-8");
                let path = path.strip_prefix(root).expect("a path below the root");
                found.push(Source { path: path.to_string_lossy().replace('\\', "/"), text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

#[test]
fn the_sources_keep_the_rules_of_the_house() {
    let sources: Vec<Source> = files("src", ".rs").into_iter().chain(files("tests", ".rs")).collect();
    assert!(sources.len() > 10, "only {} sources found", sources.len());
    let bad = check(&sources);
    assert!(bad.is_empty(), "\n{}", bad.join("\n"));
}

#[test]
fn every_room_has_its_layer_and_every_layer_its_rooms() {
    let sources = files("src", ".rs");
    let found: BTreeSet<&str> = sources.iter().filter_map(|source| room(&source.path)).collect();
    let known: BTreeSet<&str> = LAYERS.iter().copied().flatten().copied().collect();
    assert_eq!(found, known);
}

/// Rooms in which files still import each other in a circle, with how many of them do: the number may only fall. The
/// rooms of the judgement are not among them.
const ROUND: &[(&str, usize)] = &[
    ("cli", 6),
    ("correlate", 2),
    ("filter", 5),
    ("format", 28),
    ("metrics", 2),
    ("model", 2),
    ("promql", 9),
    ("rules", 9),
    ("scan", 2),
    ("source", 4),
];

/// The module of a source: the parts of its path below `src`.
fn module(path: &str) -> Vec<String> {
    let path = path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    path.split('/').map(str::to_owned).collect()
}

/// The modules of its room that a source imports, as far as they are files of their own.
fn imported(source: &Source, known: &BTreeSet<Vec<String>>) -> BTreeSet<Vec<String>> {
    let own = module(&source.path);
    let text = source.text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let code: Vec<Token<'_>> = tokens(text).into_iter().filter(|token| token.kind != Kind::Comment).collect();
    let mut found = BTreeSet::new();
    for (_, parts) in paths(&code) {
        let supers = parts.iter().take_while(|part| *part == "super").count();
        let mut to = match parts[0].as_str() {
            "crate" => parts[1..].to_vec(),
            "super" if supers <= own.len() => [&own[..own.len() - supers], &parts[supers..]].concat(),
            _ => continue,
        };
        while !to.is_empty() && !known.contains(&to) {
            to.pop();
        }
        // A module and those within it are one thing.
        if !to.is_empty() && to[0] == own[0] && !own.starts_with(&to) && !to.starts_with(&own) {
            found.insert(to);
        }
    }
    found
}

#[test]
fn files_of_a_room_do_not_import_each_other_in_a_circle() {
    let sources = files("src", ".rs");
    let known: BTreeSet<Vec<String>> = sources.iter().map(|source| module(&source.path)).collect();
    let edges: BTreeMap<Vec<String>, BTreeSet<Vec<String>>> =
        sources.iter().map(|source| (module(&source.path), imported(source, &known))).collect();
    let reached = |from: &Vec<String>| {
        let mut seen: BTreeSet<Vec<String>> = BTreeSet::new();
        let mut open = vec![from.clone()];
        while let Some(next) = open.pop() {
            open.extend(edges[&next].iter().filter(|to| seen.insert((*to).clone())).cloned());
        }
        seen
    };
    let mut round: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for at in edges.keys().filter(|at| reached(at).contains(*at)) {
        round.entry(at[0].clone()).or_default().push(at.join("::"));
    }
    for (room, files) in &round {
        let most = ROUND.iter().find(|(name, _)| name == room).map_or(0, |(_, most)| *most);
        assert!(
            files.len() <= most,
            "{room}: {} files import each other, {most} did: {files:#?}",
            files.len()
        );
    }
}

#[test]
fn every_test_file_is_part_of_the_test_binary() {
    let tests = files("tests", ".rs");
    let main = tests.iter().find(|source| source.path == "tests/main.rs").expect("tests/main.rs");
    let modules: BTreeSet<&str> = words_after("mod", &main.text).into_iter().collect();
    for source in &tests {
        let name = source.path.trim_start_matches("tests/").trim_end_matches(".rs").trim_end_matches("/mod");
        assert!(
            name == "main" || name.contains('/') || modules.contains(name),
            "{} never runs: say `mod {name};` in tests/main.rs",
            source.path
        );
    }
}

fn words_after<'a>(word: &str, text: &'a str) -> Vec<&'a str> {
    let tokens = tokens(text);
    tokens.windows(2).filter(|pair| pair[0].is(word)).map(|pair| pair[1].text).collect()
}

#[test]
fn every_fixture_folder_is_used_by_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let texts: Vec<Source> = files("tests", ".rs").into_iter().chain(files("src", ".rs")).collect();
    for entry in fs::read_dir(root.join("fixtures")).expect("the fixtures") {
        let path = entry.expect("a readable folder").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let used = texts.iter().any(|source| mentions(&source.text, &name));
        assert!(used || !path.is_dir(), "no test uses fixtures/{name}");
    }
}

/// Does a literal of this source name the fixture folder: `"outage"`, `"fixtures/outage/db.log"`?
fn mentions(text: &str, fixture: &str) -> bool {
    tokens(text).iter().filter(|token| token.kind == Kind::Literal).any(|literal| {
        let inside = literal.text.split_once('"').and_then(|(_, rest)| rest.rsplit_once('"'));
        let inside = inside.map_or("", |(inside, _)| inside);
        let named = inside == fixture || inside.starts_with(&format!("{fixture}/"));
        let spelled = inside.split("fixtures/").skip(1).any(|after| {
            after
                .strip_prefix(fixture)
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-'))
        });
        named || spelled
    })
}

#[test]
fn the_checker_finds_what_is_wrong() {
    let table: &[(&str, &str, &[&str])] = &[
        ("src/filter/a.rs", "use crate::scan::x;", &["2: filter imports scan"]),
        (
            "src/filter/a.rs",
            "use crate::{model::A, fold::{B, C}};",
            &["2: filter imports fold", "2: filter imports fold"],
        ),
        ("src/filter/a.rs", "fn f() { crate::report::escape(1) }", &["2: filter imports report"]),
        ("src/filter/a.rs", "use super::super::scan;", &["2: filter imports scan"]),
        ("src/filter/mod.rs", "mod tests {\n use super::super::scan; }", &["3: filter imports scan"]),
        ("src/rules/a.rs", "use crate::detect::Finding;", &["2: rules imports detect"]),
        ("src/model/a.rs", "use crate::fold;", &["2: model imports fold"]),
        ("src/scan/a.rs", "use obs::cli;", &["2: scan imports cli"]),
        ("src/fold/a.rs", "use crate::{\n    model,\n    cli,\n};", &["4: fold imports cli"]),
        ("src/fold/a.rs", "use crate::*;", &["2: fold imports crate::*, which is no room"]),
        ("src/novel/a.rs", "", &["1: novel is in no layer; give it its place in tests/tidy.rs"]),
        (
            "src/model/a.rs",
            "use std::io::{self, Read};",
            &["2: std::io has no place here", "2: std::io has no place here"],
        ),
        ("src/model/a.rs", "use std::{fmt, fs};", &["2: std::fs has no place here"]),
        (
            "src/model/a.rs",
            "fn now() { std::time::Instant::now(); }",
            &["2: std::time::Instant has no place here"],
        ),
        ("src/model/a.rs", "use regex::bytes::Regex;", &["2: regex has no place here"]),
        ("src/model/a.rs", "use serde_json::Value;", &["2: serde_json has no place here"]),
        ("src/cli/a.rs", "use std::net::TcpStream;", &["2: std::net has no place here"]),
        (
            "src/cli/a.rs",
            "use std::process::{Command, ExitCode};",
            &["2: std::process::Command has no place here"],
        ),
        ("src/cli/a.rs", "unsafe { f() }", &["2: unsafe outside src/source/map.rs"]),
        ("src/cli/a.rs", "#[allow(dead_code)]\nfn f() {}", &["2: allow: write #[expect(…, reason = \"…\")]"]),
        ("src/cli/a.rs", "#[ignore]\nfn f() {}", &["2: ignore: a test that does not run tests nothing"]),
        ("src/cli/a.rs", "// TODO: later", &["2: TODO: do it, or say why it is as it is"]),
        ("src/cli/a.rs", "/* a\n FIXME */", &["3: FIXME: do it, or say why it is as it is"]),
        ("src/cli/a.rs", "fn f() { todo!() }", &["2: unfinished code"]),
        ("src/cli/a.rs", "let x = 1; ", &["2: blanks at the end of the line"]),
        ("src/cli/util.rs", "", &["1: a module named util"]),
        ("src/cli/a.rs", "mod helpers {}", &["2: a module named helpers"]),
        ("tests/a.rs", "#![allow(x)]", &["2: allow: write #[expect(…, reason = \"…\")]"]),
    ];
    for (path, code, expected) in table {
        let text = format!("//! Says what this is for.\n{code}");
        let found = check(&[Source { path: (*path).to_owned(), text }]);
        let expected: Vec<String> = expected.iter().map(|what| format!("{path}:{what}")).collect();
        assert_eq!(found, expected, "{code}");
    }
}

#[test]
fn the_checker_lets_pass_what_is_right() {
    let table = [
        (
            "src/filter/a.rs",
            "use crate::model::{Entry, Level};\nuse crate::filter::parse;\nuse super::parse;",
        ),
        ("src/filter/a.rs", "// use crate::scan;\n/* crate::scan */ /// crate::scan\nfn f() {}"),
        ("src/filter/a.rs", "const S: &str = \"crate::scan TODO\"; const R: &str = r#\"\"crate::scan\"\"#;"),
        (
            "src/filter/a.rs",
            "fn f<'a>(s: &'a str) -> char { '\"' }\nuse crate::model;\nconst Q: char = '\\'';",
        ),
        (
            "src/filter/mod.rs",
            "mod tests { use super::scan; }\npub(crate) mod scan;\npub(in crate::filter) fn f() {}",
        ),
        ("src/filter/a.rs", "fn f() { self.scan.net(); scan::x() }"),
        ("src/rules/a.rs", "use crate::{model as m, promql::Value, scan::scan};"),
        ("src/cli/a.rs", "use crate::{correlate, detect, rules};\nuse std::process::ExitCode;"),
        ("src/source/map.rs", "unsafe { f() }"),
        ("src/model/a.rs", "use std::time::Duration;\nuse crate::model::value::regex;"),
        ("src/main.rs", "fn main() { obs::cli::main() }"),
        ("src/cli/a.rs", "#[expect(dead_code, reason = \"unsafe allow ignore\")]\nfn f() {}"),
    ];
    for (path, code) in table {
        let text = format!("//! Says what this is for.\n{code}");
        assert_eq!(check(&[Source { path: path.to_owned(), text }]), Vec::<String>::new(), "{code}");
    }
}

#[test]
fn the_checker_looks_at_the_opening_and_the_length() {
    let one = |text: String| check(&[Source { path: "src/cli/a.rs".to_owned(), text }]);
    let unopened = ["src/cli/a.rs:1: does not open with a sentence (//!) that says what it is for"];
    assert_eq!(one("use crate::model;".to_owned()), unopened);
    assert_eq!(one("//!\nuse crate::model;".to_owned()), unopened);
    let long = format!("//! Says what this is for.\n{}", "fn f() {}\n".repeat(LONGEST));
    assert_eq!(one(long), ["src/cli/a.rs:801: longer than 800 lines; is it still one thing?"]);
    assert!(LONG.iter().all(|(_, reason)| !reason.is_empty()));
}

#[test]
fn a_fixture_counts_as_used_only_by_its_own_name() {
    for (text, used) in [
        ("open(\"fixtures/calm/db.log\")", true),
        ("fixture(\"calm\")", true),
        ("fixture(\"calm/db.log\")", true),
        ("run(\"investigate fixtures/calm --output json\")", true),
        ("open(\"fixtures/calmer/db.log\")", false),
        ("// fixtures/calm", false),
        ("fn calm() {}", false),
    ] {
        assert_eq!(mentions(text, "calm"), used, "{text}");
    }
}
