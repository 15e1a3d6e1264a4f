//! What a trusted tool survives: the real program against damaged, endless, unreadable and malicious input,
//! and against readers and people who go away.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

/// How a run of the program ended.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit code; 128 and the signal's number, if a signal ended it.
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Ran {
    fn of(output: &std::process::Output) -> Ran {
        use std::os::unix::process::ExitStatusExt;
        let signal = output.status.signal().map(|signal| 128 + signal);
        Ran {
            code: output.status.code().or(signal).unwrap_or(-1),
            stdout: output.stdout.clone(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    fn json(&self) -> Json {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// How many diagnostics of this weight were said.
    fn said(&self, word: &str) -> usize {
        self.stderr.matches(&format!("obs: {word}: ")).count()
    }
}

/// The program: in the repository's root, with an empty environment, and nothing on standard input.
fn program() -> Command {
    within(env!("CARGO_BIN_EXE_obs"))
}

fn within(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    command
}

/// Runs the program.
pub(crate) fn obs<A: AsRef<OsStr>>(args: &[A]) -> Ran {
    Ran::of(&program().args(args).output().expect("the program runs"))
}

/// Runs it with these bytes on standard input.
fn obs_fed(args: &[&str], input: &[u8]) -> Ran {
    let mut command = program();
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    std::thread::scope(|scope| {
        // The program may end before it has read everything.
        scope.spawn(move || drop(stdin.write_all(input)));
        Ran::of(&child.wait_with_output().expect("it ends"))
    })
}

/// Runs a line of shell in which `"$OBS"` is the program.
fn shell(line: &str) -> Ran {
    let mut command = within("/bin/sh");
    command.args(["-c", line]).env("OBS", env!("CARGO_BIN_EXE_obs")).env("PATH", "/usr/bin:/bin");
    Ran::of(&command.output().expect("a shell"))
}

/// A folder that goes away.
pub(crate) fn temporary() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Is a program there? Says so if a test has to be left out for want of it.
fn have(program: &str) -> bool {
    let found = shell(&format!("command -v {program}")).code == 0;
    if !found {
        eprintln!("left out: there is no {program} here");
    }
    found
}

/// Are the tests asked for that take gigabytes or minutes?
fn slow() -> bool {
    let slow = std::env::var_os("OBS_SLOW").is_some();
    if !slow {
        eprintln!("left out: only with OBS_SLOW=1");
    }
    slow
}

const ENTRY: &str = "2023-12-24 03:14:25 ERROR Pool - exhausted";

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text).expect("memory");
    gzip.finish().expect("memory")
}

fn lines(count: usize) -> String {
    (0..count).fold(String::new(), |mut text, n| {
        let _ = writeln!(text, "{ENTRY} {n}");
        text
    })
}

// ------------------------------------------------------------------------------------- damaged input

/// Each hostile file: its lines, exit code, and how many errors and warnings are said.
const FILES: &[(&str, u64, i32, usize, usize)] = &[
    ("0001-truncated.log.gz", 100, 2, 1, 0),
    ("0002-corrupt.log.gz", 100, 2, 1, 0),
    ("0003-members.log.gz", 3, 0, 0, 0),
    ("0004-truncated.log.zst", 1_835, 2, 1, 0),
    ("0005-nul-run.log", 3, 0, 0, 0),
    ("0006-no-final-newline.log", 2, 0, 0, 0),
    ("0007-crlf.log", 5, 0, 0, 0),
    ("0008-bom.log", 2, 0, 0, 0),
    ("0009-utf-16le.log", 2, 0, 0, 0),
    ("0010-escapes.log", 3, 0, 0, 0),
    ("0011-invalid-utf-8.log", 3, 0, 0, 0),
    ("0012-deep.log", 4, 0, 0, 0),
    ("0013-cut-json.log", 5, 0, 0, 0),
    ("0014-lone-surrogates.log", 4, 0, 0, 0),
    ("0015-absurd-times.log", 21, 0, 0, 0),
    ("0016-empty.log", 0, 1, 0, 0),
    ("0017-only-newlines.log", 100, 0, 0, 0),
    ("0018-picture.log", 0, 2, 1, 0),
    ("0019-formulas.log", 9, 0, 0, 0),
    ("0020-long-line.log", 3, 0, 0, 0),
    ("0021-page.log", 5, 0, 0, 0),
    ("0022-wrong-name.gz", 2, 0, 0, 0),
    ("0023-garbage-after.log.gz", 32, 0, 0, 1),
    ("0024-wrong-checksum.log.gz", 200, 2, 1, 0),
];

#[test]
fn every_hostile_file_is_read_and_accounted_for() {
    let here =
        fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/hostile")).expect("the folder");
    assert_eq!(here.count(), FILES.len() + 1, "every file is in the table, and the README beside them");
    for (name, lines, code, errors, warnings) in FILES {
        let path = format!("fixtures/hostile/{name}");
        for more in [&[][..], &["--no-mmap", "--chunk", "7", "-j3"][..]] {
            let ran = obs(&[&["stats", &path, "--output", "json"][..], more].concat());
            let account = &ran.json()["input"];
            let number = |key: &str| account[key].as_u64().unwrap_or(u64::MAX);
            assert_eq!(
                (number("lines"), ran.code, ran.said("error"), ran.said("warning")),
                (*lines, *code, *errors, *warnings),
                "{name}: {ran:?}"
            );
            let sum = number("entries") + number("continuation") + number("unparsed");
            assert_eq!(number("lines"), sum, "{name}");
        }
        // Every other command says the same about the file.
        for command in [&["grep", "-c", ""][..], &["correlate"], &["fields"]] {
            let ran = obs(&[command, &[&path]].concat());
            assert_eq!(
                (ran.code == 2, ran.said("error")),
                (*code == 2, *errors),
                "{command:?} {name}: {ran:?}"
            );
        }
    }
}

#[test]
fn what_stands_in_hostile_files_is_found() {
    for (pattern, name, found) in [
        ("[0-9]", "0005-nul-run.log", "2"),
        ("grüße 다시", "0009-utf-16le.log", "1"),
        ("needle-at-start.*needle-at-end", "0020-long-line.log", "1"),
    ] {
        let ran = obs(&["grep", "-c", pattern, &format!("fixtures/hostile/{name}")]);
        assert_eq!((ran.text().trim(), ran.code), (found, 0), "{pattern} in {name}");
    }
    let errors =
        |name: &str| obs(&["grep", "-c", "", "--level", "error", &format!("fixtures/hostile/{name}")]);
    for (name, found) in
        [("0009-utf-16le.log", "1"), ("0010-escapes.log", "2"), ("0014-lone-surrogates.log", "4")]
    {
        assert_eq!(errors(name).text().trim(), found, "{name}");
    }
    let ran = obs(&["grep", "", "fixtures/hostile/0007-crlf.log", "--output", "jsonl"]);
    assert!(!ran.text().contains("\\r"), "no message or field ends in CR: {}", ran.text());
    let ran = obs(&["grep", "", "fixtures/hostile/0014-lone-surrogates.log", "--output", "jsonl"]);
    assert!(
        ran.text().contains('\u{fffd}')
            && ran.text().lines().all(|line| serde_json::from_str::<Json>(line).is_ok())
    );
}

/// Row 3: whatever the place at which gzip data ends, the whole lines before it are there.
#[test]
fn gzip_cut_at_any_byte_gives_its_whole_lines() {
    let folder = temporary();
    let path = folder.path().join("cut.log.gz");
    let file = path.to_str().expect("UTF-8");
    let whole = gzip(lines(20).as_bytes());
    for length in (0..whole.len()).step_by(7).chain([1, 2, 3, 9, 10, 11, whole.len() - 1]) {
        fs::write(&path, &whole[..length]).expect("a file");
        let ran = obs(&["grep", "", file]);
        // The first three bytes are what makes it gzip data.
        assert!(length < 3 || lines(20).starts_with(&ran.text()), "{length}: {ran:?}");
        assert!(ran.stdout.is_empty() || ran.stdout.ends_with(b"\n"));
        let expected = if length < 3 { 0..2 } else { 2..3 };
        assert!(expected.contains(&ran.code), "{length}: {ran:?}");
        assert!(ran.said("error") + ran.said("warning") <= 1, "{length}: {ran:?}");
    }
    fs::write(&path, [whole.clone(), gzip(b""), whole].concat()).expect("a file");
    let ran = obs(&["grep", "-c", "", file]);
    assert_eq!((ran.text().as_str(), ran.code), ("40\n", 0), "members are joined");
}

/// Row 3 for zstd, and row 4.
#[test]
fn zstd_cut_at_any_byte_gives_whole_lines() {
    let folder = temporary();
    let path = folder.path().join("cut.log.zst");
    let file = path.to_str().expect("UTF-8");
    let whole = zstd::encode_all(lines(20).as_bytes(), 1).expect("memory");
    for length in (4..whole.len()).step_by(5) {
        fs::write(&path, &whole[..length]).expect("a file");
        let ran = obs(&["grep", "", file]);
        assert!(lines(20).starts_with(&ran.text()), "{length}: {ran:?}");
        assert_eq!((ran.code, ran.said("error")), (2, 1), "{length}: {ran:?}");
    }
    fs::write(&path, [whole.clone(), whole].concat()).expect("a file");
    assert_eq!(obs(&["grep", "-c", "", file]).text(), "40\n");
}

/// Row 5: what a file unpacks to does not have to fit into memory.
#[test]
fn a_bomb_is_read_in_little_memory() {
    let folder = temporary();
    let path = folder.path().join("bomb.gz");
    let megabytes = if slow() { 1_024 } else { 160 };
    let mut bomb =
        flate2::write::GzEncoder::new(File::create(&path).expect("a file"), flate2::Compression::fast());
    for _ in 0..megabytes {
        bomb.write_all(&[b'0'; 1 << 20]).expect("a disk");
    }
    bomb.write_all(format!("\n{ENTRY}\n").as_bytes()).expect("a disk");
    bomb.finish().expect("a disk");
    let ran = shell(&format!("ulimit -v 700000; \"$OBS\" grep -j2 -c exhausted {}", path.display()));
    assert_eq!((ran.text().trim(), ran.code), ("1", 0), "{ran:?}");
}

/// Row 6: an endless line is searched to its end, and the next line is read as ever.
#[test]
fn an_endless_line_is_searched_to_its_end() {
    let folder = temporary();
    let path = folder.path().join("long.log");
    let mut file = File::create(&path).expect("a file");
    writeln!(file, "{ENTRY} 1").expect("a disk");
    let megabytes = if slow() { 1_024 } else { 140 };
    for _ in 0..megabytes {
        file.write_all(&[b'x'; 1 << 20]).expect("a disk");
    }
    write!(file, " needle\n{ENTRY} 2\n").expect("a disk");
    let file = path.display();
    for (line, expected) in [
        (format!("\"$OBS\" grep -c needle {file}"), "1"),
        (format!("\"$OBS\" grep -n 'exhausted 2' {file}"), "3:2023-12-24 03:14:25 ERROR Pool - exhausted 2"),
        (format!("\"$OBS\" grep -c needle < {file}"), "1"),
        (format!("ulimit -v 700000; cat {file} | \"$OBS\" grep -j2 -c needle -"), "1"),
        (
            format!("ulimit -v 700000; cat {file} | \"$OBS\" grep -j2 -n 'exhausted 2' -"),
            "3:2023-12-24 03:14:25 ERROR Pool - exhausted 2",
        ),
    ] {
        let ran = shell(&line);
        assert_eq!((ran.text().trim(), ran.code), (expected, 0), "{line}: {}", ran.stderr);
    }
}

/// Row 7: NUL bytes make no file binary, and holes are no lines.
#[test]
fn a_sparse_file_is_searched_on_both_sides_of_its_hole() {
    let folder = temporary();
    let path = folder.path().join("sparse.log");
    let mut file = File::create(&path).expect("a file");
    writeln!(file, "{ENTRY} first").expect("a disk");
    let size = if slow() { 4 << 30 } else { 300 << 20 };
    file.set_len(size).expect("a disk");
    use std::io::Seek;
    file.seek(std::io::SeekFrom::End(0)).expect("a file");
    write!(file, "\n{ENTRY} last\n").expect("a disk");
    let ran = obs(&["grep", "-n", "exhausted", path.to_str().expect("UTF-8")]);
    assert_eq!(ran.text(), format!("1:{ENTRY} first\n3:{ENTRY} last\n"), "{ran:?}");
}

// ------------------------------------------------------------------------------ files that change or hide

/// Row 8: no signal when a mapped file is cut while it is read, and the answer says so.
#[test]
fn a_file_cut_while_it_is_mapped_ends_in_a_diagnostic() {
    let folder = temporary();
    let path = folder.path().join("cut.log");
    let mut said = 0;
    for run in 0..6_u64 {
        let mut file = File::create(&path).expect("a file");
        file.write_all(lines(100).as_bytes()).expect("a disk");
        file.set_len(1 << 30).expect("a disk");
        let mut command = program();
        command.args(["stats", "--output", "json"]).arg(&path).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("the program runs");
        std::thread::sleep(Duration::from_millis(20 + 15 * run));
        file.set_len(4096).expect("a disk");
        let ran = Ran::of(&child.wait_with_output().expect("it ends"));
        assert!([0, 1, 2].contains(&ran.code), "{ran:?}");
        assert_eq!(ran.code == 2, ran.said("error") > 0, "{ran:?}");
        said += usize::from(ran.stderr.contains("while"));
    }
    assert!(said > 0, "it was cut while it was read at least once");
}

/// Row 9: what is renamed, appended to or deleted while it is read is read as it was when it was opened.
#[test]
fn a_file_that_is_rotated_while_it_is_read_is_read_whole() {
    let folder = temporary();
    let path = folder.path().join("app.log");
    let log = lines(20_000);
    for change in 0..3 {
        fs::write(&path, &log).expect("a file");
        let mut command = program();
        command.args(["grep", "-c", "exhausted"]).arg(&path).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("the program runs");
        std::thread::sleep(Duration::from_millis(30));
        let moved = folder.path().join("app.log.1");
        match change {
            0 => fs::rename(&path, &moved).expect("a file"),
            1 => fs::remove_file(&path).expect("a file"),
            _ => {
                let mut file = File::options().append(true).open(&path).expect("a file");
                file.write_all(b"half a li").expect("a disk");
            }
        }
        let ran = Ran::of(&child.wait_with_output().expect("it ends"));
        // On a busy machine it may be gone before it is opened; then that is said.
        let whole = (ran.text().trim(), ran.code) == ("20000", 0);
        assert!(whole || (change < 2 && ran.code == 2 && ran.said("error") == 1), "{ran:?}");
    }
}

/// Row 10: what may not be read is named, and the others are searched.
#[test]
fn a_file_without_permission_is_named_and_the_others_are_read() {
    if !have("setpriv") || shell("id -u").text().trim() != "0" {
        eprintln!("left out: needs setpriv, and root to begin with");
        return;
    }
    let folder = temporary();
    let file = |name: &str, mode| {
        let path = folder.path().join(name);
        fs::write(&path, ENTRY).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("own files");
    };
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("own folder");
    file("open.log", 0o644);
    file("secret.log", 0o600);
    fs::create_dir(folder.path().join("vault")).expect("a folder");
    file("vault/hidden.log", 0o644);
    fs::set_permissions(folder.path().join("vault"), fs::Permissions::from_mode(0o700)).expect("own folder");
    // Copied to where anybody may run it.
    let program = folder.path().join("obs");
    fs::copy(env!("CARGO_BIN_EXE_obs"), &program).expect("a copy");
    let data = folder.path().display();
    let ran = shell(&format!(
        "cd / && setpriv --reuid=65534 --clear-groups {0}/obs grep -c exhausted {data}",
        data
    ));
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.text().contains("open.log:1") || ran.text().trim() == "1", "{ran:?}");
    for name in ["secret.log", "vault"] {
        assert!(ran.stderr.contains(name), "{name}: {ran:?}");
    }
    assert!(ran.stderr.contains("permission denied"), "{ran:?}");
}

/// Rows 11 and 12: loops, dangling links and pipes in a tree.
#[test]
fn a_tree_with_loops_and_pipes_is_walked_once() {
    let folder = temporary();
    let tree = folder.path().join("tree");
    fs::create_dir(&tree).expect("a folder");
    fs::write(tree.join("app.log"), ENTRY).expect("a file");
    symlink("..", tree.join("loop")).expect("a link");
    symlink("nowhere", tree.join("dangling.log")).expect("a link");
    fs::write(folder.path().join("outside.log"), ENTRY).expect("a file");
    symlink("../outside.log", tree.join("linked.log")).expect("a link");
    let fifo = tree.join("fifo");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0)
        .expect("a FIFO");
    let path = tree.to_str().expect("UTF-8");
    let started = Instant::now();
    let ran = obs(&["grep", "-H", "-c", "exhausted", path]);
    assert_eq!(ran.text(), format!("{path}/app.log:1\n"), "{ran:?}");
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = obs(&["grep", "-l", "exhausted", "-L", path]);
    let found = ran.text();
    assert_eq!(found.lines().count(), 2, "each file once: {ran:?}");
    assert!(found.contains("app.log") && ran.stderr.contains("dangling.log"), "{ran:?}");
    assert!(started.elapsed() < Duration::from_secs(20), "a pipe in a tree is not waited for");
    let writer = std::thread::spawn({
        let fifo = fifo.clone();
        move || fs::write(fifo, format!("{ENTRY}\n{ENTRY}\n")).expect("a reader")
    });
    let ran = obs(&["grep", "-c", "exhausted", fifo.to_str().expect("UTF-8")]);
    assert_eq!((ran.text().trim(), ran.code), ("2", 0), "a pipe that is named is read: {ran:?}");
    writer.join().expect("it wrote");
}

/// Row 15: any bytes may be a file's name.
#[test]
fn names_of_any_bytes_are_read_and_shown_unharmed() {
    let folder = temporary();
    for name in [
        &b"n\xff\xfe.log"[..],
        b"two\nlines.log",
        b"\x1b[2Jclear.log",
        b"--help",
        b"-",
        b" .log",
        b"%s\\.log",
    ] {
        fs::write(folder.path().join(OsStr::from_bytes(name)), ENTRY).expect("a file");
    }
    let path = folder.path().to_str().expect("UTF-8");
    let ran = obs(&["grep", "", path, "--output", "jsonl"]);
    assert_eq!((ran.text().lines().count(), ran.code), (7, 0), "{ran:?}");
    let names: Vec<Json> = ran
        .text()
        .lines()
        .map(|line| serde_json::from_str::<Json>(line).expect("JSON")["file"].clone())
        .collect();
    let mut distinct: Vec<String> = names.iter().map(ToString::to_string).collect();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 7, "no two names look the same");
    let ran = obs(&["grep", "-c", "", "--", path]);
    assert_eq!(ran.code, 0);
    let ran = obs(&["grep", "-c", "exhausted", "--", &format!("{path}/--help")]);
    assert_eq!(ran.text(), "1\n");
}

/// What is not there, empty, or no log.
#[test]
fn what_cannot_be_read_is_said_with_the_right_code() {
    let folder = temporary();
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).expect("a folder");
    let there = folder.path().join("there.log");
    fs::write(&there, ENTRY).expect("a file");
    let (empty, there) = (empty.to_str().expect("UTF-8"), there.to_str().expect("UTF-8"));
    for command in [&["grep", "exhausted"][..], &["stats"], &["correlate"], &["fields"]] {
        for (paths, word, answered) in [
            (&["/no/such/file.log"][..], "no such file or directory", false),
            (&[empty], "no file here to read", false),
            (&[there, "/no/such/file.log"], "no such file or directory", true),
            (&["fixtures/hostile/0018-picture.log"], "no log here", false),
        ] {
            let ran = obs(&[command, paths].concat());
            assert_eq!((ran.code, ran.said("error")), (2, 1), "{command:?} {paths:?}: {ran:?}");
            assert!(ran.stderr.contains(word), "{command:?} {paths:?}: {ran:?}");
            assert!(!answered || !ran.stdout.is_empty(), "the others are read: {command:?} {ran:?}");
        }
    }
}

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
        let started = Instant::now();
        let ran = shell(&format!("(\"$OBS\" {args}; echo $? >&2) | head -1"));
        assert_eq!(ran.text().lines().count(), 1, "{args}");
        assert_eq!(ran.stderr, "0\n", "{args}: silent, and as if finished");
        assert!(started.elapsed() < Duration::from_secs(20), "{args}: {:?}", started.elapsed());
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
        .env("LANG", "C.UTF-8");
    command.args(["-c", SCRIPT, env!("CARGO_BIN_EXE_obs")]).args(args);
    command.output().expect("python3").stdout
}

/// Row 16: nothing in a log, in a file's name or in what was typed reaches the terminal as a command.
#[test]
fn no_control_byte_of_the_input_reaches_a_terminal() {
    let python = Command::new("python3").arg("--version").output().is_ok();
    if !python {
        eprintln!("left out: there is no python3 here");
        return;
    }
    let folder = temporary();
    let name = folder.path().join("\x1b]0;title\x07\u{202e}name.log");
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/hostile/0010-escapes.log"), &name)
        .expect("a copy");
    let file = name.to_str().expect("UTF-8");
    for args in [
        &["grep", "", file][..],
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
        // The terminal's driver turns "\n" into "\r\n"; else only the progress line, which comes first, has CR.
        let answer = plain.rsplit_once("  \r").map_or(&*plain, |(_, answer)| answer);
        assert!(
            !answer.replace("\r\n", "\n").trim_start_matches('\r').contains('\r'),
            "{args:?}: {}",
            plain.escape_debug()
        );
    }
    let shown = on_a_terminal(&["grep", "", file, "--raw"]);
    assert!(String::from_utf8_lossy(&shown).contains("--raw could send control characters"));
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
        (&["grep", "x", "fixtures/calm", "--since", "yesterdayish"], false),
        (&["grep", "x", "fixtures/calm", "--tz", "Mars/Olympus"], false),
        (&["grep", "x", "fixtures/calm", "--format", "cobol"], false),
        (&["grep", "x", "fixtures/calm", "--map", "x"], false),
        (&["grep", "x", "fixtures/calm", "--output", "csv"], false),
        (&["grep", "x", "fixtures/calm", "-j0"], false),
        (&["stats", "fixtures/calm", "--every", "soon"], false),
        (&["stats", "fixtures/calm", "--percentiles", "101"], false),
        (&["correlate", "fixtures/calm", "--slower-than", "long"], false),
    ] {
        let ran = obs(args);
        assert_eq!((ran.code, ran.stdout.len()), (2, 0), "{args:?}: {ran:?}");
        assert!(
            ran.stderr.starts_with("obs: error: ") && ran.stderr.contains("obs: hint: "),
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
        assert!(ran.stderr.contains("Usage") || ran.stderr.contains("--help"), "{args:?}: {ran:?}");
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
    let started = Instant::now();
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
    assert!(
        started.elapsed() < Duration::from_secs(60),
        "linear, whatever the pattern: {:?}",
        started.elapsed()
    );
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
        let started = Instant::now();
        interrupt(&child, signal);
        let ran = Ran::of(&child.wait_with_output().expect("it ends"));
        assert!(started.elapsed() < Duration::from_secs(3), "{args:?}: {:?}", started.elapsed());
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
    let started = Instant::now();
    let ran = Ran::of(&child.wait_with_output().expect("it ends"));
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
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
