//! Nothing breaks it: limits, borders of blocks, files half written, clocks that are wrong, and what looks like success.

use std::fmt::Write as _;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use obs::format::log::reader::ReadOptions;
use obs::model::{Needs, Severity};
use obs::scan::{self, ScanOptions, Selection, SurveyOptions};
use obs::source::faults;
use proptest::prelude::*;
use serde_json::Value as Json;

use crate::program::*;

/// Each of these ids in as many entries as it is great.
fn ids(count: u32) -> String {
    let mut text = String::new();
    for n in 0..count {
        for _ in 0..=n % 3 {
            let _ = writeln!(
                text,
                "ts=2024-05-01T10:00:{:02}Z level=info user=u{n} duration={n}ms msg=x",
                n % 60
            );
        }
    }
    text
}

#[test]
fn groups_beyond_the_limit_are_one_more() {
    let folder = temporary();
    let log = folder.path().join("a.log");
    fs::write(&log, ids(200)).expect("a file");
    let log = log.to_string_lossy().into_owned();
    let all = obs(&["stats", &log, "--by", "user", "--output", "json"]).json();
    let few = ["stats", &log, "--by", "user", "--output", "json", "--most", "20"];
    let ran = obs(&few);
    assert_eq!((ran.code, ran.said("error")), (2, 1), "{}", ran.stderr);
    assert!(ran.stderr.contains("more than 20 groups"), "{}", ran.stderr);
    let json = ran.json();
    let groups = json["groups"].as_array().expect("groups");
    assert_eq!(groups.len(), 21);
    // What is kept is right, and nothing is lost.
    for group in &groups[..20] {
        assert!(all["groups"].as_array().expect("groups").contains(group), "{group}");
    }
    assert_eq!(groups[20]["rest"], true);
    let entries = |groups: &Json| -> u64 {
        groups.as_array().expect("groups").iter().filter_map(|group| group["entries"].as_u64()).sum()
    };
    assert_eq!(entries(&json["groups"]), entries(&all["groups"]));
    for more in [&["--chunk", "90", "-j3"][..], &["--no-mmap", "-j1"]] {
        assert_eq!(obs(&[&few[..], more].concat()).stdout, ran.stdout, "{more:?}");
    }
    let by_time = obs(&[&few[..], &["--every", "10s"]].concat());
    assert_eq!((by_time.code, by_time.json()["groups"].as_array().map(Vec::len)), (2, Some(21)));
    let table = obs(&["stats", &log, "--by", "user", "--most", "20"]).text();
    assert!(table.lines().any(|line| line.trim_start().starts_with("other ")), "{table}");
}

#[test]
fn a_form_is_answered_or_refused() {
    let folder = temporary();
    fs::write(folder.path().join("a.log"), lines(20)).expect("a file");
    fs::write(folder.path().join("m.prom"), "up{job=\"a\"} 1 1714557600000\nup{job=\"a\"} 0 1714557660000\n")
        .expect("a file");
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (log, metrics) = (path("a.log"), path("m.prom"));
    let commands: [&[&str]; 14] = [
        &["stats", &log],
        &["templates", &log],
        &["detect", &log],
        &["detect", "--list"],
        &["correlate", &log],
        &["investigate", &log],
        &["fields", &log],
        &["grep", "ERROR", &log],
        &["grep", "-c", "ERROR", &log],
        &["grep", "-l", "ERROR", &log],
        &["grep", "-L", "ERROR", &log],
        &["query", "up", &metrics],
        &["formats", "list"],
        &["formats", "explain", &log],
    ];
    for command in commands {
        for form in ["json", "jsonl", "csv", "markdown", "html", "junit", "sarif", "github"] {
            let ran = obs(&[command, &["--output", form]].concat());
            if ran.code == 2 {
                assert!(ran.stderr.contains(form), "{command:?} {form}: {}", ran.stderr);
                assert_eq!(ran.text(), "", "{command:?} {form}");
                continue;
            }
            assert!(!ran.stdout.is_empty() || form == "jsonl", "{command:?} {form}");
            let is_json = |text: &str| serde_json::from_str::<Json>(text).is_ok();
            match form {
                "json" => assert!(is_json(&ran.text()), "{command:?}"),
                "jsonl" => assert!(ran.text().lines().all(is_json), "{command:?}"),
                _ => {}
            }
        }
    }
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let folder = temporary();
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    fs::write(at("a.log"), lines(60)).expect("a file");
    fs::write(at("page.html"), "old").expect("a file");
    let left = || {
        let mut names: Vec<_> =
            fs::read_dir(folder.path()).expect("a folder").flatten().map(|e| e.file_name()).collect();
        names.sort();
        names
    };
    // Files may not get longer than 1 KiB: what is written ends with an error, as on a disk that is full.
    let line =
        format!("trap '' XFSZ; ulimit -f 2; \"$OBS\" investigate {} --html {}", at("a.log"), at("page.html"));
    let ran = shell(&line);
    assert_eq!((ran.code, ran.said("error")), (2, 1), "{}", ran.stderr);
    assert!(ran.text().contains("60 entries"), "the answer is lost: {}", ran.text());
    assert_eq!(fs::read_to_string(at("page.html")).expect("the page"), "old");
    assert_eq!(left(), ["a.log", "page.html"]);
    // A page that can be written replaces the old one, with its permissions; a link stays one.
    std::os::unix::fs::symlink("page.html", at("link.html")).expect("a link");
    let ran = obs(&["investigate", &at("a.log"), "--html", &at("link.html")]);
    assert_eq!(ran.said("error"), 0, "{}", ran.stderr);
    assert!(fs::read_to_string(at("page.html")).expect("the page").ends_with("</html>\n"));
    assert!(fs::symlink_metadata(at("link.html")).expect("the link").is_symlink());
    // What cannot be written is told before anything is read, and nothing is written over what is read.
    for (html, said) in
        [("none/page.html", "cannot be written"), (".", "is a directory"), ("a.log", "is read by this run")]
    {
        let ran = obs(&["investigate", &at("a.log"), "--html", &at(html)]);
        assert_eq!((ran.code, ran.text().as_str()), (2, ""), "{html}: {}", ran.stderr);
        assert!(ran.stderr.contains(said), "{html}: {}", ran.stderr);
    }
    assert_eq!(fs::read_to_string(at("a.log")).expect("the log"), lines(60));
    assert_eq!(left(), ["a.log", "link.html", "page.html"]);
}

#[test]
fn own_answers_are_left_alone() {
    let folder = temporary();
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    fs::write(at("a.log"), lines(60)).expect("a file");
    let mut written = 0;
    for command in ["stats", "templates", "detect", "correlate", "investigate", "fields"] {
        for form in ["json", "html"] {
            let ran = obs(&[command, &at("a.log"), "--output", form]);
            fs::write(at(&format!("{command}.{form}")), &ran.stdout).expect("a file");
            written += 1;
        }
    }
    let ran = obs(&["stats", &folder.path().to_string_lossy(), "--output", "json"]);
    let input = &ran.json()["input"];
    assert_eq!((input["lines"].as_u64(), input["skipped"].as_u64()), (Some(60), Some(written)), "{input}");
    let named = obs(&["stats", &at("detect.json"), "--verbose"]);
    assert!(
        named.stderr.contains("an answer of obs") || named.text().contains("an answer of obs"),
        "{named:?}"
    );
    // Any other page is none that is looked for, but is read where it is named.
    fs::write(at("page.html"), "<!doctype html>\n<p>ERROR: no</p>\n").expect("a file");
    assert_eq!(obs(&["grep", "-c", "ERROR", &at("page.html")]).text(), "1\n");
}

#[test]
fn what_was_typed_reaches_no_terminal_as_it_is() {
    let typed = "\u{1b}[31mX\u{7}";
    let typed_option = format!("--{typed}");
    let typed_file = format!("none/{typed}");
    let commands: [&[&str]; 13] = [
        &[typed],
        &["stats", &typed_option],
        &["stats", "--output", typed],
        &["stats", "--tz", typed],
        &["stats", "--where", typed],
        &["stats", "--threads", typed],
        &["stats", typed],
        &["grep", "x", "--level", typed],
        &["query", typed, "fixtures"],
        &["completions", typed],
        &["help", typed],
        &["investigate", "--html", &typed_file, typed],
        &["check-rules", "-r", typed],
    ];
    for command in commands {
        let ran = obs(command);
        let raw = |text: &str| text.contains(['\u{1b}', '\u{7}']);
        assert!(!raw(&ran.stderr) && !raw(&ran.text()), "{command:?}: {ran:?}");
        assert_eq!(ran.code, 2, "{command:?}");
    }
}

#[test]
fn a_configuration_that_nobody_named_is_told() {
    let folder = temporary();
    fs::write(folder.path().join("a.log"), lines(3)).expect("a file");
    fs::write(folder.path().join("obs.yaml"), "zones: {\"*\": Asia/Seoul}\n").expect("a file");
    let run =
        |args: &[&str]| Ran::of(&program().args(args).current_dir(folder.path()).output().expect("it runs"));
    let ran = run(&["stats", "a.log"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, "obs: obs.yaml is used\n"));
    assert_eq!(run(&["stats", "a.log", "--config", "obs.yaml"]).stderr, "");
    assert_eq!(run(&["stats", "a.log", "-q"]).stderr, "");
}

#[test]
fn clocks_that_are_wrong_by_centuries_break_nothing() {
    let folder = temporary();
    let log = folder.path().join("a.log");
    let mut text = String::new();
    let times = [
        "1677-09-21T00:12:44Z",
        "1700-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z",
        "2024-01-01T00:00:00Z",
        "2024-01-01T00:00:01Z",
        "2261-12-31T23:59:59Z",
        "2262-04-11T23:47:16Z",
    ];
    for (n, ts) in times.iter().cycle().take(70).enumerate() {
        let level = if n % 2 == 0 { "error" } else { "info" };
        let _ = writeln!(
            text,
            "{{\"ts\":\"{ts}\",\"level\":\"{level}\",\"service\":\"s{}\",\"request_id\":\"abcdef{:02}\",\"msg\":\"connection timeout\",\"duration_ms\":{n}}}",
            n % 3,
            n % 9
        );
    }
    fs::write(&log, text).expect("a file");
    let log = log.to_string_lossy().into_owned();
    let requests = obs(&["correlate", &log, "--output", "json"]).json();
    for request in requests["requests"].as_array().expect("requests") {
        assert!(request["duration_ms"].as_f64() >= Some(0.0), "{request}");
        assert!(request["longest_gap"]["ms"].as_f64() >= Some(0.0), "{request}");
    }
    let commands: [&[&str]; 12] = [
        &["stats", &log, "--every", "1h"],
        &["stats", &log, "--slo", "99", "--heat-map", "--why", "p99"],
        &["templates", &log],
        &["detect", &log],
        &["investigate", &log],
        &["correlate", &log, "--id", "abcdef01"],
        &["correlate", &log, "--graph"],
        &["fields", &log],
        &["grep", "", &log, "--sort", "time", "--gaps", "1h"],
        &["query", "sum(log_entries_total)", &log, "--at", "end"],
        &["query", "rate(log_entries_total[5m])", &log],
        &["grep", "", &log, "--pretty", "--sort", "time"],
    ];
    for command in commands {
        let ran = obs(command);
        assert!(ran.code < 3, "{command:?}: {ran:?}");
        // No length of time is less than nothing.
        assert!(!ran.text().contains(" -2") || command[0] != "correlate", "{command:?}: {}", ran.text());
    }
}

#[test]
fn metrics_of_logs_need_no_more_than_their_entries() {
    let folder = temporary();
    let log = folder.path().join("a.log");
    fs::write(&log, "1990-05-01 10:00:00 ERROR x - a\n2024-05-01 10:00:00 ERROR x - b\n").expect("a file");
    let log = log.to_string_lossy().into_owned();
    let ran = obs(&["query", "sum(log_entries_total)", &log, "--at", "end", "--output", "json"]);
    assert_eq!(ran.json()["data"]["result"][0]["value"][1], "2", "{ran:?}");
    assert_eq!((ran.code, ran.said("warning")), (0, 1), "{}", ran.stderr);
    // Where something happens it is counted as ever.
    for at in ["1990-05-01T10:00:30Z", "2024-05-01T10:00:00Z"] {
        let ran =
            obs(&["query", "sum(increase(log_entries_total[1m]))", &log, "--at", at, "--output", "json"]);
        assert_ne!(ran.json()["data"]["result"][0]["value"][1], "0", "{at}: {ran:?}");
    }
}

/// Lines that start entries, go on with them, or stand alone, of several formats.
const ROWS: &[&str] = &[
    "2025-08-15T14:04:36.592691Z\t   10 Query\tselect @@version_comment limit 1",
    "2bles",
    "\" autofocus onkeocket",
    "2025-0:-15T14:04:44.247491Z\t   10 Query\tselect * from tezsttab",
    "2025-08-15 14:04:36,592 ERROR [main] c.a.Till - late",
    "java.lang.IllegalStateException: no",
    "\tat c.a.Till.run(Till.java:7)",
    "    at c.a.Till.run(Till.java:7)",
    "Caused by: java.io.IOException: gone",
    "Traceback (most recent call last):",
    "  File \"a.py\", line 3, in f",
    "    f()",
    "    ^^^",
    "ValueError: no",
    "Aug 15, 2025 2:04:36 PM c.a.Till run",
    "SEVERE: late",
    "{\"ts\":\"2025-08-15T14:04:36Z\",\"level\":\"info\",\"msg\":\"ok\"}",
    "2025-08-15T14:04:36.592691123Z stdout F whole",
    "2025-08-15T14:04:36.592691123Z stdout P a part",
    "2025-08-15T14:04:36.592691123Z stderr P another part",
    "<13>1 2025-08-15T14:04:36Z host app 7 - - said",
    "",
];

pub(crate) fn tar(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut header = [0_u8; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..107].copy_from_slice(b"0000644");
    header[124..135].copy_from_slice(format!("{:011o}", bytes.len()).as_bytes());
    header[136..147].copy_from_slice(b"00000000000");
    header[156] = b'0';
    header[257..263].copy_from_slice(b"ustar\0");
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|b| u32::from(*b)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    let mut archive = header.to_vec();
    archive.extend_from_slice(bytes);
    archive.resize(archive.len().next_multiple_of(512) + 1024, 0);
    archive
}

/// Entries with their places, without the names of files; and the account.
fn read(path: &str, more: &[&str]) -> (Vec<Json>, [Json; 4]) {
    let entries = obs(&[&["grep", "", path, "--output", "jsonl"][..], more].concat());
    let entries: Vec<Json> = entries
        .text()
        .lines()
        .map(|line| {
            let mut entry: Json = serde_json::from_str(line).expect("an entry");
            for name in ["file", "service", "timestamp", "ts"] {
                entry.as_object_mut().expect("an object").remove(name);
            }
            entry
        })
        .collect();
    let account = obs(&[&["stats", path, "--output", "json"][..], more].concat()).json()["input"].clone();
    (entries, ["lines", "entries", "continuation", "unparsed"].map(|name| account[name].clone()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn entries_are_the_same_wherever_they_are_read_from(
        rows in proptest::collection::vec(0..ROWS.len(), 1..30),
        chunk in 1_usize..400,
        ends in proptest::bool::ANY,
    ) {
        let folder = temporary();
        let mut text = rows.iter().map(|row| ROWS[*row]).collect::<Vec<_>>().join("\n");
        if ends {
            text.push('\n');
        }
        let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        fs::write(at("a.log"), &text).expect("a file");
        fs::write(at("a.log.gz"), gzip(text.as_bytes())).expect("a file");
        fs::write(at("a.tar.gz"), gzip(&tar("a.log", text.as_bytes()))).expect("a file");
        let whole = read(&at("a.log"), &[]);
        let chunk = chunk.to_string();
        for (name, more) in [
            ("a.log", &["--chunk", &chunk][..]),
            ("a.log", &["--chunk", &chunk, "--no-mmap"]),
            ("a.log.gz", &["--chunk", &chunk, "-j3"]),
            ("a.tar.gz", &["--chunk", &chunk]),
        ] {
            prop_assert_eq!(&read(&at(name), more), &whole, "{} {:?}", name, more);
        }
    }
}

#[test]
fn what_was_read_of_a_pipe_is_sorted_when_interrupted() {
    let mut command = program();
    command.args(["grep", "timeout", "--sort", "time", "-"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    let mut pipe = child.stdin.take().expect("a pipe");
    for n in [3, 1, 2] {
        std::io::Write::write_all(
            &mut pipe,
            format!("2024-05-01 10:00:0{n} ERROR Pool - timeout {n}\n").as_bytes(),
        )
        .expect("a line");
    }
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(shell(&format!("kill -INT {}", child.id())).code, 0);
    let ran = Ran::of(&child.wait_with_output().expect("it ends"));
    drop(pipe);
    let said: Vec<String> = ran.text().lines().map(|line| line[line.len() - 1..].to_owned()).collect();
    assert_eq!(
        (ran.code, said),
        (130, vec!["1".to_owned(), "2".to_owned(), "3".to_owned()]),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_silent_file_of_an_option_is_not_waited_for_when_interrupted() {
    for option in ["stats . --config", "detect . --signatures", "check-rules -r"] {
        let folder = temporary();
        let pipe = folder.path().join("silent.yml");
        let pipe = pipe.to_string_lossy();
        // The writer opens the pipe and says nothing.
        let line = format!(
            "mkfifo {pipe}; (exec 3> {pipe}; sleep 20) & writer=$!; \"$OBS\" {option} {pipe} & pid=$!; sleep 0.7; \
             kill -INT $pid; wait $pid; code=$?; kill $writer; exit $code"
        );
        let started = std::time::Instant::now();
        let ran = shell(&line);
        assert_eq!(ran.code, 130, "{option}: {ran:?}");
        assert!(started.elapsed() < Duration::from_secs(10), "{option}");
    }
}

#[test]
fn a_line_with_a_match_in_every_byte_is_searched_once() {
    let folder = temporary();
    let log = folder.path().join("a.log");
    let count = |length: usize| {
        fs::write(&log, format!("{ENTRY} {}\n", "a".repeat(length))).expect("a file");
        let started = std::time::Instant::now();
        let ran = obs(&[Path::new("grep"), Path::new("-o"), Path::new("a"), &log]);
        assert_eq!(ran.text().lines().filter(|line| *line == "a").count(), length + 1, "{}", ran.stderr);
        started.elapsed()
    };
    let (once, four_times) = (count(50_000), count(200_000));
    assert!(four_times < 12 * once.max(Duration::from_millis(50)), "{once:?} {four_times:?}");
}

#[test]
fn bytes_behind_a_compressed_member_are_told() {
    let folder = temporary();
    let path = folder.path().join("a.log.gz");
    let mut bytes = gzip(lines(3).as_bytes());
    bytes.extend_from_slice(lines(2).as_bytes());
    fs::write(&path, bytes).expect("a file");
    let ran = obs(&[Path::new("stats"), &path]);
    assert_eq!((ran.code, ran.said("error")), (2, 1), "{}", ran.stderr);
}

/// What a run says of files: the account, and whether it says that something is missing.
fn surveyed(paths: &[std::path::PathBuf], map: bool) -> ([u64; 4], bool) {
    let options = ScanOptions {
        threads: 1,
        chunk: 1 << 14,
        map,
        read: ReadOptions { zone: Some(chrono_tz::UTC), ..ReadOptions::default() },
        cancel: Arc::default(),
        progress: Arc::default(),
        apart: None,
    };
    let inputs = scan::survey(paths, &SurveyOptions::default(), &options);
    let selection = Selection::everything(Needs::none());
    let (_, scanned) = scan::run(
        &inputs.logs,
        &selection.needs,
        &options,
        || (),
        |(), chunk| chunk.entries(&selection, |_| ControlFlow::Continue(())).is_break(),
        |_| ControlFlow::Continue(()),
    );
    let account = scanned.account();
    let errors = inputs.diagnostics.iter().chain(&scanned.diagnostics);
    let told = errors.into_iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    ([account.lines, account.entries, account.continuation, account.unparsed], told)
}

#[test]
fn the_first_second_third_request_that_fails_is_told() {
    let folder = temporary();
    let at = |name: &str| folder.path().join(name);
    let text = lines(3_000);
    fs::write(at("small.log"), lines(3)).expect("a file");
    fs::write(at("large.log"), &text).expect("a file");
    fs::write(at("packed.log.gz"), gzip(text.as_bytes())).expect("a file");
    fs::write(at("plain.tar"), tar("a.log", text.as_bytes())).expect("a file");
    fs::write(at("packed.tar.gz"), gzip(&tar("a.log", text.as_bytes()))).expect("a file");
    let zip = [
        &b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0"[..],
        &crc(lines(3).as_bytes()),
        &length(3),
        &length(3),
        b"\x05\0\0\0a.log",
        lines(3).as_bytes(),
    ]
    .concat();
    fs::write(at("stored.zip"), zip).expect("a file");
    for name in ["small.log", "large.log", "packed.log.gz", "plain.tar", "packed.tar.gz", "stored.zip"] {
        for map in [true, false] {
            let paths = [at(name)];
            let (right, _) = surveyed(&paths, map);
            assert!(right[0] >= 3, "{name}: {right:?}");
            for nth in 1.. {
                faults::fail_at(nth);
                let (found, told) = surveyed(&paths, map);
                if !faults::end() {
                    assert_eq!(found, right, "{name}");
                    break;
                }
                assert!(
                    told || found == right,
                    "{name}, request {nth}: {found:?} of {right:?}, and nothing is said"
                );
                assert!(
                    found[0] <= right[0] && found[1] <= right[1],
                    "{name}, request {nth}: {found:?} of {right:?}"
                );
            }
        }
    }
}

fn crc(bytes: &[u8]) -> [u8; 4] {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum().to_le_bytes()
}

/// How long so many lines are, as a zip says it.
fn length(count: usize) -> [u8; 4] {
    u32::try_from(lines(count).len()).expect("few").to_le_bytes()
}

#[test]
fn years_are_told_the_same_whatever_stands_beside() {
    let folder = temporary();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("dated.log"), "2021-03-05 10:00:00 INFO a - x\n2021-03-05 10:00:01 INFO a - y\n".repeat(20))
        .expect("a file");
    fs::write(at("messages"), "Mar  5 10:00:00 host app[7]: said\n".repeat(20)).expect("a file");
    let span = || {
        let ran = obs(&["grep", "said", &folder.path().to_string_lossy(), "-m1", "--output", "jsonl"]);
        let entry: Json =
            serde_json::from_str(ran.text().lines().next().unwrap_or_default()).expect("an entry");
        ["ts", "timestamp"].iter().find_map(|name| entry[*name].as_str().map(str::to_owned)).expect("a time")
    };
    let right = span();
    assert!(right.starts_with("2021-03-05"), "{right}");
    // A clock that was not set, in a line of a file and in all of another.
    let dated = fs::read_to_string(at("dated.log")).expect("a file");
    fs::write(at("dated.log"), format!("1970-01-01 00:00:03 INFO a - up\n{dated}")).expect("a file");
    fs::write(at("boot.log"), "1970-01-01 00:00:01 INFO a - up\n2261-01-01 00:00:01 INFO a - up\n")
        .expect("a file");
    fs::write(at("more.log"), &dated).expect("a file");
    assert_eq!(span(), right);
}
