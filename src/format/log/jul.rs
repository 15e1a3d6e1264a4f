//! java.util.logging in two lines: `Dec 24, 2023 3:14:23 AM com.acme.Pay process` and `INFO: message`.

use super::Sample;
use super::positional::positional;
use crate::format::time;
use crate::model::{Level, Role, Value};

/// java.util.logging's `SimpleFormatter`, as Tomcat and Jenkins use it.
#[derive(Debug)]
pub struct JavaUtilLogging;

positional!(
    JavaUtilLogging,
    "java-util-logging",
    "java.util.logging's usual two lines",
    starts,
    split,
    &[Sample {
        header: "",
        text: "Dec 24, 2023 3:14:23 AM org.apache.catalina.core.StandardService startInternal\nSEVERE: Starting service failed\n\tat x.Y(Z.java:1)",
        ts: Some("2023-12-24T03:14:23Z"),
        level: Some(Level::Error),
        roles: &[
            (Role::Logger, "org.apache.catalina.core.StandardService"),
            (Role::Message, "Starting service failed\n\tat x.Y(Z.java:1)"),
        ],
    }]
);

/// The time's end; behind it a class and a method, and a level on the next line.
fn frame(rest: &[u8]) -> Option<(usize, usize, usize)> {
    let end = memchr::memchr(b'\n', &rest[..rest.len().min(300)])?;
    let line = &rest[..end];
    if !line.first().is_some_and(u8::is_ascii_alphabetic) {
        return None;
    }
    let (_, used) = time::read(line)?;
    let next = &rest[end + 1..rest.len().min(end + 20)];
    let colon = memchr::memchr(b':', next)?;
    level(&next[..colon])?;
    let words = line[used..].trim_ascii().split(|b| *b == b' ').count();
    (line.get(used) == Some(&b' ') && (1..=2).contains(&words)).then_some((used, end, end + 1 + colon))
}

/// A level, which Java names in the language of the machine.
fn level(word: &[u8]) -> Option<Level> {
    Level::from_word(word).or(match word {
        b"SCHWERWIEGEND" | b"GRAVE" | b"ERNSTIG" | b"ALLVARLIG" => Some(Level::Error),
        b"WARNUNG" | b"AVERTISSEMENT" | b"ADVERTENCIA" | b"AVVERTENZA" | b"WAARSCHUWING" | b"VARNING" => {
            Some(Level::Warn)
        }
        b"INFORMATION" | b"INFOS" | b"INFORMACI\xC3\x93N" | b"INFORMAZIONI" => Some(Level::Info),
        b"KONFIGURATION" | b"FEIN" | b"FIN" | b"PRECIS" => Some(Level::Debug),
        b"FEINER" | b"FEINSTE" | b"PLUS FIN" => Some(Level::Trace),
        _ => None,
    })
}

fn starts(rest: &[u8]) -> bool {
    frame(rest).is_some()
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let Some((used, end, colon)) = frame(entry) else { return false };
    put("timestamp", Value::plain(&entry[..used]));
    let mut words = entry[used..end].trim_ascii().split(|b| *b == b' ');
    if let Some(class) = words.next() {
        put("logger", Value::plain(class));
    }
    if let Some(method) = words.next() {
        put("method", Value::plain(method));
    }
    let word = &entry[end + 1..colon];
    put("level", Value::plain(level(word).map_or(word, |level| level.name().as_bytes())));
    put("message", Value::plain(entry[colon + 1..].trim_ascii()));
    true
}
