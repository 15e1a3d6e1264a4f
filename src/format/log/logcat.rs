//! Android's logcat: `03-17 16:13:38.811  1702  2395 D WindowManager: message`, and its other forms.

use super::Sample;
use super::positional::positional;
use super::words::{Words, first_line};
use crate::format::time;
use crate::model::{Level, Role, Value};

/// logcat.
#[derive(Debug)]
pub struct Logcat;

positional!(
    Logcat,
    "logcat",
    "Android's logcat (threadtime, time, brief) and Android Studio's",
    starts,
    split,
    &[
        Sample {
            header: "",
            text: "03-05 10:10:11.123 E/ActivityManager( 4711): ANR in x",
            ts: Some("2023-03-05T10:10:11.123Z"),
            level: Some(Level::Error),
            roles: &[(Role::Logger, "ActivityManager"), (Role::Message, "ANR in x")],
        },
        Sample {
            header: "",
            text: "D/dalvikvm( 4711): GC_CONCURRENT freed 12K",
            ts: None,
            level: Some(Level::Debug),
            roles: &[(Role::Logger, "dalvikvm")],
        },
        Sample {
            header: "",
            text: "2024-03-05 10:10:11.123  4711-4722  Pay  com.acme  E  no",
            ts: Some("2024-03-05T10:10:11.123Z"),
            level: Some(Level::Error),
            roles: &[(Role::Logger, "Pay"), (Role::Thread, "4722"), (Role::Message, "no")],
        },
        Sample {
            header: "",
            text: "03-17 16:13:38.811  1702  2395 W WindowManager: printFreezingDisplayLogs app wtoken = x",
            ts: Some("2023-03-17T16:13:38.811Z"),
            level: Some(Level::Warn),
            roles: &[
                (Role::Logger, "WindowManager"),
                (Role::Thread, "2395"),
                (Role::Message, "printFreezingDisplayLogs app wtoken = x"),
            ],
        }
    ]
);

/// What stands before a message, as ranges of bytes.
#[derive(Default)]
struct Frame {
    time: usize,
    pid: (usize, usize),
    thread: (usize, usize),
    level: usize,
    tag: (usize, usize),
    message: usize,
}

/// Where a month and a day, or a year before them, and a time of day stand: `03-17 16:13:38.811`.
fn time_end(rest: &[u8]) -> Option<usize> {
    let shape = rest.get(..18)?;
    let short = shape[2] == b'-' && shape[5] == b' ' && shape[8] == b':' && shape[14] == b'.';
    let long = shape[4] == b'-' && shape[10] == b' ' && shape[13] == b':' && rest.get(19) == Some(&b'.');
    (short || long).then(|| time::read(rest)).flatten().map(|(_, used)| used)
}

fn is_level(letter: Option<&u8>) -> bool {
    letter.is_some_and(|letter| matches!(letter, b'V' | b'D' | b'I' | b'W' | b'E' | b'F' | b'A'))
}

/// Reads a line of any of logcat's formats.
fn frame(rest: &[u8]) -> Option<Frame> {
    match rest.first()? {
        b'0'..=b'9' => {
            let time = time_end(rest)?;
            let mut frame = Frame { time, ..Frame::default() };
            threadtime(rest, &mut frame)
                .or_else(|| studio(rest, &mut frame))
                .or_else(|| slashed(rest, time, &mut frame))?;
            Some(frame)
        }
        b'[' => bracketed(rest),
        b'V' | b'D' | b'I' | b'W' | b'E' | b'F' | b'A' => {
            let mut frame = Frame::default();
            slashed(rest, 0, &mut frame).filter(|()| frame.pid.1 > frame.pid.0)?;
            Some(frame)
        }
        _ => None,
    }
}

/// `[ 03-17 16:13:38.811  1702: 2395 D/WindowManager ]`, with the message on the lines below.
fn bracketed(rest: &[u8]) -> Option<Frame> {
    let line = first_line(rest);
    let inside = line.strip_prefix(b"[ ")?.trim_ascii_end().strip_suffix(b" ]")?;
    let time = time_end(inside)? + 2;
    let letter = memchr::memchr(b'/', &line[..line.len().min(80)])?.checked_sub(1).filter(|at| *at > time)?;
    if !is_level(line.get(letter)) {
        return None;
    }
    let tag = (letter + 2, inside.len() + 2);
    Some(Frame { time, level: letter, tag, message: line.len(), ..Frame::default() })
}

/// `  1702  2395 D WindowManager: message`.
fn threadtime(rest: &[u8], frame: &mut Frame) -> Option<()> {
    let mut words = Words::at(rest, frame.time);
    for range in [&mut frame.pid, &mut frame.thread] {
        let word = words.word().filter(|word| word.iter().all(u8::is_ascii_digit))?;
        *range = (words.place() - word.len(), words.place());
    }
    let level = words.word().filter(|word| word.len() == 1 && is_level(word.first()))?;
    frame.level = words.place() - level.len();
    words.blanks();
    let from = words.place();
    frame.message = from;
    let mut ahead = words;
    if let Some(tag) = ahead.until(b':', 200) {
        frame.tag = (from, from + tag.len());
        frame.message = ahead.place();
    }
    Some(())
}

/// `  4711-4722  Tag   com.acme   E  message` of Android Studio, and before 2022 `4711-4722/com.acme E/Tag: message`.
fn studio(rest: &[u8], frame: &mut Frame) -> Option<()> {
    let mut words = Words::at(rest, frame.time);
    let word = words.word()?;
    let from = words.place() - word.len();
    let slash = word.iter().position(|b| *b == b'/');
    let numbers = &word[..slash.unwrap_or(word.len())];
    let dash = numbers.iter().position(|b| *b == b'-')?;
    if !numbers.iter().all(|b| b.is_ascii_digit() || *b == b'-') {
        return None;
    }
    frame.pid = (from, from + dash);
    frame.thread = (from + dash + 1, from + numbers.len());
    if slash.is_some() {
        return slashed(rest, words.place(), frame);
    }
    for _ in 0..4 {
        let word = words.word()?;
        let at = words.place() - word.len();
        if word.len() == 1 && is_level(word.first()) && frame.tag.1 > 0 {
            (frame.level, frame.message) = (at, words.place());
            return Some(());
        }
        if frame.tag.1 == 0 {
            frame.tag = (at, words.place());
        }
    }
    None
}

/// `D/WindowManager( 1702): message`, with or without the process.
fn slashed(rest: &[u8], at: usize, frame: &mut Frame) -> Option<()> {
    let line = first_line(rest);
    let at = at + line.get(at..)?.iter().take_while(|b| **b == b' ').count();
    if !is_level(line.get(at)) || line.get(at + 1) != Some(&b'/') {
        return None;
    }
    frame.level = at;
    let from = at + 2;
    let colon = from + memchr::memmem::find(&line[from..line.len().min(from + 200)], b": ")?;
    let head = &line[from..colon];
    frame.message = colon + 2;
    frame.tag = (from, colon);
    if let Some(open) = head.iter().rposition(|b| *b == b'(')
        && let Some(inside) = head[open + 1..].strip_suffix(b")")
        && inside.trim_ascii().iter().all(u8::is_ascii_digit)
    {
        let pid = inside.trim_ascii_start().len();
        frame.tag = (from, from + open);
        frame.pid = (colon - 1 - pid, colon - 1);
    }
    Some(())
}

fn starts(rest: &[u8]) -> bool {
    frame(&rest[..rest.len().min(400)]).is_some()
}

fn split<'a>(entry: &'a [u8], put: &mut dyn FnMut(&str, Value<'a>)) -> bool {
    let Some(frame) = frame(entry) else { return false };
    if frame.time > 0 {
        let from = if entry[0] == b'[' { 2 } else { 0 };
        put("timestamp", Value::plain(&entry[from..frame.time]));
    }
    for (name, (from, to)) in [("pid", frame.pid), ("thread", frame.thread)] {
        if from < to {
            put(name, Value::Number(&entry[from..to]));
        }
    }
    put("level", Value::plain(&entry[frame.level..=frame.level]));
    if frame.tag.0 < frame.tag.1 {
        put("logger", Value::plain(entry[frame.tag.0..frame.tag.1].trim_ascii()));
    }
    put("message", Value::plain(entry[frame.message..].trim_ascii()));
    true
}
