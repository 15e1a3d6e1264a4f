//! What a trusted tool survives, on the side of people: answers that cannot be written, readers and users who go
//! away, terminals that must not be talked to, and what was typed wrongly.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value as Json;

use crate::program::*;

// --------------------------------------------------------------------------- outputs that go away or lie

/// Row 13: an answer that could not be written is trouble, even if only the last flush fails.
#[test]
fn a_full_disk_is_said() {
    for args in [
        "--help",
        "--version",
        "help stats",
        "grep --help",
        "grep exhausted fixtures/outage",
        "grep -c exhausted fixtures/outage",
        "grep '' fixtures/outage",
        "stats fixtures/outage",
        "stats fixtures/outage --output json",
        "correlate fixtures/outage",
        "correlate fixtures/outage --output jsonl",
        "fields fixtures/outage",
        "formats list",
        "completions bash",
        "man",
    ] {
        let ran = shell(&format!("\"$OBS\" {args} > /dev/full"));
        assert_eq!((ran.code, ran.said("error")), (2, 1), "{args}: {ran:?}");
        assert!(ran.stderr.contains("no space left"), "{args}: {ran:?}");
        let ran = shell(&format!("\"$OBS\" {args} >&-"));
        assert!(ran.code < 128, "standard output is closed: {args}: {ran:?}");
    }
}

/// Row 14: a reader who has seen enough ends the work, and nothing is said.
#[test]
fn a_reader_may_go_away() {
    let folder = temporary();
    let path = folder.path().join("large.log");
    fs::write(&path, lines(100_000)).expect("a file");
    let file = path.display();
    for args in [
        format!("grep exhausted {file}"),
        format!("grep '' {file} --output jsonl"),
        "grep -n . fixtures/outage".into(),
    ] {
        let ran = shell(&format!("(\"$OBS\" {args}; echo $? >&2) | head -1"));
        assert_eq!(ran.text().lines().count(), 1, "{args}");
        assert_eq!(ran.stderr, "0\n", "{args}: silent, and as if finished");
    }
    for args in ["stats fixtures/outage --by service", "correlate fixtures/outage --limit 0", "man", "--help"]
    {
        let ran = shell(&format!("(\"$OBS\" {args}; echo $? >&2) | true"));
        assert_eq!(ran.stderr, "0\n", "{args}");
    }
}

/// Runs the program on a terminal of its own and gives every byte that the terminal would have shown.
fn on_a_terminal(args: &[&str]) -> Vec<u8> {
    const SCRIPT: &str = "import os, pty, sys\n\
        out = []\n\
        def read(fd):\n\
        \x20   data = os.read(fd, 65536)\n\
        \x20   out.append(data)\n\
        \x20   return data\n\
        sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:], read, lambda fd: b'')))\n";
    let mut command = within("python3");
    command
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("TERM", "xterm")
        .env("PAGER", "cat")
        .env("LANG", "C.UTF-8");
    command.args(["-c", SCRIPT, env!("CARGO_BIN_EXE_obs")]).args(args);
    command.output().expect("python3").stdout
}

/// Row 16: nothing in a log, in a file's name or in what was typed reaches the terminal as a command.
#[test]
fn no_control_byte_of_the_input_reaches_a_terminal() {
    let python = Command::new("python3").arg("--version").output().is_ok();
    if !python {
        leave_out("there is no python3 here");
        return;
    }
    let folder = temporary();
    let name = folder.path().join("\x1b]0;title\x07\u{202e}name.log");
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/hostile/0010-escapes.log"), &name)
        .expect("a copy");
    let file = name.to_str().expect("UTF-8");
    for args in [
        &["grep", "", file][..],
        &["grep", "", file, "--raw"],
        &["grep", "-n", "-H", "-C1", "e", file],
        &["grep", "-c", "-H", "", file],
        &["grep", "-l", "", file],
        &["grep", "-o", "-i", "[^ ]*e[^ ]*", file],
        &["grep", "", file, "--output", "jsonl"],
        &["grep", "", file, "--output", "json"],
        &["stats", file, "--by", "message"],
        &["stats", file, "--by", "message", "--output", "json"],
        &["stats", file, "--by", "message", "--output", "csv"],
        &["stats", file, "--by", "message", "--output", "markdown"],
        &["stats", file, "--by", "message", "--output", "html"],
        &["correlate", file, "--by", "message"],
        &["fields", file],
        &["formats", "explain", file],
        &["grep", "\x1b[31m(", file],
        &["grep", "x", "/no/\x1b]0;such\x07/file"],
        &["stats", file, "--where", "\x1b[2J == "],
        &["stats", file, "--by", "\x1b[2J"],
        &["\x1b[2J"],
        &["grep", "x", "--output", "\x1b[2J"],
    ] {
        let shown = on_a_terminal(args);
        assert!(!shown.is_empty(), "{args:?}");
        let text = String::from_utf8_lossy(&shown);
        let plain = without_own_colours(&text);
        let harmful = |c: &char| {
            (c.is_control() && !matches!(c, '\n' | '\t' | '\r'))
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
        };
        assert_eq!(plain.chars().find(harmful), None, "{args:?}: {}", plain.escape_debug());
        // The terminal's driver turns "\n" into "\r\n", and CSV has CRLF; only the progress line, which comes
        // first, has other CRs.
        let answer = plain.rsplit_once("  \r").map_or(&*plain, |(_, answer)| answer);
        let inside = answer.lines().map(|line| line.trim_matches('\r')).find(|line| line.contains('\r'));
        assert_eq!(inside, None, "{args:?}");
    }
}

/// Without the colours that obs itself writes: `ESC [ digits m`, and the progress bar's line clearing.
fn without_own_colours(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("\x1b[") {
        plain.push_str(&rest[..at]);
        let after = &rest[at + 2..];
        let end = after.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap_or(after.len());
        if after[end..].starts_with(['m', 'K']) {
            rest = &after[end + 1..];
        } else {
            plain.push_str("\x1b[");
            rest = after;
        }
    }
    plain + rest
}

/// Row 17: no cell of a CSV file is a formula.
#[test]
fn no_cell_of_a_csv_file_is_a_formula() {
    let ran = obs(&["stats", "fixtures/hostile/0019-formulas.log", "--by", "message", "--output", "csv"]);
    assert_eq!(ran.code, 0);
    let text = ran.text();
    let mut cells = Vec::new();
    let mut cell = String::new();
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' | '\n' if !quoted => cells.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    assert!(cells.iter().any(|cell| cell.starts_with("'=cmd")), "{text}");
    for cell in cells {
        let first = cell.chars().next().unwrap_or(' ');
        let number = cell.trim().parse::<f64>().is_ok();
        assert!(number || !['=', '+', '-', '@', '\t', '\r', '\0'].contains(&first), "{cell:?} in {text}");
    }
}

/// Row 18: nothing in a log becomes markup.
#[test]
fn nothing_in_a_log_becomes_markup() {
    let page = |form: &str, file: &str| obs(&["stats", file, "--by", "message", "--output", form]).text();
    let tags = |page: &str| {
        let names =
            page.split('<').skip(1).map(|tag| tag.split([' ', '>', '/']).next().unwrap_or("").to_owned());
        let mut names: Vec<String> = names.filter(|name| !name.is_empty()).collect();
        names.sort();
        names.dedup();
        names
    };
    let folder = temporary();
    let calm = folder.path().join("calm.log");
    fs::write(&calm, lines(5)).expect("a file");
    let hostile = page("html", "fixtures/hostile/0021-page.log");
    assert_eq!(tags(&hostile), tags(&page("html", calm.to_str().expect("UTF-8"))), "{hostile}");
    assert!(hostile.contains("Content-Security-Policy") && hostile.contains("default-src 'none'"));
    let markdown = page("markdown", "fixtures/hostile/0021-page.log");
    for harmful in ["<script", "<img", "[x](javascript:"] {
        assert!(!markdown.contains(harmful), "{harmful} in {markdown}");
    }
}

// ------------------------------------------------------------------------------ what was typed, and time

/// What was typed wrongly is pointed at, and something better is proposed.
#[test]
fn what_was_typed_wrongly_is_pointed_at() {
    for (args, marked) in [
        (&["stats", "fixtures/calm", "--where", "status = 500"][..], true),
        (&["stats", "fixtures/calm", "--where", "gateway == stripe"], true),
        (&["stats", "fixtures/calm", "--success", "status <"], true),
        (&["grep", "(unclosed", "fixtures/calm"], true),
        (&["grep", "x", "fixtures/calm", "--level", "loud"], false),
        (&["grep", "x", "fixtures/calm", "--since", "yesterdayish"], true),
        (&["grep", "x", "fixtures/calm", "--tz", "Mars/Olympus"], false),
        (&["grep", "x", "fixtures/calm", "--format", "cobol"], false),
        (&["grep", "x", "fixtures/calm", "--map", "x"], false),
        (&["grep", "x", "fixtures/calm", "--output", "sarif"], false),
        (&["grep", "x", "fixtures/calm", "-j0"], false),
        (&["stats", "fixtures/calm", "--every", "soon"], false),
        (&["stats", "fixtures/calm", "--percentiles", "101"], false),
        (&["correlate", "fixtures/calm", "--slower-than", "long"], false),
    ] {
        let ran = obs(args);
        assert_eq!((ran.code, ran.stdout.len()), (2, 0), "{args:?}: {ran:?}");
        assert!(
            ran.stderr.starts_with("obs: error: ") && (marked || ran.stderr.contains("obs: hint: ")),
            "{args:?}: {ran:?}"
        );
        assert_eq!(ran.stderr.contains('^'), marked, "{args:?}: {ran:?}");
    }
    for args in [
        &["--nonsense"][..],
        &["grp"],
        &["grep"],
        &["stats", "--bye", "x"],
        &["grep", "x", "--output", "xml"],
        &[],
    ] {
        let ran = obs(args);
        assert_eq!((ran.code, ran.stdout.len()), (2, 0), "{args:?}: {ran:?}");
        assert!(ran.stderr.contains("Usage") || ran.stderr.contains("obs: hint: "), "{args:?}: {ran:?}");
    }
    assert!(obs(&["grp"]).stderr.contains("grep"), "did you mean");
}

/// Row 2 and 20: depth and patterns without end.
#[test]
fn deep_conditions_and_large_patterns_are_refused_at_once() {
    let deep = 12_000;
    for condition in
        ["(".repeat(deep), "not ".repeat(deep) + "true", "[".repeat(deep), "true or ".repeat(deep) + "true"]
    {
        let ran = obs(&["stats", "fixtures/calm", "--where", &condition]);
        assert!([0, 2].contains(&ran.code), "{}: {ran:?}", &condition[..8]);
    }
    for pattern in [r"\w{500}{500}".to_owned(), "(".repeat(10_000), "(a|".repeat(2_000) + &")".repeat(2_000)]
    {
        let ran = obs(&["grep", &pattern, "fixtures/calm"]);
        assert_eq!(ran.code, 2, "{}: {ran:?}", &pattern[..8]);
    }
    let folder = temporary();
    let path = folder.path().join("a.log");
    fs::write(&path, "a".repeat(1 << 20) + "\n").expect("a file");
    for pattern in ["(a+)+$", "(a|aa)+b", "(.*)*x"] {
        let ran = obs(&["grep", "-c", pattern, path.to_str().expect("UTF-8")]);
        assert!(ran.code < 2, "{pattern}: {ran:?}");
    }
}

/// Row 21: what is no time gives none, and never a wrong one.
#[test]
fn absurd_times_are_no_times() {
    let ran = obs(&["grep", "", "fixtures/hostile/0015-absurd-times.log", "--output", "jsonl"]);
    let mut timed = 0;
    for line in ran.text().lines() {
        let entry: Json = serde_json::from_str(line).expect("JSON");
        if let Some(time) = entry["timestamp"].as_str() {
            timed += 1;
            let year: i32 = time[..4].parse().expect("a year");
            assert!((1970..2100).contains(&year), "{line}");
        }
    }
    assert!(
        (2..=5).contains(&timed),
        "the good ones, the leap second, and 0 and 2^31 if they count: {timed}"
    );
}

/// Row 23: many ids cost bytes, not kilobytes, each.
#[test]
fn many_ids_take_little_memory() {
    let ids = if slow() { 3_000_000 } else { 150_000 };
    let mut text = String::new();
    for n in 0..ids {
        let _ = writeln!(
            text,
            "{{\"ts\":{},\"request_id\":\"{n:032x}\",\"status\":200}}",
            1_703_386_800 + n / 100
        );
    }
    let folder = temporary();
    let path = folder.path().join("ids.log");
    fs::write(&path, text).expect("a file");
    let memory = 300_000 + ids / 2;
    let ran = shell(&format!(
        "ulimit -v {memory}; \"$OBS\" correlate -j2 --slowest 1 --output json --no-mmap {}",
        path.display()
    ));
    assert_eq!(ran.json()["totals"]["requests"], ids, "{}", ran.stderr);
}

fn interrupt(child: &Child, signal: &str) {
    let sent = within("/bin/sh").args(["-c", &format!("kill -{signal} {}", child.id())]).status();
    assert!(sent.is_ok_and(|status| status.success()), "the signal was sent");
}

/// Row 25: Ctrl-C while standard input is silent: at once, with what was read until then.
#[test]
fn an_interrupt_ends_the_wait_and_reports_what_was_read() {
    for (args, signal) in [
        (&["stats", "--output", "json", "-"][..], "INT"),
        (&["grep", "-c", "exhausted", "-"], "INT"),
        (&["stats", "--output", "json"], "TERM"),
        (&["correlate", "--output", "json", "-"], "INT"),
        (&["grep", "-c", "exhausted"], "INT"),
    ] {
        let mut command = program();
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(lines(1_000).as_bytes()).expect("a reader");
        std::thread::sleep(Duration::from_millis(700));
        assert!(child.try_wait().expect("a child").is_none(), "{args:?}: waits for more");
        interrupt(&child, signal);
        let ran = Ran::of(&child.wait_with_output().expect("it ends"));
        assert_eq!(ran.code, 130, "{args:?} {signal}: {ran:?}");
        assert!(ran.text().contains("1000"), "{args:?}: what was read is reported: {ran:?}");
        assert!(ran.stderr.contains("interrupted"), "{args:?}: {ran:?}");
        drop(stdin);
    }
}

/// Row 25, in the middle of a scan.
#[test]
fn an_interrupt_ends_a_scan_in_its_middle() {
    let folder = temporary();
    let path = folder.path().join("large.log");
    fs::write(&path, lines(600_000)).expect("a file");
    let mut command = program();
    command
        .args(["stats", "-j1", "--output", "json"])
        .arg(&path)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = command.spawn().expect("the program runs");
    std::thread::sleep(Duration::from_millis(400));
    interrupt(&child, "INT");
    let ran = Ran::of(&child.wait_with_output().expect("it ends"));
    assert_eq!(ran.code, 130, "{ran:?}");
    assert!(ran.stderr.contains("interrupted"), "{ran:?}");
    let entries = ran.json()["input"]["entries"].as_u64().unwrap_or_default();
    assert!(entries < 600_000, "partial: {entries}");
}

/// Row 26: an input that fails in the middle gives what came before.
#[test]
fn an_input_that_cannot_be_read_is_said() {
    // A directory opened as a file, and a process's memory, fail on the first read.
    let ran = obs(&["grep", "-c", "x", "/proc/self/mem"]);
    assert_eq!((ran.code, ran.said("error")), (2, 1), "{ran:?}");
}

// ------------------------------------------------------------------------------------------- same bytes

/// Rows 29 and 30: the answer depends on the input alone.
#[test]
fn the_answer_does_not_depend_on_place_language_or_threads() {
    let commands = [
        &["grep", "-n", "exhausted|timeout"][..],
        &["grep", "", "--sort", "time", "--output", "jsonl"],
        &["stats", "--by", "service,level"],
        &["stats", "--every", "1m", "--success", "status < 400", "--output", "json"],
        &["correlate", "--failed", "--limit", "5"],
        &["correlate", "--output", "json"],
        &["fields"],
    ];
    for args in commands {
        let args = [args, &["fixtures/outage"]].concat();
        let expected = obs(&args);
        assert_eq!(expected.code, 0, "{args:?}: {expected:?}");
        for more in [&["-j1"][..], &["-j7"], &["-j3", "--chunk", "10000"], &["-j2", "--no-mmap"]] {
            let mut command = program();
            command
                .args(&args)
                .args(more)
                .env("TZ", "Asia/Kathmandu")
                .env("LC_ALL", "tr_TR.UTF-8")
                .env("COLUMNS", "33");
            let ran = Ran::of(&command.output().expect("the program runs"));
            assert!(ran.stdout == expected.stdout, "{args:?} {more:?}: {}\n{}", ran.text(), expected.text());
            assert_eq!((ran.code, ran.stderr), (expected.code, expected.stderr.clone()), "{args:?} {more:?}");
        }
    }
}

/// Row 30: the order in which a directory was filled is not the order in which it is read.
#[test]
fn the_order_of_a_directory_does_not_show() {
    let folder = temporary();
    let mut answers = Vec::new();
    for shuffle in [7_usize, 3, 11] {
        let copy = folder.path().join("logs");
        let _ = fs::remove_dir_all(&copy);
        let names: Vec<String> = (0..20).map(|n| format!("service-{}/part-{}.log", n % 5, n)).collect();
        for at in 0..names.len() {
            let at = at * shuffle % names.len();
            let path = copy.join(&names[at]);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(&path, format!("{ENTRY} in {at}\n")).expect("a file");
        }
        let path = copy.to_str().expect("UTF-8").to_owned();
        let said = [
            "grep -n exhausted",
            "stats --by service",
            "stats --by message --output json",
            "correlate --by message",
        ]
        .map(|args| obs(&[args.split(' ').collect::<Vec<_>>(), vec![&path]].concat()).text());
        answers.push(said);
    }
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:#?}");
}

/// Rows 28: encodings and line ends.
#[test]
fn encodings_and_line_ends_are_read_alike() {
    let plain = lines(3);
    let utf16: Vec<u8> =
        "\u{feff}".chars().chain(plain.chars()).flat_map(|c| (c as u16).to_le_bytes()).collect();
    for (what, bytes) in [
        ("as it is", plain.clone().into_bytes()),
        ("byte-order mark", format!("\u{feff}{plain}").into_bytes()),
        ("CRLF", plain.replace('\n', "\r\n").into_bytes()),
        ("no final line end", plain.trim_end().as_bytes().to_vec()),
        ("UTF-16", utf16),
        ("gzip", gzip(plain.as_bytes())),
        ("gzip twice", gzip(&gzip(plain.as_bytes()))),
    ] {
        let ran = obs_fed(&["grep", "", "--output", "jsonl", "-"], &bytes);
        let entries: Vec<Json> =
            ran.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let said: Vec<String> =
            entries.iter().map(|entry| format!("{} {}", entry["line"], entry["message"])).collect();
        assert_eq!(
            said,
            [r#"1 "exhausted 0""#, r#"2 "exhausted 1""#, r#"3 "exhausted 2""#],
            "{what}: {ran:?}"
        );
        assert_eq!(ran.code, 0, "{what}");
    }
}

/// Standard input may be closed, or a directory.
#[test]
fn odd_standard_inputs_are_survived() {
    for line in [
        "\"$OBS\" grep x <&-",
        "\"$OBS\" stats - < /",
        "\"$OBS\" grep -c '' - < /dev/null",
        "\"$OBS\" grep -c '' /dev/null",
    ] {
        let ran = shell(line);
        assert!([1, 2].contains(&ran.code), "{line}: {ran:?}");
    }
    let mut empty = String::new();
    File::open("/dev/null").and_then(|mut file| file.read_to_string(&mut empty)).expect("nothing");
    assert_eq!(obs_fed(&["stats", "--output", "json"], empty.as_bytes()).json()["input"]["lines"], 0);
}

#[test]
fn files_are_merged_by_time_however_they_are_cut() {
    let dir = temporary();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).expect("a file");
    // Out of order by up to half a minute, with lines that continue an entry.
    let late = |n: u64| [0, 0, 5, 30][(n * 7 % 4) as usize];
    let (mut one, mut other) = (String::new(), String::new());
    for n in 0..500 {
        let at = 36_000 + n - late(n).min(n);
        let (hour, minute, second) = (at / 3600, at / 60 % 60, at % 60);
        writeln!(one, "2024-02-05 {hour:02}:{minute:02}:{second:02} INFO a{n}\n  on").expect("a string");
        writeln!(other, "2024-02-05 10:{:02}:{:02} INFO b{n}", n / 60, n % 60).expect("a string");
    }
    write("a.log", &one);
    write("b.log", &other);
    let merged = |chunk: &str, threads: &str| {
        let path = dir.path().to_string_lossy().into_owned();
        obs(&["grep", "", &path, "--sort", "time", "-I", "--chunk", chunk, "-j", threads]).text()
    };
    let text = merged("1000000", "2");
    assert_eq!(text, merged("700", "1"));
    let times: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("2024-02-05 ")?.get(..8)).collect();
    assert!(times.len() == 1000 && times.is_sorted());
    // What has the same time stays in the order of the files, and of each file.
    let found: Vec<&str> = text.lines().filter(|line| line.starts_with("2024-02-05 10:00:40")).collect();
    assert!(found.last().is_some_and(|line| line.contains(" b40")), "{found:?}");
}
