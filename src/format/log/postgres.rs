//! PostgreSQL's log: a prefix of time, process, user and database, then `LEVEL:  message`.

use super::Sample;
use super::body;
use super::positional::positional;
use super::words::first_line;
use crate::format::time;
use crate::model::{Level, Role, Value};

/// PostgreSQL, with any `log_line_prefix` that has the time in it; pgbouncer and pgpool, too.
#[derive(Debug)]
pub struct Postgres;

/// PostgreSQL's csvlog: its columns have no names in the file.
#[derive(Debug)]
pub struct PostgresCsv;

positional!(
    PostgresCsv,
    "postgres-csv",
    "PostgreSQL's log as CSV (csvlog), statements over several lines included",
    starts_csv,
    split_csv,
    &[Sample {
        header: "",
        text: "2024-03-05 10:10:11.123 UTC,\"app\",\"shop\",4711,\"10.0.0.2:51000\",65e6f073.1267,3,\"SELECT\",2024-03-05 10:00:00 UTC,3/12,0,ERROR,42P01,\"relation \"\"x\"\" does not exist\",,,,,,\"SELECT *\nFROM x;\",15,,\"psql\",\"client backend\",,0",
        ts: Some("2024-03-05T10:10:11.123Z"),
        level: Some(Level::Error),
        roles: &[
            (Role::User, "app"),
            (Role::Thread, "4711"),
            (Role::Message, "relation \"\"x\"\" does not exist"),
        ],
    }]
);

/// Where the time ends, and the columns behind it: the eleventh is the level.
fn csv_columns(rest: &[u8]) -> Option<(usize, Vec<&[u8]>)> {
    if rest.get(4) != Some(&b'-') || rest.get(10) != Some(&b' ') {
        return None;
    }
    let (_, used) = time::read(rest)?;
    let mut columns = Vec::new();
    let mut rest = rest.get(used..)?.strip_prefix(b",")?;
    while columns.len() < 13 {
        let (column, next) = if rest.first() == Some(&b'"') {
            let mut end = 1;
            loop {
                end += memchr::memchr(b'"', rest.get(end..)?)? + 1;
                if rest.get(end) != Some(&b'"') {
                    break;
                }
                end += 1;
            }
            (&rest[1..end - 1], end)
        } else {
            let end = memchr::memchr2(b',', b'\n', rest)?;
            (&rest[..end], end)
        };
        columns.push(column);
        match rest.get(next) {
            Some(b',') => rest = &rest[next + 1..],
            _ if columns.len() > 11 => break,
            _ => return None,
        }
    }
    WORDS.contains(columns.get(10)?).then_some((used, columns))
}

fn starts_csv(rest: &[u8]) -> bool {
    rest.first().is_some_and(u8::is_ascii_digit) && csv_columns(&rest[..rest.len().min(4096)]).is_some()
}

fn split_csv<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let Some((used, columns)) = csv_columns(entry) else { return false };
    put("timestamp", Value::plain(&entry[..used]));
    for (name, column) in ["user", "database", "thread", "client", "session_id"].iter().zip(&columns) {
        if !column.is_empty() {
            put(name, Value::plain(column));
        }
    }
    put("level", Value::plain(columns[10]));
    if let Some(code) = columns.get(11) {
        put("error_code", Value::plain(code));
    }
    put("message", Value::plain(columns.get(12).copied().unwrap_or_default()));
    true
}

positional!(
    Postgres,
    "postgres",
    "PostgreSQL's log (and pgbouncer's), statements over several lines included",
    starts,
    split,
    &[
        Sample {
            header: "",
            text: "2024-05-14 08:52:04.562 UTC [3138] app@tariffs LOG:  duration: 418.377 ms  statement: SELECT 1\n\tFROM t",
            ts: Some("2024-05-14T08:52:04.562Z"),
            level: Some(Level::Info),
            roles: &[
                (Role::User, "app"),
                (Role::Duration, "418.377 ms"),
                (Role::Thread, "3138"),
                (Role::Message, "duration: 418.377 ms  statement: SELECT 1\n\tFROM t"),
            ],
        },
        Sample {
            header: "",
            text: "2024-05-14 08:52:24.087 UTC [3194] app@tariffs ERROR:  duplicate key value violates unique constraint \"device_pkey\"",
            ts: Some("2024-05-14T08:52:24.087Z"),
            level: Some(Level::Error),
            roles: &[(Role::Message, "duplicate key value violates unique constraint \"device_pkey\"")],
        },
        Sample {
            header: "",
            text: "2024-05-14 08:52:38.932 UTC [1] LOG stats: 10 xacts/s, 28 queries/s, wait 37 us",
            ts: Some("2024-05-14T08:52:38.932Z"),
            level: Some(Level::Info),
            roles: &[(Role::Message, "stats: 10 xacts/s, 28 queries/s, wait 37 us")],
        },
        Sample {
            header: "",
            text: "[3194] 2024-05-14 08:52:24 CET FATAL:  the database system is starting up",
            ts: Some("2024-05-14T07:52:24Z"),
            level: Some(Level::Fatal),
            roles: &[(Role::Message, "the database system is starting up")],
        },
    ]
);

/// The words that PostgreSQL writes before its messages.
const WORDS: [&[u8]; 19] = [
    b"LOG",
    b"ERROR",
    b"WARNING",
    b"FATAL",
    b"PANIC",
    b"NOTICE",
    b"INFO",
    b"DEBUG",
    b"DEBUG1",
    b"DEBUG2",
    b"DEBUG3",
    b"DEBUG4",
    b"DEBUG5",
    b"DETAIL",
    b"HINT",
    b"STATEMENT",
    b"CONTEXT",
    b"QUERY",
    b"LOCATION",
];

/// How far into a line the level may be.
const WITHIN: usize = 240;

/// Where the level stands and where the message starts.
struct Frame {
    level: (usize, usize),
    message: usize,
}

fn frame(line: &[u8]) -> Option<Frame> {
    // A time in ISO notation comes first, or after the process.
    let digit = line.first()?;
    let dated = |at: usize| line.get(at + 4) == Some(&b'-') && line.get(at + 10) == Some(&b' ');
    let bracketed =
        *digit == b'[' && memchr::memchr(b' ', &line[..line.len().min(16)]).is_some_and(|at| dated(at + 1));
    let plain = digit.is_ascii_digit() && dated(0);
    if !plain && !bracketed {
        return None;
    }
    let head = first_line(&line[..line.len().min(WITHIN)]);
    // `LEVEL:  ` with two blanks is PostgreSQL's own sign.
    let mut at = 20;
    while let Some(found) = head.get(at..).and_then(|rest| memchr::memmem::find(rest, b":  ")) {
        let colon = at + found;
        let word = head[..colon]
            .iter()
            .rposition(|b| !b.is_ascii_uppercase() && !b.is_ascii_digit())
            .map_or(0, |n| n + 1);
        if WORDS.contains(&&head[word..colon]) {
            return Some(Frame { level: (word, colon), message: colon + 3 });
        }
        at = colon + 3;
    }
    // pgbouncer: `TIME ZONE [pid] LEVEL message`.
    let close = memchr::memmem::find(head, b"] ").filter(|close| *close < 48)?;
    let open = memchr::memrchr(b'[', &head[..close])?;
    let word = &head[close + 2..];
    let length = word.iter().take_while(|b| b.is_ascii_uppercase()).count();
    let fits = open > 20
        && head[open + 1..close].iter().all(u8::is_ascii_digit)
        && head[open - 1] == b' '
        && head[20..open - 1].iter().any(u8::is_ascii_uppercase)
        && matches!(&word[..length], b"LOG" | b"WARNING" | b"ERROR" | b"FATAL" | b"DEBUG" | b"NOISE")
        && word.get(length) == Some(&b' ');
    fits.then_some(Frame { level: (close + 2, close + 2 + length), message: close + 3 + length })
}

fn starts(rest: &[u8]) -> bool {
    frame(rest).is_some()
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let Some(Frame { level: (from, to), message }) = frame(entry) else { return false };
    let prefix = &entry[..from];
    let at = if prefix[0] == b'[' { memchr::memchr(b' ', prefix).map_or(0, |at| at + 1) } else { 0 };
    let Some((_, used)) = time::read(&prefix[at..]) else { return false };
    put("timestamp", Value::plain(&prefix[at..at + used]));
    // What explains a message before it is no trouble of its own.
    let level: &[u8] = match &entry[from..to] {
        b"CONTEXT" | b"QUERY" | b"LOCATION" => b"detail",
        word => word,
    };
    put("level", Value::plain(level));
    for word in prefix.split(|b| *b == b' ') {
        if let Some(pid) =
            word.strip_prefix(b"[").and_then(|word| word.split(|b| matches!(b, b']' | b'-')).next())
        {
            put("pid", Value::Number(pid));
            put("thread", Value::Number(pid));
        } else if let Some(at) = memchr::memchr(b'@', word)
            && !word.starts_with(b"@")
        {
            put("user", Value::plain(&word[..at]));
            put("database", Value::plain(&word[at + 1..]));
        }
    }
    let message = entry[message..].trim_ascii_end();
    put("message", Value::plain(message));
    if let Some(duration) =
        message.starts_with(b"duration: ").then(|| body::duration_and_status(message).0).flatten()
    {
        put("duration", Value::plain(duration));
    }
    true
}
