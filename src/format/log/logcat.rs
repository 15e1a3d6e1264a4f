//! Android's logcat (`threadtime`): `03-17 16:13:38.811  1702  2395 D WindowManager: message`.

use super::Sample;
use super::positional::positional;
use super::words::Words;
use crate::format::time;
use crate::model::{Level, Role, Value};

/// logcat.
#[derive(Debug)]
pub struct Logcat;

positional!(
    Logcat,
    "logcat",
    "Android's logcat in its threadtime format",
    starts,
    split,
    &[Sample {
        header: "",
        text: "03-17 16:13:38.811  1702  2395 W WindowManager: printFreezingDisplayLogs app wtoken = x",
        ts: Some("2023-03-17T16:13:38.811Z"),
        level: Some(Level::Warn),
        roles: &[
            (Role::Logger, "WindowManager"),
            (Role::Thread, "2395"),
            (Role::Message, "printFreezingDisplayLogs app wtoken = x"),
        ],
    }]
);

/// The process, thread, level and tag behind the time.
fn frame(rest: &[u8]) -> Option<(usize, Words<'_>)> {
    let shape = rest.get(..19)?;
    if shape[2] != b'-' || shape[5] != b' ' || shape[8] != b':' || shape[14] != b'.' {
        // With its year it is longer.
        if shape[4] != b'-' || shape[10] != b' ' || rest.get(19) != Some(&b'.') {
            return None;
        }
    }
    let (_, used) = time::read(rest)?;
    let mut words = Words::at(rest, used);
    for _ in 0..2 {
        words.word().filter(|word| word.iter().all(u8::is_ascii_digit))?;
    }
    let mut ahead = words;
    let level = ahead.word()?;
    matches!(level, b"V" | b"D" | b"I" | b"W" | b"E" | b"F" | b"A").then_some((used, words))
}

fn starts(rest: &[u8]) -> bool {
    rest.first().is_some_and(u8::is_ascii_digit) && frame(&rest[..rest.len().min(80)]).is_some()
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let Some((used, mut words)) = frame(entry) else { return false };
    put("timestamp", Value::plain(&entry[..used]));
    let mut numbers = Words::at(entry, used);
    for name in ["pid", "thread"] {
        put(name, numbers.word().map_or(Value::Absent, Value::Number));
    }
    put("level", words.word().map_or(Value::Absent, Value::plain));
    words.blanks();
    if let Some(tag) = words.until(b':', 200) {
        put("logger", Value::plain(tag.trim_ascii()));
        words.blanks();
    }
    put("message", Value::plain(entry[words.place()..].trim_ascii_end()));
    true
}
