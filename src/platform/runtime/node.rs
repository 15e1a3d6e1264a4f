//! Node's diagnostic reports: why one was written, and how full the heap was.

use serde_json::Value;

use super::{Dump, End, How};
use crate::platform::age;
use crate::platform::object::Place;

/// Is this text, without its blanks, the beginning of a report?
pub(in crate::platform) fn is_report(flat: &str) -> bool {
    flat.starts_with("{\"header\":{\"reportVersion\":")
}

/// From which part of its limit on a heap is as good as full.
const FULL: f64 = 0.95;

/// Reads a report.
pub(super) fn read(value: &Value, place: &Place) -> Option<Dump> {
    let header = value.get("header")?;
    let text = |at: &str| value.pointer(at).and_then(Value::as_str).unwrap_or_default();
    let trigger = text("/header/trigger");
    let at = age::date(text("/header/dumpEventTime"));
    let heap = |name: &str| value.pointer(&format!("/javascriptHeap/{name}")).and_then(Value::as_f64);
    let full = heap("usedMemory").zip(heap("memoryLimit")).is_some_and(|(used, limit)| used >= FULL * limit);
    let message = text("/javascriptStack/message");
    let frame = value.pointer("/javascriptStack/stack/0").and_then(Value::as_str).unwrap_or_default();
    let place = Place { text: format!("{}: {message}", text("/header/event")), ..place.clone() };
    let end = |how: How, words: String| Some(End { how, words, place: place.clone() });
    let end = match trigger {
        "Exception" => end(How::Uncaught, format!("{message} {}", frame.trim()).trim().to_owned()),
        "OOMError" => end(How::Memory, text("/header/event").to_owned()),
        "FatalError" if text("/header/event").contains("memory") => {
            end(How::Memory, text("/header/event").to_owned())
        }
        "FatalError" => end(How::Crash, text("/header/event").to_owned()),
        _ if full => end(How::Memory, String::from("the heap is as good as full")),
        _ => None,
    };
    header.get("reportVersion")?;
    Some(Dump { place, at, end, ..Dump::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_says_why_it_was_written() {
        let report = |trigger: &str| {
            let text = format!(
                "{{\"header\": {{\"reportVersion\": 4, \"event\": \"x\", \"trigger\": \"{trigger}\", \"dumpEventTime\": \"2026-11-29T07:40:01Z\"}}, \"javascriptStack\": {{\"message\": \"TypeError: no\", \"stack\": [\"at reserve (/app/u.js:1:37)\"]}}, \"javascriptHeap\": {{\"usedMemory\": 1, \"memoryLimit\": 9}}}}"
            );
            read(&serde_json::from_str(&text).unwrap(), &Place::default()).unwrap()
        };
        let end = report("Exception").end.unwrap();
        assert_eq!(
            (end.how, end.words.as_str()),
            (How::Uncaught, "TypeError: no at reserve (/app/u.js:1:37)")
        );
        assert_eq!(report("OOMError").end.unwrap().how, How::Memory);
        assert_eq!(report("API").end, None);
    }
}
