//! What a message in plain text says beside its words: pairs, durations, statuses, ids, and how bad it is.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use memchr::memmem::find;

use super::json;
use super::trace::is_place;
use super::words::{first_line, is_uuid, pair_value, unit_after};
use crate::model::unit::parse_span;
use crate::model::{Level, Text, Value};

/// How much of a message is looked at.
pub(super) const WITHIN: usize = 8 << 10;

/// How long a key may be.
const LONGEST_KEY: usize = 48;

fn within(message: &[u8]) -> &[u8] {
    &message[..message.len().min(WITHIN)]
}

/// Hands every `key=value` of a message to `visit`, every `key: value` of a list in brackets, and the fields
/// of a JSON object at its end.
pub(super) fn pairs<'a>(message: &'a [u8], visit: &mut dyn FnMut(&'a [u8], Value<'a>)) {
    let message = within(message);
    if let Some(open) = json_at(message) {
        // Damage inside the object: what was read of it counts.
        let _ = json::each_field(&message[open..], |key: Text<'a>, value| {
            if !key.escaped {
                visit(key.raw, value);
            }
        });
        return pairs_between(&message[..open], visit);
    }
    pairs_between(message, visit);
}

/// Where a JSON object starts that goes on to the message's end.
pub(super) fn json_at(message: &[u8]) -> Option<usize> {
    let end = message.trim_ascii_end();
    // Monolog puts an empty list behind it.
    let end = end.strip_suffix(b" []").unwrap_or(end);
    if !end.ends_with(b"}") {
        return None;
    }
    let open = find(message, b"{\"").or_else(|| find(message, b"{ \""))?;
    (open == 0 || matches!(message[open - 1], b' ' | b'\t' | b':' | b'|' | b'=')).then_some(open)
}

fn pairs_between<'a>(message: &'a [u8], visit: &mut dyn FnMut(&'a [u8], Value<'a>)) {
    let mut at = 0;
    // Most messages have no brackets to count.
    let mut bracketed = None;
    let mut depth = 0_usize;
    while let Some(found) = message.get(at..).and_then(|rest| memchr::memchr3(b'=', b':', b'"', rest)) {
        let sign = at + found;
        if *bracketed.get_or_insert_with(|| memchr::memchr3(b'(', b'[', b'{', message).is_some()) {
            depth = (depth + message[at..sign].iter().filter(|b| matches!(b, b'(' | b'[' | b'{')).count())
                .saturating_sub(message[at..sign].iter().filter(|b| matches!(b, b')' | b']' | b'}')).count());
        }
        at = sign + 1;
        let after = &message[at..];
        match message[sign] {
            // What is quoted is text; a value in quotes has been passed over already.
            b'"' => {
                let close = memchr::memchr(b'"', after);
                at += close.map_or(0, |close| close + 1);
                continue;
            }
            b'=' if matches!(after.first(), None | Some(b'=' | b'~' | b'>')) => continue,
            b':' if depth == 0 || after.first() != Some(&b' ') => continue,
            _ => {}
        }
        let Some(key) = key_before(message, sign) else { continue };
        let blank = usize::from(message[sign] == b':');
        let (value, used) = pair_value(&after[blank..]);
        visit(key, value);
        at += blank + used;
    }
}

/// The key that ends at `end`: a name, at the start of a word.
fn key_before(message: &[u8], end: usize) -> Option<&[u8]> {
    let from = end.saturating_sub(LONGEST_KEY);
    let length = message[from..end]
        .iter()
        .rev()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'@'))
        .count();
    let key = &message[end - length..end];
    let before = (end > length).then(|| message[end - length - 1]);
    let starts =
        matches!(before, None | Some(b' ' | b'\t' | b'(' | b'[' | b'{' | b',' | b';' | b'|' | b'<' | b'\n'));
    let named = key.first().is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'@'));
    (starts && named).then_some(key)
}

/// Where numbers stand in a message that come behind a blank.
fn numbers(message: &[u8]) -> impl Iterator<Item = usize> {
    let starts = memchr::memchr_iter(b' ', message).map(|blank| blank + 1);
    starts.filter(|at| matches!(message.get(*at), Some(b'0'..=b'9' | b'.' | b'P')))
}

/// Words before a duration.
const TOOK: [&[u8]; 9] = [
    b"took ",
    b"duration: ",
    b"elapsed: ",
    b"elapsed time: ",
    b"latency: ",
    b"Took ",
    b"Duration: ",
    b"Elapsed: ",
    b"Latency: ",
];
/// Words before ` in ` and a duration.
const DONE: [&str; 14] = [
    "completed",
    "finished",
    "done",
    "processed",
    "executed",
    "responded",
    "served",
    "handled",
    "ok",
    "succeeded",
    "failed",
    "returned",
    "started",
    "timed",
];
/// Words before the status of an HTTP response.
const ANSWERED: [&[u8]; 7] =
    [b"HTTP/1.1\" ", b"HTTP/1.0\" ", b"HTTP/2.0\" ", b"HTTP/2\" ", b"status code ", b"HTTP ", b"returned "];

/// A duration in words, `took 8ms`, `duration: 418.377 ms`, `completed in 1.2s`, and an HTTP status in words,
/// `HTTP/1.1" 503`, `status code 404`, `returned 401`: both are numbers behind a blank, which are looked for once.
pub(super) fn duration_and_status(message: &[u8]) -> (Option<&[u8]>, Option<&[u8]>) {
    let message = within(message);
    let (mut took, mut done, mut status) = (None, None, None);
    for at in numbers(message) {
        let (before, rest) = message.split_at(at);
        if took.is_none() && TOOK.iter().any(|words| before.ends_with(words)) {
            took = with_unit(rest);
        } else if done.is_none() && is_done(before) {
            done = with_unit(rest);
        }
        if status.is_none() && ANSWERED.iter().any(|words| before.ends_with(words)) {
            status = status_code(rest);
        }
    }
    (took.or(done), status)
}

fn is_done(before: &[u8]) -> bool {
    let Some(before) = before.strip_suffix(b" in ") else { return false };
    let last = before.rsplit(|b| !b.is_ascii_alphabetic()).next().unwrap_or_default();
    DONE.iter().any(|word| last.eq_ignore_ascii_case(word.as_bytes()))
}

/// The status at the start of `text`.
pub(super) fn status_code(text: &[u8]) -> Option<&[u8]> {
    let code = text.get(..3)?;
    let ends = !text.get(3).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'.');
    (ends && matches!(code, [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9'])).then_some(code)
}

/// A number with its unit at the start of `text`, thousands parted or not; several of them, `1m3.2s`; or a duration in
/// another notation, `00:00:01.23`, `PT1.5S`.
pub(super) fn with_unit(text: &[u8]) -> Option<&[u8]> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit() || matches!(b, b'.' | b',')).count();
    if let Some(unit) = unit_after(&text[digits..]) {
        return (digits > 0).then(|| &text[..digits + unit]);
    }
    let notation = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b':');
    let length = text.iter().take(32).take_while(notation).count();
    let word = text[..length].trim_ascii_end();
    let word = word.strip_suffix(b".").unwrap_or(word);
    // An hour or a minute alone is a time of day, or an age, sooner than how long something took.
    let long = word.contains(&b':') || word.starts_with(b"PT") || word.ends_with(b"s");
    let read = std::str::from_utf8(word).ok().filter(|_| long).and_then(parse_span);
    read.map(|_| word)
}

/// The id of a request without a name before it: a W3C traceparent, a UUID, or `req-…`.
pub(super) fn id(message: &[u8]) -> Option<&[u8]> {
    let message = within(message);
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'-', &message[at..]) {
        let dash = at + found;
        if dash >= 8
            && message.get(dash - 8..dash + 28).is_some_and(is_uuid)
            && bounded(message, dash - 8, dash + 28)
        {
            return Some(&message[dash - 8..dash + 28]);
        }
        if dash >= 2
            && let Some(trace) = traceparent(&message[dash - 2..])
        {
            return Some(trace);
        }
        if dash >= 3
            && &message[dash - 3..dash] == b"req"
            && (dash == 3 || !message[dash - 4].is_ascii_alphanumeric())
        {
            let length =
                message[dash + 1..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'-').count();
            let id = &message[dash + 1..dash + 1 + length];
            if length >= 4 && id.iter().any(u8::is_ascii_digit) {
                return Some(&message[dash - 3..=dash + length]);
            }
        }
        at = dash + 1;
    }
    None
}

/// `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`: the trace's id.
pub(super) fn traceparent(text: &[u8]) -> Option<&[u8]> {
    let whole = text.get(..55)?;
    let hex = |range: std::ops::Range<usize>| whole[range].iter().all(u8::is_ascii_hexdigit);
    (whole.starts_with(b"00-")
        && hex(3..35)
        && whole[35] == b'-'
        && hex(36..52)
        && whole[52] == b'-'
        && hex(53..55))
    .then(|| &text[3..35])
}

fn bounded(message: &[u8], from: usize, to: usize) -> bool {
    let inside = |b: &u8| b.is_ascii_alphanumeric();
    let before = from.checked_sub(1).and_then(|at| message.get(at));
    !before.is_some_and(inside) && !message.get(to).is_some_and(inside)
}

/// Pairs that write a level.
const KEYS: [&[u8]; 7] =
    [b"LEVEL: ", b"level=", b"\"level\":", b"lvl=", b"severity=", b"Severity=", b"\"severity\":"];
/// What only an error says.
const ERRORS: [&[u8]; 7] = [
    b"Traceback (most recent call last)",
    b"Unhandled exception",
    b"segfault at ",
    b"Segmentation fault",
    b"panic serving ",
    b"' panicked at ",
    b"triggerUncaughtException(",
];
/// What only the end of a program says.
const FATAL: [&[u8]; 3] = [b"Out of memory: ", b"Kernel panic", b"fatal error: "];

/// One of the above, or the name of an exception: most messages have none of them, which one look tells.
static TELLING: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let exceptions: [&[u8]; 2] = [b"Exception", b"Error:"];
    AhoCorasick::new(KEYS.iter().chain(&ERRORS).chain(&FATAL).chain(&exceptions)).ok()
});

/// How bad a message without a level is, where its words leave no doubt: a level written as a pair, an
/// exception, a crash, an HTTP status of the server's fault.
pub(super) fn level(message: &[u8]) -> Option<Level> {
    const PHP: [(&[u8], Level); 6] = [
        (b"PHP Fatal error:", Level::Fatal),
        (b"PHP Parse error:", Level::Error),
        (b"PHP Recoverable fatal error:", Level::Error),
        (b"PHP Warning:", Level::Warn),
        (b"PHP Notice:", Level::Info),
        (b"PHP Deprecated:", Level::Warn),
    ];
    let message = within(message);
    if let Some((_, level)) = PHP.iter().find(|(words, _)| message.starts_with(words)) {
        return Some(*level);
    }
    if let Some(level) = cisco(message).or_else(|| solaris(message)) {
        return Some(level);
    }
    let tells = TELLING.as_ref().is_none_or(|telling| telling.is_match(message));
    for key in KEYS.iter().filter(|_| tells) {
        if let Some(at) = find(message, key) {
            let value = message[at + key.len()..].trim_ascii_start();
            let value = value.strip_prefix(b"\"").unwrap_or(value);
            let length = value.iter().take_while(|b| b.is_ascii_alphanumeric()).count();
            if let Some(level) = Level::from_word(&value[..length]) {
                return Some(level);
            }
        }
    }
    if message.starts_with(b"panic: ") || tells && FATAL.iter().any(|words| find(message, words).is_some()) {
        return Some(Level::Fatal);
    }
    let server_fault = || duration_and_status(message).1.is_some_and(|code| code[0] == b'5');
    let fails =
        || ERRORS.iter().any(|words| find(message, words).is_some()) || exception(message) || died(message);
    (tells && fails() || server_fault()).then_some(Level::Error)
}

/// `[ID 540533 kern.notice] message`: facility and level as Solaris writes them.
fn solaris(message: &[u8]) -> Option<Level> {
    let rest = message.strip_prefix(b"[ID ")?;
    let close = memchr::memchr(b']', &rest[..rest.len().min(40)])?;
    let dot = memchr::memrchr(b'.', &rest[..close])?;
    Level::from_word(&rest[dot + 1..close])
}

/// An HTTP status by which the server, not who asked, failed.
pub(super) fn is_server_fault(status: Value<'_>) -> bool {
    status.number().is_some_and(|code| (500.0..600.0).contains(&code))
}

/// `%ASA-4-106023: …`, `%LINK-3-UPDOWN: …` of Cisco's devices: syslog's severity between the facility and the name.
fn cisco(message: &[u8]) -> Option<Level> {
    let at = memchr::memchr(b'%', &message[..message.len().min(64)])?;
    let code = &message[at + 1..];
    let end = code
        .iter()
        .take(40)
        .position(|b| !(b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-')))?;
    let mut parts = code[..end].split(|b| *b == b'-');
    let facility = parts.next().filter(|facility| facility.len() >= 2)?;
    let severity = parts.find_map(|part| match part {
        [digit @ b'0'..=b'7'] => Some(u32::from(digit - b'0')),
        _ => None,
    })?;
    (code[end] == b':' && facility[0].is_ascii_uppercase()).then(|| Level::from_syslog(severity)).flatten()
}

/// What Node says when nobody catches an exception: the place in the source, the line there, the exception.
fn died(message: &[u8]) -> bool {
    is_place(first_line(message)) && find(message, b"\n    at ").is_some()
}

/// `java.lang.IllegalStateException: x`, `ValueError: x`: the name of an exception with what it says.
fn exception(message: &[u8]) -> bool {
    let named = |word: &[u8], at: usize| {
        let name = message[..at]
            .iter()
            .rev()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_'))
            .count();
        let start = at - name;
        name > 0
            && message[start].is_ascii_alphabetic()
            && message[start..at].iter().any(u8::is_ascii_uppercase)
            && matches!(message.get(at + word.len()), None | Some(b':' | b'\n' | b'\r'))
    };
    memchr::memmem::find_iter(message, b"Exception").any(|at| named(b"Exception", at))
        || memchr::memmem::find_iter(message, b"Error:").any(|at| named(b"Error", at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(message: &str) -> Vec<String> {
        let mut seen = Vec::new();
        pairs(message.as_bytes(), &mut |key, value| {
            seen.push(format!("{}={}", String::from_utf8_lossy(key), value.text().unwrap_or_default()));
        });
        seen
    }

    #[test]
    fn pairs_are_found_in_text() {
        for (message, expected) in [
            ("session accepted subjectId=53778 took=6.3 ms", &["subjectId=53778", "took=6.3 ms"][..]),
            (
                "priced (endpoint: find, evse: NL*E1, took: 12.3 ms)",
                &["endpoint=find", "evse=NL*E1", "took=12.3 ms"],
            ),
            ("[busy=5, size=24]", &["busy=5", "size=24"]),
            ("failed {\"ip\":\"1.2.3.4\",\"n\":1}", &["ip=1.2.3.4", "n=1"]),
            ("GET /x?q=1&rid=2 a==b x: 1 say \"k=v\" m=\"a b\"", &["m=a b"]),
            ("pool: 20/20 active", &[]),
        ] {
            assert_eq!(seen(message), expected, "{message}");
        }
    }

    #[test]
    fn durations_statuses_and_ids_in_words() {
        let text = |found: Option<&[u8]>| found.map(|found| String::from_utf8_lossy(found).into_owned());
        for (message, expected) in [
            ("POST /login took 8ms and returned 401", (Some("8ms"), Some("401"), None)),
            ("duration: 418.377 ms  statement: SELECT", (Some("418.377 ms"), None, None)),
            ("Completed in 12ms", (Some("12ms"), None, None)),
            ("took a second try in 5 minutes", (None, None, None)),
            ("\"GET / HTTP/1.1\" 503 x", (None, Some("503"), None)),
            (
                "call 5885a3b6-42af-494a-bdd1-f07d2e68ed97 failed",
                (None, None, Some("5885a3b6-42af-494a-bdd1-f07d2e68ed97")),
            ),
            (
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                (None, None, Some("4bf92f3577b34da6a3ce929d0e0e4736")),
            ),
            ("[req-38101a0b x] -", (None, None, Some("req-38101a0b"))),
            ("pre-req-check", (None, None, None)),
        ] {
            let bytes = message.as_bytes();
            let (duration, status) = duration_and_status(bytes);
            let found = (text(duration), text(status), text(id(bytes)));
            let (d, s, i) = expected;
            assert_eq!(
                found,
                (d.map(str::to_owned), s.map(str::to_owned), i.map(str::to_owned)),
                "{message}"
            );
        }
    }

    #[test]
    fn levels_are_taken_from_messages_without_doubt_only() {
        for (message, expected) in [
            ("x level=warn y", Some(Level::Warn)),
            ("%ASA-4-106023: Deny tcp", Some(Level::Warn)),
            ("fw1 : %LINK-3-UPDOWN: Interface x", Some(Level::Error)),
            ("100 %-3-x", None),
            ("PHP Warning:  x in /a.php on line 5", Some(Level::Warn)),
            ("I27204F655   LEVEL: Severe\nPID : 1", Some(Level::Error)),
            ("java.lang.IllegalStateException: x", Some(Level::Error)),
            ("ValueError: x", Some(Level::Error)),
            ("Traceback (most recent call last):", Some(Level::Error)),
            ("\"GET / HTTP/1.1\" 503", Some(Level::Error)),
            ("\"GET / HTTP/1.1\" 404", None),
            ("http: panic serving 10.0.0.1:58749: runtime error: x", Some(Level::Error)),
            ("thread 'main' panicked at src/main.rs:10:5:\nno db", Some(Level::Error)),
            (
                "/app/server.js:12\n    throw e;\n    ^\n\nError: no db\n    at f (/app/server.js:12:9)",
                Some(Level::Error),
            ),
            ("no error here: Exceptional", None),
            ("Error: x", None),
            ("handling Exception types", None),
        ] {
            assert_eq!(level(message.as_bytes()), expected, "{message}");
        }
    }
}
