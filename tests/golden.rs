//! The examples of the README and of tests/cmd are what obs prints. `UPDATE=1` writes them anew.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Files whose `console` blocks are run: the README, and the cases of every command.
fn books() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut books = vec![root.join("README.md")];
    let mut cases: Vec<PathBuf> =
        std::fs::read_dir(root.join("tests/cmd")).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    books.extend(cases);
    books
}

/// Runs a command line of an example in the project's folder, with nothing in its environment but a path.
fn run(line: &str) -> String {
    let obs = Path::new(env!("CARGO_BIN_EXE_obs"));
    let output = Command::new("sh")
        .arg("-c")
        .arg(line)
        .stdin(std::process::Stdio::null())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", obs.parent().unwrap().display()))
        .output()
        .unwrap();
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    match output.status.code() {
        Some(0) => {}
        code => text.push_str(&format!("[exit {}]\n", code.unwrap_or(-1))),
    }
    text
}

/// The text with the output of every command as it is now.
fn played(text: &str) -> String {
    let mut out = String::new();
    let mut in_console = false;
    for line in text.lines() {
        if line.starts_with("```") {
            in_console = line == "```console";
        } else if in_console && !line.starts_with("$ ") {
            continue;
        }
        out.push_str(line);
        out.push('\n');
        if in_console && let Some(command) = line.strip_prefix("$ ") {
            let output = run(command);
            out.push_str(&output);
            if !output.is_empty() && !output.ends_with('\n') {
                out.push('\n');
            }
        }
    }
    out
}

#[test]
fn examples_are_what_obs_prints() {
    for book in books() {
        let text = std::fs::read_to_string(&book).unwrap();
        assert!(text.contains("```console\n$ obs "), "{} has no example", book.display());
        let now = played(&text);
        let silent =
            now.lines().zip(now.lines().skip(1)).find(|(a, b)| a.starts_with("$ ") && b.starts_with("```"));
        assert_eq!(silent, None, "{}: an example that prints nothing shows nothing", book.display());
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&book, &now).unwrap();
        } else if text != now {
            let place = text.lines().zip(now.lines()).position(|(a, b)| a != b).unwrap_or(0);
            let shown = |text: &str| text.lines().skip(place).take(12).collect::<Vec<_>>().join("\n");
            panic!(
                "{}:{} is no longer what obs prints; UPDATE=1 cargo test examples writes it anew\nwritten:\n{}\nnow:\n{}",
                book.display(),
                place + 1,
                shown(&text),
                shown(&now)
            );
        }
    }
}

#[test]
fn every_command_has_an_example() {
    let books: String = books().iter().map(|book| std::fs::read_to_string(book).unwrap()).collect();
    let help = run("obs --help");
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = commands
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')))
        .filter_map(|line| line.split(' ').next());
    let names: Vec<&str> = names.filter(|name| *name != "help").collect();
    assert!(names.len() >= 10, "{help}");
    for name in names {
        assert!(books.contains(&format!("\n$ obs {name} ")), "obs {name} has no example");
    }
}
