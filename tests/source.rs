//! What reading does to the process as a whole: signals that are not ours stay what they are.

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::sync::Arc;

use obs::source::{Content, OpenOptions, WalkOptions, open, walk};

/// The file that the child maps.
const FILE: &str = "OBS_TEST_MAPPED_FILE";

/// The child's part of the test below: maps a file, says so, and waits for its end.
#[test]
#[expect(clippy::disallowed_methods, reason = "how the test below tells its child what to do")]
fn child_with_a_map() {
    let Some(file) = std::env::var_os(FILE) else { return };
    let found = walk(&[file.into()], &WalkOptions::default()).found;
    let opened = open(&found[0], &OpenOptions { map: true }, &Arc::default()).unwrap();
    let Content::Mapped(map) = opened.content else { panic!("not mapped") };
    std::io::Write::write_all(&mut std::io::stdout(), b"mapped\n").unwrap();
    let mut nothing = Vec::new();
    std::io::stdin().read_to_end(&mut nothing).unwrap();
    assert!(map.fault().is_none());
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a signal that kills needs a process of its own")]
fn a_bus_error_that_no_map_caused_ends_the_process() {
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(1 << 20).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "source::child_with_a_map", "--nocapture"])
        .env(FILE, file.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = Vec::new();
    let mut byte = [0];
    while !said.ends_with(b"mapped\n") && child.stdout.as_mut().unwrap().read(&mut byte).unwrap() > 0 {
        said.push(byte[0]);
    }
    assert!(said.ends_with(b"mapped\n"), "{}", said.escape_ascii());
    let killed = Command::new("kill").args(["-BUS", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGBUS));
}
