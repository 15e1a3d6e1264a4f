//! Trouble that stops the work: what happened, where in what was typed, and a hint.

use std::fmt;
use std::ops::Range;

/// Who has to act on an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What was asked for makes no sense (an expression, an option, a name).
    Usage,
    /// An input cannot be used at all.
    Input,
    /// The answer could not be written.
    Output,
    /// The reader of the answer went away: stop, and say nothing.
    Closed,
    /// Ctrl-C.
    Interrupted,
    /// Parts do not make a whole: some overlap, are missing, or are of something else by now.
    Coverage,
    /// What another process wrote is damaged, or of another version.
    Damaged,
    /// Another pass over the logs is needed before the answer.
    Unfinished,
}

/// An error that stops the work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Who has to act.
    pub kind: ErrorKind,
    /// What happened: lower case, no full stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The text that was wrong, and the bytes of it that are meant.
    pub source_span: Option<(String, Range<usize>)>,
}

impl Error {
    /// An error of this kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error { kind, message: message.into(), hint: None, source_span: None }
    }

    /// What was asked for makes no sense.
    pub fn usage(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Usage, message)
    }

    /// An input cannot be used.
    pub fn input(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Input, message)
    }

    /// The same with a hint.
    #[must_use]
    pub fn hinted(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same, pointing at a part of what was typed.
    #[must_use]
    pub fn at(mut self, source: impl Into<String>, span: Range<usize>) -> Self {
        self.source_span = Some((source.into(), span));
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
