//! Anything else: text, with the time and the level found where they are. The last format; it never fails.

use super::{LogFormat, Plan, Sample};
use crate::format::time::{self, Stamp};
use crate::model::{Level, Role, Slots, Value};

/// Plain text.
#[derive(Debug)]
pub struct Text;

impl LogFormat for Text {
    fn name(&self) -> &'static str {
        "text"
    }

    fn about(&self) -> &'static str {
        "text with a time, a level, a thread and a logger at its start, any of them missing (log4j, logback, Python …)"
    }

    fn starts(&self, rest: &[u8]) -> bool {
        // A time at the start of the line, or close to it: what has none continues the entry before.
        !matches!(rest.first(), None | Some(b'\t' | b'\n' | b'\r')) && Header::of(rest).stamp.is_some()
    }

    fn extract<'a>(&self, entry: &'a [u8], plan: &Plan, slots: &mut Slots<'a>) -> bool {
        let header = Header::of(entry);
        header.visit(entry, &mut |name, value| {
            plan.offer_named(slots, name.as_bytes(), value);
        });
        // Read once, here, rather than again from the text of the field.
        if let Some((stamp, _, _)) = header.stamp
            && plan.needs().has(Role::Ts)
        {
            slots.ts = plan.clock().resolve(stamp);
        }
        header.stamp.is_some() || header.level.is_some()
    }

    fn fields<'a>(&self, entry: &'a [u8], visit: &mut dyn FnMut(&str, Value<'a>)) -> Option<usize> {
        // Its parts have roles, not names; only those that no role speaks for are fields.
        let header = Header::of(entry);
        for (name, part) in [("thread", header.thread), ("logger", header.logger)] {
            if let Some((from, to)) = part {
                visit(name, Value::plain(&entry[from..to]));
            }
        }
        None
    }

    fn names_in_text(&self) -> bool {
        false
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                text: "2023-12-24 03:14:23 INFO  PaymentController - Processing payment for order 1",
                ts: Some("2023-12-24T03:14:23Z"),
                level: Some(Level::Info),
                roles: &[
                    (Role::Logger, "PaymentController"),
                    (Role::Message, "Processing payment for order 1"),
                ],
            },
            Sample {
                text: "2023-12-24 03:14:46 ERROR java.sql.SQLException: Connection is not available\n\tat x.Y(Z.java:1)\nCaused by: z",
                ts: Some("2023-12-24T03:14:46Z"),
                level: Some(Level::Error),
                roles: &[(
                    Role::Message,
                    "java.sql.SQLException: Connection is not available\n\tat x.Y(Z.java:1)\nCaused by: z",
                )],
            },
            Sample {
                text: "2024-02-05 09:00:00,500 [main] WARN  c.acme.Pool - near exhaustion 18/20",
                ts: Some("2024-02-05T09:00:00.500Z"),
                level: Some(Level::Warn),
                roles: &[
                    (Role::Thread, "main"),
                    (Role::Logger, "c.acme.Pool"),
                    (Role::Message, "near exhaustion 18/20"),
                ],
            },
            Sample {
                text: "2024-02-05 09:00:00,500 - acme.pool - CRITICAL - gone",
                ts: Some("2024-02-05T09:00:00.500Z"),
                level: Some(Level::Fatal),
                roles: &[(Role::Logger, "acme.pool"), (Role::Message, "gone")],
            },
            Sample {
                text: "[2024-02-05T09:00:00Z] [error] disk full",
                ts: Some("2024-02-05T09:00:00Z"),
                level: Some(Level::Error),
                roles: &[(Role::Message, "disk full")],
            },
            Sample {
                text: "INFO 2024/02/05 09:00:00 started in 3 ms",
                ts: Some("2024-02-05T09:00:00Z"),
                level: Some(Level::Info),
                roles: &[(Role::Message, "started in 3 ms")],
            },
        ]
    }
}

/// Does a line that stands in a file without times start an entry? Blank and indented lines, and those that
/// go on with a stack trace, do not.
pub(super) fn starts_untimed(rest: &[u8]) -> bool {
    match rest.first() {
        None | Some(b' ' | b'\t' | b'\n' | b'\r' | b'}' | b']' | b')') => false,
        _ => {
            !["Caused by:", "Traceback (", "... ", "at "].iter().any(|word| rest.starts_with(word.as_bytes()))
        }
    }
}

/// How many words of a line may come before the message.
const HEADER_WORDS: usize = 8;

/// What a line says before its message, as ranges of bytes.
#[derive(Debug, Default)]
struct Header {
    stamp: Option<(Stamp, usize, usize)>,
    level: Option<(Level, usize, usize)>,
    thread: Option<(usize, usize)>,
    logger: Option<(usize, usize)>,
    message: usize,
}

impl Header {
    /// Reads word after word as long as they are a time, a level, a thread or a logger.
    fn of(entry: &[u8]) -> Header {
        let line = memchr::memchr(b'\n', &entry[..entry.len().min(4096)]).map_or(entry, |end| &entry[..end]);
        let mut header = Header::default();
        let mut at = 0;
        for _ in 0..HEADER_WORDS {
            at = separators(line, at, header.stamp.is_some() || header.level.is_some());
            let Some(next) = header.word(line, at) else { break };
            at = next;
        }
        header.message = separators(line, at, header.stamp.is_some() || header.level.is_some());
        header
    }

    /// Takes the word at `at` if it belongs to a header; where it ends.
    fn word(&mut self, line: &[u8], at: usize) -> Option<usize> {
        let rest = line.get(at..).filter(|rest| !rest.is_empty())?;
        if let (Some(close @ (b']' | b')' | b'>')), true) = (closing(rest[0]), rest.len() > 1) {
            let end = memchr::memchr2(close, b'\n', &rest[1..rest.len().min(256)])?;
            let (from, to) = (at + 1, at + 1 + end);
            self.bracketed(line, from, to)?;
            return Some(to + 1);
        }
        if self.stamp.is_none()
            && let Some((stamp, used)) = stamp(rest)
        {
            self.stamp = Some((stamp, at, at + used));
            return Some(at + used);
        }
        let length = rest
            .iter()
            .take_while(|b| !matches!(b, b' ' | b'\t' | b':' | b'|' | b'[' | b']' | b'\r'))
            .count();
        let word = &rest[..length];
        if self.level.is_none()
            && let Some(level) = level_word(word)
        {
            self.level = Some((level, at, at + length));
            return Some(at + length);
        }
        self.logger(rest, at)
    }

    /// A bracket may hold the time, the level, or else the thread. `None` if it is part of the message.
    fn bracketed(&mut self, line: &[u8], from: usize, to: usize) -> Option<()> {
        let inside = &line[from..to];
        let trimmed = inside.trim_ascii();
        if self.stamp.is_none()
            && let Some((stamp, used)) = stamp(trimmed)
            && used == trimmed.len()
        {
            self.stamp = Some((stamp, from, to));
        } else if self.level.is_none()
            && let Some(level) = level_word(trimmed)
        {
            self.level = Some((level, from, to));
        } else if self.thread.is_none() && (self.stamp.is_some() || self.level.is_some()) {
            self.thread = Some((from, to));
        } else {
            return None;
        }
        Some(())
    }

    /// `c.acme.Pool - ` or `Pool: `: a name right before a separator, once the time or level is known.
    fn logger(&mut self, rest: &[u8], at: usize) -> Option<usize> {
        if self.logger.is_some() || (self.stamp.is_none() && self.level.is_none()) {
            return None;
        }
        let length = rest
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'$' | b'/' | b'-' | b'#'))
            .count();
        let (name, after) = rest.split_at(length);
        let dash = after.starts_with(b" - ") || after.trim_ascii_start().starts_with(b"- ");
        let colon = (after.starts_with(b": ") || after.trim_ascii_start().starts_with(b": "))
            && !name.ends_with(b"Exception")
            && !name.ends_with(b"Error");
        if !name.first().is_some_and(u8::is_ascii_alphabetic) || !(dash || colon) {
            return None;
        }
        self.logger = Some((at, at + length));
        Some(at + length)
    }

    fn visit<'a>(&self, entry: &'a [u8], visit: &mut dyn FnMut(&str, Value<'a>)) {
        if let Some((_, from, to)) = self.stamp {
            visit("timestamp", Value::plain(&entry[from..to]));
        }
        if let Some((_, from, to)) = self.level {
            visit("level", Value::plain(&entry[from..to]));
        }
        for (name, part) in [("thread", self.thread), ("logger", self.logger)] {
            if let Some((from, to)) = part {
                visit(name, Value::plain(&entry[from..to]));
            }
        }
        visit("message", Value::plain(entry[self.message.min(entry.len())..].trim_ascii_end()));
    }
}

/// A time in any notation; a bare number is one only if nothing but a blank follows it.
fn stamp(rest: &[u8]) -> Option<(Stamp, usize)> {
    time::read(rest).or_else(|| {
        time::epoch(rest)
            .filter(|(_, used)| matches!(rest.get(*used), None | Some(b' ' | b'\t' | b']' | b':')))
    })
}

/// A level as the headers of logs write it: a word all in capitals, all in small letters or with a capital
/// first, or one of these in an abbreviation.
fn level_word(word: &[u8]) -> Option<Level> {
    let word = word.strip_suffix(b":").unwrap_or(word);
    if word.len() < 3 || !word.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    let mixed = word[1..].iter().any(u8::is_ascii_uppercase) && word.iter().any(u8::is_ascii_lowercase);
    if mixed {
        return None;
    }
    Level::from_word(word)
}

/// The bracket that closes `open`.
fn closing(open: u8) -> Option<u8> {
    match open {
        b'[' => Some(b']'),
        b'(' => Some(b')'),
        b'<' => Some(b'>'),
        _ => None,
    }
}

/// Skips blanks, and after the first header word also the signs that part header words.
fn separators(line: &[u8], mut at: usize, started: bool) -> usize {
    loop {
        match line.get(at) {
            Some(b' ' | b'\t') => at += 1,
            Some(b':' | b'|' | b',') if started => at += 1,
            Some(b'-') if started && matches!(line.get(at + 1), Some(b' ' | b'-')) => at += 1,
            _ => return at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(line: &str) -> String {
        let mut out = String::new();
        Header::of(line.as_bytes()).visit(line.as_bytes(), &mut |name, value| {
            out.push_str(&format!("{name}={} ", value.text().unwrap_or_default()));
        });
        out
    }

    #[test]
    fn the_message_begins_where_the_header_ends() {
        for (line, expected) in [
            (
                "2023-12-24 03:14:25 DEBUG Connection pool: 20/20 active connections",
                "timestamp=2023-12-24 03:14:25 level=DEBUG message=Connection pool: 20/20 active connections ",
            ),
            ("hello there", "message=hello there "),
            ("error: no such file", "level=error message=no such file "),
            (
                "2024-02-05 09:00:00.123  INFO 1 --- [nio-8080-exec-1] c.acme.Pay : paid",
                "timestamp=2024-02-05 09:00:00.123 level=INFO message=1 --- [nio-8080-exec-1] c.acme.Pay : paid ",
            ),
            ("2024-02-05T09:00:00Z", "timestamp=2024-02-05T09:00:00Z message= "),
        ] {
            assert_eq!(parts(line), expected, "{line}");
        }
    }

    #[test]
    fn what_has_no_time_continues() {
        for line in ["\tat x.Y(Z.java:1)", "Caused by: z", "java.sql.SQLException: x", "", "\n", "12345 rows"]
        {
            assert!(!Text.starts(line.as_bytes()), "{line}");
        }
        assert!(
            starts_untimed(b"Server started")
                && !starts_untimed(b"  indented")
                && !starts_untimed(b"Caused by: x")
        );
    }
}
