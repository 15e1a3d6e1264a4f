//! What a trusted tool survives, on the side of its input: damaged, endless, unreadable and changing files.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value as Json;

use crate::program::*;

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
    ("0023-garbage-after.log.gz", 32, 2, 1, 0),
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
        ("[0-9]", "0005-nul-run.log", "3"),
        ("grüße 다시", "0009-utf-16le.log", "1"),
        ("needle-at-start.*needle-at-end", "0020-long-line.log", "1"),
    ] {
        let ran = obs(&["grep", "-c", pattern, &format!("fixtures/hostile/{name}")]);
        assert_eq!((ran.text().trim(), ran.code), (found, 0), "{pattern} in {name}");
    }
    let errors =
        |name: &str| obs(&["grep", "-c", "", "--level", "error", &format!("fixtures/hostile/{name}")]);
    for (name, found) in
        [("0009-utf-16le.log", "1"), ("0010-escapes.log", "3"), ("0014-lone-surrogates.log", "4")]
    {
        assert_eq!(errors(name).text().trim(), found, "{name}");
    }
    let ran = obs(&["grep", "", "fixtures/hostile/0007-crlf.log", "--output", "jsonl"]);
    assert!(!ran.text().contains("\\r\""), "no message or field ends in CR: {}", ran.text());
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
        let expected = if length < 3 { 0..3 } else { 2..3 };
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
        bomb.write_all(&vec![b'0'; 1 << 20]).expect("a disk");
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
        file.write_all(&vec![b'x'; 1 << 20]).expect("a disk");
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
    std::io::Seek::seek(&mut file, std::io::SeekFrom::End(0)).expect("a file");
    write!(file, "\n{ENTRY} last\n").expect("a disk");
    let file = path.to_str().expect("UTF-8");
    let ran = obs(&["grep", "-n", "exhausted last", file]);
    assert_eq!(ran.text(), format!("3:{ENTRY} last\n"), "{ran:?}");
    assert_eq!(obs(&["grep", "-c", "exhausted", file]).text(), "2\n");
}

// ------------------------------------------------------------------------------ files that change or hide

/// Row 8: no signal when a mapped file is cut while it is read, and the answer says so.
#[test]
fn a_file_cut_while_it_is_mapped_ends_in_a_diagnostic() {
    let folder = temporary();
    let path = folder.path().join("cut.log");
    let mut said = 0;
    // When it is read, after it was looked at, nobody can tell from outside: each run waits a little longer.
    for run in 0..60_u64 {
        if run >= 6 && said > 0 {
            break;
        }
        let mut file = File::create(&path).expect("a file");
        file.write_all(lines(100).as_bytes()).expect("a disk");
        file.set_len(1 << 30).expect("a disk");
        let mut command = program();
        command.args(["stats", "--output", "json"]).arg(&path).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("the program runs");
        wait_until_mapped(child.id(), "cut.log");
        std::thread::sleep(Duration::from_millis(5 * run));
        file.set_len(4096).expect("a disk");
        let ran = Ran::of(&child.wait_with_output().expect("it ends"));
        assert!([0, 1, 2].contains(&ran.code), "{ran:?}");
        assert_eq!(ran.code == 2, ran.said("error") > 0, "{ran:?}");
        said += usize::from(ran.stderr.contains("while"));
    }
    assert!(said > 0, "it was cut while it was read at least once");
}

/// Waits until a process has mapped the file of this name, where that can be seen, and at most a minute.
fn wait_until_mapped(process: u32, name: &str) {
    let maps = format!("/proc/{process}/maps");
    for _ in 0..6_000 {
        std::thread::sleep(Duration::from_millis(10));
        match fs::read_to_string(&maps) {
            Ok(maps) if !maps.is_empty() && !maps.contains(name) => {}
            _ => return,
        }
    }
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
        leave_out("it needs setpriv, and root to begin with");
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
    let ran =
        shell(&format!("cd / && setpriv --reuid=65534 --clear-groups {data}/obs grep -c exhausted {data}"));
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
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().expect("mkfifo").success());
    let path = tree.to_str().expect("UTF-8");
    let ran = obs(&["grep", "-H", "-c", "exhausted", path]);
    assert_eq!(ran.text(), format!("{path}/app.log:1\n"), "{ran:?}");
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = obs(&["grep", "-l", "exhausted", "--follow-links", path]);
    let found = ran.text();
    assert_eq!(found.lines().count(), 2, "each file once: {ran:?}");
    assert!(found.contains("app.log") && ran.stderr.contains("dangling.log"), "{ran:?}");
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
