//! Measures how well the logs of `../shared/corpus` are read; says so with `--nocapture`. Silent without them.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "this test reads the corpora beside the project and prints its scores"
)]

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use obs::format::log::reader::ReadOptions;
use obs::format::time;
use obs::model::{Level, Needs, Role, Timestamp, Value};
use obs::scan::{self, Input, ScanOptions, Selection, SurveyOptions};
use obs::timeline::phrase;
use obs::timeline::recent::RecentTexts;

/// An entry, as far as it is compared.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) line: usize,
    pub(crate) ts: Option<Timestamp>,
    pub(crate) level: Option<Level>,
    message: String,
    pub(crate) roles: Vec<(Role, String)>,
    pub(crate) raw: Vec<u8>,
    understood: bool,
}

fn corpus(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/logs").join(name);
    path.is_dir().then_some(path)
}

fn options() -> ScanOptions {
    ScanOptions {
        threads: 2,
        chunk: scan::CHUNK,
        map: true,
        read: ReadOptions::default(),
        cancel: Arc::new(AtomicBool::new(false)),
        progress: Arc::default(),
        apart: None,
    }
}

/// Every file on its own, so that none tells another's year.
pub(crate) fn survey(path: &Path) -> Vec<Input> {
    scan::survey(&[path.to_owned()], &SurveyOptions::default(), &options()).logs
}

pub(crate) fn read(inputs: &[Input]) -> Vec<Read> {
    let mut needs = Needs::none();
    for role in Role::ALL {
        needs.role(role);
    }
    let selection = Selection::everything(needs.clone());
    let mut all = Vec::new();
    scan::run(
        inputs,
        &needs,
        &options(),
        || (),
        |(), chunk| {
            let mut entries = Vec::new();
            let _ = chunk.entries(&selection, |entry| {
                entries.push(Read {
                    line: entry.location.line as usize,
                    ts: entry.slots.ts,
                    level: entry.slots.level,
                    message: entry.slots.role(Role::Message).text().unwrap_or_default().into_owned(),
                    roles: Role::ALL
                        .into_iter()
                        .filter_map(|role| Some((role, entry.slots.role(role).text()?.into_owned())))
                        .collect(),
                    raw: entry.raw.to_vec(),
                    understood: entry.understood,
                });
                ControlFlow::Continue(())
            });
            entries
        },
        |delivered| {
            let before = delivered.lines_before as usize;
            all.extend(delivered.output.into_iter().map(|mut read| {
                read.line += before;
                read
            }));
            ControlFlow::Continue(())
        },
    );
    all
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect();
    files.sort();
    files
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Do two times agree, but for the year if `expected` has none?
fn same_time(expected: &str, got: Timestamp) -> bool {
    let shown = got.to_string();
    let yearless = expected.starts_with("YYYY");
    let expected = expected.replacen("YYYY", &shown[..4], 1);
    let clock = time::Clock::default();
    clock.value(Value::plain(expected.as_bytes())).is_some_and(|ts| {
        // Some of the true times have no fraction although the log has one.
        if yearless || !expected.contains('.') {
            ts.0 / 1_000_000_000 == got.0 / 1_000_000_000
        } else {
            ts == got
        }
    })
}

#[test]
fn crowdsec_times_are_right() {
    let Some(folder) = corpus("crowdsec") else { return };
    let times = fs::read_to_string(folder.join("times.tsv")).expect("the times");
    let mut expected: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
    for line in times.lines().skip(1) {
        let parts: Vec<&str> = line.split('\t').collect();
        expected.entry(parts[0]).or_default().push((parts[1].parse().expect("a number"), parts[2]));
    }
    let (mut right, mut wrong, mut missing) = (0, 0, 0);
    for (file, times) in &expected {
        let text = String::from_utf8_lossy(&fs::read(folder.join(file)).expect("the log")).into_owned();
        let nonblank: Vec<usize> = text
            .split('\n')
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(at, _)| at)
            .collect();
        let entries = read(&survey(&folder.join(file)));
        let mut bad = Vec::new();
        for (number, time) in times {
            let line = nonblank[number - 1];
            match entries.iter().find(|entry| entry.line == line).and_then(|entry| entry.ts) {
                Some(ts) if same_time(time, ts) => right += 1,
                Some(ts) => {
                    wrong += 1;
                    bad.push(format!("line {}: {ts}, not {time}", line + 1));
                }
                None => {
                    missing += 1;
                    bad.push(format!("line {}: none, not {time}", line + 1));
                }
            }
        }
        if !bad.is_empty() {
            println!("crowdsec {file}: {} of {} wrong: {}", bad.len(), times.len(), bad[0]);
        }
    }
    println!("crowdsec times: {right} right, {wrong} wrong, {missing} missing");
    assert!(wrong == 0 && missing == 0, "{wrong} wrong, {missing} missing");
}

/// Is this a time at which a log can have been written?
fn plausible(ts: Timestamp) -> bool {
    (631_152_000..4_102_444_800).contains(&(ts.0 / 1_000_000_000))
}

#[test]
fn crowdsec_files_have_times() {
    let Some(folder) = corpus("crowdsec") else { return };
    let (mut whole, mut some, mut all) = (0, 0, 0);
    for path in files(&folder, ".log") {
        let entries = read(&survey(&path));
        let timed = entries.iter().filter(|entry| entry.ts.is_some_and(plausible)).count();
        all += 1;
        some += usize::from(timed > 0);
        whole += usize::from(timed * 20 >= entries.len() * 19 && timed > 0);
        if timed * 20 < entries.len() * 19 || timed == 0 {
            let first =
                entries.iter().find(|entry| entry.ts.is_none()).map_or("", |entry| entry.message.as_str());
            println!(
                "crowdsec {}: {timed} of {} entries with a time: {first:.90}",
                name(&path),
                entries.len()
            );
        }
    }
    println!("crowdsec files: {whole} of {all} whole, {some} at all");
    assert!(whole * 100 >= all * 95, "{whole} of {all}");
}

#[test]
fn lnav_files_have_times_and_levels() {
    let Some(folder) = corpus("lnav") else { return };
    let (mut good, mut all) = (0, 0);
    for path in files(&folder, "") {
        let text = String::from_utf8_lossy(&fs::read(&path).expect("the log")).into_owned();
        let entries = read(&survey(&path));
        let timed = entries.iter().filter(|entry| entry.ts.is_some_and(plausible)).count();
        let levels = entries.iter().filter(|entry| entry.level.is_some()).count();
        let written = text.lines().filter(|line| has_level(line)).count();
        all += 1;
        let fine = timed > 0 && timed * 2 >= entries.len() && levels * 10 >= written.min(entries.len()) * 9;
        good += usize::from(fine);
        println!(
            "lnav {}{}: {} entries, {timed} times, {levels} levels ({written} lines with one), {} understood",
            if fine { "" } else { "- " },
            name(&path),
            entries.len(),
            entries.iter().filter(|entry| entry.understood).count()
        );
    }
    println!("lnav: {good} of {all}");
    assert!(good * 100 >= all * 90, "{good} of {all}");
}

/// Is a level written in capitals, or as a field?
fn has_level(line: &str) -> bool {
    ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
        .iter()
        .any(|level| line.split(|c: char| !c.is_alphanumeric()).any(|word| word == *level))
        || line.contains("\"level\":\"")
}

#[test]
fn loghub_systems_are_read_line_by_line() {
    let Some(folder) = corpus("loghub") else { return };
    let mut good = 0;
    for path in files(&folder, ".log") {
        let table = fs::read_to_string(format!("{}_structured.csv", path.display())).expect("the columns");
        let mut rows = table.lines().map(fields);
        let names = rows.next().expect("a header");
        let column = |row: &[String], wanted: &str| {
            names.iter().position(|name| name == wanted).map(|at| row[at].clone()).unwrap_or_default()
        };
        let entries = read(&survey(&path));
        let mut bad: Vec<String> = Vec::new();
        let mut count = 0;
        for (index, row) in rows.enumerate() {
            count += 1;
            let Some(entry) = entries.iter().find(|entry| entry.line == index) else {
                bad.push(format!("line {} starts no entry", index + 1));
                continue;
            };
            let written = expected_time(&name(&path), |wanted| column(&row, wanted));
            let shown = entry.ts.map(|ts| ts.to_string()).unwrap_or_default();
            let level = column(&row, "Level");
            let level = Level::from_word(level.as_bytes());
            if !shown.contains(&written) {
                bad.push(format!("line {}: {shown}, not {written}", index + 1));
            } else if names.iter().any(|name| name == "Level") && level != entry.level {
                bad.push(format!("line {}: level {:?}, not {level:?}", index + 1, entry.level));
            }
        }
        good += usize::from(bad.is_empty());
        let first = bad.first().cloned().unwrap_or_default();
        println!("loghub {}: {} of {count} right {first}", name(&path), count - bad.len());
    }
    println!("loghub: {good} of 7");
    assert_eq!(good, 7);
}

/// A part of the time as RFC 3339 shows it, from the columns of the system.
fn expected_time(system: &str, column: impl Fn(&str) -> String) -> String {
    let epoch = |text: String| {
        Timestamp::new(text.parse().expect("a number"), 0)
            .map(|ts| ts.to_string().trim_end_matches('Z').to_owned())
    };
    match system.split('_').next().unwrap_or_default() {
        "BGL" | "Thunderbird" => epoch(column("Timestamp")).unwrap_or_default(),
        "HPC" => epoch(column("Time")).unwrap_or_default(),
        "HealthApp" => {
            let text = column("Time");
            let (date, time) = text.split_once('-').expect("a dash");
            let parts: Vec<u32> = time.split(':').map(|part| part.parse().expect("a number")).collect();
            let millis = if parts[3] == 0 { "Z".to_owned() } else { format!(".{:03}Z", parts[3]) };
            format!(
                "{}-{}-{}T{:02}:{:02}:{:02}{millis}",
                &date[..4],
                &date[4..6],
                &date[6..],
                parts[0],
                parts[1],
                parts[2]
            )
        }
        "Proxifier" => {
            let text = column("Time");
            format!("{}-{}T{}", &text[..2], &text[3..5], &text[6..])
        }
        "Spark" => format!("20{}T{}", column("Date").replace('/', "-"), column("Time")),
        _ => format!("{}T{}", column("Date"), column("Time").trim_end_matches(".000")),
    }
}

/// The fields of a line of CSV.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                fields.last_mut().expect("one").push('"');
                chars.next();
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            _ => fields.last_mut().expect("one").push(c),
        }
    }
    fields
}

/// The columns of a line of CSV.
fn columns(line: &str) -> Vec<String> {
    let (mut columns, mut quoted, mut chars) = (vec![String::new()], false, line.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                columns.last_mut().expect("a column").push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => columns.push(String::new()),
            c => columns.last_mut().expect("a column").push(c),
        }
    }
    columns
}

/// The share of lines whose group is exactly the group of the truth.
fn grouping_accuracy(groups: &[Vec<u8>], truth: &[String]) -> f64 {
    let mut ours: BTreeMap<&[u8], Vec<usize>> = BTreeMap::new();
    let mut theirs: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, (group, event)) in groups.iter().zip(truth).enumerate() {
        ours.entry(group).or_default().push(at);
        theirs.entry(event).or_default().push(at);
    }
    let right = |lines: &&Vec<usize>| theirs[truth[lines[0]].as_str()] == **lines;
    let right: usize = ours.values().filter(right).map(Vec::len).sum();
    right as f64 / truth.len() as f64
}

#[test]
fn loghub_templates_are_grouped_as_people_group_them() {
    let Some(folder) = corpus("loghub") else { return };
    let mut scores = Vec::new();
    for csv in files(&folder, "_structured.csv") {
        let log = PathBuf::from(csv.to_string_lossy().replace("_structured.csv", ""));
        let text = String::from_utf8_lossy(&fs::read(&csv).expect("the truth")).into_owned();
        let mut lines = text.lines();
        let header = columns(lines.next().expect("a header"));
        let event = header.iter().position(|name| name == "EventId").expect("the column");
        let truth: Vec<String> = lines.map(|line| columns(line)[event].clone()).collect();
        let mut phrases = vec![Vec::new(); truth.len()];
        let mut recent = RecentTexts::new(phrase::phrase);
        for read in read(&survey(&log)) {
            let Some(key) = phrases.get_mut(read.line) else { continue };
            phrase::of_entry(Some(read.message.as_bytes()), &read.raw, &mut recent, key);
        }
        let keys: Vec<&[u8]> = phrases.iter().map(Vec::as_slice).collect();
        let groups = obs::timeline::template::group(&keys);
        let score = grouping_accuracy(&groups, &truth);
        println!("{:<22} grouping accuracy {score:.3}", name(&log));
        scores.push(score);
    }
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    println!("{:<22} grouping accuracy {mean:.3}", "mean");
    assert!(mean >= 0.90, "{mean}");
}
