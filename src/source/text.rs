//! Small text files that are read whole, as rules and configuration, and the patterns by which they are named.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::open::{Content, OpenOptions, open};
use super::walk::{WalkOptions, Walked, walk};
use crate::model::Diagnostic;

/// What a text is read as: more of it is refused.
#[derive(Clone, Copy, Debug)]
pub struct Purpose {
    /// What it is taken for.
    pub what: &'static str,
    /// So many bytes at most.
    pub most: usize,
    /// What is said to who names a longer one; may be empty.
    pub hint: &'static str,
}

/// A rule file of 10,000 rules has two megabytes.
const RULES: Purpose = Purpose { what: "a text of rules or configuration", most: 64 << 20, hint: "" };

/// Set when reading is to end: a text may come from a pipe that says nothing.
static CANCEL: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// The texts that were asked for in this run: an answer depends on them as on all else that is read.
static READ: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// The texts that were asked for so far.
pub fn texts_read() -> Vec<PathBuf> {
    READ.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// From now on reading of texts ends when `cancel` is set.
pub fn cancel_texts_with(cancel: &Arc<AtomicBool>) {
    let _ = CANCEL.set(Arc::clone(cancel));
}

/// Reads a text file whole, decompressed; `-` is standard input. Gives its name as it is shown, and its text.
pub fn read_text(path: &Path) -> Result<(String, String), Diagnostic> {
    read_text_as(path, &RULES)
}

/// The same of a text for another purpose.
pub fn read_text_as(path: &Path, purpose: &Purpose) -> Result<(String, String), Diagnostic> {
    READ.lock().unwrap_or_else(PoisonError::into_inner).push(path.to_owned());
    let shown = path.to_string_lossy().into_owned();
    if std::fs::metadata(path).is_ok_and(|metadata| metadata.is_dir()) {
        return Err(Diagnostic::error(shown, "is a directory").hinted("name the file in it"));
    }
    let Walked { found, diagnostics: mut troubles, .. } = walk(&[path.to_owned()], &WalkOptions::default());
    let Some(found) = found.into_iter().next() else {
        return Err(troubles.pop().unwrap_or_else(|| Diagnostic::error(shown, "cannot be read")));
    };
    let cancel = CANCEL.get().cloned().unwrap_or_default();
    let opened = open(&found, &OpenOptions { map: false }, &cancel)?;
    let mut bytes = Vec::new();
    match opened.content {
        Content::Mapped(map) => bytes.extend_from_slice(&map[..map.len().min(purpose.most + 1)]),
        Content::Stream(mut stream) => {
            // The error is kept by the stream.
            let _ = (&mut stream).take(purpose.most as u64 + 1).read_to_end(&mut bytes);
            if stream.was_cancelled() {
                return Err(Diagnostic::error(found.shown, "was not read to its end: interrupted"));
            }
            if let Some(trouble) = stream.trouble() {
                return Err(trouble);
            }
        }
    }
    if bytes.len() > purpose.most {
        let message =
            format!("is longer than {} MB, the most that is read of {}", purpose.most >> 20, purpose.what);
        let error = Diagnostic::error(found.shown, message);
        return Err(if purpose.hint.is_empty() { error } else { error.hinted(purpose.hint) });
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok((found.shown, text)),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let line = memchr::memchr_iter(b'\n', &error.as_bytes()[..at]).count() as u64 + 1;
            Err(Diagnostic::error(found.shown, "is no text in UTF-8").at_line(line))
        }
    }
}

/// A pattern may name this many files at most.
const MOST_FILES: usize = 10_000;

/// The files that a pattern names, in the order of their names: `*` and `?` stand for letters of a name, `[a-c]`
/// and `[^a-c]` for one of several, `\` takes the next letter as it is. A relative pattern starts at `base`.
pub fn glob(base: &Path, pattern: &str) -> Vec<PathBuf> {
    let (mut paths, rest) = match pattern.strip_prefix('/') {
        Some(rest) => (vec![PathBuf::from("/")], rest),
        None => (vec![base.to_owned()], pattern),
    };
    for part in rest.split('/').filter(|part| !part.is_empty()) {
        paths = if part.contains(['*', '?', '[', '\\']) {
            paths.iter().flat_map(|path| matching(path, part)).take(MOST_FILES).collect()
        } else {
            paths.into_iter().map(|path| path.join(part)).collect()
        };
    }
    paths.retain(|path| path.is_file());
    paths
}

/// What a directory holds under names that match, in order.
fn matching(directory: &Path, pattern: &str) -> Vec<PathBuf> {
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    #[expect(clippy::disallowed_methods, reason = "source/ is where directories are walked")]
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let pattern: Vec<char> = pattern.chars().collect();
    let mut names: Vec<_> = entries
        .flatten()
        .map(|entry| entry.file_name())
        .filter(|name| {
            let name: Vec<char> = name.to_string_lossy().chars().collect();
            // As in a shell, hidden files want to be named.
            (name.first() != Some(&'.') || pattern.first() == Some(&'.')) && matches(&pattern, &name)
        })
        .collect();
    names.sort();
    names.into_iter().map(|name| directory.join(name)).collect()
}

/// Does a name match a pattern? Goes back to the last `*` only, which is enough.
fn matches(pattern: &[char], name: &[char]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p + 1, n));
            p += 1;
        } else if let Some(length) = one(&pattern[p..], name[n]) {
            p += length;
            n += 1;
        } else if let Some((after, from)) = star {
            star = Some((after, from + 1));
            (p, n) = (after, from + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Does the start of a pattern stand for this letter? Then how long that start is.
fn one(pattern: &[char], c: char) -> Option<usize> {
    match pattern.first()? {
        '?' => Some(1),
        '[' => {
            let negated = matches!(pattern.get(1), Some('^' | '!'));
            let set = 1 + usize::from(negated);
            // A bracket right at the start belongs to the set.
            let end = set + 1 + pattern.get(set + 1..)?.iter().position(|c| *c == ']')?;
            let mut inside = false;
            let mut at = set;
            while at < end {
                let (from, to, used) = match pattern.get(at + 1..at + 3) {
                    Some(['-', to]) if at + 2 < end => (pattern[at], *to, 3),
                    _ => (pattern[at], pattern[at], 1),
                };
                inside |= (from..=to).contains(&c);
                at += used;
            }
            (inside != negated).then_some(end + 1)
        }
        '\\' => (pattern.get(1) == Some(&c)).then_some(2),
        other => (*other == c).then_some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_patterns() {
        for (pattern, name, expected) in [
            ("*.yml", "rules.yml", true),
            ("*.yml", "rules.yaml", false),
            ("r*l*s?yml", "rules.yml", true),
            ("[a-c]*", "beta", true),
            ("[^a-c]*", "beta", false),
            ("[]x]", "]", true),
            ("[a-", "a", false),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("*", "", true),
            ("a*b*c", "a-b-b-d", false),
        ] {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            assert_eq!(matches(&letters(pattern), &letters(name)), expected, "{pattern} {name}");
        }
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the tests make files")]
    fn files_are_named_by_patterns_and_read() {
        let dir = tempfile::tempdir().expect("a folder");
        for name in ["b.yml", "a.yml", ".hidden.yml", "c.txt"] {
            std::fs::create_dir_all(dir.path().join("rules")).expect("a folder");
            std::fs::write(dir.path().join("rules").join(name), name).expect("a file");
        }
        std::fs::write(dir.path().join("bad.yml"), b"a\nb\xff").expect("a file");
        let found = |pattern: &str| -> Vec<String> {
            let base = dir.path();
            glob(base, pattern)
                .iter()
                .map(|path| path.strip_prefix(base).unwrap_or(path).display().to_string())
                .collect()
        };
        assert_eq!(found("*/*.yml"), ["rules/a.yml", "rules/b.yml"]);
        assert_eq!(found("rules/c.txt"), ["rules/c.txt"]);
        assert_eq!(found("rules"), Vec::<String>::new());
        assert_eq!(found("none/*"), Vec::<String>::new());
        assert_eq!(read_text(&dir.path().join("rules/a.yml")).expect("text").1, "a.yml");
        let wrong = read_text(&dir.path().join("bad.yml")).expect_err("no text");
        assert!(wrong.to_string().ends_with("bad.yml:2: is no text in UTF-8"), "{wrong}");
        assert!(read_text(&dir.path().join("none.yml")).is_err());
        assert!(read_text(dir.path()).expect_err("a folder").message.contains("directory"));
    }
}
