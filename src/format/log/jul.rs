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
    let next = &rest[end + 1..rest.len().min(end + 16)];
    let colon = memchr::memchr(b':', next)?;
    Level::from_word(&next[..colon])?;
    let words = line[used..].trim_ascii().split(|b| *b == b' ').count();
    (line.get(used) == Some(&b' ') && (1..=2).contains(&words)).then_some((used, end, end + 1 + colon))
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
    put("level", Value::plain(&entry[end + 1..colon]));
    put("message", Value::plain(entry[colon + 1..].trim_ascii()));
    true
}
