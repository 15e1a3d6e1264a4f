//! MySQL's and MariaDB's logs: error log, general log, slow query log.

use super::Sample;
use super::positional::positional;
use super::words::{Words, bare, first_line};
use crate::format::time;
use crate::model::{Level, Role, Value};

/// MySQL's error log, of versions 5.5 to 9, and MariaDB's.
#[derive(Debug)]
pub struct MysqlError;

positional!(
    MysqlError,
    "mysql-error",
    "error log of MySQL and MariaDB",
    starts_error,
    split_error,
    &[
        Sample {
            header: "",
            text: "2020-04-16T05:13:40.861934Z 344 [Note] Access denied for user 'root'@'27.155.87.54' (using password: YES)",
            ts: Some("2020-04-16T05:13:40.861934Z"),
            level: Some(Level::Info),
            roles: &[
                (Role::Thread, "344"),
                (Role::Message, "Access denied for user 'root'@'27.155.87.54' (using password: YES)")
            ],
        },
        Sample {
            header: "",
            text: "2024-01-02T03:04:05.123456Z 0 [System] [MY-010116] [Server] /usr/sbin/mysqld (mysqld 8.0.35) starting as process 1",
            ts: Some("2024-01-02T03:04:05.123456Z"),
            level: Some(Level::Info),
            roles: &[
                (Role::Logger, "Server"),
                (Role::Message, "/usr/sbin/mysqld (mysqld 8.0.35) starting as process 1")
            ],
        },
        Sample {
            header: "",
            text: "140823 17:05:30 [ERROR] Can't open the mysql.plugin table",
            ts: Some("2014-08-23T17:05:30Z"),
            level: Some(Level::Error),
            roles: &[(Role::Message, "Can't open the mysql.plugin table")],
        },
    ]
);

/// The words in the level's bracket.
const LEVELS: [&[u8]; 4] = [b"Note", b"Warning", b"ERROR", b"System"];

/// The time's end, the thread, and the level's bracket.
fn frame(line: &[u8]) -> Option<(usize, Words<'_>)> {
    let head = first_line(&line[..line.len().min(80)]);
    let open = memchr::memchr(b'[', head)?;
    let level = &head[open + 1..];
    if !LEVELS.iter().any(|word| level.starts_with(word) && level.get(word.len()) == Some(&b']')) {
        return None;
    }
    let (_, used) = time::read(head)?;
    let thread = head[used..open].trim_ascii();
    let thread = thread.strip_prefix(b"0x").unwrap_or(thread);
    thread.iter().all(u8::is_ascii_hexdigit).then(|| (used, Words::at(line, open)))
}

fn starts_error(rest: &[u8]) -> bool {
    rest.first().is_some_and(u8::is_ascii_digit) && frame(rest).is_some()
}

fn split_error<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let Some((used, mut words)) = frame(entry) else { return false };
    put("timestamp", Value::plain(&entry[..used]));
    let thread = entry[used..words.place()].trim_ascii();
    if !thread.is_empty() {
        put("thread", Value::plain(thread));
    }
    if let Some(level) = words.bracket(b'[', 12) {
        put("level", Value::plain(if level == b"System" { b"Note" } else { level }));
    }
    if words.rest().starts_with(b"[MY-") {
        if let Some(code) = words.bracket(b'[', 16) {
            put("error_code", Value::plain(code));
        }
        if let Some(module) = words.bracket(b'[', 32) {
            put("module", Value::plain(module));
        }
    }
    words.blanks();
    put("message", Value::plain(entry[words.place()..].trim_ascii_end()));
    true
}

/// MySQL's general query log.
#[derive(Debug)]
pub struct MysqlGeneral;

positional!(
    MysqlGeneral,
    "mysql-general",
    "general query log of MySQL",
    starts_general,
    split_general,
    &[Sample {
        header: "",
        text: "2025-08-15T14:03:50.259438Z\t    9 Query\tset global log_output = 'FILE'\n  where x = 1",
        ts: Some("2025-08-15T14:03:50.259438Z"),
        level: None,
        roles: &[(Role::Thread, "9"), (Role::Message, "set global log_output = 'FILE'\n  where x = 1")],
    }]
);

/// The commands of the general log.
const COMMANDS: [&[u8]; 16] = [
    b"Query",
    b"Connect",
    b"Quit",
    b"Init DB",
    b"Prepare",
    b"Execute",
    b"Close stmt",
    b"Field List",
    b"Statistics",
    b"Ping",
    b"Change user",
    b"Binlog Dump",
    b"Reset stmt",
    b"Refresh",
    b"Shutdown",
    b"Processlist",
];

/// Where thread and command are, and where the argument starts.
fn general(line: &[u8]) -> Option<(usize, &'static [u8], usize)> {
    // 5.7 and later write UTC with microseconds or an offset, a tab, and the thread right-aligned.
    let head = first_line(&line[..line.len().min(80)]);
    let tab = memchr::memchr(b'\t', head).filter(|tab| (14..34).contains(tab))?;
    let digits = tab + 1 + head[tab + 1..].iter().take_while(|b| **b == b' ').count();
    let end = digits + head[digits..].iter().take_while(|b| b.is_ascii_digit()).count();
    let rest = head.get(end + 1..)?;
    let command = COMMANDS.into_iter().find(|command| rest.starts_with(command))?;
    (end > digits && head[end] == b' ').then_some((end, command, end + 1 + command.len()))
}

fn starts_general(rest: &[u8]) -> bool {
    rest.first().is_some_and(u8::is_ascii_digit) && general(rest).is_some()
}

fn split_general<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let Some((end, command, argument)) = general(entry) else { return false };
    let Some((_, used)) = time::read(entry) else { return false };
    put("timestamp", Value::plain(&entry[..used]));
    let thread = entry[used..end].trim_ascii();
    put("thread", Value::Number(thread));
    put("command", Value::plain(&entry[argument - command.len()..argument]));
    put("message", Value::plain(entry[argument..].trim_ascii()));
    true
}

/// MySQL's and MariaDB's slow query log.
#[derive(Debug)]
pub struct MysqlSlow;

positional!(
    MysqlSlow,
    "mysql-slow",
    "slow query log of MySQL and MariaDB",
    starts_slow,
    split_slow,
    &[Sample {
        header: "",
        text: "# Time: 2024-01-02T03:04:05.123456Z\n# User@Host: app[app] @ web [10.0.0.7]  Id:   942\n# Query_time: 2.500312  Lock_time: 0.000012 Rows_sent: 1  Rows_examined: 90210\nSET timestamp=1704164645;\nSELECT 1;",
        ts: Some("2024-01-02T03:04:05.123456Z"),
        level: None,
        roles: &[(Role::Duration, "2.500312"), (Role::User, "app"), (Role::Message, "SELECT 1;")],
    }]
);

fn starts_slow(rest: &[u8]) -> bool {
    // The time is left out where it did not change; then the user comes first, after a statement's end.
    rest.starts_with(b"# Time: ")
}

fn split_slow<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let mut statement = entry.len();
    let mut at = 0;
    for line in entry.split(|b| *b == b'\n') {
        let start = at;
        at += line.len() + 1;
        if let Some(time) = line.strip_prefix(b"# Time: ") {
            put("timestamp", Value::plain(time.trim_ascii()));
        } else if let Some(user) = line.strip_prefix(b"# User@Host: ") {
            put("user", Value::plain(user.split(|b| *b == b'[').next().unwrap_or_default().trim_ascii()));
            if let Some(id) = memchr::memmem::find(user, b"Id:") {
                put("thread", bare(user[id + 3..].trim_ascii()));
            }
        } else if let Some(rest) = line.strip_prefix(b"# ") {
            let mut words = Words::of(rest);
            while let (Some(key), Some(value)) = (words.word(), words.word()) {
                let Some(key) = key.strip_suffix(b":").and_then(|key| std::str::from_utf8(key).ok()) else {
                    break;
                };
                put(if key == "Query_time" { "duration_s" } else { key }, bare(value));
            }
        } else if !line.starts_with(b"SET timestamp=") && !line.starts_with(b"use ") {
            statement = start;
            break;
        }
    }
    put("message", Value::plain(entry[statement.min(entry.len())..].trim_ascii_end()));
    entry.starts_with(b"# Time: ") && time::read(&entry[8..]).is_some()
}
