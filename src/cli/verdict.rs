//! What a command says to the shell, and how trouble is said on stderr.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::ExitCode;

use super::{config, redaction};
use crate::model::{Diagnostic, Error, ErrorKind, Severity};
use crate::report::Untrusted;

/// How a command ended, trouble aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Yes, found, clean.
    Yes,
    /// No, nothing found, or something found where that was asked to be told.
    No,
    /// The answer is partial.
    Trouble,
    /// Ctrl-C.
    Interrupted,
    /// Parts make no whole.
    Mismatch,
    /// A part is damaged.
    Damaged,
    /// Another pass is needed.
    Unfinished,
}

impl Verdict {
    /// Yes or no.
    pub(super) fn of(yes: bool) -> Self {
        if yes { Verdict::Yes } else { Verdict::No }
    }

    /// This verdict in the light of what went wrong: a partial answer is no answer.
    pub(super) fn after(self, diagnostics: &[Diagnostic], strict: bool, interrupted: bool) -> Self {
        let limit = if strict { Severity::Warning } else { Severity::Error };
        match self {
            _ if interrupted => Verdict::Interrupted,
            _ if diagnostics.iter().any(|diagnostic| diagnostic.severity >= limit) => Verdict::Trouble,
            verdict => verdict,
        }
    }
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        ExitCode::from(match verdict {
            Verdict::Yes => 0,
            Verdict::No => 1,
            Verdict::Trouble => 2,
            Verdict::Mismatch => 3,
            Verdict::Damaged => 4,
            Verdict::Unfinished => 5,
            Verdict::Interrupted => 130,
        })
    }
}

/// Says an error, and gives the verdict that it makes.
pub(super) fn fail(error: &Error) -> Verdict {
    if error.kind == ErrorKind::Closed {
        // The reader has what it wanted.
        return Verdict::Yes;
    }
    let mut text = String::new();
    text.push_str(&label("error", "31"));
    text.push_str(&Untrusted::from(error.message.as_str()).block());
    text.push('\n');
    if let Some((source, span)) = &error.source_span {
        text.push_str(&pointed(source, span.clone()));
    }
    if let Some(hint) = &error.hint {
        text.push_str(&label("hint", "36"));
        text.push_str(&Untrusted::from(hint.as_str()).block());
        text.push('\n');
    }
    to_stderr(&text);
    match error.kind {
        ErrorKind::Interrupted => Verdict::Interrupted,
        ErrorKind::Coverage => Verdict::Mismatch,
        ErrorKind::Damaged => Verdict::Damaged,
        ErrorKind::Unfinished => Verdict::Unfinished,
        _ => Verdict::Trouble,
    }
}

/// How many diagnostics of one kind are said one by one.
const SAID: usize = 20;

/// Says what went wrong along the way.
pub(super) fn warn(diagnostics: &[Diagnostic], quiet: bool) {
    let least = if quiet { Severity::Error } else { Severity::Warning };
    // The survey and the scan may meet the same trouble.
    let mut known = BTreeSet::new();
    let said: Vec<&Diagnostic> = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity >= least && known.insert(*diagnostic))
        .collect();
    let mut text = String::new();
    for diagnostic in said.iter().take(SAID) {
        let (word, color) =
            if diagnostic.severity == Severity::Error { ("error", "31") } else { ("warning", "33") };
        text.push_str(&label(word, color));
        text.push_str(&Untrusted::from(diagnostic.to_string()).block());
        text.push('\n');
        if let Some(hint) = &diagnostic.hint {
            text.push_str(&label("hint", "36"));
            text.push_str(&Untrusted::from(hint.as_str()).block());
            text.push('\n');
        }
    }
    if said.len() > SAID {
        text.push_str(&label("warning", "33"));
        text.push_str("… and ");
        text.push_str(&(said.len() - SAID).to_string());
        text.push_str(" more like these\n");
    }
    to_stderr(&text);
}

/// Says something on stderr.
pub(super) fn note(text: &str) {
    to_stderr(&format!("obs: {}\n", Untrusted::from(text).block()));
}

/// Says a line that no format understood.
pub(super) fn unparsed(file: &str, line: u64, text: &str) {
    let (file, text) = (Untrusted::from(file).line(), Untrusted::from(text).line());
    to_stderr(&format!("{file}:{line}: {text}\n"));
}

fn to_stderr(text: &str) {
    // Where stderr is closed nobody can be told that it is.
    let _ = std::io::stderr().lock().write_all(redaction::text(text).as_bytes());
}

fn label(word: &str, color: &str) -> String {
    if config::color_on_stderr() {
        format!("obs: \x1b[1;{color}m{word}:\x1b[0m ")
    } else {
        format!("obs: {word}: ")
    }
}

/// The wrong text with a mark under the part that is meant.
fn pointed(source: &str, span: std::ops::Range<usize>) -> String {
    // Long expressions are shown around the place, on its line.
    let start = source[..span.start.min(source.len())].rfind('\n').map_or(0, |at| at + 1);
    let end = source[start..].find('\n').map_or(source.len(), |at| start + at);
    let line = &source[start..end];
    let clip = |at: usize| (0..=at.min(line.len())).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
    let (from, to) = (clip(span.start.saturating_sub(start)), clip(span.end.saturating_sub(start)));
    let (from, to) = (from, to.max(from));
    let columns = |text: &str| unicode_width::UnicodeWidthStr::width(Untrusted::from(text).line().as_str());
    let first = if columns(&line[..from]) > 60 { clip(from.saturating_sub(50)) } else { 0 };
    let last =
        (from..=line.len()).rev().find(|at| line.is_char_boundary(*at) && *at - first <= 100).unwrap_or(to);
    let lead = if first > 0 { "…" } else { "" };
    let shown = Untrusted::from(&line[first..last.max(from)]).line();
    let indent = columns(&line[first..from]) + lead.chars().count();
    let marks = columns(&line[from..to.min(last.max(from))]).max(1);
    format!("       {lead}{shown}\n       {}{}\n", " ".repeat(indent), "^".repeat(marks))
}

/// Says how obs is used, to one who typed nothing else.
pub(super) fn usage(text: &str) {
    to_stderr(text);
}
