//! Logs as hundreds of programs write them, each read as a file of its own: every entry whole, at its time, with
//! its level. The lines are made up after what the programs' manuals say; the cases are in `tests/software/`.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use obs::format::time::Clock;
use obs::model::{Role, Value};

use crate::corpus::{Read, read, survey};

/// When the files were last written: 2024-12-31T12:00:00Z.
const WRITTEN: u64 = 1_735_646_400;

/// A log of one program.
#[derive(Debug, Default)]
struct Case {
    name: String,
    entries: Vec<Expected>,
}

/// An entry of a case: `@@ TIME LEVEL role=value …`, then its lines. `-` is none, `?` is any.
#[derive(Debug, Default)]
struct Expected {
    ts: String,
    level: String,
    roles: Vec<(Role, String)>,
    text: String,
}

fn cases(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("@@@ ") {
            cases.push(Case { name: name.to_owned(), ..Case::default() });
        } else if let Some(head) = line.strip_prefix("@@ ") {
            let mut words = head.split(' ').map(str::to_owned);
            let (ts, level) = (words.next().expect("a time"), words.next().expect("a level"));
            let roles = words.map(|word| {
                let (name, value) = word.split_once('=').expect("role=value");
                let role = Role::ALL.into_iter().find(|role| role.name() == name);
                (role.expect("a role"), value.to_owned())
            });
            let entry = Expected { ts, level, roles: roles.collect(), ..Expected::default() };
            cases.last_mut().expect("a case").entries.push(entry);
        } else if let Some(entry) = cases.last_mut().and_then(|case| case.entries.last_mut()) {
            entry.text.push_str(line);
            entry.text.push('\n');
        }
    }
    // The blank line between cases is of neither.
    for entry in cases.iter_mut().filter_map(|case| case.entries.last_mut()) {
        if entry.text.ends_with("\n\n") {
            entry.text.pop();
        }
    }
    cases
}

fn read_as_file(folder: &Path, text: &str) -> Vec<Read> {
    let path = folder.join("x.log");
    fs::write(&path, text).expect("a file");
    let written = SystemTime::UNIX_EPOCH + Duration::from_secs(WRITTEN);
    let file = File::options().write(true).open(&path).expect("the file");
    file.set_modified(written).expect("a time");
    read(&survey(&path))
}

/// What is not as it should be, if anything.
fn problems(case: &Case, read: &[Read]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut line = 0;
    for entry in &case.entries {
        let blank = entry.text.lines().take_while(|line| line.trim().is_empty()).count();
        let first = line + blank;
        line += entry.text.lines().count();
        if entry.ts == "-" && entry.level == "-" {
            if let Some(read) = read.iter().find(|read| (first..line).contains(&read.line))
                && (read.ts.is_some() || read.level.is_some())
            {
                problems.push(format!("{:?} {:?} of {:?}", read.ts, read.level, entry.text));
            }
            continue;
        }
        let starts = |read: &&Read| {
            let raw = String::from_utf8_lossy(&read.raw).into_owned();
            read.line + raw.lines().take_while(|line| line.trim().is_empty()).count() == first
        };
        let Some(read) = read.iter().find(starts) else {
            problems.push(format!("no entry starts at {:?}", entry.text));
            continue;
        };
        let raw = String::from_utf8_lossy(&read.raw).into_owned();
        if raw.trim() != entry.text.trim() {
            problems.push(format!("the entry is {raw:?}, not {:?}", entry.text));
        }
        let clock = Clock::default();
        let ts = clock.value(Value::plain(entry.ts.as_bytes()));
        if entry.ts != "?" && read.ts != ts {
            let shown = read.ts.map(|ts| ts.to_string());
            problems.push(format!("{shown:?}, not {}, of {:?}", entry.ts, entry.text));
        }
        let level = read.level.map_or("-", obs::model::Level::name);
        if entry.level != "?" && level != entry.level {
            problems.push(format!("{level}, not {}, of {:?}", entry.level, entry.text));
        }
        for (role, expected) in &entry.roles {
            let found = read.roles.iter().find(|(of, _)| of == role).map(|(_, text)| text.as_str());
            if found != Some(expected) {
                problems.push(format!("{} {found:?}, not {expected}, of {:?}", role.name(), entry.text));
            }
        }
    }
    problems
}

#[test]
fn software_of_all_kinds_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut all, mut whole, mut entries) = (0, 0, 0);
    let mut failed = Vec::new();
    let texts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/software");
    let mut files: Vec<_> =
        fs::read_dir(texts).expect("the cases").map(|file| file.expect("a file").path()).collect();
    files.sort();
    for file in files {
        for case in cases(&fs::read_to_string(&file).expect("the cases")) {
            let text: String = case.entries.iter().map(|entry| entry.text.as_str()).collect();
            let read = read_as_file(folder.path(), &text);
            let bytes: Vec<u8> =
                read.iter().flat_map(|read| read.raw.iter().copied().chain([b'\n'])).collect();
            let lost = String::from_utf8_lossy(&bytes).trim_end() != text.trim_end();
            let mut problems = problems(&case, &read);
            if lost {
                problems.push("entries put together are not the file".to_owned());
            }
            all += 1;
            entries += case.entries.len();
            whole += usize::from(problems.is_empty());
            failed.extend(problems.iter().map(|problem| format!("{}: {problem}", case.name)));
        }
    }
    eprintln!("software: {whole} of {all} logs, {entries} entries");
    assert!(failed.is_empty(), "{} wrong:\n{}", failed.len(), failed.join("\n"));
}
