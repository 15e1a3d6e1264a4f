//! Lines that go on with what the line before said: stack traces of many languages, indented text, closing
//! brackets.

use std::borrow::Cow;

use super::header::Header;
use crate::model::Level;

/// Does this line continue an entry, whatever the format of the file is? Only what no program logs as an entry
/// of its own.
pub(super) fn continues(line: &[u8]) -> bool {
    is_known(line) || is_frame_of_go(line)
}

/// `net/http.(*Server).Serve(0xc000, {0x1, 0x2})`, `created by main.main in goroutine 1`, `[signal SIGSEGV: …]`: lines of
/// Go's traces that nothing indents.
fn is_frame_of_go(line: &[u8]) -> bool {
    if line.starts_with(b"created by ") || line.starts_with(b"[signal SIG") {
        return true;
    }
    if !line.ends_with(b")") || !line[0].is_ascii_lowercase() {
        return false;
    }
    let is_path = |b: &u8| b.is_ascii_alphanumeric() || b"_-./%".contains(b);
    let path = line.iter().take_while(|b| is_path(b)).count();
    // A method's receiver stands in parentheses of its own.
    let receiver = line[path..].starts_with(b"(*");
    let dot = memchr::memrchr(b'.', &line[..path]);
    let arguments = &line[path..];
    dot.is_some_and(|dot| dot > 0 && (receiver || dot + 1 < path))
        && arguments.starts_with(b"(")
        && (receiver || !arguments[1..arguments.len() - 1].iter().any(|b| matches!(b, b'(' | b'"' | b'=')))
}

fn is_known(line: &[u8]) -> bool {
    let text = line.trim_ascii_start();
    let indented = text.len() < line.len();
    match text.first() {
        None => true,
        Some(b'a') => text.starts_with(b"at ") && (indented || memchr::memchr(b'(', first(text)).is_some()),
        Some(b'.') => text.starts_with(b"... "),
        Some(b'F') => indented && text.starts_with(b"File \""),
        Some(b'f') => indented && text.starts_with(b"from ") && memchr::memchr(b':', first(text)).is_some(),
        Some(b'C') => text.starts_with(b"Caused by: "),
        Some(b'S') => indented && text.starts_with(b"Suppressed: "),
        Some(b'D') => text.starts_with(b"During handling of the above exception"),
        Some(b'T') => text.starts_with(b"The above exception was the direct cause"),
        Some(b'g') => text.starts_with(b"goroutine ") && text.contains(&b'['),
        Some(b'-') => {
            text.starts_with(b"--- End of ")
                || (indented && text.starts_with(b"---> "))
                || text.starts_with(b"--> ")
        }
        _ => false,
    }
}

/// Does a line of a file whose entries have no time continue an entry?
pub(super) fn continues_untimed(line: &[u8]) -> bool {
    match line.first() {
        None | Some(b' ' | b'\t' | b'\n' | b'\r' | b'}' | b']' | b')') => true,
        _ => line.starts_with(b"Traceback (") || continues(line),
    }
}

/// Does a trace of Python end with the line at `at`? Its last line names the exception, right below an indented
/// one: `ValueError: no`.
///
/// An exception of Java that is named right below an error belongs to it, too. `peel` takes off what lines are wrapped in.
pub(super) fn ends_trace<'b>(bytes: &'b [u8], at: usize, peel: impl Fn(&'b [u8]) -> Cow<'b, [u8]>) -> bool {
    let line = peel(super::words::first_line(&bytes[at..]));
    let Some(class) = named(&line) else { return false };
    let Some((above, start)) = line_above(bytes, at) else { return false };
    let above = peel(above);
    if !above.starts_with(b"    ") {
        return is_qualified(class) && announces(&above);
    }
    // The line of code stands below the place of it; carets may mark a part of it.
    let marked = above.trim_ascii().iter().all(|b| matches!(b, b'^' | b'~' | b' '));
    let is_place = |line: &'b [u8]| peel(line).trim_ascii_start().starts_with(b"File \"");
    marked || line_above(bytes, start).is_some_and(|(line, _)| is_place(line))
}

/// The line above the one at `at`, and where it starts.
fn line_above(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let end = at.checked_sub(1)?;
    let start = memchr::memrchr(b'\n', &bytes[..end]).map_or(0, |newline| newline + 1);
    Some((&bytes[start..end], start))
}

/// The name of the exception that a line begins with: a class, alone or with what it says behind a colon.
fn named(line: &[u8]) -> Option<&[u8]> {
    let length = line
        .iter()
        .take(120)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'$'))
        .count();
    let name = &line[..length];
    let class = name.rsplit(|b| *b == b'.').next().unwrap_or_default();
    let is_class =
        class.first().is_some_and(u8::is_ascii_uppercase) && class.iter().any(u8::is_ascii_lowercase);
    let ends = line[length..].starts_with(b": ") || line[length..].trim_ascii_end().is_empty();
    (is_class && ends).then_some(name)
}

/// Does a line begin with the full name of an exception, `java.sql.SQLException: no`?
pub(super) fn names_exception(line: &[u8]) -> bool {
    named(line).is_some_and(is_qualified)
}

fn is_qualified(name: &[u8]) -> bool {
    name.first().is_some_and(u8::is_ascii_lowercase)
        && memchr::memchr(b'.', name).is_some()
        && [&b"Exception"[..], b"Error", b"Throwable"].iter().any(|end| name.ends_with(end))
}

/// Does a line say that something went wrong, so that what follows may say what?
fn announces(line: &[u8]) -> bool {
    Header::any(line, None).level.is_some_and(|(level, ..)| level >= Level::Warn)
}

/// Does a program that dies say so from this line on, though nothing stands before it? Rust's and Go's panics, and the
/// place in the source that Node names when nobody catches an exception: `/app/server.js:12`.
pub(super) fn opens_crash(line: &[u8]) -> bool {
    match line.first() {
        Some(b't') => {
            // Newer versions tell the thread's number, too: `thread 'main' (4711) panicked at`.
            line.starts_with(b"thread '") && memchr::memmem::find(first(line), b" panicked at ").is_some()
        }
        Some(b'p') => line.starts_with(b"panic: "),
        Some(b'f') if line.starts_with(b"fatal error: ") => true,
        Some(b'T') => is_traceback(line),
        Some(b'/' | b'n' | b'f') => is_place(line),
        _ => false,
    }
}

/// `Traceback (most recent call last):` of Python.
pub(super) fn is_traceback(line: &[u8]) -> bool {
    line.starts_with(b"Traceback (most recent call last):")
}

/// `/app/server.js:12`, `node:internal/process/promises:288`, `file:///app/server.mjs:3`: a place and nothing else.
pub(super) fn is_place(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    let Some(colon) = memchr::memrchr(b':', line) else { return false };
    let (path, number) = (&line[..colon], &line[colon + 1..]);
    let known = [&b"/"[..], b"node:internal/", b"file:///"].iter().any(|start| path.starts_with(start));
    known
        && !path.contains(&b' ')
        && !number.is_empty()
        && number.len() < 8
        && number.iter().all(u8::is_ascii_digit)
}

fn first(text: &[u8]) -> &[u8] {
    &text[..text.len().min(200)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_exception_ends_a_trace() {
        for (text, expected) in [
            ("x\n  File \"/a.py\", line 3, in f\n    g()\nValueError: no\n", true),
            ("x\n  File \"/a.py\", line 3, in f\n    g()\n    ^^^\nacme.NoStock\n", true),
            ("x\n  y\nStarted: z\n", false),
            ("ValueError: no\n", false),
            ("ERROR db down\njava.sql.SQLException: down\n", true),
            ("INFO fine\njava.sql.SQLException: down\n", false),
        ] {
            let at = text.trim_end().rfind('\n').map_or(0, |at| at + 1);
            assert_eq!(ends_trace(text.as_bytes(), at, Cow::Borrowed), expected, "{text}");
        }
    }

    #[test]
    fn programs_die_in_words_of_their_own() {
        for line in [
            "thread 'main' panicked at src/main.rs:10:5:",
            "thread 'main' (4711) panicked at src/main.rs:10:5:",
            "thread 'tokio-runtime-worker' panicked at 'no db', src/pay.rs:7:9",
            "panic: runtime error: index out of range [3] with length 2",
            "fatal error: all goroutines are asleep - deadlock!",
            "/app/server.js:12",
            "node:internal/process/promises:288",
            "file:///app/server.mjs:3",
            "Traceback (most recent call last):",
        ] {
            assert!(opens_crash(line.as_bytes()), "{line}");
        }
        for line in
            ["thread 7 done", "panicking", "/app/server.js", "/a b:12", "node: 12", "file:12", "to:1", ""]
        {
            assert!(!opens_crash(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn traces_continue() {
        for line in [
            "\tat x.Y(Z.java:1)",
            "at x.Y(Z.java:1)",
            "    at pay (order.js:12:9)",
            "   at Acme.Pay() in /src/Pay.cs:line 7",
            "Caused by: java.lang.X: y",
            "\t... 12 more",
            "  File \"/a.py\", line 3, in f",
            "\tfrom /usr/lib/ruby/x.rb:3:in `f'",
            "goroutine 1 [running]:",
            "   --- End of inner exception stack trace ---",
            "",
        ] {
            assert!(continues(line.as_bytes()), "{line}");
        }
        for line in [
            "at last",
            "from here",
            " BIOS-e820: usable",
            "File opened",
            "Traceback (most recent call last):",
        ] {
            assert!(!continues(line.as_bytes()), "{line}");
        }
        assert!(continues_untimed(b" x") && continues_untimed(b"}") && !continues_untimed(b"started"));
    }
}
