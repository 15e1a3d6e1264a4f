//! klog and glog, Kubernetes' and Google's: `I0528 01:43:01.609556       1 verify.go:83] message`.

use super::Sample;
use super::positional::positional;
use super::words::{Words, first_line};
use crate::model::{Level, Role, Text, Value};

/// klog and glog.
#[derive(Debug)]
pub struct Klog;

positional!(
    Klog,
    "klog",
    "klog and glog: a letter, month and day, time, thread and place in the source",
    starts,
    split,
    &[
        Sample {
            header: "",
            text: r#"I0528 01:43:01.609556       1 verify.go:83] "session accepted" traceID="a40353a612215219" subject_id=20935 latency="3.46ms""#,
            ts: Some("2023-05-28T01:43:01.609556Z"),
            level: Some(Level::Info),
            roles: &[
                (Role::Message, "session accepted"),
                (Role::TraceId, "a40353a612215219"),
                (Role::Duration, "3.46ms"),
                (Role::Logger, "verify.go:83"),
            ],
        },
        Sample {
            header: "",
            text: "E0517 15:04:22.619632 1952452992 logging_unittest.cc:253] Log every 3, iteration 19",
            ts: Some("2023-05-17T15:04:22.619632Z"),
            level: Some(Level::Error),
            roles: &[(Role::Message, "Log every 3, iteration 19"), (Role::Thread, "1952452992")],
        },
        Sample {
            header: "",
            text: "W20230517 15:04:22.619632 17 a.cc:1] with a year",
            ts: Some("2023-05-17T15:04:22.619632Z"),
            level: Some(Level::Warn),
            roles: &[(Role::Message, "with a year")],
        },
    ]
);

/// How many digits the date has: `0528`, or with its year, of four digits or (CockroachDB) of two.
fn date(rest: &[u8]) -> Option<usize> {
    let digits = rest.get(1..10)?.iter().take_while(|b| b.is_ascii_digit()).count();
    let frame = matches!(rest[0], b'I' | b'W' | b'E' | b'F' | b'D') && matches!(digits, 4 | 6 | 8);
    (frame && rest.get(1 + digits) == Some(&b' ') && rest.get(4 + digits) == Some(&b':')).then_some(digits)
}

fn starts(rest: &[u8]) -> bool {
    date(rest).is_some()
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let line = first_line(entry);
    let Some(digits) = date(line) else { return false };
    let mut words = Words::at(line, 2 + digits);
    let Some(_) = words.word() else { return false };
    // As `05-28 01:43:01.609556` it is a notation of time.
    put("timestamp", Value::plain(&line[1..words.place()]));
    put("level", Value::plain(&line[..1]));
    let Some(thread) = words.word() else { return false };
    put("thread", Value::plain(thread));
    words.blanks();
    let Some(place) = words.until(b']', 256) else { return false };
    put("logger", Value::plain(place));
    words.blanks();
    let from = words.place();
    // Structured klog quotes its message; pairs follow.
    if line.get(from) == Some(&b'"') {
        let (raw, escaped, end) = super::words::quoted(line, from);
        put("message", Value::Text(Text { raw, escaped }));
        super::body::pairs(&line[end..], &mut |key, value| {
            if let Ok(key) = std::str::from_utf8(key) {
                put(key, value);
            }
        });
    } else {
        put("message", Value::plain(entry[from..].trim_ascii_end()));
    }
    true
}
